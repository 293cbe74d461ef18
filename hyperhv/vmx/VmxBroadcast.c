// SPDX-License-Identifier: GPL-2.0-only
/*
 * VmxBroadcast.c - one core asks all others for something, by NMI.
 *
 * Context: VMX root mode; VmxBroadcastTake in its NMI handler too, where it may have interrupted any
 * instruction of an exit. SDM Vol. 3, 6.7.1 (NMIs wait while one is handled, and only one does), 26.2.
 */
#include "hyperhv/vmx/VmxBroadcast.h"

#include "platform/CpuVmx.h"
#include "platform/PlatformLock.h"
#include "hyperhv/core/Apic.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Broadcast.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/interface/Callback.h"
#include "hyperhv/vmx/AsmEntry.h"
#include "hyperhv/vmx/Controls.h"
#include "hyperhv/vmx/EptViews.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/Vmx.h"

/* A core takes an NMI at its next instruction; a thousand times what the longest one takes. */
#ifdef PLATFORM_HOSTED
#define PATIENCE 10000u
#else
#define PATIENCE 10000000u
#endif

static BOOLEAN IsRunning(const VIRTUAL_MACHINE_STATE *VCpu)
{
    return __atomic_load_n(&VCpu->Lifecycle, __ATOMIC_SEQ_CST) == VMM_CORE_RUNNING;
}

VOID VmxBroadcastReset(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->NmiBroadcastActions = 0;
    VCpu->NmiRequestWaits     = FALSE;
    VCpu->NmiWantsExit        = FALSE;
}

/* --- sending --- */

/* A core on its way out waits until the word is zero (VmxBroadcastDrain), and has said before that it goes:
 * either it sees the word, or we see that it goes, and take the word back. */
static BOOLEAN BroadcastTo(const VIRTUAL_MACHINE_STATE *From, VIRTUAL_MACHINE_STATE *To, UINT32 Actions)
{
    if (__atomic_fetch_or(&To->NmiBroadcastActions, Actions, __ATOMIC_SEQ_CST) != 0)
        return TRUE; /* an NMI is on its way */
    if (IsRunning(To) && ApicSendNmi(From->CoreId, To->ApicId)) {
        __atomic_add_fetch(&To->NmiCounts.Broadcast, 1, __ATOMIC_RELAXED);
        return TRUE;
    }
    __atomic_store_n(&To->NmiBroadcastActions, 0, __ATOMIC_SEQ_CST);
    return !IsRunning(To);
}

static BOOLEAN WaitUntilTaken(const VIRTUAL_MACHINE_STATE *To)
{
    UINT32 Patience;

    for (Patience = PATIENCE; Patience > 0; Patience--) {
        if (__atomic_load_n(&To->NmiBroadcastActions, __ATOMIC_SEQ_CST) == 0)
            return TRUE;
        PlatformRelax();
    }
    return FALSE;
}

BOOLEAN VmxBroadcast(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Actions, BOOLEAN Wait)
{
    BOOLEAN AllReached = TRUE;
    UINT32 CoreId;

    for (CoreId = 0; CoreId < g_CoreCount; CoreId++)
        if (CoreId != VCpu->CoreId && IsRunning(&g_GuestState[CoreId]))
            AllReached &= BroadcastTo(VCpu, &g_GuestState[CoreId], Actions);
    for (CoreId = 0; Wait && CoreId < g_CoreCount; CoreId++)
        if (CoreId != VCpu->CoreId)
            AllReached &= WaitUntilTaken(&g_GuestState[CoreId]);
    return AllReached;
}

/* --- receiving --- */

/* The exit under way may be past the point where it looks, so the next one does, which comes after one
 * instruction of the guest at most. Whoever changes the controls meanwhile looks at NmiWantsExit afterwards
 * (VmxChangePrimaryControls), hence the order. */
static VOID AskForExit(VIRTUAL_MACHINE_STATE *VCpu, UINT8 EndOfExit)
{
    __atomic_store_n(&VCpu->NmiWantsExit, TRUE, __ATOMIC_SEQ_CST);
    __atomic_or_fetch(&VCpu->ExitFlagsAtStart, EXIT_FLAGS_END(EndOfExit), __ATOMIC_SEQ_CST);
    VmcsWrite32(VMCS_PRIMARY_PROCESSOR_CONTROLS,
                VmcsRead32(VMCS_PRIMARY_PROCESSOR_CONTROLS) | VmxExitSoonControl());
}

static VOID TakeRequest(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN IsInRoot)
{
    if (IsInRoot) {
        __atomic_store_n(&VCpu->NmiRequestWaits, TRUE, __ATOMIC_SEQ_CST);
        AskForExit(VCpu, EXIT_END_NMI);
    }
    VmmCallbackNmiBroadcastRequestHandler(VCpu->CoreId, IsInRoot);
}

static VOID TakeInvalidateSingle(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN IsInRoot)
{
    (VOID) IsInRoot;
    EptViewFlushThisCore(VCpu);
}

static VOID TakeInvalidateAll(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN IsInRoot)
{
    static const VMX_INVALIDATE_DESCRIPTOR All = {0, 0};

    (VOID) VCpu, (VOID)IsInRoot;
    CpuInvept(INVEPT_ALL_CONTEXTS, &All);
}

static VOID TakeLeave(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN IsInRoot)
{
    if (IsInRoot)
        AskForExit(VCpu, EXIT_END_LEAVE_SOON);
    else
        VCpu->ExitEnd |= EXIT_END_LEAVE_SOON;
}

/* In this order: who is halted by a request has done the rest before. */
static const struct {
    UINT32 Action;
    VOID (*Take)(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN IsInRoot);
} Takers[] = {
    {NMI_BROADCAST_ACTION_INVALIDATE_EPT_CACHE_SINGLE_CONTEXT, TakeInvalidateSingle},
    {NMI_BROADCAST_ACTION_INVALIDATE_EPT_CACHE_ALL_CONTEXTS, TakeInvalidateAll},
    {NMI_BROADCAST_ACTION_LEAVE, TakeLeave},
    {NMI_BROADCAST_ACTION_REQUEST, TakeRequest},
};

/* On the way out there is no VMCS any more, and nothing that could be asked for. */
BOOLEAN VmxBroadcastTake(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN IsInRoot)
{
    UINT32 Actions = __atomic_load_n(&VCpu->NmiBroadcastActions, __ATOMIC_SEQ_CST);
    UINT32 Index;

    if (Actions == 0)
        return FALSE;
    Actions = __atomic_exchange_n(&VCpu->NmiBroadcastActions, 0, __ATOMIC_SEQ_CST);
    for (Index = 0; Index < COUNT_OF(Takers); Index++)
        if ((Actions & Takers[Index].Action) && IsRunning(VCpu))
            Takers[Index].Take(VCpu, IsInRoot);
    return Actions != 0;
}

/* First the bits, then the request: an NMI between the two is served now, and the next exit finds nothing. */
VOID VmxBroadcastEndOfExit(VIRTUAL_MACHINE_STATE *VCpu)
{
    __atomic_and_fetch(&VCpu->ExitFlagsAtStart, ~EXIT_FLAGS_END(EXIT_END_NMI | EXIT_END_LEAVE_SOON),
                       __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&VCpu->NmiRequestWaits, __ATOMIC_SEQ_CST))
        VmxBroadcastServeRequest(VCpu);
    if (!(VCpu->ExitEnd & EXIT_END_LEAVE_SOON))
        return;
    if (VmxCanLeave(VCpu))
        VCpu->ExitEnd |= EXIT_END_LEAVE;
    else
        AskForExit(VCpu, EXIT_END_LEAVE_SOON);
}

/* --- on the way out --- */

/* The exit may have been an NMI's, so that NMIs are blocked. The sender is in root mode, between two
 * instructions of BroadcastTo. */
VOID VmxBroadcastDrain(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (__atomic_load_n(&VCpu->NmiBroadcastActions, __ATOMIC_SEQ_CST) == 0)
        return;
    AsmUnblockNmis();
    WaitUntilTaken(VCpu);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Export.c - the functions that users of the VMM call (SDK/imports/VmmImports.h tells their contracts).
 *
 * Context: as VmmImports.h says at each.
 */
#include "SDK/imports/VmmImports.h"

#include "SDK/VmcallNumbers.h"
#include "platform/PlatformCpu.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Broadcast.h"
#include "hyperhv/core/CurrentCore.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/core/Hv.h"
#include "hyperhv/hooks/Detour.h"
#include "hyperhv/memory/RootPageTable.h"

/* --- life --- */

BOOLEAN VmFuncInitVmm(VMM_CALLBACKS *VmmCallbacks)
{
    return HvInitVmm(VmmCallbacks);
}

VOID VmFuncUninitVmm(VOID)
{
    HvUninitVmm();
}

const CHAR *VmFuncGetBackendName(VOID)
{
    return g_Backend != NULL ? g_Backend->Name : "";
}

UINT32 VmFuncGetCoreCount(VOID)
{
    UINT32 CoreId, Running = 0;

    for (CoreId = 0; CoreId < g_CoreCount; CoreId++)
        Running += g_GuestState[CoreId].Lifecycle == VMM_CORE_RUNNING;
    return Running;
}

BOOLEAN VmFuncGetExitCounts(UINT32 CoreId, UINT64 *Counts, UINT32 Length)
{
    UINT32 Reason;

    if (CoreId >= g_CoreCount)
        return FALSE;
    for (Reason = 0; Reason < Length; Reason++)
        Counts[Reason] = Reason < HV_EXIT_REASON_COUNT ? g_GuestState[CoreId].ExitCounts[Reason] : 0;
    return TRUE;
}

BOOLEAN VmFuncGetNmiCounts(UINT32 CoreId, VMM_NMI_COUNTS *Counts)
{
    if (CoreId >= g_CoreCount)
        return FALSE;
    *Counts = g_GuestState[CoreId].NmiCounts;
    return TRUE;
}

UINT64 VmFuncVmxVmcall(UINT64 VmcallNumber, UINT64 OptionalParam1, UINT64 OptionalParam2,
                       UINT64 OptionalParam3)
{
    if (g_GuestState == NULL || g_GuestState[PlatformCpuCurrent()].Lifecycle != VMM_CORE_RUNNING)
        return VMCALL_STATUS_UNSUCCESSFUL;
    return g_Backend->Vmcall(VmcallNumber, OptionalParam1, OptionalParam2, OptionalParam3);
}

/* --- the exit under way on this core --- */

BOOLEAN VmFuncVmxGetCurrentExecutionMode(VOID)
{
    return RootPageTableIsActive();
}

/* The detour that this core is in, in the guest; NULL: it is in an exit. */
static DETOUR_FRAME *CurrentDetour(VOID)
{
    return RootPageTableIsActive() ? NULL : g_GuestState[PlatformCpuCurrent()].Detour;
}

UINT32 VmFuncGetCurrentCoreId(VOID)
{
    return PlatformCpuCurrent();
}

UINT64 VmFuncGetLastVmexitRip(UINT32 CoreId)
{
    DETOUR_FRAME *Detour = CurrentDetour();

    return Detour != NULL ? Detour->Rip : g_GuestState[CoreId].LastVmexitRip;
}

UINT64 VmFuncGetRip(VOID)
{
    DETOUR_FRAME *Detour = CurrentDetour();

    return Detour != NULL ? Detour->Rip : g_Backend->GetRip(CurrentCore());
}

VOID VmFuncSetRip(UINT64 Rip)
{
    DETOUR_FRAME *Detour = CurrentDetour();
    VIRTUAL_MACHINE_STATE *VCpu;

    if (Detour != NULL) {
        Detour->Rip = Rip;
        return;
    }
    VCpu               = CurrentCore();
    VCpu->IncrementRip = FALSE;
    if (Rip != VCpu->LastVmexitRip)
        VCpu->ExitEnd |= EXIT_END_RIP_MOVED;
    g_Backend->SetRip(VCpu, Rip);
}

VOID VmFuncPerformRipIncrement(UINT32 CoreId)
{
    g_GuestState[CoreId].IncrementRip = TRUE;
}

VOID VmFuncSuppressRipIncrement(UINT32 CoreId)
{
    g_GuestState[CoreId].IncrementRip = FALSE;
}

const GUEST_XMM_REGS *VmFuncGetXmmRegs(VOID)
{
    VIRTUAL_MACHINE_STATE *VCpu = &g_GuestState[PlatformCpuCurrent()];

    if (CurrentDetour() != NULL || !VCpu->XmmRegsValid)
        g_Backend->ReadXmmRegs(VCpu);
    VCpu->XmmRegsValid = TRUE;
    return &VCpu->XmmRegs;
}

/* --- other cores --- */

BOOLEAN VmFuncIsCoreRunning(UINT32 CoreId)
{
    return CoreId < g_CoreCount &&
           __atomic_load_n(&g_GuestState[CoreId].Lifecycle, __ATOMIC_SEQ_CST) == VMM_CORE_RUNNING;
}

BOOLEAN VmFuncNmiBroadcastRequest(UINT32 CoreId)
{
    return g_Backend->Broadcast(&g_GuestState[CoreId], NMI_BROADCAST_ACTION_REQUEST, FALSE);
}

BOOLEAN VmFuncNmiBroadcastInvalidateEptSingleContext(UINT32 CoreId)
{
    return g_Backend->Broadcast(&g_GuestState[CoreId],
                                NMI_BROADCAST_ACTION_INVALIDATE_EPT_CACHE_SINGLE_CONTEXT, TRUE);
}

BOOLEAN VmFuncNmiBroadcastInvalidateEptAllContexts(UINT32 CoreId)
{
    return g_Backend->Broadcast(&g_GuestState[CoreId], NMI_BROADCAST_ACTION_INVALIDATE_EPT_CACHE_ALL_CONTEXTS,
                                TRUE);
}

const VMM_REGISTER_ACCESS *VmFuncGetRegisterAccess(VOID)
{
    return &CurrentCore()->RegisterAccess;
}

/* --- events --- */

VOID VmFuncSetTriggerEvent(VMM_EVENT_TYPE_ENUM EventType, BOOLEAN Set)
{
    if ((UINT32)EventType < VMM_EVENT_TYPE_COUNT)
        g_TriggerEvents[EventType] = Set;
}

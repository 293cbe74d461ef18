// SPDX-License-Identifier: GPL-2.0-only
/*
 * EptViews.c - the two views of physical memory.
 *
 * Context: process, but for EptViewFlushThisCore. SDM Vol. 3, 29.3.2, 29.4.3.
 */
#include "hyperhv/vmx/EptViews.h"

#include "SDK/VmcallNumbers.h"
#include "platform/CpuVmx.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/vmx/Ept.h"
#include "hyperhv/vmx/VmxState.h"

/* Written by Initialize and Uninitialize only. The last two have a top table of their own, whose entries lack
 * a right, and share all tables below it with the hooked view: its top table never changes. */
static EPT_VIEW *Views[EPT_VIEW_KINDS];
#define Hooked (Views[EPT_VIEW_HOOKED])

UINT64 g_EptPointers[EPT_VIEW_KINDS];
UINT64 g_EptViewGeneration;

static BOOLEAN NotePointers(VOID)
{
    UINT32 Kind;

    for (Kind = 0; Kind < EPT_VIEW_KINDS; Kind++) {
        if (Views[Kind] == NULL)
            return FALSE;
        g_EptPointers[Kind] = Views[Kind]->Eptp;
    }
    return TRUE;
}

BOOLEAN EptViewsInitialize(VOID)
{
    Views[EPT_VIEW_HOOKED] = EptCreateIdentityView();
    Views[EPT_VIEW_PLAIN]  = EptCreateIdentityView();
    if (Views[EPT_VIEW_HOOKED] != NULL) {
        Views[EPT_VIEW_NO_USER]   = EptCreateReducedView(Hooked, EPT_EXECUTE_USER);
        Views[EPT_VIEW_NO_KERNEL] = EptCreateReducedView(Hooked, EPT_EXECUTE);
    }
    if (NotePointers())
        return TRUE;
    EptViewsUninitialize();
    return FALSE;
}

VOID EptViewsUninitialize(VOID)
{
    EptFreeReducedView(Views[EPT_VIEW_NO_USER]);
    EptFreeReducedView(Views[EPT_VIEW_NO_KERNEL]);
    EptFreeView(Views[EPT_VIEW_PLAIN]);
    EptFreeView(Views[EPT_VIEW_HOOKED]);
    PlatformMemoryZero(Views, sizeof(Views));
}

const UINT64 *EptViewHookedTable(VOID)
{
    return Hooked->Pml4;
}

UINT64 EptViewHookedEntry(UINT64 Physical)
{
    UINT32 Shift;

    return *EptFindLeaf(Hooked, Physical, &Shift);
}

BOOLEAN EptViewPreparePage(UINT64 Physical)
{
    BOOLEAN Split = EptSplitToPage(Hooked, Physical);

    __atomic_add_fetch(&g_EptViewGeneration, 1, __ATOMIC_RELEASE);
    return Split;
}

VOID EptViewSetPage(UINT64 Physical, UINT64 Target, UINT32 Access)
{
    UINT32 Shift;
    UINT64 *Entry   = EptFindLeaf(Hooked, Physical, &Shift);
    UINT64 MoreBits = *Entry & EPT_MEMORY_TYPE_MASK;

    if (Access & EPT_EXECUTE)
        MoreBits |= EPT_EXECUTE_USER;
    __atomic_store_n(Entry, Target | MoreBits | Access, __ATOMIC_RELEASE);
    __atomic_add_fetch(&g_EptViewGeneration, 1, __ATOMIC_RELEASE);
}

static VOID FlushContext(UINT64 Eptp)
{
    const VMX_INVALIDATE_DESCRIPTOR Descriptor = {.Context = Eptp};

    CpuInvept(INVEPT_SINGLE_CONTEXT, &Descriptor);
}

/* The views that share tables with the hooked one: the core's own for steps, and those of watched modes. */
VOID EptViewFlushThisCore(VIRTUAL_MACHINE_STATE *VCpu)
{
    FlushContext(EptViewHooked());
    FlushContext(VCpu->Vmx->StepView.Eptp);
    if (VCpu->Vmx->IsWatchingModes) {
        FlushContext(EptViewOfKind(EPT_VIEW_NO_USER));
        FlushContext(EptViewOfKind(EPT_VIEW_NO_KERNEL));
    }
}

VOID EptViewFlushAll(VIRTUAL_MACHINE_STATE *VCpu)
{
    const VMX_INVALIDATE_DESCRIPTOR AllViews = {0, 0};

    (VOID) VCpu;
    CpuInvept(INVEPT_ALL_CONTEXTS, &AllViews);
}

/* On each core, interrupts off. */
static VOID FlushByVmcall(PVOID Context)
{
    (VOID) Context;
    if (g_GuestState[PlatformCpuCurrent()].Lifecycle == VMM_CORE_RUNNING)
        CpuVmCall(VMCALL_INVEPT_SINGLE_CONTEXT, 0, 0, 0);
}

VOID EptViewFlushAllCores(VOID)
{
    PlatformCpuRunOnAll(FlushByVmcall, NULL);
}

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
#include "hyperhv/core/Globals.h"
#include "hyperhv/vmx/Ept.h"
#include "hyperhv/vmx/VmxState.h"

/* Written by Initialize and Uninitialize only. */
static EPT_VIEW *Plain, *Hooked;

/* Grows with every change of the hooked view. Written in process context, one writer at a time. */
static UINT64 Generation;

BOOLEAN EptViewsInitialize(VOID)
{
    Plain  = EptCreateIdentityView();
    Hooked = EptCreateIdentityView();
    if (Plain != NULL && Hooked != NULL)
        return TRUE;
    EptViewsUninitialize();
    return FALSE;
}

VOID EptViewsUninitialize(VOID)
{
    EptFreeView(Plain);
    EptFreeView(Hooked);
    Plain = Hooked = NULL;
}

UINT64 EptViewHooked(VOID)
{
    return Hooked->Eptp;
}

UINT64 EptViewPlain(VOID)
{
    return Plain->Eptp;
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

UINT64 EptViewGeneration(VOID)
{
    return __atomic_load_n(&Generation, __ATOMIC_ACQUIRE);
}

BOOLEAN EptViewPreparePage(UINT64 Physical)
{
    BOOLEAN Split = EptSplitToPage(Hooked, Physical);

    __atomic_add_fetch(&Generation, 1, __ATOMIC_RELEASE);
    return Split;
}

VOID EptViewSetPage(UINT64 Physical, UINT64 Target, UINT32 Access)
{
    UINT32 Shift;
    UINT64 *Entry   = EptFindLeaf(Hooked, Physical, &Shift);
    UINT64 MoreBits = *Entry & EPT_MEMORY_TYPE_MASK;

    __atomic_store_n(Entry, Target | MoreBits | Access, __ATOMIC_RELEASE);
    __atomic_add_fetch(&Generation, 1, __ATOMIC_RELEASE);
}

VOID EptViewFlushThisCore(VIRTUAL_MACHINE_STATE *VCpu)
{
    const VMX_INVALIDATE_DESCRIPTOR HookedView = {.Context = Hooked->Eptp};
    const VMX_INVALIDATE_DESCRIPTOR StepView   = {.Context = VCpu->Vmx->StepView.Eptp};

    CpuInvept(INVEPT_SINGLE_CONTEXT, &HookedView);
    CpuInvept(INVEPT_SINGLE_CONTEXT, &StepView); /* shares its tables */
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * ModeView.c - changes between user and kernel mode of watched processes.
 *
 * Context: VMX root mode. SDM Vol. 3, 25.6.2 (mode-based execute control), 29.3.2, 29.3.3.2.
 *
 * A watched process in kernel mode is on the view without user execution, and so exits with its first
 * instruction in user mode; from then on it is on the view without kernel execution. All other processes are
 * on the hooked view, where nothing of this exits. MOV to CR3 exits while anybody is watched
 * (ConfigureSetModeExecTrap), as that tells who runs. The kernel's own entry, which page table isolation has
 * execute on the process's user page table, is kernel mode as any other code of it.
 */
#include "hyperhv/vmx/ModeView.h"

#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/ModeTrap.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/interface/Dispatch.h"
#include "hyperhv/vmx/EptViews.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxState.h"

#define QUALIFICATION_FETCH (1ull << 2)
#define CPL_USER            3u

/* Written by Initialize only: the guest that asks later has no such MSR. */
static BOOLEAN HasControl;

VOID ModeViewInitialize(VOID)
{
    HasControl = ((CpuReadMsr(IA32_VMX_PROCBASED_CTLS2) >> 32) & SECONDARY_MODE_BASED_EXECUTE) != 0;
}

BOOLEAN ModeViewIsPossible(VOID)
{
    return HasControl;
}

/* A step has a view of its own, and comes back to this one. */
static VOID SetBase(VIRTUAL_MACHINE_STATE *VCpu, EPT_VIEW_KIND View)
{
    BOOLEAN IsInStep = VmcsRead64(VMCS_EPT_POINTER) != ModeViewBase(VCpu);

    VCpu->Vmx->BaseView = View;
    VCpu->Vmx->BaseEptp = EptViewOfKind(View);
    if (!IsInStep)
        VmcsWrite64(VMCS_EPT_POINTER, EptViewOfKind(View));
}

VOID ModeViewLook(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!VCpu->Vmx->IsWatchingModes && VCpu->Vmx->BaseView == EPT_VIEW_HOOKED)
        return;
    if (!VCpu->Vmx->IsWatchingModes || !ModeTrapIsWatched(VmcsReadNatural(VMCS_GUEST_CR3)))
        SetBase(VCpu, EPT_VIEW_HOOKED);
    else if (VCpu->Vmx->BaseView == EPT_VIEW_HOOKED)
        SetBase(VCpu, EPT_VIEW_NO_USER);
}

/* Entries say all the time who may execute; whether the processor distinguishes is the control. What it has
 * cached was made without. */
VOID ModeViewWatch(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN On)
{
    UINT32 Controls = VmcsRead32(VMCS_SECONDARY_PROCESSOR_CONTROLS);

    VmcsWrite32(VMCS_SECONDARY_PROCESSOR_CONTROLS,
                On ? Controls | SECONDARY_MODE_BASED_EXECUTE : Controls & ~SECONDARY_MODE_BASED_EXECUTE);
    VCpu->Vmx->IsWatchingModes = On;
    EptViewFlushThisCore(VCpu);
    ModeViewLook(VCpu);
}

BOOLEAN ModeViewHandleChange(VIRTUAL_MACHINE_STATE *VCpu)
{
    EPT_VIEW_KIND Base = VCpu->Vmx->BaseView;
    UINT32 Cpl;

    if (!(VCpu->ExitQualification & QUALIFICATION_FETCH) ||
        VmcsRead64(VMCS_EPT_POINTER) != ModeViewBase(VCpu))
        return FALSE;
    Cpl = g_Backend->GetCpl(VCpu);
    if ((Base == EPT_VIEW_NO_USER) != (Cpl == CPL_USER))
        return FALSE;
    VCpu->ModeEntered = (UINT8)Cpl;
    DispatchEventMode(VCpu);
    return TRUE;
}

VOID ModeViewAllow(VIRTUAL_MACHINE_STATE *VCpu)
{
    SetBase(VCpu, VCpu->ModeEntered == CPL_USER ? EPT_VIEW_NO_KERNEL : EPT_VIEW_NO_USER);
}

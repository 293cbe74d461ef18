/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ModeView.h - which view a core is on between steps: the hooked one, or, while it runs a watched process,
 * one in which it cannot execute what belongs to the other mode. SDM Vol. 3, 29.3.2 (mode-based execute).
 *
 * Context of all: VMX root mode, within an exit of VCpu, but for the first two.
 */
#ifndef HYPERHV_VMX_MODE_VIEW_H
#define HYPERHV_VMX_MODE_VIEW_H

#include "hyperhv/vmx/VmxState.h"

/* Process context, before anything is virtualized; any, after that: has the processor mode-based execute
 * control? */
VOID ModeViewInitialize(VOID);
BOOLEAN ModeViewIsPossible(VOID);

/* Watched processes are looked for on this core, or not any more. */
VOID ModeViewWatch(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN On);

/* The guest's CR3, or who is watched, has changed. Called in the guest's kernel mode. */
VOID ModeViewLook(VIRTUAL_MACHINE_STATE *VCpu);

/* An EPT violation. TRUE: it was a change of mode, and is dealt with. */
BOOLEAN ModeViewHandleChange(VIRTUAL_MACHINE_STATE *VCpu);

static inline BOOLEAN ModeViewHandleViolation(VIRTUAL_MACHINE_STATE *VCpu)
{
    return UNLIKELY(VCpu->Vmx->BaseView != EPT_VIEW_HOOKED) && ModeViewHandleChange(VCpu);
}

/* Backend.h tells the contract (AllowMode). */
VOID ModeViewAllow(VIRTUAL_MACHINE_STATE *VCpu);

/* What VMCS_EPT_POINTER is to be when no step is under way. */
static inline UINT64 ModeViewBase(const VIRTUAL_MACHINE_STATE *VCpu)
{
    return VCpu->Vmx->BaseEptp;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HookStep.h - letting one instruction through: the core sees memory as it is, and is back after that
 * instruction.
 *
 * Context: VMX root mode, within an exit of VCpu.
 */
#ifndef HYPERHV_HOOKS_HOOK_STEP_H
#define HYPERHV_HOOKS_HOOK_STEP_H

#include "hyperhv/core/Backend.h"
#include "hyperhv/hooks/HookPage.h"

/* What few steps have of Begin and End: the instruction writes to a page with hidden breakpoints, or a user
 * waits for its end. */
VOID HookStepNoteWritten(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page);
VOID HookStepFinish(VIRTUAL_MACHINE_STATE *VCpu);

/* The instruction at RIP is carried out by the guest itself. Access: how it touches the page,
 * HOOK_ACCESS_.... Sets VCpu->MtfEptHookRestorePoint. A second call before the end (an instruction on two
 * hooked pages, or on one in two ways) adds to it. */
static inline VOID HookStepBegin(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page, UINT32 Access)
{
    if ((Access & HOOK_ACCESS_WRITE) && Page->Fake != NULL)
        HookStepNoteWritten(VCpu, Page);
    g_Backend->StepBegin(VCpu, Page->Physical, Access & HOOK_ACCESS_ALL);
    VCpu->MtfEptHookRestorePoint = Page;
}

/* The instruction is skipped, or has to wait: a step that is under way is over at the end of this exit. */
VOID HookStepCancel(VIRTUAL_MACHINE_STATE *VCpu);

/* Tells the POST events of monitors that wait. */
VOID HookStepTellPost(VIRTUAL_MACHINE_STATE *VCpu);

/* After the instruction, when the core sees memory as hooked again: what the instruction wrote is seen by the
 * hooks, and the POST events are told. */
static inline VOID HookStepEnd(VIRTUAL_MACHINE_STATE *VCpu)
{
    HV_STEP *Step = &VCpu->Step;

    VCpu->MtfEptHookRestorePoint = NULL;
    Step->IsCancelled            = FALSE;
    if (UNLIKELY(Step->WrittenCount != 0 || Step->PostCount != 0 || Step->BreakpointPost != 0))
        HookStepFinish(VCpu);
}

#endif

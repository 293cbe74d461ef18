/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HookStep.h - letting one instruction through: the core sees memory as it is, and is back after that
 * instruction.
 *
 * Context: VMX root mode, within an exit of VCpu.
 */
#ifndef HYPERHV_HOOKS_HOOK_STEP_H
#define HYPERHV_HOOKS_HOOK_STEP_H

#include "hyperhv/core/State.h"
#include "hyperhv/hooks/HookPage.h"

/* The instruction at RIP is carried out by the guest itself. Access: how it touches the page,
 * HOOK_ACCESS_.... Sets VCpu->MtfEptHookRestorePoint. A second call before the end (an instruction on two
 * hooked pages) adds the page. */
VOID HookStepBegin(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page, UINT32 Access);

/* The instruction is skipped, or has to wait: a step that is under way is over at the end of this exit. */
VOID HookStepCancel(VIRTUAL_MACHINE_STATE *VCpu);

/* Tells the POST events of monitors that wait. */
VOID HookStepTellPost(VIRTUAL_MACHINE_STATE *VCpu);

/* After the instruction: what it wrote is seen by the hooks, the POST events are told, the hooks are in force
 * again. */
VOID HookStepEnd(VIRTUAL_MACHINE_STATE *VCpu);

#endif

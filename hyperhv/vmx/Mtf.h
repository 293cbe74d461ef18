/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mtf.h - the monitor trap flag: one guest instruction, then an exit. SDM Vol. 3, 26.5.2.
 *
 * Context of all: VMX root mode, within an exit of VCpu.
 */
#ifndef HYPERHV_VMX_MTF_H
#define HYPERHV_VMX_MTF_H

#include "hyperhv/core/State.h"

/* Sets or clears the flag: an exit after the instruction at RIP. On a processor without it the exit comes by
 * other means (NmiWindowTrap.h). An instruction that exits by itself counts as stepped when it is done. */
VOID MtfSet(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN On);

/* Interrupts that wait are taken after the instruction at RIP, not before it. */
VOID MtfHoldInterrupts(VIRTUAL_MACHINE_STATE *VCpu);

/* For the whole of the next instruction, to the trap. */
VOID MtfGuardStep(VIRTUAL_MACHINE_STATE *VCpu);

/* The core steps over the instruction at RIP, interrupts waiting; who asks for it marks that it does, and is
 * told by MtfHandleVmexit or MtfResolveStep when the step is over. */
VOID MtfStepArm(VIRTUAL_MACHINE_STATE *VCpu);

/* A core's step (Backend.h: StepBegin). */
VOID MtfStepBegin(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Physical, UINT32 Access);

/* Before a step (Backend.h: StepLoadsSs). */
VOID MtfStepLoadsSs(VIRTUAL_MACHINE_STATE *VCpu);

/* At the end of an exit that came with the flag set and was not its trap: serves the trap if the instruction
 * is done, ends a hook's step if an event goes in, goes on otherwise. */
VOID MtfResolveStep(VIRTUAL_MACHINE_STATE *VCpu);

/* An MTF exit. Serves all that asked for the step, in the order of the contract (section 5, "MTF"). */
VOID MtfHandleVmexit(VIRTUAL_MACHINE_STATE *VCpu);

#endif

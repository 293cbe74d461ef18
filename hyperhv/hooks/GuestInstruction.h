/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GuestInstruction.h - the instruction that the guest is about to execute.
 *
 * Context: VMX root mode, within an exit of VCpu, not from its NMI handler.
 */
#ifndef HYPERHV_HOOKS_GUEST_INSTRUCTION_H
#define HYPERHV_HOOKS_GUEST_INSTRUCTION_H

#include "hyperhv/core/State.h"
#include "hyperhv/memory/InstructionDecode.h"

/* Decodes the instruction at which the guest was when it exited, as the guest has it: from the original page,
 * never a breakpoint byte of ours. FALSE: it is not mapped, or no instruction. */
BOOLEAN GuestInstructionDecode(VIRTUAL_MACHINE_STATE *VCpu, INSTRUCTION *Instruction);

/* The linear address of that instruction. */
UINT64 GuestInstructionAddress(VIRTUAL_MACHINE_STATE *VCpu);

#endif

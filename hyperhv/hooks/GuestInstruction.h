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

/* The linear address of its explicit memory operand, which it must have (INSTRUCTION_HAS_MEMORY). */
UINT64 GuestInstructionOperand(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction);

/* Of the operand that the instruction reads, or writes, at the linear address: how many bytes of it there are
 * from there on. Only at the beginning of a page are they fewer than the operand has. Instruction->AccessSize
 * must not be 0. */
UINT32 GuestInstructionBytesFrom(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT64 Linear,
                                 BOOLEAN IsWrite);

/* Operand 0 or 1 of a string instruction, at RSI and RDI: its linear address. */
UINT64 GuestInstructionString(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT32 Operand);

#endif

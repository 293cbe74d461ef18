/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * OperandPieces.h - instructions that touch one piece of memory with several accesses: FXSAVE and XSAVE with
 * their kin, ENTER, PUSHA, POPA.
 *
 * Context: VMX root mode, within an exit of VCpu, not from its NMI handler.
 */
#ifndef HYPERHV_HOOKS_OPERAND_PIECES_H
#define HYPERHV_HOOKS_OPERAND_PIECES_H

#include "hyperhv/core/State.h"
#include "hyperhv/memory/InstructionDecode.h"

/* May the instruction whose first access on a page is at Linear be one of them, and touch on the same page
 * what begins so many bytes above, or ends so many bytes below? Most are found out not to at once: the areas
 * and the registers in them are aligned, but for MXCSR, with which the processor begins if x87 is not in use;
 * and if it begins with the header, that is not far above the area's beginning. */
#define OPERAND_XSAVE_ALIGNMENT 64u
#define OPERAND_PIECE           16u
#define OPERAND_MXCSR_OFFSET    24u
#define OPERAND_FXSAVE_REACH    512u
#define OPERAND_HEADER_REACH    (512u + 8u)           /* from XSAVE's header down */
#define OPERAND_ENTER_REACH     (33 * sizeof(UINT64)) /* from the first push down */

static inline BOOLEAN OperandMayBeginXsave(UINT64 Linear)
{
    return Linear % OPERAND_PIECE == 0 || Linear % OPERAND_XSAVE_ALIGNMENT == OPERAND_MXCSR_OFFSET;
}

static inline BOOLEAN OperandMayReachUp(UINT64 Linear, UINT64 Distance)
{
    return OperandMayBeginXsave(Linear) || (Linear % sizeof(UINT64) == 0 && Distance < OPERAND_FXSAVE_REACH);
}

static inline BOOLEAN OperandMayReachDown(const VIRTUAL_MACHINE_STATE *VCpu, UINT64 Linear, UINT64 Distance)
{
    return (Distance < OPERAND_HEADER_REACH && OperandMayBeginXsave(Linear)) ||
           (Distance < OPERAND_ENTER_REACH && (VCpu->Regs->rsp - Linear <= OPERAND_ENTER_REACH ||
                                               VCpu->Regs->rbp - Linear <= OPERAND_ENTER_REACH));
}

/* All bytes, from *Start up to *End, that the instruction reads (or writes) piece by piece. FALSE: it has one
 * access of that kind, or is not known for more. Of XSAVE's area all is taken to be touched, though it may
 * leave out what is not in use; what it reads of that - a word of the header - is not meant here. */
BOOLEAN OperandPieces(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, BOOLEAN IsWrite,
                      UINT64 *Start, UINT64 *End);

#endif

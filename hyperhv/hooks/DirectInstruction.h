/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DirectInstruction.h - instructions under a hidden breakpoint that are carried out without a step: those
 * that almost every function of a kernel starts with. And those whose step has something to it.
 */
#ifndef HYPERHV_HOOKS_DIRECT_INSTRUCTION_H
#define HYPERHV_HOOKS_DIRECT_INSTRUCTION_H

#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/hooks/Monitor.h"

typedef enum _DIRECT_KIND {
    DIRECT_NONE = 0, /* none of those: it takes a step */
    DIRECT_NOP,      /* NOP of any length, ENDBR64 */
    DIRECT_PUSH,     /* PUSH of a 64-bit register */
    DIRECT_LOADS_SS, /* it takes a step, and may make an interrupt shadow */
} DIRECT_KIND;

typedef struct _DIRECT_INSTRUCTION {
    UINT8 Kind;     /* DIRECT_KIND */
    UINT8 Length;   /* bytes; 0 where it takes a step */
    UINT8 Register; /* DIRECT_PUSH: number of the register in GUEST_REGS */
} DIRECT_INSTRUCTION;

/* Any context. Bytes has Available bytes of code, the instruction's first one at [0]. */
DIRECT_INSTRUCTION DirectInstructionClassify(const UINT8 *Bytes, UINT32 Available);

/* What a PUSH writes, to memory and VCpu->Regs. The kernel's stack is mapped in root mode's page table as in
 * every other; a user's is not. A monitor could be waiting for this very write: then it must be the guest
 * that writes. */
static inline BOOLEAN DirectInstructionPush(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Register)
{
    const UINT64 Top = VCpu->Regs->rsp - sizeof(UINT64);

    if ((INT64)Top >= 0 || MonitorsExist() || !CpuTryWrite64(Top, ((const UINT64 *)VCpu->Regs)[Register]))
        return FALSE;
    VCpu->Regs->rsp -= sizeof(UINT64);
    return TRUE;
}

/* Root mode, within an exit of VCpu. Carries Instruction out, RIP included. FALSE: it cannot be done here (a
 * PUSH to a stack that is not the kernel's, or not mapped): nothing has changed; its step begins now. Inline,
 * as each hit of most hooks pays for it; the first comparison tells NOPs and what takes a step from the rest.
 */
static inline BOOLEAN DirectInstructionExecute(VIRTUAL_MACHINE_STATE *VCpu,
                                               const DIRECT_INSTRUCTION *Instruction)
{
    if (LIKELY(Instruction->Kind == DIRECT_NOP)) {
        g_Backend->AdvanceRip(VCpu, Instruction->Length);
        return TRUE;
    }
    if (LIKELY(Instruction->Kind <= DIRECT_NOP))
        return FALSE;
    if (UNLIKELY(Instruction->Kind != DIRECT_PUSH)) {
        g_Backend->StepLoadsSs(VCpu);
        return FALSE;
    }
    if (!DirectInstructionPush(VCpu, Instruction->Register))
        return FALSE;
    g_Backend->AdvancePastPush(VCpu, Instruction->Length);
    return TRUE;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Verify.h - whether a block of bytes is a program that the evaluator may run.
 *
 * Context: any. Trusts nobody: after ScriptVerify says yes, no contents of the block can make the evaluator
 * leave its memory, meet an unknown opcode, or run on beyond its budget. The block must not change
 * afterwards.
 */
#ifndef HYPERDBG_SCRIPT_VERIFY_H
#define HYPERDBG_SCRIPT_VERIFY_H

#include "SDK/Bytecode.h"

#define SCRIPT_VERIFY_NO_INSTRUCTION 0xFFFFFFFFu

typedef struct _SCRIPT_REFUSAL {
    UINT32 Instruction; /* SCRIPT_VERIFY_NO_INSTRUCTION if it is not about one */
    const CHAR *Reason;
} SCRIPT_REFUSAL;

/* Block is aligned to 8 bytes and has Size bytes. FALSE: Refusal says which instruction and why. */
BOOLEAN ScriptVerify(const VOID *Block, UINT64 Size, SCRIPT_REFUSAL *Refusal);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Run.h - the state of one run and what the parts of the evaluator offer each other. Private to script/eval.
 *
 * Context: any, VMX root mode included.
 */
#ifndef HYPERDBG_SCRIPT_RUN_H
#define HYPERDBG_SCRIPT_RUN_H

#include "script/eval/Eval.h"

#ifdef __KERNEL__
#include "platform/PlatformMemory.h"
#endif

typedef struct _SCRIPT_RUN {
    const SCRIPT_INSTANCE *Instance;
    SCRIPT_MACHINE *Machine;
    const SCRIPT_HOST_OPERATIONS *Host;
    PVOID Context;
    INT64 Budget;
    UINT64 Address;       /* of a fault */
    SCRIPT_STATUS Status; /* of a fault */
    UINT32 Core;
    UINT32 FrameTop; /* end of the active frames in Machine->Memory */
} SCRIPT_RUN;

/* All functions below return FALSE when the run must end; Run->Status and Run->Address then say why. */

static inline BOOLEAN ScriptFault(SCRIPT_RUN *Run, SCRIPT_STATUS Status, UINT64 Address)
{
    Run->Status  = Status;
    Run->Address = Address;
    return FALSE;
}

static inline BOOLEAN ScriptIsOwnAddress(UINT64 Address)
{
    return (Address >> SCRIPT_ADDRESS_TAG_SHIFT) == SCRIPT_ADDRESS_TAG;
}

/* The bytes behind a script address, NULL if they are not all there (or, for writing, must not change). */
UINT8 *ScriptOwnBytes(const SCRIPT_RUN *Run, UINT64 Address, UINT32 Size, BOOLEAN ForWriting);

/* Size is 1..SCRIPT_MAXIMUM_FRAME. */
BOOLEAN ScriptReadMemory(SCRIPT_RUN *Run, UINT64 Address, PVOID Buffer, UINT32 Size);
BOOLEAN ScriptWriteMemory(SCRIPT_RUN *Run, UINT64 Address, const VOID *Buffer, UINT32 Size);
BOOLEAN ScriptReadPhysical(SCRIPT_RUN *Run, UINT64 Address, PVOID Buffer, UINT32 Size);
BOOLEAN ScriptWritePhysical(SCRIPT_RUN *Run, UINT64 Address, const VOID *Buffer, UINT32 Size);

/* Size of any length; charged to the budget. The ranges may overlap as in memmove only if they are both the
 * script's and shorter than 64 bytes. */
BOOLEAN ScriptCopyMemory(SCRIPT_RUN *Run, UINT64 Destination, UINT64 Source, UINT64 Size);

/* Copies a string of characters of Width (1 or 2) bytes into Buffer as bytes, cut to Size - 1 characters, and
 * gives its length. Wide characters beyond ASCII become '?'. What follows the end in the buffer is left
 * alone. */
BOOLEAN ScriptReadString(SCRIPT_RUN *Run, UINT64 Address, UINT32 Width, CHAR *Buffer, UINT32 Size,
                         UINT32 *Length);

/* Takes Cost from the budget. */
BOOLEAN ScriptCharge(SCRIPT_RUN *Run, UINT64 Cost);

/* A builtin with its arguments in Arguments[0..]; the result goes to Arguments[0]. */
BOOLEAN ScriptCallBuiltin(SCRIPT_RUN *Run, UINT32 Builtin, UINT32 Count, UINT64 *Arguments);

/* Makes the record of a printf and sends it. */
BOOLEAN ScriptSendRecord(SCRIPT_RUN *Run, UINT32 Format, const UINT64 *Arguments);

/* Root mode must not call the kernel's memcpy and memset; user space has nothing better. Small constant sizes
 * become plain moves in both. The ranges do not overlap. */
#ifdef __KERNEL__
#define ScriptCopyAny PlatformMemoryCopy
#define ScriptZeroAny PlatformMemoryZero
#else
#define ScriptCopyAny                 __builtin_memcpy
#define ScriptZeroAny(Address, Bytes) __builtin_memset(Address, 0, Bytes)
#endif

static inline __attribute__((always_inline)) VOID ScriptCopyBytes(PVOID Destination, const VOID *Source,
                                                                  UINT32 Size)
{
    if (__builtin_constant_p(Size) && Size <= 16) {
        __builtin_memcpy(Destination, Source, Size);
    } else {
        ScriptCopyAny(Destination, Source, Size);
    }
}

static inline __attribute__((always_inline)) VOID ScriptZeroBytes(PVOID Destination, UINT32 Size)
{
    if (__builtin_constant_p(Size) && Size <= 16) {
        __builtin_memset(Destination, 0, Size);
    } else {
        ScriptZeroAny(Destination, Size);
    }
}

#endif

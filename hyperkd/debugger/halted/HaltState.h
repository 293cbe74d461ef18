/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HaltState.h - what a halt consists of, for the two files that keep it: Halt.c in root mode, HaltLife.c in
 * process context.
 */
#ifndef HYPERDBG_HYPERKD_HALT_STATE_H
#define HYPERDBG_HYPERKD_HALT_STATE_H

#include "hyperkd/debugger/halted/Halt.h"
#include "platform/PlatformMemory.h"

/* A function that a core is to run; on the stack of who waits for it. */
typedef struct _HALT_REQUEST {
    struct _HALT_REQUEST *Next;
    HALT_FUNCTION Function;
    PVOID Context;
    BOOLEAN IsDone; /* the last that the core touches of it */
} HALT_REQUEST;

/* One core; all atomic. */
typedef struct _HALT_CORE {
    BOOLEAN MustHalt; /* by the owner: from before the NMI until it shall go on */
    BOOLEAN IsHalted; /* by the core itself: it stands still and looks at Requests */
    UINT32 Origin;    /* HALT_ORIGIN */
    UINT64 Since;
    HALT_REQUEST *Requests; /* last come first; many add, the core takes all */
} __attribute__((__aligned__(PLATFORM_CACHE_LINE))) HALT_CORE;

#define HALT_NO_OWNER 0xFFFFFFFFu

extern BOOLEAN g_HaltIsUp;     /* cores may be halted; atomic */
extern HALT_CORE *g_HaltCores; /* one for each core that the machine can have */
extern UINT32 g_HaltCoreCount;
extern UINT32 g_HaltOwner; /* core; atomic */
extern UINT32 g_HaltDepth; /* HaltSystem within a halt; atomic */

#define LOAD(Word)         __atomic_load_n(&(Word), __ATOMIC_SEQ_CST)
#define STORE(Word, Value) __atomic_store_n(&(Word), (Value), __ATOMIC_SEQ_CST)

/* Any context. No core has to stand still any more. */
VOID HaltReleaseAll(VOID);

#endif

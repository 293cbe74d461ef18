/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ProgramCache.h - the programs of events that have one: kept when they are set, asked of the kernel when
 * another session set them, so that their records can be understood.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_PROGRAM_CACHE_H
#define HYPERDBG_LIBHYPERDBG_PROGRAM_CACHE_H

#include "libhyperdbg/LibHyperDbg.h"
#include "script/eval/Eval.h"

#define PROGRAM_LINE_SIZE 4096

typedef struct _PROGRAM {
    struct _PROGRAM *Next;
    UINT64 Tag;
    UINT64 LoadedAt; /* of the load that the tag belongs to */
    PVOID Block;     /* verified */
    SCRIPT_VIEW View;
    UINT32 LineLength; /* what was printed since the last newline */
    CHAR Line[PROGRAM_LINE_SIZE];
} PROGRAM;

/* Keeps a copy of the program that was set for an event. */
VOID ProgramKeep(HYPERDBG_SESSION *Session, UINT64 Tag, const SCRIPT_PROGRAM *Block);

/* The program of an event; NULL: it has none, or it is gone and was never seen here. Says nothing. */
PROGRAM *ProgramFind(HYPERDBG_SESSION *Session, UINT64 Tag);

/* Forgets all. */
VOID ProgramForgetAll(HYPERDBG_SESSION *Session);

#endif

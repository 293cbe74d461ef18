/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event.h - one event that a user asked for, as the store keeps it and root mode walks it.
 *
 * Context: the structures any; who may touch which member is said at each.
 */
#ifndef HYPERDBG_HYPERKD_EVENT_H
#define HYPERDBG_HYPERKD_EVENT_H

#include "SDK/Ioctls.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformProcess.h"

/* Written by one core alone, without a lock prefix; as long as a cache line, so that two cores that hit the
 * same event do not take the line from each other. */
typedef struct _DEBUGGER_EVENT_HITS {
    UINT64 Count;
    UINT64 Unused[PLATFORM_CACHE_LINE / sizeof(UINT64) - 1];
} __attribute__((aligned(PLATFORM_CACHE_LINE))) DEBUGGER_EVENT_HITS;

typedef enum _DEBUGGER_EVENT_STATE {
    DEBUGGER_EVENT_DISABLED = 0,
    DEBUGGER_EVENT_ARMED,
    DEBUGGER_EVENT_LEAVING, /* unlinked; exits that began before may still hold it */
} DEBUGGER_EVENT_STATE;

/* What scripts made of an event, which root mode cannot take out of force: the walk passes it by. */
typedef enum _DEBUGGER_EVENT_WISH {
    DEBUGGER_EVENT_WANTED = 0,
    DEBUGGER_EVENT_SUSPENDED, /* as if it were disabled, until it is enabled */
    DEBUGGER_EVENT_UNWANTED, /* cleared: the store takes it out of force when it is next asked for anything */
} DEBUGGER_EVENT_WISH;

struct _EVENT_SCRIPT;

typedef struct _DEBUGGER_EVENT {
    /* Next armed event of the same list of the index (EventTrigger.h), and of the same type; both in the
     * order of tags. Written under the store's lock with release stores, read by root mode on every core
     * without any; left alone between unlinking and the end of the exits under way, as their walk may stand
     * on this event. */
    struct _DEBUGGER_EVENT *NextIndexed;
    struct _DEBUGGER_EVENT *NextArmed;

    /* Constant once the event is linked. */
    UINT64 Key; /* what an exit must have for the event to fit; without meaning unless HasKey */
    BOOLEAN HasKey;
    UINT64 Tag;
    DEBUGGER_EVENT_OPTIONS Options;
    struct _EVENT_SCRIPT *Script; /* what it runs; NULL: it leaves a record. Owned */

    UINT32 Wish; /* DEBUGGER_EVENT_WISH; atomic, written by the store and by scripts (EventSetWish) */

    /* The store's own, under its lock. */
    struct _DEBUGGER_EVENT *PreviousArmed;
    struct _DEBUGGER_EVENT *Next; /* all events, in the order of tags */
    struct _DEBUGGER_EVENT *Previous;
    DEBUGGER_EVENT_STATE State;

    DEBUGGER_EVENT_HITS Hits[]; /* one for each core: how often all filters held, counted at stage PRE */
} DEBUGGER_EVENT;

/* What one core keeps from PRE to POST of the same exit, and where it builds its records: exits do not nest,
 * so a core has one of each. Written by that core alone. */
typedef struct _DEBUGGER_CORE {
    UINT32 CoreId;            /* constant */
    BOOLEAN ShortCircuited;   /* PRE of this exit short-circuits its instruction */
    UINT64 Rip;               /* of the instruction that PRE asked a POST for: a step may lie between */
    UINT32 SyscallNumber;     /* of the SYSCALL that PRE was about */
    GUEST_REGS Before;        /* what the instruction started with; written when PRE asks for a POST */
    PLATFORM_PROCESS Process; /* here, as code of root mode keeps no arrays on its stack */
    DEBUGGER_EVENT_RECORD Record;
} __attribute__((aligned(PLATFORM_CACHE_LINE))) DEBUGGER_CORE;

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ring.h - the rings that records wait in, and how a writer puts one there.
 *
 * Each core has four rings: {normal, root mode} x {regular, priority}. A ring is a circle of lines of 64
 * bytes; a record takes as many as it needs, one after the other (those left at the end of the circle are
 * skipped, and belong to the record that skipped them).
 *
 * A writer takes three steps, each a single atomic instruction, so that another writer may come between any
 * two instructions of it - an interrupt or NMI on its core, or a foreign core, when a task moved after it had
 * chosen its ring:
 *
 *   1. space:   compare-and-exchange on the ring's Head. No space: the record is lost.
 *   2. number:  fetch-and-add on the log's one Ticket. A loss is an addition to the same word, so that each
 *               record's ticket says exactly how many were lost before it, and nothing can come between.
 *   3. publish: the record's place is stored in Published[number]. Until then nobody reads it.
 *
 * The reader takes Published[1], [2], [3]...: it waits for a number that was given out and not yet published,
 * hence the order of the stream, and every number is either a record of a ring or still to come. Losses have
 * no number of that kind: the sequence numbers that users see are made of both counts by the reader.
 *
 * Published has at least one element for each line of all rings, and who took a number had taken a line
 * before: so an element is free again when its turn comes round.
 */
#ifndef HYPERDBG_HYPERLOG_RING_H
#define HYPERDBG_HYPERLOG_RING_H

#include "SDK/modules/HyperLog.h"

#define LOG_LINE 64

/* Which of a core's rings: the record's flags of the same name. */
#define LOG_RING_PRIORITY LOG_RECORD_FLAG_PRIORITY
#define LOG_RING_ROOT     LOG_RECORD_FLAG_ROOT_MODE
#define LOG_RING_KINDS    4

STATIC_ASSERT((LOG_RING_PRIORITY | LOG_RING_ROOT) == LOG_RING_KINDS - 1);

/* Bytes of the rings of one core; powers of two. Tests shrink them. */
#ifndef LOG_NORMAL_BYTES
#define LOG_NORMAL_BYTES          (256u << 10)
#define LOG_NORMAL_PRIORITY_BYTES (64u << 10)
#define LOG_ROOT_BYTES            (1024u << 10)
#define LOG_ROOT_PRIORITY_BYTES   (128u << 10)
/* Rings of many cores are halved until they fit into this, but never below the minimum: twice the longest
 * record, which then fits wherever an empty ring's head stands. */
#define LOG_MEMORY_LIMIT  (256ull << 20)
#define LOG_MINIMUM_BYTES (16u << 10)
#endif

/* LOG.Ticket: records ever numbered in the low bits (their overflow adds to the field above, which the
 * reader, who counts them all, takes out again), records ever lost in the high bits. */
#define LOG_TICKET_BITS     24
#define LOG_TICKET_LOST     (1ull << LOG_TICKET_BITS)
#define LOG_TICKET_MASK     (LOG_TICKET_LOST - 1)
#define LOG_LOST_MASK       (~0ull >> LOG_TICKET_BITS)
#define LOG_MAX_TOTAL_LINES (1u << LOG_TICKET_BITS)

/* A record in a ring. */
typedef struct _LOG_ENTRY {
    UINT64 LostBefore; /* reader, once collected: records lost before this one, ever */
    UINT64 Position;   /* the Head at which its lines begin, skipped ones included */
    UINT32 Next;       /* reader: place of the next one in its queue, or 0 */
    UINT16 Ring;
    UINT16 Lines;             /* skipped ones included */
    LOG_RECORD_HEADER Header; /* as the stream has it, but Sequence: the ticket until it is collected */
    CHAR Payload[];
} LOG_ENTRY;

STATIC_ASSERT(sizeof(LOG_ENTRY) == LOG_LINE);

/* One ring. Counts of lines never wrap: 2^64 lines are not written in a machine's life. */
typedef struct _LOG_RING {
    UINT64 Head;                                    /* lines ever reserved; writers */
    UINT64 Tail __attribute__((aligned(LOG_LINE))); /* lines ever freed; the reader */
    UINT32 FirstLine;                               /* of all rings' lines; constant, like LineCount */
    UINT32 LineCount;
} __attribute__((aligned(LOG_LINE))) LOG_RING;

/* Where an immediate message is put together: one per core and mode. */
typedef struct _LOG_SCRATCH {
    UINT32 IsTaken;
    CHAR Text[LOG_MAX_PAYLOAD + 1];
} LOG_SCRATCH;

typedef enum _LOG_STATE {
    LOG_CLOSED = 0, /* records are refused; what the rings hold can be read, if there are rings */
    LOG_OPENING,
    LOG_OPEN,
} LOG_STATE;

typedef struct _LOG {
    UINT64 Ticket __attribute__((aligned(LOG_LINE))); /* writers */

    /* Set by LogInitialize, constant until LogUnInitialize (State, Callbacks) or LogRelease (the rest). */
    UINT32 State __attribute__((aligned(LOG_LINE))); /* LOG_STATE */
    UINT32 CoreCount;
    LOG_RING *Rings;      /* core * LOG_RING_KINDS + kind */
    CHAR *Lines;          /* of all rings */
    UINT32 *Published;    /* by number: 1 + the entry's first line; 0: not yet */
    UINT32 PublishedMask; /* its length - 1 */
    UINT32 TotalLines;
    UINT16 *Consumed;       /* reader: by an entry's first line (skipped or not), how many lines were read */
    LOG_SCRATCH *Scratches; /* core * 2 + is root */
    MESSAGE_TRACING_CALLBACKS Callbacks;
} LOG;

/* The log of this machine (LogLifecycle.c). */
extern LOG g_Log;

static inline BOOLEAN LogIsOpen(VOID)
{
    return __atomic_load_n(&g_Log.State, __ATOMIC_ACQUIRE) == LOG_OPEN;
}

/* All of the following: any context, VMX root mode and NMI included, while LogIsOpen. */

/* Is this core in VMX root mode? */
BOOLEAN LogIsRootMode(VOID);

/* A place for a record of PayloadBytes (not above LOG_MAX_PAYLOAD + 1) in this core's ring, numbered; the
 * caller fills Payload and must publish it. NULL: no space, counted as lost. */
LOG_ENTRY *LogReserve(UINT32 PayloadBytes, BOOLEAN Priority);

/* The record is whole: PayloadLength bytes at Payload, not more than were reserved. Flags are added to those
 * of the ring. */
VOID LogPublish(LOG_ENTRY *Entry, UINT32 OperationCode, UINT32 PayloadLength, UINT32 Flags);

/* A record was lost before it came to a ring. */
VOID LogCountLost(VOID);

/* Would a record of PayloadBytes be lost now? */
BOOLEAN LogIsFull(UINT32 PayloadBytes, BOOLEAN Priority);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reader.c - records leave the rings: in the order of their numbers, priority ones first.
 *
 * First they are collected: taken from Published, number by number, and put in one of two queues (threaded
 * through the records, which stay where they are). Then they are handed out, from the priority queue while it
 * has any, and their lines are freed. A number that was given out and is not yet published stops collecting:
 * nothing that was begun later is seen before. Its writer was interrupted, and goes on.
 *
 * Context: process. A mutex makes readers take turns; writers never wait for it.
 */
#include "hyperlog/Reader.h"
#include "hyperlog/Ring.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformLock.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformTime.h"
#include "SDK/imports/HyperLogImports.h"

/* Records that are collected and not yet read, as 1 + first line, 0 for none. */
typedef struct _LOG_QUEUE {
    UINT32 First;
    UINT32 Last;
    UINT64 Length;
} LOG_QUEUE;

/* Under the mutex; LogIsReadable looks without it, so that members it reads are stored atomically. */
typedef struct _LOG_READER {
    PLATFORM_MUTEX *Mutex;
    UINT64 Collected;    /* records ever collected: the number of the next one, counted from 0 */
    UINT64 Lost;         /* records lost before the last collected one */
    UINT64 Told;         /* of all lost ones, how many were told in a Dropped */
    UINT64 DiscardBelow; /* records below this number are nobody's business any more */
    LOG_QUEUE Queues[2]; /* regular, priority */
} LOG_READER;

static LOG_READER g_Reader;

#define STORE(Member, Value) __atomic_store_n(&(Member), (Value), __ATOMIC_RELAXED)
#define LOAD(Member)         __atomic_load_n(&(Member), __ATOMIC_RELAXED)

BOOLEAN LogReaderCreate(VOID)
{
    PLATFORM_MUTEX *Mutex = PlatformMutexCreate();

    if (!Mutex)
        return FALSE;
    PlatformMemoryZero(&g_Reader, sizeof(g_Reader));
    g_Reader.Mutex = Mutex;
    return TRUE;
}

VOID LogReaderDestroy(VOID)
{
    PlatformMutexDestroy(g_Reader.Mutex);
    PlatformMemoryZero(&g_Reader, sizeof(g_Reader));
}

/* --- collecting --- */

static LOG_ENTRY *EntryAt(UINT32 Place)
{
    return (LOG_ENTRY *)(g_Log.Lines + (UINT64)(Place - 1) * LOG_LINE);
}

static UINT32 *PublishedNext(VOID)
{
    return &g_Log.Published[LOAD(g_Reader.Collected) & g_Log.PublishedMask];
}

/* All records that were lost when Ticket was taken by the record with this Number (from 0). The word tells
 * them modulo 2^40; the rest is known from before. */
static UINT64 LostAt(UINT64 Ticket, UINT64 Number, UINT64 LostBefore)
{
    UINT64 Lost = (Ticket >> LOG_TICKET_BITS) - (Number >> LOG_TICKET_BITS);

    return LostBefore + ((Lost - LostBefore) & LOG_LOST_MASK);
}

/* The number that the next record will have, if Ticket is what the log's word shows now. */
static UINT64 NumberAt(UINT64 Ticket)
{
    UINT64 Collected = LOAD(g_Reader.Collected);

    return Collected + ((Ticket - Collected) & LOG_TICKET_MASK);
}

static VOID Enqueue(LOG_QUEUE *Queue, UINT32 Place)
{
    EntryAt(Place)->Next = 0;
    if (Queue->First)
        EntryAt(Queue->Last)->Next = Place;
    else
        STORE(Queue->First, Place);
    Queue->Last = Place;
    Queue->Length++;
}

/* Gives the lines back, together with those that were read before and waited for these: a ring's lines are
 * read in the order of numbers, which interrupted writers may have taken in another order than lines. The
 * release pairs with the writers' acquire of Tail. */
static VOID FreeLines(const LOG_ENTRY *Entry)
{
    LOG_RING *Ring   = &g_Log.Rings[Entry->Ring];
    UINT16 *Consumed = &g_Log.Consumed[Ring->FirstLine];
    UINT64 Tail      = Ring->Tail;
    UINT32 Mask      = Ring->LineCount - 1;
    UINT16 Lines;

    Consumed[Entry->Position & Mask] = Entry->Lines;
    while ((Lines = Consumed[Tail & Mask]) != 0) {
        Consumed[Tail & Mask] = 0;
        Tail += Lines;
    }
    __atomic_store_n(&Ring->Tail, Tail, __ATOMIC_RELEASE);
}

static VOID CollectOne(UINT32 Place)
{
    LOG_ENTRY *Entry = EntryAt(Place);
    UINT64 Number    = g_Reader.Collected;

    STORE(g_Reader.Lost, LostAt(Entry->Header.Sequence, Number, g_Reader.Lost));
    Entry->LostBefore      = g_Reader.Lost;
    Entry->Header.Sequence = Number + g_Reader.Lost + 1;
    STORE(*PublishedNext(), 0);
    STORE(g_Reader.Collected, Number + 1);
    if (Number < g_Reader.DiscardBelow)
        FreeLines(Entry);
    else
        Enqueue(&g_Reader.Queues[(Entry->Header.Flags & LOG_RECORD_FLAG_PRIORITY) != 0], Place);
}

/* Ends: what is collected keeps its lines, so that there is no more than the rings hold. */
static VOID Collect(VOID)
{
    UINT32 Place;

    while ((Place = __atomic_load_n(PublishedNext(), __ATOMIC_ACQUIRE)) != 0)
        CollectOne(Place);
}

/* --- handing out --- */

/* What is being read at once. */
typedef struct _READING {
    LOG_SINK Sink;
    PVOID Context;
    UINT32 Room;
    UINT32 Used;
} READING;

/* How many of the first Lost lost records nobody was told of yet; the remainder of an absurd number is told
 * by the next record. */
static UINT32 Untold(UINT64 Lost)
{
    UINT64 Count = Lost > g_Reader.Told ? Lost - g_Reader.Told : 0;

    return Count > 0xFFFFFFFFu ? 0xFFFFFFFFu : (UINT32)Count;
}

static LOG_READ_STATUS HandOut(READING *Reading, const LOG_RECORD_HEADER *Header)
{
    if (Header->TotalLength > Reading->Room - Reading->Used)
        return LOG_READ_TOO_SHORT;
    if (!Reading->Sink(Reading->Context, Reading->Used, Header, Header->TotalLength))
        return LOG_READ_FAULT;
    Reading->Used += Header->TotalLength;
    STORE(g_Reader.Told, g_Reader.Told + Header->Dropped);
    return LOG_READ_SUCCESS;
}

static LOG_READ_STATUS HandOutFirst(READING *Reading, LOG_QUEUE *Queue)
{
    LOG_ENTRY *Entry = EntryAt(Queue->First);
    LOG_READ_STATUS Status;

    Entry->Header.Dropped = Untold(Entry->LostBefore);
    Status                = HandOut(Reading, &Entry->Header);
    if (Status == LOG_READ_SUCCESS) {
        STORE(Queue->First, Entry->Next);
        Queue->Length--;
        FreeLines(Entry);
    }
    return Status;
}

/* Losses after the last record are told by a record of their own, but only when there is nothing else: no
 * record waits, and no number is given out that is not collected. */
static LOG_READ_STATUS HandOutLosses(READING *Reading)
{
    UINT64 Ticket            = __atomic_load_n(&g_Log.Ticket, __ATOMIC_ACQUIRE);
    UINT64 Lost              = LostAt(Ticket, g_Reader.Collected, g_Reader.Lost);
    LOG_RECORD_HEADER Header = {.TotalLength = sizeof(Header), .OperationCode = OPERATION_LOG_RECORDS_LOST};

    if (NumberAt(Ticket) != g_Reader.Collected || Untold(Lost) == 0)
        return LOG_READ_EMPTY;
    Header.Dropped  = Untold(Lost);
    Header.Sequence = g_Reader.Collected + g_Reader.Told + Header.Dropped;
    Header.Time     = PlatformTimeTsc();
    Header.Core     = PlatformCpuCurrent();
    return HandOut(Reading, &Header);
}

static LOG_READ_STATUS HandOutOne(READING *Reading)
{
    Collect();
    if (g_Reader.Queues[1].First)
        return HandOutFirst(Reading, &g_Reader.Queues[1]);
    if (g_Reader.Queues[0].First)
        return HandOutFirst(Reading, &g_Reader.Queues[0]);
    return HandOutLosses(Reading);
}

/* The rings exist, in whatever state the log is. */
static BOOLEAN HasRings(VOID)
{
    return __atomic_load_n(&g_Log.TotalLines, __ATOMIC_ACQUIRE) != 0;
}

LOG_READ_STATUS LogReadTo(LOG_SINK Sink, PVOID Context, UINT32 Room, UINT32 *BytesRead)
{
    READING Reading        = {Sink, Context, Room, 0};
    LOG_READ_STATUS Status = LOG_READ_EMPTY;

    *BytesRead = 0;
    if (!HasRings())
        return LOG_READ_EMPTY;
    PlatformMutexAcquire(g_Reader.Mutex);
    do {
        Status = HandOutOne(&Reading);
    } while (Status == LOG_READ_SUCCESS);
    PlatformMutexRelease(g_Reader.Mutex);
    *BytesRead = Reading.Used;
    return Reading.Used ? LOG_READ_SUCCESS : Status;
}

static BOOLEAN CopyToBuffer(PVOID Context, UINT32 Offset, const VOID *Bytes, UINT32 Length)
{
    PlatformMemoryCopy((CHAR *)Context + Offset, Bytes, Length);
    return TRUE;
}

LOG_READ_STATUS LogRead(PVOID Buffer, UINT32 Length, UINT32 *BytesRead)
{
    return LogReadTo(CopyToBuffer, Buffer, Length, BytesRead);
}

BOOLEAN LogIsReadable(VOID)
{
    UINT64 Ticket;

    if (!HasRings())
        return FALSE;
    if (LOAD(g_Reader.Queues[0].First) || LOAD(g_Reader.Queues[1].First) || LOAD(*PublishedNext()))
        return TRUE;
    Ticket = __atomic_load_n(&g_Log.Ticket, __ATOMIC_ACQUIRE);
    return NumberAt(Ticket) == LOAD(g_Reader.Collected) &&
           LostAt(Ticket, LOAD(g_Reader.Collected), LOAD(g_Reader.Lost)) != LOAD(g_Reader.Told);
}

static UINT64 DiscardQueue(LOG_QUEUE *Queue)
{
    UINT64 Length = Queue->Length;

    while (Queue->First) {
        LOG_ENTRY *Entry = EntryAt(Queue->First);

        STORE(Queue->First, Entry->Next);
        FreeLines(Entry);
    }
    Queue->Length = 0;
    return Length;
}

UINT64 LogMarkAllAsRead(VOID)
{
    UINT64 Ticket, Discarded;

    if (!HasRings())
        return 0;
    PlatformMutexAcquire(g_Reader.Mutex);
    Ticket                = __atomic_load_n(&g_Log.Ticket, __ATOMIC_ACQUIRE);
    g_Reader.DiscardBelow = NumberAt(Ticket);
    Discarded             = g_Reader.DiscardBelow - g_Reader.Collected;
    STORE(g_Reader.Told, LostAt(Ticket, g_Reader.DiscardBelow, g_Reader.Lost));
    Discarded += DiscardQueue(&g_Reader.Queues[0]) + DiscardQueue(&g_Reader.Queues[1]);
    Collect();
    PlatformMutexRelease(g_Reader.Mutex);
    return Discarded;
}

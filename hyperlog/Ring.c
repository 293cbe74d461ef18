// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring.c - the writer's side of the rings: space, number, publish (see Ring.h).
 *
 * Context: any, VMX root mode and NMI included: no lock, no wait, no call of the kernel. A writer repeats a
 * step only when another writer has just completed it.
 */
#include "hyperlog/Ring.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformTime.h"

/* Where a test lets another writer come in between. */
#ifndef LOG_TEST_POINT
#define LOG_TEST_POINT(Name)
#endif

BOOLEAN LogIsRootMode(VOID)
{
    BOOLEAN (*Check)(VOID) = g_Log.Callbacks.VmxOperationCheck;

    return Check && Check();
}

/* The number of the ring that this context writes to. A task may move to another core afterwards: the ring is
 * then written from there, which costs a cache line and nothing else. FALSE: a core that came into being
 * after LogInitialize. */
static BOOLEAN ChooseRing(BOOLEAN Priority, UINT32 *Number)
{
    UINT32 Core = PlatformCpuCurrent();
    UINT32 Kind = (Priority ? LOG_RING_PRIORITY : 0) | (LogIsRootMode() ? LOG_RING_ROOT : 0);

    *Number = Core * LOG_RING_KINDS + Kind;
    return Core < g_Log.CoreCount;
}

static inline UINT32 LinesFor(UINT32 PayloadBytes)
{
    return (sizeof(LOG_ENTRY) + PayloadBytes + LOG_LINE - 1) / LOG_LINE;
}

/* Lines that a record of Lines takes when it begins at Head: with those skipped at the end of the circle. */
static inline UINT32 LinesFrom(const LOG_RING *Ring, UINT64 Head, UINT32 Lines)
{
    UINT32 ToEnd = Ring->LineCount - (Head & (Ring->LineCount - 1));

    return Lines > ToEnd ? ToEnd + Lines : Lines;
}

/* The acquire pairs with the reader's release: what the reader read and reset in the lines before Tail comes
 * before what is written there now. */
static inline UINT64 LoadTail(const LOG_RING *Ring)
{
    return __atomic_load_n(&Ring->Tail, __ATOMIC_ACQUIRE);
}

static inline UINT64 LoadHead(const LOG_RING *Ring)
{
    return __atomic_load_n(&Ring->Head, __ATOMIC_ACQUIRE);
}

/* Head was read after Tail: so it is not behind it, but it may be any number of rounds ahead, when this
 * writer was interrupted in between. */
static inline BOOLEAN Fits(const LOG_RING *Ring, UINT64 Tail, UINT64 Head, UINT32 Lines)
{
    return Head - Tail + Lines <= Ring->LineCount;
}

/* Takes the lines of a record. FALSE: no space, and there was none at one moment of the call (Tail was the
 * same before and after Head was read). A record of more than half a ring has no guarantee to fit even when
 * the ring is empty: it would be luck, and is refused. */
static BOOLEAN TakeLines(LOG_RING *Ring, UINT32 Lines, UINT64 *Position, UINT32 *Taken)
{
    UINT64 Tail, Head;

    if (Lines > Ring->LineCount / 2)
        return FALSE;
    for (;;) {
        Tail = LoadTail(Ring);
        LOG_TEST_POINT(BeforeHead);
        Head   = LoadHead(Ring);
        *Taken = LinesFrom(Ring, Head, Lines);
        if (!Fits(Ring, Tail, Head, *Taken)) {
            LOG_TEST_POINT(BeforeFull);
            if (LoadTail(Ring) == Tail)
                return FALSE;
            continue;
        }
        *Position = Head;
        LOG_TEST_POINT(BeforeSpace);
        if (__atomic_compare_exchange_n(&Ring->Head, &Head, Head + *Taken, FALSE, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return TRUE;
    }
}

LOG_ENTRY *LogReserve(UINT32 PayloadBytes, BOOLEAN Priority)
{
    LOG_ENTRY *Entry;
    LOG_RING *Ring;
    UINT64 Position;
    UINT32 Number, Taken, First, Lines = LinesFor(PayloadBytes);

    if (!ChooseRing(Priority, &Number) || !TakeLines(&g_Log.Rings[Number], Lines, &Position, &Taken)) {
        LogCountLost();
        return NULL;
    }
    LOG_TEST_POINT(BeforeNumber);
    Ring  = &g_Log.Rings[Number];
    First = Taken == Lines ? Position & (Ring->LineCount - 1) : 0;
    Entry = (LOG_ENTRY *)(g_Log.Lines + (UINT64)(Ring->FirstLine + First) * LOG_LINE);

    /* Acquire and release: who takes a later number knows that the elements of Published are free which this
     * writer found to be so. */
    Entry->Header.Sequence = __atomic_fetch_add(&g_Log.Ticket, 1, __ATOMIC_ACQ_REL);
    Entry->Header.Time     = PlatformTimeTsc();
    Entry->Header.Core     = Number / LOG_RING_KINDS;
    Entry->Header.Flags    = Number % LOG_RING_KINDS;
    Entry->Position        = Position;
    Entry->Ring            = (UINT16)Number;
    Entry->Lines           = (UINT16)Taken;
    LOG_TEST_POINT(BeforeContent);
    return Entry;
}

/* What lies between the payload and the next multiple of 8 belongs to older records: not for the reader. */
static inline VOID ZeroPadding(CHAR *Payload, UINT32 PayloadLength)
{
    UINT32 Rest = PayloadLength % 8;

    if (Rest)
        *(UINT64 *)(Payload + PayloadLength - Rest) &= (1ull << (8 * Rest)) - 1;
}

VOID LogPublish(LOG_ENTRY *Entry, UINT32 OperationCode, UINT32 PayloadLength, UINT32 Flags)
{
    UINT32 Element = (UINT32)Entry->Header.Sequence & g_Log.PublishedMask;
    UINT32 Line    = (UINT32)(((CHAR *)Entry - g_Log.Lines) / LOG_LINE);

    ZeroPadding(Entry->Payload, PayloadLength);
    Entry->Header.TotalLength   = sizeof(Entry->Header) + (PayloadLength + 7) / 8 * 8;
    Entry->Header.PayloadLength = PayloadLength;
    Entry->Header.OperationCode = OperationCode;
    Entry->Header.Flags |= Flags;
    LOG_TEST_POINT(BeforePublish);
    __atomic_store_n(&g_Log.Published[Element], Line + 1, __ATOMIC_RELEASE);
}

VOID LogCountLost(VOID)
{
    __atomic_fetch_add(&g_Log.Ticket, LOG_TICKET_LOST, __ATOMIC_ACQ_REL);
}

BOOLEAN LogIsFull(UINT32 PayloadBytes, BOOLEAN Priority)
{
    UINT32 Number, Lines = LinesFor(PayloadBytes);
    const LOG_RING *Ring;
    UINT64 Tail, Head;

    if (!ChooseRing(Priority, &Number))
        return TRUE;
    Ring = &g_Log.Rings[Number];
    Tail = LoadTail(Ring);
    Head = LoadHead(Ring);
    return Lines > Ring->LineCount / 2 || !Fits(Ring, Tail, Head, LinesFrom(Ring, Head, Lines));
}

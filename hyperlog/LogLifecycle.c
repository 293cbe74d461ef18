// SPDX-License-Identifier: GPL-2.0-only
/*
 * LogLifecycle.c - the log's beginning and end; and this map of the room:
 *
 *   Message.c   the four log callbacks: text or bytes become a record, or go out at once
 *   LogFormat.c text from a format, in any context
 *   Ring.c      writers: space, number, publish (Ring.h tells how, and why it needs no lock)
 *   Reader.c    the one reader: order, priority, losses told
 *
 * A record flows Message -> Ring -> Reader -> /dev/hyperlog (platform/linux/LinuxModuleHyperlog.c).
 *
 * The rings are made by the first LogInitialize and stay until the module goes: so unread records can be read
 * after LogUnInitialize, and a writer that was interrupted in the middle of its work finishes it in memory
 * that is still there, whatever happened meanwhile.
 *
 * Context: process.
 */
#include "hyperlog/LogLifecycle.h"
#include "hyperlog/Reader.h"
#include "hyperlog/Ring.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "SDK/imports/HyperLogImports.h"

LOG g_Log;

/* Bytes of a core's rings, by kind. */
static const UINT32 g_RingBytes[LOG_RING_KINDS] = {
    [0]                                 = LOG_NORMAL_BYTES,
    [LOG_RING_PRIORITY]                 = LOG_NORMAL_PRIORITY_BYTES,
    [LOG_RING_ROOT]                     = LOG_ROOT_BYTES,
    [LOG_RING_ROOT | LOG_RING_PRIORITY] = LOG_ROOT_PRIORITY_BYTES,
};

#define IS_POWER_OF_TWO(Value) (((Value) & ((Value)-1)) == 0)

STATIC_ASSERT(IS_POWER_OF_TWO(LOG_NORMAL_BYTES) && IS_POWER_OF_TWO(LOG_NORMAL_PRIORITY_BYTES) &&
              IS_POWER_OF_TWO(LOG_ROOT_BYTES) && IS_POWER_OF_TWO(LOG_ROOT_PRIORITY_BYTES));

/* Lines of a ring that was halved Halvings times. */
static UINT32 LinesOfKind(UINT32 Kind, UINT32 Halvings)
{
    UINT32 Bytes = g_RingBytes[Kind];

    for (; Halvings && Bytes > LOG_MINIMUM_BYTES; Halvings--)
        Bytes /= 2;
    return Bytes / LOG_LINE;
}

static UINT64 LinesOfAllCores(UINT32 CoreCount, UINT32 Halvings)
{
    UINT64 Lines = 0;
    UINT32 Kind;

    for (Kind = 0; Kind < LOG_RING_KINDS; Kind++)
        Lines += LinesOfKind(Kind, Halvings);
    return Lines * CoreCount;
}

/* How often the rings of so many cores must be halved; at the latest where halving has no effect any more. */
static UINT32 ChooseHalvings(UINT32 CoreCount)
{
    UINT32 Halvings = 0;

    while (LinesOfAllCores(CoreCount, Halvings) * LOG_LINE > LOG_MEMORY_LIMIT &&
           LinesOfAllCores(CoreCount, Halvings + 1) < LinesOfAllCores(CoreCount, Halvings))
        Halvings++;
    return Halvings;
}

static VOID LayOutRings(UINT32 CoreCount, UINT32 Halvings)
{
    UINT32 Number, FirstLine = 0;

    for (Number = 0; Number < CoreCount * LOG_RING_KINDS; Number++) {
        g_Log.Rings[Number].FirstLine = FirstLine;
        g_Log.Rings[Number].LineCount = LinesOfKind(Number % LOG_RING_KINDS, Halvings);
        FirstLine += g_Log.Rings[Number].LineCount;
    }
}

static UINT32 PowerOfTwoAbove(UINT64 Value)
{
    UINT32 Power = 1;

    while (Power < Value)
        Power *= 2;
    return Power;
}

static BOOLEAN CreateRings(UINT32 CoreCount)
{
    UINT32 Halvings       = ChooseHalvings(CoreCount);
    UINT64 TotalLines     = LinesOfAllCores(CoreCount, Halvings);
    UINT32 PublishedCount = PowerOfTwoAbove(TotalLines);

    if (TotalLines >= LOG_MAX_TOTAL_LINES)
        return FALSE;
    g_Log.Rings = PlatformMemoryAllocate(CoreCount * LOG_RING_KINDS * sizeof(*g_Log.Rings));
    if (!g_Log.Rings)
        return FALSE;
    g_Log.Lines = PlatformMemoryAllocate(TotalLines * LOG_LINE);
    if (!g_Log.Lines)
        goto FreeRings;
    g_Log.Published = PlatformMemoryAllocate(PublishedCount * sizeof(*g_Log.Published));
    if (!g_Log.Published)
        goto FreeLines;
    g_Log.Consumed = PlatformMemoryAllocate(TotalLines * sizeof(*g_Log.Consumed));
    if (!g_Log.Consumed)
        goto FreePublished;
    g_Log.Scratches = PlatformMemoryAllocate(CoreCount * 2 * sizeof(*g_Log.Scratches));
    if (!g_Log.Scratches)
        goto FreeConsumed;
    if (!LogReaderCreate())
        goto FreeScratches;
    LayOutRings(CoreCount, Halvings);
    g_Log.Ticket        = 0;
    g_Log.CoreCount     = CoreCount;
    g_Log.PublishedMask = PublishedCount - 1;
    /* Readers look at this first: the rest is there when it is. */
    __atomic_store_n(&g_Log.TotalLines, (UINT32)TotalLines, __ATOMIC_RELEASE);
    return TRUE;

FreeScratches:
    PlatformMemoryFree(g_Log.Scratches);
FreeConsumed:
    PlatformMemoryFree(g_Log.Consumed);
FreePublished:
    PlatformMemoryFree(g_Log.Published);
FreeLines:
    PlatformMemoryFree(g_Log.Lines);
FreeRings:
    PlatformMemoryFree(g_Log.Rings);
    return FALSE;
}

VOID LogRelease(VOID)
{
    if (!g_Log.TotalLines)
        return;
    __atomic_store_n(&g_Log.TotalLines, 0, __ATOMIC_RELEASE);
    LogReaderDestroy();
    PlatformMemoryFree(g_Log.Scratches);
    PlatformMemoryFree(g_Log.Consumed);
    PlatformMemoryFree(g_Log.Published);
    PlatformMemoryFree(g_Log.Lines);
    PlatformMemoryFree(g_Log.Rings);
}

static BOOLEAN ChangeState(LOG_STATE From, LOG_STATE To)
{
    UINT32 State = From;

    return __atomic_compare_exchange_n(&g_Log.State, &State, To, FALSE, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

BOOLEAN LogInitialize(const MESSAGE_TRACING_CALLBACKS *MsgTracingCallbacks)
{
    static const MESSAGE_TRACING_CALLBACKS NoCallbacks;

    if (!ChangeState(LOG_CLOSED, LOG_OPENING))
        return FALSE;
    if (g_Log.TotalLines)
        LogMarkAllAsRead();
    else if (!CreateRings(PlatformCpuCount())) {
        ChangeState(LOG_OPENING, LOG_CLOSED);
        return FALSE;
    }
    g_Log.Callbacks = MsgTracingCallbacks ? *MsgTracingCallbacks : NoCallbacks;
    ChangeState(LOG_OPENING, LOG_OPEN);
    return TRUE;
}

VOID LogUnInitialize(VOID)
{
    /* Exits, interrupts and NMIs that are writing now finish; a task may be asleep in the middle of it, and
     * finishes later: its caller is a module that cannot go before it returned. */
    if (ChangeState(LOG_OPEN, LOG_CLOSED))
        PlatformCpuWaitForExits();
}

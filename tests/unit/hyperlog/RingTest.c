/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RingTest.c - records go through tiny rings: order, wrap, full, losses, writers that come between.
 *
 * Ids of records start at 100: they are operation codes, and those below mean something.
 * Context: user space.
 */
#define LOG_TESTING_SHRUNK
#include "LogTesting.h"

/* Payload that takes a whole number of lines with its header. */
#define PAYLOAD_OF_LINES(Lines) (((Lines)-1) * LOG_LINE)

static void RecordsOfAllCoresComeInTheOrderTheyWereBegun(void **State)
{
    UINT32 Id;
    const LOG_RECORD_HEADER *Header;
    UINT64 Time = 0;

    (void)State;
    for (Id = 100; Id < 108; Id++) {
        HostedSetCurrentCpu(Id % 2);
        g_IsRoot = Id / 2 % 2;
        assert_true(SendMarked(Id, Id - 100, FALSE));
    }
    ReadAll();
    for (Id = 100; Id < 108; Id++) {
        Header = (const VOID *)(g_Back.Bytes + g_Back.Next);
        ExpectRecord(Id, Id - 99, 0);
        assert_int_equal(Header->Core, Id % 2);
        assert_int_equal(Header->Flags, Id / 2 % 2 ? LOG_RECORD_FLAG_ROOT_MODE : 0);
        assert_int_equal(Header->PayloadLength, Id - 100);
        assert_true(Header->Time > Time);
        Time = Header->Time;
    }
    ExpectNoMore();
    ReadAll();
    ExpectNoMore();
}

static void RecordsStayWholeWhereverTheRingWraps(void **State)
{
    UINT32 Length, Id = 100;

    (void)State;
    for (Length = 0; Length <= PAYLOAD_OF_LINES(8); Length++) {
        assert_true(SendMarked(Id, Length, FALSE));
        ReadAll();
        ExpectRecord(Id, Id - 99, 0);
        ExpectNoMore();
        Id++;
    }
    assert_true(g_Log.Rings[0].Tail > 10 * g_Log.Rings[0].LineCount);
    assert_int_equal(g_Log.Rings[0].Tail, g_Log.Rings[0].Head);
}

static void ARecordOfMoreThanHalfARingIsRefusedAlways(void **State)
{
    (void)State;
    assert_false(SendMarked(100, PAYLOAD_OF_LINES(8) + 1, FALSE));
    assert_true(LogIsFull(PAYLOAD_OF_LINES(8) + 1, FALSE));
    assert_true(SendMarked(101, PAYLOAD_OF_LINES(8), FALSE));
    ReadAll();
    ExpectRecord(101, 2, 1);
    ExpectNoMore();
}

static void TheLastLineOfARingIsUsedAndNotOneMore(void **State)
{
    UINT32 Id;

    (void)State;
    for (Id = 100; Id < 116; Id++)
        assert_true(SendMarked(Id, PAYLOAD_OF_LINES(1), FALSE));
    for (; Id < 121; Id++)
        assert_false(SendMarked(Id, PAYLOAD_OF_LINES(1), FALSE));
    assert_int_equal(ReadRoom(sizeof(LOG_RECORD_HEADER)), LOG_READ_SUCCESS);
    ExpectRecord(100, 1, 0);
    ExpectNoMore();
    assert_true(SendMarked(121, PAYLOAD_OF_LINES(1), FALSE));
    assert_false(SendMarked(122, PAYLOAD_OF_LINES(1), FALSE));
    ReadAll();
    for (Id = 101; Id < 116; Id++)
        ExpectRecord(Id, Id - 99, 0);
    ExpectRecord(121, 22, 5);
    ExpectRecord(OPERATION_LOG_RECORDS_LOST, 23, 1);
    ExpectNoMore();
}

static void LossesAreToldOnceByTheNextRecordOrByOneOfTheirOwn(void **State)
{
    UINT32 Round;

    (void)State;
    assert_false(LogIsReadable());
    for (Round = 0; Round < 3; Round++) {
        assert_false(SendMarked(100, 512, FALSE));
        assert_false(SendMarked(101, 512, FALSE));
        assert_true(LogIsReadable());
        assert_int_equal(ReadRoom(sizeof(LOG_RECORD_HEADER) - 1), LOG_READ_TOO_SHORT);
        ReadAll();
        ExpectRecord(OPERATION_LOG_RECORDS_LOST, 5 * Round + 2, 2);
        ExpectNoMore();
        assert_false(LogIsReadable());
        assert_false(SendMarked(102, 512, FALSE));
        assert_true(SendMarked(103, 1, FALSE));
        assert_true(SendMarked(104, 1, FALSE));
        ReadAll();
        ExpectRecord(103, 5 * Round + 4, 1);
        ExpectRecord(104, 5 * Round + 5, 0);
        ExpectNoMore();
    }
}

static void RefusedArgumentsAreCountedAsLost(void **State)
{
    static CHAR Long[LOG_MAX_PAYLOAD + 1];

    (void)State;
    assert_false(LogCallbackSendBuffer(100, NULL, 1, FALSE));
    assert_false(LogCallbackSendBuffer(100, Long, LOG_MAX_PAYLOAD + 1, FALSE));
    assert_false(LogCallbackSendMessageToQueue(100, TRUE, NULL, 1, FALSE));
    assert_false(LogCallbackPrepareAndSendMessageToQueue(100, TRUE, TRUE, TRUE, NULL));
    assert_true(LogCallbackSendBuffer(101, NULL, 0, FALSE));
    HostedSetCpuCount(3);
    HostedSetCurrentCpu(2);
    assert_false(LogCallbackSendBuffer(102, NULL, 0, FALSE));
    assert_true(LogIsFull(0, FALSE));
    ReadAll();
    ExpectRecord(101, 5, 4);
    ExpectRecord(OPERATION_LOG_RECORDS_LOST, 6, 1);
    ExpectNoMore();
}

static void AReadThatCannotTakeTheFirstRecordLosesNothing(void **State)
{
    (void)State;
    assert_true(SendMarked(100, 33, FALSE));
    assert_int_equal(ReadRoom(0), LOG_READ_TOO_SHORT);
    assert_int_equal(ReadRoom(sizeof(LOG_RECORD_HEADER) + 39), LOG_READ_TOO_SHORT);
    assert_int_equal(g_Back.Used, 0);
    assert_int_equal(g_Back.Bytes[0], 0xA5);
    assert_true(LogIsReadable());
    assert_int_equal(ReadRoom(sizeof(LOG_RECORD_HEADER) + 40), LOG_READ_SUCCESS);
    ExpectRecord(100, 1, 0);
    ExpectNoMore();
}

/* Memory that faults beyond Context bytes. */
static BOOLEAN FaultingSink(PVOID Context, UINT32 Offset, const VOID *Bytes, UINT32 Length)
{
    (void)Bytes;
    return Offset + Length <= *(UINT32 *)Context;
}

static void AFaultInTheReadersMemoryLosesNothing(void **State)
{
    UINT32 Used, Writable = sizeof(LOG_RECORD_HEADER) + 39;

    (void)State;
    assert_true(SendMarked(100, 0, FALSE));
    assert_false(SendMarked(0, 512, FALSE));
    assert_true(SendMarked(101, 33, FALSE));
    assert_int_equal(LogReadTo(FaultingSink, &Writable, 1000, &Used), LOG_READ_SUCCESS);
    assert_int_equal(Used, sizeof(LOG_RECORD_HEADER));
    assert_int_equal(LogReadTo(FaultingSink, &Writable, 1000, &Used), LOG_READ_FAULT);
    assert_int_equal(Used, 0);
    ReadAll();
    ExpectRecord(101, 3, 1);
    ExpectNoMore();
}

/* --- which ring --- */

/* Writes of this core, mode and priority until one is lost; returns how many went. */
static UINT32 Fill(UINT32 Core, BOOLEAN IsRoot, BOOLEAN Priority)
{
    UINT32 Count = 0;

    HostedSetCurrentCpu(Core);
    g_IsRoot = IsRoot;
    while (!LogIsFull(PAYLOAD_OF_LINES(2), Priority)) {
        assert_true(SendMarked(100, PAYLOAD_OF_LINES(2), Priority));
        Count++;
    }
    assert_false(SendMarked(100, PAYLOAD_OF_LINES(2), Priority));
    return Count;
}

static void AFullRingTakesNothingFromTheOthers(void **State)
{
    UINT32 Core;

    (void)State;
    for (Core = 0; Core < 2; Core++) {
        assert_int_equal(Fill(Core, FALSE, FALSE), 8);
        assert_int_equal(Fill(Core, FALSE, TRUE), 4);
        assert_int_equal(Fill(Core, TRUE, FALSE), 16);
        assert_int_equal(Fill(Core, TRUE, TRUE), 4);
    }
    ReadAll();
}

static void RingsAreHalvedUntilAllCoresFitTheLimit(void **State)
{
    (void)State;
    assert_int_equal(g_Log.Rings[LOG_RING_ROOT].LineCount, 32);
    StopLog(NULL);
    StartLogOn(16);
    assert_int_equal(g_Log.Rings[0].LineCount, 8);
    assert_int_equal(g_Log.Rings[LOG_RING_ROOT].LineCount, 8);
    assert_int_equal(g_Log.Rings[LOG_RING_PRIORITY].LineCount, 8);
    HostedSetCurrentCpu(15);
    g_IsRoot = TRUE;
    assert_true(SendMarked(100, PAYLOAD_OF_LINES(4), TRUE));
    ReadAll();
    ExpectRecord(100, 1, 0);
}

/* --- priority --- */

static void PriorityRecordsOvertakeRegularOnes(void **State)
{
    (void)State;
    assert_true(SendMarked(100, 8, FALSE));
    assert_false(SendMarked(100, 512, FALSE));
    assert_true(SendMarked(101, 8, FALSE));
    assert_false(SendMarked(100, 512, FALSE));
    assert_true(SendMarked(102, 8, TRUE));
    assert_true(SendMarked(103, 8, FALSE));
    assert_true(SendMarked(104, 8, TRUE));
    assert_int_equal(ReadRoom(50), LOG_READ_SUCCESS);
    ExpectRecord(102, 5, 2);
    ExpectNoMore();
    assert_true(SendMarked(105, 8, TRUE));
    ReadAll();
    ExpectRecord(104, 7, 0);
    ExpectRecord(105, 8, 0);
    ExpectRecord(100, 1, 0);
    ExpectRecord(101, 3, 0);
    ExpectRecord(103, 6, 0);
    ExpectNoMore();
}

/* The waiting records are overtaken by many times more records than all rings hold lines. */
static void WaitingRecordsSurviveAnyNumberOfOvertakers(void **State)
{
    UINT32 Id;

    (void)State;
    assert_true(SendMarked(100, 8, FALSE));
    assert_true(SendMarked(101, 8, FALSE));
    for (Id = 200; Id < 200 + 10 * g_Log.TotalLines; Id++) {
        assert_true(SendMarked(Id, 8, TRUE));
        assert_int_equal(ReadRoom(50), LOG_READ_SUCCESS);
        ExpectRecord(Id, Id - 197, 0);
        ExpectNoMore();
    }
    ReadAll();
    ExpectRecord(100, 1, 0);
    ExpectRecord(101, 2, 0);
    ExpectNoMore();
}

/* --- writers that come between --- */

static const char *g_InterruptAt;
static void (*g_Interrupt)(void);

static void InterruptOnce(const char *Name)
{
    if (strcmp(Name, g_InterruptAt) == 0) {
        g_AtPoint = NULL;
        g_Interrupt();
    }
}

/* A write that is interrupted at one point. */
static BOOLEAN SendInterrupted(UINT32 Id, UINT32 Length, const char *At, void (*Interrupt)(void))
{
    BOOLEAN WasSent;

    g_InterruptAt = At;
    g_Interrupt   = Interrupt;
    g_AtPoint     = InterruptOnce;
    WasSent       = SendMarked(Id, Length, FALSE);
    assert_null(g_AtPoint);
    return WasSent;
}

static const char *const g_PointsBeforeTheNumber[] = {"BeforeHead", "BeforeSpace", "BeforeNumber"};
static const char *const g_PointsAfterTheNumber[]  = {"BeforeContent", "BeforePublish"};

static void WriteAndRead(void)
{
    assert_true(SendMarked(200, 100, FALSE));
    ReadAll();
}

static void AWriterBetweenSpaceAndNumberGoesFirst(void **State)
{
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(g_PointsBeforeTheNumber); Index++) {
        assert_true(SendInterrupted(100, 70, g_PointsBeforeTheNumber[Index], WriteAndRead));
        ExpectRecord(200, 2 * Index + 1, 0);
        ExpectNoMore();
        ReadAll();
        ExpectRecord(100, 2 * Index + 2, 0);
        ExpectNoMore();
    }
}

static void AWriterAfterTheNumberWaitsForTheOneBefore(void **State)
{
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(g_PointsAfterTheNumber); Index++) {
        assert_true(SendInterrupted(100, 70, g_PointsAfterTheNumber[Index], WriteAndRead));
        ExpectNoMore();
        ReadAll();
        ExpectRecord(100, 2 * Index + 1, 0);
        ExpectRecord(200, 2 * Index + 2, 0);
        ExpectNoMore();
    }
}

static void LoseAndRead(void)
{
    assert_false(SendMarked(200, 512, FALSE));
    assert_false(LogIsReadable());
    ReadAll();
}

static void LossesAfterAnUnfinishedRecordAreToldAfterIt(void **State)
{
    (void)State;
    assert_true(SendInterrupted(100, 70, "BeforePublish", LoseAndRead));
    ExpectNoMore();
    ReadAll();
    ExpectRecord(100, 1, 0);
    ExpectRecord(OPERATION_LOG_RECORDS_LOST, 2, 1);
    ExpectNoMore();
}

static void WritePriority(void)
{
    assert_true(SendMarked(200, 8, TRUE));
    ReadAll();
}

static void EvenAPriorityRecordWaitsForANumberBeforeIt(void **State)
{
    (void)State;
    assert_true(SendInterrupted(100, 70, "BeforeContent", WritePriority));
    ExpectNoMore();
    ReadAll();
    ExpectRecord(200, 2, 0);
    ExpectRecord(100, 1, 0);
    ExpectNoMore();
}

/* The ring goes round several times, and is left with one unread record. */
static void GoRound(void)
{
    UINT32 Id;

    for (Id = 300; Id < 340; Id++) {
        assert_true(SendMarked(Id, PAYLOAD_OF_LINES(3), FALSE));
        if (Id < 339) {
            ReadAll();
            assert_non_null(NextRecord());
        }
    }
}

static void AWriterThatSleptWhileTheRingWentRoundHarmsNothing(void **State)
{
    UINT32 Index, Sequence = 0;

    (void)State;
    for (Index = 0; Index < 2; Index++) {
        assert_true(SendInterrupted(100, PAYLOAD_OF_LINES(5), g_PointsBeforeTheNumber[Index], GoRound));
        ReadAll();
        Sequence += 40;
        ExpectRecord(339, Sequence, 0);
        ExpectRecord(100, ++Sequence, 0);
        ExpectNoMore();
    }
}

static void FillLines(UINT32 Lines)
{
    for (; Lines; Lines--)
        assert_true(SendMarked(300, PAYLOAD_OF_LINES(1), FALSE));
}

/* The lines of the unfinished record are not given away, although all behind it were read. */
static void FillBehind(void)
{
    FillLines(14);
    ReadAll();
    while (NextRecord())
        ;
    assert_true(LogIsFull(0, FALSE));
}

static void LinesOfAnUnfinishedRecordStayItsOwn(void **State)
{
    UINT32 Count = 0;

    (void)State;
    assert_true(SendInterrupted(100, PAYLOAD_OF_LINES(2), "BeforeNumber", FillBehind));
    ReadAll();
    ExpectRecord(100, 15, 0);
    ExpectNoMore();
    while (!LogIsFull(PAYLOAD_OF_LINES(1), FALSE)) {
        FillLines(1);
        Count++;
    }
    assert_int_equal(Count, 16);
}

static void EmptyTheRing(void)
{
    ReadAll();
    while (NextRecord())
        ;
}

static void SpaceThatBecomesFreeWhileLookingIsUsed(void **State)
{
    (void)State;
    FillLines(16);
    assert_true(SendInterrupted(100, PAYLOAD_OF_LINES(2), "BeforeFull", EmptyTheRing));
    ReadAll();
    ExpectRecord(100, 17, 0);
    ExpectNoMore();
}

static void FillTheRing(void)
{
    FillLines(16);
}

static void SpaceThatWasTakenWhileLookingIsNotUsed(void **State)
{
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < 2; Index++) {
        assert_false(SendInterrupted(100, 0, g_PointsBeforeTheNumber[Index], FillTheRing));
        ReadAll();
        while (g_Back.Next < 16 * sizeof(LOG_RECORD_HEADER))
            assert_int_equal(NextRecord()->OperationCode, 300);
        ExpectRecord(OPERATION_LOG_RECORDS_LOST, 17 * (Index + 1), 1);
        ExpectNoMore();
    }
}

/* The task was moved to core 1 after it had chosen core 0's ring; core 0 writes too. */
static void MoveAway(void)
{
    assert_true(SendMarked(200, 10, FALSE));
    HostedSetCurrentCpu(1);
    assert_true(SendMarked(201, 10, FALSE));
}

static void ATaskThatMovesToAnotherCoreHarmsNothing(void **State)
{
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(g_PointsBeforeTheNumber); Index++) {
        HostedSetCurrentCpu(0);
        assert_true(SendInterrupted(100, 10, g_PointsBeforeTheNumber[Index], MoveAway));
        ReadAll();
        ExpectRecord(200, 3 * Index + 1, 0);
        ExpectRecord(201, 3 * Index + 2, 0);
        ExpectRecord(100, 3 * Index + 3, 0);
        ExpectNoMore();
    }
}

/* A task, interrupted by an interrupt, interrupted by an NMI, interrupted by an exit, interrupted by an NMI.
 */
static UINT32 g_Depth;

static void Nest(const char *Name)
{
    if (g_Depth < 4 && strcmp(Name, g_Depth % 2 ? "BeforeNumber" : "BeforePublish") == 0) {
        g_Depth++;
        g_IsRoot = g_Depth > 2;
        assert_true(SendMarked(100 + g_Depth, 40 * g_Depth, FALSE));
        g_Depth--;
        g_IsRoot  = g_Depth > 2;
        g_AtPoint = g_Depth ? Nest : NULL;
    }
}

static void WritersNestToAnyDepth(void **State)
{
    UINT64 Sequence, Seen = 0;

    (void)State;
    g_Depth   = 0;
    g_AtPoint = Nest;
    assert_true(SendMarked(100, 60, FALSE));
    ReadAll();
    for (Sequence = 1; g_Back.Next < g_Back.Used; Sequence++) {
        const LOG_RECORD_HEADER *Header = NextRecord();

        CheckMarked(Header);
        assert_int_equal(Header->Sequence, Sequence);
        assert_int_equal(Header->Dropped, 0);
        Seen |= 1 << (Header->OperationCode - 100);
    }
    assert_int_equal(Seen, 0x1F);
    assert_true(Sequence > 5);
}

/* --- throwing away --- */

static UINT64 g_Discarded;

static void DiscardAmongOthers(void)
{
    assert_true(SendMarked(200, 10, FALSE));
    assert_false(SendMarked(201, 512, FALSE));
    g_Discarded = LogMarkAllAsRead();
    assert_false(LogIsReadable());
    assert_true(SendMarked(202, 10, FALSE));
}

static void MarkingAsReadThrowsAwayWhatWasBegunBefore(void **State)
{
    (void)State;
    assert_int_equal(LogMarkAllAsRead(), 0);
    assert_true(SendMarked(100, 10, TRUE));
    assert_true(SendMarked(101, 10, FALSE));
    assert_true(SendMarked(102, 10, FALSE));
    assert_int_equal(ReadRoom(64), LOG_READ_SUCCESS);
    assert_true(SendMarked(103, 10, FALSE));
    assert_true(SendInterrupted(104, 10, "BeforePublish", DiscardAmongOthers));
    assert_int_equal(g_Discarded, 5);
    ReadAll();
    ExpectRecord(202, 8, 0);
    ExpectNoMore();
    assert_int_equal(LogMarkAllAsRead(), 0);
    assert_int_equal(g_Log.Rings[0].Tail, g_Log.Rings[0].Head);
}

/* --- counters --- */

/* A log in which so many records were written and read, and so many lost. */
static void Age(UINT64 Written, UINT64 Lost)
{
    g_Log.Ticket          = Written + Lost * LOG_TICKET_LOST;
    g_Reader.Collected    = Written;
    g_Reader.Lost         = Lost;
    g_Reader.Told         = Lost;
    g_Reader.DiscardBelow = 0;
}

static void CheckAge(UINT64 Written, UINT64 Lost)
{
    UINT32 Index;

    Age(Written, Lost);
    assert_false(LogIsReadable());
    for (Index = 0; Index < 5; Index++) {
        assert_true(SendMarked(100 + Index, 9, FALSE));
        assert_false(SendMarked(0, 512, FALSE));
    }
    ReadAll();
    for (Index = 0; Index < 5; Index++)
        ExpectRecord(100 + Index, Written + Lost + 2 * Index + 1, Index ? 1 : 0);
    ExpectRecord(OPERATION_LOG_RECORDS_LOST, Written + Lost + 10, 1);
    ExpectNoMore();
    assert_false(LogIsReadable());
    assert_true(SendMarked(100, 9, FALSE));
    assert_int_equal(LogMarkAllAsRead(), 1);
}

static void CountersGoOnWhereTheirFieldsOverflow(void **State)
{
    static const UINT64 Edges[] = {0, 1ull << 24, 1ull << 32, 5ull << 38, 1ull << 40, 3ull << 40, 1ull << 62};
    UINT32 Written, Lost, Back;

    (void)State;
    for (Written = 0; Written < COUNT_OF(Edges); Written++) {
        for (Lost = 0; Lost < COUNT_OF(Edges); Lost++) {
            for (Back = 0; Back < 4; Back++)
                CheckAge(Edges[Written] - (Edges[Written] ? Back : 0),
                         Edges[Lost] - (Edges[Lost] ? Back : 0));
        }
    }
}

static void MoreLossesThanDroppedCanSayAreToldInParts(void **State)
{
    (void)State;
    g_Log.Ticket += LOG_TICKET_LOST * 0x100000004ull;
    assert_true(SendMarked(100, 9, FALSE));
    assert_true(SendMarked(101, 9, FALSE));
    ReadAll();
    ExpectRecord(100, 0x100000005ull, 0xFFFFFFFFu);
    ExpectRecord(101, 0x100000006ull, 5);
    ExpectNoMore();
    g_Log.Ticket += LOG_TICKET_LOST * 0x100000004ull;
    ReadAll();
    ExpectRecord(OPERATION_LOG_RECORDS_LOST, 0x200000005ull, 0xFFFFFFFFu);
    ExpectRecord(OPERATION_LOG_RECORDS_LOST, 0x20000000Aull, 5);
    ExpectNoMore();
}

/* --- everything at once, against a model --- */

/* What is known of each number: not handed out yet, waiting in a ring, read. */
typedef struct _MODEL {
    UINT32 Sent, Lost, Read, Told;
    UINT64 LastSequence[2];
    UINT8 WasRead[1 << 16];
} MODEL;

static MODEL g_Model;
static UINT32 g_Random;
static UINT32 g_NestingLeft;

static UINT32 Random(UINT32 Below)
{
    g_Random = g_Random * 1664525 + 1013904223;
    return (g_Random >> 8) % Below;
}

static void SendAnything(void)
{
    UINT32 Core    = PlatformCpuCurrent();
    BOOLEAN WasIn  = g_IsRoot;
    BOOLEAN IsFull = FALSE, Priority = Random(4) == 0;
    BOOLEAN IsAlone = g_NestingLeft == 0;
    UINT32 Length   = Random(Random(2) ? 60 : 300);

    if (Random(3) == 0)
        HostedSetCurrentCpu(Random(2));
    g_IsRoot = WasIn || Random(3) == 0;
    if (IsAlone)
        IsFull = LogIsFull(Length, Priority);
    if (SendMarked(1000 + Length, Length, Priority)) {
        g_Model.Sent++;
        assert_false(IsFull);
    } else {
        g_Model.Lost++;
        assert_true(IsFull || !IsAlone);
    }
    g_IsRoot = WasIn;
    HostedSetCurrentCpu(Core);
}

static void ReadAnything(UINT32 Room)
{
    const LOG_RECORD_HEADER *Header;

    ReadRoom(Room);
    while ((Header = NextRecord()) != NULL) {
        BOOLEAN Priority = (Header->Flags & LOG_RECORD_FLAG_PRIORITY) != 0;

        g_Model.Told += Header->Dropped;
        if (Header->OperationCode == OPERATION_LOG_RECORDS_LOST)
            continue;
        CheckMarked(Header);
        assert_int_equal(Header->OperationCode, 1000 + Header->PayloadLength);
        assert_true(Header->Sequence > g_Model.LastSequence[Priority]);
        g_Model.LastSequence[Priority] = Header->Sequence;
        assert_in_range(Header->Sequence, 1, sizeof(g_Model.WasRead) - 1);
        assert_false(g_Model.WasRead[Header->Sequence]);
        g_Model.WasRead[Header->Sequence] = TRUE;
        g_Model.Read++;
    }
    assert_true(g_Model.Told <= g_Model.Lost);
}

static void InterruptAnywhere(const char *Name)
{
    (void)Name;
    if (g_NestingLeft == 0 || Random(6))
        return;
    g_NestingLeft--;
    if (Random(3))
        SendAnything();
    else
        ReadAnything(Random(2000));
}

static void AnythingAtAnyTimeIsReadOrLostExactlyOnce(void **State)
{
    UINT32 Seed, Step;

    for (Seed = 1; Seed <= 40; Seed++) {
        StopLog(State);
        StartLog(State);
        memset(&g_Model, 0, sizeof(g_Model));
        g_Random  = Seed;
        g_AtPoint = InterruptAnywhere;
        for (Step = 0; Step < 1000; Step++) {
            g_NestingLeft = Random(2) ? 6 : 0;
            SendAnything();
            g_NestingLeft = 0;
            if (Random(4) == 0)
                ReadAnything(Random(4000));
        }
        g_AtPoint = NULL;
        ReadAnything(sizeof(g_Back.Bytes));
        assert_int_equal(g_Model.Read, g_Model.Sent);
        assert_int_equal(g_Model.Told, g_Model.Lost);
        assert_true(g_Model.Sent > 500);
        assert_true(g_Model.Lost > 10);
        assert_true(g_Model.LastSequence[0] <= g_Model.Sent + g_Model.Lost);
        assert_false(LogIsReadable());
    }
}

#define TEST(Function) cmocka_unit_test_setup_teardown(Function, StartLog, StopLog)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(RecordsOfAllCoresComeInTheOrderTheyWereBegun),
        TEST(RecordsStayWholeWhereverTheRingWraps),
        TEST(ARecordOfMoreThanHalfARingIsRefusedAlways),
        TEST(TheLastLineOfARingIsUsedAndNotOneMore),
        TEST(LossesAreToldOnceByTheNextRecordOrByOneOfTheirOwn),
        TEST(RefusedArgumentsAreCountedAsLost),
        TEST(AReadThatCannotTakeTheFirstRecordLosesNothing),
        TEST(AFaultInTheReadersMemoryLosesNothing),
        TEST(AFullRingTakesNothingFromTheOthers),
        TEST(RingsAreHalvedUntilAllCoresFitTheLimit),
        TEST(PriorityRecordsOvertakeRegularOnes),
        TEST(WaitingRecordsSurviveAnyNumberOfOvertakers),
        TEST(AWriterBetweenSpaceAndNumberGoesFirst),
        TEST(AWriterAfterTheNumberWaitsForTheOneBefore),
        TEST(LossesAfterAnUnfinishedRecordAreToldAfterIt),
        TEST(EvenAPriorityRecordWaitsForANumberBeforeIt),
        TEST(AWriterThatSleptWhileTheRingWentRoundHarmsNothing),
        TEST(LinesOfAnUnfinishedRecordStayItsOwn),
        TEST(SpaceThatBecomesFreeWhileLookingIsUsed),
        TEST(SpaceThatWasTakenWhileLookingIsNotUsed),
        TEST(ATaskThatMovesToAnotherCoreHarmsNothing),
        TEST(WritersNestToAnyDepth),
        TEST(MarkingAsReadThrowsAwayWhatWasBegunBefore),
        TEST(CountersGoOnWhereTheirFieldsOverflow),
        TEST(MoreLossesThanDroppedCanSayAreToldInParts),
        TEST(AnythingAtAnyTimeIsReadOrLostExactlyOnce),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MessageTest.c - the log as its users see it, at its real size: its life, messages, immediate messages.
 *
 * Context: user space.
 */
#include "LogTesting.h"
#include "SDK/Ioctls.h"

/* --- life --- */

static void NothingIsTakenBeforeTheBeginningAndAfterTheEnd(void **State)
{
    UINT32 Round;

    (void)State;
    HostedReset();
    for (Round = 0; Round < 3; Round++) {
        assert_false(SendMarked(100, 5, FALSE));
        assert_false(LogCallbackSendMessageToQueue(100, FALSE, "text", 4, FALSE));
        assert_false(LogCallbackPrepareAndSendMessageToQueue(100, FALSE, FALSE, FALSE, "text"));
        assert_false(LogCallbackCheckIfBufferIsFull(FALSE));
        assert_false(LogIsReadable());
        assert_int_equal(LogMarkAllAsRead(), 0);
        assert_int_equal(ReadRoom(1000), LOG_READ_EMPTY);
        LogUnInitialize();
        assert_true(LogInitialize(NULL));
        assert_false(LogInitialize(NULL));
        assert_true(SendMarked(100, 5, FALSE));
        ReadAll();
        ExpectRecord(100, Round == 1 ? 2 : 1, 0);
        LogUnInitialize();
        if (Round != 0)
            LogRelease();
    }
    assert_int_equal(HostedLiveAllocations(), 0);
}

static void UnreadRecordsOutliveTheEndAndNotANewBeginning(void **State)
{
    (void)State;
    assert_true(SendMarked(100, 5, FALSE));
    assert_true(SendMarked(101, 5, FALSE));
    LogUnInitialize();
    assert_true(LogIsReadable());
    assert_int_equal(ReadRoom(48), LOG_READ_SUCCESS);
    ExpectRecord(100, 1, 0);
    assert_true(LogInitialize(&g_TestCallbacks));
    assert_false(LogIsReadable());
    assert_true(SendMarked(102, 5, FALSE));
    ReadAll();
    ExpectRecord(102, 3, 0);
    ExpectNoMore();
}

static void EveryAllocationFailingInTurnLeavesNothingBehind(void **State)
{
    UINT32 Failing;

    (void)State;
    HostedReset();
    for (Failing = 1; Failing < 100; Failing++) {
        HostedFailAllocation(Failing);
        if (LogInitialize(NULL))
            break;
        assert_true(HostedAllocationHasFailed());
        assert_int_equal(HostedLiveAllocations(), 0);
        assert_false(SendMarked(100, 5, FALSE));
        assert_int_equal(ReadRoom(1000), LOG_READ_EMPTY);
    }
    assert_false(HostedAllocationHasFailed());
    assert_in_range(Failing, 4, 99);
    assert_true(SendMarked(100, 5, FALSE));
    LogUnInitialize();
    LogRelease();
    assert_int_equal(HostedLiveAllocations(), 0);
}

static void ABurstOfEventsFitsWithoutAReader(void **State)
{
    DEBUGGER_EVENT_RECORD Event = {.Tag = 7};
    UINT32 Count;

    (void)State;
    g_IsRoot = TRUE;
    for (Count = 0; Count < 3000; Count++)
        assert_true(LogCallbackSendBuffer(OPERATION_DEBUGGER_EVENT_RECORD, &Event, sizeof(Event), FALSE));
}

static void TheBufferIsFullWhenTheLongestRecordWouldBeLost(void **State)
{
    static CHAR Longest[LOG_MAX_PAYLOAD];
    UINT32 Count, Priority;

    (void)State;
    for (Priority = 0; Priority < 2; Priority++) {
        for (Count = 0; !LogCallbackCheckIfBufferIsFull((BOOLEAN)Priority); Count++)
            assert_true(LogCallbackSendBuffer(100, Longest, sizeof(Longest), (BOOLEAN)Priority));
        assert_false(LogCallbackSendBuffer(100, Longest, sizeof(Longest), (BOOLEAN)Priority));
        assert_in_range(Count, 10, 100);
    }
    g_IsRoot = TRUE;
    assert_false(LogCallbackCheckIfBufferIsFull(FALSE));
    g_IsRoot = FALSE;
    HostedSetCurrentCpu(1);
    assert_false(LogCallbackCheckIfBufferIsFull(FALSE));
}

/* --- messages --- */

/* The next record is this text. */
static void ExpectText(UINT32 OperationCode, UINT32 Flags, const CHAR *Text)
{
    const LOG_RECORD_HEADER *Header = NextRecord();

    assert_non_null(Header);
    assert_int_equal(Header->OperationCode, OperationCode);
    assert_int_equal(Header->Flags, Flags);
    assert_int_equal(Header->PayloadLength, strlen(Text));
    assert_memory_equal(Header + 1, Text, strlen(Text));
}

static void MessagesAreFormattedIntoRecords(void **State)
{
    CHAR Text[200];
    UINT32 Length;

    (void)State;
    for (Length = 0; Length < sizeof(Text); Length++) {
        assert_true(LogCallbackPrepareAndSendMessageToQueue(OPERATION_LOG_INFO_MESSAGE, FALSE, FALSE, FALSE,
                                                            "%0*u", (int)Length, Length));
        snprintf(Text, sizeof(Text), "%0*u", (int)Length, Length);
        ReadAll();
        ExpectText(OPERATION_LOG_INFO_MESSAGE, 0, Text);
        ExpectNoMore();
    }
    g_IsRoot = TRUE;
    assert_true(LogCallbackSendMessageToQueue(OPERATION_LOG_ERROR_MESSAGE, FALSE, "ready made", 10, TRUE));
    ReadAll();
    ExpectText(OPERATION_LOG_ERROR_MESSAGE, LOG_RECORD_FLAG_ROOT_MODE | LOG_RECORD_FLAG_PRIORITY,
               "ready made");
}

static void LongMessagesAreCutAndSaySo(void **State)
{
    static CHAR Long[LOG_MAX_PAYLOAD + 9];
    INT32 Excess;

    (void)State;
    for (Excess = -1; Excess < 8; Excess++) {
        UINT32 Length = (UINT32)(LOG_MAX_PAYLOAD + Excess);
        UINT32 Flags  = Excess > 0 ? LOG_RECORD_FLAG_TRUNCATED : 0;

        memset(Long, 'x', sizeof(Long));
        Long[Length] = 0;
        assert_true(LogCallbackPrepareAndSendMessageToQueue(100, FALSE, FALSE, FALSE, "%s", Long));
        assert_true(LogCallbackSendMessageToQueue(101, FALSE, Long, Length, FALSE));
        ReadAll();
        if (Excess > 0)
            Long[LOG_MAX_PAYLOAD] = 0;
        ExpectText(100, Flags, Long);
        ExpectText(101, Flags, Long);
        ExpectNoMore();
    }
}

static void CoreAndTimePrecedeTheTextWhereAskedFor(void **State)
{
    const LOG_RECORD_HEADER *Header;
    unsigned long long Seconds, Micro;
    CHAR Text[100] = "", Rest[100] = "";
    UINT32 Core;

    (void)State;
    HostedSetCurrentCpu(1);
    HostedSetTscPerMillisecond(2000000);
    assert_true(LogCallbackPrepareAndSendMessageToQueue(100, FALSE, TRUE, FALSE, "text %d", 5));
    HostedSetTscPerMillisecond(0);
    assert_true(LogCallbackPrepareAndSendMessageToQueue(101, FALSE, TRUE, FALSE, "more"));
    ReadAll();
    Header = NextRecord();
    memcpy(Text, Header + 1, Header->PayloadLength);
    assert_int_equal(sscanf(Text, "[core %u, %llu.%6llu s] %99[^\n]", &Core, &Seconds, &Micro, Rest), 4);
    assert_int_equal(Core, 1);
    assert_true(Header->Time / 2000 - (Seconds * 1000000 + Micro) < 1000000);
    assert_string_equal(Rest, "text 5");
    Header = NextRecord();
    memset(Text, 0, sizeof(Text));
    memcpy(Text, Header + 1, Header->PayloadLength);
    assert_int_equal(sscanf(Text, "[core %u, tsc %llu] %99s", &Core, &Seconds, Rest), 3);
    assert_true(Seconds <= Header->Time);
    assert_string_equal(Rest, "more");
}

/* --- immediate messages --- */

static CHAR g_Sent[LOG_MAX_PAYLOAD + 1];
static UINT32 g_SentLength, g_SentCount;
static BOOLEAN g_LineIsUp;
static VOID (*g_WhileSending)(VOID);

static BOOLEAN LineWants(UINT32 OperationCode)
{
    return OperationCode == OPERATION_LOG_ERROR_MESSAGE;
}

static BOOLEAN LineSends(CHAR *Buffer, UINT32 Length, UINT32 OperationCode)
{
    assert_int_equal(OperationCode, OPERATION_LOG_ERROR_MESSAGE);
    assert_in_range(Length, 0, LOG_MAX_PAYLOAD);
    if (!g_LineIsUp)
        return FALSE;
    if (g_WhileSending)
        g_WhileSending();
    memcpy(g_Sent, Buffer, Length);
    g_Sent[Length] = 0;
    g_SentLength   = Length;
    g_SentCount++;
    return TRUE;
}

static const MESSAGE_TRACING_CALLBACKS g_LineCallbacks = {TestIsRoot, LineWants, LineSends};

static int StartLogWithLine(void **State)
{
    (void)State;
    HostedReset();
    HostedSetCpuCount(2);
    g_IsRoot       = FALSE;
    g_LineIsUp     = TRUE;
    g_WhileSending = NULL;
    g_SentCount    = 0;
    return LogInitialize(&g_LineCallbacks) ? 0 : -1;
}

static BOOLEAN SendError(BOOLEAN IsImmediate, const CHAR *Text)
{
    return LogCallbackPrepareAndSendMessageToQueue(OPERATION_LOG_ERROR_MESSAGE, IsImmediate, FALSE, FALSE,
                                                   "<%s>", Text);
}

static void ImmediateMessagesGoPastTheQueueWhenTheLineWantsThem(void **State)
{
    (void)State;
    assert_true(SendError(TRUE, "now"));
    assert_string_equal(g_Sent, "<now>");
    assert_true(LogCallbackSendMessageToQueue(OPERATION_LOG_ERROR_MESSAGE, TRUE, "made", 4, FALSE));
    assert_string_equal(g_Sent, "made");
    assert_int_equal(g_SentCount, 2);
    ReadAll();
    ExpectNoMore();

    assert_true(SendError(FALSE, "later"));
    assert_true(LogCallbackSendMessageToQueue(OPERATION_LOG_INFO_MESSAGE, TRUE, "unwanted", 8, FALSE));
    g_LineIsUp = FALSE;
    assert_true(SendError(TRUE, "line down"));
    assert_int_equal(g_SentCount, 2);
    ReadAll();
    ExpectText(OPERATION_LOG_ERROR_MESSAGE, 0, "<later>");
    ExpectText(OPERATION_LOG_INFO_MESSAGE, 0, "unwanted");
    ExpectText(OPERATION_LOG_ERROR_MESSAGE, 0, "<line down>");
    ExpectNoMore();
}

static void LongImmediateMessagesAreCut(void **State)
{
    static CHAR Long[LOG_MAX_PAYLOAD + 100];

    (void)State;
    memset(Long, 'y', sizeof(Long) - 1);
    assert_true(SendError(TRUE, Long));
    assert_int_equal(g_SentLength, LOG_MAX_PAYLOAD);
    assert_int_equal(g_Sent[0], '<');
    assert_int_equal(g_Sent[LOG_MAX_PAYLOAD - 1], 'y');
}

/* An NMI that logs while this core's message is on the line; then an exit that does. */
static VOID LogMeanwhile(VOID)
{
    g_WhileSending = NULL;
    assert_true(SendError(TRUE, "nested"));
    assert_int_equal(g_SentCount, 0);
    g_IsRoot = TRUE;
    assert_true(SendError(TRUE, "from root"));
    assert_string_equal(g_Sent, "<from root>");
    g_IsRoot = FALSE;
}

static void AnImmediateMessageWithinAnotherGoesThroughTheQueue(void **State)
{
    (void)State;
    g_WhileSending = LogMeanwhile;
    assert_true(SendError(TRUE, "outer"));
    assert_string_equal(g_Sent, "<outer>");
    assert_int_equal(g_SentCount, 2);
    ReadAll();
    ExpectText(OPERATION_LOG_ERROR_MESSAGE, 0, "<nested>");
    ExpectNoMore();
    assert_true(SendError(TRUE, "again"));
    assert_int_equal(g_SentCount, 3);
}

#define TEST(Function)           cmocka_unit_test_setup_teardown(Function, StartLog, StopLog)
#define TEST_WITH_LINE(Function) cmocka_unit_test_setup_teardown(Function, StartLogWithLine, StopLog)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(NothingIsTakenBeforeTheBeginningAndAfterTheEnd),
        TEST(UnreadRecordsOutliveTheEndAndNotANewBeginning),
        cmocka_unit_test(EveryAllocationFailingInTurnLeavesNothingBehind),
        TEST(ABurstOfEventsFitsWithoutAReader),
        TEST(TheBufferIsFullWhenTheLongestRecordWouldBeLost),
        TEST(MessagesAreFormattedIntoRecords),
        TEST(LongMessagesAreCutAndSaySo),
        TEST(CoreAndTimePrecedeTheTextWhereAskedFor),
        TEST_WITH_LINE(ImmediateMessagesGoPastTheQueueWhenTheLineWantsThem),
        TEST_WITH_LINE(LongImmediateMessagesAreCut),
        TEST_WITH_LINE(AnImmediateMessageWithinAnotherGoesThroughTheQueue),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

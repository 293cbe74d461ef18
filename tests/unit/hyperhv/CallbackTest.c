/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CallbackTest.c - each of the twenty wrappers gives the contract's default without a callback, and otherwise
 * passes every argument on and the answer back.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/interface/Callback.h"
#include "hyperhv/interface/Log.h"

#define MAX_ARGUMENTS 6

static UINT64 g_Arguments[MAX_ARGUMENTS];
static UINT32 g_ArgumentCount;
static UINT32 g_Calls;
static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE g_Answer;
static CHAR g_Formatted[64];

static BOOLEAN Called(UINT32 Count, const UINT64 *Arguments)
{
    g_Calls++;
    g_ArgumentCount = Count;
    memcpy(g_Arguments, Arguments, Count * sizeof(*Arguments));
    return (BOOLEAN)g_Answer;
}

#define CALLED(...)     Called(sizeof((UINT64[]){__VA_ARGS__}) / sizeof(UINT64), (const UINT64[]){__VA_ARGS__})
#define NUMBER(Pointer) ((UINT64)(UINTPTR)(Pointer))

/* --- one mock per type of callback --- */

static BOOLEAN MockPrepare(UINT32 A, BOOLEAN B, BOOLEAN C, BOOLEAN D, const char *Fmt, va_list ArgList)
{
    vsnprintf(g_Formatted, sizeof(g_Formatted), Fmt, ArgList);
    return CALLED(A, B, C, D, NUMBER(Fmt));
}

static BOOLEAN MockSend(UINT32 A, BOOLEAN B, CHAR *Message, UINT32 C, BOOLEAN D)
{
    return CALLED(A, B, NUMBER(Message), C, D);
}

static BOOLEAN MockBuffer(UINT32 A, PVOID Buffer, UINT32 B, BOOLEAN C)
{
    return CALLED(A, NUMBER(Buffer), B, C);
}

static BOOLEAN MockIsFull(BOOLEAN A)
{
    return CALLED(A);
}

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE MockTrigger(VMM_EVENT_TYPE_ENUM A,
                                                             VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE B,
                                                             PVOID Context, BOOLEAN *PostEventRequired,
                                                             GUEST_REGS *Regs)
{
    CALLED(A, B, NUMBER(Context), NUMBER(PostEventRequired), NUMBER(Regs));
    return g_Answer;
}

static VOID MockNumber(UINT32 A)
{
    CALLED(A);
}

static BOOLEAN MockVmcall(UINT32 A, UINT64 B, UINT64 C, UINT64 D, UINT64 E)
{
    return CALLED(A, B, C, D, E);
}

static VOID MockNmi(UINT32 A, BOOLEAN B)
{
    CALLED(A, B);
}

static BOOLEAN MockQuery(UINT32 A, PROTECTED_HV_RESOURCES_TYPE B, PVOID Context,
                         PROTECTED_HV_RESOURCES_PASSING_OVERS C)
{
    return CALLED(A, B, NUMBER(Context), C);
}

static BOOLEAN MockCore(UINT32 A)
{
    return CALLED(A);
}

static BOOLEAN MockEpt(UINT32 A, UINT64 B, UINT64 C)
{
    return CALLED(A, B, C);
}

static BOOLEAN MockTracing(UINT32 A, DEBUGGER_THREAD_PROCESS_TRACING B)
{
    return CALLED(A, B);
}

/* --- each wrapper --- */

static UINT8 g_Thing, g_Other, g_Third;
#define THING ((PVOID)&g_Thing)
#define OTHER ((PVOID)&g_Other)
#define THIRD ((PVOID)&g_Third)

/* Without a callback: the default, nobody called. With one: all arguments as they were given, its answer
 * back. */
#define WRAPPER(Name, Member, Mock, Call, Default, Answer, ...)                                              \
    static void Name(void **State)                                                                           \
    {                                                                                                        \
        const UINT64 Expected[] = {__VA_ARGS__};                                                             \
                                                                                                             \
        (void)State;                                                                                         \
        memset(&g_Callbacks, 0, sizeof(g_Callbacks));                                                        \
        g_Calls = 0;                                                                                         \
        assert_int_equal((Call), (Default));                                                                 \
        assert_int_equal(g_Calls, 0);                                                                        \
                                                                                                             \
        g_Callbacks.Member = Mock;                                                                           \
        g_Answer           = (Answer);                                                                       \
        assert_int_equal((Call), (Answer));                                                                  \
        assert_int_equal(g_Calls, 1);                                                                        \
        assert_int_equal(g_ArgumentCount, sizeof(Expected) / sizeof(UINT64));                                \
        assert_memory_equal(g_Arguments, Expected, sizeof(Expected));                                        \
        memset(&g_Callbacks, 0, sizeof(g_Callbacks));                                                        \
    }

#define BOTH_ANSWERS(Name, Member, Mock, Call, Default, ...)                                                 \
    WRAPPER(Name##AnswersTrue, Member, Mock, Call, Default, TRUE, __VA_ARGS__)                               \
    WRAPPER(Name##AnswersFalse, Member, Mock, Call, Default, FALSE, __VA_ARGS__)

/* A wrapper of a callback that answers nothing. */
#define NO_ANSWER(Name, Member, Mock, Call, ...) WRAPPER(Name, Member, Mock, ((Call), 0), 0, 0, __VA_ARGS__)

static const CHAR g_Format[] = "%u and %s";

static BOOLEAN Prepare(UINT32 OperationCode, BOOLEAN B, BOOLEAN C, BOOLEAN D, const CHAR *Fmt, ...)
{
    BOOLEAN Answer;
    va_list ArgList;

    va_start(ArgList, Fmt);
    Answer = VmmCallbackPrepareAndSendMessageToQueue(OperationCode, B, C, D, Fmt, ArgList);
    va_end(ArgList);
    return Answer;
}

BOTH_ANSWERS(PrepareAndSendMessage, LogCallbackPrepareAndSendMessageToQueueWrapper, MockPrepare,
             Prepare(7, 1, 0, 1, g_Format, 5, "more"), FALSE, 7, 1, 0, 1, NUMBER(g_Format))
BOTH_ANSWERS(SendMessage, LogCallbackSendMessageToQueue, MockSend,
             VmmCallbackSendMessageToQueue(0x80000001, 1, THING, 0xFFFFFFFE, 0), FALSE, 0x80000001, 1,
             NUMBER(THING), 0xFFFFFFFE, 0)
BOTH_ANSWERS(SendBuffer, LogCallbackSendBuffer, MockBuffer,
             VmmCallbackSendBuffer(0x80000002, OTHER, 0xFFFFFFFD, 1), FALSE, 0x80000002, NUMBER(OTHER),
             0xFFFFFFFD, 1)
BOTH_ANSWERS(CheckIfBufferIsFull, LogCallbackCheckIfBufferIsFull, MockIsFull,
             VmmCallbackCheckIfBufferIsFull(1), FALSE, 1)

WRAPPER(TriggerEventsPre, VmmCallbackTriggerEvents, MockTrigger,
        VmmCallbackTriggerEvents(CPUID_INSTRUCTION_EXECUTION, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION,
                                 THING, OTHER, THIRD),
        VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_NO_INITIALIZED,
        VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT, CPUID_INSTRUCTION_EXECUTION,
        VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION, NUMBER(THING), NUMBER(OTHER), NUMBER(THIRD))
WRAPPER(TriggerEventsPost, VmmCallbackTriggerEvents, MockTrigger,
        VmmCallbackTriggerEvents(XSETBV_INSTRUCTION_EXECUTION,
                                 VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION, NULL, NULL, THIRD),
        VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_NO_INITIALIZED,
        VMM_CALLBACK_TRIGGERING_EVENT_STATUS_INVALID_EVENT_TYPE, XSETBV_INSTRUCTION_EXECUTION,
        VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION, 0, 0, NUMBER(THIRD))
NO_ANSWER(SetLastError, VmmCallbackSetLastError, MockNumber, VmmCallbackSetLastError(0xC0000001), 0xC0000001)
BOTH_ANSWERS(VmcallHandler, VmmCallbackVmcallHandler, MockVmcall,
             VmmCallbackVmcallHandler(3, ~0ull, 1ull << 63, 1ull << 32, 5), FALSE, 3, ~0ull, 1ull << 63,
             1ull << 32, 5)
NO_ANSWER(RegisteredMtfHandler, VmmCallbackRegisteredMtfHandler, MockNumber,
          VmmCallbackRegisteredMtfHandler(4), 4)
NO_ANSWER(NmiBroadcastInTheGuest, VmmCallbackNmiBroadcastRequestHandler, MockNmi,
          VmmCallbackNmiBroadcastRequestHandler(5, FALSE), 5, FALSE)
NO_ANSWER(NmiBroadcastInRootMode, VmmCallbackNmiBroadcastRequestHandler, MockNmi,
          VmmCallbackNmiBroadcastRequestHandler(5, TRUE), 5, TRUE)
BOTH_ANSWERS(QueryTerminateProtectedResource, VmmCallbackQueryTerminateProtectedResource, MockQuery,
             VmmCallbackQueryTerminateProtectedResource(6, PROTECTED_HV_RESOURCES_MOV_TO_CR3_EXITING, THING,
                                                        PASSING_OVER_TSC_EVENTS),
             TRUE, 6, PROTECTED_HV_RESOURCES_MOV_TO_CR3_EXITING, NUMBER(THING), PASSING_OVER_TSC_EVENTS)
BOTH_ANSWERS(RestoreEptState, VmmCallbackRestoreEptState, MockCore, VmmCallbackRestoreEptState(7), FALSE, 7)
BOTH_ANSWERS(CheckUnhandledEptViolations, VmmCallbackCheckUnhandledEptViolations, MockEpt,
             VmmCallbackCheckUnhandledEptViolations(8, 0x181, 0xFFFFFFFFF000), FALSE, 8, 0x181,
             0xFFFFFFFFF000)

BOTH_ANSWERS(HandleBreakpoint, DebuggingCallbackHandleBreakpointException, MockCore,
             VmmCallbackHandleBreakpointException(9), FALSE, 9)
BOTH_ANSWERS(HandleDebugBreakpoint, DebuggingCallbackHandleDebugBreakpointException, MockCore,
             VmmCallbackHandleDebugBreakpointException(10), FALSE, 10)
BOTH_ANSWERS(CheckThreadInterception, DebuggingCallbackCheckThreadInterception, MockCore,
             VmmCallbackCheckThreadInterception(11), FALSE, 11)
BOTH_ANSWERS(ReApplyingBreakpoint, BreakpointCheckAndHandleReApplyingBreakpoint, MockCore,
             VmmCallbackCheckAndHandleReApplyingBreakpoint(12), FALSE, 12)
BOTH_ANSWERS(CheckProcessOrThreadChange, DebuggerCheckProcessOrThreadChange, MockCore,
             VmmCallbackCheckProcessOrThreadChange(13), FALSE, 13)
BOTH_ANSWERS(CheckAndHandleNmi, KdCheckAndHandleNmiCallback, MockCore,
             VmmCallbackCheckAndHandleNmiCallback(14), FALSE, 14)
BOTH_ANSWERS(QueryTracingDetails, KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId, MockTracing,
             VmmCallbackQueryThreadOrProcessTracingDetailsByCoreId(
                 15, DEBUGGER_THREAD_PROCESS_TRACING_INTERCEPT_CLOCK_WAITING_FOR_MOV_CR3_VM_EXITS),
             FALSE, 15, DEBUGGER_THREAD_PROCESS_TRACING_INTERCEPT_CLOCK_WAITING_FOR_MOV_CR3_VM_EXITS)

NO_ANSWER(Cr3ProcessChange, InterceptionCallbackTriggerCr3ProcessChange, MockNumber,
          VmmCallbackTriggerCr3ProcessChange(16), 16)

/* --- the log's macros --- */

/* The argument list reaches the callback whole. */
static void ALogMessageArrivesWithItsArguments(void **State)
{
    (void)State;
    g_Callbacks.LogCallbackPrepareAndSendMessageToQueueWrapper = MockPrepare;
    g_Answer                                                   = TRUE;
    assert_true(LogError("core %u: %llx, %s", 3u, 0x123456789ABCDEFull, "words"));
    assert_string_equal(g_Formatted, "core 3: 123456789abcdef, words");
    memset(&g_Callbacks, 0, sizeof(g_Callbacks));
    assert_false(LogError("nobody listens"));
}

static VOID ExpectLogged(UINT32 OperationCode, BOOLEAN IsImmediate, BOOLEAN Priority)
{
    assert_int_equal(g_Arguments[0], OperationCode);
    assert_int_equal(g_Arguments[1], IsImmediate);
    assert_int_equal(g_Arguments[2], TRUE); /* with its time */
    assert_int_equal(g_Arguments[3], Priority);
}

static void EachLogMacroChoosesItsOperationCode(void **State)
{
    (void)State;
    g_Callbacks.LogCallbackPrepareAndSendMessageToQueueWrapper = MockPrepare;
    LogInfo("x");
    ExpectLogged(OPERATION_LOG_INFO_MESSAGE, TRUE, FALSE);
    LogWarning("x");
    ExpectLogged(OPERATION_LOG_WARNING_MESSAGE, TRUE, FALSE);
    LogError("x");
    ExpectLogged(OPERATION_LOG_ERROR_MESSAGE, TRUE, TRUE);
    LogDebugInfo("x");
    ExpectLogged(OPERATION_LOG_NON_IMMEDIATE_MESSAGE, FALSE, FALSE);
    memset(&g_Callbacks, 0, sizeof(g_Callbacks));
}

#define BOTH(Name) cmocka_unit_test(Name##AnswersTrue), cmocka_unit_test(Name##AnswersFalse)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        BOTH(PrepareAndSendMessage),
        BOTH(SendMessage),
        BOTH(SendBuffer),
        BOTH(CheckIfBufferIsFull),
        cmocka_unit_test(TriggerEventsPre),
        cmocka_unit_test(TriggerEventsPost),
        cmocka_unit_test(SetLastError),
        BOTH(VmcallHandler),
        cmocka_unit_test(RegisteredMtfHandler),
        cmocka_unit_test(NmiBroadcastInTheGuest),
        cmocka_unit_test(NmiBroadcastInRootMode),
        BOTH(QueryTerminateProtectedResource),
        BOTH(RestoreEptState),
        BOTH(CheckUnhandledEptViolations),
        BOTH(HandleBreakpoint),
        BOTH(HandleDebugBreakpoint),
        BOTH(CheckThreadInterception),
        BOTH(ReApplyingBreakpoint),
        BOTH(CheckProcessOrThreadChange),
        BOTH(CheckAndHandleNmi),
        BOTH(QueryTracingDetails),
        cmocka_unit_test(Cr3ProcessChange),
        cmocka_unit_test(ALogMessageArrivesWithItsArguments),
        cmocka_unit_test(EachLogMacroChoosesItsOperationCode),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * LoaderTest.c - a load starts everything in order or leaves nothing behind, and says why.
 *
 * Context: user space.
 */
#include "tests/unit/hyperkd/MockVmm.h"

#include "hyperkd/debugger/breakpoints/Breakpoint.h"
#include "hyperkd/debugger/communication/KdMessaging.h"
#include "hyperkd/debugger/core/Debugger.h"
#include "hyperkd/debugger/core/Termination.h"
#include "hyperkd/debugger/events/EventStore.h"
#include "hyperkd/debugger/events/EventTrigger.h"
#include "hyperkd/debugger/halted/Kd.h"
#include "hyperkd/debugger/objects/Process.h"
#include "hyperkd/debugger/user-level/Attaching.h"
#include "hyperkd/debugger/user-level/UserAccess.h"

static int Start(void **State)
{
    (void)State;
    MockReset();
    HostedReset();
    HostedSetCpuCount(2);
    return 0;
}

static int Finish(void **State)
{
    (void)State;
    LoaderUninitVmmAndDebugger();
    assert_false(g_HandleInUse);
    assert_false(g_AllowIOCTLFromUsermode);
    assert_false(g_Mock.LogIsUp || g_Mock.VmmIsUp);
    assert_int_equal(HostedLiveAllocations(), 0);
    return 0;
}

/* The state of a machine on which a load failed. */
static VOID ExpectNothingLeft(VOID)
{
    assert_false(g_HandleInUse);
    assert_false(g_AllowIOCTLFromUsermode);
    assert_false(g_Mock.LogIsUp || g_Mock.VmmIsUp);
    assert_int_equal(HostedLiveAllocations(), 0);
}

static void ALoadStartsLogThenVmmThenDebugger(void **State)
{
    (void)State;
    assert_true(LoaderInitVmmAndDebugger());
    MockExpectTrace("LogInitialize VmFuncInitVmm ");
    assert_true(g_Mock.DoorWasOpen);
    assert_true(g_AllowIOCTLFromUsermode);
    assert_true(g_HandleInUse);
    assert_int_equal(DebuggerGetLastError(), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    assert_int_equal(DebuggerCountEvents(), 0);
}

static void AnUnloadEndsDebuggerThenVmmThenLog(void **State)
{
    const DEBUGGER_EVENT_OPTIONS Options = {
        .EventType = CPUID_INSTRUCTION_EXECUTION,
        .CoreId    = HYPERDBG_ALL_CORES,
        .ProcessId = HYPERDBG_ALL_PROCESSES,
        .Stage     = VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION,
    };
    UINT64 Tag;

    (void)State;
    assert_true(LoaderInitVmmAndDebugger());
    assert_int_equal(DebuggerRegisterEvent(&Options, &Tag), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    g_Mock.Trace[0] = '\0';
    assert_true(LoaderUninitVmmAndDebugger());
    MockExpectTrace("cpuids=0 VmFuncUninitVmm LogUnInitialize ");
    ExpectNothingLeft();
}

static void AnUnloadOfNothingDoesNothing(void **State)
{
    (void)State;
    assert_false(LoaderUninitVmmAndDebugger());
    MockExpectTrace("");
}

static void ASecondLoadIsRefusedAndTheFirstStays(void **State)
{
    (void)State;
    assert_true(LoaderInitVmmAndDebugger());
    g_Mock.Trace[0] = '\0';
    assert_false(LoaderInitVmmAndDebugger());
    MockExpectTrace("");
    assert_int_equal(DebuggerGetLastError(), DEBUGGER_ERROR_VMM_ALREADY_INITIALIZED);
    assert_true(g_HandleInUse);
    assert_true(g_AllowIOCTLFromUsermode);
    assert_true(g_Mock.VmmIsUp);
}

static void LoadsAndUnloadsCanFollowEachOther(void **State)
{
    (void)State;
    g_Mock.IsQuiet = TRUE;
    for (UINT32 Round = 0; Round < 100; Round++) {
        assert_true(LoaderInitVmmAndDebugger());
        assert_true(LoaderUninitVmmAndDebugger());
        ExpectNothingLeft();
    }
}

/* --- callbacks -------------------------------------------------------------------------------------------
 */

static void EveryCallbackIsFilledInBeforeItsUserStarts(void **State)
{
    PVOID Pointers[VMM_CALLBACKS_COUNT];

    (void)State;
    assert_true(LoaderInitVmmAndDebugger());
    memcpy(Pointers, &g_Mock.Callbacks, sizeof(Pointers));
    for (UINT32 Index = 0; Index < VMM_CALLBACKS_COUNT; Index++) {
        assert_non_null(Pointers[Index]);
        for (UINT32 Other = 0; Other < Index; Other++) {
            assert_ptr_not_equal(Pointers[Index], Pointers[Other]);
        }
    }
    assert_ptr_equal(g_Mock.Tracing.VmxOperationCheck, VmFuncVmxGetCurrentExecutionMode);
    assert_ptr_equal(g_Mock.Tracing.CheckImmediateMessageSending, KdCheckImmediateMessagingMechanism);
    assert_ptr_equal(g_Mock.Tracing.SendImmediateMessage, KdLoggingResponsePacketToDebugger);
}

static void EachCallbackIsTheFunctionThatTheContractNames(void **State)
{
    const VMM_CALLBACKS *Callbacks = &g_Mock.Callbacks;

    (void)State;
    assert_true(LoaderInitVmmAndDebugger());
    assert_ptr_equal(Callbacks->LogCallbackPrepareAndSendMessageToQueueWrapper,
                     LogCallbackPrepareAndSendMessageToQueueWrapper);
    assert_ptr_equal(Callbacks->LogCallbackSendMessageToQueue, LogCallbackSendMessageToQueue);
    assert_ptr_equal(Callbacks->LogCallbackSendBuffer, LogCallbackSendBuffer);
    assert_ptr_equal(Callbacks->LogCallbackCheckIfBufferIsFull, LogCallbackCheckIfBufferIsFull);
    assert_ptr_equal(Callbacks->VmmCallbackTriggerEvents, DebuggerTriggerEvents);
    assert_ptr_equal(Callbacks->VmmCallbackSetLastError, DebuggerSetLastError);
    assert_ptr_equal(Callbacks->VmmCallbackVmcallHandler, DebuggerVmcallHandler);
    assert_ptr_equal(Callbacks->VmmCallbackRegisteredMtfHandler, KdHandleRegisteredMtfCallback);
    assert_ptr_equal(Callbacks->VmmCallbackNmiBroadcastRequestHandler, KdHandleNmiBroadcastDebugBreaks);
    assert_ptr_equal(Callbacks->VmmCallbackQueryTerminateProtectedResource, TerminateQueryDebuggerResource);
    assert_ptr_equal(Callbacks->VmmCallbackRestoreEptState, UserAccessCheckForLoadedModuleDetails);
    assert_ptr_equal(Callbacks->VmmCallbackCheckUnhandledEptViolations, AttachingCheckUnhandledEptViolation);
    assert_ptr_equal(Callbacks->DebuggingCallbackHandleBreakpointException, BreakpointHandleBreakpoints);
    assert_ptr_equal(Callbacks->DebuggingCallbackHandleDebugBreakpointException,
                     BreakpointCheckAndHandleDebugBreakpoint);
    assert_ptr_equal(Callbacks->DebuggingCallbackCheckThreadInterception,
                     AttachingCheckThreadInterceptionWithUserDebugger);
    assert_ptr_equal(Callbacks->BreakpointCheckAndHandleReApplyingBreakpoint,
                     BreakpointCheckAndHandleReApplyingBreakpoint);
    assert_ptr_equal(Callbacks->DebuggerCheckProcessOrThreadChange, DebuggerCheckProcessOrThreadChange);
    assert_ptr_equal(Callbacks->KdCheckAndHandleNmiCallback, KdCheckAndHandleNmiCallback);
    assert_ptr_equal(Callbacks->KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId,
                     KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId);
    assert_ptr_equal(Callbacks->InterceptionCallbackTriggerCr3ProcessChange, ProcessTriggerCr3ProcessChange);
}

/* Called as the VMM would, on a debugger on which nothing is set: whatever happens is the guest's own. */
static void WithNothingSetWhatHappensIsTheGuestsOwn(void **State)
{
    const VMM_CALLBACKS *Callbacks = &g_Mock.Callbacks;

    (void)State;
    assert_true(LoaderInitVmmAndDebugger());
    g_Mock.Trace[0] = '\0';
    assert_false(Callbacks->VmmCallbackVmcallHandler(1, 0xC, 1, 2, 3));
    Callbacks->VmmCallbackRegisteredMtfHandler(1);
    Callbacks->VmmCallbackNmiBroadcastRequestHandler(1, TRUE);
    assert_true(Callbacks->VmmCallbackQueryTerminateProtectedResource(
        1, PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, (PVOID)3, PASSING_OVER_NONE));
    assert_false(Callbacks->VmmCallbackRestoreEptState(1));
    assert_false(Callbacks->VmmCallbackCheckUnhandledEptViolations(1, 0x181, 0x1000));
    assert_false(Callbacks->DebuggingCallbackHandleBreakpointException(1));
    assert_false(Callbacks->DebuggingCallbackHandleDebugBreakpointException(1));
    assert_false(Callbacks->DebuggingCallbackCheckThreadInterception(1));
    assert_false(Callbacks->BreakpointCheckAndHandleReApplyingBreakpoint(1));
    assert_false(Callbacks->DebuggerCheckProcessOrThreadChange(1));
    assert_false(Callbacks->KdCheckAndHandleNmiCallback(1));
    assert_false(Callbacks->KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId(
        1, DEBUGGER_THREAD_PROCESS_TRACING_INTERCEPT_CLOCK_WAITING_FOR_MOV_CR3_VM_EXITS));
    Callbacks->InterceptionCallbackTriggerCr3ProcessChange(1);
    assert_false(g_Mock.Tracing.CheckImmediateMessageSending(OPERATION_LOG_INFO_MESSAGE));
    assert_false(g_Mock.Tracing.SendImmediateMessage("x", 1, OPERATION_LOG_INFO_MESSAGE));
    MockExpectTrace("");
}

/* --- failures --------------------------------------------------------------------------------------------
 */

typedef struct _FAILURE_CASE {
    const CHAR *Step; /* as the message names it */
    BOOLEAN LogFails;
    BOOLEAN VmmFails;
    UINT32 VmmError;
    BOOLEAN MemoryFails;
    const CHAR *Trace;
    UINT32 Status;
    const CHAR *Reason; /* a part of the message */
} FAILURE_CASE;

static const FAILURE_CASE g_Failures[] = {
    {"message tracing", TRUE, FALSE, 0, FALSE, "LogInitialize ", DEBUGGER_ERROR_LOG_INITIALIZATION_FAILED,
     "message tracing could not be started"},
    {"VMM", FALSE, TRUE, DEBUGGER_ERROR_VMX_IN_USE, FALSE, "LogInitialize VmFuncInitVmm LogUnInitialize ",
     DEBUGGER_ERROR_VMX_IN_USE, "(c0000003): VT-x is in use by another hypervisor"},
    {"VMM", FALSE, TRUE, 0, FALSE, "LogInitialize VmFuncInitVmm LogUnInitialize ",
     DEBUGGER_ERROR_VMLAUNCH_FAILED, "a core could not enter VMX operation"},
    {"VMM", FALSE, TRUE, 0xC0001234, FALSE, "LogInitialize VmFuncInitVmm LogUnInitialize ", 0xC0001234,
     "(c0001234): unknown reason"},
    {"debugger", FALSE, FALSE, 0, TRUE, "LogInitialize VmFuncInitVmm VmFuncUninitVmm LogUnInitialize ",
     DEBUGGER_ERROR_OUT_OF_MEMORY, "not enough free memory"},
};

static void AFailedStepIsNamedUndoneInReverseAndTheDoorClosed(void **State)
{
    (void)State;
    for (UINT32 Index = 0; Index < COUNT_OF(g_Failures); Index++) {
        const FAILURE_CASE *Case = &g_Failures[Index];

        MockReset();
        g_Mock.LogFails = Case->LogFails;
        g_Mock.VmmFails = Case->VmmFails;
        g_Mock.VmmError = Case->VmmError;
        HostedFailAllocation(Case->MemoryFails ? 1 : 0);
        assert_false(LoaderInitVmmAndDebugger());
        MockExpectTrace(Case->Trace);
        assert_true(g_Mock.DoorWasOpen);
        ExpectNothingLeft();
        assert_int_equal(DebuggerGetLastError(), Case->Status);
        assert_int_equal(g_Mock.MessageOperation, OPERATION_LOG_ERROR_MESSAGE);
        assert_non_null(strstr(g_Mock.Message, Case->Step));
        assert_non_null(strstr(g_Mock.Message, Case->Reason));
    }
}

static void AReasonOfAnEarlierLoadIsNotToldAgain(void **State)
{
    (void)State;
    g_Mock.VmmFails = TRUE;
    g_Mock.VmmError = DEBUGGER_ERROR_VMX_IN_USE;
    assert_false(LoaderInitVmmAndDebugger());
    g_Mock.LogFails = TRUE;
    assert_false(LoaderInitVmmAndDebugger());
    assert_int_equal(DebuggerGetLastError(), DEBUGGER_ERROR_LOG_INITIALIZATION_FAILED);
}

static void EachAllocationMayFailAndTheNextLoadWorks(void **State)
{
    UINT32 Failures = 0;

    (void)State;
    for (UINT32 Nth = 1;; Nth++) {
        HostedFailAllocation(Nth);
        if (LoaderInitVmmAndDebugger()) {
            break;
        }
        assert_true(HostedAllocationHasFailed());
        assert_int_equal(DebuggerGetLastError(), DEBUGGER_ERROR_OUT_OF_MEMORY);
        ExpectNothingLeft();
        Failures++;
    }
    assert_false(HostedAllocationHasFailed());
    assert_int_equal(Failures, 4);
}

#define TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, Finish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(ALoadStartsLogThenVmmThenDebugger),
        TEST(AnUnloadEndsDebuggerThenVmmThenLog),
        TEST(AnUnloadOfNothingDoesNothing),
        TEST(ASecondLoadIsRefusedAndTheFirstStays),
        TEST(LoadsAndUnloadsCanFollowEachOther),
        TEST(EveryCallbackIsFilledInBeforeItsUserStarts),
        TEST(EachCallbackIsTheFunctionThatTheContractNames),
        TEST(WithNothingSetWhatHappensIsTheGuestsOwn),
        TEST(AFailedStepIsNamedUndoneInReverseAndTheDoorClosed),
        TEST(AReasonOfAnEarlierLoadIsNotToldAgain),
        TEST(EachAllocationMayFailAndTheNextLoadWorks),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

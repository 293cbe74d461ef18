/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Testing.h - what the tests of hyperhv share: a machine of the hosted platform with the VMM on it, a user of
 * the VMM that remembers what it was told, and a guest that makes exits. For inclusion in one file of a
 * program.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_TESTS_HYPERHV_TESTING_H
#define HYPERDBG_TESTS_HYPERHV_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "SDK/ErrorCodes.h"
#include "SDK/VmcallNumbers.h"
#include "SDK/imports/VmmImports.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/core/Hv.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/vmx/VmcsFields.h"
#include "hyperhv/vmx/VmxState.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "platform/hosted/FakeCpu.h"
#include "platform/hosted/Hosted.h"

#define TEST_CORES       2
#define TEST_RIP         0xFFFFFFFF81000000ull
#define TEST_MAX_EVENTS  16
#define TEST_RFLAGS_TF   (1ull << 8)
#define TEST_RFLAGS_IF   (1ull << 9)
#define TEST_MSR         0xC0000103u /* IA32_TSC_AUX: any value goes */
#define TEST_MSR_MISSING 0x1234u

/* One call of VmmCallbackTriggerEvents. */
typedef struct _TEST_EVENT {
    VMM_EVENT_TYPE_ENUM Type;
    VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE Stage;
    UINT64 Context;
    BOOLEAN MayAskForPost; /* PostEventRequired was not NULL */
    GUEST_REGS Regs;       /* as they were when it was called */
} TEST_EVENT;

static struct {
    /* what the test decides */
    BOOLEAN (*OnEvent)(GUEST_REGS *Regs, BOOLEAN IsPost); /* TRUE: short-circuit; NULL: nothing */
    BOOLEAN WantsPost;
    BOOLEAN Handles; /* the answer of every BOOLEAN callback that does not log */

    /* what happened */
    TEST_EVENT Events[TEST_MAX_EVENTS];
    UINT32 EventCount;
    CHAR Log[8192]; /* every message, a line each */
    UINT32 LastError;
    CHAR Trace[1024]; /* other callbacks, in their order, with their arguments */
} g_Test;

/* --- the user of the VMM --- */

static inline BOOLEAN TestLog(UINT32 OperationCode, BOOLEAN IsImmediateMessage, BOOLEAN ShowCurrentSystemTime,
                              BOOLEAN Priority, const char *Fmt, va_list ArgList)
{
    SIZE_T Length = strlen(g_Test.Log);

    (void)OperationCode;
    (void)IsImmediateMessage;
    (void)ShowCurrentSystemTime;
    (void)Priority;
    if (Length > sizeof(g_Test.Log) / 2)
        Length = 0; /* tests of many loads do not look at it */
    vsnprintf(g_Test.Log + Length, sizeof(g_Test.Log) - Length - 2, Fmt, ArgList);
    strcat(g_Test.Log, "\n");
    return TRUE;
}

static __attribute__((format(printf, 1, 2))) inline BOOLEAN TestTrace(const CHAR *Fmt, ...)
{
    const SIZE_T Length = strlen(g_Test.Trace);
    va_list Arguments;

    if (Length > sizeof(g_Test.Trace) / 2)
        return g_Test.Handles; /* tests of many exits do not look at it */
    va_start(Arguments, Fmt);
    vsnprintf(g_Test.Trace + Length, sizeof(g_Test.Trace) - Length - 1, Fmt, Arguments);
    va_end(Arguments);
    strcat(g_Test.Trace, " ");
    return g_Test.Handles;
}

static inline VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE
TestTrigger(VMM_EVENT_TYPE_ENUM EventType, VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE CallingStage, PVOID Context,
            BOOLEAN *PostEventRequired, GUEST_REGS *Regs)
{
    const BOOLEAN IsPost = CallingStage == VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION;
    BOOLEAN Ignore       = FALSE;

    assert_true(g_Test.EventCount < TEST_MAX_EVENTS);
    g_Test.Events[g_Test.EventCount++] = (TEST_EVENT){.Type          = EventType,
                                                      .Stage         = CallingStage,
                                                      .Context       = (UINT64)(UINTPTR)Context,
                                                      .MayAskForPost = PostEventRequired != NULL,
                                                      .Regs          = *Regs};
    if (PostEventRequired)
        *PostEventRequired = g_Test.WantsPost;
    if (g_Test.OnEvent)
        Ignore = g_Test.OnEvent(Regs, IsPost);
    return Ignore ? VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT
                  : VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

static inline VOID TestSetLastError(UINT32 LastError)
{
    g_Test.LastError = LastError;
}

static inline BOOLEAN TestVmcall(UINT32 CoreId, UINT64 Number, UINT64 Param1, UINT64 Param2, UINT64 Param3)
{
    return TestTrace("vmcall(%u,%llx,%llx,%llx,%llx)", CoreId, Number, Param1, Param2, Param3);
}

static inline BOOLEAN TestEptViolation(UINT32 CoreId, UINT64 Qualification, UINT64 Physical)
{
    return TestTrace("ept(%u,%llx,%llx)", CoreId, Qualification, Physical);
}

static inline BOOLEAN TestBreakpoint(UINT32 CoreId)
{
    return TestTrace("bp(%u)", CoreId);
}

static inline BOOLEAN TestDebug(UINT32 CoreId)
{
    return TestTrace("db(%u)", CoreId);
}

static inline BOOLEAN TestThreadInterception(UINT32 CoreId)
{
    return TestTrace("thread(%u)", CoreId);
}

static inline VOID TestCr3Change(UINT32 CoreId)
{
    TestTrace("cr3(%u)", CoreId);
}

static inline VMM_CALLBACKS TestCallbacks(VOID)
{
    return (VMM_CALLBACKS){
        .LogCallbackPrepareAndSendMessageToQueueWrapper  = TestLog,
        .VmmCallbackTriggerEvents                        = TestTrigger,
        .VmmCallbackSetLastError                         = TestSetLastError,
        .VmmCallbackVmcallHandler                        = TestVmcall,
        .VmmCallbackCheckUnhandledEptViolations          = TestEptViolation,
        .DebuggingCallbackHandleBreakpointException      = TestBreakpoint,
        .DebuggingCallbackHandleDebugBreakpointException = TestDebug,
        .DebuggingCallbackCheckThreadInterception        = TestThreadInterception,
        .InterceptionCallbackTriggerCr3ProcessChange     = TestCr3Change,
    };
}

/* Callbacks since the last time. */
static inline VOID TestExpectTrace(const CHAR *Expected)
{
    assert_string_equal(g_Test.Trace, Expected);
    g_Test.Trace[0] = '\0';
}

static inline VOID TestExpectLog(const CHAR *Words)
{
    if (!strstr(g_Test.Log, Words))
        fail_msg("the log does not say '%s' but:\n%s", Words, g_Test.Log);
}

static inline VOID TestExpectLogSilent(VOID)
{
    assert_string_equal(g_Test.Log, "");
}

/* --- the machine --- */

static FAKE_REGISTERS g_Before[HOSTED_MAX_CORES];

/* A machine without the VMM. */
static inline VOID TestMachine(UINT32 Cores)
{
    memset(&g_Test, 0, sizeof(g_Test));
    HostedReset();
    HostedSetCpuCount(Cores);
    FakeCpuReset();
}

static inline VOID TestRememberRegisters(VOID)
{
    UINT32 CoreId;

    for (CoreId = 0; CoreId < PlatformCpuCount(); CoreId++)
        g_Before[CoreId] = *FakeRegisters(CoreId);
}

/* No core is in VMX operation, every register is as remembered, nothing is allocated. */
static inline VOID TestExpectUntouched(VOID)
{
    UINT32 CoreId;

    for (CoreId = 0; CoreId < PlatformCpuCount(); CoreId++) {
        const UINT8 *Was = (const UINT8 *)&g_Before[CoreId], *Is = (const UINT8 *)FakeRegisters(CoreId);
        SIZE_T Offset;

        assert_int_equal(FakeMode(CoreId), FAKE_OUTSIDE_VMX);
        for (Offset = 0; Offset < sizeof(FAKE_REGISTERS) && Was[Offset] == Is[Offset]; Offset++)
            ;
        if (Offset < sizeof(FAKE_REGISTERS))
            fail_msg("core %u is not as before: FAKE_REGISTERS differs at offset %zu", CoreId, Offset);
    }
    assert_int_equal(HostedLiveAllocations(), 0);
}

static inline BOOLEAN TestLoad(VOID)
{
    VMM_CALLBACKS Callbacks = TestCallbacks();

    return HvInitVmm(&Callbacks);
}

/* A machine with the VMM on all its cores; nothing logged, traced or reported yet. */
static inline int TestStart(void **State)
{
    (void)State;
    TestMachine(TEST_CORES);
    TestRememberRegisters();
    if (!TestLoad()) {
        fprintf(stderr, "%s%s\n", g_Test.Log, FakeEntryComplaint(0));
        return 1;
    }
    memset(&g_Test, 0, sizeof(g_Test));
    return 0;
}

static inline int TestFinish(void **State)
{
    (void)State;
    HvUninitVmm();
    if (HostedLiveAllocations() != 0)
        fprintf(stderr, "%u allocations are left\n", HostedLiveAllocations());
    return HostedLiveAllocations() != 0;
}

/* --- the guest on this thread's core --- */

static inline FAKE_REGISTERS *Guest(VOID)
{
    return FakeRegisters(PlatformCpuCurrent());
}

static inline VIRTUAL_MACHINE_STATE *GuestVCpu(VOID)
{
    return &g_GuestState[PlatformCpuCurrent()];
}

static inline UINT64 GuestField(UINT32 Field)
{
    return FakeVmcsGet(PlatformCpuCurrent(), Field);
}

static inline VOID GuestSetRax(UINT64 Rax, UINT64 Rcx)
{
    Guest()->Regs.rax = Rax;
    Guest()->Regs.rcx = Rcx;
}

static inline VOID GuestCpuid(UINT64 Leaf, UINT64 Subleaf)
{
    GuestSetRax(Leaf, Subleaf);
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_CPUID, 2);
}

static inline VOID GuestRdmsr(UINT32 Msr)
{
    Guest()->Regs.rcx = Msr;
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_RDMSR, 2);
}

static inline VOID GuestWrmsr(UINT32 Msr, UINT64 Value)
{
    GuestSetRax((UINT32)Value, Msr);
    Guest()->Regs.rdx = Value >> 32;
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_WRMSR, 2);
}

static inline UINT64 GuestEdxEax(VOID)
{
    return (Guest()->Regs.rdx << 32) | (UINT32)Guest()->Regs.rax;
}

/* The instruction is behind us, and nothing was injected. */
static inline VOID ExpectDone(UINT64 Length)
{
    assert_int_equal(FakeInjected().Info, 0);
    assert_int_equal(Guest()->Rip, TEST_RIP + Length);
}

#define TEST_INFO(Type, Vector)     (INTERRUPTION_INFO_VALID | ((UINT32)(Type) << 8) | (Vector))
#define TEST_INFO_HARDWARE(Vector)  TEST_INFO(INTERRUPTION_TYPE_HARDWARE_EXCEPTION, Vector)
#define TEST_INFO_WITH_CODE(Vector) (TEST_INFO_HARDWARE(Vector) | INTERRUPTION_INFO_ERROR_CODE_VALID)

/* RIP stays at the instruction, and the guest takes this event. */
static inline VOID ExpectFault(UINT32 Info, UINT32 ErrorCode)
{
    assert_int_equal(Guest()->Rip, TEST_RIP);
    assert_int_equal(FakeInjected().Info, Info);
    if (Info & INTERRUPTION_INFO_ERROR_CODE_VALID)
        assert_int_equal(FakeInjected().ErrorCode, ErrorCode);
}

static inline VOID ExpectUndefinedOpcode(VOID)
{
    ExpectFault(TEST_INFO_HARDWARE(6), 0);
}

static inline VOID ExpectGeneralProtection(VOID)
{
    ExpectFault(TEST_INFO_WITH_CODE(13), 0);
}

/* --- what must not happen, caught --- */

static jmp_buf g_Caught;
static CHAR g_CaughtMessage[256];

static inline VOID TestCatch(const CHAR *Message)
{
    snprintf(g_CaughtMessage, sizeof(g_CaughtMessage), "%s", Message);
    longjmp(g_Caught, 1);
}

/* The statement ends in a panic of the kernel whose message has Words. */
#define EXPECT_PANIC(Statement, Words)                                                                       \
    do {                                                                                                     \
        HostedSetPanicHandler(TestCatch);                                                                    \
        if (setjmp(g_Caught) == 0) {                                                                         \
            Statement;                                                                                       \
            fail_msg("no panic");                                                                            \
        }                                                                                                    \
        HostedSetPanicHandler(NULL);                                                                         \
        if (!strstr(g_CaughtMessage, (Words)))                                                               \
            fail_msg("the panic says '%s'", g_CaughtMessage);                                                \
    } while (0)

/* The statement is something that a kernel would not survive. */
#define EXPECT_MISUSE(Statement, Words)                                                                      \
    do {                                                                                                     \
        FakeSetMisuseHandler(TestCatch);                                                                     \
        if (setjmp(g_Caught) == 0) {                                                                         \
            Statement;                                                                                       \
            fail_msg("the fake processor does not mind");                                                    \
        }                                                                                                    \
        FakeSetMisuseHandler(NULL);                                                                          \
        if (!strstr(g_CaughtMessage, (Words)))                                                               \
            fail_msg("the fake processor says '%s'", g_CaughtMessage);                                       \
    } while (0)

#define TEST(Name) cmocka_unit_test_setup_teardown(Name, TestStart, TestFinish)

#endif

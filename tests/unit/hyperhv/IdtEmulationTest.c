/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * IdtEmulationTest.c - exceptions that exit reach the guest as if nobody had looked, unless the user takes
 * them; an event whose delivery an exit interrupted is delivered again.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#define BLOCKING_NMI 8ull
#define RFLAGS_RF    (1ull << 16)

static VOID ExceptionExit(UINT32 Info, UINT32 ErrorCode, UINT32 Length, UINT64 Qualification)
{
    Guest()->Rip = TEST_RIP;
    FakeExit(&(FAKE_EXIT){.Reason                = VMX_EXIT_REASON_EXCEPTION_OR_NMI,
                          .InterruptionInfo      = Info,
                          .InterruptionErrorCode = ErrorCode,
                          .InstructionLength     = Length,
                          .Qualification         = Qualification});
}

/* --- re-injection --- */

static void HardwareExceptionsAreInjectedWithTheirErrorCode(void **State)
{
    static const UINT32 WithCode[] = {8, 10, 11, 12, 13, 17};
    static const UINT32 Without[]  = {0, 1, 4, 5, 6, 7, 9, 16, 18, 19, 20, 21, 28};
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(WithCode); Index++) {
        ExceptionExit(TEST_INFO_WITH_CODE(WithCode[Index]), 0x1230 + Index, 3, 0);
        ExpectFault(TEST_INFO_WITH_CODE(WithCode[Index]), 0x1230 + Index);
    }
    for (Index = 0; Index < COUNT_OF(Without); Index++) {
        ExceptionExit(TEST_INFO_HARDWARE(Without[Index]), 0xFFFF, 3, 0);
        ExpectFault(TEST_INFO_HARDWARE(Without[Index]), 0);
        assert_int_equal(FakeInjected().ErrorCode, 0); /* the field of an exit without one is undefined */
    }
}

/* INT3, INTO, and INT1 with its own type: the entry needs to know where the instruction ends. */
static void SoftwareExceptionsAreInjectedWithTheirLength(void **State)
{
    static const struct {
        UINT32 Type, Vector, Length;
    } Exceptions[] = {
        {INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 3, 1},
        {INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 3, 2}, /* with a prefix */
        {INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 4, 1},
        {INTERRUPTION_TYPE_PRIVILEGED_SOFTWARE_EXCEPTION, 1, 1},
    };
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Exceptions); Index++) {
        UINT32 Info = TEST_INFO(Exceptions[Index].Type, Exceptions[Index].Vector);

        ExceptionExit(Info, 0, Exceptions[Index].Length, 0);
        ExpectFault(Info, 0);
        assert_int_equal(FakeInjected().InstructionLength, Exceptions[Index].Length);
    }
}

static void APageFaultBringsItsAddressInCr2(void **State)
{
    (void)State;
    FakeRegisters(0)->Cr2 = 0x1111;
    ExceptionExit(TEST_INFO_WITH_CODE(14), 0x15, 3, 0xFFFF888012345678ull);
    ExpectFault(TEST_INFO_WITH_CODE(14), 0x15);
    assert_int_equal(FakeRegisters(0)->Cr2, 0xFFFF888012345678ull);
}

static void OtherExceptionsLeaveCr2Alone(void **State)
{
    (void)State;
    FakeRegisters(0)->Cr2 = 0x1111;
    ExceptionExit(TEST_INFO_WITH_CODE(13), 0, 3, 0x2222);
    assert_int_equal(FakeRegisters(0)->Cr2, 0x1111);
}

/* --- what the user takes --- */

static void ABreakpointIsTheUsersFirst(void **State)
{
    const UINT32 Info = TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 3);

    (void)State;
    g_Test.Handles = TRUE;
    ExceptionExit(Info, 0, 1, 0);
    TestExpectTrace("bp(0) ");
    ExpectFault(0, 0);
    g_Test.Handles = FALSE;
    ExceptionExit(Info, 0, 1, 0);
    TestExpectTrace("bp(0) thread(0) ");
    ExpectFault(Info, 0);
}

static void ADebugExceptionIsTheUsersFirst(void **State)
{
    (void)State;
    g_Test.Handles = TRUE;
    ExceptionExit(TEST_INFO_HARDWARE(1), 0, 3, 0x4000);
    TestExpectTrace("db(0) ");
    ExpectFault(0, 0);
    g_Test.Handles = FALSE;
    ExceptionExit(TEST_INFO_HARDWARE(1), 0, 3, 0x4000);
    TestExpectTrace("db(0) thread(0) ");
    ExpectFault(TEST_INFO_HARDWARE(1), 0);
}

static void AnyExceptionCanBeTakenByAUserModeDebugger(void **State)
{
    (void)State;
    g_Test.Handles = TRUE;
    ExceptionExit(TEST_INFO_WITH_CODE(14), 4, 3, 0x5000);
    TestExpectTrace("thread(0) ");
    ExpectFault(0, 0);
    HostedSetCurrentCpu(1);
    ExceptionExit(TEST_INFO_HARDWARE(6), 0, 3, 0);
    TestExpectTrace("thread(1) ");
    HostedSetCurrentCpu(0);
}

static void WithoutCallbacksExceptionsReachTheGuest(void **State)
{
    (void)State;
    memset(&g_Callbacks, 0, sizeof(g_Callbacks));
    ExceptionExit(TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 3), 0, 1, 0);
    ExpectFault(TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 3), 0);
    ExceptionExit(TEST_INFO_HARDWARE(1), 0, 0, 0);
    ExpectFault(TEST_INFO_HARDWARE(1), 0);
}

/* --- events --- */

static UINT64 g_SeenCr2;

static BOOLEAN LookAtCr2(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    g_SeenCr2 = FakeRegisters(0)->Cr2;
    return FALSE;
}

static BOOLEAN Drop(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    return !IsPost;
}

static BOOLEAN DropAndTryAgain(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    VmFuncSuppressRipIncrement(0);
    return Drop(Regs, IsPost);
}

static void AnExceptionIsAnEventAndThenDelivered(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(EXCEPTION_OCCURRED, TRUE);
    g_Test.WantsPost      = TRUE;
    g_Test.OnEvent        = LookAtCr2;
    FakeRegisters(0)->Cr2 = 0x1111;
    ExceptionExit(TEST_INFO_WITH_CODE(14), 0x15, 3, 0x5000);
    ExpectFault(TEST_INFO_WITH_CODE(14), 0x15);
    assert_int_equal(g_SeenCr2, 0x5000);
    assert_int_equal(g_Test.EventCount, 2);
    assert_int_equal(g_Test.Events[0].Type, EXCEPTION_OCCURRED);
    assert_int_equal(g_Test.Events[0].Context, 14);
    assert_int_equal(g_Test.Events[1].Stage, VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION);
}

static void ADroppedSoftwareExceptionIsBehindTheGuest(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(EXCEPTION_OCCURRED, TRUE);
    g_Test.OnEvent = Drop;
    ExceptionExit(TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 3), 0, 1, 0);
    ExpectDone(1);
}

static void ADroppedExceptionCanBeTriedAgain(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(EXCEPTION_OCCURRED, TRUE);
    g_Test.OnEvent        = DropAndTryAgain;
    FakeRegisters(0)->Cr2 = 0x1111;
    ExceptionExit(TEST_INFO_WITH_CODE(14), 2, 3, 0x5000);
    ExpectFault(0, 0);
    assert_int_equal(FakeRegisters(0)->Cr2, 0x1111); /* as if it had not been */
}

static void ADroppedDebugTrapSkipsNothing(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(EXCEPTION_OCCURRED, TRUE);
    g_Test.OnEvent = Drop;
    ExceptionExit(TEST_INFO_HARDWARE(1), 0, 0, 0x4000);
    ExpectFault(0, 0);
    assert_int_equal(Guest()->Dr6, 0xFFFF0FF0);
}

/* The breakpoint on the instruction would stop it again, and again; not so one that a write has met. */
static void ADroppedInstructionBreakpointLetsTheInstructionRun(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(EXCEPTION_OCCURRED, TRUE);
    g_Test.OnEvent = Drop;
    Guest()->Dr1   = TEST_RIP;
    Guest()->Dr7   = 0x404;
    ExceptionExit(TEST_INFO_HARDWARE(1), 0, 0, 2);
    ExpectFault(0, 0);
    assert_true(Guest()->Regs.rflags & RFLAGS_RF);

    Guest()->Regs.rflags &= ~RFLAGS_RF;
    ExceptionExit(TEST_INFO_HARDWARE(1), 0, 0, 1);
    ExpectFault(0, 0);
    assert_false(Guest()->Regs.rflags & RFLAGS_RF);

    Guest()->Dr7 = 0x100404; /* on writes */
    ExceptionExit(TEST_INFO_HARDWARE(1), 0, 0, 2);
    ExpectFault(0, 0);
    assert_false(Guest()->Regs.rflags & RFLAGS_RF);
}

/* What the processor does with the delivery of a #DB, and injection does not. SDM Vol. 3, 18.2.3. */
static void ADebugExceptionBringsItsConditionsInDr6(void **State)
{
    (void)State;
    Guest()->Dr6 = 0xFFFF0FF1;
    Guest()->Dr7 |= 0x2000; /* GD */
    FakeMsrSet(0, IA32_DEBUGCTL, 3);
    ExceptionExit(TEST_INFO_HARDWARE(1), 0, 0, 0x4002);
    ExpectFault(TEST_INFO_HARDWARE(1), 0);
    assert_int_equal(Guest()->Dr6, 0xFFFF4FF2);
    assert_int_equal(Guest()->Dr7 & 0x2000, 0);
    assert_int_equal(FakeMsrGet(0, IA32_DEBUGCTL), 0);
    ExceptionExit(TEST_INFO(INTERRUPTION_TYPE_PRIVILEGED_SOFTWARE_EXCEPTION, 1), 0, 1, 0);
    assert_int_equal(Guest()->Dr6, 0xFFFF4FF2); /* INT1 leaves it alone */
}

static VOID ExpectRegister(UINT32 Register, UINT64 Before, UINT64 After)
{
    const VMM_REGISTER_ACCESS *Access = &GuestVCpu()->RegisterAccess;

    assert_int_equal(Access->Register, Register);
    assert_int_equal(Access->IsWrite, Register != 0);
    assert_int_equal(Access->Operand, VMM_NO_OPERAND);
    assert_int_equal(Access->Before, Before);
    assert_int_equal(Access->After, After);
}

static void TheEventHasTheRegisterThatTellsMore(void **State)
{
    (void)State;
    Guest()->Cr2 = 0x1111;
    ExceptionExit(TEST_INFO_WITH_CODE(14), 0, 3, 0x2222);
    ExpectRegister(2, 0x1111, 0x2222);
    Guest()->Dr6 = 0xFFFF0FF1;
    ExceptionExit(TEST_INFO_HARDWARE(1), 0, 0, 0x4002);
    ExpectRegister(6, 0xFFFF0FF1, 0xFFFF4FF2);
    ExceptionExit(TEST_INFO(INTERRUPTION_TYPE_PRIVILEGED_SOFTWARE_EXCEPTION, 1), 0, 1, 0);
    ExpectRegister(6, 0xFFFF4FF2, 0xFFFF4FF2);
    ExceptionExit(TEST_INFO_WITH_CODE(13), 0, 3, 0x2222);
    ExpectRegister(0, 0, 0);
}

/* --- a fault of IRET --- */

/* The IRET had already unblocked NMIs; it runs again and must find them blocked. SDM Vol. 3, 28.2.3. */
static void AnIretThatFaultsFindsNmisBlockedAgain(void **State)
{
    (void)State;
    ExceptionExit(TEST_INFO_WITH_CODE(13) | INTERRUPTION_INFO_NMI_UNBLOCKING, 0, 3, 0);
    ExpectFault(TEST_INFO_WITH_CODE(13), 0); /* the bit is no part of the event */
    assert_int_equal(*FakeInterruptibility(0), BLOCKING_NMI);
    *FakeInterruptibility(0) = 0;
    ExceptionExit(TEST_INFO_WITH_CODE(13), 0, 3, 0);
    assert_int_equal(*FakeInterruptibility(0), 0);
}

static void NotSoADoubleFaultOrDuringDelivery(void **State)
{
    (void)State;
    ExceptionExit(TEST_INFO_WITH_CODE(8) | INTERRUPTION_INFO_NMI_UNBLOCKING, 0, 3, 0);
    assert_int_equal(*FakeInterruptibility(0), 0);
    FakeExit(&(FAKE_EXIT){.Reason           = VMX_EXIT_REASON_EXCEPTION_OR_NMI,
                          .InterruptionInfo = TEST_INFO_WITH_CODE(13) | INTERRUPTION_INFO_NMI_UNBLOCKING,
                          .IdtVectoringInfo = TEST_INFO(INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, 0x30)});
    assert_int_equal(*FakeInterruptibility(0), 0);
}

/* --- events whose delivery an exit interrupted --- */

static VOID ViolationDuring(UINT32 VectoringInfo, UINT32 ErrorCode, UINT32 Length)
{
    Guest()->Rip = TEST_RIP;
    FakeExit(&(FAKE_EXIT){.Reason                = VMX_EXIT_REASON_EPT_VIOLATION,
                          .IdtVectoringInfo      = VectoringInfo,
                          .IdtVectoringErrorCode = ErrorCode,
                          .InstructionLength     = Length});
}

static void AnInterruptedEventIsDeliveredAgainAsItWas(void **State)
{
    static const struct {
        UINT32 Info, ErrorCode, Length;
    } Events[] = {
        {TEST_INFO(INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, 0xEC), 0, 0},
        {TEST_INFO_HARDWARE(6), 0, 0},
        {TEST_INFO_WITH_CODE(13), 0x2A, 0},
        {TEST_INFO_WITH_CODE(14), 7, 0},
        {TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_INTERRUPT, 0x80), 0, 2},
        {TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 3), 0, 1},
    };
    UINT32 Index;

    (void)State;
    g_Test.Handles = TRUE; /* the violation is explained */
    for (Index = 0; Index < COUNT_OF(Events); Index++) {
        /* bit 12 of the vectoring information is undefined */
        ViolationDuring(Events[Index].Info | (Index & 1 ? 1u << 12 : 0), Events[Index].ErrorCode,
                        Events[Index].Length);
        ExpectFault(Events[Index].Info, Events[Index].ErrorCode);
        if (Events[Index].Length)
            assert_int_equal(FakeInjected().InstructionLength, Events[Index].Length);
    }
}

/* Its delivery has blocked NMIs, and one goes in only while they are not. */
static void AnInterruptedNmiIsDeliveredAgain(void **State)
{
    (void)State;
    g_Test.Handles           = TRUE;
    *FakeInterruptibility(0) = BLOCKING_NMI;
    ViolationDuring(TEST_INFO(INTERRUPTION_TYPE_NMI, 2), 0, 0);
    ExpectFault(TEST_INFO(INTERRUPTION_TYPE_NMI, 2), 0);
    assert_int_equal(*FakeInterruptibility(0), BLOCKING_NMI);
}

static void WithoutAnInterruptedEventNothingIsInjected(void **State)
{
    (void)State;
    g_Test.Handles = TRUE;
    ViolationDuring(0, 0, 0);
    ExpectFault(0, 0);
    ViolationDuring(0x30E, 0, 0); /* not valid */
    ExpectFault(0, 0);
}

static void AnExceptionThatTheUserTakesLeavesTheInterruptedEvent(void **State)
{
    (void)State;
    g_Test.Handles = TRUE;
    FakeExit(&(FAKE_EXIT){.Reason           = VMX_EXIT_REASON_EXCEPTION_OR_NMI,
                          .InterruptionInfo = TEST_INFO_WITH_CODE(14),
                          .IdtVectoringInfo = TEST_INFO(INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, 0x31)});
    ExpectFault(TEST_INFO(INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, 0x31), 0);
}

static void AnNmiDuringDeliveryWaitsForTheEvent(void **State)
{
    (void)State;
    FakeExit(&(FAKE_EXIT){.Reason           = VMX_EXIT_REASON_EXCEPTION_OR_NMI,
                          .InterruptionInfo = TEST_INFO(INTERRUPTION_TYPE_NMI, 2),
                          .IdtVectoringInfo = TEST_INFO(INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, 0x31)});
    ExpectFault(TEST_INFO(INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, 0x31), 0);
    assert_true(FakeTakeNmiWindow());
    ExpectFault(TEST_INFO(INTERRUPTION_TYPE_NMI, 2), 0);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(HardwareExceptionsAreInjectedWithTheirErrorCode),
        TEST(SoftwareExceptionsAreInjectedWithTheirLength),
        TEST(APageFaultBringsItsAddressInCr2),
        TEST(OtherExceptionsLeaveCr2Alone),
        TEST(ABreakpointIsTheUsersFirst),
        TEST(ADebugExceptionIsTheUsersFirst),
        TEST(AnyExceptionCanBeTakenByAUserModeDebugger),
        TEST(WithoutCallbacksExceptionsReachTheGuest),
        TEST(AnExceptionIsAnEventAndThenDelivered),
        TEST(ADroppedSoftwareExceptionIsBehindTheGuest),
        TEST(ADroppedExceptionCanBeTriedAgain),
        TEST(ADroppedDebugTrapSkipsNothing),
        TEST(ADroppedInstructionBreakpointLetsTheInstructionRun),
        TEST(ADebugExceptionBringsItsConditionsInDr6),
        TEST(TheEventHasTheRegisterThatTellsMore),
        TEST(AnIretThatFaultsFindsNmisBlockedAgain),
        TEST(NotSoADoubleFaultOrDuringDelivery),
        TEST(AnInterruptedEventIsDeliveredAgainAsItWas),
        TEST(AnInterruptedNmiIsDeliveredAgain),
        TEST(WithoutAnInterruptedEventNothingIsInjected),
        TEST(AnExceptionThatTheUserTakesLeavesTheInterruptedEvent),
        TEST(AnNmiDuringDeliveryWaitsForTheEvent),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventInjectionTest.c - two events of one exit become what the processor would make of them (SDM Vol. 3,
 * tables 6-4 and 6-5).
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

typedef enum _CLASS { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT, CLASS_COUNT } CLASS;

typedef enum _OUTCOME {
    SECOND, /* delivered in its turn */
    DOUBLE,
    SHUTDOWN,
} OUTCOME;

/* Table 6-5, by the class of the first and of the second. */
static const OUTCOME Outcomes[CLASS_COUNT][CLASS_COUNT] = {
    [BENIGN]       = {SECOND, SECOND, SECOND, SECOND},
    [CONTRIBUTORY] = {SECOND, DOUBLE, SECOND, SECOND},
    [PAGE_FAULT]   = {SECOND, DOUBLE, DOUBLE, SECOND},
    [DOUBLE_FAULT] = {SECOND, SHUTDOWN, SHUTDOWN, SECOND},
};

typedef struct _EXCEPTION {
    UINT32 Info;
    CLASS Class;
} EXCEPTION;

/* Table 6-4. */
static const EXCEPTION Exceptions[] = {
    {TEST_INFO_HARDWARE(0), CONTRIBUTORY},   {TEST_INFO_HARDWARE(1), BENIGN},
    {TEST_INFO_HARDWARE(5), BENIGN},         {TEST_INFO_HARDWARE(6), BENIGN},
    {TEST_INFO_HARDWARE(7), BENIGN},         {TEST_INFO_WITH_CODE(8), DOUBLE_FAULT},
    {TEST_INFO_HARDWARE(9), BENIGN},         {TEST_INFO_WITH_CODE(10), CONTRIBUTORY},
    {TEST_INFO_WITH_CODE(11), CONTRIBUTORY}, {TEST_INFO_WITH_CODE(12), CONTRIBUTORY},
    {TEST_INFO_WITH_CODE(13), CONTRIBUTORY}, {TEST_INFO_WITH_CODE(14), PAGE_FAULT},
    {TEST_INFO_HARDWARE(16), BENIGN},        {TEST_INFO_WITH_CODE(17), BENIGN},
    {TEST_INFO_HARDWARE(18), BENIGN},        {TEST_INFO_HARDWARE(19), BENIGN},
};

/* First events that are no exceptions of the processor: all benign, whatever their vector. */
static const UINT32 OtherFirsts[] = {
    TEST_INFO(INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, 0x20),
    TEST_INFO(INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, 14),
    TEST_INFO(INTERRUPTION_TYPE_NMI, 2),
    TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_INTERRUPT, 13),
    TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_INTERRUPT, 14),
    TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 3),
    TEST_INFO(INTERRUPTION_TYPE_PRIVILEGED_SOFTWARE_EXCEPTION, 1),
};

/* The second exception exits while the first is being delivered. */
static VOID Both(UINT32 First, UINT32 Second)
{
    Guest()->Rip = TEST_RIP;
    FakeExit(&(FAKE_EXIT){.Reason                = VMX_EXIT_REASON_EXCEPTION_OR_NMI,
                          .InstructionLength     = 2,
                          .InterruptionInfo      = Second,
                          .InterruptionErrorCode = 0x22,
                          .IdtVectoringInfo      = First,
                          .IdtVectoringErrorCode = 0x11});
}

static VOID TripleFaulted(VOID)
{
    TestCatch("triple fault");
}

/* Starts the VMM anew: a shutdown takes the core out of it. */
static VOID ExpectShutdown(UINT32 First, UINT32 Second)
{
    FakeSetTripleFaultHandler(TripleFaulted);
    if (setjmp(g_Caught) == 0) {
        Both(First, Second);
        fail_msg("first %x, second %x: no shutdown", First, Second);
    }
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    HvUninitVmm();
    TestMachine(TEST_CORES);
    assert_true(TestLoad());
}

static VOID ExpectOutcome(UINT32 First, UINT32 Second, OUTCOME Outcome)
{
    if (Outcome == SHUTDOWN) {
        ExpectShutdown(First, Second);
        return;
    }
    Both(First, Second);
    if (Outcome == DOUBLE)
        ExpectFault(TEST_INFO_WITH_CODE(8), 0);
    else
        ExpectFault(Second, 0x22);
}

static void TwoExceptionsBecomeWhatTable65Says(void **State)
{
    UINT32 First, Second;

    (void)State;
    for (First = 0; First < COUNT_OF(Exceptions); First++)
        for (Second = 0; Second < COUNT_OF(Exceptions); Second++)
            ExpectOutcome(Exceptions[First].Info, Exceptions[Second].Info,
                          Outcomes[Exceptions[First].Class][Exceptions[Second].Class]);
}

static void AnyOtherFirstEventIsBenign(void **State)
{
    UINT32 First, Second;

    (void)State;
    for (First = 0; First < COUNT_OF(OtherFirsts); First++)
        for (Second = 0; Second < COUNT_OF(Exceptions); Second++)
            ExpectOutcome(OtherFirsts[First], Exceptions[Second].Info, SECOND);
}

/* What an instruction's handler injects is merged as well: the #GP of an EPT violation that nobody explains.
 */
static void AnInjectedExceptionIsMergedWithTheInterruptedOne(void **State)
{
    (void)State;
    FakeExit(&(FAKE_EXIT){.Reason                = VMX_EXIT_REASON_EPT_VIOLATION,
                          .IdtVectoringInfo      = TEST_INFO_WITH_CODE(14),
                          .IdtVectoringErrorCode = 2});
    ExpectFault(TEST_INFO_WITH_CODE(8), 0);
}

static void NothingIsInjectedTwice(void **State)
{
    (void)State;
    GuestRdmsr(TEST_MSR_MISSING);
    ExpectGeneralProtection();
    GuestCpuid(0, 0);
    ExpectDone(2);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(TwoExceptionsBecomeWhatTable65Says),
        TEST(AnyOtherFirstEventIsBenign),
        TEST(AnInjectedExceptionIsMergedWithTheInterruptedOne),
        TEST(NothingIsInjectedTwice),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

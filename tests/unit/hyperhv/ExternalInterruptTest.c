/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ExternalInterruptTest.c - watched interrupts are taken from the APIC only where the guest takes them, and
 * each is one event that lets it through or drops it.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#define VECTOR         0xECu
#define BLOCKING_STI   1ull
#define BLOCKING_SS    2ull
#define INFO_INTERRUPT TEST_INFO(INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, VECTOR)

static VOID Watch(VOID)
{
    assert_true(ConfigureSetExternalInterruptExiting(VMM_ALL_CORES));
    VmFuncSetTriggerEvent(EXTERNAL_INTERRUPT_OCCURRED, TRUE);
    Guest()->Rip = TEST_RIP;
    Guest()->Regs.rflags |= TEST_RFLAGS_IF;
}

static BOOLEAN Exits(VOID)
{
    return (GuestField(VMCS_PIN_BASED_CONTROLS) & PIN_BASED_EXTERNAL_INTERRUPT_EXITING) != 0;
}

static BOOLEAN Acknowledges(VOID)
{
    return (GuestField(VMCS_VMEXIT_CONTROLS) & VMEXIT_ACKNOWLEDGE_INTERRUPT) != 0;
}

static BOOLEAN AwaitsWindow(VOID)
{
    return (GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS) & PRIMARY_INTERRUPT_WINDOW_EXITING) != 0;
}

static VOID ExpectControls(BOOLEAN Exit, BOOLEAN Acknowledge, BOOLEAN Window)
{
    assert_int_equal(Exits(), Exit);
    assert_int_equal(Acknowledges(), Acknowledge);
    assert_int_equal(AwaitsWindow(), Window);
}

/* An interrupt waits; it is given out if the exit acknowledges it. */
static VOID Arrives(VOID)
{
    FakeExit(&(FAKE_EXIT){.Reason           = VMX_EXIT_REASON_EXTERNAL_INTERRUPT,
                          .InterruptionInfo = Acknowledges() ? INFO_INTERRUPT : 0});
}

static VOID WindowOpens(VOID)
{
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_INTERRUPT_WINDOW});
}

static VOID ExpectDelivered(VOID)
{
    assert_int_equal(FakeInjected().Info, INFO_INTERRUPT);
    assert_int_equal(Guest()->Rip, TEST_RIP);
}

static VOID ExpectEvents(UINT32 Count)
{
    assert_int_equal(g_Test.EventCount, Count);
    if (Count > 0) {
        assert_int_equal(g_Test.Events[0].Type, EXTERNAL_INTERRUPT_OCCURRED);
        assert_int_equal(g_Test.Events[0].Context, VECTOR);
    }
}

static void OneThatTheGuestCanTakeIsTakenAtOnce(void **State)
{
    (void)State;
    Watch();
    g_Test.WantsPost = TRUE;
    ExpectControls(TRUE, FALSE, FALSE);
    Arrives();
    assert_int_equal(FakeInjected().Info, 0);
    ExpectControls(TRUE, TRUE, FALSE);
    Arrives();
    ExpectDelivered();
    ExpectEvents(2);
    ExpectControls(TRUE, FALSE, FALSE);
}

static VOID Blocked(UINT64 Flags, UINT64 Interruptibility)
{
    Guest()->Regs.rflags     = (Guest()->Regs.rflags & ~TEST_RFLAGS_IF) | Flags;
    *FakeInterruptibility(0) = Interruptibility;
    Arrives();
    assert_int_equal(FakeInjected().Info, 0);
    ExpectControls(FALSE, FALSE, TRUE);
    ExpectEvents(0);
    Guest()->Regs.rflags |= TEST_RFLAGS_IF;
    *FakeInterruptibility(0) = 0;
    WindowOpens();
    ExpectControls(TRUE, TRUE, FALSE);
    Arrives();
    ExpectDelivered();
    ExpectEvents(1);
    g_Test.EventCount = 0;
}

static void OneThatItBlocksStaysInTheApicUntilItsWindow(void **State)
{
    (void)State;
    Watch();
    Blocked(0, 0);
    Blocked(TEST_RFLAGS_IF, BLOCKING_STI);
    Blocked(TEST_RFLAGS_IF, BLOCKING_SS);
}

/* The first has gone away by itself; the next comes where the guest cannot take it. */
static void OneThatWasAcknowledgedTooEarlyIsHeld(void **State)
{
    (void)State;
    Watch();
    Arrives();
    Guest()->Regs.rflags &= ~TEST_RFLAGS_IF;
    Arrives();
    assert_int_equal(FakeInjected().Info, 0);
    ExpectControls(FALSE, FALSE, TRUE);
    ExpectEvents(0);
    ConfigureUnsetExternalInterruptExiting(VMM_ALL_CORES); /* nobody watches any more: it is not lost */
    ExpectControls(FALSE, FALSE, TRUE);
    Guest()->Rip = TEST_RIP;
    Guest()->Regs.rflags |= TEST_RFLAGS_IF;
    WindowOpens();
    ExpectDelivered();
    ExpectControls(FALSE, FALSE, FALSE);
}

static BOOLEAN Ignore(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    return !IsPost;
}

static void OneThatIsDroppedNeverReachesTheGuest(void **State)
{
    (void)State;
    Watch();
    g_Test.OnEvent = Ignore;
    Arrives();
    FakeApicSetInService(0, VECTOR);
    Arrives();
    assert_int_equal(FakeInjected().Info, 0);
    assert_int_equal(FakeApicInService(0), 0); /* it would hold back the others */
    Arrives();
    FakeApicSetInService(0, 0x40); /* another's; VECTOR came of an older controller */
    Arrives();
    assert_int_equal(FakeApicInService(0), 0x40);
    assert_int_equal(g_Test.EventCount, 2);
    ExpectControls(TRUE, FALSE, FALSE);
}

static void NobodyWatchesNothingExits(void **State)
{
    (void)State;
    Watch();
    ConfigureUnsetExternalInterruptExiting(VMM_ALL_CORES);
    ExpectControls(FALSE, FALSE, FALSE);
}

/* --- switches of threads --- */

static BOOLEAN g_Tracks;

static BOOLEAN Tracks(UINT32 CoreId, DEBUGGER_THREAD_PROCESS_TRACING Type)
{
    (void)CoreId;
    return g_Tracks && Type == DEBUGGER_THREAD_PROCESS_TRACING_INTERCEPT_CLOCK_INTERRUPTS_FOR_PROCESS_CHANGE;
}

static BOOLEAN Switched(UINT32 CoreId)
{
    return TestTrace("switch(%u)", CoreId);
}

static void WhoTracksSwitchesIsAskedAtTheClock(void **State)
{
    (void)State;
    Watch();
    g_Callbacks.KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId = Tracks;
    g_Callbacks.DebuggerCheckProcessOrThreadChange                        = Switched;
    g_Tracks                                                              = FALSE;
    Arrives();
    Arrives();
    TestExpectTrace("");
    g_Tracks = TRUE;
    Arrives();
    Arrives();
    TestExpectTrace("switch(0) ");
    ExpectDelivered();
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(OneThatTheGuestCanTakeIsTakenAtOnce),
        TEST(OneThatItBlocksStaysInTheApicUntilItsWindow),
        TEST(OneThatWasAcknowledgedTooEarlyIsHeld),
        TEST(OneThatIsDroppedNeverReachesTheGuest),
        TEST(NobodyWatchesNothingExits),
        TEST(WhoTracksSwitchesIsAskedAtTheClock),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

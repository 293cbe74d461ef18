/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmxBroadcastTest.c - one core asks the others by NMI: each is told once, wherever the NMI finds it; the
 * guest's own NMIs come through, and ours never reach it.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/core/Broadcast.h"
#include "hyperhv/vmx/Mtf.h"

#define NMI         TEST_INFO(INTERRUPTION_TYPE_NMI, 2)
#define ICR_LOW     0x300u
#define ICR_HIGH    0x310u
#define GUESTS_HIGH 0x0B000000u /* the guest is about to send something to the APIC B */

static struct {
    VOID (*InRequest)(VOID); /* what the user does when it is told */
    VOID (*InEvent)(VOID);   /* what happens within an exit of the core that is asked */
    BOOLEAN Sent;
    UINT64 RipAtRequest;
} g_This;

static VOID RequestHandler(UINT32 CoreId, BOOLEAN IsOnVmxNmiHandler)
{
    TestTrace("request(%u,%u)", CoreId, IsOnVmxNmiHandler);
    g_This.RipAtRequest = VmFuncGetRip();
    if (g_This.InRequest)
        g_This.InRequest();
}

static BOOLEAN CheckNmi(UINT32 CoreId)
{
    TestTrace("nmi(%u)", CoreId);
    g_This.RipAtRequest = VmFuncGetRip();
    return g_Test.Handles;
}

static VOID Registered(UINT32 CoreId)
{
    TestTrace("registered(%u)", CoreId);
}

static BOOLEAN ReApply(UINT32 CoreId)
{
    TestTrace("reapply(%u)", CoreId);
    return FALSE;
}

static int Start(void **State)
{
    int Result = TestStart(State);

    memset(&g_This, 0, sizeof(g_This));
    g_Callbacks.VmmCallbackNmiBroadcastRequestHandler = RequestHandler;
    g_Callbacks.KdCheckAndHandleNmiCallback           = CheckNmi;
    return Result;
}

/* --- the core that asks: 0, from within an exit --- */

static BOOLEAN (*g_Ask)(UINT32 CoreId);

static BOOLEAN AskInExit(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    g_This.Sent = g_Ask(VmFuncGetCurrentCoreId());
    return FALSE;
}

static VOID AskFromCore(UINT32 CoreId, BOOLEAN (*Ask)(UINT32 CoreId))
{
    const UINT32 Before = PlatformCpuCurrent();

    g_Ask          = Ask;
    g_Test.OnEvent = AskInExit;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    HostedSetCurrentCpu(CoreId);
    GuestCpuid(0, 0);
    HostedSetCurrentCpu(Before);
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, FALSE);
    g_Test.OnEvent = NULL;
}

static VOID Request(VOID)
{
    AskFromCore(0, VmFuncNmiBroadcastRequest);
}

/* --- the core that is asked: 1 --- */

static BOOLEAN MtfIsOn(VOID)
{
    return (GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS) & PRIMARY_MONITOR_TRAP_FLAG) != 0;
}

static VOID MtfExit(VOID)
{
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_MONITOR_TRAP_FLAG});
}

static VOID NmiOfTheGuest(VOID)
{
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_EXCEPTION_OR_NMI, .InterruptionInfo = NMI});
}

/* Within an exit of core 1, core 0 asks, and the NMI arrives. */
static BOOLEAN RequestArrives(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    if (IsPost)
        return FALSE;
    if (g_This.InEvent)
        g_This.InEvent();
    FakeTakeNmi();
    return FALSE;
}

/* An exit of core 1 in whose middle the NMI comes that waits for it. */
static VOID ExitHitByNmi(VOID)
{
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = RequestArrives;
    GuestCpuid(0, 0);
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, FALSE);
    g_Test.OnEvent = NULL;
}

static UINT32 NmisOfTheGuest(VOID)
{
    UINT32 Taken = 0;

    *FakeInterruptibility(PlatformCpuCurrent()) = 0;
    while (FakeTakeNmiWindow()) {
        Taken += FakeInjected().Info == NMI;
        *FakeInterruptibility(PlatformCpuCurrent()) = 0;
    }
    return Taken;
}

#define ON_CORE_1(Statement)                                                                                 \
    do {                                                                                                     \
        HostedSetCurrentCpu(1);                                                                              \
        Statement;                                                                                           \
        HostedSetCurrentCpu(0);                                                                              \
    } while (0)

/* --- sending --- */

static void EveryOtherCoreIsSentOneNmi(void **State)
{
    (void)State;
    Request();
    assert_true(g_This.Sent);
    assert_int_equal(FakeNmisSent(0), 0);
    assert_int_equal(FakeNmisSent(1), 1);
}

static VOID SetGuestsHalf(VOID)
{
    FakeApicSet(0, ICR_HIGH, GUESTS_HIGH);
}

static void WhatTheGuestWasAboutToSendIsKept(void **State)
{
    (void)State;
    SetGuestsHalf();
    Request();
    assert_int_equal(FakeNmisSent(1), 1);
    assert_int_equal(FakeApicGet(0, ICR_HIGH), GUESTS_HIGH);
}

static void InX2ApicModeTooByOneWrite(void **State)
{
    (void)State;
    FakeApicSetX2(0);
    SetGuestsHalf();
    Request(); /* the fake minds any touch of the page */
    assert_true(g_This.Sent);
    assert_int_equal(FakeNmisSent(1), 1);
    assert_int_equal(FakeApicGet(0, ICR_HIGH), GUESTS_HIGH);
}

static void AnApicThatIsOffSendsNothing(void **State)
{
    (void)State;
    FakeMsrSet(0, IA32_APIC_BASE, 0xFEE00000);
    Request();
    assert_false(g_This.Sent);
    assert_int_equal(FakeNmisSent(1), 0);
    ON_CORE_1(NmiOfTheGuest(); assert_int_equal(NmisOfTheGuest(), 1)); /* nothing waits for a broadcast */
}

static void AnApicThatStaysBusyIsGivenUp(void **State)
{
    (void)State;
    FakeApicSetStuck(0, TRUE);
    Request();
    assert_false(g_This.Sent);
    assert_int_equal(FakeNmisSent(1), 0);
}

static void ACoreThatIsOfflineIsLeftAlone(void **State)
{
    (void)State;
    HostedCpuGoOffline(1);
    Request();
    assert_true(g_This.Sent);
    assert_int_equal(FakeNmisSent(1), 0);
    assert_true(HostedCpuGoOnline(1));
    Request();
    assert_int_equal(FakeNmisSent(1), 1);
    ON_CORE_1(FakeTakeNmi());
    TestExpectTrace("request(1,0) ");
}

/* Two NMIs could become one: then the guest would get the second, or lose one of its own. */
static void OneNmiIsOnItsWayHoweverOftenIsAsked(void **State)
{
    (void)State;
    Request();
    Request();
    assert_int_equal(FakeNmisSent(1), 1);
    ON_CORE_1(FakeTakeNmi());
    Request();
    assert_int_equal(FakeNmisSent(1), 2);
}

/* --- the NMI finds the guest --- */

static void AGuestIsToldAtOnceAndSeesNothing(void **State)
{
    (void)State;
    Request();
    ON_CORE_1(assert_true(FakeTakeNmi()); ExpectFault(0, 0); assert_int_equal(NmisOfTheGuest(), 0);
              assert_false(MtfIsOn()));
    TestExpectTrace("request(1,0) ");
    assert_int_equal(FakeNmisUnblocked(1), 1); /* before the user, who may stay there */
    assert_int_equal(g_This.RipAtRequest, TEST_RIP);
}

static void TheGuestsOwnNmiComesThrough(void **State)
{
    (void)State;
    Request();
    ON_CORE_1(FakeTakeNmi(); NmiOfTheGuest(); assert_int_equal(NmisOfTheGuest(), 1));
    TestExpectTrace("request(1,0) ");
}

/* The guest's comes first and is taken for ours; ours then is the guest's. */
static void WhoeverComesFirstTheGuestGetsOne(void **State)
{
    (void)State;
    Request();
    ON_CORE_1(NmiOfTheGuest(); assert_true(FakeTakeNmi()); assert_int_equal(NmisOfTheGuest(), 1));
    TestExpectTrace("request(1,0) ");
}

static VOID NmiWhileHalted(VOID)
{
    FakeRootException(2, 0);
}

static void AnNmiOfTheGuestThatFindsTheUserBusyIsDeliveredAfterwards(void **State)
{
    (void)State;
    g_This.InRequest = NmiWhileHalted;
    Request();
    ON_CORE_1(FakeTakeNmi(); assert_int_equal(NmisOfTheGuest(), 1));
}

static VOID AskedAgain(VOID)
{
    g_This.InRequest = NULL;
    Request();
    assert_true(FakeTakeNmi());
}

/* The second request finds the user in the first. */
static void ARequestInARequestIsServedAfterIt(void **State)
{
    (void)State;
    g_This.InRequest = AskedAgain;
    Request();
    ON_CORE_1(FakeTakeNmi(); assert_true(MtfIsOn()); GuestCpuid(0, 0); MtfExit(); assert_false(MtfIsOn()));
    TestExpectTrace("request(1,0) request(1,1) nmi(1) nmi(1) ");
    TestExpectLogSilent();
}

/* --- the NMI finds root mode --- */

static void RootModeIsToldAndAskedAfterOneInstruction(void **State)
{
    (void)State;
    Request();
    ON_CORE_1(ExitHitByNmi(); ExpectDone(2); assert_true(MtfIsOn()));
    TestExpectTrace("request(1,1) ");
    ON_CORE_1(Guest()->Rip += 1; MtfExit(); assert_false(MtfIsOn()); assert_int_equal(NmisOfTheGuest(), 0));
    TestExpectTrace("nmi(1) ");
    assert_int_equal(g_This.RipAtRequest, TEST_RIP + 3);
    TestExpectLogSilent();
}

/* Its one instruction exits by itself, and no trap comes. */
static void AnInstructionThatExitsIsTheOne(void **State)
{
    (void)State;
    Request();
    ON_CORE_1(ExitHitByNmi(); GuestCpuid(0, 0));
    TestExpectTrace("request(1,1) nmi(1) ");
    assert_int_equal(g_This.RipAtRequest, TEST_RIP + 4); /* both are behind it */
    ON_CORE_1(MtfExit(); assert_false(MtfIsOn()));
    TestExpectTrace("nmi(1) ");
    TestExpectLogSilent(); /* the trap that was left over is explained */
    ON_CORE_1(GuestCpuid(0, 0));
    TestExpectTrace("");
}

static VOID NmiAtMtfWrite(UINT64 Field, UINT64 Value)
{
    (void)Value;
    if (Field != VMCS_PRIMARY_PROCESSOR_CONTROLS)
        return;
    FakeSetVmwriteHook(NULL);
    FakeTakeNmi();
}

static VOID SetAndClearMtf(VOID)
{
    FakeSetVmwriteHook(NmiAtMtfWrite);
    MtfSet(GuestVCpu(), FALSE);
    FakeSetVmwriteHook(NULL);
}

/* The NMI comes between the read and the write of the controls, whose result lacks what it asked for. */
static void TheTrapIsNotOverwritten(void **State)
{
    (void)State;
    Request();
    g_This.InEvent = SetAndClearMtf;
    ON_CORE_1(ExitHitByNmi(); assert_true(MtfIsOn()));
    TestExpectTrace("request(1,1) ");
}

/* --- without the monitor trap flag --- */

static int StartWithoutFlag(void **State)
{
    (void)State;
    TestMachine(TEST_CORES);
    FakeCapabilityRemove(IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_MONITOR_TRAP_FLAG);
    if (!TestLoad())
        return 1;
    memset(&g_Test, 0, sizeof(g_Test));
    memset(&g_This, 0, sizeof(g_This));
    g_Callbacks.VmmCallbackNmiBroadcastRequestHandler = RequestHandler;
    g_Callbacks.KdCheckAndHandleNmiCallback           = CheckNmi;
    return 0;
}

static void WithoutTheFlagTheNmiWindowExits(void **State)
{
    (void)State;
    Request();
    ON_CORE_1(ExitHitByNmi(); assert_false(MtfIsOn()));
    TestExpectTrace("request(1,1) ");
    ON_CORE_1(assert_true(FakeTakeNmiWindow()); ExpectDone(2); assert_false(FakeTakeNmiWindow()));
    TestExpectTrace("nmi(1) ");
    TestExpectLogSilent();
}

static void WithoutTheFlagTheWindowIsNotOverwritten(void **State)
{
    (void)State;
    Request();
    g_This.InEvent = SetAndClearMtf;
    ON_CORE_1(ExitHitByNmi(); assert_true(FakeTakeNmiWindow()));
    TestExpectTrace("request(1,1) nmi(1) ");
}

/* --- with other reasons for a trap --- */

static VOID WithOtherReasons(VOID)
{
    g_Callbacks.VmmCallbackRegisteredMtfHandler              = Registered;
    g_Callbacks.BreakpointCheckAndHandleReApplyingBreakpoint = ReApply;
}

static void ARegisteredStepAndTheRequestAreBothServedByOneTrap(void **State)
{
    (void)State;
    WithOtherReasons();
    Request();
    ON_CORE_1(ExitHitByNmi(); GuestVCpu()->RegisterBreakOnMtf = TRUE; MtfExit(); assert_false(MtfIsOn()));
    TestExpectTrace("request(1,1) reapply(1) registered(1) nmi(1) ");
}

static VOID AskedInTrap(VOID)
{
    g_This.InEvent = NULL;
    Request();
    FakeTakeNmi();
}

static VOID RegisteredIsHit(UINT32 CoreId)
{
    TestTrace("registered(%u)", CoreId);
    AskedInTrap();
}

/* The NMI hits the handler of the trap, after which the trap would be turned off. */
static void ARequestInATrapGetsItsOwn(void **State)
{
    (void)State;
    g_Callbacks.VmmCallbackRegisteredMtfHandler = RegisteredIsHit;
    ON_CORE_1(GuestVCpu()->RegisterBreakOnMtf = TRUE; MtfExit(); assert_true(MtfIsOn()));
    TestExpectTrace("registered(1) request(1,1) ");
    ON_CORE_1(MtfExit(); assert_false(MtfIsOn()));
    TestExpectTrace("nmi(1) ");
}

/* --- views --- */

static VOID TakeWhenAsked(UINT32 Register, UINT32 Value)
{
    (void)Value;
    if (Register != ICR_HIGH || !FakeNmiWaits(1))
        return;
    ON_CORE_1(FakeTakeNmi());
}

static UINT64 FlushesOf(BOOLEAN (*Ask)(UINT32 CoreId))
{
    const UINT64 Before = FakeExecuted(1, FAKE_INVEPT);

    FakeSetApicHook(TakeWhenAsked); /* the write that puts the guest's half back: the NMI is sent */
    AskFromCore(0, Ask);
    FakeSetApicHook(NULL);
    assert_true(g_This.Sent);
    return FakeExecuted(1, FAKE_INVEPT) - Before;
}

static void ViewsAreFlushedWhenItReturns(void **State)
{
    (void)State;
    assert_int_equal(FlushesOf(VmFuncNmiBroadcastInvalidateEptSingleContext), 2); /* hooked, and its step's */
    assert_int_equal(FlushesOf(VmFuncNmiBroadcastInvalidateEptAllContexts), 1);
    TestExpectTrace("");
    ON_CORE_1(assert_int_equal(NmisOfTheGuest(), 0));
}

static void ACoreThatNeverTakesItIsTold(void **State)
{
    (void)State;
    AskFromCore(0, VmFuncNmiBroadcastInvalidateEptAllContexts);
    assert_false(g_This.Sent);
}

static void InRootModeTheyAreFlushedAtOnce(void **State)
{
    UINT64 Before;

    (void)State;
    AskFromCore(0, VmFuncNmiBroadcastInvalidateEptAllContexts);
    Before = FakeExecuted(1, FAKE_INVEPT);
    ON_CORE_1(ExitHitByNmi(); assert_false(MtfIsOn()));
    assert_int_equal(FakeExecuted(1, FAKE_INVEPT), Before + 1);
}

/* --- on the way out --- */

static VOID AskedOnTheWayOut(UINT64 Field, UINT64 Value)
{
    (void)Value;
    if (Field != VMCS_GUEST_RIP)
        return;
    FakeSetVmwriteHook(NULL);
    /* What BroadcastTo has done when core 1 is past its last look at its own lifecycle. */
    g_GuestState[1].NmiBroadcastActions = NMI_BROADCAST_ACTION_REQUEST;
    FakeTakeNmi();
}

static VOID GoOffline(VOID)
{
    FakeSetVmwriteHook(AskedOnTheWayOut);
    HostedCpuGoOffline(1);
    FakeSetVmwriteHook(NULL);
}

/* The sender has seen a core that runs; the kernel must not get the NMI. The fake's core has no time of its
 * own, so it waits in vain; it waits with NMIs unblocked. */
static void ACoreOnItsWayOutWaitsForTheNmi(void **State)
{
    (void)State;
    GoOffline();
    assert_int_equal(FakeNmisUnblocked(1), 1);
    assert_int_equal(FakeMode(1), FAKE_OUTSIDE_VMX);
    assert_true(HostedCpuGoOnline(1));
    assert_int_equal(g_GuestState[1].NmiBroadcastActions, 0);
}

#define BROADCAST_TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, TestFinish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        BROADCAST_TEST(EveryOtherCoreIsSentOneNmi),
        BROADCAST_TEST(WhatTheGuestWasAboutToSendIsKept),
        BROADCAST_TEST(InX2ApicModeTooByOneWrite),
        BROADCAST_TEST(AnApicThatIsOffSendsNothing),
        BROADCAST_TEST(AnApicThatStaysBusyIsGivenUp),
        BROADCAST_TEST(ACoreThatIsOfflineIsLeftAlone),
        BROADCAST_TEST(OneNmiIsOnItsWayHoweverOftenIsAsked),
        BROADCAST_TEST(AGuestIsToldAtOnceAndSeesNothing),
        BROADCAST_TEST(TheGuestsOwnNmiComesThrough),
        BROADCAST_TEST(WhoeverComesFirstTheGuestGetsOne),
        BROADCAST_TEST(AnNmiOfTheGuestThatFindsTheUserBusyIsDeliveredAfterwards),
        BROADCAST_TEST(ARequestInARequestIsServedAfterIt),
        BROADCAST_TEST(RootModeIsToldAndAskedAfterOneInstruction),
        BROADCAST_TEST(AnInstructionThatExitsIsTheOne),
        BROADCAST_TEST(TheTrapIsNotOverwritten),
        cmocka_unit_test_setup_teardown(WithoutTheFlagTheNmiWindowExits, StartWithoutFlag, TestFinish),
        cmocka_unit_test_setup_teardown(WithoutTheFlagTheWindowIsNotOverwritten, StartWithoutFlag,
                                        TestFinish),
        BROADCAST_TEST(ARegisteredStepAndTheRequestAreBothServedByOneTrap),
        BROADCAST_TEST(ARequestInATrapGetsItsOwn),
        BROADCAST_TEST(ViewsAreFlushedWhenItReturns),
        BROADCAST_TEST(ACoreThatNeverTakesItIsTold),
        BROADCAST_TEST(InRootModeTheyAreFlushedAtOnce),
        BROADCAST_TEST(ACoreOnItsWayOutWaitsForTheNmi),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

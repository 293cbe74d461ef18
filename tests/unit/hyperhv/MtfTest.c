/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MtfTest.c - an MTF exit serves everybody who asked for the step, in the contract's order (section 5,
 * "MTF"); a step is one instruction, whatever comes in between.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/vmx/EptViews.h"
#include "hyperhv/vmx/Mtf.h"

#define BLOCKING_STI    1ull
#define BLOCKING_MOV_SS 2ull
#define BLOCKING_NMI    8ull
#define DEBUGCTL_BTF    2ull
#define NMI_INFO        TEST_INFO(INTERRUPTION_TYPE_NMI, 2)

static BOOLEAN g_AsksAgain;

static BOOLEAN ReApply(UINT32 CoreId)
{
    return TestTrace("reapply(%u)", CoreId);
}

static VOID Registered(UINT32 CoreId)
{
    TestTrace("registered(%u,%u)", CoreId, g_GuestState[CoreId].RegisterBreakOnMtf);
    if (g_AsksAgain)
        g_GuestState[CoreId].RegisterBreakOnMtf = TRUE;
}

static BOOLEAN CheckNmi(UINT32 CoreId)
{
    return TestTrace("nmi(%u)", CoreId);
}

static BOOLEAN RestoreEpt(UINT32 CoreId)
{
    return TestTrace("restore(%u)", CoreId);
}

static int Load(void **State)
{
    (void)State;
    if (!TestLoad())
        return 1;
    memset(&g_Test, 0, sizeof(g_Test));
    g_Callbacks.BreakpointCheckAndHandleReApplyingBreakpoint = ReApply;
    g_Callbacks.VmmCallbackRegisteredMtfHandler              = Registered;
    g_Callbacks.KdCheckAndHandleNmiCallback                  = CheckNmi;
    g_Callbacks.VmmCallbackRestoreEptState                   = RestoreEpt;
    g_AsksAgain                                              = FALSE;
    return 0;
}

static int Start(void **State)
{
    TestMachine(TEST_CORES);
    return Load(State);
}

static VOID MtfExit(VOID)
{
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_MONITOR_TRAP_FLAG, .InstructionLength = 5});
}

static BOOLEAN MtfIsOn(VOID)
{
    return (GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS) & PRIMARY_MONITOR_TRAP_FLAG) != 0;
}

static BOOLEAN InterruptsExit(VOID)
{
    return (GuestField(VMCS_PIN_BASED_CONTROLS) & PIN_BASED_EXTERNAL_INTERRUPT_EXITING) != 0;
}

static VOID TurnMtfOn(VOID)
{
    FakeVmcsSet(PlatformCpuCurrent(), VMCS_PRIMARY_PROCESSOR_CONTROLS,
                GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS) | PRIMARY_MONITOR_TRAP_FLAG);
}

/* --- the contract's order --- */

static void WhoRegisteredIsServedAndTheFlagIsClearedBefore(void **State)
{
    (void)State;
    TurnMtfOn();
    GuestVCpu()->RegisterBreakOnMtf = TRUE;
    MtfExit();
    TestExpectTrace("reapply(0) registered(0,0) restore(0) ");
    assert_false(GuestVCpu()->RegisterBreakOnMtf);
    assert_false(MtfIsOn());
    assert_int_equal(Guest()->Rip, TEST_RIP); /* an MTF exit is not of an instruction */
    TestExpectLogSilent();
}

static void TheHandlerMayAskForAnotherStep(void **State)
{
    (void)State;
    TurnMtfOn();
    g_AsksAgain                     = TRUE;
    GuestVCpu()->RegisterBreakOnMtf = TRUE;
    MtfExit();
    assert_true(GuestVCpu()->RegisterBreakOnMtf);
    assert_true(MtfIsOn());
    g_AsksAgain = FALSE;
    MtfExit();
    assert_false(MtfIsOn());
    TestExpectTrace("reapply(0) registered(0,0) restore(0) reapply(0) registered(0,0) restore(0) ");
}

static void WithoutARegistrationTheNmiHaltIsAsked(void **State)
{
    (void)State;
    TurnMtfOn();
    g_Test.Handles = TRUE;
    MtfExit();
    TestExpectTrace("reapply(0) nmi(0) restore(0) ");
    assert_false(MtfIsOn());
    TestExpectLogSilent();
}

/* --- several reasons at once --- */

#define REASON_BREAKPOINT 1u /* a software breakpoint is to be put back */
#define REASON_STEP       2u /* a hook has let an instruction through; its user wants POST */
#define REASON_REGISTERED 4u
#define REASON_NMI        8u /* a broadcast's NMI hit root mode */
#define REASONS           16u

static UINT32 g_Reasons;

static BOOLEAN ReApplyIfThere(UINT32 CoreId)
{
    (void)CoreId;
    if (!(g_Reasons & REASON_BREAKPOINT))
        return FALSE;
    g_Reasons &= ~REASON_BREAKPOINT;
    TestTrace("breakpoint");
    return TRUE;
}

static BOOLEAN StepPost(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    TestTrace("step");
    assert_int_equal(GuestField(VMCS_EPT_POINTER), EptViewHooked()); /* in force again, before it is told */
    return FALSE;
}

static VOID RegisteredOnly(UINT32 CoreId)
{
    (void)CoreId;
    TestTrace("registered");
}

static BOOLEAN NmiIfThere(UINT32 CoreId)
{
    (void)CoreId;
    if (!(g_Reasons & REASON_NMI))
        return FALSE;
    g_Reasons &= ~REASON_NMI;
    TestTrace("nmi");
    return TRUE;
}

static VOID MakePending(UINT32 Reasons)
{
    VIRTUAL_MACHINE_STATE *VCpu = GuestVCpu();

    g_Reasons = Reasons;
    TurnMtfOn();
    VCpu->RegisterBreakOnMtf = (Reasons & REASON_REGISTERED) != 0;
    if (Reasons & REASON_STEP) {
        static UINT8 Page;

        VCpu->MtfEptHookRestorePoint = &Page;
        VCpu->Step.BreakpointPost    = TEST_RIP;
        VCpu->ExitFlagsAtStart |= EXIT_FLAGS_END(EXIT_END_STEP);
        FakeVmcsSet(0, VMCS_EPT_POINTER, EptViewPlain());
    }
    if (Reasons & REASON_NMI) {
        VCpu->NmiRequestWaits = TRUE;
        VCpu->NmiWantsExit    = TRUE;
        VCpu->ExitFlagsAtStart |= EXIT_FLAGS_END(EXIT_END_NMI);
    }
}

/* Each of any that are pending is served by the one trap, in the contract's order. */
static void AllThatArePendingAreServedInOrder(void **State)
{
    static const CHAR *const Names[] = {"breakpoint ", "step ", "registered ", "nmi "};

    (void)State;
    g_Callbacks                                              = TestCallbacks();
    g_Callbacks.BreakpointCheckAndHandleReApplyingBreakpoint = ReApplyIfThere;
    g_Callbacks.VmmCallbackRegisteredMtfHandler              = RegisteredOnly;
    g_Callbacks.KdCheckAndHandleNmiCallback                  = NmiIfThere;
    g_Test.OnEvent                                           = StepPost;
    for (UINT32 Reasons = 1; Reasons < REASONS; Reasons++) {
        CHAR Expected[64] = "";

        for (UINT32 Reason = 0; Reason < COUNT_OF(Names); Reason++)
            strcat(Expected, (Reasons >> Reason) & 1 ? Names[Reason] : "");
        g_Test.EventCount = 0;
        MakePending(Reasons);
        MtfExit();
        TestExpectTrace(Expected);
        assert_false(MtfIsOn());
        assert_int_equal(GuestVCpu()->ExitFlagsAtStart, EXIT_FLAGS_START);
        assert_null(GuestVCpu()->MtfEptHookRestorePoint);
        MtfExit(); /* nothing is left, nothing comes twice */
        TestExpectTrace("");
    }
    TestExpectLog("an MTF exit that nobody asked for"); /* the second ones */
}

static void EachCoreIsServedForItself(void **State)
{
    (void)State;
    GuestVCpu()->RegisterBreakOnMtf = TRUE;
    HostedSetCurrentCpu(1);
    TurnMtfOn();
    g_Test.Handles = TRUE;
    MtfExit();
    TestExpectTrace("reapply(1) nmi(1) restore(1) ");
    HostedSetCurrentCpu(0);
    assert_true(GuestVCpu()->RegisterBreakOnMtf);
}

static void WhoWantsItKeptOnKeepsItOnOnce(void **State)
{
    (void)State;
    TurnMtfOn();
    GuestVCpu()->IgnoreMtfUnset = TRUE;
    MtfExit();
    assert_true(MtfIsOn());
    assert_false(GuestVCpu()->IgnoreMtfUnset);
    MtfExit();
    assert_false(MtfIsOn());
}

static void ExternalInterruptsAreGivenBack(void **State)
{
    (void)State;
    TurnMtfOn();
    FakeVmcsSet(0, VMCS_PIN_BASED_CONTROLS,
                GuestField(VMCS_PIN_BASED_CONTROLS) | PIN_BASED_EXTERNAL_INTERRUPT_EXITING);
    MtfExit();
    assert_true(InterruptsExit()); /* somebody else's */
    GuestVCpu()->EnableExternalInterruptsOnContinueMtf = TRUE;
    MtfExit();
    assert_false(InterruptsExit());
    assert_false(GuestVCpu()->EnableExternalInterruptsOnContinueMtf);
}

static void AnExitThatNobodyExplainsIsLoggedOncePerCore(void **State)
{
    UINT32 CoreId;

    (void)State;
    for (CoreId = 0; CoreId < TEST_CORES; CoreId++) {
        CHAR Words[32];

        HostedSetCurrentCpu(CoreId);
        g_Test.Log[0] = '\0';
        MtfExit();
        snprintf(Words, sizeof(Words), "core %u: an MTF exit", CoreId);
        TestExpectLog(Words);
        TestExpectLog("RIP ffffffff81000000");
        g_Test.Log[0] = '\0';
        MtfExit();
        TestExpectLogSilent();
    }
    HostedSetCurrentCpu(0);
}

static void WithoutCallbacksTheTrapIsTurnedOff(void **State)
{
    (void)State;
    memset(&g_Callbacks, 0, sizeof(g_Callbacks));
    TurnMtfOn();
    MtfExit();
    assert_false(MtfIsOn());
    assert_int_equal(FakeInjected().Info, 0);
}

/* --- one instruction, exactly --- */

static BOOLEAN HoldInterrupts(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    VmFuncSuppressRipIncrement(0); /* the instruction is still to come */
    MtfHoldInterrupts(GuestVCpu());
    return TRUE;
}

static VOID ExitThatHoldsInterrupts(VOID)
{
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = HoldInterrupts;
    GuestCpuid(0, 0);
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, FALSE);
}

static void AShadowKeepsInterruptsOut(void **State)
{
    (void)State;
    ExitThatHoldsInterrupts();
    assert_int_equal(*FakeInterruptibility(0), BLOCKING_MOV_SS);
}

/* Both at once would be a refused entry. */
static void TheShadowTakesTheStisPlace(void **State)
{
    (void)State;
    *FakeInterruptibility(0) = BLOCKING_STI;
    ExitThatHoldsInterrupts();
    assert_int_equal(*FakeInterruptibility(0), BLOCKING_MOV_SS);
}

/* The entry wants the trap of a single step to be pending in a shadow. */
static void AGuestThatStepsItselfKeepsItsTrap(void **State)
{
    (void)State;
    Guest()->Regs.rflags |= TEST_RFLAGS_TF;
    ExitThatHoldsInterrupts();
    assert_int_equal(*FakePendingDebug(0), PENDING_DEBUG_BS);
}

/* And not to be, where it steps by branches. */
static void AGuestThatStepsByBranchesHasNone(void **State)
{
    (void)State;
    Guest()->Regs.rflags |= TEST_RFLAGS_TF;
    FakeMsrSet(0, IA32_DEBUGCTL, DEBUGCTL_BTF);
    ExitThatHoldsInterrupts();
    assert_int_equal(*FakeInterruptibility(0), BLOCKING_MOV_SS);
    assert_int_equal(*FakePendingDebug(0), 0);
}

/* --- an instruction that exits by itself is stepped when it is done --- */

static BOOLEAN AskForATrap(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    if (!IsPost)
        GuestVCpu()->RegisterBreakOnMtf = TRUE;
    MtfSet(GuestVCpu(), TRUE);
    return FALSE;
}

/* A CPUID asks for a trap of what follows it. */
static VOID StartTrap(VOID)
{
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = AskForATrap;
    GuestCpuid(0, 0);
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, FALSE);
    Guest()->Rip = TEST_RIP;
    TestExpectTrace("");
}

static void AnInstructionOfOursIsAStep(void **State)
{
    (void)State;
    StartTrap();
    assert_true(MtfIsOn());
    GuestCpuid(0, 0);
    TestExpectTrace("reapply(0) registered(0,0) restore(0) ");
    assert_false(MtfIsOn());
    ExpectDone(2);
}

static void AnExitThatDoesNothingIsNoStep(void **State)
{
    (void)State;
    StartTrap();
    FakeExit(&(FAKE_EXIT){.Reason           = VMX_EXIT_REASON_EXCEPTION_OR_NMI,
                          .InterruptionInfo = TEST_INFO(INTERRUPTION_TYPE_NMI, 2)});
    TestExpectTrace("");
    assert_true(MtfIsOn());
    MtfExit();
    TestExpectTrace("reapply(0) registered(0,0) restore(0) ");
}

/* --- without the flag --- */

static int StartWithoutFlag(void **State)
{
    TestMachine(TEST_CORES);
    FakeCapabilityRemove(IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_MONITOR_TRAP_FLAG);
    return Load(State);
}

static BOOLEAN WindowIsAsked(VOID)
{
    return (GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS) & PRIMARY_NMI_WINDOW_EXITING) != 0;
}

/* The instruction in the shadow is behind the guest. */
static BOOLEAN PassInstruction(VOID)
{
    assert_int_equal(*FakeInterruptibility(0) & BLOCKING_MOV_SS, BLOCKING_MOV_SS);
    assert_false(FakeTakeNmiWindow());
    *FakeInterruptibility(0) &= ~BLOCKING_MOV_SS;
    Guest()->Rip += 3;
    return FakeTakeNmiWindow();
}

static void TheNmiWindowIsTheTrap(void **State)
{
    (void)State;
    StartTrap();
    assert_true(WindowIsAsked());
    assert_true(PassInstruction());
    TestExpectTrace("reapply(0) registered(0,0) restore(0) ");
    assert_false(WindowIsAsked());
    assert_int_equal(FakeInjected().Info, 0);
    assert_int_equal(Guest()->Rip, TEST_RIP + 3);
    assert_int_equal(*FakeInterruptibility(0), 0);
}

static void TheWindowServesTrapAfterTrap(void **State)
{
    UINT32 Step;

    (void)State;
    StartTrap();
    g_AsksAgain = TRUE;
    for (Step = 0; Step < 3; Step++) {
        assert_true(PassInstruction());
        TestExpectTrace("reapply(0) registered(0,0) restore(0) ");
    }
    g_AsksAgain = FALSE;
    assert_true(PassInstruction());
    assert_false(FakeTakeNmiWindow());
}

static void AnEmulatedInstructionIsAStepThereToo(void **State)
{
    (void)State;
    StartTrap();
    GuestCpuid(0, 0);
    TestExpectTrace("reapply(0) registered(0,0) restore(0) ");
    assert_false(WindowIsAsked());
    assert_int_equal(*FakeInterruptibility(0), 0);
}

/* In the guest's NMI handler. */
static void BlockedNmisAreBlockedAgainAfterTheTrap(void **State)
{
    (void)State;
    *FakeInterruptibility(0) = BLOCKING_NMI;
    StartTrap();
    assert_true(PassInstruction());
    TestExpectTrace("reapply(0) registered(0,0) restore(0) ");
    assert_int_equal(*FakeInterruptibility(0), BLOCKING_NMI);
}

static void AnNmiThatWaitsComesAfterTheTrap(void **State)
{
    (void)State;
    StartTrap();
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_EXCEPTION_OR_NMI, .InterruptionInfo = NMI_INFO});
    /* before the instruction there is a shadow */
    assert_int_equal(FakeInjected().Info, 0);
    assert_true(PassInstruction());
    TestExpectTrace("reapply(0) registered(0,0) restore(0) ");
    assert_true(FakeTakeNmiWindow());
    assert_int_equal(FakeInjected().Info, NMI_INFO);
    assert_int_equal(GuestVCpu()->PendingNmis, 0);
    assert_false(WindowIsAsked());
}

/* As with the flag: the next trap is at the first instruction of the NMI's handler. */
static void StepAfterStepGoesIntoTheHandlerOfAnNmi(void **State)
{
    (void)State;
    StartTrap();
    g_AsksAgain = TRUE;
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_EXCEPTION_OR_NMI, .InterruptionInfo = NMI_INFO});
    assert_true(PassInstruction());
    TestExpectTrace("reapply(0) registered(0,0) restore(0) ");
    assert_int_equal(INTERRUPTION_INFO_VECTOR(FakeInjected().Info), 2);
    assert_int_equal(GuestVCpu()->PendingNmis, 0);
    g_AsksAgain = FALSE;
    assert_true(FakeTakeNmiWindow()); /* delivered; its handler has not begun */
    TestExpectTrace("reapply(0) registered(0,0) restore(0) ");
    assert_int_equal(*FakeInterruptibility(0), BLOCKING_NMI);
}

#define MTF_TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, TestFinish)
#define WITHOUT(Name)  cmocka_unit_test_setup_teardown(Name, StartWithoutFlag, TestFinish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        MTF_TEST(WhoRegisteredIsServedAndTheFlagIsClearedBefore),
        MTF_TEST(TheHandlerMayAskForAnotherStep),
        MTF_TEST(WithoutARegistrationTheNmiHaltIsAsked),
        MTF_TEST(AllThatArePendingAreServedInOrder),
        MTF_TEST(EachCoreIsServedForItself),
        MTF_TEST(WhoWantsItKeptOnKeepsItOnOnce),
        MTF_TEST(ExternalInterruptsAreGivenBack),
        MTF_TEST(AnExitThatNobodyExplainsIsLoggedOncePerCore),
        MTF_TEST(WithoutCallbacksTheTrapIsTurnedOff),
        MTF_TEST(AShadowKeepsInterruptsOut),
        MTF_TEST(TheShadowTakesTheStisPlace),
        MTF_TEST(AGuestThatStepsItselfKeepsItsTrap),
        MTF_TEST(AGuestThatStepsByBranchesHasNone),
        MTF_TEST(AnInstructionOfOursIsAStep),
        MTF_TEST(AnExitThatDoesNothingIsNoStep),
        WITHOUT(TheNmiWindowIsTheTrap),
        WITHOUT(TheWindowServesTrapAfterTrap),
        WITHOUT(AnEmulatedInstructionIsAStepThereToo),
        WITHOUT(BlockedNmisAreBlockedAgainAfterTheTrap),
        WITHOUT(AnNmiThatWaitsComesAfterTheTrap),
        WITHOUT(StepAfterStepGoesIntoTheHandlerOfAnNmi),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

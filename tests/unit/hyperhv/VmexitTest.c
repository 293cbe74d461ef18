/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmexitTest.c - every exit: what is decoded, how RIP moves on, what the guest gets of an exit that nobody
 * handles.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#define BLOCKING_STI    1ull
#define BLOCKING_MOV_SS 2ull
#define BLOCKING_NMI    8ull
#define DEBUGCTL_BTF    2ull
#define CODE_32         0xC09B /* rights of a 32-bit code segment; 64-bit: A09B */

/* --- decoding --- */

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE
LookAtTheExit(VMM_EVENT_TYPE_ENUM EventType, VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE CallingStage,
              PVOID Context, BOOLEAN *PostEventRequired, GUEST_REGS *Regs)
{
    const VIRTUAL_MACHINE_STATE *VCpu = &g_GuestState[1];

    (void)EventType;
    (void)CallingStage;
    (void)Context;
    (void)PostEventRequired;
    assert_ptr_equal(VCpu->Regs, Regs);
    assert_int_equal(VCpu->CoreId, 1);
    assert_true(VCpu->IsOnVmxRootMode);
    assert_true(VCpu->IncrementRip);
    assert_false(VCpu->XmmRegsValid);
    assert_int_equal(VCpu->ExitReason, VMX_EXIT_REASON_EXECUTE_CPUID);
    assert_int_equal(VCpu->ExitQualification, 0x123456789ABCDEFull);
    assert_int_equal(VCpu->LastVmexitRip, TEST_RIP);
    assert_int_equal(Regs->rflags, 0x246);
    assert_int_equal(Regs->r15, 0x1515);
    assert_int_equal(VmFuncGetCurrentCoreId(), 1);
    assert_true(VmFuncVmxGetCurrentExecutionMode());
    return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

static void AnExitIsDecodedOnceOnItsOwnCore(void **State)
{
    (void)State;
    HostedSetCurrentCpu(1);
    g_Callbacks.VmmCallbackTriggerEvents = LookAtTheExit;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    Guest()->Regs.r15 = 0x1515;
    FakeExit(&(FAKE_EXIT){.Reason            = VMX_EXIT_REASON_EXECUTE_CPUID,
                          .InstructionLength = 2,
                          .Qualification     = 0x123456789ABCDEFull});
    assert_false(g_GuestState[1].IsOnVmxRootMode);
    assert_false(VmFuncVmxGetCurrentExecutionMode());
    HostedSetCurrentCpu(0);
}

static void ExitsAreCountedByReasonAndCore(void **State)
{
    UINT64 Counts[HV_EXIT_REASON_COUNT + 2];
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < 5; Index++)
        GuestCpuid(0, 0);
    GuestRdmsr(TEST_MSR);
    assert_true(VmFuncGetExitCounts(0, Counts, COUNT_OF(Counts)));
    for (Index = 0; Index < COUNT_OF(Counts); Index++)
        assert_int_equal(Counts[Index], Index == VMX_EXIT_REASON_EXECUTE_CPUID   ? 5
                                        : Index == VMX_EXIT_REASON_EXECUTE_RDMSR ? 1
                                                                                 : 0);
    assert_true(VmFuncGetExitCounts(1, Counts, 1 + VMX_EXIT_REASON_EXECUTE_CPUID));
    assert_int_equal(Counts[VMX_EXIT_REASON_EXECUTE_CPUID], 0);
    assert_false(VmFuncGetExitCounts(TEST_CORES, Counts, COUNT_OF(Counts)));
}

/* --- RIP --- */

static void RipMovesByTheInstructionsLength(void **State)
{
    UINT32 Length;

    (void)State;
    for (Length = 1; Length <= 15; Length++) {
        Guest()->Rip = TEST_RIP;
        FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_CPUID, Length);
        ExpectDone(Length);
    }
}

static VOID SetCode(UINT32 Rights)
{
    Guest()->Segments[VMCS_SEGMENT_CS].Rights = Rights;
}

static void In32BitModeRipWrapsAt4GiB(void **State)
{
    const UINT32 Code64 = Guest()->Segments[VMCS_SEGMENT_CS].Rights;

    (void)State;
    SetCode(CODE_32);
    Guest()->Rip = 0xFFFFFFFE;
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_CPUID, 2);
    assert_int_equal(Guest()->Rip, 0);
    Guest()->Rip = 0xFFFFFFFF;
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_CPUID, 15);
    assert_int_equal(Guest()->Rip, 14);
    Guest()->Rip = 0xFFFFFFF0;
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_CPUID, 15);
    assert_int_equal(Guest()->Rip, 0xFFFFFFFF);
    SetCode(Code64);
}

static void In64BitModeRipDoesNotWrap(void **State)
{
    (void)State;
    Guest()->Rip = 0xFFFFFFFE;
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_CPUID, 2);
    assert_int_equal(Guest()->Rip, 0x100000000ull);
    Guest()->Rip = 0x7FFFFFFFFFFEull;
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_CPUID, 2);
    assert_int_equal(Guest()->Rip, 0x800000000000ull); /* the fetch there is #GP, as on bare metal */
    Guest()->Rip = TEST_RIP;
}

/* --- what the end of an instruction ends and begins --- */

static void TheInterruptShadowEndsWithTheInstruction(void **State)
{
    (void)State;
    *FakeInterruptibility(0) = BLOCKING_STI | BLOCKING_NMI;
    GuestCpuid(0, 0);
    assert_int_equal(*FakeInterruptibility(0), BLOCKING_NMI); /* that is no shadow */
    *FakeInterruptibility(0) = BLOCKING_MOV_SS;
    GuestCpuid(0, 0);
    assert_int_equal(*FakeInterruptibility(0), 0);
}

static void AFaultDoesNotPassTheShadowOn(void **State)
{
    (void)State;
    *FakeInterruptibility(0) = BLOCKING_STI;
    GuestRdmsr(TEST_MSR_MISSING);
    assert_int_equal(*FakeInterruptibility(0), 0); /* the delivery ends it */
    ExpectGeneralProtection();
}

static void ASingleStepTrapIsPendingAfterTheInstruction(void **State)
{
    (void)State;
    GuestCpuid(0, 0);
    assert_int_equal(*FakePendingDebug(0), 0);
    Guest()->Regs.rflags |= TEST_RFLAGS_TF;
    GuestCpuid(0, 0);
    assert_int_equal(*FakePendingDebug(0), PENDING_DEBUG_BS);
    *FakePendingDebug(0) = 5; /* breakpoints that the instruction has met stay */
    GuestCpuid(0, 0);
    assert_int_equal(*FakePendingDebug(0), PENDING_DEBUG_BS | 5);
}

static void ASteppedInstructionInAShadowTrapsToo(void **State)
{
    (void)State;
    Guest()->Regs.rflags |= TEST_RFLAGS_TF;
    *FakeInterruptibility(0) = BLOCKING_MOV_SS;
    *FakePendingDebug(0)     = PENDING_DEBUG_BS;
    GuestCpuid(0, 0);
    assert_int_equal(*FakeInterruptibility(0), 0);
    assert_int_equal(*FakePendingDebug(0), PENDING_DEBUG_BS);
}

static void AFaultedInstructionLeavesNoSingleStepTrap(void **State)
{
    (void)State;
    Guest()->Regs.rflags |= TEST_RFLAGS_TF;
    GuestRdmsr(TEST_MSR_MISSING);
    ExpectGeneralProtection();
    assert_int_equal(*FakePendingDebug(0), 0);
}

/* With DEBUGCTL.BTF the trap comes after branches, and this is none. */
static void SteppingByBranchesDoesNotTrapHere(void **State)
{
    (void)State;
    Guest()->Regs.rflags |= TEST_RFLAGS_TF;
    FakeMsrSet(0, IA32_DEBUGCTL, DEBUGCTL_BTF);
    GuestCpuid(0, 0);
    assert_int_equal(*FakePendingDebug(0), 0);
}

/* --- exits that nobody handles --- */

static const UINT32 VmxInstructions[] = {
    VMX_EXIT_REASON_EXECUTE_VMCLEAR, VMX_EXIT_REASON_EXECUTE_VMLAUNCH, VMX_EXIT_REASON_EXECUTE_VMPTRLD,
    VMX_EXIT_REASON_EXECUTE_VMPTRST, VMX_EXIT_REASON_EXECUTE_VMREAD,   VMX_EXIT_REASON_EXECUTE_VMRESUME,
    VMX_EXIT_REASON_EXECUTE_VMWRITE, VMX_EXIT_REASON_EXECUTE_VMXOFF,   VMX_EXIT_REASON_EXECUTE_VMXON,
    VMX_EXIT_REASON_EXECUTE_INVEPT,  VMX_EXIT_REASON_EXECUTE_INVVPID,  VMX_EXIT_REASON_EXECUTE_VMFUNC,
    VMX_EXIT_REASON_EXECUTE_GETSEC,
};

static void TheGuestHasNoVmxInstructions(void **State)
{
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(VmxInstructions); Index++) {
        FakeExitInstruction(VmxInstructions[Index], 3);
        ExpectUndefinedOpcode();
    }
    TestExpectLogSilent(); /* nothing unusual */
}

static void AnUnknownReasonIsLoggedWithItsContext(void **State)
{
    static const UINT32 Reasons[] = {5, 6, 35, 36, 42, 62, 79, 80, 127, 128, 0xFFFF};
    CHAR Words[32];
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Reasons); Index++) {
        g_Test.Log[0]     = '\0';
        Guest()->Regs.rax = 0xABCD1234;
        FakeExit(&(FAKE_EXIT){.Reason = Reasons[Index], .Qualification = 0x5678, .InstructionLength = 3});
        ExpectUndefinedOpcode();
        snprintf(Words, sizeof(Words), "exit of reason %u,", Reasons[Index]);
        TestExpectLog("core 0");
        TestExpectLog(Words);
        TestExpectLog("qualification 5678");
        TestExpectLog("RIP ffffffff81000000");
        TestExpectLog("RAX abcd1234");
    }
}

static void AnEptViolationIsTheUsersFirst(void **State)
{
    const FAKE_EXIT Violation = {.Reason            = VMX_EXIT_REASON_EPT_VIOLATION,
                                 .Qualification     = 0x182,
                                 .GuestPhysical     = 0xFEDCBA000,
                                 .InstructionLength = 3};

    (void)State;
    g_Test.Handles = TRUE;
    FakeExit(&Violation);
    TestExpectTrace("ept(0,182,fedcba000) ");
    assert_int_equal(FakeInjected().Info, 0);
    assert_int_equal(Guest()->Rip, TEST_RIP); /* the access is tried again */
    TestExpectLogSilent();
    g_Test.Handles = FALSE;
    FakeExit(&Violation);
    TestExpectTrace("ept(0,182,fedcba000) ");
    ExpectGeneralProtection();
    TestExpectLog("physical fedcba000, qualification 182, RIP ffffffff81000000");
}

static void AMalformedEptStopsTheKernelOutsideVmx(void **State)
{
    (void)State;
    EXPECT_PANIC(FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_EPT_MISCONFIGURATION}),
                 "EPT entry is malformed");
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
}

static void AGuestThatTheProcessorRefusesStopsTheKernelOutsideVmx(void **State)
{
    (void)State;
    FakeRefuse(0, FAKE_GUEST_CHECKS, 1);
    EXPECT_PANIC(GuestCpuid(0, 0), "refuses the guest state");
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
}

static void AVmresumeThatFailsStopsTheKernelOutsideVmx(void **State)
{
    (void)State;
    FakeRefuse(0, FAKE_VMRESUME, 1);
    EXPECT_PANIC(GuestCpuid(0, 0), "VMRESUME failed");
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
}

static VOID TripleFaulted(VOID)
{
    TestCatch("triple fault");
}

static void ATripleFaultHappensOutsideVmx(void **State)
{
    (void)State;
    FakeSetTripleFaultHandler(TripleFaulted);
    if (setjmp(g_Caught) == 0) {
        FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_TRIPLE_FAULT});
        fail_msg("the guest goes on");
    }
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    assert_string_equal(g_CaughtMessage, "triple fault");
}

/* Bare metal is reset by it, and so is the core, by one that it sends itself. */
static void AnInitIsTakenOutsideVmx(void **State)
{
    (void)State;
    FakeSetTripleFaultHandler(TripleFaulted);
    if (setjmp(g_Caught) == 0) {
        FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_INIT_SIGNAL});
        fail_msg("the guest goes on");
    }
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    assert_int_equal(FakeInitsSent(0), 1);
}

/* --- the whole range --- */

/* Exits that come between instructions. */
static BOOLEAN IsAsynchronous(UINT32 Reason)
{
    return Reason == VMX_EXIT_REASON_EXTERNAL_INTERRUPT || Reason == VMX_EXIT_REASON_NMI_WINDOW ||
           Reason == VMX_EXIT_REASON_INTERRUPT_WINDOW || Reason == VMX_EXIT_REASON_MONITOR_TRAP_FLAG;
}

/* Whatever the reason, the exit ends in the guest (or where a test above says otherwise), with RIP where it
 * may be. */
static void NoReasonIsIgnored(void **State)
{
    UINT32 Reason;

    (void)State;
    for (Reason = 0; Reason < 200; Reason++) {
        if (Reason == VMX_EXIT_REASON_TRIPLE_FAULT || Reason == VMX_EXIT_REASON_INIT_SIGNAL ||
            Reason == VMX_EXIT_REASON_EPT_MISCONFIGURATION || Reason == VMX_EXIT_REASON_INVALID_GUEST_STATE ||
            Reason == VMX_EXIT_REASON_MSR_LOADING)
            continue;
        Guest()->Rip = TEST_RIP;
        GuestSetRax(0, 0);
        FakeExit(&(FAKE_EXIT){
            .Reason = Reason, .InstructionLength = 2, .InterruptionInfo = TEST_INFO_HARDWARE(1)});
        assert_int_equal(FakeMode(0), FAKE_VMX_GUEST);
        if (FakeInjected().Info == 0)
            assert_int_equal(Guest()->Rip, TEST_RIP + (IsAsynchronous(Reason) ? 0 : 2));
        else
            assert_int_equal(Guest()->Rip, TEST_RIP);
    }
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(AnExitIsDecodedOnceOnItsOwnCore),
        TEST(ExitsAreCountedByReasonAndCore),
        TEST(RipMovesByTheInstructionsLength),
        TEST(In32BitModeRipWrapsAt4GiB),
        TEST(In64BitModeRipDoesNotWrap),
        TEST(TheInterruptShadowEndsWithTheInstruction),
        TEST(AFaultDoesNotPassTheShadowOn),
        TEST(ASingleStepTrapIsPendingAfterTheInstruction),
        TEST(ASteppedInstructionInAShadowTrapsToo),
        TEST(AFaultedInstructionLeavesNoSingleStepTrap),
        TEST(SteppingByBranchesDoesNotTrapHere),
        TEST(TheGuestHasNoVmxInstructions),
        TEST(AnUnknownReasonIsLoggedWithItsContext),
        TEST(AnEptViolationIsTheUsersFirst),
        TEST(AMalformedEptStopsTheKernelOutsideVmx),
        TEST(AGuestThatTheProcessorRefusesStopsTheKernelOutsideVmx),
        TEST(AVmresumeThatFailsStopsTheKernelOutsideVmx),
        TEST(ATripleFaultHappensOutsideVmx),
        TEST(AnInitIsTakenOutsideVmx),
        TEST(NoReasonIsIgnored),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

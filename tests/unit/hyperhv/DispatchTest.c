/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * DispatchTest.c - every dispatcher has the contract's shape (section 5): unarmed the effect alone; armed
 * PRE, the effect unless short-circuited, POST if it was asked for, with the same context.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

/* An instruction of each dispatcher, ready to exit on a guest whose registers are set for it. */
typedef struct _INSTRUCTION {
    const CHAR *Name;
    VMM_EVENT_TYPE_ENUM Type;
    UINT32 Reason;
    UINT32 Length;
    UINT64 Rax, Rcx, Rdx; /* inputs */
    UINT64 Context;
    VOID (*ExpectEffect)(VOID);
    VOID (*ExpectNoEffect)(VOID);
} INSTRUCTION;

#define GARBAGE_ABOVE 0xABCDEF0100000000ull /* what 32-bit inputs may have in their upper halves */

static VOID CpuidHappened(VOID)
{
    assert_int_equal(Guest()->Regs.rax, 0x16);
    assert_int_equal(Guest()->Regs.rbx, 0x756E6547);
    assert_int_equal(Guest()->Regs.rcx, 0x6C65746E);
    assert_int_equal(Guest()->Regs.rdx, 0x49656E69);
}

static VOID CpuidDidNotHappen(VOID)
{
    assert_int_equal(Guest()->Regs.rax, GARBAGE_ABOVE | 0);
    assert_int_equal(Guest()->Regs.rcx, 0);
}

static VOID RdmsrHappened(VOID)
{
    assert_int_equal(Guest()->Regs.rax, 0x6F5E4D3C);
    assert_int_equal(Guest()->Regs.rdx, 0x7);
}

static VOID RdmsrDidNotHappen(VOID)
{
    assert_int_equal(Guest()->Regs.rax, 1);
    assert_int_equal(Guest()->Regs.rdx, 2);
}

static VOID WrmsrHappened(VOID)
{
    assert_int_equal(FakeMsrGet(0, TEST_MSR), 0x200000001ull);
}

static VOID WrmsrDidNotHappen(VOID)
{
    assert_int_equal(FakeMsrGet(0, TEST_MSR), 0x76F5E4D3Cull);
}

static VOID XsetbvHappened(VOID)
{
    assert_int_equal(Guest()->Xcr0, 7);
}

static VOID XsetbvDidNotHappen(VOID)
{
    assert_int_equal(Guest()->Xcr0, 3);
}

static const INSTRUCTION Instructions[] = {
    {"CPUID", CPUID_INSTRUCTION_EXECUTION, VMX_EXIT_REASON_EXECUTE_CPUID, 2, GARBAGE_ABOVE, 0, 0, 0,
     CpuidHappened, CpuidDidNotHappen},
    {"RDMSR", RDMSR_INSTRUCTION_EXECUTION, VMX_EXIT_REASON_EXECUTE_RDMSR, 2, 1, GARBAGE_ABOVE | TEST_MSR, 2,
     TEST_MSR, RdmsrHappened, RdmsrDidNotHappen},
    {"WRMSR", WRMSR_INSTRUCTION_EXECUTION, VMX_EXIT_REASON_EXECUTE_WRMSR, 2, GARBAGE_ABOVE | 1,
     GARBAGE_ABOVE | TEST_MSR, 2, TEST_MSR, WrmsrHappened, WrmsrDidNotHappen},
    {"XSETBV", XSETBV_INSTRUCTION_EXECUTION, VMX_EXIT_REASON_EXECUTE_XSETBV, 3, 7, GARBAGE_ABOVE, 0, 0,
     XsetbvHappened, XsetbvDidNotHappen},
};

static const INSTRUCTION *g_Instruction;

/* A guest at its start, with the inputs in its registers. */
static VOID Prepare(const INSTRUCTION *Instruction)
{
    memset(&g_Test, 0, sizeof(g_Test));
    g_Instruction = Instruction;
    FakeMsrSet(0, TEST_MSR, 0x76F5E4D3C);
    Guest()->Rip      = TEST_RIP;
    Guest()->Xcr0     = 3;
    Guest()->Regs.rax = Instruction->Rax;
    Guest()->Regs.rcx = Instruction->Rcx;
    Guest()->Regs.rdx = Instruction->Rdx;
}

static VOID Execute(VOID)
{
    FakeExitInstruction(g_Instruction->Reason, g_Instruction->Length);
}

static VOID ExpectEvent(UINT32 Index, VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE Stage)
{
    const TEST_EVENT *Event = &g_Test.Events[Index];

    assert_true(Index < g_Test.EventCount);
    assert_int_equal(Event->Type, g_Instruction->Type);
    assert_int_equal(Event->Stage, Stage);
    assert_int_equal(Event->Context, g_Instruction->Context);
    assert_int_equal(Event->MayAskForPost, Stage == VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION);
}

#define PRE  VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION
#define POST VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION

#define FOR_EACH_INSTRUCTION(Instruction)                                                                    \
    for (const INSTRUCTION *Instruction = Instructions; Instruction < Instructions + COUNT_OF(Instructions); \
         Instruction++)

/* --- tests --- */

static void UnarmedTheEffectHappensAndNobodyIsAsked(void **State)
{
    (void)State;
    FOR_EACH_INSTRUCTION(Instruction)
    {
        Prepare(Instruction);
        Execute();
        Instruction->ExpectEffect();
        ExpectDone(Instruction->Length);
        assert_int_equal(g_Test.EventCount, 0);
    }
}

static BOOLEAN SeeNoEffectYet(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)IsPost;
    assert_int_equal(Regs->rax, g_Instruction->Rax);
    assert_int_equal(Regs->rcx, g_Instruction->Rcx);
    assert_int_equal(Regs->rdx, g_Instruction->Rdx);
    assert_int_equal(FakeMsrGet(0, TEST_MSR), 0x76F5E4D3Cull);
    assert_int_equal(Guest()->Xcr0, 3);
    return FALSE;
}

static void ArmedPreComesBeforeTheEffectAndPostOnlyIfAskedFor(void **State)
{
    (void)State;
    FOR_EACH_INSTRUCTION(Instruction)
    {
        VmFuncSetTriggerEvent(Instruction->Type, TRUE);
        Prepare(Instruction);
        g_Test.OnEvent = SeeNoEffectYet;
        Execute();
        Instruction->ExpectEffect();
        ExpectDone(Instruction->Length);
        assert_int_equal(g_Test.EventCount, 1);
        ExpectEvent(0, PRE);
        VmFuncSetTriggerEvent(Instruction->Type, FALSE);
    }
}

static BOOLEAN SeeTheEffectInPost(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    if (!IsPost)
        return SeeNoEffectYet(Regs, IsPost);
    if (g_Instruction->Type == CPUID_INSTRUCTION_EXECUTION)
        assert_int_equal(Regs->rbx, 0x756E6547);
    else if (g_Instruction->Type == RDMSR_INSTRUCTION_EXECUTION)
        assert_int_equal(Regs->rax, 0x6F5E4D3C);
    else
        g_Instruction->ExpectEffect();
    return TRUE; /* POST's answer changes nothing */
}

static void PreAndPostEncloseTheEffectWithTheSameContext(void **State)
{
    (void)State;
    FOR_EACH_INSTRUCTION(Instruction)
    {
        VmFuncSetTriggerEvent(Instruction->Type, TRUE);
        Prepare(Instruction);
        g_Test.WantsPost = TRUE;
        g_Test.OnEvent   = SeeTheEffectInPost;
        Execute();
        Instruction->ExpectEffect();
        ExpectDone(Instruction->Length);
        assert_int_equal(g_Test.EventCount, 2);
        ExpectEvent(0, PRE);
        ExpectEvent(1, POST);
        VmFuncSetTriggerEvent(Instruction->Type, FALSE);
    }
}

static BOOLEAN ShortCircuit(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    return !IsPost;
}

static void ShortCircuitedTheEffectDoesNotHappenAndRipMovesOn(void **State)
{
    (void)State;
    FOR_EACH_INSTRUCTION(Instruction)
    {
        VmFuncSetTriggerEvent(Instruction->Type, TRUE);
        Prepare(Instruction);
        g_Test.OnEvent = ShortCircuit;
        Execute();
        Instruction->ExpectNoEffect();
        ExpectDone(Instruction->Length);
        assert_int_equal(g_Test.EventCount, 1);
        VmFuncSetTriggerEvent(Instruction->Type, FALSE);
    }
}

static void ShortCircuitedPostStillComesIfAskedFor(void **State)
{
    (void)State;
    FOR_EACH_INSTRUCTION(Instruction)
    {
        VmFuncSetTriggerEvent(Instruction->Type, TRUE);
        Prepare(Instruction);
        g_Test.OnEvent   = ShortCircuit;
        g_Test.WantsPost = TRUE;
        Execute();
        Instruction->ExpectNoEffect();
        ExpectDone(Instruction->Length);
        assert_int_equal(g_Test.EventCount, 2);
        ExpectEvent(1, POST);
        VmFuncSetTriggerEvent(Instruction->Type, FALSE);
    }
}

/* Every answer but "ignore" lets the instruction take effect. */
static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE g_Status;

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE
AnswerStatus(VMM_EVENT_TYPE_ENUM EventType, VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE CallingStage, PVOID Context,
             BOOLEAN *PostEventRequired, GUEST_REGS *Regs)
{
    (void)EventType;
    (void)CallingStage;
    (void)Context;
    (void)PostEventRequired; /* not touched: no POST */
    (void)Regs;
    g_Test.EventCount++;
    return g_Status;
}

static void OnlyIgnoreStopsTheEffect(void **State)
{
    (void)State;
    g_Callbacks.VmmCallbackTriggerEvents = AnswerStatus;
    FOR_EACH_INSTRUCTION(Instruction)
    {
        VmFuncSetTriggerEvent(Instruction->Type, TRUE);
        for (g_Status = VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
             g_Status <= VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_NO_INITIALIZED; g_Status++) {
            Prepare(Instruction);
            Execute();
            if (g_Status == VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT)
                Instruction->ExpectNoEffect();
            else
                Instruction->ExpectEffect();
            assert_int_equal(g_Test.EventCount, 1);
        }
        VmFuncSetTriggerEvent(Instruction->Type, FALSE);
    }
}

static void ArmedWithoutACallbackTheEffectHappens(void **State)
{
    (void)State;
    g_Callbacks.VmmCallbackTriggerEvents = NULL;
    FOR_EACH_INSTRUCTION(Instruction)
    {
        VmFuncSetTriggerEvent(Instruction->Type, TRUE);
        Prepare(Instruction);
        Execute();
        Instruction->ExpectEffect();
        ExpectDone(Instruction->Length);
        VmFuncSetTriggerEvent(Instruction->Type, FALSE);
    }
}

static void ArmingOneTypeReportsNoOther(void **State)
{
    (void)State;
    FOR_EACH_INSTRUCTION(Armed)
    {
        VmFuncSetTriggerEvent(Armed->Type, TRUE);
        FOR_EACH_INSTRUCTION(Instruction)
        {
            Prepare(Instruction);
            Execute();
            assert_int_equal(g_Test.EventCount, Instruction == Armed ? 1 : 0);
        }
        VmFuncSetTriggerEvent(Armed->Type, FALSE);
    }
}

/* --- inputs changed in PRE, outputs in POST --- */

static BOOLEAN AskForLeaf7(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    if (!IsPost)
        Regs->rax = 7;
    return FALSE;
}

static void TheLeafThatPreChoseIsExecutedAndTheContextStays(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Instruction    = &Instructions[0];
    g_Test.OnEvent   = AskForLeaf7;
    g_Test.WantsPost = TRUE;
    GuestCpuid(0, 0);
    assert_int_equal(Guest()->Regs.rbx, 0xD39FFFFB);
    assert_int_equal(g_Test.EventCount, 2);
    ExpectEvent(1, POST); /* context: the leaf that the guest asked for */
}

static BOOLEAN OtherMsrAndValue(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    if (!IsPost) {
        Regs->rcx = TEST_MSR;
        Regs->rax = 0x11111111;
        Regs->rdx = 0x22222222;
    }
    return FALSE;
}

static void TheMsrAndValueThatPreChoseAreWritten(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(WRMSR_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = OtherMsrAndValue;
    GuestWrmsr(TEST_MSR_MISSING, 5);
    ExpectDone(2);
    assert_int_equal(FakeMsrGet(0, TEST_MSR), 0x2222222211111111ull);
    assert_int_equal(g_Test.Events[0].Context, TEST_MSR_MISSING);
}

static void TheMsrThatPreChoseIsRead(void **State)
{
    (void)State;
    FakeMsrSet(0, TEST_MSR, 0x99);
    VmFuncSetTriggerEvent(RDMSR_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = OtherMsrAndValue;
    GuestRdmsr(TEST_MSR_MISSING);
    ExpectDone(2);
    assert_int_equal(GuestEdxEax(), 0x99);
}

static BOOLEAN ClearHypervisorBitInPost(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    if (IsPost)
        Regs->rcx &= ~(1ull << 31);
    return FALSE;
}

/* What examples/hide-hypervisor does. */
static void WhatPostChangesIsWhatTheGuestSees(void **State)
{
    (void)State;
    GuestCpuid(1, 0);
    assert_true(Guest()->Regs.rcx & (1u << 31));
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent   = ClearHypervisorBitInPost;
    g_Test.WantsPost = TRUE;
    GuestCpuid(1, 0);
    assert_false(Guest()->Regs.rcx & (1u << 31));
    assert_true(Guest()->Regs.rcx & (1u << 26));
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, FALSE);
    GuestCpuid(1, 0);
    assert_true(Guest()->Regs.rcx & (1u << 31));
}

static BOOLEAN AnswerInsteadOfTheProcessor(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    Regs->rax = 0x1234;
    Regs->rdx = 0x5678;
    return !IsPost;
}

static void AShortCircuitCanAnswerItself(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(RDMSR_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = AnswerInsteadOfTheProcessor;
    GuestRdmsr(TEST_MSR_MISSING); /* would be #GP */
    ExpectDone(2);
    assert_int_equal(Guest()->Regs.rax, 0x1234);
    assert_int_equal(Guest()->Regs.rdx, 0x5678);
}

/* --- RSP and RFLAGS --- */

static BOOLEAN ChangeRspInPre(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    if (!IsPost)
        Regs->rsp -= 8;
    return FALSE;
}

static BOOLEAN ChangeRflagsInPost(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    if (IsPost)
        Regs->rflags |= 1;
    return FALSE;
}

static void AChangedRspReachesTheGuest(void **State)
{
    const UINT64 Rsp = Guest()->Regs.rsp;

    (void)State;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = ChangeRspInPre;
    GuestCpuid(0, 0);
    assert_int_equal(Guest()->Regs.rsp, Rsp - 8);
    assert_int_equal(Guest()->Regs.rflags, 0x246);
}

static void AChangedRflagsReachesTheGuest(void **State)
{
    const UINT64 Rsp = Guest()->Regs.rsp;

    (void)State;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent   = ChangeRflagsInPost;
    g_Test.WantsPost = TRUE;
    GuestCpuid(0, 0);
    assert_int_equal(Guest()->Regs.rsp, Rsp);
    assert_int_equal(Guest()->Regs.rflags, 0x247);
}

/* Flags that would make the processor refuse the guest. */
static BOOLEAN SetImpossibleFlags(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)IsPost;
    Regs->rflags = ~0ull;
    VmFuncSuppressRipIncrement(0); /* the shadow stays */
    return TRUE;
}

static BOOLEAN ClearAllFlags(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)IsPost;
    Regs->rflags = 0;
    VmFuncSuppressRipIncrement(0);
    return TRUE;
}

static void OfImpossibleFlagsThePossibleOnesAreTaken(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent           = SetImpossibleFlags;
    *FakeInterruptibility(0) = 2; /* by MOV SS */
    GuestCpuid(0, 0);
    assert_int_equal(Guest()->Regs.rflags, 0x3D7FD7); /* without VM, with the bit that is always 1 */
    assert_int_equal(*FakePendingDebug(0), PENDING_DEBUG_BS);
    g_Test.OnEvent           = ClearAllFlags;
    *FakeInterruptibility(0) = 1; /* by STI: the guest of an entry cannot be there with IF off */
    Guest()->Regs.rflags     = 0x246;
    *FakePendingDebug(0)     = 0;
    GuestCpuid(0, 0);
    assert_int_equal(Guest()->Regs.rflags, 2);
    assert_int_equal(*FakeInterruptibility(0), 0);
}

/* All that a callback leaves alone is as the guest had it. */
static void OtherRegistersStay(void **State)
{
    const UINT64 *Is = (const UINT64 *)&Guest()->Regs;
    UINT64 Was[GUEST_REGS_COUNT];
    UINT32 Index;

    (void)State;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    for (Index = 0; Index < GUEST_REGS_GENERAL_COUNT; Index++)
        ((UINT64 *)&Guest()->Regs)[Index] = 0x1111111111111111ull * Index;
    memcpy(Was, Is, sizeof(Was));
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_CPUID, 2);
    for (Index = 4; Index < GUEST_REGS_COUNT; Index++)
        assert_int_equal(Is[Index], Was[Index]);
    assert_memory_equal(&g_Test.Events[0].Regs, Was, sizeof(Was));
}

/* --- VMCALLs without our signature --- */

static VOID ForeignVmcall(UINT64 Number)
{
    Guest()->Regs.rax = Number;
    Guest()->Regs.rcx = VMCALL_TEST;
    Guest()->Regs.r10 = 0;
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_VMCALL, 3);
}

static void AForeignVmcallIsAnEventWithItsNumber(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(VMCALL_INSTRUCTION_EXECUTION, TRUE);
    ForeignVmcall(0x123456789ABCDEFull);
    assert_int_equal(g_Test.EventCount, 1);
    assert_int_equal(g_Test.Events[0].Type, VMCALL_INSTRUCTION_EXECUTION);
    assert_int_equal(g_Test.Events[0].Context, 0x123456789ABCDEFull);
    ExpectUndefinedOpcode(); /* then as on a machine without us */
}

static void AForeignVmcallThatIsShortCircuitedIsDone(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(VMCALL_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = ShortCircuit;
    ForeignVmcall(1);
    ExpectDone(3);
}

static void OurVmcallsAreNoEvents(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(VMCALL_INSTRUCTION_EXECUTION, TRUE);
    assert_int_equal(VmFuncVmxVmcall(VMCALL_TEST, VMCALL_TEST_PARAM1, VMCALL_TEST_PARAM2, VMCALL_TEST_PARAM3),
                     0);
    assert_int_equal(g_Test.EventCount, 0);
}

/* --- faults --- */

static void AFaultOfTheEffectKeepsRipAndPostStillComes(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(RDMSR_INSTRUCTION_EXECUTION, TRUE);
    g_Test.WantsPost = TRUE;
    GuestRdmsr(TEST_MSR_MISSING);
    ExpectGeneralProtection();
    assert_int_equal(g_Test.EventCount, 2);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(UnarmedTheEffectHappensAndNobodyIsAsked),
        TEST(ArmedPreComesBeforeTheEffectAndPostOnlyIfAskedFor),
        TEST(PreAndPostEncloseTheEffectWithTheSameContext),
        TEST(ShortCircuitedTheEffectDoesNotHappenAndRipMovesOn),
        TEST(ShortCircuitedPostStillComesIfAskedFor),
        TEST(OnlyIgnoreStopsTheEffect),
        TEST(ArmedWithoutACallbackTheEffectHappens),
        TEST(ArmingOneTypeReportsNoOther),
        TEST(TheLeafThatPreChoseIsExecutedAndTheContextStays),
        TEST(TheMsrAndValueThatPreChoseAreWritten),
        TEST(TheMsrThatPreChoseIsRead),
        TEST(WhatPostChangesIsWhatTheGuestSees),
        TEST(AShortCircuitCanAnswerItself),
        TEST(AChangedRspReachesTheGuest),
        TEST(AChangedRflagsReachesTheGuest),
        TEST(OfImpossibleFlagsThePossibleOnesAreTaken),
        TEST(OtherRegistersStay),
        TEST(AForeignVmcallIsAnEventWithItsNumber),
        TEST(AForeignVmcallThatIsShortCircuitedIsDone),
        TEST(OurVmcallsAreNoEvents),
        TEST(AFaultOfTheEffectKeepsRipAndPostStillComes),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

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
    UINT64 Qualification;
    UINT64 RaxInPost; /* what POST sees, where the effect is in RAX; 0: where it is not */
    VOID (*ExpectEffect)(VOID);
    VOID (*ExpectNoEffect)(VOID);
} INSTRUCTION;

#define CR4_TSD (1ull << 2)
#define TS      (1ull << 3)

/* Inputs of the instruction, and what it finds, for the functions below. */
static UINT64 g_Rax, g_Rcx, g_Rdx, g_Cr3, g_Cr4;

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

#define TSC_NOW 0x1234567890ull
#define PMC_NOW 0xAB01234567ull
#define NEW_CR3 0x6789002ull
#define KEEP    (1ull << 63) /* translations of its PCID may stay */

static VOID RdtscHappened(VOID)
{
    assert_int_equal(Guest()->Regs.rax, (UINT32)TSC_NOW);
    assert_int_equal(Guest()->Regs.rdx, TSC_NOW >> 32);
    assert_int_equal(Guest()->Regs.rcx, g_Rcx);
}

static VOID RdtscpHappened(VOID)
{
    assert_int_equal(Guest()->Regs.rax, (UINT32)TSC_NOW);
    assert_int_equal(Guest()->Regs.rdx, TSC_NOW >> 32);
    assert_int_equal(Guest()->Regs.rcx, 0x6F5E4D3C); /* IA32_TSC_AUX, which is TEST_MSR */
}

static VOID RdpmcHappened(VOID)
{
    assert_int_equal(Guest()->Regs.rax, (UINT32)PMC_NOW);
    assert_int_equal(Guest()->Regs.rdx, PMC_NOW >> 32);
}

static VOID RegistersAreUntouched(VOID)
{
    assert_int_equal(Guest()->Regs.rax, g_Rax);
    assert_int_equal(Guest()->Regs.rcx, g_Rcx);
    assert_int_equal(Guest()->Regs.rdx, g_Rdx);
}

static VOID Dr0IsWritten(VOID)
{
    assert_int_equal(Guest()->Dr0, g_Rax);
}

static VOID Dr0IsUntouched(VOID)
{
    assert_int_equal(Guest()->Dr0, 0x5555);
}

static VOID Dr6IsRead(VOID)
{
    assert_int_equal(Guest()->Regs.rax, 0xFFFF0FF0);
}

static VOID Cr4IsWritten(VOID)
{
    assert_int_equal(CpuReadCr4(), g_Rax);
}

static VOID Cr4IsUntouched(VOID)
{
    assert_int_equal(CpuReadCr4(), g_Cr4);
}

static VOID TsIsCleared(VOID)
{
    assert_int_equal(CpuReadCr0() & TS, 0);
}

static VOID TsIsSet(VOID)
{
    assert_int_equal(CpuReadCr0() & TS, TS);
}

static VOID Cr3IsWritten(VOID)
{
    assert_int_equal(Guest()->Cr3, NEW_CR3);
}

static VOID Cr3IsUntouched(VOID)
{
    assert_int_equal(Guest()->Cr3, g_Cr3);
}

static VOID Cr3IsRead(VOID)
{
    assert_int_equal(Guest()->Regs.rax, g_Cr3);
}

static VOID Cr8IsWritten(VOID)
{
    assert_int_equal(Guest()->Cr8, 7);
}

static VOID Cr8IsUntouched(VOID)
{
    assert_int_equal(Guest()->Cr8, 5);
}

static VOID Cr8IsRead(VOID)
{
    assert_int_equal(Guest()->Regs.rax, 5);
}

#define FROM_REGISTER (1u << 4)
#define BY_CLTS       (2u << 4)

static const INSTRUCTION Instructions[] = {
    {"CPUID", CPUID_INSTRUCTION_EXECUTION, VMX_EXIT_REASON_EXECUTE_CPUID, 2, GARBAGE_ABOVE, 0, 0, 0, 0, 0x16,
     CpuidHappened, CpuidDidNotHappen},
    {"RDMSR", RDMSR_INSTRUCTION_EXECUTION, VMX_EXIT_REASON_EXECUTE_RDMSR, 2, 1, GARBAGE_ABOVE | TEST_MSR, 2,
     TEST_MSR, 0, 0x6F5E4D3C, RdmsrHappened, RdmsrDidNotHappen},
    {"WRMSR", WRMSR_INSTRUCTION_EXECUTION, VMX_EXIT_REASON_EXECUTE_WRMSR, 2, GARBAGE_ABOVE | 1,
     GARBAGE_ABOVE | TEST_MSR, 2, TEST_MSR, 0, 0, WrmsrHappened, WrmsrDidNotHappen},
    {"RDTSC", TSC_INSTRUCTION_EXECUTION, VMX_EXIT_REASON_EXECUTE_RDTSC, 2, ~0ull, 1, ~0ull, 0, 0,
     (UINT32)TSC_NOW, RdtscHappened, RegistersAreUntouched},
    {"RDTSCP", TSC_INSTRUCTION_EXECUTION, VMX_EXIT_REASON_EXECUTE_RDTSCP, 3, ~0ull, ~0ull, ~0ull, 1, 0,
     (UINT32)TSC_NOW, RdtscpHappened, RegistersAreUntouched},
    {"RDPMC", PMC_INSTRUCTION_EXECUTION, VMX_EXIT_REASON_EXECUTE_RDPMC, 2, ~0ull, GARBAGE_ABOVE | 2, ~0ull, 2,
     0, (UINT32)PMC_NOW, RdpmcHappened, RegistersAreUntouched},
    {"MOV DR0", DEBUG_REGISTERS_ACCESSED, VMX_EXIT_REASON_MOV_DR, 3, 0xFFFFFFFF81234567, 0, 0, 0, 0, 0,
     Dr0IsWritten, Dr0IsUntouched},
    {"MOV from DR6", DEBUG_REGISTERS_ACCESSED, VMX_EXIT_REASON_MOV_DR, 3, 1, 0, 0, 6, 6 | FROM_REGISTER,
     0xFFFF0FF0, Dr6IsRead, RegistersAreUntouched},
    {"MOV CR4", CONTROL_REGISTER_MODIFIED, VMX_EXIT_REASON_MOV_CR, 3, 0x370EF8 ^ CR4_TSD, 0, 0, 4, 4, 0,
     Cr4IsWritten, Cr4IsUntouched},
    {"CLTS", CONTROL_REGISTER_MODIFIED, VMX_EXIT_REASON_MOV_CR, 2, 0, 0, 0, 0, BY_CLTS, 0, TsIsCleared,
     TsIsSet},
    {"MOV CR3", CONTROL_REGISTER_3_MODIFIED, VMX_EXIT_REASON_MOV_CR, 3, KEEP | NEW_CR3, 0, 0, NEW_CR3, 3, 0,
     Cr3IsWritten, Cr3IsUntouched},
    {"MOV from CR3", CONTROL_REGISTER_READ, VMX_EXIT_REASON_MOV_CR, 3, 1, 0, 0, 3, 3 | FROM_REGISTER,
     0x2345001, Cr3IsRead, RegistersAreUntouched},
    {"MOV CR8", CONTROL_REGISTER_MODIFIED, VMX_EXIT_REASON_MOV_CR, 4, 7, 0, 0, 8, 8, 0, Cr8IsWritten,
     Cr8IsUntouched},
    {"MOV from CR8", CONTROL_REGISTER_READ, VMX_EXIT_REASON_MOV_CR, 4, 1, 0, 0, 8, 8 | FROM_REGISTER, 5,
     Cr8IsRead, RegistersAreUntouched},
    {"XSETBV", XSETBV_INSTRUCTION_EXECUTION, VMX_EXIT_REASON_EXECUTE_XSETBV, 3, 7, GARBAGE_ABOVE, 0, 0, 0, 0,
     XsetbvHappened, XsetbvDidNotHappen},
};

static const INSTRUCTION *g_Instruction;

/* A guest at its start, with the inputs in its registers. */
static VOID Prepare(const INSTRUCTION *Instruction)
{
    memset(&g_Test, 0, sizeof(g_Test));
    g_Instruction = Instruction;
    FakeMsrSet(0, TEST_MSR, 0x76F5E4D3C);
    Guest()->Rip    = TEST_RIP;
    Guest()->Xcr0   = 3;
    Guest()->Tsc    = TSC_NOW;
    Guest()->Pmc[2] = PMC_NOW;
    Guest()->Dr0    = 0x5555;
    Guest()->Cr0 |= TS;
    Guest()->Cr3 = g_Cr3 = 0x2345001;
    g_Cr4                = 0x370EF8;
    Guest()->Cr4 &= ~CR4_TSD;
    Guest()->Cr8                 = 5;
    GuestVCpu()->Vmx->WatchedCr0 = TS;
    GuestVCpu()->Vmx->WatchedCr4 = CR4_TSD;
    g_Rax                        = Instruction->Rax;
    g_Rcx                        = Instruction->Rcx;
    g_Rdx                        = Instruction->Rdx;
    Guest()->Regs.rax            = Instruction->Rax;
    Guest()->Regs.rcx            = Instruction->Rcx;
    Guest()->Regs.rdx            = Instruction->Rdx;
}

static VOID Execute(VOID)
{
    FakeExit(&(FAKE_EXIT){.Reason            = g_Instruction->Reason,
                          .InstructionLength = g_Instruction->Length,
                          .Qualification     = g_Instruction->Qualification});
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
    if (g_Instruction->RaxInPost != 0)
        assert_int_equal(Regs->rax, g_Instruction->RaxInPost);
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
            assert_int_equal(g_Test.EventCount, Instruction->Type == Armed->Type ? 1 : 0);
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

static BOOLEAN MoveOtherValue(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    if (!IsPost)
        Regs->rax ^= g_Rdx;
    return FALSE;
}

/* What PRE makes of the source is written. */
static void TheValueThatPreChoseIsMoved(void **State)
{
    static const struct {
        const CHAR *Name;
        UINT64 Change;
        UINT64 (*Read)(VOID);
        UINT64 Result;
    } Moves[] = {{"MOV DR0", 0x11, CpuReadDr0, 0xFFFFFFFF81234576},
                 {"MOV CR8", 7 ^ 3, CpuReadCr8, 3},
                 {"MOV CR3", 0x1000, CpuReadCr3, NEW_CR3 ^ 0x1000},
                 {"MOV CR4", 1u << 9, CpuReadCr4, 0x370EF8 ^ CR4_TSD ^ 1u << 9}};
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Moves); Index++) {
        FOR_EACH_INSTRUCTION(Instruction)
        {
            if (strcmp(Instruction->Name, Moves[Index].Name) != 0)
                continue;
            VmFuncSetTriggerEvent(Instruction->Type, TRUE);
            Prepare(Instruction);
            g_Rdx          = Moves[Index].Change;
            g_Test.OnEvent = MoveOtherValue;
            Execute();
            ExpectDone(Instruction->Length);
            assert_int_equal(Moves[Index].Read(), Moves[Index].Result);
            VmFuncSetTriggerEvent(Instruction->Type, FALSE);
        }
    }
}

static BOOLEAN AnswerInPost(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    if (IsPost)
        Regs->rax = 0x77777777;
    return FALSE;
}

static void WhatPostMakesOfTheDestinationIsTheGuests(void **State)
{
    (void)State;
    FOR_EACH_INSTRUCTION(Instruction)
    {
        if (Instruction->RaxInPost == 0)
            continue;
        VmFuncSetTriggerEvent(Instruction->Type, TRUE);
        Prepare(Instruction);
        g_Test.OnEvent   = AnswerInPost;
        g_Test.WantsPost = TRUE;
        Execute();
        assert_int_equal(Guest()->Regs.rax, 0x77777777);
        VmFuncSetTriggerEvent(Instruction->Type, FALSE);
    }
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

static void AForeignVmcallHasItsPostToo(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(VMCALL_INSTRUCTION_EXECUTION, TRUE);
    g_Test.WantsPost = TRUE;
    ForeignVmcall(5);
    assert_int_equal(g_Test.EventCount, 2);
    assert_int_equal(g_Test.Events[1].Type, VMCALL_INSTRUCTION_EXECUTION);
    assert_int_equal(g_Test.Events[1].Stage, POST);
    assert_int_equal(g_Test.Events[1].Context, 5);
    ExpectUndefinedOpcode();
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
        TEST(TheValueThatPreChoseIsMoved),
        TEST(WhatPostMakesOfTheDestinationIsTheGuests),
        TEST(AChangedRspReachesTheGuest),
        TEST(AChangedRflagsReachesTheGuest),
        TEST(OfImpossibleFlagsThePossibleOnesAreTaken),
        TEST(OtherRegistersStay),
        TEST(AForeignVmcallIsAnEventWithItsNumber),
        TEST(AForeignVmcallHasItsPostToo),
        TEST(AForeignVmcallThatIsShortCircuitedIsDone),
        TEST(OurVmcallsAreNoEvents),
        TEST(AFaultOfTheEffectKeepsRipAndPostStillComes),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

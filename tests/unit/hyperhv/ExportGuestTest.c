/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ExportGuestTest.c - users of the VMM read and write the guest's registers, make it step and give it
 * exceptions: the guest finds what was set, and what the processor would refuse is refused before it can.
 *
 * Context: user space. The fake processor checks every entry as the manual says; one that fails ends the
 * test.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "SDK/imports/VmmGuestImports.h"

static VOID (*g_InCallback)(VOID);

static BOOLEAN RunInCallback(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    if (!IsPost)
        g_InCallback();
    return FALSE;
}

/* An exit whose PRE event calls Function. */
static VOID InCallback(VOID (*Function)(VOID))
{
    g_InCallback      = Function;
    g_Test.OnEvent    = RunInCallback;
    g_Test.EventCount = 0;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    Guest()->Rip = TEST_RIP;
    GuestCpuid(0, 0);
}

/* --- control and debug registers --- */

#define ICR_LOW             0x300u
#define ICR_TO_SELF         0x44000u /* asserted, shorthand: self */
#define FAKE_OFFSET(Member) __builtin_offsetof(FAKE_REGISTERS, Member)

/* Values that the register takes (Good) and how it then reads, and one that it does not (Bad; 0: none). */
static const struct {
    UINT64 (*Get)(VOID);
    BOOLEAN (*Set)(UINT64 Value);
    SIZE_T Offset; /* in FAKE_REGISTERS */
    UINT64 Good, Reads, Bad;
} Registers[] = {
    {GetGuestCr0, SetGuestCr0, FAKE_OFFSET(Cr0), 0x8005003B, 0x8005003B, 0x5003B},
    {GetGuestCr2, SetGuestCr2, FAKE_OFFSET(Cr2), ~0ull, ~0ull, 0},
    {GetGuestCr3, SetGuestCr3, FAKE_OFFSET(Cr3), 0x123000, 0x123000, 1ull << 60},
    {GetGuestCr8, SetGuestCr8, FAKE_OFFSET(Cr8), 15, 15, 16},
    {GetGuestDr0, SetGuestDr0, FAKE_OFFSET(Dr0), 0x1234567890, 0x1234567890, 0},
    {GetGuestDr1, SetGuestDr1, FAKE_OFFSET(Dr1), ~0ull, ~0ull, 0},
    {GetGuestDr2, SetGuestDr2, FAKE_OFFSET(Dr2), 1, 1, 0},
    {GetGuestDr3, SetGuestDr3, FAKE_OFFSET(Dr3), 2, 2, 0},
    {GetGuestDr6, SetGuestDr6, FAKE_OFFSET(Dr6), 0x4001, 0xFFFF4FF1, 1ull << 32},
    {GetGuestDr7, SetGuestDr7, FAKE_OFFSET(Dr7), 0xFFFFFFFF, 0xFFFF27FF, 1ull << 63},
};

static UINT32 g_Register;

static UINT64 *RegisterNow(VOID)
{
    return (UINT64 *)((UINT8 *)Guest() + Registers[g_Register].Offset);
}

static UINT64 g_RegisterBefore;

static VOID CheckAndSetRegister(VOID)
{
    assert_int_equal(Registers[g_Register].Get(), g_RegisterBefore);
    if (Registers[g_Register].Bad != 0)
        assert_false(Registers[g_Register].Set(Registers[g_Register].Bad));
    assert_int_equal(Registers[g_Register].Get(), g_RegisterBefore);
    assert_true(Registers[g_Register].Set(Registers[g_Register].Good));
    assert_int_equal(Registers[g_Register].Get(), Registers[g_Register].Reads);
}

static void ARegisterReadsAsTheGuestHasItAndIsSetAsItsMovWould(void **State)
{
    (void)State;
    for (g_Register = 0; g_Register < COUNT_OF(Registers); g_Register++) {
        g_RegisterBefore = *RegisterNow();
        InCallback(CheckAndSetRegister);
        assert_int_equal(*RegisterNow(), Registers[g_Register].Reads);
        ExpectDone(2);
        *RegisterNow() = g_RegisterBefore;
    }
}

static VOID ChangeCr4(VOID)
{
    const UINT64 Before = GetGuestCr4();

    assert_int_equal(Before & (1ull << 13), 0); /* the guest has no VMX */
    assert_false(SetGuestCr4(Before & ~(1ull << 5)));
    assert_false(SetGuestCr4(Before | (1ull << 40)));
    assert_int_equal(GetGuestCr4(), Before);
    assert_true(SetGuestCr4(Before ^ 4));
    assert_int_equal(GetGuestCr4(), Before ^ 4);
    assert_true(SetGuestCr4(Before));
}

static VOID ChangeEfer(VOID)
{
    const UINT64 Before = GetGuestEfer();

    assert_false(SetGuestEfer(Before ^ 0x100)); /* LME while paging is on */
    assert_false(SetGuestEfer(Before | (1ull << 40)));
    assert_true(SetGuestEfer(Before ^ 1));
    assert_int_equal(GetGuestEfer(), Before ^ 1);
}

static void Cr4AndEferToo(void **State)
{
    const UINT64 Efer = FakeMsrGet(0, IA32_EFER);

    (void)State;
    InCallback(ChangeCr4);
    ExpectDone(2);
    InCallback(ChangeEfer);
    ExpectDone(2);
    assert_int_equal(FakeMsrGet(0, IA32_EFER), Efer ^ 1);
    FakeMsrSet(0, IA32_EFER, Efer);
}

static VOID ChangeGeneral(VOID)
{
    const GUEST_XMM_REGS Xmm = {{{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}, {11, 12}}};
    GUEST_REGS Regs          = *VmFuncGetGuestRegs();

    assert_int_equal(GetGuestRSP(), Regs.rsp);
    assert_int_equal(VmFuncGetRflags(), Regs.rflags);
    Regs.r13 = 0x1313;
    VmFuncSetGuestRegs(&Regs);
    SetGuestRSP(0xFFFF888000001230ull);
    VmFuncSetRflags(Regs.rflags ^ 1);
    VmFuncSetXmmRegs(&Xmm);
    assert_int_equal(VmFuncGetXmmRegs()->Xmm[5][1], 12);
}

static void GeneralRegistersAndXmmReachTheGuest(void **State)
{
    const UINT64 Rflags = Guest()->Regs.rflags;

    (void)State;
    InCallback(ChangeGeneral);
    assert_int_equal(Guest()->Regs.r13, 0x1313);
    assert_int_equal(Guest()->Regs.rsp, 0xFFFF888000001230ull);
    assert_int_equal(Guest()->Regs.rflags, Rflags ^ 1);
    assert_int_equal(Guest()->Xmm.Xmm[0][0], 1);
    assert_int_equal(Guest()->Xmm.Xmm[5][1], 12);
}

/* --- segments --- */

static const struct {
    VOID (*Get)(GUEST_SEGMENT *Segment);
    BOOLEAN (*Set)(const GUEST_SEGMENT *Segment);
} Segments[] = {
    {GetGuestEs, SetGuestEs},     {GetGuestCs, SetGuestCs}, {GetGuestSs, SetGuestSs},
    {GetGuestDs, SetGuestDs},     {GetGuestFs, SetGuestFs}, {GetGuestGs, SetGuestGs},
    {GetGuestLdtr, SetGuestLdtr}, {GetGuestTr, SetGuestTr},
};

static UINT32 g_Segment;
static FAKE_SEGMENT g_SegmentBefore;
static UINT64 g_Random = 88172645463325252ull;

static UINT64 Random(VOID)
{
    g_Random ^= g_Random << 13;
    g_Random ^= g_Random >> 7;
    g_Random ^= g_Random << 17;
    return g_Random;
}

static VOID SetAsItIs(VOID)
{
    GUEST_SEGMENT Segment;

    Segments[g_Segment].Get(&Segment);
    assert_int_equal(Segment.Base, g_SegmentBefore.Base);
    assert_int_equal(Segment.Limit, g_SegmentBefore.Limit);
    assert_int_equal(Segment.Attributes, g_SegmentBefore.Rights);
    assert_int_equal(Segment.Selector, g_SegmentBefore.Selector);
    assert_true(Segments[g_Segment].Set(&Segment));
}

static void ASegmentCanBeSetToWhatItIs(void **State)
{
    (void)State;
    for (g_Segment = 0; g_Segment < COUNT_OF(Segments); g_Segment++) {
        g_SegmentBefore = Guest()->Segments[g_Segment];
        InCallback(SetAsItIs);
        ExpectDone(2);
        assert_memory_equal(&Guest()->Segments[g_Segment], &g_SegmentBefore, sizeof(g_SegmentBefore));
    }
}

static BOOLEAN g_Accepted;
static GUEST_SEGMENT g_Changed;

/* One or two things of the segment are others. */
static VOID SetToSomethingElse(VOID)
{
    UINT32 Change;

    Segments[g_Segment].Get(&g_Changed);
    for (Change = Random() % 2 + 1; Change > 0; Change--) {
        switch (Random() % 5) {
        case 0:
            g_Changed.Attributes ^= 1u << (Random() % 18);
            break;
        case 1:
            g_Changed.Attributes = (g_Changed.Attributes & ~0xFu) | (Random() & 0xF);
            break;
        case 2:
            g_Changed.Limit = (UINT32)(Random() >> (Random() % 32)) | (Random() & 1 ? 0xFFF : 0);
            break;
        case 3:
            g_Changed.Base = Random() >> (Random() % 64);
            break;
        default:
            g_Changed.Selector = (UINT16)Random();
            break;
        }
    }
    g_Accepted = Segments[g_Segment].Set(&g_Changed);
}

/* Whatever is accepted, the processor enters with: if not, the fake one ends the program. */
static void WhatIsAcceptedOfASegmentTheProcessorAccepts(void **State)
{
    UINT32 Round, Accepted[COUNT_OF(Segments)] = {0}, Refused[COUNT_OF(Segments)] = {0};

    (void)State;
    for (Round = 0; Round < 8000; Round++) {
        g_Segment       = Round % COUNT_OF(Segments);
        g_SegmentBefore = Guest()->Segments[g_Segment];
        InCallback(SetToSomethingElse);
        Accepted[g_Segment] += g_Accepted;
        Refused[g_Segment] += !g_Accepted;
        if (g_Accepted)
            assert_int_equal(Guest()->Segments[g_Segment].Rights, g_Changed.Attributes);
        else
            assert_memory_equal(&Guest()->Segments[g_Segment], &g_SegmentBefore, sizeof(g_SegmentBefore));
        Guest()->Segments[g_Segment] = g_SegmentBefore;
    }
    for (g_Segment = 0; g_Segment < COUNT_OF(Segments); g_Segment++) {
        assert_true(Accepted[g_Segment] > 50);
        assert_true(Refused[g_Segment] > 50);
    }
}

static VOID MoveTables(VOID)
{
    GUEST_SEGMENT Gdtr, Idtr;

    GetGuestGdtr(&Gdtr);
    GetGuestIdtr(&Idtr);
    assert_int_equal(Gdtr.Base, g_Before[0].GdtBase);
    assert_int_equal(Gdtr.Limit, g_Before[0].GdtLimit);
    assert_int_equal(Idtr.Base, g_Before[0].IdtBase);
    assert_int_equal(Idtr.Limit, g_Before[0].IdtLimit);
    Idtr.Limit = 0x10000;
    assert_false(SetGuestIdtr(&Idtr));
    Idtr.Limit = 0xFFF;
    Idtr.Base  = 1ull << 60;
    assert_false(SetGuestIdtr(&Idtr));
    Idtr.Base = 0xFFFF888000001000ull;
    assert_true(SetGuestIdtr(&Idtr));
    Gdtr.Limit = 0x7F;
    assert_true(SetGuestGdtr(&Gdtr));
}

static void DescriptorTablesToo(void **State)
{
    (void)State;
    InCallback(MoveTables);
    assert_int_equal(Guest()->IdtBase, 0xFFFF888000001000ull);
    assert_int_equal(Guest()->IdtLimit, 0xFFF);
    assert_int_equal(Guest()->GdtLimit, 0x7F);
    Guest()->IdtBase  = g_Before[0].IdtBase;
    Guest()->IdtLimit = g_Before[0].IdtLimit;
    Guest()->GdtLimit = g_Before[0].GdtLimit;
}

/* --- what the guest takes next --- */

static VMM_EVENT_INJECTION g_Event;

static VOID InjectSomething(VOID)
{
    static const UINT32 Types[] = {1, 2, 3, 3, 3, 4, 5, 6, 7, 8};

    g_Event    = (VMM_EVENT_INJECTION){.Type              = Types[Random() % COUNT_OF(Types)],
                                       .Vector            = (UINT32)(Random() % (Random() & 1 ? 32 : 300)),
                                       .HasErrorCode      = Random() & 1,
                                       .ErrorCode         = (UINT32)(Random() >> (Random() % 64)),
                                       .InstructionLength = (UINT32)(Random() % 17)};
    g_Accepted = VmFuncEventInjectInterruption(&g_Event);
}

/* As above; and what is accepted goes in as it was asked for. */
static void WhatIsAcceptedOfAnEventGoesIn(void **State)
{
    UINT32 Round, Accepted = 0;

    (void)State;
    for (Round = 0; Round < 3000; Round++) {
        InCallback(InjectSomething);
        if (g_Accepted) {
            assert_int_equal(FakeInjected().Info & 0x800007FF, TEST_INFO(g_Event.Type, g_Event.Vector));
            assert_int_equal((FakeInjected().Info & INTERRUPTION_INFO_ERROR_CODE_VALID) != 0,
                             g_Event.HasErrorCode);
            assert_int_equal(Guest()->Rip, TEST_RIP);
            Accepted++;
        } else {
            ExpectDone(2);
        }
    }
    assert_true(Accepted > 100);
}

static VOID InjectBreakpoint(VOID)
{
    VmFuncEventInjectBreakpoint();
}

static VOID InjectPageFault(VOID)
{
    assert_false(VmFuncEventInjectPageFaultWithCr2(0x111, 0x10000));
    assert_true(VmFuncEventInjectPageFaultWithCr2(0xFFFF888012345678ull, 2));
}

static VOID InjectTwice(VOID)
{
    const VMM_EVENT_INJECTION Event = {
        .Type = VMM_INJECT_HARDWARE_EXCEPTION, .Vector = 13, .HasErrorCode = TRUE, .ErrorCode = 0x18};

    assert_true(VmFuncEventInjectInterruption(&Event));
    assert_true(VmFuncEventInjectInterruption(&Event));
}

static VOID InjectNmi(VOID)
{
    VmFuncEventInjectNmi();
}

static VOID InjectInterrupts(VOID)
{
    VMM_EVENT_INJECTION Event = {.Type = VMM_INJECT_EXTERNAL_INTERRUPT, .Vector = 0xF6};

    assert_true(VmFuncEventInjectInterruption(&Event));
    Event.Vector = 31;
    assert_false(VmFuncEventInjectInterruption(&Event));
    Event.Vector = 256;
    assert_false(VmFuncEventInjectInterruption(&Event));
    Event.Vector       = 0xF6;
    Event.HasErrorCode = TRUE;
    assert_false(VmFuncEventInjectInterruption(&Event));
}

static void AnInterruptIsTheApicsAndTheInstructionIsDone(void **State)
{
    (void)State;
    InCallback(InjectInterrupts);
    ExpectDone(2);
    assert_int_equal(FakeApicGet(0, ICR_LOW) & 0xFFFFF, ICR_TO_SELF | 0xF6);
}

static void BreakpointsPageFaultsAndTheirMerging(void **State)
{
    (void)State;
    InCallback(InjectBreakpoint);
    ExpectFault(TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 3), 0);
    assert_int_equal(FakeInjected().InstructionLength, 1);
    InCallback(InjectPageFault);
    ExpectFault(TEST_INFO_WITH_CODE(14), 2);
    assert_int_equal(Guest()->Cr2, 0xFFFF888012345678ull);
    InCallback(InjectTwice);
    ExpectFault(TEST_INFO_WITH_CODE(8), 0);
}

static void AnNmiComesAfterTheInstructionWhenTheGuestIsOpen(void **State)
{
    (void)State;
    *FakeInterruptibility(0) = INTERRUPTIBILITY_BLOCKING_BY_NMI;
    InCallback(InjectNmi);
    ExpectDone(2);
    assert_false(FakeTakeNmiWindow());
    *FakeInterruptibility(0) = 0;
    assert_true(FakeTakeNmiWindow());
    assert_int_equal(FakeInjected().Info, TEST_INFO(INTERRUPTION_TYPE_NMI, 2));
    *FakeInterruptibility(0) = 0;
    assert_false(FakeTakeNmiWindow());
}

static UINT32 g_State;

static VOID SetInterruptibility(VOID)
{
    const UINT32 Before = VmFuncGetInterruptibilityState();

    VmFuncSuppressRipIncrement(VmFuncGetCurrentCoreId());
    g_Accepted = VmFuncSetInterruptibilityState(g_State);
    assert_int_equal(VmFuncGetInterruptibilityState(), g_Accepted ? g_State : Before);
}

static void InterruptibilityIsWhatTheProcessorCanHave(void **State)
{
    UINT32 Case;

    (void)State;
    for (Case = 0; Case < 64; Case++) {
        const BOOLEAN Steps = Case & 16, Interrupts = Case & 32;

        Guest()->Regs.rflags = 2 | (Steps ? TEST_RFLAGS_TF : 0) | (Interrupts ? TEST_RFLAGS_IF : 0);
        g_State              = Case & 15;
        InCallback(SetInterruptibility);
        assert_int_equal(g_Accepted, !(g_State & 4) && (g_State & 3) != 3 && (!(g_State & 1) || Interrupts));
        if (g_Accepted)
            assert_int_equal(*FakeInterruptibility(0), g_State);
        *FakeInterruptibility(0) = 0;
        *FakePendingDebug(0)     = 0;
    }
    Guest()->Regs.rflags = 2;
}

/* --- one instruction at a time --- */

static UINT32 g_Traps, g_WantedTraps;

static VOID OnTrap(UINT32 CoreId)
{
    assert_int_equal(CoreId, 0);
    if (++g_Traps < g_WantedTraps)
        VmFuncRegisterBreakOnMtf();
}

static VOID AskForTrap(VOID)
{
    VmFuncRegisterBreakOnMtf();
}

static UINT64 Primary(VOID)
{
    return GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS);
}

static void AStepIsAskedForOneByOne(void **State)
{
    (void)State;
    g_Traps = 0, g_WantedTraps = 3;
    g_Callbacks.VmmCallbackRegisteredMtfHandler = OnTrap;
    InCallback(AskForTrap);
    ExpectDone(2);
    while (g_Traps < 3) {
        assert_true(Primary() & PRIMARY_MONITOR_TRAP_FLAG);
        assert_int_equal(*FakeInterruptibility(0), INTERRUPTIBILITY_BLOCKING_BY_MOV_SS); /* interrupts wait */
        *FakeInterruptibility(0) = 0;
        FakeExitInstruction(VMX_EXIT_REASON_MONITOR_TRAP_FLAG, 0);
    }
    assert_false(Primary() & PRIMARY_MONITOR_TRAP_FLAG);
    assert_int_equal(*FakeInterruptibility(0), 0);
    assert_false(GuestField(VMCS_PIN_BASED_CONTROLS) & PIN_BASED_EXTERNAL_INTERRUPT_EXITING);
}

static VOID KeepTheFlag(VOID)
{
    VmFuncSetMonitorTrapFlag(TRUE);
    VmFuncChangeIgnoreOneMtfState(TRUE);
}

static VOID SetTrapFlag(VOID)
{
    VmFuncSetRflagTrapFlag(TRUE);
}

static VOID ClearTrapFlag(VOID)
{
    VmFuncSetRflagTrapFlag(FALSE);
}

static void TheFlagStaysForOneExitIfToldSo(void **State)
{
    (void)State;
    InCallback(KeepTheFlag);
    FakeExitInstruction(VMX_EXIT_REASON_MONITOR_TRAP_FLAG, 0);
    assert_true(Primary() & PRIMARY_MONITOR_TRAP_FLAG);
    FakeExitInstruction(VMX_EXIT_REASON_MONITOR_TRAP_FLAG, 0);
    assert_false(Primary() & PRIMARY_MONITOR_TRAP_FLAG);
}

static void TheGuestsOwnTrapFlagTrapsAfterTheInstruction(void **State)
{
    (void)State;
    InCallback(SetTrapFlag);
    assert_true(Guest()->Regs.rflags & TEST_RFLAGS_TF);
    assert_true(*FakePendingDebug(0) & PENDING_DEBUG_BS);
    *FakePendingDebug(0) = 0;
    InCallback(ClearTrapFlag);
    assert_false(Guest()->Regs.rflags & TEST_RFLAGS_TF);
    assert_int_equal(*FakePendingDebug(0), 0);
}

/* --- views --- */

static VOID FlushViews(VOID)
{
    const UINT64 Before = FakeExecuted(0, FAKE_INVEPT);

    VmFuncInvalidateEptSingleContext();
    assert_true(FakeExecuted(0, FAKE_INVEPT) > Before);
    VmFuncInvalidateEptAllContexts();
}

static void ViewsAreFlushed(void **State)
{
    UINT64 Before;

    (void)State;
    InCallback(FlushViews);
    ExpectDone(2);
    Before = FakeExecuted(0, FAKE_INVEPT);
    assert_int_equal(VmFuncVmxVmcall(VMCALL_INVEPT_ALL_CONTEXTS, 0, 0, 0), VMCALL_STATUS_SUCCESS);
    assert_int_equal(FakeExecuted(0, FAKE_INVEPT), Before + 1);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(ARegisterReadsAsTheGuestHasItAndIsSetAsItsMovWould),
        TEST(Cr4AndEferToo),
        TEST(GeneralRegistersAndXmmReachTheGuest),
        TEST(ASegmentCanBeSetToWhatItIs),
        TEST(WhatIsAcceptedOfASegmentTheProcessorAccepts),
        TEST(DescriptorTablesToo),
        TEST(WhatIsAcceptedOfAnEventGoesIn),
        TEST(BreakpointsPageFaultsAndTheirMerging),
        TEST(AnInterruptIsTheApicsAndTheInstructionIsDone),
        TEST(AnNmiComesAfterTheInstructionWhenTheGuestIsOpen),
        TEST(InterruptibilityIsWhatTheProcessorCanHave),
        TEST(AStepIsAskedForOneByOne),
        TEST(TheFlagStaysForOneExitIfToldSo),
        TEST(TheGuestsOwnTrapFlagTrapsAfterTheInstruction),
        TEST(ViewsAreFlushed),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * IoTest.c - IN and OUT do what the processor does, their string forms are left to the guest for one step,
 * and each exit is one event that can change, skip or look at it.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#define PORT          0x1234u
#define VALUE         0x89ABCDEFu
#define RAX           0xFFFFFFFF11111111ull
#define IN            8u
#define STRING        0x10u
#define REPEATED      0x20u
#define BLOCKING_SS   2ull
#define DR7_PORTS     0x20000ull /* breakpoint 0 is one on ports */
#define CR4_DE        8ull
#define PENDING_FIRST 0x1001ull

static VOID IoExit(UINT32 Size, UINT32 Flags)
{
    Guest()->Rip = TEST_RIP;
    FakeExit(&(FAKE_EXIT){.Reason            = VMX_EXIT_REASON_IO_INSTRUCTION,
                          .InstructionLength = 2,
                          .Qualification     = ((UINT64)PORT << 16) | Flags | (Size - 1)});
}

static VOID Arm(VOID)
{
    g_TriggerEvents[IN_INSTRUCTION_EXECUTION] = g_TriggerEvents[OUT_INSTRUCTION_EXECUTION] = TRUE;
}

static VOID ExpectEvent(UINT32 Index, VMM_EVENT_TYPE_ENUM Type, UINT32 Stage)
{
    assert_true(Index < g_Test.EventCount);
    assert_int_equal(g_Test.Events[Index].Type, Type);
    assert_int_equal(g_Test.Events[Index].Stage, Stage);
    assert_int_equal(g_Test.Events[Index].Context, PORT);
}

static VOID ExpectAccess(UINT32 Count, BOOLEAN IsIn, UINT32 Size, UINT32 Value)
{
    const FAKE_PORT_ACCESS Access = FakePortLastAccess();

    assert_int_equal(Access.Count, Count);
    if (Count == 0)
        return;
    assert_int_equal(Access.IsIn, IsIn);
    assert_int_equal(Access.Port, PORT);
    assert_int_equal(Access.Size, Size);
    assert_int_equal(Access.Value, Value);
}

/* --- IN and OUT --- */

static void InReplacesAsMuchOfRaxAsItReads(void **State)
{
    static const struct {
        UINT32 Size;
        UINT64 Rax;
    } Cases[] = {{1, 0xFFFFFFFF111111EFull}, {2, 0xFFFFFFFF1111CDEFull}, {4, 0x89ABCDEFull}};
    UINT32 Index;

    (void)State;
    FakePortSetValue(VALUE);
    for (Index = 0; Index < COUNT_OF(Cases); Index++) {
        Guest()->Regs.rax = RAX;
        IoExit(Cases[Index].Size, IN);
        ExpectDone(2);
        assert_int_equal(Guest()->Regs.rax, Cases[Index].Rax);
    }
    ExpectAccess(3, TRUE, 4, VALUE);
    assert_int_equal(g_Test.EventCount, 0);
}

static void OutWritesTheLowBytesOfRax(void **State)
{
    static const struct {
        UINT32 Size, Value;
    } Cases[] = {{1, 0xEF}, {2, 0xCDEF}, {4, 0x89ABCDEF}};
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Cases); Index++) {
        Guest()->Regs.rax = 0x1111111100000000ull | VALUE;
        IoExit(Cases[Index].Size, 0);
        ExpectDone(2);
        ExpectAccess(Index + 1, FALSE, Cases[Index].Size, Cases[Index].Value);
        assert_int_equal(Guest()->Regs.rax, 0x1111111100000000ull | VALUE);
    }
}

static BOOLEAN ChangeRax(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    Regs->rax = IsPost ? 0x77 : 0x55;
    return FALSE;
}

static void PreChangesWhatIsWrittenAndPostWhatWasRead(void **State)
{
    (void)State;
    Arm();
    g_Test.OnEvent   = ChangeRax;
    g_Test.WantsPost = TRUE;
    IoExit(1, 0);
    ExpectAccess(1, FALSE, 1, 0x55);
    ExpectEvent(0, OUT_INSTRUCTION_EXECUTION, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION);
    ExpectEvent(1, OUT_INSTRUCTION_EXECUTION, VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION);
    FakePortSetValue(VALUE);
    IoExit(1, IN);
    ExpectDone(2);
    ExpectEvent(2, IN_INSTRUCTION_EXECUTION, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION);
    ExpectEvent(3, IN_INSTRUCTION_EXECUTION, VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION);
    assert_int_equal(g_Test.Events[3].Regs.rax, 0xEF);
    assert_int_equal(Guest()->Regs.rax, 0x77);
}

static BOOLEAN Ignore(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    return !IsPost;
}

static void AShortCircuitLeavesThePortAlone(void **State)
{
    (void)State;
    Arm();
    g_Test.OnEvent    = Ignore;
    Guest()->Regs.rax = RAX;
    IoExit(1, IN);
    ExpectDone(2);
    IoExit(4, 0);
    ExpectDone(2);
    ExpectAccess(0, FALSE, 0, 0);
    assert_int_equal(Guest()->Regs.rax, RAX);
    assert_int_equal(g_Test.EventCount, 2);
}

static void OneDirectionCanBeWatchedAlone(void **State)
{
    (void)State;
    g_TriggerEvents[OUT_INSTRUCTION_EXECUTION] = TRUE;
    IoExit(1, IN);
    assert_int_equal(g_Test.EventCount, 0);
    IoExit(1, 0);
    assert_int_equal(g_Test.EventCount, 1);
    ExpectAccess(2, FALSE, 1, (UINT8)Guest()->Regs.rax);
}

/* --- breakpoints on ports --- */

static void ABreakpointOnThePortTraps(void **State)
{
    static const struct {
        UINT64 Dr0, Dr7, Cr4, Pending;
    } Cases[] = {
        {PORT, DR7_PORTS | 1, CR4_DE, PENDING_FIRST},
        {PORT, DR7_PORTS | 2, CR4_DE, PENDING_FIRST},
        {PORT + 1, DR7_PORTS | 1, CR4_DE, PENDING_FIRST}, /* the access has two bytes */
        {PORT + 2, DR7_PORTS | 1, CR4_DE, 0},
        {PORT + 3, DR7_PORTS | 0xC0000 | 1, CR4_DE, PENDING_FIRST}, /* four bytes, aligned */
        {PORT - 4, DR7_PORTS | 0xC0000 | 1, CR4_DE, 0},
        {PORT, DR7_PORTS, CR4_DE, 0}, /* not enabled */
        {PORT, DR7_PORTS | 1, 0, 0},
        {PORT, 0x10000 | 1, CR4_DE, 0}, /* on data */
    };
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Cases); Index++) {
        *FakePendingDebug(0) = 0;
        Guest()->Dr0         = Cases[Index].Dr0;
        Guest()->Dr7         = Cases[Index].Dr7 | 0x400;
        Guest()->Cr4         = (Guest()->Cr4 & ~CR4_DE) | Cases[Index].Cr4;
        IoExit(2, 0);
        ExpectDone(2);
        assert_int_equal(*FakePendingDebug(0), Cases[Index].Pending);
    }
}

static void AShortCircuitTrapsNot(void **State)
{
    (void)State;
    Arm();
    g_Test.OnEvent = Ignore;
    Guest()->Dr0   = PORT;
    Guest()->Dr7   = DR7_PORTS | 0x401;
    Guest()->Cr4 |= CR4_DE;
    IoExit(1, 0);
    assert_int_equal(*FakePendingDebug(0), 0);
}

/* --- string forms --- */

static BOOLEAN PortsExit(VOID)
{
    return (GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS) & PRIMARY_USE_IO_BITMAPS) != 0;
}

static BOOLEAN IsStepping(VOID)
{
    return (GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS) & PRIMARY_MONITOR_TRAP_FLAG) != 0;
}

static VOID ExpectStep(VOID)
{
    assert_int_equal(FakeInjected().Info, 0);
    assert_int_equal(Guest()->Rip, TEST_RIP);
    assert_true(IsStepping());
    assert_false(PortsExit());
    assert_int_equal(*FakeInterruptibility(0), BLOCKING_SS);
}

static VOID ExpectNoStep(VOID)
{
    assert_false(IsStepping());
    assert_true(PortsExit());
    assert_int_equal(GuestField(VMCS_PIN_BASED_CONTROLS) & PIN_BASED_EXTERNAL_INTERRUPT_EXITING, 0);
}

static VOID TrapAt(UINT64 Rip)
{
    Guest()->Rip             = Rip;
    *FakeInterruptibility(0) = 0;
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_MONITOR_TRAP_FLAG});
}

static void AStringFormIsCarriedOutByTheGuest(void **State)
{
    (void)State;
    IoExit(2, IN | STRING);
    ExpectStep();
    TrapAt(TEST_RIP + 2);
    ExpectNoStep();
    assert_int_equal(Guest()->Rip, TEST_RIP + 2);
    ExpectAccess(0, FALSE, 0, 0);
    assert_int_equal(g_Test.EventCount, 0);
    TestExpectLogSilent();
}

static void ItsPostComesAfterTheStep(void **State)
{
    (void)State;
    Arm();
    g_Test.WantsPost = TRUE;
    IoExit(2, STRING);
    ExpectStep();
    assert_int_equal(g_Test.EventCount, 1);
    ExpectEvent(0, OUT_INSTRUCTION_EXECUTION, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION);
    TrapAt(TEST_RIP + 2);
    ExpectNoStep();
    assert_int_equal(g_Test.EventCount, 2);
    ExpectEvent(1, OUT_INSTRUCTION_EXECUTION, VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION);
}

static void EachIterationIsAnEvent(void **State)
{
    UINT32 Index;

    (void)State;
    Arm();
    g_Test.WantsPost = TRUE;
    for (Index = 0; Index < 3; Index++) {
        IoExit(1, IN | STRING | REPEATED);
        ExpectStep();
        TrapAt(Index < 2 ? TEST_RIP : TEST_RIP + 2);
        ExpectNoStep();
    }
    assert_int_equal(g_Test.EventCount, 6);
}

static void AnIterationThatFaultsHasNoPost(void **State)
{
    (void)State;
    Arm();
    g_Test.WantsPost = TRUE;
    IoExit(1, IN | STRING);
    TrapAt(TEST_RIP + 0x100000); /* in the handler of its page fault */
    ExpectNoStep();
    assert_int_equal(g_Test.EventCount, 1);
    TestExpectLogSilent();
}

static void AnExceptionThatExitsEndsTheStep(void **State)
{
    (void)State;
    Arm();
    g_Test.WantsPost = TRUE;
    IoExit(1, IN | STRING);
    FakeExit(&(FAKE_EXIT){.Reason                = VMX_EXIT_REASON_EXCEPTION_OR_NMI,
                          .InterruptionInfo      = TEST_INFO_WITH_CODE(14),
                          .InterruptionErrorCode = 2});
    ExpectFault(TEST_INFO_WITH_CODE(14), 2);
    ExpectNoStep();
    assert_int_equal(g_Test.EventCount, 1);
}

static void AnInterruptWaitsUntilTheInstructionIsDone(void **State)
{
    (void)State;
    IoExit(1, IN | STRING);
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_EXTERNAL_INTERRUPT});
    ExpectStep();
    TrapAt(TEST_RIP + 2);
    ExpectNoStep();
}

static void AShortCircuitSkipsTheWholeStringForm(void **State)
{
    (void)State;
    Arm();
    g_Test.OnEvent    = Ignore;
    Guest()->Regs.rcx = 5;
    IoExit(1, IN | STRING | REPEATED);
    ExpectDone(2);
    ExpectNoStep();
    assert_int_equal(Guest()->Regs.rcx, 5);
    assert_int_equal(g_Test.EventCount, 1);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(InReplacesAsMuchOfRaxAsItReads),
        TEST(OutWritesTheLowBytesOfRax),
        TEST(PreChangesWhatIsWrittenAndPostWhatWasRead),
        TEST(AShortCircuitLeavesThePortAlone),
        TEST(OneDirectionCanBeWatchedAlone),
        TEST(ABreakpointOnThePortTraps),
        TEST(AShortCircuitTrapsNot),
        TEST(AStringFormIsCarriedOutByTheGuest),
        TEST(ItsPostComesAfterTheStep),
        TEST(EachIterationIsAnEvent),
        TEST(AnIterationThatFaultsHasNoPost),
        TEST(AnExceptionThatExitsEndsTheStep),
        TEST(AnInterruptWaitsUntilTheInstructionIsDone),
        TEST(AShortCircuitSkipsTheWholeStringForm),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

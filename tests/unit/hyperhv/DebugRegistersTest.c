/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * DebugRegistersTest.c - MOV to and from debug registers, while it exits, does what the processor would have
 * done, faults included and in its order; what root mode writes for the guest meets its breakpoints.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/vmx/DebugRegisters.h"
#include "hyperhv/vmx/Vmexit.h"

/* Exit qualifications: table 28-4. */
#define MOV_TO_DR(Dr, Register)   ((Dr) | ((UINT64)(Register) << 8))
#define MOV_FROM_DR(Dr, Register) (MOV_TO_DR(Dr, Register) | (1ull << 4))
#define RBX                       3
#define RSP                       4

#define CR4_DE         (1ull << 3)
#define DR7_GD         (1ull << 13)
#define DR6_FREE       0xFFFF0FF0ull
#define DR6_BD         (1ull << 13)
#define FIRST_ENABLED  1ull
#define WRITE_8_BYTES  (0x9ull << 16)
#define ACCESS_4_BYTES (0xFull << 16)
#define EXECUTE        0ull
#define ON_PORT        (0x2ull << 16)
#define PENDING_FIRST  (PENDING_DEBUG_ENABLED_BREAKPOINT | 1)
#define STACK          0xFFFF888000001000ull

static VOID DrExit(UINT64 Qualification)
{
    Guest()->Rip = TEST_RIP;
    FakeExit(&(FAKE_EXIT){
        .Reason = VMX_EXIT_REASON_MOV_DR, .InstructionLength = 3, .Qualification = Qualification});
}

static VOID MovToDr(UINT32 Dr, UINT64 Value)
{
    Guest()->Regs.rbx = Value;
    DrExit(MOV_TO_DR(Dr, RBX));
}

static UINT64 MovFromDr(UINT32 Dr)
{
    Guest()->Regs.rbx = 0;
    DrExit(MOV_FROM_DR(Dr, RBX));
    ExpectDone(3);
    return Guest()->Regs.rbx;
}

static void EachRegisterIsWrittenAndRead(void **State)
{
    static const UINT64 Values[8] = {0x1111, 0xFFFF888000002222, 0x3333, ~0ull, 0, 0, DR6_FREE | 9, 0x455};
    UINT32 Dr;

    (void)State;
    for (Dr = 0; Dr < 8; Dr++) {
        if (Dr == 4 || Dr == 5)
            continue;
        MovToDr(Dr, Values[Dr]);
        ExpectDone(3);
        assert_int_equal(MovFromDr(Dr), Values[Dr]);
    }
    assert_int_equal(Guest()->Dr1, Values[1]);
    assert_int_equal(Guest()->Dr7, Values[7]);
}

static void Dr4AndDr5AreNamesOfDr6AndDr7(void **State)
{
    (void)State;
    Guest()->Cr4 &= ~CR4_DE;
    MovToDr(4, DR6_FREE | 2);
    ExpectDone(3);
    assert_int_equal(Guest()->Dr6, DR6_FREE | 2);
    MovToDr(5, 0x401);
    ExpectDone(3);
    assert_int_equal(Guest()->Dr7, 0x401);
    assert_int_equal(MovFromDr(5), 0x401);
}

static void WithDebuggingExtensionsTheyDoNotExist(void **State)
{
    (void)State;
    Guest()->Cr4 |= CR4_DE;
    MovToDr(4, DR6_FREE);
    ExpectUndefinedOpcode();
    DrExit(MOV_FROM_DR(5, RBX));
    ExpectUndefinedOpcode();
}

/* 26.1.3: the exit comes before the checks, whose order is #UD, #GP, #DB. */
static void OutsideTheKernelItIsGeneralProtection(void **State)
{
    const FAKE_REGISTERS Kernel = *Guest();

    (void)State;
    Guest()->Segments[VMCS_SEGMENT_CS].Rights = 0xA0FB;
    Guest()->Segments[VMCS_SEGMENT_SS].Rights = 0xC0F3;
    Guest()->Segments[VMCS_SEGMENT_CS].Selector |= 3;
    Guest()->Segments[VMCS_SEGMENT_SS].Selector |= 3;
    Guest()->Dr7 |= DR7_GD;
    MovToDr(0, 0x1111);
    ExpectGeneralProtection();
    assert_int_equal(Guest()->Dr0, Kernel.Dr0);
    assert_true(Guest()->Dr7 & DR7_GD);
    Guest()->Cr4 |= CR4_DE;
    MovToDr(4, 0);
    ExpectUndefinedOpcode();
    *Guest() = Kernel;
}

static void UpperHalvesOfDr6AndDr7AreGeneralProtection(void **State)
{
    (void)State;
    MovToDr(6, 1ull << 32);
    ExpectGeneralProtection();
    MovToDr(7, 1ull << 63);
    ExpectGeneralProtection();
    MovToDr(3, 1ull << 63);
    ExpectDone(3);
}

static void GeneralDetectIsADebugExceptionOnce(void **State)
{
    (void)State;
    Guest()->Dr6 = DR6_FREE | 0xF;
    Guest()->Dr7 = 0x400 | DR7_GD;
    DrExit(MOV_FROM_DR(7, RBX));
    ExpectFault(TEST_INFO_HARDWARE(1), 0);
    assert_int_equal(Guest()->Dr6, DR6_FREE | DR6_BD);
    assert_int_equal(Guest()->Dr7, 0x400);
    assert_int_equal(MovFromDr(7), 0x400);
}

static void AReadIntoRspIsTheGuestsRsp(void **State)
{
    (void)State;
    Guest()->Dr2 = STACK;
    DrExit(MOV_FROM_DR(2, RSP));
    ExpectDone(3);
    assert_int_equal(Guest()->Regs.rsp, STACK);
}

/* --- a PUSH that root mode carried out --- */

static BOOLEAN PushInstead(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)IsPost;
    Regs->rsp = STACK;
    VmexitAdvancePastPush(GuestVCpu(), 1);
    GuestVCpu()->IncrementRip = FALSE;
    return TRUE;
}

static void APushMeetsBreakpointsOnTheStack(void **State)
{
    static const struct {
        UINT64 Dr0, Dr7, Pending;
    } Cases[] = {
        {STACK, WRITE_8_BYTES | FIRST_ENABLED, PENDING_FIRST},
        {STACK, WRITE_8_BYTES | 2, PENDING_FIRST},
        {STACK, WRITE_8_BYTES, 0}, /* not enabled */
        {STACK + 4, ACCESS_4_BYTES | FIRST_ENABLED, PENDING_FIRST},
        {STACK - 8, WRITE_8_BYTES | FIRST_ENABLED, 0},
        {STACK + 8, WRITE_8_BYTES | FIRST_ENABLED, 0},
        {STACK, EXECUTE | FIRST_ENABLED, 0},
        {STACK, ON_PORT | FIRST_ENABLED, 0},
    };
    UINT32 Index;

    (void)State;
    g_TriggerEventForCpuids = TRUE;
    g_Test.OnEvent          = PushInstead;
    for (Index = 0; Index < COUNT_OF(Cases); Index++) {
        *FakePendingDebug(0) = 0;
        Guest()->Dr0         = Cases[Index].Dr0;
        Guest()->Dr7         = Cases[Index].Dr7 | 0x400;
        Guest()->Rip         = TEST_RIP;
        GuestCpuid(0, 0);
        assert_int_equal(Guest()->Rip, TEST_RIP + 1);
        assert_int_equal(Guest()->Regs.rsp, STACK);
        assert_int_equal(*FakePendingDebug(0), Cases[Index].Pending);
    }
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(EachRegisterIsWrittenAndRead),
        TEST(Dr4AndDr5AreNamesOfDr6AndDr7),
        TEST(WithDebuggingExtensionsTheyDoNotExist),
        TEST(OutsideTheKernelItIsGeneralProtection),
        TEST(UpperHalvesOfDr6AndDr7AreGeneralProtection),
        TEST(GeneralDetectIsADebugExceptionOnce),
        TEST(AReadIntoRspIsTheGuestsRsp),
        TEST(APushMeetsBreakpointsOnTheStack),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

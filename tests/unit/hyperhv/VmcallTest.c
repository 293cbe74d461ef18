/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmcallTest.c - a VMCALL is ours from CPL 0 with our signature alone; numbers that are not ours go to the
 * user; any other VMCALL does what it does without us.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#define RIGHTS_DPL_SHIFT 5

/* The guest executes VMCALL with our signature; gives RAX. */
static UINT64 Call(UINT64 Number, UINT64 Param1, UINT64 Param2, UINT64 Param3)
{
    GUEST_REGS *Regs = &Guest()->Regs;

    Guest()->Rip = TEST_RIP;
    Regs->rax    = 0xAAAA;
    Regs->rcx    = Number;
    Regs->rdx    = Param1;
    Regs->r8     = Param2;
    Regs->r9     = Param3;
    Regs->r10    = VMCALL_SIGNATURE_R10;
    Regs->r11    = VMCALL_SIGNATURE_R11;
    Regs->r12    = VMCALL_SIGNATURE_R12;
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_VMCALL, 3);
    return Regs->rax;
}

static VOID SetCpl(UINT32 Cpl)
{
    const UINT32 Mask = 3u << RIGHTS_DPL_SHIFT;
    UINT32 Index;

    for (Index = VMCS_SEGMENT_CS; Index <= VMCS_SEGMENT_SS; Index++)
        Guest()->Segments[Index].Rights =
            (Guest()->Segments[Index].Rights & ~Mask) | (Cpl << RIGHTS_DPL_SHIFT);
}

static void TheTestCallAnswersItsParametersOnly(void **State)
{
    (void)State;
    assert_int_equal(Call(VMCALL_TEST, VMCALL_TEST_PARAM1, VMCALL_TEST_PARAM2, VMCALL_TEST_PARAM3),
                     VMCALL_STATUS_SUCCESS);
    ExpectDone(3);
    assert_int_equal(Call(VMCALL_TEST, VMCALL_TEST_PARAM1 + 1, VMCALL_TEST_PARAM2, VMCALL_TEST_PARAM3),
                     VMCALL_STATUS_UNSUCCESSFUL);
    assert_int_equal(Call(VMCALL_TEST, VMCALL_TEST_PARAM1, VMCALL_TEST_PARAM2 + 1, VMCALL_TEST_PARAM3),
                     VMCALL_STATUS_UNSUCCESSFUL);
    assert_int_equal(Call(VMCALL_TEST, VMCALL_TEST_PARAM1, VMCALL_TEST_PARAM2, VMCALL_TEST_PARAM3 + 1),
                     VMCALL_STATUS_UNSUCCESSFUL);
    TestExpectTrace(""); /* not the user's */
}

static void AWrongSignatureIsUndefinedOpcode(void **State)
{
    UINT64 *Signature[] = {&Guest()->Regs.r10, &Guest()->Regs.r11, &Guest()->Regs.r12};
    UINT32 Index;

    (void)State;
    g_Test.Handles = TRUE;
    for (Index = 0; Index < COUNT_OF(Signature); Index++) {
        Call(VMCALL_TEST, 0, 0, 0);
        Guest()->Rip = TEST_RIP;
        *Signature[Index] ^= 1ull << 63;
        FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_VMCALL, 3);
        ExpectUndefinedOpcode();
    }
    TestExpectTrace("");
}

static void OutsideCpl0ItIsUndefinedOpcode(void **State)
{
    UINT32 Cpl;

    (void)State;
    g_Test.Handles = TRUE;
    for (Cpl = 1; Cpl <= 3; Cpl++) {
        SetCpl(Cpl);
        assert_int_equal(Call(VMCALL_VMXOFF, 0, 0, 0), 0xAAAA); /* RAX untouched */
        ExpectUndefinedOpcode();
        assert_int_equal(FakeMode(0), FAKE_VMX_GUEST);
    }
    TestExpectTrace("");
    SetCpl(0);
}

static void NumbersThatAreNotOursGoToTheUser(void **State)
{
    (void)State;
    g_Test.Handles = TRUE;
    assert_int_equal(Call(VMCALL_DEBUGGER_FIRST, 1, 2, ~0ull), VMCALL_STATUS_SUCCESS);
    TestExpectTrace("vmcall(0,200,1,2,ffffffffffffffff) ");
    ExpectDone(3);
    assert_int_equal(Call(~0ull, 3, 4, 5), VMCALL_STATUS_SUCCESS);
    TestExpectTrace("vmcall(0,ffffffffffffffff,3,4,5) ");
    g_Test.Handles = FALSE;
    assert_int_equal(Call(VMCALL_DEBUGGER_LAST, 0, 0, 0), VMCALL_STATUS_INVALID_PARAMETER);
    TestExpectTrace("vmcall(0,2ff,0,0,0) ");
    ExpectDone(3);
}

static void ANumberIsASixtyFourBitOne(void **State)
{
    (void)State;
    assert_int_equal(Call((1ull << 32) | VMCALL_VMXOFF, 0, 0, 0), VMCALL_STATUS_INVALID_PARAMETER);
    TestExpectTrace("vmcall(0,100000002,0,0,0) ");
    assert_int_equal(FakeMode(0), FAKE_VMX_GUEST);
}

static void AUserWithoutAHandlerMeansInvalidParameter(void **State)
{
    (void)State;
    g_Callbacks.VmmCallbackVmcallHandler = NULL;
    assert_int_equal(Call(VMCALL_DEBUGGER_FIRST, 0, 0, 0), VMCALL_STATUS_INVALID_PARAMETER);
    assert_int_equal(Call(0, 0, 0, 0), VMCALL_STATUS_INVALID_PARAMETER);
}

static void TheBitmapsCallsCheckTheirParameters(void **State)
{
    UINT64 Number;

    (void)State;
    for (Number = VMCALL_CHANGE_MSR_BITMAP_READ; Number <= VMCALL_CHANGE_MSR_BITMAP_WRITE; Number++) {
        assert_int_equal(Call(Number, 1ull << 32, 1, 0), VMCALL_STATUS_INVALID_PARAMETER);
        assert_int_equal(Call(Number, TEST_MSR, 2, 0), VMCALL_STATUS_INVALID_PARAMETER);
        assert_int_equal(Call(Number, TEST_MSR, 1, 0), VMCALL_STATUS_SUCCESS);
        assert_int_equal(Call(Number, 0xFFFFFFFF, 1, 0), VMCALL_STATUS_SUCCESS); /* exits anyway */
    }
}

static void TheBitmapsCallsChangeWhatExits(void **State)
{
    UINT64 *Reads  = &GuestVCpu()->ExitCounts[VMX_EXIT_REASON_EXECUTE_RDMSR];
    UINT64 *Writes = &GuestVCpu()->ExitCounts[VMX_EXIT_REASON_EXECUTE_WRMSR];

    (void)State;
    CpuReadMsr(TEST_MSR);
    CpuWriteMsr(TEST_MSR, 1);
    assert_int_equal(*Reads + *Writes, 0);
    Call(VMCALL_CHANGE_MSR_BITMAP_READ, TEST_MSR, 1, 0);
    assert_int_equal(CpuReadMsr(TEST_MSR), 1);
    CpuWriteMsr(TEST_MSR, 2);
    assert_int_equal(*Reads, 1);
    assert_int_equal(*Writes, 0);
    Call(VMCALL_CHANGE_MSR_BITMAP_READ, TEST_MSR, 0, 0);
    Call(VMCALL_CHANGE_MSR_BITMAP_WRITE, TEST_MSR, 1, 0);
    CpuReadMsr(TEST_MSR);
    CpuWriteMsr(TEST_MSR, 3);
    assert_int_equal(*Reads, 1);
    assert_int_equal(*Writes, 1);
    assert_int_equal(FakeMsrGet(0, TEST_MSR), 3);
}

static void VmxoffLeavesBehindTheInstruction(void **State)
{
    (void)State;
    assert_int_equal(Call(VMCALL_VMXOFF, 0, 0, 0), VMCALL_STATUS_SUCCESS);
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    assert_int_equal(Guest()->Rip, TEST_RIP + 3);
    assert_int_equal(g_GuestState[0].Lifecycle, VMM_CORE_OFF);
}

/* --- a hypervisor below --- */

static GUEST_REGS g_SeenBelow;

static VOID Below(GUEST_REGS *Regs)
{
    g_SeenBelow = *Regs;
    Regs->rax   = 0x77;
    Regs->rsi   = 0x88;
}

static int StartOnAHypervisor(void **State)
{
    CPUID_RESULT Features;

    TestMachine(TEST_CORES);
    FakeCpuidGet(1, 0, &Features);
    FakeCpuidSet(1, 0, (UINT32)Features.Eax, (UINT32)Features.Ebx, (UINT32)Features.Ecx | (1u << 31),
                 (UINT32)Features.Edx);
    FakeSetHypervisorBelow(Below);
    (void)State;
    return !TestLoad();
}

static void AForeignVmcallGoesToTheHypervisorBelow(void **State)
{
    (void)State;
    Guest()->Regs =
        (GUEST_REGS){.rax = 1, .rcx = 2, .r10 = 3, .r15 = 4, .rsp = Guest()->Regs.rsp, .rflags = 0x246};
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_VMCALL, 3);
    ExpectDone(3);
    assert_int_equal(g_SeenBelow.rax, 1);
    assert_int_equal(g_SeenBelow.rcx, 2);
    assert_int_equal(g_SeenBelow.r10, 3);
    assert_int_equal(g_SeenBelow.r15, 4);
    assert_int_equal(Guest()->Regs.rax, 0x77);
    assert_int_equal(Guest()->Regs.rsi, 0x88);
    assert_int_equal(Guest()->Regs.r15, 4);
}

static void OursDoesNotGoDown(void **State)
{
    (void)State;
    memset(&g_SeenBelow, 0, sizeof(g_SeenBelow));
    assert_int_equal(Call(VMCALL_TEST, VMCALL_TEST_PARAM1, VMCALL_TEST_PARAM2, VMCALL_TEST_PARAM3), 0);
    assert_int_equal(g_SeenBelow.r10, 0);
}

#define BELOW(Name) cmocka_unit_test_setup_teardown(Name, StartOnAHypervisor, TestFinish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(TheTestCallAnswersItsParametersOnly),
        TEST(AWrongSignatureIsUndefinedOpcode),
        TEST(OutsideCpl0ItIsUndefinedOpcode),
        TEST(NumbersThatAreNotOursGoToTheUser),
        TEST(ANumberIsASixtyFourBitOne),
        TEST(AUserWithoutAHandlerMeansInvalidParameter),
        TEST(TheBitmapsCallsCheckTheirParameters),
        TEST(TheBitmapsCallsChangeWhatExits),
        TEST(VmxoffLeavesBehindTheInstruction),
        BELOW(AForeignVmcallGoesToTheHypervisorBelow),
        BELOW(OursDoesNotGoDown),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

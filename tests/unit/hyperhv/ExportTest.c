/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ExportTest.c - what users of the VMM call does what VmmImports.h says, in root mode and out of it.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

static BOOLEAN (*g_InRoot)(GUEST_REGS *Regs);

static BOOLEAN RunInRoot(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)IsPost;
    return g_InRoot(Regs);
}

/* An exit whose PRE event calls Function. */
static VOID InRoot(BOOLEAN (*Function)(GUEST_REGS *Regs))
{
    g_InRoot       = Function;
    g_Test.OnEvent = RunInRoot;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    GuestCpuid(0, 0);
}

static BOOLEAN LookAround(GUEST_REGS *Regs)
{
    (void)Regs;
    assert_true(VmFuncVmxGetCurrentExecutionMode());
    assert_int_equal(VmFuncGetCurrentCoreId(), PlatformCpuCurrent());
    assert_int_equal(VmFuncGetLastVmexitRip(PlatformCpuCurrent()), TEST_RIP);
    assert_int_equal(VmFuncGetRip(), TEST_RIP);
    return FALSE;
}

static void RootModeKnowsItsCoreAndRip(void **State)
{
    (void)State;
    InRoot(LookAround);
    HostedSetCurrentCpu(1);
    InRoot(LookAround);
    assert_false(VmFuncVmxGetCurrentExecutionMode());
    HostedSetCurrentCpu(0);
    assert_int_equal(g_Test.EventCount, 2);
}

static BOOLEAN GoElsewhere(GUEST_REGS *Regs)
{
    (void)Regs;
    VmFuncSetRip(0xFFFFFFFF81ABCDEFull);
    assert_int_equal(VmFuncGetRip(), 0xFFFFFFFF81ABCDEFull);
    return FALSE;
}

static BOOLEAN GoElsewhere32(GUEST_REGS *Regs)
{
    (void)Regs;
    VmFuncSetRip(0xFFFFFFFF81ABCDEFull);
    return FALSE;
}

static void ANewRipIsWhereTheGuestGoesOn(void **State)
{
    (void)State;
    InRoot(GoElsewhere);
    assert_int_equal(Guest()->Rip, 0xFFFFFFFF81ABCDEFull);
}

static BOOLEAN GoNowhere(GUEST_REGS *Regs)
{
    (void)Regs;
    VmFuncSetRip(0x0000800000000000ull);
    return TRUE;
}

static void AJumpToWhatIsNoAddressIsGeneralProtection(void **State)
{
    (void)State;
    InRoot(GoNowhere);
    ExpectGeneralProtection();
}

static void Outside64BitModeAJumpWraps(void **State)
{
    const UINT32 Code64 = Guest()->Segments[VMCS_SEGMENT_CS].Rights;

    (void)State;
    Guest()->Segments[VMCS_SEGMENT_CS].Rights = 0xC09B;
    Guest()->Rip                              = 0x1000;
    InRoot(GoElsewhere32);
    assert_int_equal(Guest()->Rip, 0x81ABCDEF);
    Guest()->Segments[VMCS_SEGMENT_CS].Rights = Code64;
}

static BOOLEAN Suppress(GUEST_REGS *Regs)
{
    (void)Regs;
    VmFuncSuppressRipIncrement(VmFuncGetCurrentCoreId());
    return TRUE;
}

static BOOLEAN SuppressAndPerform(GUEST_REGS *Regs)
{
    (void)Regs;
    VmFuncSuppressRipIncrement(VmFuncGetCurrentCoreId());
    VmFuncPerformRipIncrement(VmFuncGetCurrentCoreId());
    return TRUE;
}

static void TheIncrementOfRipCanBeSuppressed(void **State)
{
    (void)State;
    InRoot(Suppress);
    ExpectDone(0);
    InRoot(SuppressAndPerform);
    ExpectDone(2);
    Guest()->Rip = TEST_RIP;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, FALSE);
    GuestCpuid(0, 0); /* each exit begins anew */
    ExpectDone(2);
}

static BOOLEAN ReadXmm(GUEST_REGS *Regs)
{
    const GUEST_XMM_REGS *Xmm = VmFuncGetXmmRegs();

    (void)Regs;
    assert_int_equal(Xmm->Xmm[0][0], 0x1111);
    assert_int_equal(Xmm->Xmm[5][1], 0x6666);
    FakeRegisters(0)->Xmm.Xmm[0][0] = 0x2222; /* read once in an exit */
    assert_int_equal(VmFuncGetXmmRegs()->Xmm[0][0], 0x1111);
    return FALSE;
}

static BOOLEAN ReadXmmAgain(GUEST_REGS *Regs)
{
    (void)Regs;
    assert_int_equal(VmFuncGetXmmRegs()->Xmm[0][0], 0x2222);
    return FALSE;
}

static void XmmRegistersAreReadOncePerExit(void **State)
{
    (void)State;
    Guest()->Xmm.Xmm[0][0] = 0x1111;
    Guest()->Xmm.Xmm[5][1] = 0x6666;
    InRoot(ReadXmm);
    InRoot(ReadXmmAgain);
}

static void AVmcallAnswersOnAVirtualizedCoreOnly(void **State)
{
    (void)State;
    assert_int_equal(VmFuncVmxVmcall(VMCALL_TEST, VMCALL_TEST_PARAM1, VMCALL_TEST_PARAM2, VMCALL_TEST_PARAM3),
                     VMCALL_STATUS_SUCCESS);
    assert_int_equal(VmFuncVmxVmcall(VMCALL_TEST, 0, 0, 0), VMCALL_STATUS_UNSUCCESSFUL);
    g_Test.Handles = TRUE;
    assert_int_equal(VmFuncVmxVmcall(VMCALL_DEBUGGER_FIRST + 5, 1, 2, 3), VMCALL_STATUS_SUCCESS);
    TestExpectTrace("vmcall(0,205,1,2,3) ");
    HvUninitVmm();
    assert_int_equal(VmFuncVmxVmcall(VMCALL_TEST, VMCALL_TEST_PARAM1, VMCALL_TEST_PARAM2, VMCALL_TEST_PARAM3),
                     VMCALL_STATUS_UNSUCCESSFUL);
}

static void WithoutTheVmmEveryQuestionHasAnAnswer(void **State)
{
    UINT64 Count;

    (void)State;
    HvUninitVmm();
    assert_string_equal(VmFuncGetBackendName(), "");
    assert_int_equal(VmFuncGetCoreCount(), 0);
    assert_false(VmFuncGetExitCounts(0, &Count, 1));
    assert_false(VmFuncVmxGetCurrentExecutionMode());
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(RootModeKnowsItsCoreAndRip),
        TEST(ANewRipIsWhereTheGuestGoesOn),
        TEST(AJumpToWhatIsNoAddressIsGeneralProtection),
        TEST(Outside64BitModeAJumpWraps),
        TEST(TheIncrementOfRipCanBeSuppressed),
        TEST(XmmRegistersAreReadOncePerExit),
        TEST(AVmcallAnswersOnAVirtualizedCoreOnly),
        TEST(WithoutTheVmmEveryQuestionHasAnAnswer),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

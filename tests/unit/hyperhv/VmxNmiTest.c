/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmxNmiTest.c - every NMI reaches the guest once, wherever it arrived: in the guest, in root mode, on the
 * way out.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#define BLOCKING_MOV_SS 2ull
#define BLOCKING_NMI    8ull
#define NMI             TEST_INFO(INTERRUPTION_TYPE_NMI, 2)

static VOID NmiExit(VOID)
{
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_EXCEPTION_OR_NMI, .InterruptionInfo = NMI});
}

static BOOLEAN WindowIsAsked(VOID)
{
    return (GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS) & PRIMARY_NMI_WINDOW_EXITING) != 0;
}

/* NMIs that the guest takes from now on, with an IRET after each. */
static UINT32 TakeAll(VOID)
{
    UINT32 Taken = 0;

    *FakeInterruptibility(0) &= ~BLOCKING_NMI;
    while (FakeTakeNmiWindow()) {
        if (FakeInjected().Info == NMI)
            Taken++;
        *FakeInterruptibility(0) &= ~BLOCKING_NMI;
    }
    return Taken;
}

static void AnNmiInTheGuestReachesItOnce(void **State)
{
    (void)State;
    NmiExit();
    ExpectFault(0, 0); /* not at once: the guest may be blocking NMIs */
    assert_int_equal(GuestVCpu()->PendingNmis, 1);
    assert_true(FakeTakeNmiWindow());
    ExpectFault(NMI, 0);
    assert_int_equal(GuestVCpu()->PendingNmis, 0);
    assert_false(WindowIsAsked());
    assert_int_equal(TakeAll(), 0);
}

static void ABlockedNmiWaits(void **State)
{
    (void)State;
    NmiExit();
    assert_true(FakeTakeNmiWindow());
    NmiExit(); /* in the guest's NMI handler */
    assert_false(FakeTakeNmiWindow());
    GuestCpuid(0, 0); /* other exits do not give it */
    assert_int_equal(FakeInjected().Info, 0);
    assert_int_equal(TakeAll(), 1);
}

static void AnNmiInAnInterruptShadowWaits(void **State)
{
    (void)State;
    *FakeInterruptibility(0) = BLOCKING_MOV_SS;
    NmiExit();
    assert_false(FakeTakeNmiWindow());
    *FakeInterruptibility(0) = 0;
    assert_int_equal(TakeAll(), 1);
}

static BOOLEAN NmiInRoot(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    assert_int_equal(VmFuncGetCurrentCoreId(), PlatformCpuCurrent());
    FakeRootException(2, 0);
    assert_int_equal(VmFuncGetCurrentCoreId(), PlatformCpuCurrent());
    return FALSE;
}

static void AnNmiInRootModeReachesTheGuestOnce(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = NmiInRoot;
    GuestCpuid(0, 0);
    assert_int_equal(GuestVCpu()->PendingNmis, 1);
    assert_true(WindowIsAsked());
    assert_int_equal(TakeAll(), 1);
    assert_false(WindowIsAsked());
}

static void SeveralOfBothKindsAllArrive(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent   = NmiInRoot;
    g_Test.WantsPost = TRUE;
    NmiExit();
    GuestCpuid(0, 0); /* two in root mode */
    NmiExit();
    assert_int_equal(GuestVCpu()->PendingNmis, 4);
    assert_int_equal(TakeAll(), 4);
    assert_int_equal(GuestVCpu()->NmiCounts.InGuest, 2);
    assert_int_equal(GuestVCpu()->NmiCounts.InRoot, 2);
    assert_int_equal(GuestVCpu()->NmiCounts.Injected, 4);
    assert_int_equal(GuestVCpu()->NmiCounts.Broadcast, 0);
}

static void AWindowForNobodyInjectsNothing(void **State)
{
    (void)State;
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_NMI_WINDOW});
    ExpectFault(0, 0);
    assert_false(WindowIsAsked());
}

static void EachCoreHasItsOwn(void **State)
{
    (void)State;
    HostedSetCurrentCpu(1);
    NmiExit();
    assert_int_equal(g_GuestState[0].PendingNmis, 0);
    assert_int_equal(g_GuestState[1].PendingNmis, 1);
    HostedSetCurrentCpu(0);
    assert_false(FakeTakeNmiWindow());
    HostedSetCurrentCpu(1);
    assert_true(FakeTakeNmiWindow());
    HostedSetCurrentCpu(0);
}

/* --- on the way out --- */

static void NmisThatWaitAtTheUnloadReachTheKernel(void **State)
{
    (void)State;
    *FakeInterruptibility(0) = BLOCKING_NMI;
    NmiExit();
    NmiExit();
    HvUninitVmm();
    assert_int_equal(FakeKernelNmis(0), 2);
    assert_int_equal(FakeKernelNmis(1), 0);
}

/* The first VMWRITE-less part of the way out: our IDT is still in force, VMX operation already left. */
static VOID NmiAtFirstWriteOfTheExit(UINT64 Field, UINT64 Value)
{
    (void)Value;
    if (Field == VMCS_GUEST_RIP) {
        FakeSetVmwriteHook(NULL);
        FakeRootException(2, 0);
    }
}

static void AnNmiInTheLastExitReachesTheKernel(void **State)
{
    (void)State;
    FakeSetVmwriteHook(NmiAtFirstWriteOfTheExit);
    HvUninitVmm(); /* core 0 first */
    assert_int_equal(FakeKernelNmis(0), 1);
}

static void ALoadStartsWithNone(void **State)
{
    (void)State;
    NmiExit();
    HvUninitVmm();
    assert_true(TestLoad());
    assert_int_equal(GuestVCpu()->PendingNmis, 0);
    assert_false(WindowIsAsked());
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(AnNmiInTheGuestReachesItOnce),
        TEST(ABlockedNmiWaits),
        TEST(AnNmiInAnInterruptShadowWaits),
        TEST(AnNmiInRootModeReachesTheGuestOnce),
        TEST(SeveralOfBothKindsAllArrive),
        TEST(AWindowForNobodyInjectsNothing),
        TEST(EachCoreHasItsOwn),
        TEST(NmisThatWaitAtTheUnloadReachTheKernel),
        TEST(AnNmiInTheLastExitReachesTheKernel),
        TEST(ALoadStartsWithNone),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ConfigurationTest.c - exits are counted per user: an MSR exits on a core while anybody wants it there, one
 * by one or with all others, and on cores that come later too.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#define OTHER_MSR  0x1A0u /* IA32_MISC_ENABLE */
#define OUTSIDE    0xC0002000u
#define MANY_USERS 5000

/* --- does the guest's access exit? --- */

static BOOLEAN Exits(UINT32 CoreId, UINT32 Msr, HV_CONTROL Access)
{
    const UINT32 Reason =
        Access == HV_CONTROL_MSR_READ ? VMX_EXIT_REASON_EXECUTE_RDMSR : VMX_EXIT_REASON_EXECUTE_WRMSR;
    const UINT64 Before = g_GuestState[CoreId].ExitCounts[Reason];
    UINT64 Value;

    HostedSetCurrentCpu(CoreId);
    if (Access == HV_CONTROL_MSR_READ)
        CpuTryReadMsr(Msr, &Value);
    else
        CpuTryWriteMsr(Msr, FakeMsrExists(CoreId, Msr) ? FakeMsrGet(CoreId, Msr) : 0);
    HostedSetCurrentCpu(0);
    return g_GuestState[CoreId].ExitCounts[Reason] != Before;
}

static BOOLEAN Reads(UINT32 CoreId)
{
    return Exits(CoreId, TEST_MSR, HV_CONTROL_MSR_READ);
}

static BOOLEAN Writes(UINT32 CoreId)
{
    return Exits(CoreId, TEST_MSR, HV_CONTROL_MSR_WRITE);
}

#define EXPECT(OnCore0, OnCore1)                                                                             \
    do {                                                                                                     \
        assert_int_equal(Reads(0), (OnCore0));                                                               \
        assert_int_equal(Reads(1), (OnCore1));                                                               \
    } while (0)

/* --- counting --- */

static void SetTwiceItTakesTwoUnsets(void **State)
{
    (void)State;
    EXPECT(FALSE, FALSE);
    assert_true(ConfigureSetMsrReadExiting(0, TEST_MSR));
    assert_true(ConfigureSetMsrReadExiting(0, TEST_MSR));
    EXPECT(TRUE, FALSE);
    ConfigureUnsetMsrReadExiting(0, TEST_MSR);
    EXPECT(TRUE, FALSE);
    ConfigureUnsetMsrReadExiting(0, TEST_MSR);
    EXPECT(FALSE, FALSE);
}

static void ReadsAndWritesAreCountedApart(void **State)
{
    (void)State;
    assert_true(ConfigureSetMsrWriteExiting(1, TEST_MSR));
    EXPECT(FALSE, FALSE);
    assert_true(Writes(1));
    assert_false(Writes(0));
    ConfigureUnsetMsrReadExiting(1, TEST_MSR); /* nobody had set that */
    assert_true(Writes(1));
    ConfigureUnsetMsrWriteExiting(1, TEST_MSR);
    assert_false(Writes(1));
}

static void AllCoresMeansEachOfThem(void **State)
{
    (void)State;
    assert_true(ConfigureSetMsrReadExiting(VMM_ALL_CORES, TEST_MSR));
    EXPECT(TRUE, TRUE);
    assert_true(ConfigureSetMsrReadExiting(1, TEST_MSR));
    ConfigureUnsetMsrReadExiting(VMM_ALL_CORES, TEST_MSR);
    EXPECT(FALSE, TRUE);
    ConfigureUnsetMsrReadExiting(1, TEST_MSR);
    EXPECT(FALSE, FALSE);
}

static void OneMsrIsNotAnother(void **State)
{
    (void)State;
    assert_true(ConfigureSetMsrReadExiting(0, TEST_MSR));
    assert_false(Exits(0, OTHER_MSR, HV_CONTROL_MSR_READ));
    assert_false(Exits(0, TEST_MSR - 1, HV_CONTROL_MSR_READ));
    assert_false(
        Exits(0, TEST_MSR - 0xC0000000, HV_CONTROL_MSR_READ)); /* the same place in the other range */
}

static void AllMsrsAndOneAreCountedTogether(void **State)
{
    (void)State;
    assert_true(ConfigureSetMsrReadExiting(0, VMM_ALL_MSRS));
    EXPECT(TRUE, FALSE);
    assert_true(Exits(0, OTHER_MSR, HV_CONTROL_MSR_READ));
    assert_true(ConfigureSetMsrReadExiting(0, TEST_MSR));
    ConfigureUnsetMsrReadExiting(0, VMM_ALL_MSRS);
    EXPECT(TRUE, FALSE);
    assert_false(Exits(0, OTHER_MSR, HV_CONTROL_MSR_READ));
    assert_true(ConfigureSetMsrReadExiting(0, VMM_ALL_MSRS));
    ConfigureUnsetMsrReadExiting(0, TEST_MSR);
    EXPECT(TRUE, FALSE);
    ConfigureUnsetMsrReadExiting(0, VMM_ALL_MSRS);
    EXPECT(FALSE, FALSE);
}

static void AllMsrsTwiceTakesTwoUnsets(void **State)
{
    (void)State;
    assert_true(ConfigureSetMsrWriteExiting(VMM_ALL_CORES, VMM_ALL_MSRS));
    assert_true(ConfigureSetMsrWriteExiting(VMM_ALL_CORES, VMM_ALL_MSRS));
    ConfigureUnsetMsrWriteExiting(VMM_ALL_CORES, VMM_ALL_MSRS);
    assert_true(Writes(0) && Writes(1));
    ConfigureUnsetMsrWriteExiting(VMM_ALL_CORES, VMM_ALL_MSRS);
    assert_false(Writes(0) || Writes(1));
}

/* What the kernel touches on every entry or tick: "all" leaves it out, by its own name it can be watched. */
static void AllLeavesOutWhatTheKernelTouchesAllTheTime(void **State)
{
    static const UINT32 Both[]      = {IA32_KERNEL_GS_BASE, IA32_MPERF, IA32_APERF};
    static const UINT32 OnlyWrite[] = {IA32_SPEC_CTRL, IA32_PRED_CMD};
    UINT32 Index;

    (void)State;
    assert_true(ConfigureSetMsrReadExiting(0, VMM_ALL_MSRS));
    assert_true(ConfigureSetMsrWriteExiting(0, VMM_ALL_MSRS));
    for (Index = 0; Index < COUNT_OF(Both); Index++) {
        assert_false(Exits(0, Both[Index], HV_CONTROL_MSR_READ));
        assert_false(Exits(0, Both[Index], HV_CONTROL_MSR_WRITE));
        assert_true(ConfigureSetMsrReadExiting(0, Both[Index]));
        assert_true(Exits(0, Both[Index], HV_CONTROL_MSR_READ));
    }
    for (Index = 0; Index < COUNT_OF(OnlyWrite); Index++) {
        assert_true(Exits(0, OnlyWrite[Index], HV_CONTROL_MSR_READ));
        assert_false(Exits(0, OnlyWrite[Index], HV_CONTROL_MSR_WRITE));
        assert_true(ConfigureSetMsrWriteExiting(0, OnlyWrite[Index]));
        assert_true(Exits(0, OnlyWrite[Index], HV_CONTROL_MSR_WRITE));
    }
}

/* More unsets than sets are a user's mistake, which the next user does not pay for. */
static void UnsettingWhatIsNotSetDoesNothing(void **State)
{
    (void)State;
    ConfigureUnsetMsrReadExiting(0, TEST_MSR);
    EXPECT(FALSE, FALSE);
    assert_true(ConfigureSetMsrReadExiting(0, TEST_MSR));
    EXPECT(TRUE, FALSE);
    ConfigureUnsetMsrReadExiting(0, TEST_MSR);
    EXPECT(FALSE, FALSE);
    ConfigureUnsetMsrReadExiting(0, VMM_ALL_MSRS);
    EXPECT(FALSE, FALSE);
    assert_true(ConfigureSetMsrReadExiting(0, VMM_ALL_MSRS));
    EXPECT(TRUE, FALSE);
}

static void ManyUsersAreCounted(void **State)
{
    UINT32 User;

    (void)State;
    for (User = 0; User < MANY_USERS; User++)
        assert_true(ConfigureSetMsrReadExiting(0, TEST_MSR));
    for (User = 1; User < MANY_USERS; User++)
        ConfigureUnsetMsrReadExiting(0, TEST_MSR);
    EXPECT(TRUE, FALSE);
    ConfigureUnsetMsrReadExiting(0, TEST_MSR);
    EXPECT(FALSE, FALSE);
}

static void OutsideTheBitmapEverythingExitsAnyway(void **State)
{
    (void)State;
    assert_true(Exits(0, OUTSIDE, HV_CONTROL_MSR_READ));
    assert_true(ConfigureSetMsrReadExiting(0, OUTSIDE));
    assert_true(Exits(0, OUTSIDE, HV_CONTROL_MSR_READ));
    ConfigureUnsetMsrReadExiting(0, OUTSIDE);
    assert_true(Exits(0, OUTSIDE, HV_CONTROL_MSR_READ));
}

/* --- who may ask --- */

static void ACoreThatDoesNotExistIsRefused(void **State)
{
    (void)State;
    assert_false(ConfigureSetMsrReadExiting(TEST_CORES, TEST_MSR));
    assert_false(ConfigureSetMsrWriteExiting(VMM_ALL_CORES - 1, VMM_ALL_MSRS));
    ConfigureUnsetMsrReadExiting(TEST_CORES, TEST_MSR);
    EXPECT(FALSE, FALSE);
}

static void WithoutTheVmmEverythingIsRefused(void **State)
{
    (void)State;
    HvUninitVmm();
    assert_false(ConfigureSetMsrReadExiting(0, TEST_MSR));
    assert_false(ConfigureSetMsrReadExiting(VMM_ALL_CORES, VMM_ALL_MSRS));
    ConfigureUnsetMsrReadExiting(0, TEST_MSR);
}

/* --- cores that come later --- */

static void ACoreThatComesOnlineHasWhatWasArmedMeanwhile(void **State)
{
    (void)State;
    HostedCpuGoOffline(1);
    assert_true(ConfigureSetMsrReadExiting(VMM_ALL_CORES, TEST_MSR));
    assert_true(ConfigureSetMsrWriteExiting(1, VMM_ALL_MSRS));
    assert_true(HostedCpuGoOnline(1));
    EXPECT(TRUE, TRUE);
    assert_true(Writes(1));
    assert_false(Writes(0));
}

static void ACoreThatComesOnlineHasNotWhatWasDisarmedMeanwhile(void **State)
{
    (void)State;
    assert_true(ConfigureSetMsrReadExiting(VMM_ALL_CORES, TEST_MSR));
    EXPECT(TRUE, TRUE);
    HostedCpuGoOffline(1);
    ConfigureUnsetMsrReadExiting(VMM_ALL_CORES, TEST_MSR);
    assert_true(HostedCpuGoOnline(1));
    EXPECT(FALSE, FALSE);
}

static void ACoreThatGoesAndComesKeepsWhatIsArmed(void **State)
{
    (void)State;
    assert_true(ConfigureSetMsrReadExiting(1, TEST_MSR));
    HostedCpuGoOffline(1);
    assert_true(HostedCpuGoOnline(1));
    EXPECT(FALSE, TRUE);
    ConfigureUnsetMsrReadExiting(1, TEST_MSR);
    EXPECT(FALSE, FALSE);
}

static void AnArmedMsrIsReportedOnceItsTypeIs(void **State)
{
    (void)State;
    assert_true(ConfigureSetMsrReadExiting(VMM_ALL_CORES, TEST_MSR));
    CpuReadMsr(TEST_MSR);
    assert_int_equal(g_Test.EventCount, 0);
    VmFuncSetTriggerEvent(RDMSR_INSTRUCTION_EXECUTION, TRUE);
    CpuReadMsr(TEST_MSR);
    assert_int_equal(g_Test.EventCount, 1);
    assert_int_equal(g_Test.Events[0].Context, TEST_MSR);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(SetTwiceItTakesTwoUnsets),
        TEST(ReadsAndWritesAreCountedApart),
        TEST(AllCoresMeansEachOfThem),
        TEST(OneMsrIsNotAnother),
        TEST(AllMsrsAndOneAreCountedTogether),
        TEST(AllMsrsTwiceTakesTwoUnsets),
        TEST(AllLeavesOutWhatTheKernelTouchesAllTheTime),
        TEST(UnsettingWhatIsNotSetDoesNothing),
        TEST(ManyUsersAreCounted),
        TEST(OutsideTheBitmapEverythingExitsAnyway),
        TEST(ACoreThatDoesNotExistIsRefused),
        TEST(WithoutTheVmmEverythingIsRefused),
        TEST(ACoreThatComesOnlineHasWhatWasArmedMeanwhile),
        TEST(ACoreThatComesOnlineHasNotWhatWasDisarmedMeanwhile),
        TEST(ACoreThatGoesAndComesKeepsWhatIsArmed),
        TEST(AnArmedMsrIsReportedOnceItsTypeIs),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

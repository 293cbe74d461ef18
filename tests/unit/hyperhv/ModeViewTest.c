/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ModeViewTest.c - a watched process that goes on in another mode is an event, once for each change; nobody
 * else exits for it.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/vmx/EptViews.h"
#include "hyperhv/vmx/ModeView.h"
#include "hyperhv/vmx/VmxState.h"

#define PROCESS       77u
#define ITS_CR3       0x5678000ull
#define OTHER_CR3     0x9ABC000ull
#define FETCH         0x184ull /* qualification: an instruction fetch, at a linear address */
#define DATA_READ     0x181ull
#define CODE_PHYSICAL 0x1234000ull
#define MOV_CR3_RAX   3ull /* qualification */
#define USER          3u
#define KERNEL        0u

static FAKE_SEGMENT g_KernelSegments[FAKE_SEGMENTS];

static int Start(void **State)
{
    const int Result = TestStart(State);

    memcpy(g_KernelSegments, Guest()->Segments, sizeof(g_KernelSegments));
    HostedSetProcessTable(PROCESS, ITS_CR3);
    g_TriggerEvents[TRAP_EXECUTION_MODE_CHANGED] = TRUE;
    return Result;
}

static VOID EnterMode(UINT32 Cpl)
{
    memcpy(Guest()->Segments, g_KernelSegments, sizeof(g_KernelSegments));
    if (Cpl != USER)
        return;
    Guest()->Segments[VMCS_SEGMENT_CS].Rights = 0xA0FB;
    Guest()->Segments[VMCS_SEGMENT_SS].Rights = 0xC0F3;
    Guest()->Segments[VMCS_SEGMENT_CS].Selector |= USER;
    Guest()->Segments[VMCS_SEGMENT_SS].Selector |= USER;
}

static int Finish(void **State)
{
    EnterMode(KERNEL);
    CpuWriteCr3(0x2345001);
    return TestFinish(State);
}

#undef TEST
#define TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, Finish)

static VOID SwitchTo(UINT64 Cr3)
{
    Guest()->Regs.rax = Cr3;
    Guest()->Rip      = TEST_RIP;
    FakeExit(
        &(FAKE_EXIT){.Reason = VMX_EXIT_REASON_MOV_CR, .InstructionLength = 3, .Qualification = MOV_CR3_RAX});
}

static VOID Violate(UINT64 Qualification)
{
    Guest()->Rip = TEST_RIP;
    FakeExit(&(FAKE_EXIT){.Reason        = VMX_EXIT_REASON_EPT_VIOLATION,
                          .Qualification = Qualification,
                          .GuestPhysical = CODE_PHYSICAL,
                          .GuestLinear   = TEST_RIP});
}

static VOID ExpectView(EPT_VIEW_KIND Kind)
{
    assert_int_equal(GuestField(VMCS_EPT_POINTER), EptViewOfKind(Kind));
}

static BOOLEAN Distinguishes(UINT32 CoreId)
{
    return (FakeVmcsGet(CoreId, VMCS_SECONDARY_PROCESSOR_CONTROLS) & SECONDARY_MODE_BASED_EXECUTE) != 0;
}

static void OnlyItsProcessIsOnAnotherView(void **State)
{
    (void)State;
    ExpectView(EPT_VIEW_HOOKED);
    assert_true(ConfigureSetModeExecTrap(VMM_ALL_CORES, PROCESS));
    assert_true(Distinguishes(0) && Distinguishes(1));
    ExpectView(EPT_VIEW_HOOKED);
    SwitchTo(ITS_CR3 | 1); /* a PCID makes no difference */
    ExpectView(EPT_VIEW_NO_USER);
    SwitchTo(OTHER_CR3);
    ExpectView(EPT_VIEW_HOOKED);
    SwitchTo(ITS_CR3);
    ExpectView(EPT_VIEW_NO_USER);
    ConfigureUnsetModeExecTrap(VMM_ALL_CORES, PROCESS);
    ExpectView(EPT_VIEW_HOOKED);
    assert_false(Distinguishes(0) || Distinguishes(1));
    assert_int_equal(g_Test.EventCount, 0);
}

static VOID Change(UINT32 Cpl, UINT32 Events)
{
    EnterMode(Cpl);
    Violate(FETCH);
    assert_int_equal(Guest()->Rip, TEST_RIP);
    assert_int_equal(FakeInjected().Info, 0);
    assert_int_equal(g_Test.EventCount, Events);
    assert_int_equal(g_Test.Events[Events - 1].Type, TRAP_EXECUTION_MODE_CHANGED);
    assert_int_equal(g_Test.Events[Events - 1].Context, Cpl);
}

static void EachChangeIsOneEventWithTheModeThatIsEntered(void **State)
{
    (void)State;
    assert_true(ConfigureSetModeExecTrap(0, PROCESS));
    SwitchTo(ITS_CR3);
    Change(USER, 1);
    ExpectView(EPT_VIEW_NO_KERNEL);
    Change(KERNEL, 2);
    ExpectView(EPT_VIEW_NO_USER);
    Change(USER, 3);
    EnterMode(KERNEL);
    ConfigureUnsetModeExecTrap(0, PROCESS);
}

static void PostComesOnceTheModeIsAllowed(void **State)
{
    (void)State;
    g_Test.WantsPost = TRUE;
    assert_true(ConfigureSetModeExecTrap(0, PROCESS));
    SwitchTo(ITS_CR3);
    Change(USER, 2);
    assert_int_equal(g_Test.Events[0].Stage, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION);
    assert_int_equal(g_Test.Events[1].Stage, VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION);
}

static BOOLEAN Refuse(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    return TRUE;
}

static void ShortCircuitedItComesAgain(void **State)
{
    (void)State;
    assert_true(ConfigureSetModeExecTrap(0, PROCESS));
    SwitchTo(ITS_CR3);
    g_Test.OnEvent = Refuse;
    Change(USER, 1);
    ExpectView(EPT_VIEW_NO_USER);
    Change(USER, 2);
    g_Test.OnEvent = NULL;
    Change(USER, 3);
    ExpectView(EPT_VIEW_NO_KERNEL);
}

/* What the views allow, and accesses that are no fetches, are not of this. */
static void OtherViolationsAreNotOfModes(void **State)
{
    (void)State;
    assert_true(ConfigureSetModeExecTrap(0, PROCESS));
    SwitchTo(ITS_CR3);
    g_Test.Handles = TRUE; /* the user's callback for violations that nobody explains */
    Violate(DATA_READ);
    Violate(FETCH); /* of the kernel, which may execute here */
    assert_int_equal(g_Test.EventCount, 0);
    ExpectView(EPT_VIEW_NO_USER);
}

static void UsersAreCountedAndAProcessMustBeThere(void **State)
{
    (void)State;
    assert_false(ConfigureSetModeExecTrap(VMM_ALL_CORES, PROCESS + 1));
    assert_false(Distinguishes(0));
    assert_true(ConfigureSetModeExecTrap(0, PROCESS));
    assert_true(ConfigureSetModeExecTrap(VMM_ALL_CORES, PROCESS));
    ConfigureUnsetModeExecTrap(VMM_ALL_CORES, PROCESS);
    assert_true(Distinguishes(0));
    assert_false(Distinguishes(1));
    SwitchTo(ITS_CR3);
    ExpectView(EPT_VIEW_NO_USER);
    ConfigureUnsetModeExecTrap(0, PROCESS);
    assert_false(Distinguishes(0));
    ExpectView(EPT_VIEW_HOOKED);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(OnlyItsProcessIsOnAnotherView), TEST(EachChangeIsOneEventWithTheModeThatIsEntered),
        TEST(PostComesOnceTheModeIsAllowed), TEST(ShortCircuitedItComesAgain),
        TEST(OtherViolationsAreNotOfModes),  TEST(UsersAreCountedAndAProcessMustBeThere),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FollowedHookTest.c - hooks in processes go where their virtual address goes, count for their process alone,
 * and are never left in somebody else's page; hooks on a module leave with it.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/hooks/HookPage.h"
#include "hyperhv/vmx/EptViews.h"

#define PAGE       PLATFORM_PAGE_SIZE
#define PROCESS    7u
#define OTHER      8u
#define CODE       0x00007F1234560000ull /* the page of both processes */
#define AT         0x100u                /* the hook's place on it */
#define NOP_LENGTH 5u
#define TAG        3u
#define OWN_ACCESS 0x180ull
#define PTE        0x67ull
#define USER_HALF  PAGE /* from the kernel's page table of a process to that of user mode */

/* --- two processes with page tables, and three pages of code --- */

static UINT64 *g_Top[OTHER + 1], *g_Tables[2 * 3]; /* by process; those below */
static UINT32 g_TableCount;
static UINT8 *g_Page[3];
static UINT64 g_Free; /* allocations while there are no hooks */

static UINT64 Physical(UINT32 Page)
{
    return PlatformMemoryVirtualToPhysical(g_Page[Page]);
}

static UINT64 *EntryOf(UINT32 ProcessId)
{
    UINT64 *Table = g_Top[ProcessId] + USER_HALF / sizeof(UINT64);
    UINT32 Level;

    for (Level = 4; Level > 1; Level--) {
        UINT64 *Entry = &Table[(CODE >> (12 + 9 * (Level - 1))) & 511];

        if (*Entry == 0) {
            g_Tables[g_TableCount] = PlatformMemoryAllocatePages(1);
            *Entry                 = PlatformMemoryVirtualToPhysical(g_Tables[g_TableCount++]) | PTE;
        }
        Table = PlatformMemoryPhysicalToVirtual(*Entry & ~(PAGE - 1));
    }
    return &Table[(CODE >> 12) & 511];
}

static VOID StartProcess(UINT32 ProcessId, UINT32 Page)
{
    g_Top[ProcessId] = PlatformMemoryAllocatePages(2);
    HostedProcessStart(ProcessId, PlatformMemoryVirtualToPhysical(g_Top[ProcessId]));
    HostedProcessMap(ProcessId, CODE, Physical(Page));
    *EntryOf(ProcessId) = Physical(Page) | PTE;
}

/* The kernel gives the process another page, or none (no Page of that number). */
static VOID Change(UINT32 ProcessId, UINT32 Page)
{
    const UINT64 To = Page < COUNT_OF(g_Page) ? Physical(Page) : 0;

    HostedProcessChange(ProcessId, CODE, To, TRUE);
    *EntryOf(ProcessId) = To != 0 ? To | PTE : 0;
}

#define NO_PAGE 99u

static int Start(void **State)
{
    static const UINT8 Code[] = {0x0F, 0x1F, 0x44, 0x00, 0x00, 0x48, 0x8D, 0x47, 0x01, 0xC3};
    int Result                = TestStart(State);
    UINT32 Page;

    g_TableCount = 0;
    for (Page = 0; Page < COUNT_OF(g_Page); Page++) {
        g_Page[Page] = PlatformMemoryAllocatePages(1);
        memcpy(g_Page[Page] + AT, Code, sizeof(Code));
    }
    StartProcess(PROCESS, 0);
    StartProcess(OTHER, 0);
    ConfigureEptHook(CODE + AT, PROCESS); /* the view's tables stay */
    ConfigureEptUnHook(CODE + AT, PROCESS);
    g_Free = HostedLiveAllocations();
    return Result;
}

static int Finish(void **State)
{
    UINT32 Page;

    HvUninitVmm(); /* looks at the pages */
    while (g_TableCount > 0)
        PlatformMemoryFreePages(g_Tables[--g_TableCount], 1);
    PlatformMemoryFreePages(g_Top[PROCESS], 2);
    PlatformMemoryFreePages(g_Top[OTHER], 2);
    for (Page = 0; Page < COUNT_OF(g_Page); Page++)
        PlatformMemoryFreePages(g_Page[Page], 1);
    return TestFinish(State);
}

#undef TEST
#define TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, Finish)

static VOID Hook(VOID)
{
    assert_int_equal(ConfigureEptHook(CODE + AT, PROCESS), 0);
}

static UINT32 State(VOID)
{
    VMM_HOOK_STATE Answer = 99;

    return ConfigureQueryHookState(CODE + AT, PROCESS, &Answer) ? (UINT32)Answer : 99;
}

/* A page with hidden breakpoints is there for execution alone, and is executed from a copy. */
static BOOLEAN IsHooked(UINT32 Page)
{
    const UINT64 Entry = EptViewHookedEntry(Physical(Page));
    const BOOLEAN IsPlain =
        (Entry & ~0xFFFull) == Physical(Page) && (Entry & HOOK_ACCESS_ALL) == HOOK_ACCESS_ALL;

    if (!IsPlain)
        assert_int_equal(Entry & HOOK_ACCESS_ALL, HOOK_ACCESS_EXECUTE);
    return !IsPlain;
}

/* The process executes an INT3 at the hook, in user mode. */
static VOID Int3(UINT32 ProcessId)
{
    g_Test.EventCount = 0;
    Guest()->Cr3      = PlatformMemoryVirtualToPhysical(g_Top[ProcessId]) + USER_HALF;
    Guest()->Rip      = CODE + AT;
    FakeExit(&(FAKE_EXIT){.Reason            = VMX_EXIT_REASON_EXCEPTION_OR_NMI,
                          .InterruptionInfo  = TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 3),
                          .InstructionLength = 1});
}

static VOID ExpectPassed(UINT32 Events, UINT64 Length)
{
    assert_int_equal(g_Test.EventCount, Events);
    assert_int_equal(FakeInjected().Info, 0);
    assert_int_equal(Guest()->Rip, CODE + AT + Length);
}

/* --- whose it is --- */

static void AHookIsHitByItsProcess(void **Unused)
{
    (void)Unused;
    Hook();
    assert_int_equal(State(), VMM_HOOK_LIVE);
    assert_true(IsHooked(0));
    Int3(PROCESS);
    ExpectPassed(1, NOP_LENGTH);
    assert_int_equal(g_Test.Events[0].Context, CODE + AT);
}

static void AnotherProcessWithThePageIsUnharmed(void **Unused)
{
    (void)Unused;
    Hook();
    Int3(OTHER);
    ExpectPassed(0, NOP_LENGTH);
}

static void AnInt3OfTheProgramIsItsOwn(void **Unused)
{
    (void)Unused;
    g_Page[0][AT] = 0xCC;
    Int3(PROCESS);
    assert_int_equal(FakeInjected().Info, TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 3));
    assert_int_equal(g_Test.EventCount, 0);
}

/* A core has met the breakpoint just before it was taken away. */
static void AnInt3ThatIsThereNoMoreIsForgotten(void **Unused)
{
    (void)Unused;
    Int3(OTHER);
    ExpectPassed(0, 0);
}

static void TwoProcessesHaveTheirOwnHooksOnOnePage(void **Unused)
{
    (void)Unused;
    Hook();
    assert_int_equal(ConfigureEptHook(CODE + AT, OTHER), 0);
    Int3(OTHER);
    ExpectPassed(1, NOP_LENGTH);
    Change(PROCESS, NO_PAGE);
    assert_true(IsHooked(0));
    Int3(OTHER);
    ExpectPassed(1, NOP_LENGTH);
    assert_true(ConfigureEptUnHook(CODE + AT, OTHER));
    assert_false(IsHooked(0));
    assert_int_equal(State(), VMM_HOOK_NOT_MAPPED);
}

static void AHookIsUnsetAsOftenAsItWasSet(void **Unused)
{
    (void)Unused;
    Hook();
    Hook();
    assert_true(ConfigureEptUnHook(CODE + AT, PROCESS));
    assert_true(IsHooked(0));
    assert_true(ConfigureEptUnHook(CODE + AT, PROCESS));
    assert_false(IsHooked(0));
    assert_false(ConfigureEptUnHook(CODE + AT, PROCESS));
    assert_int_equal(State(), 99);
    assert_false(HostedProcessIsOpen(PROCESS));
}

/* --- where it goes --- */

static void AHookLeavesAPageBeforeItIsGivenUp(void **Unused)
{
    (void)Unused;
    Hook();
    Change(PROCESS, NO_PAGE);
    assert_int_equal(State(), VMM_HOOK_NOT_MAPPED);
    assert_false(IsHooked(0));
    TestExpectLogSilent();
}

static void AHookIsOnTheNewPageBeforeTheProcessRuns(void **Unused)
{
    (void)Unused;
    Hook();
    Change(PROCESS, 1);
    assert_false(IsHooked(0) || IsHooked(1));
    HostedProcessRun(PROCESS);
    assert_int_equal(State(), VMM_HOOK_LIVE);
    assert_true(IsHooked(1));
    assert_false(IsHooked(0));
    Int3(PROCESS);
    ExpectPassed(1, NOP_LENGTH);
    assert_false(HostedProcessIsWatched(PROCESS));
}

static void WhatIsMappedLaterIsHookedThen(void **Unused)
{
    (void)Unused;
    Hook();
    Change(PROCESS, NO_PAGE);
    HostedProcessRun(PROCESS);
    assert_int_equal(State(), VMM_HOOK_NOT_MAPPED);
    assert_true(HostedProcessIsWatched(PROCESS));
    HostedProcessMap(PROCESS, CODE, Physical(2));
    assert_int_equal(State(), VMM_HOOK_LIVE);
    assert_true(IsHooked(2));
    assert_false(HostedProcessIsWatched(PROCESS));
}

static void ChangeOnce(void)
{
    HostedSetLookUpHandler(NULL);
    Change(PROCESS, 2);
}

static void APageThatGoesWhileItIsLookedUpIsNotHooked(void **Unused)
{
    (void)Unused;
    Hook();
    Change(PROCESS, 1);
    HostedSetLookUpHandler(ChangeOnce);
    HostedProcessRun(PROCESS);
    assert_int_equal(State(), VMM_HOOK_LIVE);
    assert_false(IsHooked(0) || IsHooked(1));
    assert_true(IsHooked(2));
}

static void OneOfTwoHooksOfAPageGoesAlone(void **Unused)
{
    (void)Unused;
    Hook();
    assert_int_equal(ConfigureEptHook(CODE + AT + 5, PROCESS), 0);
    Change(PROCESS, 1);
    assert_true(ConfigureEptUnHook(CODE + AT + 5, PROCESS));
    HostedProcessRun(PROCESS);
    Int3(PROCESS);
    ExpectPassed(1, NOP_LENGTH);
    assert_true(ConfigureEptUnHook(CODE + AT, PROCESS));
    assert_false(IsHooked(1));
    assert_false(HostedProcessIsOpen(PROCESS));
}

static void ThreadsThatCouldNotBeHeldAreTold(void **Unused)
{
    (void)Unused;
    Hook();
    HostedProcessChange(PROCESS, CODE, Physical(1), FALSE);
    TestExpectLog("may miss something");
}

/* --- its end --- */

static void TheEndOfTheProcessIsTheEndOfItsHooks(void **Unused)
{
    (void)Unused;
    Hook();
    HostedProcessEnd(PROCESS);
    assert_int_equal(State(), VMM_HOOK_GONE);
    assert_false(IsHooked(0));
    Int3(PROCESS);
    ExpectPassed(0, 0);
    assert_true(ConfigureEptUnHook(CODE + AT, PROCESS));
    assert_int_equal(State(), 99);
    assert_int_equal(HostedLiveAllocations(), g_Free);
}

/* The one that lives is asked for, and unset, first. */
static void ANewProcessWithTheSameNumberHasItsOwn(void **Unused)
{
    (void)Unused;
    Hook();
    HostedProcessEnd(PROCESS);
    HostedProcessStart(PROCESS, PlatformMemoryVirtualToPhysical(g_Top[PROCESS]));
    HostedProcessMap(PROCESS, CODE, Physical(1));
    Hook();
    assert_int_equal(State(), VMM_HOOK_LIVE);
    assert_true(ConfigureEptUnHook(CODE + AT, PROCESS));
    assert_int_equal(State(), VMM_HOOK_GONE);
    assert_false(IsHooked(1));
    assert_true(ConfigureEptUnHook(CODE + AT, PROCESS));
}

static void AnUnloadWithHooksInForceIsClean(void **Unused)
{
    (void)Unused;
    Hook(); /* Finish looks at what is left */
    assert_int_equal(ConfigureEptHookMonitor(TAG, CODE, 8, FALSE, HOOK_ACCESS_WRITE, OTHER), 0);
    HostedProcessEnd(OTHER);
}

/* --- refusals --- */

static void WhatIsNotMappedCannotBeHooked(void **Unused)
{
    (void)Unused;
    assert_int_equal(ConfigureEptHook(CODE + PAGE, PROCESS), DEBUGGER_ERROR_INVALID_ADDRESS);
    assert_int_equal(ConfigureEptHook(CODE + AT, 99), DEBUGGER_ERROR_INVALID_PROCESS);
    assert_int_equal(ConfigureEptHookMonitor(TAG, CODE + PAGE - 8, 16, FALSE, HOOK_ACCESS_WRITE, PROCESS),
                     DEBUGGER_ERROR_INVALID_ADDRESS);
    assert_false(HostedProcessIsOpen(PROCESS));
    assert_int_equal(HostedLiveAllocations(), g_Free);
}

static void WithoutMemoryNothingIsLeftBehind(void **Unused)
{
    UINT32 Nth = 0, Error;

    (void)Unused;
    do {
        HostedFailAllocation(++Nth);
        Error = ConfigureEptHook(CODE + AT, PROCESS);
        if (HostedAllocationHasFailed()) {
            assert_int_not_equal(Error, 0);
            assert_int_equal(HostedLiveAllocations(), g_Free);
            assert_false(IsHooked(0));
        }
    } while (HostedAllocationHasFailed());
    HostedFailAllocation(0);
    assert_int_equal(Error, 0);
    assert_true(Nth > 5);
}

/* --- monitors --- */

static VOID Write(UINT32 ProcessId, UINT64 Linear, UINT32 Page)
{
    g_Test.EventCount = 0;
    Guest()->Cr3      = PlatformMemoryVirtualToPhysical(g_Top[ProcessId]) + USER_HALF;
    Guest()->Rip      = CODE + AT;
    FakeExit(&(FAKE_EXIT){.Reason        = VMX_EXIT_REASON_EPT_VIOLATION,
                          .Qualification = HOOK_ACCESS_WRITE | OWN_ACCESS,
                          .GuestPhysical = Physical(Page) + (Linear & (PAGE - 1)),
                          .GuestLinear   = Linear});
    *FakeInterruptibility(PlatformCpuCurrent()) = 0;
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_MONITOR_TRAP_FLAG});
}

static void AMonitorCountsWhatItsProcessDoesAtItsAddress(void **Unused)
{
    VMM_HOOK_STATE Answer;

    (void)Unused;
    assert_int_equal(ConfigureEptHookMonitor(TAG, CODE + 64, 8, FALSE, HOOK_ACCESS_WRITE, PROCESS), 0);
    Write(PROCESS, CODE + 64, 0);
    assert_int_equal(g_Test.EventCount, 1);
    Write(OTHER, CODE + 64, 0);
    assert_int_equal(g_Test.EventCount, 0);
    Write(PROCESS, CODE + 0x10000 + 64, 0); /* the same page, mapped a second time */
    assert_int_equal(g_Test.EventCount, 0);
    Change(PROCESS, 1);
    assert_true(ConfigureQueryMonitorState(TAG, &Answer));
    assert_int_equal(Answer, VMM_HOOK_NOT_MAPPED);
    HostedProcessRun(PROCESS);
    Write(PROCESS, CODE + 64, 1);
    assert_int_equal(g_Test.EventCount, 1);
    assert_int_equal(EptViewHookedEntry(Physical(0)) & HOOK_ACCESS_ALL, HOOK_ACCESS_ALL);
    assert_true(ConfigureEptUnHookMonitor(TAG));
    assert_false(ConfigureQueryMonitorState(TAG, &Answer));
}

/* --- modules --- */

static void HooksOnAModuleLeaveWithIt(void **Unused)
{
    const UINT64 Kernel = HOSTED_DIRECT_MAP + Physical(1);
    VMM_HOOK_STATE Answer;

    (void)Unused;
    assert_int_equal(ConfigureEptHook(Kernel + AT, VMM_NO_PROCESS), 0);
    assert_int_equal(ConfigureEptHook(HOSTED_DIRECT_MAP + Physical(2) + AT, VMM_NO_PROCESS), 0);
    assert_int_equal(ConfigureEptHookMonitor(TAG, Kernel, 8, FALSE, HOOK_ACCESS_WRITE, VMM_NO_PROCESS), 0);
    HostedModuleLeaves(Kernel, Kernel + PAGE);
    assert_false(IsHooked(1));
    assert_true(IsHooked(2));
    assert_true(ConfigureQueryHookState(Kernel + AT, VMM_NO_PROCESS, &Answer));
    assert_int_equal(Answer, VMM_HOOK_GONE);
    assert_true(ConfigureQueryMonitorState(TAG, &Answer));
    assert_int_equal(Answer, VMM_HOOK_GONE);
    assert_int_equal(ConfigureEptHook(Kernel + AT, VMM_NO_PROCESS), 0);
    assert_true(ConfigureQueryHookState(Kernel + AT, VMM_NO_PROCESS, &Answer));
    assert_int_equal(Answer, VMM_HOOK_LIVE);
    assert_true(IsHooked(1));
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(AHookIsHitByItsProcess),
        TEST(AnotherProcessWithThePageIsUnharmed),
        TEST(AnInt3OfTheProgramIsItsOwn),
        TEST(AnInt3ThatIsThereNoMoreIsForgotten),
        TEST(TwoProcessesHaveTheirOwnHooksOnOnePage),
        TEST(AHookIsUnsetAsOftenAsItWasSet),
        TEST(AHookLeavesAPageBeforeItIsGivenUp),
        TEST(AHookIsOnTheNewPageBeforeTheProcessRuns),
        TEST(WhatIsMappedLaterIsHookedThen),
        TEST(APageThatGoesWhileItIsLookedUpIsNotHooked),
        TEST(OneOfTwoHooksOfAPageGoesAlone),
        TEST(ThreadsThatCouldNotBeHeldAreTold),
        TEST(TheEndOfTheProcessIsTheEndOfItsHooks),
        TEST(ANewProcessWithTheSameNumberHasItsOwn),
        TEST(AnUnloadWithHooksInForceIsClean),
        TEST(WhatIsNotMappedCannotBeHooked),
        TEST(WithoutMemoryNothingIsLeftBehind),
        TEST(AMonitorCountsWhatItsProcessDoesAtItsAddress),
        TEST(HooksOnAModuleLeaveWithIt),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RootPageTableTest.c - root mode's page table has the kernel's half as the kernel has it, and a window per
 * core through which that core, and no other, sees the page it asked for.
 *
 * Context: user space. The fake processor walks the tables, and remembers translations until they are
 * invalidated.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/memory/RootPageTable.h"

#define CR4_LA57   (1ull << 12)
#define PAGE       0x1000ull
#define MANY_CORES 64

static UINT64 *Top(VOID)
{
    return HostedRam(RootPageTableCr3());
}

static int Fresh(void **State)
{
    (void)State;
    TestMachine(TEST_CORES);
    return 0;
}

static int Finish(void **State)
{
    (void)State;
    RootPageTableUninitialize();
    return HostedLiveAllocations() != 0;
}

/* As after an exit. */
static VOID EnterRoot(UINT32 CoreId)
{
    HostedSetCurrentCpu(CoreId);
    CpuWriteCr3(RootPageTableCr3());
}

static void TheKernelsHalfIsTheKernels(void **State)
{
    UINT32 Index;

    (void)State;
    assert_int_equal(RootPageTableInitialize(TEST_CORES), 0);
    for (Index = 256; Index < 512; Index++)
        assert_int_equal(Top()[Index], HOSTED_KERNEL_MAPPING);
}

/* The user half holds the windows and nothing else, not to be executed, not for users. */
static void TheUsersHalfHasTheWindowsAlone(void **State)
{
    UINT32 Index;

    (void)State;
    assert_int_equal(RootPageTableInitialize(TEST_CORES), 0);
    for (Index = 0; Index < 256; Index++) {
        assert_int_equal(Top()[Index] & 4, 0);
        assert_int_equal(Top()[Index] != 0, Index == 1);
    }
}

static void AWindowShowsThePageThatWasAskedFor(void **State)
{
    UINT8 *Page = PlatformMemoryAllocatePages(1);
    UINT8 *Seen;

    (void)State;
    assert_int_equal(RootPageTableInitialize(TEST_CORES), 0);
    EnterRoot(0);
    Page[0x123] = 0x77;
    Seen        = RootPageTableMapWindow(0, PlatformMemoryVirtualToPhysical(Page) + 0x123);
    assert_int_equal(*Seen, 0x77);
    *Seen = 0x88;
    assert_int_equal(Page[0x123], 0x88);
    Seen =
        RootPageTableMapWindow(0, PlatformMemoryVirtualToPhysical(Page) + PAGE - 1); /* up to the last byte */
    assert_ptr_equal(Seen, Page + PAGE - 1);
    PlatformMemoryFreePages(Page, 1);
}

static void TheSameWindowShowsOnePageAfterTheOther(void **State)
{
    UINT8 *Pages = PlatformMemoryAllocatePages(4);
    UINT32 Round;

    (void)State;
    assert_int_equal(RootPageTableInitialize(TEST_CORES), 0);
    EnterRoot(0);
    for (Round = 0; Round < 40; Round++) {
        UINT8 *Page = Pages + (Round * 7 % 4) * PAGE;

        assert_ptr_equal(RootPageTableMapWindow(0, PlatformMemoryVirtualToPhysical(Page)), Page);
    }
    PlatformMemoryFreePages(Pages, 4);
}

static void CoresDoNotDisturbEachOther(void **State)
{
    UINT8 *Pages = PlatformMemoryAllocatePages(MANY_CORES);
    UINT8 *Seen[MANY_CORES];
    UINT32 CoreId;

    (void)State;
    HostedSetCpuCount(MANY_CORES);
    assert_int_equal(RootPageTableInitialize(MANY_CORES), 0);
    for (CoreId = 0; CoreId < MANY_CORES; CoreId++) {
        EnterRoot(CoreId);
        Seen[CoreId] = RootPageTableMapWindow(CoreId, PlatformMemoryVirtualToPhysical(Pages + CoreId * PAGE));
    }
    for (CoreId = 0; CoreId < MANY_CORES; CoreId++)
        assert_ptr_equal(Seen[CoreId], Pages + CoreId * PAGE);
    PlatformMemoryFreePages(Pages, MANY_CORES);
}

/* Windows beyond the reach of one directory. */
static void MoreThan512CoresHaveWindows(void **State)
{
    UINT8 *Page = PlatformMemoryAllocatePages(1);

    (void)State;
    assert_int_equal(RootPageTableInitialize(1100), 0);
    EnterRoot(0);
    assert_ptr_equal(RootPageTableMapWindow(0, PlatformMemoryVirtualToPhysical(Page)), Page);
    assert_ptr_equal(RootPageTableMapWindow(511, PlatformMemoryVirtualToPhysical(Page)), Page);
    assert_ptr_equal(RootPageTableMapWindow(512, PlatformMemoryVirtualToPhysical(Page)), Page);
    assert_ptr_equal(RootPageTableMapWindow(1099, PlatformMemoryVirtualToPhysical(Page)), Page);
    PlatformMemoryFreePages(Page, 1);
}

static void FiveLevelsWorkAsWell(void **State)
{
    UINT8 *Page = PlatformMemoryAllocatePages(1);

    (void)State;
    FakeRegisters(0)->Cr4 |= CR4_LA57;
    assert_int_equal(RootPageTableInitialize(TEST_CORES), 0);
    EnterRoot(0);
    assert_ptr_equal(RootPageTableMapWindow(1, PlatformMemoryVirtualToPhysical(Page) + 5), Page + 5);
    PlatformMemoryFreePages(Page, 1);
}

static void APageWithoutRamReadsAsOnes(void **State)
{
    (void)State;
    assert_int_equal(RootPageTableInitialize(TEST_CORES), 0);
    EnterRoot(0);
    assert_int_equal(*(UINT32 *)RootPageTableMapWindow(0, 0xFEE00000), 0xFFFFFFFF);
}

/* Is this core in root mode? It is, exactly when this is its page table. */
static void ACoreIsInRootModeWhileTheTableIsItsOwn(void **State)
{
    const UINT64 Cr3 = CpuReadCr3();

    (void)State;
    assert_false(RootPageTableIsActive());
    assert_int_equal(RootPageTableInitialize(TEST_CORES), 0);
    assert_false(RootPageTableIsActive());
    EnterRoot(0);
    assert_true(RootPageTableIsActive());
    HostedSetCurrentCpu(1);
    assert_false(RootPageTableIsActive());
    HostedSetCurrentCpu(0);
    CpuWriteCr3(Cr3);
    assert_false(RootPageTableIsActive());
    RootPageTableUninitialize();
    assert_int_equal(RootPageTableCr3(), 0);
}

static void EachAllocationMayFail(void **State)
{
    UINT32 Nth;

    (void)State;
    for (Nth = 1;; Nth++) {
        HostedFailAllocation(Nth);
        if (RootPageTableInitialize(600) == 0)
            break;
        assert_int_equal(HostedLiveAllocations(), 0);
        assert_int_equal(RootPageTableCr3(), 0);
    }
    assert_true(Nth > 600);
}

#define ROOT(Name) cmocka_unit_test_setup_teardown(Name, Fresh, Finish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        ROOT(TheKernelsHalfIsTheKernels),
        ROOT(TheUsersHalfHasTheWindowsAlone),
        ROOT(AWindowShowsThePageThatWasAskedFor),
        ROOT(TheSameWindowShowsOnePageAfterTheOther),
        ROOT(CoresDoNotDisturbEachOther),
        ROOT(MoreThan512CoresHaveWindows),
        ROOT(FiveLevelsWorkAsWell),
        ROOT(APageWithoutRamReadsAsOnes),
        ROOT(ACoreIsInRootModeWhileTheTableIsItsOwn),
        ROOT(EachAllocationMayFail),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

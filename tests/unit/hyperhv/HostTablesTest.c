/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * HostTablesTest.c - root mode's GDT has the kernel's selectors and a TSS of its own; its IDT has a gate for
 * every vector.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/vmx/AsmEntry.h"
#include "hyperhv/vmx/HostTables.h"

#define KERNEL_CS 0x10
#define KERNEL_TR 0x40

static HOST_TABLES g_Tables;

static int Fresh(void **State)
{
    (void)State;
    TestMachine(1);
    memset(&g_Tables, 0, sizeof(g_Tables));
    return 0;
}

static UINT64 *KernelGdt(VOID)
{
    return (UINT64 *)(UINTPTR)FakeRegisters(0)->GdtBase;
}

static void TheGdtIsTheKernelsButForTheTss(void **State)
{
    UINT32 Index;

    (void)State;
    assert_true(HostTablesFill(&g_Tables, KERNEL_TR));
    for (Index = 0; Index < FAKE_GDT_ENTRIES; Index++)
        if (Index != KERNEL_TR / 8 && Index != KERNEL_TR / 8 + 1)
            assert_int_equal(g_Tables.Gdt[Index], KernelGdt()[Index]);
    for (; Index < HOST_GDT_ENTRIES; Index++)
        assert_int_equal(g_Tables.Gdt[Index], 0);
    assert_int_equal(HostTablesSystemBase(g_Tables.Gdt, KERNEL_TR), (UINT64)(UINTPTR)&g_Tables.Tss);
    assert_int_equal((g_Tables.Gdt[KERNEL_TR / 8] >> 40) & 0xFF, 0x89); /* present, available */
    assert_int_equal(g_Tables.Gdt[KERNEL_TR / 8] & 0xFFFF, sizeof(TASK_STATE_SEGMENT_64) - 1);
    assert_int_equal(g_Tables.Tss.IoMapBase, sizeof(TASK_STATE_SEGMENT_64)); /* no I/O bitmap */
}

/* Base addresses are in four places of a descriptor. */
static void ASystemSegmentsBaseIsPutTogether(void **State)
{
    UINT64 Gdt[4] = {0, 0, 0x12AB8934567800FFull, 0x00000000FEDCBA98ull};

    (void)State;
    assert_int_equal(HostTablesSystemBase(Gdt, 0x10), 0xFEDCBA9812345678ull);
    assert_int_equal(HostTablesSystemBase(KernelGdt(), KERNEL_TR),
                     FakeRegisters(0)->Segments[VMCS_SEGMENT_TR].Base);
}

static void AGdtWithoutRoomForItIsRefused(void **State)
{
    (void)State;
    FakeRegisters(0)->GdtLimit = KERNEL_TR + 15;
    assert_true(HostTablesFill(&g_Tables, KERNEL_TR));
    FakeRegisters(0)->GdtLimit = KERNEL_TR + 7;
    assert_false(HostTablesFill(&g_Tables, KERNEL_TR));
    FakeRegisters(0)->GdtLimit = 0;
    assert_false(HostTablesFill(&g_Tables, KERNEL_TR));
}

/* Hypervisors that were there before may have left the limit at its highest; no more than fits is copied. */
static void AHugeGdtIsCopiedAsFarAsItFits(void **State)
{
    static UINT64 Huge[8192];
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < 8192; Index++)
        Huge[Index] = Index;
    FakeRegisters(0)->GdtBase  = (UINT64)(UINTPTR)Huge;
    FakeRegisters(0)->GdtLimit = 0xFFFF;
    assert_true(HostTablesFill(&g_Tables, KERNEL_TR));
    assert_int_equal(g_Tables.Gdt[HOST_GDT_ENTRIES - 1], HOST_GDT_ENTRIES - 1);
    assert_false(HostTablesFill(&g_Tables, 8 * (HOST_GDT_ENTRIES - 1)));
    assert_true(HostTablesFill(&g_Tables, 8 * (HOST_GDT_ENTRIES - 2)));
}

/* The kernel's own descriptor is busy and its table read-only: the register is loaded through ours. */
static void TheKernelsTaskRegisterIsLoadedThroughOurTable(void **State)
{
    const FAKE_SEGMENT Tr     = FakeRegisters(0)->Segments[VMCS_SEGMENT_TR];
    const UINT64 KernelsEntry = KernelGdt()[KERNEL_TR / 8];

    (void)State;
    assert_true(HostTablesFill(&g_Tables, KERNEL_TR));
    FakeRegisters(0)->Segments[VMCS_SEGMENT_TR].Base = 0;
    HostTablesLoadKernelTr(&g_Tables, KERNEL_TR, Tr.Base, Tr.Limit);
    assert_memory_equal(&FakeRegisters(0)->Segments[VMCS_SEGMENT_TR], &Tr, sizeof(Tr));
    assert_int_equal(FakeRegisters(0)->GdtBase,
                     (UINT64)(UINTPTR)g_Tables.Gdt); /* the caller loads the kernel's */
    FakeRegisters(0)->Segments[VMCS_SEGMENT_TR].Base = 0;
    HostTablesLoadKernelTr(&g_Tables, KERNEL_TR, Tr.Base, Tr.Limit); /* again, after it was marked busy */
    assert_memory_equal(&FakeRegisters(0)->Segments[VMCS_SEGMENT_TR], &Tr, sizeof(Tr));
    FakeRegisters(0)->GdtBase = (UINT64)(UINTPTR)FakeCore(0)->KernelGdt;
    assert_int_equal(KernelGdt()[KERNEL_TR / 8], KernelsEntry);
}

/* A limit above 64 KiB is in two places of the descriptor. */
static void ALongTssKeepsItsLimit(void **State)
{
    (void)State;
    assert_true(HostTablesFill(&g_Tables, KERNEL_TR));
    HostTablesLoadKernelTr(&g_Tables, KERNEL_TR, 0xFFFFFE0000003000ull, 0x4206F);
    assert_int_equal(FakeRegisters(0)->Segments[VMCS_SEGMENT_TR].Limit, 0x4206F);
    assert_int_equal(FakeRegisters(0)->Segments[VMCS_SEGMENT_TR].Base, 0xFFFFFE0000003000ull);
}

/* SDM Vol. 3, figure 6-8. */
static void EveryVectorHasAnInterruptGateToItsStub(void **State)
{
    UINT32 Vector;

    (void)State;
    assert_true(HostIdtInitialize(KERNEL_CS));
    for (Vector = 0; Vector < 256; Vector++) {
        const UINT16 *Gate = (const UINT16 *)(UINTPTR)(HostIdtBase() + 16 * Vector);
        UINT64 Offset      = Gate[0] | (UINT64)Gate[3] << 16 | (UINT64)Gate[4] << 32 | (UINT64)Gate[5] << 48;
        UINT32 Ist         = Vector == 2 ? 1 : Vector == 8 ? 2 : Vector == 18 ? 3 : 0;

        assert_int_equal(Offset, AsmRootExceptionEntry(Vector));
        assert_int_equal(Gate[1], KERNEL_CS);
        assert_int_equal(Gate[2], 0x8E00 | Ist);
        assert_int_equal(Gate[6] | Gate[7], 0);
    }
    HostIdtUninitialize();
    assert_int_equal(HostedLiveAllocations(), 0);
}

#define FRESH(Name) cmocka_unit_test_setup(Name, Fresh)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        FRESH(TheGdtIsTheKernelsButForTheTss),
        FRESH(ASystemSegmentsBaseIsPutTogether),
        FRESH(AGdtWithoutRoomForItIsRefused),
        FRESH(AHugeGdtIsCopiedAsFarAsItFits),
        FRESH(TheKernelsTaskRegisterIsLoadedThroughOurTable),
        FRESH(ALongTssKeepsItsLimit),
        FRESH(EveryVectorHasAnInterruptGateToItsStub),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

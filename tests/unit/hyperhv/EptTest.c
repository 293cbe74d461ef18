/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EptTest.c - the identity view maps every address of the processor's width to itself, with the MTRRs' types,
 * in the largest pages that have one type; and can be split without a change of meaning.
 *
 * Context: user space. The tables are walked here by the manual (SDM Vol. 3, 29.3.2), not by the code under
 * test.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/memory/PhysicalWidth.h"
#include "hyperhv/vmx/Ept.h"
#include "hyperhv/vmx/Mtrr.h"

#define ENTRY_ADDRESS 0x000FFFFFFFFFF000ull
#define ENTRY_ACCESS  7ull
#define ENTRY_LARGE   (1ull << 7)
#define MEGABYTE      (1ull << 20)
#define GIGABYTE      (1ull << 30)
#define TERABYTE      (1ull << 40)

typedef struct _TRANSLATION {
    BOOLEAN IsMapped;
    UINT64 Physical;
    UINT32 Access;
    UINT32 Type;
    UINT32 Shift;
    UINT64 *Entry;
} TRANSLATION;

/* 29.3.2: bits that must be 0 in an entry that points to a table, and in a leaf. */
static VOID ExpectWellFormed(UINT64 Entry, UINT32 Shift, BOOLEAN IsLeaf)
{
    assert_true(FakeIsPhysical(Entry & ENTRY_ADDRESS));
    assert_int_equal(Entry >> 52, 0);
    if (!IsLeaf) {
        assert_int_equal(Entry & 0xF8, 0);
        assert_int_equal(Entry & ENTRY_ACCESS, ENTRY_ACCESS); /* leaves decide */
        return;
    }
    assert_int_equal((Entry & ENTRY_ADDRESS) & ((1ull << Shift) - 1), 0);
    assert_true(((Entry >> 3) & 7) != 2 && ((Entry >> 3) & 7) != 3 && ((Entry >> 3) & 7) != 7);
    assert_true((Entry & 3) != 2); /* writable and not readable */
    assert_int_equal(!!(Entry & ENTRY_LARGE), Shift > 12);
}

static TRANSLATION Translate(UINT64 Eptp, UINT64 Physical)
{
    UINT64 *Table = HostedRam(Eptp & ENTRY_ADDRESS);
    UINT32 Shift;

    assert_non_null(Table);
    if (Physical >> 48)
        return (TRANSLATION){0};
    for (Shift = 39; Shift >= 12; Shift -= 9) {
        UINT64 *Entry  = &Table[(Physical >> Shift) & 511];
        BOOLEAN IsLeaf = Shift == 12 || (Shift < 39 && (*Entry & ENTRY_LARGE));

        if (!(*Entry & ENTRY_ACCESS))
            return (TRANSLATION){0};
        ExpectWellFormed(*Entry, Shift, IsLeaf);
        if (IsLeaf)
            return (TRANSLATION){.IsMapped = TRUE,
                                 .Physical = (*Entry & ENTRY_ADDRESS) + (Physical & ((1ull << Shift) - 1)),
                                 .Access   = (UINT32)(*Entry & ENTRY_ACCESS),
                                 .Type     = (UINT32)(*Entry >> 3) & 7,
                                 .Shift    = Shift,
                                 .Entry    = Entry};
        Table = HostedRam(*Entry & ENTRY_ADDRESS);
        assert_non_null(Table);
    }
    return (TRANSLATION){0};
}

static EPT_VIEW *g_View;

static VOID CreateView(UINT32 Width)
{
    FakeCpuidSet(0x80000008, 0, 0x3000 | Width, 0, 0, 0);
    PhysicalWidthInitialize();
    MtrrInitialize();
    g_View = EptCreateIdentityView();
    assert_non_null(g_View);
}

static VOID FreeView(VOID)
{
    EptFreeView(g_View);
    g_View = NULL;
    assert_int_equal(HostedLiveAllocations(), 0);
}

static int Fresh(void **State)
{
    (void)State;
    TestMachine(1);
    return 0;
}

static VOID ExpectIdentity(UINT64 Physical)
{
    TRANSLATION Is = Translate(g_View->Eptp, Physical);
    UINT32 Type;

    assert_true(MtrrTypeOfRange(Physical & ~0xFFFull, 0x1000, &Type));
    if (!Is.IsMapped || Is.Physical != Physical || Is.Access != ENTRY_ACCESS || Is.Type != Type)
        fail_msg("%llx: mapped %u, to %llx, access %x, type %u; should be itself, 7, %u", Physical,
                 Is.IsMapped, Is.Physical, Is.Access, Is.Type, Type);
}

/* --- identity --- */

static void EveryBorderIsMappedToItselfInEveryWidth(void **State)
{
    static const UINT32 Widths[] = {36, 38, 39, 40, 42, 46, 48};
    UINT32 Index, Shift;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Widths); Index++) {
        UINT64 End = 1ull << Widths[Index];

        CreateView(Widths[Index]);
        for (Shift = 0; Shift < Widths[Index]; Shift++) {
            ExpectIdentity(1ull << Shift);
            ExpectIdentity((1ull << Shift) - 1);
            ExpectIdentity((End - 1) ^ ((1ull << Shift) - 1));
            ExpectIdentity(End - (1ull << Shift));
        }
        ExpectIdentity(End - 1);
        ExpectIdentity(0xFEE00123); /* the local APIC */
        assert_false(Translate(g_View->Eptp, End).IsMapped);
        FreeView();
    }
}

/* Four levels span 48 bits; nothing beyond. */
static void WiderProcessorsAreMappedUpTo48Bits(void **State)
{
    (void)State;
    CreateView(52);
    ExpectIdentity((1ull << 48) - 1);
    FreeView();
}

static void ThePointerNamesTheTablesAsTheManualWantsIt(void **State)
{
    (void)State;
    CreateView(40);
    assert_int_equal(g_View->Eptp & 0xFFF, 6 | (3 << 3)); /* write-back, four levels, no accessed bits */
    assert_int_equal(g_View->Eptp & ~0xFFFull, PlatformMemoryVirtualToPhysical(g_View->Pml4));
    FreeView();
}

/* --- page sizes and types --- */

/* Every leaf of the view, one after the other. */
static VOID ForEachLeaf(VOID (*Look)(UINT64 Physical, TRANSLATION Is))
{
    UINT64 Physical = 0;

    while (Physical < 1ull << PhysicalAddressWidth()) {
        TRANSLATION Is = Translate(g_View->Eptp, Physical);

        assert_true(Is.IsMapped);
        Look(Physical, Is);
        Physical += 1ull << Is.Shift;
    }
}

/* No larger page would have had one type; and this one has. */
static VOID ExpectLargest(UINT64 Physical, TRANSLATION Is)
{
    UINT32 Type;

    assert_int_equal(Is.Physical, Physical);
    assert_true(MtrrTypeOfRange(Physical, 1ull << Is.Shift, &Type));
    assert_int_equal(Is.Type, Type);
    if (Is.Shift < 30)
        assert_false(
            MtrrTypeOfRange(Physical & ~((1ull << (Is.Shift + 9)) - 1), 1ull << (Is.Shift + 9), &Type));
}

static UINT32 g_Leaves[3]; /* of 4 KiB, 2 MiB, 1 GiB */

static VOID CountLeaf(UINT64 Physical, TRANSLATION Is)
{
    (void)Physical;
    g_Leaves[(Is.Shift - 12) / 9]++;
}

/* The default machine: only the first 2 MiB need small pages, only the first GiB needs 2 MiB ones. */
static void AsFewLeavesAsPossible(void **State)
{
    (void)State;
    CreateView(40);
    memset(g_Leaves, 0, sizeof(g_Leaves));
    ForEachLeaf(CountLeaf);
    assert_int_equal(g_Leaves[0], 512);
    assert_int_equal(g_Leaves[1], 511);
    assert_int_equal(g_Leaves[2], 1023);
    FreeView();
}

static UINT64 g_Random;

static UINT64 Random(VOID)
{
    g_Random ^= g_Random << 13;
    g_Random ^= g_Random >> 7;
    g_Random ^= g_Random << 17;
    return g_Random;
}

static void RandomMemoryTypesAreOnEveryPage(void **State)
{
    static const UINT32 Types[] = {0, 1, 4, 5, 6};
    const UINT64 Mask           = (1ull << 37) - 1;
    UINT32 Round, Index, Probe;

    (void)State;
    g_Random = 88172645463325252ull;
    for (Round = 0; Round < 40; Round++) {
        for (Index = 0; Index < 8; Index++) {
            UINT64 Size = 1ull << (12 + Random() % 24);

            FakeMsrSetAll(IA32_MTRR_PHYSBASE0 + 2 * Index,
                          (Random() & Mask & ~(Size - 1)) | Types[Random() % COUNT_OF(Types)]);
            FakeMsrSetAll(IA32_MTRR_PHYSBASE0 + 2 * Index + 1,
                          (Mask & ~(Size - 1)) | (Random() % 4 ? 1 << 11 : 0));
        }
        FakeMsrSetAll(IA32_MTRR_DEF_TYPE, 0xC00 | Types[Random() % COUNT_OF(Types)]);
        CreateView(37);
        ForEachLeaf(ExpectLargest);
        for (Probe = 0; Probe < 200; Probe++)
            ExpectIdentity(Random() & Mask);
        FreeView();
    }
}

/* --- looking up and splitting --- */

static void FindLeafGivesTheEntryAndItsSize(void **State)
{
    static const UINT64 Addresses[] = {0, 0x1FFFFF, 2 * MEGABYTE, GIGABYTE - 1, GIGABYTE, 5 * GIGABYTE + 123};
    UINT32 Index, Shift;

    (void)State;
    CreateView(40);
    for (Index = 0; Index < COUNT_OF(Addresses); Index++) {
        TRANSLATION Is = Translate(g_View->Eptp, Addresses[Index]);

        assert_ptr_equal(EptFindLeaf(g_View, Addresses[Index], &Shift), Is.Entry);
        assert_int_equal(Shift, Is.Shift);
    }
    assert_null(EptFindLeaf(g_View, TERABYTE, &Shift));
    assert_null(EptFindLeaf(g_View, ~0ull, &Shift));
    FreeView();
}

static void ASplitPageStandsAloneAndMeansTheSame(void **State)
{
    static const UINT64 Addresses[] = {5 * GIGABYTE + 0x345678, 0x80000000, GIGABYTE - 1, 0x123000,
                                       TERABYTE - 1};
    UINT32 Index, Shift;
    UINT64 Offset;

    (void)State;
    CreateView(40);
    for (Index = 0; Index < COUNT_OF(Addresses); Index++) {
        const UINT64 Base = Addresses[Index] & ~(2 * MEGABYTE - 1);

        assert_true(EptSplitToPage(g_View, Addresses[Index]));
        assert_non_null(EptFindLeaf(g_View, Addresses[Index], &Shift));
        assert_int_equal(Shift, 12);
        for (Offset = 0; Offset < 2 * MEGABYTE; Offset += 0x1000)
            ExpectIdentity(Base + Offset);
        ExpectIdentity((Base & ~(GIGABYTE - 1)) + GIGABYTE - 1); /* the rest of its GiB */
        ExpectIdentity(Base & ~(GIGABYTE - 1));
    }
    assert_true(EptSplitToPage(g_View, Addresses[0])); /* again */
    assert_false(EptSplitToPage(g_View, TERABYTE));
    FreeView();
}

static void WithoutMemoryThereIsNoViewAndASplitChangesNothing(void **State)
{
    UINT32 Nth, Shift;

    (void)State;
    CreateView(40);
    FreeView();
    for (Nth = 1; g_View == NULL; Nth++) {
        HostedFailAllocation(Nth);
        g_View = EptCreateIdentityView();
        assert_true(g_View != NULL || HostedLiveAllocations() == 0);
    }
    assert_in_range(Nth, 5, 20);
    for (Nth = 1; Nth <= 2; Nth++) { /* 1 GiB to 2 MiB, 2 MiB to 4 KiB */
        HostedFailAllocation(Nth);
        assert_false(EptSplitToPage(g_View, 5 * GIGABYTE));
        ExpectIdentity(5 * GIGABYTE);
        ExpectIdentity(6 * GIGABYTE - 1);
    }
    HostedFailAllocation(0);
    assert_true(EptSplitToPage(g_View, 5 * GIGABYTE));
    assert_non_null(EptFindLeaf(g_View, 5 * GIGABYTE, &Shift));
    assert_int_equal(Shift, 12);
    FreeView();
}

#define FRESH(Name) cmocka_unit_test_setup(Name, Fresh)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        FRESH(EveryBorderIsMappedToItselfInEveryWidth),
        FRESH(WiderProcessorsAreMappedUpTo48Bits),
        FRESH(ThePointerNamesTheTablesAsTheManualWantsIt),
        FRESH(AsFewLeavesAsPossible),
        FRESH(RandomMemoryTypesAreOnEveryPage),
        FRESH(FindLeafGivesTheEntryAndItsSize),
        FRESH(ASplitPageStandsAloneAndMeansTheSame),
        FRESH(WithoutMemoryThereIsNoViewAndASplitChangesNothing),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

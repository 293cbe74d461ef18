/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MtrrTest.c - memory types as the MTRRs give them, against a reference that looks at one page at a time,
 * straight from the MSRs, in the manual's words (SDM Vol. 3, 12.11.1-12.11.4).
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/memory/PhysicalWidth.h"
#include "hyperhv/vmx/Mtrr.h"

#define WIDTH        40
#define ADDRESS_MASK ((1ull << WIDTH) - 1)
#define PAGE         0x1000ull
#define MEGABYTE     0x100000ull
#define ROUNDS       300
#define PROBES       400
#define VARIABLES    8
#define DEF_ENABLED  (1ull << 11)
#define DEF_FIXED    (1ull << 10)
#define MASK_VALID   (1ull << 11)

static const UINT32 Types[] = {0, 1, 4, 5, 6};

/* The same numbers in every run: a failure can be looked at again. */
static UINT64 g_Random;

static UINT64 Random(VOID)
{
    g_Random ^= g_Random << 13;
    g_Random ^= g_Random >> 7;
    g_Random ^= g_Random << 17;
    return g_Random;
}

static UINT32 RandomType(VOID)
{
    return Types[Random() % COUNT_OF(Types)];
}

/* --- the reference --- */

static UINT32 FixedReference(UINT64 Address)
{
    UINT64 Msr, Index;

    if (Address < 0x80000) {
        Msr   = FakeMsrGet(0, 0x250);
        Index = Address / 0x10000;
    } else if (Address < 0xC0000) {
        Msr   = FakeMsrGet(0, 0x258 + (UINT32)((Address - 0x80000) / 0x20000));
        Index = (Address - 0x80000) % 0x20000 / 0x4000;
    } else {
        Msr   = FakeMsrGet(0, 0x268 + (UINT32)((Address - 0xC0000) / 0x8000));
        Index = (Address - 0xC0000) % 0x8000 / 0x1000;
    }
    return (Msr >> (8 * Index)) & 0xFF;
}

static BOOLEAN IsAmong(UINT32 Set, UINT32 Type)
{
    return (Set >> Type) & 1;
}

/* 12.11.4.1 with the set of all types that match. What is undefined there is uncacheable here. */
static UINT32 Combine(UINT32 Set)
{
    UINT32 Type;

    for (Type = 0; Type < 8; Type++)
        if (Set == 1u << Type)
            return Type;
    if (!IsAmong(Set, 0) && Set == (1u << 4 | 1u << 6))
        return 4;
    return 0;
}

static UINT32 Reference(UINT64 Address)
{
    const UINT64 Default = FakeMsrGet(0, IA32_MTRR_DEF_TYPE);
    const UINT64 Cap     = FakeMsrGet(0, IA32_MTRRCAP);
    UINT32 Index, Set = 0;

    if (!(Default & DEF_ENABLED))
        return 0;
    if (Address < MEGABYTE && (Default & DEF_FIXED) && (Cap & (1 << 8)))
        return FixedReference(Address);
    for (Index = 0; Index < (Cap & 0xFF); Index++) {
        const UINT64 Base = FakeMsrGet(0, IA32_MTRR_PHYSBASE0 + 2 * Index);
        const UINT64 Mask = FakeMsrGet(0, IA32_MTRR_PHYSBASE0 + 2 * Index + 1);

        if ((Mask & MASK_VALID) && ((Address & Mask & ~0xFFFull) == (Base & Mask & ~0xFFFull)))
            Set |= 1u << (Base & 7);
    }
    return Set ? Combine(Set) : Default & 7;
}

/* --- settings --- */

static VOID SetVariable(UINT32 Index, UINT64 Base, UINT64 Size, UINT32 Type)
{
    FakeMsrSetAll(IA32_MTRR_PHYSBASE0 + 2 * Index, Base | Type);
    FakeMsrSetAll(IA32_MTRR_PHYSBASE0 + 2 * Index + 1, Size ? (ADDRESS_MASK & ~(Size - 1)) | MASK_VALID : 0);
}

/* Sizes are powers of two from 4 KiB, bases multiples of them, as the manual asks. */
static VOID RandomVariable(UINT32 Index)
{
    UINT64 Size = 1ull << (12 + Random() % (WIDTH - 12));

    if (Random() % 4 == 0)
        SetVariable(Index, 0, 0, 0);
    else
        SetVariable(Index, Random() & ADDRESS_MASK & ~(Size - 1), Size, RandomType());
}

/* Ranges that are near each other overlap more often. */
static VOID RandomNeighbour(UINT32 Index, UINT64 Near)
{
    UINT64 Size = 1ull << (12 + Random() % 20);

    SetVariable(Index, (Near + (Random() & 0x3FFFFF)) & ADDRESS_MASK & ~(Size - 1), Size, RandomType());
}

static UINT64 RandomFixed(VOID)
{
    UINT64 Msr = 0;
    UINT32 Byte;

    for (Byte = 0; Byte < 8; Byte++)
        Msr |= (UINT64)RandomType() << (8 * Byte);
    return Msr;
}

static VOID RandomSettings(VOID)
{
    const UINT64 Near = Random() & ADDRESS_MASK;
    UINT32 Index;

    FakeMsrSetAll(IA32_MTRRCAP, (Random() % 8 ? 0x100 : 0) | VARIABLES);
    FakeMsrSetAll(IA32_MTRR_DEF_TYPE,
                  (Random() % 8 ? DEF_ENABLED : 0) | (Random() % 4 ? DEF_FIXED : 0) | RandomType());
    for (Index = 0; Index < VARIABLES; Index++) {
        if (Random() % 2)
            RandomVariable(Index);
        else
            RandomNeighbour(Index, Near);
    }
    FakeMsrSetAll(0x250, RandomFixed());
    FakeMsrSetAll(0x258, RandomFixed());
    FakeMsrSetAll(0x259, RandomFixed());
    for (Index = 0; Index < 8; Index++)
        FakeMsrSetAll(0x268 + Index, RandomFixed());
    MtrrInitialize();
}

/* An address near a border of some range, or anywhere. */
static UINT64 RandomAddress(VOID)
{
    UINT32 Index = (UINT32)(Random() % VARIABLES);
    UINT64 Base  = FakeMsrGet(0, IA32_MTRR_PHYSBASE0 + 2 * Index) & ~0xFFFull;
    UINT64 Size  = (ADDRESS_MASK & ~(FakeMsrGet(0, IA32_MTRR_PHYSBASE0 + 2 * Index + 1) & ~0xFFFull)) + 1;
    UINT64 Address;

    switch (Random() % 4) {
    case 0:
        Address = Base + PAGE * (Random() % 3) - PAGE;
        break;
    case 1:
        Address = Base + Size + PAGE * (Random() % 3) - PAGE;
        break;
    case 2:
        Address = Random() % (2 * MEGABYTE);
        break;
    default:
        Address = Random();
        break;
    }
    return Address & ADDRESS_MASK & ~(PAGE - 1);
}

/* --- tests --- */

static int Fresh(void **State)
{
    (void)State;
    TestMachine(1);
    PhysicalWidthInitialize();
    g_Random = 0x2545F4914F6CDD1Dull;
    return 0;
}

static UINT32 TypeOfPage(UINT64 Address)
{
    UINT32 Type = 0xFF;

    assert_true(MtrrTypeOfRange(Address, PAGE, &Type)); /* a page has one type, always */
    return Type;
}

static void EveryPageHasTheTypeOfTheReference(void **State)
{
    UINT32 Round, Probe;

    (void)State;
    for (Round = 0; Round < ROUNDS; Round++) {
        RandomSettings();
        for (Probe = 0; Probe < PROBES; Probe++) {
            const UINT64 Address = RandomAddress();

            if (TypeOfPage(Address) != Reference(Address))
                fail_msg("round %u: %llx is %u, should be %u", Round, Address, TypeOfPage(Address),
                         Reference(Address));
        }
    }
}

/* A larger range that has one type has it on every page; one that is uniform is found to be, above the fixed
 * ranges. */
static void ARangeIsUniformExactlyIfItsPagesAre(void **State)
{
    UINT32 Round, Probe, Type;

    (void)State;
    for (Round = 0; Round < ROUNDS; Round++) {
        RandomSettings();
        for (Probe = 0; Probe < PROBES / 20; Probe++) {
            const UINT64 Start = RandomAddress() & ~(2 * MEGABYTE - 1);
            const UINT32 First = Reference(Start);
            BOOLEAN IsUniform  = TRUE, IsSaidToBe;
            UINT64 Offset;

            for (Offset = 0; Offset < 2 * MEGABYTE; Offset += PAGE)
                IsUniform &= Reference(Start + Offset) == First;
            IsSaidToBe = MtrrTypeOfRange(Start, 2 * MEGABYTE, &Type);
            if (IsSaidToBe)
                assert_true(IsUniform && Type == First);
            if (IsUniform && !IsSaidToBe && Start >= MEGABYTE) {
                /* allowed only where ranges with a border inside give the same type on both of its sides */
                BOOLEAN HasBorder = FALSE;
                UINT32 Index;

                for (Index = 0; Index < VARIABLES; Index++) {
                    const UINT64 Base = FakeMsrGet(0, IA32_MTRR_PHYSBASE0 + 2 * Index) & ~0xFFFull;
                    const UINT64 Mask = FakeMsrGet(0, IA32_MTRR_PHYSBASE0 + 2 * Index + 1);

                    HasBorder |= (Mask & MASK_VALID) &&
                                 (ADDRESS_MASK & ~(Mask & ~0xFFFull)) + 1 < 2 * MEGABYTE && Base >= Start &&
                                 Base < Start + 2 * MEGABYTE;
                }
                assert_true(HasBorder);
            }
        }
    }
}

static void WithoutMtrrsAllIsUncacheable(void **State)
{
    UINT32 Type;

    (void)State;
    FakeMsrSetAll(IA32_MTRR_DEF_TYPE, 6);
    MtrrInitialize();
    assert_int_equal(TypeOfPage(0), MEMORY_TYPE_UNCACHEABLE);
    assert_int_equal(TypeOfPage(0x80000000), MEMORY_TYPE_UNCACHEABLE);
    assert_true(MtrrTypeOfRange(0, 1ull << 30, &Type));
    assert_int_equal(Type, MEMORY_TYPE_UNCACHEABLE);
}

static void OverlapsAreDecidedAsTheManualSays(void **State)
{
    static const struct {
        UINT32 One, Other, Result;
    } Overlaps[] = {
        {0, 6, 0}, {0, 4, 0}, {0, 1, 0}, {0, 5, 0}, {4, 6, 4},
        {6, 6, 6}, {1, 1, 1}, {5, 5, 5}, {1, 6, 0}, {5, 6, 0},
    };
    UINT32 Index;

    (void)State;
    FakeMsrSetAll(IA32_MTRR_DEF_TYPE, DEF_ENABLED | 6);
    for (Index = 0; Index < COUNT_OF(Overlaps); Index++) {
        SetVariable(0, 0x40000000, 0x40000000, Overlaps[Index].One);
        SetVariable(1, 0x60000000, 0x20000000, Overlaps[Index].Other);
        MtrrInitialize();
        assert_int_equal(TypeOfPage(0x50000000), Overlaps[Index].One);
        assert_int_equal(TypeOfPage(0x60000000), Overlaps[Index].Result);
        SetVariable(0, 0x60000000, 0x20000000, Overlaps[Index].Other);
        SetVariable(1, 0x40000000, 0x40000000, Overlaps[Index].One);
        MtrrInitialize();
        assert_int_equal(TypeOfPage(0x7FFFF000), Overlaps[Index].Result);
    }
}

/* What is above the highest range is the default, in whatever piece it is asked for. */
static void AboveAllRangesIsTheDefault(void **State)
{
    UINT32 Type;

    (void)State;
    MtrrInitialize(); /* UC from 2 to 4 GiB, WB otherwise */
    assert_true(MtrrTypeOfRange(1ull << 32, 1ull << 39, &Type));
    assert_int_equal(Type, MEMORY_TYPE_WRITE_BACK);
    assert_true(MtrrTypeOfRange(1ull << 31, 1ull << 30, &Type));
    assert_int_equal(Type, MEMORY_TYPE_UNCACHEABLE);
    assert_true(MtrrTypeOfRange(1ull << 30, 1ull << 30, &Type));
    assert_int_equal(Type, MEMORY_TYPE_WRITE_BACK);
    assert_false(MtrrTypeOfRange(0, 1ull << 30, &Type)); /* the fixed ranges */
}

/* The legacy ranges of the default machine: memory, video, ROMs. */
static void TheFixedRangesCoverTheFirstMegabyte(void **State)
{
    (void)State;
    MtrrInitialize();
    assert_int_equal(TypeOfPage(0), MEMORY_TYPE_WRITE_BACK);
    assert_int_equal(TypeOfPage(0x9F000), MEMORY_TYPE_WRITE_BACK);
    assert_int_equal(TypeOfPage(0xA0000), MEMORY_TYPE_UNCACHEABLE);
    assert_int_equal(TypeOfPage(0xBF000), MEMORY_TYPE_UNCACHEABLE);
    assert_int_equal(TypeOfPage(0xC0000), MEMORY_TYPE_WRITE_PROTECTED);
    assert_int_equal(TypeOfPage(0xFF000), MEMORY_TYPE_WRITE_PROTECTED);
    assert_int_equal(TypeOfPage(0x100000), MEMORY_TYPE_WRITE_BACK);
}

static void AllVariableRangesAreRead(void **State)
{
    UINT32 Index;

    (void)State;
    FakeMsrSetAll(IA32_MTRRCAP, 0x10A); /* ten of them */
    for (Index = 0; Index < 10; Index++)
        SetVariable(Index, (UINT64)Index << 32, 0x1000, MEMORY_TYPE_WRITE_COMBINING);
    FakeMsrSetAll(IA32_MTRR_DEF_TYPE, DEF_ENABLED | 6);
    MtrrInitialize();
    for (Index = 0; Index < 10; Index++) {
        assert_int_equal(TypeOfPage((UINT64)Index << 32), MEMORY_TYPE_WRITE_COMBINING);
        assert_int_equal(TypeOfPage(((UINT64)Index << 32) + PAGE), MEMORY_TYPE_WRITE_BACK);
    }
}

#define FRESH(Name) cmocka_unit_test_setup(Name, Fresh)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        FRESH(EveryPageHasTheTypeOfTheReference), FRESH(ARangeIsUniformExactlyIfItsPagesAre),
        FRESH(WithoutMtrrsAllIsUncacheable),      FRESH(OverlapsAreDecidedAsTheManualSays),
        FRESH(AboveAllRangesIsTheDefault),        FRESH(TheFixedRangesCoverTheFirstMegabyte),
        FRESH(AllVariableRangesAreRead),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

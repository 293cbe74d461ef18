/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MemoryMapperTest.c - root mode reads and writes the guest's memory through the guest's own page tables, of
 * four and five levels, and refuses what is not there.
 *
 * Context: user space. The accesses happen inside an exit, as nothing else may use the core's window.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/memory/MemoryMapper.h"

#define PRESENT    1ull
#define WRITABLE   2ull
#define LARGE      (1ull << 7)
#define NX         (1ull << 63)
#define PAGE       0x1000ull
#define CR4_LA57   (1ull << 12)
#define LOW        0x00007F1234567000ull /* addresses of a user and of a kernel */
#define HIGH       0xFFFFFFFF81234000ull
#define MAX_TABLES 64

/* --- the guest's page tables --- */

static UINT64 *g_Tables[MAX_TABLES];
static UINT32 g_TableCount;
static UINT64 *g_Top;
static UINT32 g_Levels;
static UINT8 *g_Pages; /* two pages of the guest, side by side in physical memory */

static UINT64 *NewTable(VOID)
{
    assert_true(g_TableCount < MAX_TABLES);
    return g_Tables[g_TableCount++] = PlatformMemoryAllocatePages(1);
}

static UINT64 Physical(const VOID *Memory)
{
    return PlatformMemoryVirtualToPhysical(Memory);
}

/* The entry of Virtual at a level (1: 4 KiB), with the tables above it. */
static UINT64 *EntryOf(UINT64 Virtual, UINT32 Level)
{
    UINT64 *Table = g_Top;
    UINT32 Above;

    for (Above = g_Levels; Above > Level; Above--) {
        UINT64 *Entry = &Table[(Virtual >> (12 + 9 * (Above - 1))) & 511];

        if (!*Entry)
            *Entry = Physical(NewTable()) | PRESENT | WRITABLE;
        Table = HostedRam(*Entry & 0x000FFFFFFFFFF000ull);
    }
    return &Table[(Virtual >> (12 + 9 * (Level - 1))) & 511];
}

static VOID Map(UINT64 Virtual, UINT64 To)
{
    *EntryOf(Virtual, 1) = To | PRESENT | WRITABLE | NX;
}

static VOID UseLevels(UINT32 Levels)
{
    g_Levels = Levels;
    g_Top    = NewTable();
}

/* --- one access, inside an exit --- */

typedef enum _ACCESS {
    TRANSLATE,
    READ_VIRTUAL,
    WRITE_VIRTUAL,
    READ_PHYSICAL,
    WRITE_PHYSICAL,
} ACCESS;

static struct {
    ACCESS What;
    UINT64 Address;
    UINT8 *Buffer;
    SIZE_T Bytes;
    UINT64 Cr3Bits;
    BOOLEAN Result;
    UINT64 Physical;
} g_Access;

static BOOLEAN AccessInRoot(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    VIRTUAL_MACHINE_STATE *VCpu = GuestVCpu();
    UINT64 Cr3                  = Physical(g_Top) | g_Access.Cr3Bits;

    (void)Regs;
    (void)IsPost;
    switch (g_Access.What) {
    case TRANSLATE:
        g_Access.Result = MemoryMapperVirtualToPhysical(VCpu, Cr3, g_Access.Address, &g_Access.Physical);
        break;
    case READ_VIRTUAL:
        g_Access.Result =
            MemoryMapperReadVirtual(VCpu, Cr3, g_Access.Address, g_Access.Buffer, g_Access.Bytes);
        break;
    case WRITE_VIRTUAL:
        g_Access.Result =
            MemoryMapperWriteVirtual(VCpu, Cr3, g_Access.Address, g_Access.Buffer, g_Access.Bytes);
        break;
    case READ_PHYSICAL:
        g_Access.Result = MemoryMapperReadPhysical(VCpu, g_Access.Address, g_Access.Buffer, g_Access.Bytes);
        break;
    case WRITE_PHYSICAL:
        g_Access.Result = MemoryMapperWritePhysical(VCpu, g_Access.Address, g_Access.Buffer, g_Access.Bytes);
        break;
    }
    return FALSE;
}

static BOOLEAN Access(ACCESS What, UINT64 Address, VOID *Buffer, SIZE_T Bytes)
{
    g_Access.What     = What;
    g_Access.Address  = Address;
    g_Access.Buffer   = Buffer;
    g_Access.Bytes    = Bytes;
    g_Access.Physical = 0xDEAD;
    g_Test.OnEvent    = AccessInRoot;
    g_Test.EventCount = 0;
    GuestCpuid(0, 0);
    return g_Access.Result;
}

/* 0xDEAD: not mapped. */
static UINT64 TranslationOf(UINT64 Virtual)
{
    return Access(TRANSLATE, Virtual, NULL, 0) ? g_Access.Physical : 0xDEAD;
}

static int Start(void **State)
{
    int Result = TestStart(State);
    UINT32 Index;

    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    memset(&g_Access, 0, sizeof(g_Access));
    g_TableCount = 0;
    g_Pages      = PlatformMemoryAllocatePages(2);
    for (Index = 0; Index < 2 * PAGE; Index++)
        g_Pages[Index] = (UINT8)(Index * 7 + Index / 256);
    UseLevels(4);
    return Result;
}

static int Finish(void **State)
{
    while (g_TableCount > 0)
        PlatformMemoryFreePages(g_Tables[--g_TableCount], 1);
    PlatformMemoryFreePages(g_Pages, 2);
    return TestFinish(State);
}

/* --- walks --- */

static void FourLevelsLeadToThePage(void **State)
{
    (void)State;
    Map(LOW, Physical(g_Pages));
    Map(HIGH, Physical(g_Pages) + PAGE);
    assert_int_equal(TranslationOf(LOW), Physical(g_Pages));
    assert_int_equal(TranslationOf(LOW + 0xFFF), Physical(g_Pages) + 0xFFF);
    assert_int_equal(TranslationOf(HIGH + 0x123), Physical(g_Pages) + PAGE + 0x123);
}

static VOID TurnFiveLevelsOn(VOID)
{
    HvUninitVmm();
    FakeCpuidSet(0x80000008, 0, 0x3928, 0, 0, 0);
    FakeMsrSetAll(IA32_VMX_CR4_FIXED1, 0x777FFF);
    FakeRegisters(0)->Cr4 |= CR4_LA57;
    FakeRegisters(1)->Cr4 |= CR4_LA57;
    assert_true(TestLoad());
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    UseLevels(5);
}

static void FiveLevelsLeadToThePage(void **State)
{
    const UINT64 Wide = 0xFF11000012345000ull; /* canonical with 57 bits only */

    (void)State;
    TurnFiveLevelsOn();
    Map(LOW, Physical(g_Pages));
    Map(Wide, Physical(g_Pages) + PAGE);
    assert_int_equal(TranslationOf(LOW + 5), Physical(g_Pages) + 5);
    assert_int_equal(TranslationOf(Wide + 6), Physical(g_Pages) + PAGE + 6);
    assert_int_equal(TranslationOf(0x0100000000000000ull), 0xDEAD); /* not canonical */
}

static void LargePagesEndTheWalk(void **State)
{
    (void)State;
    *EntryOf(LOW, 2)  = 0x40000000 | PRESENT | LARGE | (1ull << 12); /* with its PAT bit */
    *EntryOf(HIGH, 3) = 0xC0000000 | PRESENT | LARGE;
    assert_int_equal(TranslationOf(LOW + 0x345), 0x40000000 + (LOW & 0x1FFFFF) + 0x345);
    assert_int_equal(TranslationOf(HIGH + 0x345), 0xC0000000 + (HIGH & 0x3FFFFFFF) + 0x345);
}

static void WhatIsNotPresentIsNotMapped(void **State)
{
    UINT32 Level;

    (void)State;
    for (Level = 1; Level <= 4; Level++) {
        Map(LOW, Physical(g_Pages));
        assert_int_equal(TranslationOf(LOW), Physical(g_Pages));
        *EntryOf(LOW, Level) &= ~PRESENT;
        assert_int_equal(TranslationOf(LOW), 0xDEAD);
        *EntryOf(LOW, Level) |= PRESENT;
    }
    assert_int_equal(TranslationOf(LOW + PAGE), 0xDEAD);
}

static void NotCanonicalIsNotMapped(void **State)
{
    static const UINT64 Addresses[] = {0x0000800000000000ull, 0xFFFF7FFFFFFFFFFFull, 1ull << 63,
                                       0x8000000081234000ull};
    UINT32 Index;

    (void)State;
    Map(HIGH, Physical(g_Pages));
    for (Index = 0; Index < COUNT_OF(Addresses); Index++)
        assert_int_equal(TranslationOf(Addresses[Index]), 0xDEAD);
    Map(0x00007FFFFFFFF000ull, Physical(g_Pages));
    Map(0xFFFF800000000000ull, Physical(g_Pages));
    assert_int_equal(TranslationOf(0x00007FFFFFFFFFFFull), Physical(g_Pages) + 0xFFF);
    assert_int_equal(TranslationOf(0xFFFF800000000000ull), Physical(g_Pages));
}

/* PCID, LAM and the bits of the cache are no part of the address. */
static void OtherBitsOfCr3DoNotCount(void **State)
{
    (void)State;
    Map(LOW, Physical(g_Pages));
    g_Access.Cr3Bits = 0xFFF | (3ull << 61) | (1ull << 63);
    assert_int_equal(TranslationOf(LOW), Physical(g_Pages));
}

/* A table that lies where the processor has no addresses, or at a place without memory: no fault, no mapping.
 */
static void ATableThatIsNoMemoryIsNotMapped(void **State)
{
    (void)State;
    *EntryOf(LOW, 4) = (1ull << 45) | PRESENT | WRITABLE;
    assert_int_equal(TranslationOf(LOW), 0xDEAD);
    *EntryOf(LOW, 4) =
        0xFEC00000 | PRESENT | WRITABLE; /* a device that reads as ones: entries with impossible addresses */
    assert_int_equal(TranslationOf(LOW), 0xDEAD);
}

/* --- reading and writing --- */

static void BytesAreMovedAcrossPages(void **State)
{
    UINT8 Buffer[300];
    UINT32 Index;

    (void)State;
    Map(LOW, Physical(g_Pages) + PAGE); /* the other way round, so that the seam counts */
    Map(LOW + PAGE, Physical(g_Pages));
    assert_true(Access(READ_VIRTUAL, LOW + PAGE - 100, Buffer, sizeof(Buffer)));
    assert_memory_equal(Buffer, g_Pages + 2 * PAGE - 100, 100);
    assert_memory_equal(Buffer + 100, g_Pages, 200);

    for (Index = 0; Index < sizeof(Buffer); Index++)
        Buffer[Index] = (UINT8)~Index;
    assert_true(Access(WRITE_VIRTUAL, LOW + PAGE - 150, Buffer, sizeof(Buffer)));
    assert_memory_equal(g_Pages + 2 * PAGE - 150, Buffer, 150);
    assert_memory_equal(g_Pages, Buffer + 150, 150);
}

static void EveryLengthAtEveryOffset(void **State)
{
    UINT8 Buffer[24];
    UINT32 Offset, Length;

    (void)State;
    Map(LOW, Physical(g_Pages));
    Map(LOW + PAGE, Physical(g_Pages) + PAGE);
    for (Offset = 0; Offset < 20; Offset++) {
        for (Length = 0; Length <= 20; Length++) {
            memset(Buffer, 0xEE, sizeof(Buffer));
            assert_true(Access(READ_VIRTUAL, LOW + PAGE - 10 + Offset, Buffer, Length));
            assert_memory_equal(Buffer, g_Pages + PAGE - 10 + Offset, Length);
            assert_int_equal(Buffer[Length], 0xEE);
        }
    }
}

static void ARangeThatEndsInAHoleMovesThePartBeforeIt(void **State)
{
    UINT8 Buffer[200];

    (void)State;
    memset(Buffer, 0xEE, sizeof(Buffer));
    Map(LOW, Physical(g_Pages));
    assert_false(Access(READ_VIRTUAL, LOW + PAGE - 100, Buffer, sizeof(Buffer)));
    assert_memory_equal(Buffer, g_Pages + PAGE - 100, 100);
    assert_int_equal(Buffer[100], 0xEE);
}

static void ARangeAtTheEndOfTheAddressSpaceDoesNotWrap(void **State)
{
    UINT8 Buffer[32];

    (void)State;
    Map(0xFFFFFFFFFFFFF000ull, Physical(g_Pages));
    assert_true(Access(READ_VIRTUAL, 0xFFFFFFFFFFFFFFF0ull, Buffer, 16));
    assert_memory_equal(Buffer, g_Pages + 0xFF0, 16);
    assert_false(Access(READ_VIRTUAL, 0xFFFFFFFFFFFFFFF0ull, Buffer, 32));
}

static void PhysicalMemoryIsMovedAcrossPages(void **State)
{
    UINT8 Buffer[100];

    (void)State;
    assert_true(Access(READ_PHYSICAL, Physical(g_Pages) + PAGE - 50, Buffer, sizeof(Buffer)));
    assert_memory_equal(Buffer, g_Pages + PAGE - 50, sizeof(Buffer));
    memset(Buffer, 0x55, sizeof(Buffer));
    assert_true(Access(WRITE_PHYSICAL, Physical(g_Pages) + PAGE - 60, Buffer, sizeof(Buffer)));
    assert_memory_equal(g_Pages + PAGE - 60, Buffer, sizeof(Buffer));
}

static void BeyondThePhysicalWidthNothingIsMoved(void **State)
{
    UINT8 Buffer[16] = {1, 2, 3};

    (void)State;
    assert_false(Access(READ_PHYSICAL, 1ull << 40, Buffer, sizeof(Buffer)));
    assert_false(Access(READ_PHYSICAL, ~0ull - 8, Buffer, 4));
    assert_false(Access(READ_PHYSICAL, (1ull << 40) - 8, Buffer, sizeof(Buffer)));
    assert_false(Access(WRITE_PHYSICAL, 1ull << 52, Buffer, sizeof(Buffer)));
    assert_int_equal(Buffer[0], 0xFF); /* the part below the border: no RAM there */
}

/* Each core has a window of its own. */
static void TwoCoresLookAtTheirOwnPages(void **State)
{
    UINT8 One[8], Other[8];

    (void)State;
    Map(LOW, Physical(g_Pages));
    Map(HIGH, Physical(g_Pages) + PAGE);
    assert_true(Access(READ_VIRTUAL, LOW, One, sizeof(One)));
    HostedSetCurrentCpu(1);
    assert_true(Access(READ_VIRTUAL, HIGH, Other, sizeof(Other)));
    HostedSetCurrentCpu(0);
    assert_memory_equal(One, g_Pages, sizeof(One));
    assert_memory_equal(Other, g_Pages + PAGE, sizeof(Other));
}

#define MAPPER(Name) cmocka_unit_test_setup_teardown(Name, Start, Finish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        MAPPER(FourLevelsLeadToThePage),
        MAPPER(FiveLevelsLeadToThePage),
        MAPPER(LargePagesEndTheWalk),
        MAPPER(WhatIsNotPresentIsNotMapped),
        MAPPER(NotCanonicalIsNotMapped),
        MAPPER(OtherBitsOfCr3DoNotCount),
        MAPPER(ATableThatIsNoMemoryIsNotMapped),
        MAPPER(BytesAreMovedAcrossPages),
        MAPPER(EveryLengthAtEveryOffset),
        MAPPER(ARangeThatEndsInAHoleMovesThePartBeforeIt),
        MAPPER(ARangeAtTheEndOfTheAddressSpaceDoesNotWrap),
        MAPPER(PhysicalMemoryIsMovedAcrossPages),
        MAPPER(BeyondThePhysicalWidthNothingIsMoved),
        MAPPER(TwoCoresLookAtTheirOwnPages),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

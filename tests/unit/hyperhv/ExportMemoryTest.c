/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ExportMemoryTest.c - users of the VMM look at the guest's memory, inside a callback and in process context:
 * every check here is made in both, and must hold in both.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/memory/RootPageTable.h"

#include "SDK/imports/VmmMemoryImports.h"

#define PRESENT_WRITABLE 3ull
#define PAGE             0x1000ull
#define LOW              0x00007F1234567000ull /* two pages, then nothing, then one more */
#define UNMAPPED         (LOW + 2 * PAGE)
#define FAR_PAGE         (LOW + 3 * PAGE)
#define PROCESS          42u

static UINT64 *g_Tables[16];
static UINT32 g_TableCount;
static UINT8 *g_Pages[3]; /* of LOW, LOW + PAGE and FAR_PAGE; not side by side */

static UINT64 *NewTable(VOID)
{
    assert_true(g_TableCount < COUNT_OF(g_Tables));
    return g_Tables[g_TableCount++] = PlatformMemoryAllocatePages(1);
}

static VOID Map(UINT64 *Table, UINT64 Virtual, const VOID *Page)
{
    UINT32 Level;

    for (Level = 4; Level > 1; Level--) {
        UINT64 *Entry = &Table[(Virtual >> (12 + 9 * (Level - 1))) & 511];

        if (!*Entry)
            *Entry = PlatformMemoryVirtualToPhysical(NewTable()) | PRESENT_WRITABLE;
        Table = HostedRam(*Entry & ~0xFFFull);
    }
    Table[(Virtual >> 12) & 511] = PlatformMemoryVirtualToPhysical(Page) | PRESENT_WRITABLE;
}

/* --- the same checks in both contexts --- */

static VOID (*g_Checks)(VOID);

static BOOLEAN RunChecks(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    assert_true(VmFuncVmxGetCurrentExecutionMode());
    g_Checks();
    return FALSE;
}

static VOID InBothContexts(VOID (*Checks)(VOID))
{
    UINT64 *Top             = NewTable();
    const UINT64 KernelsCr3 = Guest()->Cr3;
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(g_Pages); Index++) {
        g_Pages[Index] = PlatformMemoryAllocatePages(1);
        NewTable(); /* so that the pages are no neighbours */
        Map(Top, Index == 2 ? FAR_PAGE : LOW + Index * PAGE, g_Pages[Index]);
    }
    Guest()->Cr3 = PlatformMemoryVirtualToPhysical(Top);
    HostedSetProcessTable(PROCESS, Guest()->Cr3);

    g_Checks = Checks;
    Checks();
    g_Test.OnEvent = RunChecks;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    GuestCpuid(0, 0);
    assert_int_equal(g_Test.EventCount, 1);

    Guest()->Cr3 = KernelsCr3;
    HostedSetProcessTable(0, 0);
    for (Index = 0; Index < COUNT_OF(g_Pages); Index++)
        PlatformMemoryFreePages(g_Pages[Index], 1);
    while (g_TableCount > 0)
        PlatformMemoryFreePages(g_Tables[--g_TableCount], 1);
}

/* Something that no byte of the pages repeats soon. */
static VOID FillPages(VOID)
{
    UINT32 Page, Byte;

    for (Page = 0; Page < COUNT_OF(g_Pages); Page++)
        for (Byte = 0; Byte < PAGE; Byte++)
            g_Pages[Page][Byte] = (UINT8)(Byte * 7 + Byte / 251 + Page * 31);
}

static UINT64 PhysicalOf(UINT32 Page, UINT64 Offset)
{
    return PlatformMemoryVirtualToPhysical(g_Pages[Page]) + Offset;
}

static VOID CheckTranslation(VOID)
{
    UINT64 Physical = 0x5555, Virtual;

    assert_int_equal(LayoutGetCurrentProcessCr3(), LayoutGetCr3ByProcessId(PROCESS));
    assert_int_equal(LayoutGetCr3ByProcessId(PROCESS + 1), 0);
    assert_int_equal(LayoutGetKernelCr3(), RootPageTableCr3());
    assert_true(VirtualAddressToPhysicalAddress(LOW + PAGE + 0x123, &Physical));
    assert_int_equal(Physical, PhysicalOf(1, 0x123));
    assert_false(VirtualAddressToPhysicalAddress(UNMAPPED, &Physical));
    assert_false(VirtualAddressToPhysicalAddress(0x0000800000000000ull, &Physical));
    assert_int_equal(Physical, PhysicalOf(1, 0x123));
    assert_true(
        VirtualAddressToPhysicalAddressByProcessCr3(FAR_PAGE, LayoutGetCurrentProcessCr3() | 5, &Physical));
    assert_int_equal(Physical, PhysicalOf(2, 0));
    assert_false(VirtualAddressToPhysicalAddressByProcessCr3(FAR_PAGE, PhysicalOf(0, 0), &Physical));
    assert_true(VirtualAddressToPhysicalAddressByProcessId(LOW, PROCESS, &Physical));
    assert_int_equal(Physical, PhysicalOf(0, 0));
    assert_false(VirtualAddressToPhysicalAddressByProcessId(LOW, PROCESS + 1, &Physical));
    assert_false(PhysicalAddressToVirtualAddress(1ull << 52, &Virtual));
}

static void AddressesAreTranslated(void **State)
{
    (void)State;
    InBothContexts(CheckTranslation);
}

static VOID CheckAccess(VOID)
{
    UINT8 Buffer[PAGE + 16], Expected[PAGE + 16];

    FillPages();
    memcpy(Expected, g_Pages[0] + 8, PAGE - 8);
    memcpy(Expected + PAGE - 8, g_Pages[1], 24);
    assert_true(MemoryMapperReadMemorySafe(LOW + 8, Buffer, PAGE + 16));
    assert_memory_equal(Buffer, Expected, PAGE + 16);
    assert_false(MemoryMapperReadMemorySafe(UNMAPPED - 4, Buffer, 8));
    assert_true(MemoryMapperReadMemorySafe(UNMAPPED - 4, Buffer, 4));
    assert_true(MemoryMapperReadMemorySafe(UNMAPPED, Buffer, 0));

    memset(Buffer, 0xA5, sizeof(Buffer));
    assert_true(MemoryMapperWriteMemorySafe(LOW + PAGE - 3, Buffer, 600));
    assert_int_equal(g_Pages[0][PAGE - 3], 0xA5);
    assert_int_not_equal(g_Pages[0][PAGE - 4], 0xA5);
    assert_int_equal(g_Pages[1][596], 0xA5);
    assert_int_not_equal(g_Pages[1][597], 0xA5);

    assert_true(MemoryMapperReadMemorySafeByPhysicalAddress(PhysicalOf(2, 100), Buffer, 300));
    assert_memory_equal(Buffer, g_Pages[2] + 100, 300);
    assert_true(MemoryMapperWriteMemorySafeByPhysicalAddress(PhysicalOf(2, 0), "physical", 8));
    assert_memory_equal(g_Pages[2], "physical", 8);
    assert_false(MemoryMapperReadMemorySafeByPhysicalAddress(1ull << 52, Buffer, 1));
    assert_false(CheckAddressPhysical(1ull << 52));
    assert_true(CheckAddressPhysical(PhysicalOf(2, 0)));
}

static void MemoryIsReadAndWritten(void **State)
{
    (void)State;
    InBothContexts(CheckAccess);
}

static VOID CheckOtherSpaces(VOID)
{
    const UINT64 Cr3 = LayoutGetCurrentProcessCr3();
    UINT8 Buffer[16] = {0};

    FillPages();
    assert_true(MemoryMapperReadMemorySafeByProcessCr3(FAR_PAGE + 5, Cr3, Buffer, 16));
    assert_memory_equal(Buffer, g_Pages[2] + 5, 16);
    assert_false(MemoryMapperReadMemorySafeByProcessCr3(FAR_PAGE, PhysicalOf(0, 0), Buffer, 16));
    assert_true(MemoryMapperWriteMemorySafeByProcessCr3(FAR_PAGE, Cr3, "by cr3", 6));
    assert_memory_equal(g_Pages[2], "by cr3", 6);
    assert_true(MemoryMapperReadMemorySafeOnTargetProcess(LOW + 9, PROCESS, Buffer, 16));
    assert_memory_equal(Buffer, g_Pages[0] + 9, 16);
    assert_true(MemoryMapperWriteMemorySafeOnTargetProcess(LOW, PROCESS, "by pid", 6));
    assert_memory_equal(g_Pages[0], "by pid", 6);
    assert_false(MemoryMapperReadMemorySafeOnTargetProcess(LOW, PROCESS + 1, Buffer, 1));
    assert_false(MemoryMapperWriteMemorySafeOnTargetProcess(LOW, PROCESS + 1, Buffer, 1));
}

static void OtherAddressSpacesToo(void **State)
{
    (void)State;
    InBothContexts(CheckOtherSpaces);
}

static VOID CheckValidity(VOID)
{
    assert_true(CheckAccessValidityAndSafety(LOW, 2 * PAGE));
    assert_false(CheckAccessValidityAndSafety(LOW, 2 * PAGE + 1));
    assert_false(CheckAccessValidityAndSafety(UNMAPPED, 1));
    assert_true(CheckAccessValidityAndSafety(UNMAPPED, 0));
    assert_false(CheckAccessValidityAndSafety(LOW, VMM_MEMORY_ACCESS_MAX + 1));
    assert_int_equal(CheckAddressMaximumInstructionLength(LOW + PAGE - 4), 15);
    assert_int_equal(CheckAddressMaximumInstructionLength(UNMAPPED - 4), 4);
    assert_int_equal(CheckAddressMaximumInstructionLength(UNMAPPED - 15), 15);
    assert_int_equal(CheckAddressMaximumInstructionLength(UNMAPPED), 0);

    memcpy(g_Pages[0] + PAGE - 2, "\x48\xb8", 2); /* MOV RAX, imm64: 10 bytes, on two pages */
    assert_int_equal(DisassemblerLengthDisassembleEngine(LOW + PAGE - 2, 64), 10);
    assert_int_equal(DisassemblerLengthDisassembleEngine(LOW + PAGE - 2, 32), 1); /* DEC EAX */
    assert_int_equal(DisassemblerLengthDisassembleEngine(LOW + PAGE - 2, 8), 0);
    g_Pages[1][PAGE - 1] = 0xE8; /* the rest of the CALL is not there */
    assert_int_equal(DisassemblerLengthDisassembleEngine(UNMAPPED - 1, 64), 0);
    g_Pages[1][PAGE - 1] = 0x90;
    assert_int_equal(DisassemblerLengthDisassembleEngine(UNMAPPED - 1, 64), 1);
    assert_int_equal(DisassemblerLengthDisassembleEngine(UNMAPPED, 64), 0);
}

static void WhatIsMappedAndHowLongInstructionsAre(void **State)
{
    (void)State;
    InBothContexts(CheckValidity);
}

static VOID Put(UINT64 Virtual, const VOID *Bytes, SIZE_T Length)
{
    assert_true(MemoryMapperWriteMemorySafe(Virtual, Bytes, Length));
}

static VOID CheckStrings(VOID)
{
    const UINT64 Text1 = LOW + PAGE - 3, Text2 = FAR_PAGE + 1;
    UINT32 Length = 77;
    INT32 Result  = 77;

    Put(Text1, "hello\0", 6); /* over the border of two pages */
    Put(Text2, "help\0", 5);
    assert_true(VmFuncVmxCompatibleStrlen(Text1, &Length));
    assert_int_equal(Length, 5);
    assert_true(VmFuncVmxCompatibleStrcmp(Text1, Text2, &Result));
    assert_true(Result < 0);
    assert_true(VmFuncVmxCompatibleStrcmp(Text2, Text1, &Result));
    assert_true(Result > 0);
    assert_true(VmFuncVmxCompatibleStrcmp(Text1, Text1, &Result));
    assert_int_equal(Result, 0);
    assert_true(VmFuncVmxCompatibleStrncmp(Text1, Text2, 3, &Result));
    assert_int_equal(Result, 0);
    assert_true(VmFuncVmxCompatibleStrncmp(Text1, Text2, 4, &Result));
    assert_true(Result < 0);
    assert_true(VmFuncVmxCompatibleStrncmp(UNMAPPED, Text2, 0, &Result));
    assert_int_equal(Result, 0);
    Put(Text2, "\xff", 1);
    assert_true(VmFuncVmxCompatibleStrcmp(Text2, Text1, &Result)); /* bytes are unsigned */
    assert_true(Result > 0);

    Put(UNMAPPED - 3, "abc", 3); /* no end before the memory's */
    Length = 77, Result = 77;
    assert_false(VmFuncVmxCompatibleStrlen(UNMAPPED - 3, &Length));
    assert_false(VmFuncVmxCompatibleStrcmp(UNMAPPED - 3, UNMAPPED - 3, &Result));
    assert_true(VmFuncVmxCompatibleStrncmp(UNMAPPED - 3, UNMAPPED - 3, 3, &Result));
    assert_int_equal(Length, 77);
    assert_int_equal(Result, 0);
    assert_true(VmFuncVmxCompatibleStrcmp(UNMAPPED - 3, Text1, &Result)); /* decided before */
    assert_true(Result < 0);
}

static void StringsAreMeasuredAndCompared(void **State)
{
    (void)State;
    InBothContexts(CheckStrings);
}

static VOID CheckWideAndBlocks(VOID)
{
    const UINT64 Text1 = LOW + PAGE - 3, Text2 = FAR_PAGE + 1;
    const UINT16 Wide1[] = {'a', 0x100, 'c', 0}, Wide2[] = {'a', 0xFF, 'c', 0};
    UINT32 Length = 77;
    INT32 Result  = 77;

    Put(Text1, Wide1, sizeof(Wide1)); /* a character lies on two pages */
    Put(Text2, Wide2, sizeof(Wide2));
    assert_true(VmFuncVmxCompatibleWcslen(Text1, &Length));
    assert_int_equal(Length, 3);
    assert_true(VmFuncVmxCompatibleWcscmp(Text1, Text2, &Result));
    assert_true(Result > 0);
    assert_true(VmFuncVmxCompatibleWcsncmp(Text1, Text2, 1, &Result));
    assert_int_equal(Result, 0);
    assert_true(VmFuncVmxCompatibleWcsncmp(Text1, Text2, 2, &Result));
    assert_true(Result > 0);

    Put(Text1, "a\0b\0c", 5);
    Put(Text2, "a\0b\0d", 5);
    assert_true(VmFuncVmxCompatibleMemcmp(Text1, Text2, 4, &Result));
    assert_int_equal(Result, 0);
    assert_true(VmFuncVmxCompatibleMemcmp(Text1, Text2, 5, &Result));
    assert_true(Result < 0);
    assert_false(VmFuncVmxCompatibleMemcmp(UNMAPPED, Text2, 1, &Result));
    assert_false(VmFuncVmxCompatibleMemcmp(Text1, Text2, VMM_MEMORY_ACCESS_MAX + 1, &Result));
}

static void WideStringsAndBlocksToo(void **State)
{
    (void)State;
    InBothContexts(CheckWideAndBlocks);
}

/* A string without an end within the limit, and one that ends just there. */
static void AStringIsFollowedToTheLimitAndNoFarther(void **State)
{
    const UINT32 Pages = VMM_STRING_MAX / PAGE + 1;
    UINT64 *Top = NewTable(), KernelsCr3 = Guest()->Cr3;
    UINT8 *Text = PlatformMemoryAllocatePages(Pages);
    UINT32 Length, Page;
    INT32 Result;

    (void)State;
    for (Page = 0; Page < Pages; Page++)
        Map(Top, LOW + Page * PAGE, Text + Page * PAGE);
    Guest()->Cr3 = PlatformMemoryVirtualToPhysical(Top);
    memset(Text, 'x', Pages * PAGE);
    assert_false(VmFuncVmxCompatibleStrlen(LOW, &Length));
    assert_false(VmFuncVmxCompatibleStrcmp(LOW, LOW, &Result));
    Text[VMM_STRING_MAX] = 0;
    assert_true(VmFuncVmxCompatibleStrlen(LOW, &Length));
    assert_int_equal(Length, VMM_STRING_MAX);
    assert_true(VmFuncVmxCompatibleStrcmp(LOW, LOW, &Result));
    assert_int_equal(Result, 0);
    Guest()->Cr3 = KernelsCr3;
    PlatformMemoryFreePages(Text, Pages);
    while (g_TableCount > 0)
        PlatformMemoryFreePages(g_Tables[--g_TableCount], 1);
}

/* The request of the VMCALL is somebody's memory: what cannot be read is refused. */
static void ARequestThatIsNotThereIsRefused(void **State)
{
    (void)State;
    assert_int_equal(VmFuncVmxVmcall(VMCALL_ACCESS_MEMORY, 0, 0, 0), VMCALL_STATUS_INVALID_PARAMETER);
    assert_int_equal(VmFuncVmxVmcall(VMCALL_ACCESS_MEMORY, ~0ull, 0, 0), VMCALL_STATUS_INVALID_PARAMETER);
}

static void WithoutTheVmmNothingIsThere(void **State)
{
    UINT64 Physical;
    UINT8 Byte;

    (void)State;
    HvUninitVmm();
    assert_false(VirtualAddressToPhysicalAddress(HOSTED_DIRECT_MAP, &Physical));
    assert_false(MemoryMapperReadMemorySafe(HOSTED_DIRECT_MAP, &Byte, 1));
    assert_false(CheckAccessValidityAndSafety(HOSTED_DIRECT_MAP, 1));
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(AddressesAreTranslated),
        TEST(MemoryIsReadAndWritten),
        TEST(OtherAddressSpacesToo),
        TEST(WhatIsMappedAndHowLongInstructionsAre),
        TEST(StringsAreMeasuredAndCompared),
        TEST(WideStringsAndBlocksToo),
        TEST(AStringIsFollowedToTheLimitAndNoFarther),
        TEST(ARequestThatIsNotThereIsRefused),
        TEST(WithoutTheVmmNothingIsThere),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

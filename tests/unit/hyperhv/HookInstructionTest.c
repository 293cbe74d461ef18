/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * HookInstructionTest.c - hooks look at the guest's instruction: monitors count an access by all its bytes,
 * and what a user short-circuits is skipped, one instruction exactly.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/hooks/HookPage.h"
#include "hyperhv/vmx/EptViews.h"

#define PAGE           PLATFORM_PAGE_SIZE
#define CODE           0x00007F1234560000ull /* two pages of it; the second is mapped by MapCode only */
#define LINEAR         0xFFFF888012345000ull /* of the monitored page */
#define RANGE          0x100u                /* where on that page the monitored range is */
#define RANGE_LENGTH   8u
#define TAG            7u
#define MAX_TABLES     16
#define PTE            0x63ull
#define OWN_ACCESS     0x180ull /* of a qualification: the access itself, at a linear address */
#define PAGE_WALK      0x080ull
#define VECTORED_TIMER TEST_INFO(INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, 0xEC)
#define RIGHTS_CODE64  0xA09Bu
#define RIGHTS_CODE32  0xC09Bu
#define RIGHTS_CODE16  0x809Bu

/* --- the guest: its page tables, two pages of code, the page with the range --- */

static UINT64 *g_Tables[MAX_TABLES];
static UINT32 g_TableCount;
static UINT8 *g_Code, *g_Data;

static UINT64 *NewTable(VOID)
{
    assert_true(g_TableCount < MAX_TABLES);
    return g_Tables[g_TableCount++] = PlatformMemoryAllocatePages(1);
}

static VOID Map(UINT64 Virtual, const VOID *Memory)
{
    UINT64 *Table = g_Tables[0];
    UINT32 Level;

    for (Level = 4; Level > 1; Level--) {
        UINT64 *Entry = &Table[(Virtual >> (12 + 9 * (Level - 1))) & 511];

        if (*Entry == 0)
            *Entry = PlatformMemoryVirtualToPhysical(NewTable()) | PTE;
        Table = PlatformMemoryPhysicalToVirtual(*Entry & ~(PAGE - 1));
    }
    Table[(Virtual >> 12) & 511] = PlatformMemoryVirtualToPhysical(Memory) | PTE;
}

static int Start(void **State)
{
    int Result = TestStart(State);

    g_TableCount = 0;
    g_Code       = PlatformMemoryAllocatePages(2);
    g_Data       = PlatformMemoryAllocatePages(1);
    Guest()->Cr3 = PlatformMemoryVirtualToPhysical(NewTable());
    Map(CODE, g_Code);
    return Result;
}

static int Finish(void **State)
{
    while (g_TableCount > 0)
        PlatformMemoryFreePages(g_Tables[--g_TableCount], 1);
    PlatformMemoryFreePages(g_Code, 2);
    PlatformMemoryFreePages(g_Data, 1);
    return TestFinish(State);
}

#undef TEST
#define TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, Finish)

typedef struct _CODE_BYTES {
    UINT8 Length;
    UINT8 Bytes[15];
} CODE_BYTES;

static const CODE_BYTES Store1    = {2, {0x88, 0x07}};                         /* mov %al,(%rdi) */
static const CODE_BYTES Store8    = {3, {0x48, 0x89, 0x07}};                   /* mov %rax,(%rdi) */
static const CODE_BYTES Store16   = {3, {0x0F, 0x11, 0x07}};                   /* movups %xmm0,(%rdi) */
static const CODE_BYTES Store64   = {6, {0x62, 0xF1, 0xFE, 0x48, 0x7F, 0x07}}; /* vmovdqu64 %zmm0,(%rdi) */
static const CODE_BYTES Push      = {1, {0x50}};
static const CODE_BYTES RepStosb  = {2, {0xF3, 0xAA}};
static const CODE_BYTES Fxsave    = {3, {0x0F, 0xAE, 0x07}};
static const CODE_BYTES Long      = {7, {0x48, 0xC7, 0x07, 0x78, 0x56, 0x34, 0x12}}; /* movq $...,(%rdi) */
static const CODE_BYTES Gibberish = {3, {0x0F, 0x04, 0xC0}};

/* The guest is about to execute Code, Offset bytes into its first page. */
static VOID GuestAt(UINT32 Offset, const CODE_BYTES *Code)
{
    memcpy(g_Code + Offset, Code->Bytes, Code->Length);
    Guest()->Rip = CODE + Offset;
}

static UINT64 DataPhysical(UINT32 Offset)
{
    return PlatformMemoryVirtualToPhysical(g_Data) + Offset;
}

static VOID Monitor(UINT32 Access)
{
    assert_int_equal(
        ConfigureEptHookMonitor(TAG, DataPhysical(RANGE), RANGE_LENGTH, TRUE, Access, VMM_NO_PROCESS), 0);
}

/* The instruction touches the monitored page, from Offset on. */
static VOID Violate(UINT32 Access, UINT64 Kind, UINT32 Offset, UINT32 Vectored)
{
    FakeExit(&(FAKE_EXIT){.Reason           = VMX_EXIT_REASON_EPT_VIOLATION,
                          .Qualification    = Access | Kind,
                          .GuestPhysical    = DataPhysical(Offset),
                          .GuestLinear      = Kind == OWN_ACCESS ? LINEAR + Offset : 0,
                          .IdtVectoringInfo = Vectored});
}

static VOID Write(UINT32 Offset)
{
    Violate(HOOK_ACCESS_WRITE, OWN_ACCESS, Offset, 0);
}

static BOOLEAN IsInStep(VOID)
{
    return (GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS) & PRIMARY_MONITOR_TRAP_FLAG) != 0;
}

static VOID EndStep(VOID)
{
    assert_true(IsInStep());
    *FakeInterruptibility(PlatformCpuCurrent()) = 0; /* the shadow was the instruction's */
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_MONITOR_TRAP_FLAG});
    assert_false(IsInStep());
}

static BOOLEAN Ignore(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    return !IsPost;
}

static UINT32 CountEvents(VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE Stage)
{
    UINT32 Index, Count = 0;

    for (Index = 0; Index < g_Test.EventCount; Index++)
        Count += g_Test.Events[Index].Stage == Stage;
    return Count;
}

#define PRE  CountEvents(VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION)
#define POST CountEvents(VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION)

/* --- monitors: which bytes an access touches --- */

static VOID ExpectEvents(const CODE_BYTES *Code, UINT32 Offset, UINT32 Expected)
{
    g_Test.EventCount = 0;
    GuestAt(0x200, Code);
    Write(Offset);
    if (g_Test.EventCount != Expected)
        fail_msg("code %02x %02x, offset %x: %u events", Code->Bytes[0], Code->Bytes[1], Offset,
                 g_Test.EventCount);
    assert_int_equal(Guest()->Rip, CODE + 0x200);
    EndStep();
}

static void AnAccessThatReachesIntoTheRangeIsAnEvent(void **State)
{
    static const struct {
        const CODE_BYTES *Code;
        UINT32 Size;
    } Accesses[] = {{&Store1, 1}, {&Store8, 8}, {&Store16, 16}, {&Store64, 64}, {&Push, 8}, {&RepStosb, 1}};
    UINT32 Index, Offset;

    (void)State;
    Monitor(HOOK_ACCESS_WRITE);
    for (Index = 0; Index < COUNT_OF(Accesses); Index++)
        for (Offset = RANGE - 80; Offset < RANGE + RANGE_LENGTH + 4; Offset++)
            ExpectEvents(Accesses[Index].Code, Offset,
                         Offset + Accesses[Index].Size > RANGE && Offset < RANGE + RANGE_LENGTH);
}

/* --- monitors: any of them, against an oracle --- */

#define SEED   20261127u
#define ROUNDS 200u
#define MOST   5u

static UINT32 g_Random;

static UINT32 RandomBelow(UINT32 Limit)
{
    g_Random = g_Random * 1664525u + 1013904223u;
    return (UINT32)(((UINT64)(g_Random >> 4) * Limit) >> 28);
}

typedef struct _RANDOM_MONITOR {
    UINT32 Start, Length, Access;
} RANDOM_MONITOR;

static VOID SetRandomMonitors(RANDOM_MONITOR *Monitors, UINT32 Count)
{
    UINT32 Index;

    for (Index = 0; Index < Count; Index++) {
        Monitors[Index].Start  = RandomBelow((UINT32)PAGE);
        Monitors[Index].Length = 1 + RandomBelow(RandomBelow(2) ? 16 : (UINT32)PAGE);
        if (Monitors[Index].Length > PAGE - Monitors[Index].Start)
            Monitors[Index].Length = (UINT32)PAGE - Monitors[Index].Start;
        Monitors[Index].Access = 1 + RandomBelow(7);
        assert_int_equal(ConfigureEptHookMonitor(Index, DataPhysical(Monitors[Index].Start),
                                                 Monitors[Index].Length, TRUE, Monitors[Index].Access,
                                                 VMM_NO_PROCESS),
                         0);
    }
}

static UINT32 ExpectedOf(const RANDOM_MONITOR *Monitors, UINT32 Count, UINT32 Offset, UINT32 Size,
                         UINT32 Access)
{
    UINT32 Index, Expected = 0;

    for (Index = 0; Index < Count; Index++)
        Expected += (Monitors[Index].Access & Access) &&
                    Offset < Monitors[Index].Start + Monitors[Index].Length &&
                    Monitors[Index].Start < Offset + Size;
    return Expected;
}

/* Modify: a read-modify-write that the processor tells as a write. */
static void RandomMonitorsAreToldWhatAnOracleSays(void **State)
{
    static const CODE_BYTES Modify = {2, {0xFE, 0x07}}; /* incb (%rdi) */
    static const struct {
        const CODE_BYTES *Code;
        UINT32 Size, Told, Access;
    } Kinds[] = {{&Store1, 1, 2, 2}, {&Store8, 8, 2, 2}, {&Store16, 16, 2, 2}, {&Store64, 64, 2, 2},
                 {&Modify, 1, 2, 3}, {&Modify, 1, 3, 3}, {&Store8, 8, 3, 3}};
    RANDOM_MONITOR Monitors[MOST];
    UINT32 Round, Count, Kind, Offset, Index;

    (void)State;
    for (g_Random = SEED, Round = 0; Round < ROUNDS; Round++) {
        Count = 1 + RandomBelow(MOST);
        SetRandomMonitors(Monitors, Count);
        for (Index = 0; Index < 20; Index++) {
            Kind              = RandomBelow(COUNT_OF(Kinds));
            Offset            = (Monitors[RandomBelow(Count)].Start + PAGE - 70 + RandomBelow(140)) % PAGE;
            g_Test.EventCount = 0;
            GuestAt(0x200, Kinds[Kind].Code);
            Violate(Kinds[Kind].Told, OWN_ACCESS, Offset, 0);
            if (g_Test.EventCount !=
                ExpectedOf(Monitors, Count, Offset, Kinds[Kind].Size, Kinds[Kind].Access))
                fail_msg("seed %u, round %u, kind %u at %x: %u events", SEED, Round, Kind, Offset,
                         g_Test.EventCount);
            EndStep();
        }
        for (Index = 0; Index < Count; Index++)
            assert_true(ConfigureEptUnHookMonitor(Index));
    }
}

/* MOVSQ on one page: the step that lets the read through does not let the write through. */
static void ASecondAccessToThePageIsToldWithinTheStep(void **State)
{
    static const CODE_BYTES Move = {2, {0x48, 0xA5}};

    (void)State;
    Monitor(HOOK_ACCESS_READ | HOOK_ACCESS_WRITE);
    g_Test.EventCount = 0;
    GuestAt(0x200, &Move);
    Violate(HOOK_ACCESS_READ, OWN_ACCESS, RANGE + 16, 0);
    assert_int_equal(g_Test.EventCount, 0);
    assert_true(IsInStep());
    Violate(HOOK_ACCESS_WRITE, OWN_ACCESS, RANGE, 0);
    assert_int_equal(g_Test.EventCount, 1);
    EndStep();
}

/* --- many pages in one step --- */

#define GATHER_PAGES 34u /* 16 elements across pages, and the instruction too */

static UINT32 g_Told;

static BOOLEAN CountTold(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    g_Told += !IsPost;
    g_Test.EventCount = 0; /* of which there is room for few */
    return FALSE;
}

/* One instruction reads from Count monitored pages; each read is tried again while its page is closed. */
static VOID ReadPages(const UINT8 *Pages, UINT32 Count)
{
    const CODE_BYTES Load = {3, {0x48, 0x8B, 0x07}};
    UINT32 Index;

    g_Told         = 0;
    g_Test.OnEvent = CountTold;
    GuestAt(0x200, &Load);
    for (Index = 0; Index < Count && GuestField(VMCS_EPT_POINTER) != EptViewPlain(); Index++)
        FakeExit(&(FAKE_EXIT){.Reason        = VMX_EXIT_REASON_EPT_VIOLATION,
                              .Qualification = HOOK_ACCESS_READ | OWN_ACCESS,
                              .GuestPhysical = PlatformMemoryVirtualToPhysical(Pages + Index * PAGE),
                              .GuestLinear   = LINEAR + Index * PAGE});
}

static UINT8 *MonitorPages(UINT32 Count)
{
    UINT8 *Pages = PlatformMemoryAllocatePages(Count);

    assert_int_equal(ConfigureEptHookMonitor(TAG, PlatformMemoryVirtualToPhysical(Pages), Count * PAGE, TRUE,
                                             HOOK_ACCESS_READ, VMM_NO_PROCESS),
                     0);
    return Pages;
}

static void EveryPageOfAGatherIsTold(void **State)
{
    UINT8 *Pages = MonitorPages(GATHER_PAGES);

    (void)State;
    g_Test.WantsPost = TRUE;
    ReadPages(Pages, GATHER_PAGES);
    assert_int_equal(g_Told, GATHER_PAGES);
    assert_int_equal(GuestVCpu()->Step.PostCount, GATHER_PAGES);
    assert_true(GuestField(VMCS_EPT_POINTER) != EptViewPlain());
    EndStep();
    assert_int_equal(GuestVCpu()->Step.PostCount, 0);
    TestExpectLogSilent();
    assert_true(ConfigureEptUnHookMonitor(TAG));
    PlatformMemoryFreePages(Pages, GATHER_PAGES);
}

/* It would violate for ever where there is no room. */
static void AnInstructionThatTouchesTooManyPagesGoesOnUnwatched(void **State)
{
    const UINT32 Count = 2 * HV_STEP_PAGES;
    UINT8 *Pages       = MonitorPages(Count);

    (void)State;
    ReadPages(Pages, Count);
    assert_int_equal(g_Told, HV_STEP_PAGES + 1); /* the one for which there was no room, too */
    assert_int_equal(GuestField(VMCS_EPT_POINTER), EptViewPlain());
    EndStep();
    assert_int_equal(GuestField(VMCS_EPT_POINTER), EptViewHooked());
    TestExpectLog("touches more monitored pages than a step has room for");
    memset(g_Test.Log, 0, sizeof(g_Test.Log));
    ReadPages(Pages, 2); /* the next one is watched again */
    assert_int_equal(g_Told, 2);
    assert_true(GuestField(VMCS_EPT_POINTER) != EptViewPlain());
    EndStep();
    TestExpectLogSilent();
    assert_true(ConfigureEptUnHookMonitor(TAG));
    PlatformMemoryFreePages(Pages, Count);
}

static void AnAccessOfTheRestOfThePageIsNone(void **State)
{
    (void)State;
    Monitor(HOOK_ACCESS_WRITE);
    ExpectEvents(&Store64, 0, 0);
    ExpectEvents(&Store64, RANGE - 65, 0);
    ExpectEvents(&Store64, PAGE - 64, 0);
}

/* --- monitors: operands that the processor touches piece by piece --- */

#define STATE_AVX 7u /* and SSE, and x87 */

static const CODE_BYTES Fxrstor    = {3, {0x0F, 0xAE, 0x0F}};
static const CODE_BYTES Xsave      = {3, {0x0F, 0xAE, 0x27}};
static const CODE_BYTES Xsaveopt   = {3, {0x0F, 0xAE, 0x37}};
static const CODE_BYTES Xrstor     = {3, {0x0F, 0xAE, 0x2F}};
static const CODE_BYTES Xsavec     = {3, {0x0F, 0xC7, 0x27}};
static const CODE_BYTES Xsaves     = {3, {0x0F, 0xC7, 0x2F}};
static const CODE_BYTES Xrstors    = {3, {0x0F, 0xC7, 0x1F}};
static const CODE_BYTES Fnsave     = {2, {0xDD, 0x37}};
static const CODE_BYTES Clflushopt = {4, {0x66, 0x0F, 0xAE, 0x3F}};
static const CODE_BYTES Enter0     = {4, {0xC8, 0x00, 0x00, 0x00}};
static const CODE_BYTES Enter3     = {4, {0xC8, 0x10, 0x00, 0x03}};
static const CODE_BYTES Pusha      = {1, {0x60}};
static const CODE_BYTES Popa       = {1, {0x61}};

/* AVX, and a component of supervisors that the compacted format aligns; both formats are a page's part. */
static VOID HaveExtendedState(VOID)
{
    FakeCpuidSet(0xD, 0, STATE_AVX, 0x340, 0x340, 0);
    FakeCpuidSet(0xD, 1, 0xF, 0x380, 0x800, 0);
    FakeCpuidSet(0xD, 2, 0x100, 0x240, 0, 0);
    FakeCpuidSet(0xD, 11, 0x10, 0, 3, 0);
}

/* The operand is at Operand on the monitored page, the first piece told is at Offset. */
static VOID ExpectPieces(const CODE_BYTES *Code, INT32 Operand, UINT32 Offset, UINT32 Access, UINT32 Expected)
{
    g_Test.EventCount = 0;
    GuestAt(0x200, Code);
    Guest()->Regs.rdi = LINEAR + (UINT64)(INT64)Operand;
    Violate(Access, OWN_ACCESS, Offset, 0);
    if (g_Test.EventCount != Expected)
        fail_msg("code %02x %02x, operand at %x, told at %x: %u events", Code->Bytes[0], Code->Bytes[1],
                 Operand, Offset, g_Test.EventCount);
    EndStep();
}

/* Wherever on its page the processor begins, all of the operand on that page is touched, and no byte more. */
static VOID ExpectSize(const CODE_BYTES *Code, UINT32 Access, UINT32 Size)
{
    INT32 Last = (INT32)(RANGE - Size), End = (INT32)(RANGE + RANGE_LENGTH);

    ExpectPieces(Code, Last, 0, Access, 0);
    ExpectPieces(Code, Last + 1, 0, Access, 1);
    ExpectPieces(Code, Last + 1, 24, Access, 1);
    ExpectPieces(Code, End - 1, (UINT32)End - 1, Access, 1);
    ExpectPieces(Code, End, (UINT32)End, Access, 0);
    ExpectPieces(Code, RANGE, RANGE + 24, Access, 1);
}

static void TheStateOfThePieceByPieceInstructionsIsOneAccess(void **State)
{
    (void)State;
    HaveExtendedState();
    Monitor(HOOK_ACCESS_READ | HOOK_ACCESS_WRITE);
    Guest()->Regs.rdx = 0;
    Guest()->Regs.rax = STATE_AVX;
    ExpectSize(&Fxsave, HOOK_ACCESS_WRITE, 464);
    ExpectSize(&Fxrstor, HOOK_ACCESS_READ, 464);
    ExpectSize(&Xsave, HOOK_ACCESS_WRITE, 0x340);
    ExpectSize(&Xsaveopt, HOOK_ACCESS_WRITE, 0x340);
    ExpectSize(&Xrstor, HOOK_ACCESS_READ, 0x340);
    ExpectSize(&Xsavec, HOOK_ACCESS_WRITE, 0x340);
    Guest()->Regs.rax = 3;
    ExpectSize(&Xsave, HOOK_ACCESS_WRITE, 576);
    ExpectSize(&Xrstor, HOOK_ACCESS_READ, 576);
    Guest()->Regs.rax = (1u << 11) | STATE_AVX;
    ExpectSize(&Xsaves, HOOK_ACCESS_WRITE, 0x350);
    Guest()->Regs.rdx = 0xFFFFFFFF;
    Guest()->Regs.rax = 0xFFFFFFFF; /* more than there is */
    ExpectSize(&Xsave, HOOK_ACCESS_WRITE, 0x340);
}

/* What XSAVE reads is a word of its header; what the area says of itself decides what XRSTOR reads. */
static void TheHeaderOfTheExtendedStateIsHeeded(void **State)
{
    UINT64 *Header = (UINT64 *)(VOID *)(g_Data + 520); /* XCOMP_BV, with the area at 0 */

    (void)State;
    HaveExtendedState();
    assert_int_equal(
        ConfigureEptHookMonitor(TAG, DataPhysical(0x344), 1, TRUE, HOOK_ACCESS_READ, VMM_NO_PROCESS), 0);
    Map(LINEAR, g_Data);
    Guest()->Regs.rdx = 0;
    Guest()->Regs.rax = (1u << 11) | STATE_AVX;
    *Header           = (1ull << 63) | (1u << 11) | STATE_AVX;
    ExpectPieces(&Xrstor, 0, 512, HOOK_ACCESS_READ, 1);
    ExpectPieces(&Xrstors, 0, 512, HOOK_ACCESS_READ, 1);
    *Header = (1ull << 63) | STATE_AVX;
    ExpectPieces(&Xrstors, 0, 512, HOOK_ACCESS_READ, 0);
    *Header = 0;
    ExpectPieces(&Xrstor, 0, 512, HOOK_ACCESS_READ, 0);

    ExpectPieces(&Xsave, 0x344 - 512, 0x344, HOOK_ACCESS_READ, 1);
    ExpectPieces(&Xsave, 0x344 - 520, 0x344 - 8, HOOK_ACCESS_READ, 0);
    ExpectPieces(&Xsave, 0x340, 0x340, HOOK_ACCESS_WRITE, 0);
}

static void OthersOfTheirOpcodesHaveTheirOwnSize(void **State)
{
    (void)State;
    HaveExtendedState();
    Monitor(HOOK_ACCESS_READ | HOOK_ACCESS_WRITE);
    ExpectPieces(&Fnsave, RANGE - 108, RANGE - 108, HOOK_ACCESS_WRITE, 0);
    ExpectPieces(&Fnsave, RANGE - 107, RANGE - 107, HOOK_ACCESS_WRITE, 1);
    ExpectPieces(&Clflushopt, RANGE - 8, RANGE - 8, HOOK_ACCESS_READ, 0);
}

/* The stack pointer is on the monitored page. */
static VOID ExpectStack(const CODE_BYTES *Code, UINT32 Pointer, UINT32 Offset, UINT32 Access, UINT32 Expected)
{
    Guest()->Regs.rsp = LINEAR + Pointer;
    Guest()->Regs.rbp = LINEAR + Pointer;
    ExpectPieces(Code, 0, Offset, Access, Expected);
}

static void WhatEnterPushesAndReadsIsOneAccessEach(void **State)
{
    const UINT32 End = RANGE + RANGE_LENGTH;

    (void)State;
    Monitor(HOOK_ACCESS_READ | HOOK_ACCESS_WRITE);
    ExpectStack(&Enter0, End + 8, End, HOOK_ACCESS_WRITE, 0);
    ExpectStack(&Enter0, End + 7, End - 1, HOOK_ACCESS_WRITE, 1);
    ExpectStack(&Enter3, End + 4 * 8, End + 24, HOOK_ACCESS_WRITE, 0);
    ExpectStack(&Enter3, End + 4 * 8 - 1, End + 23, HOOK_ACCESS_WRITE, 1);
    ExpectStack(&Enter3, End + 2 * 8, End + 8, HOOK_ACCESS_READ, 0);
    ExpectStack(&Enter3, End + 2 * 8 - 1, End + 7, HOOK_ACCESS_READ, 1);
}

/* In code of 32 bits. */
static VOID ExpectStack32(const CODE_BYTES *Code, UINT32 Pointer, UINT32 Offset, UINT32 Access,
                          UINT32 Expected)
{
    GuestAt(0x40, Code);
    g_Test.EventCount = 0;
    Guest()->Rip      = 0x1040;
    Guest()->Regs.rsp = LINEAR + Pointer;
    Violate(Access, OWN_ACCESS, Offset, 0);
    assert_int_equal(g_Test.EventCount, Expected);
    EndStep();
}

static void AllThatPushaPushesIsOneAccess(void **State)
{
    const UINT32 End        = RANGE + RANGE_LENGTH;
    FAKE_SEGMENT *Cs        = &Guest()->Segments[VMCS_SEGMENT_CS];
    const UINT32 CsOfBefore = Cs->Rights;

    (void)State;
    Monitor(HOOK_ACCESS_READ | HOOK_ACCESS_WRITE);
    Map(0x1000, g_Code);
    Cs->Rights = RIGHTS_CODE32;
    ExpectStack32(&Pusha, End + 32, End + 28, HOOK_ACCESS_WRITE, 0);
    ExpectStack32(&Pusha, End + 31, End + 27, HOOK_ACCESS_WRITE, 1);
    ExpectStack32(&Popa, RANGE - 32, RANGE - 32, HOOK_ACCESS_READ, 0);
    ExpectStack32(&Popa, RANGE - 31, RANGE - 31, HOOK_ACCESS_READ, 1);
    Guest()->Rip = TEST_RIP;
    Cs->Rights   = CsOfBefore;
}

/* It costs nothing to know that: no page table of the guest is walked. */
static void FarBelowTheRangeTheInstructionIsNotLookedAt(void **State)
{
    (void)State;
    Monitor(HOOK_ACCESS_WRITE);
    Guest()->Rip = CODE + 8 * PAGE; /* not mapped */
    Write(RANGE - 109);
    assert_int_equal(g_Test.EventCount, 0);
}

static void AnInstructionThatNobodyCanReadAccessesEightBytes(void **State)
{
    (void)State;
    Monitor(HOOK_ACCESS_WRITE);
    ExpectEvents(&Gibberish, RANGE - 8, 0);
    ExpectEvents(&Gibberish, RANGE - 7, 1);
}

static void TheProcessorsOwnAccessesHaveEightBytesWhateverTheInstruction(void **State)
{
    (void)State;
    Monitor(HOOK_ACCESS_WRITE);
    GuestAt(0x200, &Store64);
    Violate(HOOK_ACCESS_WRITE, PAGE_WALK, RANGE - 8, 0);
    EndStep();
    assert_int_equal(g_Test.EventCount, 0);
    Violate(HOOK_ACCESS_WRITE, PAGE_WALK, RANGE, 0);
    EndStep();
    assert_int_equal(g_Test.EventCount, 1);

    /* An interrupt comes before the instruction, and its frame is pushed. */
    Guest()->Regs.rflags |= TEST_RFLAGS_IF;
    Violate(HOOK_ACCESS_WRITE, OWN_ACCESS, RANGE - 8, VECTORED_TIMER);
    EndStep();
    assert_int_equal(g_Test.EventCount, 1);
}

static void TwoRangesOfAPageAreToldApart(void **State)
{
    (void)State;
    Monitor(HOOK_ACCESS_WRITE);
    assert_int_equal(
        ConfigureEptHookMonitor(TAG + 1, DataPhysical(RANGE + RANGE_LENGTH), 1, TRUE, 2, VMM_NO_PROCESS), 0);
    ExpectEvents(&Store8, RANGE - 7, 1);
    ExpectEvents(&Store8, RANGE, 1);
    ExpectEvents(&Store8, RANGE + 1, 2);
    ExpectEvents(&Store64, RANGE - 56, 1);
    ExpectEvents(&Store64, RANGE - 55, 2);
}

/* All bytes of the instruction are fetched. */
static void AnInstructionThatReachesIntoTheRangeIsExecutedThere(void **State)
{
    UINT32 Offset;

    (void)State;
    Monitor(HOOK_ACCESS_EXECUTE);
    Map(LINEAR, g_Data);
    for (Offset = RANGE - 10; Offset < RANGE + RANGE_LENGTH + 4; Offset++) {
        memcpy(g_Data + Offset, Long.Bytes, Long.Length);
        g_Test.EventCount = 0;
        Guest()->Rip      = LINEAR + Offset;
        Violate(HOOK_ACCESS_EXECUTE, OWN_ACCESS, Offset, 0);
        assert_int_equal(g_Test.EventCount, Offset + Long.Length > RANGE && Offset < RANGE + RANGE_LENGTH);
        EndStep();
    }
}

/* Of an instruction that begins on the page before, only what lies on this page counts. */
static void TheRestOfAnInstructionIsExecutedOnTheNextPage(void **State)
{
    (void)State;
    assert_int_equal(
        ConfigureEptHookMonitor(TAG, DataPhysical(3), 1, TRUE, HOOK_ACCESS_EXECUTE, VMM_NO_PROCESS), 0);
    Map(LINEAR, g_Data);
    Map(LINEAR - PAGE, g_Code);

    Guest()->Rip = LINEAR - 4;
    memcpy(g_Code + PAGE - 4, Long.Bytes, 4);
    memcpy(g_Data, Long.Bytes + 4, 3);
    Violate(HOOK_ACCESS_EXECUTE, OWN_ACCESS, 0, 0);
    EndStep();
    assert_int_equal(g_Test.EventCount, 0);

    Guest()->Rip = LINEAR - 3;
    memcpy(g_Code + PAGE - 3, Long.Bytes, 3);
    memcpy(g_Data, Long.Bytes + 3, 4);
    Violate(HOOK_ACCESS_EXECUTE, OWN_ACCESS, 0, 0);
    EndStep();
    assert_int_equal(g_Test.EventCount, 1);
}

/* --- short-circuited accesses --- */

/* PRE says no, and the guest is behind the instruction, not in a step. */
static VOID ExpectSkipped(UINT64 Rip)
{
    Write(RANGE);
    assert_int_equal(PRE, 1);
    assert_int_equal(Guest()->Rip, Rip);
    assert_false(IsInStep());
    assert_int_equal(FakeInjected().Info, 0);
}

static VOID IgnoreWrites(VOID)
{
    Monitor(HOOK_ACCESS_WRITE);
    g_Test.OnEvent = Ignore;
}

static void AnIgnoredAccessIsSkippedWithItsInstruction(void **State)
{
    (void)State;
    IgnoreWrites();
    GuestAt(0x200, &Long);
    ExpectSkipped(CODE + 0x200 + Long.Length);
    assert_int_equal(POST, 0);
}

static void ItsPostEventComesAtOnce(void **State)
{
    (void)State;
    IgnoreWrites();
    g_Test.WantsPost = TRUE;
    GuestAt(0x200, &Long);
    ExpectSkipped(CODE + 0x200 + Long.Length);
    assert_int_equal(POST, 1);

    /* and not again after a step */
    g_Test.OnEvent   = NULL;
    g_Test.WantsPost = FALSE;
    Write(RANGE);
    EndStep();
    assert_int_equal(POST, 1);
}

static void AnInstructionIsReadFromBothItsPages(void **State)
{
    (void)State;
    IgnoreWrites();
    Map(CODE + PAGE, g_Code + PAGE);
    GuestAt(PAGE - 3, &Long);
    ExpectSkipped(CODE + PAGE - 3 + Long.Length);
}

/* The code's pages are neighbours in the guest's addresses, not in memory. */
static void ThePageBehindIsFoundThroughThePageTable(void **State)
{
    UINT8 *Elsewhere = PlatformMemoryAllocatePages(1);

    (void)State;
    IgnoreWrites();
    Map(CODE + PAGE, Elsewhere);
    GuestAt(PAGE - 3, &Long); /* a prefix, opcode and ModRM byte, then gibberish in the wrong page */
    memcpy(g_Code + PAGE - 3, "\x0F\x38\xF1", 3);
    memset(g_Code + PAGE, 0x04, 4); /* with SIB: six bytes; with the right ModRM byte: four */
    Elsewhere[0] = 0x07;
    ExpectSkipped(CODE + PAGE - 3 + 4);
    PlatformMemoryFreePages(Elsewhere, 1);
}

static void AnInstructionAtTheEndOfMappedMemoryIsSkipped(void **State)
{
    (void)State;
    IgnoreWrites();
    GuestAt(PAGE - Store8.Length, &Store8);
    ExpectSkipped(CODE + PAGE);
}

static void WhatCannotBeReadIsLetThrough(void **State)
{
    (void)State;
    IgnoreWrites();
    GuestAt(PAGE - 3, &Long); /* goes on where nothing is mapped */
    Write(RANGE);
    assert_int_equal(PRE, 1);
    assert_int_equal(Guest()->Rip, CODE + PAGE - 3);
    EndStep();
}

static void AccessesOfTheProcessorCannotBeSkipped(void **State)
{
    (void)State;
    IgnoreWrites();
    GuestAt(0x200, &Long);
    Violate(HOOK_ACCESS_WRITE, PAGE_WALK, RANGE, 0);
    assert_int_equal(PRE, 1);
    assert_int_equal(Guest()->Rip, CODE + 0x200);
    EndStep();
}

/* Reads the immediate in the width of the mode: c7 07 and two, or four bytes. */
static VOID ExpectSkippedInMode(UINT32 Rights, UINT64 Base, UINT64 Length)
{
    static const CODE_BYTES MovImmediate = {6, {0xC7, 0x07, 0x78, 0x56, 0x34, 0x12}};
    FAKE_SEGMENT *Cs                     = &Guest()->Segments[VMCS_SEGMENT_CS];
    FAKE_SEGMENT Before                  = *Cs;

    Map(Base + 0x1000, g_Code);
    GuestAt(0x40, &MovImmediate);
    Guest()->Rip      = 0x1040;
    Cs->Rights        = Rights;
    Cs->Base          = Base;
    g_Test.EventCount = 0;
    ExpectSkipped(0x1040 + Length);
    *Cs = Before;
}

static void TheModeOfTheCodeDecidesTheLength(void **State)
{
    (void)State;
    IgnoreWrites();
    ExpectSkippedInMode(RIGHTS_CODE64, 0, 6);
    ExpectSkippedInMode(RIGHTS_CODE32, 0, 6);
    ExpectSkippedInMode(RIGHTS_CODE16, 0, 4);
    ExpectSkippedInMode(RIGHTS_CODE32, 0x56780000, 6);
}

static void ASkippedInstructionEndsTheShadowAndTraps(void **State)
{
    (void)State;
    IgnoreWrites();
    GuestAt(0x200, &Store8);
    Guest()->Regs.rflags |= TEST_RFLAGS_TF | TEST_RFLAGS_IF;
    *FakeInterruptibility(0) = 1;
    *FakePendingDebug(0)     = 0x4000;
    ExpectSkipped(CODE + 0x200 + Store8.Length);
    assert_int_equal(*FakeInterruptibility(0), 0);
    assert_int_equal(*FakePendingDebug(0) & 0x4000, 0x4000);
}

static BOOLEAN SendElsewhere(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    if (!IsPost)
        g_Backend->SetRip(GuestVCpu(), CODE + 0x300);
    return !IsPost;
}

static void AUserWhoMovesRipIsObeyed(void **State)
{
    (void)State;
    Monitor(HOOK_ACCESS_WRITE);
    g_Test.OnEvent = SendElsewhere;
    GuestAt(0x200, &Store8);
    ExpectSkipped(CODE + 0x300);
}

/* The first access of the instruction is let through, the second one, on another page, is not. */
static void ASkipInAStepEndsTheStep(void **State)
{
    UINT8 *Other = PlatformMemoryAllocatePages(1);

    (void)State;
    IgnoreWrites();
    assert_int_equal(ConfigureEptHookMonitor(TAG + 1, PlatformMemoryVirtualToPhysical(Other), PAGE, TRUE,
                                             HOOK_ACCESS_READ, VMM_NO_PROCESS),
                     0);
    GuestAt(0x200, &Long);
    g_Test.OnEvent = NULL;
    FakeExit(&(FAKE_EXIT){.Reason        = VMX_EXIT_REASON_EPT_VIOLATION,
                          .Qualification = HOOK_ACCESS_READ | OWN_ACCESS,
                          .GuestPhysical = PlatformMemoryVirtualToPhysical(Other)});
    assert_true(IsInStep());

    g_Test.OnEvent    = Ignore;
    g_Test.EventCount = 0;
    ExpectSkipped(CODE + 0x200 + Long.Length);
    assert_null(GuestVCpu()->MtfEptHookRestorePoint);
    PlatformMemoryFreePages(Other, 1);
}

static void AnIgnoredFetchWaits(void **State)
{
    (void)State;
    Monitor(HOOK_ACCESS_EXECUTE);
    Map(LINEAR, g_Data);
    memcpy(g_Data + RANGE, Long.Bytes, Long.Length);
    g_Test.OnEvent   = Ignore;
    g_Test.WantsPost = TRUE;
    Guest()->Rip     = LINEAR + RANGE;
    Violate(HOOK_ACCESS_EXECUTE, OWN_ACCESS, RANGE, 0);
    Violate(HOOK_ACCESS_EXECUTE, OWN_ACCESS, RANGE, 0);
    assert_int_equal(PRE, 2);
    assert_int_equal(Guest()->Rip, LINEAR + RANGE);
    assert_false(IsInStep());

    g_Test.OnEvent = NULL;
    Violate(HOOK_ACCESS_EXECUTE, OWN_ACCESS, RANGE, 0);
    EndStep();
    assert_int_equal(POST, 1);
}

/* --- short-circuited breakpoints --- */

static VOID HitBreakpoint(UINT64 Virtual)
{
    Guest()->Rip = Virtual;
    FakeExit(&(FAKE_EXIT){.Reason            = VMX_EXIT_REASON_EXCEPTION_OR_NMI,
                          .InterruptionInfo  = TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, 3),
                          .InstructionLength = 1});
}

static void AnInstructionUnderAHiddenBreakpointIsSkipped(void **State)
{
    UINT64 Virtual = HOSTED_DIRECT_MAP + DataPhysical(0x40);

    (void)State;
    Map(Virtual & ~(PAGE - 1), g_Data);
    memcpy(g_Data + 0x40, Long.Bytes, Long.Length);
    assert_int_equal(ConfigureEptHook(Virtual, VMM_NO_PROCESS), 0);
    g_Test.OnEvent   = Ignore;
    g_Test.WantsPost = TRUE;
    HitBreakpoint(Virtual);
    assert_int_equal(PRE, 1);
    assert_int_equal(POST, 1);
    assert_int_equal(Guest()->Rip, Virtual + Long.Length);
    assert_int_equal(FakeInjected().Info, 0);
    assert_false(IsInStep());
    assert_true(ConfigureEptUnHook(Virtual, VMM_NO_PROCESS));
}

/* The length is that of the instruction under the first breakpoint, not of the second one's INT3. */
static void BreakpointsSideBySideAreNotRead(void **State)
{
    UINT64 Virtual = HOSTED_DIRECT_MAP + DataPhysical(0x40);

    (void)State;
    Map(Virtual & ~(PAGE - 1), g_Data);
    memcpy(g_Data + 0x40, Long.Bytes, Long.Length);
    assert_int_equal(ConfigureEptHook(Virtual, VMM_NO_PROCESS), 0);
    assert_int_equal(ConfigureEptHook(Virtual + 1, VMM_NO_PROCESS), 0);
    assert_int_equal(ConfigureEptHook(Virtual + 2, VMM_NO_PROCESS), 0);
    g_Test.OnEvent = Ignore;
    HitBreakpoint(Virtual);
    assert_int_equal(Guest()->Rip, Virtual + Long.Length);
    for (; ConfigureEptUnHook(Virtual, VMM_NO_PROCESS); Virtual++)
        ;
}

/* --- loads of SS under a hidden breakpoint --- */

#define BLOCKING_BY_MOV_SS 2u
#define DR7_ONE_BREAKPOINT 0x401u

/* Is the guest in a shadow after the step? */
static BOOLEAN ShadowAfter(const CODE_BYTES *Code, UINT64 Dr7)
{
    const UINT64 Virtual = HOSTED_DIRECT_MAP + DataPhysical(0x40);
    BOOLEAN HasShadow;

    Map(Virtual & ~(PAGE - 1), g_Data);
    memcpy(g_Data + 0x40, Code->Bytes, Code->Length);
    assert_int_equal(ConfigureEptHook(Virtual, VMM_NO_PROCESS), 0);
    Guest()->Dr7 = Dr7;
    HitBreakpoint(Virtual);
    assert_true(IsInStep());
    Guest()->Rip += Code->Length;
    EndStep();
    HasShadow                = (*FakeInterruptibility(0) & BLOCKING_BY_MOV_SS) != 0;
    *FakeInterruptibility(0) = 0;
    assert_true(ConfigureEptUnHook(Virtual, VMM_NO_PROCESS));
    return HasShadow;
}

static void ALoadOfSsKeepsItsShadow(void **State)
{
    static const CODE_BYTES Loads[] = {
        {2, {0x8E, 0xD0}},             /* mov %eax,%ss */
        {3, {0x66, 0x8E, 0xD0}},       /* mov %ax,%ss */
        {3, {0x41, 0x8E, 0xD0}},       /* mov %r8d,%ss */
        {4, {0x66, 0x41, 0x8E, 0xD0}}, /* mov %r8w,%ss */
        {2, {0x8E, 0x17}},             /* mov (%rdi),%ss */
        {4, {0x64, 0x8E, 0x57, 0x08}}, /* mov %fs:8(%rdi),%ss */
    };
    static const CODE_BYTES Others[] = {
        {2, {0x8E, 0xD8}},             /* mov %eax,%ds */
        {2, {0x8C, 0xD0}},             /* mov %ss,%eax */
        {4, {0x0F, 0xB2, 0x17, 0x90}}, /* lss (%rdi),%edx; nop */
        {3, {0x48, 0x89, 0xD0}},       /* mov %rdx,%rax */
    };
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Loads); Index++) {
        assert_true(ShadowAfter(&Loads[Index], DR7_ONE_BREAKPOINT));
        assert_false(ShadowAfter(&Loads[Index], 0x400)); /* to whom it does not matter */
    }
    for (Index = 0; Index < COUNT_OF(Others); Index++)
        assert_false(ShadowAfter(&Others[Index], DR7_ONE_BREAKPOINT));
}

/* --- short-circuited exceptions --- */

static VOID ExpectDropped(UINT32 Vector, UINT64 Qualification, UINT64 Rip)
{
    GuestAt(0x200, &Store8);
    FakeExit(&(FAKE_EXIT){.Reason           = VMX_EXIT_REASON_EXCEPTION_OR_NMI,
                          .InterruptionInfo = TEST_INFO_HARDWARE(Vector),
                          .Qualification    = Qualification});
    assert_int_equal(Guest()->Rip, Rip);
    assert_int_equal(FakeInjected().Info, 0);
}

/* Of debug exceptions only that is one which the access to a debug register has raised. */
static void AFaultIsSkippedWithItsInstructionATrapIsNot(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(EXCEPTION_OCCURRED, TRUE);
    g_Test.OnEvent = Ignore;
    ExpectDropped(0, 0, CODE + 0x200 + Store8.Length);
    ExpectDropped(19, 0, CODE + 0x200 + Store8.Length);
    ExpectDropped(1, 0x2000, CODE + 0x200 + Store8.Length);
    ExpectDropped(1, 0x4000, CODE + 0x200);
    ExpectDropped(1, 0xF, CODE + 0x200);
    ExpectDropped(18, 0, CODE + 0x200);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(AnAccessThatReachesIntoTheRangeIsAnEvent),
        TEST(EveryPageOfAGatherIsTold),
        TEST(AnInstructionThatTouchesTooManyPagesGoesOnUnwatched),
        TEST(AnAccessOfTheRestOfThePageIsNone),
        TEST(ALoadOfSsKeepsItsShadow),
        TEST(FarBelowTheRangeTheInstructionIsNotLookedAt),
        TEST(TheStateOfThePieceByPieceInstructionsIsOneAccess),
        TEST(TheHeaderOfTheExtendedStateIsHeeded),
        TEST(OthersOfTheirOpcodesHaveTheirOwnSize),
        TEST(WhatEnterPushesAndReadsIsOneAccessEach),
        TEST(AllThatPushaPushesIsOneAccess),
        TEST(AnInstructionThatNobodyCanReadAccessesEightBytes),
        TEST(TheProcessorsOwnAccessesHaveEightBytesWhateverTheInstruction),
        TEST(TwoRangesOfAPageAreToldApart),
        TEST(AnInstructionThatReachesIntoTheRangeIsExecutedThere),
        TEST(TheRestOfAnInstructionIsExecutedOnTheNextPage),
        TEST(AnIgnoredAccessIsSkippedWithItsInstruction),
        TEST(ItsPostEventComesAtOnce),
        TEST(AnInstructionIsReadFromBothItsPages),
        TEST(ThePageBehindIsFoundThroughThePageTable),
        TEST(AnInstructionAtTheEndOfMappedMemoryIsSkipped),
        TEST(WhatCannotBeReadIsLetThrough),
        TEST(AccessesOfTheProcessorCannotBeSkipped),
        TEST(TheModeOfTheCodeDecidesTheLength),
        TEST(ASkippedInstructionEndsTheShadowAndTraps),
        TEST(AUserWhoMovesRipIsObeyed),
        TEST(ASkipInAStepEndsTheStep),
        TEST(AnIgnoredFetchWaits),
        TEST(RandomMonitorsAreToldWhatAnOracleSays),
        TEST(ASecondAccessToThePageIsToldWithinTheStep),
        TEST(AnInstructionUnderAHiddenBreakpointIsSkipped),
        TEST(BreakpointsSideBySideAreNotRead),
        TEST(AFaultIsSkippedWithItsInstructionATrapIsNot),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

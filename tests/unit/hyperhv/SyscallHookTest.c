/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * SyscallHookTest.c - while the hook is on, SYSCALL and SYSRET do what the processor does, the guest reads
 * its own IA32_EFER, and other undefined opcodes are the guest's.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#define CODE         0x00007F1234560000ull
#define LSTAR        0xFFFFFFFF81800000ull
#define STAR         0x0023001000000000ull
#define FMASK        0x47700ull
#define RFLAGS_RF    0x10000ull
#define RIGHTS_CODE  0xA0FBu
#define RIGHTS_STACK 0xC0F3u
#define EFER_SCE     1ull
#define TABLES       4

static UINT64 *g_Tables[TABLES];
static UINT8 *g_Code;
static FAKE_SEGMENT g_KernelSegments[FAKE_SEGMENTS];

/* One page of code at CODE. */
static VOID MapCode(VOID)
{
    UINT32 Level;

    g_Code = PlatformMemoryAllocatePages(1);
    for (Level = 0; Level < TABLES; Level++)
        g_Tables[Level] = PlatformMemoryAllocatePages(1);
    for (Level = 0; Level < TABLES; Level++)
        g_Tables[Level][(CODE >> (39 - 9 * Level)) & 511] =
            PlatformMemoryVirtualToPhysical(Level + 1 < TABLES ? (VOID *)g_Tables[Level + 1] : g_Code) | 0x67;
    Guest()->Cr3 = PlatformMemoryVirtualToPhysical(g_Tables[0]);
}

static int Start(void **State)
{
    int Result = TestStart(State);

    memcpy(g_KernelSegments, Guest()->Segments, sizeof(g_KernelSegments));
    MapCode();
    FakeMsrSet(0, IA32_STAR, STAR);
    FakeMsrSet(0, IA32_LSTAR, LSTAR);
    FakeMsrSet(0, IA32_FMASK, FMASK);
    assert_true(ConfigureSetEferSyscallHook(VMM_ALL_CORES));
    return Result;
}

/* What only a kernel does follows. */
static VOID BackInTheKernel(VOID)
{
    memcpy(Guest()->Segments, g_KernelSegments, sizeof(g_KernelSegments));
    Guest()->Rip = TEST_RIP;
}

static int Finish(void **State)
{
    UINT32 Level;

    BackInTheKernel();
    for (Level = 0; Level < TABLES; Level++)
        PlatformMemoryFreePages(g_Tables[Level], 1);
    PlatformMemoryFreePages(g_Code, 1);
    return TestFinish(State);
}

#undef TEST
#define TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, Finish)

static VOID InMode(UINT32 Cpl, UINT32 CodeRights)
{
    Guest()->Segments[1].Rights = (CodeRights & ~0x60u) | (Cpl << 5);
    Guest()->Segments[2].Rights = (RIGHTS_STACK & ~0x60u) | (Cpl << 5);
}

/* The #UD of these bytes, as the processor tells it. */
static VOID Undefined(const CHAR *Bytes, UINT32 Length, UINT32 Cpl)
{
    memcpy(g_Code, Bytes, Length);
    Guest()->Rip = CODE;
    InMode(Cpl, RIGHTS_CODE);
    Guest()->Regs.rflags = 0x246 | RFLAGS_RF;
    FakeExit(
        &(FAKE_EXIT){.Reason = VMX_EXIT_REASON_EXCEPTION_OR_NMI, .InterruptionInfo = TEST_INFO_HARDWARE(6)});
}

static VOID ExpectAt(UINT64 Rip, UINT32 Cs, UINT32 Ss, UINT32 Cpl)
{
    assert_int_equal(FakeInjected().Info, 0);
    assert_int_equal(Guest()->Rip, Rip);
    assert_int_equal(Guest()->Segments[1].Selector, Cs);
    assert_int_equal(Guest()->Segments[2].Selector, Ss);
    assert_int_equal((Guest()->Segments[1].Rights >> 5) & 3, Cpl);
    assert_int_equal((Guest()->Segments[2].Rights >> 5) & 3, Cpl);
}

static VOID ExpectTheGuestsOwn(VOID)
{
    assert_int_equal(FakeInjected().Info, TEST_INFO_HARDWARE(6));
    assert_int_equal(Guest()->Rip, CODE);
}

static void SyscallEntersTheKernel(void **State)
{
    (void)State;
    Undefined("\x0F\x05", 2, 3);
    ExpectAt(LSTAR, 0x10, 0x18, 0);
    assert_int_equal(Guest()->Regs.rcx, CODE + 2);
    assert_int_equal(Guest()->Regs.r11, 0x246);
    assert_int_equal(Guest()->Regs.rflags, 0x246 & ~FMASK);
}

static void PrefixesAreOfTheInstruction(void **State)
{
    (void)State;
    Undefined("\x66\x48\x0F\x05", 4, 3);
    assert_int_equal(Guest()->Regs.rcx, CODE + 4);
    ExpectAt(LSTAR, 0x10, 0x18, 0);
    Undefined("\xF0\x0F\x05", 3, 3); /* LOCK has no business there */
    ExpectTheGuestsOwn();
}

static void SysretGoesBack(void **State)
{
    (void)State;
    Guest()->Regs.rcx = 0x401000;
    Guest()->Regs.r11 = 0xFFFFFFFFFFFFFFFF;
    Undefined("\x48\x0F\x07", 3, 0);
    ExpectAt(0x401000, 0x33, 0x2B, 3);
    assert_int_equal(Guest()->Regs.rflags, 0x3C7FD7);
    assert_int_equal(Guest()->Segments[1].Rights, RIGHTS_CODE);
    Guest()->Regs.rcx = 0xFFFFFFFF00401000;
    Guest()->Regs.r11 = 0x202;
    Undefined("\x0F\x07", 2, 0); /* to 32-bit code */
    ExpectAt(0x401000, 0x23, 0x2B, 3);
    assert_int_equal(Guest()->Segments[1].Rights, 0xC0FB);
}

static void SysretFaultsAsTheProcessorsDoes(void **State)
{
    (void)State;
    Guest()->Regs.rcx = 0x0000800000000000ull;
    Undefined("\x48\x0F\x07", 3, 0);
    assert_int_equal(FakeInjected().Info, TEST_INFO_WITH_CODE(13));
    assert_int_equal(Guest()->Rip, CODE);
    Guest()->Regs.rcx = 0x401000;
    Undefined("\x48\x0F\x07", 3, 3);
    assert_int_equal(FakeInjected().Info, TEST_INFO_WITH_CODE(13));
}

static void OtherUndefinedOpcodesAreTheGuestsOwn(void **State)
{
    (void)State;
    Undefined("\x0F\x0B", 2, 3);
    ExpectTheGuestsOwn();
    Undefined("\x06", 1, 3);
    ExpectTheGuestsOwn();
    Undefined("\x0F\x05", 2, 3);
    BackInTheKernel();
    ConfigureUnsetEferSyscallHook(VMM_ALL_CORES);
    Undefined("\x0F\x05", 2, 3);
    ExpectTheGuestsOwn();
}

/* The page went away after it was executed: the guest finds out itself. */
static void WhatCannotBeReadIsTriedAgain(void **State)
{
    (void)State;
    g_Tables[3][(CODE >> 12) & 511] = 0;
    Undefined("\x0F\x05", 2, 3);
    assert_int_equal(FakeInjected().Info, 0);
    assert_int_equal(Guest()->Rip, CODE);
}

static void TheGuestReadsItsOwnEfer(void **State)
{
    (void)State;
    assert_int_equal(GuestField(VMCS_GUEST_EFER) & EFER_SCE, 0);
    BackInTheKernel();
    GuestRdmsr(IA32_EFER);
    assert_int_equal(GuestEdxEax() & EFER_SCE, EFER_SCE);
    GuestWrmsr(IA32_EFER, GuestEdxEax() & ~EFER_SCE); /* it turns SYSCALL off itself */
    Undefined("\x0F\x05", 2, 3);
    ExpectTheGuestsOwn();
    BackInTheKernel();
    GuestRdmsr(IA32_EFER);
    assert_int_equal(GuestEdxEax() & EFER_SCE, 0);
    GuestWrmsr(IA32_EFER, GuestEdxEax() | EFER_SCE);
    assert_int_equal(GuestField(VMCS_GUEST_EFER) & EFER_SCE, 0);
    BackInTheKernel();
    ConfigureUnsetEferSyscallHook(VMM_ALL_CORES);
    assert_int_equal(GuestField(VMCS_GUEST_EFER) & EFER_SCE, EFER_SCE);
}

static BOOLEAN Ignore(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    return !IsPost;
}

static void AnEventTellsRipAndCanSkip(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(SYSCALL_HOOK_EFER_SYSCALL, TRUE);
    g_Test.WantsPost = TRUE;
    Undefined("\x0F\x05", 2, 3);
    assert_int_equal(g_Test.EventCount, 2);
    assert_int_equal(g_Test.Events[0].Type, SYSCALL_HOOK_EFER_SYSCALL);
    assert_int_equal(g_Test.Events[0].Context, CODE);
    assert_int_equal(g_Test.Events[1].Context, CODE);
    assert_int_equal(g_Test.Events[1].Regs.rcx, CODE + 2);
    g_Test.OnEvent    = Ignore;
    Guest()->Regs.rcx = 0x77;
    Undefined("\x0F\x05", 2, 3);
    assert_int_equal(Guest()->Rip, CODE + 2);
    assert_int_equal(Guest()->Regs.rcx, 0x77);
    assert_int_equal(Guest()->Regs.rflags, 0x246);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(SyscallEntersTheKernel),
        TEST(PrefixesAreOfTheInstruction),
        TEST(SysretGoesBack),
        TEST(SysretFaultsAsTheProcessorsDoes),
        TEST(OtherUndefinedOpcodesAreTheGuestsOwn),
        TEST(WhatCannotBeReadIsTriedAgain),
        TEST(TheGuestReadsItsOwnEfer),
        TEST(AnEventTellsRipAndCanSkip),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

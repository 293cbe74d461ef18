/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmxLeaveTest.c - a core that leaves VMX operation has every register as its guest had it, also those that
 * an exit destroys (SDM Vol. 3, 28.5).
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/memory/RootPageTable.h"
#include "hyperhv/vmx/Vmx.h"

/* Values unlike those at the launch, which the guest may have by the time of the unload. */
static VOID ChangeTheGuest(VOID)
{
    FAKE_REGISTERS *Now = FakeRegisters(0);
    UINT32 Index;

    for (Index = 0; Index < GUEST_REGS_GENERAL_COUNT; Index++)
        if (Index != 4)
            ((UINT64 *)&Now->Regs)[Index] = 0x1010101010101010ull * Index;
    Now->Regs.rsp    = 0xFFFFC90000BEEF00ull;
    Now->Regs.rflags = 0x296;
    Now->Cr2         = 0x4444;
    Now->Cr3         = 0x7654321;
    Now->Dr7         = 0x455;
    Now->IdtLimit    = 0x7FF;
    Now->GdtLimit    = 0x7F;
    CpuLoadDs(0);
    CpuLoadEs(0x18);
    CpuLoadFs(0);
    CpuLoadGs(0x2B);
    FakeMsrSet(0, IA32_FS_BASE, 0x7FFFDEAD0000ull);
    FakeMsrSet(0, IA32_GS_BASE, 0xFFFF888099990000ull);
    FakeMsrSet(0, IA32_KERNEL_GS_BASE, 0x1234);
    FakeMsrSet(0, IA32_EFER, 0xD00);
    FakeMsrSet(0, IA32_PAT, 0x0007040600070406);
    FakeMsrSet(0, IA32_DEBUGCTL, 0x41);
    FakeMsrSet(0, IA32_SYSENTER_CS, 0);
    FakeMsrSet(0, IA32_SYSENTER_ESP, 0xFFFF888000001000ull);
    FakeMsrSet(0, IA32_SYSENTER_EIP, 0xFFFFFFFF82000000ull);
}

static void AfterTheUnloadEveryRegisterIsTheGuests(void **State)
{
    (void)State;
    ChangeTheGuest();
    g_Before[0]     = *FakeRegisters(0);
    g_Before[0].Cr0 = CpuReadCr0();
    g_Before[0].Cr4 = CpuReadCr4(); /* as the guest sees it: without VMXE */
    HvUninitVmm();
    TestExpectUntouched();
}

/* The descriptor's base is not the MSR's: selectors come first. */
static void TheBasesOfFsAndGsSurviveTheirSelectors(void **State)
{
    (void)State;
    assert_int_equal(g_Before[0].Segments[VMCS_SEGMENT_FS].Selector, 0x63);
    assert_true(g_Before[0].Segments[VMCS_SEGMENT_FS].Base != 0xF7D8A740);
    HvUninitVmm();
    assert_int_equal(FakeMsrGet(0, IA32_FS_BASE), g_Before[0].Segments[VMCS_SEGMENT_FS].Base);
    assert_int_equal(FakeMsrGet(0, IA32_GS_BASE), g_Before[0].Segments[VMCS_SEGMENT_GS].Base);
}

static void TheTaskRegistersLimitIsTheKernels(void **State)
{
    (void)State;
    HvUninitVmm();
    assert_int_equal(FakeRegisters(0)->Segments[VMCS_SEGMENT_TR].Limit,
                     0x206F); /* not 67H: the I/O bitmap counts */
}

#define KERNEL_GS 0xFFFF88807DC00000ull

/* As a process has it: its own page table and GS. */
static VOID EnterAProcess(VOID)
{
    FakeRegisters(0)->Cr3 = 0x5555000;
    FakeMsrSet(0, IA32_GS_BASE, 0x7FFF12340000ull);
    FakeMsrSet(0, IA32_KERNEL_GS_BASE, KERNEL_GS);
}

static BOOLEAN PanicInRoot(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    VmxPanic(GuestVCpu(), "a test's own");
    return FALSE;
}

/* The kernel's message is printed by the kernel, whatever process was interrupted: with a page table that has
 * the kernel in it, and its per-CPU base. */
static void APanicHappensOutsideVmxWithTheKernelsTables(void **State)
{
    (void)State;
    EnterAProcess();
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = PanicInRoot;
    EXPECT_PANIC(GuestCpuid(0, 0), "a test's own");
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    assert_int_equal(FakeRegisters(0)->IdtBase, g_Before[0].IdtBase);
    assert_int_equal(FakeRegisters(0)->GdtBase, g_Before[0].GdtBase);
    assert_int_equal(FakeRegisters(0)->Cr3, RootPageTableCr3());
    assert_int_equal(FakeMsrGet(0, IA32_GS_BASE), KERNEL_GS);
    assert_int_equal(g_GuestState[0].Lifecycle, VMM_CORE_OFF);
    assert_false(g_GuestState[0].IsOnVmxRootMode);
}

static BOOLEAN PanicAfterAnNmi(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    FakeRootException(2, 0);
    return PanicInRoot(Regs, IsPost);
}

/* It may be the one by which another core's panic wants to know where this one is. */
static void AnNmiThatWaitsAtAPanicReachesTheKernel(void **State)
{
    (void)State;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = PanicAfterAnNmi;
    EXPECT_PANIC(GuestCpuid(0, 0), "a test's own");
    assert_int_equal(FakeKernelNmis(0), 1);
}

/* A second panic of the same core, outside VMX operation by then. */
static void APanicOfACoreThatIsOutLeavesItAlone(void **State)
{
    (void)State;
    HostedFirePanic();
    EXPECT_PANIC(VmxPanic(&g_GuestState[0], "once more"), "once more");
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(AfterTheUnloadEveryRegisterIsTheGuests), TEST(TheBasesOfFsAndGsSurviveTheirSelectors),
        TEST(TheTaskRegistersLimitIsTheKernels),      TEST(APanicHappensOutsideVmxWithTheKernelsTables),
        TEST(AnNmiThatWaitsAtAPanicReachesTheKernel), TEST(APanicOfACoreThatIsOutLeavesItAlone),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

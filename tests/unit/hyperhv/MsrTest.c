/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MsrTest.c - RDMSR and WRMSR have the effect of bare metal; what would tell of VT-x does not exist.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#define VMX_CAPABILITY_FIRST 0x480u
#define VMX_CAPABILITY_LAST  0x493u

static VOID Rewind(VOID)
{
    Guest()->Rip = TEST_RIP;
}

static void AnMsrOfTheProcessorIsReadAndWritten(void **State)
{
    (void)State;
    GuestWrmsr(TEST_MSR, 0xFEDCBA9876543210ull);
    ExpectDone(2);
    assert_int_equal(FakeMsrGet(0, TEST_MSR), 0xFEDCBA9876543210ull);
    Rewind();
    Guest()->Regs.rax = Guest()->Regs.rdx = ~0ull;
    GuestRdmsr(TEST_MSR);
    ExpectDone(2);
    assert_int_equal(Guest()->Regs.rax, 0x76543210); /* the upper halves are cleared */
    assert_int_equal(Guest()->Regs.rdx, 0xFEDCBA98);
}

static void EachCoreHasItsOwn(void **State)
{
    (void)State;
    HostedSetCurrentCpu(1);
    GuestWrmsr(TEST_MSR, 5);
    assert_int_equal(FakeMsrGet(1, TEST_MSR), 5);
    assert_int_equal(FakeMsrGet(0, TEST_MSR), 0);
    HostedSetCurrentCpu(0);
}

/* The number is ECX, the value EDX:EAX. */
static void UpperHalvesOfTheInputsDoNotCount(void **State)
{
    (void)State;
    Guest()->Regs.rcx = 0xFFFFFFFF00000000ull | TEST_MSR;
    Guest()->Regs.rax = 0xFFFFFFFF00000011ull;
    Guest()->Regs.rdx = 0xFFFFFFFF00000022ull;
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_WRMSR, 2);
    ExpectDone(2);
    assert_int_equal(FakeMsrGet(0, TEST_MSR), 0x2200000011ull);
}

static void AnUnknownMsrIsGeneralProtectionAndRipStays(void **State)
{
    (void)State;
    Guest()->Regs.rax = 0x1111;
    Guest()->Regs.rdx = 0x2222;
    GuestRdmsr(TEST_MSR_MISSING);
    ExpectGeneralProtection();
    assert_int_equal(Guest()->Regs.rax, 0x1111);
    assert_int_equal(Guest()->Regs.rdx, 0x2222);
    GuestWrmsr(TEST_MSR_MISSING, 1);
    ExpectGeneralProtection();
    GuestRdmsr(0xC0002000); /* outside both ranges of the bitmap: exits always */
    ExpectGeneralProtection();
    GuestRdmsr(0x2000);
    ExpectGeneralProtection();
}

static void AValueThatTheProcessorRefusesIsGeneralProtection(void **State)
{
    (void)State;
    GuestWrmsr(0xC0000082, 0x8000000000000000ull); /* LSTAR, not canonical */
    ExpectGeneralProtection();
    assert_int_equal(FakeMsrGet(0, 0xC0000082), 0xFFFFFFFF81800000ull);
}

static void TheCapabilitiesOfVmxDoNotExist(void **State)
{
    UINT32 Msr;

    (void)State;
    for (Msr = VMX_CAPABILITY_FIRST; Msr <= VMX_CAPABILITY_LAST; Msr++) {
        GuestRdmsr(Msr);
        ExpectGeneralProtection();
        GuestWrmsr(Msr, 0);
        ExpectGeneralProtection();
    }
    FakeMsrSet(0, VMX_CAPABILITY_FIRST - 1, 1);
    FakeMsrSet(0, VMX_CAPABILITY_LAST + 1, 2);
    GuestRdmsr(VMX_CAPABILITY_FIRST - 1);
    ExpectDone(2);
    Rewind();
    GuestRdmsr(VMX_CAPABILITY_LAST + 1);
    ExpectDone(2);
}

/* The kernel's own accesses run into the bitmap without anyone arming anything. */
static void TheGuestsOwnAccessesFindNoVmx(void **State)
{
    UINT64 Value;

    (void)State;
    assert_false(CpuTryReadMsr(IA32_VMX_BASIC, &Value));
    assert_false(CpuTryWriteMsr(IA32_VMX_BASIC, 0));
    assert_true(CpuTryReadMsr(IA32_FEATURE_CONTROL, &Value));
    assert_int_equal(Value, 1); /* locked, VMX off */
    assert_false(CpuTryWriteMsr(IA32_FEATURE_CONTROL, 5));
}

static void FeatureControlIsLockedWithVmxOff(void **State)
{
    (void)State;
    GuestRdmsr(IA32_FEATURE_CONTROL);
    ExpectDone(2);
    assert_int_equal(GuestEdxEax(), 1);
    Rewind();
    GuestWrmsr(IA32_FEATURE_CONTROL, 1);
    ExpectGeneralProtection();
    assert_int_equal(FakeMsrGet(0, IA32_FEATURE_CONTROL), 5);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(AnMsrOfTheProcessorIsReadAndWritten),
        TEST(EachCoreHasItsOwn),
        TEST(UpperHalvesOfTheInputsDoNotCount),
        TEST(AnUnknownMsrIsGeneralProtectionAndRipStays),
        TEST(AValueThatTheProcessorRefusesIsGeneralProtection),
        TEST(TheCapabilitiesOfVmxDoNotExist),
        TEST(TheGuestsOwnAccessesFindNoVmx),
        TEST(FeatureControlIsLockedWithVmxOff),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * XsetbvTest.c - XSETBV sets what the processor takes and faults as it does; INVD loses nothing.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#define CR4_OSXSAVE (1ull << 18)

static VOID Xsetbv(UINT64 Xcr, UINT64 Value)
{
    Guest()->Rip = TEST_RIP;
    GuestSetRax((UINT32)Value, Xcr);
    Guest()->Regs.rdx = Value >> 32;
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_XSETBV, 3);
}

static void AGoodValueIsSet(void **State)
{
    (void)State;
    Xsetbv(0, 7);
    ExpectDone(3);
    assert_int_equal(Guest()->Xcr0, 7);
    Guest()->Regs.rax = 0xFFFFFFFF00000001ull;
    Xsetbv(0xFFFFFFFF00000000ull, 1);
    ExpectDone(3);
    assert_int_equal(Guest()->Xcr0, 1);
}

static void AValueThatTheProcessorRefusesIsGeneralProtection(void **State)
{
    static const UINT64 Values[] = {0, 2, 5, 1 | (1ull << 20), 3 | (1ull << 63)};
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Values); Index++) {
        Xsetbv(0, Values[Index]);
        ExpectGeneralProtection();
        assert_int_equal(Guest()->Xcr0, 3);
    }
    Xsetbv(1, 3);
    ExpectGeneralProtection();
    Xsetbv(0xFFFFFFFF, 3);
    ExpectGeneralProtection();
}

static void WithoutOsxsaveItIsUndefinedOpcode(void **State)
{
    (void)State;
    Guest()->Cr4 &= ~CR4_OSXSAVE;
    Xsetbv(0, 7);
    ExpectUndefinedOpcode();
    assert_int_equal(Guest()->Xcr0, 3);
}

static void InvdWritesTheCachesBack(void **State)
{
    (void)State;
    FakeExitInstruction(VMX_EXIT_REASON_EXECUTE_INVD, 2);
    ExpectDone(2);
    assert_int_equal(FakeCacheWritebacks(0), 1);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(AGoodValueIsSet),
        TEST(AValueThatTheProcessorRefusesIsGeneralProtection),
        TEST(WithoutOsxsaveItIsUndefinedOpcode),
        TEST(InvdWritesTheCachesBack),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

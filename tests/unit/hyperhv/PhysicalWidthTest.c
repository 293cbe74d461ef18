/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PhysicalWidthTest.c - the widths of addresses are what CPUID says, or the manual's defaults.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/memory/PhysicalWidth.h"

static int Fresh(void **State)
{
    (void)State;
    TestMachine(1);
    return 0;
}

static void TheWidthsAreWhatCpuidSays(void **State)
{
    (void)State;
    FakeCpuidSet(0x80000008, 0, 0x392E, 0, 0, 0); /* 46 and 57 */
    PhysicalWidthInitialize();
    assert_int_equal(PhysicalAddressWidth(), 46);
    assert_int_equal(PhysicalAddressMask(), (1ull << 46) - 1);
    assert_true(LinearAddressIsCanonical(0x00FFFFFFFFFFFFFFull));
    assert_true(LinearAddressIsCanonical(0xFF00000000000000ull));
    assert_false(LinearAddressIsCanonical(0x0100000000000000ull));
    assert_false(LinearAddressIsCanonical(0xFE00000000000000ull));
}

static void WithoutTheLeafTheyAre36And48(void **State)
{
    (void)State;
    FakeCpuidSet(0x80000000, 0, 0x80000004, 0, 0, 0);
    PhysicalWidthInitialize();
    assert_int_equal(PhysicalAddressWidth(), 36);
    assert_int_equal(PhysicalAddressMask(), (1ull << 36) - 1);
    assert_true(LinearAddressIsCanonical(0x00007FFFFFFFFFFFull));
    assert_true(LinearAddressIsCanonical(0xFFFF800000000000ull));
    assert_false(LinearAddressIsCanonical(0x0000800000000000ull));
    assert_false(LinearAddressIsCanonical(0xFFFF7FFFFFFFFFFFull));
}

static void TheNextMachineIsAskedAgain(void **State)
{
    (void)State;
    FakeCpuidSet(0x80000008, 0, 0x3934, 0, 0, 0);
    PhysicalWidthInitialize();
    assert_int_equal(PhysicalAddressWidth(), 52);
    FakeCpuidSet(0x80000008, 0, 0x3027, 0, 0, 0);
    PhysicalWidthInitialize();
    assert_int_equal(PhysicalAddressWidth(), 39);
    assert_false(LinearAddressIsCanonical(0x0000800000000000ull));
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test_setup(TheWidthsAreWhatCpuidSays, Fresh),
        cmocka_unit_test_setup(WithoutTheLeafTheyAre36And48, Fresh),
        cmocka_unit_test_setup(TheNextMachineIsAskedAgain, Fresh),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

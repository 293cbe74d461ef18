// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * KernelTypesTest.c - members and bit-fields of real kernels' structures, as pahole has them.
 *
 * Context: user space. The types are those of the testbed's kernels (testbed/kernel --btf 6.1 and 6.12), or
 * of the files that the environment names in SCRIPT_KERNEL_BTF.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void MembersAndBitFieldsAreWherePaholeHasThem(void **State)
{
    (void)State;
    assert_int_equal(
        system("types=${SCRIPT_KERNEL_BTF:-$(testbed/kernel --btf 6.1 && testbed/kernel --btf 6.12)} && "
               "tests/script/kernel-types $types"),
        0);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {cmocka_unit_test(MembersAndBitFieldsAreWherePaholeHasThem)};

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

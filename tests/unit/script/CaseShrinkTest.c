// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * CaseShrinkTest.c - the text cases in a build of the whole room with SCRIPT_SHRINK_LIMITS.
 *
 * Context: user space. That build is a program of its own (build/shrink/CaseTest): its limits are other
 * constants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void EveryCaseHoldsOrNamesTheLimitThatItMeets(void **State)
{
    (void)State;
    assert_int_equal(system("build/shrink/CaseTest > build/shrink/CaseTest.log 2>&1 || { cat "
                            "build/shrink/CaseTest.log; false; }"),
                     0);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {cmocka_unit_test(EveryCaseHoldsOrNamesTheLimitThatItMeets)};

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

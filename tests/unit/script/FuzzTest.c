// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * FuzzTest.c - a short run of each fuzzer, from the seeds and from what longer runs have found.
 *
 * Context: user space. The fuzzers are programs of their own (build/fuzz); `make fuzz` runs them for longer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define RUN(Name, Corpus)                                                                                    \
    "rm -rf build/fuzz/short && mkdir -p build/fuzz/short && "                                               \
    "build/fuzz/" Name " -runs=20000 -seed=1 -max_len=4096 -timeout=10 -rss_limit_mb=2048 "                  \
    "-artifact_prefix=build/fuzz/ build/fuzz/short build/fuzz/" Corpus " tests/fuzz/script/found/" Corpus    \
    " > build/fuzz/" Name ".log 2>&1 || { tail -40 build/fuzz/" Name ".log; false; }"

static void NoTextBringsTheCompilerDown(void **State)
{
    (void)State;
    assert_int_equal(system(RUN("CompileFuzz", "scripts")), 0);
}

static void NoBytesBringTheVerifierOrTheEvaluatorDown(void **State)
{
    (void)State;
    assert_int_equal(system(RUN("VerifyFuzz", "programs")), 0);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(NoTextBringsTheCompilerDown),
        cmocka_unit_test(NoBytesBringTheVerifierOrTheEvaluatorDown),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

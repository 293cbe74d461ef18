/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * HookHashTest.c - addresses at any distance from each other spread over the buckets of a table.
 *
 * Context: user space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "hyperhv/hooks/HookPage.h"

#define BITS    14u
#define BUCKETS (1u << BITS)
#define COUNT   10000u

/* How many of COUNT addresses the fullest bucket has. */
static UINT32 FullestBucket(UINT64 First, UINT64 Distance)
{
    static UINT32 InBucket[BUCKETS];
    UINT32 Index, Most = 0;

    memset(InBucket, 0, sizeof(InBucket));
    for (Index = 0; Index < COUNT; Index++) {
        const UINT32 Bucket = HookHash(First + Index * Distance, BITS);

        assert_true(Bucket < BUCKETS);
        if (++InBucket[Bucket] > Most)
            Most = InBucket[Bucket];
    }
    return Most;
}

static void FunctionsAtAnyDistanceSpread(void **State)
{
    static const UINT64 Distances[] = {1,   5,   16,   24,   48,   64,   80,   112,
                                       208, 512, 1008, 2048, 4096, 4112, 8192, 65536};
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Distances); Index++) {
        const UINT32 Most = FullestBucket(0xFFFFFFFF81000000ull, Distances[Index]);

        if (Most > 8)
            fail_msg("distance %llu: %u in one bucket", Distances[Index], Most);
    }
}

/* As many functions of the kernel: at multiples of 16, and at no distance in particular. */
static void FunctionsOfAKernelSpread(void **State)
{
    static UINT32 InBucket[BUCKETS];
    UINT64 Address = 0xFFFFFFFF81000000ull;
    UINT32 Index, Random = 1, Most = 0;

    (void)State;
    for (Index = 0; Index < COUNT; Index++) {
        Random = Random * 1664525u + 1013904223u;
        Address += 16 * (1 + (Random >> 27));
        Most = ++InBucket[HookHash(Address, BITS)] > Most ? Most + 1 : Most;
    }
    assert_true(Most <= 8);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(FunctionsAtAnyDistanceSpread),
        cmocka_unit_test(FunctionsOfAKernelSpread),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

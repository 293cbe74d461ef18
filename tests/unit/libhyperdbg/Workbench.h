/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Workbench.h - a session on a mock kernel with all its lines kept: where tests of libhyperdbg begin.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_TESTS_WORKBENCH_H
#define HYPERDBG_TESTS_WORKBENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libhyperdbg/LibHyperDbg.h"
#include "tests/unit/libhyperdbg/MockKernel.h"

#define BENCH_OUTPUT_SIZE (1u << 20)

typedef struct _BENCH {
    MOCK_KERNEL Kernel;
    HYPERDBG_SESSION *Session;
    UINT32 Lines;
    UINT32 KindLines[HYPERDBG_MESSAGE_DROPPED + 1];
    SIZE_T Length;
    CHAR Output[BENCH_OUTPUT_SIZE]; /* each line with a newline */
} BENCH;

/* A new bench; IsLoaded: modules and VMM are loaded, the session is connected. BenchFree ends it. */
BENCH *BenchMake(HYPERDBG_FORMAT Format, BOOLEAN IsLoaded);
VOID BenchFree(BENCH *Bench);

/* Forgets the lines so far. */
VOID BenchClear(BENCH *Bench);

/* Runs a line on a cleared bench. */
HYPERDBG_RESULT BenchRun(BENCH *Bench, const CHAR *Line);

#endif

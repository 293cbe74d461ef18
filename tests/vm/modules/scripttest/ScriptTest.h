/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ScriptTest.h - the file of compiled cases, and what goes to /dev/script-test.
 *
 * Context: any.
 *
 * The file is a row of cases; a case is SCRIPT_TEST_CASE, then name, expected output (both with their end),
 * padding to 8 bytes, the program, the state of the mock machine. A write to the device is SCRIPT_TEST_RUN,
 * the program, the state; a read then gives what the run printed.
 */
#ifndef HYPERDBG_TESTS_SCRIPT_TEST_H
#define HYPERDBG_TESTS_SCRIPT_TEST_H

#include "SDK/BasicTypes.h"

#define SCRIPT_TEST_OUTPUT (256u << 10)

typedef struct _SCRIPT_TEST_CASE {
    UINT32 TextSize; /* name and output with their ends and padding */
    UINT32 ProgramSize;
    UINT32 StateSize;
    UINT32 Reserved;
} SCRIPT_TEST_CASE;

typedef struct _SCRIPT_TEST_RUN {
    UINT32 ProgramSize;
    UINT32 StateSize;
} SCRIPT_TEST_RUN;

#endif

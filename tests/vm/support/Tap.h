/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tap.h - what test programs of the guest use to report (tests/run reads it): TapIs for each thing that must
 * hold, then TapEnd.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_TESTS_VM_SUPPORT_TAP_H
#define HYPERDBG_TESTS_VM_SUPPORT_TAP_H

#include "SDK/BasicTypes.h"

/* Reports that something holds or not; returns Holds. The format makes the test's name. */
BOOLEAN TapIs(BOOLEAN Holds, const CHAR *Format, ...) __attribute__((__format__(__printf__, 2, 3)));

/* The same for a number; says both when they differ. */
BOOLEAN TapIsNumber(UINT64 Got, UINT64 Expected, const CHAR *Format, ...)
    __attribute__((__format__(__printf__, 3, 4)));

/* A line for the reader of a failure. */
VOID TapNote(const CHAR *Format, ...) __attribute__((__format__(__printf__, 1, 2)));

/* The test cannot go on: what failed, with errno; does not return. */
VOID TapGiveUp(const CHAR *Format, ...) __attribute__((__format__(__printf__, 1, 2), __noreturn__));

/* Says how many tests there were; returns the program's exit status. */
INT32 TapEnd(VOID);

#endif

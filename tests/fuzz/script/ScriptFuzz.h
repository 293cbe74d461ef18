/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ScriptFuzz.h - what the fuzzers of the script room share.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_TESTS_FUZZ_SCRIPT_H
#define HYPERDBG_TESTS_FUZZ_SCRIPT_H

#include "SDK/Bytecode.h"

/* Runs a verified program three times on a mock machine with a little memory, then shows its maps. Aborts if
 * a run takes more than its budget and its length allow. */
VOID FuzzRun(const SCRIPT_PROGRAM *Program);

int LLVMFuzzerTestOneInput(const UINT8 *Data, SIZE_T Size);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Fuzz.h - what a fuzzer defines: one function for one input. libFuzzer calls it, or Driver.c.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_TESTS_FUZZ_H
#define HYPERDBG_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's name. Must not crash, leak or loop, whatever the bytes; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *Bytes, size_t Length);

/* The folder of inputs kept for it, seen from the project's root. */
extern const char g_FuzzCorpus[];

#endif

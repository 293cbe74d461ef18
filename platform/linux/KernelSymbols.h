/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KernelSymbols.h - functions and data of the kernel that it does not export.
 */
#ifndef PLATFORM_LINUX_KERNEL_SYMBOLS_H
#define PLATFORM_LINUX_KERNEL_SYMBOLS_H

/* Process context; takes millions of instructions: whoever asks keeps the answer. NULL: there is none. */
void *KernelSymbolFind(const char *Name);

#endif

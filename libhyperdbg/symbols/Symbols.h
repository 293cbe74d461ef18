/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Symbols.h - symbols of the kernel: from names to addresses and back, asked of the kernel one by one, since
 * its own tables are at hand and /proc/kallsyms takes a hundred million instructions to read.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_SYMBOLS_H
#define HYPERDBG_LIBHYPERDBG_SYMBOLS_H

#include "SDK/Ioctls.h"
#include "libhyperdbg/commands/Command.h"
#include "libhyperdbg/output/TextBuilder.h"

/* Holds "module!name+offset". */
#define SYMBOL_TEXT_SIZE (HYPERDBG_SYMBOL_MODULE_LENGTH + HYPERDBG_SYMBOL_NAME_LENGTH + 24)

/* What a PARAMETER_ADDRESS means. FALSE: no symbol has the name, or several have, and that was said. */
BOOLEAN SymbolsResolve(HYPERDBG_SESSION *Session, const ARGUMENT *Argument, UINT64 *Address);

/* The symbol that an address belongs to, as it could be typed; "" when it is none of the kernel's, or the
 * kernel cannot be asked. Says nothing. */
VOID SymbolsName(HYPERDBG_SESSION *Session, UINT64 Address, CHAR Name[SYMBOL_TEXT_SIZE]);

/* "ffffffff81000000 name+10": the address, and its symbol if it has one. */
VOID SymbolsAddAddress(HYPERDBG_SESSION *Session, TEXT *Text, UINT64 Address);

/* Modules come and go: names are asked for anew. */
VOID SymbolsForget(HYPERDBG_SESSION *Session);

#endif

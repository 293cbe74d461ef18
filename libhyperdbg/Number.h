/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Number.h - numbers as users of the debugger write them: hexadecimal unless the prefix says otherwise.
 *
 * 1f, 0x1f, 0n31 (decimal), 0t37 (octal), 0y11111 (binary); ` between digits is ignored: ffffffff`81000000.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_NUMBER_H
#define HYPERDBG_LIBHYPERDBG_NUMBER_H

#include "SDK/BasicTypes.h"

#define NUMBER_SYNTAX "hexadecimal, or 0n10 decimal, 0t7 octal, 0y1 binary"

/* FALSE: the whole text is not one number of at most 64 bits. */
BOOLEAN NumberParse(const CHAR *Text, UINT64 *Number);

#endif

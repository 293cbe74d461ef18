/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * TextBuilder.h - a line that is put together piece by piece and cut, never overrun, at its end.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_TEXT_BUILDER_H
#define HYPERDBG_LIBHYPERDBG_TEXT_BUILDER_H

#include "SDK/BasicTypes.h"

/* Holds the longest message of the log (4096 bytes) with every byte escaped (\xNN), and what stands before
 * it. */
#define TEXT_SIZE (4 * 4096 + 1024)

typedef struct _TEXT {
    SIZE_T Length;
    CHAR Buffer[TEXT_SIZE]; /* always zero-terminated */
} TEXT;

VOID TextClear(TEXT *Text);

VOID TextAdd(TEXT *Text, const CHAR *Format, ...) __attribute__((format(printf, 2, 3)));

VOID TextAddList(TEXT *Text, const CHAR *Format, va_list ArgList) __attribute__((format(printf, 2, 0)));

/* Adds bytes that somebody else wrote (a process name, a kernel message): well-formed printable UTF-8 as it
 * is, everything else as \xNN, so that no terminal sequence and no invalid JSON comes of it. Stops at a zero
 * byte. */
VOID TextAddForeign(TEXT *Text, const CHAR *Bytes, SIZE_T Length);

/* "a, b or c" from the Count words that Next gives. */
typedef const CHAR *(*TEXT_WORD)(const VOID *Words, UINT32 Index);
VOID TextAddAlternatives(TEXT *Text, const VOID *Words, UINT32 Count, TEXT_WORD Next);

#endif

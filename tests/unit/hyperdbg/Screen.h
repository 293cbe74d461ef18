/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Screen.h - a small terminal: what a VT100 would show of the bytes that a program writes.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_TESTS_SCREEN_H
#define HYPERDBG_TESTS_SCREEN_H

#include "SDK/BasicTypes.h"

#define SCREEN_ROWS    30
#define SCREEN_COLUMNS 160

typedef struct _SCREEN {
    CHAR Cell[SCREEN_ROWS][SCREEN_COLUMNS];
    UINT32 Columns;     /* in use, at most SCREEN_COLUMNS */
    UINT32 Row, Column; /* of the cursor; Column may be Columns: the next character wraps */
    CHAR Escape[32];    /* a control sequence that is not complete yet, behind its ESC */
    UINT32 EscapeLength;
    BOOLEAN IsEscape;
    UINT32 Bells;
    UINT32 Colours; /* sequences that chose a colour */
} SCREEN;

VOID ScreenInitialize(SCREEN *Screen);
VOID ScreenWrite(SCREEN *Screen, const CHAR *Bytes, SIZE_T Length);

/* The rows without trailing blanks, each with a newline, empty ones at the end left out. */
VOID ScreenText(const SCREEN *Screen, CHAR *Text, SIZE_T Size);

#endif

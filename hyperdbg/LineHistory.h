/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * LineHistory.h - the lines that were typed, kept in ~/.hyperdbg_history.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LINE_HISTORY_H
#define HYPERDBG_LINE_HISTORY_H

#include "SDK/BasicTypes.h"

struct editline;

/* Without a home directory the history lasts as long as the program. */
VOID LineHistoryOpen(struct editline *Editor);

/* Adds a line and saves all, so that a crash costs none. */
VOID LineHistoryAdd(const CHAR *Line);

VOID LineHistoryClose(VOID);

#endif

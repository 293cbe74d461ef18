/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * LineHistory.c - the lines that were typed, kept in ~/.hyperdbg_history.
 *
 * Context: user space.
 */
#include "hyperdbg/LineHistory.h"

#include <histedit.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_HISTORY_NAME  ".hyperdbg_history"
#define LINE_HISTORY_LINES 1000

/* Of the one prompt (Prompt.c); set by LineHistoryOpen. */
static History *g_History;
static CHAR g_Path[PATH_MAX]; /* "": not kept */

VOID LineHistoryOpen(struct editline *Editor)
{
    const CHAR *Home = getenv("HOME");
    HistEvent Event;

    g_History = history_init();
    if (g_History == NULL)
        return;
    history(g_History, &Event, H_SETSIZE, LINE_HISTORY_LINES);
    history(g_History, &Event, H_SETUNIQUE, 1);
    el_set(Editor, EL_HIST, history, g_History);
    if (Home == NULL || Home[0] == '\0')
        return;
    if ((SIZE_T)snprintf(g_Path, sizeof(g_Path), "%s/" LINE_HISTORY_NAME, Home) >= sizeof(g_Path))
        g_Path[0] = '\0';
    else
        history(g_History, &Event, H_LOAD, g_Path);
}

VOID LineHistoryAdd(const CHAR *Line)
{
    HistEvent Event;

    if (g_History == NULL)
        return;
    history(g_History, &Event, H_ENTER, Line);
    if (g_Path[0] != '\0')
        history(g_History, &Event, H_SAVE, g_Path);
}

VOID LineHistoryClose(VOID)
{
    if (g_History != NULL)
        history_end(g_History);
    g_History = NULL;
}

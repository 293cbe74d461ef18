/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Terminal.c - where the session's lines go: standard output and standard error, coloured on a terminal.
 *
 * Context: user space.
 */
#include "hyperdbg/Terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ORDER HYPERDBG_MESSAGE_KIND: select graphic rendition, ECMA-48 8.3.117 */
static const CHAR *const g_Colours[] = {
    "",   /* result */
    "36", /* notice: cyan */
    "31", /* error: red */
    "32", /* event: green, its first words only */
    "2",  /* log: faint */
    "33", /* warning: yellow */
    "31", /* log error: red */
    "33", /* dropped: yellow */
};
STATIC_ASSERT(COUNT_OF(g_Colours) == HYPERDBG_MESSAGE_DROPPED + 1);

VOID TerminalInitialize(TERMINAL *Terminal, HYPERDBG_FORMAT Format, BOOLEAN IsInteractive)
{
    const CHAR *NoColour = getenv("NO_COLOR");
    const CHAR *Force    = getenv("CLICOLOR_FORCE");
    const CHAR *Type     = getenv("TERM");
    BOOLEAN IsAble       = isatty(STDOUT_FILENO) && Type != NULL && strcmp(Type, "dumb") != 0;

    *Terminal            = (TERMINAL){0};
    Terminal->IsColoured = Format == HYPERDBG_FORMAT_TEXT && (NoColour == NULL || NoColour[0] == '\0') &&
                           (IsAble || (Force != NULL && Force[0] != '\0'));
    Terminal->ErrorsAside = Format == HYPERDBG_FORMAT_TEXT && !IsInteractive;
}

/* Of an event the time, number, name and stage stand out; of the rest the whole line. */
static SIZE_T TerminalColouredLength(HYPERDBG_MESSAGE_KIND Kind, const CHAR *Line)
{
    const CHAR *Gap = Kind == HYPERDBG_MESSAGE_EVENT ? strstr(Line, "  core ") : NULL;

    return Gap != NULL ? (SIZE_T)(Gap - Line) : strlen(Line);
}

VOID TerminalPrint(PVOID Context, HYPERDBG_MESSAGE_KIND Kind, const CHAR *Line)
{
    const TERMINAL *Terminal = Context;
    FILE *Stream             = Kind == HYPERDBG_MESSAGE_ERROR && Terminal->ErrorsAside ? stderr : stdout;

    if (Terminal->BeforeLine != NULL)
        Terminal->BeforeLine();
    if (Stream == stderr)
        fflush(stdout); /* in the order in which things happened */
    if (Terminal->IsColoured && g_Colours[Kind][0] != '\0') {
        SIZE_T Length = TerminalColouredLength(Kind, Line);

        fprintf(Stream, "\033[%sm%.*s\033[m%s\n", g_Colours[Kind], (int)Length, Line, Line + Length);
    } else
        fprintf(Stream, "%s\n", Line);
}

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

static BOOLEAN TerminalWantsColours(HYPERDBG_FORMAT Format, int Stream)
{
    const CHAR *NoColour = getenv("NO_COLOR");
    const CHAR *Type     = getenv("TERM");
    const CHAR *Force    = getenv("CLICOLOR_FORCE");

    return Format == HYPERDBG_FORMAT_TEXT && (NoColour == NULL || NoColour[0] == '\0') &&
           ((Type != NULL && strcmp(Type, "dumb") != 0 && isatty(Stream)) ||
            (Force != NULL && Force[0] != '\0'));
}

VOID TerminalInitialize(TERMINAL *Terminal, HYPERDBG_FORMAT Format, BOOLEAN IsInteractive)
{
    *Terminal                   = (TERMINAL){0};
    Terminal->IsColoured        = TerminalWantsColours(Format, STDOUT_FILENO);
    Terminal->AreErrorsColoured = TerminalWantsColours(Format, STDERR_FILENO);
    Terminal->AreErrorsAside    = Format == HYPERDBG_FORMAT_TEXT && !IsInteractive;
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
    BOOLEAN IsAside          = Kind == HYPERDBG_MESSAGE_ERROR && Terminal->AreErrorsAside;
    FILE *Stream             = IsAside ? stderr : stdout;
    SIZE_T Length            = TerminalColouredLength(Kind, Line);

    if (Terminal->BeforeLine != NULL)
        Terminal->BeforeLine();
    if (IsAside)
        fflush(stdout); /* in the order in which things happened */
    if ((IsAside ? Terminal->AreErrorsColoured : Terminal->IsColoured) && g_Colours[Kind][0] != '\0')
        fprintf(Stream, "\033[%sm%.*s\033[m%s\n", g_Colours[Kind], (int)Length, Line, Line + Length);
    else
        fprintf(Stream, "%s\n", Line);
}

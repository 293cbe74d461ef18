/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ScriptFile.c - a file of commands, line by line, until one fails.
 *
 * Context: user space.
 */
#include "libhyperdbg/Session.h"
#include "libhyperdbg/output/Output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line, with those that follow it within the braces of a script. */
typedef struct _SCRIPT_TEXT_LINES {
    CHAR *Text; /* to be freed */
    SIZE_T Length;
    UINT32 Lines;
} SCRIPT_TEXT_LINES;

typedef enum _SCRIPT_READ {
    SCRIPT_READ_TEXT = 0,
    SCRIPT_READ_END,
    SCRIPT_READ_FAULT, /* and that was said */
} SCRIPT_READ;

/* Adds the next line. */
static SCRIPT_READ ScriptReadLine(HYPERDBG_SESSION *Session, FILE *File, SCRIPT_TEXT_LINES *Text)
{
    CHAR *Line     = NULL;
    size_t Size    = 0;
    ssize_t Length = getline(&Line, &Size, File);
    CHAR *Longer   = Length >= 0 ? realloc(Text->Text, Text->Length + (SIZE_T)Length + 1) : NULL;

    if (Longer != NULL) {
        memcpy(Longer + Text->Length, Line, (SIZE_T)Length + 1);
        Text->Text = Longer;
        Text->Length += (SIZE_T)Length;
        Text->Lines++;
    }
    free(Line);
    if (Longer != NULL && strlen(Longer) == Text->Length)
        return SCRIPT_READ_TEXT;
    if (Longer == NULL && Length < 0 && !ferror(File))
        return SCRIPT_READ_END;
    if (Longer != NULL)
        OutputError(Session, NULL, "the line holds a zero byte: is this a text file?");
    else
        OutputError(Session, NULL, "reading failed: %s", strerror(errno));
    return SCRIPT_READ_FAULT;
}

/* A command that the end of the file cuts is run as it is: its error says what is missing. */
static SCRIPT_READ ScriptReadText(HYPERDBG_SESSION *Session, FILE *File, SCRIPT_TEXT_LINES *Text)
{
    SCRIPT_READ Read = SCRIPT_READ_TEXT;

    Text->Length = 0;
    Text->Lines  = 0;
    Session->ScriptLine++;
    do
        Read = ScriptReadLine(Session, File, Text);
    while (Read == SCRIPT_READ_TEXT && HyperDbgIsUnfinished(Text->Text));
    return Read == SCRIPT_READ_END && Text->Lines > 0 ? SCRIPT_READ_TEXT : Read;
}

/* Reads and runs the lines of a file that is open. */
static HYPERDBG_RESULT ScriptRunLines(HYPERDBG_SESSION *Session, FILE *File)
{
    HYPERDBG_RESULT Result = HYPERDBG_SUCCESS;
    SCRIPT_TEXT_LINES Text = {0};
    SCRIPT_READ Read       = SCRIPT_READ_TEXT;

    while (Result == HYPERDBG_SUCCESS && Read == SCRIPT_READ_TEXT) {
        Read = ScriptReadText(Session, File, &Text);
        if (Read == SCRIPT_READ_TEXT)
            Result = HyperDbgRunCommand(Session, Text.Text);
        Session->ScriptLine += Text.Lines > 0 ? Text.Lines - 1 : 0;
    }
    free(Text.Text);
    return Read == SCRIPT_READ_FAULT ? HYPERDBG_FAILURE : Result;
}

/* Gives errors the name and lines of this file while it runs. */
static HYPERDBG_RESULT ScriptRunFile(HYPERDBG_SESSION *Session, const CHAR *Name, FILE *File)
{
    const CHAR *OuterName = Session->ScriptName;
    UINT32 OuterLine      = Session->ScriptLine;

    Session->ScriptName = Name;
    Session->ScriptLine = 0;
    Session->ScriptDepth++;
    HYPERDBG_RESULT Result = ScriptRunLines(Session, File);
    Session->ScriptDepth--;
    Session->ScriptName = OuterName;
    Session->ScriptLine = OuterLine;
    return Result;
}

HYPERDBG_RESULT HyperDbgRunFile(HYPERDBG_SESSION *Session, const CHAR *Path)
{
    if (strcmp(Path, "-") == 0)
        return ScriptRunFile(Session, "standard input", stdin);
    if (Session->ScriptDepth == SESSION_MAX_SCRIPT_DEPTH) {
        OutputError(Session, Path, "scripts call scripts more than %u deep", SESSION_MAX_SCRIPT_DEPTH);
        return HYPERDBG_FAILURE;
    }

    FILE *File = fopen(Path, "re");
    if (File == NULL) {
        OutputError(Session, Path, "cannot be opened: %s", strerror(errno));
        return HYPERDBG_FAILURE;
    }
    HYPERDBG_RESULT Result = ScriptRunFile(Session, Path, File);
    fclose(File);
    return Result;
}

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

/* Reads and runs the lines of a file that is open. */
static HYPERDBG_RESULT ScriptRunLines(HYPERDBG_SESSION *Session, FILE *File)
{
    HYPERDBG_RESULT Result = HYPERDBG_SUCCESS;
    CHAR *Line             = NULL;
    size_t Size            = 0;
    ssize_t Length;

    while (Result == HYPERDBG_SUCCESS && (Length = getline(&Line, &Size, File)) >= 0) {
        Session->ScriptLine++;
        if (strlen(Line) == (size_t)Length)
            Result = HyperDbgRunCommand(Session, Line);
        else {
            OutputError(Session, NULL, "the line holds a zero byte: is this a text file?");
            Result = HYPERDBG_FAILURE;
        }
    }
    if (Result == HYPERDBG_SUCCESS && ferror(File)) {
        OutputError(Session, NULL, "reading failed: %s", strerror(errno));
        Result = HYPERDBG_FAILURE;
    }
    free(Line);
    return Result;
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

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ProgramCompile.c - from what a user wrote behind `script` to a program.
 *
 * Context: user space.
 */
#include "libhyperdbg/programs/ProgramCompile.h"

#include "libhyperdbg/Session.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/symbols/Address.h"
#include "script/eval/Eval.h"

#include <stdlib.h>
#include <string.h>

#define PROGRAM_BLANKS      " \t\r\n"
#define PROGRAM_FILE_PREFIX "file:"

/* Where messages say that a program is. */
typedef struct _PROGRAM_SOURCE {
    CHAR *Name; /* both to be freed */
    CHAR *Text;
    SIZE_T Size;
} PROGRAM_SOURCE;

/* --- the text --------------------------------------------------------------------------------- */

BOOLEAN ProgramIsBlock(const CHAR *Word)
{
    SIZE_T Length = strlen(Word);

    return Length >= 2 && Word[0] == '{' && Word[Length - 1] == '}';
}

/* The words behind file: up to the blanks at the end. */
static BOOLEAN ProgramReadFile(HYPERDBG_SESSION *Session, const CHAR *Path, SIZE_T Length,
                               PROGRAM_SOURCE *Source)
{
    CHAR *Name = strndup(Path, Length);

    if (Name == NULL)
        return FALSE;
    Source->Text = ScriptReadFile(NULL, Name, NULL, &Source->Name, &Source->Size);
    if (Source->Text == NULL)
        OutputError(Session, Name, "the file cannot be read");
    free(Name);
    return Source->Text != NULL;
}

/* How many lines of a file of commands stand before the block. */
static SIZE_T ProgramLinesBefore(const HYPERDBG_SESSION *Session, const CHAR *Word)
{
    const CHAR *Block = Session->Command != NULL ? strstr(Session->Command, Word) : NULL;
    SIZE_T Lines      = Session->ScriptLine - 1;

    for (const CHAR *At = Session->Command; Block != NULL && At < Block; At++)
        Lines += *At == '\n';
    return Lines;
}

/* In a file of commands messages count its lines. */
static BOOLEAN ProgramTakeText(const HYPERDBG_SESSION *Session, const CHAR *Word, PROGRAM_SOURCE *Source)
{
    const CHAR *Text = Word + 1;
    SIZE_T Length    = strlen(Word) - 2;
    SIZE_T Lines     = Session->ScriptName != NULL ? ProgramLinesBefore(Session, Word) : 0;

    Source->Name = strdup(Session->ScriptName != NULL ? Session->ScriptName : "script");
    Source->Text = malloc(Lines + Length + 1);
    Source->Size = Lines + Length;
    if (Source->Name == NULL || Source->Text == NULL)
        return FALSE;
    memset(Source->Text, '\n', Lines);
    memcpy(Source->Text + Lines, Text, Length);
    Source->Text[Source->Size] = '\0';
    return TRUE;
}

static BOOLEAN ProgramSource(HYPERDBG_SESSION *Session, const CHAR *Word, PROGRAM_SOURCE *Source)
{
    const CHAR *Text = Word + 1;
    SIZE_T Length    = strlen(Word) - 2;
    SIZE_T Blanks    = strspn(Text, PROGRAM_BLANKS);

    if (strncmp(Text + Blanks, PROGRAM_FILE_PREFIX, sizeof(PROGRAM_FILE_PREFIX) - 1) != 0)
        return ProgramTakeText(Session, Word, Source);
    Text += Blanks + sizeof(PROGRAM_FILE_PREFIX) - 1;
    Length -= Blanks + sizeof(PROGRAM_FILE_PREFIX) - 1;
    while (Length > 0 && strchr(PROGRAM_BLANKS, Text[Length - 1]) != NULL)
        Length--;
    return ProgramReadFile(Session, Text, Length, Source);
}

/* --- messages --------------------------------------------------------------------------------- */

/* Each line of the compiler's is a line of ours. */
static VOID ProgramSayMessages(HYPERDBG_SESSION *Session, const SCRIPT_COMPILATION *Compilation)
{
    struct json_object *Object = JsonObject("error");

    JsonAddText(Object, "message", "the script has errors");
    JsonAddText(Object, "messages", Compilation->Messages);
    OutputObject(Session, HYPERDBG_MESSAGE_ERROR, Object);
    for (const CHAR *Line = Compilation->Messages; *Line != '\0';) {
        SIZE_T Length = strcspn(Line, "\n");

        OutputText(Session, HYPERDBG_MESSAGE_ERROR, "%.*s", (int)Length, Line);
        Line += Length + (Line[Length] == '\n');
    }
}

VOID ProgramSayRefused(HYPERDBG_SESSION *Session, const SCRIPT_PROGRAM *Program, UINT32 Instruction,
                       const CHAR *Reason)
{
    const SCRIPT_LINE *Line;
    SCRIPT_VIEW View;

    ScriptViewProgram(Program, &View);
    Line = ScriptFindLine(&View, Instruction);
    if (Line != NULL && Instruction < View.Counts[SCRIPT_SECTION_CODE])
        OutputError(Session, "script", "%s:%u:%u: %s", View.Strings + Line->File, Line->Line, Line->Column,
                    Reason);
    else
        OutputError(Session, "script", "%s", Reason);
}

/* --- compiling -------------------------------------------------------------------------------- */

/* A name that several symbols have is none. */
static BOOLEAN ProgramFindSymbol(PVOID Context, const CHAR *Name, UINT64 *Address)
{
    DEBUGGER_QUERY_SYMBOLS Query = {0};
    ADDRESS_TEXT Text;

    if (!AddressParse(Name, &Text) || !Text.HasName)
        return FALSE;
    memcpy(Query.Module, Text.Module, sizeof(Query.Module));
    memcpy(Query.Pattern, Text.Name, sizeof(Query.Pattern));
    if (ConnectionAsk(Context, IOCTL_QUERY_SYMBOLS, &Query) != DEBUGGER_OPERATION_WAS_SUCCESSFUL ||
        Query.Total != 1)
        return FALSE;
    *Address = Query.Symbol[0].Address;
    return TRUE;
}

/* TRUE: there are types now. Reading them takes a while, so that it is done once, and not before some program
 * needs them. */
static BOOLEAN ProgramOpenTypes(HYPERDBG_SESSION *Session)
{
    CHAR Error[256];

    if (Session->Types == NULL && !Session->AreTypesMissing) {
        Session->Types           = ScriptBtfOpen(Session->Options.TypesPath, NULL, Error, sizeof(Error));
        Session->AreTypesMissing = Session->Types == NULL;
        if (Session->AreTypesMissing && Session->Options.TypesPath != NULL)
            OutputError(Session, Session->Options.TypesPath, "%s", Error);
    }
    return Session->Types != NULL;
}

static BOOLEAN ProgramCompileSource(HYPERDBG_SESSION *Session, const PROGRAM_SOURCE *Source,
                                    const CHAR *Function, SCRIPT_COMPILATION *Compilation)
{
    SCRIPT_COMPILE_OPTIONS Options = {
        .Function   = Function,
        .FindSymbol = ProgramFindSymbol,
        .ReadFile   = ScriptReadFile,
        .Context    = Session,
    };

    if (ScriptCompile(&Options, Source->Name, Source->Text, Source->Size, Compilation))
        return TRUE;
    if (!ProgramOpenTypes(Session))
        return FALSE;
    ScriptCompilationFree(Compilation);
    Options.Btf = Session->Types;
    return ScriptCompile(&Options, Source->Name, Source->Text, Source->Size, Compilation);
}

BOOLEAN ProgramCompile(HYPERDBG_SESSION *Session, const CHAR *Word, const CHAR *Function,
                       SCRIPT_COMPILATION *Compilation)
{
    PROGRAM_SOURCE Source = {0};

    memset(Compilation, 0, sizeof(*Compilation));
    if (ProgramSource(Session, Word, &Source) &&
        !ProgramCompileSource(Session, &Source, Function, Compilation))
        ProgramSayMessages(Session, Compilation);
    free(Source.Name);
    free(Source.Text);
    return Compilation->Program != NULL;
}

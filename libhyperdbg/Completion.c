/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Completion.c - what could stand at the cursor: commands, parameters, values, numbers of events.
 *
 * Context: user space.
 */
#include "libhyperdbg/LibHyperDbg.h"

#include "libhyperdbg/MsrNames.h"
#include "libhyperdbg/Session.h"
#include "libhyperdbg/Words.h"
#include "libhyperdbg/commands/CommandParse.h"
#include "libhyperdbg/commands/EventList.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/EventShow.h"
#include "libhyperdbg/symbols/Address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SYMBOL_COMPLETION_LETTERS 3

/* --- candidates ------------------------------------------------------------------------------- */

typedef struct _COMPLETER {
    HYPERDBG_SESSION *Session;
    const CHAR *Begun; /* what is typed of the word */
    HYPERDBG_COMPLETION *Completion;
} COMPLETER;

static BOOLEAN CompleterBegins(const COMPLETER *Completer, const CHAR *Word)
{
    return strncasecmp(Word, Completer->Begun, strlen(Completer->Begun)) == 0;
}

static VOID CompleterOffer(COMPLETER *Completer, const CHAR *Word)
{
    HYPERDBG_COMPLETION *Completion = Completer->Completion;
    CHAR *Copy;

    if (Completion->Count == HYPERDBG_COMPLETION_MAX || !CompleterBegins(Completer, Word))
        return;
    Copy = strdup(Word);
    if (Copy != NULL)
        Completion->Candidate[Completion->Count++] = Copy;
}

/* --- kinds of values -------------------------------------------------------------------------- */

static VOID CompleteNothing(COMPLETER *Completer, const PARAMETER *Parameter)
{
    (void)Completer;
    (void)Parameter;
}

static VOID CompleteChoice(COMPLETER *Completer, const PARAMETER *Parameter)
{
    for (const CHOICE *Choice = Parameter->Choices; Choice->Word != NULL; Choice++)
        CompleterOffer(Completer, Choice->Word);
}

/* Names are offered once something is typed: there are too many to list. */
static VOID CompleteMsr(COMPLETER *Completer, const PARAMETER *Parameter)
{
    (void)Parameter;
    for (UINT32 i = 0; Completer->Begun[0] != '\0' && i < g_MsrNameCount; i++)
        CompleterOffer(Completer, g_MsrNames[i].Name);
}

static VOID CompleteOneEvent(PVOID Context, const DEBUGGER_QUERY_EVENT *Event)
{
    CHAR Number[17];

    snprintf(Number, sizeof(Number), "%llx", EventNumber(Event->Tag));
    CompleterOffer(Context, Number);
}

/* Asks the kernel; errors would only disturb the line, so that they are not shown. */
static VOID CompleteEvent(COMPLETER *Completer, const PARAMETER *Parameter)
{
    HYPERDBG_MESSAGE_CALLBACK Callback = Completer->Session->Options.Callback;

    (void)Parameter;
    Completer->Session->Options.Callback = NULL;
    if (HyperDbgConnect(Completer->Session, TRUE))
        EventListWalk(Completer->Session, CompleteOneEvent, Completer);
    Completer->Session->Options.Callback = Callback;
}

static VOID CompleteCommand(COMPLETER *Completer, const PARAMETER *Parameter)
{
    (void)Parameter;
    for (UINT32 i = 0; i < g_CommandCount; i++)
        CompleterOffer(Completer, g_CommandTable[i].Name);
}

static VOID CompleterOfferSymbol(COMPLETER *Completer, const ADDRESS_TEXT *Begun,
                                 const DEBUGGER_SYMBOL *Symbol)
{
    CHAR Word[SYMBOL_TEXT_SIZE];

    snprintf(Word, sizeof(Word), "%s%s%.*s", Begun->Module, Begun->Module[0] != '\0' ? "!" : "",
             (int)sizeof(Symbol->Name) - 1, Symbol->Name);
    CompleterOffer(Completer, Word);
}

/* The kernel is asked once enough is typed for the list to be of use. */
static VOID CompleteSymbols(COMPLETER *Completer, const PARAMETER *Parameter)
{
    DEBUGGER_QUERY_SYMBOLS Query = {0};
    ADDRESS_TEXT Begun;

    (void)Parameter;
    if (!AddressParsePattern(Completer->Begun, &Begun) || strlen(Begun.Name) < SYMBOL_COMPLETION_LETTERS ||
        strpbrk(Begun.Name, "*?") != NULL || strlen(Begun.Name) + 1 >= sizeof(Query.Pattern))
        return;
    memcpy(Query.Module, Begun.Module, sizeof(Query.Module));
    snprintf(Query.Pattern, sizeof(Query.Pattern), "%.*s*", (int)sizeof(Query.Pattern) - 2, Begun.Name);
    if (ConnectionAsk(Completer->Session, IOCTL_QUERY_SYMBOLS, &Query) != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
        return;
    for (UINT32 i = 0; i < Query.Count && i < COUNT_OF(Query.Symbol); i++)
        CompleterOfferSymbol(Completer, &Begun, &Query.Symbol[i]);
}

/* ORDER PARAMETER_KIND. Numbers are anybody's; files are the terminal's business. */
static VOID (*const g_CompleteValue[])(COMPLETER *Completer, const PARAMETER *Parameter) = {
    CompleteNothing, CompleteChoice,  CompleteMsr,     CompleteEvent,  CompleteCommand,
    CompleteNothing, CompleteSymbols, CompleteSymbols, CompleteNothing};
STATIC_ASSERT(COUNT_OF(g_CompleteValue) == PARAMETER_PROGRAM + 1);

static VOID CompleteValue(COMPLETER *Completer, const PARAMETER *Parameter)
{
    g_CompleteValue[Parameter->Kind](Completer, Parameter);
    if (Parameter->Flags & PARAMETER_OR_ALL)
        CompleterOffer(Completer, "all");
}

/* --- the line --------------------------------------------------------------------------------- */

/* A word after Count complete ones of a command. */
static VOID CompleteParameter(COMPLETER *Completer, const WORDS *Words, UINT32 Count)
{
    const COMMAND *Command = CommandFind(Words->Item[0]);
    PARSE_STATE State;

    if (Command == NULL)
        return;
    CommandParsePrefix(Command, Words, Count, &State);
    if (State.Pending != NULL) {
        CompleteValue(Completer, State.Pending);
        return;
    }
    for (BOOLEAN IsMore = TRUE; IsMore && State.Next != NULL;) {
        CompleteValue(Completer, State.Next);
        IsMore = (State.Next->Flags & PARAMETER_SKIPPED) != 0; /* then the word may be the next one's */
        State.Given |= 1u << (State.Next - Command->Parameters);
        State.Next = CommandNextPositional(Command, State.Given);
    }
    for (UINT32 i = 0; i < Command->ParameterCount; i++) {
        if (!(Command->Parameters[i].Flags & PARAMETER_POSITIONAL) && !(State.Given >> i & 1))
            CompleterOffer(Completer, Command->Parameters[i].Name);
    }
}

static int CompletionCompare(const void *A, const void *B)
{
    return strcmp(*(CHAR *const *)A, *(CHAR *const *)B);
}

/* The word at the end of the words: one that is begun, or a new one. */
static VOID CompleteWord(COMPLETER *Completer, const CHAR *Line, const WORDS *Words)
{
    UINT32 Complete = Words->Count - Words->IsLastOpen;

    Completer->Begun                 = Words->IsLastOpen ? Words->Item[Complete] : "";
    Completer->Completion->WordStart = Words->IsLastOpen ? Words->Start[Complete] : (UINT32)strlen(Line);
    if (Complete == 0)
        CompleteCommand(Completer, NULL);
    else
        CompleteParameter(Completer, Words, Complete);
}

/* The last command of the line up to the cursor decides; in a comment or a quotation there is nothing to
 * offer. */
static VOID CompleteLine(COMPLETER *Completer, const CHAR *Line)
{
    UINT32 Length = (UINT32)strlen(Line), Offset = 0;
    WORDS_RESULT Result;
    WORDS Words;

    for (;;) {
        Result = WordsNext(Line, &Offset, &Words);
        if (Result != WORDS_COMMAND || Offset == Length)
            break;
        WordsFree(&Words);
    }
    if (Result == WORDS_COMMAND || (Result == WORDS_END && Line[Words.End] == '\0'))
        CompleteWord(Completer, Line, &Words);
    WordsFree(&Words);
}

VOID HyperDbgComplete(HYPERDBG_SESSION *Session, const CHAR *Line, UINT32 Cursor,
                      HYPERDBG_COMPLETION *Completion)
{
    COMPLETER Completer = {.Session = Session, .Completion = Completion};
    CHAR *Before        = strndup(Line, Cursor);

    Completion->Count     = 0;
    Completion->WordStart = Cursor;
    if (Before == NULL)
        return;
    CompleteLine(&Completer, Before);
    free(Before);
    qsort(Completion->Candidate, Completion->Count, sizeof(Completion->Candidate[0]), CompletionCompare);
}

VOID HyperDbgFreeCompletion(HYPERDBG_COMPLETION *Completion)
{
    while (Completion->Count > 0)
        free(Completion->Candidate[--Completion->Count]);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CommandParse.c - words to arguments, by the command's table of parameters, before the command runs.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/CommandParse.h"

#include "SDK/Ioctls.h"
#include "libhyperdbg/MsrNames.h"
#include "libhyperdbg/Nearest.h"
#include "libhyperdbg/Number.h"
#include "libhyperdbg/programs/ProgramCompile.h"
#include "libhyperdbg/symbols/Address.h"

#include <strings.h>

/* --- values ----------------------------------------------------------------------------------- */

static BOOLEAN ParseNumber(const PARAMETER *Parameter, const CHAR *Word, UINT64 *Value)
{
    return NumberParse(Word, Value) && *Value <= Parameter->Maximum;
}

static BOOLEAN ParseChoice(const PARAMETER *Parameter, const CHAR *Word, UINT64 *Value)
{
    for (const CHOICE *Choice = Parameter->Choices; Choice->Word != NULL; Choice++) {
        if (strcasecmp(Choice->Word, Word) == 0) {
            *Value = Choice->Value;
            return TRUE;
        }
    }
    return FALSE;
}

static BOOLEAN ParseMsr(const PARAMETER *Parameter, const CHAR *Word, UINT64 *Value)
{
    (void)Parameter;
    return (NumberParse(Word, Value) && *Value <= 0xFFFFFFFF) || MsrFind(Word, Value);
}

/* Numbers count from 0; the whole tag is understood too. */
static BOOLEAN ParseEvent(const PARAMETER *Parameter, const CHAR *Word, UINT64 *Value)
{
    (void)Parameter;
    if (!NumberParse(Word, Value) || *Value == DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG)
        return FALSE;
    if (*Value < HYPERDBG_EVENT_TAG_START)
        *Value += HYPERDBG_EVENT_TAG_START;
    return TRUE;
}

static BOOLEAN ParseCommandName(const PARAMETER *Parameter, const CHAR *Word, UINT64 *Value)
{
    (void)Parameter;
    *Value = 0;
    return CommandFind(Word) != NULL;
}

static BOOLEAN ParseFile(const PARAMETER *Parameter, const CHAR *Word, UINT64 *Value)
{
    (void)Parameter;
    *Value = 0;
    return Word[0] != '\0';
}

static BOOLEAN ParseAddress(const PARAMETER *Parameter, const CHAR *Word, UINT64 *Value)
{
    ADDRESS_TEXT Address;

    (void)Parameter;
    *Value = 0;
    return AddressParse(Word, &Address);
}

static BOOLEAN ParseSymbols(const PARAMETER *Parameter, const CHAR *Word, UINT64 *Value)
{
    ADDRESS_TEXT Address;

    (void)Parameter;
    *Value = 0;
    return AddressParsePattern(Word, &Address);
}

static BOOLEAN ParseProgram(const PARAMETER *Parameter, const CHAR *Word, UINT64 *Value)
{
    (void)Parameter;
    *Value = 0;
    return ProgramIsBlock(Word);
}

/* ORDER PARAMETER_KIND */
static BOOLEAN (*const g_ParseValue[])(const PARAMETER *Parameter, const CHAR *Word, UINT64 *Value) = {
    ParseNumber, ParseChoice,  ParseMsr,     ParseEvent,  ParseCommandName,
    ParseFile,   ParseAddress, ParseSymbols, ParseProgram};
STATIC_ASSERT(COUNT_OF(g_ParseValue) == PARAMETER_PROGRAM + 1);

static BOOLEAN ParseValue(const PARAMETER *Parameter, const CHAR *Word, ARGUMENT *Argument)
{
    if ((Parameter->Flags & PARAMETER_OR_ALL) && strcasecmp(Word, "all") == 0)
        Argument->IsAll = TRUE;
    else if (!g_ParseValue[Parameter->Kind](Parameter, Word, &Argument->Number))
        return FALSE;
    Argument->IsGiven = TRUE;
    Argument->Text    = Word;
    return TRUE;
}

/* --- errors ----------------------------------------------------------------------------------- */

static const CHAR *ChoiceWord(const VOID *Words, UINT32 Index)
{
    return ((const CHOICE *)Words)[Index].Word;
}

static VOID ErrorAddChoices(TEXT *Text, const PARAMETER *Parameter)
{
    UINT32 Count = 0;

    while (Parameter->Choices[Count].Word != NULL)
        Count++;
    TextAddAlternatives(Text, Parameter->Choices, Count, ChoiceWord);
}

/* What a value of this parameter may be. */
static VOID ErrorAddExpected(TEXT *Text, const PARAMETER *Parameter)
{
    /* ORDER PARAMETER_KIND */
    static const CHAR *const Expected[] = {
        NULL,
        NULL,
        "the number of an MSR (" NUMBER_SYNTAX ") or its name",
        "the number of an event ('events' shows them)",
        "the name of a command",
        "the path of a file",
        "an address (" ADDRESS_SYNTAX ")",
        "a name, in which * and ? stand for others (module!name for one module)",
        "a script in braces: { statements } or { file:PATH }",
    };
    STATIC_ASSERT(COUNT_OF(Expected) == PARAMETER_PROGRAM + 1);

    if (Parameter->Kind == PARAMETER_NUMBER)
        TextAdd(Text, "a number up to %llx (" NUMBER_SYNTAX ")", Parameter->Maximum);
    else if (Parameter->Kind == PARAMETER_CHOICE)
        ErrorAddChoices(Text, Parameter);
    else
        TextAdd(Text, "%s", Expected[Parameter->Kind]);
    if (Parameter->Flags & PARAMETER_OR_ALL)
        TextAdd(Text, " or all");
}

static VOID ErrorAddKeywords(TEXT *Text, const COMMAND *Command)
{
    const PARAMETER *End = Command->Parameters + Command->ParameterCount;
    UINT32 Keywords      = 0;

    for (const PARAMETER *Parameter = Command->Parameters; Parameter < End; Parameter++) {
        if (!(Parameter->Flags & PARAMETER_POSITIONAL))
            TextAdd(Text, "%s%s", Keywords++ == 0 ? "" : ", ", Parameter->Name);
    }
}

static BOOLEAN HasKeywords(const COMMAND *Command)
{
    for (UINT32 i = 0; i < Command->ParameterCount; i++) {
        if (!(Command->Parameters[i].Flags & PARAMETER_POSITIONAL))
            return TRUE;
    }
    return FALSE;
}

/* The keyword, choice or MSR that a refused word was probably meant to be. */
static VOID ErrorAddNearest(TEXT *Text, const COMMAND *Command, const PARAMETER *Wanted, const CHAR *Word)
{
    NEAREST Nearest;

    NearestBegin(&Nearest, Word);
    for (UINT32 i = 0; i < Command->ParameterCount; i++) {
        if (!(Command->Parameters[i].Flags & PARAMETER_POSITIONAL))
            NearestOffer(&Nearest, Command->Parameters[i].Name);
    }
    if (Wanted != NULL && Wanted->Kind == PARAMETER_MSR)
        MsrOfferNames(&Nearest);
    if (Wanted != NULL && Wanted->Kind == PARAMETER_COMMAND)
        NearestOffer(&Nearest, CommandNearest(Word) != NULL ? CommandNearest(Word) : "");
    if (Nearest.Best != NULL && Nearest.Best[0] != '\0')
        TextAdd(Text, "; did you mean '%s'?", Nearest.Best);
}

/* A word that is no value for the keyword before it, or for the positional parameter whose turn it was. */
static VOID ErrorWrongValue(PARSE_ERROR *Error, const COMMAND *Command, const PARAMETER *Parameter,
                            const CHAR *Word)
{
    TEXT *Text = &Error->Text;

    Error->Word = Parameter->Name;
    TextAdd(Text, "expected ");
    ErrorAddExpected(Text, Parameter);
    TextAdd(Text, ", not '");
    TextAddForeign(Text, Word, TEXT_SIZE);
    TextAdd(Text, "'");
    if (Parameter->Flags & PARAMETER_POSITIONAL)
        ErrorAddNearest(Text, Command, Parameter, Word);
}

static VOID ErrorMissingValue(PARSE_ERROR *Error, const PARAMETER *Parameter)
{
    Error->Word = Parameter->Name;
    TextAdd(&Error->Text, "expected ");
    ErrorAddExpected(&Error->Text, Parameter);
    TextAdd(&Error->Text, ", but the command ends");
}

/* A word after everything has its value. */
static VOID ErrorUnknownWord(PARSE_ERROR *Error, const COMMAND *Command, const CHAR *Word)
{
    TEXT *Text = &Error->Text;

    Error->Word = Word;
    if (Command->ParameterCount == 0)
        TextAdd(Text, "'%s' takes no parameters", Command->Name);
    else if (HasKeywords(Command)) {
        TextAdd(Text, "not a parameter of '%s'; expected one of: ", Command->Name);
        ErrorAddKeywords(Text, Command);
        ErrorAddNearest(Text, Command, NULL, Word);
    } else
        TextAdd(Text, "expected the end of the command ('help %s' tells its parameters)", Command->Name);
}

static VOID ErrorTwice(PARSE_ERROR *Error, const PARAMETER *Parameter)
{
    Error->Word = Parameter->Name;
    TextAdd(&Error->Text, "given twice");
}

/* --- the walk over the words ------------------------------------------------------------------ */

static const PARAMETER *ParseKeyword(const COMMAND *Command, const CHAR *Word)
{
    for (UINT32 i = 0; i < Command->ParameterCount; i++) {
        const PARAMETER *Parameter = &Command->Parameters[i];

        if (!(Parameter->Flags & PARAMETER_POSITIONAL) && strcasecmp(Parameter->Name, Word) == 0)
            return Parameter;
    }
    return NULL;
}

const PARAMETER *CommandNextPositional(const COMMAND *Command, UINT32 Given)
{
    for (UINT32 i = 0; i < Command->ParameterCount; i++) {
        if ((Command->Parameters[i].Flags & PARAMETER_POSITIONAL) && !(Given & 1u << i))
            return &Command->Parameters[i];
    }
    return NULL;
}

static UINT32 ParseGiven(const COMMAND *Command, const ARGUMENTS *Arguments)
{
    UINT32 Given = 0;

    for (UINT32 i = 0; i < Command->ParameterCount; i++)
        Given |= (UINT32)Arguments->Item[i].IsGiven << i;
    return Given;
}

/* The positional parameter whose turn it is: one that may be left out is passed over if the word is none of
 * its values. */
static const PARAMETER *ParseTurn(const COMMAND *Command, UINT32 Given, const CHAR *Word)
{
    const PARAMETER *Parameter = CommandNextPositional(Command, Given);
    ARGUMENT Argument          = {0};

    while (Parameter != NULL && (Parameter->Flags & PARAMETER_SKIPPED) &&
           !ParseValue(Parameter, Word, &Argument)) {
        Given |= 1u << (Parameter - Command->Parameters);
        Parameter = CommandNextPositional(Command, Given);
    }
    return Parameter;
}

/* Takes the parameter that begins at word *Index and moves *Index to its last word. */
static BOOLEAN ParseOne(const COMMAND *Command, const WORDS *Words, UINT32 *Index, ARGUMENTS *Arguments,
                        PARSE_ERROR *Error)
{
    const CHAR *Word           = Words->Item[*Index];
    const PARAMETER *Parameter = ParseKeyword(Command, Word);

    if (Parameter != NULL) {
        if (Arguments->Item[Parameter - Command->Parameters].IsGiven) {
            ErrorTwice(Error, Parameter);
            return FALSE;
        }
        if (++*Index == Words->Count) {
            ErrorMissingValue(Error, Parameter);
            return FALSE;
        }
        Word = Words->Item[*Index];
    } else
        Parameter = ParseTurn(Command, ParseGiven(Command, Arguments), Word);

    if (Parameter == NULL) {
        ErrorUnknownWord(Error, Command, Word);
        return FALSE;
    }
    if (!ParseValue(Parameter, Word, &Arguments->Item[Parameter - Command->Parameters])) {
        ErrorWrongValue(Error, Command, Parameter, Word);
        return FALSE;
    }
    return TRUE;
}

BOOLEAN CommandParse(const COMMAND *Command, const WORDS *Words, ARGUMENTS *Arguments, PARSE_ERROR *Error)
{
    *Arguments  = (ARGUMENTS){0};
    Error->Word = NULL;
    TextClear(&Error->Text);

    for (UINT32 i = 1; i < Words->Count; i++) {
        if (!ParseOne(Command, Words, &i, Arguments, Error))
            return FALSE;
    }
    for (UINT32 i = 0; i < Command->ParameterCount; i++) {
        if ((Command->Parameters[i].Flags & PARAMETER_REQUIRED) && !Arguments->Item[i].IsGiven) {
            ErrorMissingValue(Error, &Command->Parameters[i]);
            return FALSE;
        }
    }
    return TRUE;
}

/* The parameters before this one that are there to be left out. */
static UINT32 ParsePassedOver(const COMMAND *Command, const PARAMETER *Parameter)
{
    UINT32 Passed = 0;

    for (const PARAMETER *Before = Command->Parameters; Before < Parameter; Before++) {
        if ((Parameter->Flags & PARAMETER_POSITIONAL) && (Before->Flags & PARAMETER_SKIPPED))
            Passed |= 1u << (Before - Command->Parameters);
    }
    return Passed;
}

VOID CommandParsePrefix(const COMMAND *Command, const WORDS *Words, UINT32 Count, PARSE_STATE *State)
{
    *State = (PARSE_STATE){0};
    for (UINT32 i = 1; i < Count; i++) {
        const PARAMETER *Parameter = State->Pending;
        ARGUMENT Argument          = {0};

        State->Pending = NULL;
        if (Parameter == NULL) {
            State->Pending = ParseKeyword(Command, Words->Item[i]);
            if (State->Pending != NULL)
                continue;
            Parameter = ParseTurn(Command, State->Given, Words->Item[i]);
        }
        if (Parameter != NULL && ParseValue(Parameter, Words->Item[i], &Argument))
            State->Given |= 1u << (Parameter - Command->Parameters) | ParsePassedOver(Command, Parameter);
    }
    State->Next = CommandNextPositional(Command, State->Given);
}

/* --- syntax ----------------------------------------------------------------------------------- */

VOID CommandAddSyntax(TEXT *Text, const PARAMETER *Parameter)
{
    const CHAR *Brackets = Parameter->Flags & PARAMETER_REQUIRED ? "<>" : "[]";

    TextAdd(Text, "%c", Brackets[0]);
    if (!(Parameter->Flags & PARAMETER_POSITIONAL))
        TextAdd(Text, "%s ", Parameter->Name);
    if (Parameter->Kind == PARAMETER_CHOICE) {
        for (const CHOICE *Choice = Parameter->Choices; Choice->Word != NULL; Choice++)
            TextAdd(Text, "%s%s", Choice == Parameter->Choices ? "" : "|", Choice->Word);
    } else
        TextAdd(Text, "%s", Parameter->Value);
    TextAdd(Text, "%s%c", Parameter->Flags & PARAMETER_OR_ALL ? "|all" : "", Brackets[1]);
}

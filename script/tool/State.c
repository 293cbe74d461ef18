// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * State.c - the text form of a mock machine's state.
 *
 * Context: user space.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/eval/Opcode.h"
#include "script/tool/ScriptTool.h"

#define STATE_MAXIMUM_LINE 4096

/* A line: `Key Operand = Value`; Operand may be missing. */
typedef struct _STATE_LINE {
    CHAR *Key;
    CHAR *Operand;
    CHAR *Value;
} STATE_LINE;

/* Numbers are hexadecimal, 0n makes them decimal, as in scripts. */
static UINT64 StateNumber(const CHAR *Text)
{
    return strncmp(Text, "0n", 2) == 0 ? strtoull(Text + 2, NULL, 10) : strtoull(Text, NULL, 16);
}

static CHAR *StateTrim(CHAR *Text)
{
    SIZE_T Length;

    Text += strspn(Text, " \t\r");
    for (Length = strlen(Text); Length > 0 && strchr(" \t\r", Text[Length - 1]) != NULL; Length--) {
        Text[Length - 1] = 0;
    }
    return Text;
}

static BOOLEAN StateSplit(CHAR *Text, STATE_LINE *Line)
{
    CHAR *Equals = strchr(Text, '=');

    if (Equals == NULL) {
        return FALSE;
    }
    *Equals       = 0;
    Line->Key     = StateTrim(Text);
    Line->Value   = StateTrim(Equals + 1);
    Line->Operand = Line->Key + strcspn(Line->Key, " \t");
    if (*Line->Operand != 0) {
        *Line->Operand = 0;
        Line->Operand  = StateTrim(Line->Operand + 1);
    }
    return TRUE;
}

static BOOLEAN StateFind(const CHAR *const *Names, UINT32 Count, const CHAR *Name, UINT32 *Index)
{
    for (*Index = 0; *Index < Count; (*Index)++) {
        if (strcmp(Names[*Index], Name) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

static BOOLEAN StateRegister(MOCK_STATE *State, const STATE_LINE *Line)
{
    UINT32 Index;

    if (!StateFind(g_ScriptRegisterNames, SCRIPT_REGISTER_COUNT, Line->Operand, &Index)) {
        return FALSE;
    }
    State->Registers[Index] = StateNumber(Line->Value);
    return TRUE;
}

static BOOLEAN StatePseudo(MOCK_STATE *State, const STATE_LINE *Line)
{
    UINT32 Index;

    if (!StateFind(g_ScriptPseudoNames, SCRIPT_PSEUDO_COUNT, Line->Operand, &Index)) {
        return FALSE;
    }
    State->Pseudos[Index] = StateNumber(Line->Value);
    return TRUE;
}

static BOOLEAN StateComm(MOCK_STATE *State, const STATE_LINE *Line)
{
    strncpy(State->Comm, Line->Value, sizeof(State->Comm) - 1);
    return TRUE;
}

/* Numbers of Width bytes at an address. */
static BOOLEAN StateNumbers(MOCK_STATE *State, const STATE_LINE *Line, UINT32 Width, BOOLEAN IsPhysical)
{
    UINT8 Bytes[STATE_MAXIMUM_LINE];
    UINT32 Size = 0;
    CHAR *Word;
    CHAR *Rest = NULL;
    UINT8 *Place;

    for (Word = strtok_r(Line->Value, " ", &Rest); Word != NULL; Word = strtok_r(NULL, " ", &Rest)) {
        UINT64 Value = StateNumber(Word);

        if (Size + Width > sizeof(Bytes)) {
            return FALSE;
        }
        memcpy(Bytes + Size, &Value, Width);
        Size += Width;
    }
    Place = MockAddMemory(State, StateNumber(Line->Operand), Size, IsPhysical);
    if (Place != NULL) {
        memcpy(Place, Bytes, Size);
    }
    return Place != NULL;
}

static BOOLEAN StateBytes(MOCK_STATE *State, const STATE_LINE *Line)
{
    return StateNumbers(State, Line, 1, FALSE);
}

static BOOLEAN StateDwords(MOCK_STATE *State, const STATE_LINE *Line)
{
    return StateNumbers(State, Line, 4, FALSE);
}

static BOOLEAN StateQwords(MOCK_STATE *State, const STATE_LINE *Line)
{
    return StateNumbers(State, Line, 8, FALSE);
}

static BOOLEAN StatePhysical(MOCK_STATE *State, const STATE_LINE *Line)
{
    return StateNumbers(State, Line, 8, TRUE);
}

static BOOLEAN StateText(MOCK_STATE *State, const STATE_LINE *Line)
{
    UINT32 Size  = (UINT32)strlen(Line->Value) + 1;
    UINT8 *Place = MockAddMemory(State, StateNumber(Line->Operand), Size, FALSE);

    if (Place != NULL) {
        memcpy(Place, Line->Value, Size);
    }
    return Place != NULL;
}

static BOOLEAN StateZero(MOCK_STATE *State, const STATE_LINE *Line)
{
    return MockAddMemory(State, StateNumber(Line->Operand), (UINT32)StateNumber(Line->Value), FALSE) != NULL;
}

static BOOLEAN StateReadOnly(MOCK_STATE *State, const STATE_LINE *Line)
{
    if (!StateQwords(State, Line)) {
        return FALSE;
    }
    State->Regions[State->RegionCount - 1].IsReadOnly = TRUE;
    return TRUE;
}

static BOOLEAN StateSymbol(MOCK_STATE *State, const STATE_LINE *Line)
{
    MOCK_SYMBOL *Symbol = &State->Symbols[State->SymbolCount];

    if (State->SymbolCount == MOCK_MAXIMUM_SYMBOLS) {
        return FALSE;
    }
    Symbol->Address = StateNumber(Line->Operand);
    strncpy(Symbol->Name, Line->Value, sizeof(Symbol->Name) - 1);
    State->SymbolCount++;
    return State->SymbolCount == 1 || Symbol[-1].Address < Symbol->Address;
}

static BOOLEAN StateStack(MOCK_STATE *State, const STATE_LINE *Line)
{
    CHAR *Rest = NULL;
    CHAR *Word;

    for (Word = strtok_r(Line->Value, " ", &Rest); Word != NULL; Word = strtok_r(NULL, " ", &Rest)) {
        if (State->StackCount == SCRIPT_STACK_FRAMES) {
            return FALSE;
        }
        State->Stack[State->StackCount++] = StateNumber(Word);
    }
    return TRUE;
}

static BOOLEAN StateBudget(MOCK_STATE *State, const STATE_LINE *Line)
{
    State->Budget = StateNumber(Line->Value);
    return TRUE;
}

static BOOLEAN StateRuns(MOCK_STATE *State, const STATE_LINE *Line)
{
    State->Runs = (UINT32)StateNumber(Line->Value);
    return State->Runs <= MOCK_MAXIMUM_RUNS;
}

/* One number per run; the runs of a state are as many. */
static BOOLEAN StateCores(MOCK_STATE *State, const STATE_LINE *Line)
{
    CHAR *Rest = NULL;
    CHAR *Word;

    State->Runs = 0;
    for (Word = strtok_r(Line->Value, " ", &Rest); Word != NULL; Word = strtok_r(NULL, " ", &Rest)) {
        UINT32 Core = (UINT32)StateNumber(Word);

        if (Core >= MOCK_MAXIMUM_CORES || State->Runs == MOCK_MAXIMUM_RUNS) {
            return FALSE;
        }
        State->RunCores[State->Runs++] = Core;
        State->Cores                   = MOCK_MAXIMUM_CORES;
    }
    return TRUE;
}

static BOOLEAN StateLine(MOCK_STATE *State, CHAR *Text)
{
    static const struct {
        const CHAR *Key;
        BOOLEAN (*Parse)(MOCK_STATE *State, const STATE_LINE *Line);
    } Keys[] = {
        {"register", StateRegister}, {"pseudo", StatePseudo}, {"comm", StateComm},
        {"bytes", StateBytes},       {"dwords", StateDwords}, {"qwords", StateQwords},
        {"text", StateText},         {"zero", StateZero},     {"read-only", StateReadOnly},
        {"physical", StatePhysical}, {"symbol", StateSymbol}, {"stack", StateStack},
        {"budget", StateBudget},     {"runs", StateRuns},     {"cores", StateCores},
    };
    STATE_LINE Line;
    UINT32 Index;

    Text = StateTrim(Text);
    if (*Text == 0 || *Text == '#') {
        return TRUE;
    }
    if (!StateSplit(Text, &Line)) {
        return FALSE;
    }
    for (Index = 0; Index < COUNT_OF(Keys); Index++) {
        if (strcmp(Line.Key, Keys[Index].Key) == 0) {
            return Keys[Index].Parse(State, &Line);
        }
    }
    return FALSE;
}

BOOLEAN StateParse(MOCK_STATE *State, const CHAR *Text, CHAR *Error, SIZE_T ErrorSize)
{
    CHAR Line[STATE_MAXIMUM_LINE];
    UINT32 Number = 1;

    MockInitialize(State);
    for (; *Text != 0; Number++) {
        SIZE_T Length = strcspn(Text, "\n");

        if (Length < sizeof(Line)) {
            memcpy(Line, Text, Length);
            Line[Length] = 0;
        }
        if (Length >= sizeof(Line) || !StateLine(State, Line)) {
            snprintf(Error, ErrorSize, "line %u of the state is wrong: %.*s", Number,
                     (int)(Length < 80 ? Length : 80), Text);
            return FALSE;
        }
        Text += Length + (Text[Length] == '\n');
    }
    return TRUE;
}

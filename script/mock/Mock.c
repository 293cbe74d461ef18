// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mock.c - a machine that is not there; see Mock.h.
 *
 * Context: any.
 */
#include "SDK/Bytecode.h"
#include "script/eval/Eval.h"
#include "script/eval/Opcode.h"
#include "script/mock/Mock.h"

#define MOCK_TEXT_BYTES 1024

/* --- memory --- */

static MOCK_REGION *MockRegion(MOCK_STATE *State, UINT64 Address, BOOLEAN IsPhysical)
{
    UINT32 Index;

    for (Index = 0; Index < State->RegionCount; Index++) {
        MOCK_REGION *Region = &State->Regions[Index];

        if (Region->IsPhysical == IsPhysical && Address - Region->Address < Region->Size) {
            return Region;
        }
    }
    return NULL;
}

/* Byte by byte: regions may be neighbours, and a mock need not be fast. */
static BOOLEAN MockAccess(MOCK *Mock, UINT64 Address, UINT8 *Read, const UINT8 *Write, UINT32 Size,
                          BOOLEAN IsPhysical)
{
    UINT32 Done;

    for (Done = 0; Done < Size; Done++) {
        MOCK_REGION *Region = MockRegion(Mock->State, Address + Done, IsPhysical);
        UINT8 *Byte;

        if (Region == NULL || (Write != NULL && Region->IsReadOnly)) {
            return FALSE;
        }
        Byte = &Mock->State->Memory[Region->Place + (Address + Done - Region->Address)];
        if (Write != NULL) {
            *Byte = Write[Done];
        } else {
            Read[Done] = *Byte;
        }
    }
    return TRUE;
}

static BOOLEAN MockReadVirtual(PVOID Context, UINT64 Address, PVOID Buffer, UINT32 Size)
{
    return MockAccess(Context, Address, Buffer, NULL, Size, FALSE);
}

static BOOLEAN MockWriteVirtual(PVOID Context, UINT64 Address, const VOID *Buffer, UINT32 Size)
{
    return MockAccess(Context, Address, NULL, Buffer, Size, FALSE);
}

static BOOLEAN MockReadPhysical(PVOID Context, UINT64 Address, PVOID Buffer, UINT32 Size)
{
    return MockAccess(Context, Address, Buffer, NULL, Size, TRUE);
}

static BOOLEAN MockWritePhysical(PVOID Context, UINT64 Address, const VOID *Buffer, UINT32 Size)
{
    return MockAccess(Context, Address, NULL, Buffer, Size, TRUE);
}

UINT8 *MockAddMemory(MOCK_STATE *State, UINT64 Address, UINT32 Size, BOOLEAN IsPhysical)
{
    MOCK_REGION *Region = &State->Regions[State->RegionCount];

    if (State->RegionCount == MOCK_MAXIMUM_REGIONS || Size > MOCK_MEMORY_BYTES - State->MemoryUsed) {
        return NULL;
    }
    Region->Address    = Address;
    Region->Size       = Size;
    Region->Place      = State->MemoryUsed;
    Region->IsPhysical = IsPhysical;
    State->RegionCount++;
    State->MemoryUsed += Size;
    return &State->Memory[Region->Place];
}

/* --- registers --- */

static BOOLEAN MockReadRegister(PVOID Context, UINT32 Register, UINT64 *Value)
{
    *Value = ((MOCK *)Context)->State->Registers[Register];
    return TRUE;
}

/* CR8 stands for a register that cannot be written here. */
static BOOLEAN MockWriteRegister(PVOID Context, UINT32 Register, UINT64 Value)
{
    if (Register == SCRIPT_REGISTER_CR8) {
        return FALSE;
    }
    ((MOCK *)Context)->State->Registers[Register] = Value;
    return TRUE;
}

static BOOLEAN MockReadPseudo(PVOID Context, UINT32 Pseudo, UINT64 *Value)
{
    MOCK *Mock = Context;

    if (Pseudo == SCRIPT_PSEUDO_CORE) {
        *Value = Mock->Core;
    } else if (Pseudo == SCRIPT_PSEUDO_IP) {
        *Value = Mock->State->Registers[SCRIPT_REGISTER_RIP];
    } else {
        *Value = Mock->State->Pseudos[Pseudo];
    }
    return TRUE;
}

static BOOLEAN MockReadComm(PVOID Context, CHAR *Comm)
{
    __builtin_memcpy(Comm, ((MOCK *)Context)->State->Comm, SCRIPT_COMM_BYTES);
    return TRUE;
}

static UINT32 MockReadStack(PVOID Context, UINT64 *Addresses, UINT32 Maximum)
{
    const MOCK_STATE *State = ((MOCK *)Context)->State;
    UINT32 Count            = State->StackCount < Maximum ? State->StackCount : Maximum;
    UINT32 Index;

    for (Index = 0; Index < Count; Index++) {
        Addresses[Index] = State->Stack[Index];
    }
    return Count;
}

/* --- output --- */

UINT32 MockSymbol(PVOID Context, UINT64 Address, CHAR *Buffer, UINT32 Size)
{
    const MOCK_STATE *State = ((MOCK *)Context)->State;
    SCRIPT_TEXT Text        = {.Buffer = Buffer, .Size = Size};
    UINT32 Index            = State->SymbolCount;

    while (Index > 0 && State->Symbols[Index - 1].Address > Address) {
        Index--;
    }
    if (Index == 0) {
        return 0;
    }
    ScriptPutString(&Text, State->Symbols[Index - 1].Name);
    if (Address != State->Symbols[Index - 1].Address) {
        ScriptPutString(&Text, "+");
        ScriptPutNumber(&Text, Address - State->Symbols[Index - 1].Address, FALSE, 0);
    }
    return Text.Length;
}

static VOID MockOutput(PVOID Context, const VOID *Record, UINT32 Size)
{
    MOCK *Mock = Context;
    CHAR Buffer[MOCK_TEXT_BYTES];
    SCRIPT_TEXT Text = {.Buffer = Buffer, .Size = sizeof(Buffer)};

    if (!ScriptFormatRecord(&Mock->Instance->View, Record, Size, MockSymbol, Mock, &Text)) {
        ScriptPutString(&Text, "<malformed record>\n");
    }
    Mock->Print(Mock->PrintContext, Buffer, Text.Length);
}

static VOID MockPrintMap(PVOID Context, UINT32 Map)
{
    MOCK *Mock = Context;
    SCRIPT_MAP_SOURCE Source;

    ScriptMapSource(Mock->Instance, Map, &Source);
    ScriptFormatMap(&Source, MockSymbol, Mock, Mock->Print, Mock->PrintContext, &Mock->Machine->Space);
}

/* --- functions of the host --- */

/* What the mock does not do it tells: <event_sc 1> */
static VOID MockTell(MOCK *Mock, UINT32 Builtin, const UINT64 *Arguments)
{
    CHAR Buffer[MOCK_TEXT_BYTES];
    SCRIPT_TEXT Text = {.Buffer = Buffer, .Size = sizeof(Buffer)};
    UINT32 Index;

    ScriptPutString(&Text, "<");
    ScriptPutString(&Text, g_ScriptBuiltins[Builtin].Spelling);
    for (Index = 0; Index < g_ScriptBuiltins[Builtin].Arguments; Index++) {
        ScriptPutString(&Text, " ");
        ScriptPutNumber(&Text, Arguments[Index], FALSE, 0);
    }
    ScriptPutString(&Text, ">\n");
    Mock->Print(Mock->PrintContext, Buffer, Text.Length);
}

static BOOLEAN MockControl(PVOID Context, UINT32 Builtin, const UINT64 *Arguments, UINT64 *Result)
{
    MOCK *Mock = Context;

    switch (Builtin) {
    case SCRIPT_BUILTIN_VIRTUAL_TO_PHYSICAL:
        *Result = MockRegion(Mock->State, Arguments[0], FALSE) != NULL ? Arguments[0] - MOCK_DIRECT_MAP : 0;
        return TRUE;
    case SCRIPT_BUILTIN_PHYSICAL_TO_VIRTUAL:
        *Result = Arguments[0] + MOCK_DIRECT_MAP;
        return TRUE;
    case SCRIPT_BUILTIN_RDTSC:
    case SCRIPT_BUILTIN_RDTSCP:
        Mock->Clock += 100;
        *Result = Mock->Clock;
        return TRUE;
    case SCRIPT_BUILTIN_LBR_DUMP:
        return FALSE;
    default:
        MockTell(Mock, Builtin, Arguments);
        return TRUE;
    }
}

static VOID MockStop(PVOID Context)
{
    ((MOCK *)Context)->IsStopped = TRUE;
}

const SCRIPT_HOST_OPERATIONS g_MockOperations = {
    .ReadVirtual   = MockReadVirtual,
    .WriteVirtual  = MockWriteVirtual,
    .ReadPhysical  = MockReadPhysical,
    .WritePhysical = MockWritePhysical,
    .ReadRegister  = MockReadRegister,
    .WriteRegister = MockWriteRegister,
    .ReadPseudo    = MockReadPseudo,
    .ReadComm      = MockReadComm,
    .ReadStack     = MockReadStack,
    .Output        = MockOutput,
    .Control       = MockControl,
    .Stop          = MockStop,
    .PrintMap      = MockPrintMap,
};

/* --- running --- */

VOID MockInitialize(MOCK_STATE *State)
{
    __builtin_memset(State, 0, sizeof(*State));
    State->Budget = SCRIPT_DEFAULT_BUDGET;
    State->Cores  = 1;
    State->Runs   = 1;
}

static VOID MockPutHexadecimal(SCRIPT_TEXT *Text, UINT64 Value)
{
    const SCRIPT_TYPE Pointer = {.Kind = SCRIPT_TYPE_POINTER, .Size = 8};

    ScriptFormatValue(&Pointer, &Value, NULL, NULL, Text);
}

/* file:line:column: error: text (address ...) */
static VOID MockPrintFault(MOCK *Mock, const SCRIPT_RESULT *Result)
{
    const SCRIPT_LINE *Line = ScriptFindLine(&Mock->Instance->View, Result->Instruction);
    CHAR Buffer[MOCK_TEXT_BYTES];
    SCRIPT_TEXT Text = {.Buffer = Buffer, .Size = sizeof(Buffer)};

    if (Line != NULL) {
        ScriptPutString(&Text, Mock->Instance->View.Strings + Line->File);
        ScriptPutString(&Text, ":");
        ScriptPutNumber(&Text, Line->Line, FALSE, 0);
        ScriptPutString(&Text, ":");
        ScriptPutNumber(&Text, Line->Column, FALSE, 0);
        ScriptPutString(&Text, ": ");
    }
    ScriptPutString(&Text, "error: ");
    ScriptPutString(&Text, ScriptStatusText(Result->Status));
    if (Result->Status == SCRIPT_STATUS_READ || Result->Status == SCRIPT_STATUS_WRITE) {
        ScriptPutString(&Text, " at ");
        MockPutHexadecimal(&Text, Result->Address);
    }
    ScriptPutString(&Text, "\n");
    Mock->Print(Mock->PrintContext, Buffer, Text.Length);
}

SCRIPT_STATUS MockRun(MOCK *Mock, SCRIPT_RESULT *Result)
{
    UINT32 Run;
    UINT32 Map;

    for (Run = 0; Run < Mock->State->Runs && !Mock->IsStopped; Run++) {
        Mock->Core = Mock->State->RunCores[Run];
        if (ScriptEvaluate(Mock->Instance, &Mock->Machine->Machine, &g_MockOperations, Mock, Mock->Core,
                           Mock->State->Budget, Result) != SCRIPT_STATUS_SUCCESS) {
            MockPrintFault(Mock, Result);
        }
    }
    for (Map = 0; Map < Mock->Instance->View.Counts[SCRIPT_SECTION_MAPS]; Map++) {
        MockPrintMap(Mock, Map);
    }
    return Result->Status;
}

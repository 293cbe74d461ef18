// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * EmitCall.c - the code generator: calls, printf, strings as values, maps.
 *
 * Context: user space.
 */
#include <string.h>

#include "script/engine/Emit.h"

/* --- calls --- */

/* Arguments in registers one after the other; returns the first. There is always one, for the result. */
static UINT32 EmitArguments(EMITTER *Emitter, NODE *List, const SYMBOL *Parameters, UINT32 *Count)
{
    UINT32 First = Emitter->Free;

    *Count = 0;
    for (; List != NULL; List = List->Next) {
        UINT32 Register = EmitTake(Emitter);
        UINT32 Free     = Emitter->Free;
        TYPE *Type      = Parameters != NULL ? Parameters->Type : List->Type;

        EmitAs(Emitter, List, TypeIsScalar(Type) ? Type : &g_TypeU64, Register);
        Emitter->Free = Free;
        Parameters    = Parameters != NULL ? Parameters->NextOfFunction : NULL;
        (*Count)++;
    }
    if (*Count == 0) {
        EmitTake(Emitter);
    }
    return First;
}

static UINT32 EmitResult(EMITTER *Emitter, UINT32 First, UINT32 Want)
{
    Emitter->Free = First;
    if (Want != EMIT_ANYWHERE) {
        Emit(Emitter, SCRIPT_OP_MOVE, Want, First, 0, 0);
        return Want;
    }
    return EmitTake(Emitter);
}

static UINT32 EmitUserCall(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    POSITION Position = Emitter->Position;
    UINT32 Count;
    UINT32 First = EmitArguments(Emitter, Node->Right, Node->Symbol->Parameters, &Count);

    Emitter->Position = Position;
    Emit(Emitter, SCRIPT_OP_CALL, First, Count, 0, (INT32)Node->Symbol->Index);
    return EmitResult(Emitter, First, Want);
}

static UINT32 EmitBuiltin(EMITTER *Emitter, UINT32 Builtin, NODE *Arguments, UINT32 Want)
{
    POSITION Position = Emitter->Position;
    UINT32 Count;
    UINT32 First = EmitArguments(Emitter, Arguments, NULL, &Count);

    Emitter->Position = Position;
    Emit(Emitter, SCRIPT_OP_BUILTIN, First, Count, 0, (INT32)Builtin);
    return EmitResult(Emitter, First, Want);
}

UINT32 EmitStringCompare(EMITTER *Emitter, NODE *Left, NODE *Right)
{
    NODE First  = *Left;
    NODE Second = *Right;

    First.Next  = &Second;
    Second.Next = NULL;
    return EmitBuiltin(Emitter, SCRIPT_BUILTIN_STRCMP, &First, EMIT_ANYWHERE);
}

/* --- printf --- */

static UINT16 EmitShownType(EMITTER *Emitter, const NODE *Argument)
{
    SCRIPT_TYPE Type = {.Kind = (UINT8)Argument->ShownKind, .Size = 8};
    const CHAR *Name = TypeName(Emitter->Compiler, Argument->Type);

    if (Argument->ShownKind == SCRIPT_TYPE_INTEGER) {
        Type.Size   = (UINT32)Argument->Type->Size;
        Type.Signed = Argument->Type->Signed;
    } else if (Argument->ShownKind == SCRIPT_TYPE_STRING || Argument->ShownKind == SCRIPT_TYPE_WIDE) {
        Type.Size = (UINT32)Argument->ShownSize;
    } else if (Argument->ShownKind == SCRIPT_TYPE_STACK) {
        Type.Size = SCRIPT_STACK_FRAMES * 8;
    }
    Type.Name = BlockString(Emitter, Name, (UINT32)strlen(Name));
    return (UINT16)BlockType(Emitter, &Type);
}

static UINT32 EmitPrintf(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    NODE *Text           = Node->Right;
    SCRIPT_FORMAT Format = {.FirstArgument = Emitter->Sections[SCRIPT_SECTION_LISTS].Count};
    POSITION Position    = Emitter->Position;
    NODE *Argument;
    UINT32 First;

    Format.Text = BlockString(Emitter, Text->Text, Text->Length);
    for (Argument = Text->Next; Argument != NULL; Argument = Argument->Next) {
        UINT16 Type = EmitShownType(Emitter, Argument);

        BlockAdd(Emitter, SCRIPT_SECTION_LISTS, &Type);
    }
    First             = EmitArguments(Emitter, Text->Next, NULL, &Format.ArgumentCount);
    Emitter->Position = Position;
    Emit(Emitter, SCRIPT_OP_PRINTF, First, Format.ArgumentCount, 0,
         (INT32)BlockAdd(Emitter, SCRIPT_SECTION_FORMATS, &Format));
    return EmitResult(Emitter, First, Want);
}

/* --- strings and stacks as values --- */

static UINT32 EmitFrameAddress(EMITTER *Emitter, UINT32 Offset, UINT32 Want)
{
    UINT32 Target = EmitTarget(Emitter, Want);

    Emit(Emitter, SCRIPT_OP_FRAME_ADDRESS, Target, 0, 0, (INT32)Offset);
    return Target;
}

UINT32 EmitComm(EMITTER *Emitter, UINT32 Want)
{
    UINT32 Offset = EmitTakeFrame(Emitter, SCRIPT_COMM_BYTES);

    Emit(Emitter, SCRIPT_OP_FRAME_COMM, 0, 0, 0, (INT32)Offset);
    return EmitFrameAddress(Emitter, Offset, Want);
}

static UINT32 EmitKstack(EMITTER *Emitter, UINT32 Want)
{
    UINT32 Offset = EmitTakeFrame(Emitter, SCRIPT_STACK_FRAMES * 8);

    Emit(Emitter, SCRIPT_OP_FRAME_STACK, 0, 0, 0, (INT32)Offset);
    return EmitFrameAddress(Emitter, Offset, Want);
}

static UINT32 EmitStr(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Offset = EmitTakeFrame(Emitter, (UINT32)Node->Type->Size);
    UINT32 Free   = Emitter->Free;
    UINT32 Source = EmitAs(Emitter, Node->Right, &g_TypeU64, EMIT_ANYWHERE);

    /* What the size leaves of the room is zero, as keys want it. */
    if (Node->Length != Node->Type->Size) {
        EmitWithOffset(Emitter, SCRIPT_OP_FRAME_ZERO, 0, (INT32)Node->Type->Size, (INT32)Offset);
    }
    EmitWithOffset(Emitter, SCRIPT_OP_FRAME_STRING, Source, (INT32)Node->Length, (INT32)Offset);
    Emitter->Free = Free;
    return EmitFrameAddress(Emitter, Offset, Want);
}

/* --- maps --- */

static UINT32 EmitKeyPartSize(const TYPE *Type)
{
    return Type->Kind == TYPE_STRING || Type->Kind == TYPE_STACK ? (UINT32)Type->Size : 8;
}

UINT32 MapKeySize(const SYMBOL *Map)
{
    UINT32 Size = 0;
    UINT32 Index;

    for (Index = 0; Index < Map->KeyCount; Index++) {
        Size += EmitKeyPartSize(Map->KeyTypes[Index]);
    }
    return Size;
}

UINT32 MapKindOf(const SYMBOL *Map)
{
    if (Map->IsAggregated) {
        return Map->MapKind;
    }
    return Map->IsAssigned ? SCRIPT_MAP_LAST : SCRIPT_MAP_SUM;
}

/* One part of a key, put where it belongs at once where that can be. */
static VOID EmitKeyPart(EMITTER *Emitter, const TYPE *Type, NODE *Key, UINT32 Offset)
{
    UINT32 Value;

    if (Key->Kind == NODE_COMM && Type->Size == SCRIPT_COMM_BYTES) {
        Emit(Emitter, SCRIPT_OP_FRAME_COMM, 0, 0, 0, (INT32)Offset);
    } else if (Type->Kind == TYPE_STACK) {
        Emit(Emitter, SCRIPT_OP_FRAME_STACK, 0, 0, 0, (INT32)Offset);
    } else if (Type->Kind == TYPE_STRING) {
        if (Key->Kind == NODE_CALL && Key->Symbol == NULL && Key->Value == INTRINSIC_STR &&
            Key->Length == Type->Size) {
            Key = Key->Right;
        }
        Value = EmitAs(Emitter, Key, &g_TypeU64, EMIT_ANYWHERE);
        EmitWithOffset(Emitter, SCRIPT_OP_FRAME_STRING, Value, (INT32)Type->Size, (INT32)Offset);
    } else {
        Value = EmitAs(Emitter, Key, &g_TypeU64, EMIT_ANYWHERE);
        Emit(Emitter, SCRIPT_OP_FRAME_STORE_64, Value, 0, 0, (INT32)Offset);
    }
}

/* Every part is computed before the key is used, and keys within keys have places of their own. */
VOID EmitMapKey(EMITTER *Emitter, SYMBOL *Map, NODE *Keys, INT32 *Offset)
{
    UINT32 Free = Emitter->Free;
    UINT32 At   = EmitTakeFrame(Emitter, MapKeySize(Map));
    UINT32 Index;

    *Offset = (INT32)At;
    for (Index = 0; Index < Map->KeyCount && Keys != NULL; Index++, Keys = Keys->Next) {
        EmitKeyPart(Emitter, Map->KeyTypes[Index], Keys, At);
        At += EmitKeyPartSize(Map->KeyTypes[Index]);
        Emitter->Free = Free;
    }
}

static UINT32 EmitMapResult(EMITTER *Emitter, const SYMBOL *Map, INT32 Key, UINT32 Want, BOOLEAN IsUsed)
{
    UINT32 Target;

    if (!IsUsed) {
        return 0;
    }
    Target = EmitTarget(Emitter, Want);
    Emit(Emitter, SCRIPT_OP_MAP_GET, Target, Map->Index, 0, Key);
    return Target;
}

/* What an aggregation is given; count() needs no value, but the instruction a register. */
static UINT32 EmitSample(EMITTER *Emitter, NODE *Call)
{
    if (Call->Right == NULL) {
        return EmitNumber(Emitter, 1, EMIT_ANYWHERE);
    }
    return EmitAs(Emitter, Call->Right, &g_TypeU64, EMIT_ANYWHERE);
}

/* What += and -=, ++ and -- add. */
static UINT32 EmitSummand(EMITTER *Emitter, NODE *Node)
{
    UINT32 Value;
    UINT32 Negative;

    if (Node->Right->IsConstant) {
        return EmitNumber(Emitter, Node->Operator == TOKEN_ADD ? Node->Right->Value : 0 - Node->Right->Value,
                          EMIT_ANYWHERE);
    }
    Value = EmitAs(Emitter, Node->Right, &g_TypeU64, EMIT_ANYWHERE);
    if (Node->Operator == TOKEN_ADD) {
        return Value;
    }
    Negative = EmitTake(Emitter);
    Emit(Emitter, SCRIPT_OP_NEGATE, Negative, Value, 0, 0);
    return Negative;
}

/* The value that is set: plain, or by one of the operators that need the old one. */
static UINT32 EmitMapNew(EMITTER *Emitter, NODE *Node, const SYMBOL *Map, INT32 Key)
{
    UINT32 Old;

    if (Node->Operator == TOKEN_ASSIGN) {
        return EmitAs(Emitter, Node->Right, &g_TypeU64, EMIT_ANYWHERE);
    }
    Old = EmitTake(Emitter);
    Emit(Emitter, SCRIPT_OP_MAP_GET, Old, Map->Index, 0, Key);
    return EmitOperation(Emitter, Node->Operator, Node->Operation, Old, Node->Right, Old);
}

UINT32 EmitMapAssign(EMITTER *Emitter, NODE *Node, UINT32 Want, BOOLEAN IsUsed)
{
    SYMBOL *Map       = Node->Left->Symbol;
    UINT32 Free       = Emitter->Free;
    POSITION Position = Emitter->Position;
    UINT32 Target     = IsUsed && Want == EMIT_ANYWHERE ? EmitTake(Emitter) : Want;
    BOOLEAN Updates   = TRUE;
    INT32 Key;
    UINT32 Value;

    EmitMapKey(Emitter, Map, Node->Left->Kind == NODE_INDEX ? Node->Left->Right : NULL, &Key);
    if (Node->Kind == NODE_ASSIGN && CheckIsAggregation(Node->Right)) {
        Value = EmitSample(Emitter, Node->Right);
    } else if (Node->Operator == TOKEN_ADD || Node->Operator == TOKEN_SUBTRACT) {
        Value = EmitSummand(Emitter, Node);
    } else {
        Value   = EmitMapNew(Emitter, Node, Map, Key);
        Updates = FALSE;
    }
    Emitter->Position = Position;
    if (IsUsed && Node->Kind == NODE_STEP && Node->IsPostfix) {
        EmitMapResult(Emitter, Map, Key, Target, TRUE);
        IsUsed = FALSE;
    }
    Emit(Emitter, Updates ? SCRIPT_OP_MAP_UPDATE : SCRIPT_OP_MAP_SET, Value, Map->Index, 0, Key);
    EmitMapResult(Emitter, Map, Key, Target, IsUsed);
    Emitter->Free = Target != EMIT_ANYWHERE && Want == EMIT_ANYWHERE ? Target + 1 : Free;
    return Target;
}

static UINT32 EmitDelete(EMITTER *Emitter, NODE *Node)
{
    INT32 Key;

    EmitMapKey(Emitter, Node->Right->Symbol, Node->Right->Right, &Key);
    Emit(Emitter, SCRIPT_OP_MAP_DELETE, 0, Node->Right->Symbol->Index, 0, Key);
    return 0;
}

/* --- intrinsics --- */

/* eb(address, value) and its sisters */
static UINT32 EmitEdit(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    static const struct {
        UINT32 Size;
        PLACE_KIND Kind;
    } Edits[]    = {{1, PLACE_MEMORY},   {4, PLACE_MEMORY},   {8, PLACE_MEMORY},
                    {1, PLACE_PHYSICAL}, {4, PLACE_PHYSICAL}, {8, PLACE_PHYSICAL}};
    UINT32 Index = (UINT32)Node->Value - INTRINSIC_EB;
    UINT32 Free  = Emitter->Free;
    PLACE Place  = {.Kind = Edits[Index].Kind, .Type = TypeInteger(Edits[Index].Size, FALSE)};
    UINT32 Value;

    Place.Register = EmitAs(Emitter, Node->Right, &g_TypeU64, EMIT_ANYWHERE);
    Value          = EmitAs(Emitter, Node->Right->Next, &g_TypeU64, EMIT_ANYWHERE);
    EmitStore(Emitter, &Place, Value);
    Emitter->Free = Free;
    return EmitNumber(Emitter, 1, Want);
}

static UINT32 EmitIntrinsic(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    switch (Node->Value) {
    case INTRINSIC_PRINTF:
        return EmitPrintf(Emitter, Node, Want);
    case INTRINSIC_PRINT:
    case INTRINSIC_FORMATS:
        Emit(Emitter, SCRIPT_OP_MAP_PRINT, 0, Node->Symbol->Index, 0, 0);
        return 0;
    case INTRINSIC_KSYM:
        return EmitAs(Emitter, Node->Right, &g_TypeU64, Want);
    case INTRINSIC_KSTACK:
        return EmitKstack(Emitter, Want);
    case INTRINSIC_STR:
        return EmitStr(Emitter, Node, Want);
    case INTRINSIC_STOP:
        Emit(Emitter, SCRIPT_OP_STOP, 0, 0, 0, 0);
        return 0;
    case INTRINSIC_DELETE:
        return EmitDelete(Emitter, Node);
    default:
        return EmitEdit(Emitter, Node, Want);
    }
}

UINT32 EmitCall(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    if (Node->Symbol != NULL && Node->Symbol->Kind == SYMBOL_FUNCTION) {
        return EmitUserCall(Emitter, Node, Want);
    }
    if (Node->Value >= INTRINSIC_COUNT) {
        return EmitBuiltin(Emitter, (UINT32)Node->Value - INTRINSIC_COUNT, Node->Right, Want);
    }
    return EmitIntrinsic(Emitter, Node, Want);
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * EmitPlace.c - the code generator: places (what can be assigned to), loads, stores, assignments, initial
 * values.
 *
 * Context: user space.
 */
#include <string.h>

#include "script/engine/Emit.h"

/* --- finding a place --- */

static VOID EmitVariablePlace(EMITTER *Emitter, NODE *Node, PLACE *Place)
{
    const SYMBOL *Symbol = Node->Symbol;

    if (Symbol->Kind == SYMBOL_MAP) {
        Place->Kind = PLACE_MAP;
        Place->Map  = Node->Symbol;
        EmitMapKey(Emitter, Place->Map, Node->Kind == NODE_INDEX ? Node->Right : NULL, &Place->Offset);
    } else if (Symbol->Register == SYMBOL_IN_FRAME) {
        Place->Kind   = PLACE_FRAME;
        Place->Offset = (INT32)Symbol->FrameOffset;
    } else {
        Place->Kind     = PLACE_REGISTER;
        Place->Register = Symbol->Register;
    }
}

static VOID EmitGlobalPlace(EMITTER *Emitter, NODE *Node, PLACE *Place)
{
    Place->Kind     = PLACE_MEMORY;
    Place->Register = EmitTake(Emitter);
    Emit(Emitter, SCRIPT_OP_GLOBAL_ADDRESS, Place->Register, 0, 0, (INT32)Node->Symbol->Index);
}

/* What an address expression points to: a constant that is added to it becomes part of the place. */
static VOID EmitPointedPlace(EMITTER *Emitter, NODE *Pointer, PLACE *Place)
{
    UINT64 Offset;

    Place->Kind = PLACE_MEMORY;
    if (Pointer->Kind == NODE_BINARY && Pointer->Operator == TOKEN_ADD && Pointer->Right->IsConstant &&
        Pointer->Type->Size == 8) {
        Offset = Pointer->Right->Value;
        if (Pointer->Operation->Kind == TYPE_POINTER && Pointer->Operation->Target->Size != 0) {
            Offset *= Pointer->Operation->Target->Size;
        }
        if (EmitFitsImmediate(Offset)) {
            Place->Offset   = (INT32)Offset;
            Place->Register = EmitAs(Emitter, Pointer->Left, &g_TypeU64, EMIT_ANYWHERE);
            return;
        }
    }
    Place->Register = EmitAs(Emitter, Pointer, &g_TypeU64, EMIT_ANYWHERE);
}

/* Moves a place by a constant. */
static VOID EmitMovePlace(EMITTER *Emitter, PLACE *Place, UINT64 Bytes)
{
    UINT64 Offset = (UINT64)(INT64)Place->Offset + Bytes;
    UINT32 Address;

    if (EmitFitsImmediate(Offset)) {
        Place->Offset = (INT32)Offset;
        return;
    }
    if (Place->Kind == PLACE_FRAME) {
        return; /* reported: an index beyond the array */
    }
    Address = EmitTake(Emitter);
    EmitNumber(Emitter, Bytes, Address);
    Emit(Emitter, SCRIPT_OP_ADD_64, Address, Address, Place->Register, 0);
    Place->Register = Address;
}

static VOID EmitConstantIndex(EMITTER *Emitter, NODE *Node, PLACE *Place)
{
    const TYPE *Array = Node->Left->Type;
    UINT64 Index      = Node->Right->Value;

    /* What lies in the guest may go on behind an array's end ([0], [1]); what the script declared does not.
     */
    if (Array->Kind == TYPE_ARRAY && Array->Count > 1 && Index >= Array->Count) {
        CompilerError(Emitter->Compiler, &Node->Position,
                      "index %lld is not in the array, which has %llu elements", (INT64)Index, Array->Count);
        return;
    }
    EmitMovePlace(Emitter, Place, Index * Array->Target->Size);
}

/* An index that is only known when the program runs: address + index * size. */
static VOID EmitVariableIndex(EMITTER *Emitter, NODE *Node, PLACE *Place)
{
    UINT64 Size    = Node->Left->Type->Target->Size;
    UINT32 Index   = EmitValue(Emitter, Node->Right, EMIT_ANYWHERE);
    UINT32 Address = EmitTake(Emitter);

    if (Place->Kind == PLACE_FRAME) {
        UINT32 Base = EmitTake(Emitter);

        Emit(Emitter, SCRIPT_OP_FRAME_ADDRESS, Base, 0, 0, Place->Offset);
        Place->Kind     = PLACE_MEMORY;
        Place->Register = Base;
        Place->Offset   = 0;
    }
    if (Size != 1) {
        Emit(Emitter, SCRIPT_OP_MUL_64_I, Address, Index, 0, (INT32)Size);
        Index = Address;
    }
    Emit(Emitter, SCRIPT_OP_ADD_64, Address, Index, Place->Register, 0);
    Place->Register = Address;
}

static VOID EmitIndexPlace(EMITTER *Emitter, NODE *Node, PLACE *Place)
{
    if (Node->Left->Type->Kind == TYPE_ARRAY) {
        EmitPlace(Emitter, Node->Left, Place);
    } else {
        EmitPointedPlace(Emitter, Node->Left, Place);
    }
    if (Node->Right->IsConstant) {
        EmitConstantIndex(Emitter, Node, Place);
    } else {
        EmitVariableIndex(Emitter, Node, Place);
    }
}

/* Bits of a bit-field within the unit that is loaded for them: one of the declared type where it fits. */
static VOID EmitBitField(EMITTER *Emitter, NODE *Node, PLACE *Place, UINT64 *Bytes)
{
    static const UINT32 Units[] = {1, 2, 4, 8};
    UINT64 Bits                 = Node->MemberBits;
    UINT64 Unit                 = 8 * Node->Member->Type->Size;
    UINT32 Index                = 0;

    Place->BitSize  = Node->Member->BitSize;
    *Bytes          = Bits / Unit * Unit / 8;
    Place->BitFirst = (UINT32)(Bits - *Bytes * 8);
    if (Place->BitFirst + Place->BitSize <= Unit) {
        Place->Type = TypeInteger((UINT32)Unit / 8, FALSE);
        return;
    }
    /* It crosses units (a packed structure). */
    *Bytes          = Bits / 8;
    Place->BitFirst = (UINT32)(Bits % 8);
    while (Index < COUNT_OF(Units) && Place->BitFirst + Place->BitSize > 8 * Units[Index]) {
        Index++;
    }
    if (Index == COUNT_OF(Units)) {
        CompilerError(Emitter->Compiler, &Node->Position, "this bit-field lies across more than 8 bytes");
        Index          = 3;
        Place->BitSize = 1;
    }
    Place->Type = TypeInteger(Units[Index], FALSE);
}

static VOID EmitMemberPlace(EMITTER *Emitter, NODE *Node, PLACE *Place)
{
    UINT64 Bytes = Node->MemberBits / 8;

    if (Node->IsArrow && Node->Left->Type->Kind == TYPE_POINTER) {
        EmitPointedPlace(Emitter, Node->Left, Place);
    } else {
        EmitPlace(Emitter, Node->Left, Place);
    }
    Place->Type = Node->Type;
    if (Node->Member->BitSize != 0) {
        EmitBitField(Emitter, Node, Place, &Bytes);
    }
    EmitMovePlace(Emitter, Place, Bytes);
}

VOID EmitPlace(EMITTER *Emitter, NODE *Node, PLACE *Place)
{
    POSITION Position = Emitter->Position;

    Emitter->Position = Node->Position;
    if (Node->Kind != NODE_MEMBER) {
        memset(Place, 0, sizeof(*Place));
    }
    switch (Node->Kind) {
    case NODE_NAME:
        EmitVariablePlace(Emitter, Node, Place);
        break;
    case NODE_GLOBAL:
        EmitGlobalPlace(Emitter, Node, Place);
        break;
    case NODE_REGISTER:
        Place->Kind = PLACE_GUEST;
        Place->Name = NamesRegister((UINT32)Node->Value);
        break;
    case NODE_DEREFERENCE:
        EmitPointedPlace(Emitter, Node->Left, Place);
        break;
    case NODE_PHYSICAL:
        Place->Kind     = PLACE_PHYSICAL;
        Place->Register = EmitAs(Emitter, Node->Left, &g_TypeU64, EMIT_ANYWHERE);
        break;
    case NODE_INDEX:
        if (Node->Symbol != NULL && Node->Symbol->Kind == SYMBOL_MAP) {
            EmitVariablePlace(Emitter, Node, Place);
        } else {
            EmitIndexPlace(Emitter, Node, Place);
        }
        break;
    default:
        memset(Place, 0, sizeof(*Place));
        EmitMemberPlace(Emitter, Node, Place);
        Emitter->Position = Position;
        return;
    }
    Place->Type       = Node->Type;
    Emitter->Position = Position;
}

UINT32 EmitPlaceAddress(EMITTER *Emitter, const PLACE *Place, UINT32 Want)
{
    if (Place->Kind == PLACE_FRAME) {
        Emit(Emitter, SCRIPT_OP_FRAME_ADDRESS, Want, 0, 0, Place->Offset);
    } else if (Place->Offset != 0) {
        Emit(Emitter, SCRIPT_OP_ADD_64_I, Want, Place->Register, 0, Place->Offset);
    } else if (Want != Place->Register) {
        Emit(Emitter, SCRIPT_OP_MOVE, Want, Place->Register, 0, 0);
    }
    return Want;
}

/* --- loads and stores --- */

/* ORDER SCRIPT_OPCODE: each width has its LOAD, FRAME_LOAD and PHYSICAL_LOAD in a row; so have the stores. */
static UINT32 EmitLoadOpcode(const TYPE *Type, PLACE_KIND Kind)
{
    static const UINT32 Opcodes[2][4] = {
        {SCRIPT_OP_LOAD_U8, SCRIPT_OP_LOAD_U16, SCRIPT_OP_LOAD_U32, SCRIPT_OP_LOAD_64},
        {SCRIPT_OP_LOAD_S8, SCRIPT_OP_LOAD_S16, SCRIPT_OP_LOAD_S32, SCRIPT_OP_LOAD_64},
    };
    UINT32 Opcode =
        Type->Kind == TYPE_INTEGER ? Opcodes[Type->Signed][__builtin_ctzll(Type->Size)] : SCRIPT_OP_LOAD_64;

    return Opcode + (Kind == PLACE_FRAME ? 1 : Kind == PLACE_PHYSICAL ? 2 : 0);
}
STATIC_ASSERT(SCRIPT_OP_FRAME_LOAD_U8 == SCRIPT_OP_LOAD_U8 + 1 &&
              SCRIPT_OP_PHYSICAL_LOAD_U8 == SCRIPT_OP_LOAD_U8 + 2);

static UINT32 EmitStoreOpcode(const TYPE *Type, PLACE_KIND Kind)
{
    static const UINT32 Opcodes[] = {SCRIPT_OP_STORE_8, SCRIPT_OP_STORE_16, SCRIPT_OP_STORE_32,
                                     SCRIPT_OP_STORE_64};
    UINT32 Opcode = Type->Kind == TYPE_INTEGER ? Opcodes[__builtin_ctzll(Type->Size)] : SCRIPT_OP_STORE_64;

    return Opcode + (Kind == PLACE_FRAME ? 1 : Kind == PLACE_PHYSICAL ? 2 : 0);
}
STATIC_ASSERT(SCRIPT_OP_FRAME_STORE_8 == SCRIPT_OP_STORE_8 + 1 &&
              SCRIPT_OP_PHYSICAL_STORE_8 == SCRIPT_OP_STORE_8 + 2);

static VOID EmitLoadGuest(EMITTER *Emitter, const REGISTER_NAME *Name, UINT32 Target)
{
    Emit(Emitter, SCRIPT_OP_REGISTER_READ, Target, 0, 0, (INT32)Name->Register);
    if (Name->Bits < 64) {
        Emit(Emitter, SCRIPT_OP_FIELD_GET, Target, Target, Name->Bits, (INT32)Name->First);
    }
}

/* The value of a place in the register Want. What is no number gives its address. */
UINT32 EmitLoad(EMITTER *Emitter, const PLACE *Place, UINT32 Want)
{
    if (Place->Kind == PLACE_REGISTER) {
        Emit(Emitter, SCRIPT_OP_MOVE, Want, Place->Register, 0, 0);
    } else if (Place->Kind == PLACE_GUEST) {
        EmitLoadGuest(Emitter, Place->Name, Want);
    } else if (Place->Kind == PLACE_MAP) {
        Emit(Emitter, SCRIPT_OP_MAP_GET, Want, Place->Map->Index, 0, Place->Offset);
    } else if (!TypeIsScalar(Place->Type)) {
        EmitPlaceAddress(Emitter, Place, Want);
    } else {
        Emit(Emitter, EmitLoadOpcode(Place->Type, Place->Kind), Want,
             Place->Kind == PLACE_FRAME ? 0 : Place->Register, 0, Place->Offset);
    }
    return Want;
}

/* A bit-field keeps its signedness in the member's type, which the place's unit has not. */
UINT32 EmitLoadMember(EMITTER *Emitter, const PLACE *Place, const TYPE *Type, UINT32 Want)
{
    EmitLoad(Emitter, Place, Want);
    if (Place->BitSize != 0) {
        Emit(Emitter, SCRIPT_OP_FIELD_GET, Want, Want, Place->BitSize,
             (INT32)(Place->BitFirst | (Type->Signed ? SCRIPT_FIELD_SIGNED : 0)));
    }
    return Want;
}

static VOID EmitStoreGuest(EMITTER *Emitter, const REGISTER_NAME *Name, UINT32 Register)
{
    UINT32 Free = Emitter->Free;
    UINT32 Whole;

    if (Name->Bits == 64) {
        Emit(Emitter, SCRIPT_OP_REGISTER_WRITE, Register, 0, 0, (INT32)Name->Register);
        return;
    }
    Whole = EmitTake(Emitter);
    if (Name->ClearsUpper) {
        Emit(Emitter, SCRIPT_OP_EXTEND_U32, Whole, Register, 0, 0);
    } else {
        Emit(Emitter, SCRIPT_OP_REGISTER_READ, Whole, 0, 0, (INT32)Name->Register);
        Emit(Emitter, SCRIPT_OP_FIELD_PUT, Whole, Register, Name->Bits, (INT32)Name->First);
    }
    Emit(Emitter, SCRIPT_OP_REGISTER_WRITE, Whole, 0, 0, (INT32)Name->Register);
    Emitter->Free = Free;
}

static VOID EmitStoreBits(EMITTER *Emitter, const PLACE *Place, UINT32 Register)
{
    UINT32 Free  = Emitter->Free;
    UINT32 Whole = EmitTake(Emitter);
    PLACE Unit   = *Place;

    Unit.BitSize = 0;
    EmitLoad(Emitter, &Unit, Whole);
    Emit(Emitter, SCRIPT_OP_FIELD_PUT, Whole, Register, Place->BitSize, (INT32)Place->BitFirst);
    EmitStore(Emitter, &Unit, Whole);
    Emitter->Free = Free;
}

VOID EmitStore(EMITTER *Emitter, const PLACE *Place, UINT32 Register)
{
    if (Place->BitSize != 0) {
        EmitStoreBits(Emitter, Place, Register);
    } else if (Place->Kind == PLACE_REGISTER) {
        if (Place->Register != Register) {
            Emit(Emitter, SCRIPT_OP_MOVE, Place->Register, Register, 0, 0);
        }
    } else if (Place->Kind == PLACE_GUEST) {
        EmitStoreGuest(Emitter, Place->Name, Register);
    } else if (Place->Kind == PLACE_MAP) {
        Emit(Emitter, SCRIPT_OP_MAP_SET, Register, Place->Map->Index, 0, Place->Offset);
    } else {
        Emit(Emitter, EmitStoreOpcode(Place->Type, Place->Kind), Register,
             Place->Kind == PLACE_FRAME ? 0 : Place->Register, 0, Place->Offset);
    }
}

/* --- assignments --- */

/* Structures, strings and arrays of characters: copies. */
static VOID EmitCopy(EMITTER *Emitter, const PLACE *Place, const TYPE *Type, NODE *Value)
{
    UINT32 Size   = (UINT32)Type->Size;
    UINT32 Source = EmitValue(Emitter, Value, EMIT_ANYWHERE);
    UINT32 Target;

    if (Type->Kind != TYPE_RECORD && Place->Kind == PLACE_FRAME) {
        if (Size > SCRIPT_MAXIMUM_STRING) {
            EmitWithOffset(Emitter, SCRIPT_OP_FRAME_ZERO, 0, (INT32)Size, Place->Offset);
        }
        EmitWithOffset(Emitter, SCRIPT_OP_FRAME_STRING, Source,
                       (INT32)(Size < SCRIPT_MAXIMUM_STRING ? Size : SCRIPT_MAXIMUM_STRING), Place->Offset);
        return;
    }
    if (Type->Kind != TYPE_RECORD && Value->Type->Size < Size) {
        Size = (UINT32)Value->Type->Size;
    }
    if (Size > SCRIPT_MAXIMUM_FRAME) {
        CompilerError(Emitter->Compiler, &Value->Position,
                      "limit SCRIPT_MAXIMUM_FRAME (%u): too large to copy", SCRIPT_MAXIMUM_FRAME);
        return;
    }
    Target = EmitPlaceAddress(Emitter, Place, EmitTake(Emitter));
    Emit(Emitter, SCRIPT_OP_COPY, Target, Source, 0, (INT32)Size);
}

/* x op= y: x is found once, even where finding it has effects. */
static UINT32 EmitCompound(EMITTER *Emitter, NODE *Node, const PLACE *Place, UINT32 Want)
{
    UINT32 Target = Place->Kind == PLACE_REGISTER ? Place->Register : EmitTake(Emitter);
    UINT32 Free   = Emitter->Free;
    TYPE *Type    = Node->Operation;
    UINT32 Old    = Target;

    if (Place->Kind != PLACE_REGISTER) {
        EmitLoadMember(Emitter, Place, Node->Type, Target);
    }
    if (Type->Kind == TYPE_POINTER) {
        NODE Scaled = *Node->Right;

        if (!Scaled.IsConstant) {
            UINT32 Amount = EmitTake(Emitter);

            EmitValue(Emitter, Node->Right, Amount);
            Emit(Emitter, SCRIPT_OP_MUL_64_I, Amount, Amount, 0,
                 (INT32)(Type->Target->Size != 0 ? Type->Target->Size : 1));
            Emit(Emitter, Node->Operator == TOKEN_ADD ? SCRIPT_OP_ADD_64 : SCRIPT_OP_SUB_64, Target, Target,
                 Amount, 0);
        } else {
            Scaled.Value *= Type->Target->Size != 0 ? Type->Target->Size : 1;
            EmitOperation(Emitter, Node->Operator, &g_TypeU64, Target, &Scaled, Target);
        }
    } else {
        Old = EmitConvert(Emitter, Target, Node->Type, Type, EMIT_ANYWHERE);
        EmitOperation(Emitter, Node->Operator, Type, Old, Node->Right, Target);
        EmitConvert(Emitter, Target, Type, Node->Type, Target);
    }
    Emitter->Free = Free;
    if (Place->Kind != PLACE_REGISTER) {
        EmitStore(Emitter, Place, Target);
    }
    if (Want != EMIT_ANYWHERE && Want != Target) {
        Emit(Emitter, SCRIPT_OP_MOVE, Want, Target, 0, 0);
        return Want;
    }
    return Target;
}

/* Returns where the value is: a variable's register or a temporary. */
static UINT32 EmitPlainAssign(EMITTER *Emitter, NODE *Node, BOOLEAN IsUsed)
{
    PLACE Place;
    UINT32 Value;

    /* A variable's value is computed where it belongs. */
    if (Node->Left->Kind == NODE_NAME && Node->Left->Symbol->Kind == SYMBOL_VARIABLE &&
        Node->Left->Symbol->Register != SYMBOL_IN_FRAME) {
        return EmitAs(Emitter, Node->Right, Node->Type, Node->Left->Symbol->Register);
    }
    if (!TypeIsScalar(Node->Type)) {
        EmitPlace(Emitter, Node->Left, &Place);
        EmitCopy(Emitter, &Place, Node->Type, Node->Right);
        return IsUsed ? EmitPlaceAddress(Emitter, &Place, EmitTake(Emitter)) : 0;
    }
    Value = EmitAs(Emitter, Node->Right, Node->Type, EMIT_ANYWHERE);
    EmitPlace(Emitter, Node->Left, &Place);
    Emitter->Position = Node->Position;
    EmitStore(Emitter, &Place, Value);
    return Value;
}

VOID EmitAssignOnly(EMITTER *Emitter, NODE *Node)
{
    PLACE Place;

    if (Node->Left->Symbol != NULL && Node->Left->Symbol->Kind == SYMBOL_MAP) {
        EmitMapAssign(Emitter, Node, EMIT_ANYWHERE, FALSE);
    } else if (Node->Operator == TOKEN_ASSIGN) {
        EmitPlainAssign(Emitter, Node, FALSE);
    } else {
        EmitPlace(Emitter, Node->Left, &Place);
        EmitCompound(Emitter, Node, &Place, EMIT_ANYWHERE);
    }
}

UINT32 EmitAssign(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Free = Emitter->Free;
    UINT32 Target;
    UINT32 Value;
    PLACE Place;

    if (Node->Left->Symbol != NULL && Node->Left->Symbol->Kind == SYMBOL_MAP) {
        return EmitMapAssign(Emitter, Node, Want, TRUE);
    }
    /* The value ends up in the first temporary, above which the place is found; what is wanted is written
     * last, since the place may depend on it. */
    Target = EmitTarget(Emitter, Want);
    if (Node->Operator == TOKEN_ASSIGN) {
        Value = EmitPlainAssign(Emitter, Node, TRUE);
    } else {
        EmitPlace(Emitter, Node->Left, &Place);
        Value = EmitCompound(Emitter, Node, &Place, EMIT_ANYWHERE);
    }
    if (Value != Target) {
        Emit(Emitter, SCRIPT_OP_MOVE, Target, Value, 0, 0);
    }
    Emitter->Free = Want == EMIT_ANYWHERE ? Target + 1 : Free;
    return Target;
}

/* x++ gives the value before, ++x the one after. */
UINT32 EmitStep(EMITTER *Emitter, NODE *Node, UINT32 Want, BOOLEAN IsUsed)
{
    UINT32 Free = Emitter->Free;
    UINT32 Target;
    UINT32 Value;
    PLACE Place;

    if (Node->Left->Symbol != NULL && Node->Left->Symbol->Kind == SYMBOL_MAP) {
        return EmitMapAssign(Emitter, Node, Want, IsUsed);
    }
    Target = IsUsed ? (Want != EMIT_ANYWHERE ? Want : EmitTake(Emitter)) : 0;
    EmitPlace(Emitter, Node->Left, &Place);
    if (IsUsed && Node->IsPostfix) {
        UINT32 Before = EmitTake(Emitter);

        EmitLoadMember(Emitter, &Place, Node->Type, Before);
        EmitCompound(Emitter, Node, &Place, EMIT_ANYWHERE);
        Value = Before;
    } else {
        Value = EmitCompound(Emitter, Node, &Place, EMIT_ANYWHERE);
    }
    if (IsUsed && Value != Target) {
        Emit(Emitter, SCRIPT_OP_MOVE, Target, Value, 0, 0);
    }
    Emitter->Free = IsUsed && Want == EMIT_ANYWHERE ? Target + 1 : Free;
    return Target;
}

/* --- initial values --- */

static VOID EmitInitializePlace(EMITTER *Emitter, const PLACE *Place, TYPE *Type, NODE *Value);

static VOID EmitInitializeArray(EMITTER *Emitter, const PLACE *Place, const TYPE *Type, NODE *List)
{
    PLACE Element = *Place;
    NODE *Each;

    for (Each = List->Right; Each != NULL; Each = Each->Next) {
        EmitInitializePlace(Emitter, &Element, Type->Target, Each);
        Element.Offset += (INT32)Type->Target->Size;
    }
}

static VOID EmitInitializeRecord(EMITTER *Emitter, const PLACE *Place, const TYPE *Type, NODE *List)
{
    const MEMBER *Member = Type->Members;
    NODE *Each;

    for (Each = List->Right; Each != NULL && Member != NULL; Each = Each->Next, Member = Member->Next) {
        PLACE Inner   = *Place;
        UINT64 Unit   = Member->BitSize != 0 ? 8 * Member->Type->Size : 8;
        UINT64 Offset = Member->BitOffset / Unit * Unit / 8;

        Inner.Offset += (INT32)Offset;
        Inner.BitSize  = Member->BitSize;
        Inner.BitFirst = (UINT32)(Member->BitOffset - 8 * Offset);
        EmitInitializePlace(Emitter, &Inner, Member->Type, Each);
    }
}

static VOID EmitInitializePlace(EMITTER *Emitter, const PLACE *Place, TYPE *Type, NODE *Value)
{
    UINT32 Free = Emitter->Free;
    PLACE Typed = *Place;

    Typed.Type = Type;
    if (Value->Kind == NODE_LIST && Type->Kind == TYPE_ARRAY) {
        EmitInitializeArray(Emitter, Place, Type, Value);
    } else if (Value->Kind == NODE_LIST) {
        EmitInitializeRecord(Emitter, Place, Type, Value);
    } else if (TypeIsScalar(Type)) {
        EmitStore(Emitter, &Typed, EmitAs(Emitter, Value, Type, EMIT_ANYWHERE));
    } else {
        EmitCopy(Emitter, &Typed, Type, Value);
    }
    Emitter->Free = Free;
}

VOID EmitInitialize(EMITTER *Emitter, SYMBOL *Symbol, NODE *Value)
{
    PLACE Place = {.Kind = PLACE_FRAME};

    if (Symbol->Kind != SYMBOL_VARIABLE) {
        return;
    }
    if (Symbol->Register != SYMBOL_IN_FRAME) {
        if (Value != NULL) {
            EmitAs(Emitter, Value, Symbol->Type, Symbol->Register);
        } else {
            EmitNumber(Emitter, 0, Symbol->Register);
        }
        return;
    }
    Place.Offset = (INT32)Symbol->FrameOffset;
    Place.Type   = Symbol->Type;
    if (Value == NULL || Value->Kind == NODE_LIST) {
        EmitWithOffset(Emitter, SCRIPT_OP_FRAME_ZERO, 0, (INT32)Symbol->Type->Size, Place.Offset);
    }
    if (Value != NULL) {
        EmitInitializePlace(Emitter, &Place, Symbol->Type, Value);
    }
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Type.c - the types of the language, their layout and C's rules of conversion.
 *
 * Context: user space.
 */
#include <string.h>

#include "script/engine/Tree.h"

TYPE g_TypeVoid     = {.Kind = TYPE_VOID, .Align = 1};
TYPE g_TypeError    = {.Kind = TYPE_ERROR, .Size = 8, .Align = 8};
TYPE g_TypeFunction = {.Kind = TYPE_FUNCTION, .Align = 1};
TYPE g_TypeSymbol   = {.Kind = TYPE_SYMBOL, .Size = 8, .Align = 8};
TYPE g_TypeStack    = {.Kind = TYPE_STACK, .Size = SCRIPT_STACK_FRAMES * 8, .Align = 8};
TYPE g_TypeDate     = {.Kind = TYPE_DATE, .Size = 8, .Align = 8};
TYPE g_TypeTime     = {.Kind = TYPE_TIME, .Size = 8, .Align = 8};
TYPE g_TypeBool     = {.Kind = TYPE_INTEGER, .Size = 1, .Align = 1, .IsBool = TRUE};
TYPE g_TypeS8       = {.Kind = TYPE_INTEGER, .Size = 1, .Align = 1, .Signed = TRUE};
TYPE g_TypeS16      = {.Kind = TYPE_INTEGER, .Size = 2, .Align = 2, .Signed = TRUE};
TYPE g_TypeS32      = {.Kind = TYPE_INTEGER, .Size = 4, .Align = 4, .Signed = TRUE};
TYPE g_TypeS64      = {.Kind = TYPE_INTEGER, .Size = 8, .Align = 8, .Signed = TRUE};
TYPE g_TypeU8       = {.Kind = TYPE_INTEGER, .Size = 1, .Align = 1};
TYPE g_TypeU16      = {.Kind = TYPE_INTEGER, .Size = 2, .Align = 2};
TYPE g_TypeU32      = {.Kind = TYPE_INTEGER, .Size = 4, .Align = 4};
TYPE g_TypeU64      = {.Kind = TYPE_INTEGER, .Size = 8, .Align = 8};

TYPE *TypeInteger(UINT32 Size, BOOLEAN Signed)
{
    switch (Size) {
    case 1:
        return Signed ? &g_TypeS8 : &g_TypeU8;
    case 2:
        return Signed ? &g_TypeS16 : &g_TypeU16;
    case 4:
        return Signed ? &g_TypeS32 : &g_TypeU32;
    default:
        return Signed ? &g_TypeS64 : &g_TypeU64;
    }
}

TYPE *TypePointerTo(COMPILER *Compiler, TYPE *Target)
{
    TYPE *Type;

    for (Type = Compiler->PointerTypes; Type != NULL; Type = Type->Next) {
        if (Type->Target == Target) {
            return Type;
        }
    }
    Type                   = CompilerTake(Compiler, sizeof(*Type));
    Type->Kind             = TYPE_POINTER;
    Type->Size             = 8;
    Type->Align            = 8;
    Type->Target           = Target;
    Type->Next             = Compiler->PointerTypes;
    Compiler->PointerTypes = Type;
    return Type;
}

TYPE *TypeArrayOf(COMPILER *Compiler, TYPE *Target, UINT64 Count)
{
    TYPE *Type = CompilerTake(Compiler, sizeof(*Type));

    Type->Kind   = TYPE_ARRAY;
    Type->Target = Target;
    Type->Count  = Count;
    Type->Size   = Target->Size * Count;
    Type->Align  = Target->Align;
    return Type;
}

TYPE *TypeStringOf(COMPILER *Compiler, UINT32 Size)
{
    TYPE *Type = CompilerTake(Compiler, sizeof(*Type));

    Type->Kind  = TYPE_STRING;
    Type->Size  = (Size + 7) & ~7u;
    Type->Align = 8;
    return Type;
}

static const CHAR *TypeIntegerName(const TYPE *Type)
{
    static const CHAR *const Names[2][4] = {
        {"unsigned char", "unsigned short", "unsigned int", "unsigned long"},
        {"char", "short", "int", "long"}};

    return Type->IsBool ? "bool" : Names[Type->Signed][__builtin_ctzll(Type->Size)];
}

const CHAR *TypeName(COMPILER *Compiler, const TYPE *Type)
{
    static const CHAR *const Names[] = {
        [TYPE_VOID] = "void",     [TYPE_FUNCTION] = "function", [TYPE_STRING] = "string",
        [TYPE_SYMBOL] = "symbol", [TYPE_STACK] = "stack",       [TYPE_DATE] = "date",
        [TYPE_TIME] = "time",     [TYPE_ERROR] = "?",
    };

    switch (Type->Kind) {
    case TYPE_INTEGER:
        return TypeIntegerName(Type);
    case TYPE_POINTER:
        return CompilerPrint(Compiler, "%.200s *", TypeName(Compiler, Type->Target));
    case TYPE_ARRAY:
        return CompilerPrint(Compiler, "%.200s[%llu]", TypeName(Compiler, Type->Target), Type->Count);
    case TYPE_RECORD:
        return CompilerPrint(Compiler, "%s %.200s", Type->IsUnion ? "union" : "struct",
                             Type->Name != NULL ? Type->Name : "{...}");
    default:
        return Names[Type->Kind];
    }
}

BOOLEAN TypeIsScalar(const TYPE *Type)
{
    return Type->Kind == TYPE_INTEGER || Type->Kind == TYPE_POINTER || Type->Kind == TYPE_SYMBOL ||
           Type->Kind == TYPE_DATE || Type->Kind == TYPE_TIME || Type->Kind == TYPE_ERROR;
}

BOOLEAN TypeSame(const TYPE *Left, const TYPE *Right)
{
    if (Left == Right) {
        return TRUE;
    }
    if (Left->Kind != Right->Kind || Left->Size != Right->Size) {
        return FALSE;
    }
    switch (Left->Kind) {
    case TYPE_INTEGER:
        return Left->Signed == Right->Signed && Left->IsBool == Right->IsBool;
    case TYPE_POINTER:
        return TypeSame(Left->Target, Right->Target);
    case TYPE_ARRAY:
        return Left->Count == Right->Count && TypeSame(Left->Target, Right->Target);
    case TYPE_RECORD:
        return FALSE;
    default:
        return TRUE;
    }
}

TYPE *TypePromote(TYPE *Type)
{
    return Type->Kind == TYPE_INTEGER && Type->Size < 4 ? &g_TypeS32 : Type;
}

TYPE *TypeCommon(TYPE *Left, TYPE *Right)
{
    Left  = TypePromote(Left);
    Right = TypePromote(Right);
    if (Left->Size != Right->Size) {
        return Left->Size > Right->Size ? Left : Right;
    }
    return Left->Signed ? Right : Left;
}

BOOLEAN TypeComplete(COMPILER *Compiler, TYPE *Type)
{
    if (Type->Kind == TYPE_ARRAY) {
        if (!TypeComplete(Compiler, Type->Target)) {
            return FALSE;
        }
        Type->Size = Type->Target->Size * Type->Count;
        return TRUE;
    }
    if (Type->Kind != TYPE_RECORD || Type->IsComplete) {
        return Type->Kind != TYPE_VOID && Type->Kind != TYPE_FUNCTION;
    }
    return Type->BtfId != 0 && BtfCompleteRecord(Compiler, Type);
}

MEMBER *TypeMember(COMPILER *Compiler, TYPE *Record, const CHAR *Name, UINT64 *Bits)
{
    MEMBER *Member;
    MEMBER *Inner;

    if (!TypeComplete(Compiler, Record)) {
        return NULL;
    }
    for (Member = Record->Members; Member != NULL; Member = Member->Next) {
        if (Member->Name != NULL && strcmp(Member->Name, Name) == 0) {
            *Bits = Member->BitOffset;
            return Member;
        }
        if (Member->Name == NULL && Member->Type->Kind == TYPE_RECORD) {
            Inner = TypeMember(Compiler, Member->Type, Name, Bits);
            if (Inner != NULL) {
                *Bits += Member->BitOffset;
                return Inner;
            }
        }
    }
    return NULL;
}

UINT64 TypeNormalize(const TYPE *Type, UINT64 Value)
{
    UINT32 Shift;

    if (Type->Kind != TYPE_INTEGER || Type->Size == 8) {
        return Value;
    }
    if (Type->IsBool) {
        return Value != 0;
    }
    Shift = 64 - 8 * (UINT32)Type->Size;
    return Type->Signed ? (UINT64)((INT64)(Value << Shift) >> Shift) : Value << Shift >> Shift;
}

VOID TypeLayOut(TYPE *Record)
{
    UINT64 End = 0; /* in bits */
    MEMBER *Member;

    Record->Align = 1;
    Record->Size  = 0;
    for (Member = Record->Members; Member != NULL; Member = Member->Next) {
        UINT64 Unit = 8ull * Member->Type->Size;
        UINT64 Bits = Member->BitSize != 0 ? Member->BitSize : Unit;

        if (Record->IsUnion) {
            Member->BitOffset = 0;
        } else if (Member->BitSize != 0 && End / Unit == (End + Bits - 1) / Unit) {
            Member->BitOffset = End;
        } else {
            Member->BitOffset = (End + 8ull * Member->Type->Align - 1) / (8ull * Member->Type->Align) *
                                (8ull * Member->Type->Align);
        }
        End = Member->BitOffset + Bits;
        if (Record->Size < (End + 7) / 8) {
            Record->Size = (End + 7) / 8;
        }
        if (Record->Align < Member->Type->Align) {
            Record->Align = Member->Type->Align;
        }
    }
    Record->Size       = (Record->Size + Record->Align - 1) / Record->Align * Record->Align;
    Record->IsComplete = TRUE;
}

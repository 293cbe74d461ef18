// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * CheckExpression.c - the check: names, types and constants of expressions.
 *
 * Context: user space. Every node leaves with a Type; g_TypeError where something was reported.
 */
#include <stdlib.h>
#include <string.h>

#include "script/engine/Tree.h"

static VOID CheckFail(COMPILER *Compiler, NODE *Node, const CHAR *Message)
{
    CompilerError(Compiler, &Node->Position, "%s", Message);
    Node->Type = &g_TypeError;
}

static VOID CheckBecomeNumber(NODE *Node, UINT64 Value, TYPE *Type, BOOLEAN IsBare)
{
    Node->Kind       = NODE_NUMBER;
    Node->Value      = Value;
    Node->Type       = Type;
    Node->IsBare     = IsBare;
    Node->IsConstant = TRUE;
}

/* The type of a number whose type follows its partner, while it has none. */
static TYPE *CheckBareType(UINT64 Value)
{
    return (INT64)Value < 0 ? &g_TypeU64 : &g_TypeS64;
}

/* --- names --- */

static BOOLEAN CheckNamedConstant(COMPILER *Compiler, NODE *Node)
{
    static const struct {
        const CHAR *Name;
        UINT64 Value;
    } Known[]            = {{"true", 1}, {"false", 0}, {"NULL", 0}};
    const SYMBOL *Symbol = SymbolFind(Compiler, Node->Text, 1u << SYMBOL_CONSTANT);
    UINT64 Value;
    UINT32 Index;

    if (Symbol != NULL) {
        CheckBecomeNumber(Node, Symbol->Value, Symbol->Type != NULL ? Symbol->Type : &g_TypeS64,
                          Symbol->Type == NULL);
        return TRUE;
    }
    for (Index = 0; Index < COUNT_OF(Known); Index++) {
        if (strcmp(Node->Text, Known[Index].Name) == 0) {
            CheckBecomeNumber(Node, Known[Index].Value, &g_TypeS64, TRUE);
            return TRUE;
        }
    }
    if (BtfFindEnumerator(Compiler, Node->Text, &Value)) {
        CheckBecomeNumber(Node, Value, &g_TypeS64, TRUE);
        return TRUE;
    }
    return FALSE;
}

/* Letters a to f alone make a number too, where they are no name. */
static BOOLEAN CheckNameAsNumber(COMPILER *Compiler, NODE *Node)
{
    const SCRIPT_COMPILE_OPTIONS *Options = Compiler->Options;
    UINT64 Value;

    if (LexNameAsNumber(Node->Text, &Value)) {
        CheckBecomeNumber(Node, Value, CheckBareType(Value), TRUE);
        return TRUE;
    }
    if (Options->FindSymbol != NULL && Options->FindSymbol(Options->Context, Node->Text, &Value)) {
        CheckBecomeNumber(Node, Value, &g_TypeU64, FALSE);
        return TRUE;
    }
    return FALSE;
}

static VOID CheckName(COMPILER *Compiler, NODE *Node)
{
    Node->Symbol = SymbolFindLocal(Compiler, Node->Text);
    if (Node->Symbol != NULL) {
        Node->Type = Node->Symbol->Type;
        return;
    }
    Node->Symbol = SymbolFind(Compiler, Node->Text, 1u << SYMBOL_MAP);
    if (Node->Symbol != NULL) {
        CheckMap(Compiler, Node);
        Node->Type = Node->Symbol->Type != NULL ? Node->Symbol->Type : &g_TypeU64;
        return;
    }
    if (CheckNamedConstant(Compiler, Node) || CheckNameAsNumber(Compiler, Node)) {
        return;
    }
    CompilerError(Compiler, &Node->Position, "unknown name '%.64s'", Node->Text);
    Node->Type = &g_TypeError;
}

static VOID CheckGlobal(COMPILER *Compiler, NODE *Node)
{
    Node->Symbol = SymbolFind(Compiler, Node->Text, 1u << SYMBOL_GLOBAL);
    if (Node->Symbol == NULL) {
        Node->Symbol = SymbolAdd(Compiler, SYMBOL_GLOBAL, Node->Text, &g_TypeU64, &Node->Position);
    }
    Node->Type = Node->Symbol->Type;
}

static VOID CheckRegister(COMPILER *Compiler, NODE *Node)
{
    UINT32 Index;

    Node->Type = &g_TypeU64;
    if (NamesFindRegister(Node->Text, &Index) == NULL) {
        CompilerError(Compiler, &Node->Position, "there is no register '@%.64s'", Node->Text);
        Node->Type = &g_TypeError;
        Index      = 0;
    }
    Node->Value = Index;
}

/* $arg0, $arg1, ...: texts given with the script; FALSE if the name is none of them. */
static BOOLEAN CheckScriptArgument(COMPILER *Compiler, NODE *Node)
{
    const SCRIPT_COMPILE_OPTIONS *Options = Compiler->Options;
    CHAR *End;
    UINT64 Number;
    const CHAR *Text;

    if (strncmp(Node->Text, "arg", 3) != 0 || Node->Text[3] < '0' || Node->Text[3] > '9') {
        return FALSE;
    }
    Number = strtoull(Node->Text + 3, &End, 10);
    if (*End != 0 || Number >= Options->ArgumentCount) {
        CompilerError(Compiler, &Node->Position, "the script was given %u arguments; there is no '$%.64s'",
                      Options->ArgumentCount, Node->Text);
        Node->Type = &g_TypeError;
        return TRUE;
    }
    Text   = Options->Arguments[Number];
    Number = strncmp(Text, "0n", 2) == 0 ? strtoull(Text + 2, &End, 10) : strtoull(Text, &End, 16);
    if (*Text != 0 && *End == 0) {
        CheckBecomeNumber(Node, Number, CheckBareType(Number), TRUE);
        return TRUE;
    }
    Node->Kind   = NODE_STRING;
    Node->Text   = Text;
    Node->Length = (UINT32)strlen(Text);
    Node->Type   = TypeStringOf(Compiler, Node->Length + 1);
    return TRUE;
}

static VOID CheckPseudo(COMPILER *Compiler, NODE *Node)
{
    UINT32 Pseudo;

    Node->Type = &g_TypeU64;
    if (strcmp(Node->Text, "comm") == 0 || strcmp(Node->Text, "pname") == 0) {
        Node->Kind = NODE_COMM;
        Node->Type = TypeStringOf(Compiler, SCRIPT_COMM_BYTES);
    } else if (strcmp(Node->Text, "date") == 0 || strcmp(Node->Text, "time") == 0) {
        Node->Kind  = NODE_CLOCK;
        Node->Type  = Node->Text[0] == 'd' ? &g_TypeDate : &g_TypeTime;
        Node->Value = SCRIPT_PSEUDO_WALL_CLOCK;
    } else if (NamesFindPseudo(Node->Text, &Pseudo)) {
        Node->Value = Pseudo;
    } else if (!CheckScriptArgument(Compiler, Node)) {
        CompilerError(Compiler, &Node->Position, "there is no pseudo-register '$%.64s'", Node->Text);
        Node->Type = &g_TypeError;
    }
}

/* $arg.name: from the prototype of the function that the event is on. */
static VOID CheckArgument(COMPILER *Compiler, NODE *Node)
{
    const CHAR *Function = Compiler->Options->Function;
    BOOLEAN Known        = FALSE;
    UINT32 Number        = 0;

    if (Function == NULL) {
        CheckFail(Compiler, Node, "$arg needs the name of the kernel function that the event is on");
        return;
    }
    if (!BtfFindArgument(Compiler, Function, Node->Text, &Known, &Number, &Node->Type)) {
        CompilerError(Compiler, &Node->Position,
                      Known ? "function '%.64s' has no argument '%.64s'"
                            : "the kernel's types do not know function '%.64s'",
                      Function, Node->Text);
        Node->Type = &g_TypeError;
    } else if (!TypeIsScalar(Node->Type)) {
        CheckFail(Compiler, Node, "this argument is a structure: it is not in one register");
    }
    Node->Value = Number;
}

/* --- constants --- */

/* Whether a number of no type of its own can be of the integer type without a surprise: as it is, or, where
 * it is negative and the type is not, as the number of the same bits (as C has it). */
static BOOLEAN CheckFits(const NODE *Node, const TYPE *Type)
{
    BOOLEAN Negative = Node->Type->Signed && (INT64)Node->Value < 0;
    UINT32 Bits      = 8 * (UINT32)Type->Size;

    if (Bits == 64) {
        return !Type->Signed || Node->Type->Signed;
    }
    if (Negative) {
        return (INT64)Node->Value >= -(1ll << (Bits - 1));
    }
    return Node->Value <= ~0ull >> (64 - Bits + (Type->Signed ? 1 : 0));
}

/* Gives a bare number the type of its partner. */
static VOID CheckPartner(NODE *Node, const NODE *Partner)
{
    TYPE *Type;

    if (!Node->IsBare || Partner->IsBare || Partner->Type->Kind != TYPE_INTEGER) {
        return;
    }
    Type = TypePromote(Partner->Type);
    if (CheckFits(Node, Type)) {
        Node->Type   = Type;
        Node->Value  = TypeNormalize(Type, Node->Value);
        Node->IsBare = FALSE;
    }
}

static BOOLEAN CheckFoldCompare(TOKEN_KIND Operator, const TYPE *Type, UINT64 Left, UINT64 Right)
{
    BOOLEAN Less    = Type->Signed ? (INT64)Left < (INT64)Right : Left < Right;
    BOOLEAN Greater = Type->Signed ? (INT64)Left > (INT64)Right : Left > Right;

    switch (Operator) {
    case TOKEN_LESS:
        return Less;
    case TOKEN_GREATER:
        return Greater;
    case TOKEN_LESS_EQUAL:
        return !Greater;
    case TOKEN_GREATER_EQUAL:
        return !Less;
    case TOKEN_EQUAL:
        return Left == Right;
    default:
        return Left != Right;
    }
}

/* Division; the divisor is not 0. */
static UINT64 CheckFoldDivide(TOKEN_KIND Operator, const TYPE *Type, UINT64 Left, UINT64 Right)
{
    BOOLEAN IsModulo = Operator == TOKEN_MODULO;

    if (!Type->Signed) {
        return IsModulo ? Left % Right : Left / Right;
    }
    if ((INT64)Right == -1) {
        return IsModulo ? 0 : 0 - Left;
    }
    return (UINT64)(IsModulo ? (INT64)Left % (INT64)Right : (INT64)Left / (INT64)Right);
}

static UINT64 CheckFoldArithmetic(TOKEN_KIND Operator, const TYPE *Type, UINT64 Left, UINT64 Right)
{
    UINT32 Mask = Type->Size == 8 ? 63 : 31;

    switch (Operator) {
    case TOKEN_ADD:
        return Left + Right;
    case TOKEN_SUBTRACT:
        return Left - Right;
    case TOKEN_MULTIPLY:
        return Left * Right;
    case TOKEN_AND:
        return Left & Right;
    case TOKEN_OR:
        return Left | Right;
    case TOKEN_XOR:
        return Left ^ Right;
    case TOKEN_SHIFT_LEFT:
        return Left << (Right & Mask);
    case TOKEN_SHIFT_RIGHT:
        return Type->Signed ? (UINT64)((INT64)Left >> (Right & Mask)) : Left >> (Right & Mask);
    default:
        return CheckFoldDivide(Operator, Type, Left, Right);
    }
}

static BOOLEAN CheckIsComparison(TOKEN_KIND Operator)
{
    return Operator == TOKEN_EQUAL || Operator == TOKEN_NOT_EQUAL || Operator == TOKEN_LESS ||
           Operator == TOKEN_GREATER || Operator == TOKEN_LESS_EQUAL || Operator == TOKEN_GREATER_EQUAL;
}

/* A binary operation on two constants becomes a number. */
VOID CheckFold(NODE *Node)
{
    const TYPE *Type = Node->Operation;
    UINT64 Left;
    UINT64 Right;
    UINT64 Value;

    if (!Node->Left->IsConstant || !Node->Right->IsConstant || Type->Kind != TYPE_INTEGER) {
        return;
    }
    Left  = TypeNormalize(Type, Node->Left->Value);
    Right = TypeNormalize(Type, Node->Right->Value);
    if (CheckIsComparison(Node->Operator)) {
        CheckBecomeNumber(Node, CheckFoldCompare(Node->Operator, Type, Left, Right), &g_TypeS32, FALSE);
        return;
    }
    if ((Node->Operator == TOKEN_DIVIDE || Node->Operator == TOKEN_MODULO) && Right == 0) {
        return; /* the run ends there, if it comes there */
    }
    if (Node->Operator == TOKEN_SHIFT_LEFT || Node->Operator == TOKEN_SHIFT_RIGHT) {
        Right = Node->Right->Value;
    }
    Value = TypeNormalize(Type, CheckFoldArithmetic(Node->Operator, Type, Left, Right));
    CheckBecomeNumber(Node, Value, Node->Type, Node->Left->IsBare && Node->Right->IsBare);
}

BOOLEAN CheckConstant(COMPILER *Compiler, NODE *Node, UINT64 *Value)
{
    UINT32 Errors = Compiler->Errors;

    CheckExpression(Compiler, Node);
    if (Compiler->Errors != Errors) {
        return FALSE;
    }
    if (!Node->IsConstant) {
        CompilerError(Compiler, &Node->Position, "this is not constant");
        return FALSE;
    }
    *Value = Node->Value;
    return TRUE;
}

/* --- operators --- */

static VOID CheckUnary(COMPILER *Compiler, NODE *Node)
{
    NODE *Left = Node->Left;
    UINT64 Value;

    CheckExpression(Compiler, Left);
    if (!CheckIsNumber(Left->Type)) {
        CheckFail(Compiler, Node, "this operator wants a number");
        return;
    }
    Node->Type = Left->Type->Kind == TYPE_INTEGER ? TypePromote(Left->Type) : &g_TypeU64;
    if (Node->Operator == TOKEN_NOT) {
        Node->Type = &g_TypeS32;
    }
    if (!Left->IsConstant) {
        return;
    }
    Value = Node->Operator == TOKEN_SUBTRACT ? 0 - Left->Value
            : Node->Operator == TOKEN_TILDE  ? ~Left->Value
            : Node->Operator == TOKEN_NOT    ? Left->Value == 0
                                             : Left->Value;
    CheckBecomeNumber(Node, TypeNormalize(Node->Type, Value), Node->Type,
                      Left->IsBare && Node->Operator != TOKEN_NOT);
}

/* What an operand counts as in arithmetic: pointers and addresses as unsigned 64-bit numbers. */
static TYPE *CheckArithmeticType(const NODE *Node)
{
    return Node->Type->Kind == TYPE_INTEGER ? Node->Type : &g_TypeU64;
}

static BOOLEAN CheckIsPointer(const TYPE *Type)
{
    return Type->Kind == TYPE_POINTER || Type->Kind == TYPE_ARRAY;
}

/* pointer + n, pointer - n, pointer - pointer. FALSE if it is none of them. */
static BOOLEAN CheckPointerArithmetic(COMPILER *Compiler, NODE *Node)
{
    BOOLEAN Left  = CheckIsPointer(Node->Left->Type);
    BOOLEAN Right = CheckIsPointer(Node->Right->Type);
    TYPE *Target;

    if ((Node->Operator != TOKEN_ADD && Node->Operator != TOKEN_SUBTRACT) || (!Left && !Right) ||
        (Right && !Left && Node->Operator == TOKEN_SUBTRACT)) {
        return FALSE;
    }
    Target = (Left ? Node->Left : Node->Right)->Type->Target;
    if (Target->Kind != TYPE_VOID && Target->Kind != TYPE_FUNCTION && !TypeComplete(Compiler, Target)) {
        CheckFail(Compiler, Node, "the pointer points to an incomplete type");
        return TRUE;
    }
    Node->Operation = TypePointerTo(Compiler, Target);
    Node->Type      = Left && Right ? &g_TypeS64 : Node->Operation;
    if (Left && Right && Node->Operator == TOKEN_ADD) {
        CheckFail(Compiler, Node, "two pointers cannot be added");
    }
    return TRUE;
}

static BOOLEAN CheckIsText(const NODE *Node)
{
    return Node->Type->Kind == TYPE_STRING ||
           (Node->Type->Kind == TYPE_ARRAY && Node->Type->Target->Kind == TYPE_INTEGER &&
            Node->Type->Target->Size == 1);
}

/* $comm == "name": compared as strings. */
static BOOLEAN CheckTextComparison(NODE *Node)
{
    if (!CheckIsComparison(Node->Operator)) {
        return FALSE;
    }
    if (Node->Left->Type->Kind != TYPE_STRING && Node->Right->Type->Kind != TYPE_STRING) {
        return FALSE;
    }
    if ((CheckIsText(Node->Left) || Node->Left->Type->Kind == TYPE_POINTER) &&
        (CheckIsText(Node->Right) || Node->Right->Type->Kind == TYPE_POINTER)) {
        Node->Operation = Node->Left->Type->Kind == TYPE_STRING ? Node->Left->Type : Node->Right->Type;
        Node->Type      = &g_TypeS32;
        return TRUE;
    }
    return FALSE;
}

/* In which type, and of which type, two numbers are combined. */
static VOID CheckArithmetic(NODE *Node)
{
    CheckPartner(Node->Left, Node->Right);
    if (Node->Operator == TOKEN_SHIFT_LEFT || Node->Operator == TOKEN_SHIFT_RIGHT) {
        Node->Operation = TypePromote(CheckArithmeticType(Node->Left));
    } else {
        CheckPartner(Node->Right, Node->Left);
        Node->Operation = TypeCommon(CheckArithmeticType(Node->Left), CheckArithmeticType(Node->Right));
    }
}

static VOID CheckBinary(COMPILER *Compiler, NODE *Node)
{
    CheckExpression(Compiler, Node->Left);
    CheckExpression(Compiler, Node->Right);
    if (CheckTextComparison(Node)) {
        return;
    }
    if (!CheckIsNumber(Node->Left->Type) || !CheckIsNumber(Node->Right->Type)) {
        CheckFail(Compiler, Node, "this operator wants two numbers");
        return;
    }
    if (CheckPointerArithmetic(Compiler, Node)) {
        return;
    }
    CheckArithmetic(Node);
    Node->Type = CheckIsComparison(Node->Operator) ? &g_TypeS32 : Node->Operation;
    CheckFold(Node);
}

static VOID CheckLogical(COMPILER *Compiler, NODE *Node)
{
    CheckExpression(Compiler, Node->Left);
    CheckExpression(Compiler, Node->Right);
    Node->Type = &g_TypeS32;
    if (!CheckIsNumber(Node->Left->Type) || !CheckIsNumber(Node->Right->Type)) {
        CheckFail(Compiler, Node, "this operator wants two numbers");
    } else if (Node->Left->IsConstant && Node->Right->IsConstant) {
        CheckBecomeNumber(Node,
                          Node->Operator == TOKEN_LOGICAL_AND ? Node->Left->Value && Node->Right->Value
                                                              : Node->Left->Value || Node->Right->Value,
                          &g_TypeS32, FALSE);
    }
}

static VOID CheckConditional(COMPILER *Compiler, NODE *Node)
{
    TYPE *Left;
    TYPE *Right;

    CheckExpression(Compiler, Node->Left);
    CheckExpression(Compiler, Node->Right);
    CheckExpression(Compiler, Node->Third);
    CheckPartner(Node->Right, Node->Third);
    CheckPartner(Node->Third, Node->Right);
    Left  = Node->Right->Type;
    Right = Node->Third->Type;
    if (!CheckIsNumber(Node->Left->Type) || !CheckIsNumber(Left) || !CheckIsNumber(Right)) {
        CheckFail(Compiler, Node, "? : wants numbers");
    } else if (Left->Kind == TYPE_INTEGER && Right->Kind == TYPE_INTEGER) {
        Node->Type = TypeCommon(Left, Right);
    } else if (Left->Kind == TYPE_STRING && Right->Kind == TYPE_STRING) {
        Node->Type = Left->Size > Right->Size ? Left : Right;
    } else {
        Node->Type = Left->Kind == TYPE_POINTER ? Left : Right->Kind == TYPE_POINTER ? Right : &g_TypeU64;
    }
    if (Node->Type->Kind != TYPE_STRING && Node->Left->IsConstant && Node->Right->IsConstant &&
        Node->Third->IsConstant) {
        CheckBecomeNumber(Node,
                          TypeNormalize(Node->Type, (Node->Left->Value ? Node->Right : Node->Third)->Value),
                          Node->Type, FALSE);
    }
}

/* --- places --- */

BOOLEAN CheckIsLvalue(const NODE *Node)
{
    switch (Node->Kind) {
    case NODE_NAME:
    case NODE_GLOBAL:
    case NODE_REGISTER:
    case NODE_DEREFERENCE:
    case NODE_PHYSICAL:
    case NODE_INDEX:
    case NODE_MEMBER:
        return TRUE;
    default:
        return FALSE;
    }
}

static VOID CheckDereference(COMPILER *Compiler, NODE *Node)
{
    TYPE *Type;

    CheckExpression(Compiler, Node->Left);
    Type = Node->Left->Type;
    if (!CheckIsNumber(Type)) {
        CheckFail(Compiler, Node, "this is no address");
    } else if (Node->CastType != NULL) {
        Node->Type = Node->CastType;
    } else if (CheckIsPointer(Type)) {
        Node->Type = Type->Target;
        if (!TypeComplete(Compiler, Node->Type)) {
            CompilerError(Compiler, &Node->Position, "%.200s points to an incomplete type",
                          TypeName(Compiler, Type));
            Node->Type = &g_TypeError;
        }
    } else {
        Node->Type = &g_TypeU64;
    }
}

/* Marks the variable that a place lies in as one that lives in memory. */
VOID CheckNeedsMemory(NODE *Node)
{
    while ((Node->Kind == NODE_MEMBER && !Node->IsArrow) ||
           (Node->Kind == NODE_INDEX && Node->Left->Type->Kind == TYPE_ARRAY)) {
        Node = Node->Left;
    }
    if (Node->Kind == NODE_NAME && Node->Symbol != NULL) {
        Node->Symbol->NeedsMemory = TRUE;
    }
}

static BOOLEAN CheckIsMap(const NODE *Node)
{
    return (Node->Kind == NODE_NAME || Node->Kind == NODE_INDEX) && Node->Symbol != NULL &&
           Node->Symbol->Kind == SYMBOL_MAP;
}

static VOID CheckAddress(COMPILER *Compiler, NODE *Node)
{
    NODE *Left = Node->Left;

    CheckExpression(Compiler, Left);
    if (Left->Type->Kind == TYPE_ERROR) {
        Node->Type = &g_TypeError;
        return;
    }
    /* &function of the kernel: its symbol is an address already. */
    if (Left->Kind == NODE_NUMBER && Left->Text != NULL) {
        CheckBecomeNumber(Node, Left->Value, &g_TypeU64, FALSE);
        return;
    }
    if (!CheckIsLvalue(Left) || Left->Kind == NODE_REGISTER || Left->Kind == NODE_PHYSICAL ||
        CheckIsMap(Left) || (Left->Kind == NODE_MEMBER && Left->Member->BitSize != 0)) {
        CheckFail(Compiler, Node, "this has no address");
        return;
    }
    CheckNeedsMemory(Left);
    Node->Type = TypePointerTo(Compiler, Left->Type);
}

static VOID CheckPhysical(COMPILER *Compiler, NODE *Node)
{
    CheckExpression(Compiler, Node->Left);
    Node->Type = Node->CastType;
    if (!CheckIsNumber(Node->Left->Type)) {
        CheckFail(Compiler, Node, "this is no address");
    }
}

static VOID CheckIndex(COMPILER *Compiler, NODE *Node)
{
    if (CheckMap(Compiler, Node) != NULL) {
        Node->Type = Node->Symbol->Type != NULL ? Node->Symbol->Type : &g_TypeU64;
        return;
    }
    if (Node->Left->Type == NULL) {
        CheckExpression(Compiler, Node->Left);
    }
    if (Node->Right == NULL || Node->Right->Next != NULL) {
        CheckFail(Compiler, Node, "an array has one index");
        return;
    }
    CheckExpression(Compiler, Node->Right);
    if (Node->Left->Type->Kind == TYPE_ERROR || Node->Right->Type->Kind == TYPE_ERROR) {
        Node->Type = &g_TypeError;
    } else if (!CheckIsPointer(Node->Left->Type) || !TypeIsScalar(Node->Right->Type)) {
        CheckFail(Compiler, Node, "this is no array");
    } else if (!TypeComplete(Compiler, Node->Left->Type->Target)) {
        CheckFail(Compiler, Node, "the elements have an incomplete type");
    } else {
        Node->Type = Node->Left->Type->Target;
    }
}

static VOID CheckMember(COMPILER *Compiler, NODE *Node)
{
    TYPE *Record;

    CheckExpression(Compiler, Node->Left);
    Record = Node->Left->Type;
    if (Record->Kind == TYPE_ERROR) {
        Node->Type = &g_TypeError;
        return;
    }
    if (Node->IsArrow) {
        Record = CheckIsPointer(Record) ? Record->Target : &g_TypeVoid;
    }
    if (Record->Kind != TYPE_RECORD) {
        CompilerError(Compiler, &Node->Position, "%.200s has no members%s",
                      TypeName(Compiler, Node->Left->Type),
                      !Node->IsArrow && CheckIsPointer(Record) ? " (a pointer wants ->)" : "");
        Node->Type = &g_TypeError;
        return;
    }
    Node->Member = TypeMember(Compiler, Record, Node->Text, &Node->MemberBits);
    if (Node->Member == NULL) {
        CompilerError(Compiler, &Node->Position, "%.200s has no member '%.64s'", TypeName(Compiler, Record),
                      Node->Text);
        Node->Type = &g_TypeError;
        return;
    }
    Node->Type = Node->Member->Type;
    if (Node->Type->Kind == TYPE_ERROR) {
        CompilerError(Compiler, &Node->Position, "scripts have no type for member '%.64s'", Node->Text);
    }
    if (Node->Type->Kind == TYPE_RECORD) {
        TypeComplete(Compiler, Node->Type);
    }
}

static VOID CheckCast(COMPILER *Compiler, NODE *Node)
{
    CheckExpression(Compiler, Node->Left);
    Node->Type = Node->CastType;
    if (Node->Left->Type->Kind == TYPE_ERROR || Node->Type->Kind == TYPE_ERROR) {
        Node->Type = &g_TypeError;
    } else if (!TypeIsScalar(Node->Type)) {
        CheckFail(Compiler, Node, "a cast gives a number or a pointer");
    } else if (!CheckIsNumber(Node->Left->Type)) {
        CheckFail(Compiler, Node, "this is no number");
    } else if (Node->Left->IsConstant) {
        CheckBecomeNumber(Node, TypeNormalize(Node->Type, Node->Left->Value), Node->Type, FALSE);
    }
}

static VOID CheckSizeof(COMPILER *Compiler, NODE *Node)
{
    TYPE *Type = Node->CastType;

    if (Type == NULL) {
        CheckExpression(Compiler, Node->Left);
        Type = Node->Left->Type;
    }
    if (!TypeComplete(Compiler, Type)) {
        CompilerError(Compiler, &Node->Position, "%.200s is incomplete", TypeName(Compiler, Type));
        Node->Type = &g_TypeError;
        return;
    }
    CheckBecomeNumber(Node, Type->Size, &g_TypeS64, TRUE);
}

/* Offset in bytes of a chain of members and indexes that begins in a type; FALSE if reported. *Type is its
 * end's. */
static BOOLEAN CheckPath(COMPILER *Compiler, NODE *Node, TYPE *Root, UINT64 *Offset, TYPE **Type)
{
    MEMBER *Member;
    UINT64 Bits  = 0;
    UINT64 Index = 0;

    if (Node->Kind == NODE_NOTHING) {
        *Offset = 0;
        *Type   = Root;
        return TRUE;
    }
    if (!CheckPath(Compiler, Node->Left, Root, Offset, Type)) {
        return FALSE;
    }
    if (Node->Kind == NODE_INDEX) {
        if ((*Type)->Kind != TYPE_ARRAY || Node->Right == NULL ||
            !CheckConstant(Compiler, Node->Right, &Index)) {
            CompilerError(Compiler, &Node->Position, "this is no array with a constant index");
            return FALSE;
        }
        *Type = (*Type)->Target;
        *Offset += Index * (*Type)->Size;
        return TRUE;
    }
    Member = (*Type)->Kind == TYPE_RECORD ? TypeMember(Compiler, *Type, Node->Text, &Bits) : NULL;
    if (Member == NULL || Member->BitSize != 0) {
        CompilerError(Compiler, &Node->Position, "%.200s has no member '%.64s' with an offset",
                      TypeName(Compiler, *Type), Node->Text);
        return FALSE;
    }
    *Offset += Bits / 8;
    *Type = Member->Type;
    return TRUE;
}

static VOID CheckOffset(COMPILER *Compiler, NODE *Node)
{
    UINT64 Offset = 0;
    TYPE *Type;

    if (Node->Kind == NODE_CONTAINER) {
        CheckExpression(Compiler, Node->Right);
    }
    Node->Type = &g_TypeError;
    if (!CheckPath(Compiler, Node->Left, Node->CastType, &Offset, &Type)) {
        return;
    }
    if (Node->Kind == NODE_OFFSETOF) {
        CheckBecomeNumber(Node, Offset, &g_TypeS64, TRUE);
        return;
    }
    Node->Value = Offset;
    Node->Type  = TypePointerTo(Compiler, Node->CastType);
    if (!CheckIsNumber(Node->Right->Type)) {
        CheckFail(Compiler, Node, "container_of wants a pointer");
    }
}

/* --- assignments --- */

/* A name that is assigned to without having been declared becomes a variable of the whole function. */
static BOOLEAN CheckIsNewName(COMPILER *Compiler, const NODE *Node)
{
    return Node->Kind == NODE_NAME && Compiler->Function != NULL &&
           SymbolFindLocal(Compiler, Node->Text) == NULL &&
           SymbolFind(Compiler, Node->Text, 1u << SYMBOL_MAP | 1u << SYMBOL_CONSTANT) == NULL &&
           strchr(Node->Text, '!') == NULL;
}

static VOID CheckNewVariable(COMPILER *Compiler, NODE *Node, TYPE *Type)
{
    SYMBOL *Symbol = CompilerTake(Compiler, sizeof(*Symbol));

    Symbol->Kind     = SYMBOL_VARIABLE;
    Symbol->Name     = Node->Text;
    Symbol->Position = Node->Position;
    Symbol->Type =
        Type->Kind == TYPE_INTEGER || !CheckIsNumber(Type) || Type->Kind == TYPE_ARRAY ? &g_TypeU64 : Type;
    Symbol->Next     = Compiler->Locals;
    Compiler->Locals = Symbol;
}

static BOOLEAN CheckCanTake(const TYPE *To, const TYPE *From)
{
    if (To->Kind == TYPE_RECORD) {
        return TypeSame(To, From);
    }
    if (To->Kind == TYPE_STRING) {
        return From->Kind == TYPE_STRING || From->Kind == TYPE_POINTER || From->Kind == TYPE_ARRAY;
    }
    if (To->Kind == TYPE_ARRAY) {
        return To->Target->Size == 1 && From->Kind == TYPE_STRING;
    }
    return TypeIsScalar(To) && CheckIsNumber(From);
}

static VOID CheckCompound(COMPILER *Compiler, NODE *Node)
{
    if (Node->Left->Type->Kind == TYPE_ERROR || Node->Right->Type->Kind == TYPE_ERROR) {
        Node->Operation = &g_TypeError;
        return;
    }
    if (!TypeIsScalar(Node->Left->Type) || !TypeIsScalar(Node->Right->Type)) {
        CheckFail(Compiler, Node, "this operator wants two numbers");
        return;
    }
    if (Node->Left->Type->Kind == TYPE_POINTER && CheckPointerArithmetic(Compiler, Node)) {
        Node->Type = Node->Left->Type;
        return;
    }
    CheckArithmetic(Node);
}

static VOID CheckAssign(COMPILER *Compiler, NODE *Node)
{
    NODE *Left = Node->Left;

    if (CheckIsAggregation(Node->Right)) {
        CheckAggregation(Compiler, Node);
        return;
    }
    CheckExpression(Compiler, Node->Right);
    if (CheckIsNewName(Compiler, Left)) {
        if (Node->Right->Type->Kind == TYPE_STACK || Node->Right->Type->Kind == TYPE_VOID) {
            CheckFail(Compiler, Node, "this cannot be kept in a variable");
            return;
        }
        CheckNewVariable(Compiler, Left, Node->Right->Type);
    }
    CheckExpression(Compiler, Left);
    Node->Type = Left->Type;
    if (CheckIsMap(Left)) {
        CheckMapAssign(Compiler, Node);
        return;
    }
    if (!CheckIsLvalue(Left)) {
        if (Left->Type->Kind != TYPE_ERROR) {
            CheckFail(Compiler, Node, "this cannot be assigned to");
        }
        return;
    }
    if (Node->Operator != TOKEN_ASSIGN) {
        CheckCompound(Compiler, Node);
    } else if (Left->Type->Kind != TYPE_ERROR && Node->Right->Type->Kind != TYPE_ERROR &&
               !CheckCanTake(Left->Type, Node->Right->Type)) {
        CompilerError(Compiler, &Node->Position, "cannot put %.200s into %.200s",
                      TypeName(Compiler, Node->Right->Type), TypeName(Compiler, Left->Type));
        Node->Type = &g_TypeError;
    }
}

/* ++x is x += 1, and so it is checked; x++ differs in its value only. */
static VOID CheckStep(COMPILER *Compiler, NODE *Node)
{
    NODE *One = CompilerTake(Compiler, sizeof(*One));

    One->Kind     = NODE_NUMBER;
    One->Position = Node->Position;
    CheckBecomeNumber(One, 1, &g_TypeS64, TRUE);
    Node->Right = One;
    if (CheckIsNewName(Compiler, Node->Left)) {
        CheckNewVariable(Compiler, Node->Left, &g_TypeU64);
    }
    CheckExpression(Compiler, Node->Left);
    Node->Type = Node->Left->Type;
    if (CheckIsMap(Node->Left)) {
        CheckMapAssign(Compiler, Node);
    } else if (!CheckIsLvalue(Node->Left)) {
        if (Node->Type->Kind != TYPE_ERROR) {
            CheckFail(Compiler, Node, "this cannot be assigned to");
        }
    } else {
        CheckCompound(Compiler, Node);
    }
}

/* --- the whole --- */

static VOID CheckNumber(COMPILER *Compiler, NODE *Node)
{
    (void)Compiler;
    CheckBecomeNumber(Node, Node->Value, CheckBareType(Node->Value), TRUE);
}

static VOID CheckString(COMPILER *Compiler, NODE *Node)
{
    if (Node->Operator == TOKEN_WIDE_STRING) {
        Node->Type = TypePointerTo(Compiler, &g_TypeU16);
    } else {
        Node->Type = TypeStringOf(Compiler, Node->Length + 1);
    }
}

static VOID CheckOnce(COMPILER *Compiler, NODE *Node)
{
    Node->Site = Compiler->SiteCount++;
    Node->Type = &g_TypeS32;
    if (Node->Left != NULL) {
        CheckExpression(Compiler, Node->Left);
        if (!TypeIsScalar(Node->Left->Type)) {
            CheckFail(Compiler, Node, "every(n) wants a number");
        }
    }
}

static VOID CheckMisplacedList(COMPILER *Compiler, NODE *Node)
{
    CheckFail(Compiler, Node, "a list of values can only follow a declaration");
}

VOID CheckExpression(COMPILER *Compiler, NODE *Node)
{
    /* ORDER NODE_KIND, expressions */
    static VOID (*const Checks[NODE_KIND_COUNT])(COMPILER * Compiler, NODE * Node) = {
        [NODE_NUMBER]      = CheckNumber,
        [NODE_STRING]      = CheckString,
        [NODE_NAME]        = CheckName,
        [NODE_GLOBAL]      = CheckGlobal,
        [NODE_REGISTER]    = CheckRegister,
        [NODE_PSEUDO]      = CheckPseudo,
        [NODE_ARGUMENT]    = CheckArgument,
        [NODE_UNARY]       = CheckUnary,
        [NODE_DEREFERENCE] = CheckDereference,
        [NODE_ADDRESS]     = CheckAddress,
        [NODE_PHYSICAL]    = CheckPhysical,
        [NODE_BINARY]      = CheckBinary,
        [NODE_LOGICAL]     = CheckLogical,
        [NODE_CONDITIONAL] = CheckConditional,
        [NODE_ASSIGN]      = CheckAssign,
        [NODE_STEP]        = CheckStep,
        [NODE_CALL]        = CheckCall,
        [NODE_INDEX]       = CheckIndex,
        [NODE_MEMBER]      = CheckMember,
        [NODE_CAST]        = CheckCast,
        [NODE_SIZEOF]      = CheckSizeof,
        [NODE_OFFSETOF]    = CheckOffset,
        [NODE_CONTAINER]   = CheckOffset,
        [NODE_ONCE]        = CheckOnce,
        [NODE_EVERY]       = CheckOnce,
        [NODE_LIST]        = CheckMisplacedList,
    };

    Checks[Node->Kind](Compiler, Node);
}

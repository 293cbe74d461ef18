// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * CheckCall.c - the check: calls, printf, maps and aggregations.
 *
 * Context: user space.
 */
#include <string.h>

#include "script/engine/Tree.h"
#include "script/eval/Format.h"
#include "script/eval/Opcode.h"

static VOID CheckFail(COMPILER *Compiler, NODE *Node, const CHAR *Message)
{
    CompilerError(Compiler, &Node->Position, "%s", Message);
    Node->Type = &g_TypeError;
}

static UINT32 CheckCount(const NODE *List)
{
    UINT32 Count = 0;

    for (; List != NULL; List = List->Next) {
        Count++;
    }
    return Count;
}

static BOOLEAN CheckArgumentCount(COMPILER *Compiler, NODE *Node, UINT32 Count)
{
    UINT32 Given = CheckCount(Node->Right);

    if (Given == Count) {
        return TRUE;
    }
    CompilerError(Compiler, &Node->Position, "%.64s takes %u argument%s, not %u", Node->Text, Count,
                  Count == 1 ? "" : "s", Given);
    Node->Type = &g_TypeError;
    return FALSE;
}

/* All arguments, each a number or an address. */
static VOID CheckNumbers(COMPILER *Compiler, NODE *List)
{
    for (; List != NULL; List = List->Next) {
        CheckExpression(Compiler, List);
        if (List->Type->Kind != TYPE_ERROR && !CheckIsNumber(List->Type)) {
            CheckFail(Compiler, List, "an argument is a number or an address");
        }
    }
}

/* --- printf --- */

static BOOLEAN CheckIsCharacters(const TYPE *Type)
{
    return Type->Kind == TYPE_ARRAY && Type->Target->Kind == TYPE_INTEGER && Type->Target->Size == 1;
}

/* How a block keeps an argument that a conversion is to show; SCRIPT_TYPE_KIND_COUNT if it cannot. */
static UINT32 CheckShownKind(const SCRIPT_CONVERSION *Conversion, const TYPE *Type)
{
    if (Conversion->Wide) {
        return SCRIPT_TYPE_WIDE;
    }
    switch (Type->Kind) {
    case TYPE_SYMBOL:
        return SCRIPT_TYPE_SYMBOL;
    case TYPE_DATE:
        return SCRIPT_TYPE_DATE;
    case TYPE_TIME:
        return SCRIPT_TYPE_TIME;
    case TYPE_STACK:
        return SCRIPT_TYPE_STACK;
    case TYPE_STRING:
        return Conversion->Letter == 's' ? SCRIPT_TYPE_STRING : SCRIPT_TYPE_POINTER;
    case TYPE_INTEGER:
        return Conversion->Letter == 's' ? SCRIPT_TYPE_STRING : SCRIPT_TYPE_INTEGER;
    case TYPE_POINTER:
    case TYPE_ARRAY:
        return Conversion->Letter == 's' ? SCRIPT_TYPE_STRING : SCRIPT_TYPE_POINTER;
    default:
        return SCRIPT_TYPE_KIND_COUNT;
    }
}

/* The room for a string: its precision, what its type says, or the default. */
static UINT32 CheckShownSize(const SCRIPT_CONVERSION *Conversion, const TYPE *Type)
{
    UINT32 Size = SCRIPT_DEFAULT_STRING;

    if (Conversion->HasPrecision) {
        Size = Conversion->Precision + 1;
    } else if (Type->Kind == TYPE_STRING || CheckIsCharacters(Type)) {
        Size = Type->Size + 1 < SCRIPT_MAXIMUM_STRING ? (UINT32)Type->Size + 1 : SCRIPT_MAXIMUM_STRING;
    }
    Size = (Size + 7) & ~7u;
    return Size < SCRIPT_MAXIMUM_STRING ? Size : SCRIPT_MAXIMUM_STRING;
}

static VOID CheckShown(COMPILER *Compiler, NODE *Argument, const SCRIPT_CONVERSION *Conversion)
{
    UINT32 Kind = CheckShownKind(Conversion, Argument->Type);

    if (Argument->Type->Kind == TYPE_ERROR) {
        return;
    }
    if (Kind == SCRIPT_TYPE_KIND_COUNT || !ScriptConversionTakes(Conversion, Kind)) {
        CompilerError(Compiler, &Argument->Position, "%%%c cannot show %.200s", Conversion->Letter,
                      TypeName(Compiler, Argument->Type));
        return;
    }
    /* The emitter describes the argument with these. */
    Argument->ShownKind = Kind;
    Argument->ShownSize = CheckShownSize(Conversion, Argument->Type);
}

static VOID CheckConversions(COMPILER *Compiler, NODE *Node)
{
    NODE *Format     = Node->Right;
    NODE *Argument   = Format->Next;
    const CHAR *Text = Format->Text;
    SCRIPT_CONVERSION Conversion;
    const CHAR *Plain;
    UINT32 Length;

    while (ScriptNextConversion(&Text, &Plain, &Length, &Conversion)) {
        if (Conversion.Letter == 0 && Text[-1] == '%' && Text - 1 > Plain + Length) {
            continue;
        }
        if (Conversion.Letter == 0) {
            CompilerError(Compiler, &Format->Position, "unknown conversion '%.*s' in the format",
                          (int)(Text - Plain - Length), Plain + Length);
            return;
        }
        if (Argument == NULL) {
            CompilerError(Compiler, &Format->Position,
                          "the format has more conversions than there are arguments");
            return;
        }
        CheckShown(Compiler, Argument, &Conversion);
        Argument = Argument->Next;
    }
    if (Argument != NULL) {
        CompilerError(Compiler, &Argument->Position, "the format has no conversion for this argument");
    }
}

static VOID CheckPrintf(COMPILER *Compiler, NODE *Node)
{
    NODE *Argument;

    Node->Type = &g_TypeVoid;
    if (Node->Right == NULL || Node->Right->Kind != NODE_STRING || Node->Right->Operator != TOKEN_STRING) {
        CheckFail(Compiler, Node, "printf begins with a format in quotes");
        return;
    }
    if (strlen(Node->Right->Text) != Node->Right->Length) {
        CheckFail(Compiler, Node, "a format cannot contain \\0");
        return;
    }
    for (Argument = Node->Right->Next; Argument != NULL; Argument = Argument->Next) {
        CheckExpression(Compiler, Argument);
    }
    if (CheckCount(Node->Right) - 1 > SCRIPT_MAXIMUM_ARGUMENTS) {
        CheckFail(Compiler, Node, "limit SCRIPT_MAXIMUM_ARGUMENTS: too many arguments");
        return;
    }
    CheckConversions(Compiler, Node);
}

/* The map that print() names, which may be written further down only; NULL if it is another name. */
static SYMBOL *CheckShownMap(COMPILER *Compiler, NODE *Node)
{
    const SCRIPT_COMPILE_OPTIONS *Options = Compiler->Options;
    SYMBOL *Map;
    UINT64 Value;

    if (Node->Kind != NODE_NAME || SymbolFindLocal(Compiler, Node->Text) != NULL ||
        SymbolFind(Compiler, Node->Text, 1u << SYMBOL_CONSTANT) != NULL) {
        return NULL;
    }
    Map = SymbolFind(Compiler, Node->Text, 1u << SYMBOL_MAP);
    if (Map == NULL) {
        if (LexNameAsNumber(Node->Text, &Value) || BtfFindEnumerator(Compiler, Node->Text, &Value) ||
            (Options->FindSymbol != NULL && Options->FindSymbol(Options->Context, Node->Text, &Value))) {
            return NULL;
        }
        Map          = SymbolAdd(Compiler, SYMBOL_MAP, Node->Text, NULL, &Node->Position);
        Map->Entries = SCRIPT_DEFAULT_MAP_ENTRIES;
    }
    Map->IsShown = TRUE;
    return Map;
}

/* print(e) and formats(e) are printfs with a format of their own; print(map) shows the map. */
static VOID CheckPrint(COMPILER *Compiler, NODE *Node, const CHAR *NumberFormat, UINT32 Times)
{
    NODE *Argument = Node->Right;
    NODE *Format   = CompilerTake(Compiler, sizeof(*Format));
    NODE **End     = &Format->Next;

    if (!CheckArgumentCount(Compiler, Node, 1)) {
        return;
    }
    Node->Symbol = CheckShownMap(Compiler, Argument);
    if (Node->Symbol != NULL) {
        Node->Type = &g_TypeVoid;
        return;
    }
    CheckExpression(Compiler, Argument);
    if (Argument->Type->Kind != TYPE_INTEGER && Argument->Type->Kind != TYPE_POINTER) {
        NumberFormat = "%s\n";
        Times        = 1;
    }
    Format->Kind     = NODE_STRING;
    Format->Operator = TOKEN_STRING;
    Format->Position = Node->Position;
    Format->Text     = NumberFormat;
    Format->Length   = (UINT32)strlen(NumberFormat);
    Node->Value      = INTRINSIC_PRINTF;
    Node->Right      = Format;
    Node->Type       = &g_TypeVoid;
    for (; Times > 0; Times--) {
        *End  = CompilerTake(Compiler, sizeof(NODE));
        **End = *Argument;
        End   = &(*End)->Next;
    }
    CheckConversions(Compiler, Node);
}

/* --- maps --- */

static BOOLEAN CheckIsFree(COMPILER *Compiler, const CHAR *Name)
{
    UINT64 Value;

    return SymbolFindLocal(Compiler, Name) == NULL &&
           SymbolFind(Compiler, Name, 1u << SYMBOL_CONSTANT) == NULL &&
           (Compiler->Function != NULL || !LexNameAsNumber(Name, &Value));
}

/* What a part of a key is kept as. */
static TYPE *CheckKeyType(COMPILER *Compiler, NODE *Key)
{
    TYPE *Type = Key->Type;

    switch (Type->Kind) {
    case TYPE_INTEGER:
        return Type->Signed && !Key->IsBare ? &g_TypeS64 : &g_TypeU64;
    case TYPE_ARRAY:
        if (CheckIsCharacters(Type) && Type->Size <= SCRIPT_MAXIMUM_STRING) {
            return TypeStringOf(Compiler, (UINT32)Type->Size);
        }
        break;
    case TYPE_STRING:
    case TYPE_POINTER:
    case TYPE_SYMBOL:
    case TYPE_STACK:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_ERROR:
        return Type;
    default:
        break;
    }
    CompilerError(Compiler, &Key->Position, "%.200s cannot be a key", TypeName(Compiler, Type));
    return &g_TypeError;
}

/* A key of a map is the same in all its uses, except that strings may differ in length: the longest counts.
 */
static VOID CheckUnifyKey(COMPILER *Compiler, SYMBOL *Map, UINT32 Index, NODE *Key)
{
    TYPE *Type  = CheckKeyType(Compiler, Key);
    TYPE **Kept = &Map->KeyTypes[Index];

    if (Type->Kind == TYPE_ERROR || (*Kept)->Kind == TYPE_ERROR) {
        return;
    }
    if ((*Kept)->Kind != Type->Kind && ((*Kept)->Kind == TYPE_STRING || Type->Kind == TYPE_STRING ||
                                        (*Kept)->Kind == TYPE_STACK || Type->Kind == TYPE_STACK)) {
        CompilerError(Compiler, &Key->Position, "this part of the key of '%.64s' is %.200s elsewhere",
                      Map->Name, TypeName(Compiler, *Kept));
        return;
    }
    if (Type->Kind == TYPE_STRING && Type->Size > (*Kept)->Size) {
        *Kept = Type;
    }
}

static VOID CheckKeys(COMPILER *Compiler, SYMBOL *Map, NODE *Node)
{
    NODE *Keys   = Node->Kind == NODE_INDEX ? Node->Right : NULL;
    UINT32 Count = CheckCount(Keys);
    BOOLEAN New  = !Map->KeysKnown;
    NODE *Key;
    UINT32 Index = 0;

    if (New) {
        Map->KeysKnown = TRUE;
        Map->KeyCount  = Count;
        Map->KeyTypes  = CompilerTake(Compiler, Count * sizeof(TYPE *) + 1);
    }
    if (Count != Map->KeyCount || (Node->Kind == NODE_INDEX && Count == 0)) {
        CompilerError(Compiler, &Node->Position, "map '%.64s' has %u key%s, not %u", Map->Name, Map->KeyCount,
                      Map->KeyCount == 1 ? "" : "s", Count);
        Count = 0;
    }
    for (Key = Keys; Key != NULL; Key = Key->Next, Index++) {
        CheckExpression(Compiler, Key);
        if (Index >= Count) {
            continue;
        }
        if (New) {
            Map->KeyTypes[Index] = CheckKeyType(Compiler, Key);
        } else {
            CheckUnifyKey(Compiler, Map, Index, Key);
        }
    }
}

SYMBOL *CheckMap(COMPILER *Compiler, NODE *Node)
{
    NODE *Name = Node->Kind == NODE_INDEX ? Node->Left : Node;
    SYMBOL *Map;

    if (Name->Kind != NODE_NAME || !CheckIsFree(Compiler, Name->Text)) {
        return NULL;
    }
    Map = SymbolFind(Compiler, Name->Text, 1u << SYMBOL_MAP);
    if (Map == NULL) {
        Map          = SymbolAdd(Compiler, SYMBOL_MAP, Name->Text, NULL, &Name->Position);
        Map->Entries = SCRIPT_DEFAULT_MAP_ENTRIES;
    }
    Node->Symbol = Map;
    CheckKeys(Compiler, Map, Node);
    return Map;
}

/* name[key] = value, += and the other operators, ++ and --. */
VOID CheckMapAssign(COMPILER *Compiler, NODE *Node)
{
    SYMBOL *Map = Node->Left->Symbol;
    TYPE *Type  = Node->Right->Type;

    if (Type->Kind == TYPE_ERROR) {
        Node->Type = Type;
        return;
    }
    if (!TypeIsScalar(Type)) {
        CheckFail(Compiler, Node, "the value of a map is a number");
        return;
    }
    if (Node->Operator == TOKEN_ADD || Node->Operator == TOKEN_SUBTRACT) {
        Map->IsAdded = TRUE;
    } else {
        Map->IsAssigned = TRUE;
    }
    if (Map->Type == NULL) {
        Map->Type = Type->Kind == TYPE_INTEGER ? TypeInteger(8, Type->Signed && !Node->Right->IsBare) : Type;
        if (Type->Kind == TYPE_DATE || Type->Kind == TYPE_TIME) {
            Map->Type = &g_TypeU64;
        }
    }
    Node->Type      = Map->Type;
    Node->Operation = Map->Type->Kind == TYPE_INTEGER ? Map->Type : &g_TypeU64;
}

/* --- aggregations --- */

/* ORDER INTRINSIC, from INTRINSIC_COUNT_OF */
static const struct {
    UINT32 Kind;
    UINT32 Arguments;
} g_Aggregations[] = {
    {SCRIPT_MAP_COUNT, 0},   {SCRIPT_MAP_SUM, 1},  {SCRIPT_MAP_MIN, 1},   {SCRIPT_MAP_MAX, 1},
    {SCRIPT_MAP_AVERAGE, 1}, {SCRIPT_MAP_HIST, 1}, {SCRIPT_MAP_LHIST, 4},
};
STATIC_ASSERT(COUNT_OF(g_Aggregations) == INTRINSIC_COUNT - INTRINSIC_COUNT_OF);

BOOLEAN CheckIsAggregation(const NODE *Node)
{
    UINT32 Intrinsic;

    return Node->Kind == NODE_CALL && NamesFindIntrinsic(Node->Text, &Intrinsic) &&
           Intrinsic >= INTRINSIC_COUNT_OF;
}

static VOID CheckLhist(COMPILER *Compiler, NODE *Call, SYMBOL *Map)
{
    NODE *Minimum = Call->Right->Next;
    UINT64 Values[3];

    if (!CheckConstant(Compiler, Minimum, &Values[0]) ||
        !CheckConstant(Compiler, Minimum->Next, &Values[1]) ||
        !CheckConstant(Compiler, Minimum->Next->Next, &Values[2])) {
        return;
    }
    if (Map->IsAggregated && (Map->Minimum != (INT64)Values[0] || Map->Maximum != (INT64)Values[1] ||
                              Map->Step != (INT64)Values[2])) {
        CompilerError(Compiler, &Call->Position, "the buckets of '%.64s' are others elsewhere", Map->Name);
        return;
    }
    Map->Minimum = (INT64)Values[0];
    Map->Maximum = (INT64)Values[1];
    Map->Step    = (INT64)Values[2];
    if (Map->Step <= 0 || Map->Minimum >= Map->Maximum || (Values[1] - Values[0]) % Values[2] != 0 ||
        (Values[1] - Values[0]) / Values[2] > SCRIPT_MAXIMUM_BUCKETS - 2) {
        CompilerError(Compiler, &Call->Position,
                      "lhist(value, minimum, maximum, step): the range is at most %u whole steps (limit "
                      "SCRIPT_MAXIMUM_BUCKETS)",
                      SCRIPT_MAXIMUM_BUCKETS - 2);
    }
}

/* Signedness of what is aggregated; the first use decides. */
static VOID CheckAggregationSign(SYMBOL *Map, const NODE *Value)
{
    BOOLEAN Signed =
        Value != NULL && Value->Type->Kind == TYPE_INTEGER && Value->Type->Signed && !Value->IsBare;

    if (!Map->IsAggregated) {
        Map->Type = TypeInteger(8, Signed);
        if (Map->MapKind == SCRIPT_MAP_MIN || Map->MapKind == SCRIPT_MAP_MAX ||
            Map->MapKind == SCRIPT_MAP_AVERAGE) {
            Map->Minimum = Signed ? -1 : 0;
        }
    }
}

VOID CheckAggregation(COMPILER *Compiler, NODE *Assign)
{
    NODE *Call       = Assign->Right;
    UINT32 Intrinsic = 0;
    SYMBOL *Map;
    UINT32 Kind;

    NamesFindIntrinsic(Call->Text, &Intrinsic);
    Assign->Type = &g_TypeVoid;
    Kind         = g_Aggregations[Intrinsic - INTRINSIC_COUNT_OF].Kind;
    if (!CheckArgumentCount(Compiler, Call, g_Aggregations[Intrinsic - INTRINSIC_COUNT_OF].Arguments)) {
        return;
    }
    CheckNumbers(Compiler, Call->Right);
    Map = Assign->Operator == TOKEN_ASSIGN ? CheckMap(Compiler, Assign->Left) : NULL;
    if (Map == NULL) {
        CheckFail(Compiler, Assign, "an aggregation is assigned to a map: name[key] = count()");
        return;
    }
    if (Map->IsAggregated && Map->MapKind != Kind) {
        CompilerError(Compiler, &Assign->Position, "map '%.64s' is another aggregation elsewhere", Map->Name);
        return;
    }
    Map->MapKind = Kind;
    CheckAggregationSign(Map, Call->Right);
    if (Kind == SCRIPT_MAP_LHIST) {
        CheckLhist(Compiler, Call, Map);
    }
    Map->IsAggregated  = TRUE;
    Assign->Left->Type = Map->Type;
    Call->Type         = Map->Type;
    Call->Value        = Intrinsic;
}

static VOID CheckDelete(COMPILER *Compiler, NODE *Node)
{
    SYMBOL *Map;

    Node->Type = &g_TypeVoid;
    if (!CheckArgumentCount(Compiler, Node, 1)) {
        return;
    }
    Map = Node->Right->Kind == NODE_INDEX ? CheckMap(Compiler, Node->Right) : NULL;
    if (Map == NULL) {
        CheckFail(Compiler, Node, "delete wants an element of a map: delete(name[key])");
        return;
    }
    Node->Right->Type = &g_TypeU64;
    Map->IsAssigned   = TRUE;
}

/* --- calls --- */

static VOID CheckUserCall(COMPILER *Compiler, NODE *Node)
{
    SYMBOL *Function = Node->Symbol;

    Node->Type = Function->Type;
    if (Function->Body == NULL) {
        CompilerError(Compiler, &Node->Position, "function '%.64s' is declared but not defined", Node->Text);
        Node->Type = &g_TypeError;
        return;
    }
    CheckNumbers(Compiler, Node->Right);
    if (CheckArgumentCount(Compiler, Node, Function->ParameterCount)) {
        Node->Type = Function->Type;
    }
}

/* The interlocked functions and the locks take a variable or its address: both spellings are in use. */
static VOID CheckSharedArgument(COMPILER *Compiler, NODE *Node)
{
    NODE *Argument = Node->Right;
    NODE *Address;

    if (Argument == NULL || (Argument->Kind != NODE_GLOBAL && Argument->Kind != NODE_NAME) ||
        (Argument->Kind == NODE_NAME && SymbolFindLocal(Compiler, Argument->Text) == NULL)) {
        return;
    }
    CheckExpression(Compiler, Argument);
    if (Argument->Type->Kind != TYPE_INTEGER) {
        return;
    }
    if (Argument->Type->Size != 8) {
        CompilerError(Compiler, &Argument->Position, "an interlocked function wants a variable of 8 bytes");
        return;
    }
    Address           = CompilerTake(Compiler, sizeof(*Address));
    Address->Kind     = NODE_ADDRESS;
    Address->Position = Argument->Position;
    Address->Left     = Argument;
    Address->Next     = Argument->Next;
    Argument->Next    = NULL;
    Node->Right       = Address;
}

static VOID CheckBuiltin(COMPILER *Compiler, NODE *Node, UINT32 Builtin)
{
    if (Builtin >= SCRIPT_BUILTIN_INTERLOCKED_INCREMENT && Builtin <= SCRIPT_BUILTIN_SPINLOCK_UNLOCK) {
        CheckSharedArgument(Compiler, Node);
    }
    CheckNumbers(Compiler, Node->Right);
    Node->Value = INTRINSIC_COUNT + Builtin;
    Node->Type  = &g_TypeU64;
    if (Builtin == SCRIPT_BUILTIN_STRCMP || Builtin == SCRIPT_BUILTIN_STRNCMP ||
        Builtin == SCRIPT_BUILTIN_MEMCMP || Builtin == SCRIPT_BUILTIN_WCSCMP ||
        Builtin == SCRIPT_BUILTIN_WCSNCMP) {
        Node->Type = &g_TypeS32;
    }
    CheckArgumentCount(Compiler, Node, g_ScriptBuiltins[Builtin].Arguments);
}

/* str(address) and str(address, size): the string there, as a value. */
static VOID CheckStr(COMPILER *Compiler, NODE *Node)
{
    UINT64 Size = SCRIPT_DEFAULT_STRING;

    if (CheckCount(Node->Right) == 2) {
        CheckNumbers(Compiler, Node->Right);
        if (!CheckConstant(Compiler, Node->Right->Next, &Size)) {
            Node->Type = &g_TypeError;
            return;
        }
        Node->Right->Next = NULL;
    } else if (CheckArgumentCount(Compiler, Node, 1)) {
        CheckNumbers(Compiler, Node->Right);
    } else {
        return;
    }
    if (Size == 0 || Size > SCRIPT_MAXIMUM_STRING) {
        CheckFail(Compiler, Node,
                  "limit SCRIPT_MAXIMUM_STRING: a string has 1 to 256 characters with its end");
        return;
    }
    Node->Length = (UINT32)Size;
    Node->Type   = TypeStringOf(Compiler, (UINT32)Size);
}

static VOID CheckIntrinsic(COMPILER *Compiler, NODE *Node, UINT32 Intrinsic)
{
    Node->Value = Intrinsic;
    Node->Type  = &g_TypeVoid;
    switch (Intrinsic) {
    case INTRINSIC_PRINTF:
        CheckPrintf(Compiler, Node);
        break;
    case INTRINSIC_PRINT:
        CheckPrint(Compiler, Node, "%x\n", 1);
        break;
    case INTRINSIC_FORMATS:
        CheckPrint(Compiler, Node, "hex %x, decimal %d, unsigned %u, octal %o\n", 4);
        break;
    case INTRINSIC_KSYM:
        CheckNumbers(Compiler, Node->Right);
        Node->Type = &g_TypeSymbol;
        CheckArgumentCount(Compiler, Node, 1);
        break;
    case INTRINSIC_KSTACK:
        Node->Type = &g_TypeStack;
        CheckArgumentCount(Compiler, Node, 0);
        break;
    case INTRINSIC_STR:
        CheckStr(Compiler, Node);
        break;
    case INTRINSIC_STOP:
        CheckArgumentCount(Compiler, Node, 0);
        break;
    case INTRINSIC_DELETE:
        CheckDelete(Compiler, Node);
        break;
    default: /* eb, ed, eq and their physical sisters */
        CheckNumbers(Compiler, Node->Right);
        Node->Type = &g_TypeU64;
        CheckArgumentCount(Compiler, Node, 2);
        break;
    }
}

VOID CheckCall(COMPILER *Compiler, NODE *Node)
{
    UINT32 Number;

    Node->Symbol = SymbolFind(Compiler, Node->Text, 1u << SYMBOL_FUNCTION);
    if (Node->Symbol != NULL) {
        CheckUserCall(Compiler, Node);
    } else if (CheckIsAggregation(Node)) {
        CheckFail(Compiler, Node, "an aggregation is assigned to a map: name[key] = count()");
    } else if (NamesFindIntrinsic(Node->Text, &Number)) {
        CheckIntrinsic(Compiler, Node, Number);
    } else if (NamesFindBuiltin(Node->Text, &Number)) {
        CheckBuiltin(Compiler, Node, Number);
    } else {
        CompilerError(Compiler, &Node->Position, "unknown function '%.64s'", Node->Text);
        Node->Type = &g_TypeError;
    }
}

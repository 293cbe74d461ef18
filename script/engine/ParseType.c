// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * ParseType.c - the parser: types and declarators.
 *
 * Context: user space.
 */
#include <string.h>

#include "script/engine/Parse.h"

static TYPE *ParseFindTypedef(const PARSER *Parser, const CHAR *Name)
{
    SYMBOL *Symbol = SymbolFind(Parser->Compiler, Name, 1u << SYMBOL_TYPEDEF);
    const SYMBOL *Declared;

    for (Declared = Parser->Declared; Declared != NULL; Declared = Declared->Next) {
        if (strcmp(Declared->Name, Name) == 0) {
            return NULL;
        }
    }
    return Symbol != NULL ? Symbol->Type : BtfFindTypedef(Parser->Compiler, Name);
}

BOOLEAN ParseIsType(const PARSER *Parser, UINT32 Ahead)
{
    const TOKEN *Token = ParsePeek(Parser, Ahead);

    switch (Token->Kind) {
    case KEYWORD_STRUCT:
    case KEYWORD_UNION:
    case KEYWORD_ENUM:
    case KEYWORD_VOID:
    case KEYWORD_BOOL:
    case KEYWORD_CHAR:
    case KEYWORD_SHORT:
    case KEYWORD_INT:
    case KEYWORD_LONG:
    case KEYWORD_SIGNED:
    case KEYWORD_UNSIGNED:
    case KEYWORD_FLOAT:
    case KEYWORD_DOUBLE:
        return TRUE;
    case TOKEN_NAME:
        return ParseFindTypedef(Parser, Token->Text) != NULL;
    default:
        return FALSE;
    }
}

/* A keyword of a type begins one always; a name only where what follows could not go on with an expression.
 */
BOOLEAN ParseIsDeclaration(const PARSER *Parser)
{
    TOKEN_KIND Next = ParsePeek(Parser, 1)->Kind;

    if (!ParseIs(Parser, TOKEN_NAME)) {
        return ParseIsType(Parser, 0);
    }
    return (Next == TOKEN_NAME || Next == TOKEN_MULTIPLY || Next == TOKEN_POINT) && ParseIsType(Parser, 0);
}

/* --- integers --- */

typedef struct _PARSE_WORDS {
    UINT32 Long, Short, Char, Int, Bool, Void, Signed, Unsigned, Floating;
} PARSE_WORDS;

static UINT32 *ParseWord(PARSE_WORDS *Words, TOKEN_KIND Kind)
{
    switch (Kind) {
    case KEYWORD_LONG:
        return &Words->Long;
    case KEYWORD_SHORT:
        return &Words->Short;
    case KEYWORD_CHAR:
        return &Words->Char;
    case KEYWORD_INT:
        return &Words->Int;
    case KEYWORD_BOOL:
        return &Words->Bool;
    case KEYWORD_VOID:
        return &Words->Void;
    case KEYWORD_SIGNED:
        return &Words->Signed;
    case KEYWORD_UNSIGNED:
        return &Words->Unsigned;
    case KEYWORD_FLOAT:
    case KEYWORD_DOUBLE:
        return &Words->Floating;
    default:
        return NULL;
    }
}

static TYPE *ParseWordsType(PARSER *Parser, const TOKEN *First, const PARSE_WORDS *Words)
{
    UINT32 Kinds = Words->Void + Words->Bool + Words->Char + Words->Short;

    if (Words->Floating > 0) {
        ParseError(Parser, First, "there is no floating point: scripts run in the kernel");
        return &g_TypeError;
    }
    if (Kinds > 1 || Words->Long > 2 || Words->Int > 1 || Words->Signed + Words->Unsigned > 1 ||
        (Kinds > 0 && Words->Long > 0) || ((Words->Void || Words->Bool || Words->Char) && Words->Int > 0) ||
        ((Words->Void || Words->Bool) && Words->Signed + Words->Unsigned > 0)) {
        ParseError(Parser, First, "these words together are no type");
        return &g_TypeError;
    }
    if (Words->Void) {
        return &g_TypeVoid;
    }
    if (Words->Bool) {
        return &g_TypeBool;
    }
    return TypeInteger(Words->Char ? 1 : Words->Short ? 2 : Words->Long ? 8 : 4, !Words->Unsigned);
}

static TYPE *ParseIntegerType(PARSER *Parser)
{
    const TOKEN *First = ParsePeek(Parser, 0);
    PARSE_WORDS Words  = {0};
    UINT32 *Word;

    for (;;) {
        if (ParseAccept(Parser, KEYWORD_CONST)) {
            continue;
        }
        Word = ParseWord(&Words, ParsePeek(Parser, 0)->Kind);
        if (Word == NULL) {
            return ParseWordsType(Parser, First, &Words);
        }
        (*Word)++;
        ParseTake(Parser);
    }
}

/* --- structures --- */

/* Members may be named as keywords are, and registers' names do not disturb. */
static VOID ParseMembers(PARSER *Parser, TYPE *Record)
{
    MEMBER **End = &Record->Members;

    while (!ParseIs(Parser, TOKEN_RIGHT_BRACE) && !ParseIs(Parser, TOKEN_END) && !Parser->Panic) {
        TYPE *Base = ParseTypeSpecifier(Parser);

        do {
            MEMBER *Member    = CompilerTake(Parser->Compiler, sizeof(*Member));
            const TOKEN *Name = ParsePeek(Parser, 0);
            BOOLEAN IsGlobal;
            NODE *Bits;
            UINT64 Value = 0;

            Member->Type = Base;
            if (!ParseIs(Parser, TOKEN_SEMICOLON)) {
                Member->Type = ParseDeclarator(Parser, Base, &Name, &IsGlobal);
                Member->Name = Name != NULL ? Name->Text : NULL;
            }
            if (ParseAccept(Parser, TOKEN_COLON)) {
                Bits = ParseExpression(Parser);
                if (!Parser->Panic && CheckConstant(Parser->Compiler, Bits, &Value)) {
                    Member->BitSize = (UINT32)Value;
                }
                if (Member->Type->Kind != TYPE_INTEGER || Value == 0 || Value > 8 * Member->Type->Size) {
                    ParseError(Parser, ParsePeek(Parser, 0), "width of a bit-field is wrong");
                    Member->BitSize = 0;
                }
            }
            if (Name != NULL && (!TypeComplete(Parser->Compiler, Member->Type) || Member->Type->Size == 0 ||
                                 Member->Type->Size > SCRIPT_MAXIMUM_GLOBAL_BYTES)) {
                ParseError(Parser, Name, "a member has an incomplete type");
                Member->Type = &g_TypeError;
            }
            *End = Member;
            End  = &Member->Next;
        } while (ParseAccept(Parser, TOKEN_COMMA));
        ParseExpect(Parser, TOKEN_SEMICOLON);
    }
}

static TYPE *ParseNamedRecord(PARSER *Parser, const TOKEN *Name, BOOLEAN IsUnion, BOOLEAN IsDefinition)
{
    COMPILER *Compiler = Parser->Compiler;
    SYMBOL *Symbol     = SymbolFind(Compiler, Name->Text, 1u << SYMBOL_RECORD);
    TYPE *Type         = NULL;

    if (Symbol == NULL && !IsDefinition) {
        Type = BtfFindRecord(Compiler, Name->Text, IsUnion);
    }
    if (Symbol != NULL) {
        Type = Symbol->Type;
        if (Type->IsUnion != IsUnion) {
            ParseError(Parser, Name, "this name is a struct and a union");
        }
    }
    if (Type == NULL) {
        Type          = CompilerTake(Compiler, sizeof(*Type));
        Type->Kind    = TYPE_RECORD;
        Type->Name    = Name->Text;
        Type->IsUnion = IsUnion;
        Type->Align   = 1;
        SymbolAdd(Compiler, SYMBOL_RECORD, Name->Text, Type, &Name->Position);
    }
    return Type;
}

static TYPE *ParseRecord(PARSER *Parser)
{
    BOOLEAN IsUnion   = ParseTake(Parser)->Kind == KEYWORD_UNION;
    const TOKEN *Name = ParseIs(Parser, TOKEN_NAME) ? ParseTake(Parser) : NULL;
    BOOLEAN HasBody   = ParseIs(Parser, TOKEN_LEFT_BRACE);
    TYPE *Type;

    if (Name != NULL) {
        Type = ParseNamedRecord(Parser, Name, IsUnion, HasBody);
    } else {
        Type          = CompilerTake(Parser->Compiler, sizeof(*Type));
        Type->Kind    = TYPE_RECORD;
        Type->IsUnion = IsUnion;
        Type->Align   = 1;
    }
    if (!HasBody) {
        if (Name == NULL) {
            ParseError(Parser, ParsePeek(Parser, 0), "a structure has a name or members");
        }
        return Type;
    }
    if (Type->IsComplete || Type->Members != NULL) {
        ParseError(Parser, ParsePeek(Parser, 0), "this structure is defined twice");
        return Type;
    }
    ParseEnter(Parser);
    ParseTake(Parser);
    ParseMembers(Parser, Type);
    ParseExpect(Parser, TOKEN_RIGHT_BRACE);
    ParseLeave(Parser);
    TypeLayOut(Type);
    if (Type->Size > SCRIPT_MAXIMUM_GLOBAL_BYTES) {
        ParseError(Parser, ParsePeek(Parser, 0),
                   "limit SCRIPT_MAXIMUM_GLOBAL_BYTES: this structure is too large");
        Type->Size = 8;
    }
    return Type;
}

static VOID ParseEnumerators(PARSER *Parser)
{
    COMPILER *Compiler = Parser->Compiler;
    UINT64 Value       = 0;

    do {
        const TOKEN *Name = ParsePeek(Parser, 0);
        NODE *Node;

        if (ParseIs(Parser, TOKEN_RIGHT_BRACE)) {
            return;
        }
        if (!ParseExpect(Parser, TOKEN_NAME)) {
            return;
        }
        if (ParseAccept(Parser, TOKEN_ASSIGN)) {
            Node = ParseExpression(Parser);
            if (Parser->Panic || !CheckConstant(Compiler, Node, &Value)) {
                return;
            }
        }
        SymbolAdd(Compiler, SYMBOL_CONSTANT, Name->Text, NULL, &Name->Position)->Value = Value;
        Value++;
    } while (ParseAccept(Parser, TOKEN_COMMA));
}

static TYPE *ParseEnum(PARSER *Parser)
{
    const TOKEN *Name;
    TYPE *Type = &g_TypeS32;

    ParseTake(Parser);
    Name = ParseIs(Parser, TOKEN_NAME) ? ParseTake(Parser) : NULL;
    if (ParseAccept(Parser, TOKEN_LEFT_BRACE)) {
        ParseEnumerators(Parser);
        ParseExpect(Parser, TOKEN_RIGHT_BRACE);
    } else if (Name != NULL) {
        Type = BtfFindEnum(Parser->Compiler, Name->Text);
        Type = Type != NULL ? Type : &g_TypeS32;
    } else {
        ParseError(Parser, ParsePeek(Parser, 0), "an enumeration has a name or members");
    }
    return Type;
}

TYPE *ParseTypeSpecifier(PARSER *Parser)
{
    const TOKEN *Token;
    TYPE *Type;

    while (ParseAccept(Parser, KEYWORD_CONST)) {
    }
    Token = ParsePeek(Parser, 0);
    switch (Token->Kind) {
    case KEYWORD_STRUCT:
    case KEYWORD_UNION:
        Type = ParseRecord(Parser);
        break;
    case KEYWORD_ENUM:
        Type = ParseEnum(Parser);
        break;
    case TOKEN_NAME:
        Type = ParseFindTypedef(Parser, Token->Text);
        if (Type == NULL) {
            ParseError(Parser, Token, CompilerPrint(Parser->Compiler, "'%.64s' is no type", Token->Text));
            return &g_TypeError;
        }
        ParseTake(Parser);
        break;
    default:
        if (!ParseIsType(Parser, 0)) {
            ParseError(
                Parser, Token,
                CompilerPrint(Parser->Compiler, "expected a type before %s", LexDescribe(Token->Kind)));
            return &g_TypeError;
        }
        return ParseIntegerType(Parser);
    }
    while (ParseAccept(Parser, KEYWORD_CONST)) {
    }
    return Type;
}

/* --- declarators --- */

static TYPE *ParsePointers(PARSER *Parser, TYPE *Type)
{
    UINT32 Count = 0;

    while (ParseIs(Parser, TOKEN_MULTIPLY) || ParseIs(Parser, KEYWORD_CONST)) {
        if (ParseTake(Parser)->Kind == TOKEN_MULTIPLY) {
            Type = TypePointerTo(Parser->Compiler, Type);
            if (++Count > COMPILER_MAXIMUM_NESTING) {
                ParseError(Parser, ParsePeek(Parser, 0), "too many pointers");
                return Type;
            }
        }
    }
    return Type;
}

/* [2][3] is an array of 2 arrays of 3: the last bound belongs to the innermost type. */
static TYPE *ParseBounds(PARSER *Parser, TYPE *Type)
{
    const TOKEN *Open = ParsePeek(Parser, 0);
    UINT64 Count      = 0;
    NODE *Bound;

    if (!ParseAccept(Parser, TOKEN_LEFT_BRACKET)) {
        return Type;
    }
    ParseEnter(Parser);
    if (!ParseIs(Parser, TOKEN_RIGHT_BRACKET)) {
        Bound = ParseExpression(Parser);
        if (!Parser->Panic && CheckConstant(Parser->Compiler, Bound, &Count) && Count == 0) {
            ParseError(Parser, Open, "an array has at least one element");
        }
    }
    ParseExpect(Parser, TOKEN_RIGHT_BRACKET);
    Type = ParseBounds(Parser, Type);
    ParseLeave(Parser);
    if (!TypeComplete(Parser->Compiler, Type) || (Type->Kind == TYPE_ARRAY && Type->Count == 0) ||
        Count > SCRIPT_MAXIMUM_GLOBAL_BYTES || Type->Size * Count > SCRIPT_MAXIMUM_GLOBAL_BYTES) {
        ParseError(Parser, Open, "size of this array is wrong (limit SCRIPT_MAXIMUM_GLOBAL_BYTES)");
        return &g_TypeError;
    }
    return TypeArrayOf(Parser->Compiler, Type, Count);
}

TYPE *ParseDeclarator(PARSER *Parser, TYPE *Base, const TOKEN **Name, BOOLEAN *IsGlobal)
{
    TYPE *Type = ParsePointers(Parser, Base);

    *IsGlobal = ParseAccept(Parser, TOKEN_POINT);
    *Name     = ParsePeek(Parser, 0);
    if (!ParseExpect(Parser, TOKEN_NAME)) {
        *Name = NULL;
        return Type;
    }
    return ParseBounds(Parser, Type);
}

TYPE *ParseTypeName(PARSER *Parser)
{
    return ParseBounds(Parser, ParsePointers(Parser, ParseTypeSpecifier(Parser)));
}

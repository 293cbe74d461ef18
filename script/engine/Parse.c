// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Parse.c - the parser: statements, declarations and functions. Recursive descent.
 *
 * Context: user space.
 */
#include <string.h>

#include "script/engine/Parse.h"

/* --- tokens --- */

const TOKEN *ParsePeek(const PARSER *Parser, UINT32 Ahead)
{
    UINT32 Last  = Parser->Compiler->TokenCount - 1;
    UINT32 Index = Ahead < Last - Parser->At ? Parser->At + Ahead : Last;

    return &Parser->Compiler->Tokens[Index];
}

const TOKEN *ParseTake(PARSER *Parser)
{
    const TOKEN *Token = ParsePeek(Parser, 0);

    if (Token->Kind != TOKEN_END) {
        Parser->At++;
    }
    return Token;
}

BOOLEAN ParseIs(const PARSER *Parser, TOKEN_KIND Kind)
{
    return ParsePeek(Parser, 0)->Kind == Kind;
}

BOOLEAN ParseAccept(PARSER *Parser, TOKEN_KIND Kind)
{
    if (!ParseIs(Parser, Kind)) {
        return FALSE;
    }
    ParseTake(Parser);
    return TRUE;
}

VOID ParseError(PARSER *Parser, const TOKEN *Token, const CHAR *Message)
{
    if (!Parser->Panic) {
        CompilerError(Parser->Compiler, &Token->Position, "%s", Message);
    }
    Parser->Panic = TRUE;
}

BOOLEAN ParseExpect(PARSER *Parser, TOKEN_KIND Kind)
{
    const TOKEN *Token = ParsePeek(Parser, 0);

    if (Token->Kind == Kind) {
        ParseTake(Parser);
        return TRUE;
    }
    ParseError(Parser, Token,
               CompilerPrint(Parser->Compiler, "expected %s before %s", LexDescribe(Kind),
                             LexDescribe(Token->Kind)));
    return FALSE;
}

VOID ParseEnter(PARSER *Parser)
{
    if (++Parser->Nesting > COMPILER_MAXIMUM_NESTING) {
        CompilerError(Parser->Compiler, &ParsePeek(Parser, 0)->Position,
                      "limit COMPILER_MAXIMUM_NESTING (%u) reached", COMPILER_MAXIMUM_NESTING);
        CompilerGiveUp(Parser->Compiler);
    }
}

VOID ParseLeave(PARSER *Parser)
{
    Parser->Nesting--;
}

NODE *ParseNode(PARSER *Parser, NODE_KIND Kind, const POSITION *Position)
{
    NODE *Node = CompilerTake(Parser->Compiler, sizeof(*Node));

    Node->Kind     = Kind;
    Node->Position = *Position;
    return Node;
}

static UINT32 ParseDepth(const NODE *List)
{
    UINT32 Depth = 0;

    for (; List != NULL; List = List->Next) {
        if (List->Depth > Depth) {
            Depth = List->Depth;
        }
    }
    return Depth;
}

NODE *ParseFinish(PARSER *Parser, NODE *Node)
{
    const NODE *Children[] = {Node->Left, Node->Right, Node->Third, Node->Fourth};
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Children); Index++) {
        UINT32 Depth = ParseDepth(Children[Index]) + 1;

        if (Depth > Node->Depth) {
            Node->Depth = Depth;
        }
    }
    if (Node->Depth > COMPILER_MAXIMUM_DEPTH) {
        CompilerError(Parser->Compiler, &Node->Position, "limit COMPILER_MAXIMUM_DEPTH (%u) reached",
                      COMPILER_MAXIMUM_DEPTH);
        CompilerGiveUp(Parser->Compiler);
    }
    return Node;
}

/* After an error: to the end of the statement, so that the next one is parsed from its beginning. */
static VOID ParseRecover(PARSER *Parser, UINT32 Start)
{
    UINT32 Braces = 0;

    if (!Parser->Panic) {
        return;
    }
    Parser->Panic = FALSE;
    while (!ParseIs(Parser, TOKEN_END)) {
        TOKEN_KIND Kind = ParsePeek(Parser, 0)->Kind;

        if (Kind == TOKEN_RIGHT_BRACE && Braces == 0) {
            break;
        }
        ParseTake(Parser);
        Braces += Kind == TOKEN_LEFT_BRACE;
        Braces -= Kind == TOKEN_RIGHT_BRACE;
        if (Braces == 0 && (Kind == TOKEN_SEMICOLON || Kind == TOKEN_RIGHT_BRACE)) {
            break;
        }
    }
    /* Whatever happens, there is progress. */
    if (Parser->At == Start) {
        ParseTake(Parser);
    }
}

/* --- statements --- */

static NODE *ParseStatement(PARSER *Parser);

/* Appends to a list and returns where the next one goes. */
static NODE **ParseAppend(NODE **End, NODE *Node)
{
    *End = Node;
    while (*End != NULL) {
        End = &(*End)->Next;
    }
    return End;
}

static NODE *ParseBlock(PARSER *Parser)
{
    NODE *Block = ParseNode(Parser, NODE_BLOCK, &ParsePeek(Parser, 0)->Position);
    NODE **End  = &Block->Right;

    ParseExpect(Parser, TOKEN_LEFT_BRACE);
    while (!ParseIs(Parser, TOKEN_RIGHT_BRACE) && !ParseIs(Parser, TOKEN_END) && !Parser->Panic) {
        End = ParseAppend(End, ParseStatement(Parser));
    }
    ParseExpect(Parser, TOKEN_RIGHT_BRACE);
    return ParseFinish(Parser, Block);
}

static NODE *ParseCondition(PARSER *Parser)
{
    NODE *Condition;

    ParseExpect(Parser, TOKEN_LEFT_PARENTHESIS);
    Condition = ParseExpression(Parser);
    ParseExpect(Parser, TOKEN_RIGHT_PARENTHESIS);
    return Condition;
}

static NODE *ParseIf(PARSER *Parser)
{
    NODE *Node = ParseNode(Parser, NODE_IF, &ParseTake(Parser)->Position);

    Node->Left  = ParseCondition(Parser);
    Node->Right = ParseStatement(Parser);
    if (ParseIs(Parser, KEYWORD_ELSIF)) {
        ParseEnter(Parser);
        Node->Third = ParseIf(Parser);
        ParseLeave(Parser);
    } else if (ParseAccept(Parser, KEYWORD_ELSE)) {
        Node->Third = ParseStatement(Parser);
    }
    return ParseFinish(Parser, Node);
}

static NODE *ParseWhile(PARSER *Parser)
{
    NODE *Node = ParseNode(Parser, NODE_WHILE, &ParseTake(Parser)->Position);

    Node->Left  = ParseCondition(Parser);
    Node->Right = ParseStatement(Parser);
    return ParseFinish(Parser, Node);
}

static NODE *ParseDo(PARSER *Parser)
{
    NODE *Node = ParseNode(Parser, NODE_DO, &ParseTake(Parser)->Position);

    Node->Right = ParseStatement(Parser);
    ParseExpect(Parser, KEYWORD_WHILE);
    Node->Left = ParseCondition(Parser);
    ParseExpect(Parser, TOKEN_SEMICOLON);
    return ParseFinish(Parser, Node);
}

/* Expressions separated by commas, as a list of statements. */
static NODE *ParseExpressions(PARSER *Parser)
{
    NODE *First = NULL;
    NODE **End  = &First;

    do {
        NODE *Node = ParseNode(Parser, NODE_EXPRESSION, &ParsePeek(Parser, 0)->Position);

        Node->Left = ParseExpression(Parser);
        End        = ParseAppend(End, ParseFinish(Parser, Node));
    } while (ParseAccept(Parser, TOKEN_COMMA));
    return First;
}

static NODE *ParseDeclaration(PARSER *Parser);

static NODE *ParseFor(PARSER *Parser)
{
    NODE *Node = ParseNode(Parser, NODE_FOR, &ParseTake(Parser)->Position);

    ParseExpect(Parser, TOKEN_LEFT_PARENTHESIS);
    if (ParseIsDeclaration(Parser)) {
        Node->Third = ParseDeclaration(Parser);
    } else {
        Node->Third = ParseIs(Parser, TOKEN_SEMICOLON) ? NULL : ParseExpressions(Parser);
        ParseExpect(Parser, TOKEN_SEMICOLON);
    }
    Node->Left = ParseIs(Parser, TOKEN_SEMICOLON) ? NULL : ParseExpression(Parser);
    ParseExpect(Parser, TOKEN_SEMICOLON);
    Node->Fourth = ParseIs(Parser, TOKEN_RIGHT_PARENTHESIS) ? NULL : ParseExpressions(Parser);
    ParseExpect(Parser, TOKEN_RIGHT_PARENTHESIS);
    Node->Right = ParseStatement(Parser);
    return ParseFinish(Parser, Node);
}

static NODE *ParseJump(PARSER *Parser)
{
    const TOKEN *Token = ParseTake(Parser);
    NODE *Node =
        ParseNode(Parser, Token->Kind == KEYWORD_BREAK ? NODE_BREAK : NODE_CONTINUE, &Token->Position);

    ParseExpect(Parser, TOKEN_SEMICOLON);
    return Node;
}

static NODE *ParseReturn(PARSER *Parser)
{
    NODE *Node = ParseNode(Parser, NODE_RETURN, &ParseTake(Parser)->Position);

    if (!ParseIs(Parser, TOKEN_SEMICOLON)) {
        Node->Left = ParseExpression(Parser);
    }
    ParseExpect(Parser, TOKEN_SEMICOLON);
    return ParseFinish(Parser, Node);
}

/* `once statement` and `every(n) statement`: short for an `if`. */
static NODE *ParseSite(PARSER *Parser)
{
    const TOKEN *Token = ParseTake(Parser);
    NODE *Node         = ParseNode(Parser, NODE_IF, &Token->Position);

    Node->Left = ParseNode(Parser, Token->Kind == KEYWORD_ONCE ? NODE_ONCE : NODE_EVERY, &Token->Position);
    if (Token->Kind == KEYWORD_EVERY) {
        Node->Left->Left = ParseCondition(Parser);
    }
    ParseFinish(Parser, Node->Left);
    Node->Right = ParseStatement(Parser);
    return ParseFinish(Parser, Node);
}

static NODE *ParseExpressionStatement(PARSER *Parser)
{
    NODE *List = ParseExpressions(Parser);

    ParseExpect(Parser, TOKEN_SEMICOLON);
    return List;
}

/* --- declarations --- */

static VOID ParseRemember(PARSER *Parser, const CHAR *Name)
{
    SYMBOL *Symbol = CompilerTake(Parser->Compiler, sizeof(*Symbol));

    Symbol->Name     = Name;
    Symbol->Next     = Parser->Declared;
    Parser->Declared = Symbol;
}

/* The variable of a declaration; globals exist once, however often they are declared. */
static SYMBOL *ParseVariable(PARSER *Parser, const TOKEN *Name, TYPE *Type, BOOLEAN IsGlobal)
{
    COMPILER *Compiler = Parser->Compiler;
    SYMBOL *Symbol;

    if (!IsGlobal) {
        ParseRemember(Parser, Name->Text);
        Symbol           = CompilerTake(Compiler, sizeof(*Symbol));
        Symbol->Kind     = SYMBOL_VARIABLE;
        Symbol->Name     = Name->Text;
        Symbol->Type     = Type;
        Symbol->Position = Name->Position;
        return Symbol;
    }
    Symbol = SymbolFind(Compiler, Name->Text, 1u << SYMBOL_GLOBAL);
    if (Symbol == NULL) {
        return SymbolAdd(Compiler, SYMBOL_GLOBAL, Name->Text, Type, &Name->Position);
    }
    if (!TypeSame(Symbol->Type, Type)) {
        ParseError(Parser, Name,
                   CompilerPrint(Compiler, "'.%.64s' was declared with another type", Name->Text));
    }
    return Symbol;
}

/* char text[] = "..."; int list[] = { ... }: the value gives the number of elements. */
static TYPE *ParseUnboundArray(PARSER *Parser, TYPE *Type, const NODE *Value)
{
    UINT64 Count = 0;
    const NODE *Element;

    if (Type->Kind != TYPE_ARRAY || Type->Count != 0 || Value == NULL) {
        return Type;
    }
    if (Value->Kind == NODE_STRING) {
        Count = Value->Length / Type->Target->Size + 1;
    }
    for (Element = Value->Kind == NODE_LIST ? Value->Right : NULL; Element != NULL; Element = Element->Next) {
        Count++;
    }
    return TypeArrayOf(Parser->Compiler, Type->Target, Count);
}

static NODE *ParseOneDeclaration(PARSER *Parser, TYPE *Base)
{
    BOOLEAN IsGlobal;
    const TOKEN *Name;
    TYPE *Type  = ParseDeclarator(Parser, Base, &Name, &IsGlobal);
    NODE *Node  = ParseNode(Parser, NODE_DECLARE, &(Name != NULL ? Name : ParsePeek(Parser, 0))->Position);
    NODE *Value = ParseAccept(Parser, TOKEN_ASSIGN) ? ParseInitializer(Parser) : NULL;

    if (Name == NULL) {
        return Node;
    }
    Type = ParseUnboundArray(Parser, Type, Value);
    if (!TypeComplete(Parser->Compiler, Type)) {
        ParseError(Parser, Name,
                   CompilerPrint(Parser->Compiler, "'%.64s' has an incomplete type: %.200s", Name->Text,
                                 TypeName(Parser->Compiler, Type)));
        Type = &g_TypeError;
    }
    if (Type->Size == 0 || Type->Size > SCRIPT_MAXIMUM_GLOBAL_BYTES) {
        ParseError(Parser, Name,
                   CompilerPrint(Parser->Compiler, "'%.64s' has no size or is too large", Name->Text));
        Type = &g_TypeError;
    }
    Node->Symbol = ParseVariable(Parser, Name, Type, IsGlobal);
    Node->Left   = Value;
    return ParseFinish(Parser, Node);
}

static NODE *ParseDeclaration(PARSER *Parser)
{
    TYPE *Base  = ParseTypeSpecifier(Parser);
    NODE *First = NULL;
    NODE **End  = &First;

    if (ParseAccept(Parser, TOKEN_SEMICOLON)) {
        return NULL; /* struct name { ... }; */
    }
    do {
        End = ParseAppend(End, ParseOneDeclaration(Parser, Base));
    } while (ParseAccept(Parser, TOKEN_COMMA));
    ParseExpect(Parser, TOKEN_SEMICOLON);
    return First;
}

static NODE *ParseTypedef(PARSER *Parser)
{
    BOOLEAN IsGlobal;
    const TOKEN *Name;
    TYPE *Type;

    ParseTake(Parser);
    Type = ParseDeclarator(Parser, ParseTypeSpecifier(Parser), &Name, &IsGlobal);
    if (Name != NULL) {
        SymbolAdd(Parser->Compiler, SYMBOL_TYPEDEF, Name->Text, Type, &Name->Position);
    }
    ParseExpect(Parser, TOKEN_SEMICOLON);
    return NULL;
}

/* const name = value;   const type name = value; */
static NODE *ParseConst(PARSER *Parser)
{
    COMPILER *Compiler = Parser->Compiler;
    TYPE *Type         = NULL;
    BOOLEAN IsGlobal;
    const TOKEN *Name;
    NODE *Value;
    SYMBOL *Symbol;

    ParseTake(Parser);
    if (ParseIsDeclaration(Parser)) {
        Type = ParseDeclarator(Parser, ParseTypeSpecifier(Parser), &Name, &IsGlobal);
    } else {
        Name = ParsePeek(Parser, 0);
        ParseExpect(Parser, TOKEN_NAME);
    }
    ParseExpect(Parser, TOKEN_ASSIGN);
    Value = ParseExpression(Parser);
    ParseExpect(Parser, TOKEN_SEMICOLON);
    if (Name == NULL || Parser->Panic) {
        return NULL;
    }
    if (Type != NULL && Type->Kind != TYPE_INTEGER) {
        ParseError(Parser, Name, "a constant is an integer");
        return NULL;
    }
    if (SymbolFind(Compiler, Name->Text, 1u << SYMBOL_CONSTANT) != NULL) {
        ParseError(Parser, Name, CompilerPrint(Compiler, "constant '%.64s' is defined twice", Name->Text));
        return NULL;
    }
    Symbol = SymbolAdd(Compiler, SYMBOL_CONSTANT, Name->Text, Type, &Name->Position);
    if (CheckConstant(Compiler, Value, &Symbol->Value) && Type != NULL) {
        Symbol->Value = TypeNormalize(Type, Symbol->Value);
    } else if (Type == NULL) {
        Symbol->Type = Value->IsBare ? NULL : Value->Type;
    }
    return NULL;
}

/* map name[entries]; */
static NODE *ParseMap(PARSER *Parser)
{
    COMPILER *Compiler = Parser->Compiler;
    const TOKEN *Name;
    SYMBOL *Symbol;
    NODE *Entries;
    UINT64 Value = 0;

    ParseTake(Parser);
    Name = ParsePeek(Parser, 0);
    ParseExpect(Parser, TOKEN_NAME);
    ParseExpect(Parser, TOKEN_LEFT_BRACKET);
    Entries = ParseExpression(Parser);
    ParseExpect(Parser, TOKEN_RIGHT_BRACKET);
    ParseExpect(Parser, TOKEN_SEMICOLON);
    if (Parser->Panic || !CheckConstant(Compiler, Entries, &Value)) {
        return NULL;
    }
    if (Value == 0 || Value > SCRIPT_MAXIMUM_MAP_ENTRIES) {
        ParseError(Parser, Name,
                   CompilerPrint(Compiler, "limit SCRIPT_MAXIMUM_MAP_ENTRIES: a map has 1 to %u entries",
                                 SCRIPT_MAXIMUM_MAP_ENTRIES));
    }
    Symbol          = SymbolAdd(Compiler, SYMBOL_MAP, Name->Text, NULL, &Name->Position);
    Symbol->Entries = (UINT32)Value;
    return NULL;
}

/* --- functions --- */

/* type * name ( */
static BOOLEAN ParseIsFunction(const PARSER *Parser)
{
    UINT32 Ahead = 0;

    if (!ParseIsType(Parser, 0)) {
        return FALSE;
    }
    for (; Ahead < 16; Ahead++) {
        TOKEN_KIND Kind = ParsePeek(Parser, Ahead)->Kind;

        if (Kind == TOKEN_NAME && ParsePeek(Parser, Ahead + 1)->Kind == TOKEN_LEFT_PARENTHESIS) {
            return Ahead > 0;
        }
        if (Kind != TOKEN_NAME && Kind != TOKEN_MULTIPLY && Kind < KEYWORD_STRUCT) {
            return FALSE;
        }
    }
    return FALSE;
}

static SYMBOL *ParseParameter(PARSER *Parser)
{
    BOOLEAN IsGlobal;
    const TOKEN *Name;
    TYPE *Type = ParseDeclarator(Parser, ParseTypeSpecifier(Parser), &Name, &IsGlobal);
    SYMBOL *Symbol;

    if (Name == NULL) {
        return NULL;
    }
    if (Type->Kind == TYPE_ARRAY) {
        Type = TypePointerTo(Parser->Compiler, Type->Target);
    }
    if (!TypeIsScalar(Type)) {
        ParseError(Parser, Name, "a parameter is a number or a pointer");
    }
    Symbol = ParseVariable(Parser, Name, Type, FALSE);
    return Symbol;
}

static VOID ParseParameters(PARSER *Parser, SYMBOL *Function)
{
    SYMBOL **End = &Function->Parameters;

    ParseExpect(Parser, TOKEN_LEFT_PARENTHESIS);
    if (ParseIs(Parser, KEYWORD_VOID) && ParsePeek(Parser, 1)->Kind == TOKEN_RIGHT_PARENTHESIS) {
        ParseTake(Parser);
    }
    if (!ParseIs(Parser, TOKEN_RIGHT_PARENTHESIS)) {
        do {
            *End = ParseParameter(Parser);
            if (*End == NULL) {
                return;
            }
            End = &(*End)->NextOfFunction;
            Function->ParameterCount++;
        } while (ParseAccept(Parser, TOKEN_COMMA));
    }
    ParseExpect(Parser, TOKEN_RIGHT_PARENTHESIS);
}

static NODE *ParseFunction(PARSER *Parser)
{
    COMPILER *Compiler = Parser->Compiler;
    TYPE *Type         = ParseTypeSpecifier(Parser);
    const TOKEN *Name;
    SYMBOL *Function;
    BOOLEAN Inside;

    while (ParseAccept(Parser, TOKEN_MULTIPLY)) {
        Type = TypePointerTo(Compiler, Type);
    }
    Name = ParsePeek(Parser, 0);
    if (!ParseExpect(Parser, TOKEN_NAME)) {
        return NULL;
    }
    if (Type->Kind != TYPE_VOID && !TypeIsScalar(Type)) {
        ParseError(Parser, Name, "a function returns a number, a pointer or nothing");
    }
    if (Parser->InFunction) {
        CompilerError(Compiler, &Name->Position, "a function cannot be defined here");
    }
    Function = SymbolFind(Compiler, Name->Text, 1u << SYMBOL_FUNCTION);
    if (Function != NULL && Function->Body != NULL) {
        ParseError(Parser, Name, CompilerPrint(Compiler, "function '%.64s' is defined twice", Name->Text));
    }
    if (Function == NULL) {
        Function = SymbolAdd(Compiler, SYMBOL_FUNCTION, Name->Text, Type, &Name->Position);
    }
    Function->Parameters     = NULL;
    Function->ParameterCount = 0;
    ParseParameters(Parser, Function);
    if (ParseAccept(Parser, TOKEN_SEMICOLON)) {
        return NULL; /* a prototype */
    }
    Inside             = Parser->InFunction;
    Parser->InFunction = TRUE;
    Function->Body     = ParseBlock(Parser);
    Parser->InFunction = Inside;
    return NULL;
}

/* --- the whole --- */

typedef NODE *PARSE_STATEMENT(PARSER *Parser);

static PARSE_STATEMENT *ParseStatementOf(const PARSER *Parser)
{
    static const struct {
        TOKEN_KIND Kind;
        PARSE_STATEMENT *Parse;
    } Statements[] = {
        {TOKEN_LEFT_BRACE, ParseBlock}, {KEYWORD_IF, ParseIf},         {KEYWORD_WHILE, ParseWhile},
        {KEYWORD_DO, ParseDo},          {KEYWORD_FOR, ParseFor},       {KEYWORD_BREAK, ParseJump},
        {KEYWORD_CONTINUE, ParseJump},  {KEYWORD_RETURN, ParseReturn}, {KEYWORD_ONCE, ParseSite},
        {KEYWORD_EVERY, ParseSite},     {KEYWORD_CONST, ParseConst},   {KEYWORD_TYPEDEF, ParseTypedef},
        {KEYWORD_MAP, ParseMap},
    };
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Statements); Index++) {
        if (ParseIs(Parser, Statements[Index].Kind)) {
            return Statements[Index].Parse;
        }
    }
    if (ParseIsFunction(Parser)) {
        return ParseFunction;
    }
    return ParseIsDeclaration(Parser) ? ParseDeclaration : ParseExpressionStatement;
}

/* One statement, as a list: a declaration of several variables is several, an empty statement none. Where a
 * single one is wanted the caller must take the list. */
static NODE *ParseStatementList(PARSER *Parser)
{
    UINT32 Start = Parser->At;
    NODE *List;

    /* After an error the statement around this one is given up first. */
    if (Parser->Panic || ParseAccept(Parser, TOKEN_SEMICOLON)) {
        return NULL;
    }
    ParseEnter(Parser);
    List = ParseStatementOf(Parser)(Parser);
    ParseLeave(Parser);
    ParseRecover(Parser, Start);
    return List;
}

/* As a block where the list is not exactly one statement. */
static NODE *ParseStatement(PARSER *Parser)
{
    POSITION Position = ParsePeek(Parser, 0)->Position;
    NODE *List        = ParseStatementList(Parser);
    NODE *Block;

    if (List != NULL) {
        return List;
    }
    Block = ParseNode(Parser, NODE_BLOCK, &Position);
    return ParseFinish(Parser, Block);
}

VOID ParseProgram(COMPILER *Compiler)
{
    PARSER Parser = {.Compiler = Compiler};
    NODE **End    = &Compiler->Program;

    while (!ParseIs(&Parser, TOKEN_END)) {
        if (ParseIs(&Parser, TOKEN_RIGHT_BRACE)) {
            ParseError(&Parser, ParseTake(&Parser), "there is no block to end here");
            Parser.Panic = FALSE;
            continue;
        }
        End = ParseAppend(End, ParseStatement(&Parser));
    }
}

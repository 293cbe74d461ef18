// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * ParseExpression.c - the parser: expressions, by precedence.
 *
 * Context: user space.
 */
#include <string.h>

#include "script/engine/Parse.h"

/* Binary operators, loosest first (parity: those of C). */
static UINT32 ParsePrecedence(TOKEN_KIND Kind)
{
    static const UINT8 Precedences[TOKEN_KIND_COUNT] = {
        [TOKEN_LOGICAL_OR] = 1,  [TOKEN_LOGICAL_AND] = 2,   [TOKEN_OR] = 3,
        [TOKEN_XOR] = 4,         [TOKEN_AND] = 5,           [TOKEN_EQUAL] = 6,
        [TOKEN_NOT_EQUAL] = 6,   [TOKEN_LESS] = 7,          [TOKEN_GREATER] = 7,
        [TOKEN_LESS_EQUAL] = 7,  [TOKEN_GREATER_EQUAL] = 7, [TOKEN_SHIFT_LEFT] = 8,
        [TOKEN_SHIFT_RIGHT] = 8, [TOKEN_ADD] = 9,           [TOKEN_SUBTRACT] = 9,
        [TOKEN_MULTIPLY] = 10,   [TOKEN_DIVIDE] = 10,       [TOKEN_MODULO] = 10,
    };

    return Precedences[Kind];
}

/* The operation of a compound assignment, TOKEN_ASSIGN of a plain one, TOKEN_END of what is none. */
static TOKEN_KIND ParseAssignment(TOKEN_KIND Kind)
{
    static const TOKEN_KIND Operations[TOKEN_KIND_COUNT] = {
        [TOKEN_ASSIGN]             = TOKEN_ASSIGN,
        [TOKEN_ADD_ASSIGN]         = TOKEN_ADD,
        [TOKEN_SUBTRACT_ASSIGN]    = TOKEN_SUBTRACT,
        [TOKEN_MULTIPLY_ASSIGN]    = TOKEN_MULTIPLY,
        [TOKEN_DIVIDE_ASSIGN]      = TOKEN_DIVIDE,
        [TOKEN_MODULO_ASSIGN]      = TOKEN_MODULO,
        [TOKEN_AND_ASSIGN]         = TOKEN_AND,
        [TOKEN_OR_ASSIGN]          = TOKEN_OR,
        [TOKEN_XOR_ASSIGN]         = TOKEN_XOR,
        [TOKEN_SHIFT_LEFT_ASSIGN]  = TOKEN_SHIFT_LEFT,
        [TOKEN_SHIFT_RIGHT_ASSIGN] = TOKEN_SHIFT_RIGHT,
    };

    return Operations[Kind];
}

/* Memory keywords: what they read. HI and LOW give a 16-bit word of what they read. */
typedef struct _PARSE_MEMORY {
    const CHAR *Name;
    UINT32 Size;
    BOOLEAN IsPhysical;
    UINT32 Shift; /* and mask 0xffff, if Size is 8 and IsWord */
    BOOLEAN IsWord;
} PARSE_MEMORY;

static const PARSE_MEMORY *ParseFindMemory(const CHAR *Name)
{
    static const PARSE_MEMORY Keywords[] = {
        {"poi", 8, FALSE, 0, FALSE},  {"db", 1, FALSE, 0, FALSE},    {"dw", 2, FALSE, 0, FALSE},
        {"dd", 4, FALSE, 0, FALSE},   {"dq", 8, FALSE, 0, FALSE},    {"hi", 8, FALSE, 16, TRUE},
        {"low", 8, FALSE, 0, TRUE},   {"poi_pa", 8, TRUE, 0, FALSE}, {"db_pa", 1, TRUE, 0, FALSE},
        {"dw_pa", 2, TRUE, 0, FALSE}, {"dd_pa", 4, TRUE, 0, FALSE},  {"dq_pa", 8, TRUE, 0, FALSE},
        {"hi_pa", 8, TRUE, 16, TRUE}, {"low_pa", 8, TRUE, 0, TRUE},
    };
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Keywords); Index++) {
        if (strcmp(Name, Keywords[Index].Name) == 0) {
            return &Keywords[Index];
        }
    }
    return NULL;
}

static NODE *ParseUnary(PARSER *Parser);

static NODE *ParseUnaryNode(PARSER *Parser, NODE_KIND Kind, TOKEN_KIND Operator, const POSITION *Position,
                            NODE *Left)
{
    NODE *Node = ParseNode(Parser, Kind, Position);

    Node->Operator = Operator;
    Node->Left     = Left;
    return ParseFinish(Parser, Node);
}

static NODE *ParseBinaryNode(PARSER *Parser, TOKEN_KIND Operator, const POSITION *Position, NODE *Left,
                             NODE *Right)
{
    BOOLEAN IsLogical = Operator == TOKEN_LOGICAL_AND || Operator == TOKEN_LOGICAL_OR;
    NODE *Node        = ParseNode(Parser, IsLogical ? NODE_LOGICAL : NODE_BINARY, Position);

    Node->Operator = Operator;
    Node->Left     = Left;
    Node->Right    = Right;
    return ParseFinish(Parser, Node);
}

static NODE *ParseNumberNode(PARSER *Parser, const POSITION *Position, UINT64 Value)
{
    NODE *Node = ParseNode(Parser, NODE_NUMBER, Position);

    Node->Value  = Value;
    Node->IsBare = TRUE;
    return Node;
}

/* --- primary expressions --- */

/* The arguments of a call or the indexes of a map, up to the closing token. */
static NODE *ParseList(PARSER *Parser, TOKEN_KIND Close)
{
    NODE *First = NULL;
    NODE **End  = &First;

    ParseEnter(Parser);
    if (!ParseIs(Parser, Close)) {
        do {
            *End = ParseExpression(Parser);
            End  = &(*End)->Next;
        } while (ParseAccept(Parser, TOKEN_COMMA));
    }
    ParseExpect(Parser, Close);
    ParseLeave(Parser);
    return First;
}

/* poi(a) and its sisters. */
static NODE *ParseMemory(PARSER *Parser, const PARSE_MEMORY *Memory, const POSITION *Position)
{
    NODE *Node = ParseNode(Parser, Memory->IsPhysical ? NODE_PHYSICAL : NODE_DEREFERENCE, Position);

    Node->Left     = ParseUnary(Parser);
    Node->CastType = TypeInteger(Memory->Size, FALSE);
    ParseFinish(Parser, Node);
    if (Memory->IsWord) {
        Node = ParseBinaryNode(Parser, TOKEN_SHIFT_RIGHT, Position, Node,
                               ParseNumberNode(Parser, Position, Memory->Shift));
        Node = ParseBinaryNode(Parser, TOKEN_AND, Position, Node, ParseNumberNode(Parser, Position, 0xFFFF));
    }
    return Node;
}

static NODE *ParseNameExpression(PARSER *Parser)
{
    const TOKEN *Token         = ParseTake(Parser);
    const PARSE_MEMORY *Memory = ParseFindMemory(Token->Text);
    NODE *Node;

    if (ParseIs(Parser, TOKEN_LEFT_PARENTHESIS) && Memory == NULL && strcmp(Token->Text, "ref") != 0 &&
        strcmp(Token->Text, "neg") != 0 && strcmp(Token->Text, "not") != 0) {
        Node       = ParseNode(Parser, NODE_CALL, &Token->Position);
        Node->Text = Token->Text;
        ParseTake(Parser);
        Node->Right = ParseList(Parser, TOKEN_RIGHT_PARENTHESIS);
        return ParseFinish(Parser, Node);
    }
    /* The keywords of memory are names elsewhere: dd + 1 is a sum. */
    if (ParseIs(Parser, TOKEN_LEFT_PARENTHESIS) || ParseIs(Parser, TOKEN_REGISTER) ||
        ParseIs(Parser, TOKEN_PSEUDO) || ParseIs(Parser, TOKEN_NAME) || ParseIs(Parser, TOKEN_NUMBER)) {
        if (Memory != NULL) {
            return ParseMemory(Parser, Memory, &Token->Position);
        }
        if (strcmp(Token->Text, "ref") == 0) {
            return ParseUnaryNode(Parser, NODE_ADDRESS, TOKEN_AND, &Token->Position, ParseUnary(Parser));
        }
        if (strcmp(Token->Text, "neg") == 0) {
            return ParseUnaryNode(Parser, NODE_UNARY, TOKEN_SUBTRACT, &Token->Position, ParseUnary(Parser));
        }
        if (strcmp(Token->Text, "not") == 0) {
            return ParseUnaryNode(Parser, NODE_UNARY, TOKEN_TILDE, &Token->Position, ParseUnary(Parser));
        }
    }
    Node         = ParseNode(Parser, NODE_NAME, &Token->Position);
    Node->Text   = Token->Text;
    Node->Length = Token->Length;
    return Node;
}

/* $arg.name */
static NODE *ParsePseudo(PARSER *Parser)
{
    const TOKEN *Token = ParseTake(Parser);
    NODE *Node         = ParseNode(Parser, NODE_PSEUDO, &Token->Position);

    Node->Text = Token->Text;
    if (strcmp(Token->Text, "arg") == 0) {
        Node->Kind = NODE_ARGUMENT;
        ParseExpect(Parser, TOKEN_POINT);
        Token      = ParseTake(Parser);
        Node->Text = Token->Text;
        if (Token->Text == NULL) {
            ParseError(Parser, Token, "$arg. wants the name of an argument");
        }
    }
    return Node;
}

static const TOKEN *ParseMemberName(PARSER *Parser)
{
    const TOKEN *Token = ParsePeek(Parser, 0);

    /* A member may have the name of a keyword: skb->map. */
    if (Token->Kind == TOKEN_NAME || Token->Kind > KEYWORD_IF) {
        return ParseTake(Parser);
    }
    ParseError(Parser, Token, "expected the name of a member");
    return Token;
}

/* member.member[2].member, as a chain that begins with NODE_NOTHING */
static NODE *ParseMemberPath(PARSER *Parser)
{
    NODE *Node = ParseNode(Parser, NODE_NOTHING, &ParsePeek(Parser, 0)->Position);

    do {
        const TOKEN *Token = ParseMemberName(Parser);
        NODE *Member       = ParseUnaryNode(Parser, NODE_MEMBER, TOKEN_POINT, &Token->Position, Node);

        Member->Text = Token->Text != NULL ? Token->Text : "";
        Node         = Member;
        while (ParseIs(Parser, TOKEN_LEFT_BRACKET)) {
            NODE *Index = ParseNode(Parser, NODE_INDEX, &ParseTake(Parser)->Position);

            Index->Left  = Node;
            Index->Right = ParseList(Parser, TOKEN_RIGHT_BRACKET);
            Node         = ParseFinish(Parser, Index);
        }
    } while (ParseAccept(Parser, TOKEN_POINT));
    return Node;
}

static NODE *ParseSizeof(PARSER *Parser)
{
    NODE *Node = ParseNode(Parser, NODE_SIZEOF, &ParseTake(Parser)->Position);

    if (ParseIs(Parser, TOKEN_LEFT_PARENTHESIS) && ParseIsType(Parser, 1)) {
        ParseTake(Parser);
        Node->CastType = ParseTypeName(Parser);
        ParseExpect(Parser, TOKEN_RIGHT_PARENTHESIS);
    } else {
        Node->Left = ParseUnary(Parser);
    }
    return ParseFinish(Parser, Node);
}

/* offsetof(type, member)   container_of(pointer, type, member) */
static NODE *ParseOffset(PARSER *Parser)
{
    const TOKEN *Token = ParseTake(Parser);
    NODE *Node =
        ParseNode(Parser, Token->Kind == KEYWORD_OFFSETOF ? NODE_OFFSETOF : NODE_CONTAINER, &Token->Position);

    ParseExpect(Parser, TOKEN_LEFT_PARENTHESIS);
    if (Node->Kind == NODE_CONTAINER) {
        Node->Right = ParseExpression(Parser);
        ParseExpect(Parser, TOKEN_COMMA);
    }
    Node->CastType = ParseTypeName(Parser);
    ParseExpect(Parser, TOKEN_COMMA);
    Node->Left = ParseMemberPath(Parser);
    ParseExpect(Parser, TOKEN_RIGHT_PARENTHESIS);
    return ParseFinish(Parser, Node);
}

static NODE *ParseEveryExpression(PARSER *Parser)
{
    NODE *Node = ParseNode(Parser, NODE_EVERY, &ParseTake(Parser)->Position);

    ParseExpect(Parser, TOKEN_LEFT_PARENTHESIS);
    Node->Left = ParseExpression(Parser);
    ParseExpect(Parser, TOKEN_RIGHT_PARENTHESIS);
    return ParseFinish(Parser, Node);
}

static NODE *ParseGlobal(PARSER *Parser)
{
    NODE *Node         = ParseNode(Parser, NODE_GLOBAL, &ParseTake(Parser)->Position);
    const TOKEN *Token = ParsePeek(Parser, 0);

    if (Token->Kind == TOKEN_NUMBER) {
        ParseError(Parser, Token, "there is no floating point: scripts run in the kernel");
    } else {
        ParseExpect(Parser, TOKEN_NAME);
    }
    Node->Text = Token->Text != NULL ? Token->Text : "";
    return Node;
}

static NODE *ParseParenthesis(PARSER *Parser)
{
    const TOKEN *Open = ParseTake(Parser);
    NODE *Node;

    if (ParseIsType(Parser, 0)) {
        Node           = ParseNode(Parser, NODE_CAST, &Open->Position);
        Node->CastType = ParseTypeName(Parser);
        ParseExpect(Parser, TOKEN_RIGHT_PARENTHESIS);
        Node->Left = ParseUnary(Parser);
        return ParseFinish(Parser, Node);
    }
    Node = ParseExpression(Parser);
    ParseExpect(Parser, TOKEN_RIGHT_PARENTHESIS);
    return Node;
}

static NODE *ParseText(PARSER *Parser)
{
    const TOKEN *Token = ParseTake(Parser);
    NODE *Node         = ParseNode(Parser, NODE_STRING, &Token->Position);

    Node->Operator = Token->Kind;
    Node->Text     = Token->Text;
    Node->Length   = Token->Length;
    return Node;
}

static NODE *ParsePrimary(PARSER *Parser)
{
    const TOKEN *Token = ParsePeek(Parser, 0);
    NODE *Node;

    switch (Token->Kind) {
    case TOKEN_NUMBER:
    case TOKEN_CHARACTER:
        return ParseNumberNode(Parser, &Token->Position, ParseTake(Parser)->Value);
    case TOKEN_STRING:
    case TOKEN_WIDE_STRING:
        return ParseText(Parser);
    case TOKEN_NAME:
        return ParseNameExpression(Parser);
    case TOKEN_REGISTER:
        Node       = ParseNode(Parser, NODE_REGISTER, &ParseTake(Parser)->Position);
        Node->Text = Token->Text;
        return Node;
    case TOKEN_PSEUDO:
        return ParsePseudo(Parser);
    case TOKEN_POINT:
        return ParseGlobal(Parser);
    case TOKEN_LEFT_PARENTHESIS:
        return ParseParenthesis(Parser);
    case KEYWORD_SIZEOF:
        return ParseSizeof(Parser);
    case KEYWORD_OFFSETOF:
    case KEYWORD_CONTAINER_OF:
        return ParseOffset(Parser);
    case KEYWORD_ONCE:
        return ParseNode(Parser, NODE_ONCE, &ParseTake(Parser)->Position);
    case KEYWORD_EVERY:
        return ParseEveryExpression(Parser);
    default:
        ParseError(
            Parser, Token,
            CompilerPrint(Parser->Compiler, "expected an expression before %s", LexDescribe(Token->Kind)));
        return ParseNumberNode(Parser, &Token->Position, 0);
    }
}

/* --- operators --- */

static NODE *ParseStep(PARSER *Parser, NODE *Left, BOOLEAN IsPostfix, const TOKEN *Token)
{
    NODE *Node =
        ParseUnaryNode(Parser, NODE_STEP, Token->Kind == TOKEN_INCREMENT ? TOKEN_ADD : TOKEN_SUBTRACT,
                       &Token->Position, Left);

    Node->IsPostfix = IsPostfix;
    return Node;
}

static NODE *ParsePostfix(PARSER *Parser)
{
    NODE *Node = ParsePrimary(Parser);

    for (;;) {
        const TOKEN *Token = ParsePeek(Parser, 0);
        NODE *Outer;

        switch (Token->Kind) {
        case TOKEN_LEFT_BRACKET:
            ParseTake(Parser);
            Outer        = ParseNode(Parser, NODE_INDEX, &Token->Position);
            Outer->Left  = Node;
            Outer->Right = ParseList(Parser, TOKEN_RIGHT_BRACKET);
            Node         = ParseFinish(Parser, Outer);
            break;
        case TOKEN_POINT:
        case TOKEN_ARROW:
            ParseTake(Parser);
            Outer          = ParseUnaryNode(Parser, NODE_MEMBER, Token->Kind, &Token->Position, Node);
            Outer->IsArrow = Token->Kind == TOKEN_ARROW;
            Token          = ParseMemberName(Parser);
            Outer->Text    = Token->Text != NULL ? Token->Text : "";
            Node           = Outer;
            break;
        case TOKEN_INCREMENT:
        case TOKEN_DECREMENT:
            Node = ParseStep(Parser, Node, TRUE, ParseTake(Parser));
            break;
        default:
            return Node;
        }
    }
}

static NODE *ParseUnaryOperator(PARSER *Parser)
{
    const TOKEN *Token = ParseTake(Parser);
    NODE *Left         = ParseUnary(Parser);

    switch (Token->Kind) {
    case TOKEN_INCREMENT:
    case TOKEN_DECREMENT:
        return ParseStep(Parser, Left, FALSE, Token);
    case TOKEN_MULTIPLY:
        return ParseUnaryNode(Parser, NODE_DEREFERENCE, Token->Kind, &Token->Position, Left);
    case TOKEN_AND:
        return ParseUnaryNode(Parser, NODE_ADDRESS, Token->Kind, &Token->Position, Left);
    default:
        return ParseUnaryNode(Parser, NODE_UNARY, Token->Kind, &Token->Position, Left);
    }
}

static NODE *ParseUnary(PARSER *Parser)
{
    NODE *Node;

    ParseEnter(Parser);
    switch (ParsePeek(Parser, 0)->Kind) {
    case TOKEN_SUBTRACT:
    case TOKEN_ADD:
    case TOKEN_TILDE:
    case TOKEN_NOT:
    case TOKEN_MULTIPLY:
    case TOKEN_AND:
    case TOKEN_INCREMENT:
    case TOKEN_DECREMENT:
        Node = ParseUnaryOperator(Parser);
        break;
    default:
        Node = ParsePostfix(Parser);
        break;
    }
    ParseLeave(Parser);
    return Node;
}

static NODE *ParseBinary(PARSER *Parser, UINT32 Least)
{
    NODE *Left = ParseUnary(Parser);

    for (;;) {
        const TOKEN *Token = ParsePeek(Parser, 0);
        UINT32 Precedence  = ParsePrecedence(Token->Kind);

        if (Precedence == 0 || Precedence < Least) {
            return Left;
        }
        ParseTake(Parser);
        Left =
            ParseBinaryNode(Parser, Token->Kind, &Token->Position, Left, ParseBinary(Parser, Precedence + 1));
    }
}

static NODE *ParseConditional(PARSER *Parser)
{
    NODE *Left         = ParseBinary(Parser, 1);
    const TOKEN *Token = ParsePeek(Parser, 0);
    NODE *Node;

    if (Token->Kind != TOKEN_QUESTION) {
        return Left;
    }
    ParseTake(Parser);
    ParseEnter(Parser);
    Node        = ParseNode(Parser, NODE_CONDITIONAL, &Token->Position);
    Node->Left  = Left;
    Node->Right = ParseExpression(Parser);
    ParseExpect(Parser, TOKEN_COLON);
    Node->Third = ParseConditional(Parser);
    ParseLeave(Parser);
    return ParseFinish(Parser, Node);
}

NODE *ParseExpression(PARSER *Parser)
{
    NODE *Left           = ParseConditional(Parser);
    const TOKEN *Token   = ParsePeek(Parser, 0);
    TOKEN_KIND Operation = ParseAssignment(Token->Kind);
    NODE *Node;

    if (Operation == TOKEN_END) {
        return Left;
    }
    ParseTake(Parser);
    ParseEnter(Parser);
    Node           = ParseNode(Parser, NODE_ASSIGN, &Token->Position);
    Node->Operator = Operation;
    Node->Left     = Left;
    Node->Right    = ParseExpression(Parser);
    ParseLeave(Parser);
    return ParseFinish(Parser, Node);
}

NODE *ParseInitializer(PARSER *Parser)
{
    const TOKEN *Token = ParsePeek(Parser, 0);
    NODE *Node;
    NODE **End;

    if (Token->Kind != TOKEN_LEFT_BRACE) {
        return ParseExpression(Parser);
    }
    ParseEnter(Parser);
    ParseTake(Parser);
    Node = ParseNode(Parser, NODE_LIST, &Token->Position);
    End  = &Node->Right;
    while (!ParseIs(Parser, TOKEN_RIGHT_BRACE) && !Parser->Panic) {
        *End = ParseInitializer(Parser);
        End  = &(*End)->Next;
        if (!ParseAccept(Parser, TOKEN_COMMA)) {
            break;
        }
    }
    ParseExpect(Parser, TOKEN_RIGHT_BRACE);
    ParseLeave(Parser);
    return ParseFinish(Parser, Node);
}

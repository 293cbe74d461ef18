/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Parse.h - what the parts of the parser offer each other.
 *
 * Context: user space. Every function leaves the parser after what it has parsed. On an error it reports, and
 * what it returns is never NULL but may be meaningless; the statement level then skips to where a statement
 * can begin.
 */
#ifndef HYPERDBG_SCRIPT_PARSE_H
#define HYPERDBG_SCRIPT_PARSE_H

#include "script/engine/Tree.h"

typedef struct _PARSER {
    COMPILER *Compiler;
    UINT32 At;      /* index of the next token */
    UINT32 Nesting; /* of statements and parentheses */
    BOOLEAN Panic;  /* an error was reported in this statement: stay silent until it ends */
    BOOLEAN InFunction;
    SYMBOL *Declared; /* names of variables seen so far: they hide types of the kernel */
} PARSER;

const TOKEN *ParsePeek(const PARSER *Parser, UINT32 Ahead);
const TOKEN *ParseTake(PARSER *Parser);
BOOLEAN ParseIs(const PARSER *Parser, TOKEN_KIND Kind);
BOOLEAN ParseAccept(PARSER *Parser, TOKEN_KIND Kind);
BOOLEAN ParseExpect(PARSER *Parser, TOKEN_KIND Kind);
VOID ParseError(PARSER *Parser, const TOKEN *Token, const CHAR *Message);

/* Leave and enter a level of nesting; too many end the compilation. */
VOID ParseEnter(PARSER *Parser);
VOID ParseLeave(PARSER *Parser);

NODE *ParseNode(PARSER *Parser, NODE_KIND Kind, const POSITION *Position);
/* To be called when a node has its children. */
NODE *ParseFinish(PARSER *Parser, NODE *Node);

/* ParseExpression.c */
NODE *ParseExpression(PARSER *Parser);  /* assignment level, no comma */
NODE *ParseInitializer(PARSER *Parser); /* an expression or { ... } */

/* ParseType.c */
BOOLEAN ParseIsType(const PARSER *Parser, UINT32 Ahead);
BOOLEAN ParseIsDeclaration(const PARSER *Parser);
TYPE *ParseTypeSpecifier(PARSER *Parser);
TYPE *ParseTypeName(PARSER *Parser); /* specifier and abstract declarator */
/* Pointers, a name and array bounds. *Name is NULL and reported if there is none; *IsGlobal tells a leading
 * point. */
TYPE *ParseDeclarator(PARSER *Parser, TYPE *Base, const TOKEN **Name, BOOLEAN *IsGlobal);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Lex.h - the tokens of the language.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_SCRIPT_LEX_H
#define HYPERDBG_SCRIPT_LEX_H

#include "script/engine/Compiler.h"

/* Longest first, where one begins with another. */
#define LEX_PUNCTUATORS(X)                                                                                   \
    X(SHIFT_LEFT_ASSIGN, "<<=")                                                                              \
    X(SHIFT_RIGHT_ASSIGN, ">>=")                                                                             \
    X(ARROW, "->")                                                                                           \
    X(INCREMENT, "++")                                                                                       \
    X(DECREMENT, "--")                                                                                       \
    X(SHIFT_LEFT, "<<")                                                                                      \
    X(SHIFT_RIGHT, ">>")                                                                                     \
    X(LESS_EQUAL, "<=")                                                                                      \
    X(GREATER_EQUAL, ">=")                                                                                   \
    X(EQUAL, "==")                                                                                           \
    X(NOT_EQUAL, "!=")                                                                                       \
    X(LOGICAL_AND, "&&")                                                                                     \
    X(LOGICAL_OR, "||")                                                                                      \
    X(ADD_ASSIGN, "+=")                                                                                      \
    X(SUBTRACT_ASSIGN, "-=")                                                                                 \
    X(MULTIPLY_ASSIGN, "*=")                                                                                 \
    X(DIVIDE_ASSIGN, "/=")                                                                                   \
    X(MODULO_ASSIGN, "%=")                                                                                   \
    X(AND_ASSIGN, "&=")                                                                                      \
    X(OR_ASSIGN, "|=")                                                                                       \
    X(XOR_ASSIGN, "^=")                                                                                      \
    X(ADD, "+")                                                                                              \
    X(SUBTRACT, "-")                                                                                         \
    X(MULTIPLY, "*")                                                                                         \
    X(DIVIDE, "/")                                                                                           \
    X(MODULO, "%")                                                                                           \
    X(AND, "&")                                                                                              \
    X(OR, "|")                                                                                               \
    X(XOR, "^")                                                                                              \
    X(TILDE, "~")                                                                                            \
    X(NOT, "!")                                                                                              \
    X(LESS, "<")                                                                                             \
    X(GREATER, ">")                                                                                          \
    X(ASSIGN, "=")                                                                                           \
    X(QUESTION, "?")                                                                                         \
    X(COLON, ":")                                                                                            \
    X(SEMICOLON, ";")                                                                                        \
    X(COMMA, ",")                                                                                            \
    X(POINT, ".")                                                                                            \
    X(LEFT_PARENTHESIS, "(")                                                                                 \
    X(RIGHT_PARENTHESIS, ")")                                                                                \
    X(LEFT_BRACKET, "[")                                                                                     \
    X(RIGHT_BRACKET, "]")                                                                                    \
    X(LEFT_BRACE, "{")                                                                                       \
    X(RIGHT_BRACE, "}")

#define LEX_KEYWORDS(X)                                                                                      \
    X(IF, "if")                                                                                              \
    X(ELSIF, "elsif")                                                                                        \
    X(ELSE, "else")                                                                                          \
    X(WHILE, "while")                                                                                        \
    X(DO, "do")                                                                                              \
    X(FOR, "for")                                                                                            \
    X(BREAK, "break")                                                                                        \
    X(CONTINUE, "continue")                                                                                  \
    X(RETURN, "return")                                                                                      \
    X(ONCE, "once")                                                                                          \
    X(EVERY, "every")                                                                                        \
    X(CONST, "const")                                                                                        \
    X(TYPEDEF, "typedef")                                                                                    \
    X(STRUCT, "struct")                                                                                      \
    X(UNION, "union")                                                                                        \
    X(ENUM, "enum")                                                                                          \
    X(SIZEOF, "sizeof")                                                                                      \
    X(OFFSETOF, "offsetof")                                                                                  \
    X(CONTAINER_OF, "container_of")                                                                          \
    X(MAP, "map")                                                                                            \
    X(VOID, "void")                                                                                          \
    X(BOOL, "bool")                                                                                          \
    X(CHAR, "char")                                                                                          \
    X(SHORT, "short")                                                                                        \
    X(INT, "int")                                                                                            \
    X(LONG, "long")                                                                                          \
    X(SIGNED, "signed")                                                                                      \
    X(UNSIGNED, "unsigned")                                                                                  \
    X(FLOAT, "float")                                                                                        \
    X(DOUBLE, "double")

typedef enum _TOKEN_KIND {
    TOKEN_END,
    TOKEN_NUMBER,      /* Value; IsBare if it was written without a prefix */
    TOKEN_CHARACTER,   /* Value */
    TOKEN_STRING,      /* Text, Length: escapes resolved */
    TOKEN_WIDE_STRING, /* Text, Length in bytes: 16-bit characters */
    TOKEN_NAME,        /* Text */
    TOKEN_REGISTER,    /* Text without the @ */
    TOKEN_PSEUDO,      /* Text without the $ */
#define X(Name, Spelling) TOKEN_##Name,
    LEX_PUNCTUATORS(X)
#undef X
#define X(Name, Spelling) KEYWORD_##Name,
        LEX_KEYWORDS(X)
#undef X
            TOKEN_KIND_COUNT
} TOKEN_KIND;

struct _TOKEN {
    TOKEN_KIND Kind;
    POSITION Position;
    UINT64 Value;
    const CHAR *Text;
    UINT32 Length;
};

/* How a kind of token is called in messages. */
const CHAR *LexDescribe(TOKEN_KIND Kind);

/* Whether a name can be read as a number: all of it hexadecimal digits, at most 64 bits. */
BOOLEAN LexNameAsNumber(const CHAR *Text, UINT64 *Value);

#endif

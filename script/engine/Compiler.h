/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Compiler.h - what the stages of one compilation share: memory, sources, messages, tokens.
 *
 * Context: user space. All memory of a compilation comes from one arena and goes with it. An error is
 * reported and the stage goes on; only what makes going on pointless (no memory, too many errors) leaves by
 * CompilerGiveUp.
 */
#ifndef HYPERDBG_SCRIPT_COMPILER_H
#define HYPERDBG_SCRIPT_COMPILER_H

#include <setjmp.h>
#include <stddef.h>

#include "SDK/Bytecode.h"
#include "script/engine/Engine.h"

/* Limits of the compiler itself; each is met with a message that names it. */
#define COMPILER_MAXIMUM_ERRORS   20
#define COMPILER_MAXIMUM_NESTING  100        /* of statements, parentheses and declarators */
#define COMPILER_MAXIMUM_DEPTH    500        /* of an expression or a chain of elsif */
#define COMPILER_MAXIMUM_INCLUDES 16         /* files within files */
#define COMPILER_MAXIMUM_SOURCE   (4u << 20) /* characters of all files together */
#define COMPILER_MAXIMUM_MEMORY   (256u << 20)

/* A file, or the text that was given. */
typedef struct _SOURCE {
    const CHAR *Name;
    const CHAR *Text; /* ends with a zero that is not counted in Size */
    SIZE_T Size;
} SOURCE;

/* A place in a source. */
typedef struct _POSITION {
    const SOURCE *Source;
    UINT32 Offset;
    UINT32 Line;   /* from 1 */
    UINT32 Column; /* from 1, in bytes */
} POSITION;

typedef struct _TOKEN TOKEN;
typedef struct _TYPE TYPE;
typedef struct _SYMBOL SYMBOL;
typedef struct _NODE NODE;
typedef struct _ARENA_CHUNK ARENA_CHUNK;

typedef struct _COMPILER {
    const SCRIPT_COMPILE_OPTIONS *Options;
    ARENA_CHUNK *Chunks;
    SIZE_T MemoryUsed;
    SIZE_T SourceUsed;
    jmp_buf GiveUp;

    CHAR *Messages;
    SIZE_T MessagesLength;
    UINT32 Errors;

    TOKEN *Tokens; /* ends with TOKEN_END */
    UINT32 TokenCount;
    UINT32 TokenRoom;

    NODE *Program;       /* statements of the program itself */
    SYMBOL *Symbols;     /* functions, constants, globals, maps, typedefs and records, newest first */
    SYMBOL *Locals;      /* of the function being parsed or checked, newest first */
    TYPE *PointerTypes;  /* made so far */
    TYPE *ImportedTypes; /* from BTF */
    SYMBOL *Function;    /* being checked or emitted; number 0 is the program itself; NULL outside */
    UINT32 ScopeDepth;   /* of blocks, in the check */
    UINT32 LoopDepth;    /* of loops, in the check */
    UINT32 SiteCount;    /* `once` and `every` so far */
} COMPILER;

/* Zeroed memory that lives as long as the compilation. */
PVOID CompilerTake(COMPILER *Compiler, SIZE_T Size);

/* A copy of Length characters, with an end. */
CHAR *CompilerCopyText(COMPILER *Compiler, const CHAR *Text, SIZE_T Length);

/* An array that grows: returns it with room for one element more than Count. */
PVOID CompilerGrow(COMPILER *Compiler, PVOID Array, UINT32 Count, UINT32 *Room, SIZE_T ElementSize);

/* Text in the manner of printf, in the arena. */
CHAR *CompilerPrint(COMPILER *Compiler, const CHAR *Format, ...) __attribute__((format(printf, 2, 3)));

/* Reports an error at a place. */
VOID CompilerError(COMPILER *Compiler, const POSITION *Position, const CHAR *Format, ...)
    __attribute__((format(printf, 3, 4)));

/* Leaves the compilation; an error must have been reported. */
__attribute__((noreturn)) VOID CompilerGiveUp(COMPILER *Compiler);

VOID CompilerFreeArena(COMPILER *Compiler);

/* The stages. */
VOID LexSource(COMPILER *Compiler, const CHAR *Name, const CHAR *Text, SIZE_T Size);
VOID ParseProgram(COMPILER *Compiler);
VOID CheckProgram(COMPILER *Compiler);
SCRIPT_PROGRAM *EmitProgram(COMPILER *Compiler);

#endif

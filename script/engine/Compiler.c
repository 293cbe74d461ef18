// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Compiler.c - one compilation from beginning to end, its memory and its messages.
 *
 * Context: user space.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/engine/Compiler.h"
#include "script/engine/Engine.h"
#include "script/eval/Verify.h"

/* --- memory --- */

/* Under a sanitizer every piece is a chunk of its own, so that what writes beyond it is seen. */
#ifndef __has_feature
#define __has_feature(Feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define ARENA_CHUNK_BYTES 0
#else
#define ARENA_CHUNK_BYTES 65536
#endif

struct _ARENA_CHUNK {
    ARENA_CHUNK *Next;
    SIZE_T Used;
    SIZE_T Size;
    UINT64 Bytes[];
};

static VOID CompilerNoMemory(COMPILER *Compiler)
{
    static const POSITION Nowhere;

    CompilerError(Compiler, &Nowhere, "limit COMPILER_MAXIMUM_MEMORY (%u) reached, or no memory",
                  COMPILER_MAXIMUM_MEMORY);
    CompilerGiveUp(Compiler);
}

PVOID CompilerTake(COMPILER *Compiler, SIZE_T Size)
{
    ARENA_CHUNK *Chunk = Compiler->Chunks;
    PVOID Taken;

    Size = (Size + 15) & ~(SIZE_T)15;
    if (Chunk == NULL || Size > Chunk->Size - Chunk->Used) {
        SIZE_T Bytes = Size > ARENA_CHUNK_BYTES ? Size : ARENA_CHUNK_BYTES;

        Chunk = Compiler->MemoryUsed + Bytes <= COMPILER_MAXIMUM_MEMORY ? calloc(1, sizeof(*Chunk) + Bytes)
                                                                        : NULL;
        if (Chunk == NULL) {
            CompilerNoMemory(Compiler);
        }
        Compiler->MemoryUsed += Bytes;
        Chunk->Size      = Bytes;
        Chunk->Next      = Compiler->Chunks;
        Compiler->Chunks = Chunk;
    }
    Taken = (UINT8 *)Chunk->Bytes + Chunk->Used;
    Chunk->Used += Size;
    return Taken;
}

CHAR *CompilerCopyText(COMPILER *Compiler, const CHAR *Text, SIZE_T Length)
{
    CHAR *Copy = CompilerTake(Compiler, Length + 1);

    memcpy(Copy, Text, Length);
    return Copy;
}

PVOID CompilerGrow(COMPILER *Compiler, PVOID Array, UINT32 Count, UINT32 *Room, SIZE_T ElementSize)
{
    PVOID Larger;

    if (Count < *Room) {
        return Array;
    }
    *Room  = *Room == 0 ? 16 : *Room * 2;
    Larger = CompilerTake(Compiler, *Room * ElementSize);
    if (Count > 0) {
        memcpy(Larger, Array, Count * ElementSize);
    }
    return Larger;
}

CHAR *CompilerPrint(COMPILER *Compiler, const CHAR *Format, ...)
{
    CHAR *Text;
    va_list List;
    int Length;

    va_start(List, Format);
    Length = vsnprintf(NULL, 0, Format, List);
    va_end(List);
    Text = CompilerTake(Compiler, (SIZE_T)Length + 1);
    va_start(List, Format);
    vsnprintf(Text, (SIZE_T)Length + 1, Format, List);
    va_end(List);
    return Text;
}

VOID CompilerFreeArena(COMPILER *Compiler)
{
    while (Compiler->Chunks != NULL) {
        ARENA_CHUNK *Next = Compiler->Chunks->Next;

        free(Compiler->Chunks);
        Compiler->Chunks = Next;
    }
}

/* --- messages --- */

static VOID CompilerAppend(COMPILER *Compiler, const CHAR *Text, SIZE_T Length)
{
    CHAR *Longer = realloc(Compiler->Messages, Compiler->MessagesLength + Length + 1);

    if (Longer == NULL) {
        return;
    }
    memcpy(Longer + Compiler->MessagesLength, Text, Length);
    Compiler->Messages = Longer;
    Compiler->MessagesLength += Length;
    Longer[Compiler->MessagesLength] = 0;
}

static VOID CompilerAppendFormatted(COMPILER *Compiler, const CHAR *Format, va_list List)
{
    CHAR Buffer[512];
    int Length = vsnprintf(Buffer, sizeof(Buffer), Format, List);

    CompilerAppend(Compiler, Buffer, Length < (int)sizeof(Buffer) ? (SIZE_T)Length : sizeof(Buffer) - 1);
}

/* The line of the source and a caret under the column; tabs are kept so that the caret stays under it. */
static VOID CompilerAppendLine(COMPILER *Compiler, const POSITION *Position)
{
    const CHAR *Line = Position->Source->Text + Position->Offset - (Position->Column - 1);
    SIZE_T Length    = 0;
    UINT32 Index;

    while (Line + Length < Position->Source->Text + Position->Source->Size && Line[Length] != '\n' &&
           Length < 400) {
        Length++;
    }
    CompilerAppend(Compiler, "    ", 4);
    CompilerAppend(Compiler, Line, Length);
    CompilerAppend(Compiler, "\n    ", 5);
    for (Index = 0; Index + 1 < Position->Column && Index < Length; Index++) {
        CompilerAppend(Compiler, Line[Index] == '\t' ? "\t" : " ", 1);
    }
    CompilerAppend(Compiler, "^\n", 2);
}

VOID CompilerError(COMPILER *Compiler, const POSITION *Position, const CHAR *Format, ...)
{
    CHAR Head[320];
    va_list List;

    Compiler->Errors++;
    if (Position->Source != NULL) {
        snprintf(Head, sizeof(Head), "%.256s:%u:%u: error: ", Position->Source->Name, Position->Line,
                 Position->Column);
    } else {
        snprintf(Head, sizeof(Head), "error: ");
    }
    CompilerAppend(Compiler, Head, strlen(Head));
    va_start(List, Format);
    CompilerAppendFormatted(Compiler, Format, List);
    va_end(List);
    CompilerAppend(Compiler, "\n", 1);
    if (Position->Source != NULL) {
        CompilerAppendLine(Compiler, Position);
    }
    if (Compiler->Errors == COMPILER_MAXIMUM_ERRORS) {
        CompilerAppend(Compiler, "too many errors\n", 16);
        CompilerGiveUp(Compiler);
    }
}

VOID CompilerGiveUp(COMPILER *Compiler)
{
    longjmp(Compiler->GiveUp, 1);
}

/* --- a compilation --- */

/* What a kernel would refuse, this compiler must not hand out: a limit of the program, or a fault of the
 * compiler. */
static SCRIPT_PROGRAM *CompilerVerify(COMPILER *Compiler, SCRIPT_PROGRAM *Program)
{
    static const POSITION Nowhere;
    SCRIPT_REFUSAL Refusal;

    if (Program == NULL || ScriptVerify(Program, Program->Size, &Refusal)) {
        return Program;
    }
    CompilerError(Compiler, &Nowhere, "the program would be refused: %s", Refusal.Reason);
    free(Program);
    return NULL;
}

static SCRIPT_PROGRAM *CompilerRun(COMPILER *Compiler, const CHAR *Name, const CHAR *Text, SIZE_T Size)
{
    if (setjmp(Compiler->GiveUp) != 0) {
        return NULL;
    }
    LexSource(Compiler, Name, Text, Size);
    ParseProgram(Compiler);
    if (Compiler->Errors == 0) {
        CheckProgram(Compiler);
    }
    if (Compiler->Errors > 0) {
        return NULL;
    }
    return CompilerVerify(Compiler, EmitProgram(Compiler));
}

BOOLEAN ScriptCompile(const SCRIPT_COMPILE_OPTIONS *Options, const CHAR *Name, const CHAR *Text, SIZE_T Size,
                      SCRIPT_COMPILATION *Compilation)
{
    static const SCRIPT_COMPILE_OPTIONS None;
    COMPILER *Compiler = calloc(1, sizeof(*Compiler));

    memset(Compilation, 0, sizeof(*Compilation));
    if (Compiler == NULL) {
        Compilation->Errors   = 1;
        Compilation->Messages = strdup("error: no memory\n");
        return FALSE;
    }
    Compiler->Options     = Options != NULL ? Options : &None;
    Compilation->Program  = CompilerRun(Compiler, Name, Text, Size);
    Compilation->Errors   = Compiler->Errors;
    Compilation->Messages = Compiler->Messages != NULL ? Compiler->Messages : calloc(1, 1);
    CompilerFreeArena(Compiler);
    free(Compiler);
    return Compilation->Program != NULL;
}

VOID ScriptCompilationFree(SCRIPT_COMPILATION *Compilation)
{
    free(Compilation->Program);
    free(Compilation->Messages);
    memset(Compilation, 0, sizeof(*Compilation));
}

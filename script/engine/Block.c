// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Block.c - the sections of a program and their assembly into one block.
 *
 * Context: user space.
 */
#include <stdlib.h>
#include <string.h>

#include "script/engine/Emit.h"
#include "script/eval/Opcode.h"

/* Room for Count elements more. */
static VOID BlockReserve(EMITTER *Emitter, EMIT_SECTION *Section, UINT32 Size, UINT32 Count)
{
    UINT32 Room = Section->Room;
    UINT8 *Larger;

    if (Section->Count + Count <= Room) {
        return;
    }
    while (Section->Count + Count > Room) {
        Room = Room == 0 ? 64 : Room * 2;
    }
    Larger = CompilerTake(Emitter->Compiler, (SIZE_T)Room * Size);
    if (Section->Count > 0) {
        memcpy(Larger, Section->Bytes, (SIZE_T)Section->Count * Size);
    }
    Section->Bytes = Larger;
    Section->Room  = Room;
}

UINT32 BlockAdd(EMITTER *Emitter, SCRIPT_SECTION_KIND Kind, const VOID *Element)
{
    EMIT_SECTION *Section = &Emitter->Sections[Kind];
    UINT32 Size           = g_ScriptElementSizes[Kind];

    BlockReserve(Emitter, Section, Size, 1);
    memcpy(Section->Bytes + (SIZE_T)Section->Count * Size, Element, Size);
    return Section->Count++;
}

/* A string that is there already is used again. */
UINT32 BlockString(EMITTER *Emitter, const CHAR *Text, UINT32 Length)
{
    EMIT_SECTION *Section = &Emitter->Sections[SCRIPT_SECTION_STRINGS];
    const UINT8 *Found    = NULL;
    UINT32 Offset         = Section->Count;

    if (Section->Count == 0) {
        BlockReserve(Emitter, Section, 1, 1);
        Section->Count = 1; /* offset 0 is "" */
        Offset         = 1;
    }
    if (strlen(Text) == Length) {
        Found = memmem(Section->Bytes, Section->Count, Text, (SIZE_T)Length + 1);
    }
    if (Found != NULL) {
        return (UINT32)(Found - Section->Bytes);
    }
    BlockReserve(Emitter, Section, 1, Length + 2);
    memcpy(Section->Bytes + Offset, Text, Length);
    /* Two ends: the string may be one of 16-bit characters. */
    Section->Bytes[Offset + Length]     = 0;
    Section->Bytes[Offset + Length + 1] = 0;
    Section->Count += Length + 2;
    return Offset;
}

UINT32 BlockConstant(EMITTER *Emitter, UINT64 Value)
{
    const EMIT_SECTION *Section = &Emitter->Sections[SCRIPT_SECTION_CONSTANTS];
    const UINT64 *Values        = (const UINT64 *)Section->Bytes;
    UINT32 Index;

    for (Index = 0; Index < Section->Count; Index++) {
        if (Values[Index] == Value) {
            return Index;
        }
    }
    return BlockAdd(Emitter, SCRIPT_SECTION_CONSTANTS, &Value);
}

UINT32 BlockType(EMITTER *Emitter, const SCRIPT_TYPE *Type)
{
    const EMIT_SECTION *Section = &Emitter->Sections[SCRIPT_SECTION_TYPES];
    const SCRIPT_TYPE *Types    = (const SCRIPT_TYPE *)Section->Bytes;
    UINT32 Index;

    for (Index = 0; Index < Section->Count; Index++) {
        if (memcmp(&Types[Index], Type, sizeof(*Type)) == 0) {
            return Index;
        }
    }
    return BlockAdd(Emitter, SCRIPT_SECTION_TYPES, Type);
}

UINT32 BlockTypeOf(EMITTER *Emitter, const TYPE *Type)
{
    static const UINT8 Kinds[] = {
        [TYPE_VOID] = SCRIPT_TYPE_BYTES,      [TYPE_INTEGER] = SCRIPT_TYPE_INTEGER,
        [TYPE_POINTER] = SCRIPT_TYPE_POINTER, [TYPE_ARRAY] = SCRIPT_TYPE_BYTES,
        [TYPE_RECORD] = SCRIPT_TYPE_BYTES,    [TYPE_FUNCTION] = SCRIPT_TYPE_POINTER,
        [TYPE_STRING] = SCRIPT_TYPE_STRING,   [TYPE_SYMBOL] = SCRIPT_TYPE_SYMBOL,
        [TYPE_STACK] = SCRIPT_TYPE_STACK,     [TYPE_DATE] = SCRIPT_TYPE_DATE,
        [TYPE_TIME] = SCRIPT_TYPE_TIME,       [TYPE_ERROR] = SCRIPT_TYPE_BYTES,
    };
    const CHAR *Name   = TypeName(Emitter->Compiler, Type);
    SCRIPT_TYPE Result = {.Kind = Kinds[Type->Kind], .Signed = Type->Signed, .Size = (UINT32)Type->Size};

    Result.Name = BlockString(Emitter, Name, (UINT32)strlen(Name));
    return BlockType(Emitter, &Result);
}

SCRIPT_PROGRAM *BlockFinish(EMITTER *Emitter)
{
    UINT32 Size = sizeof(SCRIPT_PROGRAM);
    SCRIPT_PROGRAM *Program;
    UINT32 Kind;

    for (Kind = 0; Kind < SCRIPT_SECTION_COUNT; Kind++) {
        Size += (Emitter->Sections[Kind].Count * g_ScriptElementSizes[Kind] + 7) & ~7u;
    }
    Program = calloc(1, Size);
    if (Program == NULL) {
        return NULL;
    }
    Program->Magic      = SCRIPT_MAGIC;
    Program->Version    = SCRIPT_VERSION;
    Program->HeaderSize = sizeof(*Program);
    Program->Size       = Size;
    Size                = sizeof(*Program);
    for (Kind = 0; Kind < SCRIPT_SECTION_COUNT; Kind++) {
        UINT32 Bytes = Emitter->Sections[Kind].Count * g_ScriptElementSizes[Kind];

        Program->Sections[Kind].Offset = Size;
        Program->Sections[Kind].Count  = Emitter->Sections[Kind].Count;
        if (Bytes > 0) {
            memcpy((UINT8 *)Program + Size, Emitter->Sections[Kind].Bytes, Bytes);
        }
        Size += (Bytes + 7) & ~7u;
    }
    return Program;
}

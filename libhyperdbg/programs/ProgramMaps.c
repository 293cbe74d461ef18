/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ProgramMaps.c - the maps of events' programs, read from the kernel and shown.
 *
 * Context: user space.
 */
#include "libhyperdbg/programs/ProgramShow.h"

#include "SDK/Ioctls.h"
#include "libhyperdbg/Session.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/EventShow.h"
#include "libhyperdbg/output/Output.h"
#include "script/eval/Format.h"
#include "script/eval/Map.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define MAP_READ_SIZE 65536

/* A map's elements, key and value of each one behind the other. */
typedef struct _MAP_COPY {
    SCRIPT_MAP_SOURCE Source; /* first: what its Next gets leads here */
    UINT64 *Words;
    UINT64 Count;
    UINT32 ElementWords;
} MAP_COPY;

/* --- reading ---------------------------------------------------------------------------------- */

static BOOLEAN MapCopyNext(const SCRIPT_MAP_SOURCE *Source, UINT64 *Position, UINT64 *Key, UINT64 *Value)
{
    const MAP_COPY *Copy  = (const MAP_COPY *)Source;
    const SCRIPT_MAP *Map = &Source->View->Maps[Source->Map];
    const UINT64 *Element = Copy->Words + *Position * Copy->ElementWords;

    if (*Position >= Copy->Count)
        return FALSE;
    memcpy(Key, Element, Map->KeySize);
    memcpy(Value, Element + Map->KeySize / 8, 8u * ScriptMapValueWords(Map));
    (*Position)++;
    return TRUE;
}

/* Makes room for one more read. */
static BOOLEAN MapCopyGrow(HYPERDBG_SESSION *Session, MAP_COPY *Copy)
{
    SIZE_T Used   = Copy->Count * Copy->ElementWords * sizeof(UINT64);
    UINT64 *Words = realloc(Copy->Words, Used + MAP_READ_SIZE);

    if (Words == NULL) {
        OutputError(Session, NULL, "no memory for the map");
        return FALSE;
    }
    Copy->Words = Words;
    return TRUE;
}

static BOOLEAN MapCopyRead(HYPERDBG_SESSION *Session, UINT64 Tag, MAP_COPY *Copy)
{
    DEBUGGER_READ_MAP Read = {.Tag = Tag, .Map = Copy->Source.Map};

    do {
        if (!MapCopyGrow(Session, Copy))
            return FALSE;
        Read.Size   = MAP_READ_SIZE;
        Read.Buffer = (UINT64)(UINTPTR)(Copy->Words + Copy->Count * Copy->ElementWords);
        if (!ConnectionRequest(Session, IOCTL_READ_MAP, &Read))
            return FALSE;
        if (Read.Count > MAP_READ_SIZE / (Copy->ElementWords * sizeof(UINT64))) {
            OutputError(Session, NULL, "the modules answered with more of a map than there was room for");
            return FALSE;
        }
        Copy->Count += Read.Count;
    } while (Read.Count != 0);
    Copy->Source.Dropped = Read.Dropped;
    return TRUE;
}

/* --- text ------------------------------------------------------------------------------------- */

/* Gathers the pieces of ScriptFormatMap to lines. */
typedef struct _MAP_LINES {
    HYPERDBG_SESSION *Session;
    HYPERDBG_MESSAGE_KIND Kind;
    TEXT Line;
} MAP_LINES;

static VOID MapPrint(PVOID Context, const CHAR *Text, UINT32 Length)
{
    MAP_LINES *Lines = Context;
    const CHAR *End  = Text + Length;

    while (Text < End) {
        const CHAR *Newline = memchr(Text, '\n', (SIZE_T)(End - Text));

        TextAddForeign(&Lines->Line, Text, (SIZE_T)((Newline != NULL ? Newline : End) - Text));
        if (Newline == NULL)
            return;
        OutputText(Lines->Session, Lines->Kind, "%s", Lines->Line.Buffer);
        TextClear(&Lines->Line);
        Text = Newline + 1;
    }
}

static VOID MapShowText(HYPERDBG_SESSION *Session, HYPERDBG_MESSAGE_KIND Kind, const MAP_COPY *Copy)
{
    MAP_LINES Lines = {.Session = Session, .Kind = Kind};
    SCRIPT_MAP_SPACE Space;

    TextClear(&Lines.Line);
    ScriptFormatMap(&Copy->Source, ProgramSymbol, Session, MapPrint, &Lines, &Space);
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* ORDER SCRIPT_MAP_KIND */
static const CHAR *const g_MapKinds[] = {"last", "sum", "count", "min", "max", "avg", "hist", "lhist"};
STATIC_ASSERT(COUNT_OF(g_MapKinds) == SCRIPT_MAP_KIND_COUNT);

static struct json_object *MapKeyObject(HYPERDBG_SESSION *Session, const SCRIPT_MAP_SOURCE *Source,
                                        const UINT64 *Key)
{
    const SCRIPT_VIEW *View   = Source->View;
    const SCRIPT_MAP *Map     = &View->Maps[Source->Map];
    struct json_object *Parts = json_object_new_array();
    CHAR Buffer[TEXT_SIZE];

    for (UINT32 Part = 0; Part < Map->KeyCount; Part++) {
        const SCRIPT_TYPE *Type = &View->Types[View->Lists[Map->FirstKey + Part]];
        SCRIPT_TEXT Text        = {.Buffer = Buffer, .Size = sizeof(Buffer)};
        TEXT Clean;

        ScriptFormatValue(Type, Key, ProgramSymbol, Session, &Text);
        TextClear(&Clean);
        TextAddForeign(&Clean, Buffer, Text.Length);
        json_object_array_add(Parts, json_object_new_string(Clean.Buffer));
        Key += Type->Kind == SCRIPT_TYPE_INTEGER ? 1 : Type->Size / 8;
    }
    return Parts;
}

/* One number, or those of an average (sum, count) or a histogram. */
static struct json_object *MapValueObject(const SCRIPT_MAP_SOURCE *Source, const UINT64 *Value)
{
    const SCRIPT_MAP *Map      = &Source->View->Maps[Source->Map];
    const BOOLEAN Signed       = Source->View->Types[Map->ValueType].Signed;
    const UINT32 Words         = ScriptMapValueWords(Map);
    struct json_object *Values = Words > 1 ? json_object_new_array() : NULL;

    if (Words == 1)
        return Signed ? json_object_new_int64((INT64)Value[0]) : json_object_new_uint64(Value[0]);
    for (UINT32 Word = 0; Word < Words; Word++)
        json_object_array_add(Values, json_object_new_uint64(Value[Word]));
    return Values;
}

static VOID MapShowObject(HYPERDBG_SESSION *Session, HYPERDBG_MESSAGE_KIND Kind, const PROGRAM *Program,
                          const MAP_COPY *Copy)
{
    const SCRIPT_MAP *Map        = &Program->View.Maps[Copy->Source.Map];
    struct json_object *Object   = JsonObject("map");
    struct json_object *Elements = json_object_new_array();
    UINT64 Key[SCRIPT_MAXIMUM_KEY / 8];
    UINT64 Value[SCRIPT_MAP_VALUE_WORDS];
    UINT64 Position = 0;

    JsonAddNumber(Object, "event", EventNumber(Program->Tag));
    JsonAddText(Object, "name", Program->View.Strings + Map->Name);
    JsonAddText(Object, "kind", g_MapKinds[Map->Kind]);
    while (MapCopyNext(&Copy->Source, &Position, Key, Value)) {
        struct json_object *Element = json_object_new_object();

        json_object_object_add(Element, "key", MapKeyObject(Session, &Copy->Source, Key));
        json_object_object_add(Element, "value", MapValueObject(&Copy->Source, Value));
        json_object_array_add(Elements, Element);
    }
    json_object_object_add(Object, "elements", Elements);
    JsonAddNumber(Object, "dropped", Copy->Source.Dropped);
    OutputObject(Session, Kind, Object);
}

/* --- what others call ------------------------------------------------------------------------- */

BOOLEAN ProgramShowMap(HYPERDBG_SESSION *Session, const PROGRAM *Program, UINT32 Map,
                       HYPERDBG_MESSAGE_KIND Kind)
{
    const SCRIPT_MAP *Description = &Program->View.Maps[Map];
    MAP_COPY Copy                 = {
                        .Source       = {.View = &Program->View, .Map = Map, .Next = MapCopyNext},
                        .ElementWords = Description->KeySize / 8 + ScriptMapValueWords(Description),
    };
    const BOOLEAN IsRead = MapCopyRead(Session, Program->Tag, &Copy);

    if (IsRead && OutputIsJson(Session))
        MapShowObject(Session, Kind, Program, &Copy);
    else if (IsRead)
        MapShowText(Session, Kind, &Copy);
    free(Copy.Words);
    return IsRead;
}

BOOLEAN ProgramShowMaps(HYPERDBG_SESSION *Session, UINT64 Tag, UINT32 *Count)
{
    PROGRAM *Program = ProgramFind(Session, Tag);
    BOOLEAN IsRead   = TRUE;

    *Count = Program != NULL ? Program->View.Counts[SCRIPT_SECTION_MAPS] : 0;
    if (Program != NULL)
        ProgramFlush(Session, Program);
    for (UINT32 Map = 0; IsRead && Map < *Count; Map++)
        IsRead = ProgramShowMap(Session, Program, Map, HYPERDBG_MESSAGE_RESULT);
    return IsRead;
}

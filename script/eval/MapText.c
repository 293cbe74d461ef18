// SPDX-License-Identifier: GPL-2.0-only
/*
 * MapText.c - a map as text: keys in order, values, histograms.
 *
 * Context: process context, or a halted debugger: it takes time.
 */
#include "SDK/Bytecode.h"
#include "script/eval/Format.h"
#include "script/eval/Map.h"
#include "script/eval/Run.h"

/* Finding the next key in order costs a search through all: for larger tables the order of the table must do.
 */
#define MAP_TEXT_SORTED 4096

#define MAP_TEXT_LINE 512
#define MAP_TEXT_BAR  40

typedef struct _MAP_TEXT {
    const SCRIPT_MAP_SOURCE *Source;
    const SCRIPT_VIEW *View;
    const SCRIPT_MAP *Map;
    SCRIPT_SYMBOLIZER *Symbolizer;
    PVOID SymbolContext;
    SCRIPT_PRINT *Print;
    PVOID PrintContext;
    UINT64 Key[SCRIPT_MAXIMUM_KEY / 8];
    UINT64 Value[SCRIPT_MAP_VALUE_WORDS];
    CHAR Buffer[MAP_TEXT_LINE];
} MAP_TEXT;
STATIC_ASSERT(sizeof(MAP_TEXT) <= sizeof(SCRIPT_MAP_SPACE));

static const SCRIPT_TYPE *MapTextKeyType(const MAP_TEXT *Text, UINT32 Index)
{
    return &Text->View->Types[Text->View->Lists[Text->Map->FirstKey + Index]];
}

static UINT32 MapTextKeyWords(const SCRIPT_TYPE *Type)
{
    return Type->Kind == SCRIPT_TYPE_INTEGER ? 1 : Type->Size / 8;
}

/* --- order --- */

static INT32 MapTextCompareWords(const SCRIPT_TYPE *Type, UINT64 Left, UINT64 Right)
{
    if (Type->Kind == SCRIPT_TYPE_STRING) {
        Left  = __builtin_bswap64(Left);
        Right = __builtin_bswap64(Right);
    } else if (Type->Kind == SCRIPT_TYPE_INTEGER && Type->Signed) {
        Left ^= 1ull << 63;
        Right ^= 1ull << 63;
    }
    return Left < Right ? -1 : Left > Right;
}

static INT32 MapTextCompare(const MAP_TEXT *Text, const UINT64 *Left, const UINT64 *Right)
{
    UINT32 Index;
    UINT32 Word;

    for (Index = 0; Index < Text->Map->KeyCount; Index++) {
        const SCRIPT_TYPE *Type = MapTextKeyType(Text, Index);

        for (Word = 0; Word < MapTextKeyWords(Type); Word++, Left++, Right++) {
            INT32 Order = MapTextCompareWords(Type, *Left, *Right);

            if (Order != 0) {
                return Order;
            }
        }
    }
    return 0;
}

static VOID MapTextCopyWords(UINT64 *To, const UINT64 *From, UINT32 Count)
{
    UINT32 Word;

    for (Word = 0; Word < Count; Word++) {
        To[Word] = From[Word];
    }
}

/* The least key beyond the one in Text->Key (or of all, if IsFirst), with its value; FALSE if there is none.
 */
static BOOLEAN MapTextNext(MAP_TEXT *Text, BOOLEAN IsFirst)
{
    UINT64 Key[SCRIPT_MAXIMUM_KEY / 8];
    UINT64 Last[SCRIPT_MAXIMUM_KEY / 8];
    UINT64 Best     = 0;
    UINT64 Position = 0;
    UINT64 Before   = 0;
    BOOLEAN Found   = FALSE;
    UINT32 Words    = Text->Map->KeySize / 8;

    MapTextCopyWords(Last, Text->Key, Words);
    while (Text->Source->Next(Text->Source, &Position, Key, Text->Value)) {
        if ((IsFirst || MapTextCompare(Text, Key, Last) > 0) &&
            (!Found || MapTextCompare(Text, Key, Text->Key) < 0)) {
            Found = TRUE;
            Best  = Before;
            MapTextCopyWords(Text->Key, Key, Words);
        }
        Before = Position;
    }
    return Found && Text->Source->Next(Text->Source, &Best, Text->Key, Text->Value);
}

/* --- lines --- */

static VOID MapTextFlush(MAP_TEXT *Text, SCRIPT_TEXT *Line)
{
    Text->Print(Text->PrintContext, Line->Buffer, Line->Length);
    Line->Length = 0;
}

static VOID MapTextKey(MAP_TEXT *Text, SCRIPT_TEXT *Line)
{
    const UINT64 *Part = Text->Key;
    UINT32 Index;

    ScriptPutString(Line, Text->View->Strings + Text->Map->Name);
    for (Index = 0; Index < Text->Map->KeyCount; Index++) {
        const SCRIPT_TYPE *Type = MapTextKeyType(Text, Index);

        ScriptPutString(Line, Index == 0 ? "[" : ", ");
        if (Type->Kind == SCRIPT_TYPE_STACK) {
            MapTextFlush(Text, Line);
        }
        ScriptFormatValue(Type, Part, Text->Symbolizer, Text->SymbolContext, Line);
        MapTextFlush(Text, Line);
        Part += MapTextKeyWords(Type);
    }
    ScriptPutString(Line, Text->Map->KeyCount > 0 ? "]: " : ": ");
}

static VOID MapTextBound(SCRIPT_TEXT *Line, INT64 Value)
{
    ScriptPutNumber(Line, (UINT64)Value, TRUE, 0);
}

/* [low, high) or (..., high) or [low, ...) */
static VOID MapTextRange(const MAP_TEXT *Text, UINT32 Bucket, SCRIPT_TEXT *Line)
{
    const SCRIPT_MAP *Map = Text->Map;

    if (Map->Kind == SCRIPT_MAP_HIST) {
        if (Bucket < 2) {
            ScriptPutString(Line, Bucket == 0 ? "(..., 0)" : "[0]");
            return;
        }
        ScriptPutString(Line, "[");
        ScriptPutNumber(Line, 1ull << (Bucket - 2), FALSE, 0);
        ScriptPutString(Line, ", ");
        if (Bucket < SCRIPT_HIST_BUCKETS - 1) {
            ScriptPutNumber(Line, 2ull << (Bucket - 2), FALSE, 0);
        } else {
            ScriptPutString(Line, "...");
        }
        ScriptPutString(Line, ")");
        return;
    }
    ScriptPutString(Line, Bucket == 0 ? "(..., " : "[");
    MapTextBound(Line, Bucket == 0 ? Map->Minimum
                                   : (INT64)((UINT64)Map->Minimum + (Bucket - 1) * (UINT64)Map->Step));
    if (Bucket == 0) {
        ScriptPutString(Line, ")");
    } else if (Bucket == ScriptMapValueWords(Map) - 1) {
        ScriptPutString(Line, ", ...)");
    } else {
        ScriptPutString(Line, ", ");
        MapTextBound(Line, (INT64)((UINT64)Map->Minimum + Bucket * (UINT64)Map->Step));
        ScriptPutString(Line, ")");
    }
}

static VOID MapTextBar(UINT64 Value, UINT64 Most, SCRIPT_TEXT *Line)
{
    UINT64 Filled = Most >> 56 != 0 ? Value / (Most / MAP_TEXT_BAR) : Value * MAP_TEXT_BAR / Most;
    UINT32 Index;

    ScriptPutString(Line, " |");
    for (Index = 0; Index < MAP_TEXT_BAR; Index++) {
        ScriptPutString(Line, Index < Filled ? "@" : " ");
    }
    ScriptPutString(Line, "|\n");
}

static VOID MapTextHistogram(MAP_TEXT *Text, SCRIPT_TEXT *Line)
{
    UINT32 Count = ScriptMapValueWords(Text->Map);
    UINT32 First = Count;
    UINT32 Last  = 0;
    UINT64 Most  = 1;
    UINT32 Bucket;

    for (Bucket = 0; Bucket < Count; Bucket++) {
        if (Text->Value[Bucket] != 0) {
            First = First < Bucket ? First : Bucket;
            Last  = Bucket;
        }
        Most = Most > Text->Value[Bucket] ? Most : Text->Value[Bucket];
    }
    ScriptPutString(Line, "\n");
    MapTextFlush(Text, Line);
    for (Bucket = First; Bucket <= Last && Bucket < Count; Bucket++) {
        MapTextRange(Text, Bucket, Line);
        while (Line->Length < 24) {
            ScriptPutString(Line, " ");
        }
        ScriptPutNumber(Line, Text->Value[Bucket], FALSE, 8);
        MapTextBar(Text->Value[Bucket], Most, Line);
        MapTextFlush(Text, Line);
    }
}

static VOID MapTextAverage(const MAP_TEXT *Text, SCRIPT_TEXT *Line)
{
    BOOLEAN Signed = Text->Map->Minimum < 0;
    UINT64 Sum     = Text->Value[0];
    UINT64 Count   = Text->Value[1] != 0 ? Text->Value[1] : 1;

    ScriptPutNumber(Line, Signed ? (UINT64)((INT64)Sum / (INT64)Count) : Sum / Count, Signed, 0);
    ScriptPutString(Line, " (of ");
    ScriptPutNumber(Line, Text->Value[1], FALSE, 0);
    ScriptPutString(Line, ")");
}

static VOID MapTextElement(MAP_TEXT *Text)
{
    SCRIPT_TEXT Line = {.Buffer = Text->Buffer, .Size = sizeof(Text->Buffer)};

    MapTextKey(Text, &Line);
    if (Text->Map->Kind == SCRIPT_MAP_HIST || Text->Map->Kind == SCRIPT_MAP_LHIST) {
        MapTextHistogram(Text, &Line);
        return;
    }
    if (Text->Map->Kind == SCRIPT_MAP_AVERAGE) {
        MapTextAverage(Text, &Line);
    } else {
        ScriptFormatValue(&Text->View->Types[Text->Map->ValueType], Text->Value, Text->Symbolizer,
                          Text->SymbolContext, &Line);
    }
    ScriptPutString(&Line, "\n");
    MapTextFlush(Text, &Line);
}

static VOID MapTextDropped(MAP_TEXT *Text)
{
    UINT64 Dropped   = Text->Source->Dropped;
    SCRIPT_TEXT Line = {.Buffer = Text->Buffer, .Size = sizeof(Text->Buffer)};

    if (Dropped == 0) {
        return;
    }
    ScriptPutString(&Line, Text->View->Strings + Text->Map->Name);
    ScriptPutString(&Line, ": full (");
    ScriptPutNumber(&Line, Text->Map->Entries, FALSE, 0);
    ScriptPutString(&Line, " keys per core): ");
    ScriptPutNumber(&Line, Dropped, FALSE, 0);
    ScriptPutString(&Line, " updates of new keys were dropped\n");
    MapTextFlush(Text, &Line);
}

static BOOLEAN MapTextNextHere(const SCRIPT_MAP_SOURCE *Source, UINT64 *Position, UINT64 *Key, UINT64 *Value)
{
    const SCRIPT_INSTANCE *Instance = Source->Context;

    return ScriptMapNext(&Source->View->Maps[Source->Map], Instance->Maps[Source->Map], Instance->Cores,
                         Position, Key, Value);
}

VOID ScriptMapSource(const SCRIPT_INSTANCE *Instance, UINT32 Map, SCRIPT_MAP_SOURCE *Source)
{
    Source->View    = &Instance->View;
    Source->Map     = Map;
    Source->Next    = MapTextNextHere;
    Source->Context = Instance;
    Source->Dropped = ScriptMapDropped(&Instance->View.Maps[Map], Instance->Maps[Map], Instance->Cores);
}

VOID ScriptFormatMap(const SCRIPT_MAP_SOURCE *Source, SCRIPT_SYMBOLIZER *Symbolizer, PVOID SymbolContext,
                     SCRIPT_PRINT *Print, PVOID PrintContext, SCRIPT_MAP_SPACE *Space)
{
    MAP_TEXT *Text  = (MAP_TEXT *)Space;
    UINT64 Position = 0;
    BOOLEAN IsFirst;

    Text->Source        = Source;
    Text->View          = Source->View;
    Text->Map           = &Source->View->Maps[Source->Map];
    Text->Symbolizer    = Symbolizer;
    Text->SymbolContext = SymbolContext;
    Text->Print         = Print;
    Text->PrintContext  = PrintContext;
    if (Text->Map->Entries <= MAP_TEXT_SORTED) {
        for (IsFirst = TRUE; MapTextNext(Text, IsFirst); IsFirst = FALSE) {
            MapTextElement(Text);
        }
    } else {
        while (Text->Source->Next(Text->Source, &Position, Text->Key, Text->Value)) {
            MapTextElement(Text);
        }
    }
    MapTextDropped(Text);
}

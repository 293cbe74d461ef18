/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Format.h - from records to text.
 *
 * Context: any. A run only records (Record.c); the text is made here, by whoever shows it, with the same code
 * in kernel and user space.
 *
 * A record: SCRIPT_RECORD, then per argument 8 bytes of value, or for STRING and WIDE 8 bytes of length and
 * the characters padded to 8 bytes, or for STACK SCRIPT_STACK_FRAMES addresses.
 *
 * A conversion of a format is
 *     % flags width .precision length letter
 * flags: - 0 + space #; width and precision: decimal numbers; length: h hh l ll w; letters:
 *     d i  signed    u o x X  unsigned    c  character    p  address    s  string (also symbol, stack, date,
 * time) ws ls  string of 16-bit characters    %  a percent sign The width of a number is its type's; h and hh
 * narrow it; l and ll change nothing.
 */
#ifndef HYPERDBG_SCRIPT_FORMAT_H
#define HYPERDBG_SCRIPT_FORMAT_H

#include "script/eval/Eval.h"

typedef struct _SCRIPT_RECORD {
    UINT32 Size;   /* of the record with this header, a multiple of 8 */
    UINT32 Format; /* index */
} SCRIPT_RECORD;

typedef struct _SCRIPT_CONVERSION {
    BOOLEAN Left;
    BOOLEAN Zero;
    BOOLEAN Plus;
    BOOLEAN Space;
    BOOLEAN Alternate;
    BOOLEAN HasPrecision;
    BOOLEAN Wide;
    UINT8 Bytes; /* h 2, hh 1, none 0 */
    UINT32 Width;
    UINT32 Precision;
    CHAR Letter; /* one of diuoxXcps, or 0 for an error */
} SCRIPT_CONVERSION;

/* Text goes into Buffer, which is always terminated; what has no room is counted in Lost. */
typedef struct _SCRIPT_TEXT {
    CHAR *Buffer;
    UINT32 Size; /* at least 1 */
    UINT32 Length;
    UINT32 Lost;
} SCRIPT_TEXT;

/* Names an address: writes at most Size bytes with their end, returns the length, 0 if it has no name. */
typedef UINT32 SCRIPT_SYMBOLIZER(PVOID Context, UINT64 Address, CHAR *Buffer, UINT32 Size);

/* Finds the next conversion (%% excepted). *Text is moved past it, *Plain and *PlainLength are the characters
 * before it (where %% stands for itself). FALSE at the end of the format; the plain characters then are the
 * rest. */
BOOLEAN ScriptNextConversion(const CHAR **Text, const CHAR **Plain, UINT32 *PlainLength,
                             SCRIPT_CONVERSION *Conversion);

/* Whether a conversion can show a type. */
BOOLEAN ScriptConversionTakes(const SCRIPT_CONVERSION *Conversion, UINT32 TypeKind);

/* Size bytes of a record as text. FALSE if it is not a record of this program; the text up to there remains.
 */
BOOLEAN ScriptFormatRecord(const SCRIPT_VIEW *View, const VOID *Record, UINT32 Size,
                           SCRIPT_SYMBOLIZER *Symbolizer, PVOID Context, SCRIPT_TEXT *Text);

/* One value of a type, as %s or a number in base 10 (POINTER: base 16) shows it: for keys and values of maps.
 */
VOID ScriptFormatValue(const SCRIPT_TYPE *Type, const UINT64 *Value, SCRIPT_SYMBOLIZER *Symbolizer,
                       PVOID Context, SCRIPT_TEXT *Text);

VOID ScriptPutText(SCRIPT_TEXT *Text, const CHAR *Characters, UINT32 Length);
VOID ScriptPutString(SCRIPT_TEXT *Text, const CHAR *String);
VOID ScriptPutNumber(SCRIPT_TEXT *Text, UINT64 Value, BOOLEAN Signed, UINT32 Width);

typedef VOID SCRIPT_PRINT(PVOID Context, const CHAR *Text, UINT32 Length);

/* What ScriptFormatMap works in: too much for a kernel's stack. Its contents are of no interest. */
typedef struct _SCRIPT_MAP_SPACE {
    UINT64 Words[384];
} SCRIPT_MAP_SPACE;

/* The elements of a map, wherever they are kept. */
typedef struct _SCRIPT_MAP_SOURCE {
    const SCRIPT_VIEW *View;
    UINT32 Map; /* its index */
    /* As ScriptMapNext. */
    BOOLEAN (*Next)(const struct _SCRIPT_MAP_SOURCE *Source, UINT64 *Position, UINT64 *Key, UINT64 *Value);
    const VOID *Context; /* of Next */
    UINT64 Dropped;
} SCRIPT_MAP_SOURCE;

/* The elements of a map that is here. */
VOID ScriptMapSource(const SCRIPT_INSTANCE *Instance, UINT32 Map, SCRIPT_MAP_SOURCE *Source);

/* A whole map, in the order of its keys (a large one in the order of its table): a line per key, a picture
 * per histogram, and what was dropped. Print is given the text in pieces that end where they like. Only where
 * there is time, and 2 KB of stack. */
VOID ScriptFormatMap(const SCRIPT_MAP_SOURCE *Source, SCRIPT_SYMBOLIZER *Symbolizer, PVOID SymbolContext,
                     SCRIPT_PRINT *Print, PVOID PrintContext, SCRIPT_MAP_SPACE *Space);

#endif

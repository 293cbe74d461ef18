/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PanicText.h - the few words that are needed where no log can be written: the message of a panic.
 *
 * Context: any, VMX root mode included.
 */
#ifndef HYPERHV_INTERFACE_PANIC_TEXT_H
#define HYPERHV_INTERFACE_PANIC_TEXT_H

#include "SDK/BasicTypes.h"

typedef struct _TEXT {
    CHAR *Buffer;
    UINT32 Size; /* with the final zero, which is always there */
    UINT32 Length;
} TEXT;

#define TEXT_INIT(Array)                                                                                     \
    {                                                                                                        \
        .Buffer = (Array), .Size = sizeof(Array), .Length = 0                                                \
    }

/* What does not fit is cut. */
static inline VOID TextAppend(TEXT *Text, const CHAR *Words)
{
    while (*Words != 0 && Text->Length + 1 < Text->Size)
        Text->Buffer[Text->Length++] = *Words++;
    Text->Buffer[Text->Length] = 0;
}

static inline VOID TextAppendHex(TEXT *Text, UINT64 Value)
{
    CHAR Digits[17];
    UINT32 Position = 16;

    Digits[Position] = 0;
    do {
        Digits[--Position] = "0123456789abcdef"[Value & 0xF];
        Value >>= 4;
    } while (Value != 0);
    TextAppend(Text, &Digits[Position]);
}

#endif

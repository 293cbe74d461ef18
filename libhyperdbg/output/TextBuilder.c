/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * TextBuilder.c - a line that is put together piece by piece and cut, never overrun, at its end.
 *
 * Context: user space.
 */
#include "libhyperdbg/output/TextBuilder.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

VOID TextClear(TEXT *Text)
{
    Text->Length    = 0;
    Text->Buffer[0] = '\0';
}

VOID TextAddList(TEXT *Text, const CHAR *Format, va_list ArgList)
{
    SIZE_T Free  = sizeof(Text->Buffer) - Text->Length;
    INT32 Length = vsnprintf(Text->Buffer + Text->Length, Free, Format, ArgList);

    if (Length > 0)
        Text->Length += (SIZE_T)Length < Free ? (SIZE_T)Length : Free - 1;
}

VOID TextAdd(TEXT *Text, const CHAR *Format, ...)
{
    va_list ArgList;

    va_start(ArgList, Format);
    TextAddList(Text, Format, ArgList);
    va_end(ArgList);
}

/* Length in bytes of the well-formed, printable UTF-8 character at Bytes, or 0. */
static SIZE_T TextCharacterLength(const UINT8 *Bytes, SIZE_T Available)
{
    static const UINT32 Smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    UINT8 First                    = Bytes[0];

    if (First < 0x80)
        return First >= 0x20 && First != 0x7F;

    SIZE_T Length = First >= 0xF0 ? 4 : First >= 0xE0 ? 3 : First >= 0xC0 ? 2 : 0;
    if (Length == 0 || Length > Available || First > 0xF4)
        return 0;

    UINT32 Character = First & (0x7F >> Length);
    for (SIZE_T i = 1; i < Length; i++) {
        if ((Bytes[i] & 0xC0) != 0x80)
            return 0;
        Character = Character << 6 | (Bytes[i] & 0x3F);
    }
    /* C1 controls, surrogates, what is beyond Unicode, and spellings longer than needed are refused. */
    if (Character < 0xA0 || Character < Smallest[Length] || Character > 0x10FFFF ||
        (Character >= 0xD800 && Character < 0xE000))
        return 0;
    return Length;
}

VOID TextAddForeign(TEXT *Text, const CHAR *Bytes, SIZE_T Length)
{
    const UINT8 *At  = (const UINT8 *)Bytes;
    const UINT8 *End = At + Length;

    while (At < End && *At != 0) {
        SIZE_T Size = TextCharacterLength(At, (SIZE_T)(End - At));

        if (Size == 0)
            TextAdd(Text, "\\x%02x", *At++);
        else if (Size >= sizeof(Text->Buffer) - Text->Length)
            return; /* no half characters at the cut */
        else {
            memcpy(Text->Buffer + Text->Length, At, Size);
            Text->Length += Size;
            Text->Buffer[Text->Length] = '\0';
            At += Size;
        }
    }
}

VOID TextAddAlternatives(TEXT *Text, const VOID *Words, UINT32 Count, TEXT_WORD Next)
{
    for (UINT32 i = 0; i < Count; i++) {
        const CHAR *Separator = i == 0 ? "" : i == Count - 1 ? " or " : ", ";

        TextAdd(Text, "%s%s", Separator, Next(Words, i));
    }
}

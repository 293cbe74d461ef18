// SPDX-License-Identifier: GPL-2.0-only
/*
 * LogFormat.c - text from a format, without the kernel's or a library's help.
 *
 * Context: any, VMX root mode included: no call leaves this file, all state is on the stack.
 */
#include "hyperlog/LogFormat.h"

/* 64 bits in octal. */
#define MAX_DIGITS 22

#define NO_PRECISION (-1)

/* A width or precision that is greater stops growing before it overflows. */
#define MAX_NUMBER 100000000

/* Where the text goes. */
typedef struct _TEXT {
    CHAR *Buffer;
    UINT32 Size;
    UINT32 Length; /* of the whole text so far, written or not */
} TEXT;

/* One % of the format. */
typedef struct _FIELD {
    BOOLEAN IsLeft;
    BOOLEAN IsZeroPadded;
    BOOLEAN IsAlternate; /* # */
    CHAR Plus;           /* what a number that is not negative begins with: '+', ' ' or 0 */
    INT32 Width;
    INT32 Precision; /* or NO_PRECISION */
    UINT32 Bytes;    /* of an integer argument */
} FIELD;

/* A va_list is an array, and cannot be handed on by address once it is a parameter; in a structure it can. */
typedef struct _ARGUMENTS {
    va_list List;
} ARGUMENTS;

/* How an integer conversion writes its argument. */
typedef struct _INTEGER_STYLE {
    CHAR Conversion;
    UINT8 Base;
    BOOLEAN IsSigned;
    const CHAR *Digits;
    const CHAR *Prefix; /* of the alternate form */
} INTEGER_STYLE;

static const CHAR g_LowerDigits[] = "0123456789abcdef";
static const CHAR g_UpperDigits[] = "0123456789ABCDEF";

static const INTEGER_STYLE g_IntegerStyles[] = {
    {'d', 10, TRUE, g_LowerDigits, ""},    {'i', 10, TRUE, g_LowerDigits, ""},
    {'u', 10, FALSE, g_LowerDigits, ""},   {'x', 16, FALSE, g_LowerDigits, "0x"},
    {'X', 16, FALSE, g_UpperDigits, "0X"}, {'o', 8, FALSE, g_LowerDigits, ""},
};

static const INTEGER_STYLE g_PointerStyle = {'p', 16, FALSE, g_LowerDigits, "0x"};

static VOID Put(TEXT *Text, CHAR Character)
{
    if (Text->Size && Text->Length < Text->Size - 1)
        Text->Buffer[Text->Length] = Character;
    if (Text->Length != 0xFFFFFFFFu)
        Text->Length++;
}

static VOID PutRepeated(TEXT *Text, CHAR Character, INT32 Count)
{
    for (; Count > 0; Count--)
        Put(Text, Character);
}

static VOID PutString(TEXT *Text, const CHAR *String, UINT32 Length)
{
    UINT32 Index;

    for (Index = 0; Index < Length; Index++)
        Put(Text, String[Index]);
}

static UINT32 LengthOf(const CHAR *String, INT32 Limit)
{
    UINT32 Length = 0;

    while ((Limit < 0 || Length < (UINT32)Limit) && String[Length])
        Length++;
    return Length;
}

static VOID PutStringField(TEXT *Text, const FIELD *Field, const CHAR *String, UINT32 Length)
{
    INT32 Padding = Length < LOG_FORMAT_WIDEST ? Field->Width - (INT32)Length : 0;

    if (!Field->IsLeft)
        PutRepeated(Text, ' ', Padding);
    PutString(Text, String, Length);
    if (Field->IsLeft)
        PutRepeated(Text, ' ', Padding);
}

/* The digits of Value, last one first; none for 0 (precision adds it). */
static INT32 DigitsOf(CHAR *Reversed, UINT64 Value, const INTEGER_STYLE *Style)
{
    INT32 Count = 0;

    for (; Value; Value /= Style->Base)
        Reversed[Count++] = Style->Digits[Value % Style->Base];
    return Count;
}

/* Lead is what stands before all digits: a sign, or 0x. */
static VOID PutNumber(TEXT *Text, const FIELD *Field, UINT64 Value, const INTEGER_STYLE *Style,
                      const CHAR *Lead, UINT32 LeadLength)
{
    CHAR Reversed[MAX_DIGITS];
    INT32 Digits = DigitsOf(Reversed, Value, Style);
    INT32 Zeros  = (Field->Precision == NO_PRECISION ? 1 : Field->Precision) - Digits;
    INT32 Padding;

    if (Zeros < 0)
        Zeros = 0;
    if (Zeros > LOG_FORMAT_WIDEST)
        Zeros = LOG_FORMAT_WIDEST;
    if (Style->Base == 8 && Field->IsAlternate && Zeros == 0)
        Zeros = 1;
    Padding = Field->Width - (INT32)LeadLength - Zeros - Digits;
    if (Field->IsZeroPadded && !Field->IsLeft && Field->Precision == NO_PRECISION && Padding > 0) {
        Zeros += Padding;
        Padding = 0;
    }
    if (!Field->IsLeft)
        PutRepeated(Text, ' ', Padding);
    PutString(Text, Lead, LeadLength);
    PutRepeated(Text, '0', Zeros);
    while (Digits > 0)
        Put(Text, Reversed[--Digits]);
    if (Field->IsLeft)
        PutRepeated(Text, ' ', Padding);
}

/* The next argument, extended to 64 bits with or without its sign. */
static UINT64 TakeInteger(ARGUMENTS *Arguments, UINT32 Bytes, BOOLEAN IsSigned)
{
    UINT64 Value = Bytes == 8 ? va_arg(Arguments->List, UINT64) : va_arg(Arguments->List, UINT32);
    UINT32 Shift = 64 - 8 * Bytes;

    Value <<= Shift;
    return IsSigned ? (UINT64)((INT64)Value >> Shift) : Value >> Shift;
}

static VOID PutInteger(TEXT *Text, const FIELD *Field, const INTEGER_STYLE *Style, ARGUMENTS *Arguments)
{
    UINT64 Value = TakeInteger(Arguments, Field->Bytes, Style->IsSigned);

    if (Style->IsSigned && (INT64)Value < 0)
        PutNumber(Text, Field, 0 - Value, Style, "-", 1);
    else if (Style->IsSigned)
        PutNumber(Text, Field, Value, Style, &Field->Plus, Field->Plus != 0);
    else if (Field->IsAlternate && Value)
        PutNumber(Text, Field, Value, Style, Style->Prefix, LengthOf(Style->Prefix, -1));
    else
        PutNumber(Text, Field, Value, Style, "", 0);
}

static VOID PutCharacter(TEXT *Text, const FIELD *Field, ARGUMENTS *Arguments)
{
    CHAR Character = (CHAR)va_arg(Arguments->List, int);

    PutStringField(Text, Field, &Character, 1);
}

static VOID PutText(TEXT *Text, const FIELD *Field, ARGUMENTS *Arguments)
{
    const CHAR *String = va_arg(Arguments->List, const CHAR *);

    if (!String)
        String = "(null)";
    PutStringField(Text, Field, String, LengthOf(String, Field->Precision));
}

static VOID PutPointer(TEXT *Text, const FIELD *Field, ARGUMENTS *Arguments)
{
    UINT64 Value = (UINTPTR)va_arg(Arguments->List, PVOID);

    PutNumber(Text, Field, Value, &g_PointerStyle, g_PointerStyle.Prefix, 2);
}

/* FALSE: not a conversion of ours. */
static BOOLEAN PutConversion(TEXT *Text, const FIELD *Field, CHAR Conversion, ARGUMENTS *Arguments)
{
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(g_IntegerStyles); Index++) {
        if (g_IntegerStyles[Index].Conversion == Conversion) {
            PutInteger(Text, Field, &g_IntegerStyles[Index], Arguments);
            return TRUE;
        }
    }
    if (Conversion == 's')
        PutText(Text, Field, Arguments);
    else if (Conversion == 'c')
        PutCharacter(Text, Field, Arguments);
    else if (Conversion == 'p')
        PutPointer(Text, Field, Arguments);
    else if (Conversion == '%')
        Put(Text, '%');
    else
        return FALSE;
    return TRUE;
}

static const CHAR *ParseFlags(const CHAR *Fmt, FIELD *Field)
{
    for (;; Fmt++) {
        if (*Fmt == '-')
            Field->IsLeft = TRUE;
        else if (*Fmt == '0')
            Field->IsZeroPadded = TRUE;
        else if (*Fmt == '#')
            Field->IsAlternate = TRUE;
        else if (*Fmt == '+' || (*Fmt == ' ' && !Field->Plus))
            Field->Plus = *Fmt;
        else if (*Fmt != ' ')
            return Fmt;
    }
}

/* Digits or *; no digits are 0. */
static const CHAR *ParseNumber(const CHAR *Fmt, INT32 *Number, ARGUMENTS *Arguments)
{
    *Number = 0;
    if (*Fmt == '*') {
        *Number = va_arg(Arguments->List, int);
        return Fmt + 1;
    }
    for (; *Fmt >= '0' && *Fmt <= '9'; Fmt++)
        *Number = *Number > MAX_NUMBER ? *Number : *Number * 10 + (*Fmt - '0');
    return Fmt;
}

static const CHAR *ParseWidth(const CHAR *Fmt, FIELD *Field, ARGUMENTS *Arguments)
{
    Fmt = ParseNumber(Fmt, &Field->Width, Arguments);
    if (Field->Width < 0) {
        Field->IsLeft = TRUE;
        Field->Width  = Field->Width < -LOG_FORMAT_WIDEST ? LOG_FORMAT_WIDEST : -Field->Width;
    }
    if (Field->Width > LOG_FORMAT_WIDEST)
        Field->Width = LOG_FORMAT_WIDEST;
    return Fmt;
}

static const CHAR *ParsePrecision(const CHAR *Fmt, FIELD *Field, ARGUMENTS *Arguments)
{
    Field->Precision = NO_PRECISION;
    if (*Fmt != '.')
        return Fmt;
    Fmt = ParseNumber(Fmt + 1, &Field->Precision, Arguments);
    if (Field->Precision < 0)
        Field->Precision = NO_PRECISION;
    return Fmt;
}

static const CHAR *ParseLength(const CHAR *Fmt, FIELD *Field)
{
    Field->Bytes = sizeof(int);
    if (*Fmt == 'l' || *Fmt == 'z' || *Fmt == 'j' || *Fmt == 't') {
        Field->Bytes = 8;
        return Fmt + (Fmt[0] == 'l' && Fmt[1] == 'l' ? 2 : 1);
    }
    if (*Fmt != 'h')
        return Fmt;
    Field->Bytes = Fmt[1] == 'h' ? 1 : 2;
    return Fmt + (Fmt[1] == 'h' ? 2 : 1);
}

/* One conversion; Fmt is behind its %. Returns what follows it, or NULL where it is not one of ours. */
static const CHAR *FormatField(TEXT *Text, const CHAR *Fmt, ARGUMENTS *Arguments)
{
    FIELD Field;

    Field.IsLeft       = FALSE;
    Field.IsZeroPadded = FALSE;
    Field.IsAlternate  = FALSE;
    Field.Plus         = 0;

    Fmt = ParseFlags(Fmt, &Field);
    Fmt = ParseWidth(Fmt, &Field, Arguments);
    Fmt = ParsePrecision(Fmt, &Field, Arguments);
    Fmt = ParseLength(Fmt, &Field);
    return PutConversion(Text, &Field, *Fmt, Arguments) ? Fmt + 1 : NULL;
}

UINT32 LogFormat(CHAR *Buffer, UINT32 Size, const CHAR *Fmt, va_list ArgList)
{
    TEXT Text = {Buffer, Size, 0};
    ARGUMENTS Arguments;
    const CHAR *Next;

    va_copy(Arguments.List, ArgList);
    while (*Fmt) {
        if (*Fmt == '%') {
            Next = FormatField(&Text, Fmt + 1, &Arguments);
            if (!Next)
                break;
            Fmt = Next;
        } else {
            Put(&Text, *Fmt++);
        }
    }
    while (*Fmt)
        Put(&Text, *Fmt++);
    va_end(Arguments.List);
    if (Size)
        Buffer[Text.Length < Size ? Text.Length : Size - 1] = 0;
    return Text.Length;
}

UINT32 LogFormatText(CHAR *Buffer, UINT32 Size, const CHAR *Fmt, ...)
{
    va_list ArgList;
    UINT32 Length;

    va_start(ArgList, Fmt);
    Length = LogFormat(Buffer, Size, Fmt, ArgList);
    va_end(ArgList);
    return Length;
}

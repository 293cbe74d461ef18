// SPDX-License-Identifier: GPL-2.0-only
/*
 * Format.c - from records to text: conversions, numbers, strings, symbols.
 *
 * Context: any.
 */
#include "SDK/Bytecode.h"
#include "script/eval/Format.h"
#include "script/eval/Run.h"

/* A width beyond it is cut: a record's text stays bounded. */
#define FORMAT_MAXIMUM_WIDTH 1024

/* 64 bits in base 8, and what a prefix and a sign take. */
#define FORMAT_DIGITS 24

/* --- text --- */

VOID ScriptPutText(SCRIPT_TEXT *Text, const CHAR *Characters, UINT32 Length)
{
    UINT32 Room = Text->Size - 1 - Text->Length;
    UINT32 Fits = Length < Room ? Length : Room;

    ScriptCopyBytes(Text->Buffer + Text->Length, Characters, Fits);
    Text->Length += Fits;
    Text->Lost += Length - Fits;
    Text->Buffer[Text->Length] = 0;
}

static UINT32 FormatLength(const CHAR *String)
{
    UINT32 Length = 0;

    while (String[Length] != 0) {
        Length++;
    }
    return Length;
}

VOID ScriptPutString(SCRIPT_TEXT *Text, const CHAR *String)
{
    ScriptPutText(Text, String, FormatLength(String));
}

static VOID FormatPad(SCRIPT_TEXT *Text, CHAR Character, UINT32 Count)
{
    while (Count > 0) {
        ScriptPutText(Text, &Character, 1);
        Count--;
    }
}

/* --- reading a format --- */

static UINT32 FormatReadNumber(const CHAR **Text)
{
    UINT32 Number = 0;

    while (**Text >= '0' && **Text <= '9') {
        Number = Number * 10 + (UINT32)(**Text - '0');
        if (Number > FORMAT_MAXIMUM_WIDTH) {
            Number = FORMAT_MAXIMUM_WIDTH;
        }
        (*Text)++;
    }
    return Number;
}

static VOID FormatReadFlags(const CHAR **Text, SCRIPT_CONVERSION *Conversion)
{
    for (;; (*Text)++) {
        switch (**Text) {
        case '-':
            Conversion->Left = TRUE;
            break;
        case '0':
            Conversion->Zero = TRUE;
            break;
        case '+':
            Conversion->Plus = TRUE;
            break;
        case ' ':
            Conversion->Space = TRUE;
            break;
        case '#':
            Conversion->Alternate = TRUE;
            break;
        default:
            return;
        }
    }
}

static VOID FormatReadLength(const CHAR **Text, SCRIPT_CONVERSION *Conversion)
{
    BOOLEAN Long = FALSE;

    for (;; (*Text)++) {
        if (**Text == 'h') {
            Conversion->Bytes = Conversion->Bytes == 2 ? 1 : 2;
        } else if (**Text == 'w') {
            Conversion->Wide = TRUE;
        } else if (**Text == 'l') {
            Long = TRUE;
        } else {
            break;
        }
    }
    if (Long && **Text == 's') {
        Conversion->Wide = TRUE;
    }
}

static VOID FormatReadConversion(const CHAR **Text, SCRIPT_CONVERSION *Conversion)
{
    static const CHAR Letters[] = "diuoxXcps";
    const CHAR *Letter;

    ScriptZeroBytes(Conversion, sizeof(*Conversion));
    FormatReadFlags(Text, Conversion);
    Conversion->Width = FormatReadNumber(Text);
    if (**Text == '.') {
        (*Text)++;
        Conversion->HasPrecision = TRUE;
        Conversion->Precision    = FormatReadNumber(Text);
    }
    FormatReadLength(Text, Conversion);
    for (Letter = Letters; *Letter != 0; Letter++) {
        if (*Letter == **Text) {
            Conversion->Letter = *Letter;
        }
    }
    if (Conversion->Wide && Conversion->Letter != 's') {
        Conversion->Letter = 0;
    }
    if (**Text != 0) {
        (*Text)++;
    }
}

BOOLEAN ScriptNextConversion(const CHAR **Text, const CHAR **Plain, UINT32 *PlainLength,
                             SCRIPT_CONVERSION *Conversion)
{
    const CHAR *Start = *Text;

    *Plain = Start;
    while (**Text != 0 && **Text != '%') {
        (*Text)++;
    }
    *PlainLength = (UINT32)(*Text - Start);
    if (**Text == 0) {
        return FALSE;
    }
    (*Text)++;
    FormatReadConversion(Text, Conversion);
    return TRUE;
}

BOOLEAN ScriptConversionTakes(const SCRIPT_CONVERSION *Conversion, UINT32 TypeKind)
{
    switch (TypeKind) {
    case SCRIPT_TYPE_STRING:
        return Conversion->Letter == 's' && !Conversion->Wide;
    case SCRIPT_TYPE_WIDE:
        return Conversion->Letter == 's' && Conversion->Wide;
    case SCRIPT_TYPE_SYMBOL:
    case SCRIPT_TYPE_DATE:
    case SCRIPT_TYPE_TIME:
        return Conversion->Letter != 0 && Conversion->Letter != 'c';
    case SCRIPT_TYPE_STACK:
        return Conversion->Letter == 's' && !Conversion->Wide;
    case SCRIPT_TYPE_INTEGER:
    case SCRIPT_TYPE_POINTER:
        return Conversion->Letter != 0 && Conversion->Letter != 's';
    default:
        return FALSE;
    }
}

/* --- numbers --- */

/* Digits of a number, last one at Buffer[FORMAT_DIGITS - 1]; returns where they begin. */
static UINT32 FormatDigits(CHAR *Buffer, UINT64 Value, UINT32 Base, BOOLEAN Upper)
{
    const CHAR *Digits = Upper ? "0123456789ABCDEF" : "0123456789abcdef";
    UINT32 Start       = FORMAT_DIGITS;

    do {
        Buffer[--Start] = Digits[Value % Base];
        Value /= Base;
    } while (Value > 0);
    return Start;
}

static UINT64 FormatNarrow(UINT64 Value, UINT32 Bytes, BOOLEAN Signed)
{
    UINT32 Shift = 64 - 8 * Bytes;

    return Signed ? (UINT64)((INT64)(Value << Shift) >> Shift) : Value << Shift >> Shift;
}

static UINT32 FormatBase(CHAR Letter)
{
    if (Letter == 'o') {
        return 8;
    }
    return Letter == 'x' || Letter == 'X' || Letter == 'p' ? 16 : 10;
}

/* The sign or the prefix that goes before the digits. */
static const CHAR *FormatPrefix(const SCRIPT_CONVERSION *Conversion, BOOLEAN Signed, BOOLEAN Negative,
                                UINT64 Value)
{
    if (Signed) {
        return Negative ? "-" : Conversion->Plus ? "+" : Conversion->Space ? " " : "";
    }
    if (Conversion->Letter == 'p' || (Conversion->Alternate && Conversion->Letter == 'x' && Value != 0)) {
        return "0x";
    }
    return Conversion->Alternate && Conversion->Letter == 'X' && Value != 0 ? "0X" : "";
}

static VOID FormatPlaceNumber(SCRIPT_TEXT *Text, const SCRIPT_CONVERSION *Conversion, const CHAR *Prefix,
                              const CHAR *Digits, UINT32 Length)
{
    UINT32 PrefixLength = FormatLength(Prefix);
    UINT32 Zeros =
        Conversion->HasPrecision && Conversion->Precision > Length ? Conversion->Precision - Length : 0;
    UINT32 Whole = PrefixLength + Zeros + Length;
    UINT32 Pad   = Conversion->Width > Whole ? Conversion->Width - Whole : 0;

    if (Conversion->Zero && !Conversion->Left && !Conversion->HasPrecision) {
        Zeros += Pad;
        Pad = 0;
    }
    FormatPad(Text, ' ', Conversion->Left ? 0 : Pad);
    ScriptPutText(Text, Prefix, PrefixLength);
    FormatPad(Text, '0', Zeros);
    ScriptPutText(Text, Digits, Length);
    FormatPad(Text, ' ', Conversion->Left ? Pad : 0);
}

static VOID FormatNumber(SCRIPT_TEXT *Text, const SCRIPT_CONVERSION *Conversion, UINT64 Value, UINT32 Bytes)
{
    CHAR Digits[FORMAT_DIGITS];
    BOOLEAN Signed   = Conversion->Letter == 'd' || Conversion->Letter == 'i';
    BOOLEAN Negative = FALSE;
    UINT32 Start;

    /* As C has it: what is narrower than an int is shown as an int. */
    Bytes = Conversion->Bytes != 0 ? Conversion->Bytes : Bytes < 4 ? 4 : Bytes;
    Value = FormatNarrow(Value, Bytes, Signed);
    if (Signed && (INT64)Value < 0) {
        Negative = TRUE;
        Value    = 0 - Value;
    }
    Start = FormatDigits(Digits, Value, FormatBase(Conversion->Letter), Conversion->Letter == 'X');
    if (Conversion->HasPrecision && Conversion->Precision == 0 && Value == 0) {
        Start = FORMAT_DIGITS;
    }
    if (Conversion->Letter == 'o' && Conversion->Alternate &&
        (Start == FORMAT_DIGITS || Digits[Start] != '0')) {
        Digits[--Start] = '0';
    }
    FormatPlaceNumber(Text, Conversion, FormatPrefix(Conversion, Signed, Negative, Value), Digits + Start,
                      FORMAT_DIGITS - Start);
}

VOID ScriptPutNumber(SCRIPT_TEXT *Text, UINT64 Value, BOOLEAN Signed, UINT32 Width)
{
    SCRIPT_CONVERSION Conversion = {.Letter = Signed ? 'd' : 'u', .Width = Width};

    FormatNumber(Text, &Conversion, Value, 8);
}

/* --- other values --- */

static VOID FormatPlaceString(SCRIPT_TEXT *Text, const SCRIPT_CONVERSION *Conversion, const CHAR *String,
                              UINT32 Length)
{
    UINT32 Pad;

    if (Conversion->HasPrecision && Conversion->Precision < Length) {
        Length = Conversion->Precision;
    }
    Pad = Conversion->Width > Length ? Conversion->Width - Length : 0;
    FormatPad(Text, ' ', Conversion->Left ? 0 : Pad);
    ScriptPutText(Text, String, Length);
    FormatPad(Text, ' ', Conversion->Left ? Pad : 0);
}

static VOID FormatSymbol(SCRIPT_TEXT *Text, const SCRIPT_CONVERSION *Conversion, UINT64 Address,
                         SCRIPT_SYMBOLIZER *Symbolizer, PVOID Context)
{
    CHAR Name[SCRIPT_MAXIMUM_STRING];
    UINT32 Length = Symbolizer != NULL ? Symbolizer(Context, Address, Name, sizeof(Name)) : 0;

    if (Length == 0) {
        SCRIPT_TEXT Number            = {.Buffer = Name, .Size = sizeof(Name)};
        SCRIPT_CONVERSION Hexadecimal = {.Letter = 'p'};

        FormatNumber(&Number, &Hexadecimal, Address, 8);
        Length = Number.Length;
    }
    FormatPlaceString(Text, Conversion, Name, Length);
}

static VOID FormatStack(SCRIPT_TEXT *Text, const UINT64 *Frames, SCRIPT_SYMBOLIZER *Symbolizer, PVOID Context)
{
    const SCRIPT_CONVERSION Plain = {.Letter = 's'};
    UINT32 Index;

    for (Index = 0; Index < SCRIPT_STACK_FRAMES && Frames[Index] != 0; Index++) {
        ScriptPutString(Text, "\n        ");
        FormatSymbol(Text, &Plain, Frames[Index], Symbolizer, Context);
    }
    ScriptPutString(Text, "\n");
}

/* Year, month and day of a count of days since 1970 (years begin in March, so that leap days come last). */
static VOID FormatCivil(UINT64 Days, UINT64 *Year, UINT64 *Month, UINT64 *Day)
{
    UINT64 Shifted   = Days + 719468;
    UINT64 Era       = Shifted / 146097;
    UINT64 OfEra     = Shifted % 146097;
    UINT64 YearOfEra = (OfEra - OfEra / 1460 + OfEra / 36524 - OfEra / 146096) / 365;
    UINT64 OfYear    = OfEra - (365 * YearOfEra + YearOfEra / 4 - YearOfEra / 100);
    UINT64 MonthFrom = (5 * OfYear + 2) / 153;

    *Day   = OfYear - (153 * MonthFrom + 2) / 5 + 1;
    *Month = MonthFrom < 10 ? MonthFrom + 3 : MonthFrom - 9;
    *Year  = YearOfEra + Era * 400 + (*Month <= 2 ? 1 : 0);
}

static VOID FormatPadded(SCRIPT_TEXT *Text, UINT64 Value, UINT32 Width)
{
    SCRIPT_CONVERSION Conversion = {.Letter = 'u', .Width = Width, .Zero = TRUE};

    FormatNumber(Text, &Conversion, Value, 8);
}

static VOID FormatClock(SCRIPT_TEXT *Text, UINT32 Kind, UINT64 Nanoseconds)
{
    UINT64 Seconds = Nanoseconds / 1000000000u;
    UINT64 Year;
    UINT64 Month;
    UINT64 Day;

    if (Kind == SCRIPT_TYPE_DATE) {
        FormatCivil(Seconds / 86400, &Year, &Month, &Day);
        FormatPadded(Text, Year, 4);
        ScriptPutString(Text, "-");
        FormatPadded(Text, Month, 2);
        ScriptPutString(Text, "-");
        FormatPadded(Text, Day, 2);
        return;
    }
    FormatPadded(Text, Seconds / 3600 % 24, 2);
    ScriptPutString(Text, ":");
    FormatPadded(Text, Seconds / 60 % 60, 2);
    ScriptPutString(Text, ":");
    FormatPadded(Text, Seconds % 60, 2);
    ScriptPutString(Text, ".");
    FormatPadded(Text, Nanoseconds / 1000 % 1000000, 6);
}

static VOID FormatClockString(SCRIPT_TEXT *Text, const SCRIPT_CONVERSION *Conversion, UINT32 Kind,
                              UINT64 Nanoseconds)
{
    CHAR Buffer[32];
    SCRIPT_TEXT Clock = {.Buffer = Buffer, .Size = sizeof(Buffer)};

    FormatClock(&Clock, Kind, Nanoseconds);
    FormatPlaceString(Text, Conversion, Buffer, Clock.Length);
}

/* A value that is one word. */
static VOID FormatWord(SCRIPT_TEXT *Text, const SCRIPT_CONVERSION *Conversion, const SCRIPT_TYPE *Type,
                       UINT64 Value, SCRIPT_SYMBOLIZER *Symbolizer, PVOID Context)
{
    CHAR Character = (CHAR)Value;

    if (Conversion->Letter == 's' && Type->Kind == SCRIPT_TYPE_SYMBOL) {
        FormatSymbol(Text, Conversion, Value, Symbolizer, Context);
    } else if (Conversion->Letter == 's') {
        FormatClockString(Text, Conversion, Type->Kind, Value);
    } else if (Conversion->Letter == 'c') {
        FormatPlaceString(Text, Conversion, &Character, 1);
    } else {
        FormatNumber(Text, Conversion, Value, Type->Kind == SCRIPT_TYPE_INTEGER ? Type->Size : 8);
    }
}

VOID ScriptFormatValue(const SCRIPT_TYPE *Type, const UINT64 *Value, SCRIPT_SYMBOLIZER *Symbolizer,
                       PVOID Context, SCRIPT_TEXT *Text)
{
    SCRIPT_CONVERSION Conversion = {.Letter = 's'};
    UINT32 Length                = 0;

    switch (Type->Kind) {
    case SCRIPT_TYPE_STRING:
        while (Length < Type->Size && ((const CHAR *)Value)[Length] != 0) {
            Length++;
        }
        ScriptPutText(Text, (const CHAR *)Value, Length);
        return;
    case SCRIPT_TYPE_STACK:
        FormatStack(Text, Value, Symbolizer, Context);
        return;
    case SCRIPT_TYPE_INTEGER:
        Conversion.Letter = Type->Signed ? 'd' : 'u';
        break;
    case SCRIPT_TYPE_POINTER:
        Conversion.Letter = 'p';
        break;
    default:
        break;
    }
    FormatWord(Text, &Conversion, Type, *Value, Symbolizer, Context);
}

/* --- records --- */

typedef struct _FORMAT_READER {
    const UINT64 *Words;
    UINT32 Count; /* of words left */
} FORMAT_READER;

static const UINT64 *FormatTake(FORMAT_READER *Reader, UINT32 Words)
{
    const UINT64 *Taken = Reader->Words;

    if (Words > Reader->Count) {
        return NULL;
    }
    Reader->Words += Words;
    Reader->Count -= Words;
    return Taken;
}

static BOOLEAN FormatRecordString(FORMAT_READER *Reader, const SCRIPT_CONVERSION *Conversion,
                                  SCRIPT_TEXT *Text)
{
    const UINT64 *Length = FormatTake(Reader, 1);
    const UINT64 *Characters;

    if (Length == NULL || *Length > SCRIPT_MAXIMUM_STRING) {
        return FALSE;
    }
    Characters = FormatTake(Reader, (UINT32)(*Length + 7) / 8);
    if (Characters == NULL) {
        return FALSE;
    }
    FormatPlaceString(Text, Conversion, (const CHAR *)Characters, (UINT32)*Length);
    return TRUE;
}

static BOOLEAN FormatArgument(FORMAT_READER *Reader, const SCRIPT_CONVERSION *Conversion,
                              const SCRIPT_TYPE *Type, SCRIPT_SYMBOLIZER *Symbolizer, PVOID Context,
                              SCRIPT_TEXT *Text)
{
    const UINT64 *Value;

    if (Type->Kind == SCRIPT_TYPE_STRING || Type->Kind == SCRIPT_TYPE_WIDE) {
        return FormatRecordString(Reader, Conversion, Text);
    }
    Value = FormatTake(Reader, Type->Kind == SCRIPT_TYPE_STACK ? SCRIPT_STACK_FRAMES : 1);
    if (Value == NULL) {
        return FALSE;
    }
    if (Type->Kind == SCRIPT_TYPE_STACK) {
        FormatStack(Text, Value, Symbolizer, Context);
    } else {
        FormatWord(Text, Conversion, Type, *Value, Symbolizer, Context);
    }
    return TRUE;
}

/* A literal percent sign is a conversion without a letter, whose character is '%'. */
static BOOLEAN FormatIsPercent(const SCRIPT_CONVERSION *Conversion, const CHAR *After)
{
    return Conversion->Letter == 0 && After[-1] == '%';
}

BOOLEAN ScriptFormatRecord(const SCRIPT_VIEW *View, const VOID *Record, UINT32 Size,
                           SCRIPT_SYMBOLIZER *Symbolizer, PVOID Context, SCRIPT_TEXT *Text)
{
    const SCRIPT_RECORD *Head = Record;
    FORMAT_READER Reader      = {.Words = (const UINT64 *)(Head + 1)};
    const SCRIPT_FORMAT *Format;
    SCRIPT_CONVERSION Conversion;
    const CHAR *Cursor;
    const CHAR *Plain;
    UINT32 PlainLength;
    UINT32 Argument = 0;

    if (Size < sizeof(*Head) || Head->Size != Size || Head->Format >= View->Counts[SCRIPT_SECTION_FORMATS]) {
        return FALSE;
    }
    Reader.Count = (Size - sizeof(*Head)) / 8;
    Format       = &View->Formats[Head->Format];
    Cursor       = View->Strings + Format->Text;
    while (ScriptNextConversion(&Cursor, &Plain, &PlainLength, &Conversion)) {
        ScriptPutText(Text, Plain, PlainLength);
        if (FormatIsPercent(&Conversion, Cursor)) {
            ScriptPutString(Text, "%");
            continue;
        }
        if (!FormatArgument(&Reader, &Conversion,
                            &View->Types[View->Lists[Format->FirstArgument + Argument++]], Symbolizer,
                            Context, Text)) {
            return FALSE;
        }
    }
    ScriptPutText(Text, Plain, PlainLength);
    return TRUE;
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * LogFormatTest.c - the formatter writes what the C library's writes, for every conversion that it has.
 *
 * Context: user space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hyperlog/LogFormat.h"

#define BUFFER 4096

/* Both formatters with the same arguments into Room bytes: the same bytes, and Length. */
static void CompareCut(UINT32 Room, UINT32 Length, const CHAR *Fmt, va_list ArgList)
{
    CHAR Ours[BUFFER], Theirs[BUFFER];
    va_list Again;

    memset(Ours, 0x5A, sizeof(Ours));
    memset(Theirs, 0x5A, sizeof(Theirs));
    va_copy(Again, ArgList);
    vsnprintf(Theirs, Room, Fmt, Again);
    va_end(Again);
    assert_int_equal(LogFormat(Ours, Room, Fmt, ArgList), Length);
    assert_memory_equal(Ours, Theirs, sizeof(Ours));
}

/* At every size of the buffer at which something changes. */
static void Check(const CHAR *Fmt, ...)
{
    va_list ArgList, Again;
    UINT32 Length;

    va_start(ArgList, Fmt);
    va_copy(Again, ArgList);
    Length = (UINT32)vsnprintf(NULL, 0, Fmt, Again);
    va_end(Again);
    CompareCut(BUFFER, Length, Fmt, ArgList);
    CompareCut(Length + 1, Length, Fmt, ArgList);
    CompareCut(Length, Length, Fmt, ArgList);
    CompareCut(Length / 2, Length, Fmt, ArgList);
    CompareCut(1, Length, Fmt, ArgList);
    assert_int_equal(LogFormat(NULL, 0, Fmt, ArgList), Length);
    va_end(ArgList);
}

static UINT64 g_Random = 88172645463325252ull;

static UINT64 Random(void)
{
    g_Random ^= g_Random << 13;
    g_Random ^= g_Random >> 7;
    return g_Random ^= g_Random << 17;
}

static UINT64 AnyNumber(void)
{
    static const UINT64 Edges[] = {0,          1,      7,           8,          0x7F,        0x80, 0xFF,
                                   0x7FFF,     0x8000, 0xFFFF,      0x7FFFFFFF, 0x80000000u, ~0u,  ~0ull >> 1,
                                   1ull << 63, ~0ull,  0123456701u, 9,          10,          16};

    return Random() % 2 ? Edges[Random() % COUNT_OF(Edges)] : Random() >> Random() % 64;
}

/* Some of Characters, in any order. */
static CHAR *AddFlags(CHAR *At, const CHAR *Characters)
{
    UINT32 Count = Random() % 4;

    for (; Count; Count--)
        *At++ = Characters[Random() % strlen(Characters)];
    return At;
}

static CHAR *AddWidthAndPrecision(CHAR *At)
{
    if (Random() % 2)
        At += sprintf(At, "%u", (UINT32)(Random() % 30 + 1));
    if (Random() % 3 == 0)
        At += sprintf(At, Random() % 8 ? ".%u" : ".", (UINT32)(Random() % 30));
    return At;
}

typedef struct _LENGTH {
    const CHAR *Text;
    BOOLEAN IsLong;
} LENGTH;

static void IntegersComeOutAsInTheLibrary(void **State)
{
    static const LENGTH Lengths[]   = {{"hh", FALSE}, {"h", FALSE}, {"", FALSE}, {"l", TRUE},
                                       {"ll", TRUE},  {"z", TRUE},  {"j", TRUE}, {"t", TRUE}};
    static const CHAR Conversions[] = "diuxXo";
    UINT32 Round;

    (void)State;
    for (Round = 0; Round < 60000; Round++) {
        const LENGTH *Length = &Lengths[Random() % COUNT_OF(Lengths)];
        CHAR Conversion      = Conversions[Random() % 6];
        UINT64 Number        = AnyNumber();
        CHAR Fmt[64]         = "<%";
        CHAR *At             = AddFlags(Fmt + 2, Conversion == 'd' || Conversion == 'i' ? "-0+ "
                                                 : Conversion == 'u'                    ? "-0"
                                                                                        : "-0#");

        At = AddWidthAndPrecision(At);
        sprintf(At, "%s%c>", Length->Text, Conversion);
        if (Length->IsLong)
            Check(Fmt, Number);
        else
            Check(Fmt, (UINT32)Number);
    }
}

static void StringsAndCharactersComeOutAsInTheLibrary(void **State)
{
    static const CHAR *const Strings[] = {"", "a", "hyperdbg", "a longer string with % in it, \n and all",
                                          "\xff"};
    UINT32 Round;

    (void)State;
    for (Round = 0; Round < 20000; Round++) {
        CHAR Fmt[64] = "<%";

        strcpy(AddWidthAndPrecision(AddFlags(Fmt + 2, "-")), "s>");
        Check(Fmt, Strings[Random() % COUNT_OF(Strings)]);
        strcpy(Fmt, Random() % 2 ? "<%5c>" : "<%-3c>");
        Check(Fmt, (int)Random() & 0xFF);
    }
}

static void WidthAndPrecisionMayBeArguments(void **State)
{
    INT32 Width, Precision;

    (void)State;
    for (Width = -12; Width < 12; Width++) {
        for (Precision = -2; Precision < 12; Precision++) {
            Check("%*.*d|%0*d|%.*s", Width, Precision, Width * 1000, Width, Precision, Precision, "string");
            Check("%-*x|%+*i|%*s|%*c", Width, 0xABC, Width, Precision, Width, "ab", Width, 'z');
        }
    }
}

static void ManyArgumentsOfMixedTypesKeepTheirOrder(void **State)
{
    (void)State;
    Check("%d %llx %s %c %hhu %ld %zu %% %o %s%u%X", -1, ~0ull, "text", 'c', 300, -5l, sizeof(int), 8u, "",
          7u, 0xBEEFu);
    Check("no conversion");
    Check("");
    Check("%s%s", "", "");
    Check("100%%");
}

static void CheckText(const CHAR *Wanted, const CHAR *Fmt, ...)
{
    CHAR Text[BUFFER];
    va_list ArgList;

    va_start(ArgList, Fmt);
    assert_int_equal(LogFormat(Text, sizeof(Text), Fmt, ArgList), strlen(Wanted));
    va_end(ArgList);
    assert_string_equal(Text, Wanted);
}

static void PointersAreHexadecimalWithPrefix(void **State)
{
    (void)State;
    CheckText("0xdeadbeefcafe", "%p", (PVOID)0xDEADBEEFCAFEull);
    CheckText("0x0", "%p", NULL);
    CheckText("   0x12|0x12  |0x00000012", "%7p|%-6p|%.8p", (PVOID)0x12, (PVOID)0x12, (PVOID)0x12);
}

static void ANullStringIsSaidToBeOne(void **State)
{
    (void)State;
    CheckText("<(null)>", "<%s>", NULL);
    CheckText("<(nu>", "<%.3s>", NULL);
}

static void FromAnUnknownConversionOnTheFormatIsCopied(void **State)
{
    (void)State;
    CheckText("1 %q %d", "%d %q %d", 1, 2, 3);
    CheckText("%f %s", "%f %s", 1.0, "x");
    CheckText("%n", "%n", NULL);
    CheckText("50%", "50%");
    CheckText("%-08.3", "%-08.3");
    CheckText("%ll", "%ll", 1ull);
}

static UINT32 LengthOf(const CHAR *Fmt, ...)
{
    va_list ArgList;
    UINT32 Length;

    va_start(ArgList, Fmt);
    Length = LogFormat(NULL, 0, Fmt, ArgList);
    va_end(ArgList);
    return Length;
}

static void WidthAndPrecisionOfNumbersHaveALimit(void **State)
{
    (void)State;
    assert_int_equal(LengthOf("%2147483647d", 1), LOG_FORMAT_WIDEST);
    assert_int_equal(LengthOf("%99999999999999d", 1), LOG_FORMAT_WIDEST);
    assert_int_equal(LengthOf("%*d", (int)0x80000000u, 1), LOG_FORMAT_WIDEST);
    assert_int_equal(LengthOf("%.2147483647d", 1), LOG_FORMAT_WIDEST + 1);
    assert_int_equal(LengthOf("%.*x", 0x7FFFFFFF, 1), LOG_FORMAT_WIDEST + 1);
    assert_int_equal(LengthOf("%5000s", "x"), LOG_FORMAT_WIDEST);
    assert_int_equal(LengthOf("%.99999999999s", "xyz"), 3);
}

static void LongStringsAreNotLimited(void **State)
{
    static CHAR Long[3000];

    (void)State;
    memset(Long, 'x', sizeof(Long) - 1);
    Check("%s!", Long);
    Check("%2000s!", Long);
    Check("%.2500s!", Long);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(IntegersComeOutAsInTheLibrary),
        cmocka_unit_test(StringsAndCharactersComeOutAsInTheLibrary),
        cmocka_unit_test(WidthAndPrecisionMayBeArguments),
        cmocka_unit_test(ManyArgumentsOfMixedTypesKeepTheirOrder),
        cmocka_unit_test(PointersAreHexadecimalWithPrefix),
        cmocka_unit_test(ANullStringIsSaidToBeOne),
        cmocka_unit_test(FromAnUnknownConversionOnTheFormatIsCopied),
        cmocka_unit_test(WidthAndPrecisionOfNumbersHaveALimit),
        cmocka_unit_test(LongStringsAreNotLimited),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

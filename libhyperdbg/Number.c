/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Number.c - numbers as users of the debugger write them: hexadecimal unless the prefix says otherwise.
 *
 * Context: user space.
 */
#include "libhyperdbg/Number.h"

/* The base that a prefix asks for; moves *Text behind it. */
static UINT32 NumberBase(const CHAR **Text)
{
    static const struct {
        CHAR Letter;
        UINT32 Base;
    } Prefixes[] = {{'x', 16}, {'n', 10}, {'t', 8}, {'y', 2}};

    for (UINT32 i = 0; (*Text)[0] == '0' && i < COUNT_OF(Prefixes); i++) {
        if (((*Text)[1] | 0x20) == Prefixes[i].Letter) {
            *Text += 2;
            return Prefixes[i].Base;
        }
    }
    return 16;
}

/* The value of a digit, or a number that no base reaches. */
static UINT32 NumberDigit(CHAR Digit)
{
    if (Digit >= '0' && Digit <= '9')
        return (UINT32)(Digit - '0');
    Digit |= 0x20;
    return Digit >= 'a' && Digit <= 'f' ? (UINT32)(Digit - 'a') + 10 : 0xFF;
}

BOOLEAN NumberParse(const CHAR *Text, UINT64 *Number)
{
    UINT32 Base   = NumberBase(&Text);
    UINT64 Value  = 0;
    CHAR Previous = '`'; /* neither the first nor the last character may be a separator */

    for (; *Text != '\0'; Previous = *Text++) {
        if (*Text == '`' && Previous != '`')
            continue;
        UINT32 Digit = NumberDigit(*Text);
        if (Digit >= Base || __builtin_mul_overflow(Value, Base, &Value) ||
            __builtin_add_overflow(Value, Digit, &Value))
            return FALSE;
    }
    *Number = Value;
    return Previous != '`';
}

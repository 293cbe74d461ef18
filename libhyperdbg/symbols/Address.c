/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Address.c - addresses as users of the debugger write them: a number, or a symbol of the kernel.
 *
 * Context: user space.
 */
#include "libhyperdbg/symbols/Address.h"

#include "libhyperdbg/Number.h"

#include <string.h>

#define DIGITS        "0123456789"
#define LETTERS       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define SYMBOL_LETTER DIGITS LETTERS ".$"

/* Length bytes that are all of Letters, and at least one; FALSE: they are not, or are too many. */
static BOOLEAN AddressCopy(CHAR *To, SIZE_T Size, const CHAR *From, SIZE_T Length, const CHAR *Letters)
{
    if (Length == 0 || Length >= Size || strspn(From, Letters) < Length)
        return FALSE;
    memcpy(To, From, Length);
    To[Length] = '\0';
    return TRUE;
}

/* Takes "module!" off the text. */
static BOOLEAN AddressTakeModule(const CHAR **Text, ADDRESS_TEXT *Address)
{
    const CHAR *Mark = strchr(*Text, '!');
    const CHAR *From = *Text;

    if (Mark == NULL)
        return TRUE;
    *Text = Mark + 1;
    return AddressCopy(Address->Module, sizeof(Address->Module), From, (SIZE_T)(Mark - From), SYMBOL_LETTER);
}

/* "+10" or "-10"; nothing is 0. */
static BOOLEAN AddressParseOffset(const CHAR *Text, UINT64 *Offset)
{
    *Offset = 0;
    if (*Text == '\0')
        return TRUE;
    if (!NumberParse(Text + 1, Offset))
        return FALSE;
    *Offset = *Text == '-' ? -*Offset : *Offset;
    return TRUE;
}

static BOOLEAN AddressParseNumber(const CHAR *Text, SIZE_T Length, UINT64 *Number)
{
    CHAR Word[80];

    return AddressCopy(Word, sizeof(Word), Text, Length, DIGITS LETTERS "`") && NumberParse(Word, Number);
}

BOOLEAN AddressParse(const CHAR *Text, ADDRESS_TEXT *Address)
{
    UINT64 Base = 0, Offset;

    *Address = (ADDRESS_TEXT){0};
    if (!AddressTakeModule(&Text, Address))
        return FALSE;

    SIZE_T Length    = strcspn(Text, "+-");
    Address->HasName = Address->Module[0] != '\0' || !AddressParseNumber(Text, Length, &Base);
    if (Address->HasName &&
        (!AddressCopy(Address->Name, sizeof(Address->Name), Text, Length, SYMBOL_LETTER) ||
         strchr(DIGITS, Text[0]) != NULL))
        return FALSE;
    if (!AddressParseOffset(Text + Length, &Offset))
        return FALSE;
    Address->Offset = Base + Offset;
    return TRUE;
}

BOOLEAN AddressParsePattern(const CHAR *Text, ADDRESS_TEXT *Address)
{
    *Address = (ADDRESS_TEXT){.HasName = TRUE};
    return AddressTakeModule(&Text, Address) &&
           AddressCopy(Address->Name, sizeof(Address->Name), Text, strlen(Text), SYMBOL_LETTER "*?");
}

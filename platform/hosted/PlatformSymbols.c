/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformSymbols.c - the names in the pretended kernel: HOSTED_SYMBOLS.
 *
 * Context: user space.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "platform/PlatformSymbols.h"
#include "platform/hosted/Hosted.h"

static const PLATFORM_SYMBOL g_Symbols[] = {
#define HOSTED_SYMBOL(Symbol, Owner, Start, Length)                                                          \
    {.Address = (Start), .Size = (Length), .Name = #Symbol, .Module = Owner},
    HOSTED_SYMBOLS(HOSTED_SYMBOL)
#undef HOSTED_SYMBOL
};

BOOLEAN PlatformSymbolsSearch(const CHAR *Module, const CHAR *Pattern, PLATFORM_SYMBOL_FOUND Found,
                              PVOID Context)
{
    for (UINT32 Index = 0; Index < COUNT_OF(g_Symbols); Index++) {
        const PLATFORM_SYMBOL *Symbol = &g_Symbols[Index];

        if (fnmatch(Pattern, Symbol->Name, 0) != 0 ||
            (Module[0] != '\0' && strcmp(Module, Symbol->Module) != 0))
            continue;
        if (!Found(Context, Symbol->Module, Symbol->Name, Symbol->Address))
            break;
    }
    return TRUE;
}

BOOLEAN PlatformSymbolOfAddress(UINT64 Address, PLATFORM_SYMBOL *Symbol)
{
    for (UINT32 Index = 0; Index < COUNT_OF(g_Symbols); Index++) {
        if (Address - g_Symbols[Index].Address < g_Symbols[Index].Size) {
            *Symbol = g_Symbols[Index];
            return TRUE;
        }
    }
    return FALSE;
}

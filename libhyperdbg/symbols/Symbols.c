/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Symbols.c - symbols of the kernel: from names to addresses and back.
 *
 * Context: user space.
 */
#include "libhyperdbg/symbols/Symbols.h"

#include "libhyperdbg/Session.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/symbols/Address.h"

#include <stdio.h>
#include <string.h>

#define MOST_NAMED 4 /* of several symbols with one name */

/* --- from the name ---------------------------------------------------------------------------- */

static VOID SymbolsSayAmbiguous(HYPERDBG_SESSION *Session, const CHAR *Word,
                                const DEBUGGER_QUERY_SYMBOLS *Query)
{
    TEXT Text;

    TextClear(&Text);
    for (UINT32 i = 0; i < Query->Count && i < MOST_NAMED; i++)
        TextAdd(&Text, "%s%s!%s %llx", i == 0 ? "" : ", ", Query->Symbol[i].Module, Query->Symbol[i].Name,
                Query->Symbol[i].Address);
    OutputError(Session, Word, "%llu symbols have this name: %s%s; write module!name, or the number",
                Query->Total, Text.Buffer, Query->Total > MOST_NAMED ? "..." : "");
}

BOOLEAN SymbolsResolve(HYPERDBG_SESSION *Session, const ARGUMENT *Argument, UINT64 *Address)
{
    DEBUGGER_QUERY_SYMBOLS Query = {0};
    ADDRESS_TEXT Text;

    if (!AddressParse(Argument->Text, &Text)) /* the parser has let it through */
        return FALSE;
    *Address = Text.Offset;
    if (!Text.HasName)
        return TRUE;
    memcpy(Query.Module, Text.Module, sizeof(Query.Module));
    memcpy(Query.Pattern, Text.Name, sizeof(Query.Pattern));
    if (!ConnectionRequest(Session, IOCTL_QUERY_SYMBOLS, &Query))
        return FALSE;
    if (Query.Total == 1) {
        *Address += Query.Symbol[0].Address;
        return TRUE;
    }
    if (Query.Total == 0)
        OutputError(Session, Argument->Text, "the kernel has no such symbol ('x %s*' looks for more)",
                    Text.Name);
    else
        SymbolsSayAmbiguous(Session, Argument->Text, &Query);
    return FALSE;
}

/* --- from the address ------------------------------------------------------------------------- */

static VOID SymbolsAsk(HYPERDBG_SESSION *Session, UINT64 Address, CHAR *Name)
{
    DEBUGGER_QUERY_ADDRESS Query = {.Address = Address};
    DEBUGGER_SYMBOL *Symbol      = &Query.Symbol;
    CHAR Offset[24]              = "";

    Name[0] = '\0';
    if (ConnectionAsk(Session, IOCTL_QUERY_ADDRESS, &Query) != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
        return;
    Symbol->Name[sizeof(Symbol->Name) - 1]     = '\0';
    Symbol->Module[sizeof(Symbol->Module) - 1] = '\0';
    if (Address != Symbol->Address)
        snprintf(Offset, sizeof(Offset), "+%llx", Address - Symbol->Address);
    if (strcmp(Symbol->Module, HYPERDBG_SYMBOL_KERNEL) == 0)
        snprintf(Name, SYMBOL_TEXT_SIZE, "%s%s", Symbol->Name, Offset);
    else
        snprintf(Name, SYMBOL_TEXT_SIZE, "%s!%s%s", Symbol->Module, Symbol->Name, Offset);
}

/* One answer is kept for each slot: events come from few places. */
VOID SymbolsName(HYPERDBG_SESSION *Session, UINT64 Address, CHAR Name[SYMBOL_TEXT_SIZE])
{
    SESSION_SYMBOL *Slot = &Session->Symbols[(Address ^ Address >> 6 ^ Address >> 12) % SESSION_SYMBOLS];

    Name[0] = '\0';
    if (!(Address >> 63))
        return;
    if (Slot->Address != Address) {
        SymbolsAsk(Session, Address, Slot->Text);
        Slot->Address = Address;
    }
    memcpy(Name, Slot->Text, SYMBOL_TEXT_SIZE);
}

VOID SymbolsAddAddress(HYPERDBG_SESSION *Session, TEXT *Text, UINT64 Address)
{
    CHAR Name[SYMBOL_TEXT_SIZE];

    SymbolsName(Session, Address, Name);
    TextAdd(Text, "%llx%s", Address, Name[0] != '\0' ? " " : "");
    TextAddForeign(Text, Name, sizeof(Name));
}

VOID SymbolsForget(HYPERDBG_SESSION *Session)
{
    memset(Session->Symbols, 0, sizeof(Session->Symbols));
}

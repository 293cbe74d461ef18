// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inspect.c - requests that look at the kernel and change nothing: symbols, page tables.
 *
 * Context: process.
 */
#include "hyperkd/driver/Inspect.h"

#include "SDK/Ioctls.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformPageWalk.h"
#include "platform/PlatformSymbols.h"

STATIC_ASSERT(PLATFORM_SYMBOL_NAME_LENGTH == HYPERDBG_SYMBOL_NAME_LENGTH);
STATIC_ASSERT(PLATFORM_SYMBOL_MODULE_LENGTH == HYPERDBG_SYMBOL_MODULE_LENGTH);
STATIC_ASSERT(PLATFORM_PAGE_WALK_LEVELS == HYPERDBG_PAGE_TABLE_LEVELS);
STATIC_ASSERT(PLATFORM_ALL_PROCESSES == HYPERDBG_ALL_PROCESSES);

/* --- symbols ---------------------------------------------------------------------------------------------
 */

static VOID InspectCopyName(CHAR *To, UINT32 Size, const CHAR *From)
{
    UINT32 Length = 0;

    for (; Length + 1 < Size && From[Length] != '\0'; Length++) {
        To[Length] = From[Length];
    }
    To[Length] = '\0';
}

/* Of a request: a name without an end is none. */
static BOOLEAN InspectIsName(const CHAR *Name, UINT32 Size)
{
    while (Size > 0 && *Name != '\0') {
        Name++;
        Size--;
    }
    return Size > 0;
}

/* Goes on to the end, so that the user hears how many there are. */
static BOOLEAN InspectFound(PVOID Context, const CHAR *Module, const CHAR *Name, UINT64 Address)
{
    DEBUGGER_QUERY_SYMBOLS *Query = Context;

    if (Query->Total++ >= Query->Skip && Query->Count < COUNT_OF(Query->Symbol)) {
        DEBUGGER_SYMBOL *Symbol = &Query->Symbol[Query->Count++];

        Symbol->Address = Address;
        Symbol->Size    = 0;
        InspectCopyName(Symbol->Name, sizeof(Symbol->Name), Name);
        InspectCopyName(Symbol->Module, sizeof(Symbol->Module), Module);
    }
    return TRUE;
}

UINT32 InspectSymbols(PVOID Buffer)
{
    DEBUGGER_QUERY_SYMBOLS *Query = Buffer;

    if (!InspectIsName(Query->Module, sizeof(Query->Module)) ||
        !InspectIsName(Query->Pattern, sizeof(Query->Pattern))) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    Query->Count = 0;
    Query->Total = 0;
    PlatformMemoryZero(Query->Symbol, sizeof(Query->Symbol));
    if (!PlatformSymbolsSearch(Query->Module, Query->Pattern, InspectFound, Query)) {
        return DEBUGGER_ERROR_SYMBOLS_NOT_AVAILABLE;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

UINT32 InspectAddress(PVOID Buffer)
{
    DEBUGGER_QUERY_ADDRESS *Query = Buffer;
    PLATFORM_SYMBOL Symbol;

    PlatformMemoryZero(&Query->Symbol, sizeof(Query->Symbol));
    if (!PlatformSymbolOfAddress(Query->Address, &Symbol)) {
        return DEBUGGER_ERROR_SYMBOL_NOT_FOUND;
    }
    Query->Symbol.Address = Symbol.Address;
    Query->Symbol.Size    = Symbol.Size;
    InspectCopyName(Query->Symbol.Name, sizeof(Query->Symbol.Name), Symbol.Name);
    InspectCopyName(Query->Symbol.Module, sizeof(Query->Symbol.Module), Symbol.Module);
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

/* --- page tables -----------------------------------------------------------------------------------------
 */

static UINT32 InspectPhysical(DEBUGGER_QUERY_TRANSLATION *Query)
{
    const UINT8 *Page = PlatformMemoryPhysicalToVirtualIfRam(Query->Address & ~(PLATFORM_PAGE_SIZE - 1));

    Query->Result    = Page != NULL ? (UINTPTR)Page + Query->Address % PLATFORM_PAGE_SIZE : 0;
    Query->PageShift = Page != NULL ? PLATFORM_PAGE_SHIFT : 0;
    Query->TopLevel  = 0;
    Query->Count     = 0;
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 InspectVirtual(DEBUGGER_QUERY_TRANSLATION *Query)
{
    PLATFORM_PAGE_WALK Walk;

    if (!PlatformPageWalk(Query->ProcessId, Query->Address, &Walk)) {
        return DEBUGGER_ERROR_NO_PAGE_TABLES;
    }
    Query->Result    = Walk.Physical;
    Query->PageShift = Walk.PageShift;
    Query->TopLevel  = Walk.TopLevel;
    Query->Count     = Walk.Count;
    for (UINT32 Index = 0; Index < Walk.Count; Index++) {
        Query->Entry[Index].Address = Walk.Entry[Index].Address;
        Query->Entry[Index].Value   = Walk.Entry[Index].Value;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

UINT32 InspectTranslation(PVOID Buffer)
{
    DEBUGGER_QUERY_TRANSLATION *Query = Buffer;

    PlatformMemoryZero(Query->Entry, sizeof(Query->Entry));
    if (Query->IsPhysical > 1) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    return Query->IsPhysical ? InspectPhysical(Query) : InspectVirtual(Query);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PteCommand.c - !pte: the entries of the page tables on the way to an address.
 *
 * Context: user space. SDM Vol. 3, 4.5 (tables 4-15 to 4-20).
 */
#include "libhyperdbg/commands/Translation.h"

#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/output/TextBuilder.h"

#define ENTRY_PRESENT 0x1ull
#define ENTRY_LARGE   0x80ull
#define ENTRY_ADDRESS 0x000FFFFFFFFFF000ull

static const PARAMETER g_Parameters[] = {TRANSLATION_PARAMETERS};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"!pte do_sys_openat2", "the way to a function of the kernel"},
    {"!pte 401000 pid 0n1234", "to an address of a program"},
    {NULL, NULL},
};

/* Bits with a meaning at levels From to To (1 is the lowest). */
static const struct {
    UINT8 Bit;
    UINT8 From;
    UINT8 To;
    BOOLEAN IsOfPage; /* only in the entry that maps a page */
    const CHAR *Name;
} g_Flags[] = {
    {1, 1, 5, FALSE, "writable"}, {2, 1, 5, FALSE, "user"},        {3, 1, 5, FALSE, "write-through"},
    {4, 1, 5, FALSE, "uncached"}, {5, 1, 5, FALSE, "accessed"},    {6, 1, 3, TRUE, "dirty"},
    {7, 2, 3, FALSE, "large"},    {7, 1, 1, FALSE, "pat"},         {8, 1, 3, TRUE, "global"},
    {12, 2, 3, TRUE, "pat"},      {63, 1, 5, FALSE, "no-execute"},
};

static BOOLEAN PteMapsPage(UINT32 Level, UINT64 Value)
{
    return Level == 1 || (Level <= 3 && (Value & ENTRY_LARGE));
}

static VOID PteAddFlags(TEXT *Text, UINT32 Level, UINT64 Value)
{
    const BOOLEAN MapsPage = PteMapsPage(Level, Value);

    TextAdd(Text, "%s", Value & ENTRY_PRESENT ? "present" : "not present");
    for (UINT32 i = 0; (Value & ENTRY_PRESENT) && i < COUNT_OF(g_Flags); i++) {
        if ((Value >> g_Flags[i].Bit & 1) && Level >= g_Flags[i].From && Level <= g_Flags[i].To &&
            (MapsPage || !g_Flags[i].IsOfPage))
            TextAdd(Text, " %s", g_Flags[i].Name);
    }
}

/* What the entry leads to: a page begins at a multiple of its size. */
static UINT64 PteTarget(UINT32 Level, UINT64 Value)
{
    const UINT64 PageMask = (1ull << (12 + 9 * (Level - 1))) - 1;

    return PteMapsPage(Level, Value) ? Value & ENTRY_ADDRESS & ~PageMask : Value & ENTRY_ADDRESS;
}

static VOID PteShowEntry(HYPERDBG_SESSION *Session, UINT32 Level, UINT64 Address, UINT64 Value)
{
    static const CHAR *const Names[] = {"PTE", "PDE", "PDPTE", "PML4E", "PML5E"};
    struct json_object *Object       = JsonObject("page_table_entry");
    TEXT Flags;

    TextClear(&Flags);
    PteAddFlags(&Flags, Level, Value);
    JsonAddText(Object, "name", Names[Level - 1]);
    JsonAddHex(Object, "entry", Address);
    JsonAddHex(Object, "value", Value);
    JsonAddText(Object, "flags", Flags.Buffer);
    if (Value & ENTRY_PRESENT)
        JsonAddHex(Object, "target", PteTarget(Level, Value));
    OutputResult(Session, Object, "%-5s  at %10llx  value %16llx  to %10llx  %s", Names[Level - 1], Address,
                 Value, Value & ENTRY_PRESENT ? PteTarget(Level, Value) : 0, Flags.Buffer);
}

static HYPERDBG_RESULT PteCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    DEBUGGER_QUERY_TRANSLATION Query;

    if (!TranslationAsk(Session, Arguments, &Query))
        return HYPERDBG_FAILURE;
    for (UINT32 i = 0; i < Query.Count && i < COUNT_OF(Query.Entry) && i < Query.TopLevel; i++) {
        const UINT32 Level = Query.TopLevel - i;

        if (Level <= COUNT_OF(Query.Entry))
            PteShowEntry(Session, Level, Query.Entry[i].Address, Query.Entry[i].Value);
    }
    TranslationShow(Session, &Query);
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandPte = {
    .Name           = "!pte",
    .Group          = COMMAND_GROUP_MACHINE,
    .Summary        = "the entries of the page tables on the way to an address",
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = PteCommandRun,
};

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * SymbolsCommand.c - x: symbols of the kernel and its modules by name.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "libhyperdbg/Session.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/symbols/Address.h"

#include <string.h>

/* More are counted, not shown. */
#define MOST_SHOWN 256

static const PARAMETER g_Parameters[] = {
    {"name", "name", PARAMETER_SYMBOLS, PARAMETER_POSITIONAL | PARAMETER_REQUIRED, 0, NULL,
     "in which * stands for any letters and ? for one; module!name for one module, kernel!name for none"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"x do_sys_open*", "what begins so, with addresses"},
    {"x hyperhv!*", "everything in a module"},
    {"x jiffies", "where one symbol is"},
    {NULL, NULL},
};

static VOID SymbolShow(HYPERDBG_SESSION *Session, DEBUGGER_SYMBOL *Symbol)
{
    struct json_object *Object = JsonObject("symbol");

    Symbol->Name[sizeof(Symbol->Name) - 1]     = '\0';
    Symbol->Module[sizeof(Symbol->Module) - 1] = '\0';
    JsonAddHex(Object, "address", Symbol->Address);
    JsonAddText(Object, "name", Symbol->Name);
    JsonAddText(Object, "module", Symbol->Module);
    OutputResult(Session, Object, "%016llx  %s!%s", Symbol->Address, Symbol->Module, Symbol->Name);
}

static VOID SymbolsShowEnd(HYPERDBG_SESSION *Session, UINT64 Total, UINT64 Shown)
{
    struct json_object *Object = JsonObject("symbols");

    if (Total == 0)
        OutputText(Session, HYPERDBG_MESSAGE_RESULT, "no symbol has such a name");
    else if (Total > Shown)
        OutputText(Session, HYPERDBG_MESSAGE_RESULT, "and %llu more", Total - Shown);
    JsonAddNumber(Object, "count", Total);
    OutputObject(Session, HYPERDBG_MESSAGE_RESULT, Object);
}

static HYPERDBG_RESULT SymbolsCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    DEBUGGER_QUERY_SYMBOLS Query = {0};
    ADDRESS_TEXT Wanted;

    if (!AddressParsePattern(Arguments->Item[0].Text, &Wanted)) /* the parser has let it through */
        return HYPERDBG_FAILURE;
    memcpy(Query.Module, Wanted.Module, sizeof(Query.Module));
    memcpy(Query.Pattern, Wanted.Name, sizeof(Query.Pattern));
    do {
        if (!ConnectionRequest(Session, IOCTL_QUERY_SYMBOLS, &Query))
            return HYPERDBG_FAILURE;
        for (UINT32 i = 0; i < Query.Count && i < COUNT_OF(Query.Symbol); i++)
            SymbolShow(Session, &Query.Symbol[i]);
        Query.Skip += Query.Count;
    } while (Query.Count != 0 && Query.Skip < Query.Total && Query.Skip < MOST_SHOWN &&
             !SessionIsInterrupted(Session));
    SymbolsShowEnd(Session, Query.Total, Query.Skip);
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandSymbols = {
    .Name           = "x",
    .Group          = COMMAND_GROUP_MACHINE,
    .Summary        = "symbols of the kernel and its modules by name",
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = SymbolsCommandRun,
};

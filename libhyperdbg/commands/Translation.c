/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Translation.c - what the commands that look at page tables share.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Translation.h"

#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/symbols/Symbols.h"

BOOLEAN TranslationAsk(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments,
                       DEBUGGER_QUERY_TRANSLATION *Query)
{
    const ARGUMENT *Pid = &Arguments->Item[TRANSLATION_PID];

    *Query = (DEBUGGER_QUERY_TRANSLATION){.ProcessId = HYPERDBG_ALL_PROCESSES};
    if (Pid->IsGiven && !Pid->IsAll)
        Query->ProcessId = (UINT32)Pid->Number;
    return SymbolsResolve(Session, &Arguments->Item[TRANSLATION_ADDRESS], &Query->Address) &&
           ConnectionRequest(Session, IOCTL_QUERY_TRANSLATION, Query);
}

static struct json_object *TranslationObject(HYPERDBG_SESSION *Session,
                                             const DEBUGGER_QUERY_TRANSLATION *Query)
{
    struct json_object *Object = JsonObject("translation");
    CHAR Name[SYMBOL_TEXT_SIZE];

    JsonAddHex(Object, "address", Query->Address);
    SymbolsName(Session, Query->Address, Name);
    if (Name[0] != '\0')
        JsonAddText(Object, "symbol", Name);
    if (Query->ProcessId != HYPERDBG_ALL_PROCESSES)
        JsonAddNumber(Object, "pid", Query->ProcessId);
    JsonAddBoolean(Object, "mapped", Query->PageShift != 0);
    return Object;
}

static const CHAR *PageSizeName(UINT32 PageShift)
{
    return PageShift == 12 ? "4 KiB" : PageShift == 21 ? "2 MiB" : PageShift == 30 ? "1 GiB" : "?";
}

VOID TranslationShow(HYPERDBG_SESSION *Session, const DEBUGGER_QUERY_TRANSLATION *Query)
{
    struct json_object *Object = TranslationObject(Session, Query);
    TEXT Text;

    TextClear(&Text);
    SymbolsAddAddress(Session, &Text, Query->Address);
    if (Query->PageShift == 0) {
        OutputResult(Session, Object, "%s is not mapped", Text.Buffer);
        return;
    }
    JsonAddHex(Object, "physical", Query->Result);
    JsonAddNumber(Object, "page_size", 1ull << Query->PageShift);
    OutputResult(Session, Object, "%s is at physical %llx, in a page of %s", Text.Buffer, Query->Result,
                 PageSizeName(Query->PageShift));
}

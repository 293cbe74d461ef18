/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Pa2vaCommand.c - !pa2va: where the kernel maps a physical address.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "SDK/Ioctls.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/Output.h"

static const PARAMETER g_Parameters[] = {
    {"address", "address", PARAMETER_NUMBER, PARAMETER_POSITIONAL | PARAMETER_REQUIRED, ~0ull, NULL,
     "physical"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"!pa2va 3400000", "where that memory is in the kernel's own map of all memory"},
    {NULL, NULL},
};

static HYPERDBG_RESULT Pa2vaCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    DEBUGGER_QUERY_TRANSLATION Query = {
        .Address = Arguments->Item[0].Number, .ProcessId = HYPERDBG_ALL_PROCESSES, .IsPhysical = 1};
    struct json_object *Object;

    if (!ConnectionRequest(Session, IOCTL_QUERY_TRANSLATION, &Query))
        return HYPERDBG_FAILURE;
    Object = JsonObject("translation");
    JsonAddHex(Object, "physical", Query.Address);
    JsonAddBoolean(Object, "mapped", Query.PageShift != 0);
    if (Query.PageShift == 0) {
        OutputResult(Session, Object, "physical %llx is no memory: the kernel does not map it with the rest",
                     Query.Address);
        return HYPERDBG_SUCCESS;
    }
    JsonAddHex(Object, "address", Query.Result);
    OutputResult(Session, Object, "physical %llx is at %llx", Query.Address, Query.Result);
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandPa2va = {
    .Name           = "!pa2va",
    .Group          = COMMAND_GROUP_MACHINE,
    .Summary        = "where the kernel maps a physical address",
    .Details        = "The answer is in the kernel's map of all memory; other maps may have the page, too.",
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = Pa2vaCommandRun,
};

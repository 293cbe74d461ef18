/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * UnloadCommand.c - unload: gives the processor back to the kernel, and removes the modules.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "libhyperdbg/Session.h"
#include "libhyperdbg/commands/EventList.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/Output.h"

enum { UNLOAD_VMM = 0, UNLOAD_REMOVE };

static const CHOICE g_What[] = {{"vmm", UNLOAD_VMM}, {"remove", UNLOAD_REMOVE}, {NULL, 0}};

static const PARAMETER g_Parameters[] = {
    {"what", "vmm", PARAMETER_CHOICE, PARAMETER_POSITIONAL | PARAMETER_REQUIRED, 0, g_What,
     "vmm: end the VMM on all cores, clear all events; remove: and take the modules out of the kernel"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"unload vmm", "the kernel runs on the bare processor again; the modules stay"},
    {"unload remove", "the same if the VMM is loaded, and the modules are gone too"},
    {NULL, NULL},
};

static BOOLEAN UnloadVmm(HYPERDBG_SESSION *Session)
{
    DEBUGGER_LOAD_REQUEST Request = {.InterfaceVersion = HYPERDBG_INTERFACE_VERSION};

    if (!EventListEndScripts(Session, DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG) ||
        !ConnectionRequest(Session, IOCTL_TERMINATE_VMM, &Request))
        return FALSE;
    struct json_object *Object = JsonObject("unload");
    JsonAddNumber(Object, "ticks", Request.Ticks);
    OutputResult(Session, Object, "the VMM is unloaded, in %llu ticks; its events are cleared",
                 Request.Ticks);
    return TRUE;
}

/* Modules in use cannot be removed: the connection goes first, with the last records. */
static HYPERDBG_RESULT UnloadModules(HYPERDBG_SESSION *Session)
{
    const HYPERDBG_OPTIONS *Options      = &Session->Options;
    CHAR ErrorText[TRANSPORT_ERROR_SIZE] = "";

    ConnectionDrain(Session);
    ConnectionClose(Session);
    if (Options->Transport->UnloadModules(Options->TransportContext, ErrorText) != 0) {
        OutputError(Session, NULL, "%s", ErrorText);
        return HYPERDBG_FAILURE;
    }
    OutputResult(Session, JsonObject("remove"), "the modules are removed");
    return HYPERDBG_SUCCESS;
}

static HYPERDBG_RESULT UnloadCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    DEBUGGER_QUERY_STATUS Status;

    if (Arguments->Item[0].Number == UNLOAD_VMM)
        return UnloadVmm(Session) ? HYPERDBG_SUCCESS : HYPERDBG_FAILURE;
    if (!ConnectionNeed(Session) || !ConnectionQueryStatus(Session, &Status))
        return HYPERDBG_FAILURE;
    if (Status.IsVmmLoaded && !UnloadVmm(Session))
        return HYPERDBG_FAILURE;
    return UnloadModules(Session);
}

const COMMAND g_CommandUnload = {
    .Name           = "unload",
    .Group          = COMMAND_GROUP_MACHINE,
    .Summary        = "give the processor back to the kernel; remove the modules",
    .Details        = NULL,
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = UnloadCommandRun,
};

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * LoadCommand.c - load: puts the VMM under the running kernel.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/Output.h"

static const CHOICE g_What[] = {{"vmm", 0}, {NULL, 0}};

static const PARAMETER g_Parameters[] = {
    {"module", "vmm", PARAMETER_CHOICE, PARAMETER_POSITIONAL | PARAMETER_REQUIRED, 0, g_What,
     "the VMM: the running kernel continues on top of it, on all cores"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"load vmm", "load the modules if they are not there yet, and start the VMM"},
    {NULL, NULL},
};

static HYPERDBG_RESULT LoadCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    DEBUGGER_LOAD_REQUEST Request = {.InterfaceVersion = HYPERDBG_INTERFACE_VERSION};
    DEBUGGER_QUERY_STATUS Status;

    (void)Arguments;
    if (!ConnectionLoad(Session) || !ConnectionRequest(Session, IOCTL_INIT_VMM, &Request) ||
        !ConnectionQueryStatus(Session, &Status))
        return HYPERDBG_FAILURE;

    struct json_object *Object = JsonObject("load");
    JsonAddNumber(Object, "cores", Status.CoreCount);
    JsonAddText(Object, "backend", Status.Backend);
    JsonAddNumber(Object, "ticks", Request.Ticks);
    OutputResult(Session, Object, "the VMM runs on %u core%s (%s), loaded in %llu ticks", Status.CoreCount,
                 Status.CoreCount == 1 ? "" : "s", Status.Backend, Request.Ticks);
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandLoad = {
    .Name    = "load",
    .Group   = COMMAND_GROUP_MACHINE,
    .Summary = "put the VMM under the running kernel",
    .Details =
        "The modules hyperlog, hyperhv and hyperkd are looked for in the directory that the environment\n"
        "variable HYPERDBG_MODULES names; without it beside the tool; then modprobe is asked.",
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = LoadCommandRun,
};

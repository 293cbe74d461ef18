/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * StatusCommand.c - .status: what is loaded and what runs.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/output/TextBuilder.h"

static VOID StatusShowText(HYPERDBG_SESSION *Session, const DEBUGGER_QUERY_STATUS *Status)
{
    TEXT Load;

    TextClear(&Load);
    if (Status->IsVmmLoaded) {
        TextAdd(&Load, "runs on %u core%s (%s), loaded in %llu ticks", Status->CoreCount,
                Status->CoreCount == 1 ? "" : "s", Status->Backend, Status->LoadTicks);
        if (Status->TscPerMillisecond != 0)
            TextAdd(&Load, " (%.3f ms)", (double)Status->LoadTicks / (double)Status->TscPerMillisecond);
    } else
        TextAdd(&Load, "not loaded");
    OutputText(Session, HYPERDBG_MESSAGE_RESULT, "modules   loaded (interface %u)", Status->InterfaceVersion);
    OutputText(Session, HYPERDBG_MESSAGE_RESULT, "VMM       %s", Load.Buffer);
    OutputText(Session, HYPERDBG_MESSAGE_RESULT, "events    %u set", Status->EventCount);
    OutputText(Session, HYPERDBG_MESSAGE_RESULT, "exits     %llu since the load ('.exits' tells the reasons)",
               Status->TotalExits);
    OutputText(Session, HYPERDBG_MESSAGE_RESULT, "messages  %s",
               HyperDbgIsPaused(Session) ? "paused ('g' resumes)" : "flowing");
}

static VOID StatusShowObject(HYPERDBG_SESSION *Session, const DEBUGGER_QUERY_STATUS *Status)
{
    struct json_object *Object = JsonObject("status");

    JsonAddBoolean(Object, "modules", TRUE);
    JsonAddNumber(Object, "interface", Status->InterfaceVersion);
    JsonAddBoolean(Object, "vmm", Status->IsVmmLoaded != 0);
    JsonAddText(Object, "backend", Status->Backend);
    JsonAddNumber(Object, "cores", Status->CoreCount);
    JsonAddNumber(Object, "events", Status->EventCount);
    JsonAddNumber(Object, "exits", Status->TotalExits);
    JsonAddNumber(Object, "load_ticks", Status->LoadTicks);
    JsonAddNumber(Object, "tsc_per_millisecond", Status->TscPerMillisecond);
    JsonAddBoolean(Object, "paused", HyperDbgIsPaused(Session));
    OutputObject(Session, HYPERDBG_MESSAGE_RESULT, Object);
}

static VOID StatusSayAbsent(HYPERDBG_SESSION *Session)
{
    struct json_object *Object = JsonObject("status");

    JsonAddBoolean(Object, "modules", FALSE);
    JsonAddBoolean(Object, "vmm", FALSE);
    OutputResult(Session, Object, "the modules are not loaded ('load vmm' loads them and starts the VMM)");
}

static HYPERDBG_RESULT StatusCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    DEBUGGER_QUERY_STATUS Status;

    (void)Arguments;
    if (ConnectionIsAbsent(Session)) {
        StatusSayAbsent(Session);
        return HYPERDBG_SUCCESS;
    }
    if (!ConnectionQueryStatus(Session, &Status))
        return HYPERDBG_FAILURE;
    StatusShowText(Session, &Status);
    StatusShowObject(Session, &Status);
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandStatus = {
    .Name    = ".status",
    .Group   = COMMAND_GROUP_MACHINE,
    .Summary = "what is loaded and what runs",
    .Run     = StatusCommandRun,
};

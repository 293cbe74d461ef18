/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FlushCommand.c - flush: throws away the messages that wait in the kernel.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "libhyperdbg/Session.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/Output.h"

static HYPERDBG_RESULT FlushCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    (void)Arguments;
    if (!ConnectionNeed(Session))
        return HYPERDBG_FAILURE;
    Session->IsCounting = TRUE;
    UINT64 Count        = ConnectionDrain(Session);
    Session->IsCounting = FALSE;

    struct json_object *Object = JsonObject("flush");
    JsonAddNumber(Object, "count", Count);
    OutputResult(Session, Object, "%llu record%s thrown away", Count, Count == 1 ? " was" : "s were");
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandFlush = {
    .Name    = "flush",
    .Group   = COMMAND_GROUP_TERMINAL,
    .Summary = "throw away the messages that wait in the kernel",
    .Details = "Useful while the flow is paused: what piled up is not shown when it resumes.",
    .Run     = FlushCommandRun,
};

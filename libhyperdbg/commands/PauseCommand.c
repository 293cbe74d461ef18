/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PauseCommand.c - pause: stops the flow of messages.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "libhyperdbg/output/Output.h"

static HYPERDBG_RESULT PauseCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    (void)Arguments;
    HyperDbgSetPaused(Session, TRUE);
    OutputResult(Session, JsonObject("paused"), "messages are paused; the machine runs on ('g' resumes)");
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandPause = {
    .Name    = "pause",
    .Group   = COMMAND_GROUP_TERMINAL,
    .Summary = "stop the flow of messages, not the machine (Ctrl-C does it too)",
    .Details = "Records wait in the kernel's rings; what these cannot hold is lost, and its number is shown.",
    .Run     = PauseCommandRun,
};

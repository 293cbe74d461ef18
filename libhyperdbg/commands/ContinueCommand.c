/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ContinueCommand.c - g, go, continue: resumes the flow of messages.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "libhyperdbg/output/Output.h"

static HYPERDBG_RESULT ContinueCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    (void)Arguments;
    OutputResult(Session, JsonObject("flowing"), "messages %s",
                 HyperDbgIsPaused(Session) ? "flow again" : "were not paused");
    HyperDbgSetPaused(Session, FALSE);
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandContinue = {
    .Name    = "g",
    .Group   = COMMAND_GROUP_TERMINAL,
    .Summary = "resume the flow of messages",
    .Run     = ContinueCommandRun,
};

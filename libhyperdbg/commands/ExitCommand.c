/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ExitCommand.c - exit: leaves the terminal or ends the script.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

static HYPERDBG_RESULT ExitCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    (void)Session;
    (void)Arguments;
    return HYPERDBG_LEAVE;
}

const COMMAND g_CommandExit = {
    .Name    = "exit",
    .Group   = COMMAND_GROUP_TERMINAL,
    .Summary = "leave; the VMM and its events stay loaded",
    .Details = "'unload vmm' before it takes the VMM out. While nobody reads them, records wait in the "
               "kernel's rings;\n"
               "the next hyperdbg shows them, and says how many were lost.",
    .Run     = ExitCommandRun,
};

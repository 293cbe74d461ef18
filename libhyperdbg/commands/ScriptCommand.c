/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ScriptCommand.c - .script: runs the commands of a file.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

static const PARAMETER g_Parameters[] = {
    {"file", "file", PARAMETER_FILE, PARAMETER_POSITIONAL | PARAMETER_REQUIRED, 0, NULL,
     "its path; in quotation marks if it holds blanks"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {".script watch.hdbg", "run its lines; stop at the first that fails"},
    {NULL, NULL},
};

/* "exit" ends the script that says it, not the one that called it. */
static HYPERDBG_RESULT ScriptCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    HYPERDBG_RESULT Result = HyperDbgRunFile(Session, Arguments->Item[0].Text);

    return Result == HYPERDBG_LEAVE ? HYPERDBG_SUCCESS : Result;
}

const COMMAND g_CommandScript = {
    .Name           = ".script",
    .Group          = COMMAND_GROUP_TERMINAL,
    .Summary        = "run the commands of a file",
    .Details        = "';' separates commands; '#' and '//' begin a comment.",
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = ScriptCommandRun,
};

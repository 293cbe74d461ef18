/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * SleepCommand.c - sleep: waits, while events are shown.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "libhyperdbg/Session.h"
#include "libhyperdbg/output/Output.h"

static const PARAMETER g_Parameters[] = {
    {"milliseconds", "milliseconds", PARAMETER_NUMBER, PARAMETER_POSITIONAL | PARAMETER_REQUIRED, 0xFFFFFFFF,
     NULL, "how long (mind that numbers are hexadecimal: 0n1000 is a second)"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"!cpuid; sleep 0n2000", "show what happens within two seconds"},
    {NULL, NULL},
};

static HYPERDBG_RESULT SleepCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    HyperDbgConnect(Session, TRUE); /* to show records; one may sleep without modules too */
    if (SessionSleep(Session, Arguments->Item[0].Number))
        return HYPERDBG_SUCCESS;
    OutputError(Session, NULL, "interrupted");
    return HYPERDBG_FAILURE;
}

const COMMAND g_CommandSleep = {
    .Name           = "sleep",
    .Group          = COMMAND_GROUP_TERMINAL,
    .Summary        = "wait, while events are shown",
    .Details        = "Ctrl-C ends it.",
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = SleepCommandRun,
};

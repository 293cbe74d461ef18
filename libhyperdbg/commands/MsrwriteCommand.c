/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MsrwriteCommand.c - !msrwrite: tells each time a WRMSR instruction is executed.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/EventCommand.h"

static const PARAMETER g_Parameters[] = {
    EVENT_COMMON_PARAMETERS,
    {"msr", "msr", PARAMETER_MSR, PARAMETER_POSITIONAL | PARAMETER_OR_ALL, 0, NULL,
     "only for this register: a number, or a name such as IA32_LSTAR; without it for all"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"!msrwrite IA32_TSC_DEADLINE", "each arming of the timer"},
    {"!msrwrite c0000080 sc on", "writes to IA32_EFER have no effect"},
    {"!msrwrite pid 0n1234", "every WRMSR while process 1234 runs"},
    {NULL, NULL},
};

static HYPERDBG_RESULT MsrwriteCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    return EventCommandRun(Session, WRMSR_INSTRUCTION_EXECUTION, Arguments,
                           &Arguments->Item[EVENT_PARAMETER_OWN]);
}

const COMMAND g_CommandMsrwrite = {
    .Name           = "!msrwrite",
    .Group          = COMMAND_GROUP_EVENTS,
    .Summary        = "tell each time a model-specific register is written (WRMSR)",
    .Details        = EVENT_COMMON_DETAILS,
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = MsrwriteCommandRun,
};

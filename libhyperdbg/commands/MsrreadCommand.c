/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MsrreadCommand.c - !msrread: tells each time an RDMSR instruction is executed.
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
    {"!msrread c0000082 stage post", "reads of IA32_LSTAR, with the value"},
    {"!msrread IA32_APIC_BASE", "the same register by name"},
    {"!msrread core 0", "every RDMSR on core 0"},
    {NULL, NULL},
};

static HYPERDBG_RESULT MsrreadCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    return EventCommandRun(Session, RDMSR_INSTRUCTION_EXECUTION, Arguments,
                           &Arguments->Item[EVENT_PARAMETER_OWN]);
}

const COMMAND g_CommandMsrread = {
    .Name           = "!msrread",
    .Group          = COMMAND_GROUP_EVENTS,
    .Summary        = "tell each time a model-specific register is read (RDMSR)",
    .Details        = EVENT_COMMON_DETAILS,
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = MsrreadCommandRun,
};

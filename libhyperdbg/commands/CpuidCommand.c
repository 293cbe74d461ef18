/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CpuidCommand.c - !cpuid: tells each time a CPUID instruction is executed.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/EventCommand.h"

static const PARAMETER g_Parameters[] = {
    EVENT_COMMON_PARAMETERS,
    {"leaf", "leaf", PARAMETER_NUMBER, PARAMETER_POSITIONAL | PARAMETER_OR_ALL, 0xFFFFFFFF, NULL,
     "only for this leaf (EAX); without it for all"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"!cpuid", "every CPUID on every core"},
    {"!cpuid 1 stage post", "leaf 1, with what the program gets to see"},
    {"!cpuid 40000000 pid 0n1234 core 1", "leaf 40000000 in process 1234 on core 1"},
    {"!cpuid 0 sc on", "leaf 0 has no effect: the registers stay as they are"},
    {NULL, NULL},
};

static HYPERDBG_RESULT CpuidCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    return EventCommandRun(Session, CPUID_INSTRUCTION_EXECUTION, Arguments,
                           &Arguments->Item[EVENT_PARAMETER_OWN]);
}

const COMMAND g_CommandCpuid = {
    .Name           = "!cpuid",
    .Group          = COMMAND_GROUP_EVENTS,
    .Summary        = "tell each time a CPUID instruction is executed",
    .Details        = EVENT_COMMON_DETAILS,
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = CpuidCommandRun,
};

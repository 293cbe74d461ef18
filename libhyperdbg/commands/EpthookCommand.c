/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EpthookCommand.c - !epthook: tells each time an instruction is reached, by a breakpoint that nobody can
 * read.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/EventCommand.h"

#include "libhyperdbg/symbols/Symbols.h"

static const PARAMETER g_Parameters[] = {
    EVENT_COMMON_PARAMETERS,
    {"address", "address", PARAMETER_ADDRESS, PARAMETER_POSITIONAL | PARAMETER_REQUIRED, 0, NULL,
     "of the instruction: a number, or name, module!name, name+10; one of user space needs pid"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"!epthook do_sys_openat2", "each time the kernel's function is entered"},
    {"!epthook do_sys_openat2+1c pid 0n1234", "at an instruction in it, in process 1234"},
    {"!epthook 401136 pid 0n1234 core 0", "in a program"},
    {"!epthook schedule stage post", "after the instruction, with the registers that it changed"},
    {NULL, NULL},
};

static HYPERDBG_RESULT EpthookCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    DEBUGGER_EVENT_OPTIONS Options = {.EventType = HIDDEN_HOOK_EXEC_CC, .HasOptionalParam1 = TRUE};

    if (!SymbolsResolve(Session, &Arguments->Item[EVENT_PARAMETER_OWN], &Options.OptionalParam1))
        return HYPERDBG_FAILURE;
    return EventCommandRegister(Session, Arguments, &Options);
}

const COMMAND g_CommandEpthook = {
    .Name    = "!epthook",
    .Group   = COMMAND_GROUP_EVENTS,
    .Summary = "tell each time an instruction is reached, by a breakpoint that nobody can read",
    .Details =
        "Reads of the code see what was there; nothing in it is changed. A short-circuited instruction is "
        "skipped.\n" EVENT_COMMON_DETAILS,
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = EpthookCommandRun,
};

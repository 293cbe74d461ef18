/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Epthook2Command.c - !epthook2: an event each time a function of the kernel is called, without an exit.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/EventCommand.h"

#include "libhyperdbg/symbols/Symbols.h"

static const PARAMETER g_Parameters[] = {
    EVENT_COMMON_PARAMETERS,
    {"address", "address", PARAMETER_ADDRESS, PARAMETER_POSITIONAL | PARAMETER_REQUIRED, 0, NULL,
     "of a function of the kernel: a number, or name, module!name"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"!epthook2 do_sys_openat2", "each time the kernel's function is called"},
    {"!epthook2 do_sys_openat2 pid 0n1234 core 0", "by process 1234, on core 0"},
    {NULL, NULL},
};

static HYPERDBG_RESULT Epthook2CommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    DEBUGGER_EVENT_OPTIONS Options = {.EventType = HIDDEN_HOOK_EXEC_DETOURS, .HasOptionalParam1 = TRUE};

    if (!SymbolsResolve(Session, &Arguments->Item[EVENT_PARAMETER_OWN], &Options.OptionalParam1))
        return HYPERDBG_FAILURE;
    return EventCommandRegister(Session, Arguments, &Options);
}

const COMMAND g_CommandEpthook2 = {
    .Name    = "!epthook2",
    .Group   = COMMAND_GROUP_EVENTS,
    .Summary = "tell each time a function of the kernel is called, by a detour that costs no exit",
    .Details = "Where the kernel can trace a function. Stage pre only; no script. A short-circuited function "
               "returns at "
               "once.\n" EVENT_COMMON_DETAILS,
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = Epthook2CommandRun,
};

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * TrapCommands.c - !ioin, !ioout, !exception, !interrupt, !syscall, !sysret, !mode: one number at most of
 * their own.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/EventCommand.h"

#define ANY_MODE 0xFFu /* user and kernel */

/* Defines a command that sets events of Type, with the Own parameter, if it has one. */
#define DEFINE_RUN(What, Type)                                                                               \
    static HYPERDBG_RESULT What##CommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)           \
    {                                                                                                        \
        return EventCommandRun(Session, Type, Arguments,                                                     \
                               COUNT_OF(g_##What##Parameters) > EVENT_PARAMETER_OWN                          \
                                   ? &Arguments->Item[EVENT_PARAMETER_OWN]                                   \
                                   : NULL);                                                                  \
    }

#define DEFINE_COMMAND(What, Typed, Told)                                                                    \
    const COMMAND g_Command##What = {                                                                        \
        .Name           = Typed,                                                                             \
        .Group          = COMMAND_GROUP_EVENTS,                                                              \
        .Summary        = Told,                                                                              \
        .Details        = EVENT_COMMON_DETAILS,                                                              \
        .Parameters     = g_##What##Parameters,                                                              \
        .ParameterCount = COUNT_OF(g_##What##Parameters),                                                    \
        .Examples       = g_##What##Examples,                                                                \
        .Run            = What##CommandRun,                                                                  \
    }

#define PORT_PARAMETERS                                                                                      \
    {                                                                                                        \
        EVENT_COMMON_PARAMETERS,                                                                             \
        {                                                                                                    \
            "port", "port", PARAMETER_NUMBER, PARAMETER_POSITIONAL | PARAMETER_OR_ALL, 0xFFFF, NULL,         \
                "only this port; without it all, which is a lot"                                             \
        }                                                                                                    \
    }

static const PARAMETER g_IoinParameters[]     = PORT_PARAMETERS;
static const COMMAND_EXAMPLE g_IoinExamples[] = {{"!ioin 60 stage post", "what the keyboard says"},
                                                 {NULL, NULL}};
DEFINE_RUN(Ioin, IN_INSTRUCTION_EXECUTION)
DEFINE_COMMAND(Ioin, "!ioin", "tell each time a port is read (IN, INS)");

static const PARAMETER g_IooutParameters[]     = PORT_PARAMETERS;
static const COMMAND_EXAMPLE g_IooutExamples[] = {{"!ioout 3f8", "what goes to the first serial line"},
                                                  {"!ioout cf9 sc on", "no reset by this port"},
                                                  {NULL, NULL}};
DEFINE_RUN(Ioout, OUT_INSTRUCTION_EXECUTION)
DEFINE_COMMAND(Ioout, "!ioout", "tell each time a port is written (OUT, OUTS)");

static const PARAMETER g_ExceptionParameters[] = {
    EVENT_COMMON_PARAMETERS,
    {"vector", "vector", PARAMETER_NUMBER, PARAMETER_POSITIONAL | PARAMETER_OR_ALL, 0x1F, NULL,
     "only this exception, 0 to 1f; without it all"},
};
static const COMMAND_EXAMPLE g_ExceptionExamples[] = {{"!exception e pid 4d2", "page faults of a process"},
                                                      {"!exception 0 sc on", "divisions by zero do nothing"},
                                                      {NULL, NULL}};
DEFINE_RUN(Exception, EXCEPTION_OCCURRED)
DEFINE_COMMAND(Exception, "!exception", "tell each time an exception is raised");

static const PARAMETER g_InterruptParameters[] = {
    EVENT_COMMON_PARAMETERS,
    {"vector", "vector", PARAMETER_NUMBER, PARAMETER_POSITIONAL | PARAMETER_REQUIRED, 0xFF, NULL,
     "the interrupt, 20 to ff"},
};
static const COMMAND_EXAMPLE g_InterruptExamples[] = {{"!interrupt ec core 1", "the clock of core 1"},
                                                      {NULL, NULL}};
DEFINE_RUN(Interrupt, EXTERNAL_INTERRUPT_OCCURRED)
DEFINE_COMMAND(Interrupt, "!interrupt", "tell each time an external interrupt is taken");

static const PARAMETER g_SyscallParameters[] = {
    EVENT_COMMON_PARAMETERS,
    {"number", "number", PARAMETER_NUMBER, PARAMETER_POSITIONAL | PARAMETER_OR_ALL, 0xFFFFFFFF, NULL,
     "only this system call, as in RAX; without it all"},
};
static const COMMAND_EXAMPLE g_SyscallExamples[] = {{"!syscall 101 pid 4d2", "each openat of a process"},
                                                    {"!syscall 3e sc on", "nobody sends a signal by kill"},
                                                    {NULL, NULL}};
DEFINE_RUN(Syscall, SYSCALL_HOOK_EFER_SYSCALL)
DEFINE_COMMAND(Syscall, "!syscall", "tell each time a program enters the kernel by SYSCALL");

static const PARAMETER g_SysretParameters[]     = {EVENT_COMMON_PARAMETERS};
static const COMMAND_EXAMPLE g_SysretExamples[] = {{"!sysret pid 4d2", "each way back, with the result"},
                                                   {NULL, NULL}};
DEFINE_RUN(Sysret, SYSCALL_HOOK_EFER_SYSRET)
DEFINE_COMMAND(Sysret, "!sysret", "tell each time the kernel goes back to a program by SYSRET");

static const CHOICE g_Modes[]             = {{"u", 3}, {"k", 0}, {"ku", ANY_MODE}, {NULL, 0}};
static const PARAMETER g_ModeParameters[] = {
    EVENT_COMMON_PARAMETERS,
    {"mode", "mode", PARAMETER_CHOICE, PARAMETER_POSITIONAL | PARAMETER_REQUIRED, 0, g_Modes,
     "entered: u for user, k for kernel, ku for both; of one process, so pid must be given"},
};
static const COMMAND_EXAMPLE g_ModeExamples[] = {
    {"!mode u pid 4d2", "each time this process goes on in user mode"}, {NULL, NULL}};

static HYPERDBG_RESULT ModeCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    const ARGUMENT *Mode = &Arguments->Item[EVENT_PARAMETER_OWN];

    return EventCommandRun(Session, TRAP_EXECUTION_MODE_CHANGED, Arguments,
                           Mode->Number == ANY_MODE ? NULL : Mode);
}
DEFINE_COMMAND(Mode, "!mode", "tell each time a process changes between user and kernel mode");

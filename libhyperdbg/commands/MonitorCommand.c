/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MonitorCommand.c - !monitor: tells each time a range of memory is read, written or executed.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/EventCommand.h"

#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/symbols/Address.h"
#include "libhyperdbg/symbols/Symbols.h"

enum {
    MONITOR_SPACE = EVENT_PARAMETER_OWN,
    MONITOR_ACCESS,
    MONITOR_FROM,
    MONITOR_TO,
    MONITOR_LENGTH,
};

static const CHOICE g_Spaces[] = {{"va", 0}, {"pa", 1}, {NULL, 0}};

static const CHOICE g_Accesses[] = {
    {"r", HIDDEN_HOOK_READ},
    {"w", HIDDEN_HOOK_WRITE},
    {"x", HIDDEN_HOOK_EXECUTE},
    {"rw", HIDDEN_HOOK_READ_AND_WRITE},
    {"rx", HIDDEN_HOOK_READ_AND_EXECUTE},
    {"wx", HIDDEN_HOOK_WRITE_AND_EXECUTE},
    {"rwx", HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE},
    {NULL, 0},
};

static const PARAMETER g_Parameters[] = {
    EVENT_COMMON_PARAMETERS,
    {"space", "SPACE", PARAMETER_CHOICE, PARAMETER_POSITIONAL | PARAMETER_SKIPPED, 0, g_Spaces,
     "virtual addresses (va, the default), or physical ones"},
    {"access", "ACCESS", PARAMETER_CHOICE, PARAMETER_POSITIONAL | PARAMETER_REQUIRED, 0, g_Accesses,
     "which accesses are told: read, written, executed, in any combination"},
    {"from", "from", PARAMETER_ADDRESS, PARAMETER_POSITIONAL | PARAMETER_REQUIRED, 0, NULL,
     "first address of the range: a number, or name, module!name, name+10; one of user space needs pid"},
    {"to", "to", PARAMETER_ADDRESS, PARAMETER_POSITIONAL, 0, NULL, "its last address; or else"},
    {"l", "LENGTH", PARAMETER_NUMBER, 0, ~0ull, NULL, "how many bytes it has"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"!monitor w jiffies l 8", "each write to a variable of the kernel"},
    {"!monitor rw ffff888003400000 ffff8880034000ff", "reads and writes of 256 bytes"},
    {"!monitor pa rw fee00300 l 4 core 0", "of physical memory: a register of the interrupt controller"},
    {"!monitor w 601040 l 4 pid 0n1234 stage post", "of a program's variable, after the write"},
    {NULL, NULL},
};

/* FALSE: the range is none, and that was said. */
static BOOLEAN MonitorLength(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments, UINT64 From,
                             UINT64 *Length)
{
    const ARGUMENT *To     = &Arguments->Item[MONITOR_TO];
    const ARGUMENT *Number = &Arguments->Item[MONITOR_LENGTH];
    UINT64 Last;

    *Length = Number->Number;
    if (To->IsGiven == Number->IsGiven)
        OutputError(Session, NULL, "expected the range's last address, or l and its length%s",
                    To->IsGiven ? ", not both" : "");
    else if (Number->IsGiven && *Length == 0)
        OutputError(Session, "l", "a range has at least one byte");
    else if (Number->IsGiven)
        return TRUE;
    else if (SymbolsResolve(Session, To, &Last)) {
        *Length = Last - From + 1;
        if (Last >= From)
            return TRUE;
        OutputError(Session, To->Text, "the range ends before it begins");
    }
    return FALSE;
}

/* Symbols have virtual addresses. */
static BOOLEAN MonitorIsSpaceRight(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    static const UINT8 Addresses[] = {MONITOR_FROM, MONITOR_TO};
    ADDRESS_TEXT Address;

    for (UINT32 i = 0; Arguments->Item[MONITOR_SPACE].Number && i < COUNT_OF(Addresses); i++) {
        const ARGUMENT *Argument = &Arguments->Item[Addresses[i]];

        if (Argument->IsGiven && AddressParse(Argument->Text, &Address) && Address.HasName) {
            OutputError(Session, Argument->Text,
                        "a symbol's address is virtual ('!va2pa' tells the physical one)");
            return FALSE;
        }
    }
    return TRUE;
}

static HYPERDBG_RESULT MonitorCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    DEBUGGER_EVENT_OPTIONS Options = {
        .EventType         = (UINT32)Arguments->Item[MONITOR_ACCESS].Number,
        .HasOptionalParam1 = TRUE,
        .OptionalParam3    = Arguments->Item[MONITOR_SPACE].Number,
    };

    if (!MonitorIsSpaceRight(Session, Arguments) ||
        !SymbolsResolve(Session, &Arguments->Item[MONITOR_FROM], &Options.OptionalParam1) ||
        !MonitorLength(Session, Arguments, Options.OptionalParam1, &Options.OptionalParam2))
        return HYPERDBG_FAILURE;
    return EventCommandRegister(Session, Arguments, &Options);
}

const COMMAND g_CommandMonitor = {
    .Name    = "!monitor",
    .Group   = COMMAND_GROUP_EVENTS,
    .Summary = "tell each time a range of memory is read, written or executed",
    .Details =
        "A short-circuited read or write is skipped with its instruction; where execution is, the thread\n"
        "waits at the instruction until the event is cleared.\n" EVENT_COMMON_DETAILS,
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = MonitorCommandRun,
};

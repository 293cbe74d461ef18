/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CoresCommand.c - cores: what all cores are doing at one instant.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "SDK/Ioctls.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/EventTypes.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/output/TextBuilder.h"
#include "libhyperdbg/symbols/Symbols.h"

#include <string.h>

#define REGISTERS_PER_LINE 4

static const PARAMETER g_Parameters[] = {
    {"core", "N", PARAMETER_NUMBER, PARAMETER_OR_ALL, HYPERDBG_MAX_CORES - 1, NULL,
     "only this core, with its registers"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"cores", "each core's process and the instruction that it would execute next"},
    {"cores core 1", "all registers of core 1"},
    {NULL, NULL},
};

static const CHAR *CoresHaltedFrom(UINT32 HaltedFrom)
{
    static const CHAR *const Names[] = {
        [DEBUGGER_CORE_ASKED]      = "asked",
        [DEBUGGER_CORE_FROM_GUEST] = "guest",
        [DEBUGGER_CORE_FROM_EXIT]  = "exit",
    };

    return HaltedFrom < COUNT_OF(Names) ? Names[HaltedFrom] : "?";
}

static UINT64 CoresRegister(const DEBUGGER_CORE_STATE *State, UINT32 Index)
{
    UINT64 Value;

    memcpy(&Value, (const UINT8 *)&State->Regs + Index * sizeof(Value), sizeof(Value));
    return Value;
}

static VOID CoresShowText(HYPERDBG_SESSION *Session, const DEBUGGER_CORE_STATE *State)
{
    TEXT Text;

    TextClear(&Text);
    TextAdd(&Text, "core %-3u %-5s  ", State->CoreId, CoresHaltedFrom(State->HaltedFrom));
    TextAddForeign(&Text, State->ProcessName, sizeof(State->ProcessName));
    TextAdd(&Text, "[%u", State->ProcessId);
    if (State->ThreadId != State->ProcessId)
        TextAdd(&Text, "/%u", State->ThreadId);
    TextAdd(&Text, "]  rip ");
    SymbolsAddAddress(Session, &Text, State->Rip);
    OutputText(Session, HYPERDBG_MESSAGE_RESULT, "%s", Text.Buffer);
}

static VOID CoresShowRegisters(HYPERDBG_SESSION *Session, const DEBUGGER_CORE_STATE *State)
{
    TEXT Text;

    for (UINT32 i = 0; i < GUEST_REGS_COUNT; i += REGISTERS_PER_LINE) {
        TextClear(&Text);
        for (UINT32 k = i; k < GUEST_REGS_COUNT && k < i + REGISTERS_PER_LINE; k++)
            TextAdd(&Text, " %6s %016llx", g_RegisterNames[k], CoresRegister(State, k));
        OutputText(Session, HYPERDBG_MESSAGE_RESULT, "%s", Text.Buffer);
    }
    OutputText(Session, HYPERDBG_MESSAGE_RESULT, " %6s %016llx %6s %016llx %6s %016llx", "cr0", State->Cr0,
               "cr3", State->Cr3, "cr4", State->Cr4);
}

static VOID CoresShowObject(HYPERDBG_SESSION *Session, const DEBUGGER_CORE_STATE *State)
{
    struct json_object *Object = JsonObject("core"), *Registers = json_object_new_object();
    CHAR Symbol[SYMBOL_TEXT_SIZE];
    CHAR Name[HYPERDBG_PROCESS_NAME_LENGTH + 1] = {0};

    memcpy(Name, State->ProcessName, HYPERDBG_PROCESS_NAME_LENGTH);
    for (UINT32 i = 0; i < GUEST_REGS_COUNT; i++)
        JsonAddHex(Registers, g_RegisterNames[i], CoresRegister(State, i));
    JsonAddHex(Registers, "cr0", State->Cr0);
    JsonAddHex(Registers, "cr3", State->Cr3);
    JsonAddHex(Registers, "cr4", State->Cr4);
    JsonAddNumber(Object, "core", State->CoreId);
    JsonAddText(Object, "halted_from", CoresHaltedFrom(State->HaltedFrom));
    JsonAddNumber(Object, "tsc", State->HaltedAt);
    JsonAddNumber(Object, "pid", State->ProcessId);
    JsonAddNumber(Object, "tid", State->ThreadId);
    JsonAddText(Object, "process", Name);
    JsonAddHex(Object, "rip", State->Rip);
    SymbolsName(Session, State->Rip, Symbol);
    if (Symbol[0] != '\0')
        JsonAddText(Object, "symbol", Symbol);
    json_object_object_add(Object, "registers", Registers);
    OutputObject(Session, HYPERDBG_MESSAGE_RESULT, Object);
}

static VOID CoresShowHalt(HYPERDBG_SESSION *Session, const DEBUGGER_HALT_SYSTEM *Halt)
{
    struct json_object *Object = JsonObject("cores");

    JsonAddNumber(Object, "cores", Halt->CoreCount);
    JsonAddNumber(Object, "latency_ticks", Halt->LatencyTicks);
    JsonAddNumber(Object, "held_ticks", Halt->HeldTicks);
    OutputResult(Session, Object,
                 "%u core%s stood still, the last %llu ticks after the first, for %llu ticks",
                 Halt->CoreCount, Halt->CoreCount == 1 ? "" : "s", Halt->LatencyTicks, Halt->HeldTicks);
}

/* Their numbers may have holes: an offline core, or one that was not there at the load, has no state. */
static HYPERDBG_RESULT CoresShowAll(HYPERDBG_SESSION *Session, UINT32 CoreCount)
{
    UINT32 Seen = 0;

    for (UINT32 Core = 0; Seen < CoreCount && Core < HYPERDBG_MAX_CORES; Core++) {
        DEBUGGER_CORE_STATE State = {.CoreId = Core};
        UINT32 Status             = ConnectionTry(Session, IOCTL_QUERY_CORE_STATE, &State);

        if (Status == 0)
            return HYPERDBG_FAILURE;
        if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
            continue;
        Seen++;
        CoresShowText(Session, &State);
        CoresShowObject(Session, &State);
    }
    return HYPERDBG_SUCCESS;
}

static HYPERDBG_RESULT CoresShowOne(HYPERDBG_SESSION *Session, UINT32 Core)
{
    DEBUGGER_CORE_STATE State = {.CoreId = Core};

    if (!ConnectionRequest(Session, IOCTL_QUERY_CORE_STATE, &State))
        return HYPERDBG_FAILURE;
    CoresShowText(Session, &State);
    CoresShowRegisters(Session, &State);
    CoresShowObject(Session, &State);
    return HYPERDBG_SUCCESS;
}

static HYPERDBG_RESULT CoresCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    const ARGUMENT *Core      = &Arguments->Item[0];
    DEBUGGER_HALT_SYSTEM Halt = {0};

    if (!ConnectionRequest(Session, IOCTL_HALT_SYSTEM, &Halt))
        return HYPERDBG_FAILURE;
    CoresShowHalt(Session, &Halt);
    if (Core->IsGiven && !Core->IsAll)
        return CoresShowOne(Session, (UINT32)Core->Number);
    return CoresShowAll(Session, Halt.CoreCount);
}

const COMMAND g_CommandCores = {
    .Name    = "cores",
    .Group   = COMMAND_GROUP_MACHINE,
    .Summary = "what all cores are doing at one instant",
    .Details = "Halts all cores within one instruction each, code with interrupts off, entry code and NMI\n"
               "handlers included, takes their registers, and lets them go on. 'guest' is halted at the\n"
               "instruction it would execute next; 'exit' had an exit under way; 'asked' is this command.",
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = CoresCommandRun,
};

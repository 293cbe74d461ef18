// SPDX-License-Identifier: GPL-2.0-only
/*
 * EventScriptRun.c - one run of an event's script, and the record of a fault that ended it.
 *
 * Context: VMX root. Exits do not nest, so each core has one machine to run in.
 */
#include "hyperkd/debugger/script/EventScript.h"

#include "SDK/imports/HyperLogImports.h"

EVENT_SCRIPT_CORE *g_EventScriptCores;

/* A record that the log has no room for is counted there as dropped. */
static VOID EventScriptSendFault(EVENT_SCRIPT_CORE *Core)
{
    DEBUGGER_SCRIPT_RECORD *Record = &Core->Record;

    PlatformProcessCurrent(&Core->Process);
    Record->Tag         = Core->Exit->Event->Tag;
    Record->Kind        = DEBUGGER_SCRIPT_RECORD_FAULT;
    Record->Number      = Core->Result.Status;
    Record->Instruction = Core->Result.Instruction;
    Record->ProcessId   = Core->Process.ProcessId;
    Record->Address     = Core->Result.Address;
    LogCallbackSendBuffer(OPERATION_DEBUGGER_SCRIPT_RECORD, Record, sizeof(*Record), FALSE);
}

VOID EventScriptRun(UINT32 CoreId, EVENT_EXIT *Exit)
{
    EVENT_SCRIPT *Script    = Exit->Event->Script;
    EVENT_SCRIPT_CORE *Core = &g_EventScriptCores[CoreId];

    if (__atomic_load_n(&Script->IsStopped, __ATOMIC_RELAXED)) {
        return;
    }
    Core->Exit   = Exit;
    Core->CoreId = CoreId;
    if (ScriptEvaluate(&Script->Instance, &Core->Machine, &g_EventScriptHost, Core, CoreId, Script->Budget,
                       &Core->Result) != SCRIPT_STATUS_SUCCESS) {
        EventScriptSendFault(Core);
    }
}

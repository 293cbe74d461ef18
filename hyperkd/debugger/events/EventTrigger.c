// SPDX-License-Identifier: GPL-2.0-only
/*
 * EventTrigger.c - from an exit to the armed events of its type: filter, record, answer.
 *
 * Context: VMX root, on every core at the same time. No lock: the lists are read while the store changes
 * them (Event.h says by which rules). Every instruction here is paid at each exit of an armed type, so that
 * filters come first and nothing is built before an event fits.
 */
#include "hyperkd/debugger/events/EventTrigger.h"

#include "SDK/imports/HyperLogImports.h"
#include "SDK/imports/VmmImports.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformProcess.h"

DEBUGGER_EVENT *g_ArmedEvents[VMM_EVENT_TYPE_COUNT];
DEBUGGER_CORE *g_DebuggerCores;
UINT32 g_DebuggerCoreCount;

/* A stage is a bit, ALL is both: an event is set for a stage if they have the bit in common. */
STATIC_ASSERT((VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION &
               VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION) == 0);
STATIC_ASSERT((VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION |
               VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION) ==
              VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION);
STATIC_ASSERT(PLATFORM_PROCESS_NAME_LENGTH == HYPERDBG_PROCESS_NAME_LENGTH);

static inline BOOLEAN EventFits(const DEBUGGER_EVENT_OPTIONS *Options, UINT32 CoreId, UINT64 Context)
{
    if (Options->CoreId != HYPERDBG_ALL_CORES && Options->CoreId != CoreId) {
        return FALSE;
    }
    if (Options->ProcessId != HYPERDBG_ALL_PROCESSES && Options->ProcessId != PlatformProcessCurrentId()) {
        return FALSE;
    }
    return !Options->HasOptionalParam1 || Options->OptionalParam1 == Context;
}

/* Event itself, or the next one after it, whose core, process and context fit; NULL: none. */
static inline DEBUGGER_EVENT *EventFirstFitting(DEBUGGER_EVENT *Event, UINT32 CoreId, UINT64 Context)
{
    while (Event != NULL && !EventFits(&Event->Options, CoreId, Context)) {
        Event = EventNextArmed(Event);
    }
    return Event;
}

/* Not an increment in place: the store reads the count meanwhile, and must not see it half-written. */
static inline VOID EventCountHit(DEBUGGER_EVENT_HITS *Hits)
{
    __atomic_store_n(&Hits->Count, Hits->Count + 1, __ATOMIC_RELAXED);
}

static UINT32 EventChangedRegs(const GUEST_REGS *Before, const GUEST_REGS *After)
{
    const UINT64 *Old = (const UINT64 *)Before;
    const UINT64 *New = (const UINT64 *)After;
    UINT32 Changed    = 0;

    for (UINT32 Index = 0; Index < GUEST_REGS_COUNT; Index++) {
        Changed |= (UINT32)(Old[Index] != New[Index]) << Index;
    }
    return Changed;
}

/* What the records of all events of this exit and stage have in common. */
static DEBUGGER_EVENT_RECORD *EventBeginRecord(DEBUGGER_CORE *Core, UINT32 EventType, UINT32 Stage,
                                               UINT64 Context, const GUEST_REGS *Regs)
{
    DEBUGGER_EVENT_RECORD *Record = &Core->Record;
    PLATFORM_PROCESS *Process     = &Core->Process;

    PlatformProcessCurrent(Process);
    Record->EventType = EventType;
    Record->Stage     = Stage;
    Record->Context   = Context;
    Record->Rip       = VmFuncGetLastVmexitRip(Core->CoreId);
    Record->ProcessId = Process->ProcessId;
    Record->ThreadId  = Process->ThreadId;
    PlatformMemoryCopy(Record->ProcessName, Process->Name, sizeof(Process->Name));
    PlatformMemoryCopy(&Record->Regs, Regs, sizeof(*Regs));
    Record->ChangedRegs = 0;
    if (Stage == VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION) {
        Record->ChangedRegs = EventChangedRegs(&Core->Before, Regs);
    }
    return Record;
}

/* A record that the log has no room for is counted there as dropped. */
static VOID EventSendRecord(DEBUGGER_EVENT_RECORD *Record, UINT64 Tag, BOOLEAN ShortCircuited)
{
    Record->Tag            = Tag;
    Record->ShortCircuited = ShortCircuited;
    LogCallbackSendBuffer(OPERATION_DEBUGGER_EVENT_RECORD, Record, sizeof(*Record), FALSE);
}

/* The rest of the exit compares with what the instruction started with. */
static VOID EventRequestPost(DEBUGGER_CORE *Core, const GUEST_REGS *Regs, BOOLEAN *PostEventRequired)
{
    PlatformMemoryCopy(&Core->Before, Regs, sizeof(*Regs));
    *PostEventRequired = TRUE;
}

/* Event fits, the ones after it may. Apart from the search for it, so that an exit that no event fits pays
 * for nothing of this. */
static __attribute__((__noinline__)) VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE
EventTriggerFrom(DEBUGGER_EVENT *Event, DEBUGGER_CORE *Core, UINT32 Stage, UINT64 Context,
                 BOOLEAN *PostEventRequired, const GUEST_REGS *Regs)
{
    const BOOLEAN IsPre           = Stage == VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION;
    DEBUGGER_EVENT_RECORD *Record = NULL;
    UINT32 Stages                 = 0;

    Core->ShortCircuited &= !IsPre;
    for (; Event != NULL; Event = EventFirstFitting(EventNextArmed(Event), Core->CoreId, Context)) {
        if (IsPre) {
            EventCountHit(&Event->Hits[Core->CoreId]);
            Stages |= Event->Options.Stage;
            Core->ShortCircuited |= Event->Options.ShortCircuit;
        }
        if (Event->Options.Stage & Stage) {
            if (Record == NULL) {
                Record = EventBeginRecord(Core, Event->Options.EventType, Stage, Context, Regs);
            }
            EventSendRecord(Record, Event->Tag, IsPre ? Event->Options.ShortCircuit : Core->ShortCircuited);
        }
    }
    if (Stages & VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION) {
        EventRequestPost(Core, Regs, PostEventRequired);
    }
    return IsPre && Core->ShortCircuited ? VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT
                                         : VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE
DebuggerTriggerEvents(VMM_EVENT_TYPE_ENUM EventType, VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE CallingStage,
                      PVOID Context, BOOLEAN *PostEventRequired, GUEST_REGS *Regs)
{
    DEBUGGER_EVENT *Event;
    UINT32 CoreId;

    if ((UINT32)EventType >= VMM_EVENT_TYPE_COUNT) {
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_INVALID_EVENT_TYPE;
    }
    Event = EventFirstArmed(EventType);
    if (Event == NULL) {
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_NO_INITIALIZED;
    }
    CoreId = VmFuncGetCurrentCoreId();
    if (CoreId >= g_DebuggerCoreCount) {
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_DEBUGGER_NOT_ENABLED;
    }
    Event = EventFirstFitting(Event, CoreId, (UINTPTR)Context);
    if (Event == NULL) {
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
    }
    return EventTriggerFrom(Event, &g_DebuggerCores[CoreId], CallingStage, (UINTPTR)Context,
                            PostEventRequired, Regs);
}

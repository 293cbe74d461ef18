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
#include "hyperkd/debugger/script/EventScript.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformProcess.h"

DEBUGGER_EVENT *g_ArmedEvents[VMM_EVENT_TYPE_COUNT];
DEBUGGER_EVENT *g_KeylessEvents[VMM_EVENT_TYPE_COUNT];
DEBUGGER_EVENT *g_KeyedEvents[EVENT_BUCKETS];
DEBUGGER_CORE *g_DebuggerCores;
UINT32 g_DebuggerCoreCount;
BOOLEAN g_EventsAreUnwanted;

/* A stage is a bit, ALL is both: an event is set for a stage if they have the bit in common. */
STATIC_ASSERT((VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION &
               VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION) == 0);
STATIC_ASSERT((VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION |
               VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION) ==
              VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION);
STATIC_ASSERT(PLATFORM_PROCESS_NAME_LENGTH == HYPERDBG_PROCESS_NAME_LENGTH);

/* The monitored types are told from the others by comparing with the last of them. */
STATIC_ASSERT(HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE == 0 && HIDDEN_HOOK_EXECUTE == 6);

/* An exit on its way through the armed events. */
typedef struct _EVENT_WALK {
    DEBUGGER_EVENT *Keyless; /* the next without a key that fits; NULL: none is left */
    DEBUGGER_EVENT *Keyed;   /* the next with this exit's key that fits */
    UINT64 Key;
    UINT32 EventType;
} EVENT_WALK;

/* Core and process are asked for only where an event wants to know. */
static inline BOOLEAN EventFits(const DEBUGGER_EVENT_OPTIONS *Options)
{
    if (Options->CoreId != HYPERDBG_ALL_CORES && Options->CoreId != PlatformCpuCurrent()) {
        return FALSE;
    }
    return Options->ProcessId == HYPERDBG_ALL_PROCESSES || Options->ProcessId == PlatformProcessCurrentId();
}

/* Event itself, or the first one after it that fits; NULL: none. */
static inline DEBUGGER_EVENT *EventFitting(DEBUGGER_EVENT *Event)
{
    while (Event != NULL && !EventFits(&Event->Options)) {
        Event = EventNextIndexed(Event);
    }
    return Event;
}

static inline DEBUGGER_EVENT *EventFittingKeyed(const EVENT_WALK *Walk, DEBUGGER_EVENT *Event)
{
    while (Event != NULL && (Event->Key != Walk->Key || Event->Options.EventType != Walk->EventType ||
                             !EventFits(&Event->Options))) {
        Event = EventNextIndexed(Event);
    }
    return Event;
}

static inline EVENT_WALK EventWalkBegin(UINT32 EventType, UINT64 Key)
{
    EVENT_WALK Walk = {.Key = Key, .EventType = EventType};

    Walk.Keyless = EventFitting(__atomic_load_n(&g_KeylessEvents[EventType], __ATOMIC_ACQUIRE));
    Walk.Keyed   = EventFittingKeyed(
          &Walk, __atomic_load_n(&g_KeyedEvents[EventBucket(EventType, Key)], __ATOMIC_ACQUIRE));
    return Walk;
}

static inline __attribute__((__always_inline__)) BOOLEAN EventAnyFits(UINT32 EventType, UINT64 Key)
{
    const EVENT_WALK Walk = {.Key = Key, .EventType = EventType};

    return EventFittingKeyed(&Walk, __atomic_load_n(&g_KeyedEvents[EventBucket(EventType, Key)],
                                                    __ATOMIC_ACQUIRE)) != NULL ||
           EventFitting(__atomic_load_n(&g_KeylessEvents[EventType], __ATOMIC_ACQUIRE)) != NULL;
}

/* The next event that fits, in the order of tags; NULL: there is none any more. */
static inline DEBUGGER_EVENT *EventWalkNext(EVENT_WALK *Walk)
{
    DEBUGGER_EVENT *Keyless = Walk->Keyless, *Keyed = Walk->Keyed;

    if (Keyed == NULL || (Keyless != NULL && Keyless->Tag < Keyed->Tag)) {
        if (Keyless != NULL) {
            Walk->Keyless = EventFitting(EventNextIndexed(Keyless));
        }
        return Keyless;
    }
    Walk->Keyed = EventFittingKeyed(Walk, EventNextIndexed(Keyed));
    return Keyed;
}

/* At once: the store reads the count meanwhile; an NMI may come in the middle of a detour's event, and have
 * one itself. */
static inline VOID EventCountHit(DEBUGGER_EVENT_HITS *Hits)
{
    __atomic_fetch_add(&Hits->Count, 1, __ATOMIC_RELAXED);
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

BOOLEAN EventSetWish(DEBUGGER_EVENT *Event, DEBUGGER_EVENT_WISH Wish)
{
    UINT32 Before = __atomic_load_n(&Event->Wish, __ATOMIC_RELAXED);

    do {
        if (Before == DEBUGGER_EVENT_UNWANTED) {
            return FALSE;
        }
    } while (!__atomic_compare_exchange_n(&Event->Wish, &Before, (UINT32)Wish, FALSE, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
    if (Wish == DEBUGGER_EVENT_UNWANTED) {
        __atomic_store_n(&g_EventsAreUnwanted, TRUE, __ATOMIC_RELEASE);
    }
    return TRUE;
}

/* --- what an event that fits does ------------------------------------------------------------------------
 */

/* The context as a number: of a monitored access its virtual address. */
static inline UINT64 EventContextNumber(const DEBUGGER_CORE *Core, UINT32 EventType, PVOID Context)
{
    if (EventType == SYSCALL_HOOK_EFER_SYSCALL) {
        return Core->SyscallNumber; /* RIP, the context, is in the record anyway */
    }
    return EventTypeIsMonitor(EventType) ? ((const EPT_HOOKS_CONTEXT *)Context)->VirtualAddress
                                         : (UINTPTR)Context;
}

static UINT64 EventRip(const DEBUGGER_CORE *Core, UINT32 Stage)
{
    return Stage == VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION ? Core->Rip
                                                                    : VmFuncGetLastVmexitRip(Core->CoreId);
}

/* Of a monitored access both addresses are told, of the other types the context is a number. */
static VOID EventRecordContext(const DEBUGGER_CORE *Core, DEBUGGER_EVENT_RECORD *Record, PVOID Context)
{
    const EPT_HOOKS_CONTEXT *Access = Context;
    const BOOLEAN IsMonitor         = EventTypeIsMonitor(Record->EventType);

    Record->Context         = EventContextNumber(Core, Record->EventType, Context);
    Record->PhysicalAddress = IsMonitor ? Access->PhysicalAddress : 0;
    Record->Access          = IsMonitor ? (UINT8)Access->Access : 0;
}

/* Of control and debug registers the record tells what was moved where, of exceptions CR2 or DR6. */
static VOID EventRecordRegister(DEBUGGER_EVENT_RECORD *Record)
{
    if (EventTypeIsOfRegister(Record->EventType) || Record->EventType == EXCEPTION_OCCURRED) {
        Record->Register = *VmFuncGetRegisterAccess();
    } else {
        Record->Register = (VMM_REGISTER_ACCESS){0};
    }
}

/* What the records of all events of this exit and stage have in common. */
static DEBUGGER_EVENT_RECORD *EventBeginRecord(DEBUGGER_CORE *Core, UINT32 EventType, UINT32 Stage,
                                               PVOID Context, const GUEST_REGS *Regs)
{
    DEBUGGER_EVENT_RECORD *Record = &Core->Record;
    PLATFORM_PROCESS *Process     = &Core->Process;

    PlatformProcessCurrent(Process);
    Record->EventType = EventType;
    Record->Stage     = Stage;
    Record->Rip       = EventRip(Core, Stage);
    Record->ProcessId = Process->ProcessId;
    Record->ThreadId  = Process->ThreadId;
    EventRecordContext(Core, Record, Context);
    EventRecordRegister(Record);
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
    Core->Rip          = VmFuncGetLastVmexitRip(Core->CoreId);
    *PostEventRequired = TRUE;
}

/* OptionalParam2 of a written control register: the bits whose change is meant, 0 for all. */
static BOOLEAN EventIsOfChangedBits(const DEBUGGER_EVENT_OPTIONS *Options)
{
    const VMM_REGISTER_ACCESS *Access = VmFuncGetRegisterAccess();

    return Options->OptionalParam2 == 0 || ((Access->Before ^ Access->After) & Options->OptionalParam2) != 0;
}

/* What the events that fit share in one exit and stage. */
typedef struct _EVENT_VISIT {
    DEBUGGER_CORE *Core;
    PVOID Context;
    GUEST_REGS *Regs;
    UINT32 EventType;
    UINT32 Stage;
    DEBUGGER_EVENT_RECORD *Record; /* NULL: none was needed yet */
} EVENT_VISIT;

/* TRUE: the event short-circuits, if this is stage PRE. */
static BOOLEAN EventVisitScript(EVENT_VISIT *Visit, DEBUGGER_EVENT *Event)
{
    EVENT_EXIT Exit = {
        .Event          = Event,
        .Regs           = Visit->Regs,
        .Context        = EventContextNumber(Visit->Core, Visit->EventType, Visit->Context),
        .Rip            = EventRip(Visit->Core, Visit->Stage),
        .Stage          = Visit->Stage,
        .ShortCircuited = Event->Options.ShortCircuit,
    };

    EventScriptRun(Visit->Core->CoreId, &Exit);
    Visit->Record = NULL; /* the registers may have changed */
    return Exit.ShortCircuited;
}

static BOOLEAN EventVisitRecord(EVENT_VISIT *Visit, const DEBUGGER_EVENT *Event)
{
    const BOOLEAN IsPre = Visit->Stage == VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION;

    if (Visit->Record == NULL) {
        Visit->Record =
            EventBeginRecord(Visit->Core, Visit->EventType, Visit->Stage, Visit->Context, Visit->Regs);
    }
    EventSendRecord(Visit->Record, Event->Tag,
                    IsPre ? Event->Options.ShortCircuit : Visit->Core->ShortCircuited);
    return Event->Options.ShortCircuit;
}

static BOOLEAN EventVisit(EVENT_VISIT *Visit, DEBUGGER_EVENT *Event)
{
    if (!(Event->Options.Stage & Visit->Stage)) {
        return Event->Options.ShortCircuit;
    }
    return Event->Script != NULL ? EventVisitScript(Visit, Event) : EventVisitRecord(Visit, Event);
}

/* At stage POST the register need not hold it any more. */
static inline UINT64 EventSyscallNumber(UINT32 Stage, const GUEST_REGS *Regs)
{
    const UINT32 CoreId = PlatformCpuCurrent();

    if (CoreId >= g_DebuggerCoreCount) {
        return 0;
    }
    if (Stage == VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION) {
        g_DebuggerCores[CoreId].SyscallNumber = (UINT32)Regs->rax;
    }
    return g_DebuggerCores[CoreId].SyscallNumber;
}

static inline BOOLEAN EventKeyIsContext(UINT32 EventType)
{
    return !EventTypeIsMonitor(EventType) && EventType != SYSCALL_HOOK_EFER_SYSCALL;
}

/* What decides which events wait for this exit: the number of the range that was touched, that of the system
 * call, or the context. */
static inline UINT64 EventKey(UINT32 EventType, UINT32 Stage, PVOID Context, const GUEST_REGS *Regs)
{
    if (EventTypeIsMonitor(EventType)) {
        return ((const EPT_HOOKS_CONTEXT *)Context)->HookingTag;
    }
    return EventType == SYSCALL_HOOK_EFER_SYSCALL ? EventSyscallNumber(Stage, Regs) : (UINTPTR)Context;
}

/* Something fits. Apart from the search for it, so that an exit that no event fits pays for nothing of this.
 */
static __attribute__((__noinline__)) VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE
EventTriggerOn(DEBUGGER_CORE *Core, UINT32 EventType, UINT32 Stage, PVOID Context, BOOLEAN *PostEventRequired,
               GUEST_REGS *Regs)
{
    const BOOLEAN IsPre = Stage == VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION;
    EVENT_VISIT Visit   = {Core, Context, Regs, EventType, Stage, NULL};
    EVENT_WALK Walk     = EventWalkBegin(EventType, EventKey(EventType, Stage, Context, Regs));
    DEBUGGER_EVENT *Event;
    UINT32 Stages = 0;
    BOOLEAN ShortCircuits;

    Core->ShortCircuited &= !IsPre;
    while ((Event = EventWalkNext(&Walk)) != NULL) {
        if (__atomic_load_n(&Event->Wish, __ATOMIC_RELAXED) != DEBUGGER_EVENT_WANTED ||
            (EventType == CONTROL_REGISTER_MODIFIED && !EventIsOfChangedBits(&Event->Options))) {
            continue;
        }
        if (IsPre) {
            EventCountHit(&Event->Hits[Core->CoreId]);
            Stages |= Event->Options.Stage;
        }
        ShortCircuits = EventVisit(&Visit, Event);
        Core->ShortCircuited |= IsPre && ShortCircuits;
    }
    if (Stages & VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION) {
        EventRequestPost(Core, Regs, PostEventRequired);
    }
    return IsPre && Core->ShortCircuited ? VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT
                                         : VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

/* A detour's event comes in the guest, where an exit may come in between, or an NMI with a detour of its own:
 * the core's own place is not for it. */
static __attribute__((__noinline__)) VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE
EventTriggerDetour(UINT32 CoreId, UINT32 Stage, PVOID Context, BOOLEAN *PostEventRequired, GUEST_REGS *Regs)
{
    DEBUGGER_CORE Core;

    PlatformMemoryZero(&Core, sizeof(Core));
    Core.CoreId = CoreId;
    return EventTriggerOn(&Core, HIDDEN_HOOK_EXEC_DETOURS, Stage, Context, PostEventRequired, Regs);
}

static __attribute__((__noinline__)) VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE
EventTriggerFitting(UINT32 EventType, UINT32 Stage, PVOID Context, BOOLEAN *PostEventRequired,
                    GUEST_REGS *Regs)
{
    const UINT32 CoreId = PlatformCpuCurrent();

    if (CoreId >= g_DebuggerCoreCount) {
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_DEBUGGER_NOT_ENABLED;
    }
    if (EventType == HIDDEN_HOOK_EXEC_DETOURS) {
        return EventTriggerDetour(CoreId, Stage, Context, PostEventRequired, Regs);
    }
    return EventTriggerOn(&g_DebuggerCores[CoreId], EventType, Stage, Context, PostEventRequired, Regs);
}

/* Most exits end here, with nothing that fits: no function is called up to there, so no register is saved. */
VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE
DebuggerTriggerEvents(VMM_EVENT_TYPE_ENUM EventType, VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE CallingStage,
                      PVOID Context, BOOLEAN *PostEventRequired, GUEST_REGS *Regs)
{
    BOOLEAN AnyFits;

    if ((UINT32)EventType >= VMM_EVENT_TYPE_COUNT) {
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_INVALID_EVENT_TYPE;
    }
    if (EventFirstArmed(EventType) == NULL) {
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_NO_INITIALIZED;
    }
    if (LIKELY(EventKeyIsContext(EventType))) {
        AnyFits = EventAnyFits(EventType, (UINTPTR)Context);
    } else {
        AnyFits = EventAnyFits(EventType, EventKey(EventType, CallingStage, Context, Regs));
    }
    if (!AnyFits) {
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
    }
    return EventTriggerFitting(EventType, CallingStage, Context, PostEventRequired, Regs);
}

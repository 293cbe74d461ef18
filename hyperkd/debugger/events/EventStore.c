// SPDX-License-Identifier: GPL-2.0-only
/*
 * EventStore.c - all events that users asked for, and how they come into force and out of it while other
 * cores walk the armed ones.
 *
 * Context: process.
 *
 * In force:     have the cores exit; link into the list of its type (release); have the exits reported.
 * Out of force: unlink; let all exits under way end; have the cores not exit any more; only then free, or
 *               link again.
 */
#include "hyperkd/debugger/events/EventStore.h"

#include "hyperkd/debugger/events/EventArming.h"
#include "hyperkd/debugger/events/EventTrigger.h"
#include "hyperkd/debugger/script/EventScript.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformLock.h"
#include "platform/PlatformMemory.h"

static PLATFORM_MUTEX *g_StoreLock; /* guards all that follows, and the writing of what root mode walks */
static DEBUGGER_EVENT *g_Events;    /* in the order of tags */
static DEBUGGER_EVENT *g_LastEvent;
static DEBUGGER_EVENT *g_LastArmed[VMM_EVENT_TYPE_COUNT]; /* ends of the lists of g_ArmedEvents */
static DEBUGGER_EVENT *g_Found; /* by the last search, where the next one probably goes on; or NULL */
static UINT32 g_EventCount;
static UINT64 g_NextTag;

/* --- the lists of armed events: what root mode sees ------------------------------------------------------
 */

static DEBUGGER_EVENT **EventIndexList(const DEBUGGER_EVENT *Event)
{
    const UINT32 EventType = Event->Options.EventType;

    return Event->HasKey ? &g_KeyedEvents[EventBucket(EventType, Event->Key)] : &g_KeylessEvents[EventType];
}

static VOID EventLinkIndex(DEBUGGER_EVENT *Event)
{
    DEBUGGER_EVENT **Link = EventIndexList(Event);

    while (*Link != NULL && (*Link)->Tag < Event->Tag) {
        Link = &(*Link)->NextIndexed;
    }
    Event->NextIndexed = *Link;
    __atomic_store_n(Link, Event, __ATOMIC_RELEASE);
}

static VOID EventUnlinkIndex(DEBUGGER_EVENT *Event)
{
    DEBUGGER_EVENT **Link = EventIndexList(Event);

    while (*Link != Event) {
        Link = &(*Link)->NextIndexed;
    }
    __atomic_store_n(Link, Event->NextIndexed, __ATOMIC_RELEASE);
}

/* The link that leads, or would lead, from the armed event before to the next one. */
static DEBUGGER_EVENT **EventArmedLink(const DEBUGGER_EVENT *Event)
{
    return Event->PreviousArmed != NULL ? &Event->PreviousArmed->NextArmed
                                        : &g_ArmedEvents[Event->Options.EventType];
}

static DEBUGGER_EVENT **EventArmedBackLink(const DEBUGGER_EVENT *Event)
{
    return Event->NextArmed != NULL ? &Event->NextArmed->PreviousArmed
                                    : &g_LastArmed[Event->Options.EventType];
}

/* From the end, where a new event belongs. */
static VOID EventLinkArmed(DEBUGGER_EVENT *Event)
{
    DEBUGGER_EVENT *Before = g_LastArmed[Event->Options.EventType];

    while (Before != NULL && Before->Tag > Event->Tag) {
        Before = Before->PreviousArmed;
    }
    Event->PreviousArmed       = Before;
    Event->NextArmed           = *EventArmedLink(Event);
    *EventArmedBackLink(Event) = Event;
    __atomic_store_n(EventArmedLink(Event), Event, __ATOMIC_RELEASE);
}

static VOID EventUnlinkArmed(DEBUGGER_EVENT *Event)
{
    *EventArmedBackLink(Event) = Event->PreviousArmed;
    __atomic_store_n(EventArmedLink(Event), Event->NextArmed, __ATOMIC_RELEASE);
}

static VOID EventLink(DEBUGGER_EVENT *Event)
{
    const UINT32 EventType = Event->Options.EventType;
    const BOOLEAN IsFirst  = g_ArmedEvents[EventType] == NULL;

    EventLinkIndex(Event);
    EventLinkArmed(Event);
    if (IsFirst) {
        EventSetTrigger(EventType, TRUE);
    }
}

static VOID EventUnlink(DEBUGGER_EVENT *Event)
{
    const UINT32 EventType = Event->Options.EventType;

    EventUnlinkIndex(Event);
    EventUnlinkArmed(Event);
    if (g_ArmedEvents[EventType] == NULL) {
        EventSetTrigger(EventType, FALSE);
    }
}

/* --- one event, the lock held ----------------------------------------------------------------------------
 */

static UINT32 EventEnable(DEBUGGER_EVENT *Event)
{
    UINT32 Status;

    if (!EventSetWish(Event, DEBUGGER_EVENT_WANTED)) {
        return DEBUGGER_ERROR_TAG_NOT_FOUND; /* a script has cleared it */
    }
    if (Event->Script != NULL) {
        __atomic_store_n(&Event->Script->IsStopped, 0, __ATOMIC_RELAXED);
    }
    if (Event->State == DEBUGGER_EVENT_ARMED) {
        return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
    }
    Status = EventArmExits(Event->Tag, &Event->Options);
    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL) {
        return Status;
    }
    EventLink(Event);
    Event->State = DEBUGGER_EVENT_ARMED;
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static DEBUGGER_EVENT *EventAllocate(const DEBUGGER_EVENT_OPTIONS *Options)
{
    const SIZE_T HitsSize   = (SIZE_T)g_DebuggerCoreCount * sizeof(DEBUGGER_EVENT_HITS);
    const BOOLEAN IsMonitor = EventTypeIsMonitor(Options->EventType);
    DEBUGGER_EVENT *Event   = PlatformMemoryAllocate(sizeof(*Event) + HitsSize);

    if (Event != NULL) {
        Event->Options = *Options;
        Event->Tag     = g_NextTag;
        Event->HasKey  = IsMonitor || Options->HasOptionalParam1;
        Event->Key     = IsMonitor ? Event->Tag : Options->OptionalParam1;
    }
    return Event;
}

static VOID EventAppend(DEBUGGER_EVENT *Event)
{
    Event->Previous                                         = g_LastEvent;
    *(g_LastEvent != NULL ? &g_LastEvent->Next : &g_Events) = Event;
    g_LastEvent                                             = Event;
    g_EventCount++;
}

static VOID EventFree(DEBUGGER_EVENT *Event)
{
    *(Event->Previous != NULL ? &Event->Previous->Next : &g_Events) = Event->Next;
    *(Event->Next != NULL ? &Event->Next->Previous : &g_LastEvent)  = Event->Previous;
    g_Found = g_Found == Event ? Event->Previous : g_Found;
    g_EventCount--;
    EventScriptFree(Event->Script);
    PlatformMemoryFree(Event);
}

static UINT64 EventHits(const DEBUGGER_EVENT *Event)
{
    UINT64 Hits = 0;

    for (UINT32 CoreId = 0; CoreId < g_DebuggerCoreCount; CoreId++) {
        Hits += __atomic_load_n(&Event->Hits[CoreId].Count, __ATOMIC_RELAXED);
    }
    return Hits;
}

/* Its program, then its exits: what is refused is refused before anything is armed. */
static UINT32 EventPrepare(DEBUGGER_EVENT *Event, EVENT_SCRIPT_SOURCE *Source)
{
    UINT32 Status = DEBUGGER_OPERATION_WAS_SUCCESSFUL;

    if (Source != NULL) {
        Status = EventScriptLoad(Source, &Event->Script);
    }
    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL) {
        return Status;
    }
    Status = EventEnable(Event);
    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL && Source != NULL) {
        Event->Script->Block = NULL; /* it stays the caller's */
        EventScriptFree(Event->Script);
    }
    return Status;
}

static UINT32 EventAdd(const DEBUGGER_EVENT_OPTIONS *Options, EVENT_SCRIPT_SOURCE *Source, UINT64 *Tag)
{
    DEBUGGER_EVENT *Event;
    UINT32 Status;

    if (g_EventCount >= HYPERDBG_MAX_EVENTS) {
        return DEBUGGER_ERROR_TOO_MANY_EVENTS;
    }
    Event = EventAllocate(Options);
    if (Event == NULL) {
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    }
    Status = EventPrepare(Event, Source);
    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL) {
        PlatformMemoryFree(Event);
        return Status;
    }
    EventAppend(Event);
    *Tag = g_NextTag++;
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

/* The first event whose tag is not below Tag; NULL: there is none. A list that is asked for one by one is not
 * walked from its beginning each time. */
static DEBUGGER_EVENT *EventFindFrom(UINT64 Tag)
{
    DEBUGGER_EVENT *Event = g_Found != NULL && g_Found->Tag <= Tag ? g_Found : g_Events;

    while (Event != NULL && Event->Tag < Tag) {
        Event = Event->Next;
    }
    g_Found = Event != NULL ? Event : g_Found;
    return Event;
}

static DEBUGGER_EVENT *EventFind(UINT64 Tag)
{
    DEBUGGER_EVENT *Event = EventFindFrom(Tag);

    return Event != NULL && Event->Tag == Tag ? Event : NULL;
}

/* --- some events, the lock held --------------------------------------------------------------------------
 */

/* Those that Tag names: one, or all. */
static DEBUGGER_EVENT *EventFirstOf(UINT64 Tag)
{
    return Tag == DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG ? g_Events : EventFind(Tag);
}

static DEBUGGER_EVENT *EventNextOf(UINT64 Tag, const DEBUGGER_EVENT *Event)
{
    return Tag == DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG ? Event->Next : NULL;
}

static UINT32 EventsEnable(UINT64 Tag)
{
    UINT32 Result = DEBUGGER_OPERATION_WAS_SUCCESSFUL;

    for (DEBUGGER_EVENT *Event = EventFirstOf(Tag); Event != NULL; Event = EventNextOf(Tag, Event)) {
        const UINT32 Status = EventEnable(Event);

        Result = Result == DEBUGGER_OPERATION_WAS_SUCCESSFUL ? Status : Result;
    }
    return Result;
}

/* One wait for all: it interrupts every core. */
static UINT32 EventsDisable(UINT64 Tag)
{
    BOOLEAN IsAnyLeaving = FALSE;

    for (DEBUGGER_EVENT *Event = EventFirstOf(Tag); Event != NULL; Event = EventNextOf(Tag, Event)) {
        if (Event->State == DEBUGGER_EVENT_ARMED) {
            EventUnlink(Event);
            Event->State = DEBUGGER_EVENT_LEAVING;
            IsAnyLeaving = TRUE;
        }
    }
    if (!IsAnyLeaving) {
        return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
    }
    PlatformCpuWaitForExits();
    for (DEBUGGER_EVENT *Event = EventFirstOf(Tag); Event != NULL; Event = EventNextOf(Tag, Event)) {
        if (Event->State == DEBUGGER_EVENT_LEAVING) {
            EventDisarmExits(Event->Tag, &Event->Options);
            Event->State = DEBUGGER_EVENT_DISABLED;
        }
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 EventsClear(UINT64 Tag)
{
    DEBUGGER_EVENT *Next;

    EventsDisable(Tag);
    for (DEBUGGER_EVENT *Event = EventFirstOf(Tag); Event != NULL; Event = Next) {
        Next = EventNextOf(Tag, Event);
        EventFree(Event);
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static BOOLEAN EventIsUnwanted(const DEBUGGER_EVENT *Event)
{
    return __atomic_load_n(&Event->Wish, __ATOMIC_RELAXED) == DEBUGGER_EVENT_UNWANTED;
}

/* Each request begins so: what scripts have cleared meanwhile makes no exits any more. It stays on the list
 * until the user clears it, with what its own script has gathered. */
static VOID StoreAcquire(VOID)
{
    PlatformMutexAcquire(g_StoreLock);
    if (!__atomic_exchange_n(&g_EventsAreUnwanted, FALSE, __ATOMIC_ACQUIRE)) {
        return;
    }
    for (DEBUGGER_EVENT *Event = g_Events; Event != NULL; Event = Event->Next) {
        if (EventIsUnwanted(Event)) {
            EventsDisable(Event->Tag);
        }
    }
}

static BOOLEAN EventIsInForce(const DEBUGGER_EVENT *Event)
{
    return Event->State == DEBUGGER_EVENT_ARMED &&
           __atomic_load_n(&Event->Wish, __ATOMIC_RELAXED) == DEBUGGER_EVENT_WANTED;
}

static UINT32 EventsModify(UINT64 Tag, UINT32 (*Modify)(UINT64 Tag))
{
    UINT32 Status = DEBUGGER_ERROR_TAG_NOT_FOUND;

    StoreAcquire();
    if (Tag == DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG || EventFind(Tag) != NULL) {
        Status = Modify(Tag);
    }
    PlatformMutexRelease(g_StoreLock);
    return Status;
}

/* --- what others call ------------------------------------------------------------------------------------
 */

BOOLEAN EventStoreInitialize(VOID)
{
    const UINT32 CoreCount = PlatformCpuCount();

    g_StoreLock = PlatformMutexCreate();
    if (g_StoreLock == NULL) {
        return FALSE;
    }
    g_DebuggerCores = PlatformMemoryAllocate((SIZE_T)CoreCount * sizeof(DEBUGGER_CORE));
    if (g_DebuggerCores == NULL) {
        goto DestroyLock;
    }
    for (UINT32 CoreId = 0; CoreId < CoreCount; CoreId++) {
        g_DebuggerCores[CoreId].CoreId = CoreId;
    }
    g_DebuggerCoreCount = CoreCount;
    g_NextTag           = HYPERDBG_EVENT_TAG_START;
    return TRUE;

DestroyLock:
    PlatformMutexDestroy(g_StoreLock);
    g_StoreLock = NULL;
    return FALSE;
}

/* A core looks at its state only after it found an armed event: with none left, and the exits that had found
 * one ended, the states are nobody's. */
VOID EventStoreUninitialize(VOID)
{
    DebuggerClearEvent(DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG);
    g_DebuggerCoreCount = 0;
    PlatformMemoryFree(g_DebuggerCores);
    g_DebuggerCores = NULL;
    PlatformMutexDestroy(g_StoreLock);
    g_StoreLock = NULL;
}

UINT32 DebuggerRegisterScriptEvent(const DEBUGGER_EVENT_OPTIONS *Options, EVENT_SCRIPT_SOURCE *Source,
                                   UINT64 *Tag)
{
    UINT32 Status = EventValidate(Options);

    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL) {
        return Status;
    }
    /* A script looks at memory and sets RIP as in an exit, which there is none of. */
    if (Source != NULL && Options->EventType == HIDDEN_HOOK_EXEC_DETOURS) {
        return DEBUGGER_ERROR_DETOUR_IS_PLAIN;
    }
    StoreAcquire();
    Status = EventAdd(Options, Source, Tag);
    PlatformMutexRelease(g_StoreLock);
    return Status;
}

UINT32 DebuggerRegisterEvent(const DEBUGGER_EVENT_OPTIONS *Options, UINT64 *Tag)
{
    return DebuggerRegisterScriptEvent(Options, NULL, Tag);
}

UINT32 DebuggerUseScript(UINT64 Tag, UINT32 (*Use)(EVENT_SCRIPT *Script, PVOID Context), PVOID Context)
{
    UINT32 Status = DEBUGGER_ERROR_TAG_NOT_FOUND;
    DEBUGGER_EVENT *Event;

    StoreAcquire();
    Event = EventFind(Tag);
    if (Event != NULL && Event->Script != NULL) {
        Status = Use(Event->Script, Context);
    }
    PlatformMutexRelease(g_StoreLock);
    return Status;
}

UINT32 DebuggerEnableEvent(UINT64 Tag)
{
    return EventsModify(Tag, EventsEnable);
}

UINT32 DebuggerDisableEvent(UINT64 Tag)
{
    return EventsModify(Tag, EventsDisable);
}

UINT32 DebuggerClearEvent(UINT64 Tag)
{
    return EventsModify(Tag, EventsClear);
}

UINT32 DebuggerQueryEventState(UINT64 Tag, BOOLEAN *IsEnabled)
{
    const DEBUGGER_EVENT *Event;

    StoreAcquire();
    Event = EventFind(Tag);
    if (Event != NULL) {
        *IsEnabled = EventIsInForce(Event);
    }
    PlatformMutexRelease(g_StoreLock);
    return Event != NULL ? DEBUGGER_OPERATION_WAS_SUCCESSFUL : DEBUGGER_ERROR_TAG_NOT_FOUND;
}

UINT32 DebuggerQueryEvent(DEBUGGER_QUERY_EVENT *Query)
{
    const DEBUGGER_EVENT *Event;

    StoreAcquire();
    Event = EventFindFrom(Query->Tag);
    if (Event != NULL) {
        Query->Tag       = Event->Tag;
        Query->Options   = Event->Options;
        Query->Hits      = EventHits(Event);
        Query->IsEnabled = EventIsInForce(Event);
        Query->IsCleared = EventIsUnwanted(Event);
        Query->HasScript = Event->Script != NULL;
        Query->HookState = Event->State == DEBUGGER_EVENT_ARMED ? EventHookState(Event->Tag, &Event->Options)
                                                                : VMM_HOOK_LIVE;
    }
    PlatformMutexRelease(g_StoreLock);
    return Event != NULL ? DEBUGGER_OPERATION_WAS_SUCCESSFUL : DEBUGGER_ERROR_TAG_NOT_FOUND;
}

UINT32 DebuggerCountEvents(VOID)
{
    UINT32 Count;

    StoreAcquire();
    Count = g_EventCount;
    PlatformMutexRelease(g_StoreLock);
    return Count;
}

UINT32 DebuggerCountScripts(VOID)
{
    UINT32 Count;

    StoreAcquire();
    Count = EventScriptCount();
    PlatformMutexRelease(g_StoreLock);
    return Count;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EventTrigger.h - from an exit to the armed events of its type.
 *
 * Context: VMX root, except where said otherwise.
 */
#ifndef HYPERDBG_HYPERKD_EVENT_TRIGGER_H
#define HYPERDBG_HYPERKD_EVENT_TRIGGER_H

#include "SDK/modules/VMM.h"
#include "hyperkd/debugger/events/Event.h"

/* First armed event of each type; a disabled event is in no list. Written by the store (EventStore.c). */
extern DEBUGGER_EVENT *g_ArmedEvents[VMM_EVENT_TYPE_COUNT];

/* The same events by what they wait for, so that an exit does not walk the thousands that wait for something
 * else: a list for each type of those that take any context, and one for each bucket of those with a key,
 * whose types are mixed. Linked by NextIndexed, in the order of tags. Written by the store. */
#define EVENT_BUCKET_BITS 14u
#define EVENT_BUCKETS     (1u << EVENT_BUCKET_BITS)
extern DEBUGGER_EVENT *g_KeylessEvents[VMM_EVENT_TYPE_COUNT];
extern DEBUGGER_EVENT *g_KeyedEvents[EVENT_BUCKETS];

/* Keys are often multiples of 16 (functions) or numbers in a row (tags, leaves): with the lowest four bits at
 * the top, a multiplication by 2^64 over the golden ratio spreads both. */
static inline UINT32 EventBucket(UINT32 EventType, UINT64 Key)
{
    const UINT64 Turned = Key >> 4 | Key << 60;

    return (UINT32)((Turned + EventType) * 0x9E3779B97F4A7C15ull >> (64 - EVENT_BUCKET_BITS));
}

/* A script does not want some event any more: the store shall look for it. Atomic. */
extern BOOLEAN g_EventsAreUnwanted;

/* One element for each core that the machine can have. Written by the store while no event is armed. */
extern DEBUGGER_CORE *g_DebuggerCores;
extern UINT32 g_DebuggerCoreCount;

static inline DEBUGGER_EVENT *EventFirstArmed(UINT32 EventType)
{
    return __atomic_load_n(&g_ArmedEvents[EventType], __ATOMIC_ACQUIRE);
}

static inline DEBUGGER_EVENT *EventNextArmed(const DEBUGGER_EVENT *Event)
{
    return __atomic_load_n(&Event->NextArmed, __ATOMIC_ACQUIRE);
}

static inline DEBUGGER_EVENT *EventNextIndexed(const DEBUGGER_EVENT *Event)
{
    return __atomic_load_n(&Event->NextIndexed, __ATOMIC_ACQUIRE);
}

/* Types of which VmFuncGetRegisterAccess tells what is moved where. */
static inline BOOLEAN EventTypeIsOfRegister(UINT32 EventType)
{
    return EventType == DEBUG_REGISTERS_ACCESSED ||
           (EventType >= CONTROL_REGISTER_MODIFIED && EventType <= CONTROL_REGISTER_3_MODIFIED);
}

/* The types whose context is an EPT_HOOKS_CONTEXT. */
static inline BOOLEAN EventTypeIsMonitor(UINT32 EventType)
{
    return EventType <= HIDDEN_HOOK_EXECUTE;
}

/* Any context; the event is in force. FALSE: it was unwanted already, which is final. */
BOOLEAN EventSetWish(DEBUGGER_EVENT *Event, DEBUGGER_EVENT_WISH Wish);

/* The VMM's VmmCallbackTriggerEvents. Takes the armed events of EventType in the order of their tags: those
 * whose core, process and context fit leave a record if they are set for this stage, ask for stage POST if
 * they are set for that, and decide about the short-circuit. *PostEventRequired is only ever set, never
 * cleared.
 *
 * SUCCESSFUL_IGNORE_EVENT: at stage PRE, an event that fits short-circuits. SUCCESSFUL_NO_INITIALIZED: no
 * event of this type is armed. DEBUGGER_NOT_ENABLED: this core is none of ours. */
VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE
DebuggerTriggerEvents(VMM_EVENT_TYPE_ENUM EventType, VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE CallingStage,
                      PVOID Context, BOOLEAN *PostEventRequired, GUEST_REGS *Regs);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EventStore.h - all events that users asked for: set, listed, enabled, disabled, cleared.
 *
 * Context: process; may sleep. Any number of callers at a time: the store has a lock of its own. All return
 * DEBUGGER_OPERATION_WAS_SUCCESSFUL or a code of ErrorCodes.h. When a call that takes events out of force
 * returns, no core is still in an exit that reports them.
 */
#ifndef HYPERDBG_HYPERKD_EVENT_STORE_H
#define HYPERDBG_HYPERKD_EVENT_STORE_H

#include "SDK/Ioctls.h"

/* An empty store, for the cores that the machine has. FALSE: no memory, nothing has changed. The other
 * functions are for the time between these two; exits may happen before, between and after. */
BOOLEAN EventStoreInitialize(VOID);

/* Clears all events. */
VOID EventStoreUninitialize(VOID);

/* Sets and enables an event; *Tag is its number (unchanged on failure). */
UINT32 DebuggerRegisterEvent(const DEBUGGER_EVENT_OPTIONS *Options, UINT64 *Tag);

/* One event, or all with DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG, which is no error when there are none. */
UINT32 DebuggerEnableEvent(UINT64 Tag); /* of all: the first error; the others are enabled nevertheless */
UINT32 DebuggerDisableEvent(UINT64 Tag);
UINT32 DebuggerClearEvent(UINT64 Tag);

/* Of one event. */
UINT32 DebuggerQueryEventState(UINT64 Tag, BOOLEAN *IsEnabled);

/* The event with the lowest number that is not below Query->Tag; KernelStatus is left alone. */
UINT32 DebuggerQueryEvent(DEBUGGER_QUERY_EVENT *Query);

UINT32 DebuggerCountEvents(VOID);

#endif

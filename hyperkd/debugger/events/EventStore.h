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
#include "hyperkd/debugger/script/EventScript.h"

/* An empty store, for the cores that the machine has. FALSE: no memory, nothing has changed. The other
 * functions are for the time between these two; exits may happen before, between and after. */
BOOLEAN EventStoreInitialize(VOID);

/* Clears all events. */
VOID EventStoreUninitialize(VOID);

/* Sets and enables an event; *Tag is its number (unchanged on failure). */
UINT32 DebuggerRegisterEvent(const DEBUGGER_EVENT_OPTIONS *Options, UINT64 *Tag);

/* The same, with a program that the event runs instead of leaving records; NULL: it has none.
 * DEBUGGER_ERROR_SCRIPT_REFUSED: Source says why. On success the event owns Source->Block. */
UINT32 DebuggerRegisterScriptEvent(const DEBUGGER_EVENT_OPTIONS *Options, EVENT_SCRIPT_SOURCE *Source,
                                   UINT64 *Tag);

/* One event, or all with DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG, which is no error when there are none. */
UINT32 DebuggerEnableEvent(UINT64 Tag); /* of all: the first error; the others are enabled nevertheless */
UINT32 DebuggerDisableEvent(UINT64 Tag);
UINT32 DebuggerClearEvent(UINT64 Tag);

/* Of one event. */
UINT32 DebuggerQueryEventState(UINT64 Tag, BOOLEAN *IsEnabled);

/* The event with the lowest number that is not below Query->Tag; KernelStatus is left alone. */
UINT32 DebuggerQueryEvent(DEBUGGER_QUERY_EVENT *Query);

/* Calls Use with the script of an event, which does not go meanwhile; Use may sleep, but not call back here.
 * DEBUGGER_ERROR_TAG_NOT_FOUND: no such event, or it has no script; otherwise what Use returned. */
UINT32 DebuggerUseScript(UINT64 Tag, UINT32 (*Use)(EVENT_SCRIPT *Script, PVOID Context), PVOID Context);

UINT32 DebuggerCountEvents(VOID);
UINT32 DebuggerCountScripts(VOID); /* events that run a program */

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EventArming.h - what each type of event asks of the VMM, and which settings it understands.
 *
 * Context: process, under the store's lock.
 */
#ifndef HYPERDBG_HYPERKD_EVENT_ARMING_H
#define HYPERDBG_HYPERKD_EVENT_ARMING_H

#include "SDK/Ioctls.h"

/* Can this event be set on this machine? DEBUGGER_OPERATION_WAS_SUCCESSFUL, or the error that the user
 * reads. The other functions take only options that passed. Needs no lock. */
UINT32 EventValidate(const DEBUGGER_EVENT_OPTIONS *Options);

/* Makes the cores exit for the event that has this number; DEBUGGER_OPERATION_WAS_SUCCESSFUL, or the error
 * that the user reads, and nothing has changed (a core of it went offline meanwhile, its address is not
 * mapped). Each success is taken back once, with the same number and options. */
UINT32 EventArmExits(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options);
VOID EventDisarmExits(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options);

/* Of an event that is armed: where its hook is; VMM_HOOK_LIVE for what is no hook. */
VMM_HOOK_STATE EventHookState(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options);

/* Has the exits of a type reported (the first event of the type is armed) or not (the last one was). */
VOID EventSetTrigger(UINT32 EventType, BOOLEAN Set);

#endif

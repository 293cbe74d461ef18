/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventList.h - the events that are set, asked of the kernel one by one.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_EVENT_LIST_H
#define HYPERDBG_LIBHYPERDBG_EVENT_LIST_H

#include "SDK/Ioctls.h"
#include "libhyperdbg/LibHyperDbg.h"

/* Calls Each for every event in the order of their numbers. FALSE: the kernel could not be asked, and that
 * was said. */
typedef VOID (*EVENT_LIST_EACH)(PVOID Context, const DEBUGGER_QUERY_EVENT *Event);
BOOLEAN EventListWalk(HYPERDBG_SESSION *Session, EVENT_LIST_EACH Each, PVOID Context);

/* Before an event, or all (DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG), is cleared: takes it out of force and
 * shows the maps of its script, if it has one, as they are in the end. FALSE: the kernel could not be asked,
 * and that was said. */
BOOLEAN EventListEndScripts(HYPERDBG_SESSION *Session, UINT64 Tag);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Monitor.h - ranges of memory whose reads, writes or executions are events.
 */
#ifndef HYPERHV_HOOKS_MONITOR_H
#define HYPERHV_HOOKS_MONITOR_H

#include "SDK/Events.h"
#include "hyperhv/core/State.h"
#include "hyperhv/hooks/HookPage.h"

/* The part of a monitored range that lies on one page. Made and freed in process context under the hooks'
 * lock. */
typedef struct _MONITOR {
    struct _MONITOR *NextOnPage;
    struct _MONITOR *NextOfTag; /* parts of the same range */
    HOOK_PAGE *Page;
    UINT64 Start;     /* physical, first byte */
    UINT64 End;       /* physical, first byte after it; on the same page */
    UINT64 Tag;       /* the user's number for the whole range */
    UINT32 Access;    /* HOOK_ACCESS_... that are events */
    UINT32 EventType; /* VMM_EVENT_TYPE_ENUM of that combination */
} MONITOR;

/* Any. HOOK_ACCESS_... that any of the monitors of a page waits for. */
UINT32 MonitorsAccess(const MONITOR *First);

/* Any. Is there any monitor at all? */
BOOLEAN MonitorsExist(VOID);

/* Process context, no core virtualized. Frees all monitors. */
VOID MonitorUninitialize(VOID);

/* Process context, under the hooks' lock. Adds a part, which lies on one page, to the range Tag; the range is
 * as it was when this fails. 0 or a DEBUGGER_ERROR_.... */
UINT32 MonitorAddPart(UINT64 Tag, UINT64 Start, UINT64 End, UINT32 Access);

/* Process context, under the hooks' lock. Removes all parts of the range Tag. FALSE: there is none. */
BOOLEAN MonitorRemove(UINT64 Tag);

/* Process context, under the hooks' lock. Is there a range Tag? */
BOOLEAN MonitorExists(UINT64 Tag);

/* Any. The event type of a combination of accesses; VMM_EVENT_TYPE_COUNT for none. */
VMM_EVENT_TYPE_ENUM MonitorEventType(UINT32 Access);

/* Root mode, within the exit of an access to Page that its entry lacks. Tells the monitors that wait for it
 * (PRE), and lets the access through or not. */
VOID MonitorHandleViolation(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page, UINT32 Access, UINT64 Physical,
                            UINT64 Virtual);

/* Root mode, at the end of the step that let the access through. */
VOID MonitorTellPost(VIRTUAL_MACHINE_STATE *VCpu, VMM_EVENT_TYPE_ENUM EventType, EPT_HOOKS_CONTEXT *Context);

#endif

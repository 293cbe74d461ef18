/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Monitor.h - ranges of memory whose reads, writes or executions are events.
 */
#ifndef HYPERHV_HOOKS_MONITOR_H
#define HYPERHV_HOOKS_MONITOR_H

#include "SDK/Events.h"
#include "SDK/imports/VmmImports.h"
#include "hyperhv/core/State.h"
#include "hyperhv/hooks/HookPage.h"

struct _FOLLOWED_PAGE;

/* The part of a monitored range that lies on one page. Made and freed in process context under the hooks'
 * lock; put in and out of force under the pages' lock. */
typedef struct _MONITOR {
    struct _MONITOR *NextOnPage;
    struct _MONITOR *NextOfTag;      /* all parts of all ranges */
    struct _MONITOR *NextFollowed;   /* of the same followed page */
    struct _FOLLOWED_PAGE *Followed; /* NULL: not in a process */
    HOOK_PAGE *Page;                 /* where it is in force; NULL: nowhere */
    UINT64 Start;                    /* physical, first byte, while it is in force */
    UINT64 End;                      /* physical, first byte after it; on the same page */
    UINT64 Virtual;                  /* of the first byte; 0 for a physical range */
    UINT64 Root;      /* of the address space that it belongs to; 0: whoever touches it counts */
    UINT32 Offset;    /* of the first byte on its page */
    UINT32 Length;    /* bytes */
    UINT64 Tag;       /* the user's number for the whole range */
    UINT32 Access;    /* HOOK_ACCESS_... that are events */
    UINT32 EventType; /* VMM_EVENT_TYPE_ENUM of that combination */
} MONITOR;

/* Any. HOOK_ACCESS_... that any of the monitors of a page waits for. */
UINT32 MonitorsAccess(const MONITOR *First);

/* All parts of all ranges, by NextOfTag; written in process context under the hooks' lock. */
extern MONITOR *g_MonitorParts;

/* Any. Is there any monitor at all? */
static inline BOOLEAN MonitorsExist(VOID)
{
    return __atomic_load_n(&g_MonitorParts, __ATOMIC_ACQUIRE) != NULL;
}

/* Process context, no core virtualized. Frees all monitors. */
VOID MonitorUninitialize(VOID);

/* Process context, under the hooks' lock. Adds to the range Tag a part of Length bytes, which lies on one
 * page: at Virtual (0: none), mapped to Physical; or on a followed page, where it is in force as the page is.
 * 0 or a DEBUGGER_ERROR_.... */
UINT32 MonitorAddPart(UINT64 Tag, UINT64 Virtual, UINT64 Physical, UINT32 Length, UINT32 Access);
UINT32 MonitorAddFollowedPart(UINT64 Tag, UINT64 Virtual, struct _FOLLOWED_PAGE *Followed, UINT32 Length,
                              UINT32 Access);

/* Process context, under the hooks' lock. Removes all parts of the range Tag. FALSE: there is none. */
BOOLEAN MonitorRemove(UINT64 Tag);

/* Under the pages' lock. In force on Page; out of force. Whoever calls these sets the page's entry
 * afterwards.
 */
VOID MonitorAttach(MONITOR *Part, HOOK_PAGE *Page);
VOID MonitorDetach(MONITOR *Part);

/* Process context, under the hooks' lock. Parts at kernel addresses from Start up to End are out of force. */
VOID MonitorsLeave(UINT64 Start, UINT64 End);

/* Process context, under the hooks' lock. The worst state of any part of the range Tag. FALSE: there is none.
 */
BOOLEAN MonitorState(UINT64 Tag, VMM_HOOK_STATE *State);

/* Any. The event type of a combination of accesses; VMM_EVENT_TYPE_COUNT for none. */
VMM_EVENT_TYPE_ENUM MonitorEventType(UINT32 Access);

/* Root mode, within the exit of an access to Page that its entry lacks. Tells the monitors that wait for it
 * (PRE), and lets the access through or not. */
VOID MonitorHandleViolation(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page, UINT32 Access, UINT64 Physical,
                            UINT64 Virtual);

/* Root mode, at the end of the step that let the access through. */
VOID MonitorTellPost(VIRTUAL_MACHINE_STATE *VCpu, VMM_EVENT_TYPE_ENUM EventType, EPT_HOOKS_CONTEXT *Context);

#endif

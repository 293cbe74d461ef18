/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HiddenBreakpoint.h - breakpoints that nobody can read: an event when an instruction is about to be
 * executed.
 */
#ifndef HYPERHV_HOOKS_HIDDEN_BREAKPOINT_H
#define HYPERHV_HOOKS_HIDDEN_BREAKPOINT_H

#include "SDK/imports/VmmImports.h"
#include "hyperhv/core/State.h"
#include "hyperhv/hooks/DirectInstruction.h"
#include "hyperhv/hooks/HookPage.h"

struct _FOLLOWED_PAGE;

/* One breakpoint. Made and freed in process context under the hooks' lock; put in and out of force under the
 * pages' lock; Instruction is written by root mode too, when the guest rewrites the code under it. */
typedef struct _HIDDEN_BREAKPOINT {
    struct _HIDDEN_BREAKPOINT *NextByAddress; /* of the same hash bucket */
    struct _HIDDEN_BREAKPOINT *NextOnPage;
    struct _HIDDEN_BREAKPOINT *NextFollowed; /* of the same followed page */
    struct _FOLLOWED_PAGE *Followed;         /* NULL: a kernel's address */
    HOOK_PAGE *Page;                         /* where it is in force; NULL: nowhere */
    UINT64 Virtual;
    UINT64 Physical; /* while it is in force */
    UINT64 Root;     /* of the address space that it belongs to (Follow.h); 0 for the kernel's addresses */
    UINT32 Users;    /* how often it was set: it goes when it was unset as often */
    DIRECT_INSTRUCTION Instruction; /* what is under it, where it can be carried out without a step */
} HIDDEN_BREAKPOINT;

/* Process context. Frees all breakpoints; no core is virtualized then. */
VOID HiddenBreakpointUninitialize(VOID);

/* Process context, under the hooks' lock. At a kernel's address (Followed is NULL), or on a followed page.
 * NULL: there is none. */
HIDDEN_BREAKPOINT *HiddenBreakpointFind(UINT64 Virtual, const struct _FOLLOWED_PAGE *Followed);

/* Process context, under the hooks' lock. Counted: a second set at the same address adds a user. At a
 * kernel's address, which is mapped to Physical; or on a followed page, where it is in force as the page is.
 * 0, or a DEBUGGER_ERROR_.... */
UINT32 HiddenBreakpointSet(UINT64 Virtual, UINT64 Physical);
UINT32 HiddenBreakpointSetFollowed(UINT64 Virtual, struct _FOLLOWED_PAGE *Followed);
VOID HiddenBreakpointUnset(HIDDEN_BREAKPOINT *Breakpoint);

/* Any. */
VMM_HOOK_STATE HiddenBreakpointState(const HIDDEN_BREAKPOINT *Breakpoint);

/* Under the pages' lock, for a Page that has a copy. Out of force in two steps: after Hide no core meets the
 * breakpoint any more; one that has just met it still finds out so until Detach. Whoever calls these sets the
 * page's entry afterwards. */
VOID HiddenBreakpointAttach(HIDDEN_BREAKPOINT *Breakpoint, HOOK_PAGE *Page);
VOID HiddenBreakpointHide(HIDDEN_BREAKPOINT *Breakpoint);
VOID HiddenBreakpointDetach(HIDDEN_BREAKPOINT *Breakpoint);

/* Process context, under the hooks' lock. Those at kernel addresses from Start up to End are out of force. */
VOID HiddenBreakpointsLeave(UINT64 Start, UINT64 End);

/* Root mode, within the exit of an INT3 at RIP. TRUE: it was one of ours, and the guest goes on. */
BOOLEAN HiddenBreakpointHandle(VIRTUAL_MACHINE_STATE *VCpu);

/* Root mode, within the exit of a fetch at Virtual that a monitor waits for: no INT3 will be seen in the step
 * that lets it through. TRUE: a breakpoint or a detour is there; it was told of, and the instruction is
 * carried out. */
BOOLEAN HiddenBreakpointMeet(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Virtual);

/* Any context, after the code of the page has changed: what is under its breakpoints is looked at anew. */
VOID HiddenBreakpointsReclassify(HOOK_PAGE *Page);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HiddenBreakpoint.h - breakpoints that nobody can read: an event when an instruction is about to be
 * executed.
 */
#ifndef HYPERHV_HOOKS_HIDDEN_BREAKPOINT_H
#define HYPERHV_HOOKS_HIDDEN_BREAKPOINT_H

#include "hyperhv/core/State.h"
#include "hyperhv/hooks/DirectInstruction.h"
#include "hyperhv/hooks/HookPage.h"

/* One breakpoint. Written in process context under the hooks' lock; Instruction also by root mode when the
 * guest rewrites the code under it. */
typedef struct _HIDDEN_BREAKPOINT {
    struct _HIDDEN_BREAKPOINT *NextByAddress; /* of the same hash bucket */
    struct _HIDDEN_BREAKPOINT *NextOnPage;
    HOOK_PAGE *Page;
    UINT64 Virtual;
    UINT64 Physical;
    UINT32 Users;                   /* how often it was set: it goes when it was unset as often */
    DIRECT_INSTRUCTION Instruction; /* what is under it, where it can be carried out without a step */
} HIDDEN_BREAKPOINT;

/* Process context. FALSE: no memory. Uninitialize frees all breakpoints; no core is virtualized then. */
BOOLEAN HiddenBreakpointInitialize(VOID);
VOID HiddenBreakpointUninitialize(VOID);

/* Process context, under the hooks' lock. Counted: a second set on the same address adds a user. 0, or a
 * DEBUGGER_ERROR_.... */
UINT32 HiddenBreakpointSet(UINT64 Virtual, UINT64 Physical);

/* FALSE: there is none at that address. */
BOOLEAN HiddenBreakpointUnset(UINT64 Virtual);

/* Process context, under the hooks' lock. */
BOOLEAN HiddenBreakpointExists(UINT64 Virtual);

/* Root mode, within the exit of a #BP at RIP. TRUE: it was one of ours, and the guest goes on. */
BOOLEAN HiddenBreakpointHandle(VIRTUAL_MACHINE_STATE *VCpu);

/* Any context, after the code of the page has changed: what is under its breakpoints is looked at anew. */
VOID HiddenBreakpointsReclassify(HOOK_PAGE *Page);

#endif

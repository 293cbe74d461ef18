/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Breakpoint.h - software breakpoints and debug exceptions of the guest.
 *
 * Context: VMX root.
 */
#ifndef HYPERDBG_HYPERKD_BREAKPOINT_H
#define HYPERDBG_HYPERKD_BREAKPOINT_H

#include "SDK/BasicTypes.h"

/* #BP exit. TRUE: a breakpoint of ours was at RIP-1 and was served; FALSE: the guest gets its #BP. */
BOOLEAN BreakpointHandleBreakpoints(UINT32 CoreId);

/* #DB exit. TRUE: it was ours; FALSE: the guest gets its #DB. */
BOOLEAN BreakpointCheckAndHandleDebugBreakpoint(UINT32 CoreId);

/* First step of every MTF exit. TRUE: the core had stepped over a breakpoint of ours, which is back in place.
 */
BOOLEAN BreakpointCheckAndHandleReApplyingBreakpoint(UINT32 CoreId);

#endif

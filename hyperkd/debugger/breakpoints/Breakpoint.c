// SPDX-License-Identifier: GPL-2.0-only
/*
 * Breakpoint.c - software breakpoints and debug exceptions of the guest.
 *
 * Context: VMX root.
 */
#include "hyperkd/debugger/breakpoints/Breakpoint.h"

/* No request sets a breakpoint, so each #BP is the guest's own. */
BOOLEAN BreakpointHandleBreakpoints(UINT32 CoreId)
{
    (void)CoreId;
    return FALSE;
}

/* The debugger steps no guest and uses no debug register, so each #DB is the guest's own. */
BOOLEAN BreakpointCheckAndHandleDebugBreakpoint(UINT32 CoreId)
{
    (void)CoreId;
    return FALSE;
}

/* No core ever steps over a breakpoint of ours, as there is none. */
BOOLEAN BreakpointCheckAndHandleReApplyingBreakpoint(UINT32 CoreId)
{
    (void)CoreId;
    return FALSE;
}

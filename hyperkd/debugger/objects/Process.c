// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process.c - switches from one process or thread to another.
 *
 * Context: VMX root.
 */
#include "hyperkd/debugger/objects/Process.h"

/* No event and no setting hangs on a process switch: the process filter of events asks at each exit. */
VOID ProcessTriggerCr3ProcessChange(UINT32 CoreId)
{
    (void)CoreId;
}

/* No request tracks a switch. */
BOOLEAN DebuggerCheckProcessOrThreadChange(UINT32 CoreId)
{
    (void)CoreId;
    return FALSE;
}

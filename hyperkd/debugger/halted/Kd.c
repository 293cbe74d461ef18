// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kd.c - stepping and halting cores.
 *
 * Context: VMX root.
 */
#include "hyperkd/debugger/halted/Kd.h"

#include "hyperkd/debugger/halted/Halt.h"

/* The debugger asks no core to step, so there is no step to report. */
VOID KdHandleRegisteredMtfCallback(UINT32 CoreId)
{
    (void)CoreId;
}

/* Root mode cannot halt in the middle of an exit; the VMM makes it exit again after one instruction of the
 * guest, and asks KdCheckAndHandleNmiCallback then. */
VOID KdHandleNmiBroadcastDebugBreaks(UINT32 CoreId, BOOLEAN IsOnVmxNmiHandler)
{
    if (IsOnVmxNmiHandler) {
        HaltNmiInRoot(CoreId);
    } else {
        HaltThisCore(CoreId);
    }
}

BOOLEAN KdCheckAndHandleNmiCallback(UINT32 CoreId)
{
    return HaltThisCore(CoreId);
}

/* No request turns the tracking of switches on. */
BOOLEAN KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId(UINT32 CoreId,
                                                                  DEBUGGER_THREAD_PROCESS_TRACING TracingType)
{
    (void)CoreId;
    (void)TracingType;
    return FALSE;
}

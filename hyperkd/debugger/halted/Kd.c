// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kd.c - stepping and halting cores.
 *
 * Context: VMX root.
 */
#include "hyperkd/debugger/halted/Kd.h"

/* The debugger asks no core to step, so there is no step to report. */
VOID KdHandleRegisteredMtfCallback(UINT32 CoreId)
{
    (void)CoreId;
}

/* The debugger sends no broadcast, so no core waits to be halted. */
VOID KdHandleNmiBroadcastDebugBreaks(UINT32 CoreId, BOOLEAN IsOnVmxNmiHandler)
{
    (void)CoreId;
    (void)IsOnVmxNmiHandler;
}

/* No NMI of ours ever asked a core to halt: this MTF exit is somebody else's. */
BOOLEAN KdCheckAndHandleNmiCallback(UINT32 CoreId)
{
    (void)CoreId;
    return FALSE;
}

/* No request turns the tracking of switches on. */
BOOLEAN KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId(UINT32 CoreId,
                                                                  DEBUGGER_THREAD_PROCESS_TRACING TracingType)
{
    (void)CoreId;
    (void)TracingType;
    return FALSE;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kd.h - stepping and halting cores.
 *
 * Context: VMX root.
 */
#ifndef HYPERDBG_HYPERKD_KD_H
#define HYPERDBG_HYPERKD_KD_H

#include "SDK/modules/VMM.h"

/* An MTF exit on a core that the debugger had asked to step (RegisterBreakOnMtf). */
VOID KdHandleRegisteredMtfCallback(UINT32 CoreId);

/* A core received the NMI of a broadcast, in root mode (IsOnVmxNmiHandler) or in the guest. */
VOID KdHandleNmiBroadcastDebugBreaks(UINT32 CoreId, BOOLEAN IsOnVmxNmiHandler);

/* An MTF exit. TRUE: the core halts now, as an NMI that hit root mode had asked for. */
BOOLEAN KdCheckAndHandleNmiCallback(UINT32 CoreId);

/* Does this core track switches of that kind? */
BOOLEAN
KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId(UINT32 CoreId,
                                                          DEBUGGER_THREAD_PROCESS_TRACING TracingType);

#endif

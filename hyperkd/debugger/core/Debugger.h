/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Debugger.h - the debugger as a whole, and the callbacks that belong to no part of it alone.
 */
#ifndef HYPERDBG_HYPERKD_DEBUGGER_H
#define HYPERDBG_HYPERKD_DEBUGGER_H

#include "SDK/BasicTypes.h"

/* Process; the VMM runs. FALSE: nothing has changed, and DebuggerSetLastError was told why. */
BOOLEAN DebuggerInitialize(VOID);

/* Process; the VMM still runs. Clears all events; afterwards no exit is reported any more. */
VOID DebuggerUninitialize(VOID);

/* Any context, VMX root and NMI included. The reason (ErrorCodes.h) of what failed last, for whoever reports
 * to the user; DEBUGGER_OPERATION_WAS_SUCCESSFUL: nobody said one. */
VOID DebuggerSetLastError(UINT32 LastError);
UINT32 DebuggerGetLastError(VOID);

/* VMX root. A VMCALL with our signature that is not the VMM's: TRUE if it was handled. */
BOOLEAN DebuggerVmcallHandler(UINT32 CoreId, UINT64 VmcallNumber, UINT64 OptionalParam1,
                              UINT64 OptionalParam2, UINT64 OptionalParam3);

#endif

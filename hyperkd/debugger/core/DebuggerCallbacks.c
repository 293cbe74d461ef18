// SPDX-License-Identifier: GPL-2.0-only
/*
 * DebuggerCallbacks.c - the debugger's callbacks that belong to no part of it alone.
 *
 * Context: VMX root; DebuggerSetLastError and DebuggerGetLastError any.
 */
#include "SDK/ErrorCodes.h"
#include "SDK/VmcallNumbers.h"
#include "hyperkd/debugger/core/Debugger.h"
#include "hyperkd/debugger/halted/Halt.h"
#include "hyperkd/debugger/halted/Snapshot.h"

static UINT32 g_LastError = DEBUGGER_OPERATION_WAS_SUCCESSFUL; /* written by any core, atomically */

VOID DebuggerSetLastError(UINT32 LastError)
{
    __atomic_store_n(&g_LastError, LastError, __ATOMIC_RELAXED);
}

UINT32 DebuggerGetLastError(VOID)
{
    return __atomic_load_n(&g_LastError, __ATOMIC_RELAXED);
}

BOOLEAN DebuggerVmcallHandler(UINT32 CoreId, UINT64 VmcallNumber, UINT64 OptionalParam1,
                              UINT64 OptionalParam2, UINT64 OptionalParam3)
{
    (void)OptionalParam3;
    switch (VmcallNumber) {
    case VMCALL_DEBUGGER_HALT_SYSTEM:
        return SnapshotVmcall(CoreId, OptionalParam1, OptionalParam2);
    case VMCALL_DEBUGGER_CONTINUE:
        if (!HaltIsOwner(CoreId)) {
            return FALSE;
        }
        HaltContinue(CoreId);
        return TRUE;
    default:
        return FALSE; /* nobody's */
    }
}

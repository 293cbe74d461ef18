// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debugger.c - start and end of the debugger.
 *
 * Context: process.
 */
#include "hyperkd/debugger/core/Debugger.h"

#include "SDK/ErrorCodes.h"
#include "hyperkd/debugger/events/EventStore.h"
#include "hyperkd/debugger/halted/Snapshot.h"

BOOLEAN DebuggerInitialize(VOID)
{
    if (!SnapshotInitialize()) {
        goto NoMemory;
    }
    if (!EventStoreInitialize()) {
        goto UninitializeSnapshot;
    }
    return TRUE;

UninitializeSnapshot:
    SnapshotUninitialize();
NoMemory:
    DebuggerSetLastError(DEBUGGER_ERROR_OUT_OF_MEMORY);
    return FALSE;
}

VOID DebuggerUninitialize(VOID)
{
    EventStoreUninitialize();
    SnapshotUninitialize();
}

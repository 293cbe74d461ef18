// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debugger.c - start and end of the debugger.
 *
 * Context: process.
 */
#include "hyperkd/debugger/core/Debugger.h"

#include "SDK/ErrorCodes.h"
#include "hyperkd/debugger/events/EventStore.h"

BOOLEAN DebuggerInitialize(VOID)
{
    if (!EventStoreInitialize()) {
        DebuggerSetLastError(DEBUGGER_ERROR_OUT_OF_MEMORY);
        return FALSE;
    }
    return TRUE;
}

VOID DebuggerUninitialize(VOID)
{
    EventStoreUninitialize();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * SnapshotTake.c - asking for a snapshot.
 *
 * Context: process.
 *
 * Between the two calls into root mode this core runs its kernel again, with interrupts off, while all others
 * stand still: the watchdogs learn there, before any of their checks can run, that time has passed unseen.
 */
#include "hyperkd/debugger/halted/Snapshot.h"

#include "SDK/VmcallNumbers.h"
#include "SDK/imports/VmmImports.h"
#include "hyperkd/debugger/halted/Halt.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformTime.h"

BOOLEAN SnapshotInitialize(VOID)
{
    g_Snapshot = (SNAPSHOT){.Length = PlatformCpuCount()};
    if (!HaltInitialize()) {
        return FALSE;
    }
    g_Snapshot.Cores = PlatformMemoryAllocate(g_Snapshot.Length * sizeof(*g_Snapshot.Cores));
    if (g_Snapshot.Cores == NULL) {
        HaltUninitialize();
        return FALSE;
    }
    for (UINT32 Core = 0; Core < g_Snapshot.Length; Core++) {
        g_Snapshot.Cores[Core].KernelStatus = DEBUGGER_ERROR_NO_SNAPSHOT;
    }
    PlatformTimePrepareToStop();
    return TRUE;
}

VOID SnapshotUninitialize(VOID)
{
    HaltUninitialize();
    PlatformMemoryFree(g_Snapshot.Cores);
    g_Snapshot = (SNAPSHOT){0};
}

/* On one core, interrupts off. */
static VOID SnapshotTakeHere(PVOID Context)
{
    DEBUGGER_HALT_SYSTEM *Request = Context;
    UINT64 ReleasedAt;

    if (VmFuncVmxVmcall(VMCALL_DEBUGGER_HALT_SYSTEM, (UINTPTR)&g_Snapshot, Request->HoldTicks, 0) !=
        VMCALL_STATUS_SUCCESS) {
        Request->KernelStatus = DEBUGGER_ERROR_CORE_DID_NOT_HALT;
        return;
    }
    PlatformTimeWasStopped();
    ReleasedAt = PlatformTimeTsc();
    VmFuncVmxVmcall(VMCALL_DEBUGGER_CONTINUE, 0, 0, 0);

    Request->LatencyTicks = g_Snapshot.AllHaltedAt - g_Snapshot.StartedAt;
    Request->HeldTicks    = ReleasedAt - g_Snapshot.AllHaltedAt;
    Request->CoreCount    = g_Snapshot.CoreCount;
    Request->KernelStatus = DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

UINT32 SnapshotTake(DEBUGGER_HALT_SYSTEM *Request)
{
    if (Request->HoldTicks > HYPERDBG_MAX_HOLD_TICKS) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    PlatformCpuRunHere(SnapshotTakeHere, Request);
    return Request->KernelStatus;
}

UINT32 SnapshotQueryCore(DEBUGGER_CORE_STATE *State)
{
    if (State->CoreId >= g_Snapshot.Length) {
        return DEBUGGER_ERROR_INVALID_CORE_ID;
    }
    *State = g_Snapshot.Cores[State->CoreId];
    return State->KernelStatus;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshot.c - what all cores were doing at one instant: each tells for itself, while all stand still.
 *
 * Context: VMX root.
 */
#include "hyperkd/debugger/halted/Snapshot.h"

#include "SDK/imports/VmmGuestImports.h"
#include "SDK/imports/VmmImports.h"
#include "hyperkd/debugger/halted/Halt.h"
#include "platform/PlatformLock.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformProcess.h"
#include "platform/PlatformTime.h"

SNAPSHOT g_Snapshot;

STATIC_ASSERT(DEBUGGER_CORE_ASKED == (int)HALT_ORIGIN_OWNER);
STATIC_ASSERT(DEBUGGER_CORE_FROM_GUEST == (int)HALT_ORIGIN_GUEST);
STATIC_ASSERT(DEBUGGER_CORE_FROM_EXIT == (int)HALT_ORIGIN_ROOT);
STATIC_ASSERT(HYPERDBG_PROCESS_NAME_LENGTH == PLATFORM_PROCESS_NAME_LENGTH);

static VOID SnapshotReadProcess(DEBUGGER_CORE_STATE *State)
{
    PLATFORM_PROCESS Process;

    PlatformProcessCurrent(&Process);
    State->ProcessId = Process.ProcessId;
    State->ThreadId  = Process.ThreadId;
    PlatformMemoryCopy(State->ProcessName, Process.Name, sizeof(State->ProcessName));
}

/* On each core. */
static VOID SnapshotReadThisCore(UINT32 CoreId, PVOID Context)
{
    DEBUGGER_CORE_STATE *State = Context;

    State->HaltedFrom = HaltOrigin(CoreId);
    State->HaltedAt   = HaltedSince(CoreId);
    State->Rip        = VmFuncGetRip();
    State->Cr0        = GetGuestCr0();
    State->Cr3        = GetGuestCr3();
    State->Cr4        = GetGuestCr4();
    State->Regs       = *VmFuncGetGuestRegs();
    SnapshotReadProcess(State);
}

static VOID SnapshotRead(UINT32 CoreId)
{
    UINT32 Core;

    g_Snapshot.AllHaltedAt = PlatformTimeTsc();
    g_Snapshot.CoreCount   = 0;
    for (Core = 0; Core < g_Snapshot.Length; Core++) {
        DEBUGGER_CORE_STATE *State = &g_Snapshot.Cores[Core];

        State->CoreId       = Core;
        State->KernelStatus = DEBUGGER_ERROR_NO_SNAPSHOT;
        if (!HaltRunOnCore(CoreId, Core, SnapshotReadThisCore, State)) {
            continue;
        }
        State->KernelStatus = DEBUGGER_OPERATION_WAS_SUCCESSFUL;
        g_Snapshot.CoreCount++;
    }
    g_Snapshot.StartedAt = HaltedSince(CoreId);
}

static VOID SnapshotHold(UINT64 HoldTicks)
{
    const UINT64 Start = PlatformTimeTsc();

    while (PlatformTimeTsc() - Start < HoldTicks) {
        PlatformRelax();
    }
}

BOOLEAN SnapshotVmcall(UINT32 CoreId, UINT64 Which, UINT64 HoldTicks)
{
    if ((Which != 0 && Which != (UINTPTR)&g_Snapshot) || HoldTicks > HYPERDBG_MAX_HOLD_TICKS) {
        return FALSE;
    }
    if (!HaltSystem(CoreId)) {
        return FALSE;
    }
    if (Which != 0) {
        SnapshotRead(CoreId);
    }
    SnapshotHold(HoldTicks);
    return TRUE;
}

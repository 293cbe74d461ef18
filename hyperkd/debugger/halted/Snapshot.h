/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Snapshot.h - what all cores were doing at one instant.
 */
#ifndef HYPERDBG_HYPERKD_SNAPSHOT_H
#define HYPERDBG_HYPERKD_SNAPSHOT_H

#include "SDK/Ioctls.h"

/* The last one. Written in VMX root by the core that takes it, within a halt; one at a time, under the
 * device's lock. */
typedef struct _SNAPSHOT {
    UINT64 StartedAt; /* TSC: the first core, which asked, stands still */
    UINT64 AllHaltedAt;
    UINT32 CoreCount; /* that stood still */
    UINT32 Length;    /* of Cores */
    DEBUGGER_CORE_STATE *Cores;
} SNAPSHOT;

extern SNAPSHOT g_Snapshot;

/* Process; the VMM runs. With halting itself. FALSE: no memory. */
BOOLEAN SnapshotInitialize(VOID);
VOID SnapshotUninitialize(VOID);

/* Process; one caller at a time. KernelStatus of the requests. */
UINT32 SnapshotTake(DEBUGGER_HALT_SYSTEM *Request);
UINT32 SnapshotQueryCore(DEBUGGER_CORE_STATE *State);

/* VMX root: VMCALL_DEBUGGER_HALT_SYSTEM. Halts all other cores, takes Which (the address of g_Snapshot, or 0
 * for none), and stays for HoldTicks. FALSE: wrong parameters, or a core did not halt; nothing is halted. */
BOOLEAN SnapshotVmcall(UINT32 CoreId, UINT64 Which, UINT64 HoldTicks);

#endif

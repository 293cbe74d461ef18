/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformProcess.c - what the cores of the pretended machine are running: what the test said.
 *
 * Context: user space; each thread has its own.
 */
#include "platform/PlatformProcess.h"
#include "platform/hosted/Hosted.h"

static const PLATFORM_PROCESS g_IdleProcess = {.Name = "swapper"};

static __thread PLATFORM_PROCESS g_Process = {.Name = "swapper"};

VOID HostedSetProcess(const PLATFORM_PROCESS *Process)
{
    g_Process = Process ? *Process : g_IdleProcess;
}

VOID PlatformProcessCurrent(PLATFORM_PROCESS *Process)
{
    *Process = g_Process;
}

UINT32 PlatformProcessCurrentThreadId(VOID)
{
    return g_Process.ThreadId;
}

UINT64 PlatformProcessCurrentTask(VOID)
{
    return (UINT64)(UINTPTR)&g_Process;
}

/* With page table isolation. */
UINT64 PlatformProcessPageTableMask(VOID)
{
    return 0x000FFFFFFFFFE000ull;
}

/* The vectors of Linux. */
BOOLEAN PlatformProcessMaySwitchAt(UINT32 Vector)
{
    return Vector == 0xEC || Vector == 0xFD;
}

UINT32 PlatformProcessCurrentId(VOID)
{
    return g_Process.ProcessId;
}

/* The one process that has memory of its own. */
static struct {
    UINT32 ProcessId;
    UINT64 Cr3; /* 0: there is none */
} g_Table;

VOID HostedSetProcessTable(UINT32 ProcessId, UINT64 Cr3)
{
    g_Table.ProcessId = ProcessId;
    g_Table.Cr3       = Cr3;
}

BOOLEAN PlatformProcessAddressSpaceGet(UINT32 ProcessId, PLATFORM_ADDRESS_SPACE *Space)
{
    if (g_Table.Cr3 == 0 || g_Table.ProcessId != ProcessId || !HostedTakeResource())
        return FALSE;
    *Space = (PLATFORM_ADDRESS_SPACE){.Cr3 = g_Table.Cr3};
    return TRUE;
}

VOID PlatformProcessAddressSpacePut(PLATFORM_ADDRESS_SPACE *Space)
{
    (VOID) Space;
    HostedReturnResource();
}

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

UINT32 PlatformProcessCurrentId(VOID)
{
    return g_Process.ProcessId;
}

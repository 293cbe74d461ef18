// SPDX-License-Identifier: GPL-2.0-only
/*
 * HaltLife.c - start and end of halting.
 *
 * Context: process.
 */
#include "hyperkd/debugger/halted/HaltState.h"

#include "platform/PlatformCpu.h"

BOOLEAN HaltInitialize(VOID)
{
    g_HaltCoreCount = PlatformCpuCount();
    g_HaltCores     = PlatformMemoryAllocate(g_HaltCoreCount * sizeof(*g_HaltCores));
    g_HaltOwner     = HALT_NO_OWNER;
    g_HaltDepth     = 0;
    STORE(g_HaltIsUp, g_HaltCores != NULL);
    return g_HaltCores != NULL;
}

/* No core halts any more; those that do go on, even where the owner forgot them. */
VOID HaltUninitialize(VOID)
{
    STORE(g_HaltIsUp, FALSE);
    HaltReleaseAll();
    PlatformCpuWaitForExits();
    PlatformMemoryFree(g_HaltCores);
    g_HaltCores     = NULL;
    g_HaltCoreCount = 0;
}

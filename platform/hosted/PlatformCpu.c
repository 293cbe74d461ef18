/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformCpu.c - cores of the pretended machine: a thread says which one it is.
 *
 * Context: user space. Cores come and go by the test's will, on the test's thread.
 */
#include <sched.h>

#include "platform/PlatformCpu.h"
#include "platform/hosted/Hosted.h"

static UINT32 g_CpuCount = 1;
static BOOLEAN g_IsOffline[HOSTED_MAX_CORES];
static const PLATFORM_CPU_LIFE *g_Life;
static VOID (*g_Crash)(VOID);
static UINT32 g_HotplugLocks;
static __thread BOOLEAN g_HasHotplugLock; /* this thread */
static VOID (*g_PanicHandler)(const CHAR *Message);

static UINT64 g_Exits[HOSTED_MAX_CORES]; /* begun plus ended: odd while the core is in one; atomic */

static __thread UINT32 g_CurrentCpu;

static VOID RequireCore(UINT32 CoreId)
{
    if (CoreId >= g_CpuCount)
        HostedDie("there is no such core");
}

VOID HostedSetCpuCount(UINT32 Count)
{
    UINT32 CoreId;

    if (Count == 0 || Count > HOSTED_MAX_CORES)
        HostedDie("impossible number of cores");
    g_CpuCount = Count;
    for (CoreId = 0; CoreId < HOSTED_MAX_CORES; CoreId++)
        g_IsOffline[CoreId] = FALSE;
}

VOID HostedSetCurrentCpu(UINT32 CoreId)
{
    RequireCore(CoreId);
    g_CurrentCpu = CoreId;
}

VOID HostedResetCpu(VOID)
{
    if (g_Life)
        PlatformCpuUnregisterLife();
    HostedSetCpuCount(1);
    HostedSetCurrentCpu(0);
    g_HotplugLocks   = 0;
    g_HasHotplugLock = FALSE;
    g_PanicHandler   = NULL;
    for (UINT32 CoreId = 0; CoreId < HOSTED_MAX_CORES; CoreId++)
        g_Exits[CoreId] = 0;
}

UINT32 PlatformCpuCount(VOID)
{
    return g_CpuCount;
}

BOOLEAN PlatformCpuIsOnline(UINT32 CoreId)
{
    return CoreId < g_CpuCount && !g_IsOffline[CoreId];
}

UINT32 PlatformCpuCurrent(VOID)
{
    return g_CurrentCpu;
}

/* Function(Context) with this thread on CoreId. */
static VOID RunAs(UINT32 CoreId, PLATFORM_CPU_FUNCTION Function, PVOID Context)
{
    UINT32 Before = g_CurrentCpu;

    g_CurrentCpu = CoreId;
    Function(Context);
    g_CurrentCpu = Before;
}

/* The vectors of Linux. */
BOOLEAN PlatformCpuIsCallVector(UINT32 Vector)
{
    return Vector == 0xFB || Vector == 0xFC;
}

BOOLEAN PlatformCpuRunOn(UINT32 CoreId, PLATFORM_CPU_FUNCTION Function, PVOID Context)
{
    if (!PlatformCpuIsOnline(CoreId))
        return FALSE;
    RunAs(CoreId, Function, Context);
    return TRUE;
}

VOID PlatformCpuRunHere(PLATFORM_CPU_FUNCTION Function, PVOID Context)
{
    Function(Context);
}

VOID PlatformCpuRunOnAll(PLATFORM_CPU_FUNCTION Function, PVOID Context)
{
    UINT32 CoreId;

    for (CoreId = 0; CoreId < g_CpuCount; CoreId++)
        PlatformCpuRunOn(CoreId, Function, Context);
}

VOID HostedBeginExit(VOID)
{
    if (__atomic_fetch_add(&g_Exits[g_CurrentCpu], 1, __ATOMIC_SEQ_CST) & 1)
        HostedDie("an exit inside an exit");
}

VOID HostedEndExit(VOID)
{
    if (!(__atomic_fetch_add(&g_Exits[g_CurrentCpu], 1, __ATOMIC_SEQ_CST) & 1))
        HostedDie("an exit ended that had not begun");
}

VOID PlatformCpuWaitForExits(VOID)
{
    UINT32 CoreId;

    if (__atomic_load_n(&g_Exits[g_CurrentCpu], __ATOMIC_SEQ_CST) & 1)
        HostedDie("waiting for exits in VMX root mode");
    for (CoreId = 0; CoreId < g_CpuCount; CoreId++) {
        UINT64 Seen = __atomic_load_n(&g_Exits[CoreId], __ATOMIC_SEQ_CST);

        while ((Seen & 1) && __atomic_load_n(&g_Exits[CoreId], __ATOMIC_SEQ_CST) == Seen)
            sched_yield();
    }
}

VOID HostedRequireNoHotplugLock(VOID)
{
    if (g_HasHotplugLock)
        HostedDie("the hotplug lock does not nest");
}

VOID PlatformCpuHotplugLock(VOID)
{
    HostedRequireNoHotplugLock();
    g_HasHotplugLock = TRUE;
    __atomic_add_fetch(&g_HotplugLocks, 1, __ATOMIC_SEQ_CST);
}

VOID PlatformCpuHotplugUnlock(VOID)
{
    g_HasHotplugLock = FALSE;
    if (__atomic_fetch_sub(&g_HotplugLocks, 1, __ATOMIC_SEQ_CST) == 0)
        HostedDie("hotplug unlocked more often than locked");
}

static VOID RequireHotplugUnlocked(VOID)
{
    if (__atomic_load_n(&g_HotplugLocks, __ATOMIC_SEQ_CST))
        HostedDie("a core would come or go under the hotplug lock");
}

static VOID CallCoreOnline(PVOID Result)
{
    *(BOOLEAN *)Result = g_Life->CoreOnline(g_CurrentCpu);
}

static VOID CallCoreOffline(PVOID Unused)
{
    (void)Unused;
    g_Life->CoreOffline(g_CurrentCpu);
}

BOOLEAN HostedCpuGoOnline(UINT32 CoreId)
{
    BOOLEAN Agreed = TRUE;

    RequireCore(CoreId);
    RequireHotplugUnlocked();
    g_IsOffline[CoreId] = FALSE;
    if (g_Life)
        RunAs(CoreId, CallCoreOnline, &Agreed);
    g_IsOffline[CoreId] = !Agreed;
    return Agreed;
}

VOID HostedCpuGoOffline(UINT32 CoreId)
{
    RequireCore(CoreId);
    RequireHotplugUnlocked();
    if (g_Life)
        RunAs(CoreId, CallCoreOffline, NULL);
    g_IsOffline[CoreId] = TRUE;
}

VOID HostedFireSuspend(VOID)
{
    if (g_Life)
        g_Life->Suspend();
}

VOID HostedFireResume(VOID)
{
    if (g_Life)
        g_Life->Resume();
}

VOID HostedFireShutdown(VOID)
{
    if (g_Life)
        g_Life->Shutdown();
}

VOID HostedFirePanic(VOID)
{
    if (g_Life)
        g_Life->Panic();
}

VOID HostedFireCrash(VOID)
{
    if (g_Crash)
        g_Crash();
}

BOOLEAN PlatformCpuWatchCrash(VOID (*Crash)(VOID))
{
    HostedRequireNoHotplugLock();
    g_Crash = Crash;
    return TRUE;
}

VOID PlatformCpuUnwatchCrash(VOID)
{
    HostedRequireNoHotplugLock();
    g_Crash = NULL;
}

BOOLEAN PlatformCpuRegisterLife(const PLATFORM_CPU_LIFE *Life)
{
    if (g_Life || !HostedTakeResource())
        return FALSE;
    g_Life = Life;
    return TRUE;
}

VOID PlatformCpuUnregisterLife(VOID)
{
    if (!g_Life)
        HostedDie("no life is registered");
    g_Life = NULL;
    HostedReturnResource();
}

VOID HostedSetPanicHandler(VOID (*Handler)(const CHAR *Message))
{
    g_PanicHandler = Handler;
}

VOID PlatformCpuPanic(const CHAR *Message)
{
    if (g_PanicHandler)
        g_PanicHandler(Message);
    HostedDie(Message);
}

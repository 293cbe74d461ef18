/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformTime.c - time of the pretended machine.
 *
 * Context: user space.
 */
#include "platform/PlatformTime.h"
#include "platform/hosted/Hosted.h"

#include <time.h>

#define DEFAULT_TSC_PER_MILLISECOND 1000000ull

static UINT64 g_TscPerMillisecond = DEFAULT_TSC_PER_MILLISECOND;

VOID HostedSetTscPerMillisecond(UINT64 Ticks)
{
    g_TscPerMillisecond = Ticks;
}

UINT64 PlatformTimeTscPerMillisecond(VOID)
{
    return g_TscPerMillisecond;
}

VOID PlatformTimeWallClock(UINT64 *Nanoseconds, UINT64 *Tsc)
{
    struct timespec Now;

    clock_gettime(CLOCK_REALTIME, &Now);
    *Nanoseconds = (UINT64)Now.tv_sec * 1000000000 + (UINT64)Now.tv_nsec;
    *Tsc         = PlatformTimeTsc();
}

static UINT32 g_TimeStops;

VOID PlatformTimePrepareToStop(VOID)
{
}

VOID PlatformTimeWasStopped(VOID)
{
    g_TimeStops++;
}

UINT32 HostedTimeStops(VOID)
{
    return g_TimeStops;
}

VOID HostedReset(VOID)
{
    HostedResetCpu();
    HostedResetProcesses();
    HostedResetMemory();
    HostedSetTscPerMillisecond(DEFAULT_TSC_PER_MILLISECOND);
    g_TimeStops = 0;
    HostedSetProcess(NULL);
}

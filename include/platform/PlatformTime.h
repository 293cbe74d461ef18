/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformTime.h - time.
 */
#ifndef HYPERDBG_PLATFORM_TIME_H
#define HYPERDBG_PLATFORM_TIME_H

#include "SDK/BasicTypes.h"

/* Any context. The core's time-stamp counter (SDM Vol. 2, RDTSC). */
static inline UINT64 PlatformTimeTsc(VOID)
{
    UINT32 Low, High;

    __asm__ volatile("rdtsc" : "=a"(Low), "=d"(High));
    return ((UINT64)High << 32) | Low;
}

/* Process context. Nanoseconds since 1970 (UTC), and the time stamp at that moment. */
VOID PlatformTimeWallClock(UINT64 *Nanoseconds, UINT64 *Tsc);

/* Any context. TSC ticks in a millisecond; 0 when the platform does not know. */
UINT64 PlatformTimeTscPerMillisecond(VOID);

/* All cores stand still in VMX root mode for a time that the kernel does not see, and its watchdogs would
 * take for a lockup. WasStopped: afterwards, with interrupts off, on one core, before any other goes on;
 * takes no lock. PrepareToStop: process context, once before; what it cannot find is not told. */
VOID PlatformTimePrepareToStop(VOID);
VOID PlatformTimeWasStopped(VOID);

#endif

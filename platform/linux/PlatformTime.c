// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformTime.c - time, on the Linux kernel. Context: as PlatformTime.h says at each.
 */
#include <linux/ktime.h>
#include <asm/tsc.h>

#include "platform/PlatformTime.h"

VOID PlatformTimeWallClock(UINT64 *Nanoseconds, UINT64 *Tsc)
{
    *Nanoseconds = ktime_get_real_ns();
    *Tsc         = PlatformTimeTsc();
}

UINT64 PlatformTimeTscPerMillisecond(VOID)
{
    return tsc_khz;
}

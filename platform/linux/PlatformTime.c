// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformTime.c - time, on the Linux kernel. Context: any.
 */
#include <asm/tsc.h>

#include "platform/PlatformTime.h"

UINT64 PlatformTimeTscPerMillisecond(VOID)
{
    return tsc_khz;
}

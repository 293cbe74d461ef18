// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformTime.c - time, on the Linux kernel. Context: as PlatformTime.h says at each.
 */
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <asm/tsc.h>

#include "platform/PlatformTime.h"
#include "platform/linux/KernelSymbols.h"

VOID PlatformTimeWallClock(UINT64 *Nanoseconds, UINT64 *Tsc)
{
    *Nanoseconds = ktime_get_real_ns();
    *Tsc         = PlatformTimeTsc();
}

UINT64 PlatformTimeTscPerMillisecond(VOID)
{
    return tsc_khz;
}

/* What the kernel's own debugger does after a stop (kgdb), and the timer of tasks that hang; none of them
 * takes a lock. Soft lockups of all cores and of workqueues, the clocksource's watchdog, stalls of RCU. */
static const char *const WatchdogNames[] = {
    "touch_all_softlockup_watchdogs",
    "clocksource_touch_watchdog",
    "rcu_cpu_stall_reset",
    "reset_hung_task_detector",
};
static void (*Watchdogs[ARRAY_SIZE(WatchdogNames)])(void);

/* The hard lockup's: a flag of each core, which its next NMI looks at; its function sets this core's alone.
 */
static const char *const HardLockupNames[] = {
    "watchdog_nmi_touch",          /* up to 6.4 */
    "watchdog_hardlockup_touched", /* since 6.5 */
};
static bool __percpu *HardLockup;

VOID PlatformTimePrepareToStop(VOID)
{
    size_t Index;

    for (Index = 0; Index < ARRAY_SIZE(WatchdogNames); Index++)
        if (Watchdogs[Index] == NULL)
            Watchdogs[Index] = KernelSymbolFind(WatchdogNames[Index]);
    for (Index = 0; HardLockup == NULL && Index < ARRAY_SIZE(HardLockupNames); Index++)
        HardLockup = (bool __percpu __force *)KernelSymbolFind(HardLockupNames[Index]);
}

VOID PlatformTimeWasStopped(VOID)
{
    unsigned int Cpu;
    size_t Index;

    for (Index = 0; Index < ARRAY_SIZE(WatchdogNames); Index++)
        if (Watchdogs[Index] != NULL)
            Watchdogs[Index]();
    for_each_possible_cpu(Cpu) if (HardLockup != NULL) * per_cpu_ptr(HardLockup, Cpu) = true;
}

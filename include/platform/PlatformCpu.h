/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformCpu.h - the cores of the machine, and the moments of its life at which the VMM must act.
 */
#ifndef HYPERDBG_PLATFORM_CPU_H
#define HYPERDBG_PLATFORM_CPU_H

#include "SDK/BasicTypes.h"

/* Any context. One more than the highest number that a core of this machine can have. */
UINT32 PlatformCpuCount(VOID);

/* Any context. */
BOOLEAN PlatformCpuIsOnline(UINT32 CoreId);

/* Any context, VMX root mode and NMI included. The caller must not migrate, or must not care. No call, as
 * every exit asks. */
#ifdef PLATFORM_HOSTED
UINT32 PlatformCpuCurrent(VOID);
#else
extern const UINTPTR g_PlatformCpuNumber; /* constant: where each core has its number, by GS */

static inline UINT32 PlatformCpuCurrent(VOID)
{
    UINT32 CoreId;

    __asm__ volatile("mov %1, %q0\n\tmov %%gs:(%q0), %0" : "=r"(CoreId) : "m"(g_PlatformCpuNumber));
    return CoreId;
}
#endif

/* Process context. Runs Function on one online core, with interrupts off, and waits for it. FALSE: not
 * online. */
typedef VOID (*PLATFORM_CPU_FUNCTION)(PVOID Context);
BOOLEAN PlatformCpuRunOn(UINT32 CoreId, PLATFORM_CPU_FUNCTION Function, PVOID Context);

/* Any context. Is this an interrupt by which the kernel has another core run a function, as here? */
BOOLEAN PlatformCpuIsCallVector(UINT32 Vector);

/* Process context. Runs Function on this core, with interrupts off. */
VOID PlatformCpuRunHere(PLATFORM_CPU_FUNCTION Function, PVOID Context);

/* Process context. Runs Function on all online cores, one of them this, with interrupts off, and waits for
 * all. As a core takes no interrupt in VMX root mode, every exit that was under way when it is called has
 * ended when it returns: what was unlinked before may be freed after. */
VOID PlatformCpuRunOnAll(PLATFORM_CPU_FUNCTION Function, PVOID Context);
VOID PlatformCpuWaitForExits(VOID);

/* Process context. Between the two calls no core goes online or offline. Does not nest: a core that wants to
 * come or go meanwhile waits for the first lock, and the second for that core. So nothing that takes it by
 * itself is called in between: no Configure..., no probe, no PlatformTextWaitForThreads. */
VOID PlatformCpuHotplugLock(VOID);
VOID PlatformCpuHotplugUnlock(VOID);

/* What the VMM does when the machine changes. All members are set. */
typedef struct _PLATFORM_CPU_LIFE {
    BOOLEAN (*CoreOnline)(UINT32 CoreId); /* process, on that core; FALSE: the core stays offline */
    VOID (*CoreOffline)(UINT32 CoreId);   /* process, on that core, before it goes */
    VOID (*Suspend)(VOID);                /* process: the machine is about to sleep; all cores are online */
    VOID(*Resume)
    (VOID); /* process: it is awake again, or does not sleep after all; cores that were online are */
    VOID (*Shutdown)(VOID); /* process: reboot, power-off, kexec; all cores are online */
    VOID (*Panic)(VOID);    /* any context, on the panicking core; must not lock or wait */
} PLATFORM_CPU_LIFE;

/* Process context, under the hotplug lock. Life stays valid until it is unregistered. One user at a time.
 * FALSE: refused, nothing registered. CoreOnline is not called for cores that are online already, nor
 * CoreOffline by unregistering.
 */
BOOLEAN PlatformCpuRegisterLife(const PLATFORM_CPU_LIFE *Life);
VOID PlatformCpuUnregisterLife(VOID);

/* Process context, not under the hotplug lock. From here on Crash is called, on each core by itself, when the
 * kernel leaves the core behind without the ways of PLATFORM_CPU_LIFE: for a crash kernel (kdump), or because
 * it stops the core for good. It is called with interrupts off, within an NMI too; it must not lock or wait.
 * FALSE: this kernel cannot tell. Unwatch: for a watch that succeeded or not. */
BOOLEAN PlatformCpuWatchCrash(VOID (*Crash)(VOID));
VOID PlatformCpuUnwatchCrash(VOID);

/* Any context, VMX operation already left on this core. Prints and stops the kernel; does not return. */
VOID PlatformCpuPanic(const CHAR *Message);

#endif

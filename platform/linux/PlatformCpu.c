// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformCpu.c - cores and the machine's life, on the Linux kernel. Context: as PlatformCpu.h says at each.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/kprobes.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>
#include <linux/smp.h>
#include <linux/version.h>

#include <asm/irq_vectors.h>

#include "platform/PlatformCpu.h"

static const PLATFORM_CPU_LIFE *RegisteredLife;
static int HotplugState;

UINT32 PlatformCpuCount(VOID)
{
    return nr_cpu_ids;
}

BOOLEAN PlatformCpuIsOnline(UINT32 CoreId)
{
    return CoreId < nr_cpu_ids && cpu_online(CoreId);
}

/* One load through GS, which root mode keeps at the core's per-CPU base. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0) && LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
const UINTPTR g_PlatformCpuNumber = (__force UINTPTR)&pcpu_hot.cpu_number;
#else
const UINTPTR g_PlatformCpuNumber = (__force UINTPTR)&cpu_number;
#endif

BOOLEAN PlatformCpuIsCallVector(UINT32 Vector)
{
    return Vector == CALL_FUNCTION_VECTOR || Vector == CALL_FUNCTION_SINGLE_VECTOR;
}

BOOLEAN PlatformCpuRunOn(UINT32 CoreId, PLATFORM_CPU_FUNCTION Function, PVOID Context)
{
    return CoreId < nr_cpu_ids && smp_call_function_single(CoreId, Function, Context, 1) == 0;
}

VOID PlatformCpuRunHere(PLATFORM_CPU_FUNCTION Function, PVOID Context)
{
    unsigned long Flags;

    local_irq_save(Flags);
    Function(Context);
    local_irq_restore(Flags);
}

VOID PlatformCpuRunOnAll(PLATFORM_CPU_FUNCTION Function, PVOID Context)
{
    on_each_cpu(Function, Context, 1);
}

static void Nothing(void *Context)
{
}

VOID PlatformCpuWaitForExits(VOID)
{
    on_each_cpu(Nothing, NULL, 1);
}

VOID PlatformCpuHotplugLock(VOID)
{
    cpus_read_lock();
}

VOID PlatformCpuHotplugUnlock(VOID)
{
    cpus_read_unlock();
}

static int CoreOnline(unsigned int Cpu)
{
    return RegisteredLife->CoreOnline(Cpu) ? 0 : -EIO;
}

static int CoreOffline(unsigned int Cpu)
{
    RegisteredLife->CoreOffline(Cpu);
    return 0;
}

/* To memory, to disk, from an image on disk, to idle. A sleep that another notifier refuses is told to be
 * over. */
static int Sleep(struct notifier_block *Block, unsigned long Action, void *Data)
{
    switch (Action) {
    case PM_SUSPEND_PREPARE:
    case PM_HIBERNATION_PREPARE:
    case PM_RESTORE_PREPARE:
        RegisteredLife->Suspend();
        break;
    case PM_POST_SUSPEND:
    case PM_POST_HIBERNATION:
    case PM_POST_RESTORE:
        RegisteredLife->Resume();
        break;
    }
    return NOTIFY_DONE;
}

static int Shutdown(struct notifier_block *Block, unsigned long Action, void *Data)
{
    RegisteredLife->Shutdown();
    return NOTIFY_DONE;
}

static int Panic(struct notifier_block *Block, unsigned long Action, void *Data)
{
    RegisteredLife->Panic();
    return NOTIFY_DONE;
}

static struct notifier_block SleepBlock    = {.notifier_call = Sleep};
static struct notifier_block ShutdownBlock = {.notifier_call = Shutdown};
static struct notifier_block PanicBlock    = {.notifier_call = Panic, .priority = INT_MAX};

BOOLEAN PlatformCpuRegisterLife(const PLATFORM_CPU_LIFE *Life)
{
    RegisteredLife = Life;
    HotplugState =
        cpuhp_setup_state_nocalls_cpuslocked(CPUHP_AP_ONLINE_DYN, "hyperhv:online", CoreOnline, CoreOffline);
    if (HotplugState < 0)
        return FALSE;
    register_pm_notifier(&SleepBlock);
    register_reboot_notifier(&ShutdownBlock);
    atomic_notifier_chain_register(&panic_notifier_list, &PanicBlock);
    return TRUE;
}

VOID PlatformCpuUnregisterLife(VOID)
{
    atomic_notifier_chain_unregister(&panic_notifier_list, &PanicBlock);
    unregister_reboot_notifier(&ShutdownBlock);
    unregister_pm_notifier(&SleepBlock);
    cpuhp_remove_state_nocalls_cpuslocked(HotplugState);
}

/* --- a core that is left behind --- */

static VOID (*CrashWatcher)(VOID);
static BOOLEAN IsWatchingCrash;

static int CoreIsLeftBehind(struct kprobe *Probe, struct pt_regs *Registers)
{
    CrashWatcher();
    return 0;
}

static struct kprobe CrashProbe;

/* The kernel calls this function on each core, so that what KVM left running does not keep the core from its
 * INIT. It has a slot for KVM's callback, too; but one alone, which is KVM's from when its module is there.
 */
BOOLEAN PlatformCpuWatchCrash(VOID (*Crash)(VOID))
{
    CrashWatcher    = Crash;
    CrashProbe      = (struct kprobe){.symbol_name = "cpu_emergency_disable_virtualization",
                                      .pre_handler = CoreIsLeftBehind};
    IsWatchingCrash = register_kprobe(&CrashProbe) == 0;
    return IsWatchingCrash;
}

VOID PlatformCpuUnwatchCrash(VOID)
{
    if (IsWatchingCrash)
        unregister_kprobe(&CrashProbe);
    IsWatchingCrash = FALSE;
}

VOID PlatformCpuPanic(const CHAR *Message)
{
    panic("%s", Message);
}

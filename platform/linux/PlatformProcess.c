// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformProcess.c - the running process and thread, on the Linux kernel.
 *
 * Context: any, VMX root mode included, for what is current: `current` is one load through GS, and the task
 * that runs on this core stays. Process for address spaces.
 */
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/version.h>
#include <asm/cpufeature.h>
#include <asm/io.h>
#include <asm/irq_vectors.h>

#include "platform/PlatformMemory.h"
#include "platform/PlatformProcess.h"

_Static_assert(PLATFORM_PROCESS_NAME_LENGTH == TASK_COMM_LEN, "length of a process name");

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0) && LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
const UINTPTR g_PlatformCurrentThread = (__force UINTPTR)&pcpu_hot.current_task;
#else
const UINTPTR g_PlatformCurrentThread = (__force UINTPTR)&current_task;
#endif
const UINTPTR g_PlatformThreadProcessId = offsetof(struct task_struct, tgid);

UINT32 PlatformProcessCurrentThreadId(VOID)
{
    return current->pid;
}

UINT64 PlatformProcessCurrentTask(VOID)
{
    return (UINT64)(UINTPTR)current;
}

#define CR3_ADDRESS 0x000FFFFFFFFFF000ull

/* The user half of page table isolation is the page after the kernel's. */
UINT64 PlatformProcessPageTableMask(VOID)
{
    return boot_cpu_has(X86_FEATURE_PTI) ? CR3_ADDRESS & ~PAGE_SIZE : CR3_ADDRESS;
}

BOOLEAN PlatformProcessMaySwitchAt(UINT32 Vector)
{
    return Vector == LOCAL_TIMER_VECTOR || Vector == RESCHEDULE_VECTOR;
}

VOID PlatformProcessCurrent(PLATFORM_PROCESS *Process)
{
    const struct task_struct *Task = current;

    Process->ProcessId = Task->tgid;
    Process->ThreadId  = Task->pid;
    PlatformMemoryCopy(Process->Name, Task->comm, sizeof(Process->Name));
    Process->Name[sizeof(Process->Name) - 1] = 0;
}

BOOLEAN PlatformProcessAddressSpaceGet(UINT32 ProcessId, PLATFORM_ADDRESS_SPACE *Space)
{
    struct pid *Pid          = find_get_pid(ProcessId);
    struct task_struct *Task = get_pid_task(Pid, PIDTYPE_TGID);
    struct mm_struct *Mm     = NULL;

    put_pid(Pid);
    if (Task != NULL) {
        Mm = get_task_mm(Task);
        put_task_struct(Task);
    }
    if (Mm == NULL)
        return FALSE;
    Space->Cr3    = __pa(Mm->pgd);
    Space->Handle = Mm;
    return TRUE;
}

VOID PlatformProcessAddressSpacePut(PLATFORM_ADDRESS_SPACE *Space)
{
    mmput(Space->Handle);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformProcess.c - the running process and thread, on the Linux kernel.
 *
 * Context: any, VMX root mode included: `current` is one load through GS, and the task that runs on this core
 * stays.
 */
#include <linux/sched.h>

#include "platform/PlatformMemory.h"
#include "platform/PlatformProcess.h"

_Static_assert(PLATFORM_PROCESS_NAME_LENGTH == TASK_COMM_LEN, "length of a process name");

UINT32 PlatformProcessCurrentId(VOID)
{
    return current->tgid;
}

VOID PlatformProcessCurrent(PLATFORM_PROCESS *Process)
{
    const struct task_struct *Task = current;

    Process->ProcessId = Task->tgid;
    Process->ThreadId  = Task->pid;
    PlatformMemoryCopy(Process->Name, Task->comm, sizeof(Process->Name));
    Process->Name[sizeof(Process->Name) - 1] = 0;
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformProcess.h - which process and thread a core is running.
 */
#ifndef HYPERDBG_PLATFORM_PROCESS_H
#define HYPERDBG_PLATFORM_PROCESS_H

#include "SDK/BasicTypes.h"

#define PLATFORM_PROCESS_NAME_LENGTH 16

typedef struct _PLATFORM_PROCESS {
    UINT32 ProcessId; /* what user space calls the pid (tgid); 0 for the idle thread */
    UINT32 ThreadId;
    CHAR Name[PLATFORM_PROCESS_NAME_LENGTH]; /* of the thread, zero-terminated */
} PLATFORM_PROCESS;

/* Any context, VMX root mode and NMI included: only reads the running thread's own description, which cannot
 * go away while it runs. In root mode it is the thread that was interrupted by the exit. */
VOID PlatformProcessCurrent(PLATFORM_PROCESS *Process);

/* No call, as every exit asks whose event is filtered by process. */
#ifdef PLATFORM_HOSTED
UINT32 PlatformProcessCurrentId(VOID);
#else
extern const UINTPTR g_PlatformCurrentThread; /* constant: where each core has the thread's address, by GS */
extern const UINTPTR g_PlatformThreadProcessId; /* constant: offset in a thread's description */

static inline UINT32 PlatformProcessCurrentId(VOID)
{
    const UINT32 *ProcessId;

    __asm__ volatile("mov %1, %0\n\tmov %%gs:(%0), %0\n\tadd %2, %0"
                     : "=&r"(ProcessId)
                     : "m"(g_PlatformCurrentThread), "m"(g_PlatformThreadProcessId)
                     : "cc");
    return *ProcessId;
}
#endif
UINT32 PlatformProcessCurrentThreadId(VOID);
UINT64 PlatformProcessCurrentTask(VOID); /* address of the kernel's description of the thread */

/* The page tables of a process, which stay until Put. */
typedef struct _PLATFORM_ADDRESS_SPACE {
    UINT64 Cr3; /* physical address of the top level, as the kernel runs on it */
    PVOID Handle;
} PLATFORM_ADDRESS_SPACE;

/* Process context; Put may sleep. FALSE: no such process, or it has no memory of its own. */
BOOLEAN PlatformProcessAddressSpaceGet(UINT32 ProcessId, PLATFORM_ADDRESS_SPACE *Space);
VOID PlatformProcessAddressSpacePut(PLATFORM_ADDRESS_SPACE *Space);

/* Process context. The bits of CR3 that are the address of a process's page tables: where user mode has
 * tables of its own (page table isolation), both of a process have them in common. */
UINT64 PlatformProcessPageTableMask(VOID);

/* Any context. Is this the interrupt of the clock, or the one by which another core asks for another thread
 * to run? */
BOOLEAN PlatformProcessMaySwitchAt(UINT32 Vector);

#endif

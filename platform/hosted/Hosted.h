/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Hosted.h - what a test can do to the machine that the hosted platform pretends to be.
 *
 * Context: user space. Nothing here exists on a real platform; code under test sees include/platform only.
 * Misuse that a kernel would not survive (freeing what was not allocated, taking a core away under the
 * hotplug lock) ends the program with a message.
 */
#ifndef HYPERDBG_PLATFORM_HOSTED_H
#define HYPERDBG_PLATFORM_HOSTED_H

#include "platform/PlatformCpu.h"
#include "platform/PlatformProcess.h"

#define HOSTED_MAX_CORES 64

/* Everything as at program start: one core, online and current on this thread, no life registered, no failure
 * pending, TSC at 1 GHz, process 0. Does not free what is still allocated. */
VOID HostedReset(VOID);

/* --- resources: memory, locks and registrations, each of which a kernel can refuse --- */

/* The Nth request from now on (1 is the next one) fails, once; 0: none does. */
VOID HostedFailAllocation(UINT32 Nth);

/* TRUE if the failure that was asked for has happened. */
BOOLEAN HostedAllocationHasFailed(VOID);

/* Resources that are held now: 0 when nothing was left behind. */
UINT32 HostedLiveAllocations(VOID);

/* Requests since HostedReset, failed ones included. */
UINT32 HostedAllocationCount(VOID);

/* TRUE: PlatformMemoryCopyKernelMappings fails. */
VOID HostedRefuseKernelMappings(BOOLEAN Refuse);

/* What it puts into the entries of the kernel's half. */
#define HOSTED_KERNEL_MAPPING 0x1063ull

/* Physical address of the first page that PlatformMemoryAllocatePages can give. */
#define HOSTED_RAM_PHYSICAL 0x100000000ull

/* Kernel address at which the pretended kernel maps all physical memory, one to one from there. */
#define HOSTED_DIRECT_MAP 0xFFFF888000000000ull

/* A function of the pretended kernel begins at every multiple of this in its memory; the bytes that it keeps
 * free (PlatformText.h) are the first, or those after an ENDBR64. */
#define HOSTED_FUNCTION_BYTES 64ull

/* The memory at a physical address; NULL where no page is allocated. */
PVOID HostedRam(UINT64 Physical);

/* --- cores --- */

/* Cores 0 to Count-1 exist and are online (1 to HOSTED_MAX_CORES). */
VOID HostedSetCpuCount(UINT32 Count);

/* This thread runs on CoreId from now on. A new thread starts on core 0. */
VOID HostedSetCurrentCpu(UINT32 CoreId);

/* This thread's core enters and leaves VMX root mode, for tests with threads: PlatformCpuWaitForExits waits
 * for the exits of other cores that are between these two. One thread at a time is one core. */
VOID HostedBeginExit(VOID);
VOID HostedEndExit(VOID);

/* A core comes or goes as on a real machine: the registered life is called on it. GoOnline returns what
 * CoreOnline did (the core stays offline if FALSE), TRUE where nobody is registered. */
BOOLEAN HostedCpuGoOnline(UINT32 CoreId);
VOID HostedCpuGoOffline(UINT32 CoreId);

/* Calls the registered life's member, if there is one. */
VOID HostedFireSuspend(VOID);
VOID HostedFireResume(VOID);
VOID HostedFireShutdown(VOID);
VOID HostedFirePanic(VOID);

/* This thread's core is left behind in a crash: what PlatformCpuWatchCrash was given is called. */
VOID HostedFireCrash(VOID);

/* What PlatformCpuPanic calls; it should leave by longjmp, the program ends if it returns. NULL: message and
 * abort. */
VOID HostedSetPanicHandler(VOID (*Handler)(const CHAR *Message));

/* --- time and process --- */

VOID HostedSetTscPerMillisecond(UINT64 Ticks);

/* How often the kernel was told that time had stopped. */
UINT32 HostedTimeStops(VOID);

/* What this thread's core is running. NULL: process 0, thread 0, "swapper". */
VOID HostedSetProcess(const PLATFORM_PROCESS *Process);

/* The process ProcessId, and no other, has memory of its own, by the page table Cr3 (0: nobody has). */
VOID HostedSetProcessTable(UINT32 ProcessId, UINT64 Cr3);

/* --- memory of processes, page by page --- */

/* A process whose page table register has Root in the bits 13 to 51. Its number is not 0. */
VOID HostedProcessStart(UINT32 ProcessId, UINT64 Root);

/* Something becomes mapped where nothing was, as by a page fault: the kernel does not tell, unless it is
 * watched. */
VOID HostedProcessMap(UINT32 ProcessId, UINT64 Virtual, UINT64 Physical);

/* What is mapped is given up for something else, or for nothing (Physical is 0): the kernel tells before. The
 * threads of the process stay held until HostedProcessRun, after which they are in user mode. */
VOID HostedProcessChange(UINT32 ProcessId, UINT64 Virtual, UINT64 Physical, BOOLEAN ThreadsAreHeld);
VOID HostedProcessRun(UINT32 ProcessId);

/* The process ends; its number is free. */
VOID HostedProcessEnd(UINT32 ProcessId);

/* Is what becomes mapped told; does anybody have the address space open? */
BOOLEAN HostedProcessIsWatched(UINT32 ProcessId);
BOOLEAN HostedProcessIsOpen(UINT32 ProcessId);

/* Called at the end of each look-up: to change what was found. NULL: nothing is. */
VOID HostedSetLookUpHandler(VOID (*Handler)(VOID));

/* The memory of a module is about to be freed. */
VOID HostedModuleLeaves(UINT64 Start, UINT64 End);

/* --- what the pretended kernel tells of itself --- */

/* The process that has page tables, besides the kernel, and the physical address of the top one. */
#define HOSTED_WALKED_PROCESS 77u
#define HOSTED_PAGE_TABLES    0x1000ull

/* X(name, module, address, bytes) */
#define HOSTED_SYMBOLS(X)                                                                                    \
    X(do_sys_open, "kernel", 0xFFFFFFFF81200000, 0x80)                                                       \
    X(do_sys_openat2, "kernel", 0xFFFFFFFF81200080, 0x100)                                                   \
    X(twice, "kernel", 0xFFFFFFFF81200200, 0x20)                                                             \
    X(twice, "other", 0xFFFFFFFFC0000000, 0x40)                                                              \
    X(other_open, "other", 0xFFFFFFFFC0000040, 0x40)

/* --- for the hosted platform's own files --- */

/* One more request: FALSE if it is the one that shall fail. */
BOOLEAN HostedTakeResource(VOID);
VOID HostedReturnResource(VOID);

/* Pages, not zeroed; PlatformPages.c. */
PVOID HostedPagesTake(UINT32 PageCount);
VOID HostedPagesReturn(PVOID Pages, UINT32 PageCount);

/* Ends the program: the code under test did something that a kernel would not survive. */
VOID HostedDie(const CHAR *What) __attribute__((noreturn));

/* Dies where this thread has the hotplug lock: what follows takes it, or may have to wait for who wants it.
 */
VOID HostedRequireNoHotplugLock(VOID);

VOID HostedResetMemory(VOID);
VOID HostedResetCpu(VOID);
VOID HostedResetProcesses(VOID);

#endif

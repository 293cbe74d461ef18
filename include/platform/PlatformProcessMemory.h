/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformProcessMemory.h - the memory of a process: where its pages are, and word of every change before it
 * takes effect.
 *
 * The order that its user can rely on. Before a page of the process is given up, replaced or moved, every
 * thread of the process is held out of user mode, and Withdraw is told. Before a held thread is in user mode
 * again it calls Resolve. So whoever has put a page aside in Withdraw and found the new one in Resolve has
 * not missed an instruction that the process executed.
 */
#ifndef HYPERDBG_PLATFORM_PROCESS_MEMORY_H
#define HYPERDBG_PLATFORM_PROCESS_MEMORY_H

#include "SDK/BasicTypes.h"

typedef struct _PLATFORM_PROCESS_MEMORY PLATFORM_PROCESS_MEMORY;

/* What the user of an address space is asked and told. All members are set. Start and End: the first byte of
 * the range, and the first one after it. */
typedef struct _PLATFORM_PROCESS_MEMORY_USER {
    /* Must not sleep. Is there anything in the range that the user cares for? */
    BOOLEAN (*Concerns)(PVOID Context, UINT64 Start, UINT64 End);

    /* Must not sleep or allocate; interrupts are on. The pages of the range are about to be somebody else's:
     * nothing of them is used any more when this returns. ThreadsAreHeld is FALSE where threads could not be
     * held: they may run before Resolve was called. */
    VOID (*Withdraw)(PVOID Context, UINT64 Start, UINT64 End, BOOLEAN ThreadsAreHeld);

    /* May sleep; on a thread of the process, on its way to user mode. What was withdrawn may be looked up. */
    VOID (*Resolve)(PVOID Context);

    /* Must not sleep. The process has ended, or executes another program: nothing will be mapped any more,
     * and all pages are about to be somebody else's. */
    VOID (*Ended)(PVOID Context);
} PLATFORM_PROCESS_MEMORY_USER;

/* Process context. The address space of a process (what user space calls the pid); NULL: there is no such
 * process, it has no user memory, no memory, or this kernel cannot do it. User is told from now on, until
 * PlatformProcessMemoryClose has returned. Closing waits for Resolve to return on other threads: the caller
 * holds no lock that it takes. */
PLATFORM_PROCESS_MEMORY *PlatformProcessMemoryOpen(UINT32 ProcessId, const PLATFORM_PROCESS_MEMORY_USER *User,
                                                   PVOID Context);
VOID PlatformProcessMemoryClose(PLATFORM_PROCESS_MEMORY *Space);

/* Any. What a core's page table register holds while it is in this address space, in the bits of RootMask. */
UINT64 PlatformProcessMemoryRoot(const PLATFORM_PROCESS_MEMORY *Space);
UINT64 PlatformProcessMemoryRootMask(VOID);

/* A page that was mapped when it was looked up; it is nobody else's before it is released. */
typedef struct _PLATFORM_MAPPED_PAGE {
    UINT64 Physical; /* of its first byte */
    UINT64 Moment;   /* the platform's own: when it was looked up */
    PVOID Reference; /* the platform's own */
} PLATFORM_MAPPED_PAGE;

/* Process context, one caller at a time for an address space; may sleep. Brings the page that holds Virtual
 * into memory, as if the process had read it. FALSE: nothing is mapped there. */
BOOLEAN PlatformProcessMemoryLookUp(PLATFORM_PROCESS_MEMORY *Space, UINT64 Virtual,
                                    PLATFORM_MAPPED_PAGE *Mapped);
VOID PlatformProcessMemoryRelease(PLATFORM_MAPPED_PAGE *Mapped);

/* Must not sleep. Is the page still what is mapped? When it is not, Withdraw was called in between, or is
 * about to be. */
BOOLEAN PlatformProcessMemoryIsCurrent(PLATFORM_PROCESS_MEMORY *Space, const PLATFORM_MAPPED_PAGE *Mapped);

/* Process context. From now on threads of the process are held (and so call Resolve) also when something may
 * become mapped near a place that concerns the user, until this is called with FALSE. */
VOID PlatformProcessMemoryWatch(PLATFORM_PROCESS_MEMORY *Space, BOOLEAN On);

#endif

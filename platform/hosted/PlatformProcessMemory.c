/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformProcessMemory.c - the memory of pretended processes, which a test maps and unmaps page by page; and
 * modules that leave.
 *
 * Context: user space, one thread.
 */
#include <stdlib.h>

#include "platform/PlatformProcessMemory.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformModule.h"
#include "platform/hosted/Hosted.h"

#define MAX_PROCESSES 8
#define MAX_PAGES     16
#define PAGE_MASK     (~(PLATFORM_PAGE_SIZE - 1))

typedef struct _HOSTED_MAPPING {
    UINT64 Virtual;
    UINT64 Physical; /* 0: none */
} HOSTED_MAPPING;

typedef struct _HOSTED_PROCESS {
    UINT32 ProcessId; /* 0: free */
    UINT64 Root;
    UINT64 Moment; /* changes so far */
    HOSTED_MAPPING Pages[MAX_PAGES];
    PLATFORM_PROCESS_MEMORY *Space; /* NULL: not open, or ended */
} HOSTED_PROCESS;

struct _PLATFORM_PROCESS_MEMORY {
    HOSTED_PROCESS *Process; /* NULL: it has ended */
    UINT64 Root;
    const PLATFORM_PROCESS_MEMORY_USER *User;
    PVOID Context;
    BOOLEAN IsWatched;
};

static HOSTED_PROCESS g_Processes[MAX_PROCESSES];
static VOID (*g_LookUpHandler)(VOID);
static UINT32 g_References;
static PLATFORM_MODULE_LEAVES g_Leaves;

/* --- processes --- */

static HOSTED_PROCESS *ProcessFind(UINT32 ProcessId)
{
    UINT32 Index;

    for (Index = 0; Index < MAX_PROCESSES; Index++)
        if (g_Processes[Index].ProcessId == ProcessId)
            return &g_Processes[Index];
    return NULL;
}

static HOSTED_PROCESS *ProcessMustFind(UINT32 ProcessId)
{
    HOSTED_PROCESS *Process = ProcessFind(ProcessId);

    if (!Process)
        HostedDie("there is no such process, or no room for another");
    return Process;
}

static HOSTED_MAPPING *MappingFind(HOSTED_PROCESS *Process, UINT64 Virtual)
{
    UINT32 Index;

    for (Index = 0; Index < MAX_PAGES; Index++)
        if (Process->Pages[Index].Physical && Process->Pages[Index].Virtual == (Virtual & PAGE_MASK))
            return &Process->Pages[Index];
    return NULL;
}

static VOID MappingAdd(HOSTED_PROCESS *Process, UINT64 Virtual, UINT64 Physical)
{
    UINT32 Index = 0;

    while (Index < MAX_PAGES && Process->Pages[Index].Physical)
        Index++;
    if (Index == MAX_PAGES)
        HostedDie("no room for another mapping");
    Process->Pages[Index] = (HOSTED_MAPPING){Virtual & PAGE_MASK, Physical};
}

VOID HostedProcessStart(UINT32 ProcessId, UINT64 Root)
{
    HOSTED_PROCESS *Process = ProcessMustFind(0);

    *Process = (HOSTED_PROCESS){.ProcessId = ProcessId, .Root = Root};
}

VOID HostedProcessMap(UINT32 ProcessId, UINT64 Virtual, UINT64 Physical)
{
    HOSTED_PROCESS *Process        = ProcessMustFind(ProcessId);
    PLATFORM_PROCESS_MEMORY *Space = Process->Space;

    MappingAdd(Process, Virtual, Physical);
    if (Space && Space->IsWatched && Space->User->Concerns(Space->Context, Virtual, Virtual + 1))
        Space->User->Resolve(Space->Context);
}

VOID HostedProcessChange(UINT32 ProcessId, UINT64 Virtual, UINT64 Physical, BOOLEAN ThreadsAreHeld)
{
    HOSTED_PROCESS *Process        = ProcessMustFind(ProcessId);
    PLATFORM_PROCESS_MEMORY *Space = Process->Space;
    HOSTED_MAPPING *Mapping;
    UINT64 Start = Virtual & PAGE_MASK, End = Start + PLATFORM_PAGE_SIZE;

    Process->Moment++;
    if (Space && Space->User->Concerns(Space->Context, Start, End))
        Space->User->Withdraw(Space->Context, Start, End, ThreadsAreHeld);
    Mapping = MappingFind(Process, Virtual);
    if (Mapping)
        Mapping->Physical = Physical;
    else if (Physical)
        MappingAdd(Process, Virtual, Physical);
}

VOID HostedProcessRun(UINT32 ProcessId)
{
    PLATFORM_PROCESS_MEMORY *Space = ProcessMustFind(ProcessId)->Space;

    if (Space)
        Space->User->Resolve(Space->Context);
}

VOID HostedProcessEnd(UINT32 ProcessId)
{
    HOSTED_PROCESS *Process = ProcessMustFind(ProcessId);

    if (Process->Space) {
        Process->Space->User->Ended(Process->Space->Context);
        Process->Space->Process = NULL;
    }
    Process->ProcessId = 0;
}

BOOLEAN HostedProcessIsWatched(UINT32 ProcessId)
{
    PLATFORM_PROCESS_MEMORY *Space = ProcessMustFind(ProcessId)->Space;

    return Space && Space->IsWatched;
}

BOOLEAN HostedProcessIsOpen(UINT32 ProcessId)
{
    return ProcessMustFind(ProcessId)->Space != NULL;
}

VOID HostedSetLookUpHandler(VOID (*Handler)(VOID))
{
    g_LookUpHandler = Handler;
}

VOID HostedResetProcesses(VOID)
{
    UINT32 Index;

    for (Index = 0; Index < MAX_PROCESSES; Index++)
        g_Processes[Index] = (HOSTED_PROCESS){0};
    g_LookUpHandler = NULL;
    g_References    = 0;
    g_Leaves        = NULL;
}

/* --- what the code under test calls --- */

PLATFORM_PROCESS_MEMORY *PlatformProcessMemoryOpen(UINT32 ProcessId, const PLATFORM_PROCESS_MEMORY_USER *User,
                                                   PVOID Context)
{
    HOSTED_PROCESS *Process = ProcessId ? ProcessFind(ProcessId) : NULL;
    PLATFORM_PROCESS_MEMORY *Space;

    if (!Process || !HostedTakeResource())
        return NULL;
    if (Process->Space)
        HostedDie("an address space was opened twice");
    Space = calloc(1, sizeof(*Space));
    if (!Space)
        HostedDie("the test machine itself is out of memory");
    *Space         = (PLATFORM_PROCESS_MEMORY){Process, Process->Root, User, Context, FALSE};
    Process->Space = Space;
    return Space;
}

VOID PlatformProcessMemoryClose(PLATFORM_PROCESS_MEMORY *Space)
{
    if (Space->Process) {
        Space->User->Ended(Space->Context);
        Space->Process->Space = NULL;
    }
    free(Space);
    HostedReturnResource();
}

UINT64 PlatformProcessMemoryRoot(const PLATFORM_PROCESS_MEMORY *Space)
{
    return Space->Root;
}

/* As with page table isolation: the page table of user mode lies in the page after the kernel's. */
UINT64 PlatformProcessMemoryRootMask(VOID)
{
    return 0x000FFFFFFFFFE000ull;
}

BOOLEAN PlatformProcessMemoryLookUp(PLATFORM_PROCESS_MEMORY *Space, UINT64 Virtual,
                                    PLATFORM_MAPPED_PAGE *Mapped)
{
    HOSTED_PROCESS *Process       = Space->Process;
    const HOSTED_MAPPING *Mapping = Process ? MappingFind(Process, Virtual) : NULL;

    if (!Mapping)
        return FALSE;
    g_References++;
    *Mapped = (PLATFORM_MAPPED_PAGE){Mapping->Physical, Process->Moment, &g_References};
    if (g_LookUpHandler)
        g_LookUpHandler();
    return TRUE;
}

VOID PlatformProcessMemoryRelease(PLATFORM_MAPPED_PAGE *Mapped)
{
    if (Mapped->Reference != &g_References || g_References-- == 0)
        HostedDie("a page was released that was not looked up");
}

BOOLEAN PlatformProcessMemoryIsCurrent(PLATFORM_PROCESS_MEMORY *Space, const PLATFORM_MAPPED_PAGE *Mapped)
{
    return Space->Process && Space->Process->Moment == Mapped->Moment;
}

VOID PlatformProcessMemoryWatch(PLATFORM_PROCESS_MEMORY *Space, BOOLEAN On)
{
    Space->IsWatched = On;
}

/* --- modules --- */

BOOLEAN PlatformModuleWatch(PLATFORM_MODULE_LEAVES Leaves)
{
    if (!HostedTakeResource())
        return FALSE;
    g_Leaves = Leaves;
    return TRUE;
}

VOID PlatformModuleUnwatch(VOID)
{
    g_Leaves = NULL;
    HostedReturnResource();
}

VOID HostedModuleLeaves(UINT64 Start, UINT64 End)
{
    if (g_Leaves)
        g_Leaves(Start, End);
}

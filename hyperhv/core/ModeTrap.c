// SPDX-License-Identifier: GPL-2.0-only
/*
 * ModeTrap.c - the processes whose changes between user and kernel mode are watched, by their page tables.
 *
 * Context: process, but for ModeTrapIsWatched (any, VMX root mode included). A process is known by the page
 * table that it had when it was added: one that executes another program is not followed.
 */
#include "hyperhv/core/ModeTrap.h"

#include "platform/PlatformMemory.h"
#include "platform/PlatformProcess.h"

typedef struct _MODE_TRAP_PROCESS {
    UINT64 PageTable; /* physical; 0: not watched. Read by root mode, alone */
    UINT32 ProcessId;
    UINT32 Users;
} MODE_TRAP_PROCESS;

static MODE_TRAP_PROCESS Processes[MODE_TRAP_MAX_PROCESSES];
static UINT64 PageTableMask; /* the bits of CR3 that are an address; the same for all processes */

/* The process's own element, else a free one, else NULL. */
static MODE_TRAP_PROCESS *ElementFor(UINT32 ProcessId)
{
    MODE_TRAP_PROCESS *Free = NULL;
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Processes); Index++) {
        if (Processes[Index].Users != 0 && Processes[Index].ProcessId == ProcessId)
            return &Processes[Index];
        if (Processes[Index].Users == 0 && Free == NULL)
            Free = &Processes[Index];
    }
    return Free;
}

static BOOLEAN FindPageTable(UINT32 ProcessId, UINT64 *PageTable)
{
    PLATFORM_ADDRESS_SPACE Space;

    if (!PlatformProcessAddressSpaceGet(ProcessId, &Space))
        return FALSE;
    PageTableMask = PlatformProcessPageTableMask();
    *PageTable    = Space.Cr3 & PageTableMask;
    PlatformProcessAddressSpacePut(&Space);
    return TRUE;
}

BOOLEAN ModeTrapAddProcess(UINT32 ProcessId)
{
    MODE_TRAP_PROCESS *Process = ElementFor(ProcessId);
    UINT64 PageTable;

    if (Process == NULL)
        return FALSE;
    if (Process->Users == 0) {
        if (!FindPageTable(ProcessId, &PageTable))
            return FALSE;
        Process->ProcessId = ProcessId;
        __atomic_store_n(&Process->PageTable, PageTable, __ATOMIC_RELEASE);
    }
    Process->Users++;
    return TRUE;
}

VOID ModeTrapRemoveProcess(UINT32 ProcessId)
{
    MODE_TRAP_PROCESS *Process = ElementFor(ProcessId);

    if (Process == NULL || Process->Users == 0)
        return;
    if (--Process->Users == 0)
        __atomic_store_n(&Process->PageTable, 0, __ATOMIC_RELEASE);
}

VOID ModeTrapReset(VOID)
{
    PlatformMemoryZero(Processes, sizeof(Processes));
}

BOOLEAN ModeTrapIsWatched(UINT64 Cr3)
{
    UINT64 PageTable = Cr3 & PageTableMask;
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Processes); Index++)
        if (PageTable != 0 && __atomic_load_n(&Processes[Index].PageTable, __ATOMIC_ACQUIRE) == PageTable)
            return TRUE;
    return FALSE;
}

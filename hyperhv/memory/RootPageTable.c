// SPDX-License-Identifier: GPL-2.0-only
/*
 * RootPageTable.c - the page tables of root mode.
 *
 * Context: process for making and freeing, VMX root mode for the window. SDM Vol. 3, 4.5; memory types of the
 * window come from the MTRRs, as its entries say write-back (11.5.2.2).
 *
 * The windows hang below entry 1 of the top level (the user half, which the kernel's copy leaves empty), then
 * entry 0 down to the level whose entries map 1 GiB; 512 cores share one page directory, each core owns one
 * page table of it: entry 0 is the window, entry 1 the local APIC, which all cores have at one address.
 */
#include "hyperhv/memory/RootPageTable.h"

#include "SDK/ErrorCodes.h"
#include "platform/CpuInstructions.h"
#include "platform/PlatformMemory.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/interface/Log.h"

#define PTE_PRESENT_WRITABLE 0x63ull /* present, writable, accessed, dirty */
#define PTE_NO_EXECUTE       (1ull << 63)
#define PTE_UNCACHED         0x18ull /* PCD and PWT: strong uncacheable in every PAT of Linux, and by reset */
#define APIC_BASE_ADDRESS    0x000FFFFFFFFFF000ull
#define APIC_ENTRY           1u
#define ENTRIES              512u
#define CR4_LA57             (1ull << 12)
#define WINDOW_TOP_ENTRY     1u
#define CORE_WINDOW_SHIFT    21 /* a core's page table spans 2 MiB */

/* Written by Initialize and Uninitialize only. */
static UINT64 *TopLevel;
static UINT64 **PageTables; /* by core */
static UINT32 PageTableCount;
static UINT64 **Directories; /* every other table page, to be freed */
static UINT32 DirectoryCount;
static UINT64 RootCr3;
static UINT64 WindowBase;

UINT64 RootPageTableCr3(VOID)
{
    return RootCr3;
}

BOOLEAN RootPageTableIsActive(VOID)
{
    return RootCr3 != 0 && CpuReadCr3() == RootCr3;
}

PVOID RootPageTableMapWindow(UINT32 CoreId, UINT64 Physical)
{
    UINT64 Virtual = WindowBase + ((UINT64)CoreId << CORE_WINDOW_SHIFT);

    PageTables[CoreId][0] = (Physical & ~(PLATFORM_PAGE_SIZE - 1)) | PTE_PRESENT_WRITABLE | PTE_NO_EXECUTE;
    CpuInvalidatePage(Virtual);
    return CpuPointer(Virtual + (Physical & (PLATFORM_PAGE_SIZE - 1)));
}

UINT64 RootPageTableApic(UINT32 CoreId)
{
    return WindowBase + ((UINT64)CoreId << CORE_WINDOW_SHIFT) + APIC_ENTRY * PLATFORM_PAGE_SIZE;
}

/* A new table below Parent[Index], remembered in Directories. NULL: no memory. */
static UINT64 *RootAddDirectory(UINT64 *Parent, UINT32 Index)
{
    UINT64 *Table = PlatformMemoryAllocatePages(1);

    if (Table == NULL)
        return NULL;
    Directories[DirectoryCount++] = Table;
    Parent[Index]                 = PlatformMemoryVirtualToPhysical(Table) | PTE_PRESENT_WRITABLE;
    return Table;
}

/* The tables from the top level down to the one whose entries map 1 GiB. */
static UINT64 *RootAddUpperLevels(VOID)
{
    BOOLEAN FiveLevels = (CpuReadCr4() & CR4_LA57) != 0;
    UINT64 *Table      = RootAddDirectory(TopLevel, WINDOW_TOP_ENTRY);

    WindowBase = 1ull << (FiveLevels ? 48 : 39);
    if (FiveLevels && Table != NULL)
        Table = RootAddDirectory(Table, 0);
    return Table;
}

static BOOLEAN RootAddWindows(UINT32 CoreCount)
{
    UINT64 *Gigabytes = RootAddUpperLevels();
    UINT64 *Directory = NULL;
    UINT64 Apic       = CpuReadMsr(IA32_APIC_BASE) & APIC_BASE_ADDRESS;

    if (Gigabytes == NULL)
        return FALSE;
    for (PageTableCount = 0; PageTableCount < CoreCount; PageTableCount++) {
        if (PageTableCount % ENTRIES == 0)
            Directory = RootAddDirectory(Gigabytes, PageTableCount / ENTRIES);
        if (Directory == NULL)
            return FALSE;
        PageTables[PageTableCount] = PlatformMemoryAllocatePages(1);
        if (PageTables[PageTableCount] == NULL)
            return FALSE;
        PageTables[PageTableCount][APIC_ENTRY] = Apic | PTE_PRESENT_WRITABLE | PTE_UNCACHED | PTE_NO_EXECUTE;
        Directory[PageTableCount % ENTRIES] =
            PlatformMemoryVirtualToPhysical(PageTables[PageTableCount]) | PTE_PRESENT_WRITABLE;
    }
    return TRUE;
}

static UINT32 RootBuild(UINT32 CoreCount)
{
    TopLevel    = PlatformMemoryAllocatePages(1);
    PageTables  = PlatformMemoryAllocate(CoreCount * sizeof(*PageTables));
    Directories = PlatformMemoryAllocate((3 + CoreCount / ENTRIES) * sizeof(*Directories));
    if (TopLevel == NULL || PageTables == NULL || Directories == NULL)
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    if (!PlatformMemoryCopyKernelMappings(TopLevel)) {
        LogError("this kernel does not tell where its page table is");
        return DEBUGGER_ERROR_PLATFORM_NOT_SUPPORTED;
    }
    return RootAddWindows(CoreCount) ? 0 : DEBUGGER_ERROR_OUT_OF_MEMORY;
}

UINT32 RootPageTableInitialize(UINT32 CoreCount)
{
    UINT32 Error = RootBuild(CoreCount);

    if (Error != 0)
        RootPageTableUninitialize();
    else
        RootCr3 = PlatformMemoryVirtualToPhysical(TopLevel);
    return Error;
}

VOID RootPageTableUninitialize(VOID)
{
    RootCr3 = 0;
    while (PageTableCount > 0)
        PlatformMemoryFreePages(PageTables[--PageTableCount], 1);
    while (DirectoryCount > 0)
        PlatformMemoryFreePages(Directories[--DirectoryCount], 1);
    PlatformMemoryFree(Directories);
    PlatformMemoryFree(PageTables);
    PlatformMemoryFreePages(TopLevel, 1);
    Directories = NULL;
    PageTables  = NULL;
    TopLevel    = NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * EptStepView.c - one core's own view for a step.
 *
 * Context: VMX root mode (Allocate, Free: process). SDM Vol. 3, 29.3.2, 29.4.3.
 */
#include "hyperhv/vmx/EptStepView.h"

#include "platform/CpuVmx.h"
#include "platform/PlatformMemory.h"
#include "hyperhv/hooks/HookPage.h"
#include "hyperhv/vmx/Ept.h"
#include "hyperhv/vmx/EptViews.h"

#define ENTRIES         (PLATFORM_PAGE_SIZE / sizeof(UINT64))
#define TABLES_PER_PAGE 3u
#define NEVER           (~0ull) /* a generation that the hooked view does not reach */

BOOLEAN EptStepViewAllocate(EPT_STEP_VIEW *View)
{
    View->Pool = PlatformMemoryAllocatePages(STEP_VIEW_POOL);
    if (View->Pool == NULL)
        return FALSE;
    View->PoolPhysical = PlatformMemoryVirtualToPhysical(View->Pool);
    View->Eptp         = View->PoolPhysical | (EptViewHooked() & (PLATFORM_PAGE_SIZE - 1));
    View->Generation   = NEVER;
    return TRUE;
}

VOID EptStepViewFree(EPT_STEP_VIEW *View)
{
    PlatformMemoryFreePages(View->Pool, STEP_VIEW_POOL);
    View->Pool = NULL;
}

static BOOLEAN IsOwnTable(const EPT_STEP_VIEW *View, UINT64 Entry)
{
    return (Entry & EPT_ADDRESS) - View->PoolPhysical < STEP_VIEW_POOL * PLATFORM_PAGE_SIZE;
}

static UINT64 *OwnTable(EPT_STEP_VIEW *View, UINT64 Entry)
{
    return View->Pool + ((Entry & EPT_ADDRESS) - View->PoolPhysical) / sizeof(UINT64);
}

/* The table that Entry points to, as one of our own. */
static UINT64 *MakeOwn(EPT_STEP_VIEW *View, UINT64 *Entry)
{
    UINT64 *Copy;

    if (IsOwnTable(View, *Entry))
        return OwnTable(View, *Entry);
    Copy = View->Pool + View->PoolUsed * ENTRIES;
    PlatformMemoryCopy(Copy, PlatformMemoryPhysicalToVirtual(*Entry & EPT_ADDRESS), PLATFORM_PAGE_SIZE);
    *Entry = (View->PoolPhysical + View->PoolUsed * PLATFORM_PAGE_SIZE) | EPT_RWX;
    View->PoolUsed++;
    return Copy;
}

/* A hooked page has an entry of its own in the hooked view, so the walk ends at the lowest level. What may be
 * executed is the page itself, not the copy with breakpoints. */
static VOID OpenPage(EPT_STEP_VIEW *View, UINT64 Physical, UINT32 Access)
{
    UINT64 *Table = View->Pool;
    UINT64 *Entry, Rights = Access;
    UINT32 Level;

    if (Access & HOOK_ACCESS_WRITE)
        Rights |= EPT_READ;
    if (Access & HOOK_ACCESS_EXECUTE)
        Rights |= EPT_EXECUTE_ALL;
    for (Level = EPT_LEVELS; Level > 1; Level--)
        Table = MakeOwn(View, &Table[EptIndex(Physical, Level)]);
    Entry  = &Table[EptIndex(Physical, 1)];
    *Entry = Physical | (*Entry & (EPT_MEMORY_TYPE_MASK | EPT_RWX)) | Rights;
}

static VOID Reset(EPT_STEP_VIEW *View, UINT64 Generation)
{
    PlatformMemoryCopy(View->Pool, EptViewHookedTable(), PLATFORM_PAGE_SIZE);
    View->PoolUsed   = 1;
    View->OpenCount  = 0;
    View->Generation = Generation;
}

/* Another page in the same tables: the entries of those that were open are the hooked view's again. */
static VOID CloseAll(EPT_STEP_VIEW *View)
{
    UINT32 Index, Level;
    UINT64 *Table;

    for (Index = 0; Index < View->OpenCount; Index++) {
        for (Table = View->Pool, Level = EPT_LEVELS; Level > 1; Level--)
            Table = OwnTable(View, Table[EptIndex(View->Open[Index], Level)]);
        Table[EptIndex(View->Open[Index], 1)] = EptViewHookedEntry(View->Open[Index]);
    }
    View->OpenCount = 0;
}

/* FALSE: there is no room. */
static BOOLEAN FindRoom(EPT_STEP_VIEW *View, UINT64 Physical, UINT32 *Index)
{
    for (*Index = 0; *Index < View->OpenCount; (*Index)++)
        if (View->Open[*Index] == Physical)
            return TRUE;
    if (*Index == HV_STEP_PAGES || View->PoolUsed + TABLES_PER_PAGE > STEP_VIEW_POOL)
        return FALSE;
    View->Open[*Index] = Physical;
    View->OpenCount++;
    return TRUE;
}

static VOID Flush(const EPT_STEP_VIEW *View)
{
    const VMX_INVALIDATE_DESCRIPTOR Descriptor = {.Context = View->Eptp};

    CpuInvept(INVEPT_SINGLE_CONTEXT, &Descriptor);
}

VOID EptStepViewChange(EPT_STEP_VIEW *View, UINT64 Physical, UINT32 Access, BOOLEAN IsFirst)
{
    UINT64 Generation = EptViewGeneration();
    UINT32 Index;

    /* A change of the hooked view in the middle of a step is taken over by the next one. */
    if (IsFirst && (View->Generation != Generation || View->PoolUsed + TABLES_PER_PAGE > STEP_VIEW_POOL))
        Reset(View, Generation);
    else if (IsFirst)
        CloseAll(View);

    View->IsFull = !FindRoom(View, Physical, &Index);
    if (View->IsFull)
        return;
    OpenPage(View, Physical, Access);
    if (Index == 0)
        View->FirstAccess = IsFirst ? Access : View->FirstAccess | Access;
    Flush(View);
}

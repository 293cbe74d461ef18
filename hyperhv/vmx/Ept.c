// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ept.c - views of physical memory.
 *
 * Context: process for making and freeing. SDM Vol. 3, 29.3.2 (format of the entries), 29.3.7 (memory types).
 */
#include "hyperhv/vmx/Ept.h"

#include "platform/PlatformMemory.h"
#include "hyperhv/memory/PhysicalWidth.h"
#include "hyperhv/vmx/Mtrr.h"

#define EPT_ENTRIES      512u
#define EPT_LEVELS       4u
#define EPT_LEVEL_BITS   9u
#define EPT_MAX_WIDTH    48u /* what four levels span */
#define EPT_ADDRESS      0x000FFFFFFFFFF000ull
#define EPTP_WALK_LENGTH ((EPT_LEVELS - 1ull) << 3)
#define EPTP_WRITE_BACK  6ull
#define GIGABYTE_LEVEL   3u
#define SPLIT_TABLES     64u /* table pages for ranges whose memory type changes inside a large page */

/* Address bits below an entry of a level (1: 4 KiB, 2: 2 MiB, 3: 1 GiB, 4: 512 GiB). */
static UINT32 EptShift(UINT32 Level)
{
    return PLATFORM_PAGE_SHIFT + (Level - 1) * EPT_LEVEL_BITS;
}

static UINT32 EptWidth(VOID)
{
    return PhysicalAddressWidth() < EPT_MAX_WIDTH ? PhysicalAddressWidth() : EPT_MAX_WIDTH;
}

/* A new table page of the view. NULL: no memory, or the view is full. */
static UINT64 *EptAddTable(EPT_VIEW *View)
{
    UINT64 *Table;

    if (View->TableCount == View->TableCapacity)
        return NULL;
    Table = PlatformMemoryAllocatePages(1);
    if (Table != NULL)
        View->Tables[View->TableCount++] = Table;
    return Table;
}

static UINT64 EptLeaf(UINT64 Physical, UINT32 Type, UINT32 Level)
{
    return Physical | ((UINT64)Type << EPT_MEMORY_TYPE_SHIFT) | EPT_RWX | (Level > 1 ? EPT_LARGE : 0);
}

/* Fills Table, whose entries are of Level, with the identity of the memory from Base to End. */
static BOOLEAN EptFillTable(EPT_VIEW *View, UINT64 *Table, UINT32 Level, UINT64 Base, UINT64 End)
{
    UINT64 Size = 1ull << EptShift(Level);
    UINT64 *Lower;
    UINT32 Index, Type;

    for (Index = 0; Index < EPT_ENTRIES && Base < End; Index++, Base += Size) {
        if (Level <= GIGABYTE_LEVEL && MtrrTypeOfRange(Base, Size, &Type)) {
            Table[Index] = EptLeaf(Base, Type, Level);
            continue;
        }
        Lower = EptAddTable(View);
        if (Lower == NULL || !EptFillTable(View, Lower, Level - 1, Base, End))
            return FALSE;
        Table[Index] = PlatformMemoryVirtualToPhysical(Lower) | EPT_RWX;
    }
    return TRUE;
}

EPT_VIEW *EptCreateIdentityView(VOID)
{
    UINT64 End     = 1ull << EptWidth();
    EPT_VIEW *View = PlatformMemoryAllocate(sizeof(*View));
    UINT64 *Pml4;

    if (View == NULL)
        return NULL;
    View->TableCapacity =
        1 + SPLIT_TABLES + (UINT32)((End + (1ull << EptShift(EPT_LEVELS)) - 1) >> EptShift(EPT_LEVELS));
    View->Tables = PlatformMemoryAllocate(View->TableCapacity * sizeof(*View->Tables));
    Pml4         = View->Tables != NULL ? EptAddTable(View) : NULL;

    if (Pml4 == NULL || !EptFillTable(View, Pml4, EPT_LEVELS, 0, End)) {
        EptFreeView(View);
        return NULL;
    }
    View->Eptp = PlatformMemoryVirtualToPhysical(Pml4) | EPTP_WALK_LENGTH | EPTP_WRITE_BACK;
    return View;
}

VOID EptFreeView(EPT_VIEW *View)
{
    if (View == NULL)
        return;
    while (View->TableCount > 0)
        PlatformMemoryFreePages(View->Tables[--View->TableCount], 1);
    PlatformMemoryFree(View->Tables);
    PlatformMemoryFree(View);
}

UINT64 *EptFindLeaf(const EPT_VIEW *View, UINT64 Physical, UINT32 *Shift)
{
    UINT64 *Table = View->Tables[0];
    UINT64 *Entry;
    UINT32 Level;

    if (Physical >> EptWidth())
        return NULL;
    for (Level = EPT_LEVELS; Level > 0; Level--) {
        Entry = &Table[(Physical >> EptShift(Level)) & (EPT_ENTRIES - 1)];
        if (Level == 1 || (*Entry & EPT_LARGE)) {
            *Shift = EptShift(Level);
            return Entry;
        }
        if (*Entry == 0)
            return NULL;
        Table = PlatformMemoryPhysicalToVirtual(*Entry & EPT_ADDRESS);
    }
    return NULL;
}

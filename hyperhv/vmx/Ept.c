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
#define EPT_LEVEL_BITS   9u
#define EPT_MAX_WIDTH    48u /* what four levels span */
#define EPTP_WALK_LENGTH ((EPT_LEVELS - 1ull) << 3)
#define EPTP_WRITE_BACK  6ull
#define GIGABYTE_LEVEL   3u

/* Address bits below an entry of a level (1: 4 KiB, 2: 2 MiB, 3: 1 GiB, 4: 512 GiB). */
static UINT32 EptShift(UINT32 Level)
{
    return PLATFORM_PAGE_SHIFT + (Level - 1) * EPT_LEVEL_BITS;
}

static UINT32 EptWidth(VOID)
{
    return PhysicalAddressWidth() < EPT_MAX_WIDTH ? PhysicalAddressWidth() : EPT_MAX_WIDTH;
}

static UINT64 EptLeaf(UINT64 Physical, UINT32 Type, UINT32 Level)
{
    return Physical | ((UINT64)Type << EPT_MEMORY_TYPE_SHIFT) | EPT_RWX | (Level > 1 ? EPT_LARGE : 0);
}

/* Frees Table, whose entries are of Level, and all tables below it. */
static VOID EptFreeTable(UINT64 *Table, UINT32 Level)
{
    UINT32 Index;

    for (Index = 0; Level > 1 && Index < EPT_ENTRIES; Index++)
        if (Table[Index] != 0 && !(Table[Index] & EPT_LARGE))
            EptFreeTable(PlatformMemoryPhysicalToVirtual(Table[Index] & EPT_ADDRESS), Level - 1);
    PlatformMemoryFreePages(Table, 1);
}

/* Fills Table, whose entries are of Level, with the identity of the memory from Base to End. FALSE: no
 * memory; what was made hangs below Table. */
static BOOLEAN EptFillTable(UINT64 *Table, UINT32 Level, UINT64 Base, UINT64 End)
{
    UINT64 Size = 1ull << EptShift(Level);
    UINT64 *Lower;
    UINT32 Index, Type;

    for (Index = 0; Index < EPT_ENTRIES && Base < End; Index++, Base += Size) {
        if (Level <= GIGABYTE_LEVEL && MtrrTypeOfRange(Base, Size, &Type)) {
            Table[Index] = EptLeaf(Base, Type, Level);
            continue;
        }
        Lower = PlatformMemoryAllocatePages(1);
        if (Lower == NULL)
            return FALSE;
        Table[Index] = PlatformMemoryVirtualToPhysical(Lower) | EPT_RWX;
        if (!EptFillTable(Lower, Level - 1, Base, End))
            return FALSE;
    }
    return TRUE;
}

EPT_VIEW *EptCreateIdentityView(VOID)
{
    EPT_VIEW *View = PlatformMemoryAllocate(sizeof(*View));

    if (View == NULL)
        return NULL;
    View->Pml4 = PlatformMemoryAllocatePages(1);
    if (View->Pml4 == NULL || !EptFillTable(View->Pml4, EPT_LEVELS, 0, 1ull << EptWidth())) {
        EptFreeView(View);
        return NULL;
    }
    View->Eptp = PlatformMemoryVirtualToPhysical(View->Pml4) | EPTP_WALK_LENGTH | EPTP_WRITE_BACK;
    return View;
}

VOID EptFreeView(EPT_VIEW *View)
{
    if (View == NULL)
        return;
    if (View->Pml4 != NULL)
        EptFreeTable(View->Pml4, EPT_LEVELS);
    PlatformMemoryFree(View);
}

EPT_VIEW *EptCreateReducedView(const EPT_VIEW *View, UINT64 Right)
{
    EPT_VIEW *Reduced = PlatformMemoryAllocate(sizeof(*Reduced));
    UINT32 Index;

    if (Reduced == NULL)
        return NULL;
    Reduced->Pml4 = PlatformMemoryAllocatePages(1);
    if (Reduced->Pml4 == NULL) {
        PlatformMemoryFree(Reduced);
        return NULL;
    }
    for (Index = 0; Index < EPT_ENTRIES; Index++)
        Reduced->Pml4[Index] = View->Pml4[Index] & ~Right;
    Reduced->Eptp = PlatformMemoryVirtualToPhysical(Reduced->Pml4) | (View->Eptp & (PLATFORM_PAGE_SIZE - 1));
    return Reduced;
}

VOID EptFreeReducedView(EPT_VIEW *View)
{
    if (View == NULL)
        return;
    PlatformMemoryFreePages(View->Pml4, 1);
    PlatformMemoryFree(View);
}

/* Replaces a large entry, whose entries are of Level, by a table that maps the same. */
static BOOLEAN EptSplitEntry(UINT64 *Entry, UINT32 Level)
{
    UINT64 Size   = 1ull << EptShift(Level - 1);
    UINT64 Part   = Level - 1 > 1 ? *Entry : *Entry & ~EPT_LARGE;
    UINT64 *Table = PlatformMemoryAllocatePages(1);
    UINT32 Index;

    if (Table == NULL)
        return FALSE;
    for (Index = 0; Index < EPT_ENTRIES; Index++)
        Table[Index] = Part + Index * Size;
    __atomic_store_n(Entry, PlatformMemoryVirtualToPhysical(Table) | EPT_RWX, __ATOMIC_RELEASE);
    return TRUE;
}

BOOLEAN EptSplitToPage(EPT_VIEW *View, UINT64 Physical)
{
    UINT64 *Entry;
    UINT32 Shift;

    while ((Entry = EptFindLeaf(View, Physical, &Shift)) != NULL && Shift > PLATFORM_PAGE_SHIFT)
        if (!EptSplitEntry(Entry, (Shift - PLATFORM_PAGE_SHIFT) / EPT_LEVEL_BITS + 1))
            return FALSE;
    return Entry != NULL;
}

UINT64 *EptFindLeaf(const EPT_VIEW *View, UINT64 Physical, UINT32 *Shift)
{
    UINT64 *Table = View->Pml4;
    UINT64 *Entry;
    UINT32 Level;

    if (Physical >> EptWidth())
        return NULL;
    for (Level = EPT_LEVELS; Level > 0; Level--) {
        Entry = &Table[EptIndex(Physical, Level)];
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

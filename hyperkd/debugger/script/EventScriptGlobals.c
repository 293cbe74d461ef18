// SPDX-License-Identifier: GPL-2.0-only
/*
 * EventScriptGlobals.c - where the globals of all scripts live: one area, so that programs that use the same
 * name share the variable.
 *
 * Context: process, under the store's lock. Runs touch only the bytes of the area, never the list.
 */
#include "hyperkd/debugger/script/EventScript.h"

#include "platform/PlatformMemory.h"

/* A variable in use; the list is in the order of the places. */
typedef struct _EVENT_GLOBAL {
    struct _EVENT_GLOBAL *Next;
    UINT32 Offset;
    UINT32 Size;
    UINT32 Users;
    BOOLEAN IsShared; /* it has a name */
    SCRIPT_TYPE Type; /* without its name's offset, which means something in one block only */
    CHAR Names[];     /* of the variable, and of its type */
} EVENT_GLOBAL;

static EVENT_GLOBAL *g_Globals;
static UINT8 *g_GlobalArea; /* HYPERDBG_SCRIPT_GLOBAL_BYTES; NULL: nobody uses it */

/* --- names --- */

static SIZE_T GlobalLength(const CHAR *Text)
{
    SIZE_T Length = 0;

    while (Text[Length] != '\0') {
        Length++;
    }
    return Length;
}

static BOOLEAN GlobalIsSameText(const CHAR *One, const CHAR *Other)
{
    while (*One == *Other && *One != '\0') {
        One++;
        Other++;
    }
    return *One == *Other;
}

static BOOLEAN GlobalIsSame(const EVENT_GLOBAL *Global, const SCRIPT_VIEW *View, const SCRIPT_GLOBAL *Wanted)
{
    const SCRIPT_TYPE *Type = &View->Types[Wanted->Type];
    const CHAR *Name        = View->Strings + Wanted->Name;

    return Global->IsShared && !(Wanted->Flags & SCRIPT_GLOBAL_SITE) && Global->Size == Wanted->Size &&
           Global->Type.Kind == Type->Kind && Global->Type.Signed == Type->Signed &&
           Global->Type.Size == Type->Size && GlobalIsSameText(Global->Names, Name) &&
           GlobalIsSameText(Global->Names + GlobalLength(Global->Names) + 1, View->Strings + Type->Name);
}

/* --- places --- */

/* The link behind which Size bytes are free, with *Offset; NULL: nowhere. */
static EVENT_GLOBAL **GlobalFindRoom(UINT32 Size, UINT32 *Offset)
{
    EVENT_GLOBAL **Link = &g_Globals;

    *Offset = 0;
    while (*Link != NULL && (*Link)->Offset - *Offset < Size) {
        *Offset = (*Link)->Offset + (*Link)->Size;
        Link    = &(*Link)->Next;
    }
    return Size <= HYPERDBG_SCRIPT_GLOBAL_BYTES - *Offset ? Link : NULL;
}

static EVENT_GLOBAL *GlobalCreate(const SCRIPT_VIEW *View, const SCRIPT_GLOBAL *Wanted)
{
    const SCRIPT_TYPE *Type = &View->Types[Wanted->Type];
    const CHAR *Name        = View->Strings + Wanted->Name;
    const SIZE_T NameSize   = GlobalLength(Name) + 1;
    const SIZE_T TypeSize   = GlobalLength(View->Strings + Type->Name) + 1;
    UINT32 Offset;
    EVENT_GLOBAL **Link = GlobalFindRoom(Wanted->Size, &Offset);
    EVENT_GLOBAL *Global;

    Global = Link != NULL ? PlatformMemoryAllocate(sizeof(*Global) + NameSize + TypeSize) : NULL;
    if (Global == NULL) {
        return NULL;
    }
    Global->Next     = *Link;
    Global->Offset   = Offset;
    Global->Size     = Wanted->Size;
    Global->IsShared = !(Wanted->Flags & SCRIPT_GLOBAL_SITE);
    Global->Type     = *Type;
    PlatformMemoryCopy(Global->Names, Name, NameSize);
    PlatformMemoryCopy(Global->Names + NameSize, View->Strings + Type->Name, TypeSize);
    PlatformMemoryZero(g_GlobalArea + Offset, Wanted->Size);
    *Link = Global;
    return Global;
}

static EVENT_GLOBAL *GlobalUse(const SCRIPT_VIEW *View, const SCRIPT_GLOBAL *Wanted)
{
    EVENT_GLOBAL *Global = g_Globals;

    while (Global != NULL && !GlobalIsSame(Global, View, Wanted)) {
        Global = Global->Next;
    }
    Global = Global != NULL ? Global : GlobalCreate(View, Wanted);
    if (Global != NULL) {
        Global->Users++;
    }
    return Global;
}

static VOID GlobalRelease(UINT32 Offset)
{
    EVENT_GLOBAL **Link = &g_Globals;
    EVENT_GLOBAL *Global;

    while ((*Link)->Offset != Offset) {
        Link = &(*Link)->Next;
    }
    Global = *Link;
    if (--Global->Users == 0) {
        *Link = Global->Next;
        PlatformMemoryFree(Global);
    }
}

/* --- what others call --- */

/* The first Count globals of a program. */
static VOID GlobalsRelease(SCRIPT_INSTANCE *Instance, UINT32 Count)
{
    for (UINT32 Index = 0; Index < Count; Index++) {
        GlobalRelease(Instance->GlobalOffsets[Index]);
    }
    PlatformMemoryFree((PVOID)(UINTPTR)Instance->GlobalOffsets);
    Instance->GlobalOffsets = NULL;
    if (g_Globals == NULL) {
        PlatformMemoryFree(g_GlobalArea);
        g_GlobalArea = NULL;
    }
}

BOOLEAN EventScriptAttachGlobals(SCRIPT_INSTANCE *Instance)
{
    const UINT32 Count = Instance->View.Counts[SCRIPT_SECTION_GLOBALS];
    UINT32 *Offsets    = PlatformMemoryAllocate((Count + 1) * sizeof(*Offsets));

    if (Offsets == NULL) {
        return FALSE;
    }
    Instance->GlobalOffsets = Offsets;
    if (Count == 0) {
        return TRUE; /* nor may it look at the area, which may go before it does */
    }
    g_GlobalArea = g_GlobalArea != NULL ? g_GlobalArea : PlatformMemoryAllocate(HYPERDBG_SCRIPT_GLOBAL_BYTES);
    for (UINT32 Index = 0; Index < Count; Index++) {
        const EVENT_GLOBAL *Global =
            g_GlobalArea != NULL ? GlobalUse(&Instance->View, &Instance->View.Globals[Index]) : NULL;

        if (Global == NULL) {
            GlobalsRelease(Instance, Index);
            return FALSE;
        }
        Offsets[Index] = Global->Offset;
    }
    Instance->Globals     = g_GlobalArea;
    Instance->GlobalBytes = HYPERDBG_SCRIPT_GLOBAL_BYTES;
    return TRUE;
}

VOID EventScriptDetachGlobals(SCRIPT_INSTANCE *Instance)
{
    if (Instance->GlobalOffsets != NULL) {
        GlobalsRelease(Instance, Instance->View.Counts[SCRIPT_SECTION_GLOBALS]);
    }
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * HookPage.c - the physical pages that hooks lie on.
 *
 * Context: process for making and changing, VMX root mode for finding and refreshing. SDM Vol.
 * 3, 29.3.2, 29.3.3.
 */
#include "hyperhv/hooks/HookPage.h"

#include "SDK/VmcallNumbers.h"
#include "SDK/imports/VmmImports.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformLock.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/hooks/Detour.h"
#include "hyperhv/hooks/HiddenBreakpoint.h"
#include "hyperhv/hooks/Monitor.h"
#include "hyperhv/memory/RootPageTable.h"

#define BUCKET_BITS    14u
#define BUCKETS        (1u << BUCKET_BITS)
#define PAGE_MASK_BITS (~(PLATFORM_PAGE_SIZE - 1))
#define OPCODE_INT3    0xCCull
#define REFRESH_ROUNDS 8

/* Written in process context under the hooks' lock. */
static HOOK_PAGE **Buckets;

/* Guards what HookPage.h says. */
static PLATFORM_SPIN_LOCK *PagesLock;

/* Under the pages' lock. */
static HOOK_PAGE *Aside;

static UINT32 BucketOf(UINT64 Physical)
{
    return (UINT32)(Physical >> PLATFORM_PAGE_SHIFT) & (BUCKETS - 1);
}

BOOLEAN HookPageInitialize(VOID)
{
    PagesLock = PlatformSpinLockCreate();
    if (PagesLock == NULL)
        return FALSE;
    Aside   = NULL;
    Buckets = PlatformMemoryAllocate(BUCKETS * sizeof(*Buckets));
    if (Buckets != NULL)
        return TRUE;
    PlatformSpinLockDestroy(PagesLock);
    PagesLock = NULL;
    return FALSE;
}

VOID HookPageUninitialize(VOID)
{
    HOOK_PAGE *Page;
    UINT32 Bucket;

    for (Bucket = 0; Bucket < BUCKETS; Bucket++) {
        while ((Page = Buckets[Bucket]) != NULL) {
            Buckets[Bucket] = Page->Next;
            PlatformMemoryFreePages(Page->Fake, 1);
            PlatformMemoryFree(Page);
        }
    }
    PlatformMemoryFree(Buckets);
    PlatformSpinLockDestroy(PagesLock);
    Buckets   = NULL;
    PagesLock = NULL;
}

VOID HookPagesLock(VOID)
{
    PlatformSpinLockAcquire(PagesLock);
}

VOID HookPagesUnlock(VOID)
{
    PlatformSpinLockRelease(PagesLock);
}

HOOK_PAGE *HookPageFind(UINT64 Physical)
{
    HOOK_PAGE *Page = __atomic_load_n(&Buckets[BucketOf(Physical)], __ATOMIC_ACQUIRE);

    Physical &= PAGE_MASK_BITS;
    while (Page != NULL && Page->Physical != Physical)
        Page = __atomic_load_n(&Page->Next, __ATOMIC_ACQUIRE);
    return Page;
}

HOOK_PAGE *HookPageGet(UINT64 Physical)
{
    HOOK_PAGE *Page = HookPageFind(Physical);

    Physical &= PAGE_MASK_BITS;
    if (Page != NULL)
        return Page;
    if (!g_Backend->ViewPreparePage(Physical))
        return NULL;
    Page = PlatformMemoryAllocate(sizeof(*Page));
    if (Page == NULL)
        return NULL;
    Page->Physical = Physical;
    Page->Original = PlatformMemoryPhysicalToVirtualIfRam(Physical);
    Page->Next     = Buckets[BucketOf(Physical)];
    __atomic_store_n(&Buckets[BucketOf(Physical)], Page, __ATOMIC_RELEASE);
    return Page;
}

static VOID HookPageForget(HOOK_PAGE *Page)
{
    HOOK_PAGE **Link = &Buckets[BucketOf(Page->Physical)];

    while (*Link != Page)
        Link = &(*Link)->Next;
    __atomic_store_n(Link, Page->Next, __ATOMIC_RELEASE);
    PlatformCpuWaitForExits();
    PlatformMemoryFreePages(Page->Fake, 1);
    PlatformMemoryFree(Page);
}

/* Is the copy what is executed? */
static BOOLEAN HookPageHasFake(const HOOK_PAGE *Page)
{
    return Page->Breakpoints != NULL || Page->Detours != NULL;
}

/* What the entry allows: all but what a hook waits for. A hidden breakpoint or detour wants the copy
 * to be seen by fetches alone. A page that cannot be read cannot be written either (29.3.3.1: such an entry
 * is malformed).
 */
static UINT32 HookPageAccess(const HOOK_PAGE *Page)
{
    UINT32 Access = HOOK_ACCESS_ALL & ~MonitorsAccess(Page->Monitors);

    if (HookPageHasFake(Page))
        Access &= ~(HOOK_ACCESS_READ | HOOK_ACCESS_WRITE);
    if (!(Access & HOOK_ACCESS_READ))
        Access &= ~HOOK_ACCESS_WRITE;
    return Access;
}

VOID HookPageShow(HOOK_PAGE *Page)
{
    UINT64 Target = Page->Physical;

    if (HookPageHasFake(Page))
        Target = PlatformMemoryVirtualToPhysical(Page->Fake);
    g_Backend->ViewSetPage(Page->Physical, Target, HookPageAccess(Page));
}

static BOOLEAN HookPageIsFree(const HOOK_PAGE *Page)
{
    return !HookPageHasFake(Page) && Page->Monitors == NULL && !Page->IsAside;
}

VOID HookPageApply(HOOK_PAGE *Page)
{
    BOOLEAN IsFree;

    HookPagesLock();
    HookPageShow(Page);
    IsFree = HookPageIsFree(Page);
    HookPagesUnlock();
    g_Backend->ViewFlushAllCores();
    if (IsFree)
        HookPageForget(Page);
}

VOID HookPageSetAside(HOOK_PAGE *Page)
{
    if (Page->IsAside)
        return;
    Page->IsAside   = TRUE;
    Page->NextAside = Aside;
    Aside           = Page;
}

/* The cores were flushed when its last hook went. */
VOID HookPageSweep(VOID)
{
    HOOK_PAGE *Page, *Next;
    BOOLEAN IsFree;

    HookPagesLock();
    Page  = Aside;
    Aside = NULL;
    HookPagesUnlock();
    for (; Page != NULL; Page = Next) {
        Next = Page->NextAside;
        HookPagesLock();
        Page->IsAside = FALSE;
        IsFree        = HookPageIsFree(Page);
        HookPagesUnlock();
        if (IsFree)
            HookPageForget(Page);
    }
}

BOOLEAN HookPageAddFake(HOOK_PAGE *Page)
{
    if (Page->Fake != NULL)
        return TRUE;
    if (Page->Original == NULL)
        return FALSE;
    Page->Fake = PlatformMemoryAllocatePages(1);
    if (Page->Fake == NULL)
        return FALSE;
    HookPageRefresh(Page);
    return TRUE;
}

VOID HookPageMark(HOOK_PAGE *Page, UINT32 Offset, BOOLEAN IsBreakpoint)
{
    UINT8 *Mask = &Page->BreakpointMask[Offset / sizeof(UINT64)];
    UINT8 Bit   = (UINT8)(1u << (Offset % sizeof(UINT64)));

    *Mask = IsBreakpoint ? *Mask | Bit : *Mask & (UINT8)~Bit;
}

static UINT64 OverlayBreakpoints(UINT64 Word, UINT8 Mask)
{
    UINT32 Byte;

    for (Byte = 0; Byte < sizeof(Word); Byte++) {
        if (Mask & (1u << Byte)) {
            Word &= ~(0xFFull << (8 * Byte));
            Word |= OPCODE_INT3 << (8 * Byte);
        }
    }
    return Word;
}

static UINT64 ShownWord(const HOOK_PAGE *Page, UINT32 Index)
{
    UINT64 Word = __atomic_load_n(&Page->Original[Index], __ATOMIC_RELAXED);
    UINT8 Mask  = __atomic_load_n(&Page->BreakpointMask[Index], __ATOMIC_RELAXED);

    if (Page->Detours != NULL)
        Word = DetoursOverlay(Page, Index, Word);
    return Mask != 0 ? OverlayBreakpoints(Word, Mask) : Word;
}

/* Two may do this at once, of whom one has not seen what the other has just marked, or what was just written:
 * who stores last looks again. More than a few rounds mean that the guest goes on writing; each of its writes
 * is followed by a refresh of its own. */
static VOID RefreshHere(HOOK_PAGE *Page)
{
    UINT32 Index, Round;
    UINT64 Word;

    DetoursReclassify(Page);
    for (Index = 0; Index < HOOK_WORDS_PER_PAGE; Index++) {
        for (Round = 0; Round < REFRESH_ROUNDS; Round++) {
            Word = ShownWord(Page, Index);
            if (__atomic_load_n(&Page->Fake[Index], __ATOMIC_RELAXED) == Word)
                break;
            __atomic_store_n(&Page->Fake[Index], Word, __ATOMIC_SEQ_CST);
        }
    }
}

/* Outside root mode each read of a page whose reads are waited for would be an exit, and an event. */
VOID HookPageRefresh(HOOK_PAGE *Page)
{
    if (RootPageTableIsActive() ||
        VmFuncVmxVmcall(VMCALL_CHANGE_PAGE_ATTRIB, Page->Physical, 0, 0) != VMCALL_STATUS_SUCCESS)
        RefreshHere(Page);
}

BOOLEAN HookPageRefreshAt(UINT64 Physical)
{
    HOOK_PAGE *Page = HookPageFind(Physical);

    if (Page == NULL || Page->Fake == NULL)
        return FALSE;
    RefreshHere(Page);
    return TRUE;
}

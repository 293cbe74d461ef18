// SPDX-License-Identifier: GPL-2.0-only
/*
 * Follow.c - hooks in the memory of processes, which go where their virtual address goes.
 *
 * Context: as Follow.h says; what the platform calls, as PlatformProcessMemory.h says. Locks are taken in
 * this order: a process's Resolving, the hooks' lock, the pages' lock. While a page is looked up, memory may
 * be allocated and so be taken from any process: Withdraw takes the last of them alone.
 */
#include "hyperhv/hooks/Follow.h"

#include "SDK/ErrorCodes.h"
#include "platform/PlatformProcessMemory.h"
#include "platform/PlatformLock.h"
#include "platform/PlatformMemory.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/hooks/HiddenBreakpoint.h"
#include "hyperhv/hooks/Hooks.h"
#include "hyperhv/hooks/Monitor.h"
#include "hyperhv/interface/Log.h"

#define PAGE_MASK_BITS (~(PLATFORM_PAGE_SIZE - 1))

/* A process with followed pages. Made and freed in process context under the hooks' lock. */
typedef struct _FOLLOWED_SPACE {
    struct _FOLLOWED_SPACE *Next;
    PLATFORM_PROCESS_MEMORY *Platform;
    UINT32 ProcessId;
    UINT32 Users;              /* callers of FollowResolveProcess; under the hooks' lock */
    BOOLEAN IsGone;            /* written under the pages' lock */
    FOLLOWED_PAGE *Pages;      /* by address; written under both locks */
    PLATFORM_MUTEX *Resolving; /* held by the thread that looks up pages */
} FOLLOWED_SPACE;

/* Those with pages, and those that FollowCloseUnused frees; under the hooks' lock. */
static FOLLOWED_SPACE *Spaces, *Unused;

/* Written by FollowInitialize only. */
static UINT64 RootMask;

/* --- finding --- */

static BOOLEAN IsInRange(const FOLLOWED_PAGE *Followed, UINT64 Start, UINT64 End)
{
    return Followed->Virtual < End && Followed->Virtual + PLATFORM_PAGE_SIZE > Start;
}

static FOLLOWED_PAGE *PageOfSpace(const FOLLOWED_SPACE *Space, UINT64 Virtual)
{
    FOLLOWED_PAGE *Followed = Space->Pages;

    while (Followed != NULL && Followed->Virtual != Virtual)
        Followed = Followed->Next;
    return Followed;
}

FOLLOWED_PAGE *FollowedPageFind(UINT32 ProcessId, UINT64 Virtual, const FOLLOWED_PAGE *Previous)
{
    FOLLOWED_SPACE *Space   = Previous != NULL ? Previous->Space->Next : Spaces;
    FOLLOWED_PAGE *Followed = NULL;

    for (; Space != NULL && Followed == NULL; Space = Space->Next)
        if (Space->ProcessId == ProcessId)
            Followed = PageOfSpace(Space, Virtual & PAGE_MASK_BITS);
    return Followed;
}

VMM_HOOK_STATE FollowedPageState(const FOLLOWED_PAGE *Followed)
{
    if (Followed->Space->IsGone)
        return VMM_HOOK_GONE;
    return Followed->Page != NULL ? VMM_HOOK_LIVE : VMM_HOOK_NOT_MAPPED;
}

UINT64 FollowedPageRoot(const FOLLOWED_PAGE *Followed)
{
    return PlatformProcessMemoryRoot(Followed->Space->Platform);
}

UINT64 FollowCurrentRoot(VIRTUAL_MACHINE_STATE *VCpu)
{
    return g_Backend->GetCr3(VCpu) & RootMask;
}

/* --- in force and out of force; under the pages' lock --- */

static VOID FollowedPageAttach(FOLLOWED_PAGE *Followed, HOOK_PAGE *Page)
{
    HIDDEN_BREAKPOINT *Breakpoint;
    MONITOR *Part;

    Followed->Page      = Page;
    Followed->WasMapped = TRUE;
    for (Breakpoint = Followed->Breakpoints; Breakpoint != NULL; Breakpoint = Breakpoint->NextFollowed)
        HiddenBreakpointAttach(Breakpoint, Page);
    for (Part = Followed->Monitors; Part != NULL; Part = Part->NextFollowed)
        MonitorAttach(Part, Page);
    HookPageShow(Page);
}

static VOID FollowedPageDetach(FOLLOWED_PAGE *Followed)
{
    HIDDEN_BREAKPOINT *Breakpoint;
    MONITOR *Part;

    for (Breakpoint = Followed->Breakpoints; Breakpoint != NULL; Breakpoint = Breakpoint->NextFollowed) {
        HiddenBreakpointHide(Breakpoint);
        HiddenBreakpointDetach(Breakpoint);
    }
    for (Part = Followed->Monitors; Part != NULL; Part = Part->NextFollowed)
        MonitorDetach(Part);
    HookPageShow(Followed->Page);
    HookPageSetAside(Followed->Page);
    Followed->Page = NULL;
}

/* --- what the platform asks and tells --- */

static BOOLEAN FollowConcerns(PVOID Context, UINT64 Start, UINT64 End)
{
    const FOLLOWED_SPACE *Space = Context;
    const FOLLOWED_PAGE *Followed;

    HookPagesLock();
    for (Followed = Space->Pages; Followed != NULL && !IsInRange(Followed, Start, End);
         Followed = Followed->Next)
        ;
    HookPagesUnlock();
    return Followed != NULL;
}

/* Takes the hooks of a range out of force, on all cores. The number of pages that had some. */
static UINT32 DetachRange(FOLLOWED_SPACE *Space, UINT64 Start, UINT64 End, BOOLEAN IsGone)
{
    FOLLOWED_PAGE *Followed;
    UINT32 Count = 0;

    HookPagesLock();
    Space->IsGone |= IsGone;
    for (Followed = Space->Pages; Followed != NULL; Followed = Followed->Next) {
        if (Followed->Page == NULL || !IsInRange(Followed, Start, End))
            continue;
        FollowedPageDetach(Followed);
        Count++;
    }
    HookPagesUnlock();
    if (Count != 0)
        g_Backend->ViewFlushAllCores();
    return Count;
}

static VOID FollowWithdraw(PVOID Context, UINT64 Start, UINT64 End, BOOLEAN ThreadsAreHeld)
{
    FOLLOWED_SPACE *Space = Context;

    if (DetachRange(Space, Start, End, FALSE) != 0 && !ThreadsAreHeld)
        LogWarning("process %u: its threads could not be held while its memory changes from %llx to %llx: "
                   "hooks there may miss something",
                   Space->ProcessId, Start, End);
}

static VOID FollowEnded(PVOID Context)
{
    DetachRange(Context, 0, ~0ull, TRUE);
}

/* --- resolving --- */

/* The first page from Virtual on that waits for something to be mapped. */
static BOOLEAN NextToResolve(FOLLOWED_SPACE *Space, UINT64 *Virtual)
{
    const FOLLOWED_PAGE *Followed;

    HooksAcquire();
    for (Followed = Space->Pages; Followed != NULL; Followed = Followed->Next)
        if (Followed->Virtual >= *Virtual && FollowedPageState(Followed) == VMM_HOOK_NOT_MAPPED)
            break;
    if (Followed != NULL)
        *Virtual = Followed->Virtual;
    HooksRelease();
    return Followed != NULL;
}

/* FALSE: the page is somewhere else by now. */
static BOOLEAN AttachIfCurrent(FOLLOWED_PAGE *Followed, const PLATFORM_MAPPED_PAGE *Mapped, HOOK_PAGE *Page)
{
    FOLLOWED_SPACE *Space = Followed->Space;
    BOOLEAN IsCurrent;

    HookPagesLock();
    IsCurrent = PlatformProcessMemoryIsCurrent(Space->Platform, Mapped);
    if (IsCurrent && FollowedPageState(Followed) == VMM_HOOK_NOT_MAPPED)
        FollowedPageAttach(Followed, Page);
    HookPagesUnlock();
    HookPageApply(Page);
    return IsCurrent;
}

/* TRUE: it is done, or nothing can be done. */
static BOOLEAN PutInForce(FOLLOWED_SPACE *Space, UINT64 Virtual, const PLATFORM_MAPPED_PAGE *Mapped)
{
    FOLLOWED_PAGE *Followed;
    HOOK_PAGE *Page;
    BOOLEAN IsDone = TRUE;

    HooksAcquire();
    HookPageSweep();
    Followed = PageOfSpace(Space, Virtual);
    if (Followed == NULL)
        goto Release;
    Page = HookPageGet(Mapped->Physical);
    if (Page != NULL && (Followed->Breakpoints == NULL || HookPageAddFake(Page))) {
        IsDone = AttachIfCurrent(Followed, Mapped, Page);
    } else {
        LogError("process %u: no memory for the hooks on the page at %llx: they are out of force",
                 Space->ProcessId, Virtual);
        if (Page != NULL)
            HookPageApply(Page);
    }
Release:
    HooksRelease();
    return IsDone;
}

/* FALSE: nothing is mapped there. */
static BOOLEAN ResolvePage(FOLLOWED_SPACE *Space, UINT64 Virtual)
{
    PLATFORM_MAPPED_PAGE Mapped;
    BOOLEAN IsDone;

    do {
        if (!PlatformProcessMemoryLookUp(Space->Platform, Virtual, &Mapped))
            return FALSE;
        IsDone = PutInForce(Space, Virtual, &Mapped);
        PlatformProcessMemoryRelease(&Mapped);
    } while (!IsDone);
    return TRUE;
}

static BOOLEAN ResolveAll(FOLLOWED_SPACE *Space)
{
    UINT64 Virtual  = 0;
    BOOLEAN AreLive = TRUE;

    for (; NextToResolve(Space, &Virtual); Virtual += PLATFORM_PAGE_SIZE)
        AreLive &= ResolvePage(Space, Virtual);
    return AreLive;
}

/* What is not mapped is looked for once more after the watch has begun: it may have become mapped before. */
static VOID FollowResolve(PVOID Context)
{
    FOLLOWED_SPACE *Space = Context;
    BOOLEAN AreLive;

    PlatformMutexAcquire(Space->Resolving);
    AreLive = ResolveAll(Space);
    if (!AreLive) {
        PlatformProcessMemoryWatch(Space->Platform, TRUE);
        AreLive = ResolveAll(Space);
    }
    if (AreLive)
        PlatformProcessMemoryWatch(Space->Platform, FALSE);
    PlatformMutexRelease(Space->Resolving);
}

static const PLATFORM_PROCESS_MEMORY_USER FollowUser = {
    .Concerns = FollowConcerns,
    .Withdraw = FollowWithdraw,
    .Resolve  = FollowResolve,
    .Ended    = FollowEnded,
};

/* --- making and freeing; under the hooks' lock --- */

static VOID SpaceFree(FOLLOWED_SPACE *Space)
{
    if (Space->Platform != NULL)
        PlatformProcessMemoryClose(Space->Platform);
    PlatformMutexDestroy(Space->Resolving);
    PlatformMemoryFree(Space);
}

static UINT32 SpaceOpen(UINT32 ProcessId, FOLLOWED_SPACE **Opened)
{
    FOLLOWED_SPACE *Space = PlatformMemoryAllocate(sizeof(*Space));

    if (Space == NULL)
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    Space->ProcessId = ProcessId;
    Space->Resolving = PlatformMutexCreate();
    if (Space->Resolving == NULL) {
        SpaceFree(Space);
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    }
    Space->Platform = PlatformProcessMemoryOpen(ProcessId, &FollowUser, Space);
    if (Space->Platform == NULL) {
        SpaceFree(Space);
        return DEBUGGER_ERROR_INVALID_PROCESS;
    }
    Space->Next = Spaces;
    Spaces      = Space;
    *Opened     = Space;
    return 0;
}

/* The process that has this number now. NULL: it has no followed pages. */
static FOLLOWED_SPACE *SpaceOfProcess(UINT32 ProcessId)
{
    FOLLOWED_SPACE *Space = Spaces;

    while (Space != NULL && (Space->ProcessId != ProcessId || Space->IsGone))
        Space = Space->Next;
    return Space;
}

static UINT32 SpaceGet(UINT32 ProcessId, FOLLOWED_SPACE **Found)
{
    *Found = SpaceOfProcess(ProcessId);
    return *Found != NULL ? 0 : SpaceOpen(ProcessId, Found);
}

/* A process that was opened in vain is closed again. */
static VOID SpaceTidy(FOLLOWED_SPACE *Space)
{
    FOLLOWED_SPACE **Link = &Spaces;

    if (Space->Pages != NULL || Space->Users != 0)
        return;
    while (*Link != Space)
        Link = &(*Link)->Next;
    *Link       = Space->Next;
    Space->Next = Unused;
    Unused      = Space;
}

UINT32 FollowedPageGet(UINT32 ProcessId, UINT64 Virtual, FOLLOWED_PAGE **Followed)
{
    FOLLOWED_SPACE *Space;
    FOLLOWED_PAGE *New, **Link;
    UINT32 Error = SpaceGet(ProcessId, &Space);

    if (Error != 0)
        return Error;
    Virtual &= PAGE_MASK_BITS;
    *Followed = PageOfSpace(Space, Virtual);
    if (*Followed != NULL)
        return 0;

    New = PlatformMemoryAllocate(sizeof(*New));
    if (New == NULL) {
        SpaceTidy(Space);
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    }
    New->Space   = Space;
    New->Virtual = Virtual;
    HookPagesLock();
    for (Link = &Space->Pages; *Link != NULL && (*Link)->Virtual < Virtual; Link = &(*Link)->Next)
        ;
    New->Next = *Link;
    *Link     = New;
    HookPagesUnlock();
    *Followed = New;
    return 0;
}

VOID FollowedPageTidy(FOLLOWED_PAGE *Followed)
{
    FOLLOWED_SPACE *Space = Followed->Space;
    FOLLOWED_PAGE **Link  = &Space->Pages;

    if (Followed->Breakpoints != NULL || Followed->Monitors != NULL)
        return;
    HookPagesLock();
    while (*Link != Followed)
        Link = &(*Link)->Next;
    *Link = Followed->Next;
    HookPagesUnlock();
    PlatformMemoryFree(Followed);
    SpaceTidy(Space);
}

static BOOLEAN WereMapped(const FOLLOWED_SPACE *Space, UINT64 Virtual, UINT64 Length)
{
    const FOLLOWED_PAGE *Followed;

    for (Followed = Space->Pages; Followed != NULL; Followed = Followed->Next)
        if (IsInRange(Followed, Virtual, Virtual + Length) && !Followed->WasMapped)
            return FALSE;
    return TRUE;
}

BOOLEAN FollowResolveProcess(UINT32 ProcessId, UINT64 Virtual, UINT64 Length)
{
    FOLLOWED_SPACE *Space;
    BOOLEAN AreMapped;

    HooksAcquire();
    Space = SpaceOfProcess(ProcessId);
    if (Space != NULL)
        Space->Users++;
    HooksRelease();
    if (Space == NULL)
        return FALSE;

    FollowResolve(Space);
    HooksAcquire();
    AreMapped = WereMapped(Space, Virtual, Length);
    Space->Users--;
    SpaceTidy(Space);
    HooksRelease();
    return AreMapped;
}

VOID FollowCloseUnused(VOID)
{
    FOLLOWED_SPACE *Space, *Next;

    HooksAcquire();
    Space  = Unused;
    Unused = NULL;
    HooksRelease();
    for (; Space != NULL; Space = Next) {
        Next = Space->Next;
        SpaceFree(Space);
    }
}

VOID FollowInitialize(VOID)
{
    RootMask = PlatformProcessMemoryRootMask();
}

VOID FollowUninitialize(VOID)
{
    FOLLOWED_SPACE *Space;
    FOLLOWED_PAGE *Followed;

    FollowCloseUnused();
    while ((Space = Spaces) != NULL) {
        Spaces = Space->Next;
        PlatformProcessMemoryClose(Space->Platform);
        Space->Platform = NULL;
        while ((Followed = Space->Pages) != NULL) {
            Space->Pages = Followed->Next;
            PlatformMemoryFree(Followed);
        }
        SpaceFree(Space);
    }
}

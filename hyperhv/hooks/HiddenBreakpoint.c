// SPDX-License-Identifier: GPL-2.0-only
/*
 * HiddenBreakpoint.c - breakpoints that nobody can read.
 *
 * Context: process for setting, VMX root mode for hitting. The page that is executed is a copy with INT3 in
 * it; the one that is read is the original (HookPage.h).
 */
#include "hyperhv/hooks/HiddenBreakpoint.h"

#include "SDK/ErrorCodes.h"
#include "platform/PlatformCpu.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/hooks/Detour.h"
#include "hyperhv/hooks/Follow.h"
#include "hyperhv/hooks/GuestInstruction.h"
#include "hyperhv/hooks/HookStep.h"
#include "hyperhv/hooks/SkipInstruction.h"
#include "hyperhv/interface/Dispatch.h"
#include "hyperhv/memory/InstructionDecode.h"
#include "hyperhv/memory/MemoryMapper.h"
#include "hyperhv/memory/MemoryRequest.h"

#define BUCKET_BITS 14u
#define BUCKETS     (1u << BUCKET_BITS)
#define OPCODE_INT3 0xCCu

/* Written in process context under the hooks' lock. */
static HIDDEN_BREAKPOINT *Buckets[BUCKETS];

static UINT32 BucketOf(UINT64 Virtual)
{
    return HookHash(Virtual, BUCKET_BITS);
}

VOID HiddenBreakpointUninitialize(VOID)
{
    HIDDEN_BREAKPOINT *Breakpoint;
    UINT32 Bucket;

    for (Bucket = 0; Bucket < BUCKETS; Bucket++) {
        while ((Breakpoint = Buckets[Bucket]) != NULL) {
            Buckets[Bucket] = Breakpoint->NextByAddress;
            PlatformMemoryFree(Breakpoint);
        }
    }
}

/* The one that is in force at Virtual, for a core in the address space Root (0: at a kernel's address), and
 * the page that it is on. NULL: there is none. */
static inline HIDDEN_BREAKPOINT *BreakpointInForce(UINT64 Virtual, UINT64 Root, HOOK_PAGE **Page)
{
    HIDDEN_BREAKPOINT *Breakpoint = __atomic_load_n(&Buckets[BucketOf(Virtual)], __ATOMIC_ACQUIRE);

    for (; Breakpoint != NULL; Breakpoint = __atomic_load_n(&Breakpoint->NextByAddress, __ATOMIC_ACQUIRE)) {
        if (Breakpoint->Virtual != Virtual || Breakpoint->Root != Root)
            continue;
        *Page = __atomic_load_n(&Breakpoint->Page, __ATOMIC_ACQUIRE);
        if (*Page != NULL)
            return Breakpoint;
    }
    return NULL;
}

HIDDEN_BREAKPOINT *HiddenBreakpointFind(UINT64 Virtual, const FOLLOWED_PAGE *Followed)
{
    HIDDEN_BREAKPOINT *Breakpoint = Buckets[BucketOf(Virtual)];

    while (Breakpoint != NULL && (Breakpoint->Virtual != Virtual || Breakpoint->Followed != Followed))
        Breakpoint = Breakpoint->NextByAddress;
    return Breakpoint;
}

VMM_HOOK_STATE HiddenBreakpointState(const HIDDEN_BREAKPOINT *Breakpoint)
{
    if (Breakpoint->Followed != NULL)
        return FollowedPageState(Breakpoint->Followed);
    return Breakpoint->Page != NULL ? VMM_HOOK_LIVE : VMM_HOOK_GONE;
}

/* --- in force and out of force; under the pages' lock --- */

/* What is on the page, whatever of its accesses is waited for. */
static VOID BreakpointClassify(HIDDEN_BREAKPOINT *Breakpoint, const HOOK_PAGE *Page)
{
    UINT8 Bytes[INSTRUCTION_MAX_LENGTH];
    UINT32 Offset    = (UINT32)(Breakpoint->Virtual & (PLATFORM_PAGE_SIZE - 1));
    UINT32 Available = (UINT32)PLATFORM_PAGE_SIZE - Offset;

    if (Available > sizeof(Bytes))
        Available = sizeof(Bytes);
    if (!MemoryRequest(MEMORY_READ, MEMORY_SPACE_PHYSICAL, Page->Physical + Offset, Bytes, Available))
        PlatformMemoryCopy(Bytes, (const UINT8 *)Page->Original + Offset, Available);
    Breakpoint->Instruction = DirectInstructionClassify(Bytes, Available);
}

VOID HiddenBreakpointsReclassify(HOOK_PAGE *Page)
{
    HIDDEN_BREAKPOINT *Breakpoint;

    for (Breakpoint = __atomic_load_n(&Page->Breakpoints, __ATOMIC_ACQUIRE); Breakpoint != NULL;
         Breakpoint = __atomic_load_n(&Breakpoint->NextOnPage, __ATOMIC_ACQUIRE))
        BreakpointClassify(Breakpoint, Page);
}

/* The byte of the copy, which is what makes the difference on the cores. */
static VOID BreakpointShow(const HIDDEN_BREAKPOINT *Breakpoint, BOOLEAN Shown)
{
    HookPageMark(Breakpoint->Page, (UINT32)(Breakpoint->Physical & (PLATFORM_PAGE_SIZE - 1)), Shown);
    HookPageRefresh(Breakpoint->Page);
}

VOID HiddenBreakpointAttach(HIDDEN_BREAKPOINT *Breakpoint, HOOK_PAGE *Page)
{
    Breakpoint->Physical   = Page->Physical | (Breakpoint->Virtual & (PLATFORM_PAGE_SIZE - 1));
    Breakpoint->NextOnPage = Page->Breakpoints;
    BreakpointClassify(Breakpoint, Page);
    __atomic_store_n(&Breakpoint->Page, Page, __ATOMIC_RELEASE);
    __atomic_store_n(&Page->Breakpoints, Breakpoint, __ATOMIC_RELEASE);
    BreakpointShow(Breakpoint, TRUE);
}

/* Several processes may wait for the same byte of memory. */
static BOOLEAN IsAnotherAt(const HIDDEN_BREAKPOINT *Breakpoint)
{
    const HIDDEN_BREAKPOINT *Other;

    for (Other = Breakpoint->Page->Breakpoints; Other != NULL; Other = Other->NextOnPage)
        if (Other != Breakpoint && Other->Physical == Breakpoint->Physical)
            return TRUE;
    return FALSE;
}

VOID HiddenBreakpointHide(HIDDEN_BREAKPOINT *Breakpoint)
{
    if (Breakpoint->Page != NULL && !IsAnotherAt(Breakpoint))
        BreakpointShow(Breakpoint, FALSE);
}

VOID HiddenBreakpointDetach(HIDDEN_BREAKPOINT *Breakpoint)
{
    HIDDEN_BREAKPOINT **Link;

    if (Breakpoint->Page == NULL)
        return;
    for (Link = &Breakpoint->Page->Breakpoints; *Link != Breakpoint; Link = &(*Link)->NextOnPage)
        ;
    __atomic_store_n(Link, Breakpoint->NextOnPage, __ATOMIC_RELEASE);
    __atomic_store_n(&Breakpoint->Page, NULL, __ATOMIC_RELEASE);
}

/* --- setting and unsetting; under the hooks' lock --- */

static HIDDEN_BREAKPOINT *BreakpointCreate(UINT64 Virtual, FOLLOWED_PAGE *Followed)
{
    HIDDEN_BREAKPOINT *Breakpoint = PlatformMemoryAllocate(sizeof(*Breakpoint));

    if (Breakpoint == NULL)
        return NULL;
    Breakpoint->Virtual       = Virtual;
    Breakpoint->Followed      = Followed;
    Breakpoint->Root          = Followed != NULL ? FollowedPageRoot(Followed) : 0;
    Breakpoint->NextByAddress = Buckets[BucketOf(Virtual)];
    __atomic_store_n(&Buckets[BucketOf(Virtual)], Breakpoint, __ATOMIC_RELEASE);
    if (Followed != NULL) {
        HookPagesLock();
        Breakpoint->NextFollowed = Followed->Breakpoints;
        Followed->Breakpoints    = Breakpoint;
        HookPagesUnlock();
    }
    return Breakpoint;
}

static VOID BreakpointUnlinkFollowed(HIDDEN_BREAKPOINT *Breakpoint)
{
    HIDDEN_BREAKPOINT **Link;

    if (Breakpoint->Followed == NULL)
        return;
    for (Link = &Breakpoint->Followed->Breakpoints; *Link != Breakpoint; Link = &(*Link)->NextFollowed)
        ;
    *Link = Breakpoint->NextFollowed;
}

/* Out of force: a core that has just met it finds out so before it is detached. The page that it was on; NULL
 * where it was not in force. */
static HOOK_PAGE *BreakpointEnd(HIDDEN_BREAKPOINT *Breakpoint)
{
    HOOK_PAGE *Page;

    HookPagesLock();
    HiddenBreakpointHide(Breakpoint);
    HookPagesUnlock();
    PlatformCpuWaitForExits();
    HookPagesLock();
    Page = Breakpoint->Page;
    HiddenBreakpointDetach(Breakpoint);
    HookPagesUnlock();
    return Page;
}

static VOID BreakpointRemove(HIDDEN_BREAKPOINT *Breakpoint)
{
    HIDDEN_BREAKPOINT **Link = &Buckets[BucketOf(Breakpoint->Virtual)];
    HOOK_PAGE *Page          = BreakpointEnd(Breakpoint);

    while (*Link != Breakpoint)
        Link = &(*Link)->NextByAddress;
    __atomic_store_n(Link, Breakpoint->NextByAddress, __ATOMIC_RELEASE);
    HookPagesLock();
    BreakpointUnlinkFollowed(Breakpoint);
    HookPagesUnlock();
    PlatformCpuWaitForExits();
    PlatformMemoryFree(Breakpoint);
    if (Page != NULL)
        HookPageApply(Page);
}

/* In force on Page, which may be NULL: nothing is mapped where it is. FALSE: no memory. */
static BOOLEAN BreakpointBegin(HIDDEN_BREAKPOINT *Breakpoint, HOOK_PAGE *Page)
{
    if (Page == NULL)
        return TRUE;
    if (!HookPageAddFake(Page))
        return FALSE;
    HookPagesLock();
    if (Breakpoint->Followed == NULL || Breakpoint->Followed->Page == Page)
        HiddenBreakpointAttach(Breakpoint, Page);
    HookPagesUnlock();
    HookPageApply(Page);
    return TRUE;
}

/* The page that a new one goes to. FALSE: no memory. */
static BOOLEAN PageForBreakpoint(const FOLLOWED_PAGE *Followed, UINT64 Physical, HOOK_PAGE **Page)
{
    *Page = Followed != NULL ? Followed->Page : HookPageGet(Physical);
    return Followed != NULL || *Page != NULL;
}

static UINT32 BreakpointAdd(UINT64 Virtual, UINT64 Physical, FOLLOWED_PAGE *Followed)
{
    HIDDEN_BREAKPOINT *Breakpoint = HiddenBreakpointFind(Virtual, Followed);
    HOOK_PAGE *Page               = NULL;

    if (Breakpoint == NULL)
        Breakpoint = BreakpointCreate(Virtual, Followed);
    if (Breakpoint == NULL)
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    if (Breakpoint->Page != NULL ||
        (PageForBreakpoint(Followed, Physical, &Page) && BreakpointBegin(Breakpoint, Page))) {
        Breakpoint->Users++;
        return 0;
    }
    if (Breakpoint->Users == 0)
        BreakpointRemove(Breakpoint);
    if (Page != NULL)
        HookPageApply(Page);
    return DEBUGGER_ERROR_OUT_OF_MEMORY;
}

UINT32 HiddenBreakpointSet(UINT64 Virtual, UINT64 Physical)
{
    return BreakpointAdd(Virtual, Physical, NULL);
}

UINT32 HiddenBreakpointSetFollowed(UINT64 Virtual, FOLLOWED_PAGE *Followed)
{
    return BreakpointAdd(Virtual, 0, Followed);
}

VOID HiddenBreakpointUnset(HIDDEN_BREAKPOINT *Breakpoint)
{
    if (--Breakpoint->Users == 0)
        BreakpointRemove(Breakpoint);
}

VOID HiddenBreakpointsLeave(UINT64 Start, UINT64 End)
{
    HIDDEN_BREAKPOINT *Breakpoint;
    HOOK_PAGE *Page;
    UINT32 Bucket;

    for (Bucket = 0; Bucket < BUCKETS; Bucket++)
        for (Breakpoint = Buckets[Bucket]; Breakpoint != NULL; Breakpoint = Breakpoint->NextByAddress) {
            if (Breakpoint->Followed != NULL || Breakpoint->Virtual < Start || Breakpoint->Virtual >= End)
                continue;
            Page = BreakpointEnd(Breakpoint);
            if (Page != NULL)
                HookPageApply(Page);
        }
}

/* --- hitting; VMX root mode --- */

/* The instruction under it is carried out, without a step where that can be. FALSE: by a step. */
static inline __attribute__((__always_inline__)) BOOLEAN
BreakpointPass(VIRTUAL_MACHINE_STATE *VCpu, HIDDEN_BREAKPOINT *Breakpoint, HOOK_PAGE *Page)
{
    if (DirectInstructionExecute(VCpu, &Breakpoint->Instruction))
        return TRUE;
    HookStepBegin(VCpu, Page, HOOK_ACCESS_EXECUTE);
    return FALSE;
}

/* The instruction may have a detour too, which decides how it goes on. */
static VOID BreakpointPostAfterDetour(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Virtual, BOOLEAN PostRequired)
{
    if (!PostRequired)
        return;
    if (VCpu->MtfEptHookRestorePoint != NULL)
        VCpu->Step.BreakpointPost = Virtual;
    else
        DispatchEventHiddenHookExecCcPost(VCpu, Virtual);
}

/* TRUE: the hit is dealt with, as every one is. */
static BOOLEAN BreakpointHit(VIRTUAL_MACHINE_STATE *VCpu, HIDDEN_BREAKPOINT *Breakpoint, HOOK_PAGE *Page)
{
    BOOLEAN *PostRequired = &VCpu->Step.PostRequired;

    *PostRequired = FALSE;
    if (UNLIKELY(DispatchEventHiddenHookExecCc(VCpu, Breakpoint->Virtual, PostRequired)) &&
        HookSkipInstruction(VCpu)) {
        if (*PostRequired)
            DispatchEventHiddenHookExecCcPost(VCpu, Breakpoint->Virtual);
        return TRUE;
    }
    if (UNLIKELY(VCpu->ExitEnd & EXIT_END_RIP_MOVED))
        return TRUE;
    if (UNLIKELY(__atomic_load_n(&Page->Detours, __ATOMIC_ACQUIRE) != NULL) && DetourHandleBreakpoint(VCpu)) {
        BreakpointPostAfterDetour(VCpu, Breakpoint->Virtual, *PostRequired);
        return TRUE;
    }

    if (BreakpointPass(VCpu, Breakpoint, Page)) {
        if (UNLIKELY(*PostRequired))
            DispatchEventHiddenHookExecCcPost(VCpu, Breakpoint->Virtual);
    } else if (UNLIKELY(*PostRequired)) {
        VCpu->Step.BreakpointPost = Breakpoint->Virtual;
    }
    return TRUE;
}

static HIDDEN_BREAKPOINT *BreakpointOnPage(const HOOK_PAGE *Page, UINT64 Physical)
{
    HIDDEN_BREAKPOINT *Breakpoint = __atomic_load_n(&Page->Breakpoints, __ATOMIC_ACQUIRE);

    while (Breakpoint != NULL && Breakpoint->Physical != Physical)
        Breakpoint = __atomic_load_n(&Breakpoint->NextOnPage, __ATOMIC_ACQUIRE);
    return Breakpoint;
}

/* An INT3 in user mode that is no breakpoint of this process. It is one of another process, on a page that
 * both have: carried out without an event. Or it was there a moment ago: what is there now is executed. Or it
 * is the program's own: FALSE. */
static __attribute__((__noinline__)) BOOLEAN HandleForeign(VIRTUAL_MACHINE_STATE *VCpu)
{
    HIDDEN_BREAKPOINT *Breakpoint;
    HOOK_PAGE *Page;
    UINT64 Physical;
    UINT8 Byte;

    if (!MemoryMapperVirtualToPhysical(VCpu, g_Backend->GetCr3(VCpu), GuestInstructionAddress(VCpu),
                                       &Physical))
        return FALSE;
    Page       = HookPageFind(Physical);
    Breakpoint = Page != NULL ? BreakpointOnPage(Page, Physical) : NULL;
    if (Breakpoint != NULL) {
        BreakpointPass(VCpu, Breakpoint, Page);
        return TRUE;
    }
    if (!MemoryMapperReadPhysical(VCpu, Physical, &Byte, sizeof(Byte)) || Byte == OPCODE_INT3)
        return FALSE;
    g_Backend->ViewFlushThisCore(VCpu);
    return TRUE;
}

static __attribute__((__noinline__)) BOOLEAN HandleInProgram(VIRTUAL_MACHINE_STATE *VCpu)
{
    HOOK_PAGE *Page;
    HIDDEN_BREAKPOINT *Breakpoint = BreakpointInForce(VCpu->LastVmexitRip, FollowCurrentRoot(VCpu), &Page);

    return Breakpoint != NULL ? BreakpointHit(VCpu, Breakpoint, Page) : HandleForeign(VCpu);
}

/* No register has to be saved before the breakpoint is found. In a step the core sees memory as it is: the
 * INT3 is the guest's own. */
BOOLEAN HiddenBreakpointHandle(VIRTUAL_MACHINE_STATE *VCpu)
{
    HIDDEN_BREAKPOINT *Breakpoint;
    HOOK_PAGE *Page;

    if (UNLIKELY(VCpu->MtfEptHookRestorePoint != NULL))
        return FALSE;
    if ((INT64)VCpu->LastVmexitRip >= 0)
        return HandleInProgram(VCpu);
    Breakpoint = BreakpointInForce(VCpu->LastVmexitRip, 0, &Page);
    return Breakpoint != NULL ? BreakpointHit(VCpu, Breakpoint, Page) : DetourHandleBreakpoint(VCpu);
}

BOOLEAN HiddenBreakpointMeet(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Virtual)
{
    HIDDEN_BREAKPOINT *Breakpoint;
    HOOK_PAGE *Page;

    if (VCpu->MtfEptHookRestorePoint != NULL || Virtual != VCpu->LastVmexitRip)
        return FALSE;
    Breakpoint = BreakpointInForce(Virtual, (INT64)Virtual >= 0 ? FollowCurrentRoot(VCpu) : 0, &Page);
    if (Breakpoint != NULL)
        BreakpointHit(VCpu, Breakpoint, Page);
    else if ((INT64)Virtual >= 0 || !DetourHandleBreakpoint(VCpu))
        return FALSE;
    if (VCpu->MtfEptHookRestorePoint == NULL)
        HookStepTellPost(VCpu);
    return TRUE;
}

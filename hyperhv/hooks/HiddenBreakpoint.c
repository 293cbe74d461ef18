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
#include "hyperhv/hooks/HookStep.h"
#include "hyperhv/hooks/SkipInstruction.h"
#include "hyperhv/interface/Dispatch.h"

#define BUCKET_BITS 14u
#define BUCKETS     (1u << BUCKET_BITS)

/* Written in process context under the hooks' lock. */
static HIDDEN_BREAKPOINT **Buckets;

/* Functions begin at multiples of 16: the lowest bits tell little. */
static UINT32 BucketOf(UINT64 Virtual)
{
    return (UINT32)(Virtual ^ (Virtual >> BUCKET_BITS)) & (BUCKETS - 1);
}

BOOLEAN HiddenBreakpointInitialize(VOID)
{
    Buckets = PlatformMemoryAllocate(BUCKETS * sizeof(*Buckets));
    return Buckets != NULL;
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
    PlatformMemoryFree(Buckets);
    Buckets = NULL;
}

static HIDDEN_BREAKPOINT *BreakpointFind(UINT64 Virtual)
{
    HIDDEN_BREAKPOINT *Breakpoint = __atomic_load_n(&Buckets[BucketOf(Virtual)], __ATOMIC_ACQUIRE);

    while (Breakpoint != NULL && Breakpoint->Virtual != Virtual)
        Breakpoint = __atomic_load_n(&Breakpoint->NextByAddress, __ATOMIC_ACQUIRE);
    return Breakpoint;
}

BOOLEAN HiddenBreakpointExists(UINT64 Virtual)
{
    return BreakpointFind(Virtual) != NULL;
}

static VOID BreakpointClassify(HIDDEN_BREAKPOINT *Breakpoint)
{
    UINT32 Offset = (UINT32)(Breakpoint->Physical & (PLATFORM_PAGE_SIZE - 1));

    Breakpoint->Instruction = DirectInstructionClassify((const UINT8 *)Breakpoint->Page->Original + Offset,
                                                        (UINT32)PLATFORM_PAGE_SIZE - Offset);
}

VOID HiddenBreakpointsReclassify(HOOK_PAGE *Page)
{
    HIDDEN_BREAKPOINT *Breakpoint;

    for (Breakpoint = __atomic_load_n(&Page->Breakpoints, __ATOMIC_ACQUIRE); Breakpoint != NULL;
         Breakpoint = __atomic_load_n(&Breakpoint->NextOnPage, __ATOMIC_ACQUIRE))
        BreakpointClassify(Breakpoint);
}

/* The byte of the copy, which is what makes the difference on the cores. */
static VOID BreakpointShow(HIDDEN_BREAKPOINT *Breakpoint, BOOLEAN Shown)
{
    HookPageMark(Breakpoint->Page, (UINT32)(Breakpoint->Physical & (PLATFORM_PAGE_SIZE - 1)), Shown);
    HookPageRefresh(Breakpoint->Page);
}

static UINT32 BreakpointAdd(UINT64 Virtual, UINT64 Physical)
{
    HIDDEN_BREAKPOINT *Breakpoint = PlatformMemoryAllocate(sizeof(*Breakpoint));
    HOOK_PAGE *Page               = Breakpoint != NULL ? HookPageGet(Physical) : NULL;

    if (Page == NULL || !HookPageAddFake(Page)) {
        PlatformMemoryFree(Breakpoint);
        if (Page != NULL)
            HookPageApply(Page);
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    }

    Breakpoint->Page          = Page;
    Breakpoint->Virtual       = Virtual;
    Breakpoint->Physical      = Physical;
    Breakpoint->Users         = 1;
    Breakpoint->NextByAddress = Buckets[BucketOf(Virtual)];
    Breakpoint->NextOnPage    = Page->Breakpoints;
    BreakpointClassify(Breakpoint);
    __atomic_store_n(&Buckets[BucketOf(Virtual)], Breakpoint, __ATOMIC_RELEASE);
    __atomic_store_n(&Page->Breakpoints, Breakpoint, __ATOMIC_RELEASE);
    BreakpointShow(Breakpoint, TRUE);
    HookPageApply(Page);
    return 0;
}

UINT32 HiddenBreakpointSet(UINT64 Virtual, UINT64 Physical)
{
    HIDDEN_BREAKPOINT *Breakpoint = BreakpointFind(Virtual);

    if (Breakpoint == NULL)
        return BreakpointAdd(Virtual, Physical);
    Breakpoint->Users++;
    return 0;
}

static BOOLEAN IsAnotherAt(const HIDDEN_BREAKPOINT *Breakpoint)
{
    const HIDDEN_BREAKPOINT *Other;

    for (Other = Breakpoint->Page->Breakpoints; Other != NULL; Other = Other->NextOnPage)
        if (Other != Breakpoint && Other->Physical == Breakpoint->Physical)
            return TRUE;
    return FALSE;
}

/* The byte goes first; a core that has just hit it finds the breakpoint until it is unlinked, and executes
 * the instruction itself when it does not find it any more (IdtEmulation.c). */
static VOID BreakpointRemove(HIDDEN_BREAKPOINT *Breakpoint)
{
    HIDDEN_BREAKPOINT **Link;
    HOOK_PAGE *Page = Breakpoint->Page;

    if (!IsAnotherAt(Breakpoint))
        BreakpointShow(Breakpoint, FALSE);
    PlatformCpuWaitForExits();

    for (Link = &Buckets[BucketOf(Breakpoint->Virtual)]; *Link != Breakpoint; Link = &(*Link)->NextByAddress)
        ;
    __atomic_store_n(Link, Breakpoint->NextByAddress, __ATOMIC_RELEASE);
    for (Link = &Page->Breakpoints; *Link != Breakpoint; Link = &(*Link)->NextOnPage)
        ;
    __atomic_store_n(Link, Breakpoint->NextOnPage, __ATOMIC_RELEASE);

    PlatformCpuWaitForExits();
    PlatformMemoryFree(Breakpoint);
    HookPageApply(Page);
}

BOOLEAN HiddenBreakpointUnset(UINT64 Virtual)
{
    HIDDEN_BREAKPOINT *Breakpoint = BreakpointFind(Virtual);

    if (Breakpoint == NULL)
        return FALSE;
    if (--Breakpoint->Users == 0)
        BreakpointRemove(Breakpoint);
    return TRUE;
}

static VOID BreakpointHit(VIRTUAL_MACHINE_STATE *VCpu, HIDDEN_BREAKPOINT *Breakpoint)
{
    BOOLEAN PostRequired = FALSE;
    UINT64 Virtual       = Breakpoint->Virtual;

    if (DispatchEventHiddenHookExecCc(VCpu, Virtual, &PostRequired) && HookSkipInstruction(VCpu)) {
        if (PostRequired)
            DispatchEventHiddenHookExecCcPost(VCpu, Virtual);
        return;
    }
    if (UNLIKELY(g_Backend->GetRip(VCpu) != Virtual))
        return; /* the user has sent the guest elsewhere */

    if (!DirectInstructionExecute(VCpu, Breakpoint->Instruction)) {
        VCpu->Step.BreakpointPost = PostRequired ? Virtual : 0;
        HookStepBegin(VCpu, Breakpoint->Page, HOOK_ACCESS_EXECUTE);
    } else if (PostRequired) {
        DispatchEventHiddenHookExecCcPost(VCpu, Virtual);
    }
}

BOOLEAN HiddenBreakpointHandle(VIRTUAL_MACHINE_STATE *VCpu)
{
    HIDDEN_BREAKPOINT *Breakpoint;

    /* In a step the core sees memory as it is: the INT3 is the guest's own. */
    if (VCpu->MtfEptHookRestorePoint != NULL)
        return FALSE;
    Breakpoint = BreakpointFind(VCpu->LastVmexitRip);
    if (Breakpoint == NULL)
        return FALSE;

    VCpu->IncrementRip = FALSE;
    BreakpointHit(VCpu, Breakpoint);
    return TRUE;
}

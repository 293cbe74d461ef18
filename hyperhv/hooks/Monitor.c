// SPDX-License-Identifier: GPL-2.0-only
/*
 * Monitor.c - ranges of memory whose accesses are events.
 *
 * Context: process for setting, VMX root mode for hitting. SDM Vol. 3, 29.3.3.2 (EPT violations).
 */
#include "hyperhv/hooks/Monitor.h"

#include "SDK/ErrorCodes.h"
#include "platform/PlatformCpu.h"
#include "hyperhv/hooks/HookStep.h"
#include "hyperhv/hooks/SkipInstruction.h"
#include "hyperhv/interface/Dispatch.h"

/* All parts of all ranges, by NextOfTag; written in process context under the hooks' lock. */
static MONITOR *AllParts;

/* By combination of accesses. */
static const VMM_EVENT_TYPE_ENUM EventTypes[HOOK_ACCESS_ALL + 1] = {
    [0]                                                          = VMM_EVENT_TYPE_COUNT,
    [HOOK_ACCESS_READ]                                           = HIDDEN_HOOK_READ,
    [HOOK_ACCESS_WRITE]                                          = HIDDEN_HOOK_WRITE,
    [HOOK_ACCESS_READ | HOOK_ACCESS_WRITE]                       = HIDDEN_HOOK_READ_AND_WRITE,
    [HOOK_ACCESS_EXECUTE]                                        = HIDDEN_HOOK_EXECUTE,
    [HOOK_ACCESS_READ | HOOK_ACCESS_EXECUTE]                     = HIDDEN_HOOK_READ_AND_EXECUTE,
    [HOOK_ACCESS_WRITE | HOOK_ACCESS_EXECUTE]                    = HIDDEN_HOOK_WRITE_AND_EXECUTE,
    [HOOK_ACCESS_READ | HOOK_ACCESS_WRITE | HOOK_ACCESS_EXECUTE] = HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE,
};

VOID MonitorUninitialize(VOID)
{
    MONITOR *Part;

    while ((Part = AllParts) != NULL) {
        AllParts = Part->NextOfTag;
        PlatformMemoryFree(Part);
    }
}

VMM_EVENT_TYPE_ENUM MonitorEventType(UINT32 Access)
{
    return Access < COUNT_OF(EventTypes) ? EventTypes[Access] : VMM_EVENT_TYPE_COUNT;
}

BOOLEAN MonitorsExist(VOID)
{
    return __atomic_load_n(&AllParts, __ATOMIC_ACQUIRE) != NULL;
}

UINT32 MonitorsAccess(const MONITOR *First)
{
    UINT32 Access = 0;

    for (; First != NULL; First = First->NextOnPage)
        Access |= First->Access;
    return Access;
}

UINT32 MonitorAddPart(UINT64 Tag, UINT64 Start, UINT64 End, UINT32 Access)
{
    MONITOR *Part   = PlatformMemoryAllocate(sizeof(*Part));
    HOOK_PAGE *Page = Part != NULL ? HookPageGet(Start) : NULL;

    if (Page == NULL) {
        PlatformMemoryFree(Part);
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    }
    *Part = (MONITOR){
        .NextOnPage = Page->Monitors,
        .NextOfTag  = AllParts,
        .Page       = Page,
        .Start      = Start,
        .End        = End,
        .Tag        = Tag,
        .Access     = Access,
        .EventType  = MonitorEventType(Access),
    };
    __atomic_store_n(&AllParts, Part, __ATOMIC_RELEASE);
    __atomic_store_n(&Page->Monitors, Part, __ATOMIC_RELEASE);
    HookPageApply(Page);
    return 0;
}

static VOID MonitorRemovePart(MONITOR *Part)
{
    MONITOR **Link;

    for (Link = &AllParts; *Link != Part; Link = &(*Link)->NextOfTag)
        ;
    __atomic_store_n(Link, Part->NextOfTag, __ATOMIC_RELEASE);
    for (Link = &Part->Page->Monitors; *Link != Part; Link = &(*Link)->NextOnPage)
        ;
    __atomic_store_n(Link, Part->NextOnPage, __ATOMIC_RELEASE);
    PlatformCpuWaitForExits();
    HookPageApply(Part->Page);
    PlatformMemoryFree(Part);
}

BOOLEAN MonitorRemove(UINT64 Tag)
{
    MONITOR *Part = AllParts, *Next;
    BOOLEAN Found = FALSE;

    for (; Part != NULL; Part = Next) {
        Next = Part->NextOfTag;
        if (Part->Tag == Tag) {
            Found = TRUE;
            MonitorRemovePart(Part);
        }
    }
    return Found;
}

/* Which dispatcher tells an access; the gravest of several (a read-modify-write is a write). */
static const struct {
    UINT32 Access;
    DISPATCH_MONITOR_PRE Pre;
    DISPATCH_MONITOR_POST Post;
} Dispatchers[] = {
    {HOOK_ACCESS_EXECUTE, DispatchEventHiddenHookPageReadWriteExecExecPreEvent,
     DispatchEventHiddenHookPageReadWriteExecExecPostEvent},
    {HOOK_ACCESS_WRITE, DispatchEventHiddenHookPageReadWriteExecWritePreEvent,
     DispatchEventHiddenHookPageReadWriteExecWritePostEvent},
    {HOOK_ACCESS_READ, DispatchEventHiddenHookPageReadWriteExecReadPreEvent,
     DispatchEventHiddenHookPageReadWriteExecReadPostEvent},
};

static UINT32 DispatcherOf(UINT32 Access)
{
    UINT32 Index = 0;

    while (Index + 1 < COUNT_OF(Dispatchers) && !(Dispatchers[Index].Access & Access))
        Index++;
    return Index;
}

VOID MonitorTellPost(VIRTUAL_MACHINE_STATE *VCpu, VMM_EVENT_TYPE_ENUM EventType, EPT_HOOKS_CONTEXT *Context)
{
    Dispatchers[DispatcherOf(Context->Access)].Post(VCpu, EventType, Context);
}

/* Each monitor of the page that waits for this access to this byte. TRUE: one of them wants the access not to
 * happen. */
static BOOLEAN MonitorTellPre(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page, UINT32 Access, UINT64 Physical,
                              UINT64 Virtual)
{
    MONITOR *Part;
    BOOLEAN Ignore            = FALSE, PostRequired;
    EPT_HOOKS_CONTEXT Context = {.PhysicalAddress = Physical, .VirtualAddress = Virtual, .Access = Access};

    for (Part = __atomic_load_n(&Page->Monitors, __ATOMIC_ACQUIRE); Part != NULL;
         Part = __atomic_load_n(&Part->NextOnPage, __ATOMIC_ACQUIRE)) {
        if (!(Part->Access & Access) || Physical < Part->Start || Physical >= Part->End)
            continue;
        PostRequired       = FALSE;
        Context.HookingTag = Part->Tag;
        Ignore |= Dispatchers[DispatcherOf(Access)].Pre(VCpu, Part->EventType, &Context, &PostRequired);
        if (PostRequired && VCpu->Step.PostCount < COUNT_OF(VCpu->Step.Post))
            VCpu->Step.Post[VCpu->Step.PostCount++] = (HV_STEP_POST){Part->EventType, Context};
    }
    return Ignore;
}

VOID MonitorHandleViolation(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page, UINT32 Access, UINT64 Physical,
                            UINT64 Virtual)
{
    if (!MonitorTellPre(VCpu, Page, Access, Physical, Virtual)) {
        HookStepBegin(VCpu, Page, Access);
        return;
    }
    /* A fetch that must not happen stays where it is: the thread waits at the instruction. Reads and writes
     * are skipped with their instruction. */
    if (!(Access & HOOK_ACCESS_EXECUTE))
        HookSkipInstruction(VCpu);
}

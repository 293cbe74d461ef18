// SPDX-License-Identifier: GPL-2.0-only
/*
 * Monitor.c - ranges of memory whose accesses are events.
 *
 * Context: process for setting, VMX root mode for hitting. SDM Vol. 3, 29.3.3.2 (EPT violations).
 */
#include "hyperhv/hooks/Monitor.h"

#include "SDK/ErrorCodes.h"
#include "platform/PlatformCpu.h"
#include "hyperhv/hooks/Follow.h"
#include "hyperhv/hooks/GuestInstruction.h"
#include "hyperhv/hooks/HiddenBreakpoint.h"
#include "hyperhv/hooks/HookStep.h"
#include "hyperhv/hooks/OperandPieces.h"
#include "hyperhv/hooks/SkipInstruction.h"
#include "hyperhv/interface/Dispatch.h"

/* An access that begins so far below a range, or farther, does not reach into it: none is wider than
 * FNSAVE's, but those of FXSAVE and its kin, which are measured first (OperandPieces.h). */
#define MONITOR_REACH 108u

/* Size of accesses that no instruction's operand tells: page walks, event delivery, IRET, XSAVE. */
#define MONITOR_USUAL_SIZE 8u

#define OPCODE_CMPS 0xA7u /* or one less, for bytes */

MONITOR *g_MonitorParts;

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

    while ((Part = g_MonitorParts) != NULL) {
        g_MonitorParts = Part->NextOfTag;
        PlatformMemoryFree(Part);
    }
}

VMM_EVENT_TYPE_ENUM MonitorEventType(UINT32 Access)
{
    return Access < COUNT_OF(EventTypes) ? EventTypes[Access] : VMM_EVENT_TYPE_COUNT;
}

UINT32 MonitorsAccess(const MONITOR *First)
{
    UINT32 Access = 0;

    for (; First != NULL; First = First->NextOnPage)
        Access |= First->Access;
    return Access;
}

static VMM_HOOK_STATE PartState(const MONITOR *Part)
{
    if (Part->Followed != NULL)
        return FollowedPageState(Part->Followed);
    return Part->Page != NULL ? VMM_HOOK_LIVE : VMM_HOOK_GONE;
}

BOOLEAN MonitorState(UINT64 Tag, VMM_HOOK_STATE *State)
{
    const MONITOR *Part;
    BOOLEAN Found = FALSE;

    *State = VMM_HOOK_LIVE;
    for (Part = g_MonitorParts; Part != NULL; Part = Part->NextOfTag) {
        if (Part->Tag != Tag)
            continue;
        Found = TRUE;
        if (PartState(Part) > *State)
            *State = PartState(Part);
    }
    return Found;
}

/* --- in force and out of force; under the pages' lock --- */

VOID MonitorAttach(MONITOR *Part, HOOK_PAGE *Page)
{
    Part->Start      = Page->Physical + Part->Offset;
    Part->End        = Part->Start + Part->Length;
    Part->Page       = Page;
    Part->NextOnPage = Page->Monitors;
    __atomic_store_n(&Page->Monitors, Part, __ATOMIC_RELEASE);
}

VOID MonitorDetach(MONITOR *Part)
{
    MONITOR **Link;

    if (Part->Page == NULL)
        return;
    for (Link = &Part->Page->Monitors; *Link != Part; Link = &(*Link)->NextOnPage)
        ;
    __atomic_store_n(Link, Part->NextOnPage, __ATOMIC_RELEASE);
    Part->Page = NULL;
}

/* --- setting and unsetting; under the hooks' lock --- */

/* In force on Page, which may be NULL: nothing is mapped where it is. */
static VOID PartBegin(MONITOR *Part, HOOK_PAGE *Page)
{
    FOLLOWED_PAGE *Followed = Part->Followed;

    HookPagesLock();
    if (Followed != NULL) {
        Part->NextFollowed = Followed->Monitors;
        Followed->Monitors = Part;
        Page               = Followed->Page;
    }
    if (Page != NULL)
        MonitorAttach(Part, Page);
    HookPagesUnlock();
    if (Page != NULL)
        HookPageApply(Page);
}

static UINT32 PartAdd(const MONITOR *Wanted, HOOK_PAGE *Page)
{
    MONITOR *Part = PlatformMemoryAllocate(sizeof(*Part));

    if (Part == NULL) {
        if (Page != NULL)
            HookPageApply(Page);
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    }
    *Part           = *Wanted;
    Part->Offset    = (UINT32)(Part->Start & (PLATFORM_PAGE_SIZE - 1));
    Part->EventType = MonitorEventType(Part->Access);
    Part->NextOfTag = g_MonitorParts;
    __atomic_store_n(&g_MonitorParts, Part, __ATOMIC_RELEASE);
    PartBegin(Part, Page);
    return 0;
}

UINT32 MonitorAddPart(UINT64 Tag, UINT64 Virtual, UINT64 Physical, UINT32 Length, UINT32 Access)
{
    const MONITOR Wanted = {
        .Tag = Tag, .Virtual = Virtual, .Start = Physical, .Length = Length, .Access = Access};
    HOOK_PAGE *Page = HookPageGet(Physical);

    return Page != NULL ? PartAdd(&Wanted, Page) : DEBUGGER_ERROR_OUT_OF_MEMORY;
}

UINT32 MonitorAddFollowedPart(UINT64 Tag, UINT64 Virtual, FOLLOWED_PAGE *Followed, UINT32 Length,
                              UINT32 Access)
{
    const MONITOR Wanted = {.Tag      = Tag,
                            .Virtual  = Virtual,
                            .Start    = Virtual,
                            .Length   = Length,
                            .Access   = Access,
                            .Followed = Followed,
                            .Root     = FollowedPageRoot(Followed)};

    return PartAdd(&Wanted, NULL);
}

/* Out of force: no core looks at it any more. */
static VOID PartEnd(MONITOR *Part)
{
    HOOK_PAGE *Page;

    HookPagesLock();
    Page = Part->Page;
    MonitorDetach(Part);
    HookPagesUnlock();
    PlatformCpuWaitForExits();
    if (Page != NULL)
        HookPageApply(Page);
}

static VOID PartUnlinkFollowed(MONITOR *Part)
{
    MONITOR **Link;

    if (Part->Followed == NULL)
        return;
    HookPagesLock();
    for (Link = &Part->Followed->Monitors; *Link != Part; Link = &(*Link)->NextFollowed)
        ;
    *Link = Part->NextFollowed;
    HookPagesUnlock();
    FollowedPageTidy(Part->Followed);
}

static VOID PartRemove(MONITOR *Part)
{
    MONITOR **Link;

    for (Link = &g_MonitorParts; *Link != Part; Link = &(*Link)->NextOfTag)
        ;
    __atomic_store_n(Link, Part->NextOfTag, __ATOMIC_RELEASE);
    PartEnd(Part);
    PartUnlinkFollowed(Part);
    PlatformMemoryFree(Part);
}

BOOLEAN MonitorRemove(UINT64 Tag)
{
    MONITOR *Part = g_MonitorParts, *Next;
    BOOLEAN Found = FALSE;

    for (; Part != NULL; Part = Next) {
        Next = Part->NextOfTag;
        if (Part->Tag == Tag) {
            Found = TRUE;
            PartRemove(Part);
        }
    }
    return Found;
}

VOID MonitorsLeave(UINT64 Start, UINT64 End)
{
    MONITOR *Part;

    for (Part = g_MonitorParts; Part != NULL; Part = Part->NextOfTag)
        if (Part->Followed == NULL && Part->Virtual >= Start && Part->Virtual < End && Part->Page != NULL)
            PartEnd(Part);
}

/* --- hitting; VMX root mode --- */

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

/* A hit of a monitored page, as its exit tells it: where the processor begins. */
typedef struct _MONITORED_ACCESS {
    UINT32 Access;   /* HOOK_ACCESS_... */
    UINT64 Physical; /* of the first byte */
    UINT64 Virtual;
    BOOLEAN IsMeasured; /* what it touches on this page is known: */
    UINT64 Start, End;  /* physical, without End */
} MONITORED_ACCESS;

/* The access is all that lies on its page of the bytes from Start up to End. FALSE: nothing does. */
static BOOLEAN TakePartOnPage(MONITORED_ACCESS *Hit, UINT64 Start, UINT64 End)
{
    UINT64 First    = Hit->Virtual & ~(PLATFORM_PAGE_SIZE - 1),
           Physical = Hit->Physical & ~(PLATFORM_PAGE_SIZE - 1);

    if (Start < First)
        Start = First;
    if (End > First + PLATFORM_PAGE_SIZE)
        End = First + PLATFORM_PAGE_SIZE;
    if (Start >= End)
        return FALSE;
    Hit->IsMeasured = TRUE;
    Hit->Start      = Physical + (Start - First);
    Hit->End        = Physical + (End - First);
    return TRUE;
}

/* The exit says where an access begins, not where it ends, nor what else the instruction touches once it has
 * the page: that takes a look at the instruction. */
static __attribute__((__noinline__)) VOID MonitorMeasure(VIRTUAL_MACHINE_STATE *VCpu, MONITORED_ACCESS *Hit)
{
    BOOLEAN IsWrite = (Hit->Access & HOOK_ACCESS_WRITE) != 0;
    UINT64 Size     = MONITOR_USUAL_SIZE, Start, End;
    INSTRUCTION Instruction;

    if (!(Hit->Access & HOOK_ACCESS_BY_PROCESSOR) && GuestInstructionDecode(VCpu, &Instruction)) {
        if (Hit->Access & HOOK_ACCESS_EXECUTE)
            Size = GuestInstructionAddress(VCpu) + Instruction.Length - Hit->Virtual;
        else if (OperandPieces(VCpu, &Instruction, IsWrite, &Start, &End) &&
                 Hit->Virtual - Start < End - Start && TakePartOnPage(Hit, Start, End))
            return;
        else if (Instruction.AccessSize != 0)
            Size = GuestInstructionBytesFrom(VCpu, &Instruction, Hit->Virtual, IsWrite);
    }
    Hit->IsMeasured = TRUE;
    Hit->Start      = Hit->Physical;
    Hit->End        = Hit->Physical + Size;
}

/* A processor may tell a read-modify-write as a write alone; what XSAVE reads of its area it tells itself. */
static __attribute__((__noinline__)) BOOLEAN IsModify(VIRTUAL_MACHINE_STATE *VCpu,
                                                      const MONITORED_ACCESS *Hit)
{
    const UINT32 Modifies = INSTRUCTION_HAS_MEMORY | INSTRUCTION_READS | INSTRUCTION_WRITES;
    INSTRUCTION Instruction;
    UINT64 Start, End;

    return !(Hit->Access & HOOK_ACCESS_BY_PROCESSOR) && GuestInstructionDecode(VCpu, &Instruction) &&
           (Instruction.Flags & Modifies) == Modifies &&
           !OperandPieces(VCpu, &Instruction, TRUE, &Start, &End);
}

/* Of a part in a process, only what that process does at the address where it has the page counts: others may
 * have the same page. */
static BOOLEAN IsOwnAccess(VIRTUAL_MACHINE_STATE *VCpu, const MONITOR *Part, const MONITORED_ACCESS *Hit)
{
    return Part->Root == 0 ||
           (((Hit->Virtual ^ Part->Virtual) < PLATFORM_PAGE_SIZE) && FollowCurrentRoot(VCpu) == Part->Root);
}

/* May the access touch the part, which it does not begin in? */
static BOOLEAN MayReach(const VIRTUAL_MACHINE_STATE *VCpu, const MONITOR *Part, const MONITORED_ACCESS *Hit)
{
    BOOLEAN IsAbove = Part->Start > Hit->Physical;

    if (IsAbove && Part->Start - Hit->Physical < MONITOR_REACH)
        return TRUE;
    if (Hit->Access & (HOOK_ACCESS_EXECUTE | HOOK_ACCESS_BY_PROCESSOR))
        return FALSE;
    return IsAbove ? OperandMayReachUp(Hit->Virtual, Part->Start - Hit->Physical)
                   : OperandMayReachDown(VCpu, Hit->Virtual, Hit->Physical - Part->End);
}

/* Does the access touch a byte of the part? Most that do not are found out by where they begin. */
static BOOLEAN IsTouched(VIRTUAL_MACHINE_STATE *VCpu, const MONITOR *Part, MONITORED_ACCESS *Hit)
{
    if (Hit->Physical >= Part->Start && Hit->Physical < Part->End && !Hit->IsMeasured)
        return TRUE;
    if (!Hit->IsMeasured) {
        if (LIKELY(!MayReach(VCpu, Part, Hit)))
            return FALSE;
        MonitorMeasure(VCpu, Hit);
    }
    return Hit->Start < Part->End && Hit->End > Part->Start;
}

static BOOLEAN IsWaitedFor(VIRTUAL_MACHINE_STATE *VCpu, const MONITOR *Part, MONITORED_ACCESS *Hit)
{
    if (Part->Access & Hit->Access)
        return IsTouched(VCpu, Part, Hit) && IsOwnAccess(VCpu, Part, Hit);
    if (!(Part->Access & HOOK_ACCESS_READ) || !(Hit->Access & HOOK_ACCESS_WRITE) ||
        !IsTouched(VCpu, Part, Hit) || !IsOwnAccess(VCpu, Part, Hit) || !IsModify(VCpu, Hit))
        return FALSE;
    Hit->Access |= HOOK_ACCESS_READ;
    return TRUE;
}

/* Each monitor of the page that waits for this access. TRUE: one of them wants the access not to happen. */
static BOOLEAN MonitorTellPre(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page, MONITORED_ACCESS *Hit)
{
    MONITOR *Part;
    BOOLEAN Ignore            = FALSE, PostRequired;
    EPT_HOOKS_CONTEXT Context = {.PhysicalAddress = Hit->Physical, .VirtualAddress = Hit->Virtual};

    for (Part = __atomic_load_n(&Page->Monitors, __ATOMIC_ACQUIRE); Part != NULL;
         Part = __atomic_load_n(&Part->NextOnPage, __ATOMIC_ACQUIRE)) {
        if (!IsWaitedFor(VCpu, Part, Hit))
            continue;
        PostRequired       = FALSE;
        Context.Access     = Hit->Access & HOOK_ACCESS_ALL;
        Context.HookingTag = Part->Tag;
        Ignore |=
            Dispatchers[DispatcherOf(Context.Access)].Pre(VCpu, Part->EventType, &Context, &PostRequired);
        if (PostRequired && VCpu->Step.PostCount < COUNT_OF(VCpu->Step.Post))
            VCpu->Step.Post[VCpu->Step.PostCount++] = (HV_STEP_POST){Part->EventType, Context};
    }
    return Ignore;
}

/* --- two reads of one instruction on one page --- */

/* Could the instruction be a CMPS with both operands on the page? Most reads are found out at once not to be.
 */
static BOOLEAN AreStringsOnPage(const VIRTUAL_MACHINE_STATE *VCpu, const MONITORED_ACCESS *Hit)
{
    UINT64 From = (Hit->Virtual & ~(PLATFORM_PAGE_SIZE - 1)) - (MONITOR_USUAL_SIZE - 1);
    UINT64 Room = PLATFORM_PAGE_SIZE + (MONITOR_USUAL_SIZE - 1);

    return Hit->Access == HOOK_ACCESS_READ && VCpu->Regs->rdi - From < Room && VCpu->Regs->rsi - From < Room;
}

/* The part of one operand that lies on the page of Hit, which is told as an access of its own. */
static BOOLEAN MonitorTellString(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page, const MONITORED_ACCESS *Hit,
                                 UINT64 Start, UINT32 Size)
{
    MONITORED_ACCESS Part = *Hit;

    if (!TakePartOnPage(&Part, Start, Start + Size))
        return FALSE;
    Part.Virtual += Part.Start - Part.Physical;
    Part.Physical = Part.Start;
    return MonitorTellPre(VCpu, Page, &Part);
}

/* The first read opens the page for the second. */
static __attribute__((__noinline__)) BOOLEAN MonitorTellStrings(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page,
                                                                MONITORED_ACCESS *Hit)
{
    const UINT32 Reads = INSTRUCTION_STRING | INSTRUCTION_READS;
    INSTRUCTION Instruction;
    BOOLEAN Ignore;

    if (!GuestInstructionDecode(VCpu, &Instruction) || Instruction.Map != INSTRUCTION_MAP_ONE_BYTE ||
        (Instruction.Flags & (Reads | INSTRUCTION_WRITES)) != Reads ||
        (Instruction.Opcode | 1u) != OPCODE_CMPS)
        return MonitorTellPre(VCpu, Page, Hit);
    Ignore = MonitorTellString(VCpu, Page, Hit, GuestInstructionString(VCpu, &Instruction, 0),
                               Instruction.AccessSize);
    return MonitorTellString(VCpu, Page, Hit, GuestInstructionString(VCpu, &Instruction, 1),
                             Instruction.AccessSize) ||
           Ignore;
}

/* --- what becomes of it --- */

/* Reads and writes that must not happen are skipped with their instruction. What is not the instruction's
 * doing cannot be skipped, nor an instruction that nobody can read any more: they are let through. */
static VOID MonitorSkip(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page, UINT32 Access)
{
    if ((Access & HOOK_ACCESS_BY_PROCESSOR) || !HookSkipInstruction(VCpu)) {
        HookStepBegin(VCpu, Page, Access);
        return;
    }
    HookStepTellPost(VCpu);
    HookStepCancel(VCpu);
}

VOID MonitorHandleViolation(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page, UINT32 Access, UINT64 Physical,
                            UINT64 Virtual)
{
    MONITORED_ACCESS Hit = {.Access = Access, .Physical = Physical, .Virtual = Virtual};
    UINT32 PostBefore    = VCpu->Step.PostCount;

    if (UNLIKELY(AreStringsOnPage(VCpu, &Hit)) ? !MonitorTellStrings(VCpu, Page, &Hit)
                                               : !MonitorTellPre(VCpu, Page, &Hit)) {
        if (!(Access & HOOK_ACCESS_EXECUTE) || !HiddenBreakpointMeet(VCpu, Virtual))
            HookStepBegin(VCpu, Page, Access);
    } else if (!(Access & HOOK_ACCESS_EXECUTE)) {
        MonitorSkip(VCpu, Page, Access);
    } else {
        /* The thread waits at the instruction, and is told of it again. */
        VCpu->Step.PostCount = PostBefore;
        HookStepCancel(VCpu);
    }
}

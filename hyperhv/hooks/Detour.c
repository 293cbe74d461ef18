// SPDX-License-Identifier: GPL-2.0-only
/*
 * Detour.c - events at the entry of a kernel's function, without an exit.
 *
 * Context: process for setting; the guest, in any context, for being called; VMX root mode for the INT3 that
 * stands there while something changes, and for looking again at what the guest has written.
 */
#include "hyperhv/hooks/Detour.h"

#include "SDK/ErrorCodes.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformText.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/hooks/HookStep.h"
#include "hyperhv/interface/Dispatch.h"
#include "hyperhv/memory/MemoryMapper.h"

#define BUCKET_BITS  12u
#define BUCKETS      (1u << BUCKET_BITS)
#define SITE_BYTES   PLATFORM_TEXT_ENTRY_BYTES
#define OPCODE_CALL  0xE8u
#define OPCODE_INT3  0xCCu
#define PAGE_OFFSET  (PLATFORM_PAGE_SIZE - 1)
#define RELATIVE_MAX 0x7FFFFFFFll

/* Published entry by entry; nothing is taken out before the VMM goes. */
static DETOUR *Buckets[BUCKETS];

static UINT32 BucketOf(UINT64 Site)
{
    return HookHash(Site, BUCKET_BITS);
}

/* Nobody is told any more once all cores have been interrupted, as a detour tells with interrupts off. */
static VOID DetoursForgetPages(VOID)
{
    DETOUR *Detour;
    UINT32 Bucket;

    for (Bucket = 0; Bucket < BUCKETS; Bucket++)
        for (Detour = Buckets[Bucket]; Detour != NULL; Detour = Detour->NextBySite)
            __atomic_store_n(&Detour->Page, NULL, __ATOMIC_RELEASE);
    PlatformCpuWaitForExits();
}

VOID DetourUninitialize(VOID)
{
    DETOUR *Detour;
    UINT32 Bucket;
    BOOLEAN Waited = FALSE;

    DetoursForgetPages();
    for (Bucket = 0; Bucket < BUCKETS; Bucket++) {
        while ((Detour = Buckets[Bucket]) != NULL) {
            if (!Waited)
                PlatformTextWaitForThreads();
            Waited          = TRUE;
            Buckets[Bucket] = Detour->NextBySite;
            PlatformMemoryFree(Detour);
        }
    }
}

static inline __attribute__((__always_inline__)) DETOUR *DetourFind(UINT64 Site)
{
    DETOUR *Detour = __atomic_load_n(&Buckets[BucketOf(Site)], __ATOMIC_ACQUIRE);

    while (Detour != NULL && Detour->Site != Site)
        Detour = __atomic_load_n(&Detour->NextBySite, __ATOMIC_ACQUIRE);
    return Detour;
}

/* --- what is displaced --- */

static UINT64 CallTarget(UINT64 Site, const UINT8 *Bytes)
{
    INT32 Relative;

    PlatformMemoryCopy(&Relative, Bytes + 1, sizeof(Relative));
    return Site + SITE_BYTES + (UINT64)(INT64)Relative;
}

static BOOLEAN IsNop(const UINT8 *Bytes)
{
    return Bytes[0] == 0x0F && Bytes[1] == 0x1F && Bytes[2] == 0x44 && Bytes[3] == 0 && Bytes[4] == 0;
}

/* Threads that came through the CALL a moment ago go on with what was displaced last: as if they had been
 * there a moment earlier. The kernel, too, waits for them before it relies on what it has written. */
static VOID DetourClassify(DETOUR *Detour)
{
    const UINT8 *Bytes = (const UINT8 *)Detour->Page->Original + (Detour->Physical & PAGE_OFFSET);
    BOOLEAN IsCall     = Bytes[0] == OPCODE_CALL;

    if (IsCall || IsNop(Bytes))
        __atomic_store_n(&Detour->Target, IsCall ? CallTarget(Detour->Site, Bytes) : 0, __ATOMIC_RELEASE);
    __atomic_store_n(&Detour->IsKnown, IsCall || IsNop(Bytes), __ATOMIC_RELEASE);
}

VOID DetoursReclassify(HOOK_PAGE *Page)
{
    DETOUR *Detour;

    for (Detour = __atomic_load_n(&Page->Detours, __ATOMIC_ACQUIRE); Detour != NULL;
         Detour = __atomic_load_n(&Detour->NextOnPage, __ATOMIC_ACQUIRE))
        DetourClassify(Detour);
}

/* --- the bytes on the copy --- */

static INT64 RelativeOf(UINT64 Site)
{
    return (INT64)((UINT64)(UINTPTR)AsmDetourEntry - (Site + SITE_BYTES));
}

static UINT8 DetourByte(const DETOUR *Detour, UINT32 Index)
{
    if (Index > 0)
        return (UINT8)((UINT64)RelativeOf(Detour->Site) >> (8 * (Index - 1)));
    return Detour->IsArmed && __atomic_load_n(&Detour->IsKnown, __ATOMIC_ACQUIRE) ? OPCODE_CALL : OPCODE_INT3;
}

static UINT64 OverlayOne(const DETOUR *Detour, UINT32 WordIndex, UINT64 Word)
{
    UINT32 Index, Offset;

    for (Index = 0; Index < Detour->Overlaid; Index++) {
        Offset = (UINT32)(Detour->Physical & PAGE_OFFSET) + Index;
        if (Offset / sizeof(Word) != WordIndex)
            continue;
        Offset = 8 * (Offset % sizeof(Word));
        Word   = (Word & ~(0xFFull << Offset)) | ((UINT64)DetourByte(Detour, Index) << Offset);
    }
    return Word;
}

UINT64 DetoursOverlay(const HOOK_PAGE *Page, UINT32 Index, UINT64 Word)
{
    const DETOUR *Detour;

    for (Detour = __atomic_load_n(&Page->Detours, __ATOMIC_ACQUIRE); Detour != NULL;
         Detour = __atomic_load_n(&Detour->NextOnPage, __ATOMIC_ACQUIRE))
        Word = OverlayOne(Detour, Index, Word);
    return Word;
}

/* One step of a change, and every core executes what it gives. */
static VOID DetourShow(DETOUR *Detour, UINT8 Overlaid, BOOLEAN IsArmed)
{
    Detour->Overlaid = Overlaid;
    Detour->IsArmed  = IsArmed;
    HookPageRefresh(Detour->Page);
    PlatformCpuWaitForExits();
}

/* --- setting --- */

/* Of the record: a new one, or that of a detour that was set here before. NULL: no memory. */
static DETOUR *DetourRecord(UINT64 Virtual, UINT64 Site, UINT64 Physical)
{
    DETOUR *Detour = DetourFind(Site);

    if (Detour == NULL) {
        Detour = PlatformMemoryAllocate(sizeof(*Detour));
        if (Detour == NULL)
            return NULL;
        Detour->Site       = Site;
        Detour->NextBySite = Buckets[BucketOf(Site)];
        __atomic_store_n(&Buckets[BucketOf(Site)], Detour, __ATOMIC_RELEASE);
    }
    Detour->Virtual  = Virtual;
    Detour->Physical = Physical;
    return Detour;
}

static VOID DetourLink(DETOUR *Detour, HOOK_PAGE *Page)
{
    Detour->Page       = Page;
    Detour->NextOnPage = Page->Detours;
    DetourClassify(Detour);
    HookPagesLock();
    __atomic_store_n(&Page->Detours, Detour, __ATOMIC_RELEASE);
    HookPagesUnlock();
}

static VOID DetourUnlink(DETOUR *Detour)
{
    HOOK_PAGE *Page = Detour->Page;
    DETOUR **Link   = &Page->Detours;

    __atomic_store_n(&Detour->Page, NULL, __ATOMIC_RELEASE);
    HookPagesLock();
    while (*Link != Detour)
        Link = &(*Link)->NextOnPage;
    __atomic_store_n(Link, Detour->NextOnPage, __ATOMIC_RELEASE);
    HookPagesUnlock();
    PlatformCpuWaitForExits();
    HookPageApply(Page);
}

static UINT32 DetourBegin(DETOUR *Detour)
{
    HOOK_PAGE *Page = HookPageGet(Detour->Physical);

    if (Page == NULL)
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    if (!HookPageAddFake(Page)) {
        HookPageApply(Page);
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    }
    DetourLink(Detour, Page);
    if (!Detour->IsKnown) {
        DetourUnlink(Detour);
        return DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE;
    }
    Detour->Users = 1;
    DetourShow(Detour, 1, FALSE);
    HookPageApply(Page);
    DetourShow(Detour, SITE_BYTES, FALSE);
    DetourShow(Detour, SITE_BYTES, TRUE);
    return 0;
}

static BOOLEAN SiteIsInReach(UINT64 Site)
{
    INT64 Relative = RelativeOf(Site);

    return (Site & PAGE_OFFSET) + SITE_BYTES <= PLATFORM_PAGE_SIZE && Relative <= RELATIVE_MAX &&
           Relative >= -RELATIVE_MAX;
}

UINT32 DetourSet(UINT64 Virtual)
{
    UINT64 Site, Physical;
    DETOUR *Detour;

    if (!PlatformMemoryTranslateKernel(Virtual, &Physical))
        return DEBUGGER_ERROR_INVALID_ADDRESS;
    if (!PlatformTextFunctionEntry(Virtual, &Site) || !SiteIsInReach(Site) ||
        !PlatformMemoryTranslateKernel(Site, &Physical))
        return DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE;

    Detour = DetourFind(Site);
    if (Detour != NULL && Detour->Page != NULL) {
        if (Detour->Virtual != Virtual)
            return DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE; /* set already, by the function's other address */
        Detour->Users++;
        return 0;
    }
    Detour = DetourRecord(Virtual, Site, Physical);
    return Detour != NULL ? DetourBegin(Detour) : DEBUGGER_ERROR_OUT_OF_MEMORY;
}

static VOID DetourEnd(DETOUR *Detour)
{
    DetourShow(Detour, SITE_BYTES, FALSE);
    DetourShow(Detour, 1, FALSE);
    DetourShow(Detour, 0, FALSE);
    DetourUnlink(Detour);
}

VOID DetoursLeave(UINT64 Start, UINT64 End)
{
    DETOUR *Detour;
    UINT32 Bucket;

    for (Bucket = 0; Bucket < BUCKETS; Bucket++)
        for (Detour = Buckets[Bucket]; Detour != NULL; Detour = Detour->NextBySite)
            if (Detour->Page != NULL && Detour->Site >= Start && Detour->Site < End)
                DetourEnd(Detour);
}

/* By the record, not by the function: that of a module may have gone. */
static DETOUR *DetourSetAt(UINT64 Virtual)
{
    DETOUR *Detour;
    UINT32 Bucket;

    for (Bucket = 0; Bucket < BUCKETS; Bucket++)
        for (Detour = Buckets[Bucket]; Detour != NULL; Detour = Detour->NextBySite)
            if (Detour->Page != NULL && Detour->Virtual == Virtual)
                return Detour;
    return NULL;
}

BOOLEAN DetourUnset(UINT64 Virtual)
{
    DETOUR *Detour = DetourSetAt(Virtual);

    if (Detour == NULL)
        return FALSE;
    if (--Detour->Users == 0)
        DetourEnd(Detour);
    return TRUE;
}

/* --- in the guest --- */

/* The words that the CALL and AsmDetourEntry have put above the block. */
typedef struct _DETOUR_STACK {
    GUEST_REGS Regs;
    UINT64 Target;
    UINT64 Next;
} DETOUR_STACK;

/* Interrupts are off, so this core it stays. An NMI that comes between two of these lines leaves the list as
 * it found it. */
static BOOLEAN DetourTell(const DETOUR *Detour, DETOUR_FRAME *Frame, GUEST_REGS *Regs)
{
    VIRTUAL_MACHINE_STATE *VCpu = &g_GuestState[PlatformCpuCurrent()];
    BOOLEAN Ignore;

    Frame->Outer = VCpu->Detour;
    Frame->Rip   = Detour->Virtual;
    __atomic_store_n(&VCpu->Detour, Frame, __ATOMIC_RELEASE);
    Ignore = DispatchEventHiddenHookExecDetours(Detour->Virtual, Regs);
    __atomic_store_n(&VCpu->Detour, Frame->Outer, __ATOMIC_RELEASE);
    return Ignore;
}

DETOUR_DECISION DetourHandle(GUEST_REGS *Regs)
{
    DETOUR_STACK *Stack = (DETOUR_STACK *)Regs;
    DETOUR *Detour      = DetourFind(Stack->Next - SITE_BYTES);
    DETOUR_FRAME Frame;

    Regs->rsp = (UINT64)(UINTPTR)(Stack + 1);
    if (LIKELY(__atomic_load_n(&Detour->Page, __ATOMIC_ACQUIRE) != NULL)) {
        if (DetourTell(Detour, &Frame, Regs))
            return DETOUR_RETURN;
        if (UNLIKELY(Frame.Rip != Detour->Virtual)) {
            Stack->Next = Frame.Rip;
            return DETOUR_CONTINUE;
        }
    }
    Stack->Target = __atomic_load_n(&Detour->Target, __ATOMIC_ACQUIRE);
    return Stack->Target == 0 ? DETOUR_CONTINUE : DETOUR_CALL;
}

/* --- in root mode --- */

/* As RET at the entry. FALSE: the stack cannot be read, so the function goes on. */
static BOOLEAN DetourReturn(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Caller;

    if (!MemoryMapperReadVirtual(VCpu, g_Backend->GetCr3(VCpu), VCpu->Regs->rsp, &Caller, sizeof(Caller)))
        return FALSE;
    VCpu->Regs->rsp += sizeof(Caller);
    VCpu->ExitEnd |= EXIT_END_WRITE_REGS;
    g_Backend->SetRip(VCpu, Caller);
    return TRUE;
}

BOOLEAN DetourHandleBreakpoint(VIRTUAL_MACHINE_STATE *VCpu)
{
    DETOUR *Detour  = DetourFind(VCpu->LastVmexitRip);
    HOOK_PAGE *Page = Detour != NULL ? __atomic_load_n(&Detour->Page, __ATOMIC_ACQUIRE) : NULL;

    if (Page == NULL)
        return FALSE;
    VCpu->IncrementRip = FALSE;
    if (DispatchEventHiddenHookExecDetoursInRoot(VCpu, Detour->Virtual) && DetourReturn(VCpu))
        return TRUE;
    if (g_Backend->GetRip(VCpu) == VCpu->LastVmexitRip)
        HookStepBegin(VCpu, Page, HOOK_ACCESS_EXECUTE);
    return TRUE;
}

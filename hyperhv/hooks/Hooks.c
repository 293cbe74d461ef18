// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks.c - the hidden hooks as a whole (Hooks.h has the map of the room).
 *
 * Context: process, but for HooksHandleViolation and HooksPageWritten (VMX root mode).
 */
#include "hyperhv/hooks/Hooks.h"

#include "SDK/ErrorCodes.h"
#include "SDK/imports/VmmImports.h"
#include "platform/PlatformLock.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformModule.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/hooks/Detour.h"
#include "hyperhv/hooks/Follow.h"
#include "hyperhv/hooks/HiddenBreakpoint.h"
#include "hyperhv/hooks/HookPage.h"
#include "hyperhv/hooks/Monitor.h"

/* Guards everything in this room that is not read in root mode alone. */
static PLATFORM_MUTEX *HooksLock;

VOID HooksAcquire(VOID)
{
    PlatformMutexAcquire(HooksLock);
}

VOID HooksRelease(VOID)
{
    PlatformMutexRelease(HooksLock);
}

/* Memory of a module that is about to be freed. */
static VOID HooksLeave(UINT64 Start, UINT64 End)
{
    HooksAcquire();
    HiddenBreakpointsLeave(Start, End);
    MonitorsLeave(Start, End);
    DetoursLeave(Start, End);
    HooksRelease();
}

BOOLEAN HooksInitialize(VOID)
{
    HooksLock = PlatformMutexCreate();
    if (HooksLock == NULL)
        return FALSE;
    if (!HookPageInitialize())
        goto DestroyLock;
    if (!PlatformModuleWatch(HooksLeave))
        goto UninitializePages;
    FollowInitialize();
    return TRUE;

UninitializePages:
    HookPageUninitialize();
DestroyLock:
    PlatformMutexDestroy(HooksLock);
    HooksLock = NULL;
    return FALSE;
}

VOID HooksUninitialize(VOID)
{
    PlatformModuleUnwatch();
    FollowUninitialize();
    DetourUninitialize();
    HiddenBreakpointUninitialize();
    MonitorUninitialize();
    HookPageUninitialize();
    PlatformMutexDestroy(HooksLock);
    HooksLock = NULL;
}

BOOLEAN HooksHandleViolation(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Access, UINT64 Physical, UINT64 Virtual)
{
    HOOK_PAGE *Page = HookPageFind(Physical);

    if (Page == NULL)
        return FALSE;
    MonitorHandleViolation(VCpu, Page, Access, Physical, Virtual);
    return TRUE;
}

VOID HooksPageWritten(UINT64 Physical)
{
    HOOK_PAGE *Page = HookPageFind(Physical);

    if (Page == NULL || Page->Fake == NULL)
        return;
    HookPageRefresh(Page);
    HiddenBreakpointsReclassify(Page);
}

/* --- exports --- */

/* Under the hooks' lock. Of several processes that had the number, one that lives goes first. NULL: none. */
static HIDDEN_BREAKPOINT *FindBreakpoint(UINT64 Virtual, UINT32 ProcessId)
{
    HIDDEN_BREAKPOINT *Breakpoint = NULL, *Found = NULL;
    FOLLOWED_PAGE *Followed = NULL;

    if (ProcessId == VMM_NO_PROCESS)
        return HiddenBreakpointFind(Virtual, NULL);
    while ((Followed = FollowedPageFind(ProcessId, Virtual, Followed)) != NULL) {
        Breakpoint = HiddenBreakpointFind(Virtual, Followed);
        if (Breakpoint != NULL && (Found == NULL || FollowedPageState(Followed) != VMM_HOOK_GONE))
            Found = Breakpoint;
    }
    return Found;
}

static UINT32 HookKernel(UINT64 Virtual)
{
    UINT64 Physical;
    UINT32 Error = DEBUGGER_ERROR_INVALID_ADDRESS;

    HooksAcquire();
    if (PlatformMemoryTranslateKernel(Virtual, &Physical))
        Error = HiddenBreakpointSet(Virtual, Physical);
    HooksRelease();
    return Error;
}

static UINT32 HookUser(UINT64 Virtual, UINT32 ProcessId)
{
    FOLLOWED_PAGE *Followed;
    UINT32 Error;

    HooksAcquire();
    Error = FollowedPageGet(ProcessId, Virtual, &Followed);
    if (Error == 0) {
        Error = HiddenBreakpointSetFollowed(Virtual, Followed);
        FollowedPageTidy(Followed);
    }
    HooksRelease();
    if (Error == 0 && !FollowResolveProcess(ProcessId, Virtual, 1)) {
        ConfigureEptUnHook(Virtual, ProcessId);
        Error = DEBUGGER_ERROR_INVALID_ADDRESS;
    }
    FollowCloseUnused();
    return Error;
}

UINT32 ConfigureEptHook(UINT64 VirtualAddress, UINT32 ProcessId)
{
    if (g_GuestState == NULL)
        return DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    return ProcessId == VMM_NO_PROCESS ? HookKernel(VirtualAddress) : HookUser(VirtualAddress, ProcessId);
}

BOOLEAN ConfigureEptUnHook(UINT64 VirtualAddress, UINT32 ProcessId)
{
    HIDDEN_BREAKPOINT *Breakpoint;
    FOLLOWED_PAGE *Followed;

    if (g_GuestState == NULL)
        return FALSE;
    HooksAcquire();
    Breakpoint = FindBreakpoint(VirtualAddress, ProcessId);
    if (Breakpoint != NULL) {
        Followed = Breakpoint->Followed;
        HiddenBreakpointUnset(Breakpoint);
        if (Followed != NULL)
            FollowedPageTidy(Followed);
    }
    HookPageSweep();
    HooksRelease();
    FollowCloseUnused();
    return Breakpoint != NULL;
}

/* The part of a range that lies on one page. */
static UINT32 MonitorAddPage(UINT64 Tag, UINT64 Address, UINT32 Length, BOOLEAN IsPhysical, UINT32 Access,
                             UINT32 ProcessId)
{
    FOLLOWED_PAGE *Followed;
    UINT64 Physical;
    UINT32 Error;

    if (IsPhysical)
        return MonitorAddPart(Tag, 0, Address, Length, Access);
    if (ProcessId == VMM_NO_PROCESS)
        return PlatformMemoryTranslateKernel(Address, &Physical)
                   ? MonitorAddPart(Tag, Address, Physical, Length, Access)
                   : DEBUGGER_ERROR_INVALID_ADDRESS;
    Error = FollowedPageGet(ProcessId, Address, &Followed);
    if (Error != 0)
        return Error;
    Error = MonitorAddFollowedPart(Tag, Address, Followed, Length, Access);
    FollowedPageTidy(Followed);
    return Error;
}

static UINT32 MonitorAddRange(UINT64 Tag, UINT64 Address, UINT64 Length, BOOLEAN IsPhysical, UINT32 Access,
                              UINT32 ProcessId)
{
    UINT64 Part;
    UINT32 Error = 0;

    for (; Length > 0 && Error == 0; Address += Part, Length -= Part) {
        Part = PLATFORM_PAGE_SIZE - (Address & (PLATFORM_PAGE_SIZE - 1));
        if (Part > Length)
            Part = Length;
        Error = MonitorAddPage(Tag, Address, (UINT32)Part, IsPhysical, Access, ProcessId);
    }
    return Error;
}

UINT32 ConfigureEptHookMonitor(UINT64 Tag, UINT64 Address, UINT64 Length, BOOLEAN IsPhysical, UINT32 Access,
                               UINT32 ProcessId)
{
    UINT32 Error;

    if (g_GuestState == NULL)
        return DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    if (MonitorEventType(Access) == VMM_EVENT_TYPE_COUNT || Length == 0 || Address + Length < Address)
        return DEBUGGER_ERROR_INVALID_REQUEST;

    HooksAcquire();
    Error = MonitorAddRange(Tag, Address, Length, IsPhysical, Access, ProcessId);
    HooksRelease();
    if (Error == 0 && !IsPhysical && ProcessId != VMM_NO_PROCESS &&
        !FollowResolveProcess(ProcessId, Address, Length))
        Error = DEBUGGER_ERROR_INVALID_ADDRESS;
    if (Error != 0)
        ConfigureEptUnHookMonitor(Tag);
    return Error;
}

BOOLEAN ConfigureEptUnHookMonitor(UINT64 Tag)
{
    BOOLEAN Found;

    if (g_GuestState == NULL)
        return FALSE;
    HooksAcquire();
    Found = MonitorRemove(Tag);
    HookPageSweep();
    HooksRelease();
    FollowCloseUnused();
    return Found;
}

BOOLEAN ConfigureQueryHookState(UINT64 VirtualAddress, UINT32 ProcessId, VMM_HOOK_STATE *State)
{
    const HIDDEN_BREAKPOINT *Breakpoint;

    if (g_GuestState == NULL)
        return FALSE;
    HooksAcquire();
    Breakpoint = FindBreakpoint(VirtualAddress, ProcessId);
    if (Breakpoint != NULL)
        *State = HiddenBreakpointState(Breakpoint);
    HooksRelease();
    return Breakpoint != NULL;
}

BOOLEAN ConfigureQueryMonitorState(UINT64 Tag, VMM_HOOK_STATE *State)
{
    BOOLEAN Found;

    if (g_GuestState == NULL)
        return FALSE;
    HooksAcquire();
    Found = MonitorState(Tag, State);
    HooksRelease();
    return Found;
}

/* --- detours --- */

UINT32 ConfigureEptHook2(UINT64 VirtualAddress)
{
    UINT32 Error;

    if (g_GuestState == NULL)
        return DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    HooksAcquire();
    Error = DetourSet(VirtualAddress);
    HooksRelease();
    return Error;
}

BOOLEAN ConfigureEptUnHook2(UINT64 VirtualAddress)
{
    BOOLEAN Found;

    if (g_GuestState == NULL)
        return FALSE;
    HooksAcquire();
    Found = DetourUnset(VirtualAddress);
    HooksRelease();
    return Found;
}

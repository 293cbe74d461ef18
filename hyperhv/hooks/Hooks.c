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
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/hooks/HiddenBreakpoint.h"
#include "hyperhv/hooks/HookPage.h"
#include "hyperhv/hooks/Monitor.h"

/* Guards everything in this room that is not read in root mode alone. */
static PLATFORM_MUTEX *HooksLock;

BOOLEAN HooksInitialize(VOID)
{
    HooksLock = PlatformMutexCreate();
    if (HooksLock == NULL)
        return FALSE;
    if (!HookPageInitialize())
        goto DestroyLock;
    if (!HiddenBreakpointInitialize())
        goto UninitializePages;
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

UINT32 ConfigureEptHook(UINT64 VirtualAddress, UINT32 ProcessId)
{
    UINT64 Physical;
    UINT32 Error;

    if (g_GuestState == NULL)
        return DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    if (ProcessId != VMM_NO_PROCESS || !PlatformMemoryTranslateKernel(VirtualAddress, &Physical))
        return DEBUGGER_ERROR_INVALID_ADDRESS;

    PlatformMutexAcquire(HooksLock);
    Error = HiddenBreakpointSet(VirtualAddress, Physical);
    PlatformMutexRelease(HooksLock);
    return Error;
}

BOOLEAN ConfigureEptUnHook(UINT64 VirtualAddress, UINT32 ProcessId)
{
    BOOLEAN Found;

    if (g_GuestState == NULL || ProcessId != VMM_NO_PROCESS)
        return FALSE;
    PlatformMutexAcquire(HooksLock);
    Found = HiddenBreakpointUnset(VirtualAddress);
    PlatformMutexRelease(HooksLock);
    return Found;
}

/* Adds the range page by page; a range that fails in the middle is removed again. */
static UINT32 MonitorAddRange(UINT64 Tag, UINT64 Address, UINT64 Length, BOOLEAN IsPhysical, UINT32 Access)
{
    UINT64 Physical, Part;
    UINT32 Error = 0;

    for (; Length > 0 && Error == 0; Address += Part, Length -= Part) {
        Part = PLATFORM_PAGE_SIZE - (Address & (PLATFORM_PAGE_SIZE - 1));
        if (Part > Length)
            Part = Length;
        Physical = Address;
        if (!IsPhysical && !PlatformMemoryTranslateKernel(Address, &Physical))
            Error = DEBUGGER_ERROR_INVALID_ADDRESS;
        else
            Error = MonitorAddPart(Tag, Physical, Physical + Part, Access);
    }
    if (Error != 0)
        MonitorRemove(Tag);
    return Error;
}

UINT32 ConfigureEptHookMonitor(UINT64 Tag, UINT64 Address, UINT64 Length, BOOLEAN IsPhysical, UINT32 Access,
                               UINT32 ProcessId)
{
    UINT32 Error;

    if (g_GuestState == NULL)
        return DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    if (ProcessId != VMM_NO_PROCESS)
        return DEBUGGER_ERROR_INVALID_ADDRESS;
    if (MonitorEventType(Access) == VMM_EVENT_TYPE_COUNT || Length == 0 || Address + Length < Address)
        return DEBUGGER_ERROR_INVALID_REQUEST;

    PlatformMutexAcquire(HooksLock);
    Error = MonitorAddRange(Tag, Address, Length, IsPhysical, Access);
    PlatformMutexRelease(HooksLock);
    return Error;
}

BOOLEAN ConfigureEptUnHookMonitor(UINT64 Tag)
{
    BOOLEAN Found;

    if (g_GuestState == NULL)
        return FALSE;
    PlatformMutexAcquire(HooksLock);
    Found = MonitorRemove(Tag);
    PlatformMutexRelease(HooksLock);
    return Found;
}

BOOLEAN ConfigureQueryHookState(UINT64 VirtualAddress, UINT32 ProcessId, VMM_HOOK_STATE *State)
{
    BOOLEAN Found;

    if (g_GuestState == NULL || ProcessId != VMM_NO_PROCESS)
        return FALSE;
    PlatformMutexAcquire(HooksLock);
    Found = HiddenBreakpointExists(VirtualAddress);
    PlatformMutexRelease(HooksLock);
    *State = VMM_HOOK_LIVE;
    return Found;
}

BOOLEAN ConfigureQueryMonitorState(UINT64 Tag, VMM_HOOK_STATE *State)
{
    BOOLEAN Found;

    if (g_GuestState == NULL)
        return FALSE;
    PlatformMutexAcquire(HooksLock);
    Found = MonitorExists(Tag);
    PlatformMutexRelease(HooksLock);
    *State = VMM_HOOK_LIVE;
    return Found;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hv.c - the life of the VMM.
 *
 * Context: process, but for the callbacks of the machine's life, which say theirs.
 *
 * Where things are in this room:
 *   core/       this file, one core's state, the effects of instructions, Backend.h (the vendor seam)
 *   interface/  Callback.c (to the user), Dispatch.c (events), Export.c (from the user),
 *               Configuration.c (arming)
 *   hooks/      hidden breakpoints and monitored memory, on the views of Backend.h
 *   memory/     root mode's own page tables, access to guest memory that cannot fault
 *   vmx/        Intel: Vmx.c (one core in and out), Vmcs.c (its set-up), Vmexit.c (the exits), Ept.c
 */
#include "hyperhv/core/Hv.h"

#include "SDK/ErrorCodes.h"
#include "SDK/VmcallNumbers.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "hyperhv/core/Apic.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/core/Instructions.h"
#include "hyperhv/hooks/Hooks.h"
#include "hyperhv/interface/Callback.h"
#include "hyperhv/interface/Configuration.h"
#include "hyperhv/interface/Log.h"
#include "hyperhv/memory/PhysicalWidth.h"
#include "hyperhv/memory/RootPageTable.h"

const BACKEND *g_Backend;

static const BACKEND *const Backends[] = {&g_VmxBackend};

UINT32 CompatibilityCheckPerformChecks(VOID)
{
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Backends); Index++) {
        if (!Backends[Index]->IsPresent())
            continue;
        g_Backend = Backends[Index];
        return g_Backend->CheckCompatibility();
    }
    LogError("this processor has no virtualization that the VMM can use (CPUID.1:ECX.VMX is 0)");
    return DEBUGGER_ERROR_VMX_NOT_SUPPORTED;
}

/* --- one core --- */

/* On the core, interrupts off. */
static VOID HvVirtualizeThisCore(PVOID Context)
{
    VIRTUAL_MACHINE_STATE *VCpu = &g_GuestState[PlatformCpuCurrent()];

    (VOID) Context;
    VCpu->LaunchError      = 0;
    VCpu->ExitFlagsAtStart = EXIT_FLAGS_START;
    VCpu->ApicId           = ApicThisId();
    if (!g_Backend->VirtualizeCore(VCpu) && VCpu->LaunchError == 0)
        VCpu->LaunchError = DEBUGGER_ERROR_VMLAUNCH_FAILED;
}

/* On the core, interrupts off; also for a core that never was virtualized. */
static VOID HvDevirtualizeThisCore(PVOID Context)
{
    VIRTUAL_MACHINE_STATE *VCpu = &g_GuestState[PlatformCpuCurrent()];

    (VOID) Context;
    if (VCpu->Lifecycle == VMM_CORE_RUNNING)
        g_Backend->DevirtualizeCore(VCpu);
}

/* --- the machine's life --- */

static BOOLEAN HvJoin(UINT32 CoreId)
{
    PlatformCpuRunOn(CoreId, HvVirtualizeThisCore, NULL);
    if (g_GuestState[CoreId].LaunchError != 0)
        return FALSE;
    ConfigurationApplyToCore(CoreId);
    return TRUE;
}

static BOOLEAN HvCoreOnline(UINT32 CoreId)
{
    if (HvJoin(CoreId))
        return TRUE;
    LogError("core %u stays offline: it cannot join the VMM (error %x)", CoreId,
             g_GuestState[CoreId].LaunchError);
    return FALSE;
}

static VOID HvCoreOffline(UINT32 CoreId)
{
    PlatformCpuRunOn(CoreId, HvDevirtualizeThisCore, NULL);
}

/* A sleep to memory forgets VMX operation, and one to disk would write it into the image. */
static VOID HvSuspend(VOID)
{
    PlatformCpuRunOnAll(HvDevirtualizeThisCore, NULL);
}

/* Cores that went offline for the sleep have joined already. */
static VOID HvResume(VOID)
{
    UINT32 CoreId;

    for (CoreId = 0; CoreId < g_CoreCount; CoreId++) {
        if (!PlatformCpuIsOnline(CoreId) || g_GuestState[CoreId].Lifecycle != VMM_CORE_OFF)
            continue;
        if (!HvJoin(CoreId))
            LogError("core %u goes on without the VMM after the sleep (error %x)", CoreId,
                     g_GuestState[CoreId].LaunchError);
    }
}

static VOID HvShutdown(VOID)
{
    PlatformCpuRunOnAll(HvDevirtualizeThisCore, NULL);
}

/* The others are stopped already, or soon will be, and cannot be waited for: they leave by themselves. */
static VOID HvPanic(VOID)
{
    if (g_GuestState[PlatformCpuCurrent()].Lifecycle == VMM_CORE_RUNNING)
        g_Backend->Vmcall(VMCALL_OTHERS_LEAVE, 0, 0, 0);
    HvDevirtualizeThisCore(NULL);
}

/* Each core in turn: none is waited for, none is told by another. */
static VOID HvCrash(VOID)
{
    HvDevirtualizeThisCore(NULL);
}

static const PLATFORM_CPU_LIFE HvLife = {
    .CoreOnline  = HvCoreOnline,
    .CoreOffline = HvCoreOffline,
    .Suspend     = HvSuspend,
    .Resume      = HvResume,
    .Shutdown    = HvShutdown,
    .Panic       = HvPanic,
};

/* --- start and stop --- */

static VOID HvFreeCores(VOID)
{
    UINT32 CoreId;

    for (CoreId = 0; CoreId < g_CoreCount; CoreId++)
        g_Backend->FreeCore(&g_GuestState[CoreId]);
    PlatformMemoryFree(g_GuestState);
    g_GuestState = NULL;
    g_CoreCount  = 0;
}

/* Every core that the machine can have gets its state now: none could be allocated when it comes online. */
static BOOLEAN HvAllocateCores(VOID)
{
    UINT32 CoreCount = PlatformCpuCount();

    g_GuestState = PlatformMemoryAllocate(CoreCount * sizeof(*g_GuestState));
    if (g_GuestState == NULL)
        return FALSE;

    for (g_CoreCount = 0; g_CoreCount < CoreCount; g_CoreCount++) {
        g_GuestState[g_CoreCount].CoreId = g_CoreCount;
        if (!g_Backend->AllocateCore(&g_GuestState[g_CoreCount])) {
            HvFreeCores();
            return FALSE;
        }
    }
    return TRUE;
}

/* The first error of any core, or 0. */
static UINT32 HvFirstLaunchError(VOID)
{
    UINT32 CoreId;

    for (CoreId = 0; CoreId < g_CoreCount; CoreId++) {
        if (g_GuestState[CoreId].LaunchError != 0) {
            LogError("core %u could not be virtualized", CoreId);
            return g_GuestState[CoreId].LaunchError;
        }
    }
    return 0;
}

/* With the set of online cores held still: all of them, or none. 0 or the error. */
static UINT32 HvVirtualizeAllCores(VOID)
{
    UINT32 Error = DEBUGGER_ERROR_PLATFORM_NOT_SUPPORTED;

    PlatformCpuHotplugLock();
    if (PlatformCpuRegisterLife(&HvLife)) {
        PlatformCpuRunOnAll(HvVirtualizeThisCore, NULL);
        Error = HvFirstLaunchError();
        if (Error != 0) {
            PlatformCpuRunOnAll(HvDevirtualizeThisCore, NULL);
            PlatformCpuUnregisterLife();
        }
    } else {
        LogError("the kernel refused to tell about cores going online and offline");
    }
    PlatformCpuHotplugUnlock();
    return Error;
}

static VOID HvResetGlobals(VOID)
{
    g_TransparentMode                            = FALSE;
    g_WaitingForInterruptWindowToInjectPageFault = FALSE;
    PlatformMemoryZero(g_TriggerEvents, sizeof(g_TriggerEvents));
}

/* 0, or the error; then nothing is left behind. */
static UINT32 HvStart(VOID)
{
    UINT32 Error = CompatibilityCheckPerformChecks();

    if (Error != 0)
        return Error;

    HvResetGlobals();
    CpuidInitialize();
    PhysicalWidthInitialize();
    Error = RootPageTableInitialize(PlatformCpuCount());
    if (Error != 0)
        return Error;

    Error = DEBUGGER_ERROR_OUT_OF_MEMORY;
    if (!g_Backend->Initialize())
        goto UninitializeRootPageTable;
    if (!HvAllocateCores())
        goto UninitializeBackend;
    if (!ConfigurationInitialize())
        goto FreeCores;
    if (!HooksInitialize())
        goto UninitializeConfiguration;

    if (!PlatformCpuWatchCrash(HvCrash))
        LogWarning("this kernel does not tell of a crash kernel's start: it would begin as a guest");
    Error = HvVirtualizeAllCores();
    if (Error == 0)
        return 0;

    PlatformCpuUnwatchCrash();
    HooksUninitialize();
UninitializeConfiguration:
    ConfigurationUninitialize();
FreeCores:
    HvFreeCores();
UninitializeBackend:
    g_Backend->Uninitialize();
UninitializeRootPageTable:
    RootPageTableUninitialize();
    return Error;
}

BOOLEAN HvInitVmm(VMM_CALLBACKS *VmmCallbacks)
{
    UINT32 Error;

    /* It is the caller's error, not that of the user who has the VMM. */
    if (g_GuestState != NULL) {
        if (VmmCallbacks->VmmCallbackSetLastError != NULL)
            VmmCallbacks->VmmCallbackSetLastError(DEBUGGER_ERROR_VMM_ALREADY_INITIALIZED);
        return FALSE;
    }

    g_Callbacks = *VmmCallbacks;

    Error = HvStart();
    if (Error == 0) {
        LogInfo("the VMM runs on %u cores (%s)", g_CoreCount, g_Backend->Name);
        return TRUE;
    }

    VmmCallbackSetLastError(Error);
    g_Backend = NULL;
    PlatformMemoryZero(&g_Callbacks, sizeof(g_Callbacks));
    return FALSE;
}

VOID HvUninitVmm(VOID)
{
    if (g_GuestState == NULL)
        return;

    PlatformCpuHotplugLock();
    PlatformCpuUnregisterLife();
    PlatformCpuRunOnAll(HvDevirtualizeThisCore, NULL);
    PlatformCpuHotplugUnlock();
    PlatformCpuUnwatchCrash();

    HooksUninitialize();
    ConfigurationUninitialize();
    HvFreeCores();
    g_Backend->Uninitialize();
    RootPageTableUninitialize();
    LogInfo("the VMM is gone from all cores");
    g_Backend = NULL;
    PlatformMemoryZero(&g_Callbacks, sizeof(g_Callbacks));
}

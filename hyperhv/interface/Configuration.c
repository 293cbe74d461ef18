// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration.c - which exits are wanted, by how many, on which cores; told to the cores by VMCALL.
 *
 * Context: process. SDM Vol. 3, 25.6.9 (MSR bitmaps).
 */
#include "hyperhv/interface/Configuration.h"

#include "SDK/VmcallNumbers.h"
#include "SDK/imports/VmmImports.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformLock.h"
#include "platform/PlatformMemory.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/core/MsrNumbers.h"

#define MSR_RANGE_LENGTH     0x2000u
#define MSR_HIGH_RANGE_FIRST 0xC0000000u
#define MSR_COUNT            (2 * MSR_RANGE_LENGTH)

/* How many users want an exit, on one core. */
typedef struct _MSR_EXIT_COUNTS {
    UINT32 All;            /* users that want every MSR */
    UINT16 One[MSR_COUNT]; /* users that want this MSR */
} MSR_EXIT_COUNTS;

/* What one core wants of the MSR bitmap. */
typedef struct _CORE_CONFIGURATION {
    MSR_EXIT_COUNTS Msr[2]; /* by MSR_ACCESS */
} CORE_CONFIGURATION;

/* Guards CoreConfigurations and the order of the VMCALLs that carry them out. */
static PLATFORM_MUTEX *ConfigurationLock;
static CORE_CONFIGURATION *CoreConfigurations; /* g_CoreCount of them */

/* MSRs that the kernel touches on its every entry or tick: "all" leaves them out. */
static const struct {
    UINT32 Msr;
    BOOLEAN LeftOut[2]; /* by MSR_ACCESS */
} MsrsLeftOut[] = {
    {IA32_KERNEL_GS_BASE, {TRUE, TRUE}}, {IA32_MPERF, {TRUE, TRUE}},     {IA32_APERF, {TRUE, TRUE}},
    {IA32_SPEC_CTRL, {FALSE, TRUE}},     {IA32_PRED_CMD, {FALSE, TRUE}},
};

BOOLEAN ConfigurationInitialize(VOID)
{
    ConfigurationLock = PlatformMutexCreate();
    if (ConfigurationLock == NULL)
        return FALSE;
    CoreConfigurations = PlatformMemoryAllocate(g_CoreCount * sizeof(*CoreConfigurations));
    if (CoreConfigurations == NULL) {
        PlatformMutexDestroy(ConfigurationLock);
        ConfigurationLock = NULL;
        return FALSE;
    }
    return TRUE;
}

VOID ConfigurationUninitialize(VOID)
{
    PlatformMemoryFree(CoreConfigurations);
    PlatformMutexDestroy(ConfigurationLock);
    CoreConfigurations = NULL;
    ConfigurationLock  = NULL;
}

/* --- the MSR bitmap --- */

static UINT32 MsrOfIndex(UINT32 Index)
{
    return Index < MSR_RANGE_LENGTH ? Index : MSR_HIGH_RANGE_FIRST + (Index - MSR_RANGE_LENGTH);
}

/* FALSE: the MSR lies outside the bitmap. */
static BOOLEAN MsrIndex(UINT32 Msr, UINT32 *Index)
{
    if (Msr < MSR_RANGE_LENGTH)
        *Index = Msr;
    else if (Msr - MSR_HIGH_RANGE_FIRST < MSR_RANGE_LENGTH)
        *Index = MSR_RANGE_LENGTH + (Msr - MSR_HIGH_RANGE_FIRST);
    else
        return FALSE;
    return TRUE;
}

static BOOLEAN MsrIsLeftOut(UINT32 Msr, MSR_ACCESS Access)
{
    UINT32 Entry;

    for (Entry = 0; Entry < COUNT_OF(MsrsLeftOut); Entry++)
        if (MsrsLeftOut[Entry].Msr == Msr)
            return MsrsLeftOut[Entry].LeftOut[Access];
    return FALSE;
}

static BOOLEAN MsrExitWanted(const MSR_EXIT_COUNTS *Counts, UINT32 Index, MSR_ACCESS Access)
{
    return Counts->One[Index] != 0 || (Counts->All != 0 && !MsrIsLeftOut(MsrOfIndex(Index), Access));
}

/* A range of the bitmap's indices to be told to one core. */
typedef struct _MSR_BITMAP_UPDATE {
    UINT32 CoreId;
    MSR_ACCESS Access;
    UINT32 First;
    UINT32 Count;
} MSR_BITMAP_UPDATE;

/* On the core itself, interrupts off. */
static VOID MsrUpdateThisCore(PVOID Context)
{
    const MSR_BITMAP_UPDATE *Update = Context;
    const MSR_EXIT_COUNTS *Counts   = &CoreConfigurations[Update->CoreId].Msr[Update->Access];
    UINT64 Number =
        Update->Access == MSR_ACCESS_READ ? VMCALL_CHANGE_MSR_BITMAP_READ : VMCALL_CHANGE_MSR_BITMAP_WRITE;
    UINT32 Index;

    if (g_GuestState[Update->CoreId].Lifecycle != VMM_CORE_RUNNING)
        return;
    for (Index = Update->First; Index < Update->First + Update->Count; Index++)
        g_Backend->Vmcall(Number, MsrOfIndex(Index), MsrExitWanted(Counts, Index, Update->Access), 0);
}

/* Adds Delta users of one MSR or all, on one core, and tells the core if that changes anything. An offline
 * core is told when it comes (ConfigurationApplyToCore). Taking away what is not there does nothing. */
static VOID MsrChangeUsersOnCore(UINT32 CoreId, UINT32 Msr, MSR_ACCESS Access, INT32 Delta)
{
    MSR_EXIT_COUNTS *Counts  = &CoreConfigurations[CoreId].Msr[Access];
    MSR_BITMAP_UPDATE Update = {.CoreId = CoreId, .Access = Access, .First = 0, .Count = MSR_COUNT};
    UINT32 Index;

    if (Msr == VMM_ALL_MSRS) {
        if (Counts->All == 0 && Delta < 0)
            return;
        Counts->All += (UINT32)Delta;
        if (Counts->All != (Delta > 0 ? 1u : 0u))
            return;
    } else if (MsrIndex(Msr, &Index)) {
        BOOLEAN Before = MsrExitWanted(Counts, Index, Access);

        if (Counts->One[Index] == 0 && Delta < 0)
            return;
        Counts->One[Index] = (UINT16)(Counts->One[Index] + Delta);
        if (MsrExitWanted(Counts, Index, Access) == Before)
            return;
        Update.First = Index;
        Update.Count = 1;
    } else {
        return;
    }
    PlatformCpuRunOn(CoreId, MsrUpdateThisCore, &Update);
}

static BOOLEAN MsrChangeUsers(UINT32 CoreId, UINT32 Msr, MSR_ACCESS Access, INT32 Delta)
{
    UINT32 First = CoreId == VMM_ALL_CORES ? 0 : CoreId;
    UINT32 Last  = CoreId == VMM_ALL_CORES ? g_CoreCount - 1 : CoreId;

    if (g_GuestState == NULL || Last >= g_CoreCount)
        return FALSE;

    PlatformCpuHotplugLock();
    PlatformMutexAcquire(ConfigurationLock);
    for (CoreId = First; CoreId <= Last; CoreId++)
        MsrChangeUsersOnCore(CoreId, Msr, Access, Delta);
    PlatformMutexRelease(ConfigurationLock);
    PlatformCpuHotplugUnlock();
    return TRUE;
}

VOID ConfigurationApplyToCore(UINT32 CoreId)
{
    MSR_BITMAP_UPDATE Update = {.CoreId = CoreId, .First = 0, .Count = MSR_COUNT};

    for (Update.Access = MSR_ACCESS_READ; Update.Access <= MSR_ACCESS_WRITE; Update.Access++)
        MsrUpdateThisCore(&Update);
}

BOOLEAN ConfigureSetMsrReadExiting(UINT32 CoreId, UINT32 Msr)
{
    return MsrChangeUsers(CoreId, Msr, MSR_ACCESS_READ, 1);
}

VOID ConfigureUnsetMsrReadExiting(UINT32 CoreId, UINT32 Msr)
{
    MsrChangeUsers(CoreId, Msr, MSR_ACCESS_READ, -1);
}

BOOLEAN ConfigureSetMsrWriteExiting(UINT32 CoreId, UINT32 Msr)
{
    return MsrChangeUsers(CoreId, Msr, MSR_ACCESS_WRITE, 1);
}

VOID ConfigureUnsetMsrWriteExiting(UINT32 CoreId, UINT32 Msr)
{
    MsrChangeUsers(CoreId, Msr, MSR_ACCESS_WRITE, -1);
}

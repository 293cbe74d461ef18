// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration.c - which exits are wanted, by how many, on which cores; told to the cores by VMCALL.
 *
 * Context: process. Every kind of exit is a row of g_HvControls (core/ExitControls.h). For each of its
 * indices, on each core, it is counted here how many want it; a core is told what changes, in runs of
 * indices. The core's user may refuse that an exit is turned off: it stays on, and the core is told again at
 * the next change of that kind.
 */
#include "hyperhv/interface/Configuration.h"

#include "SDK/VmcallNumbers.h"
#include "SDK/imports/VmmImports.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformLock.h"
#include "platform/PlatformMemory.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/ExitControls.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/core/ModeTrap.h"
#include "hyperhv/core/MsrNumbers.h"

#define MAX_USERS 0x7FFFu

/* Of one index, on one core. */
typedef struct _INDEX_USERS {
    UINT16 Count : 15; /* users that want it by name */
    UINT16 IsTold : 1; /* the core has it on */
} INDEX_USERS;

/* Of one kind, on one core. */
typedef struct _CONTROL_USERS {
    UINT32 All;       /* users that want every index */
    BOOLEAN IsBehind; /* turning something off was refused: IsTold of something differs from what is wanted */
    INDEX_USERS *One; /* an element for each index */
} CONTROL_USERS;

/* Guards all that follows, and the order of the VMCALLs that carry it out. */
static PLATFORM_MUTEX *ConfigurationLock;
static CONTROL_USERS *Controls; /* g_CoreCount times HV_CONTROL_COUNT */
static INDEX_USERS *Indices;    /* what their One point into */

/* Which indices of a kind somebody wants: those whose bit is set, from First on; or all. */
typedef struct _SELECTION {
    HV_CONTROL Control;
    UINT32 First;
    UINT32 Count; /* up to 64, unless IsAll */
    UINT64 Bits;
    BOOLEAN IsAll;
} SELECTION;

/* MSRs that the kernel touches on its every entry or tick: "all" leaves them out. */
static const struct {
    UINT32 Msr;
    BOOLEAN FromReads;
    BOOLEAN FromWrites;
} MsrsLeftOut[] = {
    {IA32_KERNEL_GS_BASE, TRUE, TRUE}, {IA32_MPERF, TRUE, TRUE},     {IA32_APERF, TRUE, TRUE},
    {IA32_SPEC_CTRL, FALSE, TRUE},     {IA32_PRED_CMD, FALSE, TRUE},
};

/* --- memory --- */

static CONTROL_USERS *UsersOf(UINT32 CoreId, HV_CONTROL Control)
{
    return &Controls[CoreId * HV_CONTROL_COUNT + Control];
}

static UINT32 IndicesOfACore(VOID)
{
    UINT32 Control, Sum = 0;

    for (Control = 0; Control < HV_CONTROL_COUNT; Control++)
        Sum += g_HvControls[Control].Count;
    return Sum;
}

static VOID ShareIndicesOut(VOID)
{
    INDEX_USERS *Next = Indices;
    UINT32 Each;

    for (Each = 0; Each < g_CoreCount * HV_CONTROL_COUNT; Each++) {
        Controls[Each].One = Next;
        Next += g_HvControls[Each % HV_CONTROL_COUNT].Count;
    }
}

BOOLEAN ConfigurationInitialize(VOID)
{
    ConfigurationLock = PlatformMutexCreate();
    if (ConfigurationLock == NULL)
        return FALSE;
    Controls = PlatformMemoryAllocate((SIZE_T)g_CoreCount * HV_CONTROL_COUNT * sizeof(*Controls));
    if (Controls == NULL)
        goto DestroyLock;
    Indices = PlatformMemoryAllocate((SIZE_T)g_CoreCount * IndicesOfACore() * sizeof(*Indices));
    if (Indices == NULL)
        goto FreeControls;
    ShareIndicesOut();
    ModeTrapReset();
    return TRUE;

FreeControls:
    PlatformMemoryFree(Controls);
    Controls = NULL;
DestroyLock:
    PlatformMutexDestroy(ConfigurationLock);
    ConfigurationLock = NULL;
    return FALSE;
}

VOID ConfigurationUninitialize(VOID)
{
    PlatformMemoryFree(Indices);
    PlatformMemoryFree(Controls);
    PlatformMutexDestroy(ConfigurationLock);
    Indices           = NULL;
    Controls          = NULL;
    ConfigurationLock = NULL;
}

/* --- what is wanted --- */

static BOOLEAN IsMsrLeftOut(HV_CONTROL Control, UINT32 Index)
{
    UINT32 Entry, Msr = (UINT32)HvControlNumber(Control, Index);

    for (Entry = 0; Entry < COUNT_OF(MsrsLeftOut); Entry++)
        if (MsrsLeftOut[Entry].Msr == Msr)
            return Control == HV_CONTROL_MSR_READ ? MsrsLeftOut[Entry].FromReads
                                                  : MsrsLeftOut[Entry].FromWrites;
    return FALSE;
}

static BOOLEAN IsLeftOut(HV_CONTROL Control, UINT32 Index)
{
    return (Control == HV_CONTROL_MSR_READ || Control == HV_CONTROL_MSR_WRITE) &&
           IsMsrLeftOut(Control, Index);
}

static BOOLEAN IsWanted(const CONTROL_USERS *Users, HV_CONTROL Control, UINT32 Index)
{
    return Users->One[Index].Count != 0 || (Users->All != 0 && !IsLeftOut(Control, Index));
}

static BOOLEAN IsToBeTold(const CONTROL_USERS *Users, HV_CONTROL Control, UINT32 Index)
{
    return IsWanted(Users, Control, Index) != Users->One[Index].IsTold;
}

static BOOLEAN IsAnyWanted(const CONTROL_USERS *Users, HV_CONTROL Control)
{
    UINT32 Index;

    for (Index = 0; Index < g_HvControls[Control].Count; Index++)
        if (IsWanted(Users, Control, Index))
            return TRUE;
    return FALSE;
}

/* --- telling a core --- */

/* Indices of a core that may have changed. */
typedef struct _CONTROL_UPDATE {
    UINT32 CoreId;
    HV_CONTROL Control;
    UINT32 First;
    UINT32 Count;
} CONTROL_UPDATE;

/* How many from Index on, below Limit, get told the same. */
static UINT32 RunLength(const CONTROL_USERS *Users, HV_CONTROL Control, UINT32 Index, UINT32 Limit)
{
    const BOOLEAN On = IsWanted(Users, Control, Index);
    UINT32 Length    = 1;

    if (!On && g_HvControls[Control].Protection == HV_PROTECTION_EACH)
        return 1;
    while (Index + Length < Limit && IsToBeTold(Users, Control, Index + Length) &&
           IsWanted(Users, Control, Index + Length) == On)
        Length++;
    return Length;
}

static UINT64 ChangeWord(const CONTROL_USERS *Users, HV_CONTROL Control, BOOLEAN On)
{
    if (On)
        return VMCALL_CHANGE_ON;
    if (g_HvControls[Control].Protection == HV_PROTECTION_LAST && IsAnyWanted(Users, Control))
        return VMCALL_CHANGE_OTHERS_STAY;
    return 0;
}

static VOID TellRun(CONTROL_USERS *Users, HV_CONTROL Control, UINT32 First, UINT32 Length)
{
    const BOOLEAN On    = IsWanted(Users, Control, First);
    const UINT32 Number = On ? g_HvControls[Control].VmcallOn : g_HvControls[Control].VmcallOff;
    UINT32 Index;

    if (g_Backend->Vmcall(Number, HvControlNumber(Control, First), ChangeWord(Users, Control, On),
                          Length - 1) != VMCALL_STATUS_SUCCESS) {
        Users->IsBehind = TRUE;
        return;
    }
    for (Index = First; Index < First + Length; Index++)
        Users->One[Index].IsTold = On;
}

/* On the core itself, interrupts off. */
static VOID TellThisCore(PVOID Context)
{
    const CONTROL_UPDATE *Update = Context;
    CONTROL_USERS *Users         = UsersOf(Update->CoreId, Update->Control);
    const UINT32 Limit           = Update->First + Update->Count;
    UINT32 Index, Length;

    if (g_GuestState[Update->CoreId].Lifecycle != VMM_CORE_RUNNING)
        return;
    Users->IsBehind = FALSE;
    for (Index = Update->First; Index < Limit; Index += Length) {
        Length = 1;
        if (!IsToBeTold(Users, Update->Control, Index))
            continue;
        Length = RunLength(Users, Update->Control, Index, Limit);
        TellRun(Users, Update->Control, Index, Length);
    }
}

/* On the core itself, interrupts off. Nothing is known to be on: it was just virtualized. */
static VOID ApplyControl(UINT32 CoreId, HV_CONTROL Control)
{
    CONTROL_UPDATE Update = {.CoreId = CoreId, .Control = Control, .Count = g_HvControls[Control].Count};
    CONTROL_USERS *Users  = UsersOf(CoreId, Control);
    UINT32 Index;

    for (Index = 0; Index < Update.Count; Index++)
        Users->One[Index].IsTold = FALSE;
    TellThisCore(&Update);
}

static VOID ApplyToThisCore(PVOID Context)
{
    UINT32 Control;

    (VOID) Context;
    for (Control = 0; Control < HV_CONTROL_COUNT; Control++)
        ApplyControl(PlatformCpuCurrent(), (HV_CONTROL)Control);
}

VOID ConfigurationApplyToCore(UINT32 CoreId)
{
    PlatformCpuRunOn(CoreId, ApplyToThisCore, NULL);
}

/* --- counting --- */

static BOOLEAN IsSelected(const SELECTION *Selection, UINT32 Offset)
{
    return (Selection->Bits >> Offset & 1) != 0;
}

/* Taking away what is not there does nothing. */
static VOID CountUsers(CONTROL_USERS *Users, const SELECTION *Selection, INT32 Delta)
{
    UINT32 Offset;

    if (Selection->IsAll) {
        if (Users->All != 0 || Delta > 0)
            Users->All += (UINT32)Delta;
        return;
    }
    for (Offset = 0; Offset < Selection->Count; Offset++) {
        INDEX_USERS *One = &Users->One[Selection->First + Offset];

        if (IsSelected(Selection, Offset) && (One->Count != 0 || Delta > 0))
            One->Count = (UINT16)(One->Count + Delta) & MAX_USERS;
    }
}

static BOOLEAN IsRoomForUser(const CONTROL_USERS *Users, const SELECTION *Selection)
{
    UINT32 Offset;

    if (Selection->IsAll)
        return Users->All < MAX_USERS;
    for (Offset = 0; Offset < Selection->Count; Offset++)
        if (IsSelected(Selection, Offset) && Users->One[Selection->First + Offset].Count == MAX_USERS)
            return FALSE;
    return TRUE;
}

/* Adds Delta users on one core, and tells the core if that changes anything. An offline core is told when it
 * comes (ConfigurationApplyToCore). */
static VOID ChangeUsersOnCore(UINT32 CoreId, const SELECTION *Selection, INT32 Delta)
{
    const HV_CONTROL Control = Selection->Control;
    CONTROL_USERS *Users     = UsersOf(CoreId, Control);
    CONTROL_UPDATE Update    = {
           .CoreId = CoreId, .Control = Control, .First = Selection->First, .Count = Selection->Count};
    UINT32 Index;

    CountUsers(Users, Selection, Delta);
    if (Users->IsBehind) {
        Update.First = 0;
        Update.Count = g_HvControls[Control].Count;
    }
    for (Index = Update.First; Index < Update.First + Update.Count; Index++) {
        if (IsToBeTold(Users, Control, Index)) {
            PlatformCpuRunOn(CoreId, TellThisCore, &Update);
            return;
        }
    }
}

/* Delta: 1 or -1. */
static BOOLEAN ChangeUsers(UINT32 CoreId, const SELECTION *Selection, INT32 Delta)
{
    const UINT32 First = CoreId == VMM_ALL_CORES ? 0 : CoreId;
    const UINT32 Last  = CoreId == VMM_ALL_CORES ? g_CoreCount - 1 : CoreId;
    BOOLEAN IsRoom     = TRUE;

    if (g_GuestState == NULL || Last >= g_CoreCount || !g_Backend->HasControl(Selection->Control))
        return FALSE;

    PlatformCpuHotplugLock();
    PlatformMutexAcquire(ConfigurationLock);
    for (CoreId = First; CoreId <= Last && Delta > 0; CoreId++)
        IsRoom = IsRoom && IsRoomForUser(UsersOf(CoreId, Selection->Control), Selection);
    for (CoreId = First; CoreId <= Last && IsRoom; CoreId++)
        ChangeUsersOnCore(CoreId, Selection, Delta);
    PlatformMutexRelease(ConfigurationLock);
    PlatformCpuHotplugUnlock();
    return IsRoom;
}

/* One index, or all for VMM_ALL_.... FALSE: no such core, index or control. */
static BOOLEAN ChangeUsersOfIndex(UINT32 CoreId, HV_CONTROL Control, UINT32 Index, INT32 Delta)
{
    const UINT32 Count        = g_HvControls[Control].Count;
    const BOOLEAN IsAll       = Index == VMM_ALL_INDICES;
    const SELECTION Selection = {.Control = Control,
                                 .First   = IsAll ? 0 : Index,
                                 .Count   = IsAll ? Count : 1,
                                 .Bits    = 1,
                                 .IsAll   = IsAll};

    return (IsAll || Index < Count) && ChangeUsers(CoreId, &Selection, Delta);
}

/* An MSR outside the bitmap exits anyway. */
static BOOLEAN ChangeUsersOfMsr(UINT32 CoreId, HV_CONTROL Control, UINT32 Msr, INT32 Delta)
{
    UINT32 Index = VMM_ALL_INDICES;

    if (Msr != VMM_ALL_MSRS && !HvMsrIndex(Msr, &Index))
        return g_GuestState != NULL && (CoreId == VMM_ALL_CORES || CoreId < g_CoreCount);
    return ChangeUsersOfIndex(CoreId, Control, Index, Delta);
}

/* Writes to a control register: bits of CR0 and CR4, CR3 and CR8 as a whole. */
static BOOLEAN ChangeUsersOfMovToCr(UINT32 CoreId, UINT32 Register, UINT64 Mask, INT32 Delta)
{
    SELECTION Selection = {.Count = 64, .Bits = Mask};

    if (Register == 3)
        return ChangeUsersOfIndex(CoreId, HV_CONTROL_MOV_TO_CR3, 0, Delta);
    if (Register == 8)
        return ChangeUsersOfIndex(CoreId, HV_CONTROL_MOV_TO_CR8, 0, Delta);
    if (Register != 0 && Register != 4)
        return FALSE;
    Selection.Control = Register == 0 ? HV_CONTROL_CR0_BITS : HV_CONTROL_CR4_BITS;
    if (Register == 0)
        Selection.Bits &= ~VMM_CR0_NOT_WATCHED;
    return Selection.Bits != 0 && ChangeUsers(CoreId, &Selection, Delta);
}

static BOOLEAN ChangeUsersOfMovFromCr(UINT32 CoreId, UINT32 Register, INT32 Delta)
{
    if (Register == 3)
        return ChangeUsersOfIndex(CoreId, HV_CONTROL_MOV_FROM_CR3, 0, Delta);
    return Register == 8 && ChangeUsersOfIndex(CoreId, HV_CONTROL_MOV_FROM_CR8, 0, Delta);
}

/* --- exports: VmmImports.h tells their contracts --- */

#define DEFINE_INDEXED(What, Function, Control, Type)                                                        \
    BOOLEAN ConfigureSet##What(UINT32 CoreId, UINT32 Type)                                                   \
    {                                                                                                        \
        return Function(CoreId, Control, Type, 1);                                                           \
    }                                                                                                        \
    VOID ConfigureUnset##What(UINT32 CoreId, UINT32 Type)                                                    \
    {                                                                                                        \
        Function(CoreId, Control, Type, -1);                                                                 \
    }

#define DEFINE_PLAIN(What, Control)                                                                          \
    BOOLEAN ConfigureSet##What(UINT32 CoreId)                                                                \
    {                                                                                                        \
        return ChangeUsersOfIndex(CoreId, Control, 0, 1);                                                    \
    }                                                                                                        \
    VOID ConfigureUnset##What(UINT32 CoreId)                                                                 \
    {                                                                                                        \
        ChangeUsersOfIndex(CoreId, Control, 0, -1);                                                          \
    }

DEFINE_INDEXED(MsrReadExiting, ChangeUsersOfMsr, HV_CONTROL_MSR_READ, Msr)
DEFINE_INDEXED(MsrWriteExiting, ChangeUsersOfMsr, HV_CONTROL_MSR_WRITE, Msr)
DEFINE_INDEXED(IoExiting, ChangeUsersOfIndex, HV_CONTROL_IO, Port)
DEFINE_INDEXED(ExceptionBitmap, ChangeUsersOfIndex, HV_CONTROL_EXCEPTION, Vector)
DEFINE_PLAIN(RdtscExiting, HV_CONTROL_RDTSC)
DEFINE_PLAIN(RdpmcExiting, HV_CONTROL_RDPMC)
DEFINE_PLAIN(MovDebugRegsExiting, HV_CONTROL_MOV_DR)
DEFINE_PLAIN(MovToCr3Exiting, HV_CONTROL_MOV_TO_CR3)
DEFINE_PLAIN(ExternalInterruptExiting, HV_CONTROL_EXTERNAL_INTERRUPT)

BOOLEAN ConfigureSetMovToCrExiting(UINT32 CoreId, UINT32 Register, UINT64 Mask)
{
    return ChangeUsersOfMovToCr(CoreId, Register, Mask, 1);
}

VOID ConfigureUnsetMovToCrExiting(UINT32 CoreId, UINT32 Register, UINT64 Mask)
{
    ChangeUsersOfMovToCr(CoreId, Register, Mask, -1);
}

BOOLEAN ConfigureSetMovFromCrExiting(UINT32 CoreId, UINT32 Register)
{
    return ChangeUsersOfMovFromCr(CoreId, Register, 1);
}

VOID ConfigureUnsetMovFromCrExiting(UINT32 CoreId, UINT32 Register)
{
    ChangeUsersOfMovFromCr(CoreId, Register, -1);
}

/* --- what takes exits of several kinds --- */

#define VECTOR_INVALID_OPCODE 6u

typedef struct _CONTROL_PART {
    HV_CONTROL Control;
    UINT32 Index;
} CONTROL_PART;

/* Turned on in this order, and off in the other: SYSCALL becomes #UD when #UD exits, and never without that
 * the guest reads IA32_EFER as it wrote it. */
static const CONTROL_PART SyscallParts[] = {
    {HV_CONTROL_EXCEPTION, VECTOR_INVALID_OPCODE},
    {HV_CONTROL_MSR_READ, HV_MSR_RANGE_LENGTH + (IA32_EFER - HV_MSR_HIGH_FIRST)},
    {HV_CONTROL_MSR_WRITE, HV_MSR_RANGE_LENGTH + (IA32_EFER - HV_MSR_HIGH_FIRST)},
    {HV_CONTROL_SYSCALL_HOOK, 0},
};

/* Who runs is told by MOV to CR3. */
static const CONTROL_PART ModeParts[] = {
    {HV_CONTROL_MOV_TO_CR3, 0},
    {HV_CONTROL_MODE_TRAP, 0},
};

static VOID UnsetParts(UINT32 CoreId, const CONTROL_PART *Parts, UINT32 Count)
{
    while (Count-- > 0)
        ChangeUsersOfIndex(CoreId, Parts[Count].Control, Parts[Count].Index, -1);
}

/* All of them, or none. */
static BOOLEAN SetParts(UINT32 CoreId, const CONTROL_PART *Parts, UINT32 Count)
{
    UINT32 Index;

    for (Index = 0; Index < Count; Index++) {
        if (!ChangeUsersOfIndex(CoreId, Parts[Index].Control, Parts[Index].Index, 1)) {
            UnsetParts(CoreId, Parts, Index);
            return FALSE;
        }
    }
    return TRUE;
}

BOOLEAN ConfigureSetEferSyscallHook(UINT32 CoreId)
{
    return SetParts(CoreId, SyscallParts, COUNT_OF(SyscallParts));
}

VOID ConfigureUnsetEferSyscallHook(UINT32 CoreId)
{
    UnsetParts(CoreId, SyscallParts, COUNT_OF(SyscallParts));
}

/* On each core, interrupts off. */
static VOID UpdateModeTrapOfThisCore(PVOID Context)
{
    (VOID) Context;
    if (g_GuestState[PlatformCpuCurrent()].Lifecycle == VMM_CORE_RUNNING)
        g_Backend->Vmcall(VMCALL_UPDATE_MODE_EXEC_TRAP, 0, 0, 0);
}

static BOOLEAN ChangeWatchedProcess(UINT32 ProcessId, BOOLEAN IsAdded)
{
    BOOLEAN IsDone = TRUE;

    PlatformMutexAcquire(ConfigurationLock);
    if (IsAdded)
        IsDone = ModeTrapAddProcess(ProcessId);
    else
        ModeTrapRemoveProcess(ProcessId);
    PlatformMutexRelease(ConfigurationLock);
    if (IsDone)
        PlatformCpuRunOnAll(UpdateModeTrapOfThisCore, NULL);
    return IsDone;
}

BOOLEAN ConfigureSetModeExecTrap(UINT32 CoreId, UINT32 ProcessId)
{
    if (!SetParts(CoreId, ModeParts, COUNT_OF(ModeParts)))
        return FALSE;
    if (ChangeWatchedProcess(ProcessId, TRUE))
        return TRUE;
    UnsetParts(CoreId, ModeParts, COUNT_OF(ModeParts));
    return FALSE;
}

VOID ConfigureUnsetModeExecTrap(UINT32 CoreId, UINT32 ProcessId)
{
    if (g_GuestState == NULL)
        return;
    ChangeWatchedProcess(ProcessId, FALSE);
    UnsetParts(CoreId, ModeParts, COUNT_OF(ModeParts));
}

BOOLEAN ConfigureHasModeExecTrap(VOID)
{
    return g_Backend != NULL && g_Backend->HasControl(HV_CONTROL_MODE_TRAP);
}

BOOLEAN ConfigureHasEferSyscallHook(VOID)
{
    return g_Backend != NULL && g_Backend->HasControl(HV_CONTROL_SYSCALL_HOOK);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device.c - requests from user space: one row of a table for each, checked before its function sees it.
 *
 * Context: process.
 */
#include "hyperkd/driver/Device.h"

#include "SDK/Ioctls.h"
#include "SDK/imports/VmmImports.h"
#include "hyperkd/debugger/core/Debugger.h"
#include "hyperkd/debugger/events/EventStore.h"
#include "hyperkd/debugger/halted/Snapshot.h"
#include "hyperkd/driver/Inspect.h"
#include "hyperkd/driver/Loader.h"
#include "hyperkd/driver/ScriptRequests.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformLock.h"
#include "platform/PlatformTime.h"

static PLATFORM_MUTEX *g_DeviceLock; /* one request at a time; guards loader and ticks */
static UINT64 g_DeviceLoadTicks;     /* of the last successful load */
static UINT64 g_DeviceLoadedAt;      /* TSC at its beginning */
static BOOLEAN g_DeviceIsOpen;       /* atomic */

/* --- loading ---------------------------------------------------------------------------------------------
 */

static UINT32 DeviceInitVmm(PVOID Buffer)
{
    DEBUGGER_LOAD_REQUEST *Load = Buffer;
    const UINT64 Start          = PlatformTimeTsc();

    if (Load->InterfaceVersion != HYPERDBG_INTERFACE_VERSION) {
        return DEBUGGER_ERROR_VERSION_MISMATCH;
    }
    if (!LoaderInitVmmAndDebugger()) {
        return DebuggerGetLastError();
    }
    Load->Ticks       = PlatformTimeTsc() - Start;
    g_DeviceLoadTicks = Load->Ticks;
    g_DeviceLoadedAt  = Start;
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 DeviceTerminateVmm(PVOID Buffer)
{
    DEBUGGER_LOAD_REQUEST *Load = Buffer;
    const UINT64 Start          = PlatformTimeTsc();

    if (Load->InterfaceVersion != HYPERDBG_INTERFACE_VERSION) {
        return DEBUGGER_ERROR_VERSION_MISMATCH;
    }
    LoaderUninitVmmAndDebugger();
    Load->Ticks = PlatformTimeTsc() - Start;
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

/* --- questions -------------------------------------------------------------------------------------------
 */

static UINT64 DeviceTotalExits(VOID)
{
    UINT64 Counts[HYPERDBG_EXIT_REASON_COUNT];
    UINT64 Total = 0;

    for (UINT32 CoreId = 0; CoreId < PlatformCpuCount(); CoreId++) {
        if (!VmFuncGetExitCounts(CoreId, Counts, COUNT_OF(Counts))) {
            continue;
        }
        for (UINT32 Reason = 0; Reason < COUNT_OF(Counts); Reason++) {
            Total += Counts[Reason];
        }
    }
    return Total;
}

static VOID DeviceCopyName(CHAR *To, UINT32 Size, const CHAR *From)
{
    UINT32 Length = 0;

    while (Length + 1 < Size && From[Length] != '\0') {
        To[Length] = From[Length];
        Length++;
    }
    while (Length < Size) {
        To[Length++] = '\0';
    }
}

static UINT32 DeviceQueryStatus(PVOID Buffer)
{
    *(DEBUGGER_QUERY_STATUS *)Buffer = (DEBUGGER_QUERY_STATUS){
        .InterfaceVersion = HYPERDBG_INTERFACE_VERSION,
        .IsVmmLoaded      = g_HandleInUse,
    };
    if (g_HandleInUse) {
        DEBUGGER_QUERY_STATUS *Status = Buffer;

        Status->CoreCount         = VmFuncGetCoreCount();
        Status->EventCount        = DebuggerCountEvents();
        Status->ScriptCount       = DebuggerCountScripts();
        Status->LoadTicks         = g_DeviceLoadTicks;
        Status->LoadedAt          = g_DeviceLoadedAt;
        Status->TscPerMillisecond = PlatformTimeTscPerMillisecond();
        Status->TotalExits        = DeviceTotalExits();
        DeviceCopyName(Status->Backend, sizeof(Status->Backend), VmFuncGetBackendName());
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 DeviceQueryExits(PVOID Buffer)
{
    DEBUGGER_QUERY_EXITS *Exits = Buffer;

    if (!VmFuncGetExitCounts(Exits->CoreId, Exits->Count, COUNT_OF(Exits->Count)) ||
        !VmFuncGetNmiCounts(Exits->CoreId, &Exits->Nmis)) {
        return DEBUGGER_ERROR_INVALID_CORE_ID;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

/* --- halting ---------------------------------------------------------------------------------------------
 */

static UINT32 DeviceHaltSystem(PVOID Buffer)
{
    return SnapshotTake(Buffer);
}

static UINT32 DeviceQueryCoreState(PVOID Buffer)
{
    return SnapshotQueryCore(Buffer);
}

/* --- events ----------------------------------------------------------------------------------------------
 */

static UINT32 DeviceRegisterEvent(PVOID Buffer)
{
    return ScriptRequestRegister(Buffer);
}

static UINT32 DeviceModifyEvents(PVOID Buffer)
{
    static UINT32 (*const Actions[])(UINT64 Tag) = {
        [DEBUGGER_MODIFY_EVENTS_ENABLE]  = DebuggerEnableEvent,
        [DEBUGGER_MODIFY_EVENTS_DISABLE] = DebuggerDisableEvent,
        [DEBUGGER_MODIFY_EVENTS_CLEAR]   = DebuggerClearEvent,
    };
    DEBUGGER_MODIFY_EVENTS *Modify = Buffer;
    BOOLEAN IsEnabled              = FALSE;
    UINT32 Status;

    if (Modify->TypeOfAction >= COUNT_OF(Actions)) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    if (Modify->TypeOfAction != DEBUGGER_MODIFY_EVENTS_QUERY_STATE) {
        return Actions[Modify->TypeOfAction](Modify->Tag);
    }
    Status            = DebuggerQueryEventState(Modify->Tag, &IsEnabled);
    Modify->IsEnabled = IsEnabled;
    return Status;
}

static UINT32 DeviceQueryEvent(PVOID Buffer)
{
    return DebuggerQueryEvent(Buffer);
}

/* --- the table -------------------------------------------------------------------------------------------
 */

typedef struct _DEVICE_FIELD {
    UINT16 Offset;
    UINT16 Size; /* 0: none */
} DEVICE_FIELD;

typedef struct _DEVICE_REQUEST {
    UINT32 Number;
    UINT32 Size;
    UINT32 StatusOffset;
    BOOLEAN IsWithoutVmm; /* served while the VMM is not loaded, too */
    DEVICE_FIELD Reserved[2];
    UINT32 (*Serve)(PVOID Buffer); /* returns KernelStatus */
} DEVICE_REQUEST;

#define DEVICE_STRUCTURE(Request, Type)                                                                      \
    .Number = (Request), .Size = sizeof(Type), .StatusOffset = __builtin_offsetof(Type, KernelStatus)
#define DEVICE_RESERVED(Type, Member)                                                                        \
    {                                                                                                        \
        __builtin_offsetof(Type, Member), sizeof(((Type *)0)->Member)                                        \
    }

static const DEVICE_REQUEST DeviceRequests[] = {
    {DEVICE_STRUCTURE(IOCTL_INIT_VMM, DEBUGGER_LOAD_REQUEST), .IsWithoutVmm = TRUE,
     .Reserved = {DEVICE_RESERVED(DEBUGGER_LOAD_REQUEST, Reserved),
                  DEVICE_RESERVED(DEBUGGER_LOAD_REQUEST, Reserved2)},
     .Serve    = DeviceInitVmm},
    {DEVICE_STRUCTURE(IOCTL_TERMINATE_VMM, DEBUGGER_LOAD_REQUEST),
     .Reserved = {DEVICE_RESERVED(DEBUGGER_LOAD_REQUEST, Reserved),
                  DEVICE_RESERVED(DEBUGGER_LOAD_REQUEST, Reserved2)},
     .Serve    = DeviceTerminateVmm},
    {DEVICE_STRUCTURE(IOCTL_QUERY_STATUS, DEBUGGER_QUERY_STATUS), .IsWithoutVmm = TRUE,
     .Reserved = {DEVICE_RESERVED(DEBUGGER_QUERY_STATUS, Reserved)}, .Serve = DeviceQueryStatus},
    {DEVICE_STRUCTURE(IOCTL_QUERY_EXITS, DEBUGGER_QUERY_EXITS),
     .Reserved = {DEVICE_RESERVED(DEBUGGER_QUERY_EXITS, Reserved),
                  DEVICE_RESERVED(DEBUGGER_QUERY_EXITS, Reserved2)},
     .Serve    = DeviceQueryExits},
    {DEVICE_STRUCTURE(IOCTL_HALT_SYSTEM, DEBUGGER_HALT_SYSTEM),
     .Reserved = {DEVICE_RESERVED(DEBUGGER_HALT_SYSTEM, Reserved),
                  DEVICE_RESERVED(DEBUGGER_HALT_SYSTEM, Reserved2)},
     .Serve    = DeviceHaltSystem},
    {DEVICE_STRUCTURE(IOCTL_QUERY_CORE_STATE, DEBUGGER_CORE_STATE),
     .Reserved = {DEVICE_RESERVED(DEBUGGER_CORE_STATE, Reserved)}, .Serve = DeviceQueryCoreState},
    {DEVICE_STRUCTURE(IOCTL_REGISTER_EVENT, DEBUGGER_REGISTER_EVENT),
     .Reserved = {DEVICE_RESERVED(DEBUGGER_REGISTER_EVENT, Options.Reserved),
                  DEVICE_RESERVED(DEBUGGER_REGISTER_EVENT, Reserved)},
     .Serve    = DeviceRegisterEvent},
    {DEVICE_STRUCTURE(IOCTL_MODIFY_EVENTS, DEBUGGER_MODIFY_EVENTS),
     .Reserved = {DEVICE_RESERVED(DEBUGGER_MODIFY_EVENTS, Reserved)}, .Serve = DeviceModifyEvents},
    {DEVICE_STRUCTURE(IOCTL_QUERY_EVENT, DEBUGGER_QUERY_EVENT),
     .Reserved = {DEVICE_RESERVED(DEBUGGER_QUERY_EVENT, Reserved)}, .Serve = DeviceQueryEvent},
    {DEVICE_STRUCTURE(IOCTL_READ_SCRIPT, DEBUGGER_READ_SCRIPT), .Serve = ScriptRequestRead},
    {DEVICE_STRUCTURE(IOCTL_READ_MAP, DEBUGGER_READ_MAP), .Serve = ScriptRequestReadMap},
    {DEVICE_STRUCTURE(IOCTL_QUERY_SYMBOLS, DEBUGGER_QUERY_SYMBOLS),
     .Reserved = {DEVICE_RESERVED(DEBUGGER_QUERY_SYMBOLS, Reserved)}, .Serve = InspectSymbols},
    {DEVICE_STRUCTURE(IOCTL_QUERY_ADDRESS, DEBUGGER_QUERY_ADDRESS),
     .Reserved = {DEVICE_RESERVED(DEBUGGER_QUERY_ADDRESS, Reserved)}, .Serve = InspectAddress},
    {DEVICE_STRUCTURE(IOCTL_QUERY_TRANSLATION, DEBUGGER_QUERY_TRANSLATION),
     .Reserved = {DEVICE_RESERVED(DEBUGGER_QUERY_TRANSLATION, Reserved),
                  DEVICE_RESERVED(DEBUGGER_QUERY_TRANSLATION, Reserved2)},
     .Serve    = InspectTranslation},
};

static const DEVICE_REQUEST *DeviceFindRequest(UINT32 Request)
{
    for (UINT32 Index = 0; Index < COUNT_OF(DeviceRequests); Index++) {
        if (DeviceRequests[Index].Number == Request) {
            return &DeviceRequests[Index];
        }
    }
    return NULL;
}

static BOOLEAN DeviceIsZero(const UINT8 *Bytes, UINT32 Size)
{
    UINT8 Any = 0;

    for (UINT32 Index = 0; Index < Size; Index++) {
        Any |= Bytes[Index];
    }
    return Any == 0;
}

static UINT32 DeviceServe(const DEVICE_REQUEST *Row, PVOID Buffer)
{
    if (!Row->IsWithoutVmm && !g_AllowIOCTLFromUsermode) {
        return DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    }
    for (UINT32 Index = 0; Index < COUNT_OF(Row->Reserved); Index++) {
        if (!DeviceIsZero((const UINT8 *)Buffer + Row->Reserved[Index].Offset, Row->Reserved[Index].Size)) {
            return DEBUGGER_ERROR_INVALID_REQUEST;
        }
    }
    return Row->Serve(Buffer);
}

/* --- what the platform calls -----------------------------------------------------------------------------
 */

BOOLEAN DeviceInitialize(VOID)
{
    g_DeviceLock = PlatformMutexCreate();
    return g_DeviceLock != NULL;
}

VOID DeviceUninitialize(VOID)
{
    LoaderUninitVmmAndDebugger();
    PlatformMutexDestroy(g_DeviceLock);
    g_DeviceLock = NULL;
}

BOOLEAN DeviceOpen(VOID)
{
    return !__atomic_exchange_n(&g_DeviceIsOpen, TRUE, __ATOMIC_ACQUIRE);
}

VOID DeviceClose(VOID)
{
    __atomic_store_n(&g_DeviceIsOpen, FALSE, __ATOMIC_RELEASE);
}

UINT32 DeviceRequestSize(UINT32 Request)
{
    const DEVICE_REQUEST *Row = DeviceFindRequest(Request);

    return Row != NULL ? Row->Size : 0;
}

INT32 DeviceHandleRequest(UINT32 Request, PVOID Buffer, UINT32 Size)
{
    const DEVICE_REQUEST *Row = DeviceFindRequest(Request);

    if (Row == NULL || Size != Row->Size) {
        return DEVICE_NO_SUCH_REQUEST;
    }
    PlatformMutexAcquire(g_DeviceLock);
    *(UINT32 *)((UINT8 *)Buffer + Row->StatusOffset) = DeviceServe(Row, Buffer);
    PlatformMutexRelease(g_DeviceLock);
    return 0;
}

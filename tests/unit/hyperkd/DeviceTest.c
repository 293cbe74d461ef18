/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * DeviceTest.c - every request is served when it may be, refused with a reason when not, and no garbage does
 * harm.
 *
 * Context: user space. Buffers are allocated with exactly their size, so that AddressSanitizer sees a request
 * that reaches past it.
 */
#include <stdlib.h>

#include "tests/unit/hyperkd/MockVmm.h"

#include "hyperkd/debugger/events/EventStore.h"
#include "hyperkd/debugger/events/EventTrigger.h"
#include "hyperkd/driver/Device.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformTime.h"
#include "script/engine/Engine.h"

#define SUCCESS DEBUGGER_OPERATION_WAS_SUCCESSFUL
#define PRE     VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION

typedef struct _FIELD {
    SIZE_T Offset;
    SIZE_T Size;
} FIELD;

typedef struct _REQUEST {
    const CHAR *Name;
    UINT32 Number;
    UINT32 Size;
    SIZE_T StatusOffset;
    BOOLEAN IsWithoutVmm;
    FIELD Reserved[2];
} REQUEST;

#define FIELD_OF(Type, Member)                                                                               \
    {                                                                                                        \
        offsetof(Type, Member), sizeof(((Type *)0)->Member)                                                  \
    }
#define REQUEST_OF(Number, Type) #Number, Number, sizeof(Type), offsetof(Type, KernelStatus)

static const REQUEST g_Requests[] = {
    {REQUEST_OF(IOCTL_INIT_VMM, DEBUGGER_LOAD_REQUEST),
     TRUE,
     {FIELD_OF(DEBUGGER_LOAD_REQUEST, Reserved), FIELD_OF(DEBUGGER_LOAD_REQUEST, Reserved2)}},
    {REQUEST_OF(IOCTL_TERMINATE_VMM, DEBUGGER_LOAD_REQUEST),
     FALSE,
     {FIELD_OF(DEBUGGER_LOAD_REQUEST, Reserved), FIELD_OF(DEBUGGER_LOAD_REQUEST, Reserved2)}},
    {REQUEST_OF(IOCTL_QUERY_STATUS, DEBUGGER_QUERY_STATUS),
     TRUE,
     {FIELD_OF(DEBUGGER_QUERY_STATUS, Reserved)}},
    {REQUEST_OF(IOCTL_QUERY_EXITS, DEBUGGER_QUERY_EXITS),
     FALSE,
     {FIELD_OF(DEBUGGER_QUERY_EXITS, Reserved), FIELD_OF(DEBUGGER_QUERY_EXITS, Reserved2)}},
    {REQUEST_OF(IOCTL_HALT_SYSTEM, DEBUGGER_HALT_SYSTEM),
     FALSE,
     {FIELD_OF(DEBUGGER_HALT_SYSTEM, Reserved), FIELD_OF(DEBUGGER_HALT_SYSTEM, Reserved2)}},
    {REQUEST_OF(IOCTL_QUERY_CORE_STATE, DEBUGGER_CORE_STATE),
     FALSE,
     {FIELD_OF(DEBUGGER_CORE_STATE, Reserved)}},
    {REQUEST_OF(IOCTL_REGISTER_EVENT, DEBUGGER_REGISTER_EVENT),
     FALSE,
     {FIELD_OF(DEBUGGER_REGISTER_EVENT, Options.Reserved), FIELD_OF(DEBUGGER_REGISTER_EVENT, Reserved)}},
    {REQUEST_OF(IOCTL_MODIFY_EVENTS, DEBUGGER_MODIFY_EVENTS),
     FALSE,
     {FIELD_OF(DEBUGGER_MODIFY_EVENTS, Reserved)}},
    {REQUEST_OF(IOCTL_QUERY_EVENT, DEBUGGER_QUERY_EVENT), FALSE, {FIELD_OF(DEBUGGER_QUERY_EVENT, Reserved)}},
    {REQUEST_OF(IOCTL_READ_SCRIPT, DEBUGGER_READ_SCRIPT), FALSE, {{0, 0}}},
    {REQUEST_OF(IOCTL_READ_MAP, DEBUGGER_READ_MAP), FALSE, {{0, 0}}},
    {REQUEST_OF(IOCTL_QUERY_SYMBOLS, DEBUGGER_QUERY_SYMBOLS),
     FALSE,
     {FIELD_OF(DEBUGGER_QUERY_SYMBOLS, Reserved)}},
    {REQUEST_OF(IOCTL_QUERY_ADDRESS, DEBUGGER_QUERY_ADDRESS),
     FALSE,
     {FIELD_OF(DEBUGGER_QUERY_ADDRESS, Reserved)}},
    {REQUEST_OF(IOCTL_QUERY_TRANSLATION, DEBUGGER_QUERY_TRANSLATION),
     FALSE,
     {FIELD_OF(DEBUGGER_QUERY_TRANSLATION, Reserved), FIELD_OF(DEBUGGER_QUERY_TRANSLATION, Reserved2)}},
};

static const DEBUGGER_EVENT_OPTIONS g_AnyCpuid = {
    .EventType = CPUID_INSTRUCTION_EXECUTION,
    .CoreId    = HYPERDBG_ALL_CORES,
    .ProcessId = HYPERDBG_ALL_PROCESSES,
    .Stage     = PRE,
};

static int Start(void **State)
{
    (void)State;
    MockReset();
    HostedReset();
    HostedSetCpuCount(2);
    assert_true(DeviceInitialize());
    return 0;
}

static int Finish(void **State)
{
    (void)State;
    DeviceUninitialize();
    assert_false(g_HandleInUse || g_AllowIOCTLFromUsermode || g_Mock.VmmIsUp || g_Mock.LogIsUp);
    assert_int_equal(g_Mock.ArmedExits, 0);
    assert_int_equal(g_Mock.TriggersOn, 0);
    assert_int_equal(HostedLiveAllocations(), 0);
    return 0;
}

static UINT32 Load(VOID)
{
    DEBUGGER_LOAD_REQUEST Request = {.InterfaceVersion = HYPERDBG_INTERFACE_VERSION};

    assert_int_equal(DeviceHandleRequest(IOCTL_INIT_VMM, &Request, sizeof(Request)), 0);
    return Request.KernelStatus;
}

static UINT32 Unload(VOID)
{
    DEBUGGER_LOAD_REQUEST Request = {.InterfaceVersion = HYPERDBG_INTERFACE_VERSION};

    assert_int_equal(DeviceHandleRequest(IOCTL_TERMINATE_VMM, &Request, sizeof(Request)), 0);
    return Request.KernelStatus;
}

static DEBUGGER_QUERY_STATUS QueryStatus(VOID)
{
    DEBUGGER_QUERY_STATUS Status;

    memset(&Status, 0xFF, sizeof(Status));
    memset(Status.Reserved, 0, sizeof(Status.Reserved));
    assert_int_equal(DeviceHandleRequest(IOCTL_QUERY_STATUS, &Status, sizeof(Status)), 0);
    assert_int_equal(Status.KernelStatus, SUCCESS);
    return Status;
}

static UINT64 SetEvent(VOID)
{
    DEBUGGER_REGISTER_EVENT Request = {.Options = g_AnyCpuid};

    assert_int_equal(DeviceHandleRequest(IOCTL_REGISTER_EVENT, &Request, sizeof(Request)), 0);
    assert_int_equal(Request.KernelStatus, SUCCESS);
    return Request.Tag;
}

static UINT32 Modify(UINT64 Tag, UINT32 Action, UINT32 *IsEnabled)
{
    DEBUGGER_MODIFY_EVENTS Request = {.Tag = Tag, .TypeOfAction = Action, .IsEnabled = 7};

    assert_int_equal(DeviceHandleRequest(IOCTL_MODIFY_EVENTS, &Request, sizeof(Request)), 0);
    *IsEnabled = Request.IsEnabled;
    return Request.KernelStatus;
}

/* Zeroes in, KernelStatus out. */
static UINT32 SendZeroes(const REQUEST *Request)
{
    UINT8 *Buffer = calloc(1, Request->Size);
    UINT32 Status;

    assert_int_equal(DeviceHandleRequest(Request->Number, Buffer, Request->Size), 0);
    memcpy(&Status, Buffer + Request->StatusOffset, sizeof(Status));
    free(Buffer);
    return Status;
}

/* --- numbers and sizes -----------------------------------------------------------------------------------
 */

static void EveryRequestHasTheSizeThatItsNumberSays(void **State)
{
    (void)State;
    for (UINT32 Index = 0; Index < COUNT_OF(g_Requests); Index++) {
        assert_int_equal(DeviceRequestSize(g_Requests[Index].Number), g_Requests[Index].Size);
        assert_int_equal((g_Requests[Index].Number >> 16) & 0x3FFF, g_Requests[Index].Size);
    }
}

static BOOLEAN IsRequest(UINT32 Number)
{
    for (UINT32 Index = 0; Index < COUNT_OF(g_Requests); Index++) {
        if (g_Requests[Index].Number == Number) {
            return TRUE;
        }
    }
    return FALSE;
}

static void AnyOtherNumberIsNoRequest(void **State)
{
    (void)State;
    for (UINT32 Index = 0; Index < COUNT_OF(g_Requests); Index++) {
        for (UINT32 Bits = 1; Bits < 0x10000; Bits++) {
            assert_true(IsRequest(g_Requests[Index].Number ^ Bits) ==
                        (DeviceRequestSize(g_Requests[Index].Number ^ Bits) != 0));
            assert_true(IsRequest(g_Requests[Index].Number ^ Bits << 16) ==
                        (DeviceRequestSize(g_Requests[Index].Number ^ Bits << 16) != 0));
        }
    }
    assert_int_equal(DeviceRequestSize(0), 0);
    assert_int_equal(DeviceRequestSize(0xFFFFFFFF), 0);
}

static void ARequestOfAnotherSizeIsNotTouched(void **State)
{
    (void)State;
    assert_int_equal(Load(), SUCCESS);
    g_Mock.Trace[0] = '\0';
    for (UINT32 Index = 0; Index < COUNT_OF(g_Requests); Index++) {
        for (UINT32 Size = 0; Size <= g_Requests[Index].Size + 16; Size++) {
            UINT8 *Buffer, *Before;

            if (Size == g_Requests[Index].Size) {
                continue;
            }
            Buffer = malloc(Size ? Size : 1);
            Before = malloc(Size ? Size : 1);
            memset(Buffer, 0xA5, Size);
            memset(Before, 0xA5, Size);
            assert_int_equal(DeviceHandleRequest(g_Requests[Index].Number, Buffer, Size),
                             DEVICE_NO_SUCH_REQUEST);
            assert_memory_equal(Buffer, Before, Size);
            free(Buffer);
            free(Before);
        }
    }
    MockExpectTrace("");
}

static void ARequestWithoutANumberIsNotTouched(void **State)
{
    UINT8 Buffer[64], Before[64];

    (void)State;
    memset(Buffer, 0xA5, sizeof(Buffer));
    memset(Before, 0xA5, sizeof(Before));
    assert_int_equal(DeviceHandleRequest(0, Buffer, sizeof(Buffer)), DEVICE_NO_SUCH_REQUEST);
    assert_int_equal(DeviceHandleRequest(0xC0404804, Buffer, sizeof(Buffer)), DEVICE_NO_SUCH_REQUEST);
    assert_memory_equal(Buffer, Before, sizeof(Buffer));
}

/* --- the door and reserved fields ------------------------------------------------------------------------
 */

static void WithoutVmmOnlyLoadAndStatusAreServed(void **State)
{
    (void)State;
    for (UINT32 Round = 0; Round < 2; Round++) {
        for (UINT32 Index = 0; Index < COUNT_OF(g_Requests); Index++) {
            const UINT32 Status = SendZeroes(&g_Requests[Index]);

            if ((Status == DEBUGGER_ERROR_VMM_NOT_INITIALIZED) == g_Requests[Index].IsWithoutVmm) {
                fail_msg("%s: status %x", g_Requests[Index].Name, Status);
            }
        }
        /* and again after a load that failed */
        g_Mock.VmmFails = TRUE;
        assert_int_equal(Load(), DEBUGGER_ERROR_VMLAUNCH_FAILED);
    }
}

static void EveryReservedByteMustBeZero(void **State)
{
    UINT32 Checked = 0;

    (void)State;
    assert_int_equal(Load(), SUCCESS);
    g_Mock.Trace[0] = '\0';
    for (UINT32 Index = 0; Index < COUNT_OF(g_Requests); Index++) {
        const REQUEST *Request = &g_Requests[Index];

        for (UINT32 Field = 0; Field < COUNT_OF(Request->Reserved); Field++) {
            for (SIZE_T Byte = 0; Byte < Request->Reserved[Field].Size; Byte++) {
                UINT8 *Buffer = calloc(1, Request->Size);
                UINT32 Status;

                Buffer[Request->Reserved[Field].Offset + Byte] = 0x80;
                assert_int_equal(DeviceHandleRequest(Request->Number, Buffer, Request->Size), 0);
                memcpy(&Status, Buffer + Request->StatusOffset, sizeof(Status));
                assert_int_equal(Status, DEBUGGER_ERROR_INVALID_REQUEST);
                free(Buffer);
                Checked++;
            }
        }
    }
    assert_int_equal(Checked, 8 + 4 + 8 + 8 + 8 + 8 + 10 + 4 + 4 + 4 + 4 + 8);
    MockExpectTrace("");
}

/* --- loading ---------------------------------------------------------------------------------------------
 */

static void ALoadIsMeasuredAndStatusTellsIt(void **State)
{
    DEBUGGER_LOAD_REQUEST Request = {.InterfaceVersion = HYPERDBG_INTERFACE_VERSION};
    DEBUGGER_QUERY_STATUS Status;
    const UINT64 Before = PlatformTimeTsc();

    (void)State;
    assert_int_equal(DeviceHandleRequest(IOCTL_INIT_VMM, &Request, sizeof(Request)), 0);
    assert_int_equal(Request.KernelStatus, SUCCESS);
    assert_true(Request.Ticks > 0);
    SetEvent();
    Status = QueryStatus();
    assert_int_equal(Status.InterfaceVersion, HYPERDBG_INTERFACE_VERSION);
    assert_int_equal(Status.IsVmmLoaded, 1);
    assert_int_equal(Status.CoreCount, 2);
    assert_int_equal(Status.EventCount, 1);
    assert_int_equal(Status.LoadTicks, Request.Ticks);
    assert_true(Status.LoadedAt >= Before && Status.LoadedAt + Status.LoadTicks <= PlatformTimeTsc());
    assert_int_equal(Status.TscPerMillisecond, PlatformTimeTscPerMillisecond());
    assert_int_equal(Status.TotalExits, HYPERDBG_EXIT_REASON_COUNT * (1 + 2));
    assert_memory_equal(Status.Backend, "VT-x\0\0\0", 8);
}

static void WithoutVmmStatusSaysSoAndNothingElse(void **State)
{
    (void)State;
    for (UINT32 Round = 0; Round < 2; Round++) {
        const DEBUGGER_QUERY_STATUS Status   = QueryStatus();
        const DEBUGGER_QUERY_STATUS Expected = {.InterfaceVersion = HYPERDBG_INTERFACE_VERSION,
                                                .KernelStatus     = SUCCESS};

        assert_memory_equal(&Status, &Expected, sizeof(Status));
        assert_int_equal(Load(), SUCCESS);
        assert_int_equal(Unload(), SUCCESS);
    }
}

static void ToolAndModulesMustBeOfOneVersion(void **State)
{
    DEBUGGER_LOAD_REQUEST Request = {.InterfaceVersion = HYPERDBG_INTERFACE_VERSION + 1};

    (void)State;
    assert_int_equal(DeviceHandleRequest(IOCTL_INIT_VMM, &Request, sizeof(Request)), 0);
    assert_int_equal(Request.KernelStatus, DEBUGGER_ERROR_VERSION_MISMATCH);
    MockExpectTrace("");
    assert_int_equal(Load(), SUCCESS);
    assert_int_equal(DeviceHandleRequest(IOCTL_TERMINATE_VMM, &Request, sizeof(Request)), 0);
    assert_int_equal(Request.KernelStatus, DEBUGGER_ERROR_VERSION_MISMATCH);
    assert_true(g_Mock.VmmIsUp);
}

static void TheReasonOfAFailedLoadReachesTheUser(void **State)
{
    (void)State;
    g_Mock.VmmFails = TRUE;
    g_Mock.VmmError = DEBUGGER_ERROR_VMX_DISABLED_BY_FIRMWARE;
    assert_int_equal(Load(), DEBUGGER_ERROR_VMX_DISABLED_BY_FIRMWARE);
    g_Mock.VmmFails = FALSE;
    assert_int_equal(Load(), SUCCESS);
    assert_int_equal(Load(), DEBUGGER_ERROR_VMM_ALREADY_INITIALIZED);
    assert_int_equal(Unload(), SUCCESS);
    assert_int_equal(Unload(), DEBUGGER_ERROR_VMM_NOT_INITIALIZED);
}

static void EachAllocationOfALoadMayFail(void **State)
{
    UINT32 Failures = 0;
    UINT32 Status;

    (void)State;
    for (UINT32 Nth = 1;; Nth++) {
        HostedFailAllocation(Nth);
        Status = Load();
        if (Status == SUCCESS) {
            break;
        }
        assert_int_equal(Status, DEBUGGER_ERROR_OUT_OF_MEMORY);
        assert_int_equal(HostedLiveAllocations(), 1); /* the device's own lock */
        Failures++;
    }
    assert_false(HostedAllocationHasFailed());
    assert_int_equal(Failures, 4);
}

static void ADeviceWithoutMemoryDoesNotStart(void **State)
{
    (void)State;
    DeviceUninitialize();
    HostedFailAllocation(1);
    assert_false(DeviceInitialize());
    assert_int_equal(HostedLiveAllocations(), 0);
    assert_true(DeviceInitialize());
}

static void TheEndOfTheDeviceUnloadsTheVmm(void **State)
{
    (void)State;
    assert_int_equal(Load(), SUCCESS);
    SetEvent();
    g_Mock.Trace[0] = '\0';
    DeviceUninitialize();
    MockExpectTrace("cpuids=0 VmFuncUninitVmm LogUnInitialize ");
    assert_true(DeviceInitialize());
}

/* --- exits and events ------------------------------------------------------------------------------------
 */

static void ExitsAreToldOfEachCoreAndOfNoOther(void **State)
{
    DEBUGGER_QUERY_EXITS Exits = {.CoreId = 1};

    (void)State;
    assert_int_equal(Load(), SUCCESS);
    assert_int_equal(DeviceHandleRequest(IOCTL_QUERY_EXITS, &Exits, sizeof(Exits)), 0);
    assert_int_equal(Exits.KernelStatus, SUCCESS);
    for (UINT32 Reason = 0; Reason < HYPERDBG_EXIT_REASON_COUNT; Reason++) {
        assert_int_equal(Exits.Count[Reason], 2);
    }
    assert_int_equal(Exits.Nmis.InGuest, 20);
    assert_int_equal(Exits.Nmis.InRoot, 40);
    assert_int_equal(Exits.Nmis.Broadcast, 60);
    assert_int_equal(Exits.Nmis.Injected, 80);
    Exits.CoreId = 2;
    assert_int_equal(DeviceHandleRequest(IOCTL_QUERY_EXITS, &Exits, sizeof(Exits)), 0);
    assert_int_equal(Exits.KernelStatus, DEBUGGER_ERROR_INVALID_CORE_ID);
    Exits.CoreId = 0xFFFFFFFF;
    assert_int_equal(DeviceHandleRequest(IOCTL_QUERY_EXITS, &Exits, sizeof(Exits)), 0);
    assert_int_equal(Exits.KernelStatus, DEBUGGER_ERROR_INVALID_CORE_ID);
}

/* --- looking at the kernel -------------------------------------------------------------------------------
 */

static DEBUGGER_QUERY_SYMBOLS FindSymbols(const CHAR *Module, const CHAR *Pattern, UINT32 Skip)
{
    DEBUGGER_QUERY_SYMBOLS Query;

    memset(&Query, 0xFF, sizeof(Query));
    Query.Reserved = 0;
    Query.Skip     = Skip;
    strcpy(Query.Module, Module);
    strcpy(Query.Pattern, Pattern);
    assert_int_equal(DeviceHandleRequest(IOCTL_QUERY_SYMBOLS, &Query, sizeof(Query)), 0);
    assert_int_equal(Query.KernelStatus, SUCCESS);
    return Query;
}

static void SymbolsAreFoundByNamePatternAndModule(void **State)
{
    DEBUGGER_QUERY_SYMBOLS Query;

    (void)State;
    assert_int_equal(Load(), SUCCESS);
    Query = FindSymbols("", "do_sys_openat2", 0);
    assert_true(Query.Total == 1 && Query.Count == 1);
    assert_int_equal(Query.Symbol[0].Address, 0xFFFFFFFF81200080);
    assert_string_equal(Query.Symbol[0].Name, "do_sys_openat2");
    assert_string_equal(Query.Symbol[0].Module, "kernel");
    Query = FindSymbols("", "*open*", 0);
    assert_true(Query.Total == 3 && Query.Count == 3);
    Query = FindSymbols("", "*open*", 2);
    assert_true(Query.Total == 3 && Query.Count == 1);
    assert_string_equal(Query.Symbol[0].Name, "other_open");
    assert_string_equal(Query.Symbol[0].Module, "other");
    Query = FindSymbols("other", "twice", 0);
    assert_true(Query.Total == 1 && Query.Symbol[0].Address == 0xFFFFFFFFC0000000);
    Query = FindSymbols("", "nothing", 0);
    assert_true(Query.Total == 0 && Query.Count == 0);
}

static void ANameWithoutAnEndIsNone(void **State)
{
    DEBUGGER_QUERY_SYMBOLS Query = {.Pattern = "*"};

    (void)State;
    assert_int_equal(Load(), SUCCESS);
    memset(Query.Module, 'x', sizeof(Query.Module));
    assert_int_equal(DeviceHandleRequest(IOCTL_QUERY_SYMBOLS, &Query, sizeof(Query)), 0);
    assert_int_equal(Query.KernelStatus, DEBUGGER_ERROR_INVALID_REQUEST);
    memset(&Query, 0, sizeof(Query));
    memset(Query.Pattern, '*', sizeof(Query.Pattern));
    assert_int_equal(DeviceHandleRequest(IOCTL_QUERY_SYMBOLS, &Query, sizeof(Query)), 0);
    assert_int_equal(Query.KernelStatus, DEBUGGER_ERROR_INVALID_REQUEST);
}

static void AnAddressIsToldTheSymbolThatItBelongsTo(void **State)
{
    DEBUGGER_QUERY_ADDRESS Query = {.Address = 0xFFFFFFFF81200081};

    (void)State;
    assert_int_equal(Load(), SUCCESS);
    assert_int_equal(DeviceHandleRequest(IOCTL_QUERY_ADDRESS, &Query, sizeof(Query)), 0);
    assert_int_equal(Query.KernelStatus, SUCCESS);
    assert_string_equal(Query.Symbol.Name, "do_sys_openat2");
    assert_int_equal(Query.Symbol.Address, 0xFFFFFFFF81200080);
    assert_int_equal(Query.Symbol.Size, 0x100);
    Query.Address = 0xFFFFFFFF81200180;
    assert_int_equal(DeviceHandleRequest(IOCTL_QUERY_ADDRESS, &Query, sizeof(Query)), 0);
    assert_int_equal(Query.KernelStatus, DEBUGGER_ERROR_SYMBOL_NOT_FOUND);
    assert_string_equal(Query.Symbol.Name, "");
}

static DEBUGGER_QUERY_TRANSLATION Translate(UINT64 Address, UINT32 ProcessId, UINT32 IsPhysical)
{
    DEBUGGER_QUERY_TRANSLATION Query = {
        .Address = Address, .ProcessId = ProcessId, .IsPhysical = IsPhysical, .Count = 77};

    assert_int_equal(DeviceHandleRequest(IOCTL_QUERY_TRANSLATION, &Query, sizeof(Query)), 0);
    return Query;
}

static void AnAddressIsTranslatedThroughItsPageTables(void **State)
{
    UINT8 *Page           = PlatformMemoryAllocatePages(1);
    const UINT64 Physical = PlatformMemoryVirtualToPhysical(Page) + 0x123;
    DEBUGGER_QUERY_TRANSLATION Query;

    (void)State;
    assert_int_equal(Load(), SUCCESS);
    Query = Translate(HOSTED_DIRECT_MAP + Physical, HYPERDBG_ALL_PROCESSES, 0);
    assert_int_equal(Query.KernelStatus, SUCCESS);
    assert_int_equal(Query.Result, Physical);
    assert_true(Query.Count == 4 && Query.TopLevel == 4 && Query.PageShift == 12);
    assert_int_equal(Query.Entry[3].Value & ~0xFFFull, Physical & ~0xFFFull);
    Query = Translate(0x1000, HOSTED_WALKED_PROCESS, 0);
    assert_int_equal(Query.KernelStatus, SUCCESS);
    assert_true(Query.Count == 1 && Query.PageShift == 0 && Query.Result == 0);
    assert_int_equal(Translate(0x1000, HOSTED_WALKED_PROCESS + 1, 0).KernelStatus,
                     DEBUGGER_ERROR_NO_PAGE_TABLES);
    assert_int_equal(Translate(1ull << 47, HYPERDBG_ALL_PROCESSES, 0).KernelStatus,
                     DEBUGGER_ERROR_NO_PAGE_TABLES);
    Query = Translate(Physical, HYPERDBG_ALL_PROCESSES, 1);
    assert_int_equal(Query.KernelStatus, SUCCESS);
    assert_true(Query.Result == (UINTPTR)Page + 0x123 && Query.Count == 0);
    assert_int_equal(Translate(0xFEE00000, HYPERDBG_ALL_PROCESSES, 1).PageShift, 0);
    assert_int_equal(Translate(0, 0, 2).KernelStatus, DEBUGGER_ERROR_INVALID_REQUEST);
    PlatformMemoryFreePages(Page, 1);
}

static void AnEventIsSetListedChangedAndCleared(void **State)
{
    DEBUGGER_QUERY_EVENT Query = {.Tag = 0};
    UINT32 IsEnabled;
    UINT64 Tag;

    (void)State;
    assert_int_equal(Load(), SUCCESS);
    Tag = SetEvent();
    assert_int_equal(Tag, HYPERDBG_EVENT_TAG_START);
    assert_int_equal(DeviceHandleRequest(IOCTL_QUERY_EVENT, &Query, sizeof(Query)), 0);
    assert_int_equal(Query.KernelStatus, SUCCESS);
    assert_int_equal(Query.Tag, Tag);
    assert_memory_equal(&Query.Options, &g_AnyCpuid, sizeof(g_AnyCpuid));
    assert_int_equal(Query.IsEnabled, 1);
    assert_int_equal(Modify(Tag, DEBUGGER_MODIFY_EVENTS_DISABLE, &IsEnabled), SUCCESS);
    assert_int_equal(Modify(Tag, DEBUGGER_MODIFY_EVENTS_QUERY_STATE, &IsEnabled), SUCCESS);
    assert_int_equal(IsEnabled, 0);
    assert_int_equal(Modify(Tag, DEBUGGER_MODIFY_EVENTS_ENABLE, &IsEnabled), SUCCESS);
    assert_int_equal(Modify(Tag, DEBUGGER_MODIFY_EVENTS_QUERY_STATE, &IsEnabled), SUCCESS);
    assert_int_equal(IsEnabled, 1);
    assert_int_equal(Modify(Tag, DEBUGGER_MODIFY_EVENTS_CLEAR, &IsEnabled), SUCCESS);
    assert_int_equal(Modify(Tag, DEBUGGER_MODIFY_EVENTS_QUERY_STATE, &IsEnabled),
                     DEBUGGER_ERROR_TAG_NOT_FOUND);
    assert_int_equal(DeviceHandleRequest(IOCTL_QUERY_EVENT, &Query, sizeof(Query)), 0);
    assert_int_equal(Query.KernelStatus, DEBUGGER_ERROR_TAG_NOT_FOUND);
}

static void ABadSettingReachesTheUserAsItsError(void **State)
{
    DEBUGGER_REGISTER_EVENT Request = {.Options = g_AnyCpuid};

    (void)State;
    assert_int_equal(Load(), SUCCESS);
    Request.Options.Stage = 9;
    assert_int_equal(DeviceHandleRequest(IOCTL_REGISTER_EVENT, &Request, sizeof(Request)), 0);
    assert_int_equal(Request.KernelStatus, DEBUGGER_ERROR_INVALID_STAGE);
    assert_int_equal(Request.Tag, 0);
    assert_int_equal(QueryStatus().EventCount, 0);
}

static void AnActionThatDoesNotExistIsRefused(void **State)
{
    UINT32 IsEnabled;
    UINT64 Tag;

    (void)State;
    assert_int_equal(Load(), SUCCESS);
    Tag = SetEvent();
    assert_int_equal(Modify(Tag, DEBUGGER_MODIFY_EVENTS_CLEAR + 1, &IsEnabled),
                     DEBUGGER_ERROR_INVALID_REQUEST);
    assert_int_equal(Modify(Tag, 0xFFFFFFFF, &IsEnabled), DEBUGGER_ERROR_INVALID_REQUEST);
    assert_int_equal(QueryStatus().EventCount, 1);
}

/* --- opening ---------------------------------------------------------------------------------------------
 */

static void OneOpenerAtATimeAndTheNextFindsEverythingAsItWas(void **State)
{
    (void)State;
    assert_true(DeviceOpen());
    assert_false(DeviceOpen());
    assert_int_equal(Load(), SUCCESS);
    SetEvent();
    DeviceClose();
    assert_true(DeviceOpen());
    assert_false(DeviceOpen());
    assert_int_equal(QueryStatus().IsVmmLoaded, 1);
    assert_int_equal(QueryStatus().EventCount, 1);
    assert_non_null(EventFirstArmed(CPUID_INSTRUCTION_EXECUTION));
    DeviceClose();
}

/* --- garbage ---------------------------------------------------------------------------------------------
 */

#define GARBAGE_ROUNDS 30000

static UINT32 Random(VOID)
{
    static UINT64 Seed = 88172645463325252ull;

    Seed ^= Seed << 13;
    Seed ^= Seed >> 7;
    Seed ^= Seed << 17;
    return (UINT32)(Seed >> 16);
}

static UINT32 RandomWord(VOID)
{
    static const UINT32 Likely[] = {0, 0,          0,          0,  1,  1,  2,         3,
                                    4, 0xFFFFFFFF, 0xFFFFFFFF, 11, 12, 13, 0x01000000};
    const UINT32 Which           = Random() % (COUNT_OF(Likely) + 2);

    if (Which < COUNT_OF(Likely)) {
        return Likely[Which];
    }
    return Which == COUNT_OF(Likely) ? Random() : HYPERDBG_EVENT_TAG_START + Random() % 64;
}

static BOOLEAN IsKnownStatus(UINT32 Status)
{
#define IS_STATUS(Name, Value, Text) || Status == Value
    return Status == SUCCESS DEBUGGER_ERROR_LIST(IS_STATUS);
#undef IS_STATUS
}

/* --- scripts --- */

static SCRIPT_COMPILATION g_Program;
static UINT64 g_Memory[1024]; /* what requests may fill */

/* The number of an event that has a program; 0: there is none. */
static UINT64 FindScript(VOID)
{
    DEBUGGER_QUERY_EVENT Query = {0};

    while (g_Mock.VmmIsUp && DebuggerQueryEvent(&Query) == SUCCESS) {
        if (Query.HasScript) {
            return Query.Tag;
        }
        Query.Tag++;
    }
    return 0;
}

/* An address that is good or not there: any other might be good too, and somebody else's. */
static UINT64 SomeAddress(const VOID *Good)
{
    return Random() % 4 != 0 ? (UINT64)(UINTPTR)Good : Random() % 0x10000;
}

/* What no garbage may change. */
static VOID FillAddress(const REQUEST *Request, UINT8 *Buffer)
{
    if (Request->Number == IOCTL_REGISTER_EVENT) {
        ((DEBUGGER_REGISTER_EVENT *)Buffer)->Script =
            ((DEBUGGER_REGISTER_EVENT *)Buffer)->ScriptSize != 0 ? SomeAddress(g_Program.Program) : 0;
    } else if (Request->Number == IOCTL_READ_SCRIPT) {
        ((DEBUGGER_READ_SCRIPT *)Buffer)->Buffer = SomeAddress(g_Memory);
    } else if (Request->Number == IOCTL_READ_MAP) {
        ((DEBUGGER_READ_MAP *)Buffer)->Buffer = SomeAddress(g_Memory);
    }
}

/* --- garbage --- */

static VOID FillRegister(DEBUGGER_REGISTER_EVENT *Register)
{
    Register->Options    = g_AnyCpuid;
    Register->ScriptSize = Random() % 2 == 0 ? g_Program.Program->Size : 0;
}

/* Something that could be served, for garbage to spoil. */
static VOID FillSensibly(const REQUEST *Request, UINT8 *Buffer)
{
    const UINT32 Version = HYPERDBG_INTERFACE_VERSION;
    const UINT64 Tag     = HYPERDBG_EVENT_TAG_START;
    const UINT64 Address = 0xFFFFFFFF81200000;

    memset(Buffer, 0, Request->Size);
    if (Request->Number == IOCTL_INIT_VMM || (Request->Number == IOCTL_TERMINATE_VMM && Random() % 8 == 0)) {
        memcpy(Buffer, &Version, sizeof(Version));
    } else if (Request->Number == IOCTL_REGISTER_EVENT) {
        FillRegister((DEBUGGER_REGISTER_EVENT *)Buffer);
    } else if (Request->Number == IOCTL_READ_SCRIPT) {
        *(DEBUGGER_READ_SCRIPT *)Buffer = (DEBUGGER_READ_SCRIPT){FindScript(), 0, sizeof(g_Memory), 0};
    } else if (Request->Number == IOCTL_READ_MAP) {
        *(DEBUGGER_READ_MAP *)Buffer = (DEBUGGER_READ_MAP){.Tag = FindScript(), .Size = sizeof(g_Memory)};
    } else if (Request->Number == IOCTL_MODIFY_EVENTS) {
        memcpy(Buffer, &Tag, sizeof(Tag));
    } else if (Request->Number == IOCTL_QUERY_ADDRESS) {
        memcpy(Buffer, &Address, sizeof(Address));
    }
}

/* Garbage that is a valid time would be waited for. */
static VOID LimitHold(UINT8 *Buffer)
{
    UINT64 HoldTicks;

    memcpy(&HoldTicks, Buffer, sizeof(HoldTicks));
    HoldTicks &= ~(HYPERDBG_MAX_HOLD_TICKS - 0x10000);
    memcpy(Buffer, &HoldTicks, sizeof(HoldTicks));
}

static VOID NobodyIsThere(UINT32 CoreId)
{
    (void)CoreId;
}

static UINT32 SendGarbage(const REQUEST *Request)
{
    const UINT32 OneIn = 1 + Random() % 16; /* 1: nothing but garbage */
    UINT8 *Buffer      = malloc(Request->Size);
    UINT32 Status;

    FillSensibly(Request, Buffer);
    for (SIZE_T Offset = 0; Offset < Request->Size; Offset += sizeof(UINT32)) {
        const UINT32 Word = RandomWord();

        if (Random() % OneIn == 0) {
            memcpy(Buffer + Offset, &Word, sizeof(Word));
        }
    }
    FillAddress(Request, Buffer);
    if (Request->Number == IOCTL_HALT_SYSTEM) {
        LimitHold(Buffer);
    }
    assert_int_equal(DeviceHandleRequest(Request->Number, Buffer, Request->Size), 0);
    memcpy(&Status, Buffer + Request->StatusOffset, sizeof(Status));
    free(Buffer);
    return Status;
}

static void GarbageGetsAnAnswerAndDoesNoHarm(void **State)
{
    UINT32 Served[COUNT_OF(g_Requests)] = {0}, Refused[COUNT_OF(g_Requests)] = {0};

    (void)State;
    g_Mock.IsQuiet         = TRUE;
    g_Mock.OnBroadcast     = NobodyIsThere;
    g_Mock.IsNotRunning[1] = TRUE;
    assert_true(ScriptCompile(NULL, "test", "n[1]++;", 7, &g_Program));
    for (UINT32 Round = 0; Round < GARBAGE_ROUNDS; Round++) {
        const UINT32 Which = Random() % COUNT_OF(g_Requests);
        UINT32 Status;

        g_Mock.VmmFails = Random() % 8 == 0;
        g_Mock.ArmFails = Random() % 8 == 0;
        HostedFailAllocation(Random() % 16 == 0 ? 1 + Random() % 3 : 0);
        if (!g_Mock.VmmIsUp && Random() % 16 == 0) {
            Load();
        }
        Status = SendGarbage(&g_Requests[Which]);
        if (!IsKnownStatus(Status)) {
            fail_msg("%s: status %x", g_Requests[Which].Name, Status);
        }
        (Status == SUCCESS ? Served : Refused)[Which]++;
        assert_int_equal(g_HandleInUse, g_Mock.VmmIsUp);
        assert_int_equal(g_AllowIOCTLFromUsermode, g_Mock.VmmIsUp);
    }
    for (UINT32 Index = 0; Index < COUNT_OF(g_Requests); Index++) {
        if (Served[Index] < 10 || Refused[Index] < 10) {
            fail_msg("%s: %u served, %u refused", g_Requests[Index].Name, Served[Index], Refused[Index]);
        }
    }
    ScriptCompilationFree(&g_Program);
}

#define TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, Finish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(EveryRequestHasTheSizeThatItsNumberSays),
        TEST(AnyOtherNumberIsNoRequest),
        TEST(ARequestOfAnotherSizeIsNotTouched),
        TEST(ARequestWithoutANumberIsNotTouched),
        TEST(WithoutVmmOnlyLoadAndStatusAreServed),
        TEST(EveryReservedByteMustBeZero),
        TEST(ALoadIsMeasuredAndStatusTellsIt),
        TEST(WithoutVmmStatusSaysSoAndNothingElse),
        TEST(ToolAndModulesMustBeOfOneVersion),
        TEST(TheReasonOfAFailedLoadReachesTheUser),
        TEST(EachAllocationOfALoadMayFail),
        TEST(ADeviceWithoutMemoryDoesNotStart),
        TEST(TheEndOfTheDeviceUnloadsTheVmm),
        TEST(ExitsAreToldOfEachCoreAndOfNoOther),
        TEST(SymbolsAreFoundByNamePatternAndModule),
        TEST(ANameWithoutAnEndIsNone),
        TEST(AnAddressIsToldTheSymbolThatItBelongsTo),
        TEST(AnAddressIsTranslatedThroughItsPageTables),
        TEST(AnEventIsSetListedChangedAndCleared),
        TEST(ABadSettingReachesTheUserAsItsError),
        TEST(AnActionThatDoesNotExistIsRefused),
        TEST(OneOpenerAtATimeAndTheNextFindsEverythingAsItWas),
        TEST(GarbageGetsAnAnswerAndDoesNoHarm),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

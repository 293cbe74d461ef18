// SPDX-License-Identifier: GPL-2.0-only
/*
 * EventArming.c - what each type of event asks of the VMM: one row of a table for each type.
 *
 * Context: process.
 */
#include "hyperkd/debugger/events/EventArming.h"

#include "SDK/imports/VmmImports.h"
#include "platform/PlatformCpu.h"

typedef struct _EVENT_TYPE_OPERATIONS {
    /* Its own parameters, OptionalParam1 to 4; the rest is the same for all types. */
    UINT32 (*Validate)(const DEBUGGER_EVENT_OPTIONS *Options);
    /* Whether the VMM reports exits of this type at all. */
    VOID (*SetTrigger)(BOOLEAN Set);
    /* For each event, as EventArmExits and EventDisarmExits. NULL: such exits cannot be turned off, so
     * nothing is to be turned on. */
    UINT32 (*Arm)(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options);
    VOID (*Disarm)(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options);
} EVENT_TYPE_OPERATIONS;

/* Both sides say "all cores" with the same number, so that CoreId passes through. */
STATIC_ASSERT(HYPERDBG_ALL_CORES == VMM_ALL_CORES);

/* --- parameters ------------------------------------------------------------------------------------------
 */

/* What a type gives no meaning to must be zero: a later version may give it one. */
static UINT32 EventValidateOneParam(const DEBUGGER_EVENT_OPTIONS *Options, UINT64 Limit)
{
    if (Options->OptionalParam2 != 0 || Options->OptionalParam3 != 0 || Options->OptionalParam4 != 0) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    if (Options->OptionalParam1 > (Options->HasOptionalParam1 ? Limit : 0)) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 EventValidateCpuid(const DEBUGGER_EVENT_OPTIONS *Options)
{
    return EventValidateOneParam(Options, 0xFFFFFFFF);
}

/* The highest number is no MSR: to the VMM it says "all". */
static UINT32 EventValidateMsr(const DEBUGGER_EVENT_OPTIONS *Options)
{
    return EventValidateOneParam(Options, VMM_ALL_MSRS - 1);
}

static BOOLEAN EventIsOfKernel(UINT64 Address)
{
    return Address >> 63 != 0;
}

/* An address of user space means something in one process only. */
static UINT32 EventValidateAddress(const DEBUGGER_EVENT_OPTIONS *Options)
{
    if (!EventIsOfKernel(Options->OptionalParam1) && Options->ProcessId == HYPERDBG_ALL_PROCESSES) {
        return DEBUGGER_ERROR_ADDRESS_NEEDS_PROCESS;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 EventValidateHook(const DEBUGGER_EVENT_OPTIONS *Options)
{
    if (!Options->HasOptionalParam1) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    if (Options->OptionalParam2 != 0 || Options->OptionalParam3 != 0 || Options->OptionalParam4 != 0) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    return EventValidateAddress(Options);
}

/* The range may end with the last byte of all. */
static UINT32 EventValidateMonitor(const DEBUGGER_EVENT_OPTIONS *Options)
{
    const UINT64 First = Options->OptionalParam1, Length = Options->OptionalParam2;

    if (!Options->HasOptionalParam1 || Options->OptionalParam3 > 1 || Options->OptionalParam4 != 0) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    if (Length == 0 || First + Length < First) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    return Options->OptionalParam3 ? DEBUGGER_OPERATION_WAS_SUCCESSFUL : EventValidateAddress(Options);
}

/* --- exits -----------------------------------------------------------------------------------------------
 */

static UINT32 EventMsr(const DEBUGGER_EVENT_OPTIONS *Options)
{
    return Options->HasOptionalParam1 ? (UINT32)Options->OptionalParam1 : VMM_ALL_MSRS;
}

static UINT32 EventStatusOfCore(BOOLEAN IsArmed)
{
    return IsArmed ? DEBUGGER_OPERATION_WAS_SUCCESSFUL : DEBUGGER_ERROR_INVALID_CORE_ID;
}

static UINT32 EventArmRdmsr(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    return EventStatusOfCore(ConfigureSetMsrReadExiting(Options->CoreId, EventMsr(Options)));
}

static VOID EventDisarmRdmsr(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    ConfigureUnsetMsrReadExiting(Options->CoreId, EventMsr(Options));
}

static UINT32 EventArmWrmsr(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    return EventStatusOfCore(ConfigureSetMsrWriteExiting(Options->CoreId, EventMsr(Options)));
}

static VOID EventDisarmWrmsr(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    ConfigureUnsetMsrWriteExiting(Options->CoreId, EventMsr(Options));
}

/* --- hidden hooks ----------------------------------------------------------------------------------------
 */

/* The VMM says 0 for success. */
static UINT32 EventStatusOfHook(UINT32 Error)
{
    return Error == 0 ? DEBUGGER_OPERATION_WAS_SUCCESSFUL : Error;
}

/* The kernel's addresses mean the same in all processes: there pid is a filter and nothing more. */
static UINT32 EventProcessOfAddress(const DEBUGGER_EVENT_OPTIONS *Options)
{
    return EventIsOfKernel(Options->OptionalParam1) ? VMM_NO_PROCESS : Options->ProcessId;
}

static UINT32 EventArmHook(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    return EventStatusOfHook(ConfigureEptHook(Options->OptionalParam1, EventProcessOfAddress(Options)));
}

static VOID EventDisarmHook(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    ConfigureEptUnHook(Options->OptionalParam1, EventProcessOfAddress(Options));
}

/* Bit 0 read, 1 write, 2 execute. */
static const UINT32 EventMonitorAccess[] = {
    [HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE] = 7,
    [HIDDEN_HOOK_READ_AND_WRITE]             = 3,
    [HIDDEN_HOOK_READ_AND_EXECUTE]           = 5,
    [HIDDEN_HOOK_WRITE_AND_EXECUTE]          = 6,
    [HIDDEN_HOOK_READ]                       = 1,
    [HIDDEN_HOOK_WRITE]                      = 2,
    [HIDDEN_HOOK_EXECUTE]                    = 4,
};

static UINT32 EventArmMonitor(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    const BOOLEAN IsPhysical = Options->OptionalParam3 != 0;

    return EventStatusOfHook(
        ConfigureEptHookMonitor(Tag, Options->OptionalParam1, Options->OptionalParam2, IsPhysical,
                                EventMonitorAccess[Options->EventType],
                                IsPhysical ? VMM_NO_PROCESS : EventProcessOfAddress(Options)));
}

static VOID EventDisarmMonitor(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Options;
    ConfigureEptUnHookMonitor(Tag);
}

/* Hooks that are not set are not reported. */
static VOID EventSetNoTrigger(BOOLEAN Set)
{
    (void)Set;
}

#define EVENT_ROW_OF_MONITOR                                                                                 \
    {                                                                                                        \
        EventValidateMonitor, EventSetNoTrigger, EventArmMonitor, EventDisarmMonitor                         \
    }

/* A type without a row is not available. */
static const EVENT_TYPE_OPERATIONS EventTypes[VMM_EVENT_TYPE_COUNT] = {
    [HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE] = EVENT_ROW_OF_MONITOR,
    [HIDDEN_HOOK_READ_AND_WRITE]             = EVENT_ROW_OF_MONITOR,
    [HIDDEN_HOOK_READ_AND_EXECUTE]           = EVENT_ROW_OF_MONITOR,
    [HIDDEN_HOOK_WRITE_AND_EXECUTE]          = EVENT_ROW_OF_MONITOR,
    [HIDDEN_HOOK_READ]                       = EVENT_ROW_OF_MONITOR,
    [HIDDEN_HOOK_WRITE]                      = EVENT_ROW_OF_MONITOR,
    [HIDDEN_HOOK_EXECUTE]                    = EVENT_ROW_OF_MONITOR,
    [HIDDEN_HOOK_EXEC_CC]         = {EventValidateHook, EventSetNoTrigger, EventArmHook, EventDisarmHook},
    [CPUID_INSTRUCTION_EXECUTION] = {EventValidateCpuid, VmFuncSetTriggerEventForCpuids, NULL, NULL},
    [RDMSR_INSTRUCTION_EXECUTION] = {EventValidateMsr, VmFuncSetTriggerEventForRdmsrs, EventArmRdmsr,
                                     EventDisarmRdmsr},
    [WRMSR_INSTRUCTION_EXECUTION] = {EventValidateMsr, VmFuncSetTriggerEventForWrmsrs, EventArmWrmsr,
                                     EventDisarmWrmsr},
};

/* --- what all types have in common -----------------------------------------------------------------------
 */

static UINT32 EventValidateStage(const DEBUGGER_EVENT_OPTIONS *Options)
{
    if (Options->Stage < VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION ||
        Options->Stage > VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION) {
        return DEBUGGER_ERROR_INVALID_STAGE;
    }
    if (Options->ShortCircuit && Options->Stage != VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION) {
        return DEBUGGER_ERROR_SHORT_CIRCUIT_NEEDS_PRE;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static BOOLEAN EventCoreExists(UINT32 CoreId)
{
    return CoreId == HYPERDBG_ALL_CORES || (CoreId < PlatformCpuCount() && PlatformCpuIsOnline(CoreId));
}

UINT32 EventValidate(const DEBUGGER_EVENT_OPTIONS *Options)
{
    UINT32 Status;

    if (Options->EventType >= VMM_EVENT_TYPE_COUNT) {
        return DEBUGGER_ERROR_INVALID_EVENT_TYPE;
    }
    if (EventTypes[Options->EventType].Validate == NULL) {
        return DEBUGGER_ERROR_EVENT_TYPE_NOT_AVAILABLE;
    }
    if (Options->ShortCircuit > 1 || Options->HasOptionalParam1 > 1) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    Status = EventValidateStage(Options);
    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL) {
        return Status;
    }
    if (!EventCoreExists(Options->CoreId)) {
        return DEBUGGER_ERROR_INVALID_CORE_ID;
    }
    return EventTypes[Options->EventType].Validate(Options);
}

UINT32 EventArmExits(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    const EVENT_TYPE_OPERATIONS *Type = &EventTypes[Options->EventType];

    return Type->Arm == NULL ? DEBUGGER_OPERATION_WAS_SUCCESSFUL : Type->Arm(Tag, Options);
}

VOID EventDisarmExits(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    const EVENT_TYPE_OPERATIONS *Type = &EventTypes[Options->EventType];

    if (Type->Disarm != NULL) {
        Type->Disarm(Tag, Options);
    }
}

VMM_HOOK_STATE EventHookState(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    VMM_HOOK_STATE State = VMM_HOOK_LIVE;

    if (Options->EventType == HIDDEN_HOOK_EXEC_CC) {
        ConfigureQueryHookState(Options->OptionalParam1, EventProcessOfAddress(Options), &State);
    } else if (EventTypes[Options->EventType].Arm == EventArmMonitor) {
        ConfigureQueryMonitorState(Tag, &State);
    }
    return State;
}

VOID EventSetTrigger(UINT32 EventType, BOOLEAN Set)
{
    EventTypes[EventType].SetTrigger(Set);
}

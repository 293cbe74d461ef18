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
    /* For each event. NULL: such exits cannot be turned off, so nothing is to be turned on. */
    BOOLEAN (*Arm)(const DEBUGGER_EVENT_OPTIONS *Options);
    VOID (*Disarm)(const DEBUGGER_EVENT_OPTIONS *Options);
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

/* --- exits -----------------------------------------------------------------------------------------------
 */

static UINT32 EventMsr(const DEBUGGER_EVENT_OPTIONS *Options)
{
    return Options->HasOptionalParam1 ? (UINT32)Options->OptionalParam1 : VMM_ALL_MSRS;
}

static BOOLEAN EventArmRdmsr(const DEBUGGER_EVENT_OPTIONS *Options)
{
    return ConfigureSetMsrReadExiting(Options->CoreId, EventMsr(Options));
}

static VOID EventDisarmRdmsr(const DEBUGGER_EVENT_OPTIONS *Options)
{
    ConfigureUnsetMsrReadExiting(Options->CoreId, EventMsr(Options));
}

static BOOLEAN EventArmWrmsr(const DEBUGGER_EVENT_OPTIONS *Options)
{
    return ConfigureSetMsrWriteExiting(Options->CoreId, EventMsr(Options));
}

static VOID EventDisarmWrmsr(const DEBUGGER_EVENT_OPTIONS *Options)
{
    ConfigureUnsetMsrWriteExiting(Options->CoreId, EventMsr(Options));
}

/* A type without a row is not available. */
static const EVENT_TYPE_OPERATIONS EventTypes[VMM_EVENT_TYPE_COUNT] = {
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

BOOLEAN EventArmExits(const DEBUGGER_EVENT_OPTIONS *Options)
{
    const EVENT_TYPE_OPERATIONS *Type = &EventTypes[Options->EventType];

    return Type->Arm == NULL || Type->Arm(Options);
}

VOID EventDisarmExits(const DEBUGGER_EVENT_OPTIONS *Options)
{
    const EVENT_TYPE_OPERATIONS *Type = &EventTypes[Options->EventType];

    if (Type->Disarm != NULL) {
        Type->Disarm(Options);
    }
}

VOID EventSetTrigger(UINT32 EventType, BOOLEAN Set)
{
    EventTypes[EventType].SetTrigger(Set);
}

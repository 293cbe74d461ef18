// SPDX-License-Identifier: GPL-2.0-only
/*
 * EventArming.c - what each type of event asks of the VMM: one row of a table for each type.
 *
 * Context: process.
 */
#include "hyperkd/debugger/events/EventArming.h"

#include "SDK/imports/VmmImports.h"
#include "hyperkd/debugger/events/TrapArming.h"
#include "platform/PlatformCpu.h"

typedef UINT32 (*EVENT_VALIDATE)(const DEBUGGER_EVENT_OPTIONS *Options);

/* What one type of event is. All but IsAvailable may be left out. */
typedef struct _EVENT_TYPE_OPERATIONS {
    BOOLEAN IsAvailable;
    /* Its own parameters, OptionalParam1 to 4; the rest is the same for all types. Limit: OptionalParam1 is
     * the context, up to this; the others have no meaning. Validate: instead of that. */
    UINT64 Limit;
    EVENT_VALIDATE Validate;
    /* For each event. None: such exits cannot be turned off, so nothing is to be turned on. Core: exits of
     * the type as a whole. Index: of OptionalParam1, or of all. Arm: of what else the options say, as
     * EventArmExits and EventDisarmExits. */
    BOOLEAN (*SetCore)(UINT32 CoreId);
    VOID (*UnsetCore)(UINT32 CoreId);
    BOOLEAN (*SetIndex)(UINT32 CoreId, UINT32 Index);
    VOID (*UnsetIndex)(UINT32 CoreId, UINT32 Index);
    UINT32 (*Arm)(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options);
    VOID (*Disarm)(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options);
} EVENT_TYPE_OPERATIONS;

/* Both sides say "all cores" with the same number, so that CoreId passes through. */
STATIC_ASSERT(HYPERDBG_ALL_CORES == VMM_ALL_CORES);

/* --- parameters ------------------------------------------------------------------------------------------
 */

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

static UINT32 EventValidateDetour(const DEBUGGER_EVENT_OPTIONS *Options)
{
    const UINT32 Status = EventValidateHook(Options);

    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL) {
        return Status;
    }
    if (Options->Stage != VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION) {
        return DEBUGGER_ERROR_DETOUR_IS_PLAIN;
    }
    return EventIsOfKernel(Options->OptionalParam1) ? DEBUGGER_OPERATION_WAS_SUCCESSFUL
                                                    : DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE;
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

static UINT32 EventStatusOfCore(BOOLEAN IsArmed)
{
    return IsArmed ? DEBUGGER_OPERATION_WAS_SUCCESSFUL : DEBUGGER_ERROR_INVALID_CORE_ID;
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

static UINT32 EventArmDetour(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    return EventStatusOfHook(ConfigureEptHook2(Options->OptionalParam1));
}

static VOID EventDisarmDetour(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    ConfigureEptUnHook2(Options->OptionalParam1);
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

/* --- control registers -----------------------------------------------------------------------------------
 */

/* OptionalParam1: 0, 4 or 8; without it all three. OptionalParam2: the bits of CR0 or CR4 whose change is
 * meant; 0: all. */
static UINT32 EventValidateCrWrite(const DEBUGGER_EVENT_OPTIONS *Options)
{
    const UINT64 Register = Options->OptionalParam1;

    if (Options->OptionalParam3 != 0 || Options->OptionalParam4 != 0) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    if (!Options->HasOptionalParam1) {
        return Register == 0 && Options->OptionalParam2 == 0 ? DEBUGGER_OPERATION_WAS_SUCCESSFUL
                                                             : DEBUGGER_ERROR_INVALID_REQUEST;
    }
    if (Register != 0 && Register != 4 && Register != 8) {
        return DEBUGGER_ERROR_REGISTER_NOT_WATCHABLE;
    }
    if (Register == 8 && Options->OptionalParam2 != 0) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    if (Register == 0 && Options->OptionalParam2 != 0 &&
        (Options->OptionalParam2 & ~VMM_CR0_NOT_WATCHED) == 0) {
        return DEBUGGER_ERROR_REGISTER_NOT_WATCHABLE;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

/* OptionalParam1: 3 or 8; without it both. */
static UINT32 EventValidateCrRead(const DEBUGGER_EVENT_OPTIONS *Options)
{
    if (Options->OptionalParam2 != 0 || Options->OptionalParam3 != 0 || Options->OptionalParam4 != 0) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    if (Options->HasOptionalParam1 && Options->OptionalParam1 != 3 && Options->OptionalParam1 != 8) {
        return DEBUGGER_ERROR_REGISTER_NOT_WATCHABLE;
    }
    return Options->HasOptionalParam1 || Options->OptionalParam1 == 0 ? DEBUGGER_OPERATION_WAS_SUCCESSFUL
                                                                      : DEBUGGER_ERROR_INVALID_REQUEST;
}

static const UINT32 EventWrittenRegisters[] = {0, 4, 8};
static const UINT32 EventReadRegisters[]    = {3, 8};

static BOOLEAN EventIsOfRegister(const DEBUGGER_EVENT_OPTIONS *Options, UINT32 Register)
{
    return !Options->HasOptionalParam1 || Options->OptionalParam1 == Register;
}

static UINT64 EventCrMask(const DEBUGGER_EVENT_OPTIONS *Options)
{
    return Options->OptionalParam2 != 0 ? Options->OptionalParam2 : ~0ull;
}

/* A core of it went offline: what the first register succeeded with is taken back. */
static VOID EventDisarmCrWrites(const DEBUGGER_EVENT_OPTIONS *Options, UINT32 Count)
{
    for (UINT32 Index = 0; Index < Count; Index++) {
        if (EventIsOfRegister(Options, EventWrittenRegisters[Index])) {
            ConfigureUnsetMovToCrExiting(Options->CoreId, EventWrittenRegisters[Index], EventCrMask(Options));
        }
    }
}

static UINT32 EventArmCrWrite(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    for (UINT32 Index = 0; Index < COUNT_OF(EventWrittenRegisters); Index++) {
        if (EventIsOfRegister(Options, EventWrittenRegisters[Index]) &&
            !ConfigureSetMovToCrExiting(Options->CoreId, EventWrittenRegisters[Index],
                                        EventCrMask(Options))) {
            EventDisarmCrWrites(Options, Index);
            return DEBUGGER_ERROR_INVALID_CORE_ID;
        }
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static VOID EventDisarmCrWrite(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    EventDisarmCrWrites(Options, COUNT_OF(EventWrittenRegisters));
}

static VOID EventDisarmCrReads(const DEBUGGER_EVENT_OPTIONS *Options, UINT32 Count)
{
    for (UINT32 Index = 0; Index < Count; Index++) {
        if (EventIsOfRegister(Options, EventReadRegisters[Index])) {
            ConfigureUnsetMovFromCrExiting(Options->CoreId, EventReadRegisters[Index]);
        }
    }
}

static UINT32 EventArmCrRead(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    for (UINT32 Index = 0; Index < COUNT_OF(EventReadRegisters); Index++) {
        if (EventIsOfRegister(Options, EventReadRegisters[Index]) &&
            !ConfigureSetMovFromCrExiting(Options->CoreId, EventReadRegisters[Index])) {
            EventDisarmCrReads(Options, Index);
            return DEBUGGER_ERROR_INVALID_CORE_ID;
        }
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static VOID EventDisarmCrRead(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    EventDisarmCrReads(Options, COUNT_OF(EventReadRegisters));
}

/* --- the types -------------------------------------------------------------------------------------------
 */

#define INDEX_LIMIT          0xFFFFFFFFull
#define NO_LIMIT             (~0ull)
#define INDEX_LIMIT_BUT_ALL  (VMM_ALL_INDICES - 1ull) /* the highest number says "all" to the VMM */
#define EXITS_OF_CORE(Name)  .SetCore = ConfigureSet##Name, .UnsetCore = ConfigureUnset##Name
#define EXITS_OF_INDEX(Name) .SetIndex = ConfigureSet##Name, .UnsetIndex = ConfigureUnset##Name
#define EXITS_OF_OPTIONS(What)                                                                               \
    .Validate = EventValidate##What, .Arm = EventArm##What, .Disarm = EventDisarm##What

/* A type without a row is not available. */
static const EVENT_TYPE_OPERATIONS EventTypes[VMM_EVENT_TYPE_COUNT] = {
    [HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE] = {.IsAvailable = TRUE, EXITS_OF_OPTIONS(Monitor)},
    [HIDDEN_HOOK_READ_AND_WRITE]             = {.IsAvailable = TRUE, EXITS_OF_OPTIONS(Monitor)},
    [HIDDEN_HOOK_READ_AND_EXECUTE]           = {.IsAvailable = TRUE, EXITS_OF_OPTIONS(Monitor)},
    [HIDDEN_HOOK_WRITE_AND_EXECUTE]          = {.IsAvailable = TRUE, EXITS_OF_OPTIONS(Monitor)},
    [HIDDEN_HOOK_READ]                       = {.IsAvailable = TRUE, EXITS_OF_OPTIONS(Monitor)},
    [HIDDEN_HOOK_WRITE]                      = {.IsAvailable = TRUE, EXITS_OF_OPTIONS(Monitor)},
    [HIDDEN_HOOK_EXECUTE]                    = {.IsAvailable = TRUE, EXITS_OF_OPTIONS(Monitor)},
    [HIDDEN_HOOK_EXEC_DETOURS]               = {.IsAvailable = TRUE, EXITS_OF_OPTIONS(Detour)},
    [HIDDEN_HOOK_EXEC_CC]                    = {.IsAvailable = TRUE, EXITS_OF_OPTIONS(Hook)},
    [CPUID_INSTRUCTION_EXECUTION]            = {.IsAvailable = TRUE, .Limit = INDEX_LIMIT},
    [RDMSR_INSTRUCTION_EXECUTION]            = {.IsAvailable = TRUE,
                                                .Limit       = INDEX_LIMIT_BUT_ALL,
                                                EXITS_OF_INDEX(MsrReadExiting)},
    [WRMSR_INSTRUCTION_EXECUTION]            = {.IsAvailable = TRUE,
                                                .Limit       = INDEX_LIMIT_BUT_ALL,
                                                EXITS_OF_INDEX(MsrWriteExiting)},
    [IN_INSTRUCTION_EXECUTION]     = {.IsAvailable = TRUE, .Limit = 0xFFFF, EXITS_OF_INDEX(IoExiting)},
    [OUT_INSTRUCTION_EXECUTION]    = {.IsAvailable = TRUE, .Limit = 0xFFFF, EXITS_OF_INDEX(IoExiting)},
    [EXTERNAL_INTERRUPT_OCCURRED]  = {.IsAvailable = TRUE,
                                      .Validate    = TrapValidateInterrupt,
                                      EXITS_OF_CORE(ExternalInterruptExiting)},
    [SYSCALL_HOOK_EFER_SYSCALL]    = {.IsAvailable = TRUE,
                                      .Validate    = TrapValidateSyscall,
                                      EXITS_OF_CORE(EferSyscallHook)},
    [SYSCALL_HOOK_EFER_SYSRET]     = {.IsAvailable = TRUE,
                                      .Validate    = TrapValidateSysret,
                                      EXITS_OF_CORE(EferSyscallHook)},
    [TRAP_EXECUTION_MODE_CHANGED]  = {.IsAvailable = TRUE,
                                      .Validate    = TrapValidateMode,
                                      .Arm         = TrapArmMode,
                                      .Disarm      = TrapDisarmMode},
    [EXCEPTION_OCCURRED]           = {.IsAvailable = TRUE, .Limit = 31, EXITS_OF_INDEX(ExceptionBitmap)},
    [DEBUG_REGISTERS_ACCESSED]     = {.IsAvailable = TRUE, .Limit = 7, EXITS_OF_CORE(MovDebugRegsExiting)},
    [TSC_INSTRUCTION_EXECUTION]    = {.IsAvailable = TRUE, .Limit = 1, EXITS_OF_CORE(RdtscExiting)},
    [PMC_INSTRUCTION_EXECUTION]    = {.IsAvailable = TRUE, .Limit = INDEX_LIMIT, EXITS_OF_CORE(RdpmcExiting)},
    [VMCALL_INSTRUCTION_EXECUTION] = {.IsAvailable = TRUE, .Limit = NO_LIMIT},
    [CONTROL_REGISTER_MODIFIED]    = {.IsAvailable = TRUE, EXITS_OF_OPTIONS(CrWrite)},
    [CONTROL_REGISTER_READ]        = {.IsAvailable = TRUE, EXITS_OF_OPTIONS(CrRead)},
    [CONTROL_REGISTER_3_MODIFIED]  = {.IsAvailable = TRUE, .Limit = NO_LIMIT, EXITS_OF_CORE(MovToCr3Exiting)},
    [XSETBV_INSTRUCTION_EXECUTION] = {.IsAvailable = TRUE, .Limit = INDEX_LIMIT},
};

/* What a type gives no meaning to must be zero: a later version may give it one. */
static UINT32 EventValidateContext(const DEBUGGER_EVENT_OPTIONS *Options)
{
    const UINT64 Limit = Options->HasOptionalParam1 ? EventTypes[Options->EventType].Limit : 0;

    if (Options->OptionalParam2 != 0 || Options->OptionalParam3 != 0 || Options->OptionalParam4 != 0 ||
        Options->OptionalParam1 > Limit) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 EventValidateOwn(const DEBUGGER_EVENT_OPTIONS *Options)
{
    const EVENT_VALIDATE Validate = EventTypes[Options->EventType].Validate;

    return Validate != NULL ? Validate(Options) : EventValidateContext(Options);
}

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
    if (!EventTypes[Options->EventType].IsAvailable) {
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
    return EventValidateOwn(Options);
}

/* --- exits -----------------------------------------------------------------------------------------------
 */

static UINT32 EventIndex(const DEBUGGER_EVENT_OPTIONS *Options)
{
    return Options->HasOptionalParam1 ? (UINT32)Options->OptionalParam1 : VMM_ALL_INDICES;
}

UINT32 EventArmExits(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    const EVENT_TYPE_OPERATIONS *Type = &EventTypes[Options->EventType];

    if (Type->SetCore != NULL) {
        return EventStatusOfCore(Type->SetCore(Options->CoreId));
    }
    if (Type->SetIndex != NULL) {
        return EventStatusOfCore(Type->SetIndex(Options->CoreId, EventIndex(Options)));
    }
    return Type->Arm == NULL ? DEBUGGER_OPERATION_WAS_SUCCESSFUL : Type->Arm(Tag, Options);
}

VOID EventDisarmExits(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    const EVENT_TYPE_OPERATIONS *Type = &EventTypes[Options->EventType];

    if (Type->UnsetCore != NULL) {
        Type->UnsetCore(Options->CoreId);
    } else if (Type->UnsetIndex != NULL) {
        Type->UnsetIndex(Options->CoreId, EventIndex(Options));
    } else if (Type->Disarm != NULL) {
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
    VmFuncSetTriggerEvent((VMM_EVENT_TYPE_ENUM)EventType, Set);
}

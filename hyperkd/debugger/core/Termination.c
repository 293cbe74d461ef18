// SPDX-License-Identifier: GPL-2.0-only
/*
 * Termination.c - who of the debugger still needs an exit that the VMM wants to turn off.
 *
 * Context: VMX root. SDM Vol. 3, 24.6 (which control makes which exit).
 */
#include "hyperkd/debugger/core/Termination.h"

#include "hyperkd/debugger/events/EventTrigger.h"

#define VECTOR_BREAKPOINT        3
#define VECTOR_UNDEFINED_OPCODE  6
#define NEED_OF_ANY              0xFFFFFFFFu /* whatever Context says */
#define NEED_OF_OPTIONAL_PARAM_1 0xFFFFFFFEu /* the Context that the event names, or any if it names none */

/* One need: while an event of the type is armed on the core, the resource must stay - for one Context, or
 * for some - unless it is this user itself who gives it up. */
typedef struct _RESOURCE_NEED {
    PROTECTED_HV_RESOURCES_TYPE Resource;
    VMM_EVENT_TYPE_ENUM EventType;
    UINT32 Of;
    PROTECTED_HV_RESOURCES_PASSING_OVERS User; /* PASSING_OVER_NONE: nobody speaks for it */
} RESOURCE_NEED;

static const RESOURCE_NEED ResourceNeeds[] = {
    {PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, EXCEPTION_OCCURRED, NEED_OF_OPTIONAL_PARAM_1,
     PASSING_OVER_EXCEPTION_EVENTS},
    {PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, SYSCALL_HOOK_EFER_SYSCALL, VECTOR_UNDEFINED_OPCODE,
     PASSING_OVER_UD_EXCEPTIONS_FOR_SYSCALL_SYSRET_HOOK},
    {PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, SYSCALL_HOOK_EFER_SYSRET, VECTOR_UNDEFINED_OPCODE,
     PASSING_OVER_UD_EXCEPTIONS_FOR_SYSCALL_SYSRET_HOOK},
    {PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, HIDDEN_HOOK_EXEC_CC, VECTOR_BREAKPOINT, PASSING_OVER_NONE},
    {PROTECTED_HV_RESOURCES_EXTERNAL_INTERRUPT_EXITING, EXTERNAL_INTERRUPT_OCCURRED, NEED_OF_ANY,
     PASSING_OVER_INTERRUPT_EVENTS},
    {PROTECTED_HV_RESOURCES_RDTSC_RDTSCP_EXITING, TSC_INSTRUCTION_EXECUTION, NEED_OF_ANY,
     PASSING_OVER_TSC_EVENTS},
    {PROTECTED_HV_RESOURCES_MOV_TO_DEBUG_REGISTER_EXITING, DEBUG_REGISTERS_ACCESSED, NEED_OF_ANY,
     PASSING_OVER_MOV_TO_HW_DEBUG_REGS_EVENTS},
    {PROTECTED_HV_RESOURCES_MOV_CONTROL_REGISTER_EXITING, CONTROL_REGISTER_MODIFIED, NEED_OF_OPTIONAL_PARAM_1,
     PASSING_OVER_MOV_TO_CONTROL_REGS_EVENTS},
    {PROTECTED_HV_RESOURCES_MOV_TO_CR3_EXITING, CONTROL_REGISTER_3_MODIFIED, NEED_OF_ANY, PASSING_OVER_NONE},
    {PROTECTED_HV_RESOURCES_MOV_TO_CR3_EXITING, TRAP_EXECUTION_MODE_CHANGED, NEED_OF_ANY, PASSING_OVER_NONE},
    {.EventType = VMM_EVENT_TYPE_COUNT},
};

static BOOLEAN TerminateIsNeededBy(const RESOURCE_NEED *Need, const DEBUGGER_EVENT_OPTIONS *Options,
                                   UINT32 CoreId, UINT64 Context)
{
    if (Options->CoreId != HYPERDBG_ALL_CORES && Options->CoreId != CoreId) {
        return FALSE;
    }
    if (Need->Of == NEED_OF_OPTIONAL_PARAM_1) {
        return !Options->HasOptionalParam1 || Options->OptionalParam1 == Context;
    }
    return Need->Of == NEED_OF_ANY || Need->Of == Context;
}

static BOOLEAN TerminateIsNeeded(const RESOURCE_NEED *Need, UINT32 CoreId, UINT64 Context)
{
    for (const DEBUGGER_EVENT *Event = EventFirstArmed(Need->EventType); Event != NULL;
         Event                       = EventNextArmed(Event)) {
        if (TerminateIsNeededBy(Need, &Event->Options, CoreId, Context)) {
            return TRUE;
        }
    }
    return FALSE;
}

BOOLEAN TerminateQueryDebuggerResource(UINT32 CoreId, PROTECTED_HV_RESOURCES_TYPE ResourceType, PVOID Context,
                                       PROTECTED_HV_RESOURCES_PASSING_OVERS PassOver)
{
    for (const RESOURCE_NEED *Need = ResourceNeeds; Need->EventType != VMM_EVENT_TYPE_COUNT; Need++) {
        if (Need->Resource != ResourceType || (Need->User != PASSING_OVER_NONE && Need->User == PassOver)) {
            continue;
        }
        if (TerminateIsNeeded(Need, CoreId, (UINTPTR)Context)) {
            return FALSE;
        }
    }
    return TRUE;
}

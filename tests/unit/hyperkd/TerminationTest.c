/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * TerminationTest.c - an exit may be turned off exactly when no armed event of somebody else needs it.
 *
 * Context: user space. The events are linked by hand: most of their types cannot be set yet.
 */
#include "tests/unit/hyperkd/MockVmm.h"

#include "hyperkd/debugger/core/Termination.h"
#include "hyperkd/debugger/events/EventTrigger.h"

#define EACH HYPERDBG_ALL_CORES
#define CORE 2u /* that the VMM asks for */

typedef struct _TERMINATION_CASE {
    const CHAR *Name;
    VMM_EVENT_TYPE_ENUM EventType; /* armed */
    UINT32 CoreId;
    UINT8 HasOptionalParam1;
    UINT64 OptionalParam1;
    PROTECTED_HV_RESOURCES_TYPE Resource; /* to be turned off */
    UINT64 Context;
    PROTECTED_HV_RESOURCES_PASSING_OVERS PassOver;
    BOOLEAN IsAllowed;
} TERMINATION_CASE;

static const TERMINATION_CASE g_Cases[] = {
    {"TSC", TSC_INSTRUCTION_EXECUTION, EACH, 0, 0, PROTECTED_HV_RESOURCES_RDTSC_RDTSCP_EXITING, 0,
     PASSING_OVER_NONE, FALSE},
    {"TSC on this core", TSC_INSTRUCTION_EXECUTION, CORE, 0, 0, PROTECTED_HV_RESOURCES_RDTSC_RDTSCP_EXITING,
     0, PASSING_OVER_NONE, FALSE},
    {"TSC on another core", TSC_INSTRUCTION_EXECUTION, 1, 0, 0, PROTECTED_HV_RESOURCES_RDTSC_RDTSCP_EXITING,
     0, PASSING_OVER_NONE, TRUE},
    {"TSC by itself", TSC_INSTRUCTION_EXECUTION, EACH, 0, 0, PROTECTED_HV_RESOURCES_RDTSC_RDTSCP_EXITING, 0,
     PASSING_OVER_TSC_EVENTS, TRUE},
    {"TSC by another", TSC_INSTRUCTION_EXECUTION, EACH, 0, 0, PROTECTED_HV_RESOURCES_RDTSC_RDTSCP_EXITING, 0,
     PASSING_OVER_INTERRUPT_EVENTS, FALSE},
    {"TSC needs no interrupts", TSC_INSTRUCTION_EXECUTION, EACH, 0, 0,
     PROTECTED_HV_RESOURCES_EXTERNAL_INTERRUPT_EXITING, 0, PASSING_OVER_NONE, TRUE},
    {"interrupt", EXTERNAL_INTERRUPT_OCCURRED, EACH, 1, 0x20,
     PROTECTED_HV_RESOURCES_EXTERNAL_INTERRUPT_EXITING, 0, PASSING_OVER_NONE, FALSE},
    {"interrupt by itself", EXTERNAL_INTERRUPT_OCCURRED, EACH, 1, 0x20,
     PROTECTED_HV_RESOURCES_EXTERNAL_INTERRUPT_EXITING, 0, PASSING_OVER_INTERRUPT_EVENTS, TRUE},
    {"every exception", EXCEPTION_OCCURRED, EACH, 0, 0, PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, 14,
     PASSING_OVER_NONE, FALSE},
    {"this exception", EXCEPTION_OCCURRED, EACH, 1, 14, PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, 14,
     PASSING_OVER_NONE, FALSE},
    {"another exception", EXCEPTION_OCCURRED, EACH, 1, 13, PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, 14,
     PASSING_OVER_NONE, TRUE},
    {"exception by itself", EXCEPTION_OCCURRED, EACH, 1, 14, PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, 14,
     PASSING_OVER_EXCEPTION_EVENTS, TRUE},
    {"#UD of SYSCALL", SYSCALL_HOOK_EFER_SYSCALL, EACH, 0, 0, PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, 6,
     PASSING_OVER_NONE, FALSE},
    {"#UD of SYSRET for an exception event", SYSCALL_HOOK_EFER_SYSRET, EACH, 0, 0,
     PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, 6, PASSING_OVER_EXCEPTION_EVENTS, FALSE},
    {"#UD of SYSCALL by itself", SYSCALL_HOOK_EFER_SYSCALL, EACH, 0, 0,
     PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, 6, PASSING_OVER_UD_EXCEPTIONS_FOR_SYSCALL_SYSRET_HOOK, TRUE},
    {"SYSCALL needs no #PF", SYSCALL_HOOK_EFER_SYSCALL, EACH, 0, 0, PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP,
     14, PASSING_OVER_NONE, TRUE},
    {"#BP of a hidden breakpoint", HIDDEN_HOOK_EXEC_CC, EACH, 1, 0xFFFFFFFF81000000,
     PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, 3, PASSING_OVER_NONE, FALSE},
    {"a hidden breakpoint needs no #DB", HIDDEN_HOOK_EXEC_CC, EACH, 1, 0xFFFFFFFF81000000,
     PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, 1, PASSING_OVER_NONE, TRUE},
    {"debug registers", DEBUG_REGISTERS_ACCESSED, EACH, 0, 0,
     PROTECTED_HV_RESOURCES_MOV_TO_DEBUG_REGISTER_EXITING, 0, PASSING_OVER_NONE, FALSE},
    {"debug registers by itself", DEBUG_REGISTERS_ACCESSED, EACH, 0, 0,
     PROTECTED_HV_RESOURCES_MOV_TO_DEBUG_REGISTER_EXITING, 0, PASSING_OVER_MOV_TO_HW_DEBUG_REGS_EVENTS, TRUE},
    {"CR4", CONTROL_REGISTER_MODIFIED, EACH, 1, 4, PROTECTED_HV_RESOURCES_MOV_CONTROL_REGISTER_EXITING, 4,
     PASSING_OVER_NONE, FALSE},
    {"CR4 is not CR0", CONTROL_REGISTER_MODIFIED, EACH, 1, 4,
     PROTECTED_HV_RESOURCES_MOV_CONTROL_REGISTER_EXITING, 0, PASSING_OVER_NONE, TRUE},
    {"reads of CR8 need no exits of writes", CONTROL_REGISTER_READ, EACH, 1, 8,
     PROTECTED_HV_RESOURCES_MOV_CONTROL_REGISTER_EXITING, 8, PASSING_OVER_NONE, TRUE},
    {"CR4 by itself", CONTROL_REGISTER_MODIFIED, EACH, 1, 4,
     PROTECTED_HV_RESOURCES_MOV_CONTROL_REGISTER_EXITING, 4, PASSING_OVER_MOV_TO_CONTROL_REGS_EVENTS, TRUE},
    {"CR3", CONTROL_REGISTER_3_MODIFIED, EACH, 0, 0, PROTECTED_HV_RESOURCES_MOV_TO_CR3_EXITING, 0,
     PASSING_OVER_NONE, FALSE},
    {"mode changes follow the process", TRAP_EXECUTION_MODE_CHANGED, CORE, 0, 0,
     PROTECTED_HV_RESOURCES_MOV_TO_CR3_EXITING, 0, PASSING_OVER_NONE, FALSE},
    {"CPUID needs nothing", CPUID_INSTRUCTION_EXECUTION, EACH, 0, 0, PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP,
     6, PASSING_OVER_NONE, TRUE},
};

static DEBUGGER_EVENT Linked(const TERMINATION_CASE *Case)
{
    return (DEBUGGER_EVENT){.Options = {.EventType         = Case->EventType,
                                        .CoreId            = Case->CoreId,
                                        .ProcessId         = HYPERDBG_ALL_PROCESSES,
                                        .HasOptionalParam1 = Case->HasOptionalParam1,
                                        .OptionalParam1    = Case->OptionalParam1}};
}

static void AnExitStaysForTheEventsThatNeedIt(void **State)
{
    (void)State;
    for (UINT32 Index = 0; Index < COUNT_OF(g_Cases); Index++) {
        const TERMINATION_CASE *Case = &g_Cases[Index];
        DEBUGGER_EVENT Event         = Linked(Case);
        BOOLEAN IsAllowed;

        g_ArmedEvents[Case->EventType] = &Event;
        IsAllowed = TerminateQueryDebuggerResource(CORE, Case->Resource, (PVOID)(UINTPTR)Case->Context,
                                                   Case->PassOver);
        g_ArmedEvents[Case->EventType] = NULL;
        if (IsAllowed != Case->IsAllowed) {
            fail_msg("'%s': answered %u", Case->Name, IsAllowed);
        }
    }
}

static void AnEventThatDoesNotNeedItHidesNoneBehindIt(void **State)
{
    DEBUGGER_EVENT First  = {.Options = {.EventType = TSC_INSTRUCTION_EXECUTION, .CoreId = 1}};
    DEBUGGER_EVENT Second = {.Options = {.EventType = TSC_INSTRUCTION_EXECUTION, .CoreId = CORE}};

    (void)State;
    First.NextArmed                          = &Second;
    g_ArmedEvents[TSC_INSTRUCTION_EXECUTION] = &First;
    assert_false(TerminateQueryDebuggerResource(CORE, PROTECTED_HV_RESOURCES_RDTSC_RDTSCP_EXITING, NULL,
                                                PASSING_OVER_NONE));
    First.NextArmed = NULL;
    assert_true(TerminateQueryDebuggerResource(CORE, PROTECTED_HV_RESOURCES_RDTSC_RDTSCP_EXITING, NULL,
                                               PASSING_OVER_NONE));
    g_ArmedEvents[TSC_INSTRUCTION_EXECUTION] = NULL;
}

static void WithNothingArmedEverythingMayGo(void **State)
{
    (void)State;
    for (UINT32 Resource = PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP;
         Resource <= PROTECTED_HV_RESOURCES_SAVE_AND_LOAD_DEBUG_CONTROLS; Resource++) {
        for (UINT64 Context = 0; Context < 32; Context++) {
            assert_true(
                TerminateQueryDebuggerResource(CORE, Resource, (PVOID)(UINTPTR)Context, PASSING_OVER_NONE));
        }
    }
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(AnExitStaysForTheEventsThatNeedIt),
        cmocka_unit_test(AnEventThatDoesNotNeedItHidesNoneBehindIt),
        cmocka_unit_test(WithNothingArmedEverythingMayGo),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

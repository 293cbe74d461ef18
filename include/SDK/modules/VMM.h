/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VMM.h - the contract between the VMM and whoever uses it: VMM_CALLBACKS.
 *
 * The VMM reports through these pointers and acts on what they return. A pointer left NULL is legal and has
 * the default named beside it. All are called in VMX root mode on the core that exited (the log callbacks in
 * process context too): they must not sleep, lock, fault or call the kernel; see the rules in
 * docs/architecture.md.
 */
#ifndef HYPERDBG_SDK_MODULES_VMM_H
#define HYPERDBG_SDK_MODULES_VMM_H

#include "SDK/BasicTypes.h"
#include "SDK/Events.h"
#include "SDK/Registers.h"

/* A control that several users may need; the VMM asks before it turns one off. */
typedef enum _PROTECTED_HV_RESOURCES_TYPE {
    PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP = 0,
    PROTECTED_HV_RESOURCES_EXTERNAL_INTERRUPT_EXITING,
    PROTECTED_HV_RESOURCES_RDTSC_RDTSCP_EXITING,
    PROTECTED_HV_RESOURCES_MOV_TO_DEBUG_REGISTER_EXITING,
    PROTECTED_HV_RESOURCES_MOV_CONTROL_REGISTER_EXITING,
    PROTECTED_HV_RESOURCES_MOV_TO_CR3_EXITING,
    PROTECTED_HV_RESOURCES_SAVE_AND_LOAD_DEBUG_CONTROLS,
} PROTECTED_HV_RESOURCES_TYPE;

/* On whose behalf the control is being turned off: that user's own need does not count. */
typedef enum _PROTECTED_HV_RESOURCES_PASSING_OVERS {
    PASSING_OVER_NONE                                  = 0,
    PASSING_OVER_UD_EXCEPTIONS_FOR_SYSCALL_SYSRET_HOOK = 1,
    PASSING_OVER_EXCEPTION_EVENTS,
    PASSING_OVER_INTERRUPT_EVENTS,
    PASSING_OVER_TSC_EVENTS,
    PASSING_OVER_MOV_TO_HW_DEBUG_REGS_EVENTS,
    PASSING_OVER_MOV_TO_CONTROL_REGS_EVENTS,
} PROTECTED_HV_RESOURCES_PASSING_OVERS;

/* What switch tracking waits for. */
typedef enum _DEBUGGER_THREAD_PROCESS_TRACING {
    DEBUGGER_THREAD_PROCESS_TRACING_INTERCEPT_CLOCK_INTERRUPTS_FOR_THREAD_CHANGE = 0,
    DEBUGGER_THREAD_PROCESS_TRACING_INTERCEPT_CLOCK_INTERRUPTS_FOR_PROCESS_CHANGE,
    DEBUGGER_THREAD_PROCESS_TRACING_INTERCEPT_CLOCK_DEBUG_REGISTER_INTERCEPTION,
    DEBUGGER_THREAD_PROCESS_TRACING_INTERCEPT_CLOCK_WAITING_FOR_MOV_CR3_VM_EXITS,
} DEBUGGER_THREAD_PROCESS_TRACING;

/* --- Log
 * ---------------------------------------------------------------------------------------------------------*/

/* The VMM logs text (LogInfo and its sisters). Also called in process context. Default: FALSE. */
typedef BOOLEAN (*LOG_CALLBACK_PREPARE_AND_SEND_MESSAGE_TO_QUEUE)(UINT32 OperationCode,
                                                                  BOOLEAN IsImmediateMessage,
                                                                  BOOLEAN ShowCurrentSystemTime,
                                                                  BOOLEAN Priority, const char *Fmt,
                                                                  va_list ArgList);
/* An already formatted message; BufferLen in bytes without a final zero. Default: FALSE. */
typedef BOOLEAN (*LOG_CALLBACK_SEND_MESSAGE_TO_QUEUE)(UINT32 OperationCode, BOOLEAN IsImmediateMessage,
                                                      CHAR *LogMessage, UINT32 BufferLen, BOOLEAN Priority);
/* A binary record; BufferLength in bytes. Default: FALSE. */
typedef BOOLEAN (*LOG_CALLBACK_SEND_BUFFER)(UINT32 OperationCode, PVOID Buffer, UINT32 BufferLength,
                                            BOOLEAN Priority);
/* Would a record be dropped now, on this core and in this mode? Default: FALSE. */
typedef BOOLEAN (*LOG_CALLBACK_CHECK_IF_BUFFER_IS_FULL)(BOOLEAN Priority);

/* --- VMM core
 * ----------------------------------------------------------------------------------------------------*/

/* Any monitored event. Context as in the contract's table of dispatchers (a number is passed as the pointer's
 * value). PostEventRequired is NULL at stage POST. Default: ..._SUCCESSFUL_NO_INITIALIZED. */
typedef VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE (*VMM_CALLBACK_TRIGGER_EVENTS)(
    VMM_EVENT_TYPE_ENUM EventType, VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE CallingStage, PVOID Context,
    BOOLEAN *PostEventRequired, GUEST_REGS *Regs);
/* The VMM has an error code (ErrorCodes.h) for its user; process context too. Default: nothing. */
typedef VOID (*VMM_CALLBACK_SET_LAST_ERROR)(UINT32 LastError);
/* A VMCALL with our signature whose number is not the VMM's own; TRUE if handled. Default: FALSE. */
typedef BOOLEAN (*VMM_CALLBACK_VMCALL_HANDLER)(UINT32 CoreId, UINT64 VmcallNumber, UINT64 OptionalParam1,
                                               UINT64 OptionalParam2, UINT64 OptionalParam3);
/* An MTF exit on a core whose RegisterBreakOnMtf was set. Default: nothing. */
typedef VOID (*VMM_CALLBACK_REGISTERED_MTF_HANDLER)(UINT32 CoreId);
/* A core received the NMI of a broadcast. Default: nothing. */
typedef VOID (*VMM_CALLBACK_NMI_BROADCAST_REQUEST_HANDLER)(UINT32 CoreId, BOOLEAN IsOnVmxNmiHandler);
/* May the VMM turn this exit off? Context: the vector for the exception bitmap, the register's number for
 * control registers, NULL for the others. Default: TRUE. */
typedef BOOLEAN (*VMM_CALLBACK_QUERY_TERMINATE_PROTECTED_RESOURCE)(
    UINT32 CoreId, PROTECTED_HV_RESOURCES_TYPE ResourceType, PVOID Context,
    PROTECTED_HV_RESOURCES_PASSING_OVERS PassOver);
/* An MTF exit: put the user's own EPT change back; TRUE if there was one. Default: FALSE. */
typedef BOOLEAN (*VMM_CALLBACK_RESTORE_EPT_STATE)(UINT32 CoreId);
/* An EPT violation that no hook explains; TRUE if the user handled it. Default: FALSE. */
typedef BOOLEAN (*VMM_CALLBACK_CHECK_UNHANDLED_EPT_VIOLATIONS)(UINT32 CoreId, UINT64 ViolationQualification,
                                                               UINT64 GuestPhysicalAddr);

/* --- Debugging: TRUE means handled
 * ---------------------------------------------------------------------------------*/

/* #BP exit. Default: FALSE, the VMM re-injects. */
typedef BOOLEAN (*DEBUGGING_CALLBACK_HANDLE_BREAKPOINT_EXCEPTION)(UINT32 CoreId);
/* #DB exit. Default: FALSE, the VMM re-injects. */
typedef BOOLEAN (*DEBUGGING_CALLBACK_HANDLE_DEBUG_BREAKPOINT_EXCEPTION)(UINT32 CoreId);
/* An exception or CR3 exit that a user-mode debugger may want. An exception that is taken (TRUE) is not
 * delivered and is no event. Of CR3 it is called after InterceptionCallbackTriggerCr3ProcessChange, with the
 * new value in force; the answer changes nothing then. Default: FALSE. */
typedef BOOLEAN (*DEBUGGING_CALLBACK_CHECK_THREAD_INTERCEPTION)(UINT32 CoreId);
/* First step of every MTF exit. Default: FALSE. */
typedef BOOLEAN (*BREAKPOINT_CHECK_AND_HANDLE_REAPPLYING_BREAKPOINT)(UINT32 CoreId);
/* Clock interrupt or reschedule IPI while a switch is tracked. Default: FALSE. */
typedef BOOLEAN (*DEBUGGER_CHECK_PROCESS_OR_THREAD_CHANGE)(UINT32 CoreId);
/* An MTF exit that is the second half of an NMI halt. Default: FALSE. */
typedef BOOLEAN (*KD_CHECK_AND_HANDLE_NMI_CALLBACK)(UINT32 CoreId);
/* Is switch tracking on for this core? Default: FALSE. */
typedef BOOLEAN (*KD_QUERY_DEBUGGER_QUERY_THREAD_OR_PROCESS_TRACING_DETAILS_BY_CORE_ID)(
    UINT32 CoreId, DEBUGGER_THREAD_PROCESS_TRACING TracingType);

/* --- Interception
 * --------------------------------------------------------------------------------------------------*/

/* The guest's CR3 changed; called once, after the new value is in the guest state. Default: nothing. */
typedef VOID (*INTERCEPTION_CALLBACK_TRIGGER_CR3_PROCESS_CHANGE)(UINT32 CoreId);

/* Filled by the user, copied by HvInitVmm, constant while any core is virtualized. */
typedef struct _VMM_CALLBACKS {
    LOG_CALLBACK_PREPARE_AND_SEND_MESSAGE_TO_QUEUE LogCallbackPrepareAndSendMessageToQueueWrapper;
    LOG_CALLBACK_SEND_MESSAGE_TO_QUEUE LogCallbackSendMessageToQueue;
    LOG_CALLBACK_SEND_BUFFER LogCallbackSendBuffer;
    LOG_CALLBACK_CHECK_IF_BUFFER_IS_FULL LogCallbackCheckIfBufferIsFull;

    VMM_CALLBACK_TRIGGER_EVENTS VmmCallbackTriggerEvents;
    VMM_CALLBACK_SET_LAST_ERROR VmmCallbackSetLastError;
    VMM_CALLBACK_VMCALL_HANDLER VmmCallbackVmcallHandler;
    VMM_CALLBACK_REGISTERED_MTF_HANDLER VmmCallbackRegisteredMtfHandler;
    VMM_CALLBACK_NMI_BROADCAST_REQUEST_HANDLER VmmCallbackNmiBroadcastRequestHandler;
    VMM_CALLBACK_QUERY_TERMINATE_PROTECTED_RESOURCE VmmCallbackQueryTerminateProtectedResource;
    VMM_CALLBACK_RESTORE_EPT_STATE VmmCallbackRestoreEptState;
    VMM_CALLBACK_CHECK_UNHANDLED_EPT_VIOLATIONS VmmCallbackCheckUnhandledEptViolations;

    DEBUGGING_CALLBACK_HANDLE_BREAKPOINT_EXCEPTION DebuggingCallbackHandleBreakpointException;
    DEBUGGING_CALLBACK_HANDLE_DEBUG_BREAKPOINT_EXCEPTION DebuggingCallbackHandleDebugBreakpointException;
    DEBUGGING_CALLBACK_CHECK_THREAD_INTERCEPTION DebuggingCallbackCheckThreadInterception;
    BREAKPOINT_CHECK_AND_HANDLE_REAPPLYING_BREAKPOINT BreakpointCheckAndHandleReApplyingBreakpoint;
    DEBUGGER_CHECK_PROCESS_OR_THREAD_CHANGE DebuggerCheckProcessOrThreadChange;
    KD_CHECK_AND_HANDLE_NMI_CALLBACK KdCheckAndHandleNmiCallback;
    KD_QUERY_DEBUGGER_QUERY_THREAD_OR_PROCESS_TRACING_DETAILS_BY_CORE_ID
    KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId;

    INTERCEPTION_CALLBACK_TRIGGER_CR3_PROCESS_CHANGE InterceptionCallbackTriggerCr3ProcessChange;
} VMM_CALLBACKS, *PVMM_CALLBACKS;

#define VMM_CALLBACKS_COUNT 20

STATIC_ASSERT(sizeof(VMM_CALLBACKS) == VMM_CALLBACKS_COUNT * sizeof(PVOID));

#endif

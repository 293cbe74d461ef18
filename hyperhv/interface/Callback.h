/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Callback.h - one wrapper per member of VMM_CALLBACKS.
 *
 * A wrapper checks for NULL, gives the default of the contract, and otherwise passes every argument on
 * unchanged; it does nothing else. Context, arguments and defaults: SDK/modules/VMM.h.
 */
#ifndef HYPERHV_INTERFACE_CALLBACK_H
#define HYPERHV_INTERFACE_CALLBACK_H

#include "SDK/modules/VMM.h"

BOOLEAN VmmCallbackPrepareAndSendMessageToQueue(UINT32 OperationCode, BOOLEAN IsImmediateMessage,
                                                BOOLEAN ShowCurrentSystemTime, BOOLEAN Priority,
                                                const char *Fmt, va_list ArgList);
BOOLEAN VmmCallbackSendMessageToQueue(UINT32 OperationCode, BOOLEAN IsImmediateMessage, CHAR *LogMessage,
                                      UINT32 BufferLen, BOOLEAN Priority);
BOOLEAN VmmCallbackSendBuffer(UINT32 OperationCode, PVOID Buffer, UINT32 BufferLength, BOOLEAN Priority);
BOOLEAN VmmCallbackCheckIfBufferIsFull(BOOLEAN Priority);

VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE
VmmCallbackTriggerEvents(VMM_EVENT_TYPE_ENUM EventType, VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE CallingStage,
                         PVOID Context, BOOLEAN *PostEventRequired, GUEST_REGS *Regs);
VOID VmmCallbackSetLastError(UINT32 LastError);
BOOLEAN VmmCallbackVmcallHandler(UINT32 CoreId, UINT64 VmcallNumber, UINT64 OptionalParam1,
                                 UINT64 OptionalParam2, UINT64 OptionalParam3);
VOID VmmCallbackRegisteredMtfHandler(UINT32 CoreId);
VOID VmmCallbackNmiBroadcastRequestHandler(UINT32 CoreId, BOOLEAN IsOnVmxNmiHandler);
BOOLEAN VmmCallbackQueryTerminateProtectedResource(UINT32 CoreId, PROTECTED_HV_RESOURCES_TYPE ResourceType,
                                                   PVOID Context,
                                                   PROTECTED_HV_RESOURCES_PASSING_OVERS PassOver);
BOOLEAN VmmCallbackRestoreEptState(UINT32 CoreId);
BOOLEAN VmmCallbackCheckUnhandledEptViolations(UINT32 CoreId, UINT64 ViolationQualification,
                                               UINT64 GuestPhysicalAddr);

BOOLEAN VmmCallbackHandleBreakpointException(UINT32 CoreId);
BOOLEAN VmmCallbackHandleDebugBreakpointException(UINT32 CoreId);
BOOLEAN VmmCallbackCheckThreadInterception(UINT32 CoreId);
BOOLEAN VmmCallbackCheckAndHandleReApplyingBreakpoint(UINT32 CoreId);
BOOLEAN VmmCallbackCheckProcessOrThreadChange(UINT32 CoreId);
BOOLEAN VmmCallbackCheckAndHandleNmiCallback(UINT32 CoreId);
BOOLEAN VmmCallbackQueryThreadOrProcessTracingDetailsByCoreId(UINT32 CoreId,
                                                              DEBUGGER_THREAD_PROCESS_TRACING TracingType);

VOID VmmCallbackTriggerCr3ProcessChange(UINT32 CoreId);

#endif

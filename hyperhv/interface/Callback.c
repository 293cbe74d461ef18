// SPDX-License-Identifier: GPL-2.0-only
/*
 * Callback.c - the wrappers through which the VMM calls its user.
 *
 * Context: any that the callback allows, VMX root mode above all.
 */
#include "hyperhv/interface/Callback.h"

#include "hyperhv/core/Globals.h"
#include "hyperhv/interface/Log.h"

BOOLEAN HvLogSend(UINT32 OperationCode, BOOLEAN IsImmediateMessage, BOOLEAN Priority, const CHAR *Fmt, ...)
{
    va_list ArgList;
    BOOLEAN Sent;

    va_start(ArgList, Fmt);
    /* No time in the text: the record's header has time and core. */
    Sent = VmmCallbackPrepareAndSendMessageToQueue(OperationCode, IsImmediateMessage, FALSE, Priority, Fmt,
                                                   ArgList);
    va_end(ArgList);
    return Sent;
}

BOOLEAN VmmCallbackPrepareAndSendMessageToQueue(UINT32 OperationCode, BOOLEAN IsImmediateMessage,
                                                BOOLEAN ShowCurrentSystemTime, BOOLEAN Priority,
                                                const char *Fmt, va_list ArgList)
{
    if (g_Callbacks.LogCallbackPrepareAndSendMessageToQueueWrapper == NULL)
        return FALSE;
    return g_Callbacks.LogCallbackPrepareAndSendMessageToQueueWrapper(
        OperationCode, IsImmediateMessage, ShowCurrentSystemTime, Priority, Fmt, ArgList);
}

BOOLEAN VmmCallbackSendMessageToQueue(UINT32 OperationCode, BOOLEAN IsImmediateMessage, CHAR *LogMessage,
                                      UINT32 BufferLen, BOOLEAN Priority)
{
    if (g_Callbacks.LogCallbackSendMessageToQueue == NULL)
        return FALSE;
    return g_Callbacks.LogCallbackSendMessageToQueue(OperationCode, IsImmediateMessage, LogMessage, BufferLen,
                                                     Priority);
}

BOOLEAN VmmCallbackSendBuffer(UINT32 OperationCode, PVOID Buffer, UINT32 BufferLength, BOOLEAN Priority)
{
    if (g_Callbacks.LogCallbackSendBuffer == NULL)
        return FALSE;
    return g_Callbacks.LogCallbackSendBuffer(OperationCode, Buffer, BufferLength, Priority);
}

BOOLEAN VmmCallbackCheckIfBufferIsFull(BOOLEAN Priority)
{
    if (g_Callbacks.LogCallbackCheckIfBufferIsFull == NULL)
        return FALSE;
    return g_Callbacks.LogCallbackCheckIfBufferIsFull(Priority);
}

VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE
VmmCallbackTriggerEvents(VMM_EVENT_TYPE_ENUM EventType, VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE CallingStage,
                         PVOID Context, BOOLEAN *PostEventRequired, GUEST_REGS *Regs)
{
    if (g_Callbacks.VmmCallbackTriggerEvents == NULL)
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_NO_INITIALIZED;
    return g_Callbacks.VmmCallbackTriggerEvents(EventType, CallingStage, Context, PostEventRequired, Regs);
}

VOID VmmCallbackSetLastError(UINT32 LastError)
{
    if (g_Callbacks.VmmCallbackSetLastError == NULL)
        return;
    g_Callbacks.VmmCallbackSetLastError(LastError);
}

BOOLEAN VmmCallbackVmcallHandler(UINT32 CoreId, UINT64 VmcallNumber, UINT64 OptionalParam1,
                                 UINT64 OptionalParam2, UINT64 OptionalParam3)
{
    if (g_Callbacks.VmmCallbackVmcallHandler == NULL)
        return FALSE;
    return g_Callbacks.VmmCallbackVmcallHandler(CoreId, VmcallNumber, OptionalParam1, OptionalParam2,
                                                OptionalParam3);
}

VOID VmmCallbackRegisteredMtfHandler(UINT32 CoreId)
{
    if (g_Callbacks.VmmCallbackRegisteredMtfHandler == NULL)
        return;
    g_Callbacks.VmmCallbackRegisteredMtfHandler(CoreId);
}

VOID VmmCallbackNmiBroadcastRequestHandler(UINT32 CoreId, BOOLEAN IsOnVmxNmiHandler)
{
    if (g_Callbacks.VmmCallbackNmiBroadcastRequestHandler == NULL)
        return;
    g_Callbacks.VmmCallbackNmiBroadcastRequestHandler(CoreId, IsOnVmxNmiHandler);
}

BOOLEAN VmmCallbackQueryTerminateProtectedResource(UINT32 CoreId, PROTECTED_HV_RESOURCES_TYPE ResourceType,
                                                   PVOID Context,
                                                   PROTECTED_HV_RESOURCES_PASSING_OVERS PassOver)
{
    if (g_Callbacks.VmmCallbackQueryTerminateProtectedResource == NULL)
        return TRUE;
    return g_Callbacks.VmmCallbackQueryTerminateProtectedResource(CoreId, ResourceType, Context, PassOver);
}

BOOLEAN VmmCallbackRestoreEptState(UINT32 CoreId)
{
    if (g_Callbacks.VmmCallbackRestoreEptState == NULL)
        return FALSE;
    return g_Callbacks.VmmCallbackRestoreEptState(CoreId);
}

BOOLEAN VmmCallbackCheckUnhandledEptViolations(UINT32 CoreId, UINT64 ViolationQualification,
                                               UINT64 GuestPhysicalAddr)
{
    if (g_Callbacks.VmmCallbackCheckUnhandledEptViolations == NULL)
        return FALSE;
    return g_Callbacks.VmmCallbackCheckUnhandledEptViolations(CoreId, ViolationQualification,
                                                              GuestPhysicalAddr);
}

BOOLEAN VmmCallbackHandleBreakpointException(UINT32 CoreId)
{
    if (g_Callbacks.DebuggingCallbackHandleBreakpointException == NULL)
        return FALSE;
    return g_Callbacks.DebuggingCallbackHandleBreakpointException(CoreId);
}

BOOLEAN VmmCallbackHandleDebugBreakpointException(UINT32 CoreId)
{
    if (g_Callbacks.DebuggingCallbackHandleDebugBreakpointException == NULL)
        return FALSE;
    return g_Callbacks.DebuggingCallbackHandleDebugBreakpointException(CoreId);
}

BOOLEAN VmmCallbackCheckThreadInterception(UINT32 CoreId)
{
    if (g_Callbacks.DebuggingCallbackCheckThreadInterception == NULL)
        return FALSE;
    return g_Callbacks.DebuggingCallbackCheckThreadInterception(CoreId);
}

BOOLEAN VmmCallbackCheckAndHandleReApplyingBreakpoint(UINT32 CoreId)
{
    if (g_Callbacks.BreakpointCheckAndHandleReApplyingBreakpoint == NULL)
        return FALSE;
    return g_Callbacks.BreakpointCheckAndHandleReApplyingBreakpoint(CoreId);
}

BOOLEAN VmmCallbackCheckProcessOrThreadChange(UINT32 CoreId)
{
    if (g_Callbacks.DebuggerCheckProcessOrThreadChange == NULL)
        return FALSE;
    return g_Callbacks.DebuggerCheckProcessOrThreadChange(CoreId);
}

BOOLEAN VmmCallbackCheckAndHandleNmiCallback(UINT32 CoreId)
{
    if (g_Callbacks.KdCheckAndHandleNmiCallback == NULL)
        return FALSE;
    return g_Callbacks.KdCheckAndHandleNmiCallback(CoreId);
}

BOOLEAN VmmCallbackQueryThreadOrProcessTracingDetailsByCoreId(UINT32 CoreId,
                                                              DEBUGGER_THREAD_PROCESS_TRACING TracingType)
{
    if (g_Callbacks.KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId == NULL)
        return FALSE;
    return g_Callbacks.KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId(CoreId, TracingType);
}

VOID VmmCallbackTriggerCr3ProcessChange(UINT32 CoreId)
{
    if (g_Callbacks.InterceptionCallbackTriggerCr3ProcessChange == NULL)
        return;
    g_Callbacks.InterceptionCallbackTriggerCr3ProcessChange(CoreId);
}

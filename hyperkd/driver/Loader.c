// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loader.c - wiring log, VMM and debugger together, starting them and taking them down.
 *
 * Context: process. hyperhv and hyperlog are strangers; this is the place where they meet.
 */
#include "hyperkd/driver/Loader.h"

#include "SDK/ErrorCodes.h"
#include "SDK/imports/HyperLogImports.h"
#include "SDK/imports/VmmImports.h"
#include "hyperkd/debugger/breakpoints/Breakpoint.h"
#include "hyperkd/debugger/communication/KdMessaging.h"
#include "hyperkd/debugger/core/Debugger.h"
#include "hyperkd/debugger/core/Termination.h"
#include "hyperkd/debugger/events/EventTrigger.h"
#include "hyperkd/debugger/halted/Kd.h"
#include "hyperkd/debugger/objects/Process.h"
#include "hyperkd/debugger/user-level/Attaching.h"
#include "hyperkd/debugger/user-level/UserAccess.h"

BOOLEAN g_AllowIOCTLFromUsermode;
BOOLEAN g_HandleInUse;

static MESSAGE_TRACING_CALLBACKS g_MessageTracingCallbacks;
static VMM_CALLBACKS g_VmmCallbacks;

/* --- callbacks -------------------------------------------------------------------------------------------
 */

static VOID LoaderFillMessageTracingCallbacks(MESSAGE_TRACING_CALLBACKS *Callbacks)
{
    *Callbacks = (MESSAGE_TRACING_CALLBACKS){
        .VmxOperationCheck            = VmFuncVmxGetCurrentExecutionMode,
        .CheckImmediateMessageSending = KdCheckImmediateMessagingMechanism,
        .SendImmediateMessage         = KdLoggingResponsePacketToDebugger,
    };
}

static VOID LoaderFillVmmCallbacks(VMM_CALLBACKS *Callbacks)
{
    *Callbacks = (VMM_CALLBACKS){
        .LogCallbackPrepareAndSendMessageToQueueWrapper = LogCallbackPrepareAndSendMessageToQueueWrapper,
        .LogCallbackSendMessageToQueue                  = LogCallbackSendMessageToQueue,
        .LogCallbackSendBuffer                          = LogCallbackSendBuffer,
        .LogCallbackCheckIfBufferIsFull                 = LogCallbackCheckIfBufferIsFull,

        .VmmCallbackTriggerEvents                   = DebuggerTriggerEvents,
        .VmmCallbackSetLastError                    = DebuggerSetLastError,
        .VmmCallbackVmcallHandler                   = DebuggerVmcallHandler,
        .VmmCallbackRegisteredMtfHandler            = KdHandleRegisteredMtfCallback,
        .VmmCallbackNmiBroadcastRequestHandler      = KdHandleNmiBroadcastDebugBreaks,
        .VmmCallbackQueryTerminateProtectedResource = TerminateQueryDebuggerResource,
        .VmmCallbackRestoreEptState                 = UserAccessCheckForLoadedModuleDetails,
        .VmmCallbackCheckUnhandledEptViolations     = AttachingCheckUnhandledEptViolation,

        .DebuggingCallbackHandleBreakpointException      = BreakpointHandleBreakpoints,
        .DebuggingCallbackHandleDebugBreakpointException = BreakpointCheckAndHandleDebugBreakpoint,
        .DebuggingCallbackCheckThreadInterception        = AttachingCheckThreadInterceptionWithUserDebugger,
        .BreakpointCheckAndHandleReApplyingBreakpoint    = BreakpointCheckAndHandleReApplyingBreakpoint,
        .DebuggerCheckProcessOrThreadChange              = DebuggerCheckProcessOrThreadChange,
        .KdCheckAndHandleNmiCallback                     = KdCheckAndHandleNmiCallback,
        .KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId =
            KdQueryDebuggerQueryThreadOrProcessTracingDetailsByCoreId,

        .InterceptionCallbackTriggerCr3ProcessChange = ProcessTriggerCr3ProcessChange,
    };
}

/* --- steps -----------------------------------------------------------------------------------------------
 */

static BOOLEAN LoaderInitLog(VOID)
{
    return LogInitialize(&g_MessageTracingCallbacks);
}

static BOOLEAN LoaderInitVmm(VOID)
{
    return VmFuncInitVmm(&g_VmmCallbacks);
}

typedef struct _LOADER_STEP {
    const CHAR *Name;
    BOOLEAN (*Do)(VOID); /* FALSE: failed, nothing to undo */
    VOID (*Undo)(VOID);
    UINT32 Error; /* the reason when the step gave none */
} LOADER_STEP;

static const LOADER_STEP LoaderSteps[] = {
    {"message tracing", LoaderInitLog, LogUnInitialize, DEBUGGER_ERROR_LOG_INITIALIZATION_FAILED},
    {"VMM", LoaderInitVmm, VmFuncUninitVmm, DEBUGGER_ERROR_VMLAUNCH_FAILED},
    {"debugger", DebuggerInitialize, DebuggerUninitialize, DEBUGGER_ERROR_OUT_OF_MEMORY},
};

static VOID LoaderUndo(UINT32 StepCount)
{
    while (StepCount > 0) {
        LoaderSteps[--StepCount].Undo();
    }
}

static const CHAR *LoaderErrorText(UINT32 Error)
{
    static const struct {
        UINT32 Error;
        const CHAR *Text;
    } Texts[] = {
#define LOADER_ERROR_TEXT(Name, Value, Text) {Value, Text},
        DEBUGGER_ERROR_LIST(LOADER_ERROR_TEXT)
#undef LOADER_ERROR_TEXT
    };

    for (UINT32 Index = 0; Index < COUNT_OF(Texts); Index++) {
        if (Texts[Index].Error == Error) {
            return Texts[Index].Text;
        }
    }
    return "unknown reason";
}

/* The log is still there for all steps but its own, whose reason only the request's status tells. */
static VOID LoaderReport(const LOADER_STEP *Step)
{
    if (DebuggerGetLastError() == DEBUGGER_OPERATION_WAS_SUCCESSFUL) {
        DebuggerSetLastError(Step->Error);
    }
    LogCallbackPrepareAndSendMessageToQueue(OPERATION_LOG_ERROR_MESSAGE, FALSE, FALSE, FALSE,
                                            "load: the %s could not be started (%x): %s", Step->Name,
                                            DebuggerGetLastError(), LoaderErrorText(DebuggerGetLastError()));
}

BOOLEAN LoaderInitVmmAndDebugger(VOID)
{
    if (g_HandleInUse) {
        DebuggerSetLastError(DEBUGGER_ERROR_VMM_ALREADY_INITIALIZED);
        return FALSE;
    }
    DebuggerSetLastError(DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    g_AllowIOCTLFromUsermode = TRUE;

    LoaderFillMessageTracingCallbacks(&g_MessageTracingCallbacks);
    LoaderFillVmmCallbacks(&g_VmmCallbacks);
    for (UINT32 Index = 0; Index < COUNT_OF(LoaderSteps); Index++) {
        if (!LoaderSteps[Index].Do()) {
            LoaderReport(&LoaderSteps[Index]);
            LoaderUndo(Index);
            g_AllowIOCTLFromUsermode = FALSE;
            return FALSE;
        }
    }
    g_HandleInUse = TRUE;
    return TRUE;
}

BOOLEAN LoaderUninitVmmAndDebugger(VOID)
{
    if (!g_HandleInUse) {
        return FALSE;
    }
    g_AllowIOCTLFromUsermode = FALSE;
    LoaderUndo(COUNT_OF(LoaderSteps));
    g_HandleInUse = FALSE;
    return TRUE;
}

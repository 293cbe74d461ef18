/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Log.h - what the VMM's code says, through LogCallbackPrepareAndSendMessageToQueueWrapper.
 *
 * Context: any, VMX root mode included; without a log callback nothing happens.
 */
#ifndef HYPERHV_INTERFACE_LOG_H
#define HYPERHV_INTERFACE_LOG_H

#include "SDK/modules/HyperLog.h"

/* FALSE: the message was not taken. */
BOOLEAN HvLogSend(UINT32 OperationCode, BOOLEAN IsImmediateMessage, BOOLEAN Priority, const CHAR *Fmt, ...)
    __attribute__((__format__(__printf__, 4, 5)));

#define LogInfo(...)      HvLogSend(OPERATION_LOG_INFO_MESSAGE, TRUE, FALSE, __VA_ARGS__)
#define LogWarning(...)   HvLogSend(OPERATION_LOG_WARNING_MESSAGE, TRUE, FALSE, __VA_ARGS__)
#define LogError(...)     HvLogSend(OPERATION_LOG_ERROR_MESSAGE, TRUE, TRUE, __VA_ARGS__)
#define LogDebugInfo(...) HvLogSend(OPERATION_LOG_NON_IMMEDIATE_MESSAGE, FALSE, FALSE, __VA_ARGS__)

#endif

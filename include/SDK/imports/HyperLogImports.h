/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * HyperLogImports.h - the functions that the log module exports.
 *
 * Unless said otherwise: any context, VMX root mode and NMI included; no lock is taken, nothing sleeps.
 */
#ifndef HYPERDBG_SDK_IMPORTS_HYPERLOG_IMPORTS_H
#define HYPERDBG_SDK_IMPORTS_HYPERLOG_IMPORTS_H

#include "SDK/modules/HyperLog.h"

/* Process context. Makes the rings of all cores and takes the callbacks (copied). FALSE: no memory, or
 * initialized already; then nothing has changed. Until it succeeds every other call drops its record and
 * returns FALSE. */
BOOLEAN LogInitialize(const MESSAGE_TRACING_CALLBACKS *MsgTracingCallbacks);

/* Process context; no core may be in root mode any more. Unread records stay readable until the module goes
 * or LogInitialize is called again. */
VOID LogUnInitialize(VOID);

/* The four log callbacks of VMM_CALLBACKS, with the meaning told there. FALSE: not sent, and counted as
 * dropped. */
BOOLEAN LogCallbackPrepareAndSendMessageToQueueWrapper(UINT32 OperationCode, BOOLEAN IsImmediateMessage,
                                                       BOOLEAN ShowCurrentSystemTime, BOOLEAN Priority,
                                                       const char *Fmt, va_list ArgList);
BOOLEAN LogCallbackSendMessageToQueue(UINT32 OperationCode, BOOLEAN IsImmediateMessage, CHAR *LogMessage,
                                      UINT32 BufferLen, BOOLEAN Priority);
BOOLEAN LogCallbackSendBuffer(UINT32 OperationCode, PVOID Buffer, UINT32 BufferLength, BOOLEAN Priority);
BOOLEAN LogCallbackCheckIfBufferIsFull(BOOLEAN Priority);

/* The same with variable arguments, for users that are not the VMM. */
BOOLEAN LogCallbackPrepareAndSendMessageToQueue(UINT32 OperationCode, BOOLEAN IsImmediateMessage,
                                                BOOLEAN ShowCurrentSystemTime, BOOLEAN Priority,
                                                const char *Fmt, ...) __attribute__((format(printf, 5, 6)));

/* Process context. Throws away all unread records; returns how many. */
UINT64 LogMarkAllAsRead(VOID);

#endif

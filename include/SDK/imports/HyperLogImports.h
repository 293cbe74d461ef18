/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * HyperLogImports.h - the functions that the log module exports.
 *
 * Unless said otherwise: any context, VMX root mode and NMI included; no lock is taken, nothing sleeps.
 */
#ifndef HYPERDBG_SDK_IMPORTS_HYPERLOG_IMPORTS_H
#define HYPERDBG_SDK_IMPORTS_HYPERLOG_IMPORTS_H

#include "SDK/modules/HyperLog.h"

/* Process context. Makes the rings of all cores and takes the callbacks (copied; NULL: none). FALSE: no
 * memory, or initialized already; then nothing has changed. Until it succeeds, and after LogUnInitialize,
 * every other call drops its record uncounted and returns FALSE. When called again after LogUnInitialize,
 * records that are still unread are thrown away, and the numbers go on. */
BOOLEAN LogInitialize(const MESSAGE_TRACING_CALLBACKS *MsgTracingCallbacks);

/* Process context; no core may be in root mode any more. Exits, interrupts and NMIs that were writing have
 * finished when it returns. Unread records, and the memory they are in, stay until the module goes or
 * LogInitialize is called again. */
VOID LogUnInitialize(VOID);

/* The four log callbacks of VMM_CALLBACKS, with the meaning told there. FALSE: not sent, and counted as
 * dropped. A message longer than LOG_MAX_PAYLOAD is cut and flagged, a longer buffer refused. Time and core,
 * where asked for, precede the text as "[core 1, 12.345678 s] ", in seconds of the TSC. The buffer is full
 * when a record of LOG_MAX_PAYLOAD would be lost now, on this core and in this mode. */
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
                                                const char *Fmt, ...)
    __attribute__((__format__(__printf__, 5, 6)));

/* Process context; may wait for another reader, not for records. Copies as many whole records, header first,
 * as are there and fit into Length bytes; BytesRead says how many bytes that were. Who calls this takes the
 * records from /dev/hyperlog. */
LOG_READ_STATUS LogRead(PVOID Buffer, UINT32 Length, UINT32 *BytesRead);

/* Process context, or a timer's. Would LogRead find something now? A hint: it may be wrong while another
 * reader is at work. */
BOOLEAN LogIsReadable(VOID);

/* Process context. Throws away all records that were begun before the call and not read; returns how many.
 * Their numbers never come, and count as neither read nor lost; losses before the call are not told either.
 */
UINT64 LogMarkAllAsRead(VOID);

#endif

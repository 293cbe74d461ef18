/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * HyperLog.h - the records that the log module carries, and what it needs from its user.
 *
 * Context: the structures any; the callbacks as said at each.
 */
#ifndef HYPERDBG_SDK_MODULES_HYPERLOG_H
#define HYPERDBG_SDK_MODULES_HYPERLOG_H

#include "SDK/BasicTypes.h"

/* What a record is. The log module treats them all alike; the reader tells them apart. */
#define OPERATION_LOG_INFO_MESSAGE          0x1u
#define OPERATION_LOG_WARNING_MESSAGE       0x2u
#define OPERATION_LOG_ERROR_MESSAGE         0x3u
#define OPERATION_LOG_NON_IMMEDIATE_MESSAGE 0x4u
#define OPERATION_LOG_WITH_TAG              0x5u
/* The debugger's own codes start here. */
#define OPERATION_DEBUGGER_EVENT_RECORD 0x100u /* payload: DEBUGGER_EVENT_RECORD (Ioctls.h) */

/* Longest payload of one record, in bytes; a longer message is cut, a longer buffer refused. */
#define LOG_MAX_PAYLOAD 4096

#define LOG_RECORD_FLAG_PRIORITY  0x1u /* it overtook regular records */
#define LOG_RECORD_FLAG_ROOT_MODE 0x2u /* written in VMX root mode */
#define LOG_RECORD_FLAG_TRUNCATED 0x4u /* the message was longer than LOG_MAX_PAYLOAD */

/* What precedes each record in the stream that read() on /dev/hyperlog gives. Records are whole: a read never
 * ends in the middle of one. */
typedef struct _LOG_RECORD_HEADER {
    UINT32 TotalLength;   /* header and payload and padding to 8 bytes: the distance to the next record */
    UINT32 PayloadLength; /* bytes that follow the header (text is not zero-terminated) */
    UINT64 Sequence;      /* 1, 2, 3...: the order in which records of all cores were begun */
    UINT64 Time;          /* TSC of the writing core */
    UINT32 OperationCode;
    UINT32 Core;
    UINT32 Flags;
    UINT32 Dropped; /* records that were lost since the record before this one in the stream, on any core */
} LOG_RECORD_HEADER;

STATIC_ASSERT(sizeof(LOG_RECORD_HEADER) == 40);

/* What the log module asks of its user. NULL pointers are legal: "not in root mode", "not immediate", "not
 * sent". */
typedef struct _MESSAGE_TRACING_CALLBACKS {
    BOOLEAN (*VmxOperationCheck)(VOID);                            /* is this core in VMX root mode? */
    BOOLEAN (*CheckImmediateMessageSending)(UINT32 OperationCode); /* must this message go out at once? */
    BOOLEAN (*SendImmediateMessage)
    (CHAR *OptionalBuffer, UINT32 OptionalBufferLength,
     UINT32 OperationCode); /* send it now, past the queue; TRUE if it went */
} MESSAGE_TRACING_CALLBACKS, *PMESSAGE_TRACING_CALLBACKS;

#endif

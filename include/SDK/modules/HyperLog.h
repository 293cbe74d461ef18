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
/* No payload: records were lost after the last one of the stream, and nothing was written since. Dropped says
 * how many, Sequence is the number of the last of them. */
#define OPERATION_LOG_RECORDS_LOST 0x6u
/* The debugger's own codes start here. */
#define OPERATION_DEBUGGER_EVENT_RECORD  0x100u /* payload: DEBUGGER_EVENT_RECORD (Ioctls.h) */
#define OPERATION_DEBUGGER_SCRIPT_RECORD 0x101u /* payload: DEBUGGER_SCRIPT_RECORD, and what follows it */

/* Longest payload of one record, in bytes; a longer message is cut, a longer buffer refused. */
#define LOG_MAX_PAYLOAD 4096

#define LOG_RECORD_FLAG_PRIORITY  0x1u /* it overtook regular records */
#define LOG_RECORD_FLAG_ROOT_MODE 0x2u /* written in VMX root mode */
#define LOG_RECORD_FLAG_TRUNCATED 0x4u /* the message was longer than LOG_MAX_PAYLOAD */

/* What precedes each record in the stream that read() on /dev/hyperlog gives. Records are whole: a read never
 * ends in the middle of one.
 *
 * Every record of every core, lost ones included, has one number. Regular records come in the order of their
 * numbers, priority records too, but as soon as they are there: a priority record may come before regular
 * ones with lower numbers. Each lost record is told exactly once, in the first record handed out that was
 * begun after the loss; numbers that never come are just the lost ones. */
typedef struct _LOG_RECORD_HEADER {
    UINT32 TotalLength;   /* header and payload and padding to 8 bytes: the distance to the next record */
    UINT32 PayloadLength; /* bytes that follow the header (text is not zero-terminated) */
    UINT64 Sequence;      /* 1, 2, 3...: the order in which records of all cores were begun */
    UINT64 Time;          /* TSC of the writing core */
    UINT32 OperationCode;
    UINT32 Core;
    UINT32 Flags;
    UINT32 Dropped; /* lost records, of any core, begun before this one and not told by one earlier in the
                       stream */
} LOG_RECORD_HEADER;

STATIC_ASSERT(sizeof(LOG_RECORD_HEADER) == 40);

/* A buffer of this size takes any record. */
#define LOG_LONGEST_RECORD (sizeof(LOG_RECORD_HEADER) + LOG_MAX_PAYLOAD)

/* How reading records ended. */
typedef enum _LOG_READ_STATUS {
    LOG_READ_SUCCESS = 0, /* at least one record was read */
    LOG_READ_EMPTY,       /* there is none now */
    LOG_READ_TOO_SHORT,   /* the first record is longer than the buffer; it stays unread */
    LOG_READ_FAULT,       /* the reader's memory could not be written; the first record stays unread */
} LOG_READ_STATUS;

/* What the log module asks of its user. NULL pointers are legal: "not in root mode", "not immediate", "not
 * sent". */
typedef struct _MESSAGE_TRACING_CALLBACKS {
    /* Is this core in VMX root mode? */
    BOOLEAN (*VmxOperationCheck)(VOID);
    /* Must this message go out at once? */
    BOOLEAN (*CheckImmediateMessageSending)(UINT32 OperationCode);
    /* Send it now, past the queue; TRUE if it went: it then takes no number and is in no stream. FALSE: it is
     * queued. */
    BOOLEAN (*SendImmediateMessage)(CHAR *OptionalBuffer, UINT32 OptionalBufferLength, UINT32 OperationCode);
} MESSAGE_TRACING_CALLBACKS, *PMESSAGE_TRACING_CALLBACKS;

#endif

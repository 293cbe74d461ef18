/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RecordStream.h - bytes read from /dev/hyperlog to records, trusting none of them.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_RECORD_STREAM_H
#define HYPERDBG_LIBHYPERDBG_RECORD_STREAM_H

#include "SDK/modules/HyperLog.h"

typedef struct _RECORD {
    LOG_RECORD_HEADER Header;
    const UINT8 *Payload; /* Header.PayloadLength bytes inside the stream; not aligned for anything */
} RECORD;

typedef enum _RECORD_RESULT {
    RECORD_WHOLE = 0,
    RECORD_END,    /* the stream ends where a record would begin */
    RECORD_BROKEN, /* what follows cannot be understood */
} RECORD_RESULT;

/* Takes the record at *Offset and moves *Offset to the next one. On RECORD_BROKEN *Offset stays and *Why says
 * what is wrong there. */
RECORD_RESULT RecordNext(const UINT8 *Stream, UINT32 Length, UINT32 *Offset, RECORD *Record,
                         const CHAR **Why);

#endif

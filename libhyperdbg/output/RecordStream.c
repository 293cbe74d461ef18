/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RecordStream.c - bytes read from /dev/hyperlog to records, trusting none of them.
 *
 * Context: user space.
 */
#include "libhyperdbg/output/RecordStream.h"

#include <string.h>

#define RECORD_ALIGNMENT 8

/* NULL, or what is wrong with a header in front of Available bytes (itself included). */
static const CHAR *RecordFault(const LOG_RECORD_HEADER *Header, UINT32 Available)
{
    UINT32 Used = (UINT32)sizeof(*Header) + Header->PayloadLength;

    if (Header->PayloadLength > LOG_MAX_PAYLOAD)
        return "its payload is longer than any record's";
    if (Header->TotalLength % RECORD_ALIGNMENT != 0)
        return "its length is not a multiple of 8";
    if (Header->TotalLength < Used)
        return "its payload is longer than the record";
    if (Header->TotalLength - Used >= RECORD_ALIGNMENT)
        return "it is longer than its payload";
    if (Header->TotalLength > Available)
        return "it is longer than the data";
    return NULL;
}

RECORD_RESULT RecordNext(const UINT8 *Stream, UINT32 Length, UINT32 *Offset, RECORD *Record, const CHAR **Why)
{
    UINT32 Available = Length - *Offset;

    *Why = "its header is cut";
    if (Available == 0)
        return RECORD_END;
    if (Available < sizeof(Record->Header))
        return RECORD_BROKEN;
    memcpy(&Record->Header, Stream + *Offset, sizeof(Record->Header));
    *Why = RecordFault(&Record->Header, Available);
    if (*Why != NULL)
        return RECORD_BROKEN;
    Record->Payload = Stream + *Offset + sizeof(Record->Header);
    *Offset += Record->Header.TotalLength;
    return RECORD_WHOLE;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reader.h - records leave the rings: in the order of their numbers, priority ones first.
 */
#ifndef HYPERDBG_HYPERLOG_READER_H
#define HYPERDBG_HYPERLOG_READER_H

#include "SDK/modules/HyperLog.h"

/* Takes a whole record for the reader: Length bytes, to be put Offset bytes behind the beginning of what is
 * read at once. FALSE: it could not; the record then stays unread. */
typedef BOOLEAN (*LOG_SINK)(PVOID Context, UINT32 Offset, const VOID *Bytes, UINT32 Length);

/* Process context; may wait for another reader. As many records as fit into Room bytes go to the sink;
 * BytesRead says how many bytes that were. */
LOG_READ_STATUS LogReadTo(LOG_SINK Sink, PVOID Context, UINT32 Room, UINT32 *BytesRead);

/* Process context. Makes the reader's part of the log; FALSE: no memory. And takes it away again. */
BOOLEAN LogReaderCreate(VOID);
VOID LogReaderDestroy(VOID);

#endif

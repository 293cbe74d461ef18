/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Connection.h - a session's requests to the modules, with their errors told to the user, and its records.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_CONNECTION_H
#define HYPERDBG_LIBHYPERDBG_CONNECTION_H

#include "SDK/Ioctls.h"
#include "libhyperdbg/LibHyperDbg.h"

/* Connects if the session is not; FALSE: not possible, and said. */
BOOLEAN ConnectionNeed(HYPERDBG_SESSION *Session);

/* Connects, putting the modules in first if they are not there. FALSE: not possible, and said. */
BOOLEAN ConnectionLoad(HYPERDBG_SESSION *Session);

/* Connects if that is possible. TRUE: it is not, because the modules are not loaded; nothing was said. */
BOOLEAN ConnectionIsAbsent(HYPERDBG_SESSION *Session);

VOID ConnectionClose(HYPERDBG_SESSION *Session);

/* One request (connecting if needed); TRUE: done. FALSE: refused, and said. */
BOOLEAN ConnectionRequest(HYPERDBG_SESSION *Session, UINT32 Code, PVOID Buffer);

/* The same, but a KernelStatus that is not success is the caller's to judge: it is returned. 0: the request
 * did not get through, and that was said. */
UINT32 ConnectionTry(HYPERDBG_SESSION *Session, UINT32 Code, PVOID Buffer);

/* The same on a session that is connected, and nothing is ever said: 0 when it did not get through, or the
 * session is not connected. */
UINT32 ConnectionAsk(HYPERDBG_SESSION *Session, UINT32 Code, PVOID Buffer);

/* Asks for the status and keeps what times are reckoned from. */
BOOLEAN ConnectionQueryStatus(HYPERDBG_SESSION *Session, DEBUGGER_QUERY_STATUS *Status);

/* One read of the log, without waiting; each record is shown. Returns how many; *Newest is the time of the
 * latest. */
UINT32 ConnectionReadRecords(HYPERDBG_SESSION *Session, UINT64 *Newest);

/* Reads all records that have been written by now (not those that keep coming); returns how many. */
UINT64 ConnectionDrain(HYPERDBG_SESSION *Session);

#endif

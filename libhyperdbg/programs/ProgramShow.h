/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ProgramShow.h - what the programs of events say: their printf, their faults, their maps.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_PROGRAM_SHOW_H
#define HYPERDBG_LIBHYPERDBG_PROGRAM_SHOW_H

#include "libhyperdbg/output/RecordStream.h"
#include "libhyperdbg/programs/ProgramCache.h"

/* A record of the log. In text a printf's characters come as they are, a line when its newline has come. */
VOID ProgramRecordShow(HYPERDBG_SESSION *Session, const RECORD *Record);

/* Shows what was printed without a newline after it. */
VOID ProgramFlush(HYPERDBG_SESSION *Session, PROGRAM *Program);

/* All maps of an event, asked of the kernel now; nothing, if it has none. FALSE: the kernel could not be
 * asked, and that was said. */
BOOLEAN ProgramShowMaps(HYPERDBG_SESSION *Session, UINT64 Tag, UINT32 *Count);

/* One map. */
BOOLEAN ProgramShowMap(HYPERDBG_SESSION *Session, const PROGRAM *Program, UINT32 Map,
                       HYPERDBG_MESSAGE_KIND Kind);

/* A SCRIPT_SYMBOLIZER whose context is the session. */
UINT32 ProgramSymbol(PVOID Context, UINT64 Address, CHAR *Buffer, UINT32 Size);

#endif

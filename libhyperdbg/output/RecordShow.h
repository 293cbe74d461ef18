/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RecordShow.h - one record of the log to the line that the user reads.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_RECORD_SHOW_H
#define HYPERDBG_LIBHYPERDBG_RECORD_SHOW_H

#include "libhyperdbg/LibHyperDbg.h"
#include "libhyperdbg/output/RecordStream.h"

/* Sends one line for records lost before this one, if any, and the record itself. Whatever the record holds,
 * something sensible is shown. */
VOID RecordShow(HYPERDBG_SESSION *Session, const RECORD *Record);

#endif

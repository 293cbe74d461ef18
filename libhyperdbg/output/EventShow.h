/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventShow.h - an event that fired, as a line of text or a JSON object.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_EVENT_SHOW_H
#define HYPERDBG_LIBHYPERDBG_EVENT_SHOW_H

#include "SDK/Ioctls.h"
#include "SDK/modules/HyperLog.h"
#include "libhyperdbg/LibHyperDbg.h"
#include "libhyperdbg/output/TextBuilder.h"

VOID EventShow(HYPERDBG_SESSION *Session, const LOG_RECORD_HEADER *Header,
               const DEBUGGER_EVENT_RECORD *Event);

/* "[12.345678 s]" since the load of the VMM, or "[tsc 123456]" where the length of a tick is not known. */
VOID EventAddTime(TEXT *Text, const HYPERDBG_SESSION *Session, UINT64 Time);

/* Seconds since the load; FALSE: not known. */
BOOLEAN EventSeconds(const HYPERDBG_SESSION *Session, UINT64 Time, double *Seconds);

/* The number of an event as users know it: they count from 0. */
UINT64 EventNumber(UINT64 Tag);

#endif

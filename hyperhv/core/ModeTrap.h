/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ModeTrap.h - the processes whose changes between user and kernel mode are watched.
 */
#ifndef HYPERHV_CORE_MODE_TRAP_H
#define HYPERHV_CORE_MODE_TRAP_H

#include "SDK/BasicTypes.h"

#define MODE_TRAP_MAX_PROCESSES 16

/* Process context, one caller at a time. Adds a user of the process; FALSE: there is no such process, or too
 * many are watched already. And takes one away. */
BOOLEAN ModeTrapAddProcess(UINT32 ProcessId);
VOID ModeTrapRemoveProcess(UINT32 ProcessId);

/* Process context, no core virtualized: nobody is watched. */
VOID ModeTrapReset(VOID);

/* Any. Is this the page table of a watched process, its user or its kernel half? */
BOOLEAN ModeTrapIsWatched(UINT64 Cr3);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaching.h - the processes that a user-mode debugger is attached to.
 *
 * Context: VMX root.
 */
#ifndef HYPERDBG_HYPERKD_ATTACHING_H
#define HYPERDBG_HYPERKD_ATTACHING_H

#include "SDK/BasicTypes.h"

/* An EPT violation that no hook explains. TRUE: an attached process is held there, the access is served. */
BOOLEAN AttachingCheckUnhandledEptViolation(UINT32 CoreId, UINT64 ViolationQualification,
                                            UINT64 GuestPhysicalAddr);

/* An exception or CR3 exit. TRUE: it belongs to an attached process and was served. */
BOOLEAN AttachingCheckThreadInterceptionWithUserDebugger(UINT32 CoreId);

#endif

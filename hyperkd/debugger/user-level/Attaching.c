// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching.c - the processes that a user-mode debugger is attached to.
 *
 * Context: VMX root.
 */
#include "hyperkd/debugger/user-level/Attaching.h"

/* No process is attached, so none is held by its pages. */
BOOLEAN AttachingCheckUnhandledEptViolation(UINT32 CoreId, UINT64 ViolationQualification,
                                            UINT64 GuestPhysicalAddr)
{
    (void)CoreId;
    (void)ViolationQualification;
    (void)GuestPhysicalAddr;
    return FALSE;
}

/* No process is attached, so no thread is intercepted. */
BOOLEAN AttachingCheckThreadInterceptionWithUserDebugger(UINT32 CoreId)
{
    (void)CoreId;
    return FALSE;
}

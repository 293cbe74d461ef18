/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * UserAccess.h - what the user-mode debugger learns of a process while its pages are held.
 *
 * Context: VMX root.
 */
#ifndef HYPERDBG_HYPERKD_USER_ACCESS_H
#define HYPERDBG_HYPERKD_USER_ACCESS_H

#include "SDK/BasicTypes.h"

/* An MTF exit (the VMM's VmmCallbackRestoreEptState). TRUE: an EPT change of ours was put back, after the
 * one instruction that it let through to see the modules of a process. */
BOOLEAN UserAccessCheckForLoadedModuleDetails(UINT32 CoreId);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * UserAccess.c - what the user-mode debugger learns of a process while its pages are held.
 *
 * Context: VMX root.
 */
#include "hyperkd/debugger/user-level/UserAccess.h"

/* The debugger changes no EPT entry, so there is none to put back. */
BOOLEAN UserAccessCheckForLoadedModuleDetails(UINT32 CoreId)
{
    (void)CoreId;
    return FALSE;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Globals.c - the VMM's machine-wide variables (Globals.h says who writes each, and when).
 *
 * Context: any.
 */
#include "hyperhv/core/Globals.h"

VMM_CALLBACKS g_Callbacks;

VIRTUAL_MACHINE_STATE *g_GuestState;
UINT32 g_CoreCount;

BOOLEAN g_TransparentMode;
BOOLEAN g_WaitingForInterruptWindowToInjectPageFault;

BOOLEAN g_TriggerEvents[VMM_EVENT_TYPE_COUNT];

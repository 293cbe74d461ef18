/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Process.h - switches from one process or thread to another.
 *
 * Context: VMX root.
 */
#ifndef HYPERDBG_HYPERKD_PROCESS_H
#define HYPERDBG_HYPERKD_PROCESS_H

#include "SDK/BasicTypes.h"

/* The guest's CR3 changed; the new value is in the guest state. */
VOID ProcessTriggerCr3ProcessChange(UINT32 CoreId);

/* A clock interrupt or reschedule IPI while a switch is tracked. TRUE: the switch happened and was served. */
BOOLEAN DebuggerCheckProcessOrThreadChange(UINT32 CoreId);

#endif

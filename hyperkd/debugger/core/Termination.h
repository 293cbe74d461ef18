/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Termination.h - who of the debugger still needs an exit that the VMM wants to turn off.
 *
 * Context: VMX root.
 */
#ifndef HYPERDBG_HYPERKD_TERMINATION_H
#define HYPERDBG_HYPERKD_TERMINATION_H

#include "SDK/modules/VMM.h"

/* TRUE: nobody on this core but the one that PassOver names needs the exit. Context: the vector for the
 * exception bitmap, the register number for control registers; unused for the others. */
BOOLEAN TerminateQueryDebuggerResource(UINT32 CoreId, PROTECTED_HV_RESOURCES_TYPE ResourceType, PVOID Context,
                                       PROTECTED_HV_RESOURCES_PASSING_OVERS PassOver);

#endif

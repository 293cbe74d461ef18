/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hv.h - the life of the VMM: off, on all cores, off again.
 */
#ifndef HYPERHV_CORE_HV_H
#define HYPERHV_CORE_HV_H

#include "SDK/modules/VMM.h"

/* Process context. Behind the export VmFuncInitVmm, which tells the contract. */
BOOLEAN HvInitVmm(VMM_CALLBACKS *VmmCallbacks);

/* Process context. Does nothing when not initialized. */
VOID HvUninitVmm(VOID);

/* Process context; nothing virtualized. Picks the backend for this processor; 0, or the DEBUGGER_ERROR_...
 * that says why the VMM cannot run here (told to the log too). */
UINT32 CompatibilityCheckPerformChecks(VOID);

#endif

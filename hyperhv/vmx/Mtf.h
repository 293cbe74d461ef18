/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mtf.h - the monitor trap flag: one guest instruction, then an exit. SDM Vol. 3, 26.5.2.
 */
#ifndef HYPERHV_VMX_MTF_H
#define HYPERHV_VMX_MTF_H

#include "hyperhv/core/State.h"

/* Root mode, within an exit of VCpu. Sets or clears the flag. */
VOID MtfSet(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN On);

/* Root mode, within an MTF exit. Serves all that asked for the step, in the order of the contract (section 5,
 * "MTF"). */
VOID MtfHandleVmexit(VIRTUAL_MACHINE_STATE *VCpu);

#endif

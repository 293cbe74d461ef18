/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DebugRegisters.h - debug registers under VMX. SDM Vol. 3, 18.2, 26.1.3, table 28-4.
 */
#ifndef HYPERHV_VMX_DEBUG_REGISTERS_H
#define HYPERHV_VMX_DEBUG_REGISTERS_H

#include "hyperhv/core/State.h"

/* Root mode. Exit by MOV to or from a debug register. */
VOID VmxHandleMovDr(VIRTUAL_MACHINE_STATE *VCpu);

#endif

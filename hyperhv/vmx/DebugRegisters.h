/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DebugRegisters.h - debug registers under VMX. SDM Vol. 3, 18.2, 26.1.3, table 28-4.
 */
#ifndef HYPERHV_VMX_DEBUG_REGISTERS_H
#define HYPERHV_VMX_DEBUG_REGISTERS_H

#include "hyperhv/core/State.h"

/* Root mode. Exit by MOV to or from a debug register. */
VOID VmxHandleMovDr(VIRTUAL_MACHINE_STATE *VCpu);

/* Conditions of DR7's breakpoints: one bit for each value of a R/W field. */
#define BREAKPOINT_ON_EXECUTE (1u << 0)
#define BREAKPOINT_ON_WRITE   ((1u << 1) | (1u << 3))
#define BREAKPOINT_ON_PORT    (1u << 2)
#define DR7_ANY               0xFFull /* is any breakpoint enabled? */

/* Root mode. The guest's breakpoints that lie on Size bytes at Address, linear or a port: bits 0 to 3, as DR6
 * has them. */
UINT64 VmxBreakpointsOn(UINT64 Address, UINT32 Size, UINT32 Conditions);

/* Root mode. The guest's access of Size bytes at Address - linear, or a port - was carried out here: its
 * breakpoints on that are pending with the next entry, as if the guest had done it (18.3.1.2, 18.3.1.4). */
VOID VmxPendBreakpoints(UINT64 Address, UINT32 Size, UINT32 Conditions);

#endif

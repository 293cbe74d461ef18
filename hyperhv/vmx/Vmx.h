/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Vmx.h - VT-x on one core, in and out; and what its cores share.
 */
#ifndef HYPERHV_VMX_VMX_H
#define HYPERHV_VMX_VMX_H

#include "hyperhv/core/State.h"

/* Root mode, at the end of an exit. Leaves VMX operation with the processor as the guest had it: control and
 * segment registers, descriptor tables with their limits, debug and system MSRs. Fills VCpu->VmxoffState;
 * from here on the kernel's IDT is in force. (VmxLeave.c) */
VOID VmxLeave(VIRTUAL_MACHINE_STATE *VCpu);

/* Root mode, at the end of an exit. Is the guest where VmxLeave can go back to it: no event goes in, and its
 * page table has the kernel (not so a process's, with page table isolation)? Always within a VMCALL of the
 * kernel. (VmxLeave.c) */
BOOLEAN VmxCanLeave(VIRTUAL_MACHINE_STATE *VCpu);

/* Root mode. A triple fault resets bare metal, and kernels reset by it on purpose: outside VMX operation it
 * happens again. Does not return. (VmxLeave.c) */
VOID VmxTripleFault(VIRTUAL_MACHINE_STATE *VCpu);

/* Root mode. INIT, which another core has sent (SDM Vol. 3, 26.2): it resets bare metal to wait for a SIPI,
 * or at the reset vector, and does so here, outside VMX operation. The core comes back as one that comes
 * online. Does not return. (VmxLeave.c) */
VOID VmxInitSignal(VIRTUAL_MACHINE_STATE *VCpu);

/* Root mode, in a state that cannot go on. Leaves VMX operation and stops the kernel with Message: does not
 * return (not declared so, as the kernel's objtool knows only its own functions that do not). (VmxLeave.c) */
VOID VmxPanic(VIRTUAL_MACHINE_STATE *VCpu, const CHAR *Message);

#endif

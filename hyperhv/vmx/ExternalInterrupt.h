/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ExternalInterrupt.h - exits by external interrupts, and their way to the guest. SDM Vol. 3, 25.6.1, 25.7.1.
 *
 * Context of all: VMX root mode, within an exit of VCpu.
 */
#ifndef HYPERHV_VMX_EXTERNAL_INTERRUPT_H
#define HYPERHV_VMX_EXTERNAL_INTERRUPT_H

#include "hyperhv/core/State.h"

/* Every interrupt that this core takes is dispatched, or none. */
VOID VmxWatchInterrupts(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN On);

/* Exits. One that comes in a step waits until the instruction is done, whether interrupts are watched or not.
 */
VOID VmxHandleExternalInterrupt(VIRTUAL_MACHINE_STATE *VCpu);
VOID VmxHandleInterruptWindow(VIRTUAL_MACHINE_STATE *VCpu);

/* Backend.h tells the contracts. */
VOID VmxDeliverInterrupt(VIRTUAL_MACHINE_STATE *VCpu);
VOID VmxDropInterrupt(VIRTUAL_MACHINE_STATE *VCpu);

/* On the way out of VMX operation: an interrupt that is held is the APIC's again. */
VOID VmxHandBackInterrupt(VIRTUAL_MACHINE_STATE *VCpu);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IdtEmulation.h - exits by exceptions and NMIs, and events whose delivery an exit interrupted.
 *
 * Context of all: VMX root mode, within an exit of VCpu. SDM Vol. 3, 26.2, 28.2.4 (information about the
 * event being delivered).
 */
#ifndef HYPERHV_VMX_IDT_EMULATION_H
#define HYPERHV_VMX_IDT_EMULATION_H

#include "hyperhv/core/State.h"

/* Exit by an exception in the bitmap, or by an NMI. The user is asked where the contract says so; what nobody
 * takes reaches the guest as if we were not there. */
VOID IdtEmulationHandleExceptionAndNmi(VIRTUAL_MACHINE_STATE *VCpu);

/* Backend.h tells the contracts (DeliverException, DropException). */
VOID IdtEmulationDeliverException(VIRTUAL_MACHINE_STATE *VCpu);
VOID IdtEmulationDropException(VIRTUAL_MACHINE_STATE *VCpu);

/* First thing in an exit that can come in the middle of an event's delivery: the event goes in again with the
 * entry, and whatever the exit injects is merged with it. FALSE: it did not come so. */
BOOLEAN IdtEmulationRedeliverVectoredEvent(VIRTUAL_MACHINE_STATE *VCpu);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apic.h - NMIs from one core to another, past the kernel: the local APIC, in xAPIC or x2APIC mode. SDM Vol.
 * 3, 11.6 (inter-processor interrupts), 11.12 (x2APIC).
 */
#ifndef HYPERHV_CORE_APIC_H
#define HYPERHV_CORE_APIC_H

#include "SDK/BasicTypes.h"

/* Any, on the core itself. The number by which others address its local APIC. */
UINT32 ApicThisId(VOID);

/* Root mode, on core CoreId. Sends an NMI to the core whose APIC has this number. What the guest was about to
 * send is left as it was. FALSE: not sent, as the APIC is off or stays busy. */
BOOLEAN ApicSendNmi(UINT32 CoreId, UINT32 ApicId);

/* The same with INIT; under root mode's page tables, outside VMX operation: within, INIT waits. */
BOOLEAN ApicSendInit(UINT32 CoreId, UINT32 ApicId);

/* Root mode, on core CoreId. Tells its local APIC that the interrupt, which it has given to the core, was
 * served, if it has it in service (one of an older controller is not there). */
VOID ApicEndInterrupt(UINT32 CoreId, UINT32 Vector);

/* Root mode, on core CoreId. Has its local APIC send it an interrupt (vector 16 to 255). FALSE: the APIC is
 * off. */
BOOLEAN ApicRaise(UINT32 CoreId, UINT32 Vector);

/* ApicEndInterrupt, and has it come again. */
VOID ApicRaiseAgain(UINT32 CoreId, UINT32 Vector);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VmxNmi.h - NMIs: those that arrive while the guest runs, those that arrive in root mode, and their way to
 * the guest.
 *
 * One that a broadcast sent (VmxBroadcast.h) is not the guest's. Any other is counted in VCpu->PendingNmis
 * and goes in at the next NMI window, whatever the core was doing. SDM Vol. 3, 26.2 (NMI exits), 26.5.5
 * (NMI-window exits), 25.4.2 and 25.6.1 (virtual NMIs).
 */
#ifndef HYPERHV_VMX_VMX_NMI_H
#define HYPERHV_VMX_VMX_NMI_H

#include "hyperhv/core/State.h"

/* Root mode, within the NMI's exit. */
VOID VmxNmiArrivedInGuest(VIRTUAL_MACHINE_STATE *VCpu);

/* Root mode's NMI handler: may have interrupted any instruction of an exit. */
VOID VmxNmiArrivedInRoot(VIRTUAL_MACHINE_STATE *VCpu);

/* Root mode, the guest can take an NMI now: the next of those that wait goes in, if there is one. */
VOID VmxInjectPendingNmi(VIRTUAL_MACHINE_STATE *VCpu);

/* Root mode, within an exit by the NMI window: the guest can take one now, or a trap by that window is due.
 */
VOID VmxHandleNmiWindow(VIRTUAL_MACHINE_STATE *VCpu);

/* The core has left VMX operation, and the kernel's IDT is in force: the kernel's handler takes those that
 * wait, here and now. It does not come back from the one by which a panic stops a core. Where the guest
 * blocked NMIs its handler is interrupted, as by an NMI after a fault in it, which the kernel allows for. */
VOID VmxHandOverNmis(VIRTUAL_MACHINE_STATE *VCpu);

#endif

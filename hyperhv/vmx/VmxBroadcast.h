/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VmxBroadcast.h - one core asks all others for something, by NMI, whatever they are doing.
 *
 * A sender sets bits in VCpu->NmiBroadcastActions of the other core, and sends an NMI if there were none: so
 * one NMI is on its way exactly as long as the word is not zero. The first NMI that arrives there takes the
 * word, and is not the guest's; one that finds it zero is. An NMI of the guest that comes in between swaps
 * its place with ours, which nobody can tell apart. What no software can know: where the processor had one
 * NMI pending already when the other came, the two are one (SDM Vol. 3, 6.7.1), and the guest's is lost, as
 * it is on bare metal when two of its own meet.
 */
#ifndef HYPERHV_VMX_VMX_BROADCAST_H
#define HYPERHV_VMX_VMX_BROADCAST_H

#include "hyperhv/core/State.h"
#include "hyperhv/interface/Callback.h"

/* Root mode, within an exit of VCpu. Asks all other cores that run on the VMM (Broadcast.h). With Wait, until
 * each has taken it: a core takes it at its next instruction, in root mode too. FALSE: one of them could not
 * be reached. */
BOOLEAN VmxBroadcast(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Actions, BOOLEAN Wait);

/* On the core, before it enters VMX operation as a guest: nothing was asked of it. */
VOID VmxBroadcastReset(VIRTUAL_MACHINE_STATE *VCpu);

/* An NMI has arrived: within its exit, or in the handler of root mode. TRUE: it was a broadcast's, and is
 * served; what has to wait for the end of an exit is asked for. */
BOOLEAN VmxBroadcastTake(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN IsInRoot);

/* Root mode, an MTF exit or the end of an exit. A request whose NMI hit root mode, and that nobody has served
 * since. TRUE: the user served one now. */
static inline BOOLEAN VmxBroadcastServeRequest(VIRTUAL_MACHINE_STATE *VCpu)
{
    __atomic_store_n(&VCpu->NmiRequestWaits, FALSE, __ATOMIC_SEQ_CST);
    return VmmCallbackCheckAndHandleNmiCallback(VCpu->CoreId);
}

/* Root mode, at the end of an exit with EXIT_END_NMI or EXIT_END_LEAVE_SOON: serves what an NMI of root mode
 * has left; leaves VMX operation if it may, or else comes again after one instruction. */
VOID VmxBroadcastEndOfExit(VIRTUAL_MACHINE_STATE *VCpu);

/* Root mode, on the way out, the lifecycle no longer RUNNING: returns when no broadcast's NMI is on its way
 * to this core any more, which the kernel would take for one of its own. */
VOID VmxBroadcastDrain(VIRTUAL_MACHINE_STATE *VCpu);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Broadcast.h - what a core can ask of all others at once, by NMI (BACKEND.Broadcast). Bits, as a core may be
 * asked for several before it gets to them.
 */
#ifndef HYPERHV_CORE_BROADCAST_H
#define HYPERHV_CORE_BROADCAST_H

/* Call VmmCallbackNmiBroadcastRequestHandler. */
#define NMI_BROADCAST_ACTION_REQUEST 0x1u

/* Use nothing that was cached of the views: the one "as hooked", or of all. */
#define NMI_BROADCAST_ACTION_INVALIDATE_EPT_CACHE_SINGLE_CONTEXT 0x2u
#define NMI_BROADCAST_ACTION_INVALIDATE_EPT_CACHE_ALL_CONTEXTS   0x4u

/* Leave VMX operation: the kernel is about to end. */
#define NMI_BROADCAST_ACTION_LEAVE 0x8u

#endif

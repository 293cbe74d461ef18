/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Halt.h - all cores but one stand still in root mode, with the full context of their guest, and do what they
 * are asked to.
 *
 * One core at a time owns the halt. A core that wants to own it while another does is itself halted by that
 * one, and gets its turn afterwards. The owner may go back to its guest between HaltSystem and HaltContinue:
 * the others stay where they are.
 *
 * Context: VMX root, on core CoreId, unless said otherwise.
 */
#ifndef HYPERDBG_HYPERKD_HALT_H
#define HYPERDBG_HYPERKD_HALT_H

#include "SDK/BasicTypes.h"

/* Where the NMI found a core. */
typedef enum _HALT_ORIGIN {
    HALT_ORIGIN_OWNER = 0, /* it asked for the halt itself */
    HALT_ORIGIN_GUEST,
    HALT_ORIGIN_ROOT, /* in an exit: it halted at the end of that exit, or one instruction of its guest later
                       */
} HALT_ORIGIN;

/* Process; the VMM runs. FALSE: no memory. */
BOOLEAN HaltInitialize(VOID);

/* Process; the VMM still runs. Releases what is halted. */
VOID HaltUninitialize(VOID);

/* Halts all other cores that run on the VMM; returns when all of them are. Within a halt (on its owner, or in
 * a function that a halted core runs) it counts, and HaltContinue as often ends it. FALSE: a core did not
 * halt; then all go on as before. */
BOOLEAN HaltSystem(UINT32 CoreId);

/* Lets them go on. They have left the halt when this returns. */
VOID HaltContinue(UINT32 CoreId);

/* Any context. Is this core the owner of a halt? Is it halted? */
BOOLEAN HaltIsOwner(UINT32 CoreId);
BOOLEAN HaltIsHalted(UINT32 CoreId);

/* Within a halt: runs Function on Target - another core that is halted or owns the halt and waits, or this
 * one - in root mode, with that core's guest context, and waits for it. A function may use this in turn, on
 * any core, the one that asked for it included. FALSE: Target is not halted. */
typedef VOID (*HALT_FUNCTION)(UINT32 CoreId, PVOID Context);
BOOLEAN HaltRunOnCore(UINT32 CoreId, UINT32 Target, HALT_FUNCTION Function, PVOID Context);

/* The NMI of a broadcast was taken: in root mode's NMI handler (nothing can be done but to remember it), or
 * with a full context, when it halts now if it still has to. TRUE: it did. */
VOID HaltNmiInRoot(UINT32 CoreId);
BOOLEAN HaltThisCore(UINT32 CoreId);

/* Where the NMI of the present halt found the core, and when (TSC) it stood still. */
HALT_ORIGIN HaltOrigin(UINT32 CoreId);
UINT64 HaltedSince(UINT32 CoreId);

#endif

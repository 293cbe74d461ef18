/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NmiWindowTrap.h - the trap after one instruction, on processors without the monitor trap flag: an exit by
 * the NMI window, which a MOV-SS shadow keeps closed for exactly that instruction. SDM Vol. 3, 26.2
 * (NMI-window exiting), 25.4.2.
 *
 * Differences from the flag: the trap comes after a debug trap of the instruction has been delivered, not
 * before; and after a STI or MOV to SS, which make a shadow of their own, it may come one instruction late.
 *
 * Context of all: VMX root mode, within an exit of VCpu. For Mtf.c, VmxNmi.c and the end of exits.
 */
#ifndef HYPERHV_VMX_NMI_WINDOW_TRAP_H
#define HYPERHV_VMX_NMI_WINDOW_TRAP_H

#include "hyperhv/core/State.h"

/* Of one core. */
typedef struct _NMI_WINDOW_TRAP {
    BOOLEAN IsWanted;
    BOOLEAN HidesNmiBlocking; /* the guest blocks NMIs, but for the trap it was entered as if it did not */
} NMI_WINDOW_TRAP;

/* The trap is wanted, or not any more. */
VOID NmiWindowTrapSet(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN On);

/* At the end of each exit while it is wanted: sets it for the entry. An NMI that waits goes in first, if no
 * hook's step is under way: the trap comes then at the first instruction of its handler. */
VOID NmiWindowTrapArm(VIRTUAL_MACHINE_STATE *VCpu);

/* In an exit by the NMI window. TRUE: it was the trap, and has been served. */
BOOLEAN NmiWindowTrapTaken(VIRTUAL_MACHINE_STATE *VCpu);

#endif

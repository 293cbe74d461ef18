/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hooks.h - the hidden hooks as a whole: their lock, their life.
 *
 * Where things are in this room:
 *   Hooks.c             this: the lock, setting and unsetting from outside (the Configure* exports)
 *   HookPage.c          pages with hooks: what each shows, how it is found
 *   HiddenBreakpoint.c  events when an instruction is about to be executed
 *   Detour.c            the same at a function's entry, without an exit; AsmDetour.S
 *   Monitor.c           events when memory is read, written or executed
 *   Follow.c            hooks in the memory of processes, which go where their address goes
 *   HookStep.c          letting one instruction through; DirectInstruction.c: carrying it out instead
 */
#ifndef HYPERHV_HOOKS_HOOKS_H
#define HYPERHV_HOOKS_HOOKS_H

#include "hyperhv/core/State.h"

/* Process context. FALSE: no memory, nothing left behind. */
BOOLEAN HooksInitialize(VOID);

/* Process context, no core virtualized any more. Frees all hooks. */
VOID HooksUninitialize(VOID);

/* Process context. The hooks' lock: everything in this room that is not read in root mode alone. */
VOID HooksAcquire(VOID);
VOID HooksRelease(VOID);

/* Root mode, within the exit of an access that the view does not allow. Access: HOOK_ACCESS_..., with
 * HOOK_ACCESS_BY_PROCESSOR where it fits. FALSE: no hook explains it. */
BOOLEAN HooksHandleViolation(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Access, UINT64 Physical, UINT64 Virtual);

/* Root mode: it has written to the page that holds Physical itself, which no view told. */
VOID HooksPageWritten(UINT64 Physical);

#endif

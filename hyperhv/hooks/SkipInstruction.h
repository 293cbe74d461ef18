/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SkipInstruction.h - a short-circuited hook: the instruction is not executed, the guest goes on after it.
 */
#ifndef HYPERHV_HOOKS_SKIP_INSTRUCTION_H
#define HYPERHV_HOOKS_SKIP_INSTRUCTION_H

#include "hyperhv/core/State.h"

/* Root mode, within an exit that has no instruction length of its own. Reads the instruction at RIP as the
 * guest has it (never a breakpoint byte of ours) and moves RIP past it, all iterations of a repeated string
 * instruction included. A user who has moved RIP already is obeyed: it stays where it was moved to. FALSE:
 * the instruction could not be read or understood; RIP stays. */
BOOLEAN HookSkipInstruction(VIRTUAL_MACHINE_STATE *VCpu);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * SkipInstruction.c - a short-circuited hook: the guest goes on after the instruction.
 *
 * Context: VMX root mode.
 */
#include "hyperhv/hooks/SkipInstruction.h"

BOOLEAN HookSkipInstruction(VIRTUAL_MACHINE_STATE *VCpu)
{
    (VOID) VCpu;
    return FALSE;
}

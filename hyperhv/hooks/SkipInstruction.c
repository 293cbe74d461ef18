// SPDX-License-Identifier: GPL-2.0-only
/*
 * SkipInstruction.c - a short-circuited hook: the guest goes on after the instruction.
 *
 * Context: VMX root mode.
 */
#include "hyperhv/hooks/SkipInstruction.h"

#include "hyperhv/core/Backend.h"
#include "hyperhv/hooks/GuestInstruction.h"

BOOLEAN HookSkipInstruction(VIRTUAL_MACHINE_STATE *VCpu)
{
    INSTRUCTION Instruction;

    if (g_Backend->GetRip(VCpu) != VCpu->LastVmexitRip)
        return TRUE;
    if (!GuestInstructionDecode(VCpu, &Instruction))
        return FALSE;
    g_Backend->AdvanceRip(VCpu, Instruction.Length);
    return TRUE;
}

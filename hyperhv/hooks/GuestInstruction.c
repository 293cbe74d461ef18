// SPDX-License-Identifier: GPL-2.0-only
/*
 * GuestInstruction.c - the instruction that the guest is about to execute.
 *
 * Context: VMX root mode.
 */
#include "hyperhv/hooks/GuestInstruction.h"

#include "platform/PlatformMemory.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/memory/MemoryMapper.h"

#define FOUR_GIGABYTES 0x100000000ull

UINT64 GuestInstructionAddress(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Base = g_Backend->GetCodeBase(VCpu);

    return Base == 0 ? VCpu->LastVmexitRip : (Base + VCpu->LastVmexitRip) % FOUR_GIGABYTES;
}

/* The page after the instruction's first one is read only if the instruction goes on there: it need not be
 * mapped otherwise. */
BOOLEAN GuestInstructionDecode(VIRTUAL_MACHINE_STATE *VCpu, INSTRUCTION *Instruction)
{
    UINT8 Bytes[INSTRUCTION_MAX_LENGTH];
    UINT64 Address = GuestInstructionAddress(VCpu), Cr3 = g_Backend->GetCr3(VCpu);
    UINT32 Mode  = g_Backend->GetCodeMode(VCpu);
    SIZE_T First = PLATFORM_PAGE_SIZE - (Address & (PLATFORM_PAGE_SIZE - 1));

    if (First > sizeof(Bytes))
        First = sizeof(Bytes);
    if (!MemoryMapperReadVirtual(VCpu, Cr3, Address, Bytes, First))
        return FALSE;
    if (InstructionDecode(Bytes, (UINT32)First, Mode, Instruction))
        return TRUE;
    return First < sizeof(Bytes) &&
           MemoryMapperReadVirtual(VCpu, Cr3, Address + First, Bytes + First, sizeof(Bytes) - First) &&
           InstructionDecode(Bytes, sizeof(Bytes), Mode, Instruction);
}

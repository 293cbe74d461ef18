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
#define PREFIX_FS      0x64u
#define PREFIX_GS      0x65u

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

static UINT64 SegmentBase(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction)
{
    GUEST_SEGMENT Segment = {0};

    if (Instruction->Segment == PREFIX_FS)
        g_Backend->GetSegment(VCpu, HV_SEGMENT_FS, &Segment);
    else if (Instruction->Segment == PREFIX_GS)
        g_Backend->GetSegment(VCpu, HV_SEGMENT_GS, &Segment);
    return Segment.Base;
}

static UINT64 WithinAddressSize(const INSTRUCTION *Instruction, UINT64 Offset)
{
    return Instruction->AddressSize == sizeof(UINT64)
               ? Offset
               : Offset & ((1ull << (8 * Instruction->AddressSize)) - 1);
}

UINT64 GuestInstructionOperand(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction)
{
    const UINT64 *Registers = (const UINT64 *)VCpu->Regs;
    UINT64 Offset           = (UINT64)Instruction->Displacement;

    if (Instruction->Base == INSTRUCTION_RIP)
        Offset += VCpu->LastVmexitRip + Instruction->Length;
    else if (Instruction->Base != INSTRUCTION_NO_REGISTER)
        Offset += Registers[Instruction->Base];
    if (Instruction->Index != INSTRUCTION_NO_REGISTER)
        Offset += Registers[Instruction->Index] << Instruction->Shift;
    return WithinAddressSize(Instruction, Offset) + SegmentBase(VCpu, Instruction);
}

UINT64 GuestInstructionString(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT32 Operand)
{
    if (Operand != 0)
        return WithinAddressSize(Instruction, VCpu->Regs->rdi);
    return WithinAddressSize(Instruction, VCpu->Regs->rsi) + SegmentBase(VCpu, Instruction);
}

/* What the instruction reads, or writes; one or two operands. Where its explicit operand is accessed in the
 * other way (PUSH and POP of memory, CALL), this way is the stack's, whose pointer is the one before it. */
static UINT32 OperandStarts(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, BOOLEAN IsWrite,
                            UINT64 *Starts)
{
    UINT32 Kind = IsWrite ? INSTRUCTION_WRITES : INSTRUCTION_READS;

    if (Instruction->Flags & INSTRUCTION_STRING) {
        Starts[0] = GuestInstructionString(VCpu, Instruction, 1);
        Starts[1] = GuestInstructionString(VCpu, Instruction, 0);
        return IsWrite ? 1 : 2;
    }
    if ((Instruction->Flags & INSTRUCTION_HAS_MEMORY) && (Instruction->Flags & Kind))
        Starts[0] = GuestInstructionOperand(VCpu, Instruction);
    else
        Starts[0] = IsWrite ? VCpu->Regs->rsp - Instruction->AccessSize : VCpu->Regs->rsp;
    return 1;
}

UINT32 GuestInstructionBytesFrom(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT64 Linear,
                                 BOOLEAN IsWrite)
{
    UINT32 Size = Instruction->AccessSize, Count;
    UINT64 Starts[2];

    if ((Linear & (PLATFORM_PAGE_SIZE - 1)) != 0)
        return Size;
    Count = OperandStarts(VCpu, Instruction, IsWrite, Starts);
    while (Count-- > 0)
        if (Linear > Starts[Count] && Linear - Starts[Count] < Size)
            return Size - (UINT32)(Linear - Starts[Count]);
    return Size;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * OperandPieces.c - which memory FXSAVE, XSAVE and their kin, ENTER, PUSHA and POPA touch.
 *
 * Context: VMX root mode. SDM Vol. 1, 13.7 to 13.13; Vol. 2, ENTER, FXSAVE, PUSHA, XSAVE and their kin.
 */
#include "hyperhv/hooks/OperandPieces.h"

#include "hyperhv/core/Backend.h"
#include "hyperhv/hooks/GuestInstruction.h"
#include "hyperhv/memory/MemoryMapper.h"
#include "hyperhv/memory/XsaveArea.h"

#define FXSAVE_SIZE        464u /* of 512, the rest is the programs' own */
#define ENTER_LEVEL_MASK   31u
#define PUSHA_REGISTERS    8u
#define ANY_REG            0xFFu
#define MODRM_REG(ModRm)   (((ModRm) >> 3) & 7u)
#define INSTRUCTION_ACCESS (INSTRUCTION_READS | INSTRUCTION_WRITES)
#define COMPONENTS(Regs)   (((Regs)->rdx << 32) | (UINT32)(Regs)->rax)

typedef VOID (*OPERAND_PIECES)(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT64 *Start,
                               UINT64 *End);

static BOOLEAN Read(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Linear, PVOID Buffer, SIZE_T Bytes)
{
    return MemoryMapperReadVirtual(VCpu, g_Backend->GetCr3(VCpu), Linear, Buffer, Bytes);
}

/* --- extended state --- */

static VOID OfFxsave(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT64 *Start, UINT64 *End)
{
    *Start = GuestInstructionOperand(VCpu, Instruction);
    *End   = *Start + FXSAVE_SIZE;
}

static VOID OfXsave(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT64 *Start, UINT64 *End)
{
    *Start = GuestInstructionOperand(VCpu, Instruction);
    *End   = *Start + XsaveAreaSize(COMPONENTS(VCpu->Regs));
}

static VOID OfCompactedXsave(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT64 *Start,
                             UINT64 *End)
{
    UINT64 Components = COMPONENTS(VCpu->Regs);

    *Start = GuestInstructionOperand(VCpu, Instruction);
    *End   = *Start + XsaveAreaCompactedSize(Components, Components);
}

/* The area says how it is laid out. */
static VOID OfXrstor(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT64 *Start, UINT64 *End)
{
    UINT64 Layout = 0;

    OfXsave(VCpu, Instruction, Start, End);
    if (Read(VCpu, *Start + XSAVE_HEADER_XCOMP_BV, &Layout, sizeof(Layout)) &&
        (Layout & XSAVE_XCOMP_BV_IS_COMPACTED))
        *End = *Start + XsaveAreaCompactedSize(Layout & ~XSAVE_XCOMP_BV_IS_COMPACTED, COMPONENTS(VCpu->Regs));
}

/* --- the stack --- */

static UINT64 EnterLevel(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction)
{
    UINT8 Level = 0; /* its last byte */

    Read(VCpu, GuestInstructionAddress(VCpu) + Instruction->Length - 1, &Level, sizeof(Level));
    return Level & ENTER_LEVEL_MASK;
}

/* The caller's frame pointer, those of the levels between, its own. */
static VOID OfEnterPushes(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT64 *Start,
                          UINT64 *End)
{
    UINT64 Level = EnterLevel(VCpu, Instruction);

    *End   = VCpu->Regs->rsp;
    *Start = *End - (Level == 0 ? 1 : Level + 1) * Instruction->AccessSize;
}

static VOID OfEnterReads(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT64 *Start,
                         UINT64 *End)
{
    UINT64 Level = EnterLevel(VCpu, Instruction);

    *End   = VCpu->Regs->rbp;
    *Start = *End - (Level == 0 ? 0 : Level - 1) * Instruction->AccessSize;
}

static VOID OfPusha(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT64 *Start, UINT64 *End)
{
    *End   = VCpu->Regs->rsp;
    *Start = *End - PUSHA_REGISTERS * Instruction->AccessSize;
}

static VOID OfPopa(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, UINT64 *Start, UINT64 *End)
{
    *Start = VCpu->Regs->rsp;
    *End   = *Start + PUSHA_REGISTERS * Instruction->AccessSize;
}

/* --- which instruction it is --- */

/* Has: both kinds of access, as the decoder tells them of the instruction. Others of the same opcode have
 * others, or a size (PTWRITE, CLRSSBSY, CLWB). */
static const struct {
    UINT8 Map, Opcode, Reg, Has;
    BOOLEAN IsWrite, HasSize;
    OPERAND_PIECES Pieces;
} Rows[] = {
    {INSTRUCTION_MAP_0F, 0xAE, 0, INSTRUCTION_WRITES, TRUE, TRUE, OfFxsave},
    {INSTRUCTION_MAP_0F, 0xAE, 1, INSTRUCTION_READS, FALSE, TRUE, OfFxsave}, /* FXRSTOR */
    {INSTRUCTION_MAP_0F, 0xAE, 4, INSTRUCTION_ACCESS, TRUE, FALSE, OfXsave},
    {INSTRUCTION_MAP_0F, 0xAE, 5, INSTRUCTION_READS, FALSE, FALSE, OfXrstor},
    {INSTRUCTION_MAP_0F, 0xAE, 6, INSTRUCTION_ACCESS, TRUE, FALSE, OfXsave},          /* XSAVEOPT */
    {INSTRUCTION_MAP_0F, 0xC7, 3, INSTRUCTION_READS, FALSE, FALSE, OfXrstor},         /* XRSTORS */
    {INSTRUCTION_MAP_0F, 0xC7, 4, INSTRUCTION_WRITES, TRUE, FALSE, OfCompactedXsave}, /* XSAVEC */
    {INSTRUCTION_MAP_0F, 0xC7, 5, INSTRUCTION_WRITES, TRUE, FALSE, OfCompactedXsave}, /* XSAVES */
    {INSTRUCTION_MAP_ONE_BYTE, 0xC8, ANY_REG, INSTRUCTION_ACCESS, TRUE, TRUE, OfEnterPushes},
    {INSTRUCTION_MAP_ONE_BYTE, 0xC8, ANY_REG, INSTRUCTION_ACCESS, FALSE, TRUE, OfEnterReads},
    {INSTRUCTION_MAP_ONE_BYTE, 0x60, ANY_REG, INSTRUCTION_WRITES, TRUE, TRUE, OfPusha},
    {INSTRUCTION_MAP_ONE_BYTE, 0x61, ANY_REG, INSTRUCTION_READS, FALSE, TRUE, OfPopa},
};

static BOOLEAN IsRow(UINT32 Index, const INSTRUCTION *Instruction, BOOLEAN IsWrite)
{
    return Rows[Index].Opcode == Instruction->Opcode && Rows[Index].Map == Instruction->Map &&
           Rows[Index].IsWrite == IsWrite && Rows[Index].Has == (Instruction->Flags & INSTRUCTION_ACCESS) &&
           Rows[Index].HasSize == (Instruction->AccessSize != 0) &&
           (Rows[Index].Reg == ANY_REG || Rows[Index].Reg == MODRM_REG(Instruction->ModRm));
}

BOOLEAN OperandPieces(VIRTUAL_MACHINE_STATE *VCpu, const INSTRUCTION *Instruction, BOOLEAN IsWrite,
                      UINT64 *Start, UINT64 *End)
{
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Rows); Index++) {
        if (!IsRow(Index, Instruction, IsWrite))
            continue;
        Rows[Index].Pieces(VCpu, Instruction, Start, End);
        return TRUE;
    }
    return FALSE;
}

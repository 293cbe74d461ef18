/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * InstructionDecode.h - how long an instruction is, and how it touches memory.
 *
 * Context: any; pure functions of the bytes. SDM Vol. 2, chapter 2 and appendix A; APM Vol. 3, chapter 1 and
 * appendix A.
 */
#ifndef HYPERHV_MEMORY_INSTRUCTION_DECODE_H
#define HYPERHV_MEMORY_INSTRUCTION_DECODE_H

#include "SDK/BasicTypes.h"

#define INSTRUCTION_MAX_LENGTH 15u

/* Opcode maps, numbered as in VEX, EVEX and XOP prefixes. */
typedef enum _INSTRUCTION_MAP {
    INSTRUCTION_MAP_ONE_BYTE = 0,
    INSTRUCTION_MAP_0F       = 1,
    INSTRUCTION_MAP_0F38     = 2,
    INSTRUCTION_MAP_0F3A     = 3,
    INSTRUCTION_MAP_EVEX5    = 5, /* half-precision floating point */
    INSTRUCTION_MAP_EVEX6    = 6,
    INSTRUCTION_MAP_XOP8     = 8,
    INSTRUCTION_MAP_XOP9     = 9,
    INSTRUCTION_MAP_XOPA     = 10,
    INSTRUCTION_MAP_3DNOW    = 16, /* 0F 0F; Opcode is the byte at the end */
} INSTRUCTION_MAP;

/* Flags. READS and WRITES: the explicit memory operand; of an instruction without one, its implicit operands
 * (stack, strings, MASKMOVQ; not what INT pushes). Neither is set where memory is named but not touched (LEA,
 * INVLPG, PREFETCH, NOP). */
#define INSTRUCTION_HAS_MODRM  0x01u
#define INSTRUCTION_HAS_MEMORY 0x02u /* an explicit memory operand */
#define INSTRUCTION_READS      0x04u
#define INSTRUCTION_WRITES     0x08u
#define INSTRUCTION_STRING     0x10u
#define INSTRUCTION_REPEATED   0x20u /* a string instruction with REP, REPE or REPNE */
#define INSTRUCTION_LEAVES     0x40u /* leaves the guest by itself: always, or if a control says so */

#define INSTRUCTION_NO_REGISTER 0xFFu
#define INSTRUCTION_RIP         0xFEu /* the address of the next instruction */

typedef struct _INSTRUCTION {
    UINT8 Length; /* bytes, 1 to 15 */
    UINT8 Map;    /* INSTRUCTION_MAP */
    UINT8 Opcode;
    UINT8 ModRm;       /* 0 without one */
    UINT8 Flags;       /* INSTRUCTION_... */
    UINT16 AccessSize; /* bytes of one access to the operand that READS and WRITES speak of; 0: unknown */

    /* Where its explicit memory operand is: Base + (Index << Shift) + Displacement, within the segment. Not
     * for addresses of 16 bits, nor where the index is a vector. */
    UINT8 AddressSize; /* bytes */
    UINT8 Segment;     /* the prefix byte of FS or GS; 0 without one */
    UINT8 Base;        /* number of a general register, INSTRUCTION_NO_REGISTER or INSTRUCTION_RIP */
    UINT8 Index;       /* number of a general register, or INSTRUCTION_NO_REGISTER */
    UINT8 Shift;
    INT64 Displacement;
} INSTRUCTION;

/* Decodes the instruction whose first byte is Bytes[0]; bytes from Available on are not read. Mode: the code
 * segment's, 16, 32 or 64. FALSE: cut short, longer than 15 bytes, or no instruction; *Instruction is then
 * undefined.
 *
 * It is a decoder for what a processor has begun to execute: it accepts every instruction, and some bytes
 * beside that raise #UD (reserved fields, LOCK where it does not belong, opcodes that are still free in maps
 * whose instructions have all one form). Near branches with an operand-size prefix in 64-bit mode are taken
 * as Intel's processors do: their displacement has 32 bits. */
BOOLEAN InstructionDecode(const UINT8 *Bytes, UINT32 Available, UINT32 Mode, INSTRUCTION *Instruction);

/* MOV SS, POP SS: interrupts and debug exceptions wait until after the next one. */
static inline BOOLEAN InstructionLoadsSs(const INSTRUCTION *Instruction)
{
    return Instruction->Map == INSTRUCTION_MAP_ONE_BYTE &&
           (Instruction->Opcode == 0x17 ||
            (Instruction->Opcode == 0x8E && ((Instruction->ModRm >> 3) & 7) == 2));
}

#endif

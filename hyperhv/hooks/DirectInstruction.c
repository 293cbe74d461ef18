// SPDX-License-Identifier: GPL-2.0-only
/*
 * DirectInstruction.c - instructions that are carried out without a step.
 *
 * Context: any for classifying, VMX root mode for executing. SDM Vol. 2, NOP (table 4-12: recommended
 * multi-byte forms), ENDBR64, PUSH, MOV and POP to SS.
 */
#include "hyperhv/hooks/DirectInstruction.h"

#define OPCODE_PUSH_FIRST 0x50u /* + register */
#define OPCODE_POP_SS     0x17u
#define OPCODE_MOV_TO_SEG 0x8Eu
#define MODRM_REG(ModRm)  (((ModRm) >> 3) & 7u)
#define MODRM_REG_SS      2u
#define PREFIX_REX_B      0x41u
#define PREFIX_REX_MASK   0xF0u /* of all of them */
#define PREFIX_REX        0x40u
#define MAX_FORM          9

/* Instructions without an effect. ORDER: a form that begins like another stands after it only if it is
 * longer. */
static const struct {
    UINT8 Length;
    UINT8 Bytes[MAX_FORM];
} NoEffect[] = {
    {5, {0x0F, 0x1F, 0x44, 0x00, 0x00}},
    {4, {0xF3, 0x0F, 0x1E, 0xFA}}, /* ENDBR64 */
    {1, {0x90}},
    {2, {0x66, 0x90}},
    {3, {0x0F, 0x1F, 0x00}},
    {4, {0x0F, 0x1F, 0x40, 0x00}},
    {6, {0x66, 0x0F, 0x1F, 0x44, 0x00, 0x00}},
    {7, {0x0F, 0x1F, 0x80, 0x00, 0x00, 0x00, 0x00}},
    {8, {0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00}},
    {9, {0x66, 0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00}},
};

static BOOLEAN IsForm(const UINT8 *Bytes, UINT32 Available, UINT32 Form)
{
    UINT32 Index;

    if (NoEffect[Form].Length > Available)
        return FALSE;
    for (Index = 0; Index < NoEffect[Form].Length; Index++)
        if (Bytes[Index] != NoEffect[Form].Bytes[Index])
            return FALSE;
    return TRUE;
}

static BOOLEAN IsPrefix(UINT8 Byte)
{
    static const UINT8 Prefixes[] = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF2, 0xF3};
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Prefixes); Index++)
        if (Byte == Prefixes[Index])
            return TRUE;
    return (Byte & PREFIX_REX_MASK) == PREFIX_REX;
}

/* In any mode: who steps over it looks at it again. */
static BOOLEAN MayLoadSs(const UINT8 *Bytes, UINT32 Available)
{
    while (Available > 1 && IsPrefix(*Bytes))
        Bytes++, Available--;
    if (Available >= 1 && *Bytes == OPCODE_POP_SS)
        return TRUE;
    return Available >= 2 && *Bytes == OPCODE_MOV_TO_SEG && MODRM_REG(Bytes[1]) == MODRM_REG_SS;
}

DIRECT_INSTRUCTION DirectInstructionClassify(const UINT8 *Bytes, UINT32 Available)
{
    UINT32 Form;

    for (Form = 0; Form < COUNT_OF(NoEffect); Form++)
        if (IsForm(Bytes, Available, Form))
            return (DIRECT_INSTRUCTION){DIRECT_NOP, NoEffect[Form].Length, 0};

    if (Available >= 1 && (Bytes[0] & 0xF8u) == OPCODE_PUSH_FIRST)
        return (DIRECT_INSTRUCTION){DIRECT_PUSH, 1, Bytes[0] & 7};
    if (Available >= 2 && Bytes[0] == PREFIX_REX_B && (Bytes[1] & 0xF8u) == OPCODE_PUSH_FIRST)
        return (DIRECT_INSTRUCTION){DIRECT_PUSH, 2, (UINT8)(8 + (Bytes[1] & 7))};
    return (DIRECT_INSTRUCTION){MayLoadSs(Bytes, Available) ? DIRECT_LOADS_SS : DIRECT_NONE, 0, 0};
}

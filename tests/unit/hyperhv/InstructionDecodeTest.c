// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * InstructionDecodeTest.c - the instruction decoder: encodings picked by hand, all opcodes of all maps beside
 * Zydis, and random bytes beside Zydis.
 *
 * Context: user space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hyperhv/memory/InstructionDecode.h"
#include "tests/unit/hyperhv/DecodeOracle.h"

#define LONGEST INSTRUCTION_MAX_LENGTH
#define FILL    0x11 /* what follows an opcode in the sweeps: a SIB byte, a displacement, an immediate */

#define READS    (INSTRUCTION_HAS_MODRM | INSTRUCTION_HAS_MEMORY | INSTRUCTION_READS)
#define WRITES   (INSTRUCTION_HAS_MODRM | INSTRUCTION_HAS_MEMORY | INSTRUCTION_WRITES)
#define CHANGES  (READS | WRITES)
#define NAMES    (INSTRUCTION_HAS_MODRM | INSTRUCTION_HAS_MEMORY) /* a memory operand that is not touched */
#define MODRM    INSTRUCTION_HAS_MODRM
#define LEAVES   INSTRUCTION_LEAVES
#define STRING   INSTRUCTION_STRING
#define REPEATED (INSTRUCTION_STRING | INSTRUCTION_REPEATED)
#define STACK_IN (INSTRUCTION_WRITES)
#define NO_MODRM (INSTRUCTION_HAS_MEMORY)

static const struct {
    const CHAR *Name;
    UINT8 Mode;
    UINT8 Length;
    UINT8 Flags;
    UINT16 AccessSize;
    UINT8 Bytes[LONGEST];
} Picked[] = {
    {"nop", 64, 1, 0, 0, {0x90}},
    {"pause", 64, 2, LEAVES, 0, {0xF3, 0x90}},
    {"nopl 0(%rax,%rax)", 64, 5, NAMES, 0, {0x0F, 0x1F, 0x44, 0x00, 0x00}},
    {"endbr64", 64, 4, MODRM, 0, {0xF3, 0x0F, 0x1E, 0xFA}},
    {"push %rbp", 64, 1, STACK_IN, 8, {0x55}},
    {"push %bp", 64, 2, STACK_IN, 2, {0x66, 0x55}},
    {"push %r12", 64, 2, STACK_IN, 8, {0x41, 0x54}},
    {"push %ebp", 32, 1, STACK_IN, 4, {0x55}},
    {"inc %eax", 32, 1, 0, 0, {0x40}},
    {"mov %rsp,%rbp", 64, 3, MODRM, 0, {0x48, 0x89, 0xE5}},
    {"mov %rax,8(%rdi)", 64, 4, WRITES, 8, {0x48, 0x89, 0x47, 0x08}},
    {"mov %eax,8(%rdi)", 64, 3, WRITES, 4, {0x89, 0x47, 0x08}},
    {"mov %ax,8(%rdi)", 64, 4, WRITES, 2, {0x66, 0x89, 0x47, 0x08}},
    {"mov %al,8(%rdi)", 64, 3, WRITES, 1, {0x88, 0x47, 0x08}},
    {"mov 0x1234(%rip),%rax", 64, 7, READS, 8, {0x48, 0x8B, 0x05, 0x34, 0x12, 0x00, 0x00}},
    {"mov %gs:0x28,%rax", 64, 9, READS, 8, {0x65, 0x48, 0x8B, 0x04, 0x25, 0x28, 0, 0, 0}},
    {"addl $1,(%rax)", 64, 3, CHANGES, 4, {0x83, 0x00, 0x01}},
    {"lock xadd %eax,(%rdi)", 64, 4, CHANGES, 4, {0xF0, 0x0F, 0xC1, 0x07}},
    {"lock cmpxchg16b (%rdi)", 64, 5, CHANGES, 16, {0xF0, 0x48, 0x0F, 0xC7, 0x0F}},
    {"cmpq $0,8(%rdi)", 64, 5, READS, 8, {0x48, 0x83, 0x7F, 0x08, 0x00}},
    {"testb $1,8(%rdi)", 64, 4, READS, 1, {0xF6, 0x47, 0x08, 0x01}},
    {"notb 8(%rdi)", 64, 3, CHANGES, 1, {0xF6, 0x57, 0x08}},
    {"testl $1,8(%rdi)", 64, 7, READS, 4, {0xF7, 0x47, 0x08, 1, 0, 0, 0}},
    {"testw $1,8(%rdi)", 64, 6, READS, 2, {0x66, 0xF7, 0x47, 0x08, 1, 0}},
    {"movabs $...,%rax", 64, 10, 0, 0, {0x48, 0xB8, 1, 2, 3, 4, 5, 6, 7, 8}},
    {"mov $...,%ax", 64, 4, 0, 0, {0x66, 0xB8, 1, 2}},
    {"movabs 0x...,%al", 64, 9, NO_MODRM | INSTRUCTION_READS, 1, {0xA0, 1, 2, 3, 4, 5, 6, 7, 8}},
    {"movabs %rax,0x... (67)", 64, 7, NO_MODRM | INSTRUCTION_WRITES, 8, {0x67, 0x48, 0xA3, 1, 2, 3, 4}},
    {"lea 8(%rdi),%rax", 64, 4, NAMES, 0, {0x48, 0x8D, 0x47, 0x08}},
    {"call rel32", 64, 5, STACK_IN, 8, {0xE8, 1, 2, 3, 4}},
    {"call rel16", 16, 3, STACK_IN, 2, {0xE8, 1, 2}},
    {"call *8(%rax)", 64, 3, READS, 8, {0xFF, 0x50, 0x08}},
    {"call *%rax", 64, 2, MODRM | INSTRUCTION_WRITES, 8, {0xFF, 0xD0}},
    {"ret", 64, 1, INSTRUCTION_READS, 8, {0xC3}},
    {"ret $8", 64, 3, INSTRUCTION_READS, 8, {0xC2, 8, 0}},
    {"jne rel8", 64, 2, 0, 0, {0x75, 0x10}},
    {"jne rel32", 64, 6, 0, 0, {0x0F, 0x85, 1, 2, 3, 4}},
    {"enter", 64, 4, INSTRUCTION_READS | INSTRUCTION_WRITES, 8, {0xC8, 0x10, 0x00, 0x00}},
    {"movzwl 8(%rdi),%eax", 64, 4, READS, 2, {0x0F, 0xB7, 0x47, 0x08}},
    {"movslq 8(%rdi),%rax", 64, 4, READS, 4, {0x48, 0x63, 0x47, 0x08}},
    {"arpl %ax,(%edi)", 32, 2, CHANGES, 2, {0x63, 0x07}},
    {"sete 8(%rdi)", 64, 4, WRITES, 1, {0x0F, 0x94, 0x47, 0x08}},
    {"rep movsb", 64, 2, REPEATED | INSTRUCTION_READS | INSTRUCTION_WRITES, 1, {0xF3, 0xA4}},
    {"rep movsq", 64, 3, REPEATED | INSTRUCTION_READS | INSTRUCTION_WRITES, 8, {0xF3, 0x48, 0xA5}},
    {"stosl", 64, 1, STRING | INSTRUCTION_WRITES, 4, {0xAB}},
    {"repne scasb", 64, 2, REPEATED | INSTRUCTION_READS, 1, {0xF2, 0xAE}},
    {"rep outsl", 64, 2, REPEATED | INSTRUCTION_READS | LEAVES, 4, {0xF3, 0x6F}},
    {"in (%dx),%al", 64, 1, LEAVES, 0, {0xEC}},
    {"cpuid", 64, 2, LEAVES, 0, {0x0F, 0xA2}},
    {"rdmsr", 64, 2, LEAVES, 0, {0x0F, 0x32}},
    {"wrmsr", 64, 2, LEAVES, 0, {0x0F, 0x30}},
    {"rdtsc", 64, 2, LEAVES, 0, {0x0F, 0x31}},
    {"rdtscp", 64, 3, MODRM | LEAVES, 0, {0x0F, 0x01, 0xF9}},
    {"rdpmc", 64, 2, LEAVES, 0, {0x0F, 0x33}},
    {"xsetbv", 64, 3, MODRM | LEAVES, 0, {0x0F, 0x01, 0xD1}},
    {"xgetbv", 64, 3, MODRM, 0, {0x0F, 0x01, 0xD0}},
    {"vmcall", 64, 3, MODRM | LEAVES, 0, {0x0F, 0x01, 0xC1}},
    {"swapgs", 64, 3, MODRM, 0, {0x0F, 0x01, 0xF8}},
    {"stac", 64, 3, MODRM, 0, {0x0F, 0x01, 0xCB}},
    {"invd", 64, 2, LEAVES, 0, {0x0F, 0x08}},
    {"hlt", 64, 1, LEAVES, 0, {0xF4}},
    {"mov %cr3,%rax", 64, 3, MODRM | LEAVES, 0, {0x0F, 0x20, 0xD8}},
    {"mov %cr3,%rax, mod 0", 64, 3, MODRM | LEAVES, 0, {0x0F, 0x20, 0x1C}},
    {"lgdt (%rax)", 64, 3, READS | LEAVES, 10, {0x0F, 0x01, 0x10}},
    {"invlpg (%rax)", 64, 3, NAMES | LEAVES, 0, {0x0F, 0x01, 0x38}},
    {"invpcid (%rax),%rcx", 64, 5, READS | LEAVES, 16, {0x66, 0x0F, 0x38, 0x82, 0x08}},
    {"rdrand %eax", 64, 3, MODRM | LEAVES, 0, {0x0F, 0xC7, 0xF0}},
    {"prefetcht0 (%rax)", 64, 3, NAMES, 0, {0x0F, 0x18, 0x08}},
    {"fxsave (%rax)", 64, 3, WRITES, 512, {0x0F, 0xAE, 0x00}},
    {"xsavec (%rax)", 64, 3, WRITES, 0, {0x0F, 0xC7, 0x20}},
    {"mfence", 64, 3, MODRM, 0, {0x0F, 0xAE, 0xF0}},
    {"tpause %eax", 64, 4, MODRM | LEAVES, 0, {0x66, 0x0F, 0xAE, 0xF0}},
    {"crc32b (%rdi),%eax", 64, 5, READS, 1, {0xF2, 0x0F, 0x38, 0xF0, 0x07}},
    {"movups %xmm0,(%rdi)", 64, 3, WRITES, 16, {0x0F, 0x11, 0x07}},
    {"movss %xmm0,(%rdi)", 64, 4, WRITES, 4, {0xF3, 0x0F, 0x11, 0x07}},
    {"movq %mm0,(%rdi)", 64, 3, WRITES, 8, {0x0F, 0x7F, 0x07}},
    {"pcmpestri $0,(%rdi),%xmm0", 64, 6, READS, 16, {0x66, 0x0F, 0x3A, 0x61, 0x07, 0x00}},
    {"pfadd (%rdi),%mm0 (3DNow!)", 64, 4, READS, 8, {0x0F, 0x0F, 0x07, 0x9E}},
    {"vmovdqu %ymm0,(%rdi)", 64, 4, WRITES, 32, {0xC5, 0xFE, 0x7F, 0x07}},
    {"vpshufb (%rdi),%xmm1,%xmm0", 64, 5, READS, 16, {0xC4, 0xE2, 0x71, 0x00, 0x07}},
    {"vzeroupper", 64, 3, 0, 0, {0xC5, 0xF8, 0x77}},
    {"vpblendvb", 64, 6, READS, 16, {0xC4, 0xE3, 0x71, 0x4C, 0x07, 0x20}},
    {"vmovdqu64 %zmm16,0x40(%rdi)", 64, 7, WRITES, 64, {0x62, 0xE1, 0xFE, 0x48, 0x7F, 0x47, 0x01}},
    {"vaddps (%rdi){1to16},...", 64, 6, READS, 4, {0x62, 0xF1, 0x7C, 0x58, 0x58, 0x07}},
    {"vpcompressb", 64, 6, WRITES, 64, {0x62, 0xF2, 0x7D, 0x49, 0x63, 0x07}},
    {"vprotd $1,(%rdi),%xmm0 (XOP)", 64, 6, READS, 16, {0x8F, 0xE8, 0x78, 0xC2, 0x07, 0x01}},
    {"bextr $...,(%rdi),%eax (XOP)", 64, 9, READS, 4, {0x8F, 0xEA, 0x78, 0x10, 0x07, 1, 2, 3, 4}},
    {"pop (%rdi)", 64, 2, WRITES, 8, {0x8F, 0x07}},
    {"les (%eax),%eax", 32, 2, READS, 6, {0xC4, 0x00}},
    {"bound %eax,(%eax)", 32, 2, READS, 8, {0x62, 0x00}},
    {"lcall $0x33,$...", 32, 7, INSTRUCTION_WRITES, 0, {0x9A, 1, 2, 3, 4, 0x33, 0}},
    {"mov 0x1234,%ax (disp16)", 16, 4, READS, 2, {0x8B, 0x06, 0x34, 0x12}},
    {"mov (%bx,%si),%ax", 16, 2, READS, 2, {0x8B, 0x00}},
    {"mov (%si) in 32-bit code (67)", 32, 3, READS, 4, {0x67, 0x8B, 0x04}},
    {"mov (%esp) in 16-bit code (66 67)", 16, 5, READS, 4, {0x66, 0x67, 0x8B, 0x04, 0x24}},
    {"extrq $1,$2,%xmm0", 64, 6, MODRM, 0, {0x66, 0x0F, 0x78, 0xC0, 1, 2}},
    {"vmread %rax,(%rdi)", 64, 3, WRITES | LEAVES, 8, {0x0F, 0x78, 0x07}},
    {"REX before a legacy prefix counts for nothing", 64, 4, READS, 2, {0x48, 0x66, 0x8B, 0x07}},
    {"the longest", 64, 15, CHANGES, 8, {0x3E, 0x65, 0xF0, 0x48, 0x81, 0x84, 0x88, 1, 2, 3, 4, 5, 6, 7, 8}},
};

static const struct {
    const CHAR *Name;
    UINT8 Mode;
    UINT8 Count;
    UINT8 Bytes[LONGEST + 1];
} Refused[] = {
    {"push %es in 64-bit mode", 64, 2, {0x06, 0x90}},
    {"far call in 64-bit mode", 64, 8, {0x9A, 1, 2, 3, 4, 5, 6, 7}},
    {"0F 04", 64, 3, {0x0F, 0x04, 0xC0}},
    {"VEX after REX", 64, 5, {0x48, 0xC5, 0xFE, 0x7F, 0x07}},
    {"VEX after 66", 64, 5, {0x66, 0xC5, 0xFE, 0x7F, 0x07}},
    {"VEX after LOCK", 64, 5, {0xF0, 0xC5, 0xFE, 0x7F, 0x07}},
    {"EVEX after F3", 64, 7, {0xF3, 0x62, 0xF1, 0x7C, 0x58, 0x58, 0x07}},
    {"EVEX with its zero bit set", 64, 6, {0x62, 0xF9, 0x7C, 0x58, 0x58, 0x07}},
    {"EVEX with its one bit clear", 64, 6, {0x62, 0xF1, 0x78, 0x58, 0x58, 0x07}},
    {"VEX map 0", 64, 5, {0xC4, 0xE0, 0x71, 0x00, 0x07}},
    {"nothing but prefixes",
     64,
     15,
     {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66}},
    {"16 bytes", 64, 16, {0x3E, 0x3E, 0x65, 0xF0, 0x48, 0x81, 0x84, 0x88, 1, 2, 3, 4, 5, 6, 7, 8}},
    {"nothing", 64, 0, {0}},
};

/* From a block of its exact size, so that reading beyond it is noticed. */
static BOOLEAN DecodeExactly(const UINT8 *Bytes, UINT32 Available, UINT32 Mode, INSTRUCTION *Instruction)
{
    UINT8 *Exact = malloc(Available > 0 ? Available : 1);
    BOOLEAN Good;

    assert_non_null(Exact);
    memcpy(Exact, Bytes, Available);
    Good = InstructionDecode(Exact, Available, Mode, Instruction);
    free(Exact);
    return Good;
}

static void PickedInstructionsAreUnderstood(void **State)
{
    INSTRUCTION Instruction;
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Picked); Index++) {
        if (!DecodeExactly(Picked[Index].Bytes, Picked[Index].Length, Picked[Index].Mode, &Instruction))
            fail_msg("%s: not decoded", Picked[Index].Name);
        if (Instruction.Length != Picked[Index].Length || Instruction.Flags != Picked[Index].Flags ||
            Instruction.AccessSize != Picked[Index].AccessSize)
            fail_msg("%s: length %u, flags %02x, size %u", Picked[Index].Name, Instruction.Length,
                     Instruction.Flags, Instruction.AccessSize);
    }
}

static void BytesBehindTheInstructionDoNotMatter(void **State)
{
    INSTRUCTION Instruction;
    UINT8 Bytes[2 * LONGEST];
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Picked); Index++) {
        memset(Bytes, 0xCC, sizeof(Bytes));
        memcpy(Bytes, Picked[Index].Bytes, Picked[Index].Length);
        assert_true(InstructionDecode(Bytes, sizeof(Bytes), Picked[Index].Mode, &Instruction));
        assert_int_equal(Instruction.Length, Picked[Index].Length);
    }
}

static void AnInstructionCutShortIsRefused(void **State)
{
    INSTRUCTION Instruction;
    UINT32 Index, Available;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Picked); Index++)
        for (Available = 0; Available < Picked[Index].Length; Available++)
            if (DecodeExactly(Picked[Index].Bytes, Available, Picked[Index].Mode, &Instruction))
                fail_msg("%s: decoded from %u bytes", Picked[Index].Name, Available);
}

static void WhatIsNoInstructionIsRefused(void **State)
{
    INSTRUCTION Instruction;
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Refused); Index++)
        if (DecodeExactly(Refused[Index].Bytes, Refused[Index].Count, Refused[Index].Mode, &Instruction))
            fail_msg("%s: decoded, %u bytes", Refused[Index].Name, Instruction.Length);
}

/* --- beside Zydis --- */

static const UINT8 Modes[] = {16, 32, 64};

static DECODE_TALLY Tally;

static void Compare(const UINT8 *Bytes, UINT32 Available, UINT32 Mode)
{
    UINT32 Length;
    const CHAR *Difference = OracleCompare(Bytes, Available, Mode, &Tally, &Length);

    if (Difference != NULL)
        fail_msg("%s", Difference);
}

/* Head, then FILL up to the length of the longest instruction, in all modes. */
static void CompareHead(const UINT8 *Head, UINT32 Count)
{
    UINT8 Bytes[LONGEST];
    UINT32 Mode;

    memset(Bytes, FILL, sizeof(Bytes));
    memcpy(Bytes, Head, Count);
    for (Mode = 0; Mode < COUNT_OF(Modes); Mode++)
        Compare(Bytes, sizeof(Bytes), Modes[Mode]);
}

static void ExpectMany(UINT64 Decoded)
{
    print_message(
        "    %llu decoded by both, %llu by us alone, %llu by neither; %llu of %llu accesses of known "
        "size\n",
        Tally.Decoded, Tally.Lenient, Tally.Refused, Tally.KnownSizes, Tally.Accesses);
    assert_true(Tally.Decoded >= Decoded);
    memset(&Tally, 0, sizeof(Tally));
}

static void SweepOpcode(const UINT8 *Before, UINT32 Count)
{
    UINT8 Head[LONGEST];
    UINT32 Opcode, ModRm;

    memcpy(Head, Before, Count);
    for (Opcode = 0; Opcode < 256; Opcode++) {
        for (ModRm = 0; ModRm < 256; ModRm++) {
            Head[Count]     = (UINT8)Opcode;
            Head[Count + 1] = (UINT8)ModRm;
            CompareHead(Head, Count + 2);
        }
    }
}

/* Each prefix that may select an instruction, alone and with REX.W; each map. */
static void EveryLegacyOpcodeIsAsZydisHasIt(void **State)
{
    static const UINT8 Prefixes[][2] = {{0},          {0x66},       {0xF3}, {0xF2},
                                        {0x66, 0xF2}, {0x66, 0xF3}, {0x67}, {0xF0}};
    static const UINT8 Escapes[][2]  = {{0}, {0x0F}, {0x0F, 0x38}, {0x0F, 0x3A}};
    UINT32 Prefix, Rex, Escape, Count;
    UINT8 Head[LONGEST];

    (void)State;
    for (Prefix = 0; Prefix < COUNT_OF(Prefixes); Prefix++) {
        for (Rex = 0; Rex < 2; Rex++) {
            for (Escape = 0; Escape < COUNT_OF(Escapes); Escape++) {
                Count = 0;
                if (Prefixes[Prefix][0] != 0)
                    Head[Count++] = Prefixes[Prefix][0];
                if (Prefixes[Prefix][1] != 0)
                    Head[Count++] = Prefixes[Prefix][1];
                if (Rex != 0)
                    Head[Count++] = 0x48;
                memcpy(Head + Count, Escapes[Escape], 2);
                SweepOpcode(Head, Count + (Escape > 1 ? 2 : Escape));
            }
        }
    }
    ExpectMany(4000000);
}

/* Some of the ModRM bytes are enough: every ModRM.reg, memory and registers. */
#define MODRM_STEP 13

static void SweepVectorOpcode(UINT8 *Head, UINT32 Count)
{
    UINT32 Opcode, ModRm;

    for (Opcode = 0; Opcode < 256; Opcode++) {
        for (ModRm = 0; ModRm < 256; ModRm += MODRM_STEP) {
            Head[Count]     = (UINT8)Opcode;
            Head[Count + 1] = (UINT8)ModRm;
            CompareHead(Head, Count + 2);
        }
    }
}

static void EveryVexAndXopOpcodeIsAsZydisHasIt(void **State)
{
    UINT32 Map, Bits, Vvvv;
    UINT8 Head[LONGEST];

    (void)State;
    for (Map = 0; Map < 12; Map++) {
        for (Bits = 0; Bits < 16; Bits++) {
            for (Vvvv = 0; Vvvv < 2; Vvvv++) {
                Head[1] = (UINT8)(0xE0 | Map);
                Head[2] = (UINT8)((Bits & 8) << 4 | (Vvvv != 0 ? 0x78 : 0x50) | (Bits & 7));
                Head[0] = 0xC4;
                SweepVectorOpcode(Head, 3);
                Head[0] = 0x8F;
                SweepVectorOpcode(Head, 3);
                Head[0] = 0xC5;
                Head[1] = (UINT8)(Head[2] | 0x80);
                SweepVectorOpcode(Head, 2);
            }
        }
    }
    ExpectMany(300000);
}

static void EveryEvexOpcodeIsAsZydisHasIt(void **State)
{
    UINT32 Map, Bits, Third, Vvvv;
    UINT8 Head[LONGEST] = {0x62};

    (void)State;
    for (Map = 0; Map < 8; Map++) {
        for (Bits = 0; Bits < 8; Bits++) {
            for (Vvvv = 0; Vvvv < 2; Vvvv++) {
                for (Third = 0; Third < 16; Third++) { /* length, b, mask */
                    Head[1] = (UINT8)(0xF0 | Map);
                    Head[2] = (UINT8)((Bits & 4) << 5 | (Vvvv != 0 ? 0x78 : 0x50) | 4 | (Bits & 3));
                    Head[3] = (UINT8)(8 | (Third >> 1) << 4 | (Third & 1));
                    SweepVectorOpcode(Head, 4);
                }
            }
        }
    }
    ExpectMany(500000);
}

/* xorshift64*: the same numbers everywhere. */
static UINT64 Random(VOID)
{
    static UINT64 Number = 0x5EED;

    Number ^= Number >> 12;
    Number ^= Number << 25;
    Number ^= Number >> 27;
    return (Number * 0x2545F4914F6CDD1Dull) >> 16;
}

#define RANDOM_STRINGS 3000000

/* Prefixes, escapes and what begins a vector encoding, as often as they stand in code: bytes that are random
 * alone would rarely have them in the order that counts. */
static UINT32 RandomString(UINT8 *Bytes)
{
    static const UINT8 Starts[][3] = {
        {0},       {0},       {1, 0x0F}, {1, 0x0F}, {2, 0x0F, 0x38}, {2, 0x0F, 0x3A},
        {1, 0xC5}, {1, 0xC4}, {1, 0x62}, {1, 0x62}, {1, 0x8F}};
    static const UINT8 Prefixes[] = {0x66, 0x66, 0x67, 0xF2, 0xF3, 0xF3, 0xF0, 0x2E, 0x65, 0x48, 0x44, 0x4F};
    const UINT8 *Start            = Starts[Random() % COUNT_OF(Starts)];
    UINT32 Count                  = 0, Index;

    for (Index = 0; Index < LONGEST; Index++)
        Bytes[Index] = (UINT8)Random();
    while (Count < 5 && Random() % 3 == 0)
        Bytes[Count++] = Prefixes[Random() % COUNT_OF(Prefixes)];
    memcpy(Bytes + Count, Start + 1, Start[0]);
    Count += Start[0];
    if (Start[0] == 1 && Start[1] == 0x62) { /* bits without which it is no EVEX prefix */
        Bytes[Count] &= (UINT8)~0x08u;
        Bytes[Count + 1] |= 0x04;
    }
    return Random() % 8 == 0 ? (UINT32)(Random() % LONGEST) : LONGEST;
}

static void RandomBytesAreDecodedAsZydisDoes(void **State)
{
    UINT8 Bytes[LONGEST + 1];
    UINT32 Index, Mode, Available;

    (void)State;
    for (Index = 0; Index < RANDOM_STRINGS; Index++) {
        Available = RandomString(Bytes);
        for (Mode = 0; Mode < COUNT_OF(Modes); Mode++)
            Compare(Bytes, Available, Modes[Mode]);
    }
    ExpectMany(RANDOM_STRINGS);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(PickedInstructionsAreUnderstood),
        cmocka_unit_test(BytesBehindTheInstructionDoNotMatter),
        cmocka_unit_test(AnInstructionCutShortIsRefused),
        cmocka_unit_test(WhatIsNoInstructionIsRefused),
        cmocka_unit_test(EveryLegacyOpcodeIsAsZydisHasIt),
        cmocka_unit_test(EveryVexAndXopOpcodeIsAsZydisHasIt),
        cmocka_unit_test(EveryEvexOpcodeIsAsZydisHasIt),
        cmocka_unit_test(RandomBytesAreDecodedAsZydisDoes),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

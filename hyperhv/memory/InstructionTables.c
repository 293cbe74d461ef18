// SPDX-License-Identifier: GPL-2.0-only
/*
 * InstructionTables.c - attributes of opcodes.
 *
 * Context: any. SDM Vol. 2, appendix A (opcode maps) and B, Vol. 3, 26.1 (instructions that cause exits); APM
 * Vol. 3, appendix A (3DNow!, XOP).
 */
#include "hyperhv/memory/InstructionTables.h"

#include "hyperhv/memory/InstructionDecode.h"

/* Accesses. The argument is what follows SIZE_ or GROUP_. */
#define R(Size)      (ACCESS_READS | SIZE_##Size)
#define W(Size)      (ACCESS_WRITES | SIZE_##Size)
#define RW(Size)     (ACCESS_READS | ACCESS_WRITES | SIZE_##Size)
#define GROUP(Which) (ACCESS_GROUP_FIRST + GROUP_##Which)

/* Entries: what follows FORM_, and an access. E: with a ModRM byte. */
#define I(Form, Access) (FORM_##Form | (Access) << 8)
#define E(Form, Access) (FORM_##Form | FORM_MODRM | (Access) << 8)

/* Eight opcodes of which six are one arithmetic instruction. */
#define ARITHMETIC(First, Access1, AccessV)                                                                  \
    [(First)] = E(PLAIN, Access1), [(First) + 1] = E(PLAIN, AccessV), [(First) + 2] = E(PLAIN, R(1)),        \
    [(First) + 3] = E(PLAIN, R(V)), [(First) + 4] = I(1, 0), [(First) + 5] = I(Z, 0)

/* clang-format off */
const UINT16 OneByteMap[256] = {
    ARITHMETIC(0x00, RW(1), RW(V)), /* ADD */
    ARITHMETIC(0x08, RW(1), RW(V)), /* OR */
    ARITHMETIC(0x10, RW(1), RW(V)), /* ADC */
    ARITHMETIC(0x18, RW(1), RW(V)), /* SBB */
    ARITHMETIC(0x20, RW(1), RW(V)), /* AND */
    ARITHMETIC(0x28, RW(1), RW(V)), /* SUB */
    ARITHMETIC(0x30, RW(1), RW(V)), /* XOR */
    ARITHMETIC(0x38, R(1), R(V)),   /* CMP */
    [0x06] = I(PLAIN, W(STACK)) | FORM_NOT64, /* PUSH and POP of segments */
    [0x07] = I(PLAIN, R(STACK)) | FORM_NOT64,
    [0x0E] = I(PLAIN, W(STACK)) | FORM_NOT64,
    [0x16] = I(PLAIN, W(STACK)) | FORM_NOT64,
    [0x17] = I(PLAIN, R(STACK)) | FORM_NOT64,
    [0x1E] = I(PLAIN, W(STACK)) | FORM_NOT64,
    [0x1F] = I(PLAIN, R(STACK)) | FORM_NOT64,
    [0x27] = I(PLAIN, 0) | FORM_NOT64, /* DAA, DAS, AAA, AAS */
    [0x2F] = I(PLAIN, 0) | FORM_NOT64,
    [0x37] = I(PLAIN, 0) | FORM_NOT64,
    [0x3F] = I(PLAIN, 0) | FORM_NOT64,
    [0x40 ... 0x4F] = I(PLAIN, 0) | FORM_NOT64, /* INC, DEC; in 64-bit mode REX */
    [0x50 ... 0x57] = I(PLAIN, W(STACK)),       /* PUSH */
    [0x58 ... 0x5F] = I(PLAIN, R(STACK)),       /* POP */
    [0x60] = I(PLAIN, W(Z)) | FORM_NOT64,       /* PUSHA: eight accesses */
    [0x61] = I(PLAIN, R(Z)) | FORM_NOT64,       /* POPA */
    [0x62] = E(PLAIN, R(BOUNDS)) | FORM_NOT64,  /* BOUND; else EVEX */
    [0x63] = E(PLAIN, RW(2)),                   /* ARPL; in 64-bit mode MOVSXD, see EntryOf */
    [0x68] = I(Z, W(STACK)),                    /* PUSH, IMUL */
    [0x69] = E(Z, R(V)),
    [0x6A] = I(1, W(STACK)),
    [0x6B] = E(1, R(V)),
    [0x6C] = I(PLAIN, W(1)) | FORM_STRING | FORM_LEAVES, /* INS, OUTS */
    [0x6D] = I(PLAIN, W(Z)) | FORM_STRING | FORM_LEAVES,
    [0x6E] = I(PLAIN, R(1)) | FORM_STRING | FORM_LEAVES,
    [0x6F] = I(PLAIN, R(Z)) | FORM_STRING | FORM_LEAVES,
    [0x70 ... 0x7F] = I(1, 0), /* Jcc */
    [0x80] = E(1, GROUP(1_BYTE)),
    [0x81] = E(Z, GROUP(1)),
    [0x82] = E(1, GROUP(1_BYTE)) | FORM_NOT64,
    [0x83] = E(1, GROUP(1)),
    [0x84] = E(PLAIN, R(1)), /* TEST, XCHG, MOV */
    [0x85] = E(PLAIN, R(V)),
    [0x86] = E(PLAIN, RW(1)),
    [0x87] = E(PLAIN, RW(V)),
    [0x88] = E(PLAIN, W(1)),
    [0x89] = E(PLAIN, W(V)),
    [0x8A] = E(PLAIN, R(1)),
    [0x8B] = E(PLAIN, R(V)),
    [0x8C] = E(PLAIN, W(2)), /* MOV from segment */
    [0x8D] = E(PLAIN, 0),    /* LEA */
    [0x8E] = E(PLAIN, R(2)), /* MOV to segment */
    [0x8F] = E(PLAIN, GROUP(1A)),
    [0x90] = I(PLAIN, 0) | FORM_LEAVES, /* NOP; PAUSE */
    [0x91 ... 0x99] = I(PLAIN, 0),      /* XCHG, CBW, CWD */
    [0x9A] = I(FAR, W(UNKNOWN)) | FORM_NOT64,
    [0x9B] = I(PLAIN, 0),
    [0x9C] = I(PLAIN, W(STACK)), /* PUSHF, POPF */
    [0x9D] = I(PLAIN, R(STACK)),
    [0x9E ... 0x9F] = I(PLAIN, 0),
    [0xA0] = I(OFFSET, R(1)), /* MOV */
    [0xA1] = I(OFFSET, R(V)),
    [0xA2] = I(OFFSET, W(1)),
    [0xA3] = I(OFFSET, W(V)),
    [0xA4] = I(PLAIN, RW(1)) | FORM_STRING, /* MOVS */
    [0xA5] = I(PLAIN, RW(V)) | FORM_STRING,
    [0xA6] = I(PLAIN, R(1)) | FORM_STRING, /* CMPS */
    [0xA7] = I(PLAIN, R(V)) | FORM_STRING,
    [0xA8] = I(1, 0), /* TEST */
    [0xA9] = I(Z, 0),
    [0xAA] = I(PLAIN, W(1)) | FORM_STRING, /* STOS */
    [0xAB] = I(PLAIN, W(V)) | FORM_STRING,
    [0xAC] = I(PLAIN, R(1)) | FORM_STRING, /* LODS */
    [0xAD] = I(PLAIN, R(V)) | FORM_STRING,
    [0xAE] = I(PLAIN, R(1)) | FORM_STRING, /* SCAS */
    [0xAF] = I(PLAIN, R(V)) | FORM_STRING,
    [0xB0 ... 0xB7] = I(1, 0), /* MOV */
    [0xB8 ... 0xBF] = I(V, 0),
    [0xC0] = E(1, RW(1)), /* shifts */
    [0xC1] = E(1, RW(V)),
    [0xC2] = I(2, R(NEAR)), /* RET */
    [0xC3] = I(PLAIN, R(NEAR)),
    [0xC4 ... 0xC5] = E(PLAIN, R(FAR)) | FORM_NOT64, /* LES, LDS; else VEX */
    [0xC6] = E(1, GROUP(11_BYTE)),
    [0xC7] = E(Z, GROUP(11)),
    [0xC8] = I(3, RW(STACK)),       /* ENTER: up to 32 accesses */
    [0xC9] = I(PLAIN, R(STACK)),    /* LEAVE */
    [0xCA] = I(2, R(UNKNOWN)),      /* far RET */
    [0xCB] = I(PLAIN, R(UNKNOWN)),
    [0xCC] = I(PLAIN, 0),  /* INT3, INT, INTO */
    [0xCD] = I(1, 0),
    [0xCE] = I(PLAIN, 0) | FORM_NOT64,
    [0xCF] = I(PLAIN, R(UNKNOWN)),  /* IRET */
    [0xD0] = E(PLAIN, RW(1)), /* shifts */
    [0xD1] = E(PLAIN, RW(V)),
    [0xD2] = E(PLAIN, RW(1)),
    [0xD3] = E(PLAIN, RW(V)),
    [0xD4 ... 0xD5] = I(1, 0) | FORM_NOT64, /* AAM, AAD */
    [0xD6] = I(PLAIN, 0) | FORM_NOT64,      /* SALC */
    [0xD7] = I(PLAIN, R(1)),                /* XLAT */
    [0xD8] = E(PLAIN, GROUP(X87)),
    [0xD9] = E(PLAIN, GROUP(X87) + 1),
    [0xDA] = E(PLAIN, GROUP(X87) + 2),
    [0xDB] = E(PLAIN, GROUP(X87) + 3),
    [0xDC] = E(PLAIN, GROUP(X87) + 4),
    [0xDD] = E(PLAIN, GROUP(X87) + 5),
    [0xDE] = E(PLAIN, GROUP(X87) + 6),
    [0xDF] = E(PLAIN, GROUP(X87) + 7),
    [0xE0 ... 0xE3] = I(1, 0), /* LOOP, JCXZ */
    [0xE4 ... 0xE7] = I(1, 0) | FORM_LEAVES, /* IN, OUT */
    [0xE8] = I(NEAR, W(NEAR)), /* CALL */
    [0xE9] = I(NEAR, 0),       /* JMP */
    [0xEA] = I(FAR, 0) | FORM_NOT64,
    [0xEB] = I(1, 0),
    [0xEC ... 0xEF] = I(PLAIN, 0) | FORM_LEAVES, /* IN, OUT */
    [0xF1] = I(PLAIN, 0), /* INT1 */
    [0xF4] = I(PLAIN, 0) | FORM_LEAVES,          /* HLT */
    [0xF5] = I(PLAIN, 0),
    [0xF6] = E(1_IF_TEST, GROUP(3_BYTE)),
    [0xF7] = E(Z_IF_TEST, GROUP(3)),
    [0xF8 ... 0xFD] = I(PLAIN, 0),
    [0xFE] = E(PLAIN, GROUP(4)),
    [0xFF] = E(PLAIN, GROUP(5)),
};

#define VECTOR E(PLAIN, GROUP(VECTOR))

const UINT16 TwoByteMap[256] = {
    [0x00] = E(PLAIN, GROUP(6)) | FORM_LEAVES,
    [0x01] = E(PLAIN, GROUP(7)) | FORM_LEAVES,
    [0x02 ... 0x03] = E(PLAIN, R(2)), /* LAR, LSL */
    [0x05] = I(PLAIN, 0),                        /* SYSCALL, CLTS, SYSRET */
    [0x06] = I(PLAIN, 0) | FORM_LEAVES,
    [0x07] = I(PLAIN, 0),
    [0x08 ... 0x09] = I(PLAIN, 0) | FORM_LEAVES, /* INVD, WBINVD */
    [0x0B] = I(PLAIN, 0),                        /* UD2 */
    [0x0D] = E(PLAIN, 0),                        /* PREFETCH */
    [0x0E] = I(PLAIN, 0),                        /* FEMMS */
    [0x0F] = E(1, R(8)),                         /* 3DNow! */
    [0x10 ... 0x17] = VECTOR,
    [0x18 ... 0x19] = E(PLAIN, 0),             /* PREFETCH, NOP */
    [0x1A ... 0x1B] = E(PLAIN, GROUP(VECTOR)), /* NOP; BNDMOV */
    [0x1C ... 0x1F] = E(PLAIN, 0),             /* NOP and its kin */
    [0x20 ... 0x23] = E(REGISTERS, 0) | FORM_LEAVES, /* MOV to and from CR and DR */
    [0x28 ... 0x2F] = VECTOR,
    [0x30 ... 0x33] = I(PLAIN, 0) | FORM_LEAVES, /* WRMSR, RDTSC, RDMSR, RDPMC */
    [0x34 ... 0x35] = I(PLAIN, 0),               /* SYSENTER, SYSEXIT */
    [0x37] = I(PLAIN, 0) | FORM_LEAVES,          /* GETSEC */
    [0x40 ... 0x4F] = E(PLAIN, R(V)),            /* CMOVcc */
    [0x50 ... 0x6F] = VECTOR,
    [0x70 ... 0x73] = E(1, GROUP(VECTOR)),
    [0x74 ... 0x76] = VECTOR,
    [0x77] = I(PLAIN, 0),                                /* EMMS */
    [0x78] = E(2_IF_PREFIX, W(MODE)) | FORM_LEAVES,      /* VMREAD; EXTRQ and INSERTQ after a prefix */
    [0x79] = E(PLAIN, R(MODE)) | FORM_LEAVES,            /* VMWRITE */
    [0x7C ... 0x7F] = VECTOR,
    [0x80 ... 0x8F] = I(NEAR, 0),                /* Jcc */
    [0x90 ... 0x9F] = E(PLAIN, W(1)),            /* SETcc */
    [0xA0] = I(PLAIN, W(STACK)),                 /* PUSH and POP of segments */
    [0xA1] = I(PLAIN, R(STACK)),
    [0xA2] = I(PLAIN, 0) | FORM_LEAVES, /* CPUID */
    [0xA3] = E(PLAIN, R(V)),            /* BT */
    [0xA4] = E(1, RW(V)),               /* SHLD */
    [0xA5] = E(PLAIN, RW(V)),
    [0xA6 ... 0xA7] = E(PLAIN, 0), /* PadLock */
    [0xA8] = I(PLAIN, W(STACK)),
    [0xA9] = I(PLAIN, R(STACK)),
    [0xAA] = I(PLAIN, 0) | FORM_LEAVES, /* RSM */
    [0xAB] = E(PLAIN, RW(V)),           /* BTS */
    [0xAC] = E(1, RW(V)),               /* SHRD */
    [0xAD] = E(PLAIN, RW(V)),
    [0xAE] = E(PLAIN, GROUP(VECTOR)) | FORM_LEAVES,
    [0xAF] = E(PLAIN, R(V)), /* IMUL */
    [0xB0] = E(PLAIN, RW(1)), /* CMPXCHG */
    [0xB1] = E(PLAIN, RW(V)),
    [0xB2] = E(PLAIN, R(FAR)), /* LSS */
    [0xB3] = E(PLAIN, RW(V)),  /* BTR */
    [0xB4 ... 0xB5] = E(PLAIN, R(FAR)), /* LFS, LGS */
    [0xB6] = E(PLAIN, R(1)),            /* MOVZX */
    [0xB7] = E(PLAIN, R(2)),
    [0xB8] = E(PLAIN, R(V)), /* POPCNT */
    [0xB9] = E(PLAIN, 0),    /* UD1 */
    [0xBA] = E(1, GROUP(8)),
    [0xBB] = E(PLAIN, RW(V)),           /* BTC */
    [0xBC ... 0xBD] = E(PLAIN, R(V)),   /* BSF, BSR */
    [0xBE] = E(PLAIN, R(1)),            /* MOVSX */
    [0xBF] = E(PLAIN, R(2)),
    [0xC0] = E(PLAIN, RW(1)), /* XADD */
    [0xC1] = E(PLAIN, RW(V)),
    [0xC2] = E(1, GROUP(VECTOR)),
    [0xC3] = VECTOR,
    [0xC4 ... 0xC6] = E(1, GROUP(VECTOR)),
    [0xC7] = E(PLAIN, GROUP(9)) | FORM_LEAVES,
    [0xC8 ... 0xCF] = I(PLAIN, 0), /* BSWAP */
    [0xD0 ... 0xFE] = VECTOR,
    [0xFF] = E(PLAIN, 0), /* UD0 */
};

const ACCESS_GROUP_ROW AccessGroups[GROUP_COUNT] = {
    [GROUP_1_BYTE]  = {{RW(1), RW(1), RW(1), RW(1), RW(1), RW(1), RW(1), R(1)}, {0}},
    [GROUP_1]       = {{RW(V), RW(V), RW(V), RW(V), RW(V), RW(V), RW(V), R(V)}, {0}},
    [GROUP_1A]      = {{W(STACK)}, {R(STACK)}},
    [GROUP_3_BYTE]  = {{R(1), R(1), RW(1), RW(1), R(1), R(1), R(1), R(1)}, {0}},
    [GROUP_3]       = {{R(V), R(V), RW(V), RW(V), R(V), R(V), R(V), R(V)}, {0}},
    [GROUP_4]       = {{RW(1), RW(1)}, {0}},
    [GROUP_5]       = {{RW(V), RW(V), R(NEAR), R(FAR), R(NEAR), R(FAR), R(STACK)},
                       {0, 0, W(NEAR), 0, 0, 0, W(STACK)}},
    [GROUP_6]       = {{W(2), W(2), R(2), R(2), R(2), R(2)}, {0}},
    [GROUP_7]       = {{W(TABLE), W(TABLE), R(TABLE), R(TABLE), W(2), RW(8), R(2), 0}, {0}},
    [GROUP_8]       = {{0, 0, 0, 0, R(V), RW(V), RW(V), RW(V)}, {0}},
    [GROUP_9]       = {{0, RW(PAIR), 0, R(UNKNOWN), W(UNKNOWN), W(UNKNOWN), R(8), W(8)}, {0}},
    [GROUP_11_BYTE] = {{W(1)}, {0}},
    [GROUP_11]      = {{W(V)}, {0}},
    [GROUP_15]      = {{W(512), R(512), R(4), W(4), RW(UNKNOWN), R(UNKNOWN), RW(UNKNOWN), R(UNKNOWN)}, {0}},
    [GROUP_15_F3]   = {{0, 0, 0, 0, R(Y), 0, RW(8), 0}, {0}},
    [GROUP_MASKMOV] = {{0},
                       {W(MASKMOV), W(MASKMOV), W(MASKMOV), W(MASKMOV), W(MASKMOV), W(MASKMOV), W(MASKMOV),
                        W(MASKMOV)}},
    [GROUP_X87]     = {{R(4), R(4), R(4), R(4), R(4), R(4), R(4), R(4)}, {0}},
    [GROUP_X87 + 1] = {{R(4), 0, W(4), W(4), R(X87_ENVIRONMENT), R(2), W(X87_ENVIRONMENT), W(2)}, {0}},
    [GROUP_X87 + 2] = {{R(4), R(4), R(4), R(4), R(4), R(4), R(4), R(4)}, {0}},
    [GROUP_X87 + 3] = {{R(4), W(4), W(4), W(4), 0, R(10), 0, W(10)}, {0}},
    [GROUP_X87 + 4] = {{R(8), R(8), R(8), R(8), R(8), R(8), R(8), R(8)}, {0}},
    [GROUP_X87 + 5] = {{R(8), W(8), W(8), W(8), R(X87_STATE), 0, W(X87_STATE), W(2)}, {0}},
    [GROUP_X87 + 6] = {{R(2), R(2), R(2), R(2), R(2), R(2), R(2), R(2)}, {0}},
    [GROUP_X87 + 7] = {{R(2), W(2), W(2), W(2), R(10), R(8), W(10), W(8)}, {0}},
};

/* Map, first and last opcode; accesses without a prefix, after 66, F3, F2. Sorted. Where a legacy and a
 * vector form of an opcode differ in their size, a size class covers both: SIZE_VECTOR is 16 in legacy forms,
 * forms without a prefix are those of MMX. */
#define MMX_OR_VECTOR R(8), R(VECTOR), 0, 0
#define FLOATING      R(VECTOR), R(VECTOR), R(4), R(8)
#define PACKED        R(VECTOR), R(VECTOR), 0, 0
static const VECTOR_ROW VectorRows[] = {
    {1, 0x10, 0x10, {FLOATING}}, /* MOVUPS */
    {1, 0x11, 0x11, {W(VECTOR), W(VECTOR), W(4), W(8)}},
    {1, 0x12, 0x12, {R(8), R(8), R(VECTOR), R(MOVDDUP)}}, /* MOVLPS, MOVSLDUP, MOVDDUP */
    {1, 0x13, 0x13, {W(8), W(8), 0, 0}},
    {1, 0x14, 0x15, {PACKED}},                 /* UNPCKLPS */
    {1, 0x16, 0x16, {R(8), R(8), R(VECTOR), 0}}, /* MOVHPS, MOVSHDUP */
    {1, 0x17, 0x17, {W(8), W(8), 0, 0}},
    {1, 0x1A, 0x1A, {0, R(BOUND_REGISTER), 0, 0}}, /* BNDMOV */
    {1, 0x1B, 0x1B, {0, W(BOUND_REGISTER), 0, 0}},
    {1, 0x28, 0x28, {PACKED}}, /* MOVAPS */
    {1, 0x29, 0x29, {W(VECTOR), W(VECTOR), 0, 0}},
    {1, 0x2A, 0x2A, {R(8), R(8), R(Y), R(Y)}},               /* CVTPI2PS, CVTSI2SS */
    {1, 0x2B, 0x2B, {W(VECTOR), W(VECTOR), W(4), W(8)}},     /* MOVNTPS, MOVNTSS */
    {1, 0x2C, 0x2D, {R(8), R(16), R(4), R(8)}},              /* CVTTPS2PI, CVTTSS2SI */
    {1, 0x2E, 0x2F, {R(4), R(8), 0, 0}},                     /* UCOMISS */
    {1, 0x51, 0x51, {FLOATING}},                             /* SQRTPS */
    {1, 0x52, 0x53, {R(VECTOR), 0, R(4), 0}},                /* RSQRTPS, RCPPS */
    {1, 0x54, 0x57, {PACKED}},                               /* ANDPS */
    {1, 0x58, 0x59, {FLOATING}},                             /* ADDPS, MULPS */
    {1, 0x5A, 0x5A, {R(HALF), R(VECTOR), R(4), R(8)}},       /* CVTPS2PD */
    {1, 0x5B, 0x5B, {R(VECTOR), R(VECTOR), R(VECTOR), 0}},   /* CVTDQ2PS */
    {1, 0x5C, 0x5F, {FLOATING}},                             /* SUBPS, MINPS, DIVPS, MAXPS */
    {1, 0x60, 0x62, {R(4), R(VECTOR), 0, 0}},                /* PUNPCKLBW */
    {1, 0x63, 0x6B, {MMX_OR_VECTOR}},                        /* PACKSSWB, PCMPGTB, PUNPCKHBW */
    {1, 0x6C, 0x6D, {0, R(VECTOR), 0, 0}},                   /* PUNPCKLQDQ */
    {1, 0x6E, 0x6E, {R(Y), R(Y), 0, 0}},                     /* MOVD */
    {1, 0x6F, 0x6F, {R(8), R(VECTOR), R(VECTOR), R(VECTOR)}}, /* MOVDQA, VMOVDQU8 */
    {1, 0x70, 0x70, {R(8), R(VECTOR), R(VECTOR), R(VECTOR)}}, /* PSHUFD */
    {1, 0x71, 0x73, {0, R(VECTOR), 0, 0}},                   /* VPSRLW with an immediate */
    {1, 0x74, 0x76, {MMX_OR_VECTOR}},                        /* PCMPEQB */
    {1, 0x78, 0x79, {R(VECTOR), R(HALF_UNLESS_W), R(4), R(8)}}, /* VCVTTPS2UDQ, VCVTTPS2UQQ, VCVTTSS2USI */
    {1, 0x7A, 0x7A, {0, R(HALF_UNLESS_W), R(HALF_UNLESS_W), R(VECTOR)}}, /* VCVTUDQ2PD, VCVTUDQ2PS */
    {1, 0x7B, 0x7B, {0, R(HALF_UNLESS_W), R(Y), R(Y)}},      /* VCVTPS2QQ, VCVTUSI2SS */
    {1, 0x7C, 0x7D, {0, R(VECTOR), 0, R(VECTOR)}},           /* HADDPD */
    {1, 0x7E, 0x7E, {W(Y), W(Y), R(8), 0}},                  /* MOVD, MOVQ */
    {1, 0x7F, 0x7F, {W(8), W(VECTOR), W(VECTOR), W(VECTOR)}}, /* MOVDQA */
    {1, 0x90, 0x90, {R(W8_2), R(W4_1), 0, 0}},               /* KMOVW */
    {1, 0x91, 0x91, {W(W8_2), W(W4_1), 0, 0}},
    {1, 0xAE, 0xAE, {GROUP(15), R(UNKNOWN), GROUP(15_F3), 0}}, /* FXSAVE...; CLWB, CLFLUSHOPT; PTWRITE... */
    {1, 0xC2, 0xC2, {FLOATING}},                  /* CMPPS */
    {1, 0xC3, 0xC3, {W(Y), 0, 0, 0}},             /* MOVNTI */
    {1, 0xC4, 0xC4, {R(2), R(2), 0, 0}},          /* PINSRW */
    {1, 0xC6, 0xC6, {PACKED}},                    /* SHUFPS */
    {1, 0xD0, 0xD0, {0, R(VECTOR), 0, R(VECTOR)}}, /* ADDSUBPD */
    {1, 0xD1, 0xD3, {R(8), R(16), 0, 0}},         /* PSRLW */
    {1, 0xD4, 0xD5, {MMX_OR_VECTOR}},             /* PADDQ, PMULLW */
    {1, 0xD6, 0xD6, {0, W(8), 0, 0}},             /* MOVQ */
    {1, 0xD8, 0xE0, {MMX_OR_VECTOR}},             /* PSUBUSB to PAVGB */
    {1, 0xE1, 0xE2, {R(8), R(16), 0, 0}},         /* PSRAW */
    {1, 0xE3, 0xE5, {MMX_OR_VECTOR}},             /* PAVGW, PMULHUW */
    {1, 0xE6, 0xE6, {0, R(VECTOR), R(HALF_UNLESS_W), R(VECTOR)}}, /* CVTTPD2DQ, CVTDQ2PD */
    {1, 0xE7, 0xE7, {W(8), W(VECTOR), 0, 0}},     /* MOVNTQ */
    {1, 0xE8, 0xEF, {MMX_OR_VECTOR}},             /* PSUBSB to PXOR */
    {1, 0xF0, 0xF0, {0, 0, 0, R(VECTOR)}},        /* LDDQU */
    {1, 0xF1, 0xF3, {R(8), R(16), 0, 0}},         /* PSLLW */
    {1, 0xF4, 0xF6, {MMX_OR_VECTOR}},             /* PMULUDQ, PMADDWD, PSADBW */
    {1, 0xF7, 0xF7, {GROUP(MASKMOV), GROUP(MASKMOV), 0, 0}},
    {1, 0xF8, 0xFE, {MMX_OR_VECTOR}},             /* PSUBB to PADDD */

    {2, 0x00, 0x0B, {MMX_OR_VECTOR}},             /* PSHUFB to PMULHRSW */
    {2, 0x0C, 0x0F, {0, R(VECTOR), 0, 0}},        /* VPERMILPS, VTESTPS */
    {2, 0x10, 0x10, {0, R(VECTOR), W(HALF), 0}},    /* PBLENDVB, VPSRLVW; VPMOVUSWB */
    {2, 0x11, 0x11, {0, R(VECTOR), W(QUARTER), 0}}, /* VPSRAVW; VPMOVUSDB */
    {2, 0x12, 0x12, {0, R(VECTOR), W(EIGHTH), 0}},  /* VPSLLVW; VPMOVUSQB */
    {2, 0x13, 0x13, {0, R(HALF), W(HALF), 0}},      /* VCVTPH2PS; VPMOVUSDW */
    {2, 0x14, 0x14, {0, R(VECTOR), W(QUARTER), 0}}, /* BLENDVPS, VPRORVD; VPMOVUSQW */
    {2, 0x15, 0x15, {0, R(VECTOR), W(HALF), 0}},    /* BLENDVPD, VPROLVD; VPMOVUSQD */
    {2, 0x16, 0x16, {0, R(VECTOR), 0, 0}},          /* VPERMPS */
    {2, 0x17, 0x17, {0, R(VECTOR), 0, 0}},        /* PTEST */
    {2, 0x18, 0x18, {0, R(4), 0, 0}},             /* VBROADCASTSS */
    {2, 0x19, 0x19, {0, R(8), 0, 0}},
    {2, 0x1A, 0x1A, {0, R(16), 0, 0}},
    {2, 0x1B, 0x1B, {0, R(32), 0, 0}},
    {2, 0x1C, 0x1E, {MMX_OR_VECTOR}},             /* PABSB */
    {2, 0x1F, 0x1F, {0, R(VECTOR), 0, 0}},
    {2, 0x20, 0x20, {0, R(HALF), W(HALF), 0}},    /* PMOVSXBW; VPMOVSWB */
    {2, 0x21, 0x21, {0, R(QUARTER), W(QUARTER), 0}},
    {2, 0x22, 0x22, {0, R(EIGHTH), W(EIGHTH), 0}},
    {2, 0x23, 0x23, {0, R(HALF), W(HALF), 0}},
    {2, 0x24, 0x24, {0, R(QUARTER), W(QUARTER), 0}},
    {2, 0x25, 0x25, {0, R(HALF), W(HALF), 0}},
    {2, 0x26, 0x2C, {0, R(VECTOR), R(VECTOR), 0}}, /* VPTESTMB, PMULDQ, PCMPEQQ, MOVNTDQA, PACKUSDW */
    {2, 0x2D, 0x2D, {0, R(VSCALEF), 0, 0}},        /* VMASKMOVPD, VSCALEFSS */
    {2, 0x2E, 0x2F, {0, W(VECTOR), 0, 0}},         /* VMASKMOVPS */
    {2, 0x30, 0x30, {0, R(HALF), W(HALF), 0}},     /* PMOVZXBW; VPMOVWB */
    {2, 0x31, 0x31, {0, R(QUARTER), W(QUARTER), 0}},
    {2, 0x32, 0x32, {0, R(EIGHTH), W(EIGHTH), 0}},
    {2, 0x33, 0x33, {0, R(HALF), W(HALF), 0}},
    {2, 0x34, 0x34, {0, R(QUARTER), W(QUARTER), 0}},
    {2, 0x35, 0x35, {0, R(HALF), W(HALF), 0}},
    {2, 0x36, 0x40, {0, R(VECTOR), 0, 0}},        /* VPERMD, PCMPGTQ, PMINSB to PMULLD */
    {2, 0x41, 0x41, {0, R(16), 0, 0}},            /* PHMINPOSUW */
    {2, 0x42, 0x42, {0, R(VECTOR), 0, 0}},        /* VGETEXPPS */
    {2, 0x43, 0x43, {0, R(W8_4), 0, 0}},
    {2, 0x44, 0x47, {0, R(VECTOR), 0, 0}},        /* VPLZCNTD, VPSRLVD */
    {2, 0x49, 0x49, {R(64), W(64), 0, 0}},        /* LDTILECFG, STTILECFG */
    {2, 0x4B, 0x4B, {0, R(UNKNOWN), W(UNKNOWN), R(UNKNOWN)}}, /* TILELOADD, TILESTORED */
    {2, 0x4C, 0x4C, {0, R(VECTOR), 0, 0}},        /* VRCP14PS */
    {2, 0x4D, 0x4D, {0, R(W8_4), 0, 0}},
    {2, 0x4E, 0x4E, {0, R(VECTOR), 0, 0}},
    {2, 0x4F, 0x4F, {0, R(W8_4), 0, 0}},
    {2, 0x50, 0x51, {R(VECTOR), R(VECTOR), R(VECTOR), R(VECTOR)}}, /* VPDPBUSD */
    {2, 0x52, 0x53, {0, R(VECTOR), R(VECTOR), R(16)}},       /* VPDPWSSD, VDPBF16PS, VP4DPWSSD */
    {2, 0x54, 0x55, {0, R(VECTOR), 0, 0}},        /* VPOPCNTB */
    {2, 0x58, 0x58, {0, R(4), 0, 0}},             /* VPBROADCASTD */
    {2, 0x59, 0x59, {0, R(8), 0, 0}},
    {2, 0x5A, 0x5A, {0, R(16), 0, 0}},
    {2, 0x5B, 0x5B, {0, R(32), 0, 0}},
    {2, 0x62, 0x62, {0, R(VECTOR), 0, 0}},        /* VPEXPANDB */
    {2, 0x63, 0x63, {0, W(VECTOR), 0, 0}},        /* VPCOMPRESSB */
    {2, 0x64, 0x66, {0, R(VECTOR), 0, 0}},        /* VPBLENDMD */
    {2, 0x68, 0x68, {0, 0, 0, R(VECTOR)}},        /* VP2INTERSECTD */
    {2, 0x70, 0x73, {0, R(VECTOR), R(VECTOR), R(VECTOR)}}, /* VPSHLDVW, VCVTNEPS2BF16 */
    {2, 0x75, 0x77, {0, R(VECTOR), 0, 0}},        /* VPERMI2B */
    {2, 0x78, 0x78, {0, R(1), 0, 0}},             /* VPBROADCASTB */
    {2, 0x79, 0x79, {0, R(2), 0, 0}},
    {2, 0x7D, 0x7F, {0, R(VECTOR), 0, 0}},        /* VPERMT2B */
    {2, 0x80, 0x82, {0, R(16), 0, 0}},            /* INVEPT, INVVPID, INVPCID */
    {2, 0x83, 0x83, {0, R(VECTOR), 0, 0}},        /* VPMULTISHIFTQB */
    {2, 0x88, 0x89, {0, R(VECTOR), 0, 0}},        /* VEXPANDPS */
    {2, 0x8A, 0x8B, {0, W(VECTOR), 0, 0}},        /* VCOMPRESSPS */
    {2, 0x8C, 0x8D, {0, R(VECTOR), 0, 0}},        /* VPMASKMOVD, VPERMB */
    {2, 0x8E, 0x8E, {0, W(VECTOR), 0, 0}},
    {2, 0x8F, 0x8F, {0, R(VECTOR), 0, 0}},        /* VPSHUFBITQMB */
    {2, 0x90, 0x93, {0, R(W8_4), 0, 0}},          /* gathers: of each element */
    {2, 0x96, 0x98, {0, R(VECTOR), 0, 0}},        /* VFMADDSUB132PS */
    {2, 0x99, 0x99, {0, R(W8_4), 0, 0}},
    {2, 0x9A, 0x9A, {0, R(VECTOR), 0, R(16)}},
    {2, 0x9B, 0x9B, {0, R(W8_4), 0, R(16)}},
    {2, 0x9C, 0x9C, {0, R(VECTOR), 0, 0}},
    {2, 0x9D, 0x9D, {0, R(W8_4), 0, 0}},
    {2, 0x9E, 0x9E, {0, R(VECTOR), 0, 0}},
    {2, 0x9F, 0x9F, {0, R(W8_4), 0, 0}},
    {2, 0xA0, 0xA3, {0, W(W8_4), 0, 0}}, /* scatters: of each element */
    {2, 0xA6, 0xA8, {0, R(VECTOR), 0, 0}}, /* VFMADDSUB213PS */
    {2, 0xA9, 0xA9, {0, R(W8_4), 0, 0}},
    {2, 0xAA, 0xAA, {0, R(VECTOR), 0, R(16)}},
    {2, 0xAB, 0xAB, {0, R(W8_4), 0, R(16)}},
    {2, 0xAC, 0xAC, {0, R(VECTOR), 0, 0}},
    {2, 0xAD, 0xAD, {0, R(W8_4), 0, 0}},
    {2, 0xAE, 0xAE, {0, R(VECTOR), 0, 0}},
    {2, 0xAF, 0xAF, {0, R(W8_4), 0, 0}},
    {2, 0xB0, 0xB0, {R(VECTOR), R(VECTOR), R(VECTOR), R(VECTOR)}}, /* VCVTNEOPH2PS */
    {2, 0xB1, 0xB1, {0, R(2), R(2), 0}},                           /* VBCSTNESH2PS */
    {2, 0xB4, 0xB5, {0, R(VECTOR), 0, 0}}, /* VPMADD52LUQ */
    {2, 0xB6, 0xB8, {0, R(VECTOR), 0, 0}}, /* VFMADDSUB231PS */
    {2, 0xB9, 0xB9, {0, R(W8_4), 0, 0}},
    {2, 0xBA, 0xBA, {0, R(VECTOR), 0, 0}},
    {2, 0xBB, 0xBB, {0, R(W8_4), 0, 0}},
    {2, 0xBC, 0xBC, {0, R(VECTOR), 0, 0}},
    {2, 0xBD, 0xBD, {0, R(W8_4), 0, 0}},
    {2, 0xBE, 0xBE, {0, R(VECTOR), 0, 0}},
    {2, 0xBF, 0xBF, {0, R(W8_4), 0, 0}},
    {2, 0xC4, 0xC4, {0, R(VECTOR), 0, 0}},  /* VPCONFLICTD */
    {2, 0xC8, 0xCA, {R(16), R(VECTOR), 0, 0}}, /* SHA1NEXTE; VEXP2PS, VRCP28PS */
    {2, 0xCB, 0xCB, {R(16), R(W8_4), 0, 0}},
    {2, 0xCC, 0xCC, {R(16), R(VECTOR), 0, 0}},
    {2, 0xCD, 0xCD, {R(16), R(W8_4), 0, 0}},
    {2, 0xCF, 0xCF, {0, R(VECTOR), 0, 0}},         /* GF2P8MULB */
    {2, 0xD2, 0xD3, {R(VECTOR), R(VECTOR), R(VECTOR), 0}}, /* VPDPWUUD */
    {2, 0xD8, 0xD8, {0, 0, R(UNKNOWN), 0}},        /* AESENCWIDE128KL */
    {2, 0xDA, 0xDA, {R(16), R(16), R(VECTOR), R(VECTOR)}}, /* VSM3MSG1, VSM4KEY4 */
    {2, 0xDB, 0xDB, {0, R(VECTOR), 0, 0}},         /* AESIMC */
    {2, 0xDC, 0xDD, {0, R(VECTOR), R(48), 0}},     /* AESENC; AESENC128KL */
    {2, 0xDE, 0xDF, {0, R(VECTOR), R(64), 0}},     /* AESDEC; AESENC256KL */
    {2, 0xE0, 0xEF, {0, RW(Y), 0, 0}},             /* CMPccXADD */
    {2, 0xF0, 0xF0, {R(V), R(V), 0, R(1)}},        /* MOVBE, CRC32 */
    {2, 0xF1, 0xF1, {W(V), W(V), 0, R(V)}},
    {2, 0xF2, 0xF3, {R(Y), 0, 0, 0}},              /* ANDN, BLSR */
    {2, 0xF5, 0xF5, {R(Y), W(Y), R(Y), R(Y)}},     /* BZHI, WRUSS, PEXT, PDEP */
    {2, 0xF6, 0xF6, {W(Y), R(Y), R(Y), R(Y)}},     /* WRSS, ADCX, ADOX, MULX */
    {2, 0xF7, 0xF7, {R(Y), R(Y), R(Y), R(Y)}},     /* BEXTR, SHLX */
    {2, 0xF8, 0xF8, {0, R(64), R(64), R(64)}},     /* MOVDIR64B, ENQCMD */
    {2, 0xF9, 0xF9, {W(Y), 0, 0, 0}},              /* MOVDIRI */
    {2, 0xFC, 0xFC, {RW(Y), RW(Y), RW(Y), RW(Y)}}, /* AADD, AAND, AXOR, AOR */

    {3, 0x00, 0x06, {0, R(VECTOR), 0, 0}},         /* VPERMQ, VPBLENDD, VALIGND, VPERM2F128 */
    {3, 0x08, 0x09, {R(VECTOR), R(VECTOR), 0, 0}}, /* ROUNDPS, VRNDSCALEPH */
    {3, 0x0A, 0x0A, {R(2), R(4), 0, 0}},
    {3, 0x0B, 0x0B, {0, R(8), 0, 0}},
    {3, 0x0C, 0x0E, {0, R(VECTOR), 0, 0}}, /* BLENDPS */
    {3, 0x0F, 0x0F, {MMX_OR_VECTOR}},      /* PALIGNR */
    {3, 0x14, 0x14, {0, W(1), 0, 0}},      /* PEXTRB */
    {3, 0x15, 0x15, {0, W(2), 0, 0}},
    {3, 0x16, 0x16, {0, W(Y), 0, 0}},
    {3, 0x17, 0x17, {0, W(4), 0, 0}},
    {3, 0x18, 0x18, {0, R(16), 0, 0}}, /* VINSERTF128 */
    {3, 0x19, 0x19, {0, W(16), 0, 0}},
    {3, 0x1A, 0x1A, {0, R(32), 0, 0}},
    {3, 0x1B, 0x1B, {0, W(32), 0, 0}},
    {3, 0x1D, 0x1D, {0, W(HALF), 0, 0}},   /* VCVTPS2PH */
    {3, 0x1E, 0x1F, {0, R(VECTOR), 0, 0}}, /* VPCMPD */
    {3, 0x20, 0x20, {0, R(1), 0, 0}},      /* PINSRB */
    {3, 0x21, 0x21, {0, R(4), 0, 0}},
    {3, 0x22, 0x22, {0, R(Y), 0, 0}},
    {3, 0x23, 0x26, {R(VECTOR), R(VECTOR), 0, 0}}, /* VSHUFF32X4, VGETMANTPS */
    {3, 0x27, 0x27, {R(2), R(W8_4), 0, 0}},
    {3, 0x38, 0x38, {0, R(16), 0, 0}}, /* VINSERTI128 */
    {3, 0x39, 0x39, {0, W(16), 0, 0}},
    {3, 0x3A, 0x3A, {0, R(32), 0, 0}},
    {3, 0x3B, 0x3B, {0, W(32), 0, 0}},
    {3, 0x3E, 0x40, {0, R(VECTOR), 0, 0}}, /* VPCMPB, DPPS */
    {3, 0x41, 0x41, {0, R(16), 0, 0}},     /* DPPD */
    {3, 0x42, 0x4C, {0, R(VECTOR), 0, 0}}, /* MPSADBW, PCLMULQDQ, VPERMIL2PS, VBLENDVPS */
    {3, 0x50, 0x50, {0, R(VECTOR), 0, 0}}, /* VRANGEPS */
    {3, 0x51, 0x51, {0, R(W8_4), 0, 0}},
    {3, 0x54, 0x54, {0, R(VECTOR), 0, 0}}, /* VFIXUPIMMPS */
    {3, 0x55, 0x55, {0, R(W8_4), 0, 0}},
    {3, 0x56, 0x56, {R(VECTOR), R(VECTOR), 0, 0}}, /* VREDUCEPS */
    {3, 0x57, 0x57, {R(2), R(W8_4), 0, 0}},
    {3, 0x5C, 0x5F, {0, R(VECTOR), 0, 0}},         /* VFMADDSUBPS */
    {3, 0x60, 0x63, {0, R(16), 0, 0}},             /* PCMPESTRM */
    {3, 0x66, 0x66, {R(VECTOR), R(VECTOR), 0, 0}}, /* VFPCLASSPS */
    {3, 0x67, 0x67, {R(2), R(W8_4), 0, 0}},
    {3, 0x68, 0x69, {0, R(VECTOR), 0, 0}}, /* VFMADDPS */
    {3, 0x6A, 0x6A, {0, R(4), 0, 0}},
    {3, 0x6B, 0x6B, {0, R(8), 0, 0}},
    {3, 0x6C, 0x6D, {0, R(VECTOR), 0, 0}},
    {3, 0x6E, 0x6E, {0, R(4), 0, 0}},
    {3, 0x6F, 0x6F, {0, R(8), 0, 0}},
    {3, 0x70, 0x73, {0, R(VECTOR), 0, 0}}, /* VPSHLDW */
    {3, 0x78, 0x79, {0, R(VECTOR), 0, 0}}, /* VFNMADDPS */
    {3, 0x7A, 0x7A, {0, R(4), 0, 0}},
    {3, 0x7B, 0x7B, {0, R(8), 0, 0}},
    {3, 0x7C, 0x7D, {0, R(VECTOR), 0, 0}},
    {3, 0x7E, 0x7E, {0, R(4), 0, 0}},
    {3, 0x7F, 0x7F, {0, R(8), 0, 0}},
    {3, 0xC2, 0xC2, {R(VECTOR), 0, R(2), 0}}, /* VCMPPH */
    {3, 0xCC, 0xCC, {R(16), 0, 0, 0}},        /* SHA1RNDS4 */
    {3, 0xCE, 0xCF, {0, R(VECTOR), 0, 0}},    /* GF2P8AFFINEQB */
    {3, 0xDE, 0xDE, {0, R(16), 0, 0}},        /* VSM3RNDS2 */
    {3, 0xDF, 0xDF, {0, R(16), 0, 0}},        /* AESKEYGENASSIST */
    {3, 0xF0, 0xF0, {0, 0, 0, R(Y)}},         /* RORX */

    {5, 0x10, 0x10, {0, 0, R(2), 0}}, /* VMOVSH */
    {5, 0x11, 0x11, {0, 0, W(2), 0}},
    {5, 0x1D, 0x1D, {R(4), R(VECTOR_OF_4), 0, 0}}, /* VCVTSS2SH, VCVTPS2PHX */
    {5, 0x2A, 0x2A, {0, 0, R(Y), 0}},              /* VCVTSI2SH */
    {5, 0x2C, 0x2D, {0, 0, R(2), 0}},
    {5, 0x2E, 0x2F, {R(2), 0, 0, 0}}, /* VUCOMISH */
    {5, 0x51, 0x51, {R(VECTOR), 0, R(2), 0}},
    {5, 0x58, 0x59, {R(VECTOR), 0, R(2), 0}},
    {5, 0x5A, 0x5A, {R(QUARTER), R(VECTOR), R(2), R(8)}},            /* VCVTPH2PD, VCVTPD2PH */
    {5, 0x5B, 0x5B, {R(VECTOR_OF_4), R(HALF), R(HALF), 0}},          /* VCVTDQ2PH, VCVTPH2DQ */
    {5, 0x5C, 0x5F, {R(VECTOR), 0, R(2), 0}},
    {5, 0x6E, 0x6E, {0, R(2), 0, 0}}, /* VMOVW */
    {5, 0x78, 0x79, {R(HALF), R(QUARTER), R(2), 0}},                 /* VCVTTPH2UDQ, VCVTTPH2UQQ */
    {5, 0x7A, 0x7A, {0, R(QUARTER), 0, R(VECTOR_OF_4)}},             /* VCVTTPH2QQ, VCVTUDQ2PH */
    {5, 0x7B, 0x7B, {0, R(QUARTER), R(Y), 0}},                       /* VCVTPH2QQ, VCVTUSI2SH */
    {5, 0x7C, 0x7D, {R(VECTOR), R(VECTOR), R(VECTOR), R(VECTOR)}},   /* VCVTTPH2UW */
    {5, 0x7E, 0x7E, {0, W(2), 0, 0}},

    {6, 0x13, 0x13, {R(2), R(HALF), 0, 0}}, /* VCVTSH2SS, VCVTPH2PSX */
    {6, 0x2C, 0x2C, {0, R(VECTOR), 0, 0}},  /* VSCALEFPH */
    {6, 0x2D, 0x2D, {0, R(2), 0, 0}},
    {6, 0x42, 0x42, {0, R(VECTOR), 0, 0}},
    {6, 0x43, 0x43, {0, R(2), 0, 0}},
    {6, 0x4C, 0x4C, {0, R(VECTOR), 0, 0}},
    {6, 0x4D, 0x4D, {0, R(2), 0, 0}},
    {6, 0x4E, 0x4E, {0, R(VECTOR), 0, 0}},
    {6, 0x4F, 0x4F, {0, R(2), 0, 0}},
    {6, 0x56, 0x56, {0, 0, R(VECTOR_OF_4), R(VECTOR_OF_4)}}, /* VFMADDCPH */
    {6, 0x57, 0x57, {0, 0, R(4), R(4)}},
    {6, 0x96, 0x98, {0, R(VECTOR), 0, 0}}, /* VFMADDSUB132PH */
    {6, 0x99, 0x99, {0, R(2), 0, 0}},
    {6, 0x9A, 0x9A, {0, R(VECTOR), 0, 0}},
    {6, 0x9B, 0x9B, {0, R(2), 0, 0}},
    {6, 0x9C, 0x9C, {0, R(VECTOR), 0, 0}},
    {6, 0x9D, 0x9D, {0, R(2), 0, 0}},
    {6, 0x9E, 0x9E, {0, R(VECTOR), 0, 0}},
    {6, 0x9F, 0x9F, {0, R(2), 0, 0}},
    {6, 0xA6, 0xA8, {0, R(VECTOR), 0, 0}},
    {6, 0xA9, 0xA9, {0, R(2), 0, 0}},
    {6, 0xAA, 0xAA, {0, R(VECTOR), 0, 0}},
    {6, 0xAB, 0xAB, {0, R(2), 0, 0}},
    {6, 0xAC, 0xAC, {0, R(VECTOR), 0, 0}},
    {6, 0xAD, 0xAD, {0, R(2), 0, 0}},
    {6, 0xAE, 0xAE, {0, R(VECTOR), 0, 0}},
    {6, 0xAF, 0xAF, {0, R(2), 0, 0}},
    {6, 0xB6, 0xB8, {0, R(VECTOR), 0, 0}},
    {6, 0xB9, 0xB9, {0, R(2), 0, 0}},
    {6, 0xBA, 0xBA, {0, R(VECTOR), 0, 0}},
    {6, 0xBB, 0xBB, {0, R(2), 0, 0}},
    {6, 0xBC, 0xBC, {0, R(VECTOR), 0, 0}},
    {6, 0xBD, 0xBD, {0, R(2), 0, 0}},
    {6, 0xBE, 0xBE, {0, R(VECTOR), 0, 0}},
    {6, 0xBF, 0xBF, {0, R(2), 0, 0}},
    {6, 0xD6, 0xD6, {0, 0, R(VECTOR_OF_4), R(VECTOR_OF_4)}}, /* VFMULCPH */
    {6, 0xD7, 0xD7, {0, 0, R(4), R(4)}},

    {8, 0x85, 0xEF, {R(VECTOR), 0, 0, 0}}, /* VPMACSSWW to VPCOMUQ */
    {9, 0x01, 0x02, {R(Y), 0, 0, 0}},      /* BLCFILL */
    {9, 0x80, 0x81, {R(VECTOR), 0, 0, 0}}, /* VFRCZPS */
    {9, 0x82, 0x82, {R(4), 0, 0, 0}},
    {9, 0x83, 0x83, {R(8), 0, 0, 0}},
    {9, 0x90, 0xE3, {R(16), 0, 0, 0}}, /* VPROTB to VPHSUBDQ */
    {10, 0x10, 0x10, {R(Y), 0, 0, 0}}, /* BEXTR */
    {10, 0x12, 0x12, {R(4), 0, 0, 0}}, /* LWPINS */
};
/* clang-format on */

UINT8 InstructionVectorAccess(UINT32 Map, UINT32 Opcode, MANDATORY_PREFIX Prefix)
{
    UINT32 Low = 0, High = COUNT_OF(VectorRows), Middle, Key = Map << 8 | Opcode;

    while (Low < High) {
        const VECTOR_ROW *Row = &VectorRows[Middle = (Low + High) / 2];

        if (Key > ((UINT32)Row->Map << 8 | Row->Last))
            Low = Middle + 1;
        else if (Key < ((UINT32)Row->Map << 8 | Row->First))
            High = Middle;
        else
            return Row->Access[Prefix];
    }
    return 0;
}

#define ONLY(Prefix)   (1u << PREFIX_##Prefix)
#define ANY_PREFIX     0x0Fu
#define REGISTER(Reg)  (0xFFull << 8 * (Reg))   /* ModRM.reg, any ModRM.rm */
#define EXACTLY(ModRm) (1ull << ((ModRm)-0xC0)) /* a ModRM byte */
#define ALL_REGISTERS  (~0ull)
#define MEMORY(Reg)    (1u << (Reg))
static const LEAVING_FORM LeavingForms[] = {
    {0, 0x90, ONLY(F3), MEMORY(0), 0}, /* PAUSE; without a ModRM byte that is taken as 0 */
    {1, 0x00, ANY_PREFIX, MEMORY(0) | MEMORY(1) | MEMORY(2) | MEMORY(3), /* SLDT, STR, LLDT, LTR */
     REGISTER(0) | REGISTER(1) | REGISTER(2) | REGISTER(3)},
    {1, 0x01, ANY_PREFIX,
     MEMORY(0) | MEMORY(1) | MEMORY(2) | MEMORY(3) | MEMORY(6) | MEMORY(7), /* SGDT to LIDT, LMSW, INVLPG */
     REGISTER(3) | REGISTER(6) | EXACTLY(0xF9) | EXACTLY(0xFD)}, /* VMRUN..., LMSW, RDTSCP, RDPRU */
    {1, 0x01, ONLY(NONE), 0,
     EXACTLY(0xC0) | EXACTLY(0xC1) | EXACTLY(0xC2) | EXACTLY(0xC3) | EXACTLY(0xC4) | /* ENCLV, VMCALL... */
         EXACTLY(0xC6) | EXACTLY(0xC8) | EXACTLY(0xC9) | EXACTLY(0xCF) | /* WRMSRNS, MONITOR, MWAIT, ENCLS */
         EXACTLY(0xD1) | EXACTLY(0xD4) |                                 /* XSETBV, VMFUNC */
         EXACTLY(0xFA) | EXACTLY(0xFB) |                                 /* MONITORX, MWAITX */
         EXACTLY(0xFE) | EXACTLY(0xFF)},                                 /* INVLPGB, TLBSYNC */
    {1, 0x01, ONLY(66), 0, EXACTLY(0xCC) | EXACTLY(0xCD) | EXACTLY(0xCE) | EXACTLY(0xCF)}, /* TDCALL... */
    {1, 0x01, ONLY(F2) | ONLY(F3), 0, EXACTLY(0xC6)},                               /* RDMSRLIST, WRMSRLIST */
    {1, 0x78, ONLY(NONE), 0xFF, ALL_REGISTERS},                                     /* VMREAD */
    {1, 0x79, ONLY(NONE), 0xFF, ALL_REGISTERS},                                     /* VMWRITE */
    {1, 0xAE, ONLY(66) | ONLY(F2), 0, REGISTER(6)},                                 /* TPAUSE, UMWAIT */
    {1, 0xC7, ONLY(NONE) | ONLY(66), MEMORY(3) | MEMORY(5) | MEMORY(6) | MEMORY(7), /* XRSTORS, VMPTRLD... */
     REGISTER(6) | REGISTER(7)},                                                    /* RDRAND, RDSEED */
    {1, 0xC7, ONLY(F3), MEMORY(6), 0},                                              /* VMXON */
};

BOOLEAN InstructionFormLeaves(UINT32 Map, UINT32 Opcode, MANDATORY_PREFIX Prefix, UINT8 ModRm)
{
    BOOLEAN HasRow = FALSE;
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(LeavingForms); Index++) {
        const LEAVING_FORM *Form = &LeavingForms[Index];

        if (Form->Map != Map || Form->Opcode != Opcode)
            continue;
        HasRow = TRUE;
        if (!(Form->Prefixes & (1u << Prefix)))
            continue;
        if (ModRm < 0xC0 ? Form->Memory & MEMORY((ModRm >> 3) & 7) : Form->Registers & EXACTLY(ModRm))
            return TRUE;
    }
    return !HasRow;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * InstructionTables.h - what InstructionDecode.c looks up: attributes of opcodes, as data.
 *
 * Context: any.
 */
#ifndef HYPERHV_MEMORY_INSTRUCTION_TABLES_H
#define HYPERHV_MEMORY_INSTRUCTION_TABLES_H

#include "SDK/BasicTypes.h"

/* An entry of the maps "one byte" and "0F": low byte, the instruction's form (an OPCODE_FORM and FORM_...);
 * high byte, its access. */
#define ENTRY_FORM(Entry)   ((Entry)&0xFFu)
#define ENTRY_ACCESS(Entry) ((Entry) >> 8)

/* What follows the opcode, or the ModRM byte with all that belongs to it. */
typedef enum _OPCODE_FORM {
    FORM_UNDEFINED = 0,
    FORM_PLAIN,     /* nothing */
    FORM_REGISTERS, /* nothing, and ModRM names registers whatever its mod says */
    FORM_1,         /* as many bytes */
    FORM_2,
    FORM_3,
    FORM_4,
    FORM_Z,           /* 2 or 4, the operand size; 4 if that is 8 */
    FORM_V,           /* 2, 4 or 8, the operand size */
    FORM_NEAR,        /* displacement of a near branch: 4 in 64-bit mode, else as FORM_Z */
    FORM_FAR,         /* selector and offset: 2 more than FORM_Z */
    FORM_OFFSET,      /* the address of the memory operand: 2, 4 or 8, the address size */
    FORM_1_IF_TEST,   /* 1 if ModRM.reg is 0 or 1, else nothing */
    FORM_Z_IF_TEST,   /* as FORM_Z if ModRM.reg is 0 or 1, else nothing */
    FORM_2_IF_PREFIX, /* 2 after 66 or F2, else nothing */
} OPCODE_FORM;

#define FORM_MASK   0x0Fu
#define FORM_MODRM  0x10u
#define FORM_NOT64  0x20u /* undefined in 64-bit mode */
#define FORM_LEAVES 0x40u /* INSTRUCTION_LEAVES, unless LeavingForms says of which forms that holds */
#define FORM_STRING 0x80u

/* An access, one byte: which size, and whether it reads or writes. */
#define ACCESS_READS       0x40u
#define ACCESS_WRITES      0x80u
#define ACCESS_SIZE_MASK   0x3Fu
#define ACCESS_SIZE(Byte)  ((Byte)&ACCESS_SIZE_MASK)
#define ACCESS_GROUP_FIRST SIZE_GROUPS

typedef enum _ACCESS_SIZE_CLASS {
    SIZE_UNKNOWN = 0,
    SIZE_1,
    SIZE_2,
    SIZE_4,
    SIZE_8,
    SIZE_10,
    SIZE_16,
    SIZE_32,
    SIZE_48,
    SIZE_64,
    SIZE_512,
    SIZE_FIXED_COUNT, /* those before it are sizes whatever the prefixes */

    SIZE_V = SIZE_FIXED_COUNT, /* operand size: 2, 4, 8 */
    SIZE_Z,                    /* operand size, at most 4 */
    SIZE_Y,                    /* 8 with REX.W or VEX.W in 64-bit mode, else 4 */
    SIZE_STACK,                /* of a PUSH: 8 in 64-bit mode (2 with 66), else operand size */
    SIZE_NEAR,                 /* of a near CALL: 8 in 64-bit mode, else operand size */
    SIZE_FAR,                  /* far pointer: 2 more than the operand size */
    SIZE_BOUNDS,               /* twice the operand size */
    SIZE_PAIR,                 /* of CMPXCHG8B: 8, or 16 with REX.W */
    SIZE_TABLE,                /* descriptor table register: 6, or 10 in 64-bit mode */
    SIZE_MODE,                 /* 8 in 64-bit mode, else 4 */
    SIZE_BOUND_REGISTER,       /* 16 in 64-bit mode, else 8 */
    SIZE_MASKMOV,              /* 16 of an XMM register, 8 of an MMX register */
    SIZE_X87_ENVIRONMENT,      /* 14 or 28 */
    SIZE_X87_STATE,            /* 94 or 108 */

    /* By the W bit in any mode. */
    SIZE_W8_4,
    SIZE_W8_2,
    SIZE_W4_1,

    /* Vectors; with EVEX.b one element of them. */
    SIZE_VECTOR,
    SIZE_VECTOR_OF_4,   /* elements have 4 bytes even where the map is one of 2-byte elements */
    SIZE_HALF,          /* of a vector */
    SIZE_HALF_UNLESS_W, /* EVEX.W: the whole vector */
    SIZE_QUARTER,
    SIZE_EIGHTH,
    SIZE_MOVDDUP, /* 8 of an XMM register, else the vector */
    SIZE_VSCALEF, /* SIZE_W8_4 with EVEX, else the vector */

    SIZE_GROUPS, /* this and those above: SIZE_GROUPS + an ACCESS_GROUP */
} ACCESS_SIZE_CLASS;

/* Opcodes whose ModRM.reg selects the instruction. */
typedef enum _ACCESS_GROUP {
    GROUP_1_BYTE = 0,
    GROUP_1,
    GROUP_1A,
    GROUP_3_BYTE,
    GROUP_3,
    GROUP_4,
    GROUP_5,
    GROUP_6,
    GROUP_7,
    GROUP_8,
    GROUP_9,
    GROUP_11_BYTE,
    GROUP_11,
    GROUP_15,
    GROUP_15_F3,
    GROUP_MASKMOV,
    GROUP_X87, /* eight: D8 to DF */
    GROUP_COUNT = GROUP_X87 + 8,
    /* Opcodes whose mandatory prefix selects the instruction: the access is in VectorRows. */
    GROUP_VECTOR = GROUP_COUNT,
} ACCESS_GROUP;

STATIC_ASSERT((UINT32)SIZE_GROUPS + GROUP_VECTOR <= ACCESS_SIZE_MASK);

/* By opcode. */
extern const UINT16 OneByteMap[256];
extern const UINT16 TwoByteMap[256];

/* Accesses, by ModRM.reg: of the forms with a memory operand, and of those without. */
typedef struct _ACCESS_GROUP_ROW {
    UINT8 Memory[8];
    UINT8 Registers[8];
} ACCESS_GROUP_ROW;

extern const ACCESS_GROUP_ROW AccessGroups[GROUP_COUNT];

/* Index into VECTOR_ROW.Access, and bits of LEAVING_FORM.Prefixes. */
typedef enum _MANDATORY_PREFIX {
    PREFIX_NONE = 0,
    PREFIX_66,
    PREFIX_F3,
    PREFIX_F2,
    PREFIX_COUNT
} MANDATORY_PREFIX;

/* Accesses of opcodes First to Last of a map, by mandatory prefix. Shared by the instruction's legacy, VEX
 * and EVEX forms. */
typedef struct _VECTOR_ROW {
    UINT8 Map; /* INSTRUCTION_MAP */
    UINT8 First;
    UINT8 Last;
    UINT8 Access[PREFIX_COUNT];
} VECTOR_ROW;

/* 0: no such row. */
UINT8 InstructionVectorAccess(UINT32 Map, UINT32 Opcode, MANDATORY_PREFIX Prefix);

/* Of an opcode with FORM_LEAVES: which of its forms leave the guest. An opcode without a row: all. */
typedef struct _LEAVING_FORM {
    UINT8 Map;
    UINT8 Opcode;
    UINT8 Prefixes;   /* bit per MANDATORY_PREFIX */
    UINT8 Memory;     /* bit per ModRM.reg, for forms with a memory operand */
    UINT64 Registers; /* bit per ModRM - C0, for forms without */
} LEAVING_FORM;

BOOLEAN InstructionFormLeaves(UINT32 Map, UINT32 Opcode, MANDATORY_PREFIX Prefix, UINT8 ModRm);

#endif

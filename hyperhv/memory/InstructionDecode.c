// SPDX-License-Identifier: GPL-2.0-only
/*
 * InstructionDecode.c - walks the bytes of one instruction: prefixes, opcode, ModRM, immediates; then says
 * how it touches memory.
 *
 * Context: any. SDM Vol. 2, 2.1 (formats), 2.3 (VEX), 2.7 (EVEX); APM Vol. 3, 1.2 (XOP).
 */
#include "hyperhv/memory/InstructionDecode.h"

#include "hyperhv/memory/InstructionTables.h"

#define REX_FIRST 0x40u
#define REX_MASK  0xF0u
#define REX_W     0x08u
#define REX_X     0x02u
#define REX_B     0x01u

#define MODRM_MOD(ModRm)      ((ModRm) >> 6)
#define MODRM_REG(ModRm)      (((ModRm) >> 3) & 7u)
#define MODRM_RM(ModRm)       ((ModRm)&7u)
#define MOD_REGISTER          3u
#define RM_SIB                4u
#define SIB_NO_INDEX          4u
#define RM_DISPLACEMENT       5u /* with mod 0: no base, 32 bits of displacement */
#define RM_DISPLACEMENT_16    6u /* the same of 16-bit addresses */
#define FIRST_REGISTER_MODRM  0xC0u
#define OPCODE_PREFIX_0F      0x0Fu
#define OPCODE_PREFIX_38      0x38u
#define OPCODE_PREFIX_3A      0x3Au
#define OPCODE_EVEX           0x62u
#define OPCODE_ARPL_OR_MOVSXD 0x63u
#define OPCODE_XOP            0x8Fu
#define OPCODE_VEX3           0xC4u
#define OPCODE_VEX2           0xC5u
#define OPCODE_0F_3DNOW       0x0Fu
#define OPCODE_0F_VZEROUPPER  0x77u
#define OPCODE_0F38_INVEPT    0x80u
#define OPCODE_0F38_INVPCID   0x82u
#define XOP_FIRST_MAP         8u
#define VECTOR_W              0x80u /* in the byte with vvvv and pp, of VEX, EVEX and XOP alike */
#define VECTOR_PP             0x03u
#define VEX_L                 0x04u
#define VECTOR_NOT_X          0x40u /* in the first byte of VEX with three bytes, EVEX and XOP alike */
#define VECTOR_NOT_B          0x20u
#define PREFIX_FS             0x64u
#define PREFIX_GS             0x65u
#define EVEX_ZERO_BITS        0x08u /* in the first byte after 62 */
#define EVEX_ONE_BIT          0x04u /* in the second */
#define EVEX_B                0x10u /* in the third */
#define EVEX_LENGTH(Byte)     (((Byte) >> 5) & 3u)
#define EVEX_LENGTH_RESERVED  3u

typedef enum _ENCODING {
    ENCODING_LEGACY = 0,
    ENCODING_VEX,
    ENCODING_EVEX,
    ENCODING_XOP,
} ENCODING;

/* The instruction so far. */
typedef struct _DECODING {
    const UINT8 *Bytes;
    UINT32 Available; /* at most INSTRUCTION_MAX_LENGTH */
    UINT32 At;        /* index of the next byte */
    UINT32 Mode;
    UINT32 Encoding; /* ENCODING */
    UINT32 Map;      /* INSTRUCTION_MAP */
    UINT32 Prefix;   /* MANDATORY_PREFIX */
    UINT8 Opcode;
    UINT8 ModRm;
    UINT8 Rex;
    BOOLEAN OperandPrefix; /* 66 */
    BOOLEAN AddressPrefix; /* 67 */
    BOOLEAN LockPrefix;
    BOOLEAN W;
    BOOLEAN Broadcast;
    UINT32 OperandSize;  /* bytes */
    UINT32 AddressSize;  /* bytes */
    UINT32 VectorLength; /* bytes; 0: reserved */
    UINT8 Segment;
    UINT8 Base, Index, Shift; /* of the memory operand, as INSTRUCTION has them */
    INT64 Displacement;
} DECODING;

static BOOLEAN Take(DECODING *D, UINT8 *Byte)
{
    if (D->At >= D->Available)
        return FALSE;
    *Byte = D->Bytes[D->At++];
    return TRUE;
}

static BOOLEAN Skip(DECODING *D, UINT32 Bytes)
{
    D->At += Bytes;
    return D->At <= D->Available;
}

/* With its sign; Bytes: 0 to 8. */
static BOOLEAN TakeNumber(DECODING *D, UINT32 Bytes, INT64 *Number)
{
    UINT64 Value = 0;
    UINT32 Index;

    if (D->At + Bytes > D->Available)
        return FALSE;
    for (Index = 0; Index < Bytes; Index++)
        Value |= (UINT64)D->Bytes[D->At + Index] << (8 * Index);
    if (Bytes != 0)
        *Number = (INT64)(Value << (64 - 8 * Bytes)) >> (64 - 8 * Bytes);
    D->At += Bytes;
    return TRUE;
}

/* --- prefixes --- */

/* FALSE: Byte is none. */
static BOOLEAN TakeLegacyPrefix(DECODING *D, UINT8 Byte)
{
    switch (Byte) {
    case 0x26: /* segments */
    case 0x2E:
    case 0x36:
    case 0x3E:
        return TRUE;
    case PREFIX_FS:
    case PREFIX_GS:
        D->Segment = Byte;
        return TRUE;
    case 0x66:
        return D->OperandPrefix = TRUE;
    case 0x67:
        return D->AddressPrefix = TRUE;
    case 0xF0:
        return D->LockPrefix = TRUE;
    case 0xF2:
        D->Prefix = PREFIX_F2;
        return TRUE;
    case 0xF3:
        D->Prefix = PREFIX_F3;
        return TRUE;
    }
    return FALSE;
}

/* Up to the opcode's first byte, which is taken too. REX counts only if it stands right before that. */
static BOOLEAN TakePrefixes(DECODING *D)
{
    while (Take(D, &D->Opcode)) {
        if (D->Mode == 64 && (D->Opcode & REX_MASK) == REX_FIRST)
            D->Rex = D->Opcode;
        else if (TakeLegacyPrefix(D, D->Opcode))
            D->Rex = 0;
        else
            return TRUE;
    }
    return FALSE;
}

/* --- opcode --- */

/* 62, 8F, C4, C5 begin an EVEX, XOP or VEX prefix, or are opcodes of older instructions: those have a memory
 * operand (62, C4, C5; they are gone in 64-bit mode), or ModRM.reg 0 (8F). */
static ENCODING EncodingOf(const DECODING *D)
{
    UINT8 Next = D->At < D->Available ? D->Bytes[D->At] : 0;

    if (D->Opcode == OPCODE_XOP)
        return (Next & 0x1Fu) >= XOP_FIRST_MAP ? ENCODING_XOP : ENCODING_LEGACY;
    if (D->Mode != 64 && Next < FIRST_REGISTER_MODRM)
        return ENCODING_LEGACY;
    if (D->Opcode == OPCODE_VEX2 || D->Opcode == OPCODE_VEX3)
        return ENCODING_VEX;
    return D->Opcode == OPCODE_EVEX ? ENCODING_EVEX : ENCODING_LEGACY;
}

static BOOLEAN TakeLegacyOpcode(DECODING *D)
{
    if (D->Opcode == OPCODE_PREFIX_0F) {
        D->Map = INSTRUCTION_MAP_0F;
        if (!Take(D, &D->Opcode))
            return FALSE;
        if (D->Opcode == OPCODE_PREFIX_38 || D->Opcode == OPCODE_PREFIX_3A) {
            D->Map = D->Opcode == OPCODE_PREFIX_38 ? INSTRUCTION_MAP_0F38 : INSTRUCTION_MAP_0F3A;
            if (!Take(D, &D->Opcode))
                return FALSE;
        }
    }
    if (D->Prefix == PREFIX_NONE && D->OperandPrefix)
        D->Prefix = PREFIX_66;
    D->W = (D->Rex & REX_W) != 0;
    return TRUE;
}

static MANDATORY_PREFIX PrefixOf(UINT8 Pp)
{
    static const UINT8 Prefixes[] = {PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2};

    return Prefixes[Pp & VECTOR_PP];
}

/* X and B of the other encodings, which have them inverted. */
static UINT8 RexOf(UINT8 First)
{
    return (UINT8)((First & VECTOR_NOT_X ? 0 : REX_X) | (First & VECTOR_NOT_B ? 0 : REX_B));
}

/* VEX with two or three bytes, and XOP, which is laid out like the latter. */
static BOOLEAN TakeVexOpcode(DECODING *D)
{
    UINT8 First     = INSTRUCTION_MAP_0F | VECTOR_NOT_X | VECTOR_NOT_B, Last;
    BOOLEAN IsShort = D->Opcode == OPCODE_VEX2;

    if ((!IsShort && !Take(D, &First)) || !Take(D, &Last) || !Take(D, &D->Opcode))
        return FALSE;
    D->Rex          = RexOf(First);
    D->Map          = First & 0x1Fu;
    D->W            = !IsShort && (Last & VECTOR_W);
    D->Prefix       = PrefixOf(Last);
    D->VectorLength = Last & VEX_L ? 32 : 16;
    if (D->Encoding == ENCODING_XOP)
        return D->Map <= INSTRUCTION_MAP_XOPA && D->Prefix == PREFIX_NONE;
    return D->Map >= INSTRUCTION_MAP_0F && D->Map <= INSTRUCTION_MAP_0F3A;
}

static BOOLEAN TakeEvexOpcode(DECODING *D)
{
    UINT8 First, Second, Third;

    if (!Take(D, &First) || !Take(D, &Second) || !Take(D, &Third) || !Take(D, &D->Opcode))
        return FALSE;
    if ((First & EVEX_ZERO_BITS) || !(Second & EVEX_ONE_BIT))
        return FALSE;
    D->Rex          = RexOf(First);
    D->Map          = First & 7u;
    D->W            = (Second & VECTOR_W) != 0;
    D->Prefix       = PrefixOf(Second);
    D->Broadcast    = (Third & EVEX_B) != 0;
    D->VectorLength = EVEX_LENGTH(Third) == EVEX_LENGTH_RESERVED ? 0 : 16u << EVEX_LENGTH(Third);
    return (D->Map >= INSTRUCTION_MAP_0F && D->Map <= INSTRUCTION_MAP_0F3A) ||
           D->Map == INSTRUCTION_MAP_EVEX5 || D->Map == INSTRUCTION_MAP_EVEX6;
}

static BOOLEAN TakeOpcode(DECODING *D)
{
    D->Encoding     = EncodingOf(D);
    D->VectorLength = 16;
    if (D->Encoding == ENCODING_LEGACY)
        return TakeLegacyOpcode(D);
    if (D->Rex != 0 || D->OperandPrefix || D->LockPrefix || D->Prefix != PREFIX_NONE)
        return FALSE;
    return D->Encoding == ENCODING_EVEX ? TakeEvexOpcode(D) : TakeVexOpcode(D);
}

/* The size of operands and addresses that the mode and the prefixes make. */
static VOID SetSizes(DECODING *D)
{
    if (D->Mode == 64 && D->W)
        D->OperandSize = 8;
    else
        D->OperandSize = (D->Mode == 16) == (D->OperandPrefix != FALSE) ? 4 : 2;
    if (D->Mode == 64)
        D->AddressSize = D->AddressPrefix ? 4 : 8;
    else
        D->AddressSize = (D->Mode == 16) == (D->AddressPrefix != FALSE) ? 4 : 2;
}

#define ENTRY(Form, Access) ((UINT32)(Form) | (UINT32)(Access) << 8)
#define ENTRY_VECTOR(Form)  ENTRY((Form) | FORM_MODRM, ACCESS_GROUP_FIRST + GROUP_VECTOR)
#define ENTRY_MOVSXD        ENTRY(FORM_PLAIN | FORM_MODRM, ACCESS_READS | SIZE_4)

/* What follows an opcode of a vector encoding is the map's rule, and in map 0F the legacy opcode's. */
static UINT32 VectorEntryOf(const DECODING *D)
{
    switch (D->Map) {
    case INSTRUCTION_MAP_0F:
        if (D->Opcode == OPCODE_0F_VZEROUPPER && D->Encoding == ENCODING_VEX)
            return FORM_PLAIN;
        return ENTRY_VECTOR((TwoByteMap[D->Opcode] & FORM_MASK) == FORM_1 ? FORM_1 : FORM_PLAIN);
    case INSTRUCTION_MAP_0F3A:
    case INSTRUCTION_MAP_XOP8:
        return ENTRY_VECTOR(FORM_1);
    case INSTRUCTION_MAP_XOPA:
        return ENTRY_VECTOR(FORM_4);
    default:
        return ENTRY_VECTOR(FORM_PLAIN);
    }
}

static UINT32 EntryOf(const DECODING *D)
{
    if (D->Encoding != ENCODING_LEGACY)
        return VectorEntryOf(D);
    switch (D->Map) {
    case INSTRUCTION_MAP_ONE_BYTE:
        return D->Opcode == OPCODE_ARPL_OR_MOVSXD && D->Mode == 64 ? ENTRY_MOVSXD : OneByteMap[D->Opcode];
    case INSTRUCTION_MAP_0F:
        return TwoByteMap[D->Opcode];
    case INSTRUCTION_MAP_0F38:
        if (D->Opcode >= OPCODE_0F38_INVEPT && D->Opcode <= OPCODE_0F38_INVPCID)
            return ENTRY_VECTOR(FORM_PLAIN | FORM_LEAVES);
        return ENTRY_VECTOR(FORM_PLAIN);
    default:
        return ENTRY_VECTOR(FORM_1);
    }
}

/* --- what follows the opcode --- */

/* The SIB byte is laid out like a ModRM. FALSE: it is cut off. */
static BOOLEAN TakeSib(DECODING *D, UINT32 *Rm)
{
    UINT8 Sib;

    if (!Take(D, &Sib))
        return FALSE;
    *Rm      = MODRM_RM(Sib);
    D->Shift = MODRM_MOD(Sib);
    D->Index = (UINT8)(MODRM_REG(Sib) | (D->Rex & REX_X ? 8 : 0));
    if (D->Index == SIB_NO_INDEX)
        D->Index = INSTRUCTION_NO_REGISTER;
    return TRUE;
}

/* SDM Vol. 2, tables 2-1 to 2-3, 2.2.1.6. */
static BOOLEAN TakeMemoryOperand(DECODING *D)
{
    UINT32 Mod = MODRM_MOD(D->ModRm), Rm = MODRM_RM(D->ModRm);
    BOOLEAN HasSib = Rm == RM_SIB;

    if (D->AddressSize == 2)
        return Skip(D, Mod == 0 ? (Rm == RM_DISPLACEMENT_16 ? 2 : 0) : Mod);
    if (HasSib && !TakeSib(D, &Rm))
        return FALSE;
    if (Mod == 0 && Rm == RM_DISPLACEMENT) {
        D->Base = D->Mode == 64 && !HasSib ? INSTRUCTION_RIP : INSTRUCTION_NO_REGISTER;
        return TakeNumber(D, 4, &D->Displacement);
    }
    D->Base = (UINT8)(Rm | (D->Rex & REX_B ? 8 : 0));
    return TakeNumber(D, Mod == 0 ? 0 : Mod == 1 ? 1 : 4, &D->Displacement);
}

static UINT32 ImmediateSize(const DECODING *D, UINT32 Form)
{
    UINT32 SizeZ   = D->OperandSize == 2 ? 2 : 4;
    BOOLEAN IsTest = MODRM_REG(D->ModRm) <= 1;

    switch (Form & FORM_MASK) {
    case FORM_1:
    case FORM_2:
    case FORM_3:
    case FORM_4:
        return (Form & FORM_MASK) - FORM_1 + 1;
    case FORM_Z:
        return SizeZ;
    case FORM_V:
        return D->OperandSize;
    case FORM_NEAR:
        return D->Mode == 64 ? 4 : SizeZ;
    case FORM_FAR:
        return SizeZ + 2;
    case FORM_1_IF_TEST:
        return IsTest ? 1 : 0;
    case FORM_Z_IF_TEST:
        return IsTest ? SizeZ : 0;
    case FORM_2_IF_PREFIX:
        return D->Prefix == PREFIX_66 || D->Prefix == PREFIX_F2 ? 2 : 0;
    default:
        return 0;
    }
}

static BOOLEAN HasMemoryOperand(const DECODING *D, UINT32 Form)
{
    if (!(Form & FORM_MODRM))
        return (Form & FORM_MASK) == FORM_OFFSET;
    return (Form & FORM_MASK) != FORM_REGISTERS && MODRM_MOD(D->ModRm) != MOD_REGISTER;
}

static BOOLEAN TakeOperands(DECODING *D, UINT32 Form)
{
    if ((Form & FORM_MASK) == FORM_UNDEFINED || ((Form & FORM_NOT64) && D->Mode == 64))
        return FALSE;
    if (Form & FORM_MODRM) {
        if (!Take(D, &D->ModRm))
            return FALSE;
        if (HasMemoryOperand(D, Form) && !TakeMemoryOperand(D))
            return FALSE;
    }
    if ((Form & FORM_MASK) == FORM_OFFSET)
        return TakeNumber(D, D->AddressSize, &D->Displacement);
    return Skip(D, ImmediateSize(D, Form));
}

/* --- accesses to memory --- */

/* Of EVEX.b. Maps for half precision have elements of two bytes, but for conversions from wider ones. */
static UINT32 ElementSize(const DECODING *D, UINT32 Class)
{
    BOOLEAN IsHalfMap = D->Map == INSTRUCTION_MAP_EVEX5 || D->Map == INSTRUCTION_MAP_EVEX6 ||
                        (D->Map == INSTRUCTION_MAP_0F3A && D->Prefix == PREFIX_NONE);

    if (D->W)
        return 8;
    return IsHalfMap && Class != SIZE_VECTOR_OF_4 ? 2 : 4;
}

static UINT32 VectorAccessSize(const DECODING *D, UINT32 Class)
{
    if (Class == SIZE_VSCALEF && D->Encoding == ENCODING_EVEX)
        return D->W ? 8 : 4;
    if (D->Encoding == ENCODING_EVEX && D->Broadcast)
        return ElementSize(D, Class);
    switch (Class) {
    case SIZE_HALF:
        return D->VectorLength / 2;
    case SIZE_HALF_UNLESS_W:
        return D->Encoding == ENCODING_EVEX && D->W ? D->VectorLength : D->VectorLength / 2;
    case SIZE_QUARTER:
        return D->VectorLength / 4;
    case SIZE_EIGHTH:
        return D->VectorLength / 8;
    case SIZE_MOVDDUP:
        return D->VectorLength == 16 ? 8 : D->VectorLength;
    default:
        return D->VectorLength;
    }
}

static UINT32 AccessSize(const DECODING *D, UINT32 Class)
{
    static const UINT16 Fixed[SIZE_FIXED_COUNT] = {
        [SIZE_1] = 1,   [SIZE_2] = 2,   [SIZE_4] = 4,   [SIZE_8] = 8,   [SIZE_10] = 10,
        [SIZE_16] = 16, [SIZE_32] = 32, [SIZE_48] = 48, [SIZE_64] = 64, [SIZE_512] = 512,
    };
    UINT32 Operand = D->OperandSize;
    BOOLEAN Is64   = D->Mode == 64;

    if (Class < SIZE_FIXED_COUNT)
        return Fixed[Class];
    switch (Class) {
    case SIZE_V:
        return Operand;
    case SIZE_Z:
        return Operand == 2 ? 2 : 4;
    case SIZE_Y:
        return Is64 && D->W ? 8 : 4;
    case SIZE_STACK:
        return Is64 && Operand == 4 ? 8 : Operand;
    case SIZE_NEAR:
        return Is64 ? 8 : Operand;
    case SIZE_FAR:
        return Operand + 2;
    case SIZE_BOUNDS:
        return Operand * 2;
    case SIZE_PAIR:
        return Is64 && D->W ? 16 : 8;
    case SIZE_TABLE:
        return Is64 ? 10 : 6;
    case SIZE_MODE:
        return Is64 ? 8 : 4;
    case SIZE_BOUND_REGISTER:
        return Is64 ? 16 : 8;
    case SIZE_MASKMOV:
        return D->Prefix == PREFIX_66 ? 16 : 8;
    case SIZE_X87_ENVIRONMENT:
        return Operand == 2 ? 14 : 28;
    case SIZE_X87_STATE:
        return Operand == 2 ? 94 : 108;
    case SIZE_W8_4:
        return D->W ? 8 : 4;
    case SIZE_W8_2:
        return D->W ? 8 : 2;
    case SIZE_W4_1:
        return D->W ? 4 : 1;
    default:
        return VectorAccessSize(D, Class);
    }
}

/* The access byte behind groups; 0: none that is known. */
static UINT32 AccessOf(const DECODING *D, UINT32 Form, UINT32 Access)
{
    BOOLEAN HasMemory = HasMemoryOperand(D, Form);
    UINT32 Reg        = MODRM_REG(D->ModRm);

    if (ACCESS_SIZE(Access) == ACCESS_GROUP_FIRST + GROUP_VECTOR)
        Access = InstructionVectorAccess(D->Map, D->Opcode, D->Prefix);
    if (ACCESS_SIZE(Access) >= ACCESS_GROUP_FIRST) {
        const ACCESS_GROUP_ROW *Row = &AccessGroups[ACCESS_SIZE(Access) - ACCESS_GROUP_FIRST];

        return HasMemory ? Row->Memory[Reg] : Row->Registers[Reg];
    }
    return HasMemory || !(Form & FORM_MODRM) ? Access : 0;
}

static UINT32 FlagsOf(const DECODING *D, UINT32 Form, UINT32 Access)
{
    UINT32 Flags = 0;

    if (Form & FORM_MODRM)
        Flags |= INSTRUCTION_HAS_MODRM;
    if (HasMemoryOperand(D, Form))
        Flags |= INSTRUCTION_HAS_MEMORY;
    if (Access & ACCESS_READS)
        Flags |= INSTRUCTION_READS;
    if (Access & ACCESS_WRITES)
        Flags |= INSTRUCTION_WRITES;
    if (Form & FORM_STRING)
        Flags |= D->Prefix >= PREFIX_F3 ? INSTRUCTION_STRING | INSTRUCTION_REPEATED : INSTRUCTION_STRING;
    if ((Form & FORM_LEAVES) && InstructionFormLeaves(D->Map, D->Opcode, D->Prefix, D->ModRm))
        Flags |= INSTRUCTION_LEAVES;
    return Flags;
}

BOOLEAN InstructionDecode(const UINT8 *Bytes, UINT32 Available, UINT32 Mode, INSTRUCTION *Instruction)
{
    DECODING D = {.Bytes     = Bytes,
                  .Available = Available,
                  .Mode      = Mode,
                  .Base      = INSTRUCTION_NO_REGISTER,
                  .Index     = INSTRUCTION_NO_REGISTER};
    UINT32 Entry, Form, Access;

    if (D.Available > INSTRUCTION_MAX_LENGTH)
        D.Available = INSTRUCTION_MAX_LENGTH;
    if (!TakePrefixes(&D) || !TakeOpcode(&D))
        return FALSE;
    SetSizes(&D);
    Entry = EntryOf(&D);
    Form  = ENTRY_FORM(Entry);
    if (!TakeOperands(&D, Form))
        return FALSE;
    if (D.Map == INSTRUCTION_MAP_0F && D.Encoding == ENCODING_LEGACY && D.Opcode == OPCODE_0F_3DNOW) {
        D.Map    = INSTRUCTION_MAP_3DNOW;
        D.Opcode = Bytes[D.At - 1];
    }
    Access       = AccessOf(&D, Form, ENTRY_ACCESS(Entry));
    *Instruction = (INSTRUCTION){
        .Length     = (UINT8)D.At,
        .Map        = (UINT8)D.Map,
        .Opcode     = D.Opcode,
        .ModRm      = D.ModRm,
        .Flags      = (UINT8)FlagsOf(&D, Form, Access),
        .AccessSize = (UINT16)AccessSize(&D, ACCESS_SIZE(Access)),

        .AddressSize  = (UINT8)D.AddressSize,
        .Segment      = D.Segment,
        .Base         = D.Base,
        .Index        = D.Index,
        .Shift        = D.Shift,
        .Displacement = D.Displacement,
    };
    /* 2.7.5: one byte of displacement counts accesses. */
    if (D.Encoding == ENCODING_EVEX && MODRM_MOD(D.ModRm) == 1)
        Instruction->Displacement *= Instruction->AccessSize;
    return TRUE;
}

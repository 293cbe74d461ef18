// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * DecodeOracle.c - the instruction decoder beside Zydis, on the same bytes.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/DecodeOracle.h"

#include <stdio.h>
#include <string.h>
#include <Zydis/Zydis.h>

#include "hyperhv/memory/InstructionDecode.h"

/* Both answers about the same bytes. */
typedef struct _COMPARISON {
    const UINT8 *Bytes;
    UINT32 Available;
    UINT32 Mode;
    INSTRUCTION Ours;
    ZydisDecodedInstruction Theirs;
    ZydisDecodedOperand Operands[ZYDIS_MAX_OPERAND_COUNT];
    DECODE_TALLY *Tally;
} COMPARISON;

static CHAR Message[512];

/* NULL if Ours and Theirs are equal. */
static const CHAR *Expect(const COMPARISON *C, const CHAR *What, UINT64 Ours, UINT64 Theirs)
{
    CHAR Hex[INSTRUCTION_MAX_LENGTH * 3 + 1] = "";
    UINT32 Index;

    if (Ours == Theirs)
        return NULL;
    for (Index = 0; Index < C->Available && Index < INSTRUCTION_MAX_LENGTH; Index++)
        snprintf(Hex + Index * 3, 4, "%02x ", C->Bytes[Index]);
    snprintf(Message, sizeof(Message), "%s: %llu, Zydis says %llu (%s; mode %u: %s)", What, Ours, Theirs,
             ZydisMnemonicGetString(C->Theirs.mnemonic), C->Mode, Hex);
    return Message;
}

static const ZydisDecoder *DecoderOf(UINT32 Mode)
{
    static ZydisDecoder Decoders[3];
    static BOOLEAN IsReady;

    if (!IsReady) {
        ZydisDecoderInit(&Decoders[0], ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
        ZydisDecoderInit(&Decoders[1], ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
        ZydisDecoderInit(&Decoders[2], ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
        IsReady = TRUE;
    }
    return &Decoders[Mode / 32];
}

/* Coprocessors that never had virtualization: their few VEX instructions have forms of their own. */
static BOOLEAN IsKnightsCorner(const ZydisDecodedInstruction *Theirs)
{
    return Theirs->meta.isa_set >= ZYDIS_ISA_SET_KNCE && Theirs->meta.isa_set <= ZYDIS_ISA_SET_KNC_PF_HINT;
}

/* Of those, JKZD and JKNZD, as we see them: VEX forms of Jcc, with a ModRM byte instead of a displacement. */
static BOOLEAN IsKnightsCornerBranch(const INSTRUCTION *Ours)
{
    return Ours->Map == INSTRUCTION_MAP_0F && (Ours->Opcode & 0xFE) == 0x84 &&
           (Ours->Flags & INSTRUCTION_HAS_MODRM);
}

/* Instructions whose memory operand Zydis calls read, although they never fault for it. */
static BOOLEAN TouchesNothing(const ZydisDecodedInstruction *Theirs)
{
    switch (Theirs->meta.category) {
    case ZYDIS_CATEGORY_NOP:
    case ZYDIS_CATEGORY_WIDENOP:
    case ZYDIS_CATEGORY_PREFETCH:
    case ZYDIS_CATEGORY_PREFETCHWT1:
    case ZYDIS_CATEGORY_CLDEMOTE:
        return TRUE;
    default:
        break;
    }
    switch (Theirs->mnemonic) {
    case ZYDIS_MNEMONIC_INVLPG:
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_VGATHERPF0DPS:
    case ZYDIS_MNEMONIC_VGATHERPF0DPD:
    case ZYDIS_MNEMONIC_VGATHERPF0QPS:
    case ZYDIS_MNEMONIC_VGATHERPF0QPD:
    case ZYDIS_MNEMONIC_VGATHERPF1DPS:
    case ZYDIS_MNEMONIC_VGATHERPF1DPD:
    case ZYDIS_MNEMONIC_VGATHERPF1QPS:
    case ZYDIS_MNEMONIC_VGATHERPF1QPD:
    case ZYDIS_MNEMONIC_VSCATTERPF0DPS:
    case ZYDIS_MNEMONIC_VSCATTERPF0DPD:
    case ZYDIS_MNEMONIC_VSCATTERPF0QPS:
    case ZYDIS_MNEMONIC_VSCATTERPF0QPD:
    case ZYDIS_MNEMONIC_VSCATTERPF1DPS:
    case ZYDIS_MNEMONIC_VSCATTERPF1DPD:
    case ZYDIS_MNEMONIC_VSCATTERPF1QPS:
    case ZYDIS_MNEMONIC_VSCATTERPF1QPD:
        return TRUE;
    default:
        return FALSE;
    }
}

/* Debian 12's Zydis does not know these: Debian 13's has them by name. */
static BOOLEAN IsNewerMsrAccess(const ZydisDecodedInstruction *Theirs)
{
    static const CHAR *const Names[] = {"wrmsrns", "rdmsrlist", "wrmsrlist"};
    const CHAR *Name                 = ZydisMnemonicGetString(Theirs->mnemonic);
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Names); Index++)
        if (strcmp(Name, Names[Index]) == 0)
            return TRUE;
    return FALSE;
}

/* SDM Vol. 3, 26.1.2 and 26.1.3; APM Vol. 2, 15.9 and 15.10. */
static BOOLEAN LeavesTheGuest(const ZydisDecodedInstruction *Theirs)
{
    static const UINT16 Leaving[] = {
        ZYDIS_MNEMONIC_CLGI,     ZYDIS_MNEMONIC_CPUID,    ZYDIS_MNEMONIC_ENCLS,     ZYDIS_MNEMONIC_ENCLV,
        ZYDIS_MNEMONIC_GETSEC,   ZYDIS_MNEMONIC_HLT,      ZYDIS_MNEMONIC_IN,        ZYDIS_MNEMONIC_INSB,
        ZYDIS_MNEMONIC_INSD,     ZYDIS_MNEMONIC_INSW,     ZYDIS_MNEMONIC_INVD,      ZYDIS_MNEMONIC_INVEPT,
        ZYDIS_MNEMONIC_INVLPG,   ZYDIS_MNEMONIC_INVLPGA,  ZYDIS_MNEMONIC_INVLPGB,   ZYDIS_MNEMONIC_INVPCID,
        ZYDIS_MNEMONIC_INVVPID,  ZYDIS_MNEMONIC_LGDT,     ZYDIS_MNEMONIC_LIDT,      ZYDIS_MNEMONIC_LLDT,
        ZYDIS_MNEMONIC_LMSW,     ZYDIS_MNEMONIC_LTR,      ZYDIS_MNEMONIC_MONITOR,   ZYDIS_MNEMONIC_MONITORX,
        ZYDIS_MNEMONIC_MWAIT,    ZYDIS_MNEMONIC_MWAITX,   ZYDIS_MNEMONIC_OUT,       ZYDIS_MNEMONIC_OUTSB,
        ZYDIS_MNEMONIC_OUTSD,    ZYDIS_MNEMONIC_OUTSW,    ZYDIS_MNEMONIC_PAUSE,     ZYDIS_MNEMONIC_RDMSR,
        ZYDIS_MNEMONIC_RDPMC,    ZYDIS_MNEMONIC_RDPRU,    ZYDIS_MNEMONIC_RDRAND,    ZYDIS_MNEMONIC_RDSEED,
        ZYDIS_MNEMONIC_RDTSC,    ZYDIS_MNEMONIC_RDTSCP,   ZYDIS_MNEMONIC_RSM,       ZYDIS_MNEMONIC_SEAMCALL,
        ZYDIS_MNEMONIC_SEAMOPS,  ZYDIS_MNEMONIC_SEAMRET,  ZYDIS_MNEMONIC_SGDT,      ZYDIS_MNEMONIC_SIDT,
        ZYDIS_MNEMONIC_SKINIT,   ZYDIS_MNEMONIC_SLDT,     ZYDIS_MNEMONIC_STGI,      ZYDIS_MNEMONIC_STR,
        ZYDIS_MNEMONIC_TDCALL,   ZYDIS_MNEMONIC_TLBSYNC,  ZYDIS_MNEMONIC_TPAUSE,    ZYDIS_MNEMONIC_UMWAIT,
        ZYDIS_MNEMONIC_VMCALL,   ZYDIS_MNEMONIC_VMCLEAR,  ZYDIS_MNEMONIC_VMFUNC,    ZYDIS_MNEMONIC_VMLAUNCH,
        ZYDIS_MNEMONIC_VMLOAD,   ZYDIS_MNEMONIC_VMMCALL,  ZYDIS_MNEMONIC_VMPTRLD,   ZYDIS_MNEMONIC_VMPTRST,
        ZYDIS_MNEMONIC_VMREAD,   ZYDIS_MNEMONIC_VMRESUME, ZYDIS_MNEMONIC_VMRUN,     ZYDIS_MNEMONIC_VMSAVE,
        ZYDIS_MNEMONIC_VMWRITE,  ZYDIS_MNEMONIC_VMXOFF,   ZYDIS_MNEMONIC_VMXON,     ZYDIS_MNEMONIC_WBINVD,
        ZYDIS_MNEMONIC_WRMSR,    ZYDIS_MNEMONIC_XRSTORS,  ZYDIS_MNEMONIC_XRSTORS64, ZYDIS_MNEMONIC_XSAVES,
        ZYDIS_MNEMONIC_XSAVES64, ZYDIS_MNEMONIC_XSETBV,   ZYDIS_MNEMONIC_CLTS,
    };
    UINT32 Index;

    if (Theirs->opcode_map == ZYDIS_OPCODE_MAP_0F && Theirs->opcode >= 0x20 && Theirs->opcode <= 0x23)
        return Theirs->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY; /* MOV to and from CR and DR */
    for (Index = 0; Index < COUNT_OF(Leaving); Index++)
        if (Theirs->mnemonic == Leaving[Index])
            return TRUE;
    return IsNewerMsrAccess(Theirs);
}

static UINT32 MapOf(const ZydisDecodedInstruction *Theirs)
{
    static const UINT8 Maps[] = {
        [ZYDIS_OPCODE_MAP_DEFAULT] = INSTRUCTION_MAP_ONE_BYTE,
        [ZYDIS_OPCODE_MAP_0F]      = INSTRUCTION_MAP_0F,
        [ZYDIS_OPCODE_MAP_0F38]    = INSTRUCTION_MAP_0F38,
        [ZYDIS_OPCODE_MAP_0F3A]    = INSTRUCTION_MAP_0F3A,
        [ZYDIS_OPCODE_MAP_MAP5]    = INSTRUCTION_MAP_EVEX5,
        [ZYDIS_OPCODE_MAP_MAP6]    = INSTRUCTION_MAP_EVEX6,
        [ZYDIS_OPCODE_MAP_0F0F]    = INSTRUCTION_MAP_3DNOW,
        [ZYDIS_OPCODE_MAP_XOP8]    = INSTRUCTION_MAP_XOP8,
        [ZYDIS_OPCODE_MAP_XOP9]    = INSTRUCTION_MAP_XOP9,
        [ZYDIS_OPCODE_MAP_XOPA]    = INSTRUCTION_MAP_XOPA,
    };

    return Maps[Theirs->opcode_map];
}

static const ZydisDecodedOperand *ExplicitMemory(const COMPARISON *C)
{
    UINT32 Index;

    for (Index = 0; Index < C->Theirs.operand_count; Index++)
        if (C->Operands[Index].type == ZYDIS_OPERAND_TYPE_MEMORY &&
            C->Operands[Index].visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT)
            return &C->Operands[Index];
    return NULL;
}

static const CHAR *CompareDirections(const COMPARISON *C, UINT32 Actions)
{
    const CHAR *Difference = Expect(C, "reads", !!(C->Ours.Flags & INSTRUCTION_READS),
                                    !!(Actions & ZYDIS_OPERAND_ACTION_MASK_READ));

    if (Difference == NULL)
        Difference = Expect(C, "writes", !!(C->Ours.Flags & INSTRUCTION_WRITES),
                            !!(Actions & ZYDIS_OPERAND_ACTION_MASK_WRITE));
    return Difference;
}

/* The instructions of whose accesses we do not say the size: it depends on registers, or they access several
 * things. */
static BOOLEAN IsOfUnknownSize(const ZydisDecodedInstruction *Theirs)
{
    switch (Theirs->mnemonic) {
    case ZYDIS_MNEMONIC_XSAVE:
    case ZYDIS_MNEMONIC_XSAVE64:
    case ZYDIS_MNEMONIC_XSAVEC:
    case ZYDIS_MNEMONIC_XSAVEC64:
    case ZYDIS_MNEMONIC_XSAVEOPT:
    case ZYDIS_MNEMONIC_XSAVEOPT64:
    case ZYDIS_MNEMONIC_XSAVES:
    case ZYDIS_MNEMONIC_XSAVES64:
    case ZYDIS_MNEMONIC_XRSTOR:
    case ZYDIS_MNEMONIC_XRSTOR64:
    case ZYDIS_MNEMONIC_XRSTORS:
    case ZYDIS_MNEMONIC_XRSTORS64:
    case ZYDIS_MNEMONIC_CLFLUSH:
    case ZYDIS_MNEMONIC_CLFLUSHOPT:
    case ZYDIS_MNEMONIC_CLWB:
    case ZYDIS_MNEMONIC_AESENCWIDE128KL:
    case ZYDIS_MNEMONIC_AESENCWIDE256KL:
    case ZYDIS_MNEMONIC_AESDECWIDE128KL:
    case ZYDIS_MNEMONIC_AESDECWIDE256KL:
    case ZYDIS_MNEMONIC_TILELOADD:
    case ZYDIS_MNEMONIC_TILELOADDT1:
    case ZYDIS_MNEMONIC_TILESTORED:
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
        return TRUE;
    case ZYDIS_MNEMONIC_CALL:
    case ZYDIS_MNEMONIC_RET:
        return Theirs->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
    default:
        return FALSE;
    }
}

static const CHAR *CompareExplicit(const COMPARISON *C, const ZydisDecodedOperand *Operand)
{
    UINT32 Actions = Operand->actions;
    const CHAR *Difference;

    if (Operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN || TouchesNothing(&C->Theirs))
        Actions = 0;
    Difference = CompareDirections(C, Actions);
    if (Difference != NULL || Actions == 0)
        return Difference;
    C->Tally->Accesses++;
    if (C->Ours.AccessSize == 0)
        return IsOfUnknownSize(&C->Theirs) ? NULL : Expect(C, "size unknown", 0, Operand->size / 8);
    C->Tally->KnownSizes++;
    return Expect(C, "size", C->Ours.AccessSize, Operand->size / 8);
}

/* PUSHA and POPA: Zydis says the size of all eight accesses. */
static UINT32 AccessCount(const ZydisDecodedInstruction *Theirs)
{
    switch (Theirs->mnemonic) {
    case ZYDIS_MNEMONIC_PUSHA:
    case ZYDIS_MNEMONIC_PUSHAD:
    case ZYDIS_MNEMONIC_POPA:
    case ZYDIS_MNEMONIC_POPAD:
        return 8;
    default:
        return 1;
    }
}

/* ENTER reads only when it nests, so Zydis does not say it; of PadLock's registers with addresses we say
 * nothing. */
static BOOLEAN IsBeyondComparison(const ZydisDecodedInstruction *Theirs)
{
    return Theirs->mnemonic == ZYDIS_MNEMONIC_ENTER || Theirs->meta.category == ZYDIS_CATEGORY_PADLOCK;
}

static const CHAR *CompareImplicit(const COMPARISON *C)
{
    UINT32 Index, Actions = 0;
    const CHAR *Difference = NULL;

    if (IsBeyondComparison(&C->Theirs))
        return NULL;

    for (Index = 0; Index < C->Theirs.operand_count && Difference == NULL; Index++) {
        const ZydisDecodedOperand *Operand = &C->Operands[Index];

        if (Operand->type != ZYDIS_OPERAND_TYPE_MEMORY)
            continue;
        Actions |= Operand->actions;
        if (C->Ours.AccessSize != 0 || !IsOfUnknownSize(&C->Theirs))
            Difference =
                Expect(C, "implicit size", C->Ours.AccessSize, Operand->size / 8 / AccessCount(&C->Theirs));
    }
    return Difference != NULL ? Difference : CompareDirections(C, Actions);
}

static const CHAR *CompareFlags(const COMPARISON *C)
{
    const ZydisDecodedInstruction *Theirs = &C->Theirs;
    BOOLEAN IsString                      = Theirs->meta.category == ZYDIS_CATEGORY_STRINGOP ||
                       Theirs->meta.category == ZYDIS_CATEGORY_IOSTRINGOP;
    BOOLEAN IsRepeated =
        IsString &&
        (Theirs->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE));
    const CHAR *Difference = Expect(C, "string", !!(C->Ours.Flags & INSTRUCTION_STRING), IsString);

    if (Difference == NULL)
        Difference = Expect(C, "repeated", !!(C->Ours.Flags & INSTRUCTION_REPEATED), IsRepeated);
    if (Difference == NULL)
        Difference = Expect(C, "leaves", !!(C->Ours.Flags & INSTRUCTION_LEAVES), LeavesTheGuest(Theirs));
    if (Difference == NULL)
        Difference = Expect(C, "has ModRM", !!(C->Ours.Flags & INSTRUCTION_HAS_MODRM),
                            !!(Theirs->attributes & ZYDIS_ATTRIB_HAS_MODRM));
    if (Difference == NULL && (Theirs->attributes & ZYDIS_ATTRIB_HAS_MODRM))
        Difference = Expect(C, "ModRM", C->Ours.ModRm, C->Bytes[Theirs->raw.modrm.offset]);
    if (Difference == NULL)
        Difference = Expect(C, "opcode", C->Ours.Opcode, Theirs->opcode);
    if (Difference == NULL)
        Difference = Expect(C, "map", C->Ours.Map, MapOf(Theirs));
    return Difference;
}

static const CHAR *CompareDecoded(const COMPARISON *C)
{
    const ZydisDecodedOperand *Operand = ExplicitMemory(C);
    const CHAR *Difference             = Expect(C, "length", C->Ours.Length, C->Theirs.length);

    if (Difference == NULL)
        Difference = CompareFlags(C);
    if (Difference == NULL)
        Difference = Expect(C, "has memory", !!(C->Ours.Flags & INSTRUCTION_HAS_MEMORY), Operand != NULL);
    if (Difference != NULL)
        return Difference;
    return Operand != NULL ? CompareExplicit(C, Operand) : CompareImplicit(C);
}

const CHAR *OracleCompare(const UINT8 *Bytes, UINT32 Available, UINT32 Mode, DECODE_TALLY *Tally,
                          UINT32 *Length)
{
    COMPARISON C      = {.Bytes = Bytes, .Available = Available, .Mode = Mode, .Tally = Tally};
    BOOLEAN IsOurs    = InstructionDecode(Bytes, Available, Mode, &C.Ours);
    ZyanStatus Status = ZydisDecoderDecodeFull(DecoderOf(Mode), Bytes, Available, &C.Theirs, C.Operands);

    *Length = 1;
    if (!ZYAN_SUCCESS(Status)) {
        C.Theirs.mnemonic = ZYDIS_MNEMONIC_INVALID;
        if (IsOurs)
            Tally->Lenient++;
        else
            Tally->Refused++;
        if ((Status == ZYDIS_STATUS_NO_MORE_DATA || Status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG) &&
            !IsKnightsCornerBranch(&C.Ours))
            return Expect(&C, "cut short, decoded", IsOurs, FALSE);
        return NULL;
    }
    *Length = C.Theirs.length;
    if (IsKnightsCorner(&C.Theirs))
        return NULL;
    Tally->Decoded++;
    return IsOurs ? CompareDecoded(&C) : Expect(&C, "decoded", FALSE, TRUE);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verify.c - the verifier: header, tables, then every instruction by the shape of its opcode.
 *
 * Context: any. Each check is one function that says TRUE or leaves a reason; the work is linear in the
 * block's size.
 */
#include "SDK/Bytecode.h"
#include "script/eval/Eval.h"
#include "script/eval/Format.h"
#include "script/eval/Map.h"
#include "script/eval/Opcode.h"
#include "script/eval/Verify.h"

typedef struct _VERIFY {
    SCRIPT_VIEW View;
    const SCRIPT_FUNCTION *Function; /* the one that is being checked */
    UINT32 Instruction;
    const CHAR *Reason;
} VERIFY;

typedef BOOLEAN VERIFY_SHAPE(VERIFY *Verify, const SCRIPT_INSTRUCTION *I);

static BOOLEAN VerifyThat(VERIFY *Verify, BOOLEAN Condition, const CHAR *Reason)
{
    if (!Condition && Verify->Reason == NULL) {
        Verify->Reason = Reason;
    }
    return Condition;
}

/* --- header and tables --- */

static BOOLEAN VerifyHeader(VERIFY *Verify, const SCRIPT_PROGRAM *Program, UINT64 Size)
{
    UINT32 Kind;

    if (!VerifyThat(Verify, ((UINTPTR)Program & 7) == 0, "the block is not aligned") ||
        !VerifyThat(Verify, Size >= sizeof(*Program), "the block is shorter than its header") ||
        !VerifyThat(Verify, Program->Magic == SCRIPT_MAGIC, "the block is not a program") ||
        !VerifyThat(Verify, Program->Version == SCRIPT_VERSION, "the program is of another version") ||
        !VerifyThat(Verify, Program->HeaderSize == sizeof(*Program) && Program->Reserved == 0,
                    "malformed header") ||
        !VerifyThat(Verify, Program->Size == Size && Size <= SCRIPT_MAXIMUM_BLOCK,
                    "size of the block is wrong")) {
        return FALSE;
    }
    for (Kind = 0; Kind < SCRIPT_SECTION_COUNT; Kind++) {
        const SCRIPT_SECTION *Section = &Program->Sections[Kind];
        UINT64 Bytes                  = (UINT64)Section->Count * g_ScriptElementSizes[Kind];

        if (!VerifyThat(Verify,
                        (Section->Offset & 7) == 0 && Section->Offset >= sizeof(*Program) &&
                            Section->Offset <= Size && Bytes <= Size - Section->Offset,
                        "a section is outside of the block")) {
            return FALSE;
        }
    }
    return TRUE;
}

static BOOLEAN VerifyString(VERIFY *Verify, UINT32 Offset)
{
    return VerifyThat(Verify, Offset < Verify->View.Counts[SCRIPT_SECTION_STRINGS], "no such string");
}

static BOOLEAN VerifyStrings(VERIFY *Verify)
{
    UINT32 Count = Verify->View.Counts[SCRIPT_SECTION_STRINGS];

    return VerifyThat(Verify,
                      Count > 0 && Verify->View.Strings[Count - 1] == 0 && Verify->View.Strings[0] == 0,
                      "the strings do not end");
}

static BOOLEAN VerifyTypeSize(const SCRIPT_TYPE *Type)
{
    switch (Type->Kind) {
    case SCRIPT_TYPE_INTEGER:
        return Type->Size == 1 || Type->Size == 2 || Type->Size == 4 || Type->Size == 8;
    case SCRIPT_TYPE_STRING:
    case SCRIPT_TYPE_WIDE:
        return Type->Size > 0 && (Type->Size & 7) == 0 && Type->Size <= SCRIPT_MAXIMUM_STRING;
    case SCRIPT_TYPE_STACK:
        return Type->Size == SCRIPT_STACK_FRAMES * 8;
    case SCRIPT_TYPE_BYTES:
        return Type->Size <= SCRIPT_MAXIMUM_GLOBAL_BYTES;
    default:
        return Type->Size == 8;
    }
}

static BOOLEAN VerifyTypes(VERIFY *Verify)
{
    UINT32 Index;

    for (Index = 0; Index < Verify->View.Counts[SCRIPT_SECTION_TYPES]; Index++) {
        const SCRIPT_TYPE *Type = &Verify->View.Types[Index];

        if (!VerifyThat(Verify,
                        Type->Kind < SCRIPT_TYPE_KIND_COUNT && Type->Signed <= 1 && Type->Reserved == 0,
                        "malformed type") ||
            !VerifyThat(Verify, VerifyTypeSize(Type), "size of a type is wrong") ||
            !VerifyString(Verify, Type->Name)) {
            return FALSE;
        }
    }
    for (Index = 0; Index < Verify->View.Counts[SCRIPT_SECTION_LISTS]; Index++) {
        if (!VerifyThat(Verify, Verify->View.Lists[Index] < Verify->View.Counts[SCRIPT_SECTION_TYPES],
                        "no such type")) {
            return FALSE;
        }
    }
    return TRUE;
}

static BOOLEAN VerifyList(VERIFY *Verify, UINT32 First, UINT32 Count)
{
    UINT32 Length = Verify->View.Counts[SCRIPT_SECTION_LISTS];

    return VerifyThat(Verify, First <= Length && Count <= Length - First, "a list is outside of its section");
}

static const SCRIPT_TYPE *VerifyListType(const VERIFY *Verify, UINT32 Index)
{
    return &Verify->View.Types[Verify->View.Lists[Index]];
}

/* Every conversion has an argument that it can show, and the whole fits into a record. */
static BOOLEAN VerifyConversions(VERIFY *Verify, const SCRIPT_FORMAT *Format)
{
    const CHAR *Text = Verify->View.Strings + Format->Text;
    UINT32 Bytes     = sizeof(SCRIPT_RECORD);
    UINT32 Used      = 0;
    SCRIPT_CONVERSION Conversion;
    const CHAR *Plain;
    UINT32 Length;

    while (ScriptNextConversion(&Text, &Plain, &Length, &Conversion)) {
        const SCRIPT_TYPE *Type;

        if (Conversion.Letter == 0 && Text[-1] == '%') {
            continue;
        }
        if (!VerifyThat(Verify, Used < Format->ArgumentCount, "a conversion of a format has no argument")) {
            return FALSE;
        }
        Type = VerifyListType(Verify, Format->FirstArgument + Used++);
        Bytes += Type->Kind == SCRIPT_TYPE_STACK ? SCRIPT_STACK_FRAMES * 8 : 8;
        if (!VerifyThat(Verify, ScriptConversionTakes(&Conversion, Type->Kind),
                        "a format cannot show its argument")) {
            return FALSE;
        }
    }
    return VerifyThat(Verify, Used == Format->ArgumentCount, "a format has arguments without conversions") &&
           VerifyThat(Verify, Bytes <= SCRIPT_RECORD_BYTES, "limit SCRIPT_RECORD_BYTES: too many arguments");
}

static BOOLEAN VerifyFormats(VERIFY *Verify)
{
    UINT32 Index;

    for (Index = 0; Index < Verify->View.Counts[SCRIPT_SECTION_FORMATS]; Index++) {
        const SCRIPT_FORMAT *Format = &Verify->View.Formats[Index];

        if (!VerifyString(Verify, Format->Text) ||
            !VerifyThat(Verify, Format->ArgumentCount <= SCRIPT_MAXIMUM_ARGUMENTS,
                        "limit SCRIPT_MAXIMUM_ARGUMENTS: too many arguments") ||
            !VerifyList(Verify, Format->FirstArgument, Format->ArgumentCount) ||
            !VerifyConversions(Verify, Format)) {
            return FALSE;
        }
    }
    return TRUE;
}

static BOOLEAN VerifyKey(VERIFY *Verify, const SCRIPT_MAP *Map)
{
    UINT64 Size = 0;
    UINT32 Index;

    if (!VerifyList(Verify, Map->FirstKey, Map->KeyCount)) {
        return FALSE;
    }
    for (Index = 0; Index < Map->KeyCount; Index++) {
        const SCRIPT_TYPE *Type = VerifyListType(Verify, Map->FirstKey + Index);

        if (!VerifyThat(Verify, Type->Kind != SCRIPT_TYPE_WIDE && Type->Kind != SCRIPT_TYPE_BYTES,
                        "type cannot be in a key")) {
            return FALSE;
        }
        Size += Type->Kind == SCRIPT_TYPE_INTEGER ? 8 : Type->Size;
    }
    return VerifyThat(Verify, Size == Map->KeySize && Size <= SCRIPT_MAXIMUM_KEY, "size of a key is wrong");
}

static BOOLEAN VerifyBuckets(VERIFY *Verify, const SCRIPT_MAP *Map)
{
    if (Map->Kind != SCRIPT_MAP_LHIST) {
        return TRUE;
    }
    return VerifyThat(Verify,
                      Map->Step > 0 && Map->Minimum < Map->Maximum &&
                          ((UINT64)Map->Maximum - (UINT64)Map->Minimum) % (UINT64)Map->Step == 0 &&
                          ((UINT64)Map->Maximum - (UINT64)Map->Minimum) / (UINT64)Map->Step <=
                              SCRIPT_MAXIMUM_BUCKETS - 2,
                      "limit SCRIPT_MAXIMUM_BUCKETS: buckets of a histogram are wrong");
}

static BOOLEAN VerifyMaps(VERIFY *Verify)
{
    UINT32 Count = Verify->View.Counts[SCRIPT_SECTION_MAPS];
    UINT32 Index;

    if (!VerifyThat(Verify, Count <= SCRIPT_MAXIMUM_MAPS, "limit SCRIPT_MAXIMUM_MAPS: too many maps")) {
        return FALSE;
    }
    for (Index = 0; Index < Count; Index++) {
        const SCRIPT_MAP *Map = &Verify->View.Maps[Index];

        if (!VerifyString(Verify, Map->Name) ||
            !VerifyThat(Verify, Map->Kind < SCRIPT_MAP_KIND_COUNT && Map->Reserved == 0, "malformed map") ||
            !VerifyThat(Verify, Map->Entries > 0 && Map->Entries <= SCRIPT_MAXIMUM_MAP_ENTRIES,
                        "limit SCRIPT_MAXIMUM_MAP_ENTRIES: number of entries is wrong") ||
            !VerifyThat(Verify, Map->ValueType < Verify->View.Counts[SCRIPT_SECTION_TYPES], "no such type") ||
            !VerifyThat(Verify,
                        Verify->View.Types[Map->ValueType].Kind == SCRIPT_TYPE_INTEGER ||
                            Verify->View.Types[Map->ValueType].Kind == SCRIPT_TYPE_POINTER ||
                            Verify->View.Types[Map->ValueType].Kind == SCRIPT_TYPE_SYMBOL,
                        "type cannot be the value of a map") ||
            !VerifyKey(Verify, Map) || !VerifyBuckets(Verify, Map)) {
            return FALSE;
        }
    }
    return TRUE;
}

static BOOLEAN VerifyGlobals(VERIFY *Verify)
{
    UINT32 Count = Verify->View.Counts[SCRIPT_SECTION_GLOBALS];
    UINT64 Bytes = 0;
    UINT32 Index;

    if (!VerifyThat(Verify, Count <= SCRIPT_MAXIMUM_GLOBALS,
                    "limit SCRIPT_MAXIMUM_GLOBALS: too many globals")) {
        return FALSE;
    }
    for (Index = 0; Index < Count; Index++) {
        const SCRIPT_GLOBAL *Global = &Verify->View.Globals[Index];

        Bytes += Global->Size;
        if (!VerifyString(Verify, Global->Name) ||
            !VerifyThat(Verify, Global->Type < Verify->View.Counts[SCRIPT_SECTION_TYPES], "no such type") ||
            !VerifyThat(Verify,
                        Global->Size >= 8 && (Global->Size & 7) == 0 && Global->Flags <= SCRIPT_GLOBAL_SITE,
                        "malformed global")) {
            return FALSE;
        }
    }
    return VerifyThat(Verify, Bytes <= SCRIPT_MAXIMUM_GLOBAL_BYTES,
                      "limit SCRIPT_MAXIMUM_GLOBAL_BYTES: globals are too large");
}

static BOOLEAN VerifyLines(VERIFY *Verify)
{
    UINT32 Index;

    for (Index = 0; Index < Verify->View.Counts[SCRIPT_SECTION_LINES]; Index++) {
        const SCRIPT_LINE *Line = &Verify->View.Lines[Index];

        if (!VerifyString(Verify, Line->File) ||
            !VerifyThat(Verify, Index == 0 || Line[-1].Instruction < Line->Instruction,
                        "lines do not ascend")) {
            return FALSE;
        }
    }
    return TRUE;
}

/* The functions tile the code: each instruction belongs to exactly one. */
static BOOLEAN VerifyFunctions(VERIFY *Verify)
{
    UINT32 Count = Verify->View.Counts[SCRIPT_SECTION_FUNCTIONS];
    UINT64 Next  = 0;
    UINT32 Index;

    if (!VerifyThat(Verify, Count > 0 && Count <= SCRIPT_MAXIMUM_FUNCTIONS,
                    "limit SCRIPT_MAXIMUM_FUNCTIONS: number of functions is wrong") ||
        !VerifyThat(Verify, Verify->View.Functions[0].Parameters == 0, "the program has parameters") ||
        !VerifyThat(Verify, Verify->View.Counts[SCRIPT_SECTION_CODE] <= SCRIPT_MAXIMUM_INSTRUCTIONS,
                    "limit SCRIPT_MAXIMUM_INSTRUCTIONS: the program is too long")) {
        return FALSE;
    }
    for (Index = 0; Index < Count; Index++) {
        const SCRIPT_FUNCTION *Function = &Verify->View.Functions[Index];

        if (!VerifyString(Verify, Function->Name) ||
            !VerifyThat(Verify, Function->Start == Next && Function->Count > 0,
                        "functions do not tile the code") ||
            !VerifyThat(Verify, Function->Registers > 0 && Function->Registers <= SCRIPT_MAXIMUM_REGISTERS,
                        "limit SCRIPT_MAXIMUM_REGISTERS: number of registers is wrong") ||
            !VerifyThat(Verify, Function->Parameters <= Function->Registers,
                        "more parameters than registers") ||
            !VerifyThat(Verify, (Function->Frame & 7) == 0 && Function->Frame <= SCRIPT_MAXIMUM_FRAME,
                        "limit SCRIPT_MAXIMUM_FRAME: size of a frame is wrong")) {
            return FALSE;
        }
        Next += Function->Count;
    }
    return VerifyThat(Verify, Next == Verify->View.Counts[SCRIPT_SECTION_CODE],
                      "functions do not tile the code");
}

/* --- instructions --- */

static BOOLEAN VerifyRegister(VERIFY *Verify, UINT32 Register)
{
    return VerifyThat(Verify, Register < Verify->Function->Registers, "no such register in this function");
}

static BOOLEAN VerifyZero(VERIFY *Verify, UINT32 Field)
{
    return VerifyThat(Verify, Field == 0, "a field that is not used is not zero");
}

/* From the next instruction. Forward jumps may not loop, backward jumps must be of the kind that is charged.
 */
static BOOLEAN VerifyDistance(VERIFY *Verify, INT64 Distance, BOOLEAN Backward)
{
    INT64 Target = (INT64)Verify->Instruction + 1 + Distance;
    INT64 Start  = Verify->Function->Start;
    INT64 End    = Start + Verify->Function->Count;

    return VerifyThat(Verify, Backward ? Distance < 0 : Distance >= 0, "jump in the wrong direction") &&
           VerifyThat(Verify, Target >= Start && Target < End, "jump out of the function");
}

static BOOLEAN VerifyNone(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyZero(Verify, I->A | I->B | I->C | (UINT32)I->Immediate);
}

static BOOLEAN VerifyR(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyRegister(Verify, I->A) && VerifyZero(Verify, I->B | I->C | (UINT32)I->Immediate);
}

static BOOLEAN VerifyRR(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyRegister(Verify, I->A) && VerifyRegister(Verify, I->B) &&
           VerifyZero(Verify, I->C | (UINT32)I->Immediate);
}

static BOOLEAN VerifyRRR(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyRegister(Verify, I->A) && VerifyRegister(Verify, I->B) && VerifyRegister(Verify, I->C) &&
           VerifyZero(Verify, (UINT32)I->Immediate);
}

static BOOLEAN VerifyRI(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyRegister(Verify, I->A) && VerifyZero(Verify, I->B | I->C);
}

static BOOLEAN VerifyRRI(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    if (I->Opcode == SCRIPT_OP_COPY &&
        !VerifyThat(Verify, I->Immediate > 0 && I->Immediate <= SCRIPT_MAXIMUM_FRAME,
                    "size of a copy is wrong")) {
        return FALSE;
    }
    return VerifyRegister(Verify, I->A) && VerifyRegister(Verify, I->B) && VerifyZero(Verify, I->C);
}

static BOOLEAN VerifyIndex(VERIFY *Verify, const SCRIPT_INSTRUCTION *I, UINT32 Count, const CHAR *Reason)
{
    return VerifyRI(Verify, I) && VerifyThat(Verify, (UINT32)I->Immediate < Count, Reason);
}

static BOOLEAN VerifyConstant(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyIndex(Verify, I, Verify->View.Counts[SCRIPT_SECTION_CONSTANTS], "no such constant");
}

static BOOLEAN VerifyStringReference(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyIndex(Verify, I, Verify->View.Counts[SCRIPT_SECTION_STRINGS], "no such string");
}

static BOOLEAN VerifyGlobalReference(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyIndex(Verify, I, Verify->View.Counts[SCRIPT_SECTION_GLOBALS], "no such global");
}

static BOOLEAN VerifyGuestRegister(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyIndex(Verify, I, SCRIPT_REGISTER_COUNT, "no such register of the guest");
}

static BOOLEAN VerifyPseudo(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyIndex(Verify, I, SCRIPT_PSEUDO_COUNT, "no such pseudo-register");
}

static BOOLEAN VerifySite(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyRegister(Verify, I->A) && VerifyRegister(Verify, I->B) && VerifyZero(Verify, I->C) &&
           VerifyThat(Verify, (UINT32)I->Immediate < Verify->View.Counts[SCRIPT_SECTION_GLOBALS],
                      "no such global") &&
           VerifyThat(Verify, Verify->View.Globals[I->Immediate].Flags == SCRIPT_GLOBAL_SITE,
                      "the global is not a counter of a site");
}

static BOOLEAN VerifyJump(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyZero(Verify, I->A | I->B | I->C) && VerifyDistance(Verify, I->Immediate, FALSE);
}

static BOOLEAN VerifyJumpRR(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyRegister(Verify, I->A) && VerifyRegister(Verify, I->B) && VerifyZero(Verify, I->C) &&
           VerifyDistance(Verify, I->Immediate, FALSE);
}

static BOOLEAN VerifyJumpRI(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyRegister(Verify, I->A) && VerifyDistance(Verify, I->Offset, FALSE);
}

static BOOLEAN VerifyLoop(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyZero(Verify, I->A | I->B | I->C) && VerifyDistance(Verify, I->Immediate, TRUE);
}

static BOOLEAN VerifyLoopRR(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyRegister(Verify, I->A) && VerifyRegister(Verify, I->B) && VerifyZero(Verify, I->C) &&
           VerifyDistance(Verify, I->Immediate, TRUE);
}

static BOOLEAN VerifyLoopRI(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyRegister(Verify, I->A) && VerifyDistance(Verify, I->Offset, TRUE);
}

static BOOLEAN VerifyInFrame(VERIFY *Verify, INT32 Offset, UINT32 Size)
{
    return VerifyThat(Verify, Offset >= 0 && (UINT64)(UINT32)Offset + Size <= Verify->Function->Frame,
                      "outside of the frame");
}

static BOOLEAN VerifyFrame(VERIFY *Verify, const SCRIPT_INSTRUCTION *I, UINT32 Size)
{
    return VerifyRI(Verify, I) && VerifyInFrame(Verify, I->Immediate, Size);
}

static BOOLEAN VerifyFrame1(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyFrame(Verify, I, 1);
}

static BOOLEAN VerifyFrame2(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyFrame(Verify, I, 2);
}

static BOOLEAN VerifyFrame4(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyFrame(Verify, I, 4);
}

static BOOLEAN VerifyFrame8(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyFrame(Verify, I, 8);
}

static BOOLEAN VerifyFrameSize(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyRegister(Verify, I->A) && VerifyThat(Verify, I->Offset > 0, "size is wrong") &&
           VerifyInFrame(Verify, I->Immediate, (UINT32)I->Offset);
}

static BOOLEAN VerifyFrameString(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyFrameSize(Verify, I) && VerifyThat(Verify, I->Offset <= SCRIPT_MAXIMUM_STRING,
                                                    "limit SCRIPT_MAXIMUM_STRING: size is wrong");
}

static BOOLEAN VerifyFrameFixed(VERIFY *Verify, const SCRIPT_INSTRUCTION *I, UINT32 Size)
{
    return VerifyZero(Verify, I->A | I->B | I->C) && VerifyInFrame(Verify, I->Immediate, Size) &&
           VerifyThat(Verify, (I->Immediate & 7) == 0, "offset is not aligned");
}

static BOOLEAN VerifyFrameComm(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyFrameFixed(Verify, I, SCRIPT_COMM_BYTES);
}

static BOOLEAN VerifyFrameStack(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyFrameFixed(Verify, I, SCRIPT_STACK_FRAMES * 8);
}

static BOOLEAN VerifyField(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    UINT32 First = (UINT32)I->Immediate & ~(UINT32)SCRIPT_FIELD_SIGNED;

    return VerifyRegister(Verify, I->A) && VerifyRegister(Verify, I->B) &&
           VerifyThat(Verify, I->C > 0 && I->C <= 64 && First <= 64u - I->C, "bit-field is not in 64 bits");
}

static BOOLEAN VerifyArguments(VERIFY *Verify, const SCRIPT_INSTRUCTION *I, UINT32 Count)
{
    return VerifyRegister(Verify, I->A) && VerifyZero(Verify, I->C) &&
           VerifyThat(Verify, I->B == Count, "number of arguments is wrong") &&
           VerifyThat(Verify, I->A + Count <= Verify->Function->Registers,
                      "no such register in this function");
}

static BOOLEAN VerifyCall(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyThat(Verify,
                      I->Immediate > 0 &&
                          (UINT32)I->Immediate < Verify->View.Counts[SCRIPT_SECTION_FUNCTIONS],
                      "no such function") &&
           VerifyArguments(Verify, I, Verify->View.Functions[I->Immediate].Parameters);
}

static BOOLEAN VerifyBuiltin(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyThat(Verify, (UINT32)I->Immediate < SCRIPT_BUILTIN_COUNT, "no such builtin function") &&
           VerifyArguments(Verify, I, g_ScriptBuiltins[I->Immediate].Arguments);
}

static BOOLEAN VerifyPrintf(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyThat(Verify, (UINT32)I->Immediate < Verify->View.Counts[SCRIPT_SECTION_FORMATS],
                      "no such format") &&
           VerifyArguments(Verify, I, Verify->View.Formats[I->Immediate].ArgumentCount);
}

static BOOLEAN VerifyMapIndex(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    return VerifyThat(Verify, I->B < Verify->View.Counts[SCRIPT_SECTION_MAPS], "no such map") &&
           VerifyZero(Verify, I->A | I->C | (UINT32)I->Immediate);
}

static BOOLEAN VerifyMap(VERIFY *Verify, const SCRIPT_INSTRUCTION *I)
{
    const SCRIPT_MAP *Map;

    if (!VerifyRegister(Verify, I->A) || !VerifyZero(Verify, I->C) ||
        !VerifyThat(Verify, I->B < Verify->View.Counts[SCRIPT_SECTION_MAPS], "no such map")) {
        return FALSE;
    }
    Map = &Verify->View.Maps[I->B];
    if (I->Opcode == SCRIPT_OP_MAP_SET || I->Opcode == SCRIPT_OP_MAP_DELETE) {
        if (!VerifyThat(Verify, Map->Kind == SCRIPT_MAP_LAST, "the map is an aggregation")) {
            return FALSE;
        }
    }
    return VerifyInFrame(Verify, I->Immediate, Map->KeySize) &&
           VerifyThat(Verify, (I->Immediate & 7) == 0, "key is not aligned");
}

/* ORDER SCRIPT_SHAPE */
static VERIFY_SHAPE *const g_VerifyShapes[] = {
    [SCRIPT_SHAPE_NONE]         = VerifyNone,
    [SCRIPT_SHAPE_R]            = VerifyR,
    [SCRIPT_SHAPE_RR]           = VerifyRR,
    [SCRIPT_SHAPE_RRR]          = VerifyRRR,
    [SCRIPT_SHAPE_RI]           = VerifyRI,
    [SCRIPT_SHAPE_RRI]          = VerifyRRI,
    [SCRIPT_SHAPE_CONSTANT]     = VerifyConstant,
    [SCRIPT_SHAPE_JUMP]         = VerifyJump,
    [SCRIPT_SHAPE_JUMP_RR]      = VerifyJumpRR,
    [SCRIPT_SHAPE_JUMP_RI]      = VerifyJumpRI,
    [SCRIPT_SHAPE_LOOP]         = VerifyLoop,
    [SCRIPT_SHAPE_LOOP_RR]      = VerifyLoopRR,
    [SCRIPT_SHAPE_LOOP_RI]      = VerifyLoopRI,
    [SCRIPT_SHAPE_FRAME_1]      = VerifyFrame1,
    [SCRIPT_SHAPE_FRAME_2]      = VerifyFrame2,
    [SCRIPT_SHAPE_FRAME_4]      = VerifyFrame4,
    [SCRIPT_SHAPE_FRAME_8]      = VerifyFrame8,
    [SCRIPT_SHAPE_FRAME_SIZE]   = VerifyFrameSize,
    [SCRIPT_SHAPE_FRAME_STRING] = VerifyFrameString,
    [SCRIPT_SHAPE_FRAME_COMM]   = VerifyFrameComm,
    [SCRIPT_SHAPE_FRAME_STACK]  = VerifyFrameStack,
    [SCRIPT_SHAPE_STRING]       = VerifyStringReference,
    [SCRIPT_SHAPE_GLOBAL]       = VerifyGlobalReference,
    [SCRIPT_SHAPE_SITE]         = VerifySite,
    [SCRIPT_SHAPE_REGISTER]     = VerifyGuestRegister,
    [SCRIPT_SHAPE_PSEUDO]       = VerifyPseudo,
    [SCRIPT_SHAPE_FIELD]        = VerifyField,
    [SCRIPT_SHAPE_CALL]         = VerifyCall,
    [SCRIPT_SHAPE_BUILTIN]      = VerifyBuiltin,
    [SCRIPT_SHAPE_PRINTF]       = VerifyPrintf,
    [SCRIPT_SHAPE_MAP]          = VerifyMap,
    [SCRIPT_SHAPE_MAP_INDEX]    = VerifyMapIndex,
};
STATIC_ASSERT(COUNT_OF(g_VerifyShapes) == SCRIPT_SHAPE_COUNT);

static BOOLEAN VerifyEnds(UINT32 Opcode)
{
    return Opcode == SCRIPT_OP_END || Opcode == SCRIPT_OP_STOP || Opcode == SCRIPT_OP_RETURN ||
           Opcode == SCRIPT_OP_JUMP || Opcode == SCRIPT_OP_LOOP;
}

static BOOLEAN VerifyCode(VERIFY *Verify, const SCRIPT_FUNCTION *Function)
{
    UINT32 End = Function->Start + Function->Count;

    Verify->Function = Function;
    for (Verify->Instruction = Function->Start; Verify->Instruction < End; Verify->Instruction++) {
        const SCRIPT_INSTRUCTION *I = &Verify->View.Code[Verify->Instruction];

        if (!VerifyThat(Verify, I->Opcode < SCRIPT_OPCODE_COUNT, "unknown opcode") ||
            !g_VerifyShapes[g_ScriptOpcodes[I->Opcode].Shape](Verify, I)) {
            return FALSE;
        }
    }
    Verify->Instruction = End - 1;
    return VerifyThat(Verify, VerifyEnds(Verify->View.Code[End - 1].Opcode), "the function does not end");
}

static BOOLEAN VerifyProgram(VERIFY *Verify, const SCRIPT_PROGRAM *Program, UINT64 Size)
{
    UINT32 Index;

    if (!VerifyHeader(Verify, Program, Size)) {
        return FALSE;
    }
    ScriptViewProgram(Program, &Verify->View);
    if (!VerifyStrings(Verify) || !VerifyTypes(Verify) || !VerifyFormats(Verify) || !VerifyMaps(Verify) ||
        !VerifyGlobals(Verify) || !VerifyLines(Verify) || !VerifyFunctions(Verify)) {
        return FALSE;
    }
    for (Index = 0; Index < Verify->View.Counts[SCRIPT_SECTION_FUNCTIONS]; Index++) {
        if (!VerifyCode(Verify, &Verify->View.Functions[Index])) {
            return FALSE;
        }
    }
    return TRUE;
}

BOOLEAN ScriptVerify(const VOID *Block, UINT64 Size, SCRIPT_REFUSAL *Refusal)
{
    VERIFY Verify = {.Instruction = SCRIPT_VERIFY_NO_INSTRUCTION};

    if (VerifyProgram(&Verify, Block, Size)) {
        return TRUE;
    }
    Refusal->Instruction = Verify.Instruction;
    Refusal->Reason      = Verify.Reason;
    return FALSE;
}

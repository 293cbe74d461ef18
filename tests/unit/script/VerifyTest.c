// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VerifyTest.c - what the verifier refuses, and what it says.
 *
 * Context: user space. Each test takes a program that is accepted, spoils one thing, and expects the refusal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "script/engine/Engine.h"
#include "script/eval/Eval.h"
#include "script/eval/Opcode.h"
#include "script/eval/Verify.h"

static const CHAR g_Script[] =
    "int f(int x) { if (x < 5) { return f(x + 1); } return x; }\n"
    "struct s { int a; char text[0n16]; }; struct s v; v.a = f(@rax);\n"
    "for (i = 0; i < 0n10; i++) { n[$comm, i] += poi(@rsi) + 1234567890; }\n"
    "once { printf(\"%d %s %s\\n\", v.a, v.text, ksym(@rip)); }\n"
    "h[kstack()] = lhist(i, 0, 0n10, 1); .g = strlen(\"abc\"); if (v.a & 3) stop();\n";

typedef struct _FIXTURE {
    SCRIPT_COMPILATION Compilation;
    SCRIPT_PROGRAM *Program;
    SCRIPT_VIEW View;
} FIXTURE;

static int Prepare(void **State)
{
    FIXTURE *Fixture = calloc(1, sizeof(*Fixture));

    if (!ScriptCompile(NULL, "verify", g_Script, strlen(g_Script), &Fixture->Compilation)) {
        print_error("%s", Fixture->Compilation.Messages);
        return -1;
    }
    Fixture->Program = Fixture->Compilation.Program;
    ScriptViewProgram(Fixture->Program, &Fixture->View);
    *State = Fixture;
    return 0;
}

static int Clean(void **State)
{
    FIXTURE *Fixture = *State;

    ScriptCompilationFree(&Fixture->Compilation);
    free(Fixture);
    return 0;
}

static VOID ExpectAccepted(FIXTURE *Fixture)
{
    SCRIPT_REFUSAL Refusal;

    assert_true(ScriptVerify(Fixture->Program, Fixture->Program->Size, &Refusal));
}

static VOID ExpectRefused(FIXTURE *Fixture, UINT32 Instruction, const CHAR *Reason)
{
    SCRIPT_REFUSAL Refusal;

    assert_false(ScriptVerify(Fixture->Program, Fixture->Program->Size, &Refusal));
    assert_string_equal(Refusal.Reason, Reason);
    assert_int_equal(Refusal.Instruction, Instruction);
}

#define NOWHERE SCRIPT_VERIFY_NO_INSTRUCTION

/* The first instruction of an opcode, to be spoiled. */
static SCRIPT_INSTRUCTION *Find(FIXTURE *Fixture, UINT32 Opcode, UINT32 *Index)
{
    for (*Index = 0; *Index < Fixture->View.Counts[SCRIPT_SECTION_CODE]; (*Index)++) {
        if (Fixture->View.Code[*Index].Opcode == Opcode) {
            return (SCRIPT_INSTRUCTION *)(UINTPTR)&Fixture->View.Code[*Index];
        }
    }
    fail_msg("the program has no %s", g_ScriptOpcodes[Opcode].Name);
    return NULL;
}

static void WhatTheCompilerMakesIsAccepted(void **State)
{
    ExpectAccepted(*State);
}

static void HeadersAreChecked(void **State)
{
    FIXTURE *Fixture = *State;
    SCRIPT_REFUSAL Refusal;

    assert_false(ScriptVerify(Fixture->Program, 10, &Refusal));
    assert_string_equal(Refusal.Reason, "the block is shorter than its header");
    assert_false(ScriptVerify(Fixture->Program, Fixture->Program->Size - 8, &Refusal));
    assert_string_equal(Refusal.Reason, "size of the block is wrong");
    Fixture->Program->Version++;
    ExpectRefused(Fixture, NOWHERE, "the program is of another version");
    Fixture->Program->Magic++;
    ExpectRefused(Fixture, NOWHERE, "the block is not a program");
}

static void SectionsStayInTheBlock(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Kind;

    for (Kind = 0; Kind < SCRIPT_SECTION_COUNT; Kind++) {
        SCRIPT_SECTION Good = Fixture->Program->Sections[Kind];

        Fixture->Program->Sections[Kind].Count = 0xFFFFFFFF;
        ExpectRefused(Fixture, NOWHERE, "a section is outside of the block");
        Fixture->Program->Sections[Kind]        = Good;
        Fixture->Program->Sections[Kind].Offset = Fixture->Program->Size + 8;
        ExpectRefused(Fixture, NOWHERE, "a section is outside of the block");
        Fixture->Program->Sections[Kind]        = Good;
        Fixture->Program->Sections[Kind].Offset = 0;
        ExpectRefused(Fixture, NOWHERE, "a section is outside of the block");
        Fixture->Program->Sections[Kind] = Good;
        ExpectAccepted(Fixture);
    }
}

static void OpcodesMustBeKnown(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Index;

    Find(Fixture, SCRIPT_OP_REGISTER_READ, &Index)->Opcode = SCRIPT_OPCODE_COUNT;
    ExpectRefused(Fixture, Index, "unknown opcode");
}

static void RegistersMustBelongToTheFunction(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Index;

    Find(Fixture, SCRIPT_OP_REGISTER_READ, &Index)->A = 150;
    ExpectRefused(Fixture, Index, "no such register in this function");
}

static void FieldsThatAreNotUsedAreZero(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Index;

    Find(Fixture, SCRIPT_OP_END, &Index)->Immediate = 1;
    ExpectRefused(Fixture, Index, "a field that is not used is not zero");
}

static void JumpsStayInTheFunction(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Index;

    Find(Fixture, SCRIPT_OP_JUMP_CLEAR_I, &Index)->Offset = 30000;
    ExpectRefused(Fixture, Index, "jump out of the function");
}

static void JumpsDoNotLoop(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Index;

    Find(Fixture, SCRIPT_OP_JUMP_CLEAR_I, &Index)->Offset = -1;
    ExpectRefused(Fixture, Index, "jump in the wrong direction");
}

static void LoopsDoNotGoForward(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Index;

    Find(Fixture, SCRIPT_OP_LOOP_COUNT_U64_I, &Index)->Offset = 0;
    ExpectRefused(Fixture, Index, "jump in the wrong direction");
}

static void FramesAreNotLeft(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Index;

    Find(Fixture, SCRIPT_OP_FRAME_STORE_32, &Index)->Immediate = (INT32)Fixture->View.Functions[0].Frame - 3;
    ExpectRefused(Fixture, Index, "outside of the frame");
    Find(Fixture, SCRIPT_OP_FRAME_STORE_32, &Index)->Immediate = -4;
    ExpectRefused(Fixture, Index, "outside of the frame");
}

static void KeysLieInTheFrame(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Index;

    Find(Fixture, SCRIPT_OP_MAP_UPDATE, &Index)->Immediate = (INT32)Fixture->View.Functions[0].Frame - 16;
    ExpectRefused(Fixture, Index, "outside of the frame");
}

static void IndexesMustExist(void **State)
{
    static const struct {
        UINT32 Opcode;
        const CHAR *Reason;
    } Spoiled[] = {
        {SCRIPT_OP_STRING_ADDRESS, "no such string"},
        {SCRIPT_OP_GLOBAL_ADDRESS, "no such global"},
        {SCRIPT_OP_REGISTER_READ, "no such register of the guest"},
        {SCRIPT_OP_PRINTF, "no such format"},
        {SCRIPT_OP_CALL, "no such function"},
        {SCRIPT_OP_BUILTIN, "no such builtin function"},
        {SCRIPT_OP_ONCE, "no such global"},
    };
    FIXTURE *Fixture = *State;
    UINT32 Each;

    for (Each = 0; Each < COUNT_OF(Spoiled); Each++) {
        UINT32 Index;
        SCRIPT_INSTRUCTION *Instruction = Find(Fixture, Spoiled[Each].Opcode, &Index);
        SCRIPT_INSTRUCTION Good         = *Instruction;

        Instruction->Immediate = 100000;
        ExpectRefused(Fixture, Index, Spoiled[Each].Reason);
        Instruction->Immediate = -1;
        ExpectRefused(Fixture, Index, Spoiled[Each].Reason);
        *Instruction = Good;
        ExpectAccepted(Fixture);
    }
}

static void MapsMustExist(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Index;

    Find(Fixture, SCRIPT_OP_MAP_UPDATE, &Index)->B = 60;
    ExpectRefused(Fixture, Index, "no such map");
}

static void SitesAreNotOtherGlobals(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Index;

    Find(Fixture, SCRIPT_OP_ONCE, &Index)->Immediate = 0;
    ExpectRefused(Fixture, Index, "the global is not a counter of a site");
}

static void AggregationsAreNotSet(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Index;

    Find(Fixture, SCRIPT_OP_MAP_UPDATE, &Index)->Opcode = SCRIPT_OP_MAP_SET;
    ExpectRefused(Fixture, Index, "the map is an aggregation");
}

static void CallsGiveTheirArguments(void **State)
{
    FIXTURE *Fixture = *State;
    UINT32 Index;

    Find(Fixture, SCRIPT_OP_CALL, &Index)->B = 0;
    ExpectRefused(Fixture, Index, "number of arguments is wrong");
    Find(Fixture, SCRIPT_OP_CALL, &Index)->B   = 1;
    Find(Fixture, SCRIPT_OP_PRINTF, &Index)->B = 2;
    ExpectRefused(Fixture, Index, "number of arguments is wrong");
}

static void FormatsShowTheirArguments(void **State)
{
    FIXTURE *Fixture = *State;
    UINT16 *Lists    = (UINT16 *)(UINTPTR)Fixture->View.Lists;
    UINT32 First     = Fixture->View.Formats[0].FirstArgument;

    Lists[First] = Lists[First + 1];
    ExpectRefused(Fixture, NOWHERE, "a format cannot show its argument");
}

static void FunctionsTileTheCode(void **State)
{
    FIXTURE *Fixture          = *State;
    SCRIPT_FUNCTION *Function = (SCRIPT_FUNCTION *)(UINTPTR)Fixture->View.Functions;

    Function[1].Start++;
    ExpectRefused(Fixture, NOWHERE, "functions do not tile the code");
}

static void FunctionsEnd(void **State)
{
    FIXTURE *Fixture          = *State;
    UINT32 Last               = Fixture->View.Functions[0].Count - 1;
    SCRIPT_INSTRUCTION *Final = (SCRIPT_INSTRUCTION *)(UINTPTR)&Fixture->View.Code[Last];

    Final->Opcode = SCRIPT_OP_LOAD_IMMEDIATE;
    ExpectRefused(Fixture, Last, "the function does not end");
}

static void LimitsAreNamed(void **State)
{
    FIXTURE *Fixture          = *State;
    SCRIPT_FUNCTION *Function = (SCRIPT_FUNCTION *)(UINTPTR)Fixture->View.Functions;
    SCRIPT_MAP *Map           = (SCRIPT_MAP *)(UINTPTR)Fixture->View.Maps;

    Function[0].Frame = SCRIPT_MAXIMUM_FRAME + 8;
    ExpectRefused(Fixture, NOWHERE, "limit SCRIPT_MAXIMUM_FRAME: size of a frame is wrong");
    Function[0].Registers = SCRIPT_MAXIMUM_REGISTERS + 1;
    ExpectRefused(Fixture, NOWHERE, "limit SCRIPT_MAXIMUM_REGISTERS: number of registers is wrong");
    Map[0].Entries = 0;
    ExpectRefused(Fixture, NOWHERE, "limit SCRIPT_MAXIMUM_MAP_ENTRIES: number of entries is wrong");
}

static void BucketsOfHistogramsAreChecked(void **State)
{
    FIXTURE *Fixture = *State;
    SCRIPT_MAP *Map  = (SCRIPT_MAP *)(UINTPTR)Fixture->View.Maps;

    assert_int_equal(Map[1].Kind, SCRIPT_MAP_LHIST);
    Map[1].Step = 0;
    ExpectRefused(Fixture, NOWHERE, "limit SCRIPT_MAXIMUM_BUCKETS: buckets of a histogram are wrong");
    Map[1].Step    = 1;
    Map[1].Minimum = (INT64)0x8000000000000000;
    Map[1].Maximum = 0x7FFFFFFFFFFFFFFF;
    ExpectRefused(Fixture, NOWHERE, "limit SCRIPT_MAXIMUM_BUCKETS: buckets of a histogram are wrong");
}

static void StringsEnd(void **State)
{
    FIXTURE *Fixture = *State;
    CHAR *Strings    = (CHAR *)(UINTPTR)Fixture->View.Strings;

    Strings[Fixture->View.Counts[SCRIPT_SECTION_STRINGS] - 1] = 'x';
    ExpectRefused(Fixture, NOWHERE, "the strings do not end");
}

/* Every single bit of the program flipped: the answer is yes or no, never a crash (the sanitizers watch). */
static void NoFlippedBitConfusesTheVerifier(void **State)
{
    FIXTURE *Fixture = *State;
    UINT8 *Bytes     = (UINT8 *)Fixture->Program;
    UINT32 Refused   = 0;
    UINT32 Size      = Fixture->Program->Size;
    UINT32 Bit;

    for (Bit = 0; Bit < 8 * Size; Bit++) {
        SCRIPT_REFUSAL Refusal = {0};

        Bytes[Bit / 8] ^= (UINT8)(1u << Bit % 8);
        if (!ScriptVerify(Fixture->Program, Size, &Refusal)) {
            assert_non_null(Refusal.Reason);
            Refused++;
        }
        Bytes[Bit / 8] ^= (UINT8)(1u << Bit % 8);
    }
    assert_true(Refused > Size); /* many are harmless: letters, constants, lines */
    ExpectAccepted(Fixture);
}

int main(void)
{
#define HOLDS(Name) cmocka_unit_test_setup_teardown(Name, Prepare, Clean)
    const struct CMUnitTest Tests[] = {
        HOLDS(WhatTheCompilerMakesIsAccepted),
        HOLDS(HeadersAreChecked),
        HOLDS(SectionsStayInTheBlock),
        HOLDS(OpcodesMustBeKnown),
        HOLDS(RegistersMustBelongToTheFunction),
        HOLDS(FieldsThatAreNotUsedAreZero),
        HOLDS(JumpsStayInTheFunction),
        HOLDS(JumpsDoNotLoop),
        HOLDS(LoopsDoNotGoForward),
        HOLDS(FramesAreNotLeft),
        HOLDS(KeysLieInTheFrame),
        HOLDS(IndexesMustExist),
        HOLDS(MapsMustExist),
        HOLDS(SitesAreNotOtherGlobals),
        HOLDS(AggregationsAreNotSet),
        HOLDS(CallsGiveTheirArguments),
        HOLDS(FormatsShowTheirArguments),
        HOLDS(FunctionsTileTheCode),
        HOLDS(FunctionsEnd),
        HOLDS(LimitsAreNamed),
        HOLDS(BucketsOfHistogramsAreChecked),
        HOLDS(StringsEnd),
        HOLDS(NoFlippedBitConfusesTheVerifier),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

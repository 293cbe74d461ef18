// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opcode.c - the tables of Bytecode.h as data, and access to the sections of a block.
 *
 * Context: any.
 */
#include "SDK/Bytecode.h"
#include "script/eval/Eval.h"
#include "script/eval/Opcode.h"

const SCRIPT_OPCODE_INFO g_ScriptOpcodes[SCRIPT_OPCODE_COUNT] = {
#define X(Name, Shape, Meaning) [SCRIPT_OP_##Name] = {#Name, SCRIPT_SHAPE_##Shape},
    SCRIPT_OTHER_OPCODES(X)
#undef X
#define X(Name, Meaning)                                                                                     \
    [SCRIPT_OP_##Name] = {#Name, SCRIPT_SHAPE_RRR}, [SCRIPT_OP_##Name##_I] = {#Name "_I", SCRIPT_SHAPE_RRI},
        SCRIPT_BINARY_OPCODES(X)
#undef X
#define X(Name, Operator, Type)                                                                              \
    [SCRIPT_OP_SET_##Name]  = {"SET_" #Name, SCRIPT_SHAPE_RRR},                                              \
    [SCRIPT_OP_JUMP_##Name] = {"JUMP_" #Name, SCRIPT_SHAPE_JUMP_RR},                                         \
    [SCRIPT_OP_LOOP_##Name] = {"LOOP_" #Name, SCRIPT_SHAPE_LOOP_RR},
            SCRIPT_COMPARE_RR(X)
#undef X
#define X(Name, Operator, Type)                                                                              \
    [SCRIPT_OP_SET_##Name##_I]  = {"SET_" #Name "_I", SCRIPT_SHAPE_RRI},                                     \
    [SCRIPT_OP_JUMP_##Name##_I] = {"JUMP_" #Name "_I", SCRIPT_SHAPE_JUMP_RI},                                \
    [SCRIPT_OP_LOOP_##Name##_I] = {"LOOP_" #Name "_I", SCRIPT_SHAPE_LOOP_RI},
                SCRIPT_COMPARE_RI(X)
#undef X
#define X(Name, Type)                                                                                        \
    [SCRIPT_OP_LOOP_COUNT_##Name]     = {"LOOP_COUNT_" #Name, SCRIPT_SHAPE_LOOP_RR},                         \
    [SCRIPT_OP_LOOP_COUNT_##Name##_I] = {"LOOP_COUNT_" #Name "_I", SCRIPT_SHAPE_LOOP_RI},
                    SCRIPT_COUNT_OPCODES(X)
#undef X
#define X(Name, Type, Width)                                                                                 \
    [SCRIPT_OP_LOAD_##Name]          = {"LOAD_" #Name, SCRIPT_SHAPE_RRI},                                    \
    [SCRIPT_OP_FRAME_LOAD_##Name]    = {"FRAME_LOAD_" #Name, SCRIPT_SHAPE_FRAME_##Width},                    \
    [SCRIPT_OP_PHYSICAL_LOAD_##Name] = {"PHYSICAL_LOAD_" #Name, SCRIPT_SHAPE_RRI},
                        SCRIPT_LOAD_OPCODES(X)
#undef X
#define X(Name, Type, Width)                                                                                 \
    [SCRIPT_OP_STORE_##Name]          = {"STORE_" #Name, SCRIPT_SHAPE_RRI},                                  \
    [SCRIPT_OP_FRAME_STORE_##Name]    = {"FRAME_STORE_" #Name, SCRIPT_SHAPE_FRAME_##Width},                  \
    [SCRIPT_OP_PHYSICAL_STORE_##Name] = {"PHYSICAL_STORE_" #Name, SCRIPT_SHAPE_RRI},
                            SCRIPT_STORE_OPCODES(X)
#undef X
};

const SCRIPT_BUILTIN_INFO g_ScriptBuiltins[SCRIPT_BUILTIN_COUNT] = {
#define X(Name, Spelling, Arguments, Meaning) [SCRIPT_BUILTIN_##Name] = {Spelling, Arguments},
    SCRIPT_BUILTINS(X)
#undef X
};

const CHAR *const g_ScriptRegisterNames[SCRIPT_REGISTER_COUNT] = {
#define X(Name, Spelling) [SCRIPT_REGISTER_##Name] = Spelling,
    SCRIPT_REGISTERS(X)
#undef X
};

const CHAR *const g_ScriptPseudoNames[SCRIPT_PSEUDO_COUNT] = {
#define X(Name, Spelling, Meaning) [SCRIPT_PSEUDO_##Name] = Spelling,
    SCRIPT_PSEUDOS(X)
#undef X
};

const UINT8 g_ScriptElementSizes[SCRIPT_SECTION_COUNT] = {
    [SCRIPT_SECTION_CODE]      = sizeof(SCRIPT_INSTRUCTION),
    [SCRIPT_SECTION_CONSTANTS] = sizeof(UINT64),
    [SCRIPT_SECTION_STRINGS]   = 1,
    [SCRIPT_SECTION_FORMATS]   = sizeof(SCRIPT_FORMAT),
    [SCRIPT_SECTION_FUNCTIONS] = sizeof(SCRIPT_FUNCTION),
    [SCRIPT_SECTION_LISTS]     = sizeof(UINT16),
    [SCRIPT_SECTION_MAPS]      = sizeof(SCRIPT_MAP),
    [SCRIPT_SECTION_GLOBALS]   = sizeof(SCRIPT_GLOBAL),
    [SCRIPT_SECTION_TYPES]     = sizeof(SCRIPT_TYPE),
    [SCRIPT_SECTION_LINES]     = sizeof(SCRIPT_LINE),
};

static const VOID *ScriptSection(const SCRIPT_PROGRAM *Program, SCRIPT_SECTION_KIND Kind)
{
    return (const UINT8 *)Program + Program->Sections[Kind].Offset;
}

VOID ScriptViewProgram(const SCRIPT_PROGRAM *Program, SCRIPT_VIEW *View)
{
    UINT32 Index;

    View->Program   = Program;
    View->Code      = ScriptSection(Program, SCRIPT_SECTION_CODE);
    View->Constants = ScriptSection(Program, SCRIPT_SECTION_CONSTANTS);
    View->Strings   = ScriptSection(Program, SCRIPT_SECTION_STRINGS);
    View->Formats   = ScriptSection(Program, SCRIPT_SECTION_FORMATS);
    View->Functions = ScriptSection(Program, SCRIPT_SECTION_FUNCTIONS);
    View->Lists     = ScriptSection(Program, SCRIPT_SECTION_LISTS);
    View->Maps      = ScriptSection(Program, SCRIPT_SECTION_MAPS);
    View->Globals   = ScriptSection(Program, SCRIPT_SECTION_GLOBALS);
    View->Types     = ScriptSection(Program, SCRIPT_SECTION_TYPES);
    View->Lines     = ScriptSection(Program, SCRIPT_SECTION_LINES);
    for (Index = 0; Index < SCRIPT_SECTION_COUNT; Index++) {
        View->Counts[Index] = Program->Sections[Index].Count;
    }
}

UINT32 ScriptLayoutGlobals(const SCRIPT_VIEW *View, UINT32 *Offsets)
{
    UINT32 Bytes = 0;
    UINT32 Index;

    for (Index = 0; Index < View->Counts[SCRIPT_SECTION_GLOBALS]; Index++) {
        Offsets[Index] = Bytes;
        Bytes += View->Globals[Index].Size;
    }
    return Bytes;
}

const SCRIPT_LINE *ScriptFindLine(const SCRIPT_VIEW *View, UINT32 Instruction)
{
    UINT32 Low  = 0;
    UINT32 High = View->Counts[SCRIPT_SECTION_LINES];

    while (Low < High) {
        UINT32 Middle = Low + (High - Low) / 2;

        if (View->Lines[Middle].Instruction <= Instruction) {
            Low = Middle + 1;
        } else {
            High = Middle;
        }
    }
    return Low > 0 ? &View->Lines[Low - 1] : NULL;
}

const CHAR *ScriptStatusText(SCRIPT_STATUS Status)
{
    static const CHAR *const Texts[SCRIPT_STATUS_COUNT] = {
#define X(Name, Text) [SCRIPT_STATUS_##Name] = Text,
        SCRIPT_STATUSES(X)
#undef X
    };

    return (UINT32)Status < SCRIPT_STATUS_COUNT ? Texts[Status] : "unknown status";
}

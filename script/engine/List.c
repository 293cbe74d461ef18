// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * List.c - a listing of a program, for those who want to see what a script became.
 *
 * Context: user space.
 */
#include <stdio.h>
#include <stdlib.h>

#include "script/engine/Engine.h"
#include "script/eval/Eval.h"
#include "script/eval/Opcode.h"

static VOID ListTarget(FILE *Out, UINT32 Index, INT32 Distance)
{
    fprintf(Out, " -> %lld", (long long)Index + 1 + Distance);
}

static VOID ListFrame(FILE *Out, const SCRIPT_INSTRUCTION *I)
{
    fprintf(Out, " r%u, frame[%d]", I->A, I->Immediate);
}

/* The operands, by shape. */
static VOID ListOperands(FILE *Out, const SCRIPT_VIEW *View, UINT32 Index)
{
    const SCRIPT_INSTRUCTION *I = &View->Code[Index];

    switch (g_ScriptOpcodes[I->Opcode].Shape) {
    case SCRIPT_SHAPE_NONE:
        break;
    case SCRIPT_SHAPE_R:
        fprintf(Out, " r%u", I->A);
        break;
    case SCRIPT_SHAPE_RR:
        fprintf(Out, " r%u, r%u", I->A, I->B);
        break;
    case SCRIPT_SHAPE_RRR:
        fprintf(Out, " r%u, r%u, r%u", I->A, I->B, I->C);
        break;
    case SCRIPT_SHAPE_RI:
        fprintf(Out, " r%u, %d", I->A, I->Immediate);
        break;
    case SCRIPT_SHAPE_RRI:
        fprintf(Out, " r%u, r%u, %d", I->A, I->B, I->Immediate);
        break;
    case SCRIPT_SHAPE_CONSTANT:
        fprintf(Out, " r%u, 0x%llx", I->A, View->Constants[I->Immediate]);
        break;
    case SCRIPT_SHAPE_JUMP:
    case SCRIPT_SHAPE_LOOP:
        ListTarget(Out, Index, I->Immediate);
        break;
    case SCRIPT_SHAPE_JUMP_RR:
    case SCRIPT_SHAPE_LOOP_RR:
        fprintf(Out, " r%u, r%u", I->A, I->B);
        ListTarget(Out, Index, I->Immediate);
        break;
    case SCRIPT_SHAPE_JUMP_RI:
    case SCRIPT_SHAPE_LOOP_RI:
        fprintf(Out, " r%u, %d", I->A, I->Immediate);
        ListTarget(Out, Index, I->Offset);
        break;
    case SCRIPT_SHAPE_FRAME_SIZE:
    case SCRIPT_SHAPE_FRAME_STRING:
        ListFrame(Out, I);
        fprintf(Out, ", %d", I->Offset);
        break;
    case SCRIPT_SHAPE_STRING:
        fprintf(Out, " r%u, \"%s\"", I->A, View->Strings + I->Immediate);
        break;
    case SCRIPT_SHAPE_REGISTER:
        fprintf(Out, " r%u, @%s", I->A, g_ScriptRegisterNames[I->Immediate]);
        break;
    case SCRIPT_SHAPE_PSEUDO:
        fprintf(Out, " r%u, $%s", I->A, g_ScriptPseudoNames[I->Immediate]);
        break;
    case SCRIPT_SHAPE_FIELD:
        fprintf(Out, " r%u, r%u, %u bits from %u%s", I->A, I->B, I->C, (UINT32)I->Immediate & 63,
                (I->Immediate & SCRIPT_FIELD_SIGNED) != 0 ? ", signed" : "");
        break;
    case SCRIPT_SHAPE_CALL:
        fprintf(Out, " r%u, %u, %s", I->A, I->B, View->Strings + View->Functions[I->Immediate].Name);
        break;
    case SCRIPT_SHAPE_BUILTIN:
        fprintf(Out, " r%u, %u, %s", I->A, I->B, g_ScriptBuiltins[I->Immediate].Spelling);
        break;
    case SCRIPT_SHAPE_MAP:
        fprintf(Out, " r%u, %s, frame[%d]", I->A, View->Strings + View->Maps[I->B].Name, I->Immediate);
        break;
    case SCRIPT_SHAPE_MAP_INDEX:
        fprintf(Out, " %s", View->Strings + View->Maps[I->B].Name);
        break;
    case SCRIPT_SHAPE_GLOBAL:
    case SCRIPT_SHAPE_SITE:
    case SCRIPT_SHAPE_PRINTF:
        fprintf(Out, " r%u, %u, #%d", I->A, I->B, I->Immediate);
        break;
    default:
        ListFrame(Out, I);
        break;
    }
}

static VOID ListFunction(FILE *Out, const SCRIPT_VIEW *View, const SCRIPT_FUNCTION *Function)
{
    UINT32 Last = 0;
    UINT32 Index;

    fprintf(Out, "function %s: %u parameters, %u registers, %u bytes of frame\n",
            View->Strings + Function->Name, Function->Parameters, Function->Registers, Function->Frame);
    for (Index = Function->Start; Index < Function->Start + Function->Count; Index++) {
        const SCRIPT_LINE *Line = ScriptFindLine(View, Index);

        fprintf(Out, "%6u  %-18s", Index, g_ScriptOpcodes[View->Code[Index].Opcode].Name);
        ListOperands(Out, View, Index);
        if (Line != NULL && Line->Line != Last) {
            fprintf(Out, "    ; line %u", Line->Line);
            Last = Line->Line;
        }
        fputc('\n', Out);
    }
}

CHAR *ScriptListProgram(const SCRIPT_PROGRAM *Program)
{
    SCRIPT_VIEW View;
    CHAR *Text  = NULL;
    size_t Size = 0;
    FILE *Out   = open_memstream(&Text, &Size);
    UINT32 Index;

    if (Out == NULL) {
        return NULL;
    }
    ScriptViewProgram(Program, &View);
    fprintf(Out, "program of %u bytes: %u instructions, %u constants, %u maps, %u globals\n", Program->Size,
            View.Counts[SCRIPT_SECTION_CODE], View.Counts[SCRIPT_SECTION_CONSTANTS],
            View.Counts[SCRIPT_SECTION_MAPS], View.Counts[SCRIPT_SECTION_GLOBALS]);
    for (Index = 0; Index < View.Counts[SCRIPT_SECTION_FUNCTIONS]; Index++) {
        ListFunction(Out, &View, &View.Functions[Index]);
    }
    fclose(Out);
    return Text;
}

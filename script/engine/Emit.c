// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Emit.c - the code generator: instructions, registers, labels, statements, functions, the program.
 *
 * Context: user space.
 */
#include <string.h>

#include "script/engine/Emit.h"
#include "script/eval/Opcode.h"

/* --- instructions --- */

static VOID EmitLine(EMITTER *Emitter, UINT32 Instruction)
{
    EMIT_SECTION *Section = &Emitter->Sections[SCRIPT_SECTION_LINES];
    SCRIPT_LINE *Last     = Section->Count > 0 ? (SCRIPT_LINE *)Section->Bytes + Section->Count - 1 : NULL;
    SCRIPT_LINE Line      = {
             .Instruction = Instruction, .Line = Emitter->Position.Line, .Column = Emitter->Position.Column};
    const CHAR *File = Emitter->Position.Source != NULL ? Emitter->Position.Source->Name : "";

    Line.File = BlockString(Emitter, File, (UINT32)strlen(File));
    if (Last == NULL || Last->File != Line.File || Last->Line != Line.Line || Last->Column != Line.Column) {
        BlockAdd(Emitter, SCRIPT_SECTION_LINES, &Line);
    }
}

static UINT32 EmitInstruction(EMITTER *Emitter, const SCRIPT_INSTRUCTION *Instruction)
{
    UINT32 Index = BlockAdd(Emitter, SCRIPT_SECTION_CODE, Instruction);

    if (Index >= SCRIPT_MAXIMUM_INSTRUCTIONS) {
        CompilerError(Emitter->Compiler, &Emitter->Position,
                      "limit SCRIPT_MAXIMUM_INSTRUCTIONS (%u) reached: the program is too long",
                      SCRIPT_MAXIMUM_INSTRUCTIONS);
        CompilerGiveUp(Emitter->Compiler);
    }
    EmitLine(Emitter, Index);
    return Index;
}

UINT32 Emit(EMITTER *Emitter, UINT32 Opcode, UINT32 A, UINT32 B, UINT32 C, INT32 Immediate)
{
    SCRIPT_INSTRUCTION Instruction = {.Opcode = (UINT8)Opcode, .A = (UINT8)A, .Immediate = Immediate};

    Instruction.B = (UINT8)B;
    Instruction.C = (UINT8)C;
    return EmitInstruction(Emitter, &Instruction);
}

UINT32 EmitWithOffset(EMITTER *Emitter, UINT32 Opcode, UINT32 A, INT32 Offset, INT32 Immediate)
{
    SCRIPT_INSTRUCTION Instruction = {.Opcode = (UINT8)Opcode, .A = (UINT8)A, .Immediate = Immediate};

    Instruction.Offset = (INT16)Offset;
    return EmitInstruction(Emitter, &Instruction);
}

/* --- registers and frame --- */

UINT32 EmitTake(EMITTER *Emitter)
{
    if (Emitter->Free >= SCRIPT_MAXIMUM_REGISTERS) {
        CompilerError(Emitter->Compiler, &Emitter->Position,
                      "limit SCRIPT_MAXIMUM_REGISTERS (%u) reached: this needs too many values at once",
                      SCRIPT_MAXIMUM_REGISTERS);
        CompilerGiveUp(Emitter->Compiler);
    }
    Emitter->Free++;
    if (Emitter->Registers < Emitter->Free) {
        Emitter->Registers = Emitter->Free;
    }
    return Emitter->Free - 1;
}

UINT32 EmitTarget(EMITTER *Emitter, UINT32 Want)
{
    return Want != EMIT_ANYWHERE ? Want : EmitTake(Emitter);
}

UINT32 EmitTakeFrame(EMITTER *Emitter, UINT32 Size)
{
    UINT32 Offset = Emitter->FrameUsed;

    Size = (Size + 7) & ~7u;
    if (Size > SCRIPT_MAXIMUM_FRAME - Offset) {
        CompilerError(Emitter->Compiler, &Emitter->Position,
                      "limit SCRIPT_MAXIMUM_FRAME (%u) reached: the variables, strings and keys of '%.64s' "
                      "take too much room",
                      SCRIPT_MAXIMUM_FRAME, Emitter->Function->Name);
        CompilerGiveUp(Emitter->Compiler);
    }
    Emitter->FrameUsed += Size;
    if (Emitter->FrameMost < Emitter->FrameUsed) {
        Emitter->FrameMost = Emitter->FrameUsed;
    }
    return Offset;
}

/* --- labels --- */

static SCRIPT_INSTRUCTION *EmitAt(EMITTER *Emitter, UINT32 Instruction)
{
    return (SCRIPT_INSTRUCTION *)Emitter->Sections[SCRIPT_SECTION_CODE].Bytes + Instruction;
}

static BOOLEAN EmitHasShortDistance(UINT32 Opcode)
{
    return g_ScriptOpcodes[Opcode].Shape == SCRIPT_SHAPE_JUMP_RI ||
           g_ScriptOpcodes[Opcode].Shape == SCRIPT_SHAPE_LOOP_RI;
}

static VOID EmitSetDistance(SCRIPT_INSTRUCTION *Instruction, INT32 Distance)
{
    if (EmitHasShortDistance(Instruction->Opcode)) {
        Instruction->Offset = (INT16)Distance;
    } else {
        Instruction->Immediate = Distance;
    }
}

/* Makes an instruction that was emitted as a forward jump go to a label. */
static VOID EmitAim(EMITTER *Emitter, UINT32 Instruction, LABEL *Label)
{
    LABEL_USE *Use;

    if (Label->IsBound) {
        EmitAt(Emitter, Instruction)->Opcode++; /* ORDER SCRIPT_OPCODE: LOOP follows JUMP */
        EmitSetDistance(EmitAt(Emitter, Instruction), (INT32)Label->Target - (INT32)Instruction - 1);
        return;
    }
    Use              = CompilerTake(Emitter->Compiler, sizeof(*Use));
    Use->Instruction = Instruction;
    Use->Next        = Label->Uses;
    Label->Uses      = Use;
}
STATIC_ASSERT(SCRIPT_OP_LOOP == SCRIPT_OP_JUMP + 1 && SCRIPT_OP_LOOP_EQ == SCRIPT_OP_JUMP_EQ + 1 &&
              SCRIPT_OP_LOOP_EQ_I == SCRIPT_OP_JUMP_EQ_I + 1);

VOID EmitJump(EMITTER *Emitter, LABEL *Label)
{
    EmitAim(Emitter, Emit(Emitter, SCRIPT_OP_JUMP, 0, 0, 0, 0), Label);
}

VOID EmitJumpIf(EMITTER *Emitter, CONDITION Condition, UINT32 Left, UINT32 Right, LABEL *Label)
{
    if (Condition >= CONDITION_GT_S) {
        /* x > y is y < x: GT and LT, GE and LE stand in the same order. */
        static const CONDITION Swapped[] = {CONDITION_LT_S, CONDITION_LE_S, CONDITION_LT_U, CONDITION_LE_U};

        EmitJumpIf(Emitter, Swapped[Condition - CONDITION_GT_S], Right, Left, Label);
        return;
    }
    EmitAim(Emitter, Emit(Emitter, SCRIPT_OP_JUMP_EQ + 2 * (UINT32)Condition, Left, Right, 0, 0), Label);
}

VOID EmitJumpIfImmediate(EMITTER *Emitter, CONDITION Condition, UINT32 Left, INT32 Right, LABEL *Label)
{
    EmitAim(Emitter, Emit(Emitter, SCRIPT_OP_JUMP_EQ_I + 2 * (UINT32)Condition, Left, 0, 0, Right), Label);
}

VOID EmitJumpIfBits(EMITTER *Emitter, BOOLEAN IfSet, UINT32 Left, INT32 Bits, LABEL *Label)
{
    EmitAim(Emitter, Emit(Emitter, IfSet ? SCRIPT_OP_JUMP_SET_I : SCRIPT_OP_JUMP_CLEAR_I, Left, 0, 0, Bits),
            Label);
}

VOID EmitBind(EMITTER *Emitter, LABEL *Label)
{
    LABEL_USE *Use;

    Label->IsBound = TRUE;
    Label->Target  = Emitter->Sections[SCRIPT_SECTION_CODE].Count;
    for (Use = Label->Uses; Use != NULL; Use = Use->Next) {
        EmitSetDistance(EmitAt(Emitter, Use->Instruction),
                        (INT32)Label->Target - (INT32)Use->Instruction - 1);
    }
}

/* --- statements --- */

static VOID EmitStatements(EMITTER *Emitter, NODE *List);

static VOID EmitIf(EMITTER *Emitter, NODE *Node)
{
    LABEL Else = {0};
    LABEL End  = {0};

    if (Node->Left->IsConstant) {
        EmitStatements(Emitter, Node->Left->Value ? Node->Right : Node->Third);
        return;
    }
    EmitCondition(Emitter, Node->Left, FALSE, &Else);
    EmitStatements(Emitter, Node->Right);
    if (Node->Third != NULL) {
        EmitJump(Emitter, &End);
    }
    EmitBind(Emitter, &Else);
    EmitStatements(Emitter, Node->Third);
    EmitBind(Emitter, &End);
}

/* `variable < limit; variable++` is one instruction at the end of the loop. Its opcode, or
 * SCRIPT_OPCODE_COUNT. */
static UINT32 EmitCountOpcode(const NODE *Node)
{
    const NODE *Test = Node->Left;
    const NODE *Step = Node->Fourth != NULL && Node->Fourth->Next == NULL ? Node->Fourth->Left : NULL;
    const SYMBOL *Variable;
    const TYPE *Type;

    if (Test == NULL || Step == NULL || Test->Kind != NODE_BINARY || Test->Operator != TOKEN_LESS ||
        Test->Left->Kind != NODE_NAME || Step->Kind != NODE_STEP || Step->Operator != TOKEN_ADD ||
        Step->Left->Kind != NODE_NAME || Step->Left->Symbol != Test->Left->Symbol) {
        return SCRIPT_OPCODE_COUNT;
    }
    Variable = Step->Left->Symbol;
    Type     = Variable->Type;
    if (Variable->Kind != SYMBOL_VARIABLE || Variable->Register == SYMBOL_IN_FRAME ||
        Type->Kind != TYPE_INTEGER || Type->Size < 4 || !TypeSame(Type, Test->Operation)) {
        return SCRIPT_OPCODE_COUNT;
    }
    if (Type->Size == 8) {
        return Type->Signed ? SCRIPT_OP_LOOP_COUNT_S64 : SCRIPT_OP_LOOP_COUNT_U64;
    }
    return Type->Signed ? SCRIPT_OP_LOOP_COUNT_S32 : SCRIPT_OPCODE_COUNT;
}

/* The limit must be an immediate or a variable's register. */
static BOOLEAN EmitIsLimit(const NODE *Limit, const TYPE *Type)
{
    if (Limit->IsConstant) {
        return EmitFitsImmediate(TypeNormalize(Type, Limit->Value));
    }
    return Limit->Kind == NODE_NAME && Limit->Symbol->Kind == SYMBOL_VARIABLE &&
           Limit->Symbol->Register != SYMBOL_IN_FRAME && TypeSame(Limit->Type, Type);
}

static VOID EmitCountingLoop(EMITTER *Emitter, NODE *Node, UINT32 Opcode)
{
    LABEL *Break     = Emitter->Break;
    LABEL *Continue  = Emitter->Continue;
    const NODE *Test = Node->Left;
    UINT32 Variable  = Test->Left->Symbol->Register;
    LABEL Body       = {0};
    LABEL Step       = {0};
    LABEL End        = {0};
    UINT32 Instruction;

    Emitter->Break    = &End;
    Emitter->Continue = &Step;
    EmitCondition(Emitter, Node->Left, FALSE, &End);
    EmitBind(Emitter, &Body);
    EmitStatements(Emitter, Node->Right);
    EmitBind(Emitter, &Step);
    Emitter->Position = Node->Position;
    if (Test->Right->IsConstant) {
        Instruction = Emit(Emitter, Opcode + 1, Variable, 0, 0,
                           (INT32)TypeNormalize(Test->Operation, Test->Right->Value));
    } else {
        Instruction = Emit(Emitter, Opcode, Variable, Test->Right->Symbol->Register, 0, 0);
    }
    EmitSetDistance(EmitAt(Emitter, Instruction), (INT32)Body.Target - (INT32)Instruction - 1);
    EmitBind(Emitter, &End);
    Emitter->Break    = Break;
    Emitter->Continue = Continue;
}

/* The condition stands below the body, so that a round costs one jump. */
static VOID EmitLoop(EMITTER *Emitter, NODE *Node, BOOLEAN TestsFirst)
{
    LABEL *Break    = Emitter->Break;
    LABEL *Continue = Emitter->Continue;
    LABEL Body      = {0};
    LABEL Step      = {0};
    LABEL Test      = {0};
    LABEL End       = {0};

    Emitter->Break    = &End;
    Emitter->Continue = &Step;
    if (TestsFirst && Node->Left != NULL && !(Node->Left->IsConstant && Node->Left->Value != 0)) {
        EmitJump(Emitter, &Test);
    }
    EmitBind(Emitter, &Body);
    EmitStatements(Emitter, Node->Right);
    EmitBind(Emitter, &Step);
    EmitStatements(Emitter, Node->Fourth);
    EmitBind(Emitter, &Test);
    Emitter->Position = Node->Position;
    if (Node->Left == NULL) {
        EmitJump(Emitter, &Body);
    } else {
        EmitCondition(Emitter, Node->Left, TRUE, &Body);
    }
    EmitBind(Emitter, &End);
    Emitter->Break    = Break;
    Emitter->Continue = Continue;
}

static VOID EmitFor(EMITTER *Emitter, NODE *Node)
{
    UINT32 Opcode = EmitCountOpcode(Node);

    EmitStatements(Emitter, Node->Third);
    if (Opcode != SCRIPT_OPCODE_COUNT && EmitIsLimit(Node->Left->Right, Node->Left->Operation)) {
        EmitCountingLoop(Emitter, Node, Opcode);
    } else {
        EmitLoop(Emitter, Node, TRUE);
    }
}

static VOID EmitReturn(EMITTER *Emitter, NODE *Node)
{
    UINT32 Value = 0;

    if (Emitter->Function->Index == 0) {
        Emit(Emitter, SCRIPT_OP_END, 0, 0, 0, 0);
        return;
    }
    if (Node->Left != NULL) {
        Value = EmitAs(Emitter, Node->Left, Emitter->Function->Type, EMIT_ANYWHERE);
    }
    Emit(Emitter, SCRIPT_OP_RETURN, Value, 0, 0, 0);
}

static VOID EmitStatement(EMITTER *Emitter, NODE *Node)
{
    switch (Node->Kind) {
    case NODE_BLOCK:
        EmitStatements(Emitter, Node->Right);
        break;
    case NODE_DECLARE:
        EmitInitialize(Emitter, Node->Symbol, Node->Left);
        break;
    case NODE_IF:
        EmitIf(Emitter, Node);
        break;
    case NODE_FOR:
        EmitFor(Emitter, Node);
        break;
    case NODE_WHILE:
    case NODE_DO:
        EmitLoop(Emitter, Node, Node->Kind == NODE_WHILE);
        break;
    case NODE_BREAK:
        EmitJump(Emitter, Emitter->Break);
        break;
    case NODE_CONTINUE:
        EmitJump(Emitter, Emitter->Continue);
        break;
    case NODE_RETURN:
        EmitReturn(Emitter, Node);
        break;
    default:
        EmitDiscard(Emitter, Node->Left);
        break;
    }
}

static VOID EmitStatements(EMITTER *Emitter, NODE *List)
{
    UINT32 Free  = Emitter->Free;
    UINT32 Frame = Emitter->FrameUsed;

    for (; List != NULL; List = List->Next) {
        Emitter->Position = List->Position;
        EmitStatement(Emitter, List);
        Emitter->Free      = Free;
        Emitter->FrameUsed = Frame;
    }
}

/* --- functions --- */

static BOOLEAN EmitIsParameter(const SYMBOL *Function, const SYMBOL *Variable)
{
    const SYMBOL *Parameter;

    for (Parameter = Function->Parameters; Parameter != NULL; Parameter = Parameter->NextOfFunction) {
        if (Parameter == Variable) {
            return TRUE;
        }
    }
    return FALSE;
}

static VOID EmitPlaceInFrame(EMITTER *Emitter, SYMBOL *Variable)
{
    Variable->Register    = SYMBOL_IN_FRAME;
    Emitter->Position     = Variable->Position;
    Variable->FrameOffset = EmitTakeFrame(Emitter, (UINT32)Variable->Type->Size);
}

/* Parameters arrive in the first registers; one whose address is taken is copied into the frame. */
static VOID EmitParameters(EMITTER *Emitter, SYMBOL *Function)
{
    SYMBOL *Parameter;
    PLACE Place = {.Kind = PLACE_FRAME};

    for (Parameter = Function->Parameters; Parameter != NULL; Parameter = Parameter->NextOfFunction) {
        Emitter->Position   = Parameter->Position;
        Parameter->Register = EmitTake(Emitter);
    }
    for (Parameter = Function->Parameters; Parameter != NULL; Parameter = Parameter->NextOfFunction) {
        if (Parameter->NeedsMemory) {
            UINT32 Register = Parameter->Register;

            EmitPlaceInFrame(Emitter, Parameter);
            Place.Offset = (INT32)Parameter->FrameOffset;
            Place.Type   = Parameter->Type;
            EmitStore(Emitter, &Place, Register);
        }
    }
}

static VOID EmitVariables(EMITTER *Emitter, SYMBOL *Function)
{
    SYMBOL *Variable;

    for (Variable = Function->Variables; Variable != NULL; Variable = Variable->Next) {
        if (EmitIsParameter(Function, Variable)) {
            continue;
        }
        if (Variable->NeedsMemory || !TypeIsScalar(Variable->Type) ||
            Emitter->Free >= SCRIPT_MAXIMUM_REGISTERS - SCRIPT_RESERVED_TEMPORARIES) {
            EmitPlaceInFrame(Emitter, Variable);
        } else {
            Variable->Register = EmitTake(Emitter);
        }
    }
}

/* What a function does at its end; jumps may lead there even after a return. */
static VOID EmitEnd(EMITTER *Emitter, const SYMBOL *Function)
{
    if (Function->Index == 0) {
        Emit(Emitter, SCRIPT_OP_END, 0, 0, 0, 0);
        return;
    }
    Emit(Emitter, SCRIPT_OP_RETURN, EmitNumber(Emitter, 0, EMIT_ANYWHERE), 0, 0, 0);
}

static VOID EmitFunction(EMITTER *Emitter, SYMBOL *Function, NODE *Statements)
{
    SCRIPT_FUNCTION Result = {.Start = Emitter->Sections[SCRIPT_SECTION_CODE].Count};

    Emitter->Function  = Function;
    Emitter->Free      = 0;
    Emitter->Registers = 1;
    Emitter->FrameUsed = 0;
    Emitter->FrameMost = 0;
    Emitter->Position  = Function->Position;
    EmitParameters(Emitter, Function);
    EmitVariables(Emitter, Function);
    EmitStatements(Emitter, Statements);
    EmitEnd(Emitter, Function);
    Result.Name       = BlockString(Emitter, Function->Name, (UINT32)strlen(Function->Name));
    Result.Count      = Emitter->Sections[SCRIPT_SECTION_CODE].Count - Result.Start;
    Result.Registers  = (UINT16)Emitter->Registers;
    Result.Parameters = (UINT16)Function->ParameterCount;
    Result.Frame      = Emitter->FrameMost;
    BlockAdd(Emitter, SCRIPT_SECTION_FUNCTIONS, &Result);
}

/* --- the program --- */

static UINT32 EmitKeyList(EMITTER *Emitter, const SYMBOL *Map)
{
    UINT32 First = Emitter->Sections[SCRIPT_SECTION_LISTS].Count;
    UINT32 Index;

    for (Index = 0; Index < Map->KeyCount; Index++) {
        UINT16 Type = (UINT16)BlockTypeOf(Emitter, Map->KeyTypes[Index]);

        BlockAdd(Emitter, SCRIPT_SECTION_LISTS, &Type);
    }
    return First;
}

static VOID EmitMap(EMITTER *Emitter, SYMBOL *Map)
{
    SCRIPT_MAP Result = {.Kind = MapKindOf(Map), .KeyCount = Map->KeyCount, .KeySize = MapKeySize(Map)};

    if (Result.KeySize > SCRIPT_MAXIMUM_KEY) {
        CompilerError(Emitter->Compiler, &Map->Position,
                      "limit SCRIPT_MAXIMUM_KEY (%u): the key of '%.64s' has %u bytes", SCRIPT_MAXIMUM_KEY,
                      Map->Name, Result.KeySize);
    }
    Result.Name      = BlockString(Emitter, Map->Name, (UINT32)strlen(Map->Name));
    Result.FirstKey  = EmitKeyList(Emitter, Map);
    Result.Entries   = Map->KeyCount == 0 ? 1 : Map->Entries;
    Result.ValueType = BlockTypeOf(Emitter, Map->Type != NULL ? Map->Type : &g_TypeU64);
    Result.Minimum   = Map->Minimum;
    Result.Maximum   = Map->Maximum;
    Result.Step      = Map->Step;
    Map->Index       = BlockAdd(Emitter, SCRIPT_SECTION_MAPS, &Result);
    if (Map->Index >= SCRIPT_MAXIMUM_MAPS) {
        CompilerError(Emitter->Compiler, &Map->Position, "limit SCRIPT_MAXIMUM_MAPS (%u) reached",
                      SCRIPT_MAXIMUM_MAPS);
        CompilerGiveUp(Emitter->Compiler);
    }
}

static VOID EmitGlobal(EMITTER *Emitter, SYMBOL *Global)
{
    SCRIPT_GLOBAL Result = {.Size = ((UINT32)Global->Type->Size + 7) & ~7u};

    Result.Name   = BlockString(Emitter, Global->Name, (UINT32)strlen(Global->Name));
    Result.Type   = BlockTypeOf(Emitter, Global->Type);
    Global->Index = BlockAdd(Emitter, SCRIPT_SECTION_GLOBALS, &Result);
}

static VOID EmitSites(EMITTER *Emitter)
{
    SCRIPT_GLOBAL Result = {.Size = 8, .Flags = SCRIPT_GLOBAL_SITE};
    UINT32 Site;

    Emitter->FirstSite = Emitter->Sections[SCRIPT_SECTION_GLOBALS].Count;
    for (Site = 0; Site < Emitter->Compiler->SiteCount; Site++) {
        Result.Type = BlockTypeOf(Emitter, &g_TypeU64);
        BlockAdd(Emitter, SCRIPT_SECTION_GLOBALS, &Result);
    }
}

/* Symbols are kept newest first; the block has them in the order of the source. */
static SYMBOL *EmitReverse(SYMBOL *List)
{
    SYMBOL *Reversed = NULL;

    while (List != NULL) {
        SYMBOL *Next = List->Next;

        List->Next = Reversed;
        Reversed   = List;
        List       = Next;
    }
    return Reversed;
}

static VOID EmitData(EMITTER *Emitter)
{
    UINT32 Functions = 1;
    SYMBOL *Symbol;

    for (Symbol = Emitter->Compiler->Symbols; Symbol != NULL; Symbol = Symbol->Next) {
        if (Symbol->Kind == SYMBOL_MAP && Symbol->KeysKnown) {
            EmitMap(Emitter, Symbol);
        } else if (Symbol->Kind == SYMBOL_GLOBAL) {
            EmitGlobal(Emitter, Symbol);
        } else if (Symbol->Kind == SYMBOL_FUNCTION && Symbol->Body != NULL) {
            Symbol->Index = Functions++;
        }
    }
    EmitSites(Emitter);
}

SCRIPT_PROGRAM *EmitProgram(COMPILER *Compiler)
{
    EMITTER *Emitter = CompilerTake(Compiler, sizeof(*Emitter));
    SYMBOL *Symbol;

    Emitter->Compiler = Compiler;
    Compiler->Symbols = EmitReverse(Compiler->Symbols);
    Emitter->Function = Compiler->Function;
    BlockString(Emitter, "", 0);
    EmitData(Emitter);
    EmitFunction(Emitter, Compiler->Function, Compiler->Program);
    for (Symbol = Compiler->Symbols; Symbol != NULL; Symbol = Symbol->Next) {
        if (Symbol->Kind == SYMBOL_FUNCTION && Symbol->Body != NULL) {
            EmitFunction(Emitter, Symbol, Symbol->Body->Right);
        }
    }
    return Compiler->Errors == 0 ? BlockFinish(Emitter) : NULL;
}

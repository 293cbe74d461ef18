// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * EmitExpression.c - the code generator: values and conditions.
 *
 * Context: user space.
 */
#include <string.h>

#include "script/engine/Emit.h"

BOOLEAN EmitFitsImmediate(UINT64 Value)
{
    return (INT64)Value >= -0x80000000ll && (INT64)Value <= 0x7FFFFFFFll;
}

UINT32 EmitNumber(EMITTER *Emitter, UINT64 Value, UINT32 Want)
{
    UINT32 Target = EmitTarget(Emitter, Want);

    if (EmitFitsImmediate(Value)) {
        Emit(Emitter, SCRIPT_OP_LOAD_IMMEDIATE, Target, 0, 0, (INT32)Value);
    } else {
        Emit(Emitter, SCRIPT_OP_LOAD_CONSTANT, Target, 0, 0, (INT32)BlockConstant(Emitter, Value));
    }
    return Target;
}

static UINT32 EmitMove(EMITTER *Emitter, UINT32 Register, UINT32 Want)
{
    if (Want == EMIT_ANYWHERE || Want == Register) {
        return Register;
    }
    Emit(Emitter, SCRIPT_OP_MOVE, Want, Register, 0, 0);
    return Want;
}

/* --- conversions --- */

/* Whether every value of From is a value of To as it stands in a register. */
static BOOLEAN EmitHolds(const TYPE *From, const TYPE *To)
{
    if (To->Kind != TYPE_INTEGER || (To->Size == 8 && !To->IsBool)) {
        return TRUE;
    }
    if (To->IsBool || From->Kind != TYPE_INTEGER) {
        return From->Kind == TYPE_INTEGER && From->IsBool;
    }
    if (From->Size == To->Size) {
        return From->Signed == To->Signed || From->IsBool;
    }
    return From->Size < To->Size && (To->Signed || !From->Signed);
}

static UINT32 EmitExtension(const TYPE *Type)
{
    static const UINT32 Opcodes[2][3] = {{SCRIPT_OP_EXTEND_U8, SCRIPT_OP_EXTEND_U16, SCRIPT_OP_EXTEND_U32},
                                         {SCRIPT_OP_EXTEND_S8, SCRIPT_OP_EXTEND_S16, SCRIPT_OP_EXTEND_S32}};

    return Opcodes[Type->Signed][__builtin_ctzll(Type->Size)];
}

UINT32 EmitConvert(EMITTER *Emitter, UINT32 Register, const TYPE *From, const TYPE *To, UINT32 Want)
{
    UINT32 Target;

    if (EmitHolds(From, To)) {
        return EmitMove(Emitter, Register, Want);
    }
    Target = EmitTarget(Emitter, Want);
    if (To->IsBool) {
        Emit(Emitter, SCRIPT_OP_SET_NE_I, Target, Register, 0, 0);
    } else {
        Emit(Emitter, EmitExtension(To), Target, Register, 0, 0);
    }
    return Target;
}

UINT32 EmitAs(EMITTER *Emitter, NODE *Node, TYPE *Type, UINT32 Want)
{
    UINT32 Free = Emitter->Free;
    UINT32 Value;

    if (Node->IsConstant) {
        return EmitNumber(Emitter, TypeNormalize(Type, Node->Value), Want);
    }
    if (EmitHolds(Node->Type, Type)) {
        return EmitValue(Emitter, Node, Want);
    }
    Value         = EmitValue(Emitter, Node, EMIT_ANYWHERE);
    Emitter->Free = Free;
    return EmitConvert(Emitter, Value, Node->Type, Type, Want);
}

/* --- arithmetic --- */

/* The opcode of an operation in a type; the flavours of one operation stand in the order 64, S32, U32 (shifts
 * to the right: S64, U64, S32, U32), each with its immediate form behind it. */
static UINT32 EmitOpcode(TOKEN_KIND Operator, const TYPE *Type)
{
    BOOLEAN Is64   = Type->Kind != TYPE_INTEGER || Type->Size == 8;
    BOOLEAN Signed = Type->Kind == TYPE_INTEGER && Type->Signed;
    UINT32 Flavour = Is64 ? 0 : Signed ? 2 : 4;

    switch (Operator) {
    case TOKEN_ADD:
        return SCRIPT_OP_ADD_64 + Flavour;
    case TOKEN_SUBTRACT:
        return SCRIPT_OP_SUB_64 + Flavour;
    case TOKEN_MULTIPLY:
        return SCRIPT_OP_MUL_64 + Flavour;
    case TOKEN_SHIFT_LEFT:
        return SCRIPT_OP_SHL_64 + Flavour;
    case TOKEN_SHIFT_RIGHT:
        return SCRIPT_OP_SHR_S64 + (Is64 ? 0 : 4) + (Signed ? 0 : 2);
    case TOKEN_DIVIDE:
        return Signed ? SCRIPT_OP_DIV_S : SCRIPT_OP_DIV_U;
    case TOKEN_MODULO:
        return Signed ? SCRIPT_OP_MOD_S : SCRIPT_OP_MOD_U;
    case TOKEN_AND:
        return SCRIPT_OP_AND;
    case TOKEN_OR:
        return SCRIPT_OP_OR;
    default:
        return SCRIPT_OP_XOR;
    }
}
STATIC_ASSERT(SCRIPT_OP_ADD_S32 == SCRIPT_OP_ADD_64 + 2 && SCRIPT_OP_ADD_U32 == SCRIPT_OP_ADD_64 + 4);
STATIC_ASSERT(SCRIPT_OP_SHR_U64 == SCRIPT_OP_SHR_S64 + 2 && SCRIPT_OP_SHR_S32 == SCRIPT_OP_SHR_S64 + 4);

/* The size that a pointer moves by. */
static UINT64 EmitStride(const TYPE *Pointer)
{
    return Pointer->Target->Size != 0 ? Pointer->Target->Size : 1;
}

UINT32 EmitOperation(EMITTER *Emitter, TOKEN_KIND Operator, const TYPE *Type, UINT32 Left, NODE *Right,
                     UINT32 Want)
{
    UINT32 Opcode = EmitOpcode(Operator, Type);
    UINT32 Free   = Emitter->Free;
    BOOLEAN Shift = Operator == TOKEN_SHIFT_LEFT || Operator == TOKEN_SHIFT_RIGHT;
    UINT64 Value  = Right->IsConstant && !Shift ? TypeNormalize(Type, Right->Value) : Right->Value;
    UINT32 Operand;
    UINT32 Target;

    if (Right->IsConstant && EmitFitsImmediate(Value)) {
        Target = EmitTarget(Emitter, Want);
        Emit(Emitter, Opcode + 1, Target, Left, 0, (INT32)Value);
    } else {
        Operand       = EmitAs(Emitter, Right, (TYPE *)(Shift ? Right->Type : Type), EMIT_ANYWHERE);
        Emitter->Free = Free;
        Target        = EmitTarget(Emitter, Want);
        Emit(Emitter, Opcode, Target, Left, Operand, 0);
    }
    /* The only operation whose result may leave its type: the least number divided by -1. */
    if (Operator == TOKEN_DIVIDE && Type->Kind == TYPE_INTEGER && Type->Signed && Type->Size == 4) {
        Emit(Emitter, SCRIPT_OP_EXTEND_S32, Target, Target, 0, 0);
    }
    return Target;
}

/* Index times size, added to or subtracted from a pointer. */
static UINT32 EmitPointerStep(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    BOOLEAN LeftIsPointer = Node->Left->Type->Kind == TYPE_POINTER || Node->Left->Type->Kind == TYPE_ARRAY;
    NODE *Pointer         = LeftIsPointer ? Node->Left : Node->Right;
    NODE *Index           = LeftIsPointer ? Node->Right : Node->Left;
    UINT64 Stride         = EmitStride(Node->Operation);
    UINT32 Opcode         = Node->Operator == TOKEN_ADD ? SCRIPT_OP_ADD_64 : SCRIPT_OP_SUB_64;
    UINT32 Free           = Emitter->Free;
    UINT32 Base           = EmitValue(Emitter, Pointer, EMIT_ANYWHERE);
    UINT32 Scaled;
    UINT32 Target;

    if (Index->IsConstant && EmitFitsImmediate(Index->Value * Stride)) {
        Emitter->Free = Free;
        Target        = EmitTarget(Emitter, Want);
        Emit(Emitter, Opcode + 1, Target, Base, 0, (INT32)(Index->Value * Stride));
        return Target;
    }
    Scaled = EmitValue(Emitter, Index, EMIT_ANYWHERE);
    if (Stride != 1) {
        UINT32 Product = EmitTake(Emitter);

        Emit(Emitter, SCRIPT_OP_MUL_64_I, Product, Scaled, 0, (INT32)Stride);
        Scaled = Product;
    }
    Emitter->Free = Free;
    Target        = EmitTarget(Emitter, Want);
    Emit(Emitter, Opcode, Target, Base, Scaled, 0);
    return Target;
}

static UINT32 EmitPointerDifference(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Free  = Emitter->Free;
    UINT32 Left  = EmitValue(Emitter, Node->Left, EMIT_ANYWHERE);
    UINT32 Right = EmitValue(Emitter, Node->Right, EMIT_ANYWHERE);
    UINT32 Target;

    Emitter->Free = Free;
    Target        = EmitTarget(Emitter, Want);
    Emit(Emitter, SCRIPT_OP_SUB_64, Target, Left, Right, 0);
    if (EmitStride(Node->Operation) != 1) {
        Emit(Emitter, SCRIPT_OP_DIV_S_I, Target, Target, 0, (INT32)EmitStride(Node->Operation));
    }
    return Target;
}

static BOOLEAN EmitCommutes(TOKEN_KIND Operator)
{
    return Operator == TOKEN_ADD || Operator == TOKEN_MULTIPLY || Operator == TOKEN_AND ||
           Operator == TOKEN_OR || Operator == TOKEN_XOR;
}

/* --- comparisons --- */

static BOOLEAN EmitIsComparison(const NODE *Node)
{
    switch (Node->Operator) {
    case TOKEN_EQUAL:
    case TOKEN_NOT_EQUAL:
    case TOKEN_LESS:
    case TOKEN_LESS_EQUAL:
    case TOKEN_GREATER:
    case TOKEN_GREATER_EQUAL:
        return Node->Kind == NODE_BINARY;
    default:
        return FALSE;
    }
}

static CONDITION EmitConditionOf(TOKEN_KIND Operator, const TYPE *Type)
{
    BOOLEAN Signed = Type->Kind == TYPE_INTEGER && Type->Signed;

    switch (Operator) {
    case TOKEN_EQUAL:
        return CONDITION_EQ;
    case TOKEN_NOT_EQUAL:
        return CONDITION_NE;
    case TOKEN_LESS:
        return Signed ? CONDITION_LT_S : CONDITION_LT_U;
    case TOKEN_LESS_EQUAL:
        return Signed ? CONDITION_LE_S : CONDITION_LE_U;
    case TOKEN_GREATER:
        return Signed ? CONDITION_GT_S : CONDITION_GT_U;
    default:
        return Signed ? CONDITION_GE_S : CONDITION_GE_U;
    }
}

static CONDITION EmitOpposite(CONDITION Condition)
{
    /* ORDER CONDITION */
    static const CONDITION Opposites[] = {
        CONDITION_NE,   CONDITION_EQ,   CONDITION_GE_S, CONDITION_GT_S, CONDITION_GE_U,
        CONDITION_GT_U, CONDITION_LE_S, CONDITION_LT_S, CONDITION_LE_U, CONDITION_LT_U,
    };

    return Opposites[Condition];
}

/* x op y is y op' x. */
static CONDITION EmitMirror(CONDITION Condition)
{
    /* ORDER CONDITION */
    static const CONDITION Mirrors[] = {
        CONDITION_EQ,   CONDITION_NE,   CONDITION_GT_S, CONDITION_GE_S, CONDITION_GT_U,
        CONDITION_GE_U, CONDITION_LT_S, CONDITION_LE_S, CONDITION_LT_U, CONDITION_LE_U,
    };

    return Mirrors[Condition];
}

/* The operands of a comparison: two registers, or a register and an immediate. */
typedef struct _EMIT_OPERANDS {
    CONDITION Condition;
    UINT32 Left;
    UINT32 Right;
    BOOLEAN IsImmediate;
    INT32 Immediate;
} EMIT_OPERANDS;

static VOID EmitOperands(EMITTER *Emitter, NODE *Node, EMIT_OPERANDS *Operands)
{
    NODE *Left  = Node->Left;
    NODE *Right = Node->Right;
    TYPE *Type  = Node->Operation;
    UINT64 Value;

    memset(Operands, 0, sizeof(*Operands));
    if (Type->Kind == TYPE_STRING) {
        Operands->Condition   = EmitConditionOf(Node->Operator, &g_TypeS32);
        Operands->Left        = EmitStringCompare(Emitter, Left, Right);
        Operands->IsImmediate = TRUE;
        return;
    }
    Operands->Condition = EmitConditionOf(Node->Operator, Type);
    if (Left->IsConstant) {
        Left                = Node->Right;
        Right               = Node->Left;
        Operands->Condition = EmitMirror(Operands->Condition);
    }
    Operands->Left = EmitAs(Emitter, Left, Type, EMIT_ANYWHERE);
    Value          = TypeNormalize(Type, Right->Value);
    if (Right->IsConstant && EmitFitsImmediate(Value)) {
        Operands->IsImmediate = TRUE;
        Operands->Immediate   = (INT32)Value;
    } else {
        Operands->Right = EmitAs(Emitter, Right, Type, EMIT_ANYWHERE);
    }
}

/* The result of a comparison as a number. */
static UINT32 EmitComparison(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Free = Emitter->Free;
    EMIT_OPERANDS Operands;
    UINT32 Target;

    EmitOperands(Emitter, Node, &Operands);
    Emitter->Free = Free;
    Target        = EmitTarget(Emitter, Want);
    if (Operands.IsImmediate) {
        Emit(Emitter, SCRIPT_OP_SET_EQ_I + (UINT32)Operands.Condition, Target, Operands.Left, 0,
             Operands.Immediate);
    } else if (Operands.Condition >= CONDITION_GT_S) {
        Emit(Emitter, SCRIPT_OP_SET_EQ + (UINT32)EmitMirror(Operands.Condition), Target, Operands.Right,
             Operands.Left, 0);
    } else {
        Emit(Emitter, SCRIPT_OP_SET_EQ + (UINT32)Operands.Condition, Target, Operands.Left, Operands.Right,
             0);
    }
    return Target;
}

static VOID EmitComparisonJump(EMITTER *Emitter, NODE *Node, BOOLEAN JumpIf, LABEL *Label)
{
    EMIT_OPERANDS Operands;
    CONDITION Condition;

    EmitOperands(Emitter, Node, &Operands);
    Condition = JumpIf ? Operands.Condition : EmitOpposite(Operands.Condition);
    if (Operands.IsImmediate) {
        EmitJumpIfImmediate(Emitter, Condition, Operands.Left, Operands.Immediate, Label);
    } else {
        EmitJumpIf(Emitter, Condition, Operands.Left, Operands.Right, Label);
    }
}

/* (x & constant), or that compared with 0: tested by one instruction, where the jump goes forward. */
static BOOLEAN EmitBitTest(EMITTER *Emitter, NODE *Node, BOOLEAN JumpIf, LABEL *Label)
{
    if (EmitIsComparison(Node) && (Node->Operator == TOKEN_EQUAL || Node->Operator == TOKEN_NOT_EQUAL) &&
        Node->Right->IsConstant && Node->Right->Value == 0) {
        return EmitBitTest(Emitter, Node->Left, Node->Operator == TOKEN_NOT_EQUAL ? JumpIf : !JumpIf, Label);
    }
    if (Label->IsBound || Node->IsConstant || Node->Kind != NODE_BINARY || Node->Operator != TOKEN_AND ||
        !Node->Right->IsConstant || !EmitFitsImmediate(TypeNormalize(Node->Operation, Node->Right->Value))) {
        return FALSE;
    }
    EmitJumpIfBits(Emitter, JumpIf, EmitAs(Emitter, Node->Left, Node->Operation, EMIT_ANYWHERE),
                   (INT32)TypeNormalize(Node->Operation, Node->Right->Value), Label);
    return TRUE;
}

VOID EmitCondition(EMITTER *Emitter, NODE *Node, BOOLEAN JumpIf, LABEL *Label)
{
    UINT32 Free = Emitter->Free;
    LABEL Skip  = {0};

    if (Node->IsConstant) {
        if ((Node->Value != 0) == JumpIf) {
            EmitJump(Emitter, Label);
        }
    } else if (Node->Kind == NODE_UNARY && Node->Operator == TOKEN_NOT) {
        EmitCondition(Emitter, Node->Left, !JumpIf, Label);
    } else if (Node->Kind == NODE_LOGICAL && (Node->Operator == TOKEN_LOGICAL_OR) == JumpIf) {
        EmitCondition(Emitter, Node->Left, JumpIf, Label);
        EmitCondition(Emitter, Node->Right, JumpIf, Label);
    } else if (Node->Kind == NODE_LOGICAL) {
        EmitCondition(Emitter, Node->Left, !JumpIf, &Skip);
        EmitCondition(Emitter, Node->Right, JumpIf, Label);
        EmitBind(Emitter, &Skip);
    } else if (EmitBitTest(Emitter, Node, JumpIf, Label)) {
        /* done */
    } else if (EmitIsComparison(Node)) {
        EmitComparisonJump(Emitter, Node, JumpIf, Label);
    } else {
        EmitJumpIfImmediate(Emitter, JumpIf ? CONDITION_NE : CONDITION_EQ,
                            EmitValue(Emitter, Node, EMIT_ANYWHERE), 0, Label);
    }
    Emitter->Free = Free;
}

/* --- expressions --- */

static UINT32 EmitBinary(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    NODE *Left  = Node->Left;
    NODE *Right = Node->Right;
    UINT32 Free = Emitter->Free;
    UINT32 Value;

    if (EmitIsComparison(Node)) {
        return EmitComparison(Emitter, Node, Want);
    }
    if (Node->Operation->Kind == TYPE_POINTER) {
        return Node->Type->Kind == TYPE_POINTER ? EmitPointerStep(Emitter, Node, Want)
                                                : EmitPointerDifference(Emitter, Node, Want);
    }
    if (Left->IsConstant && EmitCommutes(Node->Operator)) {
        Left  = Node->Right;
        Right = Node->Left;
    }
    Value = EmitAs(Emitter, Left, Node->Operation, EMIT_ANYWHERE);
    /* The left value may be in a temporary that the result can take over, once the right one is known. */
    if (Right->IsConstant && EmitFitsImmediate(TypeNormalize(Node->Operation, Right->Value))) {
        Emitter->Free = Free;
    } else if (Want == EMIT_ANYWHERE && Emitter->Free > Free) {
        Want          = Free;
        Value         = EmitOperation(Emitter, Node->Operator, Node->Operation, Value, Right, Want);
        Emitter->Free = Free + 1;
        return Value;
    }
    Value = EmitOperation(Emitter, Node->Operator, Node->Operation, Value, Right, Want);
    if (Want != EMIT_ANYWHERE) {
        Emitter->Free = Free;
    }
    return Value;
}

static UINT32 EmitUnary(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Free = Emitter->Free;
    UINT32 Value;
    UINT32 Target;

    if (Node->Operator == TOKEN_ADD) {
        return EmitAs(Emitter, Node->Left, Node->Type, Want);
    }
    Value         = EmitAs(Emitter, Node->Left, Node->Operator == TOKEN_NOT ? Node->Left->Type : Node->Type,
                           EMIT_ANYWHERE);
    Emitter->Free = Free;
    Target        = EmitTarget(Emitter, Want);
    if (Node->Operator == TOKEN_NOT) {
        Emit(Emitter, SCRIPT_OP_SET_EQ_I, Target, Value, 0, 0);
        return Target;
    }
    Emit(Emitter, Node->Operator == TOKEN_SUBTRACT ? SCRIPT_OP_NEGATE : SCRIPT_OP_INVERT, Target, Value, 0,
         0);
    if (Node->Type->Size == 4 && (Node->Operator == TOKEN_SUBTRACT || !Node->Type->Signed)) {
        Emit(Emitter, EmitExtension(Node->Type), Target, Target, 0, 0);
    }
    return Target;
}

/* The target is written only at the end: the operands may be the variable that it belongs to. */
static UINT32 EmitLogical(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Target = EmitTarget(Emitter, Want);
    LABEL False   = {0};
    LABEL End     = {0};

    EmitCondition(Emitter, Node, FALSE, &False);
    EmitNumber(Emitter, 1, Target);
    EmitJump(Emitter, &End);
    EmitBind(Emitter, &False);
    EmitNumber(Emitter, 0, Target);
    EmitBind(Emitter, &End);
    return Target;
}

static UINT32 EmitConditional(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Target = EmitTarget(Emitter, Want);
    UINT32 Free   = Emitter->Free;
    LABEL Else    = {0};
    LABEL End     = {0};

    EmitCondition(Emitter, Node->Left, FALSE, &Else);
    EmitAs(Emitter, Node->Right, Node->Type, Target);
    Emitter->Free = Free;
    EmitJump(Emitter, &End);
    EmitBind(Emitter, &Else);
    EmitAs(Emitter, Node->Third, Node->Type, Target);
    Emitter->Free = Free;
    EmitBind(Emitter, &End);
    return Target;
}

static UINT32 EmitPlaceValue(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Free = Emitter->Free;
    PLACE Place;
    UINT32 Value;

    EmitPlace(Emitter, Node, &Place);
    if (Place.Kind == PLACE_REGISTER) {
        return EmitMove(Emitter, Place.Register, Want);
    }
    Emitter->Position = Node->Position;
    Emitter->Free     = Free;
    Value             = EmitLoadMember(Emitter, &Place, Node->Type, EmitTarget(Emitter, Want));
    return Value;
}

static UINT32 EmitAddress(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Free = Emitter->Free;
    PLACE Place;

    EmitPlace(Emitter, Node->Left, &Place);
    Emitter->Free = Free;
    return EmitPlaceAddress(Emitter, &Place, EmitTarget(Emitter, Want));
}

static UINT32 EmitString(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Target = EmitTarget(Emitter, Want);

    Emit(Emitter, SCRIPT_OP_STRING_ADDRESS, Target, 0, 0,
         (INT32)BlockString(Emitter, Node->Text, Node->Length));
    return Target;
}

static UINT32 EmitPseudo(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Target = EmitTarget(Emitter, Want);

    Emit(Emitter, SCRIPT_OP_PSEUDO_READ, Target, 0, 0, (INT32)Node->Value);
    return Target;
}

/* Where the calling convention has the arguments when the function is entered (System V ABI, 3.2.3). */
static UINT32 EmitArgument(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    static const UINT32 Registers[] = {SCRIPT_REGISTER_RDI, SCRIPT_REGISTER_RSI, SCRIPT_REGISTER_RDX,
                                       SCRIPT_REGISTER_RCX, SCRIPT_REGISTER_R8,  SCRIPT_REGISTER_R9};
    UINT32 Target                   = EmitTarget(Emitter, Want);

    if (Node->Value < COUNT_OF(Registers)) {
        Emit(Emitter, SCRIPT_OP_REGISTER_READ, Target, 0, 0, (INT32)Registers[Node->Value]);
    } else {
        Emit(Emitter, SCRIPT_OP_REGISTER_READ, Target, 0, 0, SCRIPT_REGISTER_RSP);
        Emit(Emitter, SCRIPT_OP_LOAD_64, Target, Target, 0,
             8 * ((INT32)Node->Value - (INT32)COUNT_OF(Registers) + 1));
    }
    return EmitConvert(Emitter, Target, &g_TypeU64, Node->Type, Target);
}

static UINT32 EmitSite(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Free   = Emitter->Free;
    UINT32 Every  = Node->Left != NULL ? EmitValue(Emitter, Node->Left, EMIT_ANYWHERE) : 0;
    UINT32 Opcode = Node->Kind == NODE_ONCE ? SCRIPT_OP_ONCE : SCRIPT_OP_EVERY;
    UINT32 Target;

    Emitter->Free = Free;
    Target        = EmitTarget(Emitter, Want);
    Emit(Emitter, Opcode, Target, Every, 0, (INT32)(Emitter->FirstSite + Node->Site));
    return Target;
}

static UINT32 EmitContainer(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    UINT32 Free  = Emitter->Free;
    UINT32 Value = EmitValue(Emitter, Node->Right, EMIT_ANYWHERE);
    UINT32 Target;

    Emitter->Free = Free;
    Target        = EmitTarget(Emitter, Want);
    Emit(Emitter, SCRIPT_OP_SUB_64_I, Target, Value, 0, (INT32)Node->Value);
    return Target;
}

UINT32 EmitValue(EMITTER *Emitter, NODE *Node, UINT32 Want)
{
    POSITION Position = Emitter->Position;
    UINT32 Value;

    if (Node->IsConstant) {
        return EmitNumber(Emitter, Node->Value, Want);
    }
    Emitter->Position = Node->Position;
    switch (Node->Kind) {
    case NODE_STRING:
        Value = EmitString(Emitter, Node, Want);
        break;
    case NODE_COMM:
        Value = EmitComm(Emitter, Want);
        break;
    case NODE_PSEUDO:
    case NODE_CLOCK:
        Value = EmitPseudo(Emitter, Node, Want);
        break;
    case NODE_ARGUMENT:
        Value = EmitArgument(Emitter, Node, Want);
        break;
    case NODE_UNARY:
        Value = EmitUnary(Emitter, Node, Want);
        break;
    case NODE_ADDRESS:
        Value = EmitAddress(Emitter, Node, Want);
        break;
    case NODE_BINARY:
        Value = EmitBinary(Emitter, Node, Want);
        break;
    case NODE_LOGICAL:
        Value = EmitLogical(Emitter, Node, Want);
        break;
    case NODE_CONDITIONAL:
        Value = EmitConditional(Emitter, Node, Want);
        break;
    case NODE_ASSIGN:
        Value = EmitAssign(Emitter, Node, Want);
        break;
    case NODE_STEP:
        Value = EmitStep(Emitter, Node, Want, TRUE);
        break;
    case NODE_CALL:
        Value = EmitCall(Emitter, Node, Want);
        break;
    case NODE_CAST:
        Value = EmitAs(Emitter, Node->Left, Node->Type, Want);
        break;
    case NODE_CONTAINER:
        Value = EmitContainer(Emitter, Node, Want);
        break;
    case NODE_ONCE:
    case NODE_EVERY:
        Value = EmitSite(Emitter, Node, Want);
        break;
    default:
        Value = EmitPlaceValue(Emitter, Node, Want);
        break;
    }
    Emitter->Position = Position;
    return Value;
}

VOID EmitDiscard(EMITTER *Emitter, NODE *Node)
{
    Emitter->Position = Node->Position;
    if (Node->Kind == NODE_STEP) {
        EmitStep(Emitter, Node, EMIT_ANYWHERE, FALSE);
    } else if (Node->Kind == NODE_ASSIGN) {
        EmitAssignOnly(Emitter, Node);
    } else if (!Node->IsConstant) {
        EmitValue(Emitter, Node, EMIT_ANYWHERE);
    }
}

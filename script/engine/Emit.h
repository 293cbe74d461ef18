/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Emit.h - what the parts of the code generator offer each other.
 *
 * Context: user space.
 *
 * Registers: a function's variables have fixed ones, from 0 on (parameters first); what is above is a stack
 * of temporaries, whose top is EMITTER.Free. A function that gives a value takes Want, the register where the
 * value is wanted, or EMIT_ANYWHERE; then it may be a variable's own register, which the caller must not
 * change.
 */
#ifndef HYPERDBG_SCRIPT_EMIT_H
#define HYPERDBG_SCRIPT_EMIT_H

#include "script/engine/Tree.h"

#define EMIT_ANYWHERE 0xFFFFFFFFu

/* A place that jumps go to; bound once it is known. */
typedef struct _LABEL_USE {
    struct _LABEL_USE *Next;
    UINT32 Instruction;
} LABEL_USE;

typedef struct _LABEL {
    BOOLEAN IsBound;
    UINT32 Target;
    LABEL_USE *Uses;
} LABEL;

/* A growing part of the block. */
typedef struct _EMIT_SECTION {
    UINT8 *Bytes;
    UINT32 Count;
    UINT32 Room;
} EMIT_SECTION;

typedef struct _EMITTER {
    COMPILER *Compiler;
    EMIT_SECTION Sections[SCRIPT_SECTION_COUNT];
    POSITION Position; /* of what is being emitted */
    /* of the function */
    SYMBOL *Function;
    UINT32 Free;      /* next free register */
    UINT32 Registers; /* needed so far */
    UINT32 FrameUsed;
    UINT32 FrameMost;
    LABEL *Break;
    LABEL *Continue;
    /* of the program */
    UINT32 FirstSite; /* global of the first `once` or `every` */
} EMITTER;

typedef enum _PLACE_KIND {
    PLACE_REGISTER, /* a variable's: Register */
    PLACE_FRAME,    /* Offset */
    PLACE_MEMORY,   /* Register + Offset */
    PLACE_PHYSICAL, /* Register */
    PLACE_GUEST,    /* a register of the guest: Name */
    PLACE_MAP,      /* Map, Offset of the key in the frame */
} PLACE_KIND;

typedef struct _PLACE {
    PLACE_KIND Kind;
    TYPE *Type;
    UINT32 Register;
    INT32 Offset;
    UINT32 BitFirst;
    UINT32 BitSize; /* 0: no bit-field */
    const REGISTER_NAME *Name;
    SYMBOL *Map;
} PLACE;

/* Conditions, in the order of the opcodes; those from GT_S on have no form with two registers. */
typedef enum _CONDITION {
    CONDITION_EQ,
    CONDITION_NE,
    CONDITION_LT_S,
    CONDITION_LE_S,
    CONDITION_LT_U,
    CONDITION_LE_U,
    CONDITION_GT_S,
    CONDITION_GE_S,
    CONDITION_GT_U,
    CONDITION_GE_U,
} CONDITION;

/* Block.c */
UINT32 BlockAdd(EMITTER *Emitter, SCRIPT_SECTION_KIND Kind, const VOID *Element);
UINT32 BlockString(EMITTER *Emitter, const CHAR *Text, UINT32 Length);
UINT32 BlockConstant(EMITTER *Emitter, UINT64 Value);
UINT32 BlockType(EMITTER *Emitter, const SCRIPT_TYPE *Type);
UINT32 BlockTypeOf(EMITTER *Emitter, const TYPE *Type);
SCRIPT_PROGRAM *BlockFinish(EMITTER *Emitter);

/* Emit.c: instructions, registers, labels, statements. */
UINT32 Emit(EMITTER *Emitter, UINT32 Opcode, UINT32 A, UINT32 B, UINT32 C, INT32 Immediate);
UINT32 EmitWithOffset(EMITTER *Emitter, UINT32 Opcode, UINT32 A, INT32 Offset, INT32 Immediate);
UINT32 EmitTake(EMITTER *Emitter);                /* a temporary */
UINT32 EmitTarget(EMITTER *Emitter, UINT32 Want); /* Want, or a temporary */
UINT32 EmitTakeFrame(EMITTER *Emitter, UINT32 Size);
VOID EmitJump(EMITTER *Emitter, LABEL *Label);
VOID EmitJumpIf(EMITTER *Emitter, CONDITION Condition, UINT32 Left, UINT32 Right, LABEL *Label);
VOID EmitJumpIfImmediate(EMITTER *Emitter, CONDITION Condition, UINT32 Left, INT32 Right, LABEL *Label);
VOID EmitJumpIfBits(EMITTER *Emitter, BOOLEAN IfSet, UINT32 Left, INT32 Bits,
                    LABEL *Label); /* Label is ahead */
VOID EmitBind(EMITTER *Emitter, LABEL *Label);

/* EmitExpression.c */
UINT32 EmitValue(EMITTER *Emitter, NODE *Node, UINT32 Want);          /* as the node's type */
UINT32 EmitAs(EMITTER *Emitter, NODE *Node, TYPE *Type, UINT32 Want); /* as another */
UINT32 EmitConvert(EMITTER *Emitter, UINT32 Register, const TYPE *From, const TYPE *To, UINT32 Want);
UINT32 EmitNumber(EMITTER *Emitter, UINT64 Value, UINT32 Want);
VOID EmitDiscard(EMITTER *Emitter, NODE *Node); /* for its effect only */
VOID EmitCondition(EMITTER *Emitter, NODE *Node, BOOLEAN JumpIf, LABEL *Label);
BOOLEAN EmitFitsImmediate(UINT64 Value);
/* Left op Right (a register, or a constant if RightNode is one) in a type. */
UINT32 EmitOperation(EMITTER *Emitter, TOKEN_KIND Operator, const TYPE *Type, UINT32 Left, NODE *Right,
                     UINT32 Want);

/* EmitPlace.c */
VOID EmitPlace(EMITTER *Emitter, NODE *Node, PLACE *Place);
UINT32 EmitPlaceAddress(EMITTER *Emitter, const PLACE *Place, UINT32 Want);
UINT32 EmitLoad(EMITTER *Emitter, const PLACE *Place, UINT32 Want);
UINT32 EmitLoadMember(EMITTER *Emitter, const PLACE *Place, const TYPE *Type, UINT32 Want);
VOID EmitStore(EMITTER *Emitter, const PLACE *Place, UINT32 Register);
VOID EmitAssignOnly(EMITTER *Emitter, NODE *Node); /* for its effect */
UINT32 EmitAssign(EMITTER *Emitter, NODE *Node, UINT32 Want);
UINT32 EmitStep(EMITTER *Emitter, NODE *Node, UINT32 Want, BOOLEAN IsUsed);
VOID EmitInitialize(EMITTER *Emitter, SYMBOL *Symbol, NODE *Value);

/* EmitCall.c */
UINT32 EmitCall(EMITTER *Emitter, NODE *Node, UINT32 Want);
UINT32 EmitStringCompare(EMITTER *Emitter, NODE *Left, NODE *Right);
VOID EmitMapKey(EMITTER *Emitter, SYMBOL *Map, NODE *Keys, INT32 *Offset);
UINT32 EmitMapAssign(EMITTER *Emitter, NODE *Node, UINT32 Want, BOOLEAN IsUsed);
UINT32 EmitComm(EMITTER *Emitter, UINT32 Want);
UINT32 MapKeySize(const SYMBOL *Map);
UINT32 MapKindOf(const SYMBOL *Map);

#endif

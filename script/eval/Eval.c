// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eval.c - the loop that runs a program.
 *
 * Context: any, VMX root mode included.
 *
 * The verifier has seen to it that registers, jumps, frames and indexes are good, so the loop checks none of
 * them. It checks what only a run can know: the budget at backward jumps and calls, the room for a call, and,
 * in the accessors, every address.
 *
 * The same source dispatches in two ways. With SCRIPT_COMPUTED_GOTO each operation jumps to the next one's
 * label, which is faster; without it, it is a switch, which is what kernels can build under every mitigation
 * of indirect jumps.
 */
#include "SDK/Bytecode.h"
#include "script/eval/Eval.h"
#include "script/eval/Map.h"
#include "script/eval/Run.h"

#ifndef SCRIPT_COMPUTED_GOTO
#ifdef __KERNEL__
#define SCRIPT_COMPUTED_GOTO 0
#else
#define SCRIPT_COMPUTED_GOTO 1
#endif
#endif

#define EVAL_NO_CALLER 0xFFFFFFFFu

/* What the loop keeps beside SCRIPT_RUN. */
typedef struct _EVAL_WINDOW {
    UINT32 Function;
    UINT32 Base;  /* of the registers, in Machine->Registers */
    UINT32 Frame; /* of the frame, in Machine->Memory, in bytes */
    UINT32 Depth; /* of calls */
} EVAL_WINDOW;

/* Makes room for a function and clears it (not its parameters). */
static BOOLEAN EvalEnter(SCRIPT_RUN *Run, const SCRIPT_FUNCTION *Function, UINT32 Base, UINT32 Frame)
{
    if (Base + Function->Registers > SCRIPT_STACK_REGISTERS) {
        return ScriptFault(Run, SCRIPT_STATUS_STACK_REGISTERS, 0);
    }
    if (Frame + Function->Frame > SCRIPT_STACK_BYTES) {
        return ScriptFault(Run, SCRIPT_STATUS_STACK_BYTES, 0);
    }
    ScriptZeroBytes(Run->Machine->Registers + Base + Function->Parameters,
                    8u * (Function->Registers - Function->Parameters));
    ScriptZeroBytes((UINT8 *)Run->Machine->Memory + Frame, Function->Frame);
    Run->FrameTop = Frame + Function->Frame;
    return TRUE;
}

static BOOLEAN EvalCall(SCRIPT_RUN *Run, EVAL_WINDOW *Window, const SCRIPT_INSTRUCTION *I, UINT32 Return)
{
    const SCRIPT_FUNCTION *Callee = &Run->Instance->View.Functions[I->Immediate];
    SCRIPT_CALL *Call             = &Run->Machine->Calls[Window->Depth];

    if (Window->Depth == SCRIPT_MAXIMUM_CALLS) {
        return ScriptFault(Run, SCRIPT_STATUS_CALLS, 0);
    }
    if (!ScriptCharge(Run, Callee->Count) || !EvalEnter(Run, Callee, Window->Base + I->A, Run->FrameTop)) {
        return FALSE;
    }
    Call->Return   = Return;
    Call->Function = Window->Function;
    Call->Window   = Window->Base;
    Call->Frame    = Window->Frame;

    Window->Function = (UINT32)I->Immediate;
    Window->Base += I->A;
    Window->Frame = Run->FrameTop - Callee->Frame;
    Window->Depth++;
    return TRUE;
}

/* Back to the caller; returns the instruction to go on with, EVAL_NO_CALLER from the program itself. */
static UINT32 EvalReturn(SCRIPT_RUN *Run, EVAL_WINDOW *Window)
{
    const SCRIPT_CALL *Call;

    if (Window->Depth == 0) {
        return EVAL_NO_CALLER;
    }
    Call             = &Run->Machine->Calls[--Window->Depth];
    Run->FrameTop    = Window->Frame;
    Window->Function = Call->Function;
    Window->Base     = Call->Window;
    Window->Frame    = Call->Frame;
    return Call->Return;
}

/* As ScriptReadMemory, but what a loop does most, reading the guest, costs one call only. */
static inline BOOLEAN EvalRead(SCRIPT_RUN *Run, UINT64 Address, PVOID Buffer, UINT32 Size)
{
    if (!ScriptIsOwnAddress(Address) && Run->Host->ReadVirtual != NULL) {
        return Run->Host->ReadVirtual(Run->Context, Address, Buffer, Size) ||
               ScriptFault(Run, SCRIPT_STATUS_READ, Address);
    }
    return ScriptReadMemory(Run, Address, Buffer, Size);
}

static UINT64 *EvalSite(const SCRIPT_RUN *Run, UINT32 Global)
{
    return (UINT64 *)(Run->Instance->Globals + Run->Instance->GlobalOffsets[Global]);
}

static UINT64 EvalOnce(const SCRIPT_RUN *Run, UINT32 Global)
{
    UINT64 *Site = EvalSite(Run, Global);

    return __atomic_load_n(Site, __ATOMIC_RELAXED) == 0 &&
           __atomic_exchange_n(Site, 1, __ATOMIC_RELAXED) == 0;
}

static BOOLEAN EvalEvery(SCRIPT_RUN *Run, UINT32 Global, UINT64 Every, UINT64 *Result)
{
    if (Every == 0) {
        return ScriptFault(Run, SCRIPT_STATUS_ZERO_EVERY, 0);
    }
    *Result = __atomic_add_fetch(EvalSite(Run, Global), 1, __ATOMIC_RELAXED) % Every == 0;
    return TRUE;
}

static BOOLEAN EvalDivide(SCRIPT_RUN *Run, UINT64 Left, UINT64 Right, BOOLEAN Modulo, UINT64 *Result)
{
    if (Right == 0) {
        return ScriptFault(Run, SCRIPT_STATUS_DIVISION, 0);
    }
    if ((INT64)Right == -1) {
        *Result = Modulo ? 0 : 0 - Left;
    } else {
        *Result = Modulo ? (UINT64)((INT64)Left % (INT64)Right) : (UINT64)((INT64)Left / (INT64)Right);
    }
    return TRUE;
}

static BOOLEAN EvalDivideUnsigned(SCRIPT_RUN *Run, UINT64 Left, UINT64 Right, BOOLEAN Modulo, UINT64 *Result)
{
    if (Right == 0) {
        return ScriptFault(Run, SCRIPT_STATUS_DIVISION, 0);
    }
    *Result = Modulo ? Left % Right : Left / Right;
    return TRUE;
}

static UINT64 EvalFieldGet(UINT64 Value, UINT32 Bits, UINT32 Place)
{
    UINT32 First = Place & 63;
    UINT32 Up    = 64 - Bits - First;

    if ((Place & SCRIPT_FIELD_SIGNED) != 0) {
        return (UINT64)((INT64)(Value << Up) >> (64 - Bits));
    }
    return Value << Up >> (64 - Bits);
}

static UINT64 EvalFieldPut(UINT64 Old, UINT64 Value, UINT32 Bits, UINT32 Place)
{
    UINT64 Mask = ~0ull >> (64 - Bits) << (Place & 63);

    return (Old & ~Mask) | (Value << (Place & 63) & Mask);
}

static BOOLEAN EvalFrameString(SCRIPT_RUN *Run, UINT64 Address, UINT8 *Place, UINT32 Size)
{
    UINT32 Length;
    CHAR Buffer[SCRIPT_MAXIMUM_STRING];

    /* Not read in place: the source may be this part of the frame. */
    if (!ScriptCharge(Run, Size / 8) || !ScriptReadString(Run, Address, 1, Buffer, Size, &Length)) {
        return FALSE;
    }
    ScriptCopyBytes(Place, Buffer, Length);
    ScriptZeroBytes(Place + Length, Size - Length);
    return TRUE;
}

static BOOLEAN EvalFrameComm(SCRIPT_RUN *Run, UINT8 *Place)
{
    ScriptZeroBytes(Place, SCRIPT_COMM_BYTES);
    if (Run->Host->ReadComm == NULL || !Run->Host->ReadComm(Run->Context, (CHAR *)Place)) {
        return ScriptFault(Run, SCRIPT_STATUS_PSEUDO, 0);
    }
    Place[SCRIPT_COMM_BYTES - 1] = 0;
    return TRUE;
}

static VOID EvalFrameStack(SCRIPT_RUN *Run, UINT8 *Place)
{
    ScriptZeroBytes(Place, SCRIPT_STACK_FRAMES * 8);
    if (Run->Host->ReadStack != NULL) {
        Run->Host->ReadStack(Run->Context, (UINT64 *)Place, SCRIPT_STACK_FRAMES);
    }
}

static BOOLEAN EvalCopy(SCRIPT_RUN *Run, UINT64 Destination, UINT64 Source, UINT32 Size)
{
    return ScriptCopyMemory(Run, Destination, Source, Size);
}

static BOOLEAN EvalReadRegister(SCRIPT_RUN *Run, UINT32 Register, UINT64 *Value)
{
    if (Run->Host->ReadRegister == NULL || !Run->Host->ReadRegister(Run->Context, Register, Value)) {
        return ScriptFault(Run, SCRIPT_STATUS_REGISTER, Register);
    }
    return TRUE;
}

static BOOLEAN EvalWriteRegister(SCRIPT_RUN *Run, UINT32 Register, UINT64 Value)
{
    if (Run->Host->WriteRegister == NULL || !Run->Host->WriteRegister(Run->Context, Register, Value)) {
        return ScriptFault(Run, SCRIPT_STATUS_REGISTER, Register);
    }
    return TRUE;
}

static BOOLEAN EvalReadPseudo(SCRIPT_RUN *Run, UINT32 Pseudo, UINT64 *Value)
{
    if (Run->Host->ReadPseudo == NULL || !Run->Host->ReadPseudo(Run->Context, Pseudo, Value)) {
        return ScriptFault(Run, SCRIPT_STATUS_PSEUDO, Pseudo);
    }
    return TRUE;
}

static VOID EvalStop(SCRIPT_RUN *Run)
{
    if (Run->Host->Stop != NULL) {
        Run->Host->Stop(Run->Context);
    }
}

static VOID EvalPrintMap(SCRIPT_RUN *Run, UINT32 Map)
{
    if (Run->Host->PrintMap != NULL) {
        Run->Host->PrintMap(Run->Context, Map);
    }
}

/* --- the loop ---
 * R: registers of the active function; F: its frame; I: the instruction at work. */

#if SCRIPT_COMPUTED_GOTO
#define CASE(Name) Label_##Name:
#define NEXT                                                                                                 \
    do {                                                                                                     \
        I++;                                                                                                 \
        goto *Labels[I->Opcode];                                                                             \
    } while (0)
#define START goto *Labels[I->Opcode];
#define FINISH
#else
#define CASE(Name) case SCRIPT_OP_##Name:
#define NEXT       break
#define START                                                                                                \
    for (;; I++) {                                                                                           \
        switch (I->Opcode) {
#define FINISH                                                                                               \
    default:                                                                                                 \
        __builtin_unreachable();                                                                             \
        }                                                                                                    \
        }
#endif

#define RA  (R[I->A])
#define RB  (R[I->B])
#define RC  (R[I->C])
#define IMM ((UINT64)(INT64)I->Immediate)

/* Backward jumps pay for what they repeat, and only they. */
#define BACKWARD(Distance)                                                                                   \
    do {                                                                                                     \
        Run.Budget += (Distance);                                                                            \
        if (__builtin_expect(Run.Budget < 0, 0)) {                                                           \
            Run.Status = SCRIPT_STATUS_BUDGET;                                                               \
            goto Fault;                                                                                      \
        }                                                                                                    \
        I += (Distance);                                                                                     \
    } while (0)

#define CHECK(Condition)                                                                                     \
    do {                                                                                                     \
        if (__builtin_expect(!(Condition), 0)) {                                                             \
            goto Fault;                                                                                      \
        }                                                                                                    \
    } while (0)

#define BINARY(Name, Expression)                                                                             \
    CASE(Name)                                                                                               \
    {                                                                                                        \
        UINT64 x = RB, y = RC;                                                                               \
        RA = (Expression);                                                                                   \
        NEXT;                                                                                                \
    }                                                                                                        \
    CASE(Name##_I)                                                                                           \
    {                                                                                                        \
        UINT64 x = RB, y = IMM;                                                                              \
        RA = (Expression);                                                                                   \
        NEXT;                                                                                                \
    }

#define DIVIDE(Name, Function, Modulo)                                                                       \
    CASE(Name)                                                                                               \
    CHECK(Function(&Run, RB, RC, Modulo, &RA));                                                              \
    NEXT;                                                                                                    \
    CASE(Name##_I)                                                                                           \
    CHECK(Function(&Run, RB, IMM, Modulo, &RA));                                                             \
    NEXT;

#define UNARY(Name, Expression)                                                                              \
    CASE(Name)                                                                                               \
    {                                                                                                        \
        UINT64 x = RB;                                                                                       \
        RA       = (Expression);                                                                             \
        NEXT;                                                                                                \
    }

#define SIGNED_32(Value)   ((UINT64)(INT64)(INT32)(UINT32)(Value))
#define UNSIGNED_32(Value) ((UINT64)(UINT32)(Value))

#define COMPARE_RR(Name, Operator, Type)                                                                     \
    CASE(SET_##Name)                                                                                         \
    RA = (Type)RB Operator(Type) RC;                                                                         \
    NEXT;                                                                                                    \
    CASE(JUMP_##Name)                                                                                        \
    if ((Type)RA Operator(Type) RB) {                                                                        \
        I += I->Immediate;                                                                                   \
    }                                                                                                        \
    NEXT;                                                                                                    \
    CASE(LOOP_##Name)                                                                                        \
    if ((Type)RA Operator(Type) RB) {                                                                        \
        BACKWARD(I->Immediate);                                                                              \
    }                                                                                                        \
    NEXT;

#define COMPARE_RI(Name, Operator, Type)                                                                     \
    CASE(SET_##Name##_I)                                                                                     \
    RA = (Type)RB Operator(Type) IMM;                                                                        \
    NEXT;                                                                                                    \
    CASE(JUMP_##Name##_I)                                                                                    \
    if ((Type)RA Operator(Type) IMM) {                                                                       \
        I += I->Offset;                                                                                      \
    }                                                                                                        \
    NEXT;                                                                                                    \
    CASE(LOOP_##Name##_I)                                                                                    \
    if ((Type)RA Operator(Type) IMM) {                                                                       \
        BACKWARD(I->Offset);                                                                                 \
    }                                                                                                        \
    NEXT;

#define COUNT(Name, Type)                                                                                    \
    CASE(LOOP_COUNT_##Name)                                                                                  \
    {                                                                                                        \
        Type Value = (Type)(RA + 1);                                                                         \
        RA         = (UINT64)(INT64)Value;                                                                   \
        if (Value < (Type)RB) {                                                                              \
            BACKWARD(I->Immediate);                                                                          \
        }                                                                                                    \
        NEXT;                                                                                                \
    }                                                                                                        \
    CASE(LOOP_COUNT_##Name##_I)                                                                              \
    {                                                                                                        \
        Type Value = (Type)(RA + 1);                                                                         \
        RA         = (UINT64)(INT64)Value;                                                                   \
        if (Value < (Type)IMM) {                                                                             \
            BACKWARD(I->Offset);                                                                             \
        }                                                                                                    \
        NEXT;                                                                                                \
    }

/* A value of Type, extended to 64 bits by its sign. */
#define LOAD(Name, Type, Width)                                                                              \
    CASE(LOAD_##Name)                                                                                        \
    {                                                                                                        \
        Type Value;                                                                                          \
        CHECK(EvalRead(&Run, RB + IMM, &Value, Width));                                                      \
        RA = (UINT64)(INT64)Value;                                                                           \
        NEXT;                                                                                                \
    }                                                                                                        \
    CASE(FRAME_LOAD_##Name)                                                                                  \
    {                                                                                                        \
        Type Value;                                                                                          \
        ScriptCopyBytes(&Value, F + I->Immediate, Width);                                                    \
        RA = (UINT64)(INT64)Value;                                                                           \
        NEXT;                                                                                                \
    }                                                                                                        \
    CASE(PHYSICAL_LOAD_##Name)                                                                               \
    {                                                                                                        \
        Type Value;                                                                                          \
        CHECK(ScriptReadPhysical(&Run, RB + IMM, &Value, Width));                                            \
        RA = (UINT64)(INT64)Value;                                                                           \
        NEXT;                                                                                                \
    }

#define STORE(Name, Type, Width)                                                                             \
    CASE(STORE_##Name)                                                                                       \
    {                                                                                                        \
        Type Value = (Type)RA;                                                                               \
        CHECK(ScriptWriteMemory(&Run, RB + IMM, &Value, Width));                                             \
        NEXT;                                                                                                \
    }                                                                                                        \
    CASE(FRAME_STORE_##Name)                                                                                 \
    {                                                                                                        \
        Type Value = (Type)RA;                                                                               \
        ScriptCopyBytes(F + I->Immediate, &Value, Width);                                                    \
        NEXT;                                                                                                \
    }                                                                                                        \
    CASE(PHYSICAL_STORE_##Name)                                                                              \
    {                                                                                                        \
        Type Value = (Type)RA;                                                                               \
        CHECK(ScriptWritePhysical(&Run, RB + IMM, &Value, Width));                                           \
        NEXT;                                                                                                \
    }

/* A call or a return has moved the window. */
#define MOVE_WINDOW                                                                                          \
    do {                                                                                                     \
        R = Machine->Registers + Window.Base;                                                                \
        F = (UINT8 *)Machine->Memory + Window.Frame;                                                         \
    } while (0)

SCRIPT_STATUS ScriptEvaluate(const SCRIPT_INSTANCE *Instance, SCRIPT_MACHINE *Machine,
                             const SCRIPT_HOST_OPERATIONS *Host, PVOID Context, UINT32 Core, UINT64 Budget,
                             SCRIPT_RESULT *Result)
{
#if SCRIPT_COMPUTED_GOTO
    /* ORDER SCRIPT_OPCODE */
    static const VOID *const Labels[SCRIPT_OPCODE_COUNT] = {
#define X(Name, Shape, Meaning) [SCRIPT_OP_##Name] = &&Label_##Name,
        SCRIPT_OTHER_OPCODES(X)
#undef X
#define X(Name, Meaning) [SCRIPT_OP_##Name] = &&Label_##Name, [SCRIPT_OP_##Name##_I] = &&Label_##Name##_I,
            SCRIPT_BINARY_OPCODES(X)
#undef X
#define X(Name, Operator, Type)                                                                              \
    [SCRIPT_OP_SET_##Name] = &&Label_SET_##Name, [SCRIPT_OP_JUMP_##Name] = &&Label_JUMP_##Name,              \
    [SCRIPT_OP_LOOP_##Name] = &&Label_LOOP_##Name,
                SCRIPT_COMPARE_RR(X)
#undef X
#define X(Name, Operator, Type)                                                                              \
    [SCRIPT_OP_SET_##Name##_I]  = &&Label_SET_##Name##_I,                                                    \
    [SCRIPT_OP_JUMP_##Name##_I] = &&Label_JUMP_##Name##_I,                                                   \
    [SCRIPT_OP_LOOP_##Name##_I] = &&Label_LOOP_##Name##_I,
                    SCRIPT_COMPARE_RI(X)
#undef X
#define X(Name, Type)                                                                                        \
    [SCRIPT_OP_LOOP_COUNT_##Name]     = &&Label_LOOP_COUNT_##Name,                                           \
    [SCRIPT_OP_LOOP_COUNT_##Name##_I] = &&Label_LOOP_COUNT_##Name##_I,
                        SCRIPT_COUNT_OPCODES(X)
#undef X
#define X(Name, Type, Width)                                                                                 \
    [SCRIPT_OP_LOAD_##Name]          = &&Label_LOAD_##Name,                                                  \
    [SCRIPT_OP_FRAME_LOAD_##Name]    = &&Label_FRAME_LOAD_##Name,                                            \
    [SCRIPT_OP_PHYSICAL_LOAD_##Name] = &&Label_PHYSICAL_LOAD_##Name,
                            SCRIPT_LOAD_OPCODES(X)
#undef X
#define X(Name, Type, Width)                                                                                 \
    [SCRIPT_OP_STORE_##Name]          = &&Label_STORE_##Name,                                                \
    [SCRIPT_OP_FRAME_STORE_##Name]    = &&Label_FRAME_STORE_##Name,                                          \
    [SCRIPT_OP_PHYSICAL_STORE_##Name] = &&Label_PHYSICAL_STORE_##Name,
                                SCRIPT_STORE_OPCODES(X)
#undef X
    };
#endif
    SCRIPT_RUN Run = {
        .Instance = Instance, .Machine = Machine, .Host = Host, .Context = Context, .Core = Core};
    EVAL_WINDOW Window          = {0};
    const SCRIPT_INSTRUCTION *I = Instance->View.Code;
    UINT64 *R                   = Machine->Registers;
    UINT8 *F                    = (UINT8 *)Machine->Memory;
    UINT32 Return;

    Run.Budget = Budget > 0x7FFFFFFFFFFFFFFFull ? 0x7FFFFFFFFFFFFFFFll : (INT64)Budget;
    CHECK(EvalEnter(&Run, &Instance->View.Functions[0], 0, 0));
    START

    CASE(END)
    goto End;
    CASE(STOP)
    EvalStop(&Run);
    goto End;
    CASE(RETURN)
    {
        UINT64 Value = RA;
        Return       = EvalReturn(&Run, &Window);
        if (Return == EVAL_NO_CALLER) {
            goto End;
        }
        R[0] = Value;
        MOVE_WINDOW;
        I = Instance->View.Code + Return;
        NEXT;
    }
    CASE(CALL)
    CHECK(EvalCall(&Run, &Window, I, (UINT32)(I - Instance->View.Code)));
    MOVE_WINDOW;
    I = Instance->View.Code + Instance->View.Functions[Window.Function].Start - 1;
    NEXT;
    CASE(BUILTIN)
    CHECK(ScriptCallBuiltin(&Run, (UINT32)I->Immediate, I->B, &RA));
    NEXT;
    CASE(JUMP)
    I += I->Immediate;
    NEXT;
    CASE(LOOP)
    BACKWARD(I->Immediate);
    NEXT;

    CASE(JUMP_CLEAR_I)
    if ((RA & IMM) == 0) {
        I += I->Offset;
    }
    NEXT;
    CASE(JUMP_SET_I)
    if ((RA & IMM) != 0) {
        I += I->Offset;
    }
    NEXT;
    CASE(MOVE)
    RA = RB;
    NEXT;
    CASE(LOAD_IMMEDIATE)
    RA = IMM;
    NEXT;
    CASE(LOAD_CONSTANT)
    RA = Instance->View.Constants[I->Immediate];
    NEXT;
    UNARY(NEGATE, 0 - x)
    UNARY(INVERT, ~x)
    UNARY(EXTEND_S8, (UINT64)(INT64)(INT8)x)
    UNARY(EXTEND_S16, (UINT64)(INT64)(INT16)x)
    UNARY(EXTEND_S32, (UINT64)(INT64)(INT32)x)
    UNARY(EXTEND_U8, (UINT8)x)
    UNARY(EXTEND_U16, (UINT16)x)
    UNARY(EXTEND_U32, (UINT32)x)
    CASE(FIELD_GET)
    RA = EvalFieldGet(RB, I->C, (UINT32)I->Immediate);
    NEXT;
    CASE(FIELD_PUT)
    RA = EvalFieldPut(RA, RB, I->C, (UINT32)I->Immediate);
    NEXT;

    BINARY(ADD_64, x + y)
    BINARY(ADD_S32, SIGNED_32(x + y))
    BINARY(ADD_U32, UNSIGNED_32(x + y))
    BINARY(SUB_64, x - y)
    BINARY(SUB_S32, SIGNED_32(x - y))
    BINARY(SUB_U32, UNSIGNED_32(x - y))
    BINARY(MUL_64, x * y)
    BINARY(MUL_S32, SIGNED_32(x * y))
    BINARY(MUL_U32, UNSIGNED_32(x * y))
    DIVIDE(DIV_S, EvalDivide, FALSE)
    DIVIDE(DIV_U, EvalDivideUnsigned, FALSE)
    DIVIDE(MOD_S, EvalDivide, TRUE)
    DIVIDE(MOD_U, EvalDivideUnsigned, TRUE)
    BINARY(AND, x & y)
    BINARY(OR, x | y)
    BINARY(XOR, x ^ y)
    BINARY(SHL_64, x << (y & 63))
    BINARY(SHL_S32, SIGNED_32(x << (y & 31)))
    BINARY(SHL_U32, UNSIGNED_32(x << (y & 31)))
    BINARY(SHR_S64, (UINT64)((INT64)x >> (y & 63)))
    BINARY(SHR_U64, x >> (y & 63))
    BINARY(SHR_S32, (UINT64)((INT64)x >> (y & 31)))
    BINARY(SHR_U32, x >> (y & 31))

    SCRIPT_COMPARE_RR(COMPARE_RR)
    SCRIPT_COMPARE_RI(COMPARE_RI)
    SCRIPT_COUNT_OPCODES(COUNT)
    SCRIPT_LOAD_OPCODES(LOAD)
    SCRIPT_STORE_OPCODES(STORE)

    CASE(FRAME_ADDRESS)
    RA = SCRIPT_ADDRESS(SCRIPT_SEGMENT_FRAME, Window.Frame + (UINT32)I->Immediate);
    NEXT;
    CASE(FRAME_ZERO)
    ScriptZeroBytes(F + I->Immediate, (UINT32)I->Offset);
    NEXT;
    CASE(FRAME_STRING)
    CHECK(EvalFrameString(&Run, RA, F + I->Immediate, (UINT32)I->Offset));
    NEXT;
    CASE(FRAME_COMM)
    CHECK(EvalFrameComm(&Run, F + I->Immediate));
    NEXT;
    CASE(FRAME_STACK)
    EvalFrameStack(&Run, F + I->Immediate);
    NEXT;
    CASE(STRING_ADDRESS)
    RA = SCRIPT_ADDRESS(SCRIPT_SEGMENT_STRING, I->Immediate);
    NEXT;
    CASE(GLOBAL_ADDRESS)
    RA = SCRIPT_ADDRESS(SCRIPT_SEGMENT_GLOBAL, Instance->GlobalOffsets[I->Immediate]);
    NEXT;
    CASE(COPY)
    CHECK(EvalCopy(&Run, RA, RB, (UINT32)I->Immediate));
    NEXT;
    CASE(ONCE)
    RA = EvalOnce(&Run, (UINT32)I->Immediate);
    NEXT;
    CASE(EVERY)
    CHECK(EvalEvery(&Run, (UINT32)I->Immediate, RB, &RA));
    NEXT;

    CASE(REGISTER_READ)
    CHECK(EvalReadRegister(&Run, (UINT32)I->Immediate, &RA));
    NEXT;
    CASE(REGISTER_WRITE)
    CHECK(EvalWriteRegister(&Run, (UINT32)I->Immediate, RA));
    NEXT;
    CASE(PSEUDO_READ)
    CHECK(EvalReadPseudo(&Run, (UINT32)I->Immediate, &RA));
    NEXT;
    CASE(PRINTF)
    CHECK(ScriptSendRecord(&Run, (UINT32)I->Immediate, &RA));
    NEXT;
    CASE(MAP_GET)
    RA = ScriptMapGet(&Instance->View.Maps[I->B], Instance->Maps[I->B], Instance->Cores, F + I->Immediate);
    NEXT;
    CASE(MAP_SET)
    ScriptMapSet(&Instance->View.Maps[I->B], Instance->Maps[I->B], Instance->Cores, Core, F + I->Immediate,
                 RA);
    NEXT;
    CASE(MAP_UPDATE)
    ScriptMapUpdate(&Instance->View.Maps[I->B], Instance->Maps[I->B], Instance->Cores, Core, F + I->Immediate,
                    RA);
    NEXT;
    CASE(MAP_DELETE)
    ScriptMapDelete(&Instance->View.Maps[I->B], Instance->Maps[I->B], Instance->Cores, Core,
                    F + I->Immediate);
    NEXT;
    CASE(MAP_PRINT)
    EvalPrintMap(&Run, I->B);
    NEXT;
    FINISH

End:
    Run.Status = SCRIPT_STATUS_SUCCESS;
Fault:
    Result->Status      = Run.Status;
    Result->Instruction = (UINT32)(I - Instance->View.Code);
    Result->Address     = Run.Address;
    Result->Operations  = Run.Budget < 0 ? Budget : Budget - (UINT64)Run.Budget;
    return Run.Status;
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Eval.h - running a verified program: the public face of the evaluator.
 *
 * Context: any, VMX root mode included. No libc, no allocation, no lock, no floating point; all memory comes
 * from the caller, and the evaluator's own use of the stack is below SCRIPT_EVALUATE_STACK bytes (without the
 * host's operations).
 *
 * Order of use:
 *   ScriptVerify        (Verify.h)  the block, once, when it arrives; copy it first: it must not change
 * afterwards ScriptViewProgram               its sections as pointers ScriptLayoutGlobals             how
 * much memory globals need; or the host gives offsets, to share globals by name ScriptMapBytes      (Map.h)
 * how much memory each map needs; zero it ScriptEvaluate                  each time the event comes, on any
 * core ScriptFormatRecord  (Format.h)  turns the records that a run sends into text, anywhere, any time later
 */
#ifndef HYPERDBG_SCRIPT_EVAL_H
#define HYPERDBG_SCRIPT_EVAL_H

#include "SDK/Bytecode.h"

#define SCRIPT_EVALUATE_STACK 1024

/* The sections of a verified block as pointers. */
typedef struct _SCRIPT_VIEW {
    const SCRIPT_PROGRAM *Program;
    const SCRIPT_INSTRUCTION *Code;
    const UINT64 *Constants;
    const CHAR *Strings;
    const SCRIPT_FORMAT *Formats;
    const SCRIPT_FUNCTION *Functions;
    const UINT16 *Lists;
    const SCRIPT_MAP *Maps;
    const SCRIPT_GLOBAL *Globals;
    const SCRIPT_TYPE *Types;
    const SCRIPT_LINE *Lines;
    UINT32 Counts[SCRIPT_SECTION_COUNT];
} SCRIPT_VIEW;

/* What the evaluator needs of the world. Every operation gets the Context given to ScriptEvaluate and is
 * called in the context of that call. None may sleep or loop without bound. A member may be NULL: the
 * operation then fails. */
typedef struct _SCRIPT_HOST_OPERATIONS {
    /* Copy Size bytes (1..SCRIPT_MAXIMUM_FRAME) of guest memory; FALSE if one of them cannot be accessed, in
     * which case what was copied is unspecified. The range may cross pages. */
    BOOLEAN (*ReadVirtual)(PVOID Context, UINT64 Address, PVOID Buffer, UINT32 Size);
    BOOLEAN (*WriteVirtual)(PVOID Context, UINT64 Address, const VOID *Buffer, UINT32 Size);
    BOOLEAN (*ReadPhysical)(PVOID Context, UINT64 Address, PVOID Buffer, UINT32 Size);
    BOOLEAN (*WritePhysical)(PVOID Context, UINT64 Address, const VOID *Buffer, UINT32 Size);
    /* A SCRIPT_REGISTER of the guest on this core; FALSE if there is no such register here. */
    BOOLEAN (*ReadRegister)(PVOID Context, UINT32 Register, UINT64 *Value);
    BOOLEAN (*WriteRegister)(PVOID Context, UINT32 Register, UINT64 Value);
    /* A SCRIPT_PSEUDO; FALSE if it means nothing here (a time that is not known in this context, ...). */
    BOOLEAN (*ReadPseudo)(PVOID Context, UINT32 Pseudo, UINT64 *Value);
    /* The name of the current task, SCRIPT_COMM_BYTES bytes, zeros after it. */
    BOOLEAN (*ReadComm)(PVOID Context, CHAR *Comm);
    /* Up to Maximum return addresses of the interrupted stack, innermost first; returns how many. */
    UINT32 (*ReadStack)(PVOID Context, UINT64 *Addresses, UINT32 Maximum);
    /* A record of Size bytes (Format.h); valid during the call only. */
    VOID (*Output)(PVOID Context, const VOID *Record, UINT32 Size);
    /* A SCRIPT_BUILTIN of the host; the number of Arguments is the one of SCRIPT_BUILTINS. *Result is 0
     * before the call. FALSE ends the run with SCRIPT_STATUS_REFUSED. */
    BOOLEAN (*Control)(PVOID Context, UINT32 Builtin, const UINT64 *Arguments, UINT64 *Result);
    /* The script wants to be run no more (the run itself goes on to its end at once). */
    VOID (*Stop)(PVOID Context);
    /* Show the map now (later, outside of the exit). */
    VOID (*PrintMap)(PVOID Context, UINT32 Map);
} SCRIPT_HOST_OPERATIONS;

/* Why a run ended. */
#define SCRIPT_STATUSES(X)                                                                                   \
    X(SUCCESS, "success")                                                                                    \
    X(BUDGET, "the budget of operations is spent")                                                           \
    X(READ, "memory cannot be read")                                                                         \
    X(WRITE, "memory cannot be written")                                                                     \
    X(DIVISION, "division by zero")                                                                          \
    X(STACK_REGISTERS, "limit SCRIPT_STACK_REGISTERS reached")                                               \
    X(STACK_BYTES, "limit SCRIPT_STACK_BYTES reached")                                                       \
    X(CALLS, "limit SCRIPT_MAXIMUM_CALLS reached")                                                           \
    X(REGISTER, "no such register here")                                                                     \
    X(PSEUDO, "no such pseudo-register here")                                                                \
    X(REFUSED, "function is not available here")                                                             \
    X(ZERO_EVERY, "every(0) means nothing")                                                                  \
    X(NOT_SHARED, "an interlocked function needs the address of 8 aligned bytes of the script")

typedef enum _SCRIPT_STATUS {
#define X(Name, Text) SCRIPT_STATUS_##Name,
    SCRIPT_STATUSES(X)
#undef X
        SCRIPT_STATUS_COUNT
} SCRIPT_STATUS;

typedef struct _SCRIPT_RESULT {
    SCRIPT_STATUS Status;
    UINT32 Instruction; /* where it ended */
    UINT64 Address;     /* READ and WRITE: the address; REGISTER, PSEUDO, REFUSED: the number */
    UINT64 Operations;  /* charged to the budget */
} SCRIPT_RESULT;

/* A loaded program with its memory, shared by all cores. Filled in by the host, once. */
typedef struct _SCRIPT_INSTANCE {
    SCRIPT_VIEW View;
    UINT8 *Globals; /* aligned to 8, zero in the beginning */
    UINT32 GlobalBytes;
    const UINT32 *GlobalOffsets; /* per global: where it begins in Globals, a multiple of 8 */
    PVOID *Maps; /* per map: ScriptMapBytes(Map, Cores) bytes, aligned to 64, zero in the beginning */
    UINT32 Cores;
} SCRIPT_INSTANCE;

typedef struct _SCRIPT_CALL {
    UINT32 Return;
    UINT32 Function;
    UINT32 Window;
    UINT32 Frame;
} SCRIPT_CALL;

/* What a run works in: one per core, allocated before; its contents are of no interest between runs. */
typedef struct _SCRIPT_MACHINE {
    UINT64 Registers[SCRIPT_STACK_REGISTERS];
    UINT64 Memory[SCRIPT_STACK_BYTES / 8];
    UINT64 Record[SCRIPT_RECORD_BYTES / 8];
    SCRIPT_CALL Calls[SCRIPT_MAXIMUM_CALLS];
} SCRIPT_MACHINE;

/* The sections of a block that ScriptVerify accepted. */
VOID ScriptViewProgram(const SCRIPT_PROGRAM *Program, SCRIPT_VIEW *View);

/* Gives every global a place, one after the other; returns the bytes needed. Offsets has one element per
 * global. */
UINT32 ScriptLayoutGlobals(const SCRIPT_VIEW *View, UINT32 *Offsets);

/* One run.
 *   Core    0..Instance->Cores - 1: whose part of the maps is written; no two runs on one core at the same
 * time Budget  operations, at least 1 Result  why and where it ended Returns Result->Status. */
SCRIPT_STATUS ScriptEvaluate(const SCRIPT_INSTANCE *Instance, SCRIPT_MACHINE *Machine,
                             const SCRIPT_HOST_OPERATIONS *Host, PVOID Context, UINT32 Core, UINT64 Budget,
                             SCRIPT_RESULT *Result);

/* A status in words. */
const CHAR *ScriptStatusText(SCRIPT_STATUS Status);

/* The place in the source that an instruction comes from; NULL if the program does not say. */
const SCRIPT_LINE *ScriptFindLine(const SCRIPT_VIEW *View, UINT32 Instruction);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Bytecode.h - the specification of the scripts' bytecode: what script/engine makes, what script/eval
 * verifies and runs.
 *
 * Context: any. This header is the documentation; there is no other.
 *
 * A program is one block of memory: a header, then sections. It holds no pointer, so it can cross to the
 * kernel as it is; every reference is an index into a section or an offset into the strings. The block is
 * aligned to 8 bytes.
 *
 *     +--------+------+-----------+---------+---------+-----------+-------+------+---------+-------+---------+
 *     | header | code | constants | strings | formats | functions | lists | maps | globals | types |  lines |
 *     +--------+------+-----------+---------+---------+-----------+-------+------+---------+-------+---------+
 *
 * The machine
 *   - Registers: each function has a window of up to SCRIPT_MAXIMUM_REGISTERS 64-bit registers R0, R1, ... A
 * value of a narrower type is always kept as that type's value extended to 64 bits (by its sign): an `int` -1
 * is all ones. An operation of a narrower type therefore comes in flavours (_S32, _U32) that bring its result
 * into that form.
 *   - Frame: each function has up to SCRIPT_MAXIMUM_FRAME bytes for arrays, structures, strings and map keys.
 *     Registers and frame are zero when a function is entered (parameters excepted).
 *   - Script addresses: what lives in the machine itself has addresses that no guest can have (they are not
 * canonical): SCRIPT_ADDRESS_TAG in bits 63:48, the segment in bits 47:32, the offset in bits 31:0. So a
 * pointer is a number, and LOAD and STORE reach the guest or the machine by what the address says; both are
 * checked on each access.
 *   - Calls: the arguments stand in R[A], R[A+1], ...; the callee's window begins there; its result comes
 * back in R[A].
 *   - Budget: a run has a number of operations. A backward jump costs the distance it jumps, a call the
 * length of the callee, a function that works on a range one per 8 bytes. Nothing else can repeat, so a run
 * executes at most its budget plus the length of the program. The budget spent, the run ends with
 * SCRIPT_STATUS_BUDGET.
 *
 * An instruction has 8 bytes:
 *
 *      0        8        16       24       32                              64
 *     +--------+--------+--------+--------+-------------------------------+
 *     | Opcode |   A    |   B    |   C    |           Immediate           |
 *     +--------+--------+--------+--------+-------------------------------+
 *                       |<---  Offset --->|
 *
 * The shape of an opcode (SCRIPT_SHAPE) says which fields it uses; the others must be zero. Jump distances
 * count from the instruction after the jump, in instructions.
 */
#ifndef HYPERDBG_SDK_BYTECODE_H
#define HYPERDBG_SDK_BYTECODE_H

#include "SDK/BasicTypes.h"

#define SCRIPT_MAGIC   0x43425348 /* "HSBC" in memory */
#define SCRIPT_VERSION 1

/* --- limits ---
 * SCRIPT_SHRINK_LIMITS makes a build for tests whose limits are met early. */
#ifdef SCRIPT_SHRINK_LIMITS
/* per function; variables may take all but SCRIPT_RESERVED_TEMPORARIES */
#define SCRIPT_MAXIMUM_REGISTERS    12
#define SCRIPT_RESERVED_TEMPORARIES 10  /* left to expressions, so that 2 are free for variables */
#define SCRIPT_MAXIMUM_FRAME        256 /* bytes per function */
#define SCRIPT_STACK_REGISTERS      128 /* all active windows together */
#define SCRIPT_STACK_BYTES          768 /* all active frames together */
#define SCRIPT_MAXIMUM_CALLS        8   /* depth of calls */
#define SCRIPT_RECORD_BYTES         512 /* one printf with all its strings */
#define SCRIPT_DEFAULT_MAP_ENTRIES  8   /* per core */
#define SCRIPT_MAXIMUM_MAP_ENTRIES  16
#define SCRIPT_MAXIMUM_INSTRUCTIONS 1024
#define SCRIPT_MAXIMUM_GLOBAL_BYTES 1024
#else
#define SCRIPT_MAXIMUM_REGISTERS    200
#define SCRIPT_RESERVED_TEMPORARIES 64
#define SCRIPT_MAXIMUM_FRAME        4096
#define SCRIPT_STACK_REGISTERS      1024
#define SCRIPT_STACK_BYTES          8192
#define SCRIPT_MAXIMUM_CALLS        64
#define SCRIPT_RECORD_BYTES         2048
#define SCRIPT_DEFAULT_MAP_ENTRIES  1024
#define SCRIPT_MAXIMUM_MAP_ENTRIES  65536
#define SCRIPT_MAXIMUM_INSTRUCTIONS 32000
#define SCRIPT_MAXIMUM_GLOBAL_BYTES 65536
#endif
#define SCRIPT_MAXIMUM_BLOCK     (4u << 20) /* bytes of a program */
#define SCRIPT_MAXIMUM_MAPS      64
#define SCRIPT_MAXIMUM_FUNCTIONS 256
#define SCRIPT_MAXIMUM_GLOBALS   1024
#define SCRIPT_MAXIMUM_KEY       256 /* bytes of a map's key */
#define SCRIPT_MAXIMUM_BUCKETS   128 /* of a histogram */
#define SCRIPT_MAXIMUM_ARGUMENTS 32  /* of a printf */
#define SCRIPT_MAXIMUM_STRING    256 /* bytes of a string read for %s or str(), its end included */
#define SCRIPT_DEFAULT_STRING    64  /* where the program names no size */
#define SCRIPT_COMM_BYTES        16  /* $comm, its end included */
#define SCRIPT_STACK_FRAMES      16  /* of kstack() */
#define SCRIPT_DEFAULT_BUDGET    1000000
#define SCRIPT_MINIMUM_FRAMES    1

/* --- script addresses --- */
#define SCRIPT_ADDRESS_TAG           0x5C5Cull
#define SCRIPT_ADDRESS_TAG_SHIFT     48
#define SCRIPT_ADDRESS_SEGMENT_SHIFT 32
#define SCRIPT_SEGMENT_FRAME         0 /* the frames of the active functions: read and write */
#define SCRIPT_SEGMENT_GLOBAL        1 /* globals, shared by all cores: read and write */
#define SCRIPT_SEGMENT_STRING        2 /* the strings of the program: read only */
#define SCRIPT_ADDRESS(Segment, Offset)                                                                      \
    ((SCRIPT_ADDRESS_TAG << SCRIPT_ADDRESS_TAG_SHIFT) |                                                      \
     ((UINT64)(Segment) << SCRIPT_ADDRESS_SEGMENT_SHIFT) | (UINT32)(Offset))

/* --- instructions --- */
typedef struct _SCRIPT_INSTRUCTION {
    UINT8 Opcode;
    UINT8 A;
    union {
        struct {
            UINT8 B;
            UINT8 C;
        };
        INT16 Offset;
    };
    INT32 Immediate;
} SCRIPT_INSTRUCTION;
STATIC_ASSERT(sizeof(SCRIPT_INSTRUCTION) == 8);

/* What the fields of an instruction are. "R" is a register, "I" the immediate as a sign-extended number. */
typedef enum _SCRIPT_SHAPE {
    SCRIPT_SHAPE_NONE,         /* no operand */
    SCRIPT_SHAPE_R,            /* A */
    SCRIPT_SHAPE_RR,           /* A, B */
    SCRIPT_SHAPE_RRR,          /* A, B, C */
    SCRIPT_SHAPE_RI,           /* A, immediate */
    SCRIPT_SHAPE_RRI,          /* A, B, immediate */
    SCRIPT_SHAPE_CONSTANT,     /* A, immediate = index of a constant */
    SCRIPT_SHAPE_JUMP,         /* immediate = distance, forward */
    SCRIPT_SHAPE_JUMP_RR,      /* A, B, immediate = distance, forward */
    SCRIPT_SHAPE_JUMP_RI,      /* A, immediate, Offset = distance, forward */
    SCRIPT_SHAPE_LOOP,         /* as SCRIPT_SHAPE_JUMP, backward */
    SCRIPT_SHAPE_LOOP_RR,      /* as SCRIPT_SHAPE_JUMP_RR, backward */
    SCRIPT_SHAPE_LOOP_RI,      /* as SCRIPT_SHAPE_JUMP_RI, backward */
    SCRIPT_SHAPE_FRAME_1,      /* A, immediate = offset of 1 byte of the frame; ... */
    SCRIPT_SHAPE_FRAME_2,      /* ... 2 bytes */
    SCRIPT_SHAPE_FRAME_4,      /* ... 4 bytes */
    SCRIPT_SHAPE_FRAME_8,      /* ... 8 bytes */
    SCRIPT_SHAPE_FRAME_SIZE,   /* A, immediate = offset in the frame, Offset = size in
                                  bytes, 1..SCRIPT_MAXIMUM_FRAME */
    SCRIPT_SHAPE_FRAME_STRING, /* as FRAME_SIZE, but size is at most SCRIPT_MAXIMUM_STRING */
    SCRIPT_SHAPE_FRAME_COMM,   /* immediate = offset of SCRIPT_COMM_BYTES of the frame */
    SCRIPT_SHAPE_FRAME_STACK,  /* immediate = offset of SCRIPT_STACK_FRAMES * 8 bytes of the frame, aligned to
                                  8 */
    SCRIPT_SHAPE_STRING,       /* A, immediate = offset in the strings */
    SCRIPT_SHAPE_GLOBAL,       /* A, immediate = index of a global */
    SCRIPT_SHAPE_SITE,         /* A, B, immediate = index of a global of 8 bytes */
    SCRIPT_SHAPE_REGISTER,     /* A, immediate = SCRIPT_REGISTER */
    SCRIPT_SHAPE_PSEUDO,       /* A, immediate = SCRIPT_PSEUDO */
    SCRIPT_SHAPE_FIELD,        /* A, B, C = bits 1..64, immediate = first bit 0..63 | SCRIPT_FIELD_SIGNED */
    SCRIPT_SHAPE_CALL,    /* A = first argument, B = number of arguments, immediate = index of a function */
    SCRIPT_SHAPE_BUILTIN, /* A = first argument and result, B = number of arguments, immediate =
                             SCRIPT_BUILTIN */
    SCRIPT_SHAPE_PRINTF,  /* A = first argument, B = number of arguments, immediate = index of a format */
    SCRIPT_SHAPE_MAP, /* A, B = index of a map, immediate = offset of its key in the frame, aligned to 8 */
    SCRIPT_SHAPE_MAP_INDEX, /* B = index of a map */
    SCRIPT_SHAPE_COUNT
} SCRIPT_SHAPE;

#define SCRIPT_FIELD_SIGNED 0x100

/* Binary operations: NAME, what R[A] becomes of x = R[B] and y = R[C] (or the immediate: NAME_I). */
#define SCRIPT_BINARY_OPCODES(X)                                                                             \
    X(ADD_64, "x + y")                                                                                       \
    X(ADD_S32, "x + y in 32 bits, sign-extended")                                                            \
    X(ADD_U32, "x + y in 32 bits, zero-extended")                                                            \
    X(SUB_64, "x - y")                                                                                       \
    X(SUB_S32, "x - y in 32 bits, sign-extended")                                                            \
    X(SUB_U32, "x - y in 32 bits, zero-extended")                                                            \
    X(MUL_64, "x * y")                                                                                       \
    X(MUL_S32, "x * y in 32 bits, sign-extended")                                                            \
    X(MUL_U32, "x * y in 32 bits, zero-extended")                                                            \
    X(DIV_S, "x / y, signed; y = 0 ends the run; the least number by -1 is itself")                          \
    X(DIV_U, "x / y, unsigned; y = 0 ends the run")                                                          \
    X(MOD_S, "x % y, signed, sign of x; y = 0 ends the run; anything by -1 is 0")                            \
    X(MOD_U, "x % y, unsigned; y = 0 ends the run")                                                          \
    X(AND, "x & y")                                                                                          \
    X(OR, "x | y")                                                                                           \
    X(XOR, "x ^ y")                                                                                          \
    X(SHL_64, "x << (y & 63)")                                                                               \
    X(SHL_S32, "x << (y & 31) in 32 bits, sign-extended")                                                    \
    X(SHL_U32, "x << (y & 31) in 32 bits, zero-extended")                                                    \
    X(SHR_S64, "x >> (y & 63), sign shifted in")                                                             \
    X(SHR_U64, "x >> (y & 63), zero shifted in")                                                             \
    X(SHR_S32, "x >> (y & 31), sign shifted in; x is a signed 32-bit value")                                 \
    X(SHR_U32, "x >> (y & 31), zero shifted in; x is an unsigned 32-bit value")

/* Comparisons of two registers; the other orders are these with x and y swapped. */
#define SCRIPT_COMPARE_RR(X)                                                                                 \
    X(EQ, ==, UINT64)                                                                                        \
    X(NE, !=, UINT64)                                                                                        \
    X(LT_S, <, INT64)                                                                                        \
    X(LE_S, <=, INT64)                                                                                       \
    X(LT_U, <, UINT64)                                                                                       \
    X(LE_U, <=, UINT64)

/* Comparisons of a register and the immediate. */
#define SCRIPT_COMPARE_RI(X)                                                                                 \
    SCRIPT_COMPARE_RR(X)                                                                                     \
    X(GT_S, >, INT64)                                                                                        \
    X(GE_S, >=, INT64)                                                                                       \
    X(GT_U, >, UINT64)                                                                                       \
    X(GE_U, >=, UINT64)

/* The end of a counting loop: R[A]++ in the type, then if (R[A] < R[B]) or (R[A] < immediate: NAME_I) jump
 * backward. */
#define SCRIPT_COUNT_OPCODES(X)                                                                              \
    X(U64, UINT64)                                                                                           \
    X(S64, INT64)                                                                                            \
    X(S32, INT32)

/* Loads: NAME, C type, width in bytes. Narrow results are extended by the sign of the type. */
#define SCRIPT_LOAD_OPCODES(X)                                                                               \
    X(U8, UINT8, 1)                                                                                          \
    X(S8, INT8, 1)                                                                                           \
    X(U16, UINT16, 2)                                                                                        \
    X(S16, INT16, 2)                                                                                         \
    X(U32, UINT32, 4)                                                                                        \
    X(S32, INT32, 4)                                                                                         \
    X(64, UINT64, 8)

#define SCRIPT_STORE_OPCODES(X)                                                                              \
    X(8, UINT8, 1)                                                                                           \
    X(16, UINT16, 2)                                                                                         \
    X(32, UINT32, 4)                                                                                         \
    X(64, UINT64, 8)

/* Everything else: NAME, shape, meaning. */
#define SCRIPT_OTHER_OPCODES(X)                                                                              \
    X(END, NONE, "the run ends well")                                                                        \
    X(STOP, NONE, "the run ends well and the host is asked to run the script no more")                       \
    X(RETURN, R, "return to the caller with R[A]; from function 0: END")                                     \
    X(MOVE, RR, "R[A] = R[B]")                                                                               \
    X(LOAD_IMMEDIATE, RI, "R[A] = immediate")                                                                \
    X(LOAD_CONSTANT, CONSTANT, "R[A] = constant")                                                            \
    X(NEGATE, RR, "R[A] = -R[B] in 64 bits")                                                                 \
    X(INVERT, RR, "R[A] = ~R[B] in 64 bits")                                                                 \
    X(EXTEND_S8, RR, "R[A] = low 8 bits of R[B], sign-extended")                                             \
    X(EXTEND_S16, RR, "R[A] = low 16 bits of R[B], sign-extended")                                           \
    X(EXTEND_S32, RR, "R[A] = low 32 bits of R[B], sign-extended")                                           \
    X(EXTEND_U8, RR, "R[A] = low 8 bits of R[B]")                                                            \
    X(EXTEND_U16, RR, "R[A] = low 16 bits of R[B]")                                                          \
    X(EXTEND_U32, RR, "R[A] = low 32 bits of R[B]")                                                          \
    X(FIELD_GET, FIELD, "R[A] = a bit-field of R[B]")                                                        \
    X(FIELD_PUT, FIELD, "a bit-field of R[A] = R[B]")                                                        \
    X(JUMP, JUMP, "jump")                                                                                    \
    X(LOOP, LOOP, "jump backward")                                                                           \
    X(JUMP_CLEAR_I, JUMP_RI, "if ((R[A] & immediate) == 0) jump")                                            \
    X(JUMP_SET_I, JUMP_RI, "if ((R[A] & immediate) != 0) jump")                                              \
    X(CALL, CALL, "call a function of the program")                                                          \
    X(BUILTIN, BUILTIN, "call a function of SCRIPT_BUILTINS")                                                \
    X(FRAME_ADDRESS, FRAME_1, "R[A] = script address of a place in the frame")                               \
    X(FRAME_ZERO, FRAME_SIZE, "zero a part of the frame (A is 0)")                                           \
    X(FRAME_STRING, FRAME_STRING,                                                                            \
      "copy the string at address R[A] into the frame, cut to the size, zeros after it")                     \
    X(FRAME_COMM, FRAME_COMM, "the name of the current task, zeros after it")                                \
    X(FRAME_STACK, FRAME_STACK,                                                                              \
      "the return addresses of the kernel's stack, innermost first, zeros after them")                       \
    X(STRING_ADDRESS, STRING, "R[A] = script address of a string")                                           \
    X(GLOBAL_ADDRESS, GLOBAL, "R[A] = script address of a global")                                           \
    X(COPY, RRI, "copy immediate (1..SCRIPT_MAXIMUM_FRAME) bytes from address R[B] to address R[A]")         \
    X(ONCE, SITE, "R[A] = 1 the first time any core comes here, then 0 (B is 0)")                            \
    X(EVERY, SITE, "R[A] = 1 each R[B]-th time that some core comes here, else 0; R[B] = 0 ends the run")    \
    X(REGISTER_READ, REGISTER, "R[A] = register of the guest")                                               \
    X(REGISTER_WRITE, REGISTER, "register of the guest = R[A]")                                              \
    X(PSEUDO_READ, PSEUDO, "R[A] = pseudo-register")                                                         \
    X(PRINTF, PRINTF, "send a record: the format's index and its arguments")                                 \
    X(MAP_GET, MAP, "R[A] = value under the key, merged over the cores; 0 where there is none")              \
    X(MAP_SET, MAP, "value under the key = R[A] (a map of kind LAST)")                                       \
    X(MAP_UPDATE, MAP, "give R[A] to the aggregation under the key")                                         \
    X(MAP_DELETE, MAP, "forget the key (a map of kind LAST; A is 0)")                                        \
    X(MAP_PRINT, MAP_INDEX, "ask the host to show the map")

typedef enum _SCRIPT_OPCODE {
#define X(Name, Shape, Meaning) SCRIPT_OP_##Name,
    SCRIPT_OTHER_OPCODES(X)
#undef X
#define X(Name, Meaning) SCRIPT_OP_##Name, SCRIPT_OP_##Name##_I,
        SCRIPT_BINARY_OPCODES(X)
#undef X
/* R[A] = R[B] op R[C] */
#define X(Name, Operator, Type) SCRIPT_OP_SET_##Name,
            SCRIPT_COMPARE_RR(X)
#undef X
/* R[A] = R[B] op immediate */
#define X(Name, Operator, Type) SCRIPT_OP_SET_##Name##_I,
                SCRIPT_COMPARE_RI(X)
#undef X
/* if (R[A] op R[B]) jump; and the same backward */
#define X(Name, Operator, Type) SCRIPT_OP_JUMP_##Name, SCRIPT_OP_LOOP_##Name,
                    SCRIPT_COMPARE_RR(X)
#undef X
/* if (R[A] op immediate) jump; and the same backward */
#define X(Name, Operator, Type) SCRIPT_OP_JUMP_##Name##_I, SCRIPT_OP_LOOP_##Name##_I,
                        SCRIPT_COMPARE_RI(X)
#undef X
#define X(Name, Type) SCRIPT_OP_LOOP_COUNT_##Name, SCRIPT_OP_LOOP_COUNT_##Name##_I,
                            SCRIPT_COUNT_OPCODES(X)
#undef X
/* R[A] = value at address R[B] + immediate; at an offset of the frame; at physical address R[B] + immediate
 */
#define X(Name, Type, Width)                                                                                 \
    SCRIPT_OP_LOAD_##Name, SCRIPT_OP_FRAME_LOAD_##Name, SCRIPT_OP_PHYSICAL_LOAD_##Name,
                                SCRIPT_LOAD_OPCODES(X)
#undef X
/* value at address R[B] + immediate, at an offset of the frame, at physical address R[B] + immediate = R[A]
 */
#define X(Name, Type, Width)                                                                                 \
    SCRIPT_OP_STORE_##Name, SCRIPT_OP_FRAME_STORE_##Name, SCRIPT_OP_PHYSICAL_STORE_##Name,
                                    SCRIPT_STORE_OPCODES(X)
#undef X
                                        SCRIPT_OPCODE_COUNT
} SCRIPT_OPCODE;
STATIC_ASSERT(SCRIPT_OPCODE_COUNT <= 256);

/* --- functions that the machine or its host provides ---
 * NAME, spelling in the language, number of arguments, meaning. Those up to SCRIPT_BUILTIN_HOST are carried
 * out by the evaluator, the others by the host's Control operation. All give a value; where there is nothing
 * to say it is 0. */
#define SCRIPT_BUILTINS(X)                                                                                   \
    X(STRLEN, "strlen", 1, "length of the string at an address")                                             \
    X(STRCMP, "strcmp", 2, "compare two strings: -1, 0, 1")                                                  \
    X(STRNCMP, "strncmp", 3, "compare at most n bytes of two strings")                                       \
    X(WCSLEN, "wcslen", 1, "as strlen, 16-bit characters")                                                   \
    X(WCSCMP, "wcscmp", 2, "as strcmp, 16-bit characters")                                                   \
    X(WCSNCMP, "wcsncmp", 3, "as strncmp, 16-bit characters")                                                \
    X(MEMCMP, "memcmp", 3, "compare n bytes: -1, 0, 1")                                                      \
    X(MEMCPY, "memcpy", 3, "copy n bytes: destination, source, n")                                           \
    X(MEMCPY_PA, "memcpy_pa", 3, "copy n bytes between physical addresses")                                  \
    X(CHECK_ADDRESS, "check_address", 1, "1 if a byte can be read there, else 0")                            \
    X(INTERLOCKED_INCREMENT, "interlocked_increment", 1,                                                     \
      "add 1 to the 8 bytes at a script address; new value")                                                 \
    X(INTERLOCKED_DECREMENT, "interlocked_decrement", 1, "subtract 1; new value")                            \
    X(INTERLOCKED_EXCHANGE, "interlocked_exchange", 2, "store a value; old value")                           \
    X(INTERLOCKED_EXCHANGE_ADD, "interlocked_exchange_add", 2, "add a value; old value")                     \
    X(INTERLOCKED_COMPARE_EXCHANGE, "interlocked_compare_exchange", 3,                                       \
      "store the second if it holds the third; old value")                                                   \
    X(SPINLOCK_LOCK, "spinlock_lock", 1,                                                                     \
      "wait until the lock is free, as long as the budget lasts; take it")                                   \
    X(SPINLOCK_LOCK_CUSTOM_WAIT, "spinlock_lock_custom_wait", 2, "the same, at most n tries; 1 if taken")    \
    X(SPINLOCK_UNLOCK, "spinlock_unlock", 1, "free the lock")                                                \
    X(VIRTUAL_TO_PHYSICAL, "virtual_to_physical", 1, "physical address, 0 if not mapped")                    \
    X(PHYSICAL_TO_VIRTUAL, "physical_to_virtual", 1, "kernel virtual address")                               \
    X(RDTSC, "rdtsc", 0, "time-stamp counter")                                                               \
    X(RDTSCP, "rdtscp", 0, "time-stamp counter, ordered")                                                    \
    X(DISASSEMBLE_LEN, "disassemble_len", 1, "length of the instruction at an address")                      \
    X(DISASSEMBLE_LEN32, "disassemble_len32", 1, "the same, 32-bit code")                                    \
    X(DISASSEMBLE_LEN64, "disassemble_len64", 1, "the same, 64-bit code")                                    \
    X(PAUSE, "pause", 0, "halt the machine in the debugger")                                                 \
    X(FLUSH, "flush", 0, "send what is waiting in the buffers")                                              \
    X(MICROSLEEP, "microsleep", 1, "wait some microseconds")                                                 \
    X(EVENT_ENABLE, "event_enable", 1, "enable the event with an id")                                        \
    X(EVENT_DISABLE, "event_disable", 1, "disable it")                                                       \
    X(EVENT_CLEAR, "event_clear", 1, "remove it")                                                            \
    X(EVENT_SC, "event_sc", 1, "short-circuit this event (1) or not (0)")                                    \
    X(EVENT_INJECT, "event_inject", 2, "inject an event: type, vector")                                      \
    X(EVENT_INJECT_ERROR_CODE, "event_inject_error_code", 3, "inject an event: type, vector, error code")    \
    X(EVENT_TRACE_STEP, "event_trace_step", 0, "arm the trace event for the next step")                      \
    X(EVENT_TRACE_STEP_IN, "event_trace_step_in", 0, "step in")                                              \
    X(EVENT_TRACE_STEP_OUT, "event_trace_step_out", 0, "step out")                                           \
    X(EVENT_TRACE_INSTRUMENTATION_STEP, "event_trace_instrumentation_step", 0, "instrumentation step")       \
    X(EVENT_TRACE_INSTRUMENTATION_STEP_IN, "event_trace_instrumentation_step_in", 0, "the same, step in")    \
    X(LBR_SAVE, "lbr_save", 0, "start and keep last-branch records")                                         \
    X(LBR_DUMP, "lbr_dump", 0, "send them as data")                                                          \
    X(LBR_PRINT, "lbr_print", 0, "print them")                                                               \
    X(LBR_CHECK, "lbr_check", 0, "1 if there are any")                                                       \
    X(LBR_RESTORE, "lbr_restore", 0, "put the saved state back")                                             \
    X(LBR_RESTORE_BY_FILTER, "lbr_restore_by_filter", 1, "the same with a filter")                           \
    X(TEST_STATEMENT, "test_statement", 1, "tell the host a number (for tests)")

typedef enum _SCRIPT_BUILTIN {
#define X(Name, Spelling, Arguments, Meaning) SCRIPT_BUILTIN_##Name,
    SCRIPT_BUILTINS(X)
#undef X
        SCRIPT_BUILTIN_COUNT,
    SCRIPT_BUILTIN_HOST = SCRIPT_BUILTIN_VIRTUAL_TO_PHYSICAL, /* first one of the host */
} SCRIPT_BUILTIN;

/* --- registers of the guest
 * --------------------------------------------------------------------------------------------- The general
 * registers are numbered as the processor encodes them. Parts of registers and single flags are made by the
 * compiler. */
/* clang-format off */
#define SCRIPT_REGISTERS(X) \
    X(RAX, "rax") X(RCX, "rcx") X(RDX, "rdx") X(RBX, "rbx") X(RSP, "rsp") X(RBP, "rbp") X(RSI, "rsi") \
    X(RDI, "rdi") X(R8, "r8") X(R9, "r9") X(R10, "r10") X(R11, "r11") X(R12, "r12") X(R13, "r13") \
    X(R14, "r14") X(R15, "r15") X(RIP, "rip") X(RFLAGS, "rflags") X(CS, "cs") X(SS, "ss") X(DS, "ds") \
    X(ES, "es") X(FS, "fs") X(GS, "gs") X(CR0, "cr0") X(CR2, "cr2") X(CR3, "cr3") X(CR4, "cr4") \
    X(CR8, "cr8") X(DR0, "dr0") X(DR1, "dr1") X(DR2, "dr2") X(DR3, "dr3") X(DR6, "dr6") X(DR7, "dr7") \
    X(GDTR, "gdtr") X(IDTR, "idtr") X(LDTR, "ldtr") X(TR, "tr")
/* clang-format on */

typedef enum _SCRIPT_REGISTER {
#define X(Name, Spelling) SCRIPT_REGISTER_##Name,
    SCRIPT_REGISTERS(X)
#undef X
        SCRIPT_REGISTER_COUNT
} SCRIPT_REGISTER;

/* Pseudo-registers that are numbers ($comm, $date and $time are not). */
#define SCRIPT_PSEUDOS(X)                                                                                    \
    X(PID, "pid", "process (thread group)")                                                                  \
    X(TID, "tid", "thread")                                                                                  \
    X(CORE, "core", "number of the core")                                                                    \
    X(TASK, "task", "address of the current task_struct")                                                    \
    X(IP, "ip", "instruction pointer")                                                                       \
    X(CONTEXT, "context", "what the event's table says")                                                     \
    X(EVENT_ID, "event_id", "the event")                                                                     \
    X(EVENT_TAG, "event_tag", "its tag")                                                                     \
    X(EVENT_STAGE, "event_stage", "1 before, 2 after")                                                       \
    X(BUFFER, "buffer", "address of the event's buffer")                                                     \
    X(NANOSECONDS, "nsecs", "monotonic time in nanoseconds")                                                 \
    X(WALL_CLOCK, "wall_clock", "nanoseconds since 1970, UTC")

typedef enum _SCRIPT_PSEUDO {
#define X(Name, Spelling, Meaning) SCRIPT_PSEUDO_##Name,
    SCRIPT_PSEUDOS(X)
#undef X
        SCRIPT_PSEUDO_COUNT
} SCRIPT_PSEUDO;

/* --- the block --- */
typedef enum _SCRIPT_SECTION_KIND {
    SCRIPT_SECTION_CODE,      /* SCRIPT_INSTRUCTION */
    SCRIPT_SECTION_CONSTANTS, /* UINT64 */
    SCRIPT_SECTION_STRINGS,   /* bytes; the last one is zero, so every offset is a string; offset 0 is "" */
    SCRIPT_SECTION_FORMATS,   /* SCRIPT_FORMAT */
    SCRIPT_SECTION_FUNCTIONS, /* SCRIPT_FUNCTION; number 0 is the program itself, without parameters */
    SCRIPT_SECTION_LISTS,     /* UINT16: indexes of types, in runs that formats and maps refer to */
    SCRIPT_SECTION_MAPS,      /* SCRIPT_MAP */
    SCRIPT_SECTION_GLOBALS,   /* SCRIPT_GLOBAL */
    SCRIPT_SECTION_TYPES,     /* SCRIPT_TYPE */
    SCRIPT_SECTION_LINES,     /* SCRIPT_LINE, ascending */
    SCRIPT_SECTION_COUNT
} SCRIPT_SECTION_KIND;

typedef struct _SCRIPT_SECTION {
    UINT32 Offset; /* from the start of the block, a multiple of 8 */
    UINT32 Count;  /* of elements */
} SCRIPT_SECTION;

typedef struct _SCRIPT_PROGRAM {
    UINT32 Magic;
    UINT16 Version;
    UINT16 HeaderSize; /* of this structure */
    UINT32 Size;       /* of the block */
    UINT32 Reserved;   /* 0 */
    SCRIPT_SECTION Sections[SCRIPT_SECTION_COUNT];
} SCRIPT_PROGRAM;

typedef struct _SCRIPT_FUNCTION {
    UINT32 Name;  /* string */
    UINT32 Start; /* first instruction */
    UINT32 Count; /* of instructions; the last one is END, STOP, RETURN, JUMP or LOOP */
    UINT16 Registers;
    UINT16 Parameters; /* the first registers */
    UINT32 Frame;      /* bytes, a multiple of 8 */
} SCRIPT_FUNCTION;

/* How a value is kept and shown. A value in a register takes 8 bytes of a record or key; STRING takes Size
 * bytes, zero-padded; STACK SCRIPT_STACK_FRAMES * 8. */
typedef enum _SCRIPT_TYPE_KIND {
    SCRIPT_TYPE_INTEGER, /* Size 1, 2, 4, 8; Signed */
    SCRIPT_TYPE_POINTER,
    SCRIPT_TYPE_STRING, /* Size is a multiple of 8, at most SCRIPT_MAXIMUM_STRING */
    SCRIPT_TYPE_WIDE,   /* an argument of %ws: address of 16-bit characters; kept like STRING */
    SCRIPT_TYPE_SYMBOL, /* an address, shown as name+offset */
    SCRIPT_TYPE_STACK,
    SCRIPT_TYPE_DATE,  /* nanoseconds since 1970, shown as YYYY-MM-DD */
    SCRIPT_TYPE_TIME,  /* nanoseconds since 1970, shown as HH:MM:SS.uuuuuu */
    SCRIPT_TYPE_BYTES, /* a structure or an array of Size bytes (globals only) */
    SCRIPT_TYPE_KIND_COUNT
} SCRIPT_TYPE_KIND;

typedef struct _SCRIPT_TYPE {
    UINT8 Kind;
    UINT8 Signed;
    UINT16 Reserved;
    UINT32 Size; /* of the value in memory */
    UINT32 Name; /* string: as the language writes it */
} SCRIPT_TYPE;

/* A printf. The argument of a STRING or WIDE is an address in a register; the evaluator puts the characters
 * into the record. The argument of a STACK is the script address of its entries. */
typedef struct _SCRIPT_FORMAT {
    UINT32 Text;          /* string, see eval/Format.h for the conversions */
    UINT32 FirstArgument; /* index into the lists */
    UINT32 ArgumentCount;
} SCRIPT_FORMAT;

typedef enum _SCRIPT_MAP_KIND {
    SCRIPT_MAP_LAST,  /* `=`: the newest value */
    SCRIPT_MAP_SUM,   /* `+=`, `-=`, `++`, `--` and sum() */
    SCRIPT_MAP_COUNT, /* count() */
    SCRIPT_MAP_MIN,
    SCRIPT_MAP_MAX,
    SCRIPT_MAP_AVERAGE,
    SCRIPT_MAP_HIST,  /* powers of two */
    SCRIPT_MAP_LHIST, /* Minimum, Maximum, Step */
    SCRIPT_MAP_KIND_COUNT
} SCRIPT_MAP_KIND;

typedef struct _SCRIPT_MAP {
    UINT32 Name;     /* string */
    UINT32 Kind;     /* SCRIPT_MAP_KIND */
    UINT32 FirstKey; /* index into the lists: types of the key's parts; none: a single value */
    UINT32 KeyCount;
    UINT32 KeySize;   /* bytes of all parts, a multiple of 8, at most SCRIPT_MAXIMUM_KEY; 0 without keys */
    UINT32 Entries;   /* per core, 1..SCRIPT_MAXIMUM_MAP_ENTRIES */
    UINT32 ValueType; /* index of a type: INTEGER or POINTER or SYMBOL */
    UINT32 Reserved;
    INT64 Minimum; /* LHIST: first bucket begins here; what is below is counted apart.
                    * MIN, MAX, AVERAGE: -1 if the values are signed, else 0 */
    INT64 Maximum; /* LHIST: last bucket ends before it; what is above is counted apart */
    INT64 Step;    /* LHIST: (Maximum - Minimum) / Step + 2 <= SCRIPT_MAXIMUM_BUCKETS */
} SCRIPT_MAP;

#define SCRIPT_GLOBAL_SITE                                                                                   \
    1 /* a counter of `once` or `every`: belongs to this program alone and has no name */

typedef struct _SCRIPT_GLOBAL {
    UINT32 Name; /* string, without the point; programs with the same name, type and size share one */
    UINT32 Type; /* index of a type */
    UINT32 Size; /* bytes, a multiple of 8, at most SCRIPT_MAXIMUM_GLOBAL_BYTES for all together */
    UINT32 Flags;
} SCRIPT_GLOBAL;

/* Instructions from this one up to the next entry's come from that place of the source. */
typedef struct _SCRIPT_LINE {
    UINT32 Instruction;
    UINT32 File; /* string */
    UINT32 Line;
    UINT32 Column;
} SCRIPT_LINE;

#endif

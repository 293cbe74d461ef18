/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Mock.h - a machine that is not there: registers, memory and tasks for running a script without any guest.
 *
 * Context: any; like the evaluator it needs no libc, so that tests run the same in a kernel module. The state
 * is one flat structure without pointers: it crosses to the kernel as it is.
 */
#ifndef HYPERDBG_SCRIPT_MOCK_H
#define HYPERDBG_SCRIPT_MOCK_H

#include "script/eval/Eval.h"
#include "script/eval/Format.h"

#define MOCK_MAXIMUM_REGIONS 32
#define MOCK_MAXIMUM_SYMBOLS 32
#define MOCK_MAXIMUM_NAME    40
#define MOCK_MEMORY_BYTES    32768
#define MOCK_MAXIMUM_CORES   4
#define MOCK_MAXIMUM_RUNS    256

/* Physical address 0 of the mock is here, as in a kernel's direct map. */
#define MOCK_DIRECT_MAP 0xffff888000000000ull

typedef struct _MOCK_REGION {
    UINT64 Address;
    UINT32 Size;
    UINT32 Place; /* in Memory */
    UINT32 IsPhysical;
    UINT32 IsReadOnly;
} MOCK_REGION;

typedef struct _MOCK_SYMBOL {
    UINT64 Address;
    CHAR Name[MOCK_MAXIMUM_NAME];
} MOCK_SYMBOL;

typedef struct _MOCK_STATE {
    UINT64 Registers[SCRIPT_REGISTER_COUNT];
    UINT64 Pseudos[SCRIPT_PSEUDO_COUNT];
    CHAR Comm[SCRIPT_COMM_BYTES];
    UINT64 Stack[SCRIPT_STACK_FRAMES];
    UINT64 Budget;
    UINT32 StackCount;
    UINT32 RegionCount;
    UINT32 SymbolCount; /* ascending by address */
    UINT32 MemoryUsed;
    UINT32 Cores;
    UINT32 Runs;
    UINT32 RunCores[MOCK_MAXIMUM_RUNS]; /* which core a run is on */
    MOCK_REGION Regions[MOCK_MAXIMUM_REGIONS];
    MOCK_SYMBOL Symbols[MOCK_MAXIMUM_SYMBOLS];
    UINT8 Memory[MOCK_MEMORY_BYTES];
} MOCK_STATE;

/* What a run works in. */
typedef struct _MOCK_MACHINE {
    SCRIPT_MACHINE Machine;
    SCRIPT_MAP_SPACE Space;
} MOCK_MACHINE;

/* Running a program on a state. The caller fills in all but the last part. */
typedef struct _MOCK {
    MOCK_STATE *State;
    SCRIPT_INSTANCE *Instance;
    MOCK_MACHINE *Machine;
    SCRIPT_PRINT *Print;
    PVOID PrintContext;
    /* of the run */
    UINT32 Core;
    BOOLEAN IsStopped;
    UINT64 Clock;
} MOCK;

extern const SCRIPT_HOST_OPERATIONS g_MockOperations;

/* An empty state: one core, one run, the default budget. */
VOID MockInitialize(MOCK_STATE *State);

/* Where Size bytes of memory at an address are kept; NULL if there is no room. */
UINT8 *MockAddMemory(MOCK_STATE *State, UINT64 Address, UINT32 Size, BOOLEAN IsPhysical);

/* All runs of the state, then all maps; faults are printed as a user would see them. Returns the last run's
 * status. */
SCRIPT_STATUS MockRun(MOCK *Mock, SCRIPT_RESULT *Result);

/* The symbols of a state, as a SCRIPT_SYMBOLIZER with a MOCK as its context. */
UINT32 MockSymbol(PVOID Context, UINT64 Address, CHAR *Buffer, UINT32 Size);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EventScript.h - the program that an event runs instead of leaving a record.
 *
 * A program comes from user space as one block (SDK/Bytecode.h), is verified, gets its maps and its place
 * among the globals (EventScriptLoad.c, EventScriptGlobals.c), and runs in root mode each time its event fits
 * (EventScriptRun.c), where what it asks of the world is answered by EventScriptHost.c.
 *
 * Context: said at each; "process" is under the store's lock.
 */
#ifndef HYPERDBG_HYPERKD_EVENT_SCRIPT_H
#define HYPERDBG_HYPERKD_EVENT_SCRIPT_H

#include "SDK/Ioctls.h"
#include "hyperkd/debugger/events/Event.h"
#include "platform/PlatformProcess.h"
#include "script/eval/Eval.h"

/* A block that user space gave, and what became of it. */
typedef struct _EVENT_SCRIPT_SOURCE {
    PVOID Block; /* of PlatformMemoryAllocate; EventScriptLoad takes it if it succeeds */
    UINT32 Size;
    UINT64 Budget;             /* 0: SCRIPT_DEFAULT_BUDGET */
    UINT32 RefusedInstruction; /* out, as in DEBUGGER_REGISTER_EVENT, together with Refusal */
    const CHAR *Refusal;
} EVENT_SCRIPT_SOURCE;

/* Constant once it is loaded, but for what its runs write: maps, globals, IsStopped. */
typedef struct _EVENT_SCRIPT {
    SCRIPT_INSTANCE Instance;
    PVOID Block;
    UINT32 BlockSize;
    UINT32 IsStopped; /* atomic: stop() was called, it is run no more */
    UINT64 Budget;
    PVOID Buffer;          /* $buffer, EVENT_SCRIPT_BUFFER bytes; NULL: the program does not ask for it */
    UINT64 WallClock;      /* nanoseconds since 1970... */
    UINT64 WallClockTicks; /* ...at this time stamp */
    UINT64 TicksPerMillisecond;
} EVENT_SCRIPT;

#define EVENT_SCRIPT_BUFFER 4096

/* The exit that a script runs in: what it may ask of it, and change. */
typedef struct _EVENT_EXIT {
    DEBUGGER_EVENT *Event;
    GUEST_REGS *Regs;
    UINT64 Context; /* as in the event's record */
    UINT64 Rip;     /* of the instruction */
    UINT32 Stage;
    BOOLEAN ShortCircuited; /* stage PRE, in and out: the instruction's effect does not happen */
} EVENT_EXIT;

/* What a run works in: one for each core. */
typedef struct _EVENT_SCRIPT_CORE {
    SCRIPT_MACHINE Machine;
    EVENT_EXIT *Exit;
    UINT32 CoreId;
    PLATFORM_PROCESS Process;
    SCRIPT_RESULT Result;
    DEBUGGER_SCRIPT_RECORD Record;
    UINT64 Output[SCRIPT_RECORD_BYTES / sizeof(UINT64)]; /* directly behind Record */
} __attribute__((aligned(PLATFORM_CACHE_LINE))) EVENT_SCRIPT_CORE;
STATIC_ASSERT(__builtin_offsetof(EVENT_SCRIPT_CORE, Output) ==
              __builtin_offsetof(EVENT_SCRIPT_CORE, Record) + sizeof(DEBUGGER_SCRIPT_RECORD));

/* Of all cores that the machine can have, while there is any script. Written when the first one is loaded. */
extern EVENT_SCRIPT_CORE *g_EventScriptCores;

/* The answers to what a program asks; their context is an EVENT_SCRIPT_CORE. */
extern const SCRIPT_HOST_OPERATIONS g_EventScriptHost;

/* VMX root. One run of the script of Exit->Event on this core; what it says goes to the log, as does a fault.
 */
VOID EventScriptRun(UINT32 CoreId, EVENT_EXIT *Exit);

/* Any. Whether events know this function of the host at all. */
BOOLEAN EventScriptHasBuiltin(UINT32 Builtin);

/* Process. DEBUGGER_OPERATION_WAS_SUCCESSFUL and *Script, which has taken the block; or an error, and nothing
 * has changed: DEBUGGER_ERROR_SCRIPT_REFUSED (Source says why), ..._OUT_OF_MEMORY. */
UINT32 EventScriptLoad(EVENT_SCRIPT_SOURCE *Source, EVENT_SCRIPT **Script);

/* Process. No exit may still run it. NULL is legal. */
VOID EventScriptFree(EVENT_SCRIPT *Script);

/* Process. How many are loaded. */
UINT32 EventScriptCount(VOID);

/* Process. Gives every global of a program its place: those with the same name, type and size share one, the
 * others begin as zero. FALSE: no room. Each success is taken back once. */
BOOLEAN EventScriptAttachGlobals(SCRIPT_INSTANCE *Instance);
VOID EventScriptDetachGlobals(SCRIPT_INSTANCE *Instance);

#endif

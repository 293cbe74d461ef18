/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MockScript.c - the programs of the mock kernel's events: kept, run by the real evaluator, given back with
 * their maps.
 *
 * Context: user space, the kernel's lock held.
 */
#include "script/eval/Map.h"
#include "script/eval/Verify.h"
#include "script/tool/ScriptTool.h"
#include "tests/unit/libhyperdbg/MockKernel.h"

#include <stdlib.h>
#include <string.h>

typedef struct _MOCK_RUN {
    MOCK_KERNEL *Kernel;
    UINT64 Tag;
    UINT32 ProcessId;
    UINT32 Core;
    SCRIPT_MACHINE Machine;
} MOCK_RUN;

SCRIPT_INSTANCE *MockScriptOf(const MOCK_KERNEL *Kernel, UINT64 Tag)
{
    const UINT64 Index = Tag - HYPERDBG_EVENT_TAG_START;

    return Index < MOCK_MAX_SCRIPTS ? Kernel->Scripts[Index] : NULL;
}

UINT32 MockKeepScript(MOCK_KERNEL *Kernel, DEBUGGER_REGISTER_EVENT *Request)
{
    PVOID Block = malloc(Request->ScriptSize);
    SCRIPT_REFUSAL Refusal;

    memcpy(Block, (const VOID *)(UINTPTR)Request->Script, Request->ScriptSize);
    if (Kernel->Refusal[0] != '\0' || !ScriptVerify(Block, Request->ScriptSize, &Refusal)) {
        memcpy(Request->Refusal, Kernel->Refusal, sizeof(Request->Refusal));
        free(Block);
        return (UINT32)DEBUGGER_ERROR_SCRIPT_REFUSED;
    }
    Kernel->Scripts[Kernel->NextTag - HYPERDBG_EVENT_TAG_START] = InstanceCreate(Block, Kernel->CoreCount);
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

UINT32 MockCountScripts(const MOCK_KERNEL *Kernel)
{
    UINT32 Count = 0;

    for (UINT32 i = 0; i < Kernel->EventCount; i++)
        Count += Kernel->Events[i].HasScript;
    return Count;
}

VOID MockFreeScripts(MOCK_KERNEL *Kernel)
{
    for (UINT32 i = 0; i < MOCK_MAX_SCRIPTS; i++) {
        if (Kernel->Scripts[i] != NULL) {
            free((PVOID)(UINTPTR)Kernel->Scripts[i]->View.Program);
            InstanceFree(Kernel->Scripts[i]);
        }
    }
}

static BOOLEAN MockIsSet(const MOCK_KERNEL *Kernel, UINT64 Tag)
{
    for (UINT32 i = 0; i < Kernel->EventCount; i++) {
        if (Kernel->Events[i].Tag == Tag)
            return Kernel->Events[i].HasScript != 0;
    }
    return FALSE;
}

UINT32 MockReadScript(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    DEBUGGER_READ_SCRIPT *Read = Buffer;
    const UINT32 Room          = Read->Size;

    if (!MockIsSet(Kernel, Read->Tag))
        return (UINT32)DEBUGGER_ERROR_TAG_NOT_FOUND;
    const SCRIPT_PROGRAM *Program = MockScriptOf(Kernel, Read->Tag)->View.Program;
    Read->Size                    = Program->Size;
    if (Room >= Program->Size)
        memcpy((PVOID)(UINTPTR)Read->Buffer, Program, Program->Size);
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

/* One element a request. */
UINT32 MockReadMap(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    DEBUGGER_READ_MAP *Read = Buffer;

    if (!MockIsSet(Kernel, Read->Tag))
        return (UINT32)DEBUGGER_ERROR_TAG_NOT_FOUND;
    SCRIPT_INSTANCE *Instance = MockScriptOf(Kernel, Read->Tag);
    const SCRIPT_MAP *Map     = &Instance->View.Maps[Read->Map];
    UINT64 *Words             = (UINT64 *)(UINTPTR)Read->Buffer;
    Read->Count   = ScriptMapNext(Map, Instance->Maps[Read->Map], Instance->Cores, &Read->Position, Words,
                                  Words + Map->KeySize / 8);
    Read->Dropped = ScriptMapDropped(Map, Instance->Maps[Read->Map], Instance->Cores);
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

/* --- running ---------------------------------------------------------------------------------- */

static VOID MockSendScript(MOCK_RUN *Run, DEBUGGER_SCRIPT_RECORD Record, const VOID *Output, UINT32 Size)
{
    UINT8 Payload[sizeof(Record) + SCRIPT_RECORD_BYTES];

    Record.Tag       = Run->Tag;
    Record.ProcessId = Run->ProcessId;
    memcpy(Payload, &Record, sizeof(Record));
    if (Size > 0)
        memcpy(Payload + sizeof(Record), Output, Size);
    MockSendLocked(Run->Kernel, OPERATION_DEBUGGER_SCRIPT_RECORD, Run->Core, Payload,
                   (UINT32)sizeof(Record) + Size);
}

static VOID MockRunOutput(PVOID Context, const VOID *Record, UINT32 Size)
{
    MockSendScript(Context, (DEBUGGER_SCRIPT_RECORD){.Kind = DEBUGGER_SCRIPT_RECORD_OUTPUT}, Record, Size);
}

static VOID MockRunPrintMap(PVOID Context, UINT32 Map)
{
    MockSendScript(Context, (DEBUGGER_SCRIPT_RECORD){.Kind = DEBUGGER_SCRIPT_RECORD_MAP, .Number = Map}, NULL,
                   0);
}

static BOOLEAN MockRunPseudo(PVOID Context, UINT32 Pseudo, UINT64 *Value)
{
    const MOCK_RUN *Run = Context;

    *Value = Pseudo == SCRIPT_PSEUDO_CORE ? Run->Core : Run->ProcessId;
    return Pseudo == SCRIPT_PSEUDO_CORE || Pseudo == SCRIPT_PSEUDO_PID;
}

static BOOLEAN MockRunComm(PVOID Context, CHAR *Comm)
{
    (void)Context;
    memcpy(Comm, "mocked\0\0\0\0\0\0\0\0\0", SCRIPT_COMM_BYTES);
    return TRUE;
}

VOID MockRunScript(MOCK_KERNEL *Kernel, UINT64 Tag, UINT32 ProcessId, UINT32 Core)
{
    static const SCRIPT_HOST_OPERATIONS Operations = {.ReadPseudo = MockRunPseudo,
                                                      .ReadComm   = MockRunComm,
                                                      .Output     = MockRunOutput,
                                                      .PrintMap   = MockRunPrintMap};
    MOCK_RUN Run = {.Kernel = Kernel, .Tag = Tag, .ProcessId = ProcessId, .Core = Core};
    SCRIPT_RESULT Result;

    if (ScriptEvaluate(MockScriptOf(Kernel, Tag), &Run.Machine, &Operations, &Run, Core,
                       SCRIPT_DEFAULT_BUDGET, &Result) != SCRIPT_STATUS_SUCCESS)
        MockSendScript(&Run,
                       (DEBUGGER_SCRIPT_RECORD){.Kind        = DEBUGGER_SCRIPT_RECORD_FAULT,
                                                .Number      = Result.Status,
                                                .Instruction = Result.Instruction,
                                                .Address     = Result.Address},
                       NULL, 0);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * ScriptRequests.c - the requests that move more than their structure: programs in, programs and maps out.
 *
 * Context: process.
 */
#include "hyperkd/driver/ScriptRequests.h"

#include "hyperkd/debugger/events/EventStore.h"
#include "platform/PlatformMemory.h"
#include "script/eval/Map.h"

/* --- programs in --- */

static VOID ScriptCopyReason(CHAR *To, const CHAR *Reason)
{
    UINT32 Length = 0;

    while (Length + 1 < HYPERDBG_REFUSAL_LENGTH && Reason[Length] != '\0') {
        To[Length] = Reason[Length];
        Length++;
    }
    To[Length] = '\0';
}

/* Source->Block is of PlatformMemoryAllocate: aligned, and nobody else's. */
static UINT32 ScriptRegisterBlock(DEBUGGER_REGISTER_EVENT *Register, EVENT_SCRIPT_SOURCE *Source)
{
    UINT32 Status;

    if (!PlatformMemoryCopyFromUser(Source->Block, Register->Script, Source->Size)) {
        return DEBUGGER_ERROR_INVALID_POINTER;
    }
    Status = DebuggerRegisterScriptEvent(&Register->Options, Source, &Register->Tag);
    if (Status == (UINT32)DEBUGGER_ERROR_SCRIPT_REFUSED) {
        Register->RefusedInstruction = Source->RefusedInstruction;
        ScriptCopyReason(Register->Refusal, Source->Refusal);
    }
    return Status;
}

static UINT32 ScriptRegisterWithProgram(DEBUGGER_REGISTER_EVENT *Register)
{
    EVENT_SCRIPT_SOURCE Source = {.Size = Register->ScriptSize, .Budget = Register->ScriptBudget};
    UINT32 Status;

    if (Source.Size > SCRIPT_MAXIMUM_BLOCK || Source.Budget > HYPERDBG_MAX_SCRIPT_BUDGET) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    Source.Block = PlatformMemoryAllocate(Source.Size);
    if (Source.Block == NULL) {
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    }
    Status = ScriptRegisterBlock(Register, &Source);
    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL) {
        PlatformMemoryFree(Source.Block);
    }
    return Status;
}

UINT32 ScriptRequestRegister(DEBUGGER_REGISTER_EVENT *Register)
{
    if (Register->ScriptSize != 0) {
        return ScriptRegisterWithProgram(Register);
    }
    if (Register->Script != 0 || Register->ScriptBudget != 0) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    return DebuggerRegisterEvent(&Register->Options, &Register->Tag);
}

/* --- programs out --- */

static UINT32 ScriptCopyOut(EVENT_SCRIPT *Script, PVOID Context)
{
    DEBUGGER_READ_SCRIPT *Read = Context;
    const UINT32 Room          = Read->Size;

    Read->Size = Script->BlockSize;
    if (Room >= Script->BlockSize &&
        !PlatformMemoryCopyToUser(Read->Buffer, Script->Block, Script->BlockSize)) {
        return DEBUGGER_ERROR_INVALID_POINTER;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

UINT32 ScriptRequestRead(PVOID Buffer)
{
    DEBUGGER_READ_SCRIPT *Read = Buffer;

    return DebuggerUseScript(Read->Tag, ScriptCopyOut, Read);
}

/* --- maps out --- */

/* One element; too much for a kernel's stack. */
typedef struct _SCRIPT_ELEMENT {
    UINT64 Words[SCRIPT_MAXIMUM_KEY / 8 + SCRIPT_MAP_VALUE_WORDS];
} SCRIPT_ELEMENT;

/* Fills the caller's buffer, as far as whole elements fit. */
static UINT32 ScriptCopyElements(const SCRIPT_INSTANCE *Instance, DEBUGGER_READ_MAP *Read,
                                 SCRIPT_ELEMENT *Element)
{
    const SCRIPT_MAP *Map = &Instance->View.Maps[Read->Map];
    PVOID Storage         = Instance->Maps[Read->Map];
    const UINT32 Size     = Map->KeySize + 8 * ScriptMapValueWords(Map);

    Read->Count   = 0;
    Read->Dropped = ScriptMapDropped(Map, Storage, Instance->Cores);
    if (Read->Size < Size) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    for (UINT32 Used = 0; Read->Size - Used >= Size; Used += Size, Read->Count++) {
        if (!ScriptMapNext(Map, Storage, Instance->Cores, &Read->Position, Element->Words,
                           Element->Words + Map->KeySize / 8)) {
            break;
        }
        if (!PlatformMemoryCopyToUser(Read->Buffer + Used, Element->Words, Size)) {
            return DEBUGGER_ERROR_INVALID_POINTER;
        }
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 ScriptReadMap(EVENT_SCRIPT *Script, PVOID Context)
{
    DEBUGGER_READ_MAP *Read = Context;
    SCRIPT_ELEMENT *Element;
    UINT32 Status;

    if (Read->Map >= Script->Instance.View.Counts[SCRIPT_SECTION_MAPS]) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    Element = PlatformMemoryAllocate(sizeof(*Element));
    if (Element == NULL) {
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    }
    Status = ScriptCopyElements(&Script->Instance, Read, Element);
    PlatformMemoryFree(Element);
    return Status;
}

UINT32 ScriptRequestReadMap(PVOID Buffer)
{
    DEBUGGER_READ_MAP *Read = Buffer;

    return DebuggerUseScript(Read->Tag, ScriptReadMap, Read);
}

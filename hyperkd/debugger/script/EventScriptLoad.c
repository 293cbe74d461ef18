// SPDX-License-Identifier: GPL-2.0-only
/*
 * EventScriptLoad.c - from a block that user space gave to a program that root mode may run, and its end.
 *
 * Context: process, under the store's lock.
 */
#include "hyperkd/debugger/script/EventScript.h"

#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformTime.h"
#include "script/eval/Map.h"
#include "script/eval/Verify.h"

static UINT32 g_ScriptCount; /* scripts that are loaded: they share g_EventScriptCores */

/* --- what is refused --- */

static BOOLEAN ScriptRefuse(EVENT_SCRIPT_SOURCE *Source, UINT32 Instruction, const CHAR *Reason)
{
    Source->RefusedInstruction = Instruction;
    Source->Refusal            = Reason;
    return FALSE;
}

/* A function that no event has would end every run that comes to it: said now rather than then. */
static BOOLEAN ScriptCheckBuiltins(EVENT_SCRIPT_SOURCE *Source, const SCRIPT_VIEW *View)
{
    for (UINT32 Index = 0; Index < View->Counts[SCRIPT_SECTION_CODE]; Index++) {
        const SCRIPT_INSTRUCTION *Instruction = &View->Code[Index];

        if (Instruction->Opcode == SCRIPT_OP_BUILTIN && !EventScriptHasBuiltin(Instruction->Immediate)) {
            return ScriptRefuse(Source, Index, "this function is not available in events");
        }
    }
    return TRUE;
}

static BOOLEAN ScriptCheckMaps(EVENT_SCRIPT_SOURCE *Source, const SCRIPT_VIEW *View)
{
    UINT64 Bytes = 0;

    for (UINT32 Map = 0; Map < View->Counts[SCRIPT_SECTION_MAPS]; Map++) {
        Bytes += ScriptMapBytes(&View->Maps[Map], PlatformCpuCount());
    }
    return Bytes <= HYPERDBG_MAX_SCRIPT_MAP_BYTES ||
           ScriptRefuse(Source, SCRIPT_VERIFY_NO_INSTRUCTION,
                        "the maps need more than HYPERDBG_MAX_SCRIPT_MAP_BYTES on all cores together");
}

static BOOLEAN ScriptIsAcceptable(EVENT_SCRIPT_SOURCE *Source)
{
    SCRIPT_REFUSAL Refusal = {SCRIPT_VERIFY_NO_INSTRUCTION, ""};
    SCRIPT_VIEW View;

    if (!ScriptVerify(Source->Block, Source->Size, &Refusal)) {
        return ScriptRefuse(Source, Refusal.Instruction, Refusal.Reason);
    }
    ScriptViewProgram(Source->Block, &View);
    return ScriptCheckBuiltins(Source, &View) && ScriptCheckMaps(Source, &View);
}

/* --- memory --- */

static BOOLEAN ScriptTakeCores(VOID)
{
    if (g_ScriptCount == 0) {
        g_EventScriptCores = PlatformMemoryAllocate((SIZE_T)PlatformCpuCount() * sizeof(EVENT_SCRIPT_CORE));
    }
    if (g_EventScriptCores == NULL) {
        return FALSE;
    }
    g_ScriptCount++;
    return TRUE;
}

static VOID ScriptReleaseCores(VOID)
{
    if (--g_ScriptCount == 0) {
        PlatformMemoryFree(g_EventScriptCores);
        g_EventScriptCores = NULL;
    }
}

static BOOLEAN ScriptAllocateMaps(SCRIPT_INSTANCE *Instance)
{
    const UINT32 Count = Instance->View.Counts[SCRIPT_SECTION_MAPS];

    Instance->Maps = PlatformMemoryAllocate((Count + 1) * sizeof(PVOID));
    for (UINT32 Map = 0; Instance->Maps != NULL && Map < Count; Map++) {
        Instance->Maps[Map] =
            PlatformMemoryAllocate(ScriptMapBytes(&Instance->View.Maps[Map], Instance->Cores));
        if (Instance->Maps[Map] == NULL) {
            return FALSE;
        }
    }
    return Instance->Maps != NULL;
}

static VOID ScriptFreeMaps(SCRIPT_INSTANCE *Instance)
{
    for (UINT32 Map = 0; Instance->Maps != NULL && Map < Instance->View.Counts[SCRIPT_SECTION_MAPS]; Map++) {
        PlatformMemoryFree(Instance->Maps[Map]);
    }
    PlatformMemoryFree(Instance->Maps);
}

static BOOLEAN ScriptAsksForBuffer(const SCRIPT_VIEW *View)
{
    for (UINT32 Index = 0; Index < View->Counts[SCRIPT_SECTION_CODE]; Index++) {
        if (View->Code[Index].Opcode == SCRIPT_OP_PSEUDO_READ &&
            View->Code[Index].Immediate == SCRIPT_PSEUDO_BUFFER) {
            return TRUE;
        }
    }
    return FALSE;
}

static BOOLEAN ScriptAllocateBuffer(EVENT_SCRIPT *Script)
{
    if (!ScriptAsksForBuffer(&Script->Instance.View)) {
        return TRUE;
    }
    Script->Buffer = PlatformMemoryAllocate(EVENT_SCRIPT_BUFFER);
    return Script->Buffer != NULL;
}

/* --- what others call --- */

UINT32 EventScriptCount(VOID)
{
    return g_ScriptCount;
}

VOID EventScriptFree(EVENT_SCRIPT *Script)
{
    if (Script == NULL) {
        return;
    }
    PlatformMemoryFree(Script->Buffer);
    ScriptFreeMaps(&Script->Instance);
    EventScriptDetachGlobals(&Script->Instance);
    ScriptReleaseCores();
    PlatformMemoryFree(Script->Block);
    PlatformMemoryFree(Script);
}

/* Everything that it needs but the block. NULL: no memory. */
static EVENT_SCRIPT *ScriptCreate(const EVENT_SCRIPT_SOURCE *Source)
{
    EVENT_SCRIPT *Script = PlatformMemoryAllocate(sizeof(*Script));

    if (Script == NULL) {
        return NULL;
    }
    if (!ScriptTakeCores()) {
        PlatformMemoryFree(Script);
        return NULL;
    }
    ScriptViewProgram(Source->Block, &Script->Instance.View);
    Script->Instance.Cores = PlatformCpuCount();
    Script->Budget         = Source->Budget != 0 ? Source->Budget : SCRIPT_DEFAULT_BUDGET;
    PlatformTimeWallClock(&Script->WallClock, &Script->WallClockTicks);
    Script->TicksPerMillisecond = PlatformTimeTscPerMillisecond();
    if (!EventScriptAttachGlobals(&Script->Instance) || !ScriptAllocateMaps(&Script->Instance) ||
        !ScriptAllocateBuffer(Script)) {
        EventScriptFree(Script);
        return NULL;
    }
    return Script;
}

UINT32 EventScriptLoad(EVENT_SCRIPT_SOURCE *Source, EVENT_SCRIPT **Script)
{
    if (!ScriptIsAcceptable(Source)) {
        return DEBUGGER_ERROR_SCRIPT_REFUSED;
    }
    *Script = ScriptCreate(Source);
    if (*Script == NULL) {
        return DEBUGGER_ERROR_OUT_OF_MEMORY;
    }
    (*Script)->Block     = Source->Block;
    (*Script)->BlockSize = Source->Size;
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

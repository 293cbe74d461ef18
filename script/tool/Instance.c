// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Instance.c - memory for a program that runs in user space.
 *
 * Context: user space.
 */
#include <stdlib.h>

#include "script/eval/Map.h"
#include "script/tool/ScriptTool.h"

static BOOLEAN InstanceGlobals(SCRIPT_INSTANCE *Instance)
{
    UINT32 Count    = Instance->View.Counts[SCRIPT_SECTION_GLOBALS];
    UINT32 *Offsets = calloc(Count + 1, sizeof(UINT32));

    Instance->GlobalOffsets = Offsets;
    if (Offsets == NULL) {
        return FALSE;
    }
    Instance->GlobalBytes = ScriptLayoutGlobals(&Instance->View, Offsets);
    Instance->Globals     = calloc(1, Instance->GlobalBytes + 8u);
    return Instance->Globals != NULL;
}

static BOOLEAN InstanceMaps(SCRIPT_INSTANCE *Instance)
{
    UINT32 Count = Instance->View.Counts[SCRIPT_SECTION_MAPS];
    UINT32 Index;

    Instance->Maps = calloc(Count + 1, sizeof(PVOID));
    for (Index = 0; Instance->Maps != NULL && Index < Count; Index++) {
        UINT64 Bytes = ScriptMapBytes(&Instance->View.Maps[Index], Instance->Cores);

        Instance->Maps[Index] = Bytes <= 1ull << 32 ? aligned_alloc(64, Bytes) : NULL;
        if (Instance->Maps[Index] == NULL) {
            return FALSE;
        }
        __builtin_memset(Instance->Maps[Index], 0, Bytes);
    }
    return Instance->Maps != NULL;
}

SCRIPT_INSTANCE *InstanceCreate(const SCRIPT_PROGRAM *Program, UINT32 Cores)
{
    SCRIPT_INSTANCE *Instance = calloc(1, sizeof(*Instance));

    if (Instance == NULL) {
        return NULL;
    }
    ScriptViewProgram(Program, &Instance->View);
    Instance->Cores = Cores;
    if (!InstanceGlobals(Instance) || !InstanceMaps(Instance)) {
        InstanceFree(Instance);
        return NULL;
    }
    return Instance;
}

VOID InstanceFree(SCRIPT_INSTANCE *Instance)
{
    UINT32 Index;

    if (Instance == NULL) {
        return;
    }
    for (Index = 0; Instance->Maps != NULL && Index < Instance->View.Counts[SCRIPT_SECTION_MAPS]; Index++) {
        free(Instance->Maps[Index]);
    }
    free(Instance->Maps);
    free(Instance->Globals);
    free((PVOID)(UINTPTR)Instance->GlobalOffsets);
    free(Instance);
}

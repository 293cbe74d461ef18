// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * ScriptFuzz.c - running what a fuzzer found to be a program.
 *
 * Context: user space.
 */
#include <stdlib.h>

#include "script/eval/Map.h"
#include "script/tool/ScriptTool.h"
#include "tests/fuzz/script/ScriptFuzz.h"

#define FUZZ_BUDGET     20000
#define FUZZ_MAP_MEMORY (16u << 20)

static VOID FuzzPrint(PVOID Context, const CHAR *Text, UINT32 Length)
{
    volatile CHAR *Sum = Context;
    UINT32 Index;

    /* Every character is looked at, so that the sanitizers see what was not written. */
    for (Index = 0; Index < Length; Index++) {
        *Sum ^= Text[Index];
    }
}

static BOOLEAN FuzzFits(const SCRIPT_PROGRAM *Program, UINT32 Cores)
{
    UINT64 Bytes = 0;
    SCRIPT_VIEW View;
    UINT32 Map;

    ScriptViewProgram(Program, &View);
    for (Map = 0; Map < View.Counts[SCRIPT_SECTION_MAPS]; Map++) {
        Bytes += ScriptMapBytes(&View.Maps[Map], Cores);
        /* Showing a large map takes its time (MapText.c); that is known and not what is looked for. */
        if (View.Maps[Map].Entries > 64 || Bytes > FUZZ_MAP_MEMORY) {
            return View.Maps[Map].Entries == SCRIPT_DEFAULT_MAP_ENTRIES && Bytes <= FUZZ_MAP_MEMORY;
        }
    }
    return TRUE;
}

VOID FuzzRun(const SCRIPT_PROGRAM *Program)
{
    static MOCK_STATE State;
    static MOCK_MACHINE Machine;
    CHAR Sum             = 0;
    MOCK Mock            = {.State = &State, .Machine = &Machine, .Print = FuzzPrint, .PrintContext = &Sum};
    SCRIPT_RESULT Result = {0};

    MockInitialize(&State);
    MockAddMemory(&State, 0, 4096, FALSE);
    MockAddMemory(&State, MOCK_DIRECT_MAP, 4096, FALSE);
    MockAddMemory(&State, 0, 4096, TRUE);
    State.Cores       = 2;
    State.Runs        = 3;
    State.RunCores[1] = 1;
    State.Budget      = FUZZ_BUDGET;
    if (!FuzzFits(Program, State.Cores)) {
        return;
    }
    Mock.Instance = InstanceCreate(Program, State.Cores);
    if (Mock.Instance == NULL) {
        return;
    }
    MockRun(&Mock, &Result);
    if (Result.Operations > FUZZ_BUDGET) {
        abort();
    }
    InstanceFree(Mock.Instance);
}

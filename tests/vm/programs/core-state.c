/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * core-state.c - the processor's state on every core: what the VMM must hide is hidden, everything else is as
 * on the bare machine while it is loaded, and all of it after it was unloaded, any number of times.
 *
 * The states come from the module core-state, read on each core by this process. Context: user space of the
 * guest, root.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/Tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINES 128
#define RELOADS   5

typedef struct _STATE_LINE {
    CHAR Name[32];
    CHAR Value[32];
} STATE_LINE;

typedef struct _STATE {
    STATE_LINE Line[MAX_LINES];
    UINT32 Count;
} STATE;

/* What a guest of the VMM sees instead; the other lines are those of the bare machine. */
static const struct {
    const CHAR *Name;
    const CHAR *Value; /* NULL: told apart below */
} g_Hidden[] = {{"feature_control", "1"},
                {"vmx_basic", "fault"},
                {"cpuid_1_ecx", NULL},
                {"cpuid_40000000_ebx", "65707948"}};

static VOID StateRead(STATE *State, UINT32 Core)
{
    ClientPin(Core);
    FILE *File = fopen("/proc/core-state", "r");
    if (File == NULL)
        TapGiveUp("/proc/core-state");
    State->Count = 0;
    while (State->Count < MAX_LINES &&
           fscanf(File, "%31s %31s", State->Line[State->Count].Name, State->Line[State->Count].Value) == 2)
        State->Count++;
    fclose(File);
}

/* VMX and SMX gone, a hypervisor announced. */
static BOOLEAN IsExpectedEcx(const CHAR *Bare, const CHAR *Now)
{
    const UINT64 Before = strtoull(Bare, NULL, 16), After = strtoull(Now, NULL, 16);

    return After == ((Before & ~(1ull << 5 | 1ull << 6)) | 1ull << 31);
}

static BOOLEAN IsExpected(const STATE_LINE *Bare, const STATE_LINE *Now, BOOLEAN IsLoaded)
{
    for (UINT32 Index = 0; IsLoaded && Index < COUNT_OF(g_Hidden); Index++) {
        if (strcmp(Bare->Name, g_Hidden[Index].Name) == 0)
            return g_Hidden[Index].Value != NULL ? strcmp(Now->Value, g_Hidden[Index].Value) == 0
                                                 : IsExpectedEcx(Bare->Value, Now->Value);
    }
    return strcmp(Bare->Value, Now->Value) == 0;
}

static VOID CompareCore(const STATE *Bare, UINT32 Core, BOOLEAN IsLoaded, const CHAR *When)
{
    UINT32 Wrong = 0;
    STATE Now;

    StateRead(&Now, Core);
    for (UINT32 Index = 0; Index < Bare->Count; Index++) {
        if (IsExpected(&Bare->Line[Index], &Now.Line[Index], IsLoaded))
            continue;
        TapNote("%s: %s on the bare machine, now %s", Bare->Line[Index].Name, Bare->Line[Index].Value,
                Now.Line[Index].Value);
        Wrong++;
    }
    TapIs(Wrong == 0 && Now.Count == Bare->Count && Bare->Count > 50, "core %u, %s: %u registers", Core, When,
          Bare->Count);
}

static VOID CompareAll(const STATE *Bare, UINT32 CoreCount, BOOLEAN IsLoaded, const CHAR *When)
{
    for (UINT32 Core = 0; Core < CoreCount; Core++)
        CompareCore(&Bare[Core], Core, IsLoaded, When);
}

static VOID RunTool(const CHAR *Commands)
{
    if (ClientRunTool(Commands) != 0)
        TapGiveUp("hyperdbg -c '%s'", Commands);
}

static VOID EveryEvent(const CHAR *Words)
{
    CHAR Line[64];

    snprintf(Line, sizeof(Line), "/root/programs/every-event %s", Words);
    fflush(stdout);
    if (system(Line) != 0)
        TapGiveUp("%s", Line);
}

int main(void)
{
    const UINT32 CoreCount = ClientCoreCount();
    STATE Bare[CoreCount];

    if (system("insmod /root/core-state.ko") != 0)
        TapGiveUp("insmod core-state.ko");
    for (UINT32 Core = 0; Core < CoreCount; Core++)
        StateRead(&Bare[Core], Core);
    CompareAll(Bare, CoreCount, FALSE, "read twice on the bare machine");

    RunTool("load vmm");
    CompareAll(Bare, CoreCount, TRUE, "on the VMM");
    EveryEvent("arm");
    CompareAll(Bare, CoreCount, TRUE, "on the VMM with every event armed");
    EveryEvent("work 0");
    RunTool("flush; unload vmm");
    CompareAll(Bare, CoreCount, FALSE, "after the VMM, unloaded with every event armed");
    EveryEvent("end");
    RunTool("load vmm");
    EveryEvent("arm");
    RunTool("flush; unload vmm");
    CompareAll(Bare, CoreCount, FALSE, "after the same once more");

    for (UINT32 Index = 0; Index < RELOADS; Index++)
        RunTool("load vmm; unload vmm");
    CompareAll(Bare, CoreCount, FALSE, "after more loads and unloads");
    EveryEvent("end");
    RunTool("unload remove");
    if (system("rmmod core-state") != 0)
        TapGiveUp("rmmod core-state");
    return TapEnd();
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * hook-events.c - hidden breakpoints on a function of the kernel and monitors on a variable of it are told
 * exactly as often as a program makes the kernel get there, with the right place and process;
 * short-circuited, filtered and cleared they are as asked.
 *
 * The function is the system call getppid, the variable panic_timeout, which /proc/sys/kernel/panic reads and
 * writes. Context: user space of the guest, root; loads and unloads the VMM itself.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/Tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT 100
#define PRE   VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION
#define POST  VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION
#define ALL   VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION

#define VARIABLE_BYTES 4
#define VARIABLE_FILE  "/proc/sys/kernel/panic"

/* SDM Vol. 3, appendix C. */
#define EXIT_EXCEPTION     0
#define EXIT_MONITOR_TRAP  37
#define EXIT_EPT_VIOLATION 48

static CLIENT_RECORDS g_Records;
static UINT32 g_LastCore;
static UINT64 g_Function; /* of the kernel */
static UINT64 g_Variable;
static UINT64 g_VariablePhysical;

/* --- what the kernel is asked --- */

static UINT64 PhysicalOf(UINT64 Address)
{
    DEBUGGER_QUERY_TRANSLATION Query = {.Address = Address, .ProcessId = HYPERDBG_ALL_PROCESSES};

    errno = 0;
    if (ClientRequest(IOCTL_QUERY_TRANSLATION, &Query) != DEBUGGER_OPERATION_WAS_SUCCESSFUL ||
        Query.PageShift == 0)
        TapGiveUp("%llx is not mapped", Address);
    return Query.Result;
}

/* As /proc/kallsyms has it. */
static UINT64 AddressByKallsyms(const CHAR *Name)
{
    FILE *File     = fopen("/proc/kallsyms", "r");
    UINT64 Address = 0, Found = 0;
    CHAR Line[512], Symbol[256];

    while (File != NULL && Found == 0 && fgets(Line, sizeof(Line), File) != NULL) {
        if (sscanf(Line, "%llx %*c %255s", &Address, Symbol) == 2 && strcmp(Symbol, Name) == 0)
            Found = Address;
    }
    if (File != NULL)
        fclose(File);
    return Found;
}

static UINT64 HookExits(VOID)
{
    static const UINT8 Reasons[] = {EXIT_EXCEPTION, EXIT_MONITOR_TRAP, EXIT_EPT_VIOLATION};
    UINT64 Exits                 = 0;

    for (UINT32 Core = 0; Core <= g_LastCore; Core++) {
        DEBUGGER_QUERY_EXITS Query = {.CoreId = Core};

        if (ClientRequest(IOCTL_QUERY_EXITS, &Query) != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
            TapGiveUp("exits of core %u", Core);
        for (UINT32 Index = 0; Index < COUNT_OF(Reasons); Index++)
            Exits += Query.Count[Reasons[Index]];
    }
    return Exits;
}

/* --- what is watched --- */

/* Calls of the function. */
static INT32 DoCalls(PVOID Context)
{
    const UINT32 *Times = Context;
    UINT32 Wrong        = 0;

    for (UINT32 Index = 0; Index < *Times; Index++)
        Wrong += syscall(SYS_getppid) != getppid();
    return Wrong != 0;
}

static BOOLEAN WriteVariable(UINT32 Value)
{
    CHAR Text[16];
    const INT32 File   = open(VARIABLE_FILE, O_WRONLY);
    const INT32 Length = snprintf(Text, sizeof(Text), "%u\n", Value);
    const BOOLEAN Done = File >= 0 && write(File, Text, (SIZE_T)Length) == Length;

    close(File);
    return Done;
}

static UINT32 ReadVariable(VOID)
{
    CHAR Text[16]      = "";
    const INT32 File   = open(VARIABLE_FILE, O_RDONLY);
    const ssize_t Read = read(File, Text, sizeof(Text) - 1);

    close(File);
    return Read > 0 ? (UINT32)strtoul(Text, NULL, 10) : ~0u;
}

/* COUNT writes, and twice as many reads; the values must be those written, or with *Context set the one from
 * before. */
static INT32 DoAccesses(PVOID Context)
{
    const UINT32 *IsKept = Context;
    const UINT32 Before  = *IsKept ? ReadVariable() : 0;
    UINT32 Wrong         = 0;

    for (UINT32 Index = 1; Index <= COUNT; Index++) {
        Wrong += !WriteVariable(Index);
        Wrong += ReadVariable() != (*IsKept ? Before : Index);
        Wrong += ReadVariable() != (*IsKept ? Before : Index);
    }
    return Wrong != 0;
}

/* --- one case --- */

static DEBUGGER_EVENT_OPTIONS EventAt(UINT32 Type, UINT64 Address, UINT64 Length, UINT32 Stage)
{
    return (DEBUGGER_EVENT_OPTIONS){.EventType         = Type,
                                    .CoreId            = HYPERDBG_ALL_CORES,
                                    .ProcessId         = HYPERDBG_ALL_PROCESSES,
                                    .Stage             = Stage,
                                    .HasOptionalParam1 = 1,
                                    .OptionalParam1    = Address,
                                    .OptionalParam2    = Length};
}

/* Lets a child work on a core while the event is set, for its process unless Options has one; the records are
 * in g_Records. Returns the hits. */
static UINT64 Watch(const CHAR *What, DEBUGGER_EVENT_OPTIONS Options, INT32 (*Do)(PVOID), UINT32 Parameter,
                    UINT32 Core, CLIENT_CHILD *Child)
{
    UINT64 Tag, Hits;

    ClientFork(Child, Core, Do, &Parameter);
    ClientAwait(Child);
    if (Options.ProcessId == HYPERDBG_ALL_PROCESSES)
        Options.ProcessId = (UINT32)Child->ProcessId;
    ClientClear(&g_Records);
    Tag = ClientSetEvent(&Options);
    TapIsNumber((UINT64)ClientGoAndWait(Child), 0, "%s: the program sees what it ought to", What);
    Hits = ClientHits(Tag);
    ClientClearAll();
    ClientRead(&g_Records);
    TapIs(!g_Records.IsDisordered && g_Records.Lost == 0, "%s: no record is lost, all are in order", What);
    return Hits;
}

/* --- hidden breakpoints --- */

static UINT32 WrongHooks(UINT32 Stage, UINT32 Core, const CLIENT_CHILD *Child, BOOLEAN IsShort)
{
    UINT32 Wrong = 0;

    for (UINT32 Index = 0; Index < g_Records.Count; Index++) {
        const DEBUGGER_EVENT_RECORD *Event = &g_Records.Item[Index].Event;

        Wrong +=
            Event->EventType != HIDDEN_HOOK_EXEC_CC || Event->Stage != Stage || Event->Rip != g_Function ||
            Event->Context != g_Function || Event->ProcessId != (UINT32)Child->ProcessId ||
            strcmp(Event->ProcessName, "hook-events") != 0 || g_Records.Item[Index].Header.Core != Core ||
            Event->ShortCircuited != IsShort || Event->PhysicalAddress != 0 || Event->Access != 0;
    }
    return Wrong;
}

static VOID TestHook(UINT32 Stage, BOOLEAN IsShort)
{
    const CHAR *What = IsShort ? "!epthook sc on" : Stage == PRE ? "!epthook" : "!epthook stage post";
    DEBUGGER_EVENT_OPTIONS Options = EventAt(HIDDEN_HOOK_EXEC_CC, g_Function, 0, Stage);
    CLIENT_CHILD Child;

    Options.ShortCircuit = IsShort;
    TapIsNumber(Watch(What, Options, DoCalls, COUNT, g_LastCore, &Child), 2 * COUNT,
                "%s: a hit for each call", What);
    TapIsNumber(g_Records.Count, 2 * COUNT, "%s: as many records as calls", What);
    TapIsNumber(WrongHooks(Stage, g_LastCore, &Child, IsShort), 0,
                "%s: each names place, stage, core and process", What);
}

static VOID TestHookFilters(VOID)
{
    DEBUGGER_EVENT_OPTIONS Options = EventAt(HIDDEN_HOOK_EXEC_CC, g_Function, 0, PRE);
    CLIENT_CHILD Child;

    Options.ProcessId = 1;
    TapIsNumber(Watch("!epthook pid 1", Options, DoCalls, COUNT, 0, &Child), 0,
                "!epthook pid 1: calls of another process are no hits");
    TapIsNumber(g_Records.Count, 0, "!epthook pid 1: and leave no records");
    if (g_LastCore == 0)
        return;
    Options        = EventAt(HIDDEN_HOOK_EXEC_CC, g_Function, 0, PRE);
    Options.CoreId = g_LastCore;
    Watch("!epthook core", Options, DoCalls, COUNT, 0, &Child);
    TapIsNumber(g_Records.Count, 0, "!epthook core: calls on another core leave no records");
}

/* Where every system call enters, on the user's stack and, with page table isolation, in the user's address
 * space. What else the child calls it calls in both runs. */
static VOID TestHookOfEntry(VOID)
{
    const CHAR *What  = "!epthook entry_SYSCALL_64";
    const UINT64 Here = ClientSymbol("entry_SYSCALL_64");
    CLIENT_CHILD Child;
    UINT64 Few, Many;

    Few  = Watch(What, EventAt(HIDDEN_HOOK_EXEC_CC, Here, 0, PRE), DoCalls, COUNT, g_LastCore, &Child);
    Many = Watch(What, EventAt(HIDDEN_HOOK_EXEC_CC, Here, 0, PRE), DoCalls, 2 * COUNT, g_LastCore, &Child);
    TapIsNumber(Many - Few, 2 * COUNT, "%s: a hit for each system call", What);
}

/* Two events and a monitor at one place. */
static VOID TestSeveralAtOnePlace(VOID)
{
    const DEBUGGER_EVENT_OPTIONS Hook    = EventAt(HIDDEN_HOOK_EXEC_CC, g_Function, 0, ALL);
    const DEBUGGER_EVENT_OPTIONS Execute = EventAt(HIDDEN_HOOK_EXECUTE, g_Function, 1, PRE);
    const UINT64 First = ClientSetEvent(&Hook), Second = ClientSetEvent(&Hook),
                 Third = ClientSetEvent(&Execute);
    const UINT32 Times = COUNT / 2; /* each of two calls */
    CLIENT_CHILD Child;
    UINT64 Before[3];

    ClientFork(&Child, 0, DoCalls, (PVOID)&Times);
    Before[0] = ClientHits(First);
    Before[1] = ClientHits(Second);
    Before[2] = ClientHits(Third);
    TapIsNumber((UINT64)ClientGoAndWait(&Child), 0, "three hooks at one place: the program goes on");
    TapIs(ClientHits(First) - Before[0] >= COUNT &&
              ClientHits(Second) - Before[1] == ClientHits(First) - Before[0],
          "three hooks at one place: both breakpoints are hit each time");
    TapIs(ClientHits(Third) - Before[2] >= COUNT, "three hooks at one place: the monitor is hit each time");
    ClientModify(First, DEBUGGER_MODIFY_EVENTS_CLEAR);
    Before[1] = ClientHits(Second);
    ClientFork(&Child, 0, DoCalls, (PVOID)&Times);
    ClientGoAndWait(&Child);
    TapIs(ClientHits(Second) - Before[1] >= COUNT,
          "three hooks at one place: without the first the second stays");
    ClientClearAll();
    ClientClear(&g_Records);
    ClientRead(&g_Records);
    ClientClear(&g_Records);
}

/* --- monitors --- */

typedef struct _COMBINATION {
    UINT32 Type;
    const CHAR *Name;
    UINT32 Access; /* bit 0 read, 1 write, 2 execute */
} COMBINATION;

static const COMBINATION g_Combinations[] = {
    {HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE, "rwx", 7},
    {HIDDEN_HOOK_READ_AND_WRITE, "rw", 3},
    {HIDDEN_HOOK_READ_AND_EXECUTE, "rx", 5},
    {HIDDEN_HOOK_WRITE_AND_EXECUTE, "wx", 6},
    {HIDDEN_HOOK_READ, "r", 1},
    {HIDDEN_HOOK_WRITE, "w", 2},
    {HIDDEN_HOOK_EXECUTE, "x", 4},
};

/* How many records have the access, and how many are of another place, process or event. */
static UINT32 CountAccesses(const COMBINATION *Combination, UINT32 Access, UINT64 Address, UINT64 Physical,
                            const CLIENT_CHILD *Child, UINT32 *Wrong)
{
    UINT32 Count = 0;

    for (UINT32 Index = 0; Index < g_Records.Count; Index++) {
        const DEBUGGER_EVENT_RECORD *Event = &g_Records.Item[Index].Event;

        Count += (Event->Access & Access) != 0;
        *Wrong += Event->EventType != Combination->Type || Event->Context != Address ||
                  Event->PhysicalAddress != Physical || !(Event->Access & Combination->Access) ||
                  Event->ProcessId != (UINT32)Child->ProcessId || !(Event->Rip >> 63);
    }
    return Count;
}

static VOID TestMonitorOfVariable(const COMBINATION *Combination, BOOLEAN IsPhysical)
{
    DEBUGGER_EVENT_OPTIONS Options =
        EventAt(Combination->Type, IsPhysical ? g_VariablePhysical : g_Variable, VARIABLE_BYTES, PRE);
    UINT32 Wrong = 0;
    CLIENT_CHILD Child;
    CHAR What[64];

    snprintf(What, sizeof(What), "!monitor %s%s of a variable", IsPhysical ? "pa " : "", Combination->Name);
    Options.OptionalParam3 = IsPhysical;
    Watch(What, Options, DoAccesses, FALSE, g_LastCore, &Child);
    TapIsNumber(CountAccesses(Combination, 2, g_Variable, g_VariablePhysical, &Child, &Wrong),
                Combination->Access & 2 ? COUNT : 0, "%s: writes", What);
    TapIsNumber(CountAccesses(Combination, 1, g_Variable, g_VariablePhysical, &Child, &Wrong),
                Combination->Access & 1 ? 2 * COUNT : 0, "%s: reads", What);
    TapIsNumber(Wrong, 0, "%s: each names type, both addresses, process and a place in the kernel", What);
}

static VOID TestMonitorOfFunction(const COMBINATION *Combination)
{
    UINT32 Wrong = 0, Executed;
    CLIENT_CHILD Child;
    CHAR What[64];

    snprintf(What, sizeof(What), "!monitor %s of a function", Combination->Name);
    Watch(What, EventAt(Combination->Type, g_Function, 1, PRE), DoCalls, COUNT / 2, 0, &Child);
    Executed = CountAccesses(Combination, 4, g_Function, PhysicalOf(g_Function), &Child, &Wrong);
    TapIsNumber(Executed, Combination->Access & 4 ? COUNT : 0, "%s: executions", What);
    TapIsNumber(g_Records.Count, Executed, "%s: and nothing else", What);
    TapIsNumber(Wrong, 0, "%s: each names type, both addresses and process", What);
}

static VOID TestMonitorShortCircuit(VOID)
{
    const CHAR *What               = "!monitor w sc on";
    DEBUGGER_EVENT_OPTIONS Options = EventAt(HIDDEN_HOOK_WRITE, g_Variable, VARIABLE_BYTES, PRE);
    UINT32 Short                   = 0;
    CLIENT_CHILD Child;

    WriteVariable(77);
    Options.ShortCircuit = 1;
    Watch(What, Options, DoAccesses, TRUE, 0, &Child);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++)
        Short += g_Records.Item[Index].Event.ShortCircuited;
    TapIs(g_Records.Count == COUNT && Short == COUNT, "%s: each write is told to have had no effect", What);
    TapIsNumber(ReadVariable(), 77, "%s: the variable has kept its value", What);
    TapIs(WriteVariable(5) && ReadVariable() == 5, "%s: cleared, writes have their effect again", What);
}

/* The byte before and the bytes behind the range are others'. */
static VOID TestMonitorPost(VOID)
{
    const CHAR *What = "!monitor w stage all";
    UINT32 Wrong     = 0;
    CLIENT_CHILD Child;

    TapIsNumber(Watch(What, EventAt(HIDDEN_HOOK_WRITE, g_Variable, 1, ALL), DoAccesses, FALSE, 0, &Child),
                COUNT, "%s: a hit for each write", What);
    TapIsNumber(g_Records.Count, 2 * COUNT, "%s: two records for each write", What);
    for (UINT32 Index = 0; Index + 1 < g_Records.Count; Index += 2) {
        const DEBUGGER_EVENT_RECORD *Before = &g_Records.Item[Index].Event,
                                    *After  = &g_Records.Item[Index + 1].Event;

        Wrong += Before->Stage != PRE || After->Stage != POST || Before->Rip != After->Rip ||
                 After->Context != g_Variable;
    }
    TapIsNumber(Wrong, 0, "%s: before and after in turn, of one instruction", What);
}

/* --- the rest --- */

static VOID TestNothingIsLeft(VOID)
{
    UINT32 Times  = COUNT;
    UINT32 IsKept = FALSE;
    UINT64 Before = HookExits();
    UINT64 Exits;

    DoCalls(&Times);
    DoAccesses(&IsKept);
    Exits = HookExits() - Before;
    TapIsNumber(Exits, 0, "with all hooks cleared nothing makes an exit");
}

static VOID TestRefusals(VOID)
{
    DEBUGGER_REGISTER_EVENT Request = {.Options = EventAt(HIDDEN_HOOK_EXEC_CC, 0xFFFFFFFFFFFFF000, 0, PRE)};

    TapIsNumber(ClientRequest(IOCTL_REGISTER_EVENT, &Request), (UINT32)DEBUGGER_ERROR_INVALID_ADDRESS,
                "a hook where nothing is mapped is refused");
    Request.Options = EventAt(HIDDEN_HOOK_EXEC_CC, (UINTPTR)DoCalls, 0, PRE);
    TapIsNumber(ClientRequest(IOCTL_REGISTER_EVENT, &Request), (UINT32)DEBUGGER_ERROR_ADDRESS_NEEDS_PROCESS,
                "an address of user space without a process is refused");
    Request.Options = EventAt(HIDDEN_HOOK_WRITE, g_Variable, 0, PRE);
    TapIsNumber(ClientRequest(IOCTL_REGISTER_EVENT, &Request), (UINT32)DEBUGGER_ERROR_INVALID_REQUEST,
                "a range of no bytes is refused");
}

int main(void)
{
    const UINT32 Before = ReadVariable();

    g_LastCore = ClientCoreCount() - 1;
    ClientStart();
    g_Function         = ClientSymbol("__x64_sys_getppid");
    g_Variable         = ClientSymbol("panic_timeout");
    g_VariablePhysical = PhysicalOf(g_Variable);
    TapIsNumber(g_Function, AddressByKallsyms("__x64_sys_getppid"),
                "a symbol's address is what kallsyms has");

    TestHook(PRE, FALSE);
    TestHook(POST, FALSE);
    TestHook(PRE, TRUE);
    TestHookFilters();
    TestHookOfEntry();
    TestSeveralAtOnePlace();
    for (UINT32 Index = 0; Index < COUNT_OF(g_Combinations); Index++) {
        TestMonitorOfVariable(&g_Combinations[Index], FALSE);
        TestMonitorOfFunction(&g_Combinations[Index]);
    }
    TestMonitorOfVariable(&g_Combinations[1], TRUE);
    TestMonitorPost();
    TestMonitorShortCircuit();
    TestRefusals();
    TestNothingIsLeft();
    WriteVariable(Before);
    ClientEnd();
    return TapEnd();
}

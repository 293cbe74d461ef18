/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * cycles.c - the VMM loads and unloads CYCLES times (100, if the environment does not say) while every core
 * works: each time on all cores, each time back, with the load's results right throughout; by the tool every
 * time, and with an event armed every fourth. CYCLES_WITH_HOOKS, if it is there: half of the times with hooks
 * of every kind in force where the load meets them.
 *
 * Context: user space of the guest, root.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/GuestInstructions.h"
#include "tests/vm/support/Tap.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define USUAL_CYCLES 100
#define MAX_CORES    64

/* By address: the tool would look for a name anew in each cycle. */
#define HOOKS                                                                                                \
    "!epthook 0x%llx; !epthook 0x%llx; !epthook2 0x%llx; !monitor rw 0x%llx l 4; !monitor w 0x%llx l 8; "    \
    "!monitor x 0x%llx l 1; !syscall; !cpuid 1"

static const CHAR *const g_Places[] = {"vfs_write",     "ksys_read", "vfs_read",
                                       "panic_timeout", "jiffies",   "__x64_sys_sethostname"};
static CHAR g_Hooks[400];

/* What the load tells us, in shared memory; one process at a time writes it. */
typedef struct _LOAD {
    volatile UINT64 Rounds;
    volatile UINT64 Wrong;
    volatile UINT64 Bare; /* CPUIDs that saw no hypervisor */
    volatile UINT64 Virtual;
} LOAD;

static LOAD *g_Load;
static UINT32 g_CoreCount, g_Cycles;

/* --- the load --- */

/* Which machine is this? */
static VOID Look(LOAD *Load)
{
    CPUID_REGISTERS Registers = {.Rax = 1};

    ExecuteCpuid(&Registers);
    if (Registers.Rcx >> 31 & 1)
        Load->Virtual++;
    else
        Load->Bare++;
}

static double Sum(LOAD *Load)
{
    double X = 0.4, Total = 0;

    for (UINT32 Index = 0; Index < 3000; Index++) {
        X = 3.9 * X * (1 - X);
        Total += X;
        if (Index % 1000 == 0)
            Look(Load);
    }
    return Total;
}

/* A child, a pipe, floating point: right or not. */
static BOOLEAN RoundIsRight(LOAD *Load, double Expected)
{
    double Got = 0;
    INT32 Pipe[2], Status = -1;

    if (pipe(Pipe) != 0)
        return FALSE;
    const INT32 Child = fork();
    if (Child == 0) {
        Got = Sum(Load);
        _exit(write(Pipe[1], &Got, sizeof(Got)) != sizeof(Got));
    }
    const ssize_t Length = read(Pipe[0], &Got, sizeof(Got));
    waitpid(Child, &Status, 0);
    close(Pipe[0]);
    close(Pipe[1]);
    return Length == sizeof(Got) && Status == 0 && Got == Expected;
}

static INT32 Work(PVOID Context)
{
    LOAD *Load            = Context;
    const double Expected = Sum(Load);

    if (nice(19) == -1) /* whoever loads comes first: the load has what is left, which is most of it */
        return 1;
    for (;;) {
        Load->Wrong += !RoundIsRight(Load, Expected);
        for (UINT32 Index = 0; Index < 20; Index++)
            Load->Wrong += Sum(Load) != Expected;
        Load->Rounds++;
    }
}

/* --- the cycles --- */

static VOID FindPlaces(VOID)
{
    UINT64 At[COUNT_OF(g_Places)];

    ClientStart();
    for (UINT32 Index = 0; Index < COUNT_OF(g_Places); Index++)
        At[Index] = ClientSymbol(g_Places[Index]);
    ClientEnd();
    snprintf(g_Hooks, sizeof(g_Hooks), HOOKS, At[0], At[1], At[2], At[3], At[4], At[5]);
}

/* Every fourth cycle has an event; with hooks, another one has them, and another one clears them before. */
static INT32 RunCycle(UINT32 Cycle)
{
    static const CHAR *const Between[] = {"!cpuid 1 stage all", ".status", g_Hooks, g_Hooks};
    const UINT32 Kind                  = g_Hooks[0] != 0 ? Cycle % 4 : Cycle % 4 != 0;
    CHAR Commands[480];

    snprintf(Commands, sizeof(Commands), "load vmm; %s;%s unload vmm", Between[Kind],
             Kind == 3 ? " events c all;" : "");
    return ClientRunTool(Commands);
}

static UINT32 CyclesFailed(VOID)
{
    UINT32 Failed = 0;

    for (UINT32 Cycle = 0; Cycle < g_Cycles; Cycle++) {
        CHAR Check[128];

        ClientPin(Cycle % g_CoreCount); /* the other cores are in the load's midst */
        if (RunCycle(Cycle) != 0)
            Failed++;
        snprintf(Check, sizeof(Check), "grep -q 'runs on %u core' /tmp/tool.out", g_CoreCount);
        if (system(Check) != 0)
            Failed++;
    }
    return Failed;
}

static VOID CheckLoad(VOID)
{
    for (UINT32 Core = 0; Core < g_CoreCount; Core++) {
        TapIsNumber(g_Load[Core].Wrong, 0, "core %u: the load's results were right", Core);
        TapIs(g_Load[Core].Virtual > g_Cycles && g_Load[Core].Bare > g_Cycles,
              "core %u: the load ran with and without the VMM", Core);
        TapNote("%llu rounds, %llu CPUIDs on the bare machine, %llu on the VMM", g_Load[Core].Rounds,
                g_Load[Core].Bare, g_Load[Core].Virtual);
    }
}

int main(void)
{
    const CHAR *Wanted = getenv("CYCLES");
    CLIENT_CHILD Child[MAX_CORES];

    g_Cycles    = Wanted != NULL ? (UINT32)atoi(Wanted) : USUAL_CYCLES;
    g_CoreCount = ClientCoreCount();
    g_Load =
        mmap(NULL, g_CoreCount * sizeof(*g_Load), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (g_Load == MAP_FAILED)
        TapGiveUp("memory");
    if (getenv("CYCLES_WITH_HOOKS") != NULL)
        FindPlaces();
    for (UINT32 Core = 0; Core < g_CoreCount; Core++) {
        ClientFork(&Child[Core], Core, Work, &g_Load[Core]);
        ClientGo(&Child[Core]);
    }
    ClientHurry(TRUE);
    TapIsNumber(CyclesFailed(), 0, "%u cycles of load and unload, on %u cores at work", g_Cycles,
                g_CoreCount);
    ClientHurry(FALSE);
    for (UINT32 Core = 0; Core < g_CoreCount; Core++) {
        kill(Child[Core].ProcessId, SIGKILL);
        ClientWait(&Child[Core]);
    }
    CheckLoad();
    TapIs(ClientRunTool("unload remove") == 0, "the modules go");
    TapIs(
        system("dmesg | grep -E 'BUG|Oops|WARNING: CPU|rcu.*stall|soft lockup|Call Trace' | sed 's/^/# /' | "
               "grep . && exit 1; exit 0") == 0,
        "the kernel has nothing to complain about");
    return TapEnd();
}

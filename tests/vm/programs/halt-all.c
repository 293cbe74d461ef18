/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * halt-all.c - all cores stand still at one instant, whatever they are doing, and go on as if nothing had
 * been: a thousand times, under interrupts, with the other core in user space, in exits, with interrupts off,
 * in steps of hooks, and sending and receiving NMIs.
 *
 * Context: user space of the guest, root.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/Tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define HALTER  0u
#define VICTIM  1u
#define CYCLES  200
#define TICK_NS 20000 /* interrupts of the victim's core, beside the kernel's own */

/* Loops at known addresses; rbx counts rounds. */
extern const UINT8 PlainLoop[], ExitLoop[], ExitLoopCpuid[];
__asm__(".text\n"
        "PlainLoop:\n"
        "1:	inc	%rbx\n"
        "	mov	%rbx, (%rdi)\n"
        "	jmp	1b\n"
        "ExitLoop:\n"
        "	mov	%rdi, %rsi\n"
        "1:	xor	%eax, %eax\n"
        "	inc	%r8\n"
        "	mov	%r8, (%rsi)\n"
        "ExitLoopCpuid:\n"
        "	cpuid\n"
        "	nop\n"
        "	nop\n"
        "	nop\n"
        "	nop\n"
        "	jmp	1b\n");

#define CPUID_LENGTH 2
#define NOP_LENGTH   1

static volatile UINT64 *g_Rounds; /* shared with the victims */

/* --- victims --- */

static VOID TickOften(VOID)
{
    const struct itimerspec Often = {.it_interval = {0, TICK_NS}, .it_value = {0, TICK_NS}};
    const INT32 Timer             = timerfd_create(CLOCK_MONOTONIC, 0);

    if (Timer < 0 || timerfd_settime(Timer, 0, &Often, NULL) != 0)
        _exit(1);
}

static INT32 RunLoop(PVOID Context)
{
    TickOften();
    __asm__ volatile("xor %%ebx, %%ebx\n\txor %%r8d, %%r8d\n\tcall *%0"
                     :
                     : "r"(Context), "D"(g_Rounds)
                     : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "memory");
    return 0;
}

static INT32 RunInKernel(PVOID Context)
{
    const CHAR *What   = Context;
    const INT32 Victim = open("/proc/halt-victim", O_WRONLY);

    TickOften();
    return Victim < 0 || write(Victim, What, strlen(What)) < 0;
}

/* "CORE COUNT": that many NMIs at a time, to each core in turn. */
static INT32 SendNmis(PVOID Context)
{
    (void)Context;
    for (UINT32 To = 0;; To ^= 1) {
        FILE *Sender = fopen("/proc/nmi-sender", "w");

        if (Sender == NULL || fprintf(Sender, "%u 5", To) < 0 || fclose(Sender) != 0)
            return 1;
        *g_Rounds += 1;
    }
}

/* --- one cycle --- */

typedef struct _SUMMARY {
    UINT32 Failed;
    UINT32 FromGuest, FromExit; /* of the victim's core */
    UINT32 Early;               /* from an exit, before another instruction of the guest */
    UINT32 After;               /* one instruction later */
    UINT32 Interrupted;         /* an interrupt was that instruction */
    UINT32 Beyond;              /* further */
    UINT32 Elsewhere;           /* not in the victim's loop */
    UINT64 MinimumLatency, MaximumLatency;
} SUMMARY;

static BOOLEAN Halt(UINT64 HoldTicks, DEBUGGER_CORE_STATE States[2], UINT64 *Latency)
{
    DEBUGGER_HALT_SYSTEM Request = {.HoldTicks = HoldTicks};

    if (ClientRequest(IOCTL_HALT_SYSTEM, &Request) != DEBUGGER_OPERATION_WAS_SUCCESSFUL ||
        Request.CoreCount != 2 || Request.HeldTicks < HoldTicks)
        return FALSE;
    *Latency = Request.LatencyTicks;
    for (UINT32 Core = 0; Core < 2; Core++) {
        States[Core] = (DEBUGGER_CORE_STATE){.CoreId = Core};
        if (ClientRequest(IOCTL_QUERY_CORE_STATE, &States[Core]) != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
            return FALSE;
    }
    return States[HALTER].HaltedFrom == DEBUGGER_CORE_ASKED && States[HALTER].ProcessId == (UINT32)getpid() &&
           States[VICTIM].HaltedFrom != DEBUGGER_CORE_ASKED;
}

static VOID JudgeExitLoop(SUMMARY *Summary, const DEBUGGER_CORE_STATE *State)
{
    const UINT64 AfterCpuid = (UINT64)(UINTPTR)ExitLoopCpuid + CPUID_LENGTH;

    if (State->HaltedFrom != DEBUGGER_CORE_FROM_EXIT)
        return;
    if (State->Rip == AfterCpuid)
        Summary->Early++;
    else if (State->Rip == AfterCpuid + NOP_LENGTH)
        Summary->After++;
    else if (State->Rip >> 63)
        Summary->Interrupted++;
    else
        Summary->Beyond++;
}

static VOID Cycle(SUMMARY *Summary, UINT32 ProcessId)
{
    DEBUGGER_CORE_STATE States[2];
    const DEBUGGER_CORE_STATE *State = &States[VICTIM];
    UINT64 Latency;

    if (!Halt(0, States, &Latency)) {
        Summary->Failed++;
        return;
    }
    Summary->FromGuest += State->HaltedFrom == DEBUGGER_CORE_FROM_GUEST;
    Summary->FromExit += State->HaltedFrom == DEBUGGER_CORE_FROM_EXIT;
    if (State->ProcessId != ProcessId)
        Summary->Elsewhere++;
    else
        JudgeExitLoop(Summary, State);
    if (Summary->MinimumLatency == 0 || Latency < Summary->MinimumLatency)
        Summary->MinimumLatency = Latency;
    if (Latency > Summary->MaximumLatency)
        Summary->MaximumLatency = Latency;
}

/* --- a victim, halted many times --- */

static VOID WaitForRounds(VOID)
{
    const UINT64 Before = *g_Rounds;

    for (UINT32 Patience = 0; *g_Rounds == Before && Patience < 10000; Patience++)
        usleep(1000);
}

static SUMMARY HaltVictim(const CHAR *Name, INT32 (*Work)(PVOID Context), PVOID Context)
{
    SUMMARY Summary = {0};
    CLIENT_CHILD Child;
    UINT64 Rounds;

    *g_Rounds = 0;
    ClientFork(&Child, VICTIM, Work, Context);
    ClientGo(&Child);
    if (Work == RunInKernel)
        usleep(10000);
    else
        WaitForRounds();
    Rounds = *g_Rounds;
    for (UINT32 Number = 0; Number < CYCLES; Number++)
        Cycle(&Summary, (UINT32)Child.ProcessId);
    if (Work != RunInKernel)
        TapIs(*g_Rounds > Rounds, "%s: it goes on", Name);
    kill(Child.ProcessId, Work == RunInKernel ? SIGTERM : SIGKILL);
    ClientWait(&Child);
    TapIsNumber(Summary.Failed, 0, "%s: halts that failed, of %u", Name, CYCLES);
    TapIs(Summary.Elsewhere <= CYCLES / 10, "%s: it is what the core was doing", Name);
    TapNote("%s: %u halted in the guest, %u from an exit, %u in another process; latency %llu to %llu ticks",
            Name, Summary.FromGuest, Summary.FromExit, Summary.Elsewhere, Summary.MinimumLatency,
            Summary.MaximumLatency);
    return Summary;
}

static VOID PlainLoopIsHalted(VOID)
{
    const SUMMARY Summary = HaltVictim("a loop", RunLoop, (PVOID)PlainLoop);

    TapIs(Summary.FromGuest > CYCLES * 9 / 10, "a loop: in the guest, at once");
}

static VOID ExitLoopIsHalted(VOID)
{
    const SUMMARY Summary = HaltVictim("a loop of exits", RunLoop, (PVOID)ExitLoop);

    TapIs(Summary.FromExit > CYCLES / 2, "a loop of exits: many in root mode");
    TapIsNumber(Summary.Beyond, 0, "a loop of exits: halts later than one instruction after the exit");
    TapIs(Summary.After > CYCLES / 4, "a loop of exits: many one instruction after it");
    TapNote(
        "of those in root mode: %u at the end of the exit, %u one instruction later, %u at an interrupt's "
        "first instruction",
        Summary.Early, Summary.After, Summary.Interrupted);
}

/* --- in the kernel --- */

typedef struct _VICTIM_REPORT {
    UINT64 Address, Calls;
    INT32 IsRight;
    UINT32 Halts, Refused, Moved;
} VICTIM_REPORT;

static VICTIM_REPORT ReadVictim(VOID)
{
    FILE *Victim = fopen("/proc/halt-victim", "r");
    VICTIM_REPORT Report;

    if (Victim == NULL || fscanf(Victim, "%llx %llu %d %u %u %u", &Report.Address, &Report.Calls,
                                 &Report.IsRight, &Report.Halts, &Report.Refused, &Report.Moved) != 6)
        TapGiveUp("/proc/halt-victim");
    fclose(Victim);
    return Report;
}

static VOID HookedCallsAreHalted(VOID)
{
    const UINT64 Tag =
        ClientSetEvent(&(DEBUGGER_EVENT_OPTIONS){.EventType = HIDDEN_HOOK_EXEC_CC,
                                                 .CoreId    = HYPERDBG_ALL_CORES,
                                                 .ProcessId = HYPERDBG_ALL_PROCESSES,
                                                 .Stage     = VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION,
                                                 .HasOptionalParam1 = 1,
                                                 .OptionalParam1    = ReadVictim().Address});
    const SUMMARY Summary      = HaltVictim("steps of a hook", RunInKernel, "calls");
    const VICTIM_REPORT Report = ReadVictim();

    TapIs(Summary.FromExit > CYCLES / 4, "steps of a hook: many in root mode");
    TapIs(Report.Calls > 1000 && Report.IsRight,
          "steps of a hook: the function was called, and did what it does");
    TapIsNumber(ClientHits(Tag), Report.Calls, "steps of a hook: hits, none lost, none twice");
    ClientClearAll();
}

/* --- both want to --- */

/* Both cores halt the other as often as they can, and meet all the time. */
static VOID BothHalt(VOID)
{
    CLIENT_CHILD Child;
    VICTIM_REPORT Report;

    ClientFork(&Child, HALTER, RunInKernel, "halts");
    ClientGo(&Child);
    HaltVictim("both cores halt", RunInKernel, "halts");
    kill(Child.ProcessId, SIGTERM);
    ClientWait(&Child);
    Report = ReadVictim();
    TapIs(Report.Halts > 1000, "both cores halt: often");
    TapIsNumber(Report.Refused, 0, "both cores halt: halts that failed");
    TapIsNumber(Report.Moved, 0, "both cores halt: halts in which the other moved");
    TapNote("%u halts", Report.Halts);
}

/* --- NMIs of the guest --- */

static VOID Totals(UINT32 Core, UINT32 *Sent, UINT32 *Arrived)
{
    FILE *Sender = fopen("/proc/nmi-sender", "r");
    UINT32 Number;

    while (Sender != NULL && fscanf(Sender, "%u %u %u", &Number, Sent, Arrived) == 3 && Number != Core)
        ;
    if (Sender != NULL)
        fclose(Sender);
}

static VMM_NMI_COUNTS NmisOf(UINT32 Core)
{
    DEBUGGER_QUERY_EXITS Query = {.CoreId = Core};

    if (ClientRequest(IOCTL_QUERY_EXITS, &Query) != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
        TapGiveUp("exits of a core");
    return Query.Nmis;
}

/* An NMI that was sent to a core just before it took a broadcast's is one with it in the processor, which
 * keeps one that waits: the guest's share is what the processor gave without what was broadcast. */
static VOID NmisOfTheGuestArrive(VOID)
{
    const VMM_NMI_COUNTS Before[2] = {NmisOf(0), NmisOf(1)};
    UINT32 Sent = 0, Arrived = 0;

    HaltVictim("NMIs", SendNmis, NULL);
    for (UINT32 Core = 0; Core < 2; Core++) {
        const VMM_NMI_COUNTS After = NmisOf(Core);
        const UINT64 Given     = After.InGuest + After.InRoot - Before[Core].InGuest - Before[Core].InRoot;
        const UINT64 Broadcast = After.Broadcast - Before[Core].Broadcast;

        Totals(Core, &Sent, &Arrived);
        TapIsNumber(Arrived, Given - Broadcast, "NMIs: core %u: all of the guest's arrived, and no other",
                    Core);
        TapIsNumber(After.Injected - Before[Core].Injected, Arrived, "NMIs: core %u: injected", Core);
        TapIs(Arrived <= Sent && Sent - Arrived <= Sent / 50,
              "NMIs: core %u: few that the guest sent were one with a broadcast's", Core);
        TapNote("%u sent, %u arrived; the processor gave %llu, %llu were broadcast", Sent, Arrived, Given,
                Broadcast);
    }
}

int main(void)
{
    if (ClientCoreCount() != 2)
        TapGiveUp("two cores are needed");
    g_Rounds = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ClientStart();
    if (system("insmod /root/nmi-sender.ko && insmod /root/halt-victim.ko") != 0)
        TapGiveUp("insmod");
    ClientPin(HALTER);
    PlainLoopIsHalted();
    ExitLoopIsHalted();
    HaltVictim("interrupts off", RunInKernel, "irqs-off");
    HookedCallsAreHalted();
    BothHalt();
    NmisOfTheGuestArrive();
    if (system("rmmod nmi-sender halt-victim") != 0)
        TapGiveUp("rmmod");
    ClientEnd();
    return TapEnd();
}

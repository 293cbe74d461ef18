/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * nmi.c - every NMI that is sent to a core arrives there once, whatever the core is doing: in the guest, in
 * an exit, with events armed, from itself or from another core, and while the VMM comes and goes.
 *
 * The module nmi-sender sends and counts them. Context: user space of the guest, root.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/GuestInstructions.h"
#include "tests/vm/support/Tap.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_CORES 64
#define COUNT     100

static UINT32 g_CoreCount;
static CLIENT_CHILD g_Busy[MAX_CORES];

static INT32 Send(UINT32 Core, UINT32 Count)
{
    FILE *Sender = fopen("/proc/nmi-sender", "w");

    if (Sender == NULL || fprintf(Sender, "%u %u", Core, Count) < 0 || fclose(Sender) != 0)
        return 1;
    return 0;
}

/* How many arrived at a core since the module was loaded. */
static UINT32 Arrived(UINT32 Core)
{
    FILE *Sender  = fopen("/proc/nmi-sender", "r");
    UINT32 Number = 0, Sent = 0, Count = 0;

    if (Sender == NULL)
        TapGiveUp("/proc/nmi-sender");
    while (fscanf(Sender, "%u %u %u", &Number, &Sent, &Count) == 3 && Number != Core)
        ;
    fclose(Sender);
    return Count;
}

static VOID NmisArrive(const CHAR *When, UINT32 Count)
{
    for (UINT32 From = 0; From < g_CoreCount; From++) {
        ClientPin(From);
        for (UINT32 To = 0; To < g_CoreCount; To++) {
            const UINT32 Before = Arrived(To);

            if (Send(To, Count) != 0)
                TapGiveUp("sending NMIs to core %u", To);
            TapIsNumber(Arrived(To) - Before, Count, "%s, core %u to %u: NMIs that arrived", When, From, To);
        }
    }
}

/* --- cores that do nothing but exit --- */

static INT32 ExitForever(PVOID Context)
{
    (void)Context;
    if (nice(19) == -1) /* the sender comes first */
        return 1;
    for (;;) {
        CPUID_REGISTERS Registers = {.Rax = 1};

        ExecuteCpuid(&Registers);
    }
}

/* How often the cores exited for CPUID. */
static UINT64 CpuidExits(VOID)
{
    UINT64 Sum = 0;

    for (UINT32 Core = 0; Core < g_CoreCount; Core++) {
        DEBUGGER_QUERY_EXITS Request = {.CoreId = Core};

        if (ClientRequest(IOCTL_QUERY_EXITS, &Request) != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
            TapGiveUp("exits of core %u", Core);
        Sum += Request.Count[10];
    }
    return Sum;
}

static VOID StartExits(VOID)
{
    const UINT64 Before = CpuidExits();

    for (UINT32 Core = 0; Core < g_CoreCount; Core++) {
        ClientFork(&g_Busy[Core], Core, ExitForever, NULL);
        ClientGo(&g_Busy[Core]);
    }
    while (CpuidExits() - Before < 1000)
        usleep(1000);
}

static VOID StopExits(VOID)
{
    for (UINT32 Core = 0; Core < g_CoreCount; Core++) {
        kill(g_Busy[Core].ProcessId, SIGKILL);
        ClientWait(&g_Busy[Core]);
    }
}

static VOID NmisArriveInExits(const CHAR *When)
{
    StartExits();
    const UINT64 Before = CpuidExits();
    NmisArrive(When, 2 * COUNT);
    const UINT64 Exits = CpuidExits() - Before;
    StopExits();
    TapIs(Exits > 300, "%s: there were exits meanwhile", When);
    TapNote("%llu of them", Exits);
}

/* --- while the VMM comes and goes --- */

#define CYCLES      8
#define PER_SENDING 25
#define PAUSE_US    200

/* Sends to the next core until it is killed. */
static INT32 SendForever(PVOID Context)
{
    const UINT32 To = *(UINT32 *)Context;

    if (nice(19) == -1)
        return 1;
    for (;;) {
        if (Send(To, PER_SENDING) != 0)
            return 1;
        usleep(PAUSE_US);
    }
}

static VOID Totals(UINT32 Core, UINT32 *Sent, UINT32 *Count)
{
    FILE *Sender = fopen("/proc/nmi-sender", "r");
    UINT32 Number;

    while (Sender != NULL && fscanf(Sender, "%u %u %u", &Number, Sent, Count) == 3 && Number != Core)
        ;
    if (Sender != NULL)
        fclose(Sender);
}

static VOID NmisArriveInBetween(VOID)
{
    CLIENT_CHILD Sender[MAX_CORES];
    UINT32 Core[MAX_CORES], Sent, Count, Failed = 0;

    for (UINT32 Index = 0; Index < g_CoreCount; Index++) {
        Core[Index] = (Index + 1) % g_CoreCount;
        ClientFork(&Sender[Index], Index, SendForever, &Core[Index]);
        ClientGo(&Sender[Index]);
    }
    ClientHurry(TRUE);
    for (UINT32 Cycle = 0; Cycle < CYCLES; Cycle++)
        Failed += ClientRunTool("load vmm; unload vmm") != 0;
    ClientHurry(FALSE);
    for (UINT32 Index = 0; Index < g_CoreCount; Index++) {
        kill(Sender[Index].ProcessId, SIGKILL);
        ClientWait(&Sender[Index]);
    }
    TapIsNumber(Failed, 0, "the VMM comes and goes while NMIs do");
    for (UINT32 Index = 0; Index < g_CoreCount; Index++) {
        Totals(Index, &Sent, &Count);
        TapIsNumber(Count, Sent, "all that were ever sent to core %u arrived", Index);
        TapNote("%u of them", Sent);
    }
}

int main(void)
{
    const DEBUGGER_EVENT_OPTIONS Options = {.EventType = CPUID_INSTRUCTION_EXECUTION,
                                            .CoreId    = HYPERDBG_ALL_CORES,
                                            .ProcessId = HYPERDBG_ALL_PROCESSES,
                                            .Stage     = VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION,
                                            .HasOptionalParam1 = 1,
                                            .OptionalParam1    = 1};

    g_CoreCount = ClientCoreCount();
    if (system("insmod /root/nmi-sender.ko") != 0)
        TapGiveUp("insmod nmi-sender.ko");
    NmisArrive("on the bare machine", COUNT);
    ClientStart();
    NmisArrive("on the VMM", COUNT);
    NmisArriveInExits("on the VMM, all cores in exits");
    ClientSetEvent(&Options);
    NmisArriveInExits("on the VMM, all cores in events");
    ClientEnd();
    NmisArriveInBetween();
    if (ClientRunTool("unload remove") != 0)
        TapGiveUp("unload remove");
    if (system("rmmod nmi-sender") != 0)
        TapGiveUp("rmmod nmi-sender");
    return TapEnd();
}

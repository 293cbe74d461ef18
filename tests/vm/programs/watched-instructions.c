/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * watched-instructions.c - events of instructions that the kernel alone can execute, and a few more: N of
 * them are N events with the right context and value, at both stages; PRE changes an input, POST an output, a
 * short-circuit skips; disarmed, not one exit of that reason is left.
 *
 * The module privileged executes them, the module change-values is the user that changes values. Context:
 * user space of the guest, root; loads and unloads the VMM itself.
 */
#include "tests/vm/modules/change-values/change-values.h"
#include "tests/vm/modules/privileged/privileged.h"
#include "tests/vm/support/Client.h"
#include "tests/vm/support/Tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COUNT    30
#define ANY      (~0ull) /* whatever the register holds */
#define NO_EXITS 0       /* reason of types whose exits cannot be turned off: not looked at */

#define CR0_AM   0x40000ull
#define CR0_TS   0x8ull
#define CR4_PCE  0x100ull
#define DR0_FREE 0xFFFFFFFF81000000ull

typedef struct _ROW {
    const CHAR *Name;
    UINT32 Type;
    UINT32 Operation;
    UINT32 Reason;  /* of its exits */
    UINT64 Context; /* that its events have, and that is asked for */
    UINT64 Bits;    /* OptionalParam2 */
    UINT64 Rax, Rcx;
    UINT64 Value;         /* of the written register afterwards, of a read one RAX; ANY: not known */
    UINT64 ChangedValue;  /* the same with another input by PRE; ANY: it has none */
    BOOLEAN IsRead;       /* RAX is its output */
    BOOLEAN IsFault;      /* it faults, unless it is skipped */
    BOOLEAN IsNotSkipped; /* a short-circuit of the type also skips what leads to it */
    const CHAR *Command;  /* of the tool, where the kernel executes it too, for this process: with page table
                           * isolation at each way in and out; only the module's may be skipped */
} ROW;

static const ROW g_Rows[] = {
    {.Name         = "RDTSC",
     .Type         = TSC_INSTRUCTION_EXECUTION,
     .Operation    = PRIVILEGED_RDTSC,
     .Reason       = 16,
     .Context      = 0,
     .Rax          = ANY,
     .Value        = ANY,
     .ChangedValue = ANY,
     .IsRead       = TRUE},
    {.Name         = "RDTSCP",
     .Type         = TSC_INSTRUCTION_EXECUTION,
     .Operation    = PRIVILEGED_RDTSCP,
     .Reason       = 51,
     .Context      = 1,
     .Rax          = ANY,
     .Value        = ANY,
     .ChangedValue = ANY,
     .IsRead       = TRUE},
    {.Name         = "RDPMC",
     .Type         = PMC_INSTRUCTION_EXECUTION,
     .Operation    = PRIVILEGED_RDPMC,
     .Reason       = 15,
     .Context      = 1,
     .Rax          = ANY,
     .Rcx          = 1,
     .Value        = ANY,
     .ChangedValue = ANY,
     .IsRead       = TRUE},
    {.Name         = "MOV DR0",
     .Type         = DEBUG_REGISTERS_ACCESSED,
     .Operation    = PRIVILEGED_DR0_WRITE,
     .Reason       = 29,
     .Context      = 0,
     .Rax          = DR0_FREE,
     .Value        = DR0_FREE,
     .ChangedValue = DR0_FREE ^ CHANGED_DR},
    {.Name         = "MOV from DR0",
     .Type         = DEBUG_REGISTERS_ACCESSED,
     .Operation    = PRIVILEGED_DR0_READ,
     .Reason       = 29,
     .Context      = 0,
     .Rax          = 1,
     .Value        = ANY,
     .ChangedValue = ANY,
     .IsRead       = TRUE},
    {.Name         = "MOV DR6 with its high half",
     .Type         = DEBUG_REGISTERS_ACCESSED,
     .Operation    = PRIVILEGED_DR6_WRITE,
     .Reason       = 29,
     .Context      = 6,
     .Rax          = 1ull << 32,
     .Value        = ANY,
     .ChangedValue = ANY,
     .IsFault      = TRUE},
    {.Name         = "MOV from DR7",
     .Type         = DEBUG_REGISTERS_ACCESSED,
     .Operation    = PRIVILEGED_DR7_READ,
     .Reason       = 29,
     .Context      = 7,
     .Rax          = 1,
     .Value        = 0x400,
     .ChangedValue = ANY,
     .IsRead       = TRUE},
    {.Name         = "MOV CR0",
     .Type         = CONTROL_REGISTER_MODIFIED,
     .Operation    = PRIVILEGED_CR0_WRITE,
     .Reason       = 28,
     .Context      = 0,
     .Bits         = CR0_AM,
     .Rax          = CR0_AM,
     .Value        = CR0_AM,
     .ChangedValue = CR0_AM | CHANGED_CR},
    {.Name         = "CLTS",
     .Type         = CONTROL_REGISTER_MODIFIED,
     .Operation    = PRIVILEGED_CLTS,
     .Reason       = 28,
     .Context      = 0,
     .Bits         = CR0_TS,
     .Value        = 0,
     .ChangedValue = ANY,
     .IsNotSkipped = TRUE},
    {.Name         = "MOV CR4",
     .Type         = CONTROL_REGISTER_MODIFIED,
     .Operation    = PRIVILEGED_CR4_WRITE,
     .Reason       = 28,
     .Context      = 4,
     .Bits         = CR4_PCE,
     .Rax          = CR4_PCE,
     .Value        = CR4_PCE,
     .ChangedValue = CR4_PCE | CHANGED_CR},
    {.Name         = "MOV CR8",
     .Type         = CONTROL_REGISTER_MODIFIED,
     .Operation    = PRIVILEGED_CR8_WRITE,
     .Reason       = 28,
     .Context      = 8,
     .Rax          = 4,
     .Value        = 4,
     .ChangedValue = 4 ^ CHANGED_CR},
    {.Name         = "MOV CR3",
     .Type         = CONTROL_REGISTER_3_MODIFIED,
     .Operation    = PRIVILEGED_CR3_WRITE,
     .Reason       = 28,
     .Context      = ANY,
     .Rax          = 0,
     .Value        = 0,
     .ChangedValue = CHANGED_CR3,
     .Command      = "!cr3"},
    {.Name         = "MOV from CR3",
     .Type         = CONTROL_REGISTER_READ,
     .Operation    = PRIVILEGED_CR3_READ,
     .Reason       = 28,
     .Context      = 3,
     .Rax          = 1,
     .Value        = ANY,
     .ChangedValue = ANY,
     .IsRead       = TRUE,
     .Command      = "!crread 3"},
    {.Name         = "MOV from CR8",
     .Type         = CONTROL_REGISTER_READ,
     .Operation    = PRIVILEGED_CR8_READ,
     .Reason       = 28,
     .Context      = 8,
     .Rax          = 1,
     .Value        = 0,
     .ChangedValue = ANY,
     .IsRead       = TRUE},
    {.Name         = "VMCALL",
     .Type         = VMCALL_INSTRUCTION_EXECUTION,
     .Operation    = PRIVILEGED_VMCALL,
     .Reason       = NO_EXITS,
     .Context      = 0x123456789A,
     .Rax          = 0x123456789A,
     .Value        = ANY,
     .ChangedValue = ANY,
     .IsFault      = TRUE},
    {.Name         = "XSETBV of what cannot be",
     .Type         = XSETBV_INSTRUCTION_EXECUTION,
     .Operation    = PRIVILEGED_XSETBV,
     .Reason       = NO_EXITS,
     .Context      = 5,
     .Rax          = 1,
     .Rcx          = 5,
     .Value        = ANY,
     .ChangedValue = ANY,
     .IsFault      = TRUE},
};

static CLIENT_RECORDS g_Records;
static INT32 g_Device;

static struct privileged_request Execute(const ROW *Row, UINT64 Mark)
{
    struct privileged_request Request = {.rax = Row->Rax, .rcx = Row->Rcx, .mark = Mark};

    if (ioctl(g_Device, PRIVILEGED_FIRST + Row->Operation, &Request) != 0)
        TapGiveUp("/dev/privileged");
    return Request;
}

/* What the debug register holds is asked for by an instruction of its own. */
static UINT64 ValueAfter(const ROW *Row, const struct privileged_request *Done)
{
    static const ROW ReadDr0 = {.Operation = PRIVILEGED_DR0_READ};

    if (Row->IsRead)
        return Done->rax;
    return Row->Operation == PRIVILEGED_DR0_WRITE ? Execute(&ReadDr0, 0).rax : Done->value;
}

static BOOLEAN IsRight(const ROW *Row, const struct privileged_request *Done, UINT64 Expected)
{
    if (Row->IsFault)
        return Done->faults == 1 && Done->rax == Row->Rax;
    return Done->faults == 0 && (Expected == ANY || ValueAfter(Row, Done) == Expected);
}

/* --- events of the debugger --- */

static UINT64 ExitsOf(UINT32 Core, UINT32 Reason)
{
    DEBUGGER_QUERY_EXITS Query = {.CoreId = Core};

    ClientRequest(IOCTL_QUERY_EXITS, &Query);
    return Query.Count[Reason];
}

static UINT64 SetEvent(const ROW *Row, UINT32 Core, UINT32 Stage, BOOLEAN ShortCircuit, UINT64 Bits)
{
    DEBUGGER_EVENT_OPTIONS Options = {.EventType      = Row->Type,
                                      .CoreId         = Core,
                                      .ProcessId      = (UINT32)getpid(),
                                      .Stage          = Stage,
                                      .ShortCircuit   = ShortCircuit,
                                      .OptionalParam2 = Bits};

    if (Row->Context != ANY) {
        Options.HasOptionalParam1 = 1;
        Options.OptionalParam1    = Row->Context;
    }
    return ClientSetEvent(&Options);
}

/* Records of the instruction itself: the same event also meets the kernel's own ones, and those with which a
 * register is put back. */
static UINT32 RecordsAt(const ROW *Row, UINT64 Rip, UINT32 Core, UINT32 *Wrong)
{
    UINT32 Count = 0;

    for (UINT32 Index = 0; Index < g_Records.Count; Index++) {
        const DEBUGGER_EVENT_RECORD *Event = &g_Records.Item[Index].Event;

        if (Event->Rip != Rip)
            continue;
        *Wrong += Event->Stage != (Count % 2 == 0 ? 1u : 2u) || Event->EventType != Row->Type ||
                  (Row->Context != ANY && Event->Context != Row->Context) ||
                  g_Records.Item[Index].Header.Core != Core || Event->ProcessId != (UINT32)getpid();
        Count++;
    }
    return Count;
}

static VOID TestEvents(const ROW *Row, UINT32 Core)
{
    struct privileged_request Done;
    UINT32 Wrong = 0, Untold = 0;

    ClientClear(&g_Records);
    SetEvent(Row, Core, VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION, FALSE, Row->Bits);
    for (UINT32 Index = 0; Index < COUNT; Index++) {
        Done = Execute(Row, 0);
        Wrong += !IsRight(Row, &Done, Row->Value);
    }
    ClientClearAll();
    ClientRead(&g_Records);
    TapIsNumber(Wrong, 0, "core %u: %s does what it does, event or not", Core, Row->Name);
    TapIsNumber(RecordsAt(Row, Done.rip, Core, &Untold), 2 * COUNT, "core %u: %s: two records for each", Core,
                Row->Name);
    TapIs(Untold == 0 && g_Records.Lost == 0,
          "core %u: %s: before and after in turn, with context, core and process", Core, Row->Name);
}

static VOID TestOtherBits(const ROW *Row, UINT32 Core)
{
    struct privileged_request Done;
    UINT32 Wrong = 0;

    if (Row->Bits == 0)
        return;
    ClientClear(&g_Records);
    SetEvent(Row, Core, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION, FALSE, Row->Bits << 1);
    SetEvent(Row, Core, VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION, FALSE, Row->Bits << 1);
    for (UINT32 Index = 0; Index < COUNT; Index++)
        Done = Execute(Row, 0);
    ClientClearAll();
    ClientRead(&g_Records);
    TapIsNumber(RecordsAt(Row, Done.rip, Core, &Wrong), 0, "core %u: %s: no event of another bit", Core,
                Row->Name);
}

/* This one instruction of the kernel's, by the place where it stands. */
static VOID SetShortCircuitAt(const ROW *Row, UINT32 Core, UINT64 Rip)
{
    CHAR Command[256];

    snprintf(Command, sizeof(Command), "%s pid 0n%d core %x script { event_sc(@rip == 0x%llx); }",
             Row->Command, getpid(), Core, Rip);
    ClientRunToolWithin(Command);
}

static VOID TestShortCircuit(const ROW *Row, UINT32 Core)
{
    struct privileged_request Done;
    UINT64 Value;

    if (Row->IsNotSkipped)
        return;
    Value = Row->Operation == PRIVILEGED_DR0_WRITE ? DR0_FREE : 0; /* as it was before */
    if (Row->Command != NULL)
        SetShortCircuitAt(Row, Core, Execute(Row, 0).rip);
    else
        SetEvent(Row, Core, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION, TRUE, Row->Bits);
    Done = Execute(Row, 0);
    ClientClearAll();
    TapIs(Done.faults == 0 && (Row->IsFault || Row->IsRead || ValueAfter(Row, &Done) == Value) &&
              Done.rax == (Row->Operation == PRIVILEGED_CR0_WRITE || Row->Operation == PRIVILEGED_CR4_WRITE ||
                                   Row->Operation == PRIVILEGED_CR3_WRITE
                               ? Done.rax
                               : Row->Rax),
          "core %u: %s: short-circuited, it does nothing", Core, Row->Name);
}

static VOID TestNoExits(const ROW *Row, UINT32 Core)
{
    UINT64 Before;

    if (Row->Reason == NO_EXITS)
        return;
    Before = ExitsOf(Core, Row->Reason);
    for (UINT32 Index = 0; Index < COUNT; Index++)
        Execute(Row, 0);
    TapIsNumber(ExitsOf(Core, Row->Reason) - Before, 0, "core %u: %s: disarmed, no exit is left", Core,
                Row->Name);
}

static VOID TestDebugger(UINT32 CoreCount)
{
    ClientStart();
    for (UINT32 Core = 0; Core < CoreCount; Core++) {
        ClientPin(Core);
        for (const ROW *Row = g_Rows; Row < g_Rows + COUNT_OF(g_Rows); Row++) {
            TestEvents(Row, Core);
            TestOtherBits(Row, Core);
            TestShortCircuit(Row, Core);
            TestNoExits(Row, Core);
        }
    }
    ClientEnd();
}

/* --- a user that changes values --- */

static VOID TestChanges(const ROW *Row, UINT32 Core)
{
    struct privileged_request Done;

    if (Row->ChangedValue != ANY) {
        Done = Execute(Row, MARK_PRE);
        TapIs(IsRight(Row, &Done, Row->ChangedValue), "core %u: %s works on what PRE made of its input", Core,
              Row->Name);
    }
    if (Row->IsRead) {
        Done = Execute(Row, MARK_POST);
        TapIsNumber(Done.rax, RAX_OF_POST, "core %u: %s gives what POST made of its output", Core, Row->Name);
        Done = Execute(Row, MARK_SKIP);
        TapIsNumber(Done.rax, Row->Rax, "core %u: %s, skipped, gives nothing", Core, Row->Name);
    }
    if (Row->IsFault) {
        Done = Execute(Row, MARK_SKIP);
        TapIsNumber(Done.faults, 0, "core %u: %s, skipped, does not fault", Core, Row->Name);
    }
}

static VOID TestUser(UINT32 CoreCount)
{
    ClientShell("insmod /root/hyperhv.ko");
    ClientShell("insmod /root/change-values.ko");
    for (UINT32 Core = 0; Core < CoreCount; Core++) {
        ClientPin(Core);
        for (const ROW *Row = g_Rows; Row < g_Rows + COUNT_OF(g_Rows); Row++)
            TestChanges(Row, Core);
    }
    ClientShell("rmmod change-values");
    ClientShell("rmmod hyperhv");
}

int main(void)
{
    const UINT32 CoreCount = ClientCoreCount();

    ClientShell("insmod /root/privileged.ko");
    g_Device = open("/dev/privileged", O_RDWR | O_CLOEXEC);
    if (g_Device < 0)
        TapGiveUp("/dev/privileged");
    TestDebugger(CoreCount);
    TestUser(CoreCount);
    close(g_Device);
    ClientShell("rmmod privileged");
    return TapEnd();
}

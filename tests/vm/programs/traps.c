/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * traps.c - events that take more than one bit of a control: ports, exceptions, interrupts, system calls,
 * changes of mode. A program does a known number of each; that many records arrive, with the right context;
 * what a short-circuit keeps from happening has not happened; afterwards nothing of it exits any more.
 *
 * Context: user space of the guest, root; loads and unloads the VMM itself.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/Tap.h"
#include "tests/vm/support/TrapWork.h"

#include <string.h>

#define COUNT 40

static CLIENT_RECORDS g_Records;
static UINT32 g_LastCore;

/* --- one case --- */

/* A program's work, and what is expected of watching it at stage PRE. */
typedef struct _TRAP_CASE {
    const CHAR *What;
    UINT32 EventType;
    UINT64 Parameter; /* OptionalParam1 */
    UINT32 ExitReason;
    INT32 (*Do)(PVOID Context);
    INT32 (*DoWithoutEffect)(PVOID Context); /* the same while it is short-circuited; NULL: not possible */
    const UINT8 *Instruction;                /* records of elsewhere do not count; NULL: all do */
} TRAP_CASE;

static UINT64 ExitsOf(UINT32 Reason)
{
    UINT64 Sum = 0;

    for (UINT32 Core = 0; Core <= g_LastCore; Core++) {
        DEBUGGER_QUERY_EXITS Exits = {.CoreId = Core};

        if (ClientRequest(IOCTL_QUERY_EXITS, &Exits) != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
            TapGiveUp("the exits of core %u", Core);
        Sum += Exits.Count[Reason];
    }
    return Sum;
}

static DEBUGGER_EVENT_OPTIONS OptionsOf(const TRAP_CASE *Case, UINT32 Stage, INT32 ProcessId)
{
    return (DEBUGGER_EVENT_OPTIONS){.EventType         = Case->EventType,
                                    .CoreId            = HYPERDBG_ALL_CORES,
                                    .ProcessId         = (UINT32)ProcessId,
                                    .Stage             = Stage,
                                    .HasOptionalParam1 = 1,
                                    .OptionalParam1    = Case->Parameter};
}

static VOID LeaveOutOthers(const TRAP_CASE *Case)
{
    UINT32 Kept = 0;

    for (UINT32 Index = 0; Index < g_Records.Count; Index++)
        if (!Case->Instruction || g_Records.Item[Index].Event.Rip == (UINTPTR)Case->Instruction)
            g_Records.Item[Kept++] = g_Records.Item[Index];
    g_Records.Count = Kept;
}

static VOID Watch(const TRAP_CASE *Case, UINT32 Core, UINT32 Stage, BOOLEAN IsShortCircuited, UINT32 Expected)
{
    INT32 (*Do)(PVOID) = IsShortCircuited ? Case->DoWithoutEffect : Case->Do;
    const CHAR *Which  = IsShortCircuited ? "sc on" : Stage == 1 ? "pre" : "post";
    UINT32 Count       = COUNT;
    CLIENT_CHILD Child;
    UINT32 Wrong = 0;

    ClientFork(&Child, Core, Do, &Count);
    DEBUGGER_EVENT_OPTIONS Options = OptionsOf(Case, Stage, Child.ProcessId);
    Options.ShortCircuit           = IsShortCircuited;
    ClientClear(&g_Records);
    const UINT64 Tag = ClientSetEvent(&Options);
    TapIsNumber((UINT64)ClientGoAndWait(&Child), 0, "core %u: %s %s: the program sees what it ought to", Core,
                Case->What, Which);
    TapIs(ClientHits(Tag) >= Expected, "core %u: %s %s: hits", Core, Case->What, Which);
    ClientClearAll();
    ClientRead(&g_Records);
    LeaveOutOthers(Case);
    TapIsNumber(g_Records.Count, Expected, "core %u: %s %s: as many records as there were", Core, Case->What,
                Which);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++) {
        const DEBUGGER_EVENT_RECORD *Event = &g_Records.Item[Index].Event;

        Wrong += Event->EventType != Case->EventType || Event->Stage != Stage ||
                 TrapContext(Event) != Case->Parameter || g_Records.Item[Index].Header.Core != Core ||
                 Event->ProcessId != (UINT32)Child.ProcessId;
    }
    TapIsNumber(Wrong, 0, "core %u: %s %s: each names event, stage, context, core and process", Core,
                Case->What, Which);
}

/* Nothing is set any more: the same work exits not once for that reason. */
static VOID IsQuiet(const TRAP_CASE *Case, UINT32 Core)
{
    const UINT64 Before = ExitsOf(Case->ExitReason);
    UINT32 Count        = COUNT;
    CLIENT_CHILD Child;

    ClientFork(&Child, Core, Case->Do, &Count);
    TapIsNumber((UINT64)ClientGoAndWait(&Child), 0, "core %u: %s: the program goes on as ever", Core,
                Case->What);
    TapIsNumber(ExitsOf(Case->ExitReason) - Before, 0, "core %u: %s: no exit is left", Core, Case->What);
}

static VOID TestCase(const TRAP_CASE *Case, UINT32 Core)
{
    Watch(Case, Core, 1, FALSE, COUNT);
    Watch(Case, Core, 2, FALSE, COUNT);
    if (Case->DoWithoutEffect)
        Watch(Case, Core, 1, TRUE, COUNT);
    if (Case->ExitReason != NO_EXIT_REASON)
        IsQuiet(Case, Core);
}

#define PORTS(Name, Type, ...)                                                                               \
    {                                                                                                        \
        .What = Name, .EventType = Type, .Parameter = TRAP_PORT, .ExitReason = 30, __VA_ARGS__               \
    }
#define EXCEPTION(Vector, ...)                                                                               \
    {                                                                                                        \
        .What = "!exception " #Vector, .EventType = EXCEPTION_OCCURRED, .Parameter = Vector,                 \
        .ExitReason = (Vector) == 3 ? NO_EXIT_REASON : 0, __VA_ARGS__                                        \
    }

static const TRAP_CASE Cases[] = {
    PORTS("!ioout 80", OUT_INSTRUCTION_EXECUTION, .Do = DoOuts, .DoWithoutEffect = DoOutsWithoutEffect),
    PORTS("!ioin 80", IN_INSTRUCTION_EXECUTION, .Do = DoIns, .DoWithoutEffect = DoInsWithoutEffect),
    PORTS("!ioout 80 by outsb", OUT_INSTRUCTION_EXECUTION, .Do = DoOutsb,
          .DoWithoutEffect = DoOutsbWithoutEffect),
    PORTS("!ioin 80 by insb", IN_INSTRUCTION_EXECUTION, .Do = DoInsb, .DoWithoutEffect = DoInsbWithoutEffect),
    PORTS("!ioout 80 by rep outsb", OUT_INSTRUCTION_EXECUTION, .Do = DoRepOutsb),
    PORTS("!ioin 80 by rep insb", IN_INSTRUCTION_EXECUTION, .Do = DoRepInsb),
    EXCEPTION(0x0, .Do = DoDivide, .DoWithoutEffect = DoDivideWithoutEffect),
    EXCEPTION(0x1, .Do = DoSingleStep),
    EXCEPTION(0x3, .Do = DoBreakpoint, .DoWithoutEffect = DoBreakpointWithoutEffect),
    EXCEPTION(0x6, .Do = DoUndefined, .DoWithoutEffect = DoUndefinedWithoutEffect),
    EXCEPTION(0xd, .Do = DoProtection, .DoWithoutEffect = DoProtectionWithoutEffect),
    EXCEPTION(0xe, .Do = DoPageFault, .Instruction = TrapPageFaultInstruction),
};

/* An INS into a page that is not there yet: the fault is the guest's, and the instruction starts again. */
static VOID TestFaultingString(UINT32 Core)
{
    const TRAP_CASE Case =
        PORTS("!ioin 80 by rep insb into fresh pages", IN_INSTRUCTION_EXECUTION, .Do = DoRepInsbFresh);

    Watch(&Case, Core, 2, FALSE, 2 * COUNT); /* each iteration is carried out once */
    Watch(&Case, Core, 1, FALSE, 2 * COUNT + FRESH_PAGES);
}

int main(void)
{
    g_LastCore = ClientCoreCount() - 1;
    ClientStart();
    for (UINT32 Index = 0; Index < COUNT_OF(Cases); Index++)
        for (UINT32 Core = 0; Core <= g_LastCore; Core++)
            TestCase(&Cases[Index], Core);
    TestFaultingString(g_LastCore);
    ClientEnd();
    return TapEnd();
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * traps.c - events that take more than one bit of a control: ports, exceptions, interrupts, system calls,
 * changes of mode. A program does a known number of each; that many records arrive, with the right context;
 * what a short-circuit keeps from happening has not happened; afterwards nothing of it exits any more.
 *
 * Context: user space of the guest, root; loads and unloads the VMM itself.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/GuestInstructions.h"
#include "tests/vm/support/Tap.h"
#include "tests/vm/support/TrapWork.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT 40

#define MSR_EFER                0xC0000080u
#define EXIT_EXTERNAL_INTERRUPT 1
#define EXIT_MOV_CR             28
#define EXIT_EPT_VIOLATION      48
#define IRQ_WORK_VECTOR         0xF6u /* of self-ipi */

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

/* Of exceptions the record has the register that tells more: the address of a page fault, what a debug
 * exception is of (a single step here, and nothing else). */
static BOOLEAN IsRegisterRight(const DEBUGGER_EVENT_RECORD *Event)
{
    const VMM_REGISTER_ACCESS *Access = &Event->Register;

    if (Event->EventType != EXCEPTION_OCCURRED)
        return TRUE;
    if (Event->Context == 0xE)
        return Access->Register == 2 && Access->IsWrite && Access->After == TRAP_ABSENT;
    if (Event->Context == 1)
        return Access->Register == 6 && Access->IsWrite && (Access->After & 0xE00F) == 0x4000;
    return Access->Register == 0 && !Access->IsWrite && Access->After == 0;
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

        Wrong += !IsRegisterRight(Event);
        Wrong += Event->EventType != Case->EventType || Event->Stage != Stage ||
                 Event->Context != Case->Parameter || g_Records.Item[Index].Header.Core != Core ||
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
    PORTS("!ioout 80 by rep outsb", OUT_INSTRUCTION_EXECUTION, .Do = DoRepOutsb,
          .DoWithoutEffect = DoRepOutsbWithoutEffect),
    PORTS("!ioin 80 by rep insb", IN_INSTRUCTION_EXECUTION, .Do = DoRepInsb),
    EXCEPTION(0x0, .Do = DoDivide, .DoWithoutEffect = DoDivideWithoutEffect),
    EXCEPTION(0x1, .Do = DoSingleStep),
    EXCEPTION(0x3, .Do = DoBreakpoint, .DoWithoutEffect = DoBreakpointWithoutEffect),
    EXCEPTION(0x6, .Do = DoUndefined, .DoWithoutEffect = DoUndefinedWithoutEffect),
    EXCEPTION(0xb, .Do = DoSegmentNotPresent),
    EXCEPTION(0xc, .Do = DoStackFault),
    EXCEPTION(0x10, .Do = DoX87Fault),
    EXCEPTION(0x11, .Do = DoAlignmentCheck),
    EXCEPTION(0x13, .Do = DoSimdFault),
    EXCEPTION(0xd, .Do = DoProtection, .DoWithoutEffect = DoProtectionWithoutEffect),
    EXCEPTION(0xe, .Do = DoPageFault, .Instruction = TrapPageFaultInstruction),
    {.What            = "!syscall 7abc",
     .EventType       = SYSCALL_HOOK_EFER_SYSCALL,
     .Parameter       = TRAP_SYSCALL,
     .Do              = DoSyscalls,
     .DoWithoutEffect = DoSyscallsWithoutEffect},
};

/* An INS into a page that is not there yet: the fault is the guest's, and the instruction starts again. */
static VOID TestFaultingString(UINT32 Core)
{
    const TRAP_CASE Case =
        PORTS("!ioin 80 by rep insb into fresh pages", IN_INSTRUCTION_EXECUTION, .Do = DoRepInsbFresh);

    Watch(&Case, Core, 2, FALSE, 2 * COUNT); /* each iteration is carried out once */
    Watch(&Case, Core, 1, FALSE, 2 * COUNT + FRESH_PAGES);
}

/* --- SYSCALL and SYSRET --- */

static UINT64 SetForChild(UINT32 EventType, UINT32 Stage, const CLIENT_CHILD *Child)
{
    const DEBUGGER_EVENT_OPTIONS Options = {.EventType = EventType,
                                            .CoreId    = HYPERDBG_ALL_CORES,
                                            .ProcessId = (UINT32)Child->ProcessId,
                                            .Stage     = Stage};

    ClientClear(&g_Records);
    return ClientSetEvent(&Options);
}

static UINT32 CountAt(UINT32 EventType, UINT64 Rip)
{
    UINT32 Count = 0;

    for (UINT32 Index = 0; Index < g_Records.Count; Index++)
        Count += g_Records.Item[Index].Event.EventType == EventType && g_Records.Item[Index].Event.Rip == Rip;
    return Count;
}

/* The guest reads its EFER as if nothing was; of SYSCALL the record tells the number, and POST is the
 * kernel's entry.
 */
static VOID TestSyscallPost(UINT32 Core)
{
    const INT32 Msr = MsrOpen(Core);
    UINT32 Count = COUNT, Wrong = 0;
    UINT64 Before, Meanwhile;
    CLIENT_CHILD Child;

    ClientFork(&Child, Core, DoSyscalls, &Count);
    if (MsrRead(Msr, MSR_EFER, &Before) != 0)
        TapGiveUp("IA32_EFER");
    SetForChild(SYSCALL_HOOK_EFER_SYSCALL, 2, &Child);
    TapIs(MsrRead(Msr, MSR_EFER, &Meanwhile) == 0 && Meanwhile == Before && (Before & 1),
          "core %u: !syscall: the kernel reads IA32_EFER as it was", Core);
    TapIsNumber((UINT64)ClientGoAndWait(&Child), 0, "core %u: !syscall post: the program goes on as ever",
                Core);
    ClientClearAll();
    ClientRead(&g_Records);
    TapIsNumber(CountAt(SYSCALL_HOOK_EFER_SYSCALL, (UINTPTR)TrapSyscallInstruction), COUNT,
                "core %u: !syscall post: as many records as there were", Core);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++) {
        const DEBUGGER_EVENT_RECORD *Event = &g_Records.Item[Index].Event;

        if (Event->Rip == (UINTPTR)TrapSyscallInstruction)
            Wrong += Event->Context != TRAP_SYSCALL || Event->Regs.rax != TRAP_SYSCALL ||
                     Event->Regs.rcx != (UINTPTR)TrapAfterSyscall || (Event->Regs.rflags & 0x200);
    }
    TapIsNumber(Wrong, 0, "core %u: !syscall post: RCX is the way back, interrupts are off", Core);
    close(Msr);
}

/* Every SYSRET of the program stands at one place of the kernel; ours come back behind our SYSCALL. */
static VOID TestSysret(UINT32 Core)
{
    UINT32 Count = COUNT, Ours = 0, Elsewhere = 0;
    CLIENT_CHILD Child;

    ClientFork(&Child, Core, DoSyscalls, &Count);
    SetForChild(SYSCALL_HOOK_EFER_SYSRET, 1, &Child);
    TapIsNumber((UINT64)ClientGoAndWait(&Child), 0, "core %u: !sysret: the program goes on as ever", Core);
    ClientClearAll();
    ClientRead(&g_Records);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++) {
        const DEBUGGER_EVENT_RECORD *Event = &g_Records.Item[Index].Event;

        Ours += Event->Regs.rcx == (UINTPTR)TrapAfterSyscall && Event->Regs.rax == (UINT64)-38;
        Elsewhere +=
            Event->Rip != g_Records.Item[0].Event.Rip || !(Event->Rip >> 63) || Event->Context != Event->Rip;
    }
    TapIsNumber(Ours, COUNT, "core %u: !sysret: one back for each call", Core);
    TapIsNumber(Elsewhere, 0, "core %u: !sysret: all at one place of the kernel", Core);
}

/* --- changes of mode --- */

static VOID TestMode(UINT32 Core)
{
    UINT32 Count = COUNT, Calls = 0, Wrong = 0;
    CLIENT_CHILD Child;

    ClientFork(&Child, Core, DoSyscalls, &Count);
    SetForChild(TRAP_EXECUTION_MODE_CHANGED, 1, &Child);
    TapIsNumber((UINT64)ClientGoAndWait(&Child), 0, "core %u: !mode: the program goes on as ever", Core);
    ClientClearAll();
    ClientRead(&g_Records);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++) {
        const DEBUGGER_EVENT_RECORD *Event = &g_Records.Item[Index].Event;

        Calls += Event->Context == 0 && Event->Regs.rax == TRAP_SYSCALL &&
                 Event->Regs.rcx == (UINTPTR)TrapAfterSyscall;
        Wrong += Event->Context != (Event->Rip >> 63 ? 0u : 3u) ||
                 (Index > 0 && Event->Context == g_Records.Item[Index - 1].Event.Context);
    }
    TapIsNumber(Calls, COUNT, "core %u: !mode: into the kernel once for each call", Core);
    TapIsNumber(Wrong, 0, "core %u: !mode: user and kernel in turn", Core);
    TapIs(g_Records.Count >= 2 * COUNT, "core %u: !mode: and as often back", Core);
}

/* Kept from user mode, the program waits where it is, and the machine goes on; until it may. */
static VOID TestModeRefused(UINT32 Core)
{
    DEBUGGER_EVENT_OPTIONS Options = {.EventType         = TRAP_EXECUTION_MODE_CHANGED,
                                      .CoreId            = HYPERDBG_ALL_CORES,
                                      .Stage             = 1,
                                      .ShortCircuit      = 1,
                                      .HasOptionalParam1 = 1,
                                      .OptionalParam1    = 3};
    UINT32 Count                   = COUNT;
    CLIENT_CHILD Child;

    ClientFork(&Child, Core, DoSyscalls, &Count);
    Options.ProcessId = (UINT32)Child.ProcessId;
    const UINT64 Tag  = ClientSetEvent(&Options);
    ClientGo(&Child);
    while (ClientHits(Tag) < 10 * COUNT)
        usleep(1000);
    TapIs(waitpid(Child.ProcessId, NULL, WNOHANG) == 0,
          "core %u: !mode u, sc on: the program is kept from user mode, again and again", Core);
    ClientClearAll();
    TapIsNumber((UINT64)ClientWait(&Child), 0, "core %u: !mode u: and then goes on as ever", Core);
    ClientRead(&g_Records);
}

/* Until it waits in read(), for the word to go. */
static VOID WaitUntilAsleep(const CLIENT_CHILD *Child)
{
    CHAR Path[64], Text[16] = "";

    snprintf(Path, sizeof(Path), "/proc/%d/syscall", Child->ProcessId);
    while (strncmp(Text, "0 ", 2) != 0) {
        FILE *File = fopen(Path, "r");

        if (!File || !fgets(Text, sizeof(Text), File))
            TapGiveUp("%s", Path);
        fclose(File);
    }
}

/* Somebody else works while a process that sleeps is watched. */
static VOID TestModeOfOthers(UINT32 Core)
{
    UINT32 Count = COUNT;
    CLIENT_CHILD Watched, Other;

    ClientFork(&Watched, Core, DoSyscalls, &Count);
    ClientFork(&Other, Core, DoSyscalls, &Count);
    WaitUntilAsleep(&Watched);
    SetForChild(TRAP_EXECUTION_MODE_CHANGED, 1, &Watched);
    const UINT64 Before = ExitsOf(EXIT_EPT_VIOLATION);
    TapIsNumber((UINT64)ClientGoAndWait(&Other), 0, "core %u: !mode: another program goes on as ever", Core);
    TapIsNumber(ExitsOf(EXIT_EPT_VIOLATION) - Before, 0, "core %u: !mode: and does not exit for it", Core);
    ClientGoAndWait(&Watched);
    ClientClearAll();
    ClientRead(&g_Records);
    const UINT64 After = ExitsOf(EXIT_EPT_VIOLATION), Cr = ExitsOf(EXIT_MOV_CR);
    ClientFork(&Other, Core, DoSyscalls, &Count);
    ClientGoAndWait(&Other);
    TapIs(ExitsOf(EXIT_EPT_VIOLATION) == After && ExitsOf(EXIT_MOV_CR) == Cr,
          "core %u: !mode: no exit is left", Core);
}

/* --- external interrupts --- */

/* The column of a core in a line of /proc/interrupts. */
static UINT64 InterruptsOf(const CHAR *Name, UINT32 Core)
{
    FILE *File = fopen("/proc/interrupts", "r");
    CHAR Line[4096];
    UINT64 Count = 0;

    while (File && fgets(Line, sizeof(Line), File)) {
        CHAR *Text = Line + strspn(Line, " ");

        if (strncmp(Text, Name, strlen(Name)) != 0 || Text[strlen(Name)] != ':')
            continue;
        Text += strlen(Name) + 1;
        for (UINT32 Column = 0; Column <= Core; Column++)
            Count = strtoull(Text, &Text, 10);
    }
    if (File)
        fclose(File);
    return Count;
}

static VOID SendToSelf(UINT32 Count, UINT32 Masked)
{
    FILE *File = fopen("/proc/self-ipi", "w");

    if (!File || fprintf(File, "%u %u", Count, Masked) < 0 || fclose(File) != 0)
        TapGiveUp("/proc/self-ipi");
}

static UINT64 SetInterrupt(UINT32 Vector, UINT32 Core, BOOLEAN IsShortCircuited)
{
    const DEBUGGER_EVENT_OPTIONS Options = {.EventType         = EXTERNAL_INTERRUPT_OCCURRED,
                                            .CoreId            = Core,
                                            .ProcessId         = HYPERDBG_ALL_PROCESSES,
                                            .Stage             = 1,
                                            .ShortCircuit      = IsShortCircuited,
                                            .HasOptionalParam1 = 1,
                                            .OptionalParam1    = Vector};

    ClientClear(&g_Records);
    return ClientSetEvent(&Options);
}

static VOID TestInterrupt(UINT32 Core, UINT32 Masked, BOOLEAN IsShortCircuited)
{
    const CHAR *What = IsShortCircuited ? "sc on" : Masked ? "interrupts off" : "interrupts on";
    UINT64 Tag, Before, Hits;
    UINT32 Wrong = 0;

    ClientPin(Core);
    Tag    = SetInterrupt(IRQ_WORK_VECTOR, Core, IsShortCircuited);
    Before = InterruptsOf("IWI", Core);
    SendToSelf(COUNT, Masked);
    Hits = ClientHits(Tag);
    TapIsNumber(Hits, COUNT, "core %u: !interrupt f6, %s: a hit for each that was sent", Core, What);
    TapIsNumber(InterruptsOf("IWI", Core) - Before, IsShortCircuited ? 0 : COUNT,
                "core %u: !interrupt f6, %s: the kernel has served as many as it ought to", Core, What);
    ClientClearAll();
    ClientRead(&g_Records);
    TapIsNumber(g_Records.Count, COUNT, "core %u: !interrupt f6, %s: a record for each", Core, What);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++)
        Wrong += g_Records.Item[Index].Event.Context != IRQ_WORK_VECTOR ||
                 g_Records.Item[Index].Header.Core != Core ||
                 g_Records.Item[Index].Event.ShortCircuited != IsShortCircuited;
    TapIsNumber(Wrong, 0, "core %u: !interrupt f6, %s: each names vector and core", Core, What);
    Before                   = InterruptsOf("IWI", Core);
    const UINT64 ExitsBefore = ExitsOf(EXIT_EXTERNAL_INTERRUPT);
    SendToSelf(COUNT, Masked);
    TapIsNumber(InterruptsOf("IWI", Core) - Before, COUNT, "core %u: %s: afterwards they come as ever", Core,
                What);
    TapIsNumber(ExitsOf(EXIT_EXTERNAL_INTERRUPT) - ExitsBefore, 0, "core %u: %s: and none exits", Core, What);
}

/* Vectors that come by themselves, on all cores at once: hits and the kernel's own counts move alike. They go
 * on while they are read, so hits are read before and after: what the kernel counted lies between. An event
 * comes before the kernel counts it, so one of each core may be on its way. */
typedef struct _INTERRUPT_COUNTS {
    UINT64 HitsBefore, Kernel, HitsAfter;
} INTERRUPT_COUNTS;

typedef struct _INTERRUPT_LINE {
    const CHAR *Name;
    UINT32 Vectors[2];
    UINT64 Tags[2];
    INTERRUPT_COUNTS Start;
} INTERRUPT_LINE;

static UINT64 HitsOf(const INTERRUPT_LINE *Line)
{
    return ClientHits(Line->Tags[0]) + (Line->Tags[1] ? ClientHits(Line->Tags[1]) : 0);
}

static INTERRUPT_COUNTS CountsOf(const INTERRUPT_LINE *Line)
{
    INTERRUPT_COUNTS Counts = {.HitsBefore = HitsOf(Line)};

    for (UINT32 Core = 0; Core <= g_LastCore; Core++)
        Counts.Kernel += InterruptsOf(Line->Name, Core);
    Counts.HitsAfter = HitsOf(Line);
    return Counts;
}

static INT32 MakeInterrupts(PVOID Context)
{
    (VOID) Context;
    for (UINT32 Round = 0; Round < 30; Round++) {
        const INT32 Child = fork();

        if (Child == 0)
            _exit(0);
        waitpid(Child, NULL, 0);
        ClientPin(Round % (g_LastCore + 1));
    }
    return 0;
}

static VOID TestInterruptsOfTheMachine(VOID)
{
    INTERRUPT_LINE Lines[] = {{.Name = "LOC", .Vectors = {0xEC}},
                              {.Name = "CAL", .Vectors = {0xFB, 0xFC}},
                              {.Name = "RES", .Vectors = {0xFD}}};
    CLIENT_CHILD Child;

    for (UINT32 Line = 0; Line < COUNT_OF(Lines); Line++)
        for (UINT32 Index = 0; Index < 2 && Lines[Line].Vectors[Index]; Index++)
            Lines[Line].Tags[Index] = SetInterrupt(Lines[Line].Vectors[Index], HYPERDBG_ALL_CORES, FALSE);
    for (UINT32 Line = 0; Line < COUNT_OF(Lines); Line++)
        Lines[Line].Start = CountsOf(&Lines[Line]);
    ClientFork(&Child, 0, MakeInterrupts, NULL);
    TapIsNumber((UINT64)ClientGoAndWait(&Child), 0, "all interrupts watched: the machine goes on");
    for (UINT32 Line = 0; Line < COUNT_OF(Lines); Line++) {
        const INTERRUPT_COUNTS Start = Lines[Line].Start, End = CountsOf(&Lines[Line]);
        const UINT64 Kernel = End.Kernel - Start.Kernel;

        TapIs(Kernel <= End.HitsAfter - Start.HitsBefore &&
                  Kernel + g_LastCore + 1 >= End.HitsBefore - Start.HitsAfter,
              "%s: as many events as the kernel has counted", Lines[Line].Name);
        TapNote("%s: %llu of the kernel, %llu to %llu events", Lines[Line].Name, Kernel,
                End.HitsBefore - Start.HitsAfter, End.HitsAfter - Start.HitsBefore);
    }
    ClientClearAll();
    ClientRead(&g_Records);
}

static VOID TestRefusals(VOID)
{
    DEBUGGER_REGISTER_EVENT Request = {.Options = {.EventType         = EXTERNAL_INTERRUPT_OCCURRED,
                                                   .CoreId            = HYPERDBG_ALL_CORES,
                                                   .ProcessId         = HYPERDBG_ALL_PROCESSES,
                                                   .Stage             = 1,
                                                   .ShortCircuit      = 1,
                                                   .HasOptionalParam1 = 1,
                                                   .OptionalParam1    = 0xFB}};

    TapIsNumber(ClientRequest(IOCTL_REGISTER_EVENT, &Request), DEBUGGER_ERROR_SHORT_CIRCUIT_NOT_POSSIBLE,
                "the interrupt by which cores are reached cannot be dropped");
    Request.Options.OptionalParam1 = 0x1F;
    TapIsNumber(ClientRequest(IOCTL_REGISTER_EVENT, &Request), DEBUGGER_ERROR_INVALID_REQUEST,
                "an exception's vector is no interrupt's");
    Request.Options = (DEBUGGER_EVENT_OPTIONS){.EventType = TRAP_EXECUTION_MODE_CHANGED,
                                               .CoreId    = HYPERDBG_ALL_CORES,
                                               .ProcessId = HYPERDBG_ALL_PROCESSES,
                                               .Stage     = 1};
    TapIsNumber(ClientRequest(IOCTL_REGISTER_EVENT, &Request), DEBUGGER_ERROR_MODE_NEEDS_PROCESS,
                "changes of mode are of one process");
    Request.Options.ProcessId = 0x7FFFFFFF;
    TapIsNumber(ClientRequest(IOCTL_REGISTER_EVENT, &Request), DEBUGGER_ERROR_NO_SUCH_PROCESS,
                "and that must be there");
    Request.Options.ProcessId    = (UINT32)getpid();
    Request.Options.ShortCircuit = 1;
    TapIsNumber(ClientRequest(IOCTL_REGISTER_EVENT, &Request), DEBUGGER_ERROR_SHORT_CIRCUIT_NOT_POSSIBLE,
                "nor can it be kept from kernel mode");
}

int main(void)
{
    g_LastCore = ClientCoreCount() - 1;
    if (system("modprobe msr && insmod /root/self-ipi.ko") != 0)
        TapGiveUp("modules msr and self-ipi");
    ClientStart();
    for (UINT32 Index = 0; Index < COUNT_OF(Cases); Index++)
        for (UINT32 Core = 0; Core <= g_LastCore; Core++)
            TestCase(&Cases[Index], Core);
    TestFaultingString(g_LastCore);
    for (UINT32 Core = 0; Core <= g_LastCore; Core++) {
        TestSyscallPost(Core);
        TestSysret(Core);
        TestMode(Core);
        TestModeRefused(Core);
        TestModeOfOthers(Core);
        TestInterrupt(Core, 0, FALSE);
        TestInterrupt(Core, 1, FALSE);
        TestInterrupt(Core, 0, TRUE);
    }
    TestInterruptsOfTheMachine();
    TestRefusals();
    ClientEnd();
    return system("rmmod self-ipi") != 0 || TapEnd();
}

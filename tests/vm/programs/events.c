/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * events.c - the records of a known program are exactly those expected: none lost, none invented, in order,
 * with what was in the registers; whatever the filters, the stage, and how many cores do it.
 *
 * Context: user space of the guest, root; loads and unloads the VMM itself.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/GuestInstructions.h"
#include "tests/vm/support/Tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Leaves that nobody else asks for. */
#define LEAF       0x00CAFE00u
#define OTHER_LEAF 0x00CAFE01u
/* Whatever the leaf, what is in ECX before the instruction numbers it. */
#define NUMBER(Record) ((UINT32)(Record)->Event.Regs.rcx)

#define COUNT 300

static CLIENT_RECORDS g_Records;
static UINT32 g_LastCore;

/* --- what is watched --- */

typedef struct _WORK {
    UINT32 Leaf;      /* or MSR */
    UINT32 OtherLeaf; /* every second time, if not 0 */
    UINT32 Count;
    UINT32 MoveTo;           /* goes to this core after half of it, if MoveTo is not where it is */
    BOOLEAN IsWithoutEffect; /* the instruction is to change nothing */
    UINT64 Mask;             /* MSR: value i is written with these bits */
} WORK;

/* A result of CPUID that depends on nothing but the leaf and this machine. */
static CPUID_REGISTERS g_Expected[2];

static BOOLEAN CpuidIsRight(const WORK *Work, const CPUID_REGISTERS *Before, const CPUID_REGISTERS *After)
{
    if (Work->IsWithoutEffect)
        return memcmp(Before, After, sizeof(*After)) == 0;
    return memcmp(&g_Expected[(UINT32)Before->Rax != Work->Leaf], After, sizeof(*After)) == 0;
}

/* High halves are garbage, as programs leave them. */
static INT32 DoCpuids(PVOID Context)
{
    const WORK *Work = Context;

    for (UINT32 Index = 0; Index < Work->Count; Index++) {
        const BOOLEAN IsOther        = Work->OtherLeaf != 0 && Index % 2 != 0;
        const CPUID_REGISTERS Before = {0xAAAA000000000000 | (IsOther ? Work->OtherLeaf : Work->Leaf),
                                        0xBBBB0000BBBB0000, 0xCCCC000000000000 | Index, 0xDDDD0000DDDD0000};
        CPUID_REGISTERS After        = Before;

        if (Index == Work->Count / 2)
            ClientPin(Work->MoveTo);
        ExecuteCpuid(&After);
        if (!CpuidIsRight(Work, &Before, &After))
            return 1;
    }
    return 0;
}

static INT32 DoRdmsrs(PVOID Context)
{
    const WORK *Work   = Context;
    const INT32 Device = MsrOpen(Work->MoveTo);
    UINT64 Value;

    for (UINT32 Index = 0; Index < Work->Count; Index++) {
        if (MsrRead(Device, Work->Leaf, &Value) != 0 || (!Work->IsWithoutEffect && Value != Work->Mask))
            return 1;
    }
    return 0;
}

static INT32 DoWrmsrs(PVOID Context)
{
    const WORK *Work   = Context;
    const INT32 Device = MsrOpen(Work->MoveTo);

    for (UINT32 Index = 0; Index < Work->Count; Index++) {
        if (MsrWrite(Device, Work->Leaf, Work->Mask | Index) != 0)
            return 1;
    }
    return 0;
}

/* --- one case --- */

static DEBUGGER_EVENT_OPTIONS EventFor(UINT32 Type, UINT32 Stage)
{
    return (DEBUGGER_EVENT_OPTIONS){
        .EventType = Type, .CoreId = HYPERDBG_ALL_CORES, .ProcessId = HYPERDBG_ALL_PROCESSES, .Stage = Stage};
}

static DEBUGGER_EVENT_OPTIONS EventWith(UINT32 Type, UINT32 Stage, UINT32 Context)
{
    DEBUGGER_EVENT_OPTIONS Options = EventFor(Type, Stage);

    Options.HasOptionalParam1 = 1;
    Options.OptionalParam1    = Context;
    return Options;
}

/* Lets a child do its work while the event is set (for its process alone, if IsForChild); the records are in
 * g_Records. */
static UINT64 Watch(const CHAR *What, DEBUGGER_EVENT_OPTIONS Options, BOOLEAN IsForChild, INT32 (*Do)(PVOID),
                    const WORK *Work, UINT32 Core, CLIENT_CHILD *Child)
{
    UINT64 Tag, Hits;

    ClientFork(Child, Core, Do, (PVOID)Work);
    if (IsForChild)
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

/* Are the records those of instructions numbered First, First + Step...? */
static VOID AreNumbered(const CHAR *What, UINT32 First, UINT32 Step, UINT32 Count)
{
    BOOLEAN IsRight = g_Records.Count == Count;

    TapIsNumber(g_Records.Count, Count, "%s: as many records as instructions", What);
    for (UINT32 Index = 0; IsRight && Index < Count; Index++)
        IsRight = NUMBER(&g_Records.Item[Index]) == First + Index * Step;
    TapIs(IsRight, "%s: each instruction once, in the order of the program", What);
}

/* Does each record name event, place and process? */
static VOID AreOf(const CHAR *What, UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options, UINT32 Core,
                  INT32 ProcessId)
{
    UINT32 Wrong = 0;

    for (UINT32 Index = 0; Index < g_Records.Count; Index++) {
        const DEBUGGER_EVENT_RECORD *Event = &g_Records.Item[Index].Event;

        Wrong += Event->Tag != Tag || Event->EventType != Options->EventType ||
                 Event->Stage != Options->Stage ||
                 (Options->HasOptionalParam1 && Event->Context != Options->OptionalParam1) ||
                 g_Records.Item[Index].Header.Core != Core || Event->ProcessId != (UINT32)ProcessId ||
                 Event->ThreadId != (UINT32)ProcessId || strcmp(Event->ProcessName, "events") != 0;
    }
    TapIsNumber(Wrong, 0, "%s: each names event, stage, context, core and process", What);
}

/* --- CPUID --- */

static VOID TestCpuidFilters(VOID)
{
    const CHAR *What               = "!cpuid leaf pid";
    WORK Work                      = {.Leaf = LEAF, .Count = COUNT, .MoveTo = g_LastCore};
    DEBUGGER_EVENT_OPTIONS Options = EventWith(CPUID_INSTRUCTION_EXECUTION, 1, LEAF);
    CLIENT_CHILD Child;
    UINT32 Wrong = 0;
    UINT64 Hits;

    Hits = Watch(What, Options, TRUE, DoCpuids, &Work, g_LastCore, &Child);
    TapIsNumber(Hits, COUNT, "%s: as many hits as instructions", What);
    AreNumbered(What, 0, 1, COUNT);
    AreOf(What, g_Records.Item[0].Event.Tag, &Options, g_LastCore, Child.ProcessId);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++) {
        const DEBUGGER_EVENT_RECORD *Event = &g_Records.Item[Index].Event;

        Wrong += Event->Rip != (UINTPTR)ExecuteCpuidInstruction ||
                 Event->Regs.rax != (0xAAAA000000000000 | LEAF) || Event->Regs.rbx != 0xBBBB0000BBBB0000 ||
                 Event->Regs.rdx != 0xDDDD0000DDDD0000 || Event->ChangedRegs != 0 || Event->ShortCircuited;
    }
    TapIsNumber(Wrong, 0, "%s: RIP and registers are the program's", What);
}

static VOID TestCpuidLeaf(VOID)
{
    WORK Work = {.Leaf = LEAF, .OtherLeaf = OTHER_LEAF, .Count = COUNT, .MoveTo = 0};
    CLIENT_CHILD Child;

    Watch("!cpuid other-leaf", EventWith(CPUID_INSTRUCTION_EXECUTION, 1, OTHER_LEAF), FALSE, DoCpuids, &Work,
          0, &Child);
    AreNumbered("!cpuid other-leaf", 1, 2, COUNT / 2);
    Watch("!cpuid pid", EventFor(CPUID_INSTRUCTION_EXECUTION, 1), TRUE, DoCpuids, &Work, 0, &Child);
    AreNumbered("!cpuid pid", 0, 1, COUNT);
}

static VOID TestCpuidCore(VOID)
{
    DEBUGGER_EVENT_OPTIONS Options = EventWith(CPUID_INSTRUCTION_EXECUTION, 1, LEAF);
    WORK Work                      = {.Leaf = LEAF, .Count = COUNT, .MoveTo = g_LastCore};
    CLIENT_CHILD Child;

    if (g_LastCore == 0)
        return;
    Options.CoreId = g_LastCore;
    Watch("!cpuid leaf core", Options, FALSE, DoCpuids, &Work, 0, &Child);
    AreNumbered("!cpuid leaf core", COUNT / 2, 1, COUNT / 2);
    Options.CoreId = 0;
    Watch("!cpuid leaf core 0", Options, FALSE, DoCpuids, &Work, 0, &Child);
    AreNumbered("!cpuid leaf core 0", 0, 1, COUNT / 2);
}

static BOOLEAN HoldsResult(const DEBUGGER_EVENT_RECORD *Event)
{
    const CPUID_REGISTERS *Result = &g_Expected[0];

    return Event->Regs.rax == Result->Rax && Event->Regs.rbx == Result->Rbx &&
           Event->Regs.rcx == Result->Rcx && Event->Regs.rdx == Result->Rdx && Event->ChangedRegs == 0xF &&
           !Event->ShortCircuited;
}

static VOID TestCpuidPost(VOID)
{
    const CHAR *What               = "!cpuid leaf pid stage post";
    DEBUGGER_EVENT_OPTIONS Options = EventWith(CPUID_INSTRUCTION_EXECUTION, 2, LEAF);
    WORK Work                      = {.Leaf = LEAF, .Count = COUNT, .MoveTo = 0};
    CLIENT_CHILD Child;
    UINT32 Wrong = 0;

    TapIsNumber(Watch(What, Options, TRUE, DoCpuids, &Work, 0, &Child), COUNT,
                "%s: as many hits as instructions", What);
    TapIsNumber(g_Records.Count, COUNT, "%s: as many records as instructions", What);
    AreOf(What, g_Records.Item[0].Event.Tag, &Options, 0, Child.ProcessId);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++)
        Wrong += !HoldsResult(&g_Records.Item[Index].Event);
    TapIsNumber(Wrong, 0, "%s: each holds the result, and says that RAX, RCX, RDX and RBX changed", What);
}

static VOID TestCpuidAll(VOID)
{
    const CHAR *What = "!cpuid leaf pid stage all";
    WORK Work        = {.Leaf = LEAF, .Count = COUNT, .MoveTo = 0};
    CLIENT_CHILD Child;
    UINT32 Wrong = 0;

    TapIsNumber(
        Watch(What, EventWith(CPUID_INSTRUCTION_EXECUTION, 3, LEAF), TRUE, DoCpuids, &Work, 0, &Child), COUNT,
        "%s: a hit for each instruction", What);
    TapIsNumber(g_Records.Count, 2 * COUNT, "%s: two records for each instruction", What);
    for (UINT32 Index = 0; Index + 1 < g_Records.Count; Index += 2) {
        const DEBUGGER_EVENT_RECORD *Pre  = &g_Records.Item[Index].Event,
                                    *Post = &g_Records.Item[Index + 1].Event;

        Wrong += Pre->Stage != 1 || Post->Stage != 2 || NUMBER(&g_Records.Item[Index]) != Index / 2 ||
                 !HoldsResult(Post);
    }
    TapIsNumber(Wrong, 0, "%s: before and after in turn", What);
}

static VOID TestCpuidShortCircuit(VOID)
{
    const CHAR *What               = "!cpuid leaf pid sc on";
    DEBUGGER_EVENT_OPTIONS Options = EventWith(CPUID_INSTRUCTION_EXECUTION, 1, LEAF);
    WORK Work                      = {.Leaf = LEAF, .Count = COUNT, .MoveTo = 0, .IsWithoutEffect = TRUE};
    CLIENT_CHILD Child;
    UINT32 Wrong = 0;

    Options.ShortCircuit = 1;
    Watch(What, Options, TRUE, DoCpuids, &Work, 0, &Child);
    AreNumbered(What, 0, 1, COUNT);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++)
        Wrong += !g_Records.Item[Index].Event.ShortCircuited;
    TapIsNumber(Wrong, 0, "%s: each says that it was short-circuited", What);
}

/* --- several events, several cores --- */

static UINT32 CountOf(UINT64 Tag)
{
    UINT32 Count = 0;

    for (UINT32 Index = 0; Index < g_Records.Count; Index++)
        Count += g_Records.Item[Index].Event.Tag == Tag;
    return Count;
}

static VOID DoAndRead(const WORK *Work)
{
    CLIENT_CHILD Child;

    ClientFork(&Child, 0, DoCpuids, (PVOID)Work);
    if (ClientGoAndWait(&Child) != 0)
        TapIs(FALSE, "the program sees what it ought to");
    ClientClear(&g_Records);
    ClientRead(&g_Records);
}

static VOID TestEnableDisableClear(VOID)
{
    const DEBUGGER_EVENT_OPTIONS Options = EventWith(CPUID_INSTRUCTION_EXECUTION, 1, LEAF);
    const WORK Work                      = {.Leaf = LEAF, .Count = 50};
    const UINT64 First = ClientSetEvent(&Options), Second = ClientSetEvent(&Options);
    UINT32 Wrong = 0;

    DoAndRead(&Work);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++)
        Wrong += g_Records.Item[Index].Event.Tag != (Index % 2 ? Second : First) ||
                 NUMBER(&g_Records.Item[Index]) != Index / 2;
    TapIs(g_Records.Count == 100 && Wrong == 0,
          "two events on one instruction: a record of each, the older first");

    ClientModify(First, DEBUGGER_MODIFY_EVENTS_DISABLE);
    DoAndRead(&Work);
    TapIs(CountOf(First) == 0 && CountOf(Second) == 50, "a disabled event is silent, the other is not");
    TapIs(ClientHits(First) == 50 && ClientHits(Second) == 100, "a disabled event counts no hits");

    ClientModify(First, DEBUGGER_MODIFY_EVENTS_ENABLE);
    DoAndRead(&Work);
    TapIs(CountOf(First) == 50 && CountOf(Second) == 50, "enabled again, it is there again");

    ClientModify(Second, DEBUGGER_MODIFY_EVENTS_CLEAR);
    DoAndRead(&Work);
    TapIs(CountOf(First) == 50 && CountOf(Second) == 0, "a cleared event is gone, the other is not");

    ClientModify(DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG, DEBUGGER_MODIFY_EVENTS_DISABLE);
    DoAndRead(&Work);
    TapIsNumber(g_Records.Count, 0, "with all events disabled nothing is recorded");
    ClientClearAll();
}

/* All cores at once: each core's instructions are there, in their order. */
static VOID TestAllCores(VOID)
{
    const DEBUGGER_EVENT_OPTIONS Options = EventWith(CPUID_INSTRUCTION_EXECUTION, 1, LEAF);
    const UINT32 CoreCount               = g_LastCore + 1;
    CLIENT_CHILD Child[CoreCount];
    WORK Work[CoreCount];
    UINT32 Next[CoreCount];
    UINT32 Wrong = 0;

    ClientSetEvent(&Options);
    for (UINT32 Core = 0; Core < CoreCount; Core++) {
        Work[Core] = (WORK){.Leaf = LEAF, .Count = 2 * COUNT, .MoveTo = Core};
        Next[Core] = 0;
        ClientFork(&Child[Core], Core, DoCpuids, &Work[Core]);
    }
    for (UINT32 Core = 0; Core < CoreCount; Core++)
        ClientGo(&Child[Core]);
    for (UINT32 Core = 0; Core < CoreCount; Core++)
        Wrong += ClientWait(&Child[Core]) != 0;
    TapIsNumber(Wrong, 0, "all cores at once: the programs see what they ought to");
    ClientClearAll();
    ClientClear(&g_Records);
    ClientRead(&g_Records);
    TapIsNumber(g_Records.Count, CoreCount * 2 * COUNT, "all cores at once: as many records as instructions");
    TapIs(!g_Records.IsDisordered && g_Records.Lost == 0,
          "all cores at once: no record is lost, all are in order");
    for (UINT32 Index = 0; Index < g_Records.Count; Index++) {
        const UINT32 Core = g_Records.Item[Index].Header.Core;

        Wrong += Core >= CoreCount || NUMBER(&g_Records.Item[Index]) != Next[Core]++ ||
                 g_Records.Item[Index].Event.ProcessId != (UINT32)Child[Core].ProcessId;
    }
    TapIsNumber(Wrong, 0, "all cores at once: each core's are its program's, in the order of the program");
}

/* More than the rings hold, with nobody reading: what is missing is told to the record. */
static VOID TestOverflow(VOID)
{
    const DEBUGGER_EVENT_OPTIONS Options = EventWith(CPUID_INSTRUCTION_EXECUTION, 1, LEAF);
    const WORK Work                      = {.Leaf = LEAF, .Count = 6000};
    const UINT64 Tag                     = ClientSetEvent(&Options);

    DoAndRead(&Work);
    TapIsNumber(ClientHits(Tag), 6000, "more events than the log holds: all hits are counted");
    TapIs(g_Records.Lost > 0,
          "more events than the log holds: some are lost (else this test proves nothing)");
    TapIsNumber(g_Records.Count + g_Records.Lost, 6000,
                "more events than the log holds: read and lost ones make all");
    TapIs(!g_Records.IsDisordered, "more events than the log holds: the gaps are where they are told");
    ClientClearAll();
}

/* --- MSRs --- */

static UINT64 ReadFree(UINT32 Core)
{
    const INT32 Device = MsrOpen(Core);
    UINT64 Value       = 0;

    if (MsrRead(Device, MSR_FREE, &Value) != 0)
        TapIs(FALSE, "reading an MSR");
    close(Device);
    return Value;
}

static VOID WriteFree(UINT32 Core, UINT64 Value)
{
    const INT32 Device = MsrOpen(Core);

    if (MsrWrite(Device, MSR_FREE, Value) != 0)
        TapIs(FALSE, "writing an MSR");
    close(Device);
}

#define VALUE 0x0000765432100000ull

static UINT64 RecordedValue(const CLIENT_RECORD *Record)
{
    return Record->Event.Regs.rdx << 32 | (UINT32)Record->Event.Regs.rax;
}

static VOID TestRdmsr(UINT32 Stage)
{
    const CHAR *What               = Stage == 1 ? "!msrread msr pid" : "!msrread msr pid stage post";
    DEBUGGER_EVENT_OPTIONS Options = EventWith(RDMSR_INSTRUCTION_EXECUTION, Stage, MSR_FREE);
    WORK Work                      = {.Leaf = MSR_FREE, .Count = COUNT, .MoveTo = g_LastCore, .Mask = VALUE};
    CLIENT_CHILD Child;
    UINT32 Wrong = 0;

    WriteFree(g_LastCore, VALUE);
    TapIsNumber(Watch(What, Options, TRUE, DoRdmsrs, &Work, g_LastCore, &Child), COUNT,
                "%s: as many hits as instructions", What);
    TapIsNumber(g_Records.Count, COUNT, "%s: as many records as instructions", What);
    AreOf(What, g_Records.Item[0].Event.Tag, &Options, g_LastCore, Child.ProcessId);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++)
        Wrong += (Stage == 2 && RecordedValue(&g_Records.Item[Index]) != VALUE) ||
                 NUMBER(&g_Records.Item[Index]) != MSR_FREE ||
                 g_Records.Item[Index].Event.Rip != g_Records.Item[0].Event.Rip;
    TapIsNumber(Wrong, 0, "%s: each holds number and value, from one place in the kernel", What);
}

static VOID TestWrmsr(UINT32 Stage)
{
    const CHAR *What               = Stage == 1 ? "!msrwrite msr pid" : "!msrwrite msr pid stage post";
    DEBUGGER_EVENT_OPTIONS Options = EventWith(WRMSR_INSTRUCTION_EXECUTION, Stage, MSR_FREE);
    WORK Work                      = {.Leaf = MSR_FREE, .Count = COUNT, .MoveTo = g_LastCore, .Mask = VALUE};
    CLIENT_CHILD Child;
    UINT32 Wrong = 0;

    TapIsNumber(Watch(What, Options, TRUE, DoWrmsrs, &Work, g_LastCore, &Child), COUNT,
                "%s: as many hits as instructions", What);
    TapIsNumber(g_Records.Count, COUNT, "%s: as many records as instructions", What);
    AreOf(What, g_Records.Item[0].Event.Tag, &Options, g_LastCore, Child.ProcessId);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++)
        Wrong += RecordedValue(&g_Records.Item[Index]) != (VALUE | Index) ||
                 g_Records.Item[Index].Event.ChangedRegs != 0;
    TapIsNumber(Wrong, 0, "%s: each holds its value, in the order of the program", What);
    TapIsNumber(ReadFree(g_LastCore), VALUE | (COUNT - 1), "%s: the last value is in the register", What);
}

static VOID TestMsrCore(VOID)
{
    DEBUGGER_EVENT_OPTIONS Options = EventWith(WRMSR_INSTRUCTION_EXECUTION, 1, MSR_FREE);
    WORK Work                      = {.Leaf = MSR_FREE, .Count = 50, .MoveTo = g_LastCore, .Mask = VALUE};
    CLIENT_CHILD Child;

    if (g_LastCore == 0)
        return;
    /* Executed on the last core by an interrupt from core 0, whatever process it interrupts there. */
    Options.CoreId = g_LastCore;
    Watch("!msrwrite msr core", Options, FALSE, DoWrmsrs, &Work, 0, &Child);
    TapIsNumber(g_Records.Count, 50, "!msrwrite msr core: as many records as instructions on that core");
    Options.CoreId = 0;
    Watch("!msrwrite msr other-core", Options, FALSE, DoWrmsrs, &Work, 0, &Child);
    TapIsNumber(g_Records.Count, 0, "!msrwrite msr other-core: none");
}

static VOID TestMsrShortCircuit(VOID)
{
    DEBUGGER_EVENT_OPTIONS Options = EventWith(WRMSR_INSTRUCTION_EXECUTION, 1, MSR_FREE);
    WORK Work = {.Leaf = MSR_FREE, .Count = 50, .MoveTo = 0, .Mask = VALUE, .IsWithoutEffect = TRUE};
    CLIENT_CHILD Child;

    Options.ShortCircuit = 1;
    WriteFree(0, 0x1234);
    Watch("!msrwrite msr sc on", Options, TRUE, DoWrmsrs, &Work, 0, &Child);
    TapIsNumber(g_Records.Count, 50, "!msrwrite msr sc on: as many records as instructions");
    TapIsNumber(ReadFree(0), 0x1234, "!msrwrite msr sc on: the register keeps its value");

    Options.EventType = RDMSR_INSTRUCTION_EXECUTION;
    Watch("!msrread msr sc on", Options, TRUE, DoRdmsrs, &Work, 0, &Child);
    TapIsNumber(g_Records.Count, 50, "!msrread msr sc on: as many records as instructions");
    WriteFree(0, 0);
}

/* Every MSR: the program's accesses are among the kernel's own. */
static VOID TestAllMsrs(VOID)
{
    const CHAR *What = "!msrwrite pid";
    WORK Work        = {.Leaf = MSR_FREE, .Count = COUNT, .MoveTo = 0, .Mask = VALUE};
    CLIENT_CHILD Child;
    UINT32 Mine = 0, Wrong = 0;

    Watch(What, EventFor(WRMSR_INSTRUCTION_EXECUTION, 1), TRUE, DoWrmsrs, &Work, 0, &Child);
    for (UINT32 Index = 0; Index < g_Records.Count; Index++) {
        if (g_Records.Item[Index].Event.Context == MSR_FREE)
            Wrong += RecordedValue(&g_Records.Item[Index]) != (VALUE | Mine++);
    }
    TapIs(Mine == COUNT && Wrong == 0, "%s: the program's own are all there, in order", What);
    TapNote("beside them %u of the kernel while the program ran", g_Records.Count - Mine);
}

/* Outside the two ranges of the bitmap, where every access exits. */
#define EXIT_RDMSR 31
#define EXIT_WRMSR 32

static UINT64 MsrExits(VOID)
{
    UINT64 Sum = 0;

    for (UINT32 Core = 0; Core <= g_LastCore; Core++) {
        DEBUGGER_QUERY_EXITS Exits = {.CoreId = Core};

        if (ClientRequest(IOCTL_QUERY_EXITS, &Exits) != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
            TapGiveUp("the exits of core %u", Core);
        Sum += Exits.Count[EXIT_RDMSR] + Exits.Count[EXIT_WRMSR];
    }
    return Sum;
}

/* Nothing is set any more. */
static VOID TestMsrIsQuiet(VOID)
{
    WORK Work           = {.Leaf = MSR_FREE, .Count = COUNT, .MoveTo = g_LastCore, .Mask = VALUE};
    const UINT64 Before = MsrExits();

    TapIsNumber((UINT64)DoWrmsrs(&Work), 0, "!msrwrite: the program goes on as ever");
    Work.IsWithoutEffect = TRUE; /* any value will do */
    TapIsNumber((UINT64)DoRdmsrs(&Work), 0, "!msrread: the program goes on as ever");
    TapIsNumber(MsrExits() - Before, 0, "!msrread, !msrwrite: no exit is left");
}

static VOID TestMsrBeyondBitmap(VOID)
{
    const UINT32 Msr = 0x40000000;
    WORK Work        = {.Leaf = Msr, .Count = 20, .MoveTo = 0, .IsWithoutEffect = TRUE};
    CLIENT_CHILD Child;

    Watch("!msrread 40000000", EventWith(RDMSR_INSTRUCTION_EXECUTION, 1, Msr), TRUE, DoRdmsrs, &Work, 0,
          &Child);
    TapIsNumber(g_Records.Count, 20, "!msrread 40000000: as many records as instructions");
}

int main(void)
{
    g_LastCore = ClientCoreCount() - 1;
    for (UINT32 Index = 0; Index < 2; Index++) {
        g_Expected[Index] = (CPUID_REGISTERS){.Rax = Index == 0 ? LEAF : OTHER_LEAF};
        ExecuteCpuid(&g_Expected[Index]);
    }
    if (system("modprobe msr allow_writes=on") != 0)
        TapGiveUp("modprobe msr");
    ClientStart();
    TestCpuidFilters();
    TestCpuidLeaf();
    TestCpuidCore();
    TestCpuidPost();
    TestCpuidAll();
    TestCpuidShortCircuit();
    TestEnableDisableClear();
    TestAllCores();
    TestOverflow();
    TestRdmsr(1);
    TestRdmsr(2);
    TestWrmsr(1);
    TestWrmsr(2);
    TestMsrCore();
    TestMsrShortCircuit();
    TestAllMsrs();
    TestMsrBeyondBitmap();
    TestMsrIsQuiet();
    ClientEnd();
    return TapEnd();
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventScriptTest.c - an event with a program runs it in its exit: what the program sees, changes and says,
 * what is refused, and what scripts share.
 *
 * Context: user space.
 */
#include "tests/unit/hyperkd/MockVmm.h"

#include <stdlib.h>

#include "hyperkd/debugger/core/Debugger.h"
#include "hyperkd/debugger/events/EventStore.h"
#include "hyperkd/debugger/events/EventTrigger.h"
#include "hyperkd/driver/ScriptRequests.h"
#include "script/engine/Engine.h"
#include "script/eval/Format.h"
#include "script/eval/Map.h"
#include "script/eval/Verify.h"

#define PRE  VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION
#define POST VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION
#define ALL  VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION

#define SUCCESSFUL   VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL
#define IGNORE_EVENT VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT

#define CORE 2

static GUEST_REGS g_Regs;
static BOOLEAN g_PostRequired;
static UINT32 g_Stage;
static UINT64 g_Budget;
static DEBUGGER_REGISTER_EVENT g_Register; /* the last request */

static int Start(void **State)
{
    static const PLATFORM_PROCESS Process = {.ProcessId = 321, .ThreadId = 322, .Name = "tester"};

    (void)State;
    MockReset();
    g_Mock.VmmIsUp = TRUE;
    HostedReset();
    HostedSetCpuCount(4);
    HostedSetCurrentCpu(CORE);
    HostedSetProcess(&Process);
    memset(&g_Regs, 0, sizeof(g_Regs));
    g_Stage  = PRE;
    g_Budget = 0;
    assert_true(DebuggerInitialize());
    return 0;
}

static int Finish(void **State)
{
    (void)State;
    DebuggerUninitialize();
    assert_int_equal(HostedLiveAllocations(), 0);
    return 0;
}

/* --- the way in ------------------------------------------------------------------------------------------
 */

static UINT32 Register(const VOID *Block, UINT32 Size)
{
    g_Register = (DEBUGGER_REGISTER_EVENT){
        .Options      = {.EventType = CPUID_INSTRUCTION_EXECUTION,
                         .CoreId    = HYPERDBG_ALL_CORES,
                         .ProcessId = HYPERDBG_ALL_PROCESSES,
                         .Stage     = g_Stage},
        .Script       = (UINT64)(UINTPTR)Block,
        .ScriptSize   = Size,
        .ScriptBudget = g_Budget,
    };
    return ScriptRequestRegister(&g_Register);
}

static UINT32 TrySet(const CHAR *Text)
{
    SCRIPT_COMPILATION Compilation;
    UINT32 Status;

    ScriptCompile(NULL, "test", Text, strlen(Text), &Compilation);
    assert_string_equal(Compilation.Messages, "");
    Status = Register(Compilation.Program, Compilation.Program->Size);
    ScriptCompilationFree(&Compilation);
    return Status;
}

static UINT64 Set(const CHAR *Text)
{
    assert_int_equal(TrySet(Text), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    return g_Register.Tag;
}

static UINT32 Trigger(UINT64 Context)
{
    g_PostRequired = FALSE;
    return DebuggerTriggerEvents(CPUID_INSTRUCTION_EXECUTION, PRE, (PVOID)(UINTPTR)Context, &g_PostRequired,
                                 &g_Regs);
}

static UINT32 TriggerPost(UINT64 Context)
{
    return DebuggerTriggerEvents(CPUID_INSTRUCTION_EXECUTION, POST, (PVOID)(UINTPTR)Context, NULL, &g_Regs);
}

/* The text of a printf's record, formatted with the program that is asked of the debugger. */
static const CHAR *Output(UINT32 Index)
{
    static UINT64 Block[4096];
    static CHAR Buffer[256];
    const DEBUGGER_SCRIPT_RECORD *Record = &g_Mock.ScriptRecords[Index];
    DEBUGGER_READ_SCRIPT Read = {.Tag = Record->Tag, .Buffer = (UINT64)(UINTPTR)Block, .Size = sizeof(Block)};
    SCRIPT_TEXT Text          = {.Buffer = Buffer, .Size = sizeof(Buffer)};
    SCRIPT_VIEW View;

    assert_true(Index < g_Mock.ScriptRecordCount);
    assert_int_equal(Record->Kind, DEBUGGER_SCRIPT_RECORD_OUTPUT);
    assert_int_equal(ScriptRequestRead(&Read), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    ScriptViewProgram((const SCRIPT_PROGRAM *)Block, &View);
    assert_true(ScriptFormatRecord(&View, g_Mock.ScriptOutput[Index],
                                   ((const SCRIPT_RECORD *)g_Mock.ScriptOutput[Index])->Size, NULL, NULL,
                                   &Text));
    return Buffer;
}

/* --- what a program sees and says ------------------------------------------------------------------------
 */

static void AScriptPrintsAndTheEventLeavesNoRecord(void **State)
{
    UINT64 Tag;

    (void)State;
    Tag = Set("printf(\"%s %d %d %d %d %llx %x %x\\n\", $comm, $pid, $tid, $core, $event_id, $ip, "
              "$context, $event_stage);");
    assert_int_equal(Trigger(0x1f), SUCCESSFUL);
    assert_int_equal(g_Mock.RecordCount, 0);
    assert_int_equal(g_Mock.ScriptRecordCount, 1);
    assert_int_equal(g_Mock.ScriptRecords[0].Tag, Tag);
    assert_int_equal(g_Mock.ScriptRecords[0].ProcessId, 321);
    assert_string_equal(Output(0), "tester 321 322 2 0 ffffffff81234569 1f 1\n");
}

static void ATaskIsAnAddressThatCanBeRead(void **State)
{
    (void)State;
    Set("printf(\"%d\\n\", dd($task));"); /* the hosted task begins with its process */
    Trigger(0);
    assert_string_equal(Output(0), "321\n");
}

static void MemoryIsReadAndWritten(void **State)
{
    UINT64 Values[2] = {0x1122334455667788ull, 0};

    (void)State;
    Set("eq(@rdi + 8, poi(@rdi) + 1); printf(\"%x %x\\n\", dq_pa(virtual_to_physical(@rdi)), "
        "physical_to_virtual(virtual_to_physical(@rdi)) == @rdi);");
    g_Regs.rdi = (UINT64)(UINTPTR)Values;
    Trigger(0);
    assert_int_equal(Values[1], 0x1122334455667789ull);
    assert_string_equal(Output(0), "1122334455667788 1\n");
}

static void RegistersAreReadAndWritten(void **State)
{
    (void)State;
    Set("@rax = @rbx + @r15; @rsp = @rsp - 8; @rflags = 1; @rip = @rip + 0n100;");
    g_Regs.rbx = 40;
    g_Regs.r15 = 2;
    g_Regs.rsp = 0x1000;
    Trigger(0);
    assert_int_equal(g_Regs.rax, 42);
    assert_int_equal(g_Regs.rsp, 0xFF8);
    assert_int_equal(g_Regs.rflags, 1);
    assert_int_equal(g_Mock.Rip, MOCK_RIP + CORE + 100);
    assert_int_equal(g_Mock.ScriptRecordCount, 0);
}

static void WhatAScriptChangedTheNextEventsRecordShows(void **State)
{
    DEBUGGER_EVENT_OPTIONS Options = {.EventType = CPUID_INSTRUCTION_EXECUTION,
                                      .CoreId    = HYPERDBG_ALL_CORES,
                                      .ProcessId = HYPERDBG_ALL_PROCESSES,
                                      .Stage     = PRE};
    UINT64 Tag;

    (void)State;
    DebuggerRegisterEvent(&Options, &Tag);
    Set("@rax = 7;");
    DebuggerRegisterEvent(&Options, &Tag);
    Trigger(0);
    assert_int_equal(g_Mock.RecordCount, 2);
    assert_int_equal(g_Mock.Records[0].Regs.rax, 0);
    assert_int_equal(g_Mock.Records[1].Regs.rax, 7);
}

static void AtStagePostTheOutputsCanBeChanged(void **State)
{
    (void)State;
    g_Stage = POST;
    Set("@rcx = @rcx & ~80000000;");
    g_Regs.rcx = 0xF0000001;
    assert_int_equal(Trigger(1), SUCCESSFUL);
    assert_true(g_PostRequired);
    assert_int_equal(g_Regs.rcx, 0xF0000001);
    TriggerPost(1);
    assert_int_equal(g_Regs.rcx, 0x70000001);
}

static void TimesAndTheBufferAreThere(void **State)
{
    (void)State;
    Set("eq($buffer, 5); if (poi($buffer) == 5 && $nsecs != 0) { printf(\"%s %s\\n\", $date, $time); }");
    Trigger(0);
    assert_int_equal(strlen(Output(0)), strlen("2026-01-01 10:00:00.000000\n"));
}

/* --- short-circuit ---------------------------------------------------------------------------------------
 */

static void AScriptDecidesAboutTheShortCircuit(void **State)
{
    (void)State;
    Set("event_sc($context == 1);");
    assert_int_equal(Trigger(1), IGNORE_EVENT);
    assert_int_equal(Trigger(2), SUCCESSFUL);
}

static void AShortCircuitOfOneEventStands(void **State)
{
    (void)State;
    Set("event_sc(1);");
    Set("event_sc(0);");
    assert_int_equal(Trigger(1), IGNORE_EVENT);
}

static void AtStagePostThereIsNothingToShortCircuit(void **State)
{
    (void)State;
    g_Stage = POST;
    Set("event_sc(1);");
    Trigger(1);
    TriggerPost(1);
    assert_int_equal(g_Mock.ScriptRecordCount, 1);
    assert_int_equal(g_Mock.ScriptRecords[0].Kind, DEBUGGER_SCRIPT_RECORD_FAULT);
    assert_int_equal(g_Mock.ScriptRecords[0].Number, SCRIPT_STATUS_REFUSED);
}

/* --- what ends a run -------------------------------------------------------------------------------------
 */

static void AFaultEndsTheRunAndIsTold(void **State)
{
    UINT64 Tag;

    (void)State;
    Tag = Set("@rax = 1; x = poi(1000); @rax = 2;");
    assert_int_equal(Trigger(0), SUCCESSFUL);
    assert_int_equal(g_Regs.rax, 1);
    assert_int_equal(g_Mock.ScriptRecordCount, 1);
    assert_int_equal(g_Mock.ScriptRecords[0].Tag, Tag);
    assert_int_equal(g_Mock.ScriptRecords[0].Kind, DEBUGGER_SCRIPT_RECORD_FAULT);
    assert_int_equal(g_Mock.ScriptRecords[0].Number, SCRIPT_STATUS_READ);
    assert_int_equal(g_Mock.ScriptRecords[0].Address, 0x1000);
    Trigger(0);
    assert_int_equal(g_Mock.ScriptRecordCount, 2);
}

static void ABudgetEndsALoop(void **State)
{
    (void)State;
    g_Budget = 500;
    Set("for (i = 0; ; i++) { @rax = i; }");
    Trigger(0);
    assert_int_equal(g_Mock.ScriptRecords[0].Number, SCRIPT_STATUS_BUDGET);
    assert_in_range(g_Regs.rax, 50, 500);
}

static void ValuesThatARegisterDoesNotTakeAreFaults(void **State)
{
    (void)State;
    Set("@cr4 = 5;");
    Trigger(0);
    assert_int_equal(g_Mock.System, 5);
    assert_int_equal(g_Mock.ScriptRecordCount, 0);
    Set("@dr7 = 0bad;");
    Set("@cs = 1;");
    Trigger(0);
    assert_int_equal(g_Mock.ScriptRecordCount, 2);
    assert_int_equal(g_Mock.ScriptRecords[0].Number, SCRIPT_STATUS_REGISTER);
    assert_int_equal(g_Mock.ScriptRecords[0].Address, SCRIPT_REGISTER_DR7);
    assert_int_equal(g_Mock.ScriptRecords[1].Address, SCRIPT_REGISTER_CS);
}

static void SystemRegistersAreRead(void **State)
{
    (void)State;
    Set("printf(\"%x %x %x %x %x %x|\", @cr0, @cr2, @cr3, @cr4, @cr8, @dr0);"
        "printf(\"%x %x %x %x %x|\", @dr1, @dr2, @dr3, @dr6, @dr7);"
        "printf(\"%x %x %x %x %x %x %x %x %x %x\", @cs, @ss, @ds, @es, @fs, @gs, @ldtr, @tr, @gdtr, @idtr);");
    Trigger(0);
    assert_string_equal(Output(0), "80050033 c2 2000 370ef8 c8 d0|");
    assert_string_equal(Output(1), "d1 d2 d3 d6 d7|");
    assert_string_equal(Output(2), "1 2 3 4 5 6 7 8 9000 a000");
}

static void EventsAreInjected(void **State)
{
    (void)State;
    Set("event_inject_error_code(3, 0e, 2); if ($context == 1) { event_inject(4, 80); } if ($context == 2) { "
        "event_inject(2, 2); event_inject(3, 0bd); }");
    Trigger(0);
    assert_true(g_Mock.Injected.Type == 3 && g_Mock.Injected.Vector == 14 && g_Mock.Injected.HasErrorCode &&
                g_Mock.Injected.ErrorCode == 2);
    Trigger(1);
    assert_true(g_Mock.Injected.Type == 4 && g_Mock.Injected.Vector == 0x80 &&
                !g_Mock.Injected.HasErrorCode && g_Mock.Injected.InstructionLength == 2);
    assert_int_equal(g_Mock.ScriptRecordCount, 0);
    Trigger(2);
    assert_int_equal(g_Mock.InjectedNmis, 1);
    assert_int_equal(g_Mock.ScriptRecords[0].Number, SCRIPT_STATUS_REFUSED);
}

/* --- scripts and events ----------------------------------------------------------------------------------
 */

static BOOLEAN IsEnabled(UINT64 Tag)
{
    BOOLEAN Enabled = FALSE;

    assert_int_equal(DebuggerQueryEventState(Tag, &Enabled), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    return Enabled;
}

static void AStoppedScriptIsRunNoMoreUntilItIsEnabled(void **State)
{
    UINT64 Tag;

    (void)State;
    Tag = Set("@rax = @rax + 1; if (@rax == 2) { stop(); }");
    Trigger(0);
    Trigger(0);
    Trigger(0);
    assert_int_equal(g_Regs.rax, 2);
    assert_true(IsEnabled(Tag));
    DebuggerEnableEvent(Tag);
    Trigger(0);
    assert_int_equal(g_Regs.rax, 3);
}

static void AScriptDisablesAndEnablesEvents(void **State)
{
    UINT64 Counter;

    (void)State;
    Counter = Set("@rax = @rax + 1;");
    Set("if ($context == 1) { event_disable(0); } if ($context == 2) { event_enable(0); }");
    Trigger(1);
    assert_false(IsEnabled(Counter));
    Trigger(3);
    assert_int_equal(g_Regs.rax, 1);
    Trigger(2); /* comes to the counter before it is enabled */
    assert_int_equal(g_Regs.rax, 1);
    assert_true(IsEnabled(Counter));
    Trigger(3);
    assert_int_equal(g_Regs.rax, 2);
}

static UINT64 ReadCount(UINT64 Tag, UINT64 *Key)
{
    UINT64 Words[64];
    DEBUGGER_READ_MAP Read = {.Tag = Tag, .Buffer = (UINT64)(UINTPTR)Words, .Size = sizeof(Words)};

    assert_int_equal(ScriptRequestReadMap(&Read), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    assert_int_equal(Read.Count, 1);
    memcpy(Key, Words, 2 * sizeof(UINT64));
    return Words[2];
}

static void AnEventThatClearsItselfKeepsOnlyWhatItGathered(void **State)
{
    DEBUGGER_QUERY_EVENT Query = {0};
    UINT64 Key[2], Tag;

    (void)State;
    Tag = Set("@rax = @rax + 1; hits[$comm]++; event_clear($event_id);");
    Trigger(0);
    Trigger(0);
    assert_int_equal(g_Regs.rax, 1);
    assert_int_equal(DebuggerQueryEvent(&Query), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    assert_int_equal(Query.IsEnabled, 0);
    assert_int_equal(Query.IsCleared, 1);
    assert_int_equal(Trigger(0), VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_NO_INITIALIZED);
    assert_int_equal(DebuggerEnableEvent(Tag), DEBUGGER_ERROR_TAG_NOT_FOUND);
    assert_int_equal(ReadCount(Tag, Key), 1);
    assert_int_equal(DebuggerClearEvent(Tag), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    assert_int_equal(DebuggerCountEvents(), 0);
}

static void AnEventThatIsNotInForceIsNoEvent(void **State)
{
    (void)State;
    Set("event_disable(5);");
    Trigger(0);
    assert_int_equal(g_Mock.ScriptRecords[0].Number, SCRIPT_STATUS_REFUSED);
}

/* --- maps and globals ------------------------------------------------------------------------------------
 */

static void AMapIsReadMergedOverTheCores(void **State)
{
    UINT64 Key[3] = {0};
    UINT64 Tag;

    (void)State;
    Tag = Set("hits[$comm]++;");
    Trigger(0);
    Trigger(0);
    HostedSetCurrentCpu(1);
    Trigger(0);
    HostedSetCurrentCpu(CORE);
    assert_int_equal(ReadCount(Tag, Key), 3);
    assert_string_equal((const CHAR *)Key, "tester");
}

static void AMapIsReadPieceByPiece(void **State)
{
    UINT64 Words[3 * 2], Seen = 0;
    DEBUGGER_READ_MAP Read = {.Buffer = (UINT64)(UINTPTR)Words, .Size = sizeof(Words)};
    UINT32 Total           = 0;

    (void)State;
    Read.Tag = Set("last[$context] = $context * 2;");
    for (UINT64 Context = 0; Context < 10; Context++) {
        Trigger(Context);
    }
    do {
        Read.Size = sizeof(Words);
        assert_int_equal(ScriptRequestReadMap(&Read), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
        assert_in_range(Read.Count, 0, 3);
        for (UINT32 Index = 0; Index < Read.Count; Index++) {
            assert_int_equal(Words[2 * Index + 1], 2 * Words[2 * Index]);
            Seen |= 1ull << Words[2 * Index];
        }
        Total += Read.Count;
    } while (Read.Count > 0);
    assert_int_equal(Total, 10);
    assert_int_equal(Seen, 0x3FF);
}

static void RequestsForMapsAreChecked(void **State)
{
    UINT64 Words[3];
    DEBUGGER_READ_MAP Read     = {.Buffer = (UINT64)(UINTPTR)Words, .Size = sizeof(Words), .Map = 1};
    DEBUGGER_READ_SCRIPT Block = {.Size = 1 << 20};

    (void)State;
    Read.Tag = Set("hits[$context]++;");
    Trigger(0);
    assert_int_equal(ScriptRequestReadMap(&Read), DEBUGGER_ERROR_INVALID_REQUEST);
    Read.Map  = 0;
    Read.Size = 15;
    assert_int_equal(ScriptRequestReadMap(&Read), DEBUGGER_ERROR_INVALID_REQUEST);
    Read.Size   = 24;
    Read.Buffer = 0x1000;
    assert_int_equal(ScriptRequestReadMap(&Read), DEBUGGER_ERROR_INVALID_POINTER);
    Read.Buffer   = (UINT64)(UINTPTR)Words;
    Read.Position = ~0ull;
    assert_int_equal(ScriptRequestReadMap(&Read), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    assert_int_equal(Read.Count, 0);
    Read.Tag++;
    assert_int_equal(ScriptRequestReadMap(&Read), DEBUGGER_ERROR_TAG_NOT_FOUND);
    Block.Tag    = Read.Tag - 1;
    Block.Buffer = 0x1000;
    assert_int_equal(ScriptRequestRead(&Block), DEBUGGER_ERROR_INVALID_POINTER);
    Block.Size = 1;
    assert_int_equal(ScriptRequestRead(&Block), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    assert_true(Block.Size > 1);
}

static void PrintOfAMapIsARecord(void **State)
{
    (void)State;
    Set("one[1] = 1; two[1] = 2; print(two);");
    Trigger(0);
    assert_int_equal(g_Mock.ScriptRecordCount, 1);
    assert_int_equal(g_Mock.ScriptRecords[0].Kind, DEBUGGER_SCRIPT_RECORD_MAP);
    assert_int_equal(g_Mock.ScriptRecords[0].Number, 1);
}

static void GlobalsOfOneNameAreOneVariable(void **State)
{
    UINT64 First;

    (void)State;
    First = Set(".shared = .shared + 1; once { @rbx = @rbx + 1; }");
    Set("@rax = .shared; once { @rbx = @rbx + 0n10; }");
    Trigger(0);
    Trigger(0);
    assert_int_equal(g_Regs.rax, 2);
    assert_int_equal(g_Regs.rbx, 11); /* each has its own `once` */
    DebuggerClearEvent(First);
    Trigger(0);
    assert_int_equal(g_Regs.rax, 2); /* as long as one of them uses it */
    DebuggerClearEvent(DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG);
    Set("@rax = .shared;");
    Trigger(0);
    assert_int_equal(g_Regs.rax, 0);
}

static void GlobalsOfOtherTypesAreOtherVariables(void **State)
{
    (void)State;
    Set("int .n; .n = 5;");
    Set("@rax = .n;");
    Trigger(0);
    assert_int_equal(g_Regs.rax, 0);
}

static void GlobalsFillTheirRoomAgain(void **State)
{
    UINT64 Tags[3];

    (void)State;
    Tags[0] = Set(".a = 1;");
    Tags[1] = Set(".b = 2;");
    Tags[2] = Set(".c = 3;");
    Trigger(0);
    DebuggerClearEvent(Tags[1]);
    Set(".d = .d + 4; @rax = .d; @rbx = .a; @rcx = .c;");
    Trigger(0);
    assert_int_equal(g_Regs.rax, 4);
    assert_int_equal(g_Regs.rbx, 1);
    assert_int_equal(g_Regs.rcx, 3);
}

/* --- what is refused -------------------------------------------------------------------------------------
 */

static void NothingIsArmedForAProgramThatIsRefused(void **State)
{
    UINT64 Block[64] = {0};

    (void)State;
    assert_int_equal(Register(Block, sizeof(Block)), DEBUGGER_ERROR_SCRIPT_REFUSED);
    assert_true(strlen(g_Register.Refusal) > 0);
    assert_int_equal(g_Register.RefusedInstruction, SCRIPT_VERIFY_NO_INSTRUCTION);
    assert_int_equal(DebuggerCountEvents(), 0);
    assert_int_equal(g_Mock.TriggersOn, 0);
}

static void AFunctionThatEventsLackIsRefusedWithItsPlace(void **State)
{
    (void)State;
    assert_int_equal(TrySet("@rax = 1; lbr_save();"), DEBUGGER_ERROR_SCRIPT_REFUSED);
    assert_string_equal(g_Register.Refusal, "this function is not available in events");
    assert_int_not_equal(g_Register.RefusedInstruction, SCRIPT_VERIFY_NO_INSTRUCTION);
}

static void RequestsForProgramsAreChecked(void **State)
{
    static UINT64 Block[8];

    (void)State;
    assert_int_equal(Register((PVOID)0x1000, 64), DEBUGGER_ERROR_INVALID_POINTER);
    assert_int_equal(Register(Block, SCRIPT_MAXIMUM_BLOCK + 1), DEBUGGER_ERROR_INVALID_REQUEST);
    assert_int_equal(Register(Block, 0), DEBUGGER_ERROR_INVALID_REQUEST);
    assert_int_equal(Register(Block, 1), DEBUGGER_ERROR_SCRIPT_REFUSED);
    g_Budget = HYPERDBG_MAX_SCRIPT_BUDGET + 1;
    assert_int_equal(TrySet("@rax = 1;"), DEBUGGER_ERROR_INVALID_REQUEST);
    assert_int_equal(DebuggerCountEvents(), 0);
}

static void AnEventWithAProgramIsListedAsOne(void **State)
{
    DEBUGGER_QUERY_EVENT Query = {0};

    (void)State;
    Set("@rax = 1;");
    assert_int_equal(DebuggerQueryEvent(&Query), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    assert_int_equal(Query.HasScript, 1);
}

/* Each request for memory fails once: nothing is left, nothing is armed. */
static void WithoutMemoryNothingIsLeft(void **State)
{
    static const CHAR Text[] = ".g = 1; hits[$comm]++; last = 4; eq($buffer, 1);";
    const UINT32 Before      = HostedLiveAllocations();
    UINT32 Nth               = 0;

    (void)State;
    do {
        HostedFailAllocation(++Nth);
        if (TrySet(Text) == DEBUGGER_OPERATION_WAS_SUCCESSFUL) {
            break;
        }
        assert_true(HostedAllocationHasFailed());
        assert_int_equal(HostedLiveAllocations(), Before);
        assert_int_equal(g_Mock.TriggersOn, 0);
    } while (Nth < 100);
    HostedFailAllocation(0);
    assert_in_range(Nth, 8, 20);
}

/* --- where a stack has been ------------------------------------------------------------------------------
 */

static void AStackIsOfTheKernelOnly(void **State)
{
    UINT64 Stack[600] = {0xFFFFFFFF81000000ull, 1, 2};

    (void)State;
    Set("printf(\"%s\", kstack());");
    g_Regs.rsp = (UINT64)(UINTPTR)Stack;
    Trigger(0);
    /* of the interrupted instruction nothing more is known here: what the stack holds follows no call */
    assert_string_equal(Output(0), "\n        0xffffffff81234569\n");
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
#define TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, Finish)
        TEST(AScriptPrintsAndTheEventLeavesNoRecord),
        TEST(ATaskIsAnAddressThatCanBeRead),
        TEST(MemoryIsReadAndWritten),
        TEST(RegistersAreReadAndWritten),
        TEST(WhatAScriptChangedTheNextEventsRecordShows),
        TEST(AtStagePostTheOutputsCanBeChanged),
        TEST(TimesAndTheBufferAreThere),
        TEST(AScriptDecidesAboutTheShortCircuit),
        TEST(AShortCircuitOfOneEventStands),
        TEST(AtStagePostThereIsNothingToShortCircuit),
        TEST(AFaultEndsTheRunAndIsTold),
        TEST(ABudgetEndsALoop),
        TEST(ValuesThatARegisterDoesNotTakeAreFaults),
        TEST(SystemRegistersAreRead),
        TEST(EventsAreInjected),
        TEST(AStoppedScriptIsRunNoMoreUntilItIsEnabled),
        TEST(AScriptDisablesAndEnablesEvents),
        TEST(AnEventThatClearsItselfKeepsOnlyWhatItGathered),
        TEST(AnEventThatIsNotInForceIsNoEvent),
        TEST(AMapIsReadMergedOverTheCores),
        TEST(AMapIsReadPieceByPiece),
        TEST(RequestsForMapsAreChecked),
        TEST(PrintOfAMapIsARecord),
        TEST(GlobalsOfOneNameAreOneVariable),
        TEST(GlobalsOfOtherTypesAreOtherVariables),
        TEST(GlobalsFillTheirRoomAgain),
        TEST(NothingIsArmedForAProgramThatIsRefused),
        TEST(AFunctionThatEventsLackIsRefusedWithItsPlace),
        TEST(RequestsForProgramsAreChecked),
        TEST(AnEventWithAProgramIsListedAsOne),
        TEST(WithoutMemoryNothingIsLeft),
        TEST(AStackIsOfTheKernelOnly),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

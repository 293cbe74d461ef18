/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventStoreTest.c - events come into force and out of it as asked, ask of the VMM exactly what they need,
 * and leave nothing behind.
 *
 * Context: user space.
 */
#include "tests/unit/hyperkd/MockVmm.h"

#include "hyperkd/debugger/core/Debugger.h"
#include "hyperkd/debugger/events/EventStore.h"
#include "hyperkd/debugger/events/EventTrigger.h"

#define PRE     VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION
#define POST    VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION
#define ALL     VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION
#define SUCCESS DEBUGGER_OPERATION_WAS_SUCCESSFUL
#define ALL_TAG DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG

static int Start(void **State)
{
    (void)State;
    MockReset();
    g_Mock.VmmIsUp = TRUE;
    HostedReset();
    HostedSetCpuCount(4);
    assert_true(DebuggerInitialize());
    return 0;
}

static int Finish(void **State)
{
    (void)State;
    DebuggerUninitialize();
    assert_int_equal(g_Mock.ArmedExits, 0);
    assert_int_equal(g_Mock.TriggersOn, 0);
    assert_int_equal(HostedLiveAllocations(), 0);
    return 0;
}

static DEBUGGER_EVENT_OPTIONS Any(VMM_EVENT_TYPE_ENUM EventType)
{
    return (DEBUGGER_EVENT_OPTIONS){
        .EventType = EventType,
        .CoreId    = HYPERDBG_ALL_CORES,
        .ProcessId = HYPERDBG_ALL_PROCESSES,
        .Stage     = PRE,
    };
}

static DEBUGGER_EVENT_OPTIONS Msr(VMM_EVENT_TYPE_ENUM EventType, UINT32 CoreId, UINT32 Number)
{
    DEBUGGER_EVENT_OPTIONS Options = Any(EventType);

    Options.CoreId            = CoreId;
    Options.HasOptionalParam1 = 1;
    Options.OptionalParam1    = Number;
    return Options;
}

static UINT64 Set(DEBUGGER_EVENT_OPTIONS Options)
{
    UINT64 Tag = 0;

    assert_int_equal(DebuggerRegisterEvent(&Options, &Tag), SUCCESS);
    return Tag;
}

static UINT32 SetStatus(DEBUGGER_EVENT_OPTIONS Options)
{
    UINT64 Tag          = 42;
    const UINT32 Status = DebuggerRegisterEvent(&Options, &Tag);

    assert_true(Status == SUCCESS || Tag == 42);
    return Status;
}

/* --- settings --------------------------------------------------------------------------------------------
 */

typedef struct _SETTINGS_CASE {
    const CHAR *Name;
    DEBUGGER_EVENT_OPTIONS Options;
    UINT32 Status;
} SETTINGS_CASE;

#define SETTINGS(Type, Core, Pid, St, Short, Has, P1, P2, P3, P4)                                            \
    {                                                                                                        \
        .EventType = (UINT32)(Type), .CoreId = (Core), .ProcessId = (Pid), .Stage = (St),                    \
        .ShortCircuit = (Short), .HasOptionalParam1 = (Has), .OptionalParam1 = (P1), .OptionalParam2 = (P2), \
        .OptionalParam3 = (P3), .OptionalParam4 = (P4)                                                       \
    }
#define CPUID CPUID_INSTRUCTION_EXECUTION
#define RDMSR RDMSR_INSTRUCTION_EXECUTION
#define WRMSR WRMSR_INSTRUCTION_EXECUTION
#define HOOK  HIDDEN_HOOK_EXEC_CC
#define EACH  0xFFFFFFFFu

#define KERNEL 0xFFFFFFFF81000000ull

static const SETTINGS_CASE g_SettingsCases[] = {
    {"plain", SETTINGS(CPUID, EACH, EACH, PRE, 0, 0, 0, 0, 0, 0), SUCCESS},
    {"first type after the last", SETTINGS(VMM_EVENT_TYPE_COUNT, EACH, EACH, PRE, 0, 0, 0, 0, 0, 0),
     DEBUGGER_ERROR_INVALID_EVENT_TYPE},
    {"type -1", SETTINGS(-1, EACH, EACH, PRE, 0, 0, 0, 0, 0, 0), DEBUGGER_ERROR_INVALID_EVENT_TYPE},
    {"last type", SETTINGS(XSETBV_INSTRUCTION_EXECUTION, EACH, EACH, PRE, 0, 0, 0, 0, 0, 0), SUCCESS},
    {"type without a row", SETTINGS(TRAP_EXECUTION_INSTRUCTION_TRACE, EACH, EACH, PRE, 0, 0, 0, 0, 0, 0),
     DEBUGGER_ERROR_EVENT_TYPE_NOT_AVAILABLE},
    {"stage 0", SETTINGS(CPUID, EACH, EACH, 0, 0, 0, 0, 0, 0, 0), DEBUGGER_ERROR_INVALID_STAGE},
    {"stage post", SETTINGS(CPUID, EACH, EACH, POST, 0, 0, 0, 0, 0, 0), SUCCESS},
    {"stage all", SETTINGS(CPUID, EACH, EACH, ALL, 0, 0, 0, 0, 0, 0), SUCCESS},
    {"stage 4", SETTINGS(CPUID, EACH, EACH, 4, 0, 0, 0, 0, 0, 0), DEBUGGER_ERROR_INVALID_STAGE},
    {"short-circuit", SETTINGS(CPUID, EACH, EACH, PRE, 1, 0, 0, 0, 0, 0), SUCCESS},
    {"short-circuit post", SETTINGS(CPUID, EACH, EACH, POST, 1, 0, 0, 0, 0, 0),
     DEBUGGER_ERROR_SHORT_CIRCUIT_NEEDS_PRE},
    {"short-circuit all", SETTINGS(CPUID, EACH, EACH, ALL, 1, 0, 0, 0, 0, 0),
     DEBUGGER_ERROR_SHORT_CIRCUIT_NEEDS_PRE},
    {"short-circuit 2", SETTINGS(CPUID, EACH, EACH, PRE, 2, 0, 0, 0, 0, 0), DEBUGGER_ERROR_INVALID_REQUEST},
    {"has parameter 2", SETTINGS(CPUID, EACH, EACH, PRE, 0, 2, 0, 0, 0, 0), DEBUGGER_ERROR_INVALID_REQUEST},
    {"last core", SETTINGS(CPUID, 3, EACH, PRE, 0, 0, 0, 0, 0, 0), SUCCESS},
    {"core after the last", SETTINGS(CPUID, 4, EACH, PRE, 0, 0, 0, 0, 0, 0), DEBUGGER_ERROR_INVALID_CORE_ID},
    {"core -2", SETTINGS(CPUID, 0xFFFFFFFE, EACH, PRE, 0, 0, 0, 0, 0, 0), DEBUGGER_ERROR_INVALID_CORE_ID},
    {"core that is offline", SETTINGS(CPUID, 1, EACH, PRE, 0, 0, 0, 0, 0, 0), DEBUGGER_ERROR_INVALID_CORE_ID},
    {"any process", SETTINGS(CPUID, EACH, 0xFFFFFFFE, PRE, 0, 0, 0, 0, 0, 0), SUCCESS},
    {"highest leaf", SETTINGS(CPUID, EACH, EACH, PRE, 0, 1, 0xFFFFFFFF, 0, 0, 0), SUCCESS},
    {"leaf of 33 bits", SETTINGS(CPUID, EACH, EACH, PRE, 0, 1, 0x100000000, 0, 0, 0),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"highest MSR", SETTINGS(RDMSR, EACH, EACH, PRE, 0, 1, 0xFFFFFFFE, 0, 0, 0), SUCCESS},
    {"the number that says all MSRs", SETTINGS(RDMSR, EACH, EACH, PRE, 0, 1, 0xFFFFFFFF, 0, 0, 0),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"written MSR of 33 bits", SETTINGS(WRMSR, EACH, EACH, PRE, 0, 1, 0x100000010, 0, 0, 0),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"parameter 1 that does not count", SETTINGS(CPUID, EACH, EACH, PRE, 0, 0, 1, 0, 0, 0),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"parameter 2", SETTINGS(CPUID, EACH, EACH, PRE, 0, 1, 1, 1, 0, 0), DEBUGGER_ERROR_INVALID_REQUEST},
    {"parameter 3", SETTINGS(RDMSR, EACH, EACH, PRE, 0, 1, 1, 0, 1, 0), DEBUGGER_ERROR_INVALID_REQUEST},
    {"parameter 4", SETTINGS(WRMSR, EACH, EACH, PRE, 0, 1, 1, 0, 0, 1), DEBUGGER_ERROR_INVALID_REQUEST},
    {"RDTSCP", SETTINGS(TSC_INSTRUCTION_EXECUTION, EACH, EACH, PRE, 0, 1, 1, 0, 0, 0), SUCCESS},
    {"a third time-stamp instruction", SETTINGS(TSC_INSTRUCTION_EXECUTION, EACH, EACH, PRE, 0, 1, 2, 0, 0, 0),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"DR7", SETTINGS(DEBUG_REGISTERS_ACCESSED, EACH, EACH, PRE, 0, 1, 7, 0, 0, 0), SUCCESS},
    {"DR8", SETTINGS(DEBUG_REGISTERS_ACCESSED, EACH, EACH, PRE, 0, 1, 8, 0, 0, 0),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"a value of CR3",
     SETTINGS(CONTROL_REGISTER_3_MODIFIED, EACH, EACH, PRE, 0, 1, 0x7FFFFFFFFFFFFFFF, 0, 0, 0), SUCCESS},
    {"write of CR4", SETTINGS(CONTROL_REGISTER_MODIFIED, EACH, EACH, PRE, 0, 1, 4, 0, 0, 0), SUCCESS},
    {"write of bits of CR0", SETTINGS(CONTROL_REGISTER_MODIFIED, EACH, EACH, PRE, 0, 1, 0, 0x10008, 0, 0),
     SUCCESS},
    {"write of CR8", SETTINGS(CONTROL_REGISTER_MODIFIED, EACH, EACH, PRE, 0, 1, 8, 0, 0, 0), SUCCESS},
    {"write of any", SETTINGS(CONTROL_REGISTER_MODIFIED, EACH, EACH, PRE, 0, 0, 0, 0, 0, 0), SUCCESS},
    {"write of CR3", SETTINGS(CONTROL_REGISTER_MODIFIED, EACH, EACH, PRE, 0, 1, 3, 0, 0, 0),
     DEBUGGER_ERROR_REGISTER_NOT_WATCHABLE},
    {"write of CR0.PG", SETTINGS(CONTROL_REGISTER_MODIFIED, EACH, EACH, PRE, 0, 1, 0, 0x80000000, 0, 0),
     DEBUGGER_ERROR_REGISTER_NOT_WATCHABLE},
    {"bits of CR8", SETTINGS(CONTROL_REGISTER_MODIFIED, EACH, EACH, PRE, 0, 1, 8, 1, 0, 0),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"bits of any", SETTINGS(CONTROL_REGISTER_MODIFIED, EACH, EACH, PRE, 0, 0, 0, 1, 0, 0),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"read of CR3", SETTINGS(CONTROL_REGISTER_READ, EACH, EACH, PRE, 0, 1, 3, 0, 0, 0), SUCCESS},
    {"read of both", SETTINGS(CONTROL_REGISTER_READ, EACH, EACH, PRE, 0, 0, 0, 0, 0, 0), SUCCESS},
    {"read of CR0", SETTINGS(CONTROL_REGISTER_READ, EACH, EACH, PRE, 0, 1, 0, 0, 0, 0),
     DEBUGGER_ERROR_REGISTER_NOT_WATCHABLE},
    {"hook", SETTINGS(HOOK, EACH, EACH, PRE, 0, 1, KERNEL, 0, 0, 0), SUCCESS},
    {"hook short-circuited", SETTINGS(HOOK, 2, 77, PRE, 1, 1, KERNEL, 0, 0, 0), SUCCESS},
    {"hook nowhere", SETTINGS(HOOK, EACH, EACH, PRE, 0, 0, 0, 0, 0, 0), DEBUGGER_ERROR_INVALID_REQUEST},
    {"hook with a length", SETTINGS(HOOK, EACH, EACH, PRE, 0, 1, KERNEL, 1, 0, 0),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"detour", SETTINGS(HIDDEN_HOOK_EXEC_DETOURS, EACH, 77, PRE, 1, 1, KERNEL, 0, 0, 0), SUCCESS},
    {"detour at stage post", SETTINGS(HIDDEN_HOOK_EXEC_DETOURS, EACH, EACH, POST, 0, 1, KERNEL, 0, 0, 0),
     DEBUGGER_ERROR_DETOUR_IS_PLAIN},
    {"detour in a process", SETTINGS(HIDDEN_HOOK_EXEC_DETOURS, EACH, 77, PRE, 0, 1, 0x401000, 0, 0, 0),
     DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE},
    {"hook in a process", SETTINGS(HOOK, EACH, 77, PRE, 0, 1, 0x401000, 0, 0, 0), SUCCESS},
    {"hook in no process", SETTINGS(HOOK, EACH, EACH, PRE, 0, 1, 0x401000, 0, 0, 0),
     DEBUGGER_ERROR_ADDRESS_NEEDS_PROCESS},
    {"monitor", SETTINGS(HIDDEN_HOOK_WRITE, EACH, EACH, ALL, 0, 1, KERNEL, 8, 0, 0), SUCCESS},
    {"monitor of everything", SETTINGS(0, EACH, EACH, PRE, 0, 1, 0, ~0ull, 1, 0), SUCCESS},
    {"monitor of physical memory", SETTINGS(0, EACH, EACH, PRE, 0, 1, 0x1000, 1, 1, 0), SUCCESS},
    {"monitor nowhere", SETTINGS(0, EACH, EACH, PRE, 0, 0, 0, 8, 0, 0), DEBUGGER_ERROR_INVALID_REQUEST},
    {"monitor of nothing", SETTINGS(0, EACH, EACH, PRE, 0, 1, KERNEL, 0, 0, 0),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"monitor that wraps around", SETTINGS(0, EACH, EACH, PRE, 0, 1, KERNEL, -KERNEL + 1, 0, 0),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"monitor of a third kind of address", SETTINGS(0, EACH, EACH, PRE, 0, 1, KERNEL, 8, 2, 0),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"monitor with parameter 4", SETTINGS(0, EACH, EACH, PRE, 0, 1, KERNEL, 8, 0, 1),
     DEBUGGER_ERROR_INVALID_REQUEST},
    {"monitor in a process", SETTINGS(HIDDEN_HOOK_READ, EACH, 77, PRE, 0, 1, 0x601000, 8, 0, 0), SUCCESS},
    {"monitor in no process", SETTINGS(HIDDEN_HOOK_READ, EACH, EACH, PRE, 0, 1, 0x601000, 8, 0, 0),
     DEBUGGER_ERROR_ADDRESS_NEEDS_PROCESS},
};

static void OnlySettingsThatMeanSomethingAreTaken(void **State)
{
    (void)State;
    HostedCpuGoOffline(1);
    for (UINT32 Index = 0; Index < COUNT_OF(g_SettingsCases); Index++) {
        const SETTINGS_CASE *Case = &g_SettingsCases[Index];
        const UINT32 Before       = DebuggerCountEvents();
        const UINT32 Status       = SetStatus(Case->Options);

        if (Status != Case->Status || DebuggerCountEvents() != Before + (Status == SUCCESS)) {
            fail_msg("settings '%s': status %x", Case->Name, Status);
        }
    }
}

static void EveryTypeWithoutARowIsNotAvailable(void **State)
{
    UINT32 Available = 0;

    (void)State;
    for (UINT32 Type = 0; Type < VMM_EVENT_TYPE_COUNT; Type++) {
        DEBUGGER_EVENT_OPTIONS Options = Any(Type);
        UINT32 Status                  = SetStatus(Options);

        if (Status == DEBUGGER_ERROR_INVALID_REQUEST) { /* a hook, which must be somewhere */
            Options.HasOptionalParam1 = 1;
            Options.OptionalParam1    = KERNEL;
            Options.OptionalParam2    = Type != HOOK && Type != HIDDEN_HOOK_EXEC_DETOURS;
            Status                    = SetStatus(Options);
        }
        if (Type == EXTERNAL_INTERRUPT_OCCURRED || Type == TRAP_EXECUTION_MODE_CHANGED) {
            Options                   = Any(Type); /* a vector; one process */
            Options.HasOptionalParam1 = Type == EXTERNAL_INTERRUPT_OCCURRED;
            Options.OptionalParam1    = Options.HasOptionalParam1 ? 0xEC : 0;
            Options.ProcessId         = 7;
            Status                    = SetStatus(Options);
        }
        assert_true(Status == SUCCESS || Status == DEBUGGER_ERROR_EVENT_TYPE_NOT_AVAILABLE);
        Available += Status == SUCCESS;
    }
    assert_int_equal(Available, 27);
}

/* --- what the VMM is asked for ---------------------------------------------------------------------------
 */

static void CpuidIsReportedFromTheFirstEventToTheLast(void **State)
{
    UINT64 First, Second;

    (void)State;
    First = Set(Any(CPUID));
    MockExpectTrace("cpuids=1 ");
    Second = Set(Any(CPUID));
    assert_int_equal(DebuggerClearEvent(First), SUCCESS);
    MockExpectTrace("");
    assert_int_equal(DebuggerClearEvent(Second), SUCCESS);
    MockExpectTrace("cpuids=0 ");
}

static void MsrsExitForEachEventAndAreReportedFromTheFirstToTheLast(void **State)
{
    UINT64 Read, Write, Every;

    (void)State;
    Read = Set(Msr(RDMSR, 1, 0x10));
    MockExpectTrace("+read(1,10) rdmsrs=1 ");
    Write = Set(Msr(WRMSR, HYPERDBG_ALL_CORES, 0xC0000082));
    MockExpectTrace("+write(ffffffff,c0000082) wrmsrs=1 ");
    Every = Set(Any(RDMSR));
    MockExpectTrace("+read(ffffffff,ffffffff) ");
    DebuggerClearEvent(Read);
    MockExpectTrace("-read(1,10) ");
    DebuggerClearEvent(Write);
    MockExpectTrace("wrmsrs=0 -write(ffffffff,c0000082) ");
    DebuggerClearEvent(Every);
    MockExpectTrace("rdmsrs=0 -read(ffffffff,ffffffff) ");
}

static DEBUGGER_EVENT_OPTIONS Hook(VMM_EVENT_TYPE_ENUM EventType, UINT32 ProcessId, UINT64 Address,
                                   UINT64 Length)
{
    DEBUGGER_EVENT_OPTIONS Options = Any(EventType);

    Options.ProcessId         = ProcessId;
    Options.HasOptionalParam1 = 1;
    Options.OptionalParam1    = Address;
    Options.OptionalParam2    = Length;
    return Options;
}

static void HooksAreSetWithTheProcessOfTheirAddress(void **State)
{
    DEBUGGER_EVENT_OPTIONS Physical = Hook(HIDDEN_HOOK_READ, 77, 0x1000, 16);

    (void)State;
    Physical.OptionalParam3 = 1;
    Set(Hook(HOOK, EACH, KERNEL, 0));
    Set(Hook(HOOK, 77, KERNEL, 0));
    Set(Hook(HOOK, 77, 0x401000, 0));
    MockExpectTrace("+hook(ffffffff81000000,ffffffff) +hook(ffffffff81000000,ffffffff) +hook(401000,4d) ");
    Set(Hook(HIDDEN_HOOK_WRITE, 77, KERNEL, 8));
    Set(Hook(HIDDEN_HOOK_WRITE, 77, 0x601000, 8));
    Set(Physical);
    MockExpectTrace("+monitor(1000003,ffffffff81000000,8,0,2,ffffffff) +monitor(1000004,601000,8,0,2,4d) "
                    "+monitor(1000005,1000,10,1,1,ffffffff) ");
    DebuggerClearEvent(ALL_TAG);
    MockExpectTrace("-hook(ffffffff81000000,ffffffff) -hook(ffffffff81000000,ffffffff) -hook(401000,4d) "
                    "-monitor(1000003) -monitor(1000004) -monitor(1000005) ");
}

static void EachCombinationOfAccessesIsAMonitorOfIts(void **State)
{
    static const CHAR *const Traces[] = {
        "+monitor(1000000,ffffffff81000000,1,0,7,ffffffff) ",
        "+monitor(1000001,ffffffff81000000,1,0,3,ffffffff) ",
        "+monitor(1000002,ffffffff81000000,1,0,5,ffffffff) ",
        "+monitor(1000003,ffffffff81000000,1,0,6,ffffffff) ",
        "+monitor(1000004,ffffffff81000000,1,0,1,ffffffff) ",
        "+monitor(1000005,ffffffff81000000,1,0,2,ffffffff) ",
        "+monitor(1000006,ffffffff81000000,1,0,4,ffffffff) ",
    };

    (void)State;
    for (UINT32 Type = 0; Type < COUNT_OF(Traces); Type++) {
        Set(Hook(Type, EACH, KERNEL, 1));
        MockExpectTrace(Traces[Type]);
    }
}

static void AHookThatCannotBeSetSaysWhy(void **State)
{
    (void)State;
    g_Mock.ArmFails = TRUE;
    assert_int_equal(SetStatus(Hook(HOOK, EACH, KERNEL, 0)), DEBUGGER_ERROR_INVALID_ADDRESS);
    assert_int_equal(SetStatus(Hook(HIDDEN_HOOK_READ, EACH, KERNEL, 1)), DEBUGGER_ERROR_INVALID_ADDRESS);
    assert_int_equal(DebuggerCountEvents(), 0);
    g_Mock.ArmFails = FALSE;
}

static UINT32 HookStateOf(UINT64 Tag)
{
    DEBUGGER_QUERY_EVENT Query = {.Tag = Tag};

    assert_int_equal(DebuggerQueryEvent(&Query), SUCCESS);
    return Query.HookState;
}

static void TheStateOfAHookIsAskedOfTheVmm(void **State)
{
    const UINT64 Live = Set(Hook(HOOK, EACH, KERNEL, 0)), Gone = Set(Hook(HOOK, EACH, KERNEL + 1, 0));
    const UINT64 LiveToo = Set(Hook(HIDDEN_HOOK_WRITE, EACH, KERNEL + 1, 1));
    const UINT64 GoneToo = Set(Hook(HIDDEN_HOOK_WRITE, EACH, KERNEL, 1));
    const UINT64 NoHook  = Set(Msr(RDMSR, 1, 0x11));

    (void)State;
    assert_int_equal(HookStateOf(Live), VMM_HOOK_LIVE);
    assert_int_equal(HookStateOf(Gone), VMM_HOOK_GONE);
    assert_int_equal(HookStateOf(LiveToo), VMM_HOOK_LIVE);
    assert_int_equal(HookStateOf(GoneToo), VMM_HOOK_GONE);
    assert_int_equal(HookStateOf(NoHook), VMM_HOOK_LIVE);
    DebuggerDisableEvent(Gone);
    assert_int_equal(HookStateOf(Gone), VMM_HOOK_LIVE);
}

static void ADisabledEventGivesItsExitsBackAndAnEnabledOneTakesThem(void **State)
{
    UINT64 Tag;
    BOOLEAN IsEnabled = FALSE;

    (void)State;
    Tag = Set(Msr(WRMSR, 2, 0x1B));
    MockExpectTrace("+write(2,1b) wrmsrs=1 ");
    assert_int_equal(DebuggerDisableEvent(Tag), SUCCESS);
    MockExpectTrace("wrmsrs=0 -write(2,1b) ");
    assert_int_equal(DebuggerQueryEventState(Tag, &IsEnabled), SUCCESS);
    assert_false(IsEnabled);
    assert_int_equal(DebuggerDisableEvent(Tag), SUCCESS);
    MockExpectTrace("");
    assert_int_equal(DebuggerEnableEvent(Tag), SUCCESS);
    MockExpectTrace("+write(2,1b) wrmsrs=1 ");
    assert_int_equal(DebuggerQueryEventState(Tag, &IsEnabled), SUCCESS);
    assert_true(IsEnabled);
    assert_int_equal(DebuggerEnableEvent(Tag), SUCCESS);
    MockExpectTrace("");
    DebuggerDisableEvent(Tag);
    MockExpectTrace("wrmsrs=0 -write(2,1b) ");
    assert_int_equal(DebuggerClearEvent(Tag), SUCCESS);
    MockExpectTrace("");
}

static void AnEventThatCannotBeArmedIsNotSet(void **State)
{
    const UINT32 Live = HostedLiveAllocations();

    (void)State;
    g_Mock.ArmFails = TRUE;
    assert_int_equal(SetStatus(Msr(RDMSR, 1, 0x10)), DEBUGGER_ERROR_INVALID_CORE_ID);
    MockExpectTrace("+read(1,10)=0 ");
    assert_int_equal(DebuggerCountEvents(), 0);
    assert_int_equal(HostedLiveAllocations(), Live);
    assert_null(EventFirstArmed(RDMSR));
    g_Mock.ArmFails = FALSE;
    assert_int_equal(Set(Any(CPUID)), HYPERDBG_EVENT_TAG_START); /* the number was not used up */
}

static void EnablingAllGoesOnAfterAnEventThatCannotBeArmed(void **State)
{
    UINT64 Broken, Fine;
    BOOLEAN IsEnabled = TRUE;

    (void)State;
    Broken = Set(Msr(RDMSR, 1, 0x10));
    Fine   = Set(Any(CPUID));
    DebuggerDisableEvent(ALL_TAG);
    g_Mock.ArmFails = TRUE;
    assert_int_equal(DebuggerEnableEvent(ALL_TAG), DEBUGGER_ERROR_INVALID_CORE_ID);
    DebuggerQueryEventState(Broken, &IsEnabled);
    assert_false(IsEnabled);
    DebuggerQueryEventState(Fine, &IsEnabled);
    assert_true(IsEnabled);
}

/* --- the list --------------------------------------------------------------------------------------------
 */

static void EventsAreListedWithTheirSettingsInTheOrderTheyWereSet(void **State)
{
    DEBUGGER_QUERY_EVENT Query = {.Tag = 0};
    UINT64 Tags[4];

    (void)State;
    for (UINT32 Index = 0; Index < COUNT_OF(Tags); Index++) {
        Tags[Index] = Set(Msr(RDMSR, Index, 0x100 + Index));
        assert_int_equal(Tags[Index], HYPERDBG_EVENT_TAG_START + Index);
    }
    DebuggerClearEvent(Tags[1]);
    DebuggerDisableEvent(Tags[2]);
    for (UINT32 Index = 0; Index < COUNT_OF(Tags); Index++) {
        if (Index == 1) {
            continue;
        }
        assert_int_equal(DebuggerQueryEvent(&Query), SUCCESS);
        assert_int_equal(Query.Tag, Tags[Index]);
        assert_int_equal(Query.Options.EventType, RDMSR);
        assert_int_equal(Query.Options.CoreId, Index);
        assert_int_equal(Query.Options.OptionalParam1, 0x100 + Index);
        assert_int_equal(Query.IsEnabled, Index != 2);
        assert_int_equal(Query.Hits, 0);
        Query.Tag++;
    }
    assert_int_equal(DebuggerQueryEvent(&Query), DEBUGGER_ERROR_TAG_NOT_FOUND);
    assert_int_equal(DebuggerCountEvents(), 3);
}

static void ANumberIsNotUsedAgain(void **State)
{
    (void)State;
    DebuggerClearEvent(Set(Any(CPUID)));
    assert_int_equal(Set(Any(CPUID)), HYPERDBG_EVENT_TAG_START + 1);
}

static void WhatIsNotThereIsNotFound(void **State)
{
    UINT64 Tag;
    BOOLEAN IsEnabled;

    (void)State;
    Tag = Set(Any(CPUID));
    for (UINT32 Round = 0; Round < 2; Round++) {
        assert_int_equal(DebuggerEnableEvent(Tag + 1), DEBUGGER_ERROR_TAG_NOT_FOUND);
        assert_int_equal(DebuggerDisableEvent(Tag - 1), DEBUGGER_ERROR_TAG_NOT_FOUND);
        assert_int_equal(DebuggerClearEvent(Tag + 1), DEBUGGER_ERROR_TAG_NOT_FOUND);
        assert_int_equal(DebuggerQueryEventState(0, &IsEnabled), DEBUGGER_ERROR_TAG_NOT_FOUND);
        assert_int_equal(DebuggerQueryEventState(ALL_TAG, &IsEnabled), DEBUGGER_ERROR_TAG_NOT_FOUND);
        DebuggerClearEvent(Tag);
    }
}

static void AllMeansAllAndNoneIsNoError(void **State)
{
    (void)State;
    assert_int_equal(DebuggerEnableEvent(ALL_TAG), SUCCESS);
    assert_int_equal(DebuggerDisableEvent(ALL_TAG), SUCCESS);
    assert_int_equal(DebuggerClearEvent(ALL_TAG), SUCCESS);
    Set(Any(CPUID));
    Set(Any(RDMSR));
    Set(Any(WRMSR));
    Set(Any(CPUID));
    g_Mock.Trace[0] = '\0';
    assert_int_equal(DebuggerDisableEvent(ALL_TAG), SUCCESS);
    MockExpectTrace("rdmsrs=0 wrmsrs=0 cpuids=0 -read(ffffffff,ffffffff) -write(ffffffff,ffffffff) ");
    assert_int_equal(DebuggerCountEvents(), 4);
    assert_int_equal(DebuggerEnableEvent(ALL_TAG), SUCCESS);
    MockExpectTrace("cpuids=1 +read(ffffffff,ffffffff) rdmsrs=1 +write(ffffffff,ffffffff) wrmsrs=1 ");
    assert_int_equal(DebuggerClearEvent(ALL_TAG), SUCCESS);
    assert_int_equal(DebuggerCountEvents(), 0);
    for (UINT32 Type = 0; Type < VMM_EVENT_TYPE_COUNT; Type++) {
        assert_null(EventFirstArmed(Type));
    }
}

static void HitsOutliveBeingDisabled(void **State)
{
    DEBUGGER_QUERY_EVENT Query = {.Tag = Set(Any(CPUID))};
    GUEST_REGS Regs            = {0};
    BOOLEAN PostRequired       = FALSE;

    (void)State;
    DebuggerTriggerEvents(CPUID, PRE, NULL, &PostRequired, &Regs);
    DebuggerDisableEvent(Query.Tag);
    DebuggerTriggerEvents(CPUID, PRE, NULL, &PostRequired, &Regs);
    DebuggerEnableEvent(Query.Tag);
    DebuggerTriggerEvents(CPUID, PRE, NULL, &PostRequired, &Regs);
    assert_int_equal(DebuggerQueryEvent(&Query), SUCCESS);
    assert_int_equal(Query.Hits, 2);
}

/* --- limits ----------------------------------------------------------------------------------------------
 */

static void NoMoreEventsThanTheLimitAndAClearedOneMakesRoom(void **State)
{
    UINT64 Last = 0;

    (void)State;
    g_Mock.IsQuiet = TRUE;
    for (UINT32 Index = 0; Index < HYPERDBG_MAX_EVENTS; Index++) {
        Last = Set(Any(CPUID));
    }
    assert_int_equal(SetStatus(Any(CPUID)), DEBUGGER_ERROR_TOO_MANY_EVENTS);
    assert_int_equal(DebuggerCountEvents(), HYPERDBG_MAX_EVENTS);
    DebuggerClearEvent(Last);
    assert_int_equal(SetStatus(Any(CPUID)), SUCCESS);
}

static void AnEventWithoutMemoryIsNotSet(void **State)
{
    (void)State;
    HostedFailAllocation(1);
    assert_int_equal(SetStatus(Any(RDMSR)), DEBUGGER_ERROR_OUT_OF_MEMORY);
    assert_true(HostedAllocationHasFailed());
    MockExpectTrace("");
    assert_int_equal(DebuggerCountEvents(), 0);
    assert_int_equal(SetStatus(Any(RDMSR)), SUCCESS);
}

static void TheDebuggerStartsWithAllItsMemoryOrNotAtAll(void **State)
{
    UINT32 Failures = 0;

    (void)State;
    DebuggerUninitialize();
    for (UINT32 Nth = 1;; Nth++) {
        DebuggerSetLastError(SUCCESS);
        HostedFailAllocation(Nth);
        if (DebuggerInitialize()) {
            break;
        }
        assert_int_equal(DebuggerGetLastError(), DEBUGGER_ERROR_OUT_OF_MEMORY);
        assert_int_equal(HostedLiveAllocations(), 0);
        Failures++;
    }
    assert_false(HostedAllocationHasFailed());
    assert_true(Failures >= 2);
}

static void AnEndClearsAllAndANewStartBeginsAnew(void **State)
{
    (void)State;
    Set(Any(CPUID));
    DebuggerDisableEvent(Set(Msr(WRMSR, 1, 0x10)));
    Set(Msr(RDMSR, 1, 0x10));
    g_Mock.Trace[0] = '\0';
    DebuggerUninitialize();
    MockExpectTrace("cpuids=0 rdmsrs=0 -read(1,10) ");
    assert_int_equal(HostedLiveAllocations(), 0);
    assert_true(DebuggerInitialize());
    assert_int_equal(DebuggerCountEvents(), 0);
    assert_int_equal(Set(Any(CPUID)), HYPERDBG_EVENT_TAG_START);
}

#define TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, Finish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(OnlySettingsThatMeanSomethingAreTaken),
        TEST(EveryTypeWithoutARowIsNotAvailable),
        TEST(CpuidIsReportedFromTheFirstEventToTheLast),
        TEST(MsrsExitForEachEventAndAreReportedFromTheFirstToTheLast),
        TEST(HooksAreSetWithTheProcessOfTheirAddress),
        TEST(EachCombinationOfAccessesIsAMonitorOfIts),
        TEST(AHookThatCannotBeSetSaysWhy),
        TEST(TheStateOfAHookIsAskedOfTheVmm),
        TEST(ADisabledEventGivesItsExitsBackAndAnEnabledOneTakesThem),
        TEST(AnEventThatCannotBeArmedIsNotSet),
        TEST(EnablingAllGoesOnAfterAnEventThatCannotBeArmed),
        TEST(EventsAreListedWithTheirSettingsInTheOrderTheyWereSet),
        TEST(ANumberIsNotUsedAgain),
        TEST(WhatIsNotThereIsNotFound),
        TEST(AllMeansAllAndNoneIsNoError),
        TEST(HitsOutliveBeingDisabled),
        TEST(NoMoreEventsThanTheLimitAndAClearedOneMakesRoom),
        TEST(AnEventWithoutMemoryIsNotSet),
        TEST(TheDebuggerStartsWithAllItsMemoryOrNotAtAll),
        TEST(AnEndClearsAllAndANewStartBeginsAnew),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

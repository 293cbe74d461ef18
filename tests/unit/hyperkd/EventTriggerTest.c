/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventTriggerTest.c - an exit reaches exactly the events that fit, and each leaves the record and the answer
 * that it was set for.
 *
 * Context: user space.
 */
#include "tests/unit/hyperkd/MockVmm.h"

#include "hyperkd/debugger/core/Debugger.h"
#include "hyperkd/debugger/events/EventStore.h"
#include "hyperkd/debugger/events/EventTrigger.h"

#define PRE  VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION
#define POST VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION
#define ALL  VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION

#define ALL_TAG DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG

#define SUCCESSFUL     VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL
#define IGNORE_EVENT   VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT
#define NO_INITIALIZED VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_NO_INITIALIZED

static const DEBUGGER_EVENT_OPTIONS g_AnyCpuid = {
    .EventType = CPUID_INSTRUCTION_EXECUTION,
    .CoreId    = HYPERDBG_ALL_CORES,
    .ProcessId = HYPERDBG_ALL_PROCESSES,
    .Stage     = PRE,
};

static GUEST_REGS g_Regs;
static BOOLEAN g_PostRequired;

static int Start(void **State)
{
    (void)State;
    MockReset();
    g_Mock.VmmIsUp = TRUE;
    HostedReset();
    HostedSetCpuCount(4);
    HostedSetCurrentCpu(2);
    for (UINT32 Index = 0; Index < GUEST_REGS_COUNT; Index++) {
        ((UINT64 *)&g_Regs)[Index] = 0x1111111111111111ull * (Index + 1);
    }
    g_PostRequired = FALSE;
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

static UINT64 Set(DEBUGGER_EVENT_OPTIONS Options)
{
    UINT64 Tag = 0;

    assert_int_equal(DebuggerRegisterEvent(&Options, &Tag), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    return Tag;
}

static UINT64 Hits(UINT64 Tag)
{
    DEBUGGER_QUERY_EVENT Query = {.Tag = Tag};

    assert_int_equal(DebuggerQueryEvent(&Query), DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    assert_int_equal(Query.Tag, Tag);
    return Query.Hits;
}

static UINT32 TriggerType(VMM_EVENT_TYPE_ENUM EventType, UINT64 Context)
{
    g_PostRequired = FALSE;
    return DebuggerTriggerEvents(EventType, PRE, (PVOID)(UINTPTR)Context, &g_PostRequired, &g_Regs);
}

static UINT32 Trigger(UINT64 Context)
{
    return TriggerType(CPUID_INSTRUCTION_EXECUTION, Context);
}

static UINT32 TriggerPost(UINT64 Context)
{
    return DebuggerTriggerEvents(CPUID_INSTRUCTION_EXECUTION, POST, (PVOID)(UINTPTR)Context, NULL, &g_Regs);
}

/* --- who is asked ----------------------------------------------------------------------------------------
 */

static void NobodyListensWhenNothingIsArmed(void **State)
{
    UINT64 Tag;

    (void)State;
    assert_int_equal(Trigger(1), NO_INITIALIZED);
    Tag = Set(g_AnyCpuid);
    assert_int_equal(Trigger(1), SUCCESSFUL);
    DebuggerDisableEvent(Tag);
    assert_int_equal(Trigger(1), NO_INITIALIZED);
    assert_int_equal(g_Mock.RecordCount, 1);
}

static void ATypeThatDoesNotExistIsSaidSo(void **State)
{
    (void)State;
    assert_int_equal(TriggerType(VMM_EVENT_TYPE_COUNT, 0),
                     VMM_CALLBACK_TRIGGERING_EVENT_STATUS_INVALID_EVENT_TYPE);
    assert_int_equal(TriggerType((VMM_EVENT_TYPE_ENUM)-1, 0),
                     VMM_CALLBACK_TRIGGERING_EVENT_STATUS_INVALID_EVENT_TYPE);
}

static void ACoreWithoutStateIsLeftAlone(void **State)
{
    (void)State;
    Set(g_AnyCpuid);
    HostedSetCpuCount(8); /* more than there were at DebuggerInitialize */
    HostedSetCurrentCpu(4);
    assert_int_equal(Trigger(1), VMM_CALLBACK_TRIGGERING_EVENT_STATUS_DEBUGGER_NOT_ENABLED);
    assert_int_equal(g_Mock.RecordCount, 0);
}

static void EventsOfOtherTypesAreNotWalked(void **State)
{
    DEBUGGER_EVENT_OPTIONS Rdmsr = g_AnyCpuid;
    UINT64 Tag;

    (void)State;
    Rdmsr.EventType = RDMSR_INSTRUCTION_EXECUTION;
    Tag             = Set(Rdmsr);
    assert_int_equal(Trigger(1), NO_INITIALIZED);
    assert_int_equal(TriggerType(WRMSR_INSTRUCTION_EXECUTION, 1), NO_INITIALIZED);
    assert_int_equal(Hits(Tag), 0);
    assert_int_equal(TriggerType(RDMSR_INSTRUCTION_EXECUTION, 1), SUCCESSFUL);
    assert_int_equal(Hits(Tag), 1);
    assert_int_equal(g_Mock.Records[0].EventType, RDMSR_INSTRUCTION_EXECUTION);
    for (UINT32 Type = 0; Type < VMM_EVENT_TYPE_COUNT; Type++) {
        assert_true((EventFirstArmed(Type) != NULL) == (Type == RDMSR_INSTRUCTION_EXECUTION));
    }
}

static void AllOfTheTypeAreAskedInTheOrderTheyWereSet(void **State)
{
    UINT64 Tags[5];

    (void)State;
    for (UINT32 Index = 0; Index < COUNT_OF(Tags); Index++) {
        Tags[Index] = Set(g_AnyCpuid);
    }
    DebuggerDisableEvent(Tags[1]);
    DebuggerDisableEvent(Tags[0]);
    DebuggerDisableEvent(Tags[4]);
    DebuggerEnableEvent(Tags[4]);
    DebuggerEnableEvent(Tags[1]);
    DebuggerEnableEvent(Tags[0]);
    assert_int_equal(Trigger(1), SUCCESSFUL);
    assert_int_equal(g_Mock.RecordCount, COUNT_OF(Tags));
    for (UINT32 Index = 0; Index < COUNT_OF(Tags); Index++) {
        assert_int_equal(g_Mock.Records[Index].Tag, Tags[Index]);
    }
}

/* --- filters ---------------------------------------------------------------------------------------------
 */

typedef struct _FILTER_CASE {
    const CHAR *Name;
    UINT32 CoreId;
    UINT32 ProcessId;
    UINT8 HasOptionalParam1;
    UINT64 OptionalParam1;
    BOOLEAN Fits; /* on core 2, in process 77, with context 5 */
} FILTER_CASE;

static const FILTER_CASE g_FilterCases[] = {
    {"none", HYPERDBG_ALL_CORES, HYPERDBG_ALL_PROCESSES, 0, 0, TRUE},
    {"this core", 2, HYPERDBG_ALL_PROCESSES, 0, 0, TRUE},
    {"another core", 1, HYPERDBG_ALL_PROCESSES, 0, 0, FALSE},
    {"core 0", 0, HYPERDBG_ALL_PROCESSES, 0, 0, FALSE},
    {"this process", HYPERDBG_ALL_CORES, 77, 0, 0, TRUE},
    {"its thread is not the process", HYPERDBG_ALL_CORES, 78, 0, 0, FALSE},
    {"the idle process", HYPERDBG_ALL_CORES, 0, 0, 0, FALSE},
    {"this context", HYPERDBG_ALL_CORES, HYPERDBG_ALL_PROCESSES, 1, 5, TRUE},
    {"another context", HYPERDBG_ALL_CORES, HYPERDBG_ALL_PROCESSES, 1, 4, FALSE},
    {"context zero", HYPERDBG_ALL_CORES, HYPERDBG_ALL_PROCESSES, 1, 0, FALSE},
    {"all three", 2, 77, 1, 5, TRUE},
    {"all but the core", 3, 77, 1, 5, FALSE},
    {"all but the process", 2, 76, 1, 5, FALSE},
    {"all but the context", 2, 77, 1, 6, FALSE},
};

static void EachFilterAloneAndTogetherDecidesWhoIsTold(void **State)
{
    (void)State;
    HostedSetProcess(&(PLATFORM_PROCESS){.ProcessId = 77, .ThreadId = 78, .Name = "seventy-seven"});
    for (UINT32 Index = 0; Index < COUNT_OF(g_FilterCases); Index++) {
        const FILTER_CASE *Case        = &g_FilterCases[Index];
        DEBUGGER_EVENT_OPTIONS Options = g_AnyCpuid;
        UINT64 Tag;

        Options.CoreId            = Case->CoreId;
        Options.ProcessId         = Case->ProcessId;
        Options.HasOptionalParam1 = Case->HasOptionalParam1;
        Options.OptionalParam1    = Case->OptionalParam1;
        Options.Stage             = ALL;
        Tag                       = Set(Options);
        g_Mock.RecordCount        = 0;
        if (Trigger(5) != SUCCESSFUL || g_Mock.RecordCount != Case->Fits || Hits(Tag) != Case->Fits ||
            g_PostRequired != Case->Fits) {
            fail_msg("filter '%s': %u records, %llu hits, post %u", Case->Name, g_Mock.RecordCount, Hits(Tag),
                     g_PostRequired);
        }
        DebuggerClearEvent(Tag);
    }
}

static void AnEventThatDoesNotFitHidesNoneBehindIt(void **State)
{
    DEBUGGER_EVENT_OPTIONS Never = g_AnyCpuid;
    UINT64 Fitting[2];

    (void)State;
    Never.CoreId = 0;
    Set(Never);
    Fitting[0] = Set(g_AnyCpuid);
    Set(Never);
    Fitting[1] = Set(g_AnyCpuid);
    Set(Never);
    Trigger(1);
    assert_int_equal(g_Mock.RecordCount, 2);
    assert_int_equal(g_Mock.Records[0].Tag, Fitting[0]);
    assert_int_equal(g_Mock.Records[1].Tag, Fitting[1]);
}

static void HitsOfAllCoresAreSummedAndCountedOncePerInstruction(void **State)
{
    DEBUGGER_EVENT_OPTIONS Options = g_AnyCpuid;
    UINT64 All, OnlyPost;

    (void)State;
    Options.Stage = ALL;
    All           = Set(Options);
    Options.Stage = POST;
    OnlyPost      = Set(Options);
    for (UINT32 CoreId = 0; CoreId < 4; CoreId++) {
        HostedSetCurrentCpu(CoreId);
        Trigger(1);
        TriggerPost(1);
    }
    assert_int_equal(Hits(All), 4);
    assert_int_equal(Hits(OnlyPost), 4);
    assert_int_equal(g_Mock.RecordCount, 12);
}

/* --- the index -------------------------------------------------------------------------------------------
 */

static DEBUGGER_EVENT_OPTIONS HookAt(UINT64 Address)
{
    DEBUGGER_EVENT_OPTIONS Options = g_AnyCpuid;

    Options.EventType         = HIDDEN_HOOK_EXEC_CC;
    Options.HasOptionalParam1 = 1;
    Options.OptionalParam1    = Address;
    return Options;
}

/* Enough that buckets hold several, some of them with another type's events of the same key. */
static void EachOfThousandsOfHooksIsToldOfItsAddressAndNoOther(void **State)
{
    const UINT64 Base = 0xFFFFFFFF81000000ull;
    static UINT64 Tags[20000];

    (void)State;
    g_Mock.IsQuiet = TRUE;
    for (UINT32 Index = 0; Index < COUNT_OF(Tags); Index++) {
        DEBUGGER_EVENT_OPTIONS Options = HookAt(Base + 16 * Index);

        Tags[Index]       = Set(Options);
        Options.EventType = CPUID_INSTRUCTION_EXECUTION;
        Options.OptionalParam1 &= 0xFFFFFFFF;
        if (Index % 16 == 0) {
            Set(Options);
        }
    }
    for (UINT32 Index = 0; Index < COUNT_OF(Tags); Index++) {
        g_Mock.RecordCount = 0;
        TriggerType(HIDDEN_HOOK_EXEC_CC, Base + 16 * Index);
        assert_int_equal(g_Mock.RecordCount, 1);
        assert_int_equal(g_Mock.Records[0].Tag, Tags[Index]);
        assert_int_equal(g_Mock.Records[0].Context, Base + 16 * Index);
    }
    g_Mock.RecordCount = 0;
    TriggerType(HIDDEN_HOOK_EXEC_CC, Base + 8);
    assert_int_equal(g_Mock.RecordCount, 0);
    assert_int_equal(Hits(Tags[COUNT_OF(Tags) / 2]), 1);
}

/* No bucket may hold so many that walking it is what the index was made against. */
static void TheIndexSpreadsAddressesAndNumbers(void **State)
{
    static UINT32 Used[EVENT_BUCKETS];
    UINT32 Most = 0;

    (void)State;
    for (UINT32 Index = 0; Index < EVENT_BUCKETS; Index++) {
        Used[EventBucket(HIDDEN_HOOK_EXEC_CC, 0xFFFFFFFF81000000ull + 16 * Index)]++;
        Used[EventBucket(HIDDEN_HOOK_WRITE, HYPERDBG_EVENT_TAG_START + Index)]++;
    }
    for (UINT32 Index = 0; Index < EVENT_BUCKETS; Index++) {
        Most = Used[Index] > Most ? Used[Index] : Most;
    }
    assert_in_range(Most, 2, 5);
}

static void EventsWithAndWithoutAKeyAreToldInTheOrderTheyWereSet(void **State)
{
    DEBUGGER_EVENT_OPTIONS Keyed = g_AnyCpuid;
    UINT64 Tags[8];

    (void)State;
    Keyed.HasOptionalParam1 = 1;
    Keyed.OptionalParam1    = 5;
    for (UINT32 Index = 0; Index < COUNT_OF(Tags); Index++) {
        Tags[Index] = Set(0x5A >> Index & 1 ? Keyed : g_AnyCpuid);
    }
    for (UINT32 Index = 0; Index < COUNT_OF(Tags); Index += 3) {
        DebuggerDisableEvent(Tags[Index]);
    }
    DebuggerEnableEvent(ALL_TAG);
    assert_int_equal(Trigger(5), SUCCESSFUL);
    assert_int_equal(g_Mock.RecordCount, COUNT_OF(Tags));
    for (UINT32 Index = 0; Index < COUNT_OF(Tags); Index++) {
        assert_int_equal(g_Mock.Records[Index].Tag, Tags[Index]);
    }
}

/* --- monitors --------------------------------------------------------------------------------------------
 */

static DEBUGGER_EVENT_OPTIONS MonitorOf(VMM_EVENT_TYPE_ENUM EventType)
{
    DEBUGGER_EVENT_OPTIONS Options = HookAt(0xFFFF888000001000ull);

    Options.EventType      = EventType;
    Options.OptionalParam2 = 8;
    return Options;
}

static void AMonitorIsToldOfItsOwnRangeWithBothAddresses(void **State)
{
    const DEBUGGER_EVENT_RECORD *Record = &g_Mock.Records[0];
    const UINT64 First = Set(MonitorOf(HIDDEN_HOOK_WRITE)), Second = Set(MonitorOf(HIDDEN_HOOK_WRITE));
    EPT_HOOKS_CONTEXT Access = {.HookingTag      = Second,
                                .PhysicalAddress = 0x1004,
                                .VirtualAddress  = 0xFFFF888000001004ull,
                                .Access          = 3};

    (void)State;
    assert_int_equal(TriggerType(HIDDEN_HOOK_WRITE, (UINTPTR)&Access), SUCCESSFUL);
    assert_int_equal(g_Mock.RecordCount, 1);
    assert_int_equal(Record->Tag, Second);
    assert_int_equal(Record->Context, 0xFFFF888000001004ull);
    assert_int_equal(Record->PhysicalAddress, 0x1004);
    assert_int_equal(Record->Access, 3);
    assert_int_equal(Hits(First), 0);
    assert_int_equal(Hits(Second), 1);
    assert_int_equal(TriggerType(HIDDEN_HOOK_READ, (UINTPTR)&Access), NO_INITIALIZED);
}

/* A step lies between the two stages of a hook, so that the second exit has another RIP. */
static void PostTellsTheRipThatPreHad(void **State)
{
    DEBUGGER_EVENT_OPTIONS Options = HookAt(0xFFFFFFFF81000010ull);

    (void)State;
    Options.Stage = ALL;
    Set(Options);
    TriggerType(HIDDEN_HOOK_EXEC_CC, 0xFFFFFFFF81000010ull);
    assert_true(g_PostRequired);
    g_Mock.RipMoved = 5;
    DebuggerTriggerEvents(HIDDEN_HOOK_EXEC_CC, POST, (PVOID)0xFFFFFFFF81000010ull, NULL, &g_Regs);
    assert_int_equal(g_Mock.RecordCount, 2);
    assert_int_equal(g_Mock.Records[0].Rip, MOCK_RIP + 2);
    assert_int_equal(g_Mock.Records[1].Rip, MOCK_RIP + 2);
}

/* --- stages ----------------------------------------------------------------------------------------------
 */

typedef struct _STAGE_CASE {
    UINT32 Stage;
    UINT32 PreRecords;
    BOOLEAN PostRequired;
    UINT32 PostRecords;
} STAGE_CASE;

static const STAGE_CASE g_StageCases[] = {{PRE, 1, FALSE, 0}, {POST, 0, TRUE, 1}, {ALL, 1, TRUE, 1}};

static void AnEventIsToldAtItsStagesAndAsksForPost(void **State)
{
    (void)State;
    for (UINT32 Index = 0; Index < COUNT_OF(g_StageCases); Index++) {
        const STAGE_CASE *Case         = &g_StageCases[Index];
        DEBUGGER_EVENT_OPTIONS Options = g_AnyCpuid;
        UINT64 Tag;

        Options.Stage      = Case->Stage;
        Tag                = Set(Options);
        g_Mock.RecordCount = 0;
        assert_int_equal(Trigger(1), SUCCESSFUL);
        assert_int_equal(g_Mock.RecordCount, Case->PreRecords);
        assert_int_equal(g_PostRequired, Case->PostRequired);
        g_Mock.RecordCount = 0;
        assert_int_equal(TriggerPost(1), SUCCESSFUL);
        assert_int_equal(g_Mock.RecordCount, Case->PostRecords);
        if (Case->PostRecords) {
            assert_int_equal(g_Mock.Records[0].Stage, POST);
        }
        DebuggerClearEvent(Tag);
    }
}

static void ARequestForPostIsNeverTakenBack(void **State)
{
    (void)State;
    Set(g_AnyCpuid);
    g_PostRequired = TRUE;
    DebuggerTriggerEvents(CPUID_INSTRUCTION_EXECUTION, PRE, NULL, &g_PostRequired, &g_Regs);
    assert_true(g_PostRequired);
}

/* --- short-circuit ---------------------------------------------------------------------------------------
 */

static void AShortCircuitIsAnsweredOnlyByAnEventThatFits(void **State)
{
    DEBUGGER_EVENT_OPTIONS Options = g_AnyCpuid;

    (void)State;
    Options.ShortCircuit      = 1;
    Options.HasOptionalParam1 = 1;
    Options.OptionalParam1    = 5;
    Set(Options);
    assert_int_equal(Trigger(4), SUCCESSFUL);
    assert_int_equal(g_Mock.RecordCount, 0);
    assert_int_equal(Trigger(5), IGNORE_EVENT);
    assert_int_equal(g_Mock.RecordCount, 1);
    assert_int_equal(g_Mock.Records[0].ShortCircuited, 1);
    assert_int_equal(Trigger(4), SUCCESSFUL);
}

static void OneShortCircuitAmongManyDecidesAndPostTellsIt(void **State)
{
    DEBUGGER_EVENT_OPTIONS Short = g_AnyCpuid, After = g_AnyCpuid;

    (void)State;
    After.Stage        = ALL;
    Short.ShortCircuit = 1;
    Set(After);
    Set(Short);
    Set(After);
    assert_int_equal(Trigger(1), IGNORE_EVENT);
    assert_true(g_PostRequired);
    assert_int_equal(g_Mock.RecordCount, 3);
    assert_int_equal(g_Mock.Records[0].ShortCircuited, 0);
    assert_int_equal(g_Mock.Records[1].ShortCircuited, 1);
    assert_int_equal(g_Mock.Records[2].ShortCircuited, 0);
    assert_int_equal(TriggerPost(1), SUCCESSFUL);
    assert_int_equal(g_Mock.RecordCount, 5);
    assert_int_equal(g_Mock.Records[3].ShortCircuited, 1);
    assert_int_equal(g_Mock.Records[4].ShortCircuited, 1);
}

static void AShortCircuitDoesNotOutliveItsExit(void **State)
{
    DEBUGGER_EVENT_OPTIONS Short = g_AnyCpuid, After = g_AnyCpuid;

    (void)State;
    Short.ShortCircuit      = 1;
    Short.HasOptionalParam1 = 1;
    Short.OptionalParam1    = 5;
    After.Stage             = POST;
    Set(Short);
    Set(After);
    assert_int_equal(Trigger(5), IGNORE_EVENT);
    TriggerPost(5);
    assert_int_equal(Trigger(6), SUCCESSFUL);
    TriggerPost(6);
    assert_int_equal(g_Mock.RecordCount, 3);
    assert_int_equal(g_Mock.Records[1].ShortCircuited, 1);
    assert_int_equal(g_Mock.Records[2].ShortCircuited, 0);
}

/* --- records ---------------------------------------------------------------------------------------------
 */

static void ARecordTellsWhereWhoAndWithWhatRegisters(void **State)
{
    const DEBUGGER_EVENT_RECORD *Record = &g_Mock.Records[0];
    const UINT64 Tag                    = Set(g_AnyCpuid);

    (void)State;
    HostedSetProcess(&(PLATFORM_PROCESS){.ProcessId = 77, .ThreadId = 78, .Name = "fifteen letters"});
    Trigger(0x80000001);
    assert_int_equal(g_Mock.RecordCount, 1);
    assert_int_equal(Record->Tag, Tag);
    assert_int_equal(Record->EventType, CPUID_INSTRUCTION_EXECUTION);
    assert_int_equal(Record->Stage, PRE);
    assert_int_equal(Record->Context, 0x80000001);
    assert_int_equal(Record->Rip, MOCK_RIP + 2);
    assert_int_equal(Record->ProcessId, 77);
    assert_int_equal(Record->ThreadId, 78);
    assert_string_equal(Record->ProcessName, "fifteen letters");
    assert_memory_equal(&Record->Regs, &g_Regs, sizeof(g_Regs));
    assert_int_equal(Record->ChangedRegs, 0);
    assert_int_equal(Record->ShortCircuited, 0);
    assert_int_equal(Record->PhysicalAddress, 0);
    assert_int_equal(Record->Access, 0);
    assert_memory_equal(Record->Reserved, "\0\0", 2);
}

static void EachChangedRegisterHasItsBitAndOnlyIt(void **State)
{
    DEBUGGER_EVENT_OPTIONS Options = g_AnyCpuid;

    (void)State;
    Options.Stage = ALL;
    Set(Options);
    for (UINT32 Index = 0; Index < GUEST_REGS_COUNT; Index++) {
        g_Mock.RecordCount = 0;
        Trigger(1);
        ((UINT64 *)&g_Regs)[Index] ^= 1ull << 63; /* a change that a look at 32 bits would miss */
        TriggerPost(1);
        assert_int_equal(g_Mock.RecordCount, 2);
        assert_int_equal(g_Mock.Records[0].ChangedRegs, 0);
        assert_int_equal(g_Mock.Records[1].ChangedRegs, 1u << Index);
        assert_memory_equal(&g_Mock.Records[1].Regs, &g_Regs, sizeof(g_Regs));
    }
}

static void ChangedRegistersAreThoseOfTheSameCore(void **State)
{
    DEBUGGER_EVENT_OPTIONS Options = g_AnyCpuid;

    (void)State;
    Options.Stage = POST;
    Set(Options);
    HostedSetCurrentCpu(0);
    Trigger(1);
    g_Regs.rax++;
    HostedSetCurrentCpu(1);
    Trigger(1);
    g_Regs.rbx++;
    TriggerPost(1);
    HostedSetCurrentCpu(0);
    TriggerPost(1);
    assert_int_equal(g_Mock.RecordCount, 2);
    assert_int_equal(g_Mock.Records[0].ChangedRegs, 1u << 3);
    assert_int_equal(g_Mock.Records[1].ChangedRegs, 1u << 3 | 1u << 0);
}

static void AFullLogChangesNoAnswerAndNoCount(void **State)
{
    DEBUGGER_EVENT_OPTIONS Options = g_AnyCpuid;
    UINT64 Tag;

    (void)State;
    Options.ShortCircuit = 1;
    Tag                  = Set(Options);
    g_Mock.HasNoRoom     = TRUE;
    assert_int_equal(Trigger(1), IGNORE_EVENT);
    assert_int_equal(Hits(Tag), 1);
}

static void TheRegistersOfTheGuestAreNotTouched(void **State)
{
    DEBUGGER_EVENT_OPTIONS Options = g_AnyCpuid;
    const GUEST_REGS Before        = g_Regs;

    (void)State;
    Options.Stage = ALL;
    Set(Options);
    Trigger(1);
    TriggerPost(1);
    assert_memory_equal(&g_Regs, &Before, sizeof(Before));
}

#define TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, Finish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(NobodyListensWhenNothingIsArmed),
        TEST(ATypeThatDoesNotExistIsSaidSo),
        TEST(ACoreWithoutStateIsLeftAlone),
        TEST(EventsOfOtherTypesAreNotWalked),
        TEST(AllOfTheTypeAreAskedInTheOrderTheyWereSet),
        TEST(EachFilterAloneAndTogetherDecidesWhoIsTold),
        TEST(AnEventThatDoesNotFitHidesNoneBehindIt),
        TEST(HitsOfAllCoresAreSummedAndCountedOncePerInstruction),
        TEST(EachOfThousandsOfHooksIsToldOfItsAddressAndNoOther),
        TEST(TheIndexSpreadsAddressesAndNumbers),
        TEST(EventsWithAndWithoutAKeyAreToldInTheOrderTheyWereSet),
        TEST(AMonitorIsToldOfItsOwnRangeWithBothAddresses),
        TEST(PostTellsTheRipThatPreHad),
        TEST(AnEventIsToldAtItsStagesAndAsksForPost),
        TEST(ARequestForPostIsNeverTakenBack),
        TEST(AShortCircuitIsAnsweredOnlyByAnEventThatFits),
        TEST(OneShortCircuitAmongManyDecidesAndPostTellsIt),
        TEST(AShortCircuitDoesNotOutliveItsExit),
        TEST(ARecordTellsWhereWhoAndWithWhatRegisters),
        TEST(EachChangedRegisterHasItsBitAndOnlyIt),
        TEST(ChangedRegistersAreThoseOfTheSameCore),
        TEST(AFullLogChangesNoAnswerAndNoCount),
        TEST(TheRegistersOfTheGuestAreNotTouched),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventRaceTest.c - events are set, disabled and cleared while other cores are in exits: no exit meets an
 * event that is gone, and none misses one that stays.
 *
 * Context: user space; one thread for each core. AddressSanitizer sees an exit that holds freed memory.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "tests/unit/hyperkd/MockVmm.h"

#include "hyperkd/debugger/core/Debugger.h"
#include "hyperkd/debugger/events/EventStore.h"
#include "hyperkd/debugger/events/EventTrigger.h"

#define PRE     VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION
#define POST    VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION
#define ALL     VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION
#define SUCCESS DEBUGGER_OPERATION_WAS_SUCCESSFUL

#define GUEST_CORES 3    /* and one more, on which the user sits */
#define CHANGES     8000 /* of the set of events */
#define TOGGLED     4    /* events before the staying one, disabled and enabled; the others come and go */
#define MANY_TAGS   (CHANGES + 16)

static UINT8 g_IsGone[MANY_TAGS]; /* by number: cleared or disabled, and the call has returned; atomic */
static UINT64 g_StayingTag;
static BOOLEAN g_Stop;
static UINT32 g_Wrong; /* what a core saw and must not; atomic */

typedef struct _GUEST_CORE {
    pthread_t Thread;
    UINT32 CoreId;
    UINT64 Exits;
    UINT64 Records;
    UINT64 StayingRecords;
} GUEST_CORE;

static __thread GUEST_CORE *g_ThisCore;

static VOID OnRecord(const DEBUGGER_EVENT_RECORD *Record)
{
    if (++g_ThisCore->Records % 8 == 0) {
        sched_yield(); /* the user changes something while this core stands on an event */
    }
    if (Record->Tag == g_StayingTag) {
        g_ThisCore->StayingRecords++;
    } else if (__atomic_load_n(&g_IsGone[Record->Tag - HYPERDBG_EVENT_TAG_START], __ATOMIC_SEQ_CST)) {
        __atomic_add_fetch(&g_Wrong, 1, __ATOMIC_SEQ_CST);
    }
}

static VOID *RunGuestCore(VOID *Argument)
{
    GUEST_REGS Regs = {0};

    g_ThisCore = Argument;
    HostedSetCurrentCpu(g_ThisCore->CoreId);
    while (!__atomic_load_n(&g_Stop, __ATOMIC_SEQ_CST)) {
        BOOLEAN PostRequired = FALSE;

        HostedBeginExit();
        DebuggerTriggerEvents(CPUID_INSTRUCTION_EXECUTION, PRE, (PVOID)1, &PostRequired, &Regs);
        if (PostRequired) {
            Regs.rax++;
            DebuggerTriggerEvents(CPUID_INSTRUCTION_EXECUTION, POST, (PVOID)1, NULL, &Regs);
        }
        HostedEndExit();
        if (__atomic_fetch_add(&g_ThisCore->Exits, 1, __ATOMIC_SEQ_CST) % 16 == 0) {
            sched_yield(); /* there may be fewer processors than cores: let the user change something */
        }
    }
    return NULL;
}

static UINT64 SetOne(UINT32 Stage, UINT32 CoreId)
{
    const DEBUGGER_EVENT_OPTIONS Options = {
        .EventType = CPUID_INSTRUCTION_EXECUTION,
        .CoreId    = CoreId,
        .ProcessId = HYPERDBG_ALL_PROCESSES,
        .Stage     = Stage,
    };
    UINT64 Tag = 0;

    assert_int_equal(DebuggerRegisterEvent(&Options, &Tag), SUCCESS);
    return Tag;
}

static VOID SetGone(UINT64 Tag, BOOLEAN IsGone)
{
    __atomic_store_n(&g_IsGone[Tag - HYPERDBG_EVENT_TAG_START], IsGone, __ATOMIC_SEQ_CST);
}

/* One random change of one event, that exists or not (0). */
static VOID Change(UINT64 *Tag, BOOLEAN IsToggled, UINT32 Random)
{
    const UINT32 CoreId = Random / 64 % 2 ? HYPERDBG_ALL_CORES : Random / 128 % GUEST_CORES;

    if (*Tag == 0) {
        *Tag = SetOne(PRE + Random % 3, CoreId);
    } else if (Random % 4 == 0) {
        assert_int_equal(DebuggerDisableEvent(*Tag), SUCCESS);
        SetGone(*Tag, TRUE);
    } else if (Random % 4 == 1 || IsToggled) {
        SetGone(*Tag, FALSE);
        assert_int_equal(DebuggerEnableEvent(*Tag), SUCCESS);
    } else {
        assert_int_equal(DebuggerClearEvent(*Tag), SUCCESS);
        SetGone(*Tag, TRUE);
        *Tag = 0;
    }
}

static UINT64 CountExits(GUEST_CORE *Cores)
{
    UINT64 Exits = 0;

    for (UINT32 Index = 0; Index < GUEST_CORES; Index++) {
        Exits += __atomic_load_n(&Cores[Index].Exits, __ATOMIC_SEQ_CST);
    }
    return Exits;
}

static void ExitsMeetEveryEventThatStaysAndNoneThatIsGone(void **State)
{
    GUEST_CORE Cores[GUEST_CORES] = {0};
    DEBUGGER_QUERY_EVENT Query    = {0};
    UINT64 Tags[8]                = {0};
    unsigned int Seed             = 20;

    (void)State;
    for (UINT32 Index = 0; Index < TOGGLED; Index++) {
        Tags[Index] = SetOne(PRE + Index % 3, HYPERDBG_ALL_CORES);
    }
    g_StayingTag = SetOne(PRE, HYPERDBG_ALL_CORES);
    for (UINT32 Index = 0; Index < GUEST_CORES; Index++) {
        Cores[Index].CoreId = Index;
        assert_int_equal(pthread_create(&Cores[Index].Thread, NULL, RunGuestCore, &Cores[Index]), 0);
    }
    for (UINT32 Index = 0; Index < CHANGES; Index++) {
        const UINT32 Random = (UINT32)rand_r(&Seed);
        const UINT32 Which  = Random / 8 % COUNT_OF(Tags);

        Change(&Tags[Which], Which < TOGGLED, Random);
        while (CountExits(Cores) < Index * 10ull) {
            sched_yield(); /* or all changes are made before a core runs */
        }
    }
    __atomic_store_n(&g_Stop, TRUE, __ATOMIC_SEQ_CST);
    for (UINT32 Index = 0; Index < GUEST_CORES; Index++) {
        assert_int_equal(pthread_join(Cores[Index].Thread, NULL), 0);
        assert_int_equal(Cores[Index].StayingRecords, Cores[Index].Exits);
    }
    assert_int_equal(g_Wrong, 0);
    Query.Tag = g_StayingTag;
    assert_int_equal(DebuggerQueryEvent(&Query), SUCCESS);
    assert_int_equal(Query.Hits, CountExits(Cores));
}

static int Start(void **State)
{
    (void)State;
    MockReset();
    g_Mock.VmmIsUp  = TRUE;
    g_Mock.IsQuiet  = TRUE;
    g_Mock.OnRecord = OnRecord;
    HostedReset();
    HostedSetCpuCount(GUEST_CORES + 1);
    HostedSetCurrentCpu(GUEST_CORES);
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

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test_setup_teardown(ExitsMeetEveryEventThatStaysAndNoneThatIsGone, Start, Finish),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

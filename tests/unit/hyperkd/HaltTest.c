/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * HaltTest.c - cores stand still together and do what they are asked to; nobody waits for ever, whoever
 * wants what at the same time.
 *
 * Context: user space; one thread for each core but 0, which is the test's.
 */
#include <pthread.h>
#include <sched.h>

#include "tests/unit/hyperkd/MockVmm.h"

#include "hyperkd/debugger/core/Debugger.h"
#include "hyperkd/debugger/halted/Halt.h"
#include "hyperkd/debugger/halted/Kd.h"
#include "hyperkd/debugger/halted/Snapshot.h"

#define CORES   3
#define SUCCESS DEBUGGER_OPERATION_WAS_SUCCESSFUL
#define MEETS   100 /* halts of each core that all want them */

typedef struct _CORE {
    pthread_t Thread;
    UINT32 CoreId;
    BOOLEAN NmiWaits; /* atomic */
    BOOLEAN IsDeaf;   /* takes no NMI; atomic */
    BOOLEAN IsInRoot; /* NMIs find it in an exit; atomic */
    UINT32 HaltsToDo; /* wants to own that many halts; atomic */
    UINT64 Rounds;    /* of its guest; atomic */
    UINT32 HaltsDone;
} CORE;

static CORE g_Cores[CORES];
static BOOLEAN g_Stop;
static UINT32 g_Wrong; /* what must not be seen; atomic */

#define LOAD(Word)         __atomic_load_n(&(Word), __ATOMIC_SEQ_CST)
#define STORE(Word, Value) __atomic_store_n(&(Word), (Value), __ATOMIC_SEQ_CST)

/* --- cores --- */

static VOID SendNmis(UINT32 CoreId)
{
    for (UINT32 Core = 0; Core < CORES; Core++)
        if (Core != CoreId)
            STORE(g_Cores[Core].NmiWaits, TRUE);
}

static UINT64 RoundsOfOthers(UINT32 CoreId)
{
    UINT64 Sum = 0;

    for (UINT32 Core = 0; Core < CORES; Core++)
        if (Core != CoreId)
            Sum += LOAD(g_Cores[Core].Rounds);
    return Sum;
}

static VOID OwnAHalt(CORE *Core)
{
    if (!HaltSystem(Core->CoreId)) {
        __atomic_add_fetch(&g_Wrong, 1, __ATOMIC_SEQ_CST);
        return;
    }
    const UINT64 Before = RoundsOfOthers(Core->CoreId);
    sched_yield();
    if (RoundsOfOthers(Core->CoreId) != Before || !HaltIsOwner(Core->CoreId))
        __atomic_add_fetch(&g_Wrong, 1, __ATOMIC_SEQ_CST);
    HaltContinue(Core->CoreId);
    Core->HaltsDone++;
}

/* An NMI is taken as the VMM does it. */
static VOID TakeNmi(CORE *Core)
{
    if (!__atomic_exchange_n(&Core->NmiWaits, FALSE, __ATOMIC_SEQ_CST))
        return;
    KdHandleNmiBroadcastDebugBreaks(Core->CoreId, LOAD(Core->IsInRoot));
    if (LOAD(Core->IsInRoot))
        KdCheckAndHandleNmiCallback(Core->CoreId);
}

static VOID RunOnce(CORE *Core)
{
    HostedBeginExit();
    if (LOAD(Core->HaltsToDo) != 0) {
        OwnAHalt(Core);
        __atomic_sub_fetch(&Core->HaltsToDo, 1, __ATOMIC_SEQ_CST);
    }
    if (!LOAD(Core->IsDeaf))
        TakeNmi(Core);
    HostedEndExit();
    __atomic_add_fetch(&Core->Rounds, 1, __ATOMIC_SEQ_CST);
    sched_yield();
}

static VOID *RunCore(VOID *Argument)
{
    CORE *Core = Argument;

    HostedSetCurrentCpu(Core->CoreId);
    while (!LOAD(g_Stop))
        RunOnce(Core);
    return NULL;
}

static int Start(void **State)
{
    (void)State;
    MockReset();
    HostedReset();
    HostedSetCpuCount(CORES);
    g_Mock.IsQuiet     = TRUE;
    g_Mock.OnBroadcast = SendNmis;
    g_Stop             = FALSE;
    g_Wrong            = 0;
    assert_true(LoaderInitVmmAndDebugger());
    for (UINT32 Core = 0; Core < CORES; Core++) {
        g_Cores[Core] = (CORE){.CoreId = Core};
        if (Core != 0)
            assert_int_equal(pthread_create(&g_Cores[Core].Thread, NULL, RunCore, &g_Cores[Core]), 0);
    }
    return 0;
}

static int Finish(void **State)
{
    (void)State;
    LoaderUninitVmmAndDebugger();
    STORE(g_Stop, TRUE);
    for (UINT32 Core = 1; Core < CORES; Core++)
        pthread_join(g_Cores[Core].Thread, NULL);
    assert_int_equal(HostedLiveAllocations(), 0);
    return 0;
}

static VOID ExpectThatOthersMove(VOID)
{
    for (UINT32 Core = 1; Core < CORES; Core++) {
        const UINT64 Before = LOAD(g_Cores[Core].Rounds);

        while (LOAD(g_Cores[Core].Rounds) == Before)
            sched_yield();
    }
}

/* --- standing still --- */

static void AllStandStillUntilTheyMayGoOn(void **State)
{
    UINT64 Before;

    (void)State;
    assert_true(HaltSystem(0));
    Before = RoundsOfOthers(0);
    assert_true(HaltIsOwner(0));
    assert_true(HaltIsHalted(1) && HaltIsHalted(2));
    for (UINT32 Time = 0; Time < 1000; Time++)
        sched_yield();
    assert_int_equal(RoundsOfOthers(0), Before);
    HaltContinue(0);
    assert_false(HaltIsOwner(0) || HaltIsHalted(1) || HaltIsHalted(2));
    ExpectThatOthersMove();
}

static void RootModeHaltsWhenItsExitIsOver(void **State)
{
    (void)State;
    STORE(g_Cores[2].IsInRoot, TRUE);
    assert_true(HaltSystem(0));
    assert_int_equal(HaltOrigin(0), HALT_ORIGIN_OWNER);
    assert_int_equal(HaltOrigin(1), HALT_ORIGIN_GUEST);
    assert_int_equal(HaltOrigin(2), HALT_ORIGIN_ROOT);
    HaltContinue(0);
}

static void HaltsNest(void **State)
{
    UINT64 Before;

    (void)State;
    assert_true(HaltSystem(0));
    assert_true(HaltSystem(0));
    HaltContinue(0);
    assert_true(HaltIsHalted(1));
    Before = RoundsOfOthers(0);
    sched_yield();
    assert_int_equal(RoundsOfOthers(0), Before);
    HaltContinue(0);
    ExpectThatOthersMove();
}

static void ACoreThatIsNotOnTheVmmIsLeftAlone(void **State)
{
    (void)State;
    STORE(g_Cores[1].IsDeaf, TRUE);
    STORE(g_Mock.IsNotRunning[1], TRUE);
    assert_true(HaltSystem(0));
    assert_false(HaltIsHalted(1));
    assert_true(HaltIsHalted(2));
    HaltContinue(0);
}

static void IfOneDoesNotHaltAllGoOn(void **State)
{
    (void)State;
    STORE(g_Cores[1].IsDeaf, TRUE);
    assert_false(HaltSystem(0));
    assert_false(HaltIsOwner(0));
    ExpectThatOthersMove();
    STORE(g_Cores[1].IsDeaf, FALSE); /* its NMI comes late, and means nothing any more */
    ExpectThatOthersMove();
    assert_true(HaltSystem(0));
    HaltContinue(0);
}

static void IfNoNmiCanBeSentAllGoOn(void **State)
{
    (void)State;
    g_Mock.OnBroadcast = NULL;
    assert_false(HaltSystem(0));
    assert_false(HaltIsOwner(0));
    ExpectThatOthersMove();
    g_Mock.OnBroadcast = SendNmis;
    assert_true(HaltSystem(0));
    HaltContinue(0);
}

static void AnNmiWithoutAHaltIsNone(void **State)
{
    (void)State;
    SendNmis(0);
    ExpectThatOthersMove();
    assert_false(KdCheckAndHandleNmiCallback(0));
}

static void CoresThatAllWantToHaltTakeTurns(void **State)
{
    (void)State;
    for (UINT32 Core = 1; Core < CORES; Core++)
        STORE(g_Cores[Core].HaltsToDo, MEETS);
    while (LOAD(g_Cores[1].HaltsToDo) != 0 || LOAD(g_Cores[2].HaltsToDo) != 0)
        RunOnce(&g_Cores[0]);
    assert_int_equal(g_Cores[1].HaltsDone, MEETS);
    assert_int_equal(g_Cores[2].HaltsDone, MEETS);
    assert_int_equal(g_Wrong, 0);
}

/* --- functions --- */

typedef struct _CALL {
    UINT32 RanOn;
    UINT32 Target; /* of the next one */
    struct _CALL *Next;
} CALL;

static VOID RunCall(UINT32 CoreId, PVOID Context)
{
    CALL *Call = Context;

    assert_int_equal(PlatformCpuCurrent(), CoreId);
    Call->RanOn = CoreId;
    if (Call->Next)
        assert_true(HaltRunOnCore(CoreId, Call->Target, RunCall, Call->Next));
}

static void AFunctionRunsOnTheCoreItIsSentTo(void **State)
{
    CALL Call = {.RanOn = 99};

    (void)State;
    assert_true(HaltSystem(0));
    for (UINT32 Core = 0; Core < CORES; Core++) {
        assert_true(HaltRunOnCore(0, Core, RunCall, &Call));
        assert_int_equal(Call.RanOn, Core);
    }
    assert_false(HaltRunOnCore(0, CORES, RunCall, &Call));
    HaltContinue(0);
    assert_false(HaltRunOnCore(0, 1, RunCall, &Call)); /* it does not stand still any more */
}

/* 0 asks 1, which asks 2, which asks 1 that waits for it, which asks 0 that waits for all of them. */
static void FunctionsNestInAnyCircle(void **State)
{
    CALL Calls[5] = {{.Target = 2, .Next = &Calls[1]},
                     {.Target = 1, .Next = &Calls[2]},
                     {.Target = 0, .Next = &Calls[3]},
                     {.Target = 2, .Next = &Calls[4]}};

    (void)State;
    assert_true(HaltSystem(0));
    assert_true(HaltRunOnCore(0, 1, RunCall, &Calls[0]));
    HaltContinue(0);
    assert_int_equal(Calls[0].RanOn, 1);
    assert_int_equal(Calls[1].RanOn, 2);
    assert_int_equal(Calls[2].RanOn, 1);
    assert_int_equal(Calls[3].RanOn, 0);
    assert_int_equal(Calls[4].RanOn, 2);
}

static VOID HaltWithinTheHalt(UINT32 CoreId, PVOID Context)
{
    *(BOOLEAN *)Context = HaltSystem(CoreId);
    HaltContinue(CoreId);
}

static void AHaltedCoreMayHaltTheSystem(void **State)
{
    BOOLEAN Halted = FALSE;

    (void)State;
    assert_true(HaltSystem(0));
    assert_true(HaltRunOnCore(0, 1, HaltWithinTheHalt, &Halted));
    assert_true(Halted);
    assert_true(HaltIsHalted(1) && HaltIsHalted(2));
    HaltContinue(0);
    ExpectThatOthersMove();
}

/* --- the end --- */

static void AnUnloadReleasesWhoIsHalted(void **State)
{
    (void)State;
    assert_true(HaltSystem(0));
    assert_true(LoaderUninitVmmAndDebugger());
    ExpectThatOthersMove();
    SendNmis(0);
    ExpectThatOthersMove();
    assert_false(HaltSystem(0));
    assert_false(KdCheckAndHandleNmiCallback(0));
    KdHandleNmiBroadcastDebugBreaks(0, TRUE);
}

/* --- as requests --- */

static void VmcallsHaltAndGoOn(void **State)
{
    (void)State;
    assert_int_equal(VmFuncVmxVmcall(VMCALL_DEBUGGER_CONTINUE, 0, 0, 0), VMCALL_STATUS_INVALID_PARAMETER);
    assert_int_equal(VmFuncVmxVmcall(VMCALL_DEBUGGER_HALT_SYSTEM, 1, 0, 0), VMCALL_STATUS_INVALID_PARAMETER);
    assert_int_equal(VmFuncVmxVmcall(VMCALL_DEBUGGER_HALT_SYSTEM, 0, HYPERDBG_MAX_HOLD_TICKS + 1, 0),
                     VMCALL_STATUS_INVALID_PARAMETER);
    assert_false(HaltIsHalted(1));
    assert_int_equal(VmFuncVmxVmcall(VMCALL_DEBUGGER_HALT_SYSTEM, 0, 0, 0), VMCALL_STATUS_SUCCESS);
    assert_true(HaltIsHalted(1) && HaltIsHalted(2));
    assert_int_equal(VmFuncVmxVmcall(VMCALL_DEBUGGER_CONTINUE, 0, 0, 0), VMCALL_STATUS_SUCCESS);
    assert_false(HaltIsHalted(1));
    assert_int_equal(VmFuncVmxVmcall(VMCALL_DEBUGGER_FIRST, 0, 0, 0), VMCALL_STATUS_INVALID_PARAMETER);
}

static void ASnapshotHasEachCoresOwnState(void **State)
{
    DEBUGGER_HALT_SYSTEM Request = {.HoldTicks = 1000};
    DEBUGGER_CORE_STATE Core     = {.CoreId = 1};

    (void)State;
    assert_int_equal(SnapshotQueryCore(&Core), DEBUGGER_ERROR_NO_SNAPSHOT);
    assert_int_equal(SnapshotTake(&Request), SUCCESS);
    assert_int_equal(Request.CoreCount, CORES);
    assert_true(Request.HeldTicks >= 1000);
    assert_int_equal(HostedTimeStops(), 1); /* the kernel was told */
    for (UINT32 CoreId = 0; CoreId < CORES; CoreId++) {
        Core = (DEBUGGER_CORE_STATE){.CoreId = CoreId};
        assert_int_equal(SnapshotQueryCore(&Core), SUCCESS);
        assert_int_equal(Core.CoreId, CoreId);
        assert_int_equal(Core.Rip, MOCK_RIP + CoreId);
        assert_int_equal(Core.Regs.rax, CoreId);
        assert_int_equal(Core.Cr3, 0x1000 * CoreId);
        assert_int_equal(Core.HaltedFrom, CoreId == 0 ? DEBUGGER_CORE_ASKED : DEBUGGER_CORE_FROM_GUEST);
        assert_true(Core.HaltedAt != 0);
    }
    Core = (DEBUGGER_CORE_STATE){.CoreId = CORES};
    assert_int_equal(SnapshotQueryCore(&Core), DEBUGGER_ERROR_INVALID_CORE_ID);
    ExpectThatOthersMove();
}

static void ASnapshotThatFailsSaysSo(void **State)
{
    DEBUGGER_HALT_SYSTEM Request = {.HoldTicks = HYPERDBG_MAX_HOLD_TICKS + 1};

    (void)State;
    assert_int_equal(SnapshotTake(&Request), DEBUGGER_ERROR_INVALID_REQUEST);
    Request.HoldTicks  = 0;
    g_Mock.OnBroadcast = NULL;
    assert_int_equal(SnapshotTake(&Request), DEBUGGER_ERROR_CORE_DID_NOT_HALT);
    assert_int_equal(HostedTimeStops(), 0);
    ExpectThatOthersMove();
}

static void ACoreThatIsNotThereHasNoState(void **State)
{
    DEBUGGER_HALT_SYSTEM Request = {0};
    DEBUGGER_CORE_STATE Core     = {.CoreId = 2};

    (void)State;
    assert_int_equal(SnapshotTake(&Request), SUCCESS);
    STORE(g_Mock.IsNotRunning[2], TRUE);
    assert_int_equal(SnapshotTake(&Request), SUCCESS);
    assert_int_equal(Request.CoreCount, CORES - 1);
    assert_int_equal(SnapshotQueryCore(&Core), DEBUGGER_ERROR_NO_SNAPSHOT);
}

#define HALT_TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, Finish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        HALT_TEST(AllStandStillUntilTheyMayGoOn),
        HALT_TEST(RootModeHaltsWhenItsExitIsOver),
        HALT_TEST(HaltsNest),
        HALT_TEST(ACoreThatIsNotOnTheVmmIsLeftAlone),
        HALT_TEST(IfOneDoesNotHaltAllGoOn),
        HALT_TEST(IfNoNmiCanBeSentAllGoOn),
        HALT_TEST(AnNmiWithoutAHaltIsNone),
        HALT_TEST(CoresThatAllWantToHaltTakeTurns),
        HALT_TEST(AFunctionRunsOnTheCoreItIsSentTo),
        HALT_TEST(FunctionsNestInAnyCircle),
        HALT_TEST(AHaltedCoreMayHaltTheSystem),
        HALT_TEST(AnUnloadReleasesWhoIsHalted),
        HALT_TEST(VmcallsHaltAndGoOn),
        HALT_TEST(ASnapshotHasEachCoresOwnState),
        HALT_TEST(ASnapshotThatFailsSaysSo),
        HALT_TEST(ACoreThatIsNotThereHasNoState),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * HostedTest.c - the pretended machine keeps the promises of include/platform and of Hosted.h.
 *
 * Context: user space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "platform/PlatformCpu.h"
#include "platform/PlatformLock.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformText.h"
#include "platform/hosted/Hosted.h"

static int Fresh(void **State)
{
    (void)State;
    HostedReset();
    return 0;
}

static void TheNthAllocationFailsOnceAndNothingStaysBehind(void **State)
{
    PVOID First, Third;

    (void)State;
    HostedFailAllocation(2);
    First = PlatformMemoryAllocate(10);
    assert_non_null(First);
    assert_false(HostedAllocationHasFailed());
    assert_null(PlatformMutexCreate());
    assert_true(HostedAllocationHasFailed());
    Third = PlatformMemoryAllocatePages(3);
    assert_non_null(Third);
    assert_int_equal(HostedLiveAllocations(), 2);
    assert_int_equal(HostedAllocationCount(), 3);
    assert_int_equal((UINTPTR)First % PLATFORM_CACHE_LINE, 0);
    assert_int_equal((UINTPTR)Third % (4 * PLATFORM_PAGE_SIZE), 0);
    assert_ptr_equal(PlatformMemoryPhysicalToVirtual(PlatformMemoryVirtualToPhysical(Third)), Third);
    PlatformMemoryFree(First);
    PlatformMemoryFree(NULL);
    PlatformMemoryFreePages(Third, 3);
    assert_int_equal(HostedLiveAllocations(), 0);
}

static void CopyAndZeroTouchExactlyTheirRange(void **State)
{
    UINT8 From[64], To[64], Wanted[64];
    UINT32 Length, Offset, Index;

    (void)State;
    for (Index = 0; Index < sizeof(From); Index++)
        From[Index] = (UINT8)(Index + 1);
    for (Offset = 0; Offset < 9; Offset++) {
        for (Length = 0; Length < 40; Length++) {
            memset(To, 0xEE, sizeof(To));
            memcpy(Wanted, To, sizeof(To));
            memcpy(Wanted + Offset, From, Length);
            PlatformMemoryCopy(To + Offset, From, Length);
            assert_memory_equal(To, Wanted, sizeof(To));
            memset(Wanted + Offset, 0, Length);
            PlatformMemoryZero(To + Offset, Length);
            assert_memory_equal(To, Wanted, sizeof(To));
        }
    }
}

static UINT32 g_Seen[8];
static UINT32 g_SeenCount;

static VOID SeeCore(PVOID Context)
{
    assert_ptr_equal(Context, g_Seen);
    g_Seen[g_SeenCount++] = PlatformCpuCurrent();
}

/* TRUE: a process that does this dies of it, which the sanitizers may turn into an exit. */
static BOOLEAN Dies(VOID (*Function)(VOID))
{
    const pid_t Child = fork();
    int Status        = 0;

    if (Child == 0) {
        if (freopen("/dev/null", "w", stderr) != NULL)
            Function();
        _exit(0);
    }
    assert_int_equal(waitpid(Child, &Status, 0), Child);
    return Status != 0;
}

static VOID LockTwice(VOID)
{
    PlatformCpuHotplugLock();
    PlatformCpuHotplugLock();
}

static VOID LockAndWaitForThreads(VOID)
{
    PlatformCpuHotplugLock();
    PlatformTextWaitForThreads();
}

static VOID LockAgain(VOID)
{
    PlatformCpuHotplugLock();
    PlatformCpuHotplugUnlock();
    PlatformCpuHotplugLock();
}

static void TheHotplugLockDoesNotNest(void **State)
{
    (void)State;
    assert_true(Dies(LockTwice));
    assert_true(Dies(LockAndWaitForThreads));
    assert_false(Dies(LockAgain));
}

static void RunOnAllVisitsEachOnlineCoreAsThatCore(void **State)
{
    (void)State;
    g_SeenCount = 0;
    HostedSetCpuCount(4);
    HostedSetCurrentCpu(3);
    HostedCpuGoOffline(1);
    PlatformCpuRunOnAll(SeeCore, g_Seen);
    assert_int_equal(g_SeenCount, 3);
    assert_int_equal(g_Seen[0], 0);
    assert_int_equal(g_Seen[1], 2);
    assert_int_equal(g_Seen[2], 3);
    assert_int_equal(PlatformCpuCurrent(), 3);
    assert_false(PlatformCpuRunOn(1, SeeCore, g_Seen));
    assert_false(PlatformCpuRunOn(4, SeeCore, g_Seen));
    assert_true(PlatformCpuRunOn(2, SeeCore, g_Seen));
    assert_int_equal(g_SeenCount, 4);
}

static BOOLEAN g_Agrees;
static UINT32 g_Online, g_Offline, g_Shutdowns, g_Panics;

static BOOLEAN LifeOnline(UINT32 CoreId)
{
    assert_int_equal(CoreId, PlatformCpuCurrent());
    assert_true(PlatformCpuIsOnline(CoreId));
    g_Online++;
    return g_Agrees;
}

static VOID LifeOffline(UINT32 CoreId)
{
    assert_int_equal(CoreId, PlatformCpuCurrent());
    assert_true(PlatformCpuIsOnline(CoreId));
    g_Offline++;
}

static VOID LifeShutdown(VOID)
{
    g_Shutdowns++;
}

static VOID LifePanic(VOID)
{
    g_Panics++;
}

static VOID LifeNever(VOID)
{
    fail();
}

static const PLATFORM_CPU_LIFE g_TestLife = {LifeOnline, LifeOffline,  LifeNever,
                                             LifeNever,  LifeShutdown, LifePanic};

static void LifeIsCalledOnTheCoreThatComesOrGoes(void **State)
{
    (void)State;
    HostedSetCpuCount(2);
    HostedFailAllocation(1);
    assert_false(PlatformCpuRegisterLife(&g_TestLife));
    assert_true(PlatformCpuRegisterLife(&g_TestLife));
    assert_false(PlatformCpuRegisterLife(&g_TestLife));
    HostedCpuGoOffline(1);
    assert_int_equal(g_Offline, 1);
    assert_false(PlatformCpuIsOnline(1));
    g_Agrees = FALSE;
    assert_false(HostedCpuGoOnline(1));
    assert_false(PlatformCpuIsOnline(1));
    g_Agrees = TRUE;
    assert_true(HostedCpuGoOnline(1));
    assert_true(PlatformCpuIsOnline(1));
    HostedFireShutdown();
    HostedFirePanic();
    PlatformCpuUnregisterLife();
    HostedFireShutdown();
    HostedFirePanic();
    HostedCpuGoOffline(1);
    assert_int_equal(g_Online, 2);
    assert_int_equal(g_Offline, 1);
    assert_int_equal(g_Shutdowns, 1);
    assert_int_equal(g_Panics, 1);
    assert_int_equal(HostedLiveAllocations(), 0);
}

static jmp_buf g_AfterPanic;
static const CHAR *g_PanicMessage;

static VOID CatchPanic(const CHAR *Message)
{
    g_PanicMessage = Message;
    longjmp(g_AfterPanic, 1);
}

static void APanicCanBeCaught(void **State)
{
    (void)State;
    HostedSetPanicHandler(CatchPanic);
    if (!setjmp(g_AfterPanic))
        PlatformCpuPanic("the end");
    assert_string_equal(g_PanicMessage, "the end");
}

static void TheProcessIsWhatTheTestSaid(void **State)
{
    PLATFORM_PROCESS Process = {.ProcessId = 7, .ThreadId = 8, .Name = "seven"};

    (void)State;
    HostedSetProcess(&Process);
    memset(&Process, 0, sizeof(Process));
    PlatformProcessCurrent(&Process);
    assert_int_equal(Process.ThreadId, 8);
    assert_string_equal(Process.Name, "seven");
    assert_int_equal(PlatformProcessCurrentId(), 7);
    HostedReset();
    assert_int_equal(PlatformProcessCurrentId(), 0);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test_setup(TheNthAllocationFailsOnceAndNothingStaysBehind, Fresh),
        cmocka_unit_test_setup(CopyAndZeroTouchExactlyTheirRange, Fresh),
        cmocka_unit_test_setup(TheHotplugLockDoesNotNest, Fresh),
        cmocka_unit_test_setup(RunOnAllVisitsEachOnlineCoreAsThatCore, Fresh),
        cmocka_unit_test_setup(LifeIsCalledOnTheCoreThatComesOrGoes, Fresh),
        cmocka_unit_test_setup(APanicCanBeCaught, Fresh),
        cmocka_unit_test_setup(TheProcessIsWhatTheTestSaid, Fresh),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

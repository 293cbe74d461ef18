/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * HvTest.c - a load puts every core under the VMM or leaves the machine exactly as it was, and says why; an
 * unload brings all back.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/vmx/AsmEntry.h"

#include "hyperhv/memory/RootPageTable.h"

#define CR4_VMXE               (1ull << 13)
#define CPUID_1_ECX_VMX        (1u << 5)
#define MANY_LOADS             1000
#define CPUID_1_ECX_HYPERVISOR (1u << 31)

static int Fresh(void **State)
{
    (void)State;
    TestMachine(TEST_CORES);
    TestRememberRegisters();
    return 0;
}

static VOID ExpectRefused(UINT32 Error, const CHAR *Words)
{
    TestRememberRegisters();
    assert_false(TestLoad());
    assert_int_equal(g_Test.LastError, Error);
    TestExpectLog(Words);
    TestExpectUntouched();
    assert_null(g_GuestState);
    assert_null(g_Backend);
    assert_int_equal(g_CoreCount, 0);
    assert_null(g_Callbacks.VmmCallbackSetLastError);
    assert_string_equal(VmFuncGetBackendName(), "");
    g_Test.Log[0] = '\0';
}

static VOID ExpectLoadsAndUnloads(VOID)
{
    UINT32 CoreId;

    if (!TestLoad())
        fail_msg("%s%s", g_Test.Log, FakeEntryComplaint(0));
    for (CoreId = 0; CoreId < PlatformCpuCount(); CoreId++)
        assert_int_equal(FakeMode(CoreId), PlatformCpuIsOnline(CoreId) ? FAKE_VMX_GUEST : FAKE_OUTSIDE_VMX);
    HvUninitVmm();
    TestExpectUntouched();
}

/* --- in and out --- */

static void AfterTheLoadEveryCoreIsAGuestThatSeesNoDifference(void **State)
{
    UINT32 CoreId;

    (void)State;
    assert_true(TestLoad());
    assert_string_equal(VmFuncGetBackendName(), "VT-x");
    assert_int_equal(VmFuncGetCoreCount(), TEST_CORES);
    TestExpectLog("the VMM runs on 2 cores (VT-x)");
    for (CoreId = 0; CoreId < TEST_CORES; CoreId++) {
        const FAKE_REGISTERS *Now = FakeRegisters(CoreId), *Was = &g_Before[CoreId];

        HostedSetCurrentCpu(CoreId);
        assert_int_equal(FakeMode(CoreId), FAKE_VMX_GUEST);
        assert_int_equal(CpuReadCr0(), Was->Cr0);
        assert_int_equal(CpuReadCr4(), Was->Cr4); /* no VMXE */
        assert_int_equal(Now->Cr3, Was->Cr3);
        assert_int_equal(Now->Dr7, Was->Dr7);
        assert_memory_equal(&Now->Regs, &Was->Regs, sizeof(Now->Regs));
        assert_memory_equal(Now->Msrs, Was->Msrs, sizeof(Now->Msrs));
        assert_memory_equal(Now->Segments, Was->Segments, sizeof(Now->Segments));
        assert_int_equal(Now->GdtBase, Was->GdtBase);
        assert_int_equal(Now->GdtLimit, Was->GdtLimit);
        assert_int_equal(Now->IdtBase, Was->IdtBase);
        assert_int_equal(Now->IdtLimit, Was->IdtLimit);
    }
    HvUninitVmm();
}

static void AfterTheUnloadEveryRegisterIsAsBefore(void **State)
{
    (void)State;
    ExpectLoadsAndUnloads();
    TestExpectLog("the VMM is gone from all cores");
    assert_null(g_GuestState);
    assert_int_equal(VmFuncGetCoreCount(), 0);
}

/* What the guest changed while it was one stays changed. */
static void AfterTheUnloadTheGuestsOwnChangesStay(void **State)
{
    const UINT64 NewFsBase = 0x7FFFF7D8B000ull;

    (void)State;
    assert_true(TestLoad());
    CpuWriteMsr(IA32_FS_BASE, NewFsBase);
    CpuWriteMsr(TEST_MSR, 0x77);
    CpuWriteCr4(CpuReadCr4() | (1ull << 8));
    CpuWriteDr7(0x403);
    g_Before[0].Segments[VMCS_SEGMENT_FS].Base = NewFsBase;
    g_Before[0].Cr4 |= 1ull << 8;
    g_Before[0].Dr7 = 0x403;
    HvUninitVmm();
    assert_int_equal(FakeMsrGet(0, TEST_MSR), 0x77);
    FakeMsrSet(0, TEST_MSR, 0);
    TestExpectUntouched();
}

static void AThousandLoadsLeaveNothingBehind(void **State)
{
    UINT32 Round;

    (void)State;
    for (Round = 0; Round < MANY_LOADS; Round++)
        ExpectLoadsAndUnloads();
}

static void TheNumberOfCoresDoesNotMatter(void **State)
{
    static const UINT32 Counts[] = {1, 3, 8, 64};
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Counts); Index++) {
        TestMachine(Counts[Index]);
        TestRememberRegisters();
        assert_true(TestLoad());
        assert_int_equal(VmFuncGetCoreCount(), Counts[Index]);
        HvUninitVmm();
        TestExpectUntouched();
    }
}

static void UnloadingNothingDoesNothing(void **State)
{
    (void)State;
    VmFuncUninitVmm();
    TestExpectUntouched();
}

static UINT32 g_OthersError;

static VOID SetOthersError(UINT32 Error)
{
    g_OthersError = Error;
}

/* The one who is refused is told so; the owner is not. */
static void ASecondLoadIsRefusedAndTheFirstGoesOn(void **State)
{
    VMM_CALLBACKS Others = {0};

    (void)State;
    assert_true(TestLoad());
    assert_false(HvInitVmm(&Others));
    Others.VmmCallbackSetLastError = SetOthersError;
    assert_false(HvInitVmm(&Others));
    assert_int_equal(g_OthersError, DEBUGGER_ERROR_VMM_ALREADY_INITIALIZED);
    assert_int_equal(g_Test.LastError, 0);
    assert_ptr_equal(g_Callbacks.VmmCallbackTriggerEvents, TestTrigger);
    assert_int_equal(VmFuncGetCoreCount(), TEST_CORES);
    GuestCpuid(0, 0);
    ExpectDone(2);
    Guest()->Rip     = TEST_RIP;
    g_Before[0].Regs = Guest()->Regs;
    HvUninitVmm();
    TestExpectUntouched();
}

static void AllCallbacksMayBeNull(void **State)
{
    VMM_CALLBACKS Nothing = {0};

    (void)State;
    assert_true(HvInitVmm(&Nothing));
    GuestCpuid(1, 0);
    assert_true(Guest()->Regs.rcx & CPUID_1_ECX_HYPERVISOR);
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    GuestCpuid(1, 0);
    GuestRdmsr(TEST_MSR_MISSING);
    assert_int_equal(FakeInjected().Info, TEST_INFO_WITH_CODE(13));
    HvUninitVmm();
    assert_int_equal(HostedLiveAllocations(), 0);
}

/* What was armed in one load is not in the next. */
static void ALoadStartsWithNothingArmed(void **State)
{
    (void)State;
    assert_true(TestLoad());
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    VmFuncSetTriggerEvent(RDMSR_INSTRUCTION_EXECUTION, TRUE);
    VmFuncSetTriggerEvent(WRMSR_INSTRUCTION_EXECUTION, TRUE);
    VmFuncSetTriggerEvent(VMCALL_INSTRUCTION_EXECUTION, TRUE);
    VmFuncSetTriggerEvent(XSETBV_INSTRUCTION_EXECUTION, TRUE);
    assert_true(ConfigureSetMsrReadExiting(VMM_ALL_CORES, TEST_MSR));
    HvUninitVmm();
    assert_true(TestLoad());
    g_Test.EventCount = 0;
    GuestCpuid(0, 0);
    CpuReadMsr(TEST_MSR);
    GuestWrmsr(TEST_MSR, 0);
    assert_int_equal(g_Test.EventCount, 0);
    assert_int_equal(GuestVCpu()->ExitCounts[VMX_EXIT_REASON_EXECUTE_RDMSR], 0);
    HvUninitVmm();
}

/* --- machines that cannot --- */

static void WithoutVtxTheLoadIsRefused(void **State)
{
    CPUID_RESULT Features;

    (void)State;
    FakeCpuidGet(1, 0, &Features);
    FakeCpuidSet(1, 0, (UINT32)Features.Eax, (UINT32)Features.Ebx, (UINT32)Features.Ecx & ~CPUID_1_ECX_VMX,
                 (UINT32)Features.Edx);
    ExpectRefused(DEBUGGER_ERROR_VMX_NOT_SUPPORTED, "has no virtualization");
}

static void DisabledByTheFirmwareTheLoadIsRefused(void **State)
{
    (void)State;
    FakeMsrSetAll(IA32_FEATURE_CONTROL, 1);
    ExpectRefused(DEBUGGER_ERROR_VMX_DISABLED_BY_FIRMWARE, "IA32_FEATURE_CONTROL is 1");
    FakeMsrSetAll(IA32_FEATURE_CONTROL, 3); /* inside SMX only */
    ExpectRefused(DEBUGGER_ERROR_VMX_DISABLED_BY_FIRMWARE, "IA32_FEATURE_CONTROL is 3");
}

static void DisabledOnAnotherCoreTheLoadIsRefused(void **State)
{
    (void)State;
    FakeMsrSet(1, IA32_FEATURE_CONTROL, 1);
    ExpectRefused(DEBUGGER_ERROR_VMX_DISABLED_BY_FIRMWARE, "");
}

/* The firmware left the choice to the kernel: turning VT-x on is allowed, and stays. */
static void LeftOpenByTheFirmwareVtxIsTurnedOn(void **State)
{
    (void)State;
    FakeMsrSetAll(IA32_FEATURE_CONTROL, 0);
    assert_true(TestLoad());
    HvUninitVmm();
    assert_int_equal(FakeMsrGet(0, IA32_FEATURE_CONTROL), 5);
    assert_int_equal(FakeMsrGet(1, IA32_FEATURE_CONTROL), 5);
}

static void InUseByAnotherHypervisorTheLoadIsRefused(void **State)
{
    (void)State;
    FakeRegisters(0)->Cr4 |= CR4_VMXE;
    ExpectRefused(DEBUGGER_ERROR_VMX_IN_USE, "in use by another hypervisor");
}

static void InUseOnAnotherCoreOnlyTheLoadIsRefused(void **State)
{
    (void)State;
    FakeRegisters(1)->Cr4 |= CR4_VMXE;
    ExpectRefused(DEBUGGER_ERROR_VMX_IN_USE, "");
}

static void AKernelThatHidesItsPageTableIsRefused(void **State)
{
    (void)State;
    HostedRefuseKernelMappings(TRUE);
    ExpectRefused(DEBUGGER_ERROR_PLATFORM_NOT_SUPPORTED, "page table");
}

/* --- one core fails --- */

typedef struct _FAILURE {
    FAKE_INSTRUCTION Instruction;
    const CHAR *Words;
} FAILURE;

static const FAILURE Failures[] = {
    {FAKE_VMXON, "core %u: VMXON failed"},
    {FAKE_VMCLEAR, "core %u: the VMCS could not be loaded"},
    {FAKE_VMPTRLD, "core %u: the VMCS could not be loaded"},
    {FAKE_INVEPT, "core %u: the VMCS could not be loaded"},
    {FAKE_INVVPID, "core %u: the VMCS could not be loaded"},
    {FAKE_VMWRITE, "core %u: the processor refused the VMCS field 4000"},
    {FAKE_VMLAUNCH, "core %u: VMLAUNCH failed with VM-instruction error 7"},
    {FAKE_GUEST_CHECKS, "core %u: the processor refused the guest state"},
};

static VOID FailOn(UINT32 CoreId, const FAILURE *Failure)
{
    CHAR Words[128];

    TestMachine(3);
    TestRememberRegisters();
    FakeRefuse(CoreId, Failure->Instruction, 1);
    snprintf(Words, sizeof(Words), Failure->Words, CoreId);
    ExpectRefused(DEBUGGER_ERROR_VMLAUNCH_FAILED, Words);
    assert_int_equal(FakeMode(CoreId), FAKE_OUTSIDE_VMX);
    ExpectLoadsAndUnloads(); /* the next one works */
}

static void OneCoreThatCannotBringsAllBack(void **State)
{
    UINT32 Index, CoreId;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Failures); Index++)
        for (CoreId = 0; CoreId < 3; CoreId++)
            FailOn(CoreId, &Failures[Index]);
}

/* A refused field of one load is not told in the next one's failure. */
static void AFailureIsToldByItsOwnReason(void **State)
{
    (void)State;
    FakeRefuse(1, FAKE_VMWRITE, 5);
    ExpectRefused(DEBUGGER_ERROR_VMLAUNCH_FAILED, "refused the VMCS field");
    FakeRefuse(1, FAKE_VMLAUNCH, 1);
    ExpectRefused(DEBUGGER_ERROR_VMLAUNCH_FAILED, "VMLAUNCH failed with VM-instruction error 7");
}

static void EveryVmwriteOfTheSetUpMayBeRefused(void **State)
{
    UINT32 Nth;

    (void)State;
    for (Nth = 1;; Nth++) {
        TestMachine(1);
        TestRememberRegisters();
        FakeRefuse(0, FAKE_VMWRITE, Nth);
        if (TestLoad())
            break;
        TestExpectLog("refused the VMCS field");
        TestExpectUntouched();
    }
    assert_in_range(Nth, 80, 200); /* a set-up writes about a hundred fields */
    FakeRefuse(0, FAKE_VMWRITE, 0);
    HvUninitVmm();
}

static void AGdtTooSmallForItsTaskRegisterIsRefused(void **State)
{
    (void)State;
    FakeRegisters(1)->GdtLimit = 0x47; /* TR's descriptor needs 40H to 4FH */
    ExpectRefused(DEBUGGER_ERROR_VMLAUNCH_FAILED, "core 1: the GDT");
}

/* --- every allocation --- */

static void EachAllocationMayFailAndNothingStays(void **State)
{
    UINT32 Nth;

    (void)State;
    for (Nth = 1;; Nth++) {
        g_Test.LastError = 0;
        HostedFailAllocation(Nth);
        if (TestLoad())
            break;
        assert_true(HostedAllocationHasFailed());
        assert_true(g_Test.LastError == DEBUGGER_ERROR_OUT_OF_MEMORY ||
                    g_Test.LastError == DEBUGGER_ERROR_PLATFORM_NOT_SUPPORTED);
        TestExpectUntouched();
        assert_null(g_GuestState);
    }
    assert_false(HostedAllocationHasFailed());
    assert_true(Nth > 30);
    HvUninitVmm();
    TestExpectUntouched();
}

/* --- cores come and go --- */

static void AnOfflineCoreIsNotTouched(void **State)
{
    (void)State;
    HostedCpuGoOffline(1);
    ExpectLoadsAndUnloads();
}

static void ACoreThatComesOnlineJoins(void **State)
{
    (void)State;
    HostedCpuGoOffline(1);
    assert_true(TestLoad());
    assert_int_equal(VmFuncGetCoreCount(), 1);
    assert_true(HostedCpuGoOnline(1));
    assert_int_equal(FakeMode(1), FAKE_VMX_GUEST);
    assert_int_equal(VmFuncGetCoreCount(), 2);
    HvUninitVmm();
    TestExpectUntouched();
}

/* A panic or a sleep takes cores out wherever they are. */
static void ACoreThatLeftInAStepBeginsWithoutOne(void **State)
{
    static UINT8 Page;

    (void)State;
    assert_true(TestLoad());
    HostedCpuGoOffline(1);
    g_GuestState[1].MtfEptHookRestorePoint = &Page;
    g_GuestState[1].Step.PostCount         = 1;
    assert_true(HostedCpuGoOnline(1));
    assert_null(g_GuestState[1].MtfEptHookRestorePoint);
    assert_int_equal(g_GuestState[1].Step.PostCount, 0);
    HvUninitVmm();
    TestExpectUntouched();
}

static void ACoreThatCannotJoinStaysOffline(void **State)
{
    (void)State;
    HostedCpuGoOffline(1);
    assert_true(TestLoad());
    FakeRefuse(1, FAKE_VMXON, 1);
    assert_false(HostedCpuGoOnline(1));
    assert_false(PlatformCpuIsOnline(1));
    TestExpectLog("core 1 stays offline");
    assert_int_equal(FakeMode(1), FAKE_OUTSIDE_VMX);
    assert_true(HostedCpuGoOnline(1));
    assert_int_equal(FakeMode(1), FAKE_VMX_GUEST);
    HvUninitVmm();
    TestExpectUntouched();
}

static void ACoreThatGoesOfflineLeavesVmxFirst(void **State)
{
    UINT32 Round;

    (void)State;
    assert_true(TestLoad());
    for (Round = 0; Round < 3; Round++) {
        HostedCpuGoOffline(1);
        assert_int_equal(FakeMode(1), FAKE_OUTSIDE_VMX);
        assert_int_equal(FakeMode(0), FAKE_VMX_GUEST);
        assert_int_equal(VmFuncGetCoreCount(), 1);
        assert_true(HostedCpuGoOnline(1));
        assert_int_equal(FakeMode(1), FAKE_VMX_GUEST);
    }
    HostedCpuGoOffline(1);
    HvUninitVmm();
    TestExpectUntouched();
}

static void ShutdownBringsEveryCoreBack(void **State)
{
    (void)State;
    assert_true(TestLoad());
    HostedFireShutdown();
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    assert_int_equal(FakeMode(1), FAKE_OUTSIDE_VMX);
    assert_int_equal(VmFuncGetCoreCount(), 0);
    HvUninitVmm(); /* a kernel that goes on after all can unload */
    TestExpectUntouched();
}

static VOID TakeNmi(VOID)
{
    assert_true(FakeTakeNmi());
}

static VOID Trap(VOID)
{
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_MONITOR_TRAP_FLAG});
}

/* Exits with a page table that has the VMM's code, or not (a process's, with isolation). */
static VOID ExitWithTable(BOOLEAN HasKernel, VOID (*Exit)(VOID))
{
    const UINT64 Code = (UINT64)(UINTPTR)AsmVmexitHandler, Cr3 = FakeRegisters(0)->Cr3;
    UINT64 *Top = PlatformMemoryAllocatePages(1), *Gigabytes = PlatformMemoryAllocatePages(1);

    if (HasKernel)
        Top[(Code >> 39) & 511] = PlatformMemoryVirtualToPhysical(Gigabytes) | 3;
    Gigabytes[(Code >> 30) & 511] = 0x83;
    FakeRegisters(0)->Cr3         = PlatformMemoryVirtualToPhysical(Top);
    Exit();
    FakeRegisters(0)->Cr3 = Cr3;
    PlatformMemoryFreePages(Top, 1);
    PlatformMemoryFreePages(Gigabytes, 1);
}

/* Its page table lacks what the way out needs: it comes again after each instruction until it has it. */
static void ACoreInAProcessLeavesWhenItIsInTheKernel(void **State)
{
    const UINT64 Mtf = PRIMARY_MONITOR_TRAP_FLAG;

    (void)State;
    assert_true(TestLoad());
    HostedSetCurrentCpu(1);
    HostedFirePanic();
    HostedSetCurrentCpu(0);
    ExitWithTable(FALSE, TakeNmi);
    assert_int_equal(FakeMode(0), FAKE_VMX_GUEST);
    assert_true(GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS) & Mtf);
    ExitWithTable(FALSE, Trap);
    assert_int_equal(FakeMode(0), FAKE_VMX_GUEST);
    ExitWithTable(TRUE, Trap);
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    HvUninitVmm();
    TestExpectUntouched();
}

/* One of the kernel's own comes first, and waits for the guest to take it when the core leaves. */
static VOID TakeTwoNmis(VOID)
{
    FakeExit(&(FAKE_EXIT){.Reason           = VMX_EXIT_REASON_EXCEPTION_OR_NMI,
                          .InterruptionInfo = TEST_INFO(INTERRUPTION_TYPE_NMI, 2)});
    TakeNmi();
}

static VOID PanicWithTwoNmis(VOID)
{
    assert_true(TestLoad());
    HostedSetCurrentCpu(1);
    HostedFirePanic();
    HostedSetCurrentCpu(0);
    ExitWithTable(FALSE, TakeTwoNmis); /* whichever was first, one is the kernel's */
    assert_int_equal(g_GuestState[0].PendingNmis, 1);
}

static void AnNmiThatWaitsWhenACoreLeavesInAPanicReachesTheKernel(void **State)
{
    (void)State;
    PanicWithTwoNmis();
    assert_int_equal(FakeKernelNmis(0), 0);
    ExitWithTable(TRUE, Trap);
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    assert_int_equal(FakeKernelNmis(0), 1);
    assert_int_equal(FakeKernelNmis(1), 0);
    HvUninitVmm();
    TestExpectUntouched();
}

/* As a sleep goes: told first, then the other cores go offline and come back, told last, on any core: who
 * asked for the sleep may run on another one by then. */
static VOID SleepAndWakeOn(UINT32 Waker)
{
    assert_true(TestLoad());
    assert_true(ConfigureSetMsrReadExiting(VMM_ALL_CORES, TEST_MSR));
    HostedFireSuspend();
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    assert_int_equal(FakeMode(1), FAKE_OUTSIDE_VMX);
    HostedCpuGoOffline(1);
    assert_true(HostedCpuGoOnline(1));
    assert_int_equal(FakeMode(1), FAKE_VMX_GUEST);
    HostedSetCurrentCpu(Waker);
    HostedFireResume();
    assert_int_equal(FakeMode(0), FAKE_VMX_GUEST);
    assert_int_equal(VmFuncGetCoreCount(), 2);
    for (UINT32 CoreId = 0; CoreId < 2; CoreId++) { /* what was armed is armed */
        HostedSetCurrentCpu(CoreId);
        const UINT64 Before = g_GuestState[CoreId].ExitCounts[VMX_EXIT_REASON_EXECUTE_RDMSR];
        CpuReadMsr(TEST_MSR);
        assert_int_equal(g_GuestState[CoreId].ExitCounts[VMX_EXIT_REASON_EXECUTE_RDMSR], Before + 1);
    }
    HostedSetCurrentCpu(0);
    ConfigureUnsetMsrReadExiting(VMM_ALL_CORES, TEST_MSR);
    HvUninitVmm();
    TestExpectUntouched();
}

static void ASleepLeavesVmxAndTheWakingComesBack(void **State)
{
    (void)State;
    SleepAndWakeOn(0);
    SleepAndWakeOn(1);
}

static void ACoreThatCannotComeBackFromASleepGoesOnWithout(void **State)
{
    (void)State;
    assert_true(TestLoad());
    HostedFireSuspend();
    FakeRefuse(0, FAKE_VMXON, 1);
    HostedFireResume();
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    TestExpectLog("core 0 goes on without the VMM after the sleep");
    assert_int_equal(VmFuncGetCoreCount(), 1);
    HvUninitVmm();
    TestExpectUntouched();
}

static void APanicBringsItsOwnCoreBack(void **State)
{
    (void)State;
    assert_true(TestLoad());
    HostedSetCurrentCpu(1);
    HostedFirePanic();
    assert_int_equal(FakeMode(1), FAKE_OUTSIDE_VMX);
    assert_int_equal(FakeMode(0), FAKE_VMX_GUEST);
    HostedFirePanic(); /* a panic in a panic */
    HostedSetCurrentCpu(0);
    assert_int_equal(FakeNmisSent(0), 1); /* the other core is told, and leaves when it takes it */
    ExitWithTable(TRUE, TakeNmi);
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    HvUninitVmm();
    TestExpectUntouched();
}

/* None waits for another, and none is told by another. */
static void InACrashEachCoreLeavesByItself(void **State)
{
    (void)State;
    assert_true(TestLoad());
    HostedSetCurrentCpu(1);
    HostedFireCrash();
    assert_int_equal(FakeMode(1), FAKE_OUTSIDE_VMX);
    assert_int_equal(FakeMode(0), FAKE_VMX_GUEST);
    assert_int_equal(FakeNmisSent(0), 0);
    HostedFireCrash(); /* it has left already */
    HostedSetCurrentCpu(0);
    HostedFireCrash();
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    HvUninitVmm();
    TestExpectUntouched();
}

static void AfterTheUnloadNobodyIsToldOfTheMachinesLife(void **State)
{
    (void)State;
    ExpectLoadsAndUnloads();
    HostedCpuGoOffline(1);
    assert_true(HostedCpuGoOnline(1));
    HostedFireShutdown();
    HostedFirePanic();
    HostedFireCrash();
    TestExpectUntouched();
}

/* --- five-level paging, CET --- */

static void AKernelWithFiveLevelsLoads(void **State)
{
    UINT32 CoreId;

    (void)State;
    FakeCpuidSet(0x80000008, 0, 0x3934, 0, 0, 0); /* 52 physical, 57 linear bits */
    FakeMsrSetAll(IA32_VMX_CR4_FIXED1, 0x777FFF | (1ull << 12));
    for (CoreId = 0; CoreId < TEST_CORES; CoreId++) {
        FakeRegisters(CoreId)->Cr4 |= 1ull << 12;
        FakeMsrSet(CoreId, IA32_GS_BASE, 0xFF11000000000000ull);
    }
    TestRememberRegisters();
    ExpectLoadsAndUnloads();
}

/* Root mode has no landing pads: its CR4 is without CET, the guest's keeps it. */
static void AKernelWithCetKeepsIt(void **State)
{
    UINT32 CoreId;

    (void)State;
    FakeMsrSetAll(IA32_VMX_CR4_FIXED1, 0x776FFF | (1ull << 23));
    for (CoreId = 0; CoreId < TEST_CORES; CoreId++)
        FakeRegisters(CoreId)->Cr4 |= 1ull << 23;
    TestRememberRegisters();
    assert_true(TestLoad());
    assert_true(CpuReadCr4() & (1ull << 23));
    assert_false(GuestField(VMCS_HOST_CR4) & (1ull << 23));
    HvUninitVmm();
    TestExpectUntouched();
}

/* XSETBV is carried out in root mode, which needs CR4.OSXSAVE there even if the kernel has it off. */
static void AKernelWithoutXsaveLoads(void **State)
{
    UINT32 CoreId;

    (void)State;
    for (CoreId = 0; CoreId < TEST_CORES; CoreId++)
        FakeRegisters(CoreId)->Cr4 &= ~(1ull << 18);
    TestRememberRegisters();
    assert_true(TestLoad());
    assert_true(GuestField(VMCS_HOST_CR4) & (1ull << 18));
    assert_false(CpuReadCr4() & (1ull << 18));
    HvUninitVmm();
    TestExpectUntouched();
}

/* Segments may be anything that a 64-bit kernel can have. */
static void AKernelWithAnLdtLoads(void **State)
{
    static UINT64 Ldt[4];
    UINT64 *Gdt = (UINT64 *)(UINTPTR)FakeRegisters(0)->GdtBase;
    UINT64 Base = (UINT64)(UINTPTR)Ldt;

    (void)State;
    Gdt[10] = 0x1F | ((Base & 0xFFFFFF) << 16) | (0x82ull << 40) | ((Base & 0xFF000000) << 32);
    Gdt[11] = Base >> 32;
    CpuLoadLdtr(0x50);
    assert_int_equal(FakeRegisters(0)->Segments[VMCS_SEGMENT_LDTR].Base, Base);
    TestRememberRegisters();
    ExpectLoadsAndUnloads();
}

#define FRESH(Name) cmocka_unit_test_setup_teardown(Name, Fresh, TestFinish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        FRESH(AfterTheLoadEveryCoreIsAGuestThatSeesNoDifference),
        FRESH(AfterTheUnloadEveryRegisterIsAsBefore),
        FRESH(AfterTheUnloadTheGuestsOwnChangesStay),
        FRESH(AThousandLoadsLeaveNothingBehind),
        FRESH(TheNumberOfCoresDoesNotMatter),
        FRESH(UnloadingNothingDoesNothing),
        FRESH(ASecondLoadIsRefusedAndTheFirstGoesOn),
        FRESH(AllCallbacksMayBeNull),
        FRESH(ALoadStartsWithNothingArmed),
        FRESH(WithoutVtxTheLoadIsRefused),
        FRESH(DisabledByTheFirmwareTheLoadIsRefused),
        FRESH(DisabledOnAnotherCoreTheLoadIsRefused),
        FRESH(LeftOpenByTheFirmwareVtxIsTurnedOn),
        FRESH(InUseByAnotherHypervisorTheLoadIsRefused),
        FRESH(InUseOnAnotherCoreOnlyTheLoadIsRefused),
        FRESH(AKernelThatHidesItsPageTableIsRefused),
        FRESH(OneCoreThatCannotBringsAllBack),
        FRESH(AFailureIsToldByItsOwnReason),
        FRESH(EveryVmwriteOfTheSetUpMayBeRefused),
        FRESH(AGdtTooSmallForItsTaskRegisterIsRefused),
        FRESH(EachAllocationMayFailAndNothingStays),
        FRESH(AnOfflineCoreIsNotTouched),
        FRESH(ACoreThatComesOnlineJoins),
        FRESH(ACoreThatLeftInAStepBeginsWithoutOne),
        FRESH(ACoreThatCannotJoinStaysOffline),
        FRESH(ACoreThatGoesOfflineLeavesVmxFirst),
        FRESH(ShutdownBringsEveryCoreBack),
        FRESH(ASleepLeavesVmxAndTheWakingComesBack),
        FRESH(ACoreThatCannotComeBackFromASleepGoesOnWithout),
        FRESH(ACoreInAProcessLeavesWhenItIsInTheKernel),
        FRESH(AnNmiThatWaitsWhenACoreLeavesInAPanicReachesTheKernel),
        FRESH(APanicBringsItsOwnCoreBack),
        FRESH(InACrashEachCoreLeavesByItself),
        FRESH(AfterTheUnloadNobodyIsToldOfTheMachinesLife),
        FRESH(AKernelWithFiveLevelsLoads),
        FRESH(AKernelWithCetKeepsIt),
        FRESH(AKernelWithoutXsaveLoads),
        FRESH(AKernelWithAnLdtLoads),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

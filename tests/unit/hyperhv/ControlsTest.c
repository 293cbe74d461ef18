/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ControlsTest.c - a processor that lacks what the VMM cannot do without is refused by name; an NMI of root
 * mode is never overwritten by a change of the controls.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/core/Broadcast.h"
#include "hyperhv/vmx/Controls.h"

static int Fresh(void **State)
{
    (void)State;
    TestMachine(TEST_CORES);
    return 0;
}

/* --- capabilities --- */

typedef struct _CAPABILITY {
    UINT32 Msr;
    UINT32 Bit;
    const CHAR *Name; /* what the log says when it is missing */
} CAPABILITY;

static const CAPABILITY Needed[] = {
    {IA32_VMX_TRUE_PINBASED_CTLS, PIN_BASED_NMI_EXITING, "NMI exiting"},
    {IA32_VMX_TRUE_PINBASED_CTLS, PIN_BASED_VIRTUAL_NMIS, "virtual NMIs"},
    {IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_USE_MSR_BITMAPS, "MSR bitmaps"},
    {IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_USE_IO_BITMAPS, "I/O bitmaps"},
    {IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_RDTSC_EXITING, "RDTSC exiting"},
    {IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_RDPMC_EXITING, "RDPMC exiting"},
    {IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_MOV_DR_EXITING, "MOV-DR exiting"},
    {IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_CR3_LOAD_EXITING, "CR3-load exiting"},
    {IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_CR3_STORE_EXITING, "CR3-store exiting"},
    {IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_CR8_LOAD_EXITING, "CR8-load exiting"},
    {IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_CR8_STORE_EXITING, "CR8-store exiting"},
    {IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_ACTIVATE_SECONDARY_CONTROLS, "secondary controls"},
    {IA32_VMX_PROCBASED_CTLS2, SECONDARY_ENABLE_EPT, "EPT"},
    {IA32_VMX_PROCBASED_CTLS2, SECONDARY_ENABLE_VPID, "VPID"},
    {IA32_VMX_PROCBASED_CTLS2, SECONDARY_UNRESTRICTED_GUEST, "unrestricted guest"},
    {IA32_VMX_TRUE_EXIT_CTLS, VMEXIT_HOST_ADDRESS_SPACE_SIZE, "64-bit host"},
    {IA32_VMX_TRUE_EXIT_CTLS, VMEXIT_SAVE_DEBUG_CONTROLS, "saving the debug controls"},
    {IA32_VMX_TRUE_EXIT_CTLS, VMEXIT_SAVE_EFER, "saving IA32_EFER"},
    {IA32_VMX_TRUE_EXIT_CTLS, VMEXIT_LOAD_EFER, "loading IA32_EFER"},
    {IA32_VMX_TRUE_EXIT_CTLS, VMEXIT_SAVE_PAT, "saving IA32_PAT"},
    {IA32_VMX_TRUE_EXIT_CTLS, VMEXIT_LOAD_PAT, "loading IA32_PAT"},
    {IA32_VMX_TRUE_ENTRY_CTLS, VMENTRY_IA32E_MODE_GUEST, "64-bit guest"},
    {IA32_VMX_TRUE_ENTRY_CTLS, VMENTRY_LOAD_DEBUG_CONTROLS, "loading the debug controls"},
    {IA32_VMX_TRUE_ENTRY_CTLS, VMENTRY_LOAD_EFER, "loading IA32_EFER"},
    {IA32_VMX_TRUE_ENTRY_CTLS, VMENTRY_LOAD_PAT, "loading IA32_PAT"},
};

/* Bits of IA32_VMX_EPT_VPID_CAP. */
static const struct {
    UINT32 Bit;
    const CHAR *Name;
} NeededOfEpt[] = {
    {0, "execute-only EPT pages"},  {6, "EPT with four levels"},     {14, "write-back EPT structures"},
    {16, "2 MiB EPT pages"},        {17, "1 GiB EPT pages"},         {20, "INVEPT"},
    {25, "INVEPT of one context"},  {26, "INVEPT of all contexts"},  {32, "INVVPID"},
    {41, "INVVPID of one context"}, {42, "INVVPID of all contexts"},
};

static VOID ExpectNamed(const CHAR *Name)
{
    CHAR Words[96];

    TestRememberRegisters();
    assert_false(TestLoad());
    assert_int_equal(g_Test.LastError, DEBUGGER_ERROR_VMX_CAPABILITY_MISSING);
    snprintf(Words, sizeof(Words), "this processor's VT-x lacks %s\n", Name);
    TestExpectLog(Words);
    TestExpectUntouched();
}

static void EachMissingControlIsNamed(void **State)
{
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Needed); Index++) {
        TestMachine(TEST_CORES);
        FakeCapabilityRemove(Needed[Index].Msr, Needed[Index].Bit);
        ExpectNamed(Needed[Index].Name);
    }
}

static void EachMissingFeatureOfEptAndVpidIsNamed(void **State)
{
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(NeededOfEpt); Index++) {
        TestMachine(TEST_CORES);
        FakeMsrSetAll(IA32_VMX_EPT_VPID_CAP,
                      FakeMsrGet(0, IA32_VMX_EPT_VPID_CAP) & ~(1ull << NeededOfEpt[Index].Bit));
        ExpectNamed(NeededOfEpt[Index].Name);
    }
}

static void AProcessorWithoutTrueCapabilitiesIsNamed(void **State)
{
    (void)State;
    FakeMsrSetAll(IA32_VMX_BASIC, FakeMsrGet(0, IA32_VMX_BASIC) & ~(1ull << 55));
    ExpectNamed("the TRUE capability MSRs");
}

/* A processor of a poorer kind may not even have the MSRs that the missing features are told in. */
static void ThePoorestProcessorDoesNotFault(void **State)
{
    static const UINT32 Missing[] = {IA32_VMX_PROCBASED_CTLS2, IA32_VMX_EPT_VPID_CAP};
    UINT32 Index, CoreId;

    (void)State;
    FakeCapabilityRemove(IA32_VMX_TRUE_PROCBASED_CTLS, PRIMARY_ACTIVATE_SECONDARY_CONTROLS);
    for (CoreId = 0; CoreId < TEST_CORES; CoreId++)
        for (Index = 0; Index < COUNT_OF(Missing); Index++)
            FakeMsrRemove(CoreId, Missing[Index]);
    ExpectNamed("secondary controls");
}

static const UINT32 Optional[] = {SECONDARY_ENABLE_RDTSCP, SECONDARY_ENABLE_INVPCID, SECONDARY_ENABLE_XSAVES};

static void OptionalInstructionsAreOnWhereTheProcessorHasThem(void **State)
{
    UINT32 Index;

    (void)State;
    assert_true(TestLoad());
    for (Index = 0; Index < COUNT_OF(Optional); Index++)
        assert_true(GuestField(VMCS_SECONDARY_PROCESSOR_CONTROLS) & Optional[Index]);
}

static void WithoutOptionalInstructionsTheLoadWorks(void **State)
{
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Optional); Index++)
        FakeCapabilityRemove(IA32_VMX_PROCBASED_CTLS2, Optional[Index]);
    assert_true(TestLoad());
    for (Index = 0; Index < COUNT_OF(Optional); Index++)
        assert_false(GuestField(VMCS_SECONDARY_PROCESSOR_CONTROLS) & Optional[Index]);
    assert_false(FakeVmcsHas(0, VMCS_XSS_EXITING_BITMAP)); /* and it was not written */
}

/* Nothing exits that was not asked for: the guest runs at full speed. */
static void OnlyWhatIsNeededExits(void **State)
{
    const UINT32 Primary = (UINT32)FakeMsrGet(0, IA32_VMX_TRUE_PROCBASED_CTLS);

    (void)State;
    assert_true(TestLoad());
    assert_int_equal(GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS), Primary | PRIMARY_USE_MSR_BITMAPS |
                                                                      PRIMARY_USE_IO_BITMAPS |
                                                                      PRIMARY_ACTIVATE_SECONDARY_CONTROLS);
    assert_int_equal(GuestField(VMCS_PIN_BASED_CONTROLS), (UINT32)FakeMsrGet(0, IA32_VMX_TRUE_PINBASED_CTLS) |
                                                              PIN_BASED_NMI_EXITING | PIN_BASED_VIRTUAL_NMIS);
    assert_int_equal(GuestField(VMCS_VPID), 1);
    HostedSetCurrentCpu(1);
    assert_int_equal(GuestField(VMCS_VPID), 2);
    HostedSetCurrentCpu(0);
}

/* --- changing them, and NMIs of root mode --- */

static UINT32 g_NmisToCome;

/* An NMI of root mode comes right before the controls are written. */
static VOID NmiBeforeTheWrite(UINT64 Field, UINT64 Value)
{
    (void)Value;
    if (Field == VMCS_PRIMARY_PROCESSOR_CONTROLS && g_NmisToCome > 0) {
        g_NmisToCome--;
        FakeRootException(2, 0);
    }
}

static BOOLEAN g_ClearsNow;

static BOOLEAN ChangeControls(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    if (g_ClearsNow)
        VmxClearPrimaryControls(GuestVCpu(), PRIMARY_NMI_WINDOW_EXITING | PRIMARY_RDTSC_EXITING);
    else
        VmxSetPrimaryControls(GuestVCpu(), PRIMARY_RDTSC_EXITING);
    return FALSE;
}

static VOID ExitThatChangesControls(VOID)
{
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = ChangeControls;
    GuestCpuid(0, 0);
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, FALSE);
}

static UINT64 PrimaryBits(UINT64 Bits)
{
    return GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS) & Bits;
}

static void ControlsAreSetAndCleared(void **State)
{
    const UINT64 Before = GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS);

    (void)State;
    g_ClearsNow = FALSE;
    ExitThatChangesControls();
    assert_int_equal(GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS), Before | PRIMARY_RDTSC_EXITING);
    g_ClearsNow = TRUE;
    ExitThatChangesControls();
    assert_int_equal(GuestField(VMCS_PRIMARY_PROCESSOR_CONTROLS), Before);
}

/* At each write of the field within the exit, one or several: the window stays asked for. */
static void AnNmiAtAnyWriteOfTheControlsIsNotLost(void **State)
{
    UINT32 Nmis;

    (void)State;
    FakeSetVmwriteHook(NmiBeforeTheWrite);
    for (g_ClearsNow = FALSE; g_ClearsNow <= TRUE; g_ClearsNow++) {
        for (Nmis = 1; Nmis <= 3; Nmis++) {
            const UINT32 Before = GuestVCpu()->PendingNmis;

            g_NmisToCome = Nmis;
            ExitThatChangesControls();
            assert_int_equal(GuestVCpu()->PendingNmis, Before + Nmis - g_NmisToCome);
            assert_true(GuestVCpu()->PendingNmis > Before);
            assert_true(PrimaryBits(PRIMARY_NMI_WINDOW_EXITING));
        }
        assert_int_equal(PrimaryBits(PRIMARY_RDTSC_EXITING), g_ClearsNow ? 0 : PRIMARY_RDTSC_EXITING);
    }
    FakeSetVmwriteHook(NULL);
    GuestVCpu()->PendingNmis = 0;
}

static UINT32 g_Broadcasts; /* bit n: the n-th NMI from now on is a broadcast's */

/* An NMI comes right before each write of the controls, but not in an NMI's handler. */
static VOID NmisBeforeTheWrites(UINT64 Field, UINT64 Value)
{
    static BOOLEAN IsInNmi;

    (void)Value;
    if (Field != VMCS_PRIMARY_PROCESSOR_CONTROLS || IsInNmi || g_NmisToCome == 0)
        return;
    g_NmisToCome--;
    IsInNmi = TRUE;
    if (g_Broadcasts & 1)
        GuestVCpu()->NmiBroadcastActions = NMI_BROADCAST_ACTION_REQUEST;
    g_Broadcasts >>= 1;
    FakeRootException(2, 0);
    IsInNmi = FALSE;
}

/* The guest's own and broadcasts' in any order: both ask for what the other must not take away. */
static void NmisOfBothKindsAtTheWritesAreNotLost(void **State)
{
    UINT32 Kinds;

    (void)State;
    g_ClearsNow = FALSE;
    for (Kinds = 0; Kinds < 8; Kinds++) {
        FakeSetVmwriteHook(NmisBeforeTheWrites);
        g_NmisToCome = 3;
        g_Broadcasts = Kinds;
        ExitThatChangesControls();
        FakeSetVmwriteHook(NULL);
        assert_true(g_NmisToCome < 3);
        assert_int_equal(PrimaryBits(PRIMARY_NMI_WINDOW_EXITING) != 0, GuestVCpu()->PendingNmis != 0);
        assert_int_equal(PrimaryBits(PRIMARY_MONITOR_TRAP_FLAG) != 0, GuestVCpu()->NmiWantsExit);
        HvUninitVmm();
        assert_true(TestLoad());
    }
}

/* The window's own handler: an NMI that comes while it clears the window gets a window of its own. */
static void AnNmiWhileTheWindowIsClosedOpensItAgain(void **State)
{
    (void)State;
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_EXCEPTION_OR_NMI, .InterruptionInfo = TEST_INFO(2, 2)});
    assert_true(PrimaryBits(PRIMARY_NMI_WINDOW_EXITING));
    FakeSetVmwriteHook(NmiBeforeTheWrite);
    g_NmisToCome = 1;
    assert_true(FakeTakeNmiWindow());
    FakeSetVmwriteHook(NULL);
    assert_int_equal(g_NmisToCome, 0);
    assert_int_equal(FakeInjected().Info, TEST_INFO(INTERRUPTION_TYPE_NMI, 2)); /* the first */
    assert_true(PrimaryBits(PRIMARY_NMI_WINDOW_EXITING));
    assert_false(FakeTakeNmiWindow()); /* blocked until the guest's IRET */
    *FakeInterruptibility(0) = 0;
    assert_true(FakeTakeNmiWindow());
    assert_int_equal(FakeInjected().Info, TEST_INFO(INTERRUPTION_TYPE_NMI, 2)); /* the second */
    assert_false(PrimaryBits(PRIMARY_NMI_WINDOW_EXITING));
}

#define FRESH(Name) cmocka_unit_test_setup_teardown(Name, Fresh, TestFinish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        FRESH(EachMissingControlIsNamed),
        FRESH(EachMissingFeatureOfEptAndVpidIsNamed),
        FRESH(AProcessorWithoutTrueCapabilitiesIsNamed),
        FRESH(ThePoorestProcessorDoesNotFault),
        FRESH(OptionalInstructionsAreOnWhereTheProcessorHasThem),
        FRESH(WithoutOptionalInstructionsTheLoadWorks),
        FRESH(OnlyWhatIsNeededExits),
        TEST(ControlsAreSetAndCleared),
        TEST(AnNmiAtAnyWriteOfTheControlsIsNotLost),
        TEST(NmisOfBothKindsAtTheWritesAreNotLost),
        TEST(AnNmiWhileTheWindowIsClosedOpensItAgain),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

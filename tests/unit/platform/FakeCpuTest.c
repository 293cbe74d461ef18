/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FakeCpuTest.c - the fake processor refuses what the architecture refuses: without that, the tests of
 * hyperhv would prove little.
 *
 * Context: user space. SDM Vol. 3, 27.2-27.3, 31.
 */
#include "tests/unit/hyperhv/Testing.h"

#define CR4_VMXE (1ull << 13)
#define REVISION 0x2B

static UINT32 *g_Vmxon, *g_Vmcs;

static int Fresh(void **State)
{
    (void)State;
    TestMachine(TEST_CORES);
    g_Vmxon  = PlatformMemoryAllocatePages(1);
    g_Vmcs   = PlatformMemoryAllocatePages(1);
    *g_Vmxon = *g_Vmcs = REVISION;
    return 0;
}

static int Finish(void **State)
{
    (void)State;
    PlatformMemoryFreePages(g_Vmxon, 1);
    PlatformMemoryFreePages(g_Vmcs, 1);
    return 0;
}

static UINT64 Physical(const VOID *Memory)
{
    return PlatformMemoryVirtualToPhysical(Memory);
}

static VOID TurnVmxOn(VOID)
{
    CpuWriteCr4(CpuReadCr4() | CR4_VMXE);
    assert_int_equal(CpuVmxOn(Physical(g_Vmxon)), VMX_SUCCEED);
}

static VOID LoadVmcs(VOID)
{
    TurnVmxOn();
    assert_int_equal(CpuVmClear(Physical(g_Vmcs)), VMX_SUCCEED);
    assert_int_equal(CpuVmPtrLoad(Physical(g_Vmcs)), VMX_SUCCEED);
}

static UINT64 InstructionError(VOID)
{
    UINT64 Error = 0;

    assert_int_equal(CpuVmRead(VMCS_VM_INSTRUCTION_ERROR, &Error), VMX_SUCCEED);
    return Error;
}

/* --- instructions --- */

static void VmxonNeedsVmxeAndTheFirmware(void **State)
{
    (void)State;
    EXPECT_MISUSE(CpuVmxOn(Physical(g_Vmxon)), "VMXON without CR4.VMXE");
    CpuWriteCr4(CpuReadCr4() | CR4_VMXE);
    FakeMsrSetAll(IA32_FEATURE_CONTROL, 1);
    EXPECT_MISUSE(CpuVmxOn(Physical(g_Vmxon)), "IA32_FEATURE_CONTROL 1");
}

static void VmxonLooksAtItsRegion(void **State)
{
    (void)State;
    CpuWriteCr4(CpuReadCr4() | CR4_VMXE);
    assert_int_equal(CpuVmxOn(Physical(g_Vmxon) + 8), VMX_FAIL_INVALID);
    assert_int_equal(CpuVmxOn(1ull << 45), VMX_FAIL_INVALID);
    *g_Vmxon = REVISION + 1;
    assert_int_equal(CpuVmxOn(Physical(g_Vmxon)), VMX_FAIL_INVALID);
    assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
    *g_Vmxon = REVISION;
    assert_int_equal(CpuVmxOn(Physical(g_Vmxon)), VMX_SUCCEED);
    assert_int_equal(FakeMode(0), FAKE_VMX_ROOT);
    assert_int_equal(CpuVmxOn(Physical(g_Vmxon)), VMX_FAIL_INVALID); /* in VMX operation already */
    EXPECT_MISUSE(CpuWriteCr4(CpuReadCr4() & ~CR4_VMXE), "CR4 cannot be");
    EXPECT_MISUSE(CpuWriteCr0(CpuReadCr0() & ~(1ull << 5)), "CR0 cannot be");
    assert_int_equal(CpuVmxOff(), VMX_SUCCEED);
    EXPECT_MISUSE(CpuVmxOff(), "VMXOFF outside VMX root mode");
}

static void VmptrldLooksAtItsRegion(void **State)
{
    (void)State;
    LoadVmcs();
    assert_int_equal(CpuVmPtrLoad(Physical(g_Vmcs) + 1), VMX_FAIL_VALID);
    assert_int_equal(InstructionError(), 9);
    assert_int_equal(CpuVmPtrLoad(Physical(g_Vmxon)), VMX_FAIL_VALID);
    assert_int_equal(InstructionError(), 10);
    assert_int_equal(CpuVmClear(Physical(g_Vmxon)), VMX_FAIL_VALID);
    assert_int_equal(InstructionError(), 3);
    EXPECT_MISUSE(CpuVmxOff(), "VMXOFF while a VMCS is active");
    assert_int_equal(CpuVmClear(Physical(g_Vmcs)), VMX_SUCCEED);
    *g_Vmcs = REVISION + 1;
    assert_int_equal(CpuVmPtrLoad(Physical(g_Vmcs)), VMX_FAIL_INVALID); /* none is current */
}

static void AVmcsBelongsToOneCore(void **State)
{
    UINT32 *Other = PlatformMemoryAllocatePages(1);

    (void)State;
    LoadVmcs();
    HostedSetCurrentCpu(1);
    *Other = REVISION;
    CpuWriteCr4(CpuReadCr4() | CR4_VMXE);
    assert_int_equal(CpuVmxOn(Physical(Other)), VMX_SUCCEED);
    EXPECT_MISUSE(CpuVmPtrLoad(Physical(g_Vmcs)), "current on core 0");
    PlatformMemoryFreePages(Other, 1);
}

static void WithoutACurrentVmcsNothingIsReadOrWritten(void **State)
{
    UINT64 Value;

    (void)State;
    EXPECT_MISUSE(CpuVmRead(VMCS_GUEST_RIP, &Value), "VMREAD outside VMX root mode");
    TurnVmxOn();
    assert_int_equal(CpuVmRead(VMCS_GUEST_RIP, &Value), VMX_FAIL_INVALID);
    assert_int_equal(CpuVmWrite(VMCS_GUEST_RIP, 1), VMX_FAIL_INVALID);
}

static void FieldsHaveTheirWidth(void **State)
{
    UINT64 Value;

    (void)State;
    LoadVmcs();
    assert_int_equal(CpuVmWrite(VMCS_GUEST_CS_SELECTOR, 0xFFFF), VMX_SUCCEED);
    EXPECT_MISUSE(CpuVmWrite(VMCS_GUEST_CS_SELECTOR, 0x10000), "wider than the field 802");
    EXPECT_MISUSE(CpuVmWrite(VMCS_EXCEPTION_BITMAP, 1ull << 32), "wider than the field 4004");
    assert_int_equal(CpuVmWrite(VMCS_GUEST_PAT, 0x1122334455667788), VMX_SUCCEED);
    assert_int_equal(CpuVmRead(VMCS_GUEST_PAT + 1, &Value), VMX_SUCCEED); /* the upper half by itself */
    assert_int_equal(Value, 0x11223344);
    EXPECT_MISUSE(CpuVmWrite(VMCS_GUEST_PAT + 1, 1ull << 32), "wider than the field 2805");
    assert_int_equal(CpuVmWrite(VMCS_GUEST_PAT + 1, 0xAABBCCDD), VMX_SUCCEED);
    assert_int_equal(CpuVmRead(VMCS_GUEST_PAT, &Value), VMX_SUCCEED);
    assert_int_equal(Value, 0xAABBCCDD55667788);
}

static void FieldsThatDoNotExistAreRefused(void **State)
{
    static const UINT64 Fields[] = {0x0006, 0x0810 + 0x100, 0x200E + 0x100, 0x4026, 0x482C,
                                    0x6828, 0x6C18,         0x7000,         0x0801, 0x4001,
                                    0x6801, 0x10000,        0x100004402ull};
    UINT64 Value;
    UINT32 Index;

    (void)State;
    LoadVmcs();
    for (Index = 0; Index < COUNT_OF(Fields); Index++) {
        assert_int_equal(CpuVmRead(Fields[Index], &Value), VMX_FAIL_VALID);
        assert_int_equal(InstructionError(), 12);
        assert_int_equal(CpuVmWrite(Fields[Index], 0), VMX_FAIL_VALID);
    }
}

static void FieldsOfMissingFeaturesDoNotExist(void **State)
{
    UINT64 Value;

    (void)State;
    FakeCapabilityRemove(IA32_VMX_PROCBASED_CTLS2, SECONDARY_ENABLE_EPT | SECONDARY_ENABLE_VPID);
    LoadVmcs();
    assert_int_equal(CpuVmRead(VMCS_EPT_POINTER, &Value), VMX_FAIL_VALID);
    assert_int_equal(CpuVmRead(VMCS_VPID, &Value), VMX_FAIL_VALID);
    assert_int_equal(CpuVmRead(VMCS_XSS_EXITING_BITMAP, &Value), VMX_SUCCEED);
}

/* Unless the processor says that it lets them be written (IA32_VMX_MISC). */
static void ReadOnlyFieldsAreNotWritten(void **State)
{
    (void)State;
    LoadVmcs();
    assert_int_equal(CpuVmWrite(VMCS_EXIT_REASON, 1), VMX_FAIL_VALID);
    assert_int_equal(InstructionError(), 13);
    FakeMsrSetAll(0x485, FakeMsrGet(0, 0x485) | (1ull << 29));
    assert_int_equal(CpuVmWrite(VMCS_EXIT_REASON, 1), VMX_SUCCEED);
}

static void InveptAndInvvpidLookAtTheirOperands(void **State)
{
    const VMX_INVALIDATE_DESCRIPTOR None = {0, 0}, Eptp = {.Context = 0x100001E},
                                    Bad  = {.Context = 0x1000000};
    const VMX_INVALIDATE_DESCRIPTOR Vpid = {.Context = 5}, Wide = {.Context = 0x10005};

    (void)State;
    LoadVmcs();
    assert_int_equal(CpuInvept(INVEPT_ALL_CONTEXTS, &None), VMX_SUCCEED);
    assert_int_equal(CpuInvept(INVEPT_SINGLE_CONTEXT, &Eptp), VMX_SUCCEED);
    assert_int_equal(CpuInvept(INVEPT_SINGLE_CONTEXT, &Bad), VMX_FAIL_VALID);
    assert_int_equal(CpuInvept(3, &None), VMX_FAIL_VALID);
    assert_int_equal(CpuInvvpid(INVVPID_ALL_CONTEXTS, &None), VMX_SUCCEED);
    assert_int_equal(CpuInvvpid(INVVPID_SINGLE_CONTEXT, &Vpid), VMX_SUCCEED);
    assert_int_equal(CpuInvvpid(INVVPID_SINGLE_CONTEXT, &None), VMX_FAIL_VALID);
    assert_int_equal(CpuInvvpid(INVVPID_SINGLE_CONTEXT, &Wide), VMX_FAIL_VALID);
    assert_int_equal(CpuInvvpid(4, &Vpid), VMX_FAIL_VALID);
}

/* --- exceptions that nothing catches --- */

static void AnUnknownMsrFaults(void **State)
{
    UINT64 Value;

    (void)State;
    assert_false(CpuTryReadMsr(TEST_MSR_MISSING, &Value));
    assert_false(CpuTryWriteMsr(TEST_MSR_MISSING, 0));
    EXPECT_MISUSE(CpuReadMsr(TEST_MSR_MISSING), "#GP by RDMSR 1234");
    EXPECT_MISUSE(CpuWriteMsr(IA32_PAT, 2), "#GP by WRMSR 277");
    EXPECT_MISUSE(CpuWriteMsr(IA32_FS_BASE, 1ull << 47), "#GP by WRMSR c0000100");
    EXPECT_MISUSE(CpuWriteMsr(IA32_VMX_BASIC, 0), "#GP by WRMSR 480");
}

static void ATaskRegisterIsLoadedFromAnAvailableTssOfAWritableTable(void **State)
{
    DESCRIPTOR_TABLE_REGISTER Register;
    UINT64 Copy[FAKE_GDT_ENTRIES];

    (void)State;
    EXPECT_MISUSE(CpuLoadTr(0x40), "no available TSS"); /* busy */
    CpuStoreGdt(&Register);
    ((UINT64 *)(UINTPTR)Register.Base)[8] &= ~(1ull << 41);
    EXPECT_MISUSE(CpuLoadTr(0x40), "read-only GDT");
    memcpy(Copy, (const VOID *)(UINTPTR)Register.Base, sizeof(Copy));
    Register.Base = (UINT64)(UINTPTR)Copy;
    CpuLoadGdt(&Register);
    CpuLoadTr(0x40);
    assert_int_equal((Copy[8] >> 40) & 0xFF, 0x8B);
    EXPECT_MISUSE(CpuLoadDs(0x40), "cannot be loaded");
}

/* --- VM entries --- */

/* A field with a value that makes the entry after an exit fail, and what the processor says. */
typedef struct _BAD_FIELD {
    UINT32 Field;
    UINT64 Value;
    const CHAR *Complaint;
} BAD_FIELD;

/* Controls and host state: VMRESUME fails. */
static const BAD_FIELD BadHost[] = {
    {VMCS_PIN_BASED_CONTROLS, 0, "pin-based controls"},
    {VMCS_PIN_BASED_CONTROLS, 0x3E | 1u << 31, "pin-based controls"},
    {VMCS_PRIMARY_PROCESSOR_CONTROLS, 0, "primary processor-based controls"},
    {VMCS_SECONDARY_PROCESSOR_CONTROLS, 1u << 31, "secondary processor-based controls"},
    {VMCS_MSR_BITMAP, 0x123, "MSR bitmap"},
    {VMCS_MSR_BITMAP, 1ull << 45, "MSR bitmap"},
    {VMCS_VPID, 0, "VPID 0"},
    {VMCS_EPT_POINTER, 0x100001F, "EPT pointer"},
    {VMCS_EPT_POINTER, 0x1000006, "EPT pointer"},
    {VMCS_CR3_TARGET_COUNT, 5, "CR3-target count"},
    {VMCS_VMEXIT_CONTROLS, 0, "exit controls"},
    {VMCS_VMENTRY_CONTROLS, 0, "entry controls"},
    {VMCS_HOST_CR0, 0x80050013, "host CR0"},
    {VMCS_HOST_CR3, 1ull << 41, "host CR3"},
    {VMCS_HOST_CR4, 0x370EF8, "host CR4"},
    {VMCS_HOST_PAT, 2, "host PAT"},
    {VMCS_HOST_EFER, 0xD03, "host EFER"},
    {VMCS_HOST_EFER, 0x801, "host EFER"},
    {VMCS_HOST_CS_SELECTOR, 0, "host CS or TR is null"},
    {VMCS_HOST_TR_SELECTOR, 0, "host CS or TR is null"},
    {VMCS_HOST_SS_SELECTOR, 0x1B, "host selector with RPL or TI"},
    {VMCS_HOST_GS_BASE, 1ull << 50, "host base"},
    {VMCS_HOST_SYSENTER_EIP, 1ull << 50, "host SYSENTER"},
    {VMCS_HOST_RIP, 1ull << 50, "host RIP"},
    {VMCS_VMENTRY_MSR_LOAD_COUNT, 1, "MSR area of entries"},
};

/* Guest state: an exit of reason 33. */
static const BAD_FIELD BadGuest[] = {
    {VMCS_GUEST_CR0, 0x80050013, "guest CR0"},
    {VMCS_GUEST_CR4, 0x370EF8, "guest CR4"},
    {VMCS_GUEST_CR4, 0x372ED8, "a 64-bit guest without PG or PAE"},
    {VMCS_GUEST_CR3, 1ull << 40, "guest CR3"},
    {VMCS_GUEST_DR7, 1ull << 32, "guest DR7"},
    {VMCS_GUEST_DEBUGCTL, 4, "guest DEBUGCTL"},
    {VMCS_GUEST_PAT, 0x200, "guest PAT"},
    {VMCS_GUEST_EFER, 0x101, "guest EFER"},
    {VMCS_GUEST_EFER, 0x401, "guest EFER.LME"},
    {VMCS_GUEST_SYSENTER_ESP, 1ull << 50, "guest SYSENTER"},
    {VMCS_GUEST_CS_ACCESS_RIGHTS, 0xE09B, "CS is L and D"},
    {VMCS_GUEST_CS_ACCESS_RIGHTS, 0xA091, "CS type"},
    {VMCS_GUEST_CS_ACCESS_RIGHTS, 0xA0FB, "DPL of CS and SS"},
    {VMCS_GUEST_CS_ACCESS_RIGHTS, 0x1A09B, "CS is unusable"},
    {VMCS_GUEST_CS_ACCESS_RIGHTS, 0xA01B, "not present"},
    {VMCS_GUEST_CS_ACCESS_RIGHTS, 0xA19B, "reserved bits of a segment"},
    {VMCS_GUEST_SS_ACCESS_RIGHTS, 0xC09B, "SS type"},
    {VMCS_GUEST_CS_BASE, 1ull << 32, "CS base"},
    {VMCS_GUEST_FS_BASE, 1ull << 50, "FS or GS base"},
    {VMCS_GUEST_TR_ACCESS_RIGHTS, 0x89, "TR type"},
    {VMCS_GUEST_TR_ACCESS_RIGHTS, 0x1008B, "TR"},
    {VMCS_GUEST_TR_BASE, 1ull << 50, "TR base"},
    {VMCS_GUEST_GDTR_LIMIT, 0x10000, "GDTR"},
    {VMCS_GUEST_IDTR_BASE, 1ull << 50, "IDTR"},
    {VMCS_GUEST_RIP, 1ull << 50, "RIP is not canonical"},
    {VMCS_GUEST_RFLAGS, 0, "reserved bits of RFLAGS"},
    {VMCS_GUEST_RFLAGS, 0x8002, "reserved bits of RFLAGS"},
    {VMCS_GUEST_INTERRUPTIBILITY_STATE, 3, "blocking by STI and by MOV SS"},
    {VMCS_GUEST_INTERRUPTIBILITY_STATE, 1u << 5, "reserved bits of the interruptibility state"},
    {VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS, 1u << 4, "reserved bits of the pending debug exceptions"},
    {VMCS_GUEST_ACTIVITY_STATE, 4, "activity state"},
    {VMCS_GUEST_LINK_POINTER, 0, "link pointer"},
};

static const BAD_FIELD *g_Bad;

/* Instead of the effect of the instruction. */
static BOOLEAN Spoil(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    if (g_Bad->Field == VMCS_GUEST_RIP || g_Bad->Field == VMCS_GUEST_INTERRUPTIBILITY_STATE)
        VmFuncSuppressRipIncrement(0); /* would write it once more */
    FakeVmcsSet(0, g_Bad->Field, g_Bad->Value);
    return TRUE;
}

static VOID ExpectComplaint(const BAD_FIELD *Bad)
{
    TestMachine(TEST_CORES);
    assert_true(TestLoad());
    g_Bad          = Bad;
    g_Test.OnEvent = Spoil;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    HostedSetPanicHandler(TestCatch);
    FakeSetMisuseHandler(TestCatch); /* the way out may fault over what was spoiled */
    if (setjmp(g_Caught) == 0) {
        GuestCpuid(0, 0);
        fail_msg("%x = %llx: the entry succeeds", Bad->Field, Bad->Value);
    }
    if (!strstr(FakeEntryComplaint(0), Bad->Complaint))
        fail_msg("%x = %llx: the complaint is '%s'", Bad->Field, Bad->Value, FakeEntryComplaint(0));
    FakeSetMisuseHandler(NULL);
    g_GuestState[0].Lifecycle = VMM_CORE_OFF; /* the core is lost */
    HvUninitVmm();
}

static void EntriesCheckControlsAndHostState(void **State)
{
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(BadHost); Index++)
        ExpectComplaint(&BadHost[Index]);
}

static void EntriesCheckGuestState(void **State)
{
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(BadGuest); Index++)
        ExpectComplaint(&BadGuest[Index]);
}

/* --- injected events --- */

typedef struct _BAD_EVENT {
    UINT32 Info, ErrorCode, Length, Interruptibility;
    BOOLEAN IsGuest; /* checked with the guest's state */
    const CHAR *Complaint;
} BAD_EVENT;

static const BAD_EVENT BadEvents[] = {
    {TEST_INFO(1, 5), 0, 0, 0, FALSE, "type"},
    {TEST_INFO(INTERRUPTION_TYPE_NMI, 3), 0, 0, 0, FALSE, "vector of the injected NMI"},
    {TEST_INFO_HARDWARE(32), 0, 0, 0, FALSE, "vector of the injected exception"},
    {TEST_INFO_HARDWARE(13), 0, 0, 0, FALSE, "error code"},
    {TEST_INFO_WITH_CODE(6), 0, 0, 0, FALSE, "error code"},
    {TEST_INFO_WITH_CODE(13), 0x10000, 0, 0, FALSE, "error code above"},
    {TEST_INFO_HARDWARE(6) | 1u << 12, 0, 0, 0, FALSE, "reserved bits"},
    {TEST_INFO(INTERRUPTION_TYPE_SOFTWARE_INTERRUPT, 0x80), 0, 16, 0, FALSE, "instruction length"},
    {TEST_INFO(INTERRUPTION_TYPE_NMI, 2), 0, 0, 2, TRUE, "an NMI in an interrupt shadow"},
    {TEST_INFO(INTERRUPTION_TYPE_NMI, 2), 0, 0, 8, TRUE, "an NMI while NMIs are blocked"},
    {TEST_INFO(INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, 0x30), 0, 0, 2, TRUE, "in an interrupt shadow"},
};

static const BAD_EVENT *g_BadEvent;

static BOOLEAN Inject(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    VmFuncSuppressRipIncrement(0);
    FakeVmcsSet(0, VMCS_VMENTRY_INTERRUPTION_INFO, g_BadEvent->Info);
    FakeVmcsSet(0, VMCS_VMENTRY_EXCEPTION_ERROR_CODE, g_BadEvent->ErrorCode);
    FakeVmcsSet(0, VMCS_VMENTRY_INSTRUCTION_LENGTH, g_BadEvent->Length);
    FakeVmcsSet(0, VMCS_GUEST_INTERRUPTIBILITY_STATE, g_BadEvent->Interruptibility);
    return TRUE;
}

static VOID ExpectBadEvent(const BAD_EVENT *Bad)
{
    TestMachine(TEST_CORES);
    assert_true(TestLoad());
    g_BadEvent     = Bad;
    g_Test.OnEvent = Inject;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    EXPECT_PANIC(GuestCpuid(0, 0), g_BadEvent->IsGuest ? "refuses the guest state" : "VMRESUME failed");
    if (!strstr(FakeEntryComplaint(0), g_BadEvent->Complaint))
        fail_msg("event %x: the complaint is '%s'", g_BadEvent->Info, FakeEntryComplaint(0));
    HvUninitVmm();
}

static void EntriesCheckInjectedEvents(void **State)
{
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(BadEvents); Index++)
        ExpectBadEvent(&BadEvents[Index]);
}

/* --- translations --- */

/* A page-table entry that changed is not seen before its translation is invalidated. */
static void TranslationsAreRemembered(void **State)
{
    UINT64 *Tables = PlatformMemoryAllocatePages(4), *Pages = PlatformMemoryAllocatePages(2);
    UINT32 Level;

    (void)State;
    for (Level = 0; Level < 3; Level++)
        Tables[512 * Level] = Physical(&Tables[512 * (Level + 1)]) | 3;
    Tables[512 * 3] = Physical(Pages) | 3;
    CpuWriteCr3(Physical(Tables));
    assert_ptr_equal(CpuPointer(0x10), (UINT8 *)Pages + 0x10);
    Tables[512 * 3] = Physical(Pages + 512) | 3;
    assert_ptr_equal(CpuPointer(0x10), (UINT8 *)Pages + 0x10);
    CpuInvalidatePage(0x123);
    assert_ptr_equal(CpuPointer(0x10), (UINT8 *)(Pages + 512) + 0x10);
    EXPECT_MISUSE(CpuPointer(0x1000), "#PF");
    PlatformMemoryFreePages(Tables, 4);
    PlatformMemoryFreePages(Pages, 2);
}

#define FRESH(Name) cmocka_unit_test_setup_teardown(Name, Fresh, Finish)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        FRESH(VmxonNeedsVmxeAndTheFirmware),
        FRESH(VmxonLooksAtItsRegion),
        FRESH(VmptrldLooksAtItsRegion),
        FRESH(AVmcsBelongsToOneCore),
        FRESH(WithoutACurrentVmcsNothingIsReadOrWritten),
        FRESH(FieldsHaveTheirWidth),
        FRESH(FieldsThatDoNotExistAreRefused),
        FRESH(FieldsOfMissingFeaturesDoNotExist),
        FRESH(ReadOnlyFieldsAreNotWritten),
        FRESH(InveptAndInvvpidLookAtTheirOperands),
        FRESH(AnUnknownMsrFaults),
        FRESH(ATaskRegisterIsLoadedFromAnAvailableTssOfAWritableTable),
        FRESH(EntriesCheckControlsAndHostState),
        FRESH(EntriesCheckGuestState),
        FRESH(EntriesCheckInjectedEvents),
        FRESH(TranslationsAreRemembered),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * SharedControlsTest.c - each kind of exit is turned on by its first user and off by its last one, on its
 * core alone, and by nobody while somebody else protects it; what was refused is tried again.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/vmx/VmxState.h"

#define PORT    0x80u
#define VECTOR  13u
#define CR4_BIT (1ull << 20)
#define CR0_BIT (1ull << 18)
#define NOBODY  0xFFFFu /* not protected */
#define OTHER   1u      /* core */

/* One field of the VMCS and a bit of it, or a bit of the I/O bitmap. */
typedef struct _KIND {
    const CHAR *Name;
    BOOLEAN (*Set)(UINT32 CoreId);
    VOID (*Unset)(UINT32 CoreId);
    UINT32 Field; /* 0: the I/O bitmap */
    UINT64 Bit;
    UINT32 Resource; /* that is asked for, NOBODY: none */
    UINT64 Context;
} KIND;

#define WITH(What, Argument)                                                                                 \
    static BOOLEAN Set##What(UINT32 CoreId)                                                                  \
    {                                                                                                        \
        return ConfigureSet##What(CoreId, Argument);                                                         \
    }                                                                                                        \
    static VOID Unset##What(UINT32 CoreId)                                                                   \
    {                                                                                                        \
        ConfigureUnset##What(CoreId, Argument);                                                              \
    }
#define CONTROL_REGISTER(Name, Direction, ...)                                                               \
    static BOOLEAN Set##Name(UINT32 CoreId)                                                                  \
    {                                                                                                        \
        return ConfigureSetMov##Direction##CrExiting(CoreId, __VA_ARGS__);                                   \
    }                                                                                                        \
    static VOID Unset##Name(UINT32 CoreId)                                                                   \
    {                                                                                                        \
        ConfigureUnsetMov##Direction##CrExiting(CoreId, __VA_ARGS__);                                        \
    }

WITH(IoExiting, PORT)
WITH(ExceptionBitmap, VECTOR)
CONTROL_REGISTER(Cr0, To, 0, CR0_BIT)
CONTROL_REGISTER(Cr4, To, 4, CR4_BIT)
CONTROL_REGISTER(ToCr8, To, 8, 0)
CONTROL_REGISTER(FromCr3, From, 3)
CONTROL_REGISTER(FromCr8, From, 8)

#define PRIMARY VMCS_PRIMARY_PROCESSOR_CONTROLS

static const KIND g_Kinds[] = {
    {"IN and OUT", SetIoExiting, UnsetIoExiting, 0, 0, NOBODY, 0},
    {"exceptions", SetExceptionBitmap, UnsetExceptionBitmap, VMCS_EXCEPTION_BITMAP, 1u << VECTOR,
     PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, VECTOR},
    {"CR0", SetCr0, UnsetCr0, VMCS_CR0_GUEST_HOST_MASK, CR0_BIT,
     PROTECTED_HV_RESOURCES_MOV_CONTROL_REGISTER_EXITING, 0},
    {"CR4", SetCr4, UnsetCr4, VMCS_CR4_GUEST_HOST_MASK, CR4_BIT,
     PROTECTED_HV_RESOURCES_MOV_CONTROL_REGISTER_EXITING, 4},
    {"MOV to CR3", ConfigureSetMovToCr3Exiting, ConfigureUnsetMovToCr3Exiting, PRIMARY,
     PRIMARY_CR3_LOAD_EXITING, PROTECTED_HV_RESOURCES_MOV_TO_CR3_EXITING, 0},
    {"MOV to CR8", SetToCr8, UnsetToCr8, PRIMARY, PRIMARY_CR8_LOAD_EXITING, NOBODY, 0},
    {"MOV from CR3", SetFromCr3, UnsetFromCr3, PRIMARY, PRIMARY_CR3_STORE_EXITING, NOBODY, 0},
    {"MOV from CR8", SetFromCr8, UnsetFromCr8, PRIMARY, PRIMARY_CR8_STORE_EXITING, NOBODY, 0},
    {"MOV DR", ConfigureSetMovDebugRegsExiting, ConfigureUnsetMovDebugRegsExiting, PRIMARY,
     PRIMARY_MOV_DR_EXITING, PROTECTED_HV_RESOURCES_MOV_TO_DEBUG_REGISTER_EXITING, 0},
    {"RDTSC", ConfigureSetRdtscExiting, ConfigureUnsetRdtscExiting, PRIMARY, PRIMARY_RDTSC_EXITING,
     PROTECTED_HV_RESOURCES_RDTSC_RDTSCP_EXITING, 0},
    {"RDPMC", ConfigureSetRdpmcExiting, ConfigureUnsetRdpmcExiting, PRIMARY, PRIMARY_RDPMC_EXITING, NOBODY,
     0},
    {"interrupts", ConfigureSetExternalInterruptExiting, ConfigureUnsetExternalInterruptExiting,
     VMCS_PIN_BASED_CONTROLS, PIN_BASED_EXTERNAL_INTERRUPT_EXITING,
     PROTECTED_HV_RESOURCES_EXTERNAL_INTERRUPT_EXITING, 0},
    {"SYSCALL", ConfigureSetEferSyscallHook, ConfigureUnsetEferSyscallHook, VMCS_EXCEPTION_BITMAP, 1u << 6,
     PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP, 6},
};

/* --- the user who may protect --- */

static BOOLEAN g_IsRefused;
static UINT32 g_Asked;
static PROTECTED_HV_RESOURCES_TYPE g_Resource;
static UINT64 g_Context;

static BOOLEAN Query(UINT32 CoreId, PROTECTED_HV_RESOURCES_TYPE Resource, PVOID Context,
                     PROTECTED_HV_RESOURCES_PASSING_OVERS PassOver)
{
    assert_int_equal(CoreId, PlatformCpuCurrent());
    assert_int_equal(PassOver, PASSING_OVER_NONE);
    g_Resource = Resource;
    g_Context  = (UINT64)(UINTPTR)Context;
    g_Asked++;
    return !g_IsRefused;
}

static int Start(void **State)
{
    VMM_CALLBACKS Callbacks = TestCallbacks();

    (void)State;
    Callbacks.VmmCallbackQueryTerminateProtectedResource = Query;
    TestMachine(TEST_CORES);
    g_IsRefused = FALSE;
    g_Asked     = 0;
    return !HvInitVmm(&Callbacks);
}

#undef TEST
#define TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, TestFinish)

static BOOLEAN IsOn(const KIND *Kind, UINT32 CoreId)
{
    if (Kind->Field == 0)
        return (g_GuestState[CoreId].Vmx->IoBitmaps[PORT / 8] >> (PORT % 8)) & 1;
    return (FakeVmcsGet(CoreId, Kind->Field) & Kind->Bit) != 0;
}

/* Names the kind where a check fails. */
#define EXPECT(Kind, CoreId, On)                                                                             \
    do {                                                                                                     \
        if (IsOn((Kind), (CoreId)) != (On))                                                                  \
            fail_msg("%s on core %u: %s", (Kind)->Name, (UINT32)(CoreId), (On) ? "off" : "on");              \
    } while (0)
#define EACH(Kind)                                                                                           \
    const KIND *(Kind) = g_Kinds;                                                                            \
    (Kind) < g_Kinds + COUNT_OF(g_Kinds);                                                                    \
    (Kind)++

static void TheFirstUserTurnsItOnAndTheLastOneOff(void **State)
{
    (void)State;
    for (EACH(Kind)) {
        EXPECT(Kind, 0, FALSE);
        assert_true(Kind->Set(0));
        assert_true(Kind->Set(0));
        EXPECT(Kind, 0, TRUE);
        EXPECT(Kind, OTHER, FALSE);
        Kind->Unset(0);
        EXPECT(Kind, 0, TRUE);
        Kind->Unset(0);
        EXPECT(Kind, 0, FALSE);
        Kind->Unset(0); /* nobody is left */
        assert_true(Kind->Set(0));
        EXPECT(Kind, 0, TRUE);
        Kind->Unset(0);
        EXPECT(Kind, 0, FALSE);
    }
}

static void AllCoresMeansEachOfThem(void **State)
{
    (void)State;
    for (EACH(Kind)) {
        assert_true(Kind->Set(VMM_ALL_CORES));
        assert_true(Kind->Set(OTHER));
        EXPECT(Kind, 0, TRUE);
        Kind->Unset(VMM_ALL_CORES);
        EXPECT(Kind, 0, FALSE);
        EXPECT(Kind, OTHER, TRUE);
        Kind->Unset(OTHER);
        EXPECT(Kind, OTHER, FALSE);
        assert_false(Kind->Set(TEST_CORES));
    }
}

static void WhatIsProtectedStaysUntilItIsAllowed(void **State)
{
    (void)State;
    for (EACH(Kind)) {
        const BOOLEAN IsProtected = Kind->Resource != NOBODY;

        assert_true(Kind->Set(0));
        g_Asked     = 0;
        g_IsRefused = TRUE;
        Kind->Unset(0);
        EXPECT(Kind, 0, IsProtected);
        assert_int_equal(g_Asked != 0, IsProtected);
        if (IsProtected) {
            assert_int_equal(g_Resource, Kind->Resource);
            assert_int_equal(g_Context, Kind->Context);
        }
        g_IsRefused = FALSE;
        assert_true(Kind->Set(0)); /* any change tries again what was refused */
        Kind->Unset(0);
        EXPECT(Kind, 0, FALSE);
    }
}

/* Nobody is asked about what only gets another user, or still has one. */
static void TurningOnAsksNobody(void **State)
{
    (void)State;
    for (EACH(Kind)) {
        g_Asked = 0;
        assert_true(Kind->Set(0));
        assert_true(Kind->Set(0));
        Kind->Unset(0);
        assert_int_equal(g_Asked, 0);
        Kind->Unset(0);
    }
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(TheFirstUserTurnsItOnAndTheLastOneOff),
        TEST(AllCoresMeansEachOfThem),
        TEST(WhatIsProtectedStaysUntilItIsAllowed),
        TEST(TurningOnAsksNobody),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

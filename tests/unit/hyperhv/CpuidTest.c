/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CpuidTest.c - CPUID says what the processor says, but for VMX, the hypervisor's presence and what mirrors
 * CR4.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/core/Instructions.h"

#define ECX_VMX        (1u << 5)
#define ECX_SMX        (1u << 6)
#define ECX_OSXSAVE    (1u << 27)
#define ECX_HYPERVISOR (1u << 31)
#define ECX_OSPKE      (1u << 4)
#define CR4_OSXSAVE    (1ull << 18)
#define CR4_PKE        (1ull << 22)

static VOID ExpectResult(UINT32 Eax, UINT32 Ebx, UINT32 Ecx, UINT32 Edx)
{
    assert_int_equal(Guest()->Regs.rax, Eax);
    assert_int_equal(Guest()->Regs.rbx, Ebx);
    assert_int_equal(Guest()->Regs.rcx, Ecx);
    assert_int_equal(Guest()->Regs.rdx, Edx);
}

static void OtherLeavesAreTheProcessorsOwn(void **State)
{
    static const UINT32 Leaves[] = {0,    2,          4,          6,          8,          0xB,       0xD,
                                    0x16, 0x80000000, 0x80000001, 0xFFFFFFFF, 0x3FFFFFFF, 0x40000100};
    UINT32 Index, Subleaf;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Leaves); Index++) {
        for (Subleaf = 0; Subleaf < 3; Subleaf++) {
            CPUID_RESULT Expected;

            FakeCpuidSet(Leaves[Index], Subleaf, ~Leaves[Index], 0xFFFFFFFF - Subleaf, 0xFFFFFFFF,
                         0xFFFFFFFF);
            FakeCpuidGet(Leaves[Index], Subleaf, &Expected);
            GuestCpuid(Leaves[Index], Subleaf);
            ExpectResult((UINT32)Expected.Eax, (UINT32)Expected.Ebx, (UINT32)Expected.Ecx,
                         (UINT32)Expected.Edx);
        }
    }
}

/* Inputs are EAX and ECX; outputs clear the upper halves. */
static void UpperHalvesOfTheInputsDoNotCount(void **State)
{
    (void)State;
    FakeCpuidSet(0xD, 1, 1, 2, 3, 4);
    GuestCpuid(0xFFFFFFFF0000000Dull, 0xFFFFFFFF00000001ull);
    ExpectResult(1, 2, 3, 4);
    GuestCpuid(0x1234567800000001ull, 0);
    assert_true(Guest()->Regs.rcx & ECX_HYPERVISOR);
}

static void VmxAndSmxAreHiddenAndAHypervisorIsAnnounced(void **State)
{
    CPUID_RESULT Real;

    (void)State;
    FakeCpuidGet(1, 0, &Real);
    assert_true(Real.Ecx & ECX_VMX && Real.Ecx & ECX_SMX && !(Real.Ecx & ECX_HYPERVISOR));
    GuestCpuid(1, 0);
    ExpectResult((UINT32)Real.Eax, (UINT32)Real.Ebx,
                 ((UINT32)Real.Ecx & ~(ECX_VMX | ECX_SMX)) | ECX_HYPERVISOR, (UINT32)Real.Edx);
}

static void OurLeavesNameUs(void **State)
{
    (void)State;
    GuestCpuid(0x40000000, 0);
    ExpectResult(0x40000001, 0x65707948, 0x67624472, 0x78756E4C);
    assert_memory_equal("HyperDbgLnux", ((UINT32[]){0x65707948, 0x67624472, 0x78756E4C}), 12);
    GuestCpuid(0x40000001, 0);
    ExpectResult(0, 0, 0, 0);
    GuestCpuid(0x400000FF, 0);
    ExpectResult(0, 0, 0, 0);
}

static void TransparentNobodyIsAnnounced(void **State)
{
    (void)State;
    FakeCpuidSet(0x40000000, 0, 7, 8, 9, 10); /* what the bare processor gives there */
    g_TransparentMode = TRUE;
    GuestCpuid(1, 0);
    assert_false(Guest()->Regs.rcx & (ECX_HYPERVISOR | ECX_VMX));
    GuestCpuid(0x40000000, 0);
    ExpectResult(7, 8, 9, 10);
}

/* The guest has been using the leaves of the hypervisor below since it booted. */
static void TheLeavesOfAHypervisorBelowStay(void **State)
{
    CPUID_RESULT Real;

    (void)State;
    HvUninitVmm();
    FakeCpuidGet(1, 0, &Real);
    FakeCpuidSet(1, 0, (UINT32)Real.Eax, (UINT32)Real.Ebx, (UINT32)Real.Ecx | ECX_HYPERVISOR,
                 (UINT32)Real.Edx);
    FakeCpuidSet(0x40000000, 0, 0x40000001, 0x4B4D564B, 0x564B4D56, 0x4D);
    assert_true(TestLoad());
    assert_true(CpuidIsHypervisorBelow());
    GuestCpuid(0x40000000, 0);
    ExpectResult(0x40000001, 0x4B4D564B, 0x564B4D56, 0x4D);
    GuestCpuid(1, 0);
    assert_true(Guest()->Regs.rcx & ECX_HYPERVISOR);
}

/* Root mode's own CR4 has OSXSAVE set whatever the guest's says. */
static void OsxsaveMirrorsTheGuestsCr4(void **State)
{
    (void)State;
    GuestCpuid(1, 0);
    assert_true(Guest()->Regs.rcx & ECX_OSXSAVE);
    Guest()->Cr4 &= ~CR4_OSXSAVE;
    GuestCpuid(1, 0);
    assert_false(Guest()->Regs.rcx & ECX_OSXSAVE);
}

static void OspkeMirrorsTheGuestsCr4InSubleaf0Only(void **State)
{
    (void)State;
    GuestCpuid(7, 0);
    assert_int_equal(Guest()->Regs.rcx, 0xC); /* OSPKE is off */
    Guest()->Cr4 |= CR4_PKE;
    GuestCpuid(7, 0);
    assert_int_equal(Guest()->Regs.rcx, 0xC | ECX_OSPKE);
    GuestCpuid(7, 1); /* the bit has no such meaning here */
    ExpectResult(0x30, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(OtherLeavesAreTheProcessorsOwn),
        TEST(UpperHalvesOfTheInputsDoNotCount),
        TEST(VmxAndSmxAreHiddenAndAHypervisorIsAnnounced),
        TEST(OurLeavesNameUs),
        TEST(TransparentNobodyIsAnnounced),
        TEST(TheLeavesOfAHypervisorBelowStay),
        TEST(OsxsaveMirrorsTheGuestsCr4),
        TEST(OspkeMirrorsTheGuestsCr4InSubleaf0Only),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

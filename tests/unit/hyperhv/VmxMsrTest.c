/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmxMsrTest.c - MSRs whose guest value lives in the VMCS are read and written there, with the checks of the
 * processor; the bitmap holds exactly what was asked for.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/vmx/VmxMsr.h"

#define NOT_CANONICAL   0x0000800000000000ull
#define LOWEST_NEGATIVE 0xFFFF800000000000ull
#define HIGHEST         0x00007FFFFFFFFFFFull

/* An MSR, where its guest value lives, one value that goes and some that do not. */
typedef struct _VMCS_MSR {
    UINT32 Msr;
    UINT32 Field;
    UINT64 Good[3];
    UINT64 Bad[3]; /* 0: none */
} VMCS_MSR;

static const VMCS_MSR VmcsMsrs[] = {
    {IA32_FS_BASE,
     VMCS_GUEST_FS_BASE,
     {HIGHEST, LOWEST_NEGATIVE, 0},
     {NOT_CANONICAL, 1ull << 63, HIGHEST + 1}},
    {IA32_GS_BASE,
     VMCS_GUEST_GS_BASE,
     {HIGHEST, LOWEST_NEGATIVE, 0},
     {NOT_CANONICAL, 1ull << 63, HIGHEST + 1}},
    {IA32_SYSENTER_CS, VMCS_GUEST_SYSENTER_CS, {0, 0x10, 0xFFFFFFFF}, {0, 0, 0}},
    {IA32_SYSENTER_ESP,
     VMCS_GUEST_SYSENTER_ESP,
     {HIGHEST, LOWEST_NEGATIVE, 0},
     {NOT_CANONICAL, 1ull << 63, 0}},
    {IA32_SYSENTER_EIP,
     VMCS_GUEST_SYSENTER_EIP,
     {HIGHEST, LOWEST_NEGATIVE, 0},
     {NOT_CANONICAL, 1ull << 63, 0}},
    {IA32_PAT,
     VMCS_GUEST_PAT,
     {0x0007040600070406, 0, 0x0707060605040100},
     {0x0007040600070402, 0x0307040600070406, 0x0007040600080406}},
    {IA32_EFER, VMCS_GUEST_EFER, {0xD01, 0xD00, 0x501}, {0xD03, 0x401, 1ull << 32}},
    {IA32_DEBUGCTL, VMCS_GUEST_DEBUGCTL, {0, 1, 2}, {4, 1ull << 32, 8}},
};

#define FOR_EACH_MSR(Of) for (const VMCS_MSR *Of = VmcsMsrs; Of < VmcsMsrs + COUNT_OF(VmcsMsrs); Of++)

static VOID Rewind(VOID)
{
    Guest()->Rip = TEST_RIP;
}

/* FakeMsrGet looks at the register that is in force: the guest's, as the entry has loaded it. */
static void AWrittenValueIsTheGuestsAfterTheEntry(void **State)
{
    UINT32 Index;

    (void)State;
    FOR_EACH_MSR(Of)
    {
        for (Index = 0; Index < COUNT_OF(Of->Good); Index++) {
            Rewind();
            GuestWrmsr(Of->Msr, Of->Good[Index]);
            ExpectDone(2);
            assert_int_equal(GuestField(Of->Field), Of->Good[Index]);
            assert_int_equal(FakeMsrGet(0, Of->Msr), Of->Good[Index]);
            Rewind();
            GuestRdmsr(Of->Msr);
            ExpectDone(2);
            assert_int_equal(GuestEdxEax(), Of->Good[Index]);
        }
    }
}

static void AnImpossibleValueIsGeneralProtectionAndChangesNothing(void **State)
{
    UINT32 Index;

    (void)State;
    FOR_EACH_MSR(Of)
    {
        const UINT64 Before = FakeMsrGet(0, Of->Msr);

        for (Index = 0; Index < COUNT_OF(Of->Bad) && Of->Bad[Index] != 0; Index++) {
            GuestWrmsr(Of->Msr, Of->Bad[Index]);
            ExpectGeneralProtection();
            assert_int_equal(FakeMsrGet(0, Of->Msr), Before);
        }
    }
}

/* What the exit loaded for root mode is not what the guest has. */
static void RootModesOwnValuesAreNotRead(void **State)
{
    (void)State;
    FakeMsrSet(0, IA32_FS_BASE, 0x1111);
    FakeMsrSet(0, IA32_GS_BASE, 0x2222);
    FakeMsrSet(0, IA32_SYSENTER_CS, 0x33);
    FakeMsrSet(0, IA32_DEBUGCTL, 2);
    GuestRdmsr(IA32_FS_BASE);
    assert_int_equal(GuestEdxEax(), 0x1111);
    GuestRdmsr(IA32_GS_BASE);
    assert_int_equal(GuestEdxEax(), 0x2222);
    GuestRdmsr(IA32_SYSENTER_CS);
    assert_int_equal(GuestEdxEax(), 0x33);
    GuestRdmsr(IA32_DEBUGCTL);
    assert_int_equal(GuestEdxEax(), 2);
}

/* The upper half of IA32_SYSENTER_CS is ignored: the VMCS has 32 bits of it. */
static void SysenterCsHas32Bits(void **State)
{
    (void)State;
    GuestWrmsr(IA32_SYSENTER_CS, 0x1234567800000010ull);
    ExpectDone(2);
    assert_int_equal(FakeMsrGet(0, IA32_SYSENTER_CS), 0x10);
}

static void LmaIsTheProcessorsAndLmeStaysUnderPaging(void **State)
{
    (void)State;
    GuestWrmsr(IA32_EFER, 0x901); /* LMA written as 0 */
    ExpectDone(2);
    assert_int_equal(FakeMsrGet(0, IA32_EFER), 0xD01);
    Rewind();
    GuestWrmsr(IA32_EFER, 0xC01); /* without LME */
    ExpectGeneralProtection();
}

/* Processors with five levels of paging take 57-bit addresses here, whatever CR4.LA57 says. */
static void AddressesMayBeAsWideAsTheProcessorsLinearOnes(void **State)
{
    static const UINT32 Msrs[] = {IA32_FS_BASE, IA32_GS_BASE, IA32_SYSENTER_ESP, IA32_SYSENTER_EIP};
    UINT32 Index;

    (void)State;
    HvUninitVmm();
    FakeCpuidSet(0x80000008, 0, 0x3934, 0, 0, 0);
    assert_true(TestLoad());
    for (Index = 0; Index < COUNT_OF(Msrs); Index++) {
        Rewind();
        GuestWrmsr(Msrs[Index], 0xFF11000000000000ull);
        ExpectDone(2);
        assert_int_equal(FakeMsrGet(0, Msrs[Index]), 0xFF11000000000000ull);
        Rewind();
        GuestWrmsr(Msrs[Index], 0x0100000000000000ull);
        ExpectGeneralProtection();
    }
}

/* --- the bitmap --- */

#define BITMAP_BYTES 4096

static BOOLEAN BitOf(UINT32 Msr, HV_CONTROL Access)
{
    const UINT8 *Bitmap = GuestVCpu()->Vmx->MsrBitmap + (Access == HV_CONTROL_MSR_WRITE ? 2048 : 0);

    if (Msr >= 0xC0000000u) {
        Bitmap += 1024;
        Msr -= 0xC0000000u;
    }
    return (Bitmap[Msr / 8] >> (Msr % 8)) & 1;
}

static BOOLEAN TellsOfVmx(UINT32 Msr)
{
    return Msr == IA32_FEATURE_CONTROL || (Msr >= 0x480 && Msr <= 0x493);
}

/* Of both ranges, one after the other. */
static UINT32 MsrOf(UINT32 Index)
{
    return Index < 0x2000 ? Index : 0xC0000000u + Index - 0x2000;
}

static void AtFirstOnlyWhatTellsOfVmxExits(void **State)
{
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < 0x4000; Index++) {
        assert_int_equal(BitOf(MsrOf(Index), HV_CONTROL_MSR_READ), TellsOfVmx(MsrOf(Index)));
        assert_int_equal(BitOf(MsrOf(Index), HV_CONTROL_MSR_WRITE), TellsOfVmx(MsrOf(Index)));
    }
}

static VOID Change(UINT32 Msr, UINT32 Access, BOOLEAN On)
{
    UINT32 Index;

    if (HvMsrIndex(Msr, &Index))
        VmxChangeMsrBitmap(GuestVCpu()->Vmx, Access == HV_CONTROL_MSR_WRITE, Index, 1, On);
}

static void AChangeTouchesOneBit(void **State)
{
    static const UINT32 Msrs[] = {0, 7, 8, 0x1FFF, 0xC0000000, 0xC0000080, 0xC0001FFF};
    UINT8 Before[BITMAP_BYTES];
    UINT32 Index, Byte, Access, Changed;

    (void)State;
    memcpy(Before, GuestVCpu()->Vmx->MsrBitmap, BITMAP_BYTES);
    for (Index = 0; Index < COUNT_OF(Msrs); Index++) {
        for (Access = HV_CONTROL_MSR_READ; Access <= HV_CONTROL_MSR_WRITE; Access++) {
            Change(Msrs[Index], Access, TRUE);
            assert_true(BitOf(Msrs[Index], Access));
            for (Byte = Changed = 0; Byte < BITMAP_BYTES; Byte++)
                Changed += (UINT32)__builtin_popcount(Before[Byte] ^ GuestVCpu()->Vmx->MsrBitmap[Byte]);
            assert_int_equal(Changed, 1);
            Change(Msrs[Index], Access, FALSE);
            assert_memory_equal(Before, GuestVCpu()->Vmx->MsrBitmap, BITMAP_BYTES);
        }
    }
}

static void OutsideTheRangesNothingIsTouched(void **State)
{
    static const UINT32 Msrs[] = {0x2000, 0xBFFFFFFF, 0xC0002000, 0xFFFFFFFF, 0x40000000};
    UINT8 Before[BITMAP_BYTES];
    UINT32 Index;

    (void)State;
    memcpy(Before, GuestVCpu()->Vmx->MsrBitmap, BITMAP_BYTES);
    for (Index = 0; Index < COUNT_OF(Msrs); Index++) {
        Change(Msrs[Index], HV_CONTROL_MSR_READ, TRUE);
        Change(Msrs[Index], HV_CONTROL_MSR_WRITE, TRUE);
    }
    assert_memory_equal(Before, GuestVCpu()->Vmx->MsrBitmap, BITMAP_BYTES);
}

static void WhatTellsOfVmxExitsWhoeverDisarmsIt(void **State)
{
    UINT32 Msr;

    (void)State;
    for (Msr = 0; Msr < 0x1000; Msr++) {
        if (!TellsOfVmx(Msr))
            continue;
        Change(Msr, HV_CONTROL_MSR_READ, FALSE);
        Change(Msr, HV_CONTROL_MSR_WRITE, FALSE);
        assert_true(BitOf(Msr, HV_CONTROL_MSR_READ));
        assert_true(BitOf(Msr, HV_CONTROL_MSR_WRITE));
    }
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(AWrittenValueIsTheGuestsAfterTheEntry),
        TEST(AnImpossibleValueIsGeneralProtectionAndChangesNothing),
        TEST(RootModesOwnValuesAreNotRead),
        TEST(SysenterCsHas32Bits),
        TEST(LmaIsTheProcessorsAndLmeStaysUnderPaging),
        TEST(AddressesMayBeAsWideAsTheProcessorsLinearOnes),
        TEST(AtFirstOnlyWhatTellsOfVmxExits),
        TEST(AChangeTouchesOneBit),
        TEST(OutsideTheRangesNothingIsTouched),
        TEST(WhatTellsOfVmxExitsWhoeverDisarmsIt),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

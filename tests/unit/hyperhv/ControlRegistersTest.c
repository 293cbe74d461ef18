/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ControlRegistersTest.c - the guest reads its control registers as it wrote them, and the processor runs
 * with what VMX operation fixes.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/vmx/ControlRegisters.h"

#define CR0_MP    (1ull << 1)
#define CR0_EM    (1ull << 2)
#define CR0_TS    (1ull << 3)
#define CR0_WP    (1ull << 16)
#define CR0_NW    (1ull << 29)
#define CR0_CD    (1ull << 30)
#define CR4_PAE   (1ull << 5)
#define CR4_LA57  (1ull << 12)
#define CR4_PCIDE (1ull << 17)
#define CR4_SMEP  (1ull << 20)

/* Exit qualifications: table 28-3. */
#define MOV_TO(Cr, Register)   ((Cr) | ((UINT64)(Register) << 8))
#define MOV_FROM(Cr, Register) ((Cr) | (1ull << 4) | ((UINT64)(Register) << 8))
#define CLTS                   (2ull << 4)
#define LMSW(Source)           ((3ull << 4) | ((UINT64)(Source) << 16))
#define RAX                    0

static VOID CrExit(UINT64 Qualification)
{
    Guest()->Rip = TEST_RIP;
    FakeExit(&(FAKE_EXIT){
        .Reason = VMX_EXIT_REASON_MOV_CR, .InstructionLength = 3, .Qualification = Qualification});
}

static VOID MovTo(UINT32 Cr, UINT64 Value)
{
    Guest()->Regs.rax = Value;
    CrExit(MOV_TO(Cr, RAX));
}

/* --- CR0 --- */

static void NeIsTheGuestsInTheShadowAndTheProcessorsInTheRegister(void **State)
{
    const UINT64 Cr0 = CpuReadCr0();

    (void)State;
    MovTo(0, Cr0 & ~CR0_NE);
    ExpectDone(3);
    assert_int_equal(CpuReadCr0(), Cr0 & ~CR0_NE);
    assert_true(Guest()->Cr0 & CR0_NE);
    MovTo(0, Cr0);
    ExpectDone(3);
    assert_int_equal(CpuReadCr0(), Cr0);
}

/* The instruction as the kernel executes it: leaves the guest only where it must. */
static void OnlyBitsThatVmxFixesLeaveTheGuest(void **State)
{
    const UINT64 Cr0 = CpuReadCr0(), Cr4 = CpuReadCr4();
    UINT64 *Exits = &GuestVCpu()->ExitCounts[VMX_EXIT_REASON_MOV_CR];

    (void)State;
    CpuWriteCr0(Cr0 | CR0_TS);
    CpuWriteCr0(Cr0 & ~CR0_WP);
    CpuWriteCr4(Cr4 & ~CR4_SMEP);
    CpuWriteCr4(Cr4);
    assert_int_equal(*Exits, 0);
    CpuWriteCr0(Cr0 & ~CR0_NE);
    assert_int_equal(*Exits, 1);
    assert_int_equal(CpuReadCr0(), Cr0 & ~CR0_NE);
    CpuWriteCr0(Cr0);
    CpuWriteCr4(Cr4 | CR4_VMXE);
    assert_int_equal(*Exits, 3);
    CpuWriteCr4(Cr4);
    assert_int_equal(*Exits, 4);
}

/* An exit may bring other changes along: they are the guest's. */
static void OtherBitsOfTheSameWriteCount(void **State)
{
    const UINT64 Cr0 = CpuReadCr0();

    (void)State;
    MovTo(0, (Cr0 & ~(CR0_NE | CR0_WP)) | CR0_TS);
    ExpectDone(3);
    assert_int_equal(CpuReadCr0(), (Cr0 & ~(CR0_NE | CR0_WP)) | CR0_TS);
    assert_int_equal(Guest()->Cr0 & (CR0_WP | CR0_TS), CR0_TS);
}

/* Entries and exits leave NW and CD as they are: they are set and cleared in the processor itself. */
static void CachingIsTurnedOffAndOn(void **State)
{
    const UINT64 Cr0 = CpuReadCr0();

    (void)State;
    MovTo(0, (Cr0 & ~CR0_NE) | CR0_CD | CR0_NW);
    ExpectDone(3);
    assert_int_equal(CpuReadCr0(), (Cr0 & ~CR0_NE) | CR0_CD | CR0_NW);
    assert_int_equal(Guest()->Cr0 & (CR0_CD | CR0_NW), CR0_CD | CR0_NW);
    GuestCpuid(0, 0);
    assert_int_equal(Guest()->Cr0 & (CR0_CD | CR0_NW), CR0_CD | CR0_NW);
    MovTo(0, Cr0);
    ExpectDone(3);
    assert_int_equal(CpuReadCr0(), Cr0);
    assert_int_equal(Guest()->Cr0 & (CR0_CD | CR0_NW), 0);
}

static void TurningPagingOffIsGeneralProtection(void **State)
{
    const UINT64 Cr0 = CpuReadCr0();

    (void)State;
    MovTo(0, Cr0 & ~(CR0_PG | CR0_NE));
    ExpectGeneralProtection();
    MovTo(0, Cr0 & ~(CR0_PE | CR0_NE));
    ExpectGeneralProtection();
    MovTo(0, Cr0 | (1ull << 32));
    ExpectGeneralProtection();
    MovTo(0, (Cr0 & ~CR0_NE) | (1ull << 29)); /* NW without CD */
    ExpectGeneralProtection();
    assert_int_equal(CpuReadCr0(), Cr0);
}

/* --- CR4 --- */

/* A kernel may set VMXE (and reads it back): its VMXON is what fails. */
static void VmxeIsInTheShadowOnly(void **State)
{
    const UINT64 Cr4 = CpuReadCr4();

    (void)State;
    assert_false(Cr4 & CR4_VMXE);
    assert_true(Guest()->Cr4 & CR4_VMXE); /* the processor's own, since VMXON */
    MovTo(4, Cr4 | CR4_VMXE);
    ExpectDone(3);
    assert_int_equal(CpuReadCr4(), Cr4 | CR4_VMXE);
    MovTo(4, Cr4);
    ExpectDone(3);
    assert_int_equal(CpuReadCr4(), Cr4);
    assert_true(Guest()->Cr4 & CR4_VMXE);
}

static void AfterTheUnloadVmxeIsAsTheGuestWroteIt(void **State)
{
    (void)State;
    CpuWriteCr4(CpuReadCr4() | CR4_VMXE);
    HvUninitVmm();
    assert_true(FakeRegisters(0)->Cr4 & CR4_VMXE);
    assert_false(FakeRegisters(1)->Cr4 & CR4_VMXE);
}

static void ACr4ThatTheProcessorRefusesIsGeneralProtection(void **State)
{
    const UINT64 Cr4 = CpuReadCr4();

    (void)State;
    MovTo(4, Cr4 | CR4_VMXE | (1ull << 15)); /* a bit that does not exist */
    ExpectGeneralProtection();
    MovTo(4, Cr4 | CR4_VMXE | (1ull << 40));
    ExpectGeneralProtection();
    assert_int_equal(CpuReadCr4(), Cr4);
}

/* In 64-bit mode these cannot change; the entry would fail. */
static void PagingModesThatCannotChangeAreGeneralProtection(void **State)
{
    const UINT64 Cr4 = CpuReadCr4();

    (void)State;
    MovTo(4, (Cr4 | CR4_VMXE) & ~CR4_PAE);
    ExpectGeneralProtection();
    assert_int_equal(CpuReadCr4(), Cr4);
}

static void LevelsOfPagingCannotChange(void **State)
{
    const UINT64 Cr4 = CpuReadCr4();

    (void)State;
    HvUninitVmm();
    FakeMsrSetAll(IA32_VMX_CR4_FIXED1, 0x777FFF);
    assert_true(TestLoad());
    MovTo(4, Cr4 | CR4_VMXE | CR4_LA57);
    ExpectGeneralProtection();
    assert_int_equal(CpuReadCr4(), Cr4);
}

static void PcidsNeedACr3WithoutOneToBegin(void **State)
{
    UINT64 Cr4;

    (void)State;
    CpuWriteCr3(0x2345000);
    CpuWriteCr4(CpuReadCr4() & ~CR4_PCIDE);
    Cr4          = CpuReadCr4();
    Guest()->Cr3 = 0x2345018; /* PCD and PWT are set */
    MovTo(4, Cr4 | CR4_VMXE | CR4_PCIDE);
    ExpectGeneralProtection();
    Guest()->Cr3 = 0x2345000;
    MovTo(4, Cr4 | CR4_VMXE | CR4_PCIDE);
    ExpectDone(3);
    assert_int_equal(CpuReadCr4(), Cr4 | CR4_VMXE | CR4_PCIDE);
}

/* --- CLTS, LMSW --- */

static void CltsClearsTs(void **State)
{
    const UINT64 Cr0 = CpuReadCr0();

    (void)State;
    Guest()->Cr0 |= CR0_TS;
    CrExit(CLTS);
    ExpectDone(3);
    assert_int_equal(CpuReadCr0(), Cr0);
    assert_false(Guest()->Cr0 & CR0_TS);
}

static void LmswChangesFourBitsAndCannotClearPe(void **State)
{
    const UINT64 Cr0 = CpuReadCr0();

    (void)State;
    CrExit(LMSW(CR0_TS | CR0_EM));
    ExpectDone(3);
    assert_int_equal(CpuReadCr0(), (Cr0 & ~CR0_MP) | CR0_TS | CR0_EM);
    CrExit(LMSW(0xFFF0));
    ExpectDone(3);
    assert_int_equal(CpuReadCr0(), Cr0 & ~(CR0_MP | CR0_TS | CR0_EM));
    assert_true(CpuReadCr0() & CR0_PE);
}

/* --- CR3, other registers --- */

static void EachRegisterCanBeTheOperand(void **State)
{
    const UINT64 Cr0 = CpuReadCr0();
    UINT32 Register;

    (void)State;
    for (Register = 0; Register < GUEST_REGS_GENERAL_COUNT; Register++) {
        const UINT64 Before = ((UINT64 *)&Guest()->Regs)[Register];

        ((UINT64 *)&Guest()->Regs)[Register] = Cr0 & ~CR0_NE;
        CrExit(MOV_TO(0, Register));
        ExpectDone(3);
        assert_int_equal(CpuReadCr0(), Cr0 & ~CR0_NE);
        ((UINT64 *)&Guest()->Regs)[Register] = Before;
        MovTo(0, Cr0);
    }
}

static void Cr3IsReadIntoAnyRegister(void **State)
{
    UINT32 Register;

    (void)State;
    for (Register = 0; Register < GUEST_REGS_GENERAL_COUNT; Register++) {
        CrExit(MOV_FROM(3, Register));
        ExpectDone(3);
        assert_int_equal(((UINT64 *)&Guest()->Regs)[Register], 0x2345001);
    }
}

/* Bit 63 asks the processor not to flush; it is no part of the register. */
static void Cr3IsWrittenWithoutItsBit63AndFlushesWithoutIt(void **State)
{
    const UINT64 Flushes = FakeExecuted(0, FAKE_INVVPID);

    (void)State;
    MovTo(3, (1ull << 63) | 0x777000);
    ExpectDone(3);
    assert_int_equal(Guest()->Cr3, 0x777000);
    assert_int_equal(FakeExecuted(0, FAKE_INVVPID), Flushes);
    MovTo(3, 0x778000);
    ExpectDone(3);
    assert_int_equal(Guest()->Cr3, 0x778000);
    assert_int_equal(FakeExecuted(0, FAKE_INVVPID), Flushes + 1);
}

static void AWriteOfCr3IsToldOnceItIsInForceAndOneThatFaultsIsNot(void **State)
{
    (void)State;
    TestExpectTrace("");
    MovTo(3, 0x4000);
    TestExpectTrace("cr3(0) thread(0) ");
    MovTo(3, 1ull << 60);
    ExpectGeneralProtection();
    TestExpectTrace("");
    CpuWriteCr3(0x2345001);
}

/* A bit that says how pages are looked at: translations of before must not be used. */
static void AChangeOfPagingFlushes(void **State)
{
    const UINT64 Flushes = FakeExecuted(0, FAKE_INVVPID);
    const UINT64 Cr4     = CpuReadCr4();

    (void)State;
    MovTo(4, Cr4 | CR4_VMXE);
    assert_int_equal(FakeExecuted(0, FAKE_INVVPID), Flushes);
    MovTo(4, Cr4 & ~CR4_PGE);
    ExpectDone(3);
    assert_int_equal(FakeExecuted(0, FAKE_INVVPID), Flushes + 1);
}

static void LinearAddressMaskingIsAllowedWhereItExists(void **State)
{
    (void)State;
    MovTo(3, (1ull << 61) | 0x777000);
    ExpectGeneralProtection();
    HvUninitVmm();
    FakeCpuidSet(7, 1, 1u << 26, 0, 0, 0);
    assert_true(TestLoad());
    MovTo(3, (3ull << 61) | 0x777000);
    ExpectDone(3);
    assert_int_equal(Guest()->Cr3, (3ull << 61) | 0x777000);
    CpuWriteCr3(0x2345001);
}

static void ACr3BeyondThePhysicalWidthIsGeneralProtection(void **State)
{
    (void)State;
    MovTo(3, 1ull << 40);
    ExpectGeneralProtection();
    assert_int_equal(Guest()->Cr3, 0x2345001);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(NeIsTheGuestsInTheShadowAndTheProcessorsInTheRegister),
        TEST(OnlyBitsThatVmxFixesLeaveTheGuest),
        TEST(OtherBitsOfTheSameWriteCount),
        TEST(CachingIsTurnedOffAndOn),
        TEST(TurningPagingOffIsGeneralProtection),
        TEST(VmxeIsInTheShadowOnly),
        TEST(AfterTheUnloadVmxeIsAsTheGuestWroteIt),
        TEST(ACr4ThatTheProcessorRefusesIsGeneralProtection),
        TEST(PagingModesThatCannotChangeAreGeneralProtection),
        TEST(LevelsOfPagingCannotChange),
        TEST(PcidsNeedACr3WithoutOneToBegin),
        TEST(CltsClearsTs),
        TEST(LmswChangesFourBitsAndCannotClearPe),
        TEST(EachRegisterCanBeTheOperand),
        TEST(Cr3IsReadIntoAnyRegister),
        TEST(Cr3IsWrittenWithoutItsBit63AndFlushesWithoutIt),
        TEST(AWriteOfCr3IsToldOnceItIsInForceAndOneThatFaultsIsNot),
        TEST(AChangeOfPagingFlushes),
        TEST(LinearAddressMaskingIsAllowedWhereItExists),
        TEST(ACr3BeyondThePhysicalWidthIsGeneralProtection),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmcsTest.c - the VMCS after the launch: the guest is the kernel as it was, root mode has everything of its
 * own. That the processor takes it is proved by every test that loads (platform/hosted/FakeVmEntry.c checks
 * as the manual says).
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/memory/RootPageTable.h"
#include "hyperhv/vmx/AsmEntry.h"
#include "hyperhv/vmx/HostTables.h"
#include "hyperhv/vmx/Vmcs.h"

#define FOR_EACH_CORE(CoreId)                                                                                \
    for (UINT32 CoreId = 0; CoreId < TEST_CORES && (HostedSetCurrentCpu(CoreId), TRUE); CoreId++)

static void TheGuestsRegistersAreTheKernelsAtTheLaunch(void **State)
{
    (void)State;
    FOR_EACH_CORE(CoreId)
    {
        const FAKE_REGISTERS *Was = &g_Before[CoreId];
        UINT32 Index;

        assert_int_equal(GuestField(VMCS_GUEST_CR3), Was->Cr3);
        assert_int_equal(GuestField(VMCS_GUEST_DR7), Was->Dr7);
        assert_int_equal(GuestField(VMCS_GUEST_GDTR_BASE), Was->GdtBase);
        assert_int_equal(GuestField(VMCS_GUEST_GDTR_LIMIT), Was->GdtLimit);
        assert_int_equal(GuestField(VMCS_GUEST_IDTR_BASE), Was->IdtBase);
        assert_int_equal(GuestField(VMCS_GUEST_IDTR_LIMIT), Was->IdtLimit);
        for (Index = 0; Index < VMCS_SEGMENT_COUNT; Index++) {
            assert_int_equal(GuestField(VMCS_GUEST_ES_SELECTOR + 2 * Index), Was->Segments[Index].Selector);
            assert_int_equal(GuestField(VMCS_GUEST_ES_LIMIT + 2 * Index), Was->Segments[Index].Limit);
            assert_int_equal(GuestField(VMCS_GUEST_ES_ACCESS_RIGHTS + 2 * Index),
                             Was->Segments[Index].Rights);
            assert_int_equal(GuestField(VMCS_GUEST_ES_BASE + 2 * Index), Was->Segments[Index].Base);
        }
    }
    HostedSetCurrentCpu(0);
}

/* The kernel's page table can go away, its stack is in use, its tables are read-only. */
static void RootModeHasStackTablesAndPageTablesOfItsOwn(void **State)
{
    (void)State;
    FOR_EACH_CORE(CoreId)
    {
        const VMX_CORE *Vmx = GuestVCpu()->Vmx;
        UINT64 Stack        = (UINT64)(UINTPTR)Vmx->Stacks[VMX_ROOT_STACK_EXIT];

        assert_int_equal(GuestField(VMCS_HOST_CR3), RootPageTableCr3());
        assert_in_range(GuestField(VMCS_HOST_RSP), Stack + ROOT_STACK_SIZE - 256,
                        Stack + ROOT_STACK_SIZE - 8);
        assert_int_equal(GuestField(VMCS_HOST_RSP) & 15,
                         8); /* so that the handler is called with an aligned stack */
        assert_ptr_equal(*(VIRTUAL_MACHINE_STATE **)(UINTPTR)Stack, GuestVCpu());
        assert_ptr_equal(*(VIRTUAL_MACHINE_STATE **)(UINTPTR)GuestField(VMCS_HOST_RSP), GuestVCpu());
        assert_int_equal(GuestField(VMCS_HOST_GDTR_BASE), (UINT64)(UINTPTR)Vmx->HostTables->Gdt);
        assert_int_equal(GuestField(VMCS_HOST_TR_BASE), (UINT64)(UINTPTR)&Vmx->HostTables->Tss);
        assert_int_equal(GuestField(VMCS_HOST_IDTR_BASE), HostIdtBase());
        assert_int_equal(GuestField(VMCS_HOST_RIP), (UINT64)(UINTPTR)AsmVmexitHandler);
    }
    HostedSetCurrentCpu(0);
}

static void RootModeKeepsTheKernelsPerCpuBase(void **State)
{
    (void)State;
    FOR_EACH_CORE(CoreId)
    {
        assert_int_equal(GuestField(VMCS_HOST_GS_BASE), g_Before[CoreId].Segments[VMCS_SEGMENT_GS].Base);
        assert_int_equal(GuestField(VMCS_HOST_SYSENTER_ESP), 0xFFFFFE0000002200ull + 0x1000ull * CoreId);
    }
    HostedSetCurrentCpu(0);
}

static void NoCoreSharesAVmcsOrVpid(void **State)
{
    UINT64 Stacks[TEST_CORES], Vpids[TEST_CORES];

    (void)State;
    FOR_EACH_CORE(CoreId)
    {
        Stacks[CoreId] = GuestField(VMCS_HOST_RSP);
        Vpids[CoreId]  = GuestField(VMCS_VPID);
        assert_true(Vpids[CoreId] != 0);
    }
    assert_true(Stacks[0] != Stacks[1]);
    assert_true(Vpids[0] != Vpids[1]);
    HostedSetCurrentCpu(0);
}

/* A VMREAD or VMWRITE that the processor refuses is a defect of ours: counted, with its field. */
static BOOLEAN RefusedAccess(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    assert_int_equal(VmcsReadUnchecked(0x4026), 0); /* there is no such field */
    VmcsWriteUnchecked(VMCS_EXIT_REASON, 1);        /* read-only */
    return FALSE;
}

static void RefusedAccessesAreCounted(void **State)
{
    UINT32 Field, Before = VmcsFailedAccessCount(&Field);

    (void)State;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.OnEvent = RefusedAccess;
    GuestCpuid(0, 0);
    assert_int_equal(VmcsFailedAccessCount(&Field), Before + 2);
    assert_int_equal(Field, VMCS_EXIT_REASON);
}

/* In everything that the tests of this file and the launch did, none was. */
static void TheLaunchHasNoRefusedAccess(void **State)
{
    UINT32 Field, Before = VmcsFailedAccessCount(&Field);

    (void)State;
    HvUninitVmm();
    assert_true(TestLoad());
    GuestCpuid(1, 0);
    GuestRdmsr(IA32_EFER);
    HvUninitVmm();
    assert_int_equal(VmcsFailedAccessCount(&Field), Before);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(TheGuestsRegistersAreTheKernelsAtTheLaunch),
        TEST(RootModeHasStackTablesAndPageTablesOfItsOwn),
        TEST(RootModeKeepsTheKernelsPerCpuBase),
        TEST(NoCoreSharesAVmcsOrVpid),
        TEST(RefusedAccessesAreCounted),
        TEST(TheLaunchHasNoRefusedAccess),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

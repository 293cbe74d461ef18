/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RootExceptionsTest.c - exceptions of root mode: expected ones are handled, any other stops the kernel
 * outside VMX operation with a message that says where.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/vmx/AsmEntry.h"
#include "hyperhv/vmx/HostTables.h"

static UINT32 g_Vector;

static BOOLEAN RaiseInRoot(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    FakeRootException(g_Vector, 0x1234);
    return FALSE;
}

static VOID ExitThatRaises(UINT32 Vector)
{
    g_Vector       = Vector;
    g_Test.OnEvent = RaiseInRoot;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    GuestCpuid(0, 0);
}

static void AnUnexpectedExceptionStopsTheKernelOutsideVmx(void **State)
{
    static const UINT32 Vectors[] = {0, 1, 3, 6, 8, 12, 13, 14, 18, 0x20, 0xFF};
    CHAR Words[64];
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Vectors); Index++) {
        snprintf(Words, sizeof(Words), "hyperhv: exception %x (error code 1234) in root mode at ",
                 Vectors[Index]);
        EXPECT_PANIC(ExitThatRaises(Vectors[Index]), Words);
        assert_int_equal(FakeMode(0), FAKE_OUTSIDE_VMX);
        HvUninitVmm(); /* the core that panicked is out already */
        TestMachine(TEST_CORES);
        assert_true(TestLoad());
    }
}

/* A frame as the stubs leave it, of an exception at Rip. */
static ROOT_EXCEPTION_FRAME FrameAt(UINT32 Vector, const UINT8 *Rip)
{
    return (ROOT_EXCEPTION_FRAME){.Vector = Vector, .Rip = (UINT64)(UINTPTR)Rip, .Rsp = 0x1000};
}

static void AFaultOfATriedInstructionContinuesAtItsFailure(void **State)
{
    static const UINT32 Vectors[] = {13, 14};
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Vectors); Index++) {
        ROOT_EXCEPTION_FRAME Frame = FrameAt(Vectors[Index], AsmTryStart);

        VmxHandleRootException(&Frame);
        assert_int_equal(Frame.Rip, (UINT64)(UINTPTR)AsmTryFailed);
        assert_int_equal(Frame.Rsp, 0x1000);
        Frame = FrameAt(Vectors[Index], AsmTryEnd - 1);
        VmxHandleRootException(&Frame);
        assert_int_equal(Frame.Rip, (UINT64)(UINTPTR)AsmTryFailed);
    }
}

static VOID FaultAtTheEndInRoot(VOID)
{
    ROOT_EXCEPTION_FRAME Frame = FrameAt(13, AsmTryEnd);

    VmxHandleRootException(&Frame);
}

static BOOLEAN RaiseBeyondTheTriedCode(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    FaultAtTheEndInRoot();
    return FALSE;
}

static void AFaultBehindTheTriedCodeIsUnexpected(void **State)
{
    (void)State;
    g_Test.OnEvent = RaiseBeyondTheTriedCode;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    EXPECT_PANIC(GuestCpuid(0, 0), "hyperhv: exception d");
}

/* NMI, double fault and machine check do not trust the stack that they interrupt: three stacks of their own.
 */
static void EachOfThreeVectorsHasAStackOfItsOwn(void **State)
{
    const TASK_STATE_SEGMENT_64 *Tss = &GuestVCpu()->Vmx->HostTables->Tss;
    UINT32 Index, Other;

    (void)State;
    for (Index = 0; Index < 3; Index++) {
        assert_int_equal(Tss->Ist[Index] & 15, 0);
        assert_int_equal(*(VIRTUAL_MACHINE_STATE **)(UINTPTR)((Tss->Ist[Index] - 1) & ~(ROOT_STACK_SIZE - 1)),
                         (UINT64)(UINTPTR)GuestVCpu());
        for (Other = 0; Other < Index; Other++)
            assert_true(Tss->Ist[Index] != Tss->Ist[Other]);
    }
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(AnUnexpectedExceptionStopsTheKernelOutsideVmx),
        TEST(AFaultOfATriedInstructionContinuesAtItsFailure),
        TEST(AFaultBehindTheTriedCodeIsUnexpected),
        TEST(EachOfThreeVectorsHasAStackOfItsOwn),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

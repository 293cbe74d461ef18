/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * HookDetourTest.c - detours: what is executed at a function's entry and what is read there, where one is
 * refused, how the function goes on, and what becomes of it when the kernel writes to the entry.
 *
 * Context: user space.
 */
#include "tests/unit/hyperhv/Testing.h"

#include "hyperhv/hooks/Detour.h"
#include "hyperhv/hooks/HookPage.h"
#include "hyperhv/hooks/Hooks.h"
#include "hyperhv/vmx/EptViews.h"

#define PAGE       PLATFORM_PAGE_SIZE
#define SITE_BYTES 5u
#define FUNCTIONS  (PAGE / HOSTED_FUNCTION_BYTES)
#define OWN_ACCESS 0x180ull
#define OUTSIDE    0xFFFFFFFF81000000ull
#define CALLER     0xFFFFFFFF81234567ull

static UINT8 *g_Page; /* of kernel code */
static UINT64 g_Free; /* allocations while there are no detours */

static const UINT8 Nop[]       = {0x0F, 0x1F, 0x44, 0x00, 0x00};
static const UINT8 Call[]      = {0xE8, 0x10, 0x20, 0x00, 0x00};
static const UINT8 CallBack[]  = {0xE8, 0xF0, 0xFF, 0xFF, 0xFF};
static const UINT8 Int3[]      = {0xCC, 0x1F, 0x44, 0x00, 0x00};
static const UINT8 EndbrNop[]  = {0xF3, 0x0F, 0x1E, 0xFA, 0x0F, 0x1F, 0x44, 0x00, 0x00};
static const UINT8 EndbrOnly[] = {0xF3, 0x0F, 0x1E, 0xFA, 0x55, 0x48, 0x89, 0xE5};

static UINT8 *Function(UINT32 Index)
{
    return g_Page + Index * HOSTED_FUNCTION_BYTES;
}

static UINT64 AddressOf(UINT32 Index)
{
    return (UINT64)(UINTPTR)Function(Index);
}

#define PUT(Index, Bytes) memcpy(Function(Index), Bytes, sizeof(Bytes))

static int Start(void **State)
{
    int Result = TestStart(State);
    UINT32 Index;

    g_Page = PlatformMemoryAllocatePages(1);
    for (Index = 0; Index < FUNCTIONS; Index++)
        PUT(Index, Nop);
    ConfigureEptHook2(AddressOf(0)); /* the view's tables stay, and a record */
    ConfigureEptUnHook2(AddressOf(0));
    g_Free = HostedLiveAllocations();
    return Result;
}

static int Finish(void **State)
{
    HvUninitVmm(); /* looks at the page */
    PlatformMemoryFreePages(g_Page, 1);
    return TestFinish(State);
}

#undef TEST
#define TEST(Name) cmocka_unit_test_setup_teardown(Name, Start, Finish)

/* --- what there is to see --- */

static UINT64 Physical(VOID)
{
    return PlatformMemoryVirtualToPhysical(g_Page);
}

/* As a core executes the page. */
static const UINT8 *Executed(UINT32 Offset)
{
    const UINT64 Entry = EptViewHookedEntry(Physical());

    assert_true(Entry & HOOK_ACCESS_EXECUTE);
    return (const UINT8 *)PlatformMemoryPhysicalToVirtual(Entry & 0xFFFFFFFFFF000ull) + Offset;
}

static VOID ExpectCall(UINT32 Offset)
{
    const UINT8 *Bytes = Executed(Offset);
    INT32 Relative;

    assert_int_equal(Bytes[0], 0xE8);
    memcpy(&Relative, Bytes + 1, sizeof(Relative));
    assert_int_equal((UINT64)(UINTPTR)g_Page + Offset + SITE_BYTES + (UINT64)(INT64)Relative,
                     (UINT64)(UINTPTR)AsmDetourEntry);
}

/* All but the five bytes of each function that has a detour are what is read. */
static VOID ExpectCallsAt(UINT64 Functions)
{
    UINT32 Index;

    for (Index = 0; Index < FUNCTIONS; Index++) {
        const UINT32 Offset = (UINT32)(Index * HOSTED_FUNCTION_BYTES), Rest = Offset + SITE_BYTES;

        if (Functions & (1ull << Index))
            ExpectCall(Offset);
        else
            assert_memory_equal(Executed(Offset), g_Page + Offset, SITE_BYTES);
        assert_memory_equal(Executed(Rest), g_Page + Rest, HOSTED_FUNCTION_BYTES - SITE_BYTES);
    }
}

static VOID ExpectNothingIsLeft(VOID)
{
    assert_null(HookPageFind(Physical()));
    assert_int_equal(EptViewHookedEntry(Physical()) & HOOK_ACCESS_ALL, HOOK_ACCESS_ALL);
    assert_int_equal(EptViewHookedEntry(Physical()) & 0xFFFFFFFFFF000ull, Physical());
    assert_int_equal(HostedLiveAllocations(), g_Free);
}

static UINT32 Set(UINT32 Index)
{
    return ConfigureEptHook2(AddressOf(Index));
}

static BOOLEAN Unset(UINT32 Index)
{
    return ConfigureEptUnHook2(AddressOf(Index));
}

/* --- set and unset --- */

static void ACallIsExecutedAndWhatWasThereIsRead(void **State)
{
    UINT8 Before[PAGE];

    (void)State;
    memcpy(Before, g_Page, PAGE);
    assert_int_equal(Set(0), 0);
    ExpectCallsAt(1);
    assert_memory_equal(g_Page, Before, PAGE);
    assert_int_equal(EptViewHookedEntry(Physical()) & HOOK_ACCESS_ALL, HOOK_ACCESS_EXECUTE);
    assert_true(Unset(0));
    ExpectNothingIsLeft();
    assert_false(Unset(0));
}

static void SeveralOnOnePageComeAndGoByThemselves(void **State)
{
    (void)State;
    assert_int_equal(Set(1), 0);
    assert_int_equal(Set(FUNCTIONS - 1), 0);
    assert_int_equal(Set(2), 0);
    ExpectCallsAt(1ull << 1 | 1ull << 2 | 1ull << (FUNCTIONS - 1));
    assert_true(Unset(FUNCTIONS - 1));
    ExpectCallsAt(1ull << 1 | 1ull << 2);
    assert_true(Unset(1));
    ExpectCallsAt(1ull << 2);
    assert_true(Unset(2));
    g_Free += 3; /* records, which stay */
    ExpectNothingIsLeft();
}

static void ItGoesWhenItWasUnsetAsOftenAsSet(void **State)
{
    (void)State;
    assert_int_equal(Set(0), 0);
    assert_int_equal(Set(0), 0);
    assert_true(Unset(0));
    ExpectCallsAt(1);
    assert_true(Unset(0));
    ExpectNothingIsLeft();
}

/* The two share a word of the copy with each other's neighbours. */
static void ABreakpointBesideItStays(void **State)
{
    (void)State;
    assert_int_equal(Set(0), 0);
    assert_int_equal(ConfigureEptHook(AddressOf(0) + SITE_BYTES, VMM_NO_PROCESS), 0);
    ExpectCall(0);
    assert_int_equal(*Executed(SITE_BYTES), 0xCC);
    assert_true(Unset(0));
    assert_memory_equal(Executed(0), Nop, sizeof(Nop));
    assert_int_equal(*Executed(SITE_BYTES), 0xCC);
    assert_true(ConfigureEptUnHook(AddressOf(0) + SITE_BYTES, VMM_NO_PROCESS));
    ExpectNothingIsLeft();
}

static void WithItsModuleItGoes(void **State)
{
    (void)State;
    assert_int_equal(Set(0), 0);
    HooksAcquire();
    DetoursLeave((UINT64)(UINTPTR)g_Page, (UINT64)(UINTPTR)g_Page + PAGE);
    HooksRelease();
    ExpectNothingIsLeft();
    assert_false(Unset(0));
}

/* --- what stands at the entry --- */

static void BehindALandingPadThePadStays(void **State)
{
    (void)State;
    PUT(0, EndbrNop);
    assert_int_equal(Set(0), 0);
    assert_memory_equal(Executed(0), EndbrNop, 4);
    ExpectCall(4);
    /* the function's other address is taken */
    assert_int_equal(ConfigureEptHook2(AddressOf(0) + 4), DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE);
    assert_true(Unset(0));
    assert_int_equal(ConfigureEptHook2(AddressOf(0) + 4), 0);
    assert_int_equal(Set(0), DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE);
    assert_true(ConfigureEptUnHook2(AddressOf(0) + 4));
}

static void ACallOfTheKernelsIsDisplacedToo(void **State)
{
    (void)State;
    PUT(0, Call);
    PUT(1, CallBack);
    assert_int_equal(Set(0), 0);
    assert_int_equal(Set(1), 0);
    ExpectCallsAt(3);
}

/* Anything else has a meaning that depends on where it stands, or is no room that the kernel keeps free. */
static void AnyOtherEntryIsRefused(void **State)
{
    static const UINT8 Entries[][SITE_BYTES + 2] = {
        {0xE9, 0x10, 0x20, 0x00, 0x00},             /* jmp rel32 */
        {0x0F, 0x84, 0x10, 0x20, 0x00, 0x00},       /* je rel32 */
        {0xEB, 0x10, 0x90, 0x90, 0x90},             /* jmp rel8 */
        {0x48, 0x8B, 0x05, 0x10, 0x00, 0x00, 0x00}, /* mov 10h(%rip),%rax */
        {0x48, 0x8D, 0x3D, 0x10, 0x00, 0x00, 0x00}, /* lea 10h(%rip),%rdi */
        {0xFF, 0x15, 0x10, 0x00, 0x00, 0x00},       /* call *10h(%rip) */
        {0xCC, 0x1F, 0x44, 0x00, 0x00},             /* int3: somebody is changing it */
        {0x0F, 0x1F, 0x44, 0x00, 0x08},             /* a NOP, but not that one */
        {0x90, 0x90, 0x90, 0x90, 0x90},             /* five instructions: a thread may be among them */
        {0x55, 0x48, 0x89, 0xE5, 0x53},             /* push %rbp; mov %rsp,%rbp; push %rbx */
    };
    UINT32 Index;

    (void)State;
    for (Index = 0; Index < COUNT_OF(Entries); Index++) {
        PUT(0, Entries[Index]);
        assert_int_equal(Set(0), DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE);
        ExpectNothingIsLeft();
        assert_false(Unset(0));
    }
    PUT(0, EndbrOnly);
    assert_int_equal(Set(0), DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE);
    g_Free++; /* a record of another place */
    ExpectNothingIsLeft();
}

static void WhereNoFunctionBeginsItIsRefused(void **State)
{
    (void)State;
    assert_int_equal(ConfigureEptHook2(AddressOf(0) + 8), DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE);
    assert_int_equal(ConfigureEptHook2(OUTSIDE), DEBUGGER_ERROR_INVALID_ADDRESS);
    ExpectNothingIsLeft();
}

/* A CALL reaches 2 GiB; the same page is mapped elsewhere, too. */
static void OutOfReachItIsRefused(void **State)
{
    (void)State;
    assert_int_equal(ConfigureEptHook2(HOSTED_DIRECT_MAP + Physical()), DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE);
    ExpectNothingIsLeft();
}

static void WithoutMemoryNothingIsLeft(void **State)
{
    UINT32 Nth = 0;
    BOOLEAN HasFailed;

    (void)State;
    do {
        HostedFailAllocation(++Nth);
        assert_int_equal(Set(Nth), Nth <= 3 ? DEBUGGER_ERROR_OUT_OF_MEMORY : 0);
        HasFailed = HostedAllocationHasFailed();
        HostedFailAllocation(0);
        assert_int_equal(Unset(Nth), !HasFailed);
        g_Free += Nth > 1; /* the record */
        ExpectNothingIsLeft();
    } while (HasFailed);
    assert_int_equal(Nth, 4); /* the record, the page, its copy */
}

/* --- the function is called --- */

/* What AsmDetourEntry has on the stack when it asks. */
static struct {
    GUEST_REGS Regs;
    UINT64 Target, Next, Caller;
} g_Stack;

static DETOUR_DECISION CallFunction(UINT32 Index)
{
    memset(&g_Stack, 0, sizeof(g_Stack));
    g_Test.EventCount = 0;
    g_Stack.Regs.rdi  = 5;
    g_Stack.Next      = AddressOf(Index) + SITE_BYTES;
    g_Stack.Caller    = CALLER;
    return DetourHandle(&g_Stack.Regs);
}

static VOID ExpectTold(UINT32 Index)
{
    assert_int_equal(g_Test.EventCount, 1);
    assert_int_equal(g_Test.Events[0].Type, HIDDEN_HOOK_EXEC_DETOURS);
    assert_int_equal(g_Test.Events[0].Stage, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION);
    assert_int_equal(g_Test.Events[0].Context, AddressOf(Index));
    assert_int_equal(g_Test.Events[0].Regs.rdi, 5);
    assert_int_equal(g_Test.Events[0].Regs.rsp, (UINT64)(UINTPTR)&g_Stack.Caller);
}

static void TheUserIsToldAndTheFunctionGoesOn(void **State)
{
    (void)State;
    assert_int_equal(Set(0), 0);
    assert_int_equal(Set(3), 0);
    assert_int_equal(CallFunction(3), DETOUR_CONTINUE);
    ExpectTold(3);
    assert_int_equal(g_Stack.Next, AddressOf(3) + SITE_BYTES);
    assert_null(GuestVCpu()->Detour);
}

static void ADisplacedCallIsCarriedOut(void **State)
{
    (void)State;
    PUT(0, Call);
    PUT(1, CallBack);
    assert_int_equal(Set(0), 0);
    assert_int_equal(Set(1), 0);
    assert_int_equal(CallFunction(0), DETOUR_CALL);
    assert_int_equal(g_Stack.Target, AddressOf(0) + SITE_BYTES + 0x2010);
    assert_int_equal(CallFunction(1), DETOUR_CALL);
    assert_int_equal(g_Stack.Target, AddressOf(1) + SITE_BYTES - 0x10);
    ExpectTold(1);
}

static BOOLEAN Ignore(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)IsPost;
    Regs->rax = 77;
    return TRUE;
}

static void AShortCircuitedFunctionReturns(void **State)
{
    (void)State;
    assert_int_equal(Set(0), 0);
    g_Test.OnEvent = Ignore;
    assert_int_equal(CallFunction(0), DETOUR_RETURN);
    assert_int_equal(g_Stack.Regs.rax, 77);
}

static BOOLEAN GoElsewhere(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    assert_int_equal(GuestVCpu()->Detour->Rip, AddressOf(0));
    GuestVCpu()->Detour->Rip = OUTSIDE;
    return FALSE;
}

static void WhoIsSentElsewhereGoesThere(void **State)
{
    (void)State;
    PUT(0, Call); /* which is not carried out then */
    assert_int_equal(Set(0), 0);
    g_Test.OnEvent = GoElsewhere;
    assert_int_equal(CallFunction(0), DETOUR_CONTINUE);
    assert_int_equal(g_Stack.Next, OUTSIDE);
}

/* It executed the CALL before the detour was unset, and asks after that. */
static void AThreadThatComesLateGoesOnUntold(void **State)
{
    (void)State;
    PUT(0, Call);
    assert_int_equal(Set(0), 0);
    assert_true(Unset(0));
    assert_int_equal(CallFunction(0), DETOUR_CALL);
    assert_int_equal(g_Stack.Target, AddressOf(0) + SITE_BYTES + 0x2010);
    assert_int_equal(g_Test.EventCount, 0);
}

/* --- the kernel writes to the entry --- */

/* The guest's instruction: its exit, the write, the end of its step. */
static VOID KernelWrites(UINT32 Index, const UINT8 *Bytes)
{
    FakeExit(&(FAKE_EXIT){.Reason        = VMX_EXIT_REASON_EPT_VIOLATION,
                          .Qualification = HOOK_ACCESS_WRITE | OWN_ACCESS,
                          .GuestPhysical = Physical() + Index * HOSTED_FUNCTION_BYTES,
                          .GuestLinear   = AddressOf(Index)});
    memcpy(Function(Index), Bytes, SITE_BYTES);
    *FakeInterruptibility(0) = 0;
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_MONITOR_TRAP_FLAG});
}

/* As ftrace does: a NOP becomes a CALL, and a NOP again, by way of an INT3. */
static void WhatFtraceWritesUnderItIsCarriedOut(void **State)
{
    (void)State;
    assert_int_equal(Set(0), 0);
    assert_int_equal(Set(1), 0);
    KernelWrites(0, Int3);
    assert_int_equal(*Executed(0), 0xCC); /* the kernel's own, which the guest must meet */
    ExpectCall((UINT32)HOSTED_FUNCTION_BYTES);
    KernelWrites(0, Call);
    ExpectCallsAt(3);
    assert_int_equal(CallFunction(0), DETOUR_CALL);
    assert_int_equal(g_Stack.Target, AddressOf(0) + SITE_BYTES + 0x2010);
    KernelWrites(0, Int3);
    KernelWrites(0, Nop);
    ExpectCallsAt(3);
    assert_int_equal(CallFunction(0), DETOUR_CONTINUE);
    assert_memory_equal(g_Page, Nop, sizeof(Nop));
}

/* Called in an exit of another kind, as the hosted machine's code is not at a kernel's address. */
static BOOLEAN MeetInt3(GUEST_REGS *Regs, BOOLEAN IsPost)
{
    (void)Regs;
    (void)IsPost;
    g_Test.OnEvent = NULL;
    assert_true(DetourHandleBreakpoint(GuestVCpu()));
    return FALSE;
}

/* Meanwhile the event comes from the INT3's exit, and the guest meets the INT3 in a step. */
static void WhileItIsRewrittenItIsToldFromTheExit(void **State)
{
    (void)State;
    assert_int_equal(Set(0), 0);
    KernelWrites(0, Int3);
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    g_Test.EventCount = 0;
    g_Test.OnEvent    = MeetInt3;
    Guest()->Rip      = AddressOf(0);
    GuestCpuid(0, 0);
    assert_int_equal(g_Test.EventCount, 2);
    assert_int_equal(g_Test.Events[1].Type, HIDDEN_HOOK_EXEC_DETOURS);
    assert_int_equal(g_Test.Events[1].Context, AddressOf(0));
    assert_int_equal(Guest()->Rip, AddressOf(0));
    assert_int_equal(GuestField(VMCS_EPT_POINTER), EptViewPlain());
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TEST(ACallIsExecutedAndWhatWasThereIsRead),
        TEST(SeveralOnOnePageComeAndGoByThemselves),
        TEST(ItGoesWhenItWasUnsetAsOftenAsSet),
        TEST(ABreakpointBesideItStays),
        TEST(WithItsModuleItGoes),
        TEST(BehindALandingPadThePadStays),
        TEST(ACallOfTheKernelsIsDisplacedToo),
        TEST(AnyOtherEntryIsRefused),
        TEST(WhereNoFunctionBeginsItIsRefused),
        TEST(OutOfReachItIsRefused),
        TEST(WithoutMemoryNothingIsLeft),
        TEST(TheUserIsToldAndTheFunctionGoesOn),
        TEST(ADisplacedCallIsCarriedOut),
        TEST(AShortCircuitedFunctionReturns),
        TEST(WhoIsSentElsewhereGoesThere),
        TEST(AThreadThatComesLateGoesOnUntold),
        TEST(WhatFtraceWritesUnderItIsCarriedOut),
        TEST(WhileItIsRewrittenItIsToldFromTheExit),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FakeVmExit.c - VM entries and exits of the fake processor, and what hyperhv's assembly does around them.
 *
 * Context: user space. SDM Vol. 3, 27 (entries), 28 (exits). The counterpart of
 * hyperhv/vmx/AsmVmexitHandler.S: the same functions (hyperhv/vmx/AsmEntry.h), the same frames, on the exit
 * stack that the VMCS names.
 */
#include <string.h>

#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/hooks/Detour.h"
#include "hyperhv/vmx/AsmEntry.h"
#include "hyperhv/vmx/HostTables.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxState.h"
#include "SDK/VmcallNumbers.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "platform/hosted/FakeVmcs.h"

#define ERROR_VMLAUNCH_NOT_CLEAR    4
#define ERROR_VMRESUME_NOT_LAUNCHED 5
#define ERROR_CONTROLS              7
#define ERROR_HOST                  8
#define ERROR_MOV_SS                26

#define HANDLER_STACK_BYTES 256 /* what the handler's own frames take below the register block */
#define GARBAGE             0xDEADDEADDEADDEADull
#define STUB_BYTES          16
#define HOST_RIGHTS_CODE    0xA09B
#define HOST_RIGHTS_DATA    0xC093
#define HOST_RIGHTS_TSS     0x8B
#define HOST_TABLE_LIMIT    0xFFFF
#define HOST_TSS_LIMIT      0x67
#define HOST_DR7            0x400

static VOID (*g_HypervisorBelow)(GUEST_REGS *Regs);

VOID FakeSetHypervisorBelow(VOID (*Vmcall)(GUEST_REGS *Regs))
{
    g_HypervisorBelow = Vmcall;
}

UINT64 *FakeInterruptibility(UINT32 CoreId)
{
    return &FakeCore(CoreId)->Interruptibility;
}

UINT64 *FakePendingDebug(UINT32 CoreId)
{
    return &FakeCore(CoreId)->PendingDebug;
}

const CHAR *FakeEntryComplaint(UINT32 CoreId)
{
    return FakeCore(CoreId)->EntryComplaint;
}

FAKE_EVENT FakeInjected(VOID)
{
    return FakeThisCore()->Injected;
}

/* --- which register is which field --- */

typedef struct _REGISTER_FIELD {
    UINT32 Field;
    UINT32 Offset; /* in FAKE_CORE, of a UINT64 */
} REGISTER_FIELD;

#define NOW(Member) __builtin_offsetof(FAKE_CORE, Now.Member)

static const REGISTER_FIELD GuestRegisters[] = {
    {VMCS_GUEST_CR0, NOW(Cr0)},
    {VMCS_GUEST_CR3, NOW(Cr3)},
    {VMCS_GUEST_CR4, NOW(Cr4)},
    {VMCS_GUEST_DR7, NOW(Dr7)},
    {VMCS_GUEST_RSP, NOW(Regs.rsp)},
    {VMCS_GUEST_RIP, NOW(Rip)},
    {VMCS_GUEST_RFLAGS, NOW(Regs.rflags)},
    {VMCS_GUEST_GDTR_BASE, NOW(GdtBase)},
    {VMCS_GUEST_GDTR_LIMIT, NOW(GdtLimit)},
    {VMCS_GUEST_IDTR_BASE, NOW(IdtBase)},
    {VMCS_GUEST_IDTR_LIMIT, NOW(IdtLimit)},
    {VMCS_GUEST_INTERRUPTIBILITY_STATE, __builtin_offsetof(FAKE_CORE, Interruptibility)},
    {VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS, __builtin_offsetof(FAKE_CORE, PendingDebug)},
    {VMCS_GUEST_ACTIVITY_STATE, __builtin_offsetof(FAKE_CORE, ActivityState)},
};

/* MSRs that an entry loads and an exit saves, each where a control says so (0: always). */
static const struct {
    UINT32 Msr, Field, EntryControl, ExitControl;
} GuestMsrs[] = {
    {IA32_DEBUGCTL, VMCS_GUEST_DEBUGCTL, VMENTRY_LOAD_DEBUG_CONTROLS, VMEXIT_SAVE_DEBUG_CONTROLS},
    {IA32_SYSENTER_CS, VMCS_GUEST_SYSENTER_CS, 0, 0},
    {IA32_SYSENTER_ESP, VMCS_GUEST_SYSENTER_ESP, 0, 0},
    {IA32_SYSENTER_EIP, VMCS_GUEST_SYSENTER_EIP, 0, 0},
    {IA32_PAT, VMCS_GUEST_PAT, VMENTRY_LOAD_PAT, VMEXIT_SAVE_PAT},
    {IA32_EFER, VMCS_GUEST_EFER, VMENTRY_LOAD_EFER, VMEXIT_SAVE_EFER},
};

/* 27.3.2.1, 28.5.1: neither entries nor exits change these bits of CR0 (ET, NW, CD). */
#define CR0_KEPT 0x60000010ull

static VOID LoadCr0(FAKE_CORE *Core, UINT64 Value)
{
    Core->Now.Cr0 = (Value & ~CR0_KEPT) | (Core->Now.Cr0 & CR0_KEPT);
}

static UINT64 *RegisterOf(FAKE_CORE *Core, const REGISTER_FIELD *Register)
{
    return (UINT64 *)((UINT8 *)Core + Register->Offset);
}

static VOID SetMsr(FAKE_CORE *Core, UINT32 Msr, UINT64 Value)
{
    FakeMsrSet((UINT32)(Core - FakeCore(0)), Msr, Value);
}

static BOOLEAN IsAsked(UINT64 Controls, UINT32 Control)
{
    return Control == 0 || (Controls & Control);
}

/* --- 27.3.2: loading the guest --- */

static VOID LoadGuest(FAKE_CORE *Core)
{
    UINT64 Controls = FakeFieldGet(Core, VMCS_VMENTRY_CONTROLS);
    UINT64 Cr0      = Core->Now.Cr0;
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(GuestRegisters); Index++)
        if (GuestRegisters[Index].Field != VMCS_GUEST_DR7 || (Controls & VMENTRY_LOAD_DEBUG_CONTROLS))
            *RegisterOf(Core, &GuestRegisters[Index]) = FakeFieldGet(Core, GuestRegisters[Index].Field);
    Core->Now.Cr0 = Cr0;
    LoadCr0(Core, FakeFieldGet(Core, VMCS_GUEST_CR0));
    for (Index = 0; Index < COUNT_OF(GuestMsrs); Index++)
        if (IsAsked(Controls, GuestMsrs[Index].EntryControl))
            SetMsr(Core, GuestMsrs[Index].Msr, FakeFieldGet(Core, GuestMsrs[Index].Field));
    for (Index = 0; Index < VMCS_SEGMENT_COUNT; Index++) {
        FAKE_SEGMENT *Segment = &Core->Now.Segments[Index];

        Segment->Selector = FakeFieldGet(Core, VMCS_GUEST_ES_SELECTOR + 2 * Index);
        Segment->Limit    = (UINT32)FakeFieldGet(Core, VMCS_GUEST_ES_LIMIT + 2 * Index);
        Segment->Rights   = (UINT32)FakeFieldGet(Core, VMCS_GUEST_ES_ACCESS_RIGHTS + 2 * Index);
        Segment->Base     = FakeFieldGet(Core, VMCS_GUEST_ES_BASE + 2 * Index);
    }
}

/* --- 28.3: saving the guest --- */

static VOID SaveGuest(FAKE_CORE *Core)
{
    UINT64 Controls = FakeFieldGet(Core, VMCS_VMEXIT_CONTROLS);
    UINT64 Value    = 0;
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(GuestRegisters); Index++)
        if (GuestRegisters[Index].Field != VMCS_GUEST_DR7 || (Controls & VMEXIT_SAVE_DEBUG_CONTROLS))
            FakeFieldSet(Core, GuestRegisters[Index].Field, *RegisterOf(Core, &GuestRegisters[Index]));
    for (Index = 0; Index < COUNT_OF(GuestMsrs); Index++) {
        if (!IsAsked(Controls, GuestMsrs[Index].ExitControl))
            continue;
        FakeMsrRead(Core, GuestMsrs[Index].Msr, &Value);
        FakeFieldSet(Core, GuestMsrs[Index].Field, Value);
    }
    for (Index = 0; Index < VMCS_SEGMENT_COUNT; Index++) {
        const FAKE_SEGMENT *Segment = &Core->Now.Segments[Index];

        FakeFieldSet(Core, VMCS_GUEST_ES_SELECTOR + 2 * Index, Segment->Selector);
        FakeFieldSet(Core, VMCS_GUEST_ES_LIMIT + 2 * Index, Segment->Limit);
        FakeFieldSet(Core, VMCS_GUEST_ES_ACCESS_RIGHTS + 2 * Index, Segment->Rights);
        FakeFieldSet(Core, VMCS_GUEST_ES_BASE + 2 * Index, Segment->Base);
    }
}

/* --- 28.5: loading the host --- */

static FAKE_SEGMENT HostSegment(UINT64 Selector, UINT64 Base, UINT32 Limit, UINT32 Rights)
{
    return (FAKE_SEGMENT){.Selector = Selector,
                          .Base     = Base,
                          .Limit    = Limit,
                          .Rights   = Selector ? Rights : FAKE_SEGMENT_UNUSABLE};
}

static VOID LoadHostSegments(FAKE_CORE *Core)
{
    FAKE_SEGMENT *Segments = Core->Now.Segments;

    Segments[VMCS_SEGMENT_ES] =
        HostSegment(FakeFieldGet(Core, VMCS_HOST_ES_SELECTOR), 0, ~0u, HOST_RIGHTS_DATA);
    Segments[VMCS_SEGMENT_CS] =
        HostSegment(FakeFieldGet(Core, VMCS_HOST_CS_SELECTOR), 0, ~0u, HOST_RIGHTS_CODE);
    Segments[VMCS_SEGMENT_SS] =
        HostSegment(FakeFieldGet(Core, VMCS_HOST_SS_SELECTOR), 0, ~0u, HOST_RIGHTS_DATA);
    Segments[VMCS_SEGMENT_DS] =
        HostSegment(FakeFieldGet(Core, VMCS_HOST_DS_SELECTOR), 0, ~0u, HOST_RIGHTS_DATA);
    Segments[VMCS_SEGMENT_FS]   = HostSegment(FakeFieldGet(Core, VMCS_HOST_FS_SELECTOR),
                                              FakeFieldGet(Core, VMCS_HOST_FS_BASE), ~0u, HOST_RIGHTS_DATA);
    Segments[VMCS_SEGMENT_GS]   = HostSegment(FakeFieldGet(Core, VMCS_HOST_GS_SELECTOR),
                                              FakeFieldGet(Core, VMCS_HOST_GS_BASE), ~0u, HOST_RIGHTS_DATA);
    Segments[VMCS_SEGMENT_LDTR] = HostSegment(0, 0, 0, 0);
    Segments[VMCS_SEGMENT_TR] =
        HostSegment(FakeFieldGet(Core, VMCS_HOST_TR_SELECTOR), FakeFieldGet(Core, VMCS_HOST_TR_BASE),
                    HOST_TSS_LIMIT, HOST_RIGHTS_TSS);
    Core->Now.GdtBase  = FakeFieldGet(Core, VMCS_HOST_GDTR_BASE);
    Core->Now.IdtBase  = FakeFieldGet(Core, VMCS_HOST_IDTR_BASE);
    Core->Now.GdtLimit = Core->Now.IdtLimit = HOST_TABLE_LIMIT;
}

static VOID LoadHost(FAKE_CORE *Core)
{
    UINT64 Controls = FakeFieldGet(Core, VMCS_VMEXIT_CONTROLS);

    LoadCr0(Core, FakeFieldGet(Core, VMCS_HOST_CR0));
    Core->Now.Cr3         = FakeFieldGet(Core, VMCS_HOST_CR3);
    Core->Now.Cr4         = FakeFieldGet(Core, VMCS_HOST_CR4);
    Core->Now.Dr7         = HOST_DR7;
    Core->Now.Rip         = FakeFieldGet(Core, VMCS_HOST_RIP);
    Core->Now.Regs.rsp    = FakeFieldGet(Core, VMCS_HOST_RSP);
    Core->Now.Regs.rflags = 2;
    SetMsr(Core, IA32_DEBUGCTL, 0);
    SetMsr(Core, IA32_SYSENTER_CS, FakeFieldGet(Core, VMCS_HOST_SYSENTER_CS));
    SetMsr(Core, IA32_SYSENTER_ESP, FakeFieldGet(Core, VMCS_HOST_SYSENTER_ESP));
    SetMsr(Core, IA32_SYSENTER_EIP, FakeFieldGet(Core, VMCS_HOST_SYSENTER_EIP));
    if (Controls & VMEXIT_LOAD_PAT)
        SetMsr(Core, IA32_PAT, FakeFieldGet(Core, VMCS_HOST_PAT));
    if (Controls & VMEXIT_LOAD_EFER)
        SetMsr(Core, IA32_EFER, FakeFieldGet(Core, VMCS_HOST_EFER));
    LoadHostSegments(Core);
    FakeTlbFlush(PlatformCpuCurrent());
}

/* --- exits --- */

/* 25.9. The entry's event is used up (27.5.1.1: the valid bit is cleared by every exit). */
static VOID WriteExitFields(FAKE_CORE *Core, const FAKE_EXIT *Exit)
{
    FakeFieldSet(Core, VMCS_EXIT_REASON, Exit->Reason);
    FakeFieldSet(Core, VMCS_EXIT_QUALIFICATION, Exit->Qualification);
    FakeFieldSet(Core, VMCS_VMEXIT_INSTRUCTION_LENGTH, Exit->InstructionLength);
    FakeFieldSet(Core, VMCS_VMEXIT_INSTRUCTION_INFO, Exit->InstructionInfo);
    FakeFieldSet(Core, VMCS_VMEXIT_INTERRUPTION_INFO, Exit->InterruptionInfo);
    FakeFieldSet(Core, VMCS_VMEXIT_INTERRUPTION_ERROR_CODE, Exit->InterruptionErrorCode);
    FakeFieldSet(Core, VMCS_IDT_VECTORING_INFO, Exit->IdtVectoringInfo);
    FakeFieldSet(Core, VMCS_IDT_VECTORING_ERROR_CODE, Exit->IdtVectoringErrorCode);
    FakeFieldSet(Core, VMCS_GUEST_PHYSICAL_ADDRESS, Exit->GuestPhysical);
    FakeFieldSet(Core, VMCS_GUEST_LINEAR_ADDRESS, Exit->GuestLinear);
    FakeFieldSet(Core, VMCS_VMENTRY_INTERRUPTION_INFO,
                 FakeFieldGet(Core, VMCS_VMENTRY_INTERRUPTION_INFO) & ~INTERRUPTION_INFO_VALID);
}

/* What IRET takes from the five words. */
static VOID Iret(FAKE_CORE *Core, const UINT64 *Words)
{
    if (Core->Mode != FAKE_OUTSIDE_VMX)
        FakeMisuse("the exit handler returns by IRET while in VMX operation");
    Core->Now.Rip = Words[0];
    FakeSegmentLoad(Core, VMCS_SEGMENT_CS, (UINT16)Words[1]);
    Core->Now.Regs.rflags = Words[2];
    Core->Now.Regs.rsp    = Words[3];
    FakeSegmentLoad(Core, VMCS_SEGMENT_SS, (UINT16)Words[4]);
    Core->StackPointer = 0;
}

/* Registers that assembly saves and restores; RSP and RFLAGS are not among them. */
static VOID MoveGeneral(GUEST_REGS *To, const GUEST_REGS *From)
{
    UINT64 Rsp = To->rsp, Rflags = To->rflags;

    *To        = *From;
    To->rsp    = Rsp;
    To->rflags = Rflags;
}

static BOOLEAN Enter(FAKE_CORE *Core, BOOLEAN IsLaunch);

static VOID RunHandler(FAKE_CORE *Core)
{
    VMX_EXIT_FRAME *Frame = (VMX_EXIT_FRAME *)(UINTPTR)(FakeFieldGet(Core, VMCS_HOST_RSP) -
                                                        __builtin_offsetof(VMX_EXIT_FRAME, Owner));
    const UINT64 *Words;

    if (FakeFieldGet(Core, VMCS_HOST_RIP) != (UINT64)(UINTPTR)AsmVmexitHandler)
        FakeMisuse("exits do not go to AsmVmexitHandler");
    Frame->Regs.rsp = Frame->Regs.rflags = GARBAGE;
    MoveGeneral(&Frame->Regs, &Core->Now.Regs);
    Core->StackPointer = (UINT64)(UINTPTR)Frame - HANDLER_STACK_BYTES;

    Words = VmxVmexitHandler(&Frame->Regs);
    MoveGeneral(&Core->Now.Regs, &Frame->Regs);
    if (Words) {
        Iret(Core, Words);
    } else if (!Enter(Core, FALSE)) {
        VmxVmresumeFailed(&Frame->Regs);
        FakeMisuse("VmxVmresumeFailed returned");
    }
}

static VOID LeaveGuest(FAKE_CORE *Core, const FAKE_EXIT *Exit)
{
    WriteExitFields(Core, Exit);
    LoadHost(Core);
    Core->Mode     = FAKE_VMX_ROOT;
    Core->Injected = (FAKE_EVENT){0};
    RunHandler(Core);
}

VOID FakeExit(const FAKE_EXIT *Exit)
{
    FAKE_CORE *Core = FakeThisCore();

    if (Core->Mode != FAKE_VMX_GUEST)
        HostedDie("an exit of a core that is not in the guest");
    SaveGuest(Core);
    LeaveGuest(Core, Exit);
}

VOID FakeExitInstruction(UINT32 Reason, UINT32 InstructionLength)
{
    FakeExit(&(FAKE_EXIT){.Reason = Reason, .InstructionLength = InstructionLength});
}

BOOLEAN FakeGuestInstruction(UINT32 Reason, UINT32 Length, UINT64 Qualification, GUEST_REGS *Regs)
{
    FAKE_CORE *Core   = FakeThisCore();
    GUEST_REGS Before = Core->Now.Regs;
    UINT64 Rip        = Core->Now.Rip;
    BOOLEAN IsDone;

    MoveGeneral(&Core->Now.Regs, Regs);
    FakeExit(&(FAKE_EXIT){.Reason = Reason, .InstructionLength = Length, .Qualification = Qualification});
    IsDone = !(Core->Injected.Info & INTERRUPTION_INFO_VALID);
    if (Core->Now.Rip != Rip + (IsDone ? Length : 0) || Core->Now.Regs.rsp != Before.rsp ||
        Core->Now.Regs.rflags != Before.rflags)
        FakeMisuse("the guest does not go on behind its instruction (exit reason %u)", Reason);
    MoveGeneral(Regs, &Core->Now.Regs);
    Core->Now.Regs = Before;
    Core->Now.Rip  = Rip;
    return IsDone;
}

/* --- entries --- */

/* 27.6: the event goes in; an NMI blocks further ones until the guest's IRET. Shadows end with any delivery.
 */
static VOID Deliver(FAKE_CORE *Core)
{
    UINT32 Info = (UINT32)FakeFieldGet(Core, VMCS_VMENTRY_INTERRUPTION_INFO);

    Core->Injected = (FAKE_EVENT){0};
    if (!(Info & INTERRUPTION_INFO_VALID))
        return;
    Core->Injected = (FAKE_EVENT){
        .Info              = Info,
        .ErrorCode         = (UINT32)FakeFieldGet(Core, VMCS_VMENTRY_EXCEPTION_ERROR_CODE),
        .InstructionLength = (UINT32)FakeFieldGet(Core, VMCS_VMENTRY_INSTRUCTION_LENGTH),
    };
    Core->Interruptibility &= ~3ull;
    Core->PendingDebug  = 0;
    Core->ActivityState = ACTIVITY_STATE_ACTIVE;
    if (INTERRUPTION_INFO_TYPE(Info) == INTERRUPTION_TYPE_NMI)
        Core->Interruptibility |= INTERRUPTIBILITY_BLOCKING_BY_NMI;
}

/* VMfailValid: 27.1, 27.2. */
static UINT32 EntryError(FAKE_CORE *Core, BOOLEAN IsLaunch)
{
    if (IsLaunch && FakeVmcsIsLaunched(Core))
        return ERROR_VMLAUNCH_NOT_CLEAR;
    if (!IsLaunch && !FakeVmcsIsLaunched(Core))
        return ERROR_VMRESUME_NOT_LAUNCHED;
    Core->EntryComplaint = FakeCheckControls(Core);
    if (!FakeExecute(Core, IsLaunch ? FAKE_VMLAUNCH : FAKE_VMRESUME))
        Core->EntryComplaint = "the test refuses this entry";
    if (Core->EntryComplaint)
        return ERROR_CONTROLS;
    Core->EntryComplaint = FakeCheckHost(Core);
    return Core->EntryComplaint ? ERROR_HOST : 0;
}

/* FALSE: VMfail, the core is in root mode as before. TRUE: what follows the entry has happened, an exit too
 * where the guest's state was refused (27.8: such an exit saves nothing of the guest). */
static BOOLEAN Enter(FAKE_CORE *Core, BOOLEAN IsLaunch)
{
    UINT32 Error = EntryError(Core, IsLaunch);

    if (Error != 0) {
        FakeVmFail(Core, Error);
        return FALSE;
    }
    Core->EntryComplaint = FakeCheckGuest(Core);
    if (!FakeExecute(Core, FAKE_GUEST_CHECKS))
        Core->EntryComplaint = "the test refuses this guest";
    if (Core->EntryComplaint) {
        LeaveGuest(Core, &(FAKE_EXIT){.Reason = VMX_EXIT_REASON_INVALID_GUEST_STATE |
                                                VMX_EXIT_REASON_ENTRY_FAILURE});
        return TRUE;
    }
    Core->EntryComplaint = "";
    FakeVmcsSetLaunched(Core);
    LoadGuest(Core);
    Deliver(Core);
    Core->Mode         = FAKE_VMX_GUEST;
    Core->StackPointer = 0;
    FakeTlbFlush(PlatformCpuCurrent());
    return TRUE;
}

/* 26.5.5: before the next instruction, when the window is asked for and NMIs are not blocked by anything. */
BOOLEAN FakeTakeNmiWindow(VOID)
{
    FAKE_CORE *Core = FakeThisCore();

    if (Core->Mode != FAKE_VMX_GUEST || Core->Interruptibility ||
        !(FakeFieldGet(Core, VMCS_PRIMARY_PROCESSOR_CONTROLS) & PRIMARY_NMI_WINDOW_EXITING))
        return FALSE;
    FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_NMI_WINDOW});
    return TRUE;
}

/* --- AsmEntry.h --- */

/* Only its address is used. */
VOID AsmVmexitHandler(VOID)
{
    HostedDie("the fake processor does not execute AsmVmexitHandler");
}

VOID AsmDetourEntry(VOID)
{
    HostedDie("the fake processor does not execute AsmDetourEntry");
}

#define LAUNCH_FRAME_BYTES 56 /* what AsmVmxLaunch pushes */

BOOLEAN AsmVmxLaunch(VIRTUAL_MACHINE_STATE *VCpu)
{
    FAKE_CORE *Core = FakeThisCore();
    GUEST_REGS Regs = Core->Now.Regs;
    UINT64 Rip      = Core->Now.Rip;
    BOOLEAN IsGuest;

    Core->Now.Regs.rsp -= LAUNCH_FRAME_BYTES;
    IsGuest = VmcsSetup(VCpu, Rip, Core->Now.Regs.rsp) && Enter(Core, TRUE);
    if (IsGuest && (Core->Now.Rip != Rip || Core->Now.Regs.rsp != Regs.rsp - LAUNCH_FRAME_BYTES ||
                    Core->Now.Regs.rflags != 2))
        FakeMisuse("the launch does not go on where it was told");
    Core->Now.Regs = Regs; /* popped, flags included */
    return IsGuest;
}

UINT64 CpuVmCall(UINT64 Number, UINT64 Param1, UINT64 Param2, UINT64 Param3)
{
    GUEST_REGS Regs = {.rcx = Number,
                       .rdx = Param1,
                       .r8  = Param2,
                       .r9  = Param3,
                       .r10 = VMCALL_SIGNATURE_R10,
                       .r11 = VMCALL_SIGNATURE_R11,
                       .r12 = VMCALL_SIGNATURE_R12};

    if (FakeThisCore()->Mode != FAKE_VMX_GUEST)
        FakeMisuse("#UD: VMCALL outside the guest");
    if (!FakeGuestInstruction(VMX_EXIT_REASON_EXECUTE_VMCALL, 3, 0, &Regs))
        FakeMisuse("VMCALL %llx faulted", Number);
    return Regs.rax;
}

VOID AsmVmcallPassDown(GUEST_REGS *Regs)
{
    if (!g_HypervisorBelow)
        FakeMisuse("VMCALL in root mode, and no hypervisor lies below");
    g_HypervisorBelow(Regs);
}

VOID AsmReadXmmRegs(GUEST_XMM_REGS *XmmRegs)
{
    *XmmRegs = FakeThisCore()->Now.Xmm;
}

VOID AsmWriteXmmRegs(const GUEST_XMM_REGS *XmmRegs)
{
    FakeThisCore()->Now.Xmm = *XmmRegs;
}

VOID AsmUnblockNmis(VOID)
{
    if (FakeThisCore()->Mode == FAKE_VMX_GUEST)
        HostedDie("root mode's function called in the guest");
    FakeThisCore()->NmisUnblocked++;
}

/* --- exceptions in root mode --- */

static UINT8 g_Stubs[256 * STUB_BYTES];

UINT64 AsmRootExceptionEntry(UINT32 Vector)
{
    return (UINT64)(UINTPTR)&g_Stubs[Vector * STUB_BYTES];
}

/* The code of CpuTry*: an address range in which nothing is executed. */
__asm__(".pushsection .rodata\n"
        ".globl AsmTryStart, AsmTryEnd, AsmTryFailed\n"
        "AsmTryStart: .skip 64\n"
        "AsmTryEnd:\n"
        "AsmTryFailed: .skip 16\n"
        ".popsection");

/* A gate of the IDT that is loaded: its stub's vector and its stack. SDM Vol. 3, figure 6-8. */
static UINT64 GateStack(const FAKE_CORE *Core, UINT32 Vector)
{
    const UINT16 *Gate               = (const UINT16 *)(UINTPTR)(Core->Now.IdtBase + 16 * Vector);
    const TASK_STATE_SEGMENT_64 *Tss = (const VOID *)(UINTPTR)Core->Now.Segments[VMCS_SEGMENT_TR].Base;
    UINT64 Offset = Gate[0] | ((UINT64)Gate[3] << 16) | ((UINT64) * (const UINT32 *)&Gate[4] << 32);
    UINT64 Ist;

    if (!(Gate[2] & 0x8000) || ((Gate[2] >> 8) & 0xF) != 0xE || Offset != AsmRootExceptionEntry(Vector))
        FakeMisuse("gate %u of root mode's IDT is wrong", Vector);
    if (!(CpuLoadAccessRights(Gate[1]) & 0x8000))
        FakeMisuse("gate %u has a code segment that is not present", Vector);
    if (!(Gate[2] & 7))
        return (Core->StackPointer ? Core->StackPointer : Core->Now.Regs.rsp) & ~0xFull;
    memcpy(&Ist, (const UINT8 *)Tss + 36 + 8 * ((Gate[2] & 7u) - 1), sizeof(Ist));
    return Ist;
}

VOID FakeRootException(UINT32 Vector, UINT32 ErrorCode)
{
    FAKE_CORE *Core             = FakeThisCore();
    UINT64 Interrupted          = Core->StackPointer;
    ROOT_EXCEPTION_FRAME *Frame = (ROOT_EXCEPTION_FRAME *)(UINTPTR)GateStack(Core, Vector) - 1;

    if (Core->Now.IdtBase == Core->KernelIdtBase)
        HostedDie("an exception of root mode while the kernel's IDT is loaded");
    *Frame             = (ROOT_EXCEPTION_FRAME){.Vector    = Vector,
                                                .ErrorCode = ErrorCode,
                                                .Rip       = (UINT64)(UINTPTR)VmxVmexitHandler,
                                                .Cs        = Core->Now.Segments[VMCS_SEGMENT_CS].Selector,
                                                .Rflags    = 2,
                                                .Rsp       = Interrupted,
                                                .Ss        = Core->Now.Segments[VMCS_SEGMENT_SS].Selector};
    Core->StackPointer = (UINT64)(UINTPTR)Frame - HANDLER_STACK_BYTES;
    VmxHandleRootException(Frame);
    Core->StackPointer = Interrupted;
}

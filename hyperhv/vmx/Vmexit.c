// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vmexit.c - every exit: decode once, hand to its handler, move RIP on, go back.
 *
 * Context: VMX root mode. SDM Vol. 3, chapter 28 (VM exits), Appendix C (reasons).
 */
#include "hyperhv/vmx/Vmexit.h"

#include "SDK/ErrorCodes.h"
#include "SDK/VmcallNumbers.h"
#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Instructions.h"
#include "hyperhv/hooks/HookPage.h"
#include "hyperhv/hooks/Hooks.h"
#include "hyperhv/interface/Callback.h"
#include "hyperhv/interface/Dispatch.h"
#include "hyperhv/interface/Log.h"
#include "hyperhv/vmx/AsmEntry.h"
#include "hyperhv/vmx/ControlRegisters.h"
#include "hyperhv/vmx/DebugRegisters.h"
#include "hyperhv/vmx/EventInjection.h"
#include "hyperhv/vmx/ExternalInterrupt.h"
#include "hyperhv/vmx/IdtEmulation.h"
#include "hyperhv/vmx/ModeView.h"
#include "hyperhv/vmx/Mtf.h"
#include "hyperhv/vmx/NmiWindowTrap.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/Vmx.h"
#include "hyperhv/vmx/VmxBroadcast.h"
#include "hyperhv/vmx/VmxIo.h"
#include "hyperhv/vmx/VmxNmi.h"
#include "hyperhv/vmx/VmxState.h"

#define DEBUGCTL_BTF                 (1ull << 1)
#define RFLAGS_TF                    (1ull << 8)
#define RFLAGS_IF                    (1ull << 9)
#define RFLAGS_SETTABLE              0x3D7FD5ull /* all but VM, what does not exist, and what is always 1 */
#define QUALIFICATION_LINEAR_ADDRESS 0x180ull
#define EXIT_REASON_BASIC            0xFFFFu

/* --- handlers that are a line or two --- */

static VOID VmexitVmcall(VIRTUAL_MACHINE_STATE *VCpu)
{
    GUEST_REGS *Regs = VCpu->Regs;

    if (Regs->r10 == VMCALL_SIGNATURE_R10 && Regs->r11 == VMCALL_SIGNATURE_R11 &&
        Regs->r12 == VMCALL_SIGNATURE_R12 && g_Backend->GetCpl(VCpu) == 0)
        Regs->rax = HvHandleVmcall(VCpu, Regs->rcx, Regs->rdx, Regs->r8, Regs->r9);
    else
        DispatchEventVmcall(VCpu);
}

static VOID VmexitRdtsc(VIRTUAL_MACHINE_STATE *VCpu)
{
    DispatchEventTsc(VCpu, FALSE);
}

static VOID VmexitRdtscp(VIRTUAL_MACHINE_STATE *VCpu)
{
    DispatchEventTsc(VCpu, TRUE);
}

/* The guest has no VMX: its instructions do not exist. */
static VOID VmexitUndefinedOpcode(VIRTUAL_MACHINE_STATE *VCpu)
{
    EventInjectUndefinedOpcode(VCpu);
}

/* Table 28-7: bit 7 says that there is a linear address, bit 8 that the access was to it and not to its page
 * tables. */
static BOOLEAN VmexitIsLinearAccess(const VIRTUAL_MACHINE_STATE *VCpu)
{
    return (VCpu->ExitQualification & QUALIFICATION_LINEAR_ADDRESS) == QUALIFICATION_LINEAR_ADDRESS;
}

static VOID VmexitEptViolation(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Physical  = VmcsRead64(VMCS_GUEST_PHYSICAL_ADDRESS);
    UINT32 Access    = (UINT32)VCpu->ExitQualification & HOOK_ACCESS_ALL;
    BOOLEAN IsLinear = VmexitIsLinearAccess(VCpu);

    VCpu->IncrementRip = FALSE;
    if (ModeViewHandleViolation(VCpu))
        return;
    if (IdtEmulationRedeliverVectoredEvent(VCpu) || !IsLinear)
        Access |= HOOK_ACCESS_BY_PROCESSOR;
    if (HooksHandleViolation(VCpu, Access, Physical,
                             IsLinear ? VmcsReadNatural(VMCS_GUEST_LINEAR_ADDRESS) : 0))
        return;
    if (VmmCallbackCheckUnhandledEptViolations(VCpu->CoreId, VCpu->ExitQualification, Physical))
        return;

    LogError("core %u: EPT violation that no hook explains: physical %llx, qualification %llx, RIP %llx",
             VCpu->CoreId, Physical, VCpu->ExitQualification, VCpu->LastVmexitRip);
    EventInjectGeneralProtection(VCpu, 0);
}

static VOID VmexitEptMisconfiguration(VIRTUAL_MACHINE_STATE *VCpu)
{
    VmxPanic(VCpu, "hyperhv: an EPT entry is malformed");
}

/* A launch whose guest state the processor refused: back to AsmVmxLaunch's caller, outside VMX operation. */
static VOID VmexitEntryFailure(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (VCpu->Lifecycle != VMM_CORE_LAUNCHING)
        VmxPanic(VCpu, "hyperhv: the processor refuses the guest state");

    LogError("core %u: the processor refused the guest state (reason %u, qualification %llx)", VCpu->CoreId,
             VCpu->ExitReason & EXIT_REASON_BASIC, VCpu->ExitQualification);
    VCpu->LaunchError  = DEBUGGER_ERROR_VMLAUNCH_FAILED;
    VCpu->IncrementRip = FALSE;
    VCpu->ExitEnd |= EXIT_END_LEAVE;
}

/* Recorded with its context, never ignored; the guest gets the exception of an instruction that does not
 * exist. */
static __attribute__((__noinline__, __cold__)) VOID VmexitUnknown(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (VCpu->ExitReason & VMX_EXIT_REASON_ENTRY_FAILURE) {
        VmexitEntryFailure(VCpu);
        return;
    }
    LogError("core %u: exit of reason %u, which nobody understands: qualification %llx, RIP %llx, RSP %llx, "
             "RAX %llx",
             VCpu->CoreId, VCpu->ExitReason, VCpu->ExitQualification, VCpu->LastVmexitRip, VCpu->Regs->rsp,
             VCpu->Regs->rax);
    EventInjectUndefinedOpcode(VCpu);
}

/* --- dispatch --- */

#define UNKNOWN   VmexitUnknown
#define UNDEFINED VmexitUndefinedOpcode

/* By basic exit reason; every element is set. */
static const VMEXIT_HANDLER VmexitTable[VMX_EXIT_REASON_COUNT] = {
    [VMX_EXIT_REASON_EXCEPTION_OR_NMI]                                    = IdtEmulationHandleExceptionAndNmi,
    [VMX_EXIT_REASON_EXTERNAL_INTERRUPT]                                  = VmxHandleExternalInterrupt,
    [VMX_EXIT_REASON_TRIPLE_FAULT]                                        = VmxTripleFault,
    [VMX_EXIT_REASON_INIT_SIGNAL]                                         = VmxInitSignal,
    [VMX_EXIT_REASON_STARTUP_IPI... VMX_EXIT_REASON_INTERRUPT_WINDOW - 1] = UNKNOWN,
    [VMX_EXIT_REASON_INTERRUPT_WINDOW]                                    = VmxHandleInterruptWindow,
    [VMX_EXIT_REASON_NMI_WINDOW]                                          = VmxHandleNmiWindow,
    [VMX_EXIT_REASON_TASK_SWITCH]                                         = UNKNOWN,
    [VMX_EXIT_REASON_EXECUTE_CPUID]                                       = DispatchEventCpuid,
    [VMX_EXIT_REASON_EXECUTE_GETSEC]                                      = UNDEFINED,
    [VMX_EXIT_REASON_EXECUTE_GETSEC + 1]                                  = UNKNOWN,
    [VMX_EXIT_REASON_EXECUTE_INVD]                                        = HvHandleInvd,
    [VMX_EXIT_REASON_EXECUTE_INVD + 1 ... VMX_EXIT_REASON_EXECUTE_RDPMC - 1]      = UNKNOWN,
    [VMX_EXIT_REASON_EXECUTE_RDPMC]                                               = DispatchEventPmc,
    [VMX_EXIT_REASON_EXECUTE_RDTSC]                                               = VmexitRdtsc,
    [VMX_EXIT_REASON_EXECUTE_RDTSC + 1 ... VMX_EXIT_REASON_EXECUTE_VMCALL - 1]    = UNKNOWN,
    [VMX_EXIT_REASON_EXECUTE_VMCALL]                                              = VmexitVmcall,
    [VMX_EXIT_REASON_EXECUTE_VMCLEAR... VMX_EXIT_REASON_EXECUTE_VMXON]            = UNDEFINED,
    [VMX_EXIT_REASON_MOV_CR]                                                      = VmxHandleMovCr,
    [VMX_EXIT_REASON_MOV_DR]                                                      = VmxHandleMovDr,
    [VMX_EXIT_REASON_IO_INSTRUCTION]                                              = VmxHandleIo,
    [VMX_EXIT_REASON_EXECUTE_RDMSR]                                               = DispatchEventRdmsr,
    [VMX_EXIT_REASON_EXECUTE_WRMSR]                                               = DispatchEventWrmsr,
    [VMX_EXIT_REASON_EXECUTE_WRMSR + 1 ... VMX_EXIT_REASON_MONITOR_TRAP_FLAG - 1] = UNKNOWN,
    [VMX_EXIT_REASON_MONITOR_TRAP_FLAG]                                           = MtfHandleVmexit,
    [VMX_EXIT_REASON_MONITOR_TRAP_FLAG + 1 ... VMX_EXIT_REASON_EPT_VIOLATION - 1] = UNKNOWN,
    [VMX_EXIT_REASON_EPT_VIOLATION]                                               = VmexitEptViolation,
    [VMX_EXIT_REASON_EPT_MISCONFIGURATION]                                        = VmexitEptMisconfiguration,
    [VMX_EXIT_REASON_EXECUTE_INVEPT]                                              = UNDEFINED,
    [VMX_EXIT_REASON_EXECUTE_RDTSCP]                                              = VmexitRdtscp,
    [VMX_EXIT_REASON_EXECUTE_RDTSCP + 1 ... VMX_EXIT_REASON_EXECUTE_INVVPID - 1]  = UNKNOWN,
    [VMX_EXIT_REASON_EXECUTE_INVVPID]                                             = UNDEFINED,
    [VMX_EXIT_REASON_EXECUTE_INVVPID + 1]                                         = UNKNOWN,
    [VMX_EXIT_REASON_EXECUTE_XSETBV]                                              = DispatchEventXsetbv,
    [VMX_EXIT_REASON_EXECUTE_XSETBV + 1 ... VMX_EXIT_REASON_EXECUTE_VMFUNC - 1]   = UNKNOWN,
    [VMX_EXIT_REASON_EXECUTE_VMFUNC]                                              = UNDEFINED,
    [VMX_EXIT_REASON_EXECUTE_VMFUNC + 1 ... VMX_EXIT_REASON_COUNT - 1]            = UNKNOWN,
};

static inline VOID VmexitDispatch(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Reason)
{
    if (UNLIKELY(Reason >= VMX_EXIT_REASON_COUNT)) {
        VmexitUnknown(VCpu);
        return;
    }
    VCpu->ExitCounts[Reason]++;
    VmexitTable[Reason](VCpu);
}

/* --- RIP --- */

/* An interrupt shadow lasts for one instruction, and this was it. */
static inline VOID VmexitEndInterruptShadow(VOID)
{
    UINT32 State = VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE);

    if (UNLIKELY(State & INTERRUPTIBILITY_SHADOWS))
        VmcsWrite32(VMCS_GUEST_INTERRUPTIBILITY_STATE, State & ~INTERRUPTIBILITY_SHADOWS);
}

/* Outside 64-bit mode RIP wraps at 4 GiB. */
static __attribute__((__noinline__, __cold__)) UINT64 VmexitWrapRip(UINT64 Rip)
{
    return (VmcsRead32(VMCS_GUEST_CS_ACCESS_RIGHTS) & SEGMENT_ACCESS_RIGHTS_LONG_MODE) ? Rip : (UINT32)Rip;
}

__attribute__((__noinline__, __cold__)) VOID VmexitPendSingleStep(VOID)
{
    if (VmcsRead64(VMCS_GUEST_DEBUGCTL) & DEBUGCTL_BTF)
        return;
    VmcsWriteNatural(VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS,
                     VmcsReadNatural(VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS) | PENDING_DEBUG_BS);
}

static inline VOID VmexitGoOn(const VIRTUAL_MACHINE_STATE *VCpu, UINT64 Rip)
{
    VmcsWriteNatural(VMCS_GUEST_RIP, Rip);
    VmexitEndInterruptShadow();
    if (UNLIKELY(VCpu->Regs->rflags & RFLAGS_TF))
        VmexitPendSingleStep();
}

static inline VOID VmexitAdvance(const VIRTUAL_MACHINE_STATE *VCpu, UINT32 Length)
{
    UINT64 Rip = VCpu->LastVmexitRip + Length;

    if (UNLIKELY((UINT32)Rip < Length))
        Rip = VmexitWrapRip(Rip);
    VmexitGoOn(VCpu, Rip);
}

VOID VmexitGoOnAt(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Rip)
{
    VmexitGoOn(VCpu, Rip);
}

VOID VmexitAdvanceRipBy(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Length)
{
    VmexitAdvance(VCpu, Length);
}

VOID VmexitAdvancePastPush(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Length)
{
    VmcsWriteNatural(VMCS_GUEST_RSP, VCpu->Regs->rsp);
    VmexitGoOn(VCpu, VCpu->LastVmexitRip + Length);
    if (UNLIKELY(VmcsReadNatural(VMCS_GUEST_DR7) & DR7_ANY))
        VmxPendBreakpoints(VCpu->Regs->rsp, sizeof(UINT64), BREAKPOINT_ON_WRITE);
}

/* --- the entry --- */

/* Gives the reason with the bit that tells a failed entry, which no handler's number has. */
static inline UINT32 VmexitReadState(VIRTUAL_MACHINE_STATE *VCpu, GUEST_REGS *Regs)
{
    UINT32 Reason = VmcsRead32(VMCS_EXIT_REASON);

    VCpu->Regs              = Regs;
    VCpu->ExitFlags         = VCpu->ExitFlagsAtStart;
    VCpu->ExitReason        = Reason;
    VCpu->ExitQualification = VmcsReadNatural(VMCS_EXIT_QUALIFICATION);
    VCpu->LastVmexitRip     = VmcsReadNatural(VMCS_GUEST_RIP);
    Regs->rsp               = VmcsReadNatural(VMCS_GUEST_RSP);
    Regs->rflags            = VmcsReadNatural(VMCS_GUEST_RFLAGS);
    return Reason;
}

/* Where the guest is in a shadow still, the entry wants its single-step trap to be pending exactly if it
 * steps (27.3.1.5), and interrupts to be on where STI made the shadow. */
static VOID VmexitFitShadow(UINT64 Rflags)
{
    UINT32 State   = VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE);
    UINT64 Pending = VmcsReadNatural(VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS) & ~PENDING_DEBUG_BS;

    if (!(State & INTERRUPTIBILITY_SHADOWS))
        return;
    if (!(Rflags & RFLAGS_IF))
        VmcsWrite32(VMCS_GUEST_INTERRUPTIBILITY_STATE, State & ~INTERRUPTIBILITY_BLOCKING_BY_STI);
    VmcsWriteNatural(VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS, Pending);
    if (Rflags & RFLAGS_TF)
        VmexitPendSingleStep();
}

/* What a user made of RSP and RFLAGS. Of flags that the processor would refuse, those that can be set are
 * taken. */
static VOID VmexitWriteRegs(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Before = VmcsReadNatural(VMCS_GUEST_RFLAGS);
    UINT64 Rflags = (VCpu->Regs->rflags & RFLAGS_SETTABLE) | (Before & ~RFLAGS_SETTABLE);

    if (EventIsInterruptQueued())
        Rflags |= RFLAGS_IF;
    VmcsWriteNatural(VMCS_GUEST_RSP, VCpu->Regs->rsp);
    VmcsWriteNatural(VMCS_GUEST_RFLAGS, Rflags);
    VmexitFitShadow(Rflags);
}

/* What few exits need at their end. NULL or the frame for IRET, as VmxVmexitHandler returns it. */
static __attribute__((__noinline__, __cold__)) const UINT64 *VmexitUnusualEnd(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (VCpu->ExitEnd & EXIT_END_STEP)
        MtfResolveStep(VCpu);
    if (VCpu->ExitEnd & (EXIT_END_NMI | EXIT_END_LEAVE_SOON))
        VmxBroadcastEndOfExit(VCpu); /* the guest is as it will go on, but for RSP and RFLAGS in Regs */
    if (VCpu->ExitEnd & EXIT_END_WRITE_REGS)
        VmexitWriteRegs(VCpu);
    if (VCpu->ExitEnd & EXIT_END_HOLD)
        MtfGuardStep(VCpu);
    if (VCpu->ExitEnd & EXIT_END_LEAVE) {
        VmxLeave(VCpu);
        return &VCpu->VmxoffState.GuestRip;
    }
    if (VCpu->ExitEnd & EXIT_END_TRAP)
        NmiWindowTrapArm(VCpu);
    VCpu->IsOnVmxRootMode = FALSE;
    return NULL;
}

const UINT64 *VmxVmexitHandler(GUEST_REGS *Regs)
{
    VIRTUAL_MACHINE_STATE *VCpu = ((VMX_EXIT_FRAME *)Regs)->Owner;

    VmexitDispatch(VCpu, VmexitReadState(VCpu, Regs));
    if (LIKELY(VCpu->IncrementRip))
        VmexitAdvance(VCpu, VmcsRead32(VMCS_VMEXIT_INSTRUCTION_LENGTH));
    if (UNLIKELY(VCpu->ExitEnd != 0))
        return VmexitUnusualEnd(VCpu);

    VCpu->IsOnVmxRootMode = FALSE;
    return NULL;
}

VOID VmxVmresumeFailed(GUEST_REGS *Regs)
{
    VmxPanic(((VMX_EXIT_FRAME *)Regs)->Owner, "hyperhv: VMRESUME failed");
}

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
#include "hyperhv/interface/Callback.h"
#include "hyperhv/interface/Dispatch.h"
#include "hyperhv/interface/Log.h"
#include "hyperhv/vmx/AsmEntry.h"
#include "hyperhv/vmx/ControlRegisters.h"
#include "hyperhv/vmx/EventInjection.h"
#include "hyperhv/vmx/IdtEmulation.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/Vmx.h"
#include "hyperhv/vmx/VmxNmi.h"
#include "hyperhv/vmx/VmxState.h"

#define RFLAGS_TF                (1ull << 8)
#define EXIT_REASON_BASIC        0xFFFFu
#define INTERRUPTIBILITY_SHADOWS (INTERRUPTIBILITY_BLOCKING_BY_STI | INTERRUPTIBILITY_BLOCKING_BY_MOV_SS)

/* --- handlers that are a line or two --- */

static VOID VmexitVmcall(VIRTUAL_MACHINE_STATE *VCpu)
{
    GUEST_REGS *Regs = VCpu->Regs;

    if (Regs->r10 == VMCALL_SIGNATURE_R10 && Regs->r11 == VMCALL_SIGNATURE_R11 && Regs->r12 == VMCALL_SIGNATURE_R12 &&
        g_Backend->GetCpl(VCpu) == 0)
        Regs->rax = HvHandleVmcall(VCpu, Regs->rcx, Regs->rdx, Regs->r8, Regs->r9);
    else
        DispatchEventVmcall(VCpu);
}

/* The guest has no VMX: its instructions do not exist. */
static VOID VmexitUndefinedOpcode(VIRTUAL_MACHINE_STATE *VCpu)
{
    EventInjectUndefinedOpcode(VCpu);
}

static VOID VmexitEptViolation(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Physical = VmcsRead64(VMCS_GUEST_PHYSICAL_ADDRESS);

    VCpu->IncrementRip = FALSE;
    if (VmmCallbackCheckUnhandledEptViolations(VCpu->CoreId, VCpu->ExitQualification, Physical))
        return;

    LogError("core %u: EPT violation that no hook explains: physical %llx, qualification %llx, RIP %llx", VCpu->CoreId,
             Physical, VCpu->ExitQualification, VCpu->LastVmexitRip);
    EventInjectGeneralProtection(VCpu, 0);
}

/* A triple fault resets bare metal, and kernels reset by it on purpose: outside VMX operation it happens again. */
static VOID VmexitTripleFault(VIRTUAL_MACHINE_STATE *VCpu)
{
    VmxLeave(VCpu);
    CpuTripleFault();
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
             VCpu->ExitReason, VCpu->ExitQualification);
    VCpu->LaunchError  = DEBUGGER_ERROR_VMLAUNCH_FAILED;
    VCpu->IncrementRip = FALSE;
    VCpu->Lifecycle    = VMM_CORE_TERMINATING;
}

/* Recorded with its context, never ignored; the guest gets the exception of an instruction that does not exist. */
static VOID VmexitUnknown(VIRTUAL_MACHINE_STATE *VCpu)
{
    LogError("core %u: exit of reason %u, which nobody understands: qualification %llx, RIP %llx, RSP %llx, RAX %llx",
             VCpu->CoreId, VCpu->ExitReason, VCpu->ExitQualification, VCpu->LastVmexitRip, VCpu->LastVmexitRsp,
             VCpu->Regs->rax);
    EventInjectUndefinedOpcode(VCpu);
}

/* --- dispatch --- */

typedef struct _VMEXIT_ENTRY {
    VMEXIT_HANDLER Handler;
    BOOLEAN MayInterruptDelivery; /* 28.2.4: an event may have been on its way to the guest */
} VMEXIT_ENTRY;

static const VMEXIT_ENTRY VmexitTable[VMX_EXIT_REASON_COUNT] = {
    [VMX_EXIT_REASON_EXCEPTION_OR_NMI]     = {IdtEmulationHandleExceptionAndNmi, TRUE},
    [VMX_EXIT_REASON_TRIPLE_FAULT]         = {VmexitTripleFault, FALSE},
    [VMX_EXIT_REASON_NMI_WINDOW]           = {VmxHandleNmiWindow, FALSE},
    [VMX_EXIT_REASON_EXECUTE_CPUID]        = {DispatchEventCpuid, FALSE},
    [VMX_EXIT_REASON_EXECUTE_GETSEC]       = {VmexitUndefinedOpcode, FALSE},
    [VMX_EXIT_REASON_EXECUTE_INVD]         = {HvHandleInvd, FALSE},
    [VMX_EXIT_REASON_EXECUTE_VMCALL]       = {VmexitVmcall, FALSE},
    [VMX_EXIT_REASON_EXECUTE_VMCLEAR]      = {VmexitUndefinedOpcode, FALSE},
    [VMX_EXIT_REASON_EXECUTE_VMLAUNCH]     = {VmexitUndefinedOpcode, FALSE},
    [VMX_EXIT_REASON_EXECUTE_VMPTRLD]      = {VmexitUndefinedOpcode, FALSE},
    [VMX_EXIT_REASON_EXECUTE_VMPTRST]      = {VmexitUndefinedOpcode, FALSE},
    [VMX_EXIT_REASON_EXECUTE_VMREAD]       = {VmexitUndefinedOpcode, FALSE},
    [VMX_EXIT_REASON_EXECUTE_VMRESUME]     = {VmexitUndefinedOpcode, FALSE},
    [VMX_EXIT_REASON_EXECUTE_VMWRITE]      = {VmexitUndefinedOpcode, FALSE},
    [VMX_EXIT_REASON_EXECUTE_VMXOFF]       = {VmexitUndefinedOpcode, FALSE},
    [VMX_EXIT_REASON_EXECUTE_VMXON]        = {VmexitUndefinedOpcode, FALSE},
    [VMX_EXIT_REASON_MOV_CR]               = {VmxHandleMovCr, FALSE},
    [VMX_EXIT_REASON_EXECUTE_RDMSR]        = {DispatchEventRdmsr, FALSE},
    [VMX_EXIT_REASON_EXECUTE_WRMSR]        = {DispatchEventWrmsr, FALSE},
    [VMX_EXIT_REASON_INVALID_GUEST_STATE]  = {VmexitEntryFailure, FALSE},
    [VMX_EXIT_REASON_MSR_LOADING]          = {VmexitEntryFailure, FALSE},
    [VMX_EXIT_REASON_EPT_VIOLATION]        = {VmexitEptViolation, TRUE},
    [VMX_EXIT_REASON_EPT_MISCONFIGURATION] = {VmexitEptMisconfiguration, TRUE},
    [VMX_EXIT_REASON_EXECUTE_INVEPT]       = {VmexitUndefinedOpcode, FALSE},
    [VMX_EXIT_REASON_EXECUTE_INVVPID]      = {VmexitUndefinedOpcode, FALSE},
    [VMX_EXIT_REASON_EXECUTE_XSETBV]       = {DispatchEventXsetbv, FALSE},
    [VMX_EXIT_REASON_EXECUTE_VMFUNC]       = {VmexitUndefinedOpcode, FALSE},
};

static VOID VmexitDispatch(VIRTUAL_MACHINE_STATE *VCpu)
{
    const VMEXIT_ENTRY *Entry;

    if (VCpu->ExitReason >= VMX_EXIT_REASON_COUNT) {
        VmexitUnknown(VCpu);
        return;
    }
    VCpu->ExitCounts[VCpu->ExitReason]++;
    Entry = &VmexitTable[VCpu->ExitReason];
    if (Entry->Handler == NULL) {
        VmexitUnknown(VCpu);
        return;
    }
    if (Entry->MayInterruptDelivery)
        IdtEmulationRedeliverVectoredEvent(VCpu);
    Entry->Handler(VCpu);
}

/* --- RIP --- */

/* An interrupt shadow lasts for one instruction, and this was it. */
static VOID VmexitEndInterruptShadow(VOID)
{
    UINT32 State = VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE);

    if (State & INTERRUPTIBILITY_SHADOWS)
        VmcsWrite32(VMCS_GUEST_INTERRUPTIBILITY_STATE, State & ~INTERRUPTIBILITY_SHADOWS);
}

VOID VmexitAdvanceRip(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Rip = VCpu->LastVmexitRip + VmcsRead32(VMCS_VMEXIT_INSTRUCTION_LENGTH);

    /* Outside 64-bit mode RIP wraps at 4 GiB; a 64-bit one that carries there would be in two halves of user space. */
    if ((Rip ^ VCpu->LastVmexitRip) >> 32 && !(VmcsRead32(VMCS_GUEST_CS_ACCESS_RIGHTS) & (1u << 13)))
        Rip = (UINT32)Rip;
    VmcsWriteNatural(VMCS_GUEST_RIP, Rip);
    VmexitEndInterruptShadow();
    if (VCpu->Regs->rflags & RFLAGS_TF)
        VmcsWriteNatural(VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS,
                         VmcsReadNatural(VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS) | PENDING_DEBUG_BS);
}

/* --- the entry --- */

static VOID VmexitReadState(VIRTUAL_MACHINE_STATE *VCpu, GUEST_REGS *Regs)
{
    VCpu->Regs              = Regs;
    VCpu->IsOnVmxRootMode   = TRUE;
    VCpu->IncrementRip      = TRUE;
    VCpu->XmmRegsValid      = FALSE;
    VCpu->ExitReason        = VmcsRead32(VMCS_EXIT_REASON) & EXIT_REASON_BASIC;
    VCpu->ExitQualification = VmcsReadNatural(VMCS_EXIT_QUALIFICATION);
    VCpu->LastVmexitRip     = VmcsReadNatural(VMCS_GUEST_RIP);
    VCpu->LastVmexitRsp = Regs->rsp = VmcsReadNatural(VMCS_GUEST_RSP);
    VCpu->LastVmexitRflags = Regs->rflags = VmcsReadNatural(VMCS_GUEST_RFLAGS);
}

/* RSP and RFLAGS live in the VMCS: a change in their copies is written there. */
static VOID VmexitWriteState(VIRTUAL_MACHINE_STATE *VCpu, const GUEST_REGS *Regs)
{
    if (Regs->rsp != VCpu->LastVmexitRsp)
        VmcsWriteNatural(VMCS_GUEST_RSP, Regs->rsp);
    if (Regs->rflags != VCpu->LastVmexitRflags)
        VmcsWriteNatural(VMCS_GUEST_RFLAGS, Regs->rflags);
}

const UINT64 *VmxVmexitHandler(GUEST_REGS *Regs)
{
    VIRTUAL_MACHINE_STATE *VCpu = ((VMX_EXIT_FRAME *)Regs)->Owner;

    VmexitReadState(VCpu, Regs);
    VmexitDispatch(VCpu);
    if (VCpu->IncrementRip)
        VmexitAdvanceRip(VCpu);
    VmexitWriteState(VCpu, Regs);

    if (VCpu->Lifecycle == VMM_CORE_TERMINATING) {
        VmxLeave(VCpu);
        return &VCpu->VmxoffState.GuestRip;
    }
    VCpu->IsOnVmxRootMode = FALSE;
    return NULL;
}

VOID VmxVmresumeFailed(GUEST_REGS *Regs)
{
    VmxPanic(((VMX_EXIT_FRAME *)Regs)->Owner, "hyperhv: VMRESUME failed");
}

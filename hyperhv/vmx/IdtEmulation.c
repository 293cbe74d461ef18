// SPDX-License-Identifier: GPL-2.0-only
/*
 * IdtEmulation.c - exits by exceptions and NMIs, and events whose delivery an exit interrupted.
 *
 * Context: VMX root mode. SDM Vol. 3, 26.2, 28.2.1-28.2.4; the contract, section 5, "Exceptions and NMIs".
 */
#include "hyperhv/vmx/IdtEmulation.h"

#include "platform/CpuInstructions.h"
#include "hyperhv/hooks/GuestInstruction.h"
#include "hyperhv/hooks/HiddenBreakpoint.h"
#include "hyperhv/hooks/SkipInstruction.h"
#include "hyperhv/hooks/SyscallHook.h"
#include "hyperhv/interface/Callback.h"
#include "hyperhv/interface/Dispatch.h"
#include "hyperhv/vmx/DebugRegisters.h"
#include "hyperhv/vmx/EventInjection.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxNmi.h"

#define DR6_BREAKPOINTS  0xFull
#define DR6_BD           (1ull << 13)
#define DR6_ACTIVE_HIGH  0xE00Full  /* B0-B3, BD, BS, BT */
#define DR6_ACTIVE_LOW   0x10800ull /* BLD, RTM: 0 tells that it was so */
#define DR7_GD           (1ull << 13)
#define DEBUGCTL_LBR_BTF 3ull
#define RFLAGS_RF        (1ull << 16)
#define NUMBER_OF_CR2    2
#define NUMBER_OF_DR6    6

/* Vectors whose RIP is no instruction to be skipped. */
#define UNSKIPPABLE ((1u << VECTOR_DOUBLE_FAULT) | (1u << VECTOR_MACHINE_CHECK))

/* Of interruption information, and those of INT3. */
#define TYPE_AND_VECTOR 0x7FFu
#define INT3            ((INTERRUPTION_TYPE_SOFTWARE_EXCEPTION << 8) | VECTOR_BREAKPOINT)

static UINT32 ErrorCodeOf(UINT32 Info, UINT32 ErrorCode)
{
    return (Info & INTERRUPTION_INFO_ERROR_CODE_VALID) ? ErrorCode : 0;
}

/* 28.2.3: a fault of an IRET that had already unblocked NMIs: bare metal would block them again only by
 * delivering an NMI, but here the IRET runs again and must find them blocked. Not so for #DF, nor during
 * event delivery. */
static VOID RestoreNmiBlockingOfIret(UINT32 Info)
{
    if (!(Info & INTERRUPTION_INFO_NMI_UNBLOCKING) || INTERRUPTION_INFO_VECTOR(Info) == VECTOR_DOUBLE_FAULT ||
        (VmcsRead32(VMCS_IDT_VECTORING_INFO) & INTERRUPTION_INFO_VALID))
        return;
    VmcsWrite32(VMCS_GUEST_INTERRUPTIBILITY_STATE,
                VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE) | INTERRUPTIBILITY_BLOCKING_BY_NMI);
}

/* --- debug exceptions --- */

/* Neither the exit nor the injection touches DR6, DR7 and IA32_DEBUGCTL: what the processor would have done
 * to them with the delivery (18.2.3, 18.2.4, 18.4.1; the exit qualification, table 28-1, has the conditions
 * as DR6 has them, but for those that DR6 tells by a 0). An INT1 changes them not at all. */
static UINT64 Dr6OfDelivery(const VIRTUAL_MACHINE_STATE *VCpu, UINT64 Dr6)
{
    UINT64 Conditions = VCpu->ExitQualification;

    if (INTERRUPTION_INFO_TYPE(VmcsRead32(VMCS_VMEXIT_INTERRUPTION_INFO)) !=
        INTERRUPTION_TYPE_HARDWARE_EXCEPTION)
        return Dr6;
    return ((Dr6 & ~DR6_BREAKPOINTS) | (Conditions & DR6_ACTIVE_HIGH)) & ~(Conditions & DR6_ACTIVE_LOW);
}

static VOID UpdateDebugRegisters(const VIRTUAL_MACHINE_STATE *VCpu)
{
    CpuWriteDr6(Dr6OfDelivery(VCpu, CpuReadDr6()));
    VmcsWriteNatural(VMCS_GUEST_DR7, VmcsReadNatural(VMCS_GUEST_DR7) & ~DR7_GD);
    VmcsWrite64(VMCS_GUEST_DEBUGCTL, VmcsRead64(VMCS_GUEST_DEBUGCTL) & ~DEBUGCTL_LBR_BTF);
}

/* --- what becomes of the exception --- */

VOID IdtEmulationDeliverException(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Info = VmcsRead32(VMCS_VMEXIT_INTERRUPTION_INFO);

    if (VCpu->ExitVector == VECTOR_DEBUG &&
        INTERRUPTION_INFO_TYPE(Info) == INTERRUPTION_TYPE_HARDWARE_EXCEPTION)
        UpdateDebugRegisters(VCpu);
    EventInjectAgain(VCpu, Info, ErrorCodeOf(Info, VmcsRead32(VMCS_VMEXIT_INTERRUPTION_ERROR_CODE)),
                     VmcsRead32(VMCS_VMEXIT_INSTRUCTION_LENGTH));
}

/* After a debug trap there is nothing to be skipped, and an instruction breakpoint that is dropped lets its
 * instruction run; an access to the debug registers that was detected would be so again. */
static BOOLEAN IsOfInstruction(const VIRTUAL_MACHINE_STATE *VCpu)
{
    if (VCpu->ExitVector == VECTOR_DEBUG)
        return (VCpu->ExitQualification & DR6_BD) != 0;
    return !(UNSKIPPABLE & (1u << VCpu->ExitVector));
}

/* 18.3.1.1: the instruction runs if the breakpoint on it is held back. That the processor does, by the flags
 * of the exit (28.3.3); not each does. */
static VOID PassInstructionBreakpoint(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (VCpu->ExitVector != VECTOR_DEBUG ||
        !(VmxBreakpointsOn(GuestInstructionAddress(VCpu), 1, BREAKPOINT_ON_EXECUTE) &
          VCpu->ExitQualification))
        return;
    VCpu->Regs->rflags |= RFLAGS_RF;
    VCpu->ExitEnd |= EXIT_END_WRITE_REGS;
}

/* An instruction that was skipped is done: breakpoints on the next one count again. */
static VOID SkipFaultingInstruction(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!HookSkipInstruction(VCpu)) {
        IdtEmulationDeliverException(VCpu); /* nobody can tell where it ends */
        return;
    }
    VCpu->Regs->rflags &= ~RFLAGS_RF;
    VCpu->ExitEnd |= EXIT_END_WRITE_REGS;
}

/* RIP is at the instruction that raised the exception, but for debug traps and aborts, where nothing is to be
 * skipped; nor is there where the exception came of an event's delivery. With the end of the exit RIP moves
 * past a software exception by itself, as its length is known. */
VOID IdtEmulationDropException(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Info       = VmcsRead32(VMCS_VMEXIT_INTERRUPTION_INFO);
    BOOLEAN IsSkipped = VCpu->IncrementRip;

    if (VCpu->ExitVector == VECTOR_PAGE_FAULT)
        CpuWriteCr2(VCpu->Cr2Before);
    if (INTERRUPTION_INFO_TYPE(Info) != INTERRUPTION_TYPE_HARDWARE_EXCEPTION)
        return;
    VCpu->IncrementRip = FALSE;
    PassInstructionBreakpoint(VCpu);
    if (IsSkipped && IsOfInstruction(VCpu) &&
        !(VmcsRead32(VMCS_IDT_VECTORING_INFO) & INTERRUPTION_INFO_VALID))
        SkipFaultingInstruction(VCpu);
}

/* TRUE: somebody has taken it. */
static BOOLEAN IsTaken(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Vector = VCpu->ExitVector;

    if (Vector == VECTOR_INVALID_OPCODE && SyscallHookHandleUndefinedOpcode(VCpu))
        return TRUE;
    if (Vector == VECTOR_BREAKPOINT && VmmCallbackHandleBreakpointException(VCpu->CoreId))
        return TRUE;
    if (Vector == VECTOR_DEBUG && VmmCallbackHandleDebugBreakpointException(VCpu->CoreId))
        return TRUE;
    return VmmCallbackCheckThreadInterception(VCpu->CoreId);
}

/* CR2 of the guest is not written by an intercepted page fault: the address is the exit qualification. */
static VOID WriteCr2(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->Cr2Before = CpuReadCr2();
    CpuWriteCr2(VCpu->ExitQualification);
}

/* The register by which the exception tells more than its vector; of others nothing. */
static VOID TellRegister(VIRTUAL_MACHINE_STATE *VCpu)
{
    VMM_REGISTER_ACCESS *Access = &VCpu->RegisterAccess;

    *Access = (VMM_REGISTER_ACCESS){.Operand = VMM_NO_OPERAND};
    if (VCpu->ExitVector == VECTOR_PAGE_FAULT) {
        Access->Register = NUMBER_OF_CR2;
        Access->Before   = VCpu->Cr2Before;
        Access->After    = VCpu->ExitQualification;
    } else if (VCpu->ExitVector == VECTOR_DEBUG) {
        Access->Register = NUMBER_OF_DR6;
        Access->Before   = CpuReadDr6();
        Access->After    = Dr6OfDelivery(VCpu, Access->Before);
    }
    Access->IsWrite = Access->Register != 0;
}

static VOID HandleException(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (IsTaken(VCpu))
        return;
    if (VCpu->ExitVector == VECTOR_PAGE_FAULT)
        WriteCr2(VCpu);
    TellRegister(VCpu);
    VCpu->IncrementRip = TRUE; /* of one that is dropped; its user may say otherwise */
    DispatchEventException(VCpu);
}

static __attribute__((__noinline__)) VOID HandleAny(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Info = VmcsRead32(VMCS_VMEXIT_INTERRUPTION_INFO);

    VCpu->ExitVector = (UINT8)INTERRUPTION_INFO_VECTOR(Info);
    IdtEmulationRedeliverVectoredEvent(VCpu);
    if (INTERRUPTION_INFO_TYPE(Info) == INTERRUPTION_TYPE_NMI) {
        VmxNmiArrivedInGuest(VCpu);
        return;
    }
    RestoreNmiBlockingOfIret(Info);
    HandleException(VCpu);
}

/* INT3 has a way of its own, as hidden breakpoints are to cost little: it comes in no event's delivery, and
 * unblocks no NMIs. (INT n, which is none of ours, is of another type.) */
VOID IdtEmulationHandleExceptionAndNmi(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->IncrementRip = FALSE;
    if (LIKELY((VmcsRead32(VMCS_VMEXIT_INTERRUPTION_INFO) & TYPE_AND_VECTOR) == INT3) &&
        HiddenBreakpointHandle(VCpu))
        return;
    HandleAny(VCpu);
}

BOOLEAN IdtEmulationRedeliverVectoredEvent(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Info = VmcsRead32(VMCS_IDT_VECTORING_INFO);
    UINT32 Interruptibility;

    if (!(Info & INTERRUPTION_INFO_VALID))
        return FALSE;

    /* 27.6.1.1: an NMI goes in only while NMIs are not blocked; its interrupted delivery has blocked them
     * already. */
    if (INTERRUPTION_INFO_TYPE(Info) == INTERRUPTION_TYPE_NMI) {
        Interruptibility = VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE);
        VmcsWrite32(VMCS_GUEST_INTERRUPTIBILITY_STATE, Interruptibility & ~INTERRUPTIBILITY_BLOCKING_BY_NMI);
    }
    EventInjectAgain(VCpu, Info, ErrorCodeOf(Info, VmcsRead32(VMCS_IDT_VECTORING_ERROR_CODE)),
                     VmcsRead32(VMCS_VMEXIT_INSTRUCTION_LENGTH));
    return TRUE;
}

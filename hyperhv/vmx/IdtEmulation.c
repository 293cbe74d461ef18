// SPDX-License-Identifier: GPL-2.0-only
/*
 * IdtEmulation.c - exits by exceptions and NMIs, and events whose delivery an exit interrupted.
 *
 * Context: VMX root mode. SDM Vol. 3, 26.2, 28.2.2-28.2.4; the contract, section 5, "Exceptions and NMIs".
 */
#include "hyperhv/vmx/IdtEmulation.h"

#include "hyperhv/hooks/HiddenBreakpoint.h"
#include "hyperhv/interface/Callback.h"
#include "hyperhv/vmx/EventInjection.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxNmi.h"

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

static VOID Reinject(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Info)
{
    EventInjectAgain(VCpu, Info, ErrorCodeOf(Info, VmcsRead32(VMCS_VMEXIT_INTERRUPTION_ERROR_CODE)),
                     VmcsRead32(VMCS_VMEXIT_INSTRUCTION_LENGTH));
}

/* CR2 of the guest is not written by an intercepted page fault; the address is the exit qualification. */
static VOID ReinjectPageFault(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Info)
{
    (VOID) Info;
    EventInjectPageFault(VCpu, VCpu->ExitQualification, VmcsRead32(VMCS_VMEXIT_INTERRUPTION_ERROR_CODE));
}

/* A #DB exit leaves DR6 and DR7 as they were; delivery by injection does not change them either: the debug
 * conditions of the exit qualification (table 28-1) go to DR6 with the debugger's own handling of #DB. */
VOID IdtEmulationHandleExceptionAndNmi(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Info   = VmcsRead32(VMCS_VMEXIT_INTERRUPTION_INFO);
    UINT32 Vector = INTERRUPTION_INFO_VECTOR(Info);
    UINT32 Type   = INTERRUPTION_INFO_TYPE(Info);

    VCpu->IncrementRip = FALSE;
    IdtEmulationRedeliverVectoredEvent(VCpu);
    if (Type == INTERRUPTION_TYPE_NMI) {
        VmxNmiArrivedInGuest(VCpu);
        return;
    }

    RestoreNmiBlockingOfIret(Info);
    if (Vector == VECTOR_BREAKPOINT && Type == INTERRUPTION_TYPE_SOFTWARE_EXCEPTION &&
        HiddenBreakpointHandle(VCpu))
        return; /* INT3; INT n, which is none of ours, is of another type */
    if (Vector == VECTOR_BREAKPOINT && VmmCallbackHandleBreakpointException(VCpu->CoreId))
        return;
    if (Vector == VECTOR_DEBUG && VmmCallbackHandleDebugBreakpointException(VCpu->CoreId))
        return;
    if (VmmCallbackCheckThreadInterception(VCpu->CoreId))
        return;

    if (Vector == VECTOR_PAGE_FAULT && Type == INTERRUPTION_TYPE_HARDWARE_EXCEPTION)
        ReinjectPageFault(VCpu, Info);
    else
        Reinject(VCpu, Info);
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

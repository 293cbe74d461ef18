// SPDX-License-Identifier: GPL-2.0-only
/*
 * ExternalInterrupt.c - exits by external interrupts, and their way to the guest.
 *
 * Context: VMX root mode. SDM Vol. 3, 25.6.1 (external-interrupt exiting), 25.7.1 (acknowledge on exit), 26.2
 * and 26.5.1 (interrupt windows), 11.8 (acceptance and end of interrupts in the local APIC).
 *
 * While external interrupts exit, RFLAGS.IF does not hold them back. To acknowledge one that the guest cannot
 * take yet would be seen: its APIC would have it in service, a more urgent one would overtake it in there and
 * not here, and a core on its way offline would find it nowhere. So an interrupt is acknowledged only where
 * the guest takes it at once:
 *
 *   WATCHED      they exit, unacknowledged: one is waiting. Can the guest take it? ACKNOWLEDGING : AWAITED
 *   AWAITED      they do not exit (the guest blocks them), the interrupt window does: ACKNOWLEDGING
 *   ACKNOWLEDGING  they exit and are acknowledged, which happens with the entry: WATCHED, event, delivery
 *
 * Thus the order, priorities and TPR are the APIC's affair, as without us, and at most one interrupt is ever
 * in our hands: one that came in ACKNOWLEDGING when the first had gone away by itself (a line that was
 * withdrawn). If the guest cannot take it, it is Held for the next window. In a step (Mtf.c) interrupts exit
 * whatever the state, and wait.
 */
#include "hyperhv/vmx/ExternalInterrupt.h"

#include "platform/CpuInstructions.h"
#include "hyperhv/core/Apic.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/interface/Dispatch.h"
#include "hyperhv/vmx/Controls.h"
#include "hyperhv/vmx/EventInjection.h"

#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxState.h"

#define RFLAGS_IF (1ull << 9)

static const struct {
    BOOLEAN Exit;
    BOOLEAN Acknowledge;
    BOOLEAN Window;
} States[] = {
    [VMX_INTERRUPTS_FREE]          = {FALSE, FALSE, FALSE},
    [VMX_INTERRUPTS_WATCHED]       = {TRUE, FALSE, FALSE},
    [VMX_INTERRUPTS_AWAITED]       = {FALSE, FALSE, TRUE},
    [VMX_INTERRUPTS_ACKNOWLEDGING] = {TRUE, TRUE, FALSE},
};

static UINT32 WithBit(UINT32 Value, UINT32 Bit, BOOLEAN On)
{
    return On ? Value | Bit : Value & ~Bit;
}

static VOID Enter(VIRTUAL_MACHINE_STATE *VCpu, VMX_INTERRUPTS State)
{
    VMX_CORE *Vmx = VCpu->Vmx;

    Vmx->Interrupts = State;
    Vmx->PinBased   = WithBit(Vmx->PinBased, PIN_BASED_EXTERNAL_INTERRUPT_EXITING, States[State].Exit);
    VmcsWrite32(VMCS_PIN_BASED_CONTROLS, Vmx->PinBased);
    VmcsWrite32(VMCS_VMEXIT_CONTROLS, WithBit(VmcsRead32(VMCS_VMEXIT_CONTROLS), VMEXIT_ACKNOWLEDGE_INTERRUPT,
                                              States[State].Acknowledge));
    if (States[State].Window)
        VmxSetPrimaryControls(VCpu, PRIMARY_INTERRUPT_WINDOW_EXITING);
    else
        VmxClearPrimaryControls(VCpu, PRIMARY_INTERRUPT_WINDOW_EXITING);
}

/* Where no interrupt waits. */
static VOID EnterIdle(VIRTUAL_MACHINE_STATE *VCpu)
{
    Enter(VCpu, VCpu->Vmx->IsWatchingInterrupts ? VMX_INTERRUPTS_WATCHED : VMX_INTERRUPTS_FREE);
}

/* Would the guest take one now? */
static BOOLEAN IsOpen(const VIRTUAL_MACHINE_STATE *VCpu)
{
    return (VCpu->Regs->rflags & RFLAGS_IF) &&
           !(VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE) & INTERRUPTIBILITY_SHADOWS) && !EventIsQueued();
}

VOID VmxWatchInterrupts(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN On)
{
    VCpu->Vmx->IsWatchingInterrupts = On;
    if (VCpu->Vmx->HeldInterrupt == 0)
        EnterIdle(VCpu);
}

/* --- the event --- */

/* The user may have closed the guest to interrupts meanwhile. */
VOID VmxDeliverInterrupt(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (IsOpen(VCpu)) {
        EventInjectInterrupt(VCpu, VCpu->ExitVector);
        return;
    }
    VCpu->Vmx->HeldInterrupt = VCpu->ExitVector;
    VCpu->Vmx->IsHeldTold    = TRUE;
    Enter(VCpu, VMX_INTERRUPTS_AWAITED);
}

/* In service in the APIC, it would hold back all that are not more urgent: nobody else will end it. */
VOID VmxDropInterrupt(VIRTUAL_MACHINE_STATE *VCpu)
{
    ApicEndInterrupt(VCpu->CoreId, VCpu->ExitVector);
}

static VOID Acknowledged(VIRTUAL_MACHINE_STATE *VCpu, UINT8 Vector)
{
    if (VCpu->EnableExternalInterruptsOnContinueMtf || !IsOpen(VCpu)) {
        VCpu->Vmx->HeldInterrupt = Vector;
        VCpu->Vmx->IsHeldTold    = FALSE;
        Enter(VCpu, VMX_INTERRUPTS_AWAITED);
        return;
    }
    EnterIdle(VCpu);
    VCpu->ExitVector = Vector;
    DispatchEventExternalInterrupts(VCpu);
}

/* --- exits --- */

VOID VmxHandleExternalInterrupt(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Info = VmcsRead32(VMCS_VMEXIT_INTERRUPTION_INFO);

    VCpu->IncrementRip = FALSE;
    if (Info & INTERRUPTION_INFO_VALID)
        Acknowledged(VCpu, (UINT8)INTERRUPTION_INFO_VECTOR(Info));
    else if (!VCpu->EnableExternalInterruptsOnContinueMtf)
        Enter(VCpu, IsOpen(VCpu) ? VMX_INTERRUPTS_ACKNOWLEDGING : VMX_INTERRUPTS_AWAITED);
}

static VOID ReleaseHeld(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->ExitVector         = VCpu->Vmx->HeldInterrupt;
    VCpu->Vmx->HeldInterrupt = 0;
    EnterIdle(VCpu);
    if (VCpu->Vmx->IsHeldTold)
        EventInjectInterrupt(VCpu, VCpu->ExitVector);
    else
        DispatchEventExternalInterrupts(VCpu);
}

VOID VmxHandleInterruptWindow(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->IncrementRip = FALSE;
    if (VCpu->Vmx->HeldInterrupt != 0)
        ReleaseHeld(VCpu);
    else
        Enter(VCpu, VMX_INTERRUPTS_ACKNOWLEDGING);
}

/* --- the way out of VMX operation --- */

VOID VmxHandBackInterrupt(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (VCpu->Vmx->HeldInterrupt != 0)
        ApicRaiseAgain(VCpu->CoreId, VCpu->Vmx->HeldInterrupt);
    VCpu->Vmx->HeldInterrupt = 0;
}

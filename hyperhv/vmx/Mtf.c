// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mtf.c - the monitor trap flag: one guest instruction, then an exit.
 *
 * Context: VMX root mode. SDM Vol. 3, 26.5.2 (MTF exits), 27.3.1.5 (checks on interruptibility), 25.4.2. The
 * contract, section 5, "MTF".
 */
#include "hyperhv/vmx/Mtf.h"

#include "hyperhv/hooks/GuestInstruction.h"
#include "hyperhv/hooks/HookStep.h"
#include "hyperhv/hooks/Monitor.h"
#include "hyperhv/interface/Callback.h"
#include "hyperhv/interface/Log.h"
#include "hyperhv/vmx/Controls.h"
#include "hyperhv/vmx/DebugRegisters.h"
#include "hyperhv/vmx/EptViews.h"
#include "hyperhv/vmx/EventInjection.h"
#include "hyperhv/vmx/ModeView.h"
#include "hyperhv/vmx/NmiWindowTrap.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/Vmexit.h"
#include "hyperhv/vmx/VmxBroadcast.h"
#include "hyperhv/vmx/VmxIo.h"
#include "hyperhv/vmx/VmxState.h"

#define RFLAGS_TF (1ull << 8)

static inline VOID MtfTurnOn(VIRTUAL_MACHINE_STATE *VCpu)
{
    __atomic_or_fetch(&VCpu->ExitFlagsAtStart, EXIT_FLAGS_END(EXIT_END_STEP), __ATOMIC_RELAXED);
    if (LIKELY(VmxControls()->HasMonitorTrapFlag))
        VmxSetPrimaryControls(VCpu, PRIMARY_MONITOR_TRAP_FLAG);
    else
        NmiWindowTrapSet(VCpu, TRUE);
}

static inline VOID MtfTurnOff(VIRTUAL_MACHINE_STATE *VCpu)
{
    __atomic_and_fetch(&VCpu->ExitFlagsAtStart, ~EXIT_FLAGS_END(EXIT_END_STEP), __ATOMIC_RELAXED);
    if (LIKELY(VmxControls()->HasMonitorTrapFlag))
        VmxClearPrimaryControls(VCpu, PRIMARY_MONITOR_TRAP_FLAG);
    else
        NmiWindowTrapSet(VCpu, FALSE);
}

VOID MtfSet(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN On)
{
    if (On)
        MtfTurnOn(VCpu);
    else
        MtfTurnOff(VCpu);
}

/* Of one that is pending: a shadow would put it off. */
static __attribute__((__noinline__)) BOOLEAN MtfTrapIsDue(VOID)
{
    return !(VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE) & INTERRUPTIBILITY_SHADOWS);
}

/* A load of SS keeps debug exceptions out for the next instruction (6.8.3). In a step it is itself in the
 * step's shadow, and the processor grants no second one in a row: it is made here, when the step is over. To
 * a guest that has neither breakpoints nor the trap flag it does not matter; an interrupt may come there. */
static __attribute__((__noinline__)) VOID MtfNoteShadow(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Interruptibility)
{
    INSTRUCTION Instruction;

    if (VCpu->StepMakesShadow && VCpu->Vmx->StepRip == VCpu->LastVmexitRip)
        return; /* the same one; the shadow is the step's */
    VCpu->StepMakesShadow = !(Interruptibility & INTERRUPTIBILITY_BLOCKING_BY_MOV_SS) &&
                            GuestInstructionDecode(VCpu, &Instruction) && InstructionLoadsSs(&Instruction);
    VCpu->Vmx->StepRip = VCpu->LastVmexitRip;
}

/* With the step's shadow: the entry wants the trap of a guest that steps itself to be pending. */
static __attribute__((__noinline__)) VOID MtfHoldTraced(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Interruptibility)
{
    MtfNoteShadow(VCpu, Interruptibility);
    VmexitPendSingleStep();
}

static __attribute__((__noinline__)) VOID MtfMakeShadow(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->StepMakesShadow = FALSE;
    if (VCpu->LastVmexitRip == VCpu->Vmx->StepRip)
        return; /* it has faulted */
    VmcsWrite32(VMCS_GUEST_INTERRUPTIBILITY_STATE,
                VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE) | INTERRUPTIBILITY_BLOCKING_BY_MOV_SS);
    if (VCpu->Regs->rflags & RFLAGS_TF)
        VmexitPendSingleStep();
}

/* An interrupt that waits would be taken before the instruction, and the trap would come on the first one of
 * its handler. A MOV-SS shadow keeps interrupts out for exactly one instruction. Not with an event that goes
 * in with this entry: the entry would fail, and the trap comes after that event's delivery as it should.
 * Where the guest single-steps itself, the shadow wants its trap pending (27.3.1.5), which is then told after
 * the instruction, as without us. A trap that is pending already has its turn before the instruction. */
static inline VOID MtfHold(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 State;

    if (EventIsQueued() ||
        (UNLIKELY(VmcsReadNatural(VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS) != 0) && MtfTrapIsDue()))
        return;
    State = VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE);
    VmcsWrite32(VMCS_GUEST_INTERRUPTIBILITY_STATE,
                (State & ~INTERRUPTIBILITY_BLOCKING_BY_STI) | INTERRUPTIBILITY_BLOCKING_BY_MOV_SS);
    if (UNLIKELY(VCpu->Regs->rflags & RFLAGS_TF))
        MtfHoldTraced(VCpu, State);
}

VOID MtfHoldInterrupts(VIRTUAL_MACHINE_STATE *VCpu)
{
    MtfHold(VCpu);
}

/* The shadow ends interrupts that wait at the entry. One that comes between the entry and the instruction
 * should wait too; where it does not (Bochs with several cores), it exits instead of being taken, and waits
 * at the next entry. */
static inline VOID MtfCatchInterrupts(VIRTUAL_MACHINE_STATE *VCpu)
{
    VmcsWrite32(VMCS_PIN_BASED_CONTROLS, VCpu->Vmx->PinBased | PIN_BASED_EXTERNAL_INTERRUPT_EXITING);
    VCpu->EnableExternalInterruptsOnContinueMtf = TRUE;
}

static inline VOID MtfReleaseInterrupts(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!VCpu->EnableExternalInterruptsOnContinueMtf)
        return;
    VCpu->EnableExternalInterruptsOnContinueMtf = FALSE;
    VmcsWrite32(VMCS_PIN_BASED_CONTROLS, VCpu->Vmx->PinBased);
}

VOID MtfGuardStep(VIRTUAL_MACHINE_STATE *VCpu)
{
    MtfHold(VCpu);
    MtfCatchInterrupts(VCpu);
}

/* Everything inline here and in what a hook's step needs at its end: each hit of most hooks pays for both. */
static inline VOID MtfArm(VIRTUAL_MACHINE_STATE *VCpu)
{
    MtfTurnOn(VCpu);
    MtfHold(VCpu);
    MtfCatchInterrupts(VCpu);
}

VOID MtfStepArm(VIRTUAL_MACHINE_STATE *VCpu)
{
    MtfArm(VCpu);
}

/* The instruction goes on, and what else it touches is not told: to wait for room would be to wait for ever.
 */
static __attribute__((__noinline__, __cold__)) UINT64 MtfStepUnwatched(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!VCpu->Vmx->IsFullStepLogged)
        LogWarning("core %u: the instruction at RIP %llx touches more monitored pages than a step has room "
                   "for: the rest is not told",
                   VCpu->CoreId, VCpu->LastVmexitRip);
    VCpu->Vmx->IsFullStepLogged = TRUE;
    return EptViewPlain();
}

VOID MtfStepLoadsSs(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (VmcsReadNatural(VMCS_GUEST_DR7) & DR7_ANY)
        MtfNoteShadow(VCpu, VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE));
}

/* Where monitors may be waiting for what else the instruction touches. */
static __attribute__((__noinline__)) UINT64 MtfStepView(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Physical,
                                                        UINT32 Access)
{
    EPT_STEP_VIEW *View = &VCpu->Vmx->StepView;

    EptStepViewOpen(View, Physical, Access, VCpu->MtfEptHookRestorePoint == NULL);
    MtfStepLoadsSs(VCpu);
    return LIKELY(!View->IsFull) ? View->Eptp : MtfStepUnwatched(VCpu);
}

VOID MtfStepBegin(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Physical, UINT32 Access)
{
    VmcsWrite64(VMCS_EPT_POINTER, MonitorsExist() ? MtfStepView(VCpu, Physical, Access) : EptViewPlain());
    MtfArm(VCpu);
}

static inline VOID MtfStepEnd(VIRTUAL_MACHINE_STATE *VCpu)
{
    VmcsWrite64(VMCS_EPT_POINTER, ModeViewBase(VCpu));
    HookStepEnd(VCpu);
}

static BOOLEAN MtfIsStepping(const VIRTUAL_MACHINE_STATE *VCpu)
{
    return VCpu->MtfEptHookRestorePoint != NULL || VCpu->Io.IsStepping;
}

/* Only a user who still waits for the trap keeps it. */
static inline VOID MtfSetIfWanted(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!VCpu->RegisterBreakOnMtf && !MtfIsStepping(VCpu))
        MtfTurnOff(VCpu);
}

static __attribute__((__noinline__)) VOID MtfReportUnexplained(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (VCpu->UnexplainedMtfLogged)
        return;
    VCpu->UnexplainedMtfLogged = TRUE;
    LogWarning("core %u: an MTF exit that nobody asked for, at RIP %llx", VCpu->CoreId, VCpu->LastVmexitRip);
}

static __attribute__((__noinline__)) VOID MtfTellRegistered(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->MtfIsExplained     = TRUE;
    VCpu->RegisterBreakOnMtf = FALSE; /* first: the handler may ask for another */
    VmmCallbackRegisteredMtfHandler(VCpu->CoreId);
}

VOID MtfHandleVmexit(VIRTUAL_MACHINE_STATE *VCpu)
{
    /* Before anything is served: an NMI from here on wants another trap. */
    VCpu->MtfIsExplained = __atomic_exchange_n(&VCpu->NmiWantsExit, FALSE, __ATOMIC_SEQ_CST);
    VCpu->IncrementRip   = FALSE;
    VCpu->ExitEnd &= (UINT8)~EXIT_END_STEP;

    VCpu->MtfIsExplained |= VmmCallbackCheckAndHandleReApplyingBreakpoint(VCpu->CoreId);

    if (LIKELY(VCpu->MtfEptHookRestorePoint != NULL)) {
        MtfStepEnd(VCpu);
        VCpu->MtfIsExplained = TRUE;
    }
    if (UNLIKELY(VCpu->Io.IsStepping)) {
        VmxIoStepEnd(VCpu, TRUE);
        VCpu->MtfIsExplained = TRUE;
    }

    if (UNLIKELY(VCpu->RegisterBreakOnMtf))
        MtfTellRegistered(VCpu);
    else
        VCpu->MtfIsExplained |= VmxBroadcastServeRequest(VCpu);

    if (UNLIKELY(!(VmmCallbackRestoreEptState(VCpu->CoreId) | VCpu->MtfIsExplained)))
        MtfReportUnexplained(VCpu);

    MtfReleaseInterrupts(VCpu);
    if (UNLIKELY(VCpu->StepMakesShadow))
        MtfMakeShadow(VCpu);
    if (LIKELY(!VCpu->IgnoreMtfUnset))
        MtfSetIfWanted(VCpu);
    else
        VCpu->IgnoreMtfUnset = FALSE;
}

/* The step is over, without its trap and without its instruction. */
static VOID MtfAbandonStep(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (VCpu->MtfEptHookRestorePoint != NULL)
        MtfStepEnd(VCpu);
    if (VCpu->Io.IsStepping)
        VmxIoStepEnd(VCpu, FALSE);
    VCpu->StepMakesShadow = FALSE;
    MtfReleaseInterrupts(VCpu);
    MtfSetIfWanted(VCpu);
}

/* An instruction that exits by itself or was skipped is done without the trap having come: on the entry it
 * would come one instruction late. */
VOID MtfResolveStep(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Rip = VmcsReadNatural(VMCS_GUEST_RIP);

    if (Rip != VCpu->LastVmexitRip) {
        VCpu->LastVmexitRip = Rip;
        MtfHandleVmexit(VCpu);
    } else if (!MtfIsStepping(VCpu)) {
        return; /* the trap comes after the instruction, or after the delivery of what is queued */
    } else if (VCpu->Step.IsCancelled || EventIsQueued()) {
        MtfAbandonStep(VCpu);
    } else {
        MtfHoldInterrupts(VCpu);
    }
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * NmiWindowTrap.c - the trap after one instruction, on processors without the monitor trap flag.
 *
 * Context: VMX root mode. SDM Vol. 3, 25.4.2 (interruptibility state), 26.2 (NMI-window exiting), 27.3.1.5.
 *
 * While the guest blocks NMIs its NMI window would never open. The blocking of virtual NMIs is state of ours
 * alone, as every NMI exits: it is taken away for the instruction and put back after it.
 */
#include "hyperhv/vmx/NmiWindowTrap.h"

#include "hyperhv/core/Backend.h"
#include "hyperhv/memory/MemoryMapper.h"
#include "hyperhv/vmx/Controls.h"
#include "hyperhv/vmx/EventInjection.h"
#include "hyperhv/vmx/Mtf.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxNmi.h"
#include "hyperhv/vmx/VmxState.h"

#define OPCODE_IRET         0xCFu
#define PREFIX_OPERAND_SIZE 0x66u
#define PREFIX_REX          0x40u /* low four bits: the rest of it */
#define MAX_IRET_PREFIXES   4

/* IRET ends the blocking by itself, whether or not it faults; to put it back afterwards would be wrong. */
static BOOLEAN NextIsIret(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Address = g_Backend->GetCodeBase(VCpu) + VmcsReadNatural(VMCS_GUEST_RIP);
    UINT64 Last    = Address + MAX_IRET_PREFIXES;
    UINT8 Byte;

    for (; Address <= Last; Address++) {
        if (!MemoryMapperReadVirtual(VCpu, g_Backend->GetCr3(VCpu), Address, &Byte, sizeof(Byte)))
            return FALSE;
        if (Byte == OPCODE_IRET)
            return TRUE;
        if (Byte != PREFIX_OPERAND_SIZE && (Byte & 0xF0u) != PREFIX_REX)
            return FALSE;
    }
    return FALSE;
}

static VOID ChangeInterruptibility(UINT32 Set, UINT32 Clear)
{
    VmcsWrite32(VMCS_GUEST_INTERRUPTIBILITY_STATE,
                (VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE) | Set) & ~Clear);
}

static BOOLEAN QueuedIs(UINT32 Info)
{
    return VmcsRead32(VMCS_VMENTRY_INTERRUPTION_INFO) == Info;
}

#define QUEUED_NMI (INTERRUPTION_INFO_VALID | (INTERRUPTION_TYPE_NMI << 8) | VECTOR_NMI)
#define QUEUED_NMI_NOT_AS_NMI                                                                                \
    (INTERRUPTION_INFO_VALID | (INTERRUPTION_TYPE_HARDWARE_EXCEPTION << 8) | VECTOR_NMI)

/* An NMI that goes in would block the window. As an exception of the same vector it is delivered alike, and
 * the blocking comes with the trap, before the first instruction of its handler. */
static VOID HideNmiBlocking(VIRTUAL_MACHINE_STATE *VCpu)
{
    NMI_WINDOW_TRAP *Trap = &VCpu->Vmx->Trap;
    UINT32 State          = VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE);

    if (QueuedIs(QUEUED_NMI)) {
        VmcsWrite32(VMCS_VMENTRY_INTERRUPTION_INFO, QUEUED_NMI_NOT_AS_NMI);
        Trap->HidesNmiBlocking = TRUE;
    } else if ((State & INTERRUPTIBILITY_BLOCKING_BY_NMI) && (EventIsQueued() || !NextIsIret(VCpu))) {
        ChangeInterruptibility(0, INTERRUPTIBILITY_BLOCKING_BY_NMI);
        Trap->HidesNmiBlocking = TRUE;
    }
}

static VOID ShowNmiBlocking(VIRTUAL_MACHINE_STATE *VCpu)
{
    NMI_WINDOW_TRAP *Trap = &VCpu->Vmx->Trap;

    if (!Trap->HidesNmiBlocking)
        return;
    Trap->HidesNmiBlocking = FALSE;
    if (QueuedIs(QUEUED_NMI_NOT_AS_NMI))
        VmcsWrite32(VMCS_VMENTRY_INTERRUPTION_INFO, QUEUED_NMI);
    else if (!QueuedIs(QUEUED_NMI))
        ChangeInterruptibility(INTERRUPTIBILITY_BLOCKING_BY_NMI, 0);
}

VOID NmiWindowTrapSet(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN On)
{
    VCpu->Vmx->Trap.IsWanted = On;
    if (On) {
        VCpu->ExitEnd |= EXIT_END_TRAP;
        __atomic_or_fetch(&VCpu->ExitFlagsAtStart, EXIT_FLAGS_END(EXIT_END_TRAP), __ATOMIC_RELAXED);
    } else {
        VCpu->ExitEnd &= (UINT8)~EXIT_END_TRAP;
        __atomic_and_fetch(&VCpu->ExitFlagsAtStart, ~EXIT_FLAGS_END(EXIT_END_TRAP), __ATOMIC_RELAXED);
        ShowNmiBlocking(VCpu);
        VmxClearPrimaryControls(VCpu, PRIMARY_NMI_WINDOW_EXITING);
    }
}

/* Of exits that came before the trap: the blocking is hidden still. */
static VOID InjectNmiThatWaits(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 State = VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE);

    if (VCpu->MtfEptHookRestorePoint == NULL && !VCpu->Vmx->Trap.HidesNmiBlocking && !EventIsQueued() &&
        !(State & (INTERRUPTIBILITY_SHADOWS | INTERRUPTIBILITY_BLOCKING_BY_NMI)))
        VmxInjectPendingNmi(VCpu);
}

VOID NmiWindowTrapArm(VIRTUAL_MACHINE_STATE *VCpu)
{
    InjectNmiThatWaits(VCpu);
    HideNmiBlocking(VCpu);
    MtfHoldInterrupts(VCpu);
    VmxSetPrimaryControls(VCpu, PRIMARY_NMI_WINDOW_EXITING);
}

BOOLEAN NmiWindowTrapTaken(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!VCpu->Vmx->Trap.IsWanted)
        return FALSE;
    ShowNmiBlocking(VCpu);
    MtfHandleVmexit(VCpu);
    return TRUE;
}

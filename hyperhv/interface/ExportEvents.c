// SPDX-License-Identifier: GPL-2.0-only
/*
 * ExportEvents.c - steps, exceptions, interrupts and NMIs that users of the VMM ask for
 * (SDK/imports/VmmGuestImports.h tells the contracts).
 *
 * Context: VMX root mode, inside a callback.
 */
#include "SDK/imports/VmmGuestImports.h"

#include "hyperhv/core/Apic.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/CurrentCore.h"

#define RFLAGS_TF         (1ull << 8)
#define VECTOR_BREAKPOINT 3u
#define VECTOR_PAGE_FAULT 14u
#define FIRST_INTERRUPT   32u
#define LAST_INTERRUPT    255u

/* --- one instruction at a time --- */

VOID VmFuncRegisterBreakOnMtf(VOID)
{
    VIRTUAL_MACHINE_STATE *VCpu = CurrentCore();

    VCpu->RegisterBreakOnMtf = TRUE;
    VCpu->ExitEnd |= EXIT_END_HOLD;
    g_Backend->SetMonitorTrapFlag(VCpu, TRUE);
}

VOID VmFuncSetMonitorTrapFlag(BOOLEAN Set)
{
    g_Backend->SetMonitorTrapFlag(CurrentCore(), Set);
}

VOID VmFuncChangeIgnoreOneMtfState(BOOLEAN Set)
{
    CurrentCore()->IgnoreMtfUnset = Set;
}

VOID VmFuncSetRflagTrapFlag(BOOLEAN Set)
{
    GUEST_REGS *Regs = VmFuncGetGuestRegs();

    Regs->rflags = Set ? Regs->rflags | RFLAGS_TF : Regs->rflags & ~RFLAGS_TF;
}

/* --- what the guest takes next --- */

UINT32 VmFuncGetInterruptibilityState(VOID)
{
    return (UINT32)g_Backend->GetRegister(CurrentCore(), HV_REGISTER_INTERRUPTIBILITY);
}

BOOLEAN VmFuncSetInterruptibilityState(UINT32 State)
{
    return g_Backend->SetRegister(CurrentCore(), HV_REGISTER_INTERRUPTIBILITY, State);
}

/* Whether the guest takes one now, and which of several, is the APIC's affair. */
static BOOLEAN RaiseInterrupt(const VMM_EVENT_INJECTION *Event)
{
    return Event->Vector >= FIRST_INTERRUPT && Event->Vector <= LAST_INTERRUPT && !Event->HasErrorCode &&
           ApicRaise(CurrentCore()->CoreId, Event->Vector);
}

BOOLEAN VmFuncEventInjectInterruption(const VMM_EVENT_INJECTION *Event)
{
    if (Event->Type == VMM_INJECT_EXTERNAL_INTERRUPT)
        return RaiseInterrupt(Event);
    return g_Backend->InjectEvent(CurrentCore(), Event);
}

VOID VmFuncEventInjectBreakpoint(VOID)
{
    const VMM_EVENT_INJECTION Event = {
        .Type = VMM_INJECT_SOFTWARE_EXCEPTION, .Vector = VECTOR_BREAKPOINT, .InstructionLength = 1};

    VmFuncEventInjectInterruption(&Event);
}

BOOLEAN VmFuncEventInjectPageFaultWithCr2(UINT64 Address, UINT32 ErrorCode)
{
    const VMM_EVENT_INJECTION Event = {.Type         = VMM_INJECT_HARDWARE_EXCEPTION,
                                       .Vector       = VECTOR_PAGE_FAULT,
                                       .HasErrorCode = TRUE,
                                       .ErrorCode    = ErrorCode};

    return VmFuncEventInjectInterruption(&Event) && SetGuestCr2(Address);
}

VOID VmFuncEventInjectNmi(VOID)
{
    g_Backend->InjectNmi(CurrentCore());
}

/* --- the views of memory --- */

VOID VmFuncInvalidateEptSingleContext(VOID)
{
    g_Backend->ViewFlushThisCore(CurrentCore());
}

VOID VmFuncInvalidateEptAllContexts(VOID)
{
    g_Backend->ViewFlushAll(CurrentCore());
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * DebugRegisters.c - MOV to and from debug registers, while it exits; breakpoints on what root mode carried
 * out.
 *
 * Context: VMX root mode. SDM Vol. 3, 18.2 and 18.3.1 (debug registers), 26.1.3 (this exit comes before the
 * processor's own checks), table 28-4; Vol. 2, MOV to and from debug registers.
 *
 * DR0-DR3 and DR6 are the guest's all the time. DR7 is switched: the guest's is in the VMCS, root mode's has
 * no breakpoint enabled.
 */
#include "hyperhv/vmx/DebugRegisters.h"

#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/interface/Dispatch.h"
#include "hyperhv/vmx/ControlRegisters.h"
#include "hyperhv/vmx/EventInjection.h"
#include "hyperhv/vmx/GuestRegisters.h"
#include "hyperhv/vmx/Vmcs.h"

#define QUALIFICATION_DR(Qualification)       ((UINT32)(Qualification)&7)
#define QUALIFICATION_IS_READ(Qualification)  (((UINT32)(Qualification) >> 4) & 1)
#define QUALIFICATION_REGISTER(Qualification) (((UINT32)(Qualification) >> 8) & 0xF)
#define OPERAND_RSP                           4u
#define CR4_DE                                (1ull << 3)
#define DR6_CONDITIONS                        0xFull /* B0-B3 */
#define DR6_BD                                (1ull << 13)
#define DR6_NOT_RTM                           (1ull << 16)
#define DR7_GD                                (1ull << 13)
#define DR7_ENABLED(N)                        (3ull << (2 * (N)))
#define DR7_FIELDS(N)                         (16 + 4 * (N)) /* two bits of condition, two of length */

/* DR4 and DR5 are names of DR6 and DR7 (without CR4.DE). */
static const HV_REGISTER Registers[8] = {HV_REGISTER_DR0, HV_REGISTER_DR1, HV_REGISTER_DR2, HV_REGISTER_DR3,
                                         HV_REGISTER_DR6, HV_REGISTER_DR7, HV_REGISTER_DR6, HV_REGISTER_DR7};

/* PRE may have changed the operand. */
static VOID CarryOutDrWrite(VIRTUAL_MACHINE_STATE *VCpu)
{
    VMM_REGISTER_ACCESS *Access = &VCpu->RegisterAccess;
    HV_REGISTER Register        = Registers[Access->Register];

    if (VmxSetRegister(VCpu, Register, ((const UINT64 *)VCpu->Regs)[Access->Operand]))
        Access->After = VmxGetRegister(VCpu, Register);
    else
        g_Backend->InjectGeneralProtection(VCpu, 0);
}

static VOID CarryOutDrRead(VIRTUAL_MACHINE_STATE *VCpu)
{
    const VMM_REGISTER_ACCESS *Access = &VCpu->RegisterAccess;

    ((UINT64 *)VCpu->Regs)[Access->Operand] = Access->Before;
    if (Access->Operand == OPERAND_RSP)
        VCpu->ExitEnd |= EXIT_END_WRITE_REGS;
}

/* 18.2.4: general detect. The handler of the #DB may use the registers. */
static VOID RaiseGeneralDetect(VIRTUAL_MACHINE_STATE *VCpu)
{
    CpuWriteDr6((CpuReadDr6() & ~DR6_CONDITIONS) | DR6_BD | DR6_NOT_RTM);
    VmcsWriteNatural(VMCS_GUEST_DR7, VmcsReadNatural(VMCS_GUEST_DR7) & ~DR7_GD);
    EventInjectDebug(VCpu);
}

/* What the processor would have checked before. TRUE: the access is a fault, and that is done. */
static BOOLEAN DrAccessFaults(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Register)
{
    if ((Register == 4 || Register == 5) && (VmxGuestCr4() & CR4_DE))
        g_Backend->InjectUndefinedOpcode(VCpu);
    else if (g_Backend->GetCpl(VCpu) != 0)
        g_Backend->InjectGeneralProtection(VCpu, 0);
    else if (VmcsReadNatural(VMCS_GUEST_DR7) & DR7_GD)
        RaiseGeneralDetect(VCpu);
    else
        return FALSE;
    return TRUE;
}

VOID VmxHandleMovDr(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Qualification        = VCpu->ExitQualification;
    VMM_REGISTER_ACCESS *Access = &VCpu->RegisterAccess;

    Access->Register = QUALIFICATION_DR(Qualification);
    Access->Operand  = QUALIFICATION_REGISTER(Qualification);
    Access->IsWrite  = !QUALIFICATION_IS_READ(Qualification);
    if (DrAccessFaults(VCpu, Access->Register))
        return;

    if (Access->Register == 4 || Access->Register == 5)
        Access->Register += 2; /* another name of DR6 and DR7 */
    Access->Before = VmxGetRegister(VCpu, Registers[Access->Register]);
    Access->After  = Access->IsWrite ? ((const UINT64 *)VCpu->Regs)[Access->Operand] : Access->Before;
    DispatchEventMov2DebugRegs(VCpu, Access->IsWrite ? CarryOutDrWrite : CarryOutDrRead);
}

/* --- breakpoints that the processor has not seen --- */

static UINT64 BreakpointAddress(UINT32 Number)
{
    switch (Number) {
    case 0:
        return CpuReadDr0();
    case 1:
        return CpuReadDr1();
    case 2:
        return CpuReadDr2();
    default:
        return CpuReadDr3();
    }
}

static BOOLEAN IsBreakpointOn(UINT64 Dr7, UINT32 Number, UINT64 Address, UINT32 Size, UINT32 Conditions)
{
    static const UINT8 LastByte[] = {0, 1, 7, 3}; /* by the length's two bits */
    UINT32 Fields                 = (UINT32)(Dr7 >> DR7_FIELDS(Number));
    UINT64 Length                 = LastByte[(Fields >> 2) & 3];
    UINT64 First                  = BreakpointAddress(Number) & ~Length;

    return (Dr7 & DR7_ENABLED(Number)) && ((Conditions >> (Fields & 3)) & 1) && Address <= First + Length &&
           Address + Size > First;
}

UINT64 VmxBreakpointsOn(UINT64 Address, UINT32 Size, UINT32 Conditions)
{
    UINT64 Dr7 = VmcsReadNatural(VMCS_GUEST_DR7), Breakpoints = 0;
    UINT32 Number;

    if (LIKELY(!(Dr7 & DR7_ANY)))
        return 0;
    for (Number = 0; Number < 4; Number++)
        if (IsBreakpointOn(Dr7, Number, Address, Size, Conditions))
            Breakpoints |= 1ull << Number;
    return Breakpoints;
}

VOID VmxPendBreakpoints(UINT64 Address, UINT32 Size, UINT32 Conditions)
{
    UINT64 Breakpoints = VmxBreakpointsOn(Address, Size, Conditions);

    if (Breakpoints != 0)
        VmcsWriteNatural(VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS,
                         VmcsReadNatural(VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS) | Breakpoints |
                             PENDING_DEBUG_ENABLED_BREAKPOINT);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * ControlRegisters.c - control registers under VMX.
 *
 * Context: VMX root mode, but for what ControlRegisters.h says otherwise. SDM Vol. 3, 24.8, 26.1.3, table
 * 28-3, A.7, A.8.
 *
 * Exits happen only where the guest changes a bit that the host owns: CR0.NE (and what else VMX operation
 * fixes) and CR4.VMXE. Such a bit is kept in the read shadow, where the guest sees it, and is not given to
 * the processor. A kernel that sets CR4.VMXE finds out at its VMXON, which is #UD: an instruction whose
 * failure hypervisors expect. Beside these, exits happen where somebody watches (ExitSwitches.c): changes of
 * bits of CR0 and CR4, MOV to and from CR3 and CR8.
 */
#include "hyperhv/vmx/ControlRegisters.h"

#include "platform/CpuInstructions.h"
#include "platform/CpuVmx.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/interface/Callback.h"
#include "hyperhv/interface/Dispatch.h"
#include "hyperhv/memory/PhysicalWidth.h"
#include "hyperhv/vmx/GuestRegisters.h"
#include "hyperhv/vmx/ModeView.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxState.h"

#define QUALIFICATION_CR(Qualification)       ((UINT32)(Qualification)&0xF)
#define QUALIFICATION_ACCESS(Qualification)   (((UINT32)(Qualification) >> 4) & 3)
#define QUALIFICATION_REGISTER(Qualification) (((UINT32)(Qualification) >> 8) & 0xF)
#define QUALIFICATION_LMSW(Qualification)     (((UINT64)(Qualification) >> 16) & 0xFFFF)
#define ACCESS_MOV_TO_CR                      0
#define ACCESS_MOV_FROM_CR                    1
#define ACCESS_CLTS                           2
#define ACCESS_LMSW                           3
#define CR0_MP_EM_TS                          0xEull
#define CR0_TS                                8ull
#define CR0_WP                                (1ull << 16)
#define CR0_NW                                (1ull << 29)
#define CR0_CD                                (1ull << 30)
#define CR0_NW_CD                             (CR0_NW | CR0_CD)
#define CR3_PCID                              0xFFFull
#define CR3_LAM                               (3ull << 61)
#define CR3_KEEP                              (1ull << 63)
#define CR4_PAE                               (1ull << 5)
#define CR4_LA57                              (1ull << 12)
#define CR4_PCIDE                             (1ull << 17)
#define EFER_LMA                              (1ull << 10)
#define OPERAND_RSP                           4u

/* Written by Initialize only. */
static UINT64 Cr0Fixed0, Cr0Fixed1, Cr4Fixed0, Cr4Fixed1;
static UINT64 Cr3Bits; /* that may be set */
static BOOLEAN HasXsave;

#define CPUID_1_ECX_XSAVE (1u << 26)
#define CPUID_7_1_EAX_LAM (1u << 26)

VOID VmxControlRegistersInitialize(VOID)
{
    CPUID_RESULT Features;

    Cr0Fixed0 = CpuReadMsr(IA32_VMX_CR0_FIXED0);
    Cr0Fixed1 = CpuReadMsr(IA32_VMX_CR0_FIXED1);
    Cr4Fixed0 = CpuReadMsr(IA32_VMX_CR4_FIXED0);
    Cr4Fixed1 = CpuReadMsr(IA32_VMX_CR4_FIXED1);
    CpuCpuid(1, 0, &Features);
    HasXsave = (Features.Ecx & CPUID_1_ECX_XSAVE) != 0;
    CpuCpuid(7, 1, &Features);
    Cr3Bits = PhysicalAddressMask() | ((Features.Eax & CPUID_7_1_EAX_LAM) ? CR3_LAM : 0);
}

UINT64 VmxCr0HostBits(VOID)
{
    return Cr0Fixed0 & ~(CR0_PE | CR0_PG);
}

UINT64 VmxHostCr4Added(VOID)
{
    return HasXsave ? CR4_OSXSAVE : 0;
}

VOID VmxControlRegistersEnter(UINT64 Cr0, UINT64 Cr4)
{
    CpuWriteCr0((Cr0 | Cr0Fixed0) & Cr0Fixed1);
    CpuWriteCr4((Cr4 | Cr4Fixed0) & Cr4Fixed1);
}

/* Host-owned bits come from the shadow, all others from the register. */
UINT64 VmxGuestCr0(VOID)
{
    UINT64 Owned = VmxCr0HostBits();

    return (VmcsReadNatural(VMCS_CR0_READ_SHADOW) & Owned) | (VmcsReadNatural(VMCS_GUEST_CR0) & ~Owned);
}

UINT64 VmxGuestCr4(VOID)
{
    return (VmcsReadNatural(VMCS_CR4_READ_SHADOW) & CR4_VMXE) | (VmcsReadNatural(VMCS_GUEST_CR4) & ~CR4_VMXE);
}

/* The shadow of a bit that becomes owned is what the guest has; a watched bit that is not one of ours stands
 * in the register too, so that it may be given back at any time. */
VOID VmxWatchCrBits(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Register, UINT64 Bits, BOOLEAN On)
{
    UINT64 *Watched = Register == 0 ? &VCpu->Vmx->WatchedCr0 : &VCpu->Vmx->WatchedCr4;

    *Watched = On ? *Watched | Bits : *Watched & ~Bits;
    if (Register == 0) {
        *Watched &= ~(CR0_PE | CR0_PG);
        VmcsWriteNatural(VMCS_CR0_READ_SHADOW, VmxGuestCr0());
        VmcsWriteNatural(VMCS_CR0_GUEST_HOST_MASK, *Watched | VmxCr0HostBits());
    } else {
        VmcsWriteNatural(VMCS_CR4_READ_SHADOW, VmxGuestCr4());
        VmcsWriteNatural(VMCS_CR4_GUEST_HOST_MASK, *Watched | CR4_VMXE);
    }
}

/* Writes that bare metal answers with #GP; an entry with such a value would fail. SDM Vol. 2, MOV to control
 * registers. Paging cannot be turned on or off here: such a write touches no bit that we own on its own, and
 * turning it off without leaving 64-bit mode is #GP too. */
static BOOLEAN IsValidCr0(UINT64 Value)
{
    if ((Value >> 32) != 0 || ((Value ^ VmxGuestCr0()) & (CR0_PE | CR0_PG)))
        return FALSE;
    if ((Value & CR0_NW) && !(Value & CR0_CD))
        return FALSE;
    return (Value & CR0_WP) || !(VmxGuestCr4() & CR4_CET);
}

static BOOLEAN IsValidCr4(UINT64 Value)
{
    UINT64 Changed = Value ^ VmxGuestCr4();
    BOOLEAN IsLong = (VmcsRead64(VMCS_GUEST_EFER) & EFER_LMA) != 0;

    if ((Value & ~Cr4Fixed1) || ((Value & CR4_CET) && !(VmxGuestCr0() & CR0_WP)))
        return FALSE;
    if (IsLong && (!(Value & CR4_PAE) || (Changed & CR4_LA57)))
        return FALSE;
    return !(Changed & Value & CR4_PCIDE) || (IsLong && (VmcsReadNatural(VMCS_GUEST_CR3) & CR3_PCID) == 0);
}

/* What the processor drops by itself when the guest's write does not exit. All of the VPID: such writes are
 * rare here. */
static VOID VmxFlushGuestTranslations(VOID)
{
    const VMX_INVALIDATE_DESCRIPTOR Descriptor = {.Context = VmcsRead16(VMCS_VPID)};

    CpuInvvpid(INVVPID_SINGLE_CONTEXT, &Descriptor);
}

BOOLEAN VmxWriteCr0(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value)
{
    (VOID) VCpu;
    if (!IsValidCr0(Value))
        return FALSE;
    /* Entries and exits leave NW and CD alone: the processor's are the guest's. SDM Vol. 3, 27.3.1.1, 28.5.1.
     */
    if ((Value ^ VmxGuestCr0()) & CR0_NW_CD)
        CpuWriteCr0((CpuReadCr0() & ~CR0_NW_CD) | (Value & CR0_NW_CD));
    VmcsWriteNatural(VMCS_CR0_READ_SHADOW, Value);
    VmcsWriteNatural(VMCS_GUEST_CR0, (Value | VmxCr0HostBits()) & Cr0Fixed1);
    return TRUE;
}

BOOLEAN VmxWriteCr4(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value)
{
    BOOLEAN Flush = ((Value ^ VmxGuestCr4()) & ~CR4_VMXE) != 0;

    (VOID) VCpu;
    if (!IsValidCr4(Value))
        return FALSE;
    VmcsWriteNatural(VMCS_CR4_READ_SHADOW, Value);
    VmcsWriteNatural(VMCS_GUEST_CR4, Value | Cr4Fixed0);
    if (Flush)
        VmxFlushGuestTranslations();
    return TRUE;
}

/* Bit 63 says that the translations of this PCID may stay. SDM Vol. 3, 4.10.4.1. */
BOOLEAN VmxWriteCr3(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value)
{
    BOOLEAN Keep = (Value & CR3_KEEP) && (VmxGuestCr4() & CR4_PCIDE);

    (VOID) VCpu;
    if (VmxGuestCr4() & CR4_PCIDE)
        Value &= ~CR3_KEEP;
    if (Value & ~Cr3Bits)
        return FALSE;
    VmcsWriteNatural(VMCS_GUEST_CR3, Value);
    if (!Keep)
        VmxFlushGuestTranslations();
    ModeViewLook(VCpu);
    return TRUE;
}

/* --- the exit --- */

/* By the number of MOV to and from control registers; those that make no exits are not there. */
static const HV_REGISTER Registers[QUALIFICATION_CR(~0u) + 1] = {
    [0] = HV_REGISTER_CR0,          [1 ... 2] = HV_REGISTER_COUNT, [3] = HV_REGISTER_CR3,
    [4] = HV_REGISTER_CR4,          [5 ... 7] = HV_REGISTER_COUNT, [8] = HV_REGISTER_CR8,
    [9 ... 15] = HV_REGISTER_COUNT,
};

/* The new value is in force: who keeps track of processes comes before who wants the thread, which may be
 * intercepted but whose write of CR3 is done. */
static VOID VmxTellCr3Change(UINT32 CoreId)
{
    VmmCallbackTriggerCr3ProcessChange(CoreId);
    VmmCallbackCheckThreadInterception(CoreId);
}

/* PRE may have changed the operand. */
static VOID VmxCarryOutCrWrite(VIRTUAL_MACHINE_STATE *VCpu)
{
    VMM_REGISTER_ACCESS *Access = &VCpu->RegisterAccess;
    HV_REGISTER Register        = Registers[Access->Register];
    UINT64 Value =
        Access->Operand == VMM_NO_OPERAND ? Access->After : ((const UINT64 *)VCpu->Regs)[Access->Operand];

    if (!VmxSetRegister(VCpu, Register, Value)) {
        g_Backend->InjectGeneralProtection(VCpu, 0);
        return;
    }
    Access->After = VmxGetRegister(VCpu, Register);
    if (Register == HV_REGISTER_CR3)
        VmxTellCr3Change(VCpu->CoreId);
}

static VOID VmxCarryOutCrRead(VIRTUAL_MACHINE_STATE *VCpu)
{
    const VMM_REGISTER_ACCESS *Access = &VCpu->RegisterAccess;

    ((UINT64 *)VCpu->Regs)[Access->Operand] = Access->Before;
    if (Access->Operand == OPERAND_RSP)
        VCpu->ExitEnd |= EXIT_END_WRITE_REGS;
}

static UINT64 VmxLmswValue(UINT64 Current, UINT64 Source)
{
    /* LMSW can set PE, MP, EM and TS, and clear all of them but PE. */
    return (Current & ~CR0_MP_EM_TS) | (Source & (CR0_MP_EM_TS | CR0_PE));
}

/* The value that the instruction writes. */
static UINT64 VmxNewCrValue(const VIRTUAL_MACHINE_STATE *VCpu, UINT64 Current)
{
    UINT64 Qualification = VCpu->ExitQualification;

    switch (QUALIFICATION_ACCESS(Qualification)) {
    case ACCESS_MOV_TO_CR:
        return ((const UINT64 *)VCpu->Regs)[QUALIFICATION_REGISTER(Qualification)];
    case ACCESS_CLTS:
        return Current & ~CR0_TS;
    case ACCESS_LMSW:
        return VmxLmswValue(Current, QUALIFICATION_LMSW(Qualification));
    default:
        return Current;
    }
}

/* FALSE: no such register makes exits. */
static BOOLEAN VmxDecodeCrAccess(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Qualification        = VCpu->ExitQualification;
    UINT32 Kind                 = QUALIFICATION_ACCESS(Qualification);
    BOOLEAN IsMov               = Kind == ACCESS_MOV_TO_CR || Kind == ACCESS_MOV_FROM_CR;
    VMM_REGISTER_ACCESS *Access = &VCpu->RegisterAccess;

    Access->Register = IsMov ? QUALIFICATION_CR(Qualification) : 0;
    Access->Operand  = IsMov ? QUALIFICATION_REGISTER(Qualification) : VMM_NO_OPERAND;
    Access->IsWrite  = Kind != ACCESS_MOV_FROM_CR;
    if (Registers[Access->Register] == HV_REGISTER_COUNT)
        return FALSE;
    Access->Before = VmxGetRegister(VCpu, Registers[Access->Register]);
    Access->After  = VmxNewCrValue(VCpu, Access->Before);
    if (Access->Register == 3)
        Access->After &= ~CR3_KEEP;
    return TRUE;
}

/* An exit that a bit of ours made is no event of a bit that somebody watches. */
static BOOLEAN VmxIsCrAccessWatched(const VIRTUAL_MACHINE_STATE *VCpu)
{
    const VMM_REGISTER_ACCESS *Access = &VCpu->RegisterAccess;

    if (!Access->IsWrite || (Access->Register != 0 && Access->Register != 4))
        return TRUE;
    return ((Access->Before ^ Access->After) &
            (Access->Register == 0 ? VCpu->Vmx->WatchedCr0 : VCpu->Vmx->WatchedCr4)) != 0;
}

VOID VmxHandleMovCr(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!VmxDecodeCrAccess(VCpu))
        return;
    if (!VCpu->RegisterAccess.IsWrite)
        DispatchEventMovToFromControlRegisters(VCpu, VmxCarryOutCrRead);
    else if (VmxIsCrAccessWatched(VCpu))
        DispatchEventMovToFromControlRegisters(VCpu, VmxCarryOutCrWrite);
    else
        VmxCarryOutCrWrite(VCpu);
}

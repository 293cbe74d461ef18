// SPDX-License-Identifier: GPL-2.0-only
/*
 * ControlRegisters.c - CR0 and CR4 under VMX.
 *
 * Context: VMX root mode, but for what ControlRegisters.h says otherwise. SDM Vol. 3, 24.8, 26.1.3, table
 * 28-3, A.7, A.8.
 *
 * Exits happen only where the guest changes a bit that the host owns: CR0.NE (and what else VMX operation
 * fixes) and CR4.VMXE. Such a bit is kept in the read shadow, where the guest sees it, and is not given to
 * the processor. A kernel that sets CR4.VMXE finds out at its VMXON, which is #UD: an instruction whose
 * failure hypervisors expect.
 */
#include "hyperhv/vmx/ControlRegisters.h"

#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/vmx/Vmcs.h"

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

/* Written by Initialize only. */
static UINT64 Cr0Fixed0, Cr0Fixed1, Cr4Fixed0, Cr4Fixed1;
static BOOLEAN HasXsave;

#define CPUID_1_ECX_XSAVE (1u << 26)

VOID VmxControlRegistersInitialize(VOID)
{
    CPUID_RESULT Features;

    Cr0Fixed0 = CpuReadMsr(IA32_VMX_CR0_FIXED0);
    Cr0Fixed1 = CpuReadMsr(IA32_VMX_CR0_FIXED1);
    Cr4Fixed0 = CpuReadMsr(IA32_VMX_CR4_FIXED0);
    Cr4Fixed1 = CpuReadMsr(IA32_VMX_CR4_FIXED1);
    CpuCpuid(1, 0, &Features);
    HasXsave = (Features.Ecx & CPUID_1_ECX_XSAVE) != 0;
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

static VOID VmxWriteCr0(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value)
{
    UINT64 Current = VmxGuestCr0();

    /* Paging cannot be turned on or off here: such a write touches no bit that we own on its own, and turning
     * it off without leaving 64-bit mode is #GP on bare metal too. SDM Vol. 2, MOV to control registers. */
    if ((Value >> 32) != 0 || ((Value ^ Current) & (CR0_PE | CR0_PG))) {
        g_Backend->InjectGeneralProtection(VCpu, 0);
        return;
    }
    VmcsWriteNatural(VMCS_CR0_READ_SHADOW, Value);
    VmcsWriteNatural(VMCS_GUEST_CR0, (Value | VmxCr0HostBits()) & Cr0Fixed1);
}

static VOID VmxWriteCr4(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value)
{
    if (Value & ~Cr4Fixed1) {
        g_Backend->InjectGeneralProtection(VCpu, 0);
        return;
    }
    VmcsWriteNatural(VMCS_CR4_READ_SHADOW, Value);
    VmcsWriteNatural(VMCS_GUEST_CR4, Value | Cr4Fixed0);
}

static VOID VmxMovToCr(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Qualification)
{
    UINT64 Value = ((UINT64 *)VCpu->Regs)[QUALIFICATION_REGISTER(Qualification)];

    if (QUALIFICATION_CR(Qualification) == 0)
        VmxWriteCr0(VCpu, Value);
    else if (QUALIFICATION_CR(Qualification) == 4)
        VmxWriteCr4(VCpu, Value);
    else if (QUALIFICATION_CR(Qualification) == 3)
        VmcsWriteNatural(VMCS_GUEST_CR3, Value & ~(1ull << 63));
}

static VOID VmxMovFromCr(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Qualification)
{
    if (QUALIFICATION_CR(Qualification) == 3)
        ((UINT64 *)VCpu->Regs)[QUALIFICATION_REGISTER(Qualification)] = VmcsReadNatural(VMCS_GUEST_CR3);
}

static VOID VmxLmsw(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Qualification)
{
    UINT64 Current = VmxGuestCr0();
    UINT64 Source  = QUALIFICATION_LMSW(Qualification);

    /* LMSW can set PE, MP, EM and TS, and clear all of them but PE. */
    VmxWriteCr0(VCpu, (Current & ~CR0_MP_EM_TS) | (Source & CR0_MP_EM_TS) | (Source & CR0_PE));
}

VOID VmxHandleMovCr(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Qualification = VCpu->ExitQualification;

    switch (QUALIFICATION_ACCESS(Qualification)) {
    case ACCESS_MOV_TO_CR:
        VmxMovToCr(VCpu, Qualification);
        break;
    case ACCESS_MOV_FROM_CR:
        VmxMovFromCr(VCpu, Qualification);
        break;
    case ACCESS_CLTS:
        VmxWriteCr0(VCpu, VmxGuestCr0() & ~CR0_TS);
        break;
    default:
        VmxLmsw(VCpu, Qualification);
        break;
    }
}

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
#include "platform/CpuVmx.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/memory/PhysicalWidth.h"
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

static const struct {
    BOOLEAN (*Write)(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value);
} Writers[QUALIFICATION_CR(~0u) + 1] = {
    [0] = {VmxWriteCr0},
    [3] = {VmxWriteCr3},
    [4] = {VmxWriteCr4},
};

static BOOLEAN VmxMovToCr(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Qualification)
{
    UINT64 Value    = ((UINT64 *)VCpu->Regs)[QUALIFICATION_REGISTER(Qualification)];
    UINT32 Register = QUALIFICATION_CR(Qualification);

    return Writers[Register].Write == NULL || Writers[Register].Write(VCpu, Value);
}

static VOID VmxMovFromCr(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Qualification)
{
    if (QUALIFICATION_CR(Qualification) != 3)
        return;
    ((UINT64 *)VCpu->Regs)[QUALIFICATION_REGISTER(Qualification)] = VmcsReadNatural(VMCS_GUEST_CR3);
    if (QUALIFICATION_REGISTER(Qualification) == OPERAND_RSP)
        VCpu->ExitEnd |= EXIT_END_WRITE_REGS;
}

static BOOLEAN VmxLmsw(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Qualification)
{
    UINT64 Current = VmxGuestCr0();
    UINT64 Source  = QUALIFICATION_LMSW(Qualification);

    /* LMSW can set PE, MP, EM and TS, and clear all of them but PE. */
    return VmxWriteCr0(VCpu, (Current & ~CR0_MP_EM_TS) | (Source & CR0_MP_EM_TS) | (Source & CR0_PE));
}

VOID VmxHandleMovCr(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Qualification = VCpu->ExitQualification;
    BOOLEAN Done         = TRUE;

    switch (QUALIFICATION_ACCESS(Qualification)) {
    case ACCESS_MOV_TO_CR:
        Done = VmxMovToCr(VCpu, Qualification);
        break;
    case ACCESS_MOV_FROM_CR:
        VmxMovFromCr(VCpu, Qualification);
        break;
    case ACCESS_CLTS:
        Done = VmxWriteCr0(VCpu, VmxGuestCr0() & ~CR0_TS);
        break;
    default:
        Done = VmxLmsw(VCpu, Qualification);
        break;
    }
    if (!Done)
        g_Backend->InjectGeneralProtection(VCpu, 0);
}

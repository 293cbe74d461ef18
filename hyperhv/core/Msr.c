// SPDX-License-Identifier: GPL-2.0-only
/*
 * Msr.c - the effects of RDMSR and WRMSR.
 *
 * Context: VMX root mode. SDM Vol. 2, RDMSR and WRMSR; Vol. 4 for the MSRs; Vol. 3, 24.1.3 (VMX capability
 * MSRs exist only where CPUID says VMX, which it does not under us).
 */
#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Instructions.h"
#include "hyperhv/core/MsrNumbers.h"

#define VMX_CAPABILITY_FIRST IA32_VMX_BASIC
#define VMX_CAPABILITY_LAST  0x493u

static BOOLEAN IsVmxCapability(UINT32 Msr)
{
    return Msr >= VMX_CAPABILITY_FIRST && Msr <= VMX_CAPABILITY_LAST;
}

static BOOLEAN MsrRead(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Msr, UINT64 *Value)
{
    BOOLEAN Done = FALSE;

    if (IsVmxCapability(Msr))
        return FALSE;
    if (!g_Backend->ReadVirtualizedMsr(VCpu, Msr, Value, &Done))
        return FALSE;
    return Done || CpuTryReadMsr(Msr, Value);
}

static BOOLEAN MsrWrite(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Msr, UINT64 Value)
{
    BOOLEAN Done = FALSE;

    if (IsVmxCapability(Msr))
        return FALSE;
    if (!g_Backend->WriteVirtualizedMsr(VCpu, Msr, Value, &Done))
        return FALSE;
    return Done || CpuTryWriteMsr(Msr, Value);
}

VOID HvHandleRdmsr(VIRTUAL_MACHINE_STATE *VCpu)
{
    GUEST_REGS *Regs = VCpu->Regs;
    UINT64 Value;

    if (!MsrRead(VCpu, (UINT32)Regs->rcx, &Value)) {
        g_Backend->InjectGeneralProtection(VCpu, 0);
        return;
    }
    Regs->rax = (UINT32)Value;
    Regs->rdx = Value >> 32;
}

VOID HvHandleWrmsr(VIRTUAL_MACHINE_STATE *VCpu)
{
    GUEST_REGS *Regs = VCpu->Regs;
    UINT64 Value     = (Regs->rdx << 32) | (UINT32)Regs->rax;

    if (!MsrWrite(VCpu, (UINT32)Regs->rcx, Value))
        g_Backend->InjectGeneralProtection(VCpu, 0);
}

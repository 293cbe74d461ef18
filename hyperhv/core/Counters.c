// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters.c - the effects of RDTSC, RDTSCP and RDPMC.
 *
 * Context: VMX root mode. SDM Vol. 2, RDTSC, RDTSCP, RDPMC; Vol. 3, 26.1.3. The guest's counters are the
 * processor's: there is no offset, so that a core whose reads exit and one whose reads do not agree. The time
 * that is read is that of the exit, a little later than without it, and never earlier than any read before.
 */
#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Instructions.h"
#include "hyperhv/core/MsrNumbers.h"

/* As all that these instructions write: the upper halves of the registers become zero. */
static VOID StoreEdxEax(GUEST_REGS *Regs, UINT64 Value)
{
    Regs->rax = (UINT32)Value;
    Regs->rdx = Value >> 32;
}

VOID HvHandleRdtsc(VIRTUAL_MACHINE_STATE *VCpu)
{
    StoreEdxEax(VCpu->Regs, CpuReadTsc());
}

/* IA32_TSC_AUX is not switched by exits: it is the guest's. */
VOID HvHandleRdtscp(VIRTUAL_MACHINE_STATE *VCpu)
{
    StoreEdxEax(VCpu->Regs, CpuReadTsc());
    VCpu->Regs->rcx = (UINT32)CpuReadMsr(IA32_TSC_AUX);
}

VOID HvHandleRdpmc(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Value;

    if (CpuTryReadPmc((UINT32)VCpu->Regs->rcx, &Value))
        StoreEdxEax(VCpu->Regs, Value);
    else
        g_Backend->InjectGeneralProtection(VCpu, 0);
}

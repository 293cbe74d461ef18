// SPDX-License-Identifier: GPL-2.0-only
/*
 * Xsetbv.c - the effects of XSETBV and INVD.
 *
 * Context: VMX root mode. SDM Vol. 2, XSETBV, INVD. The processor checks CPL before it exits.
 */
#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Instructions.h"

#define CR4_OSXSAVE (1ull << 18)

VOID HvHandleXsetbv(VIRTUAL_MACHINE_STATE *VCpu)
{
    GUEST_REGS *Regs = VCpu->Regs;
    UINT64 Value     = (Regs->rdx << 32) | (UINT32)Regs->rax;

    if (!(g_Backend->GetCr4(VCpu) & CR4_OSXSAVE))
        g_Backend->InjectUndefinedOpcode(VCpu);
    else if (!CpuTryWriteXcr((UINT32)Regs->rcx, Value))
        g_Backend->InjectGeneralProtection(VCpu, 0);
}

VOID HvHandleInvd(VIRTUAL_MACHINE_STATE *VCpu)
{
    (VOID) VCpu;
    CpuWriteBackInvalidateCaches();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Syscall.c - the effects of SYSCALL and SYSRET, where the hook makes them exit (hooks/SyscallHook.h).
 *
 * Context: VMX root mode. SDM Vol. 2, SYSCALL, SYSRET. Both only in 64-bit mode, as Intel has them; that they
 * are enabled was checked by the hook. Shadow stacks are not handled: where a kernel has turned them on there
 * is no hook (VmxHasControl).
 */
#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Instructions.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/memory/PhysicalWidth.h"

#define RFLAGS_ONE      (1ull << 1)
#define RFLAGS_RF       (1ull << 16)
#define RFLAGS_OF_R11   0x3C7FD7ull /* what SYSRET takes from R11 */
#define STAR_SYSCALL(S) (((S) >> 32) & 0xFFFF)
#define STAR_SYSRET(S)  (((S) >> 48) & 0xFFFF)
#define RPL_USER        3u

/* The user may have sent the guest elsewhere: then there is nothing to carry out. */
static BOOLEAN IsStillThere(VIRTUAL_MACHINE_STATE *VCpu)
{
    return g_Backend->GetRip(VCpu) == VCpu->LastVmexitRip;
}

static VOID SetRflags(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Rflags)
{
    VCpu->Regs->rflags = (Rflags & ~RFLAGS_RF) | RFLAGS_ONE;
    VCpu->ExitEnd |= EXIT_END_WRITE_REGS;
}

VOID HvSkipSyscall(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!IsStillThere(VCpu))
        return;
    g_Backend->AdvanceRip(VCpu, VCpu->SyscallLength);
    SetRflags(VCpu, VCpu->Regs->rflags);
}

VOID HvHandleSyscall(VIRTUAL_MACHINE_STATE *VCpu)
{
    GUEST_REGS *Regs = VCpu->Regs;
    UINT64 Selectors = STAR_SYSCALL(CpuReadMsr(IA32_STAR));

    if (!IsStillThere(VCpu))
        return;
    Regs->rcx = VCpu->LastVmexitRip + VCpu->SyscallLength;
    Regs->r11 = Regs->rflags & ~RFLAGS_RF; /* the #UD exit sets it, SYSCALL would not have seen it */
    SetRflags(VCpu, Regs->rflags & ~CpuReadMsr(IA32_FMASK));
    g_Backend->EnterFlatCode(VCpu, &(HV_FLAT_CODE){.Rip        = CpuReadMsr(IA32_LSTAR),
                                                   .CsSelector = (UINT16)(Selectors & 0xFFFC),
                                                   .SsSelector = (UINT16)(Selectors + 8),
                                                   .Cpl        = 0,
                                                   .Is64Bit    = TRUE});
}

/* Without REX.W it returns to 32-bit code. */
VOID HvHandleSysret(VIRTUAL_MACHINE_STATE *VCpu)
{
    GUEST_REGS *Regs = VCpu->Regs;
    UINT64 Selectors = STAR_SYSRET(CpuReadMsr(IA32_STAR));
    BOOLEAN Is64Bit  = VCpu->IsSysretTo64Bit;

    if (!IsStillThere(VCpu))
        return;
    if (g_Backend->GetCpl(VCpu) != 0 || (Is64Bit && !LinearAddressIsCanonical(Regs->rcx))) {
        g_Backend->InjectGeneralProtection(VCpu, 0);
        return;
    }
    SetRflags(VCpu, Regs->r11 & RFLAGS_OF_R11);
    g_Backend->EnterFlatCode(
        VCpu, &(HV_FLAT_CODE){.Rip        = Is64Bit ? Regs->rcx : (UINT32)Regs->rcx,
                              .CsSelector = (UINT16)((Selectors + (Is64Bit ? 16 : 0)) | RPL_USER),
                              .SsSelector = (UINT16)((Selectors + 8) | RPL_USER),
                              .Cpl        = RPL_USER,
                              .Is64Bit    = Is64Bit});
}

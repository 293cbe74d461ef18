// SPDX-License-Identifier: GPL-2.0-only
/*
 * VmxSyscall.c - EFER.SCE turned off behind the guest's back, and what SYSCALL and SYSRET load.
 *
 * Context: VMX root mode, but for VmxSyscallInitialize (process). SDM Vol. 2, SYSCALL, SYSRET; Vol.
 * 3, 25.4.1.
 *
 * Exits of #UD and of accesses to IA32_EFER are turned on beside (ConfigureSetEferSyscallHook).
 */
#include "hyperhv/vmx/VmxSyscall.h"

#include "platform/CpuInstructions.h"
#include "platform/CpuVmx.h"
#include "hyperhv/vmx/ControlRegisters.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/Vmexit.h"
#include "hyperhv/vmx/VmxState.h"

#define EFER_SCE                 (1ull << 0)
#define CPUID_7_ECX_SHADOW_STACK (1u << 7)
#define FLAT_LIMIT               0xFFFFFFFFu

/* Type, S, DPL, P, L, D, G as both instructions load them. */
#define RIGHTS_CODE64 0xA09Bu
#define RIGHTS_CODE32 0xC09Bu
#define RIGHTS_STACK  0xC093u
#define RIGHTS_DPL(D) ((UINT32)(D) << 5)

/* Written by Initialize only. */
static BOOLEAN HasShadowStacks;

VOID VmxSyscallInitialize(VOID)
{
    CPUID_RESULT Features;

    CpuCpuid(7, 0, &Features);
    HasShadowStacks = (Features.Ecx & CPUID_7_ECX_SHADOW_STACK) && (CpuReadCr4() & CR4_CET);
}

BOOLEAN VmxSyscallCanBeHooked(VOID)
{
    return !HasShadowStacks;
}

/* --- EFER --- */

UINT64 VmxGuestEfer(const VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Efer = VmcsRead64(VMCS_GUEST_EFER);

    return VCpu->Vmx->HidesSce ? Efer | EFER_SCE : Efer;
}

/* A guest that has SYSCALL turned off itself has its own #UD: there is nothing to hide. */
VOID VmxWriteGuestEfer(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value)
{
    VCpu->Vmx->HidesSce = VCpu->Vmx->IsSyscallHooked && (Value & EFER_SCE);
    VmcsWrite64(VMCS_GUEST_EFER, VCpu->Vmx->HidesSce ? Value & ~EFER_SCE : Value);
}

VOID VmxHookSyscall(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN On)
{
    UINT64 Efer = VmxGuestEfer(VCpu);

    VCpu->Vmx->IsSyscallHooked = On;
    VmxWriteGuestEfer(VCpu, Efer);
}

BOOLEAN VmxIsSyscallHooked(VIRTUAL_MACHINE_STATE *VCpu)
{
    return VCpu->Vmx->HidesSce;
}

/* --- segments --- */

static VOID LoadFlat(VMCS_SEGMENT Segment, UINT16 Selector, UINT32 Rights)
{
    VmcsWriteUnchecked(VMCS_GUEST_ES_SELECTOR + 2 * Segment, Selector);
    VmcsWriteUnchecked(VMCS_GUEST_ES_BASE + 2 * Segment, 0);
    VmcsWriteUnchecked(VMCS_GUEST_ES_LIMIT + 2 * Segment, FLAT_LIMIT);
    VmcsWriteUnchecked(VMCS_GUEST_ES_ACCESS_RIGHTS + 2 * Segment, Rights);
}

/* The single-step trap goes by the flags that are loaded, not by those before: FMASK keeps it away from the
 * kernel, and a SYSRET that sets TF traps at once. */
VOID VmxEnterFlatCode(VIRTUAL_MACHINE_STATE *VCpu, const HV_FLAT_CODE *Code)
{
    LoadFlat(VMCS_SEGMENT_CS, Code->CsSelector,
             (Code->Is64Bit ? RIGHTS_CODE64 : RIGHTS_CODE32) | RIGHTS_DPL(Code->Cpl));
    LoadFlat(VMCS_SEGMENT_SS, Code->SsSelector, RIGHTS_STACK | RIGHTS_DPL(Code->Cpl));
    VmexitGoOnAt(VCpu, Code->Rip);
}

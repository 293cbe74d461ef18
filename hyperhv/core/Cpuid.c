// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cpuid.c - the effect of CPUID.
 *
 * Context: VMX root mode (CpuidInitialize: process). SDM Vol. 2, CPUID; the hypervisor leaves follow the convention of
 * hypervisors: CPUID.1:ECX[31] and leaf 40000000H with the name.
 */
#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/core/Instructions.h"

#define CPUID_FEATURES              0x1u
#define CPUID_EXTENDED_FEATURES     0x7u
#define CPUID_HYPERVISOR_FIRST      0x40000000u
#define CPUID_HYPERVISOR_LEAF_COUNT 0x100u

#define CPUID_1_ECX_VMX        (1u << 5)
#define CPUID_1_ECX_SMX        (1u << 6)
#define CPUID_1_ECX_OSXSAVE    (1u << 27)
#define CPUID_1_ECX_HYPERVISOR (1u << 31)
#define CPUID_7_ECX_OSPKE      (1u << 4)

#define CR4_OSXSAVE (1ull << 18)
#define CR4_PKE     (1ull << 22)

/* Written by CpuidInitialize only. */
static BOOLEAN HypervisorBelow;

VOID CpuidInitialize(VOID)
{
    CPUID_RESULT Result;

    CpuCpuid(CPUID_FEATURES, 0, &Result);
    HypervisorBelow = (Result.Ecx & CPUID_1_ECX_HYPERVISOR) != 0;
}

BOOLEAN CpuidIsHypervisorBelow(VOID)
{
    return HypervisorBelow;
}

/* Bits that mirror CR4 come from the guest's CR4: CPUID ran with root mode's. */
static UINT32 CpuidMirror(UINT32 Register, UINT32 Bit, UINT64 Cr4, UINT64 Cr4Bit)
{
    return (Cr4 & Cr4Bit) ? Register | Bit : Register & ~Bit;
}

static VOID CpuidAdjustFeatures(VIRTUAL_MACHINE_STATE *VCpu, CPUID_RESULT *Result)
{
    Result->Ecx &= ~(CPUID_1_ECX_VMX | CPUID_1_ECX_SMX);
    Result->Ecx = CpuidMirror(Result->Ecx, CPUID_1_ECX_OSXSAVE, g_Backend->GetCr4(VCpu), CR4_OSXSAVE);
    if (!g_TransparentMode)
        Result->Ecx |= CPUID_1_ECX_HYPERVISOR;
}

/* Our own leaves; with a hypervisor below its leaves are what the guest has been using since it booted. */
static VOID CpuidHypervisorLeaf(UINT32 Leaf, CPUID_RESULT *Result)
{
    static const CPUID_RESULT Leaves[] = {
        /* 40000000H: the last leaf, and "HyperDbgLnux" in EBX, ECX, EDX */
        {CPUID_HYPERVISOR_FIRST + 1, 0x65707948, 0x67624472, 0x78756E4C},
        /* 40000001H: no interface that a guest could use */
        {0, 0, 0, 0},
    };
    UINT32 Index = Leaf - CPUID_HYPERVISOR_FIRST;

    if (HypervisorBelow || g_TransparentMode)
        return;
    *Result = Leaves[Index < COUNT_OF(Leaves) ? Index : COUNT_OF(Leaves) - 1];
}

static VOID CpuidAdjust(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Leaf, CPUID_RESULT *Result)
{
    if (Leaf == CPUID_FEATURES)
        CpuidAdjustFeatures(VCpu, Result);
    else if (Leaf == CPUID_EXTENDED_FEATURES)
        Result->Ecx = CpuidMirror(Result->Ecx, CPUID_7_ECX_OSPKE, g_Backend->GetCr4(VCpu), CR4_PKE);
    else
        CpuidHypervisorLeaf(Leaf, Result);
}

VOID HvHandleCpuid(VIRTUAL_MACHINE_STATE *VCpu)
{
    GUEST_REGS *Regs = VCpu->Regs;
    UINT32 Leaf      = (UINT32)Regs->rax;
    CPUID_RESULT Result;

    CpuCpuid(Leaf, (UINT32)Regs->rcx, &Result);
    if (Leaf == CPUID_FEATURES || Leaf == CPUID_EXTENDED_FEATURES ||
        Leaf - CPUID_HYPERVISOR_FIRST < CPUID_HYPERVISOR_LEAF_COUNT)
        CpuidAdjust(VCpu, Leaf, &Result);

    Regs->rax = Result.Eax;
    Regs->rbx = Result.Ebx;
    Regs->rcx = Result.Ecx;
    Regs->rdx = Result.Edx;
}

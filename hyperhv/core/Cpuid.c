// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cpuid.c - the effect of CPUID.
 *
 * Context: VMX root mode (CpuidInitialize: process). SDM Vol. 2, CPUID; the hypervisor leaves follow the
 * convention of hypervisors: CPUID.1:ECX[31] and leaf 40000000H with the name.
 */
#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/core/Instructions.h"

#define CPUID_FEATURES          0x1u
#define CPUID_EXTENDED_FEATURES 0x7u
#define CPUID_HYPERVISOR_FIRST  0x40000000u
#define CPUID_HYPERVISOR_SHIFT  8 /* our leaves are the 256 from there */

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

static VOID CpuidAdjustFeatures(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Ecx = (UINT32)VCpu->Regs->rcx & ~(CPUID_1_ECX_VMX | CPUID_1_ECX_SMX);

    Ecx = CpuidMirror(Ecx, CPUID_1_ECX_OSXSAVE, g_Backend->GetCr4(VCpu), CR4_OSXSAVE);
    if (!g_TransparentMode)
        Ecx |= CPUID_1_ECX_HYPERVISOR;
    VCpu->Regs->rcx = Ecx;
}

/* Our own leaves; with a hypervisor below, its leaves are what the guest has been using since it booted. */
static VOID CpuidHypervisorLeaf(GUEST_REGS *Regs, UINT32 Leaf)
{
    static const CPUID_RESULT Leaves[] = {
        /* 40000000H: the last leaf, and "HyperDbgLnux" in EBX, ECX, EDX */
        {CPUID_HYPERVISOR_FIRST + 1, 0x65707948, 0x67624472, 0x78756E4C},
        /* 40000001H and all others: no interface that a guest could use */
        {0, 0, 0, 0},
    };
    const CPUID_RESULT *Result = &Leaves[Leaf == CPUID_HYPERVISOR_FIRST ? 0 : 1];

    if (HypervisorBelow || g_TransparentMode)
        return;
    Regs->rax = Result->Eax;
    Regs->rbx = Result->Ebx;
    Regs->rcx = Result->Ecx;
    Regs->rdx = Result->Edx;
}

static inline VOID CpuidExecute(GUEST_REGS *Regs, UINT32 Leaf)
{
    CPUID_RESULT Result;

    CpuCpuid(Leaf, (UINT32)Regs->rcx, &Result);
    Regs->rax = Result.Eax;
    Regs->rbx = Result.Ebx;
    Regs->rcx = Result.Ecx;
    Regs->rdx = Result.Edx;
}

/* Leaves whose result is not what the guest should see. OSPKE is in subleaf 0 alone. */
static __attribute__((__noinline__)) VOID CpuidAdjusted(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Leaf)
{
    UINT32 Subleaf = (UINT32)VCpu->Regs->rcx;

    CpuidExecute(VCpu->Regs, Leaf);
    if (Leaf == CPUID_FEATURES)
        CpuidAdjustFeatures(VCpu);
    else if (Leaf == CPUID_EXTENDED_FEATURES && Subleaf == 0)
        VCpu->Regs->rcx =
            CpuidMirror((UINT32)VCpu->Regs->rcx, CPUID_7_ECX_OSPKE, g_Backend->GetCr4(VCpu), CR4_PKE);
    else if (Leaf >= CPUID_HYPERVISOR_FIRST)
        CpuidHypervisorLeaf(VCpu->Regs, Leaf);
}

/* Coarse, as it stands in every CPUID's way: true for all leaves that CpuidAdjusted knows, and a few more. */
static inline BOOLEAN CpuidMayNeedAdjusting(UINT32 Leaf)
{
    return Leaf - CPUID_FEATURES <= CPUID_EXTENDED_FEATURES - CPUID_FEATURES ||
           Leaf >> CPUID_HYPERVISOR_SHIFT == CPUID_HYPERVISOR_FIRST >> CPUID_HYPERVISOR_SHIFT;
}

VOID HvHandleCpuid(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Leaf = (UINT32)VCpu->Regs->rax;

    if (UNLIKELY(CpuidMayNeedAdjusting(Leaf)))
        CpuidAdjusted(VCpu, Leaf);
    else
        CpuidExecute(VCpu->Regs, Leaf);
}

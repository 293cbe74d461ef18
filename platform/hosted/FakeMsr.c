/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FakeMsr.c - the fake processor's MSRs.
 *
 * Context: user space. SDM Vol. 4; Vol. 3, 25.6.9 (which accesses leave the guest), Appendix A (capabilities:
 * those of an emulated Skylake server with everything that VT-x has there).
 */
#include <string.h>

#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/vmx/VmcsFields.h"
#include "platform/PlatformCpu.h"
#include "platform/hosted/FakeCpu.h"

#define IA32_CSTAR           0xC0000083u
#define VMX_CAPABILITY_LAST  0x493u
#define FEATURE_CONTROL_LOCK 1ull
#define APIC_BASE_X2         (1ull << 10)
#define EFER_SCE_LME_NXE     0x901ull
#define EFER_LME             (1ull << 8)
#define EFER_LMA             (1ull << 10)
#define DEBUGCTL_BITS        0xDFC3ull

/* must be 1 in the low half, may be 1 in the high half */
#define CONTROLS(MayBe, Must) (((UINT64)(MayBe) << 32) | (Must))

static const FAKE_MSR Defaults[] = {
    {0x10, 0x123456789},
    {IA32_APIC_BASE, 0xFEE00900},
    {IA32_X2APIC_ICR, 0},
    {IA32_FEATURE_CONTROL, 5},
    {IA32_SPEC_CTRL, 0},
    {IA32_PRED_CMD, 0},
    {IA32_MPERF, 0x1000},
    {IA32_APERF, 0x1001},
    {IA32_MTRRCAP, 0xD08}, /* eight variable ranges, fixed ones */
    {IA32_SYSENTER_CS, 0x10},
    {IA32_SYSENTER_ESP, 0xFFFFFE0000002200},
    {IA32_SYSENTER_EIP, 0xFFFFFFFF81801450},
    {0x1A0, 0x850089},
    {IA32_DEBUGCTL, 1},
    {IA32_MTRR_PHYSBASE0, 0x80000000}, /* uncacheable from 2 to 4 GiB */
    {IA32_MTRR_PHYSBASE0 + 1, 0xFF80000800},
    {IA32_MTRR_FIX64K_00000, 0x0606060606060606},
    {IA32_MTRR_FIX16K_80000, 0x0606060606060606},
    {IA32_MTRR_FIX16K_A0000, 0},
    {IA32_PAT, 0x0407050600070106},
    {IA32_MTRR_DEF_TYPE, 0xC06},
    {IA32_VMX_BASIC, 0x00D810000000002B},
    {0x481, CONTROLS(0xFF, 0x16)},
    {IA32_VMX_PROCBASED_CTLS, CONTROLS(0xFFF9FFFE, 0x0401E172)},
    {0x483, CONTROLS(0x407FFFFF, 0x00036DFF)},
    {0x484, CONTROLS(0xFFFF, 0x11FF)},
    {0x485, 0x400401E0},
    {IA32_VMX_CR0_FIXED0, 0x80000021},
    {IA32_VMX_CR0_FIXED1, 0xFFFFFFFF},
    {IA32_VMX_CR4_FIXED0, 0x2000},
    {IA32_VMX_CR4_FIXED1, 0x776FFF},
    {0x48A, 0x30},
    {IA32_VMX_PROCBASED_CTLS2, CONTROLS(0x02577FFF, 0)},
    {IA32_VMX_EPT_VPID_CAP, 0xF0106734141},
    {IA32_VMX_TRUE_PINBASED_CTLS, CONTROLS(0xFF, 0x16)},
    {IA32_VMX_TRUE_PROCBASED_CTLS, CONTROLS(0xFFF9FFFE, 0x04006172)},
    {IA32_VMX_TRUE_EXIT_CTLS, CONTROLS(0x407FFFFF, 0x00036DFB)},
    {IA32_VMX_TRUE_ENTRY_CTLS, CONTROLS(0xFFFF, 0x11FB)},
    {0x491, 1},
    {0xDA0, 0},
    {IA32_EFER, 0xD01},
    {IA32_STAR, 0x23001000000000},
    {IA32_LSTAR, 0xFFFFFFFF81800000},
    {IA32_CSTAR, 0xFFFFFFFF81801530},
    {IA32_FMASK, 0x47700},
    {IA32_KERNEL_GS_BASE, 0x7FFFF7D8A740},
    {0xC0000103, 0},
};

#define FIX4K_COUNT        8
#define MTRR_VARIABLES     8
#define WRITE_PROTECTED_X8 0x0505050505050505ull

/* --- the table --- */

static FAKE_MSR *Find(const FAKE_CORE *Core, UINT32 Msr)
{
    UINT32 Index;

    for (Index = 0; Index < Core->Now.MsrCount; Index++)
        if (Core->Now.Msrs[Index].Number == Msr)
            return (FAKE_MSR *)&Core->Now.Msrs[Index];
    return NULL;
}

/* The base of FS or GS is the segment's own. NULL: another MSR. */
static UINT64 *SegmentBase(const FAKE_CORE *Core, UINT32 Msr)
{
    if (Msr == IA32_FS_BASE)
        return (UINT64 *)&Core->Now.Segments[VMCS_SEGMENT_FS].Base;
    if (Msr == IA32_GS_BASE)
        return (UINT64 *)&Core->Now.Segments[VMCS_SEGMENT_GS].Base;
    return NULL;
}

static VOID Set(FAKE_CORE *Core, UINT32 Msr, UINT64 Value)
{
    UINT64 *Base   = SegmentBase(Core, Msr);
    FAKE_MSR *Slot = Find(Core, Msr);

    if (Base) {
        *Base = Value;
        return;
    }
    if (!Slot && Core->Now.MsrCount == FAKE_MAX_MSRS)
        HostedDie("too many MSRs");
    if (!Slot)
        Slot = &Core->Now.Msrs[Core->Now.MsrCount++];
    *Slot = (FAKE_MSR){Msr, Value};
}

VOID FakeMsrSet(UINT32 CoreId, UINT32 Msr, UINT64 Value)
{
    Set(FakeCore(CoreId), Msr, Value);
}

VOID FakeMsrSetAll(UINT32 Msr, UINT64 Value)
{
    UINT32 CoreId;

    for (CoreId = 0; CoreId < PlatformCpuCount(); CoreId++)
        FakeMsrSet(CoreId, Msr, Value);
}

UINT64 FakeMsrGet(UINT32 CoreId, UINT32 Msr)
{
    UINT64 Value;

    if (!FakeMsrRead(FakeCore(CoreId), Msr, &Value))
        HostedDie("the test asks for an MSR that does not exist");
    return Value;
}

BOOLEAN FakeMsrExists(UINT32 CoreId, UINT32 Msr)
{
    return Find(FakeCore(CoreId), Msr) != NULL || SegmentBase(FakeCore(CoreId), Msr) != NULL;
}

VOID FakeMsrRemove(UINT32 CoreId, UINT32 Msr)
{
    FAKE_CORE *Core = FakeCore(CoreId);
    FAKE_MSR *Slot  = Find(Core, Msr);

    if (!Slot)
        return;
    *Slot = Core->Now.Msrs[--Core->Now.MsrCount];
    memset(&Core->Now.Msrs[Core->Now.MsrCount], 0, sizeof(FAKE_MSR));
}

VOID FakeCapabilityRemove(UINT32 CapabilityMsr, UINT32 Bit)
{
    UINT32 CoreId;

    for (CoreId = 0; CoreId < PlatformCpuCount(); CoreId++)
        FakeMsrSet(CoreId, CapabilityMsr, FakeMsrGet(CoreId, CapabilityMsr) & ~((UINT64)Bit << 32));
}

VOID FakeMsrsReset(FAKE_CORE *Core, UINT32 CoreId)
{
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Defaults); Index++)
        Set(Core, (UINT32)Defaults[Index].Number, Defaults[Index].Value);
    for (Index = 0; Index < FIX4K_COUNT; Index++)
        Set(Core, IA32_MTRR_FIX4K_C0000 + Index, WRITE_PROTECTED_X8);
    for (Index = 1; Index < MTRR_VARIABLES; Index++) {
        Set(Core, IA32_MTRR_PHYSBASE0 + 2 * Index, 0);
        Set(Core, IA32_MTRR_PHYSBASE0 + 2 * Index + 1, 0);
    }
    Set(Core, IA32_SYSENTER_ESP, 0xFFFFFE0000002200ull + 0x1000ull * CoreId);
}

/* --- RDMSR and WRMSR --- */

BOOLEAN FakeMsrRead(const FAKE_CORE *Core, UINT32 Msr, UINT64 *Value)
{
    const UINT64 *Base   = SegmentBase(Core, Msr);
    const FAKE_MSR *Slot = Find(Core, Msr);

    if (!Base && !Slot)
        return FALSE;
    *Value = Base ? *Base : Slot->Value;
    return TRUE;
}

BOOLEAN FakeIsPat(UINT64 Value)
{
    UINT32 Byte;

    for (Byte = 0; Byte < 8; Byte++)
        if (((Value >> (8 * Byte)) & 0xFF) > 7 || ((Value >> (8 * Byte)) & 0xFE) == 2)
            return FALSE;
    return TRUE;
}

static BOOLEAN IsReadOnly(const FAKE_CORE *Core, UINT32 Msr)
{
    if (Msr == IA32_FEATURE_CONTROL)
        return (Find(Core, Msr)->Value & FEATURE_CONTROL_LOCK) != 0;
    return Msr == IA32_MTRRCAP || (Msr >= IA32_VMX_BASIC && Msr <= VMX_CAPABILITY_LAST);
}

static BOOLEAN IsAddress(UINT32 Msr)
{
    static const UINT32 Addresses[] = {IA32_FS_BASE,      IA32_GS_BASE,      IA32_KERNEL_GS_BASE,
                                       IA32_SYSENTER_ESP, IA32_SYSENTER_EIP, IA32_LSTAR,
                                       IA32_CSTAR};
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Addresses); Index++)
        if (Addresses[Index] == Msr)
            return TRUE;
    return FALSE;
}

/* Paging is on in all that the fake processor runs. */
static BOOLEAN IsEfer(const FAKE_CORE *Core, UINT64 Value)
{
    return !(Value & ~(EFER_SCE_LME_NXE | EFER_LMA)) && !((Value ^ Find(Core, IA32_EFER)->Value) & EFER_LME);
}

BOOLEAN FakeMsrWrite(FAKE_CORE *Core, UINT32 Msr, UINT64 Value)
{
    if ((!Find(Core, Msr) && !SegmentBase(Core, Msr)) || IsReadOnly(Core, Msr) ||
        (IsAddress(Msr) && !FakeIsCanonical(Value)) || (Msr == IA32_PAT && !FakeIsPat(Value)) ||
        (Msr == IA32_EFER && !IsEfer(Core, Value)) || (Msr == IA32_DEBUGCTL && (Value & ~DEBUGCTL_BITS)))
        return FALSE;
    if (Msr == IA32_EFER)
        Value = (Value & ~EFER_LMA) | (Find(Core, Msr)->Value & EFER_LMA);
    Set(Core, Msr, Value);
    return TRUE;
}

/* --- as instructions --- */

/* SDM Vol. 3, 26.1.3. */
static BOOLEAN GuestAccessExits(FAKE_CORE *Core, UINT32 Msr, BOOLEAN IsWrite)
{
    const UINT8 *Bitmap;

    if (!(FakeFieldGet(Core, VMCS_PRIMARY_PROCESSOR_CONTROLS) & PRIMARY_USE_MSR_BITMAPS))
        return TRUE;
    Bitmap = HostedRam(FakeFieldGet(Core, VMCS_MSR_BITMAP));
    if (!Bitmap)
        FakeMisuse("the MSR bitmap is no memory");
    Bitmap += IsWrite ? 2048 : 0;
    if (Msr - 0xC0000000u < 0x2000) {
        Bitmap += 1024;
        Msr -= 0xC0000000u;
    } else if (Msr >= 0x2000) {
        return TRUE;
    }
    return (Bitmap[Msr / 8] >> (Msr % 8)) & 1;
}

BOOLEAN CpuTryReadMsr(UINT32 Msr, UINT64 *Value)
{
    FAKE_CORE *Core = FakeThisCore();
    GUEST_REGS Regs = {.rcx = Msr};

    if (Core->Mode != FAKE_VMX_GUEST || !GuestAccessExits(Core, Msr, FALSE))
        return FakeMsrRead(Core, Msr, Value);
    if (!FakeGuestInstruction(VMX_EXIT_REASON_EXECUTE_RDMSR, 2, 0, &Regs))
        return FALSE;
    *Value = (Regs.rdx << 32) | (UINT32)Regs.rax;
    return TRUE;
}

BOOLEAN CpuTryWriteMsr(UINT32 Msr, UINT64 Value)
{
    FAKE_CORE *Core = FakeThisCore();
    GUEST_REGS Regs = {.rcx = Msr, .rax = (UINT32)Value, .rdx = Value >> 32};

    if (Core->Mode != FAKE_VMX_GUEST || !GuestAccessExits(Core, Msr, TRUE)) {
        if (Msr == IA32_X2APIC_ICR && (Find(Core, IA32_APIC_BASE)->Value & APIC_BASE_X2))
            FakeApicCommand((UINT32)Value, (UINT32)(Value >> 32));
        return FakeMsrWrite(Core, Msr, Value);
    }
    return FakeGuestInstruction(VMX_EXIT_REASON_EXECUTE_WRMSR, 2, 0, &Regs);
}

UINT64 CpuReadMsr(UINT32 Msr)
{
    UINT64 Value;

    if (!CpuTryReadMsr(Msr, &Value))
        FakeMisuse("#GP by RDMSR %x", Msr);
    return Value;
}

VOID CpuWriteMsr(UINT32 Msr, UINT64 Value)
{
    if (!CpuTryWriteMsr(Msr, Value))
        FakeMisuse("#GP by WRMSR %x of %llx", Msr, Value);
}

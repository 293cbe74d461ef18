// SPDX-License-Identifier: GPL-2.0-only
/*
 * VmxMsr.c - MSRs under VMX.
 *
 * Context: VMX root mode (the bitmap: process too). SDM Vol. 3, 25.4.1 (MSRs in the guest state), 25.6.9
 * (MSR bitmaps), 28.5.1 (MSRs that an exit loads); Vol. 4.
 *
 * An exit loads root mode's values of the MSRs below, so the guest's are read and written where the entry
 * takes them from.
 */
#include "hyperhv/vmx/VmxMsr.h"

#include "platform/CpuInstructions.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/memory/PhysicalWidth.h"
#include "hyperhv/vmx/ControlRegisters.h"
#include "hyperhv/vmx/ExitSwitches.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxSyscall.h"

#define VMX_CAPABILITY_LAST    0x493u
#define FEATURE_CONTROL_LOCKED 1ull  /* locked, VMX off: what a guest without VMX sees */
#define BITMAP_WRITE_OFFSET    2048u /* bytes; the two ranges of an access follow each other */
#define EFER_SCE               (1ull << 0)
#define EFER_LME               (1ull << 8)
#define EFER_LMA               (1ull << 10)
#define EFER_NXE               (1ull << 11)
#define EFER_KNOWN             (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
#define PAT_RESERVED_BITS      0xF8F8F8F8F8F8F8F8ull

typedef BOOLEAN (*MSR_VALUE_CHECK)(UINT64 *Value);

/* FALSE: the processor would #GP. A check may also change what is stored. */
static BOOLEAN CheckCanonical(UINT64 *Value)
{
    return LinearAddressIsCanonical(*Value);
}

static BOOLEAN CheckAny(UINT64 *Value)
{
    *Value = (UINT32)*Value;
    return TRUE;
}

/* Types 2, 3 and 8 up do not exist. SDM Vol. 3, 12.12.2. */
static BOOLEAN CheckPat(UINT64 *Value)
{
    UINT32 Byte;

    if (*Value & PAT_RESERVED_BITS)
        return FALSE;
    for (Byte = 0; Byte < 8; Byte++)
        if (((*Value >> (8 * Byte)) & 7) == 2 || ((*Value >> (8 * Byte)) & 7) == 3)
            return FALSE;
    return TRUE;
}

/* LME cannot change while paging is on; LMA is the processor's. SDM Vol. 3, 2.2.1. */
static BOOLEAN CheckEfer(UINT64 *Value)
{
    UINT64 Current = VmcsRead64(VMCS_GUEST_EFER);

    if (*Value & ~EFER_KNOWN)
        return FALSE;
    if (((*Value ^ Current) & EFER_LME) && (VmxGuestCr0() & CR0_PG))
        return FALSE;
    *Value = (*Value & ~EFER_LMA) | (Current & EFER_LMA);
    return TRUE;
}

/* Which bits exist depends on the model: the processor is asked. Root mode itself runs with 0, as after every
 * exit. */
static BOOLEAN CheckDebugCtl(UINT64 *Value)
{
    if (!CpuTryWriteMsr(IA32_DEBUGCTL, *Value))
        return FALSE;
    CpuWriteMsr(IA32_DEBUGCTL, 0);
    return TRUE;
}

static const struct {
    UINT32 Msr;
    UINT32 Field;
    MSR_VALUE_CHECK Check;
} VmcsMsrs[] = {
    {IA32_FS_BASE, VMCS_GUEST_FS_BASE, CheckCanonical},
    {IA32_GS_BASE, VMCS_GUEST_GS_BASE, CheckCanonical},
    {IA32_SYSENTER_CS, VMCS_GUEST_SYSENTER_CS, CheckAny},
    {IA32_SYSENTER_ESP, VMCS_GUEST_SYSENTER_ESP, CheckCanonical},
    {IA32_SYSENTER_EIP, VMCS_GUEST_SYSENTER_EIP, CheckCanonical},
    {IA32_PAT, VMCS_GUEST_PAT, CheckPat},
    {IA32_DEBUGCTL, VMCS_GUEST_DEBUGCTL, CheckDebugCtl},
};

BOOLEAN VmxReadVirtualizedMsr(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Msr, UINT64 *Value, BOOLEAN *Done)
{
    UINT32 Index;

    *Done = TRUE;
    if (Msr == IA32_FEATURE_CONTROL) {
        *Value = FEATURE_CONTROL_LOCKED;
        return TRUE;
    }
    if (Msr == IA32_EFER) {
        *Value = VmxGuestEfer(VCpu);
        return TRUE;
    }
    for (Index = 0; Index < COUNT_OF(VmcsMsrs); Index++) {
        if (VmcsMsrs[Index].Msr == Msr) {
            *Value = VmcsReadUnchecked(VmcsMsrs[Index].Field);
            return TRUE;
        }
    }
    *Done = FALSE;
    return TRUE;
}

BOOLEAN VmxWriteVirtualizedMsr(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Msr, UINT64 Value, BOOLEAN *Done)
{
    UINT32 Index;

    *Done = TRUE;
    if (Msr == IA32_FEATURE_CONTROL)
        return FALSE; /* it is locked */
    if (Msr == IA32_EFER) {
        if (!CheckEfer(&Value))
            return FALSE;
        VmxWriteGuestEfer(VCpu, Value);
        return TRUE;
    }
    for (Index = 0; Index < COUNT_OF(VmcsMsrs); Index++) {
        if (VmcsMsrs[Index].Msr == Msr) {
            if (!VmcsMsrs[Index].Check(&Value))
                return FALSE;
            VmcsWriteUnchecked(VmcsMsrs[Index].Field, Value);
            return TRUE;
        }
    }
    *Done = FALSE;
    return TRUE;
}

/* --- the bitmap --- */

/* Accesses that exit whoever asks: the guest must not see nor change that there is VT-x. */
static const struct {
    UINT32 First;
    UINT32 Count;
} AlwaysExit[] = {
    {IA32_FEATURE_CONTROL, 1},
    {IA32_VMX_BASIC, VMX_CAPABILITY_LAST - IA32_VMX_BASIC + 1},
};

VOID VmxChangeMsrBitmap(const VMX_CORE *Vmx, BOOLEAN OfWrites, UINT32 First, UINT32 Count, BOOLEAN On)
{
    UINT8 *Bitmap = Vmx->MsrBitmap + (OfWrites ? BITMAP_WRITE_OFFSET : 0);
    UINT32 Index;

    BitmapChange(Bitmap, First, Count, On);
    for (Index = 0; Index < COUNT_OF(AlwaysExit); Index++)
        BitmapChange(Bitmap, AlwaysExit[Index].First, AlwaysExit[Index].Count, TRUE);
}

VOID VmxMsrBitmapReset(const VMX_CORE *Vmx)
{
    VmxChangeMsrBitmap(Vmx, FALSE, 0, 2 * HV_MSR_RANGE_LENGTH, FALSE);
    VmxChangeMsrBitmap(Vmx, TRUE, 0, 2 * HV_MSR_RANGE_LENGTH, FALSE);
}

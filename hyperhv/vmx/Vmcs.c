// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vmcs.c - setting up the VMCS of one core so that the running kernel goes on as its guest.
 *
 * Context: the core itself, VMX operation, interrupts off. SDM Vol. 3, 25 (fields), 27.2-27.3 (what an entry
 * checks).
 */
#include "hyperhv/vmx/Vmcs.h"

#include "platform/CpuInstructions.h"
#include "platform/PlatformMemory.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/core/State.h"
#include "hyperhv/memory/RootPageTable.h"
#include "hyperhv/vmx/AsmEntry.h"
#include "hyperhv/vmx/ControlRegisters.h"
#include "hyperhv/vmx/Controls.h"
#include "hyperhv/vmx/EptViews.h"
#include "hyperhv/vmx/Vmx.h"
#include "hyperhv/vmx/VmxState.h"

#define SELECTOR_RPL_TI    7u      /* a host selector has neither */
#define ACCESS_RIGHTS_MASK 0xF0FFu /* LAR's result, shifted, without its undefined bits */
#define NO_LINK_POINTER    (~0ull)

/* CR4 bits that would change how root mode runs: indirect-branch tracking of code that has no landing pads,
 * and event delivery without an IDT. SDM Vol. 3, 2.5. */
#define HOST_CR4_CLEARED (CR4_CET | CR4_FRED)

/* Refused accesses since the module was loaded. Written by any core in root mode; exact only to zero or not.
 */
static UINT32 FailedAccesses;
static UINT32 LastFailedField;

__attribute__((__cold__, __noinline__)) VOID VmcsAccessFailed(UINT32 Field)
{
    LastFailedField = Field;
    FailedAccesses++;
}

UINT32 VmcsFailedAccessCount(UINT32 *LastField)
{
    *LastField = LastFailedField;
    return FailedAccesses;
}

static VOID VmcsSetupControls(const VIRTUAL_MACHINE_STATE *VCpu)
{
    const VMX_CONTROLS *Controls = VmxControls();

    VCpu->Vmx->PinBased = Controls->PinBased;
    VmcsWrite32(VMCS_PIN_BASED_CONTROLS, Controls->PinBased);
    VmcsWrite32(VMCS_PRIMARY_PROCESSOR_CONTROLS, Controls->Primary);
    VmcsWrite32(VMCS_SECONDARY_PROCESSOR_CONTROLS, Controls->Secondary);
    VmcsWrite32(VMCS_VMEXIT_CONTROLS, Controls->Exit);
    VmcsWrite32(VMCS_VMENTRY_CONTROLS, Controls->Entry);

    VmcsWrite32(VMCS_EXCEPTION_BITMAP, EXCEPTION_BITMAP_ALWAYS);
    VmcsWrite32(VMCS_PAGE_FAULT_ERROR_CODE_MASK, 0);
    VmcsWrite32(VMCS_PAGE_FAULT_ERROR_CODE_MATCH, 0);
    VmcsWrite32(VMCS_CR3_TARGET_COUNT, 0);
    VmcsWrite32(VMCS_VMEXIT_MSR_STORE_COUNT, 0);
    VmcsWrite32(VMCS_VMEXIT_MSR_LOAD_COUNT, 0);
    VmcsWrite32(VMCS_VMENTRY_MSR_LOAD_COUNT, 0);
    VmcsWrite32(VMCS_VMENTRY_INTERRUPTION_INFO, 0);

    VmcsWrite64(VMCS_MSR_BITMAP, PlatformMemoryVirtualToPhysical(VCpu->Vmx->MsrBitmap));
    VmcsWrite64(VMCS_IO_BITMAP_A, PlatformMemoryVirtualToPhysical(VCpu->Vmx->IoBitmaps));
    VmcsWrite64(VMCS_IO_BITMAP_B, PlatformMemoryVirtualToPhysical(VCpu->Vmx->IoBitmaps + PLATFORM_PAGE_SIZE));
    VmcsWrite64(VMCS_EPT_POINTER, EptViewHooked());
    VmcsWrite16(VMCS_VPID, VCpu->CoreId + 1);
    if (Controls->Secondary & SECONDARY_ENABLE_XSAVES)
        VmcsWrite64(VMCS_XSS_EXITING_BITMAP, 0);
}

/* The guest owns its control registers but for the bits that VMX operation fixes: those read as the guest
 * wrote them. */
static VOID VmcsSetupControlRegisters(const VMX_CORE *Vmx)
{
    VmcsWriteNatural(VMCS_GUEST_CR0, CpuReadCr0());
    VmcsWriteNatural(VMCS_CR0_GUEST_HOST_MASK, VmxCr0HostBits());
    VmcsWriteNatural(VMCS_CR0_READ_SHADOW, Vmx->OriginalCr0);
    VmcsWriteNatural(VMCS_GUEST_CR3, CpuReadCr3());
    VmcsWriteNatural(VMCS_GUEST_CR4, CpuReadCr4());
    VmcsWriteNatural(VMCS_CR4_GUEST_HOST_MASK, CR4_VMXE);
    VmcsWriteNatural(VMCS_CR4_READ_SHADOW, Vmx->OriginalCr4);
}

static VOID VmcsSetupHost(const VIRTUAL_MACHINE_STATE *VCpu)
{
    const VMX_CORE *Vmx = VCpu->Vmx;

    VmcsWriteNatural(VMCS_HOST_CR0, CpuReadCr0());
    VmcsWriteNatural(VMCS_HOST_CR3, RootPageTableCr3());
    VmcsWriteNatural(VMCS_HOST_CR4, (CpuReadCr4() & ~HOST_CR4_CLEARED) | VmxHostCr4Added());

    VmcsWrite16(VMCS_HOST_CS_SELECTOR, CpuReadCs() & ~SELECTOR_RPL_TI);
    VmcsWrite16(VMCS_HOST_SS_SELECTOR, CpuReadSs() & ~SELECTOR_RPL_TI);
    VmcsWrite16(VMCS_HOST_DS_SELECTOR, 0);
    VmcsWrite16(VMCS_HOST_ES_SELECTOR, 0);
    VmcsWrite16(VMCS_HOST_FS_SELECTOR, 0);
    VmcsWrite16(VMCS_HOST_GS_SELECTOR, 0);
    VmcsWrite16(VMCS_HOST_TR_SELECTOR, CpuReadTr() & ~SELECTOR_RPL_TI);

    /* GS is the kernel's per-CPU base: this code runs in the kernel, never between its SWAPGS and user space.
     */
    VmcsWriteNatural(VMCS_HOST_FS_BASE, CpuReadMsr(IA32_FS_BASE));
    VmcsWriteNatural(VMCS_HOST_GS_BASE, CpuReadMsr(IA32_GS_BASE));
    VmcsWriteNatural(VMCS_HOST_TR_BASE, (UINT64)(UINTPTR)&Vmx->HostTables->Tss);
    VmcsWriteNatural(VMCS_HOST_GDTR_BASE, (UINT64)(UINTPTR)Vmx->HostTables->Gdt);
    VmcsWriteNatural(VMCS_HOST_IDTR_BASE, HostIdtBase());

    VmcsWrite32(VMCS_HOST_SYSENTER_CS, CpuReadMsr(IA32_SYSENTER_CS));
    VmcsWriteNatural(VMCS_HOST_SYSENTER_ESP, CpuReadMsr(IA32_SYSENTER_ESP));
    VmcsWriteNatural(VMCS_HOST_SYSENTER_EIP, CpuReadMsr(IA32_SYSENTER_EIP));
    VmcsWrite64(VMCS_HOST_PAT, CpuReadMsr(IA32_PAT));
    VmcsWrite64(VMCS_HOST_EFER, CpuReadMsr(IA32_EFER));

    VmcsWriteNatural(VMCS_HOST_RSP, VmxExitStackTop(Vmx));
    VmcsWriteNatural(VMCS_HOST_RIP, (UINT64)(UINTPTR)AsmVmexitHandler);
}

static VOID VmcsSetupSegment(VMCS_SEGMENT Segment, UINT16 Selector, UINT64 Base)
{
    UINT32 Rights = SEGMENT_ACCESS_RIGHTS_UNUSABLE;

    if (Selector & ~3u) /* not null */
        Rights = (CpuLoadAccessRights(Selector) >> 8) & ACCESS_RIGHTS_MASK;

    VmcsWriteUnchecked(VMCS_GUEST_ES_SELECTOR + 2 * Segment, Selector);
    VmcsWriteUnchecked(VMCS_GUEST_ES_LIMIT + 2 * Segment, CpuLoadSegmentLimit(Selector));
    VmcsWriteUnchecked(VMCS_GUEST_ES_ACCESS_RIGHTS + 2 * Segment, Rights);
    VmcsWriteUnchecked(VMCS_GUEST_ES_BASE + 2 * Segment, Base);
}

static VOID VmcsSetupSegments(VOID)
{
    DESCRIPTOR_TABLE_REGISTER Gdtr, Idtr;
    const UINT64 *Gdt;
    UINT16 Ldtr = CpuReadLdtr();

    CpuStoreGdt(&Gdtr);
    CpuStoreIdt(&Idtr);
    Gdt = (const UINT64 *)(UINTPTR)Gdtr.Base;

    VmcsSetupSegment(VMCS_SEGMENT_ES, CpuReadEs(), 0);
    VmcsSetupSegment(VMCS_SEGMENT_CS, CpuReadCs(), 0);
    VmcsSetupSegment(VMCS_SEGMENT_SS, CpuReadSs(), 0);
    VmcsSetupSegment(VMCS_SEGMENT_DS, CpuReadDs(), 0);
    VmcsSetupSegment(VMCS_SEGMENT_FS, CpuReadFs(), CpuReadMsr(IA32_FS_BASE));
    VmcsSetupSegment(VMCS_SEGMENT_GS, CpuReadGs(), CpuReadMsr(IA32_GS_BASE));
    VmcsSetupSegment(VMCS_SEGMENT_LDTR, Ldtr, Ldtr != 0 ? HostTablesSystemBase(Gdt, Ldtr) : 0);
    VmcsSetupSegment(VMCS_SEGMENT_TR, CpuReadTr(), HostTablesSystemBase(Gdt, CpuReadTr()));

    VmcsWriteNatural(VMCS_GUEST_GDTR_BASE, Gdtr.Base);
    VmcsWrite32(VMCS_GUEST_GDTR_LIMIT, Gdtr.Limit);
    VmcsWriteNatural(VMCS_GUEST_IDTR_BASE, Idtr.Base);
    VmcsWrite32(VMCS_GUEST_IDTR_LIMIT, Idtr.Limit);
}

static VOID VmcsSetupGuest(UINT64 GuestRip, UINT64 GuestRsp)
{
    VmcsWriteNatural(VMCS_GUEST_RIP, GuestRip);
    VmcsWriteNatural(VMCS_GUEST_RSP, GuestRsp);
    VmcsWriteNatural(VMCS_GUEST_RFLAGS, 2); /* the launch pops the real flags */
    VmcsWriteNatural(VMCS_GUEST_DR7, CpuReadDr7());
    VmcsWriteNatural(VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS, 0);
    VmcsWrite32(VMCS_GUEST_ACTIVITY_STATE, ACTIVITY_STATE_ACTIVE);
    VmcsWrite32(VMCS_GUEST_INTERRUPTIBILITY_STATE, 0);
    VmcsWrite64(VMCS_GUEST_LINK_POINTER, NO_LINK_POINTER);

    VmcsWrite64(VMCS_GUEST_DEBUGCTL, CpuReadMsr(IA32_DEBUGCTL));
    VmcsWrite64(VMCS_GUEST_PAT, CpuReadMsr(IA32_PAT));
    VmcsWrite64(VMCS_GUEST_EFER, CpuReadMsr(IA32_EFER));
    VmcsWrite32(VMCS_GUEST_SYSENTER_CS, CpuReadMsr(IA32_SYSENTER_CS));
    VmcsWriteNatural(VMCS_GUEST_SYSENTER_ESP, CpuReadMsr(IA32_SYSENTER_ESP));
    VmcsWriteNatural(VMCS_GUEST_SYSENTER_EIP, CpuReadMsr(IA32_SYSENTER_EIP));
}

BOOLEAN VmcsSetup(VIRTUAL_MACHINE_STATE *VCpu, UINT64 GuestRip, UINT64 GuestRsp)
{
    UINT32 Before = FailedAccesses;

    VmcsSetupControls(VCpu);
    VmcsSetupControlRegisters(VCpu->Vmx);
    VmcsSetupHost(VCpu);
    VmcsSetupSegments();
    VmcsSetupGuest(GuestRip, GuestRsp);
    return FailedAccesses == Before;
}

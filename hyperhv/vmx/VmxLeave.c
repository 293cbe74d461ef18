// SPDX-License-Identifier: GPL-2.0-only
/*
 * VmxLeave.c - out of VMX operation, with the processor as the guest had it.
 *
 * Context: VMX root mode, interrupts off. SDM Vol. 3, 28.5 (what an exit has changed: all of that is put back
 * here).
 *
 * The order matters. The kernel's page table first, as everything of the kernel is mapped in both. Then its
 * GDT, LDT, TR, data segments and their bases, all under our own IDT: its NMI handler needs none of them,
 * while the kernel's would run with half of them loaded. The kernel's IDT last. An NMI that our handler took
 * meanwhile is counted in PendingNmis, and given to the kernel then, whichever way out it is, but for those
 * that end in a reset.
 */
#include "hyperhv/vmx/Vmx.h"

#include "platform/CpuInstructions.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "hyperhv/core/Apic.h"
#include "hyperhv/core/Broadcast.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/vmx/ControlRegisters.h"
#include "hyperhv/memory/MemoryMapper.h"
#include "hyperhv/vmx/AsmEntry.h"
#include "hyperhv/vmx/EventInjection.h"
#include "hyperhv/vmx/ExternalInterrupt.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxBroadcast.h"
#include "hyperhv/vmx/VmxNmi.h"
#include "hyperhv/vmx/VmxState.h"
#include "hyperhv/vmx/VmxSyscall.h"

/* What must be read before VMXOFF. */
typedef struct _VMX_GUEST_STATE {
    UINT64 Cr0, Cr3, Cr4, Dr7;
    UINT64 DebugCtl, Pat, Efer, SysenterCs, SysenterEsp, SysenterEip;
    UINT64 FsBase, GsBase, TrBase;
    UINT32 TrLimit;
    UINT16 Ds, Es, Fs, Gs, Ldtr, Tr;
    DESCRIPTOR_TABLE_REGISTER Gdtr, Idtr;
} VMX_GUEST_STATE;

static VOID VmxReadGuestState(const VIRTUAL_MACHINE_STATE *VCpu, VMX_GUEST_STATE *Guest)
{
    Guest->Cr0         = VmxGuestCr0();
    Guest->Cr3         = VmcsReadNatural(VMCS_GUEST_CR3);
    Guest->Cr4         = VmxGuestCr4();
    Guest->Dr7         = VmcsReadNatural(VMCS_GUEST_DR7);
    Guest->DebugCtl    = VmcsRead64(VMCS_GUEST_DEBUGCTL);
    Guest->Pat         = VmcsRead64(VMCS_GUEST_PAT);
    Guest->Efer        = VmxGuestEfer(VCpu);
    Guest->SysenterCs  = VmcsRead32(VMCS_GUEST_SYSENTER_CS);
    Guest->SysenterEsp = VmcsReadNatural(VMCS_GUEST_SYSENTER_ESP);
    Guest->SysenterEip = VmcsReadNatural(VMCS_GUEST_SYSENTER_EIP);
    Guest->FsBase      = VmcsReadNatural(VMCS_GUEST_FS_BASE);
    Guest->GsBase      = VmcsReadNatural(VMCS_GUEST_GS_BASE);
    Guest->TrBase      = VmcsReadNatural(VMCS_GUEST_TR_BASE);
    Guest->TrLimit     = VmcsRead32(VMCS_GUEST_TR_LIMIT);
    Guest->Ds          = VmcsRead16(VMCS_GUEST_DS_SELECTOR);
    Guest->Es          = VmcsRead16(VMCS_GUEST_ES_SELECTOR);
    Guest->Fs          = VmcsRead16(VMCS_GUEST_FS_SELECTOR);
    Guest->Gs          = VmcsRead16(VMCS_GUEST_GS_SELECTOR);
    Guest->Ldtr        = VmcsRead16(VMCS_GUEST_LDTR_SELECTOR);
    Guest->Tr          = VmcsRead16(VMCS_GUEST_TR_SELECTOR);
    Guest->Gdtr.Base   = VmcsReadNatural(VMCS_GUEST_GDTR_BASE);
    Guest->Gdtr.Limit  = (UINT16)VmcsRead32(VMCS_GUEST_GDTR_LIMIT);
    Guest->Idtr.Base   = VmcsReadNatural(VMCS_GUEST_IDTR_BASE);
    Guest->Idtr.Limit  = (UINT16)VmcsRead32(VMCS_GUEST_IDTR_LIMIT);
}

/* What IRET will load. */
static VOID VmxFillIretFrame(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->VmxoffState = (VMX_VMXOFF_STATE){
        .GuestRip         = VmcsReadNatural(VMCS_GUEST_RIP),
        .GuestCs          = VmcsRead16(VMCS_GUEST_CS_SELECTOR),
        .GuestRflags      = VmcsReadNatural(VMCS_GUEST_RFLAGS),
        .GuestRsp         = VmcsReadNatural(VMCS_GUEST_RSP),
        .GuestSs          = VmcsRead16(VMCS_GUEST_SS_SELECTOR),
        .IsVmxoffExecuted = TRUE,
    };
}

/* PCIDE before a CR3 with a PCID. Clearing PGE drops every translation, those of the time before the launch
 * included: entries of VPID 0 have not been looked at since. */
static VOID VmxRestoreControlRegisters(const VMX_GUEST_STATE *Guest)
{
    CpuWriteCr0(Guest->Cr0);
    CpuWriteCr4(Guest->Cr4 & ~CR4_PGE);
    CpuWriteCr3(Guest->Cr3);
    CpuWriteCr4(Guest->Cr4);
}

static VOID VmxRestoreSegments(const VMX_GUEST_STATE *Guest, HOST_TABLES *HostTables)
{
    HostTablesLoadKernelTr(HostTables, Guest->Tr, Guest->TrBase, Guest->TrLimit);
    CpuLoadGdt(&Guest->Gdtr);
    CpuLoadLdtr(Guest->Ldtr);
    CpuLoadDs(Guest->Ds);
    CpuLoadEs(Guest->Es);
    CpuLoadFs(Guest->Fs);
    CpuLoadGs(Guest->Gs);
    CpuWriteMsr(IA32_FS_BASE, Guest->FsBase); /* after the selectors, which overwrite the bases */
    CpuWriteMsr(IA32_GS_BASE, Guest->GsBase);
}

static VOID VmxRestoreMsrs(const VMX_GUEST_STATE *Guest)
{
    CpuWriteMsr(IA32_EFER, Guest->Efer);
    CpuWriteMsr(IA32_PAT, Guest->Pat);
    CpuWriteMsr(IA32_SYSENTER_CS, Guest->SysenterCs);
    CpuWriteMsr(IA32_SYSENTER_ESP, Guest->SysenterEsp);
    CpuWriteMsr(IA32_SYSENTER_EIP, Guest->SysenterEip);
    CpuWriteDr7(Guest->Dr7);
    CpuWriteMsr(IA32_DEBUGCTL, Guest->DebugCtl);
}

static VOID VmxLeaveAs(VIRTUAL_MACHINE_STATE *VCpu, const VMX_GUEST_STATE *Guest)
{
    VMX_CORE *Vmx = VCpu->Vmx;

    VmxBroadcastDrain(VCpu);
    CpuVmClear(PlatformMemoryVirtualToPhysical(Vmx->VmcsRegion));
    CpuVmxOff();

    VmxRestoreControlRegisters(Guest);
    VmxRestoreMsrs(Guest);
    VmxRestoreSegments(Guest, Vmx->HostTables);
    VCpu->IsOnVmxRootMode = FALSE;
    VCpu->Lifecycle       = VMM_CORE_OFF;
    CpuLoadIdt(&Guest->Idtr);
}

VOID VmxLeave(VIRTUAL_MACHINE_STATE *VCpu)
{
    VMX_GUEST_STATE Guest;

    VCpu->Lifecycle = VMM_CORE_TERMINATING; /* the NMI handler leaves the VMCS alone */
    VmxHandBackInterrupt(VCpu);
    VmxReadGuestState(VCpu, &Guest);
    VmxFillIretFrame(VCpu);
    VmxLeaveAs(VCpu, &Guest);
    VmxHandOverNmis(VCpu);
}

BOOLEAN VmxCanLeave(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Physical;

    return !EventIsQueued() && MemoryMapperVirtualToPhysical(VCpu, VmcsReadNatural(VMCS_GUEST_CR3),
                                                             (UINT64)(UINTPTR)AsmVmexitHandler, &Physical);
}

/* Not to return to the guest but to go on here, in the kernel. The guest may have been a process, whose page
 * table lacks the kernel (page table isolation) and whose GS is not the kernel's: root mode's stay. */
static VOID VmxLeaveToKernel(VIRTUAL_MACHINE_STATE *VCpu)
{
    VMX_GUEST_STATE Guest;

    VCpu->Lifecycle = VMM_CORE_TERMINATING;
    VmxReadGuestState(VCpu, &Guest);
    Guest.Cr3    = CpuReadCr3();
    Guest.GsBase = CpuReadMsr(IA32_GS_BASE);
    VmxLeaveAs(VCpu, &Guest);
}

VOID VmxTripleFault(VIRTUAL_MACHINE_STATE *VCpu)
{
    VmxLeaveToKernel(VCpu);
    CpuTripleFault();
}

/* The APIC has given its INIT to the exit, and has to be given another one. Until it comes nothing else does:
 * the core is where it takes no interrupt. */
VOID VmxInitSignal(VIRTUAL_MACHINE_STATE *VCpu)
{
    VmxLeaveToKernel(VCpu);
    ApicSendInit(VCpu->CoreId, VCpu->ApicId);
    CpuHaltForever();
}

VOID VmxPanic(VIRTUAL_MACHINE_STATE *VCpu, const CHAR *Message)
{
    if (VCpu->Lifecycle == VMM_CORE_RUNNING)
        VmxBroadcast(VCpu, NMI_BROADCAST_ACTION_LEAVE, FALSE);
    if (VCpu->Lifecycle == VMM_CORE_RUNNING || VCpu->Lifecycle == VMM_CORE_LAUNCHING) {
        VmxLeaveToKernel(VCpu);
        VmxHandOverNmis(VCpu);
    }
    PlatformCpuPanic(Message);
}

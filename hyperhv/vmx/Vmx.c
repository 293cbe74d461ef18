// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vmx.c - VT-x on one core, in and out: the backend for Intel processors.
 *
 * Context: process for the shared parts; the core itself with interrupts off for entering and leaving. SDM
 * Vol. 3, 24.7 (VMXON), 25.11.5 (VMXON and VMCS regions), 27.7 (feature control).
 *
 * Where things are in this room:
 *   Vmx.c              this: checks, memory, VMXON, the BACKEND
 *   Controls.c         which controls we use      ControlRegisters.c  CR0 and CR4
 *   Vmcs.c             the set-up of a VMCS       HostTables.c        root mode's GDT, TSS, IDT
 *   Vmexit.c           every exit comes through   AsmVmexitHandler.S  from here
 *   Ept.c, Mtrr.c      tables of a view           EptViews.c          the two views
 *   Mtf.c              one instruction at a time  NmiWindowTrap.c     the same without the monitor trap flag
 *   VmxMsr.c           MSRs in the VMCS, the MSR bitmap
 *   ExitSwitches.c     exits on and off
 *   EventInjection.c, IdtEmulation.c, VmxNmi.c    exceptions and NMIs, in and out
 *   VmxBroadcast.c     NMIs to other cores
 *   GuestRegisters.c, GuestSegments.c             the guest's state for users
 *   RootExceptions.c   exceptions of root mode    VmxLeave.c          the way out
 */
#include "hyperhv/vmx/Vmx.h"

#include "SDK/ErrorCodes.h"
#include "SDK/VmcallNumbers.h"
#include "platform/CpuInstructions.h"
#include "platform/CpuVmx.h"
#include "platform/PlatformMemory.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/memory/PhysicalWidth.h"
#include "hyperhv/interface/Log.h"
#include "hyperhv/vmx/AsmEntry.h"
#include "hyperhv/vmx/ControlRegisters.h"
#include "hyperhv/vmx/Controls.h"
#include "hyperhv/vmx/EptViews.h"
#include "hyperhv/vmx/EventInjection.h"
#include "hyperhv/vmx/ExitSwitches.h"
#include "hyperhv/vmx/GuestRegisters.h"
#include "hyperhv/vmx/ExternalInterrupt.h"
#include "hyperhv/vmx/IdtEmulation.h"
#include "hyperhv/vmx/ModeView.h"
#include "hyperhv/vmx/Mtf.h"
#include "hyperhv/vmx/Mtrr.h"
#include "hyperhv/vmx/Vmexit.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxBroadcast.h"
#include "hyperhv/vmx/VmxIo.h"
#include "hyperhv/vmx/VmxMsr.h"
#include "hyperhv/vmx/VmxNmi.h"
#include "hyperhv/vmx/VmxSyscall.h"
#include "hyperhv/vmx/VmxState.h"

#define CPUID_1_ECX_VMX             (1u << 5)
#define FEATURE_CONTROL_LOCK        (1ull << 0)
#define FEATURE_CONTROL_VMX_NOT_SMX (1ull << 2)
#define BASIC_REVISION_MASK         0x7FFFFFFFull
#define INVEPT_ALL                  (&(const VMX_INVALIDATE_DESCRIPTOR){0, 0})

/* --- checks --- */

static BOOLEAN VmxIsPresent(VOID)
{
    CPUID_RESULT Features;

    CpuCpuid(1, 0, &Features);
    return (Features.Ecx & CPUID_1_ECX_VMX) != 0;
}

static UINT32 VmxCheckCompatibility(VOID)
{
    UINT64 FeatureControl = CpuReadMsr(IA32_FEATURE_CONTROL);

    if ((FeatureControl & FEATURE_CONTROL_LOCK) && !(FeatureControl & FEATURE_CONTROL_VMX_NOT_SMX)) {
        LogError("VT-x is turned off by the firmware (IA32_FEATURE_CONTROL is %llx)", FeatureControl);
        return DEBUGGER_ERROR_VMX_DISABLED_BY_FIRMWARE;
    }
    if (CpuReadCr4() & CR4_VMXE) {
        LogError("VT-x is in use by another hypervisor (CR4.VMXE is set)");
        return DEBUGGER_ERROR_VMX_IN_USE;
    }
    return VmxControlsChoose() ? 0 : DEBUGGER_ERROR_VMX_CAPABILITY_MISSING;
}

/* --- memory --- */

static BOOLEAN VmxInitialize(VOID)
{
    VmxControlRegistersInitialize();
    VmxSyscallInitialize();
    ModeViewInitialize();
    MtrrInitialize();
    if (!HostIdtInitialize(CpuReadCs()))
        return FALSE;
    if (!EptViewsInitialize()) {
        HostIdtUninitialize();
        return FALSE;
    }
    return TRUE;
}

static VOID VmxUninitialize(VOID)
{
    EptViewsUninitialize();
    HostIdtUninitialize();
}

static VOID VmxFreeCore(VIRTUAL_MACHINE_STATE *VCpu)
{
    VMX_CORE *Vmx = VCpu->Vmx;
    UINT32 Stack;

    if (Vmx == NULL)
        return;
    for (Stack = 0; Stack < VMX_ROOT_STACK_COUNT; Stack++)
        PlatformMemoryFreePages(Vmx->Stacks[Stack], ROOT_STACK_PAGES);
    EptStepViewFree(&Vmx->StepView);
    PlatformMemoryFree(Vmx->HostTables);
    PlatformMemoryFreePages(Vmx->IoBitmaps, VMX_IO_BITMAP_PAGES);
    PlatformMemoryFreePages(Vmx->MsrBitmap, 1);
    PlatformMemoryFreePages(Vmx->VmcsRegion, 1);
    PlatformMemoryFreePages(Vmx->VmxonRegion, 1);
    PlatformMemoryFree(Vmx);
    VCpu->Vmx = NULL;
}

static BOOLEAN VmxAllocateStacks(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Stack;

    for (Stack = 0; Stack < VMX_ROOT_STACK_COUNT; Stack++) {
        VCpu->Vmx->Stacks[Stack] = PlatformMemoryAllocatePages(ROOT_STACK_PAGES);
        if (VCpu->Vmx->Stacks[Stack] == NULL)
            return FALSE;
        *(VIRTUAL_MACHINE_STATE **)VCpu->Vmx->Stacks[Stack] = VCpu; /* CurrentCore.h */
    }
    ((VMX_EXIT_FRAME *)(UINTPTR)(VmxExitStackTop(VCpu->Vmx) - sizeof(GUEST_REGS)))->Owner = VCpu;
    return TRUE;
}

static BOOLEAN VmxAllocateCore(VIRTUAL_MACHINE_STATE *VCpu)
{
    VMX_CORE *Vmx = PlatformMemoryAllocate(sizeof(*Vmx));

    VCpu->Vmx = Vmx;
    if (Vmx == NULL)
        return FALSE;
    Vmx->VmxonRegion = PlatformMemoryAllocatePages(1);
    Vmx->VmcsRegion  = PlatformMemoryAllocatePages(1);
    Vmx->MsrBitmap   = PlatformMemoryAllocatePages(1);
    Vmx->IoBitmaps   = PlatformMemoryAllocatePages(VMX_IO_BITMAP_PAGES);
    Vmx->HostTables  = PlatformMemoryAllocate(sizeof(*Vmx->HostTables));
    if (Vmx->VmxonRegion == NULL || Vmx->VmcsRegion == NULL || Vmx->MsrBitmap == NULL ||
        Vmx->IoBitmaps == NULL || Vmx->HostTables == NULL || !VmxAllocateStacks(VCpu) ||
        !EptStepViewAllocate(&Vmx->StepView)) {
        VmxFreeCore(VCpu);
        return FALSE;
    }
    return TRUE;
}

/* --- in --- */

/* Firmware that left the register unlocked left the choice to the kernel; a locked one was checked, but on
 * one core. */
static BOOLEAN VmxEnableFeature(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 FeatureControl = CpuReadMsr(IA32_FEATURE_CONTROL);

    if (!(FeatureControl & FEATURE_CONTROL_LOCK)) {
        FeatureControl |= FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX_NOT_SMX;
        CpuWriteMsr(IA32_FEATURE_CONTROL, FeatureControl);
    }
    if (FeatureControl & FEATURE_CONTROL_VMX_NOT_SMX)
        return TRUE;
    VCpu->LaunchError = DEBUGGER_ERROR_VMX_DISABLED_BY_FIRMWARE;
    return FALSE;
}

static BOOLEAN VmxOn(VIRTUAL_MACHINE_STATE *VCpu)
{
    VMX_CORE *Vmx   = VCpu->Vmx;
    UINT32 Revision = (UINT32)(CpuReadMsr(IA32_VMX_BASIC) & BASIC_REVISION_MASK);

    Vmx->OriginalCr0 = CpuReadCr0();
    Vmx->OriginalCr4 = CpuReadCr4();
    if (Vmx->OriginalCr4 & CR4_VMXE) {
        VCpu->LaunchError = DEBUGGER_ERROR_VMX_IN_USE;
        return FALSE;
    }
    *(UINT32 *)Vmx->VmxonRegion = Revision;
    *(UINT32 *)Vmx->VmcsRegion  = Revision;

    VmxControlRegistersEnter(Vmx->OriginalCr0, Vmx->OriginalCr4);
    if (CpuVmxOn(PlatformMemoryVirtualToPhysical(Vmx->VmxonRegion)) == VMX_SUCCEED)
        return TRUE;
    CpuWriteCr4(Vmx->OriginalCr4);
    CpuWriteCr0(Vmx->OriginalCr0);
    LogError("core %u: VMXON failed", VCpu->CoreId);
    return FALSE;
}

/* A VMCS that is still active when VMX operation ends may be written to later. SDM Vol. 3, 25.11.1. */
static VOID VmxOff(const VMX_CORE *Vmx)
{
    CpuVmClear(PlatformMemoryVirtualToPhysical(Vmx->VmcsRegion));
    CpuVmxOff();
    CpuWriteCr4(Vmx->OriginalCr4);
    CpuWriteCr0(Vmx->OriginalCr0);
}

static BOOLEAN VmxLoadVmcs(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Vmcs = PlatformMemoryVirtualToPhysical(VCpu->Vmx->VmcsRegion);

    if (CpuVmClear(Vmcs) == VMX_SUCCEED && CpuVmPtrLoad(Vmcs) == VMX_SUCCEED &&
        CpuInvept(INVEPT_ALL_CONTEXTS, INVEPT_ALL) == VMX_SUCCEED &&
        CpuInvvpid(INVVPID_ALL_CONTEXTS, INVEPT_ALL) == VMX_SUCCEED)
        return TRUE;
    LogError("core %u: the VMCS could not be loaded", VCpu->CoreId);
    return FALSE;
}

/* A descriptor of the TSS; the stacks of the exceptions that must not trust the current one. */
static BOOLEAN VmxFillHostTables(VIRTUAL_MACHINE_STATE *VCpu)
{
    static const struct {
        UINT32 Ist;
        VMX_ROOT_STACK Stack;
    } Stacks[] = {
        {HOST_IST_NMI, VMX_ROOT_STACK_NMI},
        {HOST_IST_DOUBLE_FAULT, VMX_ROOT_STACK_DOUBLE_FAULT},
        {HOST_IST_MACHINE_CHECK, VMX_ROOT_STACK_MACHINE_CHECK},
    };
    VMX_CORE *Vmx = VCpu->Vmx;
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Stacks); Index++)
        Vmx->HostTables->Tss.Ist[Stacks[Index].Ist - 1] =
            (UINT64)(UINTPTR)Vmx->Stacks[Stacks[Index].Stack] + ROOT_STACK_SIZE;
    if (HostTablesFill(Vmx->HostTables, CpuReadTr()))
        return TRUE;
    LogError("core %u: the GDT has no room for the task register's descriptor", VCpu->CoreId);
    return FALSE;
}

/* FailedBefore: refused accesses before this launch. */
static VOID VmxReportLaunchFailure(VIRTUAL_MACHINE_STATE *VCpu, UINT32 FailedBefore)
{
    UINT32 Field;

    if (VmcsFailedAccessCount(&Field) != FailedBefore)
        LogError("core %u: the processor refused the VMCS field %x", VCpu->CoreId, Field);
    else
        LogError("core %u: VMLAUNCH failed with VM-instruction error %u", VCpu->CoreId,
                 VmcsRead32(VMCS_VM_INSTRUCTION_ERROR));
}

static BOOLEAN VmxVirtualizeCore(VIRTUAL_MACHINE_STATE *VCpu)
{
    VMX_CORE *Vmx = VCpu->Vmx;
    UINT32 Field, FailedBefore = VmcsFailedAccessCount(&Field);

    if (!VmxEnableFeature(VCpu) || !VmxFillHostTables(VCpu) || !VmxOn(VCpu))
        return FALSE;

    if (!VmxLoadVmcs(VCpu)) {
        VmxOff(Vmx);
        return FALSE;
    }

    VmxResetSwitches(Vmx);
    VCpu->Lifecycle              = VMM_CORE_LAUNCHING;
    VCpu->PendingNmis            = 0;
    Vmx->Trap                    = (NMI_WINDOW_TRAP){0};
    VCpu->MtfEptHookRestorePoint = NULL; /* it may have left in a step */
    PlatformMemoryZero(&VCpu->Step, sizeof(VCpu->Step));
    VmxBroadcastReset(VCpu);
    if (!AsmVmxLaunch(VCpu)) {
        VmxReportLaunchFailure(VCpu, FailedBefore);
        VCpu->Lifecycle = VMM_CORE_OFF;
        VmxOff(Vmx);
        return FALSE;
    }
    /* A launch that the checks of the guest state refused has left VMX operation by itself
     * (VmexitEntryFailure). */
    if (VCpu->Lifecycle != VMM_CORE_LAUNCHING)
        return FALSE;
    VCpu->Lifecycle = VMM_CORE_RUNNING;
    return TRUE;
}

/* --- out --- */

static UINT64 VmxVmcall(UINT64 Number, UINT64 Param1, UINT64 Param2, UINT64 Param3)
{
    return CpuVmCall(Number, Param1, Param2, Param3);
}

static VOID VmxDevirtualizeCore(VIRTUAL_MACHINE_STATE *VCpu)
{
    (VOID) VCpu;
    VmxVmcall(VMCALL_VMXOFF, 0, 0, 0);
}

/* --- what common code asks in root mode --- */

static UINT64 VmxGetRip(VIRTUAL_MACHINE_STATE *VCpu)
{
    (VOID) VCpu;
    return VmcsReadNatural(VMCS_GUEST_RIP);
}

/* As a jump there: it wraps at 4 GiB outside 64-bit mode, and is #GP where it is not canonical. */
static VOID VmxSetRip(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Rip)
{
    if (!(VmcsRead32(VMCS_GUEST_CS_ACCESS_RIGHTS) & SEGMENT_ACCESS_RIGHTS_LONG_MODE))
        Rip = (UINT32)Rip;
    if (LinearAddressIsCanonical(Rip))
        VmcsWriteNatural(VMCS_GUEST_RIP, Rip);
    else
        EventInjectGeneralProtection(VCpu, 0);
}

static UINT64 VmxGetCr0(VIRTUAL_MACHINE_STATE *VCpu)
{
    (VOID) VCpu;
    return VmxGuestCr0();
}

static UINT64 VmxGetCr4(VIRTUAL_MACHINE_STATE *VCpu)
{
    (VOID) VCpu;
    return VmxGuestCr4();
}

static UINT64 VmxGetCr3(VIRTUAL_MACHINE_STATE *VCpu)
{
    (VOID) VCpu;
    return VmcsReadNatural(VMCS_GUEST_CR3);
}

static UINT32 VmxGetCodeMode(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Rights = VmcsRead32(VMCS_GUEST_CS_ACCESS_RIGHTS);

    (VOID) VCpu;
    if (Rights & SEGMENT_ACCESS_RIGHTS_LONG_MODE)
        return 64;
    return (Rights & SEGMENT_ACCESS_RIGHTS_DEFAULT32) ? 32 : 16;
}

static UINT64 VmxGetCodeBase(VIRTUAL_MACHINE_STATE *VCpu)
{
    return VmxGetCodeMode(VCpu) == 64 ? 0 : VmcsReadNatural(VMCS_GUEST_CS_BASE);
}

/* SDM Vol. 3, 25.4.1: the DPL of SS is the CPL, in every mode. */
static UINT32 VmxGetCpl(VIRTUAL_MACHINE_STATE *VCpu)
{
    (VOID) VCpu;
    return (VmcsRead32(VMCS_GUEST_SS_ACCESS_RIGHTS) >> 5) & 3;
}

static VOID VmxPassVmcallDown(VIRTUAL_MACHINE_STATE *VCpu)
{
    AsmVmcallPassDown(VCpu->Regs);
}

static VOID VmxReadXmmRegs(VIRTUAL_MACHINE_STATE *VCpu)
{
    AsmReadXmmRegs(&VCpu->XmmRegs);
}

static VOID VmxWriteXmmRegs(VIRTUAL_MACHINE_STATE *VCpu)
{
    AsmWriteXmmRegs(&VCpu->XmmRegs);
}

const BACKEND g_VmxBackend = {
    .Name                    = "VT-x",
    .IsPresent               = VmxIsPresent,
    .CheckCompatibility      = VmxCheckCompatibility,
    .Initialize              = VmxInitialize,
    .Uninitialize            = VmxUninitialize,
    .AllocateCore            = VmxAllocateCore,
    .FreeCore                = VmxFreeCore,
    .VirtualizeCore          = VmxVirtualizeCore,
    .DevirtualizeCore        = VmxDevirtualizeCore,
    .Vmcall                  = VmxVmcall,
    .Broadcast               = VmxBroadcast,
    .PassVmcallDown          = VmxPassVmcallDown,
    .GetRip                  = VmxGetRip,
    .SetRip                  = VmxSetRip,
    .GetCr0                  = VmxGetCr0,
    .GetCr4                  = VmxGetCr4,
    .GetCr3                  = VmxGetCr3,
    .GetCpl                  = VmxGetCpl,
    .GetCodeMode             = VmxGetCodeMode,
    .GetCodeBase             = VmxGetCodeBase,
    .ReadXmmRegs             = VmxReadXmmRegs,
    .WriteXmmRegs            = VmxWriteXmmRegs,
    .GetRegister             = VmxGetRegister,
    .SetRegister             = VmxSetRegister,
    .GetSegment              = VmxGetSegment,
    .SetSegment              = VmxSetSegment,
    .SetMonitorTrapFlag      = MtfSet,
    .InjectEvent             = EventInject,
    .InjectNmi               = VmxNmiArrivedInGuest,
    .AdvanceRip              = VmexitAdvanceRipBy,
    .AdvancePastPush         = VmexitAdvancePastPush,
    .ViewPreparePage         = EptViewPreparePage,
    .ViewSetPage             = EptViewSetPage,
    .ViewFlushThisCore       = EptViewFlushThisCore,
    .ViewFlushAll            = EptViewFlushAll,
    .ViewFlushAllCores       = EptViewFlushAllCores,
    .StepBegin               = MtfStepBegin,
    .StepLoadsSs             = MtfStepLoadsSs,
    .InjectUndefinedOpcode   = EventInjectUndefinedOpcode,
    .InjectGeneralProtection = EventInjectGeneralProtection,
    .StepIo                  = VmxIoStepBegin,
    .PendIoBreakpoints       = VmxPendIoBreakpoints,
    .DeliverException        = IdtEmulationDeliverException,
    .DropException           = IdtEmulationDropException,
    .IsSyscallHooked         = VmxIsSyscallHooked,
    .EnterFlatCode           = VmxEnterFlatCode,
    .DeliverInterrupt        = VmxDeliverInterrupt,
    .DropInterrupt           = VmxDropInterrupt,
    .UpdateModeTrap          = ModeViewLook,
    .AllowMode               = ModeViewAllow,
    .ReadVirtualizedMsr      = VmxReadVirtualizedMsr,
    .WriteVirtualizedMsr     = VmxWriteVirtualizedMsr,
    .HasControl              = VmxHasControl,
    .ChangeControl           = VmxChangeControl,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * ExitSwitches.c - turning exits on and off in the VMCS and its bitmaps: a row for each control.
 *
 * Context: VMX root mode, but for what ExitSwitches.h says otherwise. SDM Vol. 3, 25.6.1-25.6.9.
 */
#include "hyperhv/vmx/ExitSwitches.h"

#include "platform/PlatformMemory.h"
#include "hyperhv/vmx/ControlRegisters.h"
#include "hyperhv/vmx/Controls.h"
#include "hyperhv/vmx/ExternalInterrupt.h"
#include "hyperhv/vmx/ModeView.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxMsr.h"
#include "hyperhv/vmx/VmxSyscall.h"

/* Detail: what the row of the control says. */
typedef VOID (*EXIT_SWITCH)(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Detail, UINT32 First, UINT32 Count,
                            BOOLEAN On);

VOID BitmapChange(UINT8 *Bitmap, UINT32 First, UINT32 Count, BOOLEAN On)
{
    UINT32 Index = First, Limit = First + Count;

    while (Index < Limit) {
        if (Index % 8 == 0 && Limit - Index >= 8) {
            Bitmap[Index / 8] = On ? 0xFF : 0;
            Index += 8;
            continue;
        }
        if (On)
            Bitmap[Index / 8] |= (UINT8)(1u << (Index % 8));
        else
            Bitmap[Index / 8] &= (UINT8) ~(1u << (Index % 8));
        Index++;
    }
}

/* Detail: is it of writes? */
static VOID SwitchMsrs(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Detail, UINT32 First, UINT32 Count, BOOLEAN On)
{
    VmxChangeMsrBitmap(VCpu->Vmx, Detail != 0, First, Count, On);
}

static VOID SwitchPorts(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Detail, UINT32 First, UINT32 Count, BOOLEAN On)
{
    (VOID) Detail;
    BitmapChange(VCpu->Vmx->IoBitmaps, First, Count, On);
}

static VOID SwitchExceptions(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Detail, UINT32 First, UINT32 Count,
                             BOOLEAN On)
{
    UINT32 Bits  = (UINT32)(((1ull << Count) - 1) << First);
    UINT32 Value = VmcsRead32(VMCS_EXCEPTION_BITMAP);

    (VOID) VCpu;
    (VOID) Detail;
    VmcsWrite32(VMCS_EXCEPTION_BITMAP, (On ? Value | Bits : Value & ~Bits) | EXCEPTION_BITMAP_ALWAYS);
}

/* Detail: the register. */
static VOID SwitchRegisterBits(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Detail, UINT32 First, UINT32 Count,
                               BOOLEAN On)
{
    UINT64 Bits = (Count < 64 ? (1ull << Count) - 1 : ~0ull) << First;

    VmxWatchCrBits(VCpu, Detail, Bits, On);
}

/* Detail: the control's bit. */
static VOID SwitchPrimary(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Detail, UINT32 First, UINT32 Count, BOOLEAN On)
{
    (VOID) First;
    (VOID) Count;
    if (On)
        VmxSetPrimaryControls(VCpu, Detail);
    else
        VmxClearPrimaryControls(VCpu, Detail);
}

static VOID SwitchInterrupts(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Detail, UINT32 First, UINT32 Count,
                             BOOLEAN On)
{
    (VOID) Detail;
    (VOID) First;
    (VOID) Count;
    VmxWatchInterrupts(VCpu, On);
}

static VOID SwitchSyscalls(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Detail, UINT32 First, UINT32 Count, BOOLEAN On)
{
    (VOID) Detail;
    (VOID) First;
    (VOID) Count;
    VmxHookSyscall(VCpu, On);
}

static VOID SwitchModes(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Detail, UINT32 First, UINT32 Count, BOOLEAN On)
{
    (VOID) Detail;
    (VOID) First;
    (VOID) Count;
    ModeViewWatch(VCpu, On);
}

static const struct {
    EXIT_SWITCH Switch; /* NULL: there are no such exits */
    UINT32 Detail;
} Switches[HV_CONTROL_COUNT] = {
    [HV_CONTROL_MSR_READ]     = {SwitchMsrs, FALSE},
    [HV_CONTROL_MSR_WRITE]    = {SwitchMsrs, TRUE},
    [HV_CONTROL_IO]           = {SwitchPorts, 0},
    [HV_CONTROL_EXCEPTION]    = {SwitchExceptions, 0},
    [HV_CONTROL_CR0_BITS]     = {SwitchRegisterBits, 0},
    [HV_CONTROL_CR4_BITS]     = {SwitchRegisterBits, 4},
    [HV_CONTROL_MOV_TO_CR3]   = {SwitchPrimary, PRIMARY_CR3_LOAD_EXITING},
    [HV_CONTROL_MOV_TO_CR8]   = {SwitchPrimary, PRIMARY_CR8_LOAD_EXITING},
    [HV_CONTROL_MOV_FROM_CR3] = {SwitchPrimary, PRIMARY_CR3_STORE_EXITING},
    [HV_CONTROL_MOV_FROM_CR8] = {SwitchPrimary, PRIMARY_CR8_STORE_EXITING},
    [HV_CONTROL_MOV_DR]       = {SwitchPrimary, PRIMARY_MOV_DR_EXITING},
    [HV_CONTROL_RDTSC]        = {SwitchPrimary, PRIMARY_RDTSC_EXITING},
    [HV_CONTROL_RDPMC]        = {SwitchPrimary, PRIMARY_RDPMC_EXITING},

    [HV_CONTROL_EXTERNAL_INTERRUPT] = {SwitchInterrupts, 0},
    [HV_CONTROL_SYSCALL_HOOK]       = {SwitchSyscalls, 0},
    [HV_CONTROL_MODE_TRAP]          = {SwitchModes, 0},
};

BOOLEAN VmxHasControl(HV_CONTROL Control)
{
    if (Control == HV_CONTROL_SYSCALL_HOOK)
        return VmxSyscallCanBeHooked();
    if (Control == HV_CONTROL_MODE_TRAP)
        return ModeViewIsPossible();
    return Switches[Control].Switch != NULL;
}

VOID VmxChangeControl(VIRTUAL_MACHINE_STATE *VCpu, HV_CONTROL Control, UINT32 First, UINT32 Count, BOOLEAN On)
{
    Switches[Control].Switch(VCpu, Switches[Control].Detail, First, Count, On);
}

VOID VmxResetSwitches(VMX_CORE *Vmx)
{
    VmxMsrBitmapReset(Vmx);
    PlatformMemoryZero(Vmx->IoBitmaps, VMX_IO_BITMAP_PAGES * PLATFORM_PAGE_SIZE);
    Vmx->WatchedCr0 = 0;
    Vmx->WatchedCr4 = 0;

    Vmx->Interrupts           = VMX_INTERRUPTS_FREE;
    Vmx->IsWatchingInterrupts = FALSE;
    Vmx->HeldInterrupt        = 0;
    Vmx->IsSyscallHooked = Vmx->HidesSce = FALSE;
    Vmx->BaseView                        = EPT_VIEW_HOOKED;
    Vmx->BaseEptp                        = EptViewHooked();
    Vmx->IsWatchingModes                 = FALSE;
}

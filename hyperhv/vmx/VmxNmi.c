// SPDX-License-Identifier: GPL-2.0-only
/*
 * VmxNmi.c - NMIs on their way to the guest.
 *
 * Context: VMX root mode; VmxNmiArrivedInRoot in its NMI handler. SDM Vol. 3, 26.5.5, 25.6.1.
 */
#include "hyperhv/vmx/VmxNmi.h"

#include "platform/CpuInstructions.h"
#include "hyperhv/vmx/AsmEntry.h"
#include "hyperhv/vmx/Controls.h"
#include "hyperhv/vmx/EventInjection.h"
#include "hyperhv/vmx/NmiWindowTrap.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxBroadcast.h"

/* Counted first, asked for second: VmxChangePrimaryControls relies on this order. */
static VOID VmxNmiCount(VIRTUAL_MACHINE_STATE *VCpu)
{
    __atomic_add_fetch(&VCpu->PendingNmis, 1, __ATOMIC_SEQ_CST);
}

/* The exit has blocked NMIs as an NMI's delivery would. The entry ends that where NMIs are virtual, but not
 * on every processor (Bochs 2.7); and root mode can take the next one, which a user who halts the core here
 * may have to wait for. Whose this one was is decided after that: either way one is the broadcast's. */
VOID VmxNmiArrivedInGuest(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->NmiCounts.InGuest++;
    AsmUnblockNmis();
    if (VmxBroadcastTake(VCpu, FALSE))
        return;
    VmxNmiCount(VCpu);
    VmxSetPrimaryControls(VCpu, PRIMARY_NMI_WINDOW_EXITING);
}

/* On the way out of VMX operation there is no VMCS to write to; the count is served after it
 * (VmxHandOverNmis). */
VOID VmxNmiArrivedInRoot(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->NmiCounts.InRoot++;
    if (VmxBroadcastTake(VCpu, TRUE))
        return;
    VmxNmiCount(VCpu);
    if (VCpu->Lifecycle == VMM_CORE_RUNNING || VCpu->Lifecycle == VMM_CORE_LAUNCHING)
        VmcsWrite32(VMCS_PRIMARY_PROCESSOR_CONTROLS,
                    VmcsRead32(VMCS_PRIMARY_PROCESSOR_CONTROLS) | PRIMARY_NMI_WINDOW_EXITING);
}

VOID VmxInjectPendingNmi(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (__atomic_load_n(&VCpu->PendingNmis, __ATOMIC_SEQ_CST) == 0)
        return;
    EventInjectNmi(VCpu);
    VCpu->NmiCounts.Injected++;
    __atomic_sub_fetch(&VCpu->PendingNmis, 1, __ATOMIC_SEQ_CST);
}

VOID VmxHandOverNmis(VIRTUAL_MACHINE_STATE *VCpu)
{
    while (__atomic_load_n(&VCpu->PendingNmis, __ATOMIC_SEQ_CST) != 0) {
        __atomic_sub_fetch(&VCpu->PendingNmis, 1, __ATOMIC_SEQ_CST);
        CpuSoftwareNmi();
    }
}

/* The count may be zero: the window was set twice for one NMI. */
VOID VmxHandleNmiWindow(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->IncrementRip = FALSE;
    if (NmiWindowTrapTaken(VCpu))
        return;
    VmxInjectPendingNmi(VCpu);
    if (!VmxControls()->HasMonitorTrapFlag)
        __atomic_store_n(&VCpu->NmiWantsExit, FALSE, __ATOMIC_SEQ_CST); /* this was it */
    VmxClearPrimaryControls(VCpu, PRIMARY_NMI_WINDOW_EXITING);
}

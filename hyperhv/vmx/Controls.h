/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Controls.h - which VM-execution, exit and entry controls we use, what the processor can do, and changing
 * them while the guest runs. SDM Vol. 3, 25.6-25.8, A.3-A.5, A.10.
 */
#ifndef HYPERHV_VMX_CONTROLS_H
#define HYPERHV_VMX_CONTROLS_H

#include "hyperhv/core/State.h"
#include "hyperhv/vmx/Vmcs.h"

/* Exceptions that always exit: #BP, as a hidden breakpoint may be set at any time. What is not ours goes on
 * to the guest. */
#define EXCEPTION_BITMAP_ALWAYS (1u << 3)

/* Every control word of a VMCS, as we set it at launch. */
typedef struct _VMX_CONTROLS {
    UINT32 PinBased;
    UINT32 Primary;
    UINT32 Secondary;
    UINT32 Exit;
    UINT32 Entry;
    BOOLEAN HasMonitorTrapFlag; /* if not: NmiWindowTrap.h */
} VMX_CONTROLS;

/* Process context. Chooses the controls for this processor. FALSE: it lacks one that the VMM cannot do
 * without; the log names it. */
BOOLEAN VmxControlsChoose(VOID);

/* Any, after Choose. Written by it alone. */
extern VMX_CONTROLS g_VmxControls;

static inline const VMX_CONTROLS *VmxControls(VOID)
{
    return &g_VmxControls;
}

/* Any, after Choose. The primary control by which an NMI of root mode makes the core exit again after one
 * instruction. */
UINT32 VmxExitSoonControl(VOID);

/* The end of the two below. Between their VMREAD and the VMWRITE an NMI of root mode may set the NMI window
 * or the monitor trap flag: it says so in PendingNmis or NmiWantsExit first, so that looking there afterwards
 * finds what was overwritten. An NMI after that look writes the word itself. */
VOID VmxKeepWhatNmisAskFor(const VIRTUAL_MACHINE_STATE *VCpu);

static inline VOID VmxWritePrimaryControls(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Value)
{
    VmcsWrite32(VMCS_PRIMARY_PROCESSOR_CONTROLS, Value);
    if (UNLIKELY(__atomic_load_n(&VCpu->NmisAsk, __ATOMIC_SEQ_CST) != 0))
        VmxKeepWhatNmisAskFor(VCpu);
}

/* Root mode, within an exit of VCpu. Changes the primary processor-based controls. What an NMI of root
 * mode asks for by the same word, an NMI window or the monitor trap flag, is never overwritten. */
static inline VOID VmxSetPrimaryControls(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Bits)
{
    VmxWritePrimaryControls(VCpu, VmcsRead32(VMCS_PRIMARY_PROCESSOR_CONTROLS) | Bits);
}

static inline VOID VmxClearPrimaryControls(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Bits)
{
    VmxWritePrimaryControls(VCpu, VmcsRead32(VMCS_PRIMARY_PROCESSOR_CONTROLS) & ~Bits);
}

#endif

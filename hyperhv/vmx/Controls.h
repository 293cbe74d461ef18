/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Controls.h - which VM-execution, exit and entry controls we use, what the processor can do, and changing
 * them while the guest runs. SDM Vol. 3, 25.6-25.8, A.3-A.5, A.10.
 */
#ifndef HYPERHV_VMX_CONTROLS_H
#define HYPERHV_VMX_CONTROLS_H

#include "hyperhv/core/State.h"

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

/* Any, after Choose. */
const VMX_CONTROLS *VmxControls(VOID);

/* Any, after Choose. The primary control by which an NMI of root mode makes the core exit again after one
 * instruction. */
UINT32 VmxExitSoonControl(VOID);

/* Root mode, within an exit of VCpu. Changes the primary processor-based controls. What an NMI of root
 * mode asks for by the same word, an NMI window or the monitor trap flag, is never overwritten. */
VOID VmxSetPrimaryControls(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Bits);
VOID VmxClearPrimaryControls(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Bits);

#endif

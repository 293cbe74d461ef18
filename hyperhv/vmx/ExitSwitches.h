/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ExitSwitches.h - turning exits on and off in the VMCS and its bitmaps. SDM Vol. 3, 25.6.
 */
#ifndef HYPERHV_VMX_EXIT_SWITCHES_H
#define HYPERHV_VMX_EXIT_SWITCHES_H

#include "hyperhv/core/ExitControls.h"
#include "hyperhv/vmx/VmxState.h"

/* Backend.h tells their contracts. */
BOOLEAN VmxHasControl(HV_CONTROL Control);
VOID VmxChangeControl(VIRTUAL_MACHINE_STATE *VCpu, HV_CONTROL Control, UINT32 First, UINT32 Count,
                      BOOLEAN On);

/* On the core, before its VMCS is set up: all switches off. */
VOID VmxResetSwitches(VMX_CORE *Vmx);

/* Any. Sets or clears Count bits from First on. */
VOID BitmapChange(UINT8 *Bitmap, UINT32 First, UINT32 Count, BOOLEAN On);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VmxMsr.h - MSRs under VMX: those whose guest value lives in the VMCS, and which accesses exit.
 */
#ifndef HYPERHV_VMX_VMX_MSR_H
#define HYPERHV_VMX_VMX_MSR_H

#include "hyperhv/core/Backend.h"
#include "hyperhv/vmx/VmxState.h"

/* Root mode; Backend.h tells the contracts. */
BOOLEAN VmxReadVirtualizedMsr(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Msr, UINT64 *Value, BOOLEAN *Done);
BOOLEAN VmxWriteVirtualizedMsr(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Msr, UINT64 Value, BOOLEAN *Done);
VOID VmxChangeMsrBitmap(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Msr, MSR_ACCESS Access, BOOLEAN Exit);

/* Process context. Only those exits that the VMM itself needs. */
VOID VmxMsrBitmapReset(VMX_CORE *Vmx);

#endif

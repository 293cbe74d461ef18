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

/* Exits of Count MSRs from First on or off (HvMsrIndex); those that the VMM itself needs stay on. */
VOID VmxChangeMsrBitmap(const VMX_CORE *Vmx, BOOLEAN OfWrites, UINT32 First, UINT32 Count, BOOLEAN On);

/* Process context. Only those exits that the VMM itself needs. */
VOID VmxMsrBitmapReset(const VMX_CORE *Vmx);

#endif

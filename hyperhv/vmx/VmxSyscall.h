/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VmxSyscall.h - EFER.SCE turned off behind the guest's back, and what SYSCALL and SYSRET load.
 *
 * Context of all: VMX root mode, within an exit of VCpu, but for the first two.
 */
#ifndef HYPERHV_VMX_VMX_SYSCALL_H
#define HYPERHV_VMX_VMX_SYSCALL_H

#include "hyperhv/core/Backend.h"

/* Process context, before anything is virtualized; any, after that. FALSE: the kernel uses shadow stacks,
 * which the two instructions would have to switch. */
VOID VmxSyscallInitialize(VOID);
BOOLEAN VmxSyscallCanBeHooked(VOID);

/* Turns SYSCALL and SYSRET off on this core (they raise #UD), or on again as the guest has them. */
VOID VmxHookSyscall(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN On);

/* IA32_EFER as the guest has it. */
UINT64 VmxGuestEfer(const VIRTUAL_MACHINE_STATE *VCpu);
VOID VmxWriteGuestEfer(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value);

/* Backend.h tells the contracts. */
BOOLEAN VmxIsSyscallHooked(VIRTUAL_MACHINE_STATE *VCpu);
VOID VmxEnterFlatCode(VIRTUAL_MACHINE_STATE *VCpu, const HV_FLAT_CODE *Code);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ControlRegisters.h - CR0 and CR4 under VMX: what the processor fixes, what the guest sees. SDM Vol.
 * 3, 24.8, 2.5.
 */
#ifndef HYPERHV_VMX_CONTROL_REGISTERS_H
#define HYPERHV_VMX_CONTROL_REGISTERS_H

#include "hyperhv/core/State.h"

#define CR0_PE      (1ull << 0)
#define CR0_NE      (1ull << 5)
#define CR0_PG      (1ull << 31)
#define CR4_PGE     (1ull << 7)
#define CR4_VMXE    (1ull << 13)
#define CR4_OSXSAVE (1ull << 18)
#define CR4_CET     (1ull << 23)
#define CR4_FRED    (1ull << 32)

/* Process context. Reads what VMX operation fixes (IA32_VMX_CR0_FIXED0 and its kin, A.7, A.8). */
VOID VmxControlRegistersInitialize(VOID);

/* Any, after Initialize. Bits of CR0 that must be 1 while the guest runs, whatever it writes (an unrestricted
 * guest may clear PE and PG). */
UINT64 VmxCr0HostBits(VOID);

/* Bits that root mode's CR4 has beside the kernel's: OSXSAVE, where XSETBV must be carried out. */
UINT64 VmxHostCr4Added(VOID);

/* On the core. Makes CR0 and CR4 fit for VMXON. */
VOID VmxControlRegistersEnter(UINT64 Cr0, UINT64 Cr4);

/* Root mode. The guest's own view. */
UINT64 VmxGuestCr0(VOID);
UINT64 VmxGuestCr4(VOID);

/* Root mode. Changes of these bits of CR0 or CR4 exit, or not any more. PE and PG cannot be watched: their
 * change is one of the processor's mode, which we leave to it. */
VOID VmxWatchCrBits(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Register, UINT64 Bits, BOOLEAN On);

/* Root mode. Writes the register as a MOV of the guest would. FALSE: the processor would answer with #GP;
 * nothing has changed. */
BOOLEAN VmxWriteCr0(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value);
BOOLEAN VmxWriteCr3(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value);
BOOLEAN VmxWriteCr4(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value);

/* Root mode. Exit by MOV to or from CR, CLTS or LMSW (exit qualification: table 28-3). (ControlRegisters.c)
 */
VOID VmxHandleMovCr(VIRTUAL_MACHINE_STATE *VCpu);

#endif

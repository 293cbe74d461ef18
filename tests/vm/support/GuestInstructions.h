/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * GuestInstructions.h - the instructions that test programs have watched: where each stands is known, and
 * what it leaves.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_TESTS_VM_SUPPORT_INSTRUCTIONS_H
#define HYPERDBG_TESTS_VM_SUPPORT_INSTRUCTIONS_H

#include "SDK/BasicTypes.h"

typedef struct _CPUID_REGISTERS {
    UINT64 Rax, Rbx, Rcx, Rdx;
} CPUID_REGISTERS;

/* CPUID with all four registers as given, and as it leaves them. */
VOID ExecuteCpuid(CPUID_REGISTERS *Registers);

/* The CPUID in it. */
extern const UINT8 ExecuteCpuidInstruction[];

/* The msr driver: RDMSR and WRMSR in the kernel, on a core. 0 or errno. */
INT32 MsrOpen(UINT32 Core);
INT32 MsrRead(INT32 Device, UINT32 Msr, UINT64 *Value);
INT32 MsrWrite(INT32 Device, UINT32 Msr, UINT64 Value);

/* A register that the kernel on an Intel processor does not use after a core's start, with 64 bits, any
 * canonical address. */
#define MSR_FREE 0xC0000083u /* IA32_CSTAR */

#endif

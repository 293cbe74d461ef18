/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AsmEntry.h - the ways into and out of C: what AsmVmexitHandler.S defines and what it calls.
 *
 * The hosted platform defines the Asm* functions on its fake processor.
 */
#ifndef HYPERHV_VMX_ASM_ENTRY_H
#define HYPERHV_VMX_ASM_ENTRY_H

#include "SDK/BasicTypes.h"
#include "SDK/Registers.h"

struct _VIRTUAL_MACHINE_STATE;

/* Where the processor goes on every VM exit: saves the registers and calls VmxVmexitHandler. */
VOID AsmVmexitHandler(VOID);

/* Calls VmcsSetup and executes VMLAUNCH. Returns TRUE as a guest, FALSE as before when the processor refused.
 * On the core, with interrupts off, in VMX operation. */
BOOLEAN AsmVmxLaunch(struct _VIRTUAL_MACHINE_STATE *VCpu);

/* The guest's VMCALL, for the hypervisor below: all general registers of Regs in and out. */
VOID AsmVmcallPassDown(GUEST_REGS *Regs);

/* XMM0-XMM5, which root mode leaves alone: they are the guest's. */
VOID AsmReadXmmRegs(GUEST_XMM_REGS *XmmRegs);
VOID AsmWriteXmmRegs(const GUEST_XMM_REGS *XmmRegs);

/* Root mode. Ends the blocking of NMIs that an NMI's exit has begun. SDM Vol. 3, 6.7.1. */
VOID AsmUnblockNmis(VOID);

/* What the stubs of the root IDT leave on the stack. */
typedef struct _ROOT_EXCEPTION_FRAME {
    UINT64 Scratch[9]; /* the caller-saved registers: r11..r8, rdi, rsi, rdx, rcx, rax */
    UINT64 Vector;
    UINT64 ErrorCode; /* 0 where the vector has none */
    UINT64 Rip;
    UINT64 Cs;
    UINT64 Rflags;
    UINT64 Rsp;
    UINT64 Ss;
} ROOT_EXCEPTION_FRAME;

/* Address of the stub of a vector (0..255) of the root IDT. */
UINT64 AsmRootExceptionEntry(UINT32 Vector);

/* The code of the CpuTry* functions lies between Start and End; a #GP or #PF in it continues at Failed. */
extern const UINT8 AsmTryStart[], AsmTryEnd[], AsmTryFailed[];

/* Called by AsmVmexitHandler on the exit stack. NULL: VMRESUME; otherwise VMX operation was left, and the
 * five values that IRET wants stand there. (Vmexit.c) */
const UINT64 *VmxVmexitHandler(GUEST_REGS *Regs);

/* Called when VMRESUME fails; does not return. (Vmexit.c) */
VOID VmxVmresumeFailed(GUEST_REGS *Regs);

/* Called for every exception and NMI in root mode. (RootExceptions.c) */
VOID VmxHandleRootException(ROOT_EXCEPTION_FRAME *Frame);

#endif

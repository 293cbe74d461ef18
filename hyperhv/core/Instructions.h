/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions.h - the effects of the instructions that leave the guest, as the processor would have them.
 *
 * Context of all: VMX root mode, within an exit of VCpu. Inputs and outputs are VCpu->Regs. A fault is
 * injected through the backend, which also sets VCpu->IncrementRip to FALSE.
 */
#ifndef HYPERHV_CORE_INSTRUCTIONS_H
#define HYPERHV_CORE_INSTRUCTIONS_H

#include "hyperhv/core/State.h"

/* The kernel's VMX instructions must not work, so CPUID hides VMX; a hypervisor is announced unless
 * g_TransparentMode. SDM Vol. 2, CPUID. (Cpuid.c) */
VOID HvHandleCpuid(VIRTUAL_MACHINE_STATE *VCpu);

/* Process context, before anything is virtualized: remembers whether a hypervisor lies below. (Cpuid.c) */
VOID CpuidInitialize(VOID);
BOOLEAN CpuidIsHypervisorBelow(VOID);

/* SDM Vol. 2, RDMSR and WRMSR; an MSR that does not exist is #GP(0), as on bare metal. (Msr.c) */
VOID HvHandleRdmsr(VIRTUAL_MACHINE_STATE *VCpu);
VOID HvHandleWrmsr(VIRTUAL_MACHINE_STATE *VCpu);

/* SDM Vol. 2, XSETBV: #UD without CR4.OSXSAVE, #GP(0) for a value that the processor refuses. (Xsetbv.c) */
VOID HvHandleXsetbv(VIRTUAL_MACHINE_STATE *VCpu);

/* SDM Vol. 2, RDTSC, RDTSCP, RDPMC. The processor has checked CR4.TSD and CR4.PCE before it exits; a counter
 * that does not exist is #GP(0). (Counters.c) */
VOID HvHandleRdtsc(VIRTUAL_MACHINE_STATE *VCpu);
VOID HvHandleRdtscp(VIRTUAL_MACHINE_STATE *VCpu);
VOID HvHandleRdpmc(VIRTUAL_MACHINE_STATE *VCpu);

/* SDM Vol. 2, INVD. Executed as WBINVD: dropping the caches would lose what root mode has written. (Xsetbv.c)
 */
VOID HvHandleInvd(VIRTUAL_MACHINE_STATE *VCpu);

/* SDM Vol. 2, IN, INS, OUT, OUTS: what VCpu->Io says. (Io.c) */
VOID HvHandleIo(VIRTUAL_MACHINE_STATE *VCpu);

/* SDM Vol. 2, SYSCALL, SYSRET, of the instruction at RIP, VCpu->SyscallLength bytes long. (Syscall.c) */
VOID HvHandleSyscall(VIRTUAL_MACHINE_STATE *VCpu);
VOID HvHandleSysret(VIRTUAL_MACHINE_STATE *VCpu);

/* The guest goes on after either of them, and nothing has happened. (Syscall.c) */
VOID HvSkipSyscall(VIRTUAL_MACHINE_STATE *VCpu);

/* A VMCALL that is not ours: #UD, or handed to the hypervisor below. (Vmcall.c) */
VOID HvHandleForeignVmcall(VIRTUAL_MACHINE_STATE *VCpu);

/* A VMCALL of our signature from CPL 0: carries out Number and gives its NTSTATUS-like result. (Vmcall.c) */
UINT64 HvHandleVmcall(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Number, UINT64 Param1, UINT64 Param2,
                      UINT64 Param3);

#endif

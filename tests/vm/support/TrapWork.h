/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * TrapWork.h - work whose ports, exceptions, system calls are to be watched. Each Do... does Count (*Context,
 * a UINT32) of its thing, and returns 0 if all went as it does on a bare machine; ...WithoutEffect: as it
 * ought to when each is short-circuited.
 *
 * Context: user space, root, in a process of its own.
 */
#ifndef HYPERDBG_TESTS_VM_SUPPORT_TRAP_WORK_H
#define HYPERDBG_TESTS_VM_SUPPORT_TRAP_WORK_H

#include "SDK/Ioctls.h"

#define TRAP_PORT      0x80u /* a register of the DMA controllers' pages that nobody uses: it keeps a byte */
#define NO_EXIT_REASON 0xFFFFu
#define FRESH_PAGES    2u /* into which DoRepInsbFresh reads */

INT32 DoOuts(PVOID Context);
INT32 DoOutsWithoutEffect(PVOID Context);
INT32 DoIns(PVOID Context);
INT32 DoInsWithoutEffect(PVOID Context);
INT32 DoOutsb(PVOID Context);
INT32 DoOutsbWithoutEffect(PVOID Context);
INT32 DoInsb(PVOID Context);
INT32 DoInsbWithoutEffect(PVOID Context);
INT32 DoRepOutsb(PVOID Context);
INT32 DoRepOutsbWithoutEffect(PVOID Context);
INT32 DoRepInsb(PVOID Context);
INT32 DoRepInsbFresh(PVOID Context); /* twice Count of them, half to the end of each of FRESH_PAGES... */

INT32 DoDivide(PVOID Context);
INT32 DoDivideWithoutEffect(PVOID Context);
INT32 DoBreakpoint(PVOID Context);
INT32 DoBreakpointWithoutEffect(PVOID Context);
INT32 DoSingleStep(PVOID Context);
INT32 DoUndefined(PVOID Context);
INT32 DoUndefinedWithoutEffect(PVOID Context);
INT32 DoProtection(PVOID Context);
INT32 DoProtectionWithoutEffect(PVOID Context);
INT32 DoPageFault(PVOID Context);
INT32 DoSegmentNotPresent(PVOID Context);
INT32 DoStackFault(PVOID Context);
INT32 DoX87Fault(PVOID Context);
INT32 DoAlignmentCheck(PVOID Context);
INT32 DoSimdFault(PVOID Context);

/* System calls that no kernel has: raw SYSCALLs, of which the number comes back as the error. */
#define TRAP_SYSCALL 0x7ABCu
extern const UINT8 TrapSyscallInstruction[], TrapAfterSyscall[];
INT32 DoSyscalls(PVOID Context);
INT32 DoSyscallsWithoutEffect(PVOID Context);

#define TRAP_ABSENT 0x5000u /* what DoPageFault touches: below the lowest address that can be mapped */

/* What faults in DoPageFault. */
extern const UINT8 TrapPageFaultInstruction[];

#endif

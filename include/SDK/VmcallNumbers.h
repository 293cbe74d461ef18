/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmcallNumbers.h - calls from the guest's kernel into root mode: numbers, signature, results.
 *
 * A VMCALL is ours only from CPL 0 and with the signature in r10, r11 and r12; rcx is the number, rdx, r8 and
 * r9 its parameters, rax the result. Context: any but root mode.
 */
#ifndef HYPERDBG_SDK_VMCALL_NUMBERS_H
#define HYPERDBG_SDK_VMCALL_NUMBERS_H

#include "SDK/BasicTypes.h"

#define VMCALL_SIGNATURE_R10 0x4742445245505948ull /* "HYPERDBG" */
#define VMCALL_SIGNATURE_R11 0x4D4D56204C4C4143ull /* "CALL VMM" */
#define VMCALL_SIGNATURE_R12 0x58554E494C204E4Full /* "ON LINUX" */

#define VMCALL_TEST                      0x1u
#define VMCALL_VMXOFF                    0x2u
#define VMCALL_CHANGE_PAGE_ATTRIB        0x3u
#define VMCALL_INVEPT_ALL_CONTEXTS       0x4u
#define VMCALL_INVEPT_SINGLE_CONTEXT     0x5u
#define VMCALL_UNHOOK_ALL_PAGES          0x6u
#define VMCALL_UNHOOK_SINGLE_PAGE        0x7u
#define VMCALL_ENABLE_SYSCALL_HOOK_EFER  0x8u
#define VMCALL_DISABLE_SYSCALL_HOOK_EFER 0x9u
#define VMCALL_CHANGE_MSR_BITMAP_READ    0xAu
#define VMCALL_CHANGE_MSR_BITMAP_WRITE   0xBu

/* The project's own. All VMCALL_CHANGE_...: exits on this core, without counting users (that is for the
 * Configure... functions of VmmImports.h). Param1 is the first thing (MSR, port, vector, bit of the register;
 * 0 where there is but one), Param2 VMCALL_CHANGE_... below, Param3 how many more that follow it get the same
 * (of MSRs as they follow in the bitmap). Results: SUCCESS; UNSUCCESSFUL, the user
 * (VmmCallbackQueryTerminateProtectedResource) wants it to stay on; NOT_SUPPORTED by this processor;
 * INVALID_PARAMETER. Exceptions are turned off one at a time. */
#define VMCALL_CHANGE_IO_BITMAP                  0xCu
#define VMCALL_CHANGE_EXCEPTION_BITMAP           0xDu
#define VMCALL_CHANGE_CR0_MASK                   0xEu
#define VMCALL_CHANGE_CR4_MASK                   0xFu
#define VMCALL_CHANGE_MOV_TO_CR3_EXITING         0x10u
#define VMCALL_CHANGE_MOV_TO_CR8_EXITING         0x11u
#define VMCALL_CHANGE_MOV_FROM_CR3_EXITING       0x12u
#define VMCALL_CHANGE_MOV_FROM_CR8_EXITING       0x13u
#define VMCALL_CHANGE_MOV_DR_EXITING             0x14u
#define VMCALL_CHANGE_RDTSC_EXITING              0x15u
#define VMCALL_CHANGE_RDPMC_EXITING              0x16u
#define VMCALL_CHANGE_EXTERNAL_INTERRUPT_EXITING 0x17u
#define VMCALL_CHANGE_MODE_EXEC_TRAP             0x18u
#define VMCALL_UPDATE_MODE_EXEC_TRAP             0x19u /* the watched processes have changed; no parameters */
#define VMCALL_OTHERS_LEAVE                      0x21u /* the kernel is about to end: all other cores leave VMX operation */
#define VMCALL_ACCESS_MEMORY                     0x20u /* Param1: hyperhv/memory/MemoryRequest.c */
#define VMCALL_LAST                              0xFFu /* the VMM's own numbers end here */

/* Param2 of VMCALL_CHANGE_...: off is neither bit. */
#define VMCALL_CHANGE_ON          0x1u
#define VMCALL_CHANGE_OTHERS_STAY 0x2u /* off, but not the last bit of CR0 or CR4: the user is not asked */

/* The debugger's numbers; the VMM hands them, as all that it does not know, to VmmCallbackVmcallHandler. */
#define VMCALL_DEBUGGER_FIRST 0x200u
#define VMCALL_DEBUGGER_LAST  0x2FFu

/* Halts all other cores and takes the snapshot that Param1 names, as hyperkd alone knows it (0: none); the
 * caller goes on, the others stand still until it calls CONTINUE. */
#define VMCALL_DEBUGGER_HALT_SYSTEM 0x201u
#define VMCALL_DEBUGGER_CONTINUE    0x203u

STATIC_ASSERT(VMCALL_LAST < VMCALL_DEBUGGER_FIRST);

/* Results, NTSTATUS-like. */
#define VMCALL_STATUS_SUCCESS           0x0u
#define VMCALL_STATUS_UNSUCCESSFUL      0xC0000001u
#define VMCALL_STATUS_INVALID_PARAMETER 0xC000000Du
#define VMCALL_STATUS_NOT_SUPPORTED     0xC00000BBu

/* What VMCALL_TEST answers when it was called with these parameters; UNSUCCESSFUL otherwise. */
#define VMCALL_TEST_PARAM1 0x22u
#define VMCALL_TEST_PARAM2 0x333u
#define VMCALL_TEST_PARAM3 0x4444u

#endif

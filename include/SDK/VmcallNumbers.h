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
#define VMCALL_ACCESS_MEMORY             0x20u /* Param1: hyperhv/memory/MemoryRequest.c */
#define VMCALL_LAST                      0xFFu /* the VMM's own numbers end here */

/* The debugger's numbers; the VMM hands them, as all that it does not know, to VmmCallbackVmcallHandler. */
#define VMCALL_DEBUGGER_FIRST 0x200u
#define VMCALL_DEBUGGER_LAST  0x2FFu

STATIC_ASSERT(VMCALL_LAST < VMCALL_DEBUGGER_FIRST);

/* Results, NTSTATUS-like. */
#define VMCALL_STATUS_SUCCESS           0x0u
#define VMCALL_STATUS_UNSUCCESSFUL      0xC0000001u
#define VMCALL_STATUS_INVALID_PARAMETER 0xC000000Du

/* What VMCALL_TEST answers when it was called with these parameters; UNSUCCESSFUL otherwise. */
#define VMCALL_TEST_PARAM1 0x22u
#define VMCALL_TEST_PARAM2 0x333u
#define VMCALL_TEST_PARAM3 0x4444u

#endif

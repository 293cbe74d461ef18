/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmmMemoryImports.h - the functions by which users of the VMM look at the guest's memory: nothing here
 * faults.
 *
 * "Any" below: inside a callback, on the core that it runs on, and in process context while the VMM runs (a
 * VMCALL then); everything fails where it does not. "Process": process context, may sleep. What root mode
 * sees is the memory as it is: code has no breakpoint bytes of hidden hooks, and no monitor hears of it.
 * Inside a callback one call moves or looks at VMM_MEMORY_ACCESS_MAX bytes at most: the core does nothing
 * else meanwhile.
 *
 * Addresses without an address space of their own belong to the one that the core is in: inside a callback
 * the guest's, in process context the calling process's. On a kernel with page table isolation, the entry
 * code and user code run on a table that maps little of the kernel.
 */
#ifndef HYPERDBG_SDK_IMPORTS_VMM_MEMORY_IMPORTS_H
#define HYPERDBG_SDK_IMPORTS_VMM_MEMORY_IMPORTS_H

#include "SDK/BasicTypes.h"

#define VMM_MEMORY_ACCESS_MAX 0x100000u
#define VMM_STRING_MAX        0x10000u /* characters */

/* --- address spaces: a CR3 names one (its lower 12 bits do not matter) --- */

/* Any. */
UINT64 LayoutGetCurrentProcessCr3(VOID);

/* Any. The table that root mode runs on: it maps all of the kernel, whatever address space the core is in,
 * and nothing of user space. */
UINT64 LayoutGetKernelCr3(VOID);

/* Process. 0: no such process (tgid), or it has no memory of its own. Valid while the process lives. */
UINT64 LayoutGetCr3ByProcessId(UINT32 ProcessId);

/* --- translation: FALSE, and nothing written, where nothing is mapped --- */

/* Any. */
BOOLEAN VirtualAddressToPhysicalAddress(UINT64 VirtualAddress, UINT64 *PhysicalAddress);
BOOLEAN VirtualAddressToPhysicalAddressByProcessCr3(UINT64 VirtualAddress, UINT64 Cr3,
                                                    UINT64 *PhysicalAddress);

/* Process. */
BOOLEAN VirtualAddressToPhysicalAddressByProcessId(UINT64 VirtualAddress, UINT32 ProcessId,
                                                   UINT64 *PhysicalAddress);

/* Any. Where the kernel maps all RAM; there may be other addresses of the same byte. FALSE: it is no RAM, or
 * the kernel has taken it out of that map. */
BOOLEAN PhysicalAddressToVirtualAddress(UINT64 PhysicalAddress, UINT64 *VirtualAddress);

/* --- access: FALSE when part of the range is not there; the part before it was moved --- */

/* Any. Buffer is the caller's, in the kernel. Writing heeds no protection: what is written is the physical
 * page, whoever else maps it, and hidden breakpoints of the page stay in force. A physical address may be a
 * device's, whose registers may mind being read. */
BOOLEAN MemoryMapperReadMemorySafe(UINT64 VirtualAddress, PVOID Buffer, SIZE_T Bytes);
BOOLEAN MemoryMapperWriteMemorySafe(UINT64 VirtualAddress, const VOID *Buffer, SIZE_T Bytes);
BOOLEAN MemoryMapperReadMemorySafeByProcessCr3(UINT64 VirtualAddress, UINT64 Cr3, PVOID Buffer, SIZE_T Bytes);
BOOLEAN MemoryMapperWriteMemorySafeByProcessCr3(UINT64 VirtualAddress, UINT64 Cr3, const VOID *Buffer,
                                                SIZE_T Bytes);
BOOLEAN MemoryMapperReadMemorySafeByPhysicalAddress(UINT64 PhysicalAddress, PVOID Buffer, SIZE_T Bytes);
BOOLEAN MemoryMapperWriteMemorySafeByPhysicalAddress(UINT64 PhysicalAddress, const VOID *Buffer,
                                                     SIZE_T Bytes);

/* Process. FALSE too: no such process. */
BOOLEAN MemoryMapperReadMemorySafeOnTargetProcess(UINT64 VirtualAddress, UINT32 ProcessId, PVOID Buffer,
                                                  SIZE_T Bytes);
BOOLEAN MemoryMapperWriteMemorySafeOnTargetProcess(UINT64 VirtualAddress, UINT32 ProcessId,
                                                   const VOID *Buffer, SIZE_T Bytes);

/* Any. Is every byte of the range mapped now? */
BOOLEAN CheckAccessValidityAndSafety(UINT64 VirtualAddress, SIZE_T Bytes);

/* Any. Does the processor have such a physical address? */
BOOLEAN CheckAddressPhysical(UINT64 PhysicalAddress);

/* --- code --- */

/* Any. How many bytes can be read from there on, up to 15: the longest that an instruction may be. */
UINT32 CheckAddressMaximumInstructionLength(UINT64 VirtualAddress);

/* Any. Length of the instruction there, in bytes. Mode: 16, 32 or 64, how its code segment has it decoded. 0:
 * it is not mapped, or no instruction. */
UINT32 DisassemblerLengthDisassembleEngine(UINT64 VirtualAddress, UINT32 Mode);

/* --- strings and blocks, compared as the C library does it --- */

/* Any. In characters of 1 and 2 bytes. FALSE: not mapped up to the zero at the end, or longer than
 * VMM_STRING_MAX. */
BOOLEAN VmFuncVmxCompatibleStrlen(UINT64 Address, UINT32 *Length);
BOOLEAN VmFuncVmxCompatibleWcslen(UINT64 Address, UINT32 *Length);

/* Any. *Result: below 0, 0, above 0. FALSE: what decides is not mapped or lies beyond VMM_STRING_MAX. */
BOOLEAN VmFuncVmxCompatibleStrcmp(UINT64 Address1, UINT64 Address2, INT32 *Result);
BOOLEAN VmFuncVmxCompatibleStrncmp(UINT64 Address1, UINT64 Address2, UINT32 Characters, INT32 *Result);
BOOLEAN VmFuncVmxCompatibleWcscmp(UINT64 Address1, UINT64 Address2, INT32 *Result);
BOOLEAN VmFuncVmxCompatibleWcsncmp(UINT64 Address1, UINT64 Address2, UINT32 Characters, INT32 *Result);
BOOLEAN VmFuncVmxCompatibleMemcmp(UINT64 Address1, UINT64 Address2, UINT32 Bytes, INT32 *Result);

#endif

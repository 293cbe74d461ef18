/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformMemory.h - memory as this project sees it.
 *
 * Allocation: process context only. The inline helpers: any context, VMX root mode included.
 */
#ifndef HYPERDBG_PLATFORM_MEMORY_H
#define HYPERDBG_PLATFORM_MEMORY_H

#include "SDK/BasicTypes.h"

#define PLATFORM_PAGE_SIZE  4096ull
#define PLATFORM_PAGE_SHIFT 12

/* Zeroed memory of the kernel, mapped in every address space, of any size; not physically contiguous. NULL:
 * none. */
PVOID PlatformMemoryAllocate(SIZE_T Bytes);
VOID PlatformMemoryFree(PVOID Memory);

/* Zeroed, physically contiguous pages, aligned to their whole size rounded up to a power of two. NULL: none.
 */
PVOID PlatformMemoryAllocatePages(UINT32 PageCount);
VOID PlatformMemoryFreePages(PVOID Pages, UINT32 PageCount);

/* Physical address of memory that PlatformMemoryAllocatePages gave, and back. Any context. */
UINT64 PlatformMemoryVirtualToPhysical(const VOID *Virtual);
PVOID PlatformMemoryPhysicalToVirtual(UINT64 Physical);

/* Process context. Fills one page with the top level of a page table that has the kernel's half of every address space
 * and nothing in the user's half. It stays true: the kernel never changes the top level of its half. FALSE: this kernel
 * does not tell where its page table is. */
BOOLEAN PlatformMemoryCopyKernelMappings(PVOID TopLevelPage);

/* The compiler may turn loops into calls of the kernel's memcpy and memset, which root mode must not make;
 * these are string instructions of the processor. */
static inline VOID PlatformMemoryCopy(PVOID To, const VOID *From, SIZE_T Bytes)
{
    __asm__ volatile("rep movsb" : "+D"(To), "+S"(From), "+c"(Bytes) : : "memory");
}

static inline VOID PlatformMemoryZero(PVOID To, SIZE_T Bytes)
{
    __asm__ volatile("rep stosb" : "+D"(To), "+c"(Bytes) : "a"(0) : "memory");
}

#endif

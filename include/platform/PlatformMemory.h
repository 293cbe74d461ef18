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
#define PLATFORM_CACHE_LINE 64

/* Zeroed memory of the kernel, mapped in every address space, of any size, aligned to PLATFORM_CACHE_LINE;
 * not physically contiguous. NULL: none. Freeing NULL does nothing. */
PVOID PlatformMemoryAllocate(SIZE_T Bytes);
VOID PlatformMemoryFree(PVOID Memory);

/* Zeroed, physically contiguous pages, aligned to their whole size rounded up to a power of two. NULL: none.
 */
PVOID PlatformMemoryAllocatePages(UINT32 PageCount);
VOID PlatformMemoryFreePages(PVOID Pages, UINT32 PageCount);

/* Physical address of memory that PlatformMemoryAllocatePages gave, and back. Any context. */
UINT64 PlatformMemoryVirtualToPhysical(const VOID *Virtual);
PVOID PlatformMemoryPhysicalToVirtual(UINT64 Physical);

/* Process context. Where the kernel maps a page of RAM; NULL for what is not RAM. Readable in VMX root mode.
 */
PVOID PlatformMemoryPhysicalToVirtualIfRam(UINT64 Physical);

/* Process context. Physical address of a kernel address. FALSE: not mapped, or not a kernel address. */
BOOLEAN PlatformMemoryTranslateKernel(UINT64 Virtual, UINT64 *Physical);

/* Any context. May the address be code of the kernel or of a module? FALSE for all of user space and data. */
BOOLEAN PlatformMemoryMayBeKernelCode(UINT64 Virtual);

/* Process context; may sleep. From and to the memory of the program that asks. FALSE: part of it is not
 * there; what was copied is unspecified. */
BOOLEAN PlatformMemoryCopyFromUser(PVOID To, UINT64 UserAddress, SIZE_T Bytes);
BOOLEAN PlatformMemoryCopyToUser(UINT64 UserAddress, const VOID *From, SIZE_T Bytes);

/* Process context. Fills one page with the top level of a page table that has the kernel's half of every
 * address space and nothing in the user's half. It stays true: the kernel never changes the top level of its
 * half. FALSE: this kernel does not tell where its page table is. */
BOOLEAN PlatformMemoryCopyKernelMappings(PVOID TopLevelPage);

/* AddressSanitizer does not see what assembly touches: in its builds the range is looked at first. */
#if defined(PLATFORM_HOSTED) && defined(__SANITIZE_ADDRESS__)
PVOID __asan_region_is_poisoned(PVOID Begin, SIZE_T Bytes);
VOID __asan_report_load_n(PVOID Address, long Bytes);

static inline VOID PlatformMemoryMustBeValid(const VOID *Memory, SIZE_T Bytes)
{
    PVOID Bad = Bytes ? __asan_region_is_poisoned((PVOID)Memory, Bytes) : NULL;

    if (Bad)
        __asan_report_load_n(Bad, 1);
}
#else
static inline VOID PlatformMemoryMustBeValid(const VOID *Memory, SIZE_T Bytes)
{
    (void)Memory;
    (void)Bytes;
}
#endif

/* The compiler may turn loops into calls of the kernel's memcpy and memset, which root mode must not make;
 * these are string instructions of the processor: words first, as an emulator counts each repetition. Copied
 * ranges do not overlap. */
static inline VOID PlatformMemoryCopy(PVOID To, const VOID *From, SIZE_T Bytes)
{
    SIZE_T Words = Bytes / 8;
    SIZE_T Rest  = Bytes % 8;

    PlatformMemoryMustBeValid(From, Bytes);
    PlatformMemoryMustBeValid(To, Bytes);
    __asm__ volatile("rep movsq" : "+D"(To), "+S"(From), "+c"(Words) : : "memory");
    if (Rest)
        __asm__ volatile("rep movsb" : "+D"(To), "+S"(From), "+c"(Rest) : : "memory");
}

static inline VOID PlatformMemoryZero(PVOID To, SIZE_T Bytes)
{
    SIZE_T Words = Bytes / 8;
    SIZE_T Rest  = Bytes % 8;

    PlatformMemoryMustBeValid(To, Bytes);
    __asm__ volatile("rep stosq" : "+D"(To), "+c"(Words) : "a"(0) : "memory");
    if (Rest)
        __asm__ volatile("rep stosb" : "+D"(To), "+c"(Rest) : "a"(0) : "memory");
}

#endif

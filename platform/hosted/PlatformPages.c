/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformPages.c - the RAM of the pretended machine: pages at physical addresses of their own, so that code
 * that takes a physical address for a virtual one, or the other way round, is found out. They lie beside the
 * program's code, as the kernel's code beside that of its modules: a CALL reaches from one to the other.
 *
 * Context: user space, any thread. Pages are given in turn, so that a freed one is not given again at once;
 * under AddressSanitizer what is not allocated cannot be touched.
 */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#include <sanitizer/asan_interface.h>
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(Memory, Bytes)   ((void)(Memory), (void)(Bytes))
#define ASAN_UNPOISON_MEMORY_REGION(Memory, Bytes) ((void)(Memory), (void)(Bytes))
#endif

#include "platform/PlatformMemory.h"
#include "platform/hosted/Hosted.h"

#define RAM_BYTES   0x40000000ull
#define RAM_PAGES   (RAM_BYTES / PLATFORM_PAGE_SIZE)
#define GUARD_PAGES 1 /* after each piece */

static pthread_mutex_t g_RamLock = PTHREAD_MUTEX_INITIALIZER;
static UINT8 *g_Ram; /* aligned to RAM_BYTES, so that both addresses of a page are aligned alike */
static UINT8 g_IsUsed[RAM_PAGES];
static UINT64 g_Cursor; /* where the next search begins */

static VOID RamInitialize(VOID)
{
    UINTPTR Code   = (UINTPTR)RamInitialize & ~(UINTPTR)(RAM_BYTES - 1);
    PVOID Wanted   = (PVOID)(Code - RAM_BYTES);
    INT32 How      = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    PVOID Received = mmap(Wanted, RAM_BYTES, PROT_READ | PROT_WRITE, How, -1, 0);

    if (Received != Wanted)
        HostedDie("no room for the test machine's memory below the program's code");
    g_Ram = Received;
}

/* First page of the next free run with the alignment, RAM_PAGES if there is none at or after From. */
static UINT64 RamFind(UINT64 From, UINT64 Count, UINT64 Alignment)
{
    UINT64 First = (From + Alignment - 1) / Alignment * Alignment;
    UINT64 Page;

    for (; First + Count <= RAM_PAGES; First += Alignment) {
        for (Page = First; Page < First + Count && !g_IsUsed[Page]; Page++)
            ;
        if (Page == First + Count)
            return First;
    }
    return RAM_PAGES;
}

PVOID HostedPagesTake(UINT32 PageCount)
{
    UINT64 Count = PageCount + GUARD_PAGES, Alignment = 1, First;
    UINT8 *Pages;

    while (Alignment < PageCount)
        Alignment *= 2;
    pthread_mutex_lock(&g_RamLock);
    if (!g_Ram)
        RamInitialize();
    First = RamFind(g_Cursor, Count, Alignment);
    if (First == RAM_PAGES)
        First = RamFind(0, Count, Alignment);
    if (First == RAM_PAGES)
        HostedDie("the test machine itself is out of memory");
    memset(&g_IsUsed[First], TRUE, Count);
    g_Cursor = First + Count;
    pthread_mutex_unlock(&g_RamLock);

    Pages = g_Ram + First * PLATFORM_PAGE_SIZE;
    ASAN_UNPOISON_MEMORY_REGION(Pages, PageCount * PLATFORM_PAGE_SIZE);
    ASAN_POISON_MEMORY_REGION(Pages + PageCount * PLATFORM_PAGE_SIZE, GUARD_PAGES * PLATFORM_PAGE_SIZE);
    return Pages;
}

VOID HostedPagesReturn(PVOID Pages, UINT32 PageCount)
{
    UINT64 First = (UINT64)((UINT8 *)Pages - g_Ram) / PLATFORM_PAGE_SIZE;

    madvise(Pages, PageCount * PLATFORM_PAGE_SIZE, MADV_DONTNEED); /* reads as zeros when it is given again */
    ASAN_POISON_MEMORY_REGION(Pages, PageCount * PLATFORM_PAGE_SIZE);
    pthread_mutex_lock(&g_RamLock);
    memset(&g_IsUsed[First], FALSE, PageCount + GUARD_PAGES);
    pthread_mutex_unlock(&g_RamLock);
}

PVOID HostedRam(UINT64 Physical)
{
    UINT64 Page = (Physical - HOSTED_RAM_PHYSICAL) / PLATFORM_PAGE_SIZE;

    if (g_Ram == NULL || Physical < HOSTED_RAM_PHYSICAL || Page >= RAM_PAGES || !g_IsUsed[Page])
        return NULL;
    return g_Ram + (Physical - HOSTED_RAM_PHYSICAL);
}

UINT64 PlatformMemoryVirtualToPhysical(const VOID *Virtual)
{
    UINT64 Offset = (UINT64)((const UINT8 *)Virtual - g_Ram);

    if (!g_Ram || Offset >= RAM_BYTES)
        HostedDie("the physical address of memory that is not from PlatformMemoryAllocatePages");
    return HOSTED_RAM_PHYSICAL + Offset;
}

PVOID PlatformMemoryPhysicalToVirtualIfRam(UINT64 Physical)
{
    return HostedRam(Physical);
}

/* Of the direct map, and of what PlatformMemoryAllocatePages gave. */
BOOLEAN PlatformMemoryTranslateKernel(UINT64 Virtual, UINT64 *Physical)
{
    UINT64 Offset = Virtual - (UINT64)(UINTPTR)g_Ram;

    *Physical = Virtual >= HOSTED_DIRECT_MAP ? Virtual - HOSTED_DIRECT_MAP : HOSTED_RAM_PHYSICAL + Offset;
    return HostedRam(*Physical) != NULL;
}

PVOID PlatformMemoryPhysicalToVirtual(UINT64 Physical)
{
    PVOID Virtual = HostedRam(Physical);

    if (!Virtual)
        HostedDie("the virtual address of a physical one that is no allocated page");
    return Virtual;
}

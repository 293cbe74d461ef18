/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformMemory.c - memory of the pretended machine, with every piece on a list, so that a
 * test can make any request fail and see what was left behind.
 *
 * Context: user space, any thread.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "platform/PlatformMemory.h"
#include "platform/hosted/Hosted.h"

/* Which call gave a piece, and so which one must take it back. */
#define PIECE_WITHOUT_PAGES 0

typedef struct _PIECE {
    struct _PIECE *Next;
    PVOID Memory;
    UINT32 PageCount; /* or PIECE_WITHOUT_PAGES */
} PIECE;

static pthread_mutex_t g_PiecesLock = PTHREAD_MUTEX_INITIALIZER;
static PIECE *g_Pieces;

/* Written by any thread, with atomics. */
static UINT32 g_Requests;
static UINT32 g_Live;
static UINT32 g_FailAt; /* number of the request that shall fail, 0 for none */
static BOOLEAN g_HasFailed;

static BOOLEAN g_RefusesMappings;

VOID HostedDie(const CHAR *What)
{
    fprintf(stderr, "hosted platform: %s\n", What);
    abort();
}

VOID HostedFailAllocation(UINT32 Nth)
{
    UINT32 Requests = __atomic_load_n(&g_Requests, __ATOMIC_SEQ_CST);

    __atomic_store_n(&g_HasFailed, FALSE, __ATOMIC_SEQ_CST);
    __atomic_store_n(&g_FailAt, Nth ? Requests + Nth : 0, __ATOMIC_SEQ_CST);
}

BOOLEAN HostedAllocationHasFailed(VOID)
{
    return __atomic_load_n(&g_HasFailed, __ATOMIC_SEQ_CST);
}

UINT32 HostedLiveAllocations(VOID)
{
    return __atomic_load_n(&g_Live, __ATOMIC_SEQ_CST);
}

UINT32 HostedAllocationCount(VOID)
{
    return __atomic_load_n(&g_Requests, __ATOMIC_SEQ_CST);
}

VOID HostedResetMemory(VOID)
{
    HostedFailAllocation(0);
    HostedRefuseKernelMappings(FALSE);
    __atomic_store_n(&g_Requests, 0, __ATOMIC_SEQ_CST);
}

BOOLEAN HostedTakeResource(VOID)
{
    UINT32 Number = __atomic_add_fetch(&g_Requests, 1, __ATOMIC_SEQ_CST);

    if (Number == __atomic_load_n(&g_FailAt, __ATOMIC_SEQ_CST)) {
        __atomic_store_n(&g_HasFailed, TRUE, __ATOMIC_SEQ_CST);
        return FALSE;
    }
    __atomic_add_fetch(&g_Live, 1, __ATOMIC_SEQ_CST);
    return TRUE;
}

VOID HostedReturnResource(VOID)
{
    if (__atomic_fetch_sub(&g_Live, 1, __ATOMIC_SEQ_CST) == 0)
        HostedDie("more was given back than taken");
}

static PVOID PieceAllocate(SIZE_T Bytes, UINT32 PageCount)
{
    PIECE *Piece;

    if (!HostedTakeResource())
        return NULL;
    Piece = calloc(1, sizeof(*Piece));
    if (!Piece)
        HostedDie("the test machine itself is out of memory");
    Piece->PageCount = PageCount;
    if (PageCount != PIECE_WITHOUT_PAGES)
        Piece->Memory = HostedPagesTake(PageCount);
    else if (posix_memalign(&Piece->Memory, PLATFORM_CACHE_LINE, Bytes ? Bytes : 1))
        HostedDie("the test machine itself is out of memory");
    else
        memset(Piece->Memory, 0, Bytes);

    pthread_mutex_lock(&g_PiecesLock);
    Piece->Next = g_Pieces;
    g_Pieces    = Piece;
    pthread_mutex_unlock(&g_PiecesLock);
    return Piece->Memory;
}

/* Takes the piece off the list. NULL: there is none. */
static PIECE *PieceUnlink(PVOID Memory)
{
    PIECE **Link, *Piece;

    pthread_mutex_lock(&g_PiecesLock);
    for (Link = &g_Pieces; *Link && (*Link)->Memory != Memory; Link = &(*Link)->Next)
        ;
    Piece = *Link;
    if (Piece)
        *Link = Piece->Next;
    pthread_mutex_unlock(&g_PiecesLock);
    return Piece;
}

static VOID PieceFree(PVOID Memory, UINT32 PageCount)
{
    PIECE *Piece;

    if (!Memory)
        return;
    Piece = PieceUnlink(Memory);
    if (!Piece)
        HostedDie("memory freed that is not allocated");
    if (Piece->PageCount != PageCount)
        HostedDie("memory freed by the wrong call or with the wrong number of pages");
    if (PageCount != PIECE_WITHOUT_PAGES)
        HostedPagesReturn(Memory, PageCount);
    else
        free(Memory);
    free(Piece);
    HostedReturnResource();
}

PVOID PlatformMemoryAllocate(SIZE_T Bytes)
{
    return PieceAllocate(Bytes, PIECE_WITHOUT_PAGES);
}

VOID PlatformMemoryFree(PVOID Memory)
{
    PieceFree(Memory, PIECE_WITHOUT_PAGES);
}

PVOID PlatformMemoryAllocatePages(UINT32 PageCount)
{
    if (PageCount == 0)
        HostedDie("no pages asked for");
    return PieceAllocate(0, PageCount);
}

VOID PlatformMemoryFreePages(PVOID Pages, UINT32 PageCount)
{
    PieceFree(Pages, PageCount);
}

VOID HostedRefuseKernelMappings(BOOLEAN Refuse)
{
    g_RefusesMappings = Refuse;
}

/* The kernel's half of a top level: entries that nothing follows. */
BOOLEAN PlatformMemoryCopyKernelMappings(PVOID TopLevelPage)
{
    UINT32 Index;

    if (g_RefusesMappings)
        return FALSE;
    for (Index = 256; Index < 512; Index++)
        ((UINT64 *)TopLevelPage)[Index] = HOSTED_KERNEL_MAPPING;
    return TRUE;
}

BOOLEAN PlatformMemoryMayBeKernelCode(UINT64 Virtual)
{
    return Virtual >= 0xFFFFFFFF80000000ull;
}

/* The system looks at the addresses: what is not there is found out without a fault. */
BOOLEAN PlatformMemoryCopyFromUser(PVOID To, UINT64 UserAddress, SIZE_T Bytes)
{
    struct iovec Here  = {.iov_base = To, .iov_len = Bytes};
    struct iovec There = {.iov_base = (PVOID)(UINTPTR)UserAddress, .iov_len = Bytes};

    return process_vm_readv(getpid(), &Here, 1, &There, 1, 0) == (ssize_t)Bytes;
}

BOOLEAN PlatformMemoryCopyToUser(UINT64 UserAddress, const VOID *From, SIZE_T Bytes)
{
    struct iovec Here  = {.iov_base = (PVOID)(UINTPTR)From, .iov_len = Bytes};
    struct iovec There = {.iov_base = (PVOID)(UINTPTR)UserAddress, .iov_len = Bytes};

    return process_vm_writev(getpid(), &Here, 1, &There, 1, 0) == (ssize_t)Bytes;
}

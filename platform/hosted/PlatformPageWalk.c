/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformPageWalk.c - the page tables of the pretended kernel, which has one process: HOSTED_WALKED_PROCESS.
 * What PlatformMemoryTranslateKernel knows is mapped by pages of 4 KiB, and nothing else is.
 *
 * Context: user space.
 */
#include "platform/PlatformPageWalk.h"

#include "platform/PlatformMemory.h"
#include "platform/hosted/Hosted.h"

#define LEVELS          4
#define PRESENT_WRITE   0x3ull
#define SIGN_EXTEND(At) ((UINT64)((INT64)((At) << 16) >> 16))

BOOLEAN PlatformPageWalk(UINT32 ProcessId, UINT64 Virtual, PLATFORM_PAGE_WALK *Walk)
{
    UINT64 Physical;

    if ((ProcessId != PLATFORM_ALL_PROCESSES && ProcessId != HOSTED_WALKED_PROCESS) ||
        SIGN_EXTEND(Virtual) != Virtual)
        return FALSE;
    *Walk = (PLATFORM_PAGE_WALK){.TopLevel = LEVELS, .Count = 1};

    Walk->Entry[0].Address = HOSTED_PAGE_TABLES + (Virtual >> 39 & 511) * 8;
    if (!PlatformMemoryTranslateKernel(Virtual, &Physical))
        return TRUE;
    Walk->Count     = LEVELS;
    Walk->PageShift = PLATFORM_PAGE_SHIFT;
    Walk->Physical  = Physical;
    for (UINT32 Index = 0; Index < LEVELS; Index++) {
        const UINT64 Table = HOSTED_PAGE_TABLES + Index * PLATFORM_PAGE_SIZE;

        Walk->Entry[Index].Address = Table + (Virtual >> (39 - 9 * Index) & 511) * 8;
        Walk->Entry[Index].Value   = (Table + PLATFORM_PAGE_SIZE) | PRESENT_WRITE;
    }
    Walk->Entry[LEVELS - 1].Value = (Physical & ~(PLATFORM_PAGE_SIZE - 1)) | PRESENT_WRITE;
    return TRUE;
}

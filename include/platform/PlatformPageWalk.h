/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformPageWalk.h - the page tables of an address space, entry by entry.
 */
#ifndef HYPERDBG_PLATFORM_PAGE_WALK_H
#define HYPERDBG_PLATFORM_PAGE_WALK_H

#include "SDK/BasicTypes.h"

#define PLATFORM_PAGE_WALK_LEVELS 5

#define PLATFORM_ALL_PROCESSES 0xFFFFFFFFu

/* The way to one address, from the top down to the entry that maps a page, or is not present. SDM Vol. 3,
 * 4.5. */
typedef struct _PLATFORM_PAGE_WALK {
    UINT32 TopLevel;  /* of the first entry: 4 for PML4, 5 for PML5; the others follow in order */
    UINT32 Count;     /* entries, at least 1 */
    UINT32 PageShift; /* of the page: 12, 21 or 30; 0: not mapped */
    UINT32 Reserved;
    UINT64 Physical; /* of the address; 0: not mapped */
    struct {
        UINT64 Address; /* physical, of the entry */
        UINT64 Value;
    } Entry[PLATFORM_PAGE_WALK_LEVELS];
} PLATFORM_PAGE_WALK;

/* Process context. Of a process, or with PLATFORM_ALL_PROCESSES of the kernel. FALSE: there is no such
 * process, it has no memory of its own, or the address is not canonical. The tables may change meanwhile, but
 * are not freed. */
BOOLEAN PlatformPageWalk(UINT32 ProcessId, UINT64 Virtual, PLATFORM_PAGE_WALK *Walk);

#endif

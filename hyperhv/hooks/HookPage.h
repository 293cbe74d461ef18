/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HookPage.h - the physical pages that hooks lie on: what each shows to reads, writes and fetches, and how
 * they are found.
 *
 * Every core runs on one shared view of physical memory, "as hooked". A hooked page's entry there lacks the
 * accesses that somebody waits for; with hidden breakpoints it maps a copy of the page that holds the
 * breakpoint bytes, for execution alone. An access that the entry lacks exits; the core then sees the machine
 * "as it is" for one instruction. No entry that another core uses is touched by a hit.
 */
#ifndef HYPERHV_HOOKS_HOOK_PAGE_H
#define HYPERHV_HOOKS_HOOK_PAGE_H

#include "SDK/BasicTypes.h"
#include "platform/PlatformMemory.h"

/* Ways to access memory; the numbers are those of an EPT violation's exit qualification and of EPT entries.
 */
#define HOOK_ACCESS_READ    0x1u
#define HOOK_ACCESS_WRITE   0x2u
#define HOOK_ACCESS_EXECUTE 0x4u
#define HOOK_ACCESS_ALL     0x7u
/* With those of an exit: the access was none of the instruction's own, but a walk of its page tables, or the
 * delivery of an event before it. */
#define HOOK_ACCESS_BY_PROCESSOR 0x8u

#define HOOK_WORDS_PER_PAGE (PLATFORM_PAGE_SIZE / sizeof(UINT64))

/* Of an address, Bits bits: a bucket of a table. Addresses at any distance from each other spread: functions
 * begin at multiples of 16, and many of those that are hooked at the starts of pages. The multiplier is 2^32
 * by the golden ratio. */
static inline UINT32 HookHash(UINT64 Address, UINT32 Bits)
{
    return ((UINT32)Address * 0x9E3779B1u) >> (32 - Bits);
}

struct _HIDDEN_BREAKPOINT;
struct _MONITOR;
struct _DETOUR;

/* One hooked page. Made and freed in process context under the hooks' lock, changed under the pages' lock;
 * read in root mode at any time, so lists are published entry by entry, and freed after
 * PlatformCpuWaitForExits. */
typedef struct _HOOK_PAGE {
    struct _HOOK_PAGE *Next;      /* of the same hash bucket */
    struct _HOOK_PAGE *NextAside; /* of those that HookPageSweep looks at */
    BOOLEAN IsAside;
    UINT64 Physical;  /* of the page's first byte */
    UINT64 *Original; /* the page itself, as the kernel maps it; NULL where it does not (MMIO) */
    UINT64 *Fake;     /* what is executed while there are hidden breakpoints; NULL before the first */
    UINT8 BreakpointMask[HOOK_WORDS_PER_PAGE]; /* by 8-byte word: bit n, byte n of Fake holds a breakpoint */
    struct _HIDDEN_BREAKPOINT *Breakpoints;
    struct _MONITOR *Monitors;
    struct _DETOUR *Detours;
} HOOK_PAGE;

/* Process context. FALSE: no memory. Uninitialize frees all pages; no core is virtualized then. */
BOOLEAN HookPageInitialize(VOID);
VOID HookPageUninitialize(VOID);

/* Any context. NULL: no hook lies on the page that holds Physical. */
HOOK_PAGE *HookPageFind(UINT64 Physical);

/* Process context, under the hooks' lock. Finds or makes the page; its entry in the view can be changed from
 * then on. NULL: no memory, or the address lies beyond the processor's physical address width. */
HOOK_PAGE *HookPageGet(UINT64 Physical);

/* Where sleeping is not allowed. The pages' lock: what hooks lie on a page, and what the view shows of it.
 * Taken after the hooks' lock, if both are. */
VOID HookPagesLock(VOID);
VOID HookPagesUnlock(VOID);

/* Under the pages' lock, after a hook of the page came or went: its entry in the view is set accordingly. The
 * caller flushes the cores. */
VOID HookPageShow(HOOK_PAGE *Page);

/* Under the pages' lock: a page that may have lost its last hook is looked at by the next sweep; which is
 * in process context, under the hooks' lock, and frees it. */
VOID HookPageSetAside(HOOK_PAGE *Page);
VOID HookPageSweep(VOID);

/* Process context, under the hooks' lock, after a hook of the page came or went: its entry in the view lacks
 * what its hooks wait for, on every core, when this returns. A page without hooks is forgotten and freed. */
VOID HookPageApply(HOOK_PAGE *Page);

/* Process context. Makes the copy that holds breakpoints. FALSE: no memory, or the kernel does not map the
 * page. */
BOOLEAN HookPageAddFake(HOOK_PAGE *Page);

/* Any context. Brings the copy up to date with the page, word by word, so that a breakpoint is never missing
 * for an instant. Byte Offset of the page is marked as a breakpoint or not beforehand by HookPageMark. */
VOID HookPageRefresh(HOOK_PAGE *Page);

/* Root mode. The same for the page that holds Physical. FALSE: no breakpoints lie on it. */
BOOLEAN HookPageRefreshAt(UINT64 Physical);

VOID HookPageMark(HOOK_PAGE *Page, UINT32 Offset, BOOLEAN IsBreakpoint);

#endif

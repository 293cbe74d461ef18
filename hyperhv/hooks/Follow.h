/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Follow.h - hooks in the memory of processes, which go where their virtual address goes.
 *
 * A hook in a process belongs to a followed page: a page of the process's addresses. While something is
 * mapped there, the hooks of the followed page are in force on the physical page (a HOOK_PAGE). Before the
 * kernel gives that up they are taken from it, and before the process executes anything again they are on
 * what is mapped there by then (PlatformProcessMemory.h tells how that is possible).
 *
 *     NOT_MAPPED -> LIVE     found mapped (FollowResolve)
 *     LIVE -> NOT_MAPPED     about to be given up
 *     any -> GONE            the process has ended, or executes another program
 */
#ifndef HYPERHV_HOOKS_FOLLOW_H
#define HYPERHV_HOOKS_FOLLOW_H

#include "SDK/imports/VmmImports.h"
#include "hyperhv/core/State.h"
#include "hyperhv/hooks/HookPage.h"

struct _FOLLOWED_SPACE;

/* Made and freed in process context under the hooks' lock; its place in the list and what its hooks lie on
 * are changed under the pages' lock. */
typedef struct _FOLLOWED_PAGE {
    struct _FOLLOWED_PAGE *Next; /* of the same process, by address */
    struct _FOLLOWED_SPACE *Space;
    UINT64 Virtual;    /* of the page's first byte */
    HOOK_PAGE *Page;   /* where its hooks are in force; NULL: nowhere */
    BOOLEAN WasMapped; /* something has been mapped there since it was made */
    struct _HIDDEN_BREAKPOINT *Breakpoints;
    struct _MONITOR *Monitors;
} FOLLOWED_PAGE;

/* Process context. Uninitialize lets go of all processes; no core is virtualized then. */
VOID FollowInitialize(VOID);
VOID FollowUninitialize(VOID);

/* Process context, under the hooks' lock. Finds or makes the followed page that holds Virtual of a process.
 * 0, or a DEBUGGER_ERROR_.... */
UINT32 FollowedPageGet(UINT32 ProcessId, UINT64 Virtual, FOLLOWED_PAGE **Followed);

/* Process context, under the hooks' lock. The next page after Previous (NULL: the first one) that holds
 * Virtual of ProcessId: a process that has ended may have had the same number. NULL: there is no other. */
FOLLOWED_PAGE *FollowedPageFind(UINT32 ProcessId, UINT64 Virtual, const FOLLOWED_PAGE *Previous);

/* Process context, under the hooks' lock, after a hook of the page went: forgets a page without hooks, and a
 * process without pages. */
VOID FollowedPageTidy(FOLLOWED_PAGE *Followed);

/* Process context, without the hooks' lock. Puts what is NOT_MAPPED in a process in force where something is
 * mapped. FALSE: one of the pages from Virtual on, Length bytes, has never been mapped while it was followed.
 */
BOOLEAN FollowResolveProcess(UINT32 ProcessId, UINT64 Virtual, UINT64 Length);

/* Process context, without the hooks' lock: the end of what FollowedPageTidy has begun. */
VOID FollowCloseUnused(VOID);

/* Any. */
VMM_HOOK_STATE FollowedPageState(const FOLLOWED_PAGE *Followed);

/* Any. What a core's page table register says of the address space, as GetCr3 has it in that of the page. */
UINT64 FollowedPageRoot(const FOLLOWED_PAGE *Followed);

/* Root mode. The same, of the address space that the core is in. */
UINT64 FollowCurrentRoot(VIRTUAL_MACHINE_STATE *VCpu);

#endif

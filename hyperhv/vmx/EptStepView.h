/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EptStepView.h - one core's own view for a step in which other hooks still matter: as hooked, but for the
 * accesses that the instruction has been let through with.
 *
 * It shares the hooked view's tables except on the paths to its open pages, which are copies from a pool of
 * the core's own; so an instruction that goes from one hooked page to another, or writes to one that it has
 * read, exits for the second access too.
 * Pages stay open until a step wants others: the view is used in steps alone. SDM Vol. 3, 29.3, 29.4.3.
 */
#ifndef HYPERHV_VMX_EPT_STEP_VIEW_H
#define HYPERHV_VMX_EPT_STEP_VIEW_H

#include "hyperhv/vmx/EptViews.h"

/* Pages: the PML4, and copies of up to three tables for each open page, most of which share two of them. */
#define STEP_VIEW_POOL 64u

typedef struct _EPT_STEP_VIEW {
    UINT64 *Pool; /* STEP_VIEW_POOL pages in a row; the first is the PML4 */
    UINT64 PoolPhysical;
    UINT64 Eptp;
    UINT32 PoolUsed;
    UINT32 OpenCount;
    UINT64 Generation;          /* of the hooked view that the copies are of */
    UINT64 Open[HV_STEP_PAGES]; /* physical addresses of the open pages */
    UINT32 FirstAccess;         /* HOOK_ACCESS_... that the first of them is open for */
    BOOLEAN IsFull;             /* the step under way wants more pages than there is room for */
} EPT_STEP_VIEW;

/* Process context. FALSE: no memory. */
BOOLEAN EptStepViewAllocate(EPT_STEP_VIEW *View);
VOID EptStepViewFree(EPT_STEP_VIEW *View);

/* Root mode, on the view's core. Opens the page for Access (HOOK_ACCESS_...; writes are reads, too), beside
 * what its entry allows; IsFirst: the step begins, so that nothing else stays open. The usual case, the page
 * and access of the step before alone, changes nothing and flushes nothing. Where there is no room IsFull is
 * set: the step has to end on another view. */
VOID EptStepViewChange(EPT_STEP_VIEW *View, UINT64 Physical, UINT32 Access, BOOLEAN IsFirst);

static inline VOID EptStepViewOpen(EPT_STEP_VIEW *View, UINT64 Physical, UINT32 Access, BOOLEAN IsFirst)
{
    if (UNLIKELY(!IsFirst || View->Generation != EptViewGeneration() || View->OpenCount != 1 ||
                 View->Open[0] != Physical || View->FirstAccess != Access))
        EptStepViewChange(View, Physical, Access, IsFirst);
}

#endif

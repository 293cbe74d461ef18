/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EptViews.h - the two views of physical memory that all cores share: "as it is" and "as hooked".
 *
 * Cores run on the second; a core in a step is on the first. Only the second is ever changed. SDM Vol.
 * 3, 29.3, 29.4.3.
 */
#ifndef HYPERHV_VMX_EPT_VIEWS_H
#define HYPERHV_VMX_EPT_VIEWS_H

#include "hyperhv/core/State.h"

/* Process context. FALSE: no memory, nothing left behind. */
BOOLEAN EptViewsInitialize(VOID);
VOID EptViewsUninitialize(VOID);

/* What a core can be on. The last two are as hooked, but for what can be executed. */
typedef enum _EPT_VIEW_KIND {
    EPT_VIEW_HOOKED = 0,
    EPT_VIEW_PLAIN,
    EPT_VIEW_NO_USER,   /* nothing of user mode */
    EPT_VIEW_NO_KERNEL, /* nothing of kernel mode */
    EPT_VIEW_KINDS
} EPT_VIEW_KIND;

/* EPT pointers. Written by Initialize and Uninitialize only. */
extern UINT64 g_EptPointers[EPT_VIEW_KINDS];

/* Grows with every change of the hooked view. Written in process context, one writer at a time. */
extern UINT64 g_EptViewGeneration;

/* Any, after Initialize: EPT pointers. */
static inline UINT64 EptViewOfKind(EPT_VIEW_KIND Kind)
{
    return g_EptPointers[Kind];
}

static inline UINT64 EptViewHooked(VOID)
{
    return EptViewOfKind(EPT_VIEW_HOOKED);
}

static inline UINT64 EptViewPlain(VOID)
{
    return EptViewOfKind(EPT_VIEW_PLAIN);
}

/* Root mode: of the hooked view, its top table, the entry of a hooked page, and a number that grows with
 * every change. */
const UINT64 *EptViewHookedTable(VOID);
UINT64 EptViewHookedEntry(UINT64 Physical);

static inline UINT64 EptViewGeneration(VOID)
{
    return __atomic_load_n(&g_EptViewGeneration, __ATOMIC_ACQUIRE);
}

/* Backend.h tells the contracts. */
BOOLEAN EptViewPreparePage(UINT64 Physical);
VOID EptViewSetPage(UINT64 Physical, UINT64 Target, UINT32 Access);
VOID EptViewFlushAllCores(VOID);

/* Root mode. No translation that came from the hooked view is used any more on this core. */
VOID EptViewFlushThisCore(VIRTUAL_MACHINE_STATE *VCpu);
VOID EptViewFlushAll(VIRTUAL_MACHINE_STATE *VCpu);

#endif

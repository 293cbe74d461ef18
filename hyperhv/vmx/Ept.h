/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ept.h - the second-level page tables of VT-x: a view of all physical memory. SDM Vol. 3, 29.3.
 */
#ifndef HYPERHV_VMX_EPT_H
#define HYPERHV_VMX_EPT_H

#include "SDK/BasicTypes.h"

#define EPT_READ              (1ull << 0)
#define EPT_WRITE             (1ull << 1)
#define EPT_EXECUTE           (1ull << 2)
#define EPT_EXECUTE_USER      (1ull << 10) /* of user-mode addresses, while mode-based execute control is on */
#define EPT_EXECUTE_ALL       (EPT_EXECUTE | EPT_EXECUTE_USER)
#define EPT_RWX               (EPT_READ | EPT_WRITE | EPT_EXECUTE_ALL)
#define EPT_LARGE             (1ull << 7)
#define EPT_MEMORY_TYPE_SHIFT 3
#define EPT_MEMORY_TYPE_MASK  (7ull << EPT_MEMORY_TYPE_SHIFT)

#define EPT_LEVELS  4u
#define EPT_ADDRESS 0x000FFFFFFFFFF000ull

/* Index of Physical in a table whose entries are of Level (1: 4 KiB, 2: 2 MiB, 3: 1 GiB, 4: 512 GiB). */
static inline UINT32 EptIndex(UINT64 Physical, UINT32 Level)
{
    return (UINT32)(Physical >> (12 + 9 * (Level - 1))) & 0x1FF;
}

/* A hierarchy of tables. Each table page belongs to one view. */
typedef struct _EPT_VIEW {
    UINT64 *Pml4;
    UINT64 Eptp; /* what VMCS_EPT_POINTER is set to (25.6.11) */
} EPT_VIEW;

/* Process context. Maps every physical address of the processor's width to itself, readable, writable and
 * executable, with the MTRRs' memory types, in the largest pages whose type is one. NULL: no memory. */
EPT_VIEW *EptCreateIdentityView(VOID);
VOID EptFreeView(EPT_VIEW *View);

/* Process context. As View, but that no entry of its top table has Right; all tables below are View's. Is
 * freed before View. NULL: no memory. */
EPT_VIEW *EptCreateReducedView(const EPT_VIEW *View, UINT64 Right);
VOID EptFreeReducedView(EPT_VIEW *View);

/* Process context. Makes the entry that maps Physical one of 4 KiB, with the same effect, while cores use the
 * view. FALSE: no memory, or beyond the processor's physical address width. The caller flushes the cores
 * before it relies on it. */
BOOLEAN EptSplitToPage(EPT_VIEW *View, UINT64 Physical);

/* Any. The entry that maps Physical, and the number of address bits below it (12, 21 or 30). NULL: not
 * mapped. */
UINT64 *EptFindLeaf(const EPT_VIEW *View, UINT64 Physical, UINT32 *Shift);

#endif

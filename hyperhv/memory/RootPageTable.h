/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RootPageTable.h - the page tables of root mode: the kernel's mappings, and for each core a private window
 * and its local APIC.
 *
 * The guest's CR3 can name a table that goes away; this one stays. Its user half holds the windows through
 * which a core looks at any physical page, RAM or not. SDM Vol. 3, 4.5 (4-level and 5-level paging).
 */
#ifndef HYPERHV_MEMORY_ROOT_PAGE_TABLE_H
#define HYPERHV_MEMORY_ROOT_PAGE_TABLE_H

#include "SDK/BasicTypes.h"

/* Process context. 0, or the DEBUGGER_ERROR_...: no memory, or a kernel that does not give its table (told to
 * the log); then nothing is left behind. */
UINT32 RootPageTableInitialize(UINT32 CoreCount);
VOID RootPageTableUninitialize(VOID);

/* Any. What root mode has in CR3; 0 while not initialized. */
UINT64 RootPageTableCr3(VOID);

/* Any context. Is this core in VMX root mode? It is, exactly when this table is its page table. */
BOOLEAN RootPageTableIsActive(VOID);

/* Root mode, on core CoreId. Makes the physical page that holds Physical readable and writable, and gives the
 * address of that byte, valid up to the end of the page and until the next call on this core. */
PVOID RootPageTableMapWindow(UINT32 CoreId, UINT64 Physical);

/* Root mode, on core CoreId. Where the registers of its local APIC are while it is in xAPIC mode, uncached,
 * for CpuReadDevice and CpuWriteDevice. */
UINT64 RootPageTableApic(UINT32 CoreId);

#endif

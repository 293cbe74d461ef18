/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HostTables.h - GDT, TSS and IDT of root mode.
 *
 * The GDT is a copy of the kernel's as it was at the launch, so that both have the same selectors (the IDT's
 * gates work while either is loaded), with a TSS of our own in the place of the kernel's. SDM Vol.
 * 3, 3.5, 6.14, 8.7.
 */
#ifndef HYPERHV_VMX_HOST_TABLES_H
#define HYPERHV_VMX_HOST_TABLES_H

#include "SDK/BasicTypes.h"
#include "platform/CpuInstructions.h"

#define HOST_GDT_ENTRIES 256
#define HOST_IST_COUNT   7

/* SDM Vol. 3, figure 8-11. */
typedef struct __attribute__((__packed__)) _TASK_STATE_SEGMENT_64 {
    UINT32 Reserved0;
    UINT64 Rsp[3];
    UINT64 Reserved1;
    UINT64 Ist[HOST_IST_COUNT];
    UINT64 Reserved2;
    UINT16 Reserved3;
    UINT16 IoMapBase;
} TASK_STATE_SEGMENT_64;

STATIC_ASSERT(sizeof(TASK_STATE_SEGMENT_64) == 104);

typedef struct _HOST_TABLES {
    UINT64 Gdt[HOST_GDT_ENTRIES];
    TASK_STATE_SEGMENT_64 Tss;
} HOST_TABLES;

/* Vectors with a stack of their own, and the index of that stack in the TSS (1..7; 0: the current stack). */
#define HOST_IST_NMI           1
#define HOST_IST_DOUBLE_FAULT  2
#define HOST_IST_MACHINE_CHECK 3

/* On the core, interrupts off. Copies the current GDT and puts our TSS at selector Tr. FALSE: a GDT that we
 * cannot copy. */
BOOLEAN HostTablesFill(HOST_TABLES *Tables, UINT16 Tr);

/* On the core: what the TSS descriptor of Gdt says (SDM Vol. 3, 8.2.3). */
UINT64 HostTablesSystemBase(const UINT64 *Gdt, UINT16 Selector);

/* On the core, on the way out: loads the task register with the kernel's TSS. Its own descriptor is marked
 * busy and its GDT may be read-only, so the register is loaded through our copy. The GDT register must be
 * loaded afterwards. */
VOID HostTablesLoadKernelTr(HOST_TABLES *Tables, UINT16 Tr, UINT64 Base, UINT32 Limit);

/* Process context. The IDT that all cores share; CodeSelector is the kernel's code segment. FALSE: no memory.
 */
BOOLEAN HostIdtInitialize(UINT16 CodeSelector);
VOID HostIdtUninitialize(VOID);

/* Any, after Initialize. */
UINT64 HostIdtBase(VOID);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MemoryMapper.h - root mode's access to the guest's memory; it checks and never faults.
 *
 * Context: VMX root mode, within an exit of VCpu; not from its NMI handler (the core's window is in use). SDM
 * Vol. 3, 4.5.
 */
#ifndef HYPERHV_MEMORY_MEMORY_MAPPER_H
#define HYPERHV_MEMORY_MEMORY_MAPPER_H

#include "hyperhv/core/State.h"

/* FALSE: part of the range lies beyond the processor's physical address width; nothing, or the part before,
 * was moved. */
BOOLEAN MemoryMapperReadPhysical(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Physical, PVOID Buffer, SIZE_T Bytes);
BOOLEAN MemoryMapperWritePhysical(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Physical, const VOID *Buffer,
                                  SIZE_T Bytes);

/* Walks the page table that Cr3 names (4 or 5 levels, as the guest runs). FALSE: not mapped, or not
 * canonical. */
BOOLEAN MemoryMapperVirtualToPhysical(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Cr3, UINT64 Virtual,
                                      UINT64 *Physical);

/* FALSE: part of the range is not mapped by Cr3; the part before it was moved. */
BOOLEAN MemoryMapperReadVirtual(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Cr3, UINT64 Virtual, PVOID Buffer,
                                SIZE_T Bytes);
BOOLEAN MemoryMapperWriteVirtual(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Cr3, UINT64 Virtual, const VOID *Buffer,
                                 SIZE_T Bytes);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MemoryRequest.h - looking at the guest's memory from anywhere: in root mode directly, elsewhere by a VMCALL
 * that has root mode do it. So there is one way that page tables are walked, and nothing that can change them
 * under it: an exit takes no interrupt.
 */
#ifndef HYPERHV_MEMORY_MEMORY_REQUEST_H
#define HYPERHV_MEMORY_MEMORY_REQUEST_H

#include "hyperhv/core/State.h"

typedef enum _MEMORY_OPERATION {
    MEMORY_READ,
    MEMORY_WRITE,
    MEMORY_TRANSLATE, /* Buffer is a UINT64: the physical address */
} MEMORY_OPERATION;

/* What an address belongs to: the table that a CR3 names, or one of these, which none can have. */
#define MEMORY_SPACE_CURRENT  0xFFFFFFFFFFFFFFFFull /* the guest's CR3 */
#define MEMORY_SPACE_PHYSICAL 0xFFFFFFFFFFFFFFFEull

/* Any context, as SDK/imports/VmmMemoryImports.h says. Buffer: the caller's, in the kernel; Bytes of it.
 * FALSE: part of the range is not there. */
BOOLEAN MemoryRequest(MEMORY_OPERATION Operation, UINT64 Space, UINT64 Address, PVOID Buffer, SIZE_T Bytes);

/* Root mode, within an exit of VCpu: the VMCALL. Request: address of the caller's request. VMCALL_STATUS_....
 */
UINT64 MemoryRequestHandle(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Request);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * MemoryRequest.c - looking at the guest's memory from anywhere.
 *
 * Context: as MemoryRequest.h says at each.
 */
#include "hyperhv/memory/MemoryRequest.h"

#include "SDK/VmcallNumbers.h"
#include "SDK/imports/VmmImports.h"
#include "SDK/imports/VmmMemoryImports.h"
#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/CurrentCore.h"
#include "hyperhv/memory/MemoryMapper.h"
#include "hyperhv/memory/RootPageTable.h"

/* Bytes that one VMCALL moves: they pass through root mode's stack. */
#define REQUEST_PART 256u

/* What the caller of the VMCALL leaves for root mode. */
typedef struct _MEMORY_REQUEST {
    UINT64 Space;
    UINT64 Address;
    UINT64 Buffer; /* address of Bytes bytes */
    UINT32 Bytes;
    UINT32 Operation; /* MEMORY_OPERATION */
} MEMORY_REQUEST;

static BOOLEAN AccessInRoot(VIRTUAL_MACHINE_STATE *VCpu, MEMORY_OPERATION Operation, UINT64 Space,
                            UINT64 Address, PVOID Buffer, SIZE_T Bytes)
{
    BOOLEAN IsPhysical = Space == MEMORY_SPACE_PHYSICAL;

    if (Space == MEMORY_SPACE_CURRENT)
        Space = g_Backend->GetCr3(VCpu);
    switch (Operation) {
    case MEMORY_READ:
        return IsPhysical ? MemoryMapperReadPhysical(VCpu, Address, Buffer, Bytes)
                          : MemoryMapperReadVirtual(VCpu, Space, Address, Buffer, Bytes);
    case MEMORY_WRITE:
        return IsPhysical ? MemoryMapperWritePhysical(VCpu, Address, Buffer, Bytes)
                          : MemoryMapperWriteVirtual(VCpu, Space, Address, Buffer, Bytes);
    case MEMORY_TRANSLATE:
        return !IsPhysical && Bytes == sizeof(UINT64) &&
               MemoryMapperVirtualToPhysical(VCpu, Space, Address, Buffer);
    }
    return FALSE;
}

UINT64 MemoryRequestHandle(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Request)
{
    UINT64 Data[REQUEST_PART / sizeof(UINT64)];
    MEMORY_REQUEST Asked;

    if (!CpuTryCopy((UINT64)(UINTPTR)&Asked, Request, sizeof(Asked)) || Asked.Bytes > sizeof(Data))
        return VMCALL_STATUS_INVALID_PARAMETER;
    if (Asked.Operation == MEMORY_WRITE && !CpuTryCopy((UINT64)(UINTPTR)Data, Asked.Buffer, Asked.Bytes))
        return VMCALL_STATUS_INVALID_PARAMETER;
    if (!AccessInRoot(VCpu, Asked.Operation, Asked.Space, Asked.Address, Data, Asked.Bytes))
        return VMCALL_STATUS_UNSUCCESSFUL;
    if (Asked.Operation != MEMORY_WRITE && !CpuTryCopy(Asked.Buffer, (UINT64)(UINTPTR)Data, Asked.Bytes))
        return VMCALL_STATUS_INVALID_PARAMETER;
    return VMCALL_STATUS_SUCCESS;
}

static BOOLEAN AccessByVmcall(MEMORY_OPERATION Operation, UINT64 Space, UINT64 Address, UINT8 *Buffer,
                              SIZE_T Bytes)
{
    MEMORY_REQUEST Request = {.Space = Space, .Operation = Operation};
    SIZE_T Done;

    for (Done = 0; Done < Bytes; Done += Request.Bytes) {
        Request.Address = Address + Done;
        Request.Buffer  = (UINT64)(UINTPTR)Buffer + Done;
        Request.Bytes   = Bytes - Done < REQUEST_PART ? (UINT32)(Bytes - Done) : REQUEST_PART;
        if (VmFuncVmxVmcall(VMCALL_ACCESS_MEMORY, (UINT64)(UINTPTR)&Request, 0, 0) != VMCALL_STATUS_SUCCESS)
            return FALSE;
    }
    return TRUE;
}

BOOLEAN MemoryRequest(MEMORY_OPERATION Operation, UINT64 Space, UINT64 Address, PVOID Buffer, SIZE_T Bytes)
{
    if (!RootPageTableIsActive())
        return AccessByVmcall(Operation, Space, Address, Buffer, Bytes);
    return Bytes <= VMM_MEMORY_ACCESS_MAX &&
           AccessInRoot(CurrentCore(), Operation, Space, Address, Buffer, Bytes);
}

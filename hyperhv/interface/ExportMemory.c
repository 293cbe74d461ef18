// SPDX-License-Identifier: GPL-2.0-only
/*
 * ExportMemory.c - the guest's memory for users of the VMM (SDK/imports/VmmMemoryImports.h tells the
 * contracts).
 *
 * Context: as VmmMemoryImports.h says at each.
 */
#include "SDK/imports/VmmImports.h"
#include "SDK/imports/VmmMemoryImports.h"

#include "platform/CpuInstructions.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformProcess.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/CurrentCore.h"
#include "hyperhv/memory/InstructionDecode.h"
#include "hyperhv/memory/MemoryRequest.h"
#include "hyperhv/memory/PhysicalWidth.h"
#include "hyperhv/memory/RootPageTable.h"

/* --- address spaces --- */

UINT64 LayoutGetCurrentProcessCr3(VOID)
{
    return VmFuncVmxGetCurrentExecutionMode() ? g_Backend->GetCr3(CurrentCore()) : CpuReadCr3();
}

UINT64 LayoutGetKernelCr3(VOID)
{
    return RootPageTableCr3();
}

UINT64 LayoutGetCr3ByProcessId(UINT32 ProcessId)
{
    PLATFORM_ADDRESS_SPACE Space;

    if (!PlatformProcessAddressSpaceGet(ProcessId, &Space))
        return 0;
    PlatformProcessAddressSpacePut(&Space);
    return Space.Cr3;
}

/* The tables stay while they are looked at. */
static BOOLEAN RequestOfProcess(MEMORY_OPERATION Operation, UINT32 ProcessId, UINT64 Address, PVOID Buffer,
                                SIZE_T Bytes)
{
    PLATFORM_ADDRESS_SPACE Space;
    BOOLEAN Done;

    if (!PlatformProcessAddressSpaceGet(ProcessId, &Space))
        return FALSE;
    Done = MemoryRequest(Operation, Space.Cr3, Address, Buffer, Bytes);
    PlatformProcessAddressSpacePut(&Space);
    return Done;
}

/* --- translation --- */

BOOLEAN VirtualAddressToPhysicalAddress(UINT64 VirtualAddress, UINT64 *PhysicalAddress)
{
    return MemoryRequest(MEMORY_TRANSLATE, MEMORY_SPACE_CURRENT, VirtualAddress, PhysicalAddress,
                         sizeof(*PhysicalAddress));
}

BOOLEAN VirtualAddressToPhysicalAddressByProcessCr3(UINT64 VirtualAddress, UINT64 Cr3,
                                                    UINT64 *PhysicalAddress)
{
    return MemoryRequest(MEMORY_TRANSLATE, Cr3, VirtualAddress, PhysicalAddress, sizeof(*PhysicalAddress));
}

BOOLEAN VirtualAddressToPhysicalAddressByProcessId(UINT64 VirtualAddress, UINT32 ProcessId,
                                                   UINT64 *PhysicalAddress)
{
    return RequestOfProcess(MEMORY_TRANSLATE, ProcessId, VirtualAddress, PhysicalAddress,
                            sizeof(*PhysicalAddress));
}

BOOLEAN PhysicalAddressToVirtualAddress(UINT64 PhysicalAddress, UINT64 *VirtualAddress)
{
    UINT64 Virtual, Mapped;

    if (!CheckAddressPhysical(PhysicalAddress))
        return FALSE;
    Virtual = (UINT64)(UINTPTR)PlatformMemoryPhysicalToVirtual(PhysicalAddress);
    if (!VirtualAddressToPhysicalAddressByProcessCr3(Virtual, RootPageTableCr3(), &Mapped) ||
        Mapped != PhysicalAddress)
        return FALSE;
    *VirtualAddress = Virtual;
    return TRUE;
}

/* --- access --- */

BOOLEAN MemoryMapperReadMemorySafe(UINT64 VirtualAddress, PVOID Buffer, SIZE_T Bytes)
{
    return MemoryRequest(MEMORY_READ, MEMORY_SPACE_CURRENT, VirtualAddress, Buffer, Bytes);
}

BOOLEAN MemoryMapperWriteMemorySafe(UINT64 VirtualAddress, const VOID *Buffer, SIZE_T Bytes)
{
    return MemoryRequest(MEMORY_WRITE, MEMORY_SPACE_CURRENT, VirtualAddress, (PVOID)(UINTPTR)Buffer, Bytes);
}

BOOLEAN MemoryMapperReadMemorySafeByProcessCr3(UINT64 VirtualAddress, UINT64 Cr3, PVOID Buffer, SIZE_T Bytes)
{
    return MemoryRequest(MEMORY_READ, Cr3, VirtualAddress, Buffer, Bytes);
}

BOOLEAN MemoryMapperWriteMemorySafeByProcessCr3(UINT64 VirtualAddress, UINT64 Cr3, const VOID *Buffer,
                                                SIZE_T Bytes)
{
    return MemoryRequest(MEMORY_WRITE, Cr3, VirtualAddress, (PVOID)(UINTPTR)Buffer, Bytes);
}

BOOLEAN MemoryMapperReadMemorySafeByPhysicalAddress(UINT64 PhysicalAddress, PVOID Buffer, SIZE_T Bytes)
{
    return MemoryRequest(MEMORY_READ, MEMORY_SPACE_PHYSICAL, PhysicalAddress, Buffer, Bytes);
}

BOOLEAN MemoryMapperWriteMemorySafeByPhysicalAddress(UINT64 PhysicalAddress, const VOID *Buffer, SIZE_T Bytes)
{
    return MemoryRequest(MEMORY_WRITE, MEMORY_SPACE_PHYSICAL, PhysicalAddress, (PVOID)(UINTPTR)Buffer, Bytes);
}

BOOLEAN MemoryMapperReadMemorySafeOnTargetProcess(UINT64 VirtualAddress, UINT32 ProcessId, PVOID Buffer,
                                                  SIZE_T Bytes)
{
    return RequestOfProcess(MEMORY_READ, ProcessId, VirtualAddress, Buffer, Bytes);
}

BOOLEAN MemoryMapperWriteMemorySafeOnTargetProcess(UINT64 VirtualAddress, UINT32 ProcessId,
                                                   const VOID *Buffer, SIZE_T Bytes)
{
    return RequestOfProcess(MEMORY_WRITE, ProcessId, VirtualAddress, (PVOID)(UINTPTR)Buffer, Bytes);
}

BOOLEAN CheckAddressPhysical(UINT64 PhysicalAddress)
{
    return PhysicalAddress <= PhysicalAddressMask();
}

static UINT64 BytesOfPage(UINT64 Address)
{
    return PLATFORM_PAGE_SIZE - (Address & (PLATFORM_PAGE_SIZE - 1));
}

BOOLEAN CheckAccessValidityAndSafety(UINT64 VirtualAddress, SIZE_T Bytes)
{
    UINT64 Physical, Part;

    if (Bytes > VMM_MEMORY_ACCESS_MAX && VmFuncVmxGetCurrentExecutionMode())
        return FALSE;
    for (; Bytes > 0; Bytes -= Part, VirtualAddress += Part) {
        Part = BytesOfPage(VirtualAddress) < Bytes ? BytesOfPage(VirtualAddress) : Bytes;
        if (!VirtualAddressToPhysicalAddress(VirtualAddress, &Physical))
            return FALSE;
    }
    return TRUE;
}

/* --- code --- */

UINT32 CheckAddressMaximumInstructionLength(UINT64 VirtualAddress)
{
    UINT64 First = BytesOfPage(VirtualAddress);

    if (!CheckAccessValidityAndSafety(VirtualAddress, 1))
        return 0;
    if (First >= INSTRUCTION_MAX_LENGTH || CheckAccessValidityAndSafety(VirtualAddress + First, 1))
        return INSTRUCTION_MAX_LENGTH;
    return (UINT32)First;
}

UINT32 DisassemblerLengthDisassembleEngine(UINT64 VirtualAddress, UINT32 Mode)
{
    UINT8 Bytes[INSTRUCTION_MAX_LENGTH];
    UINT32 Available = CheckAddressMaximumInstructionLength(VirtualAddress);
    INSTRUCTION Instruction;

    if ((Mode != 16 && Mode != 32 && Mode != 64) ||
        !MemoryMapperReadMemorySafe(VirtualAddress, Bytes, Available) ||
        !InstructionDecode(Bytes, Available, Mode, &Instruction))
        return 0;
    return Instruction.Length;
}

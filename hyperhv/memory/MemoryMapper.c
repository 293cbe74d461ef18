// SPDX-License-Identifier: GPL-2.0-only
/*
 * MemoryMapper.c - root mode's access to the guest's memory, page by page through the core's window.
 *
 * Context: VMX root mode. SDM Vol. 3, 4.5 (page walks), 4.1.4 (MAXPHYADDR).
 */
#include "hyperhv/memory/MemoryMapper.h"

#include "platform/CpuInstructions.h"
#include "platform/PlatformMemory.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/hooks/Hooks.h"
#include "hyperhv/memory/PhysicalWidth.h"
#include "hyperhv/memory/RootPageTable.h"

#define PTE_PRESENT    1ull
#define PTE_LARGE      (1ull << 7)
#define PTE_ADDRESS    0x000FFFFFFFFFF000ull
#define CR4_LA57       (1ull << 12)
#define LEVEL_BITS     9
#define PAGE_OFFSET(A) ((A) & (PLATFORM_PAGE_SIZE - 1))

typedef enum _MAPPER_DIRECTION {
    MAPPER_READ,
    MAPPER_WRITE,
} MAPPER_DIRECTION;

/* Bytes that lie in one page. */
static BOOLEAN MapperMovePart(VIRTUAL_MACHINE_STATE *VCpu, MAPPER_DIRECTION Direction, UINT64 Physical,
                              PVOID Buffer, SIZE_T Bytes)
{
    PVOID Window;

    if (Physical > PhysicalAddressMask())
        return FALSE;
    Window = RootPageTableMapWindow(VCpu->CoreId, Physical);
    if (Direction == MAPPER_READ) {
        PlatformMemoryCopy(Buffer, Window, Bytes);
    } else {
        PlatformMemoryCopy(Window, Buffer, Bytes);
        HooksPageWritten(Physical);
    }
    return TRUE;
}

static SIZE_T MapperPart(UINT64 Address, SIZE_T Bytes)
{
    SIZE_T Part = (SIZE_T)(PLATFORM_PAGE_SIZE - PAGE_OFFSET(Address));

    return Part < Bytes ? Part : Bytes;
}

static BOOLEAN MapperMovePhysical(VIRTUAL_MACHINE_STATE *VCpu, MAPPER_DIRECTION Direction, UINT64 Physical,
                                  UINT8 *Buffer, SIZE_T Bytes)
{
    SIZE_T Part;

    for (; Bytes > 0; Bytes -= Part, Physical += Part, Buffer += Part) {
        Part = MapperPart(Physical, Bytes);
        if (!MapperMovePart(VCpu, Direction, Physical, Buffer, Part))
            return FALSE;
    }
    return TRUE;
}

static BOOLEAN MapperMoveVirtual(VIRTUAL_MACHINE_STATE *VCpu, MAPPER_DIRECTION Direction, UINT64 Cr3,
                                 UINT64 Virtual, UINT8 *Buffer, SIZE_T Bytes)
{
    UINT64 Physical;
    SIZE_T Part;

    for (; Bytes > 0; Bytes -= Part, Virtual += Part, Buffer += Part) {
        Part = MapperPart(Virtual, Bytes);
        if (!MemoryMapperVirtualToPhysical(VCpu, Cr3, Virtual, &Physical) ||
            !MapperMovePart(VCpu, Direction, Physical, Buffer, Part))
            return FALSE;
    }
    return TRUE;
}

BOOLEAN MemoryMapperReadPhysical(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Physical, PVOID Buffer, SIZE_T Bytes)
{
    return MapperMovePhysical(VCpu, MAPPER_READ, Physical, Buffer, Bytes);
}

BOOLEAN MemoryMapperWritePhysical(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Physical, const VOID *Buffer,
                                  SIZE_T Bytes)
{
    return MapperMovePhysical(VCpu, MAPPER_WRITE, Physical, (UINT8 *)(UINTPTR)Buffer, Bytes);
}

BOOLEAN MemoryMapperReadVirtual(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Cr3, UINT64 Virtual, PVOID Buffer,
                                SIZE_T Bytes)
{
    return MapperMoveVirtual(VCpu, MAPPER_READ, Cr3, Virtual, Buffer, Bytes);
}

BOOLEAN MemoryMapperWriteVirtual(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Cr3, UINT64 Virtual, const VOID *Buffer,
                                 SIZE_T Bytes)
{
    return MapperMoveVirtual(VCpu, MAPPER_WRITE, Cr3, Virtual, (UINT8 *)(UINTPTR)Buffer, Bytes);
}

/* Bits 63 down to the width of a linear address are all alike. */
static BOOLEAN IsCanonical(UINT64 Virtual, UINT32 Levels)
{
    UINT32 Shift = 64 - (PLATFORM_PAGE_SHIFT + Levels * LEVEL_BITS);

    return (UINT64)((INT64)(Virtual << Shift) >> Shift) == Virtual;
}

BOOLEAN MemoryMapperVirtualToPhysical(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Cr3, UINT64 Virtual,
                                      UINT64 *Physical)
{
    UINT32 Levels = (g_Backend->GetCr4(VCpu) & CR4_LA57) ? 5 : 4;
    UINT32 Level;
    UINT64 Entry = Cr3;
    UINT64 Index, PageMask;

    if (!IsCanonical(Virtual, Levels))
        return FALSE;

    for (Level = Levels; Level > 0; Level--) {
        UINT32 Shift = PLATFORM_PAGE_SHIFT + (Level - 1) * LEVEL_BITS;

        Index = (Virtual >> Shift) & ((1u << LEVEL_BITS) - 1);
        if (!MapperMovePart(VCpu, MAPPER_READ, (Entry & PTE_ADDRESS) + Index * sizeof(Entry), &Entry,
                            sizeof(Entry)) ||
            !(Entry & PTE_PRESENT))
            return FALSE;
        if (Level == 1 || (Level <= 3 && (Entry & PTE_LARGE))) {
            PageMask  = (1ull << Shift) - 1;
            *Physical = (Entry & PTE_ADDRESS & ~PageMask) | (Virtual & PageMask);
            return *Physical <= PhysicalAddressMask(); /* above it the bits are reserved: #PF */
        }
    }
    return FALSE;
}

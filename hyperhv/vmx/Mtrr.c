// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mtrr.c - the memory types that the MTRRs give.
 *
 * Context: process. SDM Vol. 3, 12.11.1-12.11.4: fixed ranges below 1 MiB, variable ranges with overlaps, a
 * default.
 */
#include "hyperhv/vmx/Mtrr.h"

#include "platform/CpuInstructions.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/memory/PhysicalWidth.h"

#define MTRR_MAX_VARIABLE 32
#define MTRRCAP_COUNT     0xFFull
#define MTRRCAP_FIXED     (1ull << 8)
#define DEF_TYPE_TYPE     0xFFull
#define DEF_TYPE_FIXED    (1ull << 10)
#define DEF_TYPE_ENABLED  (1ull << 11)
#define PHYSMASK_VALID    (1ull << 11)
#define PHYSBASE_TYPE     0xFFull
#define ADDRESS_MASK      (~0xFFFull)
#define FIXED_END         0x100000ull
#define SMALL_PAGE        0x1000ull

typedef struct _MTRR_VARIABLE {
    UINT64 Base;
    UINT64 End; /* first byte after the range */
    UINT32 Type;
} MTRR_VARIABLE;

/* What one fixed-range MSR covers: eight ranges of Unit bytes from Base. */
typedef struct _MTRR_FIXED {
    UINT32 Msr;
    UINT32 Base;
    UINT32 Unit;
} MTRR_FIXED;

static const MTRR_FIXED FixedRanges[] = {
    {IA32_MTRR_FIX64K_00000, 0x00000, 0x10000},   {IA32_MTRR_FIX16K_80000, 0x80000, 0x4000},
    {IA32_MTRR_FIX16K_A0000, 0xA0000, 0x4000},    {IA32_MTRR_FIX4K_C0000, 0xC0000, 0x1000},
    {IA32_MTRR_FIX4K_C0000 + 1, 0xC8000, 0x1000}, {IA32_MTRR_FIX4K_C0000 + 2, 0xD0000, 0x1000},
    {IA32_MTRR_FIX4K_C0000 + 3, 0xD8000, 0x1000}, {IA32_MTRR_FIX4K_C0000 + 4, 0xE0000, 0x1000},
    {IA32_MTRR_FIX4K_C0000 + 5, 0xE8000, 0x1000}, {IA32_MTRR_FIX4K_C0000 + 6, 0xF0000, 0x1000},
    {IA32_MTRR_FIX4K_C0000 + 7, 0xF8000, 0x1000},
};

/* Written by MtrrInitialize only. */
static MTRR_VARIABLE Variable[MTRR_MAX_VARIABLE];
static UINT32 VariableCount;
static UINT64 FixedTypes[COUNT_OF(FixedRanges)]; /* the MSRs: eight types each */
static BOOLEAN FixedEnabled;
static UINT32 DefaultType;
static UINT64 HighestEnd; /* above it everything has the default type */

/* A mask with a hole below its top makes several ranges; processors allow it, no firmware does it: the range
 * is then read as one that ends where the highest of them ends. */
static VOID MtrrReadVariable(UINT32 Index)
{
    UINT64 Base = CpuReadMsr(IA32_MTRR_PHYSBASE0 + 2 * Index);
    UINT64 Mask = CpuReadMsr(IA32_MTRR_PHYSBASE0 + 2 * Index + 1);
    MTRR_VARIABLE *Range;
    UINT64 Size;

    if (!(Mask & PHYSMASK_VALID) || VariableCount == MTRR_MAX_VARIABLE)
        return;
    Mask &= ADDRESS_MASK & PhysicalAddressMask();
    Size        = (PhysicalAddressMask() & ~Mask) + 1;
    Range       = &Variable[VariableCount++];
    Range->Base = Base & Mask;
    Range->End  = Range->Base + Size;
    Range->Type = (UINT32)(Base & PHYSBASE_TYPE);
    if (Range->End > HighestEnd)
        HighestEnd = Range->End;
}

VOID MtrrInitialize(VOID)
{
    UINT64 Capabilities = CpuReadMsr(IA32_MTRRCAP);
    UINT64 Default      = CpuReadMsr(IA32_MTRR_DEF_TYPE);
    UINT32 Index;

    VariableCount = 0;
    FixedEnabled  = FALSE;
    HighestEnd    = FIXED_END;
    DefaultType   = MEMORY_TYPE_UNCACHEABLE;
    if (!(Default & DEF_TYPE_ENABLED))
        return; /* 12.11.2.1: all memory is uncacheable */

    DefaultType = (UINT32)(Default & DEF_TYPE_TYPE);
    for (Index = 0; Index < (Capabilities & MTRRCAP_COUNT); Index++)
        MtrrReadVariable(Index);

    FixedEnabled = (Default & DEF_TYPE_FIXED) && (Capabilities & MTRRCAP_FIXED);
    for (Index = 0; FixedEnabled && Index < COUNT_OF(FixedRanges); Index++)
        FixedTypes[Index] = CpuReadMsr(FixedRanges[Index].Msr);
}

static UINT32 MtrrFixedType(UINT64 Address)
{
    UINT32 Index = COUNT_OF(FixedRanges) - 1;

    while (FixedRanges[Index].Base > Address)
        Index--;
    return (FixedTypes[Index] >> (8 * ((Address - FixedRanges[Index].Base) / FixedRanges[Index].Unit))) &
           0xFF;
}

/* 12.11.4.1: where ranges overlap, UC wins; WT wins over WB; anything else is undefined, and UC is safe. */
static UINT32 MtrrCombine(UINT32 One, UINT32 Other)
{
    if (One == Other)
        return One;
    if ((One == MEMORY_TYPE_WRITE_THROUGH && Other == MEMORY_TYPE_WRITE_BACK) ||
        (One == MEMORY_TYPE_WRITE_BACK && Other == MEMORY_TYPE_WRITE_THROUGH))
        return MEMORY_TYPE_WRITE_THROUGH;
    return MEMORY_TYPE_UNCACHEABLE;
}

/* One type for the range by the variable ranges; FALSE when one of them covers it in part. */
static BOOLEAN MtrrVariableType(UINT64 Start, UINT64 End, UINT32 *Type)
{
    BOOLEAN Found = FALSE;
    UINT32 Index;

    *Type = DefaultType;
    for (Index = 0; Index < VariableCount; Index++) {
        const MTRR_VARIABLE *Range = &Variable[Index];

        if (Range->End <= Start || Range->Base >= End)
            continue;
        if (Range->Base > Start || Range->End < End)
            return FALSE;
        *Type = Found ? MtrrCombine(*Type, Range->Type) : Range->Type;
        Found = TRUE;
    }
    return TRUE;
}

BOOLEAN MtrrTypeOfRange(UINT64 Start, UINT64 Length, UINT32 *Type)
{
    if (Start >= HighestEnd) {
        *Type = DefaultType;
        return TRUE;
    }
    if (FixedEnabled && Start < FIXED_END) {
        *Type = MtrrFixedType(Start);
        return Length == SMALL_PAGE;
    }
    return MtrrVariableType(Start, Start + Length, Type);
}

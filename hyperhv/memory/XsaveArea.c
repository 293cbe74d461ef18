// SPDX-License-Identifier: GPL-2.0-only
/*
 * XsaveArea.c - the sizes that CPUID tells of the extended state.
 *
 * Context: any. SDM Vol. 1, 13.4 (the area's parts); Vol. 2, CPUID, leaf 0DH.
 */
#include "hyperhv/memory/XsaveArea.h"

#include "platform/CpuInstructions.h"

#define LEAF_EXTENDED_STATE     0xDu
#define COMPONENT_FIRST         2u /* x87 and SSE are the area's first part */
#define COMPONENT_LAST          62u
#define COMPONENT_IS_SUPERVISOR 1u /* of a component's ECX: not in the standard format */
#define COMPONENT_IS_ALIGNED    2u /* to 64 bytes, in the compacted format */
#define COMPONENT_ALIGNMENT     64u

/* What the processor would need for all that is enabled: components that are not are no part of that. */
static UINT32 WithinEnabled(UINT32 Size, UINT32 Subleaf)
{
    CPUID_RESULT Result;

    CpuCpuid(LEAF_EXTENDED_STATE, Subleaf, &Result);
    if (Result.Ebx < XSAVE_LEGACY_AND_HEADER || Size < Result.Ebx)
        return Size;
    return Result.Ebx;
}

UINT32 XsaveAreaSize(UINT64 Components)
{
    UINT32 Size = XSAVE_LEGACY_AND_HEADER, Index;
    CPUID_RESULT Component;

    for (Index = COMPONENT_FIRST; Index <= COMPONENT_LAST; Index++) {
        if (!(Components & (1ull << Index)))
            continue;
        CpuCpuid(LEAF_EXTENDED_STATE, Index, &Component);
        if (!(Component.Ecx & COMPONENT_IS_SUPERVISOR) && Component.Ebx + Component.Eax > Size)
            Size = Component.Ebx + Component.Eax;
    }
    return WithinEnabled(Size, 0);
}

UINT32 XsaveAreaCompactedSize(UINT64 Layout, UINT64 Components)
{
    UINT32 Size = XSAVE_LEGACY_AND_HEADER, End = Size, Index;
    CPUID_RESULT Component;

    for (Index = COMPONENT_FIRST; Index <= COMPONENT_LAST; Index++) {
        if (!(Layout & (1ull << Index)))
            continue;
        CpuCpuid(LEAF_EXTENDED_STATE, Index, &Component);
        if (Component.Ecx & COMPONENT_IS_ALIGNED)
            Size = (Size + COMPONENT_ALIGNMENT - 1) & ~(COMPONENT_ALIGNMENT - 1);
        Size += Component.Eax;
        if (Components & (1ull << Index))
            End = Size;
    }
    return WithinEnabled(End, 1);
}

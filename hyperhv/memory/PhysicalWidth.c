// SPDX-License-Identifier: GPL-2.0-only
/*
 * PhysicalWidth.c - how wide addresses are. Context: any (Initialize: process). SDM Vol. 3, 4.1.4.
 */
#include "hyperhv/memory/PhysicalWidth.h"

#include "platform/CpuInstructions.h"

#define CPUID_EXTENDED_LAST 0x80000000u
#define CPUID_ADDRESS_SIZES 0x80000008u
#define DEFAULT_WIDTH       36
#define DEFAULT_LINEAR      48

/* Written by PhysicalWidthInitialize only. */
static UINT32 Width       = DEFAULT_WIDTH;
static UINT32 LinearWidth = DEFAULT_LINEAR;

VOID PhysicalWidthInitialize(VOID)
{
    CPUID_RESULT Result;

    CpuCpuid(CPUID_EXTENDED_LAST, 0, &Result);
    if (Result.Eax < CPUID_ADDRESS_SIZES) {
        Width       = DEFAULT_WIDTH;
        LinearWidth = DEFAULT_LINEAR;
        return;
    }
    CpuCpuid(CPUID_ADDRESS_SIZES, 0, &Result);
    Width       = Result.Eax & 0xFF;
    LinearWidth = (Result.Eax >> 8) & 0xFF;
}

UINT32 PhysicalAddressWidth(VOID)
{
    return Width;
}

UINT64 PhysicalAddressMask(VOID)
{
    return (1ull << Width) - 1;
}

BOOLEAN LinearAddressIsCanonical(UINT64 Address)
{
    UINT32 Shift = 64 - LinearWidth;

    return (UINT64)((INT64)(Address << Shift) >> Shift) == Address;
}

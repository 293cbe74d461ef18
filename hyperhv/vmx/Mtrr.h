/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mtrr.h - the memory types that the MTRRs give, for the EPT's leaves. SDM Vol. 3, 12.11.
 */
#ifndef HYPERHV_VMX_MTRR_H
#define HYPERHV_VMX_MTRR_H

#include "SDK/BasicTypes.h"

#define MEMORY_TYPE_UNCACHEABLE     0u
#define MEMORY_TYPE_WRITE_COMBINING 1u
#define MEMORY_TYPE_WRITE_THROUGH   4u
#define MEMORY_TYPE_WRITE_PROTECTED 5u
#define MEMORY_TYPE_WRITE_BACK      6u

/* Process context. Reads the MTRRs, which are the same on all cores. After PhysicalWidthInitialize. */
VOID MtrrInitialize(VOID);

/* Any, after Initialize. Type of [Start, Start + Length), both multiples of 4 KiB. FALSE: the range has
 * several types (never for 4 KiB). */
BOOLEAN MtrrTypeOfRange(UINT64 Start, UINT64 Length, UINT32 *Type);

#endif

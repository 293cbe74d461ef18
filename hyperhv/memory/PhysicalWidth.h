/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PhysicalWidth.h - how wide physical addresses are, and linear ones.
 */
#ifndef HYPERHV_MEMORY_PHYSICAL_WIDTH_H
#define HYPERHV_MEMORY_PHYSICAL_WIDTH_H

#include "SDK/BasicTypes.h"

/* Process context. Reads MAXPHYADDR (SDM Vol. 3, 4.1.4: CPUID.80000008H:EAX[7:0], 36 where that leaf is
 * missing). */
VOID PhysicalWidthInitialize(VOID);

/* Any, after Initialize. In bits; and the highest physical address. */
UINT32 PhysicalAddressWidth(VOID);
UINT64 PhysicalAddressMask(VOID);

/* Any, after Initialize. Would the processor take this address for an MSR? It looks at the width that it can
 * do, whatever CR4.LA57 says (SDM Vol. 3, 4.5.2; CPUID.80000008H:EAX[15:8]). */
BOOLEAN LinearAddressIsCanonical(UINT64 Address);

#endif

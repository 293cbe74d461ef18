/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XsaveArea.h - how much memory the processor's extended state takes.
 *
 * Context: any. SDM Vol. 1, 13.2, 13.4, 13.7 to 13.13.
 */
#ifndef HYPERHV_MEMORY_XSAVE_AREA_H
#define HYPERHV_MEMORY_XSAVE_AREA_H

#include "SDK/BasicTypes.h"

#define XSAVE_HEADER_OFFSET         512u
#define XSAVE_HEADER_XCOMP_BV       (XSAVE_HEADER_OFFSET + 8u)
#define XSAVE_LEGACY_AND_HEADER     576u
#define XSAVE_XCOMP_BV_IS_COMPACTED (1ull << 63)

/* Bytes from the area's beginning to the end of the last of Components that this processor has enabled: of
 * the standard format, and of the compacted one that has room for Layout. */
UINT32 XsaveAreaSize(UINT64 Components);
UINT32 XsaveAreaCompactedSize(UINT64 Layout, UINT64 Components);

#endif

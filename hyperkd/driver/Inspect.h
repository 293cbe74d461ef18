/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inspect.h - requests that look at the kernel and change nothing: symbols, page tables.
 *
 * Context: process. Each serves one request of SDK/Ioctls.h in place and returns its KernelStatus.
 */
#ifndef HYPERDBG_HYPERKD_INSPECT_H
#define HYPERDBG_HYPERKD_INSPECT_H

#include "SDK/BasicTypes.h"

UINT32 InspectSymbols(PVOID Buffer);     /* DEBUGGER_QUERY_SYMBOLS */
UINT32 InspectAddress(PVOID Buffer);     /* DEBUGGER_QUERY_ADDRESS */
UINT32 InspectTranslation(PVOID Buffer); /* DEBUGGER_QUERY_TRANSLATION */

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MsrNames.h - well-known model-specific registers by name.
 *
 * Context: user space. SDM Vol. 4, 2.1 (architectural MSRs).
 */
#ifndef HYPERDBG_LIBHYPERDBG_MSR_NAMES_H
#define HYPERDBG_LIBHYPERDBG_MSR_NAMES_H

#include "libhyperdbg/Nearest.h"

typedef struct _MSR_NAME {
    UINT32 Number;
    const CHAR *Name;
} MSR_NAME;

extern const MSR_NAME g_MsrNames[]; /* sorted by number */
extern const UINT32 g_MsrNameCount;

/* The name of an MSR, or NULL. */
const CHAR *MsrName(UINT64 Number);

/* The number behind a name, "IA32_" and case being optional. */
BOOLEAN MsrFind(const CHAR *Name, UINT64 *Number);

VOID MsrOfferNames(NEAREST *Nearest);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Nearest.h - "did you mean": the known word that a mistyped one is closest to.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_NEAREST_H
#define HYPERDBG_LIBHYPERDBG_NEAREST_H

#include "SDK/BasicTypes.h"

typedef struct _NEAREST {
    const CHAR *Typed;
    const CHAR *Best; /* NULL: nothing is close */
    UINT32 Distance;  /* of Best */
} NEAREST;

/* Prepares for offering candidates; Typed must stay. */
VOID NearestBegin(NEAREST *Nearest, const CHAR *Typed);

/* Offers one candidate, kept if it is the closest so far and at most a third of its letters differ. Case and
 * a leading '!' or '.' count for nothing. */
VOID NearestOffer(NEAREST *Nearest, const CHAR *Candidate);

#endif

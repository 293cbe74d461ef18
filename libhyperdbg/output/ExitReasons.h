/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ExitReasons.h - the processor's numbers of exit reasons in words.
 *
 * Context: user space. SDM Vol. 3, Appendix C (VMX basic exit reasons).
 */
#ifndef HYPERDBG_LIBHYPERDBG_EXIT_REASONS_H
#define HYPERDBG_LIBHYPERDBG_EXIT_REASONS_H

#include "SDK/BasicTypes.h"

/* Never NULL. */
const CHAR *ExitReasonName(UINT32 Reason);

#endif

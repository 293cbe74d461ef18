/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformString.h - bounded formatting.
 */
#ifndef HYPERDBG_PLATFORM_STRING_H
#define HYPERDBG_PLATFORM_STRING_H

#include "SDK/BasicTypes.h"

/* Any context, VMX root mode included (implemented without the kernel's formatter). Writes at most Size
 * bytes, always a final zero (Size > 0); returns the length that the whole text has or would have had,
 * without the final zero. Conversions: %d %i %u %x %X %o %c %s %p %% with the lengths l, ll, z, and flags 0 -
 * and width. */
UINT32 PlatformFormat(CHAR *Buffer, UINT32 Size, const CHAR *Fmt, va_list ArgList);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LogFormat.h - text from a format, without the kernel's or a library's help.
 */
#ifndef HYPERDBG_HYPERLOG_LOG_FORMAT_H
#define HYPERDBG_HYPERLOG_LOG_FORMAT_H

#include "SDK/BasicTypes.h"

/* No field is padded, and no number written with more digits, than this, whatever its width or precision
 * says: a formatter that runs in VMX root mode ends soon. */
#define LOG_FORMAT_WIDEST 1024

/* Any context, VMX root mode included. Writes at most Size bytes, the last of them a zero (Size 0: nothing,
 * and Buffer may be NULL); returns the length that the whole text has or would have had, without that zero.
 *
 * The conversions of printf %d %i %u %x %X %o %c %s %p %%, with the flags 0 - + # and space, width, precision
 * (both also as *) and the lengths hh h l ll z j t. %p is 0x and the digits, for NULL too; %s of NULL is
 * "(null)". Any other conversion, and all that follows it, is copied as it stands: no argument is then read
 * with a wrong type. Strings are read in the caller's context: they must not fault. */
UINT32 LogFormat(CHAR *Buffer, UINT32 Size, const CHAR *Fmt, va_list ArgList)
    __attribute__((__format__(__printf__, 3, 0)));

/* The same with variable arguments. */
UINT32 LogFormatText(CHAR *Buffer, UINT32 Size, const CHAR *Fmt, ...)
    __attribute__((__format__(__printf__, 3, 4)));

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * BasicTypes.h - the fixed-width integer types that every room and every third party shares.
 *
 * Kernel code is built without <stdint.h> and user space without <linux/types.h>, so the widths are spelled
 * here, once, from the compiler's own definitions. Context: any.
 */
#ifndef HYPERDBG_SDK_BASIC_TYPES_H
#define HYPERDBG_SDK_BASIC_TYPES_H

typedef __INT8_TYPE__ INT8;
typedef __INT16_TYPE__ INT16;
typedef __INT32_TYPE__ INT32;
/* `long long`, not __INT64_TYPE__: %llx then fits in kernel and user space alike. */
typedef long long INT64;

typedef __UINT8_TYPE__ UINT8;
typedef __UINT16_TYPE__ UINT16;
typedef __UINT32_TYPE__ UINT32;
typedef unsigned long long UINT64;

/* An integer as wide as a pointer: addresses on their way to and from pointers. */
typedef __UINTPTR_TYPE__ UINTPTR;
typedef __SIZE_TYPE__ SIZE_T;

typedef char CHAR;
typedef UINT8 BOOLEAN;
typedef void VOID;
typedef void *PVOID;

/* Other headers of a kernel define these names too; the values are the same everywhere. */
#undef TRUE
#undef FALSE
#define TRUE  1
#define FALSE 0

#ifndef NULL
#define NULL ((void *)0)
#endif

/* Variable arguments, spelled as every <stdarg.h> spells them, which a kernel has not. */
typedef __builtin_va_list va_list;
#ifndef va_start
#define va_start(v, l) __builtin_va_start(v, l)
#define va_end(v)      __builtin_va_end(v)
#define va_arg(v, l)   __builtin_va_arg(v, l)
#define va_copy(d, s)  __builtin_va_copy(d, s)
#endif

/* Number of elements of an array (never of a pointer). */
#define COUNT_OF(Array) (sizeof(Array) / sizeof((Array)[0]))

/* Which way a test usually goes: the other one is compiled out of line. */
#define LIKELY(Condition)   __builtin_expect(!!(Condition), 1)
#define UNLIKELY(Condition) __builtin_expect(!!(Condition), 0)

/* A condition that must hold when the code is compiled. */
#define STATIC_ASSERT(Condition) _Static_assert(Condition, #Condition)

STATIC_ASSERT(sizeof(UINT64) == 8 && sizeof(UINT32) == 4 && sizeof(UINT16) == 2 && sizeof(UINT8) == 1);
STATIC_ASSERT(sizeof(UINTPTR) == sizeof(PVOID));

#endif

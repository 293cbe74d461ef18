/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformSymbols.h - names of the kernel's functions and data, its modules' included.
 */
#ifndef HYPERDBG_PLATFORM_SYMBOLS_H
#define HYPERDBG_PLATFORM_SYMBOLS_H

#include "SDK/BasicTypes.h"

#define PLATFORM_SYMBOL_NAME_LENGTH   128 /* with the final zero; what is longer is cut */
#define PLATFORM_SYMBOL_MODULE_LENGTH 64

/* What names the kernel itself, where a module's name may stand. */
#define PLATFORM_SYMBOL_KERNEL "kernel"

typedef struct _PLATFORM_SYMBOL {
    UINT64 Address;
    UINT64 Size; /* bytes up to the next symbol; 0: not known */
    CHAR Name[PLATFORM_SYMBOL_NAME_LENGTH];
    CHAR Module[PLATFORM_SYMBOL_MODULE_LENGTH]; /* PLATFORM_SYMBOL_KERNEL for the kernel itself */
} PLATFORM_SYMBOL;

/* One symbol that was found. FALSE: enough. Must not sleep. */
typedef BOOLEAN (*PLATFORM_SYMBOL_FOUND)(PVOID Context, const CHAR *Module, const CHAR *Name, UINT64 Address);

/* Process context. All symbols that have a kernel address and a name that Pattern fits (* any characters, ?
 * one), first those of the kernel itself, then the modules'; of one module only, unless Module is "". A name
 * without wildcards takes thousands of instructions, one with them tens of millions. FALSE: this kernel does
 * not tell. */
BOOLEAN PlatformSymbolsSearch(const CHAR *Module, const CHAR *Pattern, PLATFORM_SYMBOL_FOUND Found,
                              PVOID Context);

/* Process context. The symbol that a kernel address belongs to. FALSE: there is none. */
BOOLEAN PlatformSymbolOfAddress(UINT64 Address, PLATFORM_SYMBOL *Symbol);

#endif

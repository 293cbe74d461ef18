/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Address.h - addresses as users of the debugger write them: a number, or a symbol of the kernel.
 *
 * ffffffff81000000, do_sys_open, do_sys_open+1f, other!start, kernel!start (in no module). A word that is a
 * number is one: kernel!add for a function whose name has only hexadecimal digits.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_ADDRESS_H
#define HYPERDBG_LIBHYPERDBG_ADDRESS_H

#include "SDK/Ioctls.h"

#define ADDRESS_SYNTAX "a number, or a symbol of the kernel as name, module!name, name+10"

typedef struct _ADDRESS_TEXT {
    BOOLEAN HasName;
    CHAR Module[HYPERDBG_SYMBOL_MODULE_LENGTH]; /* "": of any module, or none */
    CHAR Name[HYPERDBG_SYMBOL_NAME_LENGTH];
    UINT64 Offset; /* to be added to the symbol's address; without a name the address itself */
} ADDRESS_TEXT;

/* FALSE: the text is neither. Whether there is such a symbol is not asked. */
BOOLEAN AddressParse(const CHAR *Text, ADDRESS_TEXT *Address);

/* The same for what is looked for: [module!]name, in which * and ? may stand, and no offset. */
BOOLEAN AddressParsePattern(const CHAR *Text, ADDRESS_TEXT *Address);

#endif

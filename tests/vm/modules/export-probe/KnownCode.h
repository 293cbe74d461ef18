/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KnownCode.h - code of export-probe whose bytes are known.
 */
#ifndef HYPERDBG_TESTS_KNOWN_CODE_H
#define HYPERDBG_TESTS_KNOWN_CODE_H

#include <linux/objtool.h>

#define KNOWN_CODE(name, code)                                                                               \
    asm(".pushsection .text\n.balign 16\n.type " #name ", @function\n" #name ":\n" ANNOTATE_NOENDBR code     \
        "\n.size " #name ", . - " #name "\n.popsection")

KNOWN_CODE(ten_bytes_long, "movabs $0x1122334455667788, %rax\n jmp __x86_return_thunk");
KNOWN_CODE(returns_one, "mov $1, %eax\n jmp __x86_return_thunk");

long ten_bytes_long(void);
long returns_one(void);

#endif

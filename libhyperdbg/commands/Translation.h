/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Translation.h - what the commands that look at page tables share.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_TRANSLATION_H
#define HYPERDBG_LIBHYPERDBG_TRANSLATION_H

#include "SDK/Ioctls.h"
#include "libhyperdbg/commands/Command.h"

enum { TRANSLATION_ADDRESS = 0, TRANSLATION_PID };

/* ORDER of the enumeration */
#define TRANSLATION_PARAMETERS                                                                               \
    {"address",                                                                                              \
     "address",                                                                                              \
     PARAMETER_ADDRESS,                                                                                      \
     PARAMETER_POSITIONAL | PARAMETER_REQUIRED,                                                              \
     0,                                                                                                      \
     NULL,                                                                                                   \
     "a number, or name, module!name, name+10"},                                                             \
    {                                                                                                        \
        "pid", "N", PARAMETER_NUMBER, PARAMETER_OR_ALL, HYPERDBG_ALL_PROCESSES - 1, NULL,                    \
            "in the page tables of this process (0n1234 for a decimal number); without it in the kernel's"   \
    }

/* Asks for the translation that the arguments name. FALSE: it could not be asked, and that was said. */
BOOLEAN TranslationAsk(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments,
                       DEBUGGER_QUERY_TRANSLATION *Query);

/* Where the address is, or that it is not mapped. */
VOID TranslationShow(HYPERDBG_SESSION *Session, const DEBUGGER_QUERY_TRANSLATION *Query);

#endif

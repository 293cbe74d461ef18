/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Terminal.h - where the session's lines go: standard output and standard error, coloured on a terminal.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_TERMINAL_H
#define HYPERDBG_TERMINAL_H

#include "libhyperdbg/LibHyperDbg.h"

typedef struct _TERMINAL {
    BOOLEAN IsColoured;        /* standard output is a terminal that shows colours, and NO_COLOR is not set */
    BOOLEAN AreErrorsAside;    /* errors go to standard error... */
    BOOLEAN AreErrorsColoured; /* ...and that is such a terminal */
    VOID (*BeforeLine)(VOID);  /* called before each line, when not NULL: the prompt clears itself */
} TERMINAL;

VOID TerminalInitialize(TERMINAL *Terminal, HYPERDBG_FORMAT Format, BOOLEAN IsInteractive);

/* A HYPERDBG_MESSAGE_CALLBACK; its context is a TERMINAL. */
VOID TerminalPrint(PVOID Context, HYPERDBG_MESSAGE_KIND Kind, const CHAR *Line);

#endif

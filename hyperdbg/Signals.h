/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Signals.h - signals as bytes in a pipe, so that a poll never misses one.
 *
 * Context: user space. The handler is async-signal-safe.
 */
#ifndef HYPERDBG_SIGNALS_H
#define HYPERDBG_SIGNALS_H

#include "libhyperdbg/LibHyperDbg.h"

/* For a script or -c: the first SIGINT ends a waiting command of Session, the second one the program. */
VOID SignalsForScript(HYPERDBG_SESSION *Session);

/* For the prompt: SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT and SIGWINCH go to the pipe while a line is
 * edited; while a command runs SIGINT ends it and SIGTSTP stops the program. FALSE: no pipe. */
BOOLEAN SignalsForPrompt(HYPERDBG_SESSION *Session);

/* Tells the handler which of the two it is. */
VOID SignalsSetEditing(BOOLEAN IsEditing);

/* Readable while signals wait. */
INT32 SignalsDescriptor(VOID);

/* The number of the next waiting signal; 0: none. */
INT32 SignalsNext(VOID);

#endif

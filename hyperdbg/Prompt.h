/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Prompt.h - the interactive terminal: a line being edited, and messages that come meanwhile.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_PROMPT_H
#define HYPERDBG_PROMPT_H

#include "hyperdbg/Terminal.h"

/* Reads and runs lines until the user leaves. Returns the program's exit status. */
INT32 PromptRun(HYPERDBG_SESSION *Session, TERMINAL *Terminal);

#endif

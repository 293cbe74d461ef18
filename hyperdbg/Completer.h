/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Completer.h - the Tab key.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_COMPLETER_H
#define HYPERDBG_COMPLETER_H

#include "libhyperdbg/LibHyperDbg.h"

struct editline;
VOID CompleterInstall(struct editline *Editor, HYPERDBG_SESSION *Session);

#endif

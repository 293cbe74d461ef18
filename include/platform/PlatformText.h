/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformText.h - the kernel's code: where its functions begin, and threads that are in the middle of it.
 */
#ifndef HYPERDBG_PLATFORM_TEXT_H
#define HYPERDBG_PLATFORM_TEXT_H

#include "SDK/BasicTypes.h"

/* Five bytes at a function's entry that the kernel keeps free for a call: a NOP, or the CALL that somebody
 * has put there; no thread is ever inside them. */
#define PLATFORM_TEXT_ENTRY_BYTES 5u

/* Process context. Where those bytes are, of the function at Address (Address itself, or the instruction
 * after a landing pad). FALSE: no function begins there, or the kernel keeps nothing free at its entry, as
 * with its code for entering and leaving and for what must not be traced. */
BOOLEAN PlatformTextFunctionEntry(UINT64 Address, UINT64 *Entry);

/* Process context, not under the hotplug lock; takes a tenth of a second or more. Every thread has left the
 * code that it was in when this was called, wherever it was interrupted or preempted. */
VOID PlatformTextWaitForThreads(VOID);

#endif

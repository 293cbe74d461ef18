/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ScriptRequests.h - the requests that move more than their structure: programs in, programs and maps out.
 *
 * Context: process, on the thread of the program that asks: its memory is what addresses mean.
 */
#ifndef HYPERDBG_HYPERKD_SCRIPT_REQUESTS_H
#define HYPERDBG_HYPERKD_SCRIPT_REQUESTS_H

#include "SDK/Ioctls.h"

/* Each returns KernelStatus. */
UINT32 ScriptRequestRegister(DEBUGGER_REGISTER_EVENT *Register);
UINT32 ScriptRequestRead(PVOID Buffer);    /* DEBUGGER_READ_SCRIPT */
UINT32 ScriptRequestReadMap(PVOID Buffer); /* DEBUGGER_READ_MAP */

#endif

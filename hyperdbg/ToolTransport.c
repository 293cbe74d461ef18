/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ToolTransport.c - the tool talks to this machine's devices.
 *
 * Context: user space.
 */
#include "hyperdbg/ToolTransport.h"

VOID ToolTransport(HYPERDBG_OPTIONS *Options)
{
    Options->Transport        = NULL;
    Options->TransportContext = NULL;
}

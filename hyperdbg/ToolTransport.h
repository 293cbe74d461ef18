/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ToolTransport.h - which machine the tool talks to, decided when it is linked: tests link a mock kernel
 * instead.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_TOOL_TRANSPORT_H
#define HYPERDBG_TOOL_TRANSPORT_H

#include "libhyperdbg/LibHyperDbg.h"

/* Fills Transport and TransportContext. */
VOID ToolTransport(HYPERDBG_OPTIONS *Options);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loader.h - wiring log, VMM and debugger together, starting them and taking them down.
 *
 * Context: process; one caller at a time (the device's lock).
 */
#ifndef HYPERDBG_HYPERKD_LOADER_H
#define HYPERDBG_HYPERKD_LOADER_H

#include "SDK/BasicTypes.h"

/* The door: may requests that need the VMM be served? Open from the start of a load to its failure, or to
 * the start of the unload. Written by the loader. */
extern BOOLEAN g_AllowIOCTLFromUsermode;

/* The VMM and the debugger are loaded by us. Written by the loader. */
extern BOOLEAN g_HandleInUse;

/* Loads. FALSE: not loaded; the machine is as before, DebuggerGetLastError says why, the log has a line. When
 * loaded already it fails and changes nothing. */
BOOLEAN LoaderInitVmmAndDebugger(VOID);

/* Unloads. FALSE: it was not loaded. */
BOOLEAN LoaderUninitVmmAndDebugger(VOID);

#endif

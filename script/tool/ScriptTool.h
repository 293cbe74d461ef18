/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ScriptTool.h - trying a script without any machine: what `hyperdbg -e` does.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_SCRIPT_TOOL_H
#define HYPERDBG_SCRIPT_TOOL_H

#include "script/engine/Engine.h"
#include "script/mock/Mock.h"

/* The command line, with the program's name as argv[0] and -e next. Returns the exit status: 0 well, 1 errors
 * in the script, 2 a run that failed, 3 wrong use. */
int ScriptToolMain(int argc, char **argv);

/* Reads a state (see docs/script.md): lines of `what = value`. FALSE with a message in Error. */
BOOLEAN StateParse(MOCK_STATE *State, const CHAR *Text, CHAR *Error, SIZE_T ErrorSize);

/* The memory that a verified program needs, for a number of cores; NULL if there is none. Freed by
 * InstanceFree. */
SCRIPT_INSTANCE *InstanceCreate(const SCRIPT_PROGRAM *Program, UINT32 Cores);
VOID InstanceFree(SCRIPT_INSTANCE *Instance);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ProgramCompile.h - from what a user wrote behind `script` to a program.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_PROGRAM_COMPILE_H
#define HYPERDBG_LIBHYPERDBG_PROGRAM_COMPILE_H

#include "libhyperdbg/LibHyperDbg.h"
#include "script/engine/Engine.h"

/* Is this word a block, "{ ... }"? */
BOOLEAN ProgramIsBlock(const CHAR *Word);

/* Compiles a block: "{ text }" or "{ file:PATH }", against the types of the kernel if it needs them.
 * Function: the kernel's function that $arg.name is of, or NULL. TRUE: Compilation->Program is there. FALSE:
 * what is wrong was said. ScriptCompilationFree in both cases. */
BOOLEAN ProgramCompile(HYPERDBG_SESSION *Session, const CHAR *Word, const CHAR *Function,
                       SCRIPT_COMPILATION *Compilation);

/* Says that the kernel does not take a program: why, and where in its source. */
VOID ProgramSayRefused(HYPERDBG_SESSION *Session, const SCRIPT_PROGRAM *Program, UINT32 Instruction,
                       const CHAR *Reason);

#endif

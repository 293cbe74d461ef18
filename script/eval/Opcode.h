/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Opcode.h - name and shape of every opcode, for the verifier and for listings.
 *
 * Context: any.
 */
#ifndef HYPERDBG_SCRIPT_OPCODE_H
#define HYPERDBG_SCRIPT_OPCODE_H

#include "SDK/Bytecode.h"

typedef struct _SCRIPT_OPCODE_INFO {
    const CHAR *Name;
    UINT8 Shape; /* SCRIPT_SHAPE */
} SCRIPT_OPCODE_INFO;

typedef struct _SCRIPT_BUILTIN_INFO {
    const CHAR *Spelling;
    UINT32 Arguments;
} SCRIPT_BUILTIN_INFO;

extern const SCRIPT_OPCODE_INFO g_ScriptOpcodes[SCRIPT_OPCODE_COUNT];
extern const SCRIPT_BUILTIN_INFO g_ScriptBuiltins[SCRIPT_BUILTIN_COUNT];
extern const CHAR *const g_ScriptRegisterNames[SCRIPT_REGISTER_COUNT];
extern const CHAR *const g_ScriptPseudoNames[SCRIPT_PSEUDO_COUNT];

/* Size of an element of a section. */
extern const UINT8 g_ScriptElementSizes[SCRIPT_SECTION_COUNT];

#endif

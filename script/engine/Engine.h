/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Engine.h - from the text of a script to its bytecode: the public face of the compiler.
 *
 * Context: user space.
 *
 * The stages, in the order in which the text passes through them; each knows only those before it:
 *
 *     Lex.c      characters -> tokens (and #include)
 *     Parse*.c   tokens -> tree (Tree.h)
 *     Check*.c   names, types and constants of the tree (Type.c, Btf.c, Names.c)
 *     Emit*.c    tree -> instructions
 *     Block.c    instructions, strings, maps... -> one block (SDK/Bytecode.h)
 *
 * The block is given to the verifier (script/eval) before it is handed out, so that what a kernel would
 * refuse is an error here already. Compiler.h holds what the stages share.
 */
#ifndef HYPERDBG_SCRIPT_ENGINE_H
#define HYPERDBG_SCRIPT_ENGINE_H

#include "SDK/Bytecode.h"

typedef struct _SCRIPT_BTF SCRIPT_BTF;

/* Kernel types. Path: a file with raw BTF or an ELF file, /sys/kernel/btf/vmlinux of this machine if NULL.
 * BasePath: what a module's BTF builds on, NULL if it stands alone. NULL with a message in Error if it cannot
 * be read. */
SCRIPT_BTF *ScriptBtfOpen(const CHAR *Path, const CHAR *BasePath, CHAR *Error, SIZE_T ErrorSize);
VOID ScriptBtfClose(SCRIPT_BTF *Btf);

typedef struct _SCRIPT_COMPILE_OPTIONS {
    SCRIPT_BTF *Btf;      /* kernel types, NULL: none; may serve any number of compilations, one at a time */
    const CHAR *Function; /* kernel function whose prototype gives $arg.name; NULL: none */
    /* Address of a name ("vfs_read", "module!name"); FALSE if it has none. NULL: there are no symbols. */
    BOOLEAN (*FindSymbol)(PVOID Context, const CHAR *Name, UINT64 *Address);
    /* Text of a file for #include, to be freed with free(); NULL if it cannot be read. NULL: #include is
     * refused. *Path is the name as found, to be freed too: it is shown in messages and further includes are
     * relative to it. */
    CHAR *(*ReadFile)(PVOID Context, const CHAR *Name, const CHAR *IncludedFrom, CHAR **Path, SIZE_T *Size);
    PVOID Context;
    const CHAR *const *Arguments; /* texts for $arg0, $arg1, ...: numbers or strings */
    UINT32 ArgumentCount;
} SCRIPT_COMPILE_OPTIONS;

typedef struct _SCRIPT_COMPILATION {
    SCRIPT_PROGRAM *Program; /* NULL if there were errors */
    UINT32 Errors;
    CHAR *Messages; /* "file:line:column: error: ...", the line itself and a caret, for each error; never NULL
                     */
} SCRIPT_COMPILATION;

/* Compiles Size characters of Text; Name is what messages call it. Options may be NULL. TRUE if there is a
 * program. ScriptCompilationFree in every case. */
BOOLEAN ScriptCompile(const SCRIPT_COMPILE_OPTIONS *Options, const CHAR *Name, const CHAR *Text, SIZE_T Size,
                      SCRIPT_COMPILATION *Compilation);
VOID ScriptCompilationFree(SCRIPT_COMPILATION *Compilation);

/* SCRIPT_COMPILE_OPTIONS.ReadFile for ordinary files: relative names are relative to the including file. */
CHAR *ScriptReadFile(PVOID Context, const CHAR *Name, const CHAR *IncludedFrom, CHAR **Path, SIZE_T *Size);

/* A listing of a verified program, to be freed with free(). */
CHAR *ScriptListProgram(const SCRIPT_PROGRAM *Program);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Case.h - the text cases of tests/script/cases.
 *
 * Context: user space.
 *
 * A file holds cases; see tests/script/cases/README.
 */
#ifndef HYPERDBG_TESTS_SCRIPT_CASE_H
#define HYPERDBG_TESTS_SCRIPT_CASE_H

#include "script/engine/Engine.h"
#include "script/mock/Mock.h"

typedef struct _CASE {
    CHAR *Name;
    CHAR *File;
    CHAR *State;  /* text, may be empty */
    CHAR *Script; /* text */
    CHAR *Output; /* expected */
    CHAR *Error;  /* expected of the compiler, may be empty */
    BOOLEAN Btf;
    CHAR *Function;
    const CHAR *Arguments[4];
    UINT32 ArgumentCount;
} CASE;

typedef struct _CASE_RESULT {
    CHAR *Output;   /* to be freed */
    CHAR *Messages; /* to be freed */
} CASE_RESULT;

/* All cases of a folder, in the order of names and places. Count cases; freed by CasesFree. */
CASE *CasesRead(const CHAR *Folder, UINT32 *Count);
VOID CasesFree(CASE *Cases, UINT32 Count);

/* Options for compiling a case; symbols come from State. */
VOID CaseOptions(const CASE *Case, SCRIPT_BTF *Btf, MOCK_STATE *State, SCRIPT_COMPILE_OPTIONS *Options);

/* Messages call the script "script"; what it includes is found beside the file of the cases. */
VOID CaseSourceName(const CASE *Case, CHAR *Name, SIZE_T Size);

/* Compiles and runs. */
VOID CaseRun(const CASE *Case, SCRIPT_BTF *Btf, CASE_RESULT *Result);

#endif

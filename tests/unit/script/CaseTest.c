// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * CaseTest.c - every text case, each as a test of its own.
 *
 * Context: user space. Built a second time with SCRIPT_SHRINK_LIMITS: there a case either holds as well, or
 * it is refused with the name of the limit that it met.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/script/Case.h"

#ifndef CASE_FOLDER
#define CASE_FOLDER "tests/script/cases"
#endif
#ifndef CASE_TYPES
#define CASE_TYPES "build/tests/script/Types.o"
#endif

static SCRIPT_BTF *g_Types;

#ifdef SCRIPT_SHRINK_LIMITS
static UINT32 g_Refused;

/* A refusal names a limit of the bytecode; anything else must be as in the full build. */
static BOOLEAN CaseIsRefused(const CASE_RESULT *Result)
{
    return strstr(Result->Messages, "limit SCRIPT_") != NULL ||
           strstr(Result->Output, "limit SCRIPT_") != NULL || strstr(Result->Output, ": full (") != NULL;
}
#else
static BOOLEAN CaseIsRefused(const CASE_RESULT *Result)
{
    (void)Result;
    return FALSE;
}
#endif

static VOID CaseShow(const CHAR *What, const CHAR *Expected, const CHAR *Found)
{
    print_error("--- expected %s\n%s--- found\n%s---\n", What, Expected, Found);
}

static void CaseHolds(void **State)
{
    const CASE *Case = *State;
    CASE_RESULT Result;
    BOOLEAN Good;

    CaseRun(Case, g_Types, &Result);
    Good = strcmp(Result.Output, Case->Output) == 0 && strcmp(Result.Messages, Case->Error) == 0;
    if (!Good && CaseIsRefused(&Result)) {
#ifdef SCRIPT_SHRINK_LIMITS
        g_Refused++;
#endif
        Good = TRUE;
    }
    if (!Good) {
        CaseShow("output", Case->Output, Result.Output);
        CaseShow("messages", Case->Error, Result.Messages);
    }
    free(Result.Output);
    free(Result.Messages);
    assert_true(Good);
}

/* The cases are many; were they not found, nothing would be tested. */
static void ThereAreManyCases(void **State)
{
    assert_true(*(UINT32 *)*State >= 300);
}

int main(void)
{
    CHAR Error[256] = "";
    UINT32 Count;
    CASE *Cases              = CasesRead(CASE_FOLDER, &Count);
    struct CMUnitTest *Tests = calloc(Count + 1, sizeof(*Tests));
    UINT32 Index;
    int Failed;

    g_Types = ScriptBtfOpen(CASE_TYPES, NULL, Error, sizeof(Error));
    if (g_Types == NULL) {
        print_error("%s\n", Error);
        return 1;
    }
    for (Index = 0; Index < Count; Index++) {
        Tests[Index].name          = Cases[Index].Name;
        Tests[Index].test_func     = CaseHolds;
        Tests[Index].initial_state = &Cases[Index];
    }
    Tests[Count].name          = "ThereAreManyCases";
    Tests[Count].test_func     = ThereAreManyCases;
    Tests[Count].initial_state = &Count;
    Failed                     = _cmocka_run_group_tests("script cases", Tests, Count + 1, NULL, NULL);
#ifdef SCRIPT_SHRINK_LIMITS
    print_message("%u of %u cases are refused with the name of a limit\n", g_Refused, Count);
    if (g_Refused == 0 || g_Refused > Count / 3) {
        print_error("a shrink build that refuses none, or a third of all, tests nothing\n");
        Failed++;
    }
#endif
    ScriptBtfClose(g_Types);
    CasesFree(Cases, Count);
    free(Tests);
    return Failed;
}

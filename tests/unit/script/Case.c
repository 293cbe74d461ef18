// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Case.c - reading and running the text cases of tests/script/cases.
 *
 * Context: user space.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/tool/ScriptTool.h"
#include "tests/unit/script/Case.h"

/* --- reading --- */

static CHAR *CaseCopy(const CHAR *Text, SIZE_T Length)
{
    CHAR *Copy = calloc(1, Length + 1);

    memcpy(Copy, Text, Length);
    return Copy;
}

static CHAR *CaseJoin(CHAR *Text, const CHAR *Line, SIZE_T Length)
{
    SIZE_T Old   = Text != NULL ? strlen(Text) : 0;
    CHAR *Longer = realloc(Text, Old + Length + 1);

    memcpy(Longer + Old, Line, Length);
    Longer[Old + Length] = 0;
    return Longer;
}

/* `btf`, `function NAME`, `arg TEXT` between the name and the first part */
static VOID CaseOption(CASE *Case, const CHAR *Line, SIZE_T Length)
{
    if (Length == 3 && memcmp(Line, "btf", 3) == 0) {
        Case->Btf = TRUE;
    } else if (Length > 9 && memcmp(Line, "function ", 9) == 0) {
        Case->Function = CaseCopy(Line + 9, Length - 9);
    } else if (Length > 4 && memcmp(Line, "arg ", 4) == 0) {
        Case->Arguments[Case->ArgumentCount++] = CaseCopy(Line + 4, Length - 4);
    } else if (Length > 0) {
        fprintf(stderr, "%s: unknown option in case '%s': %.*s\n", Case->File, Case->Name, (int)Length, Line);
        exit(1);
    }
}

/* The part that a line `-- name` begins. */
static CHAR **CasePart(CASE *Case, const CHAR *Line, SIZE_T Length)
{
    static const CHAR *const Names[] = {"-- state", "-- script", "-- output", "-- error"};
    CHAR **Parts[]                   = {&Case->State, &Case->Script, &Case->Output, &Case->Error};
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Names); Index++) {
        if (Length == strlen(Names[Index]) && memcmp(Line, Names[Index], Length) == 0) {
            return Parts[Index];
        }
    }
    return NULL;
}

static CASE *CaseNew(CASE **Cases, UINT32 *Count, const CHAR *File, const CHAR *Line, SIZE_T Length)
{
    CASE *Case;

    *Cases = realloc(*Cases, (*Count + 1) * sizeof(CASE));
    Case   = &(*Cases)[(*Count)++];
    memset(Case, 0, sizeof(*Case));
    Case->Name   = CaseCopy(Line + 3, Length - 3);
    Case->File   = strdup(File);
    Case->State  = strdup("");
    Case->Script = strdup("");
    Case->Output = strdup("");
    Case->Error  = strdup("");
    return Case;
}

static VOID CaseReadFile(const CHAR *File, CASE **Cases, UINT32 *Count)
{
    CHAR *Path;
    SIZE_T Size;
    CHAR *Text  = ScriptReadFile(NULL, File, NULL, &Path, &Size);
    CASE *Case  = NULL;
    CHAR **Part = NULL;
    const CHAR *Line;

    for (Line = Text; Line != NULL && *Line != 0;) {
        SIZE_T Length = strcspn(Line, "\n");
        CHAR **Next   = Case != NULL ? CasePart(Case, Line, Length) : NULL;

        if (Length > 3 && memcmp(Line, "== ", 3) == 0) {
            Case = CaseNew(Cases, Count, File, Line, Length);
            Part = NULL;
        } else if (Next != NULL) {
            Part = Next;
        } else if (Part != NULL) {
            *Part = CaseJoin(*Part, Line, Length + (Line[Length] == '\n'));
        } else if (Case != NULL) {
            CaseOption(Case, Line, Length);
        }
        Line += Length + (Line[Length] == '\n');
    }
    free(Text);
    free(Path);
}

CASE *CasesRead(const CHAR *Folder, UINT32 *Count)
{
    CASE *Cases = NULL;
    CHAR Pattern[512];
    glob_t Found;
    SIZE_T Index;

    *Count = 0;
    snprintf(Pattern, sizeof(Pattern), "%s/*.case", Folder);
    if (glob(Pattern, 0, NULL, &Found) == 0) {
        for (Index = 0; Index < Found.gl_pathc; Index++) {
            CaseReadFile(Found.gl_pathv[Index], &Cases, Count);
        }
        globfree(&Found);
    }
    return Cases;
}

VOID CasesFree(CASE *Cases, UINT32 Count)
{
    UINT32 Index;
    UINT32 Argument;

    for (Index = 0; Index < Count; Index++) {
        for (Argument = 0; Argument < Cases[Index].ArgumentCount; Argument++) {
            free((PVOID)(UINTPTR)Cases[Index].Arguments[Argument]);
        }
        free(Cases[Index].Name);
        free(Cases[Index].File);
        free(Cases[Index].State);
        free(Cases[Index].Script);
        free(Cases[Index].Output);
        free(Cases[Index].Error);
        free(Cases[Index].Function);
    }
    free(Cases);
}

/* --- running --- */

static BOOLEAN CaseFindSymbol(PVOID Context, const CHAR *Name, UINT64 *Address)
{
    const MOCK_STATE *State = Context;
    UINT32 Index;

    for (Index = 0; Index < State->SymbolCount; Index++) {
        if (strcmp(State->Symbols[Index].Name, Name) == 0) {
            *Address = State->Symbols[Index].Address;
            return TRUE;
        }
    }
    return FALSE;
}

VOID CaseOptions(const CASE *Case, SCRIPT_BTF *Btf, MOCK_STATE *State, SCRIPT_COMPILE_OPTIONS *Options)
{
    memset(Options, 0, sizeof(*Options));
    Options->Btf           = Case->Btf ? Btf : NULL;
    Options->Function      = Case->Function;
    Options->FindSymbol    = CaseFindSymbol;
    Options->ReadFile      = ScriptReadFile;
    Options->Context       = State;
    Options->Arguments     = Case->Arguments;
    Options->ArgumentCount = Case->ArgumentCount;
}

VOID CaseSourceName(const CASE *Case, CHAR *Name, SIZE_T Size)
{
    snprintf(Name, Size, "script");
    if (strstr(Case->Script, "#include") != NULL) {
        snprintf(Name, Size, "%.*s/script", (int)(strrchr(Case->File, '/') - Case->File), Case->File);
    }
}

static VOID CasePrint(PVOID Context, const CHAR *Text, UINT32 Length)
{
    CHAR **Output = Context;

    *Output = CaseJoin(*Output, Text, Length);
}

static VOID CaseEvaluate(const SCRIPT_PROGRAM *Program, MOCK_STATE *State, CHAR **Output)
{
    MOCK_MACHINE *Machine = calloc(1, sizeof(*Machine));
    MOCK Mock             = {.State = State, .Machine = Machine, .Print = CasePrint, .PrintContext = Output};
    SCRIPT_RESULT Result  = {0};

    Mock.Instance = InstanceCreate(Program, State->Cores);
    MockRun(&Mock, &Result);
    InstanceFree(Mock.Instance);
    free(Machine);
}

VOID CaseRun(const CASE *Case, SCRIPT_BTF *Btf, CASE_RESULT *Result)
{
    MOCK_STATE *State = calloc(1, sizeof(*State));
    SCRIPT_COMPILE_OPTIONS Options;
    SCRIPT_COMPILATION Compilation;
    CHAR Error[256];
    CHAR Name[512];

    Result->Output = strdup("");
    if (!StateParse(State, Case->State, Error, sizeof(Error))) {
        Result->Messages = strdup(Error);
        free(State);
        return;
    }
    CaseOptions(Case, Btf, State, &Options);
    CaseSourceName(Case, Name, sizeof(Name));
    if (ScriptCompile(&Options, Name, Case->Script, strlen(Case->Script), &Compilation)) {
        CaseEvaluate(Compilation.Program, State, &Result->Output);
    }
    /* A file of cases holds whole lines. */
    if (Result->Output[0] != 0 && Result->Output[strlen(Result->Output) - 1] != '\n') {
        Result->Output = CaseJoin(Result->Output, "\n", 1);
    }
    Result->Messages = strdup(Compilation.Messages);
    ScriptCompilationFree(&Compilation);
    free(State);
}

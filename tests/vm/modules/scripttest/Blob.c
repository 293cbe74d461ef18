// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Blob.c - compiles the text cases for the guest: Blob FILE
 *
 * Context: user space, on the host.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/tool/ScriptTool.h"
#include "tests/unit/script/Case.h"
#include "tests/vm/modules/scripttest/ScriptTest.h"

static VOID BlobWrite(FILE *Out, const CASE *Case, const SCRIPT_PROGRAM *Program, const MOCK_STATE *State)
{
    static const CHAR Padding[8];
    SIZE_T Text           = strlen(Case->Name) + strlen(Case->Output) + 2;
    UINT32 StateSize      = (UINT32)offsetof(MOCK_STATE, Memory) + ((State->MemoryUsed + 7) & ~7u);
    SCRIPT_TEST_CASE Head = {.ProgramSize = Program->Size, .StateSize = StateSize};

    Head.TextSize = (UINT32)(Text + 7) & ~7u;
    fwrite(&Head, sizeof(Head), 1, Out);
    fwrite(Case->Name, strlen(Case->Name) + 1, 1, Out);
    fwrite(Case->Output, strlen(Case->Output) + 1, 1, Out);
    fwrite(Padding, Head.TextSize - Text, 1, Out);
    fwrite(Program, Program->Size, 1, Out);
    fwrite(State, StateSize, 1, Out);
}

int main(int argc, char **argv)
{
    CHAR Error[256];
    UINT32 Count;
    UINT32 Index;
    CASE *Cases       = CasesRead("tests/script/cases", &Count);
    SCRIPT_BTF *Btf   = ScriptBtfOpen("build/tests/script/Types.o", NULL, Error, sizeof(Error));
    MOCK_STATE *State = calloc(1, sizeof(*State));
    FILE *Out         = argc == 2 ? fopen(argv[1], "wb") : NULL;

    if (Out == NULL || Btf == NULL || State == NULL) {
        fprintf(stderr, "Blob: wrong use, or no types\n");
        return 1;
    }
    for (Index = 0; Index < Count; Index++) {
        CHAR Name[512] = "script";
        SCRIPT_COMPILE_OPTIONS Options;
        SCRIPT_COMPILATION Compilation;

        if (!StateParse(State, Cases[Index].State, Error, sizeof(Error))) {
            fprintf(stderr, "Blob: %s: %s\n", Cases[Index].Name, Error);
            return 1;
        }
        CaseOptions(&Cases[Index], Btf, State, &Options);
        CaseSourceName(&Cases[Index], Name, sizeof(Name));
        if (ScriptCompile(&Options, Name, Cases[Index].Script, strlen(Cases[Index].Script), &Compilation)) {
            BlobWrite(Out, &Cases[Index], Compilation.Program, State);
        }
        ScriptCompilationFree(&Compilation);
    }
    CasesFree(Cases, Count);
    ScriptBtfClose(Btf);
    free(State);
    return fclose(Out) != 0;
}

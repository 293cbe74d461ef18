// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Seeds.c - makes the fuzzers' seeds of the text cases: scripts for one, their programs for the other.
 *
 *   Seeds FOLDER-FOR-SCRIPTS FOLDER-FOR-PROGRAMS
 *
 * Context: user space.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/tool/ScriptTool.h"
#include "tests/unit/script/Case.h"

static BOOLEAN SeedWrite(const CHAR *Folder, UINT32 Number, const VOID *Bytes, SIZE_T Size)
{
    CHAR Path[512];
    FILE *File;
    BOOLEAN Good;

    snprintf(Path, sizeof(Path), "%s/%04u", Folder, Number);
    File = fopen(Path, "wb");
    if (File == NULL) {
        return FALSE;
    }
    Good = fwrite(Bytes, 1, Size, File) == Size;
    return fclose(File) == 0 && Good;
}

int main(int argc, char **argv)
{
    CHAR Error[200];
    UINT32 Count;
    UINT32 Index;
    CASE *Cases       = CasesRead("tests/script/cases", &Count);
    SCRIPT_BTF *Btf   = ScriptBtfOpen("build/tests/script/Types.o", NULL, Error, sizeof(Error));
    MOCK_STATE *State = calloc(1, sizeof(*State));

    if (argc != 3 || Btf == NULL || Count == 0) {
        fprintf(stderr, "Seeds: wrong use, or no cases, or no types\n");
        return 1;
    }
    for (Index = 0; Index < Count; Index++) {
        SCRIPT_COMPILE_OPTIONS Options;
        SCRIPT_COMPILATION Compilation;

        StateParse(State, Cases[Index].State, Error, sizeof(Error));
        CaseOptions(&Cases[Index], Btf, State, &Options);
        if (!SeedWrite(argv[1], Index, Cases[Index].Script, strlen(Cases[Index].Script))) {
            return 1;
        }
        if (ScriptCompile(&Options, "seed", Cases[Index].Script, strlen(Cases[Index].Script), &Compilation) &&
            !SeedWrite(argv[2], Index, Compilation.Program, Compilation.Program->Size)) {
            return 1;
        }
        ScriptCompilationFree(&Compilation);
    }
    CasesFree(Cases, Count);
    ScriptBtfClose(Btf);
    free(State);
    return 0;
}

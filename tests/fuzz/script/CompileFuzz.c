// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * CompileFuzz.c - text into the compiler; what compiles is run.
 *
 * Context: user space, libFuzzer. The kernel types are those of tests/script/Types.c.
 */
#include <stdlib.h>

#include "script/engine/Engine.h"
#include "tests/fuzz/script/ScriptFuzz.h"

int LLVMFuzzerTestOneInput(const UINT8 *Data, SIZE_T Size)
{
    static SCRIPT_BTF *Btf;
    static BOOLEAN IsTried;
    CHAR Error[200];
    SCRIPT_COMPILE_OPTIONS Options = {.Function = "thing_read"};
    SCRIPT_COMPILATION Compilation;
    CHAR *Listing;

    if (!IsTried) {
        Btf     = ScriptBtfOpen("build/tests/script/Types.o", NULL, Error, sizeof(Error));
        IsTried = TRUE;
        if (Btf == NULL) {
            abort();
        }
    }
    Options.Btf = Btf;
    if (ScriptCompile(&Options, "fuzz", (const CHAR *)Data, Size, &Compilation)) {
        Listing = ScriptListProgram(Compilation.Program);
        free(Listing);
        FuzzRun(Compilation.Program);
    } else if (Compilation.Errors == 0) {
        abort();
    }
    ScriptCompilationFree(&Compilation);
    return 0;
}

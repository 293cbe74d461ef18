// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VerifyFuzz.c - bytes into the verifier; what it accepts is run.
 *
 * Context: user space, libFuzzer.
 */
#include <stdlib.h>
#include <string.h>

#include "script/engine/Engine.h"
#include "script/eval/Verify.h"
#include "tests/fuzz/script/ScriptFuzz.h"

int LLVMFuzzerTestOneInput(const UINT8 *Data, SIZE_T Size)
{
    SCRIPT_PROGRAM *Program = malloc(Size);
    SCRIPT_REFUSAL Refusal  = {0};
    CHAR *Listing;

    if (Size > 0) {
        memcpy(Program, Data, Size);
    }
    /* The header's size is made right, or nearly no mutation would come further. */
    if (Size >= sizeof(*Program)) {
        Program->Size = (UINT32)Size;
    }
    if (ScriptVerify(Program, Size, &Refusal)) {
        Listing = ScriptListProgram(Program);
        free(Listing);
        FuzzRun(Program);
    } else if (Refusal.Reason == NULL) {
        abort();
    }
    free(Program);
    return 0;
}

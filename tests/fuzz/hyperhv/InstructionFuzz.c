/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * InstructionFuzz.c - any bytes as code: the instruction decoder beside Zydis, one instruction after the
 * other.
 *
 * The first byte chooses the mode.
 *
 * Context: user space.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/Fuzz.h"
#include "tests/unit/hyperhv/DecodeOracle.h"

const char g_FuzzCorpus[] = "tests/fuzz/hyperhv/corpus/InstructionFuzz";

int LLVMFuzzerTestOneInput(const uint8_t *Bytes, size_t Length)
{
    static const UINT8 Modes[] = {64, 32, 16};
    DECODE_TALLY Tally         = {0};
    UINT32 Mode                = Length > 0 ? Modes[Bytes[0] % COUNT_OF(Modes)] : 64;
    size_t At;
    UINT32 Step;

    for (At = 1; At < Length; At += Step) {
        const CHAR *Difference = OracleCompare(Bytes + At, (UINT32)(Length - At), Mode, &Tally, &Step);

        if (Difference != NULL) {
            fprintf(stderr, "%s\n", Difference);
            abort();
        }
    }
    return 0;
}

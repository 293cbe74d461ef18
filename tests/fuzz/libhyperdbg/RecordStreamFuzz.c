/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RecordStreamFuzz.c - any bytes as what /dev/hyperlog gives: decoded and shown, as text and as JSON.
 *
 * Context: user space.
 */
#include "tests/fuzz/Fuzz.h"
#include "tests/unit/libhyperdbg/Workbench.h"

#include <json-c/json_tokener.h>
#include <stdlib.h>
#include <string.h>

const char g_FuzzCorpus[] = "tests/fuzz/libhyperdbg/corpus/RecordStreamFuzz";

/* No control character reaches the terminal, no broken object a reader of JSON. */
static VOID CheckLines(BENCH *Bench, HYPERDBG_FORMAT Format)
{
    for (CHAR *Line = strtok(Bench->Output, "\n"); Line != NULL; Line = strtok(NULL, "\n")) {
        for (const CHAR *At = Line; *At != '\0'; At++) {
            if ((UINT8)*At < ' ' || *At == 0x7F)
                abort();
        }
        struct json_object *Object = Format == HYPERDBG_FORMAT_JSON ? json_tokener_parse(Line) : NULL;
        if (Format == HYPERDBG_FORMAT_JSON && Object == NULL)
            abort();
        json_object_put(Object);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *Bytes, size_t Length)
{
    static BENCH *Benches[2];

    for (UINT32 Format = HYPERDBG_FORMAT_TEXT;
         Length <= LOG_MAX_PAYLOAD * 2 && Format <= HYPERDBG_FORMAT_JSON; Format++) {
        if (Benches[Format] == NULL)
            Benches[Format] = BenchMake((HYPERDBG_FORMAT)Format, TRUE);
        BenchClear(Benches[Format]);
        MockSendRaw(&Benches[Format]->Kernel, Bytes, (UINT32)Length);
        while (Benches[Format]->Kernel.RecordsLength != 0)
            HyperDbgProcessRecords(Benches[Format]->Session);
        CheckLines(Benches[Format], (HYPERDBG_FORMAT)Format);
    }
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Workbench.c - a session on a mock kernel with all its lines kept: where tests of libhyperdbg begin.
 *
 * Context: user space.
 */
#include "tests/unit/libhyperdbg/Workbench.h"

#include <stdlib.h>
#include <string.h>

static VOID BenchTake(PVOID Context, HYPERDBG_MESSAGE_KIND Kind, const CHAR *Line)
{
    BENCH *Bench  = Context;
    SIZE_T Length = strlen(Line);

    Bench->Lines++;
    Bench->KindLines[Kind]++;
    if (Bench->Length + Length + 2 > sizeof(Bench->Output))
        return;
    memcpy(Bench->Output + Bench->Length, Line, Length);
    memcpy(Bench->Output + Bench->Length + Length, "\n", 2);
    Bench->Length += Length + 1;
}

VOID BenchClear(BENCH *Bench)
{
    Bench->Lines = 0;
    memset(Bench->KindLines, 0, sizeof(Bench->KindLines));
    Bench->Length          = 0;
    Bench->Output[0]       = '\0';
    Bench->Kernel.Trace[0] = '\0';
}

BENCH *BenchMake(HYPERDBG_FORMAT Format, BOOLEAN IsLoaded)
{
    BENCH *Bench = calloc(1, sizeof(*Bench));

    if (Bench == NULL)
        abort();
    MockKernelInitialize(&Bench->Kernel);
    HYPERDBG_OPTIONS Options       = {.Format           = Format,
                                      .Callback         = BenchTake,
                                      .CallbackContext  = Bench,
                                      .Transport        = &g_MockTransport,
                                      .TransportContext = &Bench->Kernel};
    Bench->Kernel.AreModulesLoaded = Bench->Kernel.IsVmmLoaded = IsLoaded;
    Bench->Session                                             = HyperDbgOpen(&Options);
    if (Bench->Session == NULL || HyperDbgConnect(Bench->Session, TRUE) != IsLoaded)
        abort();
    return Bench;
}

VOID BenchFree(BENCH *Bench)
{
    HyperDbgClose(Bench->Session);
    MockFree(&Bench->Kernel);
    free(Bench);
}

HYPERDBG_RESULT BenchRun(BENCH *Bench, const CHAR *Line)
{
    BenchClear(Bench);
    return HyperDbgRunCommand(Bench->Session, Line);
}

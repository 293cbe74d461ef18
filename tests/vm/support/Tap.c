/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tap.c - reports of test programs.
 *
 * Context: user space. One thread of one process reports; forked children leave that to their parent.
 */
#include "tests/vm/support/Tap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static UINT32 g_Count, g_Failed;

static VOID TapResult(BOOLEAN Holds, const CHAR *Format, va_list ArgList)
{
    g_Count++;
    g_Failed += !Holds;
    printf("%sok %u - ", Holds ? "" : "not ", g_Count);
    vprintf(Format, ArgList);
    printf("\n");
    fflush(stdout);
}

BOOLEAN TapIs(BOOLEAN Holds, const CHAR *Format, ...)
{
    va_list ArgList;

    va_start(ArgList, Format);
    TapResult(Holds, Format, ArgList);
    va_end(ArgList);
    return Holds;
}

BOOLEAN TapIsNumber(UINT64 Got, UINT64 Expected, const CHAR *Format, ...)
{
    va_list ArgList;

    va_start(ArgList, Format);
    TapResult(Got == Expected, Format, ArgList);
    va_end(ArgList);
    if (Got != Expected)
        TapNote("got %llu (%#llx), expected %llu (%#llx)", Got, Got, Expected, Expected);
    return Got == Expected;
}

VOID TapNote(const CHAR *Format, ...)
{
    va_list ArgList;

    printf("# ");
    va_start(ArgList, Format);
    vprintf(Format, ArgList);
    va_end(ArgList);
    printf("\n");
    fflush(stdout);
}

VOID TapGiveUp(const CHAR *Format, ...)
{
    const INT32 Error = errno;
    va_list ArgList;

    g_Count++;
    printf("not ok %u - ", g_Count);
    va_start(ArgList, Format);
    vprintf(Format, ArgList);
    va_end(ArgList);
    printf(": %s\nBail out!\n1..%u\n", strerror(Error), g_Count);
    fflush(stdout);
    exit(EXIT_FAILURE);
}

INT32 TapEnd(VOID)
{
    printf("1..%u\n", g_Count);
    return g_Failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

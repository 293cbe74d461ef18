/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Va2paCommand.c - !va2pa: the physical address behind a virtual one.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Translation.h"

static const PARAMETER g_Parameters[] = {TRANSLATION_PARAMETERS};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"!va2pa jiffies", "where a variable of the kernel is"},
    {"!va2pa 401000 pid 0n1234", "where a page of a program is"},
    {NULL, NULL},
};

static HYPERDBG_RESULT Va2paCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    DEBUGGER_QUERY_TRANSLATION Query;

    if (!TranslationAsk(Session, Arguments, &Query))
        return HYPERDBG_FAILURE;
    TranslationShow(Session, &Query);
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandVa2pa = {
    .Name           = "!va2pa",
    .Group          = COMMAND_GROUP_MACHINE,
    .Summary        = "the physical address behind a virtual one",
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = Va2paCommandRun,
};

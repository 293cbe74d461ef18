/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ExitsCommand.c - .exits: how often the processor left the guest, by reason.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "SDK/Ioctls.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/ExitReasons.h"
#include "libhyperdbg/output/Output.h"

#include <stdlib.h>

static const PARAMETER g_Parameters[] = {
    {"core", "N", PARAMETER_NUMBER, PARAMETER_OR_ALL, HYPERDBG_MAX_CORES - 1, NULL,
     "only of this core; without it the sum of all"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {".exits", "all cores together, the most frequent reason first"},
    {".exits core 1", "core 1 alone"},
    {NULL, NULL},
};

typedef struct _EXIT_COUNT {
    UINT32 Reason;
    UINT64 Count;
} EXIT_COUNT;

static int ExitsCompare(const void *A, const void *B)
{
    const EXIT_COUNT *First = A, *Second = B;

    if (First->Count != Second->Count)
        return First->Count < Second->Count ? 1 : -1;
    return First->Reason < Second->Reason ? -1 : 1;
}

/* Adds the counts of one core; returns the kernel's status, 0 when it could not be asked. */
static UINT32 ExitsAddCore(HYPERDBG_SESSION *Session, UINT32 Core, EXIT_COUNT *Counts)
{
    DEBUGGER_QUERY_EXITS Request = {.CoreId = Core};
    UINT32 Status                = ConnectionTry(Session, IOCTL_QUERY_EXITS, &Request);

    for (UINT32 i = 0; Status == DEBUGGER_OPERATION_WAS_SUCCESSFUL && i < HYPERDBG_EXIT_REASON_COUNT; i++)
        Counts[i].Count += Request.Count[i];
    return Status;
}

/* All cores that the VMM runs on; their numbers may have holes. */
static UINT32 ExitsAddAllCores(HYPERDBG_SESSION *Session, EXIT_COUNT *Counts)
{
    DEBUGGER_QUERY_STATUS Status;
    UINT32 Seen = 0, Result = (UINT32)DEBUGGER_ERROR_VMM_NOT_INITIALIZED;

    if (!ConnectionQueryStatus(Session, &Status))
        return 0;
    for (UINT32 Core = 0; Seen < Status.CoreCount && Core < HYPERDBG_MAX_CORES; Core++) {
        Result = ExitsAddCore(Session, Core, Counts);
        if (Result == DEBUGGER_OPERATION_WAS_SUCCESSFUL)
            Seen++;
        else if (Result != (UINT32)DEBUGGER_ERROR_INVALID_CORE_ID)
            return Result;
    }
    return Result;
}

static VOID ExitsShow(HYPERDBG_SESSION *Session, EXIT_COUNT *Counts)
{
    qsort(Counts, HYPERDBG_EXIT_REASON_COUNT, sizeof(*Counts), ExitsCompare);
    if (Counts[0].Count == 0)
        OutputText(Session, HYPERDBG_MESSAGE_RESULT, "no exits were counted");
    else
        OutputText(Session, HYPERDBG_MESSAGE_RESULT, "%12s  %6s  %s", "exits", "number", "reason");
    for (const EXIT_COUNT *Count = Counts; Count < Counts + HYPERDBG_EXIT_REASON_COUNT && Count->Count != 0;
         Count++) {
        struct json_object *Object = JsonObject("exits");

        JsonAddNumber(Object, "reason", Count->Reason);
        JsonAddText(Object, "name", ExitReasonName(Count->Reason));
        JsonAddNumber(Object, "count", Count->Count);
        OutputResult(Session, Object, "%12llu  %6x  %s", Count->Count, Count->Reason,
                     ExitReasonName(Count->Reason));
    }
}

static HYPERDBG_RESULT ExitsCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    const ARGUMENT *Core = &Arguments->Item[0];
    EXIT_COUNT Counts[HYPERDBG_EXIT_REASON_COUNT];
    UINT32 Status;

    for (UINT32 i = 0; i < HYPERDBG_EXIT_REASON_COUNT; i++)
        Counts[i] = (EXIT_COUNT){.Reason = i};
    if (Core->IsGiven && !Core->IsAll)
        Status = ExitsAddCore(Session, (UINT32)Core->Number, Counts);
    else
        Status = ExitsAddAllCores(Session, Counts);
    if (Status != 0 && Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
        OutputKernelError(Session, Status);
    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
        return HYPERDBG_FAILURE;
    ExitsShow(Session, Counts);
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandExits = {
    .Name           = ".exits",
    .Group          = COMMAND_GROUP_MACHINE,
    .Summary        = "how often the processor left the guest, by reason",
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = ExitsCommandRun,
};

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MapsCommand.c - maps: what the scripts of events have gathered so far.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "libhyperdbg/commands/EventList.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/programs/ProgramShow.h"

static const PARAMETER g_Parameters[] = {
    {"number", "number", PARAMETER_EVENT, PARAMETER_POSITIONAL | PARAMETER_OR_ALL, 0, NULL,
     "of the event, as 'events' shows it; without it all events that have a script"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"maps", "all maps of all scripts"},
    {"maps 2", "those of event 2"},
    {NULL, NULL},
};

typedef struct _MAPS_WALK {
    HYPERDBG_SESSION *Session;
    UINT64 Tag; /* the only one; or all */
    BOOLEAN IsAll;
    BOOLEAN HasFailed;
    BOOLEAN IsFound;
    UINT32 Count;
} MAPS_WALK;

static VOID MapsOfOne(PVOID Context, const DEBUGGER_QUERY_EVENT *Event)
{
    MAPS_WALK *Walk = Context;
    UINT32 Count;

    if (!Walk->IsAll && Event->Tag != Walk->Tag)
        return;
    Walk->IsFound = TRUE;
    if (!Event->HasScript)
        return;
    if (!ProgramShowMaps(Walk->Session, Event->Tag, &Count))
        Walk->HasFailed = TRUE;
    Walk->Count += Count;
}

static HYPERDBG_RESULT MapsCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    const ARGUMENT *Number = &Arguments->Item[0];
    MAPS_WALK Walk = {.Session = Session, .Tag = Number->Number, .IsAll = !Number->IsGiven || Number->IsAll};

    if (!EventListWalk(Session, MapsOfOne, &Walk) || Walk.HasFailed)
        return HYPERDBG_FAILURE;
    if (!Walk.IsAll && !Walk.IsFound) {
        OutputKernelError(Session, (UINT32)DEBUGGER_ERROR_TAG_NOT_FOUND);
        return HYPERDBG_FAILURE;
    }
    if (Walk.Count == 0)
        OutputText(Session, HYPERDBG_MESSAGE_RESULT, "no script has a map");
    struct json_object *Object = JsonObject("maps");
    JsonAddNumber(Object, "count", Walk.Count);
    OutputObject(Session, HYPERDBG_MESSAGE_RESULT, Object);
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandMaps = {
    .Name           = "maps",
    .Group          = COMMAND_GROUP_EVENTS,
    .Summary        = "show the maps of events' scripts",
    .Details        = "Maps of an event are shown when it is cleared, too.",
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = MapsCommandRun,
};

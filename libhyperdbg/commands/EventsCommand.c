/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventsCommand.c - events: lists, enables, disables and clears events.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "libhyperdbg/commands/EventCommand.h"
#include "libhyperdbg/commands/EventList.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/EventShow.h"
#include "libhyperdbg/output/EventTypes.h"
#include "libhyperdbg/output/Output.h"

#include <stdlib.h>

enum { EVENTS_ACTION = 0, EVENTS_NUMBER };

static const CHOICE g_Actions[] = {
    {"e", DEBUGGER_MODIFY_EVENTS_ENABLE},
    {"enable", DEBUGGER_MODIFY_EVENTS_ENABLE},
    {"d", DEBUGGER_MODIFY_EVENTS_DISABLE},
    {"disable", DEBUGGER_MODIFY_EVENTS_DISABLE},
    {"c", DEBUGGER_MODIFY_EVENTS_CLEAR},
    {"clear", DEBUGGER_MODIFY_EVENTS_CLEAR},
    {NULL, 0},
};

static const PARAMETER g_Parameters[] = {
    {"action", "ACTION", PARAMETER_CHOICE, PARAMETER_POSITIONAL, 0, g_Actions,
     "enable, disable or clear events; without it they are listed"},
    {"number", "number", PARAMETER_EVENT, PARAMETER_POSITIONAL | PARAMETER_OR_ALL, 0, NULL,
     "of the event, as the list shows it"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"events", "list all events: number, state, type, filters, stage, how often they fired"},
    {"events d 0", "disable event 0: it stays in the list, but tells nothing"},
    {"events e 0", "enable it again"},
    {"events clear all", "remove all events"},
    {NULL, NULL},
};

/* --- listing ---------------------------------------------------------------------------------- */

typedef struct _EVENTS_LIST {
    HYPERDBG_SESSION *Session;
    UINT32 Count;
} EVENTS_LIST;

static const CHAR *EventsHookState(UINT32 State)
{
    /* ORDER VMM_HOOK_STATE */
    static const CHAR *const Names[] = {"live", "unmapped", "gone"};

    return State < COUNT_OF(Names) ? Names[State] : "?";
}

/* A hook that is enabled may have lost its target meanwhile. */
static const CHAR *EventsState(const DEBUGGER_QUERY_EVENT *Event)
{
    if (!Event->IsEnabled)
        return Event->IsCleared ? "cleared" : "disabled";
    return EventTypeIsHook(Event->Options.EventType) && Event->HookState != VMM_HOOK_LIVE
               ? EventsHookState(Event->HookState)
               : "enabled";
}

static VOID EventsShowOne(PVOID Context, const DEBUGGER_QUERY_EVENT *Event)
{
    EVENTS_LIST *List          = Context;
    struct json_object *Object = JsonObject("event_info");
    TEXT Filters;

    if (List->Count++ == 0)
        OutputText(List->Session, HYPERDBG_MESSAGE_RESULT, "%6s  %-8s  %-12s  %-5s  %-3s  %10s  %s", "number",
                   "state", "type", "stage", "sc", "hits", "filters");
    TextClear(&Filters);
    EventAddFilters(List->Session, &Filters, &Event->Options);
    EventAddOptionsObject(List->Session, Object, Event->Tag, &Event->Options);
    JsonAddBoolean(Object, "enabled", Event->IsEnabled != 0);
    if (EventTypeIsHook(Event->Options.EventType) && Event->IsEnabled)
        JsonAddText(Object, "hook", EventsHookState(Event->HookState));
    JsonAddBoolean(Object, "cleared", Event->IsCleared != 0);
    JsonAddBoolean(Object, "script", Event->HasScript != 0);
    JsonAddNumber(Object, "hits", Event->Hits);
    OutputResult(List->Session, Object, "%6llx  %-8s  %-12s  %-5s  %-3s  %10llu  %s%s",
                 EventNumber(Event->Tag), EventsState(Event), EventTypeFind(Event->Options.EventType)->Name,
                 EventStageName(Event->Options.Stage), Event->Options.ShortCircuit ? "on" : "off",
                 Event->Hits, Filters.Length > 0 ? Filters.Buffer : "none",
                 Event->HasScript ? "  script" : "");
}

static HYPERDBG_RESULT EventsList(HYPERDBG_SESSION *Session)
{
    EVENTS_LIST List = {.Session = Session};

    if (!EventListWalk(Session, EventsShowOne, &List))
        return HYPERDBG_FAILURE;
    if (List.Count == 0)
        OutputText(Session, HYPERDBG_MESSAGE_RESULT, "no events are set");
    struct json_object *Object = JsonObject("events");
    JsonAddNumber(Object, "count", List.Count);
    OutputObject(Session, HYPERDBG_MESSAGE_RESULT, Object);
    return HYPERDBG_SUCCESS;
}

/* --- changing --------------------------------------------------------------------------------- */

/* ORDER DEBUGGER_MODIFY_EVENTS_TYPE */
static const CHAR *const g_Done[] = {NULL, "enabled", "disabled", "cleared"};

static VOID EventsSayDone(HYPERDBG_SESSION *Session, UINT32 Action, const ARGUMENT *Number)
{
    struct json_object *Object = JsonObject("event_modified");

    JsonAddText(Object, "done", g_Done[Action]);
    if (Number->IsAll)
        JsonAddText(Object, "event", "all");
    else
        JsonAddNumber(Object, "event", EventNumber(Number->Number));
    if (Number->IsAll)
        OutputResult(Session, Object, "all events %s", g_Done[Action]);
    else
        OutputResult(Session, Object, "event %llx %s", EventNumber(Number->Number), g_Done[Action]);
}

static BOOLEAN EventsModify(HYPERDBG_SESSION *Session, UINT64 Tag, UINT32 Action)
{
    DEBUGGER_MODIFY_EVENTS Request = {.TypeOfAction = Action, .Tag = Tag};

    return ConnectionRequest(Session, IOCTL_MODIFY_EVENTS, &Request);
}

static HYPERDBG_RESULT EventsCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    const ARGUMENT *Action = &Arguments->Item[EVENTS_ACTION];
    const ARGUMENT *Number = &Arguments->Item[EVENTS_NUMBER];

    if (!Action->IsGiven)
        return EventsList(Session);
    if (!Number->IsGiven) {
        OutputError(Session, Action->Text,
                    "expected the number of an event ('events' shows them) or all after it");
        return HYPERDBG_FAILURE;
    }
    UINT64 Tag = Number->IsAll ? DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG : Number->Number;
    if (Action->Number == DEBUGGER_MODIFY_EVENTS_CLEAR && !EventListEndScripts(Session, Tag))
        return HYPERDBG_FAILURE;
    if (!EventsModify(Session, Tag, (UINT32)Action->Number))
        return HYPERDBG_FAILURE;
    EventsSayDone(Session, (UINT32)Action->Number, Number);
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandEvents = {
    .Name           = "events",
    .Group          = COMMAND_GROUP_EVENTS,
    .Summary        = "list, enable, disable and clear events",
    .Details        = NULL,
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = EventsCommandRun,
};

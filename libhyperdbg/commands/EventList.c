/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventList.c - the events that are set, asked of the kernel one by one.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/EventList.h"

#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/programs/ProgramShow.h"

BOOLEAN EventListWalk(HYPERDBG_SESSION *Session, EVENT_LIST_EACH Each, PVOID Context)
{
    UINT64 Wanted = 0;

    for (;;) {
        DEBUGGER_QUERY_EVENT Event = {.Tag = Wanted};
        UINT32 Status              = ConnectionTry(Session, IOCTL_QUERY_EVENT, &Event);

        if (Status == (UINT32)DEBUGGER_ERROR_TAG_NOT_FOUND)
            return TRUE;
        if (Status != 0 && Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
            OutputKernelError(Session, Status);
        if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
            return FALSE;
        if (Event.Tag < Wanted || Event.Tag == ~0ull) { /* else a faulty kernel would keep us here for ever */
            OutputError(Session, NULL, "the modules answered %llx when asked for an event from %llx on",
                        Event.Tag, Wanted);
            return FALSE;
        }
        Each(Context, &Event);
        Wanted = Event.Tag + 1;
    }
}

typedef struct _EVENT_ENDING {
    HYPERDBG_SESSION *Session;
    UINT64 Tag;
} EVENT_ENDING;

static VOID EventListShowMaps(PVOID Context, const DEBUGGER_QUERY_EVENT *Event)
{
    EVENT_ENDING *Ending = Context;
    const BOOLEAN IsAll  = Ending->Tag == DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG;
    UINT32 Count;

    if (Event->HasScript && (IsAll || Event->Tag == Ending->Tag))
        ProgramShowMaps(Ending->Session, Event->Tag, &Count);
}

BOOLEAN EventListEndScripts(HYPERDBG_SESSION *Session, UINT64 Tag)
{
    DEBUGGER_MODIFY_EVENTS Disable = {.TypeOfAction = DEBUGGER_MODIFY_EVENTS_DISABLE, .Tag = Tag};
    EVENT_ENDING Ending            = {.Session = Session, .Tag = Tag};
    DEBUGGER_QUERY_STATUS Status;

    if (!ConnectionNeed(Session) || !ConnectionQueryStatus(Session, &Status))
        return FALSE;
    if (Status.ScriptCount == 0)
        return TRUE;
    if (!ConnectionRequest(Session, IOCTL_MODIFY_EVENTS, &Disable))
        return FALSE;
    ConnectionDrain(Session);
    return EventListWalk(Session, EventListShowMaps, &Ending);
}

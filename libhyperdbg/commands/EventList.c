/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventList.c - the events that are set, asked of the kernel one by one.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/EventList.h"

#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/Output.h"

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

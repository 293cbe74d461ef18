/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RecordShow.c - one record of the log to the line that the user reads.
 *
 * Context: user space.
 */
#include "libhyperdbg/output/RecordShow.h"

#include "SDK/Ioctls.h"
#include "libhyperdbg/output/EventShow.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/programs/ProgramShow.h"

#include <string.h>

/* --- messages --------------------------------------------------------------------------------- */

typedef struct _LOG_LEVEL {
    UINT32 OperationCode;
    HYPERDBG_MESSAGE_KIND Kind;
    const CHAR *Name;
    const CHAR *Prefix; /* of the line of text */
} LOG_LEVEL;

static const LOG_LEVEL g_LogLevels[] = {
    {OPERATION_LOG_INFO_MESSAGE, HYPERDBG_MESSAGE_LOG, "info", ""},
    {OPERATION_LOG_WARNING_MESSAGE, HYPERDBG_MESSAGE_LOG_WARNING, "warning", "warning: "},
    {OPERATION_LOG_ERROR_MESSAGE, HYPERDBG_MESSAGE_LOG_ERROR, "error", "error: "},
    {OPERATION_LOG_NON_IMMEDIATE_MESSAGE, HYPERDBG_MESSAGE_LOG, "info", ""},
    {OPERATION_LOG_WITH_TAG, HYPERDBG_MESSAGE_LOG, "output", ""},
};

static VOID MessageShowText(HYPERDBG_SESSION *Session, const LOG_LEVEL *Level,
                            const LOG_RECORD_HEADER *Header, const CHAR *Line, SIZE_T Length)
{
    TEXT Text;

    TextClear(&Text);
    EventAddTime(&Text, Session, Header->Time);
    TextAdd(&Text, " core %u  %s", Header->Core, Level->Prefix);
    TextAddForeign(&Text, Line, Length);
    if (Header->Flags & LOG_RECORD_FLAG_TRUNCATED)
        TextAdd(&Text, "... (cut)");
    OutputText(Session, Level->Kind, "%s", Text.Buffer);
}

static VOID MessageShowObject(HYPERDBG_SESSION *Session, const LOG_LEVEL *Level,
                              const LOG_RECORD_HEADER *Header, const CHAR *Message)
{
    struct json_object *Object = JsonObject("log");
    double Seconds;

    JsonAddText(Object, "level", Level->Name);
    JsonAddText(Object, "message", Message);
    JsonAddNumber(Object, "core", Header->Core);
    JsonAddNumber(Object, "sequence", Header->Sequence);
    JsonAddNumber(Object, "tsc", Header->Time);
    if (EventSeconds(Session, Header->Time, &Seconds))
        JsonAddSeconds(Object, "seconds", Seconds);
    JsonAddBoolean(Object, "truncated", (Header->Flags & LOG_RECORD_FLAG_TRUNCATED) != 0);
    OutputObject(Session, Level->Kind, Object);
}

/* A message may be several lines; those that end in a newline do not make an empty one. */
static VOID MessageShow(HYPERDBG_SESSION *Session, const LOG_LEVEL *Level, const RECORD *Record)
{
    CHAR Message[LOG_MAX_PAYLOAD + 1];
    SIZE_T Length = strnlen((const CHAR *)Record->Payload, Record->Header.PayloadLength);

    memcpy(Message, Record->Payload, Length);
    while (Length > 0 && Message[Length - 1] == '\n')
        Length--;
    Message[Length] = '\0';
    if (OutputIsJson(Session)) {
        MessageShowObject(Session, Level, &Record->Header, Message);
        return;
    }
    for (const CHAR *Line = Message;;) {
        SIZE_T LineLength = strcspn(Line, "\n");

        MessageShowText(Session, Level, &Record->Header, Line, LineLength);
        if (Line[LineLength] == '\0')
            return;
        Line += LineLength + 1;
    }
}

/* --- other records ---------------------------------------------------------------------------- */

static VOID DroppedShow(HYPERDBG_SESSION *Session, const LOG_RECORD_HEADER *Header)
{
    struct json_object *Object = JsonObject("dropped");
    TEXT Text;

    TextClear(&Text);
    EventAddTime(&Text, Session, Header->Time);
    OutputText(Session, HYPERDBG_MESSAGE_DROPPED, "%s %u record%s lost here: the rings were full",
               Text.Buffer, Header->Dropped, Header->Dropped == 1 ? " was" : "s were");
    JsonAddNumber(Object, "count", Header->Dropped);
    JsonAddNumber(Object, "tsc", Header->Time);
    OutputObject(Session, HYPERDBG_MESSAGE_DROPPED, Object);
}

static VOID EventRecordShow(HYPERDBG_SESSION *Session, const RECORD *Record)
{
    DEBUGGER_EVENT_RECORD Event;

    if (Record->Header.PayloadLength != sizeof(Event)) {
        OutputStreamError(
            Session, "an event's record holds %u bytes instead of %zu: are the modules of another version?",
            Record->Header.PayloadLength, sizeof(Event));
        return;
    }
    memcpy(&Event, Record->Payload, sizeof(Event));
    EventShow(Session, &Record->Header, &Event);
}

VOID RecordShow(HYPERDBG_SESSION *Session, const RECORD *Record)
{
    UINT32 Code = Record->Header.OperationCode;

    if (Record->Header.Dropped != 0)
        DroppedShow(Session, &Record->Header);
    if (Code == OPERATION_DEBUGGER_EVENT_RECORD) {
        EventRecordShow(Session, Record);
        return;
    }
    if (Code == OPERATION_DEBUGGER_SCRIPT_RECORD) {
        ProgramRecordShow(Session, Record);
        return;
    }
    for (UINT32 i = 0; i < COUNT_OF(g_LogLevels); i++) {
        if (g_LogLevels[i].OperationCode == Code) {
            MessageShow(Session, &g_LogLevels[i], Record);
            return;
        }
    }
    if (Code != OPERATION_LOG_RECORDS_LOST) /* which says no more than Dropped */
        OutputStreamError(Session, "a record of the unknown kind %x (%u bytes) was passed over", Code,
                          Record->Header.PayloadLength);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Connection.c - a session's requests to the modules, with their errors told to the user, and its records.
 *
 * Context: user space.
 */
#include "libhyperdbg/connection/Connection.h"

#include "libhyperdbg/Session.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/output/RecordShow.h"
#include "libhyperdbg/output/RecordStream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ConnectionTry finds it there. */
#define STATUS_IS_LAST(Type)                                                                                 \
    STATIC_ASSERT(__builtin_offsetof(Type, KernelStatus) + sizeof(UINT32) == sizeof(Type))
STATUS_IS_LAST(DEBUGGER_LOAD_REQUEST);
STATUS_IS_LAST(DEBUGGER_QUERY_STATUS);
STATUS_IS_LAST(DEBUGGER_QUERY_EXITS);
STATUS_IS_LAST(DEBUGGER_REGISTER_EVENT);
STATUS_IS_LAST(DEBUGGER_MODIFY_EVENTS);
STATUS_IS_LAST(DEBUGGER_QUERY_EVENT);
STATUS_IS_LAST(DEBUGGER_READ_SCRIPT);
STATUS_IS_LAST(DEBUGGER_READ_MAP);
STATUS_IS_LAST(DEBUGGER_QUERY_SYMBOLS);
STATUS_IS_LAST(DEBUGGER_QUERY_ADDRESS);
STATUS_IS_LAST(DEBUGGER_QUERY_TRANSLATION);

#define REQUEST_SIZE(Code) ((Code) >> 16 & 0x3FFF)

/* How far the clocks of two cores may be apart when the end of "all records by now" is looked for. */
#define DRAIN_SLACK_MILLISECONDS 10
#define DRAIN_SLACK_TICKS        (1u << 25) /* where the length of a tick is not known */

/* --- requests --------------------------------------------------------------------------------- */

static VOID ConnectionSayRequestFailed(HYPERDBG_SESSION *Session, INT32 Error)
{
    if (Error == ENOTTY)
        OutputError(
            Session, NULL,
            "the modules do not know this request: tool and modules are of different versions: install "
            "them together");
    else
        OutputError(Session, NULL, "the request did not reach the modules: %s", strerror(Error));
}

/* The request alone, on a session that is connected; *Error: it did not get through. */
static UINT32 ConnectionExchange(HYPERDBG_SESSION *Session, UINT32 Code, PVOID Buffer, INT32 *Error)
{
    UINT32 KernelStatus;

    *Error = Session->Options.Transport->Request(Session->Options.TransportContext, Code, Buffer);
    if (*Error != 0)
        return 0;
    memcpy(&KernelStatus, (UINT8 *)Buffer + REQUEST_SIZE(Code) - sizeof(KernelStatus), sizeof(KernelStatus));
    if (KernelStatus == 0) /* a module that does not write it; 0 means something else to our caller */
        KernelStatus = DEBUGGER_ERROR_VERSION_MISMATCH;
    return KernelStatus;
}

UINT32 ConnectionAsk(HYPERDBG_SESSION *Session, UINT32 Code, PVOID Buffer)
{
    INT32 Error;

    return Session->IsConnected ? ConnectionExchange(Session, Code, Buffer, &Error) : 0;
}

UINT32 ConnectionTry(HYPERDBG_SESSION *Session, UINT32 Code, PVOID Buffer)
{
    UINT32 KernelStatus;
    INT32 Error;

    if (!ConnectionNeed(Session))
        return 0;
    KernelStatus = ConnectionExchange(Session, Code, Buffer, &Error);
    if (Error != 0)
        ConnectionSayRequestFailed(Session, Error);
    return KernelStatus;
}

BOOLEAN ConnectionRequest(HYPERDBG_SESSION *Session, UINT32 Code, PVOID Buffer)
{
    UINT32 KernelStatus = ConnectionTry(Session, Code, Buffer);

    if (KernelStatus != 0 && KernelStatus != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
        OutputKernelError(Session, KernelStatus);
    return KernelStatus == DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

BOOLEAN ConnectionQueryStatus(HYPERDBG_SESSION *Session, DEBUGGER_QUERY_STATUS *Status)
{
    memset(Status, 0, sizeof(*Status));
    if (!ConnectionRequest(Session, IOCTL_QUERY_STATUS, Status))
        return FALSE;
    Status->Backend[sizeof(Status->Backend) - 1] = '\0';
    if (Status->IsVmmLoaded) {
        Session->LoadedAt          = Status->LoadedAt;
        Session->TscPerMillisecond = Status->TscPerMillisecond;
    }
    return TRUE;
}

/* --- connecting ------------------------------------------------------------------------------- */

/* Are the modules of our version? Their structures are what we believe only then. */
static BOOLEAN ConnectionIsUnderstood(HYPERDBG_SESSION *Session)
{
    DEBUGGER_QUERY_STATUS Status;

    if (!ConnectionQueryStatus(Session, &Status))
        return FALSE;
    if (Status.InterfaceVersion == HYPERDBG_INTERFACE_VERSION)
        return TRUE;
    OutputKernelError(Session, (UINT32)DEBUGGER_ERROR_VERSION_MISMATCH);
    return FALSE;
}

/* 0: connected. An errno: not, with the sentence; -1: not, and said. */
static INT32 ConnectionOpen(HYPERDBG_SESSION *Session, CHAR *ErrorText)
{
    const HYPERDBG_OPTIONS *Options = &Session->Options;
    INT32 Error                     = Options->Transport->Connect(Options->TransportContext, ErrorText);

    if (Error != 0)
        return Error;
    Session->IsConnected = TRUE;
    Session->IsLogBroken = FALSE;
    if (ConnectionIsUnderstood(Session))
        return 0;
    ConnectionClose(Session);
    return -1;
}

/* The same, and nothing is said. */
static INT32 ConnectionOpenQuietly(HYPERDBG_SESSION *Session)
{
    HYPERDBG_MESSAGE_CALLBACK Callback = Session->Options.Callback;
    CHAR ErrorText[TRANSPORT_ERROR_SIZE];

    Session->Options.Callback = NULL;
    INT32 Error               = ConnectionOpen(Session, ErrorText);
    Session->Options.Callback = Callback;
    return Error;
}

static BOOLEAN ConnectionIsNoModule(INT32 Error)
{
    return Error == ENOENT || Error == ENXIO || Error == ENODEV;
}

BOOLEAN HyperDbgConnect(HYPERDBG_SESSION *Session, BOOLEAN IsQuiet)
{
    CHAR ErrorText[TRANSPORT_ERROR_SIZE] = "";

    if (Session->IsConnected)
        return TRUE;
    INT32 Error = IsQuiet ? ConnectionOpenQuietly(Session) : ConnectionOpen(Session, ErrorText);
    if (Error > 0 && !IsQuiet)
        OutputError(Session, NULL, "%s", ErrorText);
    return Error == 0;
}

BOOLEAN ConnectionIsAbsent(HYPERDBG_SESSION *Session)
{
    return !Session->IsConnected && ConnectionIsNoModule(ConnectionOpenQuietly(Session));
}

BOOLEAN ConnectionNeed(HYPERDBG_SESSION *Session)
{
    return HyperDbgConnect(Session, FALSE);
}

/* ConnectionOpen for modules that have just been put in: "load them first" would be no advice. */
static INT32 ConnectionOpenNew(HYPERDBG_SESSION *Session, CHAR *ErrorText)
{
    INT32 Error = ConnectionOpen(Session, ErrorText);

    if (ConnectionIsNoModule(Error))
        snprintf(ErrorText, TRANSPORT_ERROR_SIZE,
                 "the modules are loaded, but " HYPERDBG_DEVICE_PATH " and " HYPERLOG_DEVICE_PATH
                 " did not appear: is devtmpfs mounted on /dev?");
    return Error;
}

BOOLEAN ConnectionLoad(HYPERDBG_SESSION *Session)
{
    const HYPERDBG_OPTIONS *Options      = &Session->Options;
    CHAR ErrorText[TRANSPORT_ERROR_SIZE] = "";
    INT32 Error                          = Session->IsConnected ? 0 : ConnectionOpen(Session, ErrorText);

    if (ConnectionIsNoModule(Error)) {
        Error = Options->Transport->LoadModules(Options->TransportContext, ErrorText);
        if (Error == 0)
            Error = ConnectionOpenNew(Session, ErrorText);
    }
    if (Error > 0)
        OutputError(Session, NULL, "%s", ErrorText);
    return Error == 0;
}

VOID ConnectionClose(HYPERDBG_SESSION *Session)
{
    if (!Session->IsConnected)
        return;
    Session->IsConnected = FALSE;
    Session->Options.Transport->Disconnect(Session->Options.TransportContext);
}

/* --- records ---------------------------------------------------------------------------------- */

static BOOLEAN ConnectionHasRecords(const HYPERDBG_SESSION *Session)
{
    return Session->IsConnected && !Session->IsLogBroken && (!Session->IsPaused || Session->IsCounting);
}

/* Shows the records of one read; what cannot be understood is given up up to its end. */
static UINT32 ConnectionShowRecords(HYPERDBG_SESSION *Session, UINT32 Length, UINT64 *Newest)
{
    const UINT8 *Stream = (const UINT8 *)Session->ReadBuffer;
    UINT32 Offset = 0, Count = 0;
    RECORD_RESULT Result;
    const CHAR *Why;
    RECORD Record;

    while ((Result = RecordNext(Stream, Length, &Offset, &Record, &Why)) == RECORD_WHOLE) {
        Count++;
        if (Record.Header.Time > *Newest)
            *Newest = Record.Header.Time;
        if (!Session->IsCounting)
            RecordShow(Session, &Record);
    }
    if (Result == RECORD_BROKEN)
        OutputStreamError(Session, "the log holds a damaged record (%s): %u bytes were passed over", Why,
                          Length - Offset);
    return Count;
}

UINT32 ConnectionReadRecords(HYPERDBG_SESSION *Session, UINT64 *Newest)
{
    const HYPERDBG_OPTIONS *Options = &Session->Options;
    UINT32 Length                   = 0;

    if (!ConnectionHasRecords(Session))
        return 0;
    INT32 Error = Options->Transport->ReadRecords(Options->TransportContext, Session->ReadBuffer,
                                                  sizeof(Session->ReadBuffer), &Length);
    if (Error != 0 || Length > sizeof(Session->ReadBuffer)) {
        Session->IsLogBroken = TRUE;
        OutputStreamError(Session, "the log cannot be read any more: %s", strerror(Error != 0 ? Error : EIO));
        return 0;
    }
    return ConnectionShowRecords(Session, Length, Newest);
}

UINT64 ConnectionDrain(HYPERDBG_SESSION *Session)
{
    const HYPERDBG_OPTIONS *Options = &Session->Options;
    UINT64 Slack = Session->TscPerMillisecond != 0 ? Session->TscPerMillisecond * DRAIN_SLACK_MILLISECONDS
                                                   : DRAIN_SLACK_TICKS;
    UINT64 Total = 0, Newest = 0;
    UINT32 Count;

    if (!ConnectionHasRecords(Session))
        return 0;
    UINT64 End = Options->Transport->Ticks(Options->TransportContext) + Slack;
    do {
        Count = ConnectionReadRecords(Session, &Newest);
        Total += Count;
    } while (Count != 0 && Newest <= End && !SessionIsInterrupted(Session));
    return Total;
}

INT32 HyperDbgPollDescriptor(HYPERDBG_SESSION *Session)
{
    if (!ConnectionHasRecords(Session))
        return -1;
    return Session->Options.Transport->PollDescriptor(Session->Options.TransportContext);
}

UINT32 HyperDbgProcessRecords(HYPERDBG_SESSION *Session)
{
    UINT64 Newest = 0;

    return ConnectionReadRecords(Session, &Newest);
}

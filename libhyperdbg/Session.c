/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Session.c - opening, closing and interrupting a session; its lines of commands.
 *
 * The room in a glance: Session.c cuts a line into commands (Words.c), commands/ parses and runs them,
 * connection/ carries their requests to the modules and their records back, output/ makes lines of both.
 *
 * Context: user space.
 */
#include "libhyperdbg/Session.h"

#include "libhyperdbg/commands/CommandParse.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/programs/ProgramCache.h"
#include "script/engine/Engine.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* --- life ------------------------------------------------------------------------------------- */

HYPERDBG_SESSION *HyperDbgOpen(const HYPERDBG_OPTIONS *Options)
{
    HYPERDBG_SESSION *Session = calloc(1, sizeof(*Session));

    if (Session == NULL)
        return NULL;
    Session->Options             = *Options;
    Session->InterruptDescriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (Session->InterruptDescriptor < 0) {
        free(Session);
        return NULL;
    }
    if (Options->Transport == NULL) {
        DeviceTransportInitialize(&Session->Device);
        Session->Options.Transport        = &g_DeviceTransport;
        Session->Options.TransportContext = &Session->Device;
    }
    return Session;
}

VOID HyperDbgClose(HYPERDBG_SESSION *Session)
{
    if (Session == NULL)
        return;
    ConnectionClose(Session);
    ProgramForgetAll(Session);
    ScriptBtfClose(Session->Types);
    close(Session->InterruptDescriptor);
    free(Session);
}

VOID HyperDbgSetMessageCallback(HYPERDBG_SESSION *Session, HYPERDBG_MESSAGE_CALLBACK Callback, PVOID Context)
{
    Session->Options.Callback        = Callback;
    Session->Options.CallbackContext = Context;
}

VOID HyperDbgSetPaused(HYPERDBG_SESSION *Session, BOOLEAN IsPaused)
{
    Session->IsPaused = IsPaused;
}

BOOLEAN HyperDbgIsPaused(const HYPERDBG_SESSION *Session)
{
    return Session->IsPaused;
}

VOID HyperDbgSay(HYPERDBG_SESSION *Session, const CHAR *Text)
{
    OutputNotice(Session, "%s", Text);
}

VOID HyperDbgSayWhatRuns(HYPERDBG_SESSION *Session)
{
    DEBUGGER_QUERY_STATUS Status;

    if (ConnectionIsAbsent(Session))
        OutputNotice(Session, "the modules are not loaded: 'load vmm' loads them and starts the VMM");
    else if (!ConnectionNeed(Session) || !ConnectionQueryStatus(Session, &Status))
        return;
    else if (!Status.IsVmmLoaded)
        OutputNotice(Session, "the VMM is not loaded: 'load vmm' starts it");
    else
        OutputNotice(Session, "the VMM runs on %u core%s, with %u event%s set", Status.CoreCount,
                     Status.CoreCount == 1 ? "" : "s", Status.EventCount, Status.EventCount == 1 ? "" : "s");
}

VOID HyperDbgSayWhatStays(HYPERDBG_SESSION *Session)
{
    DEBUGGER_QUERY_STATUS Status;

    Session->Command = NULL;
    if (!Session->IsConnected || !ConnectionQueryStatus(Session, &Status) || !Status.IsVmmLoaded)
        return;
    OutputNotice(Session, "the VMM stays loaded, with %u event%s set ('unload vmm' takes it out)",
                 Status.EventCount, Status.EventCount == 1 ? "" : "s");
}

/* --- interrupts ------------------------------------------------------------------------------- */

VOID HyperDbgInterrupt(HYPERDBG_SESSION *Session)
{
    static const UINT64 One = 1;
    INT32 Saved             = errno;

    /* It cannot fail but for a full counter, which says the same. */
    if (write(Session->InterruptDescriptor, &One, sizeof(One)) < 0)
        errno = Saved;
}

static VOID SessionClearInterrupt(HYPERDBG_SESSION *Session)
{
    UINT64 Count;

    while (read(Session->InterruptDescriptor, &Count, sizeof(Count)) > 0)
        ;
}

BOOLEAN SessionIsInterrupted(HYPERDBG_SESSION *Session)
{
    struct pollfd Poll = {.fd = Session->InterruptDescriptor, .events = POLLIN};

    return poll(&Poll, 1, 0) > 0;
}

static UINT64 SessionNow(VOID)
{
    struct timespec Now;

    clock_gettime(CLOCK_MONOTONIC, &Now);
    return (UINT64)Now.tv_sec * 1000 + (UINT64)Now.tv_nsec / 1000000;
}

BOOLEAN SessionSleep(HYPERDBG_SESSION *Session, UINT64 Milliseconds)
{
    UINT64 End = SessionNow() + Milliseconds;

    for (UINT64 Now = SessionNow(); Now < End; Now = SessionNow()) {
        struct pollfd Polls[] = {{.fd = Session->InterruptDescriptor, .events = POLLIN},
                                 {.fd = HyperDbgPollDescriptor(Session), .events = POLLIN}};
        UINT64 Left           = End - Now;

        poll(Polls, COUNT_OF(Polls), Left > 0x7FFFFFFF ? 0x7FFFFFFF : (int)Left);
        if (Polls[0].revents != 0)
            return FALSE;
        if (Polls[1].revents != 0)
            HyperDbgProcessRecords(Session);
    }
    return TRUE;
}

/* --- lines ------------------------------------------------------------------------------------ */

static HYPERDBG_RESULT SessionFail(HYPERDBG_SESSION *Session, const CHAR *Word, const CHAR *Sentence)
{
    OutputError(Session, Word, "%s", Sentence);
    return HYPERDBG_FAILURE;
}

static HYPERDBG_RESULT SessionUnknownCommand(HYPERDBG_SESSION *Session, const CHAR *Name)
{
    const CHAR *Nearest = CommandNearest(Name);

    if (Nearest != NULL)
        OutputError(Session, Name, "there is no such command; did you mean '%s'?", Nearest);
    else
        OutputError(Session, Name, "there is no such command ('help' lists them)");
    return HYPERDBG_FAILURE;
}

static HYPERDBG_RESULT SessionRunWords(HYPERDBG_SESSION *Session, const WORDS *Words)
{
    const COMMAND *Command = CommandFind(Words->Item[0]);
    ARGUMENTS Arguments;
    PARSE_ERROR Error;

    if (Command == NULL)
        return SessionUnknownCommand(Session, Words->Item[0]);
    if (!CommandParse(Command, Words, &Arguments, &Error))
        return SessionFail(Session, Error.Word, Error.Text.Buffer);

    HYPERDBG_RESULT Result = Command->Run(Session, &Arguments);
    ConnectionDrain(Session);
    return Result;
}

/* Runs one command with its text known to errors. */
static HYPERDBG_RESULT SessionRunCommand(HYPERDBG_SESSION *Session, const CHAR *Line, const WORDS *Words)
{
    const CHAR *Outer = Session->Command; /* of a script's line: the command that runs the script */
    CHAR *Text        = strndup(Line + Words->Start[0], Words->End - Words->Start[0]);

    Session->Command       = Text;
    HYPERDBG_RESULT Result = SessionRunWords(Session, Words);
    if (Result == HYPERDBG_SUCCESS && SessionIsInterrupted(Session))
        Result = SessionFail(Session, NULL, "interrupted");
    Session->Command = Outer;
    free(Text);
    return Result;
}

/* The next command of the line; *IsDone: there was none. */
static HYPERDBG_RESULT SessionRunNext(HYPERDBG_SESSION *Session, const CHAR *Line, UINT32 *Offset,
                                      BOOLEAN *IsDone)
{
    /* ORDER WORDS_RESULT */
    static const CHAR *const Faults[] = {NULL,
                                         NULL,
                                         "a quotation mark is not closed",
                                         "a brace is not closed",
                                         "the command has too many words",
                                         "no memory"};
    WORDS Words;
    WORDS_RESULT Taken     = WordsNext(Line, Offset, &Words);
    HYPERDBG_RESULT Result = HYPERDBG_SUCCESS;

    *IsDone = Taken == WORDS_END;
    if (Taken == WORDS_COMMAND)
        Result = SessionRunCommand(Session, Line, &Words);
    else if (Taken != WORDS_END)
        Result = SessionFail(Session, NULL, Faults[Taken]);
    WordsFree(&Words);
    return Result;
}

BOOLEAN HyperDbgIsUnfinished(const CHAR *Text)
{
    return WordsIsBlockOpen(Text);
}

HYPERDBG_RESULT HyperDbgRunCommand(HYPERDBG_SESSION *Session, const CHAR *Line)
{
    HYPERDBG_RESULT Result = HYPERDBG_SUCCESS;
    BOOLEAN IsDone         = FALSE;
    UINT32 Offset          = 0;

    if (Session->ScriptDepth == 0)
        SessionClearInterrupt(Session);
    SymbolsForget(Session);
    while (Result == HYPERDBG_SUCCESS && !IsDone)
        Result = SessionRunNext(Session, Line, &Offset, &IsDone);
    return Result;
}

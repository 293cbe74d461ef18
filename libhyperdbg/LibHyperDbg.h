/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * LibHyperDbg.h - everything that the debugger's terminal can do, as a C library.
 *
 * A program opens a session, says where messages go, and runs command lines, written as a user would write
 * them:
 *
 *     HYPERDBG_OPTIONS Options = {.Format = HYPERDBG_FORMAT_JSON, .Callback = Print};
 *     HYPERDBG_SESSION *Session = HyperDbgOpen(&Options);
 *     HyperDbgRunCommand(Session, "load vmm; !cpuid 1; sleep 0n1000");
 *     HyperDbgClose(Session);
 *
 * Everything arrives through the callback, one line a call. A session belongs to one thread;
 * HyperDbgInterrupt alone may be called from another one or from a signal handler. Closing a session leaves
 * the VMM and its events as they are.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_H
#define HYPERDBG_LIBHYPERDBG_H

#include "SDK/BasicTypes.h"

#define HYPERDBG_VERSION "0.1"

typedef struct _HYPERDBG_SESSION HYPERDBG_SESSION;

/* What a line of output is: text for people, or one JSON object. */
typedef enum _HYPERDBG_FORMAT {
    HYPERDBG_FORMAT_TEXT = 0,
    HYPERDBG_FORMAT_JSON,
} HYPERDBG_FORMAT;

/* Why a line was sent. */
typedef enum _HYPERDBG_MESSAGE_KIND {
    HYPERDBG_MESSAGE_RESULT = 0,  /* what a command was asked for */
    HYPERDBG_MESSAGE_NOTICE,      /* said beside the result ("the VMM stays loaded") */
    HYPERDBG_MESSAGE_ERROR,       /* why a command failed, or a damaged record */
    HYPERDBG_MESSAGE_EVENT,       /* an event fired */
    HYPERDBG_MESSAGE_LOG,         /* a message of the modules... */
    HYPERDBG_MESSAGE_LOG_WARNING, /* ...a warning... */
    HYPERDBG_MESSAGE_LOG_ERROR,   /* ...or an error */
    HYPERDBG_MESSAGE_DROPPED,     /* records were lost here */
} HYPERDBG_MESSAGE_KIND;

/* Receives each line, zero-terminated, without a newline; Line is valid during the call only. Must not call
 * back into the session. */
typedef VOID (*HYPERDBG_MESSAGE_CALLBACK)(PVOID Context, HYPERDBG_MESSAGE_KIND Kind, const CHAR *Line);

struct _TRANSPORT; /* libhyperdbg/connection/Transport.h */

typedef struct _HYPERDBG_OPTIONS {
    HYPERDBG_FORMAT Format;
    HYPERDBG_MESSAGE_CALLBACK Callback; /* NULL: messages are thrown away */
    PVOID CallbackContext;
    const struct _TRANSPORT *Transport; /* NULL: the devices of this machine */
    PVOID TransportContext;             /* what the transport's functions get */
    const CHAR *TypesPath; /* BTF that scripts are compiled against; NULL: /sys/kernel/btf/vmlinux */
} HYPERDBG_OPTIONS;

typedef enum _HYPERDBG_RESULT {
    HYPERDBG_SUCCESS = 0,
    HYPERDBG_FAILURE, /* the reason went to the callback */
    HYPERDBG_LEAVE,   /* success, and the user asked to leave ("exit") */
} HYPERDBG_RESULT;

/* A new session, connected to nothing yet; Options is copied. NULL: no memory or no descriptor. */
HYPERDBG_SESSION *HyperDbgOpen(const HYPERDBG_OPTIONS *Options);

/* Disconnects and frees; NULL is legal. */
VOID HyperDbgClose(HYPERDBG_SESSION *Session);

VOID HyperDbgSetMessageCallback(HYPERDBG_SESSION *Session, HYPERDBG_MESSAGE_CALLBACK Callback, PVOID Context);

/* Connects to the modules if they are loaded; commands do this by themselves when they need it. FALSE: not
 * connected; the reason goes to the callback unless IsQuiet. */
BOOLEAN HyperDbgConnect(HYPERDBG_SESSION *Session, BOOLEAN IsQuiet);

/* Does the text end within the braces of a script, so that another line belongs to it? */
BOOLEAN HyperDbgIsUnfinished(const CHAR *Text);

/* Runs one line: commands separated by ';'; the braces of a script may hold more lines. Stops at the first
 * that fails. Records that were written before a command ended have been delivered to the callback when this
 * returns (unless the flow is paused). */
HYPERDBG_RESULT HyperDbgRunCommand(HYPERDBG_SESSION *Session, const CHAR *Line);

/* Runs the lines of a file ("-": standard input), stops at the first that fails; errors say file and line.
 * HYPERDBG_LEAVE: the file said "exit". */
HYPERDBG_RESULT HyperDbgRunFile(HYPERDBG_SESSION *Session, const CHAR *Path);

/* A descriptor that polls readable while records wait; -1: not connected, or the flow is paused. Ask before
 * each poll: it changes when the session connects, disconnects or pauses. */
INT32 HyperDbgPollDescriptor(HYPERDBG_SESSION *Session);

/* Delivers what can be read at once without waiting, at most one buffer full. Returns the number of records;
 * 0 also while the flow is paused. */
UINT32 HyperDbgProcessRecords(HYPERDBG_SESSION *Session);

/* Stops or resumes the flow of records to the callback. The machine runs on; records stay in the kernel's
 * rings, which tell how many they had to drop. */
VOID HyperDbgSetPaused(HYPERDBG_SESSION *Session, BOOLEAN IsPaused);
BOOLEAN HyperDbgIsPaused(const HYPERDBG_SESSION *Session);

/* Ends a waiting command ("sleep") and what would follow it on its line. Async-signal-safe, any thread. */
VOID HyperDbgInterrupt(HYPERDBG_SESSION *Session);

/* Sends a notice of the program's own, in the session's format. */
VOID HyperDbgSay(HYPERDBG_SESSION *Session, const CHAR *Text);

/* Connects, and says (as a notice) what was found; for a program that greets its user. */
VOID HyperDbgSayWhatRuns(HYPERDBG_SESSION *Session);

/* Says (as a notice) that the VMM and its events stay, if the VMM is loaded; for a program about to leave. */
VOID HyperDbgSayWhatStays(HYPERDBG_SESSION *Session);

#define HYPERDBG_COMPLETION_MAX 128

/* What could stand at the cursor. */
typedef struct _HYPERDBG_COMPLETION {
    UINT32 WordStart; /* offset of the word under the cursor: candidates replace it up to the cursor */
    UINT32 Count;
    CHAR *Candidate[HYPERDBG_COMPLETION_MAX]; /* sorted; HyperDbgFreeCompletion frees them */
} HYPERDBG_COMPLETION;

/* Completes commands, parameters, their values and (by asking the kernel) numbers of events. Cursor is an
 * offset into Line, at most its length. */
VOID HyperDbgComplete(HYPERDBG_SESSION *Session, const CHAR *Line, UINT32 Cursor,
                      HYPERDBG_COMPLETION *Completion);
VOID HyperDbgFreeCompletion(HYPERDBG_COMPLETION *Completion);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Session.h - what a session remembers between commands.
 *
 * First parameter of everything in the library that talks to the user or to the modules.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_SESSION_H
#define HYPERDBG_LIBHYPERDBG_SESSION_H

#include "SDK/modules/HyperLog.h"
#include "libhyperdbg/LibHyperDbg.h"
#include "libhyperdbg/connection/Transport.h"
#include "libhyperdbg/symbols/Symbols.h"

/* Room for a read of /dev/hyperlog; never less than the longest record. */
#define SESSION_READ_SIZE 65536
STATIC_ASSERT(SESSION_READ_SIZE >= sizeof(LOG_RECORD_HEADER) + LOG_MAX_PAYLOAD);

#define SESSION_MAX_SCRIPT_DEPTH 8

/* An address that was asked for, and what the kernel said: "" for none. Address 0: the slot is empty. */
#define SESSION_SYMBOLS 64
typedef struct _SESSION_SYMBOL {
    UINT64 Address;
    CHAR Text[SYMBOL_TEXT_SIZE];
} SESSION_SYMBOL;

struct _HYPERDBG_SESSION {
    HYPERDBG_OPTIONS Options;
    DEVICE_TRANSPORT Device; /* context of g_DeviceTransport, when Options name no other transport */

    BOOLEAN IsConnected;
    BOOLEAN IsLogBroken; /* reading the log failed: not tried again before the next connection */
    BOOLEAN IsPaused;    /* records wait in the kernel */
    BOOLEAN IsCounting;  /* `flush`: records are counted instead of shown */

    /* Of the last load; 0: not known, times are shown as raw ticks. */
    UINT64 LoadedAt;
    UINT64 TscPerMillisecond;

    INT32 InterruptDescriptor; /* eventfd: HyperDbgInterrupt was called */

    const CHAR *Command;    /* the text of the running command, for errors */
    const CHAR *ScriptName; /* NULL: the line came from the terminal */
    UINT32 ScriptLine;      /* where the command begins: a block may go on for lines */
    UINT32 ScriptDepth;

    struct _PROGRAM *Programs; /* of events: programs/ProgramCache.h */
    struct _SCRIPT_BTF *Types; /* of the kernel; NULL: no program needed them yet... */
    BOOLEAN AreTypesMissing;   /* ...or they cannot be read: not tried again */

    SESSION_SYMBOL Symbols[SESSION_SYMBOLS];

    UINT64 ReadBuffer[SESSION_READ_SIZE / sizeof(UINT64)];
};

/* Has HyperDbgInterrupt been called since the line began? */
BOOLEAN SessionIsInterrupted(HYPERDBG_SESSION *Session);

/* Waits, delivering records as they come; FALSE: interrupted. */
BOOLEAN SessionSleep(HYPERDBG_SESSION *Session, UINT64 Milliseconds);

#endif

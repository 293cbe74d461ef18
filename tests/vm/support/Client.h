/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Client.h - what test programs of the guest do with the debugger: its devices without its tool, so that what
 * they see is what the modules said.
 *
 * Unless said otherwise, a failure that is not the test's subject ends the program (TapGiveUp). Context: user
 * space.
 */
#ifndef HYPERDBG_TESTS_VM_SUPPORT_CLIENT_H
#define HYPERDBG_TESTS_VM_SUPPORT_CLIENT_H

#include "SDK/Ioctls.h"
#include "SDK/modules/HyperLog.h"

/* The tool, as the testbed puts it into the guest, with the modules beside it. */
#define CLIENT_TOOL "/root/hyperdbg"

/* Runs one line of commands in the tool; returns its exit status. Its output is not shown. */
INT32 ClientRunTool(const CHAR *Commands);

/* Between ClientStart and ClientEnd: the same, which must succeed; the devices are the tool's meanwhile. */
VOID ClientRunToolWithin(const CHAR *Commands);

/* The kernel's grace periods end by interrupts instead of by ticks (or not): loading and unloading wait for
 * some, and a busy machine of the testbed takes seconds for a tick. */
VOID ClientHurry(BOOLEAN Set);

/* Loads modules and VMM, opens both devices, reads away what is in the log. */
VOID ClientStart(VOID);

/* Opens both devices, of a VMM that runs. */
VOID ClientOpen(VOID);

/* Closes the devices; unloads VMM and modules. */
VOID ClientEnd(VOID);

/* The call itself must succeed; returns KernelStatus. */
UINT32 ClientRequest(UINT32 Code, PVOID Buffer);

/* Where the kernel has the symbol, of which there must be one. */
UINT64 ClientSymbol(const CHAR *Name);

/* Sets an event, which must be accepted; returns its tag. */
UINT64 ClientSetEvent(const DEBUGGER_EVENT_OPTIONS *Options);

/* One event or all of them (DEBUGGER_MODIFY_EVENTS_TYPE); must be accepted. */
VOID ClientModify(UINT64 Tag, UINT32 Action);
VOID ClientClearAll(VOID);

/* How often all filters of an event held. */
UINT64 ClientHits(UINT64 Tag);

/* Records of events, in the order in which the log gave them. */
typedef struct _CLIENT_RECORD {
    LOG_RECORD_HEADER Header;
    DEBUGGER_EVENT_RECORD Event;
} CLIENT_RECORD;

typedef struct _CLIENT_RECORDS {
    CLIENT_RECORD *Item;
    UINT32 Count;
    UINT32 Room;
    UINT64 Lost;          /* sum of Dropped */
    UINT64 LastSequence;  /* of all reads into this list: kept by ClientClear */
    BOOLEAN IsDisordered; /* sequence numbers did not rise, or rose by more than was told to be lost */
} CLIENT_RECORDS;

/* Appends all records that are in the log now. Records that are no events are checked for their order and
 * left out. */
VOID ClientRead(CLIENT_RECORDS *Records);
VOID ClientClear(CLIENT_RECORDS *Records);

/* A command of the guest's shell, without which the test makes no sense. */
VOID ClientShell(const CHAR *Command);

/* --- processes that do what is to be seen --- */

/* The process runs on this core alone from here on. */
VOID ClientPin(UINT32 Core);
UINT32 ClientCoreCount(VOID);

/* A child that waits, pinned to a core, until it is told to go: its number is known before it does anything.
 * Work returns the exit status. */
typedef struct _CLIENT_CHILD {
    INT32 ProcessId;
    INT32 Go; /* a pipe */
} CLIENT_CHILD;

VOID ClientFork(CLIENT_CHILD *Child, UINT32 Core, INT32 (*Work)(PVOID Context), PVOID Context);
/* Returns when the child waits: what it called to get there is behind it. */
VOID ClientAwait(const CLIENT_CHILD *Child);
VOID ClientGo(CLIENT_CHILD *Child);
/* Exit status; 128 + N when signal N ended it. */
INT32 ClientWait(CLIENT_CHILD *Child);
INT32 ClientGoAndWait(CLIENT_CHILD *Child);

#endif

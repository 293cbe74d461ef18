/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MockKernel.h - modules that exist in memory only: what a session under test talks to.
 *
 * It keeps events and records as hyperkd and hyperlog would, fails where it is told to, and writes down each
 * request. One lock: records may be sent from another thread than the session's.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_TESTS_MOCK_KERNEL_H
#define HYPERDBG_TESTS_MOCK_KERNEL_H

#include "SDK/Ioctls.h"
#include "SDK/modules/HyperLog.h"
#include "libhyperdbg/connection/Transport.h"

#include "script/eval/Eval.h"

#include <pthread.h>

#define MOCK_MAX_EVENTS   16
#define MOCK_MAX_SCRIPTS  64
#define MOCK_RECORDS_SIZE (1u << 20)
#define MOCK_TRACE_SIZE   4096

typedef struct _MOCK_KERNEL {
    pthread_mutex_t Lock;
    BOOLEAN AreModulesLoaded;
    BOOLEAN IsConnected;
    BOOLEAN IsVmmLoaded;
    UINT32 CoreCount;
    UINT32 FirstCore; /* below it are holes in the numbers */
    UINT64 Now;       /* the TSC; each record and each look at the clock takes one tick */

    DEBUGGER_QUERY_EVENT Events[MOCK_MAX_EVENTS];
    UINT32 EventCount;
    UINT64 NextTag;

    /* Of the event with tag HYPERDBG_EVENT_TAG_START + n, if it has a program; until the kernel ends. */
    SCRIPT_INSTANCE *Scripts[MOCK_MAX_SCRIPTS];
    CHAR Refusal[HYPERDBG_REFUSAL_LENGTH]; /* not "": each program is refused so, at its instruction 0 */

    UINT8 Records[MOCK_RECORDS_SIZE]; /* a stream with the reader at ReadOffset */
    UINT32 RecordsLength;
    UINT32 ReadOffset;
    UINT64 Sequence;
    UINT32 Dropped;        /* told by the next record */
    INT32 ReadyDescriptor; /* readable while records wait */
    BOOLEAN IsEndless;     /* each read makes a new record */
    UINT32 ReadLimit;      /* bytes that one read gives at most; 0: as many as fit */

    /* Faults; 0: none. */
    INT32 ConnectError;
    INT32 RequestError;
    INT32 ReadError;
    INT32 LoadModulesError;
    INT32 UnloadModulesError;
    UINT32 FailCode;   /* this request... */
    UINT32 FailStatus; /* ...is answered so */
    UINT32 InterfaceVersion;

    CHAR Trace[MOCK_TRACE_SIZE]; /* a line for each request but status */
} MOCK_KERNEL;

/* No modules, two cores. */
VOID MockKernelInitialize(MOCK_KERNEL *Kernel);
VOID MockFree(MOCK_KERNEL *Kernel);

/* Its context is a MOCK_KERNEL. */
extern const TRANSPORT g_MockTransport;

/* Adds a record to the log; the payload is copied. */
VOID MockSend(MOCK_KERNEL *Kernel, UINT32 OperationCode, UINT32 Core, const VOID *Payload, UINT32 Length);
VOID MockSendText(MOCK_KERNEL *Kernel, UINT32 OperationCode, const CHAR *Text);

/* Adds bytes to the log as they are. */
VOID MockSendRaw(MOCK_KERNEL *Kernel, const VOID *Bytes, UINT32 Length);

/* The parts of it that have to do with programs (MockScript.c). The lock is held, except where it ends. */
UINT32 MockKeepScript(MOCK_KERNEL *Kernel, DEBUGGER_REGISTER_EVENT *Request);
UINT32 MockReadScript(MOCK_KERNEL *Kernel, PVOID Buffer);
UINT32 MockReadMap(MOCK_KERNEL *Kernel, PVOID Buffer);
UINT32 MockCountScripts(const MOCK_KERNEL *Kernel);
SCRIPT_INSTANCE *MockScriptOf(const MOCK_KERNEL *Kernel, UINT64 Tag); /* NULL: it has none */
VOID MockRunScript(MOCK_KERNEL *Kernel, UINT64 Tag, UINT32 ProcessId, UINT32 Core);
VOID MockFreeScripts(MOCK_KERNEL *Kernel);
VOID MockSendLocked(MOCK_KERNEL *Kernel, UINT32 OperationCode, UINT32 Core, const VOID *Payload,
                    UINT32 Length);

/* A process executes CPUID: the events that are set see it. Returns how many records that made. */
UINT32 MockExecuteCpuid(MOCK_KERNEL *Kernel, UINT32 Leaf, UINT32 ProcessId, UINT32 Core);

#endif

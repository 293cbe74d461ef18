/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Ioctls.h - what user space and hyperkd say to each other: requests on /dev/hyperdbg, event records in the
 * log.
 *
 * A request is a structure of fixed size, read and written in place; its number carries the size, so that a
 * short or long structure is refused (ENOTTY). Each ends with KernelStatus: DEBUGGER_OPERATION_WAS_SUCCESSFUL
 * or a code of ErrorCodes.h. The call itself fails (errno) only where the request could not be read at all:
 * EFAULT (bad pointer), ENOTTY (no such request or size).
 * Reserved fields must be zero (DEBUGGER_ERROR_INVALID_REQUEST otherwise). Context: any.
 */
#ifndef HYPERDBG_SDK_IOCTLS_H
#define HYPERDBG_SDK_IOCTLS_H

#include "SDK/BasicTypes.h"
#include "SDK/ErrorCodes.h"
#include "SDK/Events.h"

/* Both devices: mode 0600, one opener at a time (EBUSY). hyperkd takes requests; hyperlog gives records by
 * read and poll. */
#define HYPERDBG_DEVICE_PATH "/dev/hyperdbg"
#define HYPERLOG_DEVICE_PATH "/dev/hyperlog"

/* Changes whenever a structure of this file or of HyperLog.h changes its layout or meaning. */
#define HYPERDBG_INTERFACE_VERSION 2

#define HYPERDBG_ALL_CORES     0xFFFFFFFFu
#define HYPERDBG_ALL_PROCESSES 0xFFFFFFFFu
#define HYPERDBG_MAX_EVENTS    65536
#define HYPERDBG_MAX_CORES     1024

/* Events are numbered from here, in the order they were set. */
#define HYPERDBG_EVENT_TAG_START 0x1000000ull

/* TASK_COMM_LEN, with the final zero. */
#define HYPERDBG_PROCESS_NAME_LENGTH 16

/* One event that a user asked for. */
typedef struct _DEBUGGER_EVENT_OPTIONS {
    UINT32 EventType;        /* VMM_EVENT_TYPE_ENUM */
    UINT32 CoreId;           /* or HYPERDBG_ALL_CORES */
    UINT32 ProcessId;        /* the process (tgid), or HYPERDBG_ALL_PROCESSES */
    UINT32 Stage;            /* VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE: PRE, POST or ALL */
    UINT8 ShortCircuit;      /* 1: the instruction's effect does not happen (stage PRE only) */
    UINT8 HasOptionalParam1; /* 1: only when the context equals OptionalParam1 (CPUID leaf, MSR number...) */
    UINT8 Reserved[6];
    UINT64 OptionalParam1; /* 0 unless HasOptionalParam1; a CPUID leaf or MSR number has 32 bits. Hidden
                              breakpoint: its address. Monitor: the first address of the range */
    UINT64 OptionalParam2; /* 2 to 4: 0 for the types that give them no meaning. Monitor: bytes, not 0 */
    UINT64 OptionalParam3; /* monitor: 1 for physical addresses, 0 for virtual ones */
    UINT64 OptionalParam4;
} DEBUGGER_EVENT_OPTIONS;

typedef struct _DEBUGGER_REGISTER_EVENT {
    DEBUGGER_EVENT_OPTIONS Options; /* in */
    UINT64 Tag;                     /* out: the event's number */
    UINT32 Reserved;
    UINT32 KernelStatus; /* out */
} DEBUGGER_REGISTER_EVENT;

typedef enum _DEBUGGER_MODIFY_EVENTS_TYPE {
    DEBUGGER_MODIFY_EVENTS_QUERY_STATE = 0,
    DEBUGGER_MODIFY_EVENTS_ENABLE,
    DEBUGGER_MODIFY_EVENTS_DISABLE,
    DEBUGGER_MODIFY_EVENTS_CLEAR,
} DEBUGGER_MODIFY_EVENTS_TYPE;

#define DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG 0xFFFFFFFFFFFFFFFFull

typedef struct _DEBUGGER_MODIFY_EVENTS {
    UINT64 Tag;          /* in: one event, or DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG */
    UINT32 TypeOfAction; /* in: DEBUGGER_MODIFY_EVENTS_TYPE */
    UINT32 IsEnabled;    /* out of QUERY_STATE */
    UINT32 Reserved;
    UINT32 KernelStatus; /* out */
} DEBUGGER_MODIFY_EVENTS;

/* Walks the list of events: ask from Tag 0, then from the returned tag + 1, until
 * DEBUGGER_ERROR_TAG_NOT_FOUND. */
typedef struct _DEBUGGER_QUERY_EVENT {
    UINT64 Tag;                     /* in: the lowest number wanted; out: the event's number */
    DEBUGGER_EVENT_OPTIONS Options; /* out */
    UINT64 Hits; /* out: how often all filters held since it was set; once per instruction at any stage */
    UINT32 IsEnabled; /* out */
    UINT32 HookState; /* out: of a hidden hook that is enabled, VMM_HOOK_STATE; 0 otherwise */
    UINT32 Reserved;
    UINT32 KernelStatus; /* out */
} DEBUGGER_QUERY_EVENT;

typedef struct _DEBUGGER_QUERY_STATUS {
    UINT32 InterfaceVersion;  /* out: HYPERDBG_INTERFACE_VERSION of the modules */
    UINT32 IsVmmLoaded;       /* out */
    UINT32 CoreCount;         /* out: cores that the VMM runs on, 0 when not loaded */
    UINT32 EventCount;        /* out */
    UINT64 LoadTicks;         /* out: TSC ticks that the last load took, from request to success */
    UINT64 LoadedAt;          /* out: TSC when it began: times of records count from there */
    UINT64 TscPerMillisecond; /* out: 0 when not known */
    UINT64 TotalExits;        /* out: VM exits of all cores since the load */
    CHAR Backend[8];          /* out: "VT-x", "AMD-V", or "" when not loaded */
    UINT32 Reserved;
    UINT32 KernelStatus; /* out */
} DEBUGGER_QUERY_STATUS;

#define HYPERDBG_EXIT_REASON_COUNT 128

/* How often each exit reason was seen on one core since the load (the numbers are the processor's own). */
typedef struct _DEBUGGER_QUERY_EXITS {
    UINT32 CoreId; /* in */
    UINT32 Reserved;
    UINT64 Count[HYPERDBG_EXIT_REASON_COUNT]; /* out */
    UINT32 Reserved2;
    UINT32 KernelStatus; /* out */
} DEBUGGER_QUERY_EXITS;

/* load vmm, unload vmm */
typedef struct _DEBUGGER_LOAD_REQUEST {
    UINT32 InterfaceVersion; /* in: HYPERDBG_INTERFACE_VERSION of the tool */
    UINT32 Reserved;
    UINT64 Ticks; /* out: TSC ticks that it took */
    UINT32 Reserved2;
    UINT32 KernelStatus; /* out */
} DEBUGGER_LOAD_REQUEST;

/* The numbers of _IOWR('H', n, structure) of <linux/ioctl.h>, spelled out so that no system header is needed
 * here. */
#define HYPERDBG_IOCTL(Number, Type)                                                                         \
    (0xC0000000u | ((UINT32)sizeof(Type) << 16) | ((UINT32)'H' << 8) | (Number))

#define IOCTL_INIT_VMM       HYPERDBG_IOCTL(0x00, DEBUGGER_LOAD_REQUEST)
#define IOCTL_TERMINATE_VMM  HYPERDBG_IOCTL(0x01, DEBUGGER_LOAD_REQUEST)
#define IOCTL_QUERY_STATUS   HYPERDBG_IOCTL(0x02, DEBUGGER_QUERY_STATUS)
#define IOCTL_QUERY_EXITS    HYPERDBG_IOCTL(0x03, DEBUGGER_QUERY_EXITS)
#define IOCTL_REGISTER_EVENT HYPERDBG_IOCTL(0x10, DEBUGGER_REGISTER_EVENT)
#define IOCTL_MODIFY_EVENTS  HYPERDBG_IOCTL(0x11, DEBUGGER_MODIFY_EVENTS)
#define IOCTL_QUERY_EVENT    HYPERDBG_IOCTL(0x12, DEBUGGER_QUERY_EVENT)

/* What an event that fired leaves in the log: the payload of an OPERATION_DEBUGGER_EVENT_RECORD (HyperLog.h),
 * whose header adds core, time and sequence number. */
typedef struct _DEBUGGER_EVENT_RECORD {
    UINT64 Tag;
    UINT32 EventType; /* VMM_EVENT_TYPE_ENUM */
    UINT32 Stage;     /* PRE or POST */
    UINT64 Context;   /* CPUID leaf, MSR number...: the contract's table of dispatchers; of a monitored access
                         its virtual address, 0 when it was the processor's own (a walk of page tables) */
    UINT64 PhysicalAddress; /* of a monitored access; 0 for other types */
    UINT64 Rip;             /* of the instruction */
    UINT32 ProcessId;
    UINT32 ThreadId;
    CHAR ProcessName[HYPERDBG_PROCESS_NAME_LENGTH];
    GUEST_REGS Regs;      /* at this stage */
    UINT32 ChangedRegs;   /* bit n: element n of Regs differs from what it was before the instruction (stage
                             POST) */
    UINT8 ShortCircuited; /* PRE: by this event; POST: by any, so that nothing took effect */
    UINT8 Access;         /* of a monitored access: bit 0 read, 1 write, 2 execute; 0 for other types */
    UINT8 Reserved[2];
} DEBUGGER_EVENT_RECORD;

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Ioctls.h - what user space and hyperkd say to each other: requests on /dev/hyperdbg, event records in the
 * log.
 *
 * A request is a structure of fixed size, read and written in place; its number carries the size, so that a
 * short or long structure is refused (ENOTTY). Each ends with KernelStatus: DEBUGGER_OPERATION_WAS_SUCCESSFUL
 * or a code of ErrorCodes.h. The call itself fails (errno) only where the request could not be read at all:
 * EFAULT (bad pointer), ENOTTY (no such request or size).
 * Reserved fields must be zero (DEBUGGER_ERROR_INVALID_REQUEST otherwise). A field that is an address in the
 * caller's memory says so; DEBUGGER_ERROR_INVALID_POINTER where that memory is not there. Context: any.
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
#define HYPERDBG_INTERFACE_VERSION 4

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
    UINT64 OptionalParam2; /* 2 to 4: 0 for the types that give them no meaning. Monitor: bytes, not 0.
                              CONTROL_REGISTER_MODIFIED: bits of CR0 or CR4 whose change is meant; 0: all */
    UINT64 OptionalParam3; /* monitor: 1 for physical addresses, 0 for virtual ones */
    UINT64 OptionalParam4;
} DEBUGGER_EVENT_OPTIONS;

#define HYPERDBG_MAX_SCRIPT_BUDGET    100000000ull   /* operations of one run: its core does nothing else */
#define HYPERDBG_MAX_SCRIPT_MAP_BYTES (256ull << 20) /* of one script, on all cores together */
#define HYPERDBG_SCRIPT_GLOBAL_BYTES  (1u << 20)     /* of all scripts together */
#define HYPERDBG_REFUSAL_LENGTH       128

/* With a program the event runs it instead of leaving a record. The program is copied and verified before
 * anything is armed. */
typedef struct _DEBUGGER_REGISTER_EVENT {
    DEBUGGER_EVENT_OPTIONS Options; /* in */
    UINT64 Tag;                     /* out: the event's number */
    UINT64 Script;             /* in: address of a program (Bytecode.h) in the caller's memory; 0: none */
    UINT64 ScriptBudget;       /* in: operations per run; 0: SCRIPT_DEFAULT_BUDGET */
    UINT32 ScriptSize;         /* in: bytes; 0 without a program */
    UINT32 RefusedInstruction; /* out, of DEBUGGER_ERROR_SCRIPT_REFUSED: all ones if it is not about one */
    CHAR Refusal[HYPERDBG_REFUSAL_LENGTH]; /* out, likewise: why; zero-terminated */
    UINT32 Reserved;
    UINT32 KernelStatus; /* out */
} DEBUGGER_REGISTER_EVENT;

/* The program of an event. DEBUGGER_ERROR_TAG_NOT_FOUND: no such event, or it has none. */
typedef struct _DEBUGGER_READ_SCRIPT {
    UINT64 Tag;          /* in */
    UINT64 Buffer;       /* in: an address in the caller's memory; nothing is written if Size is too small */
    UINT32 Size;         /* in: bytes there are; out: bytes the program has */
    UINT32 KernelStatus; /* out */
} DEBUGGER_READ_SCRIPT;

/* Elements of a map of an event's program, read while cores write it: key (KeySize bytes), then the value,
 * merged over the cores (ScriptMapValueWords words), one element behind the other. Ask from Position 0 until
 * Count is 0. */
typedef struct _DEBUGGER_READ_MAP {
    UINT64 Tag;          /* in */
    UINT64 Position;     /* in: 0, or what the last request gave; out */
    UINT64 Buffer;       /* in: an address in the caller's memory */
    UINT64 Dropped;      /* out: updates that the map refused because it was full */
    UINT32 Map;          /* in: its index in the program */
    UINT32 Size;         /* in: bytes in Buffer, room for one element at least */
    UINT32 Count;        /* out: elements written */
    UINT32 KernelStatus; /* out */
} DEBUGGER_READ_MAP;

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
    UINT32 IsCleared; /* out: by a script; nothing but clearing can be done with it any more */
    UINT32 HasScript; /* out: it runs a program */
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
    UINT32 ScriptCount;       /* out: events that run a program */
    UINT32 Reserved[2];
    UINT32 KernelStatus; /* out */
} DEBUGGER_QUERY_STATUS;

#define HYPERDBG_EXIT_REASON_COUNT 128

/* How often each exit reason was seen on one core since the load (the numbers are the processor's own), and
 * the core's NMIs. */
typedef struct _DEBUGGER_QUERY_EXITS {
    UINT32 CoreId; /* in */
    UINT32 Reserved;
    UINT64 Count[HYPERDBG_EXIT_REASON_COUNT]; /* out */
    VMM_NMI_COUNTS Nmis;                      /* out */
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

/* With the final zero; what is longer is cut. */
#define HYPERDBG_SYMBOL_NAME_LENGTH   128
#define HYPERDBG_SYMBOL_MODULE_LENGTH 64

/* A module's name in which all of the kernel that is no module goes. */
#define HYPERDBG_SYMBOL_KERNEL "kernel"

typedef struct _DEBUGGER_SYMBOL {
    UINT64 Address;
    UINT64 Size; /* bytes up to the next symbol; 0: not known */
    CHAR Name[HYPERDBG_SYMBOL_NAME_LENGTH];
    CHAR Module[HYPERDBG_SYMBOL_MODULE_LENGTH]; /* HYPERDBG_SYMBOL_KERNEL for what is in no module */
} DEBUGGER_SYMBOL;

#define HYPERDBG_SYMBOLS_PER_QUERY 64

/* Symbols of the kernel and its modules by name, a piece of the list at a time. */
typedef struct _DEBUGGER_QUERY_SYMBOLS {
    CHAR Module[HYPERDBG_SYMBOL_MODULE_LENGTH];         /* in: only of this module; "": of all */
    CHAR Pattern[HYPERDBG_SYMBOL_NAME_LENGTH];          /* in: a name, in which * and ? stand for others */
    UINT32 Skip;                                        /* in: that many are passed over */
    UINT32 Count;                                       /* out: in Symbol */
    UINT64 Total;                                       /* out: all that fit */
    DEBUGGER_SYMBOL Symbol[HYPERDBG_SYMBOLS_PER_QUERY]; /* out, their sizes not known */
    UINT32 Reserved;
    UINT32 KernelStatus; /* out */
} DEBUGGER_QUERY_SYMBOLS;

/* The symbol that an address of the kernel belongs to. */
typedef struct _DEBUGGER_QUERY_ADDRESS {
    UINT64 Address;         /* in */
    DEBUGGER_SYMBOL Symbol; /* out */
    UINT32 Reserved;
    UINT32 KernelStatus; /* out; DEBUGGER_ERROR_SYMBOL_NOT_FOUND: to none */
} DEBUGGER_QUERY_ADDRESS;

#define HYPERDBG_PAGE_TABLE_LEVELS 5

/* Where an address is: !va2pa, !pte; with IsPhysical the other way round: !pa2va. */
typedef struct _DEBUGGER_QUERY_TRANSLATION {
    UINT64 Address;    /* in */
    UINT32 ProcessId;  /* in: in whose page tables, HYPERDBG_ALL_PROCESSES: the kernel's */
    UINT32 IsPhysical; /* in: Address is; then it is asked where the kernel maps all RAM, one to one */
    UINT64 Result;     /* out: the other address */
    UINT32 PageShift;  /* out: of the page that holds it: 12, 21 or 30; 0: not mapped, and no Result */
    UINT32 TopLevel;   /* out: level of the first entry: 4 for PML4, 5 for PML5 */
    UINT32 Count;      /* out: entries that were read, from the top down; 0 with IsPhysical */
    UINT32 Reserved;
    struct {
        UINT64 Address; /* physical, of the entry */
        UINT64 Value;
    } Entry[HYPERDBG_PAGE_TABLE_LEVELS]; /* out */
    UINT32 Reserved2;
    UINT32 KernelStatus; /* out */
} DEBUGGER_QUERY_TRANSLATION;

/* Halts all cores at one instant, remembers what each was doing, holds them for HoldTicks, and lets them go
 * on. IOCTL_QUERY_CORE_STATE then tells of each core. */
#define HYPERDBG_MAX_HOLD_TICKS (1ull << 36)

typedef struct _DEBUGGER_HALT_SYSTEM {
    UINT64 HoldTicks;    /* in: TSC ticks, up to HYPERDBG_MAX_HOLD_TICKS; 0: no longer than it takes */
    UINT64 LatencyTicks; /* out: from the first core's halt to the last one's */
    UINT64 HeldTicks;    /* out: from the last core's halt to the release */
    UINT32 CoreCount;    /* out: cores that stood still */
    UINT32 Reserved;
    UINT32 Reserved2;
    UINT32 KernelStatus; /* out */
} DEBUGGER_HALT_SYSTEM;

typedef enum _DEBUGGER_CORE_HALTED_FROM {
    DEBUGGER_CORE_ASKED = 0,  /* it halted the others: in the VMCALL of this request */
    DEBUGGER_CORE_FROM_GUEST, /* at the instruction that it would execute next */
    DEBUGGER_CORE_FROM_EXIT,  /* an exit was under way: at its end, or one instruction later */
} DEBUGGER_CORE_HALTED_FROM;

/* What a core was doing when the last snapshot was taken. */
typedef struct _DEBUGGER_CORE_STATE {
    UINT32 CoreId;     /* in */
    UINT32 HaltedFrom; /* out: DEBUGGER_CORE_HALTED_FROM */
    UINT64 HaltedAt;   /* out: TSC */
    UINT64 Rip;        /* out, as all below */
    UINT64 Cr0, Cr3, Cr4;
    GUEST_REGS Regs;
    UINT32 ProcessId;
    UINT32 ThreadId;
    CHAR ProcessName[HYPERDBG_PROCESS_NAME_LENGTH];
    UINT32 Reserved;
    UINT32 KernelStatus; /* out: DEBUGGER_ERROR_NO_SNAPSHOT where the core did not stand still in it */
} DEBUGGER_CORE_STATE;

/* The numbers of _IOWR('H', n, structure) of <linux/ioctl.h>, spelled out so that no system header is needed
 * here. */
#define HYPERDBG_IOCTL(Number, Type)                                                                         \
    (0xC0000000u | ((UINT32)sizeof(Type) << 16) | ((UINT32)'H' << 8) | (Number))

#define IOCTL_INIT_VMM         HYPERDBG_IOCTL(0x00, DEBUGGER_LOAD_REQUEST)
#define IOCTL_TERMINATE_VMM    HYPERDBG_IOCTL(0x01, DEBUGGER_LOAD_REQUEST)
#define IOCTL_QUERY_STATUS     HYPERDBG_IOCTL(0x02, DEBUGGER_QUERY_STATUS)
#define IOCTL_QUERY_EXITS      HYPERDBG_IOCTL(0x03, DEBUGGER_QUERY_EXITS)
#define IOCTL_HALT_SYSTEM      HYPERDBG_IOCTL(0x30, DEBUGGER_HALT_SYSTEM)
#define IOCTL_QUERY_CORE_STATE HYPERDBG_IOCTL(0x31, DEBUGGER_CORE_STATE)
#define IOCTL_REGISTER_EVENT   HYPERDBG_IOCTL(0x10, DEBUGGER_REGISTER_EVENT)
#define IOCTL_MODIFY_EVENTS    HYPERDBG_IOCTL(0x11, DEBUGGER_MODIFY_EVENTS)
#define IOCTL_QUERY_EVENT      HYPERDBG_IOCTL(0x12, DEBUGGER_QUERY_EVENT)
#define IOCTL_READ_SCRIPT      HYPERDBG_IOCTL(0x18, DEBUGGER_READ_SCRIPT)
#define IOCTL_READ_MAP         HYPERDBG_IOCTL(0x19, DEBUGGER_READ_MAP)

#define IOCTL_QUERY_SYMBOLS     HYPERDBG_IOCTL(0x20, DEBUGGER_QUERY_SYMBOLS)
#define IOCTL_QUERY_ADDRESS     HYPERDBG_IOCTL(0x21, DEBUGGER_QUERY_ADDRESS)
#define IOCTL_QUERY_TRANSLATION HYPERDBG_IOCTL(0x22, DEBUGGER_QUERY_TRANSLATION)

/* What an event that fired leaves in the log: the payload of an OPERATION_DEBUGGER_EVENT_RECORD (HyperLog.h),
 * whose header adds core, time and sequence number. */
typedef struct _DEBUGGER_EVENT_RECORD {
    UINT64 Tag;
    UINT32 EventType; /* VMM_EVENT_TYPE_ENUM */
    UINT32 Stage;     /* PRE or POST */
    UINT64 Context;   /* CPUID leaf, MSR number...: the contract's table of dispatchers; of a monitored access
                         its virtual address, 0 when it was the processor's own (a walk of page tables); of
                         SYSCALL its number */
    UINT64 PhysicalAddress; /* of a monitored access; 0 for other types */
    UINT64 Rip;             /* of the instruction */
    UINT32 ProcessId;
    UINT32 ThreadId;
    CHAR ProcessName[HYPERDBG_PROCESS_NAME_LENGTH];
    VMM_REGISTER_ACCESS
    Register;             /* of the types of control and debug registers and of exceptions; else zero */
    GUEST_REGS Regs;      /* at this stage */
    UINT32 ChangedRegs;   /* bit n: element n of Regs differs from what it was before the instruction (stage
                             POST) */
    UINT8 ShortCircuited; /* PRE: by this event; POST: by any, so that nothing took effect */
    UINT8 Access;         /* of a monitored access: bit 0 read, 1 write, 2 execute; 0 for other types */
    UINT8 Reserved[2];
} DEBUGGER_EVENT_RECORD;

typedef enum _DEBUGGER_SCRIPT_RECORD_KIND {
    DEBUGGER_SCRIPT_RECORD_OUTPUT = 0, /* a printf: its record (script/eval/Format.h) follows */
    DEBUGGER_SCRIPT_RECORD_FAULT,      /* what ended a run */
    DEBUGGER_SCRIPT_RECORD_MAP,        /* print(map): its contents are to be asked for */
} DEBUGGER_SCRIPT_RECORD_KIND;

/* What an event's program leaves in the log: the payload of an OPERATION_DEBUGGER_SCRIPT_RECORD. */
typedef struct _DEBUGGER_SCRIPT_RECORD {
    UINT64 Tag;
    UINT32 Kind;        /* DEBUGGER_SCRIPT_RECORD_KIND */
    UINT32 Number;      /* of a fault its SCRIPT_STATUS (Eval.h), of a map its index */
    UINT32 Instruction; /* of a fault: where in the program */
    UINT32 ProcessId;
    UINT64 Address; /* of a fault, as in SCRIPT_RESULT */
} DEBUGGER_SCRIPT_RECORD;

#endif

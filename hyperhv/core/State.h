/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State.h - VIRTUAL_MACHINE_STATE: everything the VMM knows about one core.
 *
 * First parameter of everything in the exit path, found from the exit stack. Written by its own core in VMX
 * root mode unless said otherwise.
 */
#ifndef HYPERHV_CORE_STATE_H
#define HYPERHV_CORE_STATE_H

#include "SDK/BasicTypes.h"
#include "SDK/Events.h"
#include "SDK/Registers.h"

struct _VMX_CORE;
struct _SVM_CORE;

#define HV_EXIT_REASON_COUNT 128

/* ExitFlags at the start of an exit: in root mode, RIP to be moved. The bytes stand as in the union below. */
#define EXIT_FLAGS_START     0x00000101u
#define EXIT_FLAGS_END(Bits) ((UINT32)(Bits) << 24)

/* Where a core is in its life under the VMM. Written by the core itself. */
typedef enum _VMM_CORE_LIFECYCLE {
    VMM_CORE_OFF = 0,     /* the kernel owns the processor */
    VMM_CORE_LAUNCHING,   /* between VMXON and the first instruction as a guest */
    VMM_CORE_RUNNING,     /* the kernel is a guest */
    VMM_CORE_TERMINATING, /* on the way out, in root mode */
} VMM_CORE_LIFECYCLE;

/* The way out of VMX operation. */
typedef struct _VMX_VMXOFF_STATE {
    UINT64
    GuestRip; /* the first five are a frame for IRET, in its order: assembly copies them to the stack */
    UINT64 GuestCs;
    UINT64 GuestRflags;
    UINT64 GuestRsp;
    UINT64 GuestSs;
    BOOLEAN
    IsVmxoffExecuted; /* the exit handler has left VMX operation: assembly returns to the guest by IRET */
} VMX_VMXOFF_STATE;

/* A POST event that waits for the end of a step. */
typedef struct _HV_STEP_POST {
    VMM_EVENT_TYPE_ENUM EventType;
    EPT_HOOKS_CONTEXT Context;
} HV_STEP_POST;

/* Hooked pages that one instruction can touch, and that its step is prepared for: a gather or scatter of 16
 * elements 32, its own bytes two; the rest is for an event that is delivered in the step (IDT, GDT, TSS,
 * stack) and for page tables that the processor walks. */
#define HV_STEP_PAGES 48u

/* One instruction that a core carries out while it sees memory as it is (hooks/HookStep.h). */
typedef struct _HV_STEP {
    UINT32 WrittenCount; /* 0 between steps, as the next one */
    UINT32 PostCount;
    BOOLEAN PostRequired;  /* of a hidden breakpoint, while its hit is told */
    BOOLEAN IsCancelled;   /* the guest does not carry it out after all */
    UINT64 BreakpointPost; /* address of a hidden breakpoint whose user wants POST; 0: none */
    struct _HOOK_PAGE *Written[HV_STEP_PAGES]; /* those with hidden breakpoints that are written to */
    HV_STEP_POST Post[HV_STEP_PAGES];          /* of monitors */
} HV_STEP;

/* The IN, OUT, INS or OUTS that the core left the guest for (Dispatch.h: DispatchEventIO). */
typedef struct _HV_IO {
    UINT16 Port;
    UINT8 Size; /* of one datum: 1, 2 or 4 bytes */
    BOOLEAN IsIn;
    BOOLEAN IsString; /* INS or OUTS, repeated or not */

    /* A string form is carried out by the guest itself, in one step. */
    BOOLEAN IsStepping;
    BOOLEAN PostRequired; /* its user wants POST */
    UINT64 Rip;           /* of the instruction */
    UINT64 NextRip;       /* of the one after it */
} HV_IO;

/* Bits of ExitEnd. */
#define EXIT_END_WRITE_REGS 0x1u  /* a user had Regs: their rsp and rflags go to the guest */
#define EXIT_END_LEAVE      0x2u  /* leave VMX operation */
#define EXIT_END_STEP       0x4u  /* the core was in a step when the exit came: is it over? */
#define EXIT_END_TRAP       0x8u  /* a trap without the monitor trap flag has to be set for the entry */
#define EXIT_END_RIP_MOVED  0x10u /* nothing to do: a user has sent the guest elsewhere */
#define EXIT_END_HOLD       0x20u /* a user waits for the next instruction: interrupts have to */
#define EXIT_END_NMI        0x40u /* an NMI of root mode brought a request (Broadcast.h) */
#define EXIT_END_LEAVE_SOON 0x80u /* leave VMX operation as soon as the guest is where that is possible */

typedef struct _VIRTUAL_MACHINE_STATE {
    /* The exit under way: set at its start, valid until its end. */
    GUEST_REGS *Regs; /* on the exit stack; its rsp and rflags are copies, see EXIT_END_WRITE_REGS */
    union {
        struct {
            BOOLEAN IsOnVmxRootMode;
            BOOLEAN IncrementRip; /* RIP moves past the instruction at the end of the exit */
            BOOLEAN XmmRegsValid; /* XmmRegs were read in this exit */
            UINT8 ExitEnd;        /* EXIT_END_...: what the end of this exit has to do beyond the usual */
        };
        UINT32 ExitFlags; /* the four in one */
    };
    UINT32 ExitFlagsAtStart; /* what ExitFlags is set to when an exit begins: EXIT_FLAGS_START, with
                                EXIT_END_... of what the next exit has to do; atomic */
    UINT64 ExitQualification;
    UINT64 LastVmexitRip; /* RIP at the exit */
    /* Apart from ExitFlags: the compiler would make one store of both, with more instructions than two. */
    UINT32 ExitReason; /* basic reason, the processor's own number */
    GUEST_XMM_REGS XmmRegs;

    UINT32 CoreId;
    VMM_CORE_LIFECYCLE Lifecycle;
    UINT32 LaunchError; /* DEBUGGER_ERROR_... of a launch that failed, 0 otherwise */
    VMX_VMXOFF_STATE VmxoffState;

    /* Monitor trap flag: who asked for the step (Mtf.c serves all that are set). */
    BOOLEAN RegisterBreakOnMtf;
    BOOLEAN IgnoreMtfUnset;
    BOOLEAN StepMakesShadow; /* the instruction that is stepped loads SS (vmx/Mtf.c) */
    BOOLEAN EnableExternalInterruptsOnContinueMtf;
    BOOLEAN MtfIsExplained; /* by one of them, of the MTF exit under way */
    BOOLEAN UnexplainedMtfLogged;
    PVOID MtfEptHookRestorePoint; /* the page of the hook that the step was begun for; NULL: no step */
    HV_STEP Step;
    HV_IO Io;
    UINT64 Cr2Before;    /* the guest's, before the page fault that the exit is about */
    UINT8 SyscallLength; /* of the SYSCALL or SYSRET at RIP, in bytes; and has it REX.W? */
    BOOLEAN IsSysretTo64Bit;
    UINT8 ModeEntered; /* the privilege level that the guest is about to execute at: 0 or 3 */
    UINT8 ExitVector;  /* of the exception or interrupt that the exit is about */
    VMM_REGISTER_ACCESS RegisterAccess; /* of the exit by a MOV to or from a control or debug register */

    union {
        struct {
            /* NMIs that belong to the guest and wait for a moment when they may be injected. Incremented by
             * the NMI handler of root mode too, so by atomic operations only. */
            UINT32 PendingNmis;
            BOOLEAN NmiWantsExit; /* of a broadcast, below: it has asked for an exit after one instruction,
                                     which has not come yet */
        };
        UINT64 NmisAsk; /* the two in one: 0 if NMIs want no exit */
    };

    VMM_NMI_COUNTS NmiCounts; /* read by others while they move; Broadcast is written by others, atomically */

    /* Broadcasts by NMI (vmx/VmxBroadcast.h); all atomic. */
    UINT32 ApicId;              /* by which others send; written before the core runs */
    UINT32 NmiBroadcastActions; /* NMI_BROADCAST_ACTION_..., set by other cores; not zero: an NMI is on its
                                   way */
    BOOLEAN NmiRequestWaits;    /* an NMI hit root mode, and the user could not be served then */

    /* Written by this core in the guest, interrupts off: the innermost detour that it is in (hooks/Detour.h).
     */
    struct _DETOUR_FRAME *Detour;

    UINT64 ExitCounts[HV_EXIT_REASON_COUNT]; /* read by others while they move */

    /* The vendor's part; owned by the backend. */
    struct _VMX_CORE *Vmx;
    struct _SVM_CORE *Svm;
} VIRTUAL_MACHINE_STATE, *PVIRTUAL_MACHINE_STATE;

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Events.h - what can happen on a core, when a user is told, and what the user's answer does.
 *
 * Shared by the VMM, its users and user space. Context: any.
 */
#ifndef HYPERDBG_SDK_EVENTS_H
#define HYPERDBG_SDK_EVENTS_H

#include "SDK/BasicTypes.h"
#include "SDK/Registers.h"

/* Everything the VMM can report. The values are part of the contract with user space: append, never reorder.
 */
typedef enum _VMM_EVENT_TYPE_ENUM {
    HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE = 0,
    HIDDEN_HOOK_READ_AND_WRITE,
    HIDDEN_HOOK_READ_AND_EXECUTE,
    HIDDEN_HOOK_WRITE_AND_EXECUTE,
    HIDDEN_HOOK_READ,
    HIDDEN_HOOK_WRITE,
    HIDDEN_HOOK_EXECUTE,
    HIDDEN_HOOK_EXEC_DETOURS,
    HIDDEN_HOOK_EXEC_CC,
    SYSCALL_HOOK_EFER_SYSCALL,
    SYSCALL_HOOK_EFER_SYSRET,
    CPUID_INSTRUCTION_EXECUTION,
    RDMSR_INSTRUCTION_EXECUTION,
    WRMSR_INSTRUCTION_EXECUTION,
    IN_INSTRUCTION_EXECUTION,
    OUT_INSTRUCTION_EXECUTION,
    EXCEPTION_OCCURRED,
    EXTERNAL_INTERRUPT_OCCURRED,
    DEBUG_REGISTERS_ACCESSED,
    TSC_INSTRUCTION_EXECUTION,
    PMC_INSTRUCTION_EXECUTION,
    VMCALL_INSTRUCTION_EXECUTION,
    CONTROL_REGISTER_MODIFIED,
    CONTROL_REGISTER_READ,
    CONTROL_REGISTER_3_MODIFIED,
    TRAP_EXECUTION_MODE_CHANGED,
    TRAP_EXECUTION_INSTRUCTION_TRACE,
    XSETBV_INSTRUCTION_EXECUTION,
    VMM_EVENT_TYPE_COUNT /* not an event: the number of types */
} VMM_EVENT_TYPE_ENUM;

#define SYSCALL_HOOK_EFER SYSCALL_HOOK_EFER_SYSCALL
#define SYSRET_HOOK_EFER  SYSCALL_HOOK_EFER_SYSRET

/* When a user is called: before the instruction's effect, after it, or (in an event's settings) both. */
typedef enum _VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE {
    VMM_CALLBACK_CALLING_STAGE_INVALID_EVENT_EMULATION = 0,
    VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION     = 1,
    VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION    = 2,
    VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION     = 3,
} VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE;

/* What a user answers to a PRE event. Every value but SUCCESSFUL_IGNORE_EVENT lets the instruction take
 * effect. */
typedef enum _VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE {
    VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL = 0,
    VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT =
        1, /* short-circuited: the effect does not happen */
    VMM_CALLBACK_TRIGGERING_EVENT_STATUS_DEBUGGER_NOT_ENABLED      = 2,
    VMM_CALLBACK_TRIGGERING_EVENT_STATUS_INVALID_EVENT_TYPE        = 3,
    VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_NO_INITIALIZED = 4, /* nobody listens */
} VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE;

/* A control or debug register that an instruction reads or writes, or that an exception writes with its
 * delivery (CR2 of #PF, DR6 of #DB; zero for other exceptions): VmFuncGetRegisterAccess. */
typedef struct _VMM_REGISTER_ACCESS {
    UINT64 Before;   /* its value before the instruction */
    UINT64 After;    /* its value after it: at stage PRE, if nobody changes anything */
    UINT8 Register;  /* its number */
    UINT8 Operand;   /* element of GUEST_REGS that is moved to or from it; VMM_NO_OPERAND: CLTS, LMSW */
    BOOLEAN IsWrite; /* is it written? */
    UINT8 Reserved[5];
} VMM_REGISTER_ACCESS;

#define VMM_NO_OPERAND 0xFFu

/* Context of the hidden hooks that monitor memory (HIDDEN_HOOK_READ... and its kin). */
typedef struct _EPT_HOOKS_CONTEXT {
    UINT64 HookingTag;      /* the number that the user gave the range */
    UINT64 PhysicalAddress; /* of the access */
    UINT64 VirtualAddress;  /* of the access; 0 when it was the processor's own (a walk of page tables) */
    UINT32 Access;          /* bit 0 read, 1 write, 2 execute */
    UINT32 Reserved;
} EPT_HOOKS_CONTEXT;

/* NMIs of one core since the load. The processor keeps one that waits, no more (SDM Vol. 3, 6.7.1): one of
 * the guest's that is about to be taken at the very instruction at which a broadcast sends its own is one
 * with it, and the guest misses it. Then fewer arrived than were sent. */
typedef struct _VMM_NMI_COUNTS {
    UINT64 InGuest;   /* arrived while the guest ran */
    UINT64 InRoot;    /* arrived in root mode */
    UINT64 Broadcast; /* sent to this core by other cores' broadcasts */
    UINT64 Injected;  /* given to the guest */
} VMM_NMI_COUNTS;

/* How a hidden hook stands to its target. */
typedef enum _VMM_HOOK_STATE {
    VMM_HOOK_LIVE       = 0, /* in force */
    VMM_HOOK_NOT_MAPPED = 1, /* nothing is mapped at its address now; in force again when something is */
    VMM_HOOK_GONE       = 2, /* its process or module has ended; it stays in name only, until it is unset */
} VMM_HOOK_STATE;

#endif

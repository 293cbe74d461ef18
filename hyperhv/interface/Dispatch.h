/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dispatch.h - from a decoded exit to the user's event and the instruction's effect.
 *
 * Every DispatchEventXxx has one shape: no event of the type armed - the effect, and nothing else. Armed: PRE
 * event; the effect unless PRE answered SUCCESSFUL_IGNORE_EVENT; POST event if PRE asked for it. The context
 * is computed before PRE and is the same in POST. Context: VMX root mode, within an exit of VCpu; afterwards
 * VCpu->IncrementRip says whether the instruction is done.
 */
#ifndef HYPERHV_INTERFACE_DISPATCH_H
#define HYPERHV_INTERFACE_DISPATCH_H

#include "hyperhv/core/State.h"

/* What the instruction does, in VCpu->Regs and elsewhere. */
typedef VOID (*INSTRUCTION_EFFECT)(VIRTUAL_MACHINE_STATE *VCpu);

VOID DispatchEventCpuid(VIRTUAL_MACHINE_STATE *VCpu);  /* context: leaf */
VOID DispatchEventRdmsr(VIRTUAL_MACHINE_STATE *VCpu);  /* context: MSR */
VOID DispatchEventWrmsr(VIRTUAL_MACHINE_STATE *VCpu);  /* context: MSR */
VOID DispatchEventXsetbv(VIRTUAL_MACHINE_STATE *VCpu); /* context: XCR */

VOID DispatchEventPmc(VIRTUAL_MACHINE_STATE *VCpu); /* context: counter */

/* RDTSC or RDTSCP. Context: 0 or 1. */
VOID DispatchEventTsc(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN IsRdtscp);

/* A MOV to or from a register, CLTS or LMSW that VCpu->RegisterAccess tells; Effect takes the value from the
 * operand in VCpu->Regs, which PRE may have changed, or puts it there. Context: the register's number; of
 * writes to CR3 (an event type of their own) the new value, without bit 63. */
VOID DispatchEventMovToFromControlRegisters(VIRTUAL_MACHINE_STATE *VCpu, INSTRUCTION_EFFECT Effect);
VOID DispatchEventMov2DebugRegs(VIRTUAL_MACHINE_STATE *VCpu, INSTRUCTION_EFFECT Effect);

/* VCpu->Io is set. Context: port. A string form is carried out by the guest after PRE, with what PRE has left
 * in RSI or RDI, RCX, RDX and memory (the port that RDX has then is not told again); POST comes after it, and
 * may change what it has read in memory, and the registers. Of a repeated one each iteration is an event with
 * both stages; short-circuited, the whole of it is skipped, from that iteration on. */
VOID DispatchEventIO(VIRTUAL_MACHINE_STATE *VCpu);

/* POST of a string form, whose instruction (or iteration) the guest has carried out meanwhile; called when
 * VCpu->Io.PostRequired. */
VOID DispatchEventIoPost(VIRTUAL_MACHINE_STATE *VCpu);

/* The exception of VCpu->ExitVector, which is the context. The effect is its delivery; short-circuited, what
 * raised it is skipped, unless the user keeps RIP from moving on (VmFuncSuppressRipIncrement): then it is
 * tried again. Nothing is to be skipped after a debug trap, and an instruction breakpoint that is dropped
 * lets its instruction run. CR2 is the guest's to be, and may be changed at both stages. POST comes when the
 * exception stands ready for the entry: registers that it changes are those that the handler finds. */
VOID DispatchEventException(VIRTUAL_MACHINE_STATE *VCpu);

/* The external interrupt of VCpu->ExitVector, which is the context, at the moment when the guest takes it.
 * The effect is its delivery; short-circuited, it is dropped: no handler runs, and the interrupt controller
 * is told that it was served, but no device is. */
VOID DispatchEventExternalInterrupts(VIRTUAL_MACHINE_STATE *VCpu);

/* SYSCALL and SYSRET while the hook is on. Context: RIP of the instruction. POST comes with the registers of
 * the other side: of SYSCALL at the kernel's entry, of SYSRET in the program. */
VOID DispatchEventEferSyscall(VIRTUAL_MACHINE_STATE *VCpu);
VOID DispatchEventEferSysret(VIRTUAL_MACHINE_STATE *VCpu);

/* A watched process goes on in another mode (VCpu->ModeEntered, which is the context: 3 user, 0 kernel) with
 * the instruction at RIP. Short-circuited, it does not go on: the event comes again until it may; interrupts
 * are taken meanwhile if the guest has them on, which it has not at the kernel's entries. */
VOID DispatchEventMode(VIRTUAL_MACHINE_STATE *VCpu);

/* A VMCALL without our signature. Context: its number (RAX). */
VOID DispatchEventVmcall(VIRTUAL_MACHINE_STATE *VCpu);

/* A hidden breakpoint was hit at Virtual (PRE). TRUE: the user wants the instruction not to be executed.
 * Post: it was. */
BOOLEAN DispatchEventHiddenHookExecCc(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Virtual, BOOLEAN *PostRequired);
VOID DispatchEventHiddenHookExecCcPost(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Virtual);

/* A detoured function was called, at Virtual (PRE alone). The first one in the guest, any context, interrupts
 * off. TRUE: the user wants it to return at once. */
BOOLEAN DispatchEventHiddenHookExecDetours(UINT64 Virtual, GUEST_REGS *Regs);
BOOLEAN DispatchEventHiddenHookExecDetoursInRoot(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Virtual);

/* A monitored access, before and after it. EventType: the combination of accesses that the monitor was set
 * for. The Pre ones give TRUE when the user wants the access not to happen, and set *PostRequired when it
 * wants to be told afterwards too. */
typedef BOOLEAN (*DISPATCH_MONITOR_PRE)(VIRTUAL_MACHINE_STATE *VCpu, VMM_EVENT_TYPE_ENUM EventType,
                                        EPT_HOOKS_CONTEXT *Context, BOOLEAN *PostRequired);
typedef VOID (*DISPATCH_MONITOR_POST)(VIRTUAL_MACHINE_STATE *VCpu, VMM_EVENT_TYPE_ENUM EventType,
                                      EPT_HOOKS_CONTEXT *Context);

BOOLEAN DispatchEventHiddenHookPageReadWriteExecReadPreEvent(VIRTUAL_MACHINE_STATE *VCpu,
                                                             VMM_EVENT_TYPE_ENUM EventType,
                                                             EPT_HOOKS_CONTEXT *Context,
                                                             BOOLEAN *PostRequired);
BOOLEAN DispatchEventHiddenHookPageReadWriteExecWritePreEvent(VIRTUAL_MACHINE_STATE *VCpu,
                                                              VMM_EVENT_TYPE_ENUM EventType,
                                                              EPT_HOOKS_CONTEXT *Context,
                                                              BOOLEAN *PostRequired);
BOOLEAN DispatchEventHiddenHookPageReadWriteExecExecPreEvent(VIRTUAL_MACHINE_STATE *VCpu,
                                                             VMM_EVENT_TYPE_ENUM EventType,
                                                             EPT_HOOKS_CONTEXT *Context,
                                                             BOOLEAN *PostRequired);
VOID DispatchEventHiddenHookPageReadWriteExecReadPostEvent(VIRTUAL_MACHINE_STATE *VCpu,
                                                           VMM_EVENT_TYPE_ENUM EventType,
                                                           EPT_HOOKS_CONTEXT *Context);
VOID DispatchEventHiddenHookPageReadWriteExecWritePostEvent(VIRTUAL_MACHINE_STATE *VCpu,
                                                            VMM_EVENT_TYPE_ENUM EventType,
                                                            EPT_HOOKS_CONTEXT *Context);
VOID DispatchEventHiddenHookPageReadWriteExecExecPostEvent(VIRTUAL_MACHINE_STATE *VCpu,
                                                           VMM_EVENT_TYPE_ENUM EventType,
                                                           EPT_HOOKS_CONTEXT *Context);

#endif

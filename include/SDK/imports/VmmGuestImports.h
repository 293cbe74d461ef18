/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmmGuestImports.h - the functions by which users of the VMM look at and change the state of the guest that
 * exited, make it take a step, and give it exceptions and interrupts.
 *
 * All of them: only inside a callback, on the core that the callback runs on ("root" in VmmImports.h). A
 * setter that gives FALSE has changed nothing: the processor would not have the value. The general registers
 * are the callback's Regs.
 */
#ifndef HYPERDBG_SDK_IMPORTS_VMM_GUEST_IMPORTS_H
#define HYPERDBG_SDK_IMPORTS_VMM_GUEST_IMPORTS_H

#include "SDK/BasicTypes.h"
#include "SDK/Registers.h"

/* The general registers, with RSP and RFLAGS, of the exit under way; for callbacks that get none. Setting
 * copies all of them; what is changed in place reaches the guest as well. */
GUEST_REGS *VmFuncGetGuestRegs(VOID);
VOID VmFuncSetGuestRegs(const GUEST_REGS *Regs);

UINT64 GetGuestRSP(VOID);
VOID SetGuestRSP(UINT64 Value);

/* Of flags that the processor would refuse, those that can be set are taken. */
UINT64 VmFuncGetRflags(VOID);
VOID VmFuncSetRflags(UINT64 Value);

/* Writes XMM0-XMM5 of the guest; VmFuncGetXmmRegs then gives these. */
VOID VmFuncSetXmmRegs(const GUEST_XMM_REGS *XmmRegs);

/* --- control and debug registers, as the guest's own MOV finds and sets them --- */

/* Paging cannot be turned on or off; CR3 drops the translations of its address space unless bit 63 says that
 * they may stay. */
UINT64 GetGuestCr0(VOID);
BOOLEAN SetGuestCr0(UINT64 Value);
UINT64 GetGuestCr2(VOID);
BOOLEAN SetGuestCr2(UINT64 Value);
UINT64 GetGuestCr3(VOID);
BOOLEAN SetGuestCr3(UINT64 Value);
UINT64 GetGuestCr4(VOID);
BOOLEAN SetGuestCr4(UINT64 Value);
UINT64 GetGuestCr8(VOID);
BOOLEAN SetGuestCr8(UINT64 Value);
UINT64 GetGuestDr0(VOID);
BOOLEAN SetGuestDr0(UINT64 Value);
UINT64 GetGuestDr1(VOID);
BOOLEAN SetGuestDr1(UINT64 Value);
UINT64 GetGuestDr2(VOID);
BOOLEAN SetGuestDr2(UINT64 Value);
UINT64 GetGuestDr3(VOID);
BOOLEAN SetGuestDr3(UINT64 Value);
UINT64 GetGuestDr6(VOID);
BOOLEAN SetGuestDr6(UINT64 Value);
UINT64 GetGuestDr7(VOID);
BOOLEAN SetGuestDr7(UINT64 Value);

/* IA32_EFER, with RDMSR's and WRMSR's eyes. */
UINT64 GetGuestEfer(VOID);
BOOLEAN SetGuestEfer(UINT64 Value);

/* --- segments, with what the processor holds of them; tables have no selector and no attributes --- */

/* Setting is no load: no descriptor is read. The privilege level stays: CS and SS keep it. 32-bit code wants
 * RIP below 4 GiB first. */
VOID GetGuestCs(GUEST_SEGMENT *Segment);
BOOLEAN SetGuestCs(const GUEST_SEGMENT *Segment);
VOID GetGuestSs(GUEST_SEGMENT *Segment);
BOOLEAN SetGuestSs(const GUEST_SEGMENT *Segment);
VOID GetGuestDs(GUEST_SEGMENT *Segment);
BOOLEAN SetGuestDs(const GUEST_SEGMENT *Segment);
VOID GetGuestEs(GUEST_SEGMENT *Segment);
BOOLEAN SetGuestEs(const GUEST_SEGMENT *Segment);
VOID GetGuestFs(GUEST_SEGMENT *Segment);
BOOLEAN SetGuestFs(const GUEST_SEGMENT *Segment);
VOID GetGuestGs(GUEST_SEGMENT *Segment);
BOOLEAN SetGuestGs(const GUEST_SEGMENT *Segment);
VOID GetGuestLdtr(GUEST_SEGMENT *Segment);
BOOLEAN SetGuestLdtr(const GUEST_SEGMENT *Segment);
VOID GetGuestTr(GUEST_SEGMENT *Segment);
BOOLEAN SetGuestTr(const GUEST_SEGMENT *Segment);
VOID GetGuestGdtr(GUEST_SEGMENT *Table);
BOOLEAN SetGuestGdtr(const GUEST_SEGMENT *Table);
VOID GetGuestIdtr(GUEST_SEGMENT *Table);
BOOLEAN SetGuestIdtr(const GUEST_SEGMENT *Table);

/* --- one instruction at a time --- */

/* After the next instruction that the guest completes, VmmCallbackRegisteredMtfHandler is called on this
 * core, once; interrupts wait until after it. An exception before it, or an event that is injected, counts as
 * that instruction. From within that callback: after the next one again. */
VOID VmFuncRegisterBreakOnMtf(VOID);

/* The flag itself (monitor trap flag, or what takes its place): an exit after the next instruction, for which
 * one of the callbacks of MTF exits must have an explanation. Cleared at that exit, unless
 * VmFuncChangeIgnoreOneMtfState(TRUE) was called since the last one. */
VOID VmFuncSetMonitorTrapFlag(BOOLEAN Set);
VOID VmFuncChangeIgnoreOneMtfState(BOOLEAN Set);

/* RFLAGS.TF of the guest: its own #DB comes after the instruction at which it is now. */
VOID VmFuncSetRflagTrapFlag(BOOLEAN Set);

/* --- what the guest takes next --- */

/* Interruptibility: the shadows of STI and MOV SS, which end with the instruction if RIP moves on, and the
 * blocking of NMIs. FALSE: bits that are not these, both shadows, STI's with RFLAGS.IF clear, or a new one
 * while an injected event waits for the entry. */
#define VMM_BLOCKING_BY_STI    0x1u
#define VMM_BLOCKING_BY_MOV_SS 0x2u
#define VMM_BLOCKING_BY_NMI    0x8u
UINT32 VmFuncGetInterruptibilityState(VOID);
BOOLEAN VmFuncSetInterruptibilityState(UINT32 State);

/* Exceptions: go in with the entry, before the instruction at RIP, which does not move then. A second one of
 * an exit is merged with the first as the processor would (#DF). An effect that the instruction has by itself
 * still happens at stage PRE, unless the answer is ..._IGNORE_EVENT. */

/* As INT3 at RIP: what the guest's handler finds pushed is RIP + 1. */
VOID VmFuncEventInjectBreakpoint(VOID);

/* #PF, with CR2 set to Address. ErrorCode: SDM Vol. 3, 4.7. FALSE: it is wider than 16 bits. */
BOOLEAN VmFuncEventInjectPageFaultWithCr2(UINT64 Address, UINT32 ErrorCode);

/* Any of the processor's types of events. The instruction length is that of software events: RIP + length is
 * pushed. An external interrupt (vectors 32 to 255) is as one that this core's APIC receives now: the guest
 * takes it when it can, in the order of priorities, and RIP moves as it would have. FALSE: no such event
 * exists (a vector above 31 as an exception; an exception with or without error code that is otherwise; NMIs,
 * which have their own function), or the APIC is off. */
typedef enum _VMM_EVENT_INJECTION_TYPE {
    VMM_INJECT_EXTERNAL_INTERRUPT = 0,
    VMM_INJECT_HARDWARE_EXCEPTION = 3,
    VMM_INJECT_SOFTWARE_INTERRUPT = 4, /* INT n */
    VMM_INJECT_SOFTWARE_EXCEPTION = 6, /* INT3, INTO: vectors 3 and 4 */
} VMM_EVENT_INJECTION_TYPE;

typedef struct _VMM_EVENT_INJECTION {
    UINT32 Type; /* VMM_EVENT_INJECTION_TYPE */
    UINT32 Vector;
    BOOLEAN HasErrorCode;
    UINT32 ErrorCode;
    UINT32 InstructionLength; /* software events, 1 to 15 */
} VMM_EVENT_INJECTION;

BOOLEAN VmFuncEventInjectInterruption(const VMM_EVENT_INJECTION *Event);

/* NMIs: as one that arrives now: taken when the guest does not block them. RIP moves as it would have. */
VOID VmFuncEventInjectNmi(VOID);

/* --- the views of memory --- */

/* This core drops what it has cached of the view "as hooked", or of all views. */
VOID VmFuncInvalidateEptSingleContext(VOID);
VOID VmFuncInvalidateEptAllContexts(VOID);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EventInjection.h - giving the guest exceptions, interrupts and NMIs with the next VM entry. SDM Vol.
 * 3, 25.8.3, 27.6.
 *
 * Context of all: VMX root mode, within an exit of VCpu. One event goes in with an entry; a second one of the
 * same exit is merged with the first as the processor would (SDM Vol. 3, table 6-5: one of the two, #DF, or a
 * shutdown, from which nothing returns). RIP stays where it is.
 */
#ifndef HYPERHV_VMX_EVENT_INJECTION_H
#define HYPERHV_VMX_EVENT_INJECTION_H

#include "SDK/imports/VmmGuestImports.h"
#include "hyperhv/core/State.h"
#include "hyperhv/vmx/Vmcs.h"

#define VECTOR_DIVIDE_ERROR        0u
#define VECTOR_DEBUG               1u
#define VECTOR_NMI                 2u
#define VECTOR_BREAKPOINT          3u
#define VECTOR_OVERFLOW            4u
#define VECTOR_INVALID_OPCODE      6u
#define VECTOR_DOUBLE_FAULT        8u
#define VECTOR_INVALID_TSS         10u
#define VECTOR_SEGMENT_NOT_PRESENT 11u
#define VECTOR_STACK_FAULT         12u
#define VECTOR_GENERAL_PROTECTION  13u
#define VECTOR_PAGE_FAULT          14u
#define VECTOR_ALIGNMENT_CHECK     17u
#define VECTOR_MACHINE_CHECK       18u

/* #DB as a fault; DR6 is the caller's. */
VOID EventInjectDebug(VIRTUAL_MACHINE_STATE *VCpu);
VOID EventInjectUndefinedOpcode(VIRTUAL_MACHINE_STATE *VCpu);
VOID EventInjectGeneralProtection(VIRTUAL_MACHINE_STATE *VCpu, UINT32 ErrorCode);

/* With CR2 set to Address. */
VOID EventInjectPageFault(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Address, UINT32 ErrorCode);

/* One that a user asks for. FALSE: there is no such event, or its error code is missing or too much. */
BOOLEAN EventInject(VIRTUAL_MACHINE_STATE *VCpu, const VMM_EVENT_INJECTION *Event);

/* An NMI. The caller knows that the guest does not block NMIs. */
VOID EventInjectNmi(VIRTUAL_MACHINE_STATE *VCpu);

/* An external interrupt. The caller knows that the guest is open to it. */
VOID EventInjectInterrupt(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Vector);

/* The event of an exit or of IDT-vectoring (the two formats are alike, 25.9.2 and 25.9.3) as it was: type,
 * vector, error code, and for software events the instruction length. */
VOID EventInjectAgain(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Info, UINT32 ErrorCode, UINT32 InstructionLength);

/* Is an event waiting for the next entry already? */
static inline BOOLEAN EventIsQueued(VOID)
{
    return (VmcsRead32(VMCS_VMENTRY_INTERRUPTION_INFO) & INTERRUPTION_INFO_VALID) != 0;
}

/* And is it an external interrupt, which goes in only while RFLAGS.IF is set? */
BOOLEAN EventIsInterruptQueued(VOID);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * EventInjection.c - giving the guest exceptions, interrupts and NMIs.
 *
 * Context: VMX root mode. SDM Vol. 3, 25.8.3 (the fields), 27.6 (what the entry does), 6.15 and table 6-5
 * (double faults). The processor clears the valid bit of the entry's field at every exit.
 */
#include "hyperhv/vmx/EventInjection.h"

#include "platform/CpuInstructions.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/Vmx.h"

#define INFO(Type, Vector)    (INTERRUPTION_INFO_VALID | ((UINT32)(Type) << 8) | (Vector))
#define INFO_HARDWARE(Vector) INFO(INTERRUPTION_TYPE_HARDWARE_EXCEPTION, Vector)
/* What is kept of the processor's own information: vector, type, error code valid. */
#define INFO_MASK (INTERRUPTION_INFO_VALID | INTERRUPTION_INFO_ERROR_CODE_VALID | 0x7FFu)

BOOLEAN EventIsInterruptQueued(VOID)
{
    UINT32 Queued = VmcsRead32(VMCS_VMENTRY_INTERRUPTION_INFO);

    return (Queued & INTERRUPTION_INFO_VALID) &&
           INTERRUPTION_INFO_TYPE(Queued) == INTERRUPTION_TYPE_EXTERNAL_INTERRUPT;
}

static BOOLEAN IsContributory(UINT32 Vector)
{
    return Vector == VECTOR_DIVIDE_ERROR ||
           (Vector >= VECTOR_INVALID_TSS && Vector <= VECTOR_GENERAL_PROTECTION);
}

/* Table 6-5. */
static BOOLEAN MakesDoubleFault(UINT32 FirstInfo, UINT32 SecondInfo)
{
    UINT32 First  = INTERRUPTION_INFO_VECTOR(FirstInfo);
    UINT32 Second = INTERRUPTION_INFO_VECTOR(SecondInfo);

    if (INTERRUPTION_INFO_TYPE(FirstInfo) != INTERRUPTION_TYPE_HARDWARE_EXCEPTION ||
        INTERRUPTION_INFO_TYPE(SecondInfo) != INTERRUPTION_TYPE_HARDWARE_EXCEPTION)
        return FALSE;
    if (First == VECTOR_PAGE_FAULT)
        return Second == VECTOR_PAGE_FAULT || IsContributory(Second);
    return IsContributory(First) && IsContributory(Second);
}

/* The last row of table 6-5. */
static BOOLEAN MakesShutdown(UINT32 FirstInfo, UINT32 SecondInfo)
{
    UINT32 Second = INTERRUPTION_INFO_VECTOR(SecondInfo);

    return INTERRUPTION_INFO_VECTOR(FirstInfo) == VECTOR_DOUBLE_FAULT &&
           INTERRUPTION_INFO_TYPE(FirstInfo) == INTERRUPTION_TYPE_HARDWARE_EXCEPTION &&
           INTERRUPTION_INFO_TYPE(SecondInfo) == INTERRUPTION_TYPE_HARDWARE_EXCEPTION &&
           (Second == VECTOR_PAGE_FAULT || IsContributory(Second));
}

static VOID EventQueue(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Info, UINT32 ErrorCode, UINT32 InstructionLength)
{
    UINT32 Queued = VmcsRead32(VMCS_VMENTRY_INTERRUPTION_INFO);

    VCpu->IncrementRip = FALSE;
    if ((Queued & INTERRUPTION_INFO_VALID) && MakesShutdown(Queued, Info)) {
        VmxTripleFault(VCpu);
        return;
    }
    if ((Queued & INTERRUPTION_INFO_VALID) && MakesDoubleFault(Queued, Info)) {
        Info      = INFO_HARDWARE(VECTOR_DOUBLE_FAULT) | INTERRUPTION_INFO_ERROR_CODE_VALID;
        ErrorCode = 0;
    }
    VmcsWrite32(VMCS_VMENTRY_INTERRUPTION_INFO, Info);
    VmcsWrite32(VMCS_VMENTRY_EXCEPTION_ERROR_CODE, ErrorCode);
    VmcsWrite32(VMCS_VMENTRY_INSTRUCTION_LENGTH, InstructionLength);
}

VOID EventInjectDebug(VIRTUAL_MACHINE_STATE *VCpu)
{
    EventQueue(VCpu, INFO_HARDWARE(VECTOR_DEBUG), 0, 0);
}

VOID EventInjectUndefinedOpcode(VIRTUAL_MACHINE_STATE *VCpu)
{
    EventQueue(VCpu, INFO_HARDWARE(VECTOR_INVALID_OPCODE), 0, 0);
}

VOID EventInjectGeneralProtection(VIRTUAL_MACHINE_STATE *VCpu, UINT32 ErrorCode)
{
    EventQueue(VCpu, INFO_HARDWARE(VECTOR_GENERAL_PROTECTION) | INTERRUPTION_INFO_ERROR_CODE_VALID, ErrorCode,
               0);
}

VOID EventInjectPageFault(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Address, UINT32 ErrorCode)
{
    CpuWriteCr2(Address);
    EventQueue(VCpu, INFO_HARDWARE(VECTOR_PAGE_FAULT) | INTERRUPTION_INFO_ERROR_CODE_VALID, ErrorCode, 0);
}

VOID EventInjectNmi(VIRTUAL_MACHINE_STATE *VCpu)
{
    EventQueue(VCpu, INFO(INTERRUPTION_TYPE_NMI, VECTOR_NMI), 0, 0);
}

VOID EventInjectInterrupt(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Vector)
{
    EventQueue(VCpu, INFO(INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, Vector), 0, 0);
}

VOID EventInjectAgain(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Info, UINT32 ErrorCode, UINT32 InstructionLength)
{
    EventQueue(VCpu, Info & INFO_MASK, ErrorCode, InstructionLength);
}

/* 27.2.1.3: exceptions that push an error code, all of which push one. */
#define WITH_ERROR_CODE                                                                                      \
    ((1u << VECTOR_DOUBLE_FAULT) | (1u << VECTOR_INVALID_TSS) | (1u << VECTOR_SEGMENT_NOT_PRESENT) |         \
     (1u << VECTOR_STACK_FAULT) | (1u << VECTOR_GENERAL_PROTECTION) | (1u << VECTOR_PAGE_FAULT) |            \
     (1u << VECTOR_ALIGNMENT_CHECK))

static BOOLEAN IsHardwareException(const VMM_EVENT_INJECTION *Event)
{
    return Event->Vector < 32 && Event->Vector != VECTOR_NMI &&
           ((WITH_ERROR_CODE >> Event->Vector) & 1) == (Event->HasErrorCode != 0) &&
           Event->ErrorCode <= 0xFFFF;
}

static BOOLEAN IsSoftwareEvent(const VMM_EVENT_INJECTION *Event)
{
    if (Event->HasErrorCode || Event->InstructionLength == 0 || Event->InstructionLength > 15)
        return FALSE;
    if (Event->Type == VMM_INJECT_SOFTWARE_INTERRUPT)
        return Event->Vector < 256;
    return Event->Vector == VECTOR_BREAKPOINT || Event->Vector == VECTOR_OVERFLOW;
}

BOOLEAN EventInject(VIRTUAL_MACHINE_STATE *VCpu, const VMM_EVENT_INJECTION *Event)
{
    UINT32 Info = INFO(Event->Type, Event->Vector);

    switch (Event->Type) {
    case VMM_INJECT_HARDWARE_EXCEPTION:
        if (!IsHardwareException(Event))
            return FALSE;
        break;
    case VMM_INJECT_SOFTWARE_INTERRUPT:
    case VMM_INJECT_SOFTWARE_EXCEPTION:
        if (!IsSoftwareEvent(Event))
            return FALSE;
        break;
    default:
        return FALSE;
    }
    EventQueue(VCpu, Info | (Event->HasErrorCode ? INTERRUPTION_INFO_ERROR_CODE_VALID : 0), Event->ErrorCode,
               Event->InstructionLength);
    return TRUE;
}

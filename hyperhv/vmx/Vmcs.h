/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Vmcs.h - reading and writing the current VMCS, by the width of the field, and setting one up.
 *
 * The width is part of a field's encoding, so an access of the wrong width does not compile. Context: VMX
 * root mode with a current VMCS. SDM Vol. 3, 25.11.2.
 */
#ifndef HYPERHV_VMX_VMCS_H
#define HYPERHV_VMX_VMCS_H

#include "platform/CpuVmx.h"
#include "hyperhv/vmx/VmcsFields.h"

struct _VIRTUAL_MACHINE_STATE;

/* A VMREAD or VMWRITE that the processor refused: a defect of ours. Counted and kept for the log
 * (VmxReportFailures), as nothing may be printed here. */
VOID VmcsAccessFailed(UINT32 Field);
UINT32 VmcsFailedAccessCount(UINT32 *LastField);

#ifdef PLATFORM_HOSTED

static inline UINT64 VmcsReadUnchecked(UINT32 Field)
{
    UINT64 Value = 0;

    if (CpuVmRead(Field, &Value) != VMX_SUCCEED)
        VmcsAccessFailed(Field);
    return Value;
}

static inline VOID VmcsWriteUnchecked(UINT32 Field, UINT64 Value)
{
    if (CpuVmWrite(Field, Value) != VMX_SUCCEED)
        VmcsAccessFailed(Field);
}

#else

/* The check costs one jump. A refusal calls assembly that preserves every register (and makes the value read
 * 0), so that the compiler need not reckon with a call. */
static inline UINT64 VmcsReadUnchecked(UINT32 Field)
{
    UINT64 Value;

    __asm__ volatile("vmread %1, %0\n\tja 1f\n\tcall AsmVmcsAccessFailed\n1:"
                     : "=a"(Value)
                     : "d"((UINT64)Field)
                     : "cc");
    return Value;
}

static inline VOID VmcsWriteUnchecked(UINT32 Field, UINT64 Value)
{
    __asm__ volatile("vmwrite %0, %1\n\tja 1f\n\tcall AsmVmcsAccessFailed\n1:"
                     :
                     : "r"(Value), "d"((UINT64)Field)
                     : "rax", "cc", "memory");
}

#endif

#define VMCS_CHECK_WIDTH(Field, Width)                                                                       \
    ((VOID)sizeof(struct {                                                                                   \
        _Static_assert(VMCS_WIDTH(Field) == (Width), "width of " #Field);                                    \
        INT32 Unused;                                                                                        \
    }))

#define VmcsRead16(Field)      (VMCS_CHECK_WIDTH(Field, VMCS_WIDTH_16), (UINT16)VmcsReadUnchecked(Field))
#define VmcsRead32(Field)      (VMCS_CHECK_WIDTH(Field, VMCS_WIDTH_32), (UINT32)VmcsReadUnchecked(Field))
#define VmcsRead64(Field)      (VMCS_CHECK_WIDTH(Field, VMCS_WIDTH_64), VmcsReadUnchecked(Field))
#define VmcsReadNatural(Field) (VMCS_CHECK_WIDTH(Field, VMCS_WIDTH_NATURAL), VmcsReadUnchecked(Field))

#define VmcsWrite16(Field, Value)                                                                            \
    (VMCS_CHECK_WIDTH(Field, VMCS_WIDTH_16), VmcsWriteUnchecked(Field, (UINT16)(Value)))
#define VmcsWrite32(Field, Value)                                                                            \
    (VMCS_CHECK_WIDTH(Field, VMCS_WIDTH_32), VmcsWriteUnchecked(Field, (UINT32)(Value)))
#define VmcsWrite64(Field, Value) (VMCS_CHECK_WIDTH(Field, VMCS_WIDTH_64), VmcsWriteUnchecked(Field, (Value)))
#define VmcsWriteNatural(Field, Value)                                                                       \
    (VMCS_CHECK_WIDTH(Field, VMCS_WIDTH_NATURAL), VmcsWriteUnchecked(Field, (Value)))

/* Makes the VMCS of this core and fills it so that VMLAUNCH continues the running kernel at GuestRip with
 * GuestRsp. Context: VMX operation, interrupts off, the core's regions and EPT ready. TRUE: ready for
 * VMLAUNCH. */
BOOLEAN VmcsSetup(struct _VIRTUAL_MACHINE_STATE *VCpu, UINT64 GuestRip, UINT64 GuestRsp);

#endif

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

/* The refusal is a call out of line that clobbers nothing, so that the callers need not save registers for
 * it. The compiler allows that where it uses no vector registers, as in a kernel. */
#ifdef PLATFORM_HOSTED
#define PRESERVES_REGISTERS
#else
#define PRESERVES_REGISTERS __attribute__((__no_caller_saved_registers__))
#endif

/* A VMREAD or VMWRITE that the processor refused: a defect of ours. Counted and kept for the log
 * (VmxReportFailures), as nothing may be printed here. */
VOID VmcsAccessFailed(UINT32 Field) PRESERVES_REGISTERS;
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

/* The check costs one untaken jump; the refusal is out of line. */
static inline UINT64 VmcsReadUnchecked(UINT32 Field)
{
    UINT64 Value;

    __asm__ goto("vmread %1, %0\n\tjna %l[Failed]" : "=r"(Value) : "r"((UINT64)Field) : "cc" : Failed);
    return Value;
Failed:
    VmcsAccessFailed(Field);
    return 0;
}

static inline VOID VmcsWriteUnchecked(UINT32 Field, UINT64 Value)
{
    __asm__ goto("vmwrite %0, %1\n\tjna %l[Failed]"
                 :
                 : "r"(Value), "r"((UINT64)Field)
                 : "cc", "memory"
                 : Failed);
    return;
Failed:
    VmcsAccessFailed(Field);
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

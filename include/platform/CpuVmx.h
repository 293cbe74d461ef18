/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CpuVmx.h - the VMX instructions, one function each. SDM Vol. 3, chapter 31 ("VMX Instruction Reference").
 *
 * Context: CPL 0, VMX operation (CpuVmxOn: outside it). Each returns what the processor said.
 */
#ifndef HYPERDBG_PLATFORM_CPU_VMX_H
#define HYPERDBG_PLATFORM_CPU_VMX_H

#include "SDK/BasicTypes.h"

/* SDM Vol. 3, 31.2: VMsucceed, VMfailInvalid (no current VMCS), VMfailValid (a number is in
 * VMCS_VM_INSTRUCTION_ERROR). */
typedef enum _VMX_RESULT {
    VMX_SUCCEED      = 0,
    VMX_FAIL_INVALID = 1,
    VMX_FAIL_VALID   = 2,
} VMX_RESULT;

/* Operand of INVEPT and INVVPID. */
typedef struct _VMX_INVALIDATE_DESCRIPTOR {
    UINT64 Context; /* EPTP, or VPID */
    UINT64 Address; /* linear address for INVVPID type 0, otherwise 0 */
} VMX_INVALIDATE_DESCRIPTOR;

#define INVEPT_SINGLE_CONTEXT  1
#define INVEPT_ALL_CONTEXTS    2
#define INVVPID_SINGLE_CONTEXT 1
#define INVVPID_ALL_CONTEXTS   2

#ifdef PLATFORM_HOSTED

VMX_RESULT CpuVmxOn(UINT64 RegionPhysical);
VMX_RESULT CpuVmxOff(VOID);
VMX_RESULT CpuVmClear(UINT64 VmcsPhysical);
VMX_RESULT CpuVmPtrLoad(UINT64 VmcsPhysical);
VMX_RESULT CpuVmRead(UINT64 Field, UINT64 *Value);
VMX_RESULT CpuVmWrite(UINT64 Field, UINT64 Value);
VMX_RESULT CpuInvept(UINT64 Type, const VMX_INVALIDATE_DESCRIPTOR *Descriptor);
VMX_RESULT CpuInvvpid(UINT64 Type, const VMX_INVALIDATE_DESCRIPTOR *Descriptor);
UINT64 CpuVmCall(UINT64 Number, UINT64 Param1, UINT64 Param2, UINT64 Param3);

#else

/* CF: no current VMCS; ZF: error number available; both clear: success. */
#define CPU_VMX_RESULT_OUTPUTS "=@ccc"(Carry), "=@ccz"(Zero)
#define CPU_VMX_RESULT(C, Z)   ((C) ? VMX_FAIL_INVALID : (Z) ? VMX_FAIL_VALID : VMX_SUCCEED)

static inline VMX_RESULT CpuVmxOn(UINT64 RegionPhysical)
{
    BOOLEAN Carry, Zero;
    __asm__ volatile("vmxon %2" : CPU_VMX_RESULT_OUTPUTS : "m"(RegionPhysical) : "memory");
    return CPU_VMX_RESULT(Carry, Zero);
}

static inline VMX_RESULT CpuVmxOff(VOID)
{
    BOOLEAN Carry, Zero;
    __asm__ volatile("vmxoff" : CPU_VMX_RESULT_OUTPUTS : : "memory");
    return CPU_VMX_RESULT(Carry, Zero);
}

static inline VMX_RESULT CpuVmClear(UINT64 VmcsPhysical)
{
    BOOLEAN Carry, Zero;
    __asm__ volatile("vmclear %2" : CPU_VMX_RESULT_OUTPUTS : "m"(VmcsPhysical) : "memory");
    return CPU_VMX_RESULT(Carry, Zero);
}

static inline VMX_RESULT CpuVmPtrLoad(UINT64 VmcsPhysical)
{
    BOOLEAN Carry, Zero;
    __asm__ volatile("vmptrld %2" : CPU_VMX_RESULT_OUTPUTS : "m"(VmcsPhysical) : "memory");
    return CPU_VMX_RESULT(Carry, Zero);
}

static inline VMX_RESULT CpuVmRead(UINT64 Field, UINT64 *Value)
{
    BOOLEAN Carry, Zero;
    UINT64 Read;
    __asm__ volatile("vmread %3, %2" : CPU_VMX_RESULT_OUTPUTS, "=r"(Read) : "r"(Field));
    *Value = Read;
    return CPU_VMX_RESULT(Carry, Zero);
}

static inline VMX_RESULT CpuVmWrite(UINT64 Field, UINT64 Value)
{
    BOOLEAN Carry, Zero;
    __asm__ volatile("vmwrite %2, %3" : CPU_VMX_RESULT_OUTPUTS : "r"(Value), "r"(Field) : "memory");
    return CPU_VMX_RESULT(Carry, Zero);
}

static inline VMX_RESULT CpuInvept(UINT64 Type, const VMX_INVALIDATE_DESCRIPTOR *Descriptor)
{
    BOOLEAN Carry, Zero;
    __asm__ volatile("invept %2, %3" : CPU_VMX_RESULT_OUTPUTS : "m"(*Descriptor), "r"(Type) : "memory");
    return CPU_VMX_RESULT(Carry, Zero);
}

static inline VMX_RESULT CpuInvvpid(UINT64 Type, const VMX_INVALIDATE_DESCRIPTOR *Descriptor)
{
    BOOLEAN Carry, Zero;
    __asm__ volatile("invvpid %2, %3" : CPU_VMX_RESULT_OUTPUTS : "m"(*Descriptor), "r"(Type) : "memory");
    return CPU_VMX_RESULT(Carry, Zero);
}

/* VMCALL with the signature of VmcallNumbers.h; written in assembly beside the exit handler. */
UINT64 CpuVmCall(UINT64 Number, UINT64 Param1, UINT64 Param2, UINT64 Param3);

#undef CPU_VMX_RESULT

#endif

#endif

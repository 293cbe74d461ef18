/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CpuInstructions.h - the processor's privileged instructions, one function each, for Intel and AMD alike.
 *
 * In the kernel they are the bare instructions: the kernel's own helpers go through paravirtual calls,
 * tracepoints and cached copies, which root mode must not touch. The hosted platform (PLATFORM_HOSTED) has
 * the same functions on a fake processor. Context: any, at CPL 0. SDM Vol. 2; APM Vol. 3.
 */
#ifndef HYPERDBG_PLATFORM_CPU_INSTRUCTIONS_H
#define HYPERDBG_PLATFORM_CPU_INSTRUCTIONS_H

#include "SDK/BasicTypes.h"

/* 32 bits each; the processor clears the upper halves of the registers (SDM Vol. 2, CPUID), so no extension
 * is needed. */
typedef struct _CPUID_RESULT {
    UINT64 Eax;
    UINT64 Ebx;
    UINT64 Ecx;
    UINT64 Edx;
} CPUID_RESULT;

/* What SGDT, SIDT, LGDT and LIDT move. */
typedef struct __attribute__((__packed__)) _DESCRIPTOR_TABLE_REGISTER {
    UINT16 Limit;
    UINT64 Base;
} DESCRIPTOR_TABLE_REGISTER;

STATIC_ASSERT(sizeof(DESCRIPTOR_TABLE_REGISTER) == 10);

#ifdef PLATFORM_HOSTED

VOID CpuCpuid(UINT32 Leaf, UINT32 Subleaf, CPUID_RESULT *Result);
UINT64 CpuReadMsr(UINT32 Msr);
VOID CpuWriteMsr(UINT32 Msr, UINT64 Value);
UINT64 CpuReadTsc(VOID);
UINT64 CpuReadRsp(VOID);
UINT64 CpuReadCr0(VOID);
UINT64 CpuReadCr2(VOID);
UINT64 CpuReadCr3(VOID);
UINT64 CpuReadCr4(VOID);
UINT64 CpuReadCr8(VOID);
UINT64 CpuReadDr0(VOID);
UINT64 CpuReadDr1(VOID);
UINT64 CpuReadDr2(VOID);
UINT64 CpuReadDr3(VOID);
UINT64 CpuReadDr6(VOID);
UINT64 CpuReadDr7(VOID);
VOID CpuWriteCr0(UINT64 Value);
VOID CpuWriteCr2(UINT64 Value);
VOID CpuWriteCr3(UINT64 Value);
VOID CpuWriteCr4(UINT64 Value);
VOID CpuWriteCr8(UINT64 Value);
VOID CpuWriteDr0(UINT64 Value);
VOID CpuWriteDr1(UINT64 Value);
VOID CpuWriteDr2(UINT64 Value);
VOID CpuWriteDr3(UINT64 Value);
VOID CpuWriteDr6(UINT64 Value);
VOID CpuWriteDr7(UINT64 Value);
VOID CpuStoreGdt(DESCRIPTOR_TABLE_REGISTER *Register);
VOID CpuStoreIdt(DESCRIPTOR_TABLE_REGISTER *Register);
VOID CpuLoadGdt(const DESCRIPTOR_TABLE_REGISTER *Register);
VOID CpuLoadIdt(const DESCRIPTOR_TABLE_REGISTER *Register);
UINT16 CpuReadCs(VOID);
UINT16 CpuReadSs(VOID);
UINT16 CpuReadDs(VOID);
UINT16 CpuReadEs(VOID);
UINT16 CpuReadFs(VOID);
UINT16 CpuReadGs(VOID);
UINT16 CpuReadTr(VOID);
UINT16 CpuReadLdtr(VOID);
VOID CpuLoadDs(UINT16 Selector);
VOID CpuLoadEs(UINT16 Selector);
VOID CpuLoadFs(UINT16 Selector);
VOID CpuLoadGs(UINT16 Selector);
VOID CpuLoadTr(UINT16 Selector);
VOID CpuLoadLdtr(UINT16 Selector);
UINT32 CpuLoadAccessRights(UINT16 Selector);
UINT32 CpuLoadSegmentLimit(UINT16 Selector);
VOID CpuInvalidatePage(UINT64 Virtual);
VOID CpuWriteBackInvalidateCaches(VOID);
VOID CpuSoftwareNmi(VOID);
VOID CpuTripleFault(VOID);
VOID CpuHaltForever(VOID);
PVOID CpuPointer(UINT64 Virtual);
UINT32 CpuReadDevice(UINT64 Virtual);
VOID CpuWriteDevice(UINT64 Virtual, UINT32 Value);
UINT32 CpuReadPort(UINT16 Port, UINT32 Size);
VOID CpuWritePort(UINT16 Port, UINT32 Value, UINT32 Size);

#else

static inline VOID CpuCpuid(UINT32 Leaf, UINT32 Subleaf, CPUID_RESULT *Result)
{
    __asm__ volatile("cpuid"
                     : "=a"(Result->Eax), "=b"(Result->Ebx), "=c"(Result->Ecx), "=d"(Result->Edx)
                     : "a"(Leaf), "c"(Subleaf));
}

static inline UINT64 CpuReadMsr(UINT32 Msr)
{
    UINT32 Low, High;
    __asm__ volatile("rdmsr" : "=a"(Low), "=d"(High) : "c"(Msr));
    return ((UINT64)High << 32) | Low;
}

static inline VOID CpuWriteMsr(UINT32 Msr, UINT64 Value)
{
    __asm__ volatile("wrmsr" : : "c"(Msr), "a"((UINT32)Value), "d"((UINT32)(Value >> 32)) : "memory");
}

static inline UINT64 CpuReadTsc(VOID)
{
    UINT32 Low, High;
    __asm__ volatile("rdtsc" : "=a"(Low), "=d"(High) : : "memory");
    return ((UINT64)High << 32) | Low;
}

#define CPU_DEFINE_REGISTER_READ(Function, Type, Instruction)                                                \
    static inline Type Function(VOID)                                                                        \
    {                                                                                                        \
        Type Value;                                                                                          \
        __asm__ volatile(Instruction : "=r"(Value) : : "memory");                                            \
        return Value;                                                                                        \
    }

#define CPU_DEFINE_REGISTER_WRITE(Function, Type, Instruction)                                               \
    static inline VOID Function(Type Value)                                                                  \
    {                                                                                                        \
        __asm__ volatile(Instruction : : "r"(Value) : "memory");                                             \
    }

CPU_DEFINE_REGISTER_READ(CpuReadRsp, UINT64, "mov %%rsp, %0")
CPU_DEFINE_REGISTER_READ(CpuReadCr0, UINT64, "mov %%cr0, %0")
CPU_DEFINE_REGISTER_READ(CpuReadCr2, UINT64, "mov %%cr2, %0")
CPU_DEFINE_REGISTER_READ(CpuReadCr3, UINT64, "mov %%cr3, %0")
CPU_DEFINE_REGISTER_READ(CpuReadCr4, UINT64, "mov %%cr4, %0")
CPU_DEFINE_REGISTER_READ(CpuReadCr8, UINT64, "mov %%cr8, %0")
CPU_DEFINE_REGISTER_READ(CpuReadDr0, UINT64, "mov %%dr0, %0")
CPU_DEFINE_REGISTER_READ(CpuReadDr1, UINT64, "mov %%dr1, %0")
CPU_DEFINE_REGISTER_READ(CpuReadDr2, UINT64, "mov %%dr2, %0")
CPU_DEFINE_REGISTER_READ(CpuReadDr3, UINT64, "mov %%dr3, %0")
CPU_DEFINE_REGISTER_READ(CpuReadDr6, UINT64, "mov %%dr6, %0")
CPU_DEFINE_REGISTER_READ(CpuReadDr7, UINT64, "mov %%dr7, %0")
CPU_DEFINE_REGISTER_WRITE(CpuWriteCr0, UINT64, "mov %0, %%cr0")
CPU_DEFINE_REGISTER_WRITE(CpuWriteCr2, UINT64, "mov %0, %%cr2")
CPU_DEFINE_REGISTER_WRITE(CpuWriteCr3, UINT64, "mov %0, %%cr3")
CPU_DEFINE_REGISTER_WRITE(CpuWriteCr4, UINT64, "mov %0, %%cr4")
CPU_DEFINE_REGISTER_WRITE(CpuWriteCr8, UINT64, "mov %0, %%cr8")
CPU_DEFINE_REGISTER_WRITE(CpuWriteDr0, UINT64, "mov %0, %%dr0")
CPU_DEFINE_REGISTER_WRITE(CpuWriteDr1, UINT64, "mov %0, %%dr1")
CPU_DEFINE_REGISTER_WRITE(CpuWriteDr2, UINT64, "mov %0, %%dr2")
CPU_DEFINE_REGISTER_WRITE(CpuWriteDr3, UINT64, "mov %0, %%dr3")
CPU_DEFINE_REGISTER_WRITE(CpuWriteDr6, UINT64, "mov %0, %%dr6")
CPU_DEFINE_REGISTER_WRITE(CpuWriteDr7, UINT64, "mov %0, %%dr7")
CPU_DEFINE_REGISTER_READ(CpuReadCs, UINT16, "mov %%cs, %0")
CPU_DEFINE_REGISTER_READ(CpuReadSs, UINT16, "mov %%ss, %0")
CPU_DEFINE_REGISTER_READ(CpuReadDs, UINT16, "mov %%ds, %0")
CPU_DEFINE_REGISTER_READ(CpuReadEs, UINT16, "mov %%es, %0")
CPU_DEFINE_REGISTER_READ(CpuReadFs, UINT16, "mov %%fs, %0")
CPU_DEFINE_REGISTER_READ(CpuReadGs, UINT16, "mov %%gs, %0")
CPU_DEFINE_REGISTER_READ(CpuReadTr, UINT16, "str %0")
CPU_DEFINE_REGISTER_READ(CpuReadLdtr, UINT16, "sldt %0")
CPU_DEFINE_REGISTER_WRITE(CpuLoadDs, UINT16, "mov %0, %%ds")
CPU_DEFINE_REGISTER_WRITE(CpuLoadEs, UINT16, "mov %0, %%es")
CPU_DEFINE_REGISTER_WRITE(CpuLoadFs, UINT16, "mov %0, %%fs")
CPU_DEFINE_REGISTER_WRITE(CpuLoadGs, UINT16, "mov %0, %%gs")
CPU_DEFINE_REGISTER_WRITE(CpuLoadTr, UINT16, "ltr %0")
CPU_DEFINE_REGISTER_WRITE(CpuLoadLdtr, UINT16, "lldt %0")

static inline VOID CpuStoreGdt(DESCRIPTOR_TABLE_REGISTER *Register)
{
    __asm__ volatile("sgdt %0" : "=m"(*Register));
}

static inline VOID CpuStoreIdt(DESCRIPTOR_TABLE_REGISTER *Register)
{
    __asm__ volatile("sidt %0" : "=m"(*Register));
}

static inline VOID CpuLoadGdt(const DESCRIPTOR_TABLE_REGISTER *Register)
{
    __asm__ volatile("lgdt %0" : : "m"(*Register) : "memory");
}

static inline VOID CpuLoadIdt(const DESCRIPTOR_TABLE_REGISTER *Register)
{
    __asm__ volatile("lidt %0" : : "m"(*Register) : "memory");
}

/* 0 when the selector cannot be loaded. */
static inline UINT32 CpuLoadAccessRights(UINT16 Selector)
{
    UINT32 Rights = 0;
    __asm__ volatile("lar %1, %0" : "+r"(Rights) : "r"((UINT32)Selector) : "cc");
    return Rights;
}

static inline UINT32 CpuLoadSegmentLimit(UINT16 Selector)
{
    UINT32 Limit = 0;
    __asm__ volatile("lsl %1, %0" : "+r"(Limit) : "r"((UINT32)Selector) : "cc");
    return Limit;
}

/* Size: 1, 2 or 4 bytes; the rest of the value is 0, or of no effect. */
static inline UINT32 CpuReadPort(UINT16 Port, UINT32 Size)
{
    UINT32 Value = 0;

    if (Size == 1)
        __asm__ volatile("inb %w1, %b0" : "+a"(Value) : "d"(Port));
    else if (Size == 2)
        __asm__ volatile("inw %w1, %w0" : "+a"(Value) : "d"(Port));
    else
        __asm__ volatile("inl %w1, %0" : "+a"(Value) : "d"(Port));
    return Value;
}

static inline VOID CpuWritePort(UINT16 Port, UINT32 Value, UINT32 Size)
{
    if (Size == 1)
        __asm__ volatile("outb %b0, %w1" : : "a"(Value), "d"(Port));
    else if (Size == 2)
        __asm__ volatile("outw %w0, %w1" : : "a"(Value), "d"(Port));
    else
        __asm__ volatile("outl %0, %w1" : : "a"(Value), "d"(Port));
}

static inline VOID CpuInvalidatePage(UINT64 Virtual)
{
    __asm__ volatile("invlpg (%0)" : : "r"(Virtual) : "memory");
}

static inline VOID CpuWriteBackInvalidateCaches(VOID)
{
    __asm__ volatile("wbinvd" : : : "memory");
}

/* Runs the NMI handler of the current IDT, as if an NMI had arrived (but without blocking further ones). */
static inline VOID CpuSoftwareNmi(VOID)
{
    __asm__ volatile("int $2" : : : "memory");
}

/* An exception without an IDT: the core shuts down, the machine resets. */
static inline VOID CpuTripleFault(VOID)
{
    static const DESCRIPTOR_TABLE_REGISTER NoTable = {0, 0};

    __asm__ volatile("lidt %0\n\tint $1" : : "m"(NoTable));
}

/* Until a reset. */
static inline VOID CpuHaltForever(VOID)
{
    for (;;)
        __asm__ volatile("cli\n\thlt" : : : "memory");
}

/* Memory at an address that root mode's own page tables map, and the kernel's do not. */
static inline PVOID CpuPointer(UINT64 Virtual)
{
    return (PVOID)(UINTPTR)Virtual;
}

/* A device's register of 32 bits at an address that root mode's own page tables map. */
static inline UINT32 CpuReadDevice(UINT64 Virtual)
{
    UINT32 Value;

    __asm__ volatile("movl %1, %0" : "=r"(Value) : "m"(*(volatile UINT32 *)(UINTPTR)Virtual) : "memory");
    return Value;
}

static inline VOID CpuWriteDevice(UINT64 Virtual, UINT32 Value)
{
    __asm__ volatile("movl %1, %0" : "=m"(*(volatile UINT32 *)(UINTPTR)Virtual) : "r"(Value) : "memory");
}

#undef CPU_DEFINE_REGISTER_READ
#undef CPU_DEFINE_REGISTER_WRITE

#endif

/* Non-faulting forms, for root mode under the VMM's own IDT (an exception inside them becomes FALSE) and for
 * the fake processor. TRUE: done. */
BOOLEAN CpuTryReadMsr(UINT32 Msr, UINT64 *Value);
BOOLEAN CpuTryWriteMsr(UINT32 Msr, UINT64 Value);
BOOLEAN CpuTryWriteXcr(UINT32 Xcr, UINT64 Value);
BOOLEAN CpuTryReadPmc(UINT32 Counter, UINT64 *Value);

/* The same for memory: FALSE when the address is not mapped, or not writable, in root mode's page table. */
BOOLEAN CpuTryWrite64(UINT64 Address, UINT64 Value);

/* FALSE: as much as is mapped was copied. The ranges do not overlap. */
BOOLEAN CpuTryCopy(UINT64 To, UINT64 From, UINT64 Bytes);

#endif

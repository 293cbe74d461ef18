// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apic.c - NMIs from one core to another; INIT to oneself; the end of an interrupt that is served here.
 *
 * Context: VMX root mode; ApicThisId any. SDM Vol. 3, 11.8.4 (in-service register), 11.8.5 (EOI), 11.4.4
 * (IA32_APIC_BASE), 11.6.1 (the interrupt command register), 11.12.9 (the same in x2APIC mode), 9.9.5 (where
 * the APIC's number is told).
 *
 * The guest owns the APIC and may be between its two writes of an xAPIC's command register: the half that it
 * may have written is put back. In x2APIC mode the command is one write.
 */
#include "hyperhv/core/Apic.h"

#include "platform/CpuInstructions.h"
#include "platform/PlatformLock.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/memory/RootPageTable.h"

#define APIC_BASE_X2APIC  (1ull << 10)
#define APIC_BASE_ENABLED (1ull << 11)

#define APIC_EOI      0x0B0u
#define APIC_ISR      0x100u /* eight registers of 32 vectors each, 10h apart */
#define APIC_ICR_LOW  0x300u
#define APIC_ICR_HIGH 0x310u

#define ICR_SELF        (1u << 18)
#define ICR_NMI         (4u << 8)
#define ICR_INIT        (5u << 8)
#define ICR_IS_SENDING  (1u << 12)
#define ICR_ASSERT      (1u << 14)
#define ICR_DESTINATION 24 /* xAPIC: its place in the high half; physical mode */

#define CPUID_TOPOLOGY 0xBu
#define X2APIC_FIRST   0x800u

/* An APIC accepts a command within microseconds. */
#ifdef PLATFORM_HOSTED
#define PATIENCE 1000u
#else
#define PATIENCE 1000000u
#endif

UINT32 ApicThisId(VOID)
{
    CPUID_RESULT Result;

    CpuCpuid(0, 0, &Result);
    if ((UINT32)Result.Eax >= CPUID_TOPOLOGY) {
        CpuCpuid(CPUID_TOPOLOGY, 0, &Result);
        if ((UINT32)Result.Ebx != 0)
            return (UINT32)Result.Edx;
    }
    CpuCpuid(1, 0, &Result);
    return (UINT32)Result.Ebx >> 24;
}

static BOOLEAN ApicWaitIdle(UINT64 Apic)
{
    UINT32 Patience;

    for (Patience = PATIENCE; Patience > 0; Patience--) {
        if (!(CpuReadDevice(Apic + APIC_ICR_LOW) & ICR_IS_SENDING))
            return TRUE;
        PlatformRelax();
    }
    return FALSE;
}

static BOOLEAN XApicSend(UINT64 Apic, UINT32 ApicId, UINT32 Command)
{
    UINT32 High;
    BOOLEAN Sent;

    if (!ApicWaitIdle(Apic))
        return FALSE;
    High = CpuReadDevice(Apic + APIC_ICR_HIGH);
    CpuWriteDevice(Apic + APIC_ICR_HIGH, ApicId << ICR_DESTINATION);
    CpuWriteDevice(Apic + APIC_ICR_LOW, Command | ICR_ASSERT);
    Sent = ApicWaitIdle(Apic);
    CpuWriteDevice(Apic + APIC_ICR_HIGH, High);
    return Sent;
}

static BOOLEAN ApicSend(UINT32 CoreId, UINT32 ApicId, UINT32 Command)
{
    UINT64 Base = CpuReadMsr(IA32_APIC_BASE);

    if (!(Base & APIC_BASE_ENABLED))
        return FALSE;
    if (!(Base & APIC_BASE_X2APIC))
        return XApicSend(RootPageTableApic(CoreId), ApicId, Command);
    CpuWriteMsr(IA32_X2APIC_ICR, ((UINT64)ApicId << 32) | Command | ICR_ASSERT);
    return TRUE;
}

BOOLEAN ApicSendNmi(UINT32 CoreId, UINT32 ApicId)
{
    return ApicSend(CoreId, ApicId, ICR_NMI);
}

BOOLEAN ApicSendInit(UINT32 CoreId, UINT32 ApicId)
{
    return ApicSend(CoreId, ApicId, ICR_INIT);
}

/* --- interrupts of this core --- */

/* The same registers in both modes: MSR 800h is register 0, 801h is register 10h. */
static UINT32 ApicRead(UINT32 CoreId, UINT32 Register)
{
    if (CpuReadMsr(IA32_APIC_BASE) & APIC_BASE_X2APIC)
        return (UINT32)CpuReadMsr(X2APIC_FIRST + (Register >> 4));
    return CpuReadDevice(RootPageTableApic(CoreId) + Register);
}

static VOID ApicWrite(UINT32 CoreId, UINT32 Register, UINT32 Value)
{
    if (CpuReadMsr(IA32_APIC_BASE) & APIC_BASE_X2APIC)
        CpuWriteMsr(X2APIC_FIRST + (Register >> 4), Value);
    else
        CpuWriteDevice(RootPageTableApic(CoreId) + Register, Value);
}

VOID ApicEndInterrupt(UINT32 CoreId, UINT32 Vector)
{
    UINT32 InService;

    if (!(CpuReadMsr(IA32_APIC_BASE) & APIC_BASE_ENABLED))
        return;
    InService = ApicRead(CoreId, APIC_ISR + (Vector / 32) * 0x10);
    if (InService & (1u << (Vector % 32)))
        ApicWrite(CoreId, APIC_EOI, 0);
}

BOOLEAN ApicRaise(UINT32 CoreId, UINT32 Vector)
{
    if (!(CpuReadMsr(IA32_APIC_BASE) & APIC_BASE_ENABLED))
        return FALSE;
    ApicWrite(CoreId, APIC_ICR_LOW, ICR_SELF | ICR_ASSERT | Vector);
    return TRUE;
}

VOID ApicRaiseAgain(UINT32 CoreId, UINT32 Vector)
{
    ApicEndInterrupt(CoreId, Vector);
    ApicRaise(CoreId, Vector);
}

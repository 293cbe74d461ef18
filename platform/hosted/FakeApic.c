/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FakeApic.c - the fake processor's local APICs: NMIs from one core to another, and interrupts of one to
 * itself.
 *
 * Context: user space; the sender's thread. SDM Vol. 3, 11.6.1. An NMI waits at its core until the test has
 * it taken (FakeTakeNmi); a second one that comes meanwhile is the same.
 */
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/vmx/VmcsFields.h"
#include "platform/PlatformCpu.h"
#include "platform/hosted/FakeCpu.h"

#define APIC_ADDRESS  0xFEE00000ull
#define APIC_EOI      0x0B0u
#define APIC_ISR      0x100u /* eight registers */
#define APIC_ISR_END  0x180u
#define APIC_ICR_LOW  0x300u
#define APIC_ICR_HIGH 0x310u
#define APIC_BASE_X2  (1ull << 10)
#define IDS_PER_CORE  2u
#define COMMAND_NMI   0x4400u
#define COMMAND_INIT  0x4500u
#define COMMAND_SELF  0x44000u /* | vector: an interrupt to the core itself */
#define COMMAND_BUSY  (1u << 12)
#define DESTINATION   24
#define NMI_VECTOR    2
#define NMI_INFO      (INTERRUPTION_INFO_VALID | (INTERRUPTION_TYPE_NMI << 8) | NMI_VECTOR)

static VOID (*g_Hook)(UINT32 Register, UINT32 Value);

UINT32 FakeApicId(UINT32 CoreId)
{
    return CoreId * IDS_PER_CORE;
}

VOID FakeSetApicHook(VOID (*Hook)(UINT32 Register, UINT32 Value))
{
    g_Hook = Hook;
}

VOID FakeApicSetX2(UINT32 CoreId)
{
    FakeMsrSet(CoreId, IA32_APIC_BASE, FakeMsrGet(CoreId, IA32_APIC_BASE) | APIC_BASE_X2);
}

VOID FakeApicSetStuck(UINT32 CoreId, BOOLEAN IsStuck)
{
    FakeCore(CoreId)->ApicIsStuck = IsStuck;
}

UINT32 FakeNmisSent(UINT32 CoreId)
{
    return __atomic_load_n(&FakeCore(CoreId)->NmisSent, __ATOMIC_SEQ_CST);
}

UINT32 FakeInitsSent(UINT32 CoreId)
{
    return FakeCore(CoreId)->InitsSent;
}

BOOLEAN FakeNmiWaits(UINT32 CoreId)
{
    return __atomic_load_n(&FakeCore(CoreId)->NmiWaits, __ATOMIC_SEQ_CST);
}

UINT32 FakeNmisUnblocked(UINT32 CoreId)
{
    return FakeCore(CoreId)->NmisUnblocked;
}

VOID FakeApicSetInService(UINT32 CoreId, UINT32 Vector)
{
    FakeCore(CoreId)->InService = Vector;
}

UINT32 FakeApicInService(UINT32 CoreId)
{
    return FakeCore(CoreId)->InService;
}

UINT32 FakeApicGet(UINT32 CoreId, UINT32 Register)
{
    return Register == APIC_ICR_HIGH ? FakeCore(CoreId)->IcrHigh : FakeCore(CoreId)->IcrLow;
}

VOID FakeApicSet(UINT32 CoreId, UINT32 Register, UINT32 Value)
{
    *(Register == APIC_ICR_HIGH ? &FakeCore(CoreId)->IcrHigh : &FakeCore(CoreId)->IcrLow) = Value;
}

VOID FakeApicCommand(UINT32 Command, UINT32 ApicId)
{
    FAKE_CORE *To;

    if ((Command & ~0xFFu) == COMMAND_SELF)
        return; /* pending in the APIC: whoever asks looks at the register */
    if (Command != COMMAND_NMI && Command != COMMAND_INIT)
        FakeMisuse("the APIC is told to send %x, which is no NMI and no INIT", Command);
    if (ApicId % IDS_PER_CORE != 0 || ApicId / IDS_PER_CORE >= PlatformCpuCount())
        FakeMisuse("an NMI for the APIC %x, which does not exist", ApicId);
    To = FakeCore(ApicId / IDS_PER_CORE);
    if (Command == COMMAND_INIT) {
        if (To->Mode != FAKE_OUTSIDE_VMX)
            FakeMisuse("an INIT for a core in VMX operation");
        To->InitsSent++;
        return;
    }
    __atomic_add_fetch(&To->NmisSent, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&To->NmiWaits, TRUE, __ATOMIC_SEQ_CST);
}

/* A register of this core's own APIC, by the address that root mode's page tables give it. */
static UINT32 RegisterAt(UINT64 Virtual)
{
    UINT64 Physical = FakeTranslate(Virtual);
    UINT32 Register = (UINT32)(Physical & (4096 - 1));

    if (Physical - Register != APIC_ADDRESS)
        FakeMisuse("a device's register at %llx, where no device is", Physical);
    if (FakeMsrGet(PlatformCpuCurrent(), IA32_APIC_BASE) & APIC_BASE_X2)
        FakeMisuse("the APIC's page is touched in x2APIC mode");
    if (Register != APIC_ICR_LOW && Register != APIC_ICR_HIGH && Register != APIC_EOI &&
        (Register < APIC_ISR || Register >= APIC_ISR_END))
        FakeMisuse("register %x of the APIC is touched", Register);
    return Register;
}

UINT32 CpuReadDevice(UINT64 Virtual)
{
    FAKE_CORE *Core = FakeThisCore();
    UINT32 Register = RegisterAt(Virtual);

    if (Register == APIC_ICR_HIGH)
        return Core->IcrHigh;
    if (Register >= APIC_ISR && Register < APIC_ISR_END)
        return Core->InService / 32 == (Register - APIC_ISR) / 16 ? 1u << (Core->InService % 32) : 0;
    return Core->IcrLow | (Core->ApicIsStuck ? COMMAND_BUSY : 0);
}

VOID CpuWriteDevice(UINT64 Virtual, UINT32 Value)
{
    FAKE_CORE *Core = FakeThisCore();
    UINT32 Register = RegisterAt(Virtual);

    if (g_Hook)
        g_Hook(Register, Value);
    if (Register == APIC_EOI) {
        Core->InService = 0;
        return;
    }
    FakeApicSet(PlatformCpuCurrent(), Register, Value);
    if (Register == APIC_ICR_LOW)
        FakeApicCommand(Value, Core->IcrHigh >> DESTINATION);
}

BOOLEAN FakeTakeNmi(VOID)
{
    FAKE_CORE *Core = FakeThisCore();

    if (!__atomic_exchange_n(&Core->NmiWaits, FALSE, __ATOMIC_SEQ_CST))
        return FALSE;
    if (Core->Mode == FAKE_VMX_GUEST)
        FakeExit(&(FAKE_EXIT){.Reason = VMX_EXIT_REASON_EXCEPTION_OR_NMI, .InterruptionInfo = NMI_INFO});
    else if (Core->Now.IdtBase != Core->KernelIdtBase)
        FakeRootException(NMI_VECTOR, 0);
    else
        Core->KernelNmis++;
    return TRUE;
}

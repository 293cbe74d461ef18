// SPDX-License-Identifier: GPL-2.0-only
/*
 * GuestRegisters.c - control and debug registers of the guest, read and written for users of the VMM.
 *
 * Context: VMX root mode. SDM Vol. 3, 2.5, 18.2 (debug registers), 25.4.2 (interruptibility). CR2, CR8 and
 * DR0-DR6 are not switched by exits: the processor's are the guest's.
 */
#include "hyperhv/vmx/GuestRegisters.h"

#include "platform/CpuInstructions.h"
#include "hyperhv/vmx/ControlRegisters.h"
#include "hyperhv/vmx/EventInjection.h"
#include "hyperhv/vmx/Vmcs.h"

#define HIGH_HALF(Value)          ((Value) >> 32)
#define CR8_MAX                   15ull
#define DR7_SETTABLE              0xFFFF23FFull /* all but what is always 0 or 1 */
#define DR7_ALWAYS_ONE            0x400ull
#define RFLAGS_IF                 (1ull << 9)
#define SHADOWS                   (INTERRUPTIBILITY_BLOCKING_BY_STI | INTERRUPTIBILITY_BLOCKING_BY_MOV_SS)
#define INTERRUPTIBILITY_SETTABLE (SHADOWS | INTERRUPTIBILITY_BLOCKING_BY_NMI)

typedef BOOLEAN (*REGISTER_SETTER)(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value);

/* --- control registers --- */

static UINT64 GetCr3(VOID)
{
    return VmcsReadNatural(VMCS_GUEST_CR3);
}

static BOOLEAN SetCr2(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value)
{
    (VOID) VCpu;
    CpuWriteCr2(Value);
    return TRUE;
}

static BOOLEAN SetCr8(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value)
{
    (VOID) VCpu;
    if (Value > CR8_MAX)
        return FALSE;
    CpuWriteCr8(Value);
    return TRUE;
}

/* --- debug registers --- */

#define DEFINE_SET_ADDRESS(Number)                                                                           \
    static BOOLEAN SetDr##Number(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value)                                  \
    {                                                                                                        \
        (VOID) VCpu;                                                                                         \
        CpuWriteDr##Number(Value);                                                                           \
        return TRUE;                                                                                         \
    }

DEFINE_SET_ADDRESS(0)
DEFINE_SET_ADDRESS(1)
DEFINE_SET_ADDRESS(2)
DEFINE_SET_ADDRESS(3)

static BOOLEAN SetDr6(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value)
{
    (VOID) VCpu;
    if (HIGH_HALF(Value))
        return FALSE;
    CpuWriteDr6(Value);
    return TRUE;
}

static UINT64 GetDr7(VOID)
{
    return VmcsReadNatural(VMCS_GUEST_DR7);
}

static BOOLEAN SetDr7(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value)
{
    (VOID) VCpu;
    if (HIGH_HALF(Value))
        return FALSE;
    VmcsWriteNatural(VMCS_GUEST_DR7, (Value & DR7_SETTABLE) | DR7_ALWAYS_ONE);
    return TRUE;
}

/* --- interruptibility --- */

static UINT64 GetInterruptibility(VOID)
{
    return VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE) & INTERRUPTIBILITY_SETTABLE;
}

/* 27.3.1.5: what an entry would refuse. An event that is to go in may not be blocked. */
static BOOLEAN SetInterruptibility(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Value)
{
    UINT32 Before = VmcsRead32(VMCS_GUEST_INTERRUPTIBILITY_STATE);

    if ((Value & ~(UINT64)INTERRUPTIBILITY_SETTABLE) || (Value & SHADOWS) == SHADOWS)
        return FALSE;
    if ((Value & INTERRUPTIBILITY_BLOCKING_BY_STI) && !(VCpu->Regs->rflags & RFLAGS_IF))
        return FALSE;
    if ((Value & ~Before) && EventIsQueued())
        return FALSE;
    VmcsWrite32(VMCS_GUEST_INTERRUPTIBILITY_STATE, (Before & ~INTERRUPTIBILITY_SETTABLE) | (UINT32)Value);
    VCpu->ExitEnd |= EXIT_END_WRITE_REGS; /* which fits the pending single step to it */
    return TRUE;
}

/* --- all --- */

static const struct {
    UINT64 (*Get)(VOID);
    REGISTER_SETTER Set;
} Registers[HV_REGISTER_COUNT] = {
    [HV_REGISTER_CR0]              = {VmxGuestCr0, VmxWriteCr0},
    [HV_REGISTER_CR2]              = {CpuReadCr2, SetCr2},
    [HV_REGISTER_CR3]              = {GetCr3, VmxWriteCr3},
    [HV_REGISTER_CR4]              = {VmxGuestCr4, VmxWriteCr4},
    [HV_REGISTER_CR8]              = {CpuReadCr8, SetCr8},
    [HV_REGISTER_DR0]              = {CpuReadDr0, SetDr0},
    [HV_REGISTER_DR1]              = {CpuReadDr1, SetDr1},
    [HV_REGISTER_DR2]              = {CpuReadDr2, SetDr2},
    [HV_REGISTER_DR3]              = {CpuReadDr3, SetDr3},
    [HV_REGISTER_DR6]              = {CpuReadDr6, SetDr6},
    [HV_REGISTER_DR7]              = {GetDr7, SetDr7},
    [HV_REGISTER_INTERRUPTIBILITY] = {GetInterruptibility, SetInterruptibility},
};

UINT64 VmxGetRegister(VIRTUAL_MACHINE_STATE *VCpu, HV_REGISTER Register)
{
    (VOID) VCpu;
    return Registers[Register].Get();
}

BOOLEAN VmxSetRegister(VIRTUAL_MACHINE_STATE *VCpu, HV_REGISTER Register, UINT64 Value)
{
    return Registers[Register].Set(VCpu, Value);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * ExportRegisters.c - the guest's registers for users of the VMM (SDK/imports/VmmGuestImports.h tells the
 * contracts).
 *
 * Context: VMX root mode, inside a callback.
 */
#include "SDK/imports/VmmGuestImports.h"

#include "hyperhv/core/Backend.h"
#include "hyperhv/core/CurrentCore.h"
#include "hyperhv/core/MsrNumbers.h"

/* --- general registers: those of the exit's block, which the end of the exit writes back --- */

GUEST_REGS *VmFuncGetGuestRegs(VOID)
{
    VIRTUAL_MACHINE_STATE *VCpu = CurrentCore();

    VCpu->ExitEnd |= EXIT_END_WRITE_REGS;
    return VCpu->Regs;
}

VOID VmFuncSetGuestRegs(const GUEST_REGS *Regs)
{
    *VmFuncGetGuestRegs() = *Regs;
}

UINT64 GetGuestRSP(VOID)
{
    return CurrentCore()->Regs->rsp;
}

VOID SetGuestRSP(UINT64 Value)
{
    VmFuncGetGuestRegs()->rsp = Value;
}

UINT64 VmFuncGetRflags(VOID)
{
    return CurrentCore()->Regs->rflags;
}

VOID VmFuncSetRflags(UINT64 Value)
{
    VmFuncGetGuestRegs()->rflags = Value;
}

VOID VmFuncSetXmmRegs(const GUEST_XMM_REGS *XmmRegs)
{
    VIRTUAL_MACHINE_STATE *VCpu = CurrentCore();

    VCpu->XmmRegs      = *XmmRegs;
    VCpu->XmmRegsValid = TRUE;
    g_Backend->WriteXmmRegs(VCpu);
}

/* --- control and debug registers --- */

#define DEFINE_REGISTER(Name, Register)                                                                      \
    UINT64 GetGuest##Name(VOID)                                                                              \
    {                                                                                                        \
        return g_Backend->GetRegister(CurrentCore(), Register);                                              \
    }                                                                                                        \
                                                                                                             \
    BOOLEAN SetGuest##Name(UINT64 Value)                                                                     \
    {                                                                                                        \
        return g_Backend->SetRegister(CurrentCore(), Register, Value);                                       \
    }

DEFINE_REGISTER(Cr0, HV_REGISTER_CR0)
DEFINE_REGISTER(Cr2, HV_REGISTER_CR2)
DEFINE_REGISTER(Cr3, HV_REGISTER_CR3)
DEFINE_REGISTER(Cr4, HV_REGISTER_CR4)
DEFINE_REGISTER(Cr8, HV_REGISTER_CR8)
DEFINE_REGISTER(Dr0, HV_REGISTER_DR0)
DEFINE_REGISTER(Dr1, HV_REGISTER_DR1)
DEFINE_REGISTER(Dr2, HV_REGISTER_DR2)
DEFINE_REGISTER(Dr3, HV_REGISTER_DR3)
DEFINE_REGISTER(Dr6, HV_REGISTER_DR6)
DEFINE_REGISTER(Dr7, HV_REGISTER_DR7)

UINT64 GetGuestEfer(VOID)
{
    UINT64 Value = 0;
    BOOLEAN Done;

    g_Backend->ReadVirtualizedMsr(CurrentCore(), IA32_EFER, &Value, &Done);
    return Value;
}

BOOLEAN SetGuestEfer(UINT64 Value)
{
    BOOLEAN Done;

    return g_Backend->WriteVirtualizedMsr(CurrentCore(), IA32_EFER, Value, &Done);
}

/* --- segments --- */

#define DEFINE_SEGMENT(Name, Number)                                                                         \
    VOID GetGuest##Name(GUEST_SEGMENT *Segment)                                                              \
    {                                                                                                        \
        g_Backend->GetSegment(CurrentCore(), Number, Segment);                                               \
    }                                                                                                        \
                                                                                                             \
    BOOLEAN SetGuest##Name(const GUEST_SEGMENT *Segment)                                                     \
    {                                                                                                        \
        return g_Backend->SetSegment(CurrentCore(), Number, Segment);                                        \
    }

DEFINE_SEGMENT(Es, HV_SEGMENT_ES)
DEFINE_SEGMENT(Cs, HV_SEGMENT_CS)
DEFINE_SEGMENT(Ss, HV_SEGMENT_SS)
DEFINE_SEGMENT(Ds, HV_SEGMENT_DS)
DEFINE_SEGMENT(Fs, HV_SEGMENT_FS)
DEFINE_SEGMENT(Gs, HV_SEGMENT_GS)
DEFINE_SEGMENT(Ldtr, HV_SEGMENT_LDTR)
DEFINE_SEGMENT(Tr, HV_SEGMENT_TR)
DEFINE_SEGMENT(Gdtr, HV_SEGMENT_GDTR)
DEFINE_SEGMENT(Idtr, HV_SEGMENT_IDTR)

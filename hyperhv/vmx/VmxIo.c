// SPDX-License-Identifier: GPL-2.0-only
/*
 * VmxIo.c - exits by IN, OUT, INS and OUTS.
 *
 * Context: VMX root mode (VmxIoBitmapsReset: process). SDM Vol. 3, table 28-5 (exit qualification), 25.6.4
 * (I/O bitmaps), 26.5.2 (the monitor trap flag and repeated instructions), 18.2.4 and 18.3.1.4 (I/O
 * breakpoints).
 */
#include "hyperhv/vmx/VmxIo.h"

#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/interface/Dispatch.h"
#include "hyperhv/vmx/Controls.h"
#include "hyperhv/vmx/DebugRegisters.h"
#include "hyperhv/vmx/Mtf.h"
#include "hyperhv/vmx/Vmcs.h"

#define QUALIFICATION_SIZE(Qualification) ((UINT32)(Qualification)&7)
#define QUALIFICATION_IN                  (1u << 3)
#define QUALIFICATION_STRING              (1u << 4)
#define QUALIFICATION_PORT(Qualification) ((UINT16)((Qualification) >> 16))

#define CR4_DE (1ull << 3)

/* 0 and 1 are one and two bytes, 3 is four; there are no others. */
static UINT8 SizeOf(UINT32 Encoding)
{
    return Encoding < 2 ? (UINT8)(Encoding + 1) : 4;
}

VOID VmxHandleIo(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT64 Qualification = VCpu->ExitQualification;

    VCpu->Io.Port     = QUALIFICATION_PORT(Qualification);
    VCpu->Io.Size     = SizeOf(QUALIFICATION_SIZE(Qualification));
    VCpu->Io.IsIn     = (Qualification & QUALIFICATION_IN) != 0;
    VCpu->Io.IsString = (Qualification & QUALIFICATION_STRING) != 0;
    DispatchEventIO(VCpu);
}

/* --- a string form's step --- */

VOID VmxIoStepBegin(VIRTUAL_MACHINE_STATE *VCpu)
{
    HV_IO *Io = &VCpu->Io;

    Io->IsStepping = TRUE;
    Io->Rip        = VCpu->LastVmexitRip;
    Io->NextRip    = Io->Rip + VmcsRead32(VMCS_VMEXIT_INSTRUCTION_LENGTH);
    VmxClearPrimaryControls(VCpu, PRIMARY_USE_IO_BITMAPS);
    MtfStepArm(VCpu);
}

VOID VmxIoStepEnd(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN IsTrap)
{
    HV_IO *Io  = &VCpu->Io;
    UINT64 Rip = VCpu->LastVmexitRip;

    Io->IsStepping = FALSE;
    VmxSetPrimaryControls(VCpu, PRIMARY_USE_IO_BITMAPS);
    if (!IsTrap || !Io->PostRequired || (Rip != Io->Rip && Rip != Io->NextRip))
        return;
    VCpu->LastVmexitRip = Io->Rip;
    DispatchEventIoPost(VCpu);
    VCpu->LastVmexitRip = Rip;
}

VOID VmxPendIoBreakpoints(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (g_Backend->GetCr4(VCpu) & CR4_DE)
        VmxPendBreakpoints(VCpu->Io.Port, VCpu->Io.Size, BREAKPOINT_ON_PORT);
}

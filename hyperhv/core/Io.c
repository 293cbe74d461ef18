// SPDX-License-Identifier: GPL-2.0-only
/*
 * Io.c - the effects of IN, OUT, INS and OUTS.
 *
 * Context: VMX root mode. SDM Vol. 2, IN, INS, OUT, OUTS; Vol. 1, 19.5. Privilege and permission bitmap were
 * checked by the processor: their faults come before the exit.
 *
 * A string form is not emulated. Its operand goes through segmentation, paging with all its rights, and the
 * hooks on memory, and each of them may fault: the guest carries the instruction out itself, in one step in
 * which ports do not exit. Of a repeated one that is one iteration; the next one exits again.
 */
#include "platform/CpuInstructions.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Instructions.h"

/* As any instruction that writes a register: 32 bits clear the upper half, 8 and 16 leave the rest alone. */
static UINT64 IoWithValue(UINT64 Register, UINT32 Value, UINT32 Size)
{
    UINT64 Mask = Size == 4 ? ~0ull : (1ull << (8 * Size)) - 1;

    return (Register & ~Mask) | (Value & Mask);
}

static VOID IoString(VIRTUAL_MACHINE_STATE *VCpu)
{
    BOOLEAN IsThere =
        g_Backend->GetRip(VCpu) == VCpu->LastVmexitRip; /* the user may have sent it elsewhere */

    VCpu->IncrementRip = FALSE;
    if (IsThere)
        g_Backend->StepIo(VCpu);
}

VOID HvHandleIo(VIRTUAL_MACHINE_STATE *VCpu)
{
    const HV_IO *Io  = &VCpu->Io;
    GUEST_REGS *Regs = VCpu->Regs;

    if (Io->IsString) {
        IoString(VCpu);
        return;
    }
    if (Io->IsIn)
        Regs->rax = IoWithValue(Regs->rax, CpuReadPort(Io->Port, Io->Size), Io->Size);
    else
        CpuWritePort(Io->Port, (UINT32)Regs->rax, Io->Size);
    g_Backend->PendIoBreakpoints(VCpu);
}

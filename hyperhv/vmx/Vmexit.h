/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Vmexit.h - what the handlers of exits share. The entry itself is VmxVmexitHandler (AsmEntry.h).
 */
#ifndef HYPERHV_VMX_VMEXIT_H
#define HYPERHV_VMX_VMEXIT_H

#include "hyperhv/core/State.h"

/* Root mode. One exit, decoded into VCpu; on return VCpu->IncrementRip says whether RIP moves on. */
typedef VOID (*VMEXIT_HANDLER)(VIRTUAL_MACHINE_STATE *VCpu);

/* Root mode. RIP past an instruction of Length bytes that was carried out, with the interrupt shadow ended
 * and a single-step trap pending, as the processor would have it after the instruction. */
VOID VmexitAdvanceRipBy(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Length);

/* Root mode. The same for one that changed rsp in VCpu->Regs, which goes to the guest. */
VOID VmexitAdvancePastPush(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Length);

/* Root mode. The same for an instruction that goes on at Rip; the trap goes by the flags in VCpu->Regs. */
VOID VmexitGoOnAt(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Rip);

/* Root mode, where RFLAGS.TF is set. Makes the trap of the single step pending; not with DEBUGCTL.BTF, where
 * it comes after branches only, and no instruction that exits is one (SDM Vol. 3, 18.4.4). */
VOID VmexitPendSingleStep(VOID);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Vmexit.h - what the handlers of exits share. The entry itself is VmxVmexitHandler (AsmEntry.h).
 */
#ifndef HYPERHV_VMX_VMEXIT_H
#define HYPERHV_VMX_VMEXIT_H

#include "hyperhv/core/State.h"

/* Root mode. One exit, decoded into VCpu; on return VCpu->IncrementRip says whether RIP moves on. */
typedef VOID (*VMEXIT_HANDLER)(VIRTUAL_MACHINE_STATE *VCpu);

#endif

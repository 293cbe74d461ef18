/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VmxIo.h - exits by IN, OUT, INS and OUTS. SDM Vol. 3, table 28-5.
 *
 * Context of all: VMX root mode, within an exit of VCpu.
 */
#ifndef HYPERHV_VMX_VMX_IO_H
#define HYPERHV_VMX_VMX_IO_H

#include "hyperhv/core/State.h"

/* Decodes into VCpu->Io. */
VOID VmxHandleIo(VIRTUAL_MACHINE_STATE *VCpu);

/* Backend.h tells the contracts (StepIo, PendIoBreakpoints). */
VOID VmxIoStepBegin(VIRTUAL_MACHINE_STATE *VCpu);
VOID VmxPendIoBreakpoints(VIRTUAL_MACHINE_STATE *VCpu);

/* The step is over: ports exit again. IsTrap: by its trap; then, if the instruction or an iteration of it was
 * carried out, its POST event is told. */
VOID VmxIoStepEnd(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN IsTrap);

#endif

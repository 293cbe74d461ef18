/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dispatch.h - from a decoded exit to the user's event and the instruction's effect.
 *
 * Every DispatchEventXxx has one shape: no event of the type armed - the effect, and nothing else. Armed: PRE
 * event; the effect unless PRE answered SUCCESSFUL_IGNORE_EVENT; POST event if PRE asked for it. The context
 * is computed before PRE and is the same in POST. Context: VMX root mode, within an exit of VCpu; afterwards
 * VCpu->IncrementRip says whether the instruction is done.
 */
#ifndef HYPERHV_INTERFACE_DISPATCH_H
#define HYPERHV_INTERFACE_DISPATCH_H

#include "hyperhv/core/State.h"

VOID DispatchEventCpuid(VIRTUAL_MACHINE_STATE *VCpu);  /* context: leaf */
VOID DispatchEventRdmsr(VIRTUAL_MACHINE_STATE *VCpu);  /* context: MSR */
VOID DispatchEventWrmsr(VIRTUAL_MACHINE_STATE *VCpu);  /* context: MSR */
VOID DispatchEventXsetbv(VIRTUAL_MACHINE_STATE *VCpu); /* context: XCR */

/* A VMCALL without our signature. Context: its number (RAX). */
VOID DispatchEventVmcall(VIRTUAL_MACHINE_STATE *VCpu);

#endif

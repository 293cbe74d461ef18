/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GuestRegisters.h - control registers, debug registers and segments of the guest, read and written for users
 * of the VMM. A value that the processor would refuse at the next entry is refused here.
 *
 * Context of all: VMX root mode, within an exit of VCpu.
 */
#ifndef HYPERHV_VMX_GUEST_REGISTERS_H
#define HYPERHV_VMX_GUEST_REGISTERS_H

#include "hyperhv/core/GuestState.h"
#include "hyperhv/core/State.h"

UINT64 VmxGetRegister(VIRTUAL_MACHINE_STATE *VCpu, HV_REGISTER Register);
BOOLEAN VmxSetRegister(VIRTUAL_MACHINE_STATE *VCpu, HV_REGISTER Register, UINT64 Value);

/* (GuestSegments.c) */
VOID VmxGetSegment(VIRTUAL_MACHINE_STATE *VCpu, HV_SEGMENT Segment, GUEST_SEGMENT *Value);
BOOLEAN VmxSetSegment(VIRTUAL_MACHINE_STATE *VCpu, HV_SEGMENT Segment, const GUEST_SEGMENT *Value);

#endif

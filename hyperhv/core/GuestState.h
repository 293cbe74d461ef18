/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GuestState.h - names for the parts of the guest's state that a vendor's structure, or the processor itself,
 * holds while root mode runs.
 *
 * Context: any.
 */
#ifndef HYPERHV_CORE_GUEST_STATE_H
#define HYPERHV_CORE_GUEST_STATE_H

typedef enum _HV_REGISTER {
    HV_REGISTER_CR0,
    HV_REGISTER_CR2,
    HV_REGISTER_CR3,
    HV_REGISTER_CR4,
    HV_REGISTER_CR8,
    HV_REGISTER_DR0,
    HV_REGISTER_DR1,
    HV_REGISTER_DR2,
    HV_REGISTER_DR3,
    HV_REGISTER_DR6,
    HV_REGISTER_DR7,
    HV_REGISTER_INTERRUPTIBILITY, /* VMM_BLOCKING_BY_... */
    HV_REGISTER_COUNT
} HV_REGISTER;

typedef enum _HV_SEGMENT {
    HV_SEGMENT_ES,
    HV_SEGMENT_CS,
    HV_SEGMENT_SS,
    HV_SEGMENT_DS,
    HV_SEGMENT_FS,
    HV_SEGMENT_GS,
    HV_SEGMENT_LDTR,
    HV_SEGMENT_TR,
    HV_SEGMENT_GDTR, /* base and limit alone, as the next */
    HV_SEGMENT_IDTR,
    HV_SEGMENT_COUNT
} HV_SEGMENT;

#endif

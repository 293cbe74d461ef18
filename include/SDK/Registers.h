/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Registers.h - the guest's general registers as an exit saves them.
 *
 * Context: any. SDM Vol. 1, 3.4.1.1 (the order is the encoding of the registers in ModRM and in exit
 * qualifications, so that number n of an instruction is element n of the block).
 */
#ifndef HYPERDBG_SDK_REGISTERS_H
#define HYPERDBG_SDK_REGISTERS_H

#include "SDK/BasicTypes.h"

typedef struct _GUEST_REGS {
    UINT64 rax; /* 0 */
    UINT64 rcx;
    UINT64 rdx;
    UINT64 rbx;
    UINT64 rsp; /* 4: a copy of the guest's RSP; a change by a callback reaches the guest */
    UINT64 rbp;
    UINT64 rsi;
    UINT64 rdi;
    UINT64 r8; /* 8 */
    UINT64 r9;
    UINT64 r10;
    UINT64 r11;
    UINT64 r12;
    UINT64 r13;
    UINT64 r14;
    UINT64 r15;
    UINT64 rflags; /* 16: a copy of the guest's RFLAGS; a change by a callback reaches the guest */
} GUEST_REGS, *PGUEST_REGS;

#define GUEST_REGS_GENERAL_COUNT 16
#define GUEST_REGS_RFLAGS_INDEX  16
#define GUEST_REGS_COUNT         17

STATIC_ASSERT(sizeof(GUEST_REGS) == GUEST_REGS_COUNT * sizeof(UINT64));

/* The registers that the SysV and NT calling conventions share as scratch, 16 bytes each. */
typedef struct _GUEST_XMM_REGS {
    UINT64 Xmm[6][2];
} GUEST_XMM_REGS, *PGUEST_XMM_REGS;

/* What the processor holds of a segment register, GDTR or IDTR. Attributes: bits 15:8 and 23:20 of a
 * descriptor's second half, shifted to bits 7:0 and 15:12 (SDM Vol. 3, 3.4.5). */
typedef struct _GUEST_SEGMENT {
    UINT64 Base;
    UINT32 Limit; /* in bytes */
    UINT32 Attributes;
    UINT16 Selector;
} GUEST_SEGMENT, *PGUEST_SEGMENT;

#define GUEST_SEGMENT_TYPE(Attributes) ((Attributes)&0xFu)
#define GUEST_SEGMENT_IS_CODE_OR_DATA  (1u << 4)
#define GUEST_SEGMENT_DPL(Attributes)  (((Attributes) >> 5) & 3u)
#define GUEST_SEGMENT_PRESENT          (1u << 7)
#define GUEST_SEGMENT_LONG_MODE        (1u << 13)
#define GUEST_SEGMENT_DEFAULT32        (1u << 14)
#define GUEST_SEGMENT_GRANULARITY      (1u << 15)
#define GUEST_SEGMENT_UNUSABLE         (1u << 16) /* loaded with a null selector */

#endif

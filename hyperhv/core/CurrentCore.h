/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CurrentCore.h - from the stack to the core: root mode finds its VIRTUAL_MACHINE_STATE without asking the
 * kernel.
 *
 * Every stack that root mode runs on is ROOT_STACK_SIZE bytes, aligned to its size, with the owner at its
 * lowest address.
 */
#ifndef HYPERHV_CORE_CURRENT_CORE_H
#define HYPERHV_CORE_CURRENT_CORE_H

#include "platform/CpuInstructions.h"
#include "hyperhv/core/State.h"

#define ROOT_STACK_PAGES 4u
#define ROOT_STACK_SIZE  (ROOT_STACK_PAGES * 4096ull)

/* Context: VMX root mode only. */
static inline VIRTUAL_MACHINE_STATE *CurrentCore(VOID)
{
    return *(VIRTUAL_MACHINE_STATE **)(UINTPTR)(CpuReadRsp() & ~(ROOT_STACK_SIZE - 1));
}

#endif

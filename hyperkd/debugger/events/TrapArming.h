/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TrapArming.h - rows of EventArming.c that take more than a number: external interrupts, SYSCALL and SYSRET,
 * changes of mode.
 *
 * Context: process, under the store's lock (Validate: needs none).
 */
#ifndef HYPERDBG_HYPERKD_TRAP_ARMING_H
#define HYPERDBG_HYPERKD_TRAP_ARMING_H

#include "SDK/Ioctls.h"

/* EventArming.h tells the contracts: what EventValidate, EventArmExits and EventDisarmExits want of a type.
 */
UINT32 TrapValidateInterrupt(const DEBUGGER_EVENT_OPTIONS *Options);
UINT32 TrapValidateSyscall(const DEBUGGER_EVENT_OPTIONS *Options);
UINT32 TrapValidateSysret(const DEBUGGER_EVENT_OPTIONS *Options);
UINT32 TrapValidateMode(const DEBUGGER_EVENT_OPTIONS *Options);
UINT32 TrapArmMode(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options);
VOID TrapDisarmMode(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options);

#endif

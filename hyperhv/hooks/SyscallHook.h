/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SyscallHook.h - SYSCALL and SYSRET as events.
 *
 * While the hook is on a core, both instructions are turned off there (EFER.SCE), so that they raise #UD,
 * which exits; they are recognized by their bytes, and carried out here. The guest reads EFER as it wrote it.
 */
#ifndef HYPERHV_HOOKS_SYSCALL_HOOK_H
#define HYPERHV_HOOKS_SYSCALL_HOOK_H

#include "hyperhv/core/State.h"

/* Root mode, a #UD exit of VCpu. TRUE: it was of the hook's making, and is dealt with. */
BOOLEAN SyscallHookHandleUndefinedOpcode(VIRTUAL_MACHINE_STATE *VCpu);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformModule.h - code of the kernel that can leave: its modules.
 */
#ifndef HYPERDBG_PLATFORM_MODULE_H
#define HYPERDBG_PLATFORM_MODULE_H

#include "SDK/BasicTypes.h"

/* Process context. The kernel addresses from Start up to End, of code and data, are about to be freed: of a
 * module that is unloaded, or of one's initialization once that is over. */
typedef VOID (*PLATFORM_MODULE_LEAVES)(UINT64 Start, UINT64 End);

/* Process context. One user at a time. FALSE: refused. */
BOOLEAN PlatformModuleWatch(PLATFORM_MODULE_LEAVES Leaves);
VOID PlatformModuleUnwatch(VOID);

#endif

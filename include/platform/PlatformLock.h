/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformLock.h - a lock for process context. Root mode takes no lock: it uses the compiler's __atomic
 * built-ins on words of its own.
 */
#ifndef HYPERDBG_PLATFORM_LOCK_H
#define HYPERDBG_PLATFORM_LOCK_H

#include "SDK/BasicTypes.h"

typedef struct _PLATFORM_MUTEX PLATFORM_MUTEX;

/* Process context. NULL: no memory. Destroying NULL does nothing. */
PLATFORM_MUTEX *PlatformMutexCreate(VOID);
VOID PlatformMutexDestroy(PLATFORM_MUTEX *Mutex);

/* Process context; may sleep. Does not nest. */
VOID PlatformMutexAcquire(PLATFORM_MUTEX *Mutex);
VOID PlatformMutexRelease(PLATFORM_MUTEX *Mutex);

/* A spinning core's pause. Any context. */
static inline VOID PlatformRelax(VOID)
{
    __builtin_ia32_pause();
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformLock.h - locks for process context. Root mode takes no lock: it uses the compiler's __atomic
 * built-ins on words of its own.
 */
#ifndef HYPERDBG_PLATFORM_LOCK_H
#define HYPERDBG_PLATFORM_LOCK_H

#include "SDK/BasicTypes.h"

typedef struct _PLATFORM_MUTEX PLATFORM_MUTEX;

#ifdef PLATFORM_HOSTED
VOID HostedYield(VOID);
#endif

/* Process context. NULL: no memory. Destroying NULL does nothing. */
PLATFORM_MUTEX *PlatformMutexCreate(VOID);
VOID PlatformMutexDestroy(PLATFORM_MUTEX *Mutex);

/* Process context; may sleep. Does not nest. */
VOID PlatformMutexAcquire(PLATFORM_MUTEX *Mutex);
VOID PlatformMutexRelease(PLATFORM_MUTEX *Mutex);

typedef struct _PLATFORM_SPIN_LOCK PLATFORM_SPIN_LOCK;

/* Process context. NULL: no memory. Destroying NULL does nothing. */
PLATFORM_SPIN_LOCK *PlatformSpinLockCreate(VOID);
VOID PlatformSpinLockDestroy(PLATFORM_SPIN_LOCK *Lock);

/* Wherever sleeping is not allowed, but not in interrupts. For a few microseconds: the holder does not sleep,
 * allocate, or wait for other cores. Does not nest. */
VOID PlatformSpinLockAcquire(PLATFORM_SPIN_LOCK *Lock);
VOID PlatformSpinLockRelease(PLATFORM_SPIN_LOCK *Lock);

/* A spinning core's pause. Any context. Where cores are threads, the one that it waits for may need this
 * processor. */
static inline VOID PlatformRelax(VOID)
{
#ifdef PLATFORM_HOSTED
    HostedYield();
#else
    __builtin_ia32_pause();
#endif
}

#endif

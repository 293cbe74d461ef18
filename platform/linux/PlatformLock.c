// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformLock.c - locks for process context, on the Linux kernel's mutex and spinlock.
 */
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "platform/PlatformLock.h"

struct _PLATFORM_MUTEX {
    struct mutex Mutex;
};

PLATFORM_MUTEX *PlatformMutexCreate(VOID)
{
    PLATFORM_MUTEX *Mutex = kzalloc(sizeof(*Mutex), GFP_KERNEL);

    if (Mutex != NULL)
        mutex_init(&Mutex->Mutex);
    return Mutex;
}

VOID PlatformMutexDestroy(PLATFORM_MUTEX *Mutex)
{
    kfree(Mutex);
}

VOID PlatformMutexAcquire(PLATFORM_MUTEX *Mutex)
{
    mutex_lock(&Mutex->Mutex);
}

VOID PlatformMutexRelease(PLATFORM_MUTEX *Mutex)
{
    mutex_unlock(&Mutex->Mutex);
}

struct _PLATFORM_SPIN_LOCK {
    spinlock_t Lock;
};

PLATFORM_SPIN_LOCK *PlatformSpinLockCreate(VOID)
{
    PLATFORM_SPIN_LOCK *Lock = kzalloc(sizeof(*Lock), GFP_KERNEL);

    if (Lock != NULL)
        spin_lock_init(&Lock->Lock);
    return Lock;
}

VOID PlatformSpinLockDestroy(PLATFORM_SPIN_LOCK *Lock)
{
    kfree(Lock);
}

VOID PlatformSpinLockAcquire(PLATFORM_SPIN_LOCK *Lock)
{
    spin_lock(&Lock->Lock);
}

VOID PlatformSpinLockRelease(PLATFORM_SPIN_LOCK *Lock)
{
    spin_unlock(&Lock->Lock);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformLock.c - a lock for process context, on the Linux kernel's mutex.
 */
#include <linux/mutex.h>
#include <linux/slab.h>

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

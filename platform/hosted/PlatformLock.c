/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformLock.c - locks of the pretended machine: error-checking mutexes, so that one taken twice by the
 * same thread or released by another ends the test instead of hanging it.
 *
 * Context: user space.
 */
#include <sched.h>
#include <pthread.h>
#include <stdlib.h>

#include "platform/PlatformLock.h"
#include "platform/hosted/Hosted.h"

struct _PLATFORM_MUTEX {
    pthread_mutex_t Mutex;
};

VOID HostedYield(VOID)
{
    sched_yield();
}

PLATFORM_MUTEX *PlatformMutexCreate(VOID)
{
    PLATFORM_MUTEX *Mutex;
    pthread_mutexattr_t Attributes;

    if (!HostedTakeResource())
        return NULL;
    Mutex = malloc(sizeof(*Mutex));
    if (!Mutex)
        HostedDie("the test machine itself is out of memory");
    pthread_mutexattr_init(&Attributes);
    pthread_mutexattr_settype(&Attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&Mutex->Mutex, &Attributes);
    pthread_mutexattr_destroy(&Attributes);
    return Mutex;
}

VOID PlatformMutexDestroy(PLATFORM_MUTEX *Mutex)
{
    if (!Mutex)
        return;
    if (pthread_mutex_destroy(&Mutex->Mutex))
        HostedDie("a mutex was destroyed while it is held");
    free(Mutex);
    HostedReturnResource();
}

VOID PlatformMutexAcquire(PLATFORM_MUTEX *Mutex)
{
    if (pthread_mutex_lock(&Mutex->Mutex))
        HostedDie("a mutex was acquired twice by the same thread");
}

VOID PlatformMutexRelease(PLATFORM_MUTEX *Mutex)
{
    if (pthread_mutex_unlock(&Mutex->Mutex))
        HostedDie("a mutex was released that this thread does not hold");
}

/* A spin lock is a mutex under another name, which finds the same mistakes. */

PLATFORM_SPIN_LOCK *PlatformSpinLockCreate(VOID)
{
    return (PLATFORM_SPIN_LOCK *)PlatformMutexCreate();
}

VOID PlatformSpinLockDestroy(PLATFORM_SPIN_LOCK *Lock)
{
    PlatformMutexDestroy((PLATFORM_MUTEX *)Lock);
}

VOID PlatformSpinLockAcquire(PLATFORM_SPIN_LOCK *Lock)
{
    PlatformMutexAcquire((PLATFORM_MUTEX *)Lock);
}

VOID PlatformSpinLockRelease(PLATFORM_SPIN_LOCK *Lock)
{
    PlatformMutexRelease((PLATFORM_MUTEX *)Lock);
}

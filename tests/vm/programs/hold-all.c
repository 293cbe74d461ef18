/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * hold-all.c - all cores stand still for some seconds of the kernel's clock.
 *
 *   hold-all SECONDS            as the debugger holds them
 *   hold-all SECONDS untold     by the module halt-victim, which does not tell the kernel that time has
 * passed
 *
 * Exit status 0: all of them did, and so long. Context: user space of the guest, root, the VMM loaded.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/Tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define NANOSECONDS 1000000000ull
#define SAMPLE      50000000ull

static UINT64 Now(VOID)
{
    struct timespec Time;

    clock_gettime(CLOCK_MONOTONIC, &Time);
    return (UINT64)Time.tv_sec * NANOSECONDS + (UINT64)Time.tv_nsec;
}

static UINT64 TicksIn(UINT64 Nanoseconds)
{
    const UINT64 Start = Now(), First = __rdtsc();

    while (Now() - Start < SAMPLE)
        ;
    return (UINT64)((double)(__rdtsc() - First) * (double)Nanoseconds / (double)SAMPLE);
}

static BOOLEAN HoldTold(UINT64 Ticks)
{
    DEBUGGER_HALT_SYSTEM Request = {.HoldTicks = Ticks};

    ClientOpen();
    return ClientRequest(IOCTL_HALT_SYSTEM, &Request) == DEBUGGER_OPERATION_WAS_SUCCESSFUL &&
           Request.CoreCount == ClientCoreCount();
}

static BOOLEAN HoldUntold(UINT64 Ticks)
{
    FILE *Victim = fopen("/proc/halt-victim", "w");

    return Victim != NULL && fprintf(Victim, "untold %llu", Ticks) > 0 && fclose(Victim) == 0;
}

int main(int Count, char **Words)
{
    const UINT64 Wanted    = Count > 1 ? strtoull(Words[1], NULL, 10) * NANOSECONDS : 0;
    const BOOLEAN IsUntold = Count == 3 && strcmp(Words[2], "untold") == 0;
    const UINT64 Ticks     = TicksIn(Wanted + NANOSECONDS / 2);
    const UINT64 Start     = Now();

    if (!(IsUntold ? HoldUntold(Ticks) : HoldTold(Ticks)))
        return 1;
    printf("%llu ms\n", (Now() - Start) / 1000000);
    return Wanted == 0 || Now() - Start < Wanted;
}

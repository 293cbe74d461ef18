// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * set-events.c - sets COUNT events of one type for COUNT contexts, without the tool between: what benches and
 * tests of many hooks need. The events stay when the program ends.
 *
 *   set-events TYPE PID FIRST [COUNT STRIDE [PARAM2]]     numbers as in C; PID -1: all
 *   set-events clear
 */
#include "SDK/Ioctls.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static int Set(int Device, const DEBUGGER_EVENT_OPTIONS *Options)
{
    DEBUGGER_REGISTER_EVENT Request = {.Options = *Options};

    if (ioctl(Device, IOCTL_REGISTER_EVENT, &Request) != 0) {
        perror("IOCTL_REGISTER_EVENT");
        return 1;
    }
    if (Request.KernelStatus == DEBUGGER_OPERATION_WAS_SUCCESSFUL)
        return 0;
    fprintf(stderr, "event of type %u for %llx: error %x\n", Options->EventType, Options->OptionalParam1,
            Request.KernelStatus);
    return 1;
}

static int Clear(int Device)
{
    DEBUGGER_MODIFY_EVENTS Request = {.Tag          = DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG,
                                      .TypeOfAction = DEBUGGER_MODIFY_EVENTS_CLEAR};

    return ioctl(Device, IOCTL_MODIFY_EVENTS, &Request) != 0 ||
           Request.KernelStatus != DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static unsigned long long Number(int Count, char **Arguments, int Index, unsigned long long Otherwise)
{
    return Index < Count ? strtoull(Arguments[Index], NULL, 0) : Otherwise;
}

int main(int Count, char **Arguments)
{
    const int Device                = open(HYPERDBG_DEVICE_PATH, O_RDWR);
    const unsigned long long Stride = Number(Count, Arguments, 5, 1);
    unsigned long long Left         = Number(Count, Arguments, 4, 1);
    unsigned long long Start;
    DEBUGGER_EVENT_OPTIONS Options = {.CoreId            = HYPERDBG_ALL_CORES,
                                      .Stage             = VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION,
                                      .HasOptionalParam1 = 1};

    if (Device < 0) {
        perror(HYPERDBG_DEVICE_PATH);
        return 1;
    }
    if (Count == 2 && strcmp(Arguments[1], "clear") == 0) {
        Start = __builtin_ia32_rdtsc();
        if (Clear(Device) != 0)
            return 1;
        printf("%llu\n", __builtin_ia32_rdtsc() - Start);
        return 0;
    }
    if (Count < 4) {
        fprintf(stderr, "set-events TYPE PID FIRST [COUNT STRIDE [PARAM2]] | clear\n");
        return 2;
    }
    Options.EventType      = (UINT32)Number(Count, Arguments, 1, 0);
    Options.ProcessId      = (UINT32)Number(Count, Arguments, 2, 0);
    Options.OptionalParam1 = Number(Count, Arguments, 3, 0);
    Options.OptionalParam2 = Number(Count, Arguments, 6, 0);
    Start                  = __builtin_ia32_rdtsc();
    for (; Left > 0; Left--, Options.OptionalParam1 += Stride)
        if (Set(Device, &Options) != 0)
            return 1;
    printf("%llu\n", __builtin_ia32_rdtsc() - Start);
    return 0;
}

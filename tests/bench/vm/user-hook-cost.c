// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * user-hook-cost.c - instructions and exits that a hidden breakpoint in a program costs it, its filter being
 * false, where the TSC counts instructions. For a machine with one core.
 *
 *   user-hook-cost nop|push|other     on an instruction of this kind
 *
 * The hook is this process's. A child that runs in the same memory, but is another process, executes it: the
 * debugger meets the hook and finds that the event is not for this process. The smallest of many rounds is
 * one that no interrupt fell into. Needs the VMM and /dev/hyperdbg.
 */
#include "SDK/Ioctls.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK      20
#define ROUNDS     200
#define STACK_SIZE 65536

void target_nop(void);
void target_push(void);
void target_other(void);

__asm__(".balign 64\ntarget_nop:\n .byte 0x0f, 0x1f, 0x44, 0, 0\n ret\n"
        ".balign 64\ntarget_push:\n push %rbx\n pop %rbx\n ret\n"
        ".balign 64\ntarget_other:\n lea 1(%rdi), %rax\n ret\n");

static const struct {
    const char *Name;
    void (*Function)(void);
} Targets[] = {{"nop", target_nop}, {"push", target_push}, {"other", target_other}};

static unsigned long long Smallest(void (*Function)(void))
{
    unsigned long long Best = ~0ull, Start, Took;

    for (int Round = 0; Round < ROUNDS; Round++) {
        Start = __builtin_ia32_rdtsc();
        for (int Index = 0; Index < BLOCK; Index++)
            Function();
        Took = __builtin_ia32_rdtsc() - Start;
        if (Took < Best)
            Best = Took;
    }
    return Best;
}

/* What the child found. */
static struct {
    void (*Function)(void);
    unsigned long long Best;
} g_Run;

static int Measure(void *Unused)
{
    (void)Unused;
    g_Run.Best = Smallest(g_Run.Function);
    return 0;
}

static int MeasureInAnotherProcess(void)
{
    static char Stack[STACK_SIZE];
    const int Child = clone(Measure, Stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);

    return Child > 0 && waitpid(Child, NULL, 0) == Child;
}

static int Hook(int Device, void (*Function)(void))
{
    DEBUGGER_REGISTER_EVENT Request = {.Options = {.EventType = HIDDEN_HOOK_EXEC_CC,
                                                   .CoreId    = HYPERDBG_ALL_CORES,
                                                   .ProcessId = (UINT32)getpid(),
                                                   .Stage = VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION,
                                                   .HasOptionalParam1 = 1,
                                                   .OptionalParam1    = (UINT64)Function}};

    return ioctl(Device, IOCTL_REGISTER_EVENT, &Request) == 0 &&
           Request.KernelStatus == DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static int Unhook(int Device)
{
    DEBUGGER_MODIFY_EVENTS Request = {.Tag          = DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG,
                                      .TypeOfAction = DEBUGGER_MODIFY_EVENTS_CLEAR};

    return ioctl(Device, IOCTL_MODIFY_EVENTS, &Request) == 0;
}

static unsigned long long Exits(int Device)
{
    static DEBUGGER_QUERY_EXITS Request;
    unsigned long long Sum = 0;

    if (ioctl(Device, IOCTL_QUERY_EXITS, &Request) != 0)
        return 0;
    for (int Reason = 0; Reason < HYPERDBG_EXIT_REASON_COUNT; Reason++)
        Sum += Request.Count[Reason];
    return Sum;
}

int main(int Count, char **Arguments)
{
    const int Device = open(HYPERDBG_DEVICE_PATH, O_RDWR);
    unsigned long long Without, Before;

    for (unsigned Index = 0; Count == 2 && Index < sizeof(Targets) / sizeof(Targets[0]); Index++)
        if (strcmp(Arguments[1], Targets[Index].Name) == 0)
            g_Run.Function = Targets[Index].Function;
    if (Device < 0 || g_Run.Function == NULL)
        return 2;
    if (!MeasureInAnotherProcess())
        return 1;
    Without = g_Run.Best;
    if (!Hook(Device, g_Run.Function))
        return 1;
    Before = Exits(Device);
    if (!MeasureInAnotherProcess())
        return 1;
    Before = Exits(Device) - Before;
    printf("%.2f %.2f\n", (double)(g_Run.Best - Without) / BLOCK, (double)Before / (BLOCK * ROUNDS));
    return !Unhook(Device);
}

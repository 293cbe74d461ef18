// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * user-cost.c - instructions and exits that a pass through a piece of a program costs, where the TSC counts
 * instructions. For a machine with one core.
 *
 *   user-cost plain KIND     as it is: nop, push, other (an instruction of this kind), syscall (getppid)
 *   user-cost hook KIND      what a hidden breakpoint on the instruction adds, its filter being false
 *   user-cost place KIND     where in this program's file the instruction is
 *
 * The hook is this process's. A child that runs in the same memory, but is another process, executes it: the
 * debugger meets the hook and finds that the event is not for this process. The smallest of many rounds is
 * one that no interrupt fell into. Exits are counted, and hooks set, where there is a /dev/hyperdbg.
 */
#include "SDK/Ioctls.h"

#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK      20
#define ROUNDS     200
#define STACK_SIZE 65536

void target_nop(void);
void target_push(void);
void target_other(void);
void target_syscall(void);

__asm__(".balign 64\ntarget_nop:\n .byte 0x0f, 0x1f, 0x44, 0, 0\n ret\n"
        ".balign 64\ntarget_push:\n push %rbx\n pop %rbx\n ret\n"
        ".balign 64\ntarget_other:\n lea 1(%rdi), %rax\n ret\n"
        ".balign 64\ntarget_syscall:\n mov $110, %eax\n syscall\n ret\n");

static const struct {
    const char *Name;
    void (*Function)(void);
} Targets[] = {
    {"nop", target_nop}, {"push", target_push}, {"other", target_other}, {"syscall", target_syscall}};

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

    if (Device < 0)
        return 0;
    if (ioctl(Device, IOCTL_QUERY_EXITS, &Request) != 0) {
        perror("IOCTL_QUERY_EXITS");
        return 0;
    }
    for (int Reason = 0; Reason < HYPERDBG_EXIT_REASON_COUNT; Reason++)
        Sum += Request.Count[Reason];
    return Sum;
}

static int Print(unsigned long long Ticks, unsigned long long ExitCount)
{
    printf("%.2f %.2f\n", (double)Ticks / BLOCK, (double)ExitCount / (BLOCK * ROUNDS));
    return 0;
}

static int Plain(int Device)
{
    const unsigned long long Before = Exits(Device);

    if (!MeasureInAnotherProcess())
        return 1;
    return Print(g_Run.Best, Exits(Device) - Before);
}

static int Hooked(int Device)
{
    unsigned long long Without, Before;

    if (!MeasureInAnotherProcess())
        return 1;
    Without = g_Run.Best;
    if (!Hook(Device, g_Run.Function))
        return 1;
    Before = Exits(Device);
    if (!MeasureInAnotherProcess())
        return 1;
    Print(g_Run.Best - Without, Exits(Device) - Before);
    return !Unhook(Device);
}

static int PlaceIn(struct dl_phdr_info *Object, size_t Size, void *Unused)
{
    const UINT64 Address = (UINT64)g_Run.Function;

    (void)Size;
    (void)Unused;
    for (int Index = 0; Index < Object->dlpi_phnum; Index++) {
        const ElfW(Phdr) *Part = &Object->dlpi_phdr[Index];

        if (Part->p_type == PT_LOAD && Address - Object->dlpi_addr - Part->p_vaddr < Part->p_filesz)
            printf("0x%llx\n",
                   (unsigned long long)(Address - Object->dlpi_addr - Part->p_vaddr + Part->p_offset));
    }
    return 1; /* the first object is the program itself */
}

int main(int Count, char **Arguments)
{
    const int Device = open(HYPERDBG_DEVICE_PATH, O_RDWR);

    for (unsigned Index = 0; Count == 3 && Index < sizeof(Targets) / sizeof(Targets[0]); Index++)
        if (strcmp(Arguments[2], Targets[Index].Name) == 0)
            g_Run.Function = Targets[Index].Function;
    if (g_Run.Function == NULL)
        return 2;
    if (strcmp(Arguments[1], "place") == 0)
        return !dl_iterate_phdr(PlaceIn, NULL);
    return strcmp(Arguments[1], "hook") == 0 ? Hooked(Device) : Plain(Device);
}

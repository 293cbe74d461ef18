// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * workload-cost.c - instructions and exits of what programs do all day, where the TSC counts instructions:
 * rounds of a pipe, a fork and an exec, and of a file that is written, read and removed. For a machine with
 * one core.
 *
 * Prints the instructions of a round; then, where there is a /dev/hyperdbg, a line for each exit reason that
 * came: its number, and how often in all rounds.
 */
#include "SDK/Ioctls.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 50

static char g_Block[65536];

static void Check(int IsRight, const char *What)
{
    if (!IsRight) {
        perror(What);
        exit(1);
    }
}

/* The child says something, and becomes another program. */
static void ForkAndExec(const char *Self)
{
    int Pipe[2], Status;
    char Said[4096];
    pid_t Child;

    Check(pipe(Pipe) == 0, "pipe");
    Child = fork();
    Check(Child >= 0, "fork");
    if (Child == 0) {
        Check(write(Pipe[1], g_Block, sizeof(Said)) == sizeof(Said), "write");
        execl(Self, Self, "child", NULL);
        _exit(1);
    }
    Check(read(Pipe[0], Said, sizeof(Said)) == sizeof(Said), "read");
    Check(waitpid(Child, &Status, 0) == Child && Status == 0, "the child");
    close(Pipe[0]);
    close(Pipe[1]);
}

static void WriteAndRead(void)
{
    const char *Name = "/tmp/workload-cost";
    const int File   = open(Name, O_RDWR | O_CREAT | O_TRUNC, 0600);

    Check(File >= 0, Name);
    Check(write(File, g_Block, sizeof(g_Block)) == sizeof(g_Block), "write");
    Check(pread(File, g_Block, sizeof(g_Block), 0) == sizeof(g_Block), "read");
    close(File);
    Check(unlink(Name) == 0, "unlink");
}

static DEBUGGER_QUERY_EXITS Exits(int Device)
{
    DEBUGGER_QUERY_EXITS Request = {.CoreId = 0};

    if (Device >= 0)
        Check(ioctl(Device, IOCTL_QUERY_EXITS, &Request) == 0, "IOCTL_QUERY_EXITS");
    return Request;
}

int main(int Count, char **Arguments)
{
    const int Device = Count == 1 ? open(HYPERDBG_DEVICE_PATH, O_RDWR | O_CLOEXEC) : -1;
    DEBUGGER_QUERY_EXITS Before, After;
    unsigned long long Took;

    if (Count > 1)
        return 0;
    Before = Exits(Device);
    Took   = __builtin_ia32_rdtsc();
    for (int Round = 0; Round < ROUNDS; Round++) {
        ForkAndExec(Arguments[0]);
        WriteAndRead();
    }
    Took  = __builtin_ia32_rdtsc() - Took;
    After = Exits(Device);
    printf("%llu\n", Took / ROUNDS);
    for (int Reason = 0; Reason < HYPERDBG_EXIT_REASON_COUNT; Reason++)
        if (After.Count[Reason] != Before.Count[Reason])
            printf("%d %.2f\n", Reason, (double)(After.Count[Reason] - Before.Count[Reason]) / ROUNDS);
    return 0;
}

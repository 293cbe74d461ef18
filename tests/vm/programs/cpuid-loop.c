/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * cpuid-loop.c - executes CPUID: cpuid-loop CORE LEAF COUNT, numbers as in C. COUNT 0: until SIGTERM, at the
 * lowest priority. ECX numbers the instructions from 0. Prints how many there were, and the hypervisor bit
 * (ECX[31]) of the last one's result, if LEAF is 1. With a fourth word, stops itself first (SIGSTOP): until
 * SIGCONT it has done nothing.
 *
 * Context: user space of the guest.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/GuestInstructions.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t g_IsOver;

static VOID End(int Signal)
{
    (void)Signal;
    g_IsOver = 1;
}

int main(int argc, char **argv)
{
    CPUID_REGISTERS Registers = {0};
    UINT64 Done               = 0;

    if (argc < 4) {
        fprintf(stderr, "usage: cpuid-loop CORE LEAF COUNT [stopped]\n");
        return 2;
    }
    const UINT64 Leaf  = strtoull(argv[2], NULL, 0);
    const UINT64 Count = strtoull(argv[3], NULL, 0);
    ClientPin((UINT32)strtoul(argv[1], NULL, 0));
    signal(SIGTERM, End);
    if (Count == 0 && nice(19) == -1) /* whoever else wants the core comes first */
        perror("nice");
    if (argc > 4)
        raise(SIGSTOP);
    while (!g_IsOver && (Count == 0 || Done < Count)) {
        Registers = (CPUID_REGISTERS){.Rax = Leaf, .Rcx = Done++};
        ExecuteCpuid(&Registers);
    }
    printf("%llu", Done);
    if (Leaf == 1)
        printf(" hypervisor %llu", Registers.Rcx >> 31 & 1);
    printf("\n");
    return 0;
}

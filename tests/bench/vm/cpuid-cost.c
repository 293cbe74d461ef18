// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * cpuid-cost.c - instructions that one CPUID costs the program that executes it, where the TSC counts
 * instructions.
 *
 * Runs pinned in the guest. Each round is a block of 20 CPUIDs between two RDTSCs; the smallest of many
 * rounds is one that no interrupt fell into. Prints the figure, with two decimals, without the loop of the
 * measurement itself.
 */
#include <sched.h>
#include <stdio.h>

#include <stdint.h>

#define BLOCK  20
#define ROUNDS 400

static uint64_t Tsc(void)
{
    return __builtin_ia32_rdtsc();
}

/* The same loop twice: with CPUID, and with a NOP in its place. */
static uint64_t CpuidRound(void)
{
    const uint64_t Start = Tsc();

    for (int Index = 0; Index < BLOCK; Index++) {
        uint32_t Eax = 0, Ebx, Ecx = 0, Edx;

        __asm__ volatile("cpuid" : "+a"(Eax), "=b"(Ebx), "+c"(Ecx), "=d"(Edx));
    }
    return Tsc() - Start;
}

static uint64_t NopRound(void)
{
    const uint64_t Start = Tsc();

    for (int Index = 0; Index < BLOCK; Index++) {
        uint32_t Eax = 0, Ebx, Ecx = 0, Edx;

        __asm__ volatile("nop" : "+a"(Eax), "=b"(Ebx), "+c"(Ecx), "=d"(Edx));
    }
    return Tsc() - Start;
}

static uint64_t Smallest(uint64_t (*Round)(void))
{
    uint64_t Best = UINT64_MAX;

    for (int Index = 0; Index < ROUNDS; Index++) {
        const uint64_t Now = Round();

        if (Now < Best)
            Best = Now;
    }
    return Best;
}

int main(void)
{
    cpu_set_t Core;
    uint64_t Cost;

    CPU_ZERO(&Core);
    CPU_SET(0, &Core);
    if (sched_setaffinity(0, sizeof(Core), &Core) != 0) {
        perror("sched_setaffinity");
        return 1;
    }
    /* a NOP is an instruction too: what is in its place costs one more than the difference */
    Cost = Smallest(CpuidRound) - Smallest(NopRound) + BLOCK;
    printf("%llu.%02llu\n", (unsigned long long)Cost / BLOCK, (unsigned long long)Cost % BLOCK * 100 / BLOCK);
    return 0;
}

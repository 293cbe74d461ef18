/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * step-trace.c - a program that single-steps itself (RFLAGS.TF) over instructions that leave the guest or
 * change when a trap comes, and prints where each trap found it, and why. The same on a machine with and
 * without us.
 *
 * Usage: step-trace [ROUNDS]; prints the trace of the first round, and a line if another one differs from it.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define MAX_TRAPS 256

typedef struct trap {
    long where; /* offset in the stepped code; -1: outside of it */
    int signal;
    int code;
} trap;

static trap traces[2][MAX_TRAPS], *trace;
static int count;

extern char stepped[], stepped_end[], after_undefined[];

/* Between here and there the trap flag is on. What is undefined goes on behind itself. No SYSCALL: Bochs
 * traps after it in the kernel, which complains, with and without us. */
__asm__(".pushsection .text\n"
        "stepped:\n"
        "    push %rbx\n"
        "    pushfq\n"
        "    orq $0x100, (%rsp)\n"
        "    popfq\n"
        "    nop\n"
        "    xor %eax, %eax\n"
        "    cpuid\n"
        "    mov $1, %eax\n"
        "    cpuid\n"
        "    cpuid\n"
        "    xor %ecx, %ecx\n"
        "    rdtsc\n"
        "    rdtscp\n"
        "    mov %ss, %eax\n"
        "    mov %eax, %ss\n"
        "    nop\n"
        "    mov %eax, %ss\n"
        "    cpuid\n"
        "    nop\n"
        "    mov %ss, %eax\n"
        "    push %rax\n"
        "    mov %eax, %ss\n"
        "    xor %eax, %eax\n"
        "    pop %rax\n"
        "    int3\n"
        "    nop\n"
        "    .byte 0xf1\n" /* INT1 */
        "    nop\n"
        "    pushfq\n"
        "    popfq\n"
        "    cpuid\n"
        "    vmcall\n"
        "after_undefined:\n"
        "    mov $2, %ecx\n"
        "1:  cpuid\n"
        "    mov $1, %ecx\n"
        "    loop 2f\n"
        "2:  lea stepped_data(%rip), %rdi\n"
        "    mov $3, %ecx\n"
        "    xor %eax, %eax\n"
        "    rep stosb\n"
        "    pushfq\n"
        "    andq $~0x100, (%rsp)\n"
        "    popfq\n"
        "    nop\n"
        "    pop %rbx\n"
        "    ret\n"
        "stepped_end:\n"
        ".popsection\n"
        ".pushsection .data\n"
        "stepped_data: .quad 0\n"
        ".popsection\n");

static void on_trap(int signal, siginfo_t *information, void *context)
{
    greg_t *rip   = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    const char *p = (const char *)*rip;

    if (count < MAX_TRAPS)
        trace[count++] =
            (trap){p >= stepped && p < stepped_end ? p - stepped : -1, signal, information->si_code};
    if (signal == SIGILL)
        *rip = (greg_t)(uintptr_t)after_undefined;
}

static int run(trap *into)
{
    trace = into;
    count = 0;
    memset(into, 0, sizeof(traces[0]));
    ((void (*)(void))stepped)();
    return count;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    const int rounds        = argc > 1 ? atoi(argv[1]) : 1;
    int length, index;

    sigaction(SIGTRAP, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    length = run(traces[0]);
    for (index = 0; index < length; index++)
        printf("%ld %d %d\n", traces[0][index].where, traces[0][index].signal, traces[0][index].code);
    for (index = 1; index < rounds; index++)
        if (run(traces[1]) != length || memcmp(traces[0], traces[1], sizeof(traces[0])) != 0) {
            printf("round %d differs\n", index);
            return 1;
        }
    return 0;
}

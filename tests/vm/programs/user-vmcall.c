/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * user-vmcall.c - VMCALLs with the VMM's signature from CPL 3: each must be SIGILL, as on the bare machine.
 * Exit status 0 if so.
 *
 * Context: user space of the guest.
 */
#include "SDK/VmcallNumbers.h"

#include <signal.h>
#include <stdio.h>
#include <ucontext.h>

#define VMCALL_LENGTH 3

static volatile sig_atomic_t g_Caught;

/* Goes on after the instruction. */
static void OnIllegal(int Signal, siginfo_t *Info, void *Context)
{
    (void)Signal;
    (void)Info;
    g_Caught = 1;
    ((ucontext_t *)Context)->uc_mcontext.gregs[REG_RIP] += VMCALL_LENGTH;
}

/* 1: the instruction was executed. */
static int Vmcall(UINT64 Number)
{
    register UINT64 R10 __asm__("r10") = VMCALL_SIGNATURE_R10;
    register UINT64 R11 __asm__("r11") = VMCALL_SIGNATURE_R11;
    register UINT64 R12 __asm__("r12") = VMCALL_SIGNATURE_R12;
    UINT64 Result                      = 0;

    g_Caught = 0;
    __asm__ volatile("vmcall" : "+a"(Result) : "c"(Number), "r"(R10), "r"(R11), "r"(R12) : "memory");
    if (!g_Caught)
        printf("VMCALL %llx was executed: %llx\n", Number, Result);
    return !g_Caught;
}

int main(void)
{
    const UINT64 Numbers[] = {VMCALL_TEST, VMCALL_VMXOFF, VMCALL_ACCESS_MEMORY, VMCALL_DEBUGGER_FIRST, ~0ull};
    struct sigaction Action = {.sa_sigaction = OnIllegal, .sa_flags = SA_SIGINFO};
    int Executed            = 0;

    sigaction(SIGILL, &Action, NULL);
    for (UINT32 Index = 0; Index < COUNT_OF(Numbers); Index++)
        Executed += Vmcall(Numbers[Index]);
    return Executed != 0;
}

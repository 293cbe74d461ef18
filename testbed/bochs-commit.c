/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * bochs-commit.c - a defect of Bochs 3.0 with several cores, mended from outside: preloaded into it
 * (bochs.sh).
 *
 * Bochs keeps, beside RIP, the RIP of the last instruction that was completed: where a VM exit by an NMI, an
 * interrupt or a window says that the guest was. Exceptions and VM entries end in a longjmp to the loop over
 * the cores. With one core that loop commits the new RIP (cpu_loop, cpu/cpu.cc); with several it does not
 * (main.cc), so that such an exit right after the delivery of an exception tells the RIP of before the
 * delivery with the stack, the flags and the code segment of after it. A guest that is resumed there dies:
 * CPL 0 at a user's address, or a handler left out.
 *
 * Here the core's RIP is committed at the longjmp, as the loop for one core does. Whose it is, is told by the
 * place that it leads to, which is kept in the core.
 *
 * Context: user space of the host, within Bochs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct BX_CPU_C BX_CPU_C;

/* bx_dbg_guard_state_t */
typedef struct {
    uint32_t Cs;
    uint64_t Rip;
    uint64_t LinearAddress;
    unsigned Mode;
} GUARD_STATE;

extern BX_CPU_C **bx_cpu_array;
extern uint8_t bx_cpu_count;

void CpuGetState(BX_CPU_C *Cpu,
                 GUARD_STATE *State) __asm__("_ZN8BX_CPU_C19dbg_get_guard_stateEP20bx_dbg_guard_state_t");
void CpuCommitRip(BX_CPU_C *Cpu, uint64_t Rip) __asm__("_ZN8BX_CPU_C11dbg_set_eipEm");

void __longjmp_chk(jmp_buf Environment, int Value) __attribute__((__noreturn__, visibility("default")));

/* The last that begins before it; NULL: none. */
static BX_CPU_C *CoreOf(const void *Inside)
{
    BX_CPU_C *Core = NULL;

    for (unsigned Index = 0; Index < bx_cpu_count; Index++) {
        BX_CPU_C *This = bx_cpu_array[Index];

        if ((uintptr_t)This <= (uintptr_t)Inside && (uintptr_t)This > (uintptr_t)Core)
            Core = This;
    }
    return Core;
}

static void CommitRip(BX_CPU_C *Core)
{
    GUARD_STATE State;

    if (Core == NULL)
        return;
    CpuGetState(Core, &State);
    CpuCommitRip(Core, State.Rip);
}

void __longjmp_chk(jmp_buf Environment, int Value)
{
    static void (*Next)(jmp_buf, int) __attribute__((__noreturn__));

    if (Next == NULL)
        *(void **)&Next = dlsym(RTLD_NEXT, "__longjmp_chk");
    if (Next == NULL) {
        fprintf(stderr, "bochs-commit: the C library has no __longjmp_chk\n");
        abort();
    }
    CommitRip(CoreOf(Environment));
    Next(Environment, Value);
}

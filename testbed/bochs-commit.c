/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * bochs-commit.c - two defects of Bochs 3.0 with several cores, mended from outside: preloaded into it
 * (bochs.sh).
 *
 * Bochs keeps, beside RIP, the RIP of the last instruction that was completed: where a VM exit by an NMI, an
 * interrupt or a window says that the guest was. Exceptions and VM entries end in a longjmp to the loop over
 * the cores. With one core that loop commits the new RIP (cpu_loop, cpu/cpu.cc); with several it does not
 * (main.cc), so that such an exit right after the delivery of an exception tells the RIP of before the
 * delivery with the stack, the flags and the code segment of after it. A guest that is resumed there dies:
 * CPL 0 at a user's address, or a handler left out.
 *
 * Here each core's RIP is committed at the longjmp, as the loop for one core does. The other cores are
 * between two instructions then, where it is so already.
 *
 * The same loop counts the instruction that ended so, but as one of core 0, whichever core's it was. A MOV-SS
 * or STI shadow of core 0 is over too early then, as it is bounded by that count, and one that a VM entry
 * gives to another core lasts too long. Here the code that does so is replaced, if it is the one that is
 * known.
 *
 * Context: user space of the host, within Bochs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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

void __longjmp_chk(jmp_buf Environment, int Value)
{
    static void (*Next)(jmp_buf, int) __attribute__((__noreturn__));

    if (Next == NULL)
        *(void **)&Next = dlsym(RTLD_NEXT, "__longjmp_chk");
    if (Next == NULL) {
        fprintf(stderr, "bochs-commit: the C library has no __longjmp_chk\n");
        abort();
    }
    for (unsigned Index = 0; Index < bx_cpu_count; Index++) {
        GUARD_STATE State;

        CpuGetState(bx_cpu_array[Index], &State);
        CpuCommitRip(bx_cpu_array[Index], State.Rip);
    }
    Next(Environment, Value);
}

/* --- the count of instructions --- */

/* Where the loop's setjmp returns to, but for the distance of bx_cpu_array (4 bytes at DISTANCE). */
static const uint8_t Old[] = {
    0xF3, 0x0F, 0x1E, 0xFA,                         /* endbr64 */
    0x48, 0x8B, 0x35, 0,    0,    0,    0,          /* mov bx_cpu_array(%rip), %rsi */
    0x48, 0x8B, 0x3E,                               /* mov (%rsi), %rdi */
    0x85, 0xC0,                                     /* test %eax, %eax */
    0x74, 0x0D,                                     /* je behind the next two */
    0x48, 0x83, 0x87, 0x38, 0x01, 0x00, 0x00, 0x01, /* addq $1, icount(%rdi) */
    0xC6, 0x44, 0x24, 0x0B, 0x00,                   /* movb $0, 11(%rsp) */
};
static const uint8_t New[] = {
    0x48, 0x8B, 0x35, 0,    0,    0,    0,    /* mov bx_cpu_array(%rip), %rsi */
    0x8B, 0x54, 0x24, 0x04,                   /* mov 4(%rsp), %edx: the core whose turn it is */
    0x48, 0x8B, 0x3C, 0xD6,                   /* mov (%rsi, %rdx, 8), %rdi */
    0x85, 0xC0,                               /* test %eax, %eax */
    0x74, 0x0C,                               /* je behind the next two */
    0x48, 0xFF, 0x87, 0x38, 0x01, 0x00, 0x00, /* incq icount(%rdi) */
    0xC6, 0x44, 0x24, 0x0B, 0x00,             /* movb $0, 11(%rsp) */
};
#define OLD_DISTANCE 7
#define NEW_DISTANCE 3
#define LOOP_SIZE    0x800

_Static_assert(sizeof(Old) == sizeof(New), "the code is replaced in place");

static int IsOld(const uint8_t *Code)
{
    return memcmp(Code, Old, OLD_DISTANCE) == 0 &&
           memcmp(Code + OLD_DISTANCE + 4, Old + OLD_DISTANCE + 4, sizeof(Old) - OLD_DISTANCE - 4) == 0;
}

static void Replace(uint8_t *Code)
{
    const uintptr_t Page = (uintptr_t)Code & ~(uintptr_t)4095;
    const size_t Size    = (uintptr_t)Code + sizeof(New) - Page;
    int32_t Distance;

    memcpy(&Distance, Code + OLD_DISTANCE, sizeof(Distance));
    Distance += OLD_DISTANCE - NEW_DISTANCE;
    if (mprotect((void *)Page, Size, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) {
        perror("bochs-commit");
        abort();
    }
    memcpy(Code, New, sizeof(New));
    memcpy(Code + NEW_DISTANCE, &Distance, sizeof(Distance));
    mprotect((void *)Page, Size, PROT_READ | PROT_EXEC);
}

__attribute__((__constructor__)) static void MendCount(void)
{
    uint8_t *Loop = dlsym(RTLD_DEFAULT, "_Z19bx_begin_simulationiPPc");

    for (unsigned Index = 0; Loop != NULL && Index < LOOP_SIZE; Index++) {
        if (!IsOld(Loop + Index))
            continue;
        Replace(Loop + Index);
        return;
    }
    fprintf(stderr, "bochs-commit: this Bochs is not the one that is known: core 0 is charged with the other "
                    "cores' exceptions\n");
}

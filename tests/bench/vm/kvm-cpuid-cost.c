// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * kvm-cpuid-cost.c - instructions that one CPUID costs a guest of KVM, where the TSC counts instructions.
 *
 * A virtual machine in real mode, of one page: blocks of 20 CPUIDs between two RDTSCs, then blocks of 20
 * two-byte NOPs; the guest writes each block's difference to a port, and the smallest of each kind make the
 * figure. CPUID is handled inside KVM; user space only reads the port.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK      20
#define ROUNDS     300
#define CODE       0x1000
#define PAGE       0x1000
#define TSS_REGION 0xfffbd000u
#define PORT       0x10

/* The instruction that is measured stands at two places of two bytes: only one of the two blocks is CPUID. */
__asm__(".code16\n"
        "GuestStart:\n"
        "1: rdtsc\n"
        "   mov %eax, %esi\n"
        "   mov $20, %edi\n"
        "2: xor %eax, %eax\n"
        "   xor %ecx, %ecx\n"
        "   cpuid\n"
        "   dec %edi\n"
        "   jnz 2b\n"
        "   rdtsc\n"
        "   sub %esi, %eax\n"
        "   out %eax, $0x10\n"
        "   rdtsc\n"
        "   mov %eax, %esi\n"
        "   mov $20, %edi\n"
        "3: xor %eax, %eax\n"
        "   xor %ecx, %ecx\n"
        "   nop\n"
        "   dec %edi\n"
        "   jnz 3b\n"
        "   rdtsc\n"
        "   sub %esi, %eax\n"
        "   out %eax, $0x10\n"
        "   jmp 1b\n"
        "GuestEnd:\n"
        ".code64\n");

extern const uint8_t GuestStart[], GuestEnd[];

static int Checked(int Result, const char *What)
{
    if (Result < 0) {
        perror(What);
        exit(1);
    }
    return Result;
}

static void StartAt(int Vcpu, uint64_t Rip)
{
    struct kvm_sregs System;
    struct kvm_regs Regs = {.rip = Rip, .rflags = 2};

    Checked(ioctl(Vcpu, KVM_GET_SREGS, &System), "KVM_GET_SREGS");
    System.cs.base = System.cs.selector = 0;
    Checked(ioctl(Vcpu, KVM_SET_SREGS, &System), "KVM_SET_SREGS");
    Checked(ioctl(Vcpu, KVM_SET_REGS, &Regs), "KVM_SET_REGS");
}

/* Runs up to the next OUT and gives what it wrote. */
static uint32_t NextBlock(int Vcpu, struct kvm_run *Run)
{
    uint32_t Value;

    Checked(ioctl(Vcpu, KVM_RUN, 0), "KVM_RUN");
    if (Run->exit_reason != KVM_EXIT_IO || Run->io.port != PORT) {
        fprintf(stderr, "the guest of KVM stopped with exit %u\n", Run->exit_reason);
        exit(1);
    }
    memcpy(&Value, (const uint8_t *)Run + Run->io.data_offset, sizeof(Value));
    return Value;
}

int main(void)
{
    const int Kvm   = Checked(open("/dev/kvm", O_RDWR), "/dev/kvm");
    const int Vm    = Checked(ioctl(Kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
    uint8_t *Memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region Region = {
        .guest_phys_addr = CODE, .memory_size = PAGE, .userspace_addr = (uintptr_t)Memory};
    const size_t RunSize = Checked(ioctl(Kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
    uint32_t Smallest[2] = {UINT32_MAX, UINT32_MAX}; /* CPUID, NOP */
    struct kvm_run *Run;
    uint32_t Cost;
    int Vcpu;

    Checked(ioctl(Vm, KVM_SET_TSS_ADDR, TSS_REGION), "KVM_SET_TSS_ADDR");
    memcpy(Memory, GuestStart, GuestEnd - GuestStart);
    Checked(ioctl(Vm, KVM_SET_USER_MEMORY_REGION, &Region), "KVM_SET_USER_MEMORY_REGION");
    Vcpu = Checked(ioctl(Vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
    Run  = mmap(NULL, RunSize, PROT_READ | PROT_WRITE, MAP_SHARED, Vcpu, 0);
    StartAt(Vcpu, CODE);

    for (int Round = 0; Round < 2 * ROUNDS; Round++) {
        const uint32_t Now = NextBlock(Vcpu, Run);

        if (Now < Smallest[Round % 2])
            Smallest[Round % 2] = Now;
    }
    Cost = Smallest[0] - Smallest[1] + BLOCK;
    printf("%u.%02u\n", Cost / BLOCK, Cost % BLOCK * 100 / BLOCK);
    return 0;
}

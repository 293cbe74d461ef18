/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Instructions.c - instructions to be watched.
 *
 * Context: user space.
 */
#include "tests/vm/support/GuestInstructions.h"

#include "tests/vm/support/Tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* rdi: CPUID_REGISTERS */
__asm__(".text\n"
        ".globl ExecuteCpuid, ExecuteCpuidInstruction\n"
        "ExecuteCpuid:\n"
        "    push %rbx\n"
        "    mov (%rdi), %rax\n"
        "    mov 8(%rdi), %rbx\n"
        "    mov 16(%rdi), %rcx\n"
        "    mov 24(%rdi), %rdx\n"
        "ExecuteCpuidInstruction:\n"
        "    cpuid\n"
        "    mov %rax, (%rdi)\n"
        "    mov %rbx, 8(%rdi)\n"
        "    mov %rcx, 16(%rdi)\n"
        "    mov %rdx, 24(%rdi)\n"
        "    pop %rbx\n"
        "    ret\n");

INT32 MsrOpen(UINT32 Core)
{
    CHAR Path[64];

    snprintf(Path, sizeof(Path), "/dev/cpu/%u/msr", Core);
    const INT32 Device = open(Path, O_RDWR | O_CLOEXEC);
    if (Device < 0)
        TapGiveUp("%s (modprobe msr?)", Path);
    return Device;
}

INT32 MsrRead(INT32 Device, UINT32 Msr, UINT64 *Value)
{
    return pread(Device, Value, sizeof(*Value), Msr) == sizeof(*Value) ? 0 : errno;
}

INT32 MsrWrite(INT32 Device, UINT32 Msr, UINT64 Value)
{
    return pwrite(Device, &Value, sizeof(Value), Msr) == sizeof(Value) ? 0 : errno;
}

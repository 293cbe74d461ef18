/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * probe.c - an ordinary program of the demo's guest: asks the processor who it is, and the kernel for an MSR.
 *
 *   probe                    CPUID.1 and CPUID.40000000H: does the processor announce a hypervisor, and
 * which? probe CORE MSR [VALUE]   reads an MSR of a core through the kernel's msr driver, or writes it
 * (hexadecimal)
 *
 * It knows nothing of the VMM. Context: user space. SDM Vol. 2, CPUID.
 */
#include <cpuid.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CPUID_1_ECX_HYPERVISOR (1u << 31)

static int tell_hypervisor(void)
{
    unsigned int eax, ebx, ecx, edx;
    char name[13] = "";

    __cpuid(1, eax, ebx, ecx, edx);
    printf("CPUID.1:ECX        %08x   hypervisor bit %s\n", ecx,
           ecx & CPUID_1_ECX_HYPERVISOR ? "set" : "clear");
    __cpuid(0x40000000, eax, ebx, ecx, edx);
    memcpy(name, &ebx, 4);
    memcpy(name + 4, &ecx, 4);
    memcpy(name + 8, &edx, 4);
    for (char *at = name; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~')
            *at = '.';
    }
    printf("CPUID.40000000H    %08x   name \"%s\"\n", eax, name);
    return 0;
}

/* On the core itself, so that the kernel's RDMSR or WRMSR runs in this process and not in an interrupt on
 * another core. */
static int open_msrs(unsigned int core)
{
    char path[32];
    cpu_set_t cores;
    int file;

    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    snprintf(path, sizeof(path), "/dev/cpu/%u/msr", core);
    file = open(path, O_RDWR);
    if (file >= 0 && sched_setaffinity(0, sizeof(cores), &cores) == 0)
        return file;
    perror(path);
    return -1;
}

static int read_msr(unsigned int core, uint32_t number)
{
    int file = open_msrs(core);
    uint64_t value;

    if (file < 0)
        return 1;
    if (pread(file, &value, sizeof(value), number) != sizeof(value)) {
        perror("RDMSR");
        return 1;
    }
    printf("MSR %08x of core %u = %016llx\n", number, core, (unsigned long long)value);
    return 0;
}

static int write_msr(unsigned int core, uint32_t number, uint64_t value)
{
    int file = open_msrs(core);

    if (file < 0)
        return 1;
    if (pwrite(file, &value, sizeof(value), number) != sizeof(value)) {
        perror("WRMSR");
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    unsigned int core = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    uint32_t number   = argc > 2 ? strtoul(argv[2], NULL, 16) : 0;

    if (argc == 1)
        return tell_hypervisor();
    if (argc == 3)
        return read_msr(core, number);
    if (argc == 4)
        return write_msr(core, number, strtoull(argv[3], NULL, 16));
    fprintf(stderr, "usage: probe [CORE MSR [VALUE]]\n");
    return 2;
}

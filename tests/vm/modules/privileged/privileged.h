/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * privileged.h - what a test program and the module privileged say to each other.
 */
#ifndef HYPERDBG_TESTS_VM_PRIVILEGED_H
#define HYPERDBG_TESTS_VM_PRIVILEGED_H

/* Number of an ioctl: this and the instruction. Below, the kernel has some of its own for all files. */
#define PRIVILEGED_FIRST 0x5000

enum {
    PRIVILEGED_RDTSC,
    PRIVILEGED_RDTSCP,
    PRIVILEGED_RDPMC,
    PRIVILEGED_DR0_WRITE,
    PRIVILEGED_DR0_READ,
    PRIVILEGED_DR6_WRITE,
    PRIVILEGED_DR7_READ,
    PRIVILEGED_CR0_WRITE, /* rax: bits to be changed */
    PRIVILEGED_CLTS,      /* with CR0.TS set before */
    PRIVILEGED_CR3_WRITE, /* rax: bits to be changed */
    PRIVILEGED_CR3_READ,
    PRIVILEGED_CR4_WRITE, /* rax: bits to be changed */
    PRIVILEGED_CR8_WRITE,
    PRIVILEGED_CR8_READ,
    PRIVILEGED_VMCALL,
    PRIVILEGED_XSETBV,
    PRIVILEGED_COUNT
};

struct privileged_request {
    unsigned long long rax, rcx, rdx; /* in and out */
    unsigned long long mark;          /* in: what RBX holds meanwhile */
    unsigned long long faults;        /* out: 1 if the instruction faulted */
    unsigned long long rip;           /* out: where it stands */
    unsigned long long value;         /* out: of the written register, before it is put back (changed bits of
                                         CR0, CR3 and CR4; CR0.TS for CLTS) */
};

#endif

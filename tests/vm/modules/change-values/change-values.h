/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * change-values.h - what the module change-values does to the instructions of the module privileged.
 */
#ifndef HYPERDBG_TESTS_VM_CHANGE_VALUES_H
#define HYPERDBG_TESTS_VM_CHANGE_VALUES_H

/* In RBX; anything else: nothing. */
#define MARK_PRE  0x6d61726b50524531ull
#define MARK_POST 0x6d61726b504f5354ull
#define MARK_SKIP 0x6d61726b534b4950ull
/* Beside one of them: what is marked is the IN or OUT, its string form, the exception, the SYSCALL, or the
 * SYSRET that ends a system call, and nothing that the kernel does with the program's RBX when one of them or
 * an interrupt takes it there and back (MOV to CR3, with page table isolation). */
#define MARK_OF_IO        (1ull << 49)
#define MARK_OF_STRING    (1ull << 50)
#define MARK_OF_EXCEPTION (1ull << 60)
#define MARK_OF_SYSCALL   (1ull << 57)
#define MARK_OF_SYSRET    (1ull << 63)

/* What PRE changes in RAX, by the register that is written. */
#define CHANGED_DR  0x11ull
#define CHANGED_CR  0x2ull /* CR0.MP, CR4.PVI, a bit of the priority */
#define CHANGED_CR3 0x8ull /* a bit of the PCID */
#define CHANGED_XCR 0x1ull /* x87, which cannot be 0 */

#define CHANGED_IO        0xffull
#define CHANGED_EXCEPTION 0x123400ull /* what the handler sees */
#define CHANGED_CR2       0x1000ull   /* added, in PRE and in POST */
#define CHANGED_SYSCALL                                                                                      \
    0x41ull /* of getpid, 39, makes getuid, 102; POST changes it, too, at the kernel's entry */
#define CHANGED_SYSRET 0x7700ull

#define RAX_OF_POST 0x5a5a5a5aull

#endif

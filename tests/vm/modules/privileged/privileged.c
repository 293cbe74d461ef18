// SPDX-License-Identifier: GPL-2.0-only
/*
 * privileged.c - executes one instruction of the kernel's for a test program, with the registers that the
 * program wants, on the core that it runs on, interrupts off: /dev/privileged, ioctl. What the instruction
 * faults with is told, not suffered. Instructions that change a control register of this core put it back.
 */
#include <linux/fs.h>
#include <linux/irqflags.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <asm/asm.h>

#include "tests/vm/modules/privileged/privileged.h"

/* The fixup counts the fault. What stands at the label is the instruction: "rip" tells where. */
#define STUB(name, code)                                                                                     \
    extern const u8 privileged_##name##_rip[];                                                               \
    static noinline __noclone void execute_##name(struct privileged_request *r)                              \
    {                                                                                                        \
        u64 rax = r->rax, rcx = r->rcx, rdx = r->rdx;                                                        \
        u64 faults = 0;                                                                                      \
                                                                                                             \
        asm volatile(".globl privileged_" #name "_rip\n"                                                     \
                     "privileged_" #name "_rip:\n\t" code "\n\t"                                             \
                     "jmp 2f\n"                                                                              \
                     "1:\tincq %[faults]\n"                                                                  \
                     "2:\n" _ASM_EXTABLE(privileged_##name##_rip, 1b)                                        \
                     : "+a"(rax), "+c"(rcx), "+d"(rdx), [faults] "+r"(faults)                                \
                     : "b"(r->mark)                                                                          \
                     : "memory", "cc");                                                                      \
        r->rax    = rax;                                                                                     \
        r->rcx    = rcx;                                                                                     \
        r->rdx    = rdx;                                                                                     \
        r->faults = faults;                                                                                  \
        r->rip    = (u64)privileged_##name##_rip;                                                            \
    }

STUB(rdtsc, "rdtsc")
STUB(rdtscp, "rdtscp")
STUB(rdpmc, "rdpmc")
STUB(dr0_write, "mov %%rax, %%dr0")
STUB(dr0_read, "mov %%dr0, %%rax")
STUB(dr6_write, "mov %%rax, %%dr6")
STUB(dr7_read, "mov %%dr7, %%rax")
STUB(cr0_write, "mov %%rax, %%cr0")
STUB(clts, "clts")
STUB(cr3_write, "mov %%rax, %%cr3")
STUB(cr3_read, "mov %%cr3, %%rax")
STUB(cr4_write, "mov %%rax, %%cr4")
STUB(cr8_write, "mov %%rax, %%cr8")
STUB(cr8_read, "mov %%cr8, %%rax")
STUB(vmcall, "vmcall")
STUB(xsetbv, "xsetbv")

/* What an instruction may have left behind. */
static u64 read_cr0_plain(void)
{
    u64 value;

    asm volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

static u64 read_cr4_plain(void)
{
    u64 value;

    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

/* Before: relative inputs become values; after: the value that the register has now is told, and put back. */
static void around_cr0(struct privileged_request *r, void (*execute)(struct privileged_request *))
{
    const u64 before = read_cr0_plain();

    r->rax ^= before;
    execute(r);
    r->value = read_cr0_plain() ^ before;
    asm volatile("mov %0, %%cr0" : : "r"(before) : "memory");
}

/* TS is set for it: CLTS would change nothing otherwise. */
static void around_clts(struct privileged_request *r, void (*execute)(struct privileged_request *))
{
    const u64 before = read_cr0_plain();

    asm volatile("mov %0, %%cr0" : : "r"(before | 8) : "memory");
    execute(r);
    r->value = read_cr0_plain() & 8;
    asm volatile("mov %0, %%cr0" : : "r"(before) : "memory");
}

static void around_cr4(struct privileged_request *r, void (*execute)(struct privileged_request *))
{
    const u64 before = read_cr4_plain();

    r->rax ^= before;
    execute(r);
    r->value = read_cr4_plain() ^ before;
    asm volatile("mov %0, %%cr4" : : "r"(before) : "memory");
}

static void around_cr3(struct privileged_request *r, void (*execute)(struct privileged_request *))
{
    u64 before, after;

    asm volatile("mov %%cr3, %0" : "=r"(before));
    r->rax ^= before;
    execute(r);
    asm volatile("mov %%cr3, %0" : "=r"(after));
    r->value = after ^ before;
    asm volatile("mov %0, %%cr3" : : "r"(before) : "memory");
}

static void around_cr8(struct privileged_request *r, void (*execute)(struct privileged_request *))
{
    execute(r);
    asm volatile("mov %%cr8, %0" : "=r"(r->value));
    asm volatile("mov %0, %%cr8" : : "r"(0ul));
}

/* GE stays set in the kernel's DR7 once somebody had a breakpoint. What is told is DR7 without it; what an
 * event has made of that is left alone. */
static void around_dr7(struct privileged_request *r, void (*execute)(struct privileged_request *))
{
    execute(r);
    if (r->rax == (0x400 | 0x200))
        r->rax = 0x400;
}

static void around_nothing(struct privileged_request *r, void (*execute)(struct privileged_request *))
{
    execute(r);
}

/* By PRIVILEGED_... */
static const struct {
    void (*around)(struct privileged_request *r, void (*execute)(struct privileged_request *));
    void (*execute)(struct privileged_request *r);
} operations[PRIVILEGED_COUNT] = {
    [PRIVILEGED_RDTSC]     = {around_nothing, execute_rdtsc},
    [PRIVILEGED_RDTSCP]    = {around_nothing, execute_rdtscp},
    [PRIVILEGED_RDPMC]     = {around_nothing, execute_rdpmc},
    [PRIVILEGED_DR0_WRITE] = {around_nothing, execute_dr0_write},
    [PRIVILEGED_DR0_READ]  = {around_nothing, execute_dr0_read},
    [PRIVILEGED_DR6_WRITE] = {around_nothing, execute_dr6_write},
    [PRIVILEGED_DR7_READ]  = {around_dr7, execute_dr7_read},
    [PRIVILEGED_CR0_WRITE] = {around_cr0, execute_cr0_write},
    [PRIVILEGED_CLTS]      = {around_clts, execute_clts},
    [PRIVILEGED_CR3_WRITE] = {around_cr3, execute_cr3_write},
    [PRIVILEGED_CR3_READ]  = {around_nothing, execute_cr3_read},
    [PRIVILEGED_CR4_WRITE] = {around_cr4, execute_cr4_write},
    [PRIVILEGED_CR8_WRITE] = {around_cr8, execute_cr8_write},
    [PRIVILEGED_CR8_READ]  = {around_nothing, execute_cr8_read},
    [PRIVILEGED_VMCALL]    = {around_nothing, execute_vmcall},
    [PRIVILEGED_XSETBV]    = {around_nothing, execute_xsetbv},
};

static long privileged_ioctl(struct file *file, unsigned int number, unsigned long argument)
{
    struct privileged_request r;
    unsigned long flags;

    number -= PRIVILEGED_FIRST;
    if (number >= PRIVILEGED_COUNT)
        return -ENOTTY;
    if (copy_from_user(&r, (void __user *)argument, sizeof(r)))
        return -EFAULT;
    local_irq_save(flags);
    operations[number].around(&r, operations[number].execute);
    local_irq_restore(flags);
    return copy_to_user((void __user *)argument, &r, sizeof(r)) ? -EFAULT : 0;
}

static const struct file_operations privileged_operations = {
    .owner          = THIS_MODULE,
    .unlocked_ioctl = privileged_ioctl,
};

static struct miscdevice privileged_device = {
    .minor = MISC_DYNAMIC_MINOR,
    .name  = "privileged",
    .fops  = &privileged_operations,
    .mode  = 0600,
};

module_misc_device(privileged_device);
MODULE_DESCRIPTION("Executes privileged instructions for tests");
MODULE_LICENSE("GPL");

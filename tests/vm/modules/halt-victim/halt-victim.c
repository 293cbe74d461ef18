// SPDX-License-Identifier: GPL-2.0-only
/*
 * halt-victim.c - what a core may be doing in the kernel when it is halted. Writing to /proc/halt-victim does
 * it on the writer's core until a signal comes:
 *   irqs-off   a loop with interrupts off, let in a moment every few thousand rounds
 *   calls      calls of a function of known address, one of whose instructions has to be stepped by a hook
 *   halts      halts all others itself, and looks whether they stand still
 *   untold TICKS   once: halts all others and lets so many ticks go by, of which the kernel hears nothing
 * Reading gives that instruction's address, how often it was called, whether the calls' sum is right; how
 * many halts there were, how many were refused, and in how many another core moved.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <asm/msr.h>

#include "SDK/VmcallNumbers.h"
#include "SDK/imports/VmmImports.h"

#define ROUNDS_WITH_IRQS_OFF 20000

static u64 calls;
static u64 sum;

/* XOR is no instruction that a hidden breakpoint carries out by itself; the ENDBR before it is for objtool.
 */
#define ENDBR_LENGTH 4
asm(".text\n"
    ".type halt_victim_target, @function\n"
    "halt_victim_target:\n"
    "	endbr64\n"
    "	xor	%eax, %eax\n"
    "	lea	3(%rdi), %rax\n"
    "	jmp	__x86_return_thunk\n"
    ".size halt_victim_target, . - halt_victim_target\n");
u64 halt_victim_target(u64 number);
static u64 (*volatile target)(u64 number) = halt_victim_target;

static void irqs_off_loop(void)
{
    unsigned int round;

    local_irq_disable();
    for (round = 0; round < ROUNDS_WITH_IRQS_OFF; round++)
        asm volatile("" ::: "memory");
    local_irq_enable();
}

static void call_loop(void)
{
    unsigned int round;

    for (round = 0; round < 50; round++) {
        sum += halt_victim_target(calls) - calls;
        calls++;
    }
}

/* Where each core is in its own halts: other cores' numbers must not change within one's own. */
static unsigned long steps[NR_CPUS];
static atomic_t halts, refused, moved;

static unsigned long others_steps(int here)
{
    unsigned long all = 0;
    int core;

    for_each_online_cpu(core) if (core != here) all += READ_ONCE(steps[core]);
    return all;
}

static void halt_once(void)
{
    unsigned long flags, before;
    int here;

    local_irq_save(flags);
    here = smp_processor_id();
    WRITE_ONCE(steps[here], steps[here] + 1);
    if (VmFuncVmxVmcall(VMCALL_DEBUGGER_HALT_SYSTEM, 0, 0, 0) != VMCALL_STATUS_SUCCESS) {
        atomic_inc(&refused);
    } else {
        before = others_steps(here);
        WRITE_ONCE(steps[here], steps[here] + 1);
        udelay(1);
        if (others_steps(here) != before)
            atomic_inc(&moved);
        VmFuncVmxVmcall(VMCALL_DEBUGGER_CONTINUE, 0, 0, 0);
        atomic_inc(&halts);
    }
    local_irq_restore(flags);
}

static int halt_untold(u64 ticks)
{
    unsigned long flags;
    u64 start;

    local_irq_save(flags);
    if (VmFuncVmxVmcall(VMCALL_DEBUGGER_HALT_SYSTEM, 0, 0, 0) != VMCALL_STATUS_SUCCESS) {
        local_irq_restore(flags);
        return -EBUSY;
    }
    for (start = rdtsc(); rdtsc() - start < ticks;)
        cpu_relax();
    VmFuncVmxVmcall(VMCALL_DEBUGGER_CONTINUE, 0, 0, 0);
    local_irq_restore(flags);
    return 0;
}

static void (*const works[])(void) = {irqs_off_loop, call_loop, halt_once};
static const char *const names[]   = {"irqs-off", "calls", "halts", NULL};

static ssize_t victim_write(struct file *file, const char __user *buffer, size_t size, loff_t *offset)
{
    char text[32] = "";
    u64 ticks;
    int work;

    if (size >= sizeof(text) || copy_from_user(text, buffer, size))
        return -EINVAL;
    if (sscanf(text, "untold %llu", &ticks) == 1)
        return halt_untold(ticks) ?: size;
    work = sysfs_match_string(names, text);
    if (work < 0)
        return work;
    while (!signal_pending(current)) {
        works[work]();
        cond_resched();
    }
    return size;
}

static int victim_show(struct seq_file *file, void *unused)
{
    seq_printf(file, "%llx %llu %d %d %d %d\n", (u64)(uintptr_t)target + ENDBR_LENGTH, calls,
               sum == 3 * calls, atomic_read(&halts), atomic_read(&refused), atomic_read(&moved));
    return 0;
}

static int victim_open(struct inode *inode, struct file *file)
{
    return single_open(file, victim_show, NULL);
}

static const struct proc_ops victim_operations = {
    .proc_open    = victim_open,
    .proc_read    = seq_read,
    .proc_lseek   = seq_lseek,
    .proc_release = single_release,
    .proc_write   = victim_write,
};

static int __init victim_init(void)
{
    return proc_create("halt-victim", 0600, NULL, &victim_operations) ? 0 : -ENOMEM;
}

static void __exit victim_exit(void)
{
    remove_proc_entry("halt-victim", NULL);
}

module_init(victim_init);
module_exit(victim_exit);
MODULE_DESCRIPTION("What a core may be doing when it is halted, for tests");
MODULE_LICENSE("GPL");

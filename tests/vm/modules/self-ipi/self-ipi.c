// SPDX-License-Identifier: GPL-2.0-only
/*
 * self-ipi.c - interrupts for tests. Writing "COUNT MASKED" to /proc/self-ipi has the writer's core send
 * itself so many interrupts of the vector of irq_work, which finds nothing to do and is counted as IWI in
 * /proc/interrupts; with MASKED not 0 each is sent while interrupts are off. Reading tells how many were
 * sent.
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>

#define TAKEN_AFTER 200 /* instructions: an interrupt of this core itself comes within a few */

static unsigned long sent;

static void wait_a_little(void)
{
    int i;

    for (i = 0; i < TAKEN_AFTER; i++)
        cpu_relax();
}

static void send_one(bool masked)
{
    unsigned long flags;

    if (masked)
        local_irq_save(flags);
    apic->send_IPI_self(IRQ_WORK_VECTOR);
    wait_a_little();
    if (masked) {
        local_irq_restore(flags);
        wait_a_little();
    }
    sent++;
}

static ssize_t self_ipi_write(struct file *file, const char __user *buffer, size_t size, loff_t *offset)
{
    unsigned int count, masked;
    char text[32] = "";

    if (size >= sizeof(text) || copy_from_user(text, buffer, size) ||
        sscanf(text, "%u %u", &count, &masked) != 2)
        return -EINVAL;
    preempt_disable();
    while (count-- > 0)
        send_one(masked != 0);
    preempt_enable();
    return size;
}

static int self_ipi_show(struct seq_file *seq, void *unused)
{
    seq_printf(seq, "%lu\n", sent);
    return 0;
}

static int self_ipi_open(struct inode *inode, struct file *file)
{
    return single_open(file, self_ipi_show, NULL);
}

static const struct proc_ops self_ipi_ops = {
    .proc_open    = self_ipi_open,
    .proc_read    = seq_read,
    .proc_lseek   = seq_lseek,
    .proc_release = single_release,
    .proc_write   = self_ipi_write,
};

static int __init self_ipi_init(void)
{
    return proc_create("self-ipi", 0600, NULL, &self_ipi_ops) ? 0 : -ENOMEM;
}

static void __exit self_ipi_exit(void)
{
    remove_proc_entry("self-ipi", NULL);
}

module_init(self_ipi_init);
module_exit(self_ipi_exit);
MODULE_DESCRIPTION("Sends a core interrupts, for tests");
MODULE_LICENSE("GPL");

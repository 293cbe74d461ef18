// SPDX-License-Identifier: GPL-2.0-only
/*
 * nmi-sender.c - NMIs for tests. Writing "CORE COUNT" to /proc/nmi-sender sends that core so many NMIs, each
 * after the one before was seen; reading it tells, in a line for each core, how many were sent and how many
 * arrived.
 *
 * The writer must be on another core than the one it sends to, or on it: both are cases of their own.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <asm/apic.h>
#include <asm/nmi.h>

#define MAX_CORES 64
/* An NMI is taken within some instructions; this is a thousand times longer, then it counts as lost. */
#define PATIENCE_US 20000

static u32 sent[MAX_CORES];
static atomic_t expected[MAX_CORES]; /* on their way */
static u32 arrived[MAX_CORES];

static int nmi_arrived(unsigned int type, struct pt_regs *regs)
{
    const int core = raw_smp_processor_id();

    if (core >= MAX_CORES || atomic_read(&expected[core]) == 0)
        return NMI_DONE; /* somebody else's */
    arrived[core]++;
    atomic_dec(&expected[core]);
    return NMI_HANDLED;
}

static bool send_one(int core)
{
    int patience;

    atomic_inc(&expected[core]);
    sent[core]++;
    preempt_disable();
    apic->send_IPI(core, NMI_VECTOR);
    preempt_enable();
    for (patience = 0; patience < PATIENCE_US; patience++) {
        if (atomic_read(&expected[core]) == 0)
            return true;
        udelay(1);
    }
    atomic_set(&expected[core], 0);
    return false;
}

static ssize_t nmi_sender_write(struct file *file, const char __user *buffer, size_t size, loff_t *offset)
{
    char text[32] = "";
    unsigned int core, count;

    if (size >= sizeof(text) || copy_from_user(text, buffer, size))
        return -EINVAL;
    if (sscanf(text, "%u %u", &core, &count) != 2 || core >= MAX_CORES || !cpu_online(core))
        return -EINVAL;
    while (count-- > 0) {
        send_one(core);
        cond_resched();
    }
    return size;
}

static int nmi_sender_show(struct seq_file *file, void *unused)
{
    int core;

    for_each_online_cpu(core) if (core < MAX_CORES)
        seq_printf(file, "%d %u %u\n", core, sent[core], arrived[core]);
    return 0;
}

static int nmi_sender_open(struct inode *inode, struct file *file)
{
    return single_open(file, nmi_sender_show, NULL);
}

static const struct proc_ops nmi_sender_operations = {
    .proc_open    = nmi_sender_open,
    .proc_read    = seq_read,
    .proc_lseek   = seq_lseek,
    .proc_release = single_release,
    .proc_write   = nmi_sender_write,
};

static int __init nmi_sender_init(void)
{
    int error = register_nmi_handler(NMI_LOCAL, nmi_arrived, 0, "nmi-sender");

    if (error)
        return error;
    if (!proc_create("nmi-sender", 0600, NULL, &nmi_sender_operations)) {
        unregister_nmi_handler(NMI_LOCAL, "nmi-sender");
        return -ENOMEM;
    }
    return 0;
}

static void __exit nmi_sender_exit(void)
{
    remove_proc_entry("nmi-sender", NULL);
    unregister_nmi_handler(NMI_LOCAL, "nmi-sender");
}

module_init(nmi_sender_init);
module_exit(nmi_sender_exit);
MODULE_DESCRIPTION("Sends NMIs and counts them, for tests");
MODULE_LICENSE("GPL");

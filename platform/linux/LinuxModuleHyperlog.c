// SPDX-License-Identifier: GPL-2.0-only
/*
 * LinuxModuleHyperlog.c - hyperlog.ko: the device /dev/hyperlog, what the log exports, the module's coming
 * and going.
 *
 * A writer may be in VMX root mode or in an NMI, and can wake nobody. So while a reader waits (and only
 * then), the rings are looked at every LOOK_INTERVAL_MS; a read that finds records waits for nothing.
 *
 * Context: process.
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "SDK/Ioctls.h"
#include "SDK/imports/HyperLogImports.h"
#include "hyperlog/LogLifecycle.h"
#include "hyperlog/Reader.h"

EXPORT_SYMBOL_GPL(LogInitialize);
EXPORT_SYMBOL_GPL(LogUnInitialize);
EXPORT_SYMBOL_GPL(LogCallbackPrepareAndSendMessageToQueueWrapper);
EXPORT_SYMBOL_GPL(LogCallbackPrepareAndSendMessageToQueue);
EXPORT_SYMBOL_GPL(LogCallbackSendMessageToQueue);
EXPORT_SYMBOL_GPL(LogCallbackSendBuffer);
EXPORT_SYMBOL_GPL(LogCallbackCheckIfBufferIsFull);
EXPORT_SYMBOL_GPL(LogRead);
EXPORT_SYMBOL_GPL(LogIsReadable);
EXPORT_SYMBOL_GPL(LogMarkAllAsRead);

/* A full ring of 1 MiB takes some 3,000 events: a core may write 300,000 a second before a waiting reader is
 * late. */
#define LOOK_INTERVAL_MS 10

/* One read takes no longer than copying this much, however large its buffer and however busy the writers. */
#define MAX_READ_BYTES (1u << 20)

static_assert(LOG_LONGEST_RECORD <= MAX_READ_BYTES);

static void hyperlog_look(struct work_struct *work);

static DECLARE_WAIT_QUEUE_HEAD(hyperlog_waiters);
static DECLARE_DELAYED_WORK(hyperlog_look_work, hyperlog_look);
static unsigned long hyperlog_is_open; /* bit 0 */

/* Whoever starts it is among the waiters already: it finds him, or has not looked yet. It ends when nobody
 * waits, or when there is something to read: who then goes on waiting starts it again. */
static void hyperlog_start_looking(void)
{
    schedule_delayed_work(&hyperlog_look_work, msecs_to_jiffies(LOOK_INTERVAL_MS));
}

static void hyperlog_look(struct work_struct *work)
{
    if (LogIsReadable())
        wake_up_interruptible(&hyperlog_waiters);
    else if (wq_has_sleeper(&hyperlog_waiters))
        hyperlog_start_looking();
}

/* For a waiter: TRUE, or he will be woken. */
static bool hyperlog_is_readable(void)
{
    if (LogIsReadable())
        return true;
    hyperlog_start_looking();
    return false;
}

static int hyperlog_open(struct inode *inode, struct file *file)
{
    if (!capable(CAP_SYS_ADMIN))
        return -EPERM;
    if (test_and_set_bit_lock(0, &hyperlog_is_open))
        return -EBUSY;
    return stream_open(inode, file);
}

static int hyperlog_release(struct inode *inode, struct file *file)
{
    clear_bit_unlock(0, &hyperlog_is_open);
    return 0;
}

static BOOLEAN hyperlog_copy_to_user(PVOID context, UINT32 offset, const VOID *bytes, UINT32 length)
{
    return copy_to_user((char __force __user *)context + offset, bytes, length) == 0;
}

/* How a read that gave no record ends. */
static const int hyperlog_read_errors[] = {
    [LOG_READ_EMPTY]     = -EAGAIN,
    [LOG_READ_TOO_SHORT] = -EINVAL,
    [LOG_READ_FAULT]     = -EFAULT,
};

static ssize_t hyperlog_read_now(char __user *buffer, u32 room)
{
    LOG_READ_STATUS status;
    u32 length;

    status = LogReadTo(hyperlog_copy_to_user, (void __force *)buffer, room, &length);
    return status == LOG_READ_SUCCESS ? (ssize_t)length : hyperlog_read_errors[status];
}

static ssize_t hyperlog_read(struct file *file, char __user *buffer, size_t count, loff_t *position)
{
    u32 room = min_t(size_t, count, MAX_READ_BYTES);
    ssize_t result;

    if (!count)
        return 0;
    while ((result = hyperlog_read_now(buffer, room)) == -EAGAIN && !(file->f_flags & O_NONBLOCK)) {
        if (wait_event_interruptible(hyperlog_waiters, hyperlog_is_readable()))
            return -ERESTARTSYS;
    }
    return result;
}

static __poll_t hyperlog_poll(struct file *file, poll_table *table)
{
    poll_wait(file, &hyperlog_waiters, table);
    return hyperlog_is_readable() ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_operations hyperlog_operations = {
    .owner   = THIS_MODULE, /* rmmod is refused while the device is open */
    .open    = hyperlog_open,
    .release = hyperlog_release,
    .read    = hyperlog_read,
    .poll    = hyperlog_poll,
};

static struct miscdevice hyperlog_device = {
    .minor = MISC_DYNAMIC_MINOR,
    .name  = "hyperlog",
    .mode  = 0600,
    .fops  = &hyperlog_operations,
};

static int __init hyperlog_init(void)
{
    return misc_register(&hyperlog_device);
}

/* Users of the log are gone, as they refer to its symbols; the last of them may have forgotten to end it. */
static void __exit hyperlog_exit(void)
{
    misc_deregister(&hyperlog_device);
    cancel_delayed_work_sync(&hyperlog_look_work);
    LogUnInitialize();
    LogRelease();
}

module_init(hyperlog_init);
module_exit(hyperlog_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Message tracing from any context, VMX root mode included: per-core rings, /dev/hyperlog");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * LinuxModuleHyperkd.c - hyperkd.ko: the device /dev/hyperdbg and the module's coming and going.
 *
 * Context: process. The requests themselves are hyperkd/driver/Device.c.
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "SDK/Ioctls.h"
#include "hyperkd/driver/Device.h"

static_assert(DEVICE_NO_SUCH_REQUEST == -ENOTTY);
static_assert(IOCTL_INIT_VMM == _IOWR('H', 0, DEBUGGER_LOAD_REQUEST));
static_assert(IOCTL_QUERY_EXITS == _IOWR('H', 3, DEBUGGER_QUERY_EXITS));

static int hyperkd_open(struct inode *inode, struct file *file)
{
    if (!capable(CAP_SYS_ADMIN))
        return -EPERM;
    if (!DeviceOpen())
        return -EBUSY;
    return nonseekable_open(inode, file);
}

static int hyperkd_release(struct inode *inode, struct file *file)
{
    DeviceClose();
    return 0;
}

static long hyperkd_ioctl(struct file *file, unsigned int request, unsigned long argument)
{
    void __user *user = (void __user *)argument;
    u32 size          = DeviceRequestSize(request);
    void *buffer;
    long result;

    if (!size)
        return DEVICE_NO_SUCH_REQUEST;
    buffer = memdup_user(user, size);
    if (IS_ERR(buffer))
        return PTR_ERR(buffer);
    result = DeviceHandleRequest(request, buffer, size);
    if (!result && copy_to_user(user, buffer, size))
        result = -EFAULT;
    kfree(buffer);
    return result;
}

static const struct file_operations hyperkd_operations = {
    .owner          = THIS_MODULE, /* rmmod is refused while the device is open */
    .open           = hyperkd_open,
    .release        = hyperkd_release,
    .unlocked_ioctl = hyperkd_ioctl,
};

static struct miscdevice hyperkd_device = {
    .minor = MISC_DYNAMIC_MINOR,
    .name  = "hyperdbg",
    .mode  = 0600,
    .fops  = &hyperkd_operations,
};

static int __init hyperkd_init(void)
{
    int error;

    if (!DeviceInitialize())
        return -ENOMEM;
    error = misc_register(&hyperkd_device);
    if (error)
        DeviceUninitialize();
    return error;
}

/* Nobody has the device open any more; a VMM that is still loaded is unloaded now. */
static void __exit hyperkd_exit(void)
{
    misc_deregister(&hyperkd_device);
    DeviceUninitialize();
}

module_init(hyperkd_init);
module_exit(hyperkd_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Hypervisor-level debugger: events, requests on /dev/hyperdbg");

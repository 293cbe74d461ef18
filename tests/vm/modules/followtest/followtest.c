// SPDX-License-Identifier: GPL-2.0-only
/*
 * followtest.c - a user of the VMM that sets hooks on addresses of processes and modules, and counts events
 * by address and process, for tests/vm/programs/follow.c. Takes the VMM into use when it is loaded.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "SDK/imports/VmmImports.h"
#include "tests/vm/modules/followtest/FollowTest.h"

#define SLOTS 64

/* Events by address and process, as root mode counts them: a slot is taken for ever. */
static struct slot {
    u64 address;
    u32 process;
    atomic_t is_taken;
    atomic_long_t count;
} slots[SLOTS];
static atomic_long_t stray; /* no slot */

static void count_event(u64 address, u32 process)
{
    int index;

    for (index = 0; index < SLOTS; index++)
        if (atomic_read_acquire(&slots[index].is_taken) && slots[index].address == address &&
            (slots[index].process == process || slots[index].process == VMM_NO_PROCESS)) {
            atomic_long_inc(&slots[index].count);
            return;
        }
    atomic_long_inc(&stray);
}

/* In process context, one at a time: the program has one thread that asks. */
static struct slot *slot_of(u64 address, u32 process)
{
    int index;

    for (index = 0; index < SLOTS && atomic_read(&slots[index].is_taken); index++)
        if (slots[index].address == address && slots[index].process == process)
            return &slots[index];
    if (index == SLOTS)
        return NULL;
    slots[index].address = address;
    slots[index].process = process;
    atomic_set_release(&slots[index].is_taken, 1);
    return &slots[index];
}

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE on_event(VMM_EVENT_TYPE_ENUM type,
                                                          VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE stage,
                                                          PVOID context, BOOLEAN *post_event_required,
                                                          GUEST_REGS *regs)
{
    if (type == HIDDEN_HOOK_EXEC_CC)
        count_event((u64)context, current->tgid);
    else if (type <= HIDDEN_HOOK_EXECUTE)
        count_event(((const EPT_HOOKS_CONTEXT *)context)->HookingTag, current->tgid);
    return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

static BOOLEAN on_message(UINT32 code, BOOLEAN immediate, BOOLEAN time, BOOLEAN priority, const char *format,
                          va_list arguments)
{
    if (!VmFuncVmxGetCurrentExecutionMode())
        vprintk(format, arguments);
    return TRUE;
}

static u32 hook_state(const FOLLOW_TEST *test)
{
    VMM_HOOK_STATE state;

    return ConfigureQueryHookState(test->Address, test->ProcessId, &state) ? state : FOLLOW_TEST_NO_STATE;
}

static u32 monitor_state(const FOLLOW_TEST *test)
{
    VMM_HOOK_STATE state;

    return ConfigureQueryMonitorState(test->Address, &state) ? state : FOLLOW_TEST_NO_STATE;
}

/* Declared where it is called; a module's __init function asks for a hook on itself. */
u32 followtest_hook(u64 address);
u32 followtest_hook(u64 address)
{
    return slot_of(address, VMM_NO_PROCESS) != NULL ? ConfigureEptHook(address, VMM_NO_PROCESS) : ~0u;
}
EXPORT_SYMBOL_GPL(followtest_hook);

static long do_request(unsigned int code, FOLLOW_TEST *test)
{
    struct slot *slot = slot_of(test->Address, test->ProcessId);

    if (slot == NULL)
        return -ENOSPC;
    switch (code) {
    case FOLLOW_TEST_HOOK:
        test->Result = ConfigureEptHook(test->Address, test->ProcessId);
        return 0;
    case FOLLOW_TEST_UNHOOK:
        test->Result = ConfigureEptUnHook(test->Address, test->ProcessId);
        return 0;
    case FOLLOW_TEST_STATE:
        test->Result = hook_state(test);
        return 0;
    case FOLLOW_TEST_MONITOR:
        test->Result = ConfigureEptHookMonitor(test->Address, test->Address, test->Length, FALSE,
                                               test->Access, test->ProcessId);
        return 0;
    case FOLLOW_TEST_UNMONITOR:
        test->Result = ConfigureEptUnHookMonitor(test->Address);
        return 0;
    case FOLLOW_TEST_MONITOR_STATE:
        test->Result = monitor_state(test);
        return 0;
    case FOLLOW_TEST_TAKE:
        test->Count = atomic_long_xchg(&slot->count, 0);
        return 0;
    case FOLLOW_TEST_STRAY:
        test->Count = atomic_long_read(&stray);
        return 0;
    }
    return -ENOTTY;
}

static long followtest_ioctl(struct file *file, unsigned int code, unsigned long argument)
{
    FOLLOW_TEST test;
    long error;

    if (copy_from_user(&test, (void __user *)argument, sizeof(test)))
        return -EFAULT;
    error = do_request(code, &test);
    if (error == 0 && copy_to_user((void __user *)argument, &test, sizeof(test)))
        error = -EFAULT;
    return error;
}

static const struct proc_ops followtest_ops = {.proc_ioctl = followtest_ioctl};

static int __init followtest_init(void)
{
    static VMM_CALLBACKS callbacks = {
        .VmmCallbackTriggerEvents                       = on_event,
        .LogCallbackPrepareAndSendMessageToQueueWrapper = on_message,
    };

    if (!VmFuncInitVmm(&callbacks))
        return -EIO;
    if (proc_create("followtest", 0600, NULL, &followtest_ops) != NULL)
        return 0;
    VmFuncUninitVmm();
    return -ENOMEM;
}

static void __exit followtest_exit(void)
{
    remove_proc_entry("followtest", NULL);
    VmFuncUninitVmm();
}

module_init(followtest_init);
module_exit(followtest_exit);
MODULE_DESCRIPTION("Hooks on processes and modules, for tests");
MODULE_LICENSE("GPL");

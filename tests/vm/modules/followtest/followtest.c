// SPDX-License-Identifier: GPL-2.0-only
/*
 * followtest.c - a user of the VMM that sets hooks on addresses of processes and modules, and counts events
 * by address and process, for tests/vm/programs: follow-process, hammer. Takes the VMM into use when it is
 * loaded.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/objtool.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "SDK/imports/VmmImports.h"
#include "tests/vm/modules/followtest/FollowTest.h"

#define SLOTS 128

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

/* --- what threads of the program have the kernel do --- */

#define TARGET(name, code)                                                                                   \
    asm(".pushsection .text\n.balign 16\n.type " #name ", @function\n" #name ":\n" ANNOTATE_NOENDBR code     \
        "\n.size " #name ", . - " #name "\n.popsection");                                                    \
    long name(long value)

TARGET(follow_nop, ".byte 0x0f, 0x1f, 0x44, 0, 0\n lea 1(%rdi), %rax\n jmp __x86_return_thunk");
TARGET(follow_push, "push %rbx\n lea 1(%rdi), %rax\n pop %rbx\n jmp __x86_return_thunk");
TARGET(follow_other, "lea 1(%rdi), %rax\n jmp __x86_return_thunk");

static u64 words[PAGE_SIZE / sizeof(u64)] __aligned(PAGE_SIZE);

/* Objtool would look for ENDBR at what is called through a pointer that it knows. */
static long call_nop(long value)
{
    return follow_nop(value);
}

static long call_push(long value)
{
    return follow_push(value);
}

static long call_other(long value)
{
    return follow_other(value);
}

static long write_word(long value)
{
    WRITE_ONCE(words[0], value);
    WRITE_ONCE(words[1], value); /* beside it, on the same page */
    return value + 1;
}

static u64 plain_address(void *start)
{
    OPTIMIZER_HIDE_VAR(start);
    return (u64)start;
}

static const struct {
    void *start;
    long (*use)(long value);
} targets[FOLLOW_TARGET_COUNT] = {
    [FOLLOW_TARGET_NOP]   = {follow_nop, call_nop},
    [FOLLOW_TARGET_PUSH]  = {follow_push, call_push},
    [FOLLOW_TARGET_OTHER] = {follow_other, call_other},
    [FOLLOW_TARGET_WORD]  = {words, write_word},
};

static long do_target(unsigned int code, FOLLOW_TEST *test)
{
    u64 i;

    if (test->Length >= FOLLOW_TARGET_COUNT)
        return -EINVAL;
    test->Address = plain_address(targets[test->Length].start);
    test->Result  = 0;
    for (i = 0; code == FOLLOW_TEST_WORK && i < test->Count; i++)
        test->Result += targets[test->Length].use(i) != i + 1;
    return 0;
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
    struct slot *slot;

    if (code == FOLLOW_TEST_TARGET || code == FOLLOW_TEST_WORK)
        return do_target(code, test);
    slot = slot_of(test->Address, test->ProcessId);
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

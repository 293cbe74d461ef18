// SPDX-License-Identifier: GPL-2.0-only
/*
 * leaver.c - a module to set hooks on, for tests/vm/programs/follow-module.c: its code is patched by the
 * kernel, its initialization is freed, and it is unloaded.
 *
 * /sys/module/leaver/parameters: "places" tells addresses, writing N to "call" calls every function N times,
 * "wrong" tells how many calls gave a wrong result, "key" turns a static branch on and off, "probe" a kprobe
 * on leaver_plain, whose hits "probed" tells, and "first" the first byte of leaver_plain.
 */
#include <linux/jump_label.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/objtool.h>

u32 followtest_hook(u64 address);

static DEFINE_STATIC_KEY_FALSE(leaver_key);
static long wrong, probed;
static u64 once_place;

/* Begins as the kernel's functions do, so that ftrace can patch it. */
noinline long leaver_traced(long value);
noinline long leaver_traced(long value)
{
    barrier();
    return value + 1;
}

noinline long leaver_branch(long value);
noinline long leaver_branch(long value)
{
    if (static_branch_unlikely(&leaver_key))
        return value + 2;
    return value + 1;
}

asm(".pushsection .text\n.balign 16\n.type leaver_plain, @function\nleaver_plain:\n" ANNOTATE_NOENDBR
    "lea 1(%rdi), %rax\n lea (%rax), %rax\n nop\n jmp __x86_return_thunk\n"
    ".size leaver_plain, . - leaver_plain\n.popsection");
long leaver_plain(long value);

static noinline long __init leaver_once(long value)
{
    barrier();
    return value + 1;
}

static int call_set(const char *text, const struct kernel_param *parameter)
{
    const long step = static_key_enabled(&leaver_key) ? 2 : 1;
    unsigned long times;
    long index;

    if (kstrtoul(text, 0, &times) != 0)
        return -EINVAL;
    for (index = 0; index < times; index++)
        wrong += (leaver_traced(index) != index + 1) + (leaver_branch(index) != index + step) +
                 (leaver_plain(index) != index + 1);
    return 0;
}

static int key_set(const char *text, const struct kernel_param *parameter)
{
    if (*text == '1')
        static_branch_enable(&leaver_key);
    else
        static_branch_disable(&leaver_key);
    return 0;
}

static int count_probe(struct kprobe *hit, struct pt_regs *regs)
{
    probed++;
    return 0;
}

static int probe_set(const char *text, const struct kernel_param *parameter)
{
    static struct kprobe probe;

    if (*text != '1') {
        unregister_kprobe(&probe);
        return 0;
    }
    probe = (struct kprobe){.addr = (kprobe_opcode_t *)leaver_plain, .pre_handler = count_probe};
    return register_kprobe(&probe);
}

/* Where the static branch is, which the compiler has put near. */
static unsigned long branch_place(void)
{
    const struct jump_entry *entry;
    unsigned int index;

    for (index = 0; index < THIS_MODULE->num_jump_entries; index++) {
        entry = &THIS_MODULE->jump_entries[index];
        if (jump_entry_key(entry) == &leaver_key.key &&
            jump_entry_code(entry) - (unsigned long)leaver_branch < 64)
            return jump_entry_code(entry);
    }
    return 0;
}

static int places_get(char *buffer, const struct kernel_param *parameter)
{
    return scnprintf(buffer, PAGE_SIZE, "%lx %lx %lx %lx %llx\n", (unsigned long)leaver_traced,
                     (unsigned long)leaver_branch, branch_place(), (unsigned long)leaver_plain, once_place);
}

static int first_get(char *buffer, const struct kernel_param *parameter)
{
    return scnprintf(buffer, PAGE_SIZE, "%u\n", READ_ONCE(*(u8 *)leaver_plain));
}

static const struct kernel_param_ops call_ops = {.set = call_set}, key_ops = {.set = key_set},
                                     probe_ops = {.set = probe_set}, places_ops = {.get = places_get},
                                     first_ops = {.get = first_get};
module_param_cb(call, &call_ops, NULL, 0200);
module_param_cb(key, &key_ops, NULL, 0200);
module_param_cb(probe, &probe_ops, NULL, 0200);
module_param_cb(places, &places_ops, NULL, 0400);
module_param_cb(first, &first_ops, NULL, 0400);
module_param(wrong, long, 0400);
module_param(probed, long, 0400);

static int __init leaver_init(void)
{
    once_place = (u64)leaver_once;
    if (followtest_hook(once_place) != 0)
        return -EIO;
    wrong += leaver_once(1) != 2;
    return 0;
}

static void __exit leaver_exit(void)
{
}

module_init(leaver_init);
module_exit(leaver_exit);
MODULE_DESCRIPTION("Code that is patched and leaves, for tests");
MODULE_LICENSE("GPL");

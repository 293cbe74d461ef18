// SPDX-License-Identifier: GPL-2.0-only
/*
 * hookbench.c - what a hook costs the code that it lies on, where the TSC counts instructions (one core).
 *
 *   echo TARGET > measure; cat result     instructions and exits of one more pass through TARGET than without
 *                                         hooks, each with two decimals
 *   echo PROBE > arm; echo > arm          a probe without an event on its target, and away again
 *   cat address_TARGET                    where TARGET is, for whoever hooks it
 *
 * Context: process. The VMM may be loaded or not; its module must be.
 */
#include <linux/ftrace.h>
#include <linux/hw_breakpoint.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/objtool.h>
#include <linux/perf_event.h>
#include <linux/math.h>

#include "SDK/imports/VmmImports.h"

#define BLOCK  20
#define ROUNDS 200

/* --- what is hooked: functions that begin with an instruction of their kind, and a page --- */

#define TARGET(name, code)                                                                                   \
    asm(".pushsection .text\n.balign 16\n.type " #name ", @function\n" #name ":\n" ANNOTATE_NOENDBR code     \
        "\n.size " #name ", . - " #name "\n.popsection");                                                    \
    long name(long value)

TARGET(entry_nop, ".byte 0x0f, 0x1f, 0x44, 0, 0\n lea 1(%rdi), %rax\n jmp __x86_return_thunk");
TARGET(entry_endbr, ".byte 0xf3, 0x0f, 0x1e, 0xfa\n lea 1(%rdi), %rax\n jmp __x86_return_thunk");
TARGET(entry_push, "push %rbx\n lea 1(%rdi), %rax\n pop %rbx\n jmp __x86_return_thunk");
TARGET(other, "lea 1(%rdi), %rax\n jmp __x86_return_thunk");
TARGET(probed, "push %rbx\nprobed_middle:\n" ANNOTATE_NOENDBR
               "mov %rdi, %rax\n add $1, %rax\n mov %rax, %rdx\n xor %edx, %edx\n pop %rbx\n"
               "jmp __x86_return_thunk");
extern char probed_middle[];

/* Functions as a kernel has them: 10,000 of them, of which the first is measured. */
asm(".macro one_of_many\n.balign 16\n.type many_\\@, @function\nmany_\\@:\n" ANNOTATE_NOENDBR
    ".byte 0x0f, 0x1f, 0x44, 0, 0\n lea 1(%rdi), %rax\n jmp __x86_return_thunk\n.size many_\\@, . - "
    "many_\\@\n"
    ".endm\n"
    ".pushsection .text\n.balign 16\nmany:\n.rept 10000\none_of_many\n.endr\n.popsection");
long many(long value);

static u64 watched[PAGE_SIZE / sizeof(u64)] __aligned(PAGE_SIZE);

static long store_inside(long value)
{
    WRITE_ONCE(watched[0], value);
    return value + 1;
}

static long store_beside(long value)
{
    WRITE_ONCE(watched[256], value);
    return value + 1;
}

/* A function of the kernel's own that it can trace. */
static long kernel_function(long value)
{
    return value + 1 + int_sqrt(0);
}

static long cpuid_0(long value)
{
    u32 eax = 0, ecx = 0;

    asm volatile("cpuid" : "+a"(eax), "+c"(ecx) : : "rbx", "rdx");
    return value + 1;
}

static struct {
    const char *name;
    long (*function)(long);
    u64 address; /* of what a hook is to be put on */
} targets[] = {
    {"entry_nop", entry_nop, (u64)entry_nop},
    {"entry_endbr", entry_endbr, (u64)entry_endbr},
    {"entry_push", entry_push, (u64)entry_push},
    {"other", other, (u64)other},
    {"probed", probed, (u64)probed_middle},
    {"many", many, (u64)many},
    {"kernel", kernel_function, (u64)int_sqrt},
    {"inside", store_inside, (u64)&watched[0]},
    {"beside", store_beside, (u64)&watched[0]},
    {"below", store_beside, (u64)&watched[264]},
    {"cpuid", cpuid_0, 0},
};

static u64 plain[ARRAY_SIZE(targets)]; /* ticks of a block without hooks */

static noinline u64 block_of(long (*function)(long))
{
    const u64 start = rdtsc();
    long index;

    for (index = 0; index < BLOCK; index++)
        if (unlikely(function(index) != index + 1))
            panic("hookbench: a function does not do what it did");
    return rdtsc() - start;
}

static u64 exits_so_far(void)
{
    u64 counts[128] = {0}, sum = 0;
    int reason;

    VmFuncGetExitCounts(raw_smp_processor_id(), counts, ARRAY_SIZE(counts));
    for (reason = 0; reason < ARRAY_SIZE(counts); reason++)
        sum += counts[reason];
    return sum;
}

static u64 smallest_block(long (*function)(long), u64 *exits)
{
    u64 best = ~0ull, before;
    unsigned long flags;
    int round;

    for (round = 0; round < ROUNDS; round++) {
        local_irq_save(flags);
        before = exits_so_far();
        best   = min(best, block_of(function));
        *exits = exits_so_far() - before;
        local_irq_restore(flags);
    }
    return best;
}

/* --- the kernel's own probes, and a detour --- */

static int on_kprobe(struct kprobe *probe, struct pt_regs *regs)
{
    return 0;
}

static void on_ftrace(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
                      struct ftrace_regs *regs)
{
}

static void on_watchpoint(struct perf_event *event, struct perf_sample_data *data, struct pt_regs *regs)
{
}

/* A detour that no event waits for: the VMM's user returns at once. */
static int arm_detour(void)
{
    return ConfigureEptHook2((u64)int_sqrt) ? -EINVAL : 0;
}

static void disarm_detour(void)
{
    ConfigureEptUnHook2((u64)int_sqrt);
}

static struct kprobe kprobe_middle, kprobe_kernel;
static struct ftrace_ops ftrace_kernel;
static struct perf_event *__percpu *watchpoint;

static int arm_kprobe_middle(void)
{
    kprobe_middle = (struct kprobe){.addr = (void *)probed_middle, .pre_handler = on_kprobe};
    return register_kprobe(&kprobe_middle);
}

static void disarm_kprobe_middle(void)
{
    unregister_kprobe(&kprobe_middle);
}

static int arm_kprobe_kernel(void)
{
    kprobe_kernel = (struct kprobe){.addr = (void *)int_sqrt, .pre_handler = on_kprobe};
    return register_kprobe(&kprobe_kernel);
}

static void disarm_kprobe_kernel(void)
{
    unregister_kprobe(&kprobe_kernel);
}

static int arm_ftrace(void)
{
    int error;

    ftrace_kernel =
        (struct ftrace_ops){.func = on_ftrace, .flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_PERMANENT};
    error = ftrace_set_filter_ip(&ftrace_kernel, (unsigned long)int_sqrt, 0, 0);
    return error ? error : register_ftrace_function(&ftrace_kernel);
}

static void disarm_ftrace(void)
{
    unregister_ftrace_function(&ftrace_kernel);
}

static int arm_watchpoint(void)
{
    struct perf_event_attr attr;

    hw_breakpoint_init(&attr);
    attr.bp_addr = (unsigned long)&watched[0];
    attr.bp_len  = HW_BREAKPOINT_LEN_8;
    attr.bp_type = HW_BREAKPOINT_W;
    watchpoint   = register_wide_hw_breakpoint(&attr, on_watchpoint, NULL);
    return PTR_ERR_OR_ZERO((void __force *)watchpoint);
}

static void disarm_watchpoint(void)
{
    unregister_wide_hw_breakpoint(watchpoint);
}

static const struct {
    const char *name;
    int (*arm)(void);
    void (*disarm)(void);
} probes[] = {
    {"kprobe_middle", arm_kprobe_middle, disarm_kprobe_middle},
    {"kprobe_kernel", arm_kprobe_kernel, disarm_kprobe_kernel},
    {"ftrace_kernel", arm_ftrace, disarm_ftrace},
    {"watchpoint", arm_watchpoint, disarm_watchpoint},
    {"detour", arm_detour, disarm_detour},
};

static int armed = -1;

static void disarm(void)
{
    if (armed >= 0)
        probes[armed].disarm();
    armed = -1;
}

/* --- parameters --- */

static int arm_set(const char *text, const struct kernel_param *parameter)
{
    int i, error;

    disarm();
    for (i = 0; i < ARRAY_SIZE(probes); i++) {
        if (!sysfs_streq(text, probes[i].name))
            continue;
        error = probes[i].arm();
        if (!error)
            armed = i;
        return error;
    }
    return sysfs_streq(text, "") ? 0 : -EINVAL;
}

static char result_text[64];

/* A pass through a target, in hundredths. */
static int measure_set(const char *text, const struct kernel_param *parameter)
{
    u64 exits, ticks;
    int i;

    for (i = 0; i < ARRAY_SIZE(targets); i++) {
        if (!sysfs_streq(text, targets[i].name))
            continue;
        ticks = (smallest_block(targets[i].function, &exits) - plain[i]) * (100 / BLOCK);
        exits = exits * (100 / BLOCK);
        scnprintf(result_text, sizeof(result_text), "%llu.%02llu %llu.%02llu\n", ticks / 100, ticks % 100,
                  exits / 100, exits % 100);
        return 0;
    }
    return -EINVAL;
}

static int result_get(char *buffer, const struct kernel_param *parameter)
{
    return scnprintf(buffer, PAGE_SIZE, "%s", result_text);
}

static int addresses_get(char *buffer, const struct kernel_param *parameter)
{
    int i, length = 0;

    for (i = 0; i < ARRAY_SIZE(targets); i++)
        length +=
            scnprintf(buffer + length, PAGE_SIZE - length, "%s %llx\n", targets[i].name, targets[i].address);
    return length;
}

static const struct kernel_param_ops arm_ops       = {.set = arm_set};
static const struct kernel_param_ops measure_ops   = {.set = measure_set};
static const struct kernel_param_ops result_ops    = {.get = result_get};
static const struct kernel_param_ops addresses_ops = {.get = addresses_get};
module_param_cb(arm, &arm_ops, NULL, 0200);
module_param_cb(measure, &measure_ops, NULL, 0200);
module_param_cb(result, &result_ops, NULL, 0400);
module_param_cb(addresses, &addresses_ops, NULL, 0400);

static int __init hookbench_init(void)
{
    u64 exits;
    int i;

    for (i = 0; i < ARRAY_SIZE(targets); i++)
        plain[i] = smallest_block(targets[i].function, &exits);
    return 0;
}

static void __exit hookbench_exit(void)
{
    disarm();
}

module_init(hookbench_init);
module_exit(hookbench_exit);
MODULE_DESCRIPTION("What hooks cost, for benches");
MODULE_LICENSE("GPL");

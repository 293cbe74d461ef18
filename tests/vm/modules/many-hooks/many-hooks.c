// SPDX-License-Identifier: GPL-2.0-only
/*
 * many-hooks.c - 1, 100 and 10,000 hidden breakpoints at once on this module's own functions: each is hit
 * where it was set, exactly as often as it was called, the code reads as it was, and all of them go again.
 *
 * Loading the module runs the tests; /proc/many-hooks then has their TAP lines. The VMM must not be loaded:
 * this module is its user.
 */
#include <linux/module.h>
#include <linux/objtool.h>
#include <linux/workqueue.h>

#include "SDK/imports/VmmImports.h"
#include "tests/vm/modules/KernelTap.h"

#define MOST           10000
#define ALL_CORES_STEP 5 /* of all functions */

/* SDM Vol. 3, appendix C. */
#define EXIT_EXCEPTION     0
#define EXIT_MONITOR_TRAP  37
#define EXIT_EPT_VIOLATION 48

#define STRIDE 16 /* bytes from one function to the next */

/* Each returns its argument plus 1; they begin with a NOP and with an instruction that takes a step, in turn.
 */
asm(".pushsection .text\n.balign 16\nfunctions:\n"
    ".macro one_function first:vararg\n.balign 16\n.type function_\\@, "
    "@function\nfunction_\\@:\n" ANNOTATE_NOENDBR
    "\\first\n lea 1(%rdi), %rax\n jmp __x86_return_thunk\n.size function_\\@, . - function_\\@\n.endm\n"
    ".rept 5000\none_function .byte 0x0f, 0x1f, 0x44, 0, 0\none_function mov %edi, %eax\n.endr\n"
    ".popsection");
extern char functions[];

/* Of no code's address must be made another one where the compiler sees it: objtool would look for ENDBR
 * there. */
static u64 address_of(int index)
{
    char *start = functions;

    OPTIMIZER_HIDE_VAR(start);
    return (UINTPTR)start + (u64)index * STRIDE;
}

static long call(int index)
{
    return ((long (*)(long))address_of(index))(index);
}

static atomic_long_t hits;
static u64 last_context;

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE on_event(VMM_EVENT_TYPE_ENUM type,
                                                          VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE stage,
                                                          PVOID context, BOOLEAN *post_event_required,
                                                          GUEST_REGS *regs)
{
    last_context = (UINTPTR)context;
    atomic_long_inc(&hits);
    return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

static u32 checksum(void)
{
    u32 sum = 0;
    int i;

    for (i = 0; i < MOST * STRIDE; i += 61)
        sum = sum * 31 + READ_ONCE(*(u8 *)(address_of(0) + i));
    return sum;
}

/* Calls every function whose number is a multiple of step; gives how many did what they ought to, and told
 * of themselves if they are to. */
static int call_some(int step, bool hooked)
{
    int i, right = 0;

    for (i = 0; i < MOST; i += step) {
        last_context = 0;
        right += call(i) == i + 1 && last_context == (hooked ? address_of(i) : 0);
    }
    return right;
}

/* Interrupts on, all cores at the same time. */
static atomic_long_t wrong_calls;

static void call_on_this_core(struct work_struct *unused)
{
    long wrong = 0;
    int i;

    for (i = 0; i < MOST; i += ALL_CORES_STEP)
        wrong += call(i) != i + 1;
    atomic_long_add(wrong, &wrong_calls);
}

static void test_all_cores(int spacing)
{
    static struct work_struct work[NR_CPUS];
    long hooked = 0;
    int i, core;

    for (i = 0; i < MOST; i += ALL_CORES_STEP)
        hooked += i % spacing == 0 && spacing <= MOST;
    atomic_long_set(&hits, 0);
    atomic_long_set(&wrong_calls, 0);
    for_each_online_cpu(core)
    {
        INIT_WORK(&work[core], call_on_this_core);
        schedule_work_on(core, &work[core]);
    }
    for_each_online_cpu(core) flush_work(&work[core]);
    expect("all cores at once: the functions do what they did", atomic_long_read(&wrong_calls), 0);
    expect("and each call of a hooked one is a hit", atomic_long_read(&hits), hooked * num_online_cpus());
}

/* Of all cores, by what hooks make exits with. */
static u64 hook_exits(void)
{
    u64 counts[EXIT_EPT_VIOLATION + 1], sum = 0;
    int core;

    for_each_online_cpu(core)
    {
        if (!VmFuncGetExitCounts(core, counts, ARRAY_SIZE(counts)))
            return ~0ull;
        sum += counts[EXIT_EXCEPTION] + counts[EXIT_MONITOR_TRAP] + counts[EXIT_EPT_VIOLATION];
    }
    return sum;
}

static void test_count(const char *name, int count)
{
    const int spacing = MOST / count, step = spacing > 37 ? spacing : 37 * spacing;
    const u32 before = checksum();
    int i, set = 0, unset = 0;
    u64 exits;

    atomic_long_set(&hits, 0);
    for (i = 0; i < count; i++)
        set += ConfigureEptHook(address_of(i * spacing), VMM_NO_PROCESS) == 0;
    expect(name, set, count);
    expect("each one called is hit at its address", call_some(step, true), DIV_ROUND_UP(MOST, step));
    expect("once", atomic_long_read(&hits), DIV_ROUND_UP(MOST, step));
    test_all_cores(spacing);
    expect("the code reads as it was", checksum(), before);
    for (i = 0; i < count; i++)
        unset += ConfigureEptUnHook(address_of(i * spacing), VMM_NO_PROCESS);
    expect("all go", unset, count);
    exits = hook_exits();
    expect("none is hit any more", call_some(step, false), DIV_ROUND_UP(MOST, step));
    test_all_cores(MOST + 1);
    expect("the code still reads as it was", checksum(), before);
    expect("nothing makes an exit any more", hook_exits() - exits, 0);
}

static int __init many_hooks_init(void)
{
    VMM_CALLBACKS callbacks = {.VmmCallbackTriggerEvents = on_event};

    if (!VmFuncInitVmm(&callbacks))
        return -EIO;
    test_count("1 hidden breakpoint", 1);
    test_count("100 hidden breakpoints", 100);
    test_count("10,000 hidden breakpoints", MOST);
    VmFuncUninitVmm();
    return report_publish("many-hooks");
}

static void __exit many_hooks_exit(void)
{
    report_withdraw("many-hooks");
}

module_init(many_hooks_init);
module_exit(many_hooks_exit);
MODULE_DESCRIPTION("Tests of many hidden breakpoints");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * detourtest.c - detours of this module's own functions, checked from within the guest's kernel.
 *
 * Loading the module runs the tests; /proc/detourtest then has their TAP lines. The VMM must not be loaded:
 * this module is its user.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/objtool.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/nmi.h>

#include "SDK/ErrorCodes.h"
#include "SDK/imports/VmmImports.h"
#include "tests/vm/modules/KernelTap.h"

/* What an empty callback may cost, in instructions. */
#define MOST_INSTRUCTIONS 160

/* --- what the VMM tells --- */

static atomic_long_t hits, cpuid_events;
static atomic_t in_root, in_guest; /* where the hits came from */
static u64 last_context, last_rip;
static bool change_argument, return_at_once, send_elsewhere, execute_cpuid, empty;

static long elsewhere(long value)
{
    return value + 1000;
}

static void tell_detour(u64 context, GUEST_REGS *regs)
{
    atomic_long_inc(&hits);
    atomic_inc(VmFuncVmxGetCurrentExecutionMode() ? &in_root : &in_guest);
    last_context = context;
    last_rip     = VmFuncGetLastVmexitRip(VmFuncGetCurrentCoreId());
    if (change_argument)
        regs->rdi = 41;
    if (return_at_once)
        regs->rax = 7;
    if (send_elsewhere)
        VmFuncSetRip((UINTPTR)elsewhere);
    if (execute_cpuid) {
        u32 eax = 0x5eed, ebx, ecx = 0, edx;

        asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    }
}

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE on_event(VMM_EVENT_TYPE_ENUM type,
                                                          VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE stage,
                                                          PVOID context, BOOLEAN *post_event_required,
                                                          GUEST_REGS *regs)
{
    if (empty)
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
    if (type == CPUID_INSTRUCTION_EXECUTION && (u32)(UINTPTR)context == 0x5eed)
        atomic_long_inc(&cpuid_events);
    if (type != HIDDEN_HOOK_EXEC_DETOURS)
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
    tell_detour((UINTPTR)context, regs);
    return return_at_once ? VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT
                          : VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

/* --- targets: functions that ftrace knows, as the compiler would make them --- */

#define TARGET(name, before, code)                                                                           \
    asm(".pushsection .text\n.balign 16\n.type " #name ", @function\n" #name ":\n" ANNOTATE_NOENDBR before   \
        "771:\ncall __fentry__\n" code "\n.size " #name ", . - " #name                                       \
        "\n.popsection\n.pushsection __mcount_loc, \"a\"\n.quad 771b\n.popsection");                         \
    long name(long value)

TARGET(target_plain, "", "lea 1(%rdi), %rax\n jmp __x86_return_thunk");
TARGET(target_pad, "endbr64\n", "lea 1(%rdi), %rax\n jmp __x86_return_thunk");
/* Everything that a function is called with comes through: gives 1 if so. */
TARGET(
    target_registers, "",
    "setc %al\n movzx %al, %eax\n cmp $11, %rdi\n jne 1f\n cmp $12, %rsi\n jne 1f\n cmp $13, %rdx\n jne 1f\n"
    "cmp $14, %rcx\n jne 1f\n cmp $15, %r8\n jne 1f\n cmp $16, %r9\n jne 1f\n cmp $17, %r10\n jne 1f\n"
    "cmp $18, %r11\n jne 1f\n jmp __x86_return_thunk\n 1: mov $-1, %rax\n jmp __x86_return_thunk");
static long call_registers(void)
{
    register long r8 asm("r8") = 15, r9 asm("r9") = 16, r10 asm("r10") = 17, r11 asm("r11") = 18;
    long result, di = 11, si = 12, dx = 13, cx = 14;

    asm volatile("stc\n call target_registers"
                 : "=a"(result), "+D"(di), "+S"(si), "+d"(dx), "+c"(cx), "+r"(r8), "+r"(r9), "+r"(r10),
                   "+r"(r11)::"memory", "cc");
    return result;
}

static long call_many(long (*target)(long), long times)
{
    long wrong = 0, index;

    for (index = 0; index < times; index++)
        wrong += target(index) != index + 1;
    return wrong;
}

static long all_exits(void)
{
    static UINT64 counts[128];
    long sum = 0, reason, core;

    for (core = 0; core < nr_cpu_ids; core++) {
        VmFuncGetExitCounts(core, counts, ARRAY_SIZE(counts));
        for (reason = 0; reason < ARRAY_SIZE(counts); reason++)
            sum += counts[reason];
    }
    return sum;
}

static void reset_counters(void)
{
    atomic_long_set(&hits, 0);
    atomic_long_set(&cpuid_events, 0);
    atomic_set(&in_root, 0);
    atomic_set(&in_guest, 0);
}

static void test_detour(const char *name, long (*target)(long))
{
    const long times = 20000;
    u64 before       = READ_ONCE(*(u64 *)target), during;
    long exits;

    reset_counters();
    expect("a detour can be set", ConfigureEptHook2((UINTPTR)target), 0);
    exits = all_exits();
    expect(name, call_many(target, times), 0);
    exits = all_exits() - exits;
    expect("every call is a hit", atomic_long_read(&hits), times);
    expect("without an exit", exits, 0);
    expect("its context is the address", last_context == (UINTPTR)target, 1);
    expect("and so is what the event says of RIP", last_rip == (UINTPTR)target, 1);
    during = READ_ONCE(*(u64 *)target);
    expect("the code reads as it was", during == before, 1);
    expect("it can be unset", ConfigureEptUnHook2((UINTPTR)target), TRUE);
    expect("once", ConfigureEptUnHook2((UINTPTR)target), FALSE);
    call_many(target, times);
    expect("and is gone", atomic_long_read(&hits), times);
}

/* --- what a user may do --- */

static void test_answers(void)
{
    reset_counters();
    ConfigureEptHook2((UINTPTR)target_registers);
    expect("all registers and flags come through", call_registers(), 1);
    ConfigureEptUnHook2((UINTPTR)target_registers);

    ConfigureEptHook2((UINTPTR)target_plain);
    change_argument = true;
    expect("an argument can be changed", target_plain(1), 42);
    change_argument = false;
    return_at_once  = true;
    expect("a function can be kept from running, with a result", target_plain(1), 7);
    return_at_once = false;
    send_elsewhere = true;
    expect("and another be called instead", target_plain(1), 1001);
    send_elsewhere = false;
    expect("afterwards it is as before", target_plain(1), 2);
    expect("each was a hit", atomic_long_read(&hits), 5);

    reset_counters();
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    execute_cpuid = true;
    expect("an exit in the middle of a detour", call_many(target_plain, 500), 0);
    execute_cpuid = false;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, FALSE);
    expect("is an event of its own", atomic_long_read(&cpuid_events), 500);
    ConfigureEptUnHook2((UINTPTR)target_plain);
}

static void test_refusals(void)
{
    static u64 data;
    volatile u64 target = (UINTPTR)target_plain;

    expect("the middle of a function is refused", ConfigureEptHook2(target + 5),
           DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE);
    expect("a function that is not traced is refused", ConfigureEptHook2((UINTPTR)elsewhere),
           DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE);
    expect("data are refused", ConfigureEptHook2((UINTPTR)&data), DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE);
    expect("what is not mapped is refused", ConfigureEptHook2(0xFFFFFFFFFFFFF000),
           DEBUGGER_ERROR_INVALID_ADDRESS);
}

/* --- beside other hooks on the same instruction --- */

static void test_neighbours(void)
{
    reset_counters();
    ConfigureEptHook2((UINTPTR)target_plain);
    ConfigureEptHook((UINTPTR)target_plain, VMM_NO_PROCESS);
    expect("with a hidden breakpoint on the same instruction", call_many(target_plain, 500), 0);
    expect("every call is a hit", atomic_long_read(&hits), 500);
    expect("from the breakpoint's exit", atomic_read(&in_root), 500);
    ConfigureEptUnHook((UINTPTR)target_plain, VMM_NO_PROCESS);
    call_many(target_plain, 500);
    expect("without it, from the guest again", atomic_read(&in_guest), 500);
    ConfigureEptUnHook2((UINTPTR)target_plain);
}

/* --- ftrace underneath --- */

static atomic_long_t traced;

static void notrace on_trace(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
                             struct ftrace_regs *regs)
{
    atomic_long_inc(&traced);
}

static struct ftrace_ops trace = {.func = on_trace};

static void test_ftrace(void)
{
    atomic_long_set(&traced, 0);
    reset_counters();
    ConfigureEptHook2((UINTPTR)target_plain);
    expect("ftrace can be turned on underneath",
           ftrace_set_filter_ip(&trace, (UINTPTR)target_plain, 0, 0) ?: register_ftrace_function(&trace), 0);
    expect("the function does what it did", call_many(target_plain, 1000), 0);
    expect("every call is traced", atomic_long_read(&traced), 1000);
    expect("and is a hit", atomic_long_read(&hits), 1000);
    expect("without an exit", atomic_read(&in_guest), 1000);
    unregister_ftrace_function(&trace);
    call_many(target_plain, 1000);
    expect("turned off, no call is traced", atomic_long_read(&traced), 1000);
    expect("and each is a hit still", atomic_long_read(&hits), 2000);
    ConfigureEptUnHook2((UINTPTR)target_plain);

    register_ftrace_function(&trace);
    reset_counters();
    expect("a detour can be set over ftrace", ConfigureEptHook2((UINTPTR)target_plain), 0);
    call_many(target_plain, 1000);
    ConfigureEptUnHook2((UINTPTR)target_plain);
    call_many(target_plain, 1000);
    expect("its calls are hits", atomic_long_read(&hits), 1000);
    expect("and traced before and after", atomic_long_read(&traced), 3000);
    unregister_ftrace_function(&trace);
}

/* --- all cores at once --- */

#define CALLS_PER_THREAD 20000

static struct completion threads_done;
static atomic_t threads_left, stop;
static atomic_long_t calls, wrong_results;

static int calls_thread(void *target)
{
    long count = 0;

    do {
        atomic_long_add(call_many(target, 1000), &wrong_results);
        cond_resched_tasks_rcu_qs(); /* ftrace waits for that */
        count += 1000;
    } while (count < CALLS_PER_THREAD || !atomic_read(&stop));
    atomic_long_add(count, &calls);
    if (atomic_dec_and_test(&threads_left))
        complete(&threads_done);
    while (!kthread_should_stop())
        schedule_timeout_interruptible(1);
    return 0;
}

/* Two threads to a core, so that they are preempted in the middle of it. While they run, each change is made
 * Changes times. */
static void hammer(void (*change)(void), int changes)
{
    struct task_struct *threads[16];
    int count = 0, core, index;

    atomic_long_set(&calls, 0);
    atomic_long_set(&wrong_results, 0);
    atomic_set(&stop, change == NULL);
    init_completion(&threads_done);
    atomic_set(&threads_left, 2 * num_online_cpus());
    for (index = 0; index < 2; index++) {
        for_each_online_cpu(core)
        {
            threads[count] = kthread_create(calls_thread, target_plain, "detourtest/%d", core);
            kthread_bind(threads[count], core);
            wake_up_process(threads[count++]);
        }
    }
    for (index = 0; index < changes; index++) {
        change();
        cond_resched();
    }
    atomic_set(&stop, 1);
    wait_for_completion(&threads_done);
    for (index = 0; index < count; index++)
        kthread_stop(threads[index]);
}

/* The threads have this core for a tick: on a machine with one they would not run otherwise. */
static void let_threads_run(void)
{
    schedule_timeout_uninterruptible(1);
}

static int changes_made;

static void set_and_unset(void)
{
    ConfigureEptHook2((UINTPTR)target_plain);
    if (changes_made++ % 10 == 0)
        let_threads_run();
    ConfigureEptUnHook2((UINTPTR)target_plain);
}

static void trace_and_untrace(void)
{
    register_ftrace_function(&trace);
    let_threads_run();
    unregister_ftrace_function(&trace);
}

static void test_hammer(void)
{
    reset_counters();
    ConfigureEptHook2((UINTPTR)target_plain);
    hammer(NULL, 0);
    expect("all cores at once, interrupts on: exactly as many hits as calls", atomic_long_read(&hits),
           atomic_long_read(&calls));
    expect("and every call did what it did", atomic_long_read(&wrong_results), 0);

    reset_counters();
    atomic_long_set(&traced, 0);
    hammer(trace_and_untrace, 3);
    expect("ftrace turned on and off under load: every call is a hit", atomic_long_read(&hits),
           atomic_long_read(&calls));
    expect("and does what it did", atomic_long_read(&wrong_results), 0);
    report(atomic_long_read(&traced) > 0, "and some were traced", atomic_long_read(&traced), 1);
    ConfigureEptUnHook2((UINTPTR)target_plain);

    reset_counters();
    hammer(set_and_unset, 100);
    expect("set and unset 100 times under load: every call does what it did",
           atomic_long_read(&wrong_results), 0);
    report(atomic_long_read(&hits) > 0, "and some were hits", atomic_long_read(&hits), 1);
    reset_counters();
    call_many(target_plain, 1000);
    expect("none is left", atomic_long_read(&hits), 0);
}

/* --- NMIs --- */

#define NMIS        200
#define PATIENCE_US 2000

static atomic_t nmi_count, nmi_wrong;
static bool nmi_wanted;

static int nmi_arrived(unsigned int type, struct pt_regs *regs)
{
    if (!nmi_wanted)
        return NMI_DONE;
    if (target_plain(5) != 6)
        atomic_inc(&nmi_wrong);
    atomic_inc(&nmi_count);
    return NMI_HANDLED;
}

/* NMIs come in the middle of detours, and call the detoured function themselves. */
static void test_nmi(void)
{
    long sent, called = 0, wrong = 0;
    int patience;

    if (register_nmi_handler(NMI_LOCAL, nmi_arrived, 0, "detourtest"))
        return;
    reset_counters();
    atomic_set(&nmi_count, 0);
    atomic_set(&nmi_wrong, 0);
    ConfigureEptHook2((UINTPTR)target_plain);
    nmi_wanted = true;
    preempt_disable();
    for (sent = 1; sent <= NMIS; sent++) {
        apic->send_IPI(raw_smp_processor_id(), NMI_VECTOR);
        for (patience = 0; atomic_read(&nmi_count) < sent && patience < PATIENCE_US; patience++, called++)
            wrong += target_plain(called) != called + 1;
    }
    preempt_enable();
    nmi_wanted = false;
    expect("NMIs whose handler calls a detoured function all arrive", atomic_read(&nmi_count), NMIS);
    expect("it does what it did", wrong + atomic_read(&nmi_wrong), 0);
    expect("every call is a hit", atomic_long_read(&hits), NMIS + called);
    ConfigureEptUnHook2((UINTPTR)target_plain);
    unregister_nmi_handler(NMI_LOCAL, "detourtest");
}

/* --- cost: on one core the time-stamp counter of the machine counts instructions --- */

static long ticks_of_calls(long times)
{
    unsigned long flags;
    u64 start;

    local_irq_save(flags);
    start = rdtsc();
    call_many(target_plain, times);
    start = rdtsc() - start;
    local_irq_restore(flags);
    return start;
}

static void test_cost(void)
{
    const long times = 1000;
    long without     = ticks_of_calls(times), with;

    if (num_online_cpus() != 1)
        return;
    ConfigureEptHook2((UINTPTR)target_plain);
    empty = true;
    with  = ticks_of_calls(times);
    empty = false;
    ConfigureEptUnHook2((UINTPTR)target_plain);
    pr_info("detourtest: a detour with an empty callback costs %ld instructions\n", (with - without) / times);
    report((with - without) / times <= MOST_INSTRUCTIONS, "an empty callback costs no more than it may",
           (with - without) / times, MOST_INSTRUCTIONS);
}

static int __init detourtest_init(void)
{
    VMM_CALLBACKS callbacks = {.VmmCallbackTriggerEvents = on_event};

    if (!VmFuncInitVmm(&callbacks))
        return -EIO;
    test_detour("a function with a NOP at its entry does what it did", target_plain);
    test_detour("a function with a landing pad does what it did", target_pad);
    test_answers();
    test_refusals();
    test_neighbours();
    test_ftrace();
    test_nmi();
    test_hammer();
    test_cost();
    ConfigureEptHook2((UINTPTR)target_plain);
    VmFuncUninitVmm();
    expect("after the VMM has gone with a detour set, the function does what it did",
           call_many(target_plain, 1000), 0);
    return report_publish("detourtest");
}

static void __exit detourtest_exit(void)
{
    report_withdraw("detourtest");
}

module_init(detourtest_init);
module_exit(detourtest_exit);

MODULE_DESCRIPTION("Tests of detours");
MODULE_LICENSE("GPL");

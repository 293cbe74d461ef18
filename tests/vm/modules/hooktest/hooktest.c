// SPDX-License-Identifier: GPL-2.0-only
/*
 * hooktest.c - hidden hooks on this module's own code and data, checked from within the guest's kernel.
 *
 * Loading the module runs the tests; /proc/hooktest then has their TAP lines. The VMM must not be loaded:
 * this module is its user.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/objtool.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include <asm/apic.h>
#include <asm/nmi.h>

#include "SDK/imports/VmmImports.h"
#include "tests/vm/modules/KernelTap.h"

/* --- what the VMM tells --- */

static atomic_long_t breakpoint_hits, reads, writes, executes, posts;
static atomic_t skip; /* short-circuit the next accesses */
static u64 last_context, last_virtual, last_tag;

static atomic_long_t *counter_of(u32 access)
{
    return access & 4 ? &executes : access & 2 ? &writes : &reads;
}

static u64 pre_adds;  /* to RDI, at stage PRE */
static u64 post_adds; /* to RAX, at stage POST */

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE on_event(VMM_EVENT_TYPE_ENUM type,
                                                          VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE stage,
                                                          PVOID context, BOOLEAN *post_event_required,
                                                          GUEST_REGS *regs)
{
    const EPT_HOOKS_CONTEXT *access = context;

    if (stage == VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION) {
        atomic_long_inc(&posts);
        regs->rax += post_adds;
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
    }
    *post_event_required = TRUE;
    regs->rdi += pre_adds;
    if (type == HIDDEN_HOOK_EXEC_CC) {
        last_context = (UINTPTR)context;
        atomic_long_inc(&breakpoint_hits);
    } else if (type <= HIDDEN_HOOK_EXECUTE) {
        last_virtual = access->VirtualAddress;
        last_tag     = access->HookingTag;
        atomic_long_inc(counter_of(access->Access));
    }
    return atomic_read(&skip) ? VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT
                              : VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

/* --- targets: each begins with an instruction of its kind --- */

/* They are called directly, or through pointers in a module without indirect-branch tracking of its own. */
#define TARGET(name, code)                                                                                   \
    asm(".pushsection .text\n.balign 16\n.type " #name ", @function\n" #name ":\n" ANNOTATE_NOENDBR code     \
        "\n.size " #name ", . - " #name "\n.popsection");                                                    \
    long name(long value)

TARGET(target_nop, ".byte 0x0f, 0x1f, 0x44, 0, 0\n lea 1(%rdi), %rax\n jmp __x86_return_thunk");
TARGET(target_push, "push %rbx\n lea 1(%rdi), %rax\n pop %rbx\n jmp __x86_return_thunk");
TARGET(target_other, "lea 1(%rdi), %rax\n jmp __x86_return_thunk");
TARGET(target_cpuid, "push %rbx\n mov %rdi, %r8\n xor %eax, %eax\n"
                     "target_cpuid_hook:\n" ANNOTATE_NOENDBR "cpuid\n target_cpuid_next:\n" ANNOTATE_NOENDBR
                     "lea 1(%r8), %rax\n pop %rbx\n jmp __x86_return_thunk");
TARGET(target_exact, "lea 1(%rdi), %rax\n target_exact_next:\n" ANNOTATE_NOENDBR
                     "lea (%rax), %rax\n jmp __x86_return_thunk");
extern char target_cpuid_hook[], target_cpuid_next[], target_exact_next[];

static long call_many(long (*target)(long), long times)
{
    long wrong = 0, index;

    for (index = 0; index < times; index++)
        wrong += target(index) != index + 1;
    return wrong;
}

static void test_breakpoint(const char *name, long (*target)(long))
{
    const long times = 2000;
    u8 before        = READ_ONCE(*(u8 *)target), during;
    long hits;

    atomic_long_set(&breakpoint_hits, 0);
    expect("a hidden breakpoint can be set", ConfigureEptHook((UINTPTR)target, VMM_NO_PROCESS), 0);
    expect(name, call_many(target, times), 0);
    hits   = atomic_long_read(&breakpoint_hits);
    during = READ_ONCE(*(u8 *)target);
    expect("every call is a hit, and only one", hits, times);
    expect("its context is the address", last_context == (UINTPTR)target, 1);
    expect("the code reads as it was", during, before);
    expect("it can be unset", ConfigureEptUnHook((UINTPTR)target, VMM_NO_PROCESS), TRUE);
    call_many(target, times);
    expect("and is gone", atomic_long_read(&breakpoint_hits), times);
}

/* --- all cores at once --- */

static void calls_on_core(void *context)
{
    call_many(context, 20000);
}

static struct completion threads_done;
static atomic_t threads_left;

static int calls_thread(void *context)
{
    calls_on_core(context);
    if (atomic_dec_and_test(&threads_left))
        complete(&threads_done);
    while (!kthread_should_stop())
        schedule_timeout_interruptible(1);
    return 0;
}

/* Interrupts on, on every core: an interrupt in the wrong moment would count a hit twice. */
static void test_hammer(long (*target)(long))
{
    struct task_struct *threads[8];
    int count = 0, core;

    atomic_long_set(&breakpoint_hits, 0);
    init_completion(&threads_done);
    atomic_set(&threads_left, num_online_cpus());
    ConfigureEptHook((UINTPTR)target, VMM_NO_PROCESS);
    for_each_online_cpu(core)
    {
        threads[count] = kthread_create(calls_thread, target, "hooktest/%d", core);
        kthread_bind(threads[count], core);
        wake_up_process(threads[count++]);
    }
    wait_for_completion(&threads_done);
    for (core = 0; core < count; core++)
        kthread_stop(threads[core]);
    expect("all cores at once, interrupts on: exactly as many hits as calls",
           atomic_long_read(&breakpoint_hits), 20000L * count);
    ConfigureEptUnHook((UINTPTR)target, VMM_NO_PROCESS);
}

/* --- monitors --- */

static void reset_counters(void)
{
    atomic_long_set(&reads, 0);
    atomic_long_set(&writes, 0);
    atomic_long_set(&executes, 0);
    atomic_long_set(&posts, 0);
}

static void test_monitor(void)
{
    u64 *page = (u64 *)__get_free_page(GFP_KERNEL | __GFP_ZERO);
    long index, sum = 0;

    reset_counters();
    expect("a write monitor can be set",
           ConfigureEptHookMonitor(77, (UINTPTR)&page[8], 16, FALSE, 2, VMM_NO_PROCESS), 0);
    for (index = 0; index < 100; index++)
        WRITE_ONCE(page[8], index);
    expect("every write is an event", atomic_long_read(&writes), 100);
    expect("with a POST event each", atomic_long_read(&posts), 100);
    expect("reads are not", (sum += READ_ONCE(page[8]), atomic_long_read(&reads)), 0);
    expect("what was written is there", READ_ONCE(page[8]), 99);
    expect("its address is told", last_virtual == (UINTPTR)&page[8], 1);
    expect("and the range's number", last_tag, 77);
    WRITE_ONCE(page[7], 1);
    WRITE_ONCE(page[10], 1);
    expect("a write beside the range is no event", atomic_long_read(&writes), 100);
    expect("it can be unset", ConfigureEptUnHookMonitor(77), TRUE);
    WRITE_ONCE(page[8], 5);
    expect("and is gone", atomic_long_read(&writes), 100);

    reset_counters();
    expect("a read monitor can be set",
           ConfigureEptHookMonitor(78, (UINTPTR)&page[8], 8, FALSE, 1, VMM_NO_PROCESS), 0);
    for (index = 0; index < 100; index++)
        sum += READ_ONCE(page[8]);
    WRITE_ONCE(page[8], 5);
    expect("every read is an event, a write is not",
           atomic_long_read(&reads) * 1000 + atomic_long_read(&writes), 100000);
    ConfigureEptUnHookMonitor(78);

    reset_counters();
    expect("an execute monitor can be set",
           ConfigureEptHookMonitor(79, (UINTPTR)target_other, 1, FALSE, 4, VMM_NO_PROCESS), 0);
    call_many(target_other, 100);
    expect("every execution is an event", atomic_long_read(&executes), 100);
    ConfigureEptUnHookMonitor(79);
    free_page((unsigned long)page);
}

/* A breakpoint on an instruction that exits by itself, and one on the instruction after it. */
static void test_neighbours(void)
{
    atomic_long_set(&breakpoint_hits, 0);
    ConfigureEptHook((UINTPTR)target_cpuid_hook, VMM_NO_PROCESS);
    ConfigureEptHook((UINTPTR)target_cpuid_next, VMM_NO_PROCESS);
    expect("breakpoints on CPUID and on what follows it", call_many(target_cpuid, 500), 0);
    expect("both are hit", atomic_long_read(&breakpoint_hits), 1000);
    ConfigureEptUnHook((UINTPTR)target_cpuid_hook, VMM_NO_PROCESS);
    ConfigureEptUnHook((UINTPTR)target_cpuid_next, VMM_NO_PROCESS);

    atomic_long_set(&breakpoint_hits, 0);
    ConfigureEptHook((UINTPTR)target_exact, VMM_NO_PROCESS);
    ConfigureEptHook((UINTPTR)target_exact_next, VMM_NO_PROCESS);
    call_many(target_exact, 500);
    expect("two stepped instructions in a row", atomic_long_read(&breakpoint_hits), 1000);
    ConfigureEptUnHook((UINTPTR)target_exact, VMM_NO_PROCESS);
    ConfigureEptUnHook((UINTPTR)target_exact_next, VMM_NO_PROCESS);
}

/* A breakpoint whose instruction writes to a monitored page. */
TARGET(target_store, "mov %rsi, (%rdi)\n xor %eax, %eax\n jmp __x86_return_thunk");

static void test_hit_within_step(void)
{
    u64 *page                 = (u64 *)__get_free_page(GFP_KERNEL | __GFP_ZERO);
    void (*store)(u64 *, u64) = (void *)target_store;
    int index;

    reset_counters();
    atomic_long_set(&breakpoint_hits, 0);
    ConfigureEptHook((UINTPTR)target_store, VMM_NO_PROCESS);
    ConfigureEptHookMonitor(80, (UINTPTR)page, 8, FALSE, 2, VMM_NO_PROCESS);
    for (index = 0; index < 100; index++)
        store(page, index);
    expect("a breakpoint on an instruction that writes to a monitored page",
           atomic_long_read(&breakpoint_hits), 100);
    expect("loses none of its writes", atomic_long_read(&writes), 100);
    ConfigureEptUnHookMonitor(80);
    ConfigureEptUnHook((UINTPTR)target_store, VMM_NO_PROCESS);
    free_page((unsigned long)page);
}

/* --- which bytes an access touches --- */

#define STORE(suffix, register, address)                                                                     \
    asm volatile("mov" suffix " %" register "0, %1" : : "r"(~0ul), "m"(*(address)) : "memory")

static long writes_of(void (*access)(u8 *), u8 *address)
{
    atomic_long_set(&writes, 0);
    access(address);
    return atomic_long_read(&writes);
}

static void store_8(u8 *address)
{
    STORE("q", "", address);
}

static void store_4(u8 *address)
{
    STORE("l", "k", address);
}

static void store_1(u8 *address)
{
    STORE("b", "b", address);
}

static void store_16_bytes_one_by_one(u8 *address)
{
    long count = 16;

    asm volatile("rep stosb" : "+D"(address), "+c"(count) : "a"(0x5a) : "memory");
}

static void exchange_16(u8 *address)
{
    u64 low = 0, high = 0;

    asm volatile("lock cmpxchg16b %2" : "+a"(low), "+d"(high), "+m"(*address) : "b"(1), "c"(2) : "memory");
}

/* A range of 8 bytes in the middle of a page. */
static void test_reach(void)
{
    u8 *page = (u8 *)__get_free_page(GFP_KERNEL | __GFP_ZERO), *range = page + 0x108;

    reset_counters();
    expect("a range in a page is monitored",
           ConfigureEptHookMonitor(81, (UINTPTR)range, 8, FALSE, 2, VMM_NO_PROCESS), 0);
    expect("8 bytes up to the range: no event", writes_of(store_8, range - 8), 0);
    expect("8 bytes of which one lies in it: an event", writes_of(store_8, range - 7), 1);
    expect("8 bytes from its last one: an event", writes_of(store_8, range + 7), 1);
    expect("8 bytes behind it: no event", writes_of(store_8, range + 8), 0);
    expect("4 bytes up to the range: no event", writes_of(store_4, range - 4), 0);
    expect("4 bytes of which one lies in it: an event", writes_of(store_4, range - 3), 1);
    expect("1 byte before it: no event", writes_of(store_1, range - 1), 0);
    expect("1 byte of it: an event", writes_of(store_1, range), 1);
    expect("16 bytes that end with it: an event", writes_of(exchange_16, range - 8), 1);
    expect("16 bytes that end before it: no event", writes_of(exchange_16, range - 24), 0);
    expect("a string of bytes over it: an event for each of its bytes",
           writes_of(store_16_bytes_one_by_one, range - 4), 8);
    ConfigureEptUnHookMonitor(81);
    free_page((unsigned long)page);
}

/* --- changed --- */

TARGET(target_load, "mov (%rdi), %rax\n jmp __x86_return_thunk");

/* An event is met by one word: with PRE adding 8 to its address it is the next one. */
static void expect_changes(const char *what, u64 *words)
{
    expect(what, target_load((long)words), 5);
    pre_adds = 8;
    expect("it works on what PRE made of its input", target_load((long)words), 6);
    pre_adds  = 0;
    post_adds = 0x100;
    expect("and gives what POST made of its output", target_load((long)words), 0x105);
    post_adds = 0;
}

static void test_changes(void)
{
    u64 *words = (u64 *)__get_free_page(GFP_KERNEL | __GFP_ZERO);

    words[0] = 5;
    words[1] = 6;
    atomic_long_set(&breakpoint_hits, 0);
    ConfigureEptHook((UINTPTR)target_load, VMM_NO_PROCESS);
    expect_changes("an instruction under a hidden breakpoint does what it does", words);
    expect("each was a hit", atomic_long_read(&breakpoint_hits), 3);
    ConfigureEptUnHook((UINTPTR)target_load, VMM_NO_PROCESS);

    ConfigureEptHook((UINTPTR)target_push, VMM_NO_PROCESS);
    pre_adds = 10;
    expect("so does one that takes no step", target_push(1), 12);
    pre_adds = 0;
    ConfigureEptUnHook((UINTPTR)target_push, VMM_NO_PROCESS);

    reset_counters();
    ConfigureEptHookMonitor(83, (UINTPTR)words, 16, FALSE, 1, VMM_NO_PROCESS);
    expect_changes("an instruction that reads what is monitored does what it does", words);
    expect("each was a read", atomic_long_read(&reads), 3);
    ConfigureEptUnHookMonitor(83);
    free_page((unsigned long)words);
}

/* --- short-circuited --- */

TARGET(target_skip,
       "mov %rdi, %rax\n target_skip_hook:\n" ANNOTATE_NOENDBR "movabs $0x1122334455667788, %rax\n"
       "jmp __x86_return_thunk");
TARGET(target_skip_cpuid, "push %rbx\n mov %rdi, %rax\n target_skip_cpuid_hook:\n" ANNOTATE_NOENDBR
                          "cpuid\n pop %rbx\n jmp __x86_return_thunk");
extern char target_skip_hook[], target_skip_cpuid_hook[];

static void test_skip(void)
{
    u64 *page = (u64 *)__get_free_page(GFP_KERNEL | __GFP_ZERO);
    long kept = 0, index;

    reset_counters();
    ConfigureEptHookMonitor(82, (UINTPTR)page, 8, FALSE, 3, VMM_NO_PROCESS);
    atomic_set(&skip, 1);
    for (index = 1; index <= 100; index++)
        WRITE_ONCE(page[0], index);
    expect("a write that is short-circuited is told", atomic_long_read(&writes), 100);
    expect("to its end", atomic_long_read(&posts), 100);
    exchange_16((u8 *)page);
    atomic_set(&skip, 0);
    expect("and does not happen", READ_ONCE(page[0]) | READ_ONCE(page[1]), 0);
    WRITE_ONCE(page[0], 7);
    ConfigureEptUnHookMonitor(82);
    expect("the next one does", page[0], 7);

    ConfigureEptHook((UINTPTR)target_skip_hook, VMM_NO_PROCESS);
    ConfigureEptHook((UINTPTR)target_skip_cpuid_hook, VMM_NO_PROCESS);
    atomic_long_set(&breakpoint_hits, 0);
    atomic_set(&skip, 1);
    for (index = 0; index < 100; index++)
        kept += (target_skip(index) == index) + (target_skip_cpuid(index) == index);
    atomic_set(&skip, 0);
    expect("instructions under breakpoints are skipped", kept, 200);
    expect("one hit each", atomic_long_read(&breakpoint_hits), 200);
    expect("and executed again when nobody says no", target_skip(1), 0x1122334455667788);
    ConfigureEptUnHook((UINTPTR)target_skip_hook, VMM_NO_PROCESS);
    ConfigureEptUnHook((UINTPTR)target_skip_cpuid_hook, VMM_NO_PROCESS);
    free_page((unsigned long)page);
}

/* --- hits while NMIs are blocked --- */

#define NMIS 200
/* More than a tick: in Bochs 2.7 an NMI after another comes with the next IRET, mostly a tick's. */
#define PATIENCE_US 20000

static long nmi_value;
static u64 *nmi_page;
static atomic_t nmi_count;

static int nmi_arrived(unsigned int type, struct pt_regs *regs)
{
    if (nmi_page == NULL)
        return NMI_DONE;
    nmi_value += target_other(1);
    WRITE_ONCE(*nmi_page, nmi_value);
    atomic_inc(&nmi_count);
    return NMI_HANDLED;
}

static void send_nmis(void)
{
    int sent, patience;

    atomic_set(&nmi_count, 0);
    for (sent = 1; sent <= NMIS; sent++) {
        apic->send_IPI(raw_smp_processor_id(), NMI_VECTOR);
        for (patience = 0; atomic_read(&nmi_count) < sent && patience < PATIENCE_US; patience++)
            udelay(1);
    }
}

static void test_nmi(void)
{
    if (register_nmi_handler(NMI_LOCAL, nmi_arrived, 0, "hooktest"))
        return;
    reset_counters();
    atomic_long_set(&breakpoint_hits, 0);
    nmi_value = 0;
    nmi_page  = (u64 *)__get_free_page(GFP_KERNEL | __GFP_ZERO);
    ConfigureEptHook((UINTPTR)target_other, VMM_NO_PROCESS);
    ConfigureEptHookMonitor(83, (UINTPTR)nmi_page, 8, FALSE, 2, VMM_NO_PROCESS);
    preempt_disable();
    send_nmis();
    preempt_enable();
    expect("NMIs whose handler steps under a breakpoint and a monitor all arrive", atomic_read(&nmi_count),
           NMIS);
    expect("the handler does what it did", nmi_value, 2 * NMIS);
    expect("a hit in each", atomic_long_read(&breakpoint_hits), NMIS);
    expect("a write in each", atomic_long_read(&writes), NMIS);
    ConfigureEptUnHookMonitor(83);
    ConfigureEptUnHook((UINTPTR)target_other, VMM_NO_PROCESS);
    unregister_nmi_handler(NMI_LOCAL, "hooktest");
    free_page((unsigned long)nmi_page);
    nmi_page = NULL;
}

static int __init hooktest_init(void)
{
    VMM_CALLBACKS callbacks = {.VmmCallbackTriggerEvents = on_event};

    if (!VmFuncInitVmm(&callbacks))
        return -EIO;
    test_breakpoint("on a NOP: the function does what it did", target_nop);
    test_breakpoint("on a PUSH: the function does what it did", target_push);
    test_breakpoint("on another instruction: the function does what it did", target_other);
    test_neighbours();
    test_hammer(target_nop);
    test_hammer(target_other);
    test_monitor();
    test_hit_within_step();
    test_reach();
    test_changes();
    test_skip();
    test_nmi();
    VmFuncUninitVmm();
    return report_publish("hooktest");
}

static void __exit hooktest_exit(void)
{
    report_withdraw("hooktest");
}

module_init(hooktest_init);
module_exit(hooktest_exit);

MODULE_DESCRIPTION("Tests of hidden hooks");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * monitor-oracle.c - pseudo-random monitors on a buffer, pseudo-random accesses to it, and an oracle that
 * says which events there must be: exactly these come.
 *
 * Monitors have any size, alignment and combination of accesses, overlap, cross pages, and lie at virtual or
 * physical addresses. Accesses have 1 to 16 bytes, any alignment, and are loads, stores, read-modify-writes,
 * two accesses of one instruction, strings, and operands that the processor touches piece by piece (FXSAVE,
 * XSAVE, ENTER), which count as one access. An access is an event for each monitor that waits for its
 * kind and has a byte of it, once on each page that the two have in common.
 *
 * Loading the module runs the tests; /proc/monitor-oracle then has their TAP lines. The VMM must not be
 * loaded: this module is its user. The parameter seed chooses another sequence.
 */
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/objtool.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <asm/fpu/api.h>

#include "SDK/imports/VmmImports.h"
#include "tests/vm/modules/KernelTap.h"

#define PAGES    4
#define SIZE     (PAGES * PAGE_SIZE)
#define MARGIN   512 /* bytes at both ends that no monitor needs to reach */
#define MOST     6   /* monitors at once */
#define ROUNDS   90
#define ACCESSES 80
#define EVENTS   512
#define BY_READ  1u
#define BY_WRITE 2u

static unsigned int seed = 20261127;
module_param(seed, uint, 0400);

static unsigned int next_random;

static u32 random_below(u32 limit)
{
    next_random = next_random * 1664525 + 1013904223;
    return (u32)(((u64)(next_random >> 4) * limit) >> 28);
}

static u8 *buffer;  /* PAGES pages that lie in a row */
static u8 *outside; /* memory that nobody watches */

/* --- what the VMM tells; on this core, interrupts off --- */

struct event {
    u32 tag, access;
    u64 address; /* what is wanted is here, or within as many bytes */
    u32 within;
};

static struct event told[EVENTS], wanted[EVENTS];
static int told_count, wanted_count, post_count;

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE on_event(VMM_EVENT_TYPE_ENUM type,
                                                          VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE stage,
                                                          PVOID context, BOOLEAN *post_event_required,
                                                          GUEST_REGS *regs)
{
    const EPT_HOOKS_CONTEXT *access = context;

    if (type > HIDDEN_HOOK_EXECUTE)
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
    if (stage == VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION) {
        post_count++;
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
    }
    *post_event_required = TRUE;
    if (told_count < EVENTS)
        told[told_count] = (struct event){access->HookingTag, access->Access, access->VirtualAddress, 0};
    told_count++;
    return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

/* --- monitors --- */

static struct monitor {
    u32 start, length; /* in the buffer */
    u32 access;
} monitors[MOST];
static int monitor_count;

static u32 random_length(void)
{
    static const u32 usual[] = {1, 2, 3, 4, 8, 16};

    switch (random_below(4)) {
    case 0:
        return 1 + random_below(64);
    case 1:
        return 1 + random_below(2 * PAGE_SIZE);
    default:
        return usual[random_below(ARRAY_SIZE(usual))];
    }
}

/* Anywhere, or near a page's end. */
static u32 random_place(void)
{
    if (random_below(2) != 0)
        return MARGIN + random_below(SIZE - 2 * MARGIN);
    return PAGE_SIZE * (1 + random_below(PAGES - 1)) - 24 + random_below(48);
}

static bool set_monitor(int number)
{
    struct monitor *m = &monitors[number];
    bool is_physical  = random_below(4) == 0;

    m->start  = random_place();
    m->length = min_t(u32, random_length(), SIZE - MARGIN - m->start);
    m->access = 1 + random_below(7);
    return ConfigureEptHookMonitor(number,
                                   is_physical ? __pa(buffer + m->start) : (UINTPTR)(buffer + m->start),
                                   m->length, is_physical, m->access, VMM_NO_PROCESS) == 0;
}

/* --- the oracle --- */

static bool is_in_pieces; /* where the processor begins is its affair */

static void want(u32 tag, u32 access, const u8 *address, u32 size)
{
    if (wanted_count < EVENTS)
        wanted[wanted_count] = (struct event){tag, access, (UINTPTR)address, is_in_pieces ? size : 1};
    wanted_count++;
}

/* The part of an access that lies on one page. */
static void want_on_page(const u8 *address, u32 size, u32 access)
{
    const u32 start = address - buffer;
    int i;

    for (i = 0; i < monitor_count; i++)
        if ((monitors[i].access & access) && start < monitors[i].start + monitors[i].length &&
            monitors[i].start < start + size)
            want(i, access, address, size);
}

static void want_access(const u8 *address, u32 size, u32 access)
{
    u32 first = min_t(u32, size, PAGE_SIZE - offset_in_page(address));

    if (address < buffer || address >= buffer + SIZE)
        return;
    want_on_page(address, first, access);
    if (first < size)
        want_on_page(address + first, size - first, access);
}

/* --- accesses; each does one instruction, and says to the oracle what it does --- */

typedef void (*access_function)(u8 *a, u8 *b, u32 size);

static void do_load(u8 *a, u8 *b, u32 size)
{
    want_access(a, size, BY_READ);
    switch (size) {
    case 1:
        asm volatile("movb %0, %%al" : : "m"(*a) : "rax");
        break;
    case 2:
        asm volatile("movzwl %0, %%eax" : : "m"(*a) : "rax");
        break;
    case 4:
        asm volatile("movl %0, %%eax" : : "m"(*a) : "rax");
        break;
    case 8:
        asm volatile("movq (%0,%1,4), %%rax" : : "r"(a - 4 * 37), "r"(37ul) : "rax");
        break;
    default:
        asm volatile("movdqu %0, %%xmm0" : : "m"(*a));
    }
}

static void do_store(u8 *a, u8 *b, u32 size)
{
    want_access(a, size, BY_WRITE);
    switch (size) {
    case 1:
        asm volatile("movb %%al, %0" : "=m"(*a) : : "memory");
        break;
    case 2:
        asm volatile("movw %%ax, 0x1234(%0)" : : "r"(a - 0x1234) : "memory");
        break;
    case 4:
        asm volatile("movl $0x11223344, -5(%0)" : : "r"(a + 5) : "memory");
        break;
    case 8:
        asm volatile("movq %%rax, (%0,%1)" : : "r"(a - 0x7654321), "r"(0x7654321ul) : "memory");
        break;
    default:
        asm volatile("movdqu %%xmm0, %0" : "=m"(*a) : : "memory");
    }
}

static void do_modify(u8 *a, u8 *b, u32 size)
{
    want_access(a, size, BY_READ | BY_WRITE);
    switch (size) {
    case 1:
        asm volatile("incb %0" : "+m"(*a) : : "memory");
        break;
    case 2:
        asm volatile("addw $3, %0" : "+m"(*a) : : "memory");
        break;
    case 4:
        asm volatile("lock xaddl %%eax, %0" : "+m"(*a) : : "memory", "rax");
        break;
    default:
        asm volatile("xchgq %%rax, %0" : "+m"(*a) : : "memory", "rax");
    }
}

static void do_move(u8 *a, u8 *b, u32 size)
{
    want_access(a, size, BY_READ);
    want_access(b, size, BY_WRITE);
    switch (size) {
    case 1:
        asm volatile("movsb" : "+S"(a), "+D"(b) : : "memory");
        break;
    case 2:
        asm volatile("movsw" : "+S"(a), "+D"(b) : : "memory");
        break;
    case 4:
        asm volatile("movsl" : "+S"(a), "+D"(b) : : "memory");
        break;
    default:
        asm volatile("movsq" : "+S"(a), "+D"(b) : : "memory");
    }
}

static void do_compare(u8 *a, u8 *b, u32 size)
{
    want_access(a, size, BY_READ);
    want_access(b, size, BY_READ);
    switch (size) {
    case 1:
        asm volatile("cmpsb" : "+S"(a), "+D"(b) : : "memory", "cc");
        break;
    case 2:
        asm volatile("cmpsw" : "+S"(a), "+D"(b) : : "memory", "cc");
        break;
    case 4:
        asm volatile("cmpsl" : "+S"(a), "+D"(b) : : "memory", "cc");
        break;
    default:
        asm volatile("cmpsq" : "+S"(a), "+D"(b) : : "memory", "cc");
    }
}

/* The stack lies in the buffer for one instruction; no interrupt can come, nobody unwinds it. */
#define ON_OTHER_STACK(a, b, instruction)                                                                    \
    asm volatile("mov %%rsp, %%r12\n\tmov %1, %%rsp\n\t" instruction "\n\tmov %%r12, %%rsp"                  \
                 :                                                                                           \
                 : "D"(a), "b"(b)                                                                            \
                 : "r12", "memory")

static noinline __noclone void do_push(u8 *a, u8 *b, u32 size)
{
    want_access(a, 8, BY_READ);
    want_access(b - 8, 8, BY_WRITE);
    ON_OTHER_STACK(a, b, "pushq (%0)");
}
STACK_FRAME_NON_STANDARD(do_push);

static noinline __noclone void do_pop(u8 *a, u8 *b, u32 size)
{
    want_access(b, 8, BY_READ);
    want_access(a, 8, BY_WRITE);
    ON_OTHER_STACK(a, b, "popq (%0)");
}
STACK_FRAME_NON_STANDARD(do_pop);

static void do_repeated_move(u8 *a, u8 *b, u32 size)
{
    u64 count = 1 + random_below(24), i;

    for (i = 0; i < count; i++) {
        want_access(a + i, 1, BY_READ);
        want_access(b + i, 1, BY_WRITE);
    }
    asm volatile("rep movsb" : "+S"(a), "+D"(b), "+c"(count) : : "memory");
}

static void do_repeated_store(u8 *a, u8 *b, u32 size)
{
    u64 count = 1 + random_below(12), i;

    for (i = 0; i < count; i++)
        want_access(a + 8 * i, 8, BY_WRITE);
    asm volatile("rep stosq" : "+D"(a), "+c"(count) : : "memory");
}

static void do_repeated_compare(u8 *a, u8 *b, u32 size)
{
    u64 count = 1 + random_below(12), i;

    for (i = 0; i < count; i++) {
        want_access(a + i, 1, BY_READ);
        want_access(a + i, 1, BY_READ);
    }
    b = a;
    asm volatile("repe cmpsb" : "+S"(a), "+D"(b), "+c"(count) : : "memory", "cc");
}

/* --- operands in pieces --- */

#define FXSAVE_SIZE    464
#define FXSAVE_TOUCHED 416 /* the rest is reserved: not touched by this processor */
#define XSAVE_HEADER   512
#define STATE_AVX      7u

/* What was told of getting ready does not count. */
static void begin_again(void)
{
    told_count = post_count = 0;
}

static u8 *place_for(u8 *a, u32 size, u32 alignment)
{
    return PTR_ALIGN_DOWN(min(a, buffer + SIZE - size), alignment);
}

static void want_fxsave(u8 *a, u32 access)
{
    u32 first = PAGE_SIZE - offset_in_page(a);

    want_access(a, first >= FXSAVE_TOUCHED ? min_t(u32, first, FXSAVE_SIZE) : FXSAVE_SIZE, access);
}

static void do_fxsave(u8 *a, u8 *b, u32 size)
{
    a = place_for(a, 512, 16);
    want_fxsave(a, BY_WRITE);
    asm volatile("fxsave64 %0" : "=m"(*a) : : "memory");
}

static void do_fxrstor(u8 *a, u8 *b, u32 size)
{
    a = place_for(a, 512, 16);
    asm volatile("fxsave64 %0" : "=m"(*a) : : "memory");
    begin_again();
    want_fxsave(a, BY_READ);
    asm volatile("fxrstor64 %0" : : "m"(*a) : "memory");
}

/* Components: x87 and SSE; AVX too; all that are on. */
static u32 components_of(u32 size)
{
    return size == 1 ? 3 : size == 2 ? STATE_AVX : ~0u;
}

static u32 xsave_size(u32 components)
{
    u32 eax, ebx, ecx, edx;

    cpuid_count(0xd, 0, &eax, &ebx, &ecx, &edx);
    return components == 3 ? 576 : components == STATE_AVX ? 832 : ebx;
}

static void do_xsave(u8 *a, u8 *b, u32 size)
{
    const u32 components = components_of(size);

    a = place_for(a, xsave_size(components), 64);
    want_access(a + XSAVE_HEADER, 8, BY_READ); /* which components the area has already */
    want_access(a, xsave_size(components), BY_WRITE);
    asm volatile("xsave64 %0" : "+m"(*a) : "a"(components), "d"(components) : "memory");
}

/* AVX is in use, so that it is saved where only what is in use is. */
#define USE_AVX "vpcmpeqd %%ymm0, %%ymm0, %%ymm0\n\t"

static void do_xsavec(u8 *a, u8 *b, u32 size)
{
    a = place_for(a, 832, 64);
    want_access(a, 832, BY_WRITE);
    asm volatile(USE_AVX "xsavec64 %0" : "+m"(*a) : "a"(STATE_AVX), "d"(0) : "memory");
}

static void do_xrstor(u8 *a, u8 *b, u32 size)
{
    a = place_for(a, 832, 64);
    memset(a + XSAVE_HEADER, 0, 64);
    if (size == 1)
        asm volatile(USE_AVX "xsave64 %0" : "+m"(*a) : "a"(STATE_AVX), "d"(0) : "memory");
    else
        asm volatile(USE_AVX "xsavec64 %0" : "+m"(*a) : "a"(STATE_AVX), "d"(0) : "memory");
    begin_again();
    want_access(a, 832, BY_READ);
    asm volatile("xrstor64 %0" : : "m"(*a), "a"(STATE_AVX), "d"(0) : "memory");
}

#define ENTER_AT(a, b, level)                                                                                \
    asm volatile("mov %%rsp, %%r12\n\tmov %%rbp, %%r13\n\tmov %1, %%rsp\n\tmov %0, %%rbp\n\t"                \
                 "enter $0, $" #level "\n\tmov %%r13, %%rbp\n\tmov %%r12, %%rsp"                             \
                 :                                                                                           \
                 : "D"(a), "b"(b)                                                                            \
                 : "r12", "r13", "memory")

/* Pushes below b, reads below a; what is on one page with what was pushed is not seen to be read. */
static noinline __noclone void do_enter(u8 *a, u8 *b, u32 size)
{
    static const u32 levels[] = {[1] = 0, [2] = 1, [4] = 4, [8] = 31};
    const u32 level = levels[size], pushes = level == 0 ? 1 : level + 1, reads = level == 0 ? 0 : level - 1;

    a = PTR_ALIGN_DOWN(max(a, buffer + MARGIN), 8);
    b = PTR_ALIGN_DOWN(b == outside ? buffer + PAGE_SIZE : max(b, buffer + MARGIN), 8);
    if (PTR_ALIGN_DOWN(a - 1, PAGE_SIZE) >= PTR_ALIGN_DOWN(b - 256, PAGE_SIZE) &&
        PTR_ALIGN_DOWN(a - 248, PAGE_SIZE) <= PTR_ALIGN_DOWN(b - 1, PAGE_SIZE))
        a = outside + 184;
    want_access(b - 8 * pushes, 8 * pushes, BY_WRITE);
    if (reads != 0)
        want_access(a - 8 * reads, 8 * reads, BY_READ);
    if (level == 0)
        ENTER_AT(a, b, 0);
    else if (level == 1)
        ENTER_AT(a, b, 1);
    else if (level == 4)
        ENTER_AT(a, b, 4);
    else
        ENTER_AT(a, b, 31);
}
STACK_FRAME_NON_STANDARD(do_enter);

static const struct {
    const char *name;
    access_function run;
    int sizes; /* 1 << this is the largest */
    bool is_in_pieces;
} kinds[] = {
    {"loads", do_load, 4, false},
    {"stores", do_store, 4, false},
    {"read-modify-writes", do_modify, 3, false},
    {"MOVS", do_move, 3, false},
    {"CMPS", do_compare, 3, false},
    {"PUSH of memory", do_push, 0, false},
    {"POP to memory", do_pop, 0, false},
    {"REP MOVS", do_repeated_move, 0, false},
    {"REP STOS", do_repeated_store, 0, false},
    {"REPE CMPS", do_repeated_compare, 0, false},
    {"FXSAVE", do_fxsave, 0, true},
    {"FXRSTOR", do_fxrstor, 0, true},
    {"XSAVE", do_xsave, 2, true},
    {"XSAVEC", do_xsavec, 0, true},
    {"XRSTOR", do_xrstor, 1, true},
    {"ENTER", do_enter, 3, true},
};

static long wrong[ARRAY_SIZE(kinds)], tried[ARRAY_SIZE(kinds)], events[ARRAY_SIZE(kinds)];
static char first_wrong[2048];
static int first_length;

/* A processor may tell a read-modify-write as a write; who waits for reads alone has to know better. */
static bool is_access(u32 told_access, const struct event *e)
{
    return told_access == e->access || (told_access == BY_WRITE && e->access == (BY_READ | BY_WRITE) &&
                                        (monitors[e->tag].access & BY_WRITE));
}

/* The order of events at one instruction is the processor's affair. */
static bool take(struct event *list, int count, const struct event *e)
{
    int i;

    for (i = 0; i < count; i++)
        if (list[i].tag == e->tag && is_access(list[i].access, e) &&
            list[i].address - e->address < e->within) {
            list[i].tag = ~0u;
            return true;
        }
    return false;
}

static bool is_as_wanted(void)
{
    bool good = told_count == wanted_count && post_count == told_count && told_count <= EVENTS;
    int i;

    for (i = 0; good && i < wanted_count; i++)
        good = take(told, told_count, &wanted[i]);
    return good;
}

/* Number, access and place of each; without those that were as wanted. */
static void note_events(const char *what, const struct event *list, int count)
{
    int i;

    for (i = 0; i < count; i++)
        if (list[i].tag != ~0u)
            first_length +=
                scnprintf(first_wrong + first_length, sizeof(first_wrong) - first_length, "%s %d:%u@%lx",
                          what, list[i].tag, list[i].access, (long)(list[i].address - (UINTPTR)buffer));
}

static void note_wrong(int kind, const u8 *a, const u8 *b, u32 size)
{
    int i;

    if (first_length > sizeof(first_wrong) - 512)
        return;
    first_length +=
        scnprintf(first_wrong + first_length, sizeof(first_wrong) - first_length,
                  "# %s a %lx b %lx size %u: told %d, %d after, wanted %d;", kinds[kind].name,
                  (long)(a - buffer), (long)(b - buffer), size, told_count, post_count, wanted_count);
    for (i = 0; i < monitor_count; i++)
        first_length += scnprintf(first_wrong + first_length, sizeof(first_wrong) - first_length,
                                  " [%x+%x %u]", monitors[i].start, monitors[i].length, monitors[i].access);
    note_events(" told", told, told_count);
    note_events(" wanted", wanted, wanted_count);
    first_length += scnprintf(first_wrong + first_length, sizeof(first_wrong) - first_length, "\n");
}

/* Near a monitor's edge, or anywhere. */
static u8 *random_target(void)
{
    const struct monitor *m = &monitors[random_below(monitor_count)];

    switch (random_below(4)) {
    case 0:
        return buffer + random_place();
    case 1:
        return buffer + m->start + m->length - 20 + random_below(40);
    default:
        return buffer + m->start - 20 + random_below(40);
    }
}

static void one_access(void)
{
    const int kind = random_below(ARRAY_SIZE(kinds));
    const u32 size = 1u << random_below(kinds[kind].sizes + 1);
    u8 *a = random_target(), *b = random_below(3) == 0 ? outside : random_target();
    unsigned long flags;

    told_count = wanted_count = post_count = 0;
    is_in_pieces                           = kinds[kind].is_in_pieces;
    kernel_fpu_begin();
    local_irq_save(flags);
    kinds[kind].run(a, b, size);
    local_irq_restore(flags);
    kernel_fpu_end();
    tried[kind]++;
    events[kind] += wanted_count;
    if (!is_as_wanted()) {
        wrong[kind]++;
        note_wrong(kind, a, b, size);
    }
}

static bool one_round(void)
{
    bool good = true;
    int i;

    monitor_count = 1 + random_below(MOST);
    for (i = 0; i < monitor_count; i++)
        good &= set_monitor(i);
    for (i = 0; i < ACCESSES; i++)
        one_access();
    for (i = 0; i < monitor_count; i++)
        good &= ConfigureEptUnHookMonitor(i);
    return good;
}

static void tell_all(bool good)
{
    static char name[128];
    int i;

    report_length += scnprintf(report_text, sizeof(report_text), "# seed %u\n", seed);
    expect("all monitors could be set, and unset", good, true);
    for (i = 0; i < ARRAY_SIZE(kinds); i++) {
        scnprintf(name, sizeof(name), "%s: what the oracle says", kinds[i].name);
        expect(name, wrong[i], 0);
        scnprintf(name, sizeof(name), "%s: of which some are events", kinds[i].name);
        report(events[i] > 20 && tried[i] > 100, name, events[i], tried[i]);
    }
    report_length +=
        scnprintf(report_text + report_length, sizeof(report_text) - report_length, "%s", first_wrong);
}

static int __init monitor_oracle_init(void)
{
    VMM_CALLBACKS callbacks = {.VmmCallbackTriggerEvents = on_event};
    bool good               = true;
    int round;

    buffer  = (u8 *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, get_order(SIZE));
    outside = kmalloc(256, GFP_KERNEL);
    if (buffer == NULL || outside == NULL || !VmFuncInitVmm(&callbacks)) {
        free_pages((unsigned long)buffer, get_order(SIZE));
        kfree(outside);
        return -EIO;
    }
    next_random = seed;
    outside += 64; /* strings and the stack go both ways */
    for (round = 0; round < ROUNDS; round++)
        good &= one_round();
    VmFuncUninitVmm();
    free_pages((unsigned long)buffer, get_order(SIZE));
    kfree(outside - 64);
    tell_all(good);
    return report_publish("monitor-oracle");
}

static void __exit monitor_oracle_exit(void)
{
    report_withdraw("monitor-oracle");
}

module_init(monitor_oracle_init);
module_exit(monitor_oracle_exit);
MODULE_DESCRIPTION("Monitors against an oracle");
MODULE_LICENSE("GPL");

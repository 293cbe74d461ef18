// SPDX-License-Identifier: GPL-2.0-only
/*
 * debug-trace.c - code of the kernel that is traced by the debug registers and RFLAGS.TF, for tests. Reading
 * /proc/debug-trace runs it in several ways and tells each debug exception: where, and DR6 as the processor
 * left it. The text is the same on a machine with and without us.
 *
 * Labels dt_... are for hooks: under some instructions a hidden breakpoint is carried out without a step.
 */
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/objtool.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <asm/debugreg.h>
#include <asm/processor-flags.h>

#define MAX_TRAPS 192
#define PORT      0x80 /* keeps a byte, does nothing */
#define TF        0x100
#define DR7_GD    0x2000

/* RDI: a bit of RFLAGS to be set on the way. RSI: not 0 for two STIs. Runs on a stack of its own, so that a
 * breakpoint can lie there.
 */
asm(".pushsection .text\n"
    ".balign 64\n"
    ".globl debug_trace_code, dt_nop, dt_push, dt_mov, dt_store, dt_cpuid, dt_shadow, dt_shadow_mov, dt_out, "
    "dt_iret, dt_sti, dt_after_sti, dt_wrmsr, dt_load_ss, dt_load_ss_again, dt_end\n"
    ".type debug_trace_code, @function\n"
    "debug_trace_code:\n" ANNOTATE_NOENDBR "    push %rbx\n"
    "    push %rbp\n"
    "    mov %rsi, %r8\n"
    "    mov %rsp, %rbp\n"
    "    lea debug_trace_stack_end(%rip), %rsp\n"
    "    pushfq\n"
    "    or %rdi, (%rsp)\n"
    "    popfq\n"
    "    nop\n"
    "dt_nop:\n" ANNOTATE_NOENDBR "    .byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
    "dt_push:\n" ANNOTATE_NOENDBR "    push %rax\n"
    "    pop %rax\n"
    "dt_mov:\n" ANNOTATE_NOENDBR "    mov $0x5a, %eax\n"
    "dt_store:\n" ANNOTATE_NOENDBR "    mov %eax, debug_trace_data(%rip)\n"
    "    addl $1, debug_trace_data(%rip)\n"
    "    lea debug_trace_data(%rip), %rdi\n"
    "    mov $4, %ecx\n"
    "    rep stosb\n"
    "    xor %eax, %eax\n"
    "    xor %ecx, %ecx\n"
    "dt_cpuid:\n" ANNOTATE_NOENDBR "    cpuid\n"
    "    mov $0xc0000083, %ecx\n" /* IA32_CSTAR, which nobody uses */
    "    rdmsr\n"
    "dt_wrmsr:\n" ANNOTATE_NOENDBR "    wrmsr\n"
    "    xor %ecx, %ecx\n"
    "    xgetbv\n"
    "    xsetbv\n"
    "    mov %cr0, %rax\n"
    "    mov %rax, %cr0\n"
    "    mov %cr3, %rax\n"
    "    mov %rax, %cr3\n"
    "    mov %cr4, %rax\n"
    "    mov %rax, %cr4\n"
    "    mov %dr1, %rax\n"
    "    mov %rax, %dr1\n"
    "    rdtsc\n"
    "    rdtscp\n"
    "    mov %ss, %eax\n"
    "    mov %eax, %ss\n"
    "    nop\n"
    "    mov %eax, %ss\n"
    "    cpuid\n"
    "    mov %ss, %eax\n"
    "dt_load_ss:\n" ANNOTATE_NOENDBR "    mov %eax, %ss\n"
    "dt_shadow:\n" ANNOTATE_NOENDBR "    .byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
    "dt_load_ss_again:\n" ANNOTATE_NOENDBR "    mov %eax, %ss\n"
    "dt_shadow_mov:\n" ANNOTATE_NOENDBR "    mov $7, %ecx\n"
    "    mov $0x33, %eax\n"
    "dt_out:\n" ANNOTATE_NOENDBR "    out %al, $0x80\n"
    "    in $0x80, %al\n"
    "    lea debug_trace_data(%rip), %rsi\n"
    "    mov $0x80, %edx\n"
    "    outsb\n"
    "    mov $3, %ecx\n"
    "    rep outsb\n"
    "    mov %ss, %eax\n"
    "    mov %rsp, %rcx\n"
    "    push %rax\n"
    "    push %rcx\n"
    "    pushfq\n"
    "    mov %cs, %eax\n"
    "    push %rax\n"
    "    lea 1f(%rip), %rax\n"
    "    push %rax\n"
    "dt_iret:\n" ANNOTATE_NOENDBR "    iretq\n"
    "1:  test %r8, %r8\n"
    "    jz 2f\n"
    "    sti\n"
    "    nop\n"
    "    cli\n"
    "dt_sti:\n" ANNOTATE_NOENDBR "    sti\n"
    "dt_after_sti:\n" ANNOTATE_NOENDBR "    nop\n"
    "    cli\n"
    "2:  pushfq\n"
    "    popfq\n"
    "    nop\n"
    "    pushfq\n"
    "    andq $~0x100, (%rsp)\n"
    "    popfq\n"
    "    nop\n"
    "dt_end:\n" ANNOTATE_NOENDBR "    mov %rbp, %rsp\n"
    "    pop %rbp\n"
    "    pop %rbx\n"
    "    jmp __x86_return_thunk\n"
    ".size debug_trace_code, . - debug_trace_code\n"
    ".popsection\n");

void debug_trace_code(u64 rflags, u64 may_interrupt);
STACK_FRAME_NON_STANDARD(debug_trace_code);
extern const char dt_nop[], dt_push[], dt_mov[], dt_store[], dt_cpuid[], dt_shadow[], dt_shadow_mov[],
    dt_out[], dt_iret[], dt_sti[], dt_after_sti[], dt_wrmsr[], dt_end[];

u64 debug_trace_stack[256];
asm(".globl debug_trace_stack_end\n.set debug_trace_stack_end, debug_trace_stack + 2048\n");
/* What is monitored; a page of its own, so that nothing else of the module is. */
u32 debug_trace_data[PAGE_SIZE / 4] __aligned(PAGE_SIZE);

#define STACK_SLOT (debug_trace_stack + 255)

/* --- what happens --- */

static struct {
    s64 where; /* in the code; -1: elsewhere */
    u64 dr6;
} traps[MAX_TRAPS];
static int trap_count;
static u64 fault_at[4]; /* instructions with a breakpoint: RF lets them pass */

static int on_die(struct notifier_block *block, unsigned long reason, void *data)
{
    struct die_args *args = data;
    unsigned long *dr6    = (unsigned long *)ERR_PTR(args->err);
    const u64 ip          = args->regs->ip;
    int i;

    if (reason != DIE_DEBUG || !irqs_disabled() || !trap_count)
        return NOTIFY_DONE;
    if (trap_count <= MAX_TRAPS) {
        traps[trap_count - 1].dr6 = *dr6;
        traps[trap_count - 1].where =
            ip >= (u64)debug_trace_code && ip <= (u64)dt_end ? (s64)(ip - (u64)debug_trace_code) : -1;
        trap_count++;
    }
    for (i = 0; i < 4; i++)
        if (fault_at[i] == ip && (*dr6 & (1ul << i)))
            args->regs->flags |= X86_EFLAGS_RF;
    if (trap_count > MAX_TRAPS) { /* one that comes again and again */
        args->regs->ip    = (u64)dt_end;
        args->regs->flags = (args->regs->flags & ~(u64)TF) | X86_EFLAGS_RF;
    }
    *dr6 = 0;
    return NOTIFY_STOP;
}

static struct notifier_block die_block = {.notifier_call = on_die, .priority = INT_MAX};

/* --- the ways --- */

#define ON(n, condition, length)                                                                             \
    ((2ull << (2 * (n))) | ((condition) << (16 + 4 * (n))) | ((length) << (18 + 4 * (n))))
#define EXECUTE(n) ON(n, 0ull, 0ull)
#define WRITE4(n)  ON(n, 1ull, 3ull)
#define WRITE1(n)  ON(n, 1ull, 0ull)
#define IO1(n)     ON(n, 2ull, 0ull)
#define ACCESS4(n) ON(n, 3ull, 3ull)
#define ACCESS8(n) ON(n, 3ull, 2ull)

struct way {
    const char *name;
    u64 rflags;
    const void *address[4];
    u64 dr7, cr4;
    bool is_closed; /* no interrupts: they would use the stack, too */
};

static const struct way ways[] = {
    {.name = "TF", .rflags = TF},
    {.name    = "execution, write",
     .address = {dt_nop, dt_mov, debug_trace_data, dt_cpuid},
     .dr7     = EXECUTE(0) | EXECUTE(1) | WRITE4(2) | EXECUTE(3)},
    {.name    = "execution, write, TF",
     .rflags  = TF,
     .address = {dt_nop, dt_mov, debug_trace_data, dt_cpuid},
     .dr7     = EXECUTE(0) | EXECUTE(1) | WRITE4(2) | EXECUTE(3)},
    {.name      = "execution, stack",
     .address   = {dt_push, dt_store, STACK_SLOT, dt_wrmsr},
     .dr7       = EXECUTE(0) | EXECUTE(1) | ACCESS8(2) | EXECUTE(3),
     .is_closed = true},
    {.name      = "execution, stack, TF",
     .rflags    = TF,
     .address   = {dt_push, dt_store, STACK_SLOT, dt_wrmsr},
     .dr7       = EXECUTE(0) | EXECUTE(1) | ACCESS8(2) | EXECUTE(3),
     .is_closed = true},
    {.name    = "access, a byte, shadows",
     .address = {debug_trace_data, (const char *)debug_trace_data + 1, dt_shadow, dt_shadow_mov},
     .dr7     = ACCESS4(0) | WRITE1(1) | EXECUTE(2) | EXECUTE(3)},
    {.name    = "ports, IRET, STI",
     .address = {(const void *)PORT, dt_iret, dt_sti, dt_after_sti},
     .dr7     = IO1(0) | EXECUTE(1) | EXECUTE(2) | EXECUTE(3),
     .cr4     = X86_CR4_DE},
    {.name    = "ports, IRET, STI, TF",
     .rflags  = TF,
     .address = {(const void *)PORT, dt_iret, dt_out, dt_after_sti},
     .dr7     = IO1(0) | EXECUTE(1) | EXECUTE(2) | EXECUTE(3),
     .cr4     = X86_CR4_DE},
    {.name = "general detect", .dr7 = DR7_GD},
    {.name = "general detect, TF", .rflags = TF, .dr7 = DR7_GD},
};

static void set_breakpoints(const struct way *way)
{
    int i;

    for (i = 0; i < 4; i++)
        fault_at[i] = (u64)way->address[i];
    asm volatile("mov %0, %%dr0" : : "r"(way->address[0]));
    asm volatile("mov %0, %%dr1" : : "r"(way->address[1]));
    asm volatile("mov %0, %%dr2" : : "r"(way->address[2]));
    asm volatile("mov %0, %%dr3" : : "r"(way->address[3]));
    asm volatile("mov %0, %%dr6" : : "r"((u64)DR6_RESERVED));
    asm volatile("mov %0, %%dr7" : : "r"(way->dr7 | 0x400) : "memory");
}

/* Gives DR7 as the code leaves it. */
static u64 clear_breakpoints(void)
{
    u64 dr7;

    asm volatile("mov %%dr7, %0" : "=r"(dr7) : : "memory");
    asm volatile("mov %0, %%dr7" : : "r"(0x400ul) : "memory");
    asm volatile("mov %0, %%dr0\n\tmov %0, %%dr1\n\tmov %0, %%dr2\n\tmov %0, %%dr3" : : "r"(0ul));
    return dr7;
}

static u64 run(const struct way *way)
{
    unsigned long flags;
    u64 cr4, dr7;

    preempt_disable();
    local_irq_save(flags);
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    if (way->cr4)
        asm volatile("mov %0, %%cr4" : : "r"(cr4 | way->cr4));
    trap_count = 1;
    set_breakpoints(way);
    debug_trace_code(way->rflags, !way->is_closed);
    dr7 = clear_breakpoints();
    if (way->cr4)
        asm volatile("mov %0, %%cr4" : : "r"(cr4));
    local_irq_restore(flags);
    preempt_enable();
    return dr7;
}

static int show(struct seq_file *seq, void *unused)
{
    int i, j;
    u64 dr7;

    for (i = 0; i < ARRAY_SIZE(ways); i++) {
        dr7 = run(&ways[i]);
        seq_printf(seq, "%s: %d traps, DR7 %llx, byte %x\n", ways[i].name, trap_count - 1, dr7,
                   debug_trace_data[0]);
        for (j = 0; j < trap_count - 1; j++)
            seq_printf(seq, "%llx:%llx ", traps[j].where, traps[j].dr6);
        seq_puts(seq, "\n");
        trap_count = 0;
    }
    return 0;
}

/* The kernel's own handler, which would be asked first, takes traps of debug registers that it has not set.
 */
static struct notifier_block *kernels_block;

static struct notifier_block *find_kernels_block(void)
{
    struct kprobe probe = {.symbol_name = "kallsyms_lookup_name"};
    unsigned long (*lookup)(const char *name);

    if (register_kprobe(&probe))
        return NULL;
    lookup = (void *)probe.addr;
    unregister_kprobe(&probe);
    return (struct notifier_block *)lookup("hw_breakpoint_exceptions_nb");
}

static int __init debug_trace_init(void)
{
    kernels_block = find_kernels_block();
    if (!kernels_block)
        return -ENOENT;
    if (!proc_create_single("debug-trace", 0400, NULL, show))
        return -ENOMEM;
    unregister_die_notifier(kernels_block);
    register_die_notifier(&die_block);
    return 0;
}

static void __exit debug_trace_exit(void)
{
    remove_proc_entry("debug-trace", NULL);
    unregister_die_notifier(&die_block);
    register_die_notifier(kernels_block);
}

module_init(debug_trace_init);
module_exit(debug_trace_exit);
MODULE_DESCRIPTION("Traces code of its own by the debug registers, for tests");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * entry-hooks.c - hidden breakpoints on the kernel's entry code and on what is executed within a step: the
 * way of page faults that a stepped instruction raises, of NMIs, and of interrupts that wait for a step's
 * end. Each is hit exactly as often as it is passed.
 *
 * Loading the module runs the tests; /proc/entry-hooks then has their TAP lines. The VMM must not be loaded:
 * this module is its user.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/objtool.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/asm.h>
#include <asm/hardirq.h>
#include <asm/irq_vectors.h>
#include <asm/nmi.h>

#include "SDK/imports/VmmImports.h"
#include "platform/linux/KernelSymbols.h"
#include "tests/vm/modules/KernelTap.h"

#define TIMES       300
#define PATIENCE_US 20000
#define NOWHERE     0xffff800000001000ul /* in the hole that the kernel leaves to hypervisors */

/* --- what the VMM tells --- */

enum { TARGET, ENTRY, HANDLER, WATCHED };

static struct {
    u64 address;
    long hits;
} watched[WATCHED];
static int test_core;

/* Of this core: others take interrupts of their own. */
static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE on_event(VMM_EVENT_TYPE_ENUM type,
                                                          VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE stage,
                                                          PVOID context, BOOLEAN *post_event_required,
                                                          GUEST_REGS *regs)
{
    int i;

    for (i = 0; type == HIDDEN_HOOK_EXEC_CC && raw_smp_processor_id() == test_core && i < WATCHED; i++)
        if (watched[i].address == (UINTPTR)context)
            watched[i].hits++;
    return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

/* --- the hooked instruction: it is stepped, and may fault --- */

asm(".pushsection .text\n.balign 16\n.type load_word, @function\nload_word:\n" ANNOTATE_NOENDBR
    "1: mov (%rdi), %rax\n jmp __x86_return_thunk\n"
    "2: mov $-1, %rax\n jmp __x86_return_thunk\n" _ASM_EXTABLE(1b, 2b) ".size load_word, . - load_word\n"
                                                                       ".popsection");
long load_word(const long *address);

static u64 target_address(void)
{
    void *start = load_word;

    OPTIMIZER_HIDE_VAR(start);
    return (UINTPTR)start;
}

/* --- one case --- */

static bool hook(int index, u64 address)
{
    watched[index].address = address;
    return address != 0 && ConfigureEptHook(address, VMM_NO_PROCESS) == 0;
}

static void begin(const char *entry, const char *handler)
{
    bool good = hook(TARGET, target_address()) && hook(ENTRY, (UINTPTR)KernelSymbolFind(entry)) &&
                hook(HANDLER, (UINTPTR)KernelSymbolFind(handler));

    expect(entry, good, true);
    preempt_disable();
    test_core            = raw_smp_processor_id();
    watched[TARGET].hits = watched[ENTRY].hits = watched[HANDLER].hits = 0;
}

static void end(long targets, long entries)
{
    int i;

    preempt_enable();
    expect("the stepped instruction is hit as often as it is executed", watched[TARGET].hits, targets);
    expect("the entry as often as it is passed", watched[ENTRY].hits, entries);
    expect("and the function behind it", watched[HANDLER].hits, entries);
    for (i = 0; i < WATCHED; i++)
        ConfigureEptUnHook(watched[i].address, VMM_NO_PROCESS);
}

/* The fault is delivered within the step of the instruction that raises it. */
static void test_faults(void)
{
    unsigned long flags;
    long faults = 0, i;

    begin("asm_exc_page_fault", "exc_page_fault");
    local_irq_save(flags);
    for (i = 0; i < TIMES; i++)
        faults += load_word((const long *)NOWHERE) == -1;
    local_irq_restore(flags);
    end(TIMES, TIMES);
    expect("every fault has come to its fixup", faults, TIMES);
}

static atomic_t nmi_count;
static bool nmi_expected;
static long nmi_value = 7;

static int nmi_arrived(unsigned int type, struct pt_regs *regs)
{
    if (!nmi_expected)
        return NMI_DONE;
    if (load_word(&nmi_value) == nmi_value)
        atomic_inc(&nmi_count);
    return NMI_HANDLED;
}

static void test_nmis(void)
{
    int i, patience;

    if (register_nmi_handler(NMI_LOCAL, nmi_arrived, 0, "entry-hooks"))
        return;
    begin("asm_exc_nmi", "exc_nmi");
    nmi_expected = true;
    for (i = 1; i <= TIMES; i++) {
        apic->send_IPI(test_core, NMI_VECTOR);
        for (patience = 0; atomic_read(&nmi_count) < i && patience < PATIENCE_US; patience++)
            udelay(1);
    }
    nmi_expected = false;
    end(TIMES, TIMES);
    expect("every NMI has arrived", atomic_read(&nmi_count), TIMES);
    unregister_nmi_handler(NMI_LOCAL, "entry-hooks");
}

/* The interrupt waits while the instruction is stepped, and is taken as soon as it is done. */
static void test_interrupts(void)
{
    long before, i, wrong = 0;

    begin("asm_sysvec_reschedule_ipi", "sysvec_reschedule_ipi");
    local_irq_disable();
    before = per_cpu(irq_stat, test_core).irq_resched_count;
    for (i = 0; i < TIMES; i++) {
        apic->send_IPI(test_core, RESCHEDULE_VECTOR);
        asm volatile("sti" : : : "memory");
        wrong += load_word(&i) != i;
        asm volatile("cli" : : : "memory");
    }
    i = per_cpu(irq_stat, test_core).irq_resched_count - before;
    local_irq_enable();
    end(TIMES, i);
    expect("the interrupts have come", i >= TIMES, true);
    expect("the instruction does what it did", wrong, 0);
}

static int __init entry_hooks_init(void)
{
    VMM_CALLBACKS callbacks = {.VmmCallbackTriggerEvents = on_event};

    if (!VmFuncInitVmm(&callbacks))
        return -EIO;
    test_faults();
    test_nmis();
    test_interrupts();
    VmFuncUninitVmm();
    return report_publish("entry-hooks");
}

static void __exit entry_hooks_exit(void)
{
    report_withdraw("entry-hooks");
}

module_init(entry_hooks_init);
module_exit(entry_hooks_exit);
MODULE_DESCRIPTION("Tests of hidden breakpoints on entry code");
MODULE_LICENSE("GPL");

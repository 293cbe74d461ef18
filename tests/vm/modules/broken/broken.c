// SPDX-License-Identifier: GPL-2.0-only
/*
 * broken.c - takes the machine down in the way that it is asked for, to see that the testbed notices.
 * Context: process.
 */
#include <linux/module.h>
#include <linux/io.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/fixmap.h>

static char *how = "";
module_param(how, charp, 0);
MODULE_PARM_DESC(how,
                 "triple: a fault that no core survives; spin: every core busy for ever, interrupts off; "
                 "init: core 1 is reset by INIT and started elsewhere, which a panic tells");

/* What the register dump must show. */
#define MARK 0x5eed5eedUL

static void broken_triple_fault(void)
{
    struct {
        u16 limit;
        u64 base;
    } __packed empty = {0, 0};

    asm volatile("cli; lidt %0; int3" : : "m"(empty), "a"(MARK));
}

static void broken_spin(void *unused)
{
    asm volatile("cli\n1: pause; test %0, %0; jnz 1b" : : "a"(MARK));
}

/* Real mode, at the vector of a SIPI: cli; mov al, 5a; mov cs:[80], al; hlt; jmp to the hlt. */
#define START_PAGE 0x70UL
#define START_MARK 0x80
static const u8 start_code[] = {0xfa, 0xb0, 0x5a, 0x2e, 0xa2, START_MARK, 0, 0xf4, 0xeb, 0xfd};

/* By the xAPIC's own registers: the kernel has no function for it that modules may call. */
static void broken_send(u32 apic_id, u32 command)
{
    int rounds;

    writel(SET_XAPIC_DEST_FIELD(apic_id), (void __iomem *)(APIC_BASE + APIC_ICR2));
    writel(command, (void __iomem *)(APIC_BASE + APIC_ICR));
    for (rounds = 0; rounds < 20000; rounds++)
        cpu_relax();
}

/* The kernel keeps the first MiB free for itself. */
static void broken_init_core(void)
{
    volatile u8 *page = __va(START_PAGE << PAGE_SHIFT);

    memcpy((void *)page, start_code, sizeof(start_code));
    page[START_MARK] = 0;
    local_irq_disable();
    broken_send(cpu_physical_id(1), APIC_INT_LEVELTRIG | APIC_INT_ASSERT | APIC_DM_INIT);
    broken_send(cpu_physical_id(1), APIC_INT_LEVELTRIG | APIC_DM_INIT);
    broken_send(cpu_physical_id(1), APIC_DM_STARTUP | START_PAGE);
    broken_send(cpu_physical_id(1), APIC_DM_STARTUP | START_PAGE);
    panic("core 1 %s", page[START_MARK] == 0x5a ? "began at its vector" : "did not begin");
}

static int __init broken_init(void)
{
    if (!strcmp(how, "triple"))
        broken_triple_fault();
    else if (!strcmp(how, "spin"))
        on_each_cpu(broken_spin, NULL, 1);
    else if (!strcmp(how, "init"))
        broken_init_core();
    return -EINVAL;
}

module_init(broken_init);
MODULE_DESCRIPTION("takes the machine down");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * broken.c - takes the machine down in the way that it is asked for, to see that the testbed notices.
 * Context: process.
 */
#include <linux/module.h>
#include <linux/smp.h>

static char *how = "";
module_param(how, charp, 0);
MODULE_PARM_DESC(how,
                 "triple: a fault that no core survives; spin: every core busy for ever, interrupts off");

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

static int __init broken_init(void)
{
    if (!strcmp(how, "triple"))
        broken_triple_fault();
    else if (!strcmp(how, "spin"))
        on_each_cpu(broken_spin, NULL, 1);
    return -EINVAL;
}

module_init(broken_init);
MODULE_DESCRIPTION("takes the machine down");
MODULE_LICENSE("GPL");

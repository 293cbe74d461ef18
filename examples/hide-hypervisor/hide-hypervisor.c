// SPDX-License-Identifier: GPL-2.0-only
/*
 * hide-hypervisor.c - a third party's tool on hyperhv, in a page: programs see no hypervisor in CPUID.
 *
 * Of the twenty callbacks it fills in one. It watches CPUID, and after leaf 1 (stage POST) clears the bit
 * that announces a hypervisor (ECX[31]). Load hyperhv.ko, then this; unload this, and the bit is back.
 */
#include <linux/atomic.h>
#include <linux/module.h>

#include "SDK/imports/VmmImports.h"

#define CPUID_1_ECX_HYPERVISOR (1ull << 31)

static atomic_long_t hidden; /* how often the bit was cleared */

/* In VMX root mode, on the core that executes CPUID: no kernel function may be called here. */
static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE on_event(VMM_EVENT_TYPE_ENUM type,
                                                          VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE stage,
                                                          PVOID context, BOOLEAN *post_event_required,
                                                          GUEST_REGS *regs)
{
    if (type != CPUID_INSTRUCTION_EXECUTION || (UINTPTR)context != 1)
        return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;

    if (stage == VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION) {
        *post_event_required = TRUE; /* call again when the result is there */
    } else if (regs->rcx & CPUID_1_ECX_HYPERVISOR) {
        regs->rcx &= ~CPUID_1_ECX_HYPERVISOR;
        atomic_long_inc(&hidden);
    }
    return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

static int __init hide_hypervisor_init(void)
{
    VMM_CALLBACKS callbacks = {.VmmCallbackTriggerEvents = on_event};

    if (!VmFuncInitVmm(&callbacks))
        return -EIO;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    pr_info("hide-hypervisor: watching CPUID on %u cores\n", VmFuncGetCoreCount());
    return 0;
}

static void __exit hide_hypervisor_exit(void)
{
    VmFuncUninitVmm();
    pr_info("hide-hypervisor: the bit was cleared %ld times\n", atomic_long_read(&hidden));
}

module_init(hide_hypervisor_init);
module_exit(hide_hypervisor_exit);

MODULE_DESCRIPTION("Clears the hypervisor bit of CPUID, as an example of a tool on hyperhv");
MODULE_LICENSE("GPL");

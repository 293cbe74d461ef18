// SPDX-License-Identifier: GPL-2.0-only
/*
 * leave-nmi.c - an NMI of the kernel's that comes to a core in the exit in which it leaves VMX operation by
 * itself, as in a panic: the kernel gets it, once.
 *
 * Loading the module runs the test; /proc/leave-nmi then has its TAP lines. The VMM must not be loaded: this
 * module is its user. It wants two cores.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/nmi.h>

#include "SDK/VmcallNumbers.h"
#include "SDK/imports/VmmImports.h"
#include "tests/vm/modules/KernelTap.h"

#define PATIENCE_US 20000
/* A core takes an NMI within some instructions. */
#define TAKEN_US 100

static int other;               /* the core that is asked */
static int is_inside, may_go;   /* of an exit that the other core makes */
static int is_leaving, may_end; /* of the next one, in which it leaves */
static atomic_t arrived, done;

static void stay(int *is_here, const int *may_leave)
{
    if (raw_smp_processor_id() != other)
        return;
    WRITE_ONCE(*is_here, 1);
    while (!READ_ONCE(*may_leave))
        cpu_relax();
}

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE on_event(VMM_EVENT_TYPE_ENUM type,
                                                          VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE stage,
                                                          PVOID context, BOOLEAN *post_event_required,
                                                          GUEST_REGS *regs)
{
    stay(&is_inside, &may_go);
    return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

/* Called first in the exit that the request has asked for, one instruction later. */
static BOOLEAN on_trap(UINT32 core)
{
    stay(&is_leaving, &may_end);
    return FALSE;
}

static int nmi_arrived(unsigned int type, struct pt_regs *regs)
{
    if (raw_smp_processor_id() != other || !READ_ONCE(is_inside))
        return NMI_DONE;
    atomic_inc(&arrived);
    return NMI_HANDLED;
}

static void make_exit(void *unused)
{
    cpuid_eax(0);
    atomic_inc(&done);
}

static bool wait_for(const int *what)
{
    int patience;

    for (patience = 0; READ_ONCE(*what) == 0 && patience < PATIENCE_US; patience++)
        udelay(1);
    return READ_ONCE(*what) != 0;
}

static u64 others_leave(void)
{
    register u64 r10 asm("r10") = VMCALL_SIGNATURE_R10;
    register u64 r11 asm("r11") = VMCALL_SIGNATURE_R11;
    register u64 r12 asm("r12") = VMCALL_SIGNATURE_R12;
    u64 result;

    asm volatile("vmcall" : "=a"(result) : "c"(VMCALL_OTHERS_LEAVE), "r"(r10), "r"(r11), "r"(r12) : "memory");
    return result;
}

static void test_leave(void)
{
    UINT32 cores = VmFuncGetCoreCount();

    preempt_disable();
    other = cpumask_any_but(cpu_online_mask, smp_processor_id());
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    smp_call_function_single(other, make_exit, NULL, 0);
    expect("the other core is in an exit", wait_for(&is_inside), true);
    expect("all others are asked to leave", others_leave(), 0);
    udelay(TAKEN_US);
    WRITE_ONCE(may_go, 1);
    expect("it is in the exit in which it leaves", wait_for(&is_leaving), true);
    apic->send_IPI(other, NMI_VECTOR);
    udelay(TAKEN_US);
    expect("the NMI waits", atomic_read(&arrived), 0);
    WRITE_ONCE(may_end, 1);
    expect("the other core goes on", wait_for(&done.counter), true);
    expect("it has left", cores - VmFuncGetCoreCount(), 1);
    expect("the kernel has got the NMI", atomic_read(&arrived), 1);
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, FALSE);
    preempt_enable();
}

static int __init leave_nmi_init(void)
{
    VMM_CALLBACKS callbacks = {.VmmCallbackTriggerEvents                     = on_event,
                               .BreakpointCheckAndHandleReApplyingBreakpoint = on_trap};

    if (num_online_cpus() < 2 || register_nmi_handler(NMI_LOCAL, nmi_arrived, 0, "leave-nmi"))
        return -EINVAL;
    if (!VmFuncInitVmm(&callbacks)) {
        unregister_nmi_handler(NMI_LOCAL, "leave-nmi");
        return -EIO;
    }
    test_leave();
    VmFuncUninitVmm();
    unregister_nmi_handler(NMI_LOCAL, "leave-nmi");
    return report_publish("leave-nmi");
}

static void __exit leave_nmi_exit(void)
{
    report_withdraw("leave-nmi");
}

module_init(leave_nmi_init);
module_exit(leave_nmi_exit);
MODULE_DESCRIPTION("Tests that no NMI is lost when a core leaves by itself");
MODULE_LICENSE("GPL");

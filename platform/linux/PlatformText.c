// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformText.c - the kernel's code, as ftrace knows it. Context: process.
 */
#include <linux/cpu.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>

#include "platform/PlatformText.h"
#include "platform/linux/KernelSymbols.h"

BOOLEAN PlatformTextFunctionEntry(UINT64 Address, UINT64 *Entry)
{
    static unsigned long (*FtraceLocation)(unsigned long);

    if (FtraceLocation == NULL)
        FtraceLocation = KernelSymbolFind("ftrace_location");
    if (FtraceLocation == NULL)
        return FALSE;
    *Entry = FtraceLocation(Address);
    return *Entry != 0;
}

static int Nothing(void *Context)
{
    return 0;
}

/* RCU tasks knows of every thread but the idle ones, which leave what they do when another has to run. */
VOID PlatformTextWaitForThreads(VOID)
{
    unsigned int Cpu;

    synchronize_rcu_tasks();
    cpus_read_lock();
    for_each_online_cpu(Cpu) smp_call_on_cpu(Cpu, Nothing, NULL, false);
    cpus_read_unlock();
}

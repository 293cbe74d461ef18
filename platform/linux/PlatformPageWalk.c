// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformPageWalk.c - the page tables of an address space, entry by entry, as the processor reads them.
 *
 * Context: process. SDM Vol. 3, 4.5.
 */
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <asm/io.h>

#include "platform/PlatformPageWalk.h"
#include "platform/linux/KernelSymbols.h"

static void walk_tables(u64 table, u64 address, PLATFORM_PAGE_WALK *walk)
{
    u32 level = walk->TopLevel, shift;
    u64 entry;

    for (;; level--) {
        shift = PAGE_SHIFT + 9 * (level - 1);
        table += (address >> shift & 511) * sizeof(entry);
        entry = READ_ONCE(*(u64 *)phys_to_virt(table));

        walk->Entry[walk->Count].Address = table;
        walk->Entry[walk->Count].Value   = entry;
        walk->Count++;
        if (!(entry & _PAGE_PRESENT))
            return;
        table = entry & PHYSICAL_PAGE_MASK;
        if (level == 1 || (level <= 3 && (entry & _PAGE_PSE)))
            break;
    }
    walk->PageShift = shift;
    walk->Physical  = (table & ~((1ull << shift) - 1)) | (address & ((1ull << shift) - 1));
}

/* Tables are freed only after an interrupt, or a grace period, of every core that might be walking them. */
static bool walk_mm(struct mm_struct *mm, u64 address, PLATFORM_PAGE_WALK *walk)
{
    unsigned int unused = 64 - (pgtable_l5_enabled() ? 57 : 48);
    unsigned long flags;

    if ((u64)((s64)(address << unused) >> unused) != address)
        return false;
    *walk = (PLATFORM_PAGE_WALK){.TopLevel = pgtable_l5_enabled() ? 5 : 4};
    local_irq_save(flags);
    walk_tables(__pa(mm->pgd), address, walk);
    local_irq_restore(flags);
    return true;
}

/* To be put. NULL: there is no such process, or it is one of the kernel's own threads. */
static struct mm_struct *get_mm_of(u32 process_id)
{
    struct pid *pid          = find_get_pid(process_id);
    struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);
    struct mm_struct *mm     = task ? get_task_mm(task) : NULL;

    if (task)
        put_task_struct(task);
    put_pid(pid);
    return mm;
}

BOOLEAN PlatformPageWalk(UINT32 ProcessId, UINT64 Virtual, PLATFORM_PAGE_WALK *Walk)
{
    static struct mm_struct *kernel_mm; /* looked for once */
    struct mm_struct *mm;
    bool done;

    if (ProcessId == PLATFORM_ALL_PROCESSES) {
        if (!kernel_mm)
            kernel_mm = KernelSymbolFind("init_mm");
        return kernel_mm && walk_mm(kernel_mm, Virtual, Walk);
    }
    mm = get_mm_of(ProcessId);
    if (!mm)
        return FALSE;
    done = walk_mm(mm, Virtual, Walk);
    mmput(mm);
    return done;
}

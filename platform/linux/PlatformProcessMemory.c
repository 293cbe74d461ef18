// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformProcessMemory.c - the memory of a process, on the Linux kernel's MMU notifiers.
 *
 * How threads are held: each gets a piece of work that the kernel does before it lets the thread go to user
 * mode (task_work), and is prodded; then every core takes an interrupt, after which no thread is in user mode
 * without having done its work. Page tables change later than that: the notifier is told first. What becomes
 * mapped is not told by the kernel; while something waits for it, a probe on handle_mm_fault, which all
 * faults pass, gives the threads work too.
 *
 * Context: as PlatformProcessMemory.h says at each.
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/version.h>
#include <asm/io.h>

#include "platform/PlatformProcessMemory.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformProcess.h"
#include "platform/linux/KernelSymbols.h"

/* A thread that is to call Resolve before it is in user mode. */
struct hold {
    struct callback_head Work;
    struct list_head Link; /* of the space's Holds, until it begins */
    PLATFORM_PROCESS_MEMORY *Space;
    struct task_struct *Task; /* referenced while on the list */
    bool IsTried;             /* PlatformProcessMemoryClose has tried to take it back */
    struct rcu_head Rcu;
};

struct _PLATFORM_PROCESS_MEMORY {
    struct mmu_notifier Notifier;
    struct mm_struct *Mm; /* the notifier's; its users are not counted */
    const PLATFORM_PROCESS_MEMORY_USER *User;
    PVOID Context;

    spinlock_t Lock; /* guards what follows */
    struct list_head Holds;
    unsigned int HoldCount;   /* on the list, or at work */
    unsigned int Withdrawals; /* between the holding of threads and the end of Withdraw */
    unsigned int Changes;     /* of page tables, under way */
    u64 Moment;               /* changes so far */
    wait_queue_head_t Wait;   /* for one of the counts to become 0 */

    struct list_head Watched;         /* of WatchedSpaces; empty while not watched */
    const struct task_struct *Reader; /* the task that is in PlatformProcessMemoryLookUp */
};

/* Not exported: takes work back from a thread. Looked for once. */
static struct callback_head *(*CancelWork)(struct task_struct *Task,
                                           bool (*Match)(struct callback_head *Work, void *Data), void *Data);

/* --- holding threads --- */

static void HoldFree(struct hold *Hold)
{
    put_task_struct(Hold->Task);
    kfree_rcu(Hold, Rcu);
}

/* One of the space's counts goes down; who waits for it is told. */
static void CountDown(PLATFORM_PROCESS_MEMORY *Space, unsigned int *Count)
{
    spin_lock(&Space->Lock);
    if (--*Count == 0)
        wake_up_all(&Space->Wait);
    spin_unlock(&Space->Lock);
}

/* On the thread, before it goes to user mode. The last lines are under RCU, for Close to wait for: then they
 * and the space they use may go. */
static void HoldRun(struct callback_head *Work)
{
    struct hold *Hold              = container_of(Work, struct hold, Work);
    PLATFORM_PROCESS_MEMORY *Space = Hold->Space;

    spin_lock(&Space->Lock);
    list_del(&Hold->Link);
    spin_unlock(&Space->Lock);
    HoldFree(Hold);
    wait_event(Space->Wait, READ_ONCE(Space->Withdrawals) == 0);
    Space->User->Resolve(Space->Context);
    rcu_read_lock();
    CountDown(Space, &Space->HoldCount);
    rcu_read_unlock();
}

static bool IsHeld(PLATFORM_PROCESS_MEMORY *Space, const struct task_struct *Task)
{
    const struct hold *Hold;

    list_for_each_entry(Hold, &Space->Holds, Link) if (Hold->Task == Task) return true;
    return false;
}

/* Puts it on the list, unless the thread is there. */
static bool HoldEnter(struct hold *Hold)
{
    PLATFORM_PROCESS_MEMORY *Space = Hold->Space;
    bool New;

    spin_lock(&Space->Lock);
    New = !IsHeld(Space, Hold->Task);
    if (New) {
        list_add(&Hold->Link, &Space->Holds);
        Space->HoldCount++;
    }
    spin_unlock(&Space->Lock);
    return New;
}

static void HoldWithdraw(struct hold *Hold)
{
    PLATFORM_PROCESS_MEMORY *Space = Hold->Space;

    spin_lock(&Space->Lock);
    list_del(&Hold->Link);
    spin_unlock(&Space->Lock);
    HoldFree(Hold);
    CountDown(Space, &Space->HoldCount);
}

/* False: no memory. A thread that is on its way out needs no holding. */
static bool HoldThread(PLATFORM_PROCESS_MEMORY *Space, struct task_struct *Task)
{
    struct hold *Hold = kmalloc(sizeof(*Hold), GFP_ATOMIC | __GFP_NOWARN);

    if (Hold == NULL)
        return false;
    *Hold = (struct hold){.Space = Space, .Task = get_task_struct(Task)};
    init_task_work(&Hold->Work, HoldRun);
    if (!HoldEnter(Hold))
        HoldFree(Hold);
    else if (task_work_add(Task, &Hold->Work, TWA_RESUME) != 0)
        HoldWithdraw(Hold);
    return true;
}

/* Every task that executes user code in this address space. */
static bool HoldThreads(PLATFORM_PROCESS_MEMORY *Space)
{
    struct task_struct *Process, *Task;
    bool Done = true;

    rcu_read_lock();
    for_each_process_thread(Process, Task) if (READ_ONCE(Task->mm) == Space->Mm &&
                                               !(Task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_EXITING)))
        Done &= HoldThread(Space, Task);
    rcu_read_unlock();
    return Done;
}

/* --- what the kernel tells --- */

/* The page stays what it is: only what may be done with it changes. */
static bool IsOfRights(const struct mmu_notifier_range *Range)
{
    return Range->event == MMU_NOTIFY_PROTECTION_VMA || Range->event == MMU_NOTIFY_PROTECTION_PAGE ||
           Range->event == MMU_NOTIFY_SOFT_DIRTY;
}

/* Pages that are moved to another address become mapped there without a fault. */
static bool MayMap(PLATFORM_PROCESS_MEMORY *Space, const struct mmu_notifier_range *Range)
{
    return Range->event == MMU_NOTIFY_UNMAP && !list_empty(&Space->Watched) && current->mm == Space->Mm;
}

/* A held thread waits for the withdrawal, too: else it could be in user mode again before. */
static void HoldAndWithdraw(PLATFORM_PROCESS_MEMORY *Space, const struct mmu_notifier_range *Range)
{
    bool AreHeld = HoldThreads(Space);

    PlatformCpuWaitForExits();
    Space->User->Withdraw(Space->Context, Range->start, Range->end, AreHeld);
}

static int ChangeBegins(struct mmu_notifier *Notifier, const struct mmu_notifier_range *Range)
{
    PLATFORM_PROCESS_MEMORY *Space = container_of(Notifier, PLATFORM_PROCESS_MEMORY, Notifier);

    if (IsOfRights(Range))
        return 0;
    spin_lock(&Space->Lock);
    Space->Changes++;
    Space->Moment++;
    Space->Withdrawals++;
    spin_unlock(&Space->Lock);

    if (Space->User->Concerns(Space->Context, Range->start, Range->end))
        HoldAndWithdraw(Space, Range);
    CountDown(Space, &Space->Withdrawals);
    if (MayMap(Space, Range))
        HoldThread(Space, current);
    return 0;
}

static void ChangeEnds(struct mmu_notifier *Notifier, const struct mmu_notifier_range *Range)
{
    PLATFORM_PROCESS_MEMORY *Space = container_of(Notifier, PLATFORM_PROCESS_MEMORY, Notifier);

    if (IsOfRights(Range))
        return;
    CountDown(Space, &Space->Changes);
}

static void ProcessEnded(struct mmu_notifier *Notifier, struct mm_struct *Mm)
{
    PLATFORM_PROCESS_MEMORY *Space = container_of(Notifier, PLATFORM_PROCESS_MEMORY, Notifier);

    Space->User->Ended(Space->Context);
}

static const struct mmu_notifier_ops NotifierOperations = {
    .release                = ProcessEnded,
    .invalidate_range_start = ChangeBegins,
    .invalidate_range_end   = ChangeEnds,
};

/* --- what the kernel does not tell: that something becomes mapped --- */

static DEFINE_MUTEX(WatchMutex); /* guards the probe, and is held where the list changes */
static DEFINE_SPINLOCK(WatchLock);
static LIST_HEAD(WatchedSpaces);

/* A fault maps up to a whole page table around its address. */
static int FaultBegins(struct kprobe *Probe, struct pt_regs *Regs)
{
    const struct vm_area_struct *Area = (const struct vm_area_struct *)Regs->di;
    unsigned long Start               = Regs->si & PMD_MASK;
    PLATFORM_PROCESS_MEMORY *Space;

    spin_lock(&WatchLock);
    list_for_each_entry(Space, &WatchedSpaces,
                        Watched) if (Space->Mm == Area->vm_mm && READ_ONCE(Space->Reader) != current &&
                                     Space->User->Concerns(Space->Context, Start, Start + PMD_SIZE))
        HoldThreads(Space);
    spin_unlock(&WatchLock);
    return 0;
}

static struct kprobe FaultProbe;

static bool ProbeFaults(void)
{
    FaultProbe = (struct kprobe){.symbol_name = "handle_mm_fault", .pre_handler = FaultBegins};
    if (register_kprobe(&FaultProbe) == 0)
        return true;
    pr_warn("hyperhv: page faults cannot be watched: hooks on memory that is not mapped stay out of force\n");
    return false;
}

static void WatchBegin(PLATFORM_PROCESS_MEMORY *Space)
{
    if (list_empty(&WatchedSpaces) && !ProbeFaults())
        return;
    spin_lock(&WatchLock);
    list_add(&Space->Watched, &WatchedSpaces);
    spin_unlock(&WatchLock);
}

static void WatchEnd(PLATFORM_PROCESS_MEMORY *Space)
{
    spin_lock(&WatchLock);
    list_del_init(&Space->Watched);
    spin_unlock(&WatchLock);
    if (list_empty(&WatchedSpaces))
        unregister_kprobe(&FaultProbe);
}

VOID PlatformProcessMemoryWatch(PLATFORM_PROCESS_MEMORY *Space, BOOLEAN On)
{
    mutex_lock(&WatchMutex);
    if (On && list_empty(&Space->Watched))
        WatchBegin(Space);
    else if (!On && !list_empty(&Space->Watched))
        WatchEnd(Space);
    mutex_unlock(&WatchMutex);
}

/* --- opening and closing --- */

static PLATFORM_PROCESS_MEMORY *SpaceCreate(struct mm_struct *Mm, const PLATFORM_PROCESS_MEMORY_USER *User,
                                            PVOID Context)
{
    PLATFORM_PROCESS_MEMORY *Space = kzalloc(sizeof(*Space), GFP_KERNEL);

    if (Space == NULL)
        return NULL;
    Space->Notifier.ops = &NotifierOperations;
    Space->Mm           = Mm;
    Space->User         = User;
    Space->Context      = Context;
    spin_lock_init(&Space->Lock);
    INIT_LIST_HEAD(&Space->Holds);
    INIT_LIST_HEAD(&Space->Watched);
    init_waitqueue_head(&Space->Wait);
    if (mmu_notifier_register(&Space->Notifier, Mm) == 0)
        return Space;
    kfree(Space);
    return NULL;
}

PLATFORM_PROCESS_MEMORY *PlatformProcessMemoryOpen(UINT32 ProcessId, const PLATFORM_PROCESS_MEMORY_USER *User,
                                                   PVOID Context)
{
    PLATFORM_PROCESS_MEMORY *Space;
    PLATFORM_ADDRESS_SPACE Process;

    if (CancelWork == NULL)
        CancelWork = KernelSymbolFind("task_work_cancel_match");
    if (CancelWork == NULL || !PlatformProcessAddressSpaceGet(ProcessId, &Process))
        return NULL;
    Space = SpaceCreate(Process.Handle, User, Context);
    PlatformProcessAddressSpacePut(&Process);
    return Space;
}

static bool IsWork(struct callback_head *Work, void *Data)
{
    return Work == Data;
}

static struct hold *HoldToTry(PLATFORM_PROCESS_MEMORY *Space)
{
    struct hold *Hold, *Found = NULL;

    spin_lock(&Space->Lock);
    list_for_each_entry(Hold, &Space->Holds, Link) if (!Hold->IsTried) Found = Hold;
    if (Found != NULL)
        Found->IsTried = true;
    spin_unlock(&Space->Lock);
    return Found;
}

/* A thread that sleeps would keep its work for ever. What cannot be taken back has begun. */
static void CancelHolds(PLATFORM_PROCESS_MEMORY *Space)
{
    struct hold *Hold;

    rcu_read_lock();
    while ((Hold = HoldToTry(Space)) != NULL)
        if (CancelWork(Hold->Task, IsWork, &Hold->Work) != NULL)
            HoldWithdraw(Hold);
    rcu_read_unlock();
    wait_event(Space->Wait, READ_ONCE(Space->HoldCount) == 0);
}

VOID PlatformProcessMemoryClose(PLATFORM_PROCESS_MEMORY *Space)
{
    PlatformProcessMemoryWatch(Space, FALSE);
    mmu_notifier_unregister(&Space->Notifier, Space->Mm);
    CancelHolds(Space);
    synchronize_rcu();
    kfree(Space);
}

/* --- looking up --- */

/* With page table isolation, a process has a page table for user mode in the page after the kernel's. */
UINT64 PlatformProcessMemoryRootMask(VOID)
{
    return PTE_PFN_MASK & ~(boot_cpu_has(X86_FEATURE_PTI) ? PAGE_SIZE : 0);
}

UINT64 PlatformProcessMemoryRoot(const PLATFORM_PROCESS_MEMORY *Space)
{
    return __pa(Space->Mm->pgd);
}

static struct page *GetPage(struct mm_struct *Mm, unsigned long Address, unsigned int Flags)
{
    struct page *Page = NULL;
    long Count;

    mmap_read_lock(Mm);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
    Count = get_user_pages_remote(Mm, Address, 1, Flags, &Page, NULL);
#else
    Count = get_user_pages_remote(Mm, Address, 1, Flags, &Page, NULL, NULL);
#endif
    mmap_read_unlock(Mm);
    return Count == 1 ? Page : NULL;
}

/* The page of zeros, which everybody shares, is left for one of its own where the process may write. */
static struct page *GetOwnPage(struct mm_struct *Mm, unsigned long Address)
{
    struct page *Page = GetPage(Mm, Address, FOLL_FORCE), *Own;

    if (Page == NULL || !is_zero_pfn(page_to_pfn(Page)))
        return Page;
    Own = GetPage(Mm, Address, FOLL_WRITE);
    if (Own == NULL)
        return Page;
    put_page(Page);
    return Own;
}

BOOLEAN PlatformProcessMemoryLookUp(PLATFORM_PROCESS_MEMORY *Space, UINT64 Virtual,
                                    PLATFORM_MAPPED_PAGE *Mapped)
{
    struct page *Page;

    if (Virtual >= TASK_SIZE_MAX || !mmget_not_zero(Space->Mm))
        return FALSE;
    WRITE_ONCE(Space->Reader, current);
    wait_event(Space->Wait, READ_ONCE(Space->Changes) == 0);
    Mapped->Moment = READ_ONCE(Space->Moment);
    smp_rmb();
    Page = GetOwnPage(Space->Mm, Virtual & PAGE_MASK);
    WRITE_ONCE(Space->Reader, NULL);
    mmput(Space->Mm);

    if (Page == NULL)
        return FALSE;
    Mapped->Physical  = page_to_phys(Page);
    Mapped->Reference = Page;
    return TRUE;
}

VOID PlatformProcessMemoryRelease(PLATFORM_MAPPED_PAGE *Mapped)
{
    put_page(Mapped->Reference);
}

BOOLEAN PlatformProcessMemoryIsCurrent(PLATFORM_PROCESS_MEMORY *Space, const PLATFORM_MAPPED_PAGE *Mapped)
{
    BOOLEAN Current;

    spin_lock(&Space->Lock);
    Current = Space->Changes == 0 && Space->Moment == Mapped->Moment;
    spin_unlock(&Space->Lock);
    return Current;
}

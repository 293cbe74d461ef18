/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FakePaging.c - what a virtual address of root mode means: the page tables that CR3 names are walked, and
 * what was walked is remembered until it is invalidated, as a TLB does.
 *
 * Context: user space. SDM Vol. 3, 4.5, 4.10. Physical addresses without RAM read as ones.
 */
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "platform/hosted/FakeCpu.h"

#define TLB_ENTRIES 16
#define CR4_LA57    (1ull << 12)
#define PTE_PRESENT 1ull
#define PTE_WRITE   2ull
#define PTE_LARGE   (1ull << 7)
#define PTE_ADDRESS 0x000FFFFFFFFFF000ull
#define PAGE_MASK   (~(PLATFORM_PAGE_SIZE - 1))

typedef struct _TLB_ENTRY {
    UINT64 Virtual; /* of the page */
    UINT64 Physical;
    BOOLEAN IsValid;
} TLB_ENTRY;

static TLB_ENTRY g_Tlb[HOSTED_MAX_CORES][TLB_ENTRIES];
static UINT32 g_NextTlbEntry[HOSTED_MAX_CORES];
static UINT8 g_NoRam[PLATFORM_PAGE_SIZE];

VOID FakeTlbFlush(UINT32 CoreId)
{
    memset(g_Tlb[CoreId], 0, sizeof(g_Tlb[CoreId]));
}

VOID CpuInvalidatePage(UINT64 Virtual)
{
    TLB_ENTRY *Tlb = g_Tlb[PlatformCpuCurrent()];
    UINT32 Index;

    for (Index = 0; Index < TLB_ENTRIES; Index++)
        if (Tlb[Index].Virtual == (Virtual & PAGE_MASK))
            Tlb[Index].IsValid = FALSE;
}

static UINT64 Walk(const FAKE_CORE *Core, UINT64 Virtual)
{
    UINT32 Level = Core->Now.Cr4 & CR4_LA57 ? 5 : 4;
    UINT64 Entry = Core->Now.Cr3;

    for (; Level > 0; Level--) {
        UINT64 *Table = HostedRam(Entry & PTE_ADDRESS);

        if (!Table)
            FakeMisuse("a page table at %llx, which is no memory", Entry & PTE_ADDRESS);
        Entry = Table[(Virtual >> (12 + 9 * (Level - 1))) & 511];
        if (!(Entry & PTE_PRESENT) || !(Entry & PTE_WRITE))
            FakeMisuse("#PF: root mode touches %llx, level %u has %llx", Virtual, Level, Entry);
        if (Level > 1 && Level <= 3 && (Entry & PTE_LARGE)) {
            UINT64 Mask = (1ull << (12 + 9 * (Level - 1))) - 1;

            return (Entry & PTE_ADDRESS & ~Mask) | (Virtual & Mask & PAGE_MASK);
        }
    }
    return Entry & PTE_ADDRESS;
}

static UINT64 Translate(UINT64 Page)
{
    UINT32 CoreId  = PlatformCpuCurrent();
    TLB_ENTRY *Tlb = g_Tlb[CoreId];
    UINT32 Index;

    for (Index = 0; Index < TLB_ENTRIES; Index++)
        if (Tlb[Index].IsValid && Tlb[Index].Virtual == Page)
            return Tlb[Index].Physical;
    Index      = g_NextTlbEntry[CoreId]++ % TLB_ENTRIES;
    Tlb[Index] = (TLB_ENTRY){.Virtual = Page, .Physical = Walk(FakeThisCore(), Page), .IsValid = TRUE};
    return Tlb[Index].Physical;
}

UINT64 FakeTranslate(UINT64 Virtual)
{
    return Translate(Virtual & PAGE_MASK) | (Virtual & ~PAGE_MASK);
}

PVOID CpuPointer(UINT64 Virtual)
{
    UINT64 Physical = Translate(Virtual & PAGE_MASK);
    UINT8 *Memory   = HostedRam(Physical);

    if (!FakeIsPhysical(Physical))
        FakeMisuse("a page-table entry with the address %llx, which the processor does not have", Physical);
    if (!Memory) {
        memset(g_NoRam, 0xFF, sizeof(g_NoRam));
        Memory = g_NoRam;
    }
    return Memory + (Virtual & ~PAGE_MASK);
}

/* The kernel's half, of which the direct map stands for all. */
BOOLEAN CpuTryWrite64(UINT64 Address, UINT64 Value)
{
    UINT8 *Memory = Address >= HOSTED_DIRECT_MAP ? HostedRam(Address - HOSTED_DIRECT_MAP) : NULL;

    if (!Memory || !HostedRam(Address + sizeof(Value) - 1 - HOSTED_DIRECT_MAP))
        return FALSE;
    memcpy(Memory, &Value, sizeof(Value));
    return TRUE;
}

/* Root mode's page table maps what this program can touch: the kernel is asked, which does not fault. */
BOOLEAN CpuTryCopy(UINT64 To, UINT64 From, UINT64 Bytes)
{
    const struct iovec Local  = {(PVOID)(UINTPTR)To, Bytes};
    const struct iovec Remote = {(PVOID)(UINTPTR)From, Bytes};

    return process_vm_readv(getpid(), &Local, 1, &Remote, 1, 0) == (ssize_t)Bytes;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformMemory.c - memory, on the Linux kernel's allocators. Context: as PlatformMemory.h says at each.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/io.h>

#include "platform/PlatformMemory.h"
#include "platform/linux/KernelSymbols.h"

PVOID PlatformMemoryAllocate(SIZE_T Bytes)
{
    return vzalloc(Bytes);
}

VOID PlatformMemoryFree(PVOID Memory)
{
    vfree(Memory);
}

PVOID PlatformMemoryAllocatePages(UINT32 PageCount)
{
    return (PVOID)__get_free_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, get_order(PageCount * PAGE_SIZE));
}

VOID PlatformMemoryFreePages(PVOID Pages, UINT32 PageCount)
{
    free_pages((unsigned long)Pages, get_order(PageCount * PAGE_SIZE));
}

UINT64 PlatformMemoryVirtualToPhysical(const VOID *Virtual)
{
    return virt_to_phys((volatile void *)Virtual);
}

PVOID PlatformMemoryPhysicalToVirtual(UINT64 Physical)
{
    return phys_to_virt(Physical);
}

PVOID PlatformMemoryPhysicalToVirtualIfRam(UINT64 Physical)
{
    return page_is_ram(PHYS_PFN(Physical)) ? phys_to_virt(Physical) : NULL;
}

BOOLEAN PlatformMemoryTranslateKernel(UINT64 Virtual, UINT64 *Physical)
{
    unsigned int Level;
    unsigned long Mask;
    pte_t *Entry;

    if (Virtual < TASK_SIZE_MAX)
        return FALSE;
    Entry = lookup_address(Virtual, &Level);
    if (Entry == NULL || !pte_present(*Entry))
        return FALSE;
    Mask      = page_level_mask(Level);
    *Physical = ((u64)pte_pfn(*Entry) << PAGE_SHIFT & Mask) | (Virtual & ~Mask);
    return TRUE;
}

/* Kernel and modules share the highest 2 GB, which direct calls reach. */
BOOLEAN PlatformMemoryMayBeKernelCode(UINT64 Virtual)
{
    return Virtual >= __START_KERNEL_map;
}

BOOLEAN PlatformMemoryCopyFromUser(PVOID To, UINT64 UserAddress, SIZE_T Bytes)
{
    return copy_from_user(To, (const void __user *)UserAddress, Bytes) == 0;
}

BOOLEAN PlatformMemoryCopyToUser(UINT64 UserAddress, const VOID *From, SIZE_T Bytes)
{
    return copy_to_user((void __user *)UserAddress, From, Bytes) == 0;
}

BOOLEAN PlatformMemoryCopyKernelMappings(PVOID TopLevelPage)
{
    static struct mm_struct
        *InitMm; /* looked for once: it takes millions of instructions and grace periods */
    pgd_t *To = TopLevelPage;

    if (InitMm == NULL)
        InitMm = KernelSymbolFind("init_mm");
    if (InitMm == NULL)
        return FALSE;
    memcpy(To + KERNEL_PGD_BOUNDARY, InitMm->pgd + KERNEL_PGD_BOUNDARY,
           (PTRS_PER_PGD - KERNEL_PGD_BOUNDARY) * sizeof(pgd_t));
    return TRUE;
}

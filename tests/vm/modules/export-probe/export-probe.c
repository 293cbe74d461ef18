// SPDX-License-Identifier: GPL-2.0-only
/*
 * export-probe.c - the functions that the VMM exports, each used by a third party's module, and what they say
 * beside what the kernel itself says.
 *
 * Loading the module runs the tests; /sys/module/export_probe/parameters/report then has their TAP lines. The
 * VMM must not be loaded: this module is its user. A check that is to run inside a callback is called by the
 * CPUID event of the leaf CALL_LEAF, on the core that executes it.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/io.h>

#include "tests/vm/modules/KernelTap.h"
#include "tests/vm/modules/export-probe/KnownCode.h"
#include "SDK/imports/VmmImports.h"
#include "SDK/imports/VmmMemoryImports.h"

#define CALL_LEAF 0xe4904700

static void (*root_function)(void); /* called inside the callback */

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE on_event(VMM_EVENT_TYPE_ENUM type,
                                                          VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE stage,
                                                          PVOID context, BOOLEAN *post_event_required,
                                                          GUEST_REGS *regs)
{
    if (type == CPUID_INSTRUCTION_EXECUTION && (UINTPTR)context == CALL_LEAF && root_function) {
        root_function();
    }
    return VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

static void call_in_root(void (*function)(void))
{
    u32 eax = CALL_LEAF, ecx = 0;

    root_function = function;
    asm volatile("cpuid" : "+a"(eax), "+c"(ecx) : : "rbx", "rdx", "memory");
    root_function = NULL;
}

/* --- memory: what the checks look at, made before and looked through afterwards --- */

static u8 module_bytes[64] = "a string in a module\0 and more";
static u8 *direct, *vmalloced; /* two pages each */

static struct {
    u64 address, wanted, got;
    bool ok;
} places[4];

static struct {
    u64 user_stack, cr3;
    bool is_root, read_ok, write_ok, beyond_ok, physical_ok, hole_ok, mmio_ok, back_ok, valid, invalid;
    u8 read[32], physical[16];
    u64 back;
    u32 length, wide_length, decoded, longest;
    bool length_ok;
    int compared, compared_part, blocks;
} seen;

static void look_at_memory(void)
{
    int i;

    seen.is_root = VmFuncVmxGetCurrentExecutionMode();
    for (i = 0; i < ARRAY_SIZE(places); i++)
        places[i].ok = VirtualAddressToPhysicalAddress(places[i].address, &places[i].got);
    seen.cr3       = LayoutGetCurrentProcessCr3();
    seen.read_ok   = MemoryMapperReadMemorySafe((UINTPTR)vmalloced + PAGE_SIZE - 16, seen.read, 32);
    seen.write_ok  = MemoryMapperWriteMemorySafe((UINTPTR)vmalloced + PAGE_SIZE - 4, "over the border", 15);
    seen.beyond_ok = MemoryMapperReadMemorySafe((UINTPTR)vmalloced + 2 * PAGE_SIZE - 1, seen.physical, 2);
    seen.hole_ok   = MemoryMapperReadMemorySafe(0xdead000000000000, seen.physical, 1);
    seen.physical_ok =
        MemoryMapperReadMemorySafeByPhysicalAddress(__pa(direct) + 5, seen.physical, sizeof(seen.physical));
    seen.back_ok   = PhysicalAddressToVirtualAddress(__pa(direct), &seen.back);
    seen.mmio_ok   = CheckAddressPhysical(1ull << 60);
    seen.valid     = CheckAccessValidityAndSafety((UINTPTR)vmalloced, 2 * PAGE_SIZE);
    seen.invalid   = CheckAccessValidityAndSafety((UINTPTR)vmalloced, 2 * PAGE_SIZE + 1);
    seen.length_ok = VmFuncVmxCompatibleStrlen((UINTPTR)module_bytes, &seen.length);
    VmFuncVmxCompatibleWcslen((UINTPTR)L"wide", &seen.wide_length);
    VmFuncVmxCompatibleStrcmp((UINTPTR)module_bytes, (UINTPTR) "a string in another", &seen.compared);
    VmFuncVmxCompatibleStrncmp((UINTPTR)module_bytes, (UINTPTR) "a string in another", 13,
                               &seen.compared_part);
    VmFuncVmxCompatibleMemcmp((UINTPTR)module_bytes, (UINTPTR) "a string in", 11, &seen.blocks);
    seen.decoded = DisassemblerLengthDisassembleEngine((UINTPTR)ten_bytes_long, 64);
    seen.longest = CheckAddressMaximumInstructionLength((UINTPTR)vmalloced + 2 * PAGE_SIZE - 7);
}

static void judge_memory(const char *where, bool is_root)
{
    int i;
    bool alike = true;

    expect(where, seen.is_root, is_root);
    for (i = 0; i < ARRAY_SIZE(places); i++)
        alike = alike && places[i].ok && places[i].got == places[i].wanted;
    expect("addresses of the direct map, vmalloc, a module and a user: translated as the kernel does", alike,
           true);
    expect("memory is read over the border of two pages",
           seen.read_ok && !memcmp(seen.read, vmalloced + PAGE_SIZE - 16, 12), true);
    expect("and written", seen.write_ok && !memcmp(vmalloced + PAGE_SIZE - 4, "over the border", 15), true);
    expect("what is not mapped is not read", seen.beyond_ok || seen.hole_ok, false);
    expect("physical memory is read", seen.physical_ok && !memcmp(seen.physical, direct + 5, 16), true);
    expect("a physical address has its place in the direct map", seen.back_ok && seen.back == (UINTPTR)direct,
           true);
    expect("an address beyond the processor's width is none", seen.mmio_ok, false);
    expect("validity ends where the memory does", seen.valid && !seen.invalid, true);
    expect("a string's length", seen.length_ok && seen.length == strlen(module_bytes), true);
    expect("strings compare as the kernel compares them",
           seen.compared * 16 + seen.compared_part * 4 + seen.blocks, -1 * 16);
    expect("an instruction's length", seen.decoded, 10);
    expect("how much of an instruction there is room for", seen.longest, 7);
}

static void test_memory(void)
{
    const u64 stack = current->mm->start_stack;
    struct page *page;
    u64 word, copied;

    direct    = kzalloc(2 * PAGE_SIZE, GFP_KERNEL);
    vmalloced = vzalloc(2 * PAGE_SIZE);
    get_random_bytes(direct, 64);
    get_random_bytes(vmalloced, 2 * PAGE_SIZE);
    if (get_user_pages_fast(stack, 1, 0, &page) == 1) {
        places[3].address = stack;
        places[3].wanted  = page_to_phys(page) + offset_in_page(stack);
    }
    places[0].address = (UINTPTR)direct + 123;
    places[0].wanted  = __pa(direct) + 123;
    places[1].address = (UINTPTR)vmalloced + PAGE_SIZE + 9;
    places[1].wanted  = page_to_phys(vmalloc_to_page(vmalloced + PAGE_SIZE)) + 9;
    places[2].address = (UINTPTR)module_bytes;
    places[2].wanted  = page_to_phys(vmalloc_to_page(module_bytes)) + offset_in_page(module_bytes);

    call_in_root(look_at_memory);
    judge_memory("looked at inside a callback:", true);
    expect("the guest's CR3 is the kernel's", seen.cr3 & PAGE_MASK, __read_cr3() & PAGE_MASK);
    memset(&seen, 0, sizeof(seen));
    look_at_memory();
    judge_memory("looked at in process context:", false);

    expect("a process is found by its number", LayoutGetCr3ByProcessId(current->tgid),
           __pa(current->mm->pgd));
    expect("no process, no memory", LayoutGetCr3ByProcessId(0x3fffff), 0);
    expect("a user's memory is read by the process's number",
           MemoryMapperReadMemorySafeOnTargetProcess(stack, current->tgid, &word, 8) &&
               !copy_from_user(&copied, (void __user *)stack, 8) && word == copied,
           true);
    put_page(page);
    kfree(direct);
    vfree(vmalloced);
}

/* Code under a hidden breakpoint: read as it is; written to, the breakpoint stays and the new code runs. */
static void test_hooked_code(void)
{
    u8 byte = 0, changed;

    ConfigureEptHook((UINTPTR)returns_one, VMM_NO_PROCESS);
    MemoryMapperReadMemorySafe((UINTPTR)returns_one, &byte, 1);
    expect("code under a hidden breakpoint is read without it", byte, 0xb8);
    changed = 7;
    expect("code is written beside its protection",
           MemoryMapperWriteMemorySafe((UINTPTR)returns_one + 1, &changed, 1), true);
    expect("and is executed on the hooked page", returns_one(), 7);
    changed = 1;
    MemoryMapperWriteMemorySafe((UINTPTR)returns_one + 1, &changed, 1);
    ConfigureEptUnHook((UINTPTR)returns_one, VMM_NO_PROCESS);
    expect("also without the hook", returns_one(), 1);
}

static int __init export_probe_init(void)
{
    VMM_CALLBACKS callbacks = {.VmmCallbackTriggerEvents = on_event};

    if (!VmFuncInitVmm(&callbacks))
        return -EIO;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    test_memory();
    test_hooked_code();
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, FALSE);
    VmFuncUninitVmm();
    return 0;
}

static void __exit export_probe_exit(void)
{
}

module_init(export_probe_init);
module_exit(export_probe_exit);
MODULE_DESCRIPTION("Tests of the VMM's exports");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * export-probe.c - the functions that the VMM exports, each used by a third party's module, and what they say
 * beside what the kernel itself says.
 *
 * Loading the module runs the tests; /proc/export-probe then has their TAP lines. The
 * VMM must not be loaded: this module is its user. A check that is to run inside a callback is called by the
 * CPUID event of the leaf CALL_LEAF, on the core that executes it.
 */
#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/asm.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/hardirq.h>
#include <asm/io.h>
#include <asm/irq_vectors.h>
#include <asm/msr.h>
#include <asm/nmi.h>
#include <asm/trapnr.h>

#include "tests/vm/modules/KernelTap.h"
#include "tests/vm/modules/export-probe/KnownCode.h"
#include "SDK/VmcallNumbers.h"
#include "SDK/imports/VmmGuestImports.h"
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

/* --- registers: what the guest has, read inside a callback, beside the kernel's own instructions --- */

static struct {
    u64 cr0, cr2, cr3, cr4, cr8, dr[4], dr6, dr7, efer, rflags, rsp, rip;
    GUEST_SEGMENT segments[8], gdtr, idtr;
} registers;

static void read_registers(void)
{
    void (*const segments[])(GUEST_SEGMENT *) = {GetGuestEs, GetGuestCs, GetGuestSs,   GetGuestDs,
                                                 GetGuestFs, GetGuestGs, GetGuestLdtr, GetGuestTr};
    int i;

    registers.cr0    = GetGuestCr0();
    registers.cr2    = GetGuestCr2();
    registers.cr3    = GetGuestCr3();
    registers.cr4    = GetGuestCr4();
    registers.cr8    = GetGuestCr8();
    registers.dr[0]  = GetGuestDr0();
    registers.dr[1]  = GetGuestDr1();
    registers.dr[2]  = GetGuestDr2();
    registers.dr[3]  = GetGuestDr3();
    registers.dr6    = GetGuestDr6();
    registers.dr7    = GetGuestDr7();
    registers.efer   = GetGuestEfer();
    registers.rflags = VmFuncGetRflags();
    registers.rsp    = GetGuestRSP();
    registers.rip    = VmFuncGetRip();
    for (i = 0; i < ARRAY_SIZE(segments); i++)
        segments[i](&registers.segments[i]);
    GetGuestGdtr(&registers.gdtr);
    GetGuestIdtr(&registers.idtr);
}

#define STORED(instruction)                                                                                  \
    ({                                                                                                       \
        u64 value;                                                                                           \
        asm volatile(instruction : "=r"(value) : : "memory");                                                \
        value;                                                                                               \
    })

static u64 rdmsr_of(u32 number)
{
    u64 value;

    rdmsrl(number, value);
    return value;
}

/* The processor's own account of a segment: limit and, shifted down, the rights of its descriptor. */
static bool is_segment(const GUEST_SEGMENT *segment, u16 selector)
{
    u32 limit = 0, rights = 0;

    if (segment->Selector != selector)
        return false;
    if ((selector & ~3) == 0)
        return segment->Attributes & GUEST_SEGMENT_UNUSABLE;
    asm("lsl %1, %0" : "+r"(limit) : "r"((u32)selector) : "cc");
    asm("lar %1, %0" : "+r"(rights) : "r"((u32)selector) : "cc");
    return segment->Limit == limit && segment->Attributes == ((rights >> 8) & 0xf0ff);
}

static void test_registers(void)
{
    struct desc_ptr gdt, idt;
    unsigned long flags;
    u64 rsp;

    local_irq_save(flags);
    asm volatile("sgdt %0" : "=m"(gdt));
    asm volatile("sidt %0" : "=m"(idt));
    rsp = STORED("mov %%rsp, %0");
    call_in_root(read_registers);

    expect("CR0", registers.cr0, STORED("mov %%cr0, %0"));
    expect("CR2", registers.cr2, STORED("mov %%cr2, %0"));
    expect("CR3", registers.cr3, STORED("mov %%cr3, %0"));
    expect("CR4", registers.cr4, STORED("mov %%cr4, %0"));
    expect("CR8", registers.cr8, STORED("mov %%cr8, %0"));
    expect("DR0-DR3", registers.dr[0] ^ registers.dr[1] ^ registers.dr[2] ^ registers.dr[3],
           STORED("mov %%dr0, %0") ^ STORED("mov %%dr1, %0") ^ STORED("mov %%dr2, %0") ^
               STORED("mov %%dr3, %0"));
    expect("DR6", registers.dr6, STORED("mov %%dr6, %0"));
    expect("DR7", registers.dr7, STORED("mov %%dr7, %0"));
    expect("EFER", registers.efer, rdmsr_of(MSR_EFER));
    expect("the interrupt flag is clear", registers.rflags & X86_EFLAGS_IF, 0);
    expect("RSP lies on this stack", rsp - registers.rsp < 512, true);
    expect("RIP lies in this module", within_module(registers.rip, THIS_MODULE), true);
    expect("CS", is_segment(&registers.segments[1], STORED("mov %%cs, %0")), true);
    expect("SS", is_segment(&registers.segments[2], STORED("mov %%ss, %0")), true);
    expect("TR", is_segment(&registers.segments[7], STORED("str %0")), true);
    expect("selectors of DS, ES, FS, GS and LDTR",
           registers.segments[3].Selector | registers.segments[0].Selector | registers.segments[4].Selector |
               registers.segments[5].Selector | registers.segments[6].Selector,
           STORED("mov %%ds, %0") | STORED("mov %%es, %0") | STORED("mov %%fs, %0") | STORED("mov %%gs, %0") |
               STORED("sldt %0"));
    expect("base of FS", registers.segments[4].Base, rdmsr_of(MSR_FS_BASE));
    expect("base of GS", registers.segments[5].Base, rdmsr_of(MSR_GS_BASE));
    expect("GDTR", registers.gdtr.Base == gdt.address && registers.gdtr.Limit == gdt.size, true);
    expect("IDTR", registers.idtr.Base == idt.address && registers.idtr.Limit == idt.size, true);
    local_irq_restore(flags);
}

static struct {
    bool set, refused_wrong;
} setters;

static void set_registers(void)
{
    GUEST_SEGMENT fs;

    GetGuestFs(&fs);
    fs.Base     = 0xffff888000001000;
    setters.set = SetGuestFs(&fs);
    setters.set = setters.set && SetGuestCr2(0x1234567890) && SetGuestCr8(3);
    setters.set = setters.set && SetGuestDr0(0x1111) && SetGuestDr1(0x2222) && SetGuestDr2(0x3333);
    setters.set = setters.set && SetGuestDr3(0x4444) && SetGuestDr6(0xffff0ff0 | 5) && SetGuestDr7(0x500);
    setters.set = setters.set && SetGuestCr4(GetGuestCr4() | X86_CR4_TSD) && SetGuestCr3(GetGuestCr3());
    VmFuncSetRflags(VmFuncGetRflags() | X86_EFLAGS_CF);

    fs.Base               = 1ull << 62;
    setters.refused_wrong = !SetGuestFs(&fs) && !SetGuestCr0(GetGuestCr0() & ~X86_CR0_PG) &&
                            !SetGuestCr4(GetGuestCr4() & ~X86_CR4_PAE) && !SetGuestCr8(16) &&
                            !SetGuestDr7(1ull << 40) && !SetGuestEfer(GetGuestEfer() & ~EFER_LME);
    GetGuestCs(&fs);
    fs.Attributes &= ~GUEST_SEGMENT_PRESENT;
    setters.refused_wrong = setters.refused_wrong && !SetGuestCs(&fs);
}

static void test_setters(void)
{
    u64 got[10], old_dr6 = STORED("mov %%dr6, %0"), old_dr7 = STORED("mov %%dr7, %0");
    u64 old_fs = rdmsr_of(MSR_FS_BASE);
    unsigned long flags;

    local_irq_save(flags);
    asm volatile("clc" : : : "cc");
    call_in_root(set_registers);
    got[9] = STORED("pushf\n pop %0"); /* of the CPUID, if no instruction between has changed it */
    got[0] = STORED("mov %%cr2, %0");
    got[1] = STORED("mov %%cr8, %0");
    got[2] = STORED("mov %%dr0, %0") | STORED("mov %%dr1, %0") << 16 | STORED("mov %%dr2, %0") << 32;
    got[3] = STORED("mov %%dr3, %0");
    got[4] = STORED("mov %%dr6, %0");
    got[5] = STORED("mov %%dr7, %0");
    got[6] = rdmsr_of(MSR_FS_BASE);
    got[7] = STORED("mov %%cr4, %0");
    asm volatile("mov %0, %%cr8" : : "r"(0ul));
    asm volatile("mov %0, %%dr7" : : "r"(old_dr7));
    asm volatile("mov %0, %%dr6" : : "r"(old_dr6));
    asm volatile("mov %0, %%dr0\n mov %0, %%dr1\n mov %0, %%dr2\n mov %0, %%dr3" : : "r"(0ul));
    asm volatile("mov %0, %%cr4" : : "r"(got[7] & ~X86_CR4_TSD));
    wrmsrl(MSR_FS_BASE, old_fs);
    local_irq_restore(flags);

    expect("what can be set is set", setters.set, true);
    expect("what the processor would not have is refused", setters.refused_wrong, true);
    expect("the guest finds CR2", got[0], 0x1234567890);
    expect("and CR8", got[1], 3);
    expect("and DR0 to DR2", got[2], 0x333322221111);
    expect("and DR3", got[3], 0x4444);
    expect("and DR6", got[4], 0xffff0ff5);
    expect("and DR7", got[5], 0x500);
    expect("and the base of FS", got[6], 0xffff888000001000);
    expect("and CR4", got[7] & X86_CR4_TSD, X86_CR4_TSD);
}

/* --- what the guest takes --- */

/* CPUID of the leaf CALL_LEAF, with an exception table: AX is the number of an exception in its place, -1 if
 * there was none. */
static int caught_in_root(void (*function)(void))
{
    int outcome;

    root_function = function;
    asm volatile("1: cpuid\n mov $-1, %%eax\n2:\n" _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_FAULT)
                 : "=a"(outcome)
                 : "0"(CALL_LEAF), "c"(0)
                 : "rbx", "rdx", "memory");
    root_function = NULL;
    return outcome;
}

static bool injected;

static void inject_general_protection(void)
{
    const VMM_EVENT_INJECTION event = {.Type         = VMM_INJECT_HARDWARE_EXCEPTION,
                                       .Vector       = X86_TRAP_GP,
                                       .HasErrorCode = TRUE,
                                       .ErrorCode    = 0x40};

    injected = VmFuncEventInjectInterruption(&event);
}

static void inject_page_fault(void)
{
    injected = VmFuncEventInjectPageFaultWithCr2(0xffffc8fffffff123, 0);
}

static void inject_what_does_not_exist(void)
{
    const VMM_EVENT_INJECTION event = {.Type = VMM_INJECT_HARDWARE_EXCEPTION, .Vector = X86_TRAP_GP};

    injected = VmFuncEventInjectInterruption(&event);
}

static void inject_interrupt(void)
{
    const VMM_EVENT_INJECTION event = {.Type = VMM_INJECT_EXTERNAL_INTERRUPT, .Vector = IRQ_WORK_VECTOR};

    injected = VmFuncEventInjectInterruption(&event);
}

static void inject_exception_as_interrupt(void)
{
    const VMM_EVENT_INJECTION event = {.Type = VMM_INJECT_EXTERNAL_INTERRUPT, .Vector = X86_TRAP_GP};

    injected = VmFuncEventInjectInterruption(&event);
}

/* As the kernel counts them, on this core. */
static unsigned int interrupts(void)
{
    return this_cpu_read(irq_stat.apic_irq_work_irqs);
}

/* With interrupts off it waits; two of a vector are one. */
static void test_interrupts(void)
{
    const int rounds = 100;
    unsigned int before, closed = 0;
    unsigned long flags;
    int round, index;

    preempt_disable();
    before = interrupts();
    for (round = 0; round < rounds; round++) {
        local_irq_save(flags);
        call_in_root(inject_interrupt);
        for (index = 0; index < 100; index++)
            cpu_relax();
        closed += interrupts() != before + round;
        local_irq_restore(flags);
        for (index = 0; index < 100; index++)
            cpu_relax();
    }
    expect("an injected interrupt waits while interrupts are off", closed, 0);
    expect("and comes once when they are on", interrupts() - before, rounds);
    before = interrupts();
    for (round = 0; round < rounds; round++) {
        call_in_root(inject_interrupt);
        for (index = 0; index < 100; index++)
            cpu_relax();
    }
    expect("at once where they are on", interrupts() - before, rounds);
    expect("it can be injected", injected, true);
    preempt_enable();
    expect("an exception's vector is no interrupt's", caught_in_root(inject_exception_as_interrupt), -1);
    expect("and is refused", injected, false);
}

static void inject_nmi(void)
{
    VmFuncEventInjectNmi();
}

extern char breaks_here[], breaks_after[];
KNOWN_CODE(break_there, "push %rbx\n mov %edi, %eax\n xor %ecx, %ecx\n cpuid\n jmp breaks_after\n"
                        "breaks_here:\n" ANNOTATE_NOENDBR "int3\n"
                        "breaks_after:\n" ANNOTATE_NOENDBR "pop %rbx\n jmp __x86_return_thunk");
void break_there(u32 leaf);

static atomic_t nmis_seen, breakpoints_seen, traps_seen;
static u64 breakpoint_ip, trap_ip;

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
    atomic_inc(&nmis_seen);
    return NMI_HANDLED;
}

/* INT3 and #DB of this module's own making. */
static int on_die(struct notifier_block *block, unsigned long reason, void *data)
{
    struct die_args *args = data;

    if (reason == DIE_INT3 && within_module(args->regs->ip, THIS_MODULE)) {
        atomic_inc(&breakpoints_seen);
        breakpoint_ip  = args->regs->ip;
        args->regs->ip = (UINTPTR)breaks_after;
        return NOTIFY_STOP;
    }
    if (reason == DIE_DEBUG && (args->regs->flags & X86_EFLAGS_TF)) {
        atomic_inc(&traps_seen);
        trap_ip = args->regs->ip;
        args->regs->flags &= ~X86_EFLAGS_TF;
        *(unsigned long *)ERR_PTR(args->err) &= ~DR_STEP;
        return NOTIFY_STOP;
    }
    return NOTIFY_DONE;
}

static struct notifier_block die_block = {.notifier_call = on_die, .priority = INT_MAX};

static u64 cpuid_rip;

/* At an INT3 that is not executed: the kernel takes one without that byte as one that was just removed. */
static void inject_breakpoint(void)
{
    VmFuncSetRip((UINTPTR)breaks_here);
    VmFuncEventInjectBreakpoint();
}

static void set_trap_flag(void)
{
    cpuid_rip = VmFuncGetRip();
    VmFuncSetRflagTrapFlag(TRUE);
}

static void test_injections(void)
{
    unsigned long flags;
    u64 cr2;
    int outcome;

    expect("an injected #GP is taken at the instruction", caught_in_root(inject_general_protection),
           X86_TRAP_GP);
    local_irq_save(flags);
    outcome = caught_in_root(inject_page_fault);
    cr2     = STORED("mov %%cr2, %0");
    local_irq_restore(flags);
    expect("an injected #PF too", outcome, X86_TRAP_PF);
    expect("with its address", cr2, 0xffffc8fffffff123);
    expect("a #GP without an error code does not exist", caught_in_root(inject_what_does_not_exist), -1);
    expect("and is refused", injected, false);

    register_nmi_handler(NMI_LOCAL, on_nmi, 0, "export-probe");
    expect("an injected NMI: the instruction is done", caught_in_root(inject_nmi), -1);
    unregister_nmi_handler(NMI_LOCAL, "export-probe");
    expect("and the NMI has come, once", atomic_read(&nmis_seen), 1);

    register_die_notifier(&die_block);
    root_function = inject_breakpoint;
    break_there(CALL_LEAF);
    root_function = NULL;
    expect("an injected breakpoint is one INT3", atomic_read(&breakpoints_seen), 1);
    expect("one byte long", breakpoint_ip - (UINTPTR)breaks_here, 1);
    call_in_root(set_trap_flag);
    expect("RFLAGS.TF traps once", atomic_read(&traps_seen), 1);
    expect("after the instruction", trap_ip - cpuid_rip, 2);
    unregister_die_notifier(&die_block);
}

/* --- steps --- */

static u64 stepped[16];
static int steps, wanted_steps;

static void on_step(u32 core)
{
    if (steps < ARRAY_SIZE(stepped))
        stepped[steps] = VmFuncGetRip();
    if (++steps < wanted_steps)
        VmFuncRegisterBreakOnMtf();
}

static void ask_for_steps(void)
{
    VmFuncRegisterBreakOnMtf();
}

/* Code whose instructions are known: after the CPUID each step must end at the next label. */
extern char step_0[], step_1[], step_2[], step_3[], step_4[];
KNOWN_CODE(step_through, "push %rbx\n mov %edi, %eax\n xor %ecx, %ecx\n cpuid\n"
                         "step_0:\n" ANNOTATE_NOENDBR "nop\n"
                         "step_1:\n" ANNOTATE_NOENDBR "xor %eax, %eax\n"
                         "step_2:\n" ANNOTATE_NOENDBR "cpuid\n"
                         "step_3:\n" ANNOTATE_NOENDBR "jz step_4\n ud2\n"
                         "step_4:\n" ANNOTATE_NOENDBR "pop %rbx\n jmp __x86_return_thunk");
void step_through(u32 leaf);

/* Interrupts are on: one that came between would end the step elsewhere. Many rounds see some. */
static void test_steps(void)
{
    const u64 labels[] = {(UINTPTR)step_1, (UINTPTR)step_2, (UINTPTR)step_3, (UINTPTR)step_4};
    const int rounds   = 3000;
    int round, exact = 0;

    wanted_steps  = ARRAY_SIZE(labels);
    root_function = ask_for_steps;
    for (round = 0; round < rounds; round++) {
        steps = 0;
        step_through(CALL_LEAF);
        exact += steps == wanted_steps && !memcmp(stepped, labels, sizeof(labels));
    }
    root_function = NULL;
    expect("steps end after each instruction, and nowhere else, with interrupts on", exact, rounds);
}

/* --- calls into root mode --- */

static struct {
    u64 number, param1, param2, param3;
    int calls;
    bool answer;
} handled;

static BOOLEAN on_vmcall(u32 core, u64 number, u64 param1, u64 param2, u64 param3)
{
    handled.number = number;
    handled.param1 = param1;
    handled.param2 = param2;
    handled.param3 = param3;
    handled.calls++;
    return handled.answer;
}

/* RAX, or ~0 where the instruction is #UD. */
static u64 vmcall(u64 number, u64 param1, u64 wrong_r10, u64 wrong_r11, u64 wrong_r12)
{
    register u64 r8 asm("r8")   = 0x888;
    register u64 r9 asm("r9")   = 0x999;
    register u64 r10 asm("r10") = VMCALL_SIGNATURE_R10 ^ wrong_r10;
    register u64 r11 asm("r11") = VMCALL_SIGNATURE_R11 ^ wrong_r11;
    register u64 r12 asm("r12") = VMCALL_SIGNATURE_R12 ^ wrong_r12;
    u64 result                  = 0x5555;

    asm volatile("1: vmcall\n jmp 3f\n2: mov $-1, %0\n3:\n" _ASM_EXTABLE(1b, 2b)
                 : "+a"(result)
                 : "c"(number), "d"(param1), "r"(r8), "r"(r9), "r"(r10), "r"(r11), "r"(r12)
                 : "memory");
    return result;
}

#define UNDEFINED_OPCODE (~0ull)

static void test_vmcalls(void)
{
    expect("VMCALL_TEST answers its parameters",
           VmFuncVmxVmcall(VMCALL_TEST, VMCALL_TEST_PARAM1, VMCALL_TEST_PARAM2, VMCALL_TEST_PARAM3),
           VMCALL_STATUS_SUCCESS);
    expect("and no others", vmcall(VMCALL_TEST, VMCALL_TEST_PARAM1, 0, 0, 0), VMCALL_STATUS_UNSUCCESSFUL);
    expect("a wrong R10 is #UD", vmcall(VMCALL_TEST, 0, 1, 0, 0), UNDEFINED_OPCODE);
    expect("a wrong R11 is #UD", vmcall(VMCALL_TEST, 0, 0, 1ull << 63, 0), UNDEFINED_OPCODE);
    expect("a wrong R12 is #UD", vmcall(VMCALL_VMXOFF, 0, 0, 0, 1ull << 32), UNDEFINED_OPCODE);
    expect("none of them was the user's", handled.calls, 0);

    expect("a number of the debugger's is the user's: refused",
           vmcall(VMCALL_DEBUGGER_FIRST + 7, 0x777, 0, 0, 0), VMCALL_STATUS_INVALID_PARAMETER);
    expect("it was told all of it",
           handled.calls == 1 && handled.number == VMCALL_DEBUGGER_FIRST + 7 && handled.param1 == 0x777 &&
               handled.param2 == 0x888 && handled.param3 == 0x999,
           true);
    handled.answer = true;
    expect("taken", vmcall(VMCALL_DEBUGGER_LAST, 0, 0, 0, 0), VMCALL_STATUS_SUCCESS);
    expect("so are numbers that nobody has", vmcall(1ull << 32 | VMCALL_VMXOFF, 0, 0, 0, 0),
           VMCALL_STATUS_SUCCESS);
    expect("all 64 bits of them", handled.number, 1ull << 32 | VMCALL_VMXOFF);
}

static int __init export_probe_init(void)
{
    VMM_CALLBACKS callbacks = {.VmmCallbackTriggerEvents        = on_event,
                               .VmmCallbackVmcallHandler        = on_vmcall,
                               .VmmCallbackRegisteredMtfHandler = on_step};

    if (!VmFuncInitVmm(&callbacks))
        return -EIO;
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, TRUE);
    test_memory();
    test_hooked_code();
    test_registers();
    test_setters();
    test_injections();
    test_interrupts();
    test_steps();
    test_vmcalls();
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, FALSE);
    VmFuncUninitVmm();
    return report_publish("export-probe");
}

static void __exit export_probe_exit(void)
{
    report_withdraw("export-probe");
}

module_init(export_probe_init);
module_exit(export_probe_exit);
MODULE_DESCRIPTION("Tests of the VMM's exports");
MODULE_LICENSE("GPL");

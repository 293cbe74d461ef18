// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmx-probe.c - /proc/vmx-probe: what instructions that a VMM intercepts do in the kernel, and what is at
 * some physical addresses; a line for each. On the VMM every line must be as on the bare machine, but for
 * those that show VMX itself.
 *
 * An outcome is "done", or the number of the exception (6: #UD, 13: #GP), caught by the kernel's exception
 * table.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/special_insns.h>

#define DONE (-1)

/* After the instruction EAX is DONE; the exception table puts the exception's number there instead. */
#define OUTCOME_OF "\n\tmov $-1, %%eax\n2:\n\t" _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_FAULT)

#define DEFINE_PROBE(name, instruction, ...)                                                                 \
    static int probe_##name(void)                                                                            \
    {                                                                                                        \
        u64 memory[2] = {0};                                                                                 \
        int outcome;                                                                                         \
        asm volatile("1: " instruction OUTCOME_OF                                                            \
                     : "=a"(outcome), "+m"(memory)                                                           \
                     : "0"(0), ##__VA_ARGS__                                                                 \
                     : "cc", "memory");                                                                      \
        return outcome;                                                                                      \
    }

DEFINE_PROBE(vmcall, "vmcall", "c"(0), "d"(0))
DEFINE_PROBE(vmfunc, "vmfunc", "c"(0))
DEFINE_PROBE(getsec, "getsec", "b"(0))
DEFINE_PROBE(vmxoff, "vmxoff")
DEFINE_PROBE(vmxon, "vmxon %1")
DEFINE_PROBE(vmclear, "vmclear %1")
DEFINE_PROBE(vmptrld, "vmptrld %1")
DEFINE_PROBE(vmptrst, "vmptrst %1")
DEFINE_PROBE(vmread, "vmread %%rcx, %%rdx", "c"(0x681e), "d"(0))
DEFINE_PROBE(vmwrite, "vmwrite %%rdx, %%rcx", "c"(0x681e), "d"(0))
DEFINE_PROBE(invept, "invept %1, %%rcx", "c"(2))
DEFINE_PROBE(invvpid, "invvpid %1, %%rcx", "c"(2))
DEFINE_PROBE(wbinvd, "wbinvd")
DEFINE_PROBE(invd, "wbinvd\n invd")
DEFINE_PROBE(xsetbv_index, "xsetbv", "c"(5), "d"(0))
DEFINE_PROBE(xsetbv_zero, "xsetbv", "c"(0), "d"(0))

static int try_xsetbv(u64 value)
{
    int outcome;

    asm volatile("1: xsetbv" OUTCOME_OF
                 : "=a"(outcome)
                 : "0"((u32)value), "c"(0), "d"((u32)(value >> 32))
                 : "memory");
    return outcome;
}

static u64 read_xcr0(void)
{
    u32 low, high;

    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (u64)high << 32 | low;
}

static int probe_xsetbv_same(void)
{
    return try_xsetbv(read_xcr0());
}

static int probe_xsetbv_avx_without_sse(void)
{
    return try_xsetbv((read_xcr0() | 4) & ~2ull);
}

/* --- control registers: the kernel's helpers keep copies of CR4, so bare instructions --- */

static u64 read_cr(int number)
{
    u64 value;

    if (number == 0)
        asm volatile("mov %%cr0, %0" : "=r"(value));
    else
        asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static int write_cr(int number, u64 value)
{
    int outcome;

    if (number == 0)
        asm volatile("1: mov %1, %%cr0" OUTCOME_OF : "=a"(outcome) : "r"(value) : "memory");
    else
        asm volatile("1: mov %1, %%cr4" OUTCOME_OF : "=a"(outcome) : "r"(value) : "memory");
    return outcome;
}

/* 1: the register took the value, and its old one back. */
static int change_and_restore(int number, u64 value)
{
    const u64 old     = read_cr(number);
    const int outcome = write_cr(number, value);
    const u64 now     = read_cr(number);

    if (outcome != DONE)
        return now == old ? outcome : 1000 + outcome;
    if (write_cr(number, old) != DONE || read_cr(number) != old)
        return 2000;
    return now == value ? DONE : 3000;
}

static int probe_cr4_vmxe(void)
{
    return change_and_restore(4, read_cr(4) | X86_CR4_VMXE);
}

static int probe_cr4_vmxe_and_reserved(void)
{
    return change_and_restore(4, read_cr(4) | X86_CR4_VMXE | 1ull << 40);
}

static int probe_cr4_reserved(void)
{
    return change_and_restore(4, read_cr(4) | 1ull << 40);
}

static int probe_cr0_ne(void)
{
    return change_and_restore(0, read_cr(0) & ~(u64)X86_CR0_NE);
}

static int probe_cr0_ne_and_high(void)
{
    return change_and_restore(0, (read_cr(0) & ~(u64)X86_CR0_NE) | 1ull << 32);
}

static int probe_cr0_ne_and_nw(void)
{
    return change_and_restore(0, (read_cr(0) & ~(u64)(X86_CR0_NE | X86_CR0_CD)) | X86_CR0_NW);
}

static int probe_cr0_ne_and_cd(void)
{
    return change_and_restore(0, (read_cr(0) & ~(u64)X86_CR0_NE) | X86_CR0_CD);
}

static int probe_cr0_paging_off(void)
{
    return change_and_restore(0, read_cr(0) & ~(u64)(X86_CR0_NE | X86_CR0_PG));
}

static int probe_clts(void)
{
    const u64 old = read_cr(0);

    if (write_cr(0, old | X86_CR0_TS) != DONE || !(read_cr(0) & X86_CR0_TS))
        return 1000;
    asm volatile("clts");
    return read_cr(0) == old ? DONE : 2000;
}

static int probe_lmsw(void)
{
    const u64 old = read_cr(0);
    const u16 msw = old | X86_CR0_TS;

    asm volatile("lmsw %0" : : "r"(msw));
    if (read_cr(0) != (old | X86_CR0_TS))
        return 1000;
    asm volatile("clts");
    return read_cr(0) == old ? DONE : 2000;
}

static int probe_xsetbv_without_osxsave(void)
{
    const u64 old = read_cr(4), xcr0 = read_xcr0();
    int outcome;

    if (write_cr(4, old & ~(u64)X86_CR4_OSXSAVE) != DONE)
        return 1000;
    outcome = try_xsetbv(xcr0);
    if (write_cr(4, old) != DONE)
        return 2000;
    return outcome;
}

/* CPUID tells the guest's CR4.OSXSAVE, not root mode's. */
static int probe_cpuid_osxsave(void)
{
    const u64 old = read_cr(4);
    u32 with, without;

    with = cpuid_ecx(1);
    write_cr(4, old & ~(u64)X86_CR4_OSXSAVE);
    without = cpuid_ecx(1);
    write_cr(4, old);
    return (with ^ without) == 1u << 27 ? DONE : 1000;
}

static const struct {
    const char *name;
    int (*probe)(void);
} probes[] = {
#define PROBE(name)                                                                                          \
    {                                                                                                        \
#name, probe_##name                                                                                  \
    }
    PROBE(vmcall),
    PROBE(vmfunc),
    PROBE(getsec),
    PROBE(vmxoff),
    PROBE(vmxon),
    PROBE(vmclear),
    PROBE(vmptrld),
    PROBE(vmptrst),
    PROBE(vmread),
    PROBE(vmwrite),
    PROBE(invept),
    PROBE(invvpid),
    PROBE(wbinvd),
    PROBE(invd),
    PROBE(xsetbv_same),
    PROBE(xsetbv_index),
    PROBE(xsetbv_zero),
    PROBE(xsetbv_avx_without_sse),
    PROBE(xsetbv_without_osxsave),
    PROBE(cpuid_osxsave),
    PROBE(cr4_vmxe),
    PROBE(cr4_vmxe_and_reserved),
    PROBE(cr4_reserved),
    PROBE(cr0_ne),
    PROBE(cr0_ne_and_high),
    PROBE(cr0_ne_and_nw),
    PROBE(cr0_ne_and_cd),
    PROBE(cr0_paging_off),
    PROBE(clts),
    PROBE(lmsw),
};

static void show_probes(struct seq_file *file)
{
    unsigned long flags;
    int i, outcome;

    for (i = 0; i < ARRAY_SIZE(probes); i++) {
        local_irq_save(flags);
        outcome = probes[i].probe();
        local_irq_restore(flags);
        if (outcome == DONE)
            seq_printf(file, "%s done\n", probes[i].name);
        else
            seq_printf(file, "%s %d\n", probes[i].name, outcome);
    }
}

/* VMXON where a hypervisor would execute it: with CR4.VMXE set. On the bare machine it would succeed, so on
 * request only. */
static bool with_vmxe;
module_param(with_vmxe, bool, 0600);

static void show_vmxon(struct seq_file *file)
{
    unsigned long flags;
    u64 old;
    int outcome;

    local_irq_save(flags);
    old = read_cr(4);
    write_cr(4, old | X86_CR4_VMXE);
    outcome = probe_vmxon();
    write_cr(4, old);
    local_irq_restore(flags);
    seq_printf(file, "vmxon_with_vmxe %d\n", outcome);
}

/* --- MSRs, as rdmsr_safe and wrmsr_safe see them --- */

#define NOT_CANONICAL 0x0000900000000000ull

static const struct {
    u32 number;
    u64 value; /* written, if not 0 */
} accesses[] = {
    {0x480, 0},
    {0x481, 0},
    {0x48b, 0},
    {0x48c, 0},
    {0x493, 0},
    {0x480, 1},
    {0x3a, 0},
    {0x3a, 5},
    {0x802, 0},
    {0x802, 1},
    {0xc0000082, NOT_CANONICAL},
    {0xc0000083, NOT_CANONICAL},
    {0xc0000100, NOT_CANONICAL},
    {0xc0000101, NOT_CANONICAL},
    {0xc0000102, NOT_CANONICAL},
    {0x175, NOT_CANONICAL},
    {0x176, NOT_CANONICAL},
    {0x277, 0x0007040600070402},
    {0xc0000080, 0xffffffffffffffff},
    {0xc0000080, 0x801},
    {0x1b, 0xffffffffffffffff},
    {0xc0002000, 0},
    {0x40000000, 0},
    {0xffffffff, 0},
    {0xc001001f, 0},
};

static void show_msrs(struct seq_file *file)
{
    u32 low, high;
    int i, error;

    for (i = 0; i < ARRAY_SIZE(accesses); i++) {
        if (accesses[i].value != 0) {
            error = wrmsr_safe(accesses[i].number, (u32)accesses[i].value, (u32)(accesses[i].value >> 32));
            seq_printf(file, "wrmsr_%x_%llx %d\n", accesses[i].number, accesses[i].value, error);
        } else {
            error = rdmsr_safe(accesses[i].number, &low, &high);
            seq_printf(file, "rdmsr_%x %d %llx\n", accesses[i].number, error,
                       error ? 0 : (u64)high << 32 | low);
        }
    }
}

/* --- memory that is no RAM --- */

static void show_page(struct seq_file *file, const char *name, u64 physical, unsigned int words)
{
    void __iomem *page = ioremap(physical & PAGE_MASK, PAGE_SIZE);
    unsigned int i;
    u32 sum = 0;

    if (!page)
        return;
    for (i = 0; i < words; i++)
        sum = sum * 31 + readl(page + (physical & ~PAGE_MASK) + 4 * i);
    seq_printf(file, "%s %x\n", name, sum);
    iounmap(page);
}

/* The I/O APIC shows its version through a window of two registers. */
static void show_io_apic(struct seq_file *file)
{
    void __iomem *page = ioremap(0xfec00000, PAGE_SIZE);

    if (!page)
        return;
    writel(1, page);
    seq_printf(file, "io_apic_version %x\n", readl(page + 0x10));
    iounmap(page);
}

static void show_memory(struct seq_file *file)
{
    show_page(file, "local_apic_version", 0xfee00030, 1);
    show_io_apic(file);
    show_page(file, "rom_top", 0xfffff000, 1024);
    show_page(file, "rom_low", 0xf0000, 1024);
    show_page(file, "vga", 0xb8000, 16);
    show_page(file, "hole_below_4g", 0xd0000000, 4);
    show_page(file, "hole_above_ram", 1ull << 36, 4);
    show_page(file, "top_of_physical", (1ull << boot_cpu_data.x86_phys_bits) - PAGE_SIZE, 4);
}

static int vmx_probe_show(struct seq_file *file, void *unused)
{
    show_probes(file);
    if (with_vmxe)
        show_vmxon(file);
    show_msrs(file);
    show_memory(file);
    return 0;
}

static int __init vmx_probe_init(void)
{
    return proc_create_single("vmx-probe", 0400, NULL, vmx_probe_show) ? 0 : -ENOMEM;
}

static void __exit vmx_probe_exit(void)
{
    remove_proc_entry("vmx-probe", NULL);
}

module_init(vmx_probe_init);
module_exit(vmx_probe_exit);
MODULE_DESCRIPTION("What intercepted instructions do in the kernel, for tests");
MODULE_LICENSE("GPL");

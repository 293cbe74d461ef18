// SPDX-License-Identifier: GPL-2.0-only
/*
 * core-state.c - /proc/core-state: the state of the core that reads it, a register a line, as the
 * instructions that store it tell. What a load and an unload of the VMM must leave as it was.
 *
 * The reader stays on one core and in one process, so that what belongs to a process is the same in each
 * reading.
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/msr.h>

#define SHOW(file, name, value) seq_printf(file, "%s %llx\n", name, (u64)(value))
#define SHOW_REGISTER(file, name)                                                                            \
    do {                                                                                                     \
        u64 value;                                                                                           \
        asm volatile("mov %%" name ", %0" : "=r"(value));                                                    \
        SHOW(file, name, value);                                                                             \
    } while (0)

static const struct {
    const char *name;
    u32 number;
} registers[] = {
    {"efer", 0xc0000080},    {"star", 0xc0000081},
    {"lstar", 0xc0000082},   {"cstar", 0xc0000083},
    {"sfmask", 0xc0000084},  {"fs_base", 0xc0000100},
    {"gs_base", 0xc0000101}, {"kernel_gs_base", 0xc0000102},
    {"tsc_aux", 0xc0000103}, {"sysenter_cs", 0x174},
    {"sysenter_esp", 0x175}, {"sysenter_eip", 0x176},
    {"pat", 0x277},          {"mtrr_def_type", 0x2ff},
    {"apic_base", 0x1b},     {"feature_control", 0x3a},
    {"xss", 0xda0},          {"debugctl", 0x1d9},
    {"misc_enable", 0x1a0},  {"spec_ctrl", 0x48},
    {"vmx_basic", 0x480},    {"tsc_adjust", 0x3b},
};

static void show_msrs(struct seq_file *file)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(registers); i++) {
        u32 low, high;
        int error;

        error = rdmsr_safe(registers[i].number, &low, &high);
        if (error)
            seq_printf(file, "%s fault\n", registers[i].name);
        else
            SHOW(file, registers[i].name, (u64)high << 32 | low);
    }
}

static void show_tables(struct seq_file *file)
{
    struct desc_ptr gdt, idt;
    u16 tr, ldt;
    u32 rights, limit;

    asm volatile("sgdt %0" : "=m"(gdt));
    asm volatile("sidt %0" : "=m"(idt));
    asm volatile("str %0" : "=r"(tr));
    asm volatile("sldt %0" : "=r"(ldt));
    asm volatile("lar %1, %0" : "=r"(rights) : "r"((u32)tr));
    asm volatile("lsl %1, %0" : "=r"(limit) : "r"((u32)tr));
    SHOW(file, "gdtr_base", gdt.address);
    SHOW(file, "gdtr_limit", gdt.size);
    SHOW(file, "idtr_base", idt.address);
    SHOW(file, "idtr_limit", idt.size);
    SHOW(file, "tr", tr);
    SHOW(file, "tr_rights", rights);
    SHOW(file, "tr_limit", limit);
    SHOW(file, "ldtr", ldt);
}

static void show_control(struct seq_file *file)
{
    u64 cr3;

    SHOW_REGISTER(file, "cr0");
    SHOW_REGISTER(file, "cr4");
    SHOW_REGISTER(file, "cr8");
    asm volatile("mov %%cr3, %0" : "=r"(cr3));
    SHOW(file, "cr3_table", cr3 & ~0xfffull); /* the number of the address space below it comes and goes */
    SHOW_REGISTER(file, "dr0");
    SHOW_REGISTER(file, "dr1");
    SHOW_REGISTER(file, "dr2");
    SHOW_REGISTER(file, "dr3");
    SHOW_REGISTER(file, "dr6");
    SHOW_REGISTER(file, "dr7");
}

static void show_segments(struct seq_file *file)
{
    SHOW_REGISTER(file, "cs");
    SHOW_REGISTER(file, "ss");
    SHOW_REGISTER(file, "ds");
    SHOW_REGISTER(file, "es");
    SHOW_REGISTER(file, "fs");
    SHOW_REGISTER(file, "gs");
}

static void show_cpuid(struct seq_file *file)
{
    u32 eax, ebx, ecx, edx;

    cpuid(1, &eax, &ebx, &ecx, &edx);
    SHOW(file, "cpuid_1_ecx", ecx);
    SHOW(file, "cpuid_1_edx", edx);
    cpuid_count(7, 0, &eax, &ebx, &ecx, &edx);
    SHOW(file, "cpuid_7_ebx", ebx);
    SHOW(file, "cpuid_7_ecx", ecx);
    cpuid(0x40000000, &eax, &ebx, &ecx, &edx);
    SHOW(file, "cpuid_40000000_ebx", ebx);
    if (boot_cpu_has(X86_FEATURE_XSAVE)) {
        asm volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
        SHOW(file, "xcr0", (u64)edx << 32 | eax);
    }
}

static int core_state_show(struct seq_file *file, void *unused)
{
    unsigned long flags;

    local_irq_save(flags);
    SHOW(file, "core", raw_smp_processor_id());
    show_control(file);
    show_tables(file);
    show_segments(file);
    show_msrs(file);
    show_cpuid(file);
    local_irq_restore(flags);
    return 0;
}

static int __init core_state_init(void)
{
    return proc_create_single("core-state", 0400, NULL, core_state_show) ? 0 : -ENOMEM;
}

static void __exit core_state_exit(void)
{
    remove_proc_entry("core-state", NULL);
}

module_init(core_state_init);
module_exit(core_state_exit);
MODULE_DESCRIPTION("The state of a core, for tests");
MODULE_LICENSE("GPL");

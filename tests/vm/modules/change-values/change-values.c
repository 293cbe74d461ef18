// SPDX-License-Identifier: GPL-2.0-only
/*
 * change-values.c - a user of hyperhv that changes what instructions work on and what comes of them, for
 * tests:
 *
 *   CPUID    leaf CA0000: PRE makes it leaf 0
 *            leaf CA0001: POST replaces the four results
 *            leaf CA0002: short-circuited
 *            leaf CA0003: POST sets RDI, R15 and CF
 *            leaf CA0004: RBX tells a sum over XMM0-XMM5
 *            leaf CA0005: POST moves RIP over the two bytes after it
 *   RDMSR    IA32_CSTAR: POST adds 1 to the value
 *   WRMSR    IA32_CSTAR: PRE writes the value's complement in its low half; a value of 0 is short-circuited
 *
 *   and of the instructions of the module privileged, IN and OUT of port 80, exceptions that a program can
 *   raise, and system calls, by what is in RBX:
 *           MARK_PRE    PRE changes bits of RAX          MARK_POST   POST sets RAX
 *           MARK_SKIP   short-circuited
 *   but of INS and OUTS PRE makes RSI and RDI one more and RCX 1 at most, and POST changes the byte that INS
 *   has read, and RSI back by one; of page faults PRE and POST change CR2, too.
 */
#include <linux/module.h>

#include "SDK/imports/VmmGuestImports.h"
#include "SDK/imports/VmmImports.h"
#include "SDK/imports/VmmMemoryImports.h"

#include "tests/vm/modules/change-values/change-values.h"

#define LEAF_INPUT   0xca0000
#define LEAF_OUTPUT  0xca0001
#define LEAF_NOTHING 0xca0002
#define LEAF_OTHERS  0xca0003
#define LEAF_VECTORS 0xca0004
#define LEAF_RIP     0xca0005

#define CSTAR             0xc0000083
#define PORT_FREE         0x80
#define VECTOR_PAGE_FAULT 14
#define RFLAGS_CARRY      1ull

#define GO_ON  VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL
#define IGNORE VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT

static u64 vector_sum(void)
{
    const u64 *words = (const u64 *)VmFuncGetXmmRegs();
    u64 sum          = 0;
    int i;

    for (i = 0; i < sizeof(GUEST_XMM_REGS) / sizeof(u64); i++)
        sum = sum * 31 + words[i];
    return sum;
}

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE before_cpuid(u32 leaf, GUEST_REGS *regs)
{
    if (leaf == LEAF_INPUT) {
        regs->rax = 0;
        regs->rcx = 0;
    }
    return leaf == LEAF_NOTHING ? IGNORE : GO_ON;
}

static void after_cpuid(u32 leaf, GUEST_REGS *regs)
{
    if (leaf == LEAF_OUTPUT) {
        regs->rax = 0x1111222233334444;
        regs->rbx = 0x5555666677778888;
        regs->rcx = 0x99990000aaaabbbb;
        regs->rdx = 0xccccddddeeeeffff;
    } else if (leaf == LEAF_OTHERS) {
        regs->rdi = 0x1234567890abcdef;
        regs->r15 = 0xfedcba0987654321;
        regs->rflags |= RFLAGS_CARRY;
    } else if (leaf == LEAF_VECTORS) {
        regs->rbx = vector_sum();
    } else if (leaf == LEAF_RIP) {
        VmFuncSetRip(VmFuncGetRip() + 2 + 2);
    }
}

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE before_wrmsr(u32 msr, GUEST_REGS *regs)
{
    if (msr != CSTAR)
        return GO_ON;
    if ((u32)regs->rax == 0 && (u32)regs->rdx == 0)
        return IGNORE;
    regs->rax = (u32)~regs->rax;
    return GO_ON;
}

/* Bits of RAX that PRE changes. */
static const u64 changed_bits[VMM_EVENT_TYPE_COUNT] = {
    [DEBUG_REGISTERS_ACCESSED] = CHANGED_DR,     [CONTROL_REGISTER_MODIFIED] = CHANGED_CR,
    [CONTROL_REGISTER_3_MODIFIED] = CHANGED_CR3, [XSETBV_INSTRUCTION_EXECUTION] = CHANGED_XCR,
    [IN_INSTRUCTION_EXECUTION] = CHANGED_IO,     [OUT_INSTRUCTION_EXECUTION] = CHANGED_IO,
    [EXCEPTION_OCCURRED] = CHANGED_EXCEPTION,    [SYSCALL_HOOK_EFER_SYSCALL] = CHANGED_SYSCALL,
    [SYSCALL_HOOK_EFER_SYSRET] = CHANGED_SYSRET,
};

static bool is_io(VMM_EVENT_TYPE_ENUM type)
{
    return type == IN_INSTRUCTION_EXECUTION || type == OUT_INSTRUCTION_EXECUTION;
}

/* The mark as it is for this type. */
static u64 mark_of(VMM_EVENT_TYPE_ENUM type, u64 rbx)
{
    if (is_io(type))
        return rbx ^ MARK_OF_IO;
    if (type == EXCEPTION_OCCURRED)
        return rbx ^ MARK_OF_EXCEPTION;
    if (type == SYSCALL_HOOK_EFER_SYSCALL)
        return rbx ^ MARK_OF_SYSCALL;
    return type == SYSCALL_HOOK_EFER_SYSRET ? rbx ^ MARK_OF_SYSRET : rbx;
}

static void change_input(VMM_EVENT_TYPE_ENUM type, u32 number, GUEST_REGS *regs)
{
    regs->rax ^= changed_bits[type];
    if (type == EXCEPTION_OCCURRED && number == VECTOR_PAGE_FAULT)
        SetGuestCr2(GetGuestCr2() + CHANGED_CR2);
}

static void change_output(VMM_EVENT_TYPE_ENUM type, u32 number, GUEST_REGS *regs)
{
    regs->rax = type == SYSCALL_HOOK_EFER_SYSCALL ? regs->rax ^ CHANGED_SYSCALL : RAX_OF_POST;
    if (type == EXCEPTION_OCCURRED && number == VECTOR_PAGE_FAULT)
        SetGuestCr2(GetGuestCr2() + CHANGED_CR2);
}

static void change_input_of_string(GUEST_REGS *regs)
{
    regs->rsi++;
    regs->rdi++;
    if (regs->rcx > 1)
        regs->rcx = 1;
}

static void change_output_of_string(VMM_EVENT_TYPE_ENUM type, GUEST_REGS *regs)
{
    u8 byte;

    if (type == OUT_INSTRUCTION_EXECUTION) {
        regs->rsi--;
    } else if (MemoryMapperReadMemorySafe(regs->rdi - 1, &byte, 1)) {
        byte ^= CHANGED_IO;
        MemoryMapperWriteMemorySafe(regs->rdi - 1, &byte, 1);
    }
}

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE marked(VMM_EVENT_TYPE_ENUM type, BOOLEAN is_pre, u32 number,
                                                        BOOLEAN *post_event_required, GUEST_REGS *regs)
{
    const bool is_string = is_io(type) && (regs->rbx & MARK_OF_STRING);
    const u64 mark       = is_string ? regs->rbx ^ MARK_OF_STRING : mark_of(type, regs->rbx);

    if (!is_pre && is_string)
        change_output_of_string(type, regs);
    else if (!is_pre)
        change_output(type, number, regs);
    else if (mark == MARK_PRE && is_string)
        change_input_of_string(regs);
    else if (mark == MARK_PRE)
        change_input(type, number, regs);
    if (is_pre)
        *post_event_required = mark == MARK_POST;
    return is_pre && mark == MARK_SKIP ? IGNORE : GO_ON;
}

static BOOLEAN is_marked(VMM_EVENT_TYPE_ENUM type)
{
    return type != CPUID_INSTRUCTION_EXECUTION && type != RDMSR_INSTRUCTION_EXECUTION &&
           type != WRMSR_INSTRUCTION_EXECUTION;
}

/* In VMX root mode: no kernel function may be called here. */
static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE on_event(VMM_EVENT_TYPE_ENUM type,
                                                          VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE stage,
                                                          PVOID context, BOOLEAN *post_event_required,
                                                          GUEST_REGS *regs)
{
    const u32 number = (UINTPTR)context;

    if (is_marked(type))
        return marked(type, stage == VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION, number,
                      post_event_required, regs);
    if (stage == VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION) {
        *post_event_required = type != WRMSR_INSTRUCTION_EXECUTION;
        if (type == CPUID_INSTRUCTION_EXECUTION)
            return before_cpuid(number, regs);
        return type == WRMSR_INSTRUCTION_EXECUTION ? before_wrmsr(number, regs) : GO_ON;
    }
    if (type == CPUID_INSTRUCTION_EXECUTION)
        after_cpuid(number, regs);
    else if (type == RDMSR_INSTRUCTION_EXECUTION && number == CSTAR)
        regs->rax = (u32)(regs->rax + 1);
    return GO_ON;
}

static const VMM_EVENT_TYPE_ENUM types[] = {
    CPUID_INSTRUCTION_EXECUTION,  RDMSR_INSTRUCTION_EXECUTION,  WRMSR_INSTRUCTION_EXECUTION,
    TSC_INSTRUCTION_EXECUTION,    PMC_INSTRUCTION_EXECUTION,    DEBUG_REGISTERS_ACCESSED,
    CONTROL_REGISTER_MODIFIED,    CONTROL_REGISTER_READ,        CONTROL_REGISTER_3_MODIFIED,
    VMCALL_INSTRUCTION_EXECUTION, XSETBV_INSTRUCTION_EXECUTION, IN_INSTRUCTION_EXECUTION,
    OUT_INSTRUCTION_EXECUTION,    EXCEPTION_OCCURRED,           SYSCALL_HOOK_EFER_SYSCALL,
    SYSCALL_HOOK_EFER_SYSRET,
};

/* That a program can raise, with one instruction. */
static const u8 vectors[] = {0, 1, 3, 6, 11, 12, 13, VECTOR_PAGE_FAULT, 16, 17, 19};

static void turn_exits_on(void)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(vectors); i++)
        ConfigureSetExceptionBitmap(VMM_ALL_CORES, vectors[i]);
    ConfigureSetMsrReadExiting(VMM_ALL_CORES, CSTAR);
    ConfigureSetMsrWriteExiting(VMM_ALL_CORES, CSTAR);
    ConfigureSetRdtscExiting(VMM_ALL_CORES);
    ConfigureSetRdpmcExiting(VMM_ALL_CORES);
    ConfigureSetMovDebugRegsExiting(VMM_ALL_CORES);
    ConfigureSetMovToCrExiting(VMM_ALL_CORES, 0, ~0ull);
    ConfigureSetMovToCrExiting(VMM_ALL_CORES, 4, ~0ull);
    ConfigureSetMovToCrExiting(VMM_ALL_CORES, 8, 0);
    ConfigureSetMovToCr3Exiting(VMM_ALL_CORES);
    ConfigureSetMovFromCrExiting(VMM_ALL_CORES, 3);
    ConfigureSetMovFromCrExiting(VMM_ALL_CORES, 8);
    ConfigureSetIoExiting(VMM_ALL_CORES, PORT_FREE);
    ConfigureSetEferSyscallHook(VMM_ALL_CORES);
}

static int __init change_values_init(void)
{
    VMM_CALLBACKS callbacks = {.VmmCallbackTriggerEvents = on_event};
    int i;

    if (!VmFuncInitVmm(&callbacks))
        return -EIO;
    for (i = 0; i < ARRAY_SIZE(types); i++)
        VmFuncSetTriggerEvent(types[i], TRUE);
    turn_exits_on();
    return 0;
}

static void __exit change_values_exit(void)
{
    VmFuncUninitVmm();
}

module_init(change_values_init);
module_exit(change_values_exit);
MODULE_DESCRIPTION("Changes inputs and outputs of instructions, for tests");
MODULE_LICENSE("GPL");

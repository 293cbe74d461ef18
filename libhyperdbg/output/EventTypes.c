/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventTypes.c - what the tool knows about each type of event: its name, its context, the registers that
 * matter.
 *
 * Context: user space.
 */
#include "libhyperdbg/output/EventTypes.h"

/* ORDER GUEST_REGS */
const CHAR *const g_RegisterNames[GUEST_REGS_COUNT] = {"rax", "rcx", "rdx", "rbx", "rsp",   "rbp",
                                                       "rsi", "rdi", "r8",  "r9",  "r10",   "r11",
                                                       "r12", "r13", "r14", "r15", "rflags"};
enum { RAX = 0, RCX, RDX, RBX, RSI = 6, RDI, R11 = 11, NONE = -1 };

static const EVENT_VALUE g_CpuidValues[] = {
    {"eax", NONE, RAX, 32}, {"ebx", NONE, RBX, 32}, {"ecx", NONE, RCX, 32}, {"edx", NONE, RDX, 32}, {0}};
static const EVENT_VALUE g_MsrNumber[] = {{"ecx", NONE, RCX, 32}, {0}};
static const EVENT_VALUE g_MsrValues[] = {{"ecx", NONE, RCX, 32}, {"edx:eax", RDX, RAX, 32}, {0}};

/* What a function was called with. */
static const EVENT_VALUE g_CallValues[] = {
    {"rdi", NONE, RDI, 64}, {"rsi", NONE, RSI, 64}, {"rdx", NONE, RDX, 64}, {"rcx", NONE, RCX, 64}, {0}};
static const EVENT_VALUE g_PortValue[]     = {{"eax", NONE, RAX, 32}, {0}};
static const EVENT_VALUE g_SyscallBefore[] = {
    {"rdi", NONE, RDI, 64}, {"rsi", NONE, RSI, 64}, {"rdx", NONE, RDX, 64}, {0}};
static const EVENT_VALUE g_SyscallAfter[] = {{"rcx", NONE, RCX, 64}, {"r11", NONE, R11, 64}, {0}};
static const EVENT_VALUE g_SysretValues[] = {{"rax", NONE, RAX, 64}, {"rcx", NONE, RCX, 64}, {0}};

static const EVENT_VALUE g_CounterValues[] = {{"edx:eax", RDX, RAX, 32}, {0}};
static const EVENT_VALUE g_VmcallValues[]  = {
     {"rcx", NONE, RCX, 64}, {"rdx", NONE, RDX, 64}, {"rbx", NONE, RBX, 64}, {0}};

static const EVENT_TYPE g_EventTypes[] = {
    [HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE] = {"!monitor rwx", "address", NULL, NULL},
    [HIDDEN_HOOK_READ_AND_WRITE]             = {"!monitor rw", "address", NULL, NULL},
    [HIDDEN_HOOK_READ_AND_EXECUTE]           = {"!monitor rx", "address", NULL, NULL},
    [HIDDEN_HOOK_WRITE_AND_EXECUTE]          = {"!monitor wx", "address", NULL, NULL},
    [HIDDEN_HOOK_READ]                       = {"!monitor r", "address", NULL, NULL},
    [HIDDEN_HOOK_WRITE]                      = {"!monitor w", "address", NULL, NULL},
    [HIDDEN_HOOK_EXECUTE]                    = {"!monitor x", "address", NULL, NULL},
    [HIDDEN_HOOK_EXEC_DETOURS]               = {"!epthook2", "address", g_CallValues, NULL},
    [HIDDEN_HOOK_EXEC_CC]                    = {"!epthook", "address", g_CallValues, NULL},
    [SYSCALL_HOOK_EFER_SYSCALL]              = {"!syscall", "number", g_SyscallBefore, g_SyscallAfter},
    [SYSCALL_HOOK_EFER_SYSRET]               = {"!sysret", NULL, g_SysretValues, g_SysretValues},
    [CPUID_INSTRUCTION_EXECUTION]            = {"!cpuid", "leaf", g_CpuidValues, g_CpuidValues},
    [RDMSR_INSTRUCTION_EXECUTION]            = {"!msrread", "msr", g_MsrNumber, g_MsrValues},
    [WRMSR_INSTRUCTION_EXECUTION]            = {"!msrwrite", "msr", g_MsrValues, g_MsrValues},
    [IN_INSTRUCTION_EXECUTION]               = {"!ioin", "port", NULL, g_PortValue},
    [OUT_INSTRUCTION_EXECUTION]              = {"!ioout", "port", g_PortValue, g_PortValue},
    [EXCEPTION_OCCURRED]                     = {"!exception", "vector", NULL, NULL},
    [EXTERNAL_INTERRUPT_OCCURRED]            = {"!interrupt", "vector", NULL, NULL},
    [DEBUG_REGISTERS_ACCESSED]               = {"!dr", "register", NULL, NULL},
    [TSC_INSTRUCTION_EXECUTION]              = {"!tsc", "rdtscp", NULL, g_CounterValues},
    [PMC_INSTRUCTION_EXECUTION]              = {"!pmc", "counter", NULL, g_CounterValues},
    [VMCALL_INSTRUCTION_EXECUTION]           = {"!vmcall", "number", g_VmcallValues, g_VmcallValues},
    [CONTROL_REGISTER_MODIFIED]              = {"!crwrite", "register", NULL, NULL},
    [CONTROL_REGISTER_READ]                  = {"!crread", "register", NULL, NULL},
    [CONTROL_REGISTER_3_MODIFIED]            = {"!cr3", "value", NULL, NULL},
    [TRAP_EXECUTION_MODE_CHANGED]            = {"!mode", "mode", NULL, NULL},
    [TRAP_EXECUTION_INSTRUCTION_TRACE]       = {"!trace", "kind", NULL, NULL},
    [XSETBV_INSTRUCTION_EXECUTION]           = {"!xsetbv", "xcr", g_CounterValues, g_CounterValues},
};
STATIC_ASSERT(COUNT_OF(g_EventTypes) == VMM_EVENT_TYPE_COUNT);

BOOLEAN EventTypeIsMonitored(UINT32 Type)
{
    return Type <= HIDDEN_HOOK_EXECUTE;
}

BOOLEAN EventTypeIsHook(UINT32 Type)
{
    return Type <= HIDDEN_HOOK_EXEC_CC;
}

BOOLEAN EventTypeIsOfRegister(UINT32 Type)
{
    return Type == DEBUG_REGISTERS_ACCESSED ||
           (Type >= CONTROL_REGISTER_MODIFIED && Type <= CONTROL_REGISTER_3_MODIFIED);
}

const CHAR *EventAccessName(UINT32 Access)
{
    static const CHAR *const Names[] = {"access",  "read",         "write",         "read+write",
                                        "execute", "read+execute", "write+execute", "read+write+execute"};

    return Names[Access % COUNT_OF(Names)];
}

const EVENT_TYPE *EventTypeFind(UINT32 Type)
{
    static const EVENT_TYPE Unknown = {"(unknown type)", "context", NULL, NULL};

    return Type < VMM_EVENT_TYPE_COUNT ? &g_EventTypes[Type] : &Unknown;
}

const CHAR *EventStageName(UINT32 Stage)
{
    static const CHAR *const Names[] = {
        [VMM_CALLBACK_CALLING_STAGE_INVALID_EVENT_EMULATION] = "?",
        [VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION]     = "pre",
        [VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION]    = "post",
        [VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION]     = "all",
    };

    return Stage < COUNT_OF(Names) ? Names[Stage] : "?";
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * change-traps.c - what a user of hyperhv changes in events of ports, exceptions and system calls is what the
 * program gets: inputs in PRE, outputs in POST, nothing at all after a short-circuit.
 *
 * The user is the module change-values, which goes by marks in RBX; nothing but the marked instruction must
 * have them. Context: user space of the guest, root.
 */
#include "tests/vm/modules/change-values/change-values.h"
#include "tests/vm/support/Client.h"
#include "tests/vm/support/Tap.h"

#include <asm/ldt.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define MARKED(Instruction) "mov %[mark], %%rbx\n " Instruction "\n xor %%ebx, %%ebx\n "

/* Around instructions that use the stack: the compiler may have something below it. */
#define OVER_RED_ZONE(Instructions) "lea -128(%%rsp), %%rsp\n " Instructions "\n lea 128(%%rsp), %%rsp\n "

/* --- IN and OUT --- */

/* What the port holds then. */
static UINT64 Out(UINT64 Mark, UINT8 Byte)
{
    UINT64 Rax = Byte;

    __asm__ volatile(MARKED("outb %%al, $0x80") "inb $0x80, %%al"
                     : "+a"(Rax)
                     : [mark] "r"(Mark)
                     : "rbx", "memory", "cc");
    return (UINT8)Rax;
}

static UINT64 In(UINT64 Mark)
{
    UINT64 Rax = 0xA500;

    __asm__ volatile(MARKED("inb $0x80, %%al") : "+a"(Rax) : [mark] "r"(Mark) : "rbx", "memory", "cc");
    return Rax;
}

static VOID TestPorts(UINT32 Core)
{
    if (iopl(3) != 0)
        TapGiveUp("iopl");
    TapIsNumber(Out(0, 0x35), 0x35, "core %u: a port keeps what is written", Core);
    TapIsNumber(Out(MARK_PRE | MARK_OF_IO, 0x35), 0x35 ^ CHANGED_IO,
                "core %u: OUT writes what PRE made of its input", Core);
    Out(0, 0x44);
    TapIsNumber(Out(MARK_SKIP | MARK_OF_IO, 0x35), 0x44, "core %u: OUT, skipped, writes nothing", Core);
    TapIsNumber(In(MARK_POST | MARK_OF_IO), RAX_OF_POST, "core %u: IN gives what POST made of its output",
                Core);
    TapIsNumber(In(MARK_SKIP | MARK_OF_IO), 0xA500, "core %u: IN, skipped, gives nothing", Core);
    TapIsNumber(In(0), 0xA544, "core %u: and else what is there", Core);
}

/* --- their string forms: the guest carries them out, on the registers and memory that PRE has left --- */

typedef struct _STRING_RUN {
    UINT8 *Pointer; /* RSI, RDI, and where it is afterwards */
    UINT64 Count;   /* RCX, and what is left of it */
    UINT8 Port;     /* what the port holds then; of INS, before */
} STRING_RUN;

#define DEFINE_STRING_RUN(Name, Instruction, Register, Before, After)                                        \
    static STRING_RUN Name(UINT64 Mark, UINT8 *Pointer, UINT64 Count, UINT8 Port)                            \
    {                                                                                                        \
        STRING_RUN Run = {Pointer, Count, Port};                                                             \
                                                                                                             \
        Before;                                                                                              \
        __asm__ volatile(MARKED(Instruction)                                                                 \
                         : "+" Register(Run.Pointer), "+c"(Run.Count)                                        \
                         : [mark] "r"(Mark), "d"(0x80)                                                       \
                         : "rbx", "memory", "cc");                                                           \
        After;                                                                                               \
        return Run;                                                                                          \
    }

DEFINE_STRING_RUN(Outs, "outsb", "S", , Run.Port = inb(0x80))
DEFINE_STRING_RUN(RepOuts, "rep outsb", "S", , Run.Port = inb(0x80))
DEFINE_STRING_RUN(Ins, "insb", "D", outb(Port, 0x80), )
DEFINE_STRING_RUN(RepIns, "rep insb", "D", outb(Port, 0x80), )

static BOOLEAN Holds(const UINT8 *Bytes, UINT8 A, UINT8 B, UINT8 C, UINT8 D)
{
    const UINT8 Wanted[] = {A, B, C, D};

    return memcmp(Bytes, Wanted, sizeof(Wanted)) == 0;
}

static VOID TestOuts(UINT32 Core)
{
    UINT8 Bytes[4] = {1, 2, 3, 4};
    STRING_RUN Run;

    Run = Outs(0, Bytes, 7, 0);
    TapIs(Run.Port == 1 && Run.Pointer == Bytes + 1 && Run.Count == 7, "core %u: OUTS", Core);
    Run = Outs(MARK_PRE | MARK_OF_STRING, Bytes, 1, 0);
    TapIs(Run.Port == 2 && Run.Pointer == Bytes + 2, "core %u: OUTS writes from where PRE points", Core);
    Run = Outs(MARK_POST | MARK_OF_STRING, Bytes + 2, 1, 0);
    TapIs(Run.Port == 3 && Run.Pointer == Bytes + 2, "core %u: OUTS ends where POST points", Core);
    Run = Outs(MARK_SKIP | MARK_OF_STRING, Bytes, 1, 0);
    TapIs(Run.Port == 3 && Run.Pointer == Bytes, "core %u: OUTS, skipped, writes nothing", Core);
    Run = RepOuts(0, Bytes, 4, 0);
    TapIs(Run.Port == 4 && Run.Pointer == Bytes + 4 && Run.Count == 0, "core %u: REP OUTS", Core);
    Run = RepOuts(MARK_PRE | MARK_OF_STRING, Bytes, 4, 0);
    TapIs(Run.Port == 2 && Run.Pointer == Bytes + 2 && Run.Count == 0,
          "core %u: REP OUTS goes on as often as PRE says", Core);
    Run = RepOuts(MARK_POST | MARK_OF_STRING, Bytes, 4, 0);
    TapIs(Run.Port == 1 && Run.Pointer == Bytes && Run.Count == 0,
          "core %u: REP OUTS goes on where the POST of each iteration points", Core);
    Run = RepOuts(MARK_SKIP | MARK_OF_STRING, Bytes + 1, 3, 0);
    TapIs(Run.Port == 1 && Run.Pointer == Bytes + 1 && Run.Count == 3,
          "core %u: REP OUTS, skipped, writes nothing", Core);
}

static VOID TestIns(UINT32 Core)
{
    UINT8 Bytes[4] = {0};
    STRING_RUN Run;

    Run = Ins(0, Bytes, 7, 0x51);
    TapIs(Run.Pointer == Bytes + 1 && Run.Count == 7 && Holds(Bytes, 0x51, 0, 0, 0), "core %u: INS", Core);
    Run = Ins(MARK_PRE | MARK_OF_STRING, Bytes, 1, 0x52);
    TapIs(Run.Pointer == Bytes + 2 && Holds(Bytes, 0x51, 0x52, 0, 0),
          "core %u: INS reads to where PRE points", Core);
    Run = Ins(MARK_POST | MARK_OF_STRING, Bytes + 2, 1, 0x53);
    TapIs(Run.Pointer == Bytes + 3 && Holds(Bytes, 0x51, 0x52, 0x53 ^ CHANGED_IO, 0),
          "core %u: INS leaves in memory what POST made of it", Core);
    Run = Ins(MARK_SKIP | MARK_OF_STRING, Bytes, 1, 0x54);
    TapIs(Run.Pointer == Bytes && Holds(Bytes, 0x51, 0x52, 0x53 ^ CHANGED_IO, 0),
          "core %u: INS, skipped, reads nothing", Core);
    Run = RepIns(MARK_PRE | MARK_OF_STRING, Bytes, 4, 0x55);
    TapIs(Run.Pointer == Bytes + 2 && Run.Count == 0 && Holds(Bytes, 0x51, 0x55, 0x53 ^ CHANGED_IO, 0),
          "core %u: REP INS goes on as often as PRE says", Core);
    Run = RepIns(MARK_POST | MARK_OF_STRING, Bytes, 3, 0x56);
    TapIs(Run.Pointer == Bytes + 3 && Run.Count == 0 &&
              Holds(Bytes, 0x56 ^ CHANGED_IO, 0x56 ^ CHANGED_IO, 0x56 ^ CHANGED_IO, 0),
          "core %u: REP INS leaves what the POST of each iteration made of it", Core);
    Run = RepIns(MARK_SKIP | MARK_OF_STRING, Bytes, 4, 0x57);
    TapIs(Run.Pointer == Bytes && Run.Count == 4 && Bytes[0] == (0x56 ^ CHANGED_IO),
          "core %u: REP INS, skipped, reads nothing", Core);
}

/* --- exceptions --- */

#define RAX_BEFORE   0x600u
#define ABSENT       0x5000u /* below the lowest address that can be mapped */
#define LDT_SELECTOR 7u      /* its first element, for users */
#define FLAG_TRAP    0x100

typedef struct _EXCEPTION_CASE {
    const CHAR *What;
    INT32 Signal;
    INT32 Length;                 /* of the instruction that faults; 0: RIP is behind it already */
    UINT64 (*Raise)(UINT64 Mark); /* gives RAX as it is afterwards */
} EXCEPTION_CASE;

static const EXCEPTION_CASE *g_Case;
static volatile UINT64 g_RaxAtFault, g_AddressOfFault;
static volatile sig_atomic_t g_Faults;

/* RAX is the program's again; a single step is the only one. */
static VOID OnFault(INT32 Number, siginfo_t *Info, PVOID Context)
{
    greg_t *Registers = ((ucontext_t *)Context)->uc_mcontext.gregs;

    (void)Number;
    g_Faults++;
    g_RaxAtFault       = (UINT64)Registers[REG_RAX];
    g_AddressOfFault   = (UINT64)(UINTPTR)Info->si_addr;
    Registers[REG_RAX] = RAX_BEFORE;
    Registers[REG_RIP] += g_Case->Length;
    Registers[REG_EFL] &= ~FLAG_TRAP;
}

/* Rcx and Rdi are inputs; RSI and RDX are the instructions' own. */
#define DEFINE_RAISE(Name, Instructions, Rcx, Rdi)                                                           \
    static UINT64 Name(UINT64 Mark)                                                                          \
    {                                                                                                        \
        UINT64 Rax = RAX_BEFORE, Rdx = 0;                                                                    \
                                                                                                             \
        __asm__ volatile(Instructions                                                                        \
                         : "+a"(Rax), "+d"(Rdx)                                                              \
                         : "c"(Rcx), "D"(Rdi), [mark] "r"(Mark)                                              \
                         : "rbx", "rsi", "xmm0", "xmm1", "memory", "cc");                                    \
        return Rax;                                                                                          \
    }

/* Above the masks of an x87 and an SSE control register whose division by zero is not masked, and of one
 * whose is. */
static const UINT32 X87Control = 0x37B, SseControl[2] = {0x1D80, 0x1F80};
static const UINT64 Aligned[2] = {0};

DEFINE_RAISE(RaiseDivide, MARKED("divl %%ecx"), 0, 0)
/* Every instruction with the flag traps: all have the mark, and only the first one reaches the handler. */
DEFINE_RAISE(RaiseStep,
             OVER_RED_ZONE(MARKED("pushfq\n orl $0x100, (%%rsp)\n popfq\n nop\n"
                                  "pushfq\n andl $~0x100, (%%rsp)\n popfq")),
             0, 0)
DEFINE_RAISE(RaiseInt1, MARKED(".byte 0xF1"), 0, 0)
DEFINE_RAISE(RaiseBreakpoint, MARKED("int3"), 0, 0)
DEFINE_RAISE(RaiseUndefined, MARKED("ud2"), 0, 0)
DEFINE_RAISE(RaiseNotPresent, MARKED("mov %%ecx, %%es"), LDT_SELECTOR, 0)
DEFINE_RAISE(RaiseStack,
             OVER_RED_ZONE("push %%rbp\n mov %%rcx, %%rbp\n" MARKED("movb 0(%%rbp), %%dl") "pop %%rbp\n"),
             1ull << 62, 0)
DEFINE_RAISE(RaiseProtection, MARKED("hlt"), 0, 0)
DEFINE_RAISE(RaisePageFault, MARKED("movb $1, (%%rcx)"), ABSENT, 0)
DEFINE_RAISE(RaiseX87, "fninit\n fldcw (%%rcx)\n fld1\n fldz\n fdivrp\n" MARKED("fwait") "fninit\n",
             &X87Control, 0)
DEFINE_RAISE(RaiseAlignment,
             OVER_RED_ZONE("pushfq\n orl $0x40000, (%%rsp)\n popfq\n" MARKED(
                 "movl 1(%%rdi), %%edx") "pushfq\n andl $~0x40000, (%%rsp)\n popfq\n"),
             0, Aligned)
DEFINE_RAISE(RaiseSimd,
             "ldmxcsr (%%rcx)\n movl $0x3F800000, %%edx\n movd %%edx, %%xmm0\n pxor %%xmm1, %%xmm1\n" MARKED(
                 "divss %%xmm1, %%xmm0") "ldmxcsr 4(%%rcx)\n",
             SseControl, 0)

static const EXCEPTION_CASE Exceptions[] = {
    {"#DE", SIGFPE, 2, RaiseDivide},        {"#DB by a single step", SIGTRAP, 0, RaiseStep},
    {"#DB by INT1", SIGTRAP, 0, RaiseInt1}, {"#BP", SIGTRAP, 0, RaiseBreakpoint},
    {"#UD", SIGILL, 2, RaiseUndefined},     {"#NP", SIGBUS, 2, RaiseNotPresent},
    {"#SS", SIGBUS, 3, RaiseStack},         {"#GP", SIGSEGV, 1, RaiseProtection},
    {"#PF", SIGSEGV, 3, RaisePageFault},    {"#MF", SIGFPE, 1, RaiseX87},
    {"#AC", SIGBUS, 3, RaiseAlignment},     {"#XM", SIGFPE, 4, RaiseSimd},
};

/* The handler sees RAX, once; 0: it does not come, and the program goes on as if nothing was. */
static VOID TestRaise(UINT64 Mark, UINT64 RaxAtFault, UINT32 Core, const CHAR *How)
{
    g_Faults     = 0;
    g_RaxAtFault = 0;
    TapIsNumber(g_Case->Raise(Mark), RAX_BEFORE, "core %u: %s%s: the program goes on behind it", Core,
                g_Case->What, How);
    TapIs(g_RaxAtFault == RaxAtFault && g_Faults == (RaxAtFault != 0),
          "core %u: %s%s: what the handler sees (%llx)", Core, g_Case->What, How, g_RaxAtFault);
}

static VOID TestException(UINT32 Core)
{
    const struct sigaction Action = {.sa_sigaction = OnFault, .sa_flags = SA_SIGINFO};

    sigaction(g_Case->Signal, &Action, NULL);
    TestRaise(0, RAX_BEFORE, Core, "");
    TestRaise(MARK_PRE | MARK_OF_EXCEPTION, RAX_BEFORE ^ CHANGED_EXCEPTION, Core, ", changed in PRE");
    TestRaise(MARK_POST | MARK_OF_EXCEPTION, RAX_OF_POST, Core, ", changed in POST");
    TestRaise(MARK_SKIP | MARK_OF_EXCEPTION, 0, Core, ", skipped");
    signal(g_Case->Signal, SIG_DFL);
}

static VOID TestPageFaultAddress(UINT32 Core)
{
    const struct sigaction Action = {.sa_sigaction = OnFault, .sa_flags = SA_SIGINFO};

    sigaction(SIGSEGV, &Action, NULL);
    RaisePageFault(0);
    TapIsNumber(g_AddressOfFault, ABSENT, "core %u: #PF: the handler sees CR2", Core);
    RaisePageFault(MARK_PRE | MARK_OF_EXCEPTION);
    TapIsNumber(g_AddressOfFault, ABSENT + CHANGED_CR2, "core %u: #PF: as PRE has changed it", Core);
    RaisePageFault(MARK_POST | MARK_OF_EXCEPTION);
    TapIsNumber(g_AddressOfFault, ABSENT + CHANGED_CR2, "core %u: #PF: as POST has changed it", Core);
    signal(SIGSEGV, SIG_DFL);
}

static VOID TestExceptions(UINT32 Core)
{
    const struct user_desc Absent = {.limit = 0xFFF, .seg_32bit = 1, .seg_not_present = 1};

    if (syscall(SYS_modify_ldt, 1, &Absent, sizeof(Absent)) != 0)
        TapGiveUp("modify_ldt");
    for (UINT32 Index = 0; Index < COUNT_OF(Exceptions); Index++) {
        g_Case = &Exceptions[Index];
        TestException(Core);
        if (g_Case->Raise == RaisePageFault)
            TestPageFaultAddress(Core);
    }
}

/* --- #DB of the debug registers: the kernel's own user of them counts --- */

extern const UINT8 BreakpointPlace[];
static volatile UINT64 g_Watched;

/* An instruction with a breakpoint, which writes to where there is another one. */
static __attribute__((__noinline__, __noclone__)) VOID TouchBoth(UINT64 Mark)
{
    UINT64 Value = g_Watched + 1;

    __asm__ volatile(MARKED(".globl BreakpointPlace\nBreakpointPlace: mov %[value], (%[to])")
                     :
                     : [mark] "r"(Mark), [value] "r"(Value), [to] "r"(&g_Watched), "a"(0)
                     : "rbx", "memory", "cc");
}

static INT32 WatchFor(UINT32 Type, UINTPTR Address)
{
    struct perf_event_attr Wanted = {.type    = PERF_TYPE_BREAKPOINT,
                                     .size    = sizeof(Wanted),
                                     .bp_type = Type,
                                     .bp_addr = Address,
                                     .bp_len  = sizeof(UINT64)};
    const INT32 Counter           = (INT32)syscall(SYS_perf_event_open, &Wanted, 0, -1, -1, 0);

    if (Counter < 0)
        TapGiveUp("perf_event_open");
    return Counter;
}

static UINT64 CountOf(INT32 Counter)
{
    UINT64 Count = ~0ull;

    if (read(Counter, &Count, sizeof(Count)) != sizeof(Count))
        TapGiveUp("a counter");
    return Count;
}

static VOID TestDebugRegister(UINT32 Core, UINT32 Type, UINTPTR Address, const CHAR *What)
{
    g_Watched           = 0; /* which is no access yet that is watched */
    const INT32 Counter = WatchFor(Type, Address);

    TouchBoth(0);
    TapIs(CountOf(Counter) == 1 && g_Watched == 1, "core %u: %s: the kernel counts it", Core, What);
    TouchBoth(MARK_SKIP | MARK_OF_EXCEPTION);
    TapIs(CountOf(Counter) == 1 && g_Watched == 2,
          "core %u: %s, skipped: it does not (%llu), and the instruction is done", Core, What,
          CountOf(Counter));
    TouchBoth(0);
    TapIs(CountOf(Counter) == 2 && g_Watched == 3, "core %u: %s: and then again", Core, What);
    close(Counter);
}

static VOID TestDebugRegisters(UINT32 Core)
{
    TestDebugRegister(Core, HW_BREAKPOINT_X, (UINTPTR)BreakpointPlace, "#DB by an instruction's address");
    TestDebugRegister(Core, HW_BREAKPOINT_W, (UINTPTR)&g_Watched, "#DB by a write");
}

/* --- SYSCALL and SYSRET --- */

static UINT64 GetPid(UINT64 Mark)
{
    UINT64 Rax = SYS_getpid;

    __asm__ volatile(MARKED("syscall") : "+a"(Rax) : [mark] "r"(Mark) : "rbx", "rcx", "r11", "memory", "cc");
    return Rax;
}

static VOID TestSyscalls(UINT32 Core)
{
    const UINT64 Pid = GetPid(0);

    TapIsNumber(Pid, (UINT64)getpid(), "core %u: SYSCALL", Core);
    TapIsNumber(GetPid(MARK_PRE | MARK_OF_SYSCALL), getuid(),
                "core %u: SYSCALL calls what PRE made of its number", Core);
    TapIsNumber(GetPid(MARK_POST | MARK_OF_SYSCALL), getuid(),
                "core %u: the kernel sees what POST made of it", Core);
    TapIsNumber(GetPid(MARK_SKIP | MARK_OF_SYSCALL), SYS_getpid, "core %u: SYSCALL, skipped, calls nothing",
                Core);
    TapIsNumber(GetPid(MARK_PRE | MARK_OF_SYSRET), Pid ^ CHANGED_SYSRET,
                "core %u: SYSRET brings back what PRE made of the result", Core);
    TapIsNumber(GetPid(MARK_POST | MARK_OF_SYSRET), RAX_OF_POST, "core %u: and what POST made of it", Core);
}

int main(void)
{
    static VOID (*const Tests[])(UINT32) = {TestPorts,      TestOuts,           TestIns,
                                            TestExceptions, TestDebugRegisters, TestSyscalls};
    const UINT32 CoreCount               = ClientCoreCount();

    ClientShell("insmod /root/hyperhv.ko");
    ClientShell("insmod /root/change-values.ko");
    for (UINT32 Core = 0; Core < CoreCount; Core++) {
        ClientPin(Core);
        for (UINT32 Index = 0; Index < COUNT_OF(Tests); Index++)
            Tests[Index](Core);
    }
    ClientShell("rmmod change-values");
    ClientShell("rmmod hyperhv");
    return TapEnd();
}

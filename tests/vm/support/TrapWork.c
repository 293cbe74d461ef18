/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * TrapWork.c - ports, exceptions, system calls to be watched.
 *
 * Context: user space.
 */
#include "tests/vm/support/TrapWork.h"

#include "tests/vm/support/Tap.h"

#include <asm/ldt.h>
#include <signal.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096u

/* --- ports --- */

static VOID OpenPorts(VOID)
{
    if (iopl(3) != 0)
        TapGiveUp("iopl");
}

static UINT8 Pattern(UINT32 Index)
{
    return (UINT8)(0x35 + 7 * Index);
}

INT32 DoOuts(PVOID Context)
{
    OpenPorts();
    for (UINT32 Index = 0; Index < *(UINT32 *)Context; Index++) {
        outb(Pattern(Index), TRAP_PORT);
        if (inb(TRAP_PORT) != Pattern(Index))
            return 1;
    }
    return 0;
}

INT32 DoOutsWithoutEffect(PVOID Context)
{
    OpenPorts();
    const UINT8 Before = inb(TRAP_PORT);

    for (UINT32 Index = 0; Index < *(UINT32 *)Context; Index++) {
        outb((UINT8)~Before, TRAP_PORT);
        if (inb(TRAP_PORT) != Before)
            return 1;
    }
    return 0;
}

INT32 DoIns(PVOID Context)
{
    OpenPorts();
    for (UINT32 Index = 0; Index < *(UINT32 *)Context; Index++) {
        UINT64 Rax = 0xAAAABBBBCCCCDD00;

        outb(Pattern(Index), TRAP_PORT);
        __asm__ volatile("inb %w1, %b0" : "+a"(Rax) : "d"(TRAP_PORT));
        if (Rax != (0xAAAABBBBCCCCDD00 | Pattern(Index)))
            return 1;
    }
    return 0;
}

INT32 DoInsWithoutEffect(PVOID Context)
{
    OpenPorts();
    outb(0x11, TRAP_PORT);
    for (UINT32 Index = 0; Index < *(UINT32 *)Context; Index++) {
        UINT64 Rax = 0xAAAABBBBCCCCDD22;

        __asm__ volatile("inb %w1, %b0" : "+a"(Rax) : "d"(TRAP_PORT));
        if (Rax != 0xAAAABBBBCCCCDD22)
            return 1;
    }
    return 0;
}

static UINT8 *Outsb(const UINT8 *From)
{
    __asm__ volatile("outsb" : "+S"(From) : "d"(TRAP_PORT) : "memory");
    return (UINT8 *)(UINTPTR)From;
}

static UINT8 *Insb(UINT8 *To)
{
    __asm__ volatile("insb" : "+D"(To) : "d"(TRAP_PORT) : "memory");
    return To;
}

INT32 DoOutsb(PVOID Context)
{
    OpenPorts();
    for (UINT32 Index = 0; Index < *(UINT32 *)Context; Index++) {
        const UINT8 Byte = Pattern(Index);

        if (Outsb(&Byte) != &Byte + 1 || inb(TRAP_PORT) != Byte)
            return 1;
    }
    return 0;
}

INT32 DoOutsbWithoutEffect(PVOID Context)
{
    OpenPorts();
    const UINT8 Before = inb(TRAP_PORT), Byte = (UINT8)~Before;

    for (UINT32 Index = 0; Index < *(UINT32 *)Context; Index++) {
        if (Outsb(&Byte) != &Byte || inb(TRAP_PORT) != Before)
            return 1;
    }
    return 0;
}

INT32 DoInsb(PVOID Context)
{
    OpenPorts();
    for (UINT32 Index = 0; Index < *(UINT32 *)Context; Index++) {
        UINT8 Byte = 0;

        outb(Pattern(Index), TRAP_PORT);
        if (Insb(&Byte) != &Byte + 1 || Byte != Pattern(Index))
            return 1;
    }
    return 0;
}

INT32 DoInsbWithoutEffect(PVOID Context)
{
    OpenPorts();
    outb(0x77, TRAP_PORT);
    for (UINT32 Index = 0; Index < *(UINT32 *)Context; Index++) {
        UINT8 Byte = 0x33;

        if (Insb(&Byte) != &Byte || Byte != 0x33)
            return 1;
    }
    return 0;
}

/* The port keeps the last byte. */
INT32 DoRepOutsb(PVOID Context)
{
    UINT64 Count = *(UINT32 *)Context;
    UINT8 Bytes[256];
    const UINT8 *From = Bytes;

    OpenPorts();
    for (UINT32 Index = 0; Index < sizeof(Bytes); Index++)
        Bytes[Index] = Pattern(Index);
    __asm__ volatile("rep outsb" : "+S"(From), "+c"(Count) : "d"(TRAP_PORT) : "memory");
    return Count != 0 || From != Bytes + *(UINT32 *)Context || inb(TRAP_PORT) != From[-1];
}

/* Skipped as a whole, with its first iteration. */
INT32 DoRepOutsbWithoutEffect(PVOID Context)
{
    OpenPorts();
    const UINT8 Before = inb(TRAP_PORT), Bytes[2] = {(UINT8)~Before, (UINT8)~Before};

    for (UINT32 Index = 0; Index < *(UINT32 *)Context; Index++) {
        const UINT8 *From = Bytes;
        UINT64 Count      = sizeof(Bytes);

        __asm__ volatile("rep outsb" : "+S"(From), "+c"(Count) : "d"(TRAP_PORT) : "memory");
        if (Count != sizeof(Bytes) || From != Bytes || inb(TRAP_PORT) != Before)
            return 1;
    }
    return 0;
}

static BOOLEAN RepInsb(UINT8 *To, UINT64 Count)
{
    UINT8 *End  = To;
    UINT64 Left = Count;

    __asm__ volatile("rep insb" : "+D"(End), "+c"(Left) : "d"(TRAP_PORT) : "memory");
    if (Left != 0 || End != To + Count)
        return FALSE;
    for (UINT64 Index = 0; Index < Count; Index++)
        if (To[Index] != 0x5A)
            return FALSE;
    return TRUE;
}

INT32 DoRepInsb(PVOID Context)
{
    UINT8 Bytes[256] = {0};

    OpenPorts();
    outb(0x5A, TRAP_PORT);
    return !RepInsb(Bytes, *(UINT32 *)Context) || Bytes[*(UINT32 *)Context] != 0;
}

/* Up to the end of a page that nobody has touched, and on into the next one. */
INT32 DoRepInsbFresh(PVOID Context)
{
    const UINT32 Count = *(UINT32 *)Context;
    UINT8 *Pages = mmap(NULL, FRESH_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (Pages == MAP_FAILED)
        TapGiveUp("mmap");
    OpenPorts();
    outb(0x5A, TRAP_PORT);
    return !RepInsb(Pages + PAGE - Count, 2 * Count);
}

/* --- exceptions --- */

static volatile sig_atomic_t g_Signals;
static volatile UINT64 g_FaultAddress;
static INT32 g_SkippedBytes;

/* Goes on after the instruction. */
static VOID OnSignal(INT32 Number, siginfo_t *Info, PVOID Context)
{
    (VOID) Number;
    g_Signals++;
    g_FaultAddress = (UINT64)(UINTPTR)Info->si_addr;
    ((ucontext_t *)Context)->uc_mcontext.gregs[REG_RIP] += g_SkippedBytes;
}

static VOID Catch(INT32 Number, INT32 SkippedBytes)
{
    struct sigaction Action = {.sa_sigaction = OnSignal, .sa_flags = SA_SIGINFO | SA_NODEFER};

    g_Signals      = 0;
    g_SkippedBytes = SkippedBytes;
    sigaction(Number, &Action, NULL);
}

static INT32 Raise(PVOID Context, INT32 Signal, INT32 SkippedBytes, VOID (*Instruction)(VOID),
                   BOOLEAN IsSignalled)
{
    const UINT32 Count = *(UINT32 *)Context;

    Catch(Signal, SkippedBytes);
    for (UINT32 Index = 0; Index < Count; Index++)
        Instruction();
    return (UINT32)g_Signals != (IsSignalled ? Count : 0);
}

static VOID Divide(VOID)
{
    UINT32 Low = 1, High = 0;

    __asm__ volatile("div %2" : "+a"(Low), "+d"(High) : "c"(0)); /* two bytes */
}

static VOID Breakpoint(VOID)
{
    __asm__ volatile("int3");
}

static VOID Undefined(VOID)
{
    __asm__ volatile("ud2");
}

static VOID Protection(VOID)
{
    __asm__ volatile("hlt");
}

static __attribute__((__noinline__, __noclone__)) VOID PageFault(VOID)
{
    __asm__ volatile(".globl TrapPageFaultInstruction\nTrapPageFaultInstruction: movb $1, (%0)"
                     :
                     : "a"((UINT64)TRAP_ABSENT)
                     : "memory"); /* three bytes */
}

/* One trap, after the NOP. */
static VOID SingleStep(VOID)
{
    __asm__ volatile("pushfq\n\t"
                     "orl $0x100, (%%rsp)\n\t"
                     "popfq\n\t"
                     "nop\n\t" /* the trap comes after this one */
                     "nop"
                     :
                     :
                     : "memory", "cc");
}

/* The flag in the interrupted frame, so that the handler's return does not trap. */
static VOID OnTrap(INT32 Number, siginfo_t *Info, PVOID Context)
{
    OnSignal(Number, Info, Context);
    ((ucontext_t *)Context)->uc_mcontext.gregs[REG_EFL] &= ~0x100;
    if (Info->si_code != TRAP_TRACE)
        g_Signals += 0x10000;
}

INT32 DoDivide(PVOID Context)
{
    return Raise(Context, SIGFPE, 2, Divide, TRUE);
}

INT32 DoDivideWithoutEffect(PVOID Context)
{
    return Raise(Context, SIGFPE, 2, Divide, FALSE);
}

INT32 DoBreakpoint(PVOID Context)
{
    return Raise(Context, SIGTRAP, 0, Breakpoint, TRUE);
}

INT32 DoBreakpointWithoutEffect(PVOID Context)
{
    return Raise(Context, SIGTRAP, 0, Breakpoint, FALSE);
}

INT32 DoUndefined(PVOID Context)
{
    return Raise(Context, SIGILL, 2, Undefined, TRUE);
}

INT32 DoUndefinedWithoutEffect(PVOID Context)
{
    return Raise(Context, SIGILL, 2, Undefined, FALSE);
}

INT32 DoProtection(PVOID Context)
{
    return Raise(Context, SIGSEGV, 1, Protection, TRUE);
}

INT32 DoProtectionWithoutEffect(PVOID Context)
{
    return Raise(Context, SIGSEGV, 1, Protection, FALSE);
}

INT32 DoPageFault(PVOID Context)
{
    g_FaultAddress = 0;
    return Raise(Context, SIGSEGV, 3, PageFault, TRUE) || g_FaultAddress != TRAP_ABSENT;
}

#define LDT_SELECTOR 7 /* its first element, for users */

static VOID LoadNotPresent(VOID)
{
    __asm__ volatile("mov %w0, %%es" : : "a"(LDT_SELECTOR)); /* two bytes */
}

INT32 DoSegmentNotPresent(PVOID Context)
{
    const struct user_desc Segment = {.limit = 0xFFF, .seg_32bit = 1, .seg_not_present = 1};

    if (syscall(SYS_modify_ldt, 1, &Segment, sizeof(Segment)) != 0)
        TapGiveUp("modify_ldt");
    return Raise(Context, SIGBUS, 2, LoadNotPresent, TRUE);
}

static VOID ReadNowhere(VOID)
{
    __asm__ volatile("push %%rbp\n\tmov %0, %%rbp\n\t"
                     "movb 0(%%rbp), %%al\n\t" /* three bytes; not canonical, by SS */
                     "pop %%rbp"
                     :
                     : "c"(1ull << 62)
                     : "rax", "memory");
}

INT32 DoStackFault(PVOID Context)
{
    return Raise(Context, SIGBUS, 3, ReadNowhere, TRUE);
}

static VOID X87Fault(VOID)
{
    UINT16 Control = 0x37B; /* division by zero is not masked */

    __asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait\n\tfninit"
                     :
                     : "m"(Control)
                     : "memory");
}

/* The handler has clear x87 state; what it returns to is put right there. */
INT32 DoX87Fault(PVOID Context)
{
    return Raise(Context, SIGFPE, 1, X87Fault, TRUE);
}

static VOID Unaligned(VOID)
{
    UINT64 Two[2] = {0};

    __asm__ volatile("pushfq\n\torl $0x40000, (%%rsp)\n\tpopfq\n\t"
                     "movl 1(%0), %%eax\n\t" /* three bytes */
                     "pushfq\n\tandl $~0x40000, (%%rsp)\n\tpopfq"
                     :
                     : "r"(Two)
                     : "rax", "memory", "cc");
}

INT32 DoAlignmentCheck(PVOID Context)
{
    return Raise(Context, SIGBUS, 3, Unaligned, TRUE);
}

static VOID SimdFault(VOID)
{
    UINT32 Control = 0x1D80, Masked = 0x1F80; /* division by zero is not masked */

    __asm__ volatile("ldmxcsr %0\n\t"
                     "movl $0x3F800000, %%eax\n\tmovd %%eax, %%xmm0\n\tpxor %%xmm1, %%xmm1\n\t"
                     "divss %%xmm1, %%xmm0\n\t" /* four bytes */
                     "ldmxcsr %1"
                     :
                     : "m"(Control), "m"(Masked)
                     : "rax", "xmm0", "xmm1", "memory");
}

INT32 DoSimdFault(PVOID Context)
{
    return Raise(Context, SIGFPE, 4, SimdFault, TRUE);
}

INT32 DoSingleStep(PVOID Context)
{
    struct sigaction Action = {.sa_sigaction = OnTrap, .sa_flags = SA_SIGINFO};

    g_Signals      = 0;
    g_SkippedBytes = 0;
    sigaction(SIGTRAP, &Action, NULL);
    for (UINT32 Index = 0; Index < *(UINT32 *)Context; Index++)
        SingleStep();
    return (UINT32)g_Signals != *(UINT32 *)Context;
}

/* --- system calls --- */

typedef struct _SYSCALL_REGISTERS {
    UINT64 Rax, Rcx, R11, Rflags;
} SYSCALL_REGISTERS;

static __attribute__((__noinline__, __noclone__)) VOID Syscall(SYSCALL_REGISTERS *Registers)
{
    register UINT64 R11 __asm__("r11") = Registers->R11;

    __asm__ volatile("pushfq\n\tpopq %3\n\t"
                     ".globl TrapSyscallInstruction, TrapAfterSyscall\n"
                     "TrapSyscallInstruction: syscall\n"
                     "TrapAfterSyscall:"
                     : "+a"(Registers->Rax), "+c"(Registers->Rcx), "+r"(R11), "=&b"(Registers->Rflags)
                     :
                     : "memory", "cc");
    Registers->R11 = R11;
}

INT32 DoSyscalls(PVOID Context)
{
    for (UINT32 Index = 0; Index < *(UINT32 *)Context; Index++) {
        SYSCALL_REGISTERS Registers = {TRAP_SYSCALL, 0x1111, 0x2222, 0};

        Syscall(&Registers);
        if (Registers.Rax != (UINT64)-38 || Registers.Rcx != (UINTPTR)TrapAfterSyscall ||
            Registers.R11 != Registers.Rflags)
            return 1;
    }
    return 0;
}

INT32 DoSyscallsWithoutEffect(PVOID Context)
{
    for (UINT32 Index = 0; Index < *(UINT32 *)Context; Index++) {
        SYSCALL_REGISTERS Registers = {TRAP_SYSCALL, 0x1111, 0x2222, 0};

        Syscall(&Registers);
        if (Registers.Rax != TRAP_SYSCALL || Registers.Rcx != 0x1111 || Registers.R11 != 0x2222)
            return 1;
    }
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * workload.c - what programs do all day, on all cores at once, with results that depend on nothing but a
 * working machine: its output is the same with and without a VMM below.
 *
 * Prints a line for each core and each kind of work: a checksum or a count. Context: user space of the guest,
 * root.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/GuestInstructions.h"

#include <asm/ldt.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

/* FNV-1a */
static UINT64 Hash(UINT64 Sum, const VOID *Bytes, SIZE_T Length)
{
    for (const UINT8 *Byte = Bytes; Byte < (const UINT8 *)Bytes + Length; Byte++)
        Sum = (Sum ^ *Byte) * 0x100000001B3ull;
    return Sum;
}

/* xorshift */
static UINT64 Next(UINT64 *Seed)
{
    *Seed ^= *Seed << 13;
    *Seed ^= *Seed >> 7;
    *Seed ^= *Seed << 17;
    return *Seed;
}

static VOID Fill(UINT64 *Words, UINT32 Count, UINT64 Seed)
{
    for (UINT32 Index = 0; Index < Count; Index++)
        Words[Index] = Next(&Seed);
}

/* An exit, wherever the VMM is loaded. */
static VOID Exit(VOID)
{
    CPUID_REGISTERS Registers = {0};

    ExecuteCpuid(&Registers);
}

/* --- processes, pipes, files, memory --- */

/* Children pass a block along a row of pipes, each adding its part. */
static UINT64 WorkForks(VOID)
{
    UINT64 Sum = 0;

    for (UINT32 Round = 0; Round < 12; Round++) {
        INT32 Pipe[2], Status;
        UINT64 Answer = 0;

        if (pipe(Pipe) != 0)
            return 0;
        const INT32 Child = fork();
        if (Child == 0) {
            Exit();
            Answer = Hash(Sum, &Round, sizeof(Round));
            _exit(write(Pipe[1], &Answer, sizeof(Answer)) == sizeof(Answer) ? (INT32)Round : 99);
        }
        if (read(Pipe[0], &Answer, sizeof(Answer)) != sizeof(Answer) || waitpid(Child, &Status, 0) != Child)
            return 0;
        Sum = Hash(Answer, &Status, sizeof(Status));
        close(Pipe[0]);
        close(Pipe[1]);
    }
    return Sum;
}

static UINT64 WorkExec(VOID)
{
    FILE *Shell = popen("for i in 1 2 3; do echo $i | md5sum; done | sort | md5sum", "r");
    CHAR Line[128];
    UINT64 Sum = 0;

    while (Shell != NULL && fgets(Line, sizeof(Line), Shell) != NULL)
        Sum = Hash(Sum, Line, strlen(Line));
    return Shell != NULL && pclose(Shell) == 0 ? Sum : 0;
}

static UINT64 WorkFiles(VOID)
{
    static UINT64 Block[512];
    CHAR Path[64];
    UINT64 Sum = 0;

    snprintf(Path, sizeof(Path), "/tmp/workload-%d", getpid());
    const INT32 File = open(Path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (UINT32 Index = 0; Index < 32; Index++) {
        Fill(Block, 512, Index + 1);
        if (pwrite(File, Block, sizeof(Block), (off_t)((Index * 7) % 32 * sizeof(Block))) != sizeof(Block))
            return 0;
    }
    const UINT8 *Map = mmap(NULL, 32 * sizeof(Block), PROT_READ, MAP_SHARED, File, 0);
    if (Map != MAP_FAILED)
        Sum = Hash(0, Map, 32 * sizeof(Block));
    munmap((PVOID)Map, 32 * sizeof(Block));
    close(File);
    unlink(Path);
    return Sum;
}

/* Pages touched for the first time, shared with a child, copied when written. */
static UINT64 WorkPages(VOID)
{
    const SIZE_T Size = 1 << 20;
    UINT8 *Pages      = mmap(NULL, Size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    UINT64 Sum        = 0;
    INT32 Status      = -1;

    for (SIZE_T Offset = 0; Offset < Size; Offset += 4096)
        Pages[Offset] = (UINT8)(Offset >> 12);
    const INT32 Child = fork();
    if (Child == 0) {
        for (SIZE_T Offset = 0; Offset < Size; Offset += 8192)
            Pages[Offset]++;
        _exit(Pages[8192]);
    }
    waitpid(Child, &Status, 0);
    for (SIZE_T Offset = 0; Offset < Size; Offset += 4096)
        Sum = Hash(Sum, &Pages[Offset], 1);
    munmap(Pages, Size);
    return Hash(Sum, &Status, sizeof(Status));
}

/* --- numbers --- */

static UINT64 WorkDoubles(VOID)
{
    double X = 0.3, Y = 0;
    UINT64 Sum;

    for (UINT32 Index = 0; Index < 20000; Index++) {
        X = 3.99 * X * (1 - X);
        Y += sin(X) * sqrt((double)Index);
        if (Index % 1000 == 0)
            Exit();
    }
    Sum = Hash(0, &X, sizeof(X));
    return Hash(Sum, &Y, sizeof(Y));
}

static UINT64 WorkX87(VOID)
{
    volatile long double X = 1.1L;
    long double Y          = 0;

    for (UINT32 Index = 0; Index < 2000; Index++) {
        X = X + 1 / (X * 3);
        Y += sqrtl(X);
        if (Index % 100 == 0)
            Exit();
    }
    return Hash(0, &Y, 10);
}

/* --- every register across exits --- */

/* rdi: 6 words that go in, and come out: what must be as before the instruction but RAX, RBX, RCX and RDX is
 * hashed in C. */
static UINT64 WorkRegisters(VOID)
{
    UINT64 Sum = 0;

    for (UINT64 Index = 1; Index <= 200; Index++) {
        UINT64 Si = Index * 3, Di = Index * 5, R8 = Index * 7, R12 = Index * 11, Flags;
        register UINT64 R15 __asm__("r15") = Index * 13;
        register UINT64 R9 __asm__("r9")   = Index * 17;

        __asm__ volatile("movq %[r8], %%r8\n movq %[r12], %%r12\n"
                         "xor %%eax, %%eax\n xor %%ecx, %%ecx\n"
                         "cmpq $100, %[si]\n std\n cpuid\n cld\n pushfq\n popq %[flags]\n"
                         "movq %%r8, %[r8]\n movq %%r12, %[r12]\n"
                         : [si] "+S"(Si), [di] "+D"(Di), [r8] "+m"(R8), [r12] "+m"(R12), [flags] "=r"(Flags),
                           "+r"(R15), "+r"(R9)
                         :
                         : "rax", "rbx", "rcx", "rdx", "r8", "r12", "cc", "memory");
        const UINT64 All[] = {Si, Di, R8, R12, R9, R15, Flags & 0x8D5};
        Sum                = Hash(Sum, All, sizeof(All));
    }
    return Sum;
}

typedef struct __attribute__((__aligned__(64))) _VECTOR_STATE {
    UINT64 Word[32][8];
} VECTOR_STATE;

#define EACH_16(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define EACH_32(X)                                                                                           \
    EACH_16(X)                                                                                               \
    X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
#define LOAD(Move, Register, n) Move " " #n "*64(%[state]), %%" Register #n "\n"
#define SAVE(Move, Register, n) Move " %%" Register #n ", " #n "*64(%[state])\n"
#define LOAD_XMM(n)             LOAD("movups", "xmm", n)
#define SAVE_XMM(n)             SAVE("movups", "xmm", n)
#define LOAD_YMM(n)             LOAD("vmovups", "ymm", n)
#define SAVE_YMM(n)             SAVE("vmovups", "ymm", n)
#define LOAD_ZMM(n)             LOAD("vmovups", "zmm", n)
#define SAVE_ZMM(n)             SAVE("vmovups", "zmm", n)
/* Between loading and saving: exits, and a system call (sched_yield). */
#define DISTURB                                                                                              \
    "mov $20, %%r14\n"                                                                                       \
    "1: xor %%eax, %%eax\n xor %%ecx, %%ecx\n cpuid\n dec %%r14\n jnz 1b\n"                                  \
    "mov $24, %%eax\n syscall\n"                                                                             \
    "xor %%eax, %%eax\n xor %%ecx, %%ecx\n cpuid\n"
#define VECTORS(Each, Load, Save, State)                                                                     \
    __asm__ volatile(Each(Load) DISTURB Each(Save)                                                           \
                     :                                                                                       \
                     : [state] "r"(State)                                                                    \
                     : "rax", "rbx", "rcx", "rdx", "r11", "r14", "memory", "cc")

static UINT64 WorkSse(VOID)
{
    VECTOR_STATE State = {0};

    Fill(State.Word[0], 256, 1);
    VECTORS(EACH_16, LOAD_XMM, SAVE_XMM, &State);
    return Hash(0, &State, sizeof(State));
}

__attribute__((__target__("avx"))) static UINT64 WorkAvx(VOID)
{
    VECTOR_STATE State = {0};

    if (!__builtin_cpu_supports("avx"))
        return 0;
    Fill(State.Word[0], 256, 2);
    VECTORS(EACH_16, LOAD_YMM, SAVE_YMM, &State);
    __asm__ volatile("vzeroupper");
    return Hash(0, &State, sizeof(State));
}

__attribute__((__target__("avx512f"))) static UINT64 WorkAvx512(VOID)
{
    VECTOR_STATE State = {0};

    if (!__builtin_cpu_supports("avx512f"))
        return 0;
    Fill(State.Word[0], 256, 3);
    VECTORS(EACH_32, LOAD_ZMM, SAVE_ZMM, &State);
    __asm__ volatile("vzeroupper");
    return Hash(0, &State, sizeof(State));
}

/* --- time and signals --- */

static volatile sig_atomic_t g_Signals[65];

static VOID CountSignal(int Signal)
{
    g_Signals[Signal]++;
    Exit();
}

static VOID Handle(INT32 Signal, VOID (*Handler)(int, siginfo_t *, void *), VOID (*Simple)(int))
{
    struct sigaction Action = {.sa_flags = Handler != NULL ? SA_SIGINFO : 0};

    if (Handler != NULL)
        Action.sa_sigaction = Handler;
    else
        Action.sa_handler = Simple;
    sigaction(Signal, &Action, NULL);
    g_Signals[Signal] = 0;
}

static UINT64 WorkTimers(VOID)
{
    const struct itimerval Each = {{0, 500}, {0, 500}}, None = {{0, 0}, {0, 0}};
    const struct itimerspec Later = {{0, 300000}, {0, 300000}};
    const INT32 Timer             = timerfd_create(CLOCK_MONOTONIC, 0);
    UINT64 Seen = 0, Expired = 0;

    Handle(SIGALRM, NULL, CountSignal);
    setitimer(ITIMER_REAL, &Each, NULL);
    while (g_Signals[SIGALRM] < 8)
        Exit();
    setitimer(ITIMER_REAL, &None, NULL);
    timerfd_settime(Timer, 0, &Later, NULL);
    while (Seen < 8) {
        if (read(Timer, &Expired, sizeof(Expired)) != sizeof(Expired))
            return 0;
        Seen += Expired;
    }
    close(Timer);
    return 8;
}

static UINT64 WorkClock(VOID)
{
    struct timespec Last = {0, 0}, Now;
    UINT64 Back          = 0;

    for (UINT32 Index = 0; Index < 2000; Index++) {
        clock_gettime(CLOCK_MONOTONIC, &Now);
        Back += Now.tv_sec < Last.tv_sec || (Now.tv_sec == Last.tv_sec && Now.tv_nsec < Last.tv_nsec);
        Last = Now;
    }
    return Back;
}

/* A thread that sends one back for each that it gets; real-time signals queue. */
typedef struct _PARTNER {
    pthread_t Thread, Main;
    UINT32 Core;
} PARTNER;

#define PINGS 60

static PVOID PartnerRun(PVOID Context)
{
    PARTNER *Partner = Context;
    sigset_t Set;
    INT32 Signal;

    ClientPin(Partner->Core);
    sigemptyset(&Set);
    sigaddset(&Set, SIGRTMIN);
    for (UINT32 Index = 0; Index < PINGS; Index++) {
        sigwait(&Set, &Signal);
        Exit();
        pthread_kill(Partner->Main, SIGRTMIN + 1);
    }
    return NULL;
}

/* Between this core and the next one. */
static UINT64 WorkSignals(VOID)
{
    PARTNER Partner = {.Main = pthread_self(), .Core = (UINT32)(sched_getcpu() + 1) % ClientCoreCount()};
    UINT64 Got      = 0;
    sigset_t Set;
    INT32 Signal;

    sigemptyset(&Set);
    sigaddset(&Set, SIGRTMIN);
    sigaddset(&Set, SIGRTMIN + 1);
    pthread_sigmask(SIG_BLOCK, &Set, NULL);
    if (pthread_create(&Partner.Thread, NULL, PartnerRun, &Partner) != 0)
        return 0;
    sigdelset(&Set, SIGRTMIN);
    for (UINT32 Index = 0; Index < PINGS; Index++) {
        pthread_kill(Partner.Thread, SIGRTMIN);
        sigwait(&Set, &Signal);
        Got += Signal == SIGRTMIN + 1;
    }
    pthread_join(Partner.Thread, NULL);
    return Got;
}

/* --- faults and traps --- */

static VOID SkipInstruction(int Signal, siginfo_t *Info, void *Context)
{
    (void)Info;
    g_Signals[Signal]++;
    ((ucontext_t *)Context)->uc_mcontext.gregs[REG_RIP] += 2;
}

static VOID OpenPage(int Signal, siginfo_t *Info, void *Context)
{
    (void)Context;
    g_Signals[Signal]++;
    mprotect((PVOID)((UINTPTR)Info->si_addr & ~4095ull), 4096, PROT_READ | PROT_WRITE);
}

/* UD2 has two bytes, and so has DIV %CL. */
static UINT64 WorkFaults(VOID)
{
    UINT8 *Pages = mmap(NULL, 16 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    Handle(SIGILL, SkipInstruction, NULL);
    Handle(SIGFPE, SkipInstruction, NULL);
    Handle(SIGSEGV, OpenPage, NULL);
    Handle(SIGTRAP, NULL, CountSignal);
    for (UINT32 Index = 0; Index < 16; Index++) {
        __asm__ volatile("ud2");
        __asm__ volatile("xor %%ecx, %%ecx\n mov $5, %%eax\n div %%cl" : : : "rax", "rcx", "cc");
        __asm__ volatile("int3");
        Pages[Index * 4096] = 1;
    }
    munmap(Pages, 16 * 4096);
    signal(SIGSEGV, SIG_DFL);
    return (UINT64)(g_Signals[SIGILL] * 1000000 + g_Signals[SIGFPE] * 10000 + g_Signals[SIGTRAP] * 100 +
                    g_Signals[SIGSEGV]);
}

/* One trap after each instruction, those included that an exit carries out; MOV SS takes the next one along.
 */
static UINT64 g_StepSum;

static VOID CountStep(int Signal, siginfo_t *Info, void *Context)
{
    const UINTPTR Rip = (UINTPTR)((ucontext_t *)Context)->uc_mcontext.gregs[REG_RIP];
    extern const UINT8 StepStart[];
    const UINT64 Offset = Rip - (UINTPTR)StepStart;

    (void)Info;
    g_Signals[Signal]++;
    if (Offset < 64)
        g_StepSum = Hash(g_StepSum, &Offset, sizeof(Offset));
}

static UINT64 WorkSteps(VOID)
{
    g_StepSum = 0;
    Handle(SIGTRAP, CountStep, NULL);
    __asm__ volatile("xor %%eax, %%eax\n xor %%ecx, %%ecx\n mov %%ss, %%r8d\n"
                     "pushfq\n orq $0x100, (%%rsp)\n popfq\n"
                     "StepStart: nop\n cpuid\n nop\n xor %%eax, %%eax\n cpuid\n"
                     "mov %%r8d, %%ss\n cpuid\n mov %%r8d, %%ss\n nop\n nop\n"
                     "pushfq\n andq $~0x100, (%%rsp)\n popfq\n nop\n"
                     :
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "cc", "memory");
    return Hash(g_StepSum, (PVOID)&g_Signals[SIGTRAP], sizeof(g_Signals[SIGTRAP]));
}

/* --- what needs descriptor tables --- */

/* A segment of the LDT in GS: its base survives exits and the switches between processes. */
static UINT64 WorkLdt(VOID)
{
    static UINT64 Words[16];
    struct user_desc Segment = {.entry_number = 1, .limit = sizeof(Words) - 1, .seg_32bit = 1, .useable = 1};
    UINT64 Sum               = 0, Word;

    /* Bases of the LDT have 32 bits. */
    UINT64 *Low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    Fill(Low, 16, 5);
    Segment.base_addr = (UINT32)(UINTPTR)Low;
    if (Low == MAP_FAILED || syscall(SYS_modify_ldt, 1, &Segment, sizeof(Segment)) != 0)
        return 0;
    __asm__ volatile("mov %0, %%gs" : : "r"(1 << 3 | 7));
    for (UINT64 Index = 0; Index < 64; Index++) {
        Exit();
        if (Index % 8 == 0)
            sched_yield();
        __asm__ volatile("mov %%gs:(%1), %0" : "=r"(Word) : "r"(Index % 16 * 8));
        Sum = Hash(Sum, &Word, sizeof(Word));
    }
    __asm__ volatile("mov %0, %%gs" : : "r"(0));
    return Sum;
}

/* A port that this process alone may use: the I/O bitmap of the task segment is within its limit. */
static UINT64 WorkPorts(VOID)
{
    if (ioperm(0x80, 1, 1) != 0)
        return 0;
    for (UINT32 Index = 0; Index < 20; Index++) {
        outb((UINT8)Index, 0x80);
        Exit();
    }
    return ioperm(0x80, 1, 0) == 0 ? 20 : 0;
}

/* The kernel's accesses for the msr driver. */
static UINT64 WorkMsrs(VOID)
{
    const INT32 Device = MsrOpen((UINT32)sched_getcpu());
    UINT64 Sum         = 0, Value;

    for (UINT64 Index = 0; Index < 20; Index++) {
        if (MsrWrite(Device, MSR_FREE, Index << 20) != 0 || MsrRead(Device, MSR_FREE, &Value) != 0)
            return 0;
        Sum = Hash(Sum, &Value, sizeof(Value));
    }
    close(Device);
    return Sum;
}

/* --- all of it --- */

static const struct {
    const CHAR *Name;
    UINT64 (*Do)(VOID);
} g_Works[] = {
    {"forks", WorkForks},     {"exec", WorkExec},     {"files", WorkFiles},         {"pages", WorkPages},
    {"doubles", WorkDoubles}, {"x87", WorkX87},       {"registers", WorkRegisters}, {"sse", WorkSse},
    {"avx", WorkAvx},         {"avx512", WorkAvx512}, {"timers", WorkTimers},       {"clock", WorkClock},
    {"signals", WorkSignals}, {"faults", WorkFaults}, {"steps", WorkSteps},         {"ldt", WorkLdt},
    {"ports", WorkPorts},     {"msrs", WorkMsrs},
};

static INT32 DoAll(PVOID Context)
{
    UINT64 *Results = Context;

    for (UINT32 Index = 0; Index < COUNT_OF(g_Works); Index++)
        Results[Index] = g_Works[Index].Do();
    return 0;
}

int main(void)
{
    const UINT32 CoreCount = ClientCoreCount();
    const SIZE_T Size      = CoreCount * COUNT_OF(g_Works) * sizeof(UINT64);
    UINT64 *Results        = mmap(NULL, Size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CLIENT_CHILD Child[CoreCount];
    INT32 Failed = 0;

    for (UINT32 Core = 0; Core < CoreCount; Core++)
        ClientFork(&Child[Core], Core, DoAll, Results + Core * COUNT_OF(g_Works));
    for (UINT32 Core = 0; Core < CoreCount; Core++)
        ClientGo(&Child[Core]);
    for (UINT32 Core = 0; Core < CoreCount; Core++) {
        const INT32 Status = ClientWait(&Child[Core]);

        Failed |= Status;
        for (UINT32 Index = 0; Index < COUNT_OF(g_Works); Index++)
            printf("core %u %-10s %016llx\n", Core, g_Works[Index].Name,
                   Results[Core * COUNT_OF(g_Works) + Index]);
        printf("core %u exit %d\n", Core, Status);
    }
    return Failed;
}

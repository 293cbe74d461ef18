/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * every-event.c - for tests of the machine's life: has every event type of the contract armed, with a victim
 * that makes each of them happen on the core that is asked for.
 *
 *   every-event arm         on a VMM that runs: starts the victim, arms all; both stay
 *   every-event work CORE   the victim makes each of them happen on that core; all must have been told
 *   every-event end         the victim ends, and the modules that it worked with are taken out
 *
 * Exits are on for all processes and cores, for all MSRs, ports and exceptions; records are left for the
 * victim's alone. Exit status 0 or 1; what is wrong is printed. Context: user space of the guest, root.
 */
#include "tests/vm/modules/privileged/privileged.h"
#include "tests/vm/support/Client.h"
#include "tests/vm/support/GuestInstructions.h"
#include "tests/vm/support/Tap.h"
#include "tests/vm/support/TrapWork.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REQUESTS            "/tmp/every-event.requests" /* to the victim: a core; 0xFF: end */
#define ANSWERS             "/tmp/every-event.answers"  /* from it: what went wrong, 0 */
#define END                 0xFFu
#define VARIABLE            "panic_timeout"
#define IPI_VECTOR          0xF6u /* of self-ipi */
#define XCR_ABSENT          5u
#define CPUID_1_ECX_OSXSAVE (1u << 27)
#define WATCHED_BYTES       4u

static UINT8 g_Watched[WATCHED_BYTES]; /* memory of the victim */

static __attribute__((__noinline__, __noclone__)) VOID VictimFunction(VOID)
{
    __asm__ volatile("" : : : "memory");
}

/* --- what is armed --- */

typedef struct _ROW {
    UINT32 Type;
    const CHAR *Symbol; /* of the kernel, for its address */
    const VOID *Own;    /* or an address of the victim's */
    UINT64 Length;
    BOOLEAN HasContext;
    UINT64 Context;
} ROW;

/* Several kinds stand on one variable and on one page of code. */
static const ROW g_Rows[] = {
    {.Type = HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE, .Symbol = "__x64_sys_getpgrp", .Length = 1},
    {.Type = HIDDEN_HOOK_READ_AND_WRITE, .Symbol = VARIABLE, .Length = 4},
    {.Type = HIDDEN_HOOK_READ_AND_EXECUTE, .Symbol = "__x64_sys_getuid", .Length = 1},
    {.Type = HIDDEN_HOOK_WRITE_AND_EXECUTE, .Symbol = "__x64_sys_geteuid", .Length = 1},
    {.Type = HIDDEN_HOOK_READ, .Symbol = VARIABLE, .Length = 4},
    {.Type = HIDDEN_HOOK_WRITE, .Symbol = VARIABLE, .Length = 4},
    {.Type = HIDDEN_HOOK_EXECUTE, .Symbol = "__x64_sys_getgid", .Length = 1},
    {.Type = HIDDEN_HOOK_EXEC_DETOURS, .Symbol = "__x64_sys_sethostname"},
    {.Type = HIDDEN_HOOK_EXEC_CC, .Symbol = "__x64_sys_getppid"},
    {.Type = HIDDEN_HOOK_EXEC_CC, .Own = VictimFunction},
    {.Type = HIDDEN_HOOK_WRITE, .Own = g_Watched, .Length = WATCHED_BYTES},
    {.Type = SYSCALL_HOOK_EFER_SYSCALL},
    {.Type = SYSCALL_HOOK_EFER_SYSRET},
    {.Type = CPUID_INSTRUCTION_EXECUTION},
    {.Type = RDMSR_INSTRUCTION_EXECUTION},
    {.Type = WRMSR_INSTRUCTION_EXECUTION},
    {.Type = IN_INSTRUCTION_EXECUTION},
    {.Type = OUT_INSTRUCTION_EXECUTION},
    {.Type = EXCEPTION_OCCURRED},
    {.Type = EXTERNAL_INTERRUPT_OCCURRED, .HasContext = TRUE, .Context = IPI_VECTOR},
    {.Type = DEBUG_REGISTERS_ACCESSED},
    {.Type = TSC_INSTRUCTION_EXECUTION},
    {.Type = PMC_INSTRUCTION_EXECUTION},
    {.Type = VMCALL_INSTRUCTION_EXECUTION},
    {.Type = CONTROL_REGISTER_MODIFIED},
    {.Type = CONTROL_REGISTER_READ},
    {.Type = CONTROL_REGISTER_3_MODIFIED},
    {.Type = TRAP_EXECUTION_MODE_CHANGED},
    {.Type = XSETBV_INSTRUCTION_EXECUTION},
};

/* The contract gives it no dispatcher: it belongs to tracing, not to a user. */
#define NO_EVENT_OF_ITS_OWN TRAP_EXECUTION_INSTRUCTION_TRACE

static VOID CheckThatNoTypeIsMissing(VOID)
{
    BOOLEAN IsThere[VMM_EVENT_TYPE_COUNT] = {[NO_EVENT_OF_ITS_OWN] = TRUE};

    for (UINT32 Index = 0; Index < COUNT_OF(g_Rows); Index++)
        IsThere[g_Rows[Index].Type] = TRUE;
    errno = 0;
    for (UINT32 Type = 0; Type < VMM_EVENT_TYPE_COUNT; Type++)
        if (!IsThere[Type])
            TapGiveUp("type %u is not among the events", Type);
}

/* Both stages; a detour has one. */
static DEBUGGER_EVENT_OPTIONS OptionsOf(const ROW *Row, UINT32 ProcessId)
{
    DEBUGGER_EVENT_OPTIONS Options = {.EventType         = Row->Type,
                                      .CoreId            = HYPERDBG_ALL_CORES,
                                      .ProcessId         = ProcessId,
                                      .Stage             = Row->Type == HIDDEN_HOOK_EXEC_DETOURS
                                                               ? VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION
                                                               : VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION,
                                      .HasOptionalParam1 = Row->HasContext,
                                      .OptionalParam1    = Row->Context,
                                      .OptionalParam2    = Row->Length};

    if (Row->Symbol != NULL || Row->Own != NULL) {
        Options.HasOptionalParam1 = 1;
        Options.OptionalParam1    = Row->Own != NULL ? (UINT64)(UINTPTR)Row->Own : ClientSymbol(Row->Symbol);
    }
    return Options;
}

/* --- the victim --- */

typedef struct _WORK {
    const CHAR *Name;
    INT32 (*Do)(UINT32 Core); /* 0: all went as without us */
} WORK;

static INT32 DoOwn(UINT32 Core)
{
    VictimFunction();
    for (UINT32 Index = 0; Index < WATCHED_BYTES; Index++)
        ((volatile UINT8 *)g_Watched)[Index] = (UINT8)(Core + Index);
    return 0;
}

static INT32 DoVariable(UINT32 Core)
{
    CHAR Text[16]     = "";
    const INT32 File  = open("/proc/sys/kernel/panic", O_RDWR | O_CLOEXEC);
    const ssize_t Got = read(File, Text, sizeof(Text));

    (VOID) Core;
    return Got <= 0 || pwrite(File, Text, (SIZE_T)Got, 0) != Got || close(File) != 0;
}

static INT32 DoFunctions(UINT32 Core)
{
    CHAR Name[64];

    (VOID) Core;
    return gethostname(Name, sizeof(Name)) != 0 || sethostname(Name, strlen(Name)) != 0 ||
           syscall(SYS_getppid) < 0 || syscall(SYS_getpgrp) < 0 || syscall(SYS_getuid) != 0 ||
           syscall(SYS_geteuid) != 0 || syscall(SYS_getgid) != 0;
}

static INT32 DoCpuid(UINT32 Core)
{
    CPUID_REGISTERS Registers = {.Rax = 0};

    (VOID) Core;
    ExecuteCpuid(&Registers);
    return Registers.Rbx != 0x756E6547; /* Genu */
}

static INT32 DoMsrs(UINT32 Core)
{
    const INT32 Device = MsrOpen(Core);
    UINT64 Value;

    return MsrRead(Device, MSR_FREE, &Value) != 0 || MsrWrite(Device, MSR_FREE, Value) != 0 ||
           close(Device) != 0;
}

static INT32 DoTraps(UINT32 Core)
{
    UINT32 Once = 1;

    (VOID) Core;
    return DoOuts(&Once) != 0 || DoIns(&Once) != 0 || DoBreakpoint(&Once) != 0 || DoSyscalls(&Once) != 0;
}

static INT32 DoInterrupt(UINT32 Core)
{
    const INT32 Sender = open("/proc/self-ipi", O_WRONLY | O_CLOEXEC);

    (VOID) Core;
    return write(Sender, "1 0", 3) != 3 || close(Sender) != 0;
}

static INT32 DoPrivileged(UINT32 Core)
{
    static const struct {
        UINT32 Operation;
        UINT64 Rax, Rcx;
    } Operations[] = {
        {PRIVILEGED_RDTSC, 0, 0},           {PRIVILEGED_RDPMC, 0, 0},           {PRIVILEGED_DR7_READ, 0, 0},
        {PRIVILEGED_CR0_WRITE, 1 << 18, 0}, {PRIVILEGED_CR3_READ, 0, 0},        {PRIVILEGED_CR3_WRITE, 0, 0},
        {PRIVILEGED_VMCALL, 0, 0},          {PRIVILEGED_XSETBV, 0, XCR_ABSENT},
    };
    const INT32 Device = open("/dev/privileged", O_RDWR | O_CLOEXEC);
    INT32 Wrong        = 0;

    (VOID) Core;
    for (UINT32 Index = 0; Index < COUNT_OF(Operations); Index++) {
        struct privileged_request Request = {.rax = Operations[Index].Rax, .rcx = Operations[Index].Rcx};

        Wrong |= ioctl(Device, PRIVILEGED_FIRST + Operations[Index].Operation, &Request) != 0;
    }
    close(Device);
    return Wrong;
}

static const WORK g_Work[] = {
    {"memory and code of its own", DoOwn},
    {"a variable of the kernel", DoVariable},
    {"functions of the kernel", DoFunctions},
    {"CPUID", DoCpuid},
    {"MSRs", DoMsrs},
    {"ports, exceptions, system calls", DoTraps},
    {"an interrupt", DoInterrupt},
    {"instructions of the kernel", DoPrivileged},
};

/* The bits of what went wrong. */
static UINT8 WorkOn(UINT32 Core)
{
    UINT8 Wrong = 0;

    ClientPin(Core);
    for (UINT32 Index = 0; Index < COUNT_OF(g_Work); Index++)
        Wrong |= (UINT8)(g_Work[Index].Do(Core) != 0) << Index;
    return Wrong;
}

/* A session of its own: it stays when the test that started it goes on. */
static VOID BeVictim(VOID)
{
    const INT32 Null     = open("/dev/null", O_RDWR);
    const INT32 Requests = open(REQUESTS, O_RDWR), Answers = open(ANSWERS, O_RDWR);
    UINT8 Core, Wrong;

    setsid();
    dup2(Null, 0), dup2(Null, 1), dup2(Null, 2);
    do {
        if (read(Requests, &Core, 1) != 1)
            _exit(1);
        Wrong = Core == END ? 0 : WorkOn(Core);
        if (write(Answers, &Wrong, 1) != 1)
            _exit(1);
    } while (Core != END);
    _exit(0);
}

static VOID Request(UINT8 Core)
{
    const INT32 Requests = open(REQUESTS, O_RDWR);

    if (write(Requests, &Core, 1) != 1)
        TapGiveUp(REQUESTS);
    close(Requests);
}

static UINT32 StartVictim(VOID)
{
    INT32 ProcessId;

    unlink(REQUESTS);
    unlink(ANSWERS);
    if (mkfifo(REQUESTS, 0600) != 0 || mkfifo(ANSWERS, 0600) != 0)
        TapGiveUp("mkfifo");
    fflush(stdout);
    ProcessId = fork();
    if (ProcessId < 0)
        TapGiveUp("fork");
    if (ProcessId == 0)
        BeVictim();
    return (UINT32)ProcessId;
}

/* --- what is asked of this program --- */

/* A processor without mode-based execute control has no events of that type. */
static VOID ArmRow(const ROW *Row, UINT32 ProcessId)
{
    DEBUGGER_REGISTER_EVENT Request = {.Options = OptionsOf(Row, ProcessId)};
    const UINT32 Status             = ClientRequest(IOCTL_REGISTER_EVENT, &Request);

    errno = 0;
    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL &&
        (Row->Type != TRAP_EXECUTION_MODE_CHANGED || Status != DEBUGGER_ERROR_NO_MODE_BASED_EXECUTE))
        TapGiveUp("an event of type %u was refused with %x", Row->Type, Status);
}

static INT32 Arm(VOID)
{
    UINT32 ProcessId;

    CheckThatNoTypeIsMissing();
    if (system("modprobe msr allow_writes=on && insmod /root/privileged.ko && insmod /root/self-ipi.ko") != 0)
        TapGiveUp("modules");
    ProcessId = StartVictim();
    ClientOpen();
    ClientClearAll();
    for (UINT32 Index = 0; Index < COUNT_OF(g_Rows); Index++)
        ArmRow(&g_Rows[Index], ProcessId);
    return 0;
}

typedef struct _EVENTS {
    DEBUGGER_QUERY_EVENT Item[COUNT_OF(g_Rows)];
    UINT32 Count;
} EVENTS;

/* All that are set, in the order of their numbers. */
static VOID ReadEvents(EVENTS *Events)
{
    DEBUGGER_QUERY_EVENT Event = {0};
    UINT32 Expected            = COUNT_OF(g_Rows) - 1; /* one more where modes are watched */

    Events->Count = 0;
    while (ClientRequest(IOCTL_QUERY_EVENT, &Event) == DEBUGGER_OPERATION_WAS_SUCCESSFUL &&
           Events->Count < COUNT_OF(g_Rows)) {
        Events->Item[Events->Count++] = Event;
        Expected += Event.Options.EventType == TRAP_EXECUTION_MODE_CHANGED;
        Event.Tag++;
    }
    errno = 0;
    if (Events->Count != Expected)
        TapGiveUp("%u events are there", Events->Count);
}

/* XSETBV is #UD, which comes before its exit, where the kernel does not use XSAVE. */
static BOOLEAN CanHappen(UINT32 Type)
{
    CPUID_REGISTERS Registers = {.Rax = 1};

    ExecuteCpuid(&Registers);
    return Type != XSETBV_INSTRUCTION_EXECUTION || (Registers.Rcx & CPUID_1_ECX_OSXSAVE);
}

static INT32 Work(UINT32 Core)
{
    EVENTS Before, After;
    const INT32 Answers = open(ANSWERS, O_RDWR);
    INT32 Failed        = 0;
    UINT8 Wrong;

    ClientOpen();
    ReadEvents(&Before);
    Request((UINT8)Core);
    if (read(Answers, &Wrong, 1) != 1)
        TapGiveUp(ANSWERS);
    ReadEvents(&After);
    for (UINT32 Index = 0; Index < COUNT_OF(g_Work); Index++) {
        if (Wrong >> Index & 1)
            printf("%s: not as without the VMM\n", g_Work[Index].Name);
    }
    for (UINT32 Index = 0; Index < After.Count; Index++) {
        if (After.Item[Index].Hits != Before.Item[Index].Hits ||
            !CanHappen(After.Item[Index].Options.EventType))
            continue;
        printf("event %u (type %u) was not told\n", Index, After.Item[Index].Options.EventType);
        Failed = 1;
    }
    return Failed || Wrong != 0;
}

static INT32 End(VOID)
{
    const INT32 Answers = open(ANSWERS, O_RDWR);
    UINT8 Nothing;

    Request(END);
    return read(Answers, &Nothing, 1) != 1 || system("rmmod privileged self-ipi") != 0;
}

int main(int Count, char **Words)
{
    if (Count == 2 && strcmp(Words[1], "arm") == 0)
        return Arm();
    if (Count == 3 && strcmp(Words[1], "work") == 0)
        return Work((UINT32)strtoul(Words[2], NULL, 10));
    if (Count == 2 && strcmp(Words[1], "end") == 0)
        return End();
    fprintf(stderr, "usage: every-event arm | work CORE | end\n");
    return 2;
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * follow-process.c - hooks in the memory of processes: counted exactly, for the hooked process alone,
 * wherever the kernel moves the page to; never left behind in a page that is somebody else's.
 *
 * The program is its own subject: it hooks a page of its own memory, through the module followtest, and has
 * the kernel move that page about. Context: user space of the guest, root; run by tests/vm/follow.
 */
#include "SDK/imports/VmmImports.h"
#include "tests/vm/modules/followtest/FollowTest.h"
#include "tests/vm/support/Tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE      4096u
#define HUGE      0x200000u
#define CALLS     300u
#define MAX_TRIES 3000u
#define AT_NOP    0x100u /* functions of a code page: each returns its argument plus one */
#define AT_PUSH   0x180u
#define AT_OTHER  0x200u
#define AT_WORDS  0x400u /* what is no code */

#define MAX_CORES 8

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

typedef UINT64 (*FUNCTION)(UINT64 Value);

static INT32 g_Test = -1; /* the module's file */

/* --- the module --- */

static FOLLOW_TEST Ask(UINT32 Code, const volatile VOID *Address, UINT32 ProcessId)
{
    FOLLOW_TEST Test = {
        .Address = (UINT64)Address, .ProcessId = ProcessId, .Length = 8, .Access = 2 /* writes */};

    if (ioctl(g_Test, Code, &Test) != 0)
        TapGiveUp("request %x of the module", Code);
    return Test;
}

static VOID Hook(const volatile VOID *Address)
{
    const FOLLOW_TEST Test = Ask(FOLLOW_TEST_HOOK, Address, (UINT32)getpid());

    if (Test.Result != 0)
        TapGiveUp("hook at %p: error %x", Address, Test.Result);
    Ask(FOLLOW_TEST_TAKE, Address, (UINT32)getpid());
}

static VOID Unhook(const volatile VOID *Address)
{
    Ask(FOLLOW_TEST_UNHOOK, Address, (UINT32)getpid());
}

static UINT32 State(const volatile VOID *Address)
{
    return Ask(FOLLOW_TEST_STATE, Address, (UINT32)getpid()).Result;
}

static UINT64 Take(const volatile VOID *Address)
{
    return Ask(FOLLOW_TEST_TAKE, Address, (UINT32)getpid()).Count;
}

/* --- code and pages --- */

static const struct {
    UINT32 Offset;
    UINT8 Length;
    UINT8 Bytes[12];
} Functions[] = {
    {AT_NOP,
     10,
     {0x0F, 0x1F, 0x44, 0x00, 0x00, 0x48, 0x8D, 0x47, 0x01, 0xC3}}, /* nop; lea 1(%rdi),%rax; ret */
    {AT_PUSH, 7, {0x53, 0x48, 0x8D, 0x47, 0x01, 0x5B, 0xC3}},       /* push %rbx; lea; pop; ret */
    {AT_OTHER, 5, {0x48, 0x8D, 0x47, 0x01, 0xC3}},                  /* lea 1(%rdi),%rax; ret */
};

static VOID WriteFunctions(UINT8 *Page)
{
    UINT32 Index;

    for (Index = 0; Index < sizeof(Functions) / sizeof(Functions[0]); Index++)
        memcpy(Page + Functions[Index].Offset, Functions[Index].Bytes, Functions[Index].Length);
}

/* A file in memory with a page of functions. */
static INT32 CodeFile(VOID)
{
    UINT8 Page[PAGE] = {0};
    INT32 File       = memfd_create("code", 0);

    WriteFunctions(Page);
    if (File < 0 || write(File, Page, PAGE) != PAGE)
        TapGiveUp("a file in memory");
    return File;
}

static UINT8 *MapCode(INT32 File, VOID *At)
{
    UINT8 *Page = mmap(At, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | (At ? MAP_FIXED : 0), File, 0);

    if (Page == MAP_FAILED)
        TapGiveUp("mapping code");
    return Page;
}

static UINT8 *AnonymousCode(VOID)
{
    UINT8 *Page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (Page == MAP_FAILED)
        TapGiveUp("mapping memory");
    WriteFunctions(Page);
    return Page;
}

/* Number of the physical page; 0: none is mapped. */
static UINT64 Frame(const volatile VOID *Address)
{
    INT32 File   = open("/proc/self/pagemap", O_RDONLY);
    UINT64 Entry = 0;

    if (File < 0 || pread(File, &Entry, 8, (off_t)((UINT64)Address / PAGE * 8)) != 8)
        TapGiveUp("/proc/self/pagemap");
    close(File);
    return (Entry >> 63) ? Entry & ((1ull << 55) - 1) : 0;
}

/* Pages that the kernel has written to swap space since it started. */
static UINT64 PagesSwappedOut(VOID)
{
    FILE *File = fopen("/proc/vmstat", "r");
    CHAR Name[64];
    unsigned long long Value = 0;

    while (File != NULL && fscanf(File, "%63s %llu", Name, &Value) == 2 && strcmp(Name, "pswpout") != 0)
        ;
    if (File == NULL)
        TapGiveUp("/proc/vmstat");
    fclose(File);
    return Value;
}

static VOID PageOutIs(VOID *Page)
{
    const UINT64 Before = PagesSwappedOut();

    if (madvise(Page, PAGE, MADV_PAGEOUT) != 0)
        TapGiveUp("MADV_PAGEOUT");
    TapIs(PagesSwappedOut() > Before, "the page goes to swap space");
}

/* How many of the calls went wrong. */
static UINT64 Call(const volatile UINT8 *Address, UINT64 Times)
{
    const FUNCTION Function = (FUNCTION)(UINT64)Address;
    UINT64 Index, Wrong = 0;

    for (Index = 0; Index < Times; Index++)
        Wrong += Function(Index) != Index + 1;
    return Wrong;
}

/* The usual question: as many events as calls, and the calls do what they did. */
static VOID CallsAreCounted(const volatile UINT8 *Address, const CHAR *When)
{
    UINT64 Before = Take(Address), Wrong = Call(Address, CALLS), Events = Take(Address);

    if (Before != 0 || Wrong != 0)
        TapNote("%llu events before, %llu calls went wrong", (unsigned long long)Before,
                (unsigned long long)Wrong);
    TapIsNumber(Events + 1000000 * (Before + Wrong), CALLS, "%s: every call is an event", When);
}

/* Runs Body in a child; its status. */
static INT32 InChild(INT32 (*Body)(VOID *), VOID *Argument)
{
    INT32 Status = 0;
    pid_t Child  = fork();

    if (Child == 0)
        _exit(Body(Argument));
    if (Child < 0 || waitpid(Child, &Status, 0) != Child)
        TapGiveUp("a child");
    return Status;
}

/* --- the hook itself --- */

static INT32 ReadThroughProc(const UINT8 *Address, UINT8 *Bytes, SIZE_T Length)
{
    INT32 File = open("/proc/self/mem", O_RDONLY);
    INT32 Read = (INT32)pread(File, Bytes, Length, (off_t)Address);

    close(File);
    return Read;
}

static VOID OriginalIsRead(INT32 File, const UINT8 *Page)
{
    UINT8 Bytes[8] = {0};

    TapIsNumber(*(const volatile UINT8 *)(Page + AT_NOP), 0x0F, "the process reads the original byte");
    ReadThroughProc(Page + AT_NOP, Bytes, sizeof(Bytes));
    TapIs(memcmp(Bytes, Functions[0].Bytes, 8) == 0, "/proc/self/mem reads the original bytes");
    TapIs(pread(File, Bytes, 8, AT_PUSH) == 8 && memcmp(Bytes, Functions[1].Bytes, 7) == 0,
          "read() of the file reads the original bytes");
}

static VOID TestHook(INT32 File)
{
    UINT8 *Page = MapCode(File, NULL);
    UINT32 Index;

    for (Index = 0; Index < sizeof(Functions) / sizeof(Functions[0]); Index++) {
        Hook(Page + Functions[Index].Offset);
        TapIsNumber(State(Page + Functions[Index].Offset), VMM_HOOK_LIVE, "hook %u is live", Index);
    }
    CallsAreCounted(Page + AT_NOP, "a NOP");
    CallsAreCounted(Page + AT_PUSH, "a PUSH");
    CallsAreCounted(Page + AT_OTHER, "a LEA");
    OriginalIsRead(File, Page);
    for (Index = 0; Index < sizeof(Functions) / sizeof(Functions[0]); Index++)
        Unhook(Page + Functions[Index].Offset);
    TapIsNumber(Call(Page + AT_NOP, CALLS) + Take(Page + AT_NOP), 0, "unhooked: no event");
    TapIsNumber(State(Page + AT_NOP), FOLLOW_TEST_NO_STATE, "there is no hook any more");
    TapIs(Ask(FOLLOW_TEST_HOOK, (VOID *)0x1000, (UINT32)getpid()).Result != 0,
          "no hook where nothing is mapped");
    TapIs(Ask(FOLLOW_TEST_HOOK, Page, 99999).Result != 0, "no hook in a process that is none");
    munmap(Page, PAGE);
}

/* --- processes that share a page --- */

static INT32 CallAll(VOID *Argument)
{
    const UINT8 *Page = Argument;

    return Call(Page + AT_NOP, CALLS) + Call(Page + AT_PUSH, CALLS) + Call(Page + AT_OTHER, CALLS) != 0;
}

static INT32 HookAndCall(VOID *Argument)
{
    UINT8 *Address = (UINT8 *)Argument + AT_OTHER;

    Hook(Address);
    return Call(Address, CALLS) != 0 || Take(Address) != CALLS;
}

/* A child calls while this process does. */
static VOID CallTogether(UINT8 *Page)
{
    UINT64 Wrong;
    INT32 Status = 0;
    pid_t Child  = fork();

    if (Child == 0)
        _exit(CallAll(Page) || CallAll(Page) || CallAll(Page));
    Wrong = Call(Page + AT_OTHER, 10 * CALLS);
    waitpid(Child, &Status, 0);
    TapIsNumber(Take(Page + AT_OTHER) + 1000000 * Wrong, 10 * CALLS,
                "both at once: the hooked process's calls are counted, no other");
    TapIsNumber((UINT64)Status, 0, "the other process is unharmed");
}

static VOID TestSharing(INT32 File)
{
    UINT8 *Page         = MapCode(File, NULL);
    const UINT64 Before = Ask(FOLLOW_TEST_STRAY, Page, 0).Count;

    Hook(Page + AT_NOP);
    Hook(Page + AT_PUSH);
    Hook(Page + AT_OTHER);
    TapIsNumber((UINT64)InChild(CallAll, Page), 0, "another process that has the page is unharmed");
    TapIsNumber(Take(Page + AT_NOP) + Take(Page + AT_PUSH) + Take(Page + AT_OTHER), 0, "and has no event");
    CallTogether(Page);
    TapIsNumber((UINT64)InChild(HookAndCall, Page), 0, "a second hooked process has its own events");
    CallsAreCounted(Page + AT_OTHER, "when it has ended");
    Unhook(Page + AT_NOP);
    Unhook(Page + AT_PUSH);
    Unhook(Page + AT_OTHER);
    TapIsNumber(Ask(FOLLOW_TEST_STRAY, Page, 0).Count - Before, 0,
                "no process had an event that is not hooked");
    munmap(Page, PAGE);
}

/* --- a page that changes place --- */

/* The file's page becomes a page of this process's own, when it writes. */
static VOID TestCopyOnWrite(INT32 File)
{
    UINT8 *Page = MapCode(File, NULL);
    UINT64 Frame0;

    Hook(Page + AT_NOP);
    Frame0 = Frame(Page);
    mprotect(Page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    CallsAreCounted(Page + AT_NOP, "with other rights");
    Page[AT_NOP + 5 + 3] = 2; /* lea 2(%rdi),%rax */
    TapIs(Frame(Page) != Frame0, "writing to the page makes it another one");
    TapIsNumber(Call(Page + AT_NOP, CALLS), CALLS, "copied on write: the new code is executed");
    TapIsNumber(Take(Page + AT_NOP), CALLS, "copied on write: every call is an event");
    Page[AT_NOP + 5 + 3] = 1;
    memcpy(Page + AT_NOP, "\x66\x66\x66\x66\x90", 5);
    CallsAreCounted(Page + AT_NOP, "with another instruction under the hook");
    memcpy(Page + AT_NOP, "\xEB\x03\x90\x90\x90", 5);
    CallsAreCounted(Page + AT_NOP, "with a jump under the hook");
    TapIsNumber(State(Page + AT_NOP), VMM_HOOK_LIVE, "and it is live");
    Unhook(Page + AT_NOP);
    munmap(Page, PAGE);
}

static INT32 WriteAndCall(VOID *Argument)
{
    UINT8 *Page = Argument;

    Page[0] = 1;
    return CallAll(Page);
}

static VOID TestFork(VOID)
{
    UINT8 *Page  = AnonymousCode();
    INT32 Status = 0, Go[2];
    pid_t Child;
    CHAR Byte;

    Hook(Page + AT_OTHER);
    TapIsNumber((UINT64)InChild(WriteAndCall, Page), 0, "a child with a copy is unharmed");
    CallsAreCounted(Page + AT_OTHER, "after that");
    if (pipe(Go) != 0)
        TapGiveUp("a pipe");
    Child = fork();
    if (Child == 0)
        _exit(read(Go[0], &Byte, 1) != 1 || CallAll(Page));
    Page[0] = 2; /* the child keeps the page */
    CallsAreCounted(Page + AT_OTHER, "in the copy, while a child has the page");
    if (write(Go[1], "", 1) != 1)
        TapGiveUp("the pipe");
    close(Go[0]);
    close(Go[1]);
    waitpid(Child, &Status, 0);
    TapIsNumber((UINT64)Status, 0, "that child is unharmed");
    Unhook(Page + AT_OTHER);
    munmap(Page, PAGE);
}

static VOID TestSwap(VOID)
{
    UINT8 *Page = AnonymousCode();

    Hook(Page + AT_NOP);
    PageOutIs(Page);
    CallsAreCounted(Page + AT_NOP, "paged out and in");
    TapIsNumber(State(Page + AT_NOP), VMM_HOOK_LIVE, "and it is live");
    Unhook(Page + AT_NOP);
    munmap(Page, PAGE);
}

/* A huge page takes the place of the small ones. */
static VOID TestCollapse(VOID)
{
    UINT8 *Area =
        mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    UINT8 *Page = (UINT8 *)(((UINT64)Area + HUGE - 1) & ~(UINT64)(HUGE - 1)) + 5 * PAGE;
    UINT64 Frame0;

    madvise(Area, 2 * HUGE, MADV_NOHUGEPAGE);
    WriteFunctions(Page);
    Hook(Page + AT_OTHER);
    Frame0 = Frame(Page);
    madvise(Area, 2 * HUGE, MADV_HUGEPAGE);
    TapIs(madvise(Page - 5 * PAGE, HUGE, MADV_COLLAPSE) == 0 && Frame(Page) != Frame0,
          "a huge page takes the place of the small ones");
    CallsAreCounted(Page + AT_OTHER, "in a huge page");
    Unhook(Page + AT_OTHER);
    munmap(Area, 2 * HUGE);
}

/* The kernel takes the physical page for a bad one and moves what it holds to another: a migration, as
 * compaction and NUMA balancing do, but of this very page. */
static VOID Migrate(UINT8 *Page)
{
    if (madvise(Page, PAGE, MADV_SOFT_OFFLINE) != 0)
        TapNote("MADV_SOFT_OFFLINE: error %d", errno);
}

/* Debian's kernel 6.1 is built without it. */
static BOOLEAN CanMigrate(VOID)
{
    UINT8 *Page = AnonymousCode();
    BOOLEAN Can = madvise(Page, PAGE, MADV_SOFT_OFFLINE) == 0;

    if (!Can && errno != EINVAL)
        TapGiveUp("MADV_SOFT_OFFLINE");
    if (!Can)
        TapNote("this kernel cannot be asked to migrate a page");
    munmap(Page, PAGE);
    return Can;
}

static VOID TestMigration(VOID)
{
    UINT8 *Page = AnonymousCode();
    UINT64 Before;

    Hook(Page + AT_NOP);
    Hook(Page + AT_OTHER);
    Before = Frame(Page);
    Migrate(Page);
    TapIs(Frame(Page) != 0 && Frame(Page) != Before, "the kernel migrates a hooked page");
    CallsAreCounted(Page + AT_NOP, "migrated, a NOP");
    CallsAreCounted(Page + AT_OTHER, "migrated, a LEA");
    TapIsNumber(State(Page + AT_OTHER), VMM_HOOK_LIVE, "and it is live");
    Unhook(Page + AT_NOP);
    Unhook(Page + AT_OTHER);
    munmap(Page, PAGE);
}

/* --- a page that is read and written while it is executed --- */

typedef struct _USER_OF_PAGE {
    UINT8 *Page;
    const UINT8 *Before; /* what it held */
    UINT32 Number;       /* of the core, and of a line on the page that is its own */
    UINT64 Wrong;
    pthread_t Thread;
} USER_OF_PAGE;

static VOID *UsePage(VOID *Argument)
{
    USER_OF_PAGE *User    = Argument;
    volatile UINT64 *Word = (volatile UINT64 *)(User->Page + AT_WORDS + 64 * User->Number);
    cpu_set_t Cores;

    CPU_ZERO(&Cores);
    CPU_SET(User->Number, &Cores);
    User->Wrong += sched_setaffinity(0, sizeof(Cores), &Cores) != 0;
    for (UINT64 Index = 1; Index <= CALLS; Index++) {
        *Word = Index;
        User->Wrong += Call(User->Page + AT_NOP, 1) + Call(User->Page + AT_OTHER, 1);
        User->Wrong += memcmp(User->Page, User->Before, AT_WORDS) != 0;
        User->Wrong += *Word != Index;
    }
    return NULL;
}

static VOID TestUsedByAllCores(VOID)
{
    const UINT32 Count = (UINT32)sysconf(_SC_NPROCESSORS_ONLN);
    UINT8 *Page        = AnonymousCode();
    UINT8 Before[PAGE];
    USER_OF_PAGE User[MAX_CORES];
    UINT64 Wrong = 0;

    memcpy(Before, Page, PAGE);
    Hook(Page + AT_NOP);
    Hook(Page + AT_OTHER);
    for (UINT32 Index = 0; Index < Count; Index++) {
        User[Index] = (USER_OF_PAGE){.Page = Page, .Before = Before, .Number = Index};
        if (pthread_create(&User[Index].Thread, NULL, UsePage, &User[Index]) != 0)
            TapGiveUp("a thread");
    }
    for (UINT32 Index = 0; Index < Count; Index++) {
        pthread_join(User[Index].Thread, NULL);
        Wrong += User[Index].Wrong;
    }
    TapIsNumber(Wrong, 0, "a page that %u cores read, write and execute is what it was", Count);
    TapIsNumber(Take(Page + AT_NOP), Count * CALLS, "meanwhile every call is an event: a NOP");
    TapIsNumber(Take(Page + AT_OTHER), Count * CALLS, "meanwhile every call is an event: a LEA");
    Unhook(Page + AT_NOP);
    Unhook(Page + AT_OTHER);
    munmap(Page, PAGE);
}

static VOID TestUnmap(INT32 File)
{
    UINT8 *Page = MapCode(File, NULL), *Elsewhere;

    Hook(Page + AT_NOP);
    munmap(Page, PAGE);
    TapIsNumber(State(Page + AT_NOP), VMM_HOOK_NOT_MAPPED, "unmapped: the hook says so");
    MapCode(File, Page);
    CallsAreCounted(Page + AT_NOP, "mapped again");
    TapIsNumber(State(Page + AT_NOP), VMM_HOOK_LIVE, "and it is live");

    Elsewhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mremap(Page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, Elsewhere) != Elsewhere)
        TapGiveUp("mremap");
    TapIsNumber(State(Page + AT_NOP), VMM_HOOK_NOT_MAPPED, "moved to another address: it does not go along");
    TapIsNumber(Call(Elsewhere + AT_NOP, CALLS) + Take(Page + AT_NOP), 0, "there is no event there");
    if (mremap(Elsewhere, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, Page) != Page)
        TapGiveUp("mremap");
    CallsAreCounted(Page + AT_NOP, "moved back");
    madvise(Page, PAGE, MADV_DONTNEED);
    CallsAreCounted(Page + AT_NOP, "given up and read again");
    Unhook(Page + AT_NOP);
    munmap(Page, PAGE);
}

/* --- a page that changes place while it is executed --- */

typedef struct _MOVER {
    UINT8 *Page;
    BOOLEAN Rests;
    volatile BOOLEAN IsOver;
    UINT64 Calls, Wrong;
} MOVER;

#define CALLS_TO_A_REST 1000
#define REST            500 /* microseconds; the calls before it take some thousand */

static VOID *CallUntilOver(VOID *Argument)
{
    MOVER *Mover = Argument;

    while (!Mover->IsOver) {
        Mover->Wrong += Call(Mover->Page + AT_NOP, 1);
        Mover->Calls++;
        if (Mover->Rests && Mover->Calls % CALLS_TO_A_REST == 0)
            usleep(REST);
    }
    return NULL;
}

/* A page that has just come in is not on the list that pages are taken from, before all cores hand over what
 * they have gathered: asking for the page to be where it is makes them. */
static VOID PageOut(UINT8 *Page)
{
    VOID *Pages[] = {Page};
    INT32 Node    = 0, Status;

    syscall(SYS_move_pages, 0, 1ul, Pages, &Node, &Status, 2 /* MPOL_MF_MOVE */);
    madvise(Page, PAGE, MADV_PAGEOUT);
}

static VOID CopyByFork(UINT8 *Page)
{
    INT32 Status;
    pid_t Child = fork();

    if (Child == 0)
        _exit(0);
    Page[0]++;
    waitpid(Child, &Status, 0);
}

static VOID ChangeRights(UINT8 *Page)
{
    mprotect(Page, PAGE, PROT_READ | PROT_EXEC);
    mprotect(Page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
}

/* Another thread calls the hooked function all the time. The function begins with a NOP, which is carried out
 * without a step: an instruction that is stepped is told again when its page vanishes within the step. There
 * are as many tries as it takes for Wanted moves: the kernel writes no page to swap space on which a fault
 * waits already (its count is one too high), as one does at once when the page is executed without a rest. */
static VOID MoveWhileExecuted(const CHAR *How, VOID (*Move)(UINT8 *), UINT32 Times, UINT32 Wanted)
{
    MOVER Mover = {.Page = AnonymousCode(), .Rests = Move == PageOut};
    UINT64 Before, Moved = 0;
    UINT32 Index;
    pthread_t Thread;

    Hook(Mover.Page + AT_NOP);
    if (pthread_create(&Thread, NULL, CallUntilOver, &Mover) != 0)
        TapGiveUp("a thread");
    for (Index = 0; Index < Times || (Moved < Wanted && Index < MAX_TRIES); Index++) {
        Before = Frame(Mover.Page) + PagesSwappedOut();
        Move(Mover.Page);
        Moved += Frame(Mover.Page) + PagesSwappedOut() != Before;
        usleep(100);
    }
    Mover.IsOver = TRUE;
    pthread_join(Thread, NULL);
    TapIs((Wanted == 0 ? Moved == 0 : Moved >= Wanted) && Mover.Calls > Times,
          "%s: the page moves, or not, while another thread goes on calling", How);
    TapNote("%llu calls, %llu moves in %u tries", (unsigned long long)Mover.Calls, (unsigned long long)Moved,
            Index);
    TapIsNumber(Take(Mover.Page + AT_NOP) + 1000000 * Mover.Wrong, Mover.Calls, "%s: every call is an event",
                How);
    Unhook(Mover.Page + AT_NOP);
    munmap(Mover.Page, PAGE);
}

/* --- the end of the process --- */

typedef struct _ENDED {
    UINT64 Frame;
    UINT8 *Page;
} ENDED;

static ENDED *g_Ended; /* shared with children */

static INT32 HookAndEnd(VOID *Argument)
{
    UINT8 *Page = AnonymousCode();

    (VOID) Argument;
    Hook(Page + AT_NOP);
    Call(Page + AT_NOP, 3);
    g_Ended->Page  = Page;
    g_Ended->Frame = Frame(Page);
    return 0;
}

/* A page that was hooked in a process that has ended has nothing of it any more: this process looks for it
 * among many pages of its own. */
static BOOLEAN ReusedPageIsClean(UINT64 Wanted, BOOLEAN *Found)
{
    const SIZE_T Size = 32 << 20;
    UINT8 *Area   = mmap(NULL, Size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    BOOLEAN Clean = TRUE;
    SIZE_T Offset;

    madvise(Area, Size, MADV_NOHUGEPAGE);
    for (*Found = FALSE, Offset = 0; Offset < Size && !*Found; Offset += PAGE) {
        WriteFunctions(Area + Offset);
        *Found = Frame(Area + Offset) == Wanted;
        Clean &= CallAll(Area + Offset) == 0 && memcmp(Area + Offset + AT_NOP, Functions[0].Bytes, 10) == 0;
    }
    munmap(Area, Size);
    return Clean;
}

/* Freed pages are kept by the core that freed them. */
static VOID StayOnCore0(VOID)
{
    cpu_set_t Cores;

    CPU_ZERO(&Cores);
    CPU_SET(0, &Cores);
    if (sched_setaffinity(0, sizeof(Cores), &Cores) != 0)
        TapGiveUp("sched_setaffinity");
}

static VOID TestEnd(VOID)
{
    const UINT64 Stray = Ask(FOLLOW_TEST_STRAY, NULL, 0).Count;
    BOOLEAN Found, Clean;
    pid_t Child;
    INT32 Status = 0;

    StayOnCore0();
    g_Ended = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    Child   = fork();
    if (Child == 0)
        _exit(HookAndEnd(NULL));
    waitpid(Child, &Status, 0);
    TapIsNumber(Ask(FOLLOW_TEST_STATE, g_Ended->Page + AT_NOP, (UINT32)Child).Result, VMM_HOOK_GONE,
                "a process has ended: its hook is gone");
    Clean = ReusedPageIsClean(g_Ended->Frame, &Found);
    TapIs(Found, "its page is found again in another process");
    TapIs(Clean, "and carries nothing");
    TapIsNumber(Ask(FOLLOW_TEST_STRAY, NULL, 0).Count, Stray, "nor makes events");
    TapIsNumber(Ask(FOLLOW_TEST_UNHOOK, g_Ended->Page + AT_NOP, (UINT32)Child).Result, TRUE,
                "a hook that is gone can be unset");
    TapIsNumber(Ask(FOLLOW_TEST_STATE, g_Ended->Page + AT_NOP, (UINT32)Child).Result, FOLLOW_TEST_NO_STATE,
                "and is none any more");
}

/* The other program answers: so it is there. Earlier nothing tells: the kernel may close what is closed on
 * exec before the memory goes. */
static VOID TestExec(VOID)
{
    INT32 Status = 0, End[2];
    UINT8 *Page  = AnonymousCode();
    CHAR Byte    = 'x';
    pid_t Child;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, End) != 0)
        TapGiveUp("a pair of sockets");
    Child = fork();
    if (Child == 0) {
        Hook(Page + AT_NOP);
        dup2(End[1], STDIN_FILENO);
        dup2(End[1], STDOUT_FILENO);
        execl("/bin/busybox", "busybox", "cat", NULL);
        _exit(1);
    }
    close(End[1]);
    if (write(End[0], &Byte, 1) != 1 || read(End[0], &Byte, 1) != 1)
        TapGiveUp("the other program");
    TapIsNumber(Ask(FOLLOW_TEST_STATE, Page + AT_NOP, (UINT32)Child).Result, VMM_HOOK_GONE,
                "a process executes another program: its hook is gone");
    close(End[0]);
    waitpid(Child, &Status, 0);
    TapIsNumber((UINT64)Status, 0, "that program is unharmed");
    Ask(FOLLOW_TEST_UNHOOK, Page + AT_NOP, (UINT32)Child);
    munmap(Page, PAGE);
}

/* --- monitors --- */

static INT32 WriteOften(VOID *Argument)
{
    volatile UINT64 *Word = Argument;
    UINT32 Index;

    for (Index = 0; Index < CALLS; Index++)
        *Word = Index;
    return *Word != CALLS - 1;
}

static VOID WritesAreCounted(volatile UINT64 *Word, const CHAR *When)
{
    INT32 Wrong = WriteOften((VOID *)Word);

    TapIsNumber(Take(Word) + 1000000 * (UINT64)Wrong, CALLS, "%s: every write is an event", When);
}

static VOID TestMonitor(VOID)
{
    UINT8 *Page           = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile UINT64 *Word = (volatile UINT64 *)(Page + 128);
    const UINT64 Stray    = Ask(FOLLOW_TEST_STRAY, NULL, 0).Count;

    TapIsNumber(Ask(FOLLOW_TEST_MONITOR, Word, (UINT32)getpid()).Result, 0,
                "a monitor on memory not yet touched");
    WritesAreCounted(Word, "a monitor");
    TapIsNumber((UINT64)InChild(WriteOften, (VOID *)Word), 0, "a child writes");
    TapIsNumber(Take(Word) + Ask(FOLLOW_TEST_STRAY, NULL, 0).Count - Stray, 0, "which is no event");
    PageOutIs((VOID *)Page);
    WritesAreCounted(Word, "paged out and in");
    TapIsNumber(Ask(FOLLOW_TEST_MONITOR_STATE, Word, (UINT32)getpid()).Result, VMM_HOOK_LIVE, "it is live");
    Ask(FOLLOW_TEST_UNMONITOR, Word, (UINT32)getpid());
    WriteOften((VOID *)Word);
    TapIsNumber(Take(Word), 0, "unset: no event");
    munmap(Page, PAGE);
}

int main(void)
{
    INT32 File;

    g_Test = open(FOLLOW_TEST_PATH, O_RDWR);
    if (g_Test < 0)
        TapGiveUp("%s", FOLLOW_TEST_PATH);
    File = CodeFile();
    TestHook(File);
    TestSharing(File);
    TestCopyOnWrite(File);
    TestFork();
    TestSwap();
    TestCollapse();
    if (CanMigrate())
        TestMigration();
    TestUsedByAllCores();
    TestUnmap(File);
    MoveWhileExecuted("paged out", PageOut, 30, 3);
    MoveWhileExecuted("copied by fork", CopyByFork, 15, 15);
    MoveWhileExecuted("other rights", ChangeRights, 30, 0);
    if (CanMigrate())
        MoveWhileExecuted("migrated", Migrate, 15, 15);
    TestMonitor();
    TestEnd();
    TestExec();
    return TapEnd();
}

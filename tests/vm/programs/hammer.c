/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * hammer.c - all cores at one hook for a while, interrupts on: as many events as calls, none lost, none
 * twice.
 *
 * One case for each kind of hook, in the kernel and in a program: instructions that are carried out directly,
 * one that takes a step, a monitored page. HAMMER_MS is how long each case takes, in milliseconds of the
 * emulated machine; HAMMER_ONLY, if it is there, a part of the names of the cases that are wanted.
 * Context: user space of the guest, root; run by tests/vm/hook-hammer.
 */
#include "SDK/imports/VmmImports.h"
#include "tests/vm/modules/followtest/FollowTest.h"
#include "tests/vm/support/Client.h"
#include "tests/vm/support/Tap.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#define PAGE            4096u
#define TICKS_PER_MS    100000ull /* of the TSC: testbed/bochs.sh, BOCHS_MHZ */
#define USUAL_MS        60
#define BATCH           200u
#define MAX_CORES       8
#define ACCESS_WRITE    2u
#define TURBULENCE_WAIT 2000u /* microseconds */

static INT32 g_Test = -1; /* the module's file */
static UINT64 g_Ticks;    /* that a case takes */
static UINT32 g_Missing;  /* workers that are not on their cores yet; atomic */
static UINT32 g_Working;  /* workers that have not ended; atomic */
static UINT8 *g_Code;     /* functions of this process */

typedef struct _CASE {
    const CHAR *Name;
    BOOLEAN IsUsers;
    BOOLEAN IsMonitor;
    UINT32 Target; /* FOLLOW_TARGET of the kernel */
    UINT32 Offset; /* in g_Code */
} CASE;

#define AT_NOP   0x100u
#define AT_PUSH  0x180u
#define AT_OTHER 0x200u
#define AT_WORD  0x1000u /* on the page after the functions */

static const CASE g_Cases[] = {
    {"a NOP of the kernel", FALSE, FALSE, FOLLOW_TARGET_NOP, 0},
    {"a PUSH of the kernel", FALSE, FALSE, FOLLOW_TARGET_PUSH, 0},
    {"a LEA of the kernel", FALSE, FALSE, FOLLOW_TARGET_OTHER, 0},
    {"a monitored word of the kernel", FALSE, TRUE, FOLLOW_TARGET_WORD, 0},
    {"a NOP of a program", TRUE, FALSE, 0, AT_NOP},
    {"a PUSH of a program", TRUE, FALSE, 0, AT_PUSH},
    {"a LEA of a program", TRUE, FALSE, 0, AT_OTHER},
    {"a monitored word of a program", TRUE, TRUE, 0, AT_WORD},
};

/* --- the module --- */

static FOLLOW_TEST Ask(UINT32 Code, FOLLOW_TEST Test)
{
    if (ioctl(g_Test, Code, &Test) != 0)
        TapGiveUp("request %x of the module", Code);
    return Test;
}

static FOLLOW_TEST Subject(const CASE *Case)
{
    FOLLOW_TEST Test = {.Length = Case->Target};

    if (Case->IsUsers) {
        Test.ProcessId = (UINT32)getpid();
        Test.Address   = (UINT64)(g_Code + Case->Offset);
    } else {
        Test           = Ask(FOLLOW_TEST_TARGET, Test);
        Test.ProcessId = VMM_NO_PROCESS;
    }
    Test.Length = sizeof(UINT64);
    Test.Access = ACCESS_WRITE;
    return Test;
}

/* --- the program's own functions --- */

static VOID MakeCode(VOID)
{
    g_Code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g_Code == MAP_FAILED)
        TapGiveUp("memory");
    memcpy(g_Code + AT_NOP, "\x0F\x1F\x44\x00\x00\x48\x8D\x47\x01\xC3", 10); /* nop; lea 1(%rdi),%rax; ret */
    memcpy(g_Code + AT_PUSH, "\x53\x48\x8D\x47\x01\x5B\xC3", 7); /* push %rbx; lea; pop %rbx; ret */
    memcpy(g_Code + AT_OTHER, "\x48\x8D\x47\x01\xC3", 5);        /* lea; ret */
    g_Code[AT_WORD] = 0;
}

static UINT64 CallUsers(const CASE *Case)
{
    UINT64 (*const Function)(UINT64) = (UINT64(*)(UINT64))(UINT64)(g_Code + Case->Offset);
    UINT64 Wrong                     = 0;

    for (UINT32 Index = 0; Index < BATCH; Index++)
        Wrong += Function(Index) != Index + 1;
    return Wrong;
}

static UINT64 WriteUsers(const CASE *Case)
{
    volatile UINT64 *Word = (volatile UINT64 *)(g_Code + Case->Offset);

    for (UINT32 Index = 0; Index < BATCH; Index++) {
        Word[0] = Index;
        Word[1] = Index; /* beside it, on the same page */
    }
    return 0;
}

/* --- the cores --- */

typedef struct _WORKER {
    const CASE *Case;
    UINT32 Core;
    UINT64 Done, Wrong;
    pthread_t Thread;
} WORKER;

static UINT64 WorkOnce(const CASE *Case)
{
    if (Case->IsUsers)
        return Case->IsMonitor ? WriteUsers(Case) : CallUsers(Case);
    return Ask(FOLLOW_TEST_WORK, (FOLLOW_TEST){.Length = Case->Target, .Count = BATCH}).Result;
}

static VOID *Work(VOID *Argument)
{
    WORKER *Worker = Argument;
    UINT64 End;

    ClientPin(Worker->Core);
    __atomic_sub_fetch(&g_Missing, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&g_Missing, __ATOMIC_SEQ_CST) != 0)
        ;
    for (End = __rdtsc() + g_Ticks; __rdtsc() < End; Worker->Done += BATCH)
        Worker->Wrong += WorkOnce(Worker->Case);
    __atomic_sub_fetch(&g_Working, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

/* More interrupts than the timer's: the other cores are asked to drop their translations. */
static VOID Disturb(VOID)
{
    UINT8 *Page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    while (__atomic_load_n(&g_Working, __ATOMIC_SEQ_CST) != 0) {
        Page[0]++;
        mprotect(Page, PAGE, PROT_READ);
        mprotect(Page, PAGE, PROT_READ | PROT_WRITE);
        usleep(TURBULENCE_WAIT);
    }
    munmap(Page, PAGE);
}

static VOID AllCores(const CASE *Case, UINT64 *Done, UINT64 *Wrong)
{
    const UINT32 Count = ClientCoreCount();
    WORKER Worker[MAX_CORES];

    g_Missing = g_Working = Count;
    for (UINT32 Core = 0; Core < Count; Core++) {
        Worker[Core] = (WORKER){.Case = Case, .Core = Core};
        if (pthread_create(&Worker[Core].Thread, NULL, Work, &Worker[Core]) != 0)
            TapGiveUp("a thread");
    }
    Disturb();
    *Done = *Wrong = 0;
    for (UINT32 Core = 0; Core < Count; Core++) {
        pthread_join(Worker[Core].Thread, NULL);
        *Done += Worker[Core].Done;
        *Wrong += Worker[Core].Wrong;
        TapIs(Worker[Core].Done > 0, "%s: core %u was there", Case->Name, Core);
    }
}

static VOID TestCase(const CASE *Case)
{
    const FOLLOW_TEST Test = Subject(Case);
    const UINT32 Error     = Ask(Case->IsMonitor ? FOLLOW_TEST_MONITOR : FOLLOW_TEST_HOOK, Test).Result;
    UINT64 Done, Wrong;

    TapIsNumber(Error, 0, "%s: hooked", Case->Name);
    Ask(FOLLOW_TEST_TAKE, Test);
    AllCores(Case, &Done, &Wrong);
    TapIsNumber(Ask(FOLLOW_TEST_TAKE, Test).Count, Done, "%s: every one is an event, and one only",
                Case->Name);
    TapIsNumber(Wrong, 0, "%s: it does what it did", Case->Name);
    TapNote("%llu of them, %llu ticks", Done, g_Ticks);
    Ask(Case->IsMonitor ? FOLLOW_TEST_UNMONITOR : FOLLOW_TEST_UNHOOK, Test);
    WorkOnce(Case);
    TapIsNumber(Ask(FOLLOW_TEST_TAKE, Test).Count, 0, "%s: gone, it makes no event", Case->Name);
}

static VOID TestCases(const CHAR *Only)
{
    UINT32 Tested = 0;

    for (UINT32 Index = 0; Index < COUNT_OF(g_Cases); Index++) {
        if (Only != NULL && strstr(g_Cases[Index].Name, Only) == NULL)
            continue;
        TestCase(&g_Cases[Index]);
        Tested++;
    }
    if (Tested == 0)
        TapGiveUp("no case is called '%s'", Only);
}

int main(void)
{
    const CHAR *Wanted = getenv("HAMMER_MS");

    g_Ticks = TICKS_PER_MS * (UINT64)(Wanted != NULL ? atoi(Wanted) : USUAL_MS);
    g_Test  = open(FOLLOW_TEST_PATH, O_RDWR);
    if (g_Test < 0 || ClientCoreCount() > MAX_CORES)
        TapGiveUp("%s", FOLLOW_TEST_PATH);
    MakeCode();
    TestCases(getenv("HAMMER_ONLY"));
    TapIsNumber(Ask(FOLLOW_TEST_STRAY, (FOLLOW_TEST){.Address = (UINT64)g_Code}).Count, 0,
                "no event that nobody waited for");
    close(g_Test);
    return TapEnd();
}

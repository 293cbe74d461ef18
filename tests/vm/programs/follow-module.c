/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * follow-module.c - hooks on a module's code: true while the kernel patches that code, under the hook itself
 * too; gone with the module, and with its initialization, before the memory is somebody else's.
 *
 * The subject is the module leaver; hooks are set through followtest. Context: user space of the guest, root;
 * run by tests/vm/follow-code.
 */
#include "SDK/imports/VmmImports.h"
#include "tests/vm/modules/followtest/FollowTest.h"
#include "tests/vm/support/Client.h"
#include "tests/vm/support/Tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PARAMETERS "/sys/module/leaver/parameters/"
#define TRACING    "/sys/kernel/tracing/"
#define CALLS      100u
#define JUMP       0xE9u /* its opcode */

/* Where leaver has what. */
typedef enum _PLACE {
    PLACE_TRACED = 0, /* a function that ftrace can patch: begins with a NOP of five bytes */
    PLACE_BRANCH,     /* a function with a static branch in it */
    PLACE_JUMP,       /* that branch: a NOP or a jump */
    PLACE_PLAIN,      /* a function that begins with LEA */
    PLACE_ONCE,       /* a function of the initialization */
    PLACE_COUNT,
} PLACE;

static const CHAR *const Names[PLACE_COUNT] = {"traced", "branch", "jump", "plain", "once"};
static UINT64 g_Places[PLACE_COUNT];
static INT32 g_Test;

static UINT64 Ask(UINT32 Code, PLACE Place)
{
    FOLLOW_TEST Test = {.Address = g_Places[Place], .ProcessId = VMM_NO_PROCESS};

    if (ioctl(g_Test, Code, &Test) != 0)
        TapGiveUp("request %x of the module", Code);
    return Code == FOLLOW_TEST_TAKE ? Test.Count : Test.Result;
}

static VOID Write(const CHAR *Path, const CHAR *Text)
{
    INT32 File = open(Path, O_WRONLY | O_APPEND);

    if (File < 0 || write(File, Text, strlen(Text)) != (ssize_t)strlen(Text))
        TapGiveUp("%s: '%s'", Path, Text);
    close(File);
}

/* Loads the module; where it has what. TRUE: at the same places as before. */
static BOOLEAN Load(VOID)
{
    unsigned long long Place[PLACE_COUNT];
    BOOLEAN AreSame = TRUE;
    FILE *File;
    UINT32 Index;

    ClientShell("insmod /root/leaver.ko");
    File = fopen(PARAMETERS "places", "r");
    if (File == NULL || fscanf(File, "%llx %llx %llx %llx %llx", &Place[0], &Place[1], &Place[2], &Place[3],
                               &Place[4]) != PLACE_COUNT)
        TapGiveUp("places");
    fclose(File);
    for (Index = 0; Index < PLACE_COUNT; Index++) {
        AreSame &= g_Places[Index] == Place[Index];
        g_Places[Index] = Place[Index];
    }
    return AreSame;
}

static UINT64 NumberIn(const CHAR *Path)
{
    unsigned long long Number = 0;
    FILE *File                = fopen(Path, "r");

    if (File == NULL || fscanf(File, "%llu", &Number) != 1)
        TapGiveUp("%s", Path);
    fclose(File);
    return Number;
}

static UINT64 WrongCalls(VOID)
{
    return NumberIn(PARAMETERS "wrong");
}

/* The hooked places are called; each tells every call. */
static VOID CallsAreCounted(const CHAR *When)
{
    UINT32 Place;
    UINT64 Events;

    Write(PARAMETERS "call", "100");
    for (Place = PLACE_TRACED; Place < PLACE_ONCE; Place++) {
        Events = Ask(FOLLOW_TEST_TAKE, Place);
        TapIsNumber(Events, CALLS, "%s: every call of %s is an event", When, Names[Place]);
    }
    TapIsNumber(WrongCalls(), 0, "%s: the calls do what they did", When);
}

/* --- code that the kernel patches --- */

/* What the probe by ftrace has counted. */
static UINT64 TracedHits(VOID)
{
    FILE *File = fopen(TRACING "kprobe_profile", "r");
    CHAR Name[64];
    unsigned long long Hits = 0, Missed;

    if (File == NULL || fscanf(File, "%63s %llu %llu", Name, &Hits, &Missed) != 3)
        TapGiveUp("kprobe_profile");
    fclose(File);
    return Hits;
}

static VOID TestTracing(VOID)
{
    Write(TRACING "kprobe_events", "p:p leaver:leaver_traced\n");
    Write(TRACING "events/kprobes/p/enable", "1");
    CallsAreCounted("a call of ftrace under the hook");
    TapIsNumber(TracedHits(), CALLS, "ftrace's probe is hit too");
    Write(TRACING "events/kprobes/p/enable", "0");
    CallsAreCounted("ftrace's probe off");
    TapIsNumber(TracedHits(), CALLS, "it is hit no more");
    ClientShell("echo > " TRACING "kprobe_events");
}

/* The kernel makes a jump of its breakpoint when all cores have been through its scheduler. */
static VOID WaitForJump(VOID)
{
    for (UINT32 Patience = 0; NumberIn(PARAMETERS "first") != JUMP && Patience < 1000; Patience++)
        usleep(5000);
    TapIsNumber(NumberIn(PARAMETERS "first"), JUMP, "the kernel's breakpoint has become a jump");
}

static VOID TestProbe(VOID)
{
    Write(PARAMETERS "probe", "1");
    CallsAreCounted("the kernel's own breakpoint under the hook");
    TapIsNumber(NumberIn(PARAMETERS "probed"), CALLS, "the kernel's breakpoint is hit too");
    WaitForJump();
    CallsAreCounted("the kernel's jump under the hook");
    TapIsNumber(NumberIn(PARAMETERS "probed"), 2 * CALLS, "the kernel's probe is hit too");
    Write(PARAMETERS "probe", "0");
    CallsAreCounted("the kernel's probe off");
    TapIsNumber(NumberIn(PARAMETERS "probed"), 2 * CALLS, "it is hit no more");
}

static VOID TestBranch(VOID)
{
    UINT32 Round;

    for (Round = 0; Round < 2; Round++) {
        Write(PARAMETERS "key", "1");
        CallsAreCounted("a static branch on");
        Write(PARAMETERS "key", "0");
        CallsAreCounted("a static branch off");
    }
}

/* --- code that leaves --- */

static VOID StatesAre(UINT64 State, const CHAR *When)
{
    UINT32 Place;

    for (Place = PLACE_TRACED; Place < PLACE_ONCE; Place++)
        TapIsNumber(Ask(FOLLOW_TEST_STATE, Place), State, "%s: the state of %s", When, Names[Place]);
}

static VOID TestUnload(VOID)
{
    BOOLEAN AreSame;
    UINT64 Events = 0;
    UINT32 Place;

    ClientShell("rmmod leaver");
    StatesAre(VMM_HOOK_GONE, "unloaded");
    AreSame = Load();
    Write(PARAMETERS "call", "100");
    for (Place = PLACE_TRACED; Place < PLACE_ONCE; Place++)
        Events += Ask(FOLLOW_TEST_TAKE, Place);
    TapIsNumber(Events + WrongCalls(), 0, "loaded again: no event");
    if (AreSame)
        StatesAre(VMM_HOOK_GONE, "loaded again at the same place");
    for (Place = PLACE_TRACED; Place < PLACE_ONCE; Place++)
        TapIsNumber(Ask(FOLLOW_TEST_HOOK, Place), 0, "%s is hooked again", Names[Place]);
    StatesAre(VMM_HOOK_LIVE, "hooked again");
    CallsAreCounted("hooked again");
    ClientShell("rmmod leaver");
    StatesAre(VMM_HOOK_GONE, "unloaded again");
}

int main(void)
{
    UINT32 Place;

    g_Test = open(FOLLOW_TEST_PATH, O_RDWR);
    if (g_Test < 0)
        TapGiveUp("%s", FOLLOW_TEST_PATH);
    Load();
    TapIsNumber(Ask(FOLLOW_TEST_TAKE, PLACE_ONCE), 1, "a hook on a module's initialization is hit");
    TapIsNumber(Ask(FOLLOW_TEST_STATE, PLACE_ONCE), VMM_HOOK_GONE, "and gone when that is over");
    for (Place = PLACE_TRACED; Place < PLACE_ONCE; Place++)
        TapIsNumber(Ask(FOLLOW_TEST_HOOK, Place), 0, "%s is hooked", Names[Place]);
    CallsAreCounted("hooked");
    TestTracing();
    TestProbe();
    TestBranch();
    TestUnload();
    return TapEnd();
}

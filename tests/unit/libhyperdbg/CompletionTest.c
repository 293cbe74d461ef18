/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CompletionTest.c - what Tab offers.
 */
#include "tests/unit/libhyperdbg/Workbench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The candidates at the '|' of a line, as "START:a,b". */
static const CHAR *Complete(BENCH *Bench, const CHAR *Marked)
{
    static CHAR Text[8192];
    UINT32 Cursor = (UINT32)strcspn(Marked, "|");
    SIZE_T Length;
    HYPERDBG_COMPLETION Completion;
    CHAR Line[512];

    snprintf(Line, sizeof(Line), "%.*s%s", (int)Cursor, Marked, Marked + Cursor + 1);
    BenchClear(Bench);
    HyperDbgComplete(Bench->Session, Line, Cursor, &Completion);
    Length = (SIZE_T)snprintf(Text, sizeof(Text), "%u:", Completion.WordStart);
    for (UINT32 i = 0; i < Completion.Count; i++)
        Length += (SIZE_T)snprintf(Text + Length, sizeof(Text) - Length, "%s%s", i == 0 ? "" : ",",
                                   Completion.Candidate[i]);
    HyperDbgFreeCompletion(&Completion);
    assert_int_equal(Bench->Lines, 0); /* completing says nothing */
    return Text;
}

#define ALL_COMMANDS                                                                                         \
    "!cpuid,!cr3,!crread,!crwrite,!dr,!epthook,!epthook2,!exception,!interrupt,!ioin,!ioout,!mode,!monitor," \
    "!msrread,!"                                                                                             \
    "msrwrite,!pa2va,!pmc,!pte,!syscall,!sysret,!tsc,!va2pa,!vmcall,!xsetbv,"                                \
    ".exits,.help,.script,.status,continue,cores,events,exit,flush,g,"                                       \
    "go,help,load,maps,pause,q,quit,sleep,status,unload,x"

static void EveryPlaceOffersWhatFits(void **State)
{
    static const struct {
        const CHAR *Line;
        const CHAR *Candidates;
    } Cases[] = {
        {"|", "0:" ALL_COMMANDS},
        {"  |", "2:" ALL_COMMANDS},
        {"!|",
         "0:!cpuid,!cr3,!crread,!crwrite,!dr,!epthook,!epthook2,!exception,!interrupt,!ioin,!ioout,!mode,!"
         "monitor,!msrread,!msrwrite,!pa2va,!pmc,!pte,!syscall,!sysret,!tsc,!va2pa,!vmcall,!xsetbv"},
        {"!c|", "0:!cpuid,!cr3,!crread,!crwrite"},
        {"!C|", "0:!cpuid,!cr3,!crread,!crwrite"},
        {"!c|puid", "0:!cpuid,!cr3,!crread,!crwrite"},
        {"y|", "0:"},
        {"!cpuid|", "0:!cpuid"},
        {"!cpuid |", "7:all,budget,core,pid,sc,script,stage"},
        {"!cpuid 1 |", "9:budget,core,pid,sc,script,stage"},
        {"!cpuid 1 p|", "9:pid"},
        {"!cpuid stage |", "13:all,post,pre"},
        {"!cpuid stage p|", "13:post,pre"},
        {"!cpuid stage pre |", "17:all,budget,core,pid,sc,script"},
        {"!cpuid stage wrong |", "19:all,budget,core,pid,sc,script,stage"},
        {"!cpuid sc o|", "10:off,on"},
        {"!cpuid pid |", "11:all"},
        {"!cpuid 1 pid 2 core 3 stage pre sc on |", "38:budget,script"},
        {"!cpuid; events |", "15:c,clear,d,disable,e,enable"},
        {"g;!ms|", "2:!msrread,!msrwrite"},
        {"g; |", "3:" ALL_COMMANDS},
        {"g # |", "4:"},
        {"g // !c|", "7:"},
        {"g \"!c|", "5:"},
        {"!msrread |", "9:all,budget,core,pid,sc,script,stage"},
        {"!msrread IA32_L|", "9:IA32_LSTAR"},
        {"!msrread ia32_apic|", "9:IA32_APIC_BASE"},
        {"events e |", "9:0,1,2,all"},
        {"events e 1|", "9:1"},
        {"events e 1 |", "11:"},
        {"help l|", "5:load"},
        {"load |", "5:vmm"},
        {"unload |", "7:remove,vmm"},
        {".script |", "8:"},
        {"nonsense |", "9:"},
        {"!epthook do|", "9:"},
        {"!epthook do_|", "9:do_sys_open,do_sys_openat2"},
        {"!epthook do_sys_opena|", "9:do_sys_openat2"},
        {"!epthook other!oth|", "9:other!other_open"},
        {"!epthook do_*|", "9:"},
        {"!epthook do_sys_open |", "21:budget,core,pid,sc,script,stage"},
        {"!monitor |", "9:budget,core,l,pa,pid,r,rw,rwx,rx,sc,script,stage,va,w,wx,x"},
        {"!monitor pa |", "12:budget,core,l,pid,r,rw,rwx,rx,sc,script,stage,w,wx,x"},
        {"!monitor w jif|", "11:jiffies"},
        {"x jif|", "2:jiffies"},
    };
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    BenchRun(Bench, "!cpuid; !cpuid; !cpuid");
    for (UINT32 i = 0; i < COUNT_OF(Cases); i++) {
        if (strcmp(Complete(Bench, Cases[i].Line), Cases[i].Candidates) != 0)
            fail_msg("'%s' offered %s instead of %s", Cases[i].Line, Complete(Bench, Cases[i].Line),
                     Cases[i].Candidates);
    }
    BenchFree(Bench);
}

static void WithoutAKernelNumbersOfEventsAreMissingSilently(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, FALSE);

    (void)State;
    assert_string_equal(Complete(Bench, "events e |"), "9:all");
    Bench->Kernel.ConnectError = EBUSY;
    assert_string_equal(Complete(Bench, "events e |"), "9:all");
    Bench->Kernel.ConnectError     = 0;
    Bench->Kernel.AreModulesLoaded = TRUE;
    Bench->Kernel.RequestError     = EFAULT;
    assert_string_equal(Complete(Bench, "events e |"), "9:all");
    BenchFree(Bench);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(EveryPlaceOffersWhatFits),
        cmocka_unit_test(WithoutAKernelNumbersOfEventsAreMissingSilently),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

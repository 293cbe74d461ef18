/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ProgramTest.c - events with scripts: how they are written, refused, listed, and how what they say is shown.
 */
#include "libhyperdbg/programs/ProgramCache.h"
#include "tests/unit/libhyperdbg/Workbench.h"

#include "libhyperdbg/Session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static BENCH *g_Bench;

static int Start(void **State)
{
    (void)State;
    g_Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);
    return 0;
}

static int StartJson(void **State)
{
    (void)State;
    g_Bench = BenchMake(HYPERDBG_FORMAT_JSON, TRUE);
    return 0;
}

static int Finish(void **State)
{
    (void)State;
    BenchFree(g_Bench);
    return 0;
}

static VOID Shows(const CHAR *Expected)
{
    assert_string_equal(g_Bench->Output, Expected);
    BenchClear(g_Bench);
}

static VOID Fails(const CHAR *Line, const CHAR *Expected)
{
    assert_int_equal(BenchRun(g_Bench, Line), HYPERDBG_FAILURE);
    Shows(Expected);
    assert_int_equal(g_Bench->Kernel.EventCount, 0);
}

/* Runs a line that succeeds, and forgets what it said. */
static VOID Do(const CHAR *Line)
{
    if (BenchRun(g_Bench, Line) != HYPERDBG_SUCCESS)
        fail_msg("'%s' failed: %s", Line, g_Bench->Output);
    BenchClear(g_Bench);
}

static VOID Cpuid(UINT32 ProcessId, UINT32 Core)
{
    MockExecuteCpuid(&g_Bench->Kernel, 1, ProcessId, Core);
    HyperDbgProcessRecords(g_Bench->Session);
}

/* --- setting ---------------------------------------------------------------------------------- */

static void AScriptIsCompiledAndSet(void **State)
{
    (void)State;
    assert_int_equal(BenchRun(g_Bench, "!cpuid 1 script { x = 1; } core 0 budget 0n5000"), HYPERDBG_SUCCESS);
    assert_string_equal(g_Bench->Kernel.Trace,
                        "register type 11 core 0 pid ffffffff stage 1 sc 0 param 1 script budget 1388\n");
    Shows("event 0 set: !cpuid leaf 1 core 0 stage pre script\n");
    BenchRun(g_Bench, "events");
    assert_non_null(strstr(g_Bench->Output, "leaf 1 core 0  script\n"));
}

static void ErrorsShowTheirPlace(void **State)
{
    (void)State;
    Fails("!cpuid script { a = 1;\n b = ; }", "script:2:6: error: expected an expression before ';'\n"
                                              "     b = ; \n"
                                              "         ^\n");
}

static void WhatIsNoScriptIsSaidSo(void **State)
{
    (void)State;
    Fails("!cpuid script x", "error: 'script': expected a script in braces: { statements } or { file:PATH }, "
                             "not 'x'\n");
    Fails("!cpuid script { x", "error: a brace is not closed\n");
    Fails("!cpuid budget 5", "error: 'budget': there is no script that could spend it\n");
    Fails("!cpuid script { file:/nonexistent/x.ds }",
          "error: '/nonexistent/x.ds': the file cannot be read\n");
}

static void TheKernelsRefusalHasItsPlace(void **State)
{
    (void)State;
    strcpy(g_Bench->Kernel.Refusal, "not that one");
    Fails("!cpuid script {\n\n  x = 1; }", "error: 'script': script:3:5: not that one\n");
}

static const CHAR *WriteFile(const CHAR *Text)
{
    static CHAR Path[] = "/tmp/ProgramTest.XXXXXX";
    INT32 Descriptor;

    strcpy(Path + strlen(Path) - 6, "XXXXXX");
    Descriptor = mkstemp(Path);
    assert_true(Descriptor >= 0);
    assert_int_equal(write(Descriptor, Text, strlen(Text)), (ssize_t)strlen(Text));
    close(Descriptor);
    return Path;
}

static void AScriptComesFromAFile(void **State)
{
    const CHAR *Path = WriteFile("printf(\"from a file\\n\");\n");
    CHAR Line[256];

    (void)State;
    snprintf(Line, sizeof(Line), "!cpuid script {  file:%s }", Path);
    Do(Line);
    unlink(Path);
    Cpuid(7, 0);
    Shows("from a file\n");
}

static void ABlockInAFileOfCommandsHasManyLines(void **State)
{
    const CHAR *Path = WriteFile("# commands\n"
                                 "!cpuid script {\n"
                                 "    if ($core == 1) {\n"
                                 "        printf(\"one\\n\");\n"
                                 "    }\n"
                                 "}\n"
                                 "!cpuid core 0 script { printf(\"zero\\n\");\n"
                                 "} ; events d 0\n");

    (void)State;
    assert_int_equal(HyperDbgRunFile(g_Bench->Session, Path), HYPERDBG_SUCCESS);
    unlink(Path);
    Shows("event 0 set: !cpuid stage pre script\n"
          "event 1 set: !cpuid core 0 stage pre script\n"
          "event 0 disabled\n");
    Do("events e 0");
    Cpuid(7, 1);
    Cpuid(7, 0);
    Shows("one\nzero\n");
}

static void ErrorsInAFileOfCommandsCountItsLines(void **State)
{
    const CHAR *Path = WriteFile("status\n\n!cpuid script {\n  x = 1;\n  y = ;\n}\nstatus\n");
    CHAR Expected[256];

    (void)State;
    assert_int_equal(HyperDbgRunFile(g_Bench->Session, Path), HYPERDBG_FAILURE);
    unlink(Path);
    snprintf(Expected, sizeof(Expected), "%s:5:7: error: expected an expression before ';'\n", Path);
    assert_non_null(strstr(g_Bench->Output, Expected));
}

static void AFileThatEndsInABlockIsAnError(void **State)
{
    const CHAR *Path = WriteFile("\n!cpuid script {\n  x = 1;\n");
    CHAR Expected[256];

    (void)State;
    assert_int_equal(HyperDbgRunFile(g_Bench->Session, Path), HYPERDBG_FAILURE);
    unlink(Path);
    snprintf(Expected, sizeof(Expected), "%s:2: error: a brace is not closed\n", Path);
    Shows(Expected);
}

/* --- what is shown ---------------------------------------------------------------------------- */

static void PrintedTextComesInLines(void **State)
{
    (void)State;
    Do("!cpuid script { printf(\"%s %d \", $comm, $pid); printf(\"core %d\\n\\nmore\", $core); }");
    Cpuid(7, 1);
    Shows("mocked 7 core 1\n\n");
    Cpuid(8, 0);
    Shows("moremocked 8 core 0\n\n");
    BenchRun(g_Bench, "events c all");
    Shows("more\nall events cleared\n");
}

static void ForeignCharactersAreEscaped(void **State)
{
    (void)State;
    Do("!cpuid script { printf(\"a\\x1b[2Jb\\n\"); }");
    Cpuid(7, 1);
    Shows("a\\x1b[2Jb\n");
}

static void AFaultNamesItsLine(void **State)
{
    (void)State;
    Do("!cpuid script {\n  n = 1;\n  n = poi(n + 0fff); }");
    Cpuid(7, 1);
    assert_non_null(strstr(g_Bench->Output,
                           "#0 script error: core 1  pid 7  script:3:7: memory cannot be read at 1000\n"));
    assert_int_equal(g_Bench->KindLines[HYPERDBG_MESSAGE_LOG_ERROR], 1);
}

static void MapsAreShownOnDemandAndAtTheEnd(void **State)
{
    static const CHAR Maps[] = "hits[mocked, 7]: 2\n"
                               "hits[mocked, 8]: 1\n"
                               "average: 7 (of 3)\n";

    (void)State;
    Do("!cpuid; !cpuid script { hits[$comm, $pid]++; average = avg($pid); }; events d 0");
    Cpuid(7, 1);
    Cpuid(8, 0);
    Cpuid(7, 0);
    BenchRun(g_Bench, "maps");
    Shows(Maps);
    BenchRun(g_Bench, "maps 0");
    Shows("no script has a map\n");
    assert_int_equal(BenchRun(g_Bench, "maps 5"), HYPERDBG_FAILURE);
    Shows("error: there is no event with this number\n");
    BenchRun(g_Bench, "events c 1");
    assert_true(strncmp(g_Bench->Output, Maps, strlen(Maps)) == 0);
    Shows(g_Bench->Output);
    BenchRun(g_Bench, "maps");
    Shows("no script has a map\n");
}

static void MapsAreShownBeforeTheVmmIsUnloaded(void **State)
{
    (void)State;
    Do("!cpuid script { total = count(); }");
    Cpuid(7, 1);
    BenchRun(g_Bench, "unload vmm");
    assert_string_equal(g_Bench->Kernel.Trace, "modify tag ffffffffffffffff action 2\nterminate vmm\n");
    Shows("total: 1\nthe VMM is unloaded, in 500 ticks; its events are cleared\n");
}

static void WithoutScriptsAnEndIsOneRequest(void **State)
{
    (void)State;
    Do("!cpuid");
    BenchRun(g_Bench, "events c all");
    assert_string_equal(g_Bench->Kernel.Trace, "modify tag ffffffffffffffff action 3\n");
}

static void AScriptShowsAMapByItself(void **State)
{
    (void)State;
    Do("!cpuid script { one[$pid] = 1; two[$core]++; if ($pid == 8) { print(two); } }");
    Cpuid(7, 1);
    Cpuid(8, 1);
    Shows("two[1]: 2\n");
}

/* Another session set the event: its program is asked of the kernel. */
static void ProgramsOfOtherSessionsAreAskedFor(void **State)
{
    (void)State;
    Do("!cpuid script { printf(\"%d\\n\", $pid); }");
    ProgramForgetAll(g_Bench->Session);
    Cpuid(7, 1);
    Shows("7\n");
}

static void WhatAClearedScriptSaidIsNotInvented(void **State)
{
    (void)State;
    Do("!cpuid script { printf(\"%d\\n\", $pid); }");
    MockExecuteCpuid(&g_Bench->Kernel, 1, 7, 0);
    ProgramForgetAll(g_Bench->Session);
    g_Bench->Kernel.EventCount = 0;
    HyperDbgProcessRecords(g_Bench->Session);
    Shows("error: event 0's script is gone: what it printed cannot be shown\n");
}

static void DamagedRecordsAreSaidSo(void **State)
{
    DEBUGGER_SCRIPT_RECORD Record = {
        .Tag = HYPERDBG_EVENT_TAG_START, .Kind = DEBUGGER_SCRIPT_RECORD_MAP, .Number = 9};
    UINT8 Long[sizeof(Record) + SCRIPT_RECORD_BYTES + 8] = {0};

    (void)State;
    Do("!cpuid script { printf(\"%d\\n\", $pid); }");
    MockSend(&g_Bench->Kernel, OPERATION_DEBUGGER_SCRIPT_RECORD, 0, &Record, sizeof(Record) - 1);
    MockSend(&g_Bench->Kernel, OPERATION_DEBUGGER_SCRIPT_RECORD, 0, Long, sizeof(Long));
    MockSend(&g_Bench->Kernel, OPERATION_DEBUGGER_SCRIPT_RECORD, 0, &Record, sizeof(Record));
    Record.Kind = DEBUGGER_SCRIPT_RECORD_OUTPUT;
    MockSend(&g_Bench->Kernel, OPERATION_DEBUGGER_SCRIPT_RECORD, 0, &Record, sizeof(Record));
    HyperDbgProcessRecords(g_Bench->Session);
    Shows("error: a script's record holds 31 bytes: are the modules of another version?\n"
          "error: a script's record holds 2088 bytes: are the modules of another version?\n"
          "error: a record of event 0's script does not fit its program\n");
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void EverythingIsAnObjectToo(void **State)
{
    (void)State;
    Do("!cpuid script { printf(\"%d\\n\", $pid); hits[$comm, 5]++; sizes = hist($pid); n = poi(0); }");
    Cpuid(7, 1);
    assert_non_null(strstr(g_Bench->Output, "\"type\":\"script_output\",\"event\":0,\"core\":1,\"pid\":7,"));
    assert_non_null(strstr(g_Bench->Output, "\"text\":\"7\\n\"}"));
    assert_non_null(strstr(g_Bench->Output, "\"message\":\"script:1:"));
    BenchRun(g_Bench, "maps");
    assert_non_null(strstr(g_Bench->Output,
                           "{\"type\":\"map\",\"event\":0,\"name\":\"hits\",\"kind\":\"sum\","
                           "\"elements\":[{\"key\":[\"mocked\",\"5\"],\"value\":1}],"
                           "\"dropped\":0}\n"));
    assert_non_null(strstr(g_Bench->Output, "{\"type\":\"maps\",\"count\":2}\n"));
}

int main(void)
{
#define TEST(Name)      cmocka_unit_test_setup_teardown(Name, Start, Finish)
#define JSON_TEST(Name) cmocka_unit_test_setup_teardown(Name, StartJson, Finish)
    const struct CMUnitTest Tests[] = {
        TEST(AScriptIsCompiledAndSet),
        TEST(ErrorsShowTheirPlace),
        TEST(WhatIsNoScriptIsSaidSo),
        TEST(TheKernelsRefusalHasItsPlace),
        TEST(AScriptComesFromAFile),
        TEST(ABlockInAFileOfCommandsHasManyLines),
        TEST(ErrorsInAFileOfCommandsCountItsLines),
        TEST(AFileThatEndsInABlockIsAnError),
        TEST(PrintedTextComesInLines),
        TEST(ForeignCharactersAreEscaped),
        TEST(AFaultNamesItsLine),
        TEST(MapsAreShownOnDemandAndAtTheEnd),
        TEST(MapsAreShownBeforeTheVmmIsUnloaded),
        TEST(WithoutScriptsAnEndIsOneRequest),
        TEST(AScriptShowsAMapByItself),
        TEST(ProgramsOfOtherSessionsAreAskedFor),
        TEST(WhatAClearedScriptSaidIsNotInvented),
        TEST(DamagedRecordsAreSaidSo),
        JSON_TEST(EverythingIsAnObjectToo),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

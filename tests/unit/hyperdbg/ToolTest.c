/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ToolTest.c - the program as a person and a script use it: hyperdbg-mock on a pseudo-terminal and on pipes.
 *
 * Nothing here sleeps: a test waits for what must appear on the screen, and fails when it has not come in
 * time.
 */
#include "tests/unit/hyperdbg/Screen.h"
#include "tests/unit/libhyperdbg/Workbench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#define PATIENCE_MILLISECONDS 20000

/* --- a home for each test --------------------------------------------------------------------- */

static CHAR g_Home[64], g_Control[96], g_Done[96], g_Program[512];

static VOID Home(const CHAR *Name, CHAR *Path, SIZE_T Size)
{
    snprintf(Path, Size, "%s/%s", g_Home, Name);
}

static int SetUp(void **State)
{
    static const CHAR *const Names[] = {"MOCK_LOADED", "MOCK_BUSY", "NO_COLOR"};

    (void)State;
    strcpy(g_Home, "/tmp/hyperdbg-tool-XXXXXX");
    if (mkdtemp(g_Home) == NULL)
        return -1;
    Home("control", g_Control, sizeof(g_Control));
    Home("done", g_Done, sizeof(g_Done));
    if (mkfifo(g_Control, 0600) != 0 || mkfifo(g_Done, 0600) != 0)
        return -1;
    for (UINT32 i = 0; i < COUNT_OF(Names); i++)
        unsetenv(Names[i]);
    setenv("HOME", g_Home, 1);
    setenv("MOCK_CONTROL", g_Control, 1);
    setenv("MOCK_DONE", g_Done, 1);
    setenv("TERM", "vt100", 1);
    return 0;
}

static int TearDown(void **State)
{
    CHAR Command[96];

    (void)State;
    snprintf(Command, sizeof(Command), "rm -r %s", g_Home);
    return system(Command);
}

/* The program stands at the top of the folder that this test was built in. */
static VOID FindProgram(VOID)
{
    ssize_t Length = readlink("/proc/self/exe", g_Program, sizeof(g_Program) - 32);

    assert_true(Length > 0);
    g_Program[Length] = '\0';
    for (UINT32 Up = 0; Up < 4; Up++)
        *strrchr(g_Program, '/') = '\0';
    strcat(g_Program, "/hyperdbg-mock");
}

static UINT64 Milliseconds(VOID)
{
    struct timespec Now;

    clock_gettime(CLOCK_MONOTONIC, &Now);
    return (UINT64)Now.tv_sec * 1000 + (UINT64)Now.tv_nsec / 1000000;
}

/* Something happens on the pretended machine; it has happened when this returns. */
static VOID Happen(const CHAR *Line)
{
    INT32 Control = open(g_Control, O_WRONLY | O_CLOEXEC), Done = open(g_Done, O_RDWR | O_CLOEXEC);
    CHAR Byte;

    assert_true(Control >= 0 && Done >= 0);
    dprintf(Control, "%s\n", Line);
    assert_int_equal(read(Done, &Byte, 1), 1);
    close(Control);
    close(Done);
}

/* --- on pipes --------------------------------------------------------------------------------- */

static CHAR g_Output[65536], g_Errors[65536];

static VOID ReadFile(const CHAR *Name, CHAR *Text, SIZE_T Size)
{
    CHAR Path[128];

    Home(Name, Path, sizeof(Path));
    FILE *File = fopen(Path, "r");
    assert_non_null(File);
    Text[fread(Text, 1, Size - 1, File)] = '\0';
    fclose(File);
}

/* Runs the program by a shell ("$T"), in its home; its outputs land in g_Output and g_Errors. Returns its
 * exit status. */
static INT32 Shell(const CHAR *Command)
{
    CHAR Line[1024];

    setenv("T", g_Program, 1);
    snprintf(Line, sizeof(Line), "cd %s && { %s\n} >output 2>errors", g_Home, Command);
    INT32 Status = system(Line);
    ReadFile("output", g_Output, sizeof(g_Output));
    ReadFile("errors", g_Errors, sizeof(g_Errors));
    assert_true(WIFEXITED(Status));
    return WEXITSTATUS(Status);
}

static void OptionsAreUnderstood(void **State)
{
    (void)State;
    assert_int_equal(Shell("\"$T\" --version"), 0);
    assert_string_equal(g_Output, "hyperdbg " HYPERDBG_VERSION " (interface 4)\n");
    assert_int_equal(Shell("\"$T\" --help"), 0);
    assert_memory_equal(g_Output, "usage: hyperdbg", 15);
    assert_int_equal(Shell("\"$T\" --nonsense"), 2);
    assert_int_equal(Shell("\"$T\" -c"), 2);
    assert_int_equal(Shell("\"$T\" a b"), 2);
    assert_int_equal(Shell("\"$T\" -c help a"), 2);
    assert_int_equal(Shell("\"$T\" -c help -c help"), 2);
    assert_string_equal(g_Output, "");
    assert_non_null(strstr(g_Errors, "hyperdbg: -c is given twice"));
}

static void TheExitStatusIsZeroOnlyWhenEveryCommandSucceeded(void **State)
{
    (void)State;
    setenv("MOCK_LOADED", "1", 1);
    assert_int_equal(Shell("\"$T\" -c '!cpuid 1; events clear all'"), 0);
    assert_string_equal(g_Output, "event 0 set: !cpuid leaf 1 stage pre\nall events cleared\n");
    assert_string_equal(g_Errors, "");
    assert_int_equal(Shell("\"$T\" -c '!cpuid 1; !cpuid stage x; !cpuid 2'"), 1);
    assert_string_equal(g_Output, "event 0 set: !cpuid leaf 1 stage pre\n");
    assert_string_equal(g_Errors, "error: 'stage': expected pre, post or all, not 'x'\n");
    assert_int_equal(Shell("\"$T\" -c 'exit; nonsense'"), 0);
    assert_int_equal(Shell("\"$T\" -c ''"), 0);
    assert_int_equal(Shell("\"$T\" -c 'help' >/dev/full"), 1);
    assert_non_null(strstr(g_Errors, "hyperdbg: standard output could not be written"));
}

static void InJsonErrorsAreInTheStream(void **State)
{
    (void)State;
    assert_int_equal(Shell("\"$T\" --json -c '.status; nonsense'"), 1);
    assert_string_equal(g_Output,
                        "{\"type\":\"status\",\"modules\":false,\"vmm\":false}\n"
                        "{\"type\":\"error\",\"word\":\"nonsense\",\"command\":\"nonsense\",\"message\":"
                        "\"'nonsense': there is no such command ('help' lists them)\"}\n");
    assert_string_equal(g_Errors, "");
}

static void FilesAndStandardInputAreScripts(void **State)
{
    (void)State;
    setenv("MOCK_LOADED", "1", 1);
    assert_int_equal(Shell("printf '# comment\\n!cpuid 1\\nnonsense\\n!cpuid 2\\n' >script; \"$T\" script"),
                     1);
    assert_string_equal(g_Output, "event 0 set: !cpuid leaf 1 stage pre\n");
    assert_string_equal(g_Errors,
                        "script:3: error: 'nonsense': there is no such command ('help' lists them)\n");
    assert_int_equal(Shell("echo '!cpuid 1' | \"$T\""), 0);
    assert_string_equal(g_Output, "event 0 set: !cpuid leaf 1 stage pre\n");
    assert_int_equal(Shell("echo 'nonsense' | \"$T\" -"), 1);
    assert_memory_equal(g_Errors, "standard input:1: error: ", 25);
    assert_int_equal(Shell("\"$T\" missing"), 1);
    assert_string_equal(g_Errors, "error: 'missing': cannot be opened: No such file or directory\n");
}

static void RecordsOfTheLastCommandAreShownBeforeTheEnd(void **State)
{
    (void)State;
    assert_int_equal(Shell("\"$T\" -c 'load vmm'"), 0);
    assert_string_equal(g_Output, "the VMM runs on 2 cores (VT-x), loaded in 1000 ticks\n"
                                  "[-0.000099 s] core 0  VMX is on\n");
}

static void AnInterruptEndsAScript(void **State)
{
    (void)State;
    assert_int_equal(Shell("\"$T\" -c 'g; sleep ffffffff; g' & pid=$!\n"
                           "until grep -q messages output; do :; done; kill -INT $pid; wait $pid"),
                     1);
    assert_string_equal(g_Errors, "error: interrupted\n");
}

static void ABusyDeviceIsTold(void **State)
{
    (void)State;
    setenv("MOCK_BUSY", "1", 1);
    assert_int_equal(Shell("\"$T\" -c '!cpuid'"), 1);
    assert_string_equal(g_Errors, "error: mock: connecting failed: Device or resource busy\n");
    assert_int_equal(Shell("\"$T\" -c 'help; sleep 0'"), 0);
    assert_string_equal(g_Errors, "");
}

/* --- on a terminal ---------------------------------------------------------------------------- */

static struct {
    pid_t Child;
    int Terminal;
    SCREEN Screen;
    CHAR Text[SCREEN_ROWS * (SCREEN_COLUMNS + 1) + 1];
} g_Tty;

static VOID Start(const CHAR *Option)
{
    struct winsize Size = {.ws_row = SCREEN_ROWS, .ws_col = SCREEN_COLUMNS};

    ScreenInitialize(&g_Tty.Screen);
    g_Tty.Child = forkpty(&g_Tty.Terminal, NULL, NULL, &Size);
    assert_true(g_Tty.Child >= 0);
    if (g_Tty.Child == 0) {
        execl(g_Program, "hyperdbg", Option, NULL);
        _exit(127);
    }
}

static VOID Type(const CHAR *Keys)
{
    assert_int_equal(write(g_Tty.Terminal, Keys, strlen(Keys)), strlen(Keys));
}

static VOID Press(CHAR Key)
{
    assert_int_equal(write(g_Tty.Terminal, &Key, 1), 1);
}

/* Takes what the program has written; FALSE: it has ended. */
static BOOLEAN Watch(UINT64 Until)
{
    struct pollfd Poll = {.fd = g_Tty.Terminal, .events = POLLIN};
    CHAR Bytes[4096];
    UINT64 Now = Milliseconds();

    if (Now >= Until || poll(&Poll, 1, (int)(Until - Now)) <= 0) {
        ScreenText(&g_Tty.Screen, g_Tty.Text, sizeof(g_Tty.Text));
        fail_msg("in vain; the screen shows:\n%s", g_Tty.Text);
    }
    ssize_t Length = read(g_Tty.Terminal, Bytes, sizeof(Bytes));
    if (Length > 0)
        ScreenWrite(&g_Tty.Screen, Bytes, (SIZE_T)Length);
    ScreenText(&g_Tty.Screen, g_Tty.Text, sizeof(g_Tty.Text));
    return Length > 0;
}

/* Waits until the screen's text ends with this. */
static VOID Expect(const CHAR *End)
{
    UINT64 Until  = Milliseconds() + PATIENCE_MILLISECONDS;
    SIZE_T Length = strlen(End);

    for (;;) {
        SIZE_T Shown = strlen(g_Tty.Text);

        if (Shown >= Length && strcmp(g_Tty.Text + Shown - Length, End) == 0)
            return;
        if (!Watch(Until))
            fail_msg("the program has ended; the screen shows:\n%s", g_Tty.Text);
    }
}

/* Waits for the end of the program; returns its exit status. */
static INT32 Ended(VOID)
{
    UINT64 Until = Milliseconds() + PATIENCE_MILLISECONDS;
    int Status;

    while (Watch(Until))
        ;
    assert_int_equal(waitpid(g_Tty.Child, &Status, 0), g_Tty.Child);
    close(g_Tty.Terminal);
    assert_true(WIFEXITED(Status));
    return WEXITSTATUS(Status);
}

#define GREETING "hyperdbg " HYPERDBG_VERSION ": 'help' lists the commands, Tab completes, Ctrl-D leaves\n"
#define LOADED   "the VMM runs on 2 cores, with 0 events set\n"
#define SET      "hyperdbg> !cpuid\nevent 0 set: !cpuid stage pre\n"
#define PROMPT   "hyperdbg>\n"
#define FLOWS    "messages were not paused\n"
#define FIRED_LATER                                                                                          \
    " s] #0 !cpuid pre   core 1  busybox[77]  rip ffffffff81000000  leaf 1  eax 1 ebx 0 ecx 0 edx 0\n"
#define FIRED(Time) "[-0.0000" #Time FIRED_LATER

/* At the prompt with the VMM loaded and one event set. */
static VOID StartWithEvent(VOID)
{
    setenv("MOCK_LOADED", "1", 1);
    Start(NULL);
    Expect(GREETING LOADED PROMPT);
    Type("!cpuid\r");
    Expect(GREETING LOADED SET PROMPT);
}

static VOID Leave(VOID)
{
    Press(CTRL('U'));
    Press(CTRL('D'));
    assert_int_equal(Ended(), 0);
}

static void TheWholeWayOnATerminal(void **State)
{
    (void)State;
    Start(NULL);
    Expect(GREETING "the modules are not loaded: 'load vmm' loads them and starts the VMM\n" PROMPT);
    Type("load vmm\r");
    Expect("hyperdbg> load vmm\nthe VMM runs on 2 cores (VT-x), loaded in 1000 ticks\n"
           "[-0.000099 s] core 0  VMX is on\n" PROMPT);
    Type("nonsense\r");
    Expect("hyperdbg> nonsense\nerror: 'nonsense': there is no such command ('help' lists them)\n" PROMPT);
    Type("exit\r");
    assert_int_equal(Ended(), 0);
    Expect("hyperdbg> exit\nthe VMM stays loaded, with 0 events set ('unload vmm' takes it out)\n");
}

static void CtrlDLeavesAndSaysWhatStays(void **State)
{
    (void)State;
    StartWithEvent();
    Press(CTRL('D'));
    assert_int_equal(Ended(), 0);
    Expect("hyperdbg> ^D\nthe VMM stays loaded, with 1 event set ('unload vmm' takes it out)\n");
}

static void AnEventDoesNotDisturbTheLineBeingTyped(void **State)
{
    (void)State;
    StartWithEvent();
    Type("events d al");
    Expect("hyperdbg> events d al\n");
    Happen("cpuid 1");
    Expect(SET FIRED(98) "hyperdbg> events d al\n");
    Type("l\r");
    Expect("hyperdbg> events d all\nall events disabled\n" PROMPT);
    Leave();
}

/* 200 letters: with the prompt they take two rows. */
static void AnEventDoesNotDisturbALineOfTwoRows(void **State)
{
    CHAR Keys[201], Lines[512];

    (void)State;
    StartWithEvent();
    memset(Keys, 'a', 200);
    Keys[200] = '\0';
    Type(Keys);
    snprintf(Lines, sizeof(Lines), SET "hyperdbg> %.150s\n%.50s\n", Keys, Keys);
    Expect(Lines);
    Happen("cpuid 1"); /* the cursor stands in the second row */
    snprintf(Lines, sizeof(Lines), SET FIRED(98) "hyperdbg> %.150s\n%.50s\n", Keys, Keys);
    Expect(Lines);
    Press(CTRL('A'));
    Press('b');
    snprintf(Lines, sizeof(Lines), SET FIRED(98) "hyperdbg> b%.149s\n%.51s\n", Keys, Keys);
    Expect(Lines);
    Happen("cpuid 1"); /* it stands in the first one */
    snprintf(Lines, sizeof(Lines), SET FIRED(98) FIRED(97) "hyperdbg> b%.149s\n%.51s\n", Keys, Keys);
    Expect(Lines);
    assert_int_equal(g_Tty.Screen.Column, strlen("hyperdbg> b"));
    Leave();
}

static void CtrlCPausesTheFlowAndKeepsTheLine(void **State)
{
    (void)State;
    StartWithEvent();
    Type("eve");
    Expect("hyperdbg> eve\n"); /* the line discipline throws away what is not read yet when Ctrl-C comes */
    Press(CTRL('C'));
    Expect(
        SET
        "messages are paused; the machine runs on (Ctrl-C, Enter or 'g' resumes)\nhyperdbg (paused)> eve\n");
    Happen("cpuid 1");
    Type("nts\r"); /* commands work, and show no records */
    Expect("hyperdbg (paused)> events\nnumber  state     type          stage  sc         hits  filters\n"
           "     0  enabled   !cpuid        pre    off           1  none\nhyperdbg (paused)>\n");
    Press(CTRL('C'));
    Expect("messages flow again\n" FIRED(98) PROMPT);
    Leave();
}

static void EnterAndGResumeAPausedFlow(void **State)
{
    (void)State;
    StartWithEvent();
    Press(CTRL('C'));
    Expect("hyperdbg (paused)>\n");
    Happen("dropped 5");
    Happen("cpuid 1");
    Press('\r');
    Expect("hyperdbg (paused)>\nmessages flow again\n[-0.000098 s] 5 records were lost here: the rings were "
           "full\n" FIRED(98) PROMPT);
    Press(CTRL('C'));
    Expect("hyperdbg (paused)>\n");
    Type("g\r");
    Expect("hyperdbg (paused)> g\nmessages flow again\n" PROMPT);
    Leave();
}

static void CtrlCEndsACommandThatWaits(void **State)
{
    (void)State;
    StartWithEvent();
    Type("g; sleep ffffffff; !cpuid 7\r");
    Expect("hyperdbg> g; sleep ffffffff; !cpuid 7\n" FLOWS); /* no longer being edited: the line is at work */
    Happen("cpuid 1"); /* before or after the first command looked at the clock */
    Expect(FIRED_LATER);
    Press(CTRL('C'));
    Expect("error: interrupted\n" PROMPT);
    Leave();
}

static void WhatIsTypedWhileACommandRunsWaitsForItsTurn(void **State)
{
    (void)State;
    StartWithEvent();
    Type("sleep 0n200\r!cpuid 5\rhalf");
    Expect(
        SET
        "hyperdbg> sleep 0n200\nhyperdbg> !cpuid 5\nevent 1 set: !cpuid leaf 5 stage pre\nhyperdbg> half\n");
    Leave();
}

static void TabCompletes(void **State)
{
    (void)State;
    StartWithEvent();
    Type("!cp\t");
    Expect("hyperdbg> !cpuid\n");
    Type("1 st\tpo\tp\t\r");
    Expect("hyperdbg> !cpuid 1 stage post pid\nerror: 'pid': expected a number up to fffffffe (hexadecimal, "
           "or 0n10 "
           "decimal, 0t7 octal, 0y1 binary) or all, but the command ends\n" PROMPT);
    Type("events e \t");
    Expect("hyperdbg> events e\n0    all\nhyperdbg> events e\n");
    Type("x\t");
    Expect("hyperdbg> events e x\n");
    Leave();
    assert_int_equal(g_Tty.Screen.Bells, 1);
}

static void LinesAreRememberedToTheNextTime(void **State)
{
    (void)State;
    StartWithEvent();
    Type("help sleep\r");
    Expect("show what happens within two seconds\n" PROMPT);
    Leave();
    Start(NULL);
    Expect(PROMPT);
    Type("\033[A");
    Expect("hyperdbg> help sleep\n");
    Type("\033[A");
    Expect("hyperdbg> !cpuid\n");
    Leave();
}

static void ColoursAreForThoseWhoWantThem(void **State)
{
    (void)State;
    StartWithEvent();
    Type("nonsense\r");
    Expect("error: 'nonsense': there is no such command ('help' lists them)\n" PROMPT);
    Leave();
    assert_true(g_Tty.Screen.Colours > 0);
    setenv("NO_COLOR", "1", 1);
    StartWithEvent();
    Type("nonsense\r");
    Expect("error: 'nonsense': there is no such command ('help' lists them)\n" PROMPT);
    Leave();
    assert_int_equal(g_Tty.Screen.Colours, 0);
}

static void JsonIsJsonAtThePromptToo(void **State)
{
    (void)State;
    Start("--json");
    Expect(
        "{\"type\":\"notice\",\"message\":\"the modules are not loaded: 'load vmm' loads them and starts the "
        "VMM\"}\n" PROMPT);
    Type(".status\r");
    Expect("hyperdbg> .status\n{\"type\":\"status\",\"modules\":false,\"vmm\":false}\n" PROMPT);
    Leave();
}

static void ASmallerWindowIsNoticed(void **State)
{
    struct winsize Size = {.ws_row = SCREEN_ROWS, .ws_col = 40};

    (void)State;
    StartWithEvent();
    assert_int_equal(ioctl(g_Tty.Terminal, TIOCSWINSZ, &Size), 0);
    g_Tty.Screen.Columns = 40;
    Type("help of a line of more than forty letters");
    Expect("hyperdbg> help of a line of more than fo\nrty letters\n");
    Press(CTRL('A'));
    Press('X');
    Expect("hyperdbg> Xhelp of a line of more than f\norty letters\n");
    Leave();
}

static void SigtermLeavesTheTerminalAsItWas(void **State)
{
    struct termios Before, Meanwhile, After;

    (void)State;
    setenv("MOCK_LOADED", "1", 1);
    int Terminal, Slave;
    assert_int_equal(openpty(&Terminal, &Slave, NULL, NULL, NULL), 0);
    assert_int_equal(tcgetattr(Slave, &Before), 0);
    ScreenInitialize(&g_Tty.Screen);
    g_Tty.Terminal = Terminal;
    g_Tty.Child    = fork();
    if (g_Tty.Child == 0) {
        close(Terminal);
        if (login_tty(dup(Slave)) == 0) {
            close(Slave);
            execl(g_Program, "hyperdbg", NULL);
        }
        _exit(127);
    }
    Expect(PROMPT);
    assert_int_equal(tcgetattr(Slave, &Meanwhile), 0);
    assert_false(Meanwhile.c_lflag & ICANON);
    assert_int_equal(kill(g_Tty.Child, SIGTERM), 0);
    Expect("the VMM stays loaded, with 0 events set ('unload vmm' takes it out)\n");
    int Status;
    assert_int_equal(waitpid(g_Tty.Child, &Status, 0), g_Tty.Child);
    assert_true(WIFEXITED(Status));
    assert_int_equal(tcgetattr(Slave, &After), 0);
    assert_int_equal(After.c_lflag, Before.c_lflag);
    assert_int_equal(After.c_iflag, Before.c_iflag);
    close(Slave);
    close(Terminal);
}

static void ATerminalThatGoesAwayEndsTheProgram(void **State)
{
    int Status;

    (void)State;
    StartWithEvent();
    close(g_Tty.Terminal);
    assert_int_equal(waitpid(g_Tty.Child, &Status, 0), g_Tty.Child);
    assert_true(WIFEXITED(Status));
}

#define TOOL_TEST(Name) cmocka_unit_test_setup_teardown(Name, SetUp, TearDown)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        TOOL_TEST(OptionsAreUnderstood),
        TOOL_TEST(TheExitStatusIsZeroOnlyWhenEveryCommandSucceeded),
        TOOL_TEST(InJsonErrorsAreInTheStream),
        TOOL_TEST(FilesAndStandardInputAreScripts),
        TOOL_TEST(RecordsOfTheLastCommandAreShownBeforeTheEnd),
        TOOL_TEST(AnInterruptEndsAScript),
        TOOL_TEST(ABusyDeviceIsTold),
        TOOL_TEST(TheWholeWayOnATerminal),
        TOOL_TEST(CtrlDLeavesAndSaysWhatStays),
        TOOL_TEST(AnEventDoesNotDisturbTheLineBeingTyped),
        TOOL_TEST(AnEventDoesNotDisturbALineOfTwoRows),
        TOOL_TEST(CtrlCPausesTheFlowAndKeepsTheLine),
        TOOL_TEST(EnterAndGResumeAPausedFlow),
        TOOL_TEST(CtrlCEndsACommandThatWaits),
        TOOL_TEST(WhatIsTypedWhileACommandRunsWaitsForItsTurn),
        TOOL_TEST(TabCompletes),
        TOOL_TEST(LinesAreRememberedToTheNextTime),
        TOOL_TEST(ColoursAreForThoseWhoWantThem),
        TOOL_TEST(JsonIsJsonAtThePromptToo),
        TOOL_TEST(ASmallerWindowIsNoticed),
        TOOL_TEST(SigtermLeavesTheTerminalAsItWas),
        TOOL_TEST(ATerminalThatGoesAwayEndsTheProgram),
    };

    FindProgram();
    return cmocka_run_group_tests(Tests, NULL, NULL);
}

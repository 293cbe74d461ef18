/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * SessionTest.c - a session from end to end on the mock kernel; what it does when the kernel fails it.
 */
#include "tests/unit/libhyperdbg/Workbench.h"

#include <errno.h>
#include <json-c/json_tokener.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static UINT64 Milliseconds(VOID)
{
    struct timespec Now;

    clock_gettime(CLOCK_MONOTONIC, &Now);
    return (UINT64)Now.tv_sec * 1000 + (UINT64)Now.tv_nsec / 1000000;
}

/* --- the whole way ---------------------------------------------------------------------------- */

static void AUsersWholeWayWorks(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, FALSE);

    (void)State;
    assert_int_equal(BenchRun(Bench, ".status"), HYPERDBG_SUCCESS);
    assert_non_null(strstr(Bench->Output, "the modules are not loaded"));
    assert_int_equal(BenchRun(Bench, "load vmm"), HYPERDBG_SUCCESS);
    assert_string_equal(Bench->Kernel.Trace, "load modules\ninit vmm\n");
    assert_non_null(strstr(Bench->Output, "the VMM runs on 2 cores (VT-x)"));
    assert_non_null(strstr(Bench->Output, "VMX is on"));
    assert_int_equal(BenchRun(Bench, "!cpuid 1 stage all core 1"), HYPERDBG_SUCCESS);

    BenchClear(Bench);
    assert_int_equal(MockExecuteCpuid(&Bench->Kernel, 0, 77, 1), 0);
    assert_int_equal(MockExecuteCpuid(&Bench->Kernel, 1, 77, 0), 0);
    assert_int_equal(MockExecuteCpuid(&Bench->Kernel, 1, 77, 1), 2);
    assert_int_equal(HyperDbgProcessRecords(Bench->Session), 2);
    assert_int_equal(Bench->KindLines[HYPERDBG_MESSAGE_EVENT], 2);
    assert_non_null(strstr(Bench->Output,
                           "#0 !cpuid pre   core 1  busybox[77]  rip ffffffff81000000  leaf 1  "
                           "eax 1 ebx 0 ecx 0 edx 0\n"));
    assert_non_null(strstr(Bench->Output,
                           "#0 !cpuid post  core 1  busybox[77]  rip ffffffff81000000  leaf 1  "
                           "eax 16 ebx 756e6547 ecx 6c65746e edx 49656e69  "
                           "changed rax rcx rdx rbx\n"));
    assert_int_equal(BenchRun(Bench, "events"), HYPERDBG_SUCCESS);
    assert_non_null(
        strstr(Bench->Output, "0  enabled   !cpuid        all    off           1  leaf 1 core 1\n"));
    assert_int_equal(BenchRun(Bench, "events d 0"), HYPERDBG_SUCCESS);
    assert_int_equal(MockExecuteCpuid(&Bench->Kernel, 1, 77, 1), 0);
    assert_int_equal(BenchRun(Bench, "events c 0; events"), HYPERDBG_SUCCESS);
    assert_non_null(strstr(Bench->Output, "no events are set\n"));
    assert_int_equal(BenchRun(Bench, "unload remove"), HYPERDBG_SUCCESS);
    assert_false(Bench->Kernel.AreModulesLoaded);
    BenchFree(Bench);
}

static void EveryLineOfAJsonSessionIsAnObject(void **State)
{
    static const CHAR *const Lines[] = {".status",
                                        "load vmm",
                                        "load vmm",
                                        "!cpuid 1 pid 0n77",
                                        "!msrwrite LSTAR stage post",
                                        "events",
                                        "events d 0",
                                        "events e all",
                                        "events c 0",
                                        "!cpuid stage wrong",
                                        "no \"quotes\"; x",
                                        "help",
                                        "help !msrread",
                                        "pause; .status; g",
                                        "flush",
                                        ".exits",
                                        "!cpuid sc on stage post",
                                        "unload vmm",
                                        "events",
                                        "\"\xff\"",
                                        "unload remove"};
    BENCH *Bench                     = BenchMake(HYPERDBG_FORMAT_JSON, FALSE);
    UINT32 Count                     = 0;

    (void)State;
    for (UINT32 i = 0; i < COUNT_OF(Lines); i++) {
        BenchRun(Bench, Lines[i]);
        assert_true(Bench->Lines > 0);
        for (CHAR *Line = strtok(Bench->Output, "\n"); Line != NULL; Line = strtok(NULL, "\n"), Count++) {
            struct json_object *Object = json_tokener_parse(Line);

            if (Object == NULL || json_object_object_get(Object, "type") == NULL)
                fail_msg("'%s' gave: %s", Lines[i], Line);
            json_object_put(Object);
        }
    }
    assert_true(Count > 40);
    BenchFree(Bench);
}

static void ErrorsInJsonNameCommandAndWord(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_JSON, TRUE);

    (void)State;
    BenchRun(Bench, "g; !cpuid stage after; g");
    assert_string_equal(Bench->Output,
                        "{\"type\":\"flowing\"}\n{\"type\":\"error\",\"word\":\"stage\",\"command\":"
                        "\"!cpuid stage after\",\"message\":\"'stage': expected pre, post or all, not "
                        "'after'\"}\n");
    BenchRun(Bench, "events c 9");
    assert_string_equal(
        Bench->Output,
        "{\"type\":\"error\",\"kernel_status\":\"0xc0000014\",\"kernel_error\":\"DEBUGGER_ERROR_TAG_NOT_"
        "FOUND\",\"command\":\"events c 9\",\"message\":\"there is no event with this number\"}\n");
    BenchFree(Bench);
}

static void EverySentenceOfTheErrorListReachesTheUser(void **State)
{
    static const struct {
        UINT32 Status;
        const CHAR *Text;
    } Errors[] = {
#define AS_CASE(Name, Value, Text) {Value, Text},
        DEBUGGER_ERROR_LIST(AS_CASE)
#undef AS_CASE
            {0xC0FFEE,
             "the modules gave the unknown error code c0ffee: are they of another version than the tool?"}};
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);
    CHAR Line[1024];

    (void)State;
    Bench->Kernel.FailCode = IOCTL_REGISTER_EVENT;
    for (UINT32 i = 0; i < COUNT_OF(Errors); i++) {
        Bench->Kernel.FailStatus = Errors[i].Status;
        assert_int_equal(BenchRun(Bench, "!cpuid"), HYPERDBG_FAILURE);
        snprintf(Line, sizeof(Line), "error: %s\n", Errors[i].Text);
        assert_string_equal(Bench->Output, Line);
    }
    BenchFree(Bench);
}

/* --- a kernel that fails ---------------------------------------------------------------------- */

static void AConnectionThatIsRefusedIsToldByEveryCommandThatNeedsIt(void **State)
{
    static const CHAR *const Lines[] = {"!cpuid",       "!msrread",   "!msrwrite",    "events",
                                        "events c all", ".status",    ".exits",       "flush",
                                        "load vmm",     "unload vmm", "unload remove"};
    BENCH *Bench                     = BenchMake(HYPERDBG_FORMAT_TEXT, FALSE);

    (void)State;
    Bench->Kernel.ConnectError = EBUSY;
    for (UINT32 i = 0; i < COUNT_OF(Lines); i++) {
        assert_int_equal(BenchRun(Bench, Lines[i]), HYPERDBG_FAILURE);
        assert_string_equal(Bench->Output, "error: mock: connecting failed: Device or resource busy\n");
        assert_string_equal(Bench->Kernel.Trace, "");
    }
    assert_int_equal(BenchRun(Bench, "help; pause; g; sleep 0"), HYPERDBG_SUCCESS);
    BenchFree(Bench);
}

static void ModulesThatCannotBeLoadedAreTold(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, FALSE);

    (void)State;
    Bench->Kernel.LoadModulesError = ENOEXEC;
    assert_int_equal(BenchRun(Bench, "load vmm"), HYPERDBG_FAILURE);
    assert_string_equal(Bench->Output, "error: mock: the modules cannot be loaded\n");
    assert_string_equal(Bench->Kernel.Trace, "load modules\n");
    Bench->Kernel.LoadModulesError = 0;
    Bench->Kernel.ConnectError     = ENOENT;
    assert_int_equal(BenchRun(Bench, "load vmm"), HYPERDBG_FAILURE);
    assert_string_equal(Bench->Output,
                        "error: the modules are loaded, but /dev/hyperdbg and /dev/hyperlog did not "
                        "appear: is devtmpfs mounted on /dev?\n");
    BenchFree(Bench);
}

static void ALoadThatTheKernelRefusesIsToldWithItsLog(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, FALSE);

    (void)State;
    Bench->Kernel.AreModulesLoaded = TRUE;
    Bench->Kernel.FailCode         = IOCTL_INIT_VMM;
    Bench->Kernel.FailStatus       = (UINT32)DEBUGGER_ERROR_VMX_IN_USE;
    MockSendText(&Bench->Kernel, OPERATION_LOG_ERROR_MESSAGE, "core 1: CR4.VMXE is set");
    assert_int_equal(BenchRun(Bench, "load vmm"), HYPERDBG_FAILURE);
    assert_non_null(strstr(Bench->Output, "error: VT-x is in use by another hypervisor"));
    assert_non_null(strstr(Bench->Output, "error: core 1: CR4.VMXE is set\n"));
    BenchFree(Bench);
}

static void ModulesThatCannotBeRemovedAreTold(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    Bench->Kernel.UnloadModulesError = EBUSY;
    assert_int_equal(BenchRun(Bench, "unload remove"), HYPERDBG_FAILURE);
    assert_non_null(strstr(Bench->Output, "error: mock: the modules cannot be unloaded\n"));
    assert_false(Bench->Kernel.IsVmmLoaded);
    BenchFree(Bench);
}

static void ModulesStayWhileTheVmmCannotBeUnloaded(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    Bench->Kernel.FailCode   = IOCTL_TERMINATE_VMM;
    Bench->Kernel.FailStatus = (UINT32)DEBUGGER_ERROR_OUT_OF_MEMORY;
    assert_int_equal(BenchRun(Bench, "unload remove"), HYPERDBG_FAILURE);
    assert_string_equal(Bench->Kernel.Trace, "");
    assert_true(Bench->Kernel.AreModulesLoaded);
    BenchFree(Bench);
}

static void ModulesOfAnotherVersionAreRefused(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, FALSE);

    (void)State;
    Bench->Kernel.AreModulesLoaded = TRUE;
    Bench->Kernel.InterfaceVersion = HYPERDBG_INTERFACE_VERSION + 1;
    assert_int_equal(BenchRun(Bench, "!cpuid"), HYPERDBG_FAILURE);
    assert_string_equal(Bench->Output,
                        "error: tool and modules are of different versions: install them together\n");
    assert_false(Bench->Kernel.IsConnected);
    assert_int_equal(BenchRun(Bench, ".status"), HYPERDBG_FAILURE);
    assert_int_equal(Bench->Lines, 1);
    assert_int_equal(BenchRun(Bench, "sleep 0"), HYPERDBG_SUCCESS);
    assert_int_equal(Bench->Lines, 0);
    Bench->Kernel.RequestError = ENOTTY; /* a request of another size */
    assert_int_equal(BenchRun(Bench, "!cpuid"), HYPERDBG_FAILURE);
    assert_non_null(strstr(Bench->Output, "tool and modules are of different versions"));
    BenchFree(Bench);
}

static void RequestsThatDoNotArriveAreTold(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    Bench->Kernel.RequestError = EFAULT;
    assert_int_equal(BenchRun(Bench, "events"), HYPERDBG_FAILURE);
    assert_string_equal(Bench->Output, "error: the request did not reach the modules: Bad address\n");
    BenchFree(Bench);
}

static void AStatusThatWasNotWrittenIsNoSuccess(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    Bench->Kernel.FailCode   = IOCTL_REGISTER_EVENT;
    Bench->Kernel.FailStatus = 0;
    assert_int_equal(BenchRun(Bench, "!cpuid"), HYPERDBG_FAILURE);
    assert_int_equal(Bench->KindLines[HYPERDBG_MESSAGE_ERROR], 1);
    BenchFree(Bench);
}

static void AListThatWouldBeginAgainEnds(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    BenchRun(Bench, "!cpuid");
    Bench->Kernel.Events[0].Tag = ~0ull;
    assert_int_equal(BenchRun(Bench, "events"), HYPERDBG_FAILURE);
    assert_non_null(strstr(Bench->Output, "error: the modules answered ffffffffffffffff when asked"));
    BenchFree(Bench);
}

static void ALogThatCannotBeReadIsToldOnce(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    Bench->Kernel.ReadError = EIO;
    assert_int_equal(BenchRun(Bench, "g; g; sleep 0"), HYPERDBG_SUCCESS);
    assert_int_equal(Bench->KindLines[HYPERDBG_MESSAGE_ERROR], 1);
    assert_non_null(strstr(Bench->Output, "error: the log cannot be read any more: Input/output error\n"));
    assert_int_equal(HyperDbgPollDescriptor(Bench->Session), -1);
    BenchFree(Bench);
}

static void ExitsAreSummedOverCoresWhoseNumbersHaveHoles(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    Bench->Kernel.FirstCore = 3;
    Bench->Kernel.CoreCount = 2;
    assert_int_equal(BenchRun(Bench, ".exits"), HYPERDBG_SUCCESS);
    assert_non_null(strstr(Bench->Output, "         207      1f  RDMSR\n          14       a  CPUID\n"));
    BenchFree(Bench);
}

/* --- records and time ------------------------------------------------------------------------- */

static void RecordsWrittenBeforeACommandEndedAreShownWhenItReturns(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    Bench->Kernel.ReadLimit = 60; /* a record a read */
    for (UINT32 i = 0; i < 500; i++)
        MockSendText(&Bench->Kernel, OPERATION_LOG_INFO_MESSAGE, "waiting");
    assert_int_equal(BenchRun(Bench, "g"), HYPERDBG_SUCCESS);
    assert_int_equal(Bench->KindLines[HYPERDBG_MESSAGE_LOG], 500);
    BenchFree(Bench);
}

/* Nobody waits for the end of a flow that has none. */
static void AnEndlessFlowDoesNotHoldACommand(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    Bench->Kernel.IsEndless = TRUE;
    assert_int_equal(BenchRun(Bench, "g"), HYPERDBG_SUCCESS);
    assert_in_range(Bench->KindLines[HYPERDBG_MESSAGE_LOG], 1, 20000);
    assert_int_equal(BenchRun(Bench, "flush"), HYPERDBG_SUCCESS);
    BenchFree(Bench);
}

static void APausedFlowKeepsRecordsInTheKernel(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    assert_int_equal(BenchRun(Bench, "pause"), HYPERDBG_SUCCESS);
    MockSendText(&Bench->Kernel, OPERATION_LOG_INFO_MESSAGE, "one");
    assert_int_equal(HyperDbgPollDescriptor(Bench->Session), -1);
    assert_int_equal(HyperDbgProcessRecords(Bench->Session), 0);
    assert_int_equal(BenchRun(Bench, ".status; sleep 1"), HYPERDBG_SUCCESS);
    assert_int_equal(Bench->KindLines[HYPERDBG_MESSAGE_LOG], 0);
    assert_int_equal(BenchRun(Bench, "g"), HYPERDBG_SUCCESS);
    assert_int_equal(Bench->KindLines[HYPERDBG_MESSAGE_LOG], 1);
    assert_true(HyperDbgPollDescriptor(Bench->Session) >= 0);
    BenchFree(Bench);
}

static void FlushThrowsAwayWhatWaitsPausedOrNot(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    BenchRun(Bench, "pause");
    MockSendText(&Bench->Kernel, OPERATION_LOG_INFO_MESSAGE, "one");
    MockSendText(&Bench->Kernel, OPERATION_LOG_INFO_MESSAGE, "two");
    assert_int_equal(BenchRun(Bench, "flush"), HYPERDBG_SUCCESS);
    assert_string_equal(Bench->Output, "2 records were thrown away\n");
    MockSendText(&Bench->Kernel, OPERATION_LOG_INFO_MESSAGE, "three");
    assert_int_equal(BenchRun(Bench, "flush; g"), HYPERDBG_SUCCESS);
    assert_string_equal(Bench->Output, "1 record was thrown away\nmessages flow again\n");
    BenchFree(Bench);
}

typedef struct _HELPER {
    BENCH *Bench;
    VOID (*Act)(BENCH *Bench);
} HELPER;

static void *HelperRun(void *Context)
{
    HELPER *Helper = Context;

    usleep(30000);
    Helper->Act(Helper->Bench);
    return NULL;
}

static VOID SendOne(BENCH *Bench)
{
    MockSendText(&Bench->Kernel, OPERATION_LOG_INFO_MESSAGE, "while asleep");
}

static VOID Interrupt(BENCH *Bench)
{
    HyperDbgInterrupt(Bench->Session);
}

static void SleepShowsRecordsAsTheyCome(void **State)
{
    BENCH *Bench  = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);
    HELPER Helper = {Bench, SendOne};
    UINT64 Begin  = Milliseconds();
    pthread_t Thread;

    (void)State;
    pthread_create(&Thread, NULL, HelperRun, &Helper);
    assert_int_equal(BenchRun(Bench, "sleep 0n100"), HYPERDBG_SUCCESS);
    pthread_join(Thread, NULL);
    assert_true(Milliseconds() - Begin >= 100);
    assert_int_equal(Bench->KindLines[HYPERDBG_MESSAGE_LOG], 1);
    BenchFree(Bench);
}

static void AnInterruptEndsSleepAndTheLine(void **State)
{
    BENCH *Bench  = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);
    HELPER Helper = {Bench, Interrupt};
    UINT64 Begin  = Milliseconds();
    pthread_t Thread;

    (void)State;
    pthread_create(&Thread, NULL, HelperRun, &Helper);
    assert_int_equal(BenchRun(Bench, "sleep ffffffff; !cpuid"), HYPERDBG_FAILURE);
    pthread_join(Thread, NULL);
    assert_true(Milliseconds() - Begin < 10000);
    assert_string_equal(Bench->Output, "error: interrupted\n");
    assert_string_equal(Bench->Kernel.Trace, "");
    assert_int_equal(BenchRun(Bench, "sleep 1"), HYPERDBG_SUCCESS); /* it is gone for the next line */
    BenchFree(Bench);
}

static VOID InterruptAtALine(PVOID Context, HYPERDBG_MESSAGE_KIND Kind, const CHAR *Line)
{
    (void)Line;
    if (Kind == HYPERDBG_MESSAGE_RESULT)
        HyperDbgInterrupt(((BENCH *)Context)->Session);
}

static void AnInterruptEndsTheLineBetweenTwoCommandsToo(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    HyperDbgSetMessageCallback(Bench->Session, InterruptAtALine, Bench);
    assert_int_equal(BenchRun(Bench, "!cpuid 1; !cpuid 2"), HYPERDBG_FAILURE);
    assert_int_equal(Bench->Kernel.EventCount, 1);
    BenchFree(Bench);
}

/* --- scripts ---------------------------------------------------------------------------------- */

/* Runs a script of this text. */
static HYPERDBG_RESULT RunScript(BENCH *Bench, const CHAR *Text, SIZE_T Length, CHAR *Path)
{
    INT32 File;

    strcpy(Path, "/tmp/hyperdbg-test-XXXXXX");
    File = mkstemp(Path);
    assert_true(File >= 0);
    assert_int_equal(write(File, Text, Length), Length);
    close(File);
    BenchClear(Bench);
    HYPERDBG_RESULT Result = HyperDbgRunFile(Bench->Session, Path);
    unlink(Path);
    return Result;
}

static void ScriptsRunUntilALineFails(void **State)
{
    static const CHAR Script[] =
        "# a comment\n\n  !cpuid 1  // another\n!cpuid 2; !cpuid stage x # here\n!cpuid 3\n";
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);
    CHAR Path[64], Expected[512];

    (void)State;
    assert_int_equal(RunScript(Bench, Script, strlen(Script), Path), HYPERDBG_FAILURE);
    snprintf(Expected, sizeof(Expected),
             "event 0 set: !cpuid leaf 1 stage pre\nevent 1 set: !cpuid leaf 2 stage pre\n"
             "%s:4: error: 'stage': expected pre, post or all, not 'x'\n",
             Path);
    assert_string_equal(Bench->Output, Expected);
    BenchFree(Bench);
}

static void ScriptsEndAtExitAndWithoutANewline(void **State)
{
    static const CHAR Leaving[] = "g\nexit\n!cpuid\n", Last[] = "g\n!cpuid";
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);
    CHAR Path[64];

    (void)State;
    assert_int_equal(RunScript(Bench, Leaving, strlen(Leaving), Path), HYPERDBG_LEAVE);
    assert_string_equal(Bench->Kernel.Trace, "");
    assert_int_equal(RunScript(Bench, Last, strlen(Last), Path), HYPERDBG_SUCCESS);
    assert_string_equal(Bench->Kernel.Trace, "register type 11 core ffffffff pid ffffffff stage 1 sc 0\n");
    BenchFree(Bench);
}

static void ScriptsAreText(void **State)
{
    static const CHAR Binary[] = "g\ng \0 g\n";
    BENCH *Bench               = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);
    CHAR Path[64];

    (void)State;
    assert_int_equal(RunScript(Bench, Binary, sizeof(Binary) - 1, Path), HYPERDBG_FAILURE);
    assert_non_null(strstr(Bench->Output, ":2: error: the line holds a zero byte: is this a text file?\n"));
    BenchClear(Bench);
    assert_int_equal(HyperDbgRunFile(Bench->Session, "/tmp"), HYPERDBG_FAILURE);
    assert_non_null(strstr(Bench->Output, "error: reading failed: Is a directory\n"));
    BenchFree(Bench);
}

static void ScriptsThatCallThemselvesEnd(void **State)
{
    CHAR Path[]  = "/tmp/hyperdbg-self-XXXXXX", Line[64];
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);
    INT32 File   = mkstemp(Path);

    (void)State;
    assert_true(File >= 0);
    dprintf(File, ".script %s\n", Path);
    close(File);
    snprintf(Line, sizeof(Line), ".script %s", Path);
    assert_int_equal(BenchRun(Bench, Line), HYPERDBG_FAILURE);
    assert_int_equal(Bench->Lines, 1);
    assert_non_null(strstr(Bench->Output, "scripts call scripts more than 8 deep\n"));
    unlink(Path);
    BenchFree(Bench);
}

/* --- the rest of the interface ---------------------------------------------------------------- */

static void GreetingAndFarewellSayWhatRuns(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, FALSE);

    (void)State;
    HyperDbgSayWhatRuns(Bench->Session);
    HyperDbgSayWhatStays(Bench->Session);
    assert_string_equal(Bench->Output,
                        "the modules are not loaded: 'load vmm' loads them and starts the VMM\n");
    BenchClear(Bench);
    Bench->Kernel.AreModulesLoaded = TRUE;
    HyperDbgSayWhatRuns(Bench->Session);
    HyperDbgSayWhatStays(Bench->Session);
    assert_string_equal(Bench->Output, "the VMM is not loaded: 'load vmm' starts it\n");
    BenchRun(Bench, "load vmm; !cpuid");
    BenchClear(Bench);
    HyperDbgSayWhatRuns(Bench->Session);
    HyperDbgSayWhatStays(Bench->Session);
    assert_string_equal(Bench->Output,
                        "the VMM runs on 2 cores, with 1 event set\n"
                        "the VMM stays loaded, with 1 event set ('unload vmm' takes it out)\n");
    HyperDbgClose(Bench->Session);
    assert_false(Bench->Kernel.IsConnected);
    assert_true(Bench->Kernel.IsVmmLoaded);
    assert_int_equal(Bench->Kernel.EventCount, 1);
    Bench->Session = NULL;
    BenchFree(Bench);
}

static VOID CountLine(PVOID Context, HYPERDBG_MESSAGE_KIND Kind, const CHAR *Line)
{
    (void)Kind;
    (void)Line;
    ++*(UINT32 *)Context;
}

static void TheCallbackCanBeChangedAndLeftOut(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);
    UINT32 Lines = 0;

    (void)State;
    HyperDbgSetMessageCallback(Bench->Session, CountLine, &Lines);
    assert_int_equal(BenchRun(Bench, "events"), HYPERDBG_SUCCESS);
    assert_int_equal(Lines, 1);
    HyperDbgSetMessageCallback(Bench->Session, NULL, NULL);
    assert_int_equal(BenchRun(Bench, "events; nonsense"), HYPERDBG_FAILURE);
    assert_int_equal(Lines, 1);
    assert_int_equal(Bench->Lines, 0);
    BenchFree(Bench);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(AUsersWholeWayWorks),
        cmocka_unit_test(EveryLineOfAJsonSessionIsAnObject),
        cmocka_unit_test(ErrorsInJsonNameCommandAndWord),
        cmocka_unit_test(EverySentenceOfTheErrorListReachesTheUser),
        cmocka_unit_test(AConnectionThatIsRefusedIsToldByEveryCommandThatNeedsIt),
        cmocka_unit_test(ModulesThatCannotBeLoadedAreTold),
        cmocka_unit_test(ALoadThatTheKernelRefusesIsToldWithItsLog),
        cmocka_unit_test(ModulesThatCannotBeRemovedAreTold),
        cmocka_unit_test(ModulesStayWhileTheVmmCannotBeUnloaded),
        cmocka_unit_test(ModulesOfAnotherVersionAreRefused),
        cmocka_unit_test(RequestsThatDoNotArriveAreTold),
        cmocka_unit_test(AStatusThatWasNotWrittenIsNoSuccess),
        cmocka_unit_test(AListThatWouldBeginAgainEnds),
        cmocka_unit_test(ALogThatCannotBeReadIsToldOnce),
        cmocka_unit_test(ExitsAreSummedOverCoresWhoseNumbersHaveHoles),
        cmocka_unit_test(RecordsWrittenBeforeACommandEndedAreShownWhenItReturns),
        cmocka_unit_test(AnEndlessFlowDoesNotHoldACommand),
        cmocka_unit_test(APausedFlowKeepsRecordsInTheKernel),
        cmocka_unit_test(FlushThrowsAwayWhatWaitsPausedOrNot),
        cmocka_unit_test(SleepShowsRecordsAsTheyCome),
        cmocka_unit_test(AnInterruptEndsSleepAndTheLine),
        cmocka_unit_test(AnInterruptEndsTheLineBetweenTwoCommandsToo),
        cmocka_unit_test(ScriptsRunUntilALineFails),
        cmocka_unit_test(ScriptsEndAtExitAndWithoutANewline),
        cmocka_unit_test(ScriptsAreText),
        cmocka_unit_test(ScriptsThatCallThemselvesEnd),
        cmocka_unit_test(GreetingAndFarewellSayWhatRuns),
        cmocka_unit_test(TheCallbackCanBeChangedAndLeftOut),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

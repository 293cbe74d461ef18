/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * hyperlog-device.c - /dev/hyperlog in a booted kernel: who may open it, how reads and polls end, that a
 * storm of records from all cores and their interrupts arrives whole and in order, with every loss told.
 * Prints TAP.
 *
 * Context: user space, as root in the guest, with hyperlog.ko and logfeed.ko in /root.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "SDK/Ioctls.h"
#include "SDK/modules/HyperLog.h"
#include "tests/vm/modules/logfeed/LogFeed.h"

/* A second of an emulated machine takes long. */
#define WHILE_MS 25

#define PARAMETERS "/sys/module/logfeed/parameters/"

static UINT32 g_Tests, g_Failures;

static void Ok(BOOLEAN Holds, const char *Name)
{
    printf("%s %u - %s\n", Holds ? "ok" : "not ok", ++g_Tests, Name);
    g_Failures += !Holds;
    fflush(stdout);
}

static void Is(INT64 Got, INT64 Expected, const char *Name)
{
    Ok(Got == Expected, Name);
    if (Got != Expected)
        printf("# got %lld, expected %lld\n", Got, Expected);
}

/* --- help --- */

static BOOLEAN Feed(const char *Parameter, const char *Value)
{
    int File       = open(Parameter, O_WRONLY);
    BOOLEAN WasFed = File >= 0 && write(File, Value, strlen(Value)) == (ssize_t)strlen(Value);

    if (File >= 0)
        close(File);
    return WasFed;
}

static BOOLEAN FeedMessage(const char *Text)
{
    return Feed(PARAMETERS "message", Text);
}

/* What opening the device gives to a child that changed itself first: 0 or errno. */
static int OpenInChild(void (*Change)(void))
{
    pid_t Child = fork();
    int Status;

    if (Child == 0) {
        Change();
        _exit(open(HYPERLOG_DEVICE_PATH, O_RDONLY) >= 0 ? 0 : errno);
    }
    return waitpid(Child, &Status, 0) == Child && WIFEXITED(Status) ? WEXITSTATUS(Status) : -1;
}

static void BecomeNobody(void)
{
    if (setgid(65534) || setuid(65534))
        _exit(255);
}

static void DropCapabilities(void)
{
    struct __user_cap_header_struct Header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct Data[2]  = {{0, 0, 0}, {0, 0, 0}};

    if (syscall(SYS_capset, &Header, Data))
        _exit(255);
}

static void ChangeNothing(void)
{
}

static INT64 ReadErrno(int Device, void *Buffer, size_t Length)
{
    ssize_t Result = read(Device, Buffer, Length);

    return Result < 0 ? -errno : Result;
}

static BOOLEAN IsMessage(const void *Bytes, const char *Text)
{
    const LOG_RECORD_HEADER *Header = Bytes;

    return Header->OperationCode == OPERATION_LOG_INFO_MESSAGE && Header->PayloadLength == strlen(Text) &&
           memcmp(Header + 1, Text, strlen(Text)) == 0;
}

/* A child that sends a message after a while. */
static pid_t FeedLater(const char *Text)
{
    struct timespec While = {0, WHILE_MS * 1000 * 1000};
    pid_t Child           = fork();

    if (Child == 0) {
        nanosleep(&While, NULL);
        _exit(FeedMessage(Text) ? 0 : 1);
    }
    return Child;
}

/* --- who --- */

static void TestOpening(void)
{
    struct stat Status;
    int First, Second;

    Ok(stat(HYPERLOG_DEVICE_PATH, &Status) == 0 && (Status.st_mode & 07777) == 0600,
       "the device is root's alone");
    Is(OpenInChild(BecomeNobody), EACCES, "another user is refused");
    Is(OpenInChild(DropCapabilities), EPERM, "root without CAP_SYS_ADMIN is refused");
    Is(OpenInChild(ChangeNothing), 0, "root is not");
    First  = open(HYPERLOG_DEVICE_PATH, O_RDONLY);
    Second = open(HYPERLOG_DEVICE_PATH, O_RDONLY);
    Ok(First >= 0 && Second < 0 && errno == EBUSY, "a second opener is refused");
    Ok(syscall(SYS_delete_module, "hyperlog", O_NONBLOCK) != 0, "the module stays while it is open");
    close(First);
    First = open(HYPERLOG_DEVICE_PATH, O_RDONLY);
    Ok(First >= 0, "after the first has closed it, it can be opened again");
    close(First);
}

/* --- how --- */

static void TestEmpty(int Device)
{
    static char Buffer[8192];
    struct pollfd Poll = {Device, POLLIN, 0};

    Is(ReadErrno(Device, Buffer, sizeof(Buffer)), -EAGAIN,
       "a read of nothing does not wait when told not to");
    Is(poll(&Poll, 1, WHILE_MS), 0, "a poll of nothing times out");
    Is(ReadErrno(Device, Buffer, 0), 0, "a read of no bytes gives none");
    Ok(write(Device, Buffer, 8) < 0 && errno == EBADF, "it cannot be written");
    Ok(lseek(Device, 0, SEEK_SET) < 0 && errno == ESPIPE, "nor rewound");
}

static void TestShortReads(int Device)
{
    static char Buffer[8192];
    INT64 Length;

    Ok(FeedMessage("first") && FeedMessage("second one"), "messages are taken");
    Is(ReadErrno(Device, Buffer, 1), -EINVAL, "a read shorter than the record is refused");
    Is(ReadErrno(Device, Buffer, sizeof(LOG_RECORD_HEADER) + 7), -EINVAL, "even by one byte");
    Is(ReadErrno(Device, (void *)8, sizeof(Buffer)), -EFAULT, "bad memory is refused");
    Length = ReadErrno(Device, Buffer, sizeof(LOG_RECORD_HEADER) + 8);
    Ok(Length == sizeof(LOG_RECORD_HEADER) + 8 && IsMessage(Buffer, "first"), "nothing was lost by that");
    Length = ReadErrno(Device, Buffer, sizeof(Buffer));
    Ok(Length == sizeof(LOG_RECORD_HEADER) + 16 && IsMessage(Buffer, "second one"),
       "the next read gives the next");
}

static void TestWaiting(int Device, int Flags)
{
    static char Buffer[8192];
    struct pollfd Poll = {Device, POLLIN, 0};
    pid_t Child        = FeedLater("wake up");

    Is(poll(&Poll, 1, 20000), 1, "a poll is woken by a record");
    Ok(Poll.revents == POLLIN, "and says that it can be read");
    Ok(ReadErrno(Device, Buffer, sizeof(Buffer)) > 0 && IsMessage(Buffer, "wake up"), "which is so");
    waitpid(Child, NULL, 0);

    fcntl(Device, F_SETFL, Flags & ~O_NONBLOCK);
    Child = FeedLater("and again");
    Ok(ReadErrno(Device, Buffer, sizeof(Buffer)) > 0 && IsMessage(Buffer, "and again"),
       "a read is woken by a record");
    waitpid(Child, NULL, 0);
}

static void OnAlarm(int Signal)
{
    (void)Signal;
}

static void TestSignal(int Device, int Flags)
{
    static char Buffer[8192];
    struct sigaction Action = {.sa_handler = OnAlarm};
    struct itimerval While  = {{0, 0}, {0, WHILE_MS * 1000}};

    sigaction(SIGALRM, &Action, NULL);
    setitimer(ITIMER_REAL, &While, NULL);
    Is(ReadErrno(Device, Buffer, sizeof(Buffer)), -EINTR, "a signal ends a waiting read");
    fcntl(Device, F_SETFL, Flags);
}

/* --- the storm --- */

typedef struct _STORM {
    UINT64 Read, Told, Bad;
    UINT64 LastSequence[2]; /* by priority */
    INT64 LastNumber[2][LOG_FEED_STREAMS];
    BOOLEAN SawRoot;
} STORM;

static BOOLEAN IsFeedWhole(const LOG_RECORD_HEADER *Header, const LOG_FEED *Record)
{
    UINT32 Index;

    if (Header->OperationCode != LOG_FEED_RECORD || Record->Stream >= LOG_FEED_STREAMS ||
        Header->PayloadLength != LogFeedLength(Record->Number))
        return FALSE;
    for (Index = 0; Index < Header->PayloadLength - 8; Index++) {
        if (Record->Fill[Index] != LogFeedByte(Record->Stream, Record->Number, Index))
            return FALSE;
    }
    return TRUE;
}

static void TakeRecord(STORM *Storm, const LOG_RECORD_HEADER *Header)
{
    const LOG_FEED *Record = (const void *)(Header + 1);
    UINT32 Priority        = (Header->Flags & LOG_RECORD_FLAG_PRIORITY) != 0;
    INT64 *LastNumber;

    Storm->Told += Header->Dropped;
    Storm->Bad += Header->Sequence <= Storm->LastSequence[Priority];
    Storm->LastSequence[Priority] = Header->Sequence;
    if (Header->OperationCode == OPERATION_LOG_RECORDS_LOST)
        return;
    Storm->Read++;
    Storm->SawRoot |= (Header->Flags & LOG_RECORD_FLAG_ROOT_MODE) != 0;
    if (!IsFeedWhole(Header, Record) || Priority != LogFeedIsPriority(Record->Number)) {
        Storm->Bad++;
        return;
    }
    LastNumber = &Storm->LastNumber[Priority][Record->Stream];
    Storm->Bad += Record->Number <= *LastNumber;
    *LastNumber = Record->Number;
}

/* FALSE: nothing there. */
static BOOLEAN ReadStorm(int Device, STORM *Storm)
{
    static char Buffer[1 << 18];
    INT64 Length = ReadErrno(Device, Buffer, sizeof(Buffer)), Offset;
    const LOG_RECORD_HEADER *Header;

    for (Offset = 0; Offset < Length; Offset += Header->TotalLength) {
        Header = (const void *)(Buffer + Offset);
        TakeRecord(Storm, Header);
    }
    return Length > 0;
}

static void TestStorm(int Device)
{
    static STORM Storm;
    struct pollfd Poll      = {Device, POLLIN, 0};
    unsigned long long Sent = 0, Lost = 0;
    pid_t Child;
    FILE *Totals;

    memset(Storm.LastNumber, 0xFF, sizeof(Storm.LastNumber));
    Child = fork();
    if (Child == 0)
        _exit(Feed(PARAMETERS "storm", "4000") ? 0 : 1);
    while (waitpid(Child, NULL, WNOHANG) == 0) {
        if (poll(&Poll, 1, 20) > 0)
            ReadStorm(Device, &Storm);
    }
    while (ReadStorm(Device, &Storm))
        ;
    Totals = fopen(PARAMETERS "storm", "r");
    Ok(Totals && fscanf(Totals, "%llu %llu", &Sent, &Lost) == 2 && Sent + Lost >= 4000,
       "the storm was written");
    printf("# %llu records taken, %llu lost; %llu read\n", Sent, Lost, Storm.Read);
    Is((INT64)Storm.Read, (INT64)Sent, "every record that was taken was read");
    Is((INT64)Storm.Told, (INT64)Lost, "every loss was told");
    Is((INT64)Storm.Bad, 0, "all were whole and in order");
    Is(Storm.SawRoot, sysconf(_SC_NPROCESSORS_ONLN) > 1, "with more than one core, interrupts wrote too");
    if (Totals)
        fclose(Totals);
}

/* --- */

static BOOLEAN Insert(const char *Path)
{
    int File         = open(Path, O_RDONLY);
    BOOLEAN WasAdded = File >= 0 && syscall(SYS_finit_module, File, "", 0) == 0;

    if (File >= 0)
        close(File);
    return WasAdded;
}

static void TestDevice(void)
{
    int Device = open(HYPERLOG_DEVICE_PATH, O_RDONLY | O_NONBLOCK);
    int Flags  = fcntl(Device, F_GETFL);

    Ok(Device >= 0, "it opens before anybody writes");
    Is(ReadErrno(Device, &Flags, sizeof(Flags)), -EAGAIN, "and is empty");
    Flags = fcntl(Device, F_GETFL);
    Ok(Insert("/root/logfeed.ko"), "a writer begins");
    TestEmpty(Device);
    TestShortReads(Device);
    TestWaiting(Device, Flags);
    TestSignal(Device, Flags);
    TestStorm(Device);
    Ok(FeedMessage("last words") && syscall(SYS_delete_module, "logfeed", O_NONBLOCK) == 0,
       "the writer goes");
    close(Device);
}

static void TestLastWords(void)
{
    static char Buffer[8192];
    int Device = open(HYPERLOG_DEVICE_PATH, O_RDONLY | O_NONBLOCK);

    Ok(ReadErrno(Device, Buffer, sizeof(Buffer)) > 0 && IsMessage(Buffer, "last words"),
       "its last words are kept");
    close(Device);
}

int main(void)
{
    Ok(Insert("/root/hyperlog.ko"), "the module loads");
    TestOpening();
    TestDevice();
    TestLastWords();
    Ok(syscall(SYS_delete_module, "hyperlog", O_NONBLOCK) == 0, "the module goes");
    printf("1..%u\n", g_Tests);
    return g_Failures ? 1 : 0;
}

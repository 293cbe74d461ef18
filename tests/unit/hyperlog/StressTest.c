/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * StressTest.c - threads as cores, their signals as interrupts, one reader: each record is read or lost
 * exactly once, whole and in order.
 *
 * Context: user space. Tiny rings, so that they wrap, fill and are freed all the time.
 */
#define LOG_TESTING_SHRUNK
#include "LogTesting.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define CORES             4
#define WRITES_PER_CORE   50000u
#define INTERRUPT_EVERY   50 /* microseconds */
#define MAX_PER_CORE      (WRITES_PER_CORE * 8)
#define TIME_LIMIT        120 /* seconds */
#define TASK              0u
#define INTERRUPT         1u
#define STREAM(Core, Who) ((Core)*2 + (Who))
#define STREAMS           (CORES * 2)

/* Writers know how many were taken and refused; each stream's records are numbered by it. */
typedef struct _STREAM_STATE {
    UINT32 Tried, Sent, Lost;
    UINT8 WasSent[MAX_PER_CORE];
    UINT8 WasRead[MAX_PER_CORE];
    INT64 LastRead[2]; /* by priority */
} STREAM_STATE;

static STREAM_STATE g_Streams[STREAMS];
static UINT32 g_WritersLeft;

/* What a record tells: who, which, and a text of its own length. */
typedef struct _STRESS_RECORD {
    UINT32 Stream;
    UINT32 Number;
    UINT8 Fill[240];
} STRESS_RECORD;

static BOOLEAN IsPriority(UINT32 Number)
{
    return Number % 5 == 0;
}

static UINT32 LengthOfNumber(UINT32 Number)
{
    return offsetof(STRESS_RECORD, Fill) + Number * 13 % 200;
}

static UINT8 FillOf(UINT32 Stream, UINT32 Number, UINT32 Index)
{
    return (UINT8)(Stream * 31 + Number * 7 + Index);
}

/* May be interrupted by itself for another stream, at any instruction. */
static void WriteOne(UINT32 StreamNumber)
{
    STREAM_STATE *Stream = &g_Streams[StreamNumber];
    STRESS_RECORD Record = {.Stream = StreamNumber, .Number = Stream->Tried};
    UINT32 Index, Length = LengthOfNumber(Record.Number);

    if (Stream->Tried == MAX_PER_CORE)
        return;
    for (Index = 0; Index < Length - offsetof(STRESS_RECORD, Fill); Index++)
        Record.Fill[Index] = FillOf(StreamNumber, Record.Number, Index);
    Stream->Tried++;
    if (LogCallbackSendBuffer(100, &Record, Length, IsPriority(Record.Number))) {
        Stream->WasSent[Record.Number] = TRUE;
        Stream->Sent++;
    } else {
        Stream->Lost++;
    }
}

static __thread UINT32 g_Core;

static void Interrupt(int Signal)
{
    BOOLEAN WasRoot = g_IsRoot;

    (void)Signal;
    g_IsRoot = WasRoot || g_Streams[STREAM(g_Core, INTERRUPT)].Tried % 2;
    WriteOne(STREAM(g_Core, INTERRUPT));
    g_IsRoot = WasRoot;
}

/* Signals of this thread, as long as it runs; the thread finishes by deleting it. */
static timer_t StartInterrupts(void)
{
    struct itimerspec Period = {{0, INTERRUPT_EVERY * 1000}, {0, INTERRUPT_EVERY * 1000}};
    struct sigevent Event    = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
    timer_t Timer;

    Event._sigev_un._tid = gettid();
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &Event, &Timer), 0);
    assert_int_equal(timer_settime(Timer, 0, &Period, NULL), 0);
    return Timer;
}

static void *WriterThread(void *Argument)
{
    timer_t Timer;
    UINT32 Count;

    g_Core = (UINT32)(UINTPTR)Argument;
    HostedSetCurrentCpu(g_Core);
    Timer = StartInterrupts();
    for (Count = 0; Count < WRITES_PER_CORE; Count++) {
        /* Now and then the task has just moved, and writes to a ring that is no longer its core's. */
        if (Count % 16 == 0)
            HostedSetCurrentCpu((g_Core + Count / 16) % CORES);
        g_IsRoot = Count % 3 == 0;
        /* Most writes wait for space, so that rings are near full and not always over. */
        while (Count % 8 && LogIsFull(sizeof(STRESS_RECORD), FALSE))
            sched_yield();
        WriteOne(STREAM(g_Core, TASK));
    }
    timer_delete(Timer);
    __atomic_fetch_sub(&g_WritersLeft, 1, __ATOMIC_RELEASE);
    return NULL;
}

static UINT64 g_Read, g_Told;
static UINT64 g_LastSequence[2];
static UINT8 g_SequenceSeen[STREAMS * MAX_PER_CORE + 2];

static void CheckStreamRecord(const LOG_RECORD_HEADER *Header)
{
    const STRESS_RECORD *Record = (const VOID *)(Header + 1);
    UINT32 Priority             = (Header->Flags & LOG_RECORD_FLAG_PRIORITY) != 0;
    STREAM_STATE *Stream        = &g_Streams[Record->Stream];
    UINT32 Index;

    assert_in_range(Record->Stream, 0, STREAMS - 1);
    assert_in_range(Record->Number, 0, MAX_PER_CORE - 1);
    assert_int_equal(Header->PayloadLength, LengthOfNumber(Record->Number));
    assert_int_equal(Priority, IsPriority(Record->Number));
    for (Index = 0; Index < Header->PayloadLength - offsetof(STRESS_RECORD, Fill); Index++)
        assert_int_equal(Record->Fill[Index], FillOf(Record->Stream, Record->Number, Index));
    assert_false(Stream->WasRead[Record->Number]);
    Stream->WasRead[Record->Number] = TRUE;
    assert_true(Record->Number > Stream->LastRead[Priority]);
    Stream->LastRead[Priority] = Record->Number;
}

static void CheckRecord(const LOG_RECORD_HEADER *Header)
{
    UINT32 Priority = (Header->Flags & LOG_RECORD_FLAG_PRIORITY) != 0;

    g_Told += Header->Dropped;
    assert_in_range(Header->Sequence, 1, sizeof(g_SequenceSeen) - 1);
    assert_false(g_SequenceSeen[Header->Sequence]);
    g_SequenceSeen[Header->Sequence] = TRUE;
    assert_true(Header->Sequence > g_LastSequence[Priority]);
    g_LastSequence[Priority] = Header->Sequence;
    if (Header->OperationCode == OPERATION_LOG_RECORDS_LOST) {
        assert_true(Header->Dropped > 0);
        return;
    }
    CheckStreamRecord(Header);
    g_Read++;
}

static void ReadSome(void)
{
    const LOG_RECORD_HEADER *Header;

    ReadRoom(4096);
    while ((Header = NextRecord()) != NULL)
        CheckRecord(Header);
}

static void ResetStress(void)
{
    UINT32 Index;

    memset(g_Streams, 0, sizeof(g_Streams));
    memset(g_SequenceSeen, 0, sizeof(g_SequenceSeen));
    memset(g_LastSequence, 0, sizeof(g_LastSequence));
    g_Read = g_Told = 0;
    for (Index = 0; Index < STREAMS; Index++)
        g_Streams[Index].LastRead[0] = g_Streams[Index].LastRead[1] = -1;
    g_WritersLeft = CORES;
}

static void CheckTotals(void)
{
    UINT64 Tried = 0, Sent = 0, Lost = 0, Interrupts = 0;
    UINT32 Index;

    for (Index = 0; Index < STREAMS; Index++) {
        Tried += g_Streams[Index].Tried;
        Sent += g_Streams[Index].Sent;
        Lost += g_Streams[Index].Lost;
        Interrupts += Index % 2 ? g_Streams[Index].Tried : 0;
        assert_memory_equal(g_Streams[Index].WasSent, g_Streams[Index].WasRead, MAX_PER_CORE);
    }
    print_message("written %llu (%llu in interrupts): read %llu, lost %llu\n", Tried, Interrupts, g_Read,
                  g_Told);
    assert_int_equal(Tried, Sent + Lost);
    assert_int_equal(g_Read, Sent);
    assert_int_equal(g_Told, Lost);
    assert_true(Interrupts > 0);
}

static void EachRecordIsReadOrLostExactlyOnce(void **State)
{
    struct sigaction Action = {.sa_handler = Interrupt, .sa_flags = SA_RESTART};
    pthread_t Threads[CORES];
    UINT32 Core;

    (void)State;
    /* A record that never comes would keep all waiting: the alarm ends the program. */
    alarm(TIME_LIMIT);
    StartLogOn(CORES);
    ResetStress();
    assert_int_equal(sigaction(SIGRTMIN, &Action, NULL), 0);
    for (Core = 0; Core < CORES; Core++)
        assert_int_equal(pthread_create(&Threads[Core], NULL, WriterThread, (PVOID)(UINTPTR)Core), 0);
    while (__atomic_load_n(&g_WritersLeft, __ATOMIC_ACQUIRE)) {
        ReadSome();
        sched_yield();
    }
    for (Core = 0; Core < CORES; Core++)
        pthread_join(Threads[Core], NULL);
    ReadSome();
    while (LogIsReadable())
        ReadSome();
    CheckTotals();
    assert_int_equal(StopLog(State), 0);
    alarm(0);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(EachRecordIsReadOrLostExactlyOnce),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * LogTesting.h - reading the stream as a user would, for the tests of the log.
 *
 * A program that defines LOG_TESTING_SHRUNK first gets the log itself, compiled into it with tiny rings and
 * with a call at each point where another writer can come in between; other programs link the archive.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_TESTS_LOG_TESTING_H
#define HYPERDBG_TESTS_LOG_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#ifdef LOG_TESTING_SHRUNK
/* 16, 8, 32 and 8 lines. */
#define LOG_NORMAL_BYTES          1024u
#define LOG_NORMAL_PRIORITY_BYTES 512u
#define LOG_ROOT_BYTES            2048u
#define LOG_ROOT_PRIORITY_BYTES   512u
#define LOG_MINIMUM_BYTES         512u
#define LOG_MEMORY_LIMIT          (4096u * 8)

/* What happens at the points of this thread's writes: NULL, nothing. */
static __thread void (*g_AtPoint)(const char *Name);

static inline void LogTestingPoint(const char *Name)
{
    if (g_AtPoint)
        g_AtPoint(Name);
}

#define LOG_TEST_POINT(Name) LogTestingPoint(#Name)

#include "hyperlog/LogLifecycle.c"
#include "hyperlog/Ring.c"
#include "hyperlog/Reader.c"
#include "hyperlog/LogFormat.c"
#include "hyperlog/Message.c"
#endif

#include "SDK/imports/HyperLogImports.h"
#include "hyperlog/LogLifecycle.h"
#include "platform/hosted/Hosted.h"

/* Is this thread in root mode? */
static __thread BOOLEAN g_IsRoot __attribute__((unused));

static inline BOOLEAN TestIsRoot(VOID)
{
    return g_IsRoot;
}

static const MESSAGE_TRACING_CALLBACKS g_TestCallbacks
    __attribute__((unused)) = {.VmxOperationCheck = TestIsRoot};

static inline void StartLogOn(UINT32 Cores)
{
    HostedReset();
    HostedSetCpuCount(Cores);
    g_IsRoot = FALSE;
    assert_true(LogInitialize(&g_TestCallbacks));
}

static inline int StartLog(void **State)
{
    (void)State;
    StartLogOn(2);
    return 0;
}

static inline int StopLog(void **State)
{
    (void)State;
    LogUnInitialize();
    LogRelease();
    return HostedLiveAllocations() == 0 ? 0 : -1;
}

/* Records that were read, one behind the other as in the stream. */
typedef struct _READ_BACK {
    UINT8 Bytes[1 << 16];
    UINT32 Used;
    UINT32 Next;
} READ_BACK;

static READ_BACK g_Back __attribute__((unused));

/* One read of at most Room bytes. */
static inline LOG_READ_STATUS ReadRoom(UINT32 Room)
{
    assert_in_range(Room, 0, sizeof(g_Back.Bytes));
    g_Back.Next = 0;
    memset(g_Back.Bytes, 0xA5, Room);
    g_Back.Bytes[0] = 0xA5;
    return LogRead(g_Back.Bytes, Room, &g_Back.Used);
}

static inline void ReadAll(void)
{
    LOG_READ_STATUS Status = ReadRoom(sizeof(g_Back.Bytes));

    assert_int_equal(Status, g_Back.Used ? LOG_READ_SUCCESS : LOG_READ_EMPTY);
}

/* The next of the records that were read, checked for what holds for each; NULL: no more. */
static inline const LOG_RECORD_HEADER *NextRecord(void)
{
    const LOG_RECORD_HEADER *Header = (const VOID *)(g_Back.Bytes + g_Back.Next);
    const UINT8 *Payload            = (const UINT8 *)(Header + 1);
    UINT32 Index;

    if (g_Back.Next == g_Back.Used)
        return NULL;
    assert_true(g_Back.Used - g_Back.Next >= sizeof(*Header));
    assert_int_equal(Header->TotalLength, sizeof(*Header) + (Header->PayloadLength + 7) / 8 * 8);
    assert_true(Header->TotalLength <= g_Back.Used - g_Back.Next);
    for (Index = Header->PayloadLength; Index < Header->TotalLength - sizeof(*Header); Index++)
        assert_int_equal(Payload[Index], 0);
    g_Back.Next += Header->TotalLength;
    return Header;
}

/* A record whose payload tells its id and length in every byte. */
static inline BOOLEAN SendMarked(UINT32 Id, UINT32 Length, BOOLEAN Priority)
{
    UINT8 Payload[512];
    UINT32 Index;

    assert_in_range(Length, 0, sizeof(Payload));
    for (Index = 0; Index < Length; Index++)
        Payload[Index] = (UINT8)(Id * 7 + Index * 3 + Length);
    return LogCallbackSendBuffer(Id, Payload, Length, Priority);
}

static inline void CheckMarked(const LOG_RECORD_HEADER *Header)
{
    const UINT8 *Payload = (const UINT8 *)(Header + 1);
    UINT32 Index;

    for (Index = 0; Index < Header->PayloadLength; Index++)
        assert_int_equal(Payload[Index],
                         (UINT8)(Header->OperationCode * 7 + Index * 3 + Header->PayloadLength));
}

/* The next record is this one. */
static inline void ExpectRecord(UINT32 Id, UINT64 Sequence, UINT32 Dropped)
{
    const LOG_RECORD_HEADER *Header = NextRecord();

    assert_non_null(Header);
    assert_int_equal(Header->OperationCode, Id);
    assert_int_equal(Header->Sequence, Sequence);
    assert_int_equal(Header->Dropped, Dropped);
    if (Id != OPERATION_LOG_RECORDS_LOST)
        CheckMarked(Header);
}

static inline void ExpectNoMore(void)
{
    assert_null(NextRecord());
}

#endif

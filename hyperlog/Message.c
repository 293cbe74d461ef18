// SPDX-License-Identifier: GPL-2.0-only
/*
 * Message.c - the log callbacks: messages and binary records on their way to a ring, or past it.
 *
 * A message is formatted twice: once to learn its length, then into the ring, so that it needs no buffer that
 * an interrupting writer could need too; and a string that faults does so before a number is taken, which
 * readers would wait for. Immediate messages need a buffer: each core has one per mode, and who finds it
 * taken (he interrupted its owner) sends his message through the ring.
 *
 * Context: any, VMX root mode and NMI included.
 */
#include "hyperlog/LogFormat.h"
#include "hyperlog/Ring.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformTime.h"
#include "SDK/imports/HyperLogImports.h"

/* "[core 1023, 18446744073709.551615 s] " and room to spare */
#define PREFIX_SIZE 64

/* A message before it is text. */
typedef struct _MESSAGE {
    UINT32 OperationCode;
    UINT32 PrefixLength;
    CHAR Prefix[PREFIX_SIZE];
    const CHAR *Fmt;
    va_list ArgList;
} MESSAGE;

/* Core and time as text, at most PREFIX_SIZE with the final zero; returns its length. */
static UINT32 WritePrefix(CHAR *Prefix)
{
    UINT64 PerMillisecond = PlatformTimeTscPerMillisecond();
    UINT64 Tsc            = PlatformTimeTsc();
    UINT64 Milliseconds, Microseconds;

    if (PerMillisecond == 0)
        return LogFormatText(Prefix, PREFIX_SIZE, "[core %u, tsc %llu] ", PlatformCpuCurrent(), Tsc);
    Milliseconds = Tsc / PerMillisecond;
    Microseconds = Tsc % PerMillisecond * 1000 / PerMillisecond;
    return LogFormatText(Prefix, PREFIX_SIZE, "[core %u, %llu.%03llu%03llu s] ", PlatformCpuCurrent(),
                         Milliseconds / 1000, Milliseconds % 1000, Microseconds);
}

/* As LogFormat: the whole message into Size bytes (0: none), returning its whole length. */
static UINT32 ComposeMessage(CHAR *Text, UINT32 Size, MESSAGE *Message)
{
    UINT32 PrefixLength = Message->PrefixLength;

    if (Size <= PrefixLength)
        return PrefixLength + LogFormat(NULL, 0, Message->Fmt, Message->ArgList);
    PlatformMemoryCopy(Text, Message->Prefix, PrefixLength);
    return PrefixLength + LogFormat(Text + PrefixLength, Size - PrefixLength, Message->Fmt, Message->ArgList);
}

static UINT32 Shortened(UINT32 Length, UINT32 Limit)
{
    return Length < Limit ? Length : Limit;
}

static BOOLEAN QueueMessage(MESSAGE *Message, BOOLEAN Priority)
{
    UINT32 Length   = ComposeMessage(NULL, 0, Message);
    UINT32 Flags    = Length > LOG_MAX_PAYLOAD ? LOG_RECORD_FLAG_TRUNCATED : 0;
    UINT32 Reserved = Shortened(Length, LOG_MAX_PAYLOAD);
    LOG_ENTRY *Entry;

    Entry = LogReserve(Reserved + 1, Priority);
    if (!Entry)
        return FALSE;
    /* A string may have become shorter or longer since it was measured. */
    Length = ComposeMessage(Entry->Payload, Reserved + 1, Message);
    LogPublish(Entry, Message->OperationCode, Shortened(Length, Reserved), Flags);
    return TRUE;
}

/* --- immediate messages --- */

typedef BOOLEAN (*IMMEDIATE_SENDER)(CHAR *Message, UINT32 Length, UINT32 OperationCode);

/* What sends this message past the queue. NULL: it goes through the queue. */
static IMMEDIATE_SENDER SenderFor(BOOLEAN IsImmediateMessage, UINT32 OperationCode)
{
    BOOLEAN (*Check)(UINT32 OperationCode) = g_Log.Callbacks.CheckImmediateMessageSending;

    return IsImmediateMessage && Check && Check(OperationCode) ? g_Log.Callbacks.SendImmediateMessage : NULL;
}

/* NULL: an interrupted writer of this core and mode is using it. */
static LOG_SCRATCH *TakeScratch(VOID)
{
    UINT32 Core = PlatformCpuCurrent();
    LOG_SCRATCH *Scratch;

    if (Core >= g_Log.CoreCount)
        return NULL;
    Scratch = &g_Log.Scratches[Core * 2 + (LogIsRootMode() ? 1 : 0)];
    return __atomic_exchange_n(&Scratch->IsTaken, 1, __ATOMIC_ACQUIRE) ? NULL : Scratch;
}

static BOOLEAN SendAtOnce(MESSAGE *Message, IMMEDIATE_SENDER Send)
{
    LOG_SCRATCH *Scratch = TakeScratch();
    UINT32 Length;
    BOOLEAN WasSent;

    if (!Scratch)
        return FALSE;
    Length  = Shortened(ComposeMessage(Scratch->Text, sizeof(Scratch->Text), Message), LOG_MAX_PAYLOAD);
    WasSent = Send(Scratch->Text, Length, Message->OperationCode);
    __atomic_store_n(&Scratch->IsTaken, 0, __ATOMIC_RELEASE);
    return WasSent;
}

/* --- the callbacks --- */

BOOLEAN LogCallbackPrepareAndSendMessageToQueueWrapper(UINT32 OperationCode, BOOLEAN IsImmediateMessage,
                                                       BOOLEAN ShowCurrentSystemTime, BOOLEAN Priority,
                                                       const char *Fmt, va_list ArgList)
{
    IMMEDIATE_SENDER Send;
    MESSAGE Message;
    BOOLEAN WasSent;

    if (!LogIsOpen())
        return FALSE;
    if (!Fmt) {
        LogCountLost();
        return FALSE;
    }
    Message.OperationCode = OperationCode;
    Message.PrefixLength  = ShowCurrentSystemTime ? WritePrefix(Message.Prefix) : 0;
    Message.Fmt           = Fmt;
    va_copy(Message.ArgList, ArgList);
    Send    = SenderFor(IsImmediateMessage, OperationCode);
    WasSent = (Send && SendAtOnce(&Message, Send)) || QueueMessage(&Message, Priority);
    va_end(Message.ArgList);
    return WasSent;
}

BOOLEAN LogCallbackPrepareAndSendMessageToQueue(UINT32 OperationCode, BOOLEAN IsImmediateMessage,
                                                BOOLEAN ShowCurrentSystemTime, BOOLEAN Priority,
                                                const char *Fmt, ...)
{
    va_list ArgList;
    BOOLEAN WasSent;

    va_start(ArgList, Fmt);
    WasSent = LogCallbackPrepareAndSendMessageToQueueWrapper(OperationCode, IsImmediateMessage,
                                                             ShowCurrentSystemTime, Priority, Fmt, ArgList);
    va_end(ArgList);
    return WasSent;
}

/* Length bytes as one record. NULL with a length is a caller's mistake: lost. */
static BOOLEAN QueueBytes(UINT32 OperationCode, const VOID *Bytes, UINT32 Length, UINT32 Flags,
                          BOOLEAN Priority)
{
    LOG_ENTRY *Entry;

    if (!Bytes && Length) {
        LogCountLost();
        return FALSE;
    }
    Entry = LogReserve(Length, Priority);
    if (!Entry)
        return FALSE;
    PlatformMemoryCopy(Entry->Payload, Bytes, Length);
    LogPublish(Entry, OperationCode, Length, Flags);
    return TRUE;
}

BOOLEAN LogCallbackSendMessageToQueue(UINT32 OperationCode, BOOLEAN IsImmediateMessage, CHAR *LogMessage,
                                      UINT32 BufferLen, BOOLEAN Priority)
{
    UINT32 Length = Shortened(BufferLen, LOG_MAX_PAYLOAD);
    IMMEDIATE_SENDER Send;

    if (!LogIsOpen())
        return FALSE;
    Send = LogMessage ? SenderFor(IsImmediateMessage, OperationCode) : NULL;
    if (Send && Send(LogMessage, BufferLen, OperationCode))
        return TRUE;
    return QueueBytes(OperationCode, LogMessage, Length, Length < BufferLen ? LOG_RECORD_FLAG_TRUNCATED : 0,
                      Priority);
}

BOOLEAN LogCallbackSendBuffer(UINT32 OperationCode, PVOID Buffer, UINT32 BufferLength, BOOLEAN Priority)
{
    if (!LogIsOpen())
        return FALSE;
    if (BufferLength > LOG_MAX_PAYLOAD) {
        LogCountLost();
        return FALSE;
    }
    return QueueBytes(OperationCode, Buffer, BufferLength, 0, Priority);
}

BOOLEAN LogCallbackCheckIfBufferIsFull(BOOLEAN Priority)
{
    return LogIsOpen() && LogIsFull(LOG_MAX_PAYLOAD, Priority);
}

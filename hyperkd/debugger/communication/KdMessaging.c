// SPDX-License-Identifier: GPL-2.0-only
/*
 * KdMessaging.c - messages that go out at once, past the log's queue, to a debugger on another machine.
 *
 * Context: any, VMX root included.
 */
#include "hyperkd/debugger/communication/KdMessaging.h"

/* There is no line to another machine, so every message may wait in the queue. */
BOOLEAN KdCheckImmediateMessagingMechanism(UINT32 OperationCode)
{
    (void)OperationCode;
    return FALSE;
}

/* There is no line to send it on: the log queues it instead. */
BOOLEAN KdLoggingResponsePacketToDebugger(CHAR *OptionalBuffer, UINT32 OptionalBufferLength,
                                          UINT32 OperationCode)
{
    (void)OptionalBuffer;
    (void)OptionalBufferLength;
    (void)OperationCode;
    return FALSE;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KdMessaging.h - messages that go out at once, past the log's queue, to a debugger on another machine.
 *
 * Context: any, VMX root included.
 */
#ifndef HYPERDBG_HYPERKD_KD_MESSAGING_H
#define HYPERDBG_HYPERKD_KD_MESSAGING_H

#include "SDK/BasicTypes.h"

/* Must a message with this code go out at once? */
BOOLEAN KdCheckImmediateMessagingMechanism(UINT32 OperationCode);

/* Sends it; TRUE if it went. */
BOOLEAN KdLoggingResponsePacketToDebugger(CHAR *OptionalBuffer, UINT32 OptionalBufferLength,
                                          UINT32 OperationCode);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Transport.h - how a session reaches the modules: this machine's devices, a mock kernel in tests, later a
 * remote link.
 *
 * All pointers are set. Functions return 0 or a positive errno. Those with an ErrorText write a whole
 * sentence into it when they fail: what is wrong and what to do.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_TRANSPORT_H
#define HYPERDBG_LIBHYPERDBG_TRANSPORT_H

#include "SDK/BasicTypes.h"

#define TRANSPORT_ERROR_SIZE 1024 /* bytes behind each ErrorText */

typedef struct _TRANSPORT {
    /* Becomes the owner of the devices. ENOENT, ENXIO, ENODEV: the modules are not loaded. */
    INT32 (*Connect)(PVOID Context, CHAR *ErrorText);
    VOID (*Disconnect)(PVOID Context);
    /* One request of Ioctls.h, read and written in place; its size is in Code. */
    INT32 (*Request)(PVOID Context, UINT32 Code, PVOID Buffer);
    /* Whole records, without waiting; *Length 0: none now. */
    INT32 (*ReadRecords)(PVOID Context, PVOID Buffer, UINT32 Size, UINT32 *Length);
    /* Polls readable while records wait; -1: nothing to poll. */
    INT32 (*PollDescriptor)(PVOID Context);
    /* The machine's TSC, comparable with Time of the records. */
    UINT64 (*Ticks)(PVOID Context);
    /* Puts the modules in and takes them out; both undo nothing that was there before. */
    INT32 (*LoadModules)(PVOID Context, CHAR *ErrorText);
    INT32 (*UnloadModules)(PVOID Context, CHAR *ErrorText);
} TRANSPORT;

/* The devices of this machine; its context is a DEVICE_TRANSPORT that DeviceTransportInitialize has set. */
extern const TRANSPORT g_DeviceTransport;

typedef struct _DEVICE_TRANSPORT {
    const CHAR *DevicePath; /* HYPERDBG_DEVICE_PATH, or another one in tests */
    const CHAR *LogPath;
    INT32 Device;
    INT32 Log;
} DEVICE_TRANSPORT;

VOID DeviceTransportInitialize(DEVICE_TRANSPORT *Transport);

#endif

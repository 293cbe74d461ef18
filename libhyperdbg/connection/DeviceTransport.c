/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * DeviceTransport.c - the modules of this machine, through /dev/hyperdbg and /dev/hyperlog.
 *
 * Context: user space.
 */
#include "libhyperdbg/connection/Transport.h"

#include "SDK/Ioctls.h"
#include "libhyperdbg/connection/Modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* --- opening ---------------------------------------------------------------------------------- */

/* What an errno of open() means to the user; %s is the device's path. */
static const struct {
    INT32 Error;
    const CHAR *Text;
} g_OpenErrors[] = {
    {ENOENT, "%s does not exist: the modules are not loaded: 'load vmm' first"},
    {ENXIO, "%s has no driver: the modules are not loaded: 'load vmm' first"},
    {ENODEV, "%s has no driver: the modules are not loaded: 'load vmm' first"},
    {EBUSY, "%s is in use: another hyperdbg (or other program) has it open: leave that one first"},
    {EACCES, "%s may be opened by root only: run hyperdbg with sudo"},
    {EPERM, "%s may be opened by root only: run hyperdbg with sudo"},
};

static VOID DeviceSayOpenError(const CHAR *Path, INT32 Error, CHAR *ErrorText)
{
    for (UINT32 i = 0; i < COUNT_OF(g_OpenErrors); i++) {
        if (g_OpenErrors[i].Error == Error) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(ErrorText, TRANSPORT_ERROR_SIZE, g_OpenErrors[i].Text, Path);
#pragma GCC diagnostic pop
            return;
        }
    }
    snprintf(ErrorText, TRANSPORT_ERROR_SIZE, "%s cannot be opened: %s", Path, strerror(Error));
}

/* A descriptor, or -1 with *Error and the sentence. */
static INT32 DeviceOpen(const CHAR *Path, INT32 Flags, INT32 *Error, CHAR *ErrorText)
{
    INT32 Descriptor = open(Path, Flags | O_CLOEXEC);

    *Error = Descriptor < 0 ? errno : 0;
    if (Descriptor < 0)
        DeviceSayOpenError(Path, *Error, ErrorText);
    return Descriptor;
}

static VOID DeviceClose(INT32 *Descriptor)
{
    if (*Descriptor >= 0)
        close(*Descriptor);
    *Descriptor = -1;
}

/* hyperkd's device first: it says who owns the debugger. */
static INT32 DeviceConnect(PVOID Context, CHAR *ErrorText)
{
    DEVICE_TRANSPORT *Transport = Context;
    INT32 Error;

    Transport->Device = DeviceOpen(Transport->DevicePath, O_RDWR, &Error, ErrorText);
    if (Transport->Device < 0)
        return Error;
    Transport->Log = DeviceOpen(Transport->LogPath, O_RDONLY | O_NONBLOCK, &Error, ErrorText);
    if (Transport->Log < 0)
        DeviceClose(&Transport->Device);
    return Error;
}

static VOID DeviceDisconnect(PVOID Context)
{
    DEVICE_TRANSPORT *Transport = Context;

    DeviceClose(&Transport->Log);
    DeviceClose(&Transport->Device);
}

VOID DeviceTransportInitialize(DEVICE_TRANSPORT *Transport)
{
    Transport->DevicePath = HYPERDBG_DEVICE_PATH;
    Transport->LogPath    = HYPERLOG_DEVICE_PATH;
    Transport->Device     = -1;
    Transport->Log        = -1;
}

/* --- use -------------------------------------------------------------------------------------- */

static INT32 DeviceRequest(PVOID Context, UINT32 Code, PVOID Buffer)
{
    DEVICE_TRANSPORT *Transport = Context;
    INT32 Result;

    do
        Result = ioctl(Transport->Device, Code, Buffer);
    while (Result < 0 && errno == EINTR);
    return Result < 0 ? errno : 0;
}

static INT32 DeviceReadRecords(PVOID Context, PVOID Buffer, UINT32 Size, UINT32 *Length)
{
    DEVICE_TRANSPORT *Transport = Context;
    ssize_t Result              = read(Transport->Log, Buffer, Size);

    *Length = Result > 0 ? (UINT32)Result : 0;
    if (Result >= 0 || errno == EAGAIN || errno == EINTR)
        return 0;
    return errno;
}

static INT32 DevicePollDescriptor(PVOID Context)
{
    return ((DEVICE_TRANSPORT *)Context)->Log;
}

static UINT64 DeviceTicks(PVOID Context)
{
    (void)Context;
    return __builtin_ia32_rdtsc();
}

static INT32 DeviceLoadModules(PVOID Context, CHAR *ErrorText)
{
    (void)Context;
    return ModulesLoad(&g_KernelModuleCalls, ErrorText);
}

static INT32 DeviceUnloadModules(PVOID Context, CHAR *ErrorText)
{
    (void)Context;
    return ModulesUnload(&g_KernelModuleCalls, ErrorText);
}

const TRANSPORT g_DeviceTransport = {
    .Connect        = DeviceConnect,
    .Disconnect     = DeviceDisconnect,
    .Request        = DeviceRequest,
    .ReadRecords    = DeviceReadRecords,
    .PollDescriptor = DevicePollDescriptor,
    .Ticks          = DeviceTicks,
    .LoadModules    = DeviceLoadModules,
    .UnloadModules  = DeviceUnloadModules,
};

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * DeviceTransportTest.c - the transport of the real devices, on files that stand in for them.
 */
#include "SDK/Ioctls.h"
#include "libhyperdbg/connection/Transport.h"
#include "tests/unit/libhyperdbg/Workbench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

/* Two names in a new directory: "hyperdbg" an empty file, "hyperlog" a FIFO. */
static CHAR g_Directory[64], g_Device[96], g_Log[96];

static int SetUp(void **State)
{
    DEVICE_TRANSPORT *Transport = calloc(1, sizeof(*Transport));

    strcpy(g_Directory, "/tmp/hyperdbg-devices-XXXXXX");
    if (Transport == NULL || mkdtemp(g_Directory) == NULL || chmod(g_Directory, 0755) != 0)
        return -1;
    snprintf(g_Device, sizeof(g_Device), "%s/hyperdbg", g_Directory);
    snprintf(g_Log, sizeof(g_Log), "%s/hyperlog", g_Directory);
    close(open(g_Device, O_CREAT | O_WRONLY, 0600));
    if (mkfifo(g_Log, 0600) != 0)
        return -1;
    DeviceTransportInitialize(Transport);
    Transport->DevicePath = g_Device;
    Transport->LogPath    = g_Log;
    *State                = Transport;
    return 0;
}

static int TearDown(void **State)
{
    g_DeviceTransport.Disconnect(*State);
    free(*State);
    unlink(g_Device);
    unlink(g_Log);
    return rmdir(g_Directory);
}

static CHAR g_ErrorText[TRANSPORT_ERROR_SIZE];

static void TheRealDevicesAreTheDefault(void **State)
{
    DEVICE_TRANSPORT Transport;

    (void)State;
    DeviceTransportInitialize(&Transport);
    assert_string_equal(Transport.DevicePath, "/dev/hyperdbg");
    assert_string_equal(Transport.LogPath, "/dev/hyperlog");
}

static void DevicesThatAreMissingMeanThatModulesAre(void **State)
{
    CHAR Expected[256];

    unlink(g_Log);
    assert_int_equal(g_DeviceTransport.Connect(*State, g_ErrorText), ENOENT);
    snprintf(Expected, sizeof(Expected), "%s does not exist: the modules are not loaded: 'load vmm' first",
             g_Log);
    assert_string_equal(g_ErrorText, Expected);
    assert_int_equal(((DEVICE_TRANSPORT *)*State)->Device, -1); /* nothing is left open */
    unlink(g_Device);
    assert_int_equal(g_DeviceTransport.Connect(*State, g_ErrorText), ENOENT);
    assert_non_null(strstr(g_ErrorText, "/hyperdbg does not exist"));
}

/* A socket cannot be opened: ENXIO, as a node whose driver is gone. */
static void ANodeWithoutADriverMeansThatModulesAreMissing(void **State)
{
    unlink(g_Device);
    assert_int_equal(mknod(g_Device, S_IFSOCK | 0600, 0), 0);
    assert_int_equal(g_DeviceTransport.Connect(*State, g_ErrorText), ENXIO);
    assert_non_null(strstr(g_ErrorText, "/hyperdbg has no driver: the modules are not loaded"));
}

static void WhoIsNotRootIsToldSo(void **State)
{
    if (geteuid() != 0)
        skip();
    assert_int_equal(seteuid(NOBODY), 0);
    INT32 Error = g_DeviceTransport.Connect(*State, g_ErrorText);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(Error, EACCES);
    assert_non_null(strstr(g_ErrorText, "/hyperdbg may be opened by root only: run hyperdbg with sudo"));
}

static void OtherFailuresAreToldInTheSystemsWords(void **State)
{
    DEVICE_TRANSPORT *Transport = *State;

    Transport->DevicePath = g_Directory; /* cannot be opened for writing */
    assert_int_equal(g_DeviceTransport.Connect(Transport, g_ErrorText), EISDIR);
    assert_non_null(strstr(g_ErrorText, " cannot be opened: Is a directory"));
}

static void RequestsToAFileAreNotKnownThere(void **State)
{
    DEBUGGER_QUERY_STATUS Status = {0};

    assert_int_equal(g_DeviceTransport.Connect(*State, g_ErrorText), 0);
    assert_int_equal(g_DeviceTransport.Request(*State, IOCTL_QUERY_STATUS, &Status), ENOTTY);
}

static void RecordsAreReadWithoutWaiting(void **State)
{
    CHAR Buffer[64];
    UINT32 Length = 99;

    assert_int_equal(g_DeviceTransport.Connect(*State, g_ErrorText), 0);
    INT32 Writer = open(g_Log, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(Writer >= 0);
    assert_int_equal(g_DeviceTransport.ReadRecords(*State, Buffer, sizeof(Buffer), &Length), 0);
    assert_int_equal(Length, 0);
    assert_int_equal(write(Writer, "12345", 5), 5);
    assert_int_equal(g_DeviceTransport.ReadRecords(*State, Buffer, sizeof(Buffer), &Length), 0);
    assert_int_equal(Length, 5);
    assert_true(g_DeviceTransport.PollDescriptor(*State) >= 0);
    close(Writer);
    g_DeviceTransport.Disconnect(*State);
    assert_int_equal(g_DeviceTransport.PollDescriptor(*State), -1);
    assert_int_equal(g_DeviceTransport.ReadRecords(*State, Buffer, sizeof(Buffer), &Length), EBADF);
    assert_int_equal(Length, 0);
}

static void TheClockIsTheProcessors(void **State)
{
    UINT64 Before = g_DeviceTransport.Ticks(*State);

    assert_true(g_DeviceTransport.Ticks(*State) > Before);
}

#define DEVICE_TEST(Name) cmocka_unit_test_setup_teardown(Name, SetUp, TearDown)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        DEVICE_TEST(TheRealDevicesAreTheDefault),
        DEVICE_TEST(DevicesThatAreMissingMeanThatModulesAre),
        DEVICE_TEST(ANodeWithoutADriverMeansThatModulesAreMissing),
        DEVICE_TEST(WhoIsNotRootIsToldSo),
        DEVICE_TEST(OtherFailuresAreToldInTheSystemsWords),
        DEVICE_TEST(RequestsToAFileAreNotKnownThere),
        DEVICE_TEST(RecordsAreReadWithoutWaiting),
        DEVICE_TEST(TheClockIsTheProcessors),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}

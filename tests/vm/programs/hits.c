/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * hits.c - prints number, hits and state of each event: without the records, which the tool would show with
 * them.
 *
 * Context: user space of the guest, root.
 */
#include "SDK/Ioctls.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>

int main(void)
{
    DEBUGGER_QUERY_EVENT Event = {0};
    const INT32 Device         = open(HYPERDBG_DEVICE_PATH, O_RDWR);

    while (ioctl(Device, IOCTL_QUERY_EVENT, &Event) == 0) {
        if (Event.KernelStatus != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
            return Event.KernelStatus != (UINT32)DEBUGGER_ERROR_TAG_NOT_FOUND;
        printf("%llu %llu %s\n", Event.Tag - HYPERDBG_EVENT_TAG_START, Event.Hits,
               Event.IsEnabled ? "enabled" : "disabled");
        Event.Tag++;
    }
    perror(HYPERDBG_DEVICE_PATH);
    return 1;
}

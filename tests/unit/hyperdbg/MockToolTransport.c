/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MockToolTransport.c - instead of hyperdbg/ToolTransport.c: the tool talks to a mock kernel.
 *
 * What happens on the pretended machine is told through the FIFO that the environment variable MOCK_CONTROL
 * names, one line each: "cpuid LEAF", "log TEXT", "dropped COUNT"; when it
 * has happened, a byte goes to the FIFO that MOCK_DONE names. MOCK_LOADED=1: the VMM is loaded from the
 * beginning; MOCK_BUSY=1: somebody else has the devices.
 *
 * Context: user space.
 */
#include "hyperdbg/ToolTransport.h"
#include "tests/unit/libhyperdbg/MockKernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libedit never frees the names that EL_ADDFN gave it; nobody else copies wide strings. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:wcsdup";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

static MOCK_KERNEL g_Kernel;

static VOID ControlObey(const CHAR *Line)
{
    UINT32 Number;

    if (sscanf(Line, "cpuid %x", &Number) == 1)
        MockExecuteCpuid(&g_Kernel, Number, 77, 1);
    else if (sscanf(Line, "dropped %u", &Number) == 1)
        g_Kernel.Dropped = Number;
    else if (strncmp(Line, "log ", 4) == 0)
        MockSendText(&g_Kernel, OPERATION_LOG_INFO_MESSAGE, Line + 4);
}

static void *ControlRun(void *Path)
{
    const CHAR *DoneName = getenv("MOCK_DONE");
    FILE *File           = fopen(Path, "r+"); /* both ends: it never ends */
    INT32 Done           = DoneName != NULL ? open(DoneName, O_RDWR | O_CLOEXEC) : -1;
    CHAR Line[1024];

    while (File != NULL && fgets(Line, sizeof(Line), File) != NULL) {
        ControlObey(Line);
        if (Done >= 0 && write(Done, "", 1) != 1)
            perror("mock");
    }
    return NULL;
}

VOID ToolTransport(HYPERDBG_OPTIONS *Options)
{
    const CHAR *Control = getenv("MOCK_CONTROL");
    pthread_t Thread;

    MockKernelInitialize(&g_Kernel);
    g_Kernel.AreModulesLoaded = g_Kernel.IsVmmLoaded = getenv("MOCK_LOADED") != NULL;
    g_Kernel.ConnectError                            = getenv("MOCK_BUSY") != NULL ? EBUSY : 0;
    if (Control != NULL && pthread_create(&Thread, NULL, ControlRun, (PVOID)Control) == 0)
        pthread_detach(Thread);
    Options->Transport        = &g_MockTransport;
    Options->TransportContext = &g_Kernel;
}

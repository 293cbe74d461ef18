/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * garbage.c - whatever reaches the devices, they answer and nothing breaks: requests of every number with a
 * short, a long and a misaligned structure, bad pointers, random content, reads that are too short.
 *
 * Context: user space of the guest, root; the modules are loaded, the VMM is loaded or not.
 */
#include "SDK/Ioctls.h"
#include "tests/vm/support/Tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROUNDS 20000
#define PAGE   4096

static const struct {
    const CHAR *Name;
    UINT32 Number;
    UINT32 Size;
} g_Requests[] = {
    {"status", IOCTL_QUERY_STATUS, sizeof(DEBUGGER_QUERY_STATUS)},
    {"exits", IOCTL_QUERY_EXITS, sizeof(DEBUGGER_QUERY_EXITS)},
    {"register event", IOCTL_REGISTER_EVENT, sizeof(DEBUGGER_REGISTER_EVENT)},
    {"modify events", IOCTL_MODIFY_EVENTS, sizeof(DEBUGGER_MODIFY_EVENTS)},
    {"query event", IOCTL_QUERY_EVENT, sizeof(DEBUGGER_QUERY_EVENT)},
    {"read script", IOCTL_READ_SCRIPT, sizeof(DEBUGGER_READ_SCRIPT)},
    {"read map", IOCTL_READ_MAP, sizeof(DEBUGGER_READ_MAP)},
    {"load", IOCTL_INIT_VMM, sizeof(DEBUGGER_LOAD_REQUEST)},
    {"unload", IOCTL_TERMINATE_VMM, sizeof(DEBUGGER_LOAD_REQUEST)},
};

/* Two pages, the second of which may not be touched: a structure that ends at its border is read no further.
 */
static UINT8 *BorderedPage(VOID)
{
    UINT8 *Page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (Page == MAP_FAILED || mprotect(Page + PAGE, PAGE, PROT_NONE) != 0)
        TapGiveUp("a page with a border");
    return Page;
}

static BOOLEAN FailsWith(int Device, UINT32 Number, VOID *Buffer, int Error)
{
    return ioctl(Device, Number, Buffer) < 0 && errno == Error;
}

/* The version in a load is wrong, so that nothing is loaded or unloaded by the way. */
static VOID SizesAndPointers(int Device, UINT8 *Page)
{
    for (UINT32 Index = 0; Index < COUNT_OF(g_Requests); Index++) {
        const UINT32 Number = g_Requests[Index].Number, Size = g_Requests[Index].Size;
        const CHAR *Name = g_Requests[Index].Name;

        memset(Page, 0xFF, PAGE);
        TapIs(FailsWith(Device, Number - (1u << 16), Page, ENOTTY), "%s: a short structure is no request",
              Name);
        TapIs(FailsWith(Device, Number + (1u << 16), Page, ENOTTY), "%s: nor is a long one", Name);
        TapIs(FailsWith(Device, Number, NULL, EFAULT), "%s: no structure at all is a bad address", Name);
        TapIs(FailsWith(Device, Number, (VOID *)0xffffffff81000000, EFAULT), "%s: so is the kernel's memory",
              Name);
        TapIs(FailsWith(Device, Number, Page + PAGE - Size + 1, EFAULT), "%s: and one that ends too early",
              Name);
        TapIs(ioctl(Device, Number, Page + PAGE - Size) == 0, "%s: it is read no further than its end", Name);
        TapIs(ioctl(Device, Number, Page + 3) == 0, "%s: it may lie at any address", Name);
    }
}

/* One that is right by chance would be carried out. */
static VOID SpoilLoad(UINT32 Number, UINT8 *Structure)
{
    const UINT32 WrongVersion = ~HYPERDBG_INTERFACE_VERSION;

    if (Number == IOCTL_INIT_VMM || Number == IOCTL_TERMINATE_VMM)
        memcpy(Structure + offsetof(DEBUGGER_LOAD_REQUEST, InterfaceVersion), &WrongVersion,
               sizeof(WrongVersion));
}

static VOID RandomContent(int Device)
{
    UINT8 Buffer[sizeof(DEBUGGER_QUERY_EXITS) + 16];
    UINT32 Strange = 0;

    srandom(7);
    for (UINT32 Round = 0; Round < ROUNDS; Round++) {
        const UINT32 Index  = (UINT32)random() % COUNT_OF(g_Requests);
        const UINT32 Number = random() % 8 != 0 ? g_Requests[Index].Number : (UINT32)random() << 1;

        for (SIZE_T Byte = 0; Byte < sizeof(Buffer); Byte++)
            Buffer[Byte] = random() % 3 != 0 ? 0 : (UINT8)random();
        UINT8 *Structure = Buffer + random() % 9;
        SpoilLoad(Number, Structure);
        if (ioctl(Device, Number, Structure) != 0 && errno != ENOTTY)
            Strange++;
    }
    TapIsNumber(Strange, 0, "%u requests of random content: each has an answer", ROUNDS);
}

/* Clears what random requests may have set. */
static VOID ClearEvents(int Device)
{
    DEBUGGER_MODIFY_EVENTS Clear = {.Tag          = DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG,
                                    .TypeOfAction = DEBUGGER_MODIFY_EVENTS_CLEAR};

    TapIs(ioctl(Device, IOCTL_MODIFY_EVENTS, &Clear) == 0, "and the device serves the next request");
}

int main(void)
{
    const int Device = open(HYPERDBG_DEVICE_PATH, O_RDWR),
              Log    = open(HYPERLOG_DEVICE_PATH, O_RDONLY | O_NONBLOCK);
    UINT8 *Page      = BorderedPage();

    if (Device < 0 || Log < 0)
        TapGiveUp("the devices");
    SizesAndPointers(Device, Page);
    RandomContent(Device);
    ClearEvents(Device);
    TapIs(read(Device, Page, 16) < 0, "the device of requests gives nothing to read");
    TapIs(write(Log, Page, 16) < 0, "the log takes nothing");
    TapIs(read(Log, Page + PAGE, PAGE) < 0 && (errno == EFAULT || errno == EAGAIN),
          "the log does not write to a bad address");
    TapIs(read(Log, Page, 1) < 0 && (errno == EINVAL || errno == EAGAIN),
          "a read shorter than a record loses none");
    return TapEnd();
}

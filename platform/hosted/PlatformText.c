/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformText.c - functions of the pretended kernel: each page begins with one. Context: user space.
 */
#include "platform/PlatformText.h"

#include "platform/PlatformMemory.h"
#include "platform/hosted/Hosted.h"

BOOLEAN PlatformTextFunctionEntry(UINT64 Address, UINT64 *Entry)
{
    *Entry = Address;
    return (Address & (PLATFORM_PAGE_SIZE - 1)) == 0;
}

VOID PlatformTextWaitForThreads(VOID)
{
    HostedRequireNoHotplugLock();
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PlatformText.c - functions of the pretended kernel, which begin at multiples of HOSTED_FUNCTION_BYTES.
 *
 * Context: user space.
 */
#include <string.h>

#include "platform/PlatformText.h"

#include "platform/PlatformMemory.h"
#include "platform/hosted/Hosted.h"

BOOLEAN PlatformTextFunctionEntry(UINT64 Address, UINT64 *Entry)
{
    static const UINT8 LandingPad[] = {0xF3, 0x0F, 0x1E, 0xFA}; /* ENDBR64 */
    UINT64 Start                    = Address & ~(HOSTED_FUNCTION_BYTES - 1), Physical;

    if (!PlatformMemoryTranslateKernel(Start, &Physical))
        return FALSE;
    *Entry = Start;
    if (memcmp(PlatformMemoryPhysicalToVirtual(Physical), LandingPad, sizeof(LandingPad)) == 0)
        *Entry += sizeof(LandingPad);
    return Address == Start || Address == *Entry;
}

VOID PlatformTextWaitForThreads(VOID)
{
    HostedRequireNoHotplugLock();
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device.h - what /dev/hyperdbg does, without the operating system's half of it.
 *
 * Context: process. The platform copies a request in, has it handled, and copies it out.
 */
#ifndef HYPERDBG_HYPERKD_DEVICE_H
#define HYPERDBG_HYPERKD_DEVICE_H

#include "SDK/BasicTypes.h"

/* A request that is none, or not of the size that its number says: ENOTTY. */
#define DEVICE_NO_SUCH_REQUEST (-25)

/* Once, before and after everything else. FALSE: no memory. DeviceUninitialize unloads the VMM if it is
 * loaded; nobody has the device open. */
BOOLEAN DeviceInitialize(VOID);
VOID DeviceUninitialize(VOID);

/* One opener at a time. FALSE: somebody has it open. Closing leaves VMM and events as they are: whoever opens
 * the device next finds them. */
BOOLEAN DeviceOpen(VOID);
VOID DeviceClose(VOID);

/* Size in bytes of the structure that belongs to a request; 0: there is no such request. */
UINT32 DeviceRequestSize(UINT32 Request);

/* Serves one request in place (SDK/Ioctls.h); Buffer is aligned for its structure. One after the other,
 * however many threads call. 0: served, KernelStatus says how it went; or DEVICE_NO_SUCH_REQUEST with nothing
 * done. */
INT32 DeviceHandleRequest(UINT32 Request, PVOID Buffer, UINT32 Size);

#endif

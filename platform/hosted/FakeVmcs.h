/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FakeVmcs.h - what the fake processor's own files share about the current VMCS. Context: user space.
 */
#ifndef HYPERDBG_PLATFORM_FAKE_VMCS_H
#define HYPERDBG_PLATFORM_FAKE_VMCS_H

#include "platform/hosted/FakeCpu.h"

BOOLEAN FakeVmcsIsLaunched(const FAKE_CORE *Core);
VOID FakeVmcsSetLaunched(FAKE_CORE *Core);

/* VMfailValid with the number, or VMfailInvalid where no VMCS is current. */
VMX_RESULT FakeVmFail(FAKE_CORE *Core, UINT32 Error);

/* SDM Vol. 3, 27.2.1.1, of an EPT pointer. (FakeVmEntry.c) */
BOOLEAN FakeIsEptp(const FAKE_CORE *Core, UINT64 Eptp);

/* VM entry checks. NULL: none complains. (FakeVmEntry.c) */
const CHAR *FakeCheckControls(FAKE_CORE *Core);
const CHAR *FakeCheckHost(FAKE_CORE *Core);
const CHAR *FakeCheckGuest(FAKE_CORE *Core);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmmImports.h - the functions that the VMM exports to whoever uses it (hyperkd, a third party's module).
 *
 * The guest's memory: VmmMemoryImports.h.
 *
 * "Root" below: only inside a callback, on the core that the callback runs on. "Process": process context,
 * may sleep.
 */
#ifndef HYPERDBG_SDK_IMPORTS_VMM_IMPORTS_H
#define HYPERDBG_SDK_IMPORTS_VMM_IMPORTS_H

#include "SDK/modules/VMM.h"

/* Process. Late-launches the VMM under the running kernel, on every online core. TRUE: all cores run on the
 * VMM. FALSE: nothing has changed; VmmCallbackSetLastError was told why. A second call without
 * VmFuncUninitVmm between is refused (DEBUGGER_ERROR_VMM_ALREADY_INITIALIZED). VmmCallbacks is copied. */
BOOLEAN VmFuncInitVmm(VMM_CALLBACKS *VmmCallbacks);

/* Process. Takes every core back out of VMX operation and frees everything. Does nothing when not
 * initialized. */
VOID VmFuncUninitVmm(VOID);

/* Any. Name of the processor's virtualization that is in use ("VT-x", "AMD-V"); "" when not initialized. */
const CHAR *VmFuncGetBackendName(VOID);

/* Any. Is the calling core in VMX root mode now? */
BOOLEAN VmFuncVmxGetCurrentExecutionMode(VOID);

/* Process. Number of cores that the VMM runs on; 0 when not initialized. */
UINT32 VmFuncGetCoreCount(VOID);

/* Process. Exits of one core since the load by the processor's basic exit reason; Counts has Length elements.
 * FALSE: no such core. The counts are read while they move. */
BOOLEAN VmFuncGetExitCounts(UINT32 CoreId, UINT64 *Counts, UINT32 Length);

/* Any. Does this core run on the VMM now? Not one that is offline, or on its way out. */
BOOLEAN VmFuncIsCoreRunning(UINT32 CoreId);

/* Root, on core CoreId (the caller's own), but not while a callback was called by the handler of an NMI
 * (IsOnVmxNmiHandler). Has VmmCallbackNmiBroadcastRequestHandler called on every other core that runs on the
 * VMM, by an NMI that its guest does not see: within the core's next instruction where the guest runs. A core
 * that is in root mode is told at once (IsOnVmxNmiHandler TRUE: it is in the middle of something, so return),
 * and asked again by KdCheckAndHandleNmiCallback when its exit and at most one instruction of the guest are
 * behind it. Does not wait. FALSE: a core could not be reached. */
BOOLEAN VmFuncNmiBroadcastRequest(UINT32 CoreId);

/* The same way: every other core drops what it has cached of the views of memory, the one "as hooked" or all.
 * They have done so when this returns. */
BOOLEAN VmFuncNmiBroadcastInvalidateEptSingleContext(UINT32 CoreId);
BOOLEAN VmFuncNmiBroadcastInvalidateEptAllContexts(UINT32 CoreId);

/* Root. Number of this core; of the VMM's cores, which are numbered like the kernel's. */
UINT32 VmFuncGetCurrentCoreId(VOID);

/* Root. RIP of the instruction that caused the exit on this core. */
UINT64 VmFuncGetLastVmexitRip(UINT32 CoreId);

/* Root. Guest RIP now, and setting it, as a jump does (#GP where it is not canonical): the setter also
 * suppresses the increment at the end of the exit. */
UINT64 VmFuncGetRip(VOID);
VOID VmFuncSetRip(UINT64 Rip);

/* Root. Whether RIP moves past the instruction at the end of this exit (TRUE at the start of each exit). */
VOID VmFuncPerformRipIncrement(UINT32 CoreId);
VOID VmFuncSuppressRipIncrement(UINT32 CoreId);

/* Root. The guest's XMM0-XMM5, read from the registers on the first call of an exit. Writes do not reach the
 * guest. */
const GUEST_XMM_REGS *VmFuncGetXmmRegs(VOID);

/* Any. Whether exits of these instructions, which cannot be turned off, are reported as events. */
VOID VmFuncSetTriggerEventForCpuids(BOOLEAN Set);
VOID VmFuncSetTriggerEventForVmcalls(BOOLEAN Set);
VOID VmFuncSetTriggerEventForXsetbvs(BOOLEAN Set);

/* Any but root. Executes a VMCALL with our signature; the result is NTSTATUS-like (0 is success). */
UINT64 VmFuncVmxVmcall(UINT64 VmcallNumber, UINT64 OptionalParam1, UINT64 OptionalParam2,
                       UINT64 OptionalParam3);

/* Process. Turns exits of RDMSR / WRMSR on or off on one core or all (VMM_ALL_CORES), for one MSR or all
 * (VMM_ALL_MSRS). Calls are counted per core and MSR: an MSR exits until it was unset as often as it was set.
 * FALSE: no such core. MSRs outside the bitmap's ranges (0-1FFF, C0000000-C0001FFF) exit always. "All" leaves
 * out what the kernel touches on its every entry or tick (IA32_KERNEL_GS_BASE, IA32_MPERF, IA32_APERF; for
 * writes IA32_SPEC_CTRL and IA32_PRED_CMD too): name them to watch them. The events themselves are reported
 * while VmFuncSetTriggerEventFor{Rdmsrs,Wrmsrs} is TRUE. */
#define VMM_ALL_CORES 0xFFFFFFFFu
#define VMM_ALL_MSRS  0xFFFFFFFFu
VOID VmFuncSetTriggerEventForRdmsrs(BOOLEAN Set);
VOID VmFuncSetTriggerEventForWrmsrs(BOOLEAN Set);
BOOLEAN ConfigureSetMsrReadExiting(UINT32 CoreId, UINT32 Msr);
VOID ConfigureUnsetMsrReadExiting(UINT32 CoreId, UINT32 Msr);
BOOLEAN ConfigureSetMsrWriteExiting(UINT32 CoreId, UINT32 Msr);
VOID ConfigureUnsetMsrWriteExiting(UINT32 CoreId, UINT32 Msr);

/* Whose address space an address of a hook belongs to: a process (tgid), or none for the kernel's addresses
 * and physical ones. */
#define VMM_NO_PROCESS 0xFFFFFFFFu

/* Process. A hidden breakpoint: HIDDEN_HOOK_EXEC_CC events, on all cores, when this returns. VirtualAddress:
 * of the kernel (VMM_NO_PROCESS), or of ProcessId's user half: then only that process has events, though
 * others may share the page. Reads of the page see the original bytes. Set as often as unset: setting it
 * again adds a user. 0, or DEBUGGER_ERROR_.... */
UINT32 ConfigureEptHook(UINT64 VirtualAddress, UINT32 ProcessId);

/* Process. FALSE: there is none. */
BOOLEAN ConfigureEptUnHook(UINT64 VirtualAddress, UINT32 ProcessId);

/* Process. Events for accesses to Length bytes from Address, on all cores: physical, or virtual as above.
 * Access: bit 0 read, 1 write, 2 execute, in any combination; it decides the events' type. Tag: the user's
 * number of the range, which the events carry (EPT_HOOKS_CONTEXT). 0, or DEBUGGER_ERROR_.... */
UINT32 ConfigureEptHookMonitor(UINT64 Tag, UINT64 Address, UINT64 Length, BOOLEAN IsPhysical, UINT32 Access,
                               UINT32 ProcessId);

/* Process. FALSE: there is no such range. */
BOOLEAN ConfigureEptUnHookMonitor(UINT64 Tag);

/* Process. The state of a hidden breakpoint, or of a range: of its worst part. FALSE: there is none. */
BOOLEAN ConfigureQueryHookState(UINT64 VirtualAddress, UINT32 ProcessId, VMM_HOOK_STATE *State);
BOOLEAN ConfigureQueryMonitorState(UINT64 Tag, VMM_HOOK_STATE *State);

#endif

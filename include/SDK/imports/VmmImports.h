/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmmImports.h - the functions that the VMM exports to whoever uses it (hyperkd, a third party's module).
 *
 * The guest's registers, steps, injections: VmmGuestImports.h. Its memory: VmmMemoryImports.h.
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

/* Process. The same of its NMIs. */
BOOLEAN VmFuncGetNmiCounts(UINT32 CoreId, VMM_NMI_COUNTS *Counts);

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

/* Root, detour. Number of this core; of the VMM's cores, which are numbered like the kernel's. */
UINT32 VmFuncGetCurrentCoreId(VOID);

/* Root, detour. RIP of the instruction that caused the exit on this core; in a detour (ConfigureEptHook2): of
 * the function. */
UINT64 VmFuncGetLastVmexitRip(UINT32 CoreId);

/* Root, detour. Guest RIP now, and setting it, as a jump does (#GP where it is not canonical): the setter
 * also suppresses the increment at the end of the exit. In a detour, where the function's caller is on top of
 * the stack, the address must be one of the kernel's code. */
UINT64 VmFuncGetRip(VOID);
VOID VmFuncSetRip(UINT64 Rip);

/* Root. Whether RIP moves past the instruction at the end of this exit (TRUE at the start of each exit). */
VOID VmFuncPerformRipIncrement(UINT32 CoreId);
VOID VmFuncSuppressRipIncrement(UINT32 CoreId);

/* Root, detour. The guest's XMM0-XMM5, read from the registers on the first call of an exit. Writes do not
 * reach the guest. */
const GUEST_XMM_REGS *VmFuncGetXmmRegs(VOID);

/* Any. Whether exits that belong to events of this type are reported. Exits of CPUID, VMCALL and XSETBV
 * cannot be turned off, so this is all that those events need; for others the exits must be turned on, too.
 */
VOID VmFuncSetTriggerEvent(VMM_EVENT_TYPE_ENUM EventType, BOOLEAN Set);

/* Root, in an event of a control or debug register (CONTROL_REGISTER_..., DEBUG_REGISTERS_ACCESSED) or of an
 * exception: what is moved where. Valid until the end of the exit. */
const VMM_REGISTER_ACCESS *VmFuncGetRegisterAccess(VOID);

/* Any but root. Executes a VMCALL with our signature; the result is NTSTATUS-like (0 is success). */
UINT64 VmFuncVmxVmcall(UINT64 VmcallNumber, UINT64 OptionalParam1, UINT64 OptionalParam2,
                       UINT64 OptionalParam3);

/* Process, all Configure...Exiting and the like. Turn exits on or off on one core or all (VMM_ALL_CORES); a
 * core that is offline gets them when it comes. Calls are counted per core and thing (MSR, port, vector,
 * bit): it exits until it was unset as often as it was set. Before the last unset takes effect the core's
 * user is asked (VmmCallbackQueryTerminateProtectedResource); if it refuses, the exit stays on, without
 * users, until something of the same kind is set or unset and the user agrees. FALSE: no such core or thing,
 * this processor has no such exits, or too many users; nothing has changed. The events themselves are
 * reported while VmFuncSetTriggerEvent of their type is TRUE. */
#define VMM_ALL_CORES   0xFFFFFFFFu
#define VMM_ALL_INDICES 0xFFFFFFFFu
#define VMM_ALL_MSRS    VMM_ALL_INDICES
#define VMM_ALL_PORTS   VMM_ALL_INDICES
#define VMM_ALL_VECTORS VMM_ALL_INDICES

/* RDMSR and WRMSR, of one MSR or VMM_ALL_MSRS. MSRs outside the bitmap's ranges (0-1FFF, C0000000-C0001FFF)
 * exit always. "All" leaves out what the kernel touches on its every entry or tick (IA32_KERNEL_GS_BASE,
 * IA32_MPERF, IA32_APERF; for writes IA32_SPEC_CTRL and IA32_PRED_CMD too): name them to watch them. */
BOOLEAN ConfigureSetMsrReadExiting(UINT32 CoreId, UINT32 Msr);
VOID ConfigureUnsetMsrReadExiting(UINT32 CoreId, UINT32 Msr);
BOOLEAN ConfigureSetMsrWriteExiting(UINT32 CoreId, UINT32 Msr);
VOID ConfigureUnsetMsrWriteExiting(UINT32 CoreId, UINT32 Msr);

/* IN, OUT and their string forms, of one port or VMM_ALL_PORTS. */
BOOLEAN ConfigureSetIoExiting(UINT32 CoreId, UINT32 Port);
VOID ConfigureUnsetIoExiting(UINT32 CoreId, UINT32 Port);

/* Exceptions, of one vector (0-31) or VMM_ALL_VECTORS. #BP exits always. */
BOOLEAN ConfigureSetExceptionBitmap(UINT32 CoreId, UINT32 Vector);
VOID ConfigureUnsetExceptionBitmap(UINT32 CoreId, UINT32 Vector);

/* RDTSC and RDTSCP. RDPMC. MOV to and from debug registers. */
BOOLEAN ConfigureSetRdtscExiting(UINT32 CoreId);
VOID ConfigureUnsetRdtscExiting(UINT32 CoreId);
BOOLEAN ConfigureSetRdpmcExiting(UINT32 CoreId);
VOID ConfigureUnsetRdpmcExiting(UINT32 CoreId);
BOOLEAN ConfigureSetMovDebugRegsExiting(UINT32 CoreId);
VOID ConfigureUnsetMovDebugRegsExiting(UINT32 CoreId);

/* Writes to a control register: of CR0 and CR4, instructions (MOV, LMSW, CLTS) that change a bit of Mask; of
 * CR3 and CR8 every MOV, whatever Mask. CR0.PE and CR0.PG, whose change is a change of the processor's mode,
 * cannot be watched: Mask is taken without them. ...MovToCr3Exiting is the same as Register 3. */
#define VMM_CR0_NOT_WATCHED ((1ull << 0) | (1ull << 31))
BOOLEAN ConfigureSetMovToCrExiting(UINT32 CoreId, UINT32 Register, UINT64 Mask);
VOID ConfigureUnsetMovToCrExiting(UINT32 CoreId, UINT32 Register, UINT64 Mask);
BOOLEAN ConfigureSetMovToCr3Exiting(UINT32 CoreId);
VOID ConfigureUnsetMovToCr3Exiting(UINT32 CoreId);

/* Reads of CR3 and CR8. VT-x has no exits for reads of CR0, CR2 and CR4. */
BOOLEAN ConfigureSetMovFromCrExiting(UINT32 CoreId, UINT32 Register);
VOID ConfigureUnsetMovFromCrExiting(UINT32 CoreId, UINT32 Register);

/* External interrupts, of all vectors: the processor does not distinguish them. */
BOOLEAN ConfigureSetExternalInterruptExiting(UINT32 CoreId);
VOID ConfigureUnsetExternalInterruptExiting(UINT32 CoreId);

/* SYSCALL and SYSRET, both: EFER.SCE is turned off, so that they raise #UD, which exits (users of #UD and of
 * IA32_EFER are counted in); the guest goes on reading its own EFER. Not where the kernel uses shadow stacks:
 * has this processor and kernel it? (any, initialized) */
BOOLEAN ConfigureHasEferSyscallHook(VOID);
BOOLEAN ConfigureSetEferSyscallHook(UINT32 CoreId);
VOID ConfigureUnsetEferSyscallHook(UINT32 CoreId);

/* Changes of one process (tgid) between user and kernel mode. Other processes do not exit, but for their MOV
 * to CR3. FALSE also: there is no such process, or 16 are watched already. A process that executes another
 * program is not followed. Needs mode-based execute control: has this processor it? (any, initialized) */
BOOLEAN ConfigureHasModeExecTrap(VOID);
BOOLEAN ConfigureSetModeExecTrap(UINT32 CoreId, UINT32 ProcessId);
VOID ConfigureUnsetModeExecTrap(UINT32 CoreId, UINT32 ProcessId);

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

/* Process. A detour: HIDDEN_HOOK_EXEC_DETOURS events (PRE alone) at the entry of a function of the kernel or
 * of a module, without an exit, on all cores, when this returns. VmmCallbackTriggerEvents is called in the
 * guest's own context - any, that of an NMI too - with interrupts off, and must keep to the rules of root
 * mode. It may change the registers but RSP; SUCCESSFUL_IGNORE_EVENT makes the function return at once, with
 * RAX as it is left. Reads of the page see the original bytes. Set as often as unset. Functions that the
 * kernel lets nobody trace are refused with DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE: a hidden breakpoint can be
 * set there. 0, or DEBUGGER_ERROR_.... */
UINT32 ConfigureEptHook2(UINT64 VirtualAddress);

/* Process. No event comes any more when this returns. FALSE: there is none. */
BOOLEAN ConfigureEptUnHook2(UINT64 VirtualAddress);

/* Process. Events for accesses to Length bytes from Address, on all cores: physical, or virtual as above.
 * Access: bit 0 read, 1 write, 2 execute, in any combination; it decides the events' type. Tag: the user's
 * number of the range, which the events carry (EPT_HOOKS_CONTEXT). An access is one event, or two where it
 * crosses into another page of the range; an instruction with two accesses makes two, a read-modify-write
 * one. What the processor reads or writes piece by piece - FXSAVE, XSAVE and their kin (the whole area that
 * the components asked for take), ENTER, PUSHA, POPA - is one access on each page, told where the processor
 * begins. 0, or DEBUGGER_ERROR_.... */
UINT32 ConfigureEptHookMonitor(UINT64 Tag, UINT64 Address, UINT64 Length, BOOLEAN IsPhysical, UINT32 Access,
                               UINT32 ProcessId);

/* Process. FALSE: there is no such range. */
BOOLEAN ConfigureEptUnHookMonitor(UINT64 Tag);

/* Process. The state of a hidden breakpoint, or of a range: of its worst part. FALSE: there is none. */
BOOLEAN ConfigureQueryHookState(UINT64 VirtualAddress, UINT32 ProcessId, VMM_HOOK_STATE *State);
BOOLEAN ConfigureQueryMonitorState(UINT64 Tag, VMM_HOOK_STATE *State);

#endif
